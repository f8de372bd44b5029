/* The configuration that weights carry: whatever is read is a model that can be built, and is written back
 * the same. */
#include "model/config.h"
#include "solver/memory.h"
#include "tests/fuzz/input.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  memcpy(text, data, size);
  text[size] = 0;
  wd_model_config c, again;
  wd_error err = {0};
  if (wd_model_config_read(text, &c, &err) != WD_OK) {
    if (!err.message[0]) abort();
  } else {
    char *written = NULL;
    wd_picture p;
    if (wd_model_config_check(&c, &err) || wd_model_config_write(&c, &written, &err)) abort();
    wd_model_config_picture(&c, &p);
    if (p.size != c.stage1.size || wd_picture_channels(&p) != c.stage1.seismic) abort();
    if (wd_model_config_read(written, &again, &err)) abort();
    if (again.stage1.codes != c.stage1.codes || again.geometry.dt != c.geometry.dt ||
        again.stage2.prediction != c.stage2.prediction)
      abort();
    wd_free(written);
  }
  free(text);
  return 0;
}
