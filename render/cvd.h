/* How colours look to people who tell fewer of them apart: a preview of pictures as seen without one of the
 * three kinds of cones.
 *
 * The model is that of Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of
 * Color Vision Deficiency", IEEE Transactions on Visualization and Computer Graphics 15 (6), 2009, 1291-1298,
 * doi:10.1109/TVCG.2009.113: one 3 x 3 matrix for each kind at severity 1, on linear RGB of the sRGB
 * primaries. Its authors validated the first two kinds with subjects; tritanopia is an extrapolation. */
#ifndef WD_CVD_H
#define WD_CVD_H

#include <stddef.h>
#include <stdint.h>

typedef enum wd_cvd {
  WD_CVD_NONE = 0,
  WD_CVD_PROTANOPIA,   /* without long-wave cones: red is dark */
  WD_CVD_DEUTERANOPIA, /* without middle-wave cones: the most frequent */
  WD_CVD_TRITANOPIA,   /* without short-wave cones: rare */
  WD_CVD_COUNT
} wd_cvd;

/* "none", "protanopia", ...; NULL outside the enumeration. */
const char *wd_cvd_name(wd_cvd kind);

/* sRGB 0xRRGGBB to what is seen of it; every grey is itself, but for rounding. */
uint32_t wd_cvd_colour(wd_cvd kind, uint32_t rgb);

/* The same for `count` pixels in place, 0xAARRGGBB, colours multiplied by alpha as cairo and GDK have them.
 */
void wd_cvd_apply(wd_cvd kind, uint32_t *pixel, size_t count);

#endif
