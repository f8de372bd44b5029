/* wavediffusion-cli info of safetensors files: weights and training shards. */
#include "app/cli/info.h"

#include "model/safetensors.h"
#include "model/shard.h"
#include "solver/family.h"

#include <stdio.h>

static json_t *shape_json(const wd_stored_tensor *t) {
  json_t *shape = json_array();
  for (int k = 0; k < t->dims; k++) json_array_append_new(shape, json_integer((json_int_t)t->shape[k]));
  return shape;
}

/* How many maps of each family a shard holds, as a JSON object. */
static json_t *families_json(const wd_shard *shard) {
  int count[WD_FAMILIES] = {0}, other = 0;
  for (int i = 0; i < wd_shard_count(shard); i++) {
    int f = wd_shard_get_record(shard, i).family;
    if (f >= 0 && f < WD_FAMILIES)
      count[f]++;
    else
      other++;
  }
  json_t *o = json_object();
  for (int f = 0; f < WD_FAMILIES; f++)
    if (count[f]) json_object_set_new(o, wd_family_name((wd_family)f), json_integer(count[f]));
  if (other) json_object_set_new(o, "other", json_integer(other));
  return o;
}

/* Every record is read once, which tests its checksum. */
static wd_status check_records(cli *c, const wd_shard *shard, wd_error *err) {
  int n = wd_shard_count(shard);
  cli_progress_begin(c, "reading", "maps", n, 0);
  wd_status st = WD_OK;
  for (int i = 0; i < n && !st; i++) {
    st = wd_shard_read(shard, i, NULL, NULL, NULL, err);
    if (!st && cli_cancelled(c)) st = wd_fail(err, WD_CANCELLED, "stopped");
    if (!st) cli_progress_set(c, i + 1);
  }
  if (!st) cli_progress_end(c);
  return st;
}

static void print_text(const char *path, const wd_safetensors *file, const wd_shard *shard,
                       json_t *families) {
  printf("%s: safetensors, %zu tensors\n", path, wd_safetensors_count(file));
  if (shard) {
    const wd_shard_desc *d = wd_shard_get_desc(shard);
    printf("  training shard of %d maps of %d x %d cells; gathers of %d shots, %d receivers, %d of %d "
           "samples kept\n ",
           wd_shard_count(shard), d->nz, d->nx, d->shots, d->receivers, d->instants, d->samples);
    const char *name;
    json_t *count;
    json_object_foreach(families, name, count) printf(" %s %lld", name, (long long)json_integer_value(count));
    printf("\n");
  }
  for (size_t i = 0; i < wd_safetensors_count(file); i++) {
    const wd_stored_tensor *t = wd_safetensors_at(file, i);
    printf("  %-32s %-5s (", t->name, wd_dtype_name(t->type));
    for (int k = 0; k < t->dims; k++) printf("%s%zu", k ? ", " : "", t->shape[k]);
    printf(")\n");
  }
  for (size_t i = 0; i < wd_safetensors_metadata_count(file); i++) {
    wd_metadata m = wd_safetensors_metadata_at(file, i);
    printf("  %s = %s\n", m.key, m.value);
  }
}

wd_status info_tensors(cli *c, const char *path, bool header_only, wd_error *err) {
  wd_safetensors *file = NULL;
  wd_shard *shard = NULL;
  wd_status st = wd_safetensors_open(path, &file, err);
  if (st) return st;
  json_t *families = NULL;
  if (wd_safetensors_find(file, "scattered") &&
      wd_safetensors_find(file, "direct")) { /* says it is a shard */
    st = wd_shard_open(path, &shard, err);
    if (!st) families = families_json(shard);
    if (!st && !header_only) st = check_records(c, shard, err);
  }
  if (!st && c->json) {
    json_t *tensors = json_array(), *metadata = json_object();
    for (size_t i = 0; i < wd_safetensors_count(file); i++) {
      const wd_stored_tensor *t = wd_safetensors_at(file, i);
      json_array_append_new(tensors, json_pack("{s:s, s:s, s:o}", "name", t->name, "dtype",
                                               wd_dtype_name(t->type), "shape", shape_json(t)));
    }
    for (size_t i = 0; i < wd_safetensors_metadata_count(file); i++) {
      wd_metadata m = wd_safetensors_metadata_at(file, i);
      json_object_set_new(metadata, m.key, json_string(m.value));
    }
    json_t *o = json_pack("{s:s, s:s, s:o, s:o}", "file", path, "format", "safetensors", "tensors", tensors,
                          "metadata", metadata);
    if (shard) {
      json_object_set_new(o, "maps", json_integer(wd_shard_count(shard)));
      json_object_set(o, "families", families);
    }
    st = cli_print_json(o, err);
  } else if (!st) {
    print_text(path, file, shard, families);
  }
  json_decref(families);
  wd_shard_close(shard);
  wd_safetensors_close(file);
  return st;
}
