#include "app/cli/recording.h"

#include "app/explorer.h"
#include "app/recording_private.h"
#include "app/status_error.h"

#include "model/safetensors.h"
#include "solver/family.h"
#include "solver/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool recording_recognise(const char *path) {
  wd_safetensors *file = NULL;
  if (wd_safetensors_open(path, &file, NULL)) return false;
  const char *format = wd_safetensors_metadata(file, "format");
  bool ours = format && strcmp(format, "wavediffusion-recording") == 0;
  wd_safetensors_close(file);
  return ours;
}

static wd_status load(const char *path, WdRecording **out, wd_error *err) {
  GError *error = NULL;
  *out = wd_recording_load(path, NULL, &error);
  if (*out) return WD_OK;
  wd_status st = wd_fail(err, wd_status_of_error(error), "%s", error->message);
  g_error_free(error);
  return st;
}

static const WdPosition *estimate_at(const recorded *r, int k) {
  const WdPosition *p = wd_recording_position(r->recording, r->id, k);
  return p && p->latent[WD_WHAT_ESTIMATE] ? p : NULL;
}

static wd_status take_latents(recorded *r, int last, wd_error *err) {
  const WdPosition *p = estimate_at(r, r->first);
  size_t n = (size_t)(last - r->first + 1), bytes = p ? g_bytes_get_size(p->latent[WD_WHAT_ESTIMATE]) : 0;
  r->one = bytes / sizeof(float);
  r->latents = wd_calloc(n, bytes ? bytes : 1);
  r->timestep = wd_calloc(n, sizeof *r->timestep);
  r->log_snr = wd_calloc(n, sizeof *r->log_snr);
  if (!r->latents || !r->timestep || !r->log_snr)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu latents", n);
  for (int k = r->first; k <= last; k++, r->count++) {
    p = estimate_at(r, k);
    GBytes *z = p ? p->latent[WD_WHAT_ESTIMATE] : NULL;
    if (!z || g_bytes_get_size(z) != bytes)
      return wd_fail(err, WD_ERR_ARGUMENT, "%s: position %d has no estimate: its step was not made", r->name,
                     k);
    memcpy(r->latents + r->count * r->one, g_bytes_get_data(z, NULL), bytes);
    r->timestep[r->count] = p->level.timestep;
    r->log_snr[r->count] = p->level.log_snr;
  }
  return WD_OK;
}

wd_status recorded_open(const char *path, int branch, int step, recorded *out, wd_error *err) {
  recorded r = {0};
  wd_status st = load(path, &r.recording, err);
  if (st) return st;
  guint n = wd_recording_count(r.recording);
  WdBranch *b = branch >= 1 && (guint)branch <= n ? wd_recording_nth(r.recording, (guint)branch - 1) : NULL;
  if (!b)
    st = wd_fail(err, WD_ERR_ARGUMENT, "%s holds %u runs and branches; there is no number %d", path, n,
                 branch);
  int last = b ? wd_branch_last(b) : -1;
  if (!st && last < 0) st = wd_fail(err, WD_ERR_ARGUMENT, "%s: nothing is recorded of %s", path, b->name);
  if (!st && step > last)
    st = wd_fail(err, WD_ERR_ARGUMENT, "%s: position %d of a recording with 0 to %d", path, step, last);
  if (!st) {
    r.id = b->id;
    r.seed = wd_recording_root(r.recording, b->id)->recipe.seed;
    r.family = b->recipe.family;
    r.first = step >= 0 ? step : 0;
    snprintf(r.name, sizeof r.name, "%s", b->name);
    snprintf(r.model, sizeof r.model, "%s", wd_recording_get_model(r.recording));
    snprintf(r.identity, sizeof r.identity, "%s", wd_recording_get_identity(r.recording));
    if (step < 0) /* a run that was stopped has no estimate at its last position */
      while (last > 0 && !estimate_at(&r, last)) last--;
    st = take_latents(&r, step >= 0 ? step : last, err);
  }
  if (st) {
    recorded_clear(&r);
    return st;
  }
  *out = r;
  return WD_OK;
}

void recorded_clear(recorded *r) {
  if (r->recording) g_object_unref(r->recording);
  wd_free(r->latents);
  wd_free(r->timestep);
  wd_free(r->log_snr);
  *r = (recorded){0};
}

bool recorded_pair(const recorded *r, size_t i, wd_map *map, wd_gather *gather) {
  WdFrame f = {0};
  if (!wd_recording_get_frame(r->recording, r->id, r->first + (int)i, WD_WHAT_ESTIMATE, &f) || !f.pair)
    return false;
  const wd_gather *g = &f.pair->gathers;
  if (wd_map_copy(&f.pair->velocity, map, NULL)) return false;
  if (wd_gather_create(g->shots, g->samples, g->receivers, g->dt, gather, NULL)) {
    wd_map_clear(map);
    return false;
  }
  memcpy(gather->value, g->value, wd_gather_count(g) * sizeof *g->value);
  return true;
}

wd_status recorded_data(const char *path, size_t one, int most, float **out, int *count, wd_error *err) {
  WdRecording *r = NULL;
  wd_status st = load(path, &r, err);
  if (st) return st;
  float *z = wd_alloc((size_t)most * one, sizeof *z);
  if (!z) {
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d latents", most);
  } else {
    *count = wd_recorded_latents(r, one, most, z);
    *out = z;
  }
  g_object_unref(r);
  return st;
}

/* ---- info */

static json_t *score_json(const WdScore *s) {
  json_t *o = json_object();
  for (int i = 0; i < WD_SCORES; i++)
    if (!isnan(s->value[i])) json_object_set_new(o, wd_score_get_info(i)->key, cli_real(s->value[i]));
  json_object_set_new(o, "mode", json_string(wd_wave_mode_name(s->mode)));
  return o;
}

/* Scored positions, and those whose decoded pair is in the file. */
static void count(WdRecording *r, const WdBranch *b, int *scored, int *kept) {
  *scored = *kept = 0;
  for (int k = 0; k <= wd_branch_last(b); k++) {
    const WdPosition *p = wd_recording_position(r, b->id, k);
    WdFrame f = {0};
    *scored += p && wd_position_score(p, WD_WHAT_ESTIMATE);
    *kept += wd_recording_get_frame(r, b->id, k, WD_WHAT_ESTIMATE, &f) && f.pair;
  }
}

static json_t *branch_json(WdRecording *r, WdBranch *b, int number) {
  static const char *const kind[] = {"sampled", "encoded", "walk"};
  int scored, kept, last = wd_branch_last(b);
  count(r, b, &scored, &kept);
  char seed[24];
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)wd_recording_root(r, b->id)->recipe.seed);
  json_t *o = json_pack("{s:i, s:s, s:s, s:s, s:i, s:i, s:i, s:i}", "branch", number, "name", b->name, "kind",
                        kind[b->kind], "seed", seed, "steps", b->steps, "positions", last + 1, "scored",
                        scored, "decoded", kept);
  if (b->kind == WD_BRANCH_SAMPLED)
    json_object_set_new(o, "sampler", json_string(wd_sampler_name(b->recipe.plan.kind)));
  if (b->recipe.begin) {
    json_object_set_new(o, "begins", json_string(b->recipe.begin == WD_BEGIN_NOISED ? "noised" : "at"));
    json_object_set_new(o, "timestep", json_integer(b->recipe.timestep));
  }
  json_object_set_new(
      o, "family", json_string(b->recipe.family < 0 ? "any" : wd_family_name((wd_family)b->recipe.family)));
  if (b->parent) json_object_set_new(o, "leaves_at", json_integer(b->parent_at));
  if (last > b->steps) json_object_set_new(o, "refined", json_integer(last - b->steps));
  if (b->truth_name) json_object_set_new(o, "pair", json_string(b->truth_name));
  const WdPosition *p = wd_recording_position(r, b->id, last);
  const WdScore *s = p ? wd_position_score(p, WD_WHAT_ESTIMATE) : NULL;
  if (s) json_object_set_new(o, "last", score_json(s));
  return o;
}

wd_status recording_describe(cli *c, const char *path, wd_error *err) {
  WdRecording *r = NULL;
  wd_status st = load(path, &r, err);
  if (st) return st;
  json_t *list = json_array();
  for (guint i = 0; i < wd_recording_count(r); i++)
    json_array_append_new(list, branch_json(r, wd_recording_nth(r, i), (int)i + 1));
  if (c->json) {
    st = cli_print_json(json_pack("{s:s, s:s, s:{s:s, s:s}, s:o}", "file", path, "format", "recording",
                                  "model", "name", wd_recording_get_model(r), "identity",
                                  wd_recording_get_identity(r), "branches", list),
                        err);
    g_object_unref(r);
    return st;
  }
  printf("%s: recording, made with the model %s (%s)\n", path, wd_recording_get_model(r),
         wd_recording_get_identity(r));
  size_t i;
  json_t *o;
  json_array_foreach(list, i, o) {
    const json_t *s = json_object_get(o, "last");
    printf("  %zu  %-28s %lld positions, %lld scored, %lld decoded", i + 1,
           json_string_value(json_object_get(o, "name")),
           (long long)json_integer_value(json_object_get(o, "positions")),
           (long long)json_integer_value(json_object_get(o, "scored")),
           (long long)json_integer_value(json_object_get(o, "decoded")));
    if (s)
      printf("; the last: reflection_residual %.4g (%s)",
             json_number_value(json_object_get(s, "reflection_residual")),
             json_string_value(json_object_get(s, "mode")));
    printf("\n");
  }
  json_decref(list);
  g_object_unref(r);
  return WD_OK;
}
