/* Number types of stored and computed tensors, and bfloat16 conversion (float16: solver/half.h). */
#ifndef WD_DTYPE_H
#define WD_DTYPE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef enum wd_dtype { WD_F32 = 0, WD_F16, WD_BF16, WD_I32, WD_I64, WD_U8 } wd_dtype;

enum { WD_DTYPES = 6, WD_MAX_DIMS = 8 };

static inline size_t wd_dtype_size(wd_dtype type) {
  static const unsigned char size[WD_DTYPES] = {4, 2, 2, 4, 8, 1};
  return size[type];
}

/* As safetensors spells it. */
static inline const char *wd_dtype_name(wd_dtype type) {
  static const char *const name[WD_DTYPES] = {"F32", "F16", "BF16", "I32", "I64", "U8"};
  return name[type];
}

static inline float wd_float_from_bf16(uint16_t bf16) {
  uint32_t bits = (uint32_t)bf16 << 16;
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}

/* To nearest, ties to even; a NaN stays a (quiet) NaN. */
static inline uint16_t wd_bf16_from_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 0x40u);
  return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

#endif
