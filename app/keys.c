/* The keyboard (design: interface.md 3.12). Single keys live in a controller of the window's bubble phase:
 * what has the focus sees them first, so that typing into an entry triggers nothing; and where text is edited
 * they are refused outright, since an entry lets some keys (Up, Page Up) pass. Only accelerators that no text
 * field wants are the application's, where menus show them. */
#include "app/actions.h"
#include "app/annotate.h"
#include "app/teach.h"
#include "app/window_private.h"

#include <string.h>

typedef struct Key {
  const char *trigger; /* alternatives with | */
  const char *action;
  int parameter;    /* NONE: none */
  gboolean in_text; /* also while text is edited */
  int mode;         /* IN(mode): there only, and before what the key means elsewhere; 0: everywhere */
} Key;
#define IN(mode) ((mode) + 1)
enum { NONE = G_MININT };

static const Key keys[] = {
    {"space|k", "win.play", NONE},
    {"Escape", "win.escape", NONE, TRUE},
    {"comma|Left", "win.step-back", NONE},
    {"period", "win.step-forward", NONE},
    {"Right", "win.go-forward", NONE}, /* held, it does not go on to compute */
    {"<Shift>Left", "win.step-back-10", NONE},
    {"<Shift>Right", "win.step-forward-10", NONE},
    {"Home", "win.first", NONE},
    {"End", "win.last", NONE},
    {"bracketleft", "win.slower", NONE},
    {"bracketright", "win.faster", NONE},
    {"l", "win.loop", NONE},
    {"0|KP_0", "win.shot", -1},
    {"1|KP_1", "win.shot", 0},
    {"2|KP_2", "win.shot", 1},
    {"3|KP_3", "win.shot", 2},
    {"4|KP_4", "win.shot", 3},
    {"5|KP_5", "win.shot", 4},
    {"Up", "win.shot-previous", NONE},
    {"Down", "win.shot-next", NONE},
    {"d", "win.source-next", NONE},
    {"x", "win.what", NONE},
    {"o", "win.truth", NONE},
    {"w", "win.wiggle", NONE},
    {"v", "win.density", NONE},
    {"<Shift>v", "win.colour-vision-next", NONE},
    {"Page_Up", "win.lesson-previous", NONE, FALSE, IN(WD_MODE_TEACH)},
    {"Page_Down", "win.lesson-next", NONE, FALSE, IN(WD_MODE_TEACH)},
    {"Page_Up", "win.lesson-previous", NONE, FALSE, IN(WD_MODE_LATENT)}, /* a lesson beside it */
    {"Page_Down", "win.lesson-next", NONE, FALSE, IN(WD_MODE_LATENT)},
    {"Page_Up", "win.lesson-previous", NONE, FALSE, IN(WD_MODE_INSPECT)},
    {"Page_Down", "win.lesson-next", NONE, FALSE, IN(WD_MODE_INSPECT)},
    {"q", "win.annotate-next", NONE},
    {"F5", "win.present", NONE, TRUE},
    {"F7", "win.freeze", NONE, TRUE},
    {"Page_Up", "win.clip-less", NONE},
    {"Page_Down", "win.clip-more", NONE},
    {"plus|<Shift>plus|equal|KP_Add", "win.gain-more", NONE},
    {"minus|KP_Subtract", "win.gain-less", NONE},
    {"a", "win.agc", NONE},
    {"<Shift>p", "win.polarity", NONE},
    {"r", "win.range", NONE},
    {"m", "win.colormap-next", NONE},
    {"<Shift>m", "win.colormap-previous", NONE},
    {"p", "win.propagate", NONE},
    {"c", "win.cursor-lock", NONE},
    {"z|f", "win.fit", NONE},
    {"Return|KP_Enter", "win.enlarge", NONE},
    {"t", "win.traces", NONE},
    {"<Shift>t", "win.profiles", NONE},
    {"y", "win.linear", NONE},
    {"e", "win.epsilon-here", NONE},
    {"g", "win.contours", NONE},
    {"n", "win.second-row", NONE},
    {"u", "win.wavefield", NONE},
    {"n", "win.inspect-next", NONE, FALSE, IN(WD_MODE_INSPECT)},
    {"<Shift>n", "win.inspect-previous", NONE, FALSE, IN(WD_MODE_INSPECT)},
    {"<Ctrl>t", "win.inspect-tag", NONE, FALSE, IN(WD_MODE_INSPECT)},
    {"F6", "win.panel-next", NONE, TRUE},
    {"<Shift>F6", "win.panel-previous", NONE, TRUE},
    {"F10", "win.menu", NONE, TRUE},
    {"Left", "win.latent-left", NONE, .mode = IN(WD_MODE_LATENT)},
    {"Right", "win.latent-right", NONE, .mode = IN(WD_MODE_LATENT)},
    {"Up", "win.latent-up", NONE, .mode = IN(WD_MODE_LATENT)},
    {"Down", "win.latent-down", NONE, .mode = IN(WD_MODE_LATENT)},
    {"<Shift>Left", "win.latent-fine-left", NONE, .mode = IN(WD_MODE_LATENT)},
    {"<Shift>Right", "win.latent-fine-right", NONE, .mode = IN(WD_MODE_LATENT)},
    {"<Shift>Up", "win.latent-fine-up", NONE, .mode = IN(WD_MODE_LATENT)},
    {"<Shift>Down", "win.latent-fine-down", NONE, .mode = IN(WD_MODE_LATENT)},
    {"Home", "win.latent-reset", NONE, .mode = IN(WD_MODE_LATENT)},
    {"s", "win.latent-snap", NONE, .mode = IN(WD_MODE_LATENT)},
    {"h", "win.latent-map", NONE, .mode = IN(WD_MODE_LATENT)},
    {"i", "win.latent-waypoint", NONE, .mode = IN(WD_MODE_LATENT)},
    {"BackSpace", "win.latent-remove-waypoint", NONE, .mode = IN(WD_MODE_LATENT)},
    {"<Ctrl>z", "win.latent-undo", NONE, .mode = IN(WD_MODE_LATENT)},
    {"<Ctrl><Shift>z", "win.latent-redo", NONE, .mode = IN(WD_MODE_LATENT)},
    {"<Ctrl><Shift>c", "win.latent-copy-command", NONE, .mode = IN(WD_MODE_LATENT)},
    {"<Ctrl>d", "win.bookmark", NONE},
    {"<Ctrl>z", "win.undo", NONE},
    {"<Ctrl><Shift>z", "win.redo", NONE},
    {"<Ctrl>c", "win.copy-image", NONE},
    {"<Ctrl><Shift>c", "win.copy-command", NONE},
};

/* Of the application: nothing that edits text wants these. */
static const struct {
  const char *action;
  const char *accelerators[3];
} accelerators[] = {
    {"win.run", {"<Ctrl>Return", "<Ctrl>KP_Enter"}},
    {"win.dice-run", {"<Ctrl>r"}},
    {"win.begin", {"<Ctrl><Shift>Return", "<Ctrl><Shift>KP_Enter"}},
    {"win.branch", {"<Ctrl>b"}},
    {"win.compare", {"<Ctrl>k"}},
    {"win.open", {"<Ctrl>o"}},
    {"win.save", {"<Ctrl>s"}},
    {"win.save-as", {"<Ctrl><Shift>s"}},
    {"win.export-figure", {"<Ctrl>e"}},
    {"win.export-data", {"<Ctrl><Shift>e"}},
    {"win.export-movie", {"<Ctrl>m"}},
    {"win.sidebar", {"F9"}},
    {"win.fullscreen", {"F11"}},
    {"win.help", {"F1"}},
    {"win.shortcuts", {"<Ctrl>question", "<Ctrl><Shift>question"}},
    {"win.preferences", {"<Ctrl>comma"}},
    {"win.close", {"<Ctrl>w"}},
    {"app.quit", {"<Ctrl>q"}},
};

static gboolean edits_text(WdWindow *w) {
  GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(w));
  return focus && (GTK_IS_EDITABLE(focus) || GTK_IS_TEXT_VIEW(focus));
}

/* What a trigger stands for in a mode; NULL: nothing. */
static const Key *find_key(const char *trigger, WdMode mode) {
  const Key *found = NULL;
  for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
    if (keys[i].mode && keys[i].mode != IN((int)mode)) continue;
    if (found && !keys[i].mode) continue;
    g_auto(GStrv) each = g_strsplit(keys[i].trigger, "|", -1);
    if (g_strv_contains((const char *const *)each, trigger)) found = &keys[i];
  }
  return found;
}

static gboolean on_key(GtkWidget *widget, GVariant *arguments, gpointer trigger) {
  (void)arguments;
  WdWindow *w = WD_WINDOW(widget);
  const Key *key = find_key(trigger, w->view->mode);
  if (!key) return GDK_EVENT_PROPAGATE;
  if (!key->in_text && edits_text(w)) return GDK_EVENT_PROPAGATE;
  if (w->update_idle) wd_teach_update_actions(w);
  if (w->update_idle) wd_annotate_update_actions(w);
  if (w->update_idle) wd_actions_update(w); /* keys may come faster than the window gets idle */
  GAction *action = g_action_map_lookup_action(G_ACTION_MAP(w), strchr(key->action, '.') + 1);
  if (g_str_has_prefix(key->action, "win.lesson-") && !wd_teach_lesson(w)) { /* what it means elsewhere */
    key = find_key(trigger, WD_MODES);
    if (!key || (!key->in_text && edits_text(w))) return GDK_EVENT_PROPAGATE;
    action = g_action_map_lookup_action(G_ACTION_MAP(w), strchr(key->action, '.') + 1);
  }
  if (!action || !g_action_get_enabled(action)) return GDK_EVENT_PROPAGATE;
  g_action_activate(action, key->parameter == NONE ? NULL : g_variant_new_int32(key->parameter));
  return GDK_EVENT_STOP;
}

/* B blinks as long as it is held. */
static void set_blink(WdWindow *w, gboolean on) {
  if (w->blink_held == on) return;
  w->blink_held = on;
  w->view->blink = on;
  wd_view_changed(w->view, WD_VIEW_DISPLAY);
}

static gboolean on_pressed(GtkEventControllerKey *controller, guint value, guint code, GdkModifierType state,
                           gpointer user) {
  (void)controller, (void)code;
  WdWindow *w = user;
  if (gdk_keyval_to_lower(value) != GDK_KEY_b || (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) || edits_text(w))
    return GDK_EVENT_PROPAGATE;
  set_blink(w, TRUE);
  return GDK_EVENT_STOP;
}

static void on_released(GtkEventControllerKey *controller, guint value, guint code, GdkModifierType state,
                        gpointer user) {
  (void)controller, (void)code, (void)state;
  if (gdk_keyval_to_lower(value) == GDK_KEY_b) set_blink(user, FALSE);
}

static void on_inactive(GObject *window, GParamSpec *spec, gpointer user) {
  (void)spec, (void)user;
  if (!gtk_window_is_active(GTK_WINDOW(window))) set_blink(WD_WINDOW(window), FALSE);
}

void wd_keys_install(WdWindow *w) {
  GtkEventController *single = gtk_shortcut_controller_new();
  gtk_event_controller_set_propagation_phase(single, GTK_PHASE_BUBBLE);
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
    g_auto(GStrv) each = g_strsplit(keys[i].trigger, "|", -1);
    for (char **t = each; *t; t++) {
      const char *name = g_intern_string(*t);
      if (!g_hash_table_add(seen, (gpointer)name)) continue; /* of another mode */
      GtkShortcutTrigger *trigger = gtk_shortcut_trigger_parse_string(*t);
      g_return_if_fail(trigger);
      gtk_shortcut_controller_add_shortcut(
          GTK_SHORTCUT_CONTROLLER(single),
          gtk_shortcut_new(trigger, gtk_callback_action_new(on_key, (gpointer)name, NULL)));
    }
  }
  gtk_widget_add_controller(GTK_WIDGET(w), single);

  GtkEventController *held = gtk_event_controller_key_new();
  gtk_event_controller_set_propagation_phase(held, GTK_PHASE_BUBBLE);
  g_signal_connect(held, "key-pressed", G_CALLBACK(on_pressed), w);
  g_signal_connect(held, "key-released", G_CALLBACK(on_released), w);
  gtk_widget_add_controller(GTK_WIDGET(w), held);
  g_signal_connect(w, "notify::is-active", G_CALLBACK(on_inactive), NULL);

  GtkApplication *application = gtk_window_get_application(GTK_WINDOW(w));
  for (size_t i = 0; application && i < G_N_ELEMENTS(accelerators); i++)
    gtk_application_set_accels_for_action(application, accelerators[i].action, accelerators[i].accelerators);
}
