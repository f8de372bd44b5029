/* What simulate, gradient, bench, compare and residual share: the options that describe an acquisition, and
 * the survey and wave that they stand for. */
#ifndef WD_CLI_SETUP_H
#define WD_CLI_SETUP_H

#include "app/cli/cli.h"
#include "solver/npy.h"
#include "solver/survey.h"
#include "solver/wave.h"

/* Zero means OpenFWI's value (survey.h, wave.h). */
typedef struct setup_args {
  int shots, samples, absorb;
  int order; /* choice: 0 is fourth, 1 is eighth order */
  double frequency, dt, spacing;
  bool free_surface;
  const char *wavelet, *sources, *receivers;
} setup_args;

/* The options but for the numbers of shots and samples, which a command that reads gathers takes from them;
 * `field` is the name of the setup_args in the command's struct. */
#define CLI_ACQUISITION_OPTIONS(type, field)                                                                 \
  {"frequency",                                                                                              \
   'f',                                                                                                      \
   CLI_REAL,                                                                                                 \
   offsetof(type, field.frequency),                                                                          \
   .value = "HZ",                                                                                            \
   .min = 1e-6,                                                                                              \
   .max = 1e9,                                                                                               \
   .initial = "15",                                                                                          \
   .help = "peak frequency of the Ricker wavelet"},                                                          \
      {"dt",        0,         CLI_REAL,           offsetof(type, field.dt),         .value = "S",           \
       .min = 1e-9, .max = 10, .initial = "0.001", .help = "seconds between samples"},                       \
      {"spacing",   0,          CLI_REAL,        offsetof(type, field.spacing), .value = "M",                \
       .min = 1e-6, .max = 1e6, .initial = "10", .help = "metres between cells"},                            \
      {"absorb",                                                                                             \
       0,                                                                                                    \
       CLI_INT,                                                                                              \
       offsetof(type, field.absorb),                                                                         \
       .min = 2,                                                                                             \
       .max = 400,                                                                                           \
       .help = "absorbing cells on each side [120; live 20]"},                                               \
      {"order",                                                                                              \
       0,                                                                                                    \
       CLI_CHOICE,                                                                                           \
       offsetof(type, field.order),                                                                          \
       .choices = "4|8",                                                                                     \
       .initial = "4",                                                                                       \
       .help = "order of the space derivatives"},                                                            \
      {"free-surface", 0, CLI_FLAG, offsetof(type, field.free_surface),                                      \
       .help = "row 0 is a pressure-free surface instead of an absorbing side"},                             \
      {"wavelet",                                                                                            \
       0,                                                                                                    \
       CLI_TEXT,                                                                                             \
       offsetof(type, field.wavelet),                                                                        \
       .value = "FILE",                                                                                      \
       .help = "source wavelet at the time step of --dt, a .npy or a text of one sample a line"},            \
      {"sources",                                                                                            \
       0,                                                                                                    \
       CLI_TEXT,                                                                                             \
       offsetof(type, field.sources),                                                                        \
       .value = "CELLS",                                                                                     \
       .help = "source cells [spread over row 1]: row,column pairs as in \"1,0 1,35 1,69\"; "                \
               "1,0..69 is a row of cells, 1,0..69:10 every tenth; @FILE reads them from a text file"},      \
  {                                                                                                          \
    "receivers", 0, CLI_TEXT, offsetof(type, field.receivers),                                               \
        .value = "CELLS", .help = "receiver cells, in the same form [every column of row 1]"                 \
  }

/* All of them. */
#define CLI_SETUP_OPTIONS(type, field)                                                                       \
  {"shots",        0,                                                                                        \
   CLI_INT,        offsetof(type, field.shots),                                                              \
   .min = 1,       .max = WD_MAX_SHOTS,                                                                      \
   .initial = "5", .help = "sources, spread over the columns of row 1"},                                     \
      {"samples",         0,                                                                                 \
       CLI_INT,           offsetof(type, field.samples),                                                     \
       .min = 1,          .max = WD_MAX_SAMPLES,                                                             \
       .initial = "1000", .help = "time samples"},                                                           \
      CLI_ACQUISITION_OPTIONS(type, field)

/* The survey for maps of nz x nx cells. */
wd_status setup_survey(const setup_args *a, int nz, int nx, wd_survey **out, wd_error *err);

wd_wave_desc setup_wave_desc(const setup_args *a, wd_wave_mode mode, int maps);

/* How many of `count` maps to propagate in one call: enough to keep every core busy, few enough for the
 * memory, for cancelling and for a steady progress report. */
int setup_batch(const wd_device *device, const wd_survey *survey, size_t count);

/* Point updates (padded cells x samples x shots) in one run of one map of this wave. */
double setup_points(const wd_wave *wave);

/* A list of cells in the form that --sources takes; *out is released with wd_free. */
wd_status setup_parse_cells(const char *option, const char *text, wd_cell **out, int *count, wd_error *err);

#endif
