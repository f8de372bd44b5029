/* rank --test-pairs: how often flags are raised by true pairs of the test split.
 *
 * Through "codec": the map, its gathers in exact mode through the temporal codec (the best that a decoder
 * could give), and the latent that the model's encoder makes of the two; the reference is the simulation in
 * the mode asked for. Such a pair has no fault: what is raised is raised without reason.
 *
 * Through "stage1": the map and the gathers that the model's decoders make of that latent, against the
 * simulation of the decoded map: the errors are the autoencoder's, and flags may well have a reason.
 *
 * Noise of the wavelet's band, as loud as asked for and alike on all traces, is what no flag is about: it
 * takes r_R over the floor under which most rules do not look at a pair at all. */
#include "app/cli/rank.h"

#include "app/cli/pairs.h"
#include "app/flags.h"
#include "app/sample_measure.h"
#include "model/encoder.h"
#include "model/pair_decoder.h"
#include "solver/family.h"
#include "solver/memory.h"
#include "solver/parallel.h"
#include "solver/random.h"
#include "solver/reflection.h"

#include <math.h>

typedef struct bench {
  cli *c;
  const rank_args *a;
  wd_device *device;
  wd_model *model;
  wd_encoder *encoder;
  wd_pair_decoder *decoder; /* stage1 */
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
  wd_pair_decoder_destroy(b->decoder);
  wd_model_close(b->model);
  wd_device_close(b->device);
}

static wd_status set_up(bench *b, wd_error *err) {
  const char *mode = wd_wave_mode_name((wd_wave_mode)b->a->mode);
  wd_status st =
      model_open(b->c, b->a->device, mode, b->a->model ? b->a->model : "default", &b->device, &b->model, err);
  if (!st)
    st = wd_encoder_create(b->model, &(wd_coder_desc){.batch = wd_model_batch(b->device)}, &b->encoder, err);
  if (!st && b->a->through)
    st = wd_pair_decoder_create(b->model, wd_model_batch(b->device), WD_PRECISION_F32, &b->decoder, err);
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

/* Noise of the wavelet's band on every trace, all of it `level` times the norm of the reflections. */
static wd_status add_noise(const bench *b, int pair, const wd_gather *full, const wd_gather *top,
                           wd_gather *s, wd_error *err) {
  const wd_shard_desc *g = &b->p->geometry;
  const double frequency = g->frequency > 0 ? g->frequency : b->survey->frequency;
  const int n = s->samples, r = s->receivers, length = (int)(2.2 / frequency / s->dt) | 1;
  float *wavelet = wd_calloc((size_t)length, sizeof(float)), *white = wd_calloc((size_t)n, sizeof(float)),
        *band = wd_calloc(wd_gather_count(s), sizeof(float));
  wd_status st = wavelet && white && band ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for noise");
  double own = 0, reflections = 0;
  if (!st) wd_ricker(frequency, s->dt, length, wavelet);
  for (int k = 0; k < s->shots * r && !st; k++) {
    wd_random_normals(0x6e6f697365, (uint64_t)pair << 16 | (uint64_t)k, 0, (uint64_t)n, white);
    for (int t = 0; t < n; t++) {
      double sum = 0;
      for (int j = 0; j < length && j <= t; j++) sum += (double)wavelet[j] * (double)white[t - j];
      const size_t at = ((size_t)(k / r) * (size_t)n + (size_t)t) * (size_t)r + (size_t)(k % r);
      band[at] = (float)sum;
      own += sum * sum;
      reflections += pow((double)full->value[at] - (double)top->value[at], 2);
    }
  }
  const double gain = own > 0 ? b->a->noise * sqrt(reflections / own) : 0;
  for (size_t i = 0; i < wd_gather_count(s) && !st; i++) s->value[i] += (float)(gain * (double)band[i]);
  wd_free(wavelet);
  wd_free(white);
  wd_free(band);
  return st;
}

typedef struct pair {
  wd_map v; /* the one that the gathers are held against */
  wd_gather exact, full, top, s;
} pair;

static void pair_clear(pair *x) {
  wd_map_clear(&x->v);
  wd_gather_clear(&x->exact);
  wd_gather_clear(&x->full);
  wd_gather_clear(&x->top);
  wd_gather_clear(&x->s);
}

/* The true pair of a map: its simulations, its gathers through the codec, the encoder's latent. */
static wd_status true_pair(bench *b, pair *x, const wd_hooks *quiet, wd_error *err) {
  const wd_wave_desc mode = {.mode = (wd_wave_mode)b->a->mode}, true_mode = {.mode = WD_WAVE_EXACT};
  wd_status st = wd_reflection_simulate(b->device, b->survey, &mode, &x->v, quiet, &x->full, &x->top, err);
  if (!st && mode.mode != WD_WAVE_EXACT)
    st = wd_reflection_simulate(b->device, b->survey, &true_mode, &x->v, quiet, &x->exact, NULL, err);
  if (!st) st = make_gathers(b, x->exact.value ? &x->exact : &x->full, &x->s, err);
  const float *map = x->v.value, *coded = b->coded;
  if (!st) st = wd_encoder_run(b->encoder, 1, &map, &coded, b->latent, NULL, quiet, err);
  return st;
}

/* In its place what the decoders make of that latent. */
static wd_status decode_pair(bench *b, pair *x, const wd_hooks *quiet, wd_error *err) {
  const wd_wave_desc mode = {.mode = (wd_wave_mode)b->a->mode};
  wd_gather_clear(&x->full);
  wd_gather_clear(&x->top);
  wd_status st = wd_pair_decoder_run(b->decoder, 1, b->latent, x->v.value, x->s.value, quiet, err);
  if (!st) st = wd_reflection_simulate(b->device, b->survey, &mode, &x->v, quiet, &x->full, &x->top, err);
  return st;
}

static wd_status one_pair(bench *b, int i, wd_error *err) {
  const wd_family family = (wd_family)(i % WD_FAMILIES);
  wd_hooks quiet = {.cancel = b->c->hooks.cancel};
  pair x = {0};
  WdSample *sample = wd_sample_new(b->p);
  sample->seed = (guint64)i;
  sample->family = (int)family;
  wd_status st = wd_family_generate(family, WD_FAMILY_TEST_SEED,
                                    wd_family_test_index((uint64_t)(i / WD_FAMILIES)), &x.v, err);
  if (!st) st = true_pair(b, &x, &quiet, err);
  if (!st && b->decoder) st = decode_pair(b, &x, &quiet, err);
  if (!st && b->a->noise > 0) st = add_noise(b, i, &x.full, &x.top, &x.s, err);
  const WdSampleDesc desc = {.survey = b->survey,
                             .mode = (wd_wave_mode)b->a->mode,
                             .velocity = &x.v,
                             .gathers = &x.s,
                             .full = &x.full,
                             .top = &x.top,
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
  pair_clear(&x);
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
    return cli_print_json(
        json_pack("{s:i, s:s, s:f, s:s, s:o, s:i, s:o, s:[o,o,o], s:[o,o], s:[o,o]}", "test_pairs", (int)n,
                  "through", b->decoder ? "stage1" : "codec", "noise", b->a->noise, "model",
                  wd_model_identity(b->model), "flags", flags, b->decoder ? "flagged" : "false_alarms",
                  (int)raised, b->decoder ? "flagged_rate" : "false_alarm_rate", cli_real((double)raised / n),
                  "shell", cli_real(shell.least), cli_real(shell.median), cli_real(shell.largest),
                  "reflection_residual", cli_real(r.median), cli_real(r.largest), "held", cli_real(held.p95),
                  cli_real(held.largest)),
        err);
  }
  g_autofree char *noise =
      b->a->noise > 0 ? g_strdup_printf(", noise of %g of the reflections", b->a->noise) : g_strdup("");
  printf("%u true pairs of the test split through %s of %s%s, %s mode: %u raise a flag%s (%.2g %%)\n", n,
         b->decoder ? "stage 1" : "the temporal codec", wd_model_identity(b->model), noise,
         wd_wave_mode_name(b->p->mode), raised, b->decoder ? "" : " without reason", 100.0 * raised / n);
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
