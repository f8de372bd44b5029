/* The product of matrices, between the files of one width. */
#ifndef WD_CPU_WIDE_GEMM_H
#define WD_CPU_WIDE_GEMM_H

#include "model/cpu/wide.h"
#include "solver/cpu/simd.h"

#define wd_gemm_run    WD_WIDE(wd_gemm_run)
#define wd_gemm_pack   WD_WIDE(wd_gemm_pack)
#define wd_gemm_packed WD_WIDE(wd_gemm_packed)

enum { WD_GEMM_PANEL = 2 * WD_LANES, WD_GEMM_DEPTH = 336, WD_GEMM_ROOM = WD_GEMM_PANEL * WD_GEMM_DEPTH };

void wd_gemm_run(const wd_gemm *g, float *room);
void wd_gemm_pack(long k, long n, const float *b, long b_row, long b_col, float *packed);
size_t wd_gemm_packed(long k, long n);

static inline wd_vf wd_vmax(wd_vf a, wd_vf b) {
#if WD_LANES == 16
  return (wd_vf)_mm512_max_ps((__m512)a, (__m512)b);
#elif WD_LANES == 8
  return (wd_vf)_mm256_max_ps((__m256)a, (__m256)b);
#else
  wd_vi first = a > b;
  return (wd_vf)((first & (wd_vi)a) | (~first & (wd_vi)b));
#endif
}

static inline wd_vf wd_vmin(wd_vf a, wd_vf b) {
#if WD_LANES == 16
  return (wd_vf)_mm512_min_ps((__m512)a, (__m512)b);
#elif WD_LANES == 8
  return (wd_vf)_mm256_min_ps((__m256)a, (__m256)b);
#else
  return -wd_vmax(-a, -b);
#endif
}

/* 1 / a, of moderate a: to an ulp or two. */
static inline wd_vf wd_vinverse(wd_vf a) {
#if WD_LANES == 16
  wd_vf r = (wd_vf)_mm512_rcp14_ps((__m512)a);
  return r * (2.0f - a * r); /* the guess has 14 bits */
#else
  return 1.0f / a;
#endif
}

/* Distances with their numbers: where a is less, it takes the place of b. */
static inline void wd_vnearer(wd_vf a, wd_vi a_number, wd_vf *b, wd_vi *b_number) {
#if WD_LANES == 16
  __mmask16 nearer = _mm512_cmp_ps_mask((__m512)a, (__m512)*b, _CMP_LT_OQ);
  *b = (wd_vf)_mm512_mask_mov_ps((__m512)*b, nearer, (__m512)a);
  *b_number = (wd_vi)_mm512_mask_mov_epi32((__m512i)*b_number, nearer, (__m512i)a_number);
#else
  wd_vi nearer = a < *b;
  *b = (wd_vf)((nearer & (wd_vi)a) | (~nearer & (wd_vi)*b));
  *b_number = (nearer & a_number) | (~nearer & *b_number);
#endif
}

static inline float wd_vsum(wd_vf v) {
#if WD_LANES == 16
  return _mm512_reduce_add_ps((__m512)v);
#else
  float sum = 0;
  for (int i = 0; i < WD_LANES; i++) sum += v[i];
  return sum;
#endif
}

static inline float wd_vtop(wd_vf v) {
#if WD_LANES == 16
  return _mm512_reduce_max_ps((__m512)v);
#else
  float top = v[0];
  for (int i = 1; i < WD_LANES; i++) top = v[i] > top ? v[i] : top;
  return top;
#endif
}

/* exp to 2 ulp (kernels.h has the formula), a vector at a time. */
static inline wd_vf wd_vexp(wd_vf x) {
  x = wd_vmin(wd_vmax(x, wd_splat(-87.0f)), wd_splat(88.0f));
  const wd_vf magic = wd_splat(12582912.0f);
  wd_vf t = wd_fma(x, wd_splat(1.44269504f), magic), n = t - magic;
  wd_vf r = wd_fma(n, wd_splat(-0.693359375f), x);
  r = wd_fma(n, wd_splat(2.12194440e-4f), r);
  wd_vf p = wd_splat(1.9875691500e-4f);
  p = wd_fma(p, r, wd_splat(1.3981999507e-3f));
  p = wd_fma(p, r, wd_splat(8.3334519073e-3f));
  p = wd_fma(p, r, wd_splat(4.1665795894e-2f));
  p = wd_fma(p, r, wd_splat(1.6666665459e-1f));
  p = wd_fma(p, r, wd_splat(5.0000001201e-1f));
  p = wd_fma(p * r, r, r) + 1.0f;
#if WD_LANES == 16
  return (wd_vf)_mm512_scalef_ps((__m512)p, (__m512)n);
#else
  wd_vi two = ((wd_vi)t << 23) + (127 << 23); /* the low bits of t hold the whole number n */
  return p * (wd_vf)two;
#endif
}

#endif
