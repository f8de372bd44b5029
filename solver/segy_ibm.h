/* IBM System/360 single precision, SEG-Y's format 1: sign, 7-bit exponent of 16 in excess 64, 24-bit fraction
 * without a hidden bit: (-1)^s * fraction / 2^24 * 16^(exponent - 64) (IBM System/360 Principles of
 * Operation, A22-6821). segyio 1.8.3 reads fractions whose leading hexadecimal digit is zero up to 128 times
 * too large, a zero with a non-zero exponent as a large number, and cuts instead of rounding when it writes;
 * so the conversion is done here. */
#ifndef WD_SEGY_IBM_H
#define WD_SEGY_IBM_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* The nearest float32; what is beyond its range becomes infinite. */
static inline float wd_float_from_ibm(uint32_t ibm) {
  int power = 4 * ((int)(ibm >> 24 & 127) - 64) - 24; /* -280..228: a normal double */
  uint64_t bits = (uint64_t)(power + 1023) << 52;
  double scale;
  memcpy(&scale, &bits, sizeof scale);
  double value = (double)(ibm & 0xffffff) * scale; /* exact */
  return (float)(ibm >> 31 ? -value : value);
}

/* The nearest IBM float of a finite float32; all of them are in range. Relative error at most 2^-21. */
static inline uint32_t wd_ibm_from_float(float value) {
  uint32_t sign = signbit(value) ? 0x80000000u : 0;
  if (value == 0) return sign;
  int power; /* |value| = mantissa * 2^power, mantissa in [0.5, 1) */
  double mantissa = frexp(fabs((double)value), &power);
  int exponent = power > 0 ? (power + 3) / 4 : -(-power / 4); /* power / 4 rounded up */
  uint32_t fraction = (uint32_t)rint(ldexp(mantissa, power - 4 * exponent + 24));
  if (fraction == 1u << 24) {
    fraction >>= 4;
    exponent++;
  }
  return sign | (uint32_t)(exponent + 64) << 24 | fraction;
}

#endif
