#include "model/cpu/onednn.h"

#include "solver/memory.h"

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdio.h>
#include <string.h>

/* Memory descriptors are structs in 2.x and handles in 3.x; here both are a pointer that md_free frees. */
#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t md;
typedef const_dnnl_memory_desc_t const_md;
static void md_free(md m) {
  if (m) dnnl_memory_desc_destroy(m);
}
static md md_strided(int rank, const dnnl_dim_t *dims, dnnl_data_type_t type, const dnnl_dim_t *strides) {
  md m = NULL;
  return dnnl_memory_desc_create_with_strides(&m, rank, dims, type, strides) == dnnl_success ? m : NULL;
}
static md md_any(int rank, const dnnl_dim_t *dims, dnnl_data_type_t type) {
  md m = NULL;
  return dnnl_memory_desc_create_with_tag(&m, rank, dims, type, dnnl_format_tag_any) == dnnl_success ? m
                                                                                                     : NULL;
}
#else
typedef dnnl_memory_desc_t *md;
typedef const dnnl_memory_desc_t *const_md;
static void md_free(md m) {
  wd_free(m);
}
static md md_strided(int rank, const dnnl_dim_t *dims, dnnl_data_type_t type, const dnnl_dim_t *strides) {
  md m = wd_calloc(1, sizeof *m);
  if (m && dnnl_memory_desc_init_by_strides(m, rank, dims, type, strides) == dnnl_success) return m;
  wd_free(m);
  return NULL;
}
static md md_any(int rank, const dnnl_dim_t *dims, dnnl_data_type_t type) {
  md m = wd_calloc(1, sizeof *m);
  if (m && dnnl_memory_desc_init_by_tag(m, rank, dims, type, dnnl_format_tag_any) == dnnl_success) return m;
  wd_free(m);
  return NULL;
}
#endif

struct wd_dnn {
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  int threads;
};

enum { MAX_SLOTS = 5 };

/* One argument: the caller's plain array, and what the primitive wants, where that differs. */
typedef struct slot {
  int arg;
  bool output;
  dnnl_memory_t user, inner; /* inner is NULL when the primitive takes the user's layout */
  dnnl_primitive_t reorder;
} slot;

struct wd_dnn_op {
  wd_dnn *dnn;
  dnnl_primitive_t primitive;
  int inputs, outputs; /* slots 0..inputs-1, then the outputs */
  slot slot[MAX_SLOTS];
  uint64_t stamp; /* of input 1, as last packed */
};

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

const char *wd_dnn_version(void) {
  return "oneDNN " TEXT(DNNL_VERSION_MAJOR) "." TEXT(DNNL_VERSION_MINOR) "." TEXT(DNNL_VERSION_PATCH);
}

static wd_status failed(wd_error *err, dnnl_status_t status, const char *what) {
  return wd_fail(err, status == dnnl_out_of_memory ? WD_ERR_NO_MEMORY : WD_ERR_DEVICE,
                 "%s: %s failed with status %d", wd_dnn_version(), what, (int)status);
}

wd_status wd_dnn_open(int threads, wd_dnn **out, wd_error *err) {
  wd_dnn *d = wd_calloc(1, sizeof *d);
  if (!d) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for oneDNN");
  d->threads = threads;
  dnnl_status_t st = dnnl_engine_create(&d->engine, dnnl_cpu, 0);
  if (st == dnnl_success) st = dnnl_stream_create(&d->stream, d->engine, dnnl_stream_default_flags);
  if (st != dnnl_success) {
    wd_dnn_close(d);
    return failed(err, st, "opening the CPU engine");
  }
  *out = d;
  return WD_OK;
}

void wd_dnn_close(wd_dnn *d) {
  if (!d) return;
  if (d->stream) dnnl_stream_destroy(d->stream);
  if (d->engine) dnnl_engine_destroy(d->engine);
  wd_free(d);
}

void wd_dnn_op_destroy(wd_dnn_op *op) {
  if (!op) return;
  for (int i = 0; i < MAX_SLOTS; i++) {
    if (op->slot[i].user) dnnl_memory_destroy(op->slot[i].user);
    if (op->slot[i].inner) dnnl_memory_destroy(op->slot[i].inner);
    if (op->slot[i].reorder) dnnl_primitive_destroy(op->slot[i].reorder);
  }
  if (op->primitive) dnnl_primitive_destroy(op->primitive);
  wd_free(op);
}

static dnnl_status_t make_reorder(wd_dnn *d, const_md from, const_md to, dnnl_primitive_t *out) {
  dnnl_primitive_desc_t pd = NULL;
  dnnl_status_t st = dnnl_reorder_primitive_desc_create(&pd, from, d->engine, to, d->engine, NULL);
  if (st == dnnl_success) st = dnnl_primitive_create(out, pd);
  if (pd) dnnl_primitive_desc_destroy(pd);
  return st;
}

/* Ties a slot to the layout that the primitive chose for it. */
static dnnl_status_t make_slot(wd_dnn *d, const_dnnl_primitive_desc_t pd, slot *s, int arg, bool output,
                               const_md plain) {
  const_md wanted = dnnl_primitive_desc_query_md(pd, dnnl_query_exec_arg_md, arg);
  s->arg = arg;
  s->output = output;
  dnnl_status_t st = dnnl_memory_create(&s->user, plain, d->engine, DNNL_MEMORY_NONE);
  if (st != dnnl_success || dnnl_memory_desc_equal(wanted, plain)) return st;
  st = dnnl_memory_create(&s->inner, wanted, d->engine, DNNL_MEMORY_ALLOCATE);
  if (st == dnnl_success)
    st = output ? make_reorder(d, wanted, plain, &s->reorder) : make_reorder(d, plain, wanted, &s->reorder);
  return st;
}

static dnnl_status_t reorder(wd_dnn_op *op, slot *s) {
  dnnl_exec_arg_t args[2] = {{DNNL_ARG_FROM, s->output ? s->inner : s->user},
                             {DNNL_ARG_TO, s->output ? s->user : s->inner}};
  return dnnl_primitive_execute(s->reorder, op->dnn->stream, 2, args);
}

wd_status wd_dnn_run(wd_dnn_op *op, const float *in0, const float *in1, const float *in2, float *out0,
                     float *out1, uint64_t stamp, wd_error *err) {
  const void *given[MAX_SLOTS] = {in0, in1, in2};
  given[op->inputs] = out0;
  if (op->outputs > 1) given[op->inputs + 1] = out1;
  int slots = op->inputs + op->outputs;
  dnnl_exec_arg_t args[MAX_SLOTS];
  dnnl_status_t st = dnnl_success;
  omp_set_num_threads(op->dnn->threads);
  for (int i = 0; i < slots && st == dnnl_success; i++) {
    slot *s = &op->slot[i];
    bool packed = i == 1 && stamp && stamp == op->stamp && s->reorder;
    st = dnnl_memory_set_data_handle(s->user, (void *)(uintptr_t)given[i]);
    if (st == dnnl_success && !s->output && s->reorder && !packed) st = reorder(op, s);
    args[i] = (dnnl_exec_arg_t){s->arg, s->inner ? s->inner : s->user};
  }
  op->stamp = stamp;
  if (st == dnnl_success) st = dnnl_primitive_execute(op->primitive, op->dnn->stream, slots, args);
  for (int i = op->inputs; i < slots && st == dnnl_success; i++)
    if (op->slot[i].reorder) st = reorder(op, &op->slot[i]);
  if (st == dnnl_success) st = dnnl_stream_wait(op->dnn->stream);
  return st == dnnl_success ? WD_OK : failed(err, st, "running an operation");
}

/* NHWC as oneDNN names it: logical (n, c, h, w) with the strides of channels last. Kernels (o, c, k, k)
 * likewise. */
static md image(int n, int c, int h, int w, dnnl_data_type_t type) {
  dnnl_dims_t dims = {n, c, h, w}, strides = {(dnnl_dim_t)h * w * c, 1, (dnnl_dim_t)w * c, c};
  return md_strided(4, dims, type, strides);
}

static dnnl_status_t conv_desc(wd_dnn *d, wd_dnn_conv_kind kind, const wd_dnn_conv *c, const_md x, const_md w,
                               const_md b, const_md y, dnnl_primitive_desc_t forward,
                               dnnl_primitive_desc_t *pd) {
  dnnl_dims_t stride = {c->stride, c->stride};
  /* What the strided kernel does not reach at the right and bottom edge belongs to no output. */
  dnnl_dims_t left = {c->pad, c->pad};
  dnnl_dims_t right = {(dnnl_dim_t)(c->oh - 1) * c->stride + c->k - c->h - c->pad,
                       (dnnl_dim_t)(c->ow - 1) * c->stride + c->k - c->w - c->pad};
#if DNNL_VERSION_MAJOR >= 3
  dnnl_dims_t dilate = {0, 0};
  if (kind == WD_DNN_FORWARD)
    return dnnl_convolution_forward_primitive_desc_create(pd, d->engine, dnnl_forward_training,
                                                          dnnl_convolution_direct, x, w, b, y, stride, dilate,
                                                          left, right, NULL);
  if (kind == WD_DNN_BACKWARD_DATA)
    return dnnl_convolution_backward_data_primitive_desc_create(
        pd, d->engine, dnnl_convolution_direct, x, w, y, stride, dilate, left, right, forward, NULL);
  return dnnl_convolution_backward_weights_primitive_desc_create(
      pd, d->engine, dnnl_convolution_direct, x, w, b, y, stride, dilate, left, right, forward, NULL);
#else
  dnnl_convolution_desc_t desc;
  dnnl_status_t st;
  if (kind == WD_DNN_FORWARD)
    st = dnnl_convolution_forward_desc_init(&desc, dnnl_forward_training, dnnl_convolution_direct, x, w, b, y,
                                            stride, left, right);
  else if (kind == WD_DNN_BACKWARD_DATA)
    st = dnnl_convolution_backward_data_desc_init(&desc, dnnl_convolution_direct, x, w, y, stride, left,
                                                  right);
  else
    st = dnnl_convolution_backward_weights_desc_init(&desc, dnnl_convolution_direct, x, w, b, y, stride, left,
                                                     right);
  if (st == dnnl_success) st = dnnl_primitive_desc_create(pd, &desc, NULL, d->engine, forward);
  return st;
#endif
}

wd_status wd_dnn_conv_create(wd_dnn *d, const wd_dnn_conv *c, wd_dnn_conv_kind kind, wd_dnn_op **out,
                             wd_error *err) {
  dnnl_data_type_t half = c->bf16 ? dnnl_bf16 : dnnl_f32;
  dnnl_dims_t kernel_dims = {c->o, c->c, c->k, c->k}, bias_dims = {c->o}, bias_strides = {1};
  /* Inputs of the primitive in `half`, results in float32; activations stay channels last, kernels go as it
   * likes. */
  bool forward = kind == WD_DNN_FORWARD, data = kind == WD_DNN_BACKWARD_DATA;
  md plain_x = image(c->n, c->c, c->h, c->w, dnnl_f32), plain_y = image(c->n, c->o, c->oh, c->ow, dnnl_f32);
  md plain_w = image(c->o, c->c, c->k, c->k, dnnl_f32),
     plain_b = md_strided(1, bias_dims, dnnl_f32, bias_strides);
  md x = image(c->n, c->c, c->h, c->w, data ? dnnl_f32 : half),
     y = image(c->n, c->o, c->oh, c->ow, forward ? dnnl_f32 : half);
  md w = md_any(4, kernel_dims, kind == WD_DNN_BACKWARD_WEIGHTS ? dnnl_f32 : half);
  md hint_w = md_any(4, kernel_dims, half), hint_x = image(c->n, c->c, c->h, c->w, half);
  md hint_y = image(c->n, c->o, c->oh, c->ow, dnnl_f32);
  wd_dnn_op *op = wd_calloc(1, sizeof *op);
  omp_set_num_threads(d->threads); /* a primitive remembers how many threads there were when it was made */
  dnnl_primitive_desc_t pd = NULL, hint = NULL;
  dnnl_status_t st = dnnl_out_of_memory;
  if (op && plain_x && plain_y && plain_w && plain_b && x && y && w && hint_w && hint_x && hint_y) {
    op->dnn = d;
    st = dnnl_success;
    const_md b = c->bias ? plain_b : NULL;
    if (!forward) st = conv_desc(d, WD_DNN_FORWARD, c, hint_x, hint_w, b, hint_y, NULL, &hint);
    if (st == dnnl_success) st = conv_desc(d, kind, c, x, w, b, y, hint, &pd);
    if (st == dnnl_success) st = dnnl_primitive_create(&op->primitive, pd);
    slot *s = op->slot;
    if (st == dnnl_success && forward) {
      op->inputs = c->bias ? 3 : 2;
      op->outputs = 1;
      st = make_slot(d, pd, s, DNNL_ARG_SRC, false, plain_x);
      if (st == dnnl_success) st = make_slot(d, pd, s + 1, DNNL_ARG_WEIGHTS, false, plain_w);
      if (st == dnnl_success && c->bias) st = make_slot(d, pd, s + 2, DNNL_ARG_BIAS, false, plain_b);
      if (st == dnnl_success) st = make_slot(d, pd, s + op->inputs, DNNL_ARG_DST, true, plain_y);
    } else if (st == dnnl_success && data) {
      op->inputs = 2;
      op->outputs = 1;
      st = make_slot(d, pd, s, DNNL_ARG_DIFF_DST, false, plain_y);
      if (st == dnnl_success) st = make_slot(d, pd, s + 1, DNNL_ARG_WEIGHTS, false, plain_w);
      if (st == dnnl_success) st = make_slot(d, pd, s + 2, DNNL_ARG_DIFF_SRC, true, plain_x);
    } else if (st == dnnl_success) {
      op->inputs = 2;
      op->outputs = c->bias ? 2 : 1;
      st = make_slot(d, pd, s, DNNL_ARG_SRC, false, plain_x);
      if (st == dnnl_success) st = make_slot(d, pd, s + 1, DNNL_ARG_DIFF_DST, false, plain_y);
      if (st == dnnl_success) st = make_slot(d, pd, s + 2, DNNL_ARG_DIFF_WEIGHTS, true, plain_w);
      if (st == dnnl_success && c->bias) st = make_slot(d, pd, s + 3, DNNL_ARG_DIFF_BIAS, true, plain_b);
    }
  }
  if (pd) dnnl_primitive_desc_destroy(pd);
  if (hint) dnnl_primitive_desc_destroy(hint);
  md all[] = {plain_x, plain_y, plain_w, plain_b, x, y, w, hint_w, hint_x, hint_y};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) md_free(all[i]);
  if (st != dnnl_success) {
    wd_dnn_op_destroy(op);
    return failed(err, st, "preparing a convolution");
  }
  *out = op;
  return WD_OK;
}
