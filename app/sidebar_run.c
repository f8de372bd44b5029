/* Sidebar: what the next run is to be, and what of it is scored. */
#include "app/i18n.h"
#include "app/sidebar.h"
#include "model/schedule.h"
#include "render/axis.h"
#include "solver/family.h"

#include <math.h>

enum { FAMILIES = 10 };

typedef struct section {
  WdSession *session;
  WdView *view;
  GtkWidget *self, *seed, *family, *sampler, *steps, *eta, *guidance, *eta_row;
  GtkWidget *policy, *every, *every_row, *both, *cost;
  gboolean updating;
} section;

/* What scoring adds to a run of the steps asked for. */
static void show_cost(section *s) {
  const WdPolicy *policy = wd_session_get_policy(s->session);
  WdTimes t = wd_session_get_times(s->session);
  int steps = MAX(1, s->view->next.plan.steps ? s->view->next.plan.steps : 16), scored = 0;
  switch (policy->score) {
  case WD_SCORE_EVERY_STEP: scored = steps + 1; break;
  case WD_SCORE_EVERY_N: scored = steps / MAX(1, policy->every) + 1; break;
  case WD_SCORE_FINAL: scored = 1; break;
  default: break;
  }
  int latents = policy->both ? 2 * scored - (scored > 0) : scored;
  double one = t.decode + (policy->exact_runs ? t.exact : t.live) + (isfinite(t.compare) ? t.compare : 0);
  g_autofree char *text = NULL;
  if (!latents)
    text = g_strdup(_("Nothing is scored by itself: go to a step, and it is"));
  else if (!isfinite(one))
    text = g_strdup_printf(_("%d of %d positions are scored; the time it takes is known after the first"),
                           scored, steps + 1);
  else {
    char seconds[32];
    double total = latents * one / 1000;
    wd_format_number(total < 10 ? round(total * 10) / 10 : round(total), 0, seconds, sizeof seconds);
    text = g_strdup_printf(_("Scoring %d of %d positions adds about %s s"), scored, steps + 1, seconds);
  }
  gtk_label_set_text(GTK_LABEL(s->cost), text);
}

static void update(section *s) {
  const WdRecipe *next = &s->view->next;
  const WdPolicy *policy = wd_session_get_policy(s->session);
  s->updating = TRUE;
  guint64 typed;
  if (!g_ascii_string_to_unsigned(gtk_editable_get_text(GTK_EDITABLE(s->seed)), 10, 0, G_MAXUINT64, &typed,
                                  NULL) ||
      typed != next->seed) {
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, next->seed);
    gtk_editable_set_text(GTK_EDITABLE(s->seed), text);
    gtk_widget_remove_css_class(s->seed, "error");
  }
  gtk_drop_down_set_selected(GTK_DROP_DOWN(s->family), (guint)(next->family + 1));
  gtk_drop_down_set_selected(GTK_DROP_DOWN(s->sampler), next->plan.kind);
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(s->steps), next->plan.steps ? next->plan.steps : 16);
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(s->eta), next->plan.eta);
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(s->guidance), next->plan.guidance);
  gtk_widget_set_visible(s->eta_row, next->plan.kind == WD_SAMPLER_DDIM);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(s->policy), policy->score);
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(s->every), MAX(1, policy->every));
  gtk_widget_set_visible(s->every_row, policy->score == WD_SCORE_EVERY_N);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(s->both), policy->both);
  s->updating = FALSE;
  show_cost(s);
}

static void on_seed(section *s) {
  if (s->updating) return;
  guint64 seed;
  gboolean good = g_ascii_string_to_unsigned(gtk_editable_get_text(GTK_EDITABLE(s->seed)), 10, 0, G_MAXUINT64,
                                             &seed, NULL);
  if (!good) {
    gtk_widget_add_css_class(s->seed, "error");
    return;
  }
  gtk_widget_remove_css_class(s->seed, "error");
  s->view->next.seed = seed;
  wd_view_changed(s->view, WD_VIEW_RUN);
}

static void on_next(section *s) {
  if (s->updating) return;
  WdRecipe *next = &s->view->next;
  next->family = (int)gtk_drop_down_get_selected(GTK_DROP_DOWN(s->family)) - 1;
  next->plan.kind = (wd_sampler_kind)gtk_drop_down_get_selected(GTK_DROP_DOWN(s->sampler));
  next->plan.steps = gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(s->steps));
  next->plan.eta =
      next->plan.kind == WD_SAMPLER_DDIM ? gtk_spin_button_get_value(GTK_SPIN_BUTTON(s->eta)) : 0;
  next->plan.guidance = gtk_spin_button_get_value(GTK_SPIN_BUTTON(s->guidance));
  wd_view_changed(s->view, WD_VIEW_RUN);
}

static void change(WdPolicy *policy, gpointer user) {
  section *s = user;
  policy->score = (WdScorePolicy)gtk_drop_down_get_selected(GTK_DROP_DOWN(s->policy));
  policy->every = gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(s->every));
  policy->both = gtk_check_button_get_active(GTK_CHECK_BUTTON(s->both));
}

static void on_policy(section *s) {
  if (s->updating) return;
  wd_section_change_policy(s->session, change, s);
  update(s);
}

static void on_view(WdView *view, guint parts, section *s) {
  (void)view;
  if (parts & WD_VIEW_RUN) update(s);
}

static void on_destroy(section *s) {
  g_signal_handlers_disconnect_by_data(s->view, s);
  g_signal_handlers_disconnect_by_data(s->session, s);
}

GtkWidget *wd_sidebar_run_new(WdSession *session, WdView *view) {
  section *s = g_new0(section, 1);
  s->session = session;
  s->view = view;
  GtkWidget *box;
  s->self = wd_section_new(_("Next run"), TRUE, &box);
  g_object_set_data_full(G_OBJECT(s->self), "section", s, g_free);

  s->seed = gtk_entry_new();
  gtk_widget_set_name(s->seed, "sidebar-seed");
  gtk_editable_set_width_chars(GTK_EDITABLE(s->seed), 8);
  gtk_entry_set_input_purpose(GTK_ENTRY(s->seed), GTK_INPUT_PURPOSE_DIGITS);
  wd_section_row(
      box, _("Seed"), s->seed,
      _("The same seed gives the same noise on every machine. Seeds n and n + 1 are not neighbours"));
  const char *families[FAMILIES + 2] = {_("any family")};
  for (int i = 0; i < FAMILIES; i++) families[i + 1] = wd_family_display_name((wd_family)i);
  s->family = wd_section_choice(families);
  gtk_widget_set_name(s->family, "sidebar-family");
  wd_section_row(box, _("Family"), s->family, _("Label given to the denoiser"));
  static const char *const samplers[] = {"DPM-Solver++ (2M)", "DDIM", "DDPM", NULL};
  s->sampler = wd_section_choice(samplers);
  gtk_widget_set_name(s->sampler, "sidebar-sampler");
  wd_section_row(box, _("Sampler"), s->sampler,
                 _("DPM-Solver++ is done in 16 steps; DDIM wants more; DDPM draws noise at every step"));
  s->steps = wd_section_spin(4, 100, 1, 0);
  gtk_widget_set_name(s->steps, "sidebar-steps");
  wd_section_row(box, _("Steps"), s->steps, _("Denoising steps from noise to data, 4 to 100"));
  s->eta = wd_section_spin(0, 1, 0.05, 2);
  s->eta_row = wd_section_row(box, _("Eta"), s->eta, _("0 draws no noise on the way, 1 as much as DDPM"));
  s->guidance = wd_section_spin(0, 10, 0.25, 2);
  wd_section_row(box, _("Guidance"), s->guidance,
                 _("How much more than plainly the family counts; 0 is the plain labelled prediction"));
  const char *const policies[] = {_("every step"), _("every n steps"), _("the data only"),
                                  _("what I look at"), NULL};
  s->policy = wd_section_choice(policies);
  gtk_widget_set_name(s->policy, "sidebar-policy");
  wd_section_row(box, _("Score"), s->policy,
                 _("Which positions of a run are decoded, simulated and scored as it goes"));
  s->every = wd_section_spin(2, 50, 1, 0);
  s->every_row = wd_section_row(box, "n", s->every, _("Every so many steps"));
  s->both = wd_section_check(box, _("Score the noisy state xₜ too"), _("Beside the estimate of the data x̂₀"));
  s->cost = wd_section_words(box, "");

  update(s);
  g_signal_connect_swapped(s->seed, "changed", G_CALLBACK(on_seed), s);
  GtkWidget *drop[] = {s->family, s->sampler};
  for (gsize i = 0; i < G_N_ELEMENTS(drop); i++)
    g_signal_connect_swapped(drop[i], "notify::selected", G_CALLBACK(on_next), s);
  GtkWidget *spin[] = {s->steps, s->eta, s->guidance};
  for (gsize i = 0; i < G_N_ELEMENTS(spin); i++)
    g_signal_connect_swapped(spin[i], "value-changed", G_CALLBACK(on_next), s);
  g_signal_connect_swapped(s->policy, "notify::selected", G_CALLBACK(on_policy), s);
  g_signal_connect_swapped(s->every, "value-changed", G_CALLBACK(on_policy), s);
  g_signal_connect_swapped(s->both, "toggled", G_CALLBACK(on_policy), s);
  g_signal_connect(view, "changed", G_CALLBACK(on_view), s);
  g_signal_connect_swapped(session, "state", G_CALLBACK(update), s);
  g_signal_connect_swapped(s->self, "destroy", G_CALLBACK(on_destroy), s);
  return s->self;
}
