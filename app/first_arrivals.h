/* First arrivals on a decoded map by the eikonal equation, made off the main thread and kept for the maps
 * last asked for: the line among the picks on gathers. Main thread only. */
#ifndef WD_FIRST_ARRIVALS_H
#define WD_FIRST_ARRIVALS_H

#include "app/view.h"

/* Seconds, shots * receivers of the pair's gathers, as OpenFWI sets them up; NULL while they are not known:
 * the view then says WD_VIEW_DISPLAY once they are. Valid until the main loop runs again. */
const double *wd_first_arrivals(WdView *view, WdPair *pair);
/* Whether that is settled: made, or not to be made of this pair. Asks for it. */
gboolean wd_first_arrivals_known(WdView *view, WdPair *pair);

#endif
