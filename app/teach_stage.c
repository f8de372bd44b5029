/* What is drawn over the window's content for lessons and presenters: a spotlight (all else a little darker,
 * a ring about what is meant), covers over what is to be predicted, a halo about the pointer, and a picture
 * that stands still while the window goes on beneath it. */
#include "app/i18n.h"
#include "app/teach.h"

#include "app/layer.h"
#include "app/panel_view_private.h"
#include "app/wavefield_view.h"
#include "app/window_private.h"

#include <math.h>
#include <string.h>

typedef struct Stage {
  WdWindow *window;
  GtkWidget *overlay, *layer, *content, *ice;
  GtkWidget *cover[WD_TARGETS];
  graphene_rect_t rect[WD_SPOTLIGHTS], covered[WD_TARGETS], page;
  int rects;
  guint watch;
  gboolean pointer;
  double x, y;
} Stage;

static Stage *stage_of(WdWindow *w) {
  return g_object_get_data(G_OBJECT(w), "wd-teach-stage");
}

/* ---- where things are */

static GtkWidget *widget_of(WdWindow *w, WdTarget target) {
  const WdColumn *a = &w->column[0], *b = &w->column[1];
  switch (target) {
  case WD_TARGET_VELOCITY:
  case WD_TARGET_GATHER:
  case WD_TARGET_SIMULATED:
  case WD_TARGET_DIFFERENCE:
  case WD_TARGET_TRACES: return a->panel[target];
  case WD_TARGET_PLOT: return w->plot;
  case WD_TARGET_TIMELINE: return w->timeline;
  case WD_TARGET_SHOTS: return a->strip;
  case WD_TARGET_SIDEBAR: return w->sidebar;
  case WD_TARGET_STATUS: return w->status;
  case WD_TARGET_VELOCITY_B: return b->panel[WD_PANEL_VELOCITY];
  case WD_TARGET_GATHER_B: return b->panel[WD_PANEL_GATHER];
  case WD_TARGET_DIFFERENCE_B: return b->panel[WD_PANEL_DIFFERENCE];
  case WD_TARGET_PROFILES: return w->profiles;
  case WD_TARGET_TRACE_WINDOW: return w->traces;
  case WD_TARGET_PAGE: return w->pages;
  case WD_TARGET_WAVEFIELD:
  case WD_TARGET_WAVEFIELD_GATHER: {
    GtkWidget *page = gtk_stack_get_child_by_name(GTK_STACK(w->pages), "wavefield");
    return page ? GTK_WIDGET(wd_wavefield_view_get_canvas(WD_WAVEFIELD_VIEW(page))) : NULL;
  }
  case WD_TARGETS: break;
  }
  return NULL;
}

/* Not of what has no room yet: before it is first allocated a card's bounds are its border, 2 by 2, in which
 * a cover's label would have less than nothing. */
static gboolean bounds(Stage *s, GtkWidget *widget, graphene_rect_t *out) {
  return widget && gtk_widget_get_mapped(widget) && gtk_widget_get_width(widget) > 0 &&
         gtk_widget_get_height(widget) > 0 && gtk_widget_compute_bounds(widget, s->overlay, out);
}

/* A whole panel with what belongs to it, the gather with its shots. */
static GtkWidget *card_of(WdWindow *w, WdTarget target) {
  GtkWidget *widget = widget_of(w, target);
  return widget && WD_IS_PANEL_VIEW(widget) ? gtk_widget_get_parent(widget) : widget;
}

/* One of the wavefield's pictures, with its axes. */
static gboolean wave_rect(GtkWidget *canvas, WdTarget target, graphene_rect_t *out) {
  wd_rect r;
  if (!wd_wavefield_canvas_area(WD_WAVEFIELD_CANVAS(canvas),
                                target == WD_TARGET_WAVEFIELD ? WD_PLACE_MAP : WD_PLACE_GATHER, &r))
    return TRUE; /* no room for it: the canvas as a whole */
  *out = GRAPHENE_RECT_INIT(out->origin.x + (float)r.x, out->origin.y + (float)r.y, (float)r.width,
                            (float)r.height);
  return TRUE;
}

static gboolean rect_of(Stage *s, const WdSpotlight *spot, graphene_rect_t *out) {
  GtkWidget *widget = widget_of(s->window, spot->target);
  if (widget && WD_IS_WAVEFIELD_CANVAS(widget))
    return bounds(s, widget, out) && wave_rect(widget, spot->target, out);
  if (!spot->region || !widget || !WD_IS_PANEL_VIEW(widget))
    return bounds(s, card_of(s->window, spot->target), out);
  if (!bounds(s, widget, out)) return FALSE;
  WdPanelView *panel = WD_PANEL_VIEW(widget);
  const wd_panel_layout *layout = wd_panel_view_get_layout(panel);
  const wd_panel *p = wd_picture_panel(wd_panel_view_get_picture(panel));
  if (!layout) return TRUE;
  const int shot = s->window->view->shot, facet = p->facets > 1 ? CLAMP(shot, 0, p->facets - 1) : 0;
  wd_rect r = wd_panel_facet_rect(layout, facet);
  r.x += WD_PANEL_PADDING;
  r.y += WD_PANEL_PADDING;
  const wd_mark a = wd_panel_to_place(p, &r, (wd_mark){spot->x0, spot->y0}),
                b = wd_panel_to_place(p, &r, (wd_mark){spot->x1, spot->y1});
  const double x0 = CLAMP(fmin(a.x, b.x), r.x, r.x + r.width), x1 = CLAMP(fmax(a.x, b.x), r.x, r.x + r.width);
  const double y0 = CLAMP(fmin(a.y, b.y), r.y, r.y + r.height),
               y1 = CLAMP(fmax(a.y, b.y), r.y, r.y + r.height);
  if (x1 - x0 < 2 || y1 - y0 < 2) return TRUE; /* zoomed away: the panel as a whole */
  *out = GRAPHENE_RECT_INIT(out->origin.x + (float)x0, out->origin.y + (float)y0, (float)(x1 - x0),
                            (float)(y1 - y0));
  return TRUE;
}

gboolean wd_teach_target_rect(WdWindow *w, const WdSpotlight *spot, graphene_rect_t *out) {
  Stage *s = stage_of(w);
  return s && rect_of(s, spot, out);
}

/* ---- painting */

static void add_round(cairo_t *cr, const graphene_rect_t *r, double grow, double radius) {
  const double x = r->origin.x - grow, y = r->origin.y - grow, w = r->size.width + 2 * grow,
               h = r->size.height + 2 * grow;
  radius = fmin(radius, 0.5 * fmin(w, h));
  cairo_new_sub_path(cr);
  cairo_arc(cr, x + w - radius, y + radius, radius, -M_PI_2, 0);
  cairo_arc(cr, x + w - radius, y + h - radius, radius, 0, M_PI_2);
  cairo_arc(cr, x + radius, y + h - radius, radius, M_PI_2, M_PI);
  cairo_arc(cr, x + radius, y + radius, radius, M_PI, 1.5 * M_PI);
  cairo_close_path(cr);
}

static void paint(GtkSnapshot *snapshot, int width, int height, gpointer user) {
  Stage *s = user;
  if (!s->rects && !s->pointer) return;
  const gboolean presenting = wd_is_presenting(s->window);
  cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));
  if (s->rects) {
    cairo_rectangle(cr, s->page.origin.x, s->page.origin.y, s->page.size.width, s->page.size.height);
    for (int i = 0; i < s->rects; i++) add_round(cr, &s->rect[i], 3, 8);
    for (int i = 0; i < WD_TARGETS; i++) { /* what is asked for is no less bright */
      gboolean lit = !gtk_widget_get_visible(s->cover[i]);
      for (int k = 0; k < s->rects && !lit; k++)
        lit = graphene_rect_intersection(&s->rect[k], &s->covered[i], NULL);
      if (!lit) add_round(cr, &s->covered[i], 0, 7);
    }
    cairo_set_fill_rule(cr, CAIRO_FILL_RULE_EVEN_ODD);
    cairo_set_source_rgba(cr, 0, 0, 0, 0.20);
    cairo_fill(cr);
    for (int i = 0; i < s->rects; i++) { /* a light ring within a dark one: it holds on every colour */
      add_round(cr, &s->rect[i], 3, 8);
      cairo_set_line_width(cr, presenting ? 8 : 5.5);
      cairo_set_source_rgba(cr, 0, 0, 0, 0.55);
      cairo_stroke_preserve(cr);
      cairo_set_line_width(cr, presenting ? 5 : 3);
      cairo_set_source_rgb(cr, 1, 0.76, 0.08);
      cairo_stroke(cr);
    }
  }
  if (s->pointer && presenting) {
    cairo_arc(cr, s->x, s->y, 34, 0, 2 * M_PI);
    cairo_set_source_rgba(cr, 1, 0.76, 0.08, 0.28);
    cairo_fill_preserve(cr);
    cairo_set_line_width(cr, 3);
    cairo_set_source_rgba(cr, 0, 0, 0, 0.5);
    cairo_stroke_preserve(cr);
    cairo_set_line_width(cr, 1.5);
    cairo_set_source_rgba(cr, 1, 0.76, 0.08, 1);
    cairo_stroke(cr);
  }
  cairo_destroy(cr);
}

/* ---- keeping up */

static const WdLessonStep *step_of(Stage *s) {
  const WdLesson *l = wd_teach_lesson(s->window);
  return l && gtk_widget_get_visible(s->window->beside) ? &l->step[wd_teach_step(s->window)] : NULL;
}

/* Panels move when windows and dividers do, and tell nobody: a look ten times a second while it matters. */
static gboolean look(Stage *s) {
  const WdLessonStep *step = step_of(s);
  const gboolean hide = step && step->hide && !wd_teach_revealed(s->window);
  graphene_rect_t rect[WD_SPOTLIGHTS], page = {0};
  int n = 0;
  /* What somebody plays with is not pointed at any more. */
  if (step && !wd_teach_changed(s->window))
    for (int i = 0; i < step->spotlights; i++)
      if (rect_of(s, &step->spotlight[i], &rect[n])) n++;
  bounds(s, s->window->pages, &page);
  if (n != s->rects || memcmp(rect, s->rect, (gsize)n * sizeof rect[0]) ||
      memcmp(&page, &s->page, sizeof page)) {
    memcpy(s->rect, rect, (gsize)n * sizeof rect[0]);
    s->rects = n;
    s->page = page;
    gtk_widget_queue_draw(s->layer);
  }
  for (int i = 0; i < WD_TARGETS; i++) {
    graphene_rect_t r = {0};
    const gboolean on = hide && (step->hide & 1u << i) &&
                        rect_of(s, &(WdSpotlight){.target = (WdTarget)i}, &r) && r.size.width > 60 &&
                        r.size.height > 40; /* not yet arranged */
    if (on && memcmp(&r, &s->covered[i], sizeof r)) {
      s->covered[i] = r;
      gtk_widget_queue_allocate(s->overlay);
    }
    gtk_widget_set_visible(s->cover[i], on);
  }
  return step && (step->spotlights || step->hide);
}

static gboolean on_watch(gpointer user) {
  Stage *s = user;
  if (look(s)) return G_SOURCE_CONTINUE;
  s->watch = 0;
  return G_SOURCE_REMOVE;
}

void wd_teach_stage_update(WdWindow *w) {
  Stage *s = stage_of(w);
  if (!s) return;
  if (look(s) && !s->watch) s->watch = g_timeout_add(100, on_watch, s);
}

static gboolean on_place(GtkOverlay *overlay, GtkWidget *child, GdkRectangle *out, gpointer user) {
  (void)overlay;
  Stage *s = user;
  for (int i = 0; i < WD_TARGETS; i++) {
    if (child != s->cover[i]) continue;
    const graphene_rect_t *r = &s->covered[i];
    *out = (GdkRectangle){(int)r->origin.x, (int)r->origin.y, (int)r->size.width, (int)r->size.height};
    return TRUE;
  }
  return FALSE;
}

static void on_cover(GtkButton *button, gpointer user) {
  (void)button;
  wd_teach_reveal(user);
}

static GtkWidget *make_cover(Stage *s, int target) {
  GtkWidget *cover = gtk_button_new();
  g_autofree char *name = g_strdup_printf("cover-%s", wd_target_name(target));
  gtk_widget_set_name(cover, name);
  gtk_widget_add_css_class(cover, "lesson-cover");
  g_autofree char *text = g_strdup_printf(_("%s\nWhat do you expect here?\nClick, or Page Down, to see."),
                                          wd_target_title(target));
  GtkWidget *l = gtk_label_new(text);
  gtk_label_set_justify(GTK_LABEL(l), GTK_JUSTIFY_CENTER);
  gtk_label_set_wrap(GTK_LABEL(l), TRUE);
  gtk_button_set_child(GTK_BUTTON(cover), l);
  gtk_accessible_update_property(GTK_ACCESSIBLE(cover), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  gtk_widget_set_visible(cover, FALSE);
  g_signal_connect(cover, "clicked", G_CALLBACK(on_cover), s->window);
  gtk_overlay_add_overlay(GTK_OVERLAY(s->overlay), cover);
  return cover;
}

/* ---- pages: before a scrolled text or a list takes the keys for itself */

static gboolean on_page_key(GtkEventControllerKey *c, guint value, guint code, GdkModifierType state,
                            gpointer user) {
  (void)c, (void)code;
  Stage *s = user;
  WdWindow *w = s->window;
  GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(w));
  if ((value != GDK_KEY_Page_Up && value != GDK_KEY_Page_Down) || state & (GDK_CONTROL_MASK | GDK_ALT_MASK) ||
      !gtk_widget_get_visible(w->beside) || !wd_teach_lesson(w) || (focus && GTK_IS_EDITABLE(focus)))
    return GDK_EVENT_PROPAGATE;
  wd_teach_next(w, value == GDK_KEY_Page_Down ? 1 : -1);
  return GDK_EVENT_STOP;
}

/* ---- pointer and freeze */

static void on_motion(GtkEventControllerMotion *c, double x, double y, gpointer user) {
  (void)c;
  Stage *s = user;
  s->pointer = TRUE;
  s->x = x;
  s->y = y;
  if (wd_is_presenting(s->window)) gtk_widget_queue_draw(s->layer);
}
static void on_leave(GtkEventControllerMotion *c, gpointer user) {
  (void)c;
  Stage *s = user;
  s->pointer = FALSE;
  gtk_widget_queue_draw(s->layer);
}

gboolean wd_teach_is_frozen(WdWindow *w) {
  const Stage *s = stage_of(w);
  return s && gtk_widget_get_visible(s->ice);
}

void wd_teach_freeze(WdWindow *w, gboolean on) {
  Stage *s = stage_of(w);
  if (!s || wd_teach_is_frozen(w) == on) return;
  GtkPicture *picture = GTK_PICTURE(gtk_overlay_get_child(GTK_OVERLAY(s->ice)));
  if (on) {
    g_autoptr(GdkPaintable) live = gtk_widget_paintable_new(s->content);
    g_autoptr(GdkPaintable) still = gdk_paintable_get_current_image(live);
    gtk_picture_set_paintable(picture, still);
  } else {
    gtk_picture_set_paintable(picture, NULL);
  }
  gtk_widget_set_visible(s->ice, on);
  wd_window_queue_update(w);
}

static GtkWidget *make_ice(void) {
  GtkWidget *picture = gtk_picture_new(), *overlay = gtk_overlay_new();
  gtk_picture_set_can_shrink(GTK_PICTURE(picture), TRUE);
  gtk_overlay_set_child(GTK_OVERLAY(overlay), picture);
  GtkWidget *sign = gtk_label_new(_("Frozen · F7 or Esc goes on"));
  gtk_widget_add_css_class(sign, "lesson-frozen");
  gtk_widget_set_halign(sign, GTK_ALIGN_END);
  gtk_widget_set_valign(sign, GTK_ALIGN_START);
  gtk_overlay_add_overlay(GTK_OVERLAY(overlay), sign);
  gtk_widget_set_name(overlay, "frozen");
  gtk_widget_add_css_class(overlay, "lesson-ice");
  gtk_widget_set_visible(overlay, FALSE);
  return overlay;
}

static void stage_free(gpointer data) {
  Stage *s = data;
  g_clear_handle_id(&s->watch, g_source_remove);
  g_free(s);
}

GtkWidget *wd_teach_stage_new(WdWindow *w, GtkWidget *content) {
  Stage *s = g_new0(Stage, 1);
  s->window = w;
  s->content = content;
  s->overlay = gtk_overlay_new();
  gtk_widget_set_name(s->overlay, "stage");
  gtk_overlay_set_child(GTK_OVERLAY(s->overlay), content);
  for (int i = 0; i < WD_TARGETS; i++) s->cover[i] = make_cover(s, i);
  s->layer = wd_layer_new(paint, s);
  gtk_overlay_add_overlay(GTK_OVERLAY(s->overlay), s->layer);
  s->ice = make_ice();
  gtk_overlay_add_overlay(GTK_OVERLAY(s->overlay), s->ice);
  g_signal_connect(s->overlay, "get-child-position", G_CALLBACK(on_place), s);
  GtkEventController *motion = gtk_event_controller_motion_new();
  gtk_event_controller_set_propagation_phase(motion, GTK_PHASE_CAPTURE);
  g_signal_connect(motion, "motion", G_CALLBACK(on_motion), s);
  g_signal_connect(motion, "leave", G_CALLBACK(on_leave), s);
  gtk_widget_add_controller(s->overlay, motion);
  GtkEventController *keys = gtk_event_controller_key_new();
  gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
  g_signal_connect(keys, "key-pressed", G_CALLBACK(on_page_key), s);
  gtk_widget_add_controller(s->overlay, keys);
  g_object_set_data_full(G_OBJECT(w), "wd-teach-stage", s, stage_free);
  return s->overlay;
}
