/* The parts of `wavediffusion-cli rank`. */
#ifndef WD_CLI_RANK_H
#define WD_CLI_RANK_H

#include "app/cli/cli.h"

typedef struct rank_args {
  const char *folder, *by, *filter, *csv, *sheet, *save, *bands, *model, *device;
  int worst, best, drawn, test_pairs, mode;
  double noise;
  int through; /* 0 codec, 1 stage 1 */
  bool rules;
} rank_args;

/* rank_pairs.c: flags raised by true pairs of the test split. */
wd_status rank_test_pairs(cli *c, const rank_args *args, wd_error *err);

#endif
