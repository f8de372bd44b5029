/* Bookmarks: names for positions of a recording that one wants to come back to, as anchors of a plane say. A
 * bookmark is kept in the position's note (recording.h), under "bookmark", and so goes into every recording.
 */
#ifndef WD_BOOKMARK_H
#define WD_BOOKMARK_H

#include "app/recording.h"

enum { WD_BOOKMARK_MAX = 80 }; /* bytes of a name */

/* The name of a position, g_free; NULL: it has none. */
char *wd_bookmark_get(const WdPosition *p);
/* Names position k of a branch; name NULL or "": takes the name away. Tells the recording's watchers. FALSE:
 * no such position, or a name that is too long or not UTF-8. */
gboolean wd_bookmark_set(WdRecording *r, guint branch, int k, const char *name);

typedef struct WdBookmark {
  guint branch;
  int position;
  char *name;
} WdBookmark;
/* All of them, in order of branches and positions; a position that branches share comes once, for the branch
 * that it belongs to. WdBookmark, release with g_array_unref. */
GArray *wd_bookmark_list(WdRecording *r);

#endif
