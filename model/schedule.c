#include "model/schedule.h"

#include "solver/memory.h"
#include "solver/random.h"

#include <math.h>
#include <string.h>

static double cosine_level(double u, double timesteps) {
  double c = cos((u / timesteps + 0.008) / 1.008 * M_PI / 2);
  return c * c;
}

wd_status wd_schedule_create(wd_schedule_kind kind, int timesteps, wd_schedule *out, wd_error *err) {
  if (timesteps < 2 || timesteps > 100000)
    return wd_fail(err, WD_ERR_ARGUMENT, "a schedule of %d timesteps; 2 to 100000 are possible", timesteps);
  if (kind != WD_SCHEDULE_COSINE && kind != WD_SCHEDULE_LINEAR)
    return wd_fail(err, WD_ERR_ARGUMENT, "schedule %d; it is cosine or linear", (int)kind);
  double *alpha = wd_calloc((size_t)timesteps, sizeof *alpha),
         *sigma = wd_calloc((size_t)timesteps, sizeof *sigma);
  if (!alpha || !sigma) {
    wd_free(alpha);
    wd_free(sigma);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a schedule of %d timesteps", timesteps);
  }
  double kept = 1; /* alpha^2: the product of 1 - beta */
  for (int t = 0; t < timesteps; t++) {
    double beta;
    if (kind == WD_SCHEDULE_COSINE)
      beta = fmin(0.999, 1 - cosine_level(t + 1, timesteps) / cosine_level(t, timesteps));
    else
      beta = fmin(0.999, (1e-4 + (0.02 - 1e-4) * t / (timesteps - 1)) * 1000 / timesteps);
    kept *= 1 - beta;
    alpha[t] = sqrt(kept);
    sigma[t] = sqrt(1 - kept);
  }
  *out = (wd_schedule){kind, timesteps, alpha, sigma};
  return WD_OK;
}

void wd_schedule_clear(wd_schedule *s) {
  wd_free(s->alpha);
  wd_free(s->sigma);
  *s = (wd_schedule){0};
}

static const char *const schedule_name[] = {"cosine", "linear"};
static const char *const sampler_name[] = {"dpmpp-2m", "ddim", "ddpm"};

const char *wd_schedule_name(wd_schedule_kind kind) {
  return (unsigned)kind < 2 ? schedule_name[kind] : "unknown";
}
const char *wd_sampler_name(wd_sampler_kind kind) {
  return (unsigned)kind < 3 ? sampler_name[kind] : "unknown";
}

bool wd_schedule_parse(const char *text, wd_schedule_kind *out) {
  for (int i = 0; i < 2; i++)
    if (strcmp(text, schedule_name[i]) == 0) {
      *out = (wd_schedule_kind)i;
      return true;
    }
  return false;
}

bool wd_sampler_parse(const char *text, wd_sampler_kind *out) {
  for (int i = 0; i < 3; i++)
    if (strcmp(text, sampler_name[i]) == 0) {
      *out = (wd_sampler_kind)i;
      return true;
    }
  return false;
}

int wd_strength_timestep(double strength, int timesteps) {
  double t = strength > 0 ? round(fmin(strength, 1) * timesteps) - 1 : 0;
  return t < 0 ? 0 : t > timesteps - 1 ? timesteps - 1 : (int)t;
}

double wd_log_snr(double alpha, double sigma) {
  return 2 * (log(alpha) - log(sigma));
}

/* x' = alpha' D + sqrt(sigma'^2 - s^2) n + s z with n = (x - alpha D) / sigma and
 * s = eta sqrt((sigma'^2 / sigma^2) (1 - alpha^2 / alpha'^2)). */
static void ddim(wd_sampler_row *r, double eta) {
  double ratio = r->alpha / r->next_alpha;
  double s = eta * r->next_sigma / r->sigma * sqrt(fmax(0, 1 - ratio * ratio));
  r->a = sqrt(fmax(0, r->next_sigma * r->next_sigma - s * s)) / r->sigma;
  r->b = r->next_alpha - r->alpha * r->a;
  r->d = s;
}

/* With lambda = ln(alpha / sigma), h = lambda' - lambda: x' = (sigma' / sigma) x - alpha' (exp(-h) - 1) D~,
 * where D~ = D at first order and (1 + 1 / 2r) D - D_prev / 2r at second, r = h_prev / h. */
static void dpmpp(wd_sampler_row *r, const wd_sampler_row *before) {
  if (r->next_sigma == 0) {
    r->b = 1; /* h is infinite: the step ends on the estimate */
    return;
  }
  double h = 0.5 * (wd_log_snr(r->next_alpha, r->next_sigma) - wd_log_snr(r->alpha, r->sigma));
  double gain = -r->next_alpha * expm1(-h);
  r->a = r->next_sigma / r->sigma;
  r->b = gain;
  if (!before) return;
  double h_before = 0.5 * (wd_log_snr(r->alpha, r->sigma) - wd_log_snr(before->alpha, before->sigma));
  double half = h / (2 * h_before);
  r->b = gain * (1 + half);
  r->c = -gain * half;
}

wd_status wd_sampler_spread(const wd_schedule *s, int start, int steps, int *timestep, wd_error *err) {
  if (start < 1 || start > s->timesteps)
    return wd_fail(err, WD_ERR_ARGUMENT, "sampling from timestep %d; the model has 0 to %d", start - 1,
                   s->timesteps - 1);
  if (steps < 1 || steps > start)
    return wd_fail(err, WD_ERR_ARGUMENT, "%d steps from timestep %d; 1 to %d are possible", steps, start - 1,
                   start);
  for (int i = 0; i <= steps; i++) timestep[i] = (int)lround((double)start * (steps - i) / steps) - 1;
  return WD_OK;
}

wd_status wd_sampler_rows(const wd_schedule *s, wd_sampler_kind kind, double eta, int steps,
                          const int *timestep, const wd_sampler_row *before, wd_sampler_row *rows,
                          wd_error *err) {
  if (kind != WD_SAMPLER_DPMPP_2M && kind != WD_SAMPLER_DDIM && kind != WD_SAMPLER_DDPM)
    return wd_fail(err, WD_ERR_ARGUMENT, "sampler %d; it is dpmpp-2m, ddim or ddpm", (int)kind);
  if (kind == WD_SAMPLER_DDIM && !(eta >= 0 && eta <= 1))
    return wd_fail(err, WD_ERR_ARGUMENT, "eta is %g; it is 0 (deterministic) to 1 (ancestral)", eta);
  for (int i = 0; i < steps; i++) {
    int t = timestep[i], next = timestep[i + 1];
    if (t < 0 || t >= s->timesteps || next < -1 || next >= t)
      return wd_fail(err, WD_ERR_ARGUMENT, "a step from timestep %d to %d of a model with %d", t, next,
                     s->timesteps);
    wd_sampler_row r = {.timestep = t, .alpha = s->alpha[t], .sigma = s->sigma[t]};
    r.next_alpha = next >= 0 ? s->alpha[next] : 1;
    r.next_sigma = next >= 0 ? s->sigma[next] : 0;
    if (kind == WD_SAMPLER_DPMPP_2M)
      dpmpp(&r, i > 0 ? &rows[i - 1] : before);
    else
      ddim(&r, kind == WD_SAMPLER_DDPM ? 1 : eta);
    rows[i] = r;
  }
  return WD_OK;
}

wd_status wd_sampler_table(const wd_schedule *s, const wd_sampler_table_desc *desc, wd_sampler_row *rows,
                           wd_error *err) {
  int start = desc->start ? desc->start : s->timesteps;
  bool possible = desc->steps > 0 && desc->steps <= s->timesteps; /* otherwise it is refused unread */
  int *timestep = wd_calloc(possible ? (size_t)desc->steps + 1 : 1, sizeof *timestep);
  if (!timestep) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d steps", desc->steps);
  wd_status st = wd_sampler_spread(s, start, desc->steps, timestep, err);
  if (!st) st = wd_sampler_rows(s, desc->kind, desc->eta, desc->steps, timestep, NULL, rows, err);
  wd_free(timestep);
  return st;
}

void wd_sampler_apply(const wd_sampler_row *row, float *x, const float *estimate, const float *previous,
                      const float *z, size_t count) {
  for (size_t i = 0; i < count; i++) {
    double sum = row->a * (double)x[i] + row->b * (double)estimate[i];
    if (row->c != 0 && previous) sum += row->c * (double)previous[i];
    if (row->d != 0 && z) sum += row->d * (double)z[i];
    x[i] = (float)sum;
  }
}

void wd_sampler_noise(uint64_t seed, int step, size_t count, float *out) {
  /* Streams of the sampler lie apart from those of the velocity families (family.h) and of training. */
  wd_random_normals(seed, (UINT64_C(0x73616d70) << 32) + (uint64_t)(step + 1), 0, count, out);
}

void wd_slerp(const float *a, const float *b, double t, size_t count, float *out) {
  double aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < count; i++) {
    aa += (double)a[i] * (double)a[i];
    bb += (double)b[i] * (double)b[i];
    ab += (double)a[i] * (double)b[i];
  }
  double na = sqrt(aa), nb = sqrt(bb), wa = 1 - t, wb = t;
  if (na > 0 && nb > 0) {
    double cosine = fmax(-1, fmin(1, ab / (na * nb))), angle = acos(cosine), s = sin(angle);
    if (s > 1e-4) {
      double norm = na + t * (nb - na);
      wa = sin((1 - t) * angle) / s * norm / na;
      wb = sin(t * angle) / s * norm / nb;
    }
  }
  for (size_t i = 0; i < count; i++) out[i] = (float)(wa * (double)a[i] + wb * (double)b[i]);
}
