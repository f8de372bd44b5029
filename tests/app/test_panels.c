/* Panels under a person's hands: pointer, wheel, drags, keys and menu through the X server, in the real
 * window, on a recording of known maps. */
#include "tests/app/ui.h"

#include "app/panel_view.h"
#include "scene.h"

#include <math.h>
#include <string.h>

enum { STEPS = 3, PADDING = 8 };

static Ui ui;
static GtkWidget *velocity, *gather;

static GtkWidget *panel_of(GtkWidget *root, WdPanelKind kind) {
  if (WD_IS_PANEL_VIEW(root) && wd_panel_view_get_kind(WD_PANEL_VIEW(root)) == kind &&
      gtk_widget_get_mapped(root))
    return root;
  for (GtkWidget *c = gtk_widget_get_first_child(root); c; c = gtk_widget_get_next_sibling(c)) {
    GtkWidget *found = panel_of(c, kind);
    if (found) return found;
  }
  return NULL;
}

/* A place of the first picture as a fraction of the widget. */
static void place(GtkWidget *panel, double u, double w, double *fx, double *fy) {
  const wd_panel_layout *l = wd_panel_view_get_layout(WD_PANEL_VIEW(panel));
  wd_rect r = wd_panel_facet_rect(l, 0);
  *fx = (PADDING + r.x + u * r.width) / gtk_widget_get_width(panel);
  *fy = (PADDING + r.y + w * r.height) / gtk_widget_get_height(panel);
}

static void move(GtkWidget *panel, double u, double w) {
  double fx, fy;
  place(panel, u, w, &fx, &fy);
  ui_move(panel, fx, fy);
  ui_settle(&ui);
}

static void drag(GtkWidget *panel, double u0, double w0, double u1, double w1) {
  double x0, y0, x1, y1;
  place(panel, u0, w0, &x0, &y0);
  place(panel, u1, w1, &x1, &y1);
  ui_drag(panel, x0, y0, x1, y1, 6);
  ui_settle(&ui);
}

static void wheel(GtkWidget *panel, double u, double w, int clicks) {
  double fx, fy;
  place(panel, u, w, &fx, &fy);
  ui_scroll(panel, fx, fy, clicks);
  ui_settle(&ui);
}

static guint32 hash_of(GtkWidget *panel) {
  UiPicture p;
  guint32 h = 2166136261u;
  if (!ui_widget_picture(&ui, panel, &p)) return 0;
  for (int i = 0; i < p.width * p.height; i++) h = (h ^ p.pixel[i]) * 16777619u;
  ui_picture_clear(&p);
  return h;
}

static gboolean whole(const wd_view *v) {
  return v->row0 == v->row1 && v->column0 == v->column1;
}

static void test_crosshair(void) {
  WdView *v = ui.view;
  move(velocity, 0.9, 0.9);
  guint32 before = hash_of(gather);
  move(velocity, 0.25, 0.5);
  tap_ok(v->cursor && fabs(v->x - 170) <= 10 && fabs(v->z - 345) <= 10,
         "the crosshair follows: x %.0f z %.0f", v->x, v->z);
  tap_ok(fmod(v->x, 10) == 0 && fmod(v->z, 10) == 0, "it stands on cells");
  tap_ok(hash_of(gather) != before, "and moves in the gather too");
  move(gather, 0.75, 0.3);
  tap_ok(fabs(v->x - 525) <= 12 && fabs(v->t - 0.300) < 0.01 && fabs(v->z - 345) <= 10,
         "in the gather: x %.0f t %.3f, and the depth stays", v->x, v->t);
  WdReading reading;
  const WdPicture *picture = wd_panel_view_get_picture(WD_PANEL_VIEW(gather));
  tap_ok(wd_picture_read(picture, 0, v->x, v->t * 1000, &reading) && reading.column == (int)(v->x / 10),
         "what is read is that receiver's");
  gtk_widget_grab_focus(gather);
  double x = v->x, t = v->t;
  ui_key(&ui, "alt+Right");
  ui_settle(&ui);
  tap_ok(v->x == x + 10, "Alt+Right: one receiver on, %.0f", v->x);
  ui_key(&ui, "alt+shift+Down");
  ui_settle(&ui);
  tap_ok(fabs(v->t - t - 0.010) < 1e-9, "Alt+Shift+Down: ten samples on");
  tap_ok(v->focused == WD_PANEL_GATHER, "the panel with the focus is the one that keys change");
}

static void test_zoom(void) {
  WdView *v = ui.view;
  wheel(velocity, 0.25, 0.5, -3);
  double k = pow(1.25, -3), width = 70 * k;
  const wd_view *m = &v->zoom_map;
  tap_ok(fabs(m->column1 - m->column0 - width) < 0.01 && fabs(m->row1 - m->row0 - width) < 0.01,
         "three clicks of the wheel: %.1f cells of 70", m->column1 - m->column0);
  tap_ok(fabs(m->column0 + 0.25 * width - 17.5) < 0.4, "about the pointer");
  tap_ok(v->zoom_gather.column0 == m->column0 && v->zoom_gather.column1 == m->column1 &&
             v->zoom_gather.row0 == 0 && v->zoom_gather.row1 == 1000,
         "the gathers show the same receivers, all of their time");
  wd_view before = *m;
  drag(velocity, 0.5, 0.5, 0.3, 0.5);
  tap_ok(fabs(m->column0 - before.column0 - 0.2 * width) < 0.5 && fabs(m->row0 - before.row0) < 0.3,
         "a drag pans: %.1f to %.1f", before.column0, m->column0);
  ui_key(&ui, "f");
  ui_settle(&ui);
  tap_ok(whole(m) && whole(&v->zoom_gather), "F shows all again");
  ui_key_down(&ui, "ctrl");
  drag(gather, 0.2, 0.1, 0.6, 0.5);
  ui_key_up(&ui, "ctrl");
  const wd_view *g = &v->zoom_gather;
  tap_ok(fabs(g->column0 - 14) < 1 && fabs(g->column1 - 42) < 1 && fabs(g->row0 - 100) < 8 &&
             fabs(g->row1 - 500) < 8,
         "Ctrl and drag: the rubber band's receivers %.1f to %.1f, samples %.0f to %.0f", g->column0,
         g->column1, g->row0, g->row1);
  wheel(gather, 0.5, 0.5, 12);
  tap_ok(whole(g), "the wheel leads back to the whole");
  gtk_widget_grab_focus(gather);
  ui_key(&ui, "z");
  drag(gather, 0.3, 0.3, 0.7, 0.7);
  tap_ok(!whole(g), "Z, then a drag: zoomed");
  const wd_view was = *g;
  ui_key(&ui, "ctrl+minus");
  ui_key(&ui, "ctrl+equal");
  ui_settle(&ui);
  tap_ok(fabs(g->column0 - was.column0) < 1e-6 && fabs(g->row1 - was.row1) < 1e-6,
         "Ctrl and minus, then plus: in and out by keys");
  ui_key(&ui, "ctrl+equal");
  ui_settle(&ui);
  const double wide = g->column1 - g->column0, high = g->row1 - g->row0;
  tap_ok(fabs(wide * 1.25 - (was.column1 - was.column0)) < 1e-6, "further in: %.1f receivers", wide);
  const wd_view in = *g;
  ui_key(&ui, "ctrl+Right");
  ui_key(&ui, "ctrl+Down");
  ui_settle(&ui);
  tap_ok(fabs(g->column0 - in.column0 - 0.05 * wide) < 1e-6 && fabs(g->row0 - in.row0 - 0.05 * high) < 1e-6,
         "Ctrl and arrows pan");
  const wd_view held = *g;
  ui_key(&ui, "z");
  GtkWidget *panel = gather;
  ui_press(panel, 0.4, 0.4);
  ui_move(panel, 0.6, 0.6);
  ui_key(&ui, "Escape");
  ui_release();
  ui_settle(&ui);
  tap_ok(!memcmp(&held, g, sizeof held), "Escape ends a rubber band, and nothing has changed");
  ui_key(&ui, "f");
  ui_settle(&ui);
}

static void test_wheel(void) {
  WdView *v = ui.view;
  const WdPanelLook *l = &v->look[WD_PANEL_SIMULATED];
  ui_key_down(&ui, "ctrl");
  wheel(gather, 0.5, 0.5, -2);
  ui_key_up(&ui, "ctrl");
  tap_ok(l->gain == 6, "Ctrl and wheel: +6 dB, in all gathers");
  const wd_panel *p = wd_picture_panel(wd_panel_view_get_picture(WD_PANEL_VIEW(gather)));
  tap_ok(strstr(p->range.text, "+6 dB") != NULL, "and the bar says so: %s", p->range.text);
  ui_key_down(&ui, "ctrl");
  wheel(gather, 0.5, 0.5, 2);
  ui_key_up(&ui, "ctrl");
  ui_key_down(&ui, "shift");
  wheel(gather, 0.5, 0.5, 1);
  ui_key_up(&ui, "shift");
  tap_ok(l->gain == 0 && l->clip < 99 && l->clip > 90, "Shift and wheel: clip %.1f %%", l->clip);
  ui_key_down(&ui, "shift");
  wheel(gather, 0.5, 0.5, -1);
  ui_key_up(&ui, "shift");
  tap_ok(l->clip == 99, "and back");
}

static void test_clicks(void) {
  WdView *v = ui.view;
  double fx, fy;
  place(velocity, 0.5, 0.5, &fx, &fy);
  ui_double_click(velocity, fx, fy);
  ui_settle(&ui);
  tap_ok(v->enlarged == WD_PANEL_VELOCITY, "a double click enlarges");
  ui_key(&ui, "Escape");
  ui_settle(&ui);
  tap_ok(v->enlarged < 0, "Escape leads back");
  ui_run(0.3);
  place(gather, 0.5, 0.5, &fx, &fy);
  ui_click(gather, fx, fy, 3);
  ui_run(0.3);
  GtkWidget *menu = ui_find_type(gather, GTK_TYPE_POPOVER_MENU);
  tap_ok(menu && gtk_widget_get_mapped(menu), "the right button opens the panel's menu");
  ui_keep(&ui, "panel-menu");
  ui_key(&ui, "Escape");
  ui_run(0.3);
  tap_ok(menu && !gtk_widget_get_mapped(menu), "and Escape closes it");
  ui_click(gather, fx, fy, 1); /* GTK's popup takes the first press after it was closed by a key */
  drag(gather, 0.5, 0.6, 0.4, 0.6);
  tap_ok(fabs(v->x - 275) < 12, "after the menu a drag moves the crosshair: %.0f", v->x);
  gtk_widget_activate_action(gather, "panel.colormap", "s", "seismic");
  gtk_widget_activate_action(gather, "panel.scope", "s", "step");
  ui_settle(&ui);
  tap_ok(v->look[WD_PANEL_DIFFERENCE].colormap == WD_COLORMAP_SEISMIC &&
             v->look[WD_PANEL_GATHER].scope == WD_SCOPE_STEP,
         "the menu's choices go for all gathers");
  gtk_widget_activate_action(gather, "panel.reset", NULL);
  ui_settle(&ui);
  tap_ok(v->look[WD_PANEL_GATHER].colormap == WD_COLORMAP_GRAY &&
             v->look[WD_PANEL_GATHER].scope == WD_SCOPE_RUN,
         "Reset brings the usual display back");
  gtk_widget_activate_action(gather, "panel.copy", NULL);
  GdkContentProvider *content = gdk_clipboard_get_content(gtk_widget_get_clipboard(gather));
  g_autoptr(GdkContentFormats) formats = content ? gdk_content_provider_ref_formats(content) : NULL;
  tap_ok(formats && gdk_content_formats_contain_gtype(formats, GDK_TYPE_TEXTURE),
         "the clipboard has a picture");
}

static void test_divider(void) {
  WdView *v = ui.view;
  WdFrame frame = {0};
  WdRecording *r = wd_session_get_recording(ui.session);
  wd_recording_get_frame(r, v->place[0].branch, v->place[0].position, v->what, &frame);
  v->source = WD_SOURCE_SPLIT;
  wd_view_changed(v, WD_VIEW_DISPLAY);
  ui_settle(&ui);
  drag(gather, 0.5, 0.6, 0.75, 0.6);
  const wd_panel *p = wd_picture_panel(wd_panel_view_get_picture(WD_PANEL_VIEW(gather)));
  gsize at = ((gsize)v->shot * 1000 + 250) * 70 + 45;
  tap_ok(p->facet[0].value[250 * 70 + 45] == frame.pair->gathers.value[at],
         "the divider was drawn to the right");
  v->source = WD_SOURCE_DECODED;
  wd_view_changed(v, WD_VIEW_DISPLAY);
  ui_settle(&ui);
}

int main(void) {
  ui_need_display();
  ui_start(&ui, "", 1280, 860, NULL);
  g_autoptr(WdRecording) r = scene_recording(STEPS);
  ui_show(&ui, r, STEPS);
  velocity = panel_of(GTK_WIDGET(ui.window), WD_PANEL_VELOCITY);
  gather = panel_of(GTK_WIDGET(ui.window), WD_PANEL_GATHER);
  if (!tap_ok(velocity && gather && wd_panel_view_get_layout(WD_PANEL_VIEW(velocity)),
              "panels are on screen"))
    return tap_done();
  printf("# painter: %s\n", wd_panel_view_painter(WD_PANEL_VIEW(velocity)));
  ui_focus(velocity);
  test_crosshair();
  test_zoom();
  test_wheel();
  test_divider();
  test_clicks();
  ui_stop(&ui);
  return tap_done();
}
