/* What can be undone: deleting and renaming runs and branches, however it was done, and annotations. */
#ifndef WD_UNDO_H
#define WD_UNDO_H

#include "app/window.h"

void wd_undo_watch(WdWindow *window); /* names may have changed: remembers the old ones */
/* `before` were the annotations of position k; taken over. */
void wd_undo_push_annotations(WdWindow *window, guint branch, int k, GPtrArray *before);
/* Deletes a branch and what left it; a run of it is stopped. */
void wd_undo_remove(WdWindow *window, guint branch);
gboolean wd_undo_can(WdWindow *window, gboolean redo);
void wd_undo_do(WdWindow *window, gboolean redo);
/* Another recording has come (from, to may be NULL): each keeps what can be undone in it. */
void wd_undo_switch(WdWindow *window, WdRecording *from, WdRecording *to);

#endif
