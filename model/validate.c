#include "model/validate.h"

#include "solver/memory.h"
#include "solver/scale.h"

#include <math.h>
#include <stdlib.h>

const char *wd_given_name(wd_given given) {
  static const char *const name[WD_GIVEN_COUNT] = {"both", "seismic_only", "velocity_only"};
  return given < WD_GIVEN_COUNT ? name[given] : NULL;
}

typedef struct room {
  size_t map, coded;
  float *velocity, *direct, *total; /* the true pair; total is the gather */
  float *drawn, *said, *latent;
  double *reflection[WD_GIVEN_COUNT], *share[WD_GIVEN_COUNT];
} room;

static void room_clear(room *r) {
  wd_free(r->velocity);
  wd_free(r->direct);
  wd_free(r->total);
  wd_free(r->drawn);
  wd_free(r->said);
  wd_free(r->latent);
  for (int g = 0; g < WD_GIVEN_COUNT; g++) {
    wd_free(r->reflection[g]);
    wd_free(r->share[g]);
  }
}

static wd_status room_make(room *r, const wd_model *m, int n, wd_error *err) {
  const wd_picture *p = wd_model_picture(m);
  *r = (room){.map = (size_t)p->nz * (size_t)p->nx,
              .coded = (size_t)p->shots * (size_t)p->instants * (size_t)p->receivers};
  r->velocity = wd_alloc(r->map, sizeof(float));
  r->drawn = wd_alloc(r->map, sizeof(float));
  r->direct = wd_alloc(r->coded, sizeof(float));
  r->total = wd_alloc(r->coded, sizeof(float));
  r->said = wd_alloc(r->coded, sizeof(float));
  r->latent = wd_alloc((size_t)wd_model_latent(m).count, sizeof(float));
  bool ok = r->velocity && r->drawn && r->direct && r->total && r->said && r->latent;
  for (int g = 0; g < WD_GIVEN_COUNT; g++) {
    r->reflection[g] = wd_alloc((size_t)n, sizeof(double));
    r->share[g] = wd_alloc((size_t)n, sizeof(double));
    ok = ok && r->reflection[g] && r->share[g];
  }
  return ok ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory to validate");
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double median(double *x, int n) {
  qsort(x, (size_t)n, sizeof *x, ascending);
  return n % 2 ? x[n / 2] : 0.5 * (x[n / 2 - 1] + x[n / 2]);
}

static wd_status validate(const wd_corpus *c, int n, wd_encoder *e, wd_decoder *d, room *r,
                          const wd_hooks *hooks, wd_validation *out, wd_error *err) {
  double error[WD_GIVEN_COUNT] = {0}, energy = 0, absolute[WD_GIVEN_COUNT] = {0};
  for (int i = 0; i < n; i++) {
    wd_status st = wd_corpus_read(c, wd_corpus_count(c) + i, r->velocity, r->total, r->direct, err);
    if (st) return st;
    double scattered = 0;
    for (size_t k = 0; k < r->coded; k++) {
      scattered += pow((double)r->total[k], 2);
      r->total[k] += r->direct[k];
      energy += pow((double)r->total[k], 2);
    }
    for (int g = 0; g < WD_GIVEN_COUNT; g++) {
      const float *v = g == WD_GIVEN_SEISMIC ? NULL : r->velocity,
                  *s = g == WD_GIVEN_VELOCITY ? NULL : r->total;
      st = wd_encoder_run(e, 1, &v, &s, r->latent, NULL, hooks, err);
      if (!st) st = wd_decoder_run(d, 1, r->latent, true, r->drawn, r->said, NULL, hooks, err);
      if (st) return st;
      double off = 0, beyond = 0;
      for (size_t k = 0; k < r->coded; k++) {
        off += pow((double)r->said[k] - (double)r->total[k], 2);
        beyond += pow((double)r->said[k] - (double)r->direct[k], 2);
      }
      for (size_t k = 0; k < r->map; k++) absolute[g] += fabs((double)r->drawn[k] - (double)r->velocity[k]);
      error[g] += off;
      r->reflection[g][i] = sqrt(off / (scattered + 1e-30));
      r->share[g][i] = sqrt(beyond / (scattered + 1e-30));
    }
  }
  out->pairs = n;
  for (int g = 0; g < WD_GIVEN_COUNT; g++) {
    out->of[g].velocity_mae = absolute[g] / (double)n / (double)r->map / WD_VELOCITY_UNIT;
    out->of[g].relative_l2 = sqrt(error[g] / energy);
    out->of[g].reflection = median(r->reflection[g], n);
    out->of[g].scattered_share = median(r->share[g], n);
  }
  return WD_OK;
}

wd_status wd_validate(wd_model *m, const wd_corpus *c, int n, const wd_hooks *hooks, wd_validation *out,
                      wd_error *err) {
  int held = wd_corpus_held_out(c);
  if (n <= 0 || n > held) n = held;
  if (!n)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: nothing is held out of so few records", wd_corpus_folder(c));
  room r = {0};
  wd_encoder *e = NULL;
  wd_decoder *d = NULL;
  wd_status st = room_make(&r, m, n, err);
  if (!st) st = wd_encoder_create(m, NULL, &e, err);
  if (!st) st = wd_decoder_create(m, NULL, &d, err);
  if (!st) st = validate(c, n, e, d, &r, hooks, out, err);
  wd_encoder_destroy(e);
  wd_decoder_destroy(d);
  room_clear(&r);
  return st;
}

static wd_status validate_codes(const wd_corpus *c, int n, wd_decoder *d, room *r, int32_t *codes,
                                const wd_hooks *hooks, wd_validation_codes *out, wd_error *err) {
  double error = 0, energy = 0;
  for (int i = 0; i < n; i++) {
    int record = wd_corpus_count(c) + i;
    wd_status st = wd_corpus_read(c, record, NULL, r->total, r->direct, err);
    if (!st) st = wd_corpus_read_codes(c, record, codes, err);
    if (!st) st = wd_decoder_latents_of_codes(d, 1, codes, r->latent, err);
    if (!st) st = wd_decoder_run(d, 1, r->latent, true, NULL, r->said, NULL, hooks, err);
    if (st) return st;
    double scattered = 0, off = 0;
    for (size_t k = 0; k < r->coded; k++) {
      double whole = (double)r->total[k] + (double)r->direct[k];
      scattered += pow((double)r->total[k], 2);
      energy += whole * whole;
      off += pow((double)r->said[k] - whole, 2);
    }
    error += off;
    r->reflection[0][i] = sqrt(off / (scattered + 1e-30));
  }
  *out = (wd_validation_codes){
      .pairs = n, .reflection = median(r->reflection[0], n), .relative_l2 = sqrt(error / energy)};
  return WD_OK;
}

wd_status wd_validate_codes(wd_model *m, const wd_corpus *c, int n, const wd_hooks *hooks,
                            wd_validation_codes *out, wd_error *err) {
  int held = wd_corpus_held_out(c), many = wd_corpus_get_desc(c)->codes;
  if (n <= 0 || n > held) n = held;
  if (!n || many != wd_model_latent(m).codes)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: no pairs of this model's codes are held out",
                   wd_corpus_folder(c));
  room r = {0};
  wd_decoder *d = NULL;
  int32_t *codes = wd_alloc((size_t)many, sizeof *codes);
  wd_status st = codes ? room_make(&r, m, n, err) : wd_fail(err, WD_ERR_NO_MEMORY, "no memory to validate");
  if (!st) st = wd_decoder_create(m, NULL, &d, err);
  if (!st) st = validate_codes(c, n, d, &r, codes, hooks, out, err);
  wd_decoder_destroy(d);
  wd_free(codes);
  room_clear(&r);
  return st;
}
