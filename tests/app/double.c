/* Doubles of session and recording, enough for panels. */
#include "scene.h"

#include <math.h>

struct _WdRecording {
  GObject parent_instance;
  WdBranch branch;
  WdFrame *frame;
};
G_DEFINE_FINAL_TYPE(WdRecording, wd_recording, G_TYPE_OBJECT)
static void wd_recording_class_init(WdRecordingClass *class) {
  g_signal_new("changed", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new("position", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
               G_TYPE_UINT, G_TYPE_INT);
}
static void wd_recording_init(WdRecording *self) {
  (void)self;
}
struct _WdSession {
  GObject parent_instance;
  WdRecording *recording;
};
G_DEFINE_FINAL_TYPE(WdSession, wd_session, G_TYPE_OBJECT)
static void wd_session_class_init(WdSessionClass *class) {
  GType type = G_TYPE_FROM_CLASS(class);
  g_signal_new("state", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new("recording", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new("frame", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3, G_TYPE_UINT, G_TYPE_INT,
               G_TYPE_INT);
}
static void wd_session_init(WdSession *self) {
  (void)self;
}
WdRecording *wd_session_get_recording(WdSession *s) {
  return s->recording;
}
const WdModelInfo *wd_session_get_model(WdSession *s) {
  (void)s;
  return NULL;
}
WdBranch *wd_recording_find(WdRecording *r, guint id) {
  return id == 1 ? &r->branch : NULL;
}
int wd_branch_last(const WdBranch *b) {
  return (int)b->position->len - 1;
}
WdPosition *wd_recording_position(WdRecording *r, guint id, int k) {
  return id == 1 && k >= 0 && k < (int)r->branch.position->len ? r->branch.position->pdata[k] : NULL;
}
gboolean wd_recording_get_frame(WdRecording *r, guint id, int k, WdWhat what, WdFrame *out) {
  (void)what;
  if (!wd_recording_position(r, id, k)) return FALSE;
  *out = r->frame[k];
  return TRUE;
}
WdPair *wd_pair_new(wd_map *velocity, wd_gather *gathers, double seconds) {
  WdPair *p = g_new0(WdPair, 1);
  g_atomic_ref_count_init(&p->refs);
  p->velocity = *velocity;
  p->gathers = *gathers;
  p->seconds = seconds;
  *velocity = (wd_map){0};
  *gathers = (wd_gather){0};
  return p;
}
WdPair *wd_pair_ref(WdPair *pair) {
  g_atomic_ref_count_inc(&pair->refs);
  return pair;
}
void wd_pair_unref(WdPair *pair) {
  if (!pair || !g_atomic_ref_count_dec(&pair->refs)) return;
  wd_map_clear(&pair->velocity);
  wd_gather_clear(&pair->gathers);
  g_free(pair);
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
  g_strlcpy(s->device, device, sizeof s->device);
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

void scene_new(int steps, WdSession **session, WdView **view) {
  WdSession *s = *session = g_object_new(WD_TYPE_SESSION, NULL);
  WdRecording *r = s->recording = g_object_new(WD_TYPE_RECORDING, NULL);
  r->branch = (WdBranch){.id = 1, .steps = steps, .position = g_ptr_array_new()};
  r->frame = g_new0(WdFrame, steps + 1);
  for (int k = 0; k <= steps; k++) {
    WdPosition *p = g_new0(WdPosition, 1);
    p->latent[0] = g_bytes_new(&k, sizeof k);
    g_ptr_array_add(r->branch.position, p);
    double t = (double)k / steps;
    r->frame[k].pair = scene_pair(5, 3, 0.9 * (1 - t) + 0.06, &r->frame[k].live);
  }
  r->branch.truth = scene_pair(5, 3, 0, NULL);
  WdView *v = *view = wd_view_new();
  v->place[0] = (WdPlace){1, steps};
  v->shot = 2;
  v->difference = 1;
  v->focused = 0;
  v->enlarged = -1;
  v->linked_zoom = TRUE;
  v->metric = WD_METRIC_REFLECTION_RESIDUAL;
  v->x = 310;
  v->z = 240;
  v->t = 0.412;
}

WdFrame *scene_frame(WdSession *session, int k) {
  return &session->recording->frame[k];
}

void scene_emit_frame(WdSession *session, int k) {
  g_signal_emit_by_name(session, "frame", 1u, k, 0);
}
