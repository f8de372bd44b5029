/* States of the whole window that a person meets seldom, and pictures of them: a device that is lost, memory
 * that is not there, what is not finite, wiggles, refinement, a pair whose truth is known, the dark theme. */
#include "tests/app/ui.h"

#include "app/cvd_bin.h"
#include "app/engine_impl.h"
#include "app/notice_bar.h"
#include "app/session_private.h"

#include <string.h>

static Ui ui;

static WdRecording *recording(void) {
  return wd_session_get_recording(ui.session);
}
static WdBranch *shown(void) {
  return wd_recording_find(recording(), ui.view->place[0].branch);
}
static const char *label_of(const char *name) {
  GtkWidget *label = ui_find(ui.window, name);
  return label ? gtk_label_get_text(GTK_LABEL(label)) : "";
}
static const char *notice(void) {
  GtkWidget *bar = ui_find_type(ui.window, WD_TYPE_NOTICE_BAR);
  return bar && wd_notice_bar_is_shown(WD_NOTICE_BAR(bar)) ? wd_notice_bar_get_text(WD_NOTICE_BAR(bar)) : "";
}
static gboolean is_idle(gpointer user) {
  (void)user;
  return wd_session_get_state(ui.session) == WD_SESSION_IDLE;
}
/* What comes at rest is made: it would have taken the acts that are counted to a fault. */
static gboolean is_rested(gpointer user) {
  return is_idle(user) && !ui.session->resting && wd_engine_is_quiet(ui.session->engine);
}
static gboolean has_notice(gpointer user) {
  (void)user;
  return *notice() != 0;
}
static gboolean is_scored(gpointer user) {
  (void)user;
  const WdPosition *p =
      wd_recording_position(recording(), ui.view->place[0].branch, ui.view->place[0].position);
  return p && wd_position_score(p, WD_WHAT_ESTIMATE) != NULL;
}

static void keep(const char *name) {
  ui_run(0.4);
  ui_settle(&ui);
  ui_keep(&ui, name);
}

static guint run(int steps) {
  GtkWidget *bar = ui_find_type(ui.window, WD_TYPE_NOTICE_BAR);
  if (bar) wd_notice_bar_hide(WD_NOTICE_BAR(bar));
  ui.view->next.plan.steps = steps;
  ui_settle(&ui); /* Run can be pressed again */
  ui_click(ui_find(ui.window, "run"), 0.5, 0.5, 1);
  ui_wait_state(&ui, WD_SESSION_RUNNING, 20);
  ui_wait(is_idle, NULL, 180);
  ui_settle(&ui);
  return ui.view->place[0].branch;
}

/* The engine fails from its n-th act on, as a device that is gone does. */
static void lost(wd_status status, const char *name) {
  ui_wait(is_rested, NULL, 60);
  wd_engine_inject(ui.session->engine, 12, status, TRUE);
  const guint id = run(8);
  const WdBranch *b = wd_recording_find(recording(), id);
  const int last = b ? wd_branch_last(b) : -1;
  tap_ok(b && last >= 0 && last < 8, "%s in the middle: the run ends at step %d of 8", wd_status_name(status),
         last);
  const gboolean told = ui_wait(has_notice, NULL, 10);
  tap_ok(told, "the bar says what happened: %s", notice());
  GtkWidget *action = ui_find(ui.window, "notice-action");
  tap_ok(action && !g_strcmp0(gtk_button_get_label(GTK_BUTTON(action)), "Resume") && *label_of("notice-kept"),
         "what was kept (%s), and what to do: on the CPU, go on", label_of("notice-kept"));
  int kept = 0;
  for (int k = 0; k <= last; k++) kept += wd_recording_position(recording(), id, k)->latent[0] != NULL;
  tap_ok(kept == last + 1, "all %d latents made so far are there", kept);
  keep(name);
  wd_engine_inject(ui.session->engine, 0, WD_OK, FALSE);
  tap_ok(ui_click(action, 0.5, 0.5, 1) && ui_wait_state(&ui, WD_SESSION_RUNNING, 20) &&
             ui_wait(is_idle, NULL, 180) && b && wd_branch_last(b) == 8,
         "and it goes on to the end of the run");
}

static void not_finite(void) {
  ui_wait(is_rested, NULL, 60);
  wd_engine_inject(ui.session->engine, 4, WD_ERR_DIVERGED, FALSE);
  const guint id = run(8);
  const WdBranch *b = wd_recording_find(recording(), id);
  int at = -1;
  for (int k = 0; b && k <= wd_branch_last(b); k++)
    if (wd_recording_position(recording(), id, k)->fault) at = k;
  if (!tap_ok(at >= 0, "what is not finite marks its step")) return;
  wd_view_go(ui.view, recording(), 0, id, at);
  ui_settle(&ui);
  GtkWidget *verdict = ui_find(ui.window, "verdict");
  tap_ok(verdict && gtk_widget_has_css_class(verdict, "error") &&
             !strcmp(label_of("verdict"), wd_recording_position(recording(), id, at)->fault),
         "the verdict says why, in red: %s", label_of("verdict"));
  keep("state-nan");
}

static void refined(void) {
  const guint id = run(4);
  tap_ok(wd_branch_last(wd_recording_find(recording(), id)) == 4, "a run of 4 steps");
  ui.ran = FALSE;
  g_action_group_activate_action(G_ACTION_GROUP(ui.window), "refine", g_variant_new_int32(2));
  ui_wait_state(&ui, WD_SESSION_RUNNING, 20);
  ui_wait(is_idle, NULL, 240);
  const WdPosition *p = wd_recording_position(recording(), id, 6);
  tap_ok(p && p->refined && wd_branch_last(shown()) == 6, "refined by 2 more on the same timeline");
  wd_view_go(ui.view, recording(), 0, id, 6);
  ui_wait(is_scored, NULL, 60);
  ui.view->look[WD_PANEL_GATHER].mode = WD_PANEL_AREA;
  wd_view_changed(ui.view, WD_VIEW_DISPLAY);
  keep("state-refined-wiggle");
  ui.view->look[WD_PANEL_GATHER].mode = WD_PANEL_DENSITY;
  wd_view_changed(ui.view, WD_VIEW_DISPLAY);
}

/* The whole window goes dark: hardly a bright pixel is left beside the maps and gathers. */
static void dark(void) {
  g_object_set(gtk_settings_get_default(), "gtk-application-prefer-dark-theme", TRUE, NULL);
  keep("state-dark");
  UiPicture picture = {0};
  double bright = 1;
  if (ui_picture(&ui, &picture)) {
    gsize n = 0;
    for (int i = 0; i < picture.width * picture.height; i++) {
      const guint32 p = picture.pixel[i];
      n += (p >> 16 & 255) > 200 && (p >> 8 & 255) > 200 && (p & 255) > 200;
    }
    bright = (double)n / (picture.width * picture.height);
  }
  ui_picture_clear(&picture);
  tap_at_most(100 * bright, 10, "percent of the dark window's pixels are bright");
  g_object_set(gtk_settings_get_default(), "gtk-application-prefer-dark-theme", FALSE, NULL);
  ui_run(0.3);
}

static const char *vision(void) {
  g_autoptr(GVariant) state = g_action_group_get_action_state(G_ACTION_GROUP(ui.window), "colour-vision");
  return g_intern_string(g_variant_get_string(state, NULL));
}

/* The preview of colour-vision deficiencies: by its key from kind to kind, said on screen as long as it
 * lasts, ended by its button. */
static void colour_vision(void) {
  WdCvdBin *bin = WD_CVD_BIN(ui_find_type(ui.window, WD_TYPE_CVD_BIN));
  tap_ok(!ui_find(ui.window, "colour-vision") && !strcmp(vision(), "none"),
         "no colour-vision preview to begin with");
  gtk_window_set_focus(GTK_WINDOW(ui.window), NULL);
  for (int kind = WD_CVD_PROTANOPIA; kind < WD_CVD_COUNT; kind++) {
    ui_key(&ui, "shift+v");
    ui_settle(&ui);
    const char *name = wd_cvd_name((wd_cvd)kind), *words = label_of("colour-vision-words");
    tap_ok(!strcmp(vision(), name) && wd_cvd_bin_get_kind(bin) == (wd_cvd)kind && strstr(words, name),
           "Shift+V, %s, \"%s\"", name, words);
    if (kind == WD_CVD_DEUTERANOPIA) keep("state-deuteranopia");
  }
  GtkWidget *end = ui_find(ui.window, "colour-vision-end");
  if (end) ui_click(end, 0.5, 0.5, 1);
  ui_settle(&ui);
  tap_ok(!strcmp(vision(), "none") && !ui_find(ui.window, "colour-vision") &&
             wd_cvd_bin_get_kind(bin) == WD_CVD_NONE,
         "its button ends it");
}

int main(void) {
  ui_need_display();
  ui_start(&ui, NULL, 1280, 800, NULL);
  if (tap_ok(ui_wait_model(&ui, 60), "the shipped model is loaded")) {
    lost(WD_ERR_DEVICE, "state-device-lost");
    lost(WD_ERR_NO_MEMORY, "state-no-memory");
    not_finite();
    refined();
    dark();
    colour_vision();
  }
  ui_stop(&ui);
  return tap_done();
}
