/* The table of one width, and the search for the nearest code. */
#include "model/cpu/wide_gemm.h"

#define wd_head_room         WD_WIDE(wd_head_room)
#define wd_head_forward      WD_WIDE(wd_head_forward)
#define wd_head_backward     WD_WIDE(wd_head_backward)
#define wd_winograd_room     WD_WIDE(wd_winograd_room)
#define wd_winograd_pack     WD_WIDE(wd_winograd_pack)
#define wd_winograd_forward  WD_WIDE(wd_winograd_forward)
#define wd_winograd_backward WD_WIDE(wd_winograd_backward)
#define wd_winograd_kernel   WD_WIDE(wd_winograd_kernel)
#define wd_norm_forward      WD_WIDE(wd_norm_forward)
#define wd_norm_backward     WD_WIDE(wd_norm_backward)
#define table                WD_WIDE(wd_wide_table)

size_t wd_head_room(const wd_head *h, bool backward);
void wd_head_forward(const wd_head *h, float *room);
void wd_head_backward(const wd_head *h, float *room);
size_t wd_winograd_room(const wd_winograd *w, bool backward);
void wd_winograd_pack(long o, long c, const float *kernel, float *forward, float *backward, long first,
                      long last, float *room);
void wd_winograd_forward(const wd_winograd *w, long first, long last, float *room);
void wd_winograd_backward(const wd_winograd *w, long first, long last, float *room);
void wd_winograd_kernel(long o, long c, const float *gradient, float *kernel, long first, long last);
void wd_norm_forward(const wd_norm *n, float *room);
void wd_norm_backward(const wd_norm *n, float *room);
extern const wd_wide table;

enum { TOGETHER = 4 }; /* latents that share the reading of the book */

/* Codes in the lanes; each lane keeps the first of its nearest, and at the end the lanes are compared. */
static inline __attribute__((always_inline)) void nearest_of(const int count, const float *z, int c,
                                                             const float *turned, long codes,
                                                             int32_t *index) {
  wd_vf best[TOGETHER];
  wd_vi code[TOGETHER], number;
  for (int i = 0; i < WD_LANES; i++) number[i] = i;
  for (int r = 0; r < count; r++) {
    best[r] = wd_splat(3e38f);
    code[r] = number;
  }
  for (long k = 0; k < codes; k += WD_LANES) {
    wd_vf sum[TOGETHER];
    for (int r = 0; r < count; r++) sum[r] = wd_splat(0);
    for (int i = 0; i < c; i++) {
      wd_vf row = wd_loadu(turned + i * codes + k);
      for (int r = 0; r < count; r++) {
        wd_vf d = z[r * c + i] - row;
        sum[r] = wd_fma(d, d, sum[r]);
      }
    }
    for (int r = 0; r < count; r++) wd_vnearer(sum[r], number, &best[r], &code[r]);
    number += WD_LANES;
  }
  for (int r = 0; r < count; r++) {
    int at = 0;
    for (int i = 1; i < WD_LANES; i++)
      if (best[r][i] < best[r][at] || (!(best[r][i] > best[r][at]) && code[r][i] < code[r][at])) at = i;
    index[r] = code[r][at];
  }
}

static void nearest(const float *z, long rows, int c, const float *turned, long codes, int32_t *index) {
  long r = 0;
  for (; r + TOGETHER <= rows; r += TOGETHER) nearest_of(TOGETHER, z + r * c, c, turned, codes, index + r);
  for (; r < rows; r++) nearest_of(1, z + r * c, c, turned, codes, index + r);
}

/* Sums of 64 rows, and sums of those: each rounds little. */
static void column_sums(const float *x, long rows, long row, long columns, float *to) {
  for (long j = 0; j < columns; j += WD_LANES) {
    long left = columns - j < WD_LANES ? columns - j : WD_LANES;
    wd_vf total = wd_splat(0);
    float last[WD_LANES] = {0};
    for (long r = 0; r < rows; r += 64) {
      long end = r + 64 < rows ? r + 64 : rows;
      if (left == WD_LANES) {
        wd_vf sum = wd_splat(0);
        for (long i = r; i < end; i++) sum += wd_loadu(x + i * row + j);
        total += sum;
      } else
        for (long c = 0; c < left; c++) {
          float sum = 0;
          for (long i = r; i < end; i++) sum += x[i * row + j + c];
          last[c] += sum;
        }
    }
    if (left == WD_LANES) *(wd_vfu *)last = total;
    for (long c = 0; c < left; c++) to[j + c] += last[c];
  }
}

const wd_wide table = {.gemm_room = WD_GEMM_ROOM,
                       .packed_size = wd_gemm_packed,
                       .pack = wd_gemm_pack,
                       .gemm = wd_gemm_run,
                       .head_room = wd_head_room,
                       .head_forward = wd_head_forward,
                       .head_backward = wd_head_backward,
                       .winograd_room = wd_winograd_room,
                       .winograd_pack = wd_winograd_pack,
                       .winograd_forward = wd_winograd_forward,
                       .winograd_backward = wd_winograd_backward,
                       .winograd_kernel = wd_winograd_kernel,
                       .norm_forward = wd_norm_forward,
                       .norm_backward = wd_norm_backward,
                       .column_sums = column_sums,
                       .nearest = nearest};
