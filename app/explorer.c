/* The explorer's plane, cursor and trail. */
#include "app/explorer.h"

#include "app/i18n.h"
#include "app/status_error.h"
#include "app/walk.h"
#include "solver/family.h"
#include "solver/memory.h"
#include "solver/npy.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

G_DEFINE_FINAL_TYPE(WdExplorer, wd_explorer, G_TYPE_OBJECT)

enum { CHANGED, FAILED, SIGNALS };
static guint signals[SIGNALS];

/* What the ids of chores begin with; owners are &owner[OWN_...]. */
enum { OWN_ANCHOR = 0, OWN_SAMPLE, OWN_PATH = 5 };
enum { REST_MS = 350, FLIGHT_MAX_US = 1500000 };

static void pump(WdExplorer *x);

void wd_explorer_changed(WdExplorer *x, guint parts) {
  if (parts) g_signal_emit(x, signals[CHANGED], 0, parts);
}

void wd_explorer_fail(WdExplorer *x, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  g_autofree char *text = g_strdup_vprintf(format, ap);
  va_end(ap);
  g_signal_emit(x, signals[FAILED], 0, text);
}

static gsize dimension(const WdExplorer *x) {
  const WdModelInfo *m = wd_session_get_model(x->session);
  return m ? (gsize)m->latent.count : 0;
}

WdRecipe wd_explorer_recipe_of(WdExplorer *x, guint64 seed) {
  WdRecipe r = {.seed = seed, .family = x->recipe.family, .plan = x->recipe.plan};
  return r;
}

/* ---- anchors */

void wd_explorer_anchor_clear(WdAnchor *a) {
  g_free(a->name);
  g_free(a->file);
  g_clear_pointer(&a->noise, g_bytes_unref);
  g_clear_pointer(&a->data, g_bytes_unref);
  *a = (WdAnchor){0};
}

static GBytes *noise_of(WdExplorer *x, guint64 seed) {
  gsize d = dimension(x);
  if (!d) return NULL;
  float *z = g_malloc_n(d, sizeof *z);
  wd_sampler_noise(seed, -1, d, z);
  return g_bytes_new_take(z, d * sizeof *z);
}

static char *seed_key(WdExplorer *x, guint64 seed) {
  const wd_sampler_plan *p = &x->recipe.plan;
  return g_strdup_printf("%" G_GUINT64_FORMAT " %d %d %d %.17g %.17g", seed, x->recipe.family, (int)p->kind,
                         p->steps, p->eta, p->guidance);
}

/* Whether a run's latents all come of its seed's noise alone. */
static gboolean has_noise(WdRecording *r, const WdBranch *b) {
  while (b && b->kind == WD_BRANCH_SAMPLED && b->recipe.begin == WD_BEGIN_ON && !b->edited && b->parent)
    b = wd_recording_find(r, b->parent);
  return b && b->kind == WD_BRANCH_SAMPLED && !b->parent && b->recipe.begin == WD_BEGIN_ON && !b->edited;
}

/* Which anchors the plane is made of. */
static int wanted_anchors(const WdExplorer *x) {
  return x->shape == WD_SHAPE_ANCHORS ? WD_ANCHORS : 1;
}

static GBytes *latent_of(WdExplorer *x, const WdAnchor *a) {
  return x->domain == WD_DOMAIN_NOISE ? a->noise : a->data;
}

/* What a seed gives, asked for where it is not known. */
static void want_data(WdExplorer *x, int i) {
  WdAnchor *a = &x->anchor[i];
  if (a->kind != WD_ANCHOR_SEED || a->data || x->domain != WD_DOMAIN_DATA || !a->noise) return;
  g_autofree char *key = seed_key(x, a->seed);
  GBytes *known = g_hash_table_lookup(x->data_of_seed, key);
  if (known) {
    a->data = g_bytes_ref(known);
    return;
  }
  WdChore chore = {.owner = &x->owner[OWN_ANCHOR],
                   .id = (guint)i,
                   .soon = TRUE,
                   .latent = a->noise,
                   .noise = TRUE,
                   .recipe = wd_explorer_recipe_of(x, a->seed)};
  g_autoptr(GError) error = NULL;
  if (!wd_session_add_chores(x->session, &chore, 1, &error)) wd_explorer_fail(x, "%s", error->message);
}

static void take_anchor(WdExplorer *x, const WdChoreDone *d) {
  WdAnchor *a = &x->anchor[d->chore.id];
  if (d->error.code) {
    wd_explorer_fail(x, _("Seed %" PRIu64 " could not be sampled: %s"), d->chore.recipe.seed,
                     d->error.message);
    return;
  }
  g_hash_table_replace(x->data_of_seed, seed_key(x, d->chore.recipe.seed), g_bytes_ref(d->latent));
  if (a->kind != WD_ANCHOR_SEED || a->seed != d->chore.recipe.seed || a->data) return;
  a->data = g_bytes_ref(d->latent);
  wd_explorer_update_plane(x);
}

static void set_anchor(WdExplorer *x, int i, const WdAnchor *to) {
  if (!x->restoring) x->adopt = FALSE;
  wd_explorer_anchor_clear(&x->anchor[i]);
  x->anchor[i] = *to;
  wd_explorer_update_plane(x);
}

void wd_explorer_set_seed(WdExplorer *x, int i, guint64 seed) {
  if (x->anchor[i].kind == WD_ANCHOR_SEED && x->anchor[i].seed == seed) return;
  WdAnchor a = {.kind = WD_ANCHOR_SEED, .seed = seed, .noise = noise_of(x, seed)};
  a.name = g_strdup_printf(_("seed %" PRIu64), seed);
  set_anchor(x, i, &a);
}

gboolean wd_explorer_set_place(WdExplorer *x, int i, guint branch, int k, WdWhat what, GError **error) {
  WdRecording *r = wd_session_get_recording(x->session);
  WdBranch *b = wd_recording_find(r, branch);
  WdPosition *p = b ? wd_recording_position(r, branch, k) : NULL;
  GBytes *z = p ? p->latent[what] : NULL;
  if (!z) return wd_status_set_error(error, WD_ERR_ARGUMENT, _("There is no latent at position %d."), k);
  if (dimension(x) && g_bytes_get_size(z) != dimension(x) * sizeof(float))
    return wd_status_set_error(error, WD_ERR_SHAPE, _("That latent is of another model."));
  if (x->walk == branch) { /* the cursor's own latent changes: what it is now is kept as a place of its own */
    x->fresh = TRUE;
  }
  WdAnchor a = {.kind = WD_ANCHOR_PLACE, .branch = branch, .k = k, .what = what, .data = g_bytes_ref(z)};
  a.name = g_strdup_printf(_("%s at %d"), b->name, k);
  if (has_noise(r, b)) {
    a.seed = wd_recording_root(r, b->id)->recipe.seed;
    a.noise = noise_of(x, a.seed);
  }
  set_anchor(x, i, &a);
  return TRUE;
}

gboolean wd_explorer_set_file(WdExplorer *x, int i, const char *path, int record, GError **error) {
  wd_error err = {0};
  wd_npy *npy = NULL;
  gsize d = dimension(x), steps = 1;
  wd_status st = wd_npy_open(path, &npy, &err);
  if (!st && wd_npy_dims(npy) == 5) steps = wd_npy_shape(npy)[1]; /* recordings: their last position */
  if (!st && (!d || wd_npy_elements(npy) % d || !wd_npy_elements(npy)))
    st =
        wd_fail(&err, WD_ERR_SHAPE, _("%s holds no latents of the loaded model (%zu numbers each)"), path, d);
  gsize n = st ? 0 : wd_npy_elements(npy) / d / steps;
  if (!st && (record < 0 || (gsize)record >= n))
    st = wd_fail(&err, WD_ERR_ARGUMENT, _("%s holds latents 0 to %zu; there is no number %d"), path, n - 1,
                 record);
  float *z = g_malloc0_n(MAX(d, 1), sizeof *z);
  if (!st) st = wd_npy_read(npy, ((gsize)record * steps + steps - 1) * d, d, z, &err);
  for (gsize k = 0; k < d && !st; k++)
    if (!isfinite(z[k])) st = wd_fail(&err, WD_ERR_ARGUMENT, _("%s: latent %d is not finite"), path, record);
  wd_npy_close(npy);
  if (st) {
    g_free(z);
    return wd_status_set_error(error, st, "%s.", err.message);
  }
  WdAnchor a = {.kind = WD_ANCHOR_FILE, .file = g_strdup(path), .record = record};
  g_autofree char *base = g_path_get_basename(path);
  a.name = g_strdup_printf(_("%s number %d"), base, record);
  a.data = g_bytes_new_take(z, d * sizeof *z);
  set_anchor(x, i, &a);
  return TRUE;
}

/* ---- the plane */

wd_mixing wd_explorer_get_mixing(WdExplorer *x) {
  return wd_mixing_of(x->domain, x->norm_safe);
}

void wd_explorer_get_extent(const WdExplorer *x, double *lo, double *hi, double *step) {
  *lo = x->shape == WD_SHAPE_ANCHORS ? -0.25 : x->shape == WD_SHAPE_PRINCIPAL ? -3 : -0.75;
  *hi = x->shape == WD_SHAPE_ANCHORS ? 1.25 : -*lo;
  *step = (*hi - *lo) / (WD_LATTICE - 1);
}

static char *missing(WdExplorer *x) {
  if (!wd_session_get_model(x->session)) return g_strdup(_("Open a model to explore its latent space."));
  for (int i = 0; i < wanted_anchors(x); i++) {
    const WdAnchor *a = &x->anchor[i];
    if (a->kind == WD_ANCHOR_NONE) return g_strdup_printf(_("Choose anchor %c."), 'A' + i);
    if (latent_of(x, a)) continue;
    if (x->domain == WD_DOMAIN_NOISE)
      return g_strdup_printf(_("Anchor %c (%s) has no starting noise: it is data. Explore data latents, or "
                               "choose a seed."),
                             'A' + i, a->name);
    return g_strdup_printf(_("Sampling %s for anchor %c."), a->name, 'A' + i);
  }
  if (x->shape == WD_SHAPE_PRINCIPAL && x->domain == WD_DOMAIN_NOISE)
    return g_strdup(_("Gaussian noise spreads alike in all directions: explore data latents, or random "
                      "directions."));
  if (x->shape == WD_SHAPE_PRINCIPAL && !wd_explorer_get_batch(x)) {
    const WdLatentBatch *b = &x->batch[x->source];
    if (b->failed) return g_strdup(_("The batch for principal directions could not be made."));
    return g_strdup_printf(_("Making the batch for principal directions: %d of %d."), b->done, b->count);
  }
  return NULL;
}

static wd_status make_plane(WdExplorer *x, wd_error *err) {
  const gsize d = dimension(x);
  const wd_mixing mixing = wd_explorer_get_mixing(x);
  const float *a = g_bytes_get_data(latent_of(x, &x->anchor[0]), NULL);
  if (x->shape == WD_SHAPE_ANCHORS)
    return wd_latent_plane_through(mixing, a, g_bytes_get_data(latent_of(x, &x->anchor[1]), NULL),
                                   g_bytes_get_data(latent_of(x, &x->anchor[2]), NULL), d, &x->plane, err);
  g_autofree float *e = g_malloc_n(2 * d, sizeof *e);
  double deviation[2];
  wd_status st;
  if (x->shape == WD_SHAPE_RANDOM) {
    deviation[0] = deviation[1] = wd_latent_norm(a, d) * sqrt((double)d);
    st = wd_latent_random_directions(x->direction_seed, d, e, e + d, err);
  } else {
    const WdLatentBatch *b = wd_explorer_get_batch(x);
    st = wd_latent_principal(b->count, b->latent, d, NULL, e, e + d, deviation, x->share, err);
  }
  if (st) return st;
  return wd_latent_plane_along(mixing, a, e, e + d, deviation[0], deviation[1], d, &x->plane, err);
}

void wd_explorer_update_plane(WdExplorer *x) {
  wd_latent_plane_clear(&x->plane);
  x->ready = FALSE;
  x->serial++;
  g_clear_pointer(&x->why, g_free);
  for (int i = 0; i < wanted_anchors(x); i++) want_data(x, i);
  x->why = missing(x);
  wd_error err = {0};
  if (!x->why && make_plane(x, &err)) x->why = g_strdup_printf("%s.", err.message);
  x->ready = x->why == NULL;
  wd_explorer_drop_tiles(x);
  wd_explorer_changed(x, WD_EXPLORER_PLANE | WD_EXPLORER_TILES);
  if (x->ready) wd_explorer_feed_lattice(x);
  pump(x);
}

void wd_explorer_set_shape(WdExplorer *x, WdPlaneShape shape) {
  if (x->shape == shape) return;
  x->adopt = FALSE;
  x->shape = shape;
  x->u = x->v = 0;
  if (shape == WD_SHAPE_PRINCIPAL) wd_explorer_start_batch(x, x->source, x->batch_count);
  wd_explorer_update_plane(x);
  wd_explorer_changed(x, WD_EXPLORER_CURSOR);
}

void wd_explorer_set_domain(WdExplorer *x, wd_latent_domain domain) {
  if (x->domain == domain) return;
  x->adopt = FALSE;
  x->domain = domain;
  wd_explorer_update_plane(x);
}

void wd_explorer_set_norm_safe(WdExplorer *x, gboolean yes) {
  if (!x->norm_safe == !yes) return;
  x->adopt = FALSE;
  x->norm_safe = yes;
  wd_explorer_update_plane(x);
}

void wd_explorer_set_direction_seed(WdExplorer *x, guint64 seed) {
  if (x->direction_seed == seed) return;
  x->direction_seed = seed;
  if (x->shape == WD_SHAPE_RANDOM) wd_explorer_update_plane(x);
}

void wd_explorer_set_batch(WdExplorer *x, WdBatchSource source, int count) {
  x->source = source;
  x->batch_count = CLAMP(count, 3, WD_PRINCIPAL_MAX);
  if (x->shape != WD_SHAPE_PRINCIPAL) return;
  wd_explorer_start_batch(x, source, x->batch_count);
  wd_explorer_update_plane(x);
}

void wd_explorer_set_recipe(WdExplorer *x, const WdRecipe *recipe) {
  WdRecipe r = {.family = recipe->family, .plan = recipe->plan};
  const WdModelInfo *m = wd_session_get_model(x->session);
  if (!r.plan.steps) r.plan.steps = m && m->timesteps ? MIN(16, m->timesteps) : 16;
  if (memcmp(&r, &x->recipe, sizeof r) == 0) return;
  x->recipe = r;
  wd_explorer_drop_batches(x); /* one of test pairs is begun again when it is wanted */
  g_clear_pointer(&x->batch[WD_BATCH_SAMPLED].latent, g_free);
  x->batch[WD_BATCH_SAMPLED] = (WdLatentBatch){.source = WD_BATCH_SAMPLED};
  wd_session_drop_chores(x->session, &x->owner[OWN_ANCHOR]);
  for (int i = 0; i < WD_ANCHORS; i++)
    if (x->anchor[i].kind == WD_ANCHOR_SEED) g_clear_pointer(&x->anchor[i].data, g_bytes_unref);
  wd_explorer_update_plane(x);
}

char *wd_explorer_words(WdExplorer *x) {
  const char *how = !x->norm_safe ? _("straight, as it comes: lengths are lost")
                    : x->domain == WD_DOMAIN_NOISE
                        ? _("on the sphere, since noises of this many numbers all lie on one shell")
                        : _("straight, then brought back to the length between the anchors', since data "
                            "latents share no shell");
  if (x->domain == WD_DOMAIN_DATA)
    return g_strdup_printf(_("Mixed in the data latents z\xe2\x82\x80: %s."), how);
  const char *family =
      x->recipe.family < 0 ? _("any family") : wd_family_display_name((wd_family)x->recipe.family);
  return g_strdup_printf(ngettext("Mixed in the starting noise x_T: %s. Then denoised: %s, %d step, %s.",
                                  "Mixed in the starting noise x_T: %s. Then denoised: %s, %d steps, %s.",
                                  (gulong)x->recipe.plan.steps),
                         how, wd_sampler_name(x->recipe.plan.kind), x->recipe.plan.steps, family);
}

char *wd_explorer_describe(WdExplorer *x) {
  if (!x->ready) return g_strdup(x->why ? x->why : _("No plane yet."));
  GString *s = g_string_new(NULL);
  if (x->shape == WD_SHAPE_ANCHORS)
    g_string_printf(s, _("A plane of latents through %s at (0, 0), %s at (1, 0) and %s at (0, 1)."),
                    x->anchor[0].name, x->anchor[1].name, x->anchor[2].name);
  else
    g_string_printf(s,
                    x->shape == WD_SHAPE_RANDOM
                        ? _("A plane of latents about %s along two random directions.")
                        : _("A plane of latents about %s along two principal directions."),
                    x->anchor[0].name);
  g_string_append_printf(s, _(" The cursor is at u %.4g, v %.4g."), x->u, x->v);
  if (x->tiles)
    g_string_append_printf(s, _(" %d of %d maps and %d of %d residuals are drawn."), x->tiles->maps,
                           x->tiles->side * x->tiles->side, x->tiles->made,
                           x->tiles->cells * x->tiles->cells);
  return g_string_free(s, FALSE);
}

/* ---- the sample under the cursor */

void wd_explorer_point(const WdExplorer *x, double u, double v, float *out) {
  wd_latent_plane_point(&x->plane, u, v, out);
}

/* The cursor's data latent goes to the walk: in place of its last one, or after it. */
static void commit(WdExplorer *x, GBytes *latent, double u, double v, guint serial, int steps) {
  WdRecording *r = wd_session_get_recording(x->session);
  g_autoptr(GError) error = NULL;
  g_autofree char *note = wd_explorer_note(x, u, v, "plane");
  const WdBranch *b = x->walk ? wd_recording_find(r, x->walk) : NULL;
  int at = -1;
  const int last = b ? wd_branch_last(b) : -1;
  const gboolean anew = x->fresh || x->at != last;
  g_autofree char *own =
      b ? wd_walk_note(note, anew ? x->at : wd_walk_from(r, (WdPlace){x->walk, last})) : NULL;
  x->committing = TRUE; /* who hears of the walk may go there before its number is known here */
  if (!b) {
    x->walk = wd_session_walk(x->session, NULL, latent, note, &error);
    at = x->walk ? 0 : -1;
  } else if (anew) {
    at = wd_session_walk_append(x->session, x->walk, latent, own, &error);
  } else if (wd_session_walk_replace(x->session, x->walk, latent, own, &error)) {
    at = last;
  }
  x->committing = FALSE;
  x->sample_serial = serial; /* tried; not again at this place when it failed */
  x->sample_u = u;
  x->sample_v = v;
  x->sample_steps = steps;
  if (at < 0) {
    x->in_flight = FALSE;
    wd_explorer_fail(x, "%s", error ? error->message : _("The latent could not be kept."));
    return;
  }
  x->fresh = FALSE;
  x->at = at;
  wd_explorer_changed(x, WD_EXPLORER_SAMPLE);
}

static int steps_now(const WdExplorer *x) {
  if (x->domain != WD_DOMAIN_NOISE) return 0;
  int all = x->recipe.plan.steps;
  return x->resting || !x->preview_steps ? all : MIN(all, x->preview_steps);
}

/* Whether the walk has what the cursor asks for. */
static gboolean is_made(const WdExplorer *x) {
  return x->at >= 0 && x->sample_serial == x->serial && x->sample_u == x->u && x->sample_v == x->v &&
         x->sample_steps == steps_now(x);
}

/* What the walk has at `at` is the cursor's sample, as its note says. */
static void adopt(WdExplorer *x) {
  x->adopt = FALSE;
  x->sample_serial = x->serial;
  x->sample_u = x->u;
  x->sample_v = x->v;
  x->sample_steps = steps_now(x);
}

/* Makes the cursor's sample, one at a time: while one is under way the cursor goes on without it, and the
 * next is made where the cursor stands then. */
static void pump(WdExplorer *x) {
  if (!x->ready || x->restoring) return;
  if (x->adopt) adopt(x);
  if (is_made(x)) {
    if (x->resting && !x->held) x->fresh = TRUE;
    return;
  }
  gint64 now = g_get_monotonic_time();
  if (x->in_flight && now - x->flight < FLIGHT_MAX_US) return;
  gsize d = dimension(x);
  float *z = g_malloc_n(d, sizeof *z);
  wd_explorer_point(x, x->u, x->v, z);
  GBytes *latent = g_bytes_new_take(z, d * sizeof *z);
  x->in_flight = TRUE;
  x->flight = now;
  if (x->domain == WD_DOMAIN_DATA) {
    commit(x, latent, x->u, x->v, x->serial, 0);
  } else {
    WdChore chore = {.owner = &x->owner[OWN_SAMPLE],
                     .id = x->serial,
                     .soon = TRUE,
                     .latent = latent,
                     .noise = TRUE,
                     .recipe = wd_explorer_recipe_of(x, x->anchor[0].seed)};
    chore.recipe.plan.steps = steps_now(x);
    x->sample_u = x->u; /* of what is being made */
    x->sample_v = x->v;
    x->sample_serial = 0;
    wd_session_drop_chores(x->session, &x->owner[OWN_SAMPLE]);
    g_autoptr(GError) error = NULL;
    if (!wd_session_add_chores(x->session, &chore, 1, &error)) {
      x->in_flight = FALSE;
      wd_explorer_fail(x, "%s", error->message);
    }
  }
  g_bytes_unref(latent);
}

static void take_sample(WdExplorer *x, const WdChoreDone *d) {
  if (d->chore.id != x->serial) { /* of another plane by now */
    x->in_flight = FALSE;
    pump(x);
    return;
  }
  if (d->error.code) {
    x->in_flight = FALSE;
    x->sample_serial = x->serial;
    x->sample_steps = d->chore.recipe.plan.steps;
    wd_explorer_fail(x, _("The noise at the cursor could not be denoised: %s"), d->error.message);
    return;
  }
  commit(x, d->latent, x->sample_u, x->sample_v, x->serial, d->chore.recipe.plan.steps);
}

/* Its map is there: the next may be made. */
static void on_frame(WdSession *s, guint id, int k, int what, WdExplorer *x) {
  (void)what;
  if (!x->in_flight || id != x->walk || k != x->at) return;
  WdFrame f = {0};
  const WdPosition *p = wd_recording_position(wd_session_get_recording(s), id, k);
  gboolean there = wd_recording_get_frame(wd_session_get_recording(s), id, k, WD_WHAT_ESTIMATE, &f) && f.pair;
  if (!there && !(p && p->fault)) return;
  x->in_flight = FALSE;
  pump(x);
}

/* ---- the cursor */

static gboolean on_rest(gpointer user) {
  WdExplorer *x = user;
  x->rest_source = 0;
  wd_explorer_rest(x);
  return G_SOURCE_REMOVE;
}

static double rounded(double t) {
  return rint(t * 1e4) / 1e4;
}

void wd_explorer_move(WdExplorer *x, double u, double v) {
  if (!isfinite(u) || !isfinite(v)) return;
  u = rounded(CLAMP(u, -100, 100));
  v = rounded(CLAMP(v, -100, 100));
  if (u == x->u && v == x->v) return;
  x->u = u;
  x->v = v;
  x->resting = x->adopt = FALSE;
  g_clear_handle_id(&x->rest_source, g_source_remove);
  x->rest_source = g_timeout_add(REST_MS, on_rest, x);
  wd_explorer_changed(x, WD_EXPLORER_CURSOR);
  pump(x);
}

void wd_explorer_hold(WdExplorer *x, gboolean yes) {
  x->held = yes;
}

void wd_explorer_rest(WdExplorer *x) {
  g_clear_handle_id(&x->rest_source, g_source_remove);
  if (x->resting) {
    pump(x); /* a drag that had paused is over */
    return;
  }
  x->resting = TRUE;
  wd_explorer_changed(x, WD_EXPLORER_CURSOR);
  pump(x);
}

/* Undo goes to what the latent was made from, which after an undo is not the one before it in the walk. */
static gboolean way(const WdExplorer *x, gboolean redo, int *k) {
  WdRecording *r = wd_session_get_recording(x->session);
  const WdPlace at = {x->walk, x->at};
  WdPlace to;
  if (!x->walk || x->at < 0) return FALSE;
  if (!(redo ? wd_walk_redo(r, at, &to) : wd_walk_undo(r, at, &to))) return FALSE;
  *k = to.position;
  return TRUE;
}

static int trail_last(const WdExplorer *x) {
  const WdBranch *b = x->walk ? wd_recording_find(wd_session_get_recording(x->session), x->walk) : NULL;
  return b ? wd_branch_last(b) : -1;
}

gboolean wd_explorer_can_undo(const WdExplorer *x) {
  int k;
  return way(x, FALSE, &k);
}

gboolean wd_explorer_can_redo(const WdExplorer *x) {
  int k;
  return way(x, TRUE, &k);
}

static void go(WdExplorer *x, int k) {
  wd_explorer_see(x, x->walk, k);
  wd_explorer_changed(x, WD_EXPLORER_WENT);
}

void wd_explorer_undo(WdExplorer *x) {
  int k;
  if (way(x, FALSE, &k)) go(x, k);
}

void wd_explorer_redo(WdExplorer *x) {
  int k;
  if (way(x, TRUE, &k)) go(x, k);
}

void wd_explorer_see(WdExplorer *x, guint branch, int k) {
  WdRecording *r = wd_session_get_recording(x->session);
  const WdBranch *b = wd_recording_find(r, branch);
  if (x->committing || !b || b->kind != WD_BRANCH_WALK || (branch == x->walk && k == x->at)) return;
  const WdPosition *p = wd_recording_position(r, branch, k);
  if (!p || !p->note) return;
  x->restoring = TRUE;
  WdNoteKind kind = wd_explorer_read_note(x, p->note);
  x->restoring = FALSE;
  if (kind == WD_NOTE_OTHER && branch != x->walk) return;
  if (kind == WD_NOTE_PLANE ||
      branch == x->walk) { /* the cursor of another tool's latent stays where it is */
    x->walk = branch;
    x->at = k;
  }
  x->fresh = x->resting = x->adopt = TRUE;
  x->in_flight = FALSE;
  g_clear_handle_id(&x->rest_source, g_source_remove);
  wd_session_drop_chores(x->session, &x->owner[OWN_SAMPLE]);
  pump(x); /* there is nothing to make: or an anchor is, first */
  wd_explorer_changed(x, WD_EXPLORER_CURSOR);
}

/* Where a note says that its latent is, when it is of the plane with that key. */
static gboolean note_place(const char *note, const char *key, double uv[2]) {
  json_t *o = note ? json_loads(note, 0, NULL) : NULL;
  const json_t *u = json_object_get(o, "u"), *v = json_object_get(o, "v");
  gboolean there = json_is_number(u) && json_is_number(v) &&
                   g_strcmp0(json_string_value(json_object_get(o, "edit")), "plane") == 0;
  if (there) {
    uv[0] = json_number_value(u);
    uv[1] = json_number_value(v);
    json_object_del(o, "u");
    json_object_del(o, "v");
    json_object_del(o, "edit");
    json_object_del(o, "text");
    json_object_del(o, "bookmark");
    json_object_del(o, "from");
    char *text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
    there = g_strcmp0(text, key) == 0;
    free(text);
  }
  json_decref(o);
  return there;
}

int wd_explorer_trail(WdExplorer *x, double (*uv)[2], int most) {
  int n = 0;
  WdRecording *r = wd_session_get_recording(x->session);
  g_autofree char *key = wd_explorer_key(x);
  for (int k = trail_last(x); k >= 0 && n < most; k--) {
    const WdPosition *p = wd_recording_position(r, x->walk, k);
    n += p && note_place(p->note, key, uv[n]);
  }
  return n;
}

/* ---- the session */

static void on_chore(WdSession *s, const WdChoreDone *d, WdExplorer *x) {
  (void)s;
  if (d->chore.owner == &x->owner[OWN_ANCHOR])
    take_anchor(x, d);
  else if (d->chore.owner == &x->owner[OWN_SAMPLE])
    take_sample(x, d);
  else if (!wd_explorer_take_tile(x, d) && !wd_explorer_take_batch(x, d))
    wd_explorer_take_path(x, d);
}

/* Everything that the old model made is gone. */
static void on_state(WdSession *s, WdExplorer *x) {
  const WdModelInfo *m = wd_session_get_model(s);
  if (!m || g_strcmp0(m->identity, x->model) == 0) return;
  g_free(x->model);
  x->model = g_strdup(m->identity);
  g_hash_table_remove_all(x->data_of_seed);
  for (int i = 0; i < 3; i++) {
    g_free(x->batch[i].latent);
    x->batch[i] = (WdLatentBatch){.source = (WdBatchSource)i};
  }
  x->band[0] = x->band[1] = NAN;
  x->band_count = 0;
  for (int i = 0; i < WD_ANCHORS; i++) {
    WdAnchor *a = &x->anchor[i];
    if (a->kind == WD_ANCHOR_SEED) {
      g_clear_pointer(&a->noise, g_bytes_unref);
      g_clear_pointer(&a->data, g_bytes_unref);
      a->noise = noise_of(x, a->seed);
    } else if (a->kind && a->data && g_bytes_get_size(a->data) != dimension(x) * sizeof(float)) {
      wd_explorer_anchor_clear(a);
    }
  }
  x->walk = 0;
  x->at = -1;
  x->fresh = TRUE;
  x->in_flight = FALSE;
  if (x->recipe.plan.steps > m->timesteps && m->timesteps) x->recipe.plan.steps = MIN(16, m->timesteps);
  while (!g_queue_is_empty(&x->shelf)) wd_explorer_tiles_free(g_queue_pop_head(&x->shelf));
  wd_explorer_update_plane(x);
}

static void on_branches(WdRecording *r, WdExplorer *x) {
  if (x->walk && !wd_recording_find(r, x->walk)) {
    x->walk = 0;
    x->at = -1;
    x->fresh = TRUE;
    wd_explorer_changed(x, WD_EXPLORER_SAMPLE);
  }
  if (x->path && !wd_recording_find(r, x->path)) {
    x->path = 0;
    wd_explorer_changed(x, WD_EXPLORER_PATH);
  }
}

static void watch_recording(WdExplorer *x) {
  if (x->recording) g_signal_handlers_disconnect_by_data(x->recording, x);
  g_set_object(&x->recording, wd_session_get_recording(x->session));
  g_signal_connect(x->recording, "changed", G_CALLBACK(on_branches), x);
}

static void on_recording(WdSession *s, WdExplorer *x) {
  (void)s;
  watch_recording(x);
  x->walk = x->path = 0;
  x->at = -1;
  x->fresh = TRUE;
  x->in_flight = x->path_making = FALSE;
  wd_session_drop_chores(x->session, &x->owner[OWN_PATH]);
  gboolean gone = FALSE;
  for (int i = 0; i < WD_ANCHORS; i++)
    if (x->anchor[i].kind == WD_ANCHOR_PLACE) {
      wd_explorer_anchor_clear(&x->anchor[i]);
      gone = TRUE;
    }
  g_free(x->batch[WD_BATCH_RECORDED].latent);
  x->batch[WD_BATCH_RECORDED] = (WdLatentBatch){.source = WD_BATCH_RECORDED};
  if (gone) wd_explorer_update_plane(x);
  wd_explorer_changed(x, WD_EXPLORER_SAMPLE | WD_EXPLORER_PATH);
}

/* ---- the object */

static void dispose(GObject *object) {
  WdExplorer *x = WD_EXPLORER(object);
  g_clear_handle_id(&x->rest_source, g_source_remove);
  if (x->session) {
    for (gsize i = 0; i < sizeof x->owner; i++) wd_session_drop_chores(x->session, &x->owner[i]);
    g_signal_handlers_disconnect_by_data(x->session, x);
    x->session = NULL;
  }
  if (x->recording) g_signal_handlers_disconnect_by_data(x->recording, x);
  g_clear_object(&x->recording);
  G_OBJECT_CLASS(wd_explorer_parent_class)->dispose(object);
}

static void finalize(GObject *object) {
  WdExplorer *x = WD_EXPLORER(object);
  for (int i = 0; i < WD_ANCHORS; i++) wd_explorer_anchor_clear(&x->anchor[i]);
  for (int i = 0; i < 3; i++) g_free(x->batch[i].latent);
  wd_latent_plane_clear(&x->plane);
  wd_explorer_tiles_free(x->tiles);
  while (!g_queue_is_empty(&x->shelf)) wd_explorer_tiles_free(g_queue_pop_head(&x->shelf));
  g_hash_table_unref(x->data_of_seed);
  g_free(x->why);
  g_free(x->model);
  g_free(x->path_key);
  G_OBJECT_CLASS(wd_explorer_parent_class)->finalize(object);
}

static void wd_explorer_class_init(WdExplorerClass *class) {
  G_OBJECT_CLASS(class)->dispose = dispose;
  G_OBJECT_CLASS(class)->finalize = finalize;
  GType type = G_TYPE_FROM_CLASS(class);
  signals[CHANGED] =
      g_signal_new("changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  signals[FAILED] =
      g_signal_new("failed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void unref_bytes(gpointer bytes) {
  g_bytes_unref(bytes);
}

static void wd_explorer_init(WdExplorer *x) {
  x->norm_safe = x->resting = x->fresh = TRUE;
  x->at = -1;
  x->batch_count = 64;
  x->band[0] = x->band[1] = NAN;
  x->preview_steps = 4;
  x->frames = 60;
  x->recipe = (WdRecipe){.family = -1, .plan = {.steps = 16}};
  for (int i = 0; i < 3; i++) x->batch[i].source = (WdBatchSource)i;
  x->data_of_seed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, unref_bytes);
  g_queue_init(&x->shelf);
}

WdExplorer *wd_explorer_new(WdSession *session) {
  WdExplorer *x = g_object_new(WD_TYPE_EXPLORER, NULL);
  x->session = session;
  const WdModelInfo *m = wd_session_get_model(session);
  x->model = g_strdup(m ? m->identity : "");
  watch_recording(x);
  g_signal_connect(session, "chore", G_CALLBACK(on_chore), x);
  g_signal_connect(session, "frame", G_CALLBACK(on_frame), x);
  g_signal_connect(session, "state", G_CALLBACK(on_state), x);
  g_signal_connect(session, "recording", G_CALLBACK(on_recording), x);
  return x;
}
