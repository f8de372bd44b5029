#include "model/refine.h"

#include "solver/memory.h"

#include <math.h>
#include <string.h>

struct wd_refine {
  wd_model *model;
  wd_refine_desc desc;
  int n;
  size_t count; /* floats of all n latents */
  wd_latent_residual *residual;
  bool current; /* the residual was last evaluated at the latest step and can be differentiated */
  int steps, room;
  float **latents;           /* room: a block of all n for each step */
  wd_refine_record **record; /* likewise */
  double *m, *v;             /* moments */
  double *new_m, *new_v;     /* of a step that may yet fail */
  float *gradient;
};

static void defaults(wd_refine_desc *d) {
  if (!d->rate) d->rate = WD_REFINE_RATE;
  if (!d->beta1) d->beta1 = 0.9;
  if (!d->beta2) d->beta2 = 0.999;
  if (!d->epsilon) d->epsilon = 1e-12;
}

static bool within(double x, double lo, double hi) {
  return x >= lo && x < hi;
}

wd_status wd_refine_create(wd_model *model, int n, const float *latents, const wd_refine_desc *desc,
                           wd_refine **out, wd_error *err) {
  wd_refine_desc d = desc ? *desc : (wd_refine_desc){0};
  defaults(&d);
  if (!(d.rate > 0) || !isfinite(d.rate) || !within(d.beta1, 0, 1) || !within(d.beta2, 0, 1) ||
      !(d.epsilon > 0))
    return wd_fail(err, WD_ERR_ARGUMENT, "refinement with rate %g, moments %g and %g, epsilon %g", d.rate,
                   d.beta1, d.beta2, d.epsilon);
  if (n < 1) return wd_fail(err, WD_ERR_ARGUMENT, "refinement of %d latents", n);
  size_t count = (size_t)n * (size_t)wd_model_latent(model).count;
  for (size_t k = 0; k < count; k++)
    if (!isfinite(latents[k]))
      return wd_fail(err, WD_ERR_ARGUMENT, "latent %zu holds a value that is not finite",
                     k / (size_t)wd_model_latent(model).count);
  wd_refine *r = wd_calloc(1, sizeof *r);
  if (!r) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a refinement");
  *r = (wd_refine){.model = model, .desc = d, .n = n, .count = count, .steps = -1, .room = 1};
  r->latents = wd_calloc(1, sizeof *r->latents);
  r->record = wd_calloc(1, sizeof *r->record);
  r->m = wd_calloc(count, sizeof *r->m);
  r->v = wd_calloc(count, sizeof *r->v);
  r->new_m = wd_calloc(count, sizeof *r->new_m);
  r->new_v = wd_calloc(count, sizeof *r->new_v);
  r->gradient = wd_calloc(count, sizeof *r->gradient);
  if (r->latents) r->latents[0] = wd_calloc(count, sizeof **r->latents);
  if (r->record) r->record[0] = wd_calloc((size_t)n, sizeof **r->record);
  wd_status st = WD_OK;
  if (!r->latents || !r->latents[0] || !r->record || !r->record[0] || !r->m || !r->v || !r->new_m ||
      !r->new_v || !r->gradient)
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory to refine %d latents", n);
  if (!st) memcpy(r->latents[0], latents, count * sizeof *latents);
  if (!st) st = wd_latent_residual_create(model, n, &d.residual, &r->residual, err);
  if (st) {
    wd_refine_destroy(r);
    return st;
  }
  *out = r;
  return WD_OK;
}

void wd_refine_destroy(wd_refine *r) {
  if (!r) return;
  wd_latent_residual_destroy(r->residual);
  for (int k = 0; k < r->room; k++) {
    if (r->latents) wd_free(r->latents[k]);
    if (r->record) wd_free(r->record[k]);
  }
  wd_free(r->latents);
  wd_free(r->record);
  wd_free(r->m);
  wd_free(r->v);
  wd_free(r->new_m);
  wd_free(r->new_v);
  wd_free(r->gradient);
  wd_free(r);
}

/* Decodes, simulates and measures latents into the records of a step. */
static wd_status measure(wd_refine *r, const float *latents, wd_refine_record *record, const wd_hooks *hooks,
                         wd_error *err) {
  double *objective = wd_calloc((size_t)r->n, sizeof *objective);
  wd_measure *all = wd_calloc((size_t)r->n, sizeof *all);
  wd_status st = objective && all ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d measures", r->n);
  r->current = false;
  if (!st) st = wd_latent_residual_evaluate(r->residual, latents, objective, all, hooks, err);
  for (int i = 0; i < r->n && !st; i++)
    record[i] = (wd_refine_record){.objective = objective[i],
                                   .denominator = wd_latent_residual_denominator(r->residual, i),
                                   .denominator_now = wd_latent_residual_denominator_now(r->residual, i),
                                   .measure = all[i]};
  wd_free(objective);
  wd_free(all);
  return st;
}

/* Room for one more step; what is there stays. */
static wd_status grow(wd_refine *r, wd_error *err) {
  int wanted = r->steps + 2;
  if (wanted <= r->room) return WD_OK;
  int room = 2 * wanted;
  float **latents = wd_calloc((size_t)room, sizeof *latents);
  wd_refine_record **record = wd_calloc((size_t)room, sizeof *record);
  if (!latents || !record) {
    wd_free(latents);
    wd_free(record);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for another step");
  }
  memcpy(latents, r->latents, (size_t)r->room * sizeof *latents);
  memcpy(record, r->record, (size_t)r->room * sizeof *record);
  wd_free(r->latents);
  wd_free(r->record);
  r->latents = latents;
  r->record = record;
  r->room = room;
  return WD_OK;
}

wd_status wd_refine_start(wd_refine *r, const wd_hooks *hooks, wd_error *err) {
  if (r->steps >= 0) return WD_OK;
  wd_status st = measure(r, r->latents[0], r->record[0], hooks, err);
  for (int i = 0; i < r->n && !st; i++)
    if (!(r->record[0][i].denominator_now > 0))
      st = wd_fail(err, WD_ERR_ARGUMENT,
                   "latent %d decodes to a map with nothing to measure against: its denominator is %g", i,
                   r->record[0][i].denominator_now);
  if (!st) st = wd_latent_residual_freeze(r->residual, err);
  if (st) return st;
  r->current = true;
  r->steps = 0;
  return WD_OK;
}

/* New moments and latents from r->gradient. */
static void move(wd_refine *r, float *to) {
  const wd_refine_desc *d = &r->desc;
  const float *from = r->latents[r->steps];
  double k = r->steps + 1, c1 = 1 - pow(d->beta1, k), c2 = 1 - pow(d->beta2, k);
  for (size_t i = 0; i < r->count; i++) {
    double g = r->gradient[i];
    r->new_m[i] = d->beta1 * r->m[i] + (1 - d->beta1) * g;
    r->new_v[i] = d->beta2 * r->v[i] + (1 - d->beta2) * g * g;
    to[i] = (float)((double)from[i] - d->rate * (r->new_m[i] / c1) / (sqrt(r->new_v[i] / c2) + d->epsilon));
  }
}

wd_status wd_refine_step(wd_refine *r, const wd_hooks *hooks, wd_error *err) {
  wd_status st = wd_refine_start(r, hooks, err);
  if (!st) st = grow(r, err);
  if (st) return st;
  wd_hooks_part parts[2];
  const wd_hooks *backward = wd_hooks_part_of(&parts[0], hooks, 0, 0.6);
  const wd_hooks *forward = wd_hooks_part_of(&parts[1], hooks, 0.6, 0.4);
  int next = r->steps + 1;
  if (!r->latents[next]) r->latents[next] = wd_calloc(r->count, sizeof **r->latents);
  if (!r->record[next]) r->record[next] = wd_calloc((size_t)r->n, sizeof **r->record);
  if (!r->latents[next] || !r->record[next])
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for another step");
  /* After a step that was cancelled halfway the residual stands elsewhere. */
  if (!r->current) {
    st = measure(r, r->latents[r->steps], r->record[next], backward, err);
    r->current = !st;
  }
  if (!st) st = wd_latent_residual_gradient(r->residual, r->gradient, backward, err);
  r->current = false;
  if (!st) {
    move(r, r->latents[next]);
    st = measure(r, r->latents[next], r->record[next], forward, err);
  }
  if (st) return st;
  double *swap = r->m;
  r->m = r->new_m;
  r->new_m = swap;
  swap = r->v;
  r->v = r->new_v;
  r->new_v = swap;
  r->current = true;
  r->steps = next;
  return WD_OK;
}

int wd_refine_count(const wd_refine *r) {
  return r->n;
}
int wd_refine_steps(const wd_refine *r) {
  return r->steps;
}
const float *wd_refine_latents(const wd_refine *r, int step) {
  return step >= 0 && step <= (r->steps < 0 ? 0 : r->steps) ? r->latents[step] : NULL;
}
const wd_refine_record *wd_refine_get(const wd_refine *r, int step, int i) {
  return step >= 0 && step <= r->steps && i >= 0 && i < r->n ? &r->record[step][i] : NULL;
}
const wd_refine_desc *wd_refine_get_desc(const wd_refine *r) {
  return &r->desc;
}
const wd_latent_residual *wd_refine_residual(const wd_refine *r) {
  return r->residual;
}
