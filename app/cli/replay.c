#include "app/cli/replay.h"

#include "app/cli/recording.h"

#include "app/apply.h"
#include "app/import.h"
#include "app/recipe.h"
#include "app/status_error.h"

#include <stdio.h>
#include <string.h>

static wd_status from_error(GError *error, wd_error *err) {
  wd_status st = wd_fail(err, wd_status_of_error(error), "%s", error->message);
  g_error_free(error);
  return st;
}

static void on_notice(WdSession *session, const WdNotice *n, replay *r) {
  (void)session;
  if (n->code == WD_OK || r->failed.code) return;
  wd_fail(&r->failed, n->code, "%s%s%s", n->what, n->details ? " " : "", n->details ? n->details : "");
}

wd_status replay_wait(replay *r, bool (*done)(replay *, void *), void *what, wd_error *err) {
  bool stopped = false;
  while (!done(r, what)) {
    const WdSessionState state = wd_session_get_state(r->session);
    const bool busy = state == WD_SESSION_RUNNING || state == WD_SESSION_CANCELLING;
    if (cli_cancelled(r->c) && !stopped) {
      wd_session_stop(r->session);
      stopped = true;
    }
    if (stopped && !busy) return wd_fail(err, WD_CANCELLED, "stopped; nothing is written");
    if (r->failed.code && !busy) break;
    g_main_context_iteration(NULL, FALSE);
    g_usleep(1000);
  }
  if (!r->failed.code) return WD_OK;
  if (err) *err = r->failed;
  return r->failed.code;
}

static bool is_open(replay *r, void *what) {
  (void)what;
  const WdSessionState s = wd_session_get_state(r->session);
  return s == WD_SESSION_IDLE;
}

wd_status replay_open_model(replay *r, wd_error *err) {
  if (wd_session_get_model(r->session)) return WD_OK;
  if (!r->model)
    return wd_fail(err, WD_ERR_UNSUPPORTED, "no model is known that could make it: give --model");
  wd_session_open_model(r->session, r->model, r->device);
  wd_status st = replay_wait(r, is_open, NULL, err);
  if (!st)
    cli_note(r->c, "%s on %s", wd_session_get_model(r->session)->name,
             wd_session_get_model(r->session)->device);
  return st;
}

static char *read_recipe(const char *path) {
  char *json = wd_import_read_recipe(path, NULL);
  if (json && wd_run_recipe_recognise(json)) return json;
  g_free(json);
  return NULL;
}

bool replay_recognise(const char *path) {
  if (recording_recognise(path)) return true;
  g_autofree char *json = read_recipe(path);
  return json != NULL;
}

static bool is_applied(replay *r, void *what) {
  (void)what;
  const WdBranch *b = wd_recording_find(wd_session_get_recording(r->session), r->view->place[0].branch);
  if (b) cli_progress_set(r->c, wd_branch_last(b));
  return !wd_apply_is_running(r->session) && wd_session_get_state(r->session) == WD_SESSION_IDLE;
}

static WdPolicy policy_of(const replay *r) {
  return (WdPolicy){.score = r->every ? WD_SCORE_EVERY_STEP : WD_SCORE_ON_DEMAND,
                    .both = r->every && r->view->both,
                    .exact_runs = r->every && !r->live,
                    .exact_rest = r->every && !r->live,
                    .calibration = r->calibration,
                    .cache_mib = 2048};
}

static bool has_scores(const replay *r, guint branch) {
  WdRecording *recording = wd_session_get_recording(r->session);
  const WdBranch *b = wd_recording_find(recording, branch);
  for (int k = 0; b && k <= wd_branch_last(b); k++) {
    const WdPosition *p = wd_recording_position(recording, branch, k);
    const WdScore *score = p ? r->live ? p->live[WD_WHAT_ESTIMATE] : p->exact[WD_WHAT_ESTIMATE] : NULL;
    if (p && !p->fault && (!score || (!r->live && !score->details))) return false;
  }
  return true;
}

static bool is_scored(replay *r, void *what) {
  (void)what;
  return has_scores(r, r->view->place[0].branch) && has_scores(r, r->view->place[1].branch);
}

static wd_status open_recipe(const replay_args *a, const char *json, replay *r, wd_error *err) {
  GError *error = NULL;
  g_autoptr(WdRunRecipe) recipe = wd_run_recipe_from_json(json, &error);
  if (!recipe) return from_error(error, err);
  if (!r->model)
    r->model = g_strdup(recipe->folder                    ? recipe->folder
                        : recipe->model && *recipe->model ? recipe->model
                                                          : "default");
  if (a->step >= 0) recipe->position = a->step;
  r->every = a->every;
  r->live = recipe->mode == WD_WAVE_LIVE;
  r->beside = recipe->beside != NULL;
  r->calibration = recipe->calibration;
  if (recipe->view) wd_view_from_json(r->view, recipe->view, NULL); /* says whether x_t is scored too */
  r->view->units = wd_view_units_of_json(recipe->view);
  r->view->place[0] = r->view->place[1] = (WdPlace){0};
  if (r->view->velocity == WD_VELOCITY_MINUS_PINNED && r->view->pinned.branch)
    cli_warn(
        r->c,
        "%s: the map was shown minus a pinned step of another run, which no recipe tells: it is drawn as "
        "it is",
        a->file);
  const WdPolicy policy = policy_of(r);
  wd_session_set_policy(r->session, &policy);
  wd_status st = replay_open_model(r, err);
  if (st) return st;
  g_autofree char *caveat = wd_apply_caveat(r->session, recipe);
  if (caveat) cli_warn(r->c, "%s", caveat);
  if (!wd_apply_recipe(r->session, r->view, recipe, WD_APPLY_HERE, &error)) return from_error(error, err);
  cli_progress_begin(r->c, "run", "steps", wd_run_recipe_steps(recipe), 0);
  st = replay_wait(r, is_applied, NULL, err);
  if (!st && !wd_apply_get_branch(r->session))
    st = wd_apply_get_failure(r->session)
             ? wd_fail(err, WD_ERR_UNSUPPORTED, "%s: %s", a->file, wd_apply_get_failure(r->session))
             : wd_fail(err, WD_ERR_UNSUPPORTED, "%s: the run did not get to its step %d", a->file,
                       recipe->position);
  for (int side = 0; side < 2 && !st && r->every && r->live; side++) { /* no run goes over a walk's latents */
    const guint id = r->view->place[side].branch;
    const WdBranch *b = wd_recording_find(wd_session_get_recording(r->session), id);
    if (b && b->kind == WD_BRANCH_WALK)
      wd_session_look(r->session, side, id, wd_branch_last(b), WD_WHAT_ESTIMATE, FALSE);
  }
  if (!st && r->every) st = replay_wait(r, is_scored, NULL, err);
  if (!st) cli_progress_end(r->c);
  return st;
}

static wd_status open_recording(const replay_args *a, replay *r, wd_error *err) {
  GError *error = NULL;
  g_autofree char *view = NULL;
  g_autoptr(WdRecording) recording = wd_recording_load(a->file, &view, &error);
  if (!recording) return from_error(error, err);
  const guint n = wd_recording_count(recording);
  if (a->branch < 1 || (guint)a->branch > n)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s holds %u runs and branches; there is no number %d", a->file, n,
                   a->branch);
  const WdBranch *b = wd_recording_nth(recording, (guint)a->branch - 1);
  const int last = wd_branch_last(b);
  if (last < 0) return wd_fail(err, WD_ERR_ARGUMENT, "%s: nothing is recorded of %s", a->file, b->name);
  if (a->step > last)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: position %d of a recording with 0 to %d", a->file, a->step,
                   last);
  if (!r->model && *wd_recording_get_model(recording)) r->model = g_strdup(wd_recording_get_model(recording));
  for (int k = 0; k <= last; k++) { /* what is made anew is made as what is there */
    const WdPosition *p = wd_recording_position(recording, b->id, k);
    const WdScore *score = p ? wd_position_score(p, WD_WHAT_ESTIMATE) : NULL;
    if (score) r->calibration = score->calibration;
  }
  const WdPolicy policy = policy_of(r);
  wd_session_set_policy(r->session, &policy);
  wd_session_set_recording(r->session, recording);
  if (view) wd_view_from_json(r->view, view, NULL); /* what it cannot read is as in a new view */
  r->view->units = wd_view_units_of_json(view);
  wd_view_go(r->view, recording, 0, b->id, a->step >= 0 ? a->step : last);
  return WD_OK;
}

wd_status replay_open(cli *c, const replay_args *a, replay *out, wd_error *err) {
  *out = (replay){.c = c,
                  .session = wd_session_new(),
                  .view = wd_view_new(),
                  .model = g_strdup(a->model),
                  .device = a->device};
  const WdPolicy policy = {.score = WD_SCORE_ON_DEMAND, .cache_mib = 2048};
  wd_session_set_policy(out->session, &policy);
  g_signal_connect(out->session, "notice", G_CALLBACK(on_notice), out);
  g_autofree char *json = recording_recognise(a->file) ? NULL : read_recipe(a->file);
  wd_status st = json ? open_recipe(a, json, out, err) : open_recording(a, out, err);
  out->view->layout = WD_LAYOUT_STEP;
  out->view->enlarged = -1;
  if (st) replay_close(out);
  return st;
}

void replay_close(replay *r) {
  g_clear_object(&r->view);
  g_clear_object(&r->session);
  g_free(r->model);
  *r = (replay){0};
}

typedef struct wanted {
  guint branch;
  int k;
  bool simulated, exact; /* exact: what is made here is; what the file keeps is taken as it is */
} wanted;

static bool is_there(replay *r, void *what) {
  const wanted *w = what;
  const guint branch = w->branch;
  WdRecording *recording = wd_session_get_recording(r->session);
  const WdPosition *p = wd_recording_position(recording, branch, w->k);
  WdFrame f = {0};
  if (!wd_recording_get_frame(recording, branch, w->k, r->view->what, &f) || !f.pair) return p && p->fault;
  return !w->simulated || (w->exact ? f.exact : wd_frame_simulation(&f)) || (p && p->fault);
}

static wd_status need(replay *r, int side, int k, bool simulated, wd_error *err) {
  wanted w = {r->view->place[side].branch, k, simulated, false};
  if (is_there(r, &w)) return WD_OK;
  if (!wd_recording_find(wd_session_get_recording(r->session), w.branch))
    return wd_fail(err, WD_ERR_UNSUPPORTED, "nothing is shown on side %c", "AB"[side]);
  if (!r->model)
    return wd_fail(err, WD_ERR_UNSUPPORTED,
                   "position %d is not kept as a picture, and no model is known: give --model", k);
  WdPolicy policy = policy_of(r);
  policy.exact_rest = !r->live;
  wd_session_set_policy(r->session, &policy);
  wd_status st = replay_open_model(r, err);
  const char *made = wd_recording_get_identity(wd_session_get_recording(r->session));
  const WdModelInfo *m = st ? NULL : wd_session_get_model(r->session);
  if (!st && *made && strcmp(made, m->identity) != 0)
    return wd_fail(
        err, WD_ERR_UNSUPPORTED,
        "position %d is not kept as a picture, and the latents are of another model (%.16s) than %s (%.16s)",
        k, made, m->name, m->identity);
  if (!st) {
    wd_session_look(r->session, side, w.branch, k, r->view->what, TRUE);
    w.exact = !r->live;
    st = replay_wait(r, is_there, &w, err);
  }
  return st;
}

wd_status replay_need(replay *r, int k, bool simulated, wd_error *err) {
  /* What the map is held against, through side B's eyes: of a comparison these look there afterwards. */
  const WdPlace pinned = r->view->pinned, b = r->view->place[1];
  const WdWhat what = r->view->what;
  wd_status st = WD_OK;
  if (r->view->velocity == WD_VELOCITY_MINUS_PINNED) {
    r->view->place[1] = pinned;
    r->view->what = r->view->pinned_what;
    st = need(r, 1, pinned.position, false, err);
    r->view->place[1] = b;
    r->view->what = what;
  }
  return st ? st : need(r, 0, k, simulated, err);
}

wd_status replay_need_beside(replay *r, bool simulated, wd_error *err) {
  return need(r, 1, r->view->place[1].position, simulated, err);
}

void replay_place(const replay *r, char *out, size_t size) {
  const WdPlace at = r->view->place[0];
  const WdBranch *b = wd_recording_find(wd_session_get_recording(r->session), at.branch);
  if (!b || b->steps <= 0)
    snprintf(out, size, "%s", b ? b->name : "");
  else if (at.position > b->steps)
    snprintf(out, size, "%s, refined by %d steps", b->name, at.position - b->steps);
  else
    snprintf(out, size, "%s, step %d of %d", b->name, at.position, b->steps);
}
