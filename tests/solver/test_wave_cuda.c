/* CUDA against the reference, on a real device: bit-equal in exact mode, the OpenFWI pair included; stepwise;
 * batches; the gradient. Skipped where there is none. */
#include "solver/device_impl.h"
#include "tests/solver/cuda_cases.h"
#include "tests/solver/shared_pair.h"

static void one_case(const wave_case *c, wd_device *cuda, wd_device *reference) {
  wave_problem p = problem_make(c);
  wd_wave *got = problem_wave(&p, cuda), *want = problem_wave(&p, reference);
  wd_error err = {0};
  /* Contraction and flushing move the last bits of a fast or live run; the bound on fast mode is
   * physics.md's. */
  double tolerance = p.desc.mode == WD_WAVE_LIVE ? 5e-6 : 1e-5;
  if (wd_wave_run(want, NULL, &err)) problem_fail("reference", &err);
  for (int m = 0; m < wd_wave_get_desc(got)->maps; m++)
    memset(wd_wave_gather(got, m)->value, 0xFF, sizeof(float) * wd_gather_count(wd_wave_gather(got, m)));
  wd_status st = wd_wave_run(got, NULL, &err);
  if (tap_ok(st == WD_OK, "%s: run %s", c->name, err.message)) compare_gathers(got, want, tolerance, c->name);
  compare_stepwise(got, want, tolerance, c->name);
  compare_gradient(got, want, 1e-4, c->name);
  wd_wave_destroy(got);
  p.desc.memory_limit = 60 * (size_t)(c->nz + 60) * (size_t)(c->nx + 60) * sizeof(float);
  got = problem_wave(&p, cuda);
  char text[100];
  snprintf(text, sizeof text, "%s, little memory", c->name);
  compare_gradient(got, want, 1e-4, text);
  wd_wave_destroy(got);
  wd_wave_destroy(want);
  problem_clear(&p);
}

/* Every way that the device has of propagating. */
static void every_path(const wave_case *c, wd_device *cuda, wd_device *reference) {
  wave_problem p = problem_make(c);
  wd_wave *want = problem_wave(&p, reference);
  wd_error err = {0};
  if (wd_wave_run(want, NULL, &err)) problem_fail("reference", &err);
  for (int blocks = 0; blocks <= 16; blocks = blocks ? 2 * blocks : 1) {
    char text[100], path[16] = "general";
    wd_wave *got = NULL;
    if (blocks) snprintf(path, sizeof path, "cluster:%d", blocks);
    snprintf(text, sizeof text, "%s, %s", c->name, path);
    setenv("WAVEDIFFUSION_CUDA", path, 1);
    wd_status st = wd_wave_create(cuda, p.survey, &p.desc, p.map, &got, &err);
    if (st == WD_ERR_UNSUPPORTED) {
      tap_skip("%s: %s", text, err.message);
      continue;
    }
    if (!st) st = wd_wave_run(got, NULL, &err);
    if (tap_ok(st == WD_OK, "%s: run %s", text, st ? err.message : ""))
      compare_gathers(got, want, 1e-5, text);
    wd_wave_destroy(got);
  }
  unsetenv("WAVEDIFFUSION_CUDA");
  wd_wave_destroy(want);
  problem_clear(&p);
}

/* OpenFWI's size: against its own bits where the pair is there, and a batch of maps against the reference. */
static void openfwi_size(wd_device *cuda, wd_device *reference) {
  enum { N = 5 * 1000 * 70, MAPS = 9 };
  static float velocity[4900], seismic[N];
  wd_survey *s = NULL;
  wd_wave *got = NULL, *want = NULL;
  wd_error err = {0};
  if (wd_survey_create(&(wd_survey_desc){0}, &s, &err)) problem_fail("survey", &err);
  if (shared_floats("openfwi_cf0_velocity.npy", 4900, velocity) &&
      shared_floats("openfwi_cf0_seismic.npy", N, seismic)) {
    wd_map map = {70, 70, 10, velocity};
    if (wd_wave_create(cuda, s, NULL, &map, &got, &err)) problem_fail("wave", &err);
    wd_status st = wd_wave_run(got, NULL, &err);
    int same = 0, all = 0;
    for (int i = 0; i < N && !st; i++) {
      if (i / 70 % 1000 == 999) continue; /* zero in the released file */
      all++;
      same += memcmp(&wd_wave_gather(got, 0)->value[i], &seismic[i], 4) == 0;
    }
    tap_ok(!st && same == all && all == 349650, "%d of %d samples identical to OpenFWI's, to the last bit %s",
           same, all, err.message);
    wd_wave_destroy(got);
    got = NULL;
  } else
    tap_skip("the OpenFWI pair is not here (WD_SHARED_DATA)");

  wd_map map[MAPS];
  for (int m = 0; m < MAPS; m++) {
    if (wd_map_create(70, 70, 10, &map[m], &err)) problem_fail("map", &err);
    for (int i = 0; i < 4900; i++)
      map[m].value[i] = (float)(1600 + 40 * m + 30 * (i / 70) + 7 * (i % 70 % (m + 3)));
  }
  wd_wave_desc desc = {.maps = MAPS};
  if (wd_wave_create(cuda, s, &desc, map, &got, &err)) problem_fail("wave", &err);
  wd_status st = wd_wave_run(got, NULL, &err);
  tap_ok(st == WD_OK, "%d maps of OpenFWI's size in one call %s", MAPS, err.message);
  desc.maps = 1;
  for (int m = 0; m < MAPS; m += 4) {
    if (wd_wave_create(reference, s, &desc, &map[m], &want, &err)) problem_fail("wave", &err);
    if (wd_wave_run(want, NULL, &err)) problem_fail("reference", &err);
    size_t differ = different_bits(wd_wave_gather(got, m)->value, wd_wave_gather(want, 0)->value, N);
    tap_ok(differ == 0, "map %d of the batch: %zu of %d samples differ from the reference in a bit", m,
           differ, (int)N);
    wd_wave_destroy(want);
    want = NULL;
  }
  wd_wave_destroy(got);
  for (int m = 0; m < MAPS; m++) wd_map_clear(&map[m]);
  wd_survey_destroy(s);
}

int main(void) {
  wd_error err = {0};
  if (wd_device_cuda_count(&err) == 0) {
    tap_skip("skipped: no CUDA device (%s)", err.message);
    return tap_done();
  }
  wd_device *cuda = device_or_exit("cuda"), *reference = device_or_exit("reference");
  printf("# %s\n", wd_device_get_info(cuda)->name);
  /* compute-sanitizer makes kernels some hundred times slower: tests/gpu.sh asks for less under it. */
  const char *size = getenv("WD_CUDA_TEST");
  bool small = size && strcmp(size, "small") == 0;
  for (int i = 0; i < CASES; i++)
    if (!small || i == 2 || i == CASES - 1) every_path(&wave_cases[i], cuda, reference);
  for (int i = 0; i < CASES; i++)
    if (!small || i == 4 || i == CASES - 1) one_case(&wave_cases[i], cuda, reference);
  if (!small) openfwi_size(cuda, reference);
  wd_device_close(cuda);
  wd_device_close(reference);
  return tap_done();
}
