/* The status bar: what computes, how alike on other machines, how fast, in which mode the score on screen was
 * made, and the values at the crosshair. */
#include "app/i18n.h"
#include "app/lanes.h"
#include "app/panel_view.h"
#include "app/score.h"
#include "app/widgets.h"
#include "render/axis.h"

#include <math.h>
#include <string.h>

#define WD_TYPE_STATUS_BAR (wd_status_bar_get_type())
G_DECLARE_FINAL_TYPE(WdStatusBar, wd_status_bar, WD, STATUS_BAR, GtkBox)

struct _WdStatusBar {
  GtkBox parent_instance;
  WdSession *session;
  WdView *view;
  GtkWidget *device, *same, *times, *mode, *cursor;
  WdPanelView *painter; /* the panel that says how pictures are drawn; watched, weak */
  gulong on_painter;
  WdRecording *recording;
  gulong on_position;
  guint idle;
};

G_DEFINE_FINAL_TYPE(WdStatusBar, wd_status_bar, GTK_TYPE_BOX)

static void set(GtkWidget *label, const char *text, const char *tooltip) {
  if (g_strcmp0(gtk_label_get_text(GTK_LABEL(label)), text)) gtk_label_set_text(GTK_LABEL(label), text);
  gtk_widget_set_tooltip_text(label, tooltip);
  gtk_widget_set_visible(label, *text != 0);
}

/* ---- what is shown */

static void show_device(WdStatusBar *s) {
  const WdModelInfo *model = wd_session_get_model(s->session);
  /* Before a panel was ever on screen nothing has been drawn by anything. */
  const char *painter = s->painter && gtk_widget_get_realized(GTK_WIDGET(s->painter))
                            ? wd_panel_view_painter(s->painter)
                            : NULL;
  const WdSessionState state = wd_session_get_state(s->session);
  const char *device = state == WD_SESSION_LOADING ? _("loading the model…")
                       : model && model->device    ? model->device
                                                   : _("no model");
  g_autofree char *text =
      painter && *painter ? g_strdup_printf(_("%s · drawn by %s"), device, painter) : g_strdup(device);
  set(s->device, text, text);
  gboolean cuda = model && model->device_spec && g_str_has_prefix(model->device_spec, "cuda");
  set(s->same,
      !model || !model->device ? ""
      : cuda                   ? _("exact noise, cuda kernels")
                               : _("exact noise, cpu kernels"),
      _("The noise of a seed is the same on every machine, to the last bit. The networks round a little "
        "differently on "
        "other devices and CPUs; exact residuals of a given pair do not."));
}

static void part(GString *text, const char *name, double ms) {
  if (!isfinite(ms)) return;
  char number[32];
  wd_format_number(ms < 10 ? round(ms * 10) / 10 : round(ms), 0, number, sizeof number);
  if (text->len) g_string_append(text, " · ");
  g_string_append_printf(text, "%s %s", name, number);
}

static void show_times(WdStatusBar *s) {
  WdTimes t = wd_session_get_times(s->session);
  const WdPolicy *policy = wd_session_get_policy(s->session);
  GString *parts = g_string_new(NULL);
  part(parts, _("denoise"), t.denoise);
  part(parts, _("decode"), t.decode);
  part(parts, _("FD"), policy && policy->exact_runs ? t.exact : t.live);
  g_autofree char *text = NULL;
  if (isfinite(t.step)) {
    char number[32];
    wd_format_number(round(t.step), 1, number, sizeof number);
    text = g_strdup_printf(_("%s ms a step (%s)"), number, parts->str);
  } else if (parts->len)
    text = g_strdup_printf("%s ms", parts->str);
  else
    text = g_strdup("");
  GString *about = g_string_new(_("Medians of the last of each, in milliseconds"));
  if (isfinite(t.step))
    g_string_append_printf(about, _("\na step of a run, from one finished to the next: %.0f"), t.step);
  if (isfinite(t.live))
    g_string_append_printf(about, _("\nlive simulation of F(v) and F(v_top): %.0f"), t.live);
  if (isfinite(t.exact)) g_string_append_printf(about, _("\nthe same in exact mode: %.0f"), t.exact);
  if (isfinite(t.stop)) g_string_append_printf(about, _("\nfrom Stop to rest: %.0f"), t.stop);
  g_string_append_printf(about, _("\nsimulations so far: %" PRIu64), t.simulations);
  set(s->times, text, about->str);
  g_string_free(parts, TRUE);
  g_string_free(about, TRUE);
}

static void show_mode(WdStatusBar *s) {
  WdRecording *r = wd_session_get_recording(s->session);
  const WdPlace a = s->view->place[0];
  const WdPosition *p = wd_recording_position(r, a.branch, a.position);
  const WdScore *score = p ? wd_position_score(p, s->view->what) : NULL;
  if (!score) {
    set(s->mode, p ? _("not scored") : "", NULL);
    return;
  }
  gboolean live = score->mode == WD_WAVE_LIVE;
  g_autofree char *text =
      g_strdup_printf(_("score: %s"), live ? _("live") : wd_score_mode_words(score->mode));
  set(s->mode, text,
      live ? _("Simulated with a thin absorbing margin, for interaction; scored again in exact mode at rest")
           : _("Simulated on OpenFWI's full grid, sponge and order of arithmetic"));
}

static gboolean amplitude(const wd_gather *g, int shot, double x, double t, double spacing, double *out) {
  if (!g->value || shot < 0 || shot >= g->shots || !(spacing > 0) || !(g->dt > 0)) return FALSE;
  int receiver = (int)lround(x / spacing), sample = (int)lround(t / g->dt) - 1;
  if (receiver < 0 || receiver >= g->receivers || sample < 0 || sample >= g->samples) return FALSE;
  *out =
      (double)
          g->value[((gsize)shot * (gsize)g->samples + (gsize)sample) * (gsize)g->receivers + (gsize)receiver];
  return TRUE;
}

static void add_amplitude(GString *text, const char *name, gboolean have, double value) {
  char number[32];
  if (!have) return;
  wd_format_number(value, 0, number, sizeof number);
  g_string_append_printf(text, "   %s %s", name, number);
}

static void show_cursor(WdStatusBar *s) {
  const WdView *v = s->view;
  if (!v->cursor) {
    set(s->cursor, "", NULL);
    return;
  }
  char x[48], y[48];
  wd_units_text(&v->units, WD_DISTANCE, round(v->x), 1, x, sizeof x);
  WdFrame frame = {0};
  wd_recording_get_frame(wd_session_get_recording(s->session), v->place[0].branch, v->place[0].position,
                         v->what, &frame);
  GString *text = g_string_new(NULL);
  if (v->cursor_panel == WD_PANEL_VELOCITY) {
    wd_units_text(&v->units, WD_DISTANCE, round(v->z), 1, y, sizeof y);
    g_string_printf(text, "x = %s   z = %s", x, y);
    const wd_map *map = frame.pair ? &frame.pair->velocity : NULL;
    if (map && map->value && map->spacing > 0) {
      int ix = (int)lround(v->x / map->spacing), iz = (int)lround(v->z / map->spacing);
      if (ix >= 0 && ix < map->nx && iz >= 0 && iz < map->nz) {
        char velocity[48];
        wd_units_text(&v->units, WD_VELOCITY, round((double)map->value[iz * map->nx + ix]), 1, velocity,
                      sizeof velocity);
        g_string_append_printf(text, "   v = %s", velocity);
      }
    }
  } else if (v->cursor_panel == WD_PANEL_TRACES) {
    g_string_printf(text, "x = %s", x);
    if (v->shot >= 0) g_string_append_printf(text, _("   shot %d"), v->shot + 1);
  } else {
    wd_units_text(&v->units, WD_TIME, round(v->t * 1000), 1, y, sizeof y);
    g_string_printf(text, "x = %s   t = %s", x, y);
    if (v->shot >= 0) g_string_prepend(text, "   ");
    if (v->shot >= 0) {
      g_autofree char *shot = g_strdup_printf(_("shot %d"), v->shot + 1);
      g_string_prepend(text, shot);
    }
    if (frame.pair) {
      double spacing = frame.pair->velocity.spacing, d = 0, m = 0;
      const WdSimulation *simulation = wd_frame_simulation(&frame);
      gboolean have_d = amplitude(&frame.pair->gathers, v->shot, v->x, v->t, spacing, &d);
      gboolean have_m = simulation && amplitude(&simulation->full, v->shot, v->x, v->t, spacing, &m);
      add_amplitude(text, _("decoded"), have_d, d);
      add_amplitude(text, _("simulated"), have_m, m);
    }
  }
  set(s->cursor, text->str, _("At the crosshair"));
  g_string_free(text, TRUE);
}

static gboolean update(gpointer data) {
  WdStatusBar *s = data;
  s->idle = 0;
  show_device(s);
  show_times(s);
  show_mode(s);
  show_cursor(s);
  return G_SOURCE_REMOVE;
}

static void queue_update(WdStatusBar *s) {
  if (!s->idle) s->idle = g_idle_add_full(G_PRIORITY_HIGH_IDLE + 15, update, s, NULL);
}

/* ---- watching */

static void on_view(WdView *view, guint parts, WdStatusBar *s) {
  (void)view;
  if (parts & (WD_VIEW_CURSOR | WD_VIEW_DISPLAY))
    show_cursor(s); /* at once: it goes along with the pointer */
  if (parts & (WD_VIEW_PLACE | WD_VIEW_SHOT)) queue_update(s);
}

static void leave_recording(WdStatusBar *s) {
  g_clear_signal_handler(&s->on_position, s->recording);
  g_clear_object(&s->recording);
}

static void on_recording(WdStatusBar *s) {
  leave_recording(s);
  s->recording = g_object_ref(wd_session_get_recording(s->session));
  s->on_position = g_signal_connect_swapped(s->recording, "position", G_CALLBACK(queue_update), s);
  queue_update(s);
}

static WdPanelView *find_panel(GtkWidget *widget) {
  if (WD_IS_PANEL_VIEW(widget)) return WD_PANEL_VIEW(widget);
  for (GtkWidget *child = gtk_widget_get_first_child(widget); child;
       child = gtk_widget_get_next_sibling(child)) {
    WdPanelView *found = find_panel(child);
    if (found) return found;
  }
  return NULL;
}

static void forget_painter(WdStatusBar *s) {
  if (!s->painter) return;
  g_clear_signal_handler(&s->on_painter, s->painter);
  g_object_remove_weak_pointer(G_OBJECT(s->painter), (gpointer *)&s->painter);
  s->painter = NULL;
}

static void on_map(WdStatusBar *s) {
  GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(s));
  WdPanelView *panel = root ? find_panel(GTK_WIDGET(root)) : NULL;
  if (panel == s->painter) return;
  forget_painter(s);
  s->painter = panel;
  if (panel) {
    g_object_add_weak_pointer(G_OBJECT(panel), (gpointer *)&s->painter);
    s->on_painter = g_signal_connect_swapped(panel, "notify::painter", G_CALLBACK(queue_update), s);
  }
  queue_update(s);
}

/* A label, with a line before it that comes and goes with it. */
static GtkWidget *add_label(WdStatusBar *s, const char *name, gboolean separator) {
  GtkWidget *label = gtk_label_new(NULL);
  gtk_widget_set_name(label, name);
  gtk_widget_add_css_class(label, "caption");
  gtk_widget_add_css_class(label, "numeric");
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
  gtk_widget_set_margin_top(label, 3);
  gtk_widget_set_margin_bottom(label, 3);
  if (separator) {
    GtkWidget *line = gtk_separator_new(GTK_ORIENTATION_VERTICAL);
    gtk_widget_set_margin_top(line, 4);
    gtk_widget_set_margin_bottom(line, 4);
    g_object_bind_property(label, "visible", line, "visible", G_BINDING_SYNC_CREATE);
    gtk_box_append(GTK_BOX(s), line);
  }
  gtk_box_append(GTK_BOX(s), label);
  return label;
}

static void wd_status_bar_dispose(GObject *object) {
  WdStatusBar *s = WD_STATUS_BAR(object);
  g_clear_handle_id(&s->idle, g_source_remove);
  forget_painter(s);
  leave_recording(s);
  G_OBJECT_CLASS(wd_status_bar_parent_class)->dispose(object);
}

static void wd_status_bar_class_init(WdStatusBarClass *class) {
  G_OBJECT_CLASS(class)->dispose = wd_status_bar_dispose;
}

static void wd_status_bar_init(WdStatusBar *s) {
  gtk_box_set_spacing(GTK_BOX(s), 10);
  gtk_widget_set_overflow(GTK_WIDGET(s), GTK_OVERFLOW_HIDDEN);
}

GtkWidget *wd_status_bar_new(WdSession *session, WdView *view) {
  WdStatusBar *s = g_object_new(WD_TYPE_STATUS_BAR, "name", "status", NULL);
  s->session = session;
  s->view = view;
  s->device = add_label(s, "status-device", FALSE);
  s->same = add_label(s, "status-noise", TRUE);
  s->times = add_label(s, "status-times", TRUE);
  s->mode = add_label(s, "status-mode", TRUE);
  GtkWidget *space = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_widget_set_hexpand(space, TRUE);
  gtk_box_append(GTK_BOX(s), space);
  s->cursor = add_label(s, "status-cursor", FALSE);
  gtk_label_set_ellipsize(GTK_LABEL(s->cursor), PANGO_ELLIPSIZE_NONE); /* the last to be shortened */
  gtk_widget_set_margin_start(s->device, 10);
  gtk_widget_set_margin_end(s->cursor, 10);
  g_signal_connect_object(view, "changed", G_CALLBACK(on_view), s, 0);
  g_signal_connect_object(session, "state", G_CALLBACK(queue_update), s, G_CONNECT_SWAPPED);
  g_signal_connect_object(session, "frame", G_CALLBACK(queue_update), s, G_CONNECT_SWAPPED);
  g_signal_connect_object(session, "recording", G_CALLBACK(on_recording), s, G_CONNECT_SWAPPED);
  g_signal_connect(s, "map", G_CALLBACK(on_map), NULL);
  on_recording(s);
  return GTK_WIDGET(s);
}
