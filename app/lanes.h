/* The timeline without GTK: which branches stand in which lane, how far each has come, what is known of each
 * position, and the words for a place. */
#ifndef WD_LANES_H
#define WD_LANES_H

#include "app/view.h"

typedef enum WdTick {
  WD_TICK_TO_MAKE = 0, /* not yet made */
  WD_TICK_STORED,      /* its latent is stored */
  WD_TICK_DECODED,     /* and decoded, the pair is at hand */
  WD_TICK_LIVE,        /* and simulated and scored in live mode */
  WD_TICK_EXACT        /* and in exact mode */
} WdTick;

typedef struct WdLane {
  guint id;
  int row;              /* 0 at the top */
  int parent;           /* index of the lane that it left, -1: a run */
  int first, last, end; /* own positions: the first, the last made, the last to come */
  int steps;            /* position of the data */
  int colour;           /* of wd_curve_colour */
  gboolean walk;        /* latents that somebody made, all of them data */
  int origin;           /* where its sampling began from noise, or from a noised latent */
} WdLane;

/* Lanes of the families of A's branch, and of B's when `both`: each run with its branches beneath it, in
 * order of making. A GArray of WdLane; *columns (may be NULL) is the largest `end`. */
GArray *wd_lanes_new(WdRecording *recording, const WdPlace *a, const WdPlace *b, int *columns);
const WdLane *wd_lanes_find(const GArray *lanes, guint id); /* NULL: not there */
/* The lane on which position k of branch `id` is drawn: its own, or that of the parent that made it. */
const WdLane *wd_lanes_owner(const GArray *lanes, guint id, int k);

/* The colour of wd_curve_colour for a branch's own number: all but the one that refinement has. */
enum { WD_REFINED_COLOUR = 2 };
int wd_branch_colour(int number);

/* What is known of a position. decoded: whether its pair is at hand. */
WdTick wd_tick_of(const WdPosition *p, WdWhat what, gboolean decoded);

/* Share of the noise that is gone, 0 at the start and 100 at the data, by timestep; NaN where unknown. */
double wd_place_denoised(WdRecording *recording, WdPlace place);
/* "Step 12/16 · 76 % denoised · t = 234 · log-SNR −3.1"; "Data · step 16/16 · fully denoised";
 * "Refinement 3/20"; "Latent 7/9 of Walk 1 · cell 4, 5: code 12 → 88". g_free. */
char *wd_place_text(WdRecording *recording, WdPlace place);

/* ---- play */

/* The position after `at` of 0..last when playing; *backwards is turned round by ping-pong. -1: the end, stop
 * there. */
int wd_play_next(int at, int last, gboolean loop, gboolean ping_pong, gboolean *backwards);

#endif
