#include "render/colormap.h"

#include <math.h>
#include <stddef.h>
#include <strings.h>

#define gettext_noop(text) text /* translated where it is shown */

static const wd_colormap_info info[WD_COLORMAP_COUNT] = {
    [WD_COLORMAP_STRATA] = {"strata",
                            gettext_noop("navy to cream, even lightness, safe for colour-blind readers"),
                            false, true},
    [WD_COLORMAP_VIRIDIS] = {"viridis", gettext_noop("purple to yellow, even lightness"), false, true},
    [WD_COLORMAP_CIVIDIS] = {"cividis",
                             gettext_noop("blue to yellow, the same for most colour-blind readers"), false,
                             true},
    [WD_COLORMAP_TURBO] = {"turbo", gettext_noop("a smoother rainbow; lightness rises and falls"), false,
                           false},
    [WD_COLORMAP_GRAY] = {"gray", gettext_noop("black to white, the usual one for gathers"), false, true},
    [WD_COLORMAP_SEISMIC] = {"seismic", gettext_noop("blue, white, red about the middle"), true, false},
    [WD_COLORMAP_RAINBOW] = {"rainbow",
                             gettext_noop("jet, as in OpenFWI's figures; shows edges that are not there"),
                             false, false},
    [WD_COLORMAP_DIFFERENCE] = {"difference", gettext_noop("blue, white, red-brown; both arms equally dark"),
                                true, false},
};

const wd_colormap_info *wd_colormap_describe(wd_colormap map) {
  if ((int)map < 0 || map >= WD_COLORMAP_COUNT) return NULL;
  return &info[map];
}

bool wd_colormap_find(const char *name, wd_colormap *out) {
  if (!name) return false;
  if (!strcasecmp(name, "jet")) name = "rainbow";
  if (!strcasecmp(name, "grey")) name = "gray";
  for (int i = 0; i < WD_COLORMAP_COUNT; i++)
    if (!strcasecmp(name, info[i].name)) {
      *out = (wd_colormap)i;
      return true;
    }
  return false;
}

const char *wd_colormap_names(void) {
  return "strata, viridis, cividis, turbo, gray, seismic, rainbow, difference";
}

/* Relative luminance of sRGB (IEC 61966-2-1). */
static double luminance(uint32_t rgb) {
  static const double weight[3] = {0.2126, 0.7152, 0.0722};
  double sum = 0;
  for (int k = 0; k < 3; k++) {
    double u = (double)(rgb >> (16 - 8 * k) & 255) / 255;
    sum += weight[k] * (u <= 0.04045 ? u / 12.92 : pow((u + 0.055) / 1.055, 2.4));
  }
  return sum;
}

double wd_colour_lightness(uint32_t rgb) {
  double y = luminance(rgb);
  return y > 216.0 / 24389 ? 116 * cbrt(y) - 16 : y * 24389 / 27;
}

double wd_colour_contrast(uint32_t a, uint32_t b) {
  double ya = luminance(a), yb = luminance(b);
  return ya > yb ? (ya + 0.05) / (yb + 0.05) : (yb + 0.05) / (ya + 0.05);
}
