/* Batches of latents: for principal directions, and for the band of lengths that data latents have. */
#include "app/explorer.h"
#include "app/i18n.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OWN_BATCH = 4, BAND = 32 };

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

/* 5 and 95 % of the lengths, between order statistics. */
static void measure_band(WdExplorer *x) {
  const WdLatentBatch *b = &x->batch[WD_BATCH_TEST];
  const gsize d = (gsize)wd_session_get_model(x->session)->latent.count;
  const int n = b->done;
  if (n < 10) return;
  g_autofree double *norm = g_new(double, n);
  for (int i = 0; i < n; i++) norm[i] = wd_latent_norm(b->latent + (gsize)i * d, d);
  qsort(norm, (gsize)n, sizeof *norm, ascending);
  for (int i = 0; i < 2; i++) {
    double at = (i ? 0.95 : 0.05) * (n - 1);
    int k = MIN((int)at, n - 2);
    x->band[i] = norm[k] + (at - k) * (norm[k + 1] - norm[k]);
  }
  x->band_count = n;
}

static void finish(WdExplorer *x, WdLatentBatch *b) {
  if (b->source == WD_BATCH_TEST) measure_band(x);
  wd_explorer_changed(x, WD_EXPLORER_BATCH);
  if (x->shape == WD_SHAPE_PRINCIPAL && b->source == x->source) wd_explorer_update_plane(x);
}

int wd_recorded_latents(WdRecording *r, gsize d, int most, float *out) {
  int n = 0;
  g_autoptr(GHashTable) seen = g_hash_table_new(g_bytes_hash, g_bytes_equal);
  for (guint i = 0; i < wd_recording_count(r); i++) {
    const WdBranch *branch = wd_recording_nth(r, i);
    for (guint j = 0; j < branch->position->len && n < most; j++) {
      const WdPosition *p = branch->position->pdata[j];
      GBytes *z = p->level.timestep < 0 ? p->latent[WD_WHAT_ESTIMATE] : NULL;
      if (!z || g_bytes_get_size(z) != d * sizeof(float) || !g_hash_table_add(seen, z)) continue;
      memcpy(out + (gsize)n++ * d, g_bytes_get_data(z, NULL), d * sizeof(float));
    }
  }
  return n;
}

static void take_recorded(WdExplorer *x, WdLatentBatch *b) {
  const gsize d = (gsize)wd_session_get_model(x->session)->latent.count;
  g_free(b->latent);
  b->latent = g_malloc_n(d * WD_PRINCIPAL_MAX, sizeof(float));
  b->count = wd_recorded_latents(wd_session_get_recording(x->session), d, WD_PRINCIPAL_MAX, b->latent);
  b->done = b->count;
  b->failed = b->count < 3;
}

/* What is there of it stays: the first of a larger batch are those of a smaller one. */
void wd_explorer_start_batch(WdExplorer *x, WdBatchSource source, int count) {
  const WdModelInfo *m = wd_session_get_model(x->session);
  WdLatentBatch *b = &x->batch[source];
  if (!m) return;
  if (source == WD_BATCH_RECORDED) {
    take_recorded(x, b);
    finish(x, b);
    return;
  }
  const gsize d = (gsize)m->latent.count;
  count = CLAMP(count, 3, WD_PRINCIPAL_MAX);
  if (count > b->count) b->latent = g_realloc_n(b->latent, (gsize)count * d, sizeof(float));
  b->failed = FALSE;
  b->count = MAX(count, b->count);
  if (b->done >= b->count) {
    finish(x, b);
    return;
  }
  wd_session_drop_chores(x->session, &x->owner[OWN_BATCH]);
  GArray *chores = g_array_new(FALSE, FALSE, sizeof(WdChore));
  for (int i = b->done; i < b->count; i++) {
    WdChore c = {.owner = &x->owner[OWN_BATCH], .id = (guint)i | (guint)source << 16};
    if (source == WD_BATCH_TEST) {
      c.kind = WD_CHORE_TEST_PAIR;
      c.index = (guint64)i;
    } else {
      float *z = g_malloc_n(d, sizeof *z);
      wd_sampler_noise((guint64)i, -1, d, z);
      c.latent = g_bytes_new_take(z, d * sizeof *z);
      c.noise = TRUE;
      c.recipe = wd_explorer_recipe_of(x, (guint64)i);
    }
    g_array_append_val(chores, c);
  }
  g_autoptr(GError) error = NULL;
  if (!wd_session_add_chores(x->session, (const WdChore *)chores->data, chores->len, &error)) {
    b->failed = TRUE;
    wd_explorer_fail(x, "%s", error->message);
  }
  for (guint i = 0; i < chores->len; i++)
    g_clear_pointer(&g_array_index(chores, WdChore, i).latent, g_bytes_unref);
  g_array_unref(chores);
  wd_explorer_changed(x, WD_EXPLORER_BATCH);
}

void wd_explorer_want_band(WdExplorer *x) {
  if (isnan(x->band[0]) && wd_session_get_model(x->session)) wd_explorer_start_batch(x, WD_BATCH_TEST, BAND);
}

void wd_explorer_drop_batches(WdExplorer *x) {
  wd_session_drop_chores(x->session, &x->owner[OWN_BATCH]);
}

const WdLatentBatch *wd_explorer_get_batch(WdExplorer *x) {
  const WdLatentBatch *b = &x->batch[x->source];
  return b->count >= 3 && b->done == b->count && !b->failed ? b : NULL;
}

gboolean wd_explorer_take_batch(WdExplorer *x, const WdChoreDone *done) {
  if (done->chore.owner != &x->owner[OWN_BATCH]) return FALSE;
  WdLatentBatch *b = &x->batch[done->chore.id >> 16 & 3];
  const int i = (int)(done->chore.id & 0xffff);
  if (i != b->done || i >= b->count) return TRUE;
  if (done->error.code || !done->latent) {
    b->failed = TRUE;
    wd_session_drop_chores(x->session, &x->owner[OWN_BATCH]);
    wd_explorer_fail(x, _("Latent %d of the batch could not be made: %s"), i, done->error.message);
    wd_explorer_update_plane(x);
    return TRUE;
  }
  gsize bytes = g_bytes_get_size(done->latent);
  memcpy((char *)b->latent + (gsize)i * bytes, g_bytes_get_data(done->latent, NULL), bytes);
  b->done++;
  if (b->done == b->count) {
    finish(x, b);
  } else if (x->shape == WD_SHAPE_PRINCIPAL && !x->ready) {
    g_free(x->why);
    x->why = g_strdup_printf(_("Making the batch for principal directions: %d of %d."), b->done, b->count);
    wd_explorer_changed(x, WD_EXPLORER_BATCH | WD_EXPLORER_PLANE);
  } else {
    wd_explorer_changed(x, WD_EXPLORER_BATCH);
  }
  return TRUE;
}
