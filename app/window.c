#include "app/i18n.h"
#include "app/inspect_page.h"
#include "app/actions.h"
#include "app/annotate.h"
#include "app/mode.h"
#include "app/movie_dialog.h"
#include "app/open.h"
#include "app/teach.h"
#include "app/undo.h"
#include "app/wavefield_view.h"
#include "app/window_private.h"

G_DEFINE_FINAL_TYPE(WdWindow, wd_window, GTK_TYPE_APPLICATION_WINDOW)

/* Below this width the sidebar lies over the panels; two columns want the room sooner. */
static gboolean is_narrow(WdWindow *w, int width) {
  if (w->beside && gtk_widget_get_visible(w->beside)) width -= gtk_paned_get_position(GTK_PANED(w->main));
  return width < (w->view->layout == WD_LAYOUT_COMPARE ? 1700 : 1000);
}

WdSession *wd_window_get_session(WdWindow *w) {
  return w->session;
}
WdView *wd_window_get_view(WdWindow *w) {
  return w->view;
}
GSettings *wd_window_get_settings(WdWindow *w) {
  return w->settings;
}

void wd_window_notify(WdWindow *w, const WdNotice *notice) {
  wd_notice_bar_show(WD_NOTICE_BAR(w->notice), notice);
}

void wd_window_notify_error(WdWindow *w, const char *what, const GError *error) {
  const WdNotice notice = {
      .code = WD_ERR_IO, .what = (char *)what, .kept = error ? error->message : NULL, .details = NULL};
  wd_window_notify(w, &notice);
}

/* ---- bringing everything up to date, once for any number of changes */

static gboolean update(gpointer user) {
  WdWindow *w = user;
  w->update_idle = 0;
  wd_window_show_header(w);
  wd_window_show_empty(w);
  wd_window_show_titles(w);
  wd_actions_update(w);
  wd_teach_update_actions(w);
  wd_annotate_update_actions(w);
  const WdSessionState state = wd_session_get_state(w->session);
  const gboolean busy =
      state == WD_SESSION_RUNNING || state == WD_SESSION_CANCELLING || wd_window_is_sampling(w);
  GtkApplication *application = gtk_window_get_application(GTK_WINDOW(w));
  if (busy && !w->inhibit && application)
    w->inhibit = gtk_application_inhibit(
        application, GTK_WINDOW(w), GTK_APPLICATION_INHIBIT_LOGOUT | GTK_APPLICATION_INHIBIT_SUSPEND,
        wd_window_is_sampling(w) ? _("Seeds are being sampled") : _("A run is going on"));
  else if (!busy && w->inhibit && application) {
    gtk_application_uninhibit(application, w->inhibit);
    w->inhibit = 0;
  }
  if (w->closing && !w->losing && state == WD_SESSION_RUNNING && !wd_window_is_sampling(w)) {
    w->closing = FALSE; /* another run has begun, of which nobody was asked */
    wd_window_may_close(w);
  }
  if (w->closing && !busy && wd_window_may_close(w)) gtk_window_destroy(GTK_WINDOW(w));
  return G_SOURCE_REMOVE;
}

void wd_window_queue_update(WdWindow *w) {
  if (!w->update_idle) w->update_idle = g_idle_add_full(G_PRIORITY_HIGH_IDLE + 10, update, w, NULL);
}

static void look(WdWindow *w) {
  const WdView *v = w->view;
  const int sides = v->layout == WD_LAYOUT_COMPARE ? 2 : 1;
  for (int side = 0; side < sides; side++)
    if (v->place[side].branch)
      wd_session_look(w->session, side, v->place[side].branch, v->place[side].position, v->what,
                      !v->scrubbing && !v->playing);
  /* What the map is held against is decoded too; nobody else looks through side B's eyes then. */
  if (sides == 1 && v->velocity == WD_VELOCITY_MINUS_PINNED &&
      wd_recording_find(wd_session_get_recording(w->session), v->pinned.branch))
    wd_session_look(w->session, 1, v->pinned.branch, v->pinned.position, v->pinned_what, FALSE);
}

/* B goes where A is, as far as it can. */
static void follow_side(WdWindow *w) {
  const WdView *v = w->view;
  if (v->layout != WD_LAYOUT_COMPARE || !v->locked || !v->place[0].branch || !v->place[1].branch) return;
  WdRecording *r = wd_session_get_recording(w->session);
  const int to = wd_view_align(r, v->place[0].branch, v->place[0].position, v->place[1].branch, v->align);
  if (to >= 0) wd_view_go(w->view, r, 1, v->place[1].branch, to);
}

/* Side B of a comparison begins with another run than A, where there is one. */
static void choose_places(WdWindow *w) {
  WdRecording *r = wd_session_get_recording(w->session);
  const guint n = wd_recording_count(r);
  for (int side = 0; side < 2; side++) {
    const guint now = w->view->place[side].branch;
    if (now && wd_recording_find(r, now)) continue;
    const WdBranch *choice = NULL;
    for (guint i = n; i-- > 0;) {
      const WdBranch *b = wd_recording_nth(r, i);
      if (!choice || (side && choice->id == w->view->place[0].branch)) choice = b;
    }
    wd_view_go(w->view, r, side, choice ? choice->id : 0, choice ? MAX(wd_branch_last(choice), 0) : 0);
  }
}

/* The width that it has, or before it is shown the one that it asks for. */
static int width_of(WdWindow *w) {
  int width = gtk_widget_get_width(GTK_WIDGET(w)), height;
  if (width <= 1) gtk_window_get_default_size(GTK_WINDOW(w), &width, &height);
  return width;
}

static gboolean rearrange(gpointer user) {
  WdWindow *w = user;
  w->narrow_idle = 0;
  wd_window_show_header(w);
  const gboolean narrow = is_narrow(w, width_of(w));
  if (narrow != w->narrow) {
    w->narrow = narrow;
    if (narrow) {
      w->wide_sidebar = w->view->sidebar;
      w->view->sidebar = FALSE;
    } else {
      w->view->sidebar = w->wide_sidebar;
    }
    wd_view_changed(w->view, WD_VIEW_LAYOUT);
  } else if (gtk_widget_get_width(GTK_WIDGET(w)) > 1 &&
             wd_window_changes_rows(w, gtk_widget_get_width(GTK_WIDGET(w)),
                                    gtk_widget_get_height(GTK_WIDGET(w)))) {
    const gboolean low = w->low;
    wd_window_arrange(w);
    if (low != w->low) wd_window_queue_splits(w);
  } else if (w->view->layout == WD_LAYOUT_COMPARE) {
    wd_window_arrange(w);
  }
  return G_SOURCE_REMOVE;
}

static gboolean set_splits_later(GtkWidget *widget, GdkFrameClock *clock, gpointer user) {
  (void)clock, (void)user;
  WdWindow *w = WD_WINDOW(widget);
  if (gtk_stack_get_visible_child(GTK_STACK(w->pages)) != w->overlay) { /* a mode without the panels */
    w->splits_tick = 0;
    return G_SOURCE_REMOVE;
  }
  if (gtk_widget_get_height(w->split) <= 1) return G_SOURCE_CONTINUE; /* the page is not shown yet */
  if (w->splits_wait-- > 0) {
    wd_window_arrange(w); /* its orientation may hang on the width that is known now */
    return G_SOURCE_CONTINUE;
  }
  wd_window_set_splits(w);
  if (!w->splits_set) /* panels have come: the single keys act */
    gtk_widget_grab_focus(w->column[0].panel[WD_PANEL_VELOCITY]);
  w->splits_set = TRUE;
  w->splits_tick = 0;
  return G_SOURCE_REMOVE;
}

void wd_window_queue_splits(WdWindow *w) {
  w->splits_wait = 2; /* frames, until what was rearranged has its new sizes */
  if (!w->splits_tick)
    w->splits_tick = gtk_widget_add_tick_callback(GTK_WIDGET(w), set_splits_later, NULL, NULL);
}

static void on_view(WdView *view, guint parts, gpointer user) {
  WdWindow *w = user;
  if (parts & WD_VIEW_LAYOUT) {
    if (view->layout == WD_LAYOUT_COMPARE && !w->comparing && view->place[1].branch == view->place[0].branch)
      view->place[1] = (WdPlace){0}; /* a run beside itself is no comparison: another one, if there is any */
    w->comparing = view->layout == WD_LAYOUT_COMPARE;
    choose_places(w);
    wd_window_arrange(w);
    /* At once: both sides and the sidebar beside them would widen the window for good. */
    const int width = gtk_widget_get_width(GTK_WIDGET(w));
    if (width > 1 && is_narrow(w, width) != w->narrow) {
      g_clear_handle_id(&w->narrow_idle, g_source_remove);
      rearrange(w);
    }
    wd_window_queue_splits(w);
  }
  if (parts & (WD_VIEW_PLACE | WD_VIEW_LAYOUT | WD_VIEW_PLOT)) follow_side(w);
  if (parts & (WD_VIEW_PLACE | WD_VIEW_LAYOUT)) look(w);
  if (parts & (WD_VIEW_PLACE | WD_VIEW_LAYOUT | WD_VIEW_PLOT))
    wd_session_want_states(w->session, view->both ? view->place[0].branch : 0,
                           view->both && view->layout == WD_LAYOUT_COMPARE ? view->place[1].branch : 0);
  if (parts & WD_VIEW_PLAY) g_settings_set_double(w->settings, "fps", CLAMP(view->fps, 0.5, 30));
  wd_window_queue_update(w);
}

/* ---- session and recording */

static void show_recording(WdWindow *w) {
  wd_undo_watch(w);
  choose_places(w);
  wd_window_arrange(w);
  wd_window_queue_update(w);
}

static void on_recording_changed(WdRecording *r, gpointer user) {
  (void)r;
  show_recording(user);
}

static void on_position(WdRecording *r, guint id, int k, gpointer user) {
  WdWindow *w = user;
  const WdView *v = w->view;
  const WdPosition *p = wd_recording_position(r, id, k);
  if (v->follow && v->place[0].branch == id && k > v->place[0].position &&
      id == wd_session_get_running(w->session) && p && p->latent[v->what])
    wd_view_go(w->view, r, 0, id, k);
  wd_window_queue_update(w);
}

static void on_recording(WdSession *session, gpointer user) {
  WdWindow *w = user;
  if (w->recording) g_signal_handlers_disconnect_by_data(w->recording, w);
  wd_undo_switch(w, w->recording, wd_session_get_recording(session));
  g_set_object(&w->recording, wd_session_get_recording(session));
  g_signal_connect(w->recording, "changed", G_CALLBACK(on_recording_changed), w);
  g_signal_connect(w->recording, "position", G_CALLBACK(on_position), w);
  w->comparing = FALSE;
  w->view->pinned = (WdPlace){0}; /* of the recording before */
  if (w->view->velocity == WD_VELOCITY_MINUS_PINNED) {
    w->view->velocity = WD_VELOCITY_DECODED;
    wd_view_changed(w->view, WD_VIEW_DISPLAY);
  }
  show_recording(w);
}

static void on_state(WdSession *session, gpointer user) {
  (void)session;
  wd_window_queue_update(user);
}

static void on_notice(WdSession *session, const WdNotice *notice, gpointer user) {
  (void)session;
  wd_window_notify(user, notice);
}

static void on_setting(GSettings *settings, const char *key, gpointer user) {
  WdWindow *w = user;
  if (wd_settings_apply_view(settings, key, w->view))
    wd_view_changed(w->view, WD_VIEW_DISPLAY | WD_VIEW_PLOT);
  static const char *const policy[] = {"score-policy", "score-every", "score-both", "exact-runs",
                                       "exact-rest",   "calibration", "cache-mib",  NULL};
  if (g_strv_contains(policy, key)) {
    const WdPolicy now = wd_settings_get_policy(settings);
    wd_session_set_policy(w->session, &now);
  }
}

/* ---- the window itself */

static void wd_window_size_allocate(GtkWidget *widget, int width, int height, int baseline) {
  WdWindow *w = WD_WINDOW(widget);
  GTK_WIDGET_CLASS(wd_window_parent_class)->size_allocate(widget, width, height, baseline);
  /* Widgets must not change their parents in the middle of this. */
  const gboolean titles = w->titles && gtk_widget_get_visible(w->titles) != (width >= WD_TITLES_WIDTH);
  if ((titles || is_narrow(w, width) != w->narrow || wd_window_changes_rows(w, width, height) ||
       w->view->layout == WD_LAYOUT_COMPARE) &&
      !w->narrow_idle)
    w->narrow_idle = g_idle_add_full(G_PRIORITY_HIGH_IDLE, rearrange, w, NULL);
}

/* What is too large in the first layout would widen the window for good. */
static void wd_window_show(GtkWidget *widget) {
  WdWindow *w = WD_WINDOW(widget);
  g_clear_handle_id(&w->narrow_idle, g_source_remove);
  rearrange(w);
  GTK_WIDGET_CLASS(wd_window_parent_class)->show(widget);
}

static gboolean wd_window_close_request(GtkWindow *window) {
  if (!wd_window_may_close(WD_WINDOW(window))) return TRUE;
  return GTK_WINDOW_CLASS(wd_window_parent_class)->close_request(window);
}

void wd_window_leave(WdWindow *w) {
  if (wd_annotate_leave(w) || wd_teach_leave(w)) return;
  if (wd_session_get_state(w->session) == WD_SESSION_RUNNING) {
    wd_session_stop(w->session);
  } else if (w->view->wave.shown) {
    w->view->wave.shown = w->view->wave.playing = FALSE;
    wd_view_changed(w->view, WD_VIEW_LAYOUT | WD_VIEW_WAVE);
  } else if (w->view->enlarged >= 0) {
    w->view->enlarged = -1;
    wd_view_changed(w->view, WD_VIEW_LAYOUT);
  } else if (w->narrow && w->view->sidebar) {
    w->view->sidebar = FALSE;
    wd_view_changed(w->view, WD_VIEW_LAYOUT);
  } else if (gtk_window_is_fullscreen(GTK_WINDOW(w))) {
    gtk_window_unfullscreen(GTK_WINDOW(w));
  } else if (wd_notice_bar_is_shown(WD_NOTICE_BAR(w->notice))) {
    wd_notice_bar_hide(WD_NOTICE_BAR(w->notice));
  } else {
    gtk_window_set_focus(GTK_WINDOW(w), NULL); /* out of an entry: the single keys act again */
  }
}

static void wd_window_dispose(GObject *object) {
  WdWindow *w = WD_WINDOW(object);
  g_clear_handle_id(&w->narrow_idle, g_source_remove);
  g_clear_handle_id(&w->update_idle, g_source_remove);
  if (w->recording) g_signal_handlers_disconnect_by_data(w->recording, w);
  if (w->session) g_signal_handlers_disconnect_by_data(w->session, w);
  if (w->view) g_signal_handlers_disconnect_by_data(w->view, w);
  if (w->settings) g_signal_handlers_disconnect_by_data(w->settings, w);
  G_OBJECT_CLASS(wd_window_parent_class)->dispose(object); /* the widgets, which borrow what follows */
  g_clear_object(&w->sidebar);
  g_clear_object(&w->recording);
  g_clear_object(&w->session);
  g_clear_object(&w->view);
  g_clear_object(&w->settings);
  g_clear_pointer(&w->undo, g_ptr_array_unref);
  g_clear_pointer(&w->redo, g_ptr_array_unref);
  g_clear_pointer(&w->names, g_hash_table_unref);
}

static void wd_window_init(WdWindow *w) {
  w->session = wd_session_new();
  w->view = wd_view_new();
}

static void wd_window_class_init(WdWindowClass *class) {
  G_OBJECT_CLASS(class)->dispose = wd_window_dispose;
  GTK_WIDGET_CLASS(class)->show = wd_window_show;
  GTK_WIDGET_CLASS(class)->size_allocate = wd_window_size_allocate;
  GTK_WINDOW_CLASS(class)->close_request = wd_window_close_request;
}

WdWindow *wd_window_new(GtkApplication *application, GSettings *settings) {
  WdWindow *w = g_object_new(WD_TYPE_WINDOW, "application", application, "title", "WaveDiffusion",
                             "icon-name", WD_APPLICATION_ID, "show-menubar", FALSE, NULL);
  w->settings = g_object_ref(settings);
  WdView *v = w->view;
  g_autofree char *view = g_settings_get_string(settings, "view");
  if (*view)
    wd_view_from_json(v, view, NULL);
  else /* the first start: what a small window has room for */
    v->second_row = g_settings_get_int(settings, "window-height") >= 900;
  wd_settings_apply_view(settings, NULL, v);
  v->place[0] = v->place[1] = v->pinned = (WdPlace){0};
  v->velocity = WD_VELOCITY_DECODED;
  v->enlarged = -1;
  v->follow = TRUE;
  const WdPolicy policy = wd_settings_get_policy(settings);
  wd_session_set_policy(w->session, &policy);
  w->wide_sidebar = v->sidebar;

  const int width = g_settings_get_int(settings, "window-width");
  gtk_window_set_default_size(GTK_WINDOW(w), width, g_settings_get_int(settings, "window-height"));
  gtk_widget_set_size_request(GTK_WIDGET(w), 640, 400);
  if (g_settings_get_boolean(settings, "window-maximized")) gtk_window_maximize(GTK_WINDOW(w));
  if (is_narrow(w, width)) {
    w->narrow = TRUE;
    v->sidebar = FALSE;
  }
  wd_actions_install(w);
  wd_files_install(w);
  wd_modes_install(w);
  wd_wavefield_install(w);
  wd_movie_install(w);
  wd_teach_install(w);
  wd_annotate_install(w);
  wd_window_build_header(w);
  wd_window_build(w);
  wd_keys_install(w);

  g_signal_connect(w->view, "changed", G_CALLBACK(on_view), w);
  g_signal_connect(w->session, "state", G_CALLBACK(on_state), w);
  g_signal_connect(w->session, "notice", G_CALLBACK(on_notice), w);
  g_signal_connect(w->session, "recording", G_CALLBACK(on_recording), w);
  g_signal_connect(w->settings, "changed", G_CALLBACK(on_setting), w);
  on_recording(w->session, w);
  wd_window_arrange(w);
  return w;
}
