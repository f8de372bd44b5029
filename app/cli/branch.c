#include "app/cli/branch.h"

#include "solver/family.h"
#include "solver/memory.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool whole(const char *text, int least, int most, int *out) {
  char *end;
  errno = 0;
  long v = strtol(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end || errno || v < least || v > most) return false;
  *out = (int)v;
  return true;
}

static bool real(const char *text, double least, double most, double *out) {
  char *end;
  double v = strtod(text, &end);
  if (end == text || *end || !(v >= least && v <= most)) return false;
  *out = v;
  return true;
}

static bool seed(const char *text, uint64_t *out) {
  char *end;
  errno = 0;
  if (text[0] < '0' || text[0] > '9') return false;
  *out = strtoull(text, &end, 10);
  return !*end && !errno;
}

static bool family(const char *text, int *out) {
  wd_family f;
  bool any = strcmp(text, "any") == 0;
  if (!any && !wd_family_parse(text, &f)) return false;
  *out = any ? -1 : (int)f;
  return true;
}

/* One word key=value of a branch; steps 0 stands for "what remains". */
static wd_status set(branch *b, const char *key, const char *value, wd_error *err) {
  static const char *const known = "at=K, steps=N, sampler=dpmpp-2m|ddim|ddpm, eta=0..1, guidance=G, "
                                   "family=NAME, noise=SEED, latents=FILE";
  bool good = false;
  if (strcmp(key, "at") == 0)
    good = whole(value, 0, 100000, &b->at);
  else if (strcmp(key, "steps") == 0)
    good = whole(value, 1, 100000, &b->plan.steps);
  else if (strcmp(key, "sampler") == 0)
    good = wd_sampler_parse(value, &b->plan.kind);
  else if (strcmp(key, "eta") == 0)
    good = real(value, 0, 1, &b->plan.eta);
  else if (strcmp(key, "guidance") == 0)
    good = real(value, -1000, 1000, &b->plan.guidance);
  else if (strcmp(key, "family") == 0)
    good = b->has_family = family(value, &b->family);
  else if (strcmp(key, "noise") == 0)
    good = b->has_noise = seed(value, &b->noise);
  else if (strcmp(key, "latents") == 0)
    good = *value && snprintf(b->latents, sizeof b->latents, "%s", value) < (int)sizeof b->latents;
  else
    return cli_usage_error(err, "--branch: '%.20s' is nothing that a branch has: %s", key, known);
  return good ? WD_OK : cli_usage_error(err, "--branch: %s=%.60s will not do: %s", key, value, known);
}

/* at=K,...: text is cut up. */
static wd_status parse_one(char *text, branch *b, wd_error *err) {
  b->at = -1;
  for (char *word = text; word;) {
    char *next = strchr(word, ','), *equals;
    if (next) *next++ = 0;
    word += strspn(word, " \t\n");
    if (!(equals = strchr(word, '=')))
      return cli_usage_error(err, "--branch: '%.40s' is no key=value, as in at=6,steps=10", word);
    *equals = 0;
    wd_status st = set(b, word, equals + 1, err);
    if (st) return st;
    word = next;
  }
  return b->at < 0 ? cli_usage_error(err, "--branch wants at=K, the position where the run is left") : WD_OK;
}

wd_status branches_parse(const char *text, const wd_sampler_plan *plan, branch out[MAX_BRANCHES], int *count,
                         wd_error *err) {
  *count = 0;
  if (!text) return WD_OK;
  char *copy = strdup(text);
  if (!copy) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for --branch");
  wd_status st = WD_OK;
  wd_sampler_plan before = *plan;
  int from = 0, end = plan->steps, n = 0;
  for (char *p = copy; p && !st;) {
    char *next = strchr(p, ';');
    if (next) *next++ = 0;
    if (n == MAX_BRANCHES) {
      st = cli_usage_error(err, "--branch: more than %d", (int)MAX_BRANCHES);
      break;
    }
    branch *b = &out[n];
    *b = (branch){.plan = before};
    b->plan.steps = 0;
    st = parse_one(p, b, err);
    if (!st && (b->at < from || b->at >= end))
      st = cli_usage_error(err, "--branch: at=%d is not on the way; the run can be left from %d to %d", b->at,
                           from, end - 1);
    if (!st && b->plan.eta != 0 && b->plan.kind != WD_SAMPLER_DDIM)
      st = cli_usage_error(err, "--branch: eta is of the sampler ddim, not of %s",
                           wd_sampler_name(b->plan.kind));
    if (st) break;
    if (!b->plan.steps) b->plan.steps = end - b->at;
    from = b->at;
    end = b->at + b->plan.steps;
    before = b->plan;
    n++;
    p = next;
  }
  free(copy);
  if (!st) *count = n;
  return st;
}

wd_status branch_take(const branch *b, wd_sampler *s, size_t first, wd_error *err) {
  int n = wd_sampler_count(s);
  int label[64];
  uint64_t noise[64];
  for (int i = 0; i < n; i++) {
    label[i] = b->family;
    noise[i] = b->noise;
  }
  latent_file file = {0};
  float *latents = NULL;
  wd_status st = WD_OK;
  if (b->latents[0]) {
    const wd_model *model = wd_denoiser_model(wd_sampler_denoiser(s));
    st = latents_open(model, b->latents, &file, err);
    if (!st && (first + (size_t)n > file.count || file.steps != 1))
      st = wd_fail(err, WD_ERR_SHAPE, "%s holds %zu latents%s: one a seed is wanted", b->latents, file.count,
                   file.steps != 1 ? " at several steps" : "");
    if (!st && !(latents = wd_calloc((size_t)n, file.one * sizeof *latents)))
      st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d latents", n);
    if (!st) st = latents_read(&file, first, n, -1, latents, err);
  }
  wd_sampler_branch_desc desc = {.plan = &b->plan,
                                 .family = b->has_family ? label : NULL,
                                 .latents = latents,
                                 .noise = b->has_noise ? noise : NULL};
  if (!st) st = wd_sampler_branch(s, b->at, &desc, err);
  wd_free(latents);
  latents_close(&file);
  return st;
}

json_t *branch_describe(const branch *b) {
  json_t *o = json_pack("{s:i, s:s, s:i, s:f, s:f}", "at", b->at, "sampler", wd_sampler_name(b->plan.kind),
                        "steps", b->plan.steps, "eta", b->plan.eta, "guidance", b->plan.guidance);
  if (!o) return NULL;
  if (b->has_family) json_object_set_new(o, "family", json_string(family_word(b->family)));
  if (b->has_noise) {
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)b->noise);
    json_object_set_new(o, "noise_seed", json_string(text));
  }
  if (b->latents[0]) json_object_set_new(o, "latents", json_string(b->latents));
  return o;
}
