#include "tests/app/ui.h"

#include "app/screenshot.h"
#include "app/settings.h"
#include "tests/app/expect.h"

#include <gdk/x11/gdkx.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void ui_need_display(void) {
  const char *why = NULL;
  g_autofree char *tool = g_find_program_in_path("xdotool");
  if (!tool) why = "no xdotool here";
  if (!why && !gtk_init_check()) why = "no display could be had";
  if (!why && !GDK_IS_X11_DISPLAY(gdk_display_get_default())) why = "the display is no X11 display";
  if (!why) return;
  const char *need = g_getenv("WD_NEED_DISPLAY");
  printf(need && *need ? "Bail out! %s\n" : "1..0 # SKIP %s\n", why);
  exit(need && *need ? 1 : 0);
}

static gboolean on_time(gpointer over) {
  *(gboolean *)over = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean run_until(gboolean (*done)(gpointer), gpointer user, double seconds) {
  gboolean over = FALSE;
  const guint timer = g_timeout_add((guint)(seconds * 1e3), on_time, &over);
  gboolean good = done(user);
  while (!good && !over) {
    g_main_context_iteration(NULL, TRUE);
    good = done(user);
  }
  if (!over) g_source_remove(timer);
  return good;
}

gboolean ui_wait(gboolean (*done)(gpointer), gpointer user, double seconds) {
  return run_until(done, user, seconds * EXPECT_PATIENCE);
}

static gboolean never(gpointer user) {
  (void)user;
  return FALSE;
}

void ui_run(double seconds) {
  run_until(never, NULL, seconds);
}

typedef struct Wanted {
  Ui *ui;
  WdSessionState state;
} Wanted;

static gboolean has_state(gpointer user) {
  const Wanted *w = user;
  return !w->ui->window || wd_session_get_state(w->ui->session) == w->state ||
         (w->state == WD_SESSION_RUNNING && w->ui->ran);
}

gboolean ui_wait_state(Ui *ui, WdSessionState state, double seconds) {
  Wanted wanted = {ui, state};
  return ui_wait(has_state, &wanted, seconds) && ui->window;
}

static gboolean has_model(gpointer user) {
  Ui *ui = user;
  return wd_session_get_model(ui->session) && wd_session_get_state(ui->session) == WD_SESSION_IDLE;
}

void ui_settle(Ui *ui) {
  (void)ui;
  /* What plays never comes to rest: not for longer than this. */
  const gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC / 2;
  for (int i = 0; i < 4; i++) {
    ui_run(0.04);
    while (g_main_context_pending(NULL) && g_get_monotonic_time() < end)
      g_main_context_iteration(NULL, FALSE);
  }
}

/* Settled then: what may be done with a model is told to keys and buttons when nothing else is left to do. */
gboolean ui_wait_model(Ui *ui, double seconds) {
  if (!ui_wait(has_model, ui, seconds)) return FALSE;
  ui_settle(ui);
  return TRUE;
}

/* ---- mouse and keys */

static Ui *shown; /* whose window is open */

static void on_state(WdSession *session, Ui *ui) {
  if (wd_session_get_state(session) == WD_SESSION_RUNNING) ui->ran = TRUE;
}

static void tool(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void tool(const char *format, ...) {
  if (shown) shown->ran = FALSE;
  va_list ap;
  va_start(ap, format);
  g_autofree char *rest = g_strdup_vprintf(format, ap);
  va_end(ap);
  g_autofree char *line = g_strconcat("xdotool ", rest, NULL);
  g_autoptr(GError) error = NULL;
  if (!g_spawn_command_line_sync(line, NULL, NULL, NULL, &error))
    tap_ok(FALSE, "%s: %s", line, error->message);
  ui_run(0.06);
}

static unsigned long window_of(GtkWidget *widget) {
  GtkNative *native = gtk_widget_get_native(widget);
  GdkSurface *surface = native ? gtk_native_get_surface(native) : NULL;
  return surface ? gdk_x11_surface_get_xid(surface) : 0;
}

static gboolean place_of(GtkWidget *widget, double fx, double fy, unsigned long *window, int *x, int *y) {
  if (!widget || !gtk_widget_get_mapped(widget)) return FALSE;
  GtkNative *native = gtk_widget_get_native(widget);
  double wx, wy, sx, sy;
  gtk_widget_translate_coordinates(widget, GTK_WIDGET(native), fx * gtk_widget_get_width(widget),
                                   fy * gtk_widget_get_height(widget), &wx, &wy);
  gtk_native_get_surface_transform(native, &sx, &sy);
  const int scale = gtk_widget_get_scale_factor(widget);
  *window = window_of(widget);
  *x = (int)lround((wx + sx) * scale);
  *y = (int)lround((wy + sy) * scale);
  return *window != 0;
}

void ui_focus(GtkWidget *widget) {
  const unsigned long window = window_of(widget);
  if (window) tool("windowfocus %lu", window);
}

gboolean ui_move(GtkWidget *widget, double fx, double fy) {
  unsigned long window;
  int x, y;
  if (!place_of(widget, fx, fy, &window, &x, &y)) return FALSE;
  tool("mousemove --window %lu %d %d", window, x, y);
  return TRUE;
}

gboolean ui_click(GtkWidget *widget, double fx, double fy, int button) {
  if (!ui_move(widget, fx, fy)) return FALSE;
  tool("click %d", button);
  return TRUE;
}

gboolean ui_double_click(GtkWidget *widget, double fx, double fy) {
  if (!ui_move(widget, fx, fy)) return FALSE;
  tool("click --repeat 2 --delay 60 1");
  return TRUE;
}

gboolean ui_drag(GtkWidget *widget, double fx, double fy, double to_fx, double to_fy, int steps) {
  if (!ui_move(widget, fx, fy)) return FALSE;
  tool("mousedown 1");
  for (int i = 1; i <= steps; i++)
    ui_move(widget, fx + (to_fx - fx) * i / steps, fy + (to_fy - fy) * i / steps);
  tool("mouseup 1");
  return TRUE;
}

gboolean ui_press(GtkWidget *widget, double fx, double fy) {
  if (!ui_move(widget, fx, fy)) return FALSE;
  tool("mousedown 1");
  return TRUE;
}
void ui_release(void) {
  tool("mouseup 1");
}

gboolean ui_scroll(GtkWidget *widget, double fx, double fy, int clicks) {
  if (!ui_move(widget, fx, fy)) return FALSE;
  tool("click --repeat %d --delay 30 %d", abs(clicks), clicks > 0 ? 5 : 4);
  return TRUE;
}

void ui_key(Ui *ui, const char *key) {
  (void)ui;
  tool("key %s", key);
}
void ui_key_down(Ui *ui, const char *key) {
  (void)ui;
  tool("keydown %s", key);
}
void ui_key_up(Ui *ui, const char *key) {
  (void)ui;
  tool("keyup %s", key);
}
void ui_type(Ui *ui, const char *text) {
  (void)ui;
  g_autofree char *quoted = g_shell_quote(text);
  tool("type --delay 15 %s", quoted);
}

/* ---- finding */

GtkWidget *ui_find(gpointer root, const char *name) {
  if (!root) return NULL;
  if (!strcmp(gtk_widget_get_name(root), name) && gtk_widget_get_mapped(root)) return root;
  for (GtkWidget *c = gtk_widget_get_first_child(root); c; c = gtk_widget_get_next_sibling(c)) {
    GtkWidget *found = ui_find(c, name);
    if (found) return found;
  }
  return NULL;
}

GtkWidget *ui_find_type(gpointer root, GType type) {
  if (!root) return NULL;
  if (G_TYPE_CHECK_INSTANCE_TYPE(root, type) && gtk_widget_get_mapped(root)) return root;
  for (GtkWidget *c = gtk_widget_get_first_child(root); c; c = gtk_widget_get_next_sibling(c)) {
    GtkWidget *found = ui_find_type(c, type);
    if (found) return found;
  }
  return NULL;
}

GtkWidget *ui_window(Ui *ui, const char *name) {
  (void)ui;
  GtkWidget *found = NULL;
  GList *all = gtk_window_list_toplevels();
  for (GList *l = all; l; l = l->next)
    if (!strcmp(gtk_widget_get_name(l->data), name) && gtk_widget_get_visible(l->data)) found = l->data;
  g_list_free(all);
  return found;
}

/* ---- the window */

static gboolean is_active(gpointer user) {
  Ui *ui = user;
  return gtk_widget_get_mapped(GTK_WIDGET(ui->window)) && gtk_window_is_active(GTK_WINDOW(ui->window));
}

static gboolean is_mapped(gpointer user) {
  Ui *ui = user;
  return gtk_widget_get_mapped(GTK_WIDGET(ui->window)) && gtk_widget_get_width(GTK_WIDGET(ui->window)) > 1;
}

void ui_start(Ui *ui, const char *model, int width, int height, const char *const *settings) {
  g_autoptr(GError) error = NULL;
  *ui = (Ui){0};
  ui->application = wd_application_new(&error);
  if (!ui->application) g_error("%s", error->message);
  g_application_set_flags(G_APPLICATION(ui->application),
                          g_application_get_flags(G_APPLICATION(ui->application)) | G_APPLICATION_NON_UNIQUE);
  if (!g_application_register(G_APPLICATION(ui->application), NULL, &error)) g_error("%s", error->message);
  GSettings *s = wd_application_get_settings(ui->application);
  for (; settings && settings[0]; settings += 2) {
    g_autoptr(GVariant) value = g_variant_parse(NULL, settings[1], NULL, NULL, &error);
    if (!value || !g_settings_set_value(s, settings[0], value)) g_error("setting %s", settings[0]);
  }
  if (width > 0) {
    g_settings_set_int(s, "window-width", width);
    g_settings_set_int(s, "window-height", height);
  }
  ui->window = wd_application_open_window(ui->application, model, NULL);
  g_object_add_weak_pointer(G_OBJECT(ui->window), (gpointer *)&ui->window);
  ui->session = wd_window_get_session(ui->window);
  ui->view = wd_window_get_view(ui->window);
  g_signal_connect(ui->session, "state", G_CALLBACK(on_state), ui);
  shown = ui;
  gtk_window_present(GTK_WINDOW(ui->window));
  ui_wait(is_mapped, ui, 20);
  ui_settle(ui);
  /* Nobody manages windows here. Once at least: a window under the pointer is active without the focus. */
  for (int i = 0; i < 20 && (!i || !is_active(ui)); i++) {
    ui_focus(GTK_WIDGET(ui->window));
    ui_wait(is_active, ui, 0.5);
  }
}

void ui_show(Ui *ui, WdRecording *recording, int step) {
  wd_session_set_recording(ui->session, recording);
  ui_settle(ui);
  wd_view_go(ui->view, recording, 0, wd_recording_nth(recording, 0)->id, step);
  ui_run(0.5);
}

void ui_stop(Ui *ui) {
  if (ui->window) {
    g_object_remove_weak_pointer(G_OBJECT(ui->window), (gpointer *)&ui->window);
    g_signal_handlers_disconnect_by_data(ui->session, ui);
    gtk_window_destroy(GTK_WINDOW(ui->window));
    ui->window = NULL;
  }
  shown = NULL;
  ui_run(0.05);
  g_signal_emit_by_name(ui->application, "shutdown");
  g_clear_object(&ui->application);
  g_application_set_default(NULL);
}

/* ---- pixels */

GdkTexture *ui_texture(Ui *ui, double scale) {
  GdkTexture *texture = NULL;
  const gint64 end = g_get_monotonic_time() + (gint64)(5 * EXPECT_PATIENCE) * G_USEC_PER_SEC;
  while (ui->window && !(texture = wd_screenshot_take(GTK_WINDOW(ui->window), scale, NULL)) &&
         g_get_monotonic_time() < end)
    ui_run(0.02);
  return texture;
}

gboolean ui_picture(Ui *ui, UiPicture *out) {
  *out = (UiPicture){0};
  g_autoptr(GdkTexture) texture = ui_texture(ui, 1);
  if (!texture) return FALSE;
  out->width = gdk_texture_get_width(texture);
  out->height = gdk_texture_get_height(texture);
  out->pixel = g_new(guint32, (gsize)out->width * (gsize)out->height);
  gdk_texture_download(texture, (guchar *)out->pixel, (gsize)out->width * 4);
  return TRUE;
}

void ui_picture_clear(UiPicture *picture) {
  g_free(picture->pixel);
  *picture = (UiPicture){0};
}

gboolean ui_widget_picture(Ui *ui, GtkWidget *widget, UiPicture *out) {
  UiPicture all;
  double x, y;
  *out = (UiPicture){0};
  if (!widget || !gtk_widget_get_mapped(widget) || !ui_picture(ui, &all)) return FALSE;
  gtk_widget_translate_coordinates(widget, GTK_WIDGET(ui->window), 0, 0, &x, &y);
  const int x0 = CLAMP((int)lround(x), 0, all.width), y0 = CLAMP((int)lround(y), 0, all.height);
  out->width = MIN(gtk_widget_get_width(widget), all.width - x0);
  out->height = MIN(gtk_widget_get_height(widget), all.height - y0);
  out->pixel = g_new(guint32, (gsize)MAX(out->width, 1) * (gsize)MAX(out->height, 1));
  for (int r = 0; r < out->height; r++)
    memcpy(out->pixel + (gsize)r * (gsize)out->width, all.pixel + (gsize)(y0 + r) * (gsize)all.width + x0,
           (gsize)out->width * 4);
  ui_picture_clear(&all);
  return out->width > 0 && out->height > 0;
}

int ui_colours(const UiPicture *picture) {
  g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
  const gsize n = (gsize)picture->width * (gsize)picture->height;
  for (gsize i = 0; i < n && g_hash_table_size(seen) < 4096; i++)
    g_hash_table_add(seen, GUINT_TO_POINTER(picture->pixel[i]));
  return (int)g_hash_table_size(seen);
}

void ui_keep(Ui *ui, const char *name) {
  const char *folder = g_getenv("WD_TEST_PICTURES");
  if (!folder || !*folder || !ui->window) return;
  g_autofree char *path = g_strdup_printf("%s/%s-%s.png", folder, name, g_getenv("WD_GL_MODE"));
  g_autoptr(GdkTexture) drawn = ui_texture(ui, 1);
  if (drawn) wd_screenshot_save(GTK_WINDOW(ui->window), 1, NULL, path, NULL);
}
