/* What goes out: figures (PNG, PDF, SVG with the recipe inside), data (.npy, CSV, SEG-Y with a recipe beside
 * them), and text for the clipboard. No GTK; main thread. Figures are drawn from the same pictures and curves
 * as the screen (app/picture.h, app/plot_data.h), by render/figure.h. */
#ifndef WD_EXPORT_H
#define WD_EXPORT_H

#include "app/recipe.h"
#include "app/session.h"
#include "app/view.h"
#include "render/figure.h"

/* The recipe of what a side of the view shows, with view, model, device and precision; of side A of a
 * comparison with side B beside it. NULL: nothing. */
WdRunRecipe *wd_export_recipe(WdSession *session, WdView *view, int side);

/* ---- names */

#define WD_EXPORT_PATTERN "{model}_{seed}_{sampler}-{steps}_{step:03}_{panel}"

/* Fills a pattern: {model} {seed} {sampler} {steps} {step} {what} {family} {branch} {panel}, a number with
 * :0N for leading zeros. What is in no file name (slashes, control characters) becomes a dash. panel:
 * "velocity", "figure" ... NULL with error when the pattern has an unknown word; g_free. */
char *wd_export_name(const char *pattern, const WdRunRecipe *recipe, const char *panel, GError **error);

/* ---- figures */

typedef enum WdFigurePart {
  WD_FIGURE_VELOCITY = 1 << WD_PANEL_VELOCITY,
  WD_FIGURE_GATHER = 1 << WD_PANEL_GATHER,
  WD_FIGURE_SIMULATED = 1 << WD_PANEL_SIMULATED,
  WD_FIGURE_DIFFERENCE = 1 << WD_PANEL_DIFFERENCE,
  WD_FIGURE_TRACES = 1 << WD_PANEL_TRACES,
  WD_FIGURE_PLOT = 1 << WD_PANEL_KINDS,
  /* What stands beside the panels in the window (side_draw.h), drawn of the view as it is when
   * the sheet is written; wd_figure_ready first. */
  WD_FIGURE_LAGS = WD_FIGURE_PLOT << 1,
  WD_FIGURE_ARRIVALS = WD_FIGURE_PLOT << 2,
  WD_FIGURE_TRACE = WD_FIGURE_PLOT << 3
} WdFigurePart;
/* Whether all that these parts need is there or cannot be; what is not yet is asked for, and the main loop
 * makes it. */
gboolean wd_figure_ready(WdSession *session, WdView *view, int side, guint parts);

/* Zero means the default in brackets. */
typedef struct WdFigureOptions {
  guint parts;         /* WdFigurePart [velocity, gather and plot] */
  double width_mm;     /* [170] */
  double font;         /* points [8] */
  int dpi;             /* [300] */
  gboolean dark;       /* theme [light] */
  gboolean no_title;   /* [a title: model, run] */
  gboolean no_caption; /* [a caption: step, residual, mode, device] */
  const char *title;   /* in place of the one that is made [NULL] */
  gboolean both;       /* sides A and B of a comparison, beside each other */
} WdFigureOptions;

/* A figure of what the view shows now: nothing in it changes when the view goes on. */
typedef struct WdFigureSheet WdFigureSheet;
/* NULL with error when there is nothing to draw. side: 0 or 1; with options->both A and B. */
WdFigureSheet *wd_figure_sheet_new(WdSession *session, WdView *view, int side, const WdFigureOptions *options,
                                   GError **error);
void wd_figure_sheet_free(WdFigureSheet *sheet); /* NULL is harmless */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WdFigureSheet, wd_figure_sheet_free)
const wd_figure *wd_figure_sheet_get(const WdFigureSheet *sheet); /* borrowed */
/* Parts that were asked for and could not be drawn, for people ("simulated: not simulated yet"); NULL: none.
 */
const char *wd_figure_sheet_missing(const WdFigureSheet *sheet);
/* Writes it, in the format of the name's ending. An SVG gets NAME.json beside it too, since drawing programs
 * drop what they do not know. */
gboolean wd_figure_sheet_write(const WdFigureSheet *sheet, const char *path, GError **error);

/* ---- data */

typedef enum WdDataPart {
  WD_DATA_VELOCITY = 1,   /* NAME_velocity.npy  (1, 1, nz, nx) m/s */
  WD_DATA_GATHERS = 2,    /* NAME_gathers.npy   (1, shots, samples, receivers), decoded */
  WD_DATA_SIMULATED = 4,  /* NAME_simulated.npy the same of F(v) */
  WD_DATA_LATENT = 8,     /* NAME_latent.npy    (1, C, h, w), what is on screen */
  WD_DATA_LATENTS = 16,   /* NAME_latents.npy   (1, steps + 1, C, h, w), x_t of every position */
  WD_DATA_RESIDUALS = 32, /* NAME_residuals.csv one row a position, kind, mode and shot */
  WD_DATA_SEGY = 64,      /* gathers as NAME_gathers.sgy too, simulated ones likewise where asked for */
  WD_DATA_ALL = 127
} WdDataPart;

/* Writes the parts into folder, and NAME.json, the recipe, last. What is there is replaced. written (may be
 * NULL) gets the names, released with g_ptr_array_unref. What was asked for and is not there is an error
 * before anything is written. */
gboolean wd_export_data(WdSession *session, WdView *view, int side, guint parts, const char *folder,
                        const char *name, GPtrArray **written, GError **error);
/* Which parts there are to write now. */
guint wd_export_data_available(WdSession *session, WdView *view, int side);

/* Values of a panel as tab-separated text, with its axes in the first row and column: m/s, or amplitudes of
 * the shot in view (of all shots below each other where all are shown). NULL: nothing is there. */
char *wd_export_values(WdSession *session, WdView *view, WdPanelKind kind, int side);

#endif
