/* Chores: small work for which there is no place in the recording (session.h). Each is one unit; it looks at
 * its cancel flag between denoising steps and inside of the solver, and then begins anew. */
#include "app/engine_impl.h"
#include "app/i18n.h"

#include "model/test_latent.h"

#include <string.h>

WdChore *wd_chore_copy(const WdChore *chore) {
  WdChore *c = g_memdup2(chore, sizeof *chore);
  if (c->latent) g_bytes_ref(c->latent);
  return c;
}

void wd_chore_free(WdChore *chore) {
  if (!chore) return;
  if (chore->latent) g_bytes_unref(chore->latent);
  g_free(chore);
}

void wd_chore_done_free(WdChoreDone *done) {
  if (!done) return;
  if (done->latent) g_bytes_unref(done->latent);
  wd_map_clear(&done->velocity);
  g_free(done);
}

/* x_T to the data: the call that `wavediffusion-cli interpolate` makes. */
static wd_status denoise(WdEngine *e, const WdChore *c, GBytes **out, wd_error *err) {
  const WdWorks *w = e->works;
  if (!w->denoiser)
    return wd_fail(err, WD_ERR_UNSUPPORTED, _("the model %s has no denoiser (stage 2)"), w->info->name);
  wd_hooks hooks = wd_engine_hooks(e);
  const wd_sampler_desc desc = {.plan = c->recipe.plan,
                                .n = 1,
                                .seed = &c->recipe.seed,
                                .family = &c->recipe.family,
                                .latents = g_bytes_get_data(c->latent, NULL)};
  wd_sampler *s = NULL;
  wd_status st = wd_sampler_create(w->denoiser, &desc, &s, err);
  if (!st) st = wd_sampler_run(s, wd_sampler_steps(s), &hooks, err);
  if (!st)
    *out =
        g_bytes_new(wd_sampler_latents(s, wd_sampler_steps(s)), (gsize)w->info->latent.count * sizeof(float));
  wd_sampler_destroy(s);
  return st;
}

static wd_status encode_test(WdEngine *e, guint64 i, GBytes **out, wd_error *err) {
  WdWorks *w = e->works;
  wd_hooks hooks = wd_engine_hooks(e);
  wd_status st = WD_OK;
  if (!w->encoder)
    st = wd_encoder_create(w->model, &(wd_coder_desc){.batch = wd_model_batch(w->device)}, &w->encoder, err);
  gsize bytes = (gsize)w->info->latent.count * sizeof(float);
  float *latent = g_malloc(bytes);
  if (!st) {
    atomic_fetch_add(&e->simulations, 1);
    st = wd_test_latent(w->model, w->encoder, w->residual[1], i, latent, &hooks, err);
  }
  if (!st) *out = g_bytes_new(latent, bytes);
  g_free(latent);
  return st;
}

static wd_status decode(WdEngine *e, WdChoreDone *d, wd_error *err) {
  WdWorks *w = e->works;
  const wd_shard_desc *g = &w->info->geometry;
  const WdChore *c = &d->chore;
  wd_hooks hooks = wd_engine_hooks(e);
  wd_gather gather = {0};
  wd_map map = {0};
  wd_status st = wd_map_create(g->nz, g->nx, g->spacing, &map, err);
  if (!st && c->score) st = wd_gather_create(g->shots, g->samples, g->receivers, g->dt, &gather, err);
  if (!st)
    st = wd_pair_decoder_run(w->decoder, 1, g_bytes_get_data(d->latent, NULL), map.value, gather.value,
                             &hooks, err);
  if (!st && c->score) {
    atomic_fetch_add(&e->simulations, 1);
    st = wd_residual_measure(w->residual[0], 1, map.value, gather.value, &d->live, &hooks, err);
    d->scored = !st;
  }
  if (st == WD_OK || wd_status_is_fault(st)) { /* a map that the solver refuses is still one to look at */
    d->velocity = map;
    map = (wd_map){0};
  }
  wd_map_clear(&map);
  wd_gather_clear(&gather);
  return st;
}

wd_status wd_engine_chore(WdEngine *e, const WdChore *chore, WdChoreDone **out, wd_error *err) {
  gint64 start = g_get_monotonic_time();
  WdChoreDone *d = g_new0(WdChoreDone, 1);
  d->chore = *chore;
  d->chore.latent = NULL;
  wd_status st =
      e->works ? wd_engine_injected(e, err) : wd_fail(err, WD_ERR_ARGUMENT, _("no model is loaded"));
  if (!st && chore->kind == WD_CHORE_TEST_PAIR)
    st = encode_test(e, chore->index, &d->latent, err);
  else if (!st && chore->noise)
    st = denoise(e, chore, &d->latent, err);
  else if (!st)
    d->latent = g_bytes_ref(chore->latent);
  if (!st && (chore->velocity || chore->score)) st = decode(e, d, err);
  d->seconds = (double)(g_get_monotonic_time() - start) * 1e-6;
  if (wd_status_is_fault(st)) {
    d->error = *err;
    *err = (wd_error){0};
    st = WD_OK;
  }
  if (st)
    wd_chore_done_free(d);
  else
    *out = d;
  return st;
}
