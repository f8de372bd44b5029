/* The safetensors reader on bytes in memory, every tensor through every way of reading it; then the same
 * bytes as a training shard. What is accepted must keep the promises of the headers. */
#include "model/safetensors.h"
#include "model/shard.h"
#include "tests/fuzz/input.h"

#include <math.h>
#include <string.h>

static void look(const wd_safetensors *file, const uint8_t *data, size_t size) {
  const uint8_t *end = data;
  uint64_t sum = 0;
  for (size_t i = 0; i < wd_safetensors_count(file); i++) {
    const wd_stored_tensor *t = wd_safetensors_at(file, i);
    const uint8_t *begin = t->data;
    /* In order, without gaps, inside the bytes, as large as the shape says, found by name. */
    if ((i && begin != end) || begin < data + 8 || t->bytes > (size_t)(data + size - begin)) abort();
    end = begin + t->bytes;
    size_t count = 1;
    for (int d = 0; d < t->dims; d++) count *= t->shape[d];
    if (count != t->count || t->bytes != count * wd_dtype_size(t->type) ||
        t->bytes != wd_stored_tensor_bytes(t))
      abort();
    if (wd_safetensors_find(file, t->name) != t) abort();
    for (size_t k = 0; k < t->bytes; k++) sum += begin[k];
    float out[64];
    size_t some = t->count < 64 ? t->count : 64;
    bool number = t->type <= WD_BF16;
    if ((wd_tensor_read_float(t, t->count - some, some, out, NULL) == WD_OK) != number) abort();
    if (wd_tensor_read_float(t, t->count - some + 1, some, out, NULL) == WD_OK && some) abort();
    long any[WD_MAX_DIMS];
    for (int d = 0; d < WD_MAX_DIMS; d++) any[d] = -1;
    const wd_stored_tensor *again = NULL;
    if (wd_safetensors_require(file, t->name, t->dims, any, &again, NULL) != WD_OK || again != t) abort();
    wd_error err;
    if (wd_safetensors_require(file, t->name, t->dims ? t->dims - 1 : 1, any, &again, &err) != WD_ERR_FORMAT)
      abort();
  }
  if (wd_safetensors_count(file) && end != data + size) abort();
  for (size_t i = 0; i < wd_safetensors_metadata_count(file); i++) {
    wd_metadata m = wd_safetensors_metadata_at(file, i);
    if (!m.key || !m.value || wd_safetensors_metadata(file, m.key) != m.value) abort();
    sum += strlen(m.value);
  }
  volatile uint64_t keep = sum;
  (void)keep;
}

static void look_shard(const char *path) {
  wd_shard *shard = NULL;
  if (wd_shard_open(path, &shard, NULL) != WD_OK) return;
  const wd_shard_desc *d = wd_shard_get_desc(shard);
  size_t cells = (size_t)d->nz * (size_t)d->nx;
  size_t coded = (size_t)d->shots * (size_t)d->instants * (size_t)d->receivers;
  float *out = malloc((cells + 2 * coded) * sizeof *out);
  if (!out) abort(); /* all of it lies in a file of some kilobytes */
  for (int i = 0; i < wd_shard_count(shard); i++) {
    (void)wd_shard_get_record(shard, i);
    int32_t *codes = malloc((size_t)d->codes * sizeof *codes + 1);
    if (!codes) abort();
    if ((wd_shard_read_codes(shard, i, codes, NULL) == WD_OK) != (d->codes > 0)) abort();
    free(codes);
    if (wd_shard_read(shard, i, out, out + cells, out + cells + coded, NULL) == WD_OK)
      for (size_t k = 0; k < cells + 2 * coded; k++)
        if (!isfinite(out[k])) abort();
  }
  free(out);
  wd_shard_close(shard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  /* A copy of exactly the right size, so that the sanitizer sees a read past its end. */
  uint8_t *exact = malloc(size ? size : 1);
  if (size) memcpy(exact, data, size);
  wd_safetensors *file = NULL;
  wd_error err = {0};
  if (wd_safetensors_open_memory("input", exact, size, &file, &err) == WD_OK) {
    look(file, exact, size);
    wd_safetensors_close(file);
  } else if (!*err.message || strchr(err.message, '\n'))
    abort();
  free(exact);
  look_shard(fuzz_file(data, size));
  return 0;
}
