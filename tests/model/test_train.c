/* Training: a resumed run is an uninterrupted one, bit for bit; eight pairs learnt by heart through the
 * trainer; the codebook; what must be refused; and that stage 2 learns a distribution it can be asked for. */
#include "model/decoder.h"
#include "model/train.h"
#include "model/validate.h"
#include "solver/random.h"
#include "tests/model/small_model.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void stop_on(wd_status st, const wd_error *err, const char *what) {
  if (!st) return;
  printf("Bail out! %s: %s\n", what, err->message);
  exit(1);
}

enum { SIDE = 16, MAP = SIDE * SIDE, CODED = 2 * 16 * SIDE, LATENT = 4 * 4 * 4 };

static wd_model_config test_config(void) {
  wd_model_config c = small_model_config();
  c.geometry.nz = c.geometry.nx = c.geometry.receivers = SIDE; /* the smallest map there is */
  return c;
}

static char folder[64] = "/tmp/wd-train-XXXXXX";

static void in_folder(char path[128], const char *name) {
  snprintf(path, 128, "%s/%s", folder, name);
}

/* Gathers that follow from a layered map in a simple way, so that there is something to learn without a
 * solver: wavelets delayed by its two velocities. */
static void simple_gathers(double top, double below, int boundary, wd_gather *total, wd_gather *direct) {
  for (int s = 0; s < total->shots; s++)
    for (int t = 0; t < total->samples; t++)
      for (int x = 0; x < total->receivers; x++) {
        size_t at = ((size_t)s * (size_t)total->samples + (size_t)t) * (size_t)total->receivers + (size_t)x;
        double offset = fabs(x - s * (total->receivers - 1.0));
        double a = (t - 8 - offset * 1500 / top) / 3, b = (t - 14 - boundary) / 3.0;
        direct->value[at] = (float)(5 * (1 - a * a) * exp(-a * a / 2));
        total->value[at] = direct->value[at] + (float)((below - top) / 1000 * (1 - b * b) * exp(-b * b / 2));
      }
}

/* A shard of such pairs. */
static void make_shard(const char *name, int count) {
  wd_error err = {0};
  wd_model_config c = test_config();
  wd_model_config_defaults(&c);
  wd_shard_desc *g = &c.geometry;
  wd_codec *codec;
  wd_shard_writer *w;
  stop_on(wd_codec_create(&(wd_codec_desc){g->samples, g->instants}, &codec, &err), &err, "codec");
  stop_on(wd_shard_writer_create(g, codec, count, &w, &err), &err, "writer");
  for (int i = 0; i < count; i++) {
    wd_random r = wd_random_make(3, (uint64_t)i);
    int boundary = wd_random_int(&r, 3, 12);
    double top = 1600 + 800 * wd_random_uniform(&r), below = 2600 + 1500 * wd_random_uniform(&r);
    wd_map map;
    wd_gather total, direct;
    stop_on(wd_map_create(g->nz, g->nx, g->spacing, &map, &err), &err, "map");
    stop_on(wd_gather_create(g->shots, g->samples, g->receivers, g->dt, &total, &err), &err, "gather");
    stop_on(wd_gather_create(g->shots, g->samples, g->receivers, g->dt, &direct, &err), &err, "gather");
    for (int k = 0; k < g->nz * g->nx; k++) map.value[k] = (float)(k / g->nx < boundary ? top : below);
    simple_gathers(top, below, boundary, &total, &direct);
    wd_shard_record record = {.family = i % 3, .seed = 3, .index = (uint64_t)i};
    stop_on(wd_shard_writer_put(w, i, &record, &map, &total, &direct, NULL, &err), &err, "put");
    wd_map_clear(&map);
    wd_gather_clear(&total);
    wd_gather_clear(&direct);
  }
  char path[160];
  snprintf(path, sizeof path, "%s/%s/shard-00000.safetensors", folder, name);
  stop_on(wd_shard_writer_save(w, count, path, &err), &err, "save shard");
  wd_shard_writer_destroy(w);
  wd_codec_destroy(codec);
}

static wd_corpus *corpus_of(const char *name, int count) {
  wd_error err = {0};
  char path[128], command[160];
  in_folder(path, name);
  snprintf(command, sizeof command, "mkdir -p %s", path);
  if (system(command)) exit(1);
  make_shard(name, count);
  wd_corpus *c;
  stop_on(wd_corpus_open(path, &c, &err), &err, "corpus");
  return c;
}

/* All weights of a stage as one array for comparing. */
static float *weights(wd_model *m, wd_stage stage, size_t *total) {
  wd_error err = {0};
  wd_params *p = wd_model_params(m, stage);
  float *v = wd_calloc(p->total, sizeof *v);
  for (int i = 0; i < p->count; i++)
    stop_on(wd_params_get(p, i, v + p->param[i].offset, &err), &err, "weights");
  *total = p->total;
  return v;
}

static wd_model *fresh(wd_device *d, wd_stage stage) {
  wd_error err = {0};
  wd_model *m;
  char path[128];
  in_folder(path, "stage1");
  wd_model_config c = test_config();
  c.stage1.codes = 32;
  if (stage == WD_STAGE1) {
    stop_on(wd_model_create(d, &c, 9, true, &m, &err), &err, "create");
  } else {
    stop_on(wd_model_open_stage1(d, path, true, &m, &err), &err, "open stage 1");
    c.stage2.size = 4;
    c.stage2.latent = 4;
    stop_on(wd_model_restart(m, WD_STAGE2, &c.stage2, 9, &err), &err, "restart");
  }
  return m;
}

static wd_trainer *trainer_of(wd_model *m, wd_corpus *c, wd_stage stage, long steps) {
  wd_error err = {0};
  wd_trainer *t;
  char cache[128];
  in_folder(cache, "latents");
  wd_train_desc d = {.stage = stage, .batch = 4, .steps = steps, .seed = 5, .rate = 2e-3};
  stop_on(wd_trainer_create(m, c, &d, stage == WD_STAGE2 ? cache : NULL, NULL, &t, &err), &err, "trainer");
  return t;
}

static void steps(wd_trainer *t, int n, wd_train_report *last) {
  wd_error err = {0};
  for (int i = 0; i < n; i++) stop_on(wd_trainer_step(t, NULL, last, &err), &err, "step");
}

static void test_resume(const char *spec, wd_stage stage, wd_corpus *c) {
  wd_error err = {0};
  wd_device *d;
  char state[128];
  in_folder(state, "state");
  stop_on(wd_device_open(spec, &d, &err), &err, spec);
  wd_model *whole = fresh(d, stage), *first = fresh(d, stage), *second = fresh(d, stage);
  wd_train_report a, b;
  wd_trainer *t = trainer_of(whole, c, stage, 20);
  steps(t, 12, &a);
  wd_trainer_destroy(t);
  t = trainer_of(first, c, stage, 20);
  steps(t, 7, &b);
  stop_on(wd_trainer_save(t, state, &err), &err, "save");
  wd_trainer_destroy(t);
  t = trainer_of(second, c, stage, 20);
  stop_on(wd_trainer_load(t, state, &err), &err, "load");
  /* Looking at the average in between must change nothing. */
  stop_on(wd_trainer_average(t, true, &err), &err, "average");
  wd_train_report none;
  tap_ok(wd_trainer_step(t, NULL, &none, &err) == WD_ERR_ARGUMENT, "%s, stage %d: no step on averages: %s",
         spec, stage, err.message);
  stop_on(wd_trainer_average(t, false, &err), &err, "average");
  steps(t, 5, &b);
  size_t n, k;
  float *x = weights(whole, stage, &n), *y = weights(second, stage, &k);
  tap_ok(n == k && !memcmp(x, y, n * sizeof *x) && a.step == 12 && b.step == 12 && a.loss[0] == b.loss[0],
         "%s, stage %d: resumed after 7 of 12 steps is uninterrupted, bit for bit (loss %.6g)", spec, stage,
         a.loss[0]);
  wd_free(x);
  wd_free(y);
  wd_trainer_destroy(t);

  wd_train_desc other = {.stage = stage, .batch = 4, .steps = 20, .seed = 6, .rate = 2e-3};
  stop_on(wd_trainer_create(second, c, &other, NULL, NULL, &t, &err), &err, "trainer");
  tap_ok(wd_trainer_load(t, state, &err) == WD_ERR_ARGUMENT,
         "%s, stage %d: the state of another seed is refused", spec, stage);
  if (!truncate(state, 5000))
    tap_ok(wd_trainer_load(t, state, &err) == WD_ERR_FORMAT, "%s, stage %d: and a truncated one: %s", spec,
           stage, err.message);
  wd_trainer_destroy(t);
  wd_model_close(whole);
  wd_model_close(first);
  wd_model_close(second);
  wd_device_close(d);
}

/* Learns the corpus by heart, publishes, and opens what was published. */
static void test_by_heart(wd_corpus *c) {
  wd_error err = {0};
  wd_device *d;
  char path[128];
  in_folder(path, "stage1");
  stop_on(wd_device_open("cpu:1", &d, &err), &err, "cpu");
  wd_model *m = fresh(d, WD_STAGE1);
  wd_trainer *t = trainer_of(m, c, WD_STAGE1, 1500);
  wd_train_report first, last;
  steps(t, 1, &first);
  double held = 0;
  for (int i = 1; i < 1500; i++) {
    steps(t, 1, &last);
    if (i >= 1400) held += last.loss[0] / 100;
  }
  tap_ok(held < 0.03 * first.loss[0],
         "eight pairs by heart: loss %.4g at first, %.4g over the last 100 steps", first.loss[0], held);
  tap_ok(last.codes_used > 0.2, "%.0f %% of the codebook in use", 100 * last.codes_used);
  stop_on(wd_trainer_publish(t, path, WD_F32, 0, NULL, &err), &err, "publish");
  size_t n;
  float *before = weights(m, WD_STAGE1, &n);
  stop_on(wd_trainer_publish(t, path, WD_F32, 0, NULL, &err), &err, "publish again");
  float *after = weights(m, WD_STAGE1, &n);
  tap_ok(!memcmp(before, after, n * sizeof *before),
         "publishing leaves the weights in training as they were");
  wd_free(before);
  wd_free(after);
  wd_trainer_destroy(t);
  wd_model_close(m);

  wd_model *published;
  stop_on(wd_model_open(d, path, false, &published, &err), &err, "open");
  wd_encoder *e;
  wd_decoder *dec;
  stop_on(wd_encoder_create(published, NULL, &e, &err), &err, "encoder");
  stop_on(wd_decoder_create(published, NULL, &dec, &err), &err, "decoder");
  float v[MAP], z[LATENT], drawn[MAP], s[CODED], direct[CODED], said[CODED];
  double worst = 0;
  for (int i = 0; i < 8; i++) {
    stop_on(wd_corpus_read(c, i, v, s, direct, &err), &err, "read");
    for (int k = 0; k < CODED; k++) s[k] += direct[k];
    const float *pv = v, *ps = s;
    for (int given = 0; given < 3; given++) {
      const float *a = given == 1 ? NULL : pv, *b = given == 2 ? NULL : ps;
      stop_on(wd_encoder_run(e, 1, &a, &b, z, NULL, NULL, &err), &err, "encode");
      stop_on(wd_decoder_run(dec, 1, z, true, drawn, said, NULL, NULL, &err), &err, "decode");
      double off = 0, energy = 0;
      for (int k = 0; k < CODED; k++) {
        off += pow((double)said[k] - (double)s[k], 2);
        energy += pow((double)s[k], 2);
      }
      for (int k = 0; k < MAP; k++) worst = fmax(worst, fabs((double)drawn[k] - (double)v[k]));
      worst = fmax(worst, 1000 * sqrt(off / energy));
    }
  }
  tap_at_most(worst, 400,
              "published averages decode them from either modality: worst cell (m/s), or 1000 x "
              "relative L2 of a gather");
  const char *record = wd_model_record(published, WD_STAGE1, "training");
  tap_ok(record && strstr(record, "\"steps\":1500"), "with the record of the training: %s",
         record ? record : "none");
  wd_encoder_destroy(e);
  wd_decoder_destroy(dec);
  wd_model_close(published);
  wd_device_close(d);
}

static void test_stage2(wd_corpus *c) {
  wd_error err = {0};
  wd_device *d;
  char cache[128], path[128];
  in_folder(cache, "latents");
  in_folder(path, "stage1");
  stop_on(wd_device_open("cpu:1", &d, &err), &err, "cpu");
  wd_model *m = fresh(d, WD_STAGE2);
  wd_trainer *t = trainer_of(m, c, WD_STAGE2, 1500);
  wd_train_report r;
  double early = 0, late = 0;
  for (int i = 0; i < 1500; i++) {
    steps(t, 1, &r);
    if (i < 50) early += r.loss[0] / 50;
    if (i >= 1300) late += r.loss[0] / 200;
  }
  tap_ok(late < 0.6 * early, "the denoiser learns: loss %.3f at first, %.3f at last", early, late);
  tap_ok(!access(cache, F_OK), "latents of the corpus are kept for the next time");
  stop_on(wd_trainer_publish(t, path, WD_F16, 0, NULL, &err), &err, "publish");
  wd_trainer_destroy(t);
  wd_model_close(m);
  wd_model *both;
  stop_on(wd_model_open(d, path, false, &both, &err), &err, "open both stages");
  tap_ok(wd_model_has(both, WD_STAGE2), "both stages open together");
  wd_model_close(both);
  wd_device_close(d);
}

/* Pairs drawn by a model: random codes, its maps of them, simple gathers of these maps. */
static wd_corpus *draw_pairs(wd_model *m, const char *name, int count, uint64_t drawer) {
  wd_error err = {0};
  char path[128], file[160], command[160];
  in_folder(path, name);
  snprintf(command, sizeof command, "mkdir -p %s", path);
  if (system(command)) exit(1);
  wd_shard_desc g = wd_model_get_config(m)->geometry;
  wd_latent_shape l = wd_model_latent(m);
  g.codes = l.codes;
  g.drawer = drawer;
  wd_shard_writer *w;
  wd_decoder *d;
  wd_map map;
  wd_gather total, direct;
  stop_on(wd_shard_writer_create(&g, wd_model_codec(m), count, &w, &err), &err, "writer");
  stop_on(wd_decoder_create(m, NULL, &d, &err), &err, "decoder");
  stop_on(wd_map_create(g.nz, g.nx, g.spacing, &map, &err), &err, "map");
  stop_on(wd_gather_create(g.shots, g.samples, g.receivers, g.dt, &total, &err), &err, "gather");
  stop_on(wd_gather_create(g.shots, g.samples, g.receivers, g.dt, &direct, &err), &err, "gather");
  for (int i = 0; i < count; i++) {
    wd_random r = wd_random_make(17, (uint64_t)i);
    int32_t codes[64];
    float z[LATENT];
    for (int k = 0; k < l.codes; k++)
      codes[k] = wd_random_int(&r, 0, wd_model_get_config(m)->stage1.codes - 1);
    stop_on(wd_decoder_latents_of_codes(d, 1, codes, z, &err), &err, "latents");
    stop_on(wd_decoder_run(d, 1, z, true, map.value, NULL, NULL, NULL, &err), &err, "decode");
    simple_gathers((double)map.value[SIDE / 2], (double)map.value[MAP - SIDE / 2], 8, &total, &direct);
    stop_on(wd_shard_writer_put(w, i, &(wd_shard_record){-1, 17, (uint64_t)i}, &map, &total, &direct, codes,
                                &err),
            &err, "put");
  }
  snprintf(file, sizeof file, "%s/shard-00000.safetensors", path);
  stop_on(wd_shard_writer_save(w, count, file, &err), &err, "save");
  wd_map_clear(&map);
  wd_gather_clear(&total);
  wd_gather_clear(&direct);
  wd_decoder_destroy(d);
  wd_shard_writer_destroy(w);
  wd_corpus *c;
  stop_on(wd_corpus_open(path, &c, &err), &err, "corpus");
  return c;
}

/* Weights of stage 1 that are the gathers' decoder's, or not: whether they are equal. */
static bool same_part(wd_model *a, const float *x, const float *y, bool gathers) {
  const wd_params *p = wd_model_params(a, WD_STAGE1);
  bool same = true;
  for (int i = 0; i < p->count; i++)
    if (!strncmp(p->param[i].name, "decoder.seismic.", 16) == gathers)
      same &= !memcmp(x + p->param[i].offset, y + p->param[i].offset, p->param[i].count * sizeof *x);
  return same;
}

static wd_trainer *gathers_trainer(wd_model *m, wd_corpus *c, wd_status want) {
  wd_error err = {0};
  wd_trainer *t = NULL;
  wd_train_desc d = {.gathers = true, .batch = 4, .steps = 600, .seed = 5, .rate = 2e-3};
  wd_status st = wd_trainer_create(m, c, &d, NULL, NULL, &t, &err);
  if (want)
    tap_ok(st == want && !t, "the decoder of gathers refuses: %s", err.message);
  else
    stop_on(st, &err, "trainer");
  return t;
}

/* Of a whole model the decoder of gathers alone, on pairs that the model drew. After test_stage2. */
static void test_gathers(wd_corpus *without) {
  wd_error err = {0};
  wd_device *d;
  char path[128], state[128], better[128];
  in_folder(path, "stage1");
  in_folder(state, "gathers-state");
  in_folder(better, "better");
  stop_on(wd_device_open("cpu:1", &d, &err), &err, "cpu");
  wd_model *whole, *second, *opened;
  uint64_t drawer, again;
  stop_on(wd_model_open(d, path, true, &whole, &err), &err, "open");
  stop_on(wd_model_open(d, path, true, &second, &err), &err, "open");
  stop_on(wd_model_drawer(whole, &drawer, &err), &err, "drawer");
  wd_corpus *c = draw_pairs(whole, "drawn", 40, drawer),
            *other = draw_pairs(whole, "strange", 40, drawer + 1);
  gathers_trainer(whole, without, WD_ERR_ARGUMENT);
  gathers_trainer(whole, other, WD_ERR_ARGUMENT);
  size_t n, k;
  float *start = weights(whole, WD_STAGE1, &n), *start2 = weights(whole, WD_STAGE2, &k);

  wd_train_report a, b;
  wd_validation_codes v[2];
  stop_on(wd_validate_codes(whole, c, 0, NULL, &v[0], &err), &err, "validate");
  wd_trainer *t = gathers_trainer(whole, c, WD_OK);
  steps(t, 7, &a);
  stop_on(wd_trainer_save(t, state, &err), &err, "save");
  steps(t, 5, &a);
  wd_trainer *u = gathers_trainer(second, c, WD_OK);
  stop_on(wd_trainer_load(u, state, &err), &err, "load");
  steps(u, 5, &b);
  float *x = weights(whole, WD_STAGE1, &n), *y = weights(second, WD_STAGE1, &n);
  tap_ok(!memcmp(x, y, n * sizeof *x) && a.loss[0] == b.loss[0],
         "gathers: resumed after 7 of 12 steps is uninterrupted, bit for bit (loss %.6g)", a.loss[0]);
  tap_ok(same_part(whole, start, x, false) && !same_part(whole, start, x, true),
         "only weights of the gathers' decoder have moved");
  wd_free(x);
  wd_free(y);
  wd_trainer_destroy(u);
  wd_model_close(second);

  steps(t, 588, &b);
  stop_on(wd_trainer_publish(t, better, WD_F32, 0, NULL, &err), &err, "publish");
  wd_trainer_destroy(t);
  stop_on(wd_validate_codes(whole, c, 0, NULL, &v[1], &err), &err, "validate");
  tap_ok(v[0].pairs == 5 && v[1].reflection < 0.5 * v[0].reflection,
         "on %d codes held out the gathers were off by %.2f of their reflections, and are by %.2f",
         v[1].pairs, v[0].reflection, v[1].reflection);

  stop_on(wd_model_open(d, better, false, &opened, &err), &err, "the published model, both stages");
  x = weights(opened, WD_STAGE1, &n);
  y = weights(opened, WD_STAGE2, &k);
  const float *mean[2], *deviation[2];
  wd_model_get_statistics(whole, &mean[0], &deviation[0]);
  wd_model_get_statistics(opened, &mean[1], &deviation[1]);
  size_t channels = (size_t)wd_model_latent(whole).channels * sizeof(float);
  tap_ok(same_part(whole, start, x, false) && !same_part(whole, start, x, true) &&
             !memcmp(start2, y, k * sizeof *y) && !memcmp(mean[0], mean[1], channels) &&
             !memcmp(deviation[0], deviation[1], channels),
         "the published model: encoders, codes, maps, denoiser and latents as before");
  stop_on(wd_model_drawer(opened, &again, &err), &err, "drawer");
  tap_ok(again == drawer, "so pairs drawn before still fit it");
  const char *record = wd_model_record(opened, WD_STAGE1, "training"),
             *data = wd_model_record(opened, WD_STAGE1, "data");
  tap_ok(record && strstr(record, "\"stage\":\"gathers\"") &&
             strstr(record, "\"before\":{\"stage\":\"autoencoder\"") &&
             strstr(record, "\"drawn_pairs\":35") && data && strstr(data, "\"records\":8"),
         "its record tells of both trainings: %s; %s", record ? record : "none", data ? data : "none");
  wd_free(x);
  wd_free(y);
  wd_free(start);
  wd_free(start2);
  wd_corpus_close(c);
  wd_corpus_close(other);
  wd_model_close(opened);
  wd_model_close(whole);
  wd_device_close(d);
}

static void test_refused(wd_corpus *c) {
  wd_error err = {0};
  wd_device *d;
  stop_on(wd_device_open("reference", &d, &err), &err, "reference");
  wd_model_config big = {0};
  wd_model_config_defaults(&big);
  big.stage1.velocity_width = big.stage1.seismic_width = 16;
  big.stage2.width = 16;
  wd_model *m;
  wd_trainer *t = NULL;
  stop_on(wd_model_create(d, &big, 1, true, &m, &err), &err, "create");
  tap_ok(wd_trainer_create(m, c, NULL, NULL, NULL, &t, &err) == WD_ERR_SHAPE && !t, "another geometry: %s",
         err.message);
  wd_model_close(m);
  m = fresh(d, WD_STAGE1);
  wd_train_desc two = {.stage = WD_STAGE2, .batch = 4};
  tap_ok(wd_trainer_create(m, c, &two, NULL, NULL, &t, &err) == WD_ERR_ARGUMENT && !t,
         "stage 2 before stage 1: %s", err.message);
  wd_validation v;
  tap_ok(wd_validate(m, c, 0, NULL, &v, &err) == WD_ERR_ARGUMENT, "nothing held out: %s", err.message);
  wd_model_close(m);
  wd_corpus *none;
  tap_ok(wd_corpus_open("/nowhere", &none, &err) == WD_ERR_IO, "no folder: %s", err.message);
  tap_ok(wd_corpus_open(folder, &none, &err) == WD_ERR_IO, "no shards: %s", err.message);
  wd_device_close(d);
}

/* A run that goes on when shards were added: only where that is asked for, and its weights say so. */
static void test_other_data(wd_corpus *few, wd_corpus *more) {
  wd_error err = {0};
  wd_device *d;
  char state[128], published[128], data[400], print[32];
  in_folder(state, "other-state");
  in_folder(published, "other-model");
  stop_on(wd_device_open("cpu:1", &d, &err), &err, "cpu");
  wd_model *first = fresh(d, WD_STAGE1), *second = NULL, *opened = NULL;
  wd_train_report r;
  wd_trainer *t = trainer_of(first, few, WD_STAGE1, 20);
  steps(t, 3, &r);
  stop_on(wd_trainer_save(t, state, &err), &err, "save");
  stop_on(wd_trainer_publish(t, published, WD_F32, 0, NULL, &err), &err, "publish");
  wd_trainer_destroy(t);
  stop_on(wd_model_open_stage1(d, published, true, &second, &err), &err, "open"); /* with its scales */
  t = trainer_of(second, more, WD_STAGE1, 20);
  tap_ok(wd_trainer_load(t, state, &err) == WD_ERR_ARGUMENT, "other data are refused: %s", err.message);
  wd_trainer_destroy(t);
  wd_train_desc desc = {
      .stage = WD_STAGE1, .batch = 4, .steps = 20, .seed = 5, .rate = 2e-3, .other_data = true};
  stop_on(wd_trainer_create(second, more, &desc, NULL, NULL, &t, &err), &err, "trainer");
  stop_on(wd_trainer_load(t, state, &err), &err, "load on other data");
  steps(t, 2, &r);
  tap_ok(r.step == 5 && wd_trainer_steps(t) == 5, "and taken where it is asked for: step %ld", r.step);
  stop_on(wd_trainer_save(t, state, &err), &err, "save");
  wd_trainer_destroy(t);
  t = trainer_of(second, more, WD_STAGE1, 20); /* on the same data again: nothing has to be asked for */
  stop_on(wd_trainer_load(t, state, &err), &err, "load again");
  stop_on(wd_trainer_publish(t, published, WD_F32, 0, NULL, &err), &err, "publish");
  wd_trainer_destroy(t);
  stop_on(wd_model_open_stage1(d, published, false, &opened, &err), &err, "open");
  const char *said = wd_model_record(opened, WD_STAGE1, "data");
  snprintf(print, sizeof print, "%016llx", (unsigned long long)wd_corpus_fingerprint(few));
  snprintf(data, sizeof data, "\"before\":[{\"fingerprint\":\"%s\",\"until_step\":3}]", print);
  tap_ok(said && strstr(said, data), "the weights name the data before: %s", said ? said : "nothing");
  tap_ok(said && strstr(said, "\"seeds\":[{\"seed\":3,\"records\":35}]"), "and the seeds of today's");
  wd_model_close(opened);
  wd_model_close(first);
  wd_model_close(second);
  wd_device_close(d);
}

int main(void) {
  if (!mkdtemp(folder)) return 1;
  wd_corpus *eight = corpus_of("eight", 8), *more = corpus_of("more", 40);
  tap_ok(wd_corpus_count(eight) == 8 && wd_corpus_held_out(eight) == 0 && wd_corpus_count(more) == 35 &&
             wd_corpus_held_out(more) == 5,
         "what is held out");
  test_refused(eight);
  test_resume("reference", WD_STAGE1, more);
  test_resume("cpu:2", WD_STAGE1, more);
  test_other_data(eight, more);
  test_by_heart(eight);
  test_resume("reference", WD_STAGE2, more);
  test_resume("cpu:2", WD_STAGE2, more);
  test_stage2(eight);
  test_gathers(eight);
  wd_corpus_close(eight);
  wd_corpus_close(more);
  char command[128];
  snprintf(command, sizeof command, "rm -r %s", folder);
  if (system(command)) printf("# %s stays\n", folder);
  return tap_done();
}
