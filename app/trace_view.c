/* The trace under the crosshair, as a widget (side_trace.c draws it). */
#include "app/i18n.h"
#include "app/side_plot.h"
#include "app/widgets.h"

GtkWidget *wd_trace_view_new(WdSession *session, WdView *view) {
  return wd_side_plot_new(session, view, _("Trace at the crosshair"), wd_side_draw_trace);
}
