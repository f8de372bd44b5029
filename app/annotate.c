#include "app/annotate.h"

#include "app/annotation.h"
#include "app/autosave.h"
#include "app/i18n.h"
#include "app/undo.h"
#include "app/window_private.h"

#include <string.h>

static void set_tool(WdWindow *w, int tool) {
  if (w->view->tool == tool) return;
  w->view->tool = tool;
  wd_view_changed(w->view, WD_VIEW_CURSOR);
  wd_window_queue_update(w);
}

static void on_tool(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action;
  WdWindow *w = user;
  const int kind = wd_annotation_find(g_variant_get_string(parameter, NULL));
  set_tool(w, kind + 1 == w->view->tool ? 0 : kind + 1);
}

static void on_next_tool(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action, (void)parameter;
  WdWindow *w = user;
  set_tool(w, (w->view->tool + 1) % (WD_ANNOTATION_KINDS + 1));
}

/* Puts a list in the place of the one that is there, which can be undone. */
static void replace(WdWindow *w, WdPlace at, GPtrArray *all) {
  WdRecording *r = wd_session_get_recording(w->session);
  GPtrArray *before = wd_annotations_copy(wd_recording_get_annotations(r, at.branch, at.position));
  if (wd_recording_set_annotations(r, at.branch, at.position, all)) {
    wd_undo_push_annotations(w, at.branch, at.position, before);
    wd_autosave_set_made(r);
  } else {
    g_ptr_array_unref(before);
    const WdNotice notice = {.code = WD_ERR_ARGUMENT,
                             .what = (char *)_("There is no room for another annotation here")};
    wd_window_notify(w, &notice);
  }
  wd_window_queue_update(w);
}

static void on_add(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action;
  WdWindow *w = user;
  guint kind;
  int side, shot;
  gboolean gather;
  const char *text;
  g_autoptr(GVariant) xs = NULL, ys = NULL;
  g_variant_get(parameter, "(uibi@ad@ad&s)", &kind, &side, &gather, &shot, &xs, &ys, &text);
  gsize nx = 0, ny = 0;
  const double *x = g_variant_get_fixed_array(xs, &nx, sizeof(double)),
               *y = g_variant_get_fixed_array(ys, &ny, sizeof(double));
  if (side < 0 || side > 1 || nx != ny || nx > WD_ANNOTATION_POINTS) return;
  WdAnnotation *a = wd_annotation_new((WdAnnotationKind)kind, gather, shot, (int)nx, x, y, text);
  if (!a) return;
  const WdPlace at = w->view->place[side];
  GPtrArray *all = wd_annotations_copy(
      wd_recording_get_annotations(wd_session_get_recording(w->session), at.branch, at.position));
  g_ptr_array_add(all, a);
  replace(w, at, all);
}

static void on_remove(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)parameter;
  WdWindow *w = user;
  const WdPlace at = w->view->place[0];
  GPtrArray *all = wd_annotations_copy(
      wd_recording_get_annotations(wd_session_get_recording(w->session), at.branch, at.position));
  const gboolean last = !strcmp(g_action_get_name(G_ACTION(action)), "annotation-remove");
  if (all->len) g_ptr_array_set_size(all, last ? (int)all->len - 1 : 0);
  replace(w, at, all);
}

gboolean wd_annotate_leave(WdWindow *w) {
  if (!w->view->tool) return FALSE;
  set_tool(w, 0);
  return TRUE;
}

void wd_annotate_install(WdWindow *w) {
  static const GActionEntry entries[] = {
      {.name = "annotate", .activate = on_tool, .parameter_type = "s", .state = "'none'"},
      {.name = "annotate-next", .activate = on_next_tool},
      {.name = "annotation-add", .activate = on_add, .parameter_type = "(uibiadads)"},
      {.name = "annotation-remove", .activate = on_remove},
      {.name = "annotations-clear", .activate = on_remove},
  };
  g_action_map_add_action_entries(G_ACTION_MAP(w), entries, G_N_ELEMENTS(entries), w);
}

static GSimpleAction *find(WdWindow *w, const char *name) {
  return G_SIMPLE_ACTION(g_action_map_lookup_action(G_ACTION_MAP(w), name));
}

void wd_annotate_update_actions(WdWindow *w) {
  const WdPlace at = w->view->place[0];
  const char *tool = wd_annotation_name(w->view->tool - 1);
  const gboolean some =
      wd_recording_get_annotations(wd_session_get_recording(w->session), at.branch, at.position) != NULL;
  g_simple_action_set_state(find(w, "annotate"), g_variant_new_string(tool ? tool : "none"));
  g_simple_action_set_enabled(find(w, "annotate"), at.branch != 0);
  g_simple_action_set_enabled(find(w, "annotate-next"), at.branch != 0);
  g_simple_action_set_enabled(find(w, "annotation-remove"), some);
  g_simple_action_set_enabled(find(w, "annotations-clear"), some);
}
