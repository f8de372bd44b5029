/* Stacks of layers, and the families that are nothing else: FlatVel and CurveVel. */
#include "solver/family_impl.h"
#include "solver/memory.h"

#include <math.h>

void wd_stack_draw_depths(wd_random *r, int layers, int nz, double jitter, wd_stack *stack) {
  double first = wd_between(r, 0.3, 1.7) * nz / layers;
  double share[WD_STACK_MAX], sum = 0;
  for (int i = 1; i < layers; i++) sum += share[i] = wd_between(r, 1 - jitter, 1 + jitter);
  stack->layers = layers;
  double depth = first;
  for (int i = 1; i < layers; i++) {
    stack->depth[i - 1] = wd_fix(depth);
    depth += share[i] / sum * (nz - first);
  }
}

void wd_stack_draw_velocities(wd_random *r, int count, float *velocity) {
  for (int i = 0; i < count;) {
    velocity[i] = (float)wd_random_int(r, WD_FAMILY_VMIN, WD_FAMILY_VMAX);
    int k = 0;
    while (k < i && velocity[k] != velocity[i]) k++;
    if (k == i) i++;
  }
}

void wd_stack_sort(float *velocity, int count) {
  for (int i = 1; i < count; i++)
    for (int k = i; k > 0 && velocity[k] < velocity[k - 1]; k--) {
      float t = velocity[k];
      velocity[k] = velocity[k - 1];
      velocity[k - 1] = t;
    }
}

void wd_stack_draw_shape(wd_random *r, int nz, int nx, int first, int count, int *shape) {
  enum { SINES = 5 };
  const double turn = 6.283185307179586476925;
  double amplitude[SINES], phase[SINES];
  for (int k = 0; k < SINES; k++) {
    /* Falling with frequency, or the shortest waves would make every curve a saw. */
    amplitude[k] = wd_random_uniform(r) / ((k + 1) * sqrt(k + 1));
    phase[k] = wd_random_uniform(r);
  }
  double peak = wd_between(r, 2, 15) * nz / 70.0;
  double highest = 0;
  for (int pass = 0; pass < 2; pass++)
    for (int i = 0; i < count; i++) {
      double s = 0;
      for (int k = 0; k < SINES; k++)
        s += amplitude[k] * sin(turn * ((double)(k + 1) * (first + i) / nx + phase[k]));
      if (pass == 0 && fabs(s) > highest) highest = fabs(s);
      if (pass == 1) shape[i] = (int)wd_fix(s / highest * peak);
    }
}

float wd_stack_at(const wd_stack *stack, int z, int x) {
  int64_t row = (int64_t)z * WD_FIX + WD_FIX / 2; /* the middle of the cell */
  if (stack->shape) {
    int i = x - stack->first;
    if (i < 0) i = 0;
    if (i >= stack->count) i = stack->count - 1;
    row -= stack->shape[i];
  }
  int layer = 0;
  while (layer + 1 < stack->layers && row >= stack->depth[layer]) layer++;
  return stack->velocity[layer];
}

wd_status wd_family_layers(wd_random *r, bool curved, bool increasing, wd_map *map, wd_error *err) {
  int twice = wd_random_int(r, 0, 9);
  int layers = 3 + (twice + 1) / 2; /* 3 and 8 half as likely as 4 to 7 */
  wd_stack stack = {0};
  int *shape = curved ? wd_calloc((size_t)map->nx, sizeof *shape) : NULL;
  if (curved && !shape) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a curve of %d columns", map->nx);
  stack.shape = shape;
  stack.count = map->nx;

  wd_status st = WD_OK;
  for (int tries = 0;; tries++) {
    if (tries == WD_FAMILY_TRIES) {
      st = wd_family_gave_up(map, err);
      break;
    }
    wd_stack_draw_depths(r, layers, map->nz, 0.3, &stack);
    wd_stack_draw_velocities(r, layers, stack.velocity);
    if (increasing) wd_stack_sort(stack.velocity, layers);
    if (curved) wd_stack_draw_shape(r, map->nz, map->nx, 0, map->nx, shape);
    for (int z = 0; z < map->nz; z++)
      for (int x = 0; x < map->nx; x++)
        map->value[(size_t)z * (size_t)map->nx + (size_t)x] = wd_stack_at(&stack, z, x);
    if (wd_family_all_present(map, stack.velocity, layers)) break;
  }
  wd_free(shape);
  return st;
}
