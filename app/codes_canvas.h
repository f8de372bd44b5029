/* The cells of a latent as a grid of colours, worked by hand and by keys: a cell under the pointer, a cell
 * under the keys, a selection (rectangle or lasso), turns of the wheel, drags of a value. It knows no
 * latents: codes_view.c tells it what to show and is told what was done. */
#ifndef WD_CODES_CANVAS_H
#define WD_CODES_CANVAS_H

#include "app/frame.h"
#include "render/units.h"

#include <gtk/gtk.h>

#define WD_TYPE_CODES_CANVAS (wd_codes_canvas_get_type())
G_DECLARE_FINAL_TYPE(WdCodesCanvas, wd_codes_canvas, WD, CODES_CANVAS, GtkWidget)

/* What a drag with the first button does. */
typedef enum WdCodesTool { WD_CODES_RECTANGLE = 0, WD_CODES_LASSO, WD_CODES_VALUE } WdCodesTool;

/* What the grid shows; pointers are copied from. */
typedef struct WdCodesLook {
  int rows, columns; /* 0: nothing, then `message` */
  const char *message;
  const guint32 *colour;       /* rows x columns, 0xRRGGBB */
  const guint8 *changed;       /* by the last edit: gets a dot; may be NULL */
  const wd_map *map;           /* drawn beneath, cells half transparent; NULL: not */
  const char *bar_lo, *bar_hi; /* ends of a colour bar; NULL: none */
  const guint32 *bar;          /* 256 colours of it */
  double x1, z1;               /* what the picture is wide and deep, metres: for the axes, */
  wd_units units;              /* in these */
} WdCodesLook;

/* Signals
 *   "hover" (int cell)                    under the pointer, else under the keys; -1: none
 *   "turn" (int cell, int by)             the wheel, + and -: so many codes further
 *   "value" (int cell, double by, int phase)   of a drag, since it began, in units of the latent; phase 0: it
 *                                         begins, 1: goes on, 2: it ended
 *   "choose" (int cell)                   double click, second button, Return
 *   "selected" ()
 *   "command" (const char *name)          "copy", "paste", "revert", "undo", "redo" */
GtkWidget *wd_codes_canvas_new(void);
void wd_codes_canvas_set(WdCodesCanvas *c, const WdCodesLook *look);
void wd_codes_canvas_set_tool(WdCodesCanvas *c, WdCodesTool tool);
/* rows x columns, borrowed; NULL: nothing is selected. */
const guint8 *wd_codes_canvas_get_selection(WdCodesCanvas *c);
void wd_codes_canvas_select(WdCodesCanvas *c, const guint8 *mask); /* NULL: nothing */
int wd_codes_canvas_get_cell(WdCodesCanvas *c);            /* under the pointer, else under the keys */
void wd_codes_canvas_set_cell(WdCodesCanvas *c, int cell); /* under the keys */
/* Where a cell stands in the widget. */
gboolean wd_codes_canvas_cell_rect(WdCodesCanvas *c, int cell, GdkRectangle *out);
void wd_codes_canvas_describe(WdCodesCanvas *c, const char *text); /* for assistive technology */

#endif
