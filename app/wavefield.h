/* The wavefield of one shot on one map, as it crosses from the engine to the window: immutable, counted by
 * atomic references (solver/movie.h says what it holds). */
#ifndef WD_WAVEFIELD_H
#define WD_WAVEFIELD_H

#include "app/frame.h"
#include "model/shard.h"
#include "solver/movie.h"

/* What is asked for. Two are the same wavefield when all members are equal. */
typedef struct WdWavefieldAsk {
  WdPair *pair; /* its map is propagated; its gathers stand beside it */
  int shot;     /* from 0 */
  wd_wave_mode mode;
  gboolean margin;     /* with the absorbing cells */
  wd_shard_desc shape; /* samples, dt, frequency, shots; zeros: the pair's gathers', OpenFWI's */
} WdWavefieldAsk;

typedef struct WdWavefield {
  gatomicrefcount refs;
  wd_movie movie;
  WdWavefieldAsk ask; /* that it answers; pair is a reference */
  double clip;        /* |pressure| that 97 % of the cells of all frames do not exceed */
  char device[64];    /* for people */
} WdWavefield;

WdWavefield *wd_wavefield_ref(WdWavefield *w);
void wd_wavefield_unref(WdWavefield *w); /* NULL is harmless */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WdWavefield, wd_wavefield_unref)

gboolean wd_wavefield_ask_equal(const WdWavefieldAsk *a, const WdWavefieldAsk *b);

/* Makes it: synchronous, cancellable, on any thread that owns the device. */
wd_status wd_wavefield_make(wd_device *device, const WdWavefieldAsk *ask, const wd_hooks *hooks,
                            WdWavefield **out, wd_error *err);

#endif
