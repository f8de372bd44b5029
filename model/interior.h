/* The interior wave-equation residual of a pair: how much the wave equation itself would have to be forced
 * for the decoded gathers to be true in the decoded map.
 *
 * Let the field p obey the discrete equation of solver/wave.h in the map v, from rest, with the shot's
 * source, and let forces f act at the receivers' cells and nowhere else. There is exactly one f, sample by
 * sample, for which p records the given gathers s at the receivers: with P the pressure that the scheme gives
 * at a receiver from what came before,
 *
 *   f = (s - P) / (v dt)^2,  and p at the receiver is set to s
 *
 * (in the units of the source term: p+ += (v dt)^2 f). The rest of the field follows the equation freely, so
 * an event in s that is wrong is paid for once, where it first departs from what the map allows: what it
 * sends into the ground, and what the map reflects of that, counts as explained. The residual of a trace
 * (metrics.h) counts the same departure for as long as it rings.
 *
 *   residual = ||f(s)|| / ||f(F(v_top))||
 *
 * over all shots, receivers and samples but the last. The denominator is the force that makes gathers without
 * any reflections true in v, so that, as in the reflection residual, 0 is F(v) itself and 1 is no better than
 * knowing the top row. It is comparable within one acquisition geometry only, and NaN where the map has
 * nothing to reflect.
 *
 * f is linear in the data and f(F(v)) = 0, so f(s) is that of s - F(v) without a source. It is made so: with
 * F(v) in hand the zero is a true zero, and a thin absorbing margin (30 cells of the sponge of solver/wave.h
 * in place of 120) is enough for the rest: it changes the residual by less than 1 %
 * (tests/model/test_interior.c). Force weighs high frequencies more than pressure does, by about one power:
 * noise in s costs more here, smooth errors cost less. */
#ifndef WD_INTERIOR_H
#define WD_INTERIOR_H

#include "solver/gather.h"
#include "solver/hooks.h"
#include "solver/map.h"
#include "solver/survey.h"

/* Zero means the default in brackets. */
typedef struct wd_interior_desc {
  int absorb;  /* cells of margin, 2..400 [30] */
  int threads; /* the figures do not depend on it [1] */
} wd_interior_desc;

/* s: the gathers under test; full, top: F(v) and F(v_top) of the map. *out: the residual of all shots; shot
 * (may be NULL): of each. Takes as long as some 130 x 130 x samples x shots x 2 updates. */
wd_status wd_interior_residual(const wd_survey *survey, const wd_map *velocity, const wd_gather *s,
                               const wd_gather *full, const wd_gather *top, const wd_interior_desc *desc,
                               double *out, double *shot, const wd_hooks *hooks, wd_error *err);

#endif
