#include "render/cvd.h"

#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>

/* The paper's matrices of severity 1.0; rows sum to 1. */
static const float matrix[WD_CVD_COUNT][3][3] = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
                                                 {{0.152286f, 1.052583f, -0.204868f},
                                                  {0.114503f, 0.786281f, 0.099216f},
                                                  {-0.003882f, -0.048116f, 1.051998f}},
                                                 {{0.367322f, 0.860646f, -0.227968f},
                                                  {0.280085f, 0.672501f, 0.047413f},
                                                  {-0.011820f, 0.042940f, 0.968881f}},
                                                 {{1.255528f, -0.076749f, -0.178779f},
                                                  {-0.078411f, 0.930809f, 0.147602f},
                                                  {0.004733f, 0.691367f, 0.303900f}}};

enum { FINE = 1 << 14 }; /* levels of linear light: fine enough that every sRGB byte comes back as itself */

static float linear[256];
static unsigned char encoded[FINE + 1];

/* By whoever comes first; others wait for it. */
static void fill(void) {
  static atomic_int state; /* 0: empty, 1: being filled, 2: full */
  int empty = 0;
  if (atomic_load(&state) == 2) return;
  if (atomic_compare_exchange_strong(&state, &empty, 1)) {
    for (int i = 0; i < 256; i++) {
      const double v = i / 255.0;
      linear[i] = (float)(v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
    }
    for (int i = 0; i <= FINE; i++) {
      const double v = (double)i / FINE;
      encoded[i] =
          (unsigned char)lround(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055));
    }
    atomic_store(&state, 2);
    return;
  }
  while (atomic_load(&state) != 2) continue;
}

const char *wd_cvd_name(wd_cvd kind) {
  static const char *const name[WD_CVD_COUNT] = {"none", "protanopia", "deuteranopia", "tritanopia"};
  return (unsigned)kind < WD_CVD_COUNT ? name[kind] : NULL;
}

static uint32_t level(const float row[3], float r, float g, float b) {
  const float v = row[0] * r + row[1] * g + row[2] * b;
  return encoded[v <= 0 ? 0 : v >= 1 ? FINE : (int)(v * FINE + 0.5f)];
}

static uint32_t seen(wd_cvd kind, uint32_t rgb) {
  const float r = linear[rgb >> 16 & 255], g = linear[rgb >> 8 & 255], b = linear[rgb & 255];
  const float(*m)[3] = matrix[kind];
  return level(m[0], r, g, b) << 16 | level(m[1], r, g, b) << 8 | level(m[2], r, g, b);
}

static bool changes(wd_cvd kind) {
  return kind > WD_CVD_NONE && kind < WD_CVD_COUNT;
}

uint32_t wd_cvd_colour(wd_cvd kind, uint32_t rgb) {
  if (!changes(kind)) return rgb & 0xffffff;
  fill();
  return seen(kind, rgb);
}

static uint32_t scaled(uint32_t rgb, uint32_t alpha, bool up) {
  uint32_t out = 0;
  for (int shift = 0; shift <= 16; shift += 8) {
    const uint32_t v = rgb >> shift & 255, w = up ? (v * 255 + alpha / 2) / alpha : (v * alpha + 127) / 255;
    out |= (w > 255 ? 255 : w) << shift;
  }
  return out;
}

void wd_cvd_apply(wd_cvd kind, uint32_t *pixel, size_t count) {
  if (!changes(kind)) return;
  fill();
  uint32_t was = 0, is = 0; /* neighbours are often alike */
  for (size_t i = 0; i < count; i++) {
    const uint32_t p = pixel[i], alpha = p >> 24;
    if (p != was) {
      was = p;
      is = alpha == 255 ? 0xff000000u | seen(kind, p)
           : alpha == 0 ? 0
                        : alpha << 24 | scaled(seen(kind, scaled(p, alpha, true)), alpha, false);
    }
    pixel[i] = is;
  }
}
