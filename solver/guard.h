/* Memory for the `check` device: every block ends at an unreadable page and starts behind one, is poisoned
 * with NaNs when made, and carries a canary in the slack before it, so that reading or writing too far stops
 * at once or is found afterwards. */
#ifndef WD_GUARD_H
#define WD_GUARD_H

#include <stdbool.h>
#include <stddef.h>

void *wd_guard_alloc(size_t count,
                     size_t size);         /* NULL without memory; filled with 0xff bytes: NaN as float */
bool wd_guard_intact(const void *pointer); /* false when the slack before the block was written to */
void wd_guard_free(void *pointer);

#endif
