/* A view as JSON and back: for session files and lessons. One table says which fields there are, what they
 * are called and what values they take. Read all or nothing. */
#include "app/i18n.h"
#include "app/view.h"
#include "model/schedule.h"
#include "solver/family.h"

#include <gio/gio.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

typedef enum kind {
  KIND_BOOL, /* gboolean */
  KIND_FLAG, /* C's bool */
  KIND_INT,
  KIND_REAL,
  KIND_REAL_OR_NULL, /* null is NaN */
  KIND_NAME,         /* an enumeration or int, by name */
  KIND_ZOOM,         /* wd_view: [row0, row1, column0, column1] */
  KIND_SEED          /* guint64, as a text since JSON's numbers end at 2^53 */
} kind;

typedef struct field {
  const char *key;
  kind kind;
  size_t offset;
  double lo, hi;              /* of numbers */
  const char *(*name)(int i); /* of names; NULL beyond the last */
  int first;                  /* of names: number of the first */
} field;

/* ---- names */

#define NAMES(function, ...)                                                                                 \
  static const char *function(int i) {                                                                       \
    static const char *const name[] = {__VA_ARGS__};                                                         \
    return i >= 0 && i < (int)G_N_ELEMENTS(name) ? name[i] : NULL;                                           \
  }
NAMES(what_name, "estimate", "state")
NAMES(source_name, "decoded", "simulated", "difference", "observed", "split", "interleaved")
NAMES(velocity_name, "decoded", "minus-truth", "minus-b", "minus-pinned")
NAMES(panel_name, "velocity", "gather", "simulated", "difference", "traces")
NAMES(enlarged_name, "none", "velocity", "gather", "simulated", "difference", "traces", "plot")
NAMES(window_mode_name, "step", "latent", "inspect", "teach")
NAMES(layout_name, "step", "compare")
NAMES(axis_name, "step", "timestep", "log-snr")
NAMES(align_name, "step", "noise")
NAMES(scope_name, "run", "step", "manual")
NAMES(reference_name, "all-shots", "shot")
NAMES(wave_compare_name, "alone", "ghost", "beside")
NAMES(distance_name, "m", "km")
NAMES(time_name, "ms", "s")
NAMES(mode_name, "density", "wiggle", "area", "area-negative", "density-wiggle")

/* Looks: of the panels, and of velocities minus others. */
enum { LOOKS = WD_PANEL_KINDS + 1 };
static const char *look_name(int i) {
  return i < WD_PANEL_KINDS ? panel_name(i) : "minus";
}
static const char *colormap_name(int i) {
  const wd_colormap_info *info = i < WD_COLORMAP_COUNT ? wd_colormap_describe((wd_colormap)i) : NULL;
  return info ? info->name : NULL;
}
static const char *metric_name(int i) {
  return i < WD_SCORES ? wd_score_get_info(i)->key : NULL;
}
static const char *sampler_name(int i) {
  return i <= WD_SAMPLER_DDPM ? wd_sampler_name((wd_sampler_kind)i) : NULL;
}
static const char *family_name(int i) {
  return i == 0 ? "any" : wd_family_name((wd_family)(i - 1));
}

/* ---- tables */

#define AT(type, member) offsetof(type, member)
#define BOOL(key, member)                                                                                    \
  { key, KIND_BOOL, AT(WdView, member), 0, 0, NULL, 0 }
#define INT(key, member, lo, hi)                                                                             \
  { key, KIND_INT, AT(WdView, member), lo, hi, NULL, 0 }
#define REAL(key, member, lo, hi)                                                                            \
  { key, KIND_REAL, AT(WdView, member), lo, hi, NULL, 0 }
#define NAME(key, member, function)                                                                          \
  { key, KIND_NAME, AT(WdView, member), 0, 0, function, 0 }

static const field view_fields[] = {
    NAME("what", what, what_name),
    INT("shot", shot, -1, 999),
    NAME("source", source, source_name),
    NAME("velocity", velocity, velocity_name),
    NAME("pinned_what", pinned_what, what_name),
    REAL("divider", divider, 0.01, 1),
    BOOL("blink", blink),
    INT("difference_factor", difference, 1, 10),
    BOOL("second_row", second_row),
    BOOL("sidebar", sidebar),
    BOOL("linked_zoom", linked_zoom),
    BOOL("show_truth", show_truth),
    BOOL("cursor", cursor),
    BOOL("cursor_locked", cursor_locked),
    REAL("x", x, -1e9, 1e9),
    REAL("z", z, -1e9, 1e9),
    REAL("t", t, -1e9, 1e9),
    NAME("cursor_panel", cursor_panel, panel_name),
    {"zoom_map", KIND_ZOOM, AT(WdView, zoom_map), -1e6, 1e6, NULL, 0},
    {"zoom_gather", KIND_ZOOM, AT(WdView, zoom_gather), -1e6, 1e6, NULL, 0},
    NAME("focused", focused, panel_name),
    {"enlarged", KIND_NAME, AT(WdView, enlarged), 0, 0, enlarged_name, -1},
    BOOL("trace_window", trace_window),
    BOOL("profiles", profiles),
    NAME("metric", metric, metric_name),
    NAME("axis", axis, axis_name),
    BOOL("linear", linear),
    BOOL("per_shot", per_shot),
    BOOL("both", both),
    BOOL("show_floor", show_floor),
    BOOL("show_population", show_population),
    {"epsilon", KIND_REAL_OR_NULL, AT(WdView, epsilon), 1e-12, 1e12, NULL, 0},
    NAME("mode", mode, window_mode_name),
    NAME("layout", layout, layout_name),
    NAME("align", align, align_name),
    BOOL("locked", locked),
    BOOL("loop", loop),
    BOOL("ping_pong", ping_pong),
    BOOL("reverse", reverse),
    BOOL("follow", follow),
    REAL("fps", fps, 0.5, 30),
    BOOL("seed_locked", seed_locked),
};

#undef BOOL
#undef INT
#undef REAL
#undef NAME

static const field units_fields[] = {
    {"units_distance", KIND_NAME, AT(wd_units, distance), 0, 0, distance_name, 0},
    {"units_time", KIND_NAME, AT(wd_units, time), 0, 0, time_name, 0},
};

static const field look_fields[] = {
    {"colormap", KIND_NAME, AT(WdPanelLook, colormap), 0, 0, colormap_name, 0},
    {"smooth", KIND_BOOL, AT(WdPanelLook, smooth), 0, 0, NULL, 0},
    {"mode", KIND_NAME, AT(WdPanelLook, mode), 0, 0, mode_name, 0},
    {"scope", KIND_NAME, AT(WdPanelLook, scope), 0, 0, scope_name, 0},
    {"lo", KIND_REAL, AT(WdPanelLook, lo), -1e30, 1e30, NULL, 0},
    {"hi", KIND_REAL, AT(WdPanelLook, hi), -1e30, 1e30, NULL, 0},
    {"clip", KIND_REAL, AT(WdPanelLook, clip), 50, 100, NULL, 0},
    {"gain", KIND_REAL, AT(WdPanelLook, gain), -120, 120, NULL, 0},
    {"reference", KIND_NAME, AT(WdPanelLook, reference), 0, 0, reference_name, 0},
    {"agc", KIND_REAL, AT(WdPanelLook, display.agc), 0, 100, NULL, 0},
    {"normalise", KIND_FLAG, AT(WdPanelLook, display.normalise), 0, 0, NULL, 0},
    {"time_power", KIND_REAL, AT(WdPanelLook, display.time_power), -10, 10, NULL, 0},
    {"flip", KIND_FLAG, AT(WdPanelLook, display.flip), 0, 0, NULL, 0},
    {"mute_direct", KIND_BOOL, AT(WdPanelLook, mute_direct), 0, 0, NULL, 0},
    {"contours", KIND_BOOL, AT(WdPanelLook, contours), 0, 0, NULL, 0},
    {"picks", KIND_BOOL, AT(WdPanelLook, picks), 0, 0, NULL, 0},
    {"ruler", KIND_BOOL, AT(WdPanelLook, ruler), 0, 0, NULL, 0},
    {"mask", KIND_BOOL, AT(WdPanelLook, mask), 0, 0, NULL, 0},
};

static const field wave_fields[] = {
    {"shown", KIND_BOOL, AT(WdWaveLook, shown), 0, 0, NULL, 0},
    {"isochrones", KIND_BOOL, AT(WdWaveLook, isochrones), 0, 0, NULL, 0},
    {"margin", KIND_BOOL, AT(WdWaveLook, margin), 0, 0, NULL, 0},
    {"live", KIND_BOOL, AT(WdWaveLook, live), 0, 0, NULL, 0},
    {"compare", KIND_NAME, AT(WdWaveLook, compare), 0, 0, wave_compare_name, 0},
    {"clip", KIND_REAL, AT(WdWaveLook, clip), 0, 1e30, NULL, 0},
    {"speed", KIND_REAL, AT(WdWaveLook, speed), 1, 10000, NULL, 0},
    {"loop", KIND_BOOL, AT(WdWaveLook, loop), 0, 0, NULL, 0},
    {"probe", KIND_BOOL, AT(WdWaveLook, probe), 0, 0, NULL, 0},
    {"probe_x", KIND_REAL, AT(WdWaveLook, probe_x), -1e9, 1e9, NULL, 0},
    {"probe_z", KIND_REAL, AT(WdWaveLook, probe_z), -1e9, 1e9, NULL, 0},
    {"step", KIND_INT, AT(WdWaveLook, step), 0, 100000, NULL, 0},
};

static const field place_fields[] = {
    {"branch", KIND_INT, AT(WdPlace, branch), 0, 2147483647, NULL, 0},
    {"position", KIND_INT, AT(WdPlace, position), 0, 1e6, NULL, 0},
};

static const field recipe_fields[] = {
    {"seed", KIND_SEED, AT(WdRecipe, seed), 0, 0, NULL, 0},
    {"family", KIND_NAME, AT(WdRecipe, family), 0, 0, family_name, -1},
    {"sampler", KIND_NAME, AT(WdRecipe, plan.kind), 0, 0, sampler_name, 0},
    {"steps", KIND_INT, AT(WdRecipe, plan.steps), 0, 100000, NULL, 0},
    {"eta", KIND_REAL, AT(WdRecipe, plan.eta), 0, 1, NULL, 0},
    {"guidance", KIND_REAL, AT(WdRecipe, plan.guidance), -100, 100, NULL, 0},
    {"new_noise", KIND_BOOL, AT(WdRecipe, new_noise), 0, 0, NULL, 0},
    {"noise_seed", KIND_SEED, AT(WdRecipe, noise_seed), 0, 0, NULL, 0},
    {"refine_steps", KIND_INT, AT(WdRecipe, refine_steps), 0, 100000, NULL, 0},
    {"refine_rate", KIND_REAL, AT(WdRecipe, refine_rate), 0, 10, NULL, 0},
};

/* ---- writing */

static json_t *real(double v) {
  return isfinite(v) ? json_real(v) : json_null();
}

static json_t *write_field(const field *f, const char *base) {
  const char *at = base + f->offset;
  int i;
  double d;
  switch (f->kind) {
  case KIND_BOOL: memcpy(&i, at, sizeof i); return json_boolean(i);
  case KIND_FLAG: return json_boolean(*(const bool *)at);
  case KIND_INT: memcpy(&i, at, sizeof i); return json_integer(i);
  case KIND_REAL:
  case KIND_REAL_OR_NULL: memcpy(&d, at, sizeof d); return real(d);
  case KIND_NAME: {
    memcpy(&i, at, sizeof i);
    const char *name = f->name(i - f->first);
    return name ? json_string(name) : json_null();
  }
  case KIND_ZOOM: {
    wd_view z;
    memcpy(&z, at, sizeof z);
    return json_pack("[o,o,o,o]", real(z.row0), real(z.row1), real(z.column0), real(z.column1));
  }
  case KIND_SEED: {
    guint64 seed;
    memcpy(&seed, at, sizeof seed);
    char text[24];
    g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, seed);
    return json_string(text);
  }
  }
  return json_null();
}

static json_t *write_fields(const field *f, size_t n, const void *base) {
  json_t *o = json_object();
  for (size_t i = 0; i < n; i++) json_object_set_new(o, f[i].key, write_field(&f[i], base));
  return o;
}
#define WRITE(table, base) write_fields(table, G_N_ELEMENTS(table), base)

char *wd_view_to_json(WdView *v) {
  g_return_val_if_fail(WD_IS_VIEW(v), NULL);
  json_t *o = WRITE(view_fields, v);
  json_object_set_new(o, "a", WRITE(place_fields, &v->place[0]));
  json_object_set_new(o, "b", WRITE(place_fields, &v->place[1]));
  json_object_set_new(o, "pinned", WRITE(place_fields, &v->pinned));
  json_object_set_new(o, "next", WRITE(recipe_fields, &v->next));
  json_object_set_new(o, "wavefield", WRITE(wave_fields, &v->wave));
  if (!wd_units_same(&v->units, &(wd_units){0})) {
    json_t *units = WRITE(units_fields, &v->units);
    json_object_update(o, units);
    json_decref(units);
  }
  json_t *looks = json_object();
  for (int i = 0; i < LOOKS; i++)
    json_object_set_new(looks, look_name(i),
                        WRITE(look_fields, i < WD_PANEL_KINDS ? &v->look[i] : &v->minus));
  json_object_set_new(o, "look", looks);
  char *text = json_dumps(o, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
  json_decref(o);
  char *own = g_strdup(text);
  free(text);
  return own;
}

/* ---- reading */

static gboolean refuse(GError **error, const char *where, const char *key, const json_t *value,
                       const char *wanted) {
  char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
  /* Cut by bytes, perhaps within a character. */
  g_autofree char *shown = g_utf8_make_valid(text ? text : "?", text ? (gssize)MIN(strlen(text), 80) : 1);
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("view: %s%s%s is %s; it has to be %s"), where,
              *where ? "." : "", key, shown, wanted);
  free(text);
  return FALSE;
}

static gboolean read_number(const field *f, const json_t *value, double *out) {
  if (!json_is_number(value)) return FALSE;
  *out = json_number_value(value);
  return *out >= f->lo && *out <= f->hi;
}

static gboolean read_field(const field *f, const char *where, const json_t *value, char *base,
                           GError **error) {
  char *at = base + f->offset;
  char wanted[512];
  double d;
  int i;
  wd_print(wanted, sizeof wanted, _("a %s from %.10g to %.10g%s"),
           f->kind == KIND_INT ? _("whole number") : _("number"), f->lo, f->hi,
           f->kind == KIND_REAL_OR_NULL ? _(", or null") : "");
  switch (f->kind) {
  case KIND_BOOL:
  case KIND_FLAG:
    if (!json_is_boolean(value)) return refuse(error, where, f->key, value, _("true or false"));
    i = json_is_true(value);
    if (f->kind == KIND_FLAG)
      *(bool *)at = i;
    else
      memcpy(at, &i, sizeof i);
    return TRUE;
  case KIND_INT:
    if (!json_is_integer(value) || !read_number(f, value, &d))
      return refuse(error, where, f->key, value, wanted);
    i = (int)d;
    memcpy(at, &i, sizeof i);
    return TRUE;
  case KIND_REAL_OR_NULL:
  case KIND_REAL:
    if (f->kind == KIND_REAL_OR_NULL && json_is_null(value))
      d = NAN;
    else if (!read_number(f, value, &d))
      return refuse(error, where, f->key, value, wanted);
    memcpy(at, &d, sizeof d);
    return TRUE;
  case KIND_NAME: {
    const char *text = json_string_value(value);
    wd_copy(wanted, _("one of"), sizeof wanted);
    for (int k = 0; f->name(k); k++) {
      if (text && !strcmp(text, f->name(k))) {
        k += f->first;
        memcpy(at, &k, sizeof k);
        return TRUE;
      }
      g_strlcat(wanted, k ? ", " : " ", sizeof wanted);
      wd_append(wanted, f->name(k), sizeof wanted);
    }
    return refuse(error, where, f->key, value, wanted);
  }
  case KIND_ZOOM: {
    double z[4] = {0};
    gboolean ok = json_is_array(value) && json_array_size(value) == 4;
    for (size_t k = 0; ok && k < 4; k++) ok = read_number(f, json_array_get(value, k), &z[k]);
    gboolean all = ok && z[0] == 0 && z[1] == 0 && z[2] == 0 && z[3] == 0;
    if (!all && (!ok || !(z[0] < z[1]) || !(z[2] < z[3])))
      return refuse(
          error, where, f->key, value,
          _("four numbers of cells: first and last row, first and last column; or four zeros for all"));
    wd_view zoom = {z[0], z[1], z[2], z[3]};
    memcpy(at, &zoom, sizeof zoom);
    return TRUE;
  }
  case KIND_SEED: {
    guint64 seed = 0;
    if (json_is_integer(value) && json_integer_value(value) >= 0)
      seed = (guint64)json_integer_value(value);
    else if (!json_is_string(value) ||
             !g_ascii_string_to_unsigned(json_string_value(value), 10, 0, G_MAXUINT64, &seed, NULL))
      return refuse(error, where, f->key, value, _("a whole number from 0 to 2^64 - 1, as a text"));
    memcpy(at, &seed, sizeof seed);
    return TRUE;
  }
  }
  return TRUE;
}

/* Keys that are not there leave their field alone; keys that nobody knows are passed over. */
static gboolean read_fields(const field *f, size_t n, const char *where, const json_t *o, void *base,
                            GError **error) {
  if (!o) return TRUE;
  if (!json_is_object(o)) return refuse(error, "", *where ? where : _("the text"), o, _("an object"));
  for (size_t i = 0; i < n; i++) {
    const json_t *value = json_object_get(o, f[i].key);
    if (value && !read_field(&f[i], where, value, base, error)) return FALSE;
  }
  return TRUE;
}
#define READ(table, where, o, base) read_fields(table, G_N_ELEMENTS(table), where, o, base, error)

static gboolean read_all(const json_t *o, WdView *v, GError **error) {
  if (!READ(view_fields, "", o, v) || !READ(place_fields, "a", json_object_get(o, "a"), &v->place[0]) ||
      !READ(place_fields, "b", json_object_get(o, "b"), &v->place[1]) ||
      !READ(place_fields, "pinned", json_object_get(o, "pinned"), &v->pinned) ||
      !READ(recipe_fields, "next", json_object_get(o, "next"), &v->next) ||
      !READ(wave_fields, "wavefield", json_object_get(o, "wavefield"), &v->wave))
    return FALSE;
  const json_t *looks = json_object_get(o, "look");
  if (looks && !json_is_object(looks)) return refuse(error, "", "look", looks, _("an object"));
  for (int i = 0; looks && i < LOOKS; i++) {
    g_autofree char *where = g_strconcat("look.", look_name(i), NULL);
    WdPanelLook *look = i < WD_PANEL_KINDS ? &v->look[i] : &v->minus;
    const json_t *one = json_object_get(looks, look_name(i));
    if (!READ(look_fields, where, one, look)) return FALSE;
    if (!(look->lo < look->hi))
      return refuse(error, where, "lo", json_object_get(one, "lo"), _("less than hi"));
  }
  if (v->difference != 1 && v->difference != 2 && v->difference != 5 && v->difference != 10)
    return refuse(error, "", "difference_factor", json_object_get(o, "difference_factor"),
                  _("1, 2, 5 or 10"));
  return TRUE;
}

/* What a file changes of the looks is lent by it; what a person had changed, and it leaves, stays theirs. */
static void lend(const WdView *before, WdView *after) {
  const WdViewLooks old = wd_view_looks(before), new = wd_view_looks(after);
  WdViewLooks *lent = &after->lent;
  if (new.velocity != old.velocity) lent->velocity = new.velocity;
  if (new.gathers != old.gathers) lent->gathers = new.gathers;
  if (new.difference != old.difference) lent->difference = new.difference;
  if (new.scope != old.scope) lent->scope = new.scope;
  if (new.clip != old.clip) lent->clip = new.clip;
  if (new.show_floor != old.show_floor) lent->show_floor = new.show_floor;
  if (new.show_population != old.show_population) lent->show_population = new.show_population;
}

gboolean wd_view_from_json(WdView *v, const char *json, GError **error) {
  g_return_val_if_fail(WD_IS_VIEW(v) && json, FALSE);
  json_error_t at;
  json_t *o = json_loads(json, JSON_REJECT_DUPLICATES, &at);
  if (!o) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("view: line %d: %s"), at.line, at.text);
    return FALSE;
  }
  WdView copy = *v; /* fields only; its GObject part is not used */
  gboolean ok = read_all(o, &copy, error);
  json_decref(o);
  if (!ok) return FALSE;
  lend(v, &copy);
  size_t from = offsetof(WdView, place); /* the first field after the GObject */
  memcpy((char *)v + from, (char *)&copy + from, sizeof copy - from);
  wd_view_changed(v, WD_VIEW_ALL);
  return TRUE;
}

wd_units wd_view_units_of_json(const char *json) {
  GError **error = NULL;
  wd_units units = {0};
  json_t *o = json ? json_loads(json, 0, NULL) : NULL;
  const gboolean read = READ(units_fields, "", o, &units);
  json_decref(o);
  return read ? units : (wd_units){0};
}
