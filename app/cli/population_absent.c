/* A build without GLib: samples are scored, no population is kept. */
#include "app/cli/population.h"

wd_status population_sink_open(const population_sink_desc *desc, population_sink **out, wd_error *err) {
  (void)desc, (void)err;
  *out = NULL;
  return WD_OK;
}
wd_status population_sink_add(population_sink *sink, const population_sample *sample, const wd_hooks *hooks,
                              wd_error *err) {
  (void)sink, (void)sample, (void)hooks, (void)err;
  return WD_OK;
}
wd_status population_sink_save(population_sink *sink, const char *folder, wd_error *err) {
  (void)sink, (void)folder, (void)err;
  return WD_OK;
}
void population_sink_free(population_sink *sink) {
  (void)sink;
}
