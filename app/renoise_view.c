/* Re-noise: the forward diffusion of the latent on screen to a noise level, and the sampler from there, as a
 * branch of the timeline. With an edited latent, or one off the shell, it shows what the model pulls it back
 * to. */
#include "app/code_edit.h"
#include "app/i18n.h"
#include "app/latent_tools.h"
#include "app/random_seed.h"
#include "app/score.h"
#include "app/walk.h"
#include "app/watch.h"
#include "model/latent_space.h"
#include "model/neighbours.h"
#include "model/schedule.h"

#include <math.h>

typedef struct renoise {
  WdSession *session;
  WdView *view;
  GtkWidget *self, *from, *strength, *level, *seed, *steps, *button, *message, *result;
  WdWatch *watch;
  wd_schedule schedule; /* of the loaded model; timesteps 0: none */
  gboolean own_steps;   /* a person chose the number of steps */
  gboolean updating;
} renoise;

static int timestep_of(const renoise *s) {
  return wd_strength_timestep(gtk_range_get_value(GTK_RANGE(s->strength)), s->schedule.timesteps);
}

static void say(renoise *s, const char *text) {
  gtk_label_set_text(GTK_LABEL(s->message), text ? text : "");
  gtk_widget_set_visible(s->message, text != NULL);
}

static void show_level(renoise *s) {
  if (!s->schedule.timesteps) {
    gtk_label_set_text(GTK_LABEL(s->level), "");
    return;
  }
  int t = timestep_of(s);
  double alpha = s->schedule.alpha[t], sigma = s->schedule.sigma[t];
  g_autofree char *text =
      g_strdup_printf(_("t = %d of %d: %.2f of the latent and %.2f of noise, log-SNR %.1f"), t,
                      s->schedule.timesteps, alpha, sigma, wd_log_snr(alpha, sigma));
  gtk_label_set_text(GTK_LABEL(s->level), text);
  if (s->own_steps) return;
  int whole = s->view->next.plan.steps ? s->view->next.plan.steps : 16;
  s->updating = TRUE;
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(s->steps),
                            MAX(1, lround(whole * gtk_range_get_value(GTK_RANGE(s->strength)))));
  s->updating = FALSE;
}

/* How far the branch came back, against the latent that was noised. */
static void show_result(renoise *s) {
  const WdModelInfo *model = wd_session_get_model(s->session);
  const WdBranch *b = wd_recording_find(s->watch->recording, s->view->place[0].branch);
  g_autofree char *text = NULL;
  if (b && b->recipe.begin == WD_BEGIN_NOISED && b->edited) {
    const WdPosition *p = wd_recording_position(s->watch->recording, b->id, wd_branch_last(b)),
                     *q = b->parent ? wd_recording_position(s->watch->recording, b->parent, b->parent_at)
                                    : NULL;
    GBytes *end = p ? p->latent[WD_WHAT_ESTIMATE] : NULL;
    gsize bytes;
    const float *z = g_bytes_get_data(b->edited, &bytes), *back = end ? g_bytes_get_data(end, NULL) : NULL;
    wd_neighbour n;
    if (back && g_bytes_get_size(end) == bytes &&
        wd_neighbours_find(WD_NEAR_L2, z, &back, 1, bytes / sizeof *z, 1, &n)) {
      GString *t = g_string_new(NULL);
      gboolean done = wd_branch_last(b) >= b->steps;
      g_string_append_printf(
          t,
          done
              ? _("%s noised to t = %d, and denoised: %.2f from the latent that was noised (|Δz|/√d), cosine "
                  "%.3f")
              : _("%s noised to t = %d, its estimate so far: %.2f from the latent that was noised (|Δz|/√d), "
                  "cosine %.3f"),
          b->name, b->recipe.timestep, n.distance, n.cosine);
      g_string_append_printf(t, "\n|z|/√d: %.3f → %.3f", wd_latent_norm(z, bytes / sizeof *z),
                             wd_latent_norm(back, bytes / sizeof *z));
      if (model && model->codes && bytes == (gsize)model->latent.count * sizeof *z)
        g_string_append_printf(t, _("; %d of %d cells have another code"),
                               wd_code_difference(model->codes, b->edited, end, NULL, NULL),
                               model->latent.height * model->latent.width);
      const WdScore *after = wd_position_score(p, WD_WHAT_ESTIMATE),
                    *before = q && q->latent[WD_WHAT_ESTIMATE] == b->edited
                                  ? wd_position_score(q, WD_WHAT_ESTIMATE)
                                  : NULL;
      if (before && after)
        g_string_append_printf(t, _("\nReflection residual: %.3g %s → %.3g %s"), before->value[0],
                               wd_score_mode_words(before->mode), after->value[0],
                               wd_score_mode_words(after->mode));
      text = g_string_free(t, FALSE);
    }
  }
  gtk_label_set_text(GTK_LABEL(s->result), text ? text : _("Nothing on screen was re-noised yet."));
}

static void take_schedule(renoise *s, const WdModelInfo *model) {
  if (!model || !model->stage2 ||
      (s->schedule.timesteps == model->timesteps && s->schedule.kind == model->schedule))
    return;
  wd_schedule_clear(&s->schedule);
  if (wd_schedule_create(model->schedule, model->timesteps, &s->schedule, NULL))
    s->schedule = (wd_schedule){0};
}

static void update(gpointer user) {
  renoise *s = user;
  const WdPlace at = s->view->place[0];
  GBytes *latent = wd_place_latent(s->watch->recording, at, s->view->what);
  g_autofree char *name = wd_place_name(s->watch->recording, at), *from = g_strdup_printf(_("From %s"), name);
  gtk_label_set_text(GTK_LABEL(s->from), latent ? from : _("No latent here yet"));
  const WdModelInfo *model = wd_session_get_model(s->session);
  take_schedule(s, model);
  gtk_widget_set_sensitive(s->button, latent && model && model->stage2 && s->schedule.timesteps &&
                                          wd_session_get_state(s->session) == WD_SESSION_IDLE);
  gtk_button_set_label(GTK_BUTTON(s->button),
                       model && !model->stage2 ? _("This model cannot denoise") : _("Re-noise and denoise"));
  show_level(s);
  show_result(s);
}

static void on_button(GtkButton *button, renoise *s) {
  (void)button;
  const WdPlace at = s->view->place[0];
  GBytes *latent = wd_place_latent(s->watch->recording, at, s->view->what);
  guint64 seed = 0;
  if (!latent) return;
  if (!g_ascii_string_to_unsigned(gtk_editable_get_text(GTK_EDITABLE(s->seed)), 10, 0, G_MAXUINT64, &seed,
                                  NULL)) {
    gtk_widget_add_css_class(s->seed, "error");
    say(s, _("The noise's seed is a whole number"));
    return;
  }
  gtk_widget_remove_css_class(s->seed, "error");
  WdRecipe recipe = s->view->next;
  recipe.seed = seed;
  recipe.new_noise = FALSE;
  recipe.refine_steps = 0;
  recipe.begin = WD_BEGIN_NOISED;
  recipe.timestep = timestep_of(s);
  recipe.plan.steps = MIN(gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(s->steps)), recipe.timestep + 1);
  g_autoptr(GError) error = NULL;
  guint id = wd_session_branch(s->session, at.branch, at.position, &recipe, latent, &error);
  say(s, id ? NULL : error ? error->message : _("The branch did not begin"));
  if (!id) return;
  s->view->follow = TRUE;
  wd_view_go(s->view, s->watch->recording, 0, id, at.position);
}

static void on_dice(GtkButton *button, renoise *s) {
  (void)button;
  g_autofree char *text = g_strdup_printf("%u", (guint)(wd_random_seed() % 1000000));
  gtk_editable_set_text(GTK_EDITABLE(s->seed), text);
}

static void on_steps(renoise *s) {
  if (!s->updating) s->own_steps = TRUE;
}

static void renoise_free(gpointer data) {
  renoise *s = data;
  wd_schedule_clear(&s->schedule);
  g_free(s);
}

GtkWidget *wd_renoise_view_new(WdSession *session, WdView *view) {
  renoise *s = g_new0(renoise, 1);
  s->session = session;
  s->view = view;
  s->self = wd_tool_page("renoise");
  g_object_set_data_full(G_OBJECT(s->self), "wd-renoise", s, renoise_free);
  s->from = wd_tool_heading(s->self, "");
  wd_tool_words(s->self, "renoise-about",
                _("Noise is added as in training, up to a level; then the model denoises from there. Little "
                  "noise keeps "
                  "the latent, much of it lets the model make another: between the two it pulls an edited "
                  "latent back to "
                  "what it knows."));
  GtkWidget *grid = gtk_grid_new();
  gtk_grid_set_row_spacing(GTK_GRID(grid), 6);
  gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
  s->strength = gtk_scale_new_with_range(GTK_ORIENTATION_HORIZONTAL, 0.02, 1, 0.01);
  gtk_widget_set_name(s->strength, "renoise-strength");
  gtk_scale_set_draw_value(GTK_SCALE(s->strength), TRUE);
  gtk_scale_set_value_pos(GTK_SCALE(s->strength), GTK_POS_RIGHT);
  gtk_scale_set_digits(GTK_SCALE(s->strength), 2);
  for (int i = 1; i <= 3; i++) gtk_scale_add_mark(GTK_SCALE(s->strength), i / 4.0, GTK_POS_BOTTOM, NULL);
  gtk_range_set_value(GTK_RANGE(s->strength), 0.4);
  wd_tool_row(grid, 0, _("Strength"), s->strength,
              _("Share of the timesteps that are gone back: 0 leaves the latent, 1 leaves nothing of it"));
  s->level = gtk_label_new("");
  gtk_widget_set_name(s->level, "renoise-level");
  gtk_label_set_xalign(GTK_LABEL(s->level), 0);
  gtk_label_set_wrap(GTK_LABEL(s->level), TRUE);
  gtk_widget_add_css_class(s->level, "caption");
  gtk_widget_add_css_class(s->level, "numeric");
  gtk_grid_attach(GTK_GRID(grid), s->level, 0, 1, 2, 1);
  GtkWidget *seeds = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 4), *dice = gtk_button_new_with_label(_("New"));
  s->seed = gtk_entry_new();
  gtk_widget_set_name(s->seed, "renoise-seed");
  gtk_accessible_update_property(GTK_ACCESSIBLE(s->seed), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Noise seed"), -1);
  gtk_widget_set_hexpand(s->seed, TRUE);
  gtk_editable_set_width_chars(GTK_EDITABLE(s->seed), 8);
  gtk_editable_set_text(GTK_EDITABLE(s->seed), "1");
  gtk_widget_set_tooltip_text(dice, _("Another noise"));
  gtk_box_append(GTK_BOX(seeds), s->seed);
  gtk_box_append(GTK_BOX(seeds), dice);
  wd_tool_row(grid, 2, _("Noise seed"), seeds, _("The same seed adds the same noise, at any strength"));
  s->steps = gtk_spin_button_new_with_range(1, 250, 1);
  gtk_widget_set_name(s->steps, "renoise-steps");
  wd_tool_row(
      grid, 3, _("Steps"), s->steps,
      _("Denoising steps from that level to the data; sampler, family and guidance are those of Run"));
  gtk_box_append(GTK_BOX(s->self), grid);
  s->button = gtk_button_new_with_label(_("Re-noise and denoise"));
  gtk_widget_set_name(s->button, "renoise-run");
  gtk_widget_add_css_class(s->button, "suggested-action");
  gtk_box_append(GTK_BOX(s->self), s->button);
  s->message = wd_tool_words(s->self, "renoise-message", "");
  gtk_widget_set_visible(s->message, FALSE);
  gtk_box_append(GTK_BOX(s->self), gtk_separator_new(GTK_ORIENTATION_HORIZONTAL));
  wd_tool_heading(s->self, _("What came back"));
  s->result = wd_tool_words(s->self, "renoise-result", "");
  gtk_label_set_selectable(GTK_LABEL(s->result), TRUE);
  g_signal_connect_swapped(s->strength, "value-changed", G_CALLBACK(show_level), s);
  g_signal_connect_swapped(s->steps, "value-changed", G_CALLBACK(on_steps), s);
  g_signal_connect(dice, "clicked", G_CALLBACK(on_dice), s);
  g_signal_connect(s->button, "clicked", G_CALLBACK(on_button), s);
  s->watch =
      wd_watch_new(s->self, session, view, WD_VIEW_PLACE | WD_VIEW_RUN, WD_WATCH_POSITIONS, 0, update, s);
  return wd_tool_scrolled(s->self);
}
