/* wavediffusion-cli generate: velocity maps of the ten families and their gathers, as files. */
#include "app/cli/dataset.h"
#include "app/cli/generate_sink.h"
#include "app/cli/plan.h"
#include "app/cli/setup.h"

#include "model/codec.h"
#include "solver/memory.h"

#include <math.h>
#include <stdio.h>

typedef struct generate_args {
  const char *output, *device;
  int family, count;
  uint64_t seed;
  bool openfwi_layout, codec, zero_last, test, dry_run;
} generate_args;

static const cli_option options[] = {
    {"family", 0, CLI_CHOICE, offsetof(generate_args, family), true, .value = "NAME",
     .choices = "flatvel-a|flatvel-b|curvevel-a|curvevel-b|flatfault-a|flatfault-b|curvefault-a|curvefault-b|"
                "style-a|style-b|all",
     .help = "flatvel-a, flatvel-b, curvevel-a, curvevel-b, flatfault-a, flatfault-b, curvefault-a, "
             "curvefault-b, "
             "style-a, style-b, or all: the ten in turn"},
    {"count", 'n', CLI_INT, offsetof(generate_args, count), true, .min = 1, .max = 100000000,
     .help = "maps in all"},
    {"seed", 's', CLI_UINT64, offsetof(generate_args, seed), true,
     .help = "the same seed gives the same maps anywhere"},
    {"output", 'o', CLI_TEXT, offsetof(generate_args, output), true, .value = "DIR",
     .help = "the folder; it is made where it is missing"},
    CLI_DEVICE_OPTION(generate_args),
    {"openfwi-layout", 0, CLI_FLAG, offsetof(generate_args, openfwi_layout),
     .help = "OpenFWI's folders and file names, a family apart: FlatVel_A/data/data1.npy, "
             "FlatFault_A/seis2_1_0.npy"},
    {"codec", 0, CLI_FLAG, offsetof(generate_args, codec),
     .help = "compact float16 training shards (temporal codec; scattered and direct field) instead of whole "
             "gathers"},
    {"zero-last", 0, CLI_FLAG, offsetof(generate_args, zero_last),
     .help = "set the last sample of every trace to zero, as OpenFWI's training files have it"},
    {"test", 0, CLI_FLAG, offsetof(generate_args, test),
     .help = "maps of the test split, which no training set of any seed ever holds"},
    CLI_DRY_RUN_OPTION(generate_args),
    {0}};

enum { CPU_MAPS = 8, CUDA_MAPS = 64 };

typedef struct job {
  dataset data;
  wd_device *device;
  wd_pool *pool;
  wd_survey *survey;
  wd_wave *wave;
  bool direct;       /* F(v_top) too */
  int batch;         /* maps in one call, their v_top counted apart */
  size_t done, made; /* maps there, of which made in this run */
  double generating, simulating, writing;
} job;

static void job_close(job *j) {
  wd_wave_destroy(j->wave);
  wd_survey_destroy(j->survey);
  wd_pool_destroy(j->pool);
  if (j->device) wd_device_close(j->device);
}

/* Gathers of n maps, and of their direct fields after them when j->direct, in j->wave. */
static wd_status simulate(cli *c, job *j, const dataset_map *map, int n, wd_error *err) {
  int all = j->direct ? 2 * n : n;
  wd_map *velocity = wd_calloc((size_t)all, sizeof *velocity);
  if (!velocity) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d maps", all);
  wd_status st = WD_OK;
  for (int i = 0; i < n; i++) velocity[i] = map[i].map; /* borrowed */
  for (int i = n; i < all && !st; i++) st = wd_map_repeat_row(&map[i - n].map, 1, &velocity[i], err);
  if (!st && j->wave && wd_wave_get_desc(j->wave)->maps != all) {
    wd_wave_destroy(j->wave);
    j->wave = NULL;
  }
  if (!st && j->wave) {
    st = wd_wave_set_velocity(j->wave, velocity, err);
  } else if (!st) {
    wd_wave_desc desc = {.mode = WD_WAVE_EXACT, .maps = all};
    st = wd_wave_create(j->device, j->survey, &desc, velocity, &j->wave, err);
  }
  if (!st) st = wd_wave_run(j->wave, &c->hooks, err);
  for (int i = n; i < all; i++) wd_map_clear(&velocity[i]);
  wd_free(velocity);
  return st;
}

/* Everything of one file, between opening and closing its sink. */
static wd_status fill_file(cli *c, job *j, const dataset_map *map, size_t count, sink *to, wd_error *err) {
  for (size_t first = 0; first < count;) {
    int n = count - first < (size_t)j->batch ? (int)(count - first) : j->batch;
    cli_progress_span(c, n);
    double start = cli_seconds();
    wd_status st = simulate(c, j, map + first, n, err);
    double simulated = cli_seconds();
    if (!st) st = to->ops->add(to, j->pool, map + first, n, j->wave, err);
    if (!st && cli_cancelled(c)) st = wd_fail(err, WD_CANCELLED, "stopped");
    if (st) return wd_fail_context(err, st, "after %zu maps", j->done);
    j->simulating += simulated - start;
    j->writing += cli_seconds() - simulated;
    first += (size_t)n;
    j->done += (size_t)n;
    j->made += (size_t)n;
    cli_progress_set(c, (double)j->done);
  }
  return WD_OK;
}

static wd_status make_file(cli *c, job *j, const dataset_file *file, const sink_ops *ops, bool zero_last,
                           wd_error *err) {
  dataset_map *map = wd_calloc(file->count, sizeof *map);
  if (!map) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu maps", file->count);
  double start = cli_seconds();
  wd_status st = dataset_generate(&j->data, file, j->pool, &c->hooks, map, err);
  j->generating += cli_seconds() - start;
  sink to = {.ops = ops, .file = file, .survey = j->survey, .zero_last = zero_last, .seed = j->data.seed};
  if (!st) st = ops->open(&to, err);
  if (!st) st = fill_file(c, j, map, file->count, &to, err);
  start = cli_seconds();
  if (!st)
    st = ops->close(&to, err);
  else
    ops->abort(&to);
  j->writing += cli_seconds() - start;
  for (size_t i = 0; i < file->count; i++) wd_map_clear(&map[i].map);
  wd_free(map);
  return st;
}

static wd_status report(cli *c, const job *j, size_t files, double seconds, wd_error *err) {
  const wd_device_info *d = wd_device_get_info(j->device);
  double rate = seconds > 0 ? (double)j->made / seconds : 0,
         share = seconds > 0 ? j->simulating / seconds : 0;
  if (c->json)
    return cli_print_json(
        json_pack("{s:s, s:I, s:I, s:I, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "output",
                  j->data.folder, "maps", (json_int_t)j->done, "made", (json_int_t)j->made, "files",
                  (json_int_t)files, "mode", "exact", "device", d->spec, "device_name", d->name, "seconds",
                  cli_real(seconds), "maps_per_second", cli_real(rate), "generating_seconds",
                  cli_real(j->generating), "simulating_seconds", cli_real(j->simulating), "writing_seconds",
                  cli_real(j->writing), "simulating_share", cli_real(share)),
        err);
  printf(
      "%s: %zu map%s in %zu file%s, %zu made now, exact mode on %s, %.4g maps/s (%.0f %% of the time in the "
      "solver)\n",
      j->data.folder, j->done, j->done == 1 ? "" : "s", files, files == 1 ? "" : "s", j->made, d->name, rate,
      100 * share);
  return WD_OK;
}

static wd_status make_all(cli *c, job *j, const sink_ops *ops, bool zero_last, wd_error *err) {
  size_t files = dataset_files(&j->data), there = 0;
  dataset_file *file = wd_calloc(1, sizeof *file);
  bool *complete = wd_calloc(files, sizeof *complete);
  wd_status st = file && complete ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu files", files);
  for (size_t i = 0; i < files && !st; i++) {
    st = dataset_file_at(&j->data, i, file, err);
    if (!st && (complete[i] = ops->complete(file, j->survey))) there += file->count;
  }
  if (!st && there) cli_note(c, "%zu of %zu maps are there already", there, j->data.count);
  j->done = there;
  cli_progress_begin(c, "generate", "maps", (double)j->data.count, (double)there);
  double start = cli_seconds();
  for (size_t i = 0; i < files && !st; i++) {
    if (complete[i]) continue;
    st = dataset_file_at(&j->data, i, file, err);
    if (!st) st = make_file(c, j, file, ops, zero_last, err);
  }
  if (!st) {
    cli_progress_end(c);
    st = report(c, j, files, cli_seconds() - start, err);
  } else if (st == WD_CANCELLED) {
    cli_note(c, "the same command goes on with the files that are missing");
  }
  wd_free(complete);
  wd_free(file);
  return st;
}

static wd_status tell_plan(cli *c, job *j, const sink_ops *ops, wd_error *err) {
  const wd_survey *s = j->survey;
  const size_t map = (size_t)s->nz * (size_t)s->nx,
               gather = (size_t)s->shots * (size_t)s->samples * (size_t)s->receivers;
  wd_codec *codec = NULL;
  dataset_file *file = wd_calloc(1, sizeof *file);
  wd_status st = file ? cli_plan_folder(j->data.folder, err) : wd_fail(err, WD_ERR_NO_MEMORY, "no memory");
  if (!st && j->direct) st = wd_codec_create(&(wd_codec_desc){.samples = s->samples}, &codec, err);
  cli_plan *p = cli_plan_new(c);
  size_t there = 0;
  cli_plan_file(p, j->data.folder, "dataset.json", NAN, false);
  for (size_t i = 0; i < dataset_files(&j->data) && !st; i++) {
    st = dataset_file_at(&j->data, i, file, err);
    if (st) break;
    if (ops->complete(file, s)) {
      there += file->count;
    } else if (codec) { /* float16: the map, the scattered and the direct field */
      const double one =
          2.0 * (double)map + 4.0 * (double)(s->shots * s->receivers) * (double)wd_codec_instants(codec);
      cli_plan_file(p, NULL, file->seismic, one * (double)file->count, true);
    } else {
      cli_plan_array(p, NULL, file->velocity, map * file->count);
      cli_plan_array(p, NULL, file->seismic, gather * file->count);
    }
  }
  cli_plan_count(p, "maps", (double)j->data.count);
  cli_plan_count(p, "there", (double)there);
  cli_plan_device(p, j->device, "exact");
  wd_codec_destroy(codec);
  wd_free(file);
  if (!st) return cli_plan_show(p, err);
  cli_plan_free(p);
  return st;
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  const generate_args *a = arguments;
  if (a->codec && a->openfwi_layout)
    return cli_usage_error(err, "--codec and --openfwi-layout exclude each other");
  if (a->codec && a->zero_last)
    return cli_usage_error(err, "--zero-last makes no sense with --codec: shards never hold a zeroed sample");
  job j = {.direct = a->codec};
  j.data = (dataset){.folder = a->output,
                     .family = a->family,
                     .seed = a->seed,
                     .count = (size_t)a->count,
                     .test = a->test,
                     .layout = a->codec            ? DATASET_SHARDS
                               : a->openfwi_layout ? DATASET_OPENFWI
                                                   : DATASET_PLAIN};
  json_t *recipe = json_pack("{s:s, s:b}", "mode", "exact", "zero_last", (int)a->zero_last);
  const sink_ops *ops = a->codec ? &sink_shards : &sink_npy;
  wd_survey_desc openfwi = {0};
  wd_status st = wd_survey_create(&openfwi, &j.survey, err);
  if (!st) st = cli_open_device(c, a->device, "exact", &j.device, err);
  if (!st) st = wd_pool_create(wd_cores(), &j.pool, err);
  if (!st) st = a->dry_run ? dataset_check(&j.data, recipe, err) : dataset_claim(&j.data, recipe, err);
  json_decref(recipe);
  if (!st) {
    j.batch = wd_device_get_info(j.device)->kind == WD_DEVICE_CUDA ? CUDA_MAPS : CPU_MAPS;
    st = a->dry_run ? tell_plan(c, &j, ops, err) : make_all(c, &j, ops, a->zero_last, err);
  }
  job_close(&j);
  return st;
}

const cli_command cli_generate = {
    .name = "generate",
    .summary = "make velocity maps of the ten families, and simulate their gathers in exact mode",
    .details = "OpenFWI's acquisition on maps of 70 x 70 cells; 500 maps a file. Map number k of --family "
               "all is map "
               "k / 10 of family k % 10, in the order of the list below. A stopped job goes on when the same "
               "command "
               "is given again: complete files are kept, and a larger --count adds to them.",
    .example = "wavediffusion-cli generate --family curvefault-b --count 10 --seed 1 --output data\n"
               "wavediffusion-cli generate --family all --count 60000 --seed 1 --output train --codec\n",
    .option = options,
    .size = sizeof(generate_args),
    .run = run,
};
