#include "solver/random.h"

#include <math.h>

void wd_philox(uint64_t seed, uint64_t stream, uint64_t index, uint32_t out[4]) {
  uint32_t c0 = (uint32_t)index, c1 = (uint32_t)(index >> 32), c2 = (uint32_t)stream,
           c3 = (uint32_t)(stream >> 32);
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
    uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1;
    c3 = (uint32_t)p0;
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

uint32_t wd_random_u32(wd_random *r) {
  if (r->left == 0) {
    wd_philox(r->seed, r->stream, r->index++, r->word);
    r->left = 4;
  }
  return r->word[4 - r->left--];
}

static double unit(uint32_t high, uint32_t low) {
  uint64_t bits = ((uint64_t)high << 32 | low) >> 11;
  return (double)bits * 0x1p-53;
}

double wd_random_uniform(wd_random *r) {
  uint32_t high = wd_random_u32(r), low = wd_random_u32(r);
  return unit(high, low);
}

int wd_random_int(wd_random *r, int lo, int hi) {
  uint32_t span = (uint32_t)hi - (uint32_t)lo + 1u;
  if (span == 0) return (int)wd_random_u32(r);
  uint32_t limit = UINT32_MAX - (UINT32_MAX % span + 1u) % span; /* last value of the last whole span */
  uint32_t u;
  do u = wd_random_u32(r);
  while (u > limit);
  return (int)((int64_t)lo + (int64_t)(u % span));
}

static double normal(const uint32_t w[4]) {
  double u1 = 1.0 - unit(w[0], w[1]); /* (0, 1]: the logarithm stays finite */
  double u2 = unit(w[2], w[3]);
  return sqrt(-2.0 * log(u1)) * cos(6.283185307179586476925 * u2);
}

double wd_random_normal(wd_random *r) {
  uint32_t w[4];
  for (int i = 0; i < 4; i++) w[i] = wd_random_u32(r);
  return normal(w);
}

void wd_random_normals(uint64_t seed, uint64_t stream, uint64_t first, uint64_t count, float *out) {
  for (uint64_t i = 0; i < count; i++) {
    uint32_t w[4];
    wd_philox(seed, stream, first + i, w);
    out[i] = (float)normal(w);
  }
}
