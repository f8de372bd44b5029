/* The kernels and host code of solver/cuda/, run without a GPU (cuda_emulation/), against the reference:
 * bit-equal in exact mode. This shows that their logic is right: indices, order of arithmetic, barriers, what
 * is stored when a call is cancelled or fails. It cannot show what a device's compiler, memory model or speed
 * do; test_wave_cuda.c is for that. */
#include "cuda_runtime_api.h"
#include "tests/instrumented.h"
#include "tests/solver/cuda_cases.h"
#include "tests/solver/cuda_emulation/families.h"

const emulated_family *const emulated_families[] = {&emulated_wave, NULL};

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
  p.desc.memory_limit = 36 * (size_t)(c->nz + 60) * (size_t)(c->nx + 60) * sizeof(float);
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

/* A device so small that every shot is a batch of its own. */
static void small_batches(const wave_case *c, wd_device *reference) {
  emulated.multiprocessors = 1;
  emulated.l2 = 1;
  setenv("WAVEDIFFUSION_CUDA", "general", 1);
  wd_device *cuda = device_or_exit("cuda");
  wave_problem p = problem_make(c);
  wd_wave *got = problem_wave(&p, cuda), *want = problem_wave(&p, reference);
  char text[100];
  snprintf(text, sizeof text, "%s, one shot a batch", c->name);
  wd_error err = {0};
  if (wd_wave_run(want, NULL, &err)) problem_fail("reference", &err);
  wd_status st = wd_wave_run(got, NULL, &err);
  if (tap_ok(st == WD_OK, "%s: run %s", text, err.message)) compare_gathers(got, want, TOLERANCE, text);
  compare_gradient(got, want, GRADIENT_TOLERANCE, text);
  wd_wave_destroy(got);
  wd_wave_destroy(want);
  wd_device_close(cuda);
  problem_clear(&p);
  emulated.multiprocessors = 132;
  emulated.l2 = 50 << 20;
}

static void raise_flag(void *flag, double fraction) {
  (void)fraction;
  atomic_store((atomic_bool *)flag, true);
}

/* Chunks replayed as graphs, cancelled after the first and taken up again. */
static void cancelled(wd_device *cuda, wd_device *reference, const char *path) {
  const wave_case c = {"cancelled", {.absorb = 20}, 20, 20, 1, 330, 15};
  setenv("WAVEDIFFUSION_CUDA", path, 1);
  wave_problem p = problem_make(&c);
  wd_wave *got = problem_wave(&p, cuda), *want = problem_wave(&p, reference);
  atomic_bool flag = true;
  wd_hooks hooks = {.cancel = &flag};
  wd_error err = {0};
  if (wd_wave_run(want, NULL, &err)) problem_fail("reference", &err);
  tap_ok(wd_wave_run(got, &hooks, &err) == WD_CANCELLED, "%s: a run is cancelled at once", path);
  tap_ok(wd_wave_step(got, 50, &hooks, &err) == WD_CANCELLED && wd_wave_time(got) == 0,
         "%s: so are steps, and none is taken", path);
  wd_gather *r = random_residuals(want);
  wd_map gradient = {0};
  tap_ok(wd_wave_gradient(got, r, &gradient, NULL, &hooks, &err) == WD_CANCELLED && !gradient.value,
         "%s: so is a gradient", path);
  residuals_free(r, 1);
  flag = false;
  hooks.progress = raise_flag;
  hooks.user = &flag;
  emulated_reset_counts();
  wd_status st = wd_wave_step(got, 330, &hooks, &err);
  int time = wd_wave_time(got);
  long graphs = emulated_get_counts().graph_launches;
  bool general = strcmp(path, "general") == 0;
  tap_ok(general ? st == WD_CANCELLED && time == 100 && graphs == 1 : st == WD_OK,
         "%s: steps stop at %d of 330 after %ld graphs", path, time, graphs);
  tap_ok(!memcmp(wd_wave_gather(got, 0)->value, wd_wave_gather(want, 0)->value,
                 sizeof(float) * (size_t)time * (size_t)p.survey->receivers),
         "%s: the samples so far are there", path);
  st = wd_wave_step(got, 330, NULL, &err);
  tap_ok(st == WD_OK && wd_wave_time(got) == 330, "%s: and go on to the end", path);
  compare_gathers(got, want, 0, path);
  wd_wave_destroy(got);
  wd_wave_destroy(want);
  problem_clear(&p);
}

/* What a call does, from opening the device on; the status of the first part that fails. */
static wd_status whole_life(const wave_problem *p, const wd_gather *residual, wd_error *err) {
  wd_device *cuda = NULL;
  wd_wave *w = NULL;
  wd_map gradient[3] = {{0}}, field = {0};
  double vmin[3];
  wd_status st = wd_device_open("cuda", &cuda, err);
  if (!st) st = wd_wave_create(cuda, p->survey, &p->desc, p->map, &w, err);
  if (!st) st = wd_wave_run(w, NULL, err);
  if (!st) st = wd_wave_step(w, 5, NULL, err);
  if (!st) st = wd_wave_snapshot(w, 0, 0, false, &field, err);
  if (!st) st = wd_wave_gradient(w, residual, gradient, vmin, NULL, err);
  for (int m = 0; m < 3; m++) wd_map_clear(&gradient[m]);
  wd_map_clear(&field);
  wd_wave_destroy(w);
  wd_device_close(cuda);
  return st;
}

/* Every call of the runtime fails in turn: an error value each time, nothing leaked, nothing written astray.
 */
static void failing_calls(const wave_case *c, wd_device *reference, const char *path, cudaError_t code,
                          wd_status expected) {
  setenv("WAVEDIFFUSION_CUDA", path, 1);
  wave_case brief = *c;
  brief.samples = 7;
  wave_problem p = problem_make(&brief);
  wd_wave *want = problem_wave(&p, reference);
  wd_gather *r = random_residuals(want);
  size_t before = emulated_get_counts().bytes;
  int failed = 0, wrong = 0, leaked = 0, harmless = 0;
  for (long i = 2;; i++) { /* the first asks how many devices there are */
    wd_error err = {0};
    emulated_reset_counts();
    emulated.fail_at = i;
    emulated.fail_with = code;
    wd_status st = whole_life(&p, r, &err);
    bool reached = emulated.fail_at == 0;
    emulated_reset_counts();
    leaked += emulated_get_counts().bytes != before;
    if (!reached) break;
    if (st == WD_OK)
      harmless++; /* page-locking, say: done without */
    else {
      failed++;
      if (st != expected || !strstr(err.message, "cuda")) {
        if (!wrong++) printf("# call %ld: %s: %s\n", i, wd_status_name(st), err.message);
      }
    }
  }
  tap_ok(failed > 20 && wrong == 0,
         "%s, %s: %d calls fail in turn, %d with another status or no text (%d harmless)", path,
         cudaGetErrorName(code), failed, wrong, harmless);
  tap_ok(leaked == 0, "%s, %s: %d leave device memory behind", path, cudaGetErrorName(code), leaked);
  residuals_free(r, p.desc.maps);
  wd_wave_destroy(want);
  problem_clear(&p);
}

static void refusals(const wave_case *c) {
  wd_device *d = NULL;
  wd_wave *w = NULL;
  wd_error err = {0};
  emulated.no_driver = 1;
  wd_status st = wd_device_open("cuda", &d, &err);
  tap_ok(st == WD_ERR_DEVICE && strstr(err.message, "no NVIDIA driver"), "without a driver: %s", err.message);
  emulated.no_driver = 0;
  st = wd_device_open("cuda:3", &d, &err);
  tap_ok(st == WD_ERR_DEVICE && strstr(err.message, "cuda:3"), "%s", err.message);
  emulated.capability = 75;
  st = wd_device_open("cuda", &d, &err);
  tap_ok(st == WD_ERR_DEVICE && strstr(err.message, "7.5"), "%s", err.message);
  emulated.capability = 90;
  emulated.memory = 100000;
  setenv("WAVEDIFFUSION_CUDA", "general", 1);
  wave_problem p = problem_make(c);
  d = device_or_exit("cuda");
  st = wd_wave_create(d, p.survey, &p.desc, p.map, &w, &err);
  if (!st) st = wd_wave_run(w, NULL, &err);
  tap_ok(st == WD_ERR_NO_MEMORY && strstr(err.message, "MiB wanted"), "%s", err.message);
  wd_wave_destroy(w);
  w = NULL;
  emulated.memory = (size_t)8 << 30;
  setenv("WAVEDIFFUSION_CUDA", "fastest", 1);
  st = wd_wave_create(d, p.survey, &p.desc, p.map, &w, &err);
  tap_ok(st == WD_ERR_ARGUMENT && strstr(err.message, "WAVEDIFFUSION_CUDA=fastest"), "%s", err.message);
  wd_device_close(d);
  problem_clear(&p);
}

/* Fibers under the address sanitizer are slow: every third problem is enough to find a stray access. */
enum { STRIDE = WD_INSTRUMENTED ? 3 : 1 };

int main(void) {
  wd_device *cuda = device_or_exit("cuda"), *reference = device_or_exit("reference");
  printf("# %s\n", wd_device_get_info(cuda)->name);
  for (int i = 0; i < CASES; i += STRIDE) {
    emulated.order = i % 4;
    general_kernels(&wave_cases[i], cuda, reference);
  }
  for (int i = 0; i < CASES; i += STRIDE) {
    emulated.order = (i + 1) % 4;
    resident_kernels(&wave_cases[i], cuda, reference, i % 2 == 0);
  }
  emulated.order = 0;
  cancelled(cuda, reference, "general");
  cancelled(cuda, reference, "cluster:2");
  wd_device_close(cuda);
  const wave_case *batch = &wave_cases[4];
  small_batches(batch, reference);
  small_batches(&wave_cases[CASES - 1], reference);
  failing_calls(batch, reference, "general", cudaErrorMemoryAllocation, WD_ERR_NO_MEMORY);
  failing_calls(batch, reference, "general", cudaErrorIllegalAddress, WD_ERR_DEVICE);
  failing_calls(batch, reference, "cluster:2", cudaErrorIllegalAddress, WD_ERR_DEVICE);
  refusals(batch);
  wd_device_close(reference);
  tap_ok(emulated_get_counts().bytes == 0, "all device memory is given back (%zu bytes left)",
         emulated_get_counts().bytes);
  tap_ok(emulated_fence_faults() == 0, "nothing was written outside an allocation");
  return tap_done();
}
