/* Vectors of WD_LANES floats (4, 8 or 16) for the kernels of this folder. A kernel file is compiled once a
 * width, with the instruction set of that width (meson.build); arithmetic is written with the operators of
 * GNU C vectors, and what those lack stands here. No contraction: wd_fma says where a product and a sum round
 * once. */
#ifndef WD_CPU_SIMD_H
#define WD_CPU_SIMD_H

#include <stdint.h>
#include <string.h>
#if WD_LANES > 4
#  include <immintrin.h>
#endif

typedef float wd_vf __attribute__((vector_size(WD_LANES * 4), may_alias));
typedef int32_t wd_vi __attribute__((vector_size(WD_LANES * 4), may_alias));
typedef float wd_vfu __attribute__((vector_size(WD_LANES * 4), aligned(4), may_alias));

static inline wd_vf wd_load(const float *p) {
  return *(const wd_vf *)p;
}
static inline wd_vf wd_loadu(const float *p) {
  return *(const wd_vfu *)p;
}
static inline void wd_store(float *p, wd_vf v) {
  *(wd_vf *)p = v;
}
static inline wd_vf wd_splat(float x) {
  return x - (wd_vf){0};
}

/* The vector that starts `by` floats (a constant, 0..lanes) after a, of the two neighbours a, b in memory.
 * Only where one instruction does it. */
#if WD_LANES == 16
#  define WD_HAVE_SLIDE 1
#  define wd_slide(a, b, by)                                                                                 \
    ((wd_vf)_mm512_castsi512_ps(                                                                             \
        _mm512_alignr_epi32(_mm512_castps_si512((__m512)(b)), _mm512_castps_si512((__m512)(a)), (by))))
#else
#  define WD_HAVE_SLIDE 0
#endif

/* Neighbours along a row: the right ones by sliding two registers, the left ones by unaligned loads. A load
 * that crosses a cache line takes both load slots of a cycle, a slide one of the two slots for arithmetic;
 * half and half balances them (tests/bench/RESULTS.md). `after` is the vector right of the one at `at`. */
static inline __attribute__((always_inline)) wd_vf wd_right(const float *at, wd_vf here, wd_vf after,
                                                            const int by) {
#if WD_HAVE_SLIDE
  if (by == 1) return wd_slide(here, after, 1);
  if (by == 2) return wd_slide(here, after, 2);
#endif
  (void)here;
  (void)after;
  return wd_loadu(at + by);
}

/* a b + c; one rounding where the machine has it (every width but the portable one). */
static inline wd_vf wd_fma(wd_vf a, wd_vf b, wd_vf c) {
#if WD_LANES == 16
  return (wd_vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif WD_LANES == 8
  return (wd_vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}

static inline wd_vf wd_fms(wd_vf a, wd_vf b, wd_vf c) {
#if WD_LANES == 16
  return (wd_vf)_mm512_fmsub_ps((__m512)a, (__m512)b, (__m512)c);
#elif WD_LANES == 8
  return (wd_vf)_mm256_fmsub_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b - c;
#endif
}

/* A bit for every lane that has any of the mask's bits set: all bits for lanes that are not +0 (a -0 counts),
 * all but the sign for lanes that are not zero. */
static inline uint32_t wd_nonzero(wd_vf v, int32_t mask) {
#if WD_LANES == 16
  return _mm512_test_epi32_mask((__m512i)v, _mm512_set1_epi32(mask));
#elif WD_LANES == 8
  __m256i bits = _mm256_and_si256((__m256i)v, _mm256_set1_epi32(mask));
  __m256i zero = _mm256_cmpeq_epi32(bits, _mm256_setzero_si256());
  return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(zero)) ^ 0xffu;
#else
  wd_vi bits = (wd_vi)v & mask;
  uint32_t lanes = 0;
  for (int i = 0; i < WD_LANES; i++) lanes |= (uint32_t)(bits[i] != 0) << i;
  return lanes;
#endif
}

/* Whether every lane of max(|v|, floor) is at least `least` (positive floats order as their bits do). */
static inline int wd_all_at_least(wd_vf v, wd_vf floor, float least) {
  int32_t bound;
  memcpy(&bound, &least, 4);
#if WD_LANES == 16
  __m512i a = _mm512_and_si512((__m512i)v, _mm512_set1_epi32(0x7fffffff));
  a = _mm512_max_epi32(a, (__m512i)floor);
  return _mm512_cmpge_epi32_mask(a, _mm512_set1_epi32(bound)) == 0xffff;
#elif WD_LANES == 8
  __m256i a = _mm256_and_si256((__m256i)v, _mm256_set1_epi32(0x7fffffff));
  a = _mm256_max_epi32(a, (__m256i)floor);
  return _mm256_movemask_epi8(_mm256_cmpgt_epi32(_mm256_set1_epi32(bound), a)) == 0;
#else
  wd_vi a = (wd_vi)v & 0x7fffffff, f = (wd_vi)floor;
  for (int i = 0; i < WD_LANES; i++)
    if (a[i] < bound && f[i] < bound) return 0;
  return 1;
#endif
}

/* Fields of exact mode are held times 2^63 (WD_SCALE_BITS, wave_cpu.h), so that no number met on the way is
 * denormal: multiplying denormals costs some 150 cycles each on Intel cores. Where a product would be
 * denormal without the scale it must round as denormals do, to a multiple of 2^-149 (times the scale). Adding
 * and taking away 2^-126 (times the scale) with one rounding does just that; the sign is kept, since -0 and
 * +0 differ in exact mode. */
#if WD_LANES > 4
static inline wd_vf wd_mul_tiny(wd_vf a, wd_vf b) {
  const wd_vi sign = (wd_vi){0} + INT32_MIN;
  const wd_vi least = (wd_vi){0} + (64 << 23); /* 2^-126 2^63 */
  wd_vf m = a * b;
#  if WD_LANES == 16
  wd_vf magic =
      (wd_vf)_mm512_ternarylogic_epi32((__m512i)m, (__m512i)sign, (__m512i)least, 0xea); /* (m & s) | l */
  wd_vf r = wd_fma(a, b, magic) - magic;
  __mmask16 tiny = _mm512_testn_epi32_mask((__m512i)m, _mm512_set1_epi32(0x60000000));
  return (wd_vf)_mm512_mask_ternarylogic_epi32((__m512i)m, tiny, (__m512i)r, (__m512i)sign,
                                               0xec); /* r | (m & s) */
#  else
  wd_vf magic = (wd_vf)(((wd_vi)m & sign) | least);
  wd_vf r = wd_fma(a, b, magic) - magic;
  wd_vi rounded = (wd_vi)r | ((wd_vi)m & sign);
  wd_vi normal = ((wd_vi)m & 0x60000000) != 0;
  return (wd_vf)(((wd_vi)m & normal) | (rounded & ~normal));
#  endif
}
#endif

#endif
