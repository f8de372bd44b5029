/* Files that come in: what they are, what is in them, and whether it suits the model. No GTK.
 *
 * What a file is follows from its content: a PNG, PDF, SVG or JSON with a recipe inside; a recording
 * (safetensors with the mark of one); the folder of a model; velocity maps and gathers as .npy or SEG-Y; a
 * folder of OpenFWI's, or one that wavediffusion-cli wrote. Names only serve to find what belongs together:
 * the gathers beside a map (data1.npy of model1.npy, seis2_1_0 of vel2_1_0, ...seismic... of ...velocity...).
 */
#ifndef WD_IMPORT_H
#define WD_IMPORT_H

#include "model/shard.h"
#include "solver/gather.h"
#include "solver/map.h"

#include <glib.h>

typedef enum WdImportKind {
  WD_IMPORT_RECIPE = 0,
  WD_IMPORT_RECORDING,
  WD_IMPORT_MODEL, /* path: its folder */
  WD_IMPORT_DATA   /* maps, gathers, or both */
} WdImportKind;

typedef struct WdImport {
  WdImportKind kind;
  char *path;   /* the file, or the folder of a model or data set */
  char *name;   /* for titles: "model1.npy", "CurveFault_B" */
  char *recipe; /* JSON, of a recipe */
  /* of data; zero where there is none */
  gsize count; /* maps, gathers, or pairs of both */
  gboolean has_maps, has_gathers;
  char *map_file, *gather_file; /* NULL: none, or a data set of many files */
  int nz, nx, shots, samples, receivers;
  double spacing, dt;             /* metres, seconds; OpenFWI's 10 and 0.001 where the files do not tell */
  gboolean spacing_told, dt_told; /* the file says so itself */
  struct WdImportSource *source;
} WdImport;

/* One path, or a map and its gathers in either order. Errors name the file and what is wrong, and for a file
 * that is none of these, what it looks like. Reads headers and some values; a data set is not read through.
 */
WdImport *wd_import_open(const char *const *path, guint paths, GError **error);
void wd_import_free(WdImport *import);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WdImport, wd_import_free)

/* The pair of number `index`, 0..count-1; either may be NULL, and stays zeroed where there is none. The
 * caller's. Any thread, one at a time. */
gboolean wd_import_read(WdImport *import, gsize index, wd_map *velocity, wd_gather *gathers, GError **error);
/* "CurveFault-B 3 of data/", for titles and recipes. g_free. */
char *wd_import_title(const WdImport *import, gsize index);

/* Whether gathers would go with this import's maps are looked for beside the map file (see above): adds them
 * and returns TRUE when they are there, fit in number, and were not there before. */
gboolean wd_import_find_partner(WdImport *import);

/* A recipe in a file of any kind: JSON, PNG (iTXt), SVG (metadata), PDF (keywords), or for any other file the
 * sidecar FILE.json. NULL without error when there is none. g_free. */
char *wd_import_read_recipe(const char *path, GError **error);

/* ---- making a map fit the model */

typedef enum WdFitKind { WD_FIT_NONE = 0, WD_FIT_CROP, WD_FIT_RESAMPLE } WdFitKind;
typedef struct WdFit {
  WdFitKind kind;
  int z, x; /* of a crop: its first row and column */
} WdFit;

/* nz x nx cells of `spacing`: the window from (z, x) on (WD_ERR_ARGUMENT where it leaves the map), or all of
 * the map in bilinear interpolation between cell centres. */
wd_status wd_fit_map(const wd_map *map, const WdFit *fit, int nz, int nx, double spacing, wd_map *out,
                     wd_error *err);
/* What a fit does, in words: "Resampled from 140 x 100 to 70 x 70 cells: x 0.5 down, x 0.7 across; ..." */
char *wd_fit_words(int from_nz, int from_nx, double from_spacing, const WdFit *fit, int nz, int nx,
                   double spacing);

/* ---- preflight: what a person should know before anything runs */

typedef enum WdCheckLevel { WD_CHECK_GOOD = 0, WD_CHECK_NOTE, WD_CHECK_WARN, WD_CHECK_STOP } WdCheckLevel;
typedef struct WdCheck {
  WdCheckLevel level;
  const char *what; /* "Shape", "Spacing", "Velocity range", ... static */
  char *text;       /* what is there and, unless all is well, what it means and what to do */
} WdCheck;

typedef struct WdPreflight {
  GArray *check;                       /* WdCheck */
  gboolean map_usable, gathers_usable; /* can be given to the encoder as they are (with the fit) */
  gboolean needs_fit;                  /* the map has another size than the model */
} WdPreflight;

/* geometry: the model's (NULL: OpenFWI's). vmin, vmax: its range of velocities [1500, 4500 for 0]. Either of
 * velocity and gathers may be NULL. */
WdPreflight *wd_preflight(const WdImport *import, const wd_map *velocity, const wd_gather *gathers,
                          const WdFit *fit, const wd_shard_desc *geometry);
void wd_preflight_free(WdPreflight *preflight);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WdPreflight, wd_preflight_free)
const WdCheck *wd_preflight_find(const WdPreflight *preflight, const char *what); /* NULL: no such check */

#endif
