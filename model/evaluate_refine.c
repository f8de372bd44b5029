/* What refinement makes of generated latents: the residual before, at every step, and after. The latents are
 * decoded by their nearest codes, as everything else here and on screen is. */
#include "model/evaluate_impl.h"

#include "model/refine.h"

static wd_status refine_one(wd_evaluation *e, int i, const wd_hooks *hooks, wd_error *err) {
  wd_evaluation_result *r = &e->result;
  const wd_refine_desc desc = {.residual = {.wave = {.mode = e->desc.mode}, .quantise = true}};
  wd_sampler *sampler = NULL;
  wd_refine *refine = NULL;
  const wd_hooks quiet = {.cancel = hooks ? hooks->cancel : NULL};
  wd_status st = wd_evaluation_sampler(e, i, 1, &sampler, err);
  if (!st) st = wd_sampler_run(sampler, wd_sampler_steps(sampler), &quiet, err);
  if (!st)
    st = wd_refine_create(e->model, 1, wd_sampler_latents(sampler, wd_sampler_steps(sampler)), &desc, &refine,
                          err);
  if (!st) st = wd_refine_start(refine, &quiet, err);
  for (int k = 0; k <= r->refine_steps && !st; k++) {
    if (k) st = wd_refine_step(refine, &quiet, err);
    if (!st) r->refinement[(size_t)k * (size_t)r->refined + (size_t)i] = wd_refine_get(refine, k, 0)->measure;
    wd_hooks_progress(hooks, (k + 1.0) / (r->refine_steps + 1.0));
  }
  wd_refine_destroy(refine);
  wd_sampler_destroy(sampler);
  return st;
}

wd_status wd_evaluate_refined(wd_evaluation *e, const wd_hooks *hooks, wd_error *err) {
  wd_evaluation_result *r = &e->result;
  wd_status st = WD_OK;
  int n = e->desc.refined;
  r->refine_steps = e->desc.refine_steps;
  r->refined = n;
  r->refinement =
      wd_evaluation_array((size_t)n * ((size_t)r->refine_steps + 1), sizeof(wd_measure), &st, err);
  for (int i = 0; i < n && !st; i++) {
    wd_hooks_part part;
    st = refine_one(e, i, wd_hooks_part_of(&part, hooks, (double)i / n, 1.0 / n), err);
  }
  return st;
}
