/* The kernels and host code of solver/cuda/, run without a GPU (cuda_emulation/), against the reference:
 * bit-equal in exact mode. This shows that their logic is right: indices, order of arithmetic, barriers, what
 * is stored when a call is cancelled or fails. It cannot show what a device's compiler, memory model or speed
 * do; test_wave_cuda.c is for that. */
#include "cuda_runtime_api.h"
#include "tests/solver/cuda_cases.h"

/* Exact mode is compared by bits whatever these are. */
static const double TOLERANCE = 2e-6, GRADIENT_TOLERANCE = 2e-5;

static void general_kernels(const wave_case *c, wd_device *cuda, wd_device *reference) {
  setenv("WAVEDIFFUSION_CUDA", "general", 1);
  wave_problem p = problem_make(c);
  wd_wave *got = problem_wave(&p, cuda), *want = problem_wave(&p, reference);
  wd_error err = {0};
  if (wd_wave_run(want, NULL, &err)) problem_fail("reference", &err);
  wd_status st = wd_wave_run(got, NULL, &err);
  if (tap_ok(st == WD_OK, "%s: run %s", c->name, err.message)) compare_gathers(got, want, TOLERANCE, c->name);
  compare_stepwise(got, want, TOLERANCE, c->name);
  compare_gradient(got, want, GRADIENT_TOLERANCE, c->name);
  wd_wave_destroy(got);
  /* A limit that leaves room for a few fields only: checkpoints, and shots one after the other. */
  p.desc.memory_limit = 60 * (size_t)(c->nz + 60) * (size_t)(c->nx + 60) * sizeof(float);
  got = problem_wave(&p, cuda);
  wd_wave_memory memory = wd_wave_get_memory(got);
  char text[100];
  snprintf(text, sizeof text, "%s, a state every %d steps", c->name, memory.checkpoint_interval);
  tap_ok(memory.checkpoint_interval > 1 && memory.gradient <= p.desc.memory_limit, "%s: %zu of %zu bytes",
         text, memory.gradient, p.desc.memory_limit);
  compare_gradient(got, want, GRADIENT_TOLERANCE, text);
  wd_wave_destroy(got);
  wd_wave_destroy(want);
  problem_clear(&p);
}

/* Fields in shared memory, with every cluster size that holds them. */
static void resident_kernels(const wave_case *c, wd_device *cuda, wd_device *reference, bool stepwise) {
  wave_problem p = problem_make(c);
  wd_wave *want = problem_wave(&p, reference);
  wd_error err = {0};
  int tried = 0;
  if (wd_wave_run(want, NULL, &err)) problem_fail("reference", &err);
  for (int blocks = 16; blocks >= 1; blocks /= 2) {
    char text[100], path[16];
    wd_wave *got = NULL;
    snprintf(path, sizeof path, "cluster:%d", blocks);
    snprintf(text, sizeof text, "%s, %s", c->name, path);
    setenv("WAVEDIFFUSION_CUDA", path, 1);
    wd_status st = wd_wave_create(cuda, p.survey, &p.desc, p.map, &got, &err);
    if (st == WD_ERR_UNSUPPORTED) continue; /* does not fit: counted below */
    tried++;
    if (!st) st = wd_wave_run(got, NULL, &err);
    if (tap_ok(st == WD_OK, "%s: run %s", text, st ? err.message : ""))
      compare_gathers(got, want, TOLERANCE, text);
    if (stepwise && blocks == 4) compare_stepwise(got, want, TOLERANCE, text);
    wd_wave_destroy(got);
  }
  tap_ok(tried >= 3, "%s: %d cluster sizes tried", c->name, tried);
  wd_wave_destroy(want);
  problem_clear(&p);
}

int main(void) {
  wd_device *cuda = device_or_exit("cuda"), *reference = device_or_exit("reference");
  printf("# %s\n", wd_device_get_info(cuda)->name);
  for (int i = 0; i < CASES; i++) {
    emulated.order = i % 4;
    general_kernels(&wave_cases[i], cuda, reference);
  }
  for (int i = 0; i < CASES; i++) {
    emulated.order = (i + 1) % 4;
    if (wave_cases[i].desc.mode != WD_WAVE_LIVE)
      resident_kernels(&wave_cases[i], cuda, reference, i % 2 == 0);
  }
  unsetenv("WAVEDIFFUSION_CUDA");
  wd_device_close(cuda);
  wd_device_close(reference);
  tap_ok(emulated_get_counts().bytes == 0, "all device memory is given back (%zu bytes left)",
         emulated_get_counts().bytes);
  tap_ok(emulated_fence_faults() == 0, "nothing was written outside an allocation");
  return tap_done();
}
