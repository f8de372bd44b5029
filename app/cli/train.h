/* A training run of the command line: what train.c, its log and its sheets share. */
#ifndef WD_CLI_TRAIN_H
#define WD_CLI_TRAIN_H

#include "app/cli/cli.h"
#include "model/train.h"

#include <stdio.h>

typedef struct train_args {
  int stage, precision, weights; /* choices */
  const char *data, *output, *from, *denoiser_from, *device;
  bool resume, other_data, two_codebooks, pieces, dry_run;
  int steps, batch;
  double time_limit, rate, sheet_every, save_every;
  int velocity_width, seismic_width, latent, codes, denoiser_width;
  uint64_t seed;
} train_args;

typedef struct train_run {
  const train_args *args;
  wd_stage stage; /* whose weights are trained */
  bool gathers;   /* the decoder of gathers alone */
  wd_dtype type;  /* of published weights */
  size_t limit;
  wd_device *device;
  wd_corpus *corpus;
  wd_model *model;
  wd_trainer *trainer;
  char state[4096 + 32], log[4096 + 32];
  FILE *csv;
} train_run;

/* training/STAGE.csv, a row a step. Rows after `step`, of a run that went on after its last saved state, are
 * dropped: the resumed run writes them again. */
wd_status train_log_open(train_run *r, long step, wd_error *err);
wd_status train_log_row(train_run *r, const wd_train_report *report, wd_error *err);
wd_status train_log_flush(train_run *r, wd_error *err);
void train_log_close(train_run *r);

/* Validation figures (training/validation.csv, and a note), and a contact sheet of reconstructions or
 * samples; the model shows its averaged weights. train_show.c. */
wd_status train_show(cli *c, train_run *r, wd_error *err);
/* The sheet alone; only in builds that draw. train_sheet.c. */
wd_status train_sheet(const train_run *r, const wd_hooks *hooks, wd_error *err);

#endif
