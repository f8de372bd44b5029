#include "app/picture_view.h"
#include "app/annotation.h"
#include "app/first_arrivals.h"
#include "app/i18n.h"

#include <math.h>

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

/* The map that a side's velocity panel takes away; NULL: none is known. */
static WdPair *find_minus(WdRecording *recording, const WdView *v, int side, const WdBranch *branch,
                          char *name, gsize size) {
  WdFrame frame = {0};
  WdPlace place = {0};
  WdWhat what = v->what;
  switch (wd_view_velocity(v, side)) {
  case WD_VELOCITY_MINUS_TRUTH: g_strlcpy(name, _("truth"), size); return branch ? branch->truth : NULL;
  case WD_VELOCITY_MINUS_B:
    g_strlcpy(name, "B", size);
    place = v->place[1];
    break;
  case WD_VELOCITY_MINUS_PINNED: {
    const WdBranch *of = wd_recording_find(recording, v->pinned.branch);
    place = v->pinned;
    what = v->pinned_what;
    if (of && of != branch)
      wd_print(name, size, _("%.20s, step %d (pinned)"), of->name, place.position);
    else
      wd_print(name, size, of ? _("step %d (pinned)") : _("the pinned step"), place.position);
    break;
  }
  default: return NULL;
  }
  return place.branch && wd_recording_find(recording, place.branch) &&
                 wd_recording_get_frame(recording, place.branch, place.position, what, &frame)
             ? frame.pair
             : NULL;
}

/* The tolerance of the figure that the traces are measured by. */
static double epsilon_of(WdSession *session, WdView *v, int metric) {
  WdLevels levels;
  if (wd_score_get_info(metric)->higher_is_better) return NAN; /* no error */
  double of_model = wd_session_get_levels(session, metric, &levels) ? levels.stage1_p95 : NAN;
  return v->metric == metric ? wd_view_epsilon(v, of_model) : of_model;
}

guint wd_picture_set_view(WdPicture *picture, WdSession *session, WdView *v, WdPanelKind kind, int side,
                          WdSource source) {
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
                     .divider = v->divider,
                     .metric = v->metric < WD_METRIC_COHERENCE ? v->metric : WD_METRIC_REFLECTION_RESIDUAL,
                     .look = *wd_view_look(v, kind, side),
                     .zoom = kind == WD_PANEL_VELOCITY ? v->zoom_map : v->zoom_gather,
                     .prefix = v->layout == WD_LAYOUT_COMPARE ? side ? "B" : "A" : NULL,
                     .overlay_truth = v->show_truth,
                     .units = v->units,
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
  char minus[64] = "";
  if (kind == WD_PANEL_VELOCITY) {
    d.velocity = wd_view_velocity(v, side);
    d.minus = find_minus(recording, v, side, branch, minus, sizeof minus);
    d.minus_name = minus;
  }
  if (d.look.ruler || d.look.mask) d.epsilon = epsilon_of(session, v, d.metric);
  if (branch && kind != WD_PANEL_VELOCITY && kind != WD_PANEL_TRACES) {
    const int shot = d.look.reference == WD_GAIN_SHOT ? v->shot : -1;
    /* Sides are compared by eye: on one range, of both. */
    d.clip_both = v->layout == WD_LAYOUT_COMPARE && v->place[0].branch && v->place[1].branch;
    d.clip =
        d.clip_both
            ? wd_clips_find_both(wd_view_clips(v), recording, v->place, v->what, &d.look, shot, &d.clip_steps)
            : wd_clips_find(wd_view_clips(v), recording, place, v->what, &d.look, shot, &d.clip_steps);
  }
  if (d.look.picks && frame.pair && kind >= WD_PANEL_GATHER && kind <= WD_PANEL_DIFFERENCE)
    d.eikonal = wd_first_arrivals(v, frame.pair);
  return wd_picture_set(picture, &d);
}
