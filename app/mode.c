#include "app/mode.h"

#include "app/i18n.h"
#include "app/latent_page.h"
#include "app/wavefield_view.h"
#include "app/inspect_page.h"

#include "app/teach.h"
#include "app/window_private.h"

#include <string.h>

static const WdModeInfo modes[WD_MODES] = {
    [WD_MODE_STEP] = {"step", N_("Step"), N_("Step: from noise to a pair, step by step (Ctrl+1)"), "<Ctrl>1",
                      NULL, WD_MODE_PANELS, 0},
    [WD_MODE_LATENT] = {"latent", N_("Latent"),
                        N_("Latent: explore the space that pairs are decoded from (Ctrl+2)"), "<Ctrl>2",
                        wd_latent_page_new, WD_MODE_WHOLE, 0},
    [WD_MODE_INSPECT] = {"inspect", N_("Inspect"), N_("Inspect: many samples, and where they fail (Ctrl+4)"),
                         "<Ctrl>4", wd_inspect_page_new, WD_MODE_WHOLE, 0},
    [WD_MODE_TEACH] = {"teach", N_("Teach"), N_("Teach: lessons beside the panels (Ctrl+5)"), "<Ctrl>5",
                       wd_teach_page_new, WD_MODE_BESIDE, 340},
};

const WdModeInfo *wd_mode_get_info(WdMode mode) {
  return mode < WD_MODES ? &modes[mode] : NULL;
}

gboolean wd_mode_is_there(WdMode mode) {
  return mode < WD_MODES && (modes[mode].place == WD_MODE_PANELS || modes[mode].build);
}

int wd_mode_find(const char *name) {
  for (int i = 0; i < WD_MODES; i++)
    if (name && wd_mode_is_there((WdMode)i) && !strcmp(modes[i].name, name)) return i;
  return -1;
}

char *wd_mode_names(void) {
  GString *s = g_string_new(NULL);
  for (int i = 0; i < WD_MODES; i++)
    if (wd_mode_is_there((WdMode)i)) g_string_append_printf(s, "%s%s", s->len ? ", " : "", modes[i].name);
  return g_string_free(s, FALSE);
}

static void on_mode(GSimpleAction *action, GVariant *target, gpointer user) {
  (void)action;
  WdWindow *w = user;
  const int mode = wd_mode_find(g_variant_get_string(target, NULL));
  WdWaveLook *wave = &w->view->wave;
  if (mode < 0 || (w->view->mode == (WdMode)mode && !wave->shown)) return;
  /* Whoever chooses a mode wants its page, and not the wavefield over it; a lesson stands beside that. */
  if (modes[mode].place != WD_MODE_BESIDE) wave->shown = wave->playing = FALSE;
  w->view->mode = (WdMode)mode;
  wd_view_changed(w->view, WD_VIEW_LAYOUT | WD_VIEW_WAVE);
}

void wd_modes_install(WdWindow *w) {
  g_autoptr(GSimpleAction) action = g_simple_action_new_stateful(
      "mode", G_VARIANT_TYPE_STRING, g_variant_new_string(modes[WD_MODE_STEP].name));
  g_signal_connect(action, "activate", G_CALLBACK(on_mode), w);
  g_action_map_add_action(G_ACTION_MAP(w), G_ACTION(action));
  GtkApplication *application = gtk_window_get_application(GTK_WINDOW(w));
  for (int i = 0; application && i < WD_MODES; i++) {
    if (!wd_mode_is_there((WdMode)i)) continue;
    g_autofree char *detailed = g_strdup_printf("win.mode::%s", modes[i].name);
    gtk_application_set_accels_for_action(application, detailed, (const char *[]){modes[i].key, NULL});
  }
}

GtkWidget *wd_modes_switch(WdWindow *w) {
  (void)w;
  int there = 0;
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_widget_set_name(box, "modes");
  gtk_widget_add_css_class(box, "linked");
  gtk_widget_add_css_class(box, "wd-modes");
  gtk_accessible_update_property(GTK_ACCESSIBLE(box), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Mode"), -1);
  for (int i = 0; i < WD_MODES; i++) {
    if (!wd_mode_is_there((WdMode)i)) continue;
    there++;
    GtkWidget *button = gtk_toggle_button_new_with_label(_(modes[i].title));
    g_autofree char *name = g_strconcat("mode-", modes[i].name, NULL);
    gtk_widget_set_name(button, name);
    gtk_widget_set_tooltip_text(button, _(modes[i].tooltip));
    gtk_actionable_set_action_name(GTK_ACTIONABLE(button), "win.mode");
    gtk_actionable_set_action_target(GTK_ACTIONABLE(button), "s", modes[i].name);
    gtk_box_append(GTK_BOX(box), button);
  }
  if (there > 1) return box;
  g_object_unref(g_object_ref_sink(box));
  return NULL;
}

/* The page of a mode in that stack, made if it is not there yet. */
static GtkWidget *page_of(WdWindow *w, GtkWidget *stack, WdMode mode) {
  g_autofree char *name = g_strconcat("mode-", modes[mode].name, "-page", NULL);
  GtkWidget *page = gtk_stack_get_child_by_name(GTK_STACK(stack), name);
  if (page) return page;
  page = modes[mode].build(w);
  gtk_widget_set_name(page, name);
  gtk_stack_add_named(GTK_STACK(stack), page, name);
  return page;
}

void wd_modes_arrange(WdWindow *w) {
  const WdMode mode = wd_mode_is_there(w->view->mode) ? w->view->mode : WD_MODE_STEP;
  const WdModePlace place = modes[mode].place;
  const gboolean work = wd_recording_count(wd_session_get_recording(w->session)) > 0;
  GtkWidget *stack = place == WD_MODE_BESIDE ? w->beside : w->pages;
  /* A lesson's text stands beside the page of a whole mode too, which one of its steps may have chosen. */
  const gboolean beside = place == WD_MODE_BESIDE || (place == WD_MODE_WHOLE && wd_teach_lesson(w));
  if (beside && place != WD_MODE_BESIDE)
    gtk_stack_set_visible_child(GTK_STACK(w->beside), page_of(w, w->beside, WD_MODE_TEACH));
  if (place == WD_MODE_PANELS)
    gtk_stack_set_visible_child_name(GTK_STACK(w->pages), work ? "work" : "empty");
  else
    gtk_stack_set_visible_child(GTK_STACK(stack), page_of(w, stack, mode));
  if (place == WD_MODE_BESIDE) gtk_stack_set_visible_child_name(GTK_STACK(w->pages), work ? "work" : "empty");
  if (w->view->wave.shown && work) { /* in every mode; a lesson stays beside it */
    GtkWidget *page = gtk_stack_get_child_by_name(GTK_STACK(w->pages), "wavefield");
    if (!page) {
      page = wd_wavefield_view_new(w->session, w->view);
      gtk_stack_add_named(GTK_STACK(w->pages), page, "wavefield");
    }
    if (gtk_stack_get_visible_child(GTK_STACK(w->pages)) != page) {
      gtk_stack_set_visible_child(GTK_STACK(w->pages), page);
      gtk_widget_grab_focus(GTK_WIDGET(wd_wavefield_view_get_canvas(WD_WAVEFIELD_VIEW(page))));
    }
  }
  if (beside && !gtk_widget_get_visible(w->beside))
    gtk_paned_set_position(GTK_PANED(w->main), modes[WD_MODE_TEACH].width);
  gtk_widget_set_visible(w->beside, beside);
  GAction *action = g_action_map_lookup_action(G_ACTION_MAP(w), "mode");
  const char *now = g_variant_get_string(g_action_get_state(action), NULL);
  if (strcmp(now, modes[mode].name))
    g_simple_action_set_state(G_SIMPLE_ACTION(action), g_variant_new_string(modes[mode].name));
}
