/* What is drawn of a wavefield at one time, composed without GTK; screen, figures and movies share it:
 *
 *   map      pressure over the velocities in grey, isochrones of first arrival, source, receivers, probe
 *   gather   the record of the shot as far as the wave has come, and the decoded gather to compare
 *   trace    the pressure at the probe, as far as the wave has come
 *
 * What moves with the time (the front, the line across the gather, the probe's mark, the clock) is kept apart
 * from what stands, so that a window redraws the one without the other. */
#ifndef WD_WAVEFIELD_SCENE_H
#define WD_WAVEFIELD_SCENE_H

#include "app/view.h"
#include "app/wavefield.h"
#include "render/curve.h"

/* Zero means the default in brackets; pointers are borrowed for the call. */
typedef struct WdWavefieldDesc {
  WdWavefield *field; /* [nothing is known: blank panels] */
  WdPair *pair;       /* while there is no field: its map, without a wave [none] */
  int step;           /* 0..samples */
  WdWaveLook look;
  gboolean map_smooth; /* between the cells of the map; the wave always is */
  wd_colormap gather_colormap;
  wd_units units;      /* of texts, as of a picture */
  const char *place;   /* "decoded x̂₀ · step 12 of 16", for the header [none] */
  const char *message; /* why there is nothing [none] */
} WdWavefieldDesc;

typedef enum WdWavefieldChange {
  WD_WAVEFIELD_SAME = 0,
  WD_WAVEFIELD_STILL = 1, /* headers, axes, isochrones, the trace's axes */
  WD_WAVEFIELD_MOTION = 2 /* the pictures, the line, the clock */
} WdWavefieldChange;

typedef struct WdWavefieldScene WdWavefieldScene;
WdWavefieldScene *wd_wavefield_scene_new(void);
void wd_wavefield_scene_free(WdWavefieldScene *scene); /* NULL is harmless */

/* Returns WdWavefieldChange flags. */
guint wd_wavefield_scene_set(WdWavefieldScene *scene, const WdWavefieldDesc *desc);

typedef enum WdScenePart { WD_SCENE_ALL = 0, WD_SCENE_STILL, WD_SCENE_MOTION } WdScenePart;

/* The panels of the last set, borrowed until the next. STILL: everything but pictures, moving strokes and
 * clock; MOTION: these strokes and the clock alone, no text around them. */
const wd_panel *wd_wavefield_map(WdWavefieldScene *scene, WdScenePart part);
const wd_panel *wd_wavefield_gather(WdWavefieldScene *scene, WdScenePart part);
/* STILL has the whole trace, faint; ALL the trace so far over it, and a line at the time. n_series 0: no
 * probe stands. */
const wd_curve *wd_wavefield_trace(WdWavefieldScene *scene, WdScenePart part);
/* The probe's trace in full, `count` samples, sample s at (s + 1) dt; NULL: none. */
const double *wd_wavefield_probe(const WdWavefieldScene *scene, int *count);

/* The pressure that ends the colours, and how it was chosen. */
double wd_wavefield_clip(const WdWavefieldScene *scene);
/* Milliseconds of the picture shown. */
double wd_wavefield_ms(const WdWavefieldScene *scene);

/* "412 ms, shot 3, exact mode. Largest pressure 2.1 ...": for assistive technology. */
void wd_wavefield_describe(const WdWavefieldScene *scene, char *out, gsize size);

#endif
