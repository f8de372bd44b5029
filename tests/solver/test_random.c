/* Philox against the published known answers, and the distributions drawn from it. */
#include "solver/random.h"
#include "tests/tap.h"

#include <math.h>
#include <string.h>

static void known_answers(void) {
  /* Random123's kat_vectors: philox4x32 10, counter and key given as words. */
  uint32_t out[4];
  wd_philox(0, 0, 0, out);
  tap_ok(out[0] == 0x6627e8d5 && out[1] == 0xe169c58d && out[2] == 0xbc57ac4c && out[3] == 0x9b00dbd8,
         "philox of zeros is the published answer");
  wd_philox(UINT64_MAX, UINT64_MAX, UINT64_MAX, out);
  tap_ok(out[0] == 0x408f276d && out[1] == 0x41c83b0e && out[2] == 0xa20bc7c6 && out[3] == 0x6d5451fd,
         "philox of ones is the published answer");
  wd_philox(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88, out);
  tap_ok(out[0] == 0xd16cfe09 && out[1] == 0x94fdcceb && out[2] == 0x5001e420 && out[3] == 0x24126ea1,
         "philox of the digits of pi is the published answer");
}

static void distributions(void) {
  enum { N = 200000 };
  wd_random r = wd_random_make(7, 3);
  double sum = 0, square = 0;
  for (int i = 0; i < N; i++) {
    double u = wd_random_uniform(&r);
    sum += u;
    square += u * u;
  }
  tap_at_most(fabs(sum / N - 0.5), 0.003, "uniform mean off by");
  tap_at_most(fabs(square / N - 1.0 / 3), 0.003, "uniform second moment off by");

  static float z[N];
  wd_random_normals(7, 4, 0, N, z);
  double m1 = 0, m2 = 0, m4 = 0;
  for (int i = 0; i < N; i++) {
    double v = (double)z[i];
    m1 += v;
    m2 += v * v;
    m4 += v * v * v * v;
  }
  tap_at_most(fabs(m1 / N), 0.01, "normal mean off by");
  tap_at_most(fabs(m2 / N - 1), 0.015, "normal variance off by");
  tap_at_most(fabs(m4 / N - 3), 0.12, "normal fourth moment off by");

  float tail[100];
  wd_random_normals(7, 4, 1000, 100, tail);
  tap_ok(memcmp(tail, z + 1000, sizeof tail) == 0, "normal i depends on seed, stream and i only");

  int seen[7] = {0};
  for (int i = 0; i < 70000; i++) seen[wd_random_int(&r, -3, 3) + 3]++;
  double worst = 0;
  for (int i = 0; i < 7; i++) worst = fmax(worst, fabs(seen[i] / 10000.0 - 1));
  tap_at_most(worst, 0.05, "integers -3..3 even to within");
}

int main(void) {
  known_answers();
  distributions();
  return tap_done();
}
