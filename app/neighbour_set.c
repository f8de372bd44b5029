#include "app/neighbour_set.h"

#include "app/i18n.h"
#include "app/population.h"
#include "app/status_error.h"
#include "app/walk.h"
#include "solver/npy.h"

#include <math.h>
#include <string.h>

static void free_candidate(gpointer data) {
  WdCandidate *c = data;
  g_bytes_unref(c->latent);
  g_free(c->name);
  g_free(c);
}

GPtrArray *wd_candidates_of_recording(WdRecording *r, gboolean all, GBytes *except) {
  GPtrArray *set = g_ptr_array_new_with_free_func(free_candidate);
  g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
  if (except) g_hash_table_add(seen, except);
  for (guint i = 0; i < wd_recording_count(r); i++) {
    const WdBranch *b = wd_recording_nth(r, i);
    for (int k = b->first; k <= wd_branch_last(b); k++) {
      const WdPosition *p = wd_recording_position(r, b->id, k);
      GBytes *latent = p ? p->latent[WD_WHAT_ESTIMATE] : NULL;
      if (!latent || (!all && !wd_branch_is_data(b, p, k)) || !g_hash_table_add(seen, latent)) continue;
      const WdScore *score = wd_position_score(p, WD_WHAT_ESTIMATE);
      WdCandidate *c = g_new0(WdCandidate, 1);
      *c = (WdCandidate){.latent = g_bytes_ref(latent),
                         .name = wd_place_name(r, (WdPlace){b->id, k}),
                         .place = {b->id, k},
                         .score = score ? score->value[WD_METRIC_REFLECTION_RESIDUAL] : NAN,
                         .mode = score ? score->mode : WD_WAVE_EXACT};
      g_ptr_array_add(set, c);
    }
  }
  return set;
}

/* ---- files */

static wd_status check_finite(const float *z, gsize n, const char *path, gsize record, wd_error *err) {
  for (gsize i = 0; i < n; i++)
    if (!isfinite(z[i]))
      return wd_fail(err, WD_ERR_FORMAT, _("%s: latent %zu is not finite at its number %zu"), path,
                     (size_t)record, (size_t)i);
  return WD_OK;
}

static void add(GPtrArray *set, GBytes *latent, const char *base, gsize record, double score,
                wd_wave_mode mode) {
  WdCandidate *c = g_new0(WdCandidate, 1);
  *c = (WdCandidate){.latent = latent,
                     .name = g_strdup_printf(_("%s, number %zu"), base, (size_t)record),
                     .record = record,
                     .score = score,
                     .mode = mode};
  g_ptr_array_add(set, c);
}

static wd_status of_npy(const char *path, const char *base, const wd_latent_shape *l, GPtrArray *set,
                        wd_error *err) {
  wd_npy *npy = NULL;
  wd_status st = wd_npy_open(path, &npy, err);
  if (st) return st;
  int dims = wd_npy_dims(npy);
  const size_t *s = wd_npy_shape(npy);
  char text[128];
  if (dims < 3 || dims > 5 || s[dims - 3] != (size_t)l->channels || s[dims - 2] != (size_t)l->height ||
      s[dims - 1] != (size_t)l->width || wd_npy_elements(npy) == 0)
    st = wd_fail(err, WD_ERR_SHAPE, _("%s is %s; the model's latents are (n, %d, %d, %d)"), path,
                 wd_npy_shape_text(npy, text, sizeof text), l->channels, l->height, l->width);
  size_t n = st || dims == 3 ? 1 : s[0], steps = !st && dims == 5 ? s[1] : 1, one = (size_t)l->count;
  if (!st && n > WD_BATCH_MAX)
    st = wd_fail(err, WD_ERR_UNSUPPORTED, _("%s holds %zu latents; at most %d are searched"), path, n,
                 WD_BATCH_MAX);
  for (size_t i = 0; i < n && !st; i++) {
    float *z = g_new(float, one);
    st = wd_npy_read(npy, (i * steps + steps - 1) * one, one, z, err);
    if (!st) st = check_finite(z, one, path, i, err);
    if (st)
      g_free(z);
    else
      add(set, g_bytes_new_take(z, one * sizeof *z), base, i, NAN, WD_WAVE_EXACT);
  }
  wd_npy_close(npy);
  return st;
}

static gboolean of_population(const char *path, const char *base, const wd_latent_shape *l, GPtrArray *set,
                              GError **error) {
  g_autoptr(WdPopulation) p = wd_population_open(path, error);
  if (!p) return FALSE;
  if (p->latent.channels != l->channels || p->latent.height != l->height || p->latent.width != l->width)
    return wd_status_set_error(
        error, WD_ERR_SHAPE, _("%s holds latents of %d x %d x %d; the model's are %d x %d x %d"), path,
        p->latent.channels, p->latent.height, p->latent.width, l->channels, l->height, l->width);
  for (guint i = 0; i < wd_population_count(p) && i < WD_BATCH_MAX; i++) {
    const WdSample *s = wd_population_nth(p, i);
    if (!s->latent || g_bytes_get_size(s->latent) != (gsize)l->count * sizeof(float) ||
        check_finite(g_bytes_get_data(s->latent, NULL), (gsize)l->count, path, i, NULL))
      continue;
    g_autofree char *name = g_strdup_printf(_("%s, seed %" PRIu64), base, s->seed);
    add(set, g_bytes_ref(s->latent), name, i, s->value[WD_METRIC_REFLECTION_RESIDUAL], p->mode);
  }
  return TRUE;
}

GPtrArray *wd_candidates_of_file(const char *path, const wd_latent_shape *shape, GError **error) {
  GPtrArray *set = g_ptr_array_new_with_free_func(free_candidate);
  wd_error err = {0};
  gboolean fine;
  g_autofree char *base = g_path_get_basename(path), *inner = g_build_filename(path, "latents.npy", NULL);
  if (g_file_test(path, G_FILE_TEST_IS_DIR) ? g_file_test(inner, G_FILE_TEST_EXISTS)
                                            : !wd_population_recognise(path)) {
    wd_status st = of_npy(g_file_test(path, G_FILE_TEST_IS_DIR) ? inner : path, base, shape, set, &err);
    fine = !st;
    if (st) wd_status_to_error(&err, error);
  } else
    fine = of_population(path, base, shape, set, error);
  if (fine && !set->len) fine = wd_status_set_error(error, WD_ERR_FORMAT, _("%s holds no latents"), path);
  if (fine) return set;
  g_ptr_array_unref(set);
  return NULL;
}

GArray *wd_candidates_nearest(const GPtrArray *set, wd_nearness by, GBytes *query, guint most) {
  GArray *out = g_array_new(FALSE, FALSE, sizeof(WdNeighbour));
  gsize bytes;
  const float *q = g_bytes_get_data(query, &bytes);
  g_autofree const float **latent = g_new0(const float *, MAX(set->len, 1));
  g_autofree wd_neighbour *found = g_new0(wd_neighbour, MAX(most, 1));
  for (guint i = 0; i < set->len; i++) {
    const WdCandidate *c = g_ptr_array_index(set, i);
    if (g_bytes_get_size(c->latent) == bytes) latent[i] = g_bytes_get_data(c->latent, NULL);
  }
  size_t n = wd_neighbours_find(by, q, latent, set->len, bytes / sizeof *q, most, found);
  for (size_t i = 0; i < n; i++) {
    WdNeighbour one = {g_ptr_array_index(set, found[i].index), found[i].distance, found[i].cosine};
    g_array_append_val(out, one);
  }
  return out;
}
