#include "app/wavefield_view.h"

#include "app/i18n.h"
#include "app/widget_pieces.h"
#include "app/widgets.h"
#include "app/window_private.h"

#include <math.h>

struct _WdWavefieldView {
  GtkBox parent_instance;
  WdSession *session; /* borrowed: both outlive the widget */
  WdView *view;
  GtkWidget *canvas, *play, *scale, *clock, *speed, *clip, *mode, *compare, *isochrones, *margin, *loop;
  guint tick, soon;
  gint64 before; /* time of the last frame, us; 0: none */
  double due;    /* steps that are due, a fraction */
  gboolean updating;
};

G_DEFINE_FINAL_TYPE(WdWavefieldView, wd_wavefield_view, GTK_TYPE_BOX)

static const double speeds[] = {20, 50, 100, 200, 500, 1000};

WdWavefieldCanvas *wd_wavefield_view_get_canvas(WdWavefieldView *self) {
  return WD_WAVEFIELD_CANVAS(self->canvas);
}

static const wd_movie *movie(WdWavefieldView *self) {
  const WdWavefield *f = wd_session_get_wavefield(self->session, NULL, NULL);
  return f ? &f->movie : NULL;
}

static void changed(WdWavefieldView *self) {
  wd_view_changed(self->view, WD_VIEW_WAVE);
}

/* ---- the transport */

static void go(WdWavefieldView *self, int step) {
  const wd_movie *m = movie(self);
  if (m) wd_wavefield_go(self->view, CLAMP(step, 0, m->samples), m->dt);
}

static gboolean on_tick(GtkWidget *widget, GdkFrameClock *clock, gpointer data) {
  WdWavefieldView *self = WD_WAVEFIELD_VIEW(widget);
  (void)data;
  WdWaveLook *look = &self->view->wave;
  if (!look->playing || !gtk_widget_get_mapped(widget)) {
    look->playing = FALSE;
    self->tick = 0;
    changed(self);
    return G_SOURCE_REMOVE;
  }
  const wd_movie *m = movie(self);
  const gint64 now = gdk_frame_clock_get_frame_time(clock);
  /* After a hitch it goes on from where it was, it does not leap. */
  const double seconds = self->before ? fmin((double)(now - self->before) / G_USEC_PER_SEC, 0.25) : 0;
  self->before = now;
  if (!m) return G_SOURCE_CONTINUE; /* it is being made */
  self->due += seconds * look->speed / (m->dt * 1000);
  const int steps = (int)self->due;
  if (steps < 1) return G_SOURCE_CONTINUE;
  self->due -= steps;
  int to = look->step + steps;
  if (to >= m->samples && look->loop) to = 0;
  if (to >= m->samples) {
    to = m->samples;
    look->playing = FALSE;
  }
  wd_wavefield_go(self->view, to, m->dt);
  if (look->playing) return G_SOURCE_CONTINUE;
  self->tick = 0;
  changed(self);
  return G_SOURCE_REMOVE;
}

static void mind_playing(WdWavefieldView *self) {
  if (!self->view->wave.playing || self->tick || !gtk_widget_get_mapped(GTK_WIDGET(self))) return;
  self->before = 0;
  self->due = 0;
  self->tick = gtk_widget_add_tick_callback(GTK_WIDGET(self), on_tick, NULL, NULL);
}

static void play(WdWavefieldView *self) {
  WdWaveLook *look = &self->view->wave;
  const wd_movie *m = movie(self);
  look->playing = !look->playing;
  if (look->playing && m && look->step >= m->samples)
    look->step = 0; /* Play at the end: from the beginning */
  changed(self);
}

/* ---- what keys and buttons do */

typedef enum Act {
  PLAY,
  BACK,
  FORWARD,
  BACK_10,
  FORWARD_10,
  FIRST,
  LAST,
  SLOWER,
  FASTER,
  LOOP,
  ISOCHRONES,
  MARGIN,
  COMPARE,
  CLIP_LESS,
  CLIP_MORE,
  CLIP_AUTO,
  PROBE_LEFT,
  PROBE_RIGHT,
  PROBE_UP,
  PROBE_DOWN,
  PROBE_OFF
} Act;

static void halt(WdWavefieldView *self) {
  self->view->wave.playing = FALSE;
}

static void change_speed(WdWavefieldView *self, int by) {
  int at = 0;
  for (int i = 0; i < (int)G_N_ELEMENTS(speeds); i++)
    if (fabs(speeds[i] - self->view->wave.speed) < fabs(speeds[at] - self->view->wave.speed)) at = i;
  self->view->wave.speed = speeds[CLAMP(at + by, 0, (int)G_N_ELEMENTS(speeds) - 1)];
  changed(self);
}

static void move_probe(WdWavefieldView *self, int dx, int dz) {
  const wd_movie *m = movie(self);
  WdWaveLook *look = &self->view->wave;
  if (!m) return;
  look->probe = TRUE;
  look->probe_x = CLAMP(lround(look->probe_x / m->spacing) + dx, 0, m->nx - 1) * m->spacing;
  look->probe_z = CLAMP(lround(look->probe_z / m->spacing) + dz, 0, m->nz - 1) * m->spacing;
  changed(self);
}

static void act(WdWavefieldView *self, Act what) {
  WdWaveLook *look = &self->view->wave;
  const wd_movie *m = movie(self);
  const double clip = wd_wavefield_clip(wd_wavefield_canvas_get_scene(WD_WAVEFIELD_CANVAS(self->canvas)));
  switch (what) {
  case PLAY: play(self); return;
  case BACK: halt(self), go(self, look->step - 1); break;
  case FORWARD: halt(self), go(self, look->step + 1); break;
  case BACK_10: halt(self), go(self, look->step - 10); break;
  case FORWARD_10: halt(self), go(self, look->step + 10); break;
  case FIRST: go(self, 0); break;
  case LAST: halt(self), go(self, m ? m->samples : 0); break;
  case SLOWER: change_speed(self, -1); return;
  case FASTER: change_speed(self, 1); return;
  case LOOP: look->loop = !look->loop; break;
  case ISOCHRONES: look->isochrones = !look->isochrones; break;
  case MARGIN: look->margin = !look->margin; break;
  case COMPARE: look->compare = (look->compare + 1) % WD_WAVE_COMPARES; break;
  case CLIP_LESS: look->clip = clip / 1.1; break;
  case CLIP_MORE: look->clip = clip * 1.1; break;
  case CLIP_AUTO: look->clip = 0; break;
  case PROBE_LEFT: move_probe(self, -1, 0); return;
  case PROBE_RIGHT: move_probe(self, 1, 0); return;
  case PROBE_UP: move_probe(self, 0, -1); return;
  case PROBE_DOWN: move_probe(self, 0, 1); return;
  case PROBE_OFF: look->probe = FALSE; break;
  }
  changed(self);
}

static const struct {
  const char *trigger; /* alternatives with | */
  Act act;
} keys[] = {{"space|k", PLAY},
            {"comma|Left", BACK},
            {"period|Right", FORWARD},
            {"<Shift>Left", BACK_10},
            {"<Shift>Right", FORWARD_10},
            {"Home", FIRST},
            {"End", LAST},
            {"bracketleft", SLOWER},
            {"bracketright", FASTER},
            {"l", LOOP},
            {"g", ISOCHRONES},
            {"a", MARGIN},
            {"d", COMPARE},
            {"Page_Up", CLIP_LESS},
            {"Page_Down", CLIP_MORE},
            {"r", CLIP_AUTO},
            {"<Alt>Left", PROBE_LEFT},
            {"<Alt>Right", PROBE_RIGHT},
            {"<Alt>Up", PROBE_UP},
            {"<Alt>Down", PROBE_DOWN},
            {"Delete", PROBE_OFF}};

/* Where text or a list is worked with, its keys are its own. */
static gboolean on_key(GtkWidget *widget, GVariant *arguments, gpointer index) {
  (void)arguments;
  GtkRoot *root = gtk_widget_get_root(widget);
  GtkWidget *focus = root ? gtk_root_get_focus(root) : NULL;
  if (focus && GTK_IS_EDITABLE(focus)) return GDK_EVENT_PROPAGATE;
  const Act what = keys[GPOINTER_TO_INT(index)].act;
  if (WD_WAVEFIELD_VIEW(widget)->view->mode == WD_MODE_TEACH && (what == CLIP_LESS || what == CLIP_MORE))
    return GDK_EVENT_PROPAGATE; /* Page Up and Page Down turn the lesson's pages */
  act(WD_WAVEFIELD_VIEW(widget), what);
  return GDK_EVENT_STOP;
}

static void add_keys(WdWavefieldView *self) {
  GtkEventController *controller = gtk_shortcut_controller_new();
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
    g_auto(GStrv) each = g_strsplit(keys[i].trigger, "|", -1);
    for (char **t = each; *t; t++)
      gtk_shortcut_controller_add_shortcut(
          GTK_SHORTCUT_CONTROLLER(controller),
          gtk_shortcut_new(gtk_shortcut_trigger_parse_string(*t),
                           gtk_callback_action_new(on_key, GINT_TO_POINTER((int)i), NULL)));
  }
  gtk_widget_add_controller(GTK_WIDGET(self), controller);
}

/* ---- widgets */

static void on_button(GtkButton *button, WdWavefieldView *self) {
  act(self, (Act)GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "act")));
}

static void on_toggle(GtkToggleButton *button, WdWavefieldView *self) {
  if (!self->updating) on_button(GTK_BUTTON(button), self);
}

static GtkWidget *button_of(WdWavefieldView *self, GtkWidget *box, const char *name, const char *icon,
                            const char *label, const char *tooltip, Act what, gboolean toggle) {
  GtkWidget *b = toggle ? gtk_toggle_button_new() : gtk_button_new();
  gtk_widget_set_name(b, name);
  if (icon)
    gtk_button_set_icon_name(GTK_BUTTON(b), icon);
  else
    gtk_button_set_label(GTK_BUTTON(b), label);
  gtk_widget_set_tooltip_text(b, tooltip);
  gtk_accessible_update_property(GTK_ACCESSIBLE(b), GTK_ACCESSIBLE_PROPERTY_LABEL, tooltip, -1);
  g_object_set_data(G_OBJECT(b), "act", GINT_TO_POINTER((int)what));
  g_signal_connect(b, toggle ? "toggled" : "clicked", toggle ? G_CALLBACK(on_toggle) : G_CALLBACK(on_button),
                   self);
  gtk_box_append(GTK_BOX(box), b);
  return b;
}

static GtkWidget *linked(GtkWidget *row) {
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_widget_add_css_class(box, "linked");
  gtk_box_append(GTK_BOX(row), box);
  return box;
}

static GtkWidget *choice_of(WdWavefieldView *self, GtkWidget *row, const char *name, const char *const *texts,
                            const char *tooltip, GCallback callback) {
  GtkWidget *d = gtk_drop_down_new_from_strings(texts);
  gtk_widget_set_name(d, name);
  gtk_widget_set_tooltip_text(d, tooltip);
  gtk_accessible_update_property(GTK_ACCESSIBLE(d), GTK_ACCESSIBLE_PROPERTY_LABEL, tooltip, -1);
  g_signal_connect(d, "notify::selected", callback, self);
  gtk_box_append(GTK_BOX(row), d);
  return d;
}

static void on_scale(GtkRange *range, WdWavefieldView *self) {
  if (self->updating) return;
  const wd_movie *m = movie(self);
  if (!m) return;
  halt(self);
  go(self, (int)lround(gtk_range_get_value(range) / (m->dt * 1000)));
}

static void on_speed(GObject *choice, GParamSpec *spec, WdWavefieldView *self) {
  (void)spec;
  const guint i = gtk_drop_down_get_selected(GTK_DROP_DOWN(choice));
  if (self->updating || i >= G_N_ELEMENTS(speeds)) return;
  self->view->wave.speed = speeds[i];
  changed(self);
}

static void on_mode(GObject *choice, GParamSpec *spec, WdWavefieldView *self) {
  (void)spec;
  if (self->updating) return;
  self->view->wave.live = gtk_drop_down_get_selected(GTK_DROP_DOWN(choice)) == 1;
  changed(self);
}

static void on_compare(GObject *choice, GParamSpec *spec, WdWavefieldView *self) {
  (void)spec;
  const guint i = gtk_drop_down_get_selected(GTK_DROP_DOWN(choice));
  if (self->updating || i >= WD_WAVE_COMPARES) return;
  self->view->wave.compare = (WdWaveCompare)i;
  changed(self);
}

static GtkWidget *build_transport(WdWavefieldView *self) {
  GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8), *box = linked(row);
  button_of(self, box, "wave-first", "go-first-symbolic", NULL, _("Rest (Home)"), FIRST, FALSE);
  button_of(self, box, "wave-back", "go-previous-symbolic", NULL, _("One step of the solver back (,)"), BACK,
            FALSE);
  self->play = button_of(self, box, "wave-play", "media-playback-start-symbolic", NULL,
                         _("Play or pause (Space or K)"), PLAY, FALSE);
  button_of(self, box, "wave-forward", "go-next-symbolic", NULL, _("One step of the solver on (.)"), FORWARD,
            FALSE);
  button_of(self, box, "wave-last", "go-last-symbolic", NULL, _("The last sample (End)"), LAST, FALSE);
  self->scale = gtk_scale_new_with_range(GTK_ORIENTATION_HORIZONTAL, 0, 1000, 1);
  gtk_widget_set_name(self->scale, "wave-time");
  gtk_widget_set_hexpand(self->scale, TRUE);
  gtk_widget_set_tooltip_text(self->scale, _("Time since the source began"));
  gtk_accessible_update_property(GTK_ACCESSIBLE(self->scale), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 _("Time in milliseconds"), -1);
  g_signal_connect(self->scale, "value-changed", G_CALLBACK(on_scale), self);
  gtk_box_append(GTK_BOX(row), self->scale);
  self->clock = gtk_label_new(NULL);
  gtk_widget_set_name(self->clock, "wave-clock");
  gtk_widget_add_css_class(self->clock, "wave-clock");
  gtk_label_set_width_chars(GTK_LABEL(self->clock), 8);
  gtk_label_set_xalign(GTK_LABEL(self->clock), 1);
  gtk_box_append(GTK_BOX(row), self->clock);
  self->speed =
      choice_of(self, row, "wave-speed",
                (const char *[]){"20 ms/s", "50 ms/s", "100 ms/s", "200 ms/s", "500 ms/s", "1000 ms/s", NULL},
                _("Milliseconds of the wave in a second ([ and ])"), G_CALLBACK(on_speed));
  self->loop =
      button_of(self, row, "wave-loop", "media-playlist-repeat-symbolic", NULL, _("Loop (L)"), LOOP, TRUE);
  return row;
}

static GtkWidget *build_options(WdWavefieldView *self) {
  GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
  self->isochrones =
      button_of(self, row, "wave-isochrones", NULL, _("Isochrones"),
                _("Lines of equal first arrival, by the eikonal equation (G)"), ISOCHRONES, TRUE);
  self->margin =
      button_of(self, row, "wave-margin", NULL, _("Margin"),
                _("The cells around the map in which the solver lets the wave die (A)"), MARGIN, TRUE);
  self->compare =
      choice_of(self, row, "wave-compare",
                (const char *[]){_("Not decoded"), _("Decoded faint"), _("Decoded beside"), NULL},
                _("The decoded gather, to compare with what the wave records (D)"), G_CALLBACK(on_compare));
  GtkWidget *box = linked(row);
  button_of(self, box, "wave-clip-less", NULL, "−", _("Clip 10 % lower: weaker waves are seen (Page Up)"),
            CLIP_LESS, FALSE);
  self->clip = button_of(self, box, "wave-clip", NULL, "",
                         _("The pressure that ends the colours; a click takes 97 % of all times again (R)"),
                         CLIP_AUTO, FALSE);
  button_of(self, box, "wave-clip-more", NULL, "+", _("Clip 10 % higher (Page Down)"), CLIP_MORE, FALSE);
  self->mode =
      choice_of(self, row, "wave-mode", (const char *[]){_("Exact"), _("Live"), NULL},
                _("Exact: OpenFWI's arithmetic and its 120 absorbing cells. Live: a thin absorbing layer"),
                G_CALLBACK(on_mode));
  GtkWidget *space = gtk_label_new(NULL);
  gtk_widget_set_hexpand(space, TRUE);
  gtk_box_append(GTK_BOX(row), space);
  GtkWidget *export = gtk_button_new_with_label(_("Export…"));
  gtk_widget_set_name(export, "wave-export");
  gtk_widget_set_tooltip_text(export,
                              _("Pictures of this movie, or an MP4, WebM or GIF where ffmpeg is installed"));
  gtk_actionable_set_action_name(GTK_ACTIONABLE(export), "win.export-movie");
  gtk_box_append(GTK_BOX(row), export);
  GtkWidget *close = gtk_button_new_from_icon_name("window-close-symbolic");
  gtk_widget_set_name(close, "wave-close");
  gtk_widget_set_tooltip_text(close, _("Back to the panels (U or Esc)"));
  gtk_accessible_update_property(GTK_ACCESSIBLE(close), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 _("Back to the panels"), -1);
  gtk_actionable_set_action_name(GTK_ACTIONABLE(close), "win.wavefield");
  gtk_box_append(GTK_BOX(row), close);
  return row;
}

/* ---- bringing it up to date */

static void update(WdWavefieldView *self) {
  const WdWaveLook *look = &self->view->wave;
  const wd_movie *m = movie(self);
  self->updating = TRUE;
  const double ms = m ? wd_movie_step(m, look->step) * m->dt * 1000 : look->step;
  if (m) gtk_range_set_range(GTK_RANGE(self->scale), 0, m->samples * m->dt * 1000);
  gtk_range_set_value(GTK_RANGE(self->scale), ms);
  gtk_widget_set_sensitive(self->scale, m != NULL);
  char clock[32];
  wd_units_text(&self->view->units, WD_TIME, ms, 1, clock, sizeof clock);
  gtk_label_set_text(GTK_LABEL(self->clock), m ? clock : "–");
  gtk_button_set_icon_name(GTK_BUTTON(self->play),
                           look->playing ? "media-playback-pause-symbolic" : "media-playback-start-symbolic");
  for (guint i = 0; i < G_N_ELEMENTS(speeds); i++)
    if (look->speed == speeds[i]) gtk_drop_down_set_selected(GTK_DROP_DOWN(self->speed), i);
  gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(self->loop), look->loop);
  gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(self->isochrones), look->isochrones);
  gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(self->margin), look->margin);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(self->compare), look->compare);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(self->mode), look->live ? 1 : 0);
  char number[32];
  const WdWavefield *f = wd_session_get_wavefield(self->session, NULL, NULL);
  const double clip = look->clip > 0 ? look->clip : f ? f->clip : 0;
  wd_format_number(clip, clip / 100, number, sizeof number);
  g_autofree char *text = clip > 0 ? g_strdup_printf(_("clip %s"), number) : g_strdup(_("clip"));
  gtk_button_set_label(GTK_BUTTON(self->clip), text);
  self->updating = FALSE;
}

static gboolean on_soon(gpointer data) {
  WdWavefieldView *self = data;
  self->soon = 0;
  if (gtk_widget_get_mapped(GTK_WIDGET(self))) update(self);
  return G_SOURCE_REMOVE;
}

static void on_view_changed(WdView *view, guint parts, WdWavefieldView *self) {
  if (!(parts & (WD_VIEW_WAVE | WD_VIEW_LAYOUT | WD_VIEW_DISPLAY))) return;
  /* The wave shows the time itself: while it plays, slider and clock need not be laid out for every frame. */
  if (gtk_widget_get_mapped(GTK_WIDGET(self)) && !(self->tick && view->wave.playing))
    update(self);
  else if (!self->soon)
    self->soon = g_timeout_add(100, on_soon, self);
  mind_playing(self);
}

static void view_map(GtkWidget *widget) {
  GTK_WIDGET_CLASS(wd_wavefield_view_parent_class)->map(widget);
  update(WD_WAVEFIELD_VIEW(widget));
  mind_playing(WD_WAVEFIELD_VIEW(widget));
}

static void view_dispose(GObject *object) {
  g_clear_handle_id(&WD_WAVEFIELD_VIEW(object)->soon, g_source_remove);
  G_OBJECT_CLASS(wd_wavefield_view_parent_class)->dispose(object);
}

static void wd_wavefield_view_class_init(WdWavefieldViewClass *class) {
  G_OBJECT_CLASS(class)->dispose = view_dispose;
  GTK_WIDGET_CLASS(class)->map = view_map;
}

static void wd_wavefield_view_init(WdWavefieldView *self) {
  gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
  gtk_box_set_spacing(GTK_BOX(self), 6);
  gtk_widget_set_name(GTK_WIDGET(self), "wavefield");
  gtk_widget_add_css_class(GTK_WIDGET(self), "wavefield-page");
}

GtkWidget *wd_wavefield_view_new(WdSession *session, WdView *view) {
  WdWavefieldView *self = g_object_new(WD_TYPE_WAVEFIELD_VIEW, NULL);
  self->session = session;
  self->view = view;
  self->canvas = wd_wavefield_canvas_new(session, view);
  gtk_widget_set_name(self->canvas, "wavefield-canvas");
  GtkWidget *controls = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
  gtk_widget_add_css_class(controls, "wave-controls");
  gtk_box_append(GTK_BOX(controls), build_transport(self));
  gtk_box_append(GTK_BOX(controls), build_options(self));
  GtkWidget *both = wd_card_new(self->canvas, NULL);
  gtk_box_append(GTK_BOX(both), controls);
  gtk_widget_set_vexpand(both, TRUE);
  gtk_box_append(GTK_BOX(self), both);
  GtkWidget *timeline = wd_timeline_new(session, view);
  gtk_widget_set_name(timeline, "wave-timeline");
  gtk_box_append(GTK_BOX(self), wd_card_new(timeline, NULL));
  gtk_widget_set_vexpand(timeline, FALSE);
  add_keys(self);
  g_signal_connect_object(view, "changed", G_CALLBACK(on_view_changed), self, 0);
  g_signal_connect_object(session, "wavefield", G_CALLBACK(update), self, G_CONNECT_SWAPPED);
  return GTK_WIDGET(self);
}

/* ---- the toggle */

static void on_wavefield(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action, (void)parameter;
  WdWindow *w = user;
  WdView *v = w->view;
  v->wave.shown = !v->wave.shown;
  v->wave.playing = FALSE;
  if (v->wave.shown) {
    v->playing = FALSE; /* one thing moves at a time */
    gboolean motion = TRUE;
    g_object_get(gtk_widget_get_settings(GTK_WIDGET(w)), "gtk-enable-animations", &motion, NULL);
    WdFrame frame;
    const WdPlace at = v->place[0];
    const gboolean known = wd_recording_get_frame(wd_session_get_recording(w->session), at.branch,
                                                  at.position, v->what, &frame) &&
                           frame.pair && frame.pair->gathers.dt > 0;
    if (v->cursor && v->cursor_panel != WD_PANEL_VELOCITY && v->t > 0 && known)
      v->wave.step = (int)lround(v->t / frame.pair->gathers.dt); /* where the gathers' cursor stands */
    else if (v->wave.step == 0)
      v->wave.playing = motion;
  }
  wd_view_changed(v, WD_VIEW_LAYOUT | WD_VIEW_WAVE | WD_VIEW_PLAY);
}

void wd_wavefield_install(WdWindow *w) {
  g_autoptr(GSimpleAction) action =
      g_simple_action_new_stateful("wavefield", NULL, g_variant_new_boolean(FALSE));
  g_signal_connect(action, "activate", G_CALLBACK(on_wavefield), w);
  g_action_map_add_action(G_ACTION_MAP(w), G_ACTION(action));
}
