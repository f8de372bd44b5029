/* A recording made of known maps, for tests and pictures of panels: pairs whose gathers are those of a nearby
 * map, with true simulations. */
#ifndef WD_TESTS_SCENE_H
#define WD_TESTS_SCENE_H

#include "app/session.h"
#include "app/view.h"

/* A pair whose map is `family` number `index`; its gathers are simulated from a map that is `away` (0..1) of
 * the way to another one. *simulation gets F(v), F(v_top) and the comparison (may be NULL). */
WdPair *scene_pair(int family, guint64 index, double away, WdSimulation **simulation);

/* Session and view doubles with a branch of `steps` steps, every position known. */
void scene_new(int steps, WdSession **session, WdView **view);
/* What position k holds; borrowed. */
WdFrame *scene_frame(WdSession *session, int k);
void scene_emit_frame(WdSession *session, int k);

#endif
