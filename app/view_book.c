#include "app/view_book.h"

#include "app/offload.h"

enum { KEPT = 4 };

/* What is known of a thing, or being made: the worker has a reference of its own. */
typedef struct Page {
  gatomicrefcount count;
  const WdViewBook *book;
  gconstpointer of;
  gpointer job, made;
  atomic_bool cancel;
} Page;

typedef struct Pages {
  Page *kept[KEPT]; /* the newest first */
  Page *making;
} Pages;

static void page_unref(gpointer data) {
  Page *p = data;
  if (!p || !g_atomic_ref_count_dec(&p->count)) return;
  p->book->free_job(p->job);
  if (p->made) p->book->free_made(p->made);
  g_free(p);
}

static void leave(Pages *all) {
  if (all->making) atomic_store(&all->making->cancel, true);
  g_clear_pointer(&all->making, page_unref);
}

static void pages_free(gpointer data) {
  Pages *all = data;
  leave(all);
  for (int i = 0; i < KEPT; i++) page_unref(all->kept[i]);
  g_free(all);
}

static Pages *pages_of(WdView *view, const WdViewBook *book) {
  Pages *all = g_object_get_data(G_OBJECT(view), book->name);
  if (!all) {
    all = g_new0(Pages, 1);
    g_object_set_data_full(G_OBJECT(view), book->name, all, pages_free);
  }
  return all;
}

static gboolean work(gpointer data, GError **error) {
  (void)error;
  Page *p = data;
  p->made = p->book->make(p->job, &p->cancel);
  return TRUE;
}

static void on_done(gpointer source, gpointer data, const GError *error) {
  (void)error;
  Page *p = data;
  Pages *all = pages_of(WD_VIEW(source), p->book);
  if (all->making != p) return;
  all->making = NULL;
  page_unref(all->kept[KEPT - 1]);
  for (int i = KEPT - 1; i > 0; i--) all->kept[i] = all->kept[i - 1];
  all->kept[0] = p;
  if (p->made) wd_view_changed(WD_VIEW(source), WD_VIEW_DISPLAY);
}

gboolean wd_view_book_find(WdView *view, const WdViewBook *book, gconstpointer of, gconstpointer *made) {
  const Pages *all = pages_of(view, book);
  *made = NULL;
  for (int i = 0; i < KEPT; i++)
    if (all->kept[i] && all->kept[i]->of == of) {
      *made = all->kept[i]->made;
      return TRUE;
    }
  return all->making && all->making->of == of;
}

gboolean wd_view_book_settled(WdView *view, const WdViewBook *book, gconstpointer of) {
  const Pages *all = pages_of(view, book);
  for (int i = 0; i < KEPT; i++)
    if (all->kept[i] && all->kept[i]->of == of) return TRUE;
  return FALSE;
}

void wd_view_book_ask(WdView *view, const WdViewBook *book, gconstpointer of, gpointer job) {
  Pages *all = pages_of(view, book);
  leave(all);
  Page *p = g_new0(Page, 1);
  g_atomic_ref_count_init(&p->count);
  g_atomic_ref_count_inc(&p->count);
  p->book = book;
  p->of = of;
  p->job = job;
  all->making = p;
  wd_offload(view, p, &(WdOffload){work, on_done, page_unref});
}
