/* First-arrival times on a velocity map: the eikonal equation |grad T| = 1 / v with T = 0 at the source.
 *
 * Factored (Fomel, Luo, Zhao 2009): T = T0 tau with T0 = r / v_source, so that the point singularity, which
 * costs plain schemes most of their accuracy, is in T0 and tau is smooth: a homogeneous map comes out exact.
 * Godunov upwind differences of first order in tau, fast sweeping (Zhao 2005) until nothing changes by more
 * than 1e-9 s. Velocities sit at the nodes, as in the wave solver; between them nothing is interpolated
 * unless `refine` asks for it. Times are those of an infinitely short pulse: picks on a gather come later by
 * the wavelet's delay (arrival.h takes it out). */
#ifndef WD_EIKONAL_H
#define WD_EIKONAL_H

#include "solver/hooks.h"
#include "solver/map.h"
#include "solver/survey.h"

/* Zero means the default in brackets. */
typedef struct wd_eikonal_desc {
  int refine; /* odd: each cell becomes refine x refine of the same velocity, the source in the middle one:
                 the error shrinks in proportion, the work grows with the square. 1..9 [3] */
} wd_eikonal_desc;

/* Times in seconds at every cell from a source cell: the map whose contours are isochrones. desc may be NULL;
 * *out is created. Refuses what wd_map_check_velocity refuses and a source outside the map. Cancellable,
 * without progress: how many sweeps it takes depends on the map. */
wd_status wd_eikonal_map(const wd_map *velocity, wd_cell source, const wd_eikonal_desc *desc,
                         const wd_hooks *hooks, wd_map *out, wd_error *err);

/* Times in seconds at every receiver: time[shot * receivers + receiver], room for shots * receivers. */
wd_status wd_eikonal_survey(const wd_map *velocity, const wd_survey *survey, const wd_eikonal_desc *desc,
                            const wd_hooks *hooks, float *time, wd_error *err);

#endif
