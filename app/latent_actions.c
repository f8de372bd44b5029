/* Actions of Latent mode. They are on the window while its page is; keys.c binds keys to them in that mode.
 */
#include "app/i18n.h"
#include "app/latent_page.h"

#include "app/random_seed.h"
#include "app/walk.h"

#include <math.h>

static double step_of(WdLatentPage *p) {
  double lo, hi, step;
  wd_explorer_get_extent(p->explorer, &lo, &hi, &step);
  return step;
}

static void move_by(WdLatentPage *p, double du, double dv) {
  const double step = step_of(p);
  wd_explorer_move(p->explorer, p->explorer->u + du * step, p->explorer->v + dv * step);
}

static void left(WdLatentPage *p) {
  move_by(p, -1, 0);
}
static void right(WdLatentPage *p) {
  move_by(p, 1, 0);
}
static void up(WdLatentPage *p) {
  move_by(p, 0, 1);
}
static void down(WdLatentPage *p) {
  move_by(p, 0, -1);
}
static void fine_left(WdLatentPage *p) {
  move_by(p, -0.1, 0);
}
static void fine_right(WdLatentPage *p) {
  move_by(p, 0.1, 0);
}
static void fine_up(WdLatentPage *p) {
  move_by(p, 0, 0.1);
}
static void fine_down(WdLatentPage *p) {
  move_by(p, 0, -0.1);
}

void wd_latent_snap(WdLatentPage *p) {
  WdExplorer *x = p->explorer;
  double lo, hi, step, best = INFINITY, u = x->u, v = x->v;
  wd_explorer_get_extent(x, &lo, &hi, &step);
  for (int i = 0; i < (x->shape == WD_SHAPE_ANCHORS ? WD_ANCHORS : 1); i++) {
    double far = hypot(x->u - (i == 1), x->v - (i == 2));
    if (far >= best) continue;
    best = far;
    u = i == 1;
    v = i == 2;
  }
  if (best > 1.5 * step) { /* no anchor is near: the lattice */
    u = lo + step * rint((x->u - lo) / step);
    v = lo + step * rint((x->v - lo) / step);
  }
  wd_explorer_move(x, u, v);
  wd_explorer_rest(x);
}

static void reset(WdLatentPage *p) {
  wd_explorer_move(p->explorer, 0, 0);
  wd_explorer_rest(p->explorer);
}
/* What is on screen is a walk that the plane did not make (edits of codes): undo goes along that one. */
static gboolean other_walk(WdLatentPage *p, gboolean redo, WdPlace *to) {
  WdRecording *r = wd_session_get_recording(p->session);
  const WdPlace at = p->view->place[0];
  if (at.branch == p->explorer->walk) return FALSE;
  return redo ? wd_walk_redo(r, at, to) : wd_walk_undo(r, at, to);
}
static void undo_or_redo(WdLatentPage *p, gboolean redo) {
  WdPlace to;
  if (other_walk(p, redo, &to)) {
    p->view->follow = FALSE;
    wd_view_go(p->view, wd_session_get_recording(p->session), 0, to.branch, to.position);
  } else if (redo)
    wd_explorer_redo(p->explorer);
  else
    wd_explorer_undo(p->explorer);
}
static void undo(WdLatentPage *p) {
  undo_or_redo(p, FALSE);
}
static void redo(WdLatentPage *p) {
  undo_or_redo(p, TRUE);
}
static void add_waypoint(WdLatentPage *p) {
  wd_explorer_add_waypoint(p->explorer, p->explorer->u, p->explorer->v);
}
static void remove_waypoint(WdLatentPage *p) {
  wd_explorer_remove_waypoint(p->explorer, -1);
}
static void clear_waypoints(WdLatentPage *p) {
  wd_explorer_clear_waypoints(p->explorer);
}
static void add_anchors(WdLatentPage *p) {
  wd_explorer_add_waypoint(p->explorer, 0, 0);
  if (p->explorer->shape != WD_SHAPE_ANCHORS) return;
  wd_explorer_add_waypoint(p->explorer, 1, 0);
  wd_explorer_add_waypoint(p->explorer, 0, 1);
}
static void dice(WdLatentPage *p) {
  for (int i = 0; i < WD_ANCHORS; i++) wd_explorer_set_seed(p->explorer, i, wd_random_seed());
}

/* Begins the residual map, goes on with it, or cancels it. */
static void map(WdLatentPage *p) {
  WdExplorer *x = p->explorer;
  if (x->mapping)
    wd_explorer_cancel_map(x);
  else
    wd_explorer_start_map(x, x->tiles && x->tiles->cells ? x->tiles->cells : 16, NULL);
}

static void copy(WdLatentPage *p, char *command) {
  gdk_clipboard_set_text(gtk_widget_get_clipboard(p->self), command);
  gboolean unsaved = strstr(command, "session.wdrun") != NULL;
  WdNotice notice = {
      .code = WD_OK,
      .what = (char *)_("The command that makes this again is in the clipboard"),
      .kept = unsaved ? (char *)_("Save the session (Ctrl+S) as session.wdrun first: an anchor is of it.")
                      : NULL};
  wd_window_notify(p->window, &notice);
  g_free(command);
}
static void copy_command(WdLatentPage *p) {
  if (p->explorer->ready) copy(p, wd_explorer_command(p->explorer, NULL));
}
static void copy_path(WdLatentPage *p) {
  if (p->explorer->ready && p->explorer->waypoints > 1) copy(p, wd_explorer_path_command(p->explorer, NULL));
}

static const struct {
  const char *name;
  void (*act)(WdLatentPage *p);
} acts[] = {
    {"latent-left", left},
    {"latent-right", right},
    {"latent-up", up},
    {"latent-down", down},
    {"latent-fine-left", fine_left},
    {"latent-fine-right", fine_right},
    {"latent-fine-up", fine_up},
    {"latent-fine-down", fine_down},
    {"latent-snap", wd_latent_snap},
    {"latent-reset", reset},
    {"latent-undo", undo},
    {"latent-redo", redo},
    {"latent-waypoint", add_waypoint},
    {"latent-remove-waypoint", remove_waypoint},
    {"latent-clear-waypoints", clear_waypoints},
    {"latent-path-anchors", add_anchors},
    {"latent-map", map},
    {"latent-dice", dice},
    {"latent-copy-command", copy_command},
    {"latent-copy-path", copy_path},
};

static void on_act(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)parameter;
  const char *name = g_action_get_name(G_ACTION(action));
  for (gsize i = 0; i < G_N_ELEMENTS(acts); i++)
    if (!g_strcmp0(acts[i].name, name)) acts[i].act(user);
}

static void on_tool(GSimpleAction *action, GVariant *target, gpointer user) {
  WdLatentPage *p = user;
  const char *name = g_variant_get_string(target, NULL);
  if (!gtk_stack_get_child_by_name(GTK_STACK(p->stack), name)) return;
  gtk_stack_set_visible_child_name(GTK_STACK(p->stack), name);
  g_simple_action_set_state(action, target);
}

static void enable(WdLatentPage *p, const char *name, gboolean yes) {
  GAction *action = g_action_map_lookup_action(G_ACTION_MAP(p->window), name);
  if (action) g_simple_action_set_enabled(G_SIMPLE_ACTION(action), yes);
}

void wd_latent_actions_update(WdLatentPage *p) {
  const WdExplorer *x = p->explorer;
  for (gsize i = 0; i < 10; i++) enable(p, acts[i].name, x->ready);
  WdPlace to;
  enable(p, "latent-undo", wd_explorer_can_undo(x) || other_walk(p, FALSE, &to));
  enable(p, "latent-redo", wd_explorer_can_redo(x) || other_walk(p, TRUE, &to));
  enable(p, "latent-waypoint", x->ready && x->waypoints < WD_WAYPOINTS_MAX);
  enable(p, "latent-path-anchors", x->ready);
  enable(p, "latent-map", x->ready);
  enable(p, "latent-remove-waypoint", x->waypoints > 0);
  enable(p, "latent-clear-waypoints", x->waypoints > 0);
  enable(p, "latent-copy-command", x->ready);
  enable(p, "latent-copy-path", x->ready && x->waypoints > 1);
}

void wd_latent_actions_install(WdLatentPage *p) {
  GActionMap *map = G_ACTION_MAP(p->window);
  for (gsize i = 0; i < G_N_ELEMENTS(acts); i++) {
    g_autoptr(GSimpleAction) action = g_simple_action_new(acts[i].name, NULL);
    g_signal_connect(action, "activate", G_CALLBACK(on_act), p);
    g_action_map_add_action(map, G_ACTION(action));
  }
  g_autoptr(GSimpleAction) tool =
      g_simple_action_new_stateful("latent-tool", G_VARIANT_TYPE_STRING, g_variant_new_string("plane"));
  g_signal_connect(tool, "activate", G_CALLBACK(on_tool), p);
  g_action_map_add_action(map, G_ACTION(tool));
  wd_latent_actions_update(p);
}

void wd_latent_actions_remove(WdLatentPage *p) {
  for (gsize i = 0; i < G_N_ELEMENTS(acts); i++)
    g_action_map_remove_action(G_ACTION_MAP(p->window), acts[i].name);
  g_action_map_remove_action(G_ACTION_MAP(p->window), "latent-tool");
}
