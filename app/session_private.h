/* Of session*.c and of tests. */
#ifndef WD_SESSION_PRIVATE_H
#define WD_SESSION_PRIVATE_H

#include "app/engine.h"
#include "app/recording_private.h"
#include "app/session.h"

enum { WD_TIMES_KEPT = 15 };

/* What a view looks at, as a place: which latent that is may change. */
typedef struct WdSight {
  guint branch;
  int k;
  WdWhat what;
  gboolean rest;
} WdSight;

struct _WdSession {
  GObject parent_instance;
  WdEngine *engine;
  WdRecording *recording;
  WdModelInfo *model; /* NULL: none */
  WdPolicy policy;
  WdSight sight[2];
  guint states[2];      /* branches whose x_t are wanted as well, at every step; 0: none */
  WdSessionState state; /* as last announced */
  gboolean loading;
  /* the job */
  guint serial;  /* of the last one posted */
  guint current; /* the one that has not ended; 0: none */
  guint running; /* its branch; 0 when its results are not wanted any more */
  int from, to;  /* its span, for progress */
  gboolean cancelling;
  gboolean stop_asked; /* by a person: worth a notice */
  gint64 stop_time;
  /* at rest */
  gboolean resting;     /* an ask is with the engine */
  gboolean rest_failed; /* not tried again until something is asked for */
  /* the wavefield */
  WdWavefieldAsk wave_ask; /* pair NULL: none is wanted */
  WdWavefield *wavefield;  /* its answer */
  double wave_progress;
  wd_error wave_error;
  /* many seeds */
  guint batch; /* serial of the one that has not ended; 0: none */
  guint batches;
  WdPopulateCalls calls;
  /* levels */
  void *levels, *other_levels;              /* session_levels.c */
  double time[WD_TIMES + 1][WD_TIMES_KEPT]; /* WD_TIMES: stop */
  guint times[WD_TIMES + 1];
};

enum {
  WD_SIGNAL_STATE,
  WD_SIGNAL_FRAME,
  WD_SIGNAL_PROGRESS,
  WD_SIGNAL_NOTICE,
  WD_SIGNAL_CHORE,
  WD_SIGNAL_RECORDING,
  WD_SIGNAL_WAVEFIELD,
  WD_SIGNALS
};
extern guint wd_session_signals[WD_SIGNALS];

/* session.c */
void wd_session_update_state(WdSession *s);
void wd_session_add_time(WdSession *s, guint which, double ms);
/* Posts a job; takes it over. Branch, span and policy are filled in already. */
void wd_session_post(WdSession *s, WdJob *job);
void wd_session_halt(WdSession *s, gboolean asked); /* cancels the job; asked: by a person */

/* session_take.c: results, and what is to be made next without being asked. */
void wd_session_take(gpointer session);
void wd_session_schedule(WdSession *s);
__attribute__((format(printf, 4, 5))) void wd_session_notice(WdSession *s, const WdNotice *notice,
                                                             const char *kept, const char *format, ...);

/* session_populate.c */
void wd_session_take_sample(WdSession *s, WdResult *r);
void wd_session_take_batch_done(WdSession *s, WdResult *r);

/* session_levels.c */
void wd_session_load_levels(WdSession *s);
/* Drops scores of another calibration than the policy's, if they can be made again. */
void wd_session_check_scores(WdSession *s);
void wd_session_clear_levels(WdSession *s);

#endif
