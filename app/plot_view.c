/* The residual plot with its menus, its verdict in words, and its table. */
#include "app/i18n.h"
#include "app/plot_canvas.h"
#include "app/plot_menu.h"
#include "app/plot_values.h"
#include "app/residual_table.h"
#include "app/truth.h"
#include "app/widget_pieces.h"
#include "app/widgets.h"

#include <math.h>

#define WD_TYPE_PLOT_VIEW (wd_plot_view_get_type())
G_DECLARE_FINAL_TYPE(WdPlotView, wd_plot_view, WD, PLOT_VIEW, GtkBox)

struct _WdPlotView {
  GtkBox parent_instance;
  WdSession *session;
  WdView *view;
  WdPlotCanvas *canvas;
  GtkWidget *metric, *show, *axis, *stack, *values, *table, *verdict, *truth;
  GtkWidget *log, *per_shot, *both, *levels, *population, *model_epsilon;
  WdRecording *recording;
  gulong on_changed, on_position;
  int last_metric;
  /* the truth's words, for the frame that they were made of */
  const WdPair *truth_of;
  const WdSimulation *truth_with;
  char *truth_words;
  wd_units truth_units;
  guint idle, values_of;
  gboolean updating, values_stale;
};

G_DEFINE_FINAL_TYPE(WdPlotView, wd_plot_view, GTK_TYPE_BOX)

/* ---- words */

static void show_truth(WdPlotView *p) {
  WdRecording *r = wd_session_get_recording(p->session);
  const WdPlace a = p->view->place[0];
  const WdBranch *b = wd_recording_find(r, a.branch);
  WdFrame frame = {0};
  if (!b || !b->truth || !wd_recording_get_frame(r, a.branch, a.position, p->view->what, &frame) ||
      !frame.pair) {
    gtk_widget_set_visible(p->truth, FALSE);
    return;
  }
  const WdSimulation *simulation = wd_frame_simulation(&frame);
  if (p->truth_of != frame.pair || p->truth_with != simulation || !p->truth_words ||
      !wd_units_same(&p->truth_units, &p->view->units)) {
    WdLevels levels;
    double epsilon =
        wd_session_get_levels(p->session, WD_METRIC_REFLECTION_RESIDUAL, &levels) ? levels.stage1_p95 : NAN;
    WdTruthReport report;
    wd_error err;
    g_clear_pointer(&p->truth_words, g_free);
    if (!wd_truth_compare(b->truth, frame.pair, simulation, epsilon, &report, &err))
      p->truth_words = wd_truth_words(&report, &p->view->units);
    p->truth_of = frame.pair;
    p->truth_with = simulation;
    p->truth_units = p->view->units;
  }
  gtk_label_set_text(GTK_LABEL(p->truth), p->truth_words ? p->truth_words : "");
  gtk_widget_set_tooltip_text(p->truth, p->truth_words);
  gtk_widget_set_visible(p->truth, p->truth_words && *p->truth_words);
}

/* Filled anew only when figures came; along a run only the row changes, and the table stays where it was. */
static void show_values(WdPlotView *p) {
  const WdPlace a = p->view->place[0];
  if (p->values_stale || p->values_of != a.branch)
    wd_plot_values_set(p->values, wd_session_get_recording(p->session), a.branch, a.position);
  else
    wd_plot_values_select(p->values, a.position);
  p->values_stale = FALSE;
  p->values_of = a.branch;
}

static gboolean in_comparison(const WdPlotView *p) {
  const WdView *v = p->view;
  return v->layout == WD_LAYOUT_COMPARE && v->place[0].branch && v->place[1].branch;
}

static const WdScore *score_of(const WdPlotView *p, int side) {
  const WdPlace at = p->view->place[side];
  const WdPosition *position =
      wd_recording_position(wd_session_get_recording(p->session), at.branch, at.position);
  return position ? wd_position_score(position, p->view->what) : NULL;
}

static void show_words(WdPlotView *p) {
  WdPlotDesc desc = wd_plot_canvas_desc(p->canvas);
  const WdPlace a = p->view->place[0];
  const WdPosition *at = wd_recording_position(desc.recording, a.branch, a.position);
  const WdScore *score = score_of(p, 0);
  g_autofree char *words = NULL;
  if (!wd_recording_find(desc.recording, a.branch))
    words = g_strdup("");
  else if (at && at->fault)
    words = g_strdup(at->fault);
  else if (in_comparison(p)) {
    const WdPlace b = p->view->place[1];
    const WdPosition *other = wd_recording_position(desc.recording, b.branch, b.position);
    words = wd_plot_verdict_of_both(&desc, score, score_of(p, 1));
    if (other && other->fault) {
      g_autofree char *both = g_steal_pointer(&words);
      words = g_strdup_printf("%s · B: %s", both, other->fault);
    }
  } else
    words = wd_plot_verdict(&desc, score);
  gtk_label_set_text(GTK_LABEL(p->verdict), words);
  gtk_widget_set_tooltip_text(p->verdict, words);
  gtk_widget_remove_css_class(p->verdict, "error");
  if (at && at->fault) gtk_widget_add_css_class(p->verdict, "error");
  gtk_accessible_update_property(GTK_ACCESSIBLE(p->canvas), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, words, -1);
  show_truth(p);
  if (gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(p->table))) show_values(p);
}

static gboolean update(gpointer data) {
  WdPlotView *p = data;
  p->idle = 0;
  const WdView *v = p->view;
  p->updating = TRUE;
  gtk_drop_down_set_selected(GTK_DROP_DOWN(p->metric), (guint)v->metric);
  gtk_widget_set_tooltip_text(p->metric, wd_score_get_info(v->metric)->about);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(p->axis), v->axis);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(p->log), !v->linear);
  gtk_widget_set_sensitive(p->log, wd_score_get_info(v->metric)->log_axis);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(p->per_shot), v->per_shot);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(p->both), v->both);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(p->levels), v->show_floor);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(p->population), v->show_population);
  WdPlotDesc desc = wd_plot_canvas_desc(p->canvas);
  gtk_widget_set_sensitive(p->population, desc.population != NULL);
  gtk_widget_set_sensitive(p->model_epsilon, isfinite(v->epsilon));
  p->updating = FALSE;
  show_words(p);
  return G_SOURCE_REMOVE;
}

/* Runs give several changes at a time: one update serves all. */
static void queue_update(WdPlotView *p) {
  if (!p->idle) p->idle = g_idle_add_full(G_PRIORITY_HIGH_IDLE + 15, update, p, NULL);
}

static void on_figures(WdPlotView *p) {
  p->values_stale = TRUE;
  queue_update(p);
}

static void on_view(WdView *view, guint parts, WdPlotView *p) {
  /* An epsilon set by hand belongs to the figure that it was set for. (A whole view that is read brings its
   * own.) */
  if (parts == WD_VIEW_PLOT && view->metric != p->last_metric && isfinite(view->epsilon)) {
    p->last_metric = view->metric;
    view->epsilon = NAN;
    wd_view_changed(view, WD_VIEW_PLOT);
    return;
  }
  p->last_metric = view->metric;
  if (parts & (WD_VIEW_PLOT | WD_VIEW_PLACE | WD_VIEW_LAYOUT)) queue_update(p);
}

static void on_frame(WdSession *session, guint id, int k, int what, WdPlotView *p) {
  (void)session, (void)what;
  for (int side = 0; side < 2; side++)
    if (id == p->view->place[side].branch && k == p->view->place[side].position) queue_update(p);
}

static void leave_recording(WdPlotView *p) {
  g_clear_signal_handler(&p->on_changed, p->recording);
  g_clear_signal_handler(&p->on_position, p->recording);
  g_clear_object(&p->recording);
}

static void on_recording(WdPlotView *p) {
  leave_recording(p);
  p->recording = g_object_ref(wd_session_get_recording(p->session));
  p->on_changed = g_signal_connect_swapped(p->recording, "changed", G_CALLBACK(on_figures), p);
  p->on_position = g_signal_connect_swapped(p->recording, "position", G_CALLBACK(on_figures), p);
  on_figures(p);
}

/* ---- controls */

static void on_menu(WdPlotView *p) {
  if (p->updating) return;
  WdView *v = p->view;
  v->metric = (int)gtk_drop_down_get_selected(GTK_DROP_DOWN(p->metric));
  v->axis = (WdPlotAxis)gtk_drop_down_get_selected(GTK_DROP_DOWN(p->axis));
  v->linear = !gtk_check_button_get_active(GTK_CHECK_BUTTON(p->log));
  v->per_shot = gtk_check_button_get_active(GTK_CHECK_BUTTON(p->per_shot));
  v->both = gtk_check_button_get_active(GTK_CHECK_BUTTON(p->both));
  v->show_floor = gtk_check_button_get_active(GTK_CHECK_BUTTON(p->levels));
  v->show_population = gtk_check_button_get_active(GTK_CHECK_BUTTON(p->population));
  wd_view_changed(v, WD_VIEW_PLOT);
}

static void on_model_epsilon(WdPlotView *p) {
  p->view->epsilon = NAN;
  wd_view_changed(p->view, WD_VIEW_PLOT);
}

static void on_table(GtkToggleButton *button, WdPlotView *p) {
  gtk_stack_set_visible_child_name(GTK_STACK(p->stack),
                                   gtk_toggle_button_get_active(button) ? "values" : "plot");
  queue_update(p);
}

static void on_copy(WdPlotView *p) {
  WdRecording *r = wd_session_get_recording(p->session);
  GArray *ids = g_array_new(FALSE, FALSE, sizeof(guint));
  const WdView *v = p->view;
  if (v->place[0].branch) g_array_append_val(ids, v->place[0].branch);
  if (v->layout == WD_LAYOUT_COMPARE && v->place[1].branch && v->place[1].branch != v->place[0].branch)
    g_array_append_val(ids, v->place[1].branch);
  for (guint i = 0; i < wd_recording_count(r); i++) {
    const WdBranch *b = wd_recording_nth(r, i);
    gboolean there = !b->pinned;
    for (guint k = 0; k < ids->len; k++) there = there || g_array_index(ids, guint, k) == b->id;
    if (!there) g_array_append_val(ids, b->id);
  }
  g_autofree char *csv = wd_residual_csv(r, (const guint *)(const void *)ids->data, ids->len, FALSE);
  gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(p)), csv);
  g_array_unref(ids);
}

static void name_it(GtkWidget *widget, const char *text) {
  gtk_widget_set_tooltip_text(widget, text);
  gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
}

static GtkWidget *check(WdPlotView *p, GtkWidget *box, const char *text, const char *tooltip) {
  GtkWidget *button = gtk_check_button_new_with_label(text);
  gtk_widget_set_tooltip_text(button, tooltip);
  g_signal_connect_swapped(button, "toggled", G_CALLBACK(on_menu), p);
  gtk_box_append(GTK_BOX(box), button);
  return button;
}

static GtkWidget *build_show(WdPlotView *p) {
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
  p->log = check(p, box, _("Logarithmic"), _("Values far below 0.1 are told apart (Y)"));
  p->both =
      check(p, box, _("Noisy state xₜ too"),
            _("Decodes of the noisy state beside those of the estimate of the data; what has no score yet "
              "gets one at rest, when nothing else is to be made"));
  p->per_shot = check(p, box, _("Each shot"), _("A thin line for each shot"));
  p->levels = check(p, box, _("Reference levels"),
                    _("True pairs through this model, silence, the direct wave alone, the grid's floor"));
  p->population = check(p, box, _("Generated pairs"),
                        _("How this model's generated pairs score at each step: median and 5 to 95 %"));
  p->model_epsilon = gtk_button_new_with_label(_("The model's ε"));
  gtk_widget_set_tooltip_text(p->model_epsilon, _("Forgets the ε that was set by hand"));
  gtk_widget_add_css_class(p->model_epsilon, "flat");
  g_signal_connect_swapped(p->model_epsilon, "clicked", G_CALLBACK(on_model_epsilon), p);
  gtk_box_append(GTK_BOX(box), p->model_epsilon);
  GtkWidget *popover = gtk_popover_new();
  gtk_popover_set_child(GTK_POPOVER(popover), box);
  GtkWidget *button = gtk_menu_button_new();
  gtk_widget_set_name(button, "plot-show");
  gtk_menu_button_set_label(GTK_MENU_BUTTON(button), _("Show"));
  gtk_menu_button_set_popover(GTK_MENU_BUTTON(button), popover);
  gtk_widget_set_tooltip_text(button, _("What the plot shows"));
  return button;
}

void wd_plot_view_set_compact(GtkWidget *plot) {
  WdPlotView *p = WD_PLOT_VIEW(plot);
  wd_drop_down_shorten(p->metric, PANGO_ELLIPSIZE_END, 18);
  gtk_widget_set_visible(p->axis, FALSE);
  gtk_menu_button_set_icon_name(GTK_MENU_BUTTON(p->show), "view-more-symbolic");
  name_it(p->show, _("What the plot shows"));
  gtk_button_set_icon_name(GTK_BUTTON(p->table), "view-list-symbolic");
  name_it(p->table, _("All positions and figures as a table"));
}

static GtkWidget *build_tools(WdPlotView *p) {
  GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_widget_set_margin_start(row, 6);
  gtk_widget_set_margin_end(row, 6);
  const char *titles[WD_SCORES + 1];
  for (int i = 0; i < WD_SCORES; i++) titles[i] = wd_score_get_info(i)->title;
  titles[WD_SCORES] = NULL;
  p->metric = gtk_drop_down_new_from_strings(titles);
  gtk_widget_set_name(p->metric, "plot-metric");
  name_it(p->metric, _("Figure that is plotted"));
  const char *const axes[] = {_("by step"), _("by timestep"), _("by log-SNR"), NULL};
  p->axis = gtk_drop_down_new_from_strings(axes);
  gtk_widget_set_name(p->axis, "plot-axis");
  name_it(p->axis, _("Horizontal axis"));
  g_signal_connect_swapped(p->metric, "notify::selected", G_CALLBACK(on_menu), p);
  g_signal_connect_swapped(p->axis, "notify::selected", G_CALLBACK(on_menu), p);
  gtk_box_append(GTK_BOX(row), p->metric);
  gtk_box_append(GTK_BOX(row), p->axis);
  p->show = build_show(p);
  gtk_box_append(GTK_BOX(row), p->show);
  GtkWidget *space = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_widget_set_hexpand(space, TRUE);
  gtk_box_append(GTK_BOX(row), space);
  p->table = gtk_toggle_button_new_with_label(_("Values"));
  gtk_widget_set_name(p->table, "plot-table");
  gtk_widget_set_tooltip_text(p->table, _("All positions and figures as a table"));
  g_signal_connect(p->table, "toggled", G_CALLBACK(on_table), p);
  gtk_box_append(GTK_BOX(row), p->table);
  GtkWidget *copy = gtk_button_new_from_icon_name("edit-copy-symbolic");
  gtk_widget_set_name(copy, "plot-copy");
  gtk_widget_add_css_class(copy, "flat");
  name_it(copy, _("Copy all figures as CSV: of this run, and of those pinned"));
  g_signal_connect_swapped(copy, "clicked", G_CALLBACK(on_copy), p);
  gtk_box_append(GTK_BOX(row), copy);
  return row;
}

static void wd_plot_view_dispose(GObject *object) {
  WdPlotView *p = WD_PLOT_VIEW(object);
  g_clear_handle_id(&p->idle, g_source_remove);
  leave_recording(p);
  G_OBJECT_CLASS(wd_plot_view_parent_class)->dispose(object);
}

static void wd_plot_view_finalize(GObject *object) {
  g_free(WD_PLOT_VIEW(object)->truth_words);
  G_OBJECT_CLASS(wd_plot_view_parent_class)->finalize(object);
}

static void wd_plot_view_class_init(WdPlotViewClass *class) {
  G_OBJECT_CLASS(class)->dispose = wd_plot_view_dispose;
  G_OBJECT_CLASS(class)->finalize = wd_plot_view_finalize;
}

static void wd_plot_view_init(WdPlotView *p) {
  gtk_orientable_set_orientation(GTK_ORIENTABLE(p), GTK_ORIENTATION_VERTICAL);
}

static GtkWidget *add_words(WdPlotView *p, const char *name) {
  GtkWidget *label = gtk_label_new(NULL);
  gtk_widget_set_name(label, name);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class(label, "numeric");
  gtk_widget_set_margin_start(label, 10);
  gtk_widget_set_margin_end(label, 8);
  gtk_box_append(GTK_BOX(p), label);
  return label;
}

GtkWidget *wd_plot_view_new(WdSession *session, WdView *view) {
  WdPlotView *p = g_object_new(WD_TYPE_PLOT_VIEW, "spacing", 2, "name", "plot", NULL);
  p->session = session;
  p->view = view;
  p->last_metric = view->metric;
  p->canvas = wd_plot_canvas_new(session, view);
  gtk_widget_set_name(GTK_WIDGET(p->canvas), "plot-canvas");
  p->updating = TRUE;
  gtk_box_append(GTK_BOX(p), build_tools(p));
  p->updating = FALSE;
  p->verdict = add_words(p, "verdict");
  gtk_widget_add_css_class(p->verdict, "heading");
  p->truth = add_words(p, "truth");
  gtk_label_set_wrap(GTK_LABEL(p->truth), TRUE); /* which side to doubt comes last: it must not be cut off */
  gtk_label_set_wrap_mode(GTK_LABEL(p->truth), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_lines(GTK_LABEL(p->truth), 2);
  gtk_widget_set_visible(p->truth, FALSE);
  wd_plot_menu_install(p->canvas, session, view, (WdPlotCopy)on_copy, p);
  p->stack = gtk_stack_new();
  gtk_stack_add_named(GTK_STACK(p->stack), GTK_WIDGET(p->canvas), "plot");
  p->values = wd_plot_values_new();
  gtk_stack_add_named(GTK_STACK(p->stack), p->values, "values");
  gtk_box_append(GTK_BOX(p), p->stack);
  g_signal_connect_object(view, "changed", G_CALLBACK(on_view), p, 0);
  g_signal_connect_object(session, "frame", G_CALLBACK(on_frame), p, 0);
  g_signal_connect_object(session, "recording", G_CALLBACK(on_recording), p, G_CONNECT_SWAPPED);
  g_signal_connect_object(session, "state", G_CALLBACK(queue_update), p, G_CONNECT_SWAPPED);
  on_recording(p);
  return GTK_WIDGET(p);
}
