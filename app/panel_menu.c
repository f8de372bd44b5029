/* The panel's own actions ("panel.*") and its menu. */
#include "app/annotation.h"
#include "app/i18n.h"
#include "app/panel_view_private.h"
#include "app/source_menu.h"

#include <string.h>

static const char *const scopes[] = {"run", "step", "manual"};
static const char *const modes[] = {"density", "wiggle", "area", "area-negative", "density-wiggle"};

static WdPanelLook *look(WdPanelView *self) {
  return wd_view_look(self->view, self->kind, self->side);
}

static gboolean is_gather(WdPanelView *self) {
  return self->kind != WD_PANEL_VELOCITY && self->kind != WD_PANEL_TRACES;
}

/* Gathers are drawn alike: what one of them is set to goes for all. */
static void share(WdPanelView *self) {
  WdPanelLook *from = look(self);
  for (int k = WD_PANEL_GATHER; is_gather(self) && k <= WD_PANEL_DIFFERENCE; k++) {
    WdPanelLook *to = &self->view->look[k];
    to->colormap = from->colormap;
    to->smooth = from->smooth;
    to->mode = from->mode;
    to->scope = from->scope;
    to->mute_direct = from->mute_direct;
    to->picks = from->picks;
    to->ruler = from->ruler;
    to->mask = from->mask;
  }
  wd_view_changed(self->view, WD_VIEW_DISPLAY);
}

static int find(const char *const *names, int n, const char *name) {
  for (int i = 0; i < n; i++)
    if (strcmp(names[i], name) == 0) return i;
  return -1;
}

static void on_scope(GSimpleAction *action, GVariant *value, gpointer data) {
  (void)action;
  WdPanelView *self = data;
  int scope = find(scopes, G_N_ELEMENTS(scopes), g_variant_get_string(value, NULL));
  if (scope < 0) return;
  if (scope == WD_SCOPE_MANUAL && look(self)->scope != WD_SCOPE_MANUAL) { /* from what is shown, gain apart */
    const wd_range *now = &wd_picture_panel(self->picture)->range;
    look(self)->lo = now->lo;
    look(self)->hi = now->hi;
    look(self)->gain = 0;
  }
  look(self)->scope = (WdRangeScope)scope;
  share(self);
}

static void on_colormap(GSimpleAction *action, GVariant *value, gpointer data) {
  (void)action;
  WdPanelView *self = data;
  wd_colormap map;
  if (!wd_colormap_find(g_variant_get_string(value, NULL), &map)) return;
  look(self)->colormap = map;
  share(self);
}

static void on_mode(GSimpleAction *action, GVariant *value, gpointer data) {
  (void)action;
  WdPanelView *self = data;
  int mode = find(modes, G_N_ELEMENTS(modes), g_variant_get_string(value, NULL));
  if (mode < 0) return;
  look(self)->mode = (wd_panel_mode)mode;
  share(self);
}

static void on_switch(GSimpleAction *action, GVariant *value, gpointer data) {
  WdPanelView *self = data;
  const char *name = g_action_get_name(G_ACTION(action));
  gboolean on = g_variant_get_boolean(value);
  WdPanelLook *l = look(self);
  *(strcmp(name, "smooth") == 0     ? &l->smooth
    : strcmp(name, "contours") == 0 ? &l->contours
    : strcmp(name, "picks") == 0    ? &l->picks
    : strcmp(name, "ruler") == 0    ? &l->ruler
    : strcmp(name, "mask") == 0     ? &l->mask
                                    : &l->mute_direct) = on;
  share(self);
}

static void on_fit(GSimpleAction *action, GVariant *value, gpointer data) {
  (void)action, (void)value;
  WdPanelView *self = data;
  self->view->zoom_map = self->view->zoom_gather = (wd_view){0};
  wd_view_changed(self->view, WD_VIEW_ZOOM);
}

static void on_reset(GSimpleAction *action, GVariant *value, gpointer data) {
  WdPanelView *self = data;
  self->view->look[self->kind] = wd_panel_look_default(self->kind);
  if (self->kind == WD_PANEL_VELOCITY) self->view->minus = wd_panel_look_minus();
  for (int k = WD_PANEL_GATHER; is_gather(self) && k <= WD_PANEL_DIFFERENCE; k++)
    self->view->look[k] = wd_panel_look_default((WdPanelKind)k);
  self->view->divider = 0.5;
  wd_view_changed(self->view, WD_VIEW_DISPLAY);
  on_fit(action, value, data);
}

static void on_enlarge(GSimpleAction *action, GVariant *value, gpointer data) {
  (void)action, (void)value;
  WdPanelView *self = data;
  self->view->enlarged = self->view->enlarged == (int)self->kind ? -1 : (int)self->kind;
  wd_view_changed(self->view, WD_VIEW_LAYOUT);
}

/* What is shown here becomes what others are held against. */
static void on_pin(GSimpleAction *action, GVariant *value, gpointer data) {
  (void)action, (void)value;
  WdPanelView *self = data;
  WdView *v = self->view;
  v->pinned = v->place[self->side];
  v->pinned_what = v->what;
  v->velocity = WD_VELOCITY_MINUS_PINNED;
  wd_view_changed(v, WD_VIEW_DISPLAY | WD_VIEW_PLACE);
}

static void on_copy(GSimpleAction *action, GVariant *value, gpointer data) {
  (void)action, (void)value;
  WdPanelView *self = data;
  g_autoptr(GdkTexture) texture = wd_panel_view_get_texture(self);
  if (texture) gdk_clipboard_set_texture(gtk_widget_get_clipboard(GTK_WIDGET(self)), texture);
}

static const GActionEntry entries[] = {{"scope", NULL, "s", "'run'", on_scope, {0}},
                                       {"colormap", NULL, "s", "'strata'", on_colormap, {0}},
                                       {"mode", NULL, "s", "'density'", on_mode, {0}},
                                       {"smooth", NULL, NULL, "false", on_switch, {0}},
                                       {"contours", NULL, NULL, "false", on_switch, {0}},
                                       {"picks", NULL, NULL, "false", on_switch, {0}},
                                       {"mute-direct", NULL, NULL, "false", on_switch, {0}},
                                       {"ruler", NULL, NULL, "false", on_switch, {0}},
                                       {"mask", NULL, NULL, "false", on_switch, {0}},
                                       {"pin", on_pin, NULL, NULL, NULL, {0}},
                                       {"fit", on_fit, NULL, NULL, NULL, {0}},
                                       {"reset", on_reset, NULL, NULL, NULL, {0}},
                                       {"enlarge", on_enlarge, NULL, NULL, NULL, {0}},
                                       {"copy", on_copy, NULL, NULL, NULL, {0}}};

void wd_panel_view_add_actions(WdPanelView *self) {
  self->actions = g_simple_action_group_new();
  g_action_map_add_action_entries(G_ACTION_MAP(self->actions), entries, G_N_ELEMENTS(entries), self);
  gtk_widget_insert_action_group(GTK_WIDGET(self), "panel", G_ACTION_GROUP(self->actions));
}

static void set_state(WdPanelView *self, const char *name, GVariant *state) {
  g_simple_action_set_state(G_SIMPLE_ACTION(g_action_map_lookup_action(G_ACTION_MAP(self->actions), name)),
                            state);
}

/* The states are the view's; they are looked up when the menu opens. */
static void read_states(WdPanelView *self) {
  const WdPanelLook *l = look(self);
  set_state(self, "scope", g_variant_new_string(scopes[CLAMP((int)l->scope, 0, 2)]));
  const wd_colormap_info *map = wd_colormap_describe(l->colormap);
  if (map) set_state(self, "colormap", g_variant_new_string(map->name));
  set_state(self, "mode", g_variant_new_string(modes[CLAMP((int)l->mode, 0, 4)]));
  set_state(self, "smooth", g_variant_new_boolean(l->smooth));
  set_state(self, "contours", g_variant_new_boolean(l->contours));
  set_state(self, "picks", g_variant_new_boolean(l->picks));
  set_state(self, "ruler", g_variant_new_boolean(l->ruler));
  set_state(self, "mask", g_variant_new_boolean(l->mask));
  set_state(self, "mute-direct", g_variant_new_boolean(l->mute_direct));
}

static GMenu *section(GMenu *menu) {
  GMenu *part = g_menu_new();
  g_menu_append_section(menu, NULL, G_MENU_MODEL(part));
  g_object_unref(part);
  return part;
}

static void append_choice(GMenu *menu, const char *label, const char *action, const char *value) {
  g_autofree char *detailed = g_strdup_printf("panel.%s::%s", action, value);
  g_menu_append(menu, label, detailed);
}

/* With the key that does the same. */
static void append_keyed(GMenu *menu, const char *label, const char *action, const char *key) {
  g_autoptr(GMenuItem) item = g_menu_item_new(label, action);
  if (key) g_menu_item_set_attribute(item, "accel", "s", key);
  g_menu_append_item(menu, item);
}

/* The map, or the map minus another: those that are not there are greyed. */
static void append_velocity(WdPanelView *self, GMenu *menu) {
  static const char *const action[] = {"win.velocity(0)", "win.velocity(1)", "win.velocity(2)",
                                       "win.velocity(3)"};
  const WdView *v = self->view;
  WdRecording *r = wd_session_get_recording(self->session);
  const WdBranch *b = wd_recording_find(r, v->place[self->side].branch),
                 *pinned = wd_recording_find(r, v->pinned.branch);
  const gboolean can[] = {TRUE, b && b->truth && b->truth->velocity.value,
                          v->layout == WD_LAYOUT_COMPARE && v->place[1].branch, pinned != NULL};
  g_autofree char *name =
      pinned ? g_strdup_printf(_("Minus step %d of %s (pinned)"), v->pinned.position, pinned->name)
             : g_strdup(_("Minus a pinned step"));
  const char *const title[] = {_("Decoded"), _("Minus the truth"), _("Minus B"), name};
  g_autoptr(GMenu) shown = g_menu_new(), pin = g_menu_new();
  for (guint i = 0; i < G_N_ELEMENTS(title); i++)
    g_menu_append(shown, title[i], can[i] ? action[i] : "win.unavailable");
  g_menu_append(pin, _("Pin this step: others minus it"), b ? "panel.pin" : "win.unavailable");
  g_menu_append_section(shown, NULL, G_MENU_MODEL(pin));
  g_menu_append_submenu(section(menu), _("Velocity shown"), G_MENU_MODEL(shown));
}

static GMenuModel *make_menu(WdPanelView *self) {
  GMenu *menu = g_menu_new(), *part = section(menu);
  gboolean map = self->kind == WD_PANEL_VELOCITY;
  g_menu_append(part, self->view->enlarged == (int)self->kind ? _("Back to all panels") : _("Enlarge"),
                "panel.enlarge");
  g_menu_append(part, _("Whole picture"), "panel.fit");
  if (self->kind == WD_PANEL_GATHER) {
    g_autoptr(GMenuModel) sources = wd_source_menu_new(self->session, self->view, self->side);
    part = section(menu);
    g_menu_append_submenu(part, _("Gathers shown"), sources);
  }
  if (map) append_velocity(self, menu);
  part = section(menu);
  const gboolean minus = map && look(self) == &self->view->minus;
  const wd_units *units = &self->view->units;
  char lo[48], hi[48];
  wd_units_number(units, WD_VELOCITY, minus ? -1000 : WD_VELOCITY_LO, 100, lo, sizeof lo);
  wd_units_text(units, WD_VELOCITY, minus ? 1000 : WD_VELOCITY_HI, 100, hi, sizeof hi);
  g_autofree char *fixed = g_strdup_printf(minus ? _("Fixed, %s to %s") : _("Fixed, %s–%s"), lo, hi);
  g_autoptr(GMenu) scope = g_menu_new(), maps = g_menu_new(), mode = g_menu_new();
  append_choice(scope,
                map                             ? fixed
                : self->kind == WD_PANEL_TRACES ? _("Fixed")
                                                : _("Of the decoded steps"),
                "scope", "run");
  append_choice(scope, _("Of this step"), "scope", "step");
  append_choice(scope, _("Manual"), "scope", "manual");
  g_menu_append_submenu(part, _("Colour range"), G_MENU_MODEL(scope));
  for (int i = 0; i < WD_COLORMAP_COUNT; i++) {
    const wd_colormap_info *info = wd_colormap_describe((wd_colormap)i);
    g_autofree char *label = g_strdup(info->name);
    label[0] = g_ascii_toupper(label[0]);
    append_choice(maps, label, "colormap", info->name);
  }
  g_menu_append_submenu(part, _("Colours"), G_MENU_MODEL(maps));
  if (is_gather(self)) {
    const char *const names[] = {_("Variable density"), _("Wiggles"), _("Wiggles, positive area filled"),
                                 _("Wiggles, negative area filled"), _("Density and wiggles")};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) append_choice(mode, names[i], "mode", modes[i]);
    g_menu_append_submenu(part, _("Traces as"), G_MENU_MODEL(mode));
  }
  g_menu_append(part, _("Smooth"), "panel.smooth");
  if (map) {
    wd_units_text(units, WD_VELOCITY, 500, 100, hi, sizeof hi);
    g_autofree char *contours = g_strdup_printf(_("Contours every %s"), hi);
    g_autoptr(GMenuItem) item = g_menu_item_new(contours, "panel.contours");
    g_menu_append_item(part, item);
  }
  if (is_gather(self)) {
    g_menu_append(part, _("First arrivals"), "panel.picks");
    g_menu_append(part, _("Mute the direct wave"), "panel.mute-direct");
    g_menu_append(part, _("Residual of each trace above"), "panel.ruler");
    g_menu_append(part, _("Shade traces beyond ε"), "panel.mask");
  }
  g_menu_append(part, _("Reset display"), "panel.reset");
  if (self->kind != WD_PANEL_TRACES) {
    g_autoptr(GMenu) draw = g_menu_new(), away = g_menu_new();
    for (int i = 0; i < WD_ANNOTATION_KINDS; i++) {
      g_autofree char *detailed = g_strdup_printf("win.annotate::%s", wd_annotation_name(i));
      g_menu_append(draw, wd_annotation_title(i), detailed);
    }
    g_menu_append(away, _("Remove the last"), "win.annotation-remove");
    g_menu_append(away, _("Remove all of this step"), "win.annotations-clear");
    g_menu_append_section(draw, NULL, G_MENU_MODEL(away));
    g_menu_append_submenu(part, _("Annotate"), G_MENU_MODEL(draw));
  }
  part = section(menu);
  if (self->kind == WD_PANEL_GATHER) append_keyed(part, _("Blink decoded and simulated"), "win.blink", "b");
  if (map || self->kind == WD_PANEL_GATHER || self->kind == WD_PANEL_SIMULATED)
    append_keyed(part, map ? _("Contours of the true map") : _("Observed traces over it"), "win.truth", "o");
  append_keyed(part, _("Crosshair stays"), "win.cursor-lock", "c");
  append_keyed(part, _("Zoom linked along the surface"), "win.linked-zoom", NULL);
  part = section(menu);
  const gboolean blank = wd_picture_message(self->picture) != NULL;
  append_keyed(part, _("Copy image"), blank ? "win.unavailable" : "panel.copy", "<Ctrl>c");
  g_menu_append(part, _("Copy values"), blank ? "win.unavailable" : "win.copy-values");
  g_menu_append(part, _("Export figure…"), "win.export-figure");
  return G_MENU_MODEL(menu);
}

static void on_closed(GtkPopover *popover, WdPanelView *self) {
  (void)popover;
  gtk_widget_grab_focus(GTK_WIDGET(self));
}

void wd_panel_view_popup(WdPanelView *self, double x, double y) {
  read_states(self);
  g_autoptr(GMenuModel) menu = make_menu(self);
  if (!self->menu) {
    self->menu = gtk_popover_menu_new_from_model(menu);
    gtk_widget_set_halign(self->menu, GTK_ALIGN_START);
    gtk_popover_set_has_arrow(GTK_POPOVER(self->menu), FALSE);
    gtk_widget_set_parent(self->menu, GTK_WIDGET(self));
    g_signal_connect(self->menu, "closed", G_CALLBACK(on_closed), self);
  } else {
    gtk_popover_menu_set_menu_model(GTK_POPOVER_MENU(self->menu), menu);
  }
  gtk_popover_set_pointing_to(GTK_POPOVER(self->menu), &(GdkRectangle){(int)x, (int)y, 1, 1});
  gtk_popover_popup(GTK_POPOVER(self->menu));
}
