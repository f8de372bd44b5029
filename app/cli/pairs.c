/* Models, seeds and latents for the commands over a trained model. The folder of results:
 * pairs_folder.c. */
#include "app/cli/pairs.h"

#include "app/models.h"

#include "solver/family.h"
#include "solver/memory.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { MAX_SEEDS = 10000000 };

wd_status model_open(cli *c, const char *device_spec, const char *mode, const char *folder,
                     wd_device **device, wd_model **model, wd_error *err) {
  wd_status st = cli_open_device(c, device_spec, mode, device, err);
  char path[4096];
  if (!st) st = wd_find_model(folder, path, sizeof path, err);
  if (!st) st = wd_model_open(*device, path, false, model, err);
  return st;
}

json_t *model_describe(const wd_model *model) {
  return json_pack("{s:s, s:s, s:s}", "name", wd_model_name(model), "folder", wd_model_folder(model),
                   "identity", wd_model_identity(model));
}

json_t *geometry_describe(const wd_model *model) {
  const wd_shard_desc *g = &wd_model_get_config(model)->geometry;
  return json_pack("{s:i, s:i, s:f, s:i, s:i, s:i, s:f, s:f}", "nz", g->nz, "nx", g->nx, "spacing",
                   g->spacing, "shots", g->shots, "samples", g->samples, "receivers", g->receivers, "dt",
                   g->dt, "frequency", g->frequency);
}

/* ---- seeds */

/* A number at *p; false where none stands there or it is too large. */
static bool seed_number(const char **p, uint64_t *out) {
  if (**p < '0' || **p > '9') return false;
  char *end;
  errno = 0;
  *out = strtoull(*p, &end, 10);
  *p = end;
  return !errno;
}

/* One range at *p. */
static bool seed_range(const char **p, uint64_t *first, uint64_t *last) {
  if (!seed_number(p, first)) return false;
  *last = *first;
  if (**p != '-') return true;
  ++*p;
  return seed_number(p, last) && *last >= *first;
}

wd_status seeds_parse(const char *option, const char *text, seed_list *out, wd_error *err) {
  uint64_t *seed = NULL;
  size_t n = 0;
  for (int pass = 0; pass < 2; pass++) { /* count, then fill */
    n = 0;
    for (const char *p = text;;) {
      const char *start = p;
      uint64_t first, last;
      if (!seed_range(&p, &first, &last) || (*p && *p != ',')) {
        wd_free(seed);
        return cli_usage_error(err, "%s: '%.40s' is no seed; expected something like 0-99 or 1,5,7-9", option,
                               start);
      }
      if (last - first >= MAX_SEEDS || n + (last - first) >= MAX_SEEDS) {
        wd_free(seed);
        return cli_usage_error(err, "%s: more than %d seeds", option, (int)MAX_SEEDS);
      }
      for (uint64_t k = 0; k <= last - first; k++, n++)
        if (seed) seed[n] = first + k;
      if (!*p++) break;
    }
    if (!seed) seed = wd_calloc(n, sizeof *seed);
    if (!seed) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu seeds", n);
  }
  *out = (seed_list){seed, n};
  return WD_OK;
}

int family_of_choice(int choice, uint64_t seed) {
  if (choice == WD_FAMILIES + 1) return (int)(seed % WD_FAMILIES);
  return choice - 1;
}

const char *family_word(int family) {
  return family < 0 ? "any" : wd_family_name((wd_family)family);
}

/* ---- latents */

wd_status latents_open(const wd_model *model, const char *path, latent_file *out, wd_error *err) {
  wd_npy *npy = NULL;
  wd_status st = wd_npy_open(path, &npy, err);
  if (st) return st;
  wd_latent_shape l = wd_model_latent(model);
  int dims = wd_npy_dims(npy);
  const size_t *s = wd_npy_shape(npy);
  bool fits = dims >= 3 && dims <= 5 && s[dims - 3] == (size_t)l.channels &&
              s[dims - 2] == (size_t)l.height && s[dims - 1] == (size_t)l.width && wd_npy_elements(npy) > 0;
  if (!fits) {
    char text[128];
    st = wd_fail(err, WD_ERR_SHAPE,
                 "%s is %s; latents of the model %s are (n, %d, %d, %d), or (n, positions, %d, %d, %d)", path,
                 wd_npy_shape_text(npy, text, sizeof text), wd_model_name(model), l.channels, l.height,
                 l.width, l.channels, l.height, l.width);
    wd_npy_close(npy);
    return st;
  }
  *out = (latent_file){npy, dims == 3 ? 1 : s[0], dims == 5 ? s[1] : 1, (size_t)l.count};
  return WD_OK;
}

wd_status latents_read(const latent_file *f, size_t first, int n, int step, float *out, wd_error *err) {
  size_t at = step < 0 ? f->steps - 1 : (size_t)step;
  if (at >= f->steps)
    return wd_fail(err, WD_ERR_ARGUMENT, "position %d of recordings with 0 to %zu in %s", step, f->steps - 1,
                   wd_npy_path(f->npy));
  for (int i = 0; i < n; i++) {
    float *to = out + (size_t)i * f->one;
    wd_status st = wd_npy_read(f->npy, ((first + (size_t)i) * f->steps + at) * f->one, f->one, to, err);
    if (st) return st;
    for (size_t k = 0; k < f->one; k++)
      if (!isfinite(to[k]))
        return wd_fail(err, WD_ERR_FORMAT, "%s: latent %zu is not finite at its number %zu",
                       wd_npy_path(f->npy), first + (size_t)i, k);
  }
  return WD_OK;
}

void latents_close(latent_file *f) {
  wd_npy_close(f->npy);
  f->npy = NULL;
}

double peak_memory(void) {
  struct rusage u;
  return getrusage(RUSAGE_SELF, &u) ? NAN : (double)u.ru_maxrss / 1024;
}
