/* The denoiser and the sampler object, on a small model with random weights: a recording is what its rows
 * say; a run stopped, taken back, copied or branched equals one that was not; a latent does not depend on its
 * company; samplers agree as steps grow; guidance; devices against the reference. (Schedules and rows against
 * closed forms: test_schedule.c.) */
#include "model/sampler.h"
#include "tests/model/small_model.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ONE = 4 * 2 * 2 };

static void stop_on(wd_status st, const wd_error *err, const char *what) {
  if (!st) return;
  printf("Bail out! %s: %s\n", what, err->message);
  exit(1);
}

/* A model on a device with a denoiser for `batch`. */
typedef struct bed {
  wd_device *device;
  wd_model *model;
  wd_denoiser *denoiser;
} bed;

static bool lay(bed *b, const char *spec, int batch, int timesteps) {
  wd_error err = {0};
  *b = (bed){0};
  wd_model_config c = small_model_config();
  if (timesteps) c.stage2.timesteps = timesteps;
  if (wd_device_open(spec, &b->device, &err)) {
    tap_skip("%s: %s", spec, err.message);
    return false;
  }
  wd_status st = wd_model_create(b->device, &c, 3, false, &b->model, &err);
  if (st == WD_ERR_UNSUPPORTED) {
    tap_skip("%s: %s", spec, err.message);
    wd_device_close(b->device);
    return false;
  }
  stop_on(st, &err, "model");
  stop_on(small_model_draw(b->model, 5, &err), &err, "weights");
  stop_on(wd_denoiser_create(b->model, &(wd_coder_desc){.batch = batch}, &b->denoiser, &err), &err,
          "denoiser");
  return true;
}

static void clear(bed *b) {
  wd_denoiser_destroy(b->denoiser);
  wd_model_close(b->model);
  wd_device_close(b->device);
}

static wd_sampler *start(bed *b, const wd_sampler_desc *desc) {
  wd_error err = {0};
  wd_sampler *s = NULL;
  stop_on(wd_sampler_create(b->denoiser, desc, &s, &err), &err, "sampler");
  return s;
}

static void finish(wd_sampler *s) {
  wd_error err = {0};
  stop_on(wd_sampler_run(s, 1 << 20, NULL, &err), &err, "run");
}

static bool same(const float *a, const float *b, int n) {
  return a && b && memcmp(a, b, (size_t)n * ONE * sizeof *a) == 0;
}

/* Every position of one recording against another's, latents and estimates. */
static bool same_recording(const wd_sampler *a, const wd_sampler *b) {
  bool all = wd_sampler_at(a) == wd_sampler_at(b) && wd_sampler_steps(a) == wd_sampler_steps(b);
  for (int k = 0; k <= wd_sampler_at(a) && all; k++) {
    wd_sampler_level x = wd_sampler_get_level(a, k), y = wd_sampler_get_level(b, k);
    all = x.timestep == y.timestep && x.sigma == y.sigma &&
          same(wd_sampler_latents(a, k), wd_sampler_latents(b, k), wd_sampler_count(a)) &&
          same(wd_sampler_estimates(a, k), wd_sampler_estimates(b, k), wd_sampler_count(a));
  }
  return all;
}

static double distance(const float *a, const float *b, int n) {
  double d = 0, s = 0;
  for (int i = 0; i < n * ONE; i++) {
    d += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    s += (double)b[i] * (double)b[i];
  }
  return sqrt(d / s);
}

static const wd_sampler_plan plans[] = {{WD_SAMPLER_DPMPP_2M, 7, 0, 0},
                                        {WD_SAMPLER_DDIM, 7, 0, 0},
                                        {WD_SAMPLER_DDIM, 7, 0.6, 0},
                                        {WD_SAMPLER_DDPM, 7, 0, 0},
                                        {WD_SAMPLER_DPMPP_2M, 7, 0, 1.5}};
enum { PLANS = sizeof plans / sizeof *plans };
static const char *plan_name(const wd_sampler_plan *p, char text[64]) {
  snprintf(text, 64, "%s, eta %g, guidance %g", wd_sampler_name(p->kind), p->eta, p->guidance);
  return text;
}

static const uint64_t seeds[5] = {9, 3, 7, UINT64_C(1) << 63, 3};
static const int families[5] = {0, 4, -1, 9, 4};

/* The recording step by step from the denoiser and the rows, written out again. */
static void recording(bed *b, const wd_sampler_plan *plan) {
  wd_error err = {0};
  char name[64];
  enum { N = 3 };
  wd_sampler *s = start(b, &(wd_sampler_desc){.plan = *plan, .n = N, .seed = seeds, .family = families});
  const wd_schedule *schedule = wd_denoiser_schedule(b->denoiser);
  wd_sampler_row row[7];
  wd_sampler_table_desc d = {.kind = plan->kind, .steps = 7, .eta = plan->eta};
  stop_on(wd_sampler_table(schedule, &d, row, &err), &err, "table");
  bool begins = wd_sampler_at(s) == 0 && wd_sampler_steps(s) == 7 && !wd_sampler_estimates(s, 0) &&
                !wd_sampler_latents(s, 1);
  finish(s);
  float x[N * ONE], estimate[N * ONE], before[N * ONE], z[ONE];
  bool all = begins && wd_sampler_done(s);
  for (int i = 0; i < N; i++) wd_sampler_noise(seeds[i], -1, ONE, x + i * ONE);
  for (int k = 0; k < 7; k++) {
    all =
        all && same(wd_sampler_latents(s, k), x, N) && wd_sampler_get_level(s, k).timestep == row[k].timestep;
    for (int i = 0; i < N; i++) {
      float *xi = x + i * ONE, *ei = estimate + i * ONE;
      stop_on(wd_denoiser_run(b->denoiser, 1, xi, &row[k].timestep, &families[i], plan->guidance, ei, NULL,
                              NULL, &err),
              &err, "denoise");
      wd_sampler_noise(seeds[i], k, ONE, z);
      for (int j = 0; j < ONE; j++) {
        double sum = row[k].a * (double)xi[j] + row[k].b * (double)ei[j];
        if (row[k].c != 0) sum += row[k].c * (double)before[i * ONE + j];
        if (row[k].d != 0) sum += row[k].d * (double)z[j];
        xi[j] = (float)sum;
      }
    }
    all = all && same(wd_sampler_estimates(s, k), estimate, N);
    memcpy(before, estimate, sizeof before);
  }
  all = all && same(wd_sampler_latents(s, 7), x, N) && wd_sampler_estimates(s, 7) == wd_sampler_latents(s, 7);
  wd_sampler_level end = wd_sampler_get_level(s, 7);
  tap_ok(all && end.timestep == -1 && end.alpha == 1 && end.sigma == 0 && isinf(end.log_snr),
         "%s: every position is what the rows make of the one before", plan_name(plan, name));
  tap_ok(wd_sampler_step(s, NULL, &err) == WD_ERR_ARGUMENT && same(wd_sampler_latents(s, 7), x, N),
         "no step beyond the end: %s", err.message);
  wd_sampler_destroy(s);
}

/* Stopped, taken back, copied: the same bits. */
static void interrupted(bed *b, const wd_sampler_plan *plan) {
  wd_error err = {0};
  char name[64];
  wd_sampler_desc desc = {.plan = *plan, .n = 3, .seed = seeds, .family = families};
  wd_sampler *whole = start(b, &desc), *s = start(b, &desc), *copy = NULL;
  finish(whole);
  stop_on(wd_sampler_run(s, 5, NULL, &err), &err, "run");
  stop_on(wd_sampler_look(s, NULL, &err), &err, "look");
  bool looked = wd_sampler_estimates(s, 5) != NULL && wd_sampler_at(s) == 5;
  stop_on(wd_sampler_copy(s, &copy, &err), &err, "copy");
  stop_on(wd_sampler_rewind(s, 2, &err), &err, "rewind");
  bool forgot = !wd_sampler_latents(s, 3) && wd_sampler_estimates(s, 2);
  finish(s);
  tap_ok(looked && forgot && same_recording(whole, s),
         "%s: taken back from 5 to 2 and gone on: as uninterrupted", plan_name(plan, name));
  finish(copy);
  tap_ok(same_recording(whole, copy), "a copy made at 5 likewise");
  stop_on(wd_sampler_branch(s, 3, &(wd_sampler_branch_desc){.plan = plan}, &err), &err, "branch");
  wd_sampler_plan rest = *plan;
  rest.steps = 0;
  bool four = wd_sampler_steps(s) == 10; /* 3 + 7 */
  stop_on(wd_sampler_branch(s, 3, &(wd_sampler_branch_desc){.plan = &rest}, &err), &err, "branch");
  four = four && wd_sampler_steps(s) == 10;
  wd_sampler_destroy(s);
  s = copy;
  stop_on(wd_sampler_branch(s, 3, &(wd_sampler_branch_desc){.plan = &rest}, &err), &err, "branch");
  finish(s);
  tap_ok(four && same_recording(whole, s), "a branch at 3 with the plan there was: as uninterrupted");
  tap_ok(wd_sampler_rewind(s, 8, &err) == WD_ERR_ARGUMENT &&
             wd_sampler_rewind(s, -1, &err) == WD_ERR_ARGUMENT && wd_sampler_at(s) == 7,
         "positions that are not there: %s", err.message);
  tap_ok(wd_sampler_branch(s, 7, &(wd_sampler_branch_desc){.plan = plan}, &err) == WD_ERR_ARGUMENT &&
             same_recording(whole, s),
         "no branch at the data: %s", err.message);
  wd_sampler_destroy(s);
  wd_sampler_destroy(whole);
}

typedef struct stopper {
  atomic_bool cancel;
  double at;
} stopper;
static void stop_at(void *user, double fraction) {
  stopper *s = user;
  if (fraction >= s->at) atomic_store(&s->cancel, true);
}

static void cancelled(bed *b) {
  wd_error err = {0};
  wd_sampler_desc desc = {.plan = plans[3], .n = 3, .seed = seeds, .family = families};
  wd_sampler *whole = start(b, &desc), *s = start(b, &desc);
  finish(whole);
  stop_on(wd_sampler_run(s, 2, NULL, &err), &err, "run");
  /* Progress after the first of three latents: in the middle of a step. */
  stopper stop = {.at = 0.01};
  wd_hooks hooks = {&stop.cancel, stop_at, &stop};
  wd_status st = wd_sampler_step(s, &hooks, &err);
  tap_ok(st == WD_CANCELLED && wd_sampler_at(s) == 2 && !wd_sampler_estimates(s, 2) &&
             !wd_sampler_latents(s, 3),
         "cancelled in the middle of step 3: it stands at 2");
  stop = (stopper){.at = 0.5};
  st = wd_sampler_run(s, 7, &hooks, &err);
  int at = wd_sampler_at(s);
  tap_ok(st == WD_CANCELLED && at > 2 && at < 7, "a run cancelled half-way keeps its steps: it stands at %d",
         at);
  finish(s);
  tap_ok(same_recording(whole, s), "and goes on to what it would have been");
  wd_sampler_destroy(s);
  wd_sampler_destroy(whole);
}

static void branches(bed *b) {
  wd_error err = {0};
  wd_sampler_desc desc = {.plan = plans[0], .n = 3, .seed = seeds, .family = families};
  wd_sampler *whole = start(b, &desc), *s = NULL;
  finish(whole);
  const float *end = wd_sampler_latents(whole, 7);

  /* Another sampler with other steps: as a run of its own that starts there. */
  stop_on(wd_sampler_copy(whole, &s, &err), &err, "copy");
  wd_sampler_plan ddim = {WD_SAMPLER_DDIM, 9, 0, 0};
  stop_on(wd_sampler_branch(s, 3, &(wd_sampler_branch_desc){.plan = &ddim}, &err), &err, "branch");
  wd_sampler_level at = wd_sampler_get_level(s, 3);
  finish(s);
  wd_sampler *alone = start(b, &(wd_sampler_desc){.plan = ddim,
                                                  .n = 3,
                                                  .seed = seeds,
                                                  .family = families,
                                                  .latents = wd_sampler_latents(whole, 3),
                                                  .start = at.timestep + 1});
  finish(alone);
  tap_ok(wd_sampler_steps(s) == 12 && same(wd_sampler_latents(s, 12), wd_sampler_latents(alone, 9), 3),
         "a branch at 3 into 9 steps of ddim equals a run that starts there");
  tap_ok(same(wd_sampler_latents(s, 3), wd_sampler_latents(whole, 3), 3) &&
             wd_sampler_get_plan(s, 2).kind == WD_SAMPLER_DPMPP_2M &&
             wd_sampler_get_plan(s, 3).kind == WD_SAMPLER_DDIM && !same(wd_sampler_latents(s, 12), end, 3),
         "the past stays, the end is another");
  wd_sampler_destroy(alone);

  /* An edit. */
  float edited[3 * ONE];
  memcpy(edited, wd_sampler_latents(whole, 4), sizeof edited);
  edited[0] += 1; /* of the first latent only */
  stop_on(wd_sampler_rewind(s, 3, &err), &err, "rewind");
  wd_sampler_destroy(s);
  stop_on(wd_sampler_copy(whole, &s, &err), &err, "copy");
  stop_on(wd_sampler_branch(s, 4, &(wd_sampler_branch_desc){.latents = edited}, &err), &err, "branch");
  bool fresh = !wd_sampler_estimates(s, 4);
  finish(s);
  tap_ok(fresh && same(wd_sampler_latents(s, 4), edited, 3) && !same(wd_sampler_latents(s, 7), end, 1) &&
             distance(wd_sampler_latents(s, 7) + ONE, end + ONE, 2) < 0.5,
         "an edited latent is sampled on from; the others keep their way but for the order of one step");
  edited[5] = NAN;
  wd_sampler *before = NULL;
  stop_on(wd_sampler_copy(s, &before, &err), &err, "copy");
  tap_ok(wd_sampler_branch(s, 2, &(wd_sampler_branch_desc){.latents = edited}, &err) == WD_ERR_ARGUMENT &&
             same_recording(s, before),
         "an edit that is not finite is refused, all as before: %s", err.message);
  int odd[3] = {0, 10, 1};
  tap_ok(wd_sampler_branch(s, 2, &(wd_sampler_branch_desc){.family = odd}, &err) == WD_ERR_ARGUMENT &&
             same_recording(s, before),
         "a family that the model does not know likewise: %s", err.message);
  wd_sampler_plan many = {WD_SAMPLER_DDIM, 1000, 0, 0};
  tap_ok(wd_sampler_branch(s, 2, &(wd_sampler_branch_desc){.plan = &many}, &err) == WD_ERR_ARGUMENT &&
             same_recording(s, before),
         "more steps than timesteps likewise: %s", err.message);
  wd_sampler_destroy(before);

  /* Another label; another noise. */
  int other[3] = {1, 4, -1};
  wd_sampler_destroy(s);
  stop_on(wd_sampler_copy(whole, &s, &err), &err, "copy");
  stop_on(wd_sampler_branch(s, 2, &(wd_sampler_branch_desc){.family = other}, &err), &err, "branch");
  finish(s);
  tap_ok(wd_sampler_family(s, 0) == 1 && !same(wd_sampler_latents(s, 7), end, 1) &&
             same(wd_sampler_latents(s, 7) + ONE, end + ONE, 2),
         "another family for the first latent changes it and no other");
  wd_sampler_destroy(s);
  desc.plan = plans[3];
  s = start(b, &desc);
  finish(s);
  float ancestral[3 * ONE];
  memcpy(ancestral, wd_sampler_latents(s, 7), sizeof ancestral);
  stop_on(wd_sampler_branch(s, 5, &(wd_sampler_branch_desc){.noise = (uint64_t[]){9, 3, 8}}, &err), &err,
          "branch");
  finish(s);
  tap_ok(same(wd_sampler_latents(s, 7), ancestral, 2) &&
             !same(wd_sampler_latents(s, 7) + 2 * ONE, ancestral + 2 * ONE, 1),
         "other noise for the third latent changes it and no other");
  wd_sampler_destroy(s);
  wd_sampler_destroy(whole);
}

/* x_t and estimates of a recording, as a file would hold them. */
typedef struct record {
  int at;
  const float *x[64], *estimate[64];
} record;

static record record_of(const wd_sampler *s) {
  record r = {.at = wd_sampler_at(s)};
  for (int k = 0; k <= r.at; k++) {
    r.x[k] = wd_sampler_latents(s, k);
    r.estimate[k] = wd_sampler_estimates(s, k);
  }
  return r;
}

/* A branch of a branch of a run, each changed in plan, family, noise or latents, made anew out of the records
 * of an original that was interrupted: it continues to the same bits. */
static void restored(bed *b, const wd_sampler_plan *plan) {
  wd_error err = {0};
  char text[64];
  wd_sampler_desc desc = {.plan = *plan, .n = 3, .seed = seeds, .family = families};
  const wd_sampler_plan one = {WD_SAMPLER_DPMPP_2M, 9, 0, 0.5}, two = {WD_SAMPLER_DDPM, 4, 0, 0};
  const int other[3] = {1, 1, -1};
  const uint64_t noise[3] = {77, 78, 79};
  wd_sampler *run = start(b, &desc), *branch = NULL, *twig = NULL;
  stop_on(wd_sampler_run(run, 4, NULL, &err), &err, "run");
  stop_on(wd_sampler_look(run, NULL, &err), &err, "look");
  stop_on(wd_sampler_copy(run, &branch, &err), &err, "copy");
  const wd_sampler_branch_desc first = {.plan = &one, .family = other};
  stop_on(wd_sampler_branch(branch, 3, &first, &err), &err, "branch");
  stop_on(wd_sampler_run(branch, 8, NULL, &err), &err, "run");
  stop_on(wd_sampler_copy(branch, &twig, &err), &err, "copy");
  float *edited = wd_calloc(3 * ONE, sizeof *edited);
  for (int i = 0; i < 3 * ONE; i++) edited[i] = 0.9f * wd_sampler_latents(twig, 6)[i] + 0.1f;
  const wd_sampler_branch_desc second = {.plan = &two, .noise = noise, .latents = edited};
  stop_on(wd_sampler_branch(twig, 6, &second, &err), &err, "branch");
  stop_on(wd_sampler_run(twig, 8, NULL, &err), &err, "run");

  wd_sampler *again = start(b, &desc);
  record past = record_of(run);
  stop_on(wd_sampler_restore(again, past.at, past.x, past.estimate, &err), &err, "restore");
  tap_ok(same_recording(run, again), "%s: a run restored from its record is the run", plan_name(plan, text));
  wd_sampler *forth = NULL;
  stop_on(wd_sampler_copy(again, &forth, &err), &err, "copy");
  finish(run);
  finish(forth);
  tap_ok(same_recording(run, forth), "%s: and continues to the same bits", plan_name(plan, text));

  stop_on(wd_sampler_branch(again, 3, &first, &err), &err, "branch");
  past = record_of(branch);
  stop_on(wd_sampler_restore(again, past.at, past.x, past.estimate, &err), &err, "restore");
  stop_on(wd_sampler_branch(again, 6, &second, &err), &err, "branch");
  past = record_of(twig);
  past.estimate[past.at] = NULL; /* one that was not made yet */
  stop_on(wd_sampler_restore(again, past.at, past.x, past.estimate, &err), &err, "restore");
  finish(twig);
  finish(again);
  tap_ok(same_recording(twig, again), "%s: a branch of a branch, restored, continues to the same bits",
         plan_name(plan, text));

  wd_sampler *kept = start(b, &desc), *same_still = NULL;
  stop_on(wd_sampler_run(kept, 2, NULL, &err), &err, "run");
  stop_on(wd_sampler_look(kept, NULL, &err), &err, "look");
  stop_on(wd_sampler_copy(kept, &same_still, &err), &err, "copy");
  past = record_of(forth);
  past.estimate[3] = NULL;
  tap_ok(wd_sampler_restore(kept, 5, past.x, past.estimate, &err) == WD_ERR_ARGUMENT &&
             wd_sampler_restore(kept, 99, past.x, past.estimate, &err) == WD_ERR_ARGUMENT &&
             wd_sampler_restore(kept, 1, past.x, past.estimate, &err) == WD_ERR_ARGUMENT &&
             same_recording(kept, same_still),
         "a record with a gap, or beyond the ends, is refused and changes nothing");
  wd_free(edited);
  wd_sampler_destroy(run);
  wd_sampler_destroy(branch);
  wd_sampler_destroy(twig);
  wd_sampler_destroy(again);
  wd_sampler_destroy(forth);
  wd_sampler_destroy(kept);
  wd_sampler_destroy(same_still);
}

static void renoise(bed *b) {
  wd_error err = {0};
  float data[2 * ONE], noise[ONE], wanted[2 * ONE];
  wd_random_normals(8, 1, 0, 2 * ONE, data);
  wd_sampler_desc desc = {.plan = {WD_SAMPLER_DDIM, 5, 0, 0},
                          .n = 2,
                          .seed = seeds,
                          .latents = data,
                          .start = 40,
                          .renoise = true};
  wd_sampler *s = start(b, &desc);
  const wd_schedule *schedule = wd_denoiser_schedule(b->denoiser);
  for (int i = 0; i < 2; i++) {
    wd_sampler_noise(seeds[i], -1, ONE, noise);
    for (int k = 0; k < ONE; k++)
      wanted[i * ONE + k] =
          (float)(schedule->alpha[39] * (double)data[i * ONE + k] + schedule->sigma[39] * (double)noise[k]);
  }
  tap_ok(same(wd_sampler_latents(s, 0), wanted, 2) && wd_sampler_get_level(s, 0).timestep == 39,
         "data noised again to timestep 39 by the seeds' own noise");
  finish(s);
  desc.latents = wanted;
  desc.renoise = false;
  wd_sampler *t = start(b, &desc);
  finish(t);
  tap_ok(wd_sampler_done(s) && same_recording(s, t), "sampled on like any latents at that level");
  wd_sampler_destroy(s);
  wd_sampler_destroy(t);
  desc.start = 1;
  desc.plan.steps = 0;
  s = start(b, &desc);
  tap_ok(wd_sampler_steps(s) == 1, "from timestep 0 one step is all there is");
  wd_sampler_destroy(s);
  s = NULL;
  tap_ok(wd_sampler_create(b->denoiser, &(wd_sampler_desc){.start = 40}, &s, &err) == WD_ERR_ARGUMENT && !s,
         "noise at timestep 39: %s", err.message);
  tap_ok(wd_sampler_create(b->denoiser, &(wd_sampler_desc){.plan = {.steps = 101}}, &s, &err) ==
                 WD_ERR_ARGUMENT &&
             !s,
         "%s", err.message);
  tap_ok(wd_sampler_create(b->denoiser, &(wd_sampler_desc){.plan = {.kind = WD_SAMPLER_DDIM, .eta = 1.5}}, &s,
                           &err) == WD_ERR_ARGUMENT &&
             !s,
         "%s", err.message);
  tap_ok(wd_sampler_create(b->denoiser, &(wd_sampler_desc){.plan = {.guidance = NAN}}, &s, &err) ==
                 WD_ERR_ARGUMENT &&
             !s,
         "%s", err.message);
  tap_ok(wd_sampler_create(b->denoiser, &(wd_sampler_desc){.n = -1}, &s, &err) == WD_ERR_ARGUMENT && !s, "%s",
         err.message);
  data[3] = INFINITY;
  desc.latents = data;
  tap_ok(wd_sampler_create(b->denoiser, &desc, &s, &err) == WD_ERR_ARGUMENT && !s, "%s", err.message);
}

static void guidance(bed *b) {
  wd_error err = {0};
  float x[3 * ONE], labelled[3 * ONE], any[3 * ONE], guided[3 * ONE], estimate[3 * ONE], unused[ONE];
  wd_random_normals(8, 2, 0, 3 * ONE, x);
  int t[3] = {90, 5, 40};
  for (int i = 0; i < 3; i++) {
    stop_on(wd_denoiser_run(b->denoiser, 1, x + i * ONE, t + i, families + i, 0, unused, labelled + i * ONE,
                            NULL, &err),
            &err, "run");
    stop_on(wd_denoiser_run(b->denoiser, 1, x + i * ONE, t + i, NULL, 2, unused, any + i * ONE, NULL, &err),
            &err, "run");
    stop_on(wd_denoiser_run(b->denoiser, 1, x + i * ONE, t + i, families + i, 2, estimate + i * ONE,
                            guided + i * ONE, NULL, &err),
            &err, "run");
  }
  const wd_schedule *s = wd_denoiser_schedule(b->denoiser);
  double worst = 0, off = 0;
  for (int k = 0; k < 2 * ONE; k++) { /* the first two have labels */
    double want = (double)any[k] + 3 * ((double)labelled[k] - (double)any[k]);
    worst = fmax(worst, fabs((double)guided[k] - want));
    double x0 = s->alpha[t[k / ONE]] * (double)x[k] - s->sigma[t[k / ONE]] * (double)guided[k];
    off = fmax(off, fabs((double)estimate[k] - x0));
  }
  tap_at_most(worst, 1e-5, "guidance 2 is any + 3 (labelled - any), off by");
  tap_at_most(off, 1e-6, "the estimate is alpha x - sigma v, off by");
  tap_ok(!same(labelled, any, 1) && same(guided + 2 * ONE, any + 2 * ONE, 1),
         "labels matter; without one, guidance does nothing");
  int late = 100, family = 10;
  tap_ok(wd_denoiser_run(b->denoiser, 1, x, &late, NULL, 0, estimate, NULL, NULL, &err) == WD_ERR_ARGUMENT,
         "%s", err.message);
  tap_ok(wd_denoiser_run(b->denoiser, 1, x, t, &family, 0, estimate, NULL, NULL, &err) == WD_ERR_ARGUMENT,
         "%s", err.message);
  x[0] = NAN;
  estimate[0] = 77;
  tap_ok(wd_denoiser_run(b->denoiser, 1, x, t, NULL, 0, estimate, NULL, NULL, &err) == WD_ERR_DIVERGED &&
             estimate[0] == 77,
         "%s", err.message);
}

/* A latent comes out the same alone and among others, and for any batch of the denoiser. */
static void company(const char *spec) {
  float alone[5 * ONE];
  for (int batch = 1; batch <= 4; batch++) {
    bed b;
    if (!lay(&b, spec, batch, 0)) return;
    wd_sampler_desc desc = {.plan = plans[4], .n = 5, .seed = seeds, .family = families};
    wd_sampler *s = start(&b, &desc);
    finish(s);
    const float *all = wd_sampler_latents(s, 7);
    bool equal = same(all + ONE, all + 4 * ONE, 1); /* the same seed and family twice */
    float one[5 * ONE];
    for (int i = 0; i < 5; i++) {
      desc.n = 1;
      desc.seed = seeds + i;
      desc.family = families + i;
      wd_sampler *t = start(&b, &desc);
      finish(t);
      memcpy(one + i * ONE, wd_sampler_latents(t, 7), ONE * sizeof *one);
      wd_sampler_destroy(t);
    }
    tap_ok(equal && same(all, one, 5), "%s, batch %d: five seeds together are each what they are alone", spec,
           batch);
    if (batch == 1) memcpy(alone, one, sizeof alone);
    if (batch > 1) tap_at_most(distance(one, alone, 5), 1e-5, "from batch to batch they differ by");
    wd_sampler_destroy(s);
    clear(&b);
  }
}

/* "Same seed, same kind of device, same bytes" holds on any number of cores: the default network, whose
 * shapes take the paths of real use, on several numbers of threads. Another batch may sum in another order.
 */
static void threads(void) {
  wd_error err = {0};
  float *first[2] = {NULL}, *x = NULL, *y = NULL;
  size_t one = 0;
  static const int t[4] = {800, 10, 500, 3};
  for (int threads = 1; threads <= 3; threads++)
    for (int k = 0; k < 2; k++) {
      int batch = k ? 4 : 1;
      char spec[16];
      snprintf(spec, sizeof spec, "cpu:%d", threads);
      bed b = {0};
      stop_on(wd_device_open(spec, &b.device, &err), &err, spec);
      stop_on(wd_model_create(b.device, NULL, 3, false, &b.model, &err), &err, "model");
      stop_on(small_model_draw(b.model, 5, &err), &err, "weights");
      stop_on(wd_denoiser_create(b.model, &(wd_coder_desc){.batch = batch}, &b.denoiser, &err), &err,
              "denoiser");
      if (!x) {
        one = (size_t)wd_model_latent(b.model).count;
        for (int i = 0; i < 2; i++) first[i] = wd_calloc(4 * one, sizeof *x);
        x = wd_calloc(4 * one, sizeof *x);
        y = wd_calloc(4 * one, sizeof *y);
        wd_random_normals(8, 3, 0, 4 * one, x);
      }
      for (int i = 0; i < 4; i += batch)
        stop_on(wd_denoiser_run(b.denoiser, batch, x + (size_t)i * one, t + i, families + i, 1,
                                y + (size_t)i * one, NULL, NULL, &err),
                &err, "denoise");
      if (threads == 1)
        memcpy(first[k], y, 4 * one * sizeof *y);
      else
        tap_ok(memcmp(first[k], y, 4 * one * sizeof *y) == 0,
               "the default denoiser on %s in batches of %d: the bits of one thread", spec, batch);
      clear(&b);
    }
  double d = 0, sum = 0;
  for (size_t i = 0; i < 4 * one; i++) {
    d += pow((double)first[1][i] - (double)first[0][i], 2);
    sum += pow((double)first[0][i], 2);
  }
  tap_at_most(sqrt(d / sum), 1e-5, "batches of 4 against single latents differ by");
  for (int i = 0; i < 2; i++) wd_free(first[i]);
  wd_free(x);
  wd_free(y);
}

static void against_reference(const char *spec) {
  bed r, b;
  if (!lay(&b, spec, 2, 0)) return;
  lay(&r, "reference", 1, 0);
  for (int p = 0; p < PLANS; p++) {
    wd_sampler_desc desc = {.plan = plans[p], .n = 4, .seed = seeds, .family = families};
    desc.plan.steps = 16;
    wd_sampler *x = start(&r, &desc), *y = start(&b, &desc);
    bool noise = same(wd_sampler_latents(x, 0), wd_sampler_latents(y, 0), 4);
    finish(x);
    finish(y);
    char name[64];
    double d = distance(wd_sampler_latents(y, 16), wd_sampler_latents(x, 16), 4);
    tap_ok(
        noise && d <= 1e-4,
        "%s, %s: the same noise to the bit, and after 16 steps within %.1e of the reference (at most 1e-4)",
        spec, plan_name(&plans[p], name), d);
    wd_sampler_destroy(x);
    wd_sampler_destroy(y);
  }
  clear(&r);
  clear(&b);
}

/* Both deterministic samplers go to the same end as steps grow; the one of second order sooner. The network's
 * own dependence on the timestep is made gentle, as training would have it: a random one is rough. */
static void convergence(void) {
  bed b;
  wd_error err = {0};
  lay(&b, "reference", 1, 1000);
  wd_params *p = wd_model_params(b.model, WD_STAGE2);
  int index = wd_params_find(p, "denoiser.time0.weight");
  float *zero = wd_calloc(p->param[index].count, sizeof *zero);
  stop_on(wd_params_set(p, index, zero, &err), &err, "weights");
  wd_params_changed(p);
  wd_free(zero);
  wd_sampler_desc desc = {.plan = {WD_SAMPLER_DPMPP_2M, 1000, 0, 0}, .n = 3, .seed = seeds};
  wd_sampler *truth = start(&b, &desc);
  finish(truth);
  static const int steps[4] = {10, 30, 100, 300};
  double error[2][4];
  for (int kind = 0; kind < 2; kind++)
    for (int i = 0; i < 4; i++) {
      desc.plan = (wd_sampler_plan){kind ? WD_SAMPLER_DDIM : WD_SAMPLER_DPMPP_2M, steps[i], 0, 0};
      wd_sampler *s = start(&b, &desc);
      finish(s);
      error[kind][i] = distance(wd_sampler_latents(s, steps[i]), wd_sampler_latents(truth, 1000), 3);
      wd_sampler_destroy(s);
    }
  for (int kind = 0; kind < 2; kind++) {
    const double *e = error[kind];
    tap_ok(e[1] < e[0] && e[2] < e[1] && e[3] <= e[2] && e[3] < 0.05 * e[0],
           "%s: %.2g, %.2g, %.2g, %.2g from 1000 steps of dpmpp-2m after 10, 30, 100, 300",
           wd_sampler_name(kind ? WD_SAMPLER_DDIM : WD_SAMPLER_DPMPP_2M), e[0], e[1], e[2], e[3]);
  }
  tap_ok(error[0][1] < error[1][1], "the second order is nearer at 30 steps");
  wd_sampler_destroy(truth);
  clear(&b);
}

static void without_stage2(void) {
  bed b;
  wd_error err = {0};
  char folder[] = "/tmp/wd-sampler-XXXXXX";
  lay(&b, "reference", 1, 0);
  if (!mkdtemp(folder)) stop_on(WD_ERR_IO, &(wd_error){.message = "no folder"}, "mkdtemp");
  stop_on(wd_model_save(b.model, WD_STAGE1, folder, &(wd_model_save_desc){0}, &err), &err, "save");
  wd_model *half = NULL;
  wd_denoiser *d = NULL;
  stop_on(wd_model_open(b.device, folder, false, &half, &err), &err, "open");
  tap_ok(wd_denoiser_create(half, NULL, &d, &err) == WD_ERR_UNSUPPORTED && !d, "%s", err.message);
  wd_model_close(half);
  char command[64];
  snprintf(command, sizeof command, "rm -r %s", folder);
  tap_ok(system(command) == 0, "cleaned up");
  clear(&b);
}

int main(int argc, char **argv) {
  (void)argc;
  /* OpenMP's threads spin unless told otherwise before main: on shared cores minutes in place of seconds. */
  if (!getenv("OMP_WAIT_POLICY") && !setenv("OMP_WAIT_POLICY", "passive", 0)) execv("/proc/self/exe", argv);
  bed b;
  lay(&b, "reference", 1, 0);
  for (int i = 0; i < PLANS; i++) recording(&b, &plans[i]);
  for (int i = 0; i < PLANS; i++) interrupted(&b, &plans[i]);
  for (int i = 0; i < PLANS; i++) restored(&b, &plans[i]);
  cancelled(&b);
  branches(&b);
  renoise(&b);
  guidance(&b);
  clear(&b);
  bool have_cpu = lay(&b, "cpu:2", 2, 0);
  if (have_cpu) {
    for (int i = 0; i < PLANS; i += 3) interrupted(&b, &plans[i]);
    clear(&b);
  }
  if (lay(&b, "check", 2, 0)) {
    interrupted(&b, &plans[0]);
    clear(&b);
  }
  company("reference");
  company("cpu:2");
  company("cuda");
  if (have_cpu)
    threads();
  else
    tap_skip("cpu: this build has no kernels for it");
  against_reference("cpu:2");
  against_reference("cuda");
  convergence();
  without_stage2();
  return tap_done();
}
