/* The codebook of a model, for whoever looks at codes or edits them: an immutable copy on the host, which any
 * thread may read and which outlives the model.
 *
 * A latent (C, h, w) has h w cells. The decoder brings every cell's vector to root mean square 1 (model/
 * stage1.h) and replaces it by the nearest code: only the code of a cell is drawn, not what the vector was
 * before. With two codebooks the first half of the channels has its code from the first, the second half from
 * the second, and a latent has 2 h w codes: all of the first, then all of the second (encoder.h).
 *
 * Vectors are in the network's units here, latents in scaled ones (model/model.h). Distances between vectors
 * are |a - b| / sqrt(width): root mean square a channel, 0 to about 2 on the sphere that codes live near. */
#ifndef WD_CODE_TABLE_H
#define WD_CODE_TABLE_H

#include "model/model.h"

#include <stdatomic.h>

typedef struct wd_code_table {
  atomic_uint refs;
  wd_latent_shape shape;
  int books;               /* 1 or 2 */
  int codes;               /* of each book */
  int width;               /* channels of a code: shape.channels / books */
  float *value;            /* books x codes x width */
  float *mean, *deviation; /* of each channel of the latent */
} wd_code_table;

wd_status wd_code_table_create(const wd_model *model, wd_code_table **out, wd_error *err);
wd_code_table *wd_code_table_ref(wd_code_table *table);
void wd_code_table_unref(wd_code_table *table); /* NULL is harmless */

/* The vector of a code; 0 <= code < codes. */
const float *wd_code_table_vector(const wd_code_table *table, int book, int code);
/* The vector of a cell of a latent as the decoder compares it with codes: unscaled, of root mean square 1. */
void wd_code_table_cell(const wd_code_table *table, const float *latent, int book, int cell, float *vector);
/* Of each of a latent's cells the nearest code, in encoder.h's order: `shape.codes` of them. */
void wd_code_table_of(const wd_code_table *table, const float *latent, int32_t *codes);
int wd_code_table_of_cell(const wd_code_table *table, const float *latent, int book, int cell);
/* Puts a code's vector into a cell of a latent: decoded, the cell has that code. */
void wd_code_table_put(const wd_code_table *table, float *latent, int book, int cell, int code);

/* The n codes nearest to a vector, nearest first, and how far each is (may be NULL); of equally near ones the
 * smaller number first. Returns how many: n, or all that there are. */
int wd_code_table_nearest(const wd_code_table *table, int book, const float *vector, int n, int *code,
                          double *distance);
double wd_code_table_distance(const wd_code_table *table, int book, int a, int b);

#endif
