/* For tests that use the window as a person does: the real application and window in this process, mouse and
 * keys through the X server (xdotool), and a look at state and pixels. Run them by display.sh. */
#ifndef WD_TEST_UI_H
#define WD_TEST_UI_H

#include "app/application.h"
#include "tests/tap.h"

typedef struct Ui {
  WdApplication *application;
  WdWindow *window; /* NULL once it has been closed */
  WdSession *session;
  WdView *view;
  gboolean ran; /* a run has begun since the last mouse or key, though it may be over by now */
} Ui;

/* The whole program prints a plan and ends, all skipped, when there is no display or no xdotool. */
void ui_need_display(void);
/* Opens the window and waits until it is on screen and has the focus. model: NULL the shipped one, "" none,
 * or a name; its loading goes on. width 0: the size that the settings remember. settings: KEY, VALUE
 * (GVariant text), ..., NULL, applied before. */
void ui_start(Ui *ui, const char *model, int width, int height, const char *const *settings);
/* The window shows this recording, at a step of its first branch. */
void ui_show(Ui *ui, WdRecording *recording, int step);
void ui_stop(Ui *ui); /* destroys window and application */

/* Runs the main loop until `done` says so; FALSE after `seconds`, on a machine that others use several times
 * that (expect.h). */
gboolean ui_wait(gboolean (*done)(gpointer), gpointer user, double seconds);
void ui_run(double seconds); /* runs the main loop that long */
/* RUNNING: or has been since the last mouse or key: a short run may begin and end while a frame is drawn. */
gboolean ui_wait_state(Ui *ui, WdSessionState state, double seconds);
gboolean ui_wait_model(Ui *ui, double seconds); /* a model is there and idle */
/* Until the main loop has nothing to do and all is drawn. */
void ui_settle(Ui *ui);

/* The mapped widget of that name below root; NULL: none. */
GtkWidget *ui_find(gpointer root, const char *name);
GtkWidget *ui_find_type(gpointer root, GType type);
/* Another window of the application by its widget name, a dialog say; NULL: none. */
GtkWidget *ui_window(Ui *ui, const char *name);

/* Mouse. fx, fy: place in the widget, 0..1. button 1 left, 2 middle, 3 right. FALSE: the widget is not there.
 */
gboolean ui_click(GtkWidget *widget, double fx, double fy, int button);
gboolean ui_double_click(GtkWidget *widget, double fx, double fy);
gboolean ui_move(GtkWidget *widget, double fx, double fy);
gboolean ui_drag(GtkWidget *widget, double fx, double fy, double to_fx, double to_fy, int steps);
gboolean ui_press(GtkWidget *widget, double fx, double fy); /* the left button, held */
void ui_release(void);
gboolean ui_scroll(GtkWidget *widget, double fx, double fy, int clicks); /* > 0: down */
/* Keys, of whatever has the focus. key: as xdotool names them: "space", "ctrl+k", "shift+Left". */
void ui_key(Ui *ui, const char *key);
void ui_key_down(Ui *ui, const char *key);
void ui_key_up(Ui *ui, const char *key);
void ui_type(Ui *ui, const char *text);
void ui_focus(GtkWidget *widget); /* gives the keyboard to the window that the widget is in */

/* The window's picture, once it has one: between a change and the next frame there is none. To be
 * unreferenced. */
GdkTexture *ui_texture(Ui *ui, double scale);

/* Pixels of a window, 0xAARRGGBB premultiplied. */
typedef struct UiPicture {
  int width, height;
  guint32 *pixel;
} UiPicture;
gboolean ui_picture(Ui *ui, UiPicture *out);
void ui_picture_clear(UiPicture *picture);
/* Of one widget, cut out of its window's picture. */
gboolean ui_widget_picture(Ui *ui, GtkWidget *widget, UiPicture *out);
/* Different colours in it: 1 is a blank. Counts up to 4096. */
int ui_colours(const UiPicture *picture);
/* Saves a picture of the window where WD_TEST_PICTURES says, for people; nothing where it is not set. */
void ui_keep(Ui *ui, const char *name);

#endif
