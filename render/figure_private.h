/* Private to figure*.c. */
#ifndef WD_FIGURE_PRIVATE_H
#define WD_FIGURE_PRIVATE_H

#include "render/figure.h"
#include "solver/file.h"

typedef struct wd_figure_text {
  char *text; /* wd_free */
  size_t length;
} wd_figure_text;

/* <title> and <metadata> of an SVG, escaped. */
wd_status wd_figure_svg_head(const wd_figure *figure, wd_figure_text *out, wd_error *err);

/* a followed by b in new memory (wd_free), NULL without memory. */
char *wd_figure_join(const char *a, const char *b);

/* Rows of cairo's RGB24 as a PNG with resolution and recipe. */
wd_status wd_figure_write_png(const wd_figure *figure, const unsigned char *pixel, int width, int height,
                              int stride, double dpi, wd_file *file, wd_error *err);

#endif
