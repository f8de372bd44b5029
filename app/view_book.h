/* Results that take too long to be made while drawing: each is made off the main thread when it is first
 * asked for, what is looked at now before what was, and the last four are kept with the view. Main thread
 * only, but for `make`. */
#ifndef WD_VIEW_BOOK_H
#define WD_VIEW_BOOK_H

#include "app/view.h"

#include <stdatomic.h>

typedef struct WdViewBook {
  const char *name; /* of the book, among the view's data */
  /* On a thread: the result of a job, whose things are immutable. cancel: nobody waits for it any more. NULL:
   * it cannot be made, which is kept too. */
  gpointer (*make)(gpointer job, const atomic_bool *cancel);
  GDestroyNotify free_job, free_made;
} WdViewBook;

/* *made: what is kept of a thing (told apart by its address), valid until the main loop runs again, or NULL.
 * TRUE: it is known, or being made; FALSE: somebody has to ask. */
gboolean wd_view_book_find(WdView *view, const WdViewBook *book, gconstpointer of, gconstpointer *made);
/* Whether it is made, or cannot be. */
gboolean wd_view_book_settled(WdView *view, const WdViewBook *book, gconstpointer of);
/* Has it made; the view says WD_VIEW_DISPLAY once it is there. Takes the job over, which keeps `of` alive. */
void wd_view_book_ask(WdView *view, const WdViewBook *book, gconstpointer of, gpointer job);

#endif
