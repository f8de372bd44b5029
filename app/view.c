#include "app/view.h"
#include "model/refine.h"

#include <math.h>

G_DEFINE_FINAL_TYPE(WdView, wd_view, G_TYPE_OBJECT)

static guint changed_signal;

static void wd_view_class_init(WdViewClass *class) {
  changed_signal = g_signal_new("changed", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void wd_view_init(WdView *v) {
  v->shot = 2; /* the middle one of OpenFWI's five */
  v->difference = 1;
  v->divider = 0.5;
  v->second_row = v->sidebar = v->linked_zoom = TRUE;
  for (int i = 0; i < WD_PANEL_KINDS; i++) v->look[i] = wd_panel_look_default((WdPanelKind)i);
  v->minus = wd_panel_look_minus();
  v->focused = WD_PANEL_VELOCITY;
  v->enlarged = -1;
  v->metric = WD_METRIC_REFLECTION_RESIDUAL;
  v->show_floor = TRUE;
  v->epsilon = NAN;
  v->align = WD_ALIGN_NOISE; /* "step 20 of 40" is not "20 steps" */
  v->locked = v->follow = TRUE;
  v->fps = 8;
  v->wave = (WdWaveLook){.isochrones = TRUE,
                         .compare = WD_WAVE_GHOST,
                         .speed = 200,
                         .probe = TRUE,
                         .probe_x = 520,
                         .probe_z = 10};
  v->next = (WdRecipe){
      .seed = 42, .family = -1, .plan = {.steps = 16}, .refine_steps = 20, .refine_rate = WD_REFINE_RATE};
}

WdView *wd_view_new(void) {
  return g_object_new(WD_TYPE_VIEW, NULL);
}

WdPanelLook wd_panel_look_default(WdPanelKind kind) {
  WdPanelLook look = {.mode = WD_PANEL_DENSITY, .scope = WD_SCOPE_RUN, .clip = 99};
  switch (kind) {
  case WD_PANEL_VELOCITY:
    look.colormap = WD_COLORMAP_STRATA;
    look.lo = WD_VELOCITY_LO; /* where "manual" starts from */
    look.hi = WD_VELOCITY_HI;
    break;
  case WD_PANEL_TRACES:
    look.colormap = WD_COLORMAP_VIRIDIS;
    look.hi = 2;
    break;
  default:
    look.colormap = WD_COLORMAP_GRAY;
    look.lo = -1;
    look.hi = 1;
  }
  return look;
}

/* One range for all steps and runs; beyond it lie the worst cells alone. */
WdPanelLook wd_panel_look_minus(void) {
  WdPanelLook look = wd_panel_look_default(WD_PANEL_VELOCITY);
  look.colormap = WD_COLORMAP_DIFFERENCE;
  look.lo = -1000;
  look.hi = 1000;
  return look;
}

WdVelocitySource wd_view_velocity(const WdView *v, int side) {
  const gboolean alone = v->layout != WD_LAYOUT_COMPARE || side;
  return v->velocity == WD_VELOCITY_MINUS_B && alone ? WD_VELOCITY_DECODED : v->velocity;
}

WdPanelLook *wd_view_look(WdView *v, WdPanelKind kind, int side) {
  return kind == WD_PANEL_VELOCITY && wd_view_velocity(v, side) != WD_VELOCITY_DECODED ? &v->minus
                                                                                       : &v->look[kind];
}

void wd_view_changed(WdView *v, guint parts) {
  g_return_if_fail(WD_IS_VIEW(v));
  if (parts) g_signal_emit(v, changed_signal, 0, parts);
}

void wd_view_go(WdView *v, WdRecording *recording, int side, guint branch, int position) {
  g_return_if_fail(WD_IS_VIEW(v) && (side == 0 || side == 1));
  WdPlace place = {branch, position};
  const WdBranch *b = branch ? wd_recording_find(recording, branch) : NULL;
  if (!b)
    place = (WdPlace){0, 0};
  else
    place.position = CLAMP(position, 0, MAX(0, wd_branch_last(b)));
  if (place.branch == v->place[side].branch && place.position == v->place[side].position) return;
  v->place[side] = place;
  wd_view_changed(v, WD_VIEW_PLACE);
}

void wd_view_set_cursor(WdView *v, int panel, double x, double z, double t) {
  g_return_if_fail(WD_IS_VIEW(v));
  if (panel < 0 || panel >= WD_PANEL_KINDS || !isfinite(x) || !isfinite(z) || !isfinite(t)) return;
  if (v->cursor && v->cursor_panel == panel && v->x == x && v->z == z && v->t == t) return;
  v->cursor = TRUE;
  v->cursor_panel = panel;
  v->x = x;
  v->z = z;
  v->t = t;
  wd_view_changed(v, WD_VIEW_CURSOR);
}

void wd_view_set_shot(WdView *v, int shot) {
  g_return_if_fail(WD_IS_VIEW(v));
  shot = MAX(shot, -1);
  if (shot == v->shot) return;
  v->shot = shot;
  wd_view_changed(v, WD_VIEW_SHOT);
}

double wd_view_epsilon(WdView *v, double of_model) {
  return isfinite(v->epsilon) && v->epsilon > 0 ? v->epsilon : of_model;
}

WdViewLooks wd_view_looks(const WdView *v) {
  return (WdViewLooks){v->look[WD_PANEL_VELOCITY].colormap,
                       v->look[WD_PANEL_GATHER].colormap,
                       v->look[WD_PANEL_DIFFERENCE].colormap,
                       v->look[WD_PANEL_GATHER].scope,
                       v->look[WD_PANEL_GATHER].clip,
                       v->show_floor,
                       v->show_population};
}
