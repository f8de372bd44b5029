/* Controls of Latent mode: how long the latents are, against the shell of Gaussian noise and the band of data
 * latents. What is mixed and, in noise, what it denoises to are both marked. */
#include "app/i18n.h"
#include "app/latent_page.h"

#include "app/sidebar.h"
#include "app/widget_style.h"
#include "render/axis.h"
#include "render/pen.h"

#include <math.h>

typedef struct section {
  WdLatentPage *page;
  GtkWidget *self, *gauge, *words;
  double mixed, sample; /* |z| / sqrt(d); NaN: none */
  gsize d;
  char family[64];
} section;

static void measure(section *s) {
  const WdExplorer *x = s->page->explorer;
  const WdModelInfo *m = wd_session_get_model(s->page->session);
  s->mixed = s->sample = NAN;
  s->d = m ? (gsize)m->latent.count : 0;
  if (!x->ready || !s->d) return;
  g_autofree float *z = g_malloc_n(s->d, sizeof *z);
  wd_explorer_point(x, x->u, x->v, z);
  s->mixed = wd_latent_norm(z, s->d);
  const WdPosition *p =
      x->walk ? wd_recording_position(wd_session_get_recording(s->page->session), x->walk, x->at) : NULL;
  GBytes *latent = p ? p->latent[WD_WHAT_ESTIMATE] : NULL;
  if (latent && g_bytes_get_size(latent) == s->d * sizeof *z)
    s->sample = wd_latent_norm(g_bytes_get_data(latent, NULL), s->d);
}

static void update(section *s) {
  const WdExplorer *x = s->page->explorer;
  measure(s);
  char a[32], b[32], c[32];
  GString *text = g_string_new(NULL);
  if (isfinite(s->mixed)) {
    double lo, hi;
    wd_latent_shell(s->d, &lo, &hi);
    wd_format_number(s->mixed, 0.001, a, sizeof a);
    wd_format_number(lo, 0.001, b, sizeof b);
    wd_format_number(hi, 0.001, c, sizeof c);
    gboolean noise = x->domain == WD_DOMAIN_NOISE;
    g_string_printf(text,
                    _("|%s|/\xe2\x88\x9a"
                      "d = %s, d = %zu. %s (90 %% of N(0, I): %s to %s)."),
                    noise ? "x_T" : "z\xe2\x82\x80", a, (size_t)s->d,
                    s->mixed >= lo && s->mixed <= hi ? _("On the Gaussian shell")
                    : s->mixed < lo                  ? _("Inside the Gaussian shell")
                                                     : _("Outside of the Gaussian shell"),
                    b, c);
    if (noise && isfinite(s->sample)) {
      wd_format_number(s->sample, 0.001, a, sizeof a);
      g_string_append_printf(text,
                             _("\nDenoised: |z\xe2\x82\x80|/\xe2\x88\x9a"
                               "d = %s."),
                             a);
    }
  }
  if (isfinite(x->band[0])) {
    wd_format_number(x->band[0], 0.001, a, sizeof a);
    wd_format_number(x->band[1], 0.001, b, sizeof b);
    g_string_append_printf(text, _("\n90 %% of data latents: %s to %s (%d test pairs, encoded here)."), a, b,
                           x->band_count);
  } else if (x->batch[WD_BATCH_TEST].count) {
    g_string_append_printf(text, _("\nBand of data latents: %d of %d test pairs encoded."),
                           x->batch[WD_BATCH_TEST].done, x->batch[WD_BATCH_TEST].count);
  }
  gtk_label_set_text(GTK_LABEL(s->words), text->str);
  gtk_accessible_update_property(GTK_ACCESSIBLE(s->gauge), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text->str,
                                 -1);
  g_string_free(text, TRUE);
  gtk_widget_queue_draw(s->gauge);
}

/* A mark above or below the scale. */
static void triangle(cairo_t *cr, double x, double y, double size, double down) {
  cairo_move_to(cr, x, y);
  cairo_line_to(cr, x - size, y - down * 1.5 * size);
  cairo_line_to(cr, x + size, y - down * 1.5 * size);
  cairo_close_path(cr);
}

static void draw(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data) {
  section *s = data;
  const WdExplorer *x = s->page->explorer;
  wd_style style = wd_widget_style(GTK_WIDGET(area), 0.8, s->family, sizeof s->family);
  const wd_theme *theme = wd_style_theme(&style);
  const double x0 = 6, x1 = width - 6, w = x1 - x0, y = height - 2.2 * style.size, h = 0.9 * style.size;
  const double lo = 0.5, hi = 1.5; /* of the scale */
#define AT(value) (x0 + w * CLAMP(((value)-lo) / (hi - lo), 0, 1))
  wd_cairo_colour(cr, theme->dim, 0.30);
  cairo_rectangle(cr, x0, y - 1.5, w, 3);
  cairo_fill(cr);
  if (isfinite(x->band[0])) { /* data: hatched, so that colour is not all that tells it */
    cairo_save(cr);
    cairo_rectangle(cr, AT(x->band[0]), y - h, fmax(AT(x->band[1]) - AT(x->band[0]), 2), 2 * h);
    cairo_clip(cr);
    wd_cairo_colour(cr, theme->warm, 0.16);
    cairo_paint(cr);
    wd_cairo_colour(cr, theme->warm, 0.75);
    cairo_set_line_width(cr, 1);
    for (double t = x0 - 2 * h; t < x1; t += 5) {
      cairo_move_to(cr, t, y + h);
      cairo_line_to(cr, t + 2 * h, y - h);
    }
    cairo_stroke(cr);
    cairo_restore(cr);
  }
  if (s->d) {
    double a, b;
    wd_latent_shell(s->d, &a, &b);
    wd_cairo_colour(cr, theme->accent, 0.55);
    cairo_rectangle(cr, AT(a) - 0.5, y - h, AT(b) - AT(a) + 1, 2 * h);
    cairo_fill(cr);
  }
  if (isfinite(s->mixed)) {
    triangle(cr, AT(s->mixed), y - 2, 0.55 * style.size, 1);
    wd_cairo_colour(cr, theme->ink, 1);
    cairo_fill(cr);
  }
  if (isfinite(s->sample) && x->domain == WD_DOMAIN_NOISE) {
    triangle(cr, AT(s->sample), y + 2, 0.55 * style.size, -1);
    wd_cairo_colour(cr, theme->ink, 1);
    cairo_set_line_width(cr, 1.2);
    cairo_stroke(cr);
  }
  wd_pen pen;
  wd_pen_open(&pen, cr, &style, NULL);
  wd_type type = {.colour = theme->dim};
  static const char *const text[] = {"0.5", "1", "1.5"};
  for (int i = 0; i < 3; i++)
    wd_pen_text(&pen, &type, x0 + i * w / 2, height - 0.15 * style.size, i / 2.0, text[i]);
  wd_pen_close(&pen);
#undef AT
}

static void on_explorer(WdExplorer *x, guint parts, section *s) {
  (void)x;
  if (parts & (WD_EXPLORER_PLANE | WD_EXPLORER_CURSOR | WD_EXPLORER_SAMPLE | WD_EXPLORER_BATCH)) update(s);
}

static void on_destroy(section *s) {
  g_signal_handlers_disconnect_by_data(s->page->explorer, s);
}

GtkWidget *wd_latent_length_new(WdLatentPage *page) {
  section *s = g_new0(section, 1);
  s->page = page;
  GtkWidget *box;
  s->self = wd_section_new(_("Length"), TRUE, &box);
  g_object_set_data_full(G_OBJECT(s->self), "section", s, g_free);
  s->gauge = gtk_drawing_area_new();
  gtk_widget_set_name(s->gauge, "length-gauge");
  gtk_drawing_area_set_content_height(GTK_DRAWING_AREA(s->gauge), 46);
  gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(s->gauge), draw, s, NULL);
  gtk_widget_set_tooltip_text(
      s->gauge, _("Length over \xe2\x88\x9a"
                  "d. Solid: the shell that holds 90 % of Gaussian noise; hatched: 90 % of data "
                  "latents; filled mark: what is mixed at the cursor; hollow mark: what it "
                  "denoises to"));
  gtk_accessible_update_property(GTK_ACCESSIBLE(s->gauge), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 _("Length of the latent"), -1);
  gtk_box_append(GTK_BOX(box), s->gauge);
  s->words = wd_section_words(box, "");
  g_signal_connect(page->explorer, "changed", G_CALLBACK(on_explorer), s);
  g_signal_connect_swapped(s->self, "destroy", G_CALLBACK(on_destroy), s);
  update(s);
  return s->self;
}
