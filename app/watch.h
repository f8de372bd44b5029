/* What a widget goes by: a session's recording (whichever it is at the time), the session and the view. It is
 * told once of all that changed, before the next frame is drawn, and only while it is on screen; else when it
 * comes there. */
#ifndef WD_WATCH_H
#define WD_WATCH_H

#include "app/session.h"
#include "app/view.h"

#include <gtk/gtk.h>

typedef struct WdWatch {
  WdRecording *recording; /* the session's; not NULL before the widget is destroyed */
  /* the watch's own */
  GtkWidget *widget;
  WdSession *session;
  WdView *view;
  guint parts, what;
  int priority;
  void (*update)(gpointer user);
  gpointer user;
  gulong on_position, on_changed;
  guint idle;
} WdWatch;

/* What else is listened to than the recording's branches, and the session's state. */
enum {
  WD_WATCH_POSITIONS = 1, /* all positions of the recording */
  WD_WATCH_PLACE = 2,     /* the one on screen, side A */
  WD_WATCH_FRAMES = 4     /* pictures of what is looked at */
};

/* widget: the watch goes with it. parts: WdViewPart. priority: of the main loop; 0: before the next frame.
 * update is called once soon. */
WdWatch *wd_watch_new(GtkWidget *widget, WdSession *session, WdView *view, guint parts, guint what,
                      int priority, void (*update)(gpointer user), gpointer user);
void wd_watch_queue(WdWatch *watch);

#endif
