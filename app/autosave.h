/* What was made is kept without anybody asking: every minute while something is new, when another recording
 * takes the place of the session's, and on quit, as a recording in the user's state folder
 * ($XDG_STATE_HOME/wavediffusion), a file for each recording that somebody made something in. What was only
 * opened (the demo, a lesson's recording) is not kept: it is a file already, and would push work out. A start
 * finds the newest one whose process is gone. Latents and scores are kept, not frames: they can be made
 * again. Writing every minute is done beside the main loop. GLib only; main thread. */
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
/* At once, and done on return: before quitting. An empty recording leaves no file. FALSE: something would be
 * lost; not of what was saved by hand. */
gboolean wd_autosave_now(WdAutosave *a, GError **error);
/* All that there is was just saved by hand, elsewhere. */
void wd_autosave_set_saved(WdAutosave *a);
const char *wd_autosave_get_path(WdAutosave *a); /* of the session's recording */

/* Somebody made something in a recording: branches that come or go and latents that are added are seen
 * without this. */
void wd_autosave_set_made(WdRecording *recording);
gboolean wd_autosave_is_made(WdRecording *recording);

/* The newest recording of a process that is gone; NULL: none. Those beyond the newest WD_AUTOSAVE_KEPT are
 * removed.
 */
char *wd_autosave_find(const char *folder);
/* It was restored into this session: the next saving takes its place. */
void wd_autosave_adopt(WdAutosave *a, const char *path);

#endif
