/* Pictures over the plane: the lattice of maps and the map of residuals, coarse to fine, by chores. */
#include "app/explorer.h"

#include "app/i18n.h"
#include "app/status_error.h"

#include <math.h>

enum { OWN_LATTICE = 2, OWN_MAP = 3, SHELF = 5 };

void wd_explorer_tiles_free(gpointer data) {
  WdTiles *t = data;
  if (!t) return;
  for (int i = 0; i < t->side * t->side; i++) g_free(t->map[i]);
  g_free(t->map);
  g_free(t->value);
  g_free(t->state);
  g_free(t->key);
  g_free(t);
}

static WdTiles *tiles_new(const char *key) {
  WdTiles *t = g_new0(WdTiles, 1);
  t->key = g_strdup(key);
  t->side = WD_LATTICE;
  t->map = g_new0(float *, WD_LATTICE *WD_LATTICE);
  return t;
}

void wd_explorer_drop_tiles(WdExplorer *x) {
  wd_session_drop_chores(x->session, &x->owner[OWN_LATTICE]);
  wd_session_drop_chores(x->session, &x->owner[OWN_MAP]);
  x->mapping = FALSE;
  g_autofree char *key = x->ready ? wd_explorer_key(x) : NULL;
  if (x->tiles && g_strcmp0(x->tiles->key, key) == 0) return;
  if (x->tiles) g_queue_push_head(&x->shelf, g_steal_pointer(&x->tiles));
  for (GList *at = x->shelf.head; at && key; at = at->next) {
    WdTiles *t = at->data;
    if (g_strcmp0(t->key, key) != 0) continue;
    g_queue_delete_link(&x->shelf, at);
    x->tiles = t;
    break;
  }
  while (g_queue_get_length(&x->shelf) > SHELF) wd_explorer_tiles_free(g_queue_pop_tail(&x->shelf));
}

static WdTiles *ensure_tiles(WdExplorer *x) {
  if (!x->tiles) {
    g_autofree char *key = wd_explorer_key(x);
    x->tiles = tiles_new(key);
  }
  return x->tiles;
}

/* Numbers 0 .. n n - 1 of a square so that every stride's nodes come before those between them, and nodes
 * near its middle first. out: n n entries. */
static void coarse_to_fine(int n, int *out) {
  int at = 0;
  g_autofree guint8 *taken = g_new0(guint8, n * n);
  int first = 1;
  while (2 * first < n) first *= 2;
  for (int stride = first; stride >= 1; stride /= 2)
    for (int j = (n - 1) / 2 % stride; j < n; j += stride)
      for (int i = (n - 1) / 2 % stride; i < n; i += stride)
        if (!taken[j * n + i]) {
          taken[j * n + i] = 1;
          out[at++] = j * n + i;
        }
}

static WdChore chore_at(WdExplorer *x, int owner, guint id, double u, double v) {
  gsize d = x->plane.count;
  float *z = g_malloc_n(d, sizeof *z);
  wd_explorer_point(x, u, v, z);
  return (WdChore){.owner = &x->owner[owner],
                   .id = id,
                   .latent = g_bytes_new_take(z, d * sizeof *z),
                   .noise = x->domain == WD_DOMAIN_NOISE,
                   .recipe = wd_explorer_recipe_of(x, x->anchor[0].seed)};
}

static gboolean post(WdExplorer *x, GArray *chores, GError **error) {
  gboolean fine = wd_session_add_chores(x->session, (const WdChore *)chores->data, chores->len, error);
  for (guint i = 0; i < chores->len; i++) g_bytes_unref(g_array_index(chores, WdChore, i).latent);
  g_array_unref(chores);
  return fine;
}

/* ---- the lattice */

void wd_explorer_feed_lattice(WdExplorer *x) {
  if (!x->ready || !x->lattice_wanted) return;
  WdTiles *t = ensure_tiles(x);
  wd_session_drop_chores(x->session, &x->owner[OWN_LATTICE]);
  double lo, hi, step;
  wd_explorer_get_extent(x, &lo, &hi, &step);
  int order[WD_LATTICE * WD_LATTICE];
  coarse_to_fine(t->side, order);
  GArray *chores = g_array_new(FALSE, FALSE, sizeof(WdChore));
  for (int i = 0; i < t->side * t->side; i++) {
    int k = order[i];
    if (t->map[k]) continue;
    WdChore c = chore_at(x, OWN_LATTICE, (guint)k, lo + step * (k % t->side), lo + step * (k / t->side));
    c.velocity = TRUE;
    g_array_append_val(chores, c);
  }
  post(x, chores, NULL);
}

void wd_explorer_want_lattice(WdExplorer *x, gboolean yes) {
  if (!x->lattice_wanted == !yes) return;
  x->lattice_wanted = yes;
  if (yes)
    wd_explorer_feed_lattice(x);
  else
    wd_session_drop_chores(x->session, &x->owner[OWN_LATTICE]);
}

/* ---- the map of residuals */

gboolean wd_explorer_start_map(WdExplorer *x, int cells, GError **error) {
  if (!x->ready)
    return wd_status_set_error(error, WD_ERR_ARGUMENT, "%s", x->why ? x->why : _("There is no plane yet."));
  cells = CLAMP(cells, 2, WD_CELLS_MAX);
  WdTiles *t = ensure_tiles(x);
  wd_session_drop_chores(x->session, &x->owner[OWN_MAP]);
  const int n = cells * cells;
  if (t->cells != cells) {
    g_free(t->value);
    g_free(t->state);
    t->cells = cells;
    t->value = g_new(float, n);
    t->state = g_new0(guint8, n);
    for (int i = 0; i < n; i++) t->value[i] = NAN;
    t->made = t->refused = 0;
    t->seconds = 0;
  }
  double lo, hi, step;
  wd_explorer_get_extent(x, &lo, &hi, &step);
  const double from = lo - step / 2, cell = (hi - lo + step) / cells;
  g_autofree int *order = g_new(int, n);
  coarse_to_fine(cells, order);
  GArray *chores = g_array_new(FALSE, FALSE, sizeof(WdChore));
  for (int i = 0; i < n; i++) {
    int k = order[i];
    if (t->state[k]) continue;
    WdChore c =
        chore_at(x, OWN_MAP, (guint)k, from + cell * (k % cells + 0.5), from + cell * (k / cells + 0.5));
    c.score = TRUE;
    g_array_append_val(chores, c);
  }
  x->mapping = chores->len > 0;
  x->map_started = g_get_monotonic_time();
  if (!post(x, chores, error)) {
    x->mapping = FALSE;
    return FALSE;
  }
  wd_explorer_changed(x, WD_EXPLORER_TILES);
  return TRUE;
}

void wd_explorer_cancel_map(WdExplorer *x) {
  if (!x->mapping) return;
  wd_session_drop_chores(x->session, &x->owner[OWN_MAP]);
  x->mapping = FALSE;
  wd_explorer_changed(x, WD_EXPLORER_TILES);
}

/* ---- what comes back */

gboolean wd_explorer_take_tile(WdExplorer *x, const WdChoreDone *d) {
  WdTiles *t = x->tiles;
  const guint id = d->chore.id;
  if (d->chore.owner == &x->owner[OWN_LATTICE]) {
    if (!t || id >= (guint)(t->side * t->side) || t->map[id]) return TRUE;
    gsize n = (gsize)d->velocity.nz * (gsize)d->velocity.nx;
    if (d->velocity.value) t->map[id] = g_memdup2(d->velocity.value, n * sizeof(float));
    t->maps++;
  } else if (d->chore.owner == &x->owner[OWN_MAP]) {
    if (!t || id >= (guint)(t->cells * t->cells) || t->state[id]) return TRUE;
    t->seconds += d->seconds;
    if (d->scored) {
      t->value[id] = (float)wd_measure_get(&d->live, WD_METRIC_REFLECTION_RESIDUAL);
      t->state[id] = 1;
      t->made++;
    } else {
      t->state[id] = 2;
      t->refused++;
    }
    if (t->made + t->refused == t->cells * t->cells) x->mapping = FALSE;
    x->map_seconds = (double)(g_get_monotonic_time() - x->map_started) * 1e-6;
  } else {
    return FALSE;
  }
  wd_explorer_changed(x, WD_EXPLORER_TILES);
  return TRUE;
}
