/* wavediffusion-cli residual, in two files: the command, its scores and its report (residual.c), and the
 * ways in which pairs come to it (residual_open.c). */
#ifndef WD_CLI_RESIDUAL_H
#define WD_CLI_RESIDUAL_H

#include "app/cli/recording.h"
#include "app/cli/scoring.h"
#include "app/cli/setup.h"
#include "solver/openfwi.h"

typedef struct residual_args {
  const char *folder, *velocity, *seismic, *model, *latents, *device, *output;
  int mode, calibrate, step, branch;
  bool per_pair;
  setup_args setup; /* shots and samples come from the files */
} residual_args;

/* One run of the command. */
typedef struct residual_job {
  cli *c;
  const residual_args *args;
  wd_npy *velocity, *seismic;
  wd_openfwi *data;
  latent_file latents;
  recorded recorded; /* of a recording; count 0: none */
  json_t *recipe;    /* of the folder; NULL: none */
  seed_list seeds;   /* of the recipe */
  int family;        /* its choice; -1: unknown */
  size_t count;
  int nz, nx, shots, samples, receivers;
  wd_device *device;
  wd_model *model;
  wd_pair_decoder *decoder;
  wd_survey *survey;
  wd_residual *residual;
  int batch;
  pair_batch pairs;
  float *latent;       /* a batch */
  size_t at;           /* number of the batch's first pair */
  wd_measure *measure; /* count */
  double *gain;        /* count */
  fault_list faults;
  wd_file *csv;
} residual_job;

/* A file in place of a folder: a recording, or nothing that could be scored; what it is wrong with is said by
 * who opens it. */
bool residual_of_recording(const residual_args *args);
/* The folder, files, latents or recording that the arguments name: how many pairs of which shape, and the
 * model where one decodes them. The device is open. */
wd_status residual_open(residual_job *j, wd_error *err);

#endif
