/* Movies to files: a wavefield through time, or a run through its steps, as pictures that each carry their
 * recipe, and, where ffmpeg is installed, as an MP4, a WebM or a GIF. No GTK.
 *
 * Frames go into a folder beside the target and take its name when all are there: a movie that was cancelled
 * or failed leaves nothing. */
#ifndef WD_REEL_H
#define WD_REEL_H

#include "app/export.h"
#include "app/wavefield.h"

/* Zero means the default in brackets. */
typedef struct WdReelOptions {
  double width_mm; /* [170] */
  double font;     /* points [8] */
  int dpi;         /* [150] */
  gboolean dark;   /* theme [light] */
  double fps;      /* frames a second [12] */
  /* of a wavefield, in milliseconds; of steps, positions */
  double from, to; /* [all: to 0] */
  guint parts;     /* of steps: WdFigurePart [velocity, gather, difference, plot] */
} WdReelOptions;

typedef struct WdReel WdReel;

/* The wavefield as the view's look has it: every frame is look.speed / fps milliseconds after the one before.
 * session may be NULL, and then the recipe is `recipe` (may be NULL) in every frame; otherwise each frame
 * carries the view's, with its own time. */
WdReel *wd_reel_of_wavefield(WdSession *session, WdView *view, WdWavefield *field, const char *place,
                             const char *recipe, const WdReelOptions *options);
/* Positions of the view's branch. */
WdReel *wd_reel_of_steps(WdSession *session, WdView *view, const WdReelOptions *options, GError **error);
void wd_reel_free(WdReel *reel); /* NULL is harmless */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WdReel, wd_reel_free)

int wd_reel_frames(const WdReel *reel);
/* The place of frame i of a reel of steps, and which latent of it, for whoever has to make it first: the view
 * may have gone elsewhere since. Of a wavefield there is none. */
WdPlace wd_reel_place(const WdReel *reel, int i);
WdWhat wd_reel_what(const WdReel *reel);

/* Frame i, composed: on the main thread. Then it may be written on any. */
gboolean wd_reel_prepare(WdReel *reel, int i, GError **error);
const wd_figure *wd_reel_figure(const WdReel *reel); /* of the last prepare; borrowed */

/* What a movie is written as: the ending of its name says it. */
typedef enum WdReelKind { WD_REEL_FOLDER, WD_REEL_MP4, WD_REEL_WEBM, WD_REEL_GIF, WD_REEL_KINDS } WdReelKind;
WdReelKind wd_reel_kind_of(const char *path); /* WD_REEL_FOLDER where the ending is none of theirs */
const char *wd_reel_ending(WdReelKind kind);  /* ".mp4"; "" of a folder */
/* Whether it can be written here at that rate: WD_ERR_UNSUPPORTED, with what to do, for a video where no
 * ffmpeg is on the PATH; WD_ERR_ARGUMENT for a GIF of more than 50 frames a second, which no viewer shows. */
gboolean wd_reel_check(WdReelKind kind, double fps, GError **error);

/* A movie at a path: a folder of frame-0001.png ..., NAME.mp4 (H.264), NAME.webm (VP9) or NAME.gif (colours
 * of its own). Refuses early what cannot come to an end: as wd_reel_check; WD_ERR_ARGUMENT for other endings.
 */
typedef struct WdReelFile WdReelFile;
/* The same checks, and nothing is made. */
gboolean wd_reel_file_check(const char *path, double fps, GError **error);
WdReelFile *wd_reel_file_new(const char *path, double fps, GError **error);
/* Writes the prepared frame as the i-th, from 0. */
gboolean wd_reel_file_add(WdReelFile *file, const WdReel *reel, int i, GError **error);
/* Encodes (cancel may be NULL), renames; frees in any case. */
gboolean wd_reel_file_finish(WdReelFile *file, const WdReel *reel, const atomic_bool *cancel, GError **error);
/* Frames of an older, longer movie, which a folder that was there still has: PREFIX0005.png and so on, from
 * number `from` on, removed where they are pictures of this program (with a recipe inside). Gives how many
 * went, and in *left how many of such names are something else, or could not be removed, and stay. */
guint wd_frames_clear(const char *folder, const char *prefix, int from, guint *left);
/* " 3 frames of an older movie were removed.", and of what stays: for people; "" for none. g_free. */
char *wd_frames_words(guint removed, guint left);
void wd_reel_file_abort(WdReelFile *file); /* removes what was written; NULL is harmless */

#endif
