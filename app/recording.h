/* A recording: every latent of every run of a session, with the scores that were made of them. All pictures
 * derive from it. It is a forest: a run is a branch without a parent; a branch leaves its parent at one of
 * the parent's positions and owns what comes after.
 *
 *   position 0          what the branch starts from: noise (a run), or the parent's latent at `parent_at`
 *   position k          after k steps of this branch's own counting. A branch counts on from its parent: its
 *                       first own position is parent_at, and positions before that are the parent's
 *   position steps      the data
 *   beyond `steps`      refinement: gradient steps in latent space (model/refine.h), of another colour
 *
 * A walk (WD_BRANCH_WALK) is a trail of latents that somebody made: explored, edited, encoded elsewhere,
 * opened from a batch. Its position k is its k-th latent, all of them data (timestep -1, no noise level),
 * each with a note of how it was made. `steps` is its last position, and grows with it. What is sampled from
 * one of its latents is a branch that begins anew there (WdRecipe.begin).
 *
 * Main thread only. Latents are GBytes (float32, (C, h, w), scaled as model/model.h says), so that the
 * engine's thread can hold them too, and so that a result can be told stale: it belongs to a latent, not to
 * an index. */
#ifndef WD_RECORDING_H
#define WD_RECORDING_H

#include "app/frame.h"
#include "model/sampler.h"
#include "model/shard.h"

#include <glib-object.h>

/* The figures that are kept of a latent; the first WD_METRICS are those of solver/metrics.h. */
typedef enum WdScoreKind {
  WD_SCORE_LAG = WD_METRICS, /* mean |lag|, ms (solver/lag.h, whole traces) */
  WD_SCORE_INTERIOR,         /* wave-equation residual */
  WD_SCORES
} WdScoreKind;

typedef struct WdScoreInfo {
  const char *key;   /* "reflection_residual": CSV, settings, command line */
  const char *title; /* "Reflection residual" */
  const char *unit;  /* "" or "ms" */
  const char *about; /* one sentence for the menu's tooltip: what it is, what 1 means */
  gboolean higher_is_better, log_axis;
} WdScoreInfo;
const WdScoreInfo *wd_score_get_info(int kind);

/* Scores of one latent under one mode of the solver. NaN: not made (yet). */
typedef struct WdScore {
  wd_wave_mode mode;
  wd_calibration calibration; /* of the decoded gathers, before they were compared: */
  double gain;                /* the factor that they were taken times; 1 with none */
  wd_measure all;
  double value[WD_SCORES];
  int shots;
  double (*shot)[WD_SCORES]; /* shots rows */
  double seconds;            /* of the simulation that made it */
  gboolean details;          /* lag and interior residual were made, as far as they can be */
} WdScore;

/* Which of a position's two latents: the estimate of the data (x0-hat), or the noisy state itself (x_t). */
typedef enum WdWhat { WD_WHAT_ESTIMATE = 0, WD_WHAT_STATE, WD_WHATS } WdWhat;

typedef struct WdPosition {
  wd_sampler_level level;   /* timestep -1: the data, and refinement */
  GBytes *latent[WD_WHATS]; /* x0-hat, x_t; NULL while not made. At the data both are the same bytes */
  WdScore *live[WD_WHATS], *exact[WD_WHATS]; /* NULL: not scored */
  double seconds;                            /* that the step to here took */
  gboolean refined;
  gboolean
      refine_begins;  /* of refinement: the first step of an optimiser, which knows nothing of those before */
  double refine_rate; /* that this step was made with; 0: not told (files of before) */
  wd_wave_mode refine_mode; /* of its gradients */
  double objective;         /* of refinement: J over the first step's denominator; NaN otherwise */
  char *fault;              /* what went wrong here (NaN, the solver's refusal); NULL: nothing */
  char *note; /* of a walk: JSON object, how the latent was made; "text" in it is a phrase for people,
                 "from" the position of the walk that it was made from; NULL: nobody said */
  gboolean rescore[WD_WHATS]; /* its score was dropped, made under another calibration: one is wanted again */
  GPtrArray *annotations;     /* annotation.h; NULL: none */
} WdPosition;
/* A text that is one JSON object, compact, as notes are kept; g_free. NULL: it is none, or over 64 KiB. */
char *wd_note_check(const char *note);
/* A note that says no more than what was done ("code") and how it is told. g_free. */
char *wd_note_new(const char *edit, const char *text);
/* The note's "text", or its "edit"; g_free. NULL: neither. */
char *wd_position_note_text(const WdPosition *p);

typedef enum WdBranchKind {
  WD_BRANCH_SAMPLED = 0,
  WD_BRANCH_ENCODED, /* an opened pair, position 0 is data */
  WD_BRANCH_WALK     /* latents that somebody made */
} WdBranchKind;

/* What a sampled branch begins from. */
typedef enum WdBegin {
  WD_BEGIN_ON = 0, /* noise (a run), or the parent's latent and noise level where the branch leaves it */
  WD_BEGIN_NOISED, /* a latent that is data, noised to `timestep` by the noise of `seed`: re-noise */
  WD_BEGIN_AT      /* a latent taken as x_t at `timestep` */
} WdBegin;

/* How a branch's own steps are made. */
typedef struct WdRecipe {
  guint64 seed; /* of the run's noise; from `begin` on, of that which was added and of what is drawn */
  int family;   /* wd_family, -1: any */
  wd_sampler_plan plan; /* of a branch: `steps` are those that remain from parent_at on */
  gboolean new_noise;   /* a branch with fresh noise: */
  guint64 noise_seed;
  int refine_steps; /* refinement asked for so far */
  double refine_rate;
  wd_wave_mode refine_mode; /* of the gradients of refinement */
  WdBegin begin; /* not ON: from the branch's `edited`, at this timestep, whatever its parents are */
  int timestep;
} WdRecipe;

typedef struct WdBranch {
  guint id;   /* from 1, never used again in this recording */
  char *name; /* "Run 42", "Branch of run 42 at 6"; the user may change it */
  WdBranchKind kind;
  guint parent; /* 0: a run */
  int parent_at;
  WdRecipe recipe;
  int steps;           /* the position of the data; total of sampling steps, the parent's part included */
  GPtrArray *position; /* WdPosition *; own positions, [0] is position `first`; grows as the run goes */
  int first;           /* 0 for a run; parent_at for a branch: that position is its own too, since its
                          estimate may differ */
  gboolean given_velocity, given_gathers; /* of an encoded pair: what the encoder was told of it */
  WdPair *truth;                          /* opened pair; NULL: no truth is known */
  char *truth_name;                       /* "CurveFault-B 3 of data/": for titles */
  GBytes *edited;  /* a branch that starts from an edited or a noised latent: that latent; NULL */
  int colour;      /* of wd_curve_colour, from 1 */
  gboolean pinned; /* drawn as an overlay in the residual plot */
} WdBranch;

typedef struct WdPlace {
  guint branch; /* 0: nothing */
  int position;
} WdPlace;

#define WD_TYPE_RECORDING (wd_recording_get_type())
G_DECLARE_FINAL_TYPE(WdRecording, wd_recording, WD, RECORDING, GObject)

/* Signals
 *   "changed"                        branches came, went or were renamed
 *   "position" (guint id, int k)     a latent, a score or a fault came at position k of branch id, or the
 *                                    branch grew to it */
WdRecording *wd_recording_new(void);

guint wd_recording_count(WdRecording *r);
WdBranch *wd_recording_nth(WdRecording *r, guint i);   /* in order of making; borrowed */
WdBranch *wd_recording_find(WdRecording *r, guint id); /* NULL: gone */
/* The last position that exists (with a latent) of a branch, -1 for none. */
int wd_branch_last(const WdBranch *branch);
/* Position k of a branch, the parents' included; NULL where there is none yet. */
WdPosition *wd_recording_position(WdRecording *r, guint id, int k);
/* The latent at a place, borrowed; NULL: none. */
GBytes *wd_place_latent(WdRecording *recording, WdPlace place, WdWhat what);
/* The branch that a position belongs to: a branch's own, or the parent's that it shows before its first. */
WdBranch *wd_place_owner(WdRecording *recording, WdPlace place);
/* Steps to the data and refinement: the number of the last position once all is done. */
int wd_branch_end(const WdBranch *branch);
/* Whether position k is the data or beyond (refinement, any latent of a walk): it has no noise level. p: that
 * position, as far as it is made; may be NULL. */
gboolean wd_branch_is_data(const WdBranch *branch, const WdPosition *p, int k);
/* The position at which the sampling that leads to a branch began: 0, or where it or the nearest of its
 * parents began anew from a latent (WdRecipe.begin). */
int wd_recording_origin(WdRecording *r, guint id);
/* The run, encoding or walk that a branch stems from, by whatever branches; NULL: no such branch. */
WdBranch *wd_recording_root(WdRecording *r, guint id);

/* The model that made the latents (identity: model/model.h), once anything is recorded; "" before. */
const char *wd_recording_get_model(WdRecording *r);
const char *wd_recording_get_identity(WdRecording *r);
/* What maps and gathers of this recording are like; zeros before anything is recorded. */
const wd_shard_desc *wd_recording_get_geometry(WdRecording *r);

gboolean wd_recording_rename(WdRecording *r, guint id, const char *name);
/* Removes a branch and those that left it. What they alone held is freed. */
void wd_recording_remove(WdRecording *r, guint id);
/* The same for now: what it held stays in memory, in no file, until wd_recording_put_back brings all of it
 * back to where it was. The last eight are kept. FALSE: there is nothing like that, or what it left is gone.
 */
gboolean wd_recording_set_aside(WdRecording *r, guint id);
gboolean wd_recording_put_back(WdRecording *r, guint id);

/* A branch's score for a plot: exact where it is, live otherwise; NULL: none. */
const WdScore *wd_position_score(const WdPosition *p, WdWhat what);

/* Frames, held within a budget: those least recently used go first (never a recording's only copy: what was
 * read from a file without a model stays). Borrowed members; wd_*_ref what is to be kept. */
gboolean wd_recording_get_frame(WdRecording *r, guint id, int k, WdWhat what, WdFrame *out);

/* Files (app/recording_file.c): one safetensors file `*.wdrun`, with latents, scores, recipes and, when
 * `frames`, what was decoded and simulated, in the codec's instants and float16. `view` (may be NULL) is a
 * JSON text that is kept as it is. */
gboolean wd_recording_save(WdRecording *r, const char *path, gboolean frames, const char *view,
                           GError **error);
WdRecording *wd_recording_load(const char *path, char **view, GError **error);

#endif
