/* --dry-run, for the commands that compute for long: all input is checked as in earnest, what would be done
 * is told (counts, device, mode, model, files with their sizes, time where a rate was measured on this
 * machine), nothing is written. One plan, filled by the command, printed as text or JSON. */
#ifndef WD_CLI_PLAN_H
#define WD_CLI_PLAN_H

#include "app/cli/cli.h"
#include "model/model.h"

#define CLI_DRY_RUN_OPTION(type)                                                                             \
  {                                                                                                          \
    "dry-run", 0, CLI_FLAG, offsetof(type, dry_run),                                                         \
        .help = "check everything and say what would be done, with the files and their sizes; write nothing" \
  }

typedef struct cli_plan cli_plan;

/* NULL without memory, which all others take: cli_plan_show then says so. */
cli_plan *cli_plan_new(cli *c);
/* What would be done: "pairs", 100. In the order of the calls. */
void cli_plan_count(cli_plan *p, const char *unit, double count);
void cli_plan_device(cli_plan *p, const wd_device *device, const char *mode); /* mode may be NULL */
void cli_plan_model(cli_plan *p, const wd_model *model);
/* The name and identity of a model that is not open as a wd_model. */
void cli_plan_model_named(cli_plan *p, const char *name, const char *identity);
/* A file that would be written, in folder (NULL: path is whole); bytes: NaN where that depends on what comes
 * out; about: its head is not counted, or it is compressed. */
void cli_plan_file(cli_plan *p, const char *folder, const char *name, double bytes, bool about);
/* An array of float32 or int32 as .npy. */
void cli_plan_array(cli_plan *p, const char *folder, const char *name, size_t elements);
/* Seconds, and what says so; not called: no rate is known. */
void cli_plan_time(cli_plan *p, double seconds, const char *by);
/* What this model's evaluation.json has under cost ("decode_ms"); NaN where it was not measured on a device
 * of this name, or there is none. */
double cli_plan_cost(const wd_model *model, const char *key);
/* Prints and frees. */
wd_status cli_plan_show(cli_plan *p, wd_error *err);
void cli_plan_free(cli_plan *p); /* NULL is harmless */

/* Whether a folder is there or could be made, and can be written into. */
wd_status cli_plan_folder(const char *path, wd_error *err);

#endif
