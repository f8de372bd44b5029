/* Training shards: what is written comes back within float16, damage is seen, and why the scattered field is
 * stored by itself. */
#include "model/safetensors.h"
#include "model/shard.h"
#include "solver/family.h"
#include "solver/half.h"
#include "solver/wave.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Two shots suffice. */
enum { MAPS = 3, SHOTS = 2, CELLS = 4900, CODED = SHOTS * 144 * 70 };

static char folder[32], path[64];
static wd_codec *codec;
static wd_map velocity[MAPS];
static wd_gather total[MAPS], direct[MAPS];
static const wd_shard_desc desc = {70, 70, 10, SHOTS, 1000, 70, 144, 0.001, 15};
static const wd_family family[MAPS] = {WD_CURVEFAULT_B, WD_FLATVEL_A, WD_STYLE_B};

static bool keep(const wd_gather *from, wd_gather *to) {
  if (wd_gather_create(from->shots, from->samples, from->receivers, from->dt, to, NULL)) return false;
  memcpy(to->value, from->value, sizeof(float) * wd_gather_count(from));
  return true;
}

/* F(v) and F(v_top) of one map of each family. */
static bool simulate(void) {
  wd_device *device = NULL;
  wd_survey *survey = NULL;
  wd_wave *wave = NULL;
  wd_error err = {0};
  wd_status st = wd_device_open("cpu", &device, &err);
  if (!st) st = wd_survey_create(&(wd_survey_desc){.shots = SHOTS}, &survey, &err);
  for (int i = 0; i < MAPS && !st; i++) {
    wd_map top = {0};
    st = wd_family_generate(family[i], 9, wd_family_test_index((uint64_t)i), &velocity[i], &err);
    if (!st) st = wd_map_repeat_row(&velocity[i], 1, &top, &err);
    if (!st)
      st = wave ? wd_wave_set_velocity(wave, &velocity[i], &err)
                : wd_wave_create(device, survey, NULL, &velocity[i], &wave, &err);
    if (!st) st = wd_wave_run(wave, NULL, &err);
    if (!st && !keep(wd_wave_gather(wave, 0), &total[i])) st = WD_ERR_NO_MEMORY;
    if (!st) st = wd_wave_set_velocity(wave, &top, &err);
    if (!st) st = wd_wave_run(wave, NULL, &err);
    if (!st && !keep(wd_wave_gather(wave, 0), &direct[i])) st = WD_ERR_NO_MEMORY;
    wd_map_clear(&top);
  }
  wd_wave_destroy(wave);
  wd_survey_destroy(survey);
  wd_device_close(device);
  return tap_ok(st == WD_OK, "the maps and their tops are simulated %s", st ? err.message : "");
}

static double relative(const float *a, const float *b, size_t count) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < count; i++) {
    difference += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    norm += (double)b[i] * (double)b[i];
  }
  return sqrt(difference / norm);
}

static wd_status put(wd_shard_writer *w, int slot, int i, wd_error *err) {
  const wd_shard_record record = {(int)family[i], 9, wd_family_test_index((uint64_t)i)};
  return wd_shard_writer_put(w, slot, &record, &velocity[i], &total[i], &direct[i], NULL, err);
}

static void write_and_read(void) {
  wd_shard_writer *w = NULL;
  wd_error err = {0};
  wd_status st = wd_shard_writer_create(&desc, codec, 10, &w, &err);
  for (int i = MAPS; i-- > 0 && !st;) st = put(w, i, i, &err);
  if (!st) st = wd_shard_writer_save(w, MAPS, path, &err);
  tap_ok(st == WD_OK, "the maps are written %s", st ? err.message : "");
  struct stat info;
  bool there = stat(path, &info) == 0;
  tap_ok(there && info.st_size < MAPS * 102000, "as %.1f kB a map of two shots",
         (double)info.st_size / (1e3 * MAPS));
  tap_ok(wd_shard_writer_save(w, 1, path, &err) == WD_ERR_ARGUMENT, "a saved writer is empty: %s",
         err.message);
  wd_shard_writer_destroy(w);

  wd_shard *shard = NULL;
  if (!tap_ok(wd_shard_open(path, &shard, &err) == WD_OK, "and opened")) return;
  const wd_shard_desc *d = wd_shard_get_desc(shard);
  tap_ok(wd_shard_count(shard) == MAPS && d->nz == 70 && d->nx == 70 && d->spacing == 10 &&
             d->shots == SHOTS && d->samples == 1000 && d->receivers == 70 && d->instants == 144 &&
             d->dt == 0.001 && d->frequency == 15,
         "its geometry comes back");
  static float v[CELLS], s[CODED], t[CODED], sum[CODED], exact_total[CODED], exact_direct[CODED],
      exact_scattered[CODED], naive[CODED];
  double worst_s = 0, worst_d = 0, worst_t = 0, worst_naive = 0, least_share = 1;
  int wrong = 0;
  for (int i = 0; i < MAPS; i++) {
    for (int k = 0; k < CODED; k++) s[k] = t[k] = NAN;
    for (int k = 0; k < CELLS; k++) v[k] = NAN;
    st = wd_shard_read(shard, i, v, s, t, &err);
    if (!st) st = wd_codec_encode(codec, &total[i], exact_total, &err);
    if (!st) st = wd_codec_encode(codec, &direct[i], exact_direct, &err);
    wd_shard_record r = wd_shard_get_record(shard, i);
    wrong += st || memcmp(v, velocity[i].value, sizeof v) != 0 || r.family != (int)family[i] || r.seed != 9 ||
             r.index != wd_family_test_index((uint64_t)i);
    for (int k = 0; k < CODED; k++) {
      exact_scattered[k] = exact_total[k] - exact_direct[k];
      sum[k] = s[k] + t[k];
      /* What a shard of total and direct fields would give. */
      naive[k] = wd_float_from_half(wd_half_from_float(exact_total[k])) -
                 wd_float_from_half(wd_half_from_float(exact_direct[k]));
    }
    worst_s = fmax(worst_s, relative(s, exact_scattered, CODED));
    worst_d = fmax(worst_d, relative(t, exact_direct, CODED));
    worst_t = fmax(worst_t, relative(sum, exact_total, CODED));
    worst_naive = fmax(worst_naive, relative(naive, exact_scattered, CODED));
    double share = 0, whole = 0;
    for (int k = 0; k < CODED; k++) {
      share += (double)exact_scattered[k] * (double)exact_scattered[k];
      whole += (double)exact_total[k] * (double)exact_total[k];
    }
    least_share = fmin(least_share, sqrt(share / whole));
  }
  tap_ok(wrong == 0, "velocities exact, families, seeds and indices come back");
  tap_at_most(worst_s, 3e-4, "scattered field: relative L2 of float16");
  tap_at_most(worst_d, 3e-4, "direct field: relative L2 of float16");
  tap_at_most(worst_t, 3e-4, "their sum, the gather: relative L2 of float16");
  tap_ok(worst_naive > 2 * worst_s,
         "taken from float16 total and direct fields, the scattered one would err by %.2g "
         "(least reflection share %.2g)",
         worst_naive, least_share);
  tap_ok(wd_shard_read(shard, MAPS, v, NULL, NULL, &err) == WD_ERR_ARGUMENT &&
             wd_shard_read(shard, -1, v, NULL, NULL, &err) == WD_ERR_ARGUMENT,
         "%s", err.message);
  tap_ok(wd_shard_read(shard, 0, NULL, NULL, NULL, &err) == WD_OK, "a read of nothing tests the record");
  wd_shard_close(shard);
}

/* One bit changed anywhere in the data is seen by the record it belongs to, and by no other. */
static void damage(void) {
  struct stat info;
  if (stat(path, &info) != 0) return;
  FILE *f = fopen(path, "r+b");
  unsigned char head[8];
  if (!f || fread(head, 1, 8, f) != 8) return;
  long data = 8 + (long)head[0] + 256L * head[1];
  int missed = 0, spread = 0, tried = 0;
  for (long at = data; at < info.st_size; at += (info.st_size - data) / 97, tried++) {
    fseek(f, at, SEEK_SET);
    int c = fgetc(f);
    fseek(f, at, SEEK_SET);
    fputc(c ^ (1 << tried % 8), f);
    fflush(f);
    wd_shard *shard = NULL;
    int bad = 0;
    if (wd_shard_open(path, &shard, NULL) == WD_OK)
      for (int i = 0; i < MAPS; i++) bad += wd_shard_read(shard, i, NULL, NULL, NULL, NULL) == WD_ERR_FORMAT;
    missed += bad == 0;
    spread += bad > 1;
    wd_shard_close(shard);
    fseek(f, at, SEEK_SET);
    fputc(c, f);
    fflush(f);
  }
  tap_ok(tried > 90 && missed == 0 && spread == 0,
         "%d single bits changed: %d missed, %d blamed on more than one map", tried, missed, spread);
  wd_shard *shard = NULL;
  wd_error err = {0};
  tap_ok(wd_shard_open(path, &shard, &err) == WD_OK &&
             wd_shard_read(shard, MAPS - 1, NULL, NULL, NULL, &err) == WD_OK,
         "mended, the shard reads again");
  wd_shard_close(shard);
  fclose(f);
}

/* Files that are no shards, or say odd things of themselves. */
static void not_shards(void) {
  wd_error err = {0};
  wd_shard *shard = NULL;
  const float two[2] = {1, 2};
  const wd_stored_tensor t = {"velocity", WD_F32, 1, {2}, .data = two};
  tap_ok(wd_safetensors_write(path, &t, 1, NULL, 0, &err) == WD_OK &&
             wd_shard_open(path, &shard, &err) == WD_ERR_FORMAT && !shard,
         "%s", err.message);
  tap_ok(wd_safetensors_write(path, &t, 1, &(wd_metadata){"format", "wavediffusion shard 1"}, 1, &err) ==
                 WD_OK &&
             wd_shard_open(path, &shard, &err) == WD_ERR_FORMAT && !shard,
         "%s", err.message);
  static float v[16 * 16];
  static uint16_t s[4];
  const wd_stored_tensor two_parts[] = {{"velocity", WD_F32, 3, {1, 16, 16}, .data = v},
                                        {"scattered", WD_F16, 4, {1, 1, 2, 2}, .data = s}};
  const wd_metadata good[] = {
      {"format", "wavediffusion shard 1"},
      {"geometry", "{\"samples\":10,\"spacing\":10.0,\"dt\":0.001,\"frequency\":15.0}"}};
  tap_ok(wd_safetensors_write(path, two_parts, 2, good, 2, &err) == WD_OK &&
             wd_shard_open(path, &shard, &err) == WD_ERR_FORMAT && !shard,
         "%s", err.message);
  static const char *const geometry[] = {"",
                                         "[]",
                                         "{",
                                         "{\"samples\":1e9}",
                                         "{\"samples\":-4,\"spacing\":10}",
                                         "{\"samples\":10,\"spacing\":\"10\",\"dt\":0.001,\"frequency\":15}"};
  int accepted = 0;
  for (size_t i = 0; i < sizeof geometry / sizeof *geometry; i++) {
    const wd_metadata odd[] = {good[0], {"geometry", geometry[i]}};
    accepted += wd_safetensors_write(path, two_parts, 2, odd, 2, &err) != WD_OK ||
                wd_shard_open(path, &shard, &err) != WD_ERR_FORMAT;
  }
  tap_ok(accepted == 0 && !shard, "%s", err.message);
}

static void bad_records(void) {
  wd_shard_writer *w = NULL;
  wd_error err = {0};
  wd_shard_desc other = desc;
  other.samples = 999;
  tap_ok(wd_shard_writer_create(&other, codec, 1, &w, &err) == WD_ERR_ARGUMENT && !w, "%s", err.message);
  if (wd_shard_writer_create(&desc, codec, 2, &w, &err)) return;
  tap_ok(put(w, 2, 0, &err) == WD_ERR_ARGUMENT, "%s", err.message);
  float saved = total[0].value[12345];
  total[0].value[12345] = NAN;
  tap_ok(put(w, 0, 0, &err) == WD_ERR_DIVERGED, "%s", err.message);
  total[0].value[12345] = INFINITY;
  tap_ok(put(w, 0, 0, &err) == WD_ERR_DIVERGED, "infinity: %s", err.message);
  total[0].value[12345] = saved;
  saved = velocity[0].value[100];
  velocity[0].value[100] = -1;
  tap_ok(put(w, 0, 0, &err) == WD_ERR_FORMAT, "%s", err.message);
  velocity[0].value[100] = saved;
  tap_ok(wd_shard_writer_save(w, 1, path, &err) == WD_ERR_ARGUMENT, "%s", err.message);
  tap_ok(put(w, 0, 0, &err) == WD_OK && wd_shard_writer_save(w, 3, path, &err) == WD_ERR_ARGUMENT, "%s",
         err.message);
  /* A homogeneous map scatters nothing: zeros come back. */
  static float s[CODED];
  wd_shard *shard = NULL;
  s[7] = NAN;
  const wd_shard_record record = {-1, 0, 0};
  double sum = 0;
  if (tap_ok(wd_shard_writer_put(w, 0, &record, &velocity[0], &direct[0], &direct[0], NULL, &err) == WD_OK &&
                 wd_shard_writer_save(w, 1, path, &err) == WD_OK &&
                 wd_shard_open(path, &shard, &err) == WD_OK &&
                 wd_shard_read(shard, 0, NULL, s, NULL, &err) == WD_OK,
             "a map without reflections is written and read"))
    for (int k = 0; k < CODED; k++) sum += fabs((double)s[k]);
  tap_at_most(sum, 0, "its scattered field");
  wd_shard_close(shard);
  wd_shard_writer_destroy(w);
}

/* Shards of drawn pairs: codes and their drawer come back, checked with the rest; others have none. */
static void with_codes(void) {
  enum { CODES = 5 };
  const int32_t codes[MAPS][CODES] = {{0, 1, 2, 3, 4}, {8191, 7, 7, 0, 12}, {5, 6, 7, 8, 9}};
  wd_shard_desc drawn = desc;
  drawn.codes = CODES;
  drawn.drawer = 0xfedcba9876543210u;
  char other[96];
  snprintf(other, sizeof other, "%s/drawn.safetensors", folder);
  wd_shard_writer *w = NULL;
  wd_shard *shard = NULL;
  wd_error err = {0};
  const wd_shard_record record = {2, 9, 4};
  wd_status st = wd_shard_writer_create(&drawn, codec, MAPS, &w, &err);
  tap_ok(!st && wd_shard_writer_put(w, 0, &record, &velocity[0], &total[0], &direct[0], NULL, &err) ==
                    WD_ERR_ARGUMENT,
         "drawn pairs want codes: %s", err.message);
  for (int i = 0; i < MAPS && !st; i++)
    st = wd_shard_writer_put(w, i, &record, &velocity[i], &total[i], &direct[i], codes[i], &err);
  if (!st) st = wd_shard_writer_save(w, MAPS, other, &err);
  if (!st) st = wd_shard_open(other, &shard, &err);
  wd_shard_writer_destroy(w);
  if (!tap_ok(st == WD_OK, "a shard with codes is written and opened %s", st ? err.message : "")) return;
  int wrong = 0;
  for (int i = 0; i < MAPS; i++) {
    int32_t back[CODES] = {-1, -1, -1, -1, -1};
    wrong += wd_shard_read_codes(shard, i, back, &err) != WD_OK || memcmp(back, codes[i], sizeof back) != 0 ||
             wd_shard_read(shard, i, NULL, NULL, NULL, &err) != WD_OK;
  }
  tap_ok(!wrong && wd_shard_get_desc(shard)->codes == CODES &&
             wd_shard_get_desc(shard)->drawer == drawn.drawer,
         "with the codes of every record, and what drew them");
  wd_shard_close(shard);
  int32_t back[CODES];
  st = wd_shard_open(path, &shard, &err);
  tap_ok(!st && wd_shard_get_desc(shard)->codes == 0 &&
             wd_shard_read_codes(shard, 0, back, &err) == WD_ERR_ARGUMENT,
         "others have none: %s", err.message);
  wd_shard_close(shard);

  /* One bit of a code. */
  static char whole[1 << 20];
  FILE *f = fopen(other, "r+b");
  size_t size = f ? fread(whole, 1, sizeof whole, f) : 0;
  char *at = memmem(whole, size, codes[1], sizeof codes[1]);
  if (tap_ok(at != NULL, "codes lie in the file as they are")) {
    fseek(f, at - whole, SEEK_SET);
    fputc(*at ^ 4, f);
    fflush(f);
    st = wd_shard_open(other, &shard, &err);
    tap_ok(!st && wd_shard_read(shard, 1, NULL, NULL, NULL, &err) == WD_ERR_FORMAT,
           "a damaged one is seen: %s", err.message);
    wd_shard_close(shard);
  }
  if (f) fclose(f);
  unlink(other);
}

int main(void) {
  strcpy(folder, "/tmp/wd-shard-XXXXXX");
  char name[32];
  wd_shard_file_name(12, name, sizeof name);
  tap_ok(strcmp(name, "shard-00012.safetensors") == 0, "shard 12 is %s", name);
  if (!mkdtemp(folder) || wd_codec_create(NULL, &codec, NULL)) {
    tap_ok(false, "no folder for temporary files, or no codec");
    return tap_done();
  }
  snprintf(path, sizeof path, "%s/%s", folder, name);
  if (simulate()) {
    write_and_read();
    with_codes();
    damage();
    not_shards();
    bad_records();
  }
  unlink(path);
  tap_ok(rmdir(folder) == 0, "nothing else was left in the folder");
  for (int i = 0; i < MAPS; i++) {
    wd_map_clear(&velocity[i]);
    wd_gather_clear(&total[i]);
    wd_gather_clear(&direct[i]);
  }
  wd_codec_destroy(codec);
  return tap_done();
}
