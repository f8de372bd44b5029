#include "app/i18n.h"
#include "app/panel_view_private.h"
#include "app/layer.h"
#include "app/widget_style.h"
#include "app/picture_view.h"
#include "app/widgets.h"

#include <math.h>
#include <string.h>

G_DEFINE_FINAL_TYPE(WdPanelView, wd_panel_view, GTK_TYPE_WIDGET)

enum { PROPERTY_RENDERER = 1, PROPERTY_PAINTER };

static const char *const labels[] = {N_("Velocity map"), N_("Gather"), N_("Simulated gather"),
                                     N_("Difference of decoded and simulated gather"),
                                     N_("Residual by shot and receiver")};

/* ---- composition */

static WdSource shown_source(WdPanelView *self) {
  if (self->view->blink && self->blink_phase)
    return self->view->source == WD_SOURCE_SIMULATED ? WD_SOURCE_DECODED : WD_SOURCE_SIMULATED;
  return self->view->source;
}

static guint compose(WdPanelView *self) {
  return wd_picture_set_view(self->picture, self->session, self->view, self->kind, self->side,
                             shown_source(self));
}

/* ---- arrangement */

/* A panel with little room gives up lines, never its header, axes or colour bar (render/panel.h). */
enum { BRIEFEST = 3 };

static wd_panel fitted(const WdPanelView *self, int brief) {
  wd_panel panel = *wd_picture_panel(self->picture);
  panel.brief = brief;
  if (brief >= 2) panel.no_ruler = true;
  return panel;
}

/* What is scarce: of shots side by side, which are narrow anyway, the height. */
static double least_side(const wd_panel_layout *l) {
  return l->columns == 1 ? fmin(l->first.width, l->first.height) : l->first.height;
}

static void arrange(WdPanelView *self) {
  self->style = wd_widget_style(GTK_WIDGET(self), 0.86, self->font, sizeof self->font);
  self->style.units = self->view->units;
  double width = gtk_widget_get_width(GTK_WIDGET(self)) - 2 * WD_PANEL_PADDING;
  double height = gtk_widget_get_height(GTK_WIDGET(self)) - 2 * WD_PANEL_PADDING;
  wd_panel_layout layout = {0};
  self->arranged = FALSE;
  for (int level = 0; level <= BRIEFEST; level++) {
    wd_panel panel = fitted(self, level);
    wd_panel_layout found;
    if (wd_panel_arrange(&panel, &self->style, width, height, &found, NULL)) continue;
    if (self->arranged && least_side(&found) <= 1.1 * least_side(&layout))
      continue; /* giving more up would gain nothing */
    layout = found;
    self->arranged = TRUE;
    self->level = level;
    if (least_side(&layout) >= 7 * self->style.size) break;
  }
  if (self->arranged) self->layout = layout;
}

wd_rect wd_panel_view_facet(WdPanelView *self, int facet) {
  wd_rect r = wd_panel_facet_rect(&self->layout, facet);
  r.x += WD_PANEL_PADDING;
  r.y += WD_PANEL_PADDING;
  return r;
}

/* What assistive technology hears: at most once a second. */
static gboolean on_describe(gpointer data) {
  WdPanelView *self = data;
  self->describe = 0;
  self->described = g_get_monotonic_time();
  char text[700];
  wd_picture_describe(self->picture, text, sizeof text - 160);
  const WdView *v = self->view;
  WdReading reading;
  double y = self->kind == WD_PANEL_VELOCITY ? v->z
             : self->kind == WD_PANEL_TRACES ? v->shot + 1
                                             : v->t * 1000;
  if (v->cursor && wd_picture_read(self->picture, self->hover_facet, v->x, y, &reading)) {
    wd_append(text, _(" Crosshair: "), sizeof text);
    gsize n = strlen(text);
    wd_picture_reading_text(self->picture, &reading, text + n, sizeof text - n);
    g_strlcat(text, ".", sizeof text);
  }
  gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
  return G_SOURCE_REMOVE;
}

static void describe_soon(WdPanelView *self) {
  if (self->describe) return;
  gint64 since = g_get_monotonic_time() - self->described;
  guint wait = since >= G_USEC_PER_SEC ? 0 : (guint)((G_USEC_PER_SEC - since) / 1000);
  self->describe = g_timeout_add_full(G_PRIORITY_LOW, MAX(wait, 100), on_describe, self, NULL);
}

static void refresh(WdPanelView *self, gboolean always) {
  guint change = compose(self);
  self->stale = FALSE;
  self->samples = wd_picture_samples(self->picture);
  if (always) change |= WD_PICTURE_LOOK | WD_PICTURE_TEXT;
  if (!change) return;
  describe_soon(self);
  wd_panel_layout before = self->layout;
  gboolean had = self->arranged;
  arrange(self);
  gboolean moved = had != self->arranged || memcmp(&before, &self->layout, sizeof before) != 0;
  if (moved || change & (WD_PICTURE_FIELDS | WD_PICTURE_LOOK | WD_PICTURE_SHAPE)) {
    g_ptr_array_set_size(self->texture, 0);
    gtk_widget_queue_draw(self->sheet);
    if (moved && !always) gtk_widget_queue_allocate(GTK_WIDGET(self));
    wd_panel_view_gl_redraw(self, change | (moved ? WD_PICTURE_SHAPE : 0));
  }
  gtk_widget_queue_draw(self->decor);
  gtk_widget_queue_draw(self->cursor);
}

static gboolean on_update(gpointer data) {
  WdPanelView *self = data;
  self->update = 0;
  if (gtk_widget_get_mapped(GTK_WIDGET(self))) refresh(self, FALSE);
  return G_SOURCE_REMOVE;
}

void wd_panel_view_schedule(WdPanelView *self) {
  self->stale = TRUE;
  if (!self->update && gtk_widget_get_mapped(GTK_WIDGET(self)))
    self->update = g_idle_add_full(G_PRIORITY_HIGH_IDLE + 15, on_update, self, NULL);
}

/* ---- painting */

static GdkTexture *raster(WdPanelView *self, int facet) {
  const wd_panel *panel = wd_picture_panel(self->picture);
  wd_rect r = wd_panel_facet_rect(&self->layout, facet);
  int width = (int)fmax(1, round(r.width * self->style.scale)),
      height = (int)fmax(1, round(r.height * self->style.scale));
  gsize size = (gsize)width * (gsize)height * 4;
  guint32 *pixel = g_malloc(size);
  wd_image image = {width, height, width, pixel};
  if (!wd_panel_raster(panel, &self->style, &self->layout, facet, &image)) memset(pixel, 0x80, size);
  g_autoptr(GBytes) bytes = g_bytes_new_take(pixel, size);
  return gdk_memory_texture_new(width, height, GDK_MEMORY_DEFAULT, bytes, (gsize)width * 4);
}

static void paint_sheet(GtkSnapshot *snapshot, int width, int height, gpointer data) {
  WdPanelView *self = data;
  (void)width, (void)height;
  if (!self->arranged || self->gl || wd_picture_message(self->picture)) return;
  const wd_panel *panel = wd_picture_panel(self->picture);
  while ((int)self->texture->len < panel->facets)
    g_ptr_array_add(self->texture, raster(self, (int)self->texture->len));
  for (int i = 0; i < panel->facets; i++) {
    wd_rect r = wd_panel_view_facet(self, i);
    gtk_snapshot_append_texture(snapshot, self->texture->pdata[i],
                                &GRAPHENE_RECT_INIT((float)r.x, (float)r.y, (float)r.width, (float)r.height));
  }
}

/* Why nothing is shown, in the middle of where it would be. */
static void draw_message(WdPanelView *self, cairo_t *cr, const char *message) {
  const wd_panel_layout *l = &self->layout;
  wd_pen pen;
  wd_pen_open(&pen, cr, &self->style, NULL);
  double width = (l->columns - 1) * l->step_x + l->first.width;
  double height = (l->rows - 1) * l->step_y + l->first.height;
  wd_type type = {.size = 1.05 * self->style.size, .colour = pen.theme->dim, .room = width};
  double w;
  wd_pen_measure(&pen, &type, message, &w, NULL, NULL);
  wd_pen_text(&pen, &type, l->first.x + fmax(0, (width - w) / 2), l->first.y + height / 2, 0, message);
  wd_pen_close(&pen);
}

static void draw_decor(WdPanelView *self, cairo_t *cr) {
  cairo_translate(cr, WD_PANEL_PADDING, WD_PANEL_PADDING);
  const char *message = wd_picture_message(self->picture);
  if (!self->arranged) return;
  wd_panel panel = fitted(self, self->level);
  panel.no_pictures = true;
  wd_panel_draw(&panel, &self->style, &self->layout, cr, NULL);
  if (message) draw_message(self, cr, message);
}

static void paint_decor(GtkSnapshot *snapshot, int width, int height, gpointer data) {
  cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));
  draw_decor(data, cr);
  cairo_destroy(cr);
}

static void panel_snapshot(GtkWidget *widget, GtkSnapshot *snapshot) {
  WdPanelView *self = WD_PANEL_VIEW(widget);
  guint32 paper = wd_style_theme(&self->style)->paper;
  GdkRGBA colour = {(float)(paper >> 16 & 255) / 255, (float)(paper >> 8 & 255) / 255,
                    (float)(paper & 255) / 255, 1};
  gtk_snapshot_append_color(
      snapshot, &colour,
      &GRAPHENE_RECT_INIT(0, 0, (float)gtk_widget_get_width(widget), (float)gtk_widget_get_height(widget)));
  GTK_WIDGET_CLASS(wd_panel_view_parent_class)->snapshot(widget, snapshot);
}

static void panel_size_allocate(GtkWidget *widget, int width, int height, int baseline) {
  WdPanelView *self = WD_PANEL_VIEW(widget);
  (void)baseline;
  GtkAllocation all = {0, 0, width, height};
  gtk_widget_size_allocate(self->sheet, &all, -1);
  gtk_widget_size_allocate(self->decor, &all, -1);
  gtk_widget_size_allocate(self->cursor, &all, -1);
  if (self->menu) gtk_popover_present(GTK_POPOVER(self->menu));
  refresh(self, TRUE);
  wd_panel_view_gl_place(self);
}

static void panel_realize(GtkWidget *widget) {
  GTK_WIDGET_CLASS(wd_panel_view_parent_class)->realize(widget);
  wd_panel_view_gl_open(WD_PANEL_VIEW(widget));
}

static void panel_unrealize(GtkWidget *widget) {
  wd_panel_view_gl_close(WD_PANEL_VIEW(widget));
  GTK_WIDGET_CLASS(wd_panel_view_parent_class)->unrealize(widget);
}

static void panel_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                          int *natural, int *minimum_baseline, int *natural_baseline) {
  (void)widget, (void)for_size;
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 160 : 96;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 380 : 340;
  *minimum_baseline = *natural_baseline = -1;
}

/* ---- what it watches */

static gboolean on_blink(gpointer data) {
  WdPanelView *self = data;
  self->blink_phase = !self->blink_phase;
  wd_panel_view_schedule(self);
  return G_SOURCE_CONTINUE;
}

/* Two changes and a pause make less than 3 flashes a second. */
static void mind_blink(WdPanelView *self) {
  gboolean blink =
      self->view->blink && self->kind == WD_PANEL_GATHER && gtk_widget_get_mapped(GTK_WIDGET(self));
  if (blink && !self->blink_timer) {
    self->blink_phase = TRUE;
    self->blink_timer = g_timeout_add(350, on_blink, self);
  } else if (!blink && self->blink_timer) {
    g_clear_handle_id(&self->blink_timer, g_source_remove);
    self->blink_phase = FALSE;
  }
}

static void on_view_changed(WdView *view, guint parts, WdPanelView *self) {
  (void)view;
  if (parts &
      (WD_VIEW_PLACE | WD_VIEW_SHOT | WD_VIEW_ZOOM | WD_VIEW_DISPLAY | WD_VIEW_PLOT | WD_VIEW_LAYOUT)) {
    mind_blink(self);
    wd_panel_view_schedule(self);
  }
  if (parts & (WD_VIEW_CURSOR | WD_VIEW_SHOT)) {
    gtk_widget_queue_draw(self->cursor);
    describe_soon(self);
  }
}

static void on_recording_changed(WdPanelView *self) {
  wd_panel_view_schedule(self);
}

/* Then another place's map counts too. */
static gboolean takes_away(WdPanelView *self) {
  return self->kind == WD_PANEL_VELOCITY && wd_view_velocity(self->view, self->side) != WD_VELOCITY_DECODED;
}

/* The sides of a comparison share the range of their gathers. */
static gboolean concerns(const WdPanelView *self, guint branch) {
  const WdView *v = self->view;
  return branch == v->place[self->side].branch ||
         (v->layout == WD_LAYOUT_COMPARE && branch == v->place[!self->side].branch);
}

static void on_position(WdRecording *recording, guint id, int k, WdPanelView *self) {
  (void)recording, (void)k;
  if (concerns(self, id) || takes_away(self)) wd_panel_view_schedule(self);
}

static void on_frame(WdSession *session, guint id, int k, int what, WdPanelView *self) {
  (void)session, (void)k, (void)what;
  if (concerns(self, id) || takes_away(self)) wd_panel_view_schedule(self);
}

static void on_recording(WdSession *session, WdPanelView *self) {
  if (self->recording) g_signal_handlers_disconnect_by_data(self->recording, self);
  g_set_object(&self->recording, wd_session_get_recording(session));
  g_signal_connect_object(self->recording, "changed", G_CALLBACK(on_recording_changed), self,
                          G_CONNECT_SWAPPED);
  g_signal_connect_object(self->recording, "position", G_CALLBACK(on_position), self, 0);
  wd_panel_view_schedule(self);
}

static void on_settings(WdPanelView *self) {
  gtk_widget_queue_allocate(GTK_WIDGET(self));
}

static void panel_map(GtkWidget *widget) {
  GTK_WIDGET_CLASS(wd_panel_view_parent_class)->map(widget);
  mind_blink(WD_PANEL_VIEW(widget));
  if (WD_PANEL_VIEW(widget)->stale) wd_panel_view_schedule(WD_PANEL_VIEW(widget));
}

static void panel_unmap(GtkWidget *widget) {
  GTK_WIDGET_CLASS(wd_panel_view_parent_class)->unmap(widget);
  mind_blink(WD_PANEL_VIEW(widget));
}

static void panel_css_changed(GtkWidget *widget, GtkCssStyleChange *change) {
  GTK_WIDGET_CLASS(wd_panel_view_parent_class)->css_changed(widget, change);
  gtk_widget_queue_allocate(widget);
}

static void panel_state_flags_changed(GtkWidget *widget, GtkStateFlags before) {
  GTK_WIDGET_CLASS(wd_panel_view_parent_class)->state_flags_changed(widget, before);
  WdPanelView *self = WD_PANEL_VIEW(widget);
  if (self->cursor) gtk_widget_queue_draw(self->cursor);
}

static void panel_dispose(GObject *object) {
  WdPanelView *self = WD_PANEL_VIEW(object);
  g_clear_handle_id(&self->update, g_source_remove);
  g_clear_handle_id(&self->blink_timer, g_source_remove);
  g_clear_handle_id(&self->describe, g_source_remove);
  if (self->recording) g_signal_handlers_disconnect_by_data(self->recording, self);
  g_clear_object(&self->recording);
  g_clear_pointer(&self->drawn, g_array_unref);
  g_clear_pointer(&self->menu, gtk_widget_unparent);
  g_clear_object(&self->actions);
  g_clear_pointer(&self->sheet, gtk_widget_unparent);
  g_clear_pointer(&self->decor, gtk_widget_unparent);
  g_clear_pointer(&self->cursor, gtk_widget_unparent);
  G_OBJECT_CLASS(wd_panel_view_parent_class)->dispose(object);
}

static void panel_finalize(GObject *object) {
  WdPanelView *self = WD_PANEL_VIEW(object);
  wd_picture_free(self->picture);
  g_ptr_array_unref(self->texture);
  G_OBJECT_CLASS(wd_panel_view_parent_class)->finalize(object);
}

static void panel_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec) {
  (void)spec;
  WdPanelView *self = WD_PANEL_VIEW(object);
  g_value_set_string(value, id == PROPERTY_RENDERER ? self->renderer : self->painter);
}

static void panel_set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec) {
  (void)id, (void)spec;
  const char *renderer = g_value_get_string(value);
  wd_panel_view_set_renderer(WD_PANEL_VIEW(object), renderer ? renderer : "auto");
}

static void wd_panel_view_class_init(WdPanelViewClass *class) {
  GObjectClass *object = G_OBJECT_CLASS(class);
  GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
  object->get_property = panel_get_property;
  object->set_property = panel_set_property;
  object->dispose = panel_dispose;
  object->finalize = panel_finalize;
  widget->snapshot = panel_snapshot;
  widget->size_allocate = panel_size_allocate;
  widget->measure = panel_measure;
  widget->realize = panel_realize;
  widget->unrealize = panel_unrealize;
  widget->map = panel_map;
  widget->unmap = panel_unmap;
  widget->css_changed = panel_css_changed;
  widget->state_flags_changed = panel_state_flags_changed;
  g_object_class_install_property(
      object, PROPERTY_RENDERER,
      g_param_spec_string("renderer", NULL, NULL, "auto", G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property(
      object, PROPERTY_PAINTER,
      g_param_spec_string("painter", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  gtk_widget_class_set_css_name(widget, "wd-panel");
  gtk_widget_class_set_accessible_role(widget, GTK_ACCESSIBLE_ROLE_IMG);
}

static void wd_panel_view_init(WdPanelView *self) {
  self->picture = wd_picture_new();
  self->texture = g_ptr_array_new_with_free_func(g_object_unref);
  self->stale = TRUE;
  GtkWidget *widget = GTK_WIDGET(self);
  gtk_widget_set_focusable(widget, TRUE);
  gtk_widget_set_hexpand(widget, TRUE);
  gtk_widget_set_vexpand(widget, TRUE);
  gtk_widget_set_overflow(widget, GTK_OVERFLOW_HIDDEN);
  self->sheet = wd_layer_new(paint_sheet, self);
  self->decor = wd_layer_new(paint_decor, self);
  self->cursor = wd_layer_new(wd_panel_view_paint_cursor, self);
  gtk_widget_set_parent(self->sheet, widget);
  gtk_widget_set_parent(self->decor, widget);
  gtk_widget_set_parent(self->cursor, widget);
  g_strlcpy(self->renderer, "auto", sizeof self->renderer);
}

GtkWidget *wd_panel_view_new(WdSession *session, WdView *view, WdPanelKind kind, int side) {
  WdPanelView *self = g_object_new(WD_TYPE_PANEL_VIEW, NULL);
  self->session = session;
  self->view = view;
  self->kind = kind;
  self->side = side;
  gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL, _(labels[kind]), -1);
  wd_panel_view_add_actions(self);
  wd_panel_view_listen(self);
  g_signal_connect_object(view, "changed", G_CALLBACK(on_view_changed), self, 0);
  g_signal_connect_object(session, "frame", G_CALLBACK(on_frame), self, 0);
  g_signal_connect_object(session, "recording", G_CALLBACK(on_recording), self, 0);
  g_signal_connect_object(session, "state", G_CALLBACK(on_recording_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object(gtk_settings_get_default(), "notify::gtk-application-prefer-dark-theme",
                          G_CALLBACK(on_settings), self, G_CONNECT_SWAPPED);
  g_signal_connect(self, "notify::scale-factor", G_CALLBACK(on_settings), NULL);
  on_recording(session, self);
  return GTK_WIDGET(self);
}

/* ---- for others */

WdPanelKind wd_panel_view_get_kind(WdPanelView *self) {
  return self->kind;
}

int wd_panel_view_get_side(WdPanelView *self) {
  return self->side;
}

const WdPicture *wd_panel_view_get_picture(WdPanelView *self) {
  if (self->stale) refresh(self, FALSE);
  return self->picture;
}

const wd_panel_layout *wd_panel_view_get_layout(WdPanelView *self) {
  if (self->stale) refresh(self, FALSE);
  return self->arranged ? &self->layout : NULL;
}

wd_style wd_panel_view_get_style(WdPanelView *self) {
  return self->style;
}

const char *wd_panel_view_painter(WdPanelView *self) {
  return self->painter;
}

const char *wd_panel_view_renderer(WdPanelView *self) {
  return self->renderer;
}

void wd_panel_view_set_renderer(WdPanelView *self, const char *renderer) {
  if (g_strcmp0(self->renderer, renderer) == 0) return;
  g_strlcpy(self->renderer, renderer, sizeof self->renderer);
  if (!gtk_widget_get_realized(GTK_WIDGET(self))) return;
  wd_panel_view_gl_close(self);
  self->gl_refused = FALSE;
  wd_panel_view_gl_open(self);
  g_object_notify(G_OBJECT(self), "painter");
  gtk_widget_queue_allocate(GTK_WIDGET(self));
}

GdkTexture *wd_panel_view_get_texture(WdPanelView *self) {
  if (self->stale) refresh(self, FALSE);
  int width = (int)ceil(gtk_widget_get_width(GTK_WIDGET(self)) * self->style.scale),
      height = (int)ceil(gtk_widget_get_height(GTK_WIDGET(self)) * self->style.scale);
  if (width < 1 || height < 1 || !self->arranged) return NULL;
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
  cairo_surface_set_device_scale(surface, self->style.scale, self->style.scale);
  cairo_t *cr = cairo_create(surface);
  guint32 paper = wd_style_theme(&self->style)->paper;
  cairo_set_source_rgb(cr, (paper >> 16 & 255) / 255.0, (paper >> 8 & 255) / 255.0, (paper & 255) / 255.0);
  cairo_paint(cr);
  if (!wd_picture_message(self->picture)) {
    cairo_translate(cr, WD_PANEL_PADDING, WD_PANEL_PADDING);
    wd_panel panel = fitted(self, self->level);
    wd_panel_draw(&panel, &self->style, &self->layout, cr, NULL);
  } else {
    draw_decor(self, cr);
  }
  cairo_destroy(cr);
  cairo_surface_flush(surface);
  int stride = cairo_image_surface_get_stride(surface);
  g_autoptr(GBytes) bytes = g_bytes_new(cairo_image_surface_get_data(surface), (gsize)stride * (gsize)height);
  cairo_surface_destroy(surface);
  return gdk_memory_texture_new(width, height, GDK_MEMORY_DEFAULT, bytes, (gsize)stride);
}
