/* What Run, Branch and Resume ask of the session. */
#include "app/i18n.h"
#include "app/window_private.h"

#include "app/random_seed.h"

gboolean wd_window_take_seed(WdWindow *w) {
  g_autofree char *text = g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(w->seed))));
  guint64 seed = 0;
  const gboolean good = g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &seed, NULL);
  if (good || !*text)
    gtk_widget_remove_css_class(w->seed, "error");
  else
    gtk_widget_add_css_class(w->seed, "error");
  if (good) w->view->next.seed = seed;
  return good;
}

void wd_window_dice(WdWindow *w) {
  w->view->next.seed = wd_random_seed();
  w->seed_was_run = FALSE;
  gtk_widget_remove_css_class(w->seed, "error");
  w->updating = TRUE;
  g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, w->view->next.seed);
  gtk_editable_set_text(GTK_EDITABLE(w->seed), text);
  w->updating = FALSE;
  wd_view_changed(w->view, WD_VIEW_RUN);
}

/* Shows a branch that was just begun, and goes along with it. */
static void show_new(WdWindow *w, guint id) {
  WdRecording *r = wd_session_get_recording(w->session);
  const WdBranch *branch = wd_recording_find(r, id);
  w->view->follow = TRUE;
  w->view->playing = FALSE;
  wd_view_changed(w->view, WD_VIEW_PLAY);
  wd_view_go(w->view, r, 0, id, branch ? branch->first : 0);
  if (gtk_widget_get_state_flags(w->seed) & GTK_STATE_FLAG_FOCUS_WITHIN)
    gtk_window_set_focus(GTK_WINDOW(w), NULL); /* the single keys act from now on */
  wd_notice_bar_hide(WD_NOTICE_BAR(w->notice));
}

static void begin(WdWindow *w, gboolean new_seed, int to) {
  if (new_seed || (!w->view->seed_locked && w->seed_was_run)) wd_window_dice(w);
  wd_window_show_header(w); /* a seed set elsewhere (sidebar, command line) reaches the entry first */
  if (!wd_window_take_seed(w)) {
    const WdNotice notice = {.code = WD_ERR_ARGUMENT,
                             .what = (char *)_("The seed is not a number"),
                             .kept =
                                 (char *)_("A seed is a whole number from 0 to 18446744073709551615. The die "
                                           "beside it picks one.")};
    wd_window_notify(w, &notice);
    gtk_widget_grab_focus(w->seed);
    return;
  }
  /* One recording holds one model's latents: what another made gives way to a new one. */
  const WdModelInfo *model = wd_session_get_model(w->session);
  const char *made_by = wd_recording_get_identity(wd_session_get_recording(w->session));
  if (model && *made_by && g_strcmp0(made_by, model->identity)) {
    g_autoptr(WdRecording) fresh = wd_recording_new();
    wd_session_set_recording(w->session, fresh);
    g_object_set_data(G_OBJECT(w), "wd-recording-path", NULL);
  }
  g_autoptr(GError) error = NULL;
  WdRecipe recipe = w->view->next;
  recipe.new_noise = FALSE;
  recipe.refine_steps = 0; /* Refine asks for these */
  const guint id = wd_session_run_to(w->session, &recipe, to, &error);
  if (!id) {
    wd_window_notify_error(w, _("The run did not begin"), error);
    return;
  }
  w->seed_was_run = TRUE;
  show_new(w, id);
}

void wd_window_run(WdWindow *w, gboolean new_seed) {
  begin(w, new_seed, -1);
}

void wd_window_begin(WdWindow *w) {
  begin(w, FALSE, 0);
}

void wd_window_branch(WdWindow *w) {
  WdRecording *r = wd_session_get_recording(w->session);
  const WdPlace at = w->view->place[0];
  const WdBranch *from = wd_recording_find(r, at.branch);
  if (!from) return;
  g_autoptr(GError) error = NULL;
  WdRecipe recipe = w->view->next;
  /* A branch goes another way by fresh noise. A sampler that draws none, asked for the same once more, would
   * give the same once more: it becomes its kin that does. */
  recipe.seed = from->recipe.seed;
  recipe.new_noise = TRUE;
  recipe.noise_seed = wd_random_seed();
  recipe.refine_steps = 0;
  const wd_sampler_plan *before = &from->recipe.plan;
  if (recipe.family == from->recipe.family && recipe.plan.kind == before->kind &&
      recipe.plan.eta == before->eta && recipe.plan.guidance == before->guidance &&
      (recipe.plan.kind == WD_SAMPLER_DPMPP_2M ||
       (recipe.plan.kind == WD_SAMPLER_DDIM && recipe.plan.eta == 0))) {
    recipe.plan.kind = WD_SAMPLER_DDIM;
    recipe.plan.eta = 1;
  }
  const int left = from->steps - at.position;
  recipe.plan.steps = left > 0 ? left : 0;
  const guint id = wd_session_branch(w->session, at.branch, at.position, &recipe, NULL, &error);
  if (!id)
    wd_window_notify_error(w, _("The branch did not begin"), error);
  else
    show_new(w, id);
}

gboolean wd_window_can_resume(WdWindow *w) {
  WdRecording *r = wd_session_get_recording(w->session);
  const WdBranch *branch = wd_recording_find(r, w->view->place[0].branch);
  return branch && wd_session_get_model(w->session) && wd_branch_last(branch) < wd_branch_end(branch);
}

static void go_on(WdWindow *w, int to) {
  g_autoptr(GError) error = NULL;
  const guint id = w->view->place[0].branch;
  if (!wd_session_continue(w->session, id, to, &error)) {
    wd_window_notify_error(w, _("The run does not go on"), error);
    return;
  }
  w->view->follow = TRUE;
  wd_view_changed(w->view, WD_VIEW_PLAY);
  wd_notice_bar_hide(WD_NOTICE_BAR(w->notice));
}

void wd_window_resume(WdWindow *w) {
  const WdBranch *branch = wd_recording_find(wd_session_get_recording(w->session), w->view->place[0].branch);
  if (branch) go_on(w, wd_branch_end(branch));
}

void wd_window_make_step(WdWindow *w) {
  const WdBranch *branch = wd_recording_find(wd_session_get_recording(w->session), w->view->place[0].branch);
  if (branch) go_on(w, wd_branch_last(branch) + 1);
}

void wd_window_run_here(WdWindow *w) {
  go_on(w, w->view->place[0].position);
}

void wd_window_refine(WdWindow *w, int steps) {
  g_autoptr(GError) error = NULL;
  WdRecording *r = wd_session_get_recording(w->session);
  const WdPlace at = w->view->place[0];
  const WdBranch *walk = wd_recording_find(r, at.branch);
  const WdPosition *p = wd_recording_position(r, at.branch, at.position);
  if (walk && walk->kind == WD_BRANCH_WALK && p) { /* a walk's latents stay: a branch is refined */
    const WdRecipe recipe = {.family = -1,
                             .refine_steps = steps,
                             .refine_rate = w->view->next.refine_rate,
                             .refine_mode = wd_session_get_refine_mode(w->session)};
    const guint id =
        wd_session_branch(w->session, at.branch, at.position, &recipe, p->latent[WD_WHAT_ESTIMATE], &error);
    if (id)
      show_new(w, id);
    else
      wd_window_notify_error(w, _("The refinement did not begin"), error);
    return;
  }
  if (!wd_session_refine(w->session, w->view->place[0].branch, steps, w->view->next.refine_rate, &error)) {
    wd_window_notify_error(w, _("The refinement did not begin"), error);
    return;
  }
  w->view->follow = TRUE;
  wd_view_changed(w->view, WD_VIEW_PLAY);
  wd_notice_bar_hide(WD_NOTICE_BAR(w->notice));
}
