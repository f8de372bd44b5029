/* The codebook while it is trained. */
#include "model/train_impl.h"
#include "solver/memory.h"
#include "solver/random.h"

#include <math.h>
#include <string.h>

/* Averages over about a hundred steps; a code that three times as many have not chosen is dead. At most a
 * thirty-second of the codes move a step, so that decoders can follow. */
#define DECAY 0.99f
enum { DEAD_AFTER = 300, REVIVED_SHARE = 32, USED_WITHIN = 100 };

wd_status wd_codebook_create(wd_codebook *b, const wd_params *p, int param, int node, int first,
                             wd_error *err) {
  wd_shape s = p->param[param].shape;
  *b = (wd_codebook){.param = param, .node = node, .first = first, .codes = s.dim[0], .width = s.dim[1]};
  size_t n = (size_t)b->codes * (size_t)b->width;
  b->code = wd_calloc(n, sizeof(float));
  b->sum = wd_calloc(n, sizeof(float));
  b->idle = wd_calloc((size_t)b->codes, sizeof(int));
  if (!b->code || !b->sum || !b->idle)
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for a codebook of %d codes", b->codes);
  return WD_OK;
}

void wd_codebook_clear(wd_codebook *b) {
  wd_free(b->code);
  wd_free(b->sum);
  wd_free(b->idle);
  *b = (wd_codebook){0};
}

/* Root mean square 1 over the channels. */
static void to_length(const float *from, int width, float *to) {
  double square = 0;
  for (int c = 0; c < width; c++) square += (double)from[c] * (double)from[c];
  float scale = square > 0 ? (float)sqrt((double)width / square) : 0;
  for (int c = 0; c < width; c++) to[c] = from[c] * scale;
}

/* Onto a latent, with the weight of one that has been chosen for long. It does not count as used until it
 * is. */
static void put(wd_codebook *b, int k, const float *latent) {
  size_t at = (size_t)k * (size_t)b->width;
  to_length(latent, b->width, b->code + at);
  memcpy(b->sum + at, b->code + at, (size_t)b->width * sizeof(float));
  b->idle[k] = USED_WITHIN;
}

void wd_codebook_update(wd_codebook *b, const float *latents, int stride, const int32_t *index, int rows,
                        uint64_t seed, long step) {
  wd_random random = wd_random_make(seed, ((uint64_t)WD_STREAM_REVIVAL << 32) + (uint64_t)step);
  const float *from = latents + b->first;
  if (step == 1) {
    for (int k = 0; k < b->codes; k++)
      put(b, k, from + (size_t)wd_random_int(&random, 0, rows - 1) * (size_t)stride);
    return;
  }
  size_t n = (size_t)b->codes * (size_t)b->width;
  for (size_t i = 0; i < n; i++) b->sum[i] *= DECAY;
  for (int k = 0; k < b->codes; k++) b->idle[k]++;
  for (int r = 0; r < rows; r++) {
    int k = index[r];
    const float *z = from + (size_t)r * (size_t)stride;
    float *sum = b->sum + (size_t)k * (size_t)b->width;
    for (int c = 0; c < b->width; c++) sum[c] += (1 - DECAY) * z[c];
    b->idle[k] = 0;
  }
  int revived = 0;
  for (int k = 0; k < b->codes; k++) {
    if (!b->idle[k]) {
      to_length(b->sum + (size_t)k * (size_t)b->width, b->width, b->code + (size_t)k * (size_t)b->width);
    } else if (b->idle[k] > DEAD_AFTER && revived < b->codes / REVIVED_SHARE) {
      put(b, k, from + (size_t)wd_random_int(&random, 0, rows - 1) * (size_t)stride);
      revived++;
    }
  }
}

double wd_codebook_used(const wd_codebook *b) {
  int used = 0;
  for (int k = 0; k < b->codes; k++) used += b->idle[k] < USED_WITHIN;
  return (double)used / b->codes;
}
