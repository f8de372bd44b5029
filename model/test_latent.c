#include "model/test_latent.h"

#include "solver/family.h"
#include "solver/memory.h"

wd_status wd_test_latent(wd_model *model, wd_encoder *encoder, wd_residual *exact, uint64_t i, float *latent,
                         const wd_hooks *hooks, wd_error *err) {
  const wd_shard_desc *g = &wd_model_get_config(model)->geometry;
  const wd_family family = (wd_family)(i % WD_FAMILIES);
  const uint64_t index = wd_family_test_index(i / WD_FAMILIES);
  wd_map map = {0};
  wd_status st =
      g->nz == 70 && g->nx == 70 && g->spacing == 10
          ? wd_family_generate(family, WD_FAMILY_TEST_SEED, index, &map, err)
          : wd_family_generate_sized(family, WD_FAMILY_TEST_SEED, index, g->nz, g->nx, g->spacing, &map, err);
  float *coded = wd_alloc((size_t)g->shots * (size_t)g->instants * (size_t)g->receivers, sizeof *coded);
  if (!st && !coded) st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for coded gathers");
  const wd_hooks quiet = {.cancel = hooks ? hooks->cancel : NULL};
  if (!st) st = wd_residual_simulate(exact, 1, map.value, &quiet, err);
  if (!st) st = wd_codec_encode(wd_model_codec(model), wd_residual_full(exact, 0), coded, err);
  const float *velocity = map.value, *gathers = coded;
  if (!st) st = wd_encoder_run(encoder, 1, &velocity, &gathers, latent, NULL, &quiet, err);
  wd_free(coded);
  wd_map_clear(&map);
  return st;
}
