/* The velocity families against the figures of physics.md section 5, from N maps each. */
#include "solver/family.h"
#include "tests/tap.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { N = 400, SIDE = 70, CELLS = SIDE * SIDE };

static int increasing_float(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/* Distinct values in increasing order; returns how many. */
static int distinct(const float *value, int count, float *out) {
  float *sorted = malloc(sizeof *sorted * (size_t)count);
  memcpy(sorted, value, sizeof *sorted * (size_t)count);
  qsort(sorted, (size_t)count, sizeof *sorted, increasing_float);
  int n = 0;
  for (int i = 0; i < count; i++)
    if (i == 0 || sorted[i] != sorted[i - 1]) out[n++] = sorted[i];
  free(sorted);
  return n;
}

/* FNV-1a over the bits of the values. */
static uint64_t fingerprint(uint64_t hash, const wd_map *map) {
  for (int i = 0; i < map->nz * map->nx; i++) {
    uint32_t bits;
    memcpy(&bits, &map->value[i], sizeof bits);
    for (int b = 0; b < 4; b++) hash = (hash ^ (bits >> 8 * b & 255)) * UINT64_C(0x100000001b3);
  }
  return hash;
}

typedef struct statistics {
  double dx, across, top, bottom, low, high; /* mean |dx|, deviation across x, mean of rows 0 and 69, range */
  int layers[17];                            /* maps with so many distinct values */
  int not_whole, not_sixteenth, decreasing, bland, failed;
  int decade[10]; /* distinct velocities in ten equal parts of 1500..4500 */
  int values;
} statistics;

static void gather_statistics(wd_family family, statistics *s) {
  *s = (statistics){.low = INFINITY, .high = -INFINITY};
  for (int i = 0; i < N; i++) {
    wd_map map;
    memset(&map, 0xA5, sizeof map);
    wd_error err;
    if (wd_family_generate(family, 11, (uint64_t)i, &map, &err) || wd_map_check_velocity(&map, "map", &err)) {
      printf("# %s\n", err.message);
      s->failed++;
      continue;
    }
    if (map.nz != SIDE || map.nx != SIDE || map.spacing != 10) s->failed++;
    static float value[CELLS];
    int n = distinct(map.value, CELLS, value);
    if (n < 17) s->layers[n]++;
    for (int k = 0; k < n && n < 17; k++) {
      int part = (int)((value[k] - 1500) / 300.1f);
      s->decade[part < 0 || part > 9 ? 0 : part]++;
      s->values++;
    }
    s->low = fmin(s->low, (double)value[0]);
    s->high = fmax(s->high, (double)value[n - 1]);
    if (value[n - 1] - value[0] < 0.03f * value[0]) s->bland++;
    for (int z = 0; z < SIDE; z++) {
      const float *row = map.value + z * SIDE;
      double mean = 0, square = 0;
      for (int x = 0; x < SIDE; x++) {
        double v = (double)row[x];
        mean += v / SIDE;
        if (x) s->dx += fabs(v - (double)row[x - 1]) / (SIDE - 1) / SIDE / N;
        s->not_whole += v != floor(v);
        s->not_sixteenth += v * 16 != floor(v * 16);
        s->decreasing += z > 0 && row[x] < row[x - SIDE];
      }
      for (int x = 0; x < SIDE; x++) square += ((double)row[x] - mean) * ((double)row[x] - mean) / SIDE;
      s->across += sqrt(square) / SIDE / N;
      if (z == 0) s->top += mean / N;
      if (z == SIDE - 1) s->bottom += mean / N;
    }
    wd_map_clear(&map);
  }
}

/* Counts against expected shares by chi-square; the limit is its 99.9 % point for these degrees of freedom.
 */
static void shares(const int *count, const double *share, int bins, double total, double limit,
                   const char *what) {
  double chi = 0;
  for (int i = 0; i < bins; i++) chi += pow(count[i] - share[i] * total, 2) / (share[i] * total);
  tap_at_most(chi, limit, what);
}

static void layered(wd_family family) {
  const char *name = wd_family_display_name(family);
  statistics s;
  gather_statistics(family, &s);
  bool vel = family <= WD_CURVEVEL_B, fault_b = family == WD_FLATFAULT_B || family == WD_CURVEFAULT_B;
  bool a = family % 2 == 0;
  char what[128];
  tap_ok(s.failed == 0, "%s: %d of %d maps failed", name, s.failed, N);
  tap_ok(s.not_whole == 0, "%s: %d velocities are not integers", name, s.not_whole);
  tap_ok(s.low >= 1500 && s.high <= 4500, "%s: velocities within 1500..4500 (%g..%g)", name, s.low, s.high);
  snprintf(what, sizeof what, "%s: number of distinct velocities, chi-square", name);
  if (vel) {
    const double share[] = {.1, .2, .2, .2, .2, .1};
    shares(s.layers + 3, share, 6, N, 20.5, what);
  } else if (fault_b) {
    int count[] = {s.layers[12], s.layers[14], s.layers[16]};
    const double share[] = {1 / 3.0, 1 / 3.0, 1 / 3.0};
    shares(count, share, 3, N, 13.8, what);
  } else {
    const double share[] = {1 / 3.0, 1 / 3.0, 1 / 3.0};
    shares(s.layers + 2, share, 3, N, 13.8, what);
  }
  double tenth[10];
  for (int i = 0; i < 10; i++) tenth[i] = 0.1;
  snprintf(what, sizeof what, "%s: velocities uniform, chi-square of ten parts", name);
  shares(s.decade, tenth, 10, s.values, 27.9, what);
  if (vel && a)
    tap_ok(s.decreasing == 0, "%s: velocity never falls with depth (%d cells)", name, s.decreasing);
  if (vel && !a)
    tap_ok(s.decreasing > 100 * N, "%s: velocity falls with depth at %d cells", name, s.decreasing);
  if (family == WD_FLATVEL_A || family == WD_FLATVEL_B)
    tap_at_most(s.across, 1e-9, "flat layers: deviation across x");
  else
    tap_ok(s.across > 50, "%s: deviation across x %.0f m/s, mean |dx| %.1f m/s a cell", name, s.across, s.dx);
  /* Two uniform velocities lie within 3 % about one time in twenty, and one map in three of Fault A has two:
   * 1.7 % of them are bland by the recipe itself. */
  snprintf(what, sizeof what, "%s: share of maps whose velocities lie within 3 %%", name);
  tap_at_most((double)s.bland / N, family == WD_FLATFAULT_A || family == WD_CURVEFAULT_A ? 0.05 : 0.005,
              what);
}

static void style(wd_family family, double dx, double across) {
  const char *name = wd_family_display_name(family);
  statistics s;
  gather_statistics(family, &s);
  char what[128];
  tap_ok(s.failed == 0, "%s: %d of %d maps failed", name, s.failed, N);
  tap_ok(s.low >= 1500 && s.high <= 4500, "%s: velocities within 1500..4500 (%g..%g)", name, s.low, s.high);
  tap_ok(s.not_sixteenth == 0 && s.not_whole > 0, "%s: velocities are sixteenths", name);
  snprintf(what, sizeof what, "%s: mean |dx| %.1f, against %g m/s, off by", name, s.dx, dx);
  tap_at_most(fabs(s.dx / dx - 1), 0.03, what);
  snprintf(what, sizeof what, "%s: deviation across x %.1f, against %g m/s, off by", name, s.across, across);
  tap_at_most(fabs(s.across / across - 1), 0.03, what);
  snprintf(what, sizeof what, "%s: top row mean %.0f, against 1830 m/s, off by", name, s.top);
  tap_at_most(fabs(s.top - 1830), 15, what);
  snprintf(what, sizeof what, "%s: bottom row mean %.0f, against 3600 m/s, off by", name, s.bottom);
  tap_at_most(fabs(s.bottom - 3600), 15, what);
  tap_ok(s.bland == 0, "%s: no bland map", name);
}

/* The covariance of Style A itself, in the middle rows where nothing is folded. */
static void covariance(void) {
  double sum[8] = {0}, rows = 0;
  for (int i = 0; i < N; i++) {
    wd_map map;
    if (wd_family_generate(WD_STYLE_A, 3, (uint64_t)i, &map, NULL)) continue;
    for (int z = 30; z < 40; z++, rows++)
      for (int lag = 0; lag < 8; lag++)
        for (int x = 0; x < 60; x++) {
          double trend = 1830 + 1770.0 * z / 69;
          sum[lag] += ((double)map.value[z * SIDE + x] - trend) *
                      ((double)map.value[z * SIDE + x + lag] - trend) / 60;
        }
    wd_map_clear(&map);
  }
  double worst = 0;
  for (int lag = 0; lag < 8; lag++)
    worst = fmax(worst, fabs(sum[lag] / rows / (183.0 * 183) - exp(-lag * lag / (2 * 3.5 * 3.5))));
  tap_at_most(worst, 0.04, "Style-A: covariance against the squared exponential, over its variance");
}

/* Fault B: the left and right edge, on either side of the main fault, share no velocity. */
static void blocks(wd_family family) {
  const char *name = wd_family_display_name(family);
  int shared = 0, pairs = 0;
  for (int i = 0; i < N; i++) {
    wd_map map;
    if (wd_family_generate(family, 5, (uint64_t)i, &map, NULL)) {
      shared++;
      continue;
    }
    float left[SIDE], right[SIDE], column[SIDE];
    for (int z = 0; z < SIDE; z++) column[z] = map.value[z * SIDE];
    int nl = distinct(column, SIDE, left);
    for (int z = 0; z < SIDE; z++) column[z] = map.value[z * SIDE + SIDE - 1];
    int nr = distinct(column, SIDE, right);
    for (int a = 0; a < nl; a++)
      for (int b = 0; b < nr; b++, pairs++) shared += left[a] == right[b];
    wd_map_clear(&map);
  }
  tap_ok(shared == 0 && pairs > 4 * N, "%s: %d of %d pairs of left and right velocities are equal", name,
         shared, pairs);
}

/* Fault A: the left and right edge show one stack, displaced (unless a layer is out of sight there). */
static void one_stack(wd_family family) {
  const char *name = wd_family_display_name(family);
  int displaced = 0, disjoint = 0;
  for (int i = 0; i < N; i++) {
    wd_map map;
    if (wd_family_generate(family, 5, (uint64_t)i, &map, NULL)) {
      disjoint++;
      continue;
    }
    int common = 0, differ = 0;
    for (int z = 0; z < SIDE; z++) {
      differ += map.value[z * SIDE] != map.value[z * SIDE + SIDE - 1];
      for (int y = 0; y < SIDE && !common; y++)
        common = map.value[z * SIDE] == map.value[y * SIDE + SIDE - 1];
    }
    displaced += differ > 0;
    disjoint += !common;
    wd_map_clear(&map);
  }
  tap_ok(disjoint < N / 50, "%s: %d of %d maps with nothing in common left and right", name, disjoint, N);
  tap_ok(displaced > N * 95 / 100, "%s: %d of %d maps differ left and right", name, displaced, N);
}

/* Maps that must never change: models are trained and tested on them. Made on x86-64 with glibc 2.36. */
static void fingerprints(void) {
  static const uint64_t expected[WD_FAMILIES] = {
      UINT64_C(0xc00cb8fbe7725c09), UINT64_C(0x17f81a74f73e4991), UINT64_C(0xfad1d324bb655da1),
      UINT64_C(0xe5011c4f6a93f8eb), UINT64_C(0x4387a3381794a837), UINT64_C(0x9f8461145cb33122),
      UINT64_C(0x81722903ebbcfe9a), UINT64_C(0xb9409a71161602b6), UINT64_C(0xe6afb0321df8c73e),
      UINT64_C(0xb61be331f7b50b55),
  };
  for (int f = 0; f < WD_FAMILIES; f++) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (uint64_t i = 0; i < 4; i++) {
      wd_map map;
      if (wd_family_generate((wd_family)f, 2024, i < 3 ? i : wd_family_test_index(0), &map, NULL)) continue;
      hash = fingerprint(hash, &map);
      wd_map_clear(&map);
    }
    tap_ok(hash == expected[f], "%s: fingerprint 0x%016llx", wd_family_display_name((wd_family)f),
           (unsigned long long)hash);
  }
}

static void same_and_other(void) {
  enum { K = 200 };
  for (int f = 0; f < WD_FAMILIES; f++) {
    static uint64_t hash[3 * K];
    int changed = 0, equal = 0;
    for (int i = 0; i < 3 * K; i++) {
      wd_map map = {0}, again = {0};
      uint64_t seed = i < 2 * K ? 1 : 2, index = (uint64_t)(i % K);
      if (i >= K && i < 2 * K) index = wd_family_test_index(index);
      if (wd_family_generate((wd_family)f, seed, index, &map, NULL) ||
          (i < 20 && wd_family_generate((wd_family)f, seed, index, &again, NULL)))
        changed++;
      else if (i < 20 && memcmp(map.value, again.value, sizeof(float) * CELLS) != 0)
        changed++;
      else
        hash[i] = fingerprint(UINT64_C(0xcbf29ce484222325), &map);
      wd_map_clear(&map);
      wd_map_clear(&again);
    }
    for (int i = 0; i < 3 * K; i++)
      for (int k = 0; k < i; k++) equal += hash[i] == hash[k];
    tap_ok(changed == 0 && equal == 0,
           "%s: made again the same; %d equal pairs among %d maps of two seeds, training and test",
           wd_family_display_name((wd_family)f), equal, 3 * K);
  }
}

static void sizes(void) {
  static const int size[][2] = {{16, 16}, {16, 70}, {70, 16}, {37, 190}, {141, 300}, {400, 64}};
  for (int f = 0; f < WD_FAMILIES; f++) {
    int failed = 0;
    for (size_t k = 0; k < sizeof size / sizeof *size; k++)
      for (uint64_t i = 0; i < 10; i++) {
        wd_map map;
        wd_error err;
        if (wd_family_generate_sized((wd_family)f, 1, i, size[k][0], size[k][1], 12.5, &map, &err) ||
            map.nz != size[k][0] || map.nx != size[k][1] || map.spacing != 12.5 ||
            wd_map_check_velocity(&map, "map", &err)) {
          printf("# %s\n", err.message);
          failed++;
          continue;
        }
        float low, high;
        wd_map_range(&map, &low, &high);
        failed += low < 1500 || high > 4500 || low == high;
        wd_map_clear(&map);
      }
    tap_ok(failed == 0, "%s: maps of 16 x 16 to 400 x 64 cells (%d failed)",
           wd_family_display_name((wd_family)f), failed);
  }
}

static void names_and_refusals(void) {
  int wrong = 0;
  for (int f = 0; f < WD_FAMILIES; f++) {
    wd_family back = (wd_family)-1;
    wrong += !wd_family_parse(wd_family_name((wd_family)f), &back) || back != (wd_family)f;
    back = (wd_family)-1;
    wrong += !wd_family_parse(wd_family_display_name((wd_family)f), &back) || back != (wd_family)f;
  }
  wd_family none = WD_STYLE_A;
  tap_ok(wrong == 0, "every name is read back");
  tap_ok(!wd_family_parse("flatvel", &none) && !wd_family_parse("", &none) && !wd_family_parse(NULL, &none) &&
             none == WD_STYLE_A,
         "other names are refused");
  tap_ok(!wd_family_name((wd_family)10) && !wd_family_display_name((wd_family)-1), "no name outside the ten");
  wd_map map = {.nz = -7};
  wd_error err = {0};
  tap_ok(wd_family_generate((wd_family)10, 1, 0, &map, &err) == WD_ERR_ARGUMENT, "family 10: %s",
         err.message);
  tap_ok(wd_family_generate(WD_STYLE_A, 1, UINT64_C(1) << 48, &map, &err) == WD_ERR_ARGUMENT,
         "index 2^48: %s", err.message);
  tap_ok(wd_family_generate_sized(WD_STYLE_A, 1, 0, 15, 70, 10, &map, &err) == WD_ERR_ARGUMENT, "15 rows: %s",
         err.message);
  tap_ok(wd_family_generate_sized(WD_STYLE_A, 1, 0, 70, 70, (double)NAN, &map, &err) == WD_ERR_ARGUMENT,
         "spacing NaN: %s", err.message);
  tap_ok(map.nz == -7, "a refusal leaves the map alone");
}

int main(void) {
  for (int f = WD_FLATVEL_A; f <= WD_CURVEFAULT_B; f++) layered((wd_family)f);
  style(WD_STYLE_A, 42, 170);
  style(WD_STYLE_B, 90, 160);
  covariance();
  blocks(WD_FLATFAULT_B);
  blocks(WD_CURVEFAULT_B);
  one_stack(WD_FLATFAULT_A);
  one_stack(WD_CURVEFAULT_A);
  fingerprints();
  same_and_other();
  sizes();
  names_and_refusals();
  return tap_done();
}
