/* Real OpenFWI files as training shards: the gathers are coded as they are, and the direct field F(v_top),
 * which the files do not hold, is simulated in exact mode (its scheme is the one that made them; wave.h). */
#ifndef WD_IMPORT_H
#define WD_IMPORT_H

#include "model/shard.h"
#include "solver/device.h"
#include "solver/hooks.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether a folder holds OpenFWI's files (openfwi.h) and no shards. */
bool wd_import_wanted(const char *folder);

/* Codes all pairs of an OpenFWI folder into shards of 500 in `output` (made if missing). Shards that are
 * there already, whole and of this many pairs, are kept, so that a stopped import goes on. *pairs (may be
 * NULL) gets how many there are. The family comes from the folders' names (FlatVel_A), -1 where they say
 * none. Geometry: OpenFWI's (10 m, 1 ms, 15 Hz), sizes as the files have them. */
wd_status wd_import_openfwi(wd_device *device, const char *folder, const char *output, const wd_hooks *hooks,
                            size_t *pairs, wd_error *err);

#endif
