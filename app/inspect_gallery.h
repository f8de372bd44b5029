/* The worst samples as pictures: map, gather, how the residual went, and its figures. A click chooses one. */
#ifndef WD_INSPECT_GALLERY_H
#define WD_INSPECT_GALLERY_H

#include "app/inspect.h"

#include <gtk/gtk.h>

GtkWidget *wd_inspect_gallery_new(WdInspect *inspect);

#endif
