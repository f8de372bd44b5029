/* Shared by family*.c only: layer stacks, and the drawing of one map into prepared memory. */
#ifndef WD_FAMILY_IMPL_H
#define WD_FAMILY_IMPL_H

#include "solver/family.h"
#include "solver/random.h"

/* Depths and shifts are integers in units of 1/1024 cell once drawn: comparisons with them are then exact. */
enum { WD_FIX = 1024 };

static inline int64_t wd_fix(double cells) {
  double units = cells * WD_FIX;
  return (int64_t)(units < 0 ? units - 0.5 : units + 0.5);
}

enum { WD_STACK_MAX = 8 };

/* Layers of one block of rock. Interface i (between layers i and i + 1) is at depth[i] + shape(x). */
typedef struct wd_stack {
  int layers;
  int64_t depth[WD_STACK_MAX - 1];
  float velocity[WD_STACK_MAX];
  int first, count; /* shape is known for columns first .. first + count - 1, and held beyond */
  int *shape;       /* borrowed; NULL for flat layers */
} wd_stack;

/* Uniform in lo..hi. */
static inline double wd_between(wd_random *r, double lo, double hi) {
  return lo + (hi - lo) * wd_random_uniform(r);
}

/* Depths of `layers` layers over nz rows: an even split with every thickness jittered by +-jitter, except
 * that the first interface is free: 0.3 to 1.7 of an even share. */
void wd_stack_draw_depths(wd_random *r, int layers, int nz, double jitter, wd_stack *stack);

/* count different integers of 1500..4500 m/s, each uniform. */
void wd_stack_draw_velocities(wd_random *r, int count, float *velocity);
void wd_stack_sort(float *velocity, int count); /* increasing */

/* The curve shared by all interfaces of a stack: sines of periods nx/1 .. nx/5 with random phases, scaled to
 * a peak of 2..15 cells (of a map of 70 rows). shape[i] is the shift of column first + i. */
void wd_stack_draw_shape(wd_random *r, int nz, int nx, int first, int count, int *shape);

float wd_stack_at(const wd_stack *stack, int z, int x);

/* Each fills map->value (nz * nx floats, zeroed) and returns WD_OK. */
wd_status wd_family_layers(wd_random *r, bool curved, bool increasing, wd_map *map, wd_error *err);
wd_status wd_family_fault_a(wd_random *r, bool curved, wd_map *map, wd_error *err);
wd_status wd_family_fault_b(wd_random *r, bool curved, wd_map *map, wd_error *err);
wd_status wd_family_style(wd_random *r, bool rough, wd_map *map, wd_error *err);

/* Whether each of the velocities covers at least 1 cell in 1000 (a layer that curve and faults have pushed
 * off the map is drawn anew, so that the number of values is the number of layers). */
bool wd_family_all_present(const wd_map *map, const float *velocity, int count);

enum { WD_FAMILY_TRIES = 1000 };
wd_status wd_family_gave_up(const wd_map *map, wd_error *err);

#endif
