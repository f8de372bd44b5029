#include "app/actions.h"

#include "app/bookmark.h"
#include "app/help.h"
#include "app/i18n.h"
#include "app/preferences.h"
#include "app/undo.h"
#include "app/window_private.h"

#include <math.h>

typedef void (*Act)(WdWindow *w);

static WdRecording *recording(WdWindow *w) {
  return wd_session_get_recording(w->session);
}

/* ---- running */

static void run(WdWindow *w) {
  wd_window_run(w, FALSE);
}
static void dice_run(WdWindow *w) {
  wd_window_run(w, TRUE);
}
static void stop(WdWindow *w) {
  wd_session_stop(w->session);
}
static void use_cpu(WdWindow *w) {
  const WdModelInfo *model = wd_session_get_model(w->session);
  g_autofree char *name = model ? g_strdup(model->folder) : g_settings_get_string(w->settings, "model");
  wd_notice_bar_hide(WD_NOTICE_BAR(w->notice));
  wd_session_open_model(w->session, name, "cpu");
}
static void undo(WdWindow *w) {
  wd_undo_do(w, FALSE);
}
static void redo(WdWindow *w) {
  wd_undo_do(w, TRUE);
}

/* ---- along the timeline */

static void go(WdWindow *w, int position) {
  const WdBranch *b = wd_recording_find(recording(w), w->view->place[0].branch);
  if (!b) return;
  const int last = MAX(wd_branch_last(b), 0);
  w->view->follow = position >= last; /* at the end the window goes along with a run again */
  if (w->view->playing) {
    w->view->playing = FALSE;
    wd_view_changed(w->view, WD_VIEW_PLAY);
  }
  wd_view_go(w->view, recording(w), 0, b->id, CLAMP(position, 0, last));
}
static int here(WdWindow *w) {
  return w->view->place[0].position;
}
static void step_back(WdWindow *w) {
  go(w, here(w) - 1);
}
static void go_forward(WdWindow *w) {
  go(w, here(w) + 1);
}
/* What is not made yet is made: at the last step of a run that was stopped, or begun by steps. */
static void step_forward(WdWindow *w) {
  const WdBranch *b = wd_recording_find(recording(w), w->view->place[0].branch);
  if (b && here(w) >= wd_branch_last(b) && wd_session_get_state(w->session) == WD_SESSION_IDLE &&
      wd_window_can_resume(w))
    wd_window_make_step(w);
  else
    go_forward(w);
}
static void step_back_10(WdWindow *w) {
  go(w, here(w) - 10);
}
static void step_forward_10(WdWindow *w) {
  go(w, here(w) + 10);
}
static void first(WdWindow *w) {
  go(w, 0);
}
static void last(WdWindow *w) {
  go(w, G_MAXINT);
}

static void change_fps(WdWindow *w, double factor) {
  w->view->fps = CLAMP(w->view->fps * factor, 0.5, 30);
  wd_view_changed(w->view, WD_VIEW_PLAY);
}
static void slower(WdWindow *w) {
  change_fps(w, 1 / M_SQRT2);
}
static void faster(WdWindow *w) {
  change_fps(w, M_SQRT2);
}

/* ---- shots and sources */

static int shots(WdWindow *w) {
  const WdModelInfo *model = wd_session_get_model(w->session);
  WdFrame frame = {0};
  const WdPlace at = w->view->place[0];
  int n = model ? model->geometry.shots : 0;
  if (at.branch && wd_recording_get_frame(recording(w), at.branch, at.position, w->view->what, &frame) &&
      frame.pair)
    n = frame.pair->gathers.shots;
  return n > 0 ? n : 5;
}
static void set_shot(WdWindow *w, int shot) {
  const int n = shots(w);
  if (shot < n) wd_view_set_shot(w->view, MAX(shot, -1));
}
static void shot_previous(WdWindow *w) {
  set_shot(w, w->view->shot < 0 ? shots(w) - 1 : w->view->shot - 1);
}
static void shot_next(WdWindow *w) {
  set_shot(w, w->view->shot + 1 < shots(w) ? w->view->shot + 1 : -1);
}
static void source_next(WdWindow *w) {
  w->view->source = w->view->source == WD_SOURCE_DECODED     ? WD_SOURCE_SIMULATED
                    : w->view->source == WD_SOURCE_SIMULATED ? WD_SOURCE_DIFFERENCE
                                                             : WD_SOURCE_DECODED;
  wd_view_changed(w->view, WD_VIEW_DISPLAY);
}

/* ---- how panels are drawn: keys act on the focused one, gathers in common */

static WdPanelKind focused(WdWindow *w) {
  return (WdPanelKind)CLAMP(w->view->focused, 0, WD_PANEL_KINDS - 1);
}
static WdPanelLook *look(WdWindow *w) {
  return wd_view_look(w->view, focused(w), 0);
}
static gboolean is_gather(int kind) {
  return kind >= WD_PANEL_GATHER && kind <= WD_PANEL_DIFFERENCE;
}
static void each_gather(WdWindow *w, void (*change)(WdPanelLook *, double), double by) {
  for (int k = WD_PANEL_GATHER; k <= WD_PANEL_DIFFERENCE; k++) change(&w->view->look[k], by);
  wd_view_changed(w->view, WD_VIEW_DISPLAY);
}
static void next_wiggle(WdPanelLook *l, double by) {
  (void)by;
  l->mode = l->mode == WD_PANEL_WIGGLE          ? WD_PANEL_AREA
            : l->mode == WD_PANEL_AREA          ? WD_PANEL_AREA_NEGATIVE
            : l->mode == WD_PANEL_AREA_NEGATIVE ? WD_PANEL_DENSITY_WIGGLE
                                                : WD_PANEL_WIGGLE;
}
static void toggle_density(WdPanelLook *l, double by) {
  (void)by;
  l->mode = l->mode == WD_PANEL_DENSITY ? WD_PANEL_WIGGLE : WD_PANEL_DENSITY;
}
/* Ten percent of what is left to clip, so that 99 goes to 98.9 and 90 to 89: the usual steps near the top. */
static void change_clip(WdPanelLook *l, double by) {
  l->clip = CLAMP(l->clip + by, 50, 100);
}
static void change_gain(WdPanelLook *l, double by) {
  l->gain = CLAMP(l->gain + by, -60, 60);
}
static void set_agc(WdPanelLook *l, double by) {
  l->display.agc = by;
}
static void set_flip(WdPanelLook *l, double by) {
  l->display.flip = by != 0;
}
static void set_mute(WdPanelLook *l, double by) {
  l->mute_direct = by != 0;
}
static void wiggle(WdWindow *w) {
  each_gather(w, next_wiggle, 0);
}
static void density(WdWindow *w) {
  each_gather(w, toggle_density, 0);
}
static void clip_less(WdWindow *w) {
  const double now = w->view->look[WD_PANEL_GATHER].clip;
  each_gather(w, change_clip, now > 99 ? -0.5 : now > 95 ? -1 : -5);
}
static void clip_more(WdWindow *w) {
  const double now = w->view->look[WD_PANEL_GATHER].clip;
  each_gather(w, change_clip, now >= 99 ? 0.5 : now >= 95 ? 1 : 5);
}
static void gain_more(WdWindow *w) {
  each_gather(w, change_gain, 3);
}
static void gain_less(WdWindow *w) {
  each_gather(w, change_gain, -3);
}
static void range(WdWindow *w) {
  look(w)->scope = (look(w)->scope + 1) % 3;
  wd_view_changed(w->view, WD_VIEW_DISPLAY);
}
static void change_map(WdWindow *w, int by) {
  const wd_colormap map =
      (wd_colormap)(((int)look(w)->colormap + by + WD_COLORMAP_COUNT) % WD_COLORMAP_COUNT);
  if (is_gather(focused(w)))
    for (int k = WD_PANEL_GATHER; k <= WD_PANEL_DIFFERENCE; k++) w->view->look[k].colormap = map;
  look(w)->colormap = map;
  wd_view_changed(w->view, WD_VIEW_DISPLAY);
}
static void colormap_next(WdWindow *w) {
  change_map(w, 1);
}
static void colormap_previous(WdWindow *w) {
  change_map(w, -1);
}
/* The focused gather's display for all gathers; maps and gathers have no display in common. */
static void propagate(WdWindow *w) {
  const WdPanelKind from = is_gather(focused(w)) ? focused(w) : WD_PANEL_GATHER;
  for (int k = WD_PANEL_GATHER; k <= WD_PANEL_DIFFERENCE; k++)
    if (k != (int)from) w->view->look[k] = w->view->look[from];
  wd_view_changed(w->view, WD_VIEW_DISPLAY);
}
static void fit(WdWindow *w) {
  w->view->zoom_map = w->view->zoom_gather = (wd_view){0};
  wd_view_changed(w->view, WD_VIEW_ZOOM);
}
static void enlarge(WdWindow *w) {
  w->view->enlarged = w->view->enlarged >= 0 ? -1 : (int)focused(w);
  wd_view_changed(w->view, WD_VIEW_LAYOUT);
}
/* The tolerance becomes what is shown here. */
static void epsilon_here(WdWindow *w) {
  const WdPlace at = w->view->place[0];
  const WdPosition *p = wd_recording_position(recording(w), at.branch, at.position);
  const WdScore *score = p ? wd_position_score(p, w->view->what) : NULL;
  if (!score || !isfinite(score->value[w->view->metric])) return;
  w->view->epsilon = score->value[w->view->metric];
  wd_view_changed(w->view, WD_VIEW_PLOT);
}

/* ---- the window */

static void compare(WdWindow *w) {
  WdView *v = w->view;
  if (v->layout != WD_LAYOUT_COMPARE) wd_window_store_splits(w);
  v->layout = v->layout == WD_LAYOUT_COMPARE ? WD_LAYOUT_STEP : WD_LAYOUT_COMPARE;
  wd_view_changed(v, WD_VIEW_LAYOUT);
}
static void align(WdWindow *w) {
  w->view->align = w->view->align == WD_ALIGN_NOISE ? WD_ALIGN_STEP : WD_ALIGN_NOISE;
  wd_view_changed(w->view, WD_VIEW_PLOT);
}
static void what(WdWindow *w) {
  w->view->what = w->view->what == WD_WHAT_STATE ? WD_WHAT_ESTIMATE : WD_WHAT_STATE;
  wd_view_changed(w->view, WD_VIEW_PLACE | WD_VIEW_PLOT);
}
static void full_screen(WdWindow *w) {
  if (gtk_window_is_fullscreen(GTK_WINDOW(w)))
    gtk_window_unfullscreen(GTK_WINDOW(w));
  else
    gtk_window_fullscreen(GTK_WINDOW(w));
}
static void flip_agc(WdWindow *w) {
  each_gather(w, set_agc, w->view->look[WD_PANEL_GATHER].display.agc > 0 ? 0 : 0.1);
}
static void flip_polarity(WdWindow *w) {
  each_gather(w, set_flip, !w->view->look[WD_PANEL_GATHER].display.flip);
}
static void flip_mute(WdWindow *w) {
  each_gather(w, set_mute, !w->view->look[WD_PANEL_GATHER].mute_direct);
}
static void contours(WdWindow *w) {
  WdPanelLook *l = wd_view_look(w->view, WD_PANEL_VELOCITY, 0);
  l->contours = !l->contours;
  wd_view_changed(w->view, WD_VIEW_DISPLAY);
}
/* From card to card: panels, plot, timeline, sidebar. */
static void move_panel(WdWindow *w, int by) {
  GtkWidget *const order[] = {w->column[0].panel[WD_PANEL_VELOCITY],
                              w->column[0].panel[WD_PANEL_GATHER],
                              w->column[0].panel[WD_PANEL_SIMULATED],
                              w->column[0].panel[WD_PANEL_DIFFERENCE],
                              w->column[0].panel[WD_PANEL_TRACES],
                              w->column[1].panel[WD_PANEL_VELOCITY],
                              w->column[1].panel[WD_PANEL_GATHER],
                              w->column[1].panel[WD_PANEL_DIFFERENCE],
                              w->plot,
                              w->timeline,
                              w->sidebar};
  const int n = G_N_ELEMENTS(order);
  GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(w));
  int now = by > 0 ? -1 : n;
  for (int i = 0; i < n; i++)
    if (focus && order[i] && (focus == order[i] || gtk_widget_is_ancestor(focus, order[i]))) now = i;
  for (int i = 1; i <= n; i++) {
    GtkWidget *next = order[((now + by * i) % n + n) % n];
    if (next && gtk_widget_get_mapped(next) &&
        (gtk_widget_grab_focus(next) || gtk_widget_child_focus(next, GTK_DIR_TAB_FORWARD)))
      return;
  }
}
static void panel_next(WdWindow *w) {
  move_panel(w, 1);
}
static void panel_previous(WdWindow *w) {
  move_panel(w, -1);
}
static void menu(WdWindow *w) {
  gtk_menu_button_popup(GTK_MENU_BUTTON(w->menu));
}
static void close_window(WdWindow *w) {
  gtk_window_close(GTK_WINDOW(w));
}
static void preferences(WdWindow *w) {
  wd_preferences_show(GTK_WINDOW(w), w->settings);
}
static void help(WdWindow *w) {
  wd_help_show(GTK_WINDOW(w), NULL);
}
static void shortcuts(WdWindow *w) {
  wd_help_show_shortcuts(GTK_WINDOW(w));
}
static void about(WdWindow *w) {
  wd_help_show_about(GTK_WINDOW(w));
}

/* Names the position that is shown, or takes its name away. */
static void bookmark(WdWindow *w) {
  WdRecording *r = wd_session_get_recording(w->session);
  const WdPlace at = w->view->place[0];
  const WdBranch *b = wd_place_owner(r, at);
  if (!b) return;
  g_autofree char *had = wd_bookmark_get(wd_recording_position(r, b->id, at.position));
  g_autofree char *name = had ? g_strdup(had) : g_strdup_printf(_("%s at %d"), b->name, at.position);
  if (strlen(name) > WD_BOOKMARK_MAX) name[g_utf8_find_prev_char(name, name + WD_BOOKMARK_MAX) - name] = 0;
  if (!wd_bookmark_set(r, b->id, at.position, had ? NULL : name)) return;
  g_autofree char *what =
      had ? g_strdup_printf(_("The bookmark \xe2\x80\x9c%s\xe2\x80\x9d is gone."), name)
          : g_strdup_printf(_("Bookmarked as \xe2\x80\x9c%s\xe2\x80\x9d: Latent mode offers it as an "
                              "anchor, and lets it be renamed. Ctrl+D again takes it away."),
                            name);
  wd_window_notify(w, &(WdNotice){.what = what});
}

/* What has to be there for an action to be possible. */
typedef enum Need {
  ALWAYS = 0,
  MODEL = 1,  /* that can sample, and idle */
  BUSY = 2,   /* something runs */
  PLACE = 4,  /* a branch is shown */
  RESUME = 8, /* of which something is left to do */
  IDLE = 16,  /* nothing runs */
  BACK = 32,  /* there is something before */
  FORWARD = 64,
  SCORE = 128,     /* the place has a score */
  SAMPLING = 1024, /* steps of sampling are left from the place on */
  UNDO = 256,
  REDO = 512,
  STEP = 2048 /* there is something after, or it can be made */
} Need;

static const struct {
  const char *name;
  Act act;
  guint need;
} plain[] = {
    {"run", run, MODEL},
    {"dice-run", dice_run, MODEL},
    {"begin", wd_window_begin, MODEL},
    {"stop", stop, BUSY},
    {"dice", wd_window_dice, ALWAYS},
    {"branch", wd_window_branch, MODEL | PLACE | SAMPLING},
    {"resume", wd_window_resume, RESUME},
    {"run-here", wd_window_run_here, MODEL | PLACE},
    {"use-cpu", use_cpu, ALWAYS},
    {"bookmark", bookmark, PLACE},
    {"undo", undo, UNDO},
    {"redo", redo, REDO},
    {"step-back", step_back, PLACE | BACK},
    {"step-forward", step_forward, PLACE | STEP},
    {"go-forward", go_forward, PLACE | FORWARD},
    {"step-back-10", step_back_10, PLACE | BACK},
    {"step-forward-10", step_forward_10, PLACE | FORWARD},
    {"first", first, PLACE | BACK},
    {"last", last, PLACE | FORWARD},
    {"slower", slower, ALWAYS},
    {"faster", faster, ALWAYS},
    {"shot-previous", shot_previous, PLACE},
    {"shot-next", shot_next, PLACE},
    {"source-next", source_next, PLACE},
    {"wiggle", wiggle, ALWAYS},
    {"density", density, ALWAYS},
    {"clip-more", clip_more, ALWAYS},
    {"clip-less", clip_less, ALWAYS},
    {"gain-more", gain_more, ALWAYS},
    {"gain-less", gain_less, ALWAYS},
    {"range", range, ALWAYS},
    {"colormap-next", colormap_next, ALWAYS},
    {"colormap-previous", colormap_previous, ALWAYS},
    {"propagate", propagate, ALWAYS},
    {"fit", fit, ALWAYS},
    {"enlarge", enlarge, PLACE},
    {"epsilon-here", epsilon_here, SCORE},
    {"escape", wd_window_leave, ALWAYS},
    {"panel-next", panel_next, ALWAYS},
    {"panel-previous", panel_previous, ALWAYS},
    {"menu", menu, ALWAYS},
    {"help", help, ALWAYS},
    {"shortcuts", shortcuts, ALWAYS},
    {"preferences", preferences, ALWAYS},
    {"about", about, ALWAYS},
    {"close", close_window, ALWAYS},
};

/* Switches that are fields of the view. */
static const struct {
  const char *name;
  size_t field;
  guint part;
} switches[] = {
    {"play", G_STRUCT_OFFSET(WdView, playing), WD_VIEW_PLAY},
    {"loop", G_STRUCT_OFFSET(WdView, loop), WD_VIEW_PLAY},
    {"ping-pong", G_STRUCT_OFFSET(WdView, ping_pong), WD_VIEW_PLAY},
    {"reverse", G_STRUCT_OFFSET(WdView, reverse), WD_VIEW_PLAY},
    {"follow", G_STRUCT_OFFSET(WdView, follow), WD_VIEW_PLAY},
    {"blink", G_STRUCT_OFFSET(WdView, blink), WD_VIEW_DISPLAY},
    {"truth", G_STRUCT_OFFSET(WdView, show_truth), WD_VIEW_DISPLAY},
    {"cursor-lock", G_STRUCT_OFFSET(WdView, cursor_locked), WD_VIEW_CURSOR},
    {"linked-zoom", G_STRUCT_OFFSET(WdView, linked_zoom), WD_VIEW_ZOOM},
    {"traces", G_STRUCT_OFFSET(WdView, trace_window), WD_VIEW_LAYOUT},
    {"profiles", G_STRUCT_OFFSET(WdView, profiles), WD_VIEW_LAYOUT},
    {"second-row", G_STRUCT_OFFSET(WdView, second_row), WD_VIEW_LAYOUT},
    {"sidebar", G_STRUCT_OFFSET(WdView, sidebar), WD_VIEW_LAYOUT},
    {"lock-sides", G_STRUCT_OFFSET(WdView, locked), WD_VIEW_PLOT},
    {"linear", G_STRUCT_OFFSET(WdView, linear), WD_VIEW_PLOT},
    {"per-shot", G_STRUCT_OFFSET(WdView, per_shot), WD_VIEW_PLOT},
    {"both", G_STRUCT_OFFSET(WdView, both), WD_VIEW_PLOT},
    {"floor", G_STRUCT_OFFSET(WdView, show_floor), WD_VIEW_PLOT},
    {"population", G_STRUCT_OFFSET(WdView, show_population), WD_VIEW_PLOT},
};

/* Switches whose state is something else. */
static gboolean is_compare(WdWindow *w) {
  return w->view->layout == WD_LAYOUT_COMPARE;
}
static gboolean is_aligned(WdWindow *w) {
  return w->view->align == WD_ALIGN_NOISE;
}
static gboolean is_state(WdWindow *w) {
  return w->view->what == WD_WHAT_STATE;
}
static gboolean is_agc(WdWindow *w) {
  return w->view->look[WD_PANEL_GATHER].display.agc > 0;
}
static gboolean is_flipped(WdWindow *w) {
  return w->view->look[WD_PANEL_GATHER].display.flip;
}
static gboolean is_muted(WdWindow *w) {
  return w->view->look[WD_PANEL_GATHER].mute_direct;
}
static gboolean has_contours(WdWindow *w) {
  return wd_view_look(w->view, WD_PANEL_VELOCITY, 0)->contours;
}
static gboolean is_full_screen(WdWindow *w) {
  return gtk_window_is_fullscreen(GTK_WINDOW(w));
}
static const struct {
  const char *name;
  Act act;
  gboolean (*state)(WdWindow *w);
} others[] = {
    {"compare", compare, is_compare},
    {"align", align, is_aligned},
    {"what", what, is_state},
    {"agc", flip_agc, is_agc},
    {"polarity", flip_polarity, is_flipped},
    {"mute-direct", flip_mute, is_muted},
    {"contours", contours, has_contours},
    {"fullscreen", full_screen, is_full_screen},
};

/* Numbers that are fields of the view. */
static const struct {
  const char *name;
  size_t field;
  guint part;
  int least, most;
} numbers[] = {
    {"source", G_STRUCT_OFFSET(WdView, source), WD_VIEW_DISPLAY, 0, WD_SOURCES - 1},
    {"velocity", G_STRUCT_OFFSET(WdView, velocity), WD_VIEW_DISPLAY | WD_VIEW_PLACE, 0,
     WD_VELOCITY_SOURCES - 1},
    {"metric", G_STRUCT_OFFSET(WdView, metric), WD_VIEW_PLOT, 0, WD_SCORES - 1},
    {"axis", G_STRUCT_OFFSET(WdView, axis), WD_VIEW_PLOT, 0, WD_PLOT_LOG_SNR},
    {"difference", G_STRUCT_OFFSET(WdView, difference), WD_VIEW_DISPLAY, 1, 10},
};

static void on_plain(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)parameter;
  ((Act)g_object_get_data(G_OBJECT(action), "act"))(user);
}

static void on_switch(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)parameter;
  WdWindow *w = user;
  const guint i = GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(action), "index"));
  gboolean *field = G_STRUCT_MEMBER_P(w->view, switches[i].field);
  *field = !*field;
  wd_view_changed(w->view, switches[i].part);
}

static void on_number(GSimpleAction *action, GVariant *parameter, gpointer user) {
  WdWindow *w = user;
  const guint i = GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(action), "index"));
  const int value = g_variant_get_int32(parameter);
  if (value < numbers[i].least || value > numbers[i].most) return;
  *(int *)G_STRUCT_MEMBER_P(w->view, numbers[i].field) = value;
  wd_view_changed(w->view, numbers[i].part);
}

static void on_shot(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action;
  set_shot(user, g_variant_get_int32(parameter));
}
static void on_refine(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action;
  wd_window_refine(user, CLAMP(g_variant_get_int32(parameter), 1, 1000));
}
static void on_remove(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action;
  WdWindow *w = user;
  wd_undo_remove(w, g_variant_get_uint32(parameter));
}

static GSimpleAction *add(WdWindow *w, GSimpleAction *action, GCallback callback, guint index) {
  g_object_set_data(G_OBJECT(action), "index", GUINT_TO_POINTER(index));
  g_signal_connect(action, "activate", callback, w);
  g_action_map_add_action(G_ACTION_MAP(w), G_ACTION(action));
  g_object_unref(action);
  return action;
}

void wd_actions_install(WdWindow *w) {
  for (guint i = 0; i < G_N_ELEMENTS(plain); i++)
    g_object_set_data(G_OBJECT(add(w, g_simple_action_new(plain[i].name, NULL), G_CALLBACK(on_plain), i)),
                      "act", (gpointer)plain[i].act);
  for (guint i = 0; i < G_N_ELEMENTS(switches); i++)
    add(w, g_simple_action_new_stateful(switches[i].name, NULL, g_variant_new_boolean(FALSE)),
        G_CALLBACK(on_switch), i);
  for (guint i = 0; i < G_N_ELEMENTS(others); i++)
    g_object_set_data(
        G_OBJECT(add(w, g_simple_action_new_stateful(others[i].name, NULL, g_variant_new_boolean(FALSE)),
                     G_CALLBACK(on_plain), i)),
        "act", (gpointer)others[i].act);
  for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
    add(w, g_simple_action_new_stateful(numbers[i].name, G_VARIANT_TYPE_INT32, g_variant_new_int32(0)),
        G_CALLBACK(on_number), i);
  add(w, g_simple_action_new_stateful("shot", G_VARIANT_TYPE_INT32, g_variant_new_int32(-1)),
      G_CALLBACK(on_shot), 0);
  /* What a menu names, greyed, where it cannot be had. */
  GSimpleAction *unavailable = g_simple_action_new("unavailable", NULL);
  g_simple_action_set_enabled(unavailable, FALSE);
  g_action_map_add_action(G_ACTION_MAP(w), G_ACTION(unavailable));
  g_object_unref(unavailable);
  add(w, g_simple_action_new("refine", G_VARIANT_TYPE_INT32), G_CALLBACK(on_refine), 0);
  add(w, g_simple_action_new("remove-branch", G_VARIANT_TYPE_UINT32), G_CALLBACK(on_remove), 0);
}

static GSimpleAction *find(WdWindow *w, const char *name) {
  return G_SIMPLE_ACTION(g_action_map_lookup_action(G_ACTION_MAP(w), name));
}

void wd_actions_update(WdWindow *w) {
  const WdView *v = w->view;
  WdRecording *r = recording(w);
  const WdSessionState state = wd_session_get_state(w->session);
  const WdModelInfo *model = wd_session_get_model(w->session);
  const WdBranch *branch = wd_recording_find(r, v->place[0].branch);
  const WdPosition *p = branch ? wd_recording_position(r, branch->id, v->place[0].position) : NULL;
  const WdScore *score = p ? wd_position_score(p, v->what) : NULL;
  const gboolean busy = state == WD_SESSION_RUNNING || state == WD_SESSION_CANCELLING;
  guint have = 0;
  if (model && model->stage2 && state == WD_SESSION_IDLE) have |= MODEL;
  if (busy)
    have |= BUSY;
  else
    have |= IDLE;
  if (branch) {
    have |= PLACE;
    if (!wd_branch_is_data(branch, p, v->place[0].position)) have |= SAMPLING;
    if (v->place[0].position > 0) have |= BACK;
    if (v->place[0].position < wd_branch_last(branch)) have |= FORWARD | STEP;
  }
  if ((have & MODEL) && wd_window_can_resume(w)) have |= RESUME | STEP;
  if (score && isfinite(score->value[v->metric])) have |= SCORE;
  if (wd_undo_can(w, FALSE)) have |= UNDO;
  if (wd_undo_can(w, TRUE)) have |= REDO;

  for (guint i = 0; i < G_N_ELEMENTS(plain); i++)
    g_simple_action_set_enabled(find(w, plain[i].name), (have & plain[i].need) == plain[i].need);
  for (guint i = 0; i < G_N_ELEMENTS(switches); i++)
    g_simple_action_set_state(find(w, switches[i].name),
                              g_variant_new_boolean(*(gboolean *)G_STRUCT_MEMBER_P(v, switches[i].field)));
  for (guint i = 0; i < G_N_ELEMENTS(others); i++)
    g_simple_action_set_state(find(w, others[i].name), g_variant_new_boolean(others[i].state(w)));
  for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
    g_simple_action_set_state(find(w, numbers[i].name),
                              g_variant_new_int32(*(int *)G_STRUCT_MEMBER_P(v, numbers[i].field)));
  g_simple_action_set_state(find(w, "shot"), g_variant_new_int32(v->shot));
  /* A walk and an opened pair have one latent at each place, which is the data. */
  g_simple_action_set_enabled(find(w, "what"),
                              branch && (branch->kind == WD_BRANCH_SAMPLED || v->what == WD_WHAT_STATE));
  WdFrame frame = {0};
  const gboolean simulated =
      branch && ((model && !(p && p->fault)) ||
                 (wd_recording_get_frame(r, branch->id, v->place[0].position, v->what, &frame) &&
                  wd_frame_simulation(&frame)));
  g_simple_action_set_enabled(find(w, "blink"), simulated || v->blink);
  g_simple_action_set_enabled(find(w, "truth"), (branch && branch->truth) || v->show_truth);
  g_simple_action_set_enabled(find(w, "cursor-lock"), branch != NULL);
  g_simple_action_set_enabled(find(w, "linked-zoom"), branch != NULL);
  g_simple_action_set_enabled(find(w, "play"), branch && wd_branch_last(branch) > 0);
  g_simple_action_set_enabled(find(w, "compare"), wd_recording_count(r) > 0);
  g_simple_action_set_enabled(find(w, "wavefield"), wd_recording_count(r) > 0);
  g_simple_action_set_enabled(find(w, "export-movie"), wd_recording_count(r) > 0);
  g_simple_action_set_state(find(w, "wavefield"), g_variant_new_boolean(v->wave.shown));
  g_simple_action_set_enabled(find(w, "refine"),
                              (have & MODEL) && branch && wd_branch_last(branch) >= branch->steps);
  g_simple_action_set_enabled(find(w, "remove-branch"), branch != NULL);
}
