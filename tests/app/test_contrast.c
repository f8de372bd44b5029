/* Every word that says something can be read: the contrast of each label's text with its ground, measured in
 * the window's own pixels, is at least 4.5 (WCAG 2, AA), in light and in dark, and 7 (AAA) in the themes of
 * high contrast, where what we draw ourselves has as much. Drawn at four device pixels a point, so that the
 * middle of a letter's stem has the text's colour. Labels of what cannot be used just now are exempt, as
 * there. */
#include "tests/app/ui.h"

#include "app/application.h"
#include "app/notice_bar.h"
#include "app/panel_view.h"
#include "render/colormap.h"
#include "render/curve.h"
#include "scene.h"

#include <math.h>
#include <string.h>

enum { SCALE = 4, STEPS = 3 };
static double wanted = 4.5;
static const char *const themes[] = {"light", "dark"}, *const contrast_themes[] = {"contrast-light",
                                                                                   "contrast-dark"};

static Ui ui;

typedef struct Found {
  int labels, dull;
  double least;
  GString *worst;
} Found;

static int by_number(gconstpointer a, gconstpointer b) {
  const guint32 x = *(const guint32 *)a, y = *(const guint32 *)b;
  return (x > y) - (x < y);
}

/* Of the text against what most of its box is; 0: nothing is drawn there. */
static double contrast_of(const UiPicture *p, int x0, int y0, int width, int height) {
  g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(guint32));
  for (int y = MAX(y0, 0); y < MIN(y0 + height, p->height); y++)
    for (int x = MAX(x0, 0); x < MIN(x0 + width, p->width); x++) {
      const guint32 rgb = p->pixel[(gsize)y * (gsize)p->width + (gsize)x] & 0xffffff;
      g_array_append_val(all, rgb);
    }
  if (!all->len) return 0;
  g_array_sort(all, by_number);
  guint32 ground = 0;
  guint most = 0;
  for (guint i = 0, j; i < all->len; i = j) {
    const guint32 v = g_array_index(all, guint32, i);
    for (j = i; j < all->len && g_array_index(all, guint32, j) == v; j++) continue;
    if (j - i > most) {
      most = j - i;
      ground = v;
    }
  }
  double best = 1;
  for (guint i = 0; i < all->len; i++) {
    const guint32 v = g_array_index(all, guint32, i);
    if (i && v == g_array_index(all, guint32, i - 1)) continue;
    best = fmax(best, wd_colour_contrast(v, ground));
  }
  return best;
}

static gboolean is_seen(GtkWidget *widget, double x, double y) {
  GtkWidget *at = gtk_widget_pick(GTK_WIDGET(ui.window), x, y, GTK_PICK_INSENSITIVE);
  return at && (at == widget || gtk_widget_is_ancestor(at, widget));
}

static void look(GtkWidget *widget, const UiPicture *p, Found *found) {
  if (!gtk_widget_get_mapped(widget)) return;
  GtkWidget *window = GTK_WIDGET(ui.window);
  if (GTK_IS_LABEL(widget) && *gtk_label_get_text(GTK_LABEL(widget)) && gtk_widget_is_sensitive(widget)) {
    const int width = gtk_widget_get_width(widget), height = gtk_widget_get_height(widget);
    double x, y, end_x, end_y;
    gtk_widget_translate_coordinates(widget, window, 0, 0, &x, &y);
    gtk_widget_translate_coordinates(widget, window, width, height, &end_x, &end_y);
    /* Scrolled away, cut off or covered: not on screen. */
    const gboolean seen =
        is_seen(widget, x + 1, 0.5 * (y + end_y)) && is_seen(widget, end_x - 1, 0.5 * (y + end_y));
    const double contrast =
        seen && width > 3 && height > 3
            ? contrast_of(p, (int)(x * SCALE), (int)(y * SCALE), width * SCALE, height * SCALE)
            : 0;
    if (contrast > 1.01) { /* else no letter has room there */
      found->labels++;
      if (contrast < wanted) {
        found->dull++;
        g_string_append_printf(found->worst, "\n#   %.2f  \"%.50s\"", contrast,
                               gtk_label_get_text(GTK_LABEL(widget)));
      }
      found->least = fmin(found->least, contrast);
    }
  }
  for (GtkWidget *c = gtk_widget_get_first_child(widget); c; c = gtk_widget_get_next_sibling(c))
    look(c, p, found);
}

static void check(const char *where, int least_labels) {
  for (int dark = 0; dark < 2; dark++) {
    const char *theme = (wanted > 5 ? contrast_themes : themes)[dark];
    g_settings_set_string(wd_application_get_settings(ui.application), "theme", theme);
    ui_run(0.6);
    ui_settle(&ui);
    UiPicture p = {0};
    g_autoptr(GdkTexture) texture = ui_texture(&ui, SCALE);
    if (texture) {
      p.width = gdk_texture_get_width(texture);
      p.height = gdk_texture_get_height(texture);
      p.pixel = g_new(guint32, (gsize)p.width * (gsize)p.height);
      gdk_texture_download(texture, (guchar *)p.pixel, (gsize)p.width * 4);
    }
    Found found = {.least = INFINITY, .worst = g_string_new(NULL)};
    if (texture) look(GTK_WIDGET(ui.window), &p, &found);
    g_autofree char *name = g_strdelimit(g_strconcat(theme, " ", where, NULL), " ,", '-');
    ui_keep(&ui, name);
    tap_ok(found.labels >= least_labels && !found.dull, "%s, %s: %d words, contrast at least %.2f%s", where,
           theme, found.labels, found.least, found.worst->str);
    g_string_free(found.worst, TRUE);
    ui_picture_clear(&p);
  }
  g_settings_set_string(wd_application_get_settings(ui.application), "theme", "light");
}

/* What render draws with, in each look; and that the window's panels are drawn so. */
static void check_canvases(void) {
  for (int look = 0; look < 4; look++) {
    const bool dark = look & 1, contrast = look & 2;
    const wd_style style = {.dark = dark, .contrast = contrast};
    const wd_theme *t = wd_style_theme(&style);
    const double ink = wd_colour_contrast(t->ink, t->paper), dim = wd_colour_contrast(t->dim, t->paper),
                 marks = fmin(wd_colour_contrast(t->accent, t->paper), wd_colour_contrast(t->warm, t->paper));
    double curves = INFINITY;
    for (int i = 1; i <= WD_CURVE_COLOURS; i++)
      curves = fmin(curves, wd_colour_contrast(wd_curve_colour(&style, i), t->paper));
    g_settings_set_string(wd_application_get_settings(ui.application), "theme",
                          (contrast ? contrast_themes : themes)[dark]);
    ui_run(0.6);
    ui_settle(&ui);
    const wd_style shown = wd_panel_view_get_style(WD_PANEL_VIEW(ui_find(ui.window, "velocity-a")));
    tap_ok(shown.dark == dark && shown.contrast == contrast && ink >= (contrast ? 20 : 7) &&
               dim >= (contrast ? 13 : 4.5) && marks >= (contrast ? 7 : 4.5) &&
               curves >= (contrast ? 4.5 : 2.7),
           "drawn %s: ink %.1f, dim %.1f, marks %.1f, curves %.1f",
           (contrast ? contrast_themes : themes)[dark], ink, dim, marks, curves);
  }
  g_settings_set_string(wd_application_get_settings(ui.application), "theme", "light");
  ui_run(0.3);
}

/* The same window with as much contrast as there is. */
static void check_more(const char *where, int least_labels) {
  wanted = 7;
  check(where, least_labels);
  wanted = 4.5;
}

static void expand(GtkWidget *widget) {
  if (GTK_IS_EXPANDER(widget)) gtk_expander_set_expanded(GTK_EXPANDER(widget), TRUE);
  for (GtkWidget *c = gtk_widget_get_first_child(widget); c; c = gtk_widget_get_next_sibling(c)) expand(c);
}

static void scroll_to_end(GtkWidget *widget) {
  if (GTK_IS_SCROLLED_WINDOW(widget)) {
    GtkAdjustment *a = gtk_scrolled_window_get_vadjustment(GTK_SCROLLED_WINDOW(widget));
    gtk_adjustment_set_value(a, gtk_adjustment_get_upper(a));
  }
  for (GtkWidget *c = gtk_widget_get_first_child(widget); c; c = gtk_widget_get_next_sibling(c))
    scroll_to_end(c);
}

static void notify(int code) {
  WdNotice notice = {.code = code,
                     .what = (char *)"The disk is full.",
                     .kept = (char *)"All steps so far are kept",
                     .details = (char *)"12 bytes left"};
  wd_window_notify(ui.window, &notice);
  ui_run(0.4);
}

static void set_mode(WdMode mode) {
  ui.view->mode = mode;
  wd_view_changed(ui.view, WD_VIEW_LAYOUT);
  ui_run(0.5);
}

int main(void) {
  ui_need_display();
  ui_start(&ui, "", 1500, 980, NULL);
  check("the page of beginnings", 6);
  g_autoptr(WdRecording) r = scene_recording(STEPS);
  ui_show(&ui, r, STEPS);
  check("a run, its sidebar", 40);
  check_more("a run, its sidebar", 40);
  check_canvases();
  expand(GTK_WIDGET(ui.window));
  ui_run(0.4);
  scroll_to_end(ui_find(ui.window, "sidebar"));
  ui_run(0.3);
  check("the end of the sidebar", 40);
  notify(WD_OK);
  check("a notice", 30);
  notify(WD_ERR_IO);
  check("an error", 30);
  check_more("an error", 30);
  static const char *const modes[] = {"Step", "Latent", "Inspect", "Teach"};
  for (int m = WD_MODE_LATENT; m <= WD_MODE_TEACH; m++) {
    set_mode((WdMode)m);
    check(modes[m], 15);
    if (m == WD_MODE_LATENT) check_more(modes[m], 15);
  }
  set_mode(WD_MODE_STEP);
  ui.view->layout = WD_LAYOUT_COMPARE;
  wd_view_changed(ui.view, WD_VIEW_LAYOUT);
  ui_run(0.5);
  check("a comparison", 30);
  ui_stop(&ui);
  return tap_done();
}
