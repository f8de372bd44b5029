#include "model/shard.h"

#include "model/checksum.h"
#include "model/safetensors.h"
#include "solver/half.h"
#include "solver/memory.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "safetensors files are little-endian");

static const char format_name[] = "wavediffusion shard 1";

enum { VELOCITY, SCATTERED, DIRECT, SCALE, FAMILY, SEED, INDEX, CODES, CHECKSUM, PARTS };
static const char *const part_name[PARTS] = {"velocity", "scattered", "direct", "scale",   "family",
                                             "seed",     "index",     "codes",  "checksum"};
static const wd_dtype part_type[PARTS] = {WD_F32, WD_F16, WD_F16, WD_F32, WD_I32,
                                          WD_I64, WD_I64, WD_I32, WD_I64};

/* Shapes of all parts for n records, and the bytes of one record of each: none of a part that is left out. */
static void layout(const wd_shard_desc *d, size_t n, wd_stored_tensor part[PARTS], size_t record[PARTS]) {
  for (int p = 0; p < PARTS; p++) {
    part[p] = (wd_stored_tensor){.name = part_name[p], .type = part_type[p], .dims = 1, .shape = {n}};
    if (p == VELOCITY) {
      part[p].dims = 3;
      part[p].shape[1] = (size_t)d->nz;
      part[p].shape[2] = (size_t)d->nx;
    } else if (p == SCATTERED || p == DIRECT) {
      part[p].dims = 4;
      part[p].shape[1] = (size_t)d->shots;
      part[p].shape[2] = (size_t)d->instants;
      part[p].shape[3] = (size_t)d->receivers;
    } else if (p == SCALE) {
      part[p].dims = 2;
      part[p].shape[1] = 2;
    } else if (p == CODES) {
      part[p].dims = 2;
      part[p].shape[1] = (size_t)d->codes;
    }
    record[p] = wd_dtype_size(part_type[p]);
    for (int k = 1; k < part[p].dims; k++) record[p] *= part[p].shape[k];
  }
}

static uint64_t checksum(const unsigned char *const base[PARTS], const size_t record[PARTS], size_t i) {
  uint64_t sum = WD_CHECKSUM_START;
  for (int p = 0; p < CHECKSUM; p++)
    if (record[p]) sum = wd_checksum(sum, base[p] + i * record[p], record[p]);
  return sum;
}

void wd_shard_file_name(int number, char *name, size_t size) {
  snprintf(name, size, "shard-%05d.safetensors", number);
}

/* Sizes as the solver allows them; whatever passes here has products far inside 64 bits. */
static bool desc_is_sane(const wd_shard_desc *d) {
  return d->nz >= WD_MAP_MIN_SIDE && d->nz <= WD_MAP_MAX_SIDE && d->nx >= WD_MAP_MIN_SIDE &&
         d->nx <= WD_MAP_MAX_SIDE && isfinite(d->spacing) && d->spacing > 0 && d->shots >= 1 &&
         d->shots <= 1000 && d->samples >= 2 && d->samples <= 100000 && d->receivers >= 1 &&
         d->receivers <= 100000 && d->instants >= 1 && d->instants <= d->samples && isfinite(d->dt) &&
         d->dt > 0 && isfinite(d->frequency) && d->frequency >= 0 && d->codes >= 0 && d->codes <= 1000000;
}

/* ---- writing ---- */

struct wd_shard_writer {
  wd_shard_desc desc;
  const wd_codec *codec;
  int capacity;
  size_t record[PARTS];
  unsigned char *part[PARTS]; /* capacity records each */
  bool *filled;
};

wd_status wd_shard_writer_create(const wd_shard_desc *desc, const wd_codec *codec, int capacity,
                                 wd_shard_writer **out, wd_error *err) {
  if (!desc_is_sane(desc) || desc->samples != wd_codec_samples(codec) ||
      desc->instants != wd_codec_instants(codec) || capacity < 1 || capacity > 1000000)
    return wd_fail(
        err, WD_ERR_ARGUMENT,
        "no training shard of %d maps of %d x %d cells with %d shots of %d samples (%d coded, the codec: %d "
        "to %d) and %d receivers can be made",
        capacity, desc->nz, desc->nx, desc->shots, desc->samples, desc->instants, wd_codec_samples(codec),
        wd_codec_instants(codec), desc->receivers);
  wd_shard_writer *w = wd_calloc(1, sizeof *w);
  if (!w) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a training shard");
  *w = (wd_shard_writer){.desc = *desc, .codec = codec, .capacity = capacity};
  wd_stored_tensor part[PARTS];
  layout(desc, (size_t)capacity, part, w->record);
  w->filled = wd_calloc((size_t)capacity, sizeof *w->filled);
  bool whole = w->filled != NULL;
  size_t each = 0;
  for (int p = 0; p < PARTS && whole; p++) {
    if (!w->record[p]) continue;
    w->part[p] = wd_calloc((size_t)capacity, w->record[p]);
    whole = w->part[p] != NULL;
    each += w->record[p];
  }
  if (!whole) {
    wd_shard_writer_destroy(w);
    return wd_fail(err, WD_ERR_NO_MEMORY,
                   "no memory for a training shard of %d maps of %zu bytes; take fewer maps", capacity, each);
  }
  *out = w;
  return WD_OK;
}

void wd_shard_writer_destroy(wd_shard_writer *writer) {
  if (!writer) return;
  for (int p = 0; p < PARTS; p++) wd_free(writer->part[p]);
  wd_free(writer->filled);
  wd_free(writer);
}

/* Divides by a power of two that brings the largest value to 2^14..2^15, where float16 has all its digits
 * down to 2^-29 of it. Returns that power; 0 when a value is not finite. */
static float to_half(const float *value, size_t count, uint16_t *out) {
  float largest = 0;
  bool finite = true;
  for (size_t i = 0; i < count; i++) {
    float magnitude = fabsf(value[i]);
    finite &= magnitude <= 3.4e38f;
    largest = magnitude > largest ? magnitude : largest;
  }
  if (!finite) return 0;
  int exponent = 0;
  if (largest > 0) frexpf(largest, &exponent);
  exponent -= 15;
  if (exponent < -100) exponent = -100;
  float inverse = ldexpf(1, -exponent);
  for (size_t i = 0; i < count; i++) out[i] = wd_half_from_float(value[i] * inverse);
  return ldexpf(1, exponent);
}

wd_status wd_shard_writer_put_coded(wd_shard_writer *writer, int slot, const wd_shard_record *record,
                                    const wd_map *velocity, const float *scattered, const float *direct,
                                    const int32_t *codes, wd_error *err) {
  const wd_shard_desc *d = &writer->desc;
  if (slot < 0 || slot >= writer->capacity)
    return wd_fail(err, WD_ERR_ARGUMENT, "slot %d of a training shard of %d", slot, writer->capacity);
  if (!codes != !d->codes)
    return wd_fail(err, WD_ERR_ARGUMENT, "a training shard of %d codes a record is given %s", d->codes,
                   codes ? "some" : "none");
  wd_status st = wd_map_check_velocity(velocity, "a map for a training shard", err);
  if (st) return st;
  if (velocity->nz != d->nz || velocity->nx != d->nx)
    return wd_fail(err, WD_ERR_SHAPE, "a map of %d x %d cells for a training shard of %d x %d", velocity->nz,
                   velocity->nx, d->nz, d->nx);
  size_t count = (size_t)d->shots * (size_t)d->instants * (size_t)d->receivers, at = (size_t)slot;
  writer->filled[slot] = false;
  float *scale = (float *)(void *)writer->part[SCALE] + 2 * at;
  scale[0] = to_half(scattered, count,
                     (uint16_t *)(void *)(writer->part[SCATTERED] + at * writer->record[SCATTERED]));
  scale[1] = to_half(direct, count, (uint16_t *)(void *)(writer->part[DIRECT] + at * writer->record[DIRECT]));
  if (scale[0] == 0 || scale[1] == 0)
    return wd_fail(err, WD_ERR_DIVERGED, "a gather for a training shard holds NaN or infinity");
  memcpy(writer->part[VELOCITY] + at * writer->record[VELOCITY], velocity->value, writer->record[VELOCITY]);
  int32_t family = record->family;
  memcpy(writer->part[FAMILY] + at * sizeof family, &family, sizeof family);
  memcpy(writer->part[SEED] + at * sizeof record->seed, &record->seed, sizeof record->seed);
  memcpy(writer->part[INDEX] + at * sizeof record->index, &record->index, sizeof record->index);
  if (codes) memcpy(writer->part[CODES] + at * writer->record[CODES], codes, writer->record[CODES]);
  uint64_t sum = checksum((const unsigned char *const *)writer->part, writer->record, at);
  memcpy(writer->part[CHECKSUM] + at * sizeof sum, &sum, sizeof sum);
  writer->filled[slot] = true;
  return WD_OK;
}

wd_status wd_shard_writer_put(wd_shard_writer *writer, int slot, const wd_shard_record *record,
                              const wd_map *velocity, const wd_gather *total, const wd_gather *direct,
                              const int32_t *codes, wd_error *err) {
  const wd_shard_desc *d = &writer->desc;
  const wd_gather *both[2] = {total, direct};
  for (int k = 0; k < 2; k++)
    if (both[k]->shots != d->shots || both[k]->samples != d->samples || both[k]->receivers != d->receivers)
      return wd_fail(err, WD_ERR_SHAPE, "gathers of (%d, %d, %d) for a training shard of (%d, %d, %d)",
                     both[k]->shots, both[k]->samples, both[k]->receivers, d->shots, d->samples,
                     d->receivers);
  size_t count = (size_t)d->shots * (size_t)d->instants * (size_t)d->receivers;
  float *coded = wd_alloc(2 * count, sizeof *coded);
  if (!coded) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to code a gather");
  float *scattered = coded, *top = coded + count;
  wd_status st = wd_codec_encode(writer->codec, total, scattered, err);
  if (!st) st = wd_codec_encode(writer->codec, direct, top, err);
  for (size_t i = 0; i < count && !st; i++) scattered[i] -= top[i];
  if (!st) st = wd_shard_writer_put_coded(writer, slot, record, velocity, scattered, top, codes, err);
  wd_free(coded);
  return st;
}

wd_status wd_shard_writer_save(wd_shard_writer *writer, int count, const char *path, wd_error *err) {
  if (count < 1 || count > writer->capacity)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: a training shard of %d maps out of %d", path, count,
                   writer->capacity);
  for (int i = 0; i < count; i++)
    if (!writer->filled[i])
      return wd_fail(err, WD_ERR_ARGUMENT, "%s: map %d of %d was never given", path, i, count);
  const wd_shard_desc *d = &writer->desc;
  /* Numbers as JSON, which jansson writes the same in every locale. */
  json_t *geometry = json_pack("{s:i, s:f, s:f, s:f}", "samples", d->samples, "spacing", d->spacing, "dt",
                               d->dt, "frequency", d->frequency);
  char drawer[24];
  snprintf(drawer, sizeof drawer, "%016" PRIx64, d->drawer);
  if (geometry && d->codes) json_object_set_new(geometry, "drawer", json_string(drawer));
  char *text = geometry ? json_dumps(geometry, JSON_REAL_PRECISION(17)) : NULL;
  json_decref(geometry);
  if (!text) return wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory for its header", path);
  const wd_metadata metadata[] = {{"format", format_name}, {"geometry", text}};
  wd_stored_tensor part[PARTS];
  size_t record[PARTS];
  layout(d, (size_t)count, part, record);
  size_t parts = 0;
  for (int p = 0; p < PARTS; p++) {
    if (!record[p]) continue;
    part[parts] = part[p];
    part[parts++].data = writer->part[p];
  }
  wd_status st = wd_safetensors_write(path, part, parts, metadata, sizeof metadata / sizeof *metadata, err);
  free(text);
  if (!st) memset(writer->filled, 0, (size_t)writer->capacity * sizeof *writer->filled);
  return st;
}

/* ---- reading ---- */

struct wd_shard {
  wd_safetensors *file;
  wd_shard_desc desc;
  int count;
  size_t record[PARTS];
  const unsigned char *part[PARTS];
};

/* samples, spacing, dt and frequency from the metadata; what is missing stays 0 and fails the check of sizes.
 */
static void read_geometry(const wd_safetensors *file, wd_shard_desc *d) {
  const char *text = wd_safetensors_metadata(file, "geometry");
  json_t *geometry = text ? json_loads(text, 0, NULL) : NULL;
  json_int_t samples = json_integer_value(json_object_get(geometry, "samples"));
  d->samples = samples > 0 && samples <= 100000 ? (int)samples : 0;
  d->spacing = json_number_value(json_object_get(geometry, "spacing"));
  d->dt = json_number_value(json_object_get(geometry, "dt"));
  d->frequency = json_number_value(json_object_get(geometry, "frequency"));
  const char *drawer = json_string_value(json_object_get(geometry, "drawer"));
  d->drawer = drawer ? strtoull(drawer, NULL, 16) : 0;
  json_decref(geometry);
}

/* Extent d of a part, 0 (which no size check lets pass) when it is not there or too large for an int. */
static int extent(const wd_safetensors *file, int part, int d) {
  const wd_stored_tensor *t = wd_safetensors_find(file, part_name[part]);
  return t && d < t->dims && t->shape[d] <= 1000000 ? (int)t->shape[d] : 0;
}

static wd_status fill(wd_shard *shard, wd_error *err) {
  const wd_safetensors *file = shard->file;
  const char *path = wd_safetensors_path(file), *format = wd_safetensors_metadata(file, "format");
  if (!format || strcmp(format, format_name) != 0)
    return wd_fail(err, WD_ERR_FORMAT, "%.100s: not a training shard (its format is not \"%s\")", path,
                   format_name);
  wd_shard_desc *d = &shard->desc;
  read_geometry(file, d);
  shard->count = extent(file, VELOCITY, 0);
  d->nz = extent(file, VELOCITY, 1);
  d->nx = extent(file, VELOCITY, 2);
  d->shots = extent(file, SCATTERED, 1);
  d->instants = extent(file, SCATTERED, 2);
  d->receivers = extent(file, SCATTERED, 3);
  d->codes = extent(file, CODES, 1);
  if (!d->codes && wd_safetensors_find(file, part_name[CODES]))
    return wd_fail(err, WD_ERR_FORMAT, "%.100s: its codes have no shape that a training shard's have", path);
  if (shard->count < 1 || !desc_is_sane(d))
    return wd_fail(
        err, WD_ERR_FORMAT,
        "%.100s: a training shard of %d maps of %d x %d cells, %d shots of %d samples (%d coded), %d "
        "receivers makes no sense",
        path, shard->count, d->nz, d->nx, d->shots, d->samples, d->instants, d->receivers);
  wd_stored_tensor part[PARTS];
  layout(d, (size_t)shard->count, part, shard->record);
  for (int p = 0; p < PARTS; p++) {
    if (!shard->record[p]) continue;
    long shape[WD_MAX_DIMS];
    for (int k = 0; k < part[p].dims; k++) shape[k] = (long)part[p].shape[k];
    const wd_stored_tensor *t;
    wd_status st = wd_safetensors_require(file, part_name[p], part[p].dims, shape, &t, err);
    if (st) return st;
    if (t->type != part_type[p])
      return wd_fail(err, WD_ERR_FORMAT, "%.100s: tensor \"%s\" is %s where a training shard has %s", path,
                     t->name, wd_dtype_name(t->type), wd_dtype_name(part_type[p]));
    shard->part[p] = t->data;
  }
  return WD_OK;
}

wd_status wd_shard_open(const char *path, wd_shard **out, wd_error *err) {
  wd_shard *shard = wd_calloc(1, sizeof *shard);
  if (!shard) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to open %.100s", path);
  wd_status st = wd_safetensors_open(path, &shard->file, err);
  if (!st) st = fill(shard, err);
  if (st)
    wd_shard_close(shard);
  else
    *out = shard;
  return st;
}

void wd_shard_close(wd_shard *shard) {
  if (!shard) return;
  wd_safetensors_close(shard->file);
  wd_free(shard);
}

int wd_shard_count(const wd_shard *shard) {
  return shard->count;
}

const wd_shard_desc *wd_shard_get_desc(const wd_shard *shard) {
  return &shard->desc;
}

wd_shard_record wd_shard_get_record(const wd_shard *shard, int i) {
  int32_t family;
  wd_shard_record record;
  memcpy(&family, shard->part[FAMILY] + (size_t)i * sizeof family, sizeof family);
  memcpy(&record.seed, shard->part[SEED] + (size_t)i * sizeof record.seed, sizeof record.seed);
  memcpy(&record.index, shard->part[INDEX] + (size_t)i * sizeof record.index, sizeof record.index);
  record.family = family;
  return record;
}

static void from_half(const unsigned char *from, size_t count, float scale, float *out) {
  for (size_t i = 0; i < count; i++) {
    uint16_t half;
    memcpy(&half, from + 2 * i, sizeof half);
    out[i] = wd_float_from_half(half) * scale;
  }
}

/* A checksum proves only that nobody changed what some program wrote. */
static bool sound(const wd_shard *shard, size_t at, const float scale[2]) {
  bool good = scale[0] > 0 && scale[0] < 1e30f && scale[1] > 0 && scale[1] < 1e30f;
  for (int p = SCATTERED; p <= DIRECT; p++)
    for (size_t i = 0; i < shard->record[p]; i += 2) {
      uint16_t half;
      memcpy(&half, shard->part[p] + at * shard->record[p] + i, sizeof half);
      good &= (half & 0x7c00) != 0x7c00;
    }
  for (size_t i = 0; i < shard->record[VELOCITY]; i += sizeof(float)) {
    float v;
    memcpy(&v, shard->part[VELOCITY] + at * shard->record[VELOCITY] + i, sizeof v);
    good &= v > 0 && v < 1e30f;
  }
  return good;
}

wd_status wd_shard_read(const wd_shard *shard, int i, float *velocity, float *scattered, float *direct,
                        wd_error *err) {
  const char *path = wd_safetensors_path(shard->file);
  if (i < 0 || i >= shard->count)
    return wd_fail(err, WD_ERR_ARGUMENT, "%.100s: map %d of a training shard of %d", path, i, shard->count);
  wd_status st = wd_safetensors_still_whole(shard->file, err);
  if (st) return st;
  size_t at = (size_t)i;
  uint64_t sum;
  memcpy(&sum, shard->part[CHECKSUM] + at * sizeof sum, sizeof sum);
  if (sum != checksum(shard->part, shard->record, at))
    return wd_fail(err, WD_ERR_FORMAT,
                   "%.100s: map %d is damaged (its checksum differs); generate the shard again", path, i);
  float scale[2];
  memcpy(scale, shard->part[SCALE] + at * sizeof scale, sizeof scale);
  size_t count = shard->record[SCATTERED] / sizeof(uint16_t);
  if (!sound(shard, at, scale))
    return wd_fail(err, WD_ERR_FORMAT,
                   "%.100s: map %d holds NaN, infinity or a velocity that is not positive", path, i);
  if (velocity)
    memcpy(velocity, shard->part[VELOCITY] + at * shard->record[VELOCITY], shard->record[VELOCITY]);
  if (scattered)
    from_half(shard->part[SCATTERED] + at * shard->record[SCATTERED], count, scale[0], scattered);
  if (direct) from_half(shard->part[DIRECT] + at * shard->record[DIRECT], count, scale[1], direct);
  return WD_OK;
}

wd_status wd_shard_read_codes(const wd_shard *shard, int i, int32_t *codes, wd_error *err) {
  if (!shard->desc.codes || i < 0 || i >= shard->count)
    return wd_fail(err, WD_ERR_ARGUMENT, "%.100s: codes of map %d of a training shard of %d, %d codes each",
                   wd_safetensors_path(shard->file), i, shard->count, shard->desc.codes);
  wd_status st = wd_safetensors_still_whole(shard->file, err);
  if (!st) memcpy(codes, shard->part[CODES] + (size_t)i * shard->record[CODES], shard->record[CODES]);
  return st;
}
