/* The parts of the command info, one for each kind of file. */
#ifndef WD_CLI_INFO_H
#define WD_CLI_INFO_H

#include "app/cli/cli.h"

/* Tensors and metadata of a safetensors file; of a training shard also its maps, whose checksums are tested
 * unless header_only. */
wd_status info_tensors(cli *c, const char *path, bool header_only, wd_error *err);

/* A trained model, opened whole; or results with a recipe.json. */
wd_status info_folder(cli *c, const char *folder, wd_error *err);

#endif
