/* Between engine.c (thread and mailbox) and engine_work.c, engine_job.c (what a unit does). */
#ifndef WD_ENGINE_IMPL_H
#define WD_ENGINE_IMPL_H

#include "app/engine.h"
#include "app/recording_private.h"

#include "model/encoder.h"
#include "model/pair_decoder.h"
#include "model/refine.h"
#include "model/residual.h"

#include <pthread.h>
#include <stdatomic.h>

/* What was last made of a latent, so that a view and a run do not make it twice. */
typedef struct WdRecent {
  GBytes *latent;
  WdPair *pair;
  WdSimulation *live, *exact;
} WdRecent;
enum { WD_RECENT = 6 };

/* All that a loaded model needs. Engine thread only. */
typedef struct WdWorks {
  wd_device *device;
  wd_model *model;
  wd_denoiser *denoiser; /* NULL: no stage 2 */
  wd_pair_decoder *decoder;
  wd_encoder *encoder; /* made when first wanted */
  wd_survey *survey;
  wd_residual *residual[2]; /* live, exact */
  WdModelInfo *info;
  int threads; /* for what is made on the host */
} WdWorks;

typedef struct WdActive WdActive;     /* a job under way; engine_job.c */
typedef struct WdBatchRun WdBatchRun; /* a batch under way; engine_batch.c */

typedef enum WdUnit {
  WD_UNIT_NONE = 0,
  WD_UNIT_OPEN,
  WD_UNIT_SOON, /* a chore that somebody waits for */
  WD_UNIT_LOOK,
  WD_UNIT_WAVEFIELD,
  WD_UNIT_JOB,
  WD_UNIT_REST,
  WD_UNIT_CHORE,
  WD_UNIT_BATCH
} WdUnit;

struct WdEngine {
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t posted;
  /* under the mutex: requests */
  gboolean quit, stop;
  char *open_name, *open_device; /* NULL: nothing to open */
  WdAsk look[2];
  WdJob *job;
  WdAsk rest;
  WdWavefieldAsk wavefield;          /* pair NULL: none */
  GQueue chores[2];                  /* WdChore *, those that are soon in [1] */
  WdChore *chore;                    /* under way, owned; NULL when it was dropped meanwhile */
  WdBatch *batch;                    /* waits to begin */
  gboolean batch_stop, batch_finish; /* the one under way: now; after its sample */
  WdUnit unit;                       /* under way */
  int unit_view;
  atomic_bool cancel; /* of the unit under way */
  int inject;
  wd_status injected;
  gboolean inject_lasting;
  /* under the mutex: results */
  GQueue results;
  gboolean pending;
  /* main thread */
  GMainContext *context;
  GSource *wake_source; /* under the mutex too */
  void (*wake)(gpointer user);
  gpointer user;
  /* engine thread */
  WdWorks *works;
  WdActive *active;
  wd_device *one_core;        /* engine_wavefield.c */
  WdBatchRun *batch_run;      /* read by others as: there is one, or not */
  WdRecent recent[WD_RECENT]; /* the newest first */
  atomic_uint_fast64_t simulations;
};

void wd_engine_publish(WdEngine *e, WdResult *result); /* takes it over */
WdResult *wd_result_new(WdResultKind kind);
void wd_engine_time(WdEngine *e, WdTimed timed, gint64 since); /* g_get_monotonic_time () then */
/* The status that a test asked for, at the start of every unit. */
wd_status wd_engine_injected(WdEngine *e, wd_error *err);
wd_hooks wd_engine_hooks(WdEngine *e);

/* ---- engine_work.c */
wd_status wd_works_open(const char *name, const char *device, WdWorks **out, wd_error *err);
void wd_works_close(WdWorks *w);                         /* NULL is harmless */
WdRecent *wd_engine_recent(WdEngine *e, GBytes *latent); /* made where missing; it moves to the front */
void wd_engine_forget(WdEngine *e);
/* Does the next missing piece of an ask, publishes it and takes it off `want`; ask->want is 0 when nothing is
 * left. A map that the solver refuses, or what is not finite, is published as a fault, and empties `want`:
 * that is WD_OK here. */
wd_status wd_engine_ask_unit(WdEngine *e, WdAsk *ask, wd_error *err);
wd_status wd_engine_copy_gather(const wd_gather *from, wd_gather *to, wd_error *err);

/* ---- engine_chore.c. *out is the caller's; WD_OK with out->error for what is the latent's own fault. */
wd_status wd_engine_chore(WdEngine *e, const WdChore *chore, WdChoreDone **out, wd_error *err);
void wd_chore_done_free(WdChoreDone *done); /* NULL is harmless */

/* ---- engine_wavefield.c: makes what is asked for and publishes it, or the error */
void wd_engine_wavefield_unit(WdEngine *e, const WdWavefieldAsk *ask);

/* ---- engine_job.c */
WdActive *wd_active_new(WdJob *job); /* takes the job over */
void wd_active_free(WdActive *a);
/* One unit. *done when nothing is left. */
wd_status wd_active_unit(WdEngine *e, WdActive *a, gboolean *done, wd_error *err);
const WdJob *wd_active_job(const WdActive *a);
int wd_active_at(const WdActive *a); /* the last position made */

/* ---- engine_batch.c */
WdBatchRun *wd_batch_run_new(WdBatch *batch); /* takes the batch over */
void wd_batch_run_free(WdBatchRun *r);        /* NULL is harmless */
const WdBatch *wd_batch_run_get(const WdBatchRun *r);
wd_status wd_batch_unit(WdEngine *e, WdBatchRun *r, gboolean *done, wd_error *err);
gboolean wd_batch_between(const WdBatchRun *r); /* no sample is begun */

#endif
