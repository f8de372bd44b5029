/* Opening files in the window: what a file is follows from its content, never from its name. Everything that
 * can be dropped can be opened, by the same function. */
#ifndef WD_OPEN_H
#define WD_OPEN_H

#include "app/window.h"

/* Opens a file or a folder: a recording replaces the present one (which autosave keeps), a recipe asks what
 * to do with it, a map, a gather or a pair goes through the import dialog, a model folder is loaded. What
 * cannot be opened is told in the notice bar. */
void wd_open_file(WdWindow *window, GFile *file);
/* A map with its gathers: several files dropped at once, or given on the command line. */
void wd_open_files(WdWindow *window, GFile *const *file, guint files);

/* The file chooser of Open (win.open) and of Open Model (win.open-model). */
void wd_open_choose(WdWindow *window);
void wd_open_choose_model(WdWindow *window);
/* Save recording (win.save: to its file, or as win.save-as), with a chooser where it has no name yet. */
void wd_save_recording(WdWindow *window, gboolean as);

/* What these do once a file is chosen. */
void wd_open_recording(WdWindow *window, const char *path);
gboolean wd_save_recording_to(WdWindow *window, const char *path);

/* Makes the whole window a drop target (called once by the window). */
void wd_open_install_drop(WdWindow *window);

/* The actions open, open-file(s: path), open-model, demo, save, save-as, export-figure, export-data,
 * copy-image, copy-values and copy-command, and the drop target (called once by the window;
 * app/files_actions.c). */
void wd_files_install(WdWindow *window);

/* The recorded demo: in the installation, or in the source tree for a program in its build folder. NULL:
 * there is none; g_free. */
char *wd_demo_path(void); /* lesson_files.c */

/* Keeps what was made in the window in the saved session, before it closes. FALSE: it could not be, and was
 * not saved by hand either. */
gboolean wd_open_keep_session(WdWindow *window, GError **error);
void wd_open_recording_saved(WdWindow *window); /* by hand, all of it */
/* From now on: a window that has its picture taken is nobody's session. */
void wd_open_keep_nothing(WdWindow *window);

/* Asks whether to go on with the recording of a session that ended without being closed. */
void wd_open_offer_recovery(WdWindow *window);

#endif
