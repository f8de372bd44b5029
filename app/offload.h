/* Work on a thread of the pool, whose end comes back to the main thread.
 *
 * GTask alone lets go of its source and its data on whichever thread drops it last: a window that was closed
 * while its figure was being written would end on the writer's thread. Here `done`, `release` and the last
 * reference of `source` are the main thread's, always. */
#ifndef WD_APP_OFFLOAD_H
#define WD_APP_OFFLOAD_H

#include <gio/gio.h>

typedef struct WdOffload {
  gboolean (*work)(gpointer data, GError **error); /* on the thread; FALSE with error set */
  /* On the main thread; error is NULL where work returned TRUE, and stays the callee's property to read only.
   */
  void (*done)(gpointer source, gpointer data, const GError *error);
  GDestroyNotify release; /* of data, on the main thread, after done; may be NULL */
} WdOffload;

/* source: kept alive until `done` has returned; may be NULL. data: the job's own until then. Call it on the
 * main thread. */
void wd_offload(gpointer source, gpointer data, const WdOffload *offload);

#endif
