/* The window's header bar. */
#include "app/colour_vision.h"
#include "app/i18n.h"
#include "app/recent_menu.h"
#include "app/mode.h"
#include "app/window_private.h"

#include <string.h>

static GtkWidget *face(const char *icon, const char *text) {
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_widget_set_halign(box, GTK_ALIGN_CENTER);
  gtk_box_append(GTK_BOX(box), gtk_image_new_from_icon_name(icon));
  gtk_box_append(GTK_BOX(box), gtk_label_new(text));
  return box;
}

static GtkWidget *icon_button(GtkWidget *button, const char *name, const char *icon, const char *action,
                              const char *tooltip) {
  gtk_widget_set_name(button, name);
  gtk_button_set_icon_name(GTK_BUTTON(button), icon);
  gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
  gtk_widget_set_tooltip_text(button, tooltip);
  gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, tooltip, -1);
  return button;
}

static void on_seed_activate(GtkEntry *entry, gpointer user) {
  (void)entry;
  gtk_widget_activate_action(GTK_WIDGET(user), "win.run", NULL);
}

static void on_seed_changed(GtkEditable *editable, gpointer user) {
  (void)editable;
  WdWindow *w = user;
  if (w->updating) return;
  w->seed_was_run = FALSE;
  if (wd_window_take_seed(w)) wd_view_changed(w->view, WD_VIEW_RUN);
}

static void on_lock(GtkToggleButton *button, gpointer user) {
  WdWindow *w = user;
  const gboolean on = gtk_toggle_button_get_active(button);
  gtk_button_set_icon_name(GTK_BUTTON(button), on ? "wd-lock-symbolic" : "wd-unlock-symbolic");
  if (w->view->seed_locked == on) return;
  w->view->seed_locked = on;
  wd_view_changed(w->view, WD_VIEW_RUN);
}

static GtkWidget *build_menu(void) {
  g_autoptr(GMenu) menu = g_menu_new();
  g_autoptr(GMenu) run = g_menu_new(), view = g_menu_new(), file = g_menu_new(), help = g_menu_new();
  g_menu_append(run, _("New seed and run"), "win.dice-run");
  g_menu_append(run, _("Begin a run, to step by hand"), "win.begin");
  g_menu_append_section(menu, NULL, G_MENU_MODEL(run));
  g_menu_append(view, _("Compare A|B"), "win.compare");
  g_menu_append(view, _("Second row of panels"), "win.second-row");
  g_menu_append(view, _("Wavefield"), "win.wavefield");
  g_menu_append(view, _("Trace window"), "win.traces");
  g_menu_append(view, _("Profiles"), "win.profiles");
  g_menu_append(view, _("Sidebar"), "win.sidebar");
  g_menu_append(view, _("Full screen"), "win.fullscreen");
  g_menu_append(view, _("Present"), "win.present");
  g_autoptr(GMenuModel) vision = wd_colour_vision_menu();
  g_menu_append_submenu(view, _("Colour-vision preview"), vision);
  g_menu_append_section(menu, NULL, G_MENU_MODEL(view));
  g_menu_append(file, _("Save"), "win.save");
  g_menu_append(file, _("Save as…"), "win.save-as");
  g_menu_append(file, _("Export figure…"), "win.export-figure");
  g_menu_append(file, _("Export movie…"), "win.export-movie");
  g_menu_append(file, _("Export data…"), "win.export-data");
  g_menu_append(file, _("Copy as command"), "win.copy-command");
  g_menu_append_section(menu, NULL, G_MENU_MODEL(file));
  g_menu_append(help, _("Preferences"), "win.preferences");
  g_menu_append(help, _("Keyboard shortcuts"), "win.shortcuts");
  g_menu_append(help, _("Help"), "win.help");
  g_menu_append(help, _("About WaveDiffusion"), "win.about");
  g_menu_append_section(menu, NULL, G_MENU_MODEL(help));
  GtkWidget *button = gtk_menu_button_new();
  gtk_widget_set_name(button, "menu");
  gtk_menu_button_set_icon_name(GTK_MENU_BUTTON(button), "open-menu-symbolic");
  gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(button), G_MENU_MODEL(menu));
  gtk_widget_set_tooltip_text(button, _("Main menu (F10)"));
  gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Main menu"), -1);
  return button;
}

static GtkWidget *build_open(void) {
  g_autoptr(GMenu) menu = g_menu_new();
  g_autoptr(GMenu) files = g_menu_new(), other = g_menu_new();
  g_menu_append(files, _("Recording, map or gather…"), "win.open");
  g_menu_append(files, _("Model…"), "win.open-model");
  g_menu_append_section(menu, NULL, G_MENU_MODEL(files));
  g_autoptr(GMenuModel) recent = wd_recent_menu_new();
  g_menu_append_section(menu, NULL, recent);
  g_menu_append(other, _("Recorded demo"), "win.demo");
  g_menu_append_section(menu, NULL, G_MENU_MODEL(other));
  GtkWidget *button = gtk_menu_button_new();
  gtk_widget_set_name(button, "open");
  gtk_menu_button_set_label(GTK_MENU_BUTTON(button), _("Open"));
  gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(button), G_MENU_MODEL(menu));
  gtk_widget_set_tooltip_text(button, _("Open a recording, a map, a gather, a model or the demo (Ctrl+O)"));
  return button;
}

void wd_window_build_header(WdWindow *w) {
  GtkWidget *bar = gtk_header_bar_new();
  gtk_window_set_titlebar(GTK_WINDOW(w), bar);
  GtkHeaderBar *header = GTK_HEADER_BAR(bar);
  gtk_header_bar_pack_start(header, build_open());

  /* Run and Stop are one button in one place: the two faces share the larger one's width. */
  w->run = gtk_button_new();
  gtk_widget_set_name(w->run, "run");
  w->run_face = gtk_stack_new();
  gtk_stack_add_named(GTK_STACK(w->run_face), face("wd-run-symbolic", _("Run")), "run");
  gtk_stack_add_named(GTK_STACK(w->run_face), face("wd-stop-symbolic", _("Stop")), "stop");
  gtk_button_set_child(GTK_BUTTON(w->run), w->run_face);
  gtk_header_bar_pack_start(header, w->run);

  GtkWidget *seed = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_widget_add_css_class(seed, "linked");
  w->seed = gtk_entry_new();
  gtk_widget_set_name(w->seed, "seed");
  gtk_editable_set_width_chars(GTK_EDITABLE(w->seed), 9);
  gtk_editable_set_max_width_chars(GTK_EDITABLE(w->seed), 9);
  gtk_entry_set_placeholder_text(GTK_ENTRY(w->seed), _("seed"));
  gtk_entry_set_input_purpose(GTK_ENTRY(w->seed), GTK_INPUT_PURPOSE_DIGITS);
  gtk_widget_set_tooltip_text(w->seed,
                              _("Seed of the next run: the same seed gives the same noise on every machine"));
  gtk_accessible_update_property(GTK_ACCESSIBLE(w->seed), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Seed"), -1);
  g_autofree char *next = g_strdup_printf("%" G_GUINT64_FORMAT, w->view->next.seed);
  gtk_editable_set_text(GTK_EDITABLE(w->seed), next); /* it has the focus at first, and is not empty then */
  g_signal_connect(w->seed, "activate", G_CALLBACK(on_seed_activate), w);
  g_signal_connect(w->seed, "changed", G_CALLBACK(on_seed_changed), w);
  gtk_box_append(GTK_BOX(seed), w->seed);
  w->dice = icon_button(gtk_button_new(), "dice", "wd-dice-symbolic", "win.dice", _("Another seed"));
  gtk_box_append(GTK_BOX(seed), w->dice);
  GtkWidget *lock = icon_button(gtk_toggle_button_new(), "seed-lock", "wd-unlock-symbolic", NULL,
                                _("Keep the seed: otherwise Run takes a new one once this has been run"));
  g_signal_connect(lock, "toggled", G_CALLBACK(on_lock), w);
  gtk_box_append(GTK_BOX(seed), lock);
  gtk_header_bar_pack_start(header, seed);

  GtkWidget *titles = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
  gtk_widget_set_valign(titles, GTK_ALIGN_CENTER);
  w->title = gtk_label_new("WaveDiffusion");
  gtk_widget_add_css_class(w->title, "title");
  w->subtitle = gtk_label_new(NULL);
  gtk_widget_add_css_class(w->subtitle, "subtitle");
  gtk_label_set_ellipsize(GTK_LABEL(w->title), PANGO_ELLIPSIZE_END);
  gtk_label_set_ellipsize(GTK_LABEL(w->subtitle), PANGO_ELLIPSIZE_END);
  gtk_box_append(GTK_BOX(titles), w->title);
  gtk_box_append(GTK_BOX(titles), w->subtitle);
  GtkWidget *modes = wd_modes_switch(w);
  if (modes) { /* the middle is theirs; a narrow window's title is its run alone, in the switcher of tasks */
    gtk_label_set_xalign(GTK_LABEL(w->title), 0);
    gtk_label_set_xalign(GTK_LABEL(w->subtitle), 0);
    gtk_widget_set_margin_start(titles, 6);
    gtk_header_bar_pack_start(header, titles);
    w->titles = titles;
    gtk_header_bar_set_title_widget(header, modes);
  } else {
    gtk_header_bar_set_title_widget(header, titles);
  }

  w->menu = build_menu();
  gtk_header_bar_pack_end(header, w->menu);
  gtk_header_bar_pack_end(header, icon_button(gtk_toggle_button_new(), "sidebar-toggle",
                                              "wd-sidebar-symbolic", "win.sidebar", _("Sidebar (F9)")));
  gtk_header_bar_pack_end(header,
                          icon_button(gtk_toggle_button_new(), "compare-toggle", "wd-compare-symbolic",
                                      "win.compare", _("Compare two runs, A|B (Ctrl+K)")));
}

void wd_window_show_header(WdWindow *w) {
  if (w->titles) gtk_widget_set_visible(w->titles, gtk_widget_get_width(GTK_WIDGET(w)) >= WD_TITLES_WIDTH);
  const WdSessionState state = wd_session_get_state(w->session);
  const gboolean busy = state == WD_SESSION_RUNNING || state == WD_SESSION_CANCELLING;
  gtk_stack_set_visible_child_name(GTK_STACK(w->run_face), busy ? "stop" : "run");
  gtk_actionable_set_action_name(GTK_ACTIONABLE(w->run), busy ? "win.stop" : "win.run");
  const char *tip = busy ? _("Stop after the present step; every step so far is kept (Esc)")
                         : _("Sample a pair of map and gathers from noise (Ctrl+Return)");
  gtk_widget_set_tooltip_text(w->run, tip);
  gtk_accessible_update_property(GTK_ACCESSIBLE(w->run), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 busy ? _("Stop") : _("Run"), -1);
  if (busy) {
    gtk_widget_remove_css_class(w->run, "suggested-action");
    gtk_widget_add_css_class(w->run, "destructive-action");
  } else {
    gtk_widget_remove_css_class(w->run, "destructive-action");
    gtk_widget_add_css_class(w->run, "suggested-action");
  }

  const WdModelInfo *model = wd_session_get_model(w->session);
  WdRecording *r = wd_session_get_recording(w->session);
  const WdBranch *branch = wd_recording_find(r, w->view->place[0].branch);
  gtk_label_set_text(GTK_LABEL(w->title), branch ? branch->name : "WaveDiffusion");
  g_autofree char *of_recording =
      !model && *wd_recording_get_model(r)
          ? g_strdup_printf(_("recorded with model %s"), wd_recording_get_model(r))
          : NULL;
  g_autofree char *subtitle = state == WD_SESSION_LOADING ? g_strdup(_("opening the model…"))
                              : model                     ? g_strdup_printf(_("model %s"), model->name)
                                      : g_strdup(of_recording ? of_recording : _("no model"));
  gtk_label_set_text(GTK_LABEL(w->subtitle), subtitle);
  g_autofree char *title =
      branch ? g_strdup_printf("%s – WaveDiffusion", branch->name) : g_strdup("WaveDiffusion");
  gtk_window_set_title(GTK_WINDOW(w), title);

  g_autofree char *seed = g_strdup_printf("%" G_GUINT64_FORMAT, w->view->next.seed);
  const gboolean typing = gtk_widget_get_state_flags(w->seed) & GTK_STATE_FLAG_FOCUS_WITHIN;
  const char *shown = gtk_editable_get_text(GTK_EDITABLE(w->seed));
  char *end = NULL;
  const gboolean same = *shown && g_ascii_strtoull(shown, &end, 10) == w->view->next.seed && !*end;
  if (!same && !(typing && (!*shown || *end))) {
    w->updating = TRUE;
    gtk_editable_set_text(GTK_EDITABLE(w->seed), seed);
    w->updating = FALSE;
  }
}
