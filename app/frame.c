#include "app/frame.h"

#include <string.h>

WdPair *wd_pair_new(wd_map *velocity, wd_gather *gathers, double seconds) {
  WdPair *p = g_new0(WdPair, 1);
  g_atomic_ref_count_init(&p->refs);
  p->velocity = *velocity;
  p->gathers = *gathers;
  p->seconds = seconds;
  memset(velocity, 0, sizeof *velocity);
  memset(gathers, 0, sizeof *gathers);
  return p;
}

WdPair *wd_pair_ref(WdPair *p) {
  g_atomic_ref_count_inc(&p->refs);
  return p;
}

void wd_pair_unref(WdPair *p) {
  if (!p || !g_atomic_ref_count_dec(&p->refs)) return;
  wd_map_clear(&p->velocity);
  wd_gather_clear(&p->gathers);
  g_free(p);
}

WdSimulation *wd_simulation_new(wd_wave_mode mode, wd_gather *full, wd_gather *top, wd_comparison *comparison,
                                double seconds, const char *device) {
  WdSimulation *s = g_new0(WdSimulation, 1);
  g_atomic_ref_count_init(&s->refs);
  s->mode = mode;
  s->full = *full;
  s->top = *top;
  s->comparison = *comparison;
  s->seconds = seconds;
  g_strlcpy(s->device, device ? device : "", sizeof s->device);
  memset(full, 0, sizeof *full);
  memset(top, 0, sizeof *top);
  memset(comparison, 0, sizeof *comparison);
  return s;
}

WdSimulation *wd_simulation_ref(WdSimulation *s) {
  g_atomic_ref_count_inc(&s->refs);
  return s;
}

void wd_simulation_unref(WdSimulation *s) {
  if (!s || !g_atomic_ref_count_dec(&s->refs)) return;
  wd_gather_clear(&s->full);
  wd_gather_clear(&s->top);
  wd_comparison_clear(&s->comparison);
  g_free(s);
}

void wd_frame_clear(WdFrame *frame) {
  g_clear_pointer(&frame->pair, wd_pair_unref);
  g_clear_pointer(&frame->live, wd_simulation_unref);
  g_clear_pointer(&frame->exact, wd_simulation_unref);
}
