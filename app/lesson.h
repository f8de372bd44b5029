/* Lessons: texts beside the window's panels, step by step, over a recording. A lesson is a JSON file of at
 * most 1 MiB (man page wavediffusion(1), LESSONS, and resources/help/lessons.md describe it for writers):
 *
 *   {"lesson": 1, "title": .., "description": .., "minutes": 10, "recording": "demo" or "NAME.wdrun",
 *    "state": {patch}, "steps": [ {"title", "text", "spotlight", "state", "question", "reveal", "hide",
 *    "then", "autoplay"} ]}
 *
 * A patch holds keys of the view's JSON (view.h) and "run", "step" (side A), "run_b", "step_b" (side B of a
 * comparison): run counts the recording's branches from 1 in order of making, or names one; step is a
 * position, "first" or "last". What a step shows is the view's defaults, then the lesson's patch, then its
 * own: it does not hang on the steps before, so that going back and starting again show the same.
 *
 * Nothing in a file is trusted: every text is checked markup (a few tags, no attributes) of bounded length,
 * patches are tried on a view of their own, unknown keys are told and left out. Without GTK; the view comes
 * from view.c, which has none either. */
#ifndef WD_LESSON_H
#define WD_LESSON_H

#include "app/session.h"
#include "app/view.h"

/* What a spotlight falls on, and what can be hidden until it has been predicted. */
typedef enum WdTarget {
  WD_TARGET_VELOCITY = 0, /* as WdPanelKind, of side A */
  WD_TARGET_GATHER,
  WD_TARGET_SIMULATED,
  WD_TARGET_DIFFERENCE,
  WD_TARGET_TRACES,
  WD_TARGET_PLOT,
  WD_TARGET_TIMELINE,
  WD_TARGET_SHOTS,
  WD_TARGET_SIDEBAR,
  WD_TARGET_STATUS,
  WD_TARGET_VELOCITY_B, /* of side B */
  WD_TARGET_GATHER_B,
  WD_TARGET_DIFFERENCE_B,
  WD_TARGET_PROFILES,
  WD_TARGET_TRACE_WINDOW,
  WD_TARGET_PAGE,             /* the page of the mode that the patch names, Latent say */
  WD_TARGET_WAVEFIELD,        /* of the wavefield: the map that the wave runs through, */
  WD_TARGET_WAVEFIELD_GATHER, /* and the gather that it writes */
  WD_TARGETS
} WdTarget;
const char *wd_target_name(int target);  /* in files; NULL beyond the last */
const char *wd_target_title(int target); /* for people */

/* A panel, or a part of it in the panel's own units: of its axes: metres across, and metres down or
 * milliseconds. */
typedef struct WdSpotlight {
  WdTarget target;
  gboolean region;
  double x0, y0, x1, y1;
} WdSpotlight;

enum { WD_SPOTLIGHTS = 4 };

typedef struct WdLessonPlace {
  gboolean set;
  char *run;  /* a name; NULL: by number */
  int number; /* from 1; 0: the first */
  int step;   /* -1: the last */
} WdLessonPlace;

typedef struct WdLessonPatch {
  char *view;             /* JSON object of the view's keys; NULL: none */
  WdLessonPlace place[2]; /* A, B */
} WdLessonPatch;

typedef struct WdLessonStep {
  char *title, *text;      /* text: markup with placeholders */
  char *question, *reveal; /* markup; NULL: none */
  WdSpotlight spotlight[WD_SPOTLIGHTS];
  int spotlights;
  WdLessonPatch state; /* with the lesson's own beneath it */
  WdLessonPatch then;  /* over that, once revealed */
  guint hide;          /* 1 << WdTarget, until revealed */
  gboolean has_then;
  double autoplay; /* seconds until the next step when the lesson plays by itself; 0: it waits */
  int line;        /* of the file */
} WdLessonStep;

typedef struct WdLesson {
  char *path;
  char *title, *description;
  int minutes;     /* 0: not said */
  char *recording; /* as in the file */
  int n;
  WdLessonStep *step;
} WdLesson;

typedef struct WdLessonProblem {
  int line; /* 0: of the whole file */
  char *text;
} WdLessonProblem;
void wd_lesson_problem_free(gpointer problem);

/* problems (may be NULL): WdLessonProblem *, in the file's order; a lesson may have some and still be
 * playable: what is wrong is left out. NULL with `error` when it cannot be played at all. */
WdLesson *wd_lesson_parse(const char *text, gsize length, GPtrArray *problems, GError **error);
WdLesson *wd_lesson_load(const char *path, GPtrArray *problems, GError **error);
void wd_lesson_free(WdLesson *lesson);
/* Whether a step asks for something before it shows all. */
gboolean wd_lesson_step_hides(const WdLessonStep *step);

/* Of the lessons that came with the program: paths in order; NULL-terminated, g_strfreev; never NULL. */
char **wd_lesson_list(void);
/* The file of a lesson's name ("1", "what-is-x0-hat" or a path); g_free; NULL with `error`. */
char *wd_lesson_find(const char *name, GError **error);
/* The recording that a lesson plays from: beside it, or the demo. g_free; NULL with `error`. */
char *wd_lesson_recording_path(const WdLesson *lesson, GError **error);
/* wd_demo_path's file; g_free; NULL: it is not installed. */
char *wd_demo_path(void);

/* Shows a step: sets all of the view that lessons may set, and its places in the recording. What is the
 * user's own (the next run, the seed's lock) stays. Problems with places are told in `problems`, and shown as
 * far as they go. */
gboolean wd_lesson_apply(const WdLesson *lesson, int step, gboolean revealed, WdRecording *recording,
                         WdView *view, GPtrArray *problems, GError **error);
/* A step's text with its placeholders filled in from what is shown; g_free. What is not known reads "–".
 *   {step} {steps} {t} {snr} {run} {seed} {family} {shot} {model}
 *   {residual} {l2} {mse} {share} {correlation} {lag} {mode}   of what is shown, exact where it is
 *   {residual_b} ... of side B     {residual_first} {residual_last} ... at both ends of the run
 *   {residual_3} {share_3}   at step 3 of it     {silence_here}   what no gather at all would score for this
 * pair {epsilon} {floor} {direct} {silence} {true_pairs} {generated} {noise}   levels of the reflection
 * residual {floor_l2} {silence_l2} {direct_l2}   the same of the relative L2 {silence_mse} {direct_mse}
 * {generated_mse}   and of the log-norm MSE */
char *wd_lesson_fill(const char *markup, WdSession *session, WdView *view);
gboolean wd_lesson_is_placeholder(const char *name);
/* The same without tags, for descriptions and the command line; g_free. */
char *wd_markup_plain(const char *markup);

#endif
