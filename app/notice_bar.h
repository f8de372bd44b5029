/* The inline bar for what a person must know: what happened, what was kept, what to do; the engine's own
 * words behind "Details", at most one action, and a button that closes it. Never a dialog. */
#ifndef WD_NOTICE_BAR_H
#define WD_NOTICE_BAR_H

#include "app/session.h"

#include <gtk/gtk.h>

#define WD_TYPE_NOTICE_BAR (wd_notice_bar_get_type())
G_DECLARE_FINAL_TYPE(WdNoticeBar, wd_notice_bar, WD, NOTICE_BAR, GtkWidget)

/* Its action button activates win.use-cpu, win.open-model or win.resume. */
GtkWidget *wd_notice_bar_new(void);
void wd_notice_bar_show(WdNoticeBar *bar, const WdNotice *notice); /* copies */
void wd_notice_bar_hide(WdNoticeBar *bar);
gboolean wd_notice_bar_is_shown(WdNoticeBar *bar);
const char *wd_notice_bar_get_text(WdNoticeBar *bar); /* "" when hidden; borrowed */

#endif
