/* What must hold whatever the map: reciprocity, mirror symmetry, the image source of a free surface, and the
 * edge of stability. */
#include "solver/device_impl.h"
#include "solver/random.h"
#include "solver/wave_plan.h"
#include "tests/solver/physics.h"

enum { NZ = 30, NX = 36, T = 300 };

/* A rough map: layers, a lens, and noise from cell to cell. */
static wd_map rough(void) {
  wd_map m = physics_map(NZ, NX, 10, 0);
  wd_random r = wd_random_make(9, 1);
  for (int z = 0; z < NZ; z++)
    for (int x = 0; x < NX; x++)
      m.value[z * NX + x] =
          (float)(1800 + 50 * z + (hypot(z - 15, x - 12) < 6 ? 900 : 0) + 300 * wd_random_uniform(&r));
  return m;
}

/* The operator divided by alpha is symmetric, sponge included (it is a function of place), and the source is
 * strong as alpha there: so a trace stays when source and receiver change places, but for rounding. */
static void reciprocity(wd_device *d, wd_wave_desc wave, double limit, const char *what) {
  static const wd_cell end[4] = {{1, 3}, {1, 30}, {17, 11}, {25, 33}};
  wd_map map = rough();
  wd_gather g = physics_run(
      d,
      &(wd_survey_desc){
          .nz = NZ, .nx = NX, .samples = T, .source = end, .n_sources = 4, .receiver = end, .n_receivers = 4},
      &wave, &map);
  double worst = 0;
  for (int s = 0; s < 4; s++)
    for (int r = 0; r < s; r++) {
      double dd = 0, bb = 0;
      for (int t = 0; t < T; t++) {
        double a = (double)g.value[(s * T + t) * 4 + r], b = (double)g.value[(r * T + t) * 4 + s];
        dd += (a - b) * (a - b), bb += b * b;
      }
      worst = fmax(worst, sqrt(dd / bb));
      if (!(bb > 0)) worst = NAN; /* a dead trace proves nothing */
    }
  tap_at_most(worst, limit, what);
  wd_gather_clear(&g);
  wd_map_clear(&map);
}

/* Sources at 0, 17, 34, 52, 69 of 70 columns: mirrored, all change places but the middle one, which comes to
 * 35 and must be simulated again. */
static void mirror(wd_device *d, wd_wave_desc wave, const char *what) {
  enum { N = 70, D = 20, M = 250 };
  wd_map map = physics_map(D, N, 10, 0), mirrored;
  for (int z = 0; z < D; z++)
    for (int x = 0; x < N; x++)
      map.value[z * N + x] = (float)(1900 + 60 * z + 400 * sin(x / 9.0) + 10 * (x % 7));
  if (wd_map_copy(&map, &mirrored, NULL)) exit(1);
  wd_map_mirror(&mirrored);
  tap_ok(mirrored.value[3] == map.value[N - 4], "the mirrored map is mirrored");
  const wd_cell source[6] = {{1, 0}, {1, 17}, {1, 34}, {1, 52}, {1, 69}, {1, 35}};
  const wd_survey_desc survey = {.nz = D, .nx = N, .samples = M, .source = source, .n_sources = 6};
  wd_gather a = physics_run(d, &survey, &wave, &map), b = physics_run(d, &survey, &wave, &mirrored);
  static const int twin[6] = {4, 3, 5, 1, 0, 2};
  static float back[M * N];
  double worst = 0, unlike = 0;
  for (int s = 0; s < 6; s++) {
    for (int t = 0; t < M; t++)
      for (int r = 0; r < N; r++) back[t * N + r] = b.value[(twin[s] * M + t) * N + (N - 1 - r)];
    worst = fmax(worst, physics_difference(back, a.value + s * M * N, M * N));
  }
  for (int t = 0; t < M; t++)
    for (int r = 0; r < N; r++) back[t * N + r] = b.value[(2 * M + t) * N + (N - 1 - r)];
  unlike = physics_difference(back, a.value + 2 * M * N, M * N);
  tap_at_most(worst, 1e-5, what);
  tap_ok(unlike > 0.1, "without simulating column 35 the middle shot would be off by %.2f", unlike);
  wd_gather_clear(&a);
  wd_gather_clear(&b);
  wd_map_clear(&map);
  wd_map_clear(&mirrored);
}

/* A pressure-free surface reflects with coefficient -1: the field below it is that of the map continued
 * upwards as its mirror image, with a second source of opposite sign at the image of the first. */
static void free_surface(wd_device *d, wd_wave_desc wave, const char *what) {
  enum { TALL = 2 * NZ - 1 };
  wd_map map = rough(), tall = physics_map(TALL, NX, 10, 0);
  for (int z = 0; z < TALL; z++)
    memcpy(tall.value + z * NX, map.value + abs(z - (NZ - 1)) * NX, sizeof(float) * NX);
  const wd_cell source = {2, 9}, pair[2] = {{NZ - 1 + 2, 9}, {NZ - 1 - 2, 9}};
  const wd_cell receiver[3] = {{1, 30}, {12, 20}, {25, 4}};
  wd_cell receiver_tall[3];
  for (int r = 0; r < 3; r++) receiver_tall[r] = (wd_cell){receiver[r].z + NZ - 1, receiver[r].x};
  wd_survey_desc survey = {.nz = NZ,
                           .nx = NX,
                           .samples = T,
                           .source = &source,
                           .n_sources = 1,
                           .receiver = receiver,
                           .n_receivers = 3};
  wave.free_surface = true;
  wd_gather g = physics_run(d, &survey, &wave, &map);
  survey.nz = TALL;
  survey.source = pair;
  survey.n_sources = 2;
  survey.receiver = receiver_tall;
  wave.free_surface = false;
  wd_gather two = physics_run(d, &survey, &wave, &tall);
  static float image[T * 3], direct[T * 3];
  for (int i = 0; i < T * 3; i++) image[i] = two.value[i] - two.value[T * 3 + i], direct[i] = two.value[i];
  tap_at_most(physics_difference(g.value, image, T * 3), 1e-5, what);
  double without = physics_difference(direct, image, T * 3);
  tap_ok(without > 0.2, "the image carries %.2f of the field", without);
  wd_gather_clear(&g);
  wd_gather_clear(&two);
  wd_map_clear(&map);
  wd_map_clear(&tall);
}

/* Largest amplitude in the last hundred samples over that of the hundred before the middle, for a velocity of
 * `factor` times the limit; infinity when it diverges. `allowed` says whether wd_wave_create took it. */
static double growth(wd_device *d, int order, double factor, bool *allowed, wd_error *err) {
  enum { N = 24, LONG = 1000, ABSORB = 60 };
  const double dt = 1e-3, h = 10;
  /* k_max depends on vmin, so the limit for a homogeneous map is the root of v dt / h = limit(k_max(v)). */
  double v = 6000;
  for (int i = 0; i < 200; i++) {
    double k = 3 * v * log(1e7) / (2 * (ABSORB - 1) * h) * dt;
    v = 0.5 * v + 0.5 * wd_cfl_limit(order, k) * h / dt;
  }
  wd_map start = physics_map(N, N, h, (float)(v * fmin(factor, 0.999)));
  wd_survey *survey = NULL;
  wd_wave *w = NULL, *refused = NULL;
  const wd_wave_desc desc = {.absorb = ABSORB, .order = order};
  if (wd_survey_create(&(wd_survey_desc){.nz = N, .nx = N, .samples = LONG, .shots = 1}, &survey, err) ||
      wd_wave_create(d, survey, &desc, &start, &w, err))
    return NAN;
  wd_map wanted = physics_map(N, N, h, (float)(v * factor));
  *allowed = wd_wave_create(d, survey, &desc, &wanted, &refused, err) == WD_OK;
  /* Past the guard, by the plan's own fields. */
  if (factor > 0.999) {
    wd_medium *m = &w->medium[0];
    float r = (float)(v * factor * dt / h);
    for (int i = 0; i < N * N; i++) m->alpha[i] = r * r, m->centre[i] = 2.0f + w->c[0] * m->alpha[i];
    for (int i = 0; i < w->px; i++) m->kx[i] *= (float)(factor / 0.999);
    for (int i = 0; i < w->pz; i++) m->kz[i] *= (float)(factor / 0.999);
    if (d->wave->load(w, err)) return NAN;
  }
  double late = 0, early = 0;
  wd_status st = wd_wave_run(w, NULL, NULL);
  const wd_gather *g = wd_wave_gather(w, 0);
  for (int i = 0; i < N * 100; i++) {
    early = fmax(early, fabs((double)g->value[i]));
    late = fmax(late, fabs((double)g->value[(LONG - 100) * N + i]));
  }
  wd_wave_destroy(w);
  wd_wave_destroy(refused);
  wd_survey_destroy(survey);
  wd_map_clear(&start);
  wd_map_clear(&wanted);
  return st == WD_ERR_DIVERGED ? INFINITY : late / early;
}

static void stability(wd_device *d, int order) {
  bool allowed = false;
  wd_error err = {0};
  double calm = growth(d, order, 0.998, &allowed, &err);
  tap_ok(allowed, "order %d: 0.2 %% under the limit is accepted %s", order, err.message);
  tap_at_most(calm, 1, "and stays bounded over 1000 steps: last amplitudes over first");
  double wild = growth(d, order, 1.02, &allowed, &err);
  tap_ok(!allowed, "2 %% over it is refused: %s", err.message);
  tap_ok(wild > 1e3, "rightly: past the guard it grows by %.3g", wild);
}

int main(void) {
  wd_device *d = physics_device();
  reciprocity(d, (wd_wave_desc){0}, 1e-5, "reciprocity, exact: relative L2");
  reciprocity(d, (wd_wave_desc){.order = 8}, 1e-5, "reciprocity, order 8: relative L2");
  reciprocity(d, (wd_wave_desc){.free_surface = true}, 1e-5, "reciprocity, free surface: relative L2");
  reciprocity(d, (wd_wave_desc){.mode = WD_WAVE_FAST}, 1e-5, "reciprocity, fast: relative L2");
  reciprocity(d, (wd_wave_desc){.mode = WD_WAVE_LIVE}, 1e-5, "reciprocity, live: relative L2");
  mirror(d, (wd_wave_desc){0}, "mirrored map, mirrored gathers, exact: relative L2");
  mirror(d, (wd_wave_desc){.mode = WD_WAVE_LIVE}, "mirrored map, mirrored gathers, live: relative L2");
  free_surface(d, (wd_wave_desc){0}, "free surface and image source, exact: relative L2");
  free_surface(d, (wd_wave_desc){.order = 8}, "free surface and image source, order 8: relative L2");
  free_surface(d, (wd_wave_desc){.mode = WD_WAVE_LIVE}, "free surface and image source, live: relative L2");
  stability(d, 4);
  stability(d, 8);
  wd_device_close(d);
  return tap_done();
}
