/* The panel's own actions ("panel.*") and its menu. */
#include "app/annotation.h"
#include "app/panel_view_private.h"

#include <string.h>

static const char *const scopes[] = {"run", "step", "manual"};
static const char *const modes[] = {"density", "wiggle", "area", "area-negative", "density-wiggle"};

static WdPanelLook *look(WdPanelView *self) {
  return &self->view->look[self->kind];
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
  *look(self) = wd_panel_look_default(self->kind);
  for (int k = WD_PANEL_GATHER; is_gather(self) && k <= WD_PANEL_DIFFERENCE; k++)
    self->view->look[k] = wd_panel_look_default((WdPanelKind)k);
  self->divider = 0.5;
  wd_view_changed(self->view, WD_VIEW_DISPLAY);
  on_fit(action, value, data);
}

static void on_enlarge(GSimpleAction *action, GVariant *value, gpointer data) {
  (void)action, (void)value;
  WdPanelView *self = data;
  self->view->enlarged = self->view->enlarged == (int)self->kind ? -1 : (int)self->kind;
  wd_view_changed(self->view, WD_VIEW_LAYOUT);
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

static GMenuModel *make_menu(WdPanelView *self) {
  GMenu *menu = g_menu_new(), *part = section(menu);
  gboolean map = self->kind == WD_PANEL_VELOCITY;
  g_menu_append(part, self->view->enlarged == (int)self->kind ? "Back to all panels" : "Enlarge",
                "panel.enlarge");
  g_menu_append(part, "Whole picture", "panel.fit");
  part = section(menu);
  g_autoptr(GMenu) scope = g_menu_new(), maps = g_menu_new(), mode = g_menu_new();
  append_choice(scope,
                map                             ? "Fixed, 1500–4500 m/s"
                : self->kind == WD_PANEL_TRACES ? "Fixed"
                                                : "Of the whole run",
                "scope", "run");
  append_choice(scope, "Of this step", "scope", "step");
  append_choice(scope, "Manual", "scope", "manual");
  g_menu_append_submenu(part, "Colour range", G_MENU_MODEL(scope));
  for (int i = 0; i < WD_COLORMAP_COUNT; i++) {
    const wd_colormap_info *info = wd_colormap_describe((wd_colormap)i);
    g_autofree char *label = g_strdup(info->name);
    label[0] = g_ascii_toupper(label[0]);
    append_choice(maps, label, "colormap", info->name);
  }
  g_menu_append_submenu(part, "Colours", G_MENU_MODEL(maps));
  if (is_gather(self)) {
    static const char *const names[] = {"Variable density", "Wiggles", "Wiggles, positive area filled",
                                        "Wiggles, negative area filled", "Density and wiggles"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) append_choice(mode, names[i], "mode", modes[i]);
    g_menu_append_submenu(part, "Traces as", G_MENU_MODEL(mode));
  }
  g_menu_append(part, "Smooth", "panel.smooth");
  if (map) g_menu_append(part, "Contours every 500 m/s", "panel.contours");
  if (is_gather(self)) {
    g_menu_append(part, "First arrivals", "panel.picks");
    g_menu_append(part, "Mute the direct wave", "panel.mute-direct");
  }
  g_menu_append(part, "Reset display", "panel.reset");
  if (self->kind != WD_PANEL_TRACES) {
    g_autoptr(GMenu) draw = g_menu_new(), away = g_menu_new();
    for (int i = 0; i < WD_ANNOTATION_KINDS; i++) {
      g_autofree char *detailed = g_strdup_printf("win.annotate::%s", wd_annotation_name(i));
      g_menu_append(draw, wd_annotation_title(i), detailed);
    }
    g_menu_append(away, "Remove the last", "win.annotation-remove");
    g_menu_append(away, "Remove all of this step", "win.annotations-clear");
    g_menu_append_section(draw, NULL, G_MENU_MODEL(away));
    g_menu_append_submenu(part, "Annotate", G_MENU_MODEL(draw));
  }
  part = section(menu);
  g_menu_append(part, "Copy image", "panel.copy");
  g_menu_append(part, "Export figure…", "win.export-figure");
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
