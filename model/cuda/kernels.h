/* What the host code (C) and the kernels (CUDA C++) of the networks share: one argument struct, passed by
 * value to every kernel, and the list of kernels. The .cu files stay within what C and CUDA C++ have in
 * common, so that tests/model/test_cuda_emulated can compile the very same text for the host.
 *
 * Tensors are dense, channels last: n samples of `pixels` pixels (h x w, or tokens) of c channels. Sums are
 * trees or chains of a fixed order, never atomics: the same input gives the same bytes. */
#ifndef WD_NET_KERNELS_H
#define WD_NET_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum {
  WD_NET_THREADS = 256,    /* of a block */
  WD_NET_COLUMNS = 32,     /* channels of a block that sums over pixels; 8 rows of threads below each other */
  WD_NET_SLICES = 64,      /* a sum over pixels is cut into at most so many */
  WD_NET_SUM_BLOCKS = 256, /* of a sum over a whole array */
  WD_NET_QUERY_THREADS = 32 /* threads of a query row in attention */
};

/* One step of a sampler (wd_sampler_row of model/schedule.h) as the device reads it. */
typedef struct wd_net_row {
  double a, b, c, d;
  double alpha, sigma;
  double guidance; /* factor of labelled - any: 1 is the plain labelled prediction */
  float timestep;
  int epsilon; /* the network predicts noise; otherwise v */
} wd_net_row;

typedef struct wd_net_args {
  unsigned count; /* elements of the main loop */
  int n, h, w, c; /* input */
  int oh, ow, o;  /* output */
  int k, stride, pad, factor;
  int pixels, groups, slices;
  int heads, queries, keys, rows; /* attention; rows: queries of a block */
  int first, lead;                /* first channel and row length of the wider tensor */
  int mode, post;                 /* activations, or what a kernel says */
  float scale, offset;
  double rule[7];                /* AdamW */
  const float *x, *x1, *x2, *x3; /* inputs; what each is stands at the kernel */
  const float *dy;               /* the gradient that comes in */
  float *y, *y1, *y2;            /* outputs */
  double *sum;                   /* partial sums */
  uint16_t *half;                /* bfloat16 output */
  int32_t *index;
  const wd_net_row *row; /* sampler's table */
  int *counter;          /* of steps, sampler.cu */
  int *fault;            /* host memory that the device sees: a wd_net_fault */
} wd_net_args;

/* What a kernel found wrong with data; told by the next download. */
typedef enum wd_net_fault { WD_NET_FINE = 0, WD_NET_BAD_ID } wd_net_fault;

typedef enum wd_net_kernel {
  /* pointwise.cu */
  WD_NET_FILL = 0,      /* y = scale */
  WD_NET_ACTIVATE,      /* y = mode(x) */
  WD_NET_ACTIVATE_BACK, /* y += dy mode'(x) */
  WD_NET_ADD,           /* y = x + x1 */
  WD_NET_ACCUMULATE,    /* y += scale dy; y1 too where it is not NULL */
  WD_NET_SCALE,         /* y = scale x + offset */
  WD_NET_ADD_CHANNEL,   /* y = x + x1[n, c] */
  WD_NET_MODULATE,      /* y = x (1 + x1[n, c]) + x1[n, C + c] */
  WD_NET_MODULATE_BACK, /* y += dy (1 + x1[n, c]) */
  WD_NET_MASK,          /* y = x x1[n] */
  WD_NET_MASK_BACK,     /* y += dy x1[n] */
  WD_NET_LOSS_BACK,     /* y += slope, y1 -= slope; x, x1 prediction and target, x2 weights or NULL */
  WD_NET_ADAMW,         /* y value, y1 m, y2 v, dy gradient */
  WD_NET_EMA,           /* y += scale (x - y) */
  WD_NET_TIMESTEP,      /* y[n, c] from x[n] */
  WD_NET_EMBED,         /* y[n, c] = x1[x[n], c] */
  WD_NET_EMBED_BACK,    /* y[k, c] += sum over n with x[n] = k of dy[n, c] */
  /* layout.cu */
  WD_NET_UPSAMPLE,
  WD_NET_UPSAMPLE_BACK,
  WD_NET_DOWNSAMPLE,
  WD_NET_DOWNSAMPLE_BACK,
  WD_NET_SHUFFLE,
  WD_NET_SHUFFLE_BACK,
  WD_NET_CONCAT,
  WD_NET_SLICE,
  WD_NET_COLUMNS_BACK, /* y[r, first + c] += dy[r, o + c], rows of `lead` and `w` floats */
  WD_NET_ROUND,        /* half = bfloat16 of x; then y1 rows = x1 (bias) + x2 where one is not NULL */
  WD_NET_BIAS,         /* y1 rows = x1 (bias) + x2 */
  WD_NET_IM2COL,       /* y = the patches of x; y1 rows as before */
  WD_NET_IM2COL_ROUND, /* half instead of y */
  WD_NET_COL2IM,       /* y += the patches' gradient dy, back where they came from */
  /* reduce.cu */
  WD_NET_SQUARES,       /* sum[block] of x^2 */
  WD_NET_LOSS,          /* sum[n, block] */
  WD_NET_LOSS_TOTAL,    /* y[0] */
  WD_NET_SQUARES_TOTAL, /* sum[0] */
  WD_NET_CHANNEL_SUMS,  /* y[slice, n, c] = sum of f1, y1 = sum of f0; mode says which, see reduce.cu */
  WD_NET_CHANNEL_TOTAL, /* y[n lead + c] += slices of x; y1 += slices of x1 */
  WD_NET_NORMALIZE,
  WD_NET_NORMALIZE_BACK,
  WD_NET_QUANTIZE,
  /* norm.cu */
  WD_NET_NORM,       /* group norm of one group a block, everything in one */
  WD_NET_NORM_SLICE, /* mean and squared deviations of a slice of a group */
  WD_NET_NORM_MERGE, /* slices to mean and scale */
  WD_NET_NORM_APPLY,
  WD_NET_NORM_TOTALS, /* of a gradient: means over groups; gradients of gamma and beta */
  WD_NET_NORM_BACK,
  /* attention.cu */
  WD_NET_ATTENTION,
  WD_NET_SOFTMAX,      /* y = softmax(scale y), rows of `keys` */
  WD_NET_SOFTMAX_BACK, /* y = x (y - sum(x y)) scale */
  /* sampler.cu */
  WD_NET_SAMPLER_BEGIN,
  WD_NET_SAMPLER_END,
  WD_NET_KERNEL_COUNT
} wd_net_kernel;

/* What WD_NET_CHANNEL_SUMS adds up: f1, and f0 where there are two. */
enum { WD_NET_SUM_PLAIN = 0, WD_NET_SUM_MODULATE, WD_NET_SUM_NORM };

#ifdef __cplusplus
extern "C" {
#endif
/* The kernels that one translation unit defines, for cudaLaunchKernelExC; NULL for the others. */
const void *wd_net_pointwise(wd_net_kernel which);
const void *wd_net_layout(wd_net_kernel which);
const void *wd_net_reduce(wd_net_kernel which);
const void *wd_net_norm(wd_net_kernel which);
const void *wd_net_attention(wd_net_kernel which);
const void *wd_net_sampler(wd_net_kernel which);
#ifdef __cplusplus
}
#endif

#endif
