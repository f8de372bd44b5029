/* wavediffusion-cli compare: how two files of gathers differ (solver/metrics.h defines every figure). */
#include "app/cli/setup.h"
#include "solver/lag.h"
#include "solver/metrics.h"
#include "solver/reflection.h"

#include <math.h>
#include <stdio.h>

typedef struct compare_args {
  const char *a, *b, *velocity, *device;
  int mode, calibrate;
  bool skip_last, per_shot, lag;
  setup_args setup; /* shots and samples come from the files */
} compare_args;

static const cli_operand operands[] = {
    {"A.npy", offsetof(compare_args, a), true,
     "gathers under test: (shots, samples, receivers) or a batch of them"},
    {"B.npy", offsetof(compare_args, b), true, "gathers to compare with, of the same shape"},
    {0}};

static const cli_option options[] = {
    {"velocity", 'v', CLI_TEXT, offsetof(compare_args, velocity), .value = "V.npy",
     .help =
         "velocity maps behind the gathers: adds the reflection residual ||A - B|| / ||F(V) - F(v_top)||"},
    {"skip-last", 0, CLI_FLAG, offsetof(compare_args, skip_last),
     .help = "leave out the last sample of every trace, which OpenFWI's training files set to zero"},
    {"calibrate", 0, CLI_CHOICE, offsetof(compare_args, calibrate), .choices = "none|sign|gain",
     .initial = "none", .help = "multiply A by its best sign or its least-squares gain first"},
    {"per-shot", 0, CLI_FLAG, offsetof(compare_args, per_shot), .help = "the figures of every shot as well"},
    {"lag", 0, CLI_FLAG, offsetof(compare_args, lag),
     .help = "time lags of A behind B by cross-correlation, one a trace, in seconds"},
    CLI_MODE_OPTION(compare_args),
    CLI_DEVICE_OPTION(compare_args),
    CLI_ACQUISITION_OPTIONS(compare_args, setup),
    {0}};

typedef struct lag_sum {
  int with_lag, suspects;
  double abs_sum, largest;
} lag_sum;

typedef struct job {
  cli *c;
  const compare_args *args;
  wd_npy *a, *b, *v;
  size_t count;
  int shots, samples, receivers;
  wd_device *device;
  wd_survey *survey;
  wd_measure all, simulated; /* simulated: F(V) with top, for the norm of its reflections */
  lag_sum lag;
  json_t *per_shot;
} job;

static wd_status open_files(job *j, wd_error *err) {
  const compare_args *a = j->args;
  wd_status st = wd_npy_open(a->a, &j->a, err);
  if (!st) st = wd_npy_open(a->b, &j->b, err);
  size_t count_b;
  int shots, samples, receivers;
  if (!st) st = wd_npy_gather_shape(j->a, &j->count, &j->shots, &j->samples, &j->receivers, err);
  if (!st) st = wd_npy_gather_shape(j->b, &count_b, &shots, &samples, &receivers, err);
  if (st) return st;
  if (count_b != j->count || shots != j->shots || samples != j->samples || receivers != j->receivers) {
    char one[128], other[128];
    return wd_fail(err, WD_ERR_SHAPE, "%s is %s and %s is %s: they must agree", a->a,
                   wd_npy_shape_text(j->a, one, sizeof one), a->b,
                   wd_npy_shape_text(j->b, other, sizeof other));
  }
  return WD_OK;
}

static wd_status open_velocity(job *j, wd_error *err) {
  const compare_args *a = j->args;
  size_t maps;
  int nz, nx;
  wd_status st = wd_npy_open(a->velocity, &j->v, err);
  if (!st) st = wd_npy_map_shape(j->v, &maps, &nz, &nx, err);
  if (st) return st;
  if (maps != j->count)
    return wd_fail(err, WD_ERR_SHAPE, "%s holds %zu maps for %zu sets of gathers in %s", a->velocity, maps,
                   j->count, a->a);
  setup_args setup = a->setup;
  setup.shots = j->shots;
  setup.samples = j->samples;
  st = setup_survey(&setup, nz, nx, &j->survey, err);
  if (!st && (j->survey->shots != j->shots || j->survey->receivers != j->receivers))
    st = wd_fail(
        err, WD_ERR_SHAPE,
        "%s has %d shots and %d receivers; the acquisition for %s (%d columns) has %d and %d: give the "
        "--sources and --receivers that it was simulated with",
        a->a, j->shots, j->receivers, a->velocity, nx, j->survey->shots, j->survey->receivers);
  if (!st) st = cli_open_device(j->c, a->device, wd_wave_mode_name((wd_wave_mode)a->mode), &j->device, err);
  return st;
}

/* F(V) of map i against itself with its top: only the norms of the reflections are wanted. */
static wd_status measure_reflections(job *j, size_t i, const wd_compare_desc *desc, wd_comparison *out,
                                     wd_error *err) {
  wd_map map = {0};
  wd_gather full = {0}, top = {0};
  wd_status st = wd_npy_read_map(j->v, i, j->args->setup.spacing, &map, err);
  const wd_wave_desc wave = setup_wave_desc(&j->args->setup, (wd_wave_mode)j->args->mode, 1);
  if (!st) st = wd_reflection_simulate(j->device, j->survey, &wave, &map, &j->c->hooks, &full, &top, err);
  if (!st) st = wd_compare(&full, &full, &top, desc, out, err);
  wd_gather_clear(&full);
  wd_gather_clear(&top);
  wd_map_clear(&map);
  return st;
}

static void add_lags(lag_sum *to, const wd_lag_map *map) {
  to->with_lag += map->with_lag;
  to->suspects += map->suspects;
  if (map->with_lag) to->abs_sum += map->mean_abs * map->with_lag;
  for (int i = 0; i < map->shots * map->receivers * map->windows; i++)
    if (fabs(map->value[i].lag) > to->largest) to->largest = fabs(map->value[i].lag);
}

/* One object of figures; `reflection` is the measure of F(V), or NULL. */
static json_t *figures(const wd_measure *m, const wd_measure *reflection) {
  json_t *o = json_object();
  json_object_set_new(o, "relative_l2", cli_real(m->relative_l2));
  json_object_set_new(o, "log_norm_mse", cli_real(m->log_norm_mse));
  json_object_set_new(o, "max_abs", cli_real(m->max_abs));
  json_object_set_new(o, "samples", json_integer((json_int_t)m->samples));
  json_object_set_new(o, "identical", json_integer((json_int_t)m->identical));
  json_object_set_new(o, "mae", cli_real(m->mae));
  json_object_set_new(o, "correlation", cli_real(m->correlation));
  json_object_set_new(o, "silence_log_norm_mse", cli_real(m->silence_log_norm_mse));
  if (reflection) {
    double r = reflection->norm_reflection > 0 ? m->norm_difference / reflection->norm_reflection : NAN;
    json_object_set_new(o, "reflection_residual", cli_real(r));
    json_object_set_new(o, "reflection_share", cli_real(reflection->reflection_share));
    json_object_set_new(o, "nothing_to_reflect", json_boolean(reflection->nothing_to_reflect));
  }
  return o;
}

static wd_status compare_one(job *j, size_t i, wd_error *err) {
  const compare_args *args = j->args;
  const wd_compare_desc desc = {.all_samples = !args->skip_last,
                                .calibration = (wd_calibration)args->calibrate};
  wd_gather a = {0}, b = {0};
  wd_comparison c = {0}, f = {0};
  wd_status st = wd_npy_read_gather(j->a, i, args->setup.dt, &a, err);
  if (!st) st = wd_npy_read_gather(j->b, i, args->setup.dt, &b, err);
  if (!st) st = wd_compare(&a, &b, NULL, &desc, &c, err);
  if (!st && j->v)
    st = measure_reflections(j, i, &(wd_compare_desc){.all_samples = !args->skip_last}, &f, err);
  if (!st && args->lag) {
    /* A flipped polarity would read as a shift of half a period: the calibration goes first. */
    for (size_t k = 0; c.gain != 1 && k < wd_gather_count(&a); k++) a.value[k] *= (float)c.gain;
    wd_lag_map lags;
    st = wd_lag_map_create(
        &a, &b, &(wd_lag_desc){.frequency = args->setup.frequency, .all_samples = !args->skip_last}, &lags,
        err);
    if (!st) {
      add_lags(&j->lag, &lags);
      wd_lag_map_clear(&lags);
    }
  }
  if (!st) {
    j->all = wd_measure_join(&j->all, &c.all);
    if (j->v) j->simulated = wd_measure_join(&j->simulated, &f.all);
    for (int s = 0; args->per_shot && s < c.shots; s++) {
      json_t *o = figures(&c.shot[s], j->v ? &f.shot[s] : NULL);
      json_object_set_new(o, "gather", json_integer((json_int_t)i));
      json_object_set_new(o, "shot", json_integer(s));
      json_array_append_new(j->per_shot, o);
    }
  }
  wd_comparison_clear(&c);
  wd_comparison_clear(&f);
  wd_gather_clear(&a);
  wd_gather_clear(&b);
  return st;
}

static void print_value(json_t *value) {
  if (json_is_integer(value))
    printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
  else if (json_is_real(value))
    printf("%.6g", json_real_value(value));
  else if (json_is_boolean(value))
    printf(json_is_true(value) ? "yes" : "no");
  else if (json_is_string(value))
    printf("%s", json_string_value(value));
  else
    printf("undefined");
}

static wd_status print_result(job *j, wd_error *err) {
  json_t *o = figures(&j->all, j->v ? &j->simulated : NULL), *value;
  if (j->v) json_object_set_new(o, "mode", json_string(wd_wave_mode_name((wd_wave_mode)j->args->mode)));
  if (j->args->lag) {
    double mean = j->lag.with_lag ? j->lag.abs_sum / j->lag.with_lag : NAN;
    json_object_set_new(o, "mean_abs_lag_s", cli_real(mean));
    json_object_set_new(o, "largest_lag_s", cli_real(j->lag.with_lag ? j->lag.largest : NAN));
    json_object_set_new(o, "half_period_s", cli_real(wd_half_period(j->args->setup.frequency)));
    json_object_set_new(o, "traces_with_lag", json_integer(j->lag.with_lag));
    json_object_set_new(o, "cycle_skip_suspects", json_integer(j->lag.suspects));
  }
  const char *key;
  if (!j->c->json) {
    json_object_foreach(o, key, value) {
      printf("%-22s ", key);
      print_value(value);
      printf("\n");
    }
    size_t i;
    json_t *shot;
    json_array_foreach(j->per_shot, i, shot) {
      printf("\n");
      json_object_foreach(shot, key, value) {
        printf("%-22s ", key);
        print_value(value);
        printf("\n");
      }
    }
    json_decref(o);
    return WD_OK;
  }
  if (j->args->per_shot) json_object_set(o, "shots", j->per_shot);
  return cli_print_json(o, err);
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  job j = {.c = c, .args = arguments, .per_shot = json_array()};
  wd_status st = open_files(&j, err);
  if (!st && j.args->velocity) st = open_velocity(&j, err);
  if (!st && j.v) cli_progress_begin(c, "compare", "map", (double)j.count, 0);
  for (size_t i = 0; !st && i < j.count; i++) {
    if (cli_cancelled(c)) st = wd_fail(err, WD_CANCELLED, "cancelled after %zu of %zu gathers", i, j.count);
    if (!st) st = compare_one(&j, i, err);
    if (!st && j.v) cli_progress_set(c, (double)(i + 1));
  }
  if (j.v) cli_progress_end(c);
  if (!st) st = print_result(&j, err);
  json_decref(j.per_shot);
  wd_survey_destroy(j.survey);
  wd_device_close(j.device);
  wd_npy_close(j.a);
  wd_npy_close(j.b);
  wd_npy_close(j.v);
  return st;
}

const cli_command cli_compare = {
    .name = "compare",
    .summary = "say how two files of gathers differ",
    .details =
        "Prints relative_l2 = ||A - B|| / ||B||, log_norm_mse (the mean squared difference of sign(x) "
        "log1p|x|, "
        "-30..60 scaled to -1..1; silence_log_norm_mse is what an empty A would score), max_abs, mae, "
        "correlation, samples (compared) and identical (of these, equal to the last bit). With a batch, all "
        "its "
        "gathers count together.\n\n"
        "With --velocity also reflection_residual = ||A - B|| / ||F(V) - F(v_top)||: the difference in units "
        "of "
        "all that lies below the surface row, simulated here; 1 is no better than knowing the top row.",
    .example = "wavediffusion-cli compare predicted.npy observed.npy --skip-last\n"
               "wavediffusion-cli compare predicted.npy observed.npy --velocity velocity.npy --json\n",
    .operand = operands,
    .option = options,
    .size = sizeof(compare_args),
    .run = run,
};
