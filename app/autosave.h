/* The session is kept without anybody asking: every minute while something is new, and on quit, as a
 * recording in the user's state folder ($XDG_STATE_HOME/wavediffusion), one file a process. A start finds the
 * newest one whose process is gone. Latents and scores are kept, not frames: they can be made again. Writing
 * is done beside the main loop. GLib only; main thread. */
#ifndef WD_AUTOSAVE_H
#define WD_AUTOSAVE_H

#include "app/session.h"

typedef struct WdAutosave WdAutosave;

enum { WD_AUTOSAVE_SECONDS = 60, WD_AUTOSAVE_KEPT = 5 };

/* folder NULL: the user's. view (may be NULL): the view's JSON to keep with the recording; g_freed. The
 * session must outlive it. */
WdAutosave *wd_autosave_new(WdSession *session, const char *folder, char *(*view)(gpointer user),
                            gpointer user);
void wd_autosave_free(
    WdAutosave *a); /* waits for what is being written; saves nothing more. NULL is harmless */
/* failed is called on the main thread when a saving by itself went wrong, with the reason for people: once,
 * until one goes well or the reason is another. It is tried again each time. */
void wd_autosave_set_failed(WdAutosave *a, void (*failed)(const char *message, gpointer user), gpointer user);
void wd_autosave_set_seconds(WdAutosave *a, guint seconds); /* 0: never by itself [60] */
/* At once, and done on return: before quitting. An empty recording leaves no file. */
gboolean wd_autosave_now(WdAutosave *a, GError **error);
/* All that there is was just saved by hand, elsewhere. */
void wd_autosave_set_saved(WdAutosave *a);
gboolean wd_autosave_is_saved(WdAutosave *a); /* and nothing was made since */
const char *wd_autosave_get_path(WdAutosave *a);

/* The newest recording of a process that is gone; NULL: none. Those beyond the newest WD_AUTOSAVE_KEPT are
 * removed.
 */
char *wd_autosave_find(const char *folder);
/* It was restored into this session: the next saving takes its place. */
void wd_autosave_adopt(WdAutosave *a, const char *path);

#endif
