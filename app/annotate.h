/* The window's side of annotations: the tool, adding, taking away, undo. */
#ifndef WD_ANNOTATE_H
#define WD_ANNOTATE_H

#include "app/window.h"

void wd_annotate_install(WdWindow *window); /* actions */
void wd_annotate_update_actions(WdWindow *window);
gboolean wd_annotate_leave(WdWindow *window); /* Esc: puts the tool away; FALSE: none was out */

#endif
