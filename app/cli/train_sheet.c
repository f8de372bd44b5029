/* Contact sheets of a training run: pairs that were held out beside what the autoencoder makes of them, or
 * the pairs that a few seeds lead to. Gathers are shown as the networks have them, at the codec's instants,
 * middle shot. */
#include "app/cli/train.h"

#include "model/decoder.h"
#include "model/sampler.h"
#include "model/validate.h"
#include "render/figure.h"
#include "solver/family.h"
#include "solver/memory.h"

#include <string.h>

enum { PAIRS = 5, SAMPLES = 8, STEPS = 16, MOST = 16 };

/* Pictures of one sheet: n maps and n gathers (middle shot), side by side in `columns`. */
typedef struct sheet {
  int n, columns;
  size_t map, coded, shot; /* numbers in a map, in a coded gather, in one of its shots */
  float *maps, *shots;     /* n of each */
  float *all;              /* one whole coded gather */
  const char *map_caption[MOST], *shot_caption[MOST];
} sheet;

static wd_status sheet_make(sheet *s, const wd_picture *p, int n, int columns, wd_error *err) {
  *s = (sheet){.n = n,
               .columns = columns,
               .map = (size_t)p->nz * (size_t)p->nx,
               .shot = (size_t)p->instants * (size_t)p->receivers};
  s->coded = (size_t)p->shots * s->shot;
  s->maps = wd_alloc((size_t)n * s->map, sizeof(float));
  s->shots = wd_alloc((size_t)n * s->shot, sizeof(float));
  s->all = wd_alloc(s->coded, sizeof(float));
  return s->maps && s->shots && s->all ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a sheet");
}

static void sheet_clear(sheet *s) {
  wd_free(s->maps);
  wd_free(s->shots);
  wd_free(s->all);
}

/* The middle shot of a coded gather goes to place i. */
static void keep_shot(sheet *s, int i, const float *coded) {
  size_t middle = s->coded / s->shot / 2 * s->shot;
  memcpy(s->shots + (size_t)i * s->shot, coded + middle, s->shot * sizeof(float));
}

static wd_status write_sheet(const train_run *r, sheet *s, const char *title, const char *path,
                             wd_error *err) {
  const wd_shard_desc *g = &wd_model_get_config(r->model)->geometry;
  wd_map map = {g->nz, g->nx, g->spacing, s->maps};
  wd_gather gather = {.shots = 1,
                      .samples = g->instants,
                      .receivers = g->receivers,
                      .dt = g->dt * g->samples / g->instants,
                      .value = s->shots};
  wd_facet facet[2][MOST];
  memset(facet, 0, sizeof facet);
  for (int i = 0; i < s->n; i++) {
    facet[0][i] = (wd_facet){.value = s->maps + (size_t)i * s->map, .caption = s->map_caption[i]};
    facet[1][i] = (wd_facet){.value = s->shots + (size_t)i * s->shot, .caption = s->shot_caption[i]};
  }
  wd_panel panel[2] = {wd_panel_of_map(&map, facet[0], s->n),
                       wd_panel_of_gather(&gather, g->spacing, facet[1], s->n)};
  wd_range_desc fixed = {.mode = WD_RANGE_FIXED, .lo = WD_VELOCITY_LO, .hi = WD_VELOCITY_HI};
  wd_range_desc clip = {.clip = 98, .symmetric = true};
  wd_status st = wd_range_find(&fixed, s->maps, (size_t)s->n * s->map, &panel[0].range, err);
  if (!st) st = wd_range_find(&clip, s->shots, (size_t)s->n * s->shot, &panel[1].range, err);
  panel[0].colormap = WD_COLORMAP_STRATA;
  panel[1].colormap = WD_COLORMAP_GRAY;
  for (int i = 0; i < 2; i++) panel[i].facet_columns = s->columns;
  wd_figure_item item[2] = {{.panel = &panel[0]}, {.panel = &panel[1]}};
  char caption[256];
  snprintf(caption, sizeof caption, "%s · step %ld · averaged weights · %s · gathers at the codec's instants",
           r->args->output, wd_trainer_steps(r->trainer), wd_device_get_info(r->device)->name);
  wd_figure f = {.item = item,
                 .items = 2,
                 .columns = 2,
                 .width_mm = 260,
                 .dpi = 110,
                 .title = title,
                 .caption = caption};
  return st ? st : wd_figure_write(&f, path, err);
}

/* True, from both, from one modality alone: three columns of each kind. */
static wd_status reconstructions(const train_run *r, sheet *s, const wd_hooks *hooks, wd_error *err) {
  wd_encoder *e = NULL;
  wd_decoder *d = NULL;
  float *velocity = s->maps, *total = wd_alloc(s->coded, sizeof *total);
  float *latent = wd_alloc((size_t)wd_model_latent(r->model).count, sizeof *latent);
  float *other = wd_alloc(s->map, sizeof *other);
  wd_status st = total && latent && other ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a sheet");
  if (!st) st = wd_encoder_create(r->model, NULL, &e, err);
  if (!st) st = wd_decoder_create(r->model, NULL, &d, err);
  for (int i = 0; i < s->n / 3 && !st; i++) {
    int record = wd_corpus_count(r->corpus) + i, family = wd_corpus_get_record(r->corpus, record).family;
    const char *name = wd_family_display_name((wd_family)family);
    velocity = s->maps + (size_t)(3 * i) * s->map;
    st = wd_corpus_read(r->corpus, record, velocity, total, s->all, err);
    for (size_t k = 0; k < s->coded && !st; k++) total[k] += s->all[k];
    keep_shot(s, 3 * i, total);
    s->map_caption[3 * i] = s->shot_caption[3 * i] = name ? name : "true";
    for (int g = 0; g < WD_GIVEN_COUNT && !st; g++) {
      const float *v = g == WD_GIVEN_SEISMIC ? NULL : velocity, *t = g == WD_GIVEN_VELOCITY ? NULL : total;
      st = wd_encoder_run(e, 1, &v, &t, latent, NULL, hooks, err);
      if (!st) st = wd_decoder_run(d, 1, latent, true, other, s->all, NULL, hooks, err);
      int place = 3 * i + (g ? 2 : 1);
      if (!st && g != WD_GIVEN_VELOCITY)
        memcpy(s->maps + (size_t)place * s->map, other, s->map * sizeof *other);
      if (!st && g != WD_GIVEN_SEISMIC) keep_shot(s, place, s->all);
    }
    s->map_caption[3 * i + 1] = s->shot_caption[3 * i + 1] = "from both";
    s->map_caption[3 * i + 2] = "from seismic";
    s->shot_caption[3 * i + 2] = "from velocity";
  }
  wd_encoder_destroy(e);
  wd_decoder_destroy(d);
  wd_free(total);
  wd_free(latent);
  wd_free(other);
  return st;
}

static wd_status samples(const train_run *r, sheet *s, const wd_hooks *hooks, wd_error *err) {
  uint64_t seed[SAMPLES];
  for (int i = 0; i < SAMPLES; i++) seed[i] = (uint64_t)i;
  wd_denoiser *n = NULL;
  wd_sampler *run = NULL;
  wd_decoder *d = NULL;
  wd_status st = wd_denoiser_create(r->model, &(wd_coder_desc){.batch = SAMPLES}, &n, err);
  if (!st) st = wd_decoder_create(r->model, NULL, &d, err);
  wd_sampler_desc desc = {.plan = {.steps = STEPS}, .n = SAMPLES, .seed = seed};
  if (!st) st = wd_sampler_create(n, &desc, &run, err);
  if (!st) st = wd_sampler_run(run, STEPS, hooks, err);
  size_t count = (size_t)wd_model_latent(r->model).count;
  for (int i = 0; i < SAMPLES && !st; i++) {
    st = wd_decoder_run(d, 1, wd_sampler_latents(run, STEPS) + (size_t)i * count, true,
                        s->maps + (size_t)i * s->map, s->all, NULL, hooks, err);
    if (!st) keep_shot(s, i, s->all);
    static const char *const name[SAMPLES] = {"seed 0", "seed 1", "seed 2", "seed 3",
                                              "seed 4", "seed 5", "seed 6", "seed 7"};
    s->map_caption[i] = s->shot_caption[i] = name[i];
  }
  wd_sampler_destroy(run);
  wd_denoiser_destroy(n);
  wd_decoder_destroy(d);
  return st;
}

wd_status train_sheet(const train_run *r, const wd_hooks *hooks, wd_error *err) {
  bool one = r->stage == WD_STAGE1;
  int held = wd_corpus_held_out(r->corpus), pairs = held < PAIRS ? held : PAIRS;
  if (one && !pairs) return WD_OK;
  char path[4096 + 64];
  snprintf(path, sizeof path, "%.4000s/training/%s-%07ld.png", r->args->output,
           one ? "reconstructions" : "samples", wd_trainer_steps(r->trainer));
  sheet s = {0};
  wd_status st = sheet_make(&s, wd_model_picture(r->model), one ? 3 * pairs : SAMPLES, one ? 3 : 4, err);
  if (!st) st = one ? reconstructions(r, &s, hooks, err) : samples(r, &s, hooks, err);
  if (!st)
    st = write_sheet(r, &s,
                     one ? "Held-out pairs through the autoencoder" : "Samples, DPM-Solver++(2M), 16 steps",
                     path, err);
  sheet_clear(&s);
  return st;
}
