/* The engine's thread, its requests and its results. POSIX threads rather than GLib's, so that the thread
 * sanitizer sees what passes between the two. */
#include "app/engine_impl.h"
#include "app/i18n.h"

#include <string.h>

/* ---- values */

void wd_ask_clear(WdAsk *ask) {
  if (ask->latent) g_bytes_unref(ask->latent);
  wd_pair_unref(ask->pair);
  wd_simulation_unref(ask->exact);
  *ask = (WdAsk){0};
}

static WdAsk copy_ask(const WdAsk *ask) {
  WdAsk a = {0};
  if (!ask || !ask->want) return a;
  a = *ask;
  g_bytes_ref(a.latent);
  if (a.pair) wd_pair_ref(a.pair);
  if (a.exact) wd_simulation_ref(a.exact);
  return a;
}

static void unref_bytes(gpointer bytes) {
  if (bytes) g_bytes_unref(bytes);
}

static void free_leg(gpointer data) {
  WdLeg *leg = data;
  g_ptr_array_unref(leg->latent);
  g_ptr_array_unref(leg->estimate);
  unref_bytes(leg->edited);
  g_free(leg);
}

static void clear_item(gpointer data) {
  WdJobItem *item = data;
  g_bytes_unref(item->latent);
}

WdJob *wd_job_new(void) {
  WdJob *job = g_new0(WdJob, 1);
  job->leg = g_ptr_array_new_with_free_func(free_leg);
  job->missing = g_array_new(FALSE, TRUE, sizeof(WdJobItem));
  g_array_set_clear_func(job->missing, clear_item);
  return job;
}

WdLeg *wd_job_add_leg(WdJob *job) {
  WdLeg *leg = g_new0(WdLeg, 1);
  leg->latent = g_ptr_array_new_with_free_func(unref_bytes);
  leg->estimate = g_ptr_array_new_with_free_func(unref_bytes);
  g_ptr_array_add(job->leg, leg);
  return leg;
}

void wd_job_add_missing(WdJob *job, int k, WdWhat what, GBytes *latent) {
  WdJobItem item = {k, what, g_bytes_ref(latent)};
  g_array_append_val(job->missing, item);
}

void wd_job_free(WdJob *job) {
  if (!job) return;
  g_ptr_array_unref(job->leg);
  g_array_unref(job->missing);
  unref_bytes(job->start);
  wd_pair_unref(job->pair);
  g_free(job);
}

gboolean wd_policy_scores(const WdPolicy *policy, int k, int steps, int end, WdWhat what) {
  if (what == WD_WHAT_STATE && (!policy->both || k >= steps)) return FALSE; /* at the data both are one */
  switch (policy->score) {
  case WD_SCORE_EVERY_STEP: return TRUE;
  case WD_SCORE_EVERY_N: return k == steps || k == end || k % MAX(policy->every, 1) == 0;
  case WD_SCORE_FINAL: return k == steps || k == end;
  case WD_SCORE_ON_DEMAND: return FALSE;
  }
  return FALSE;
}

WdModelInfo *wd_model_info_copy(const WdModelInfo *info) {
  WdModelInfo *c = g_memdup2(info, sizeof *info);
  c->name = g_strdup(info->name);
  c->folder = g_strdup(info->folder);
  c->identity = g_strdup(info->identity);
  c->device = g_strdup(info->device);
  c->device_spec = g_strdup(info->device_spec);
  c->evaluated = g_strdup(info->evaluated);
  if (info->codes) c->codes = wd_code_table_ref(info->codes);
  return c;
}

void wd_model_info_free(WdModelInfo *info) {
  if (!info) return;
  g_free(info->name);
  g_free(info->folder);
  g_free(info->identity);
  g_free(info->device);
  g_free(info->device_spec);
  g_free(info->evaluated);
  wd_code_table_unref(info->codes);
  g_free(info);
}

WdResult *wd_result_new(WdResultKind kind) {
  WdResult *r = g_new0(WdResult, 1);
  r->kind = kind;
  return r;
}

void wd_result_free(WdResult *r) {
  if (!r) return;
  wd_position_free(r->position);
  unref_bytes(r->latent);
  wd_pair_unref(r->pair);
  wd_simulation_unref(r->simulation);
  wd_score_free(r->score);
  wd_model_info_free(r->info);
  wd_chore_done_free(r->chore);
  wd_wavefield_unref(r->wavefield);
  wd_sample_free(r->sample);
  if (r->way) g_array_unref(r->way);
  g_free(r);
}

/* ---- results */

static gboolean on_wake(gpointer data) {
  WdEngine *e = data;
  pthread_mutex_lock(&e->mutex);
  e->pending = FALSE; /* before anything is taken: what comes now wakes again */
  g_clear_pointer(&e->wake_source, g_source_unref);
  pthread_mutex_unlock(&e->mutex);
  e->wake(e->user);
  return G_SOURCE_REMOVE;
}

static void publish_locked(WdEngine *e, WdResult *r) {
  g_queue_push_tail(&e->results, r);
  if (e->pending || e->quit) return;
  e->pending = TRUE;
  e->wake_source = g_idle_source_new();
  g_source_set_priority(e->wake_source, G_PRIORITY_DEFAULT);
  g_source_set_callback(e->wake_source, on_wake, e, NULL);
  g_source_attach(e->wake_source, e->context);
}

void wd_engine_publish(WdEngine *e, WdResult *r) {
  pthread_mutex_lock(&e->mutex);
  publish_locked(e, r);
  pthread_mutex_unlock(&e->mutex);
}

WdResult *wd_engine_take(WdEngine *e) {
  pthread_mutex_lock(&e->mutex);
  WdResult *r = g_queue_pop_head(&e->results);
  pthread_mutex_unlock(&e->mutex);
  return r;
}

void wd_engine_time(WdEngine *e, WdTimed timed, gint64 since) {
  WdResult *r = wd_result_new(WD_RESULT_TIME);
  r->timed = timed;
  r->ms = (double)(g_get_monotonic_time() - since) / 1000;
  wd_engine_publish(e, r);
}

guint64 wd_engine_simulations(WdEngine *e) {
  return atomic_load(&e->simulations);
}

gboolean wd_engine_is_quiet(WdEngine *e) {
  pthread_mutex_lock(&e->mutex);
  gboolean quiet = !e->unit && !e->open_name && !e->job && !e->look[0].want && !e->look[1].want &&
                   !e->rest.want && !e->wavefield.pair && g_queue_is_empty(&e->chores[0]) &&
                   g_queue_is_empty(&e->chores[1]) && !e->batch && !e->batch_run &&
                   g_queue_is_empty(&e->results);
  pthread_mutex_unlock(&e->mutex);
  return quiet;
}

/* ---- requests */

/* Under the mutex: the unit under way is to stop when it is of one of these kinds. */
static void cancel_locked(WdEngine *e, gboolean yes) {
  if (yes) atomic_store(&e->cancel, true);
}

static void job_done_locked(WdEngine *e, const WdJob *job, int k, const wd_error *error) {
  WdResult *r = wd_result_new(WD_RESULT_JOB_DONE);
  r->serial = job->serial;
  r->branch = job->branch;
  r->k = k;
  r->error = *error;
  publish_locked(e, r);
}

/* Under the mutex: a job that has not begun is off. */
static void drop_waiting_job(WdEngine *e) {
  if (!e->job) return;
  const wd_error error = {WD_CANCELLED, "stopped before it began"};
  job_done_locked(e, e->job, e->job->last, &error);
  g_clear_pointer(&e->job, wd_job_free);
}

static void batch_done_locked(WdEngine *e, guint serial, const wd_error *error) {
  WdResult *r = wd_result_new(WD_RESULT_BATCH_DONE);
  r->serial = serial;
  r->error = *error;
  publish_locked(e, r);
}

/* Under the mutex: the batch that waits is off, the one under way stops. */
static void drop_batch(WdEngine *e) {
  const wd_error stopped = {WD_CANCELLED, "stopped"};
  if (e->batch) batch_done_locked(e, e->batch->serial, &stopped);
  g_clear_pointer(&e->batch, wd_batch_free);
  e->batch_stop = e->batch_run != NULL;
  e->batch_finish = FALSE;
  cancel_locked(e, e->unit == WD_UNIT_BATCH);
}

void wd_engine_open(WdEngine *e, const char *name, const char *device) {
  pthread_mutex_lock(&e->mutex);
  g_free(e->open_name);
  g_free(e->open_device);
  e->open_name = g_strdup(name);
  e->open_device = g_strdup(device);
  drop_waiting_job(e);
  for (int i = 0; i < 2; i++)
    g_queue_clear_full(&e->chores[i], (GDestroyNotify)wd_chore_free); /* of the old */
  g_clear_pointer(&e->chore, wd_chore_free);
  drop_batch(e);
  e->stop = TRUE;
  cancel_locked(e, e->unit != WD_UNIT_OPEN);
  pthread_cond_signal(&e->posted);
  pthread_mutex_unlock(&e->mutex);
}

void wd_engine_look(WdEngine *e, int view, const WdAsk *ask) {
  pthread_mutex_lock(&e->mutex);
  WdAsk *slot = &e->look[view];
  gboolean same = ask && ask->want && slot->latent == ask->latent;
  cancel_locked(e, e->unit == WD_UNIT_LOOK && e->unit_view == view && !same);
  cancel_locked(e, (e->unit == WD_UNIT_REST || e->unit == WD_UNIT_CHORE || e->unit == WD_UNIT_WAVEFIELD ||
                    e->unit == WD_UNIT_BATCH) &&
                       ask && ask->want);
  wd_ask_clear(slot);
  *slot = copy_ask(ask);
  pthread_cond_signal(&e->posted);
  pthread_mutex_unlock(&e->mutex);
}

void wd_engine_start(WdEngine *e, WdJob *job) {
  pthread_mutex_lock(&e->mutex);
  drop_waiting_job(e);
  e->job = job;
  cancel_locked(e, e->unit == WD_UNIT_JOB || e->unit == WD_UNIT_REST || e->unit == WD_UNIT_CHORE ||
                       e->unit == WD_UNIT_BATCH);
  pthread_cond_signal(&e->posted);
  pthread_mutex_unlock(&e->mutex);
}

void wd_engine_stop(WdEngine *e) {
  pthread_mutex_lock(&e->mutex);
  drop_waiting_job(e);
  e->stop = TRUE;
  /* What comes before the job gives way too, and is taken up again after: a view that follows the run has
   * most of a step made as a look, and the job's end would wait for it. */
  cancel_locked(e, e->unit >= WD_UNIT_SOON && e->unit <= WD_UNIT_JOB);
  pthread_cond_signal(&e->posted);
  pthread_mutex_unlock(&e->mutex);
}

void wd_engine_rest(WdEngine *e, const WdAsk *ask) {
  pthread_mutex_lock(&e->mutex);
  gboolean same = ask && ask->want && e->rest.latent == ask->latent;
  cancel_locked(e, e->unit == WD_UNIT_REST && !same);
  cancel_locked(e, e->unit == WD_UNIT_CHORE && ask && ask->want);
  wd_ask_clear(&e->rest);
  e->rest = copy_ask(ask);
  pthread_cond_signal(&e->posted);
  pthread_mutex_unlock(&e->mutex);
}

void wd_engine_wavefield(WdEngine *e, const WdWavefieldAsk *ask) {
  const WdWavefieldAsk none = {0};
  if (!ask) ask = &none;
  pthread_mutex_lock(&e->mutex);
  const gboolean same = ask->pair && wd_wavefield_ask_equal(ask, &e->wavefield);
  cancel_locked(e, e->unit == WD_UNIT_WAVEFIELD && !same);
  cancel_locked(e, (e->unit == WD_UNIT_REST || e->unit == WD_UNIT_CHORE) && ask->pair);
  WdPair *before = e->wavefield.pair;
  e->wavefield = *ask;
  if (ask->pair) wd_pair_ref(ask->pair);
  wd_pair_unref(before);
  pthread_cond_signal(&e->posted);
  pthread_mutex_unlock(&e->mutex);
}

void wd_engine_add_chores(WdEngine *e, const WdChore *chores, guint n) {
  pthread_mutex_lock(&e->mutex);
  for (guint i = 0; i < n; i++) {
    g_queue_push_tail(&e->chores[chores[i].soon != 0], wd_chore_copy(&chores[i]));
    cancel_locked(e, chores[i].soon && e->unit >= WD_UNIT_LOOK && e->unit != WD_UNIT_JOB);
  }
  pthread_cond_signal(&e->posted);
  pthread_mutex_unlock(&e->mutex);
}

void wd_engine_batch(WdEngine *e, WdBatch *batch) {
  pthread_mutex_lock(&e->mutex);
  drop_batch(e);
  e->batch = batch;
  pthread_cond_signal(&e->posted);
  pthread_mutex_unlock(&e->mutex);
}

void wd_engine_batch_finish(WdEngine *e) {
  const wd_error stopped = {WD_CANCELLED, "stopped"};
  pthread_mutex_lock(&e->mutex);
  if (e->batch) { /* nothing of it is under way */
    batch_done_locked(e, e->batch->serial, &stopped);
    g_clear_pointer(&e->batch, wd_batch_free);
  } else {
    e->batch_finish = e->batch_run != NULL;
  }
  pthread_cond_signal(&e->posted);
  pthread_mutex_unlock(&e->mutex);
}

void wd_engine_drop_chores(WdEngine *e, gconstpointer owner) {
  pthread_mutex_lock(&e->mutex);
  for (int soon = 0; soon < 2; soon++)
    for (GList *at = e->chores[soon].head, *next; at; at = next) {
      WdChore *c = at->data;
      next = at->next;
      if (c->owner != owner) continue;
      g_queue_delete_link(&e->chores[soon], at);
      wd_chore_free(c);
    }
  if (e->chore && e->chore->owner == owner) {
    g_clear_pointer(&e->chore, wd_chore_free);
    cancel_locked(e, TRUE);
  }
  for (GList *at = e->results.head, *next; at; at = next) { /* what is done, and was not taken */
    WdResult *r = at->data;
    next = at->next;
    if (r->kind != WD_RESULT_CHORE || r->chore->chore.owner != owner) continue;
    g_queue_delete_link(&e->results, at);
    wd_result_free(r);
  }
  pthread_mutex_unlock(&e->mutex);
}

guint wd_engine_count_chores(WdEngine *e, gconstpointer owner) {
  pthread_mutex_lock(&e->mutex);
  guint n = e->chore && e->chore->owner == owner;
  for (int soon = 0; soon < 2; soon++)
    for (GList *at = e->chores[soon].head; at; at = at->next) n += ((WdChore *)at->data)->owner == owner;
  pthread_mutex_unlock(&e->mutex);
  return n;
}

void wd_engine_inject(WdEngine *e, int n, wd_status status, gboolean lasting) {
  pthread_mutex_lock(&e->mutex);
  e->inject = n;
  e->injected = status;
  e->inject_lasting = lasting;
  pthread_mutex_unlock(&e->mutex);
}

wd_status wd_engine_injected(WdEngine *e, wd_error *err) {
  pthread_mutex_lock(&e->mutex);
  wd_status st = WD_OK;
  if (e->inject > 0 && --e->inject == 0) {
    st = e->injected;
    if (e->inject_lasting) e->inject = 1;
  }
  pthread_mutex_unlock(&e->mutex);
  return st ? wd_fail(err, st, _("a test asked for this error")) : WD_OK;
}

wd_hooks wd_engine_hooks(WdEngine *e) {
  return (wd_hooks){.cancel = &e->cancel};
}

/* ---- the thread */

static void open_unit(WdEngine *e, const char *name, const char *device) {
  WdWorks *works = NULL;
  wd_error err = {0};
  wd_status st = wd_works_open(name, device, &works, &err);
  WdResult *r = wd_result_new(st ? WD_RESULT_OPEN_FAILED : WD_RESULT_OPENED);
  if (st) {
    r->error = err;
    r->info = g_new0(WdModelInfo, 1);
    r->info->name = g_strdup(name);
    r->info->device_spec = g_strdup(device);
  } else {
    wd_engine_forget(e);
    wd_works_close(e->works);
    e->works = works;
    r->info = wd_model_info_copy(works->info);
    pthread_mutex_lock(&e->mutex);
    e->inject_lasting = FALSE;
    e->inject = 0;
    pthread_mutex_unlock(&e->mutex);
  }
  wd_engine_publish(e, r);
}

/* The one at rest has ended; or any went wrong through no fault of its latent: nothing more of it is tried.
 */
static void ask_done(WdEngine *e, const wd_error *err, gboolean rest) {
  WdResult *r = wd_result_new(WD_RESULT_ASK_DONE);
  r->error = *err;
  r->at_rest = rest;
  wd_engine_publish(e, r);
}

/* An ask, out of its slot, back into it if something is left to do and it was not replaced meanwhile. The
 * slot keeps latent and references, so that a newer request can be told from it. */
static void ask_unit(WdEngine *e, WdAsk *slot, gboolean rest) {
  pthread_mutex_lock(&e->mutex);
  WdAsk ask = copy_ask(slot);
  pthread_mutex_unlock(&e->mutex);
  if (!ask.want) return;
  wd_error err = {0};
  guint before = ask.want;
  wd_status st = wd_engine_ask_unit(e, &ask, &err);
  gboolean failed = st && st != WD_CANCELLED;
  pthread_mutex_lock(&e->mutex);
  gboolean mine = slot->latent == ask.latent && slot->want == before;
  if (mine && (failed || !ask.want)) {
    wd_ask_clear(slot);
  } else if (mine) {
    wd_ask_clear(slot);
    *slot = copy_ask(&ask);
  }
  pthread_mutex_unlock(&e->mutex);
  if (failed || (rest && mine && !ask.want)) ask_done(e, &err, rest);
  wd_ask_clear(&ask);
}

/* The slot is emptied unless the unit was cancelled, or replaced meanwhile. */
static void wavefield_unit(WdEngine *e) {
  pthread_mutex_lock(&e->mutex);
  WdWavefieldAsk ask = e->wavefield;
  if (ask.pair) wd_pair_ref(ask.pair);
  pthread_mutex_unlock(&e->mutex);
  if (!ask.pair) return;
  wd_engine_wavefield_unit(e, &ask);
  pthread_mutex_lock(&e->mutex);
  if (!atomic_load(&e->cancel) && e->wavefield.pair && wd_wavefield_ask_equal(&ask, &e->wavefield)) {
    wd_pair_unref(e->wavefield.pair);
    e->wavefield = (WdWavefieldAsk){0};
  }
  pthread_mutex_unlock(&e->mutex);
  wd_pair_unref(ask.pair);
}

static void end_job(WdEngine *e, const wd_error *error) {
  pthread_mutex_lock(&e->mutex);
  job_done_locked(e, wd_active_job(e->active), wd_active_at(e->active), error);
  pthread_mutex_unlock(&e->mutex);
  g_clear_pointer(&e->active, wd_active_free);
}

static void job_unit(WdEngine *e) {
  wd_error err = {0};
  gboolean done = FALSE;
  wd_status st = wd_active_unit(e, e->active, &done, &err);
  if (st == WD_CANCELLED)
    return; /* whoever cancelled says what comes next: stop, another job, or the same unit */
  if (st || done) end_job(e, &err);
}

/* A chore, out of its queue; back at its head when something more urgent cancelled it. */
static void chore_unit(WdEngine *e, gboolean soon) {
  WdChoreDone *done = NULL;
  wd_error err = {0};
  pthread_mutex_lock(&e->mutex);
  WdChore *chore = e->chore ? wd_chore_copy(e->chore) : NULL;
  pthread_mutex_unlock(&e->mutex);
  if (!chore) return; /* dropped before it began */
  wd_status st = wd_engine_chore(e, chore, &done, &err);
  pthread_mutex_lock(&e->mutex);
  gboolean wanted = e->chore != NULL;
  WdChore *mine = g_steal_pointer(&e->chore);
  if (wanted && st == WD_CANCELLED) {
    g_queue_push_head(&e->chores[soon], mine);
    mine = NULL;
  } else if (wanted && !st) {
    WdResult *r = wd_result_new(WD_RESULT_CHORE);
    r->chore = g_steal_pointer(&done);
    publish_locked(e, r);
  }
  if (st && st != WD_CANCELLED) /* the device, or memory: the next would fail as this one did */
    for (int i = 0; i < 2; i++) g_queue_clear_full(&e->chores[i], (GDestroyNotify)wd_chore_free);
  pthread_mutex_unlock(&e->mutex);
  if (wanted && st && st != WD_CANCELLED) ask_done(e, &err, FALSE);
  wd_chore_free(mine);
  wd_chore_free(chore);
  wd_chore_done_free(done);
}

/* Not under the mutex, which guards whether there is a run. */
static void end_batch(WdEngine *e, const wd_error *error) {
  pthread_mutex_lock(&e->mutex);
  WdBatchRun *run = g_steal_pointer(&e->batch_run);
  e->batch_stop = e->batch_finish = FALSE;
  batch_done_locked(e, wd_batch_run_get(run)->serial, error);
  pthread_mutex_unlock(&e->mutex);
  wd_batch_run_free(run);
}

static void batch_unit(WdEngine *e) {
  wd_error err = {0};
  gboolean done = FALSE;
  wd_status st = wd_batch_unit(e, e->batch_run, &done, &err);
  if (st == WD_CANCELLED) return; /* stopped, or the same unit again */
  if (st || done) end_batch(e, &err);
}

/* Under the mutex. Which unit comes next; WD_UNIT_NONE: wait. */
static WdUnit pick(WdEngine *e) {
  if (e->open_name) return WD_UNIT_OPEN;
  if (!g_queue_is_empty(&e->chores[1])) return WD_UNIT_SOON;
  for (int v = 0; v < 2; v++)
    if (e->look[v].want) {
      e->unit_view = v;
      return WD_UNIT_LOOK;
    }
  if (e->wavefield.pair) return WD_UNIT_WAVEFIELD;
  if (e->job || e->active) return WD_UNIT_JOB;
  if (e->rest.want) return WD_UNIT_REST;
  if (!g_queue_is_empty(&e->chores[0])) return WD_UNIT_CHORE;
  return e->batch || e->batch_run ? WD_UNIT_BATCH : WD_UNIT_NONE;
}

static void *run(void *data) {
  WdEngine *e = data;
  pthread_mutex_lock(&e->mutex);
  for (;;) {
    e->unit = WD_UNIT_NONE;
    if (e->quit) break;
    if ((e->stop || e->job) && e->active) { /* stopped, or replaced */
      pthread_mutex_unlock(&e->mutex);
      const wd_error error = {WD_CANCELLED, "stopped"};
      end_job(e, &error);
      pthread_mutex_lock(&e->mutex);
      continue;
    }
    e->stop = FALSE;
    if (e->batch_run && (e->batch_stop || (e->batch_finish && wd_batch_between(e->batch_run)))) {
      pthread_mutex_unlock(&e->mutex);
      const wd_error error = {WD_CANCELLED, "stopped"};
      end_batch(e, &error);
      pthread_mutex_lock(&e->mutex);
      continue;
    }
    WdUnit unit = pick(e);
    if (!unit) {
      pthread_cond_wait(&e->posted, &e->mutex);
      continue;
    }
    e->unit = unit;
    atomic_store(&e->cancel, false);
    if (unit == WD_UNIT_JOB && e->job) e->active = wd_active_new(g_steal_pointer(&e->job));
    if (unit == WD_UNIT_SOON || unit == WD_UNIT_CHORE)
      e->chore = g_queue_pop_head(&e->chores[unit == WD_UNIT_SOON]);
    if (unit == WD_UNIT_BATCH && e->batch) e->batch_run = wd_batch_run_new(g_steal_pointer(&e->batch));
    char *name = unit == WD_UNIT_OPEN ? g_steal_pointer(&e->open_name) : NULL;
    char *device = unit == WD_UNIT_OPEN ? g_steal_pointer(&e->open_device) : NULL;
    int view = e->unit_view;
    pthread_mutex_unlock(&e->mutex);
    switch (unit) {
    case WD_UNIT_OPEN: open_unit(e, name, device); break;
    case WD_UNIT_LOOK: ask_unit(e, &e->look[view], FALSE); break;
    case WD_UNIT_WAVEFIELD: wavefield_unit(e); break;
    case WD_UNIT_JOB: job_unit(e); break;
    case WD_UNIT_REST: ask_unit(e, &e->rest, TRUE); break;
    case WD_UNIT_SOON: chore_unit(e, TRUE); break;
    case WD_UNIT_CHORE: chore_unit(e, FALSE); break;
    case WD_UNIT_BATCH: batch_unit(e); break;
    case WD_UNIT_NONE: break;
    }
    g_free(name);
    g_free(device);
    pthread_mutex_lock(&e->mutex);
  }
  pthread_mutex_unlock(&e->mutex);
  g_clear_pointer(&e->active, wd_active_free);
  g_clear_pointer(&e->batch_run, wd_batch_run_free);
  wd_engine_forget(e);
  wd_device_close(e->one_core);
  g_clear_pointer(&e->works, wd_works_close);
  return NULL;
}

WdEngine *wd_engine_new(void (*wake)(gpointer user), gpointer user) {
  WdEngine *e = g_new0(WdEngine, 1);
  pthread_mutex_init(&e->mutex, NULL);
  pthread_cond_init(&e->posted, NULL);
  atomic_init(&e->cancel, false);
  atomic_init(&e->simulations, 0);
  g_queue_init(&e->results);
  for (int i = 0; i < 2; i++) g_queue_init(&e->chores[i]);
  e->context = g_main_context_ref_thread_default();
  e->wake = wake;
  e->user = user;
  if (pthread_create(&e->thread, NULL, run, e) != 0) g_error("the engine's thread could not be started");
  return e;
}

void wd_engine_close(WdEngine *e) {
  if (!e) return;
  pthread_mutex_lock(&e->mutex);
  e->quit = TRUE;
  atomic_store(&e->cancel, true);
  pthread_cond_signal(&e->posted);
  pthread_mutex_unlock(&e->mutex);
  pthread_join(e->thread, NULL);
  if (e->wake_source) {
    g_source_destroy(e->wake_source);
    g_source_unref(e->wake_source);
  }
  WdResult *r;
  while ((r = g_queue_pop_head(&e->results))) wd_result_free(r);
  wd_job_free(e->job);
  wd_batch_free(e->batch);
  for (int v = 0; v < 2; v++) wd_ask_clear(&e->look[v]);
  wd_ask_clear(&e->rest);
  for (int i = 0; i < 2; i++) g_queue_clear_full(&e->chores[i], (GDestroyNotify)wd_chore_free);
  wd_chore_free(e->chore);
  wd_pair_unref(e->wavefield.pair);
  g_free(e->open_name);
  g_free(e->open_device);
  g_main_context_unref(e->context);
  pthread_cond_destroy(&e->posted);
  pthread_mutex_destroy(&e->mutex);
  g_free(e);
}
