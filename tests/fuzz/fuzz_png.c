/* The reader of recipes in PNG files. Checksums are mended before the reader sees a file, or it would stop at
 * the first byte that changed. */
#include "render/figure.h"
#include "solver/memory.h"
#include "tests/fuzz/input.h"

#include <string.h>

static uint32_t crc(const uint8_t *data, size_t size) {
  uint32_t c = UINT32_MAX;
  for (size_t i = 0; i < size; i++) {
    c ^= data[i];
    for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
  }
  return ~c;
}

/* Every chunk: length, type, data, and the checksum over type and data. */
static void mend(uint8_t *png, size_t size) {
  for (size_t at = 8; at + 12 <= size;) {
    size_t length =
        (size_t)png[at] << 24 | (size_t)png[at + 1] << 16 | (size_t)png[at + 2] << 8 | png[at + 3];
    if (length > size - at - 12) return;
    uint32_t c = crc(png + at + 4, length + 4);
    for (int i = 0; i < 4; i++) png[at + 8 + length + (size_t)i] = (uint8_t)(c >> (24 - 8 * i));
    at += length + 12;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *png = malloc(size + 1);
  if (!png) return 0;
  memcpy(png, data, size);
  mend(png, size);
  char *json = NULL;
  wd_error err = {0};
  if (wd_figure_read_recipe(fuzz_file(png, size), &json, &err) != WD_OK) {
    if (json || !err.message[0]) abort();
  } else if (!json || strlen(json) > size * 1100) /* zlib packs at most 1030 to 1 */
    abort();
  wd_free(json);
  free(png);
  return 0;
}
