/* Schedules and samplers against closed forms. For Gaussian data N(m, s^2) the best estimate is known,
 *   D(x) = m + alpha s^2 / (alpha^2 s^2 + sigma^2) (x - alpha m),
 * and linear in x, so a sampler is a linear recursion whose mean and variance can be followed exactly: no
 * sampling error stands between the test and the update. */
#include "model/schedule.h"
#include "solver/memory.h"
#include "tests/tap.h"

#include <math.h>
#include <string.h>

static wd_schedule make(wd_schedule_kind kind) {
  wd_schedule s = {0};
  wd_schedule_create(kind, 1000, &s, NULL);
  return s;
}

static void schedules(void) {
  for (int k = 0; k < 2; k++) {
    wd_schedule s = make((wd_schedule_kind)k);
    const char *name = wd_schedule_name(s.kind);
    double worst = 0;
    bool falls = true;
    for (int t = 0; t < 1000; t++) {
      worst = fmax(worst, fabs(s.alpha[t] * s.alpha[t] + s.sigma[t] * s.sigma[t] - 1));
      falls = falls && (t == 0 || s.alpha[t] < s.alpha[t - 1]);
    }
    tap_ok(falls, "%s: the signal falls at every timestep", name);
    tap_at_most(worst, 1e-12, "alpha^2 + sigma^2 is 1 to within");
    wd_schedule_clear(&s);
  }
  wd_schedule c = make(WD_SCHEDULE_COSINE);
  double f0 = cos(0.008 / 1.008 * M_PI / 2), f500 = cos((0.5 + 0.008) / 1.008 * M_PI / 2);
  tap_at_most(fabs(c.alpha[499] - f500 / f0), 1e-9, "cosine: alpha at the middle off its formula by");
  wd_schedule_clear(&c);
  wd_schedule l = make(WD_SCHEDULE_LINEAR);
  tap_at_most(fabs(l.alpha[0] * l.alpha[0] - 0.9999), 1e-12, "linear: the first beta is 1e-4 to within");
  tap_at_most(fabs(l.alpha[999] * l.alpha[999] - 4.0358e-5), 1e-8,
              "linear: alpha^2 at the end is the known 4.036e-5, off by");
  wd_schedule_clear(&l);
}

static void predictions(void) {
  double alpha = 0.6, sigma = 0.8, x0 = 1.3, noise = -0.4, x = alpha * x0 + sigma * noise, worst = 0;
  for (int p = 0; p < 2; p++) {
    double prediction = wd_prediction_of((wd_prediction)p, x0, noise, alpha, sigma);
    worst = fmax(worst, fabs(wd_estimate((wd_prediction)p, x, prediction, alpha, sigma) - x0));
  }
  tap_at_most(worst, 1e-12, "v and epsilon give the data back to within");
}

typedef struct gaussian {
  double mean, deviation;
} gaussian;

/* Mean and deviation of what a sampler makes of N(0, 1) noise with the exact estimate of N(m, s^2). D_prev
 * makes the recursion two-deep: x and D_prev are followed as linear functions of the starting noise
 * (deterministic samplers), or the variance alone (ancestral ones, c = 0). */
static gaussian run(const wd_schedule *s, wd_sampler_kind kind, int steps, double eta, double m, double sd) {
  wd_sampler_row rows[1000];
  wd_error err = {0};
  if (wd_sampler_table(s, &(wd_sampler_table_desc){.kind = kind, .steps = steps, .eta = eta}, rows, &err)) {
    printf("# %s\n", err.message);
    return (gaussian){NAN, NAN};
  }
  double slope = 1, offset = 0, d_slope = 0, d_offset = 0, fresh = 0;
  for (int i = 0; i < steps; i++) {
    const wd_sampler_row *r = &rows[i];
    double gain = r->alpha * sd * sd / (r->alpha * r->alpha * sd * sd + r->sigma * r->sigma);
    double e_slope = gain * slope, e_offset = m + gain * (offset - r->alpha * m);
    double carried = r->a + r->b * gain;
    fresh = carried * carried * fresh + r->d * r->d;
    slope = r->a * slope + r->b * e_slope + r->c * d_slope;
    offset = r->a * offset + r->b * e_offset + r->c * d_offset;
    d_slope = e_slope;
    d_offset = e_offset;
  }
  return (gaussian){offset, sqrt(slope * slope + fresh)};
}

static void samplers(void) {
  static const struct {
    wd_sampler_kind kind;
    double eta;
    const char *name;
    double few,
        many; /* error allowed with 20 and with 250 steps; half more on the linear schedule, which ends at
                 alpha = 0.006, not 0: starting from N(0, 1) there moves the mean by alpha m s = 0.0022 */
  } cases[] = {{WD_SAMPLER_DPMPP_2M, 0, "DPM++(2M)", 0.02, 1.6e-3},
               {WD_SAMPLER_DDIM, 0, "DDIM", 0.12, 0.012},
               {WD_SAMPLER_DDIM, 0.5, "DDIM, eta 0.5", 0.12, 0.012},
               {WD_SAMPLER_DDPM, 0, "DDPM", 0.12, 0.01}};
  for (int k = 0; k < 2; k++) {
    wd_schedule s = make((wd_schedule_kind)k);
    for (int i = 0; i < 4; i++) {
      double m = 0.7, sd = 0.5, error[2], room = k == WD_SCHEDULE_LINEAR ? 1.5 : 1;
      int steps[2] = {20, 250};
      for (int j = 0; j < 2; j++) {
        gaussian g = run(&s, cases[i].kind, steps[j], cases[i].eta, m, sd);
        error[j] = fmax(fabs(g.mean - m), fabs(g.deviation - sd));
      }
      tap_ok(error[0] <= room * cases[i].few && error[1] <= room * cases[i].many,
             "%s, %s: mean and deviation of Gaussian data off by %.2e with 20 steps, %.2e with 250",
             cases[i].name, wd_schedule_name(s.kind), error[0], error[1]);
    }
    wd_schedule_clear(&s);
  }
}

/* As steps grow all deterministic samplers reach the same end of the same starting noise: the exact flow,
 * x_0 = m + s (x_T - alpha_T m) / sqrt(alpha_T^2 s^2 + sigma_T^2). */
static void flow(void) {
  wd_schedule s = make(WD_SCHEDULE_LINEAR);
  double m = -0.3, sd = 1.7, start = 0.9, a = s.alpha[999], q = s.sigma[999];
  double exact = m + sd * (start - a * m) / sqrt(a * a * sd * sd + q * q), error[2][3];
  for (int kind = 0; kind < 2; kind++)
    for (int j = 0; j < 3; j++) {
      int steps = 25 << (2 * j);
      wd_sampler_row rows[1000];
      wd_sampler_table(
          &s, &(wd_sampler_table_desc){.kind = kind ? WD_SAMPLER_DDIM : WD_SAMPLER_DPMPP_2M, .steps = steps},
          rows, NULL);
      float x = (float)start, d = 0, previous = 0;
      for (int i = 0; i < steps; i++) {
        double gain = rows[i].alpha * sd * sd /
                      (rows[i].alpha * rows[i].alpha * sd * sd + rows[i].sigma * rows[i].sigma);
        d = (float)(m + gain * ((double)x - rows[i].alpha * m));
        wd_sampler_apply(&rows[i], &x, &d, &previous, NULL, 1);
        previous = d;
      }
      error[kind][j] = fabs((double)x - exact);
    }
  tap_ok(error[1][1] < error[1][0] / 3 && error[1][2] < error[1][1] / 3 && error[1][2] < 0.02,
         "DDIM nears the exact flow as steps grow: %.2e, %.2e, %.2e with 25, 100, 400", error[1][0],
         error[1][1], error[1][2]);
  tap_ok(error[0][0] < error[1][0] && error[0][2] < 5e-3, "DPM++(2M) is nearer at once: %.2e, %.2e, %.2e",
         error[0][0], error[0][1], error[0][2]);
  wd_schedule_clear(&s);
}

static void branching(void) {
  wd_schedule s = make(WD_SCHEDULE_COSINE);
  wd_sampler_row rows[10], whole[20];
  wd_sampler_table(&s, &(wd_sampler_table_desc){.kind = WD_SAMPLER_DDIM, .steps = 20}, whole, NULL);
  wd_sampler_table(&s, &(wd_sampler_table_desc){.kind = WD_SAMPLER_DDIM, .steps = 10, .start = 500}, rows,
                   NULL);
  bool same = true;
  for (int i = 0; i < 10; i++) same = same && memcmp(&rows[i], &whole[10 + i], sizeof *rows) == 0;
  tap_ok(same, "a run continued from the middle takes the steps of the whole run");
  wd_error err = {0};
  tap_ok(wd_sampler_table(&s, &(wd_sampler_table_desc){.steps = 501, .start = 500}, rows, &err) ==
             WD_ERR_ARGUMENT,
         "more steps than timesteps: %s", err.message);
  tap_ok(wd_sampler_table(&s, &(wd_sampler_table_desc){.steps = 5, .start = 1001}, rows, &err) ==
             WD_ERR_ARGUMENT,
         "a start beyond the schedule: %s", err.message);
  tap_ok(wd_sampler_table(&s, &(wd_sampler_table_desc){.kind = WD_SAMPLER_DDIM, .steps = 5, .eta = 1.5}, rows,
                          &err) == WD_ERR_ARGUMENT,
         "eta: %s", err.message);
  float a[64], b[64];
  wd_sampler_noise(42, 3, 64, a);
  wd_sampler_noise(42, 3, 64, b);
  tap_ok(memcmp(a, b, sizeof a) == 0, "noise is the same for a seed and step");
  wd_sampler_noise(42, 4, 64, b);
  tap_ok(memcmp(a, b, sizeof a) != 0, "and another for another step");
  wd_schedule_clear(&s);
}

static void interpolation(void) {
  enum { N = 4096 };
  static float a[N], b[N], c[N];
  wd_sampler_noise(1, -1, N, a);
  wd_sampler_noise(2, -1, N, b);
  wd_slerp(a, b, 0, N, c);
  tap_ok(memcmp(a, c, sizeof a) == 0, "slerp at 0 is the first end");
  double norm = 0, along[2] = {0};
  wd_slerp(a, b, 0.5, N, c);
  for (int i = 0; i < N; i++) {
    norm += (double)c[i] * (double)c[i];
    along[0] += (double)c[i] * (double)a[i];
    along[1] += (double)c[i] * (double)b[i];
  }
  tap_at_most(fabs(sqrt(norm / N) - 1), 0.03,
              "the middle of two Gaussian latents stays on the shell to within");
  tap_at_most(fabs(along[0] / along[1] - 1), 0.05, "and lies as near to one as to the other to within");
  wd_slerp(a, a, 0.3, N, c);
  double off = 0;
  for (int i = 0; i < N; i++) off = fmax(off, fabs((double)c[i] - (double)a[i]));
  tap_at_most(off, 1e-6, "between a latent and itself lies itself, to within");
}

int main(void) {
  schedules();
  predictions();
  samplers();
  flow();
  branching();
  interpolation();
  return tap_done();
}
