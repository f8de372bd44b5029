/* The frames of a recording, by the identity of the latent that they belong to, within a budget of memory. */
#ifndef WD_RECORDING_CACHE_H
#define WD_RECORDING_CACHE_H

#include "app/frame.h"

typedef struct WdFrameCache WdFrameCache;

WdFrameCache *wd_frame_cache_new(void); /* 512 MiB */
void wd_frame_cache_free(WdFrameCache *c);
void wd_frame_cache_set_budget(WdFrameCache *c, gsize bytes);
gsize wd_frame_cache_bytes(const WdFrameCache *c);
/* Borrowed members. use: it becomes the one used last. */
gboolean wd_frame_cache_get(WdFrameCache *c, GBytes *latent, gboolean use, WdFrame *out);
/* Adds the members that are not NULL (references are taken), as a use; those least recently used go when the
 * budget is exceeded, but never the newest. */
void wd_frame_cache_put(WdFrameCache *c, GBytes *latent, const WdFrame *frame);
/* Drops all whose latent is not a key of `held`. */
void wd_frame_cache_retain(WdFrameCache *c, GHashTable *held);
/* Only pairs are left. */
void wd_frame_cache_forget_simulations(WdFrameCache *c);

#endif
