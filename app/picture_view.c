#include "app/picture_view.h"
#include "app/annotation.h"
#include "app/first_arrivals.h"

static void free_clips(gpointer data) {
  wd_clips_free(data);
}

WdClips *wd_view_clips(WdView *view) {
  WdClips *clips = g_object_get_data(G_OBJECT(view), "wd-clips");
  if (!clips) {
    clips = wd_clips_new();
    g_object_set_data_full(G_OBJECT(view), "wd-clips", clips, free_clips);
  }
  return clips;
}

guint wd_picture_set_view(WdPicture *picture, WdSession *session, WdView *v, WdPanelKind kind, int side,
                          WdSource source, double divider) {
  WdRecording *recording = wd_session_get_recording(session);
  WdPlace place = v->place[side];
  WdBranch *branch = place.branch ? wd_recording_find(recording, place.branch) : NULL;
  WdFrame frame = {0};
  gboolean known = branch && wd_recording_get_frame(recording, place.branch, place.position, v->what, &frame);
  WdPosition *position = branch ? wd_recording_position(recording, place.branch, place.position) : NULL;
  const WdModelInfo *model = wd_session_get_model(session);
  const WdBranch *owner = wd_place_owner(recording, place);
  WdPictureDesc d = {.kind = kind,
                     .source = source,
                     .what = v->what,
                     .shot = v->shot,
                     .difference = v->difference,
                     .divider = divider,
                     .metric = v->metric < WD_METRICS ? v->metric : WD_METRIC_REFLECTION_RESIDUAL,
                     .look = v->look[kind],
                     .zoom = kind == WD_PANEL_VELOCITY ? v->zoom_map : v->zoom_gather,
                     .prefix = v->layout == WD_LAYOUT_COMPARE ? side ? "B" : "A" : NULL,
                     .overlay_truth = v->show_truth,
                     .frame = known ? &frame : NULL,
                     .truth = branch ? branch->truth : NULL,
                     .step = place.position,
                     .steps = branch ? branch->steps : 0,
                     .walk = owner && owner->kind == WD_BRANCH_WALK ? owner->name : NULL,
                     .annotations = position ? position->annotations : NULL,
                     .annotation_hash = wd_annotations_hash(position ? position->annotations : NULL),
                     .refined = position && position->refined,
                     .fault = position ? position->fault : NULL};
  if (model) d.shape = model->geometry;
  if (branch && kind != WD_PANEL_VELOCITY && kind != WD_PANEL_TRACES)
    d.clip = wd_clips_find(wd_view_clips(v), recording, place, v->what, &d.look,
                           d.look.reference == WD_GAIN_SHOT ? v->shot : -1, &d.clip_steps);
  if (d.look.picks && frame.pair && kind >= WD_PANEL_GATHER && kind <= WD_PANEL_DIFFERENCE)
    d.eikonal = wd_first_arrivals(v, frame.pair);
  return wd_picture_set(picture, &d);
}
