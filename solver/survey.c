#include "solver/survey.h"

#include "solver/fft.h"
#include "solver/memory.h"

#include <math.h>
#include <string.h>

void wd_survey_spread(int columns, int count, int *column) {
  /* rint rounds half to even in the default rounding mode, as numpy's does. */
  for (int i = 0; i < count; i++)
    column[i] = count == 1 ? 0 : (int)rint((double)i * (double)(columns - 1) / (double)(count - 1));
}

void wd_ricker(double frequency, double dt, int samples, float *out) {
  int length = 2 * (int)floor(floor(2.2 / (frequency * dt)) / 2) + 1;
  int centre = (length - 1) / 2;
  for (int k = 0; k < samples; k++) {
    double b = (double)(centre - k) * frequency * dt * M_PI;
    b *= b;
    out[k] = k < length ? (float)((1 - 2 * b) * exp(-b)) : 0.0f;
  }
}

/* The frequency under which 99.9 % of the wavelet's energy lies, from its spectrum at a quarter of the
 * spacing that its length gives. 0.5 / dt, the strictest answer, where there is no memory for it. */
static double energy_limit(const float *w, int samples, double dt) {
  const double nyquist = 0.5 / dt;
  while (samples > 1 && w[samples - 1] == 0) samples--;
  while (samples > 1 && w[0] == 0) w++, samples--; /* a delay changes phases only */
  wd_fft *fft = NULL;
  if (wd_fft_create(wd_fft_length_for(samples < 128 ? 512 : 4 * samples), &fft, NULL)) return nyquist;
  int bins = wd_fft_length(fft) / 2;
  double complex *x = wd_calloc(2 * (size_t)bins, sizeof *x);
  double total = 0, sum = 0, limit = nyquist;
  for (int i = 0; x && i < samples; i++) x[i] = w[i];
  if (x) wd_fft_forward(fft, x);
  for (int j = 0; x && j <= bins; j++) total += creal(x[j]) * creal(x[j]) + cimag(x[j]) * cimag(x[j]);
  for (int j = 0; x && j <= bins && total > 0; j++) {
    sum += creal(x[j]) * creal(x[j]) + cimag(x[j]) * cimag(x[j]);
    if (sum >= 0.999 * total) {
      limit = nyquist * j / bins;
      break;
    }
  }
  wd_free(x);
  wd_fft_destroy(fft);
  return limit;
}

static wd_status check_cells(const wd_cell *cell, int count, int nz, int nx, const char *what,
                             wd_error *err) {
  for (int i = 0; i < count; i++)
    if (cell[i].z < 0 || cell[i].z >= nz || cell[i].x < 0 || cell[i].x >= nx)
      return wd_fail(err, WD_ERR_ARGUMENT,
                     "%s %d stands at row %d, column %d, outside the map of %d x %d cells", what, i + 1,
                     cell[i].z, cell[i].x, nz, nx);
  return WD_OK;
}

static wd_status check_desc(const wd_survey_desc *d, wd_error *err) {
  if (d->nz < 2 || d->nx < 1) return wd_fail(err, WD_ERR_ARGUMENT, "a survey on %d x %d cells", d->nz, d->nx);
  if (!(d->spacing > 0) || !isfinite(d->spacing))
    return wd_fail(err, WD_ERR_ARGUMENT, "the spacing is %g m; it must be positive", d->spacing);
  if (!(d->dt > 0) || !isfinite(d->dt))
    return wd_fail(err, WD_ERR_ARGUMENT, "the time step is %g s; it must be positive", d->dt);
  if (!d->wavelet && (!(d->frequency > 0) || !isfinite(d->frequency)))
    return wd_fail(err, WD_ERR_ARGUMENT, "the wavelet's frequency is %g Hz; it must be positive",
                   d->frequency);
  if (!d->wavelet && d->frequency * d->dt > 0.2)
    return wd_fail(
        err, WD_ERR_ARGUMENT,
        "a wavelet of %g Hz at steps of %g s has %.1f samples a period; at least 5 are needed: take a "
        "shorter time step or a lower frequency",
        d->frequency, d->dt, 1 / (d->frequency * d->dt));
  if (!d->wavelet && 2.2 / (d->frequency * d->dt) > 1e6)
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "a wavelet of %g Hz at steps of %g s would be over a million samples long", d->frequency,
                   d->dt);
  if (d->samples < 1 || d->samples > WD_MAX_SAMPLES)
    return wd_fail(err, WD_ERR_ARGUMENT, "%d samples; 1 to %d can be recorded", d->samples,
                   (int)WD_MAX_SAMPLES);
  if (d->n_sources < 1 || d->n_sources > WD_MAX_SHOTS)
    return wd_fail(err, WD_ERR_ARGUMENT, "%d shots; 1 to %d can be simulated", d->n_sources,
                   (int)WD_MAX_SHOTS);
  if (d->n_receivers < 1 || d->n_receivers > WD_MAX_RECEIVERS)
    return wd_fail(err, WD_ERR_ARGUMENT, "%d receivers; 1 to %d can be placed", d->n_receivers,
                   (int)WD_MAX_RECEIVERS);
  if (d->wavelet && d->wavelet_samples < 1)
    return wd_fail(err, WD_ERR_ARGUMENT, "the given wavelet has %d samples", d->wavelet_samples);
  bool silent = d->wavelet != NULL;
  for (int k = 0; d->wavelet && k < d->wavelet_samples; k++) {
    if (!isfinite(d->wavelet[k]))
      return wd_fail(err, WD_ERR_FORMAT, "sample %d of the wavelet is %g", k, (double)d->wavelet[k]);
    if (k < d->samples && d->wavelet[k] != 0) silent = false;
  }
  if (silent)
    return wd_fail(err, WD_ERR_ARGUMENT, "the given wavelet is zero in all of the %d samples recorded",
                   d->samples);
  return WD_OK;
}

wd_status wd_survey_create(const wd_survey_desc *desc, wd_survey **out, wd_error *err) {
  wd_survey_desc d = *desc;
  if (!d.nz) d.nz = 70;
  if (!d.nx) d.nx = 70;
  if (d.spacing == 0) d.spacing = 10;
  if (d.dt == 0) d.dt = 0.001;
  if (d.frequency == 0 && !d.wavelet) d.frequency = 15;
  if (!d.samples) d.samples = 1000;
  if (!d.shots) d.shots = 5;
  if (!d.source) d.n_sources = d.shots;
  if (!d.receiver) d.n_receivers = d.nx;
  wd_status st = check_desc(&d, err);
  if (st) return st;

  wd_survey *s = wd_calloc(1, sizeof *s);
  if (!s) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a survey");
  *s = (wd_survey){.nz = d.nz,
                   .nx = d.nx,
                   .spacing = d.spacing,
                   .dt = d.dt,
                   .samples = d.samples,
                   .frequency = d.frequency,
                   .shots = d.n_sources,
                   .receivers = d.n_receivers};
  s->source = wd_calloc((size_t)d.n_sources, sizeof *s->source);
  s->receiver = wd_calloc((size_t)d.n_receivers, sizeof *s->receiver);
  s->wavelet = wd_calloc((size_t)d.samples, sizeof *s->wavelet);
  int *column = wd_calloc((size_t)d.n_sources, sizeof *column);
  if (!s->source || !s->receiver || !s->wavelet || !column) {
    wd_free(column);
    wd_survey_destroy(s);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a survey of %d shots and %d receivers", d.n_sources,
                   d.n_receivers);
  }
  if (d.source)
    memcpy(s->source, d.source, sizeof(wd_cell) * (size_t)d.n_sources);
  else {
    wd_survey_spread(d.nx, d.n_sources, column);
    for (int i = 0; i < d.n_sources; i++) s->source[i] = (wd_cell){1, column[i]};
  }
  wd_free(column);
  for (int i = 0; i < d.n_receivers; i++) s->receiver[i] = d.receiver ? d.receiver[i] : (wd_cell){1, i};
  if (d.wavelet)
    memcpy(s->wavelet, d.wavelet,
           sizeof(float) * (size_t)(d.wavelet_samples < d.samples ? d.wavelet_samples : d.samples));
  else
    wd_ricker(d.frequency, d.dt, d.samples, s->wavelet);
  s->max_frequency = d.wavelet ? energy_limit(s->wavelet, d.samples, d.dt) : 2.5 * d.frequency;

  st = check_cells(s->source, s->shots, d.nz, d.nx, "source", err);
  if (!st) st = check_cells(s->receiver, s->receivers, d.nz, d.nx, "receiver", err);
  if (st) {
    wd_survey_destroy(s);
    return st;
  }
  *out = s;
  return WD_OK;
}

void wd_survey_destroy(wd_survey *s) {
  if (!s) return;
  wd_free(s->source);
  wd_free(s->receiver);
  wd_free(s->wavelet);
  wd_free(s);
}
