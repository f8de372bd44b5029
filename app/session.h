/* A session: the model, the engine's thread, and the recording that the two make. The window calls it on the
 * main thread and gets signals there; every engine call runs on the one thread that session.c owns.
 *
 * Nothing stale arrives: a result belongs to a latent (recording.h), and one whose latent is no longer there
 * is dropped. A step that is cancelled or fails leaves the recording as it was. The engine makes, in this
 * order: what the views look at (the newest request of a view replaces its older one), the next step of what
 * runs (denoise, decode, simulate, score), then scores that are missing, in exact mode, at rest. */
#ifndef WD_SESSION_H
#define WD_SESSION_H

#include "app/recording.h"
#include "app/wavefield.h"
#include "model/code_table.h"
#include "model/model.h"

typedef enum WdSessionState {
  WD_SESSION_NO_MODEL = 0, /* recordings can be replayed */
  WD_SESSION_LOADING,
  WD_SESSION_IDLE,
  WD_SESSION_RUNNING,   /* steps of wd_session_get_running () */
  WD_SESSION_CANCELLING /* until the engine has stopped, within 100 ms */
} WdSessionState;

/* Something to tell a person: the window's inline bar. */
typedef enum WdNoticeAction {
  WD_NOTICE_NONE = 0,
  WD_NOTICE_USE_CPU,    /* the device is lost or out of memory: go on with "cpu" */
  WD_NOTICE_OPEN_MODEL, /* choose another model */
  WD_NOTICE_RESUME,     /* go on from the last stored latent */
  WD_NOTICE_RESTORE     /* the session that was kept: win.restore */
} WdNoticeAction;

typedef struct WdNotice {
  wd_status code; /* WD_CANCELLED for "Stopped at step 18" */
  char *what;     /* one sentence: what happened */
  char *kept;     /* what was kept; may be NULL */
  char *details;  /* the engine's own message, for "Details"; may be NULL */
  WdNoticeAction action;
  guint branch; /* that it is about; 0: none */
} WdNotice;

/* What the loaded model is and what was measured of it, for titles, bands and verdicts. NaN: not known. */
typedef struct WdModelInfo {
  char *name, *folder, *identity;
  char *device;      /* for people */
  char *device_spec; /* "cpu:2" */
  gboolean stage2;   /* can sample: */
  int timesteps, families;
  wd_schedule_kind schedule;
  wd_latent_shape latent;
  wd_shard_desc geometry;
  wd_code_table *codes;              /* the codebook */
  double velocity_min, velocity_max; /* range of its maps, m/s */
  char *evaluated; /* "100 test pairs, exact mode"; NULL: there is no evaluation.json of these weights */
} WdModelInfo;

/* Reference levels of one figure, from the model's evaluation.json. NaN where unknown. */
typedef struct WdLevels {
  double silence;                               /* what a silent gather scores */
  double direct;                                /* what the direct wave alone scores (r_R: 1) */
  double stage1_p05, stage1_median, stage1_p95; /* real pairs through stage 1; p95 is epsilon */
  double floor;                                 /* of discretisation */
  double noise_median;                          /* N(0, I) latents */
  double generated_p05, generated_median, generated_p95;
} WdLevels;

#define WD_TYPE_SESSION (wd_session_get_type())
G_DECLARE_FINAL_TYPE(WdSession, wd_session, WD, SESSION, GObject)

/* Signals
 *   "state"                               wd_session_get_state() changed, or the model did
 *   "frame" (guint id, int k, int what)   more is known of a latent that a view looks at
 *   "progress" (double fraction)          of what runs; 0..1
 *   "notice" (const WdNotice *)           borrowed
 *   "chore" (const WdChoreDone *)         a chore of somebody's is done; borrowed
 *   "wavefield"                           wd_session_get_wavefield() has something new to say
 *   "recording"                           another recording took the place of the old one
 * and those of the recording. */
WdSession *wd_session_new(void);

/* Loads a model in the background; what is running is stopped first. name as wd_find_model takes it. */
void wd_session_open_model(WdSession *s, const char *name, const char *device);
WdSessionState wd_session_get_state(WdSession *s);
const WdModelInfo *wd_session_get_model(WdSession *s); /* NULL: none */
/* False when the model's evaluation does not have that figure. */
gboolean wd_session_get_levels(WdSession *s, int score_kind, WdLevels *out);
/* Those of the weights of that identity, whatever is loaded: the loaded model's or the recording's where they
 * are the same, else the model's that came with the program. FALSE: nobody here evaluated them. */
gboolean wd_session_get_levels_of(WdSession *s, const char *identity, int score_kind, WdLevels *out);

WdRecording *wd_session_get_recording(WdSession *s); /* never NULL */
/* Replaces the recording (stops first); takes a reference. The latents of another model can be replayed, not
 * continued: that is an error of wd_session_continue, and says so. */
void wd_session_set_recording(WdSession *s, WdRecording *recording);

/* ---- making. All return at once; the id of the new branch, or 0 with `error`. */
guint wd_session_run(WdSession *s, const WdRecipe *recipe, GError **error);
/* The same, as far as position `to` (0: its start alone; -1: all): stepping from the first step on. */
guint wd_session_run_to(WdSession *s, const WdRecipe *recipe, int to, GError **error);
/* A branch that leaves `id` at position k; edited (may be NULL): another latent to go on from. At the data
 * there is nothing left to sample: a branch there wants `edited`, and is that latent. recipe->plan.steps 0:
 * as many as remained, at the same levels; recipe->family and plan are taken as they stand. */
guint wd_session_branch(WdSession *s, guint id, int k, const WdRecipe *recipe, GBytes *edited,
                        GError **error);
/* With recipe->begin, wd_session_branch wants no noise level at k, and samples recipe->plan.steps steps (0:
 * as many as the model's default, at most one a timestep) from `edited` (NULL: the estimate at k) at
 * recipe->timestep, with recipe->seed: the branch's first position, k, is that noised latent. The same
 * without a parent, as a run of its own: */
guint wd_session_run_from(WdSession *s, GBytes *latent, const WdRecipe *recipe, const char *name,
                          GError **error);
/* On with a branch until position `to` (wd_branch_end: all that it has). Also over latents that exist. */
gboolean wd_session_continue(WdSession *s, guint id, int to, GError **error);
/* Adds refinement steps after the data, by an optimiser that begins anew; gradients in the mode that runs are
 * scored in. */
gboolean wd_session_refine(WdSession *s, guint id, int steps, double rate, GError **error);
/* The same in a mode of its own. */
gboolean wd_session_refine_in(WdSession *s, guint id, int steps, double rate, wd_wave_mode mode,
                              GError **error);
/* That mode. */
wd_wave_mode wd_session_get_refine_mode(WdSession *s);
/* A pair with a truth: map and gathers (either may be NULL: then that modality is not given to the encoder,
 * and a missing gather is simulated from the map, in exact mode). Takes references. */
guint wd_session_encode(WdSession *s, WdPair *pair, gboolean give_velocity, gboolean give_gathers,
                        const char *name, GError **error);

/* ---- walks (recording.h): latents that somebody made, of the loaded model's shape and scale. note: a JSON
 * object (wd_position_note_text), copied; NULL: none. Nothing is made of them before somebody looks, or the
 * engine is at rest. */
guint wd_session_walk(WdSession *s, const char *name, GBytes *latent, const char *note, GError **error);
/* The next latent of a walk. Its position, or -1. */
int wd_session_walk_append(WdSession *s, guint id, GBytes *latent, const char *note, GError **error);
/* In place of the walk's last latent: a drag. What was made of the old one is forgotten, and what is still
 * being made of it is dropped. */
gboolean wd_session_walk_replace(WdSession *s, guint id, GBytes *latent, const char *note, GError **error);

void wd_session_stop(WdSession *s);
guint wd_session_get_running(WdSession *s); /* branch id, 0: none */

/* ---- many seeds, sampled and measured behind everything else (app/population.h). Nothing of it enters the
 * recording. */
struct WdSample;
struct WdPopulation;
typedef struct WdPopulateDesc {
  guint64 first;        /* seed; the others follow */
  guint count;          /* 1..WD_POPULATION_MAX */
  int family;           /* wd_family; -1: any; WD_FAMILIES: each in turn, seed modulo 10 */
  wd_sampler_plan plan; /* zero: the model's defaults */
  wd_wave_mode mode;    /* live or exact */
  int every;            /* scored on the way: every so many steps; 0: the data alone */
} WdPopulateDesc;
/* sample: the callee's. done: error WD_OK, WD_CANCELLED when stopped, or what went wrong; nothing comes after
 * it. Both on the main thread. */
typedef struct WdPopulateCalls {
  void (*sample)(struct WdSample *sample, const GArray *way, gpointer user);
  void (*done)(const wd_error *error, gpointer user);
  gpointer user;
} WdPopulateCalls;
/* An empty population that the samples of such a batch fit into; NULL with error: no model can sample. */
struct WdPopulation *wd_session_population(WdSession *s, const WdPopulateDesc *desc, GError **error);
/* Begins; a batch that runs is stopped first, and its `done` called. */
gboolean wd_session_populate(WdSession *s, const WdPopulateDesc *desc, const WdPopulateCalls *calls,
                             GError **error);
/* after_this: the sample under way is finished first. */
void wd_session_populate_stop(WdSession *s, gboolean after_this);
void wd_session_populate_forget(WdSession *s, gpointer user); /* stops, and calls nobody any more */

/* ---- looking. Each view (0 or 1, the two of a comparison) looks at one latent; what is missing of it is
 * made: decoded, then simulated live, then, once the view rests, in exact mode. `rest`: the view has come to
 * rest (not in the middle of a drag). */
void wd_session_look(WdSession *s, int view, guint id, int k, WdWhat what, gboolean rest);
/* The noisy states x_t of these two branches (0: none) and of what they left are scored as well, all steps,
 * at rest: for the plot's second curve. */
void wd_session_want_states(WdSession *s, guint a, guint b);

/* ---- chores: small work for which there is no place in the recording (thumbnails, residual maps, the data
 * of a noise). In the order asked for; a chore that is `soon` comes before what the views look at, all others
 * after everything else, and they give way at once. What came of one is the signal "chore"; a chore that was
 * dropped is not answered, and none is while its model is not loaded any more. */
typedef enum WdChoreKind {
  WD_CHORE_LATENT = 0, /* of `latent`, data or noise: the data, and what is wanted of it */
  WD_CHORE_TEST_PAIR /* test pair `index` (model/evaluate.h), simulated in exact mode, encoded: its latent */
} WdChoreKind;
typedef struct WdChore {
  gconstpointer owner; /* who asks: told in the answer, and for wd_session_drop_chores */
  guint id;            /* the owner's own */
  WdChoreKind kind;
  gboolean soon;
  GBytes *latent; /* WD_CHORE_LATENT; a reference is taken */
  gboolean noise; /* it is x_T, to be denoised by `recipe` (plan, family; its seed is for what is drawn) */
  WdRecipe recipe;
  guint64 index;
  gboolean velocity; /* decode the map */
  gboolean score;    /* decode both, simulate in live mode, compare */
} WdChore;
typedef struct WdChoreDone {
  WdChore chore;   /* without `latent` */
  GBytes *latent;  /* the data; NULL when it failed */
  wd_map velocity; /* empty: not asked for */
  wd_measure live; /* with `scored` */
  gboolean scored;
  double seconds;
  wd_error error; /* WD_OK, or the latent's fault (the solver refused the map, or what is not finite) */
} WdChoreDone;
/* FALSE with `error` when no model is loaded, or it cannot do that. */
gboolean wd_session_add_chores(WdSession *s, const WdChore *chores, guint n, GError **error);
void wd_session_drop_chores(WdSession *s, gconstpointer owner);
guint wd_session_count_chores(WdSession *s, gconstpointer owner); /* waiting or under way */

/* The wavefield that is looked at: one at a time; what was asked for before is dropped. NULL: none is wanted,
 * and nothing is kept. It needs no model. */
void wd_session_look_wavefield(WdSession *s, const WdWavefieldAsk *ask);
/* What there is for the last ask. NULL while it is made: *progress 0..1; or it failed: *error (borrowed; it
 * is not tried again before something else, or nothing, was asked for). Both may be NULL. */
WdWavefield *wd_session_get_wavefield(WdSession *s, double *progress, const wd_error **error);

/* ---- policies (settings) */
typedef enum WdScorePolicy {
  WD_SCORE_EVERY_STEP = 0,
  WD_SCORE_EVERY_N,
  WD_SCORE_FINAL,
  WD_SCORE_ON_DEMAND
} WdScorePolicy;
typedef struct WdPolicy {
  WdScorePolicy score;
  int every;
  gboolean both;       /* x_t is decoded and scored in a run too, not x0-hat alone */
  gboolean exact_runs; /* runs are scored in exact mode at once */
  gboolean exact_rest; /* missing exact scores are made at rest [TRUE] */
  wd_calibration calibration;
  guint cache_mib; /* budget of frames */
} WdPolicy;
void wd_session_set_policy(WdSession *s, const WdPolicy *policy);
const WdPolicy *wd_session_get_policy(WdSession *s);

/* ---- times, for the status bar, --timing and tests: medians of the last of each, ms; NaN: none yet */
typedef struct WdTimes {
  double denoise, decode, live, exact, compare;
  double step; /* of a run, on the clock: from where the last one was finished, with what views looked at */
  double wavefield;
  double stop;         /* from wd_session_stop to idle */
  guint64 simulations; /* solver calls since the start */
} WdTimes;
WdTimes wd_session_get_times(WdSession *s);

#endif
