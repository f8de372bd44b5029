#include "app/cli/population.h"

#include "app/sample_measure.h"
#include "app/status_error.h"
#include "solver/parallel.h"

#include <math.h>
#include <unistd.h>

struct population_sink {
  WdPopulation *p;
  const wd_survey *survey;
  int threads;
  gsize numbers;
};

static char *device_name(const wd_device_info *d) {
  return g_strdup(d->name);
}

wd_status population_sink_open(const population_sink_desc *desc, population_sink **out, wd_error *err) {
  (void)err;
  const wd_model_config *config = wd_model_get_config(desc->model);
  const wd_device_info *d = wd_device_get_info(wd_model_device(desc->model));
  population_sink *s = g_new0(population_sink, 1);
  WdPopulation *p = s->p = wd_population_new();
  g_free(p->model);
  g_free(p->identity);
  g_free(p->device);
  g_free(p->precision);
  p->model = g_strdup(wd_model_name(desc->model));
  p->identity = g_strdup(wd_model_identity(desc->model));
  wd_population_set_folder(p, wd_model_folder(desc->model));
  p->device = device_name(d);
  p->precision = g_strdup(desc->precision == WD_PRECISION_BF16 ? "bf16" : "f32");
  p->mode = desc->mode;
  p->plan = desc->plan;
  p->geometry = config->geometry;
  p->velocity_min = config->velocity_min;
  p->velocity_max = config->velocity_max;
  p->latent = wd_model_latent(desc->model);
  for (int k = 0; k < desc->positions; k++) {
    if (k % desc->every != 0 && k != desc->positions - 1) continue;
    const WdWayStep w = {k, desc->level[k].timestep, desc->level[k].log_snr, NAN, NAN, NAN};
    g_array_append_val(p->way, w);
  }
  s->survey = desc->survey;
  s->threads = d->kind == WD_DEVICE_CUDA ? wd_cores() : d->threads;
  s->numbers = (gsize)p->latent.count;
  *out = s;
  return WD_OK;
}

wd_status population_sink_add(population_sink *sink, const population_sample *sample, const wd_hooks *hooks,
                              wd_error *err) {
  if (!sink) return WD_OK;
  WdPopulation *p = sink->p;
  const wd_shard_desc *g = &p->geometry;
  WdSample *s = wd_sample_new(p);
  s->seed = sample->seed;
  s->family = sample->family;
  s->fault = g_strdup(sample->fault);
  for (guint k = 0; k < p->way->len; k++)
    s->way[k] = (float)sample->way[2 * g_array_index(p->way, WdWayStep, k).step + 1].reflection_residual;
  if (!sample->velocity) { /* nothing to measure but what is left of it */
    if (sample->latent) s->latent = g_bytes_new(sample->latent, sink->numbers * sizeof *sample->latent);
    wd_population_add(p, s);
    return WD_OK;
  }
  const wd_map map = {g->nz, g->nx, g->spacing, (float *)sample->velocity}; /* only read */
  const wd_gather gather = {g->shots, g->samples, g->receivers, g->dt, (float *)sample->gathers};
  const WdSampleDesc desc = {.survey = sink->survey,
                             .mode = p->mode,
                             .velocity = &map,
                             .gathers = &gather,
                             .full = sample->full,
                             .top = sample->top,
                             .latent = sample->latent,
                             .numbers = sink->numbers,
                             .velocity_min = p->velocity_min,
                             .velocity_max = p->velocity_max,
                             .threads = sink->threads};
  wd_status st = wd_sample_measure(p, &desc, s, hooks, err);
  if (st) {
    wd_sample_free(s);
    return st;
  }
  wd_population_add(p, s);
  return WD_OK;
}

wd_status population_sink_save(population_sink *sink, const char *folder, wd_error *err) {
  g_autofree char *path = g_build_filename(folder, WD_POPULATION_NAME, NULL);
  GError *error = NULL;
  if (!sink) {
    unlink(path); /* of other samples than those that are beside it now */
    return WD_OK;
  }
  wd_population_find_bands(sink->p);
  if (wd_population_save(sink->p, path, &error)) return WD_OK;
  wd_status st = wd_fail(err, wd_status_of_error(error), "%s", error->message);
  g_error_free(error);
  return st;
}

void population_sink_free(population_sink *sink) {
  if (!sink) return;
  wd_population_free(sink->p);
  g_free(sink);
}
