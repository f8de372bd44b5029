/* The noise levels of diffusion, and the updates that step from one to the next.
 *
 * A noised latent is x_t = alpha_t x_0 + sigma_t n with alpha^2 + sigma^2 = 1, n standard normal; timestep t
 * runs from 0 (nearly data) to T - 1 (nearly noise); log-SNR = ln(alpha^2 / sigma^2). cosine: alpha^2 =
 * f(t+1) / f(0), f(u) = cos^2((u / T + s) / (1 + s) pi / 2), s = 0.008, the step from level to level bounded
 * by beta <= 0.999 (Nichol & Dhariwal 2021, eq. 17) linear: beta from 1e-4 to 0.02 over T = 1000 (Ho, Jain &
 * Abbeel 2020), scaled by 1000 / T otherwise */
#ifndef WD_SCHEDULE_H
#define WD_SCHEDULE_H

#include "solver/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum wd_schedule_kind { WD_SCHEDULE_COSINE = 0, WD_SCHEDULE_LINEAR } wd_schedule_kind;
typedef enum wd_prediction { WD_PREDICT_V = 0, WD_PREDICT_EPSILON } wd_prediction;

typedef struct wd_schedule {
  wd_schedule_kind kind;
  int timesteps;         /* T */
  double *alpha, *sigma; /* T each */
} wd_schedule;

wd_status wd_schedule_create(wd_schedule_kind kind, int timesteps, wd_schedule *out, wd_error *err);
void wd_schedule_clear(wd_schedule *s);
const char *wd_schedule_name(wd_schedule_kind kind); /* "cosine", "linear" */
bool wd_schedule_parse(const char *text, wd_schedule_kind *out);
double wd_log_snr(double alpha, double sigma); /* infinite at sigma 0 */
/* The timestep that a strength of re-noising stands for: the share of the timesteps that data go back, 0..1.
 * 1 is the last one, T - 1; 0 the first, which is nearly data. */
int wd_strength_timestep(double strength, int timesteps);

/* What a network predicts, turned into the estimate of the data, and back: v = alpha n - sigma x_0 (Salimans
 * & Ho 2022), so x_0 = alpha x - sigma v; and x_0 = (x - sigma n) / alpha. */
static inline double wd_estimate(wd_prediction p, double x, double prediction, double alpha, double sigma) {
  return p == WD_PREDICT_V ? alpha * x - sigma * prediction : (x - sigma * prediction) / alpha;
}
static inline double wd_prediction_of(wd_prediction p, double x0, double noise, double alpha, double sigma) {
  return p == WD_PREDICT_V ? alpha * noise - sigma * x0 : noise;
}

typedef enum wd_sampler_kind { WD_SAMPLER_DPMPP_2M = 0, WD_SAMPLER_DDIM, WD_SAMPLER_DDPM } wd_sampler_kind;
const char *wd_sampler_name(wd_sampler_kind kind); /* "dpmpp-2m", "ddim", "ddpm" */
bool wd_sampler_parse(const char *text, wd_sampler_kind *out);

/* One step of any sampler, a row of a table:  x' = a x + b D + c D_prev + d z,
 * D the estimate of the data from x at this level, D_prev the one of the step before, z standard normal. */
typedef struct wd_sampler_row {
  double a, b, c, d;
  int timestep;                  /* of x, given to the network */
  double alpha, sigma;           /* of x */
  double next_alpha, next_sigma; /* of x'; 1 and 0 after the last step */
} wd_sampler_row;

typedef struct wd_sampler_table_desc {
  wd_sampler_kind kind;
  int steps;  /* 1..T */
  double eta; /* DDIM: 0 is deterministic, 1 is ancestral; DDPM is DDIM with eta 1 whatever stands here */
  int start;  /* timestep to start from + 1: T or 0 means pure noise, less continues a latent noised to that
                 level */
} wd_sampler_table_desc;

/* Levels are spread evenly in t, trailing (the first is start - 1, the last step ends at the data). DDIM:
 * Song, Meng & Ermon 2021, eq. 12 and 16. DPM-Solver++(2M): Lu et al. 2022, algorithm 2; its first step is of
 * first order, and so is the last one when it ends at sigma = 0. rows: desc.steps of them. */
wd_status wd_sampler_table(const wd_schedule *s, const wd_sampler_table_desc *desc, wd_sampler_row *rows,
                           wd_error *err);

/* The same rows for levels that are already chosen: timestep[0..steps], falling, the last one -1 for the
 * data. before (may be NULL): the step that led to the first level, when its estimate is still there;
 * DPM-Solver++ then goes on at second order. */
wd_status wd_sampler_rows(const wd_schedule *s, wd_sampler_kind kind, double eta, int steps,
                          const int *timestep, const wd_sampler_row *before, wd_sampler_row *rows,
                          wd_error *err);
/* Levels as wd_sampler_table spreads them: timestep[0..steps], the first is start - 1, the last -1. */
wd_status wd_sampler_spread(const wd_schedule *s, int start, int steps, int *timestep, wd_error *err);

/* Applies a row: x becomes x'. z may be NULL when d is 0, previous may be NULL when c is 0. */
void wd_sampler_apply(const wd_sampler_row *row, float *x, const float *estimate, const float *previous,
                      const float *z, size_t count);

/* Noise: number i of step k under a seed is the same on every machine. k = -1 is the starting latent. */
void wd_sampler_noise(uint64_t seed, int step, size_t count, float *out);

/* The point at fraction t on the great circle from a to b, its norm going from |a| to |b| (Shoemake 1985):
 * between two Gaussian latents it stays on the shell where straight mixing would fall inside. Nearly parallel
 * ends are mixed straight. */
void wd_slerp(const float *a, const float *b, double t, size_t count, float *out);

#endif
