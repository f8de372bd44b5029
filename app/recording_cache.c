#include "app/recording_cache.h"

typedef struct Entry {
  GBytes *latent; /* referenced: an address is an identity only while it is held */
  WdFrame frame;
  gsize bytes;
  GList link; /* in `order` */
} Entry;

struct WdFrameCache {
  GHashTable *entry; /* GBytes * -> Entry * */
  GQueue order;      /* of Entry, the one used last at the head */
  gsize bytes, budget;
};

static gsize gather_bytes(const wd_gather *g) {
  return g->value ? wd_gather_count(g) * sizeof *g->value : 0;
}

static gsize pair_bytes(const WdPair *p) {
  return p ? sizeof *p + (gsize)p->velocity.nz * (gsize)p->velocity.nx * sizeof(float) +
                 gather_bytes(&p->gathers)
           : 0;
}

static gsize simulation_bytes(const WdSimulation *s) {
  if (!s) return 0;
  gsize measures = (gsize)s->comparison.shots * (1 + (gsize)s->comparison.receivers);
  return sizeof *s + gather_bytes(&s->full) + gather_bytes(&s->top) + measures * sizeof(wd_measure);
}

static void free_entry(gpointer data) {
  Entry *e = data;
  wd_frame_clear(&e->frame);
  g_bytes_unref(e->latent);
  g_free(e);
}

WdFrameCache *wd_frame_cache_new(void) {
  WdFrameCache *c = g_new0(WdFrameCache, 1);
  c->entry = g_hash_table_new_full(NULL, NULL, NULL, free_entry);
  g_queue_init(&c->order);
  c->budget = (gsize)512 << 20;
  return c;
}

void wd_frame_cache_free(WdFrameCache *c) {
  if (!c) return;
  g_hash_table_unref(c->entry);
  g_free(c);
}

gsize wd_frame_cache_bytes(const WdFrameCache *c) {
  return c->bytes;
}

static void drop(WdFrameCache *c, Entry *e) {
  g_queue_unlink(&c->order, &e->link);
  c->bytes -= e->bytes;
  g_hash_table_remove(c->entry, e->latent);
}

static void shrink(WdFrameCache *c) {
  GList *at = c->order.tail;
  while (at && at != c->order.head && c->bytes > c->budget) {
    Entry *e = at->data;
    at = at->prev;
    drop(c, e);
  }
}

void wd_frame_cache_set_budget(WdFrameCache *c, gsize bytes) {
  c->budget = bytes;
  shrink(c);
}

static void used(WdFrameCache *c, Entry *e) {
  g_queue_unlink(&c->order, &e->link);
  g_queue_push_head_link(&c->order, &e->link);
}

gboolean wd_frame_cache_get(WdFrameCache *c, GBytes *latent, gboolean use, WdFrame *out) {
  Entry *e = g_hash_table_lookup(c->entry, latent);
  if (!e) return FALSE;
  if (use) used(c, e);
  *out = e->frame;
  return TRUE;
}

static void weigh(WdFrameCache *c, Entry *e) {
  c->bytes -= e->bytes;
  e->bytes = pair_bytes(e->frame.pair) + simulation_bytes(e->frame.live) + simulation_bytes(e->frame.exact);
  c->bytes += e->bytes;
}

void wd_frame_cache_put(WdFrameCache *c, GBytes *latent, const WdFrame *frame) {
  Entry *e = g_hash_table_lookup(c->entry, latent);
  if (!e) {
    e = g_new0(Entry, 1);
    e->latent = g_bytes_ref(latent);
    e->link.data = e;
    g_hash_table_insert(c->entry, latent, e);
    g_queue_push_head_link(&c->order, &e->link);
  } else {
    used(c, e);
  }
  WdFrame old = e->frame;
  e->frame = (WdFrame){frame->pair ? wd_pair_ref(frame->pair) : NULL,
                       frame->live ? wd_simulation_ref(frame->live) : NULL,
                       frame->exact ? wd_simulation_ref(frame->exact) : NULL};
  if (!e->frame.pair) e->frame.pair = g_steal_pointer(&old.pair);
  if (!e->frame.live) e->frame.live = g_steal_pointer(&old.live);
  if (!e->frame.exact) e->frame.exact = g_steal_pointer(&old.exact);
  wd_frame_clear(&old);
  weigh(c, e);
  shrink(c);
}

void wd_frame_cache_forget_simulations(WdFrameCache *c) {
  for (GList *at = c->order.head; at; at = at->next) {
    Entry *e = at->data;
    g_clear_pointer(&e->frame.live, wd_simulation_unref);
    g_clear_pointer(&e->frame.exact, wd_simulation_unref);
    weigh(c, e);
  }
}

void wd_frame_cache_retain(WdFrameCache *c, GHashTable *held) {
  for (GList *at = c->order.head; at;) {
    Entry *e = at->data;
    at = at->next;
    if (!g_hash_table_contains(held, e->latent)) drop(c, e);
  }
}
