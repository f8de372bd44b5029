/* Synthetic velocity maps in the manner of OpenFWI's ten families, endlessly many, each fixed by
 * (family, seed, index). OpenFWI's own generator was never released; these follow what its released maps show
 * (physics.md section 5 of the design; Deng et al., NeurIPS 2022, for the families themselves).
 *
 *   FlatVel, CurveVel      3-8 layers (3 and 8 half as likely). A: velocity increases with depth; B: any
 * order. FlatFault, CurveFault  A: one stack of 2-4 layers, one side of a fault displaced. B: 6-8 layers, an
 *                          independent stack (and curve) on each side of a steep main fault, both increasing
 *                          with depth, and 1-3 oblique cuts that shift wedges of one side.
 *   Style                  a Gaussian field with squared-exponential covariance about the depth trend
 *                          1830 -> 3600 m/s; A smooth, B rougher, with noise.
 *
 * Velocities are uniform integers in 1500..4500 m/s (layers, faults), or multiples of 1/16 m/s within that
 * range (Style). Layers are cut at cells, nothing is smoothed.
 *
 * Reproducible: numbers come from the counter generator (solver/random.h), stream = family and index. What
 * goes through libm (sines, exponentials, logarithms) is rounded to a coarse fixed point before anything is
 * decided by it, the rest is additions, products, quotients and square roots of IEEE doubles in a fixed
 * order; so a last-bit difference between two libraries changes a map with a probability under 1e-6.
 * tests/solver/ test_family.c holds fingerprints of fixed maps. */
#ifndef WD_FAMILY_H
#define WD_FAMILY_H

#include "solver/map.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum wd_family {
  WD_FLATVEL_A = 0,
  WD_FLATVEL_B,
  WD_CURVEVEL_A,
  WD_CURVEVEL_B,
  WD_FLATFAULT_A,
  WD_FLATFAULT_B,
  WD_CURVEFAULT_A,
  WD_CURVEFAULT_B,
  WD_STYLE_A,
  WD_STYLE_B
} wd_family;

enum { WD_FAMILIES = 10, WD_FAMILY_VMIN = 1500, WD_FAMILY_VMAX = 4500 };

const char *wd_family_name(wd_family family);           /* "flatvel-a" ... "style-b"; NULL for no family */
const char *wd_family_display_name(wd_family family);   /* "FlatVel-A" ... "Style-B"; NULL for no family */
bool wd_family_parse(const char *text, wd_family *out); /* either name, capitals aside */

/* Splits. Index 0, 1, 2, ... of any seed is training data. The test split has indices of its own, those with
 * WD_FAMILY_TEST_BIT set: they are other counters of the generator, so no seed and no length of training run
 * ever meets a test map. The fixed test maps are (WD_FAMILY_TEST_SEED, wd_family_test_index(0, 1, ...)). */
#define WD_FAMILY_INDEX_BITS 48
#define WD_FAMILY_TEST_BIT   (UINT64_C(1) << (WD_FAMILY_INDEX_BITS - 1))
#define WD_FAMILY_TEST_SEED  UINT64_C(20220)
static inline uint64_t wd_family_test_index(uint64_t i) {
  return i | WD_FAMILY_TEST_BIT;
}

/* OpenFWI's size: 70 x 70 cells of 10 m. *out is created; the caller clears it. Refuses an unknown family and
 * an index of more than WD_FAMILY_INDEX_BITS bits (WD_ERR_ARGUMENT). */
wd_status wd_family_generate(wd_family family, uint64_t seed, uint64_t index, wd_map *out, wd_error *err);

/* Any size of 16..2000 cells a side: lengths across scale with nx / 70 and lengths down with nz / 70, so that
 * it is the same kind of picture, finer or coarser. The same (seed, index) at another size is another map. */
wd_status wd_family_generate_sized(wd_family family, uint64_t seed, uint64_t index, int nz, int nx,
                                   double spacing, wd_map *out, wd_error *err);

#endif
