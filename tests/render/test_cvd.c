/* Colours as seen without one kind of cones: the matrices worked through in double precision, greys that stay
 * themselves, pairs that are told apart or not, and pixels with alpha. */
#include "render/cvd.h"
#include "render/colormap.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double linear(unsigned v) {
  const double u = v / 255.0;
  return u <= 0.04045 ? u / 12.92 : pow((u + 0.055) / 1.055, 2.4);
}

static int byte(double u) {
  u = u < 0 ? 0 : u > 1 ? 1 : u;
  return (int)lround(255 * (u <= 0.0031308 ? 12.92 * u : 1.055 * pow(u, 1 / 2.4) - 0.055));
}

static int channel(uint32_t rgb, int k) {
  return (int)(rgb >> (16 - 8 * k) & 255);
}

static int distance(uint32_t a, uint32_t b) {
  int most = 0;
  for (int k = 0; k < 3; k++) {
    const int d = abs(channel(a, k) - channel(b, k));
    if (d > most) most = d;
  }
  return most;
}

/* What the three primaries become tells the whole matrix: every other colour is their sum in linear light,
 * where nothing is cut off. */
static void check_sums(wd_cvd kind) {
  int worst = 0, checked = 0;
  /* Of middling colours, whose parts stay inside 0..1: the matrix from differences of a grey and three
   * colours, then a fourth colour predicted. */
  const unsigned base = 128, up = 150;
  double grey[3], column[3][3];
  const uint32_t g = wd_cvd_colour(kind, base * 0x010101u);
  for (int i = 0; i < 3; i++) grey[i] = linear((unsigned)channel(g, i));
  for (int k = 0; k < 3; k++) {
    const uint32_t c =
        wd_cvd_colour(kind, (base * 0x010101u & ~(0xffu << (16 - 8 * k))) | up << (16 - 8 * k));
    for (int i = 0; i < 3; i++)
      column[k][i] = (linear((unsigned)channel(c, i)) - grey[i]) / (linear(up) - linear(base));
  }
  for (unsigned r = 118; r <= 140; r += 11)
    for (unsigned gr = 118; gr <= 140; gr += 11)
      for (unsigned b = 118; b <= 140; b += 11) {
        const unsigned v[3] = {r, gr, b};
        const uint32_t is = wd_cvd_colour(kind, r << 16 | gr << 8 | b);
        for (int i = 0; i < 3; i++) {
          double sum = grey[i];
          for (int k = 0; k < 3; k++) sum += column[k][i] * (linear(v[k]) - linear(base));
          const int d = abs(byte(sum) - channel(is, i));
          if (d > worst) worst = d;
        }
        checked++;
      }
  tap_ok(checked == 27 && worst <= 2, "%s is a matrix on linear light: %d levels off at most",
         wd_cvd_name(kind), worst);
}

int main(void) {
  tap_ok(!strcmp(wd_cvd_name(WD_CVD_NONE), "none") && !strcmp(wd_cvd_name(WD_CVD_TRITANOPIA), "tritanopia") &&
             !wd_cvd_name(WD_CVD_COUNT),
         "the kinds have names");
  tap_ok(wd_cvd_colour(WD_CVD_NONE, 0x123456) == 0x123456, "none changes nothing");
  for (int kind = WD_CVD_PROTANOPIA; kind < WD_CVD_COUNT; kind++) {
    int worst = 0;
    for (uint32_t v = 0; v < 256; v++) {
      const int d = distance(wd_cvd_colour((wd_cvd)kind, v * 0x010101u), v * 0x010101u);
      if (d > worst) worst = d;
    }
    tap_ok(worst <= 1, "%s: every grey is itself, but for %d level", wd_cvd_name((wd_cvd)kind), worst);
    check_sums((wd_cvd)kind);
  }
  /* By the published numbers: full red in linear light is the matrix's first column. */
  const uint32_t red = wd_cvd_colour(WD_CVD_DEUTERANOPIA, 0xff0000), want = (uint32_t)byte(0.367322) << 16 |
                                                                            (uint32_t)byte(0.280085) << 8 |
                                                                            (uint32_t)byte(-0.01182);
  tap_ok(red == want, "red without middle-wave cones: %06x, want %06x", (unsigned)red, (unsigned)want);
  const uint32_t blue = wd_cvd_colour(WD_CVD_TRITANOPIA, 0x0000ff), deep = (uint32_t)byte(-0.178779) << 16 |
                                                                           (uint32_t)byte(0.147602) << 8 |
                                                                           (uint32_t)byte(0.3039);
  tap_ok(blue == deep, "blue without short-wave cones: %06x, want %06x", (unsigned)blue, (unsigned)deep);
  /* Red, green and yellow of one lightness lose what told them apart; blue and yellow keep it. */
  const int plain = distance(0xb05050, 0x708020),
            seen = distance(wd_cvd_colour(WD_CVD_DEUTERANOPIA, 0xb05050),
                            wd_cvd_colour(WD_CVD_DEUTERANOPIA, 0x708020));
  tap_ok(seen < 0.8 * plain, "red and olive come nearer to each other: %d to %d", plain, seen);
  tap_ok(distance(wd_cvd_colour(WD_CVD_DEUTERANOPIA, 0x2040c0),
                  wd_cvd_colour(WD_CVD_DEUTERANOPIA, 0xd0b000)) > 100,
         "blue and yellow stay apart");
  uint32_t pixel[4] = {0xff000000u | 0xc03020, 0, 0x80601810u, 0xffffffff};
  wd_cvd_apply(WD_CVD_PROTANOPIA, pixel, 4);
  tap_ok(pixel[0] == (0xff000000u | wd_cvd_colour(WD_CVD_PROTANOPIA, 0xc03020)) && pixel[1] == 0 &&
             pixel[2] >> 24 == 0x80 && distance(pixel[3], 0xffffff) <= 1 && pixel[3] >> 24 == 255,
         "pixels keep their alpha: %08x %08x %08x %08x", (unsigned)pixel[0], (unsigned)pixel[1],
         (unsigned)pixel[2], (unsigned)pixel[3]);
  /* Half of a colour, multiplied: twice the value is what is seen of the whole. */
  const uint32_t whole = wd_cvd_colour(WD_CVD_PROTANOPIA, 0xbf3020);
  int off = 0;
  for (int k = 0; k < 3; k++) {
    const int d = abs(2 * channel(pixel[2], k) - channel(whole, k));
    if (d > off) off = d;
  }
  tap_ok(off <= 3, "half transparent: %d levels off", off);
  return tap_done();
}
