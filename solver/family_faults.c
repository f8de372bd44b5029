/* FlatFault and CurveFault: stacks of layers broken by straight faults. Every map is a function from a cell
 * to the place where its rock lay before the faults moved it, so nothing is interpolated. */
#include "solver/family_impl.h"
#include "solver/memory.h"

#include <math.h>

/* A straight line through (z, x), all in units of 1/1024: across tells on which side a cell lies, by the sign
 * of dz (z - z0) + dx (x - x0) with the normal (dz, dx). Rock on the positive side moved by (move_z, move_x)
 * cells. */
typedef struct fault {
  int64_t z, x, normal_z, normal_x;
  int move_z, move_x;
} fault;

static bool beyond(const fault *f, int z, int x) {
  int64_t rz = (int64_t)z * WD_FIX + WD_FIX / 2 - f->z, rx = (int64_t)x * WD_FIX + WD_FIX / 2 - f->x;
  return f->normal_z * rz + f->normal_x * rx >= 0;
}

/* The main fault: crosses mid-depth between 0.25 and 0.75 of the width and drifts by `columns` (of a map of
 * 70) from top to bottom. The right side is the positive one. */
static fault draw_main(wd_random *r, const wd_map *map, double least, double most) {
  double drift = wd_between(r, least, most) / 70 * map->nx; /* columns over the whole depth */
  if (wd_random_int(r, 0, 1)) drift = -drift;
  return (fault){
      .z = wd_fix(map->nz / 2.0),
      .x = wd_fix(wd_between(r, 0.25, 0.75) * map->nx),
      .normal_x = wd_fix(1),
      .normal_z = wd_fix(-drift / map->nz),
  };
}

/* The nearest whole number of cells, decided in fixed point. */
static int nearest(double cells) {
  return (int)floor((double)wd_fix(cells) / WD_FIX + 0.5);
}

/* A cut at 30 to 60 degrees through a place of one block; the rock on one side of it slid along it by 3 to 15
 * cells (of a map of 70). */
static fault draw_cut(wd_random *r, const wd_map *map, const fault *main, bool right) {
  double z = wd_between(r, 0.15, 0.85) * map->nz;
  double at =
      (double)main->x / WD_FIX - (double)main->normal_z / WD_FIX * (z - map->nz / 2.0); /* the fault there */
  double x = right ? wd_between(r, fmin(at, map->nx - 1), map->nx) : wd_between(r, 0, fmax(at, 1));
  double angle = wd_between(r, 30, 60) * (3.14159265358979323846 / 180);
  double down = sin(angle), along = cos(angle);
  if (wd_random_int(r, 0, 1)) along = -along;
  double slip = wd_between(r, 3, 15);
  if (wd_random_int(r, 0, 1)) slip = -slip;
  fault cut = {
      .z = wd_fix(z),
      .x = wd_fix(x),
      .normal_z = wd_fix(along * map->nx / 70),
      .normal_x = wd_fix(-down * map->nz / 70),
      .move_z = nearest(slip * down * map->nz / 70),
      .move_x = nearest(slip * along * map->nx / 70),
  };
  if (wd_random_int(r, 0, 1)) {
    cut.normal_z = -cut.normal_z;
    cut.normal_x = -cut.normal_x;
  }
  return cut;
}

/* A stack of a faulted block. The thicknesses vary more than in FlatVel: those of the real CurveFault-B map
 * lie between 0.3 and 1.6 of an even share. */
static void draw_block(wd_random *r, const wd_map *map, int layers, bool curved, wd_stack *stack) {
  wd_stack_draw_depths(r, layers, map->nz, 0.6, stack);
  if (curved) wd_stack_draw_shape(r, map->nz, map->nx, stack->first, stack->count, stack->shape);
}

/* Memory for the curves of `blocks` stacks, known one map's width beyond both edges: rock comes from there.
 */
static wd_status prepare(const wd_map *map, bool curved, wd_stack *stack, int blocks, int **memory,
                         wd_error *err) {
  int count = 3 * map->nx;
  *memory = NULL;
  if (curved && !(*memory = wd_calloc((size_t)blocks * (size_t)count, sizeof **memory)))
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the curves of %d columns", count);
  for (int b = 0; b < blocks; b++)
    stack[b] = (wd_stack){
        .first = -map->nx, .count = count, .shape = curved ? *memory + (size_t)b * (size_t)count : NULL};
  return WD_OK;
}

wd_status wd_family_fault_a(wd_random *r, bool curved, wd_map *map, wd_error *err) {
  wd_stack stack;
  int *memory;
  wd_status st = prepare(map, curved, &stack, 1, &memory, err);
  if (st) return st;
  int layers = wd_random_int(r, 2, 4);
  for (int tries = 0;; tries++) {
    if (tries == WD_FAMILY_TRIES) {
      st = wd_family_gave_up(map, err);
      break;
    }
    draw_block(r, map, layers, curved, &stack);
    wd_stack_draw_velocities(r, layers, stack.velocity);
    wd_stack_sort(stack.velocity, layers);
    fault main = draw_main(r, map, 5, 45);
    double throw = wd_between(r, 5, 20) * map->nz / 70; /* rows, along the fault */
    if (wd_random_int(r, 0, 1)) throw = -throw;
    int move_z = nearest(throw), move_x = nearest(-throw *(double)main.normal_z / WD_FIX);
    bool right = wd_random_int(r, 0, 1);
    for (int z = 0; z < map->nz; z++)
      for (int x = 0; x < map->nx; x++) {
        bool moved = beyond(&main, z, x) == right;
        map->value[(size_t)z * (size_t)map->nx + (size_t)x] =
            wd_stack_at(&stack, moved ? z - move_z : z, moved ? x - move_x : x);
      }
    if (wd_family_all_present(map, stack.velocity, layers)) break;
  }
  wd_free(memory);
  return st;
}

wd_status wd_family_fault_b(wd_random *r, bool curved, wd_map *map, wd_error *err) {
  enum { CUTS = 3 };
  wd_stack stack[2]; /* left, right of the main fault */
  int *memory;
  wd_status st = prepare(map, curved, stack, 2, &memory, err);
  if (st) return st;
  int layers = wd_random_int(r, 6, 8);
  for (int tries = 0;; tries++) {
    if (tries == WD_FAMILY_TRIES) {
      st = wd_family_gave_up(map, err);
      break;
    }
    float velocity[2 * WD_STACK_MAX];
    wd_stack_draw_velocities(r, 2 * layers, velocity);
    for (int b = 0; b < 2; b++) {
      draw_block(r, map, layers, curved, &stack[b]);
      for (int i = 0; i < layers; i++) stack[b].velocity[i] = velocity[b * layers + i];
      wd_stack_sort(stack[b].velocity, layers);
    }
    fault main = draw_main(r, map, 5, 20);
    fault cut[CUTS];
    bool of_right[CUTS];
    int cuts = wd_random_int(r, 1, CUTS);
    for (int c = 0; c < cuts; c++) {
      of_right[c] = wd_random_int(r, 0, 1);
      cut[c] = draw_cut(r, map, &main, of_right[c]);
    }
    for (int z = 0; z < map->nz; z++)
      for (int x = 0; x < map->nx; x++) {
        bool right = beyond(&main, z, x);
        int from_z = z, from_x = x;
        for (int c = cuts; c-- > 0;) /* the youngest fault is undone first */
          if (of_right[c] == right && beyond(&cut[c], from_z, from_x)) {
            from_z -= cut[c].move_z;
            from_x -= cut[c].move_x;
          }
        map->value[(size_t)z * (size_t)map->nx + (size_t)x] = wd_stack_at(&stack[right], from_z, from_x);
      }
    if (wd_family_all_present(map, velocity, 2 * layers)) break;
  }
  wd_free(memory);
  return st;
}
