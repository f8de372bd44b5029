#include "app/application.h"

#include "app/i18n.h"
#include "app/open.h"

#include "app/renderer.h"
#include "app/settings.h"
#include "app/startup.h"
#include "app/widget_style.h"
#include "wd_resources.h"

#include <string.h>

struct _WdApplication {
  GtkApplication parent_instance;
  GSettings *settings;
  GtkCssProvider *style, *contrast; /* the second over the first, with a theme of high contrast */
  gboolean contrasting, own_theme;  /* that is so; the theme's name is ours */
  WdStartup *startup;
  int status;
  char renderer[160]; /* who draws its windows, and why */
  int theme;          /* asked for by the command line: 0 none, else as in the preferences */
};

G_DEFINE_FINAL_TYPE(WdApplication, wd_application, GTK_TYPE_APPLICATION)

GSettings *wd_application_get_settings(WdApplication *a) {
  return a->settings;
}
int wd_application_get_status(WdApplication *a) {
  return a->status;
}

const char *wd_application_get_renderer(WdApplication *a) {
  return a->renderer;
}

/* ---- look */

enum { FOLLOW, LIGHT, DARK, CONTRAST_LIGHT, CONTRAST_DARK }; /* the schema's Theme */

static void apply_theme(WdApplication *a) {
  GtkSettings *gtk = gtk_settings_get_default();
  if (!gtk) return;
  const int theme = a->theme ? a->theme : g_settings_get_enum(a->settings, "theme");
  if (theme)
    g_object_set(gtk, "gtk-application-prefer-dark-theme", theme == DARK || theme == CONTRAST_DARK, NULL);
  else
    gtk_settings_reset_property(gtk, "gtk-application-prefer-dark-theme");
  if (theme >= CONTRAST_LIGHT)
    g_object_set(gtk, "gtk-theme-name", "Default-hc", NULL);
  else if (a->own_theme)
    gtk_settings_reset_property(gtk, "gtk-theme-name");
  a->own_theme = theme >= CONTRAST_LIGHT;
}

/* Also when it is the desktop's theme that has high contrast, or goes dark. */
static void on_theme(GtkSettings *gtk, GParamSpec *spec, gpointer user) {
  (void)spec;
  WdApplication *a = user;
  const gboolean contrasting = wd_settings_have_contrast(gtk);
  if (contrasting) { /* cards have the paper of the panels in them (render/pen.c) */
    gboolean dark;
    g_object_get(gtk, "gtk-application-prefer-dark-theme", &dark, NULL);
    g_autofree char *theme = NULL;
    g_object_get(gtk, "gtk-theme-name", &theme, NULL);
    dark = dark || strstr(theme, "Inverse") || strstr(theme, "dark");
    g_autofree char *css =
        g_strdup_printf("@import url(\"resource:///org/wavediffusion/WaveDiffusion/contrast.css\");\n"
                        "@define-color wd_paper %s;\n",
                        dark ? "black" : "white");
    gtk_css_provider_load_from_data(a->contrast, css, -1);
  }
  if (contrasting == a->contrasting) return;
  a->contrasting = contrasting;
  GdkDisplay *display = gdk_display_get_default();
  if (contrasting)
    gtk_style_context_add_provider_for_display(display, GTK_STYLE_PROVIDER(a->contrast),
                                               GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
  else
    gtk_style_context_remove_provider_for_display(display, GTK_STYLE_PROVIDER(a->contrast));
}

static void on_setting(GSettings *settings, const char *key, gpointer user) {
  (void)settings, (void)key;
  apply_theme(user);
}

/* ---- windows */

WdWindow *wd_application_open_window(WdApplication *a, const char *model, const char *device) {
  GtkWindow *there = gtk_application_get_active_window(GTK_APPLICATION(a));
  if (there && WD_IS_WINDOW(there)) return WD_WINDOW(there);
  g_autofree char *renderer = g_settings_get_string(a->settings, "renderer");
  wd_renderer_choose(gdk_display_get_default(), renderer, a->renderer, sizeof a->renderer);
  g_debug("windows are drawn by %s", a->renderer);
  WdWindow *window = wd_window_new(GTK_APPLICATION(a), a->settings);
  g_autofree char *set_model = g_settings_get_string(a->settings, "model");
  g_autofree char *set_device = g_settings_get_string(a->settings, "device");
  const char *name = model ? model : set_model;
  if (*name) wd_session_open_model(wd_window_get_session(window), name, device ? device : set_device);
  return window;
}

static void wd_application_activate(GApplication *application) {
  gtk_window_present(GTK_WINDOW(wd_application_open_window(WD_APPLICATION(application), NULL, NULL)));
}

static void wd_application_open(GApplication *application, GFile **files, int n, const char *hint) {
  (void)hint;
  g_application_activate(application);
  GtkWindow *window = gtk_application_get_active_window(GTK_APPLICATION(application));
  if (window && WD_IS_WINDOW(window)) wd_open_files(WD_WINDOW(window), files, (guint)n);
}

/* ---- command line */

static int wd_application_local_options(GApplication *application, GVariantDict *options) {
  if (g_variant_dict_contains(options, "version")) {
    g_print("wavediffusion " WD_VERSION "\n");
    return 0;
  }
  /* A picture is this process's own business. */
  if (g_variant_dict_contains(options, "screenshot") || g_variant_dict_contains(options, "timing"))
    g_application_set_flags(application, g_application_get_flags(application) | G_APPLICATION_NON_UNIQUE);
  return -1;
}

static int wd_application_command_line(GApplication *application, GApplicationCommandLine *line) {
  WdApplication *a = WD_APPLICATION(application);
  GVariantDict *options = g_application_command_line_get_options_dict(line);
  gboolean flag;
  if (g_variant_dict_lookup(options, "dark", "b", &flag)) a->theme = DARK;
  if (g_variant_dict_lookup(options, "light", "b", &flag)) a->theme = LIGHT;
  apply_theme(a);
  g_autoptr(GError) error = NULL;
  g_clear_pointer(&a->startup, wd_startup_free);
  a->startup = wd_startup_new(a, line, &error);
  if (!a->startup) {
    g_application_command_line_printerr(line, "wavediffusion: %s\n", error->message);
    return 1;
  }
  return 0;
}

static void on_quit(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action, (void)parameter;
  GList *windows = g_list_copy(gtk_application_get_windows(user));
  for (GList *l = windows; l; l = l->next) gtk_window_close(l->data);
  g_list_free(windows);
}

void wd_application_end(WdApplication *a, int status) {
  a->status = status;
  GList *windows = g_list_copy(gtk_application_get_windows(GTK_APPLICATION(a)));
  for (GList *l = windows; l; l = l->next) gtk_window_destroy(l->data);
  g_list_free(windows);
  g_application_quit(G_APPLICATION(a));
}

static void wd_application_startup(GApplication *application) {
  G_APPLICATION_CLASS(wd_application_parent_class)->startup(application);
  WdApplication *a = WD_APPLICATION(application);
  GdkDisplay *display = gdk_display_get_default();
  gtk_icon_theme_add_resource_path(gtk_icon_theme_get_for_display(display),
                                   "/org/wavediffusion/WaveDiffusion/icons");
  a->style = gtk_css_provider_new();
  gtk_css_provider_load_from_resource(a->style, "/org/wavediffusion/WaveDiffusion/style.css");
  gtk_style_context_add_provider_for_display(display, GTK_STYLE_PROVIDER(a->style),
                                             GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
  gtk_window_set_default_icon_name(WD_APPLICATION_ID);
  a->contrast = gtk_css_provider_new();
  GtkSettings *gtk = gtk_settings_get_default();
  if (gtk) {
    g_signal_connect_object(gtk, "notify::gtk-theme-name", G_CALLBACK(on_theme), a, 0);
    g_signal_connect_object(gtk, "notify::gtk-application-prefer-dark-theme", G_CALLBACK(on_theme), a, 0);
    on_theme(gtk, NULL, a);
  }
  apply_theme(a);
  g_signal_connect(a->settings, "changed::theme", G_CALLBACK(on_setting), a);
  GSimpleAction *quit = g_simple_action_new("quit", NULL);
  g_signal_connect(quit, "activate", G_CALLBACK(on_quit), a);
  g_action_map_add_action(G_ACTION_MAP(a), G_ACTION(quit));
  g_object_unref(quit);
}

static void wd_application_dispose(GObject *object) {
  WdApplication *a = WD_APPLICATION(object);
  g_clear_pointer(&a->startup, wd_startup_free);
  if (a->settings) g_signal_handlers_disconnect_by_data(a->settings, a);
  g_clear_object(&a->settings);
  g_clear_object(&a->style);
  if (a->contrasting)
    gtk_style_context_remove_provider_for_display(gdk_display_get_default(), GTK_STYLE_PROVIDER(a->contrast));
  a->contrasting = FALSE;
  g_clear_object(&a->contrast);
  G_OBJECT_CLASS(wd_application_parent_class)->dispose(object);
}

static void wd_application_init(WdApplication *a) {
  g_application_add_main_option_entries(G_APPLICATION(a), wd_startup_entries());
  g_application_set_option_context_parameter_string(G_APPLICATION(a), _("[FILE…]"));
  g_application_set_option_context_summary(
      G_APPLICATION(a),
      _("Steps through diffusion from noise to a velocity map and its gathers, and measures at every step "
        "how far the pair is from the wave equation."));
}

static void wd_application_class_init(WdApplicationClass *class) {
  G_OBJECT_CLASS(class)->dispose = wd_application_dispose;
  GApplicationClass *application = G_APPLICATION_CLASS(class);
  application->startup = wd_application_startup;
  application->activate = wd_application_activate;
  application->open = wd_application_open;
  application->command_line = wd_application_command_line;
  application->handle_local_options = wd_application_local_options;
}

WdApplication *wd_application_new(GError **error) {
  if (!gtk_is_initialized()) gtk_disable_setlocale(); /* it would take the locale's numbers too */
  wd_i18n_start();
  g_resources_register(wd_get_resource());
  GSettings *settings = wd_settings_new(error);
  if (!settings) return NULL;
  WdApplication *a = g_object_new(WD_TYPE_APPLICATION, "application-id", WD_APPLICATION_ID, "flags",
                                  G_APPLICATION_HANDLES_OPEN | G_APPLICATION_HANDLES_COMMAND_LINE, NULL);
  a->settings = settings;
  return a;
}
