/* What comes back from the engine, on the main thread; and what is to be made next without anybody asking:
 * first what the views look at, then scores that are missing. */
#include "app/i18n.h"
#include "app/session_private.h"

#include <math.h>

/* ---- notices */

void wd_session_notice(WdSession *s, const WdNotice *notice, const char *kept, const char *format, ...) {
  WdNotice n = *notice;
  va_list ap;
  va_start(ap, format);
  n.what = g_strdup_vprintf(format, ap);
  va_end(ap);
  n.kept = (char *)kept;
  g_signal_emit(s, wd_session_signals[WD_SIGNAL_NOTICE], 0, &n);
  g_free(n.what);
}

static gboolean on_cpu(WdSession *s) {
  return s->model && g_str_has_prefix(s->model->device_spec, "cpu");
}

/* The device, or memory, gave up: at work for `branch`, 0 for a look. */
static void notice_lost(WdSession *s, const wd_error *error, guint branch, const char *kept) {
  WdNotice n = {.code = error->code, .details = (char *)error->message, .branch = branch};
  n.action = !on_cpu(s) ? WD_NOTICE_USE_CPU : branch ? WD_NOTICE_RESUME : WD_NOTICE_NONE;
  if (error->code == WD_ERR_NO_MEMORY)
    wd_session_notice(s, &n, kept, _("There was not enough memory on %s."),
                      s->model ? s->model->device_spec : _("the device"));
  else
    wd_session_notice(s, &n, kept, _("The device %s stopped working."),
                      s->model ? s->model->device_spec : "");
}

static void notice_job(WdSession *s, const WdResult *r) {
  const wd_error *e = &r->error;
  g_autofree char *kept = r->k > 0    ? g_strdup_printf(_("Steps 0 to %d are kept."), r->k)
                          : r->k == 0 ? g_strdup(_("Its start is kept."))
                                      : NULL;
  WdNotice n = {
      .code = e->code, .details = (char *)e->message, .branch = r->branch, .action = WD_NOTICE_RESUME};
  if (e->code == WD_CANCELLED) {
    n.details = NULL;
    wd_session_notice(s, &n, kept, _("Stopped at step %d."), MAX(r->k, 0));
  } else if (e->code == WD_ERR_DEVICE || e->code == WD_ERR_NO_MEMORY) {
    notice_lost(s, e, r->branch, kept);
  } else if (e->code == WD_ERR_DIVERGED) {
    n.action = WD_NOTICE_NONE;
    wd_session_notice(s, &n, kept, _("Step %d gave numbers that are not finite; the run ends there."),
                      r->k + 1);
  } else {
    n.action = WD_NOTICE_NONE;
    wd_session_notice(s, &n, kept, _("Step %d could not be made."), r->k + 1);
  }
}

static void notice_open(WdSession *s, const WdResult *r) {
  WdNotice n = {.code = r->error.code, .details = (char *)r->error.message, .action = WD_NOTICE_OPEN_MODEL};
  if (r->error.code == WD_ERR_DEVICE || r->error.code == WD_ERR_NO_MEMORY) n.action = WD_NOTICE_USE_CPU;
  const char *device = r->info->device_spec;
  if (device && g_str_has_prefix(device, "cpu") && n.action == WD_NOTICE_USE_CPU)
    n.action = WD_NOTICE_OPEN_MODEL;
  g_autofree char *kept = s->model ? g_strdup_printf(_("The model %s stays loaded."), s->model->name)
                                   : g_strdup(_("Recordings can be replayed without a model."));
  g_autofree char *base = g_path_get_basename(r->info->name);
  wd_session_notice(s, &n, kept,
                    r->error.code == WD_ERR_IO       ? _("The model %s was not found.")
                    : r->error.code == WD_ERR_FORMAT ? _("The model %s is damaged, or not a model.")
                                                     : _("The model %s could not be opened."),
                    base);
}

/* ---- the recording takes what came */

static void put_score(WdScore **slot, const WdScore *score) {
  /* Scores of runs come without details; those made at rest are whole and stay. */
  if (*slot && (*slot)->details && !score->details && (*slot)->calibration == score->calibration) return;
  wd_score_free(*slot);
  *slot = wd_score_copy(score);
}

static void put_frame_at(WdRecording *recording, WdBranch *b, int k, WdWhat what, WdPosition *p,
                         gpointer user) {
  (void)recording;
  (void)b;
  (void)k;
  const WdResult *r = user;
  if (!r->score) return;
  put_score(r->score->mode == WD_WAVE_EXACT ? &p->exact[what] : &p->live[what], r->score);
  p->rescore[what] = FALSE;
}

static void want_score_at(WdRecording *recording, WdBranch *b, int k, WdWhat what, WdPosition *p,
                          gpointer user) {
  (void)recording, (void)b, (void)k, (void)user;
  p->rescore[what] = TRUE;
}

static void put_fault_at(WdRecording *recording, WdBranch *b, int k, WdWhat what, WdPosition *p,
                         gpointer user) {
  (void)recording;
  (void)b;
  (void)k;
  (void)what;
  const WdResult *r = user;
  g_free(p->fault);
  p->fault = g_strdup(r->error.message);
}

typedef struct Place {
  guint id;
  int k;
  WdWhat what;
} Place;

static void collect_place(WdRecording *recording, WdBranch *b, int k, WdWhat what, WdPosition *p,
                          gpointer user) {
  (void)recording;
  (void)p;
  Place place = {b->id, k, what};
  g_array_append_val((GArray *)user, place);
}

static GBytes *latent_of(WdSession *s, const WdSight *sight) {
  WdPosition *p = sight->branch ? wd_recording_position(s->recording, sight->branch, sight->k) : NULL;
  return p ? p->latent[sight->what] : NULL;
}

/* Signals last: who hears them may change anything. */
static void announce(WdSession *s, GBytes *latent, gboolean scored) {
  GArray *places = g_array_new(FALSE, FALSE, sizeof(Place));
  WdSight seen[2];
  gboolean sees[2];
  wd_recording_each_place(s->recording, latent, collect_place, places);
  for (int v = 0; v < 2; v++) {
    seen[v] = s->sight[v];
    sees[v] = latent_of(s, &seen[v]) == latent;
  }
  for (guint i = 0; i < places->len && scored; i++) {
    Place *p = &g_array_index(places, Place, i);
    wd_recording_announce_position(s->recording, p->id, p->k);
  }
  for (int v = 0; v < 2; v++)
    if (sees[v])
      g_signal_emit(s, wd_session_signals[WD_SIGNAL_FRAME], 0, seen[v].branch, seen[v].k, (int)seen[v].what);
  g_array_unref(places);
}

static void take_frame(WdSession *s, WdResult *r) {
  if (r->score && s->model && r->calibration != s->policy.calibration) { /* of before it was changed */
    wd_recording_each_place(s->recording, r->latent, want_score_at, NULL);
    return;
  }
  if (!wd_recording_each_place(s->recording, r->latent, put_frame_at, r)) return; /* stale */
  WdSimulation *live = r->simulation && r->simulation->mode != WD_WAVE_EXACT ? r->simulation : NULL;
  WdSimulation *exact = r->simulation && !live ? r->simulation : NULL;
  wd_recording_put_frame(s->recording, r->latent, r->pair, live, exact);
  announce(s, r->latent, r->score != NULL);
}

static void take_fault(WdSession *s, WdResult *r) {
  if (wd_recording_each_place(s->recording, r->latent, put_fault_at, r)) announce(s, r->latent, TRUE);
}

static void take_position(WdSession *s, WdResult *r) {
  WdBranch *b = wd_recording_find(s->recording, r->branch);
  if (!s->running || r->serial != s->current || r->branch != s->running || !b) return;
  if (r->k < b->first || r->k > b->first + (int)b->position->len) return;
  WdPosition *p = wd_recording_grow(s->recording, b, r->k, &r->position->level);
  p->seconds = r->position->seconds;
  p->refined = r->position->refined;
  p->refine_begins = r->position->refine_begins;
  p->refine_rate = r->position->refine_rate;
  p->refine_mode = r->position->refine_mode;
  p->objective = r->position->objective;
  for (int w = 0; w < WD_WHATS; w++)
    if (!p->latent[w]) p->latent[w] = g_steal_pointer(&r->position->latent[w]);
  /* A branch shares its first latents with its parent: what is known of them there is known here. */
  WdPosition *of_parent =
      b->parent && r->k == b->first ? wd_recording_position(s->recording, b->parent, r->k) : NULL;
  for (int w = 0; w < WD_WHATS && of_parent; w++) {
    if (of_parent->latent[w] != p->latent[w]) continue;
    if (!p->live[w]) p->live[w] = wd_score_copy(of_parent->live[w]);
    if (!p->exact[w]) p->exact[w] = wd_score_copy(of_parent->exact[w]);
    if (!p->fault) p->fault = g_strdup(of_parent->fault);
  }
  guint id = b->id;
  int span = s->to - s->from;
  double fraction = span > 0 ? CLAMP((double)(r->k - s->from) / span, 0, 1) : 1;
  wd_recording_announce_position(s->recording, id, r->k);
  g_signal_emit(s, wd_session_signals[WD_SIGNAL_PROGRESS], 0, fraction);
}

static void take_truth(WdSession *s, WdResult *r) {
  WdBranch *b = wd_recording_find(s->recording, r->branch);
  if (!s->running || r->serial != s->current || !b) return;
  wd_pair_unref(b->truth);
  b->truth = wd_pair_ref(r->pair);
  wd_recording_announce(s->recording);
}

static void take_job_done(WdSession *s, WdResult *r) {
  if (r->serial != s->current) return; /* replaced by a newer one */
  if (s->cancelling) wd_session_add_time(s, WD_TIMES, (double)(g_get_monotonic_time() - s->stop_time) / 1000);
  gboolean asked = s->stop_asked, wanted = s->running != 0;
  s->current = s->running = 0;
  s->cancelling = s->stop_asked = FALSE;
  WdBranch *b = wd_recording_find(s->recording, r->branch);
  if (r->error.code && r->error.code != WD_CANCELLED) s->rest_failed = !wd_status_is_fault(r->error.code);
  if (r->error.code == WD_ERR_DIVERGED && b && r->k >= 0) {
    WdPosition *p = wd_recording_position(s->recording, b->id, r->k);
    if (p && !p->fault) p->fault = g_strdup(r->error.message);
    if (p) wd_recording_announce_position(s->recording, b->id, r->k);
  }
  wd_session_update_state(s);
  if (wanted && r->error.code && (asked || r->error.code != WD_CANCELLED)) notice_job(s, r);
}

static void take_opened(WdSession *s, WdResult *r) {
  s->loading = FALSE;
  wd_model_info_free(s->model);
  s->model = g_steal_pointer(&r->info);
  for (guint i = 0; i <= WD_TIMES; i++) s->times[i] = 0;
  wd_session_load_levels(s);
  if (s->policy.exact_rest) wd_session_check_scores(s);
  s->state = (WdSessionState)-1; /* another model is news even when the state is not */
  wd_session_update_state(s);
}

static void take_open_failed(WdSession *s, WdResult *r) {
  s->loading = FALSE;
  wd_session_update_state(s);
  notice_open(s, r);
}

static void take_ask_done(WdSession *s, WdResult *r) {
  if (r->at_rest) s->resting = FALSE;
  if (!r->error.code || s->rest_failed) return;
  s->rest_failed = TRUE;
  if (r->error.code == WD_ERR_DEVICE || r->error.code == WD_ERR_NO_MEMORY) {
    notice_lost(s, &r->error, 0, _("All that was recorded is kept."));
  } else {
    WdNotice n = {.code = r->error.code, .details = r->error.message};
    wd_session_notice(s, &n, _("All that was recorded is kept."),
                      _("A latent could not be decoded or simulated."));
  }
}

static void take_wavefield(WdSession *s, WdResult *r) {
  if (!s->wave_ask.pair) return;
  if (r->wavefield && !wd_wavefield_ask_equal(&r->wavefield->ask, &s->wave_ask)) return; /* stale */
  s->wave_progress = r->fraction;
  s->wave_error = r->error;
  if (r->wavefield) {
    wd_wavefield_unref(s->wavefield);
    s->wavefield = g_steal_pointer(&r->wavefield);
  }
  g_signal_emit(s, wd_session_signals[WD_SIGNAL_WAVEFIELD], 0);
}

void wd_session_take(gpointer session) {
  WdSession *s = g_object_ref(session);
  WdResult *r;
  while (s->engine && (r = wd_engine_take(s->engine))) {
    switch (r->kind) {
    case WD_RESULT_OPENED: take_opened(s, r); break;
    case WD_RESULT_OPEN_FAILED: take_open_failed(s, r); break;
    case WD_RESULT_POSITION: take_position(s, r); break;
    case WD_RESULT_FRAME: take_frame(s, r); break;
    case WD_RESULT_TRUTH: take_truth(s, r); break;
    case WD_RESULT_FAULT: take_fault(s, r); break;
    case WD_RESULT_ASK_DONE: take_ask_done(s, r); break;
    case WD_RESULT_JOB_DONE: take_job_done(s, r); break;
    case WD_RESULT_CHORE:
      if (s->model && !s->loading) g_signal_emit(s, wd_session_signals[WD_SIGNAL_CHORE], 0, r->chore);
      break;
    case WD_RESULT_WAVEFIELD: take_wavefield(s, r); break;
    case WD_RESULT_SAMPLE: wd_session_take_sample(s, r); break;
    case WD_RESULT_BATCH_DONE: wd_session_take_batch_done(s, r); break;
    case WD_RESULT_TIME: wd_session_add_time(s, r->timed, r->ms); break;
    }
    wd_result_free(r);
  }
  if (s->engine) wd_session_schedule(s);
  g_object_unref(s);
}

/* ---- what comes next */

static gboolean ours(WdSession *s) {
  return s->model && !s->loading &&
         g_strcmp0(wd_recording_get_identity(s->recording), s->model->identity) == 0;
}

/* What came out of a file went through its codec: with the model at hand it is made again. */
static void forget_coded(WdFrame *f) {
  if (f->pair && f->pair->coded) f->pair = NULL;
  if (f->live && f->live->coded) f->live = NULL;
  if (f->exact && f->exact->coded) f->exact = NULL;
}

static void look_for(WdSession *s, int view, gboolean possible) {
  const WdSight *sight = &s->sight[view];
  WdPosition *p = sight->branch ? wd_recording_position(s->recording, sight->branch, sight->k) : NULL;
  GBytes *latent = p && !p->fault ? p->latent[sight->what] : NULL;
  WdAsk ask = {.calibration = s->policy.calibration};
  if (possible && latent) {
    WdFrame f;
    wd_recording_peek_frame(s->recording, latent, &f);
    ask.latent = latent;
    forget_coded(&f);
    ask.pair = f.pair;
    if (!f.pair) ask.want |= WD_WANT_PAIR;
    /* In a run that does not score every step a view does not, either, before it rests. */
    gboolean sparing = s->current && s->running == sight->branch &&
                       (s->policy.score != WD_SCORE_EVERY_STEP || s->policy.exact_runs);
    if (!f.live && !f.exact && !sparing) ask.want |= WD_WANT_LIVE;
  }
  wd_engine_look(s->engine, view, ask.want ? &ask : NULL);
}

static gboolean complete(const WdScore *score) {
  return score && score->details;
}

/* What is missing of an exact score of a latent; 0: nothing. */
static guint missing(WdSession *s, const WdPosition *p, WdWhat what, gboolean seen, WdAsk *ask) {
  if (!p || !p->latent[what] || p->fault) return 0;
  WdFrame f;
  wd_recording_peek_frame(s->recording, p->latent[what], &f);
  forget_coded(&f);
  guint want = complete(p->exact[what]) ? 0 : WD_WANT_DETAILS;
  if (!p->exact[what] || (seen && !f.exact)) want |= WD_WANT_EXACT;
  if (want) *ask = (WdAsk){p->latent[what], f.pair, f.exact, want, s->policy.calibration};
  return want;
}

/* Whether the position is on the way to one of the branches whose states are wanted. */
static gboolean state_wanted(WdSession *s, const WdBranch *of, int k) {
  for (int v = 0; v < 2; v++) {
    int end = G_MAXINT;
    for (const WdBranch *b = s->states[v] ? wd_recording_find(s->recording, s->states[v]) : NULL; b;
         b = b->parent ? wd_recording_find(s->recording, b->parent) : NULL) {
      if (b == of) {
        if (k < end) return TRUE;
        break;
      }
      end = b->first;
    }
  }
  return FALSE;
}

static gboolean find_rest(WdSession *s, WdAsk *ask) {
  for (int v = 0; v < 2; v++) {
    const WdSight *sight = &s->sight[v];
    WdPosition *p =
        sight->branch && sight->rest ? wd_recording_position(s->recording, sight->branch, sight->k) : NULL;
    if (missing(s, p, sight->what, TRUE, ask)) return TRUE;
  }
  for (int finals = 1; finals >= 0; finals--)
    for (guint i = 0; i < wd_recording_count(s->recording); i++) {
      WdBranch *b = wd_recording_nth(s->recording, i);
      int last = wd_branch_last(b);
      for (int k = finals ? MAX(last, b->first) : b->first; k <= last; k++) {
        WdPosition *p = g_ptr_array_index(b->position, (guint)(k - b->first));
        gboolean end = k >= b->steps && (k == b->steps || k == last);
        for (int w = 0; w < WD_WHATS; w++) {
          gboolean wanted = (end && w == WD_WHAT_ESTIMATE) || wd_position_score(p, (WdWhat)w) ||
                            p->rescore[w] ||
                            (w == WD_WHAT_STATE && b->kind == WD_BRANCH_SAMPLED && state_wanted(s, b, k)) ||
                            (b->kind == WD_BRANCH_WALK && s->policy.score == WD_SCORE_EVERY_STEP);
          if (wanted && missing(s, p, (WdWhat)w, FALSE, ask)) return TRUE;
        }
      }
    }
  return FALSE;
}

void wd_session_schedule(WdSession *s) {
  if (!s->engine) return;
  gboolean possible = ours(s) && !s->rest_failed;
  for (int v = 0; v < 2; v++) look_for(s, v, possible);
  if (s->current || s->resting || !possible || !s->policy.exact_rest) return;
  WdAsk ask;
  if (!find_rest(s, &ask)) return;
  s->resting = TRUE;
  wd_engine_rest(s->engine, &ask);
}
