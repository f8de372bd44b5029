#include "solver/eikonal.h"

#include "solver/memory.h"

#include <math.h>

typedef struct grid {
  int nz, nx, sz, sx; /* nodes, source node */
  double h, v_source;
  const float *slowness;
  double *tau; /* INFINITY where not yet reached */
} grid;

static inline double t0_at(const grid *g, int z, int x) {
  return hypot(z - g->sz, x - g->sx) * g->h / g->v_source;
}

/* The upwind neighbour along one axis: the earlier of the two. Returns its tau and the sign of the one-sided
 * difference, tau' = sign (tau - neighbour) / h; time INFINITY when neither is reached. */
typedef struct upwind {
  double tau, time, sign;
} upwind;

static upwind pick(const grid *g, int z, int x, int dz, int dx) {
  upwind best = {0, INFINITY, 0};
  for (int side = -1; side <= 1; side += 2) {
    int a = z + side * dz, b = x + side * dx;
    if (a < 0 || b < 0 || a >= g->nz || b >= g->nx) continue;
    double tau = g->tau[(size_t)a * (size_t)g->nx + (size_t)b];
    if (isinf(tau)) continue;
    double time = tau * t0_at(g, a, b);
    if (time < best.time) best = (upwind){tau, time, -side};
  }
  return best;
}

/* tau at a node from its upwind neighbours: with T = T0 tau, T_x = p_x tau - q_x, p = dT0/dx + sign T0 / h, q
 * = sign T0 tau_neighbour / h, the equation (p_x tau - q_x)^2 + (p_z tau - q_z)^2 = s^2 is a quadratic. The
 * root is causal when T is not earlier than either neighbour; otherwise the wave comes along one axis: T =
 * T_n + s h. */
static double solve_node(const grid *g, int z, int x) {
  double t0 = t0_at(g, z, x), s = g->slowness[(size_t)z * (size_t)g->nx + (size_t)x];
  upwind ux = pick(g, z, x, 0, 1), uz = pick(g, z, x, 1, 0);
  double best = fmin(ux.time, uz.time) + s * g->h;
  if (isfinite(ux.time) && isfinite(uz.time)) {
    double r = hypot(z - g->sz, x - g->sx) * g->v_source;
    double px = (x - g->sx) / r + ux.sign * t0 / g->h, qx = ux.sign * t0 * ux.tau / g->h;
    double pz = (z - g->sz) / r + uz.sign * t0 / g->h, qz = uz.sign * t0 * uz.tau / g->h;
    double a = px * px + pz * pz, b = px * qx + pz * qz, c = qx * qx + qz * qz - s * s;
    double d = b * b - a * c;
    if (d >= 0) {
      double tau = (b + sqrt(d)) / a, time = tau * t0;
      if (time >= ux.time && time >= uz.time && time < best) best = time;
    }
  }
  return best / t0;
}

/* False when cancelled. */
static bool solve(grid *g, const wd_hooks *hooks) {
  const int nodes_between_checks = 100000; /* some 10 ms */
  int left = 0;
  const size_t nodes = (size_t)g->nz * (size_t)g->nx;
  for (size_t i = 0; i < nodes; i++) g->tau[i] = INFINITY;
  g->tau[(size_t)g->sz * (size_t)g->nx + (size_t)g->sx] = 1;
  double change = INFINITY;
  /* Each round sweeps in the four orders of rows and columns; characteristics that turn need more rounds. */
  for (int round = 0; round < 10000 && change > 1e-9; round++) {
    change = 0;
    for (int order = 0; order < 4; order++)
      for (int i = 0; i < g->nz; i++) {
        if (left <= 0) {
          if (wd_hooks_cancelled(hooks)) return false;
          left = nodes_between_checks;
        }
        left -= g->nx;
        for (int j = 0; j < g->nx; j++) {
          int z = order & 1 ? g->nz - 1 - i : i, x = order & 2 ? g->nx - 1 - j : j;
          if (z == g->sz && x == g->sx) continue;
          double *tau = &g->tau[(size_t)z * (size_t)g->nx + (size_t)x], next = solve_node(g, z, x);
          if (next < *tau) {
            change = fmax(change, isinf(*tau) ? INFINITY : (*tau - next) * t0_at(g, z, x));
            *tau = next;
          }
        }
      }
  }
  return true;
}

wd_status wd_eikonal_map(const wd_map *velocity, wd_cell source, const wd_eikonal_desc *desc,
                         const wd_hooks *hooks, wd_map *out, wd_error *err) {
  int refine = desc && desc->refine ? desc->refine : 3;
  if (refine < 1 || refine > 9 || refine % 2 == 0)
    return wd_fail(err, WD_ERR_ARGUMENT, "an eikonal grid refined by %d; take 1, 3, 5, 7 or 9", refine);
  wd_status st = wd_map_check_velocity(velocity, "velocity", err);
  if (st) return st;
  if (source.z < 0 || source.x < 0 || source.z >= velocity->nz || source.x >= velocity->nx)
    return wd_fail(err, WD_ERR_ARGUMENT, "a source at row %d, column %d, outside the map of %d x %d cells",
                   source.z, source.x, velocity->nz, velocity->nx);

  const int nz = velocity->nz * refine, nx = velocity->nx * refine, middle = refine / 2;
  const size_t nodes = (size_t)nz * (size_t)nx;
  st = wd_memory_check(nodes, sizeof(float) + sizeof(double), "travel times on the refined map",
                       "take a smaller map or a lower refinement", err);
  if (st) return st;
  float *slowness = wd_alloc(nodes, sizeof *slowness);
  double *tau = wd_alloc(nodes, sizeof *tau);
  wd_map time = {0};
  if (!slowness || !tau)
    st = wd_fail(err, WD_ERR_NO_MEMORY, "no memory for travel times on %d x %d nodes", nz, nx);
  if (!st) st = wd_map_create(velocity->nz, velocity->nx, velocity->spacing, &time, err);
  if (!st) {
    for (int z = 0; z < nz; z++)
      for (int x = 0; x < nx; x++)
        slowness[(size_t)z * (size_t)nx + (size_t)x] =
            1.0f / velocity->value[(size_t)(z / refine) * (size_t)velocity->nx + (size_t)(x / refine)];
    grid g = {.nz = nz,
              .nx = nx,
              .sz = source.z * refine + middle,
              .sx = source.x * refine + middle,
              .h = velocity->spacing / refine,
              .slowness = slowness,
              .tau = tau};
    g.v_source = 1.0 / (double)slowness[(size_t)g.sz * (size_t)nx + (size_t)g.sx];
    if (!solve(&g, hooks)) st = wd_fail(err, WD_CANCELLED, "travel times cancelled");
    for (int z = 0; z < velocity->nz && !st; z++)
      for (int x = 0; x < velocity->nx; x++) {
        int zf = z * refine + middle, xf = x * refine + middle;
        time.value[(size_t)z * (size_t)velocity->nx + (size_t)x] =
            (float)(tau[(size_t)zf * (size_t)nx + (size_t)xf] * t0_at(&g, zf, xf));
      }
    if (st)
      wd_map_clear(&time);
    else
      *out = time;
  }
  wd_free(slowness);
  wd_free(tau);
  return st;
}

wd_status wd_eikonal_survey(const wd_map *velocity, const wd_survey *survey, const wd_eikonal_desc *desc,
                            const wd_hooks *hooks, float *time, wd_error *err) {
  if (velocity->nz != survey->nz || velocity->nx != survey->nx)
    return wd_fail(err, WD_ERR_SHAPE, "a map of %d x %d cells for a survey on %d x %d", velocity->nz,
                   velocity->nx, survey->nz, survey->nx);
  for (int s = 0; s < survey->shots; s++) {
    wd_map map;
    wd_status st = wd_eikonal_map(velocity, survey->source[s], desc, hooks, &map, err);
    if (st) return st;
    for (int r = 0; r < survey->receivers; r++)
      time[(size_t)s * (size_t)survey->receivers + (size_t)r] =
          map.value[(size_t)survey->receiver[r].z * (size_t)map.nx + (size_t)survey->receiver[r].x];
    wd_map_clear(&map);
    wd_hooks_progress(hooks, (s + 1.0) / survey->shots);
  }
  return WD_OK;
}
