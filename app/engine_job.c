/* A job, unit by unit: positions that are missing up to where it stops, each scored as the policy has it. The
 * sampler is made anew from what the recording holds, so that a job needs nothing but what it was given. */
#include "app/engine_impl.h"
#include "app/i18n.h"

#include "solver/memory.h"

#include <string.h>

struct WdActive {
  WdJob *job;
  wd_sampler *sampler; /* NULL before it is wanted */
  wd_refine *refine;
  int at;          /* the last position made; job->last at first */
  int base;        /* the branch's position that is the sampler's 0 */
  gboolean looked; /* position `at` of the sampler has its estimate, and was published */
  gboolean encoded;
  GQueue todo;  /* WdTodo: what is to be scored before the next position */
  gint64 begun; /* when the step under way began, g_get_monotonic_time(); 0: none is */
};

typedef struct WdTodo {
  WdAsk ask;
} WdTodo;

static void free_todo(gpointer data) {
  WdTodo *t = data;
  wd_ask_clear(&t->ask);
  g_free(t);
}

static void add_todo(WdActive *a, GBytes *latent) {
  WdTodo *t = g_new0(WdTodo, 1);
  const WdPolicy *p = &a->job->policy;
  t->ask = (WdAsk){.latent = g_bytes_ref(latent),
                   .want = WD_WANT_PAIR | (p->exact_runs ? WD_WANT_EXACT : WD_WANT_LIVE),
                   .calibration = p->calibration};
  g_queue_push_tail(&a->todo, t);
}

WdActive *wd_active_new(WdJob *job) {
  WdActive *a = g_new0(WdActive, 1);
  a->job = job;
  a->at = job->last;
  g_queue_init(&a->todo);
  for (guint i = 0; i < job->missing->len; i++) add_todo(a, g_array_index(job->missing, WdJobItem, i).latent);
  return a;
}

void wd_active_free(WdActive *a) {
  if (!a) return;
  g_queue_clear_full(&a->todo, free_todo);
  wd_sampler_destroy(a->sampler);
  wd_refine_destroy(a->refine);
  wd_job_free(a->job);
  g_free(a);
}

const WdJob *wd_active_job(const WdActive *a) {
  return a->job;
}

int wd_active_at(const WdActive *a) {
  return a->at;
}

/* ---- sampling */

/* The recorded positions of a leg up to `to`, into a sampler that stands at the leg's start; base: the
 * position that is the sampler's 0. */
static wd_status restore(wd_sampler *s, const WdLeg *leg, int base, int to, wd_error *err) {
  if (to < leg->at) return WD_OK;
  const float **x = g_new0(const float *, to - base + 1), **estimate = g_new0(const float *, to - base + 1);
  for (int k = leg->at; k <= to; k++) {
    GBytes *b = g_ptr_array_index(leg->latent, (guint)(k - leg->at));
    GBytes *d = g_ptr_array_index(leg->estimate, (guint)(k - leg->at));
    x[k - base] = b ? g_bytes_get_data(b, NULL) : NULL;
    estimate[k - base] = d ? g_bytes_get_data(d, NULL) : NULL;
  }
  wd_status st = wd_sampler_restore(s, to - base, x, estimate, err);
  g_free(x);
  g_free(estimate);
  return st;
}

static wd_status make_sampler(WdEngine *e, WdActive *a, wd_error *err) {
  const WdJob *job = a->job;
  wd_sampler *s = NULL;
  wd_status st = WD_OK;
  if (!e->works->denoiser)
    return wd_fail(err, WD_ERR_UNSUPPORTED, _("the model %s has no denoiser (stage 2)"),
                   e->works->info->name);
  for (guint i = 0; i < job->leg->len && !st; i++) {
    const WdLeg *leg = g_ptr_array_index(job->leg, i);
    const WdLeg *next = i + 1 < job->leg->len ? g_ptr_array_index(job->leg, i + 1) : NULL;
    const WdRecipe *r = &leg->recipe;
    if (i == 0) {
      wd_sampler_desc desc = {.plan = r->plan, .seed = &r->seed, .family = &r->family};
      if (r->begin) {
        if (!leg->edited)
          st = wd_fail(err, WD_ERR_ARGUMENT, _("the latent that the branch begins from is not there"));
        else
          desc.latents = g_bytes_get_data(leg->edited, NULL);
        desc.start = r->timestep + 1;
        desc.renoise = r->begin == WD_BEGIN_NOISED;
        a->base = leg->at;
      }
      if (st) break;
      st = wd_sampler_create(e->works->denoiser, &desc, &s, err);
    } else {
      wd_sampler_branch_desc desc = {.plan = &r->plan,
                                     .family = &r->family,
                                     .noise = r->new_noise ? &r->noise_seed : NULL,
                                     .latents = leg->edited ? g_bytes_get_data(leg->edited, NULL) : NULL};
      st = wd_sampler_branch(s, leg->at - a->base, &desc, err);
    }
    if (!st) st = restore(s, leg, a->base, MIN(next ? next->at : leg->last, job->steps), err);
  }
  if (!st && !s) st = wd_fail(err, WD_ERR_ARGUMENT, _("nothing says how the branch began"));
  if (st)
    wd_sampler_destroy(s);
  else
    a->sampler = s;
  return st;
}

static GBytes *same_or_new(GBytes *known, const float *value, gsize bytes) {
  if (known && g_bytes_get_size(known) == bytes && memcmp(g_bytes_get_data(known, NULL), value, bytes) == 0)
    return g_bytes_ref(known);
  return g_bytes_new(value, bytes);
}

/* The latents at position k of the leg before the last, where the branch leaves it: they stay one with it. */
static void parent_latents(const WdJob *job, int k, GBytes **x, GBytes **estimate) {
  *x = *estimate = NULL;
  if (job->leg->len < 2) return;
  const WdLeg *leg = g_ptr_array_index(job->leg, job->leg->len - 2);
  if (k < leg->at || k > leg->last) return;
  *x = g_ptr_array_index(leg->latent, (guint)(k - leg->at));
  *estimate = g_ptr_array_index(leg->estimate, (guint)(k - leg->at));
}

static void publish(WdEngine *e, WdActive *a, int k, WdPosition *p, double seconds) {
  const WdJob *job = a->job;
  p->seconds = seconds;
  for (int w = 0; w < WD_WHATS; w++)
    if (wd_policy_scores(&job->policy, k, job->steps, job->end, (WdWhat)w)) add_todo(a, p->latent[w]);
  WdResult *r = wd_result_new(WD_RESULT_POSITION);
  r->serial = job->serial;
  r->branch = job->branch;
  r->k = k;
  r->position = p;
  wd_engine_publish(e, r);
  a->at = k;
}

/* The estimate at the sampler's position, and both published. */
static wd_status look(WdEngine *e, WdActive *a, gint64 start, wd_error *err) {
  wd_hooks hooks = wd_engine_hooks(e);
  wd_status st = wd_sampler_look(a->sampler, &hooks, err);
  if (st) return st;
  int at = wd_sampler_at(a->sampler), k = a->base + at;
  gsize bytes = (gsize)e->works->info->latent.count * sizeof(float);
  wd_sampler_level level = wd_sampler_get_level(a->sampler, at);
  WdPosition *p = wd_position_new(&level);
  GBytes *x, *estimate;
  parent_latents(a->job, k, &x, &estimate);
  p->latent[WD_WHAT_STATE] = same_or_new(x, wd_sampler_latents(a->sampler, at), bytes);
  const float *d = wd_sampler_estimates(a->sampler, at);
  p->latent[WD_WHAT_ESTIMATE] =
      wd_sampler_done(a->sampler) ? g_bytes_ref(p->latent[WD_WHAT_STATE]) : same_or_new(estimate, d, bytes);
  publish(e, a, k, p, (double)(g_get_monotonic_time() - start) * 1e-6);
  a->looked = TRUE;
  return WD_OK;
}

static wd_status sample_unit(WdEngine *e, WdActive *a, wd_error *err) {
  gint64 start = g_get_monotonic_time();
  wd_hooks hooks = wd_engine_hooks(e);
  wd_status st = wd_engine_injected(e, err);
  if (!st && !a->sampler) {
    st = make_sampler(e, a, err);
    /* What is recorded at the position where it stands was published before; a branch's first is not, nor is
     * an estimate that a recording lacks. */
    a->looked = !st && a->job->last >= 0 && a->base + wd_sampler_at(a->sampler) == a->job->last &&
                wd_sampler_estimates(a->sampler, a->job->last - a->base);
  }
  if (!st && a->looked) {
    st = wd_sampler_step(a->sampler, &hooks, err);
    if (!st) a->looked = FALSE;
  }
  if (!st) st = look(e, a, start, err);
  if (!st) wd_engine_time(e, WD_TIME_DENOISE, start);
  return st;
}

/* ---- refinement */

static wd_status refine_unit(WdEngine *e, WdActive *a, wd_error *err) {
  const WdJob *job = a->job;
  gint64 start = g_get_monotonic_time();
  wd_hooks hooks = wd_engine_hooks(e);
  wd_status st = wd_engine_injected(e, err);
  if (!st && !a->refine) {
    /* Decoded by the nearest codes, as everything that is shown: model/refine.h. */
    wd_refine_desc desc = {.residual = {.wave.mode = job->refine_mode, .quantise = true},
                           .rate = job->refine_rate};
    const float *from = a->sampler   ? wd_sampler_latents(a->sampler, job->steps - a->base)
                        : job->start ? g_bytes_get_data(job->start, NULL)
                                     : NULL;
    if (!from)
      return wd_fail(err, WD_ERR_ARGUMENT, _("refinement starts at the data, which are not there yet"));
    st = wd_refine_create(e->works->model, 1, from, &desc, &a->refine, err);
  }
  if (!st) st = wd_refine_step(a->refine, &hooks, err);
  if (st) return st;
  atomic_fetch_add(&e->simulations, 1);
  int step = wd_refine_steps(a->refine);
  const wd_refine_record *record = wd_refine_get(a->refine, step, 0);
  WdPosition *p = wd_position_new(NULL);
  p->latent[WD_WHAT_ESTIMATE] =
      g_bytes_new(wd_refine_latents(a->refine, step), (gsize)e->works->info->latent.count * sizeof(float));
  p->latent[WD_WHAT_STATE] = g_bytes_ref(p->latent[WD_WHAT_ESTIMATE]);
  p->refined = TRUE;
  p->refine_begins = step == 1;
  p->refine_rate = wd_refine_get_desc(a->refine)->rate;
  p->refine_mode = job->refine_mode;
  p->objective = record->objective;
  publish(e, a, a->at + 1, p, (double)(g_get_monotonic_time() - start) * 1e-6);
  return WD_OK;
}

/* ---- an opened pair */

/* A missing gather, simulated in exact mode: the truth is told with it. */
static wd_status fill_gathers(WdEngine *e, WdActive *a, wd_error *err) {
  WdJob *job = a->job;
  WdWorks *w = e->works;
  if (job->pair->gathers.value || !job->pair->velocity.value) return WD_OK;
  wd_hooks hooks = wd_engine_hooks(e);
  atomic_fetch_add(&e->simulations, 1);
  gint64 start = g_get_monotonic_time();
  wd_status st = wd_residual_simulate(w->residual[1], 1, job->pair->velocity.value, &hooks, err);
  if (st) return st;
  wd_map map = {0};
  wd_gather gather = {0};
  st = wd_engine_copy_gather(wd_residual_full(w->residual[1], 0), &gather, err);
  if (!st) st = wd_map_copy(&job->pair->velocity, &map, err);
  if (!st) {
    WdPair *whole = wd_pair_new(&map, &gather, (double)(g_get_monotonic_time() - start) * 1e-6);
    wd_pair_unref(job->pair);
    job->pair = whole;
    WdResult *r = wd_result_new(WD_RESULT_TRUTH);
    r->serial = job->serial;
    r->branch = job->branch;
    r->pair = wd_pair_ref(whole);
    wd_engine_publish(e, r);
  }
  wd_map_clear(&map);
  wd_gather_clear(&gather);
  return st;
}

static wd_status encode_unit(WdEngine *e, WdActive *a, wd_error *err) {
  WdJob *job = a->job;
  WdWorks *w = e->works;
  const wd_shard_desc *g = &w->info->geometry;
  gint64 start = g_get_monotonic_time();
  wd_hooks hooks = wd_engine_hooks(e);
  wd_status st = wd_engine_injected(e, err);
  if (!st) st = fill_gathers(e, a, err);
  if (!st && !w->encoder)
    st = wd_encoder_create(w->model, &(wd_coder_desc){.batch = wd_model_batch(w->device)}, &w->encoder, err);
  if (st) return st;
  float *coded = NULL, *latent = wd_calloc((size_t)w->info->latent.count, sizeof *latent);
  if (!latent) return wd_fail(err, WD_ERR_NO_MEMORY, _("no memory for a latent"));
  gboolean seismic = job->give_gathers && job->pair->gathers.value;
  if (seismic) {
    coded = wd_calloc((size_t)g->shots * (size_t)g->instants * (size_t)g->receivers, sizeof *coded);
    st = coded ? wd_codec_encode(wd_model_codec(w->model), &job->pair->gathers, coded, err)
               : wd_fail(err, WD_ERR_NO_MEMORY, _("no memory for coded gathers"));
  }
  const float *velocity = job->give_velocity ? job->pair->velocity.value : NULL;
  const float *given = coded;
  if (!st)
    st = wd_encoder_run(w->encoder, 1, velocity ? &velocity : NULL, given ? &given : NULL, latent, NULL,
                        &hooks, err);
  if (!st) {
    WdPosition *p = wd_position_new(NULL);
    p->latent[WD_WHAT_ESTIMATE] = g_bytes_new(latent, (gsize)w->info->latent.count * sizeof *latent);
    p->latent[WD_WHAT_STATE] = g_bytes_ref(p->latent[WD_WHAT_ESTIMATE]);
    a->encoded = TRUE;
    g_clear_pointer(&job->start, g_bytes_unref);
    job->start = g_bytes_ref(p->latent[WD_WHAT_ESTIMATE]);
    publish(e, a, 0, p, (double)(g_get_monotonic_time() - start) * 1e-6);
  }
  wd_free(coded);
  wd_free(latent);
  return st;
}

/* ---- one unit */

static wd_status next_unit(WdEngine *e, WdActive *a, gboolean *done, wd_error *err) {
  const WdJob *job = a->job;
  WdTodo *t = g_queue_peek_head(&a->todo);
  if (t) {
    wd_status st = wd_engine_ask_unit(e, &t->ask, err);
    if (!st && !t->ask.want) free_todo(g_queue_pop_head(&a->todo));
    return st;
  }
  /* Everything of a step is done. On the clock, not the sum of the job's own units: a view that looks at the
   * running step has its latent decoded and simulated before the job comes to it, and that is of the step. */
  if (a->begun) wd_engine_time(e, WD_TIME_STEP, a->begun);
  a->begun = a->at < job->to && (job->kind != WD_JOB_ENCODE || a->at >= 0) ? g_get_monotonic_time() : 0;
  if (job->kind == WD_JOB_ENCODE && a->at < 0) return encode_unit(e, a, err);
  if (a->at < MIN(job->to, job->steps)) return sample_unit(e, a, err);
  if (a->at < job->to) return refine_unit(e, a, err);
  *done = TRUE;
  return WD_OK;
}

wd_status wd_active_unit(WdEngine *e, WdActive *a, gboolean *done, wd_error *err) {
  if (!e->works) {
    *done = TRUE;
    return wd_fail(err, WD_ERR_ARGUMENT, _("no model is loaded"));
  }
  return next_unit(e, a, done, err);
}
