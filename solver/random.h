/* Random numbers by counter: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011). The number at (seed,
 * stream, index) is the same on every machine and does not depend on what was drawn before. */
#ifndef WD_RANDOM_H
#define WD_RANDOM_H

#include <stdint.h>

/* Four 32-bit words at counter (index, stream) under key seed. */
void wd_philox(uint64_t seed, uint64_t stream, uint64_t index, uint32_t out[4]);

/* A cursor over one stream, for code that draws one after another. A value type; copy it to fork. */
typedef struct wd_random {
  uint64_t seed, stream, index;
  uint32_t word[4];
  int left; /* words not yet used; zero-initialised means none */
} wd_random;

static inline wd_random wd_random_make(uint64_t seed, uint64_t stream) {
  return (wd_random){.seed = seed, .stream = stream};
}

uint32_t wd_random_u32(wd_random *r);
/* Uniform in [0, 1), 53 bits (two words). */
double wd_random_uniform(wd_random *r);
/* Uniform integer in lo..hi, both included, without modulo bias. */
int wd_random_int(wd_random *r, int lo, int hi);
/* Standard normal, Box-Muller in double (four words, the cosine branch only, so that every call costs the
 * same). */
double wd_random_normal(wd_random *r);

/* count standard normals, rounded from double to float: number i depends on (seed, stream, i) only. */
void wd_random_normals(uint64_t seed, uint64_t stream, uint64_t first, uint64_t count, float *out);

#endif
