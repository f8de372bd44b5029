/* A sampler's step around the network, so that a whole denoising step is one recorded graph: what changes
 * from step to step are rows of a table in device memory, behind a counter.
 *
 * counter[0] is the step to come. `begin` reads it and hands it on in counter[1]; `end` reads that and moves
 * counter[0] on: no block reads what another one of the same launch writes. */
#include "model/cuda/common.cuh"

/* count: values of all latents, n latents, lead samples in the network's batch (n, or 2 n with guidance: the
 * same latents again, without their label). x: latents; y: the network's input; y1: its timesteps. */
WD_KERNEL wd_k_sampler_begin(WD_ARGS a) {
  const int step = a.counter[0];
  const unsigned copies = (unsigned)(a.lead / a.n);
  WD_EACH(i, a.count * copies) a.y[i] = a.x[i < a.count ? i : i - a.count];
  WD_EACH(s, (unsigned)a.lead) a.y1[s] = a.row[step].timestep;
  if (blockIdx.x == 0 && threadIdx.x == 0) a.counter[1] = step;
}

/* x: the network's answer; y: latents, moved on; y1: the estimate before, then this one; x2: noise, a row of
 * count values a step (NULL: none is wanted). In double, in the order of wd_estimate and wd_sampler_apply. */
WD_KERNEL wd_k_sampler_end(WD_ARGS a) {
  const int step = a.counter[1];
  const wd_net_row r = a.row[step];
  WD_EACH(i, a.count) {
    const double x = (double)a.y[i];
    double p = (double)a.x[i], sum;
    float estimate;
    if (a.lead > a.n) {
      const double any = (double)a.x[a.count + i];
      p = any + r.guidance * (p - any);
    }
    estimate = (float)(r.epsilon ? (x - r.sigma * p) / r.alpha : r.alpha * x - r.sigma * p);
    sum = r.a * x + r.b * (double)estimate;
    if (r.c != 0) sum += r.c * (double)a.y1[i];
    if (r.d != 0 && a.x2) sum += r.d * (double)a.x2[(size_t)step * a.count + i];
    a.y[i] = (float)sum;
    a.y1[i] = estimate;
  }
  if (blockIdx.x == 0 && threadIdx.x == 0) a.counter[0] = step + 1;
}

const void *wd_net_sampler(wd_net_kernel which) {
  switch (which) {
  case WD_NET_SAMPLER_BEGIN: return (const void *)wd_k_sampler_begin;
  case WD_NET_SAMPLER_END: return (const void *)wd_k_sampler_end;
  default: return NULL;
  }
}
