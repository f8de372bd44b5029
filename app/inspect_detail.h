/* The chosen sample: what is wrong with it in words, its tags and note, and its pair, error, lags, arrivals
 * and way. */
#ifndef WD_INSPECT_DETAIL_H
#define WD_INSPECT_DETAIL_H

#include "app/inspect.h"
#include "app/window.h"

GtkWidget *wd_inspect_detail_new(WdWindow *window, WdInspect *inspect);
/* The entry of the tags, for Ctrl+T. */
void wd_inspect_detail_edit_tags(GtkWidget *detail);

#endif
