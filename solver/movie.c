#include "solver/movie.h"

#include "solver/eikonal.h"
#include "solver/half.h"
#include "solver/memory.h"
#include "solver/wave_plan.h"

#include <math.h>
#include <string.h>
#include <time.h>

static const size_t default_limit = (size_t)256 << 20;

static double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The survey with one of its shots. */
static wd_status survey_of_shot(const wd_survey *s, int shot, wd_survey **out, wd_error *err) {
  if (shot < 0 || shot >= s->shots)
    return wd_fail(err, WD_ERR_ARGUMENT, "shot %d of a survey with %d", shot + 1, s->shots);
  wd_survey_desc d = {.nz = s->nz,
                      .nx = s->nx,
                      .spacing = s->spacing,
                      .dt = s->dt,
                      .samples = s->samples,
                      .source = &s->source[shot],
                      .n_sources = 1,
                      .receiver = s->receiver,
                      .n_receivers = s->receivers};
  if (s->frequency > 0) {
    d.frequency = s->frequency; /* the same bits: both are wd_ricker's */
  } else {
    d.wavelet = s->wavelet;
    d.wavelet_samples = s->samples;
  }
  return wd_survey_create(&d, out, err);
}

/* Some wavelengths from a source in two dimensions the pressure is the wavelet convolved with 1 / sqrt(t),
 * which is integrated over each sample; between samples the largest value lies on a parabola. */
static double crest_time(const wd_survey *s) {
  double before = 0, last = 0, crest = 0, largest = 0;
  int length = s->wavelet ? s->samples : 0; /* it is silent for most of a long trace */
  while (length > 0 && s->wavelet[length - 1] == 0) length--;
  for (int i = 0; i < s->samples; i++) {
    double value = 0;
    for (int j = 0; j <= i && j < length; j++)
      value += s->wavelet[j] * (sqrt(i - j + 1.0) - sqrt((double)(i - j)));
    const double bend = before - 2 * last + value;
    if (i > 1 && fabs(last) > largest && bend * last < 0 && (last - before) * (value - last) <= 0) {
      largest = fabs(last);
      crest = i - 1 + 0.5 * (before - value) / bend;
    }
    before = last;
    last = value;
  }
  return crest * s->dt;
}

/* How many steps apart frames of `cells` values of `size` bytes are kept, so that all fit the limit. */
static int choose_every(int samples, size_t cells, size_t size, size_t limit, int least) {
  int every = least;
  while (every < samples && (double)(samples / every + 1) * (double)cells * (double)size > (double)limit)
    every++;
  return every;
}

static wd_status make_room(wd_movie *m, const wd_wave *w, const wd_movie_desc *d, wd_error *err) {
  const size_t limit = d->memory_limit ? d->memory_limit : default_limit;
  const size_t cells = (size_t)m->nz * (size_t)m->nx;
  m->every = choose_every(m->samples, cells, sizeof(float), limit, 1);
  m->frames = m->samples / m->every + 1;
  wd_status st = wd_memory_check((size_t)m->frames, cells * sizeof(float), "the wavefield of a shot",
                                 "take a smaller map or fewer samples", err);
  if (st) return st;
  m->pressure = wd_calloc((size_t)m->frames, cells * sizeof *m->pressure);
  if (!m->pressure)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d frames of %d x %d cells", m->frames, m->nz,
                   m->nx);
  if (!d->margin) return WD_OK;
  const size_t all = (size_t)w->pz * (size_t)w->px;
  wd_wave_margin(w, m->margin);
  m->pz = w->pz;
  m->px = w->px;
  m->margin_every = choose_every(m->samples, all, sizeof(uint16_t), limit, WD_MOVIE_MARGIN_EVERY);
  m->margin_frames = m->samples / m->margin_every + 1;
  st = wd_memory_check((size_t)m->margin_frames, all * sizeof(uint16_t), "the wavefield in the margin",
                       "leave the margin out", err);
  if (st) return st;
  m->padded = wd_calloc((size_t)m->margin_frames, all * sizeof *m->padded);
  if (!m->padded)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d frames of %d x %d cells", m->margin_frames, w->pz,
                   w->px);
  float strength = 0;
  for (int i = 0; i < w->survey->samples; i++) strength = fmaxf(strength, fabsf(w->survey->wavelet[i]));
  int exponent = 0;
  frexpf(w->medium[0].beta[0] * strength, &exponent);
  m->margin_scale = ldexpf(1, exponent);
  return WD_OK;
}

static void keep_margin(wd_movie *m, int step, const float *padded) {
  const size_t all = (size_t)m->pz * (size_t)m->px;
  uint16_t *to = m->padded + (size_t)(step / m->margin_every) * all;
  for (size_t i = 0; i < all; i++) to[i] = wd_half_from_float(padded[i] / m->margin_scale);
}

static float *core_of(wd_movie *m, int step) {
  return m->pressure + (size_t)(step / m->every) * (size_t)m->nz * (size_t)m->nx;
}

static void cut_core(wd_movie *m, const wd_wave *w, int step, const float *padded) {
  float *to = core_of(m, step);
  for (int z = 0; z < m->nz; z++)
    memcpy(to + (size_t)z * (size_t)m->nx, padded + (size_t)(z + w->top) * (size_t)w->px + (size_t)w->left,
           (size_t)m->nx * sizeof *to);
}

/* Whichever of the two is to be kept; reading the map's cells alone is an eighth of reading all. */
static wd_status keep(wd_movie *m, wd_wave *w, int step, float *padded, wd_error *err) {
  const wd_wave_ops *ops = w->device->wave;
  const bool core = step % m->every == 0, around = m->padded && step % m->margin_every == 0;
  if (!core && !around) return WD_OK;
  wd_status st;
  if (around || !ops->snapshot_core) {
    st = ops->snapshot(w, 0, 0, padded, err);
    if (!st && core) cut_core(m, w, step, padded);
    if (!st && around) keep_margin(m, step, padded);
  } else {
    st = ops->snapshot_core(w, 0, 0, core_of(m, step), err);
  }
  const float *value = core_of(m, step);
  for (int i = 0; !st && core && i < m->nz * m->nx; i++) m->peak = fmaxf(m->peak, fabsf(value[i]));
  return st;
}

/* From rest to the last sample; stops at every step of which a frame is kept. */
static wd_status propagate(wd_movie *m, wd_wave *w, const wd_hooks *hooks, wd_error *err) {
  float *padded = wd_alloc((size_t)w->pz * (size_t)w->px, sizeof *padded);
  if (!padded) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a wavefield");
  const wd_hooks within = {.cancel = hooks ? hooks->cancel : NULL};
  const int often = m->samples / 50 + 1;
  wd_status st = WD_OK;
  for (int step = 0, told = 0; step < m->samples && !st;) {
    int next = (step / m->every + 1) * m->every;
    if (m->padded && (step / m->margin_every + 1) * m->margin_every < next)
      next = (step / m->margin_every + 1) * m->margin_every;
    if (next > m->samples) next = m->samples;
    if (wd_hooks_cancelled(hooks)) {
      st = wd_fail(err, WD_CANCELLED, "cancelled at time step %d", step);
      break;
    }
    st = wd_wave_step(w, next - step, &within, err);
    step = next;
    if (!st) st = keep(m, w, step, padded, err);
    if (step - told >= often) {
      told = step;
      wd_hooks_progress(hooks, (double)step / m->samples);
    }
  }
  wd_free(padded);
  return st;
}

wd_status wd_movie_make(wd_device *device, const wd_survey *survey, const wd_movie_desc *desc,
                        const wd_map *velocity, const wd_hooks *hooks, wd_movie *out, wd_error *err) {
  const wd_movie_desc d = desc ? *desc : (wd_movie_desc){0};
  const double start = seconds_now();
  if (d.wave.maps > 1)
    return wd_fail(err, WD_ERR_ARGUMENT, "a movie of %d maps; make one for each", d.wave.maps);
  wd_survey *one = NULL;
  wd_wave *w = NULL;
  wd_movie m = {.mode = d.wave.mode,
                .shot = d.shot,
                .nz = survey->nz,
                .nx = survey->nx,
                .spacing = survey->spacing,
                .dt = survey->dt,
                .samples = survey->samples};
  wd_status st = survey_of_shot(survey, d.shot, &one, err);
  if (!st) st = wd_wave_create(device, one, &d.wave, velocity, &w, err);
  if (!st) st = make_room(&m, w, &d, err);
  wd_hooks_part part;
  if (!st) st = propagate(&m, w, wd_hooks_part_of(&part, hooks, 0, 0.95), err);
  const wd_gather *g = st ? NULL : wd_wave_gather(w, 0);
  if (!st) st = wd_gather_create(1, g->samples, g->receivers, g->dt, &m.record, err);
  if (!st) memcpy(m.record.value, g->value, wd_gather_count(g) * sizeof *g->value);
  if (!st) st = wd_eikonal_map(velocity, one->source[0], NULL, hooks, &m.arrival, err);
  if (!st) {
    m.source = one->source[0];
    m.crest = crest_time(one);
    m.seconds = seconds_now() - start;
  }
  wd_wave_destroy(w);
  wd_survey_destroy(one);
  if (st) {
    wd_movie_clear(&m);
    return st;
  }
  wd_hooks_progress(hooks, 1);
  *out = m;
  return WD_OK;
}

void wd_movie_clear(wd_movie *m) {
  wd_free(m->pressure);
  wd_free(m->padded);
  wd_gather_clear(&m->record);
  wd_map_clear(&m->arrival);
  *m = (wd_movie){0};
}

static int clamp_step(const wd_movie *m, int k) {
  return k < 0 ? 0 : k > m->samples ? m->samples : k;
}

int wd_movie_step(const wd_movie *m, int k) {
  return clamp_step(m, k) / m->every * m->every;
}

const float *wd_movie_frame(const wd_movie *m, int k) {
  return m->pressure + (size_t)(clamp_step(m, k) / m->every) * (size_t)m->nz * (size_t)m->nx;
}

bool wd_movie_padded(const wd_movie *m, int k, float *out) {
  if (!m->padded) return false;
  const int step = wd_movie_step(m, k), at = step / m->margin_every, last = m->margin_frames - 1;
  const float u = (float)(step - at * m->margin_every) / (float)m->margin_every;
  /* Catmull and Rom's cubic through four frames; at rest before the first, and still after the last. */
  const float weight[4] = {0.5f * u * (-1 + u * (2 - u)), 0.5f * (2 + u * u * (-5 + 3 * u)),
                           0.5f * u * (1 + u * (4 - 3 * u)), 0.5f * u * u * (u - 1)};
  const size_t all = (size_t)m->pz * (size_t)m->px;
  const uint16_t *frame[4];
  for (int i = 0; i < 4; i++) {
    int f = at - 1 + i;
    frame[i] = m->padded + (size_t)(f < 0 ? 0 : f > last ? last : f) * all;
  }
  for (size_t i = 0; i < all; i++)
    out[i] = u == 0 ? m->margin_scale * wd_float_from_half(frame[1][i])
                    : m->margin_scale * (weight[0] * wd_float_from_half(frame[0][i]) +
                                         weight[1] * wd_float_from_half(frame[1][i]) +
                                         weight[2] * wd_float_from_half(frame[2][i]) +
                                         weight[3] * wd_float_from_half(frame[3][i]));
  const float *core = wd_movie_frame(m, step);
  for (int z = 0; z < m->nz; z++)
    memcpy(out + (size_t)(z + m->margin[0]) * (size_t)m->px + (size_t)m->margin[2],
           core + (size_t)z * (size_t)m->nx, (size_t)m->nx * sizeof *core);
  return true;
}

size_t wd_movie_bytes(const wd_movie *m) {
  return (size_t)m->frames * (size_t)m->nz * (size_t)m->nx * sizeof(float) +
         (size_t)m->margin_frames * (size_t)m->pz * (size_t)m->px * sizeof(uint16_t) +
         (wd_gather_count(&m->record) + (size_t)m->nz * (size_t)m->nx) * sizeof(float);
}
