/* What one latent decodes to, and what the solver makes of the decoded map: the two things that cross from
 * the engine's thread to the window. Both are immutable once made and counted by atomic references; a pointer
 * that somebody holds stays good on any thread. */
#ifndef WD_FRAME_H
#define WD_FRAME_H

#include "solver/metrics.h"
#include "solver/map.h"
#include "solver/wave.h"

#include <glib.h>

/* A velocity map and the gathers that go with it. */
typedef struct WdPair {
  gatomicrefcount refs;
  wd_map velocity;   /* nz x nx, m/s */
  wd_gather gathers; /* shots x samples x receivers, the solver's linear amplitude */
  double seconds;    /* that making it took; 0 for what was read */
  gboolean coded;    /* the gathers went through a file's temporal codec: as good as the codec (6e-5) */
} WdPair;

/* Takes the two over (they are zeroed for the caller). */
WdPair *wd_pair_new(wd_map *velocity, wd_gather *gathers, double seconds);
WdPair *wd_pair_ref(WdPair *pair);
void wd_pair_unref(WdPair *pair); /* NULL is harmless */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WdPair, wd_pair_unref)

/* F(v) and F(v_top) of a pair's map, and how its gathers compare with F(v). */
typedef struct WdSimulation {
  gatomicrefcount refs;
  wd_wave_mode mode;        /* live: scores are shown as such, and made again in exact at rest */
  wd_gather full, top;      /* F(v), F(v_top): the second holds the direct wave alone */
  wd_comparison comparison; /* whole, by shot, by trace */
  wd_calibration
      calibration; /* that the comparison was made under; set by whoever asked for another than none */
  double seconds;
  char device[64]; /* for people: "cpu: 2 threads, AVX-512" */
  gboolean coded;  /* as of a pair: read from a recording, not made here */
} WdSimulation;

/* Takes the gathers and the comparison over. device: copied. */
WdSimulation *wd_simulation_new(wd_wave_mode mode, wd_gather *full, wd_gather *top, wd_comparison *comparison,
                                double seconds, const char *device);
WdSimulation *wd_simulation_ref(WdSimulation *simulation);
void wd_simulation_unref(WdSimulation *simulation); /* NULL is harmless */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WdSimulation, wd_simulation_unref)

/* All that is known of a place of a recording just now. Members may be NULL. */
typedef struct WdFrame {
  WdPair *pair;       /* decoded */
  WdSimulation *live; /* of that pair's map */
  WdSimulation *exact;
} WdFrame;

void wd_frame_clear(WdFrame *frame); /* unrefs */
/* The best simulation there is: exact, else live, else NULL. Borrowed. */
static inline WdSimulation *wd_frame_simulation(const WdFrame *frame) {
  return frame->exact ? frame->exact : frame->live;
}

#endif
