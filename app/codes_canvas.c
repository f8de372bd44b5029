#include "app/codes_canvas.h"
#include "app/i18n.h"
#include "app/widget_style.h"
#include "render/pen.h"
#include "render/range.h"

#include <math.h>
#include <string.h>

struct _WdCodesCanvas {
  GtkWidget parent_instance;
  int rows, columns;
  char *message, *bar_lo, *bar_hi;
  guint32 *colour, bar[256];
  guint8 *changed, *selection;
  gboolean has_bar, any;
  wd_map map;
  double x1, z1;
  wd_units units;
  WdCodesTool tool;
  int key_cell, hover; /* -1: none */
  wd_rect grid;        /* of the last drawing */
  double cell;         /* its side */
  /* a drag */
  gboolean dragging, adding;
  double from_x, from_y;
  int drag_cell;
  guint8 *before; /* the selection when it began */
  GArray *lasso;  /* double x, y in turn */
  double wheel;   /* of smooth wheels, not yet a turn */
  double value;   /* of a drag of a value, so far */
  char family[64];
};

G_DEFINE_FINAL_TYPE(WdCodesCanvas, wd_codes_canvas, GTK_TYPE_WIDGET)

enum { HOVER, TURN, VALUE, CHOOSE, SELECTED, COMMAND, SIGNALS };
static guint signals[SIGNALS];
static const double VALUE_A_PIXEL = 0.02;

static int cells(const WdCodesCanvas *c) {
  return c->rows * c->columns;
}

/* ---- what is shown */

static void take_text(char **slot, const char *text) {
  g_free(*slot);
  *slot = g_strdup(text);
}

void wd_codes_canvas_set(WdCodesCanvas *c, const WdCodesLook *l) {
  gboolean other = l->rows != c->rows || l->columns != c->columns;
  c->rows = l->rows;
  c->columns = l->columns;
  gsize n = (gsize)MAX(cells(c), 1);
  take_text(&c->message, l->message);
  take_text(&c->bar_lo, l->bar_lo);
  take_text(&c->bar_hi, l->bar_hi);
  if (other) {
    g_free(c->selection);
    c->selection = g_new0(guint8, n);
    c->any = FALSE;
    c->hover = -1;
    c->key_cell = cells(c) ? 0 : -1;
  }
  g_free(c->colour);
  c->colour = l->colour ? g_memdup2(l->colour, n * sizeof *l->colour) : g_new0(guint32, n);
  g_free(c->changed);
  c->changed = l->changed ? g_memdup2(l->changed, n) : NULL;
  c->has_bar = l->bar != NULL;
  if (l->bar) memcpy(c->bar, l->bar, sizeof c->bar);
  wd_map_clear(&c->map);
  if (l->map && l->map->value) wd_map_copy(l->map, &c->map, NULL);
  c->x1 = l->x1;
  c->z1 = l->z1;
  c->units = l->units;
  gtk_widget_queue_draw(GTK_WIDGET(c));
}

void wd_codes_canvas_set_tool(WdCodesCanvas *c, WdCodesTool tool) {
  c->tool = tool;
  gtk_widget_set_cursor_from_name(GTK_WIDGET(c), tool == WD_CODES_VALUE ? "ns-resize" : "default");
}

const guint8 *wd_codes_canvas_get_selection(WdCodesCanvas *c) {
  return c->any ? c->selection : NULL;
}

static void selection_changed(WdCodesCanvas *c) {
  c->any = FALSE;
  for (int i = 0; i < cells(c); i++) c->any = c->any || c->selection[i];
  gtk_widget_queue_draw(GTK_WIDGET(c));
  g_signal_emit(c, signals[SELECTED], 0);
}

void wd_codes_canvas_select(WdCodesCanvas *c, const guint8 *mask) {
  if (!cells(c)) return;
  if (mask)
    memcpy(c->selection, mask, (gsize)cells(c));
  else
    memset(c->selection, 0, (gsize)cells(c));
  selection_changed(c);
}

int wd_codes_canvas_get_cell(WdCodesCanvas *c) {
  return c->hover >= 0 ? c->hover : c->key_cell;
}

void wd_codes_canvas_set_cell(WdCodesCanvas *c, int cell) {
  c->key_cell = cell >= 0 && cell < cells(c) ? cell : -1;
  gtk_widget_queue_draw(GTK_WIDGET(c));
  g_signal_emit(c, signals[HOVER], 0, wd_codes_canvas_get_cell(c));
}

void wd_codes_canvas_describe(WdCodesCanvas *c, const char *text) {
  gtk_accessible_update_property(GTK_ACCESSIBLE(c), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
}

/* ---- where things are */

static void arrange(WdCodesCanvas *c, const wd_style *style) {
  double w = gtk_widget_get_width(GTK_WIDGET(c)), h = gtk_widget_get_height(GTK_WIDGET(c));
  double left = 3.6 * style->size, bottom = 3.1 * style->size, right = c->has_bar ? 4.2 * style->size : 6,
         top = 6;
  double side = fmin((w - left - right) / MAX(c->columns, 1), (h - top - bottom) / MAX(c->rows, 1));
  c->cell = fmax(2, floor(side));
  double gw = c->cell * c->columns, gh = c->cell * c->rows;
  c->grid =
      (wd_rect){floor(left + (w - left - right - gw) / 2), floor(top + (h - top - bottom - gh) / 2), gw, gh};
}

static int cell_at(const WdCodesCanvas *c, double x, double y) {
  if (!cells(c) || c->cell <= 0) return -1;
  int column = (int)floor((x - c->grid.x) / c->cell), row = (int)floor((y - c->grid.y) / c->cell);
  return column < 0 || column >= c->columns || row < 0 || row >= c->rows ? -1 : row * c->columns + column;
}

gboolean wd_codes_canvas_cell_rect(WdCodesCanvas *c, int cell, GdkRectangle *out) {
  if (cell < 0 || cell >= cells(c) || c->cell <= 0) return FALSE;
  *out = (GdkRectangle){(int)(c->grid.x + c->cell * (cell % c->columns)),
                        (int)(c->grid.y + c->cell * (cell / c->columns)), (int)c->cell, (int)c->cell};
  return TRUE;
}

/* ---- drawing */

static void draw_map(WdCodesCanvas *c, cairo_t *cr) {
  const wd_map *m = &c->map;
  int size = 4 * c->rows;
  double pixel = c->grid.height / size, top = (size - m->nz) / 2, left = (size - m->nx) / 2;
  cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, m->nx, m->nz);
  guint32 *p = (guint32 *)(void *)cairo_image_surface_get_data(image);
  int stride = cairo_image_surface_get_stride(image) / 4;
  for (int z = 0; z < m->nz; z++)
    for (int x = 0; x < m->nx; x++) {
      double v = ((double)m->value[z * m->nx + x] - WD_VELOCITY_LO) / (WD_VELOCITY_HI - WD_VELOCITY_LO);
      guint32 g = (guint32)(40 + 200 * CLAMP(v, 0, 1));
      p[z * stride + x] = g << 16 | g << 8 | g;
    }
  cairo_surface_mark_dirty(image);
  cairo_save(cr);
  cairo_rectangle(cr, c->grid.x, c->grid.y, c->grid.width, c->grid.height);
  cairo_clip(cr);
  cairo_translate(cr, c->grid.x + left * pixel, c->grid.y + top * pixel);
  cairo_scale(cr, pixel, pixel);
  cairo_set_source_surface(cr, image, 0, 0);
  cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
  cairo_paint(cr);
  cairo_restore(cr);
  cairo_surface_destroy(image);
}

static void outline(WdCodesCanvas *c, cairo_t *cr, const guint8 *mask) {
  for (int i = 0; i < cells(c); i++) {
    if (!mask[i]) continue;
    int row = i / c->columns, column = i % c->columns;
    double x = c->grid.x + column * c->cell, y = c->grid.y + row * c->cell, s = c->cell;
    if (row == 0 || !mask[i - c->columns]) cairo_move_to(cr, x, y), cairo_line_to(cr, x + s, y);
    if (row == c->rows - 1 || !mask[i + c->columns])
      cairo_move_to(cr, x, y + s), cairo_line_to(cr, x + s, y + s);
    if (column == 0 || !mask[i - 1]) cairo_move_to(cr, x, y), cairo_line_to(cr, x, y + s);
    if (column == c->columns - 1 || !mask[i + 1])
      cairo_move_to(cr, x + s, y), cairo_line_to(cr, x + s, y + s);
  }
}

/* Seen on every colour: dark below, light above. */
static void stroke_both(cairo_t *cr, double width, guint32 colour) {
  cairo_set_line_cap(cr, CAIRO_LINE_CAP_SQUARE);
  cairo_set_source_rgba(cr, 0, 0, 0, 0.85);
  cairo_set_line_width(cr, width + 2);
  cairo_stroke_preserve(cr);
  wd_cairo_colour(cr, colour, 1);
  cairo_set_line_width(cr, width);
  cairo_stroke(cr);
}

static void draw_axes(WdCodesCanvas *c, wd_pen *pen) {
  double size = pen->style.size;
  wd_type type = {.colour = pen->theme->dim, .size = 0.92 * size};
  int every = c->cell * 2 < 1.7 * size ? 4 : 2;
  for (int i = 0; i < c->columns; i += every) {
    char text[8];
    g_snprintf(text, sizeof text, "%d", i);
    wd_pen_text(pen, &type, c->grid.x + (i + 0.5) * c->cell, c->grid.y + c->grid.height + 1.15 * size, 0.5,
                text);
  }
  for (int i = 0; i < c->rows; i += every) {
    char text[8];
    g_snprintf(text, sizeof text, "%d", i);
    wd_pen_text(pen, &type, c->grid.x - 0.4 * size, c->grid.y + (i + 0.5) * c->cell + 0.35 * size, 1, text);
  }
  char text[96], end[48];
  wd_units_text(&c->units, WD_DISTANCE, c->x1, 1, end, sizeof end);
  wd_print(text, sizeof text, _("column: distance and receivers, 0 to %s"), end);
  type.room = fmax(c->grid.width, 6 * size);
  wd_pen_text(pen, &type, c->grid.x + c->grid.width / 2, c->grid.y + c->grid.height + 2.5 * size, 0.5, text);
  type.room = 0;
  wd_pen_text_up(pen, &type, c->grid.x - 2.3 * size, c->grid.y + c->grid.height / 2,
                 _("row: depth, and time"));
}

static void draw_bar(WdCodesCanvas *c, wd_pen *pen) {
  cairo_t *cr = pen->cr;
  double size = pen->style.size, x = c->grid.x + c->grid.width + 0.7 * size, w = 0.9 * size,
         y = c->grid.y + 1.4 * size, h = c->grid.height - 2.8 * size;
  for (int i = 0; i < 256; i++) {
    wd_cairo_colour(cr, c->bar[255 - i], 1);
    cairo_rectangle(cr, x, y + h * i / 256, w, h / 256 + 1);
    cairo_fill(cr);
  }
  wd_type type = {.colour = pen->theme->dim, .size = 0.92 * size};
  wd_pen_text(pen, &type, x + w / 2, y - 0.4 * size, 0.5, c->bar_hi);
  wd_pen_text(pen, &type, x + w / 2, y + h + 1.1 * size, 0.5, c->bar_lo);
}

static void draw_cells(WdCodesCanvas *c, cairo_t *cr) {
  double gap = c->cell >= 9 ? 1 : 0, alpha = c->map.value ? 0.5 : 1;
  if (c->map.value) draw_map(c, cr);
  for (int i = 0; i < cells(c); i++) {
    double x = c->grid.x + (i % c->columns) * c->cell, y = c->grid.y + (i / c->columns) * c->cell;
    wd_cairo_colour(cr, c->colour[i], alpha);
    cairo_rectangle(cr, x, y, c->cell - gap, c->cell - gap);
    cairo_fill(cr);
  }
  for (int i = 0; i < cells(c) && c->changed; i++) {
    if (!c->changed[i]) continue;
    double x = c->grid.x + (i % c->columns + 0.5) * c->cell, y = c->grid.y + (i / c->columns + 0.5) * c->cell;
    cairo_arc(cr, x, y, fmax(1.5, 0.16 * c->cell), 0, 2 * G_PI);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_fill_preserve(cr);
    cairo_set_source_rgb(cr, 0, 0, 0);
    cairo_set_line_width(cr, 1.2);
    cairo_stroke(cr);
  }
}

static void canvas_snapshot(GtkWidget *widget, GtkSnapshot *snapshot) {
  WdCodesCanvas *c = WD_CODES_CANVAS(widget);
  float w = (float)gtk_widget_get_width(widget), h = (float)gtk_widget_get_height(widget);
  cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, w, h));
  wd_style style = wd_widget_style(widget, 0.86, c->family, sizeof c->family);
  wd_pen pen;
  wd_pen_open(&pen, cr, &style, NULL);
  if (!cells(c)) {
    wd_type type = {.colour = pen.theme->dim, .size = 1.1 * style.size, .room = w - 20};
    wd_pen_text(&pen, &type, w / 2, h / 2, 0.5, c->message ? c->message : "");
  } else {
    arrange(c, &style);
    draw_cells(c, cr);
    draw_axes(c, &pen);
    if (c->has_bar) draw_bar(c, &pen);
    if (c->any) {
      outline(c, cr, c->selection);
      stroke_both(cr, 2, 0xffffff);
    }
    GdkRectangle r;
    if (gtk_widget_has_focus(widget) && wd_codes_canvas_cell_rect(c, c->key_cell, &r)) {
      cairo_rectangle(cr, r.x - 0.5, r.y - 0.5, r.width, r.height);
      stroke_both(cr, 2, pen.theme->accent);
    }
    if (wd_codes_canvas_cell_rect(c, c->hover, &r)) {
      cairo_rectangle(cr, r.x - 0.5, r.y - 0.5, r.width, r.height);
      stroke_both(cr, 1, 0xffffff);
    }
    if (c->dragging && c->tool == WD_CODES_LASSO && c->lasso->len >= 4) {
      const double *p = (const double *)(void *)c->lasso->data;
      cairo_move_to(cr, p[0], p[1]);
      for (guint i = 2; i + 1 < c->lasso->len; i += 2) cairo_line_to(cr, p[i], p[i + 1]);
      stroke_both(cr, 1.2, 0xffffff);
    }
  }
  wd_pen_close(&pen);
  cairo_destroy(cr);
}

/* ---- the hand */

static void set_hover(WdCodesCanvas *c, int cell) {
  if (cell == c->hover) return;
  c->hover = cell;
  gtk_widget_queue_draw(GTK_WIDGET(c));
  g_signal_emit(c, signals[HOVER], 0, wd_codes_canvas_get_cell(c));
}

static void on_motion(GtkEventControllerMotion *m, double x, double y, WdCodesCanvas *c) {
  (void)m;
  if (!c->dragging) set_hover(c, cell_at(c, x, y));
}

static void on_leave(GtkEventControllerMotion *m, WdCodesCanvas *c) {
  (void)m;
  if (!c->dragging) set_hover(c, -1);
}

static gboolean on_scroll(GtkEventControllerScroll *s, double dx, double dy, WdCodesCanvas *c) {
  (void)s, (void)dx;
  if (c->hover < 0) return FALSE;
  gtk_widget_grab_focus(GTK_WIDGET(c)); /* undo is for what the wheel did */
  c->wheel += dy;
  int by = (int)c->wheel;
  c->wheel -= by;
  if (by) g_signal_emit(c, signals[TURN], 0, c->hover, by);
  return TRUE;
}

/* Even-odd: whether a place is inside of the lasso. */
static gboolean inside(const GArray *lasso, double x, double y) {
  const double *p = (const double *)(const void *)lasso->data;
  guint n = lasso->len / 2;
  gboolean in = FALSE;
  for (guint i = 0, j = n - 1; i < n; j = i++) {
    double xi = p[2 * i], yi = p[2 * i + 1], xj = p[2 * j], yj = p[2 * j + 1];
    if ((yi > y) != (yj > y) && x < (xj - xi) * (y - yi) / (yj - yi) + xi) in = !in;
  }
  return in;
}

static void drag_select(WdCodesCanvas *c, double x, double y) {
  int to = cell_at(c, CLAMP(x, c->grid.x, c->grid.x + c->grid.width - 1),
                   CLAMP(y, c->grid.y, c->grid.y + c->grid.height - 1));
  if (c->adding)
    memcpy(c->selection, c->before, (gsize)cells(c));
  else
    memset(c->selection, 0, (gsize)cells(c));
  if (c->tool == WD_CODES_LASSO) {
    for (int i = 0; i < cells(c) && c->lasso->len >= 6; i++)
      if (inside(c->lasso, c->grid.x + (i % c->columns + 0.5) * c->cell,
                 c->grid.y + (i / c->columns + 0.5) * c->cell))
        c->selection[i] = 1;
  } else if (to >= 0 && c->drag_cell >= 0) {
    int r0 = MIN(to, c->drag_cell) / c->columns, r1 = MAX(to, c->drag_cell) / c->columns;
    int a = to % c->columns, b = c->drag_cell % c->columns;
    for (int r = r0; r <= r1; r++)
      for (int k = MIN(a, b); k <= MAX(a, b); k++) c->selection[r * c->columns + k] = 1;
  }
  selection_changed(c);
}

static void on_drag_begin(GtkGestureDrag *g, double x, double y, WdCodesCanvas *c) {
  GdkModifierType state = gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(g));
  gtk_widget_grab_focus(GTK_WIDGET(c));
  if (!cells(c)) return;
  c->from_x = x;
  c->from_y = y;
  c->drag_cell = cell_at(c, x, y);
  c->adding = (state & (GDK_CONTROL_MASK | GDK_SHIFT_MASK)) != 0;
  g_free(c->before);
  c->before = g_memdup2(c->selection, (gsize)cells(c));
  g_array_set_size(c->lasso, 0);
  c->dragging = FALSE;
  if (c->drag_cell >= 0) wd_codes_canvas_set_cell(c, c->drag_cell);
}

static void on_drag_update(GtkGestureDrag *g, double dx, double dy, WdCodesCanvas *c) {
  if (!cells(c)) return;
  gboolean first = !c->dragging;
  if (first && hypot(dx, dy) < 3) return;
  c->dragging = TRUE;
  double x = c->from_x + dx, y = c->from_y + dy;
  if (c->tool == WD_CODES_VALUE) {
    GdkModifierType state = gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(g));
    c->value = -dy * VALUE_A_PIXEL * (state & GDK_SHIFT_MASK ? 0.1 : 1);
    if (c->drag_cell >= 0) g_signal_emit(c, signals[VALUE], 0, c->drag_cell, c->value, first ? 0 : 1);
    return;
  }
  if (c->tool == WD_CODES_LASSO) {
    g_array_append_val(c->lasso, x);
    g_array_append_val(c->lasso, y);
  }
  drag_select(c, x, y);
}

static void on_drag_end(GtkGestureDrag *g, double dx, double dy, WdCodesCanvas *c) {
  (void)g;
  if (!cells(c)) return;
  if (c->dragging && c->tool == WD_CODES_VALUE) {
    if (c->drag_cell >= 0) g_signal_emit(c, signals[VALUE], 0, c->drag_cell, c->value, 2);
  } else if (!c->dragging && c->tool != WD_CODES_VALUE) { /* a click: that cell alone, or one more */
    if (!c->adding) memset(c->selection, 0, (gsize)cells(c));
    if (c->drag_cell >= 0) c->selection[c->drag_cell] = c->adding ? !c->selection[c->drag_cell] : 1;
    selection_changed(c);
  }
  c->dragging = FALSE;
  set_hover(c, cell_at(c, c->from_x + dx, c->from_y + dy));
  gtk_widget_queue_draw(GTK_WIDGET(c));
}

static void on_click(GtkGestureClick *g, int n, double x, double y, WdCodesCanvas *c) {
  guint button = gtk_gesture_single_get_current_button(GTK_GESTURE_SINGLE(g));
  int cell = cell_at(c, x, y);
  if (cell < 0 || !(button == GDK_BUTTON_SECONDARY || (button == GDK_BUTTON_PRIMARY && n == 2))) return;
  wd_codes_canvas_set_cell(c, cell);
  g_signal_emit(c, signals[CHOOSE], 0, cell);
}

/* ---- keys */

static void move(WdCodesCanvas *c, int rows, int columns, gboolean select) {
  int from = MAX(c->key_cell, 0);
  int r = CLAMP(from / c->columns + rows, 0, c->rows - 1),
      k = CLAMP(from % c->columns + columns, 0, c->columns - 1);
  c->hover = -1;
  wd_codes_canvas_set_cell(c, r * c->columns + k);
  if (!select) return;
  c->selection[from] = c->selection[c->key_cell] = 1;
  selection_changed(c);
}

static gboolean on_key(GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state,
                       WdCodesCanvas *c) {
  (void)keys, (void)code;
  if (!cells(c)) return FALSE;
  gboolean shift = (state & GDK_SHIFT_MASK) != 0;
  int cell = wd_codes_canvas_get_cell(c);
  if (state & GDK_CONTROL_MASK) {
    const char *name = NULL;
    switch (gdk_keyval_to_lower(key)) {
    case GDK_KEY_c: name = "copy"; break;
    case GDK_KEY_v: name = "paste"; break;
    case GDK_KEY_z: name = shift ? "redo" : "undo"; break;
    case GDK_KEY_y: name = "redo"; break;
    case GDK_KEY_a: {
      memset(c->selection, 1, (gsize)cells(c));
      selection_changed(c);
      return TRUE;
    }
    default: return FALSE;
    }
    g_signal_emit(c, signals[COMMAND], 0, name);
    return TRUE;
  }
  if (state & GDK_ALT_MASK) {
    double by = (shift ? 0.01 : 0.1) * (key == GDK_KEY_Up ? 1 : key == GDK_KEY_Down ? -1 : 0);
    if (by == 0 || cell < 0) return FALSE;
    g_signal_emit(c, signals[VALUE], 0, cell, by, 0);
    g_signal_emit(c, signals[VALUE], 0, cell, by, 2);
    return TRUE;
  }
  switch (key) {
  case GDK_KEY_Up: move(c, -1, 0, shift); break;
  case GDK_KEY_Down: move(c, 1, 0, shift); break;
  case GDK_KEY_Left: move(c, 0, -1, shift); break;
  case GDK_KEY_Right: move(c, 0, 1, shift); break;
  case GDK_KEY_plus:
  case GDK_KEY_KP_Add: g_signal_emit(c, signals[TURN], 0, cell, 1); break;
  case GDK_KEY_minus:
  case GDK_KEY_KP_Subtract: g_signal_emit(c, signals[TURN], 0, cell, -1); break;
  case GDK_KEY_Return:
  case GDK_KEY_KP_Enter:
    if (cell < 0) return FALSE;
    g_signal_emit(c, signals[CHOOSE], 0, cell);
    break;
  case GDK_KEY_Delete:
  case GDK_KEY_BackSpace: g_signal_emit(c, signals[COMMAND], 0, "revert"); break;
  case GDK_KEY_Escape:
    if (!c->any) return FALSE;
    wd_codes_canvas_select(c, NULL);
    break;
  default: return FALSE;
  }
  return TRUE;
}

/* ---- the widget */

static void canvas_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                           int *natural, int *minimum_baseline, int *natural_baseline) {
  (void)widget, (void)for_size, (void)orientation;
  *minimum = 220;
  *natural = 380;
  *minimum_baseline = *natural_baseline = -1;
}

static void canvas_finalize(GObject *object) {
  WdCodesCanvas *c = WD_CODES_CANVAS(object);
  g_free(c->message);
  g_free(c->bar_lo);
  g_free(c->bar_hi);
  g_free(c->colour);
  g_free(c->changed);
  g_free(c->selection);
  g_free(c->before);
  g_array_unref(c->lasso);
  wd_map_clear(&c->map);
  G_OBJECT_CLASS(wd_codes_canvas_parent_class)->finalize(object);
}

static void wd_codes_canvas_class_init(WdCodesCanvasClass *class) {
  GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
  GType type = G_TYPE_FROM_CLASS(class);
  G_OBJECT_CLASS(class)->finalize = canvas_finalize;
  widget->snapshot = canvas_snapshot;
  widget->measure = canvas_measure;
  gtk_widget_class_set_accessible_role(widget, GTK_ACCESSIBLE_ROLE_IMG);
  signals[HOVER] =
      g_signal_new("hover", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[TURN] = g_signal_new("turn", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                               G_TYPE_INT, G_TYPE_INT);
  signals[VALUE] = g_signal_new("value", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                                G_TYPE_INT, G_TYPE_DOUBLE, G_TYPE_INT);
  signals[CHOOSE] =
      g_signal_new("choose", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[SELECTED] = g_signal_new("selected", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[COMMAND] =
      g_signal_new("command", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void wd_codes_canvas_init(WdCodesCanvas *c) {
  c->key_cell = c->hover = -1;
  c->colour = g_new0(guint32, 1);
  c->selection = g_new0(guint8, 1);
  c->lasso = g_array_new(FALSE, FALSE, sizeof(double));
  gtk_widget_set_focusable(GTK_WIDGET(c), TRUE);
  gtk_widget_set_hexpand(GTK_WIDGET(c), TRUE);
  gtk_widget_set_vexpand(GTK_WIDGET(c), TRUE);
  GtkEventController *motion = gtk_event_controller_motion_new();
  g_signal_connect(motion, "motion", G_CALLBACK(on_motion), c);
  g_signal_connect(motion, "enter", G_CALLBACK(on_motion), c);
  g_signal_connect(motion, "leave", G_CALLBACK(on_leave), c);
  gtk_widget_add_controller(GTK_WIDGET(c), motion);
  GtkEventController *scroll = gtk_event_controller_scroll_new(GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);
  g_signal_connect(scroll, "scroll", G_CALLBACK(on_scroll), c);
  gtk_widget_add_controller(GTK_WIDGET(c), scroll);
  GtkGesture *drag = gtk_gesture_drag_new();
  g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), c);
  g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag_update), c);
  g_signal_connect(drag, "drag-end", G_CALLBACK(on_drag_end), c);
  gtk_widget_add_controller(GTK_WIDGET(c), GTK_EVENT_CONTROLLER(drag));
  GtkGesture *click = gtk_gesture_click_new();
  gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(click), 0);
  g_signal_connect(click, "released", G_CALLBACK(on_click), c);
  gtk_widget_add_controller(GTK_WIDGET(c), GTK_EVENT_CONTROLLER(click));
  GtkEventController *keys = gtk_event_controller_key_new();
  g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), c);
  gtk_widget_add_controller(GTK_WIDGET(c), keys);
  gtk_accessible_update_property(GTK_ACCESSIBLE(c), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Codes of the latent"),
                                 -1);
}

GtkWidget *wd_codes_canvas_new(void) {
  return g_object_new(WD_TYPE_CODES_CANVAS, "name", "codes-canvas", NULL);
}
