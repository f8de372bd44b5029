#include "tests/app/faults.h"

#include "app/sample_measure.h"
#include "model/config.h"
#include "solver/random.h"
#include "solver/reflection.h"

#include <math.h>
#include <string.h>

enum { NUMBERS = 2592 }; /* of a latent of the default model's shape */

typedef struct builder {
  WdPopulation *p;
  wd_device *device;
  wd_survey *survey, *coarse; /* coarse: a time step that the solver refuses */
  wd_error *err;
  wd_status st;
} builder;

/* Three layers with boundaries at rows 25 and 45. */
static wd_map layers(builder *b, float first, float second, float third) {
  wd_map m = {0};
  if (!b->st) b->st = wd_map_create(70, 70, 10, &m, b->err);
  for (int i = 0; m.value && i < 4900; i++) m.value[i] = i / 70 < 25 ? first : i / 70 < 45 ? second : third;
  return m;
}

static void simulate(builder *b, const wd_map *v, wd_gather *full, wd_gather *top) {
  if (!b->st)
    b->st = wd_reflection_simulate(b->device, b->survey, &(wd_wave_desc){.mode = WD_WAVE_FAST}, v, NULL, full,
                                   top, b->err);
}

typedef struct fault {
  const char *tags, *note;
  const wd_map *v;
  const wd_gather *s, *full, *top; /* full NULL: the solver refused */
  float length;                    /* of the latent; 0: 1 */
  const char *refusal;
} fault;

static void add(builder *b, const fault *f) {
  if (b->st) return;
  float z[NUMBERS];
  wd_random_normals(7, 1, 0, NUMBERS, z);
  for (int i = 0; i < NUMBERS; i++) z[i] *= f->length > 0 ? f->length : 1;
  WdSample *s = wd_sample_new(b->p);
  s->seed = wd_population_count(b->p); /* a number, of nothing that was drawn */
  s->family = -1;
  const WdSampleDesc desc = {.survey = f->refusal ? b->coarse : b->survey,
                             .mode = WD_WAVE_FAST,
                             .velocity = f->v,
                             .gathers = f->s,
                             .full = f->full,
                             .top = f->top,
                             .latent = z,
                             .numbers = NUMBERS,
                             .velocity_min = b->p->velocity_min,
                             .velocity_max = b->p->velocity_max};
  b->st = wd_sample_measure(b->p, &desc, s, NULL, b->err);
  s->fault = g_strdup(f->refusal);
  g_clear_pointer(&s->latent, g_bytes_unref); /* it decodes to something else */
  wd_population_add(b->p, s);
  GError *error = NULL;
  if (!wd_sample_set_tags(b->p, s, f->tags, &error) || !wd_sample_set_note(b->p, s, f->note, &error)) {
    b->st = wd_fail(b->err, WD_ERR_ARGUMENT, "%s", error->message);
    g_error_free(error);
  }
}

static wd_gather changed(builder *b, const wd_gather *g, float factor, int late) {
  wd_gather c = {0};
  if (!b->st) b->st = wd_gather_create(g->shots, g->samples, g->receivers, g->dt, &c, b->err);
  const int n = g->samples, r = g->receivers;
  for (int s = 0; c.value && s < g->shots; s++)
    for (int t = late; t < n; t++)
      for (int x = 0; x < r; x++)
        c.value[((size_t)s * (size_t)n + (size_t)t) * (size_t)r + (size_t)x] =
            factor * g->value[((size_t)s * (size_t)n + (size_t)(t - late)) * (size_t)r + (size_t)x];
  return c;
}

/* What can be done to the gathers of one map, with that map as it is. */
static void of_gathers(builder *b) {
  wd_map v = layers(b, 1800, 2500, 3400), one = layers(b, 1800, 2500, 2500);
  wd_gather full = {0}, top = {0}, less = {0}, less_top = {0};
  simulate(b, &v, &full, &top);
  simulate(b, &one, &less, &less_top);
  if (b->st) goto done;
  wd_gather flipped = changed(b, &full, -1, 0), loud = changed(b, &full, 1.4f, 0),
            late = changed(b, &full, 1, 15), skipped = changed(b, &full, 1, 40),
            broken = changed(b, &full, 1, 0);
  if (!b->st) broken.value[34567] = NAN;
  const fault faults[] = {
      {"clean", "A pair without a fault: three layers, and their own gathers.", &v, &full, &full, &top},
      {"polarity flipped", "The gathers with their sign changed.", &v, &flipped, &full, &top},
      {"polarity scale", "The gathers 40 % too loud.", &v, &loud, &full, &top},
      {"timing late", "The gathers 15 ms late.", &v, &late, &full, &top},
      {"timing cycle-skip", "The gathers 40 ms late: more than half a period of 15 Hz.", &v, &skipped, &full,
       &top},
      {"reflector missing", "The gathers of a map without the lower boundary.", &v, &less, &full, &top},
      {"reflector extra", "The gathers of a map with a lower boundary; the map has none.", &one, &full, &less,
       &less_top},
      {"direct", "The gathers of a map that is its top row all the way down: the direct wave alone.", &v,
       &top, &full, &top},
      {"shell", "A latent 1.6 times as long as it should be, beside a pair without a fault.", &v, &full,
       &full, &top, 1.6f},
      {"nan", "One sample of 350,000 is not a number.", &v, &broken, &full, &top},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) add(b, &faults[i]);
  wd_gather *const made[] = {&flipped, &loud, &late, &skipped, &broken};
  for (gsize i = 0; i < G_N_ELEMENTS(made); i++) wd_gather_clear(made[i]);
done:
  wd_gather_clear(&full);
  wd_gather_clear(&top);
  wd_gather_clear(&less);
  wd_gather_clear(&less_top);
  wd_map_clear(&v);
  wd_map_clear(&one);
}

static void of_map(builder *b, const char *tags, const char *note, float first, float second, float third) {
  wd_map v = layers(b, first, second, third);
  wd_gather full = {0}, top = {0};
  simulate(b, &v, &full, &top);
  add(b, &(fault){tags, note, &v, &full, &full, &top});
  wd_gather_clear(&full);
  wd_gather_clear(&top);
  wd_map_clear(&v);
}

/* A time step two and a half times too long: the solver itself says no. */
static void of_set_up(builder *b) {
  wd_map v = layers(b, 1800, 2500, 3400);
  wd_gather full = {0}, top = {0};
  simulate(b, &v, &full, &top);
  if (!b->st)
    b->st = wd_survey_create(&(wd_survey_desc){.nz = 70, .nx = 70, .dt = 0.0025}, &b->coarse, b->err);
  if (!b->st) {
    wd_wave *wave = NULL;
    wd_error refusal = {0};
    if (wd_wave_create(b->device, b->coarse, &(wd_wave_desc){.mode = WD_WAVE_FAST}, &v, &wave, &refusal)) {
      add(b,
          &(fault){
              .tags = "unstable",
              .note = "A time step of 2.5 ms for a map that wants 1 ms: the solver refuses, so that there is "
                      "nothing to compare with.",
              .v = &v,
              .s = &full,
              .refusal = refusal.message});
    } else {
      wd_wave_destroy(wave);
      b->st = wd_fail(b->err, WD_ERR_ARGUMENT, "the solver took a time step of 2.5 ms");
    }
  }
  wd_gather_clear(&full);
  wd_gather_clear(&top);
  wd_map_clear(&v);
}

WdPopulation *faults_build(wd_error *err) {
  builder b = {.err = err};
  b.st = wd_device_open("cpu:1", &b.device, err);
  if (!b.st) b.st = wd_survey_create(&(wd_survey_desc){.nz = 70, .nx = 70}, &b.survey, err);
  WdPopulation *p = b.p = wd_population_new();
  g_free(p->model);
  p->model = g_strdup("built on purpose");
  p->mode = WD_WAVE_FAST;
  p->plan.steps = 16;
  p->velocity_min = 1500;
  p->velocity_max = 4500;
  wd_model_config config = {0};
  wd_model_config_defaults(&config);
  p->geometry = config.geometry;
  of_gathers(&b);
  of_map(&b, "range outside", "The lowest layer at 4620 m/s; the model's range ends at 4500.", 1800, 2600,
         4620);
  of_map(&b, "range held",
         "The lowest layer at 4500 m/s sharp, where a decoder holds what would leave its range.", 1800, 2600,
         4500);
  of_map(&b, "nothing", "A map of 2000 m/s everywhere: there is nothing to reflect.", 2000, 2000, 2000);
  of_set_up(&b);
  wd_survey_destroy(b.coarse);
  wd_survey_destroy(b.survey);
  wd_device_close(b.device);
  if (!b.st) return p;
  wd_population_free(p);
  return NULL;
}
