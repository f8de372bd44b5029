/* What `sample` says of what it did: recipe.json, and the table or the JSON at the end. */
#include "app/cli/sample.h"

#include "solver/family.h"

#include <stdio.h>

static json_t *seed_json(uint64_t seed) {
  char text[24];
  snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
  return seed < UINT64_C(1) << 53 ? json_integer((json_int_t)seed) : json_string(text);
}

/* {"not_finite": .., "refused": .., "samples": [{"seed", "by", "why"}]}; NULL: without faults. */
static json_t *faults_json(const sample_job *j) {
  if (!j->faults) return NULL;
  json_t *list = json_array();
  size_t refused = 0;
  for (size_t i = 0; i < j->faults; i++) {
    const sample_fault *f = &j->fault[i];
    refused += f->blame == SAMPLE_SOLVER;
    json_array_append_new(list, json_pack("{s:o, s:s, s:s}", "seed", seed_json(j->seeds.seed[f->at]), "by",
                                          f->blame == SAMPLE_SOLVER ? "solver" : "network", "why", f->why));
  }
  return json_pack("{s:I, s:I, s:o}", "not_finite", (json_int_t)(j->faults - refused), "refused",
                   (json_int_t)refused, "samples", list);
}

json_t *sample_recipe(const sample_job *j) {
  const sample_args *a = j->args;
  const wd_schedule *schedule = wd_denoiser_schedule(j->denoiser);
  const wd_latent_shape l = wd_model_latent(j->model);
  json_t *timesteps = json_array(), *snr = json_array();
  for (int k = 0; k < j->positions; k++) {
    wd_sampler_level at = j->level[k];
    json_array_append_new(timesteps, json_integer(at.timestep));
    json_array_append_new(snr, cli_real(at.log_snr));
  }
  static const char *const precision[] = {"f32", "bf16"};
  const char *family = a->family == WD_FAMILIES + 1 ? "all" : family_word(a->family - 1);
  json_t *o = json_pack(
      "{s:s, s:i, s:s, s:o, s:s, s:I, s:s, s:s, s:i, s:f, s:f, s:s, s:i, s:o, s:o, s:[i,i,i], s:o, s:s}",
      "format", "wavediffusion-run", "version", 1, "command", "sample", "model", model_describe(j->model),
      "seeds", a->seeds, "count", (json_int_t)j->seeds.count, "family", family, "sampler",
      wd_sampler_name((wd_sampler_kind)a->sampler), "steps", j->end, "eta", a->eta, "guidance", a->guidance,
      "schedule", wd_schedule_name(schedule->kind), "model_timesteps", schedule->timesteps, "timesteps",
      timesteps, "log_snr", snr, "latent", l.channels, l.height, l.width, "geometry",
      geometry_describe(j->model), "precision", precision[a->precision]);
  if (!o) return NULL;
  const wd_device_info *d = wd_device_get_info(j->device);
  static const char *const kind[] = {"reference", "check", "cpu", "cuda"};
  json_object_set_new(o, "device", json_string(kind[d->kind]));
  json_object_set_new(o, "simd_lanes", json_integer(d->lanes)); /* other widths sum in another order */
  if (a->latents)
    json_object_set_new(o, "start",
                        json_pack("{s:s, s:i, s:b}", "latents", a->latents, "timestep", j->level[0].timestep,
                                  "renoise", (int)(a->renoise || a->strength > 0)));
  if (j->n_branches) { /* steps: all of them; run_steps: those that the run was planned with */
    json_t *list = json_array();
    for (int b = 0; b < j->n_branches; b++) json_array_append_new(list, branch_describe(&j->branches[b]));
    json_object_set_new(o, "run_steps", json_integer(a->steps));
    json_object_set_new(o, "branches", list);
  }
  json_object_set_new(
      o, "score",
      j->every ? json_pack("{s:i, s:s}", "every", j->every, "mode", wd_wave_mode_name((wd_wave_mode)a->mode))
               : json_null());
  if (j->faults) json_object_set_new(o, "faults", faults_json(j));
  return o;
}

/* How many are not whole, and why: the first ones with their words. */
static void print_faults(const sample_job *j) {
  enum { TOLD = 10 };
  size_t refused = 0;
  for (size_t i = 0; i < j->faults; i++) refused += j->fault[i].blame == SAMPLE_SOLVER;
  const size_t lost = j->faults - refused;
  printf("%zu of %zu samples are not whole:", j->faults, j->seeds.count);
  if (refused) printf(" %zu refused by the solver%s", refused, lost ? "," : "");
  if (lost) printf(" %zu not finite", lost);
  printf("\n");
  for (size_t i = 0; i < j->faults && i < TOLD; i++)
    printf("  seed %llu: %s\n", (unsigned long long)j->seeds.seed[j->fault[i].at], j->fault[i].why);
  if (j->faults > TOLD) printf("  and %zu more; recipe.json has them all\n", j->faults - TOLD);
}

/* Not one sample is whole. */
static wd_status nothing(const sample_job *j, wd_error *err) {
  const sample_fault *f = &j->fault[0];
  const char *what = j->every ? "scored" : "drawn";
  const unsigned long long seed = j->seeds.seed[f->at];
  if (j->seeds.count == 1)
    return wd_fail(err, WD_ERR_DIVERGED, "nothing could be %s: seed %llu: %s", what, seed, f->why);
  return wd_fail(err, WD_ERR_DIVERGED,
                 "none of %zu samples could be %s; recipe.json has the reasons, as seed %llu: %s",
                 j->seeds.count, what, seed, f->why);
}

wd_status sample_report(const sample_job *j, double seconds, wd_error *err) {
  const sample_args *a = j->args;
  const wd_device_info *d = wd_device_get_info(j->device);
  if (j->faults == j->seeds.count) return nothing(j, err);
  json_t *final = j->every ? residual_summary(j->last, j->seeds.count, err) : NULL;
  if (j->every && !final) return WD_ERR_NO_MEMORY;
  double step = j->steps ? 1e3 * j->sampling / (double)j->steps : 0;
  double decode = j->decoded ? 1e3 * j->decoding / (double)j->decoded : 0;
  const char *sampler = wd_sampler_name((wd_sampler_kind)a->sampler);
  const char *mode = j->every ? wd_wave_mode_name((wd_wave_mode)a->mode) : NULL;
  if (j->c->json) {
    json_t *o = json_pack("{s:s, s:I, s:s, s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "output", a->output,
                          "samples", (json_int_t)j->seeds.count, "sampler", sampler, "steps", j->end,
                          "device", d->spec, "device_name", d->name, "model", wd_model_identity(j->model),
                          "seconds", cli_real(seconds), "step_ms", cli_real(step), "decode_ms",
                          cli_real(decode), "peak_memory_mib", cli_real(peak_memory()));
    if (o && j->every) {
      json_object_set_new(o, "mode", json_string(mode));
      json_object_set_new(o, "scored_pairs", json_integer((json_int_t)j->scored));
      json_object_set_new(o, "score_ms", cli_real(j->scored ? 1e3 * j->scoring / (double)j->scored : 0));
      json_object_set_new(o, "final", final);
    }
    if (o && j->faults) json_object_set_new(o, "faults", faults_json(j));
    return cli_print_json(o, err);
  }
  printf("%s: %zu pairs, %s with %d steps on %s, %.3g s (%.3g ms a step, %.3g ms a decoded pair)\n",
         a->output, j->seeds.count, sampler, j->end, d->name, seconds, step, decode);
  if (j->every) {
    printf("%zu pairs scored in %s mode; the finished ones:\n", j->scored, mode);
    residual_print(final);
    json_decref(final);
  }
  if (j->faults) print_faults(j);
  return WD_OK;
}
