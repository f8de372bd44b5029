/* What a caller hands to a long call: a flag that stops it, and a place to report how far it is.
 *
 * Every engine call is synchronous. It looks at the flag at least every 25 ms and then returns WD_CANCELLED
 * with the last good state intact. `progress` is called on the calling thread, at most some tens of times a
 * second. */
#ifndef WD_HOOKS_H
#define WD_HOOKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct wd_hooks {
  const atomic_bool *cancel;                     /* may be NULL */
  void (*progress)(void *user, double fraction); /* may be NULL; fraction 0..1 */
  void *user;
} wd_hooks;

static inline bool wd_hooks_cancelled(const wd_hooks *hooks) {
  return hooks && hooks->cancel && atomic_load_explicit(hooks->cancel, memory_order_relaxed);
}

static inline void wd_hooks_progress(const wd_hooks *hooks, double fraction) {
  if (hooks && hooks->progress) hooks->progress(hooks->user, fraction);
}

/* A part of a long call: what it reports as 0..1 counts as from..from + span of the whole. Pass
 * wd_hooks_part_of(&part, whole, from, span); the part must live as long as the call. */
typedef struct wd_hooks_part {
  wd_hooks hooks;
  const wd_hooks *whole;
  double from, span;
} wd_hooks_part;

static inline void wd_hooks_part_progress(void *user, double fraction) {
  const wd_hooks_part *part = (const wd_hooks_part *)user;
  wd_hooks_progress(part->whole, part->from + part->span * fraction);
}

static inline const wd_hooks *wd_hooks_part_of(wd_hooks_part *part, const wd_hooks *whole, double from,
                                               double span) {
  *part = (wd_hooks_part){{whole ? whole->cancel : NULL, wd_hooks_part_progress, part}, whole, from, span};
  return &part->hooks;
}

#endif
