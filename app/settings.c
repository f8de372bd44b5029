#include "app/settings.h"

#include "app/i18n.h"

#define G_SETTINGS_ENABLE_BACKEND
#include <gio/gsettingsbackend.h>
#include <math.h>
#include <string.h>

#define PATH "/org/wavediffusion/WaveDiffusion/"

/* A program in its build folder wants that folder's schema, whatever is installed. */
static gboolean runs_in_build_folder(void) {
  g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
  return self && g_str_has_prefix(self, WD_BUILD_ROOT "/");
}

static GSettingsSchema *find_in_folder(const char *folder) {
  g_autoptr(GError) error = NULL;
  GSettingsSchemaSource *source = g_settings_schema_source_new_from_directory(
      folder, g_settings_schema_source_get_default(), TRUE, &error);
  if (!source) return NULL;
  GSettingsSchema *schema = g_settings_schema_source_lookup(source, WD_APPLICATION_ID, FALSE);
  g_settings_schema_source_unref(source);
  return schema;
}

static GSettingsSchema *find_schema(void) {
  GSettingsSchema *schema = runs_in_build_folder() ? find_in_folder(WD_BUILD_SCHEMAS) : NULL;
  GSettingsSchemaSource *system = g_settings_schema_source_get_default();
  if (!schema && system) schema = g_settings_schema_source_lookup(system, WD_APPLICATION_ID, TRUE);
  if (!schema) schema = find_in_folder(WD_INSTALLED_SCHEMAS);
  if (!schema) schema = find_in_folder(WD_BUILD_SCHEMAS);
  return schema;
}

GSettings *wd_settings_new(GError **error) {
  g_autoptr(GSettingsSchema) schema = find_schema();
  if (!schema) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                _("the settings' schema %s is neither in the system nor in %s nor in %s: install the program "
                  "(meson install) or build it"),
                WD_APPLICATION_ID, WD_INSTALLED_SCHEMAS, WD_BUILD_SCHEMAS);
    return NULL;
  }
  /* GLib without dconf forgets everything at the end: a plain file serves better. */
  g_autoptr(GSettingsBackend) backend = NULL;
  const char *wanted = g_getenv("GSETTINGS_BACKEND");
  if (!wanted || !*wanted) {
    g_autoptr(GSettingsBackend) standard = g_settings_backend_get_default();
    if (!strcmp(G_OBJECT_TYPE_NAME(standard), "GMemorySettingsBackend")) {
      g_autofree char *file =
          g_build_filename(g_get_user_config_dir(), "wavediffusion", "settings.ini", NULL);
      backend = g_keyfile_settings_backend_new(file, PATH, NULL);
    }
  }
  return g_settings_new_full(schema, backend, NULL);
}

static gboolean has(GSettings *s, const char *key, const char *value) {
  g_autofree char *now = g_settings_get_string(s, key);
  return !strcmp(now, value);
}

#define SET(field, value)                                                                                    \
  do {                                                                                                       \
    if ((field) != (value)) {                                                                                \
      (field) = (value);                                                                                     \
      changed = TRUE;                                                                                        \
    }                                                                                                        \
  } while (0)

gboolean wd_settings_apply_view(GSettings *s, const char *key, WdView *view) {
  gboolean changed = FALSE;
  const gboolean all = !key;
#define KEY(name) (all || !strcmp(key, name))
  if (KEY("colormap-velocity"))
    SET(view->look[WD_PANEL_VELOCITY].colormap, (wd_colormap)g_settings_get_enum(s, "colormap-velocity"));
  if (KEY("colormap-gather")) {
    const wd_colormap map = (wd_colormap)g_settings_get_enum(s, "colormap-gather");
    if (!all || view->look[WD_PANEL_GATHER].colormap != map)
      SET(view->look[WD_PANEL_SIMULATED].colormap, map);
    SET(view->look[WD_PANEL_GATHER].colormap, map);
  }
  if (KEY("colormap-difference"))
    SET(view->look[WD_PANEL_DIFFERENCE].colormap, (wd_colormap)g_settings_get_enum(s, "colormap-difference"));
  const WdPanelLook *gathers = &view->look[WD_PANEL_GATHER];
  if (KEY("clip") && !(all && gathers->clip == g_settings_get_double(s, "clip")))
    for (int k = WD_PANEL_GATHER; k <= WD_PANEL_DIFFERENCE; k++)
      SET(view->look[k].clip, g_settings_get_double(s, "clip"));
  if (KEY("range-scope") && !(all && (int)gathers->scope == g_settings_get_enum(s, "range-scope")))
    for (int k = 0; k < WD_PANEL_KINDS; k++)
      SET(view->look[k].scope, (WdRangeScope)g_settings_get_enum(s, "range-scope"));
  if (KEY("fps")) SET(view->fps, g_settings_get_double(s, "fps"));
  if (KEY("units-distance"))
    SET(view->units.distance, has(s, "units-distance", "km") ? WD_KILOMETRES : WD_METRES);
  if (KEY("units-time")) SET(view->units.time, has(s, "units-time", "s") ? WD_SECONDS : WD_MILLISECONDS);
  if (KEY("show-floor")) SET(view->show_floor, g_settings_get_boolean(s, "show-floor"));
  if (KEY("show-population")) SET(view->show_population, g_settings_get_boolean(s, "show-population"));
  if (KEY("epsilon")) {
    const double value = g_settings_get_double(s, "epsilon");
    if (value > 0 ? view->epsilon != value : !isnan(view->epsilon)) {
      view->epsilon = value > 0 ? value : NAN;
      changed = TRUE;
    }
  }
  const WdViewLooks now = wd_view_looks(view);
  if (KEY("colormap-velocity")) view->lent.velocity = now.velocity;
  if (KEY("colormap-gather")) view->lent.gathers = now.gathers;
  if (KEY("colormap-difference")) view->lent.difference = now.difference;
  if (KEY("range-scope")) view->lent.scope = now.scope;
  if (KEY("clip")) view->lent.clip = now.clip;
  if (KEY("show-floor")) view->lent.show_floor = now.show_floor;
  if (KEY("show-population")) view->lent.show_population = now.show_population;
#undef KEY
  return changed;
}

static void store_enum(GSettings *s, const char *key, int value) {
  if (g_settings_get_enum(s, key) != value) g_settings_set_enum(s, key, value);
}
static void store_double(GSettings *s, const char *key, double value) {
  if (g_settings_get_double(s, key) != value) g_settings_set_double(s, key, value);
}
static void store_boolean(GSettings *s, const char *key, gboolean value) {
  if (g_settings_get_boolean(s, key) != value) g_settings_set_boolean(s, key, value);
}

void wd_settings_store_view(GSettings *s, const WdView *v) {
  const WdViewLooks now = wd_view_looks(v), *lent = &v->lent;
  if (now.velocity != lent->velocity) store_enum(s, "colormap-velocity", (int)now.velocity);
  if (now.gathers != lent->gathers) store_enum(s, "colormap-gather", (int)now.gathers);
  if (now.difference != lent->difference) store_enum(s, "colormap-difference", (int)now.difference);
  if (now.scope != lent->scope) store_enum(s, "range-scope", (int)now.scope);
  if (now.clip != lent->clip) store_double(s, "clip", CLAMP(now.clip, 1, 100));
  if (now.show_floor != lent->show_floor) store_boolean(s, "show-floor", now.show_floor);
  if (now.show_population != lent->show_population) store_boolean(s, "show-population", now.show_population);
}

WdPolicy wd_settings_get_policy(GSettings *s) {
  return (WdPolicy){.score = (WdScorePolicy)g_settings_get_enum(s, "score-policy"),
                    .every = g_settings_get_int(s, "score-every"),
                    .both = g_settings_get_boolean(s, "score-both"),
                    .exact_runs = g_settings_get_boolean(s, "exact-runs"),
                    .exact_rest = g_settings_get_boolean(s, "exact-rest"),
                    .calibration = (wd_calibration)g_settings_get_enum(s, "calibration"),
                    .cache_mib = (guint)g_settings_get_int(s, "cache-mib")};
}
