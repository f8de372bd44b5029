/* The wavefield as a person uses it: shown, played, scrubbed, probed, compared, another shot, another step,
 * exported as pictures and as an MP4, left. Real window, mouse and keys, the recorded demo, no model. */
#include "tests/app/expect.h"
#include "tests/app/ui.h"

#include "app/import.h"
#include "app/notice_bar.h"
#include "app/open.h"
#include "app/wavefield_view.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static Ui ui;
static char *folder;

static WdWavefieldCanvas *canvas(void) {
  return WD_WAVEFIELD_CANVAS(ui_find(ui.window, "wavefield-canvas"));
}
static WdWavefield *field(void) {
  return wd_session_get_wavefield(ui.session, NULL, NULL);
}
static gboolean has_field(gpointer pair) {
  return field() && (!pair || field()->ask.pair != pair);
}
static gboolean has_shot(gpointer shot) {
  return field() && field()->movie.shot == GPOINTER_TO_INT(shot);
}
static gboolean has_margin(gpointer yes) {
  return field() && (field()->movie.padded != NULL) == (yes != NULL);
}
static gboolean is_beyond(gpointer step) {
  return ui.view->wave.step > GPOINTER_TO_INT(step);
}
static gboolean is_shown(gpointer name) {
  return ui_find(ui.window, name) != NULL;
}
static gboolean has_window(gpointer name) {
  return ui_window(&ui, name) != NULL;
}
static gboolean has_no_window(gpointer name) {
  return ui_window(&ui, name) == NULL;
}
static gboolean notice_says(gpointer text) {
  GtkWidget *bar = ui_find_type(ui.window, WD_TYPE_NOTICE_BAR);
  return bar && wd_notice_bar_is_shown(WD_NOTICE_BAR(bar)) &&
         strstr(wd_notice_bar_get_text(WD_NOTICE_BAR(bar)), text) != NULL;
}

/* A place of a picture as parts of the canvas. */
static gboolean place(WdWavefieldPlace which, double u, double v, double *fx, double *fy) {
  wd_rect r;
  WdWavefieldCanvas *c = canvas();
  if (!c || !wd_wavefield_canvas_place(c, which, &r)) return FALSE;
  *fx = (r.x + u * r.width) / gtk_widget_get_width(GTK_WIDGET(c));
  *fy = (r.y + v * r.height) / gtk_widget_get_height(GTK_WIDGET(c));
  return TRUE;
}

static void show(void) {
  wd_view_go(ui.view, wd_session_get_recording(ui.session), 0,
             wd_recording_nth(wd_session_get_recording(ui.session), 0)->id, 16);
  ui.view->playing = FALSE;
  wd_view_changed(ui.view, WD_VIEW_PLAY);
  ui_settle(&ui);
  const gint64 start = g_get_monotonic_time();
  ui_key(&ui, "u");
  tap_ok(ui_wait(is_shown, (gpointer) "wavefield-canvas", 10), "U shows the wavefield");
  if (!tap_ok(ui_wait(has_field, NULL, 60), "it is made without a model")) exit(tap_done());
  printf("# playable %.0f ms after the key; %.0f ms to make, %.1f MB\n",
         (double)(g_get_monotonic_time() - start) / 1000, 1000 * field()->movie.seconds,
         (double)wd_movie_bytes(&field()->movie) / 1e6);
  tap_ok(field()->movie.mode == WD_WAVE_EXACT && field()->movie.shot == 2 && field()->movie.frames == 1001,
         "in exact mode, of the middle shot, every step");
  ui_settle(&ui);
  UiPicture p;
  gboolean taken = FALSE;
  for (int i = 0; i < 40 && !taken; i++, ui_run(0.05)) /* it plays already: not between two frames */
    taken = ui_widget_picture(&ui, GTK_WIDGET(canvas()), &p);
  tap_ok(taken && ui_colours(&p) > 200, "and drawn: %d colours", taken ? ui_colours(&p) : 0);
  ui_picture_clear(&p);
}

static double cpu(void) {
  return (double)clock() / CLOCKS_PER_SEC;
}

static guint drawn; /* frames, wanted */
static gboolean has_drawn(gpointer user) {
  (void)user;
  return wd_wavefield_canvas_frames(canvas()) >= drawn;
}

static void play(void) {
  if (!ui.view->wave.playing) ui_key(&ui, "space"); /* it plays by itself where motion is wanted */
  tap_ok(ui_wait(is_beyond, GINT_TO_POINTER(20), 20), "it plays");
  const guint before = wd_wavefield_canvas_frames(canvas());
  const double spent = cpu();
  const gint64 start = g_get_monotonic_time();
  const int from = ui.view->wave.step;
  drawn = before + 4;
  const gboolean moving = ui_wait(has_drawn, NULL, 5);
  if (moving) ui_run(1); /* for the figures below */
  const double seconds = (double)(g_get_monotonic_time() - start) * 1e-6,
               frames = wd_wavefield_canvas_frames(canvas()) - before;
  printf("# playing: %.1f frames a second, %.1f ms of processor a frame, %.0f ms of wave in a second\n",
         frames / seconds, 1e3 * (cpu() - spent) / fmax(frames, 1), (ui.view->wave.step - from) / seconds);
  tap_ok(moving, "frames are drawn: %.0f in %.1f s", frames, seconds);
  ui_keep(&ui, "wavefield-playing");
  ui_key(&ui, "space");
  ui_settle(&ui);
  const int at = ui.view->wave.step;
  ui_run(0.3);
  tap_ok(!ui.view->wave.playing && ui.view->wave.step == at, "Space pauses at %d ms", at);
  ui_key(&ui, "comma");
  ui_settle(&ui);
  tap_ok(ui.view->wave.step == at - 1, "comma goes a step back");
  ui_key(&ui, "shift+Right");
  ui_settle(&ui);
  tap_ok(ui.view->wave.step == at + 9, "Shift+Right goes ten on");
  ui_key(&ui, "Home");
  ui_settle(&ui);
  tap_ok(ui.view->wave.step == 0, "Home is rest");
  const double speed = ui.view->wave.speed;
  ui_key(&ui, "bracketright");
  ui_settle(&ui);
  tap_ok(ui.view->wave.speed > speed, "] plays faster");
}

static void scrub_and_probe(void) {
  double fx, fy, tx, ty;
  place(WD_PLACE_GATHER, 0.5, 0.3, &fx, &fy);
  ui_click(GTK_WIDGET(canvas()), fx, fy, 1);
  ui_settle(&ui);
  tap_ok(abs(ui.view->wave.step - 300) < 12, "a click in the gather goes to its time: %d ms",
         ui.view->wave.step);
  place(WD_PLACE_GATHER, 0.5, 0.6, &tx, &ty);
  ui_drag(GTK_WIDGET(canvas()), fx, fy, tx, ty, 6);
  ui_settle(&ui);
  tap_ok(abs(ui.view->wave.step - 600) < 12, "a drag scrubs: %d ms", ui.view->wave.step);
  place(WD_PLACE_MAP, 0.25, 0.5, &fx, &fy);
  ui_click(GTK_WIDGET(canvas()), fx, fy, 1);
  ui_settle(&ui);
  const WdWaveLook *look = &ui.view->wave;
  tap_ok(look->probe && fabs(look->probe_x - 170) < 15 && fabs(look->probe_z - 345) < 15,
         "a click on the map puts the probe there: %.0f m, %.0f m", look->probe_x, look->probe_z);
  int count;
  const double *trace = wd_wavefield_probe(wd_wavefield_canvas_get_scene(canvas()), &count);
  const wd_movie *m = &field()->movie;
  const int cell = (int)lround(look->probe_z / 10) * m->nx + (int)lround(look->probe_x / 10);
  int wrong = trace ? 0 : 1000;
  for (int i = 0; trace && i < count; i++) wrong += trace[i] != (double)wd_movie_frame(m, i + 1)[cell];
  tap_ok(count == 1000 && wrong == 0, "its trace is the field there: %d samples differ", wrong);
  const double x = look->probe_x;
  ui_key(&ui, "alt+Right");
  ui_settle(&ui);
  tap_ok(look->probe_x == x + 10, "Alt+Right moves it by a cell");
  place(WD_PLACE_TRACE, 0.4, 0.5, &fx, &fy);
  ui_click(GTK_WIDGET(canvas()), fx, fy, 1);
  ui_settle(&ui);
  tap_ok(abs(look->step - 400) < 12, "a click in the trace goes to its time: %d ms", look->step);
  ui_scroll(GTK_WIDGET(canvas()), fx, fy, 2);
  ui_settle(&ui);
  tap_ok(look->step > 405, "the wheel goes on: %d ms", look->step);
}

static void options(void) {
  WdWaveLook *look = &ui.view->wave;
  const gboolean lines = look->isochrones;
  ui_key(&ui, "g");
  ui_settle(&ui);
  tap_ok(look->isochrones != lines, "G switches the isochrones");
  const WdWaveCompare compare = look->compare;
  ui_key(&ui, "d");
  ui_settle(&ui);
  tap_ok(look->compare == (compare + 1) % WD_WAVE_COMPARES, "D compares in another way");
  ui_keep(&ui, "wavefield-beside");
  const double clip = wd_wavefield_clip(wd_wavefield_canvas_get_scene(canvas()));
  ui_key(&ui, "Page_Up");
  ui_settle(&ui);
  tap_ok(fabs(wd_wavefield_clip(wd_wavefield_canvas_get_scene(canvas())) - clip / 1.1) < 1e-6 * clip,
         "Page Up clips 10 %% lower");
  ui_key(&ui, "r");
  ui_settle(&ui);
  tap_ok(look->clip == 0, "R takes the movie's own again");
  ui_key(&ui, "a");
  tap_ok(ui_wait(has_margin, (gpointer)1, 60), "A shows the absorbing margin");
  ui_settle(&ui);
  tap_ok(wd_wavefield_map(wd_wavefield_canvas_get_scene(canvas()), WD_SCENE_ALL)->rows == 310,
         "of 120 cells on each side");
  ui_keep(&ui, "wavefield-margin");
  ui_key(&ui, "a");
  ui_wait(has_margin, NULL, 60);
  ui_key(&ui, "1");
  tap_ok(ui_wait(has_shot, GINT_TO_POINTER(0), 60), "1 is the first shot");
  WdPair *pair = field()->ask.pair;
  wd_view_go(ui.view, wd_session_get_recording(ui.session), 0, ui.view->place[0].branch, 8);
  tap_ok(ui_wait(has_field, pair, 60), "another step of the run is another wavefield");
  ui_settle(&ui);
}

/* An ffmpeg that writes down what it was asked and makes a file; or one that fails. */
static void stand_in(const char *script) {
  g_autofree char *program = g_build_filename(folder, "ffmpeg", NULL);
  g_file_set_contents(program, script, -1, NULL);
  g_chmod(program, 0755);
}

static gboolean fill_in(const char *path, guint kind) {
  GtkWidget *dialog = ui_window(&ui, "export-movie");
  if (!dialog) return FALSE;
  gtk_drop_down_set_selected(GTK_DROP_DOWN(ui_find(dialog, "movie-format")), kind);
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(ui_find(dialog, "movie-speed")), 2000);
  GtkSpinButton *dpi = GTK_SPIN_BUTTON(ui_find(dialog, "movie-dpi"));
  gtk_spin_button_set_value(dpi,
                            gtk_spin_button_get_value(dpi) == 40 ? 50 : 40); /* ffmpeg is looked for again */
  gtk_editable_set_text(GTK_EDITABLE(ui_find(dialog, "movie-path")), path);
  ui_settle(&ui);
  return TRUE;
}

static void press(const char *button) {
  GtkWidget *dialog = ui_window(&ui, "export-movie");
  ui_focus(dialog);
  ui_click(ui_find(dialog, button), 0.5, 0.5, 1);
}

/* Kind and ending follow each other. */
static void kinds(GtkWidget *dialog) {
  GtkDropDown *kind = GTK_DROP_DOWN(ui_find(dialog, "movie-format"));
  GtkEditable *path = GTK_EDITABLE(ui_find(dialog, "movie-path"));
  gtk_editable_set_text(path, "/tmp/a.webm");
  tap_ok(gtk_drop_down_get_selected(kind) == 2, "a name that ends in .webm is a WebM");
  gtk_editable_set_text(path, "/tmp/a.GIF");
  tap_ok(gtk_drop_down_get_selected(kind) == 3, "one that ends in .GIF a GIF");
  gtk_drop_down_set_selected(kind, 1);
  tap_ok(!strcmp(gtk_editable_get_text(path), "/tmp/a.mp4"), "another kind changes the ending: %s",
         gtk_editable_get_text(path));
  gtk_drop_down_set_selected(kind, 0);
  tap_ok(!strcmp(gtk_editable_get_text(path), "/tmp/a"), "and a folder takes it away: %s",
         gtk_editable_get_text(path));
  gtk_drop_down_set_selected(kind, 3);
  GtkSpinButton *fps = GTK_SPIN_BUTTON(ui_find(dialog, "movie-fps"));
  const double before = gtk_spin_button_get_value(fps);
  gtk_spin_button_set_value(fps, 60);
  tap_ok(strstr(gtk_label_get_text(GTK_LABEL(ui_find(dialog, "movie-note"))), "at most 50") &&
             !gtk_widget_get_sensitive(ui_find(dialog, "movie-write")),
         "a GIF of 60 frames a second is refused, with the reason: %s",
         gtk_label_get_text(GTK_LABEL(ui_find(dialog, "movie-note"))));
  gtk_spin_button_set_value(fps, before);
}

static void export(void) {
  g_autofree char *frames = g_build_filename(folder, "frames", NULL),
                  *mp4 = g_build_filename(folder, "wave.mp4", NULL),
                  *path = g_strconcat(folder, ":", g_getenv("PATH"), NULL), *old = g_strdup(g_getenv("PATH"));
  ui_click(ui_find(ui.window, "wave-export"), 0.5, 0.5, 1);
  if (!tap_ok(ui_wait(has_window, (gpointer) "export-movie", 10), "Export opens its window")) return;
  fill_in(frames, 0);
  ui_keep(&ui, "wavefield-export");
  press("movie-write");
  tap_ok(ui_wait(notice_says, (gpointer) "Movie exported: frames", 60), "pictures are written");
  g_autofree char *third = g_build_filename(frames, "frame-0003.png", NULL),
                  *recipe = wd_import_read_recipe(third, NULL);
  tap_ok(recipe && strstr(recipe, "\"step\": 333"), "each with its recipe and its own time");

  ui_click(ui_find(ui.window, "wave-export"), 0.5, 0.5, 1);
  if (!ui_wait(has_window, (gpointer) "export-movie", 10)) return;
  g_setenv("PATH", "/nonexistent", TRUE);
  fill_in(mp4, 1);
  GtkWidget *dialog = ui_window(&ui, "export-movie");
  tap_ok(strstr(gtk_label_get_text(GTK_LABEL(ui_find(dialog, "movie-note"))), "not on the PATH") &&
             !gtk_widget_get_sensitive(ui_find(dialog, "movie-write")),
         "without ffmpeg an MP4 is not offered, and it says why");
  kinds(dialog);
  g_setenv("PATH", path, TRUE);
  stand_in("#!/bin/sh\nfor a; do last=$a; done\necho video > \"$last\"\n");
  fill_in(mp4, 1);
  press("movie-write");
  tap_ok(ui_wait(notice_says, (gpointer) "Movie exported: wave.mp4", 60) &&
             g_file_test(mp4, G_FILE_TEST_EXISTS),
         "with one it is made");
  g_autofree char *beside = g_strconcat(mp4, ".json", NULL);
  tap_ok(g_file_test(beside, G_FILE_TEST_EXISTS), "its recipe stands beside it");

  g_autofree char *gif = g_build_filename(folder, "wave.gif", NULL), *asked = NULL,
                  *log = g_build_filename(folder, "log", NULL),
                  *script = g_strdup_printf(
                      "#!/bin/sh\necho \"$@\" >> %s\nfor a; do last=$a; done\necho video > \"$last\"\n", log);
  stand_in(script);
  ui_click(ui_find(ui.window, "wave-export"), 0.5, 0.5, 1);
  ui_wait(has_window, (gpointer) "export-movie", 10);
  fill_in(gif, 0);
  press("movie-write");
  tap_ok(ui_wait(notice_says, (gpointer) "Movie exported: wave.gif", 60) &&
             g_file_test(gif, G_FILE_TEST_EXISTS),
         "a name that ends in .gif makes a GIF");
  g_file_get_contents(log, &asked, NULL, NULL);
  g_auto(GStrv) calls = g_strsplit(asked ? asked : "", "\n", -1);
  tap_ok(g_strv_length(calls) == 3 && strstr(calls[0], "palettegen") && strstr(calls[1], "paletteuse"),
         "in two passes, the palette first: %s", asked);

  stand_in("#!/bin/sh\nexec sleep 60\n");
  g_unlink(mp4);
  ui_click(ui_find(ui.window, "wave-export"), 0.5, 0.5, 1);
  ui_wait(has_window, (gpointer) "export-movie", 10);
  fill_in(mp4, 1);
  press("movie-write");
  ui_run(1.5);
  press("movie-cancel");
  tap_ok(ui_wait(notice_says, (gpointer) "cancelled", 20) && !g_file_test(mp4, G_FILE_TEST_EXISTS),
         "Cancel ends it, and nothing is there");
  gtk_window_close(GTK_WINDOW(ui_window(&ui, "export-movie")));
  ui_wait(has_no_window, (gpointer) "export-movie", 5);
  g_setenv("PATH", old, TRUE);
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  int left = 0;
  for (const char *name; (name = g_dir_read_name(dir));) left += name[0] == '.';
  tap_ok(left == 0, "no half-made file is left: %d", left);
}

int main(void) {
  ui_need_display();
  folder = g_dir_make_tmp("wd-wave-XXXXXX", NULL);
  g_autofree char *demo = wd_demo_path();
  if (!demo) {
    expect_missing("demo", "no demo in this tree");
    return tap_done();
  }
  ui_start(&ui, "", 1100, 760, NULL);
  g_action_group_activate_action(G_ACTION_GROUP(ui.window), "demo", NULL);
  ui_settle(&ui);
  show();
  play();
  scrub_and_probe();
  options();
  export();
  ui_focus(GTK_WIDGET(ui.window));
  gtk_widget_grab_focus(GTK_WIDGET(canvas()));
  ui_key(&ui, "Escape");
  ui_settle(&ui);
  tap_ok(!ui.view->wave.shown && !ui_find(ui.window, "wavefield-canvas"), "Esc leaves it");
  ui_run(0.2);
  tap_ok(!field(), "and its memory is given back");
  ui_stop(&ui);
  g_autofree char *remove = g_strdup_printf("rm -rf '%s'", folder);
  return system(remove) == 0 ? tap_done() : 1;
}
