/* What things cost on this machine: one latent, one step, one pair; and the memory of the whole process. */
#include "model/evaluate_impl.h"

#include "solver/memory.h"
#include "solver/reflection.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { RUNS = 7 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

typedef struct timed {
  wd_evaluation *e;
  wd_encoder *encoder;
  wd_decoder *decoder;
  wd_denoiser *denoiser;
  int timestep;
} timed;

static wd_status encode(timed *t, const wd_hooks *hooks, wd_error *err) {
  const float *velocity = t->e->result.velocity, *coded = t->e->result.coded;
  return wd_encoder_run(t->encoder, 1, &velocity, &coded, t->e->latents, NULL, hooks, err);
}

static wd_status decode(timed *t, const wd_hooks *hooks, wd_error *err) {
  return wd_decoder_run(t->decoder, 1, t->e->latents, true, t->e->batch_velocity, t->e->batch_coded, NULL,
                        hooks, err);
}

static wd_status denoise(timed *t, const wd_hooks *hooks, wd_error *err) {
  return wd_denoiser_run(t->denoiser, 1, t->e->latents, &t->timestep, NULL, 0, t->e->batch_coded, NULL, hooks,
                         err);
}

static wd_status simulate(timed *t, const wd_hooks *hooks, wd_error *err) {
  const wd_survey *s = t->e->survey;
  wd_map map = {s->nz, s->nx, s->spacing, t->e->result.velocity};
  wd_gather gather = {0};
  wd_wave_desc wave = {.mode = t->e->desc.mode};
  wd_status st =
      wd_reflection_simulate(wd_model_device(t->e->model), s, &wave, &map, hooks, &gather, NULL, err);
  wd_gather_clear(&gather);
  return st;
}

/* Median of RUNS after one untimed. */
static wd_status clock_it(wd_status (*run)(timed *, const wd_hooks *, wd_error *), timed *t, double *out,
                          const wd_hooks *hooks, wd_error *err) {
  double seconds[RUNS];
  for (int i = -1; i < RUNS; i++) {
    double start = now();
    wd_status st = run(t, hooks, err);
    if (st) return st;
    if (i >= 0) seconds[i] = now() - start;
  }
  qsort(seconds, RUNS, sizeof *seconds, ascending);
  *out = seconds[RUNS / 2];
  return WD_OK;
}

wd_status wd_evaluate_cost(wd_evaluation *e, const wd_hooks *hooks, wd_error *err) {
  if (!e->result.coded) return wd_fail(err, WD_ERR_ARGUMENT, "the test pairs come first");
  timed t = {.e = e};
  const wd_hooks quiet = {.cancel = hooks ? hooks->cancel : NULL};
  wd_coder_desc one = {.batch = 1, .precision = e->desc.precision};
  wd_status st = wd_encoder_create(e->model, &one, &t.encoder, err);
  if (!st) st = wd_decoder_create(e->model, &one, &t.decoder, err);
  if (!st && e->denoiser) st = wd_denoiser_create(e->model, &one, &t.denoiser, err);
  if (t.denoiser) t.timestep = wd_denoiser_schedule(t.denoiser)->timesteps / 2;
  if (!st) st = clock_it(encode, &t, &e->cost.encode, &quiet, err);
  wd_hooks_progress(hooks, 0.25);
  if (!st) st = clock_it(decode, &t, &e->cost.decode, &quiet, err);
  wd_hooks_progress(hooks, 0.5);
  if (!st && t.denoiser) st = clock_it(denoise, &t, &e->cost.denoise, &quiet, err);
  wd_hooks_progress(hooks, 0.75);
  if (!st) st = clock_it(simulate, &t, &e->cost.simulate, &quiet, err);
  struct rusage usage;
  if (!getrusage(RUSAGE_SELF, &usage)) e->cost.memory = 1024.0 * (double)usage.ru_maxrss;
  wd_encoder_destroy(t.encoder);
  wd_decoder_destroy(t.decoder);
  wd_denoiser_destroy(t.denoiser);
  return st;
}
