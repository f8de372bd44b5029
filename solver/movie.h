/* The pressure field of one shot through time, kept for looking at: every step of the map's own cells, and,
 * where it is asked for, the absorbing cells around them.
 *
 * The field is the stepwise state of wave.h, so the record that comes with it is bit for bit the one that
 * wd_wave_run makes of the same shot in the same mode (tests/solver/test_movie.c). One shot is propagated
 * alone: what the others do does not enter it.
 *
 * Frame k is the field after k steps, at the time k dt; frame 0 is rest. Sample k - 1 of the record holds
 * frame k at the receivers (gather.h: sample 0 is at time dt). */
#ifndef WD_MOVIE_H
#define WD_MOVIE_H

#include "solver/wave.h"
#include <stdint.h>

/* Zero means the default in brackets. */
typedef struct wd_movie_desc {
  wd_wave_desc wave;   /* mode [exact], absorb, order, free_surface; one map */
  int shot;            /* of the survey, from 0 */
  bool margin;         /* keep the absorbing cells too [false] */
  size_t memory_limit; /* bytes of pressure that may be kept: where every step is more, every 2nd, 3rd ... is
                          [256 MiB] */
} wd_movie_desc;

enum { WD_MOVIE_MARGIN_EVERY = 4 }; /* steps between the frames that are kept of the margin, at least */

typedef struct wd_movie {
  wd_wave_mode mode;
  int shot;   /* of the survey it was made with, from 0 */
  int nz, nx; /* the map's cells */
  double spacing, dt;
  int samples; /* steps: frames 0..samples */
  wd_cell source;
  /* Seconds from the first arrival of an infinitely short pulse to the strongest pressure, a wavelength and
   * more from the source: the largest value of wavelet * 1/sqrt(t), the far field of Green's function in two
   * dimensions, H(t - r/v) / (2 pi sqrt(t^2 - r^2/v^2)). 79.5 ms for OpenFWI's Ricker, which itself is
   * strongest at 73 ms. */
  double crest;

  int every, frames; /* frame i of the store is that of step i * every */
  float *pressure;   /* frames x nz x nx */
  float peak;        /* largest |pressure| of them */

  wd_gather record; /* 1 shot */
  wd_map arrival;   /* seconds to first arrival of an infinitely short pulse (eikonal.h): isochrones */

  /* Absorbing cells: top, bottom, left, right of the map; pz x px with them. All zero without. */
  int margin[4], pz, px;
  int margin_every, margin_frames;
  uint16_t *padded;   /* margin_frames x pz x px, float16 of pressure / margin_scale */
  float margin_scale; /* a power of two */

  double seconds; /* that making it took */
} wd_movie;

/* Makes the movie of one shot on a map of the survey's size. desc may be NULL. *out is written on WD_OK only;
 * release with wd_movie_clear. Errors are those of wd_wave_create and wd_wave_step, and WD_ERR_NO_MEMORY. */
wd_status wd_movie_make(wd_device *device, const wd_survey *survey, const wd_movie_desc *desc,
                        const wd_map *velocity, const wd_hooks *hooks, wd_movie *out, wd_error *err);
void wd_movie_clear(wd_movie *movie); /* harmless on a zeroed struct */

/* The field of step k, nz x nx values, borrowed: of the step itself, or where not every one is kept of the
 * last one before it. k is clamped to 0..samples. */
const float *wd_movie_frame(const wd_movie *movie, int k);
/* The step that wd_movie_frame shows for k. */
int wd_movie_step(const wd_movie *movie, int k);

/* The field of the same step with its margin, pz x px values. The map's own cells are those of
 * wd_movie_frame; the absorbing cells, which are kept as float16 at every margin_every-th step, are
 * interpolated in time (cubic; at OpenFWI's 15 Hz and 4 ms right to 0.2 % in the relative L2 norm). False
 * without a margin. */
bool wd_movie_padded(const wd_movie *movie, int k, float *out);

/* Bytes that a movie holds. */
size_t wd_movie_bytes(const wd_movie *movie);

#endif
