/* wavediffusion-cli simulate: velocity maps to gathers. */
#include "app/cli/setup.h"

#include "solver/memory.h"

#include <stdio.h>

typedef struct simulate_args {
  const char *velocity, *output, *device;
  int mode;
  bool zero_last;
  setup_args setup;
} simulate_args;

static const cli_option options[] = {
    {"velocity", 'v', CLI_TEXT, offsetof(simulate_args, velocity), true, .value = "V.npy",
     .help = "velocity in m/s: one map (nz,nx) or a batch (n,1,nz,nx)"},
    {"output", 'o', CLI_TEXT, offsetof(simulate_args, output), true, .value = "S.npy",
     .help = "gathers (n, shots, samples, receivers), float32"},
    CLI_MODE_OPTION(simulate_args),
    CLI_DEVICE_OPTION(simulate_args),
    {"zero-last", 0, CLI_FLAG, offsetof(simulate_args, zero_last),
     .help = "set the last sample of every trace to zero, as OpenFWI's training files have it"},
    CLI_SETUP_OPTIONS(simulate_args, setup),
    {0}};

/* One run of the command: what is open while it lasts. */
typedef struct job {
  const simulate_args *args;
  wd_npy *input;
  wd_npy_writer *output;
  wd_device *device;
  wd_survey *survey;
  wd_wave *wave;
  wd_map *map;    /* batch */
  int batch;      /* maps of one call */
  double points;  /* updates in all */
  double seconds; /* inside wd_wave_run */
} job;

static void job_close(job *j) {
  for (int i = 0; j->map && i < j->batch; i++) wd_map_clear(&j->map[i]);
  wd_free(j->map);
  wd_wave_destroy(j->wave);
  wd_survey_destroy(j->survey);
  if (j->device) wd_device_close(j->device);
  wd_npy_writer_abort(j->output);
  wd_npy_close(j->input);
}

/* Maps first..first+n-1: read, propagated, written. */
static wd_status one_batch(cli *c, job *j, size_t first, int n, wd_error *err) {
  const simulate_args *a = j->args;
  wd_status st = WD_OK;
  for (int i = 0; i < n && !st; i++) {
    wd_map_clear(&j->map[i]);
    st = wd_npy_read_map(j->input, first + (size_t)i, j->survey->spacing, &j->map[i], err);
  }
  if (!st && j->wave && wd_wave_get_desc(j->wave)->maps != n) { /* the last, shorter batch */
    wd_wave_destroy(j->wave);
    j->wave = NULL;
  }
  if (!st && j->wave) {
    st = wd_wave_set_velocity(j->wave, j->map, err);
  } else if (!st) {
    wd_wave_desc desc = setup_wave_desc(&a->setup, (wd_wave_mode)a->mode, n);
    st = wd_wave_create(j->device, j->survey, &desc, j->map, &j->wave, err);
  }
  if (st) return wd_fail_context(err, st, "maps %zu to %zu", first, first + (size_t)n - 1);
  cli_progress_span(c, n);
  double start = cli_seconds();
  st = wd_wave_run(j->wave, &c->hooks, err);
  j->seconds += cli_seconds() - start;
  j->points += setup_points(j->wave) * n;
  for (int i = 0; i < n && !st; i++) {
    const wd_gather *g = wd_wave_gather(j->wave, i);
    size_t row = (size_t)g->receivers, shot = (size_t)g->samples * row;
    /* The last sample is written apart, so that the wave's own gather stays as it is. */
    for (int s = 0; s < g->shots && !st; s++) {
      const float *value = g->value + (size_t)s * shot;
      st = wd_npy_writer_append(j->output, value, a->zero_last ? shot - row : shot, err);
      static const float zeros[256];
      for (size_t done = 0; a->zero_last && done < row && !st; done += 256)
        st = wd_npy_writer_append(j->output, zeros, row - done < 256 ? row - done : 256, err);
    }
  }
  return st;
}

static wd_status simulate_all(cli *c, job *j, size_t count, wd_error *err) {
  cli_progress_begin(c, "simulate", "maps", (double)count, 0);
  for (size_t first = 0; first < count;) {
    int n = count - first < (size_t)j->batch ? (int)(count - first) : j->batch;
    wd_status st = one_batch(c, j, first, n, err);
    if (!st && cli_cancelled(c))
      st = wd_fail(err, WD_CANCELLED, "stopped after %zu of %zu maps", first, count);
    if (st) return st;
    first += (size_t)n;
    cli_progress_set(c, (double)first);
  }
  cli_progress_end(c);
  wd_npy_writer *output = j->output;
  j->output = NULL;
  return wd_npy_writer_close(output, err);
}

static wd_status report(cli *c, const job *j, size_t count, wd_error *err) {
  const simulate_args *a = j->args;
  const wd_survey *s = j->survey;
  const wd_device_info *d = wd_device_get_info(j->device);
  const char *mode = wd_wave_mode_name((wd_wave_mode)a->mode);
  if (c->json)
    return cli_print_json(json_pack("{s:s, s:[I,i,i,i], s:s, s:s, s:s, s:i, s:o, s:o, s:o}", "output",
                                    a->output, "shape", (json_int_t)count, s->shots, s->samples, s->receivers,
                                    "mode", mode, "device", d->spec, "device_name", d->name, "absorb",
                                    wd_wave_get_desc(j->wave)->absorb, "seconds", cli_real(j->seconds),
                                    "maps_per_second", cli_real((double)count / j->seconds),
                                    "points_per_second", cli_real(j->points / j->seconds)),
                          err);
  printf("%s: gathers (%zu, %d, %d, %d), %s mode on %s, %.3g s, %.3g G point updates a second\n", a->output,
         count, s->shots, s->samples, s->receivers, mode, d->name, j->seconds, j->points / j->seconds * 1e-9);
  return WD_OK;
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  const simulate_args *a = arguments;
  job j = {.args = a};
  size_t count = 0;
  int nz = 0, nx = 0;
  wd_status st = wd_npy_open(a->velocity, &j.input, err);
  if (!st) st = wd_npy_map_shape(j.input, &count, &nz, &nx, err);
  if (!st) st = setup_survey(&a->setup, nz, nx, &j.survey, err);
  if (!st) st = cli_open_device(c, a->device, wd_wave_mode_name((wd_wave_mode)a->mode), &j.device, err);
  if (!st) {
    j.batch = setup_batch(j.device, j.survey, count);
    j.map = wd_calloc((size_t)j.batch, sizeof *j.map);
    if (!j.map) st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d maps", j.batch);
  }
  if (!st) {
    const wd_survey *s = j.survey;
    size_t shape[4] = {count, (size_t)s->shots, (size_t)s->samples, (size_t)s->receivers};
    st = wd_npy_writer_open(a->output, WD_NPY_F32, 4, shape, &j.output, err);
  }
  if (!st) st = simulate_all(c, &j, count, err);
  if (!st) st = report(c, &j, count, err);
  job_close(&j);
  return st;
}

const cli_command cli_simulate = {
    .name = "simulate",
    .summary = "simulate the gathers of one velocity map or of a batch",
    .details =
        "With no further options the acquisition is OpenFWI's: cells of 10 m, 5 sources and one receiver a "
        "column 10 m deep, 1000 samples of 1 ms, a Ricker wavelet of 15 Hz, 120 absorbing cells on every "
        "side. A set-up that is unstable, or too coarse for its wavelength, is refused with the numbers.",
    .example = "wavediffusion-cli simulate --velocity velocity.npy --output gathers.npy\n"
               "wavediffusion-cli simulate --velocity velocity.npy --output gathers.npy --mode live --device "
               "cpu:2\n",
    .option = options,
    .size = sizeof(simulate_args),
    .run = run,
};
