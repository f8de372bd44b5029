#include "app/inspect_page.h"

#include "app/i18n.h"
#include "app/inspect_canvas.h"
#include "app/inspect_detail.h"
#include "app/inspect_gallery.h"
#include "app/inspect_table.h"
#include "app/score.h"
#include "app/widget_pieces.h"
#include "app/window_private.h"

#include <math.h>
#include <string.h>

typedef struct Page {
  WdWindow *window;
  WdInspect *inspect; /* a reference */
  GtkWidget *table, *detail, *filter, *filter_error, *count, *metric, *x, *y, *log_x, *families, *plots,
      *controls[3];
  gboolean updating;
  int last_metric;
} Page;

static Page *page_of(GtkWidget *page) {
  return g_object_get_data(G_OBJECT(page), "page");
}

/* Whether the window may close without a question depends on it. */
static void on_work(WdInspect *i, guint parts, WdWindow *w) {
  (void)i;
  if (parts & WD_INSPECT_WORK) wd_window_queue_update(w);
}

gboolean wd_window_is_sampling(WdWindow *w) {
  const WdInspect *i = g_object_get_data(G_OBJECT(w), "wd-inspect");
  return i && i->working;
}

WdInspect *wd_window_get_inspect(WdWindow *w) {
  WdInspect *i = g_object_get_data(G_OBJECT(w), "wd-inspect");
  if (!i) {
    i = wd_inspect_new(w->session);
    g_object_set_data_full(G_OBJECT(w), "wd-inspect", i, g_object_unref);
    g_signal_connect_object(i, "changed", G_CALLBACK(on_work), w, 0);
  }
  return i;
}

gboolean wd_window_open_population(WdWindow *w, const char *path, GError **error) {
  if (!wd_inspect_open(wd_window_get_inspect(w), path, error)) return FALSE;
  w->view->mode = WD_MODE_INSPECT;
  wd_view_changed(w->view, WD_VIEW_LAYOUT);
  return TRUE;
}

static void open_own(WdWindow *w, gpointer path) {
  g_autoptr(GError) error = NULL;
  if (!wd_window_open_population(w, path, &error))
    wd_window_notify_error(w, _("The samples could not be opened."), error);
}

static void open_shipped(WdWindow *w, gpointer path) {
  open_own(w, path);
  WdPopulation *p = wd_window_get_inspect(w)->population;
  if (p && !g_strcmp0(p->path, path)) g_clear_pointer(&p->path, g_free);
}

void wd_window_ask_population(WdWindow *w, const char *path, gboolean own) {
  wd_inspect_replace(w, own ? open_own : open_shipped, g_strdup(path), g_free);
}

GArray *wd_inspect_page_order(GtkWidget *page) {
  return wd_inspect_table_order(page_of(page)->table);
}

void wd_inspect_page_edit_tags(GtkWidget *page) {
  wd_inspect_detail_edit_tags(page_of(page)->detail);
}

void wd_inspect_page_all_figures(GtkWidget *page, gboolean all) {
  wd_inspect_table_show_all(page_of(page)->table, all);
}

/* ---- filter */

static void on_filter(GtkEditable *editable, Page *p) {
  gsize at = 0;
  GError *error = NULL;
  const char *text = gtk_editable_get_text(editable);
  if (wd_inspect_set_filter(p->inspect, text, &at, &error)) {
    gtk_widget_remove_css_class(p->filter, "error");
    gtk_widget_set_visible(p->filter_error, FALSE);
    return;
  }
  gtk_widget_add_css_class(p->filter, "error");
  g_autofree char *words = g_strdup_printf(_("At character %ld: %s"),
                                           g_utf8_pointer_to_offset(text, text + at) + 1, error->message);
  gtk_label_set_text(GTK_LABEL(p->filter_error), words);
  gtk_widget_set_visible(p->filter_error, TRUE);
  g_error_free(error);
}

/* ---- figures */

static void on_metric(GObject *choice, GParamSpec *spec, Page *p) {
  (void)choice, (void)spec;
  if (p->updating) return;
  wd_inspect_set_metric(p->inspect, (int)gtk_drop_down_get_selected(GTK_DROP_DOWN(p->metric)));
  wd_inspect_set_axes(p->inspect, (int)gtk_drop_down_get_selected(GTK_DROP_DOWN(p->x)),
                      (int)gtk_drop_down_get_selected(GTK_DROP_DOWN(p->y)));
}

static void on_look(GtkCheckButton *button, Page *p) {
  (void)button;
  if (p->updating) return;
  wd_inspect_set_look(p->inspect, gtk_check_button_get_active(GTK_CHECK_BUTTON(p->log_x)),
                      gtk_check_button_get_active(GTK_CHECK_BUTTON(p->families)));
}

static void show(Page *p) {
  WdInspect *i = p->inspect;
  p->updating = TRUE;
  gtk_drop_down_set_selected(GTK_DROP_DOWN(p->metric), (guint)i->metric);
  gtk_widget_set_tooltip_text(p->metric, wd_value_get_info(i->metric)->about);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(p->x), (guint)i->x);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(p->y), (guint)i->y);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(p->log_x), i->log_x);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(p->families), i->by_family);
  p->updating = FALSE;
  const guint n = i->population ? wd_population_count(i->population) : 0;
  g_autofree char *text = NULL;
  if (!n) {
    text = g_strdup(_("no samples"));
  } else {
    g_autofree char *shown =
        i->shown->len == n
            ? g_strdup_printf(ngettext("%u sample", "%u samples", n), n)
            : g_strdup_printf(ngettext("%u of %u sample", "%u of %u samples", n), i->shown->len, n);
    g_autofree char *drawn = i->population->drawn > n
                                 ? g_strdup_printf(_(", chosen from %u"), i->population->drawn)
                                 : g_strdup("");
    text =
        g_strdup_printf(_("%s%s \xc2\xb7 %s mode%s"), shown, drawn, wd_score_mode_words(i->population->mode),
                        i->population->changed ? _(" \xc2\xb7 not saved") : "");
  }
  gtk_label_set_text(GTK_LABEL(p->count), text);
  if (strcmp(gtk_editable_get_text(GTK_EDITABLE(p->filter)), i->filter) &&
      !gtk_widget_has_css_class(p->filter, "error"))
    gtk_editable_set_text(GTK_EDITABLE(p->filter), i->filter);
}

static void on_changed(WdInspect *i, guint parts, GtkWidget *widget) {
  Page *p = page_of(widget);
  if (parts & WD_INSPECT_FIGURE && i->metric != p->last_metric) {
    p->last_metric = i->metric;
    wd_inspect_table_sort(p->table, i->metric);
  }
  show(p);
  if (parts & WD_INSPECT_WORK && i->message) {
    const WdNotice n = {.code = WD_ERR_DEVICE,
                        .what = (char *)_("Sampling of seeds ended."),
                        .kept = (char *)_("The samples so far are kept."),
                        .details = i->message};
    wd_window_notify(p->window, &n);
    g_clear_pointer(&i->message, g_free);
  }
}

static void on_plot_shown(GObject *stack, GParamSpec *spec, Page *p) {
  (void)spec;
  const char *name = gtk_stack_get_visible_child_name(GTK_STACK(stack));
  const gboolean scatter = !g_strcmp0(name, "scatter"), histogram = !g_strcmp0(name, "histogram");
  gtk_widget_set_visible(p->controls[0], !scatter);
  gtk_widget_set_visible(p->controls[1], histogram);
  gtk_widget_set_visible(p->controls[2], scatter);
}

static GtkWidget *choice_of_figures(const char *name, const char *label) {
  const char *titles[WD_VALUES + 1];
  for (int k = 0; k < WD_VALUES; k++) titles[k] = wd_value_get_info(k)->title;
  titles[WD_VALUES] = NULL;
  GtkWidget *choice = gtk_drop_down_new_from_strings(titles);
  wd_drop_down_shorten(choice, PANGO_ELLIPSIZE_END, 20);
  gtk_widget_set_name(choice, name);
  gtk_accessible_update_property(GTK_ACCESSIBLE(choice), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  return choice;
}

static GtkWidget *build_plots(Page *p) {
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4),
            *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  p->plots = gtk_stack_new();
  gtk_widget_set_name(p->plots, "inspect-plots");
  GtkWidget *switcher = gtk_stack_switcher_new();
  gtk_stack_switcher_set_stack(GTK_STACK_SWITCHER(switcher), GTK_STACK(p->plots));
  gtk_widget_set_name(switcher, "inspect-plot-switcher");
  gtk_box_append(GTK_BOX(row), switcher);
  p->metric = choice_of_figures("inspect-metric", _("Figure"));
  p->controls[0] = p->metric;
  gtk_box_append(GTK_BOX(row), p->metric);
  GtkWidget *looks = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  p->controls[1] = looks;
  p->log_x = gtk_check_button_new_with_label(_("log"));
  gtk_widget_set_tooltip_text(p->log_x, _("Logarithmic axis"));
  p->families = gtk_check_button_new_with_label(_("by family"));
  gtk_widget_set_name(p->families, "inspect-families");
  gtk_box_append(GTK_BOX(looks), p->log_x);
  gtk_box_append(GTK_BOX(looks), p->families);
  gtk_box_append(GTK_BOX(row), looks);
  GtkWidget *axes = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 4);
  p->controls[2] = axes;
  p->x = choice_of_figures("inspect-x", _("Horizontal axis"));
  p->y = choice_of_figures("inspect-y", _("Vertical axis"));
  gtk_box_append(GTK_BOX(axes), p->y);
  gtk_box_append(GTK_BOX(axes), gtk_label_new(_("over")));
  gtk_box_append(GTK_BOX(axes), p->x);
  gtk_box_append(GTK_BOX(row), axes);
  GtkWidget *slide = gtk_scrolled_window_new(); /* narrower than its controls, where there is no room */
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(slide), GTK_POLICY_EXTERNAL, GTK_POLICY_NEVER);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(slide), row);
  gtk_box_append(GTK_BOX(box), slide);
  gtk_stack_add_titled(GTK_STACK(p->plots), wd_card_new(wd_inspect_histogram_new(p->inspect), NULL),
                       "histogram", _("Histogram"));
  gtk_stack_add_titled(GTK_STACK(p->plots), wd_card_new(wd_inspect_scatter_new(p->inspect), NULL), "scatter",
                       _("Scatter"));
  gtk_stack_add_titled(GTK_STACK(p->plots), wd_card_new(wd_inspect_gallery_new(p->inspect), NULL), "gallery",
                       _("Worst"));
  gtk_widget_set_vexpand(p->plots, TRUE);
  gtk_box_append(GTK_BOX(box), p->plots);
  g_signal_connect(p->plots, "notify::visible-child", G_CALLBACK(on_plot_shown), p);
  on_plot_shown(G_OBJECT(p->plots), NULL, p);
  g_signal_connect(p->metric, "notify::selected", G_CALLBACK(on_metric), p);
  g_signal_connect(p->x, "notify::selected", G_CALLBACK(on_metric), p);
  g_signal_connect(p->y, "notify::selected", G_CALLBACK(on_metric), p);
  g_signal_connect(p->log_x, "toggled", G_CALLBACK(on_look), p);
  g_signal_connect(p->families, "toggled", G_CALLBACK(on_look), p);
  return box;
}

static GtkWidget *build_bar(Page *p) {
  GtkWidget *bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  g_autoptr(GMenu) batches = g_menu_new();
  g_menu_append(batches, _("Batch of samples\xe2\x80\xa6"), "win.inspect-open");
  g_menu_append(batches, _("Failures of the default model"), "win.inspect-shipped");
  g_menu_append(batches, _("Built faults, one for each flag"), "win.inspect-faults");
  GtkWidget *open = gtk_menu_button_new();
  gtk_menu_button_set_label(GTK_MENU_BUTTON(open), _("Open batch"));
  gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(open), G_MENU_MODEL(batches));
  gtk_widget_set_name(open, "inspect-open");
  gtk_widget_set_tooltip_text(
      open, _("What wavediffusion-cli sample --score wrote (samples.wdpop), or one of the two "
              "sets that come with the program"));
  gtk_box_append(GTK_BOX(bar), wd_inspect_sample_bar_new(p->window, p->inspect));
  gtk_box_append(GTK_BOX(bar), open);
  g_autoptr(GMenu) menu = g_menu_new();
  g_autoptr(GMenu) files = g_menu_new(), other = g_menu_new();
  g_menu_append(files, _("Save samples, tags and notes"), "win.inspect-save");
  g_menu_append(files, _("Save as\xe2\x80\xa6"), "win.inspect-save-as");
  g_menu_append_section(menu, NULL, G_MENU_MODEL(files));
  g_menu_append(other, _("Export shown as CSV\xe2\x80\xa6"), "win.inspect-csv");
  g_menu_append(other, _("Contact sheet of the worst\xe2\x80\xa6"), "win.inspect-sheet");
  g_menu_append(other, _("Copy the command for this sample"), "win.inspect-copy-command");
  g_menu_append_section(menu, NULL, G_MENU_MODEL(other));
  g_autoptr(GMenu) table = g_menu_new();
  g_menu_append(table, _("All figures in the table"), "win.inspect-all-figures");
  g_menu_append_section(menu, NULL, G_MENU_MODEL(table));
  GtkWidget *more = gtk_menu_button_new();
  gtk_widget_set_name(more, "inspect-menu");
  gtk_menu_button_set_label(GTK_MENU_BUTTON(more), _("Export"));
  gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(more), G_MENU_MODEL(menu));
  gtk_widget_set_tooltip_text(more, _("Save, CSV, contact sheet, command"));
  gtk_box_append(GTK_BOX(bar), more);
  p->filter = gtk_search_entry_new();
  gtk_widget_set_name(p->filter, "inspect-filter");
  g_object_set(p->filter, "placeholder-text",
               _("filter: r_R > 1.5 and family = curvefault-b and flag = timing"), NULL);
  gtk_search_entry_set_search_delay(GTK_SEARCH_ENTRY(p->filter), 120);
  gtk_accessible_update_property(GTK_ACCESSIBLE(p->filter), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Filter"), -1);
  gtk_widget_set_tooltip_text(
      p->filter,
      _("Figures (r_R, relL2, lag, shift, v_max, shell ...), seed, family, flag, tag, note; = != < <= > >= "
        "~; and, or, not, parentheses"));
  gtk_widget_set_hexpand(p->filter, TRUE);
  g_signal_connect(p->filter, "search-changed", G_CALLBACK(on_filter), p);
  gtk_box_append(GTK_BOX(bar), p->filter);
  p->count = gtk_label_new(NULL);
  gtk_widget_set_name(p->count, "inspect-count");
  gtk_widget_add_css_class(p->count, "dim-label");
  gtk_box_append(GTK_BOX(bar), p->count);
  return bar;
}

static void page_free(gpointer data) {
  Page *p = data;
  g_object_unref(p->inspect);
  g_free(p);
}

GtkWidget *wd_inspect_page_new(WdWindow *window) {
  Page *p = g_new0(Page, 1);
  p->window = window;
  p->inspect = g_object_ref(wd_window_get_inspect(window));
  p->last_metric = p->inspect->metric;
  GtkWidget *page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
  gtk_widget_add_css_class(page, "inspect-page");
  g_object_set_data_full(G_OBJECT(page), "page", p, page_free);
  gtk_box_append(GTK_BOX(page), build_bar(p));
  p->filter_error = gtk_label_new(NULL);
  gtk_widget_set_name(p->filter_error, "inspect-filter-error");
  gtk_widget_add_css_class(p->filter_error, "check-stop");
  gtk_label_set_xalign(GTK_LABEL(p->filter_error), 1);
  gtk_label_set_wrap(GTK_LABEL(p->filter_error), TRUE);
  gtk_widget_set_visible(p->filter_error, FALSE);
  gtk_box_append(GTK_BOX(page), p->filter_error);
  p->table = wd_inspect_table_new(p->inspect);
  p->detail = wd_inspect_detail_new(window, p->inspect);
  GtkWidget *left =
      wd_paned_new(GTK_ORIENTATION_VERTICAL, wd_card_new(p->table, NULL), build_plots(p), "inspect-left");
  gtk_paned_set_position(GTK_PANED(left), 300);
  gtk_widget_set_size_request(left, 330, -1);
  GtkWidget *both = wd_paned_new(GTK_ORIENTATION_HORIZONTAL, left, p->detail, "inspect-split");
  gtk_paned_set_position(GTK_PANED(both), 500);
  gtk_widget_set_vexpand(both, TRUE);
  gtk_box_append(GTK_BOX(page), both);
  g_signal_connect_object(p->inspect, "changed", G_CALLBACK(on_changed), page, 0);
  wd_inspect_actions_install(window, page);
  show(p);
  return page;
}
