/* The model folder, encoder and decoder: what is saved comes back, latents and codes go there and back, the
 * decoder's gradient against central differences, and folders that must be refused. */
#include "model/decoder.h"
#include "model/safetensors.h"
#include "tests/model/small_model.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAPS = 3, MAP = 64, CODED = 2 * 16 * 8, LATENT = 4 * 2 * 2 };

static void stop_on(wd_status st, const wd_error *err, const char *what) {
  if (!st) return;
  printf("Bail out! %s: %s\n", what, err->message);
  exit(1);
}

static char folder[64] = "/tmp/wd-model-XXXXXX";

static void pairs(float *velocity, float *coded) {
  wd_random_normals(7, 1, 0, MAPS * MAP, velocity);
  wd_random_normals(7, 2, 0, MAPS * CODED, coded);
  for (int i = 0; i < MAPS * MAP; i++) velocity[i] = 3000 + 400 * velocity[i];
}

static wd_model *make(wd_device *d, const char *where, bool two) {
  wd_error err = {0};
  wd_model *m;
  wd_model_config c = small_model_config();
  c.stage1.two_codebooks = two;
  stop_on(wd_model_create(d, &c, 3, false, &m, &err), &err, "create");
  stop_on(small_model_draw(m, 5, &err), &err, "draw");
  float mean[4] = {0.1f, -0.2f, 0.3f, 0}, deviation[4] = {0.5f, 2, 1, 0.9f};
  stop_on(wd_model_set_statistics(m, mean, deviation, &err), &err, "statistics");
  if (where) {
    wd_model_save_desc s = {.training = "{\"steps\":1}", .limit = two ? 20000 : 0};
    stop_on(wd_model_save(m, WD_STAGE1, where, &s, &err), &err, "save 1");
    stop_on(wd_model_save(m, WD_STAGE2, where, &s, &err), &err, "save 2");
  }
  return m;
}

typedef struct result {
  float latents[MAPS * LATENT], velocity[MAPS * MAP], coded[MAPS * CODED];
  int32_t codes[MAPS * 8];
} result;

static void run(wd_model *m, int batch, result *r) {
  wd_error err = {0};
  float velocity[MAPS * MAP], coded[MAPS * CODED];
  pairs(velocity, coded);
  /* both, seismic only, velocity only */
  const float *v[MAPS] = {velocity, NULL, velocity + 2 * MAP}, *s[MAPS] = {coded, coded + CODED, NULL};
  wd_encoder *e;
  wd_decoder *d;
  int per = wd_model_latent(m).codes;
  stop_on(wd_encoder_create(m, &(wd_coder_desc){.batch = batch}, &e, &err), &err, "encoder");
  stop_on(wd_decoder_create(m, &(wd_coder_desc){.batch = batch}, &d, &err), &err, "decoder");
  memset(r, 0xee, sizeof *r);
  for (int i = 0; i < MAPS; i += batch) {
    int n = MAPS - i < batch ? MAPS - i : batch;
    stop_on(wd_encoder_run(e, n, v + i, s + i, r->latents + i * LATENT, r->codes + i * per, NULL, &err), &err,
            "encode");
    stop_on(wd_decoder_run(d, n, r->latents + i * LATENT, true, r->velocity + i * MAP, r->coded + i * CODED,
                           NULL, NULL, &err),
            &err, "decode");
  }
  wd_encoder_destroy(e);
  wd_decoder_destroy(d);
}

static double distance(const float *a, const float *b, int n) {
  double d = 0, s = 0;
  for (int i = 0; i < n; i++) {
    d += pow((double)a[i] - (double)b[i], 2);
    s += pow((double)b[i], 2);
  }
  return sqrt(d / s);
}

static void test_folder(wd_device *reference, bool two) {
  wd_error err = {0};
  const char *what = two ? "two codebooks, in pieces" : "one codebook";
  wd_model *m = make(reference, folder, two), *again, *cpu;
  result a, b;
  run(m, 2, &a);
  run(m, 1, &b);
  tap_ok(!memcmp(&a, &b, sizeof a), "%s: the batch does not matter", what);
  stop_on(wd_model_open(reference, folder, false, &again, &err), &err, "open");
  run(again, 2, &b);
  tap_ok(!memcmp(&a, &b, sizeof a), "%s: what was saved comes back, bit for bit", what);
  tap_ok(!strcmp(wd_model_identity(m), wd_model_identity(again)) && strlen(wd_model_identity(m)) > 20,
         "%s: with its identity %s", what, wd_model_identity(again));
  const char *record = wd_model_record(again, WD_STAGE1, "training");
  tap_ok(record && !strcmp(record, "{\"steps\":1}"), "%s: and its training record", what);
  wd_device *device;
  stop_on(wd_device_open("cpu:1", &device, &err), &err, "cpu");
  stop_on(wd_model_open(device, folder, false, &cpu, &err), &err, "open on cpu");
  run(cpu, 2, &b);
  tap_at_most(distance(b.latents, a.latents, MAPS * LATENT), 2e-5,
              two ? "two codebooks: latents on cpu" : "one codebook: latents on cpu");
  int other = 0;
  for (int i = 0; i < MAPS * wd_model_latent(m).codes; i++) other += a.codes[i] != b.codes[i];
  tap_ok(!other, "%s: the same codes on cpu", what);
  tap_at_most(distance(b.coded, a.coded, MAPS * CODED), 2e-5,
              two ? "two codebooks: gathers on cpu" : "one codebook: gathers on cpu");
  tap_at_most(distance(b.velocity, a.velocity, MAPS * MAP), 2e-5,
              two ? "two codebooks: maps on cpu" : "one codebook: maps on cpu");
  wd_model_close(cpu);
  wd_device_close(device);

  /* Latents of the codes decode to those codes, and to the same pair. */
  wd_decoder *d;
  float latents[MAPS * LATENT], velocity[MAPS * MAP], coded[MAPS * CODED];
  int32_t codes[MAPS * 8];
  stop_on(wd_decoder_create(m, &(wd_coder_desc){.batch = MAPS}, &d, &err), &err, "decoder");
  run(m, 3, &a);
  stop_on(wd_decoder_latents_of_codes(d, MAPS, a.codes, latents, &err), &err, "latents of codes");
  stop_on(wd_decoder_run(d, MAPS, latents, true, velocity, coded, codes, NULL, &err), &err, "decode codes");
  tap_ok(!memcmp(codes, a.codes, sizeof(int32_t) * (size_t)(MAPS * wd_model_latent(m).codes)) &&
             distance(coded, a.coded, MAPS * CODED) < 1e-6,
         "%s: codes to latents and back", what);
  latents[5] = NAN;
  tap_ok(wd_decoder_run(d, MAPS, latents, true, velocity, coded, NULL, NULL, &err) == WD_ERR_DIVERGED,
         "%s: a latent with a NaN: %s", what, err.message);
  a.codes[1] = 64;
  tap_ok(wd_decoder_latents_of_codes(d, MAPS, a.codes, latents, &err) == WD_ERR_ARGUMENT,
         "%s: a code outside: %s", what, err.message);
  wd_decoder_destroy(d);
  wd_model_close(again);
  wd_model_close(m);
}

/* J = sum of weights * outputs, and its gradient along random directions. */
static void test_gradient(wd_device *device, bool two) {
  wd_error err = {0};
  wd_model *m = make(device, NULL, two);
  wd_decoder *d;
  stop_on(wd_decoder_create(m, &(wd_coder_desc){.batch = 2, .gradient = true}, &d, &err), &err, "decoder");
  float z[2 * LATENT], wv[2 * MAP], ws[2 * CODED], v[2 * MAP], s[2 * CODED], g[2 * LATENT], u[2 * LATENT];
  wd_random_normals(11, 1, 0, 2 * LATENT, z);
  wd_random_normals(11, 2, 0, 2 * MAP, wv);
  wd_random_normals(11, 3, 0, 2 * CODED, ws);
  for (int i = 0; i < 2 * MAP; i++) wv[i] *= 1e-3f;
  double worst = 0;
  for (int trial = 0; trial < 6; trial++) {
    wd_random_normals(12, (uint64_t)trial, 0, 2 * LATENT, u);
    double j[2];
    const double h = 2e-3;
    for (int side = 0; side < 2; side++) {
      float at[2 * LATENT];
      for (int i = 0; i < 2 * LATENT; i++) at[i] = z[i] + (float)((side ? h : -h) * (double)u[i]);
      stop_on(wd_decoder_run(d, 2, at, false, v, s, NULL, NULL, &err), &err, "decode");
      j[side] = 0;
      for (int i = 0; i < 2 * MAP; i++) j[side] += (double)wv[i] * (double)v[i];
      for (int i = 0; i < 2 * CODED; i++) j[side] += (double)ws[i] * (double)s[i];
    }
    stop_on(wd_decoder_run(d, 2, z, false, v, s, NULL, NULL, &err), &err, "decode");
    stop_on(wd_decoder_gradient(d, 2, wv, ws, g, NULL, &err), &err, "gradient");
    double along = 0, norm = 0;
    for (int i = 0; i < 2 * LATENT; i++) {
      along += (double)g[i] * (double)u[i];
      norm += (double)g[i] * (double)g[i];
    }
    worst = fmax(worst, fabs((j[1] - j[0]) / (2 * h) - along) / sqrt(norm));
  }
  tap_at_most(worst, 5e-3,
              two ? "gradient with respect to the latent, two codebooks"
                  : "gradient with respect to the latent");
  wd_decoder_destroy(d);
  wd_model_close(m);
}

static void spoil(const char *name, long at) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "r+b");
  const float nan = NAN;
  fseek(f, at, at < 0 ? SEEK_END : SEEK_SET);
  fwrite(&nan, sizeof nan, 1, f);
  fclose(f);
}

static void refused(wd_device *device, wd_status want, const char *what) {
  wd_error err = {0};
  wd_model *m = NULL;
  wd_status st = wd_model_open(device, folder, false, &m, &err);
  tap_ok(st == want && !m && !strchr(err.message, '\n'), "%s: %s", what, err.message);
  wd_model_close(m);
}

static void test_refused(wd_device *device) {
  wd_error err = {0};
  char path[256];
  wd_model_close(make(device, folder, false));
  spoil("stage2.safetensors", -4);
  refused(device, WD_ERR_FORMAT, "NaN in stage 2");
  wd_model *m = make(device, folder, false);
  small_model_draw(m, 6, &err);
  stop_on(wd_model_save(m, WD_STAGE1, folder, NULL, &err), &err, "save");
  wd_model_close(m);
  refused(device, WD_ERR_FORMAT, "stage 2 of another stage 1");
  wd_model_close(make(device, folder, false));
  spoil("stage1.safetensors", -4);
  refused(device, WD_ERR_FORMAT, "NaN in stage 1's statistics or weights");
  snprintf(path, sizeof path, "%s/stage1.safetensors", folder);
  stop_on(truncate(path, 4000) ? WD_ERR_IO : WD_OK, &err, "truncate");
  refused(device, WD_ERR_FORMAT, "stage 1 cut short");
  float one = 1;
  wd_stored_tensor t = {.name = "x", .type = WD_F32, .dims = 1, .shape = {1}, .data = &one};
  stop_on(wd_safetensors_write(path, &t, 1, NULL, 0, &err), &err, "write");
  refused(device, WD_ERR_FORMAT, "weights of something else");
  unlink(path);
  refused(device, WD_ERR_IO, "no stage 1");
  snprintf(path, sizeof path, "rm -r %s", folder);
  if (system(path)) printf("# %s stays\n", folder);
}

int main(void) {
  wd_error err = {0};
  wd_device *reference;
  if (!mkdtemp(folder)) return 1;
  stop_on(wd_device_open("reference", &reference, &err), &err, "reference");
  test_folder(reference, false);
  test_folder(reference, true);
  test_gradient(reference, false);
  test_gradient(reference, true);
  wd_model_config c = {0};
  wd_model_config_defaults(&c);
  tap_ok(!wd_model_config_check(&c, &err) && c.stage1.size == 72 && c.stage2.size == 18,
         "the defaults stand");
  test_refused(reference);
  wd_device_close(reference);
  return tap_done();
}
