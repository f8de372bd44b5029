/* What `sample` says of what it did: recipe.json, and the table or the JSON at the end. */
#include "app/cli/sample.h"

#include "solver/family.h"

#include <stdio.h>

static fault_words words_of(const sample_job *j) {
  return (fault_words){.count = j->seeds.count,
                       .many = "samples",
                       .one = "seed",
                       .done = j->every ? "scored" : "drawn",
                       .file = "recipe.json",
                       .number = j->seeds.seed};
}

json_t *sample_recipe(const sample_job *j) {
  const sample_args *a = j->args;
  const fault_words words = words_of(j);
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
  if (j->faults.count) json_object_set_new(o, "faults", faults_json(&j->faults, &words));
  return o;
}

wd_status sample_report(const sample_job *j, double seconds, wd_error *err) {
  const sample_args *a = j->args;
  const wd_device_info *d = wd_device_get_info(j->device);
  const fault_words words = words_of(j);
  const wd_status st = faults_all(&j->faults, &words, err);
  if (st) return st;
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
    if (o && j->faults.count) json_object_set_new(o, "faults", faults_json(&j->faults, &words));
    return cli_print_json(o, err);
  }
  printf("%s: %zu pairs, %s with %d steps on %s, %.3g s (%.3g ms a step, %.3g ms a decoded pair)\n",
         a->output, j->seeds.count, sampler, j->end, d->name, seconds, step, decode);
  if (j->every) {
    printf("%zu pairs scored in %s mode; the finished ones:\n", j->scored, mode);
    residual_print(final);
    json_decref(final);
  }
  faults_print(&j->faults, &words);
  return WD_OK;
}
