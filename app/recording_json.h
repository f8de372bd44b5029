/* The branches of a recording as JSON, latents as numbers into a table (app/recording_file.c). */
#ifndef WD_RECORDING_JSON_H
#define WD_RECORDING_JSON_H

#include "app/recording_private.h"

#include <jansson.h>

/* Latents, and truths, in the order in which they were met: pointer to index. */
typedef struct WdTable {
  GHashTable *index;
  GPtrArray *item; /* borrowed */
} WdTable;
WdTable *wd_table_new(void);
void wd_table_free(WdTable *table);
int wd_table_add(WdTable *table, gpointer item); /* its index; -1 for NULL */

json_t *wd_branch_to_json(const WdBranch *branch, WdTable *latents, WdTable *truths);
/* Adds the branch to r. latent, truth: what the numbers stand for. */
wd_status wd_branch_from_json(WdRecording *r, const json_t *o, const GPtrArray *latent,
                              const GPtrArray *truth, wd_error *err);

json_t *wd_geometry_to_json(const wd_shard_desc *g);
wd_status wd_geometry_from_json(const json_t *o, wd_shard_desc *g, wd_error *err);

/* What is there, or `otherwise`; WD_ERR_FORMAT, the member named, when it is of another type or out of range.
 */
wd_status wd_json_int(const json_t *o, const char *key, gint64 lo, gint64 hi, gint64 otherwise, gint64 *out,
                      wd_error *err);

#endif
