#include "app/player.h"
#include "app/lanes.h"

typedef struct player {
  WdSession *session;
  WdView *view;
  GtkWidget *widget;
  guint tick;
  gint64 before;               /* time of the last frame, us; 0: none */
  double due;                  /* positions that are due, a fraction */
  gboolean backwards, reverse; /* direction now; view->reverse that it came from */
} player;

/* Several timelines watch one view: one of them drives it. */
static const char driver[] = "wd-player";

static void end_tick(player *p) {
  p->tick = 0;
  if (g_object_get_data(G_OBJECT(p->view), driver) == p) g_object_set_data(G_OBJECT(p->view), driver, NULL);
}

static void stop(player *p) {
  p->view->playing = FALSE;
  wd_view_changed(p->view, WD_VIEW_PLAY | WD_VIEW_PLACE);
}

static gboolean on_tick(GtkWidget *widget, GdkFrameClock *clock, gpointer data) {
  (void)widget;
  player *p = data;
  WdView *v = p->view;
  if (!v->playing) {
    end_tick(p);
    return G_SOURCE_REMOVE;
  }
  gint64 now = gdk_frame_clock_get_frame_time(clock);
  double seconds = p->before ? (double)(now - p->before) / G_USEC_PER_SEC : 0;
  p->before = now;
  /* After a hitch it goes on from where it was, it does not leap. */
  p->due += MIN(seconds, 0.5) * CLAMP(v->fps, 0.5, 30);
  int steps = (int)p->due;
  if (steps < 1) return G_SOURCE_CONTINUE;
  p->due -= steps;

  WdRecording *r = wd_session_get_recording(p->session);
  const WdBranch *b = wd_recording_find(r, v->place[0].branch);
  int last = b ? wd_branch_last(b) : -1, at = v->place[0].position;
  if (p->reverse != v->reverse) p->backwards = p->reverse = v->reverse;
  gboolean end = last < 1;
  for (; steps > 0 && !end; steps--) {
    int next = wd_play_next(at, last, v->loop, v->ping_pong, &p->backwards);
    if (next < 0)
      end = TRUE;
    else
      at = next;
  }
  if (b) wd_view_go(v, r, 0, b->id, at);
  if (end) {
    end_tick(p);
    stop(p);
    return G_SOURCE_REMOVE;
  }
  return G_SOURCE_CONTINUE;
}

static void start(player *p) {
  WdView *v = p->view;
  WdRecording *r = wd_session_get_recording(p->session);
  const WdBranch *b = wd_recording_find(r, v->place[0].branch);
  p->before = 0;
  p->due = 0;
  p->backwards = p->reverse = v->reverse;
  v->follow = FALSE;
  int last = b ? wd_branch_last(b) : -1;
  /* Play at the end plays from the beginning. */
  if (last > 0 && !v->loop && !v->ping_pong && v->place[0].position == (v->reverse ? 0 : last))
    wd_view_go(v, r, 0, b->id, v->reverse ? last : 0);
  p->tick = gtk_widget_add_tick_callback(p->widget, on_tick, p, NULL);
  g_object_set_data(G_OBJECT(v), driver, p);
}

/* A widget that is not on screen has no frames to drive by; it begins when it comes there. */
static void on_view(WdView *view, guint parts, player *p) {
  if ((parts & WD_VIEW_PLAY) && view->playing && !p->tick && !g_object_get_data(G_OBJECT(view), driver) &&
      gtk_widget_get_mapped(p->widget))
    start(p);
}

static void on_map(GtkWidget *widget, player *p) {
  (void)widget;
  on_view(p->view, WD_VIEW_PLAY, p);
}

static void on_unmap(GtkWidget *widget, player *p) {
  if (!p->tick) return;
  gtk_widget_remove_tick_callback(widget, p->tick);
  end_tick(p);
}

static void on_destroy(GtkWidget *widget, player *p) {
  if (p->tick) gtk_widget_remove_tick_callback(widget, p->tick);
  end_tick(p);
  g_signal_handlers_disconnect_by_data(p->view, p);
}

void wd_player_attach(GtkWidget *widget, WdSession *session, WdView *view) {
  player *p = g_new0(player, 1);
  p->session = session;
  p->view = view;
  p->widget = widget;
  g_signal_connect(view, "changed", G_CALLBACK(on_view), p);
  g_signal_connect(widget, "map", G_CALLBACK(on_map), p);
  g_signal_connect(widget, "unmap", G_CALLBACK(on_unmap), p);
  g_signal_connect(widget, "destroy", G_CALLBACK(on_destroy), p);
  g_object_set_data_full(G_OBJECT(widget), "wd-player", p, g_free);
}
