/* Convolutions and matrix products: patches of the image as rows (copied, and rounded to bfloat16 where that
 * is the precision), times the weights. The bias is written first and the product added to it. Images go
 * through in pieces whose patches fit into the device's L2. */
#include "model/cuda/backend.h"

/* A product seen as a convolution: a linear layer is one over images of one pixel. */
typedef struct contraction {
  int n, h, w, c, oh, ow, o, k, stride, pad;
  bool plain; /* every pixel by itself: its own patch */
  int length; /* of a patch: k k c */
  int pixels; /* of an output image */
  int piece;  /* images whose patches are made at once */
  wd_gemm_type type;
} contraction;

static size_t aligned(size_t bytes) {
  return (bytes + 255) / 256 * 256;
}

static contraction contraction_of(const wd_graph *g, const wd_node *n) {
  wd_shape x = wd_graph_in(g, n, 0)->shape, w = wd_graph_in(g, n, 1)->shape;
  contraction s = {.type = wd_net_type(g), .k = 1, .stride = 1, .h = 1, .w = 1, .oh = 1, .ow = 1};
  if (n->op == WD_OP_LINEAR) {
    s.n = wd_shape_rows(x);
    s.c = wd_shape_channels(x);
    s.o = wd_shape_channels(n->shape);
  } else {
    s.n = x.dim[0];
    s.h = x.dim[1];
    s.w = x.dim[2];
    s.c = x.dim[3];
    s.oh = n->shape.dim[1];
    s.ow = n->shape.dim[2];
    s.o = n->shape.dim[3];
    s.k = w.dim[1];
    s.stride = n->attr.stride;
    s.pad = n->attr.pad;
  }
  s.plain = s.k == 1 && s.stride == 1 && s.pad == 0;
  s.length = s.k * s.k * s.c;
  s.pixels = s.oh * s.ow;
  size_t image = (size_t)s.pixels * (size_t)s.length;
  size_t budget = wd_net_backend(g)->net->device->l2 / sizeof(float) / image;
  if (budget > (WD_NET_LIMIT - 1) / image) budget = (WD_NET_LIMIT - 1) / image;
  s.piece = budget < 1 ? 1 : budget < (size_t)s.n ? (int)budget : s.n;
  if (s.plain && s.type != WD_GEMM_BF16) s.piece = s.n; /* no copies */
  return s;
}

/* ---- scratch: patches (and their gradient after them), then a rounded gradient, then rounded weights ----
 */

static size_t patch_bytes(const contraction *s) {
  return aligned((size_t)s->piece * (size_t)s->pixels * (size_t)s->length * sizeof(float));
}

static size_t gradient_bytes(const contraction *s) {
  return aligned((size_t)s->piece * (size_t)s->pixels * (size_t)s->o * sizeof(uint16_t));
}

static bool copies(const contraction *s) {
  return !s->plain || s->type == WD_GEMM_BF16;
}

size_t wd_net_contract_bytes(const wd_graph *g, const wd_node *n) {
  if (n->op != WD_OP_CONV && n->op != WD_OP_LINEAR) return 0;
  contraction s = contraction_of(g, n);
  size_t bytes = copies(&s) ? patch_bytes(&s) : 0;
  if (s.type == WD_GEMM_BF16)
    bytes += gradient_bytes(&s) + aligned((size_t)s.o * (size_t)s.length * sizeof(uint16_t));
  size_t bias = g->desc.backward ? wd_net_channel_bytes((wd_net_extent){1, s.n * s.pixels, s.o}, false) : 0;
  return bytes > bias ? bytes : bias;
}

static wd_status each(const wd_graph *g, wd_net_kernel which, const wd_net_args *a, wd_error *err) {
  return wd_net_each(wd_net_backend(g)->net, which, a, err);
}

static wd_status gemm(const wd_graph *g, const wd_gemm *p, wd_error *err) {
  const wd_net *net = wd_net_backend(g)->net;
  return wd_blas_gemm(net->device, &net->blas, p, err);
}

/* The weights as the product wants them: as they are, from the copy that was rounded with all of them, or,
 * when they are no weights of the network, rounded now. */
static wd_status weights_of(const wd_graph *g, const contraction *s, const wd_node *w, const void **out,
                            wd_error *err) {
  const wd_net_graph *b = wd_net_backend(g);
  *out = w->value;
  if (s->type != WD_GEMM_BF16) return WD_OK;
  if (w->op == WD_OP_PARAM) {
    *out = b->weights + g->params->param[w->param].offset;
    return WD_OK;
  }
  uint16_t *half = (uint16_t *)(void *)(b->scratch + patch_bytes(s) + gradient_bytes(s));
  *out = half;
  return each(g, WD_NET_ROUND,
              &(wd_net_args){.count = (unsigned)(s->o * s->length), .x = w->value, .half = half}, err);
}

/* What rows of a product start from: the bias, another node's value, both, or nothing (NULL). */
typedef struct beginning {
  const float *bias, *other;
  float *y;
} beginning;

/* The patches of `images` images from `first` on, as the left side of a product; and the rows of these images
 * in their beginning. x is half as high and wide where `doubled`. */
static wd_status patches(const wd_graph *g, const contraction *s, const float *x, bool doubled, int first,
                         int images, const beginning *begin, const void **out, wd_error *err) {
  unsigned char *scratch = wd_net_backend(g)->scratch;
  const bool half = s->type == WD_GEMM_BF16;
  const int vector = s->c % 4 == 0 ? 4 : 1;
  const float *from = x + (size_t)first * (size_t)s->h * (size_t)s->w * (size_t)s->c / (doubled ? 4 : 1);
  const size_t row = (size_t)first * (size_t)s->pixels * (size_t)s->o;
  wd_net_args a = {.rows = images * s->pixels,
                   .o = s->o,
                   .x = from,
                   .mode = doubled,
                   .x1 = begin->bias,
                   .x2 = begin->other ? begin->other + row : NULL,
                   .y1 = begin->y ? begin->y + row : NULL};
  *out = scratch;
  if (s->plain && !half) {
    *out = from;
    a.count = (unsigned)a.rows * (unsigned)s->o;
    return a.x1 || a.x2 ? each(g, WD_NET_BIAS, &a, err) : WD_OK;
  }
  a.y = (float *)(void *)scratch;
  a.half = (uint16_t *)(void *)scratch;
  a.count = (unsigned)a.rows * (unsigned)s->length;
  if (s->plain) return each(g, WD_NET_ROUND, &a, err);
  a.count /= (unsigned)vector;
  a.h = s->h;
  a.w = s->w;
  a.c = s->c;
  a.oh = s->oh;
  a.ow = s->ow;
  a.k = s->k;
  a.stride = s->stride;
  a.pad = s->pad;
  a.factor = vector;
  return each(g, half ? WD_NET_IM2COL_ROUND : WD_NET_IM2COL, &a, err);
}

static wd_status forward(const wd_graph *g, const wd_node *n, wd_error *err) {
  const contraction s = contraction_of(g, n);
  const wd_net_fusion *f = wd_net_fused(g, n);
  const wd_node *x = wd_graph_in(g, n, 0);
  const beginning begin = {.bias = n->n_inputs > 2 ? wd_graph_in(g, n, 2)->value : NULL,
                           .other = f->other < 0 ? NULL : g->node[f->other].value,
                           .y = g->node[f->into].value};
  const void *w;
  wd_status st = weights_of(g, &s, wd_graph_in(g, n, 1), &w, err);
  for (int first = 0; first < s.n && !st; first += s.piece) {
    int images = s.n - first < s.piece ? s.n - first : s.piece;
    const void *left;
    st = patches(g, &s, f->doubled ? wd_graph_in(g, x, 0)->value : x->value, f->doubled, first, images,
                 &begin, &left, err);
    if (!st)
      st = gemm(g,
                &(wd_gemm){.type = s.type,
                           .transpose_b = true,
                           .m = images * s.pixels,
                           .n = s.o,
                           .k = s.length,
                           .a = left,
                           .b = w,
                           .c = begin.y + (size_t)first * (size_t)s.pixels * (size_t)s.o,
                           .lda = s.length,
                           .ldb = s.length,
                           .ldc = s.o,
                           .beta = begin.bias || begin.other ? 1 : 0},
                err);
  }
  return st;
}

/* dw += dy' patches; then dx gets dy w, pixel by pixel, or by way of the patches' gradient. */
static wd_status piece_back(const wd_graph *g, const wd_node *n, const contraction *s, const void *w,
                            int first, int images, wd_error *err) {
  const wd_node *xn = wd_graph_in(g, n, 0), *wn = wd_graph_in(g, n, 1);
  unsigned char *scratch = wd_net_backend(g)->scratch;
  const int rows = images * s->pixels;
  const size_t image = (size_t)s->h * (size_t)s->w * (size_t)s->c;
  const float *dy = n->grad + (size_t)first * (size_t)s->pixels * (size_t)s->o;
  const void *right = dy, *left = NULL;
  wd_status st = WD_OK;
  if (s->type == WD_GEMM_BF16) {
    uint16_t *half = (uint16_t *)(void *)(scratch + patch_bytes(s));
    st = each(g, WD_NET_ROUND,
              &(wd_net_args){.count = (unsigned)rows * (unsigned)s->o, .x = dy, .half = half}, err);
    right = half;
  }
  if (!st && wn->grad) {
    st = patches(g, s, xn->value, false, first, images, &(beginning){0}, &left, err);
    if (!st)
      st = gemm(g,
                &(wd_gemm){.type = s->type,
                           .transpose_a = true,
                           .m = s->o,
                           .n = s->length,
                           .k = rows,
                           .a = right,
                           .b = left,
                           .c = wn->grad,
                           .lda = s->o,
                           .ldb = s->length,
                           .ldc = s->length,
                           .beta = 1},
                err);
  }
  if (st || !xn->grad) return st;
  float *dx = xn->grad + (size_t)first * image;
  st = gemm(g,
            &(wd_gemm){.type = s->type,
                       .m = rows,
                       .n = s->length,
                       .k = s->o,
                       .a = right,
                       .b = w,
                       .c = s->plain ? dx : (float *)(void *)scratch,
                       .lda = s->o,
                       .ldb = s->length,
                       .ldc = s->length,
                       .beta = s->plain ? 1 : 0},
            err);
  if (st || s->plain) return st;
  return each(g, WD_NET_COL2IM,
              &(wd_net_args){.count = (unsigned)(image * (size_t)images),
                             .dy = (float *)(void *)scratch,
                             .y = dx,
                             .h = s->h,
                             .w = s->w,
                             .c = s->c,
                             .oh = s->oh,
                             .ow = s->ow,
                             .k = s->k,
                             .stride = s->stride,
                             .pad = s->pad},
              err);
}

static wd_status backward(const wd_graph *g, const wd_node *n, wd_error *err) {
  const contraction s = contraction_of(g, n);
  const wd_node *bias = n->n_inputs > 2 ? wd_graph_in(g, n, 2) : NULL;
  const void *w = NULL;
  wd_status st = WD_OK;
  if (bias && bias->grad)
    st = wd_net_channel_sums(
        g,
        &(wd_net_args){.n = 1, .pixels = s.n * s.pixels, .c = s.o, .mode = WD_NET_SUM_PLAIN, .dy = n->grad},
        bias->grad, NULL, s.o, err);
  if (!st && wd_graph_in(g, n, 0)->grad) st = weights_of(g, &s, wd_graph_in(g, n, 1), &w, err);
  for (int first = 0; first < s.n && !st; first += s.piece)
    st = piece_back(g, n, &s, w, first, s.n - first < s.piece ? s.n - first : s.piece, err);
  return st;
}

wd_status wd_net_conv_forward(wd_graph *g, wd_node *n, wd_error *err) {
  return forward(g, n, err);
}

wd_status wd_net_conv_backward(wd_graph *g, wd_node *n, wd_error *err) {
  return backward(g, n, err);
}

wd_status wd_net_linear_forward(wd_graph *g, wd_node *n, wd_error *err) {
  return forward(g, n, err);
}

wd_status wd_net_linear_backward(wd_graph *g, wd_node *n, wd_error *err) {
  return backward(g, n, err);
}
