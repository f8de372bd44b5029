/* The acquisition: where sources and receivers stand on the grid, how long and how finely is recorded, and
 * with which wavelet. Immutable once made; any number of wave propagations may share one.
 *
 * A zeroed descriptor with nz = nx = 70 is OpenFWI's: 5 sources and 70 receivers on row 1 (10 m deep), cells
 * of 10 m, 1000 samples of 1 ms, Ricker wavelet of 15 Hz (physics.md sections 1 and 2 of the design). */
#ifndef WD_SURVEY_H
#define WD_SURVEY_H

#include "solver/status.h"

typedef struct wd_cell {
  int z, x; /* row, column of the map, from 0 */
} wd_cell;

/* Zero (or NULL) means the default in brackets. */
typedef struct wd_survey_desc {
  int nz, nx;       /* the map this survey is for [70, 70] */
  double spacing;   /* metres [10] */
  double dt;        /* seconds [0.001] */
  double frequency; /* peak frequency of the Ricker wavelet, Hz [15] */
  int samples;      /* [1000] */
  int shots; /* sources spread over the columns by wd_survey_spread on row 1 [5]; ignored when source is given
              */
  const wd_cell *source; /* n_sources cells [NULL] */
  int n_sources;
  const wd_cell *receiver; /* n_receivers cells [NULL: every column of row 1] */
  int n_receivers;
  const float *wavelet; /* wavelet_samples values at dt, zero after [NULL: Ricker] */
  int wavelet_samples;
} wd_survey_desc;

typedef struct wd_survey {
  int nz, nx;
  double spacing, dt;
  double frequency;     /* peak frequency, Hz; 0 with a wavelet from a file */
  double max_frequency; /* Hz: 2.5 x peak for Ricker, 99.9 % of the energy for a given wavelet */
  int samples, shots, receivers;
  wd_cell *source;   /* shots */
  wd_cell *receiver; /* receivers, the same for every shot */
  float *wavelet;    /* samples values */
} wd_survey;

enum { WD_MAX_SHOTS = 1000, WD_MAX_SAMPLES = 100000, WD_MAX_RECEIVERS = 100000 };

/* Refuses positions outside the map, counts out of range, and a wavelet with NaN or infinity or nothing in it
 * but zeros. A wavelet longer than the recording is cut to it. */
wd_status wd_survey_create(const wd_survey_desc *desc, wd_survey **out, wd_error *err);
void wd_survey_destroy(wd_survey *survey);

/* OpenFWI's rule: linspace(0, columns - 1, count), rounded half to even. 70 and 5 give 0, 17, 34, 52, 69; 190
 * and 5 give 0, 47, 94, 142, 189; a count of 1 gives column 0, as linspace does. */
void wd_survey_spread(int columns, int count, int *column);

/* OpenFWI's Ricker wavelet: nw = 2 floor(floor(2.2 / (f dt)) / 2) + 1 samples centred at (nw - 1) / 2,
 * w[k] = (1 - 2 b) exp(-b), b = (pi f dt (c - k))^2; in double, rounded to float; zero after. */
void wd_ricker(double frequency, double dt, int samples, float *out);

#endif
