#include "model/pair_decoder.h"

#include "solver/device.h"
#include "solver/memory.h"

#include <math.h>
#include <string.h>

enum { CUDA_BATCH = 16 };

int wd_model_batch(const wd_device *device) {
  return wd_device_get_info(device)->kind == WD_DEVICE_CUDA ? CUDA_BATCH : 1;
}

struct wd_pair_decoder {
  wd_model *model;
  wd_decoder *decoder;
  int batch;
  size_t latent, cells, coded, samples;
  float *map, *code; /* a batch */
};

void wd_pair_decoder_destroy(wd_pair_decoder *d) {
  if (!d) return;
  wd_decoder_destroy(d->decoder);
  wd_free(d->map);
  wd_free(d->code);
  wd_free(d);
}

wd_status wd_pair_decoder_create(wd_model *model, int batch, wd_precision precision, wd_pair_decoder **out,
                                 wd_error *err) {
  wd_pair_decoder *d = wd_calloc(1, sizeof *d);
  if (!d) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a decoder");
  const wd_shard_desc *g = &wd_model_get_config(model)->geometry;
  d->model = model;
  d->batch = batch;
  d->latent = (size_t)wd_model_latent(model).count;
  d->cells = (size_t)g->nz * (size_t)g->nx;
  d->coded = (size_t)g->shots * (size_t)g->instants * (size_t)g->receivers;
  d->samples = (size_t)g->shots * (size_t)g->samples * (size_t)g->receivers;
  d->map = wd_calloc((size_t)batch, d->cells * sizeof *d->map);
  d->code = wd_calloc((size_t)batch, d->coded * sizeof *d->code);
  wd_status st = d->map && d->code ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a decoder");
  if (!st)
    st = wd_decoder_create(model, &(wd_coder_desc){.batch = batch, .precision = precision}, &d->decoder, err);
  if (st) {
    wd_pair_decoder_destroy(d);
    return st;
  }
  *out = d;
  return WD_OK;
}

size_t wd_pair_decoder_cells(const wd_pair_decoder *d) {
  return d->cells;
}

size_t wd_pair_decoder_samples(const wd_pair_decoder *d) {
  return d->samples;
}

static bool all_finite(const float *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!isfinite(x[i])) return false;
  return true;
}

wd_status wd_pair_decoder_run(wd_pair_decoder *d, size_t n, const float *latents, float *velocity,
                              float *gathers, const wd_hooks *hooks, wd_error *err) {
  const wd_shard_desc *g = &wd_model_get_config(d->model)->geometry;
  for (size_t first = 0; first < n;) {
    int here = n - first < (size_t)d->batch ? (int)(n - first) : d->batch;
    wd_status st = wd_decoder_run(d->decoder, here, latents + first * d->latent, true, d->map, d->code, NULL,
                                  hooks, err);
    if (st) return st;
    if (!all_finite(d->map, (size_t)here * d->cells) || !all_finite(d->code, (size_t)here * d->coded))
      return wd_fail(err, WD_ERR_DIVERGED, "the decoders of %s give what is not finite",
                     wd_model_folder(d->model));
    if (velocity) memcpy(velocity + first * d->cells, d->map, (size_t)here * d->cells * sizeof *velocity);
    for (int i = 0; i < here && gathers; i++) {
      wd_gather to = {g->shots, g->samples, g->receivers, g->dt, gathers + (first + (size_t)i) * d->samples};
      st = wd_codec_decode(wd_model_codec(d->model), d->code + (size_t)i * d->coded, &to, err);
      if (st) return st;
    }
    first += (size_t)here;
  }
  return WD_OK;
}
