/* The forest of branches. Frames: recording_cache.c; files: recording_file.c. */
#include "app/recording_cache.h"
#include "app/recording_private.h"

#include <math.h>

struct _WdRecording {
  GObject parent_instance;
  GPtrArray *branch; /* WdBranch * */
  GPtrArray *aside;  /* WdAside * */
  guint next_id;
  char *model, *identity;
  WdFrameCache *frames;
  GHashTable *stored; /* GBytes * -> WdStored *: what a file held */
  GHashTable *unknown;
  wd_latent_shape latent;
  wd_shard_desc geometry;
  wd_codec *codec; /* NULL before it is wanted */
};

/* A branch that was set aside, with all that left it. */
typedef struct WdAside {
  GPtrArray *branch; /* WdBranch *, parents first */
  GArray *place;     /* guint: where each stood */
} WdAside;
enum { ASIDE_MAX = 8 };

G_DEFINE_FINAL_TYPE(WdRecording, wd_recording, G_TYPE_OBJECT)

enum { CHANGED, POSITION, SIGNALS };
static guint signals[SIGNALS];

/* ---- positions and branches */

WdPosition *wd_position_new(const wd_sampler_level *level) {
  WdPosition *p = g_new0(WdPosition, 1);
  p->level = level ? *level : (wd_sampler_level){-1, 1, 0, INFINITY};
  p->objective = NAN;
  return p;
}

void wd_position_free(WdPosition *p) {
  if (!p) return;
  for (int w = 0; w < WD_WHATS; w++) {
    g_clear_pointer(&p->latent[w], g_bytes_unref);
    wd_score_free(p->live[w]);
    wd_score_free(p->exact[w]);
  }
  g_free(p->fault);
  g_free(p->note);
  if (p->annotations) g_ptr_array_unref(p->annotations);
  g_free(p);
}

static void free_position(gpointer p) {
  wd_position_free(p);
}

static void free_branch(gpointer data) {
  WdBranch *b = data;
  g_free(b->name);
  g_ptr_array_unref(b->position);
  wd_pair_unref(b->truth);
  g_free(b->truth_name);
  if (b->edited) g_bytes_unref(b->edited);
  g_free(b);
}

static void free_aside(gpointer data) {
  WdAside *a = data;
  g_ptr_array_unref(a->branch);
  g_array_unref(a->place);
  g_free(a);
}

const WdScore *wd_position_score(const WdPosition *p, WdWhat what) {
  return p->exact[what] ? p->exact[what] : p->live[what];
}

int wd_branch_last(const WdBranch *b) {
  return b->position->len ? b->first + (int)b->position->len - 1 : -1;
}

int wd_branch_end(const WdBranch *b) {
  return b->steps + b->recipe.refine_steps;
}

gboolean wd_branch_is_data(const WdBranch *b, const WdPosition *p, int k) {
  return k >= b->steps || b->kind == WD_BRANCH_WALK || (p && p->level.timestep < 0);
}

/* ---- the object */

static void unref_bytes(gpointer bytes) {
  g_bytes_unref(bytes);
}

static void free_stored(gpointer stored) {
  wd_stored_free(stored);
}

static void finalize(GObject *object) {
  WdRecording *r = WD_RECORDING(object);
  g_ptr_array_unref(r->branch);
  g_ptr_array_unref(r->aside);
  wd_frame_cache_free(r->frames);
  g_hash_table_unref(r->stored);
  g_hash_table_unref(r->unknown);
  wd_codec_destroy(r->codec);
  g_free(r->model);
  g_free(r->identity);
  G_OBJECT_CLASS(wd_recording_parent_class)->finalize(object);
}

static void wd_recording_class_init(WdRecordingClass *class) {
  G_OBJECT_CLASS(class)->finalize = finalize;
  GType type = G_TYPE_FROM_CLASS(class);
  signals[CHANGED] = g_signal_new("changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[POSITION] = g_signal_new("position", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                   G_TYPE_UINT, G_TYPE_INT);
}

static void wd_recording_init(WdRecording *r) {
  r->branch = g_ptr_array_new_with_free_func(free_branch);
  r->aside = g_ptr_array_new_with_free_func(free_aside);
  r->next_id = 1;
  r->model = g_strdup("");
  r->identity = g_strdup("");
  r->frames = wd_frame_cache_new();
  r->stored = g_hash_table_new_full(NULL, NULL, unref_bytes, free_stored);
  r->unknown = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

WdRecording *wd_recording_new(void) {
  return g_object_new(WD_TYPE_RECORDING, NULL);
}

guint wd_recording_count(WdRecording *r) {
  return r->branch->len;
}

WdBranch *wd_recording_nth(WdRecording *r, guint i) {
  return i < r->branch->len ? g_ptr_array_index(r->branch, i) : NULL;
}

WdBranch *wd_recording_find(WdRecording *r, guint id) {
  for (guint i = 0; i < r->branch->len; i++) {
    WdBranch *b = g_ptr_array_index(r->branch, i);
    if (b->id == id) return b;
  }
  return NULL;
}

WdPosition *wd_recording_position(WdRecording *r, guint id, int k) {
  WdBranch *b = wd_recording_find(r, id);
  while (b && k < b->first) b = b->parent ? wd_recording_find(r, b->parent) : NULL;
  if (!b || k < b->first || k > wd_branch_last(b)) return NULL;
  return g_ptr_array_index(b->position, (guint)(k - b->first));
}

WdBranch *wd_place_owner(WdRecording *r, WdPlace place) {
  WdBranch *b = place.branch ? wd_recording_find(r, place.branch) : NULL;
  while (b && place.position < b->first && b->parent) b = wd_recording_find(r, b->parent);
  return b;
}

GBytes *wd_place_latent(WdRecording *r, WdPlace place, WdWhat what) {
  WdPosition *p = place.branch ? wd_recording_position(r, place.branch, place.position) : NULL;
  return p ? p->latent[what] : NULL;
}

int wd_recording_origin(WdRecording *r, guint id) {
  const WdBranch *b = wd_recording_find(r, id);
  while (b && !b->recipe.begin && b->parent) b = wd_recording_find(r, b->parent);
  return b && b->recipe.begin ? b->first : 0;
}

WdBranch *wd_recording_root(WdRecording *r, guint id) {
  WdBranch *b = wd_recording_find(r, id), *parent;
  while (b && b->parent && (parent = wd_recording_find(r, b->parent))) b = parent;
  return b;
}

const char *wd_recording_get_model(WdRecording *r) {
  return r->model;
}

const char *wd_recording_get_identity(WdRecording *r) {
  return r->identity;
}

void wd_recording_set_model(WdRecording *r, const char *name, const char *identity) {
  if (g_strcmp0(identity, r->identity) && r->aside->len) { /* latents of another model: never back */
    g_ptr_array_set_size(r->aside, 0);
    wd_recording_sweep(r);
  }
  g_free(r->model);
  g_free(r->identity);
  r->model = g_strdup(name);
  r->identity = g_strdup(identity);
}

void wd_recording_set_shape(WdRecording *r, const wd_latent_shape *latent, const wd_shard_desc *geometry) {
  r->latent = *latent;
  r->geometry = *geometry;
  g_clear_pointer(&r->codec, wd_codec_destroy);
}

const wd_latent_shape *wd_recording_get_latent(WdRecording *r) {
  return &r->latent;
}

const wd_shard_desc *wd_recording_get_geometry(WdRecording *r) {
  return &r->geometry;
}

void wd_recording_number(WdRecording *r, WdBranch *b, guint id) {
  b->id = id;
  r->next_id = MAX(r->next_id, id + 1);
}

GHashTable *wd_recording_get_unknown(WdRecording *r) {
  return r->unknown;
}

/* ---- growing */

WdBranch *wd_recording_add(WdRecording *r, WdBranchKind kind, const char *name, guint parent, int parent_at,
                           const WdRecipe *recipe, int steps) {
  WdBranch *b = g_new0(WdBranch, 1);
  b->id = r->next_id++;
  b->name = g_strdup(name);
  b->kind = kind;
  b->parent = parent;
  b->parent_at = parent ? parent_at : 0;
  b->first = b->parent_at;
  b->recipe = *recipe;
  b->steps = steps;
  b->position = g_ptr_array_new_with_free_func(free_position);
  b->colour = (int)b->id;
  b->given_velocity = b->given_gathers = kind == WD_BRANCH_ENCODED; /* unless somebody says otherwise */
  g_ptr_array_add(r->branch, b);
  return b;
}

void wd_recording_announce(WdRecording *r) {
  g_signal_emit(r, signals[CHANGED], 0);
}

void wd_recording_announce_position(WdRecording *r, guint id, int k) {
  g_signal_emit(r, signals[POSITION], 0, id, k);
}

WdPosition *wd_recording_grow(WdRecording *r, WdBranch *b, int k, const wd_sampler_level *level) {
  (void)r;
  int own = k - b->first;
  g_return_val_if_fail(own >= 0 && own <= (int)b->position->len, NULL);
  if (own == (int)b->position->len) g_ptr_array_add(b->position, wd_position_new(level));
  return g_ptr_array_index(b->position, (guint)own);
}

WdPosition *wd_recording_renew(WdRecording *r, WdBranch *b, int k) {
  (void)r;
  int own = k - b->first;
  g_return_val_if_fail(own >= 0 && own < (int)b->position->len, NULL);
  WdPosition *p = wd_position_new(NULL);
  wd_position_free(g_ptr_array_index(b->position, (guint)own));
  g_ptr_array_index(b->position, (guint)own) = p;
  return p;
}

gboolean wd_recording_rename(WdRecording *r, guint id, const char *name) {
  WdBranch *b = wd_recording_find(r, id);
  if (!b || !name || !*name) return FALSE;
  g_free(b->name);
  b->name = g_strdup(name);
  wd_recording_announce(r);
  return TRUE;
}

/* A branch and all that left it, without a word. */
static WdAside *take_out(WdRecording *r, guint id) {
  WdAside *a = g_new(WdAside, 1);
  *a = (WdAside){g_ptr_array_new_with_free_func(free_branch), g_array_new(FALSE, FALSE, sizeof(guint))};
  g_autoptr(GHashTable) gone = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < r->branch->len; i++) { /* children come after their parents */
    WdBranch *b = g_ptr_array_index(r->branch, i);
    if (b->id != id && !(b->parent && g_hash_table_contains(gone, GUINT_TO_POINTER(b->parent)))) continue;
    g_hash_table_add(gone, GUINT_TO_POINTER(b->id));
    g_ptr_array_add(a->branch, b);
    g_array_append_val(a->place, i);
  }
  for (guint n = a->place->len; n-- > 0;)
    g_ptr_array_steal_index(r->branch, g_array_index(a->place, guint, n));
  return a;
}

void wd_recording_remove(WdRecording *r, guint id) {
  if (!wd_recording_find(r, id)) return;
  free_aside(take_out(r, id));
  wd_recording_sweep(r);
  wd_recording_announce(r);
}

gboolean wd_recording_set_aside(WdRecording *r, guint id) {
  if (!wd_recording_find(r, id)) return FALSE;
  WdAside *a = take_out(r, id);
  g_ptr_array_add(r->aside, a);
  if (r->aside->len > ASIDE_MAX) {
    g_ptr_array_remove_index(r->aside, 0);
    wd_recording_sweep(r);
  }
  wd_recording_announce(r);
  return TRUE;
}

gboolean wd_recording_put_back(WdRecording *r, guint id) {
  WdAside *a = NULL;
  guint at = 0;
  for (; at < r->aside->len && !a; at++) {
    WdAside *one = g_ptr_array_index(r->aside, at);
    if (((WdBranch *)one->branch->pdata[0])->id == id) a = one;
  }
  const WdBranch *top = a ? a->branch->pdata[0] : NULL;
  const WdBranch *parent = top && top->parent ? wd_recording_find(r, top->parent) : NULL;
  if (!a || (top->parent && (!parent || wd_branch_last(parent) < top->parent_at))) return FALSE;
  guint least = 0; /* after its parent */
  for (guint i = 0; parent && i < r->branch->len; i++)
    if (r->branch->pdata[i] == parent) least = i + 1;
  for (guint n = 0; n < a->branch->len; n++) {
    const guint place = CLAMP(g_array_index(a->place, guint, n), least, r->branch->len);
    g_ptr_array_insert(r->branch, (int)place, a->branch->pdata[n]);
    least = place + 1;
  }
  g_ptr_array_set_free_func(a->branch, NULL); /* they are the recording's again */
  g_ptr_array_remove_index(r->aside, at - 1);
  wd_recording_announce(r);
  return TRUE;
}

void wd_recording_truncate(WdRecording *r, WdBranch *b, int k) {
  if (k >= wd_branch_last(b)) return;
  for (guint i = r->branch->len; i-- > 0;) {
    if (i >= r->branch->len) continue;
    WdBranch *child = g_ptr_array_index(r->branch, i);
    if (child->parent == b->id && child->parent_at > k) free_aside(take_out(r, child->id));
  }
  g_ptr_array_set_size(b->position, k < b->first ? 0 : k - b->first + 1);
  wd_recording_sweep(r);
}

guint wd_recording_each_place(WdRecording *r, GBytes *latent, WdPlaceFunc each, gpointer user) {
  guint n = 0;
  for (guint i = 0; i < r->branch->len; i++) {
    WdBranch *b = g_ptr_array_index(r->branch, i);
    for (guint j = 0; j < b->position->len; j++) {
      WdPosition *p = g_ptr_array_index(b->position, j);
      for (int w = 0; w < WD_WHATS; w++) {
        if (p->latent[w] != latent) continue;
        n++;
        if (each) each(r, b, b->first + (int)j, (WdWhat)w, p, user);
      }
    }
  }
  return n;
}

/* ---- frames */

static gboolean ensure_codec(WdRecording *r, wd_error *err) {
  if (r->codec) return TRUE;
  if (wd_stored_check_geometry(&r->geometry, err)) return FALSE;
  return !wd_codec_create(&(wd_codec_desc){r->geometry.samples, r->geometry.instants}, &r->codec, err);
}

/* Decodes what a file held of a latent into the cache, unless better is there already. */
static void fetch_stored(WdRecording *r, GBytes *latent) {
  WdStored *stored = g_hash_table_lookup(r->stored, latent);
  WdFrame frame;
  wd_error err = {0};
  if (!stored || !ensure_codec(r, &err)) return;
  if (wd_stored_decode(stored, &r->geometry, r->codec, &frame, &err)) {
    g_warning("a frame of the recording cannot be read: %s", err.message);
    g_hash_table_remove(r->stored, latent); /* not tried again */
    return;
  }
  wd_frame_cache_put(r->frames, latent, &frame);
  wd_frame_clear(&frame);
}

gboolean wd_recording_get_frame(WdRecording *r, guint id, int k, WdWhat what, WdFrame *out) {
  *out = (WdFrame){0};
  WdPosition *p = wd_recording_position(r, id, k);
  GBytes *latent = p ? p->latent[what] : NULL;
  if (!latent) return FALSE;
  if (!wd_frame_cache_get(r->frames, latent, FALSE, out)) fetch_stored(r, latent);
  return wd_frame_cache_get(r->frames, latent, TRUE, out);
}

WdStored *wd_recording_store_frame(WdRecording *r, GBytes *latent, wd_error *err) {
  WdFrame f = {0};
  gboolean cached = wd_frame_cache_get(r->frames, latent, FALSE, &f) && f.pair;
  const WdStored *stored = g_hash_table_lookup(r->stored, latent);
  if (cached && !(f.pair->coded && stored))
    return ensure_codec(r, err) ? wd_stored_encode(&f, &r->geometry, r->codec, err) : NULL;
  return stored ? wd_stored_copy(stored, &r->geometry) : NULL;
}

void wd_recording_keep_stored(WdRecording *r, GBytes *latent, WdStored *stored) {
  g_hash_table_replace(r->stored, g_bytes_ref(latent), stored);
}

gboolean wd_recording_peek_frame(WdRecording *r, GBytes *latent, WdFrame *out) {
  *out = (WdFrame){0};
  return wd_frame_cache_get(r->frames, latent, FALSE, out);
}

void wd_recording_put_frame(WdRecording *r, GBytes *latent, WdPair *pair, WdSimulation *live,
                            WdSimulation *exact) {
  wd_frame_cache_put(r->frames, latent, &(WdFrame){pair, live, exact});
}

void wd_recording_set_budget(WdRecording *r, gsize bytes) {
  wd_frame_cache_set_budget(r->frames, bytes);
}

gsize wd_recording_frame_bytes(WdRecording *r) {
  return wd_frame_cache_bytes(r->frames);
}

void wd_recording_forget_simulations(WdRecording *r) {
  wd_frame_cache_forget_simulations(r->frames);
}

static gboolean not_held(gpointer latent, gpointer stored, gpointer held) {
  (void)stored;
  return !g_hash_table_contains(held, latent);
}

static void hold(const GPtrArray *branches, GHashTable *held) {
  for (guint i = 0; i < branches->len; i++) {
    const WdBranch *b = g_ptr_array_index(branches, i);
    for (guint j = 0; j < b->position->len; j++) {
      const WdPosition *p = g_ptr_array_index(b->position, j);
      for (int w = 0; w < WD_WHATS; w++)
        if (p->latent[w]) g_hash_table_add(held, p->latent[w]);
    }
  }
}

void wd_recording_sweep(WdRecording *r) {
  GHashTable *held = g_hash_table_new(NULL, NULL);
  hold(r->branch, held);
  for (guint i = 0; i < r->aside->len; i++) hold(((WdAside *)r->aside->pdata[i])->branch, held);
  wd_frame_cache_retain(r->frames, held);
  g_hash_table_foreach_remove(r->stored, not_held, held);
  g_hash_table_unref(held);
}
