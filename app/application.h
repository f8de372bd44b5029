/* The application org.wavediffusion.WaveDiffusion: command line, style, and one window a file opened. */
#ifndef WD_APPLICATION_H
#define WD_APPLICATION_H

#include "app/window.h"

#define WD_TYPE_APPLICATION (wd_application_get_type())
G_DECLARE_FINAL_TYPE(WdApplication, wd_application, WD, APPLICATION, GtkApplication)

/* NULL with `error` when the settings have no schema. */
WdApplication *wd_application_new(GError **error);
GSettings *wd_application_get_settings(WdApplication *application);
/* The window, made if there is none. model: to open in it at once, NULL: the settings'; "": none. */
WdWindow *wd_application_open_window(WdApplication *application, const char *model, const char *device);
/* Who draws its windows and why, for people; "" before the first window. app/renderer.h */
const char *wd_application_get_renderer(WdApplication *application);
/* Closes all windows without asking and ends with this status. */
void wd_application_end(WdApplication *application, int status);
/* The exit status of what the command line asked for (a picture, say). */
int wd_application_get_status(WdApplication *application);

#endif
