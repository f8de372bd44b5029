/* "Sample N seeds here": what to sample, how far it is, stop after this one, stop. */
#include "app/i18n.h"
#include "app/inspect_page.h"

#include "app/sidebar.h"
#include "solver/family.h"

typedef struct Bar {
  WdWindow *window;
  WdInspect *inspect;
  GtkWidget *box, *menu, *popover, *count, *first, *family, *steps, *mode, *every, *error;
  GtkWidget *progress, *finish, *stop;
} Bar;

typedef struct Asked {
  GtkWidget *box; /* of the bar */
  WdPopulateDesc desc;
} Asked;

static void asked_free(gpointer data) {
  Asked *a = data;
  g_object_unref(a->box);
  g_free(a);
}

static void begin(WdWindow *window, gpointer data) {
  (void)window;
  const Asked *a = data;
  Bar *b = g_object_get_data(G_OBJECT(a->box), "bar");
  const WdPopulateDesc *d = &a->desc;
  GError *error = NULL;
  if (wd_inspect_sample(b->inspect, d, &error)) {
    gtk_popover_popdown(GTK_POPOVER(b->popover));
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(b->first),
                              (double)(d->first + d->count)); /* the next ones go on from there */
    gtk_widget_set_visible(b->error, FALSE);
  } else {
    gtk_label_set_text(GTK_LABEL(b->error), error->message);
    gtk_widget_set_visible(b->error, TRUE);
    g_error_free(error);
    gtk_menu_button_popup(GTK_MENU_BUTTON(b->menu)); /* closed where a question came between */
  }
}

static void on_go(GtkButton *button, Bar *b) {
  (void)button;
  const guint family = gtk_drop_down_get_selected(GTK_DROP_DOWN(b->family));
  const WdView *view = wd_window_get_view(b->window);
  WdPopulateDesc d = {.first = (guint64)gtk_spin_button_get_value(GTK_SPIN_BUTTON(b->first)),
                      .count = (guint)gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(b->count)),
                      .family = family == 0 ? WD_FAMILIES : (int)family - 2,
                      .plan = view->next.plan,
                      .mode =
                          gtk_drop_down_get_selected(GTK_DROP_DOWN(b->mode)) ? WD_WAVE_LIVE : WD_WAVE_EXACT,
                      .every = gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(b->every))};
  d.plan.steps = gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(b->steps));
  if (!wd_inspect_sample_replaces(b->inspect, &d)) {
    begin(b->window, &(Asked){b->box, d});
    return;
  }
  Asked *a = g_new(Asked, 1);
  *a = (Asked){g_object_ref(b->box), d};
  gtk_popover_popdown(GTK_POPOVER(b->popover));
  wd_inspect_replace(b->window, begin, a, asked_free);
}

static void on_stop(GtkButton *button, Bar *b) {
  wd_inspect_stop(b->inspect, GTK_WIDGET(button) == b->finish);
}

static void show(Bar *b) {
  const WdInspect *i = b->inspect;
  gtk_widget_set_visible(b->progress, i->working);
  gtk_widget_set_visible(b->finish, i->working);
  gtk_widget_set_visible(b->stop, i->working);
  gtk_widget_set_sensitive(b->finish, !i->finishing);
  if (!i->working) return;
  g_autofree char *text =
      g_strdup_printf(i->finishing ? _("%u of %u, stopping") : _("%u of %u"), i->done, i->total);
  gtk_progress_bar_set_text(GTK_PROGRESS_BAR(b->progress), text);
  gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(b->progress), i->total ? (double)i->done / i->total : 0);
}

static void on_changed(WdInspect *i, guint parts, GtkWidget *widget) {
  (void)i;
  if (parts & WD_INSPECT_WORK) show(g_object_get_data(G_OBJECT(widget), "bar"));
}

static GtkWidget *spin(double lo, double hi, double value) {
  GtkWidget *s = wd_section_spin(lo, hi, 1, 0);
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(s), value);
  return s;
}

static GtkWidget *build_popover(Bar *b) {
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
  gtk_widget_set_margin_start(box, 8);
  gtk_widget_set_margin_end(box, 8);
  gtk_widget_set_margin_top(box, 6);
  gtk_widget_set_margin_bottom(box, 6);
  const WdView *view = wd_window_get_view(b->window);
  b->count = spin(1, WD_POPULATION_MAX, 20);
  b->first = spin(0, 9007199254740991.0, 0);
  const char *const families[] = {
      _("each in turn"), _("any"),      "FlatVel-A",   "FlatVel-B",    "CurveVel-A",
      "CurveVel-B",      "FlatFault-A", "FlatFault-B", "CurveFault-A", "CurveFault-B",
      "Style-A",         "Style-B",     NULL};
  b->family = wd_section_choice(families);
  b->steps = spin(1, 1000, view->next.plan.steps > 0 ? view->next.plan.steps : 16);
  b->mode = wd_section_choice((const char *const[]){_("exact"), _("live"), NULL});
  b->every = spin(0, 1000, 4);
  gtk_widget_set_name(b->count, "sample-count");
  gtk_widget_set_name(b->first, "sample-first");
  gtk_widget_set_name(b->mode, "sample-mode");
  gtk_widget_set_name(b->steps, "sample-steps");
  gtk_widget_set_name(b->every, "sample-every");
  wd_section_row(
      box, _("Samples"), b->count,
      _("How many seeds, one after another; each is kept in 24 kB of memory with the shipped model, "
        "so that the "
        "most, 100,000, take 2.4 GB"));
  wd_section_row(box, _("First seed"), b->first, _("The others follow it"));
  wd_section_row(box, _("Family"), b->family, _("The label that the denoiser is given"));
  wd_section_row(box, _("Steps"), b->steps, _("Denoising steps; the sampler is that of the next run"));
  wd_section_row(box, _("Scores in"), b->mode,
                 _("exact: OpenFWI's arithmetic; live: a thin absorbing layer, faster"));
  wd_section_row(box, _("On the way, every"), b->every,
                 _("Scores of every so many steps, for the population's band; 0: the data alone"));
  b->error = wd_section_words(box, "");
  gtk_widget_add_css_class(b->error, "error");
  gtk_widget_set_visible(b->error, FALSE);
  GtkWidget *go = gtk_button_new_with_label(_("Sample"));
  gtk_widget_set_name(go, "sample-go");
  gtk_widget_add_css_class(go, "suggested-action");
  g_signal_connect(go, "clicked", G_CALLBACK(on_go), b);
  gtk_box_append(GTK_BOX(box), go);
  b->popover = gtk_popover_new();
  gtk_popover_set_child(GTK_POPOVER(b->popover), box);
  return b->popover;
}

GtkWidget *wd_inspect_sample_bar_new(WdWindow *window, WdInspect *inspect) {
  Bar *b = g_new0(Bar, 1);
  b->window = window;
  b->inspect = inspect;
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  b->box = box;
  g_object_set_data_full(G_OBJECT(box), "bar", b, g_free);
  b->menu = gtk_menu_button_new();
  gtk_widget_set_name(b->menu, "inspect-sample");
  gtk_menu_button_set_label(GTK_MENU_BUTTON(b->menu), _("Sample seeds"));
  gtk_widget_set_tooltip_text(
      b->menu, _("Sample many seeds with the loaded model, here and now, behind everything else"));
  gtk_menu_button_set_popover(GTK_MENU_BUTTON(b->menu), build_popover(b));
  gtk_box_append(GTK_BOX(box), b->menu);
  b->progress = gtk_progress_bar_new();
  gtk_widget_set_name(b->progress, "inspect-progress");
  gtk_progress_bar_set_show_text(GTK_PROGRESS_BAR(b->progress), TRUE);
  gtk_widget_set_valign(b->progress, GTK_ALIGN_CENTER);
  gtk_widget_set_size_request(b->progress, 120, -1);
  gtk_box_append(GTK_BOX(box), b->progress);
  b->finish = gtk_button_new_with_label(_("Stop after this one"));
  gtk_widget_set_name(b->finish, "inspect-finish");
  gtk_widget_set_tooltip_text(b->finish, _("Finish the sample under way, then stop"));
  b->stop = gtk_button_new_with_label(_("Stop"));
  gtk_widget_set_name(b->stop, "inspect-stop");
  gtk_widget_set_tooltip_text(b->stop,
                              _("Stop at once; finished samples stay, the one under way is dropped"));
  g_signal_connect(b->finish, "clicked", G_CALLBACK(on_stop), b);
  g_signal_connect(b->stop, "clicked", G_CALLBACK(on_stop), b);
  gtk_box_append(GTK_BOX(box), b->finish);
  gtk_box_append(GTK_BOX(box), b->stop);
  g_signal_connect_object(inspect, "changed", G_CALLBACK(on_changed), box, 0);
  show(b);
  return box;
}
