/* The latent explorer without GTK: a plane of latents with a cursor, the sample under it, a lattice of maps
 * and a map of residuals over it, and paths. The window's Latent mode shows it (latent_page.h);
 * `wavediffusion-cli interpolate` makes the same latents by the same functions (model/latent_space.h,
 * app/plane_spec.h).
 *
 * The sample under the cursor lives in the recording, as the last latent of a walk (WD_BRANCH_WALK): moving
 * replaces it, and once the cursor has rested the next move appends another one. The walk is therefore the
 * trail, and undo goes back along it: each latent's note says how it was made, so that going to a position of
 * the walk puts the plane and the cursor back to where they were. Nothing is ever lost.
 *
 * A plane lies either in the data latents z_0 (mixed latents are decoded as they are) or in the starting
 * noise x_T (mixed noises are denoised first, by `recipe`; while the cursor moves by fewer steps). Main
 * thread only; everything slow goes through the session. */
#ifndef WD_EXPLORER_H
#define WD_EXPLORER_H

#include "app/session.h"
#include "model/latent_space.h"

typedef enum WdAnchorKind {
  WD_ANCHOR_NONE = 0,
  WD_ANCHOR_SEED,  /* noise: its own; data: what the recipe makes of it */
  WD_ANCHOR_PLACE, /* a latent of the recording, as data; its run's noise where it has one */
  WD_ANCHOR_FILE   /* a latent of a .npy file, as data */
} WdAnchorKind;

typedef struct WdAnchor {
  WdAnchorKind kind;
  char *name;   /* for people: "seed 42", "Run 42 at 16" */
  guint64 seed; /* of the noise */
  guint branch; /* PLACE */
  int k;
  WdWhat what;
  char *file; /* FILE */
  int record;
  GBytes *noise, *data; /* NULL: none, or not made yet */
} WdAnchor;

enum { WD_ANCHORS = 3 };

typedef enum WdPlaneShape {
  WD_SHAPE_ANCHORS = 0, /* through the three */
  WD_SHAPE_PRINCIPAL,   /* about the first, along the principal directions of a batch; in its deviations */
  WD_SHAPE_RANDOM       /* about the first, along random directions; in the first's own length */
} WdPlaneShape;

/* Latents of which the principal directions, and the band of lengths, are. */
typedef enum WdBatchSource {
  WD_BATCH_TEST = 0, /* test pairs, simulated and encoded */
  WD_BATCH_SAMPLED,  /* seeds 0, 1, ... by the recipe */
  WD_BATCH_RECORDED  /* the data latents of the recording */
} WdBatchSource;

/* A batch: those that are there. */
typedef struct WdLatentBatch {
  WdBatchSource source;
  int count, done;
  float *latent; /* count x d */
  gboolean failed;
} WdLatentBatch;

/* What is known of one plane. Kept for a few planes, so that going back finds it. */
typedef struct WdTiles {
  char *key;     /* of the plane */
  int side;      /* lattice: side x side nodes, rows of v, the first at lo */
  float **map;   /* nz x nx each; NULL: not made yet */
  int maps;      /* made, or refused */
  int cells;     /* residual map: cells x cells, 0: none was begun */
  float *value;  /* live r_R; NaN: not made, or refused */
  guint8 *state; /* 0 not made, 1 made, 2 refused */
  int made, refused;
  double seconds; /* that its cells took together */
} WdTiles;

typedef enum WdExplorerPart {
  WD_EXPLORER_PLANE = 1,  /* anchors, shape, domain, mixing; whether there is a plane */
  WD_EXPLORER_CURSOR = 2, /* u, v */
  WD_EXPLORER_SAMPLE = 4, /* the walk has the latent at the cursor: walk, at */
  WD_EXPLORER_TILES = 8,
  WD_EXPLORER_PATH = 16,
  WD_EXPLORER_BATCH = 32,
  WD_EXPLORER_WENT = 64 /* undo or redo: `at` is to be shown */
} WdExplorerPart;

enum { WD_WAYPOINTS_MAX = 64, WD_PATH_FRAMES_MAX = 1000, WD_LATTICE = 7, WD_CELLS_MAX = 32 };

#define WD_TYPE_EXPLORER (wd_explorer_get_type())
G_DECLARE_FINAL_TYPE(WdExplorer, wd_explorer, WD, EXPLORER, GObject)

/* Fields are read freely and changed by the functions below. "changed" (guint parts) says what did;
 * "failed" (const char *text) what could not be made. */
struct _WdExplorer {
  GObject parent_instance;
  WdSession *session; /* borrowed: it outlives this */

  /* the plane */
  WdAnchor anchor[WD_ANCHORS];
  WdPlaneShape shape;
  wd_latent_domain domain;
  gboolean norm_safe;
  guint64 direction_seed;
  WdBatchSource source;
  int batch_count;
  WdRecipe recipe; /* how noise is denoised; its seed is not used */
  wd_latent_plane plane;
  gboolean ready;  /* plane stands */
  guint serial;    /* counts planes */
  char *why;       /* why it does not stand, for people; NULL */
  double share[2]; /* principal: of the variance */

  /* the cursor, in multiples of 0.0001 */
  double u, v;
  gboolean resting, held; /* held: in a drag, which stays one latent of the trail however it pauses */

  /* the walk */
  guint walk; /* 0: none yet */
  int at;     /* the position that cursor and plane are of; -1: none */
  gboolean fresh;
  guint sample_serial;
  double sample_u, sample_v;
  int sample_steps;   /* of the recipe's, that made it; 0: data */
  gboolean in_flight; /* it is being made, or its map is */
  gint64 flight;
  int preview_steps; /* while the cursor moves, in noise; 0: all */

  /* pictures over the plane */
  WdTiles *tiles; /* of this plane; NULL: none */
  GQueue shelf;   /* WdTiles * of others, the newest first */
  gboolean lattice_wanted, mapping;
  gint64 map_started;
  double map_seconds; /* that the running or last one has taken so far */

  /* batches by source; `latent` NULL: not begun */
  WdLatentBatch batch[3];
  double band[2]; /* 5 and 95 % of |z| / sqrt(d) of the test pairs' latents; NaN: not known */
  int band_count;

  /* the path */
  double waypoint[WD_WAYPOINTS_MAX][2];
  int waypoints;
  gboolean smooth;
  wd_easing easing;
  int frames;
  guint path;    /* its branch while it is made, and after; 0: none */
  int path_done; /* frames of it that are there */
  gboolean path_making;
  char *path_key;

  /* private */
  GHashTable *data_of_seed; /* "seed family plan" -> GBytes */
  char *model;              /* identity that all this is of */
  WdRecording *recording;
  guint rest_source;
  gboolean committing, restoring,
      adopt;     /* a note is being read; its latent is the sample once the plane stands */
  char owner[6]; /* what chores are owned by: addresses */
};

WdExplorer *wd_explorer_new(WdSession *session);
void wd_explorer_changed(WdExplorer *x, guint parts); /* for explorer_*.c */

/* ---- the plane. i: 0..2 */
void wd_explorer_set_seed(WdExplorer *x, int i, guint64 seed);
gboolean wd_explorer_set_place(WdExplorer *x, int i, guint branch, int k, WdWhat what, GError **error);
gboolean wd_explorer_set_file(WdExplorer *x, int i, const char *path, int record, GError **error);
void wd_explorer_set_shape(WdExplorer *x, WdPlaneShape shape);
void wd_explorer_set_domain(WdExplorer *x, wd_latent_domain domain);
void wd_explorer_set_norm_safe(WdExplorer *x, gboolean yes);
void wd_explorer_set_direction_seed(WdExplorer *x, guint64 seed);
/* Begins the batch when there is none of that source and size. */
void wd_explorer_set_batch(WdExplorer *x, WdBatchSource source, int count);
/* Plan and family of denoising; the seed stays each anchor's own. */
void wd_explorer_set_recipe(WdExplorer *x, const WdRecipe *recipe);
wd_mixing wd_explorer_get_mixing(WdExplorer *x);
/* The part of the plane that is drawn: lattice nodes stand from lo to hi, their pictures reach half a step
 * beyond. */
void wd_explorer_get_extent(const WdExplorer *x, double *lo, double *hi, double *step);
/* "Mixed in the data latents z0: straight, length restored ..." g_free. */
char *wd_explorer_words(WdExplorer *x);
char *wd_explorer_describe(WdExplorer *x); /* of plane and cursor, for assistive technology; g_free */

/* ---- the cursor */
void wd_explorer_move(WdExplorer *x, double u, double v);
void wd_explorer_hold(WdExplorer *x, gboolean yes); /* a drag begins, ends */
void wd_explorer_rest(WdExplorer *x); /* it has come to rest: at once, rather than after 0.35 s */
/* The latent at a place: in the plane's own space. d floats. */
void wd_explorer_point(const WdExplorer *x, double u, double v, float *out);
gboolean wd_explorer_can_undo(const WdExplorer *x);
gboolean wd_explorer_can_redo(const WdExplorer *x);
void wd_explorer_undo(WdExplorer *x);
void wd_explorer_redo(WdExplorer *x);
/* A view has gone to a position of the walk: plane and cursor follow its note. Other branches: nothing. */
void wd_explorer_see(WdExplorer *x, guint branch, int k);
/* Places of the trail on this plane, newest first: n of at most `most`. */
int wd_explorer_trail(WdExplorer *x, double (*uv)[2], int most);

/* ---- pictures over the plane (explorer_tiles.c), in idle time */
void wd_explorer_want_lattice(WdExplorer *x, gboolean yes);
gboolean wd_explorer_start_map(WdExplorer *x, int cells, GError **error); /* goes on with what is there */
void wd_explorer_cancel_map(WdExplorer *x);                               /* keeps what is there */

/* ---- batches (explorer_batch.c) */
/* Measures the band of data latents, unless it is known: 32 test pairs, in idle time. */
void wd_explorer_want_band(WdExplorer *x);
void wd_explorer_drop_batches(WdExplorer *x); /* those under way stop; what is there stays */
/* The data latents of a recording, d numbers each, in order, each once, the first `most`; n of them in out
 * (most x d). For the command line too. */
int wd_recorded_latents(WdRecording *r, gsize d, int most, float *out);
void wd_explorer_start_batch(WdExplorer *x, WdBatchSource source, int count);
/* NULL: the batch that the plane wants is not whole. */
const WdLatentBatch *wd_explorer_get_batch(WdExplorer *x);

/* ---- paths (explorer_path.c) */
gboolean wd_explorer_add_waypoint(WdExplorer *x, double u, double v);
void wd_explorer_remove_waypoint(WdExplorer *x, int i); /* -1: the last */
void wd_explorer_clear_waypoints(WdExplorer *x);
void wd_explorer_set_path(WdExplorer *x, gboolean smooth, wd_easing easing, int frames);
void wd_explorer_path_place(const WdExplorer *x, int frame, double uv[2]);
/* The path's latents as a walk of their own, `path`; the one of the same path, when there is one. */
gboolean wd_explorer_make_path(WdExplorer *x, GError **error);
void wd_explorer_cancel_path(WdExplorer *x);
/* The path's latents as a .npy (n, C, h, w), as the command line writes them. */
gboolean wd_explorer_write_path(WdExplorer *x, const char *file, GError **error);

/* ---- notes and commands (explorer_note.c) */
typedef enum WdNoteKind { WD_NOTE_OTHER = 0, WD_NOTE_PLANE, WD_NOTE_PATH } WdNoteKind;
char *wd_explorer_note(WdExplorer *x, double u, double v, const char *edit); /* JSON; g_free */
WdNoteKind wd_explorer_read_note(WdExplorer *x, const char *note); /* plane and cursor, of PLANE and PATH */
char *wd_explorer_key(WdExplorer *x);                              /* of the plane; g_free */
/* Command lines that make the cursor's latent, and the path. file: where the recording is, or will be; NULL:
 * it was not saved ("session.wdrun" stands for it). g_free. */
char *wd_explorer_command(WdExplorer *x, const char *file);
char *wd_explorer_path_command(WdExplorer *x, const char *file);

/* Between explorer*.c. */
void wd_explorer_update_plane(WdExplorer *x); /* after anything that it is made of changed */
void wd_explorer_fail(WdExplorer *x, const char *format, ...) G_GNUC_PRINTF(2, 3);
void wd_explorer_drop_tiles(WdExplorer *x); /* the plane is another one: on the shelf with them */
void wd_explorer_feed_lattice(WdExplorer *x);
gboolean wd_explorer_take_tile(WdExplorer *x, const WdChoreDone *done);
gboolean wd_explorer_take_batch(WdExplorer *x, const WdChoreDone *done);
gboolean wd_explorer_take_path(WdExplorer *x, const WdChoreDone *done);
void wd_explorer_tiles_free(gpointer tiles);
WdRecipe wd_explorer_recipe_of(WdExplorer *x, guint64 seed);
void wd_explorer_anchor_clear(WdAnchor *a);

#endif
