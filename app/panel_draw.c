/* Drawing annotations on a panel (annotation.h): by dragging while a tool is chosen (win.annotate), or with
 * the crosshair and Insert. What is finished goes to the window by its action "annotation-add", which can be
 * undone.
 *
 *   arrow, box   drag; or Insert at both ends
 *   text         click, or Insert, and type
 *   pick line    click each point, or Insert; Return or a double click ends it
 *   freehand     drag; or Insert and Return as a pick line */
#include "app/annotation.h"
#include "app/i18n.h"
#include "app/panel_view_private.h"
#include "app/widget_style.h"

#include <math.h>

static gboolean is_canvas(const WdPanelView *self) {
  return self->kind != WD_PANEL_TRACES && self->view->tool > 0 && self->arranged;
}

static WdAnnotationKind tool(const WdPanelView *self) {
  return (WdAnnotationKind)(self->view->tool - 1);
}

static int shot_of(const WdPanelView *self) {
  return self->view->shot >= 0 ? self->view->shot : self->drawn_facet;
}

static wd_mark value_at(WdPanelView *self, double x, double y) {
  wd_rect r = wd_panel_view_facet(self, self->drawn_facet);
  return wd_panel_to_value(wd_picture_panel(self->picture), &r,
                           (wd_mark){CLAMP(x, r.x, r.x + r.width), CLAMP(y, r.y, r.y + r.height)});
}

static void add_point(WdPanelView *self, wd_mark m) {
  if (!self->drawn) self->drawn = g_array_new(FALSE, FALSE, sizeof(wd_mark));
  if (self->drawn->len < WD_ANNOTATION_POINTS) g_array_append_val(self->drawn, m);
  gtk_widget_queue_draw(self->cursor);
}

void wd_panel_view_draw_cancel(WdPanelView *self) {
  g_clear_pointer(&self->drawn, g_array_unref);
  gtk_widget_queue_draw(self->cursor);
}

static void finish(WdPanelView *self, const char *text) {
  GVariantBuilder x, y;
  g_variant_builder_init(&x, G_VARIANT_TYPE("ad"));
  g_variant_builder_init(&y, G_VARIANT_TYPE("ad"));
  for (guint i = 0; self->drawn && i < self->drawn->len; i++) {
    const wd_mark *m = &g_array_index(self->drawn, wd_mark, i);
    g_variant_builder_add(&x, "d", m->x);
    g_variant_builder_add(&y, "d", m->y);
  }
  GVariant *all = g_variant_new("(uibiadads)", (guint)tool(self), self->side, self->kind != WD_PANEL_VELOCITY,
                                shot_of(self), &x, &y, text ? text : "");
  wd_panel_view_draw_cancel(self);
  gtk_widget_activate_action_variant(GTK_WIDGET(self), "win.annotation-add", all);
}

/* ---- words */

static void on_words(GtkEntry *entry, gpointer popover) {
  WdPanelView *self = WD_PANEL_VIEW(gtk_widget_get_parent(GTK_WIDGET(popover)));
  g_autofree char *text = g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(entry))));
  if (*text) finish(self, text);
  gtk_popover_popdown(GTK_POPOVER(popover));
}

static gboolean drop(gpointer popover) {
  gtk_widget_unparent(popover);
  g_object_unref(popover);
  return G_SOURCE_REMOVE;
}

static void on_words_closed(GtkPopover *popover, gpointer data) {
  WdPanelView *self = data;
  wd_panel_view_draw_cancel(self);
  gtk_widget_grab_focus(GTK_WIDGET(self));
  g_idle_add(drop, g_object_ref(popover));
}

static void ask_words(WdPanelView *self) {
  const wd_mark *m = &g_array_index(self->drawn, wd_mark, 0);
  wd_rect r = wd_panel_view_facet(self, self->drawn_facet);
  const wd_mark at = wd_panel_to_place(wd_picture_panel(self->picture), &r, *m);
  GtkWidget *popover = gtk_popover_new(), *entry = gtk_entry_new();
  gtk_widget_set_name(popover, "annotation-words");
  gtk_widget_set_name(entry, "annotation-text");
  gtk_entry_set_placeholder_text(GTK_ENTRY(entry), _("Text, then Return"));
  gtk_entry_set_max_length(GTK_ENTRY(entry), WD_ANNOTATION_TEXT_BYTES / 4);
  gtk_editable_set_width_chars(GTK_EDITABLE(entry), 24);
  gtk_accessible_update_property(GTK_ACCESSIBLE(entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 _("Text of the annotation"), -1);
  gtk_popover_set_child(GTK_POPOVER(popover), entry);
  gtk_widget_set_parent(popover, GTK_WIDGET(self));
  gtk_popover_set_pointing_to(GTK_POPOVER(popover), &(GdkRectangle){(int)at.x, (int)at.y, 1, 1});
  g_signal_connect(entry, "activate", G_CALLBACK(on_words), popover);
  g_signal_connect(popover, "closed", G_CALLBACK(on_words_closed), self);
  gtk_popover_popup(GTK_POPOVER(popover));
  gtk_widget_grab_focus(entry);
}

/* ---- pointer */

gboolean wd_panel_view_draw_begin(WdPanelView *self, int facet, double x, double y) {
  if (!is_canvas(self)) return FALSE;
  if (tool(self) != WD_ANNOTATION_PICK || (self->drawn && self->drawn_facet != facet))
    wd_panel_view_draw_cancel(self);
  self->drawn_facet = facet;
  add_point(self, value_at(self, x, y));
  return TRUE;
}

void wd_panel_view_draw_update(WdPanelView *self, double x, double y) {
  if (!self->drawn || !is_canvas(self)) return;
  const wd_mark m = value_at(self, x, y);
  const WdAnnotationKind kind = tool(self);
  if (kind == WD_ANNOTATION_FREEHAND || self->drawn->len == 0)
    add_point(self, m);
  else if (kind == WD_ANNOTATION_TEXT || kind == WD_ANNOTATION_PICK)
    g_array_index(self->drawn, wd_mark, self->drawn->len - 1) = m;
  else if (self->drawn->len == 1)
    add_point(self, m);
  else
    g_array_index(self->drawn, wd_mark, 1) = m;
  gtk_widget_queue_draw(self->cursor);
}

/* The longest side of what was drawn, in pixels: a slip of the hand draws nothing. */
static double extent(WdPanelView *self) {
  wd_rect r = wd_panel_view_facet(self, self->drawn_facet);
  double x0 = INFINITY, x1 = -INFINITY, y0 = INFINITY, y1 = -INFINITY;
  for (guint i = 0; i < self->drawn->len; i++) {
    const wd_mark p =
        wd_panel_to_place(wd_picture_panel(self->picture), &r, g_array_index(self->drawn, wd_mark, i));
    x0 = fmin(x0, p.x);
    x1 = fmax(x1, p.x);
    y0 = fmin(y0, p.y);
    y1 = fmax(y1, p.y);
  }
  return fmax(x1 - x0, y1 - y0);
}

void wd_panel_view_draw_end(WdPanelView *self) {
  if (!self->drawn || !is_canvas(self)) return;
  switch (tool(self)) {
  case WD_ANNOTATION_PICK: break; /* until Return or a double click */
  case WD_ANNOTATION_TEXT: ask_words(self); break;
  default:
    if (self->drawn->len >= 2 && extent(self) >= 4)
      finish(self, NULL);
    else
      wd_panel_view_draw_cancel(self);
  }
}

/* ---- keys */

/* Where the crosshair is. */
static wd_mark crosshair(const WdPanelView *self) {
  const WdView *v = self->view;
  return (wd_mark){v->x, self->kind == WD_PANEL_VELOCITY ? v->z : v->t * 1000};
}

gboolean wd_panel_view_draw_key(WdPanelView *self, guint value, GdkModifierType state) {
  if (!is_canvas(self) || state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) return FALSE;
  const WdAnnotationKind kind = tool(self);
  const guint drawn = self->drawn ? self->drawn->len : 0;
  if (value == GDK_KEY_Insert || value == GDK_KEY_KP_Insert) {
    if (!self->view->cursor) return FALSE;
    if (!drawn) self->drawn_facet = self->view->shot < 0 ? self->hover_facet : 0;
    add_point(self, crosshair(self));
    if (kind == WD_ANNOTATION_TEXT)
      ask_words(self);
    else if ((kind == WD_ANNOTATION_ARROW || kind == WD_ANNOTATION_BOX) && drawn == 1)
      finish(self, NULL);
    return TRUE;
  }
  if (!drawn) return FALSE;
  if (value == GDK_KEY_Escape) {
    wd_panel_view_draw_cancel(self);
    return TRUE;
  }
  if ((value == GDK_KEY_Return || value == GDK_KEY_KP_Enter) &&
      (kind == WD_ANNOTATION_PICK || (kind == WD_ANNOTATION_FREEHAND && drawn >= 2))) {
    finish(self, NULL);
    return TRUE;
  }
  return FALSE;
}

/* ---- what is being drawn, and that a tool is on */

void wd_panel_view_paint_drawn(WdPanelView *self, GtkSnapshot *snapshot, int width, int height) {
  if (!is_canvas(self)) return;
  cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));
  const WdAnnotationKind kind = tool(self);
  const wd_panel *panel = wd_picture_panel(self->picture);
  wd_rect r = wd_panel_view_facet(self, self->drawn_facet);
  const guint n = self->drawn ? self->drawn->len : 0;
  if (n) {
    const wd_mark a = wd_panel_to_place(panel, &r, g_array_index(self->drawn, wd_mark, 0));
    if (kind == WD_ANNOTATION_BOX && n > 1) {
      const wd_mark b = wd_panel_to_place(panel, &r, g_array_index(self->drawn, wd_mark, 1));
      cairo_rectangle(cr, fmin(a.x, b.x), fmin(a.y, b.y), fabs(a.x - b.x), fabs(a.y - b.y));
    } else {
      for (guint i = 0; i < n; i++) {
        const wd_mark p = wd_panel_to_place(panel, &r, g_array_index(self->drawn, wd_mark, i));
        cairo_line_to(cr, p.x, p.y);
      }
      if (n == 1 || kind == WD_ANNOTATION_PICK) {
        const wd_mark p = wd_panel_to_place(panel, &r, g_array_index(self->drawn, wd_mark, n - 1));
        cairo_new_sub_path(cr);
        cairo_arc(cr, p.x, p.y, 4, 0, 2 * G_PI);
      }
    }
    cairo_set_line_width(cr, 5);
    wd_cairo_colour(cr, 0x000000, 0.6);
    cairo_stroke_preserve(cr);
    cairo_set_line_width(cr, 2.4);
    wd_cairo_colour(cr, 0xffb000, 1);
    cairo_stroke(cr);
  }
  g_autofree char *text = g_strdup_printf(_("%s · Esc ends"), wd_annotation_title((int)kind));
  g_autoptr(PangoLayout) layout = gtk_widget_create_pango_layout(GTK_WIDGET(self), text);
  int w, h;
  pango_layout_get_pixel_size(layout, &w, &h);
  wd_rect first = wd_panel_view_facet(self, 0);
  const double x = first.x + 6, y = first.y + first.height - h - 14;
  cairo_rectangle(cr, x, y, w + 16, h + 8);
  wd_cairo_colour(cr, 0x000000, 0.72);
  cairo_fill(cr);
  cairo_move_to(cr, x + 8, y + 4);
  wd_cairo_colour(cr, 0xffb000, 1);
  pango_cairo_show_layout(cr, layout);
  cairo_destroy(cr);
}
