/* Kilometres and seconds in place of metres and milliseconds: axes, colour bars, the crosshair's values and
 * what is heard change with the preference, at once, and come back; nothing that is data does. */
#include "tests/app/expect.h"
#include "tests/app/ui.h"

#include "app/export.h"
#include "app/open.h"
#include "app/panel_view.h"
#include "app/preferences.h"

#include <glib/gstdio.h>
#include <string.h>

static Ui ui;
static char *folder;

/* All that is looked at, of one choice of units. */
typedef struct Seen {
  char axes[600], map[120], gather[120], heard[900], status[160];
  GBytes *pixels[2];              /* of the velocity panel and the gather */
  char *values[2], *csv, *figure; /* as text; the recipe that the figure carries */
  GBytes *npy, *png;
} Seen;

static GtkWidget *find_panel(GtkWidget *root, WdPanelKind kind) {
  if (WD_IS_PANEL_VIEW(root) && wd_panel_view_get_kind(WD_PANEL_VIEW(root)) == kind) return root;
  for (GtkWidget *w = gtk_widget_get_first_child(root); w; w = gtk_widget_get_next_sibling(w)) {
    GtkWidget *found = find_panel(w, kind);
    if (found) return found;
  }
  return NULL;
}

static void add_axis(char *out, gsize size, const wd_axis *axis, const wd_units *units) {
  char label[80];
  wd_tick tick[WD_TICKS_MAX];
  const int n = wd_axis_ticks_in(axis, units, 4, tick);
  g_strlcat(out, wd_units_label(units, axis->dimension, axis->label, label, sizeof label), size);
  for (int i = 0; i < n; i++)
    if (tick[i].major) {
      g_strlcat(out, " ", size);
      g_strlcat(out, tick[i].text, size);
    }
  g_strlcat(out, "; ", size);
}

static char *in(const char *name) {
  return g_build_filename(folder, name, NULL);
}
static GBytes *bytes_of(const char *name) {
  g_autofree char *path = in(name);
  char *text = NULL;
  gsize n = 0;
  return g_file_get_contents(path, &text, &n, NULL) ? g_bytes_new_take(text, n) : NULL;
}

static void look(Seen *s) {
  *s = (Seen){0};
  g_autoptr(GError) error = NULL;
  const WdPanelKind kind[] = {WD_PANEL_VELOCITY, WD_PANEL_GATHER};
  ui_settle(&ui);
  for (int i = 0; i < 2; i++) {
    WdPanelView *view = WD_PANEL_VIEW(find_panel(GTK_WIDGET(ui.window), kind[i]));
    const WdPicture *picture = wd_panel_view_get_picture(view);
    const wd_panel *p = wd_picture_panel(picture);
    const wd_style style = wd_panel_view_get_style(view);
    const wd_axis bar = {p->range.lo, p->range.hi, .label = p->quantity, .dimension = p->dimension};
    add_axis(s->axes, sizeof s->axes, &p->x, &style.units);
    add_axis(s->axes, sizeof s->axes, &p->y, &style.units);
    add_axis(s->axes, sizeof s->axes, &bar, &style.units);
    WdReading reading;
    if (wd_picture_read(picture, 0, ui.view->x, i ? ui.view->t * 1000 : ui.view->z, &reading))
      wd_picture_reading_text(picture, &reading, i ? s->gather : s->map, sizeof s->map);
    if (!i) wd_picture_describe(picture, s->heard, sizeof s->heard);
    g_autoptr(GdkTexture) texture = wd_panel_view_get_texture(view);
    const gsize stride = 4 * (gsize)gdk_texture_get_width(texture),
                size = stride * (gsize)gdk_texture_get_height(texture);
    guchar *pixel = g_malloc(size);
    gdk_texture_download(texture, pixel, stride);
    s->pixels[i] = g_bytes_new_take(pixel, size);
    s->values[i] = wd_export_values(ui.session, ui.view, kind[i], 0);
  }
  GtkWidget *status = ui_find(ui.window, "status-cursor");
  if (status) g_strlcpy(s->status, gtk_label_get_text(GTK_LABEL(status)), sizeof s->status);
  if (!wd_export_data(ui.session, ui.view, 0, WD_DATA_VELOCITY | WD_DATA_RESIDUALS, folder, "data", NULL,
                      &error))
    printf("# %s\n", error->message);
  GBytes *csv = bytes_of("data_residuals.csv");
  s->csv = csv ? g_strndup(g_bytes_get_data(csv, NULL), g_bytes_get_size(csv)) : NULL;
  g_clear_pointer(&csv, g_bytes_unref);
  s->npy = bytes_of("data_velocity.npy");
  const WdFigureOptions options = {.width_mm = 120, .dpi = 80};
  g_autoptr(WdFigureSheet) sheet = wd_figure_sheet_new(ui.session, ui.view, 0, &options, NULL);
  g_autofree char *png = in("figure.png");
  if (sheet && wd_figure_sheet_write(sheet, png, NULL)) {
    s->figure = g_strdup(wd_figure_sheet_get(sheet)->recipe);
    s->png = bytes_of("figure.png");
  }
}

static void seen_clear(Seen *s) {
  for (int i = 0; i < 2; i++) {
    g_bytes_unref(s->pixels[i]);
    g_free(s->values[i]);
  }
  g_free(s->csv);
  g_free(s->figure);
  g_clear_pointer(&s->npy, g_bytes_unref);
  g_clear_pointer(&s->png, g_bytes_unref);
}

static gboolean same(GBytes *a, GBytes *b) {
  return a && b && g_bytes_equal(a, b);
}
static gboolean same_data(const Seen *a, const Seen *b) {
  return a->csv && !g_strcmp0(a->csv, b->csv) && same(a->npy, b->npy) && a->values[0] &&
         !g_strcmp0(a->values[0], b->values[0]) && a->values[1] && !g_strcmp0(a->values[1], b->values[1]);
}

static void choose(const char *distance, const char *time) {
  GSettings *settings = wd_application_get_settings(ui.application);
  g_settings_set_string(settings, "units-distance", distance);
  g_settings_set_string(settings, "units-time", time);
}

static void test_window(void) {
  Seen base, large, back;
  look(&base);
  ui_keep(&ui, "units-m");
  tap_ok(strstr(base.axes,
                "Distance (m) 0 200 400 600; Depth (m) 0 200 400 600; Velocity (m/s) 2000 3000 4000") &&
             strstr(base.axes, "Time (ms)"),
         "axes in m, ms and m/s: %s", base.axes);
  tap_ok(g_str_has_prefix(base.map, "x 310 m  z 240 m  ") && g_str_has_suffix(base.map, " m/s") &&
             g_str_has_prefix(base.gather, "x 310 m  t 412 ms  "),
         "so do the crosshair's values: %s; %s", base.map, base.gather);
  tap_ok(base.figure && !strstr(base.figure, "units"), "a recipe says nothing of them");

  choose("km", "s");
  look(&large);
  ui_keep(&ui, "units-km");
  tap_ok(strstr(large.axes, "Distance (km) 0 0.2 0.4 0.6; Depth (km) 0 0.2 0.4 0.6; Velocity (km/s) 2 3 4") &&
             strstr(large.axes, "Time (s)"),
         "then in km, s and km/s: %s", large.axes);
  tap_ok(g_str_has_prefix(large.map, "x 0.310 km  z 0.240 km  ") && g_str_has_suffix(large.map, " km/s") &&
             g_str_has_prefix(large.gather, "x 0.310 km  t 0.412 s  "),
         "so do the crosshair's values: %s; %s", large.map, large.gather);
  tap_ok(strstr(large.status, "x = 0.310 km   z = 0.240 km   v = ") && strstr(large.status, " km/s"),
         "and the status bar: %s (before: %s)", large.status, base.status);
  tap_ok(strstr(base.heard, "metres per second") &&
             strstr(large.heard, " kilometres per second; colours span 1.5 to 4.5"),
         "and what is heard: %s", large.heard);
  tap_ok(!same(base.pixels[0], large.pixels[0]) && !same(base.pixels[1], large.pixels[1]),
         "the panels are drawn so");
  tap_ok(same_data(&base, &large), "values, CSV and arrays that go out are the same");
  tap_ok(large.figure && strstr(large.figure, "\"units_distance\"") &&
             strstr(large.figure, "\"units_time\"") && !same(base.png, large.png),
         "a figure follows, and its recipe says so");

  choose("m", "ms");
  look(&back);
  tap_ok(!strcmp(base.axes, back.axes) && !strcmp(base.map, back.map) && !strcmp(base.gather, back.gather) &&
             !strcmp(base.heard, back.heard) && !strcmp(base.status, back.status),
         "and back: every word as before");
  tap_ok(same(base.pixels[0], back.pixels[0]) && same(base.pixels[1], back.pixels[1]) &&
             same(base.png, back.png) && !g_strcmp0(base.figure, back.figure),
         "every pixel too, on screen and in figures");
  seen_clear(&base);
  seen_clear(&large);
  seen_clear(&back);
}

/* The choice is in the preferences, and a view from a file does not bring its own. */
static void test_choice(void) {
  wd_preferences_show(GTK_WINDOW(ui.window), wd_application_get_settings(ui.application));
  ui_run(0.3);
  GtkWidget *window = ui_window(&ui, "preferences"),
            *distance = window ? ui_find(window, "units-distance") : NULL,
            *time = window ? ui_find(window, "units-time") : NULL;
  if (!tap_ok(GTK_IS_DROP_DOWN(distance) && GTK_IS_DROP_DOWN(time), "both stand in the preferences")) return;
  gtk_drop_down_set_selected(GTK_DROP_DOWN(distance), 1);
  ui_settle(&ui);
  tap_ok(ui.view->units.distance == WD_KILOMETRES && ui.view->units.time == WD_MILLISECONDS,
         "chosen there, they are in force");
  gtk_drop_down_set_selected(GTK_DROP_DOWN(time), 1);
  ui_settle(&ui);
  g_autofree char *json = wd_view_to_json(ui.view);
  const wd_units written = wd_view_units_of_json(json);
  tap_ok(wd_units_same(&written, &ui.view->units) && written.time == WD_SECONDS,
         "a view is written with them");
  choose("m", "ms");
  ui_settle(&ui);
  tap_ok(wd_view_from_json(ui.view, json, NULL) && wd_units_same(&ui.view->units, &(wd_units){0}),
         "and read without: the window keeps its own");
  const wd_units odd = wd_view_units_of_json("{\"units_distance\": \"furlong\"}"),
                 none = wd_view_units_of_json(NULL);
  tap_ok(wd_units_same(&odd, &none) && wd_units_same(&none, &(wd_units){0}), "what is not known is m and ms");
  gtk_window_close(GTK_WINDOW(window));
}

int main(void) {
  ui_need_display();
  g_autofree char *demo = wd_demo_path();
  if (!demo) {
    expect_missing("demo", "no demo in this tree");
    return tap_done();
  }
  g_autoptr(GError) error = NULL;
  g_autoptr(WdRecording) recording = wd_recording_load(demo, NULL, &error);
  folder = g_dir_make_tmp("wd-units-XXXXXX", NULL);
  if (!tap_ok(recording && folder, "the demo%s%s", error ? ": " : "", error ? error->message : ""))
    return tap_done();
  ui_start(&ui, "", 1280, 860, NULL);
  ui_show(&ui, recording, 12);
  wd_view_set_cursor(ui.view, WD_PANEL_VELOCITY, 310, 240, 0.412);
  test_window();
  test_choice();
  ui_stop(&ui);
  for (const char *const *name =
           (const char *const[]){"data_residuals.csv", "data_velocity.npy", "data.json", "figure.png", NULL};
       *name; name++) {
    g_autofree char *path = in(*name);
    g_unlink(path);
  }
  g_rmdir(folder);
  g_free(folder);
  return tap_done();
}
