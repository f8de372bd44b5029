/* Seeds that a person gets from the die: short enough to be said and typed again. */
#ifndef WD_RANDOM_SEED_H
#define WD_RANDOM_SEED_H

#include <glib.h>

static inline guint64 wd_random_seed(void) {
  return g_random_int_range(0, 1000000);
}

#endif
