/* Filter expressions over the samples of a population, for the table and for `wavediffusion-cli rank`:
 *
 *   r_R > 1.5 and family = curvefault-b and flag = timing
 *   not (flag = none) or (tag = odd and v_max >= 4400)
 *
 *   expression  either { "or" either }
 *   either      part { "and" part }
 *   part        "not" part | "(" expression ")" | name operator value
 *   name        a figure's key or short name (population.h), seed, number, family, flag, tag, note
 *   operator    = != < <= > >=; of texts only =, != and ~ ("contains")
 *   value       a number; a family; a flag's key, "none" or "any"; a word or "quoted text"
 *
 * An empty expression takes all. A comparison with a figure that a sample lacks (NaN) is false; `!=` too.
 * Capitals count nowhere. Nesting is at most 64 deep, the text at most 2000 bytes. */
#ifndef WD_FILTER_H
#define WD_FILTER_H

#include "app/population.h"

typedef struct WdFilter WdFilter;

/* NULL with error, and *at (may be NULL) the byte of the text that it is about. */
WdFilter *wd_filter_new(const char *text, gsize *at, GError **error);
void wd_filter_free(WdFilter *filter); /* NULL is harmless */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WdFilter, wd_filter_free)

gboolean wd_filter_takes(const WdFilter *filter, const WdPopulation *p, guint i);
/* Numbers of the samples that it takes, guint, in order. */
GArray *wd_filter_apply(const WdFilter *filter, const WdPopulation *p);

#endif
