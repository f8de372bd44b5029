#include "model/picture.h"

#include "solver/scale.h"

#include <math.h>
#include <stddef.h>

wd_status wd_picture_init(int nz, int nx, int shots, int instants, int receivers, wd_picture *out,
                          wd_error *err) {
  if (nz < 1 || nx < 1 || shots < 1 || instants < 1 || receivers < 1 || nz > 4096 || nx > 4096 ||
      receivers > 4096)
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "pictures of maps of %d x %d cells and %d shots x %d instants x %d receivers", nz, nx,
                   shots, instants, receivers);
  int side = nz > nx ? nz : nx;
  if (receivers > side) side = receivers;
  int size = (side + 3) / 4 * 4;
  if (instants % size)
    return wd_fail(
        err, WD_ERR_SHAPE,
        "gathers of %d instants do not fold into pictures of %d rows: take a multiple of %d instants",
        instants, size, size);
  *out = (wd_picture){size, nz, nx, shots, instants, receivers, instants / size};
  return WD_OK;
}

/* The cell that row or column i of a picture shows, of n cells in the middle of it. */
static int shown(int i, int n, int size) {
  int at = i - (size - n) / 2;
  return at < 0 ? 0 : at >= n ? n - 1 : at;
}

void wd_picture_from_velocity(const wd_picture *p, const float *velocity, float *picture) {
  for (int i = 0; i < p->size; i++)
    for (int j = 0; j < p->size; j++)
      picture[(size_t)i * (size_t)p->size + (size_t)j] = (float)wd_velocity_normalise(
          (double)
              velocity[(size_t)shown(i, p->nz, p->size) * (size_t)p->nx + (size_t)shown(j, p->nx, p->size)]);
}

void wd_picture_to_velocity(const wd_picture *p, const float *picture, float *velocity) {
  int top = (p->size - p->nz) / 2, left = (p->size - p->nx) / 2;
  for (int z = 0; z < p->nz; z++)
    for (int x = 0; x < p->nx; x++)
      velocity[(size_t)z * (size_t)p->nx + (size_t)x] = (float)wd_velocity_denormalise(
          (double)picture[(size_t)(z + top) * (size_t)p->size + (size_t)(x + left)]);
}

/* Where instant t of a shot's trace r stands. */
static size_t place(const wd_picture *p, int shot, int t, int column) {
  return ((size_t)(t / p->phases) * (size_t)p->size + (size_t)column) * (size_t)wd_picture_channels(p) +
         (size_t)(shot * p->phases + t % p->phases);
}

void wd_picture_from_seismic(const wd_picture *p, wd_amplitude amplitude, double scale, const float *coded,
                             float *picture) {
  for (int s = 0; s < p->shots; s++)
    for (int t = 0; t < p->instants; t++) {
      const float *row = coded + ((size_t)s * (size_t)p->instants + (size_t)t) * (size_t)p->receivers;
      for (int j = 0; j < p->size; j++) {
        double x = (double)row[shown(j, p->receivers, p->size)];
        if (amplitude == WD_AMPLITUDE_LOG) x = copysign(log1p(fabs(x)), x);
        picture[place(p, s, t, j)] = (float)(x / scale);
      }
    }
}

void wd_picture_to_seismic(const wd_picture *p, wd_amplitude amplitude, double scale, const float *picture,
                           float *coded) {
  int left = (p->size - p->receivers) / 2;
  for (int s = 0; s < p->shots; s++)
    for (int t = 0; t < p->instants; t++)
      for (int r = 0; r < p->receivers; r++) {
        double x = (double)picture[place(p, s, t, r + left)] * scale;
        if (amplitude == WD_AMPLITUDE_LOG) x = copysign(expm1(fabs(x)), x);
        coded[((size_t)s * (size_t)p->instants + (size_t)t) * (size_t)p->receivers + (size_t)r] = (float)x;
      }
}
