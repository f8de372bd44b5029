#include "model/import.h"

#include "solver/family.h"
#include "solver/memory.h"
#include "solver/openfwi.h"
#include "solver/wave.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHARD = 500, AT_ONCE = 8 };

bool wd_import_wanted(const char *folder) {
  char path[4096 + 32];
  char name[32];
  wd_shard_file_name(0, name, sizeof name);
  if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path || !access(path, F_OK))
    return false;
  wd_openfwi *set;
  if (wd_openfwi_open(folder, NULL, &set, NULL)) return false;
  wd_openfwi_close(set);
  return true;
}

/* The family that a part of the path names: FlatVel_A, flatvel-a, CurveFault_B. */
static int family_of(const char *path) {
  char part[32];
  for (const char *at = path; *at;) {
    size_t n = strcspn(at, "/");
    if (n < sizeof part) {
      for (size_t i = 0; i <= n; i++) part[i] = i == n ? 0 : at[i] == '_' ? '-' : at[i];
      wd_family f;
      if (wd_family_parse(part, &f)) return (int)f;
    }
    at += n;
    at += *at == '/';
  }
  return -1;
}

typedef struct importing {
  wd_device *device;
  wd_openfwi *set;
  wd_openfwi_shape shape;
  wd_survey *survey;
  wd_wave *wave; /* of AT_ONCE maps, or of what is left at the end of a shard */
  wd_codec *codec;
  wd_shard_desc desc;
  size_t batch; /* of the pair that is read now */
} importing;

static int family_at(importing *m, size_t pair) {
  const wd_openfwi_batch *b = wd_openfwi_batch_at(m->set, m->batch);
  while (b && pair >= b->first + b->count) b = wd_openfwi_batch_at(m->set, ++m->batch);
  return b ? family_of(b->velocity) : -1;
}

/* F(v_top) of n maps. */
static wd_status simulate(importing *m, const wd_map *map, int n, const wd_hooks *hooks, wd_error *err) {
  wd_map top[AT_ONCE] = {0};
  wd_status st = WD_OK;
  for (int i = 0; i < n && !st; i++) st = wd_map_repeat_row(&map[i], m->survey->source[0].z, &top[i], err);
  if (!st && m->wave && wd_wave_get_desc(m->wave)->maps != n) {
    wd_wave_destroy(m->wave);
    m->wave = NULL;
  }
  wd_wave_desc d = {.mode = WD_WAVE_EXACT, .maps = n};
  if (!st)
    st = m->wave ? wd_wave_set_velocity(m->wave, top, err)
                 : wd_wave_create(m->device, m->survey, &d, top, &m->wave, err);
  if (!st) st = wd_wave_run(m->wave, hooks, err);
  for (int i = 0; i < n; i++) wd_map_clear(&top[i]);
  return st;
}

static wd_status put_some(importing *m, wd_shard_writer *w, size_t first, int slot, int n,
                          const wd_hooks *hooks, wd_error *err) {
  wd_map map[AT_ONCE] = {0};
  wd_gather gather[AT_ONCE] = {0};
  wd_status st = WD_OK;
  for (int i = 0; i < n && !st; i++)
    st = wd_openfwi_pair(m->set, first + (size_t)i, &map[i], &gather[i], err);
  if (!st) st = simulate(m, map, n, hooks, err);
  for (int i = 0; i < n && !st; i++) {
    wd_shard_record r = {.family = family_at(m, first + (size_t)i), .index = first + (size_t)i};
    st = wd_shard_writer_put(w, slot + i, &r, &map[i], &gather[i], wd_wave_gather(m->wave, i), NULL, err);
    if (st) st = wd_fail_context(err, st, "pair %zu", first + (size_t)i);
  }
  for (int i = 0; i < AT_ONCE; i++) {
    wd_map_clear(&map[i]);
    wd_gather_clear(&gather[i]);
  }
  return st;
}

static bool complete(const importing *m, const char *path, int count) {
  wd_shard *s;
  if (access(path, F_OK) || wd_shard_open(path, &s, NULL)) return false;
  const wd_shard_desc *a = wd_shard_get_desc(s), *b = &m->desc;
  bool same = wd_shard_count(s) == count && a->nz == b->nz && a->nx == b->nx && a->shots == b->shots &&
              a->samples == b->samples && a->receivers == b->receivers;
  wd_shard_close(s);
  return same;
}

static wd_status import_shard(importing *m, const char *path, size_t first, int count, const wd_hooks *hooks,
                              wd_error *err) {
  wd_shard_writer *w;
  wd_status st = wd_shard_writer_create(&m->desc, m->codec, count, &w, err);
  if (st) return st;
  wd_hooks quiet = {.cancel = hooks ? hooks->cancel : NULL};
  for (int i = 0; i < count && !st; i += AT_ONCE) {
    st = put_some(m, w, first + (size_t)i, i, count - i < AT_ONCE ? count - i : AT_ONCE, &quiet, err);
    wd_hooks_progress(hooks, (double)(first + (size_t)i) / (double)m->shape.pairs);
  }
  if (!st) st = wd_shard_writer_save(w, count, path, err);
  wd_shard_writer_destroy(w);
  return st;
}

static wd_status import_all(importing *m, const char *output, const wd_hooks *hooks, wd_error *err) {
  if (mkdir(output, 0777) && errno != EEXIST)
    return wd_fail(err, WD_ERR_IO, "%s: cannot make this folder: %s", output, strerror(errno));
  wd_status st = WD_OK;
  for (size_t first = 0; first < m->shape.pairs && !st; first += SHARD) {
    size_t left = m->shape.pairs - first;
    int count = left < SHARD ? (int)left : SHARD;
    char name[32], path[4096 + 32];
    wd_shard_file_name((int)(first / SHARD), name, sizeof name);
    if (snprintf(path, sizeof path, "%s/%s", output, name) >= (int)sizeof path)
      return wd_fail(err, WD_ERR_ARGUMENT, "the folder's name is too long");
    if (!complete(m, path, count)) st = import_shard(m, path, first, count, hooks, err);
  }
  return st;
}

wd_status wd_import_openfwi(wd_device *device, const char *folder, const char *output, const wd_hooks *hooks,
                            size_t *pairs, wd_error *err) {
  importing m = {.device = device};
  wd_status st = wd_openfwi_open(folder, NULL, &m.set, err);
  if (st) return st;
  m.shape = wd_openfwi_describe(m.set);
  wd_survey_desc survey = {
      .nz = m.shape.nz, .nx = m.shape.nx, .samples = m.shape.samples, .shots = m.shape.shots};
  st = wd_survey_create(&survey, &m.survey, err);
  if (!st && m.survey->receivers != m.shape.receivers)
    st = wd_fail(err, WD_ERR_UNSUPPORTED, "%s: gathers of %d receivers over maps of %d columns", folder,
                 m.shape.receivers, m.shape.nx);
  if (!st) st = wd_codec_create(&(wd_codec_desc){.samples = m.shape.samples}, &m.codec, err);
  if (!st) {
    m.desc = (wd_shard_desc){.nz = m.shape.nz,
                             .nx = m.shape.nx,
                             .spacing = m.survey->spacing,
                             .shots = m.shape.shots,
                             .samples = m.shape.samples,
                             .receivers = m.shape.receivers,
                             .instants = wd_codec_instants(m.codec),
                             .dt = m.survey->dt,
                             .frequency = m.survey->frequency};
    st = import_all(&m, output, hooks, err);
  }
  if (!st && pairs) *pairs = m.shape.pairs;
  wd_wave_destroy(m.wave);
  wd_survey_destroy(m.survey);
  wd_codec_destroy(m.codec);
  wd_openfwi_close(m.set);
  return st;
}
