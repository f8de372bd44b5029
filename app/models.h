/* Where models are: a folder by its path, or the name of one that came with the program ("default"). */
#ifndef WD_APP_MODELS_H
#define WD_APP_MODELS_H

#include "solver/status.h"

#include <stddef.h>

/* The folder that `name` stands for: the folder of that path, or else, when name has no slash, the model of
 * that name in $WAVEDIFFUSION_MODELS, in the installation's data folder, or in the source tree of a program
 * that runs out of its build folder. WD_ERR_IO names the places that were looked at. */
wd_status wd_find_model(const char *name, char *path, size_t size, wd_error *err);

#endif
