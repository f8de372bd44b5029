/* The discrete adjoint of the scheme in wave_impl.h, as a textbook would write it, and the gradient by
 * velocity. Included after wave_impl.h with the same WD_REAL and WD_T.
 *
 * Notation. p_0 = p_{-1} = 0 is the state at rest; step n = 0..N-1 makes p_{n+1} and records d_n = R p_{n+1}
 * (R picks the receivers); r_n = dJ/dd_n is the residual. A = alpha, Lap = c0 + neighbours: the full
 * Laplacian in cell units, which is symmetric with a periodic rim, with zeros outside, and with a mirrored
 * surface (row 0 itself is held at zero and left out of everything). f_n is the wavelet at the source cell
 * times dx^2.
 *
 * 1. Sponge. Divided by A, the scheme is
 *
 *      (1/A) [ p_{n+1} - (2 - k) p_n + (1 - k) p_{n-1} ] = Lap p_n + f_n                       (forward)
 *
 *    since beta / A = dx^2: the velocity stands nowhere but in 1/A. With a multiplier m_{n+1} for each of
 *    these equations, stationarity of J by p_n reads
 *
 *      m_n = A [ Lap m_{n+1} + R^T r_{n-1} ] + (2 - k) m_{n+1} - (1 - k) m_{n+2}               (adjoint)
 *
 *    from m_{N+1} = m_{N+2} = 0,
 *    for n = N..1: the forward scheme again, run backward in time with sources A r at the receivers. The
 *    multiplier is m = A lambda with lambda_n = dJ/dp_n, so this is
 *      lambda_n = R^T r_{n-1} + t1 lambda_{n+1} - t2 lambda_{n+2} + neighbours(A lambda_{n+1}),   t1 = 2 + c0
 * A - k.
 *
 * 2. Gradient. At a cell,
 *
 *      dJ/d(1/A) = - sum_n m_{n+1} [ p_{n+1} - (2 - k) p_n + (1 - k) p_{n-1} ].
 *
 *    Moving the time differences over to m (all ends vanish) and putting in the adjoint equation makes it
 *
 *      - sum_n p_n [ m_n - (2 - k) m_{n+1} + (1 - k) m_{n+2} ] = - A sum_n p_n [ Lap m_{n+1} + R^T r_{n-1} ],
 *    and with d(1/A)/dv = -2 / (A v):
 *
 *      dJ/dv = (2 / v) sum_{n=1}^{N} p_n [ Lap m_{n+1} + R^T r_{n-1} ]                         (gradient)
 *
 *    summed over all padded cells that copy one core cell. It is the same number as
 *    sum lambda_{n+1} (Lap p_n) 2 v (dt/dx)^2 with the source term 2 v dt^2 sum lambda_{n+1} w_n added, but
 *    it needs one value of p at each cell and step, the source term is in it already, and it does not change
 * with the boundary: only the bracket does.
 *
 * 3. vmin. k = damping dt is proportional to the map's minimum velocity, and p_{n+1} holds k (p_{n-1} - p_n),
 * so dJ/dvmin = sum lambda_{n+1} (p_{n-1} - p_n) k / vmin; with the differences moved over as above,
 *
 *      dJ/dvmin = (1 / vmin) sum over cells (k / A) sum_n p_n (m_{n+2} - m_{n+1}).
 *
 * 4. CPML (live mode). One step is, for each axis x (z alike; D1 the first, D2 the second derivative, zero
 * outside the grid; D1^T = -D1, D2^T = D2; a, b functions of the coordinate, zero outside the strips)
 *
 *      psi_{n+1}  = b psi_n + a D1 p_n
 *      zeta_{n+1} = b zeta_n + a (D2 p_n + D1 psi_{n+1})
 *      p_{n+1}    = 2 p_n - p_{n-1} + A [ sum over axes (D2 p_n + D1 psi_{n+1} + zeta_{n+1}) + f_n ]
 *
 *    Let Z_n = dJ/dzeta_n, Y_n = dJ/dpsi_n, total derivatives, and m = A lambda as before. zeta_{n+1} is in
 *    p_{n+1} and zeta_{n+2}; S is the weight of (D2 p_n + D1 psi_{n+1}); psi_{n+1} is in psi_{n+2} and,
 *    through D1, in that sum. In reverse order of computation:
 *
 *      Z_{n+1} = m_{n+1} + b Z_{n+2}
 *      S_{n+1} = m_{n+1} + a Z_{n+1}
 *      Y_{n+1} = b Y_{n+2} - D1 S_{n+1}
 *      m_n = 2 m_{n+1} - m_{n+2} + A [ sum over axes (D2 S_{n+1} - D1 (a Y_{n+1})) + R^T r_{n-1} ]
 *
 *    Z and Y matter only where a is not zero. Where there is no strip this is the adjoint of 1 with k = 0.
 * The gradient is (gradient) with sum over axes (D2 S - D1 (a Y)) in place of Lap m. It holds a and b fixed,
 *    though they depend on vmax; the vmin term is zero.
 *
 * Memory: the p_n come from the segments of an adjoint plan (adjoint_plan.h). Sums over time and over the
 * cells that fold together are kept in double in either precision. */

#include "solver/adjoint_plan.h"

#include <string.h>

/* Everything one shot's gradient works on. Planes of pz * px values. */
typedef struct WD_T(adjoint) {
  wd_adjoint_plan plan;
  WD_REAL **segment;          /* plan.segment planes: p_{from+1}..p_{to} of the segment in hand */
  WD_T(field) * checkpoint;   /* plan.checkpoints states */
  WD_T(field) forward;        /* p_n, p_{n-1}, psi, zeta */
  WD_T(field) backward;       /* now = m_{n+1}, before = m_{n+2}; psi = Y, zeta = Z */
  WD_REAL *sx, *sz, *ux, *uz; /* live: S and a Y of this step */
  void *(*alloc)(size_t count, size_t size);
  void (*release)(void *);
  const wd_hooks *hooks;
  int rows, left; /* between looks at the cancel flag; until the next */
} WD_T(adjoint);

/* After every row of work: whether to stop, and leave everything as it is. */
static inline bool WD_T(stopped)(WD_T(adjoint) * a) {
  if (--a->left > 0) return false;
  a->left = a->rows;
  return wd_hooks_cancelled(a->hooks);
}

static inline size_t WD_T(plane_bytes)(const wd_wave *w) {
  return sizeof(WD_REAL) * (size_t)w->pz * (size_t)w->px;
}

static inline int WD_T(field_planes)(const wd_wave *w, WD_T(field) * f, WD_REAL **plane[6]) {
  plane[0] = &f->now;
  plane[1] = &f->before;
  plane[2] = &f->psi_x;
  plane[3] = &f->zeta_x;
  plane[4] = &f->psi_z;
  plane[5] = &f->zeta_z;
  return w->desc.mode == WD_WAVE_LIVE ? 6 : 2;
}

static inline void WD_T(adjoint_clear)(const wd_wave *w, WD_T(adjoint) * a) {
  WD_REAL **plane[6];
  for (int i = 0; a->segment && i < a->plan.segment; i++) a->release(a->segment[i]);
  for (int i = -2; i < (a->checkpoint ? a->plan.checkpoints : 0); i++) {
    int n = WD_T(field_planes)(w, i == -2 ? &a->forward : i == -1 ? &a->backward : &a->checkpoint[i], plane);
    for (int j = 0; j < n; j++) a->release(*plane[j]);
  }
  a->release(a->sx);
  a->release(a->sz);
  a->release(a->ux);
  a->release(a->uz);
  wd_free(a->segment);
  wd_free(a->checkpoint);
  wd_adjoint_plan_clear(&a->plan);
  memset(a, 0, sizeof *a);
}

/* What the plan is made for: one shot at a time. */
static inline wd_adjoint_need WD_T(adjoint_need)(const wd_wave *w) {
  size_t bytes = WD_T(plane_bytes)(w);
  return (wd_adjoint_need){
      .field = bytes, .state = bytes * (w->desc.mode == WD_WAVE_LIVE ? 6 : 2), .flight = 1};
}

/* alloc need not zero; release takes NULL. */
static inline wd_status WD_T(adjoint_create)(const wd_wave *w, size_t memory_limit,
                                             void *(*alloc)(size_t, size_t), void (*release)(void *),
                                             WD_T(adjoint) * out, wd_error *err) {
  WD_T(adjoint) a = {.alloc = alloc, .release = release};
  wd_adjoint_need need = WD_T(adjoint_need)(w);
  wd_status st = wd_adjoint_plan_create(w->survey->samples, &need, memory_limit, &a.plan, err);
  if (st) return st;
  a.segment = wd_calloc((size_t)a.plan.segment, sizeof *a.segment);
  a.checkpoint = wd_calloc((size_t)a.plan.checkpoints, sizeof *a.checkpoint);
  bool ok = a.segment && a.checkpoint;
  WD_REAL **plane[6];
  for (int i = 0; ok && i < a.plan.segment; i++) ok = (a.segment[i] = alloc(1, WD_T(plane_bytes)(w)));
  for (int i = -2; ok && i < a.plan.checkpoints; i++) {
    int n = WD_T(field_planes)(w, i == -2 ? &a.forward : i == -1 ? &a.backward : &a.checkpoint[i], plane);
    for (int j = 0; ok && j < n; j++) ok = (*plane[j] = alloc(1, WD_T(plane_bytes)(w)));
  }
  WD_REAL **work[4] = {&a.sx, &a.sz, &a.ux, &a.uz};
  for (int i = 0; w->desc.mode == WD_WAVE_LIVE && i < 4; i++)
    ok = ok && (*work[i] = alloc(1, WD_T(plane_bytes)(w)));
  if (!ok) {
    size_t bytes = a.plan.bytes;
    WD_T(adjoint_clear)(w, &a);
    return wd_fail(err, WD_ERR_NO_MEMORY,
                   "no memory for the %zu bytes of wavefields that the gradient stores", bytes);
  }
  *out = a;
  return WD_OK;
}

/* from NULL: the state at rest. */
static inline void WD_T(field_copy)(const wd_wave *w, WD_T(field) * to, WD_T(field) * from) {
  WD_REAL **a[6], **b[6];
  int n = WD_T(field_planes)(w, to, a);
  if (from) WD_T(field_planes)(w, from, b);
  for (int i = 0; i < n; i++) {
    if (from)
      memcpy(*a[i], *b[i], WD_T(plane_bytes)(w));
    else
      memset(*a[i], 0, WD_T(plane_bytes)(w));
  }
}

/* Z, S, Y and a Y of this step, from m_{n+1}; false when cancelled. */
static inline bool WD_T(adjoint_memory)(const wd_wave *w, const WD_T(coefficients) * k, WD_T(adjoint) * a) {
  WD_T(field) *b = &a->backward;
  for (int z = 0; z < w->pz; z++) {
    if (WD_T(stopped)(a)) return false;
    for (int x = 0; x < w->px; x++) {
      size_t i = (size_t)z * (size_t)w->px + (size_t)x;
      if (k->bx[x] != 0) b->zeta_x[i] = b->now[i] + k->bx[x] * b->zeta_x[i];
      if (k->bz[z] != 0) b->zeta_z[i] = b->now[i] + k->bz[z] * b->zeta_z[i];
      a->sx[i] = b->now[i] + k->ax[x] * b->zeta_x[i];
      a->sz[i] = b->now[i] + k->az[z] * b->zeta_z[i];
    }
  }
  for (int z = 0; z < w->pz; z++) {
    if (WD_T(stopped)(a)) return false;
    for (int x = 0; x < w->px; x++) {
      size_t i = (size_t)z * (size_t)w->px + (size_t)x;
      if (k->bx[x] != 0) b->psi_x[i] = k->bx[x] * b->psi_x[i] - WD_T(first)(w, k, a->sx, z, x, 0, 1);
      if (k->bz[z] != 0) b->psi_z[i] = k->bz[z] * b->psi_z[i] - WD_T(first)(w, k, a->sz, z, x, 1, 0);
      a->ux[i] = k->ax[x] * b->psi_x[i];
      a->uz[i] = k->az[z] * b->psi_z[i];
    }
  }
  return true;
}

/* m_{n+1}, m_{n+2} -> m_n, m_{n+1}; adds this step's terms to sum (nz * nx: the gradient times v / 2) and,
 * with a sponge, to *vmin_sum (dJ/dvmin times vmin). p is p_n, residual r_{n-1} at every receiver. False when
 * cancelled. */
static inline bool WD_T(adjoint_step)(const wd_wave *w, const WD_T(coefficients) * k, WD_T(adjoint) * a,
                                      const WD_REAL *p, const WD_REAL *residual, double *sum,
                                      double *vmin_sum) {
  bool live = w->desc.mode == WD_WAVE_LIVE;
  WD_T(field) *b = &a->backward;
  if (live && !WD_T(adjoint_memory)(w, k, a)) return false;
  for (int z = 0; z < w->pz; z++) {
    if (WD_T(stopped)(a)) return false;
    for (int x = 0; x < w->px; x++) {
      size_t i = (size_t)z * (size_t)w->px + (size_t)x;
      if (z == 0 && w->desc.free_surface) {
        b->before[i] = 0;
        continue;
      }
      size_t core = (size_t)wd_plan_core_row(w, z) * (size_t)w->nx + (size_t)wd_plan_core_column(w, x);
      WD_REAL bracket, damping = 0;
      if (live) {
        bracket = (WD_T(second)(w, k, a->sx, z, x, 0, 1) - WD_T(first)(w, k, a->ux, z, x, 0, 1)) +
                  (WD_T(second)(w, k, a->sz, z, x, 1, 0) - WD_T(first)(w, k, a->uz, z, x, 1, 0));
      } else {
        bracket = k->c[0] * b->now[i] + WD_T(neighbours)(w, k, b->now, z, x);
        damping = wd_plan_in_side_strip(w, x) ? k->kx[x] : k->kz[z];
        *vmin_sum += (double)(damping / k->alpha[core] * p[i] * (b->before[i] - b->now[i]));
      }
      sum[core] += (double)(p[i] * bracket);
      b->before[i] = k->alpha[core] * bracket + ((2 - damping) * b->now[i] - (1 - damping) * b->before[i]);
    }
  }
  WD_REAL *next = b->before;
  b->before = b->now;
  b->now = next;
  for (int r = 0; r < w->survey->receivers; r++) {
    int i = w->receiver[r], z = i / w->px, x = i % w->px;
    if (z == 0 && w->desc.free_surface) continue; /* records zero whatever the velocity */
    size_t core = (size_t)wd_plan_core_row(w, z) * (size_t)w->nx + (size_t)wd_plan_core_column(w, x);
    sum[core] += (double)(p[i] * residual[r]);
    b->now[i] += k->alpha[core] * residual[r];
  }
  return true;
}

/* One shot's share of the gradient, added to sum and *vmin_sum (see adjoint_step). residual holds samples *
 * receivers values of this shot. The cancel flag is looked at every `rows` rows of a step. */
static inline wd_status WD_T(adjoint_shot)(const wd_wave *w, const WD_T(coefficients) * k, WD_T(adjoint) * a,
                                           int shot, const WD_REAL *residual, double *sum, double *vmin_sum,
                                           int rows, const wd_hooks *hooks) {
  WD_T(field) *f = &a->forward;
  a->hooks = hooks;
  a->rows = a->left = rows;
  f->row = 0;
  WD_T(field_copy)(w, &a->backward, NULL);
  for (int i = 0; i < a->plan.n_actions; i++) {
    wd_adjoint_action act = a->plan.action[i];
    switch (act.kind) {
    case WD_ADJOINT_LOAD: WD_T(field_copy)(w, f, act.slot < 0 ? NULL : &a->checkpoint[act.slot]); break;
    case WD_ADJOINT_SAVE: WD_T(field_copy)(w, &a->checkpoint[act.slot], f); break;
    case WD_ADJOINT_ADVANCE:
    case WD_ADJOINT_REVERSE:
      for (int n = act.from; n < act.to; n++) {
        if (wd_hooks_cancelled(hooks)) return WD_CANCELLED;
        while (!WD_T(step_part)(w, k, f, shot, n, NULL, rows))
          if (wd_hooks_cancelled(hooks)) return WD_CANCELLED;
        if (act.kind == WD_ADJOINT_REVERSE) memcpy(a->segment[n - act.from], f->now, WD_T(plane_bytes)(w));
      }
      for (int n = act.to; act.kind == WD_ADJOINT_REVERSE && n > act.from; n--) {
        const WD_REAL *r = residual + (size_t)(n - 1) * (size_t)w->survey->receivers;
        if (wd_hooks_cancelled(hooks) ||
            !WD_T(adjoint_step)(w, k, a, a->segment[n - 1 - act.from], r, sum, vmin_sum))
          return WD_CANCELLED;
      }
      break;
    }
  }
  return WD_OK;
}
