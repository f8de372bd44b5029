/* Colour tables: the formulas again, published end points, lightness, names. */
#include "render/colormap.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int byte(double u) {
  u = u < 0 ? 0 : u > 1 ? 1 : u;
  return (int)(255 * u + 0.5);
}

static double gamma_of(double u) {
  u = u < 0 ? 0 : u > 1 ? 1 : u;
  return u <= 0.0031308 ? 12.92 * u : 1.055 * pow(u, 1 / 2.4) - 0.055;
}

/* Ottosson's OKLab to sRGB. */
static uint32_t oklab(double L, double a, double b) {
  double l = pow(L + 0.3963377774 * a + 0.2158037573 * b, 3),
         m = pow(L - 0.1055613458 * a - 0.0638541728 * b, 3);
  double s = pow(L - 0.0894841775 * a - 1.2914855480 * b, 3);
  int red = byte(gamma_of(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s));
  int green = byte(gamma_of(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s));
  int blue = byte(gamma_of(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s));
  return 0xff000000u | (uint32_t)red << 16 | (uint32_t)green << 8 | (uint32_t)blue;
}

static uint32_t strata(double t) {
  double p[6][2] = {{-0.02, -0.11}, {0.0, -0.26},  {0.155, -0.02},
                    {0.06, 0.16},   {0.035, 0.10}, {-0.012, 0.055}};
  for (int n = 5; n > 0; n--)
    for (int i = 0; i < n; i++)
      for (int k = 0; k < 2; k++) p[i][k] += (p[i + 1][k] - p[i][k]) * t;
  return oklab(0.26 + 0.70 * t, p[0][0], p[0][1]);
}

static uint32_t difference(double t) {
  double u = 2 * t - 1, s = fabs(u), pi = acos(-1);
  double chroma = 0.19 * sin(0.475 * pi * s) * (1 - 0.35 * s * s * s), hue = (u < 0 ? 258 : 32) * pi / 180;
  return oklab(0.97 - 0.6 * pow(s, 1.15), chroma * cos(hue), chroma * sin(hue));
}

static uint32_t rainbow(double t) {
  uint32_t out = 0xff;
  for (int c = 3; c >= 1; c--) out = out << 8 | (uint32_t)byte(1.5 - fabs(4 * t - c));
  return out;
}

static uint32_t seismic(double t) {
  static const double knot[5][3] = {{0, 0, 0.3}, {0, 0, 1}, {1, 1, 1}, {1, 0, 0}, {0.5, 0, 0}};
  int i = t >= 1 ? 3 : (int)(t * 4);
  uint32_t out = 0xff;
  for (int k = 0; k < 3; k++)
    out = out << 8 | (uint32_t)byte(knot[i][k] + (knot[i + 1][k] - knot[i][k]) * (t * 4 - i));
  return out;
}

static uint32_t gray(double t) {
  return 0xff000000u | (uint32_t)byte(t) * 0x010101u;
}

static int channel_gap(uint32_t a, uint32_t b) {
  int most = (a ^ b) >> 24 ? 255 : 0;
  for (int shift = 0; shift < 24; shift += 8) {
    int d = abs((int)(a >> shift & 255) - (int)(b >> shift & 255));
    most = d > most ? d : most;
  }
  return most;
}

static bool runs(wd_colormap map, uint32_t first, uint32_t last) {
  const uint32_t *table = wd_colormap_tables[map];
  return channel_gap(table[0], first) <= 1 && channel_gap(table[255], last) <= 1;
}

static void test_formulas(void) {
  static const struct {
    wd_colormap map;
    uint32_t (*formula)(double);
  } made[] = {{WD_COLORMAP_STRATA, strata},
              {WD_COLORMAP_GRAY, gray},
              {WD_COLORMAP_SEISMIC, seismic},
              {WD_COLORMAP_RAINBOW, rainbow},
              {WD_COLORMAP_DIFFERENCE, difference}};
  for (size_t k = 0; k < sizeof made / sizeof *made; k++) {
    int most = 0;
    for (int i = 0; i < 256; i++) {
      int gap = channel_gap(wd_colormap_tables[made[k].map][i], made[k].formula(i / 255.0));
      most = gap > most ? gap : most;
    }
    char text[80];
    snprintf(text, sizeof text, "%s against its formula, levels", wd_colormap_describe(made[k].map)->name);
    tap_at_most(most, 1, text); /* a last bit of a libm can tip a rounding */
  }
  tap_ok(runs(WD_COLORMAP_VIRIDIS, 0xff440154u, 0xfffde725u), "viridis runs from #440154 to #fde725");
  tap_ok(runs(WD_COLORMAP_CIVIDIS, 0xff00224eu, 0xfffee838u), "cividis runs from #00224e to #fee838");
  tap_ok(runs(WD_COLORMAP_TURBO, 0xff30123bu, 0xff7a0403u), "turbo runs from #30123b to #7a0403");
}

int main(void) {
  test_formulas();
  bool opaque = true;
  for (int m = 0; m < WD_COLORMAP_COUNT; m++) {
    const wd_colormap_info *info = wd_colormap_describe((wd_colormap)m);
    const uint32_t *table = wd_colormap_tables[m];
    double worst = 1e9, jump = 0;
    for (int i = 0; i < 256; i++) opaque &= table[i] >> 24 == 255;
    for (int i = 1; i < 256; i++) {
      double d = wd_colour_lightness(table[i]) - wd_colour_lightness(table[i - 1]);
      worst = fmin(worst, d);
      jump = fmax(jump, fabs(d));
    }
    char text[80];
    snprintf(text, sizeof text, "%s: largest fall of lightness, L*", info->name);
    /* Rounding to 8 bits leaves falls of some hundredths; 0.15 is far below sight. */
    if (info->monotone)
      tap_at_most(-worst, 0.15, text);
    else
      tap_ok(worst < -0.15, "%s does not claim even lightness and has none (%.2f)", info->name, worst);
    snprintf(text, sizeof text, "%s: largest step of lightness, L*", info->name);
    tap_at_most(jump, 2.6, text);
    wd_colormap found = WD_COLORMAP_COUNT;
    tap_ok(wd_colormap_find(info->name, &found) && (int)found == m && strstr(wd_colormap_names(), info->name),
           "%s is found by name and listed", info->name);
  }
  tap_ok(opaque, "every colour is opaque");
  /* The default spreads its lightness: no third of the range is flat. */
  const uint32_t *d = wd_colormap_tables[WD_COLORMAP_STRATA];
  for (int k = 0; k < 3; k++)
    tap_ok(wd_colour_lightness(d[(k + 1) * 85]) - wd_colour_lightness(d[k * 85]) > 20,
           "strata: third %d gains lightness", k + 1);
  const uint32_t *arm = wd_colormap_tables[WD_COLORMAP_DIFFERENCE];
  double skew = 0;
  for (int i = 0; i < 128; i++)
    skew = fmax(skew, fabs(wd_colour_lightness(arm[i]) - wd_colour_lightness(arm[255 - i])));
  tap_at_most(skew, 9, "difference: lightness between the two arms, L*");

  wd_colormap map = WD_COLORMAP_COUNT;
  tap_ok(wd_colormap_find("JET", &map) && map == WD_COLORMAP_RAINBOW, "jet is the rainbow");
  tap_ok(wd_colormap_find("grey", &map) && map == WD_COLORMAP_GRAY, "grey is gray");
  map = WD_COLORMAP_COUNT;
  tap_ok(!wd_colormap_find("plaid", &map) && !wd_colormap_find("", &map) && map == WD_COLORMAP_COUNT,
         "no such map");
  tap_ok(!wd_colormap_describe((wd_colormap)99), "no description outside");
  tap_at_most(fabs(wd_colour_contrast(0, 0xffffff) - 21), 1e-9, "contrast of black and white is 21, off by");
  tap_at_most(fabs(wd_colour_lightness(0x777777) - 50.03), 0.05, "L* of #777777 is 50.03, off by");
  return tap_done();
}
