/* What can be undone: renaming runs and branches, however it was done. (A removed branch is gone: the
 * recording keeps nothing of it.) */
#ifndef WD_UNDO_H
#define WD_UNDO_H

#include "app/window.h"

void wd_undo_watch(WdWindow *window); /* names may have changed: remembers the old ones */
gboolean wd_undo_can(WdWindow *window, gboolean redo);
void wd_undo_do(WdWindow *window, gboolean redo);
void wd_undo_clear(WdWindow *window); /* another recording has come */

#endif
