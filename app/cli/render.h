/* What render*.c share: the options, and the scene that a file becomes. */
#ifndef WD_CLI_RENDER_H
#define WD_CLI_RENDER_H

#include "app/cli/cli.h"

#include "render/figure.h"
#include "solver/family.h"

enum { KIND_AUTO, KIND_MAP, KIND_GATHER };
enum { MODE_VD, MODE_WIGGLE, MODE_VA, MODE_VD_WIGGLE };
enum { MAX_SHEET = 400, MAX_SHOTS_DRAWN = 20, FAMILY_SAMPLES = 8 };

typedef struct render_args {
  const char *file, *output, *shot, *colormap, *range, *title, *beside;
  const char *panels, *model, *device, *probe, *by, *over, *filter, *sample, *epsilon;
  int kind, index, mode, theme, contact_sheet, step, branch, cells, receiver;
  double ms, clip, gain, width_mm, dpi, spacing, dt, agc, excursion;
  bool margin, by_family, families, smooth, normalise, flip, survey;
  uint64_t seed;
} render_args;
/* What a picture borrows, released at the end. */
typedef struct scene {
  wd_map *map; /* maps */
  int maps;
  wd_gather gather;
  float *shown; /* the gather after display processing */
  wd_facet *map_facet, *shot_facet;
  char (*caption)[48];
  wd_mark *mark;
  wd_panel map_panel, gather_panel;
  char map_source[256], gather_source[256], badge[96];
  const char *row_label[WD_FAMILIES];
  bool has_map, has_gather;
  int read_shot; /* the gather is this shot alone of its file, from 1 (0: all are there) */
} scene;

void render_scene_clear(scene *s); /* harmless on a zeroed struct */

/* render_scene.c: maps and gathers as panels. s->map[0..maps-1] have one size, and one range for all. */
wd_status render_arrange_maps(const render_args *a, scene *s, bool sheet, wd_error *err);
/* s->gather, whose receivers stand every `spacing` metres from `first_x` (spacing 0: unknown). */
wd_status render_arrange_gather(const render_args *a, const char *file, size_t count, double spacing,
                                double first_x, scene *s, wd_error *err);
wd_status render_no_memory(wd_error *err);
const char *render_base_name(const char *path);

/* render_load.c: a file, or generated maps. */
wd_status render_load_file(cli *c, const render_args *a, scene *s, wd_error *err);
wd_status render_load_families(const render_args *a, scene *s, wd_error *err);

#endif
