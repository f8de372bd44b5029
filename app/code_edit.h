/* Edits of a latent's codes and channels, each a new latent and a note with its numbers (walk.h); and what
 * the cells stand for. Without GTK. Cells are counted row by row: `cell` = row * width + column. */
#ifndef WD_CODE_EDIT_H
#define WD_CODE_EDIT_H

#include "model/code_table.h"
#include "model/shard.h"

#include <glib.h>

/* What an edit made; GBytes NULL: it would have changed nothing. */
typedef struct WdCodeEdit {
  GBytes *latent;
  char *note; /* JSON object: "edit" code, channel, paste or revert, its numbers, and "text" */
} WdCodeEdit;
void wd_code_edit_clear(WdCodeEdit *edit);

/* The cell's code becomes `code`: its vector is that code's. */
WdCodeEdit wd_code_edit_code(const wd_code_table *table, GBytes *latent, int book, int cell, int code);
/* One number of the latent, scaled. The picture follows when the cell's code does. */
WdCodeEdit wd_code_edit_channel(const wd_code_table *table, GBytes *latent, int channel, int cell,
                                float value);

/* Cells taken out of a latent, with all their channels. */
typedef struct WdCodePatch {
  int rows, columns; /* of the box round them */
  int row, column;   /* where they were */
  guint8 *mask;      /* rows x columns: taken */
  float *value;      /* channels x rows x columns, scaled */
  int channels, cells;
  char *from; /* "Run 42, data" */
} WdCodePatch;
/* mask: height x width of the latent. NULL when no cell is in it. */
WdCodePatch *wd_code_patch_new(const wd_code_table *table, GBytes *latent, const guint8 *mask,
                               const char *from);
void wd_code_patch_free(WdCodePatch *patch); /* NULL is harmless */
/* With the box's upper left at (row, column), which may lie outside: what falls beyond the latent is left
 * out. */
WdCodeEdit wd_code_edit_paste(const wd_code_table *table, GBytes *latent, const WdCodePatch *patch, int row,
                              int column);
/* The cells of the mask (NULL: all) as `base` has them. of: what base is. */
WdCodeEdit wd_code_edit_revert(const wd_code_table *table, GBytes *latent, GBytes *base, const guint8 *mask,
                               const char *of);

/* Cells in which two latents have other codes (in either book): marks them in mask (height x width, may be
 * NULL), and counts. *values: numbers that differ, whether or not a code does; may be NULL. */
int wd_code_difference(const wd_code_table *table, GBytes *a, GBytes *b, guint8 *mask, int *values);

/* The part of the map that a cell stands for in the picture that the networks see (model/picture.h), in cells
 * of the map, first and one beyond the last; and the samples of the gathers. The networks look further than
 * that: it is where a cell is, not all that it moves. */
typedef struct WdCellPlace {
  int z0, z1, x0, x1; /* of the map */
  int t0, t1, r0, r1; /* samples, receivers; r0 = r1: in the padding */
} WdCellPlace;
WdCellPlace wd_code_cell_place(const wd_latent_shape *shape, const wd_shard_desc *geometry, int cell);

/* A colour 0xRRGGBB for every code of a book, alike for codes that are near: the first three principal
 * directions of the book's vectors as lightness and two hues (CIE L*a*b*). `codes` of them; g_free. */
guint32 *wd_code_colours(const wd_code_table *table, int book);

#endif
