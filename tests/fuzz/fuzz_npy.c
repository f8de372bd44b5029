/* The .npy reader: the header parser on bare bytes, then the whole file through every way of reading it. */
#include "solver/memory.h"
#include "solver/npy.h"
#include "solver/npy_header.h"
#include "tests/fuzz/input.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  wd_error err = {0};
  /* A copy of exactly the right size, so that the sanitizer sees a read past its end. */
  char *text = malloc(size ? size : 1);
  if (size) memcpy(text, data, size);
  wd_npy_header header;
  if (wd_npy_header_parse("header", text, size, &header, &err) == WD_OK &&
      (strlen(header.descr) >= sizeof header.descr || header.dims > WD_NPY_MAX_DIMS))
    abort();
  free(text);

  wd_npy *npy = NULL;
  if (wd_npy_open(fuzz_file(data, size), &npy, &err) != WD_OK) return 0;
  char shape[64];
  wd_npy_shape_text(npy, shape, sizeof shape);
  size_t elements = wd_npy_elements(npy), records = wd_npy_records(npy), count = wd_npy_record_count(npy);
  if (elements && records * count != elements) abort();
  float *out = wd_alloc(elements ? elements : 1, sizeof *out);
  if (!out) abort(); /* a file of some kilobytes cannot need that much */
  if (records && wd_npy_dtype(npy) != WD_NPY_OTHER) {
    if (elements) (void)wd_npy_record(npy, records - 1, out, &err);
    (void)wd_npy_read(npy, 0, elements, out, &err);
    if (wd_npy_record(npy, records, out, &err) == WD_OK) abort();
  }
  wd_map map = {0};
  size_t maps = 0;
  if (wd_npy_map_shape(npy, &maps, NULL, NULL, &err) == WD_OK &&
      wd_npy_read_map(npy, maps - 1, 10, &map, &err) == WD_OK) {
    if (wd_map_check_velocity(&map, "map", NULL)) abort();
    wd_map_clear(&map);
  }
  wd_gather gather = {0};
  size_t gathers = 0;
  if (wd_npy_gather_shape(npy, &gathers, NULL, NULL, NULL, &err) == WD_OK &&
      wd_npy_read_gather(npy, gathers - 1, 0.001, &gather, &err) == WD_OK)
    wd_gather_clear(&gather);
  wd_free(out);
  wd_npy_close(npy);
  return 0;
}
