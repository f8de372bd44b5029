/* Who draws the window: OpenGL, or GTK's cairo renderer where OpenGL would be drawn by the processor as well.
 * There it is several times as fast (tests/bench/RESULTS.md): software OpenGL draws every pixel of the window
 * anew in every frame, cairo those that changed. */
#ifndef WD_RENDERER_H
#define WD_RENDERER_H

#include <gtk/gtk.h>

/* Decides for all windows of the display that are made from now on. `setting` is the preference "renderer":
 * "auto", "gl" or "cairo". The environment's GSK_RENDERER, where it is set, holds against "auto". Says what
 * was decided and why, a constant or what OpenGL calls itself, at most `size` bytes with the end. */
void wd_renderer_choose(GdkDisplay *display, const char *setting, char *why, gsize size);

#endif
