/* Sidebar: how scores are made, and what they are held against. */
#include "app/i18n.h"
#include "app/plot_data.h"
#include "app/sidebar.h"

#include <math.h>

typedef struct section {
  WdSession *session;
  WdView *view;
  GtkWidget *self, *runs, *rest, *calibration, *levels, *epsilon, *own, *words, *evaluated;
  gboolean updating;
} section;

static void update(section *s) {
  const WdPolicy *policy = wd_session_get_policy(s->session);
  const WdModelInfo *model = wd_session_get_model(s->session);
  s->updating = TRUE;
  gtk_drop_down_set_selected(GTK_DROP_DOWN(s->runs), policy->exact_runs ? 1 : 0);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(s->rest), policy->exact_rest);
  gtk_widget_set_sensitive(s->rest, !policy->exact_runs);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(s->calibration), policy->calibration);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(s->levels), s->view->show_floor);
  WdLevels levels;
  gboolean have = wd_session_get_levels(s->session, s->view->metric, &levels);
  WdPlotDesc desc = {
      .recording = wd_session_get_recording(s->session), .view = s->view, .levels = have ? &levels : NULL};
  gboolean own;
  double epsilon = wd_plot_epsilon(&desc, &own);
  const gboolean error = !wd_score_get_info(s->view->metric)->higher_is_better;
  gtk_check_button_set_active(GTK_CHECK_BUTTON(s->own), own);
  gtk_widget_set_sensitive(s->own, error);
  gtk_widget_set_sensitive(s->epsilon, own);
  if (isfinite(epsilon)) gtk_spin_button_set_value(GTK_SPIN_BUTTON(s->epsilon), epsilon);
  g_autofree char *words = own ? NULL : wd_plot_epsilon_words(&desc);
  gtk_label_set_text(GTK_LABEL(s->words), words    ? words
                                          : own    ? _("ε is yours, of the figure that is plotted")
                                          : !error ? _("What is plotted is no error, and has no ε")
                                                   : _("The model says no ε of this figure"));
  g_autofree char *evaluated = model && model->evaluated
                                   ? g_strdup_printf(_("Levels of “%s”: %s"), model->name, model->evaluated)
                                   : NULL;
  gtk_label_set_text(GTK_LABEL(s->evaluated), evaluated ? evaluated : "");
  gtk_widget_set_visible(s->evaluated, evaluated != NULL);
  s->updating = FALSE;
}

static void change(WdPolicy *policy, gpointer user) {
  section *s = user;
  policy->exact_runs = gtk_drop_down_get_selected(GTK_DROP_DOWN(s->runs)) == 1;
  policy->exact_rest = gtk_check_button_get_active(GTK_CHECK_BUTTON(s->rest));
  policy->calibration = (wd_calibration)gtk_drop_down_get_selected(GTK_DROP_DOWN(s->calibration));
}

static void on_policy(section *s) {
  if (s->updating) return;
  wd_section_change_policy(s->session, change, s);
  update(s);
}

static void on_plot(section *s) {
  if (s->updating) return;
  s->view->show_floor = gtk_check_button_get_active(GTK_CHECK_BUTTON(s->levels));
  gboolean own = gtk_check_button_get_active(GTK_CHECK_BUTTON(s->own));
  s->view->epsilon = own ? gtk_spin_button_get_value(GTK_SPIN_BUTTON(s->epsilon)) : NAN;
  wd_view_changed(s->view, WD_VIEW_PLOT);
}

static void on_view(WdView *view, guint parts, section *s) {
  (void)view;
  if (parts & WD_VIEW_PLOT) update(s);
}

static void on_destroy(section *s) {
  g_signal_handlers_disconnect_by_data(s->view, s);
  g_signal_handlers_disconnect_by_data(s->session, s);
}

GtkWidget *wd_sidebar_physics_new(WdSession *session, WdView *view) {
  section *s = g_new0(section, 1);
  s->session = session;
  s->view = view;
  GtkWidget *box;
  s->self = wd_section_new(_("Physics"), FALSE, &box);
  g_object_set_data_full(G_OBJECT(s->self), "section", s, g_free);
  const char *const modes[] = {_("live"), _("exact"), NULL};
  s->runs = wd_section_choice(modes);
  gtk_widget_set_name(s->runs, "sidebar-mode");
  wd_section_row(box, _("Runs score"), s->runs, _("How F(v) is simulated while a run goes on"));
  s->rest = wd_section_check(box, _("Again exactly at rest"),
                             _("What was scored live is scored again in exact mode when nothing runs"));
  wd_section_words(
      box,
      _("Exact: OpenFWI's own grid of 310 × 310 points, its sponge of 120 cells and its order of arithmetic, "
        "to the last bit. Live: an absorbing margin of 20 cells, four to five times faster. Corners of "
        "OpenFWI's sponge reflect a little: on fast maps the two may differ by up to 0.7 in the "
        "reflection residual. Every number says which mode made it."));
  const char *const calibrations[] = {_("none"), _("sign"), _("gain"), NULL};
  s->calibration = wd_section_choice(calibrations);
  gtk_widget_set_name(s->calibration, "sidebar-calibration");
  wd_section_row(box, _("Calibration"), s->calibration,
                 _("Of the decoded gathers before they are compared: none; sign: turned over when that fits "
                   "better; gain: "
                   "the factor that makes the difference least. It is recorded in every export"));
  s->own = wd_section_check(box, _("My own ε"),
                            _("Otherwise the model's: 95 % of true pairs through it score less"));
  gtk_widget_set_name(s->own, "sidebar-own-epsilon");
  s->epsilon = wd_section_spin(0.0001, 1000, 0.05, 4);
  gtk_widget_set_name(s->epsilon, "sidebar-epsilon");
  wd_section_row(box, "ε", s->epsilon, _("Tolerance that the verdict speaks of"));
  s->words = wd_section_words(box, "");
  s->levels =
      wd_section_check(box, _("Reference levels in the plot"),
                       _("True pairs through this model, silence, the direct wave alone, the grid's floor"));
  s->evaluated = wd_section_words(box, "");
  update(s);
  g_signal_connect_swapped(s->runs, "notify::selected", G_CALLBACK(on_policy), s);
  g_signal_connect_swapped(s->calibration, "notify::selected", G_CALLBACK(on_policy), s);
  g_signal_connect_swapped(s->rest, "toggled", G_CALLBACK(on_policy), s);
  g_signal_connect_swapped(s->levels, "toggled", G_CALLBACK(on_plot), s);
  g_signal_connect_swapped(s->own, "toggled", G_CALLBACK(on_plot), s);
  g_signal_connect_swapped(s->epsilon, "value-changed", G_CALLBACK(on_plot), s);
  g_signal_connect(view, "changed", G_CALLBACK(on_view), s);
  g_signal_connect_swapped(session, "state", G_CALLBACK(update), s);
  g_signal_connect_swapped(s->self, "destroy", G_CALLBACK(on_destroy), s);
  return s->self;
}
