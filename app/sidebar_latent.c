/* Sidebar: the latent on screen. Its length against the shell on which Gaussian latents lie: |z| / sqrt(d) of
 * N(0, I) in d dimensions is 1 with a deviation of 1 / sqrt(2 d). */
#include "app/i18n.h"
#include "app/sidebar.h"
#include "app/watch.h"
#include "app/widget_style.h"
#include "model/latent_space.h"
#include "render/axis.h"

#include <math.h>

typedef struct section {
  WdSession *session;
  WdView *view;
  GtkWidget *self, *gauge, *figures, *words;
  WdWatch *watch;
  GBytes *latent; /* that the figures are of; a reference */
  double norm, lo, hi, shell[2];
  char family[64];
} section;

static void measure(section *s, GBytes *latent) {
  gsize bytes;
  const float *z = g_bytes_get_data(latent, &bytes);
  gsize n = bytes / sizeof *z;
  s->lo = INFINITY;
  s->hi = -INFINITY;
  for (gsize i = 0; i < n; i++) {
    s->lo = fmin(s->lo, (double)z[i]);
    s->hi = fmax(s->hi, (double)z[i]);
  }
  s->norm = wd_latent_norm(z, n);
  wd_latent_shell(n, &s->shell[0], &s->shell[1]);
}

static void update(gpointer user) {
  section *s = user;
  GBytes *latent = wd_place_latent(s->watch->recording, s->view->place[0], s->view->what);
  if (latent == s->latent && latent) return;
  g_clear_pointer(&s->latent, g_bytes_unref);
  s->latent = latent ? g_bytes_ref(latent) : NULL;
  gtk_widget_set_visible(s->gauge, latent != NULL);
  if (!latent) {
    gtk_label_set_text(GTK_LABEL(s->figures), _("No latent here yet"));
    gtk_label_set_text(GTK_LABEL(s->words), "");
    return;
  }
  measure(s, latent);
  char norm[32], lo[32], hi[32];
  wd_format_number(s->norm, 0, norm, sizeof norm);
  wd_format_number(s->lo, 0.01, lo, sizeof lo);
  wd_format_number(s->hi, 0.01, hi, sizeof hi);
  const WdModelInfo *model = wd_session_get_model(s->session);
  GString *text = g_string_new(NULL);
  g_string_printf(text, _("|z|/√d = %s, values %s to %s"), norm, lo, hi);
  if (model && (gsize)model->latent.count * sizeof(float) == g_bytes_get_size(latent))
    g_string_append_printf(text, _("\n%d channels of %d × %d; %d codes stand for it"), model->latent.channels,
                           model->latent.height, model->latent.width, model->latent.codes);
  gtk_label_set_text(GTK_LABEL(s->figures), text->str);
  g_string_free(text, TRUE);
  const char *words = s->norm < s->shell[0]   ? _("Inside the Gaussian shell: less than unit variance")
                      : s->norm > s->shell[1] ? _("Outside of the Gaussian shell: more than unit variance")
                                              : _("On the Gaussian shell, as pure noise is");
  gtk_label_set_text(GTK_LABEL(s->words), words);
  gtk_accessible_update_property(GTK_ACCESSIBLE(s->gauge), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, words, -1);
  gtk_widget_queue_draw(s->gauge);
}

/* 0 to 2, the shell as a band at 1, the latent as a mark. */
static void draw_gauge(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data) {
  section *s = data;
  if (!s->latent) return;
  wd_style style = wd_widget_style(GTK_WIDGET(area), 0.8, s->family, sizeof s->family);
  const wd_theme *theme = wd_style_theme(&style);
  double x0 = 4, x1 = width - 4, y = height - 1.35 * style.size, w = x1 - x0;
  wd_cairo_colour(cr, theme->dim, 0.35);
  cairo_rectangle(cr, x0, y - 2, w, 4);
  cairo_fill(cr);
  double from = x0 + s->shell[0] / 2 * w, to = x0 + s->shell[1] / 2 * w;
  wd_cairo_colour(cr, theme->accent, 0.45);
  cairo_rectangle(cr, from - 1.5, y - 8, to - from + 3, 16);
  cairo_fill(cr);
  double at = x0 + CLAMP(s->norm / 2, 0, 1) * w;
  wd_cairo_colour(cr, theme->warm, 1);
  cairo_move_to(cr, at, y - 3);
  cairo_line_to(cr, at - 5, y - 12);
  cairo_line_to(cr, at + 5, y - 12);
  cairo_close_path(cr);
  cairo_fill(cr);
  wd_pen pen;
  wd_pen_open(&pen, cr, &style, NULL);
  wd_type type = {.colour = theme->dim};
  static const char *const text[] = {"0", "0.5", "1", "1.5", "2"};
  for (int i = 0; i < 5; i++)
    wd_pen_text(&pen, &type, x0 + i * w / 4, height - 0.2 * style.size, i / 4.0, text[i]);
  wd_pen_close(&pen);
}

static void section_free(gpointer data) {
  section *s = data;
  g_clear_pointer(&s->latent, g_bytes_unref);
  g_free(s);
}

GtkWidget *wd_sidebar_latent_new(WdSession *session, WdView *view) {
  section *s = g_new0(section, 1);
  s->session = session;
  s->view = view;
  GtkWidget *box;
  s->self = wd_section_new(_("Latent"), FALSE, &box);
  g_object_set_data_full(G_OBJECT(s->self), "section", s, section_free);
  s->gauge = gtk_drawing_area_new();
  gtk_drawing_area_set_content_height(GTK_DRAWING_AREA(s->gauge), 36);
  gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(s->gauge), draw_gauge, s, NULL);
  gtk_widget_set_tooltip_text(s->gauge,
                              _("Length of the latent over √d; the band holds 90 % of Gaussian latents"));
  gtk_accessible_update_property(GTK_ACCESSIBLE(s->gauge), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 _("Length of the latent"), -1);
  gtk_box_append(GTK_BOX(box), s->gauge);
  s->figures = wd_section_words(box, "");
  gtk_widget_add_css_class(s->figures, "numeric");
  gtk_widget_remove_css_class(s->figures, "dim-label");
  s->words = wd_section_words(box, "");
  s->watch = wd_watch_new(s->self, session, view, WD_VIEW_PLACE, WD_WATCH_PLACE, 0, update, s);
  return s->self;
}
