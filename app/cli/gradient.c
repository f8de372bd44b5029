/* wavediffusion-cli gradient: misfit of simulated against observed gathers, and its gradient. */
#include "app/cli/setup.h"

#include "solver/memory.h"

#include <stdio.h>

typedef struct gradient_args {
  const char *velocity, *observed, *output, *device;
  int mode, memory;
  bool skip_last;
  setup_args setup;
} gradient_args;

static const cli_option options[] = {
    {"velocity", 'v', CLI_TEXT, offsetof(gradient_args, velocity), true, .value = "V.npy",
     .help = "velocity in m/s: one map (nz,nx) or a batch (n,1,nz,nx)"},
    {"observed", 's', CLI_TEXT, offsetof(gradient_args, observed), true, .value = "S.npy",
     .help = "observed gathers, (shots, samples, receivers) or (n, shots, samples, receivers)"},
    {"output", 'o', CLI_TEXT, offsetof(gradient_args, output), true, .value = "G.npy",
     .help = "the gradient of each map, (n,1,nz,nx), float32"},
    CLI_MODE_OPTION(gradient_args),
    CLI_DEVICE_OPTION(gradient_args),
    {"skip-last", 0, CLI_FLAG, offsetof(gradient_args, skip_last),
     .help = "leave the last sample out of the misfit (OpenFWI's training files have it zeroed)"},
    {"memory", 0, CLI_INT, offsetof(gradient_args, memory), .value = "MIB", .min = 1, .max = 1 << 20,
     .initial = "1024", .help = "memory for stored wavefields; less of it means more recomputation"},
    CLI_SETUP_OPTIONS(gradient_args, setup),
    {0}};

typedef struct job {
  const gradient_args *args;
  wd_npy *velocity, *observed;
  wd_npy_writer *output;
  wd_device *device;
  wd_survey *survey;
  wd_wave *wave;
  wd_map map, gradient;
  wd_gather residual; /* F(v) - observed */
  json_t *maps;       /* one object a map, for the report */
  double seconds;
} job;

static void job_close(job *j) {
  json_decref(j->maps);
  wd_gather_clear(&j->residual);
  wd_map_clear(&j->gradient);
  wd_map_clear(&j->map);
  wd_wave_destroy(j->wave);
  wd_survey_destroy(j->survey);
  if (j->device) wd_device_close(j->device);
  wd_npy_writer_abort(j->output);
  wd_npy_close(j->observed);
  wd_npy_close(j->velocity);
}

/* j->residual: on entry the observed gather, afterwards dJ/dF = F - observed. J = 1/2 sum of its squares. */
static double take_residual(job *j) {
  const wd_gather *f = wd_wave_gather(j->wave, 0);
  wd_gather *r = &j->residual;
  size_t count = wd_gather_count(r);
  double sum = 0;
  for (size_t i = 0; i < count; i++) r->value[i] = f->value[i] - r->value[i];
  if (j->args->skip_last) wd_gather_zero_last(r);
  for (size_t i = 0; i < count; i++) sum += (double)r->value[i] * (double)r->value[i];
  return 0.5 * sum;
}

static wd_status one_map(cli *c, job *j, size_t i, wd_error *err) {
  const gradient_args *a = j->args;
  double misfit = 0, vmin_term = 0, start = cli_seconds();
  wd_map_clear(&j->map);
  wd_map_clear(&j->gradient);
  wd_gather_clear(&j->residual);
  wd_status st = wd_npy_read_map(j->velocity, i, j->survey->spacing, &j->map, err);
  if (!st) st = wd_npy_read_gather(j->observed, i, j->survey->dt, &j->residual, err);
  if (!st && !j->wave) {
    wd_wave_desc desc = setup_wave_desc(&a->setup, (wd_wave_mode)a->mode, 1);
    desc.memory_limit = (size_t)a->memory << 20;
    st = wd_wave_create(j->device, j->survey, &desc, &j->map, &j->wave, err);
    if (!st) {
      wd_wave_memory m = wd_wave_get_memory(j->wave);
      cli_note(c, "%.0f MiB of fields, %.0f MiB of stored wavefields, every %d steps",
               (double)m.held / 1048576, (double)m.gradient / 1048576, m.checkpoint_interval);
    }
  } else if (!st) {
    st = wd_wave_set_velocity(j->wave, &j->map, err);
  }
  cli_progress_span(c, 0.2);
  if (!st) st = wd_wave_run(j->wave, &c->hooks, err);
  if (!st) {
    misfit = take_residual(j);
    cli_progress_set(c, (double)i + 0.2);
    cli_progress_span(c, 0.8);
    st = wd_wave_gradient(j->wave, &j->residual, &j->gradient, &vmin_term, &c->hooks, err);
  }
  if (st) return wd_fail_context(err, st, "map %zu", i);
  j->seconds += cli_seconds() - start;
  float least = 0, most = 0;
  wd_map_range(&j->gradient, &least, &most);
  json_array_append_new(j->maps, json_pack("{s:o, s:o, s:o, s:o}", "misfit", cli_real(misfit), "vmin_term",
                                           cli_real(vmin_term), "gradient_min", cli_real((double)least),
                                           "gradient_max", cli_real((double)most)));
  if (!c->json)
    printf("map %zu: misfit %.8g, gradient %.4g to %.4g per m/s, term of the least velocity %.4g per m/s\n",
           i, misfit, (double)least, (double)most, vmin_term);
  return wd_npy_writer_append(j->output, j->gradient.value, (size_t)j->map.nz * (size_t)j->map.nx, err);
}

/* Opens everything and checks that the gathers belong to the maps. */
static wd_status set_up(cli *c, job *j, size_t *count, wd_error *err) {
  const gradient_args *a = j->args;
  int nz, nx, shots, samples, receivers;
  size_t gathers;
  wd_status st = wd_npy_open(a->velocity, &j->velocity, err);
  if (!st) st = wd_npy_open(a->observed, &j->observed, err);
  if (!st) st = wd_npy_map_shape(j->velocity, count, &nz, &nx, err);
  if (!st) st = wd_npy_gather_shape(j->observed, &gathers, &shots, &samples, &receivers, err);
  if (!st) st = setup_survey(&a->setup, nz, nx, &j->survey, err);
  if (st) return st;
  const wd_survey *s = j->survey;
  if (gathers != *count)
    return wd_fail(err, WD_ERR_SHAPE, "%s holds %zu maps, but %s holds %zu gathers", a->velocity, *count,
                   a->observed, gathers);
  if (shots != s->shots || samples != s->samples || receivers != s->receivers)
    return wd_fail(
        err, WD_ERR_SHAPE,
        "%s holds gathers of %d shots, %d samples, %d receivers; the acquisition has %d, %d, %d: set "
        "--shots, --samples, --receivers",
        a->observed, shots, samples, receivers, s->shots, s->samples, s->receivers);
  st = cli_open_device(c, a->device, wd_wave_mode_name((wd_wave_mode)a->mode), &j->device, err);
  size_t shape[4] = {*count, 1, (size_t)nz, (size_t)nx};
  if (!st) st = wd_npy_writer_open(a->output, WD_NPY_F32, 4, shape, &j->output, err);
  return st;
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  const gradient_args *a = arguments;
  job j = {.args = a, .maps = json_array()};
  size_t count = 0;
  wd_status st = set_up(c, &j, &count, err);
  if (!st) cli_progress_begin(c, "gradient", "maps", (double)count, 0);
  for (size_t i = 0; i < count && !st; i++) {
    st = one_map(c, &j, i, err);
    if (!st) cli_progress_set(c, (double)(i + 1));
    if (!st && cli_cancelled(c))
      st = wd_fail(err, WD_CANCELLED, "stopped after %zu of %zu maps", i + 1, count);
  }
  if (!st) cli_progress_end(c);
  if (!st) {
    wd_npy_writer *output = j.output;
    j.output = NULL;
    st = wd_npy_writer_close(output, err);
  }
  if (!st && c->json) {
    const wd_device_info *d = wd_device_get_info(j.device);
    st = cli_print_json(json_pack("{s:s, s:s, s:s, s:s, s:o, s:O}", "output", a->output, "mode",
                                  wd_wave_mode_name((wd_wave_mode)a->mode), "device", d->spec, "device_name",
                                  d->name, "seconds", cli_real(j.seconds), "maps", j.maps),
                        err);
  }
  job_close(&j);
  return st;
}

const cli_command cli_gradient = {
    .name = "gradient",
    .summary =
        "the misfit of a map's gathers to observed ones, and its gradient with respect to every velocity",
    .details =
        "The misfit is J = 1/2 sum (F(V) - S)^2 over all shots, samples and receivers; the gradient dJ/dV "
        "(per m/s) is the discrete adjoint of the same scheme. It holds the damping fixed, which depends on "
        "the least velocity of the map; that dependence is reported apart as vmin_term.",
    .example =
        "wavediffusion-cli gradient --velocity start.npy --observed gathers.npy --output gradient.npy\n",
    .option = options,
    .size = sizeof(gradient_args),
    .run = run,
};
