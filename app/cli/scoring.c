/* A batch of pairs decoded, simulated and measured; one that is refused does not stop the others. */
#include "app/cli/scoring.h"

#include <math.h>

wd_measure no_measure(void) {
  return (wd_measure){.relative_l2 = NAN,
                      .log_norm_mse = NAN,
                      .mae = NAN,
                      .max_abs = NAN,
                      .correlation = NAN,
                      .silence_log_norm_mse = NAN,
                      .norm_a = NAN,
                      .norm_b = NAN,
                      .norm_difference = NAN,
                      .reflection_residual = NAN,
                      .reflection_share = NAN,
                      .direct_log_norm_mse = NAN,
                      .norm_reflection = NAN,
                      .coherence = NAN,
                      .envelope = NAN,
                      .norm_envelope = NAN};
}

static bool any_fault(const pair_batch *b) {
  for (int i = 0; i < b->n; i++)
    if (b->why[i].code) return true;
  return false;
}

static float *map_of(const pair_batch *b, int i) {
  return b->velocity + (size_t)i * b->cells;
}

static float *gathers_of(const pair_batch *b, int i) {
  return b->gathers + (size_t)i * b->samples;
}

static void fill_nan(float *x, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = NAN;
}

wd_status pairs_decode(wd_pair_decoder *decoder, const pair_batch *b, const float *latents,
                       const wd_hooks *hooks, wd_error *err) {
  wd_error mine = {0};
  wd_status st = any_fault(b) ? WD_ERR_DIVERGED
                              : wd_pair_decoder_run(decoder, (size_t)b->n, latents, b->velocity, b->gathers,
                                                    hooks, &mine);
  if (st == WD_ERR_DIVERGED) { /* one of them: each by itself, which gives the others the same bits */
    st = WD_OK;
    for (int i = 0; i < b->n && !st; i++) {
      if (!b->why[i].code)
        st = wd_pair_decoder_run(decoder, 1, latents + (size_t)i * b->latent, map_of(b, i), gathers_of(b, i),
                                 hooks, &mine);
      if (st == WD_ERR_DIVERGED) {
        b->why[i] = mine;
        st = WD_OK;
      }
      if (!b->why[i].code) continue;
      fill_nan(map_of(b, i), b->cells);
      fill_nan(gathers_of(b, i), b->samples);
    }
  }
  if (st && err) *err = mine;
  return st;
}

wd_status pairs_simulate(wd_residual *residual, const pair_batch *b, const wd_hooks *hooks,
                         pair_simulated each, void *user, wd_error *err) {
  int most = any_fault(b) ? 1 : wd_residual_batch(residual);
  wd_status st = WD_OK;
  for (int at = 0; at < b->n && !st;) {
    const int m = b->n - at < most ? b->n - at : most;
    wd_hooks_part part;
    const wd_hooks *inner = wd_hooks_part_of(&part, hooks, (double)at / b->n, (double)m / b->n);
    wd_error mine = {0};
    if (!b->why[at].code) st = wd_residual_simulate(residual, m, map_of(b, at), inner, &mine);
    if (wd_status_is_fault(st) && m > 1) { /* one of them: each by itself */
      most = 1;
      st = WD_OK;
      continue;
    }
    if (wd_status_is_fault(st)) {
      b->why[at] = mine;
      st = WD_OK;
    } else if (st && err) {
      *err = mine;
    }
    for (int i = 0; i < m && !st; i++) st = each(user, at + i, b->why[at + i].code ? -1 : i, err);
    at += m;
  }
  return st;
}

wd_status pairs_compare(const wd_residual *residual, const pair_batch *b, int i, int place,
                        const wd_compare_desc *desc, wd_measure *out, double *gain, wd_error *err) {
  if (place < 0) {
    *out = no_measure();
    if (gain) *gain = NAN;
    return WD_OK;
  }
  wd_gather own = *wd_residual_full(residual, place);
  wd_comparison c;
  own.value = gathers_of(b, i);
  const wd_status st = wd_residual_compare(residual, place, &own, desc, &c, err);
  if (st) return st;
  *out = c.all;
  if (gain) *gain = c.gain;
  wd_comparison_clear(&c);
  return WD_OK;
}

typedef struct measuring {
  const wd_residual *residual;
  const pair_batch *batch;
  const wd_hooks *hooks;
  wd_measure *out;
} measuring;

static wd_status measure_one(void *user, int i, int place, wd_error *err) {
  const measuring *m = user;
  if (wd_hooks_cancelled(m->hooks)) return wd_fail(err, WD_CANCELLED, "cancelled");
  return pairs_compare(m->residual, m->batch, i, place, &(wd_compare_desc){.spectral = true}, &m->out[i],
                       NULL, err);
}

wd_status pairs_measure(wd_residual *residual, const pair_batch *b, const wd_hooks *hooks, wd_measure *out,
                        wd_error *err) {
  measuring m = {residual, b, hooks, out};
  return pairs_simulate(residual, b, hooks, measure_one, &m, err);
}
