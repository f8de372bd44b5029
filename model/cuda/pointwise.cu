/* Kernels where every element goes its own way: activations, sums, masks, embeddings, the optimizer. */
#include "model/cuda/common.cuh"

WD_KERNEL wd_k_fill(WD_ARGS a) {
  WD_EACH(i, a.count) a.y[i] = a.scale;
}

WD_KERNEL wd_k_activate(WD_ARGS a) {
  WD_EACH(i, a.count) a.y[i] = wd_activate(a.mode, a.x[i]);
}

WD_KERNEL wd_k_activate_back(WD_ARGS a) {
  WD_EACH(i, a.count) a.y[i] += a.dy[i] * wd_slope(a.mode, a.x[i]);
}

WD_KERNEL wd_k_add(WD_ARGS a) {
  WD_EACH(i, a.count) a.y[i] = a.x[i] + a.x1[i];
}

/* y and y1 may be the same array (x + x): one thread adds both. */
WD_KERNEL wd_k_accumulate(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const float d = a.scale * a.dy[i];
    if (a.y) a.y[i] += d;
    if (a.y1) a.y1[i] += d;
  }
}

WD_KERNEL wd_k_scale(WD_ARGS a) {
  WD_EACH(i, a.count) a.y[i] = a.scale * a.x[i] + a.offset;
}

/* Sample and channel of an element of (n, pixels, c). */
#define WD_SAMPLE(a, i)  ((i) / (unsigned)((a).pixels * (a).c))
#define WD_CHANNEL(a, i) ((i) % (unsigned)(a).c)

WD_KERNEL wd_k_add_channel(WD_ARGS a) {
  WD_EACH(i, a.count) a.y[i] = a.x[i] + a.x1[WD_SAMPLE(a, i) * (unsigned)a.c + WD_CHANNEL(a, i)];
}

WD_KERNEL wd_k_modulate(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const float *s = a.x1 + WD_SAMPLE(a, i) * 2u * (unsigned)a.c + WD_CHANNEL(a, i);
    a.y[i] = wd_activate(a.post, a.x[i] * (1.0f + s[0]) + s[a.c]);
  }
}

WD_KERNEL wd_k_modulate_back(WD_ARGS a) {
  WD_EACH(i, a.count)
  a.y[i] += a.dy[i] * (1.0f + a.x1[WD_SAMPLE(a, i) * 2u * (unsigned)a.c + WD_CHANNEL(a, i)]);
}

WD_KERNEL wd_k_mask(WD_ARGS a) {
  WD_EACH(i, a.count) a.y[i] = a.x[i] * a.x1[WD_SAMPLE(a, i)];
}

WD_KERNEL wd_k_mask_back(WD_ARGS a) {
  WD_EACH(i, a.count) a.y[i] += a.dy[i] * a.x1[WD_SAMPLE(a, i)];
}

/* mode 1: squares, 0: absolute values. dy: the scalar's gradient; scale: 1 / (values a sample x samples). */
WD_KERNEL wd_k_loss_back(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const float weight = a.x2 ? a.x2[WD_SAMPLE(a, i)] : 1.0f;
    const float d = a.x[i] - a.x1[i];
    const float slope = a.dy[0] * weight * a.scale * (a.mode ? 2.0f * d : (float)((d > 0.0f) - (d < 0.0f)));
    if (a.y) a.y[i] += slope;
    if (a.y1) a.y1[i] -= slope;
  }
}

/* In double, as the reference. rule: beta1, beta2, 1 - beta1^t, 1 - beta2^t, epsilon, rate, rate x decay. */
WD_KERNEL wd_k_adamw(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const double gradient = (double)a.dy[i] * (double)a.scale;
    const float m = (float)(a.rule[0] * (double)a.y1[i] + (1 - a.rule[0]) * gradient);
    const float v = (float)(a.rule[1] * (double)a.y2[i] + (1 - a.rule[1]) * gradient * gradient);
    const double value = (double)a.y[i];
    const double step = (double)m / a.rule[2] / (sqrt((double)v / a.rule[3]) + a.rule[4]);
    a.y1[i] = m;
    a.y2[i] = v;
    a.y[i] = (float)(value - a.rule[5] * step - a.rule[6] * value);
  }
}

WD_KERNEL wd_k_ema(WD_ARGS a) {
  WD_EACH(i, a.count) a.y[i] += a.scale * (a.x[i] - a.y[i]);
}

WD_KERNEL wd_k_timestep(WD_ARGS a) {
  const int half = a.c / 2;
  WD_EACH(i, a.count) {
    const int sample = (int)i / half, f = (int)i % half;
    const double angle = (double)a.x[sample] * pow(10000.0, -(double)f / (double)half);
    a.y[sample * a.c + f] = (float)sin(angle);
    a.y[sample * a.c + half + f] = (float)cos(angle);
  }
}

/* The row that an id names, or -1. */
WD_INLINE int wd_row_of(float id, int rows) {
  if (!(id >= 0.0f) || id >= (float)rows || id != floorf(id)) return -1;
  return (int)id;
}

/* An id outside the table reads nothing: its row is NaN, and the host is told. k: rows of the table. */
WD_KERNEL wd_k_embed(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const int row = wd_row_of(a.x[i / (unsigned)a.c], a.k);
    if (row < 0) *a.fault = WD_NET_BAD_ID;
    a.y[i] = row < 0 ? NAN : a.x1[(size_t)row * (size_t)a.c + i % (unsigned)a.c];
  }
}

/* A thread owns an element of the table's gradient and asks every sample: no two write the same. */
WD_KERNEL wd_k_embed_back(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const int row = (int)(i / (unsigned)a.c), c = (int)(i % (unsigned)a.c);
    float sum = 0.0f;
    for (int n = 0; n < a.n; n++)
      if (wd_row_of(a.x[n], a.k) == row) sum += a.dy[n * a.c + c];
    a.y[i] += sum;
  }
}

const void *wd_net_pointwise(wd_net_kernel which) {
  switch (which) {
  case WD_NET_FILL: return (const void *)wd_k_fill;
  case WD_NET_ACTIVATE: return (const void *)wd_k_activate;
  case WD_NET_ACTIVATE_BACK: return (const void *)wd_k_activate_back;
  case WD_NET_ADD: return (const void *)wd_k_add;
  case WD_NET_ACCUMULATE: return (const void *)wd_k_accumulate;
  case WD_NET_SCALE: return (const void *)wd_k_scale;
  case WD_NET_ADD_CHANNEL: return (const void *)wd_k_add_channel;
  case WD_NET_MODULATE: return (const void *)wd_k_modulate;
  case WD_NET_MODULATE_BACK: return (const void *)wd_k_modulate_back;
  case WD_NET_MASK: return (const void *)wd_k_mask;
  case WD_NET_MASK_BACK: return (const void *)wd_k_mask_back;
  case WD_NET_LOSS_BACK: return (const void *)wd_k_loss_back;
  case WD_NET_ADAMW: return (const void *)wd_k_adamw;
  case WD_NET_EMA: return (const void *)wd_k_ema;
  case WD_NET_TIMESTEP: return (const void *)wd_k_timestep;
  case WD_NET_EMBED: return (const void *)wd_k_embed;
  case WD_NET_EMBED_BACK: return (const void *)wd_k_embed_back;
  default: return NULL;
  }
}
