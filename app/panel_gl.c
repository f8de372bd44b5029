/* The OpenGL painter of a panel: a GtkGLArea that covers the pictures and nothing else. Whatever goes wrong,
 * at realize, in a frame or by a lost context, the cairo painter takes over with the same picture, and
 * wd_panel_view_painter says why. */
#include "app/i18n.h"
#include "app/panel_view_private.h"
#include "render/gl_field.h"

#include <math.h>
#include <string.h>

struct WdPanelGl {
  wd_gl *gl;
  GtkWidget *area;
  GPtrArray *picture; /* wd_gl_picture of each facet */
  guint serial;       /* of the values that they hold */
  gboolean ready;     /* they hold this serial, or pixels that still stand */
  guint removal;
};

static void forget(WdPanelView *self, gboolean lost) {
  struct WdPanelGl *g = self->gl;
  if (g->gl && !lost) {
    for (guint i = 0; i < g->picture->len; i++) wd_gl_picture_free(g->picture->pdata[i]);
    wd_gl_destroy(g->gl);
  }
  g_ptr_array_set_size(g->picture, 0);
  g->gl = NULL;
  g->ready = FALSE;
}

static gboolean on_removal(gpointer data) {
  WdPanelView *self = data;
  self->gl->removal = 0;
  wd_panel_view_gl_close(self);
  gtk_widget_queue_draw(self->sheet);
  return G_SOURCE_REMOVE;
}

/* Over to cairo; not at once, since this happens in the middle of a frame. */
static void give_up(WdPanelView *self, const char *why) {
  wd_print(self->painter, sizeof self->painter, _("cairo: %s"), why);
  self->gl_refused = TRUE;
  g_object_notify(G_OBJECT(self), "painter");
  if (!self->gl->removal) self->gl->removal = g_idle_add_full(G_PRIORITY_HIGH_IDLE, on_removal, self, NULL);
}

static void on_realize(GtkGLArea *area, WdPanelView *self) {
  gtk_gl_area_make_current(area);
  GError *error = gtk_gl_area_get_error(area);
  if (error) {
    give_up(self, error->message);
    return;
  }
  wd_error err = {0};
  if (wd_gl_create(&self->gl->gl, &err)) {
    self->gl->gl = NULL;
    give_up(self, err.message);
    return;
  }
  g_strlcpy(self->painter, wd_gl_name(self->gl->gl), sizeof self->painter);
  g_object_notify(G_OBJECT(self), "painter");
}

static void on_unrealize(GtkGLArea *area, WdPanelView *self) {
  gtk_gl_area_make_current(area);
  forget(self, gtk_gl_area_get_error(area) != NULL);
}

/* The values of every facet go to graphics memory, or where there are wiggles the pixels. */
static gboolean upload(WdPanelView *self, const wd_panel *panel) {
  struct WdPanelGl *g = self->gl;
  guint serial = wd_picture_serial(self->picture);
  if (g->ready && g->serial == serial && g->picture->len >= (guint)panel->facets) return TRUE;
  for (int i = 0; i < panel->facets; i++) {
    if ((int)g->picture->len == i) {
      wd_gl_picture *fresh = wd_gl_picture_new(g->gl);
      if (!fresh) return FALSE;
      g_ptr_array_add(g->picture, fresh);
    }
    wd_field field = {panel->facet[i].value, panel->rows, panel->columns};
    if (panel->mode == WD_PANEL_DENSITY) {
      if (!wd_gl_picture_set_field(g->picture->pdata[i], &field)) return FALSE;
      continue;
    }
    wd_rect r = wd_panel_facet_rect(&self->layout, i);
    int width = (int)fmax(1, round(r.width * self->style.scale)),
        height = (int)fmax(1, round(r.height * self->style.scale));
    g_autofree guint32 *pixel = g_try_malloc((gsize)width * (gsize)height * 4);
    wd_image image = {width, height, width, pixel};
    if (!pixel || !wd_panel_raster(panel, &self->style, &self->layout, i, &image) ||
        !wd_gl_picture_set_image(g->picture->pdata[i], &image))
      return FALSE;
  }
  g->serial = serial;
  g->ready = TRUE;
  return TRUE;
}

static gboolean on_render(GtkGLArea *area, GdkGLContext *context, WdPanelView *self) {
  (void)context;
  struct WdPanelGl *g = self->gl;
  if (!g->gl) return TRUE;
  double scale = self->style.scale;
  int width = (int)round(gtk_widget_get_width(GTK_WIDGET(area)) * scale),
      height = (int)round(gtk_widget_get_height(GTK_WIDGET(area)) * scale);
  const wd_theme *theme = wd_style_theme(&self->style);
  wd_gl_begin(g->gl, width, height, theme->paper);
  gboolean well = TRUE;
  if (self->arranged && !wd_picture_message(self->picture)) {
    const wd_panel *panel = wd_picture_panel(self->picture);
    guint32 table[256];
    wd_panel_colours(panel, table);
    wd_gl_look look = {.view = panel->view,
                       .range = panel->range,
                       .table = table,
                       .smooth = panel->smooth,
                       .missing = theme->missing};
    well = upload(self, panel);
    for (int i = 0; well && i < panel->facets; i++) {
      wd_rect r = wd_panel_view_facet(self, i);
      wd_gl_draw(g->gl, g->picture->pdata[i], &look, (int)round((r.x - self->gl_place.x) * scale),
                 (int)round((r.y - self->gl_place.y) * scale), (int)fmax(1, round(r.width * scale)),
                 (int)fmax(1, round(r.height * scale)));
    }
  }
  if (!wd_gl_end(g->gl) || !well)
    give_up(self, well ? _("OpenGL reported an error") : _("OpenGL is out of memory"));
  return TRUE;
}

void wd_panel_view_gl_open(WdPanelView *self) {
  const char *setting = wd_panel_view_renderer(self);
  GskRenderer *renderer = gtk_native_get_renderer(gtk_widget_get_native(GTK_WIDGET(self)));
  if (self->gl || self->gl_refused) return;
  if (strcmp(setting, "cairo") == 0) {
    wd_copy(self->painter, _("cairo: chosen in the preferences"), sizeof self->painter);
    g_object_notify(G_OBJECT(self), "painter");
    return;
  }
  /* Where GTK itself draws by cairo every frame would have to be fetched back from the graphics memory. */
  if (strcmp(setting, "gl") != 0 && (!renderer || strstr(G_OBJECT_TYPE_NAME(renderer), "Cairo"))) {
    wd_copy(self->painter, _("cairo: GTK draws without OpenGL here"), sizeof self->painter);
    g_object_notify(G_OBJECT(self), "painter");
    return;
  }
  self->gl = g_new0(struct WdPanelGl, 1);
  self->gl->picture = g_ptr_array_new();
  GtkWidget *area = self->gl->area = gtk_gl_area_new();
  gtk_gl_area_set_required_version(GTK_GL_AREA(area), 3, 3);
  gtk_gl_area_set_auto_render(GTK_GL_AREA(area), FALSE);
  gtk_widget_set_can_target(area, FALSE);
  gtk_widget_set_focusable(area, FALSE);
  g_signal_connect_after(area, "realize", G_CALLBACK(on_realize), self);
  g_signal_connect(area, "unrealize", G_CALLBACK(on_unrealize), self);
  g_signal_connect(area, "render", G_CALLBACK(on_render), self);
  gtk_widget_insert_after(area, GTK_WIDGET(self), self->sheet);
}

void wd_panel_view_gl_close(WdPanelView *self) {
  struct WdPanelGl *g = self->gl;
  if (!g) return;
  g_clear_handle_id(&g->removal, g_source_remove);
  gtk_widget_unparent(g->area); /* unrealizes it */
  g_ptr_array_unref(g->picture);
  g_free(g);
  self->gl = NULL;
}

void wd_panel_view_gl_place(WdPanelView *self) {
  if (!self->gl) return;
  gtk_widget_set_child_visible(self->gl->area, self->arranged);
  if (!self->arranged) return;
  const wd_panel_layout *l = &self->layout;
  double x0 = floor(l->first.x), y0 = floor(l->first.y),
         x1 = ceil(l->first.x + (l->columns - 1) * l->step_x + l->first.width),
         y1 = ceil(l->first.y + (l->rows - 1) * l->step_y + l->first.height);
  GtkAllocation place = {(int)x0 + WD_PANEL_PADDING, (int)y0 + WD_PANEL_PADDING, (int)(x1 - x0),
                         (int)(y1 - y0)};
  self->gl_place = (wd_rect){place.x, place.y, place.width, place.height};
  int minimum;
  gtk_widget_measure(self->gl->area, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
  gtk_widget_size_allocate(self->gl->area, &place, -1);
}

void wd_panel_view_gl_redraw(WdPanelView *self, guint change) {
  if (!self->gl) return;
  const wd_panel *panel = wd_picture_panel(self->picture);
  if (change & (WD_PICTURE_FIELDS | WD_PICTURE_SHAPE) || panel->mode != WD_PANEL_DENSITY ||
      self->gl_mode != (int)panel->mode)
    self->gl->ready = FALSE;
  self->gl_mode = (int)panel->mode;
  gtk_gl_area_queue_render(GTK_GL_AREA(self->gl->area));
}
