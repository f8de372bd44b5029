/* rank --test-pairs: how often flags are raised by pairs that have no fault. A true pair of the test split is
 * its map, its gathers in exact mode through the temporal codec (the best that a decoder could give), and the
 * latent that the model's encoder makes of the two; the reference is the simulation in the mode asked for. */
#include "app/cli/rank.h"

#include "app/cli/pairs.h"
#include "app/flags.h"
#include "app/sample_measure.h"
#include "model/encoder.h"
#include "solver/family.h"
#include "solver/memory.h"
#include "solver/parallel.h"
#include "solver/reflection.h"

#include <math.h>

typedef struct bench {
  cli *c;
  const rank_args *a;
  wd_device *device;
  wd_model *model;
  wd_encoder *encoder;
  wd_survey *survey;
  WdPopulation *p;
  float *coded, *latent;
  int threads;
} bench;

static void bench_close(bench *b) {
  wd_population_free(b->p);
  wd_free(b->coded);
  wd_free(b->latent);
  wd_survey_destroy(b->survey);
  wd_encoder_destroy(b->encoder);
  wd_model_close(b->model);
  wd_device_close(b->device);
}

static wd_status set_up(bench *b, wd_error *err) {
  const char *mode = wd_wave_mode_name((wd_wave_mode)b->a->mode);
  wd_status st =
      model_open(b->c, b->a->device, mode, b->a->model ? b->a->model : "default", &b->device, &b->model, err);
  if (!st)
    st = wd_encoder_create(b->model, &(wd_coder_desc){.batch = wd_model_batch(b->device)}, &b->encoder, err);
  if (!st) st = wd_model_survey(b->model, &b->survey, err);
  if (st) return st;
  const wd_model_config *config = wd_model_get_config(b->model);
  const wd_shard_desc *g = &config->geometry;
  const wd_device_info *d = wd_device_get_info(b->device);
  b->threads = d->kind == WD_DEVICE_CUDA ? wd_cores() : d->threads;
  b->p = wd_population_new();
  b->p->mode = (wd_wave_mode)b->a->mode;
  b->p->geometry = *g;
  b->p->velocity_min = config->velocity_min;
  b->p->velocity_max = config->velocity_max;
  b->p->latent = wd_model_latent(b->model);
  b->coded = wd_calloc((size_t)g->shots * (size_t)g->instants * (size_t)g->receivers, sizeof(float));
  b->latent = wd_calloc((size_t)b->p->latent.count, sizeof(float));
  return b->coded && b->latent ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a coded gather");
}

/* The true gathers, through the codec. */
static wd_status make_gathers(bench *b, const wd_gather *exact, wd_gather *out, wd_error *err) {
  wd_status st = wd_codec_encode(wd_model_codec(b->model), exact, b->coded, err);
  if (!st) st = wd_gather_create(exact->shots, exact->samples, exact->receivers, exact->dt, out, err);
  if (!st) st = wd_codec_decode(wd_model_codec(b->model), b->coded, out, err);
  return st;
}

static wd_status one_pair(bench *b, int i, wd_error *err) {
  const wd_family family = (wd_family)(i % WD_FAMILIES);
  wd_hooks quiet = {.cancel = b->c->hooks.cancel};
  wd_map v = {0};
  wd_gather exact = {0}, full = {0}, top = {0}, s = {0};
  WdSample *sample = wd_sample_new(b->p);
  sample->seed = (guint64)i;
  sample->family = (int)family;
  const wd_wave_desc mode = {.mode = (wd_wave_mode)b->a->mode}, true_mode = {.mode = WD_WAVE_EXACT};
  wd_status st = wd_family_generate(family, WD_FAMILY_TEST_SEED,
                                    wd_family_test_index((uint64_t)(i / WD_FAMILIES)), &v, err);
  if (!st) st = wd_reflection_simulate(b->device, b->survey, &mode, &v, &quiet, &full, &top, err);
  if (!st && mode.mode != WD_WAVE_EXACT)
    st = wd_reflection_simulate(b->device, b->survey, &true_mode, &v, &quiet, &exact, NULL, err);
  if (!st) st = make_gathers(b, exact.value ? &exact : &full, &s, err);
  const float *map = v.value, *coded = b->coded;
  if (!st) st = wd_encoder_run(b->encoder, 1, &map, &coded, b->latent, NULL, &quiet, err);
  const WdSampleDesc desc = {.survey = b->survey,
                             .mode = mode.mode,
                             .velocity = &v,
                             .gathers = &s,
                             .full = &full,
                             .top = &top,
                             .latent = b->latent,
                             .numbers = (gsize)b->p->latent.count,
                             .velocity_min = b->p->velocity_min,
                             .velocity_max = b->p->velocity_max,
                             .threads = b->threads,
                             .quick = TRUE};
  if (!st) st = wd_sample_measure(b->p, &desc, sample, &quiet, err);
  if (!st) {
    g_clear_pointer(&sample->map, g_free); /* counted, not kept */
    g_clear_pointer(&sample->picture, g_free);
    g_clear_pointer(&sample->latent, g_bytes_unref);
    wd_population_add(b->p, sample);
  } else {
    wd_sample_free(sample);
  }
  wd_map_clear(&v);
  wd_gather_clear(&exact);
  wd_gather_clear(&full);
  wd_gather_clear(&top);
  wd_gather_clear(&s);
  return st;
}

static wd_status report(bench *b, wd_error *err) {
  const guint n = wd_population_count(b->p), nothing = 1u << WD_FLAG_NOTHING;
  guint raised = 0, count[WD_FLAGS] = {0};
  for (guint i = 0; i < n; i++) {
    const WdSample *s = wd_population_nth(b->p, i);
    raised += (s->flags & ~nothing) != 0;
    for (int f = 0; f < WD_FLAGS; f++) count[f] += s->flags >> f & 1;
  }
  const WdSpread shell = wd_population_spread(b->p, WD_VALUE_SHELL, NULL);
  const WdSpread r = wd_population_spread(b->p, WD_METRIC_REFLECTION_RESIDUAL, NULL);
  const WdSpread held = wd_population_spread(b->p, WD_VALUE_HELD, NULL);
  if (b->c->json) {
    json_t *flags = json_object();
    for (int f = 0; f < WD_FLAGS; f++)
      json_object_set_new(flags, wd_flag_get_info(f)->key, json_integer(count[f]));
    return cli_print_json(json_pack("{s:i, s:o, s:i, s:o, s:[o,o,o], s:[o,o], s:[o,o]}", "test_pairs", (int)n,
                                    "flags", flags, "false_alarms", (int)raised, "false_alarm_rate",
                                    cli_real((double)raised / n), "shell", cli_real(shell.least),
                                    cli_real(shell.median), cli_real(shell.largest), "reflection_residual",
                                    cli_real(r.median), cli_real(r.largest), "held", cli_real(held.p95),
                                    cli_real(held.largest)),
                          err);
  }
  printf("%u true pairs of the test split, %s mode: %u raise a flag without reason (%.2g %%)\n", n,
         wd_wave_mode_name(b->p->mode), raised, 100.0 * raised / n);
  for (int f = 0; f < WD_FLAGS; f++)
    printf("  %-10s %4u%s\n", wd_flag_get_info(f)->key, count[f],
           f == WD_FLAG_NOTHING ? "  (almost homogeneous maps: true, and not counted)" : "");
  printf("r_R median %.2g, largest %.2g; |z|/sqrt(d) %.3f to %.3f, median %.3f; cells held at the range at "
         "most %.2f\n",
         r.median, r.largest, shell.least, shell.largest, shell.median, held.largest);
  for (guint i = 0; i < n; i++) {
    const WdSample *s = wd_population_nth(b->p, i);
    if (!(s->flags & ~nothing)) continue;
    g_autofree char *flags = wd_flags_text(s->flags & ~nothing);
    printf("pair %u (%s): %s, r_R %.3g, v %.0f to %.0f m/s, held %.2f, |z|/sqrt(d) %.3f\n", i,
           wd_sample_family(s), flags, s->value[0], s->value[WD_VALUE_V_MIN], s->value[WD_VALUE_V_MAX],
           s->value[WD_VALUE_HELD], s->value[WD_VALUE_SHELL]);
  }
  return WD_OK;
}

wd_status rank_test_pairs(cli *c, const rank_args *a, wd_error *err) {
  bench b = {.c = c, .a = a};
  wd_status st = set_up(&b, err);
  if (!st) cli_progress_begin(c, "rank", "pairs", a->test_pairs, 0);
  for (int i = 0; i < a->test_pairs && !st; i++) {
    st = one_pair(&b, i, err);
    if (!st && cli_cancelled(c))
      st = wd_fail(err, WD_CANCELLED, "stopped after %d of %d pairs", i, a->test_pairs);
    if (!st) cli_progress_set(c, i + 1);
  }
  if (!st) cli_progress_end(c);
  if (!st) st = report(&b, err);
  bench_close(&b);
  return st;
}
