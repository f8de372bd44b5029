/* What stands between a window and its content for the preview of colour-vision deficiencies (render/cvd.h):
 * with a kind set, all that the content draws, cairo's pictures, OpenGL's and widgets alike, is turned to the
 * colours that are seen without those cones. It is the last step of drawing on the screen: whatever reads a
 * canvas itself, an export or a copied image, never sees it. */
#ifndef WD_CVD_BIN_H
#define WD_CVD_BIN_H

#include "render/cvd.h"

#include <gtk/gtk.h>

#define WD_TYPE_CVD_BIN (wd_cvd_bin_get_type())
G_DECLARE_FINAL_TYPE(WdCvdBin, wd_cvd_bin, WD, CVD_BIN, GtkBox)

GtkWidget *wd_cvd_bin_new(GtkWidget *child); /* one child, which it fills */
void wd_cvd_bin_set_kind(WdCvdBin *bin, wd_cvd kind);
wd_cvd wd_cvd_bin_get_kind(WdCvdBin *bin);

#endif
