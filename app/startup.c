#include "app/startup.h"

#include "app/i18n.h"
#include "app/latent_page.h"
#include "app/mode.h"
#include "app/apply.h"
#include "app/export.h"
#include "app/open.h"
#include "app/screenshot.h"
#include "app/settings.h"
#include "app/startup_run.h"
#include "app/teach.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef enum Phase { MODEL = 0, RUN, RUNNING, PLACE, ACTIONS, SETTLE, DONE } Phase;

struct WdStartup {
  WdApplication *application; /* not owned */
  GApplicationCommandLine *line;
  WdWindow *window; /* weak */
  char *picture, *of;
  char **actions;
  gboolean exact, timing, files;
  gboolean ours; /* the window was made for this command line, and may end with it */
  int step, stop_at, shot, scale, calm, acted;
  WdStartupRun run;
  Phase phase;
  gint64 began, deadline;
  guint poll;
  char *notice;                 /* the last one, for messages */
  double mapped, loaded, first; /* ms since the process began; NaN */
};

static const GOptionEntry entries[] = {
    {"model", 'm', 0, G_OPTION_ARG_STRING, NULL, N_("Model: a folder or a name; none: start without one"),
     N_("MODEL")},
    {"device", 'd', 0, G_OPTION_ARG_STRING, NULL, N_("auto, cpu, cpu:N, cuda, cuda:N"), N_("DEVICE")},
    {"seed", 0, 0, G_OPTION_ARG_STRING, NULL, N_("Run this seed"), "N"},
    {"steps", 0, 0, G_OPTION_ARG_INT, NULL, N_("Steps of the run [16]"), "N"},
    {"sampler", 0, 0, G_OPTION_ARG_STRING, NULL, N_("dpmpp-2m, ddim or ddpm"), N_("NAME")},
    {"family", 0, 0, G_OPTION_ARG_STRING, NULL, N_("Family of the map: curvefault-b, say"), N_("NAME")},
    {"run", 0, 0, G_OPTION_ARG_FILENAME, NULL,
     N_("Run the recipe in this file: JSON, or a PNG, PDF or SVG that carries one"), N_("RECIPE")},
    {"stop-at", 0, 0, G_OPTION_ARG_STRING, NULL, N_("Stop the run after this step"), "N"},
    {"recording", 0, 0, G_OPTION_ARG_FILENAME, NULL, N_("Open a recording"), "FILE.wdrun"},
    {"demo", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Open the recorded demo"), NULL},
    {"step", 0, 0, G_OPTION_ARG_STRING, NULL, N_("Show this step [the last]"), "N"},
    {"mode", 0, 0, G_OPTION_ARG_STRING, NULL, N_("What the window is for: step, latent, inspect, teach"),
     N_("NAME")},
    {"wavefield", 0, 0, G_OPTION_ARG_STRING, NULL, N_("Show the wavefield at this time"), "MS"},
    {"lesson", 0, 0, G_OPTION_ARG_STRING, NULL,
     N_("Play a lesson: its number, name or file, and :STEP from 1"), "NAME[:STEP]"},
    {"layout", 0, 0, G_OPTION_ARG_STRING, NULL, N_("step or compare"), N_("NAME")},
    {"panel", 0, 0, G_OPTION_ARG_STRING, NULL,
     N_("Fill the window with one panel: velocity, gather, simulated, difference, traces, plot"), N_("NAME")},
    {"shot", 0, 0, G_OPTION_ARG_STRING, NULL, N_("Show this shot, counted from 1; 0: all"), "N"},
    {"second-row", 0, 0, G_OPTION_ARG_STRING, NULL, N_("Second row of panels: on or off"), "on|off"},
    {"sidebar", 0, 0, G_OPTION_ARG_STRING, NULL, N_("Sidebar: on or off"), "on|off"},
    {"size", 0, 0, G_OPTION_ARG_STRING, NULL, N_("Size of the window"), "WxH"},
    {"dark", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Dark theme"), NULL},
    {"light", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Light theme"), NULL},
    {"epsilon", 0, 0, G_OPTION_ARG_DOUBLE, NULL, N_("Tolerance of the reflection residual; 0: the model's"),
     "X"},
    {"renderer", 0, 0, G_OPTION_ARG_STRING, NULL, N_("auto, gl or cairo"), N_("NAME")},
    {"set", 0, 0, G_OPTION_ARG_STRING_ARRAY, NULL, N_("Any preference, for this time"), "KEY=VALUE"},
    {"action", 0, 0, G_OPTION_ARG_STRING_ARRAY, NULL, N_("Activate an action of the window once it stands"),
     N_("NAME")},
    {"screenshot", 0, 0, G_OPTION_ARG_FILENAME, NULL, N_("Write a picture of the window to FILE and end"),
     "FILE.png"},
    {"window", 0, 0, G_OPTION_ARG_STRING, NULL,
     N_("Picture: of this window of the program: preferences, help"), N_("NAME")},
    {"scale", 0, 0, G_OPTION_ARG_INT, NULL, N_("Device pixels a point, 1 to 4"), "N"},
    {"wait-exact", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Picture: wait for the simulation in exact mode"), NULL},
    {"timing", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Print how long the start takes"), NULL},
    {"version", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Print the version and end"), NULL},
    {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, NULL, NULL, N_("FILE…")},
    {NULL},
};

const GOptionEntry *wd_startup_entries(void) {
  static GOptionEntry told[G_N_ELEMENTS(entries)];
  for (gsize i = 0; i < G_N_ELEMENTS(entries); i++) {
    told[i] = entries[i];
    told[i].description = _(entries[i].description);
    told[i].arg_description = _(entries[i].arg_description);
  }
  return told;
}

/* Milliseconds since this process began, exec included. */
static double age(void) {
  g_autofree char *text = NULL;
  if (!g_file_get_contents("/proc/self/stat", &text, NULL, NULL)) return NAN;
  const char *c = strrchr(text, ')');
  unsigned long long start = 0;
  if (!c || sscanf(c + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                   &start) != 1)
    return NAN;
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return ((double)now.tv_sec + 1e-9 * (double)now.tv_nsec - (double)start / (double)sysconf(_SC_CLK_TCK)) *
         1e3;
}

static void milestone(WdStartup *s, double *when, const char *what) {
  if (!isnan(*when)) return;
  *when = age();
  if (s->timing && s->line) g_application_command_line_print(s->line, "%-16s %7.0f ms\n", what, *when);
}

static void end(WdStartup *s, const char *fault) {
  s->phase = DONE;
  if (fault) g_application_command_line_printerr(s->line, "wavediffusion: %s\n", fault);
  if (s->picture || fault) {
    g_application_command_line_set_exit_status(s->line, fault ? 1 : 0);
    if (s->ours) wd_application_end(s->application, fault ? 1 : 0);
  }
}

/* With what the session last told of, if anything. */
static void end_with(WdStartup *s, const char *fault) {
  g_autofree char *text = g_strjoin(": ", fault, s->notice, NULL);
  end(s, text);
}

/* ---- reading the options */

static const char *const panels[] = {"velocity", "gather", "simulated", "difference", "traces", "plot"};

static gboolean bad(GError **error, const char *format, const char *value) {
  g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, format, value);
  return FALSE;
}

static gboolean on_or_off(GVariantDict *o, const char *key, gboolean *field, GError **error) {
  const char *text = NULL;
  if (!g_variant_dict_lookup(o, key, "&s", &text)) return TRUE;
  if (strcmp(text, "on") && strcmp(text, "off")) return bad(error, _("\"%s\" should be on or off"), text);
  *field = !strcmp(text, "on");
  return TRUE;
}

/* As text, since GApplication takes an option that is 0 for one that is not there. */
static gboolean read_number(GVariantDict *o, const char *key, int *field, GError **error) {
  const char *text = NULL;
  gint64 value;
  if (!g_variant_dict_lookup(o, key, "&s", &text)) return TRUE;
  if (!g_ascii_string_to_signed(text, 10, 0, 100000, &value, NULL))
    return bad(error, _("\"%s\" should be a whole number, 0 or more"), text);
  *field = (int)value;
  return TRUE;
}

static gboolean read_view(WdStartup *s, GVariantDict *o, GError **error) {
  WdView *v = wd_window_get_view(s->window);
  const char *text = NULL;
  if (g_variant_dict_lookup(o, "mode", "&s", &text)) {
    const int mode = wd_mode_find(text);
    if (mode < 0) {
      g_autofree char *names = wd_mode_names();
      g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _("no mode \"%s\": %s"), text, names);
      return FALSE;
    }
    v->mode = (WdMode)mode;
  }
  if (g_variant_dict_lookup(o, "layout", "&s", &text)) {
    if (strcmp(text, "step") && strcmp(text, "compare"))
      return bad(error, _("no layout \"%s\": step or compare"), text);
    v->layout = !strcmp(text, "compare") ? WD_LAYOUT_COMPARE : WD_LAYOUT_STEP;
  }
  if (g_variant_dict_lookup(o, "panel", "&s", &text)) {
    v->enlarged = -1;
    for (int i = 0; i < (int)G_N_ELEMENTS(panels); i++)
      if (!strcmp(text, panels[i])) v->enlarged = i;
    if (v->enlarged < 0)
      return bad(error, _("no panel \"%s\": velocity, gather, simulated, difference, traces or plot"), text);
  }
  double epsilon;
  if (g_variant_dict_lookup(o, "epsilon", "d", &epsilon)) v->epsilon = epsilon > 0 ? epsilon : NAN;
  if (!read_number(o, "shot", &s->shot, error)) return FALSE;
  if (s->shot >= 0) v->shot = s->shot - 1;
  int ms = -1;
  if (!read_number(o, "wavefield", &ms, error)) return FALSE;
  if (ms >= 0) {
    const wd_shard_desc *g =
        wd_recording_get_geometry(wd_session_get_recording(wd_window_get_session(s->window)));
    v->wave.shown = TRUE;
    v->wave.playing = FALSE;
    v->wave.step = (int)lround(ms * 1e-3 / (g && g->dt > 0 ? g->dt : 0.001));
  }
  return on_or_off(o, "second-row", &v->second_row, error) && on_or_off(o, "sidebar", &v->sidebar, error);
}

static gboolean read_size(WdStartup *s, GVariantDict *o, GError **error) {
  const char *text = NULL;
  int width, height;
  if (!g_variant_dict_lookup(o, "size", "&s", &text)) return TRUE;
  if (sscanf(text, "%dx%d", &width, &height) != 2 || width < 640 || height < 400 || width > 8192 ||
      height > 8192)
    return bad(error, _("--size \"%s\" should be like 1280x800, at least 640x400"), text);
  gtk_window_unmaximize(GTK_WINDOW(s->window));
  gtk_window_set_default_size(GTK_WINDOW(s->window), width, height);
  if (s->picture) gtk_widget_add_css_class(GTK_WIDGET(s->window), "wd-picture"); /* no frame around it */
  return TRUE;
}

/* Preferences for this time: changes that are delayed, and never applied, are seen by this process alone. */
static gboolean read_settings(GSettings *settings, GVariantDict *o, gboolean open, GError **error) {
  g_auto(GStrv) pairs = NULL;
  const char *renderer = NULL;
  const gboolean some = g_variant_dict_lookup(o, "set", "^as", &pairs);
  g_variant_dict_lookup(o, "renderer", "&s", &renderer);
  if (open && (some || renderer)) /* it would not store its own changes any more */
    return bad(error, _("--%s is for a start: the window that is open has its preferences"),
               some ? "set" : "renderer");
  if (some || renderer || g_variant_dict_contains(o, "screenshot")) g_settings_delay(settings);
  if (renderer && !g_settings_set_string(settings, "renderer", renderer))
    return bad(error, _("no renderer \"%s\": auto, gl or cairo"), renderer);
  g_autoptr(GSettingsSchema) schema = NULL;
  g_object_get(settings, "settings-schema", &schema, NULL);
  for (char **pair = pairs; pair && *pair; pair++) {
    char *value = strchr(*pair, '=');
    if (!value) return bad(error, _("--set %s should be KEY=VALUE"), *pair);
    *value++ = 0;
    if (!g_settings_schema_has_key(schema, *pair))
      return bad(error, _("there is no preference \"%s\""), *pair);
    g_autoptr(GSettingsSchemaKey) key = g_settings_schema_get_key(schema, *pair);
    const GVariantType *type = g_settings_schema_key_get_value_type(key);
    g_autoptr(GVariant) v = g_variant_type_equal(type, G_VARIANT_TYPE_STRING)
                                ? g_variant_ref_sink(g_variant_new_string(value))
                                : g_variant_parse(type, value, NULL, NULL, NULL);
    if (!v || !g_settings_schema_key_range_check(key, v) || !g_settings_set_value(settings, *pair, v))
      return bad(error, _("the preference %s cannot have that value"), *pair);
  }
  return TRUE;
}

/* ---- the way there */

static void on_notice(WdSession *session, const WdNotice *notice, gpointer user) {
  (void)session;
  WdStartup *s = user;
  g_free(s->notice);
  s->notice =
      g_strjoin(": ", notice->what ? notice->what : wd_status_name(notice->code), notice->details, NULL);
}

static gboolean is_drawn(WdStartup *s, gboolean exact) {
  WdView *v = wd_window_get_view(s->window);
  WdSession *session = wd_window_get_session(s->window);
  WdRecording *r = wd_session_get_recording(session);
  const gboolean model = wd_session_get_model(session) != NULL;
  for (int side = 0; side < (v->layout == WD_LAYOUT_COMPARE ? 2 : 1); side++) {
    const WdPlace at = v->place[side];
    if (!at.branch) continue;
    WdFrame frame = {0};
    if (!wd_recording_get_frame(r, at.branch, at.position, v->what, &frame) || !frame.pair) {
      if (model) return FALSE; /* it is on its way; without a model it will never come */
      continue;
    }
    if (exact && model && !frame.exact) return FALSE;
  }
  if (v->mode == WD_MODE_LATENT && !wd_latent_page_is_drawn(s->window)) return FALSE;
  const wd_error *refused = NULL;
  if (v->wave.shown && v->place[0].branch && !wd_session_get_wavefield(session, NULL, &refused) && !refused)
    return FALSE;
  return TRUE;
}

/* FALSE: that step is not there, not yet or never: then all is over. */
static gboolean place(WdStartup *s) {
  WdView *v = wd_window_get_view(s->window);
  WdRecording *r = wd_session_get_recording(wd_window_get_session(s->window));
  const guint n = wd_recording_count(r);
  if (!n && s->step < 0) return TRUE;
  if (!n && s->files) return FALSE; /* they are recognised on a thread */
  if (!n) {
    end(s, _("--step: there is no run to show a step of"));
    return FALSE;
  }
  const guint id = v->place[0].branch ? v->place[0].branch : wd_recording_nth(r, 0)->id;
  const int last = wd_branch_last(wd_recording_find(r, id));
  v->playing = FALSE;
  wd_view_changed(v, WD_VIEW_PLAY);
  if (s->step > MAX(last, 0)) {
    g_autofree char *text =
        g_strdup_printf(_("--step %d: %s has steps 0 to %d"), s->step, wd_recording_find(r, id)->name, last);
    end(s, text);
    return FALSE;
  }
  wd_view_go(v, r, 0, id, s->step >= 0 ? s->step : MAX(last, 0));
  return TRUE;
}

/* The window itself, or another that an action opened. */
static GtkWindow *find_window(const WdStartup *s) {
  if (!s->of) return GTK_WINDOW(s->window);
  GtkWindow *found = NULL;
  GList *all = gtk_window_list_toplevels();
  for (GList *l = all; l; l = l->next)
    if (!strcmp(gtk_widget_get_name(l->data), s->of)) found = l->data;
  g_list_free(all);
  return found;
}

static void take_picture(WdStartup *s) {
  g_autoptr(GError) error = NULL;
  GtkWindow *window = find_window(s);
  if (!window) {
    g_autofree char *text = g_strdup_printf(_("there is no window \"%s\" to picture"), s->of);
    end(s, text);
    return;
  }
  const int scale = MAX(gtk_widget_get_scale_factor(GTK_WIDGET(window)), s->scale);
  g_autoptr(WdRunRecipe) recipe =
      wd_export_recipe(wd_window_get_session(s->window), wd_window_get_view(s->window), 0);
  g_autofree char *json = recipe ? wd_run_recipe_to_json(recipe) : NULL;
  const gboolean saved = wd_screenshot_save(window, scale, json, s->picture, &error);
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PENDING) && g_get_monotonic_time() < s->deadline) {
    gtk_widget_queue_draw(GTK_WIDGET(window)); /* a busy machine: later */
    s->calm = 0;
    return;
  }
  end(s, saved ? NULL : error->message);
}

/* The next action, as soon as it is possible. */
static void act(WdStartup *s) {
  g_autofree char *name = NULL, *text = NULL;
  g_autoptr(GVariant) target = NULL;
  const char *detailed = s->actions[s->acted];
  GAction *action = g_action_parse_detailed_name(detailed, &name, &target, NULL)
                        ? g_action_map_lookup_action(G_ACTION_MAP(s->window), name)
                        : NULL;
  if (!action) {
    text = g_strdup_printf(_("the window has no action \"%s\""), detailed);
    end(s, text);
  } else if (g_action_get_enabled(action)) {
    g_action_activate(action, target);
    s->acted++;
    s->calm = 0;
  } else if (s->calm > 400) {
    text = g_strdup_printf(_("the action \"%s\" is not possible here"), detailed);
    end(s, text);
  }
}

static gboolean on_poll(gpointer user) {
  WdStartup *s = user;
  if (s->phase == DONE || !s->window) {
    s->poll = 0;
    g_clear_object(&s->line); /* the process that it came from waits for this */
    return G_SOURCE_REMOVE;
  }
  WdSession *session = wd_window_get_session(s->window);
  WdView *v = wd_window_get_view(s->window);
  const WdSessionState state = wd_session_get_state(session);
  g_autoptr(GError) error = NULL;
  g_autofree char *fault = NULL;
  if (state != WD_SESSION_LOADING && wd_session_get_model(session)) milestone(s, &s->loaded, "model loaded");
  if (v->place[0].branch && is_drawn(s, FALSE)) milestone(s, &s->first, "first picture");
  if (g_get_monotonic_time() > s->deadline) {
    const char *const what[] = {_("the model to load"), _("the run to begin"), _("the run to end"),
                                _("the recording"),     _("the actions"),      _("the picture")};
    g_autofree char *text = g_strdup_printf(_("waited too long for %s%s%s"), what[s->phase],
                                            s->notice ? "; " : "", s->notice ? s->notice : "");
    end(s, text);
    s->poll = 0;
    return G_SOURCE_REMOVE;
  }
  switch (s->phase) {
  case MODEL:
    if (state == WD_SESSION_LOADING) break;
    s->phase = RUN;
    break;
  case RUN:
    if (!wd_startup_run_begin(&s->run, s->window, s->line, &error)) {
      if (error) end_with(s, error->message);
      break;
    }
    s->phase = RUNNING;
    break;
  case RUNNING:
    if (state == WD_SESSION_RUNNING && s->stop_at >= 0) {
      const WdBranch *b =
          wd_recording_find(wd_session_get_recording(session), wd_session_get_running(session));
      if (b && wd_branch_last(b) >= s->stop_at) wd_session_stop(session);
    }
    if (state == WD_SESSION_RUNNING || state == WD_SESSION_CANCELLING || wd_apply_is_running(session)) break;
    fault = s->stop_at < 0 ? wd_startup_run_fault(&s->run, s->window) : NULL;
    if (fault)
      end_with(s, fault);
    else
      s->phase = PLACE;
    break;
  case PLACE:
    if ((s->step >= 0 || s->run.asked == WD_RUN_SEED) && !place(s)) break;
    /* Once more: what was opened brought a view of its own. */
    read_view(s, g_application_command_line_get_options_dict(s->line), NULL);
    wd_view_changed(v, WD_VIEW_ALL);
    s->phase = ACTIONS;
    break;
  case ACTIONS:
    if (state == WD_SESSION_RUNNING || state == WD_SESSION_CANCELLING || !is_drawn(s, FALSE))
      s->calm = 0;
    else if (s->actions && s->actions[s->acted]) {
      if (++s->calm >= 5) act(s);
      break;
    }
    if (s->actions && s->actions[s->acted]) break;
    s->calm = 0;
    s->phase = SETTLE;
    break;
  case SETTLE:
    /* What an action set going has to come to its end, what is shown has to be made and drawn. */
    if (state == WD_SESSION_RUNNING || state == WD_SESSION_LOADING || !is_drawn(s, s->exact)) {
      s->calm = 0;
      break;
    }
    if (++s->calm < 25) break;
    if (s->picture)
      take_picture(s);
    else if (!s->timing || !isnan(s->loaded))
      s->phase = DONE;
    break;
  case DONE: break;
  }
  return G_SOURCE_CONTINUE;
}

static void on_painted(GdkFrameClock *clock, gpointer user) {
  WdStartup *s = user;
  milestone(s, &s->mapped, "window drawn");
  g_signal_handlers_disconnect_by_func(clock, on_painted, user);
}

static void on_mapped(GtkWidget *widget, gpointer user) {
  GdkFrameClock *clock = gtk_widget_get_frame_clock(widget);
  if (clock) g_signal_connect(clock, "after-paint", G_CALLBACK(on_painted), user);
}

/* NAME or NAME:STEP, steps counted from 1. */
static gboolean open_lesson(WdStartup *s, const char *text, GError **error) {
  const char *colon = strrchr(text, ':');
  gint64 step = 1;
  const gboolean stepped = colon && g_ascii_string_to_signed(colon + 1, 10, 1, 100, &step, NULL);
  g_autofree char *name = stepped ? g_strndup(text, (gsize)(colon - text)) : g_strdup(text);
  return wd_teach_open(s->window, name, (int)step - 1, error);
}

/* Somebody's window, which another command line opened, stays. */
static WdStartup *give_up(WdStartup *s) {
  if (s->ours) gtk_window_destroy(GTK_WINDOW(s->window));
  wd_startup_free(s);
  return NULL;
}

WdStartup *wd_startup_new(WdApplication *application, GApplicationCommandLine *line, GError **error) {
  GVariantDict *o = g_application_command_line_get_options_dict(line);
  WdStartup *s = g_new0(WdStartup, 1);
  s->application = application;
  s->line = g_object_ref(line);
  s->step = s->stop_at = s->shot = -1;
  s->scale = 1;
  s->mapped = s->loaded = s->first = NAN;
  s->timing = g_variant_dict_contains(o, "timing");
  s->exact = g_variant_dict_contains(o, "wait-exact");
  const char *text = NULL, *model = NULL, *device = NULL;
  if (g_variant_dict_lookup(o, "screenshot", "^&ay", &text)) s->picture = g_strdup(text);
  g_variant_dict_lookup(o, "window", "s", &s->of);
  g_variant_dict_lookup(o, "scale", "i", &s->scale);
  g_variant_dict_lookup(o, "action", "^as", &s->actions);
  g_variant_dict_lookup(o, "model", "&s", &model);
  g_variant_dict_lookup(o, "device", "&s", &device);
  if (model && !strcmp(model, "none")) model = "";
  const GtkWindow *before = gtk_application_get_active_window(GTK_APPLICATION(application));
  if (!read_settings(wd_application_get_settings(application), o, before != NULL, error)) {
    wd_startup_free(s);
    return NULL;
  }

  if (!read_number(o, "step", &s->step, error) || !read_number(o, "stop-at", &s->stop_at, error) ||
      !wd_startup_run_read_recipe(&s->run, line, s->step, error)) {
    wd_startup_free(s);
    return NULL;
  }
  if (!model) model = s->run.model;
  s->window = wd_application_open_window(application, model, device);
  s->ours = GTK_WINDOW(s->window) != before;
  g_object_add_weak_pointer(G_OBJECT(s->window), (gpointer *)&s->window);
  if (s->picture) wd_open_keep_nothing(s->window);
  s->run.plain = wd_window_get_view(s->window)->next;
  if (!read_view(s, o, error) || !wd_startup_run_read_seed(&s->run, o, error) || !read_size(s, o, error))
    return give_up(s);
  wd_view_changed(wd_window_get_view(s->window), WD_VIEW_ALL);
  g_signal_connect(s->window, "map", G_CALLBACK(on_mapped), s);
  g_signal_connect(wd_window_get_session(s->window), "notice", G_CALLBACK(on_notice), s);
  gtk_window_present(GTK_WINDOW(s->window));

  if (g_variant_dict_lookup(o, "recording", "^&ay", &text)) {
    g_autoptr(GFile) file = g_application_command_line_create_file_for_arg(line, text);
    g_autofree char *path = g_file_get_path(file);
    WdRecording *r = path ? wd_recording_load(path, NULL, error) : NULL;
    if (!path) bad(error, _("--recording %s is not on this machine: copy it to a folder first"), text);
    if (!r) return give_up(s);
    wd_session_set_recording(wd_window_get_session(s->window), r);
    g_object_unref(r);
  }
  if (g_variant_dict_contains(o, "demo"))
    g_action_group_activate_action(G_ACTION_GROUP(s->window), "demo", NULL);
  const gboolean lesson = g_variant_dict_lookup(o, "lesson", "&s", &text);
  if (lesson && !open_lesson(s, text, error)) return give_up(s);
  g_auto(GStrv) names = NULL;
  if (g_variant_dict_lookup(o, G_OPTION_REMAINING, "^aay", &names) && names[0]) {
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_object_unref);
    for (char **n = names; *n; n++)
      g_ptr_array_add(files, g_application_command_line_create_file_for_arg(line, *n));
    s->files = TRUE;
    wd_open_files(s->window, (GFile *const *)files->pdata, files->len);
  }
  const gboolean bare = !names || !names[0];
  if (s->ours && bare && !lesson && !s->picture && s->run.asked == WD_RUN_NOTHING &&
      !g_variant_dict_contains(o, "demo") && !g_variant_dict_contains(o, "recording")) {
    wd_open_offer_recovery(s->window);
    g_autofree char *demo = wd_demo_path();
    if (demo) g_action_group_activate_action(G_ACTION_GROUP(s->window), "demo", NULL);
  }
  s->began = g_get_monotonic_time();
  s->deadline = s->picture ? s->began + 180 * G_USEC_PER_SEC : G_MAXINT64;
  s->poll = g_timeout_add(15, on_poll, s);
  return s;
}

void wd_startup_free(WdStartup *s) {
  if (!s) return;
  g_clear_handle_id(&s->poll, g_source_remove);
  if (s->window) {
    g_signal_handlers_disconnect_by_data(s->window, s);
    g_signal_handlers_disconnect_by_data(wd_window_get_session(s->window), s);
    g_object_remove_weak_pointer(G_OBJECT(s->window), (gpointer *)&s->window);
  }
  g_clear_object(&s->line);
  g_strfreev(s->actions);
  wd_startup_run_clear(&s->run);
  g_free(s->picture);
  g_free(s->of);
  g_free(s->notice);
  g_free(s);
}
