/* A recording made of known maps, for tests and pictures of panels: pairs whose gathers are those of a nearby
 * map, with true simulations. */
#ifndef WD_TESTS_SCENE_H
#define WD_TESTS_SCENE_H

#include "app/session.h"
#include "app/view.h"

/* A pair whose map is `family` number `index`; its gathers are simulated from a map that is `away` (0..1) of
 * the way to another one. *simulation gets F(v), F(v_top) and the comparison (may be NULL). */
WdPair *scene_pair(int family, guint64 index, double away, WdSimulation **simulation);

/* A recording of one branch of `steps` steps, every position known: the map of scene_pair (5, 3), its gathers
 * ever nearer to it. */
WdRecording *scene_recording(int steps);
/* A session without a model that has it, and a view that looks at the last position. */
void scene_new(int steps, WdSession **session, WdView **view);
/* What position k holds; borrowed members. */
WdFrame scene_frame(WdSession *session, int k);

#endif
