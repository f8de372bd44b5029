/* Frames as a file holds them: maps as they are, gathers at the codec's instants in float16, F(v) as F(v_top)
 * and what is left without it (model/shard.h says why). A seventh of the samples and a fourteenth of the
 * bytes; decoded when somebody looks. */
#ifndef WD_RECORDING_FRAMES_H
#define WD_RECORDING_FRAMES_H

#include "app/frame.h"

#include "model/codec.h"
#include "model/shard.h"

typedef struct WdStored {
  float *velocity;          /* nz x nx */
  guint16 *gathers;         /* shots x instants x receivers; times scale[0] */
  guint16 *top, *scattered; /* likewise, scale[1] and [2]; NULL: not simulated */
  float scale[3];
  wd_wave_mode mode;
  double pair_seconds, seconds;
  char device[64];
} WdStored;

void wd_stored_free(WdStored *stored); /* NULL is harmless */
/* Sizes that a recording may claim. */
wd_status wd_stored_check_geometry(const wd_shard_desc *g, wd_error *err);
WdStored *wd_stored_copy(const WdStored *stored, const wd_shard_desc *g);
gsize wd_stored_cells(const wd_shard_desc *g);
gsize wd_stored_coded(const wd_shard_desc *g);
/* The pair and its best simulation; NULL without a pair, or when its shape is another. */
WdStored *wd_stored_encode(const WdFrame *frame, const wd_shard_desc *g, const wd_codec *codec,
                           wd_error *err);
/* *out gets new references. The comparison is made again, of what the codec left. */
wd_status wd_stored_decode(const WdStored *stored, const wd_shard_desc *g, const wd_codec *codec,
                           WdFrame *out, wd_error *err);

#endif
