/* Recordings (.wdrun) for info, residual and render. In a build without GLib there are none:
 * recording_recognise says no. */
#ifndef WD_CLI_RECORDING_H
#define WD_CLI_RECORDING_H

#include "app/cli/cli.h"
#include "solver/gather.h"
#include "solver/map.h"

/* Whether the file says that it is one. */
bool recording_recognise(const char *path);

/* The estimates (x0-hat) of one branch. */
typedef struct recorded {
  struct _WdRecording *recording;
  unsigned id;
  char name[96], model[96], identity[96];
  uint64_t seed;
  int family; /* wd_family, -1: any */
  int first;  /* position of the first latent below */
  size_t count, one;
  float *latents; /* count x one */
  int *timestep;  /* count; -1: the data */
  double *log_snr;
} recorded;

/* branch: from 1, in order of making; step: one position, or -1 for all of them. */
wd_status recorded_open(const char *path, int branch, int step, recorded *out, wd_error *err);
void recorded_clear(recorded *r); /* harmless on a zeroed struct */
/* What the file keeps of latent i; *out_map and *out_gather are the caller's. False: nothing is kept. */
bool recorded_pair(const recorded *r, size_t i, wd_map *map, wd_gather *gather);

/* The data latents of all branches, `one` numbers each, each latent once, at most `most`; *out is released
 * with wd_free. */
wd_status recorded_data(const char *path, size_t one, int most, float **out, int *count, wd_error *err);

/* For info: branches, scores, model. */
wd_status recording_describe(cli *c, const char *path, wd_error *err);

#define CLI_RECORDING_OPTIONS(type)                                                                          \
  {"step",                                                                                                   \
   0,                                                                                                        \
   CLI_INT,                                                                                                  \
   offsetof(type, step),                                                                                     \
   .min = -1,                                                                                                \
   .max = 1000000,                                                                                           \
   .value = "K",                                                                                             \
   .initial = "-1",                                                                                          \
   .help = "of a recording: the position, from 0 [-1: all; drawn: the last]"},                               \
  {                                                                                                          \
    "branch", 0, CLI_INT, offsetof(type, branch),                                                            \
        .min = 1, .max = 1000000, .value = "N", .initial = "1",                                              \
        .help = "of a recording: which run or branch, from 1 in order of making"                             \
  }

#endif
