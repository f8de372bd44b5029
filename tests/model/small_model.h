/* A model small enough for tests: maps of 8 x 8, gathers of 2 shots x 32 samples (16 instants) x 8 receivers,
 * random weights everywhere (fresh networks start many at zero). */
#ifndef WD_TEST_SMALL_MODEL_H
#define WD_TEST_SMALL_MODEL_H

#include "model/model.h"
#include "solver/memory.h"
#include "solver/random.h"

#include <math.h>
#include <string.h>

static inline wd_model_config small_model_config(void) {
  return (wd_model_config){
      .geometry = {.nz = 8, .nx = 8, .shots = 2, .samples = 32, .receivers = 8, .instants = 16},
      .log_scale = 2,
      .direct_scale = 3,
      .scattered_scale = 0.5,
      .stage1 = {.latent = 4,
                 .codes = 64,
                 .velocity_width = 8,
                 .seismic_width = 16,
                 .velocity_blocks = 1,
                 .seismic_blocks = 1,
                 .heads = 2,
                 .groups = 2},
      .stage2 = {.width = 8, .blocks = 1, .heads = 2, .groups = 2, .timesteps = 100}};
}

/* Every weight drawn afresh; codes brought to root mean square 1, as training leaves them. */
static inline wd_status small_model_draw(wd_model *m, uint64_t seed, wd_error *err) {
  wd_status st = WD_OK;
  for (int stage = WD_STAGE1; stage <= WD_STAGE2 && !st; stage++) {
    wd_params *p = wd_model_params(m, (wd_stage)stage);
    for (int i = 0; p && i < p->count && !st; i++) {
      const wd_param *w = &p->param[i];
      float *v = (float *)wd_alloc(w->count, sizeof *v);
      if (!v) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory");
      wd_random_normals(seed, (uint64_t)(stage * 1000 + i), 0, w->count, v);
      bool gamma = w->shape.rank == 1, book = strstr(w->name, "codebook") != NULL;
      int inputs = 1;
      for (int k = 1; k < w->shape.rank; k++) inputs *= w->shape.dim[k];
      for (size_t k = 0; k < w->count && !book; k++)
        v[k] = gamma ? 0.5f + 0.2f * v[k] : v[k] / sqrtf((float)inputs);
      int c = wd_shape_channels(w->shape);
      for (size_t k = 0; k + (size_t)c <= w->count && book; k += (size_t)c) {
        double sum = 0;
        for (int j = 0; j < c; j++) sum += (double)v[k + (size_t)j] * (double)v[k + (size_t)j];
        for (int j = 0; j < c; j++) v[k + (size_t)j] *= (float)sqrt(c / sum);
      }
      st = wd_params_set(p, i, v, err);
      wd_free(v);
    }
    if (p) wd_params_changed(p);
  }
  return st;
}

#endif
