/* What comes back from a thread ends on the main thread, also what was closed meanwhile. */
#include "app/offload.h"
#include "tests/tap.h"

#include <dlfcn.h>

static GThread *here;
static void (*let_go)(gpointer object);

/* In place of GLib's: a thread that lets go of something does so late, as a busy machine would have it, so
 * that whoever leaves the last reference to it is caught (GTask alone does). */
void g_object_unref(gpointer object) {
  if (here && g_thread_self() != here) g_usleep(1000);
  let_go(object);
}

static int done_here, released, released_here, ended_here, ended;

static void on_end(gpointer data, GObject *object) {
  (void)data, (void)object;
  g_atomic_int_inc(&ended);
  ended_here += g_thread_self() == here;
}

static gboolean work(gpointer data, GError **error) {
  if (g_thread_self() == here) return FALSE;
  if (!data) g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no data");
  return data != NULL;
}
static void done(gpointer source, gpointer data, const GError *error) {
  done_here += g_thread_self() == here && (data ? !error : error && !source);
}
static void release(gpointer data) {
  released_here += g_thread_self() == here;
  g_object_unref(data);
  g_atomic_int_inc(&released);
}

int main(void) {
  enum { TIMES = 200 };
  let_go = (void (*)(gpointer))dlsym(RTLD_NEXT, "g_object_unref");
  here = g_thread_self();
  for (int i = 0; i < TIMES; i++) {
    GObject *source = g_object_new(G_TYPE_OBJECT, NULL), *data = g_object_new(G_TYPE_OBJECT, NULL);
    g_object_weak_ref(source, on_end, NULL);
    g_object_weak_ref(data, on_end, NULL);
    wd_offload(source, data, &(WdOffload){work, done, release});
    g_object_unref(source); /* closed at once */
    while (g_atomic_int_get(&released) <= i || g_atomic_int_get(&ended) < 2 * (i + 1))
      if (!g_main_context_iteration(NULL, FALSE)) g_usleep(100);
  }
  tap_ok(done_here == TIMES && released_here == TIMES, "%d jobs come back to the thread that gave them",
         done_here);
  tap_ok(ended == 2 * TIMES && ended_here == ended, "source and data end there: %d of %d", ended_here, ended);
  wd_offload(NULL, NULL, &(WdOffload){work, done, NULL});
  while (done_here <= TIMES && g_main_context_iteration(NULL, TRUE)) {}
  tap_ok(done_here == TIMES + 1, "without a source or data, an error comes back");
  return tap_done();
}
