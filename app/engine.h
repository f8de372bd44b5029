/* The engine's thread: every call of model/ and solver/ that the window makes runs on it, one at a time. The
 * session (session.c, on the main thread) posts requests, all by value or by counted reference, and takes
 * results; neither waits for the other but when the engine is closed.
 *
 *   main thread                                    engine thread
 *   open, ask(view), job, rest ── under a mutex ──► picks, between any two units of work: what to open; what
 *   stop, close ── sets `cancel` of the unit        the views look at; the next unit of the job; what is
 *                                                  missing at rest
 *   take() ◄── one pending wake of its context ──── publish(result)
 *
 * A unit is one denoising step, one decoding, one simulation, one refinement step. Units look at their cancel
 * flag at least every 25 ms. A cancelled unit leaves nothing behind. */
#ifndef WD_ENGINE_H
#define WD_ENGINE_H

#include "app/population.h"
#include "app/score.h"
#include "app/session.h"
#include "app/wavefield.h"

/* What is wanted of a latent. */
enum {
  WD_WANT_PAIR = 1,
  WD_WANT_LIVE = 2,
  WD_WANT_EXACT = 4,
  WD_WANT_DETAILS = 8 /* lag and interior residual, for the exact score */
};
typedef struct WdAsk {
  GBytes *latent;
  WdPair *pair;        /* what is known already; may be NULL */
  WdSimulation *exact; /* likewise */
  guint want;
  wd_calibration calibration;
} WdAsk;
void wd_ask_clear(WdAsk *ask); /* unrefs and zeroes */

/* How a branch and those that it comes from are made: legs from the run on. A leg holds the recorded
 * positions at..last (NULL in `estimate` where there is none yet). */
typedef struct WdLeg {
  WdRecipe recipe;
  int at, last;      /* last: at - 1 when nothing is recorded of it. A first leg with recipe.begin starts from
                        `edited`, and the sampler's position 0 is `at` */
  GPtrArray *latent; /* GBytes *, of at..last */
  GPtrArray *estimate;
  GBytes *edited;
} WdLeg;

typedef struct WdJobItem { /* a latent to be scored that exists */
  int k;
  WdWhat what;
  GBytes *latent;
} WdJobItem;

typedef enum WdJobKind { WD_JOB_SAMPLE = 0, WD_JOB_ENCODE } WdJobKind;

typedef struct WdJob {
  guint serial; /* from 1 */
  guint branch;
  WdJobKind kind;
  WdPolicy policy;
  GPtrArray *leg; /* WdLeg *; empty for an encoded pair */
  int last, steps, to,
      end;       /* of the branch: recorded up to, the data, where to stop, all that it is to have */
  GBytes *start; /* the latent at `last`, where refinement goes on */
  double refine_rate;
  wd_wave_mode refine_mode;
  GArray *missing; /* WdJobItem, in order */
  WdPair *pair;    /* to encode; its map or its gathers may be empty */
  gboolean give_velocity, give_gathers;
} WdJob;
WdJob *wd_job_new(void);
WdLeg *wd_job_add_leg(WdJob *job);
void wd_job_add_missing(WdJob *job, int k, WdWhat what, GBytes *latent);
void wd_job_free(WdJob *job); /* NULL is harmless */
/* Whether the policy has the latent `what` at position k of a branch scored in its run. */
gboolean wd_policy_scores(const WdPolicy *policy, int k, int steps, int end, WdWhat what);

/* A small piece of work that belongs to no place of the recording: a thumbnail, a cell of a residual map, the
 * data of a noise, a latent of a test pair (session.h). The queue keeps their order. */
WdChore *wd_chore_copy(const WdChore *chore); /* with references of its own */
void wd_chore_free(WdChore *chore);           /* NULL is harmless */

/* Many seeds to be sampled and measured, behind everything else that there is to do. */
typedef struct WdBatch {
  guint serial;
  GArray *seed;       /* guint64 */
  GArray *family;     /* int, one a seed: wd_family, -1: any */
  WdPopulation *like; /* without samples: plan, mode (exact or live), geometry, range, and which positions of
                         the way are scored (the last of them the data) */
} WdBatch;
WdBatch *wd_batch_new(void);
void wd_batch_free(WdBatch *batch); /* NULL is harmless */

typedef enum WdResultKind {
  WD_RESULT_OPENED = 0, /* info */
  WD_RESULT_OPEN_FAILED,
  WD_RESULT_POSITION,  /* serial, branch, k, position, owned */
  WD_RESULT_FRAME,     /* latent, pair, simulation with score; any may be NULL */
  WD_RESULT_TRUTH,     /* serial, branch, pair: with its gathers simulated */
  WD_RESULT_FAULT,     /* latent, error */
  WD_RESULT_ASK_DONE,  /* the one at rest; error when it failed */
  WD_RESULT_JOB_DONE,  /* serial, branch, error (WD_OK, WD_CANCELLED, ...), k: the last position made */
  WD_RESULT_TIME,      /* which, ms */
  WD_RESULT_SAMPLE,    /* serial, k: number in the batch, sample, way */
  WD_RESULT_CHORE,     /* chore */
  WD_RESULT_WAVEFIELD, /* wavefield, or error; or neither, and fraction: how far it is */
  WD_RESULT_BATCH_DONE /* serial, error (WD_OK, WD_CANCELLED, ...) */
} WdResultKind;

typedef enum WdTimed {
  WD_TIME_DENOISE = 0,
  WD_TIME_DECODE,
  WD_TIME_LIVE,
  WD_TIME_EXACT,
  WD_TIME_COMPARE,
  WD_TIME_STEP,
  WD_TIME_WAVEFIELD,
  WD_TIMES
} WdTimed;

typedef struct WdResult {
  WdResultKind kind;
  guint serial, branch;
  int k;
  WdPosition *position;
  GBytes *latent;
  WdPair *pair;
  WdSimulation *simulation;
  WdScore *score;
  WdModelInfo *info;
  WdWavefield *wavefield;
  double fraction;
  wd_calibration calibration; /* of the score */
  gboolean at_rest;           /* the ask that is done was the one at rest */
  WdChoreDone *chore;         /* owned, with its own references */
  wd_error error;
  WdTimed timed;
  double ms;
  WdSample *sample;
  GArray *way; /* WdWayStep, with timesteps and log-SNR */
} WdResult;
void wd_result_free(WdResult *result);

WdModelInfo *wd_model_info_copy(const WdModelInfo *info);
void wd_model_info_free(WdModelInfo *info); /* NULL is harmless */

typedef struct WdEngine WdEngine;

/* wake is called on the main context of the caller whenever there is something to take, once for any number
 * of results. */
WdEngine *wd_engine_new(void (*wake)(gpointer user), gpointer user);
/* Cancels, quits, joins, drops what was not taken. */
void wd_engine_close(WdEngine *e);
WdResult *wd_engine_take(WdEngine *e); /* NULL: nothing more */

void wd_engine_open(WdEngine *e, const char *name, const char *device);
void wd_engine_look(WdEngine *e, int view, const WdAsk *ask); /* NULL: nothing is missing there */
/* Takes the job over; one that runs is cancelled. */
void wd_engine_start(WdEngine *e, WdJob *job);
void wd_engine_stop(WdEngine *e);
/* Of low priority; replaces the one before, which then is not answered. */
void wd_engine_rest(WdEngine *e, const WdAsk *ask);
/* Adds chores at the end of the queue of their urgency; copied. */
void wd_engine_add_chores(WdEngine *e, const WdChore *chores, guint n);
/* Those of an owner are off, the one under way too; nothing more of them is published. */
void wd_engine_drop_chores(WdEngine *e, gconstpointer owner);
guint wd_engine_count_chores(WdEngine *e, gconstpointer owner); /* waiting or under way */
/* The wavefield of a shot: after what the views look at, before jobs. NULL, or no pair: none is wanted. It
 * needs no model. */
void wd_engine_wavefield(WdEngine *e, const WdWavefieldAsk *ask);
/* Takes the batch over; one that runs ends, cancelled. NULL: none. */
void wd_engine_batch(WdEngine *e, WdBatch *batch);
void wd_engine_batch_finish(WdEngine *e); /* ends after the sample under way */
guint64 wd_engine_simulations(WdEngine *e);
/* Nothing is under way or waits, and nothing is left to be taken. */
gboolean wd_engine_is_quiet(WdEngine *e);

/* For tests: the n-th unit from now on (1: the next) fails with this status; and once it has, so does every
 * unit after it when `lasting`, until the next model is opened. */
void wd_engine_inject(WdEngine *e, int n, wd_status status, gboolean lasting);

#endif
