/* The two gathers that the reflection residual is measured against (metrics.h): F(v), and F(v_top), the same
 * survey over the map whose every row equals the row of the sources, so that it holds the direct wave and
 * nothing that a deeper layer sends back. */
#ifndef WD_REFLECTION_H
#define WD_REFLECTION_H

#include "solver/wave.h"

/* v_top of a survey: wd_map_repeat_row at the row of the first source (row 1 in OpenFWI). *out is created. */
wd_status wd_reflection_top_map(const wd_survey *survey, const wd_map *velocity, wd_map *out, wd_error *err);

/* Simulates both, as a batch of two in one wave (desc->maps is ignored; desc may be NULL). full or top may be
 * NULL when not wanted; what is wanted is created. */
wd_status wd_reflection_simulate(wd_device *device, const wd_survey *survey, const wd_wave_desc *desc,
                                 const wd_map *velocity, const wd_hooks *hooks, wd_gather *full,
                                 wd_gather *top, wd_error *err);

#endif
