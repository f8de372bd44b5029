/* What a device is made of, for the backends. A backend fills a table of operations (designated
 * initialisers); a missing operation is NULL and is refused when the work is set up, not while it runs. */
#ifndef WD_DEVICE_IMPL_H
#define WD_DEVICE_IMPL_H

#include "solver/adjoint_plan.h"
#include "solver/device.h"
#include "solver/hooks.h"
#include "solver/parallel.h"
#include "solver/wave.h"

/* All work on a wave (wave_plan.h) that a backend does. `w->backend` is the backend's own. */
typedef struct wd_wave_ops {
  wd_status (*create)(wd_wave *w, wd_error *err); /* sizes are known, media not yet */
  void (*destroy)(wd_wave *w);                    /* also after a failed create */
  wd_status (*load)(wd_wave *w, wd_error *err);   /* w->medium[] changed: upload, and back to rest */
  /* From rest to the last sample for all maps and shots, recording into w->gather[]; leaves the stepwise
   * state alone. */
  wd_status (*run)(wd_wave *w, const wd_hooks *hooks, wd_error *err);
  /* n_steps more for every map and shot from w->step (the caller advances w->step on WD_OK). On WD_CANCELLED
   * w->step must be
   * the time of every shot: what snapshot shows, and where the next call goes on. */
  wd_status (*step)(wd_wave *w, int n_steps, const wd_hooks *hooks, wd_error *err);
  /* The padded field of the stepwise state, pz * px values, row by row. */
  wd_status (*snapshot)(wd_wave *w, int map, int shot, float *out, wd_error *err);
  /* The map's own cells alone, nz x nx; NULL where that is no faster than the whole. */
  wd_status (*snapshot_core)(wd_wave *w, int map, int shot, float *out, wd_error *err);
  /* See wd_wave_gradient. residual[map] and out[map]; vmin_term may be NULL. */
  wd_status (*gradient)(wd_wave *w, const wd_gather *residual, wd_map *out, double *vmin_term,
                        const wd_hooks *hooks, wd_error *err);
  size_t (*held)(const wd_wave *w); /* bytes of fields and coefficients that the backend itself holds now */
  /* What `gradient` would plan its stores with (adjoint_plan.h); NULL exactly when gradient is. */
  void (*gradient_need)(const wd_wave *w, wd_adjoint_need *need);
} wd_wave_ops;

struct wd_device {
  wd_device_info info;
  const wd_wave_ops *wave;
  wd_pool *pool;              /* CPU backends */
  void *backend;              /* the backend's own */
  void (*close)(wd_device *); /* frees backend; may be NULL */
};

extern const wd_wave_ops wd_wave_ops_reference, wd_wave_ops_cpu; /* check is reference, guarded */

wd_status wd_device_open_cpu(wd_device *device, int threads, wd_error *err);
/* Defined in solver/cuda/, or as a refusal where this build has no CUDA. */
wd_status wd_device_open_cuda(wd_device *device, int ordinal, wd_error *err);
int wd_device_cuda_count(wd_error *err); /* 0 with the reason in err when there is none */

#endif
