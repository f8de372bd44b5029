/* A session as the window calls it: checks what is asked, writes it down in the recording, and posts it to
 * the engine. Results: session_take.c. */
#include "app/i18n.h"
#include "app/session_private.h"
#include "app/status_error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

G_DEFINE_FINAL_TYPE(WdSession, wd_session, G_TYPE_OBJECT)

guint wd_session_signals[WD_SIGNALS];

/* ---- state */

static WdSessionState state_of(WdSession *s) {
  if (s->current) return s->cancelling ? WD_SESSION_CANCELLING : WD_SESSION_RUNNING;
  if (s->loading) return WD_SESSION_LOADING;
  return s->model ? WD_SESSION_IDLE : WD_SESSION_NO_MODEL;
}

void wd_session_update_state(WdSession *s) {
  WdSessionState state = state_of(s);
  if (state == s->state) return;
  s->state = state;
  g_signal_emit(s, wd_session_signals[WD_SIGNAL_STATE], 0);
}

WdSessionState wd_session_get_state(WdSession *s) {
  return state_of(s);
}

const WdModelInfo *wd_session_get_model(WdSession *s) {
  return s->model;
}

WdRecording *wd_session_get_recording(WdSession *s) {
  return s->recording;
}

guint wd_session_get_running(WdSession *s) {
  return s->current ? s->running : 0;
}

const WdPolicy *wd_session_get_policy(WdSession *s) {
  return &s->policy;
}

/* ---- times */

void wd_session_add_time(WdSession *s, guint which, double ms) {
  s->time[which][s->times[which]++ % WD_TIMES_KEPT] = ms;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double median(WdSession *s, guint which) {
  guint n = MIN(s->times[which], WD_TIMES_KEPT);
  double sorted[WD_TIMES_KEPT];
  if (!n) return NAN;
  memcpy(sorted, s->time[which], n * sizeof *sorted);
  qsort(sorted, n, sizeof *sorted, ascending);
  return sorted[n / 2];
}

WdTimes wd_session_get_times(WdSession *s) {
  return (WdTimes){
      median(s, WD_TIME_DENOISE),   median(s, WD_TIME_DECODE),  median(s, WD_TIME_LIVE),
      median(s, WD_TIME_EXACT),     median(s, WD_TIME_COMPARE), median(s, WD_TIME_STEP),
      median(s, WD_TIME_WAVEFIELD), median(s, WD_TIMES),        wd_engine_simulations(s->engine)};
}

/* ---- the object */

/* A branch is gone, or came: the job of one that is gone is for nothing. */
static void on_recording_changed(WdRecording *r, WdSession *s) {
  if (s->current && s->running && !wd_recording_find(r, s->running)) {
    s->running = 0;
    wd_session_halt(s, FALSE);
  }
  if (s->policy.exact_rest) wd_session_check_scores(s); /* one that was put back may have older ones */
  wd_session_schedule(s);
}

static void watch(WdSession *s) {
  g_signal_connect(s->recording, "changed", G_CALLBACK(on_recording_changed), s);
  wd_recording_set_budget(s->recording, (gsize)(s->policy.cache_mib ? s->policy.cache_mib : 512) << 20);
}

static void dispose(GObject *object) {
  WdSession *s = WD_SESSION(object);
  g_clear_pointer(&s->engine, wd_engine_close);
  if (s->recording) g_signal_handlers_disconnect_by_data(s->recording, s);
  g_clear_object(&s->recording);
  g_clear_pointer(&s->model, wd_model_info_free);
  g_clear_pointer(&s->wave_ask.pair, wd_pair_unref);
  g_clear_pointer(&s->wavefield, wd_wavefield_unref);
  wd_session_clear_levels(s);
  G_OBJECT_CLASS(wd_session_parent_class)->dispose(object);
}

static void wd_session_class_init(WdSessionClass *class) {
  G_OBJECT_CLASS(class)->dispose = dispose;
  GType type = G_TYPE_FROM_CLASS(class);
  guint *sig = wd_session_signals;
  sig[WD_SIGNAL_STATE] = g_signal_new("state", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  sig[WD_SIGNAL_FRAME] = g_signal_new("frame", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                                      G_TYPE_UINT, G_TYPE_INT, G_TYPE_INT);
  sig[WD_SIGNAL_PROGRESS] =
      g_signal_new("progress", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_DOUBLE);
  sig[WD_SIGNAL_NOTICE] =
      g_signal_new("notice", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
  sig[WD_SIGNAL_CHORE] =
      g_signal_new("chore", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
  sig[WD_SIGNAL_RECORDING] =
      g_signal_new("recording", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  sig[WD_SIGNAL_WAVEFIELD] =
      g_signal_new("wavefield", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void wd_session_init(WdSession *s) {
  s->policy = (WdPolicy){.exact_rest = TRUE, .cache_mib = 512, .every = 1};
  s->recording = wd_recording_new();
  s->engine = wd_engine_new(wd_session_take, s);
  watch(s);
}

WdSession *wd_session_new(void) {
  return g_object_new(WD_TYPE_SESSION, NULL);
}

/* ---- the model, the recording, policies */

void wd_session_open_model(WdSession *s, const char *name, const char *device) {
  if (s->current) wd_session_halt(s, FALSE);
  s->loading = TRUE;
  s->rest_failed = FALSE;
  for (int v = 0; v < 2; v++) wd_engine_look(s->engine, v, NULL);
  wd_engine_rest(s->engine, NULL);
  s->resting = FALSE;
  wd_engine_open(s->engine, name, device);
  wd_session_update_state(s);
}

void wd_session_set_recording(WdSession *s, WdRecording *recording) {
  if (s->current) {
    s->running = 0; /* what still comes of it is dropped */
    wd_session_halt(s, FALSE);
  }
  for (int v = 0; v < 2; v++) {
    s->sight[v] = (WdSight){0};
    wd_engine_look(s->engine, v, NULL);
  }
  wd_engine_rest(s->engine, NULL);
  s->resting = FALSE;
  s->rest_failed = FALSE;
  g_object_ref(recording);
  g_signal_handlers_disconnect_by_data(s->recording, s);
  g_object_unref(s->recording);
  s->recording = recording;
  if (!s->model) wd_session_load_levels(s);
  if (s->policy.exact_rest) wd_session_check_scores(s); /* else nothing would make them again */
  watch(s);
  g_signal_emit(s, wd_session_signals[WD_SIGNAL_RECORDING], 0);
  wd_session_update_state(s);
  wd_session_schedule(s);
}

/* Scores under another calibration than that in force are of another kind: they are made anew, where the
 * model is there that can. Where it is not they stay, and say what they are. */
void wd_session_check_scores(WdSession *s) {
  gboolean any = FALSE;
  if (!s->model || s->loading || g_strcmp0(wd_recording_get_identity(s->recording), s->model->identity))
    return;
  for (guint i = 0; i < wd_recording_count(s->recording); i++) {
    WdBranch *b = wd_recording_nth(s->recording, i);
    for (guint j = 0; j < b->position->len; j++) {
      WdPosition *p = g_ptr_array_index(b->position, j);
      gboolean dropped = FALSE;
      for (int w = 0; w < WD_WHATS; w++) {
        WdScore **const score[] = {&p->live[w], &p->exact[w]};
        for (int m = 0; m < 2; m++) {
          if (!*score[m] || (*score[m])->calibration == s->policy.calibration) continue;
          g_clear_pointer(score[m], wd_score_free);
          p->rescore[w] = dropped = TRUE;
        }
      }
      if (dropped) wd_recording_announce_position(s->recording, b->id, b->first + (int)j);
      any = any || dropped;
    }
  }
  if (any) wd_recording_forget_simulations(s->recording);
}

void wd_session_set_policy(WdSession *s, const WdPolicy *policy) {
  gboolean other = policy->calibration != s->policy.calibration;
  s->policy = *policy;
  wd_recording_set_budget(s->recording, (gsize)(policy->cache_mib ? policy->cache_mib : 512) << 20);
  if (other && s->model) {
    wd_engine_rest(s->engine, NULL);
    s->resting = FALSE;
    wd_session_check_scores(s);
  }
  s->rest_failed = FALSE;
  wd_session_schedule(s);
}

void wd_session_look(WdSession *s, int view, guint id, int k, WdWhat what, gboolean rest) {
  g_return_if_fail(view == 0 || view == 1);
  s->sight[view] = (WdSight){id, k, what, rest};
  s->rest_failed = FALSE;
  wd_session_schedule(s);
}

void wd_session_want_states(WdSession *s, guint a, guint b) {
  if (s->states[0] == a && s->states[1] == b) return;
  s->states[0] = a;
  s->states[1] = b;
  wd_session_schedule(s);
}

void wd_session_look_wavefield(WdSession *s, const WdWavefieldAsk *ask) {
  const WdWavefieldAsk none = {0};
  if (!ask) ask = &none;
  if (wd_wavefield_ask_equal(ask, &s->wave_ask)) return;
  WdPair *before = s->wave_ask.pair;
  s->wave_ask = *ask;
  if (ask->pair) wd_pair_ref(ask->pair);
  wd_pair_unref(before);
  g_clear_pointer(&s->wavefield, wd_wavefield_unref);
  s->wave_progress = 0;
  s->wave_error = (wd_error){0};
  wd_engine_wavefield(s->engine, ask);
  g_signal_emit(s, wd_session_signals[WD_SIGNAL_WAVEFIELD], 0);
}

WdWavefield *wd_session_get_wavefield(WdSession *s, double *progress, const wd_error **error) {
  if (progress) *progress = s->wave_progress;
  if (error) *error = s->wave_error.code ? &s->wave_error : NULL;
  return s->wavefield;
}

/* ---- making: checks */

#define refuse(error, ...) wd_status_set_error(error, WD_ERR_ARGUMENT, __VA_ARGS__)

static gboolean check_model(WdSession *s, gboolean sampling, GError **error) {
  if (s->loading) return refuse(error, _("The model is still loading."));
  if (!s->model) return refuse(error, _("No model is loaded: open one first."));
  if (sampling && !s->model->stage2)
    return refuse(error, _("The model %s has no denoiser (stage 2): it can encode and decode, not sample."),
                  s->model->name);
  const char *identity = wd_recording_get_identity(s->recording);
  if (*identity && strcmp(identity, s->model->identity) != 0 && wd_recording_count(s->recording))
    return refuse(
        error,
        _("These latents were made by another model (%s, %.16s), which is not the one that is loaded (%s, "
          "%.16s): they can be replayed, not continued. Open that model, or start a new recording."),
        wd_recording_get_model(s->recording), identity, s->model->name, s->model->identity);
  return TRUE;
}

static gboolean check_plan(WdSession *s, const wd_sampler_plan *plan, int most, GError **error) {
  (void)s;
  if (plan->steps < 1 || plan->steps > most)
    return refuse(error, _("%d steps; 1 to %d are possible from there."), plan->steps, most);
  if (!(plan->eta >= 0 && plan->eta <= 1)) return refuse(error, _("Eta is %g; it is 0 to 1."), plan->eta);
  if (!isfinite(plan->guidance) || fabs(plan->guidance) > 1000)
    return refuse(error, _("Guidance is %g; -1000 to 1000 are possible."), plan->guidance);
  if (plan->kind != WD_SAMPLER_DPMPP_2M && plan->kind != WD_SAMPLER_DDIM && plan->kind != WD_SAMPLER_DDPM)
    return refuse(error, _("There is no sampler %d."), (int)plan->kind);
  return TRUE;
}

static gboolean check_family(WdSession *s, int family, GError **error) {
  if (family >= -1 && family < s->model->families) return TRUE;
  return refuse(error, _("Family %d; the model knows 0 to %d, and -1 for any."), family,
                s->model->families - 1);
}

/* ---- chores */

gboolean wd_session_add_chores(WdSession *s, const WdChore *chores, guint n, GError **error) {
  if (s->loading) return refuse(error, _("The model is still loading."));
  if (!s->model) return refuse(error, _("No model is loaded: open one first."));
  const gsize bytes = (gsize)s->model->latent.count * sizeof(float);
  for (guint i = 0; i < n; i++) {
    const WdChore *c = &chores[i];
    if (c->kind == WD_CHORE_LATENT && (!c->latent || g_bytes_get_size(c->latent) != bytes))
      return refuse(error, _("A latent of %zu bytes; the model %s knows %zu."),
                    c->latent ? (size_t)g_bytes_get_size(c->latent) : 0, s->model->name, (size_t)bytes);
    if (!c->noise) continue;
    if (!s->model->stage2)
      return refuse(error, _("The model %s has no denoiser (stage 2): noise cannot be denoised."),
                    s->model->name);
    if (!check_plan(s, &c->recipe.plan, s->model->timesteps, error) ||
        !check_family(s, c->recipe.family, error))
      return FALSE;
  }
  wd_engine_add_chores(s->engine, chores, n);
  return TRUE;
}

void wd_session_drop_chores(WdSession *s, gconstpointer owner) {
  if (s->engine) wd_engine_drop_chores(s->engine, owner);
}

guint wd_session_count_chores(WdSession *s, gconstpointer owner) {
  return s->engine ? wd_engine_count_chores(s->engine, owner) : 0;
}

/* ---- jobs */

static gpointer ref_or_null(GBytes *b) {
  return b ? g_bytes_ref(b) : NULL;
}

/* The way to a branch: its ancestors' legs and its own; from where it began anew on, if it did. */
static void add_legs(WdSession *s, WdJob *job, const WdBranch *b, int last) {
  if (b->parent && !b->recipe.begin) {
    const WdBranch *parent = wd_recording_find(s->recording, b->parent);
    if (parent) add_legs(s, job, parent, b->parent_at);
  }
  WdLeg *leg = wd_job_add_leg(job);
  leg->recipe = b->recipe;
  leg->at = b->first;
  leg->last = MIN(MIN(last, b->steps), wd_branch_last(b));
  if (leg->last < leg->at) leg->last = leg->at - 1;
  leg->edited = ref_or_null(b->edited);
  for (int k = leg->at; k <= leg->last; k++) {
    WdPosition *p = g_ptr_array_index(b->position, (guint)(k - b->first));
    g_ptr_array_add(leg->latent, ref_or_null(p->latent[WD_WHAT_STATE]));
    g_ptr_array_add(leg->estimate, ref_or_null(p->latent[WD_WHAT_ESTIMATE]));
  }
}

/* What is recorded of the branch up to `to` and has no score although the policy wants one. */
static void add_missing(WdSession *s, WdJob *job, const WdBranch *b) {
  for (int k = b->first; k <= MIN(job->to, job->last); k++) {
    WdPosition *p = g_ptr_array_index(b->position, (guint)(k - b->first));
    for (int w = 0; w < WD_WHATS && !p->fault; w++) {
      gboolean there = s->policy.exact_runs ? p->exact[w] != NULL : wd_position_score(p, (WdWhat)w) != NULL;
      if (p->latent[w] && !there && wd_policy_scores(&s->policy, k, b->steps, job->end, (WdWhat)w))
        wd_job_add_missing(job, k, (WdWhat)w, p->latent[w]);
    }
  }
}

static WdJob *job_of(WdSession *s, const WdBranch *b, int to) {
  WdJob *job = wd_job_new();
  job->branch = b->id;
  job->policy = s->policy;
  job->last = wd_branch_last(b);
  job->steps = b->steps;
  job->end = wd_branch_end(b);
  job->to = MIN(to, job->end);
  job->refine_rate = b->recipe.refine_rate;
  job->refine_mode = b->recipe.refine_mode;
  if (b->kind == WD_BRANCH_ENCODED)
    job->kind = WD_JOB_ENCODE;
  else if (b->kind == WD_BRANCH_SAMPLED)
    add_legs(s, job, b, INT_MAX);
  if (job->last >= job->steps) {
    WdPosition *p = g_ptr_array_index(b->position, b->position->len - 1);
    job->start = ref_or_null(p->latent[WD_WHAT_ESTIMATE]);
  }
  add_missing(s, job, b);
  return job;
}

void wd_session_post(WdSession *s, WdJob *job) {
  job->serial = ++s->serial;
  s->current = job->serial;
  s->running = job->branch;
  s->from = job->last;
  s->to = job->to;
  s->cancelling = s->stop_asked = FALSE;
  s->rest_failed = FALSE;
  wd_engine_start(s->engine, job);
  wd_session_update_state(s);
}

void wd_session_halt(WdSession *s, gboolean asked) {
  if (!s->current) return;
  if (!s->cancelling) s->stop_time = g_get_monotonic_time();
  s->cancelling = TRUE;
  s->stop_asked = s->stop_asked || asked;
  wd_engine_stop(s->engine);
  wd_session_update_state(s);
}

void wd_session_stop(WdSession *s) {
  wd_session_halt(s, TRUE);
}

/* ---- making */

static void stamp(WdSession *s) {
  if (wd_recording_count(s->recording) && *wd_recording_get_identity(s->recording)) return;
  wd_recording_set_model(s->recording, s->model->name, s->model->identity);
  wd_recording_set_shape(s->recording, &s->model->latent, &s->model->geometry);
}

guint wd_session_run_to(WdSession *s, const WdRecipe *recipe, int to, GError **error) {
  if (!check_model(s, TRUE, error)) return 0;
  WdRecipe r = *recipe;
  r.refine_steps = MAX(r.refine_steps, 0);
  if (!r.plan.steps) r.plan.steps = MIN(16, s->model->timesteps);
  if (!check_plan(s, &r.plan, s->model->timesteps, error) || !check_family(s, r.family, error)) return 0;
  stamp(s);
  char *name = g_strdup_printf(_("Run %" PRIu64), r.seed);
  WdBranch *b = wd_recording_add(s->recording, WD_BRANCH_SAMPLED, name, 0, 0, &r, r.plan.steps);
  guint id = b->id;
  g_free(name);
  wd_session_post(s, job_of(s, b, to < 0 ? wd_branch_end(b) : to));
  wd_recording_announce(s->recording);
  return id;
}

guint wd_session_run(WdSession *s, const WdRecipe *recipe, GError **error) {
  return wd_session_run_to(s, recipe, -1, error);
}

static gboolean name_is_taken(WdSession *s, const char *name) {
  for (guint i = 0; i < wd_recording_count(s->recording); i++)
    if (strcmp(wd_recording_nth(s->recording, i)->name, name) == 0) return TRUE;
  return FALSE;
}

/* "Branch of run 42 at 6", "Re-noised from walk 1 at 7, t 399". */
static char *branch_name(WdSession *s, const WdBranch *parent, int k, const WdRecipe *recipe) {
  g_autofree char *of = g_strdup(wd_recording_root(s->recording, parent->id)->name);
  if (g_str_has_prefix(of, "Run ") || g_str_has_prefix(of, "Walk ")) of[0] = g_ascii_tolower(of[0]);
  g_autofree char *plain = recipe->begin == WD_BEGIN_NOISED
                               ? g_strdup_printf(_("Re-noised from %s at %d, t %d"), of, k, recipe->timestep)
                               : g_strdup_printf(_("Branch of %s at %d"), of, k);
  char *name = g_strdup(plain);
  for (int n = 2; name_is_taken(s, name);
       n++) { /* names tell branches apart, until a person decides otherwise */
    g_free(name);
    name = g_strdup_printf("%s (%d)", plain, n);
  }
  return name;
}

/* What a branch that begins anew is to be; r: made whole. */
static gboolean check_begin(WdSession *s, WdRecipe *r, GError **error) {
  if (r->begin != WD_BEGIN_NOISED && r->begin != WD_BEGIN_AT)
    return refuse(error, _("There is no way %d to begin."), (int)r->begin);
  if (r->timestep < 0 || r->timestep >= s->model->timesteps)
    return refuse(error, _("Timestep %d; the model has 0 to %d."), r->timestep, s->model->timesteps - 1);
  if (!r->plan.steps) r->plan.steps = MIN(16, r->timestep + 1);
  return check_plan(s, &r->plan, r->timestep + 1, error) && check_family(s, r->family, error);
}

static gboolean check_edited(WdSession *s, GBytes *edited, GError **error) {
  if (!edited) return TRUE;
  gsize bytes;
  const float *v = g_bytes_get_data(edited, &bytes);
  if (bytes != (gsize)s->model->latent.count * sizeof *v)
    return refuse(error, _("An edited latent of %zu bytes; the model's have %zu."), (size_t)bytes,
                  (size_t)s->model->latent.count * sizeof *v);
  for (gsize i = 0; i < bytes / sizeof *v; i++)
    if (!isfinite(v[i]))
      return refuse(error, _("The edited latent is not finite at its number %zu."), (size_t)i);
  return TRUE;
}

guint wd_session_branch(WdSession *s, guint id, int k, const WdRecipe *recipe, GBytes *edited,
                        GError **error) {
  const WdBranch *parent = wd_place_owner(s->recording, (WdPlace){id, k});
  WdPosition *p = parent ? wd_recording_position(s->recording, parent->id, k) : NULL;
  if (!p || !p->latent[WD_WHAT_STATE])
    return refuse(error, _("There is no position %d to branch from."), k), 0;
  gboolean anew = recipe->begin != WD_BEGIN_ON, data = p->level.timestep < 0 && !anew;
  if (!check_model(s, !data, error) || !check_edited(s, edited, error)) return 0;
  if (anew && !edited) edited = p->latent[WD_WHAT_ESTIMATE];
  if (anew && !edited) return refuse(error, _("There is no estimate at position %d to go on from."), k), 0;
  if (data && !edited)
    return refuse(error,
                  _("At the data nothing is left to sample: branch at an earlier step, or edit the latent.")),
           0;
  WdRecipe r = *recipe;
  r.refine_steps = MAX(r.refine_steps, 0);
  if (data) {
    r.plan.steps = 0;
  } else if (anew) {
    if (!check_begin(s, &r, error)) return 0;
  } else {
    if (!r.plan.steps) r.plan.steps = parent->steps - k;
    if (!check_plan(s, &r.plan, p->level.timestep + 1, error) || !check_family(s, r.family, error)) return 0;
  }
  char *name = branch_name(s, parent, k, &r);
  WdBranch *b =
      wd_recording_add(s->recording, WD_BRANCH_SAMPLED, name, parent->id, k, &r, data ? k : k + r.plan.steps);
  guint new_id = b->id;
  g_free(name);
  b->edited = ref_or_null(edited);
  if (parent->truth) {
    b->truth = wd_pair_ref(parent->truth);
    b->truth_name = g_strdup(parent->truth_name);
  }
  if (data) {
    WdPosition *own = wd_recording_grow(s->recording, b, k, NULL);
    own->latent[WD_WHAT_STATE] = g_bytes_ref(edited);
    own->latent[WD_WHAT_ESTIMATE] = g_bytes_ref(edited);
  }
  wd_session_post(s, job_of(s, b, wd_branch_end(b)));
  wd_recording_announce(s->recording);
  if (data) wd_recording_announce_position(s->recording, new_id, k);
  return new_id;
}

guint wd_session_run_from(WdSession *s, GBytes *latent, const WdRecipe *recipe, const char *name,
                          GError **error) {
  WdRecipe r = *recipe;
  r.refine_steps = MAX(r.refine_steps, 0);
  if (!check_model(s, TRUE, error) || !check_edited(s, latent, error) || !check_begin(s, &r, error)) return 0;
  if (!latent) return refuse(error, _("There is no latent to begin from.")), 0;
  stamp(s);
  WdBranch *b = wd_recording_add(s->recording, WD_BRANCH_SAMPLED, name ? name : _("Run from a latent"), 0, 0,
                                 &r, r.plan.steps);
  guint id = b->id;
  b->edited = g_bytes_ref(latent);
  wd_session_post(s, job_of(s, b, wd_branch_end(b)));
  wd_recording_announce(s->recording);
  return id;
}

/* ---- walks */

static gboolean check_walk(WdSession *s, guint id, GBytes *latent, const char *note, WdBranch **walk,
                           char **checked, GError **error) {
  *walk = id ? wd_recording_find(s->recording, id) : NULL;
  if (id && (!*walk || (*walk)->kind != WD_BRANCH_WALK)) return refuse(error, _("There is no walk %u."), id);
  if (!latent) return refuse(error, _("There is no latent to add to the walk."));
  if (!check_model(s, FALSE, error) || !check_edited(s, latent, error)) return FALSE;
  *checked = note ? wd_note_check(note) : NULL;
  return !note || *checked || refuse(error, _("The latent's note is not a JSON object: %.80s"), note);
}

static void put_latent(WdPosition *p, GBytes *latent, char *note) {
  p->latent[WD_WHAT_ESTIMATE] = g_bytes_ref(latent);
  p->latent[WD_WHAT_STATE] = g_bytes_ref(latent);
  p->note = note;
}

/* A latent that stands in another place too is known as it is there. */
static void take_known(WdRecording *r, WdBranch *b, int k, WdWhat what, WdPosition *p, gpointer to) {
  (void)r, (void)b, (void)k;
  WdPosition *own = to;
  if (p == own) return;
  for (int w = 0; w < WD_WHATS; w++) {
    if (!own->live[w]) own->live[w] = wd_score_copy(p->live[what]);
    if (!own->exact[w]) own->exact[w] = wd_score_copy(p->exact[what]);
  }
  if (!own->fault) own->fault = g_strdup(p->fault);
}

guint wd_session_walk(WdSession *s, const char *name, GBytes *latent, const char *note, GError **error) {
  char *checked = NULL;
  WdBranch *b;
  if (!check_walk(s, 0, latent, note, &b, &checked, error)) return 0;
  stamp(s);
  g_autofree char *own = g_strdup(name);
  for (int n = 1; !own; n++) {
    own = g_strdup_printf(_("Walk %d"), n);
    if (name_is_taken(s, own)) g_clear_pointer(&own, g_free);
  }
  const WdRecipe recipe = {.family = -1};
  b = wd_recording_add(s->recording, WD_BRANCH_WALK, own, 0, 0, &recipe, 0);
  guint id = b->id;
  WdPosition *p = wd_recording_grow(s->recording, b, 0, NULL);
  put_latent(p, latent, checked);
  wd_recording_each_place(s->recording, latent, take_known, p);
  wd_recording_announce(s->recording);
  return id;
}

int wd_session_walk_append(WdSession *s, guint id, GBytes *latent, const char *note, GError **error) {
  char *checked = NULL;
  WdBranch *b;
  if (!check_walk(s, id, latent, note, &b, &checked, error)) return -1;
  if (!b) return refuse(error, _("There is no walk %u."), id), -1;
  int k = b->steps + 1;
  WdPosition *p = wd_recording_grow(s->recording, b, k, NULL);
  b->steps = k;
  put_latent(p, latent, checked);
  wd_recording_each_place(s->recording, latent, take_known, p);
  wd_recording_announce_position(s->recording, id, k);
  wd_session_schedule(s);
  return k;
}

gboolean wd_session_walk_replace(WdSession *s, guint id, GBytes *latent, const char *note, GError **error) {
  char *checked = NULL;
  WdBranch *b;
  if (!check_walk(s, id, latent, note, &b, &checked, error)) return FALSE;
  if (!b) return refuse(error, _("There is no walk %u."), id);
  g_bytes_ref(latent); /* it may be the one that goes */
  WdPosition *p = wd_recording_renew(s->recording, b, b->steps);
  put_latent(p, latent, checked);
  g_bytes_unref(latent);
  wd_recording_each_place(s->recording, latent, take_known, p);
  wd_recording_sweep(s->recording);
  wd_recording_announce_position(s->recording, id, b->steps);
  wd_session_schedule(s);
  return TRUE;
}

gboolean wd_session_continue(WdSession *s, guint id, int to, GError **error) {
  WdBranch *b = wd_recording_find(s->recording, id);
  if (!b) return refuse(error, _("There is no branch %u."), id);
  if (!check_model(s, b->kind == WD_BRANCH_SAMPLED && wd_branch_last(b) < b->steps, error)) return FALSE;
  if (b->kind == WD_BRANCH_ENCODED && wd_branch_last(b) < 0)
    return refuse(error, _("The pair was not encoded: open it again."));
  wd_session_post(s, job_of(s, b, MAX(to, b->first)));
  return TRUE;
}

wd_wave_mode wd_session_get_refine_mode(WdSession *s) {
  return s->policy.exact_runs ? WD_WAVE_EXACT : WD_WAVE_LIVE;
}

gboolean wd_session_refine(WdSession *s, guint id, int steps, double rate, GError **error) {
  return wd_session_refine_in(s, id, steps, rate, wd_session_get_refine_mode(s), error);
}

gboolean wd_session_refine_in(WdSession *s, guint id, int steps, double rate, wd_wave_mode mode,
                              GError **error) {
  WdBranch *b = wd_recording_find(s->recording, id);
  if (!b) return refuse(error, _("There is no branch %u."), id);
  if (!check_model(s, FALSE, error)) return FALSE;
  if (b->kind == WD_BRANCH_WALK)
    return refuse(error,
                  _("A walk's latents stay as they are: refine a branch that starts from one of them."));
  if (steps < 1 || steps > 100000)
    return refuse(error, _("%d steps of refinement; 1 to 100000 are possible."), steps);
  if (!(rate >= 0) || rate > 100)
    return refuse(error, _("A rate of %g; it is above 0, and at most 100."), rate);
  const WdRecipe before = b->recipe;
  if (rate > 0) b->recipe.refine_rate = rate;
  b->recipe.refine_mode = mode;
  /* From where it stands: refinement asked for before and stopped is not made up for. */
  int done = MAX(wd_branch_last(b) - b->steps, 0);
  b->recipe.refine_steps = done + steps;
  if (!wd_session_continue(s, id, wd_branch_end(b), error)) {
    b->recipe = before;
    return FALSE;
  }
  wd_recording_announce(s->recording);
  return TRUE;
}

static gboolean check_pair(WdSession *s, const WdPair *pair, gboolean velocity, gboolean gathers,
                           GError **error) {
  const wd_shard_desc *g = &s->model->geometry;
  const wd_map *v = &pair->velocity;
  const wd_gather *q = &pair->gathers;
  if (!v->value && !q->value) return refuse(error, _("The pair holds neither a map nor gathers."));
  if (v->value && (v->nz != g->nz || v->nx != g->nx))
    return refuse(error,
                  _("The map has %d x %d cells; the model %s knows %d x %d: crop or resample it first."),
                  v->nz, v->nx, s->model->name, g->nz, g->nx);
  if (q->value && (q->shots != g->shots || q->samples != g->samples || q->receivers != g->receivers))
    return refuse(
        error,
        _("The gathers have %d shots of %d samples at %d receivers; the model %s knows %d, %d and %d."),
        q->shots, q->samples, q->receivers, s->model->name, g->shots, g->samples, g->receivers);
  if (!(velocity && v->value) && !(gathers && (q->value || v->value)))
    return refuse(error, _("Nothing of the pair is given to the encoder."));
  return TRUE;
}

guint wd_session_encode(WdSession *s, WdPair *pair, gboolean give_velocity, gboolean give_gathers,
                        const char *name, GError **error) {
  if (!check_model(s, FALSE, error) || !check_pair(s, pair, give_velocity, give_gathers, error)) return 0;
  stamp(s);
  const WdRecipe recipe = {.family = -1};
  WdBranch *b =
      wd_recording_add(s->recording, WD_BRANCH_ENCODED, name ? name : _("Opened pair"), 0, 0, &recipe, 0);
  guint id = b->id;
  b->given_velocity = give_velocity && pair->velocity.value;
  b->given_gathers = give_gathers; /* a gather that is missing is simulated */
  b->truth = wd_pair_ref(pair);
  b->truth_name = g_strdup(name);
  WdJob *job = job_of(s, b, 0);
  job->pair = wd_pair_ref(pair);
  job->give_velocity = give_velocity;
  job->give_gathers = give_gathers;
  wd_session_post(s, job);
  wd_recording_announce(s->recording);
  return id;
}
