#include "app/i18n.h"
#include "app/inspect_canvas.h"
#include "app/inspect_maps.h"

GtkWidget *wd_inspect_way_new(WdInspect *i) {
  GtkWidget *w = wd_inspect_canvas_new(i, WD_INSPECT_POPULATION | WD_INSPECT_CHOSEN,
                                       _("Residual by step against the population"), 240, 160, wd_way_draw);
  gtk_widget_set_name(w, "inspect-way");
  return w;
}
