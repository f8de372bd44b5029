/* Generated pairs as OpenFWI has them: velocity (n, 1, nz, nx) and seismic (n, shots, samples, receivers). */
#include "app/cli/generate_sink.h"

#include "solver/memory.h"
#include "solver/npy.h"

#include <unistd.h>

typedef struct pair {
  wd_npy_writer *velocity, *seismic;
} pair;

static bool has_shape(const char *path, int dims, const size_t *shape) {
  wd_npy *npy = NULL;
  if (access(path, F_OK) != 0 || wd_npy_open(path, &npy, NULL) != WD_OK) return false;
  bool same = wd_npy_dtype(npy) == WD_NPY_F32 && wd_npy_dims(npy) == dims;
  for (int i = 0; i < dims && same; i++) same = wd_npy_shape(npy)[i] == shape[i];
  wd_npy_close(npy);
  return same;
}

static void shapes(const dataset_file *file, const wd_survey *s, size_t velocity[4], size_t seismic[4]) {
  velocity[0] = seismic[0] = file->count;
  velocity[1] = 1;
  velocity[2] = (size_t)s->nz;
  velocity[3] = (size_t)s->nx;
  seismic[1] = (size_t)s->shots;
  seismic[2] = (size_t)s->samples;
  seismic[3] = (size_t)s->receivers;
}

static bool pair_complete(const dataset_file *file, const wd_survey *survey) {
  size_t velocity[4], seismic[4];
  shapes(file, survey, velocity, seismic);
  return has_shape(file->velocity, 4, velocity) && has_shape(file->seismic, 4, seismic);
}

static void pair_abort(sink *s) {
  pair *p = s->state;
  if (!p) return;
  wd_npy_writer_abort(p->velocity);
  wd_npy_writer_abort(p->seismic);
  wd_free(p);
  s->state = NULL;
}

static wd_status pair_open(sink *s, wd_error *err) {
  pair *p = s->state = wd_calloc(1, sizeof *p);
  if (!p) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a file");
  size_t velocity[4], seismic[4];
  shapes(s->file, s->survey, velocity, seismic);
  wd_status st = wd_npy_writer_open(s->file->velocity, WD_NPY_F32, 4, velocity, &p->velocity, err);
  if (!st) st = wd_npy_writer_open(s->file->seismic, WD_NPY_F32, 4, seismic, &p->seismic, err);
  return st;
}

static wd_status add_gather(pair *p, const wd_gather *g, bool zero_last, wd_error *err) {
  if (!zero_last) return wd_npy_writer_append(p->seismic, g->value, wd_gather_count(g), err);
  static const float zeros[512];
  size_t row = (size_t)g->receivers, shot = (size_t)g->samples * row;
  wd_status st = WD_OK;
  for (int k = 0; k < g->shots && !st; k++) {
    st = wd_npy_writer_append(p->seismic, g->value + (size_t)k * shot, shot - row, err);
    for (size_t done = 0; done < row && !st; done += 512)
      st = wd_npy_writer_append(p->seismic, zeros, row - done < 512 ? row - done : 512, err);
  }
  return st;
}

static wd_status pair_add(sink *s, wd_pool *pool, const dataset_map *map, int n, const wd_wave *wave,
                          wd_error *err) {
  (void)pool;
  pair *p = s->state;
  wd_status st = WD_OK;
  for (int i = 0; i < n && !st; i++) {
    st = wd_npy_writer_append(p->velocity, map[i].map.value, (size_t)map[i].map.nz * (size_t)map[i].map.nx,
                              err);
    if (!st) st = add_gather(p, wd_wave_gather(wave, i), s->zero_last, err);
  }
  return st;
}

static wd_status pair_close(sink *s, wd_error *err) {
  pair *p = s->state;
  wd_npy_writer *velocity = p->velocity, *seismic = p->seismic;
  p->velocity = p->seismic = NULL;
  wd_status st = wd_npy_writer_close(seismic, err);
  if (st)
    wd_npy_writer_abort(velocity);
  else
    st = wd_npy_writer_close(velocity, err);
  pair_abort(s);
  return st;
}

const sink_ops sink_npy = {
    .complete = pair_complete, .open = pair_open, .add = pair_add, .close = pair_close, .abort = pair_abort};
