#include "app/cli/anchors.h"

#include "app/cli/recording.h"
#include "model/test_latent.h"
#include "solver/memory.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 10000, PLACES = 1000 };

void anchors_clear(anchors *a) {
  wd_free(a->item);
  wd_free(a->latent);
  wd_free(a->text);
  *a = (anchors){0};
}

/* Room for n more. */
static wd_status grow(anchors *a, size_t n, wd_error *err) {
  size_t count = a->count + n;
  if (count > MOST) return wd_fail(err, WD_ERR_ARGUMENT, "--anchors: more than %d latents", (int)MOST);
  anchor *item = wd_calloc(count, sizeof *item);
  float *latent = wd_calloc(count, a->one * sizeof *latent);
  if (!item || !latent) {
    wd_free(item);
    wd_free(latent);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu latents", count);
  }
  if (a->count) {
    memcpy(item, a->item, a->count * sizeof *item);
    memcpy(latent, a->latent, a->count * a->one * sizeof *latent);
  }
  wd_free(a->item);
  wd_free(a->latent);
  a->item = item;
  a->latent = latent;
  a->count = count;
  return WD_OK;
}

static bool is_seed(const char *text) {
  return isdigit((unsigned char)text[0]) && strspn(text, "0123456789-") == strlen(text);
}

static wd_status add_seeds(anchors *a, const char *text, wd_error *err) {
  seed_list list = {0};
  size_t first = a->count;
  wd_status st = seeds_parse("--anchors", text, &list, err);
  if (!st) st = grow(a, list.count, err);
  for (size_t i = 0; i < list.count && !st; i++) {
    a->item[first + i] = (anchor){true, list.seed[i], text};
    wd_sampler_noise(list.seed[i], -1, a->one, a->latent + (first + i) * a->one);
  }
  a->seeds = a->seeds || !st;
  wd_free(list.seed);
  return st;
}

/* The number after the last colon of a name, cut off; -1: none. */
static long cut_number(char *text, char mark) {
  char *at = strrchr(text, mark), *end;
  if (!at || !isdigit((unsigned char)at[1])) return -1;
  errno = 0;
  long n = strtol(at + 1, &end, 10);
  if (*end || errno || n > 1000000) return -1;
  *at = 0;
  return n;
}

static wd_status add_file(anchors *a, const wd_model *model, const char *text, char *path, wd_error *err) {
  long number = cut_number(path, ':');
  latent_file f = {0};
  size_t first = a->count;
  wd_status st = latents_open(model, path, &f, err);
  if (!st && number >= 0 && (size_t)number >= f.count)
    st = wd_fail(err, WD_ERR_ARGUMENT, "%s holds latents 0 to %zu; there is no number %ld", path, f.count - 1,
                 number);
  size_t n = number >= 0 ? 1 : f.count;
  if (!st) st = grow(a, n, err);
  if (!st)
    st = latents_read(&f, number >= 0 ? (size_t)number : 0, (int)n, -1, a->latent + first * a->one, err);
  for (size_t i = 0; i < n && !st; i++) a->item[first + i].text = text;
  latents_close(&f);
  return st;
}

static wd_status add_place(anchors *a, const wd_model *model, const char *text, char *path, wd_error *err) {
  long at = cut_number(path, '@'), branch = cut_number(path, ':');
  recorded r = {0};
  wd_status st = recorded_open(path, branch < 0 ? 1 : (int)branch, (int)at, &r, err);
  if (!st && strcmp(r.identity, wd_model_identity(model)) != 0)
    st = wd_fail(err, WD_ERR_ARGUMENT, "%s was made with the model %s (%s), not with %s (%s)", path, r.model,
                 r.identity, wd_model_name(model), wd_model_identity(model));
  size_t first = a->count;
  if (!st) st = grow(a, 1, err);
  if (!st) {
    memcpy(a->latent + first * a->one, r.latents + (r.count - 1) * r.one, r.one * sizeof *r.latents);
    a->item[first].text = text;
  }
  recorded_clear(&r);
  return st;
}

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), m = strlen(end);
  return n > m && strcmp(text + n - m, end) == 0;
}

/* Whether the text names a file of that kind, with or without numbers after it. */
static bool names(const char *text, const char *ending) {
  const char *at = strstr(text, ending);
  return ends_with(text, ending) || (at && (at[strlen(ending)] == ':' || at[strlen(ending)] == '@'));
}

wd_status anchors_parse(const char *text, const wd_model *model, anchors *out, wd_error *err) {
  size_t length = strlen(text);
  anchors a = {.one = (size_t)wd_model_latent(model).count, .text = wd_calloc(2 * (length + 1), 1)};
  wd_status st = a.text ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu letters", length);
  if (!st) memcpy(a.text, text, length);
  for (char *p = a.text, *next; !st && p; p = next) {
    next = strchr(p, ',');
    if (next) *next++ = 0;
    char *path = a.text + length + 1;
    memcpy(path, p, strlen(p) + 1);
    if (is_seed(p))
      st = add_seeds(&a, p, err);
    else if (names(p, ".npy"))
      st = add_file(&a, model, p, path, err);
    else if (names(p, ".wdrun"))
      st = add_place(&a, model, p, path, err);
    else
      st = cli_usage_error(
          err,
          "--anchors: '%.60s' is no anchor; expected a seed (3), a latent of a file (z.npy:4) "
          "or a place of a recording (s.wdrun:2@16)",
          p);
    a.data = a.data || (!st && !is_seed(p));
  }
  if (st) {
    anchors_clear(&a);
    return st;
  }
  *out = a;
  return WD_OK;
}

/* ---- noise to data */

wd_status denoise(const denoising *d, int n, const uint64_t *seed, float *latent, const wd_hooks *hooks,
                  wd_error *err) {
  if (!d->denoiser)
    return wd_fail(err, WD_ERR_UNSUPPORTED, "the model has no denoiser (stage 2): seeds cannot be sampled");
  int family[64];
  size_t one = 0;
  for (int i = 0; i < n; i++) family[i] = family_of_choice(d->family, seed[i]);
  wd_sampler_desc desc = {.plan = d->plan, .n = n, .seed = seed, .family = family, .latents = latent};
  wd_sampler *s = NULL;
  wd_status st = wd_sampler_create(d->denoiser, &desc, &s, err);
  if (!st) st = wd_sampler_run(s, wd_sampler_steps(s), hooks, err);
  if (!st) {
    one = (size_t)wd_model_latent(wd_denoiser_model(d->denoiser)).count;
    memcpy(latent, wd_sampler_latents(s, wd_sampler_steps(s)), (size_t)n * one * sizeof *latent);
  }
  wd_sampler_destroy(s);
  return st;
}

/* ---- directions */

static wd_status test_batch(wd_model *model, int n, float *out, const wd_hooks *hooks, wd_error *err) {
  wd_device *device = wd_model_device(model);
  size_t one = (size_t)wd_model_latent(model).count;
  wd_encoder *encoder = NULL;
  wd_survey *survey = NULL;
  wd_residual *exact = NULL;
  wd_status st = wd_encoder_create(model, &(wd_coder_desc){.batch = wd_model_batch(device)}, &encoder, err);
  if (!st) st = wd_model_survey(model, &survey, err);
  if (!st)
    st = wd_residual_create(device, survey, &(wd_residual_desc){.wave.mode = WD_WAVE_EXACT, .batch = 1},
                            &exact, err);
  for (int i = 0; i < n && !st; i++)
    st = wd_test_latent(model, encoder, exact, (uint64_t)i, out + (size_t)i * one, hooks, err);
  wd_residual_destroy(exact);
  wd_survey_destroy(survey);
  wd_encoder_destroy(encoder);
  return st;
}

/* Seeds 0, 1, ... one at a time, as the window does. */
static wd_status sampled_batch(const denoising *d, int n, size_t one, float *out, const wd_hooks *hooks,
                               wd_error *err) {
  wd_status st = WD_OK;
  for (int i = 0; i < n && !st; i++) {
    uint64_t seed = (uint64_t)i;
    wd_sampler_noise(seed, -1, one, out + (size_t)i * one);
    st = denoise(d, 1, &seed, out + (size_t)i * one, hooks, err);
  }
  return st;
}

static wd_status file_batch(const wd_model *model, const char *path, float **out, int *n, wd_error *err) {
  latent_file f = {0};
  wd_status st = latents_open(model, path, &f, err);
  if (st) return st;
  *n = f.count < WD_PRINCIPAL_MAX ? (int)f.count : WD_PRINCIPAL_MAX;
  *out = wd_alloc((size_t)*n * f.one, sizeof **out);
  st = *out ? latents_read(&f, 0, *n, -1, *out, err)
            : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d latents", *n);
  latents_close(&f);
  return st;
}

wd_status directions_find(const char *text, wd_model *model, const denoising *d, float *e1, float *e2,
                          double scale[2], const wd_hooks *hooks, wd_error *err) {
  size_t one = (size_t)wd_model_latent(model).count;
  char *end;
  errno = 0;
  if (strncmp(text, "random:", 7) == 0 && isdigit((unsigned char)text[7])) {
    unsigned long long seed = strtoull(text + 7, &end, 10);
    if (*end || errno) return cli_usage_error(err, "--directions: '%.40s' is no seed", text + 7);
    scale[0] = scale[1] = 0;
    return wd_latent_random_directions(seed, one, e1, e2, err);
  }
  bool test = strncmp(text, "test:", 5) == 0, sampled = strncmp(text, "sampled:", 8) == 0;
  float *batch = NULL;
  int n = 0;
  double share[2];
  wd_status st = WD_OK;
  if (test || sampled) {
    long many = strtol(text + (test ? 5 : 8), &end, 10);
    if (*end || many < 3 || many > WD_PRINCIPAL_MAX)
      return cli_usage_error(err, "--directions %s: a batch has 3 to %d latents", text, WD_PRINCIPAL_MAX);
    n = (int)many;
    batch = wd_alloc((size_t)n * one, sizeof *batch);
    if (!batch) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d latents", n);
    st = test ? test_batch(model, n, batch, hooks, err) : sampled_batch(d, n, one, batch, hooks, err);
  } else if (ends_with(text, ".npy")) {
    st = file_batch(model, text, &batch, &n, err);
  } else if (ends_with(text, ".wdrun")) {
    st = recorded_data(text, one, WD_PRINCIPAL_MAX, &batch, &n, err);
  } else {
    st = cli_usage_error(
        err, "--directions: '%.60s'; expected random:SEED, test:N, sampled:N, a .npy or a .wdrun", text);
  }
  if (!st) st = wd_latent_principal(n, batch, one, NULL, e1, e2, scale, share, err);
  wd_free(batch);
  return st;
}

/* ---- places */

static bool number(const char **p, double *out) {
  char *end;
  *out = strtod(*p, &end);
  if (end == *p || !isfinite(*out) || fabs(*out) > 100) return false;
  *p = end;
  return true;
}

wd_status places_parse(const char *option, const char *text, double (**out)[2], int *count, wd_error *err) {
  double(*uv)[2] = NULL;
  int n = 0;
  for (int pass = 0; pass < 2; pass++) {
    const char *p = text;
    n = 0;
    for (;;) {
      double u, v;
      while (*p == ' ' || *p == ';') p++;
      if (!*p) break;
      if (!number(&p, &u) || *p++ != ',' || !number(&p, &v) || (*p && *p != ' ' && *p != ';') ||
          n == PLACES) {
        wd_free(uv);
        return cli_usage_error(err, "%s: '%.40s' is no list of places; expected U,V or \"U,V U,V ...\"",
                               option, text);
      }
      if (uv) {
        uv[n][0] = u;
        uv[n][1] = v;
      }
      n++;
    }
    if (!n) return cli_usage_error(err, "%s: no place; expected U,V", option);
    if (!uv) uv = wd_calloc((size_t)n, sizeof *uv);
    if (!uv) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d places", n);
  }
  *out = uv;
  *count = n;
  return WD_OK;
}
