#include "model/sampler.h"

#include "solver/memory.h"

#include <math.h>
#include <string.h>

enum { DEFAULT_STEPS = 16 };

struct wd_sampler {
  wd_denoiser *denoiser;
  int n;
  size_t one, count;      /* floats of a latent, and of n */
  uint64_t *seed, *noise; /* n: of the latents, and of what ancestral samplers draw */
  int *family;            /* n */
  int at, steps;
  wd_sampler_row *row;   /* steps */
  wd_sampler_plan *plan; /* steps: by which row[k] was made */
  float **x, **estimate; /* steps + 1 positions, NULL where nothing is; the last estimate is never filled */
};

static wd_status no_memory(const wd_sampler *s, wd_error *err) {
  return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a run of %d latents and %d steps", s->n, s->steps);
}

/* ---- making, copying, freeing */

static void drop(float **slot) {
  wd_free(*slot);
  *slot = NULL;
}

static void free_positions(wd_sampler *s, int from) {
  for (int k = from; k <= s->steps; k++) {
    if (s->x) drop(&s->x[k]);
    if (s->estimate) drop(&s->estimate[k]);
  }
}

void wd_sampler_destroy(wd_sampler *s) {
  if (!s) return;
  free_positions(s, 0);
  wd_free(s->x);
  wd_free(s->estimate);
  wd_free(s->row);
  wd_free(s->plan);
  wd_free(s->seed);
  wd_free(s->noise);
  wd_free(s->family);
  wd_free(s);
}

/* All arrays for n latents and `steps` steps, empty. */
static wd_status make(wd_denoiser *denoiser, int n, int steps, wd_sampler **out, wd_error *err) {
  wd_sampler *s = wd_calloc(1, sizeof *s);
  if (!s) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a run of %d latents", n);
  s->denoiser = denoiser;
  s->n = n;
  s->steps = steps;
  s->one = (size_t)wd_model_latent(wd_denoiser_model(denoiser)).count;
  s->count = s->one * (size_t)n;
  size_t positions = (size_t)steps + 1;
  s->seed = wd_calloc((size_t)n, sizeof *s->seed);
  s->noise = wd_calloc((size_t)n, sizeof *s->noise);
  s->family = wd_calloc((size_t)n, sizeof *s->family);
  s->row = wd_calloc(positions, sizeof *s->row);
  s->plan = wd_calloc(positions, sizeof *s->plan);
  s->x = wd_calloc(positions, sizeof *s->x);
  s->estimate = wd_calloc(positions, sizeof *s->estimate);
  if (!s->seed || !s->noise || !s->family || !s->row || !s->plan || !s->x || !s->estimate) {
    wd_status st = no_memory(s, err);
    wd_sampler_destroy(s);
    return st;
  }
  *out = s;
  return WD_OK;
}

/* plan->steps filled in, and refused where it cannot be; `most` is the number of timesteps there are. */
static wd_status check_plan(wd_sampler_plan *plan, int most, int otherwise, wd_error *err) {
  if (!plan->steps) plan->steps = otherwise < most ? otherwise : most;
  if (plan->steps < 1 || plan->steps > most)
    return wd_fail(err, WD_ERR_ARGUMENT, "%d steps from timestep %d; 1 to %d are possible", plan->steps,
                   most - 1, most);
  if (!isfinite(plan->guidance) || fabs(plan->guidance) > 1000)
    return wd_fail(err, WD_ERR_ARGUMENT, "guidance %g; -1000 to 1000 are possible", plan->guidance);
  return WD_OK;
}

static wd_status check_family(const wd_sampler *s, const int *family, wd_error *err) {
  int families = wd_model_get_config(wd_denoiser_model(s->denoiser))->stage2.families;
  for (int i = 0; family && i < s->n; i++)
    if (family[i] < -1 || family[i] >= families)
      return wd_fail(err, WD_ERR_ARGUMENT, "family %d; the model knows 0 to %d, and -1 for any", family[i],
                     families - 1);
  return WD_OK;
}

static wd_status check_latents(const wd_sampler *s, const float *latents, wd_error *err) {
  for (size_t i = 0; latents && i < s->count; i++)
    if (!isfinite(latents[i]))
      return wd_fail(err, WD_ERR_ARGUMENT, "latent %zu is not finite at its number %zu", i / s->one + 1,
                     i % s->one);
  return WD_OK;
}

/* Rows from position `from` to the end by levels; plan->steps is steps - from. */
static wd_status fill_rows(wd_sampler *s, int from, const int *timestep, const wd_sampler_plan *plan,
                           const wd_sampler_row *before, wd_error *err) {
  const wd_schedule *schedule = wd_denoiser_schedule(s->denoiser);
  wd_status st =
      wd_sampler_rows(schedule, plan->kind, plan->eta, s->steps - from, timestep, before, s->row + from, err);
  for (int k = from; k < s->steps && !st; k++) s->plan[k] = *plan;
  return st;
}

static wd_status spread(const wd_sampler *s, int start, int steps, int **out, wd_error *err) {
  int *timestep = wd_calloc((size_t)steps + 1, sizeof *timestep);
  if (!timestep) return no_memory(s, err);
  wd_status st = wd_sampler_spread(wd_denoiser_schedule(s->denoiser), start, steps, timestep, err);
  if (st) {
    wd_free(timestep);
    return st;
  }
  *out = timestep;
  return WD_OK;
}

/* Position 0. */
static wd_status first_latents(wd_sampler *s, const wd_sampler_desc *desc, wd_error *err) {
  float *x = wd_alloc(s->count, sizeof *x), *noise = wd_alloc(s->one, sizeof *noise);
  if (!x || !noise) {
    wd_free(x);
    wd_free(noise);
    return no_memory(s, err);
  }
  s->x[0] = x;
  if (desc->latents) memcpy(x, desc->latents, s->count * sizeof *x);
  for (int i = 0; i < s->n && (!desc->latents || desc->renoise); i++) {
    float *to = x + (size_t)i * s->one;
    wd_sampler_noise(s->seed[i], -1, s->one, noise);
    double alpha = s->row[0].alpha, sigma = s->row[0].sigma;
    for (size_t k = 0; k < s->one; k++)
      to[k] = desc->latents ? (float)(alpha * (double)to[k] + sigma * (double)noise[k]) : noise[k];
  }
  wd_free(noise);
  return WD_OK;
}

wd_status wd_sampler_create(wd_denoiser *denoiser, const wd_sampler_desc *desc, wd_sampler **out,
                            wd_error *err) {
  int last = wd_denoiser_schedule(denoiser)->timesteps, start = desc->start ? desc->start : last;
  int n = desc->n ? desc->n : 1, *timestep = NULL;
  if (n < 1 || n > 1 << 20)
    return wd_fail(err, WD_ERR_ARGUMENT, "a run of %d latents; 1 to %d are possible", n, 1 << 20);
  if (start < 1 || start > last)
    return wd_fail(err, WD_ERR_ARGUMENT, "sampling from timestep %d; the model has 0 to %d", start - 1,
                   last - 1);
  if (!desc->latents && (start != last || desc->renoise))
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "sampling from timestep %d wants latents to start from: noise stands for the last "
                   "timestep only",
                   start - 1);
  wd_sampler_plan plan = desc->plan;
  wd_sampler *s = NULL;
  wd_status st = check_plan(&plan, start, DEFAULT_STEPS, err);
  if (!st) st = make(denoiser, n, plan.steps, &s, err);
  if (st) return st;
  for (int i = 0; i < n; i++) {
    s->seed[i] = s->noise[i] = desc->seed ? desc->seed[i] : 0;
    s->family[i] = desc->family ? desc->family[i] : -1;
  }
  st = check_family(s, desc->family, err);
  if (!st) st = check_latents(s, desc->latents, err);
  if (!st) st = spread(s, start, plan.steps, &timestep, err);
  if (!st) st = fill_rows(s, 0, timestep, &plan, NULL, err);
  if (!st) st = first_latents(s, desc, err);
  wd_free(timestep);
  if (st) {
    wd_sampler_destroy(s);
    return st;
  }
  *out = s;
  return WD_OK;
}

static wd_status copy_slot(const wd_sampler *s, const float *from, float **to, wd_error *err) {
  if (!from) return WD_OK;
  *to = wd_alloc(s->count, sizeof **to);
  if (!*to) return no_memory(s, err);
  memcpy(*to, from, s->count * sizeof **to);
  return WD_OK;
}

/* The positions 0..at and the rows before `rows` of `from`, in a sampler with room for `steps` steps. */
static wd_status copy_past(const wd_sampler *from, int at, int rows, int steps, wd_sampler **out,
                           wd_error *err) {
  wd_sampler *s = NULL;
  wd_status st = make(from->denoiser, from->n, steps, &s, err);
  if (st) return st;
  memcpy(s->seed, from->seed, (size_t)s->n * sizeof *s->seed);
  memcpy(s->noise, from->noise, (size_t)s->n * sizeof *s->noise);
  memcpy(s->family, from->family, (size_t)s->n * sizeof *s->family);
  memcpy(s->row, from->row, (size_t)rows * sizeof *s->row);
  memcpy(s->plan, from->plan, (size_t)rows * sizeof *s->plan);
  s->at = at;
  for (int k = 0; k <= at && !st; k++) {
    st = copy_slot(s, from->x[k], &s->x[k], err);
    if (!st) st = copy_slot(s, from->estimate[k], &s->estimate[k], err);
  }
  if (st) {
    wd_sampler_destroy(s);
    return st;
  }
  *out = s;
  return WD_OK;
}

wd_status wd_sampler_copy(const wd_sampler *s, wd_sampler **out, wd_error *err) {
  return copy_past(s, s->at, s->steps, s->steps, out, err);
}

/* ---- going forward */

wd_status wd_sampler_look(wd_sampler *s, const wd_hooks *hooks, wd_error *err) {
  if (s->at == s->steps || s->estimate[s->at]) return WD_OK;
  int batch = wd_denoiser_batch(s->denoiser);
  int *timestep = wd_alloc((size_t)batch, sizeof *timestep);
  float *estimate = wd_alloc(s->count, sizeof *estimate);
  wd_status st = timestep && estimate ? WD_OK : no_memory(s, err);
  for (int i = 0; i < batch && !st; i++) timestep[i] = s->row[s->at].timestep;
  for (int first = 0; first < s->n && !st;) {
    int here = s->n - first < batch ? s->n - first : batch;
    size_t offset = (size_t)first * s->one;
    st = wd_denoiser_run(s->denoiser, here, s->x[s->at] + offset, timestep, s->family + first,
                         s->plan[s->at].guidance, estimate + offset, NULL, hooks, err);
    first += here;
    if (!st) wd_hooks_progress(hooks, (double)first / s->n);
  }
  wd_free(timestep);
  if (st) {
    wd_free(estimate);
    return st;
  }
  s->estimate[s->at] = estimate;
  return WD_OK;
}

wd_status wd_sampler_step(wd_sampler *s, const wd_hooks *hooks, wd_error *err) {
  int k = s->at;
  if (k == s->steps) return wd_fail(err, WD_ERR_ARGUMENT, "the run has ended, after %d steps", k);
  const wd_sampler_row *row = &s->row[k];
  float *x = wd_alloc(s->count, sizeof *x), *z = wd_alloc(s->one, sizeof *z);
  wd_status st = x && z ? wd_sampler_look(s, hooks, err) : no_memory(s, err);
  if (!st) memcpy(x, s->x[k], s->count * sizeof *x);
  for (int i = 0; i < s->n && !st; i++) {
    size_t offset = (size_t)i * s->one;
    if (row->d != 0) wd_sampler_noise(s->noise[i], k, s->one, z);
    wd_sampler_apply(row, x + offset, s->estimate[k] + offset,
                     k > 0 && s->estimate[k - 1] ? s->estimate[k - 1] + offset : NULL, z, s->one);
    for (size_t c = 0; c < s->one && !st; c++)
      if (!isfinite(x[offset + c]))
        st = wd_fail(err, WD_ERR_DIVERGED, "seed %llu left the finite numbers in step %d (timestep %d)",
                     (unsigned long long)s->seed[i], k + 1, row->timestep);
  }
  wd_free(z);
  if (st) {
    wd_free(x);
    return st;
  }
  s->x[k + 1] = x;
  s->at = k + 1;
  return WD_OK;
}

wd_status wd_sampler_run(wd_sampler *s, int to, const wd_hooks *hooks, wd_error *err) {
  if (to > s->steps) to = s->steps;
  int from = s->at;
  wd_status st = WD_OK;
  while (s->at < to && !st) {
    wd_hooks_part part;
    st = wd_sampler_step(
        s, wd_hooks_part_of(&part, hooks, (double)(s->at - from) / (to - from), 1.0 / (to - from)), err);
  }
  return st;
}

/* ---- adopting what was recorded */

static wd_status check_record(const wd_sampler *s, int k, const float *value, const char *what, bool may_miss,
                              wd_error *err) {
  if (!value)
    return may_miss ? WD_OK : wd_fail(err, WD_ERR_ARGUMENT, "the record has no %s at position %d", what, k);
  for (size_t i = 0; i < s->count; i++)
    if (!isfinite(value[i]))
      return wd_fail(err, WD_ERR_ARGUMENT, "the record's %s at position %d is not finite", what, k);
  return WD_OK;
}

wd_status wd_sampler_restore(wd_sampler *s, int to, const float *const *latents,
                             const float *const *estimates, wd_error *err) {
  if (to < s->at || to > s->steps)
    return wd_fail(err, WD_ERR_ARGUMENT, "a record up to position %d of a run that stands at %d of %d", to,
                   s->at, s->steps);
  wd_status st = WD_OK;
  for (int k = s->at; k <= to && !st; k++) {
    st = check_record(s, k, latents[k], "latent", false, err);
    if (!st && k < s->steps) st = check_record(s, k, estimates[k], "estimate", k == to, err);
  }
  if (st) return st;
  wd_sampler *made = NULL; /* copied whole, so that a lack of memory leaves the sampler as it was */
  st = copy_past(s, s->at, s->steps, s->steps, &made, err);
  for (int k = s->at; k <= to && !st; k++) {
    drop(&made->x[k]);
    drop(&made->estimate[k]);
    st = copy_slot(made, latents[k], &made->x[k], err);
    if (!st && k < s->steps) st = copy_slot(made, estimates[k], &made->estimate[k], err);
  }
  if (st) {
    wd_sampler_destroy(made);
    return st;
  }
  made->at = to;
  wd_sampler old = *s;
  *s = *made;
  *made = old;
  wd_sampler_destroy(made);
  return WD_OK;
}

/* ---- going back */

static wd_status check_position(const wd_sampler *s, int k, wd_error *err) {
  if (k >= 0 && k <= s->at) return WD_OK;
  return wd_fail(err, WD_ERR_ARGUMENT, "position %d of a run that stands at %d", k, s->at);
}

wd_status wd_sampler_rewind(wd_sampler *s, int k, wd_error *err) {
  wd_status st = check_position(s, k, err);
  if (st) return st;
  if (k == s->at) return WD_OK;
  free_positions(s, k + 1); /* the estimate at k stands: it follows from x at k */
  s->at = k;
  return WD_OK;
}

/* The rows of `made` from k on, where `from` is what it was branched off. */
static wd_status branch_rows(const wd_sampler *from, wd_sampler *made, int k,
                             const wd_sampler_branch_desc *desc, const wd_sampler_plan *plan, wd_error *err) {
  /* The multistep method goes on from the estimate before only where the path is the same. */
  const wd_sampler_row *before = k > 0 && !desc->latents && from->estimate[k - 1] ? &from->row[k - 1] : NULL;
  int steps = made->steps - k, *timestep = NULL;
  wd_status st = WD_OK;
  if (steps == from->steps - k) {
    timestep = wd_calloc((size_t)steps + 1, sizeof *timestep);
    if (!timestep) return no_memory(made, err);
    for (int i = 0; i <= steps; i++) timestep[i] = wd_sampler_get_level(from, k + i).timestep;
  } else {
    st = spread(made, from->row[k].timestep + 1, steps, &timestep, err);
  }
  if (!st && plan) {
    st = fill_rows(made, k, timestep, plan, before, err);
  } else if (!st && desc->latents) { /* as planned, but the first step is of first order */
    st = wd_sampler_rows(wd_denoiser_schedule(made->denoiser), from->plan[k].kind, from->plan[k].eta, 1,
                         timestep, NULL, &made->row[k], err);
  }
  wd_free(timestep);
  return st;
}

wd_status wd_sampler_branch(wd_sampler *s, int k, const wd_sampler_branch_desc *desc, wd_error *err) {
  wd_status st = check_position(s, k, err);
  if (!st && k == s->steps)
    st = wd_fail(err, WD_ERR_ARGUMENT,
                 "a branch at the data, after %d steps: nothing is left to sample; noise it again to some "
                 "level instead",
                 k);
  if (!st) st = check_family(s, desc->family, err);
  if (!st) st = check_latents(s, desc->latents, err);
  wd_sampler_plan plan = {0};
  int steps = s->steps;
  if (!st && desc->plan) {
    plan = *desc->plan;
    st = check_plan(&plan, s->row[k].timestep + 1, s->steps - k, err);
    steps = k + plan.steps;
  }
  wd_sampler *made = NULL;
  if (!st) st = copy_past(s, k, desc->plan ? k : s->steps, steps, &made, err);
  if (st) return st;
  st = branch_rows(s, made, k, desc, desc->plan ? &plan : NULL, err);
  if (st) {
    wd_sampler_destroy(made);
    return st;
  }
  bool other = desc->latents != NULL; /* the estimate at k must be made anew */
  if (desc->latents) memcpy(made->x[k], desc->latents, s->count * sizeof *desc->latents);
  for (int i = 0; i < s->n; i++) {
    if (desc->family) {
      other = other || desc->family[i] != made->family[i];
      made->family[i] = desc->family[i];
    }
    if (desc->noise) made->noise[i] = desc->noise[i];
  }
  if (made->plan[k].guidance != s->plan[k].guidance) other = true;
  if (other) drop(&made->estimate[k]);
  /* The new recording takes the old one's place under its address. */
  wd_sampler old = *s;
  *s = *made;
  *made = old;
  wd_sampler_destroy(made);
  return WD_OK;
}

/* ---- what there is to see */

int wd_sampler_count(const wd_sampler *s) {
  return s->n;
}

int wd_sampler_at(const wd_sampler *s) {
  return s->at;
}

int wd_sampler_steps(const wd_sampler *s) {
  return s->steps;
}

bool wd_sampler_done(const wd_sampler *s) {
  return s->at == s->steps;
}

wd_denoiser *wd_sampler_denoiser(const wd_sampler *s) {
  return s->denoiser;
}

uint64_t wd_sampler_seed(const wd_sampler *s, int i) {
  return s->seed[i];
}

int wd_sampler_family(const wd_sampler *s, int i) {
  return s->family[i];
}

wd_sampler_level wd_sampler_get_level(const wd_sampler *s, int k) {
  if (k >= s->steps) return (wd_sampler_level){-1, 1, 0, INFINITY};
  const wd_sampler_row *r = &s->row[k < 0 ? 0 : k];
  return (wd_sampler_level){r->timestep, r->alpha, r->sigma, wd_log_snr(r->alpha, r->sigma)};
}

wd_sampler_plan wd_sampler_get_plan(const wd_sampler *s, int k) {
  return s->plan[k < 0 ? 0 : k < s->steps ? k : s->steps - 1];
}

const float *wd_sampler_latents(const wd_sampler *s, int k) {
  return k >= 0 && k <= s->at ? s->x[k] : NULL;
}

const float *wd_sampler_estimates(const wd_sampler *s, int k) {
  if (k < 0 || k > s->at) return NULL;
  return k == s->steps ? s->x[k] : s->estimate[k];
}
