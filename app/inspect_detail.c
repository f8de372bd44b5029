#include "app/inspect_detail.h"

#include "app/flags.h"
#include "app/i18n.h"
#include "app/inspect_maps.h"
#include "app/score.h"
#include "app/widget_pieces.h"
#include "app/widgets.h"

#include <math.h>
#include <string.h>

typedef struct Detail {
  WdWindow *window; /* borrowed */
  WdInspect *inspect;
  GtkWidget *scroll, *title, *figures, *flags, *message, *tags, *note, *stack, *body, *empty, *begin;
  gboolean updating;
} Detail;

/* ---- words */

static void clear(GtkWidget *box) {
  GtkWidget *child;
  while ((child = gtk_widget_get_first_child(box))) gtk_box_remove(GTK_BOX(box), child);
}

static GtkWidget *words(const char *text, const char *class) {
  GtkWidget *label = gtk_label_new(text);
  gtk_label_set_wrap(GTK_LABEL(label), TRUE);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_label_set_selectable(GTK_LABEL(label), FALSE);
  gtk_widget_set_hexpand(label, TRUE);
  if (class) gtk_widget_add_css_class(label, class);
  return label;
}

static void show_flags(Detail *d, const WdSample *s) {
  const WdPopulation *p = d->inspect->population;
  clear(d->flags);
  if (!s->flags) {
    GtkWidget *label = words(_("No flag: no rule explains its error by one cause."), "dim-label");
    gtk_box_append(GTK_BOX(d->flags), label);
    return;
  }
  for (int f = 0; f < WD_FLAGS; f++) {
    if (!(s->flags & 1u << f)) continue;
    const WdFlagInfo *info = wd_flag_get_info(f);
    g_autofree char *numbers =
        wd_flag_words(f, s->value, s->fault, p->velocity_min, p->velocity_max, p->geometry.frequency);
    g_autofree char *markup = g_markup_printf_escaped("<b>%s.</b> %s", info->title, numbers);
    GtkWidget *line = words(NULL, "sample-flag");
    gtk_label_set_markup(GTK_LABEL(line), markup);
    g_autofree char *name = g_strconcat("flag-", info->key, NULL);
    gtk_widget_set_name(line, name);
    gtk_widget_set_tooltip_text(line, info->rule);
    gtk_box_append(GTK_BOX(d->flags), line);
    g_autofree char *rule = g_strdup_printf(_("Rule: %s"), info->rule);
    gtk_box_append(GTK_BOX(d->flags), words(rule, "sample-rule"));
  }
}

static void show_figures(Detail *d, const WdSample *s) {
  static const int kinds[] = {WD_METRIC_REFLECTION_RESIDUAL,
                              WD_METRIC_RELATIVE_L2,
                              WD_VALUE_MAX_SHOT,
                              WD_SCORE_LAG,
                              WD_VALUE_ARRIVAL,
                              WD_VALUE_SHELL};
  g_autoptr(GString) t = g_string_new(NULL);
  for (gsize k = 0; k < G_N_ELEMENTS(kinds); k++) {
    char v[48];
    wd_value_text(kinds[k], s->value[kinds[k]], TRUE, v, sizeof v);
    g_string_append_printf(t, "%s%s %s", t->len ? "  \xc2\xb7  " : "", wd_value_get_info(kinds[k])->heading,
                           v);
  }
  if (isfinite(s->value[WD_VALUE_V_MIN]))
    g_string_append_printf(t, _("  \xc2\xb7  v %.0f to %.0f m/s"), s->value[WD_VALUE_V_MIN],
                           s->value[WD_VALUE_V_MAX]);
  if (isfinite(s->value[WD_VALUE_FIRST_BAD]))
    g_string_append_printf(t, _("  \xc2\xb7  bad from step %.0f"), s->value[WD_VALUE_FIRST_BAD]);
  g_string_append_printf(t, _("  (%s mode)"), wd_score_mode_words(d->inspect->population->mode));
  gtk_label_set_text(GTK_LABEL(d->figures), t->str);
}

/* All but the figures by step are of the decoded pair. */
static void show_pages(Detail *d, gboolean pair) {
  GtkStack *stack = GTK_STACK(d->stack);
  if (!pair) gtk_stack_set_visible_child_name(stack, "way");
  for (GtkWidget *w = gtk_widget_get_first_child(d->stack); w; w = gtk_widget_get_next_sibling(w)) {
    GtkStackPage *page = gtk_stack_get_page(stack, w);
    if (g_strcmp0(gtk_stack_page_get_name(page), "way")) gtk_stack_page_set_visible(page, pair);
  }
}

/* The panels of the page go to the sample. */
static void open_pair(Detail *d) {
  WdInspect *i = d->inspect;
  GError *error = NULL;
  guint branch;
  int position;
  if (i->chosen == G_MAXUINT) return;
  WdSession *session = wd_window_get_session(d->window);
  if (wd_inspect_show(i, i->chosen, &branch, &position, &error)) {
    WdView *view = wd_window_get_view(d->window);
    view->what = WD_WHAT_ESTIMATE;
    wd_view_go(view, wd_session_get_recording(session), 0, branch, position);
    gtk_widget_set_visible(d->message, FALSE);
    show_pages(d, TRUE);
  } else {
    gtk_label_set_text(GTK_LABEL(d->message), error->message);
    gtk_widget_set_visible(d->message, TRUE);
    show_pages(d, FALSE); /* they would show the pair before */
    g_error_free(error);
  }
}

static void show(Detail *d) {
  const WdSample *s = wd_inspect_sample_chosen(d->inspect);
  gtk_widget_set_visible(d->scroll, s != NULL);
  gtk_widget_set_visible(d->empty, s == NULL);
  gtk_widget_set_visible(d->begin, !d->inspect->population && !d->inspect->working);
  if (!s) return;
  const char *several = d->inspect->marked->len > 1 ? _(" (one of several selected)") : "";
  g_autofree char *title =
      *d->inspect->population->identity
          ? g_strdup_printf(_("Seed %" PRIu64 " \xc2\xb7 %s%s"), s->seed, wd_sample_family(s), several)
          : g_strdup_printf(_("No model's \xc2\xb7 number %u%s"), d->inspect->chosen, several);
  gtk_label_set_text(GTK_LABEL(d->title), title);
  show_figures(d, s);
  show_flags(d, s);
  d->updating = TRUE;
  if (strcmp(gtk_editable_get_text(GTK_EDITABLE(d->tags)), s->tags))
    gtk_editable_set_text(GTK_EDITABLE(d->tags), s->tags);
  if (strcmp(gtk_editable_get_text(GTK_EDITABLE(d->note)), s->note))
    gtk_editable_set_text(GTK_EDITABLE(d->note), s->note);
  d->updating = FALSE;
}

static void on_changed(WdInspect *i, guint parts, GtkWidget *widget) {
  (void)i;
  Detail *d = g_object_get_data(G_OBJECT(widget), "detail");
  if (parts & (WD_INSPECT_POPULATION | WD_INSPECT_CHOSEN | WD_INSPECT_TAGS)) show(d);
  if (parts & WD_INSPECT_CHOSEN && gtk_widget_get_mapped(widget)) open_pair(d);
}

static void on_map(GtkWidget *widget, Detail *d) {
  (void)widget;
  show(d);
  open_pair(d);
}

static void on_state(WdSession *session, GtkWidget *widget) {
  (void)session;
  Detail *d = g_object_get_data(G_OBJECT(widget), "detail");
  if (gtk_widget_get_mapped(widget) && gtk_widget_get_visible(d->message)) open_pair(d); /* a model came */
}

/* ---- tags and note */

static void refuse(Detail *d, GtkWidget *entry, GError *error) {
  gtk_widget_add_css_class(entry, "error");
  gtk_widget_set_tooltip_text(entry, error->message);
  g_error_free(error);
  (void)d;
}

static void on_tags(GtkEditable *entry, Detail *d) {
  GError *error = NULL;
  if (d->updating) return;
  gtk_widget_remove_css_class(GTK_WIDGET(entry), "error");
  if (!wd_inspect_set_tags(d->inspect, gtk_editable_get_text(entry), &error))
    refuse(d, GTK_WIDGET(entry), error);
}

static void on_note(GtkEditable *entry, Detail *d) {
  GError *error = NULL;
  if (d->updating) return;
  gtk_widget_remove_css_class(GTK_WIDGET(entry), "error");
  if (!wd_inspect_set_note(d->inspect, gtk_editable_get_text(entry), &error))
    refuse(d, GTK_WIDGET(entry), error);
}

static void on_leave_tags(GtkEventControllerFocus *focus, Detail *d) {
  (void)focus;
  on_tags(GTK_EDITABLE(d->tags), d);
}
static void on_leave_note(GtkEventControllerFocus *focus, Detail *d) {
  (void)focus;
  on_note(GTK_EDITABLE(d->note), d);
}

static GtkWidget *entry(const char *name, const char *label, const char *placeholder, const char *tooltip) {
  GtkWidget *e = gtk_entry_new();
  gtk_widget_set_name(e, name);
  gtk_entry_set_placeholder_text(GTK_ENTRY(e), placeholder);
  gtk_widget_set_tooltip_text(e, tooltip);
  gtk_widget_set_hexpand(e, TRUE);
  gtk_accessible_update_property(GTK_ACCESSIBLE(e), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  return e;
}

/* ---- building */

static GtkWidget *button(const char *label, const char *action, const char *tooltip) {
  GtkWidget *b = gtk_button_new_with_label(label);
  gtk_actionable_set_action_name(GTK_ACTIONABLE(b), action);
  gtk_widget_set_tooltip_text(b, tooltip);
  return b;
}

static GtkWidget *arrow(const char *icon, const char *action, const char *tooltip) {
  GtkWidget *b = gtk_button_new_from_icon_name(icon);
  gtk_actionable_set_action_name(GTK_ACTIONABLE(b), action);
  gtk_widget_set_tooltip_text(b, tooltip);
  gtk_accessible_update_property(GTK_ACCESSIBLE(b), GTK_ACCESSIBLE_PROPERTY_LABEL, tooltip, -1);
  return b;
}

static GtkWidget *make_panel(Detail *d, WdPanelKind kind, const char *name) {
  return wd_card_new(wd_window_new_panel(d->window, 0, kind, name), NULL);
}

static GtkWidget *two(GtkOrientation way, GtkWidget *one, GtkWidget *other) {
  GtkWidget *box = gtk_box_new(way, 6);
  gtk_box_set_homogeneous(GTK_BOX(box), TRUE);
  gtk_box_append(GTK_BOX(box), one);
  gtk_box_append(GTK_BOX(box), other);
  return box;
}

static void build_stack(Detail *d) {
  WdSession *session = wd_window_get_session(d->window);
  WdView *view = wd_window_get_view(d->window);
  d->stack = gtk_stack_new();
  gtk_widget_set_name(d->stack, "inspect-closely");
  GtkStack *s = GTK_STACK(d->stack);
  GtkWidget *gather = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
  GtkWidget *panel = make_panel(d, WD_PANEL_GATHER, "inspect-gather");
  gtk_widget_set_vexpand(panel, TRUE);
  gtk_box_append(GTK_BOX(gather), panel);
  GtkWidget *strip = gtk_scrolled_window_new(); /* narrower than its pictures, where there is no room */
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(strip), GTK_POLICY_EXTERNAL, GTK_POLICY_NEVER);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(strip), wd_shot_strip_new(session, view, 0));
  gtk_box_append(GTK_BOX(gather), strip);
  gtk_stack_add_titled(
      s, two(GTK_ORIENTATION_HORIZONTAL, make_panel(d, WD_PANEL_VELOCITY, "inspect-velocity"), gather),
      "pair", _("Pair"));
  gtk_stack_add_titled(s,
                       two(GTK_ORIENTATION_VERTICAL,
                           wd_card_new(wd_inspect_residual_map_new(session, view, d->inspect), NULL),
                           wd_card_new(wd_trace_view_new(session, view), NULL)),
                       "error", _("Error map"));
  gtk_stack_add_titled(s, wd_card_new(wd_inspect_lag_map_new(session, view), NULL), "lags", _("Lags"));
  gtk_stack_add_titled(s, wd_card_new(wd_inspect_arrivals_new(session, view), NULL), "arrivals",
                       _("Arrivals"));
  gtk_stack_add_titled(s, wd_card_new(wd_inspect_way_new(d->inspect), NULL), "way", _("Steps"));
  gtk_widget_set_vexpand(d->stack, TRUE);
}

static GtkWidget *build_body(Detail *d) {
  GtkWidget *body = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
  GtkWidget *head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  d->title = gtk_label_new(NULL);
  gtk_widget_set_name(d->title, "inspect-title");
  gtk_widget_add_css_class(d->title, "heading");
  gtk_label_set_xalign(GTK_LABEL(d->title), 0);
  gtk_label_set_ellipsize(GTK_LABEL(d->title), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand(d->title, TRUE);
  gtk_box_append(GTK_BOX(head), d->title);
  GtkWidget *next = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_widget_add_css_class(next, "linked");
  gtk_box_append(GTK_BOX(next), arrow("go-previous-symbolic", "win.inspect-previous",
                                      _("The failure before this one (Shift+N)")));
  gtk_box_append(GTK_BOX(next), arrow("go-next-symbolic", "win.inspect-next",
                                      _("The next failure or flagged sample, worst first (N)")));
  gtk_box_append(GTK_BOX(head), next);
  gtk_box_append(GTK_BOX(head), button(_("A|B with best"), "win.inspect-compare",
                                       _("Compare it with the best sample of its family, side by side")));
  gtk_box_append(GTK_BOX(body), head);
  d->figures = words(NULL, "caption");
  gtk_widget_add_css_class(d->figures, "dim-label");
  gtk_box_append(GTK_BOX(body), d->figures);
  d->flags = gtk_box_new(GTK_ORIENTATION_VERTICAL, 1);
  gtk_widget_set_name(d->flags, "inspect-flags");
  gtk_box_append(GTK_BOX(body), d->flags);
  GtkWidget *write = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  d->tags = entry("inspect-tags", _("Tags"), _("tags"),
                  _("Words, one space between; of all selected samples (Ctrl+T)"));
  d->note = entry("inspect-note", _("Note"), _("note"), _("A note on this sample"));
  gtk_editable_set_width_chars(GTK_EDITABLE(d->tags), 12);
  gtk_widget_set_hexpand(d->tags, FALSE);
  g_signal_connect(d->tags, "activate", G_CALLBACK(on_tags), d);
  g_signal_connect(d->note, "activate", G_CALLBACK(on_note), d);
  GtkEventController *leave = gtk_event_controller_focus_new();
  g_signal_connect(leave, "leave", G_CALLBACK(on_leave_tags), d);
  gtk_widget_add_controller(d->tags, leave);
  leave = gtk_event_controller_focus_new();
  g_signal_connect(leave, "leave", G_CALLBACK(on_leave_note), d);
  gtk_widget_add_controller(d->note, leave);
  gtk_box_append(GTK_BOX(write), d->tags);
  gtk_box_append(GTK_BOX(write), d->note);
  gtk_box_append(GTK_BOX(write), button(_("Copy command"), "win.inspect-copy-command",
                                        _("The command that makes this sample again and scores it")));
  gtk_box_append(GTK_BOX(body), write);
  d->message = words(NULL, "check-warn");
  gtk_widget_set_name(d->message, "inspect-message");
  gtk_widget_set_visible(d->message, FALSE);
  gtk_box_append(GTK_BOX(body), d->message);
  build_stack(d);
  GtkWidget *switcher = gtk_stack_switcher_new();
  gtk_widget_set_name(switcher, "inspect-switcher");
  gtk_widget_set_halign(switcher, GTK_ALIGN_START);
  gtk_stack_switcher_set_stack(GTK_STACK_SWITCHER(switcher), GTK_STACK(d->stack));
  gtk_box_append(GTK_BOX(body), switcher);
  gtk_box_append(GTK_BOX(body), d->stack);
  return body;
}

void wd_inspect_detail_edit_tags(GtkWidget *detail) {
  Detail *d = g_object_get_data(G_OBJECT(detail), "detail");
  if (wd_inspect_sample_chosen(d->inspect)) gtk_widget_grab_focus(d->tags);
}

/* What there is to look at where nothing has been sampled or opened. */
static GtkWidget *build_begin(void) {
  const struct {
    const char *label, *action, *about;
  } ways[] = {
      {_("Open a batch\xe2\x80\xa6"), "win.inspect-open",
       _("What wavediffusion-cli sample --score wrote (samples.wdpop)")},
      {_("Failures of the default model"), "win.inspect-shipped",
       _("The worst of many samples of the model that comes with the program, and the best of each family")},
      {_("Built faults, one for each flag"), "win.inspect-faults",
       _("Pairs that were given one fault each: what a flag looks like where nothing else is wrong")},
  };
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
  gtk_widget_set_name(box, "inspect-begin");
  gtk_widget_set_halign(box, GTK_ALIGN_CENTER);
  for (gsize k = 0; k < G_N_ELEMENTS(ways); k++) {
    GtkWidget *b = gtk_button_new_with_label(ways[k].label);
    gtk_widget_set_tooltip_text(b, ways[k].about);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(b), ways[k].action);
    gtk_box_append(GTK_BOX(box), b);
  }
  return box;
}

GtkWidget *wd_inspect_detail_new(WdWindow *window, WdInspect *inspect) {
  Detail *d = g_new0(Detail, 1);
  d->window = window;
  d->inspect = inspect;
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
  gtk_widget_set_name(box, "inspect-detail");
  g_object_set_data_full(G_OBJECT(box), "detail", d, g_free);
  GtkWidget *choose =
      words(_("Choose a sample in the table, the plot or the gallery: what is wrong with it stands "
              "here, and its pair is decoded and simulated."),
            "dim-label");
  gtk_label_set_justify(GTK_LABEL(choose), GTK_JUSTIFY_CENTER);
  gtk_label_set_xalign(GTK_LABEL(choose), 0.5f);
  d->empty = gtk_box_new(GTK_ORIENTATION_VERTICAL, 18);
  gtk_widget_set_valign(d->empty, GTK_ALIGN_CENTER);
  gtk_box_append(GTK_BOX(d->empty), choose);
  d->begin = build_begin();
  gtk_box_append(GTK_BOX(d->empty), d->begin);
  gtk_widget_set_vexpand(d->empty, TRUE);
  gtk_widget_set_margin_start(d->empty, 24);
  gtk_widget_set_margin_end(d->empty, 24);
  d->body = build_body(d);
  gtk_widget_set_vexpand(d->body, TRUE);
  gtk_box_append(GTK_BOX(box), d->empty);
  d->scroll = gtk_scrolled_window_new(); /* in a low window */
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(d->scroll), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(d->scroll), d->body);
  gtk_widget_set_vexpand(d->scroll, TRUE);
  gtk_box_append(GTK_BOX(box), d->scroll);
  g_signal_connect_object(inspect, "changed", G_CALLBACK(on_changed), box, 0);
  g_signal_connect_object(wd_window_get_session(window), "state", G_CALLBACK(on_state), box, 0);
  g_signal_connect(box, "map", G_CALLBACK(on_map), d);
  show(d);
  return box;
}
