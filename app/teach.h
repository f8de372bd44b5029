/* Teach mode: the list of lessons and their player beside the panels, what is drawn over the window for them
 * (spotlight, covers, pointer halo, freeze), and the presenter view. One WdTeach a window, made by the page's
 * builder or by F5, and freed with the window. */
#ifndef WD_TEACH_H
#define WD_TEACH_H

#include "app/lesson.h"
#include "app/window.h"

typedef struct WdTeach WdTeach;

WdTeach *wd_teach_of(WdWindow *window); /* never NULL: made at the first call */
GtkWidget *wd_teach_page_new(WdWindow *window);

/* teach.c: what plays */
gboolean wd_teach_open(WdWindow *window, const char *name, int step, GError **error); /* step from 0 */
void wd_teach_close(WdWindow *window); /* back to the list; what was in the window before comes back */
void wd_teach_go(WdWindow *window, int step);
void wd_teach_next(WdWindow *window, int by); /* forwards what is hidden is revealed first */
void wd_teach_reveal(WdWindow *window);
void wd_teach_reset(WdWindow *window);
void wd_teach_play(WdWindow *window, gboolean on);
const WdLesson *wd_teach_lesson(WdWindow *window); /* NULL: none plays */
int wd_teach_step(WdWindow *window);
gboolean wd_teach_revealed(WdWindow *window);
gboolean wd_teach_changed(WdWindow *window); /* somebody played with what the step shows */
gboolean wd_teach_is_playing(WdWindow *window);
gboolean wd_teach_may_play(WdWindow *window); /* the desktop wants animations */

/* teach_page.c: after any change of the above */
void wd_teach_page_update(WdWindow *window);

/* teach_stage.c: the layer over the window's content */
GtkWidget *wd_teach_stage_new(WdWindow *window, GtkWidget *content); /* the window's child */
void wd_teach_stage_update(WdWindow *window);
gboolean wd_teach_target_rect(WdWindow *window, const WdSpotlight *spot,
                              graphene_rect_t *out); /* for tests */
void wd_teach_freeze(WdWindow *window, gboolean on);
gboolean wd_teach_is_frozen(WdWindow *window);

/* present.c */
void wd_present(WdWindow *window, gboolean on);
gboolean wd_is_presenting(WdWindow *window);

/* Esc: leaves freeze, then the presenter view; FALSE: there was nothing to leave. */
gboolean wd_teach_leave(WdWindow *window);
void wd_teach_install(WdWindow *window); /* actions */
void wd_teach_update_actions(WdWindow *window);

#endif
