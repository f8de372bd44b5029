/* Between physical arrays and the square pictures that networks see (stage1.h):
 *
 *   velocity   nz x nx m/s         -> (s, s, 1), normalised (scale.h)
 *   seismic    shots x instants x receivers, coded (codec.h) -> (s, s, shots * phases): row = instant /
 * phases, column = receiver, channel = shot * phases + instant % phases, phases = instants / s
 *
 * s is the least multiple of 4 that holds the map and the receivers; edges are repeated into the padding,
 * half on each side, and cut off again on the way back. */
#ifndef WD_PICTURE_H
#define WD_PICTURE_H

#include "solver/status.h"

typedef struct wd_picture {
  int size;                       /* s */
  int nz, nx;                     /* map */
  int shots, instants, receivers; /* coded gathers */
  int phases;
} wd_picture;

/* How a gather's amplitudes enter a picture. */
typedef enum wd_amplitude {
  WD_AMPLITUDE_LINEAR, /* divided by the scale given */
  WD_AMPLITUDE_LOG     /* sign(x) log1p(|x|), divided by the scale given */
} wd_amplitude;

/* WD_ERR_SHAPE when the instants are no multiple of s. 70 x 70 maps with 5 x 144 x 70 gathers give s 72,
 * phases 2. */
wd_status wd_picture_init(int nz, int nx, int shots, int instants, int receivers, wd_picture *out,
                          wd_error *err);
static inline int wd_picture_channels(const wd_picture *p) {
  return p->shots * p->phases;
}

void wd_picture_from_velocity(const wd_picture *p, const float *velocity, float *picture);
void wd_picture_to_velocity(const wd_picture *p, const float *picture, float *velocity);
void wd_picture_from_seismic(const wd_picture *p, wd_amplitude amplitude, double scale, const float *coded,
                             float *picture);
void wd_picture_to_seismic(const wd_picture *p, wd_amplitude amplitude, double scale, const float *picture,
                           float *coded);

#endif
