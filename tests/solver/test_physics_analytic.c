/* The wave solver against the analytic field of a point source in a homogeneous medium, and the order at
 * which it converges to it.
 *
 * The scheme solves p_tt = v^2 (Laplace p + h^2 w(t) delta(x)): its source acts on one cell of area h^2. So p
 * = h^2 w * G with the 2-D Green's function G = H(t - r/v) / (2 pi sqrt(t^2 - r^2/v^2)). Substituting t - tau
 * = (r/v) cosh u takes the square root out:
 *
 *   p(r, t) = h^2 / (2 pi) Int_0^acosh(t v / r) w(t - (r/v) cosh u) du,
 *
 * a smooth integrand, summed by trapezoids. Sample `it` is time (it + 1) dt.
 *
 * The leapfrog in time alone, with exact space derivatives, replaces each frequency omega by (2/dt) sin(omega
 * dt / 2) in the Helmholtz equation; its solution is a sum over frequencies of -i/4 H0^(2)(Omega r / v). The
 * distance to that is the error of the space derivatives alone, at any dt.
 *
 * The orders in dx are shown by the reference scheme in double: float32 rounding, seen at about 4e-5 here,
 * would hide what order 8 leaves.
 *
 * The edges are so far away that nothing returns in the time looked at. */
#include "solver/wave_plan.h"
#include "tests/solver/physics.h"

#include <complex.h>

#define WD_REAL    double
#define WD_T(name) wide_##name
#include "solver/reference/wave_impl.h"
#undef WD_REAL
#undef WD_T

#define SPEED  2000.0 /* m/s */
#define PEAK   10.0   /* Hz */
#define DELAY  0.15   /* s: the wavelet is 1e-8 of its peak at time 0 */
#define LENGTH 0.45   /* s */
#define REACH  620.0  /* m from the source to the edge: back at 300 m after 0.47 s */

enum { R = 7 };
/* Receivers, in units of 20 m from the source: 100 to 320 m, along both axes and aslant. */
static const int place[R][2] = {{0, 5}, {0, 10}, {0, 15}, {5, 5}, {10, 5}, {9, 12}, {15, 0}};

static double wavelet(double t) {
  double b = M_PI * PEAK * (t - DELAY);
  return t < 0 || t > 2 * DELAY ? 0 : (1 - 2 * b * b) * exp(-b * b);
}

static double distance(int r) {
  return 20 * hypot(place[r][0], place[r][1]);
}

static double analytic(double r, double t) {
  double reach = t * SPEED / r;
  if (reach <= 1) return 0;
  const int n = 4000;
  double upper = acosh(reach), sum = 0;
  for (int i = 0; i <= n; i++)
    sum += (i == 0 || i == n ? 0.5 : 1) * wavelet(t - r / SPEED * cosh(upper * i / n));
  return sum * upper / n / (2 * M_PI);
}

/* One trace of the solution by frequencies, with the leapfrog's frequency shift or (dt 0) without, sampled
 * every `every` seconds. */
static void by_frequency(double r, double dt, double every, int samples, double *out) {
  const double period = 32;
  const int top = (int)(period * 7 * PEAK);
  const double fine = 2.5e-4;
  for (int it = 0; it < samples; it++) out[it] = 0;
  for (int k = 1; k <= top; k++) {
    double omega = 2 * M_PI * k / period, shifted = dt > 0 ? 2 / dt * sin(omega * dt / 2) : omega;
    double step = dt > 0 ? dt : fine;
    double complex w = 0;
    for (int n = 0; n * step <= 2 * DELAY; n++) w += wavelet(n * step) * cexp(-I * omega * n * step) * step;
    double x = shifted * r / SPEED;
    double complex p = w * (-0.25 * I) * (j0(x) - I * y0(x)) * 2 / period, turn = cexp(I * omega * every);
    for (int it = 0; it < samples; it++) {
      p *= turn;
      out[it] += creal(p);
    }
  }
}

/* The scheme's coefficients in double, with unrounded weights. */
static wide_coefficients widen(const wd_wave *w, double *memory) {
  static const double c4[] = {-5, 4.0 / 3, -1.0 / 12, 0, 0};
  static const double c8[] = {-205.0 / 36, 8.0 / 5, -1.0 / 5, 8.0 / 315, -1.0 / 560};
  const size_t cells = (size_t)w->nz * (size_t)w->nx;
  const wd_medium *m = &w->medium[0];
  double *alpha = memory, *centre = alpha + cells, *kx = centre + cells, *kz = kx + w->px, *beta = kz + w->pz;
  wide_coefficients k = {.alpha = alpha, .centre = centre, .kx = kx, .kz = kz, .beta = beta};
  memcpy(k.c, w->desc.order == 8 ? c8 : c4, sizeof c4);
  double dt = w->survey->dt, courant = SPEED * dt / w->survey->spacing;
  for (size_t i = 0; i < cells; i++) alpha[i] = courant * courant, centre[i] = 2 + k.c[0] * alpha[i];
  for (int i = 0; i < w->px; i++) kx[i] = (double)m->kx[i];
  for (int i = 0; i < w->pz; i++) kz[i] = (double)m->kz[i];
  beta[0] = SPEED * dt * SPEED * dt;
  return k;
}

static void run_wide(const wd_wave *w, double *out) {
  const size_t padded = (size_t)w->pz * (size_t)w->px, cells = (size_t)w->nz * (size_t)w->nx;
  double *now = wd_calloc(padded, sizeof *now), *before = wd_calloc(padded, sizeof *before);
  double *memory = wd_calloc(2 * cells + (size_t)(w->px + w->pz) + 1, sizeof *memory);
  wide_coefficients k = widen(w, memory);
  wide_field f = {.now = now, .before = before};
  for (int it = 0; it < w->survey->samples; it++) {
    double record[R];
    wide_step(w, &k, &f, 0, it, record);
    for (int r = 0; r < R; r++) out[r * w->survey->samples + it] = record[r];
  }
  wd_free(now);
  wd_free(before);
  wd_free(memory);
}

/* The solver's traces, receiver by receiver, divided by h^2: of the device in float32, or of the reference
 * scheme in double. */
static void simulate(wd_device *d, double h, double dt, int order, bool wide, int samples, double *out) {
  const int unit = (int)lround(20 / h), half = (int)lround(REACH / h), side = 2 * half + 1;
  wd_map map = physics_map(side, side, h, (float)SPEED);
  wd_cell source = {half, half}, receiver[R];
  for (int r = 0; r < R; r++) receiver[r] = (wd_cell){half + place[r][0] * unit, half + place[r][1] * unit};
  float *w = wd_calloc((size_t)samples, sizeof *w);
  for (int i = 0; i < samples; i++) w[i] = (float)wavelet(i * dt);
  const wd_survey_desc desc = {.nz = side,
                               .nx = side,
                               .spacing = h,
                               .dt = dt,
                               .samples = samples,
                               .source = &source,
                               .n_sources = 1,
                               .receiver = receiver,
                               .n_receivers = R,
                               .wavelet = w,
                               .wavelet_samples = samples};
  const wd_wave_desc wave_desc = {.absorb = 30, .order = order};
  if (wide) {
    wd_survey *survey = NULL;
    wd_wave *wave = NULL;
    wd_error err = {0};
    if (wd_survey_create(&desc, &survey, &err) || wd_wave_create(d, survey, &wave_desc, &map, &wave, &err)) {
      fprintf(stderr, "%s\n", err.message);
      exit(1);
    }
    run_wide(wave, out);
    wd_wave_destroy(wave);
    wd_survey_destroy(survey);
  } else {
    wd_gather g = physics_run(d, &desc, &wave_desc, &map);
    for (int r = 0; r < R; r++)
      for (int it = 0; it < samples; it++) out[r * samples + it] = (double)g.value[it * R + r];
    wd_gather_clear(&g);
  }
  for (int i = 0; i < R * samples; i++) out[i] /= h * h;
  wd_map_clear(&map);
  wd_free(w);
}

static double difference(const double *a, const double *b, int count) {
  double dd = 0, bb = 0;
  for (int i = 0; i < count; i++) dd += (a[i] - b[i]) * (a[i] - b[i]), bb += b[i] * b[i];
  return sqrt(dd / bb);
}

typedef enum against { CONTINUOUS, LEAPFROG } against;

/* Relative L2 to the analytic field, or to the leapfrog with exact space derivatives. */
static double error_of(wd_device *d, double h, double dt, int order, bool wide, against what) {
  const int samples = (int)lround(LENGTH / dt);
  double *p = wd_calloc((size_t)samples * R, sizeof *p), *q = wd_calloc((size_t)samples * R, sizeof *q);
  simulate(d, h, dt, order, wide, samples, p);
  for (int r = 0; r < R; r++)
    if (what == LEAPFROG)
      by_frequency(distance(r), dt, dt, samples, q + r * samples);
    else
      for (int it = 0; it < samples; it++) q[r * samples + it] = analytic(distance(r), (it + 1) * dt);
  double e = difference(p, q, samples * R);
  wd_free(p);
  wd_free(q);
  return e;
}

static void orders(const char *what, double coarse, double middle, double fine, double low, double high) {
  double first = log2(coarse / middle), second = log2(middle / fine);
  tap_ok(second > low && second < high,
         "%s: errors %.3g, %.3g, %.3g, order %.2f then %.2f (the last %.1f to %.1f)", what, coarse, middle,
         fine, first, second, low, high);
}

int main(void) {
  /* The two analytic forms agree, so neither is mistaken. */
  static double by_time[450], frequency[450];
  double worst = 0;
  for (int r = 0; r < R; r++) {
    by_frequency(distance(r), 0, 1e-3, 450, frequency);
    for (int it = 0; it < 450; it++) by_time[it] = analytic(distance(r), (it + 1) * 1e-3);
    worst = fmax(worst, difference(frequency, by_time, 450));
  }
  tap_at_most(worst, 1e-5, "the Green's function in time and in frequency, relative L2");

  wd_device *d = physics_device();
  /* dx and dt together, v dt / dx = 0.4: second order, the time step's. */
  double a = error_of(d, 10, 2e-3, 4, false, CONTINUOUS), b = error_of(d, 5, 1e-3, 4, false, CONTINUOUS),
         c = error_of(d, 2.5, 5e-4, 4, false, CONTINUOUS);
  orders("dx and dt shrink together", a, b, c, 1.8, 2.2);
  tap_at_most(c, 1e-3, "and the finest is off by, relative L2");
  /* dx alone: fourth and eighth order. */
  double e4[3], e8[3];
  for (int i = 0; i < 3; i++) {
    e4[i] = error_of(d, 20 >> i, 1e-3, 4, true, LEAPFROG);
    e8[i] = error_of(d, 20 >> i, 1e-3, 8, true, LEAPFROG);
  }
  orders("order 4, dx alone, in double", e4[0], e4[1], e4[2], 3.8, 4.2);
  orders("order 8, dx alone, in double", e8[0], e8[1], e8[2], 7, 9);
  tap_at_most(error_of(d, 10, 1e-3, 4, false, LEAPFROG) / e4[1] - 1, 0.05,
              "order 4 on the device errs like the scheme in double, 10 m, relative excess");
  double f8 = error_of(d, 10, 1e-3, 8, false, LEAPFROG);
  tap_at_most(f8, 1e-4, "order 8 on the device, 10 m, relative L2");
  tap_at_most(error_of(d, 20, 1e-3, 8, false, LEAPFROG) / e4[0], 0.1,
              "on 20 m order 8 errs less than order 4, by a factor of");
  tap_at_most(f8 / e4[1], 0.1, "and on 10 m");
  wd_device_close(d);
  return tap_done();
}
