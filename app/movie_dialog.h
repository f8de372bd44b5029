/* Export movie (win.export-movie): the wavefield on screen, or the steps of the run, as a folder of pictures
 * or, where ffmpeg is found, as an MP4, a WebM or a GIF (app/reel.h). Frames are composed between two redraws
 * of the window and written on a thread; Cancel ends it and leaves nothing. */
#ifndef WD_MOVIE_DIALOG_H
#define WD_MOVIE_DIALOG_H

#include "app/window.h"

GtkWindow *wd_movie_dialog(WdWindow *window);
/* win.export-movie */
void wd_movie_install(WdWindow *window);

#endif
