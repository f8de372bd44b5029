/* Kernels that move values: resampling, shuffles, channels, and the patches that make a convolution a matrix
 * product. An image is h x w x c before and oh x ow x o after. Gradients are gathered by whoever receives
 * them, so that no two threads add to the same value. */
#include "model/cuda/common.cuh"

/* Where element i of an image of h x w x c stands. */
typedef struct wd_spot {
  int n, row, column, c;
} wd_spot;

WD_INLINE wd_spot wd_spot_of(unsigned i, int h, int w, int c) {
  wd_spot s;
  unsigned rest = i / (unsigned)c;
  s.c = (int)(i - rest * (unsigned)c);
  s.column = (int)(rest % (unsigned)w);
  rest /= (unsigned)w;
  s.row = (int)(rest % (unsigned)h);
  s.n = (int)(rest / (unsigned)h);
  return s;
}

WD_INLINE size_t wd_index(int n, int row, int column, int c, int h, int w, int channels) {
  return (((size_t)n * (size_t)h + (size_t)row) * (size_t)w + (size_t)column) * (size_t)channels + (size_t)c;
}

WD_KERNEL wd_k_upsample(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const wd_spot s = wd_spot_of(i, a.oh, a.ow, a.c);
    a.y[i] = a.x[wd_index(s.n, s.row / 2, s.column / 2, s.c, a.h, a.w, a.c)];
  }
}

WD_KERNEL wd_k_upsample_back(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const wd_spot s = wd_spot_of(i, a.h, a.w, a.c);
    float sum = 0.0f;
    for (int k = 0; k < 4; k++)
      sum += a.dy[wd_index(s.n, 2 * s.row + k / 2, 2 * s.column + k % 2, s.c, a.oh, a.ow, a.c)];
    a.y[i] += sum;
  }
}

WD_KERNEL wd_k_downsample(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const wd_spot s = wd_spot_of(i, a.oh, a.ow, a.c);
    float sum = 0.0f;
    for (int k = 0; k < 4; k++)
      sum += a.x[wd_index(s.n, 2 * s.row + k / 2, 2 * s.column + k % 2, s.c, a.h, a.w, a.c)];
    a.y[i] = 0.25f * sum;
  }
}

WD_KERNEL wd_k_downsample_back(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const wd_spot s = wd_spot_of(i, a.h, a.w, a.c);
    a.y[i] += 0.25f * a.dy[wd_index(s.n, s.row / 2, s.column / 2, s.c, a.oh, a.ow, a.c)];
  }
}

/* Channel (c r + i) r + j of the input is row i, column j of a patch of the output. */
WD_KERNEL wd_k_shuffle(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const wd_spot s = wd_spot_of(i, a.oh, a.ow, a.o);
    const int c = (s.c * a.factor + s.row % a.factor) * a.factor + s.column % a.factor;
    a.y[i] = a.x[wd_index(s.n, s.row / a.factor, s.column / a.factor, c, a.h, a.w, a.c)];
  }
}

WD_KERNEL wd_k_shuffle_back(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const wd_spot s = wd_spot_of(i, a.h, a.w, a.c);
    const int row = s.c / a.factor % a.factor, column = s.c % a.factor;
    a.y[i] += a.dy[wd_index(s.n, s.row * a.factor + row, s.column * a.factor + column,
                            s.c / (a.factor * a.factor), a.oh, a.ow, a.o)];
  }
}

/* y rows of o = c + k channels: c of x, then k of x1. */
WD_KERNEL wd_k_concat(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const unsigned row = i / (unsigned)a.o;
    const int c = (int)(i - row * (unsigned)a.o);
    a.y[i] = c < a.c ? a.x[(size_t)row * (size_t)a.c + (size_t)c]
                     : a.x1[(size_t)row * (size_t)a.k + (size_t)(c - a.c)];
  }
}

/* c channels from `first` on, out of rows of `lead`. */
WD_KERNEL wd_k_slice(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const unsigned row = i / (unsigned)a.c;
    a.y[i] = a.x[(size_t)row * (size_t)a.lead + (size_t)a.first + (size_t)(i - row * (unsigned)a.c)];
  }
}

/* c channels of a gradient, from `o` on in rows of `w`, to channels from `first` on in rows of `lead`. */
WD_KERNEL wd_k_columns_back(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const size_t row = i / (unsigned)a.c, c = i % (unsigned)a.c;
    a.y[row * (size_t)a.lead + (size_t)a.first + c] += a.dy[row * (size_t)a.w + (size_t)a.o + c];
  }
}

/* A product that adds to what is there starts from the bias x1, from x2, or from their sum (NULL: none): rows
 * x o values of y1. */
WD_INLINE void wd_start_rows(const wd_net_args *a) {
  if (!a->x1 && !a->x2) return;
  WD_EACH(i, (unsigned)a->rows * (unsigned)a->o)
  a->y1[i] = (a->x1 ? a->x1[i % (unsigned)a->o] : 0.0f) + (a->x2 ? a->x2[i] : 0.0f);
}

WD_KERNEL wd_k_bias(WD_ARGS a) {
  wd_start_rows(&a);
}

WD_KERNEL wd_k_round(WD_ARGS a) {
  WD_EACH(i, a.count) a.half[i] = wd_round(a.x[i]);
  wd_start_rows(&a);
}

/* Where `factor` values (4 where the channels are a multiple of that, otherwise 1) of a row of patches come
 * from: an index in x, or -1 in the padding. A row is an output pixel; its k k c values run over the kernel's
 * rows, columns and channels, as the weights do. mode 1: x is half as high and wide as the image. */
WD_INLINE long long wd_patch(const wd_net_args *a, unsigned i) {
  const unsigned length = (unsigned)(a->k * a->k * a->c / a->factor), row = i / length;
  const int at = (int)(i - row * length) * a->factor, tap = at / a->c, c = at - tap * a->c;
  const int column = (int)(row % (unsigned)a->ow), rest = (int)(row / (unsigned)a->ow);
  const int r = rest % a->oh * a->stride + tap / a->k - a->pad, q = column * a->stride + tap % a->k - a->pad;
  if (r < 0 || r >= a->h || q < 0 || q >= a->w) return -1;
  if (a->mode) return (long long)wd_index(rest / a->oh, r / 2, q / 2, c, a->h / 2, a->w / 2, a->c);
  return (long long)wd_index(rest / a->oh, r, q, c, a->h, a->w, a->c);
}

WD_KERNEL wd_k_im2col(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const long long from = wd_patch(&a, i);
    if (a.factor == 4) {
      const float4 zero = {0.0f, 0.0f, 0.0f, 0.0f};
      ((float4 *)a.y)[i] = from < 0 ? zero : *(const float4 *)(a.x + from);
    } else
      a.y[i] = from < 0 ? 0.0f : a.x[from];
  }
  wd_start_rows(&a);
}

WD_KERNEL wd_k_im2col_round(WD_ARGS a) {
  WD_EACH(i, a.count) {
    const long long from = wd_patch(&a, i);
    if (a.factor == 4) {
      ushort4 r = {0, 0, 0, 0};
      if (from >= 0) {
        const float4 v = *(const float4 *)(a.x + from);
        r.x = wd_round(v.x);
        r.y = wd_round(v.y);
        r.z = wd_round(v.z);
        r.w = wd_round(v.w);
      }
      ((ushort4 *)a.half)[i] = r;
    } else
      a.half[i] = from < 0 ? (uint16_t)0 : wd_round(a.x[from]);
  }
  wd_start_rows(&a);
}

/* Every value of the image collects from the patches it was copied to. */
WD_KERNEL wd_k_col2im(WD_ARGS a) {
  const int length = a.k * a.k * a.c;
  WD_EACH(i, a.count) {
    const wd_spot s = wd_spot_of(i, a.h, a.w, a.c);
    float sum = 0.0f;
    for (int tap = 0; tap < a.k * a.k; tap++) {
      int row = s.row + a.pad - tap / a.k, column = s.column + a.pad - tap % a.k;
      if (row < 0 || column < 0 || row % a.stride || column % a.stride) continue;
      row /= a.stride;
      column /= a.stride;
      if (row >= a.oh || column >= a.ow) continue;
      sum += a.dy[wd_index(s.n, row, column, tap * a.c + s.c, a.oh, a.ow, length)];
    }
    a.y[i] += sum;
  }
}

const void *wd_net_layout(wd_net_kernel which) {
  switch (which) {
  case WD_NET_UPSAMPLE: return (const void *)wd_k_upsample;
  case WD_NET_UPSAMPLE_BACK: return (const void *)wd_k_upsample_back;
  case WD_NET_DOWNSAMPLE: return (const void *)wd_k_downsample;
  case WD_NET_DOWNSAMPLE_BACK: return (const void *)wd_k_downsample_back;
  case WD_NET_SHUFFLE: return (const void *)wd_k_shuffle;
  case WD_NET_SHUFFLE_BACK: return (const void *)wd_k_shuffle_back;
  case WD_NET_CONCAT: return (const void *)wd_k_concat;
  case WD_NET_SLICE: return (const void *)wd_k_slice;
  case WD_NET_COLUMNS_BACK: return (const void *)wd_k_columns_back;
  case WD_NET_ROUND: return (const void *)wd_k_round;
  case WD_NET_BIAS: return (const void *)wd_k_bias;
  case WD_NET_IM2COL: return (const void *)wd_k_im2col;
  case WD_NET_IM2COL_ROUND: return (const void *)wd_k_im2col_round;
  case WD_NET_COL2IM: return (const void *)wd_k_col2im;
  default: return NULL;
  }
}
