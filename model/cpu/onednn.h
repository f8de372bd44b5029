/* oneDNN behind one file: convolutions on plain float32 arrays, with every version's C
 * API (2.x and 3.x) and every blocked layout kept inside. The only header of model/ that knows oneDNN is
 * there; onednn.c is the only file that includes it.
 *
 * With bf16, operands are rounded to bfloat16 on their way in; sums and results are float32. */
#ifndef WD_ONEDNN_H
#define WD_ONEDNN_H

#include "solver/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct wd_dnn wd_dnn;       /* engine and stream */
typedef struct wd_dnn_op wd_dnn_op; /* one prepared operation, with its scratch memory */

wd_status wd_dnn_open(int threads, wd_dnn **out, wd_error *err);
void wd_dnn_close(wd_dnn *d);
const char *wd_dnn_version(void); /* "oneDNN 2.6.3" */

typedef enum wd_dnn_conv_kind {
  WD_DNN_FORWARD,
  WD_DNN_BACKWARD_DATA,
  WD_DNN_BACKWARD_WEIGHTS
} wd_dnn_conv_kind;

/* x (n, h, w, c), kernel (o, k, k, c), y (n, oh, ow, o), all float32 and contiguous. */
typedef struct wd_dnn_conv {
  int n, h, w, c, oh, ow, o, k, stride, pad;
  bool bias, bf16;
} wd_dnn_conv;

wd_status wd_dnn_conv_create(wd_dnn *d, const wd_dnn_conv *conv, wd_dnn_conv_kind kind, wd_dnn_op **out,
                             wd_error *err);

/* Runs on the given arrays. Convolution: forward (x, kernel, bias) -> y; backward data (dy, kernel) -> dx;
 * backward weights (x, dy) -> dkernel, dbias. Matrix product: (a, b, bias) -> c. stamp: when not zero and the
 * same as at the last run, the second input (kernel, b) is known to be unchanged and its packed form is used
 * again. */
wd_status wd_dnn_run(wd_dnn_op *op, const float *in0, const float *in1, const float *in2, float *out0,
                     float *out1, uint64_t stamp, wd_error *err);
void wd_dnn_op_destroy(wd_dnn_op *op);

#endif
