/* A figure: panels and curves in a grid, at a width in millimetres and a resolution, written as PNG, PDF or
 * SVG with the recipe that made it inside. The file appears whole or not at all (solver/file.h). */
#ifndef WD_FIGURE_H
#define WD_FIGURE_H

#include "render/curve.h"
#include "render/panel.h"

/* Anything else that draws itself: into width x height at the origin of cr, whose unit is a point. What it
 * writes is not in the log of texts. */
typedef struct wd_figure_drawing {
  void (*draw)(void *user, const wd_style *style, cairo_t *cr, double width, double height);
  void *user;
  double aspect; /* height over width */
} wd_figure_drawing;

/* Either a panel, a curve or a drawing. */
typedef struct wd_figure_item {
  const wd_panel *panel;
  const wd_curve *curve;
  const wd_figure_drawing *drawing;
  int span; /* columns of the grid that it takes [1] */
} wd_figure_item;

/* Zero means the default in brackets. All pointers are borrowed. */
typedef struct wd_figure {
  const wd_figure_item *item;
  int items;
  int columns;            /* of the grid, all equally wide [1] */
  double width_mm;        /* [170, the width of a page's text] */
  double height_mm;       /* [what the panels ask for] */
  double least_height_mm; /* of the paper, below the panels: movies want frames of one size [0] */
  double dpi;             /* [300; for PDF and SVG, of what is rasterised inside] */
  wd_style style;         /* medium and scale are set by the writer */
  const char *title;      /* above all [none]; also the document's title */
  const char *caption;    /* one line below all [none] */
  const char *recipe;     /* JSON (UTF-8) that tells how to make the figure again [none] */
} wd_figure;

typedef enum wd_figure_format { WD_FIGURE_PNG = 0, WD_FIGURE_PDF, WD_FIGURE_SVG } wd_figure_format;

/* By the ending of the name, case ignored. WD_ERR_ARGUMENT names the endings that exist. */
wd_status wd_figure_format_of(const char *path, wd_figure_format *out, wd_error *err);

/* Writes the figure; the format follows from the name. */
wd_status wd_figure_write(const wd_figure *figure, const char *path, wd_error *err);

/* Somebody else's pixels (0xAARRGGBB, opaque, `stride` bytes a row) as a PNG with a recipe inside (NULL:
 * none). */
wd_status wd_figure_write_pixels(const unsigned char *pixel, int width, int height, int stride, double dpi,
                                 const char *recipe, const char *path, wd_error *err);

/* Size of the figure in points, after arranging; style.medium and style.scale as given. */
wd_status wd_figure_size(const wd_figure *figure, double *width, double *height, wd_error *err);

/* Paper and panels at the origin of cr. WD_ERR_NO_MEMORY when cairo fails. */
wd_status wd_figure_draw(const wd_figure *figure, cairo_t *cr, wd_text_log *log, wd_error *err);

/* The keyword of the iTXt chunk of a PNG and of the PDF's keywords; the id of an SVG's metadata element. */
#define WD_FIGURE_KEYWORD "wavediffusion:run"

/* The recipe in a PNG file; release with wd_free. WD_ERR_FORMAT for no PNG or a broken one,
 * WD_ERR_UNSUPPORTED for a PNG without a recipe before its pixels (where this program puts it). */
wd_status wd_figure_read_recipe(const char *path, char **json, wd_error *err);

/* n maps of one size in a grid with captions, one range and one bar: fills *panel and the caller's facets.
 * columns 0 chooses a grid about 4:3. */
void wd_contact_sheet(const wd_map *map, int maps, const char *const *caption, int columns, wd_facet *facet,
                      wd_panel *panel);

#endif
