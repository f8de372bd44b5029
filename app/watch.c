#include "app/watch.h"

static gboolean on_idle(gpointer data) {
  WdWatch *s = data;
  s->idle = 0;
  s->update(s->user);
  return G_SOURCE_REMOVE;
}

void wd_watch_queue(WdWatch *s) {
  if (!s->idle && s->recording && gtk_widget_get_mapped(s->widget))
    s->idle = g_idle_add_full(s->priority, on_idle, s, NULL);
}

static void on_position(WdRecording *r, guint id, int k, WdWatch *s) {
  (void)r;
  const WdPlace at = s->view->place[0];
  if (s->what & WD_WATCH_POSITIONS || (id == at.branch && k == at.position)) wd_watch_queue(s);
}

static void on_view(WdView *view, guint parts, WdWatch *s) {
  (void)view;
  if (parts & s->parts) wd_watch_queue(s);
}

static void leave(WdWatch *s) {
  g_clear_signal_handler(&s->on_position, s->recording);
  g_clear_signal_handler(&s->on_changed, s->recording);
  g_clear_object(&s->recording);
}

static void on_recording(WdWatch *s) {
  leave(s);
  WdRecording *r = s->recording = g_object_ref(wd_session_get_recording(s->session));
  s->on_changed = g_signal_connect_swapped(r, "changed", G_CALLBACK(wd_watch_queue), s);
  if (s->what & (WD_WATCH_POSITIONS | WD_WATCH_PLACE))
    s->on_position = g_signal_connect(r, "position", G_CALLBACK(on_position), s);
  wd_watch_queue(s);
}

static void on_destroy(WdWatch *s) {
  g_signal_handlers_disconnect_by_data(s->view, s);
  g_signal_handlers_disconnect_by_data(s->session, s);
  g_clear_handle_id(&s->idle, g_source_remove);
  leave(s);
}

WdWatch *wd_watch_new(GtkWidget *widget, WdSession *session, WdView *view, guint parts, guint what,
                      int priority, void (*update)(gpointer user), gpointer user) {
  WdWatch *s = g_new(WdWatch, 1);
  *s = (WdWatch){.widget = widget,
                 .session = session,
                 .view = view,
                 .parts = parts,
                 .what = what,
                 .priority = priority ? priority : G_PRIORITY_HIGH_IDLE + 10,
                 .update = update,
                 .user = user};
  g_object_set_data_full(G_OBJECT(widget), "wd-watch", s, g_free);
  g_signal_connect(view, "changed", G_CALLBACK(on_view), s);
  g_signal_connect_swapped(session, "recording", G_CALLBACK(on_recording), s);
  g_signal_connect_swapped(session, "state", G_CALLBACK(wd_watch_queue), s);
  if (what & WD_WATCH_FRAMES) g_signal_connect_swapped(session, "frame", G_CALLBACK(wd_watch_queue), s);
  g_signal_connect_swapped(widget, "map", G_CALLBACK(wd_watch_queue), s);
  g_signal_connect_swapped(widget, "destroy", G_CALLBACK(on_destroy), s);
  on_recording(s);
  return s;
}
