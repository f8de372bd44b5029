/* The crosshair with its value flag, and the focus ring: the sheet that moves with the pointer. */
#include "app/panel_view_private.h"

#include <math.h>

static GdkRGBA rgba(guint32 rgb, float alpha) {
  return (GdkRGBA){(float)(rgb >> 16 & 255) / 255, (float)(rgb >> 8 & 255) / 255, (float)(rgb & 255) / 255,
                   alpha};
}

static void bar(GtkSnapshot *snapshot, double x, double y, double width, double height, guint32 rgb,
                float alpha) {
  GdkRGBA colour = rgba(rgb, alpha);
  gtk_snapshot_append_color(snapshot, &colour,
                            &GRAPHENE_RECT_INIT((float)x, (float)y, (float)width, (float)height));
}

/* A light line with a dark halo: visible on every colour. Snapped to device pixels. */
static void lines(WdPanelView *self, GtkSnapshot *snapshot, const wd_rect *r, wd_mark at) {
  double scale = self->style.scale > 0 ? self->style.scale : 1;
  double hair = fmax(1, round(0.09 * self->style.size * scale)) / scale;
  for (int pass = 0; pass < 2; pass++) {
    double w = pass ? hair : 3 * hair;
    guint32 rgb = pass ? 0xffffff : 0x000000;
    float alpha = pass ? 0.95f : 0.45f;
    double x = round((at.x - w / 2) * scale) / scale, y = round((at.y - w / 2) * scale) / scale;
    if (at.x >= r->x && at.x <= r->x + r->width) bar(snapshot, x, r->y, w, r->height, rgb, alpha);
    if (at.y >= r->y && at.y <= r->y + r->height) bar(snapshot, r->x, y, r->width, w, rgb, alpha);
  }
}

static void flag(WdPanelView *self, GtkSnapshot *snapshot, const wd_rect *r, wd_mark at, const char *text) {
  g_autoptr(PangoLayout) layout = gtk_widget_create_pango_layout(GTK_WIDGET(self), text);
  PangoFontDescription *font = pango_font_description_new();
  pango_font_description_set_absolute_size(font, self->style.size * PANGO_SCALE);
  pango_layout_set_font_description(layout, font);
  pango_font_description_free(font);
  int w, h;
  pango_layout_get_pixel_size(layout, &w, &h);
  double pad = round(0.4 * self->style.size), away = round(0.7 * self->style.size);
  double width = w + 2 * pad, height = h + pad;
  int room = gtk_widget_get_width(GTK_WIDGET(self));
  double x = at.x + away, y = at.y + away;
  if (x + width > room - 2) x = at.x - away - width;
  if (x < 2) x = fmax(2, fmin(room - 2 - width, at.x - width / 2));
  if (y + height > r->y + r->height) y = at.y - away - height;
  x = round(x);
  y = round(y);
  const wd_theme *theme = wd_style_theme(&self->style);
  GskRoundedRect box;
  gsk_rounded_rect_init_from_rect(&box, &GRAPHENE_RECT_INIT((float)x, (float)y, (float)width, (float)height),
                                  4);
  gtk_snapshot_push_rounded_clip(snapshot, &box);
  bar(snapshot, x, y, width, height, theme->paper, 0.94f);
  gtk_snapshot_pop(snapshot);
  GdkRGBA edge = rgba(theme->frame, 1), ink = rgba(theme->ink, 1);
  gtk_snapshot_append_border(snapshot, &box, (float[4]){1, 1, 1, 1}, (GdkRGBA[4]){edge, edge, edge, edge});
  gtk_snapshot_save(snapshot);
  gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT((float)(x + pad), (float)(y + pad / 2)));
  gtk_snapshot_append_layout(snapshot, layout, &ink);
  gtk_snapshot_restore(snapshot);
}

/* The crosshair of the view in the units of this panel's axes. Depth means nothing to a gather, time nothing
 * to a map: there the line across is left out unless the panel knows its own. */
static wd_mark place_of_cursor(WdPanelView *self) {
  WdView *v = self->view;
  if (self->kind == WD_PANEL_VELOCITY) return (wd_mark){v->x, v->z};
  if (self->kind == WD_PANEL_TRACES) return (wd_mark){v->x, v->shot >= 0 ? v->shot + 1 : NAN};
  return (wd_mark){v->x, v->t * 1000};
}

void wd_panel_view_paint_cursor(GtkSnapshot *snapshot, int width, int height, gpointer data) {
  WdPanelView *self = data;
  if (gtk_widget_has_visible_focus(GTK_WIDGET(self))) {
    const wd_theme *theme = wd_style_theme(&self->style);
    GskRoundedRect ring;
    gsk_rounded_rect_init_from_rect(&ring, &GRAPHENE_RECT_INIT(1, 1, (float)width - 2, (float)height - 2), 5);
    GdkRGBA c = rgba(theme->accent, 1);
    gtk_snapshot_append_border(snapshot, &ring, (float[4]){2, 2, 2, 2}, (GdkRGBA[4]){c, c, c, c});
  }
  wd_panel_view_paint_drawn(self, snapshot, width, height);
  if (self->drag == WD_DRAG_BAND && self->band.width > 0) {
    const wd_rect *b = &self->band;
    bar(snapshot, b->x, b->y, b->width, b->height, 0xffffff, 0.18f);
    GskRoundedRect edge;
    gsk_rounded_rect_init_from_rect(
        &edge, &GRAPHENE_RECT_INIT((float)b->x, (float)b->y, (float)b->width, (float)b->height), 0);
    GdkRGBA c = rgba(wd_style_theme(&self->style)->accent, 1);
    gtk_snapshot_append_border(snapshot, &edge, (float[4]){1, 1, 1, 1}, (GdkRGBA[4]){c, c, c, c});
  }
  if (!self->arranged || !self->view->cursor) return;
  const wd_panel *panel = wd_picture_panel(self->picture);
  wd_mark value = place_of_cursor(self), at = {0, 0};
  wd_rect flagged = {0};
  int with_flag = self->hover_facet < panel->facets ? self->hover_facet : 0;
  for (int i = 0; i < panel->facets; i++) {
    wd_rect r = wd_panel_view_facet(self, i);
    wd_mark place = wd_panel_to_place(panel, &r, value);
    lines(self, snapshot, &r, place);
    if (i == with_flag) {
      at = place;
      flagged = r;
    }
  }
  WdReading reading;
  if (!(at.x >= flagged.x && at.x <= flagged.x + flagged.width && at.y >= flagged.y &&
        at.y <= flagged.y + flagged.height) ||
      !wd_picture_read(self->picture, with_flag, value.x, value.y, &reading))
    return;
  char text[120];
  wd_picture_reading_text(self->picture, &reading, text, sizeof text);
  flag(self, snapshot, &flagged, at, text);
}
