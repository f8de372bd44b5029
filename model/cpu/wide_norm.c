/* Group norm with its activation over one sample, channels last: every pass after the first finds the sample
 * in the cache. Means and variances are sums of 64 pixels in float, joined in double. */
#include "model/cpu/wide_gemm.h"

#include <math.h>
#include <string.h>

#define wd_norm_forward  WD_WIDE(wd_norm_forward)
#define wd_norm_backward WD_WIDE(wd_norm_backward)

void wd_norm_forward(const wd_norm *n, float *room);
void wd_norm_backward(const wd_norm *n, float *room);

static const double EPSILON = 1e-5;

enum { STRETCH = 64 }; /* pixels whose sum stays in float */

typedef wd_vf vf;

#define INLINE static inline __attribute__((always_inline))

INLINE vf part(const bool whole, const float *p, long left) {
  if (whole || left >= WD_LANES) return wd_loadu(p);
  vf v = wd_splat(0);
  memcpy(&v, p, sizeof(float) * (size_t)left);
  return v;
}

INLINE void put(const bool whole, float *p, vf v, long left) {
  if (whole || left >= WD_LANES)
    *(wd_vfu *)p = v;
  else
    memcpy(p, &v, sizeof(float) * (size_t)left);
}

static inline vf sigmoid(vf u) {
  return wd_vinverse(1.0f + wd_vexp(-u));
}

static void join(double *to, vf sum, long left) {
  for (int i = 0; i < WD_LANES && i < left; i++) to[i] += (double)sum[i];
}

/* to[c] += sum over pixels of (x - mean), or of its square. */
INLINE void sums_of(const bool whole, const wd_norm *n, const float *mean, const bool square, double *to) {
  for (long p = 0; p < n->pixels; p += STRETCH) {
    long end = p + STRETCH < n->pixels ? p + STRETCH : n->pixels;
    for (long c = 0; c < n->c; c += WD_LANES) {
      long left = n->c - c;
      vf sum = wd_splat(0), middle = part(whole, mean + c, left);
      for (long i = p; i < end; i++) {
        vf d = part(whole, n->x + i * n->c + c, left);
        if (square) {
          d -= middle;
          sum = wd_fma(d, d, sum);
        } else
          sum += d;
      }
      join(to + c, sum, left);
    }
  }
}

/* y = activation(a x + b) */
INLINE void apply(const bool whole, const wd_norm *n, const float *a, const float *b) {
  for (long p = 0; p < n->pixels; p++)
    for (long c = 0; c < n->c; c += WD_LANES) {
      long left = n->c - c, at = p * n->c + c;
      vf u = wd_fma(part(whole, a + c, left), part(whole, n->x + at, left), part(whole, b + c, left));
      if (n->silu) u *= sigmoid(u);
      put(whole, n->y + at, u, left);
    }
}

static double group_sum(const wd_norm *n, const double *sum, long group) {
  long width = n->c / n->groups;
  double total = 0;
  for (long c = group * width; c < (group + 1) * width; c++) total += sum[c];
  return total;
}

INLINE void forward(const bool whole, const wd_norm *n, float *room) {
  long width = n->c / n->groups, line = (n->c + 15) / 16 * 16;
  double *sum = (double *)room, count = (double)n->pixels * (double)width;
  float *a = room + 2 * line, *b = a + line;
  memset(room, 0, sizeof(float) * 4 * (size_t)line);
  sums_of(whole, n, a, false, sum);
  for (long q = 0; q < n->groups; q++) {
    n->kept[2 * q] = (float)(group_sum(n, sum, q) / count);
    for (long c = q * width; c < (q + 1) * width; c++) a[c] = n->kept[2 * q];
  }
  memset(sum, 0, sizeof *sum * (size_t)line);
  sums_of(whole, n, a, true, sum);
  for (long q = 0; q < n->groups; q++) {
    n->kept[2 * q + 1] = (float)(1 / sqrt(group_sum(n, sum, q) / count + EPSILON));
    for (long c = q * width; c < (q + 1) * width; c++) {
      a[c] = n->gamma[c] * n->kept[2 * q + 1];
      b[c] = n->beta[c] - n->kept[2 * q] * a[c];
    }
  }
  apply(whole, n, a, b);
}

void wd_norm_forward(const wd_norm *n, float *room) {
  if (n->c % WD_LANES == 0)
    forward(true, n, room);
  else
    forward(false, n, room);
}

/* du, behind the activation, is kept for the second pass; its sums, and those of du h with h = (x - mean)
 * scale, a channel each. */
INLINE void gradient_sums(const bool whole, const wd_norm *n, const float *mean, const float *scale,
                          float *kept, double *du_sum, double *duh_sum) {
  for (long p = 0; p < n->pixels; p += STRETCH) {
    long end = p + STRETCH < n->pixels ? p + STRETCH : n->pixels;
    for (long c = 0; c < n->c; c += WD_LANES) {
      long left = n->c - c;
      vf s = wd_splat(0), t = wd_splat(0);
      vf m = part(whole, mean + c, left), k = part(whole, scale + c, left);
      vf gamma = part(whole, n->gamma + c, left), beta = part(whole, n->beta + c, left);
      for (long i = p; i < end; i++) {
        long at = i * n->c + c;
        vf h = (part(whole, n->x + at, left) - m) * k, du = part(whole, n->dy + at, left);
        if (n->silu) {
          vf u = wd_fma(gamma, h, beta), sig = sigmoid(u);
          du *= sig * wd_fma(u, 1.0f - sig, wd_splat(1));
        }
        put(whole, kept + at, du, left);
        s += du;
        t = wd_fma(du, h, t);
      }
      join(du_sum + c, s, left);
      join(duh_sum + c, t, left);
    }
  }
}

/* dx += scale (gamma du - q_mean - h qh_mean) = a du + b x + e */
INLINE void gradient(const bool whole, const wd_norm *n, const float *a, const float *b, const float *e,
                     const float *du) {
  for (long p = 0; p < n->pixels; p++)
    for (long c = 0; c < n->c; c += WD_LANES) {
      long left = n->c - c, at = p * n->c + c;
      vf d = wd_fma(part(whole, a + c, left), part(whole, du + at, left), part(whole, e + c, left));
      d = wd_fma(part(whole, b + c, left), part(whole, n->x + at, left), d);
      put(whole, n->dx + at, part(whole, n->dx + at, left) + d, left);
    }
}

INLINE void backward(const bool whole, const wd_norm *n, float *room) {
  long width = n->c / n->groups, line = (n->c + 15) / 16 * 16;
  float *mean = room, *scale = mean + line, *offset = scale + line, *du = offset + line;
  double count = (double)n->pixels * (double)width, *du_sum = n->sums, *duh_sum = n->sums + n->c;
  for (long c = 0; c < n->c; c++) {
    mean[c] = n->kept[c / width * 2];
    scale[c] = n->kept[c / width * 2 + 1];
  }
  memset(n->sums, 0, sizeof *n->sums * 2 * (size_t)n->c);
  gradient_sums(whole, n, mean, scale, du, du_sum, duh_sum);
  if (!n->dx) return;
  for (long q = 0; q < n->groups; q++) {
    double q_mean = 0, qh_mean = 0, k = (double)n->kept[2 * q + 1], m = (double)n->kept[2 * q];
    for (long c = q * width; c < (q + 1) * width; c++) {
      q_mean += (double)n->gamma[c] * du_sum[c] / count;
      qh_mean += (double)n->gamma[c] * duh_sum[c] / count;
    }
    for (long c = q * width; c < (q + 1) * width; c++) {
      mean[c] = (float)((double)n->gamma[c] * k);
      scale[c] = (float)(-k * k * qh_mean);
      offset[c] = (float)(k * (m * k * qh_mean - q_mean));
    }
  }
  gradient(whole, n, mean, scale, offset, du);
}

void wd_norm_backward(const wd_norm *n, float *room) {
  if (n->c % WD_LANES == 0)
    backward(true, n, room);
  else
    backward(false, n, room);
}
