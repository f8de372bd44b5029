/* IEEE 754 binary16 (float16) to and from float32, rounded to nearest even, denormals, infinities and NaN
 * kept. Straight-line code that compilers vectorise; needs no F16C. */
#ifndef WD_HALF_H
#define WD_HALF_H

#include <stdint.h>
#include <string.h>

#define WD_HALF_MAX 65504.0f

static inline float wd_float_from_half(uint16_t half) {
  /* The exponent is rebased by a multiplication with 2^112, which also normalises float16's denormals. */
  uint32_t bits = (uint32_t)(half & 0x7fff) << 13, sign = (uint32_t)(half & 0x8000) << 16;
  float f;
  memcpy(&f, &bits, sizeof f);
  f *= 0x1p112f;
  uint32_t out;
  memcpy(&out, &f, sizeof out);
  out |= bits >= 0x0f800000u ? 0x7f800000u : 0u; /* infinity and NaN */
  out |= sign;
  memcpy(&f, &out, sizeof f);
  return f;
}

/* Values beyond WD_HALF_MAX by half a unit or more become infinite; a NaN stays a (quiet) NaN. */
static inline uint16_t wd_half_from_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint32_t sign = bits & 0x80000000u, magnitude = bits ^ sign, out;
  if (magnitude >= 0x47800000u) { /* 65536 and beyond, infinity, NaN */
    out = magnitude > 0x7f800000u ? 0x7e00u : 0x7c00u;
  } else if (magnitude < 0x38800000u) { /* below 2^-14: let the adder round at the denormals' last place */
    float f;
    memcpy(&f, &magnitude, sizeof f);
    f += 0.5f;
    memcpy(&out, &f, sizeof out);
    out -= 0x3f000000u;
  } else {
    uint32_t odd = (magnitude >> 13) & 1u;
    out =
        (magnitude - 0x38000000u + 0xfffu + odd) >> 13; /* a carry out of the mantissa is the next exponent */
  }
  return (uint16_t)(out | sign >> 16);
}

#endif
