/* What window*.c, actions.c and keys.c share of a window. */
#ifndef WD_WINDOW_PRIVATE_H
#define WD_WINDOW_PRIVATE_H

#include "app/notice_bar.h"
#include "app/settings.h"
#include "app/window.h"

/* A window narrower than this has no room for the run's title beside the modes. */
#define WD_TITLES_WIDTH 1100

/* One side of the window: A alone in the layout Step, A and B in Compare. */
typedef struct WdColumn {
  GtkWidget *box;            /* of all below */
  GtkWidget *title, *choice; /* Compare: letter, list of branches, place */
  GtkWidget *place;          /* label in the title */
  GtkWidget *rows;           /* paned: pair | second */
  GtkWidget *pair;           /* paned: velocity | gather */
  GtkWidget *gather, *strip; /* the gather's box with the strip of shots */
  GtkWidget *tools, *source; /* under the gathers: what they show, and the strip */
  GtkWidget *second;         /* box of the second row */
  GtkWidget *panel[WD_PANEL_KINDS];
} WdColumn;

struct _WdWindow {
  GtkApplicationWindow parent_instance;
  WdSession *session;
  WdView *view;
  GSettings *settings;
  WdRecording *recording; /* that signals are connected to */

  /* header bar */
  GtkWidget *run, *run_face, *seed, *dice, *title, *subtitle, *titles, *menu;
  /* body */
  GtkWidget *notice, *main, *beside, *pages, *overlay, *body, *content, *columns, *split, *bottom, *aside;
  GtkWidget *sidebar, *sidebar_revealer;
  GtkWidget *plot, *traces, *profiles, *timeline, *status;
  WdColumn column[2];
  /* empty page */
  GtkWidget *empty_title, *empty_text, *empty_spinner, *empty_run, *empty_recordings;

  int splits_wait;
  GPtrArray *undo, *redo; /* undo.c */
  GHashTable *names;
  gboolean undoing, comparing, narrow, low, compact, wide_sidebar, splits_set, closing, losing, dropping,
      asked, seed_was_run, updating, blink_held;
  guint narrow_idle, update_idle, splits_tick, inhibit;
};

/* window_close.c: whether the window may close now, all kept and remembered. FALSE: a person is asked first,
 * or what runs is being stopped. */
gboolean wd_window_may_close(WdWindow *w);
/* A question, not yet shown, about what is in no file: widgets NAME-question, NAME-lose, NAME-stay,
 * NAME-save. One at a time: w->asked is set, and is for the answer to clear. */
enum { WD_ANSWER_LOSE = 1, WD_ANSWER_SAVE };
typedef struct WdSaving {
  const char *name, *what, *more, *lose, *stay, *save; /* words of the three answers */
} WdSaving;
GtkWidget *wd_window_ask_saving(WdWindow *w, const WdSaving *q);
/* window_layout.c */
void wd_window_build(WdWindow *w);   /* the body */
void wd_window_arrange(WdWindow *w); /* by layout, enlarged panel, second row, width */
/* At that size of the window the second row would stand elsewhere, or the shots be drawn otherwise. */
gboolean wd_window_changes_rows(WdWindow *w, int width, int height);
void wd_window_set_splits(WdWindow *w); /* as the settings remember them */
void wd_window_store_splits(WdWindow *w);
void wd_window_show_titles(WdWindow *w); /* of the columns of a comparison */
/* window_header.c */
void wd_window_build_header(WdWindow *w);
void wd_window_show_header(WdWindow *w); /* Run or Stop, seed, title */
/* window_empty.c */
GtkWidget *wd_window_build_empty(WdWindow *w);
void wd_window_show_empty(WdWindow *w);
/* window_run.c: what Run, Branch and Resume do */
void wd_window_run(WdWindow *w, gboolean new_seed);
void wd_window_branch(WdWindow *w);
void wd_window_resume(WdWindow *w);
void wd_window_run_here(WdWindow *w);
void wd_window_begin(WdWindow *w);     /* Run, but as far as the noise: the steps are made one by one */
void wd_window_make_step(WdWindow *w); /* the next of those that are missing */
void wd_window_refine(WdWindow *w, int steps);
void wd_window_dice(WdWindow *w);
gboolean wd_window_take_seed(WdWindow *w); /* from the entry to view->next; FALSE: it is no number */
gboolean wd_window_can_resume(WdWindow *w);
/* window.c */
void wd_window_queue_update(WdWindow *w);
void wd_window_queue_splits(WdWindow *w); /* as remembered, once there is something to split */
void wd_window_leave(WdWindow *w);        /* Esc: stop, leave focus, close an overlay; one at a time */
/* keys.c */
void wd_keys_install(WdWindow *w);

#endif
