/* *.wdpop: population.h says what is in it. */
#include "app/i18n.h"
#include "app/population.h"

#include "app/recording_json.h"
#include "app/status_error.h"
#include "model/safetensors.h"
#include "solver/family.h"
#include "solver/file.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#define FORMAT "wavediffusion-population"
enum { VERSION = 1, MAX_TENSORS = 8, MAX_WAY = 100000 };

/* ---- writing */

static json_t *real(double v) {
  return isfinite(v) ? json_real(v) : json_null();
}

static json_t *faults_json(const WdPopulation *p) {
  json_t *o = json_object();
  for (guint i = 0; i < wd_population_count(p); i++) {
    const WdSample *s = wd_population_nth(p, i);
    char key[16];
    g_snprintf(key, sizeof key, "%u", i);
    if (s->fault) json_object_set_new(o, key, json_string(s->fault));
  }
  return o;
}

/* What some samples have and others, that were lost on the way, have not: their rows are zeros, and named
 * here. */
static const struct {
  const char *name;
  gsize offset;
} rows_of[] = {{"latents", G_STRUCT_OFFSET(WdSample, latent)},
               {"maps", G_STRUCT_OFFSET(WdSample, map)},
               {"pictures", G_STRUCT_OFFSET(WdSample, picture)}};

static json_t *lost_json(const WdPopulation *p) {
  json_t *o = json_object();
  for (gsize k = 0; k < G_N_ELEMENTS(rows_of); k++) {
    json_t *which = json_array();
    for (guint i = 0; i < wd_population_count(p); i++)
      if (!G_STRUCT_MEMBER(gpointer, wd_population_nth(p, i), rows_of[k].offset))
        json_array_append_new(which, json_integer(i));
    const gsize n = json_array_size(which);
    if (n && n < wd_population_count(p)) json_object_set(o, rows_of[k].name, which);
    json_decref(which);
  }
  return o;
}

static char *document(const WdPopulation *p) {
  json_t *o = p->unknown ? json_loads(p->unknown, 0, NULL) : NULL;
  if (!json_is_object(o)) o = json_object();
  json_t *values = json_array(), *shots = json_array(), *way = json_array();
  for (int i = 0; i < WD_VALUES; i++) json_array_append_new(values, json_string(wd_value_get_info(i)->key));
  for (int i = 0; i < WD_SCORES; i++) json_array_append_new(shots, json_string(wd_value_get_info(i)->key));
  for (guint k = 0; k < p->way->len; k++) {
    const WdWayStep *w = &g_array_index(p->way, WdWayStep, k);
    json_t *step =
        json_pack("{s:i, s:i, s:o}", "step", w->step, "timestep", w->timestep, "log_snr", real(w->log_snr));
    json_object_set_new(step, "band", json_pack("[o,o,o]", real(w->p10), real(w->median), real(w->p90)));
    json_array_append_new(way, step);
  }
  json_object_set_new(o, "format", json_string(FORMAT));
  json_object_set_new(o, "version", json_integer(VERSION));
  json_object_set_new(o, "model",
                      json_pack("{s:s, s:s, s:f, s:f}", "name", p->model, "identity", p->identity,
                                "velocity_min", p->velocity_min, "velocity_max", p->velocity_max));
  if (p->folder) json_object_set_new(json_object_get(o, "model"), "folder", json_string(p->folder));
  json_object_set_new(o, "device", json_string(p->device));
  json_object_set_new(o, "precision", json_string(p->precision));
  json_object_set_new(o, "mode", json_string(wd_wave_mode_name(p->mode)));
  json_object_set_new(o, "sampler", json_string(wd_sampler_name(p->plan.kind)));
  json_object_set_new(o, "steps", json_integer(p->plan.steps));
  json_object_set_new(o, "eta", json_real(p->plan.eta));
  json_object_set_new(o, "guidance", json_real(p->plan.guidance));
  json_object_set_new(o, "geometry", wd_geometry_to_json(&p->geometry));
  json_object_set_new(o, "values", values);
  json_object_set_new(o, "shots", shots);
  json_object_set_new(o, "way", way);
  json_object_set_new(o, "band_of", json_integer(p->band_of));
  json_object_set_new(o, "drawn", json_integer(p->drawn));
  json_object_set_new(o, "faults", faults_json(p));
  json_object_set_new(o, "lost", lost_json(p));
  char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(17) | JSON_SORT_KEYS);
  json_decref(o);
  return text;
}

static char *annotations(const WdPopulation *p) {
  json_t *o = json_object();
  for (guint i = 0; i < wd_population_count(p); i++) {
    const WdSample *s = wd_population_nth(p, i);
    char key[16];
    g_snprintf(key, sizeof key, "%u", i);
    if (*s->tags || *s->note)
      json_object_set_new(o, key, json_pack("{s:s, s:s}", "tags", s->tags, "note", s->note));
  }
  char *text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
  json_decref(o);
  return text;
}

static wd_status append(wd_safetensors_writer *f, const void *data, gsize bytes, wd_error *err) {
  return bytes ? wd_safetensors_writer_append(f, data, bytes, err) : WD_OK;
}

static gboolean any_has(const WdPopulation *p, gsize offset) {
  for (guint i = 0; i < wd_population_count(p); i++)
    if (G_STRUCT_MEMBER(gpointer, wd_population_nth(p, i), offset)) return TRUE;
  return FALSE;
}

static gboolean latents_whole(const WdPopulation *p) {
  for (guint i = 0; i < wd_population_count(p); i++) {
    GBytes *z = wd_population_nth(p, i)->latent;
    if (z && g_bytes_get_size(z) != (gsize)p->latent.count * sizeof(float)) return FALSE;
  }
  return p->latent.count > 0;
}

static wd_status write_rows(const WdPopulation *p, wd_safetensors_writer *f, gboolean latents, gboolean maps,
                            gboolean pictures, wd_error *err) {
  const guint n = wd_population_count(p);
  const gsize cells = (gsize)p->geometry.nz * (gsize)p->geometry.nx;
  wd_status st = WD_OK;
  g_autofree gint64 *seed = g_new(gint64, n);
  g_autofree gint32 *family = g_new(gint32, n);
  for (guint i = 0; i < n; i++) {
    seed[i] = (gint64)wd_population_nth(p, i)->seed;
    family[i] = wd_population_nth(p, i)->family;
  }
  st = append(f, seed, n * sizeof *seed, err);
  if (!st) st = append(f, family, n * sizeof *family, err);
  for (guint i = 0; i < n && !st; i++) {
    float v[WD_VALUES];
    for (int k = 0; k < WD_VALUES; k++) v[k] = (float)wd_population_nth(p, i)->value[k];
    st = append(f, v, sizeof v, err);
  }
  for (guint i = 0; i < n && !st; i++)
    st = append(f, wd_population_nth(p, i)->shot, (gsize)p->geometry.shots * WD_SCORES * sizeof(float), err);
  for (guint i = 0; i < n && !st; i++)
    st = append(f, wd_population_nth(p, i)->way, p->way->len * sizeof(float), err);
  const gsize numbers = (gsize)p->latent.count * sizeof(float), one = cells * sizeof(guint16),
              dots = sizeof(guint16) * WD_SAMPLE_PICTURE_ROWS * WD_SAMPLE_PICTURE_COLUMNS;
  g_autofree char *nothing = g_malloc0(MAX(numbers, MAX(one, dots)));
  for (guint i = 0; latents && i < n && !st; i++) {
    GBytes *z = wd_population_nth(p, i)->latent;
    st = append(f, z ? g_bytes_get_data(z, NULL) : nothing, numbers, err);
  }
  for (guint i = 0; maps && i < n && !st; i++) {
    const guint16 *map = wd_population_nth(p, i)->map;
    st = append(f, map ? (const void *)map : nothing, one, err);
  }
  for (guint i = 0; pictures && i < n && !st; i++) {
    const guint16 *picture = wd_population_nth(p, i)->picture;
    st = append(f, picture ? (const void *)picture : nothing, dots, err);
  }
  return st;
}

gboolean wd_population_save(WdPopulation *p, const char *path, GError **error) {
  const gsize n = wd_population_count(p);
  if (!n) return wd_status_set_error(error, WD_ERR_ARGUMENT, _("There is no sample to save."));
  const gboolean latents = any_has(p, G_STRUCT_OFFSET(WdSample, latent)) && latents_whole(p);
  const gboolean maps = any_has(p, G_STRUCT_OFFSET(WdSample, map));
  const gboolean pictures = any_has(p, G_STRUCT_OFFSET(WdSample, picture));
  wd_stored_tensor t[MAX_TENSORS];
  gsize count = 0;
  const wd_latent_shape *l = &p->latent;
  t[count++] = (wd_stored_tensor){.name = "seed", .type = WD_I64, .dims = 1, .shape = {n}};
  t[count++] = (wd_stored_tensor){.name = "family", .type = WD_I32, .dims = 1, .shape = {n}};
  t[count++] = (wd_stored_tensor){.name = "values", .type = WD_F32, .dims = 2, .shape = {n, WD_VALUES}};
  t[count++] = (wd_stored_tensor){
      .name = "shots", .type = WD_F32, .dims = 3, .shape = {n, (gsize)p->geometry.shots, WD_SCORES}};
  if (p->way->len)
    t[count++] = (wd_stored_tensor){.name = "way", .type = WD_F32, .dims = 2, .shape = {n, p->way->len}};
  if (latents)
    t[count++] = (wd_stored_tensor){.name = "latents",
                                    .type = WD_F32,
                                    .dims = 4,
                                    .shape = {n, (gsize)l->channels, (gsize)l->height, (gsize)l->width}};
  if (maps)
    t[count++] = (wd_stored_tensor){.name = "maps",
                                    .type = WD_F16,
                                    .dims = 3,
                                    .shape = {n, (gsize)p->geometry.nz, (gsize)p->geometry.nx}};
  if (pictures)
    t[count++] = (wd_stored_tensor){.name = "pictures",
                                    .type = WD_F16,
                                    .dims = 3,
                                    .shape = {n, WD_SAMPLE_PICTURE_ROWS, WD_SAMPLE_PICTURE_COLUMNS}};
  wd_error err = {0};
  char *text = document(p), *notes = annotations(p);
  const wd_metadata metadata[] = {{"format", FORMAT}, {"population", text}, {"annotations", notes}};
  wd_safetensors_writer *f = NULL;
  wd_status st = text && notes ? WD_OK : wd_fail(&err, WD_ERR_NO_MEMORY, _("no memory to write %s"), path);
  if (!st) st = wd_safetensors_writer_open(path, t, count, metadata, G_N_ELEMENTS(metadata), &f, &err);
  if (!st) {
    st = write_rows(p, f, latents, maps, pictures, &err);
    if (!st)
      st = wd_safetensors_writer_close(f, &err);
    else
      wd_safetensors_writer_abort(f);
  }
  free(text);
  free(notes);
  if (st) return wd_status_to_error(&err, error);
  if (p->path != path) {
    g_free(p->path);
    p->path = g_strdup(path);
  }
  p->changed = FALSE;
  return TRUE;
}

/* ---- reading */

typedef struct Reader {
  const wd_safetensors *file;
  WdPopulation *p;
  const json_t *head;
  guint n;
} Reader;

static wd_status wrong(const Reader *r, wd_error *err, const char *format, ...) G_GNUC_PRINTF(3, 4);
static wd_status wrong(const Reader *r, wd_error *err, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  g_autofree char *text = g_strdup_vprintf(format, ap);
  va_end(ap);
  return wd_fail(err, WD_ERR_FORMAT, "%s: %s", wd_safetensors_path(r->file), text);
}

static void take_text(const json_t *o, const char *key, char **to) {
  const char *v = json_string_value(json_object_get(o, key));
  if (!v) return;
  g_free(*to);
  *to = g_strdup(v);
}

static double take_real(const json_t *o, const char *key, double otherwise) {
  const json_t *v = json_object_get(o, key);
  return json_is_number(v) ? json_number_value(v) : otherwise;
}

static const char *const known[] = {"format",  "version", "model",  "device",   "precision", "mode",
                                    "sampler", "steps",   "eta",    "guidance", "geometry",  "values",
                                    "shots",   "way",     "faults", "band_of",  "drawn",     "lost"};

static wd_status read_way(Reader *r, wd_error *err) {
  const json_t *way = json_object_get(r->head, "way");
  const gsize n = json_array_size(way);
  if (n > MAX_WAY) return wrong(r, err, _("%zu positions are too many"), n);
  for (gsize k = 0; k < n; k++) {
    const json_t *o = json_array_get(way, k);
    gint64 step = 0, timestep = -1;
    wd_status st = wd_json_int(o, "step", 0, 1000000, 0, &step, err);
    if (!st) st = wd_json_int(o, "timestep", -1, 1000000, -1, &timestep, err);
    if (st) return wd_fail_context(err, st, _("%s: way[%zu]"), wd_safetensors_path(r->file), k);
    if (k && step <= g_array_index(r->p->way, WdWayStep, k - 1).step)
      return wrong(r, err, _("the steps of the way do not rise at %zu"), k);
    const WdWayStep w = {(int)step, (int)timestep, take_real(o, "log_snr", INFINITY), NAN, NAN, NAN};
    g_array_append_val(r->p->way, w);
    const json_t *band = json_object_get(o, "band");
    double *const to[] = {&g_array_index(r->p->way, WdWayStep, k).p10,
                          &g_array_index(r->p->way, WdWayStep, k).median,
                          &g_array_index(r->p->way, WdWayStep, k).p90};
    for (gsize j = 0; j < 3; j++)
      if (json_is_number(json_array_get(band, j))) *to[j] = json_number_value(json_array_get(band, j));
  }
  return WD_OK;
}

static wd_status read_head(Reader *r, wd_error *err) {
  WdPopulation *p = r->p;
  const json_t *o = r->head, *model = json_object_get(o, "model");
  if (!json_is_object(o)) return wrong(r, err, _("its description is no JSON object"));
  gint64 version = 0, steps = 0, band_of = 0, drawn = 0;
  wd_status st = wd_json_int(o, "version", 1, 1000, 0, &version, err);
  if (!st) st = wd_json_int(o, "steps", 0, 1000000, 0, &steps, err);
  if (!st) st = wd_json_int(o, "band_of", 0, G_MAXINT32, 0, &band_of, err);
  if (!st) st = wd_json_int(o, "drawn", 0, G_MAXINT32, 0, &drawn, err);
  if (!st) st = wd_geometry_from_json(json_object_get(o, "geometry"), &p->geometry, err);
  if (st) return wd_fail_context(err, st, "%s", wd_safetensors_path(r->file));
  if (version < 1 || version > VERSION)
    return wrong(r, err, _("a population of version %d; this program reads 1 to %d"), (int)version, VERSION);
  const wd_shard_desc *g = &p->geometry;
  if (g->nz < WD_MAP_MIN_SIDE || g->nz > WD_MAP_MAX_SIDE || g->nx < WD_MAP_MIN_SIDE ||
      g->nx > WD_MAP_MAX_SIDE || g->shots < 1 || g->shots > WD_MAX_SHOTS || g->samples < 1 ||
      g->samples > WD_MAX_SAMPLES || g->receivers < 1 || g->receivers > WD_MAX_RECEIVERS ||
      !(g->spacing > 0) || !isfinite(g->spacing) || !(g->dt > 0) || !isfinite(g->dt) ||
      !(g->frequency >= 0) || !isfinite(g->frequency))
    return wrong(r, err, _("its geometry is impossible"));
  take_text(model, "name", &p->model);
  take_text(model, "identity", &p->identity);
  take_text(model, "folder", &p->folder);
  take_text(o, "device", &p->device);
  take_text(o, "precision", &p->precision);
  p->velocity_min = take_real(model, "velocity_min", p->velocity_min);
  p->velocity_max = take_real(model, "velocity_max", p->velocity_max);
  const char *mode = json_string_value(json_object_get(o, "mode"));
  const char *sampler = json_string_value(json_object_get(o, "sampler"));
  if (!mode || !wd_wave_mode_parse(mode, &p->mode)) return wrong(r, err, _("no mode of the solver is told"));
  if (!sampler || !wd_sampler_parse(sampler, &p->plan.kind)) return wrong(r, err, _("no sampler is told"));
  p->plan.steps = (int)steps;
  p->band_of = (guint)band_of;
  p->drawn = (guint)drawn;
  p->plan.eta = take_real(o, "eta", 0);
  p->plan.guidance = take_real(o, "guidance", 0);
  json_t *rest = json_copy((json_t *)o);
  for (gsize i = 0; i < G_N_ELEMENTS(known); i++) json_object_del(rest, known[i]);
  if (json_object_size(rest)) {
    char *text = json_dumps(rest, JSON_COMPACT | JSON_SORT_KEYS);
    p->unknown = g_strdup(text);
    free(text);
  }
  json_decref(rest);
  return read_way(r, err);
}

/* A tensor of n rows of `row` numbers that must be there, or may be absent (*out NULL). */
static wd_status find(const Reader *r, const char *name, wd_dtype type, gsize row, gboolean optional,
                      const wd_stored_tensor **out, wd_error *err) {
  const wd_stored_tensor *t = wd_safetensors_find(r->file, name);
  *out = t;
  if (!t) return optional ? WD_OK : wrong(r, err, _("the tensor \"%s\" is missing"), name);
  if (t->type != type || t->dims < 1 || t->shape[0] != r->n || t->count != r->n * row)
    return wrong(r, err, _("the tensor \"%s\" is %s of %zu numbers; %s of %u x %zu are wanted"), name,
                 wd_dtype_name(t->type), t->count, wd_dtype_name(type), r->n, row);
  return WD_OK;
}

/* Rows of named figures into values or shots. names: which column is which. */
static wd_status column_of(const Reader *r, const char *what, int most, int *column, gsize *width,
                           wd_error *err) {
  const json_t *names = json_object_get(r->head, what);
  *width = json_array_size(names);
  if (!*width || *width > 1000) return wrong(r, err, _("the names of \"%s\" are missing"), what);
  for (int i = 0; i < most; i++) column[i] = -1;
  for (gsize k = 0; k < *width; k++) {
    const char *name = json_string_value(json_array_get(names, k));
    int kind;
    if (!name) return wrong(r, err, _("name %zu of \"%s\" is no text"), k, what);
    if (!wd_value_parse(name, &kind) || kind >= most) continue; /* of another version */
    if (column[kind] >= 0) return wrong(r, err, _("\"%s\" names %s twice"), what, name);
    column[kind] = (int)k;
  }
  return WD_OK;
}

/* Where the figures are: checked before anything is allocated for the samples. */
typedef struct Figures {
  int value[WD_VALUES], shot[WD_SCORES]; /* columns, -1: not there */
  gsize width, across;
  const wd_stored_tensor *values, *shots, *way;
} Figures;

static wd_status find_figures(const Reader *r, Figures *f, wd_error *err) {
  const gsize shots = (gsize)r->p->geometry.shots, way = r->p->way->len;
  wd_status st = column_of(r, "values", WD_VALUES, f->value, &f->width, err);
  if (!st) st = column_of(r, "shots", WD_SCORES, f->shot, &f->across, err);
  if (!st) st = find(r, "values", WD_F32, f->width, FALSE, &f->values, err);
  if (!st) st = find(r, "shots", WD_F32, shots * f->across, FALSE, &f->shots, err);
  if (!st && way) st = find(r, "way", WD_F32, way, FALSE, &f->way, err);
  return st;
}

static wd_status read_figures(Reader *r, const Figures *f, wd_error *err) {
  const gsize shots = (gsize)r->p->geometry.shots, way = r->p->way->len, width = f->width, across = f->across;
  const wd_stored_tensor *tv = f->values, *ts = f->shots, *tw = f->way;
  const int *value = f->value, *shot = f->shot;
  wd_status st = WD_OK;
  g_autofree float *row = g_new(float, MAX(width, shots * across) + 1);
  for (guint i = 0; i < r->n && !st; i++) {
    WdSample *s = wd_population_nth(r->p, i);
    st = wd_tensor_read_float(tv, i * width, width, row, err);
    for (int k = 0; k < WD_VALUES && !st; k++)
      if (value[k] >= 0) s->value[k] = (double)row[value[k]];
    if (!st) st = wd_tensor_read_float(ts, i * shots * across, shots * across, row, err);
    for (gsize j = 0; j < shots && !st; j++)
      for (int k = 0; k < WD_SCORES; k++)
        if (shot[k] >= 0) s->shot[j][k] = row[j * across + (gsize)shot[k]];
    if (!st && way && tw) st = wd_tensor_read_float(tw, i * way, way, s->way, err);
  }
  return st;
}

static wd_status read_latents(Reader *r, wd_error *err) {
  const wd_stored_tensor *t = wd_safetensors_find(r->file, "latents");
  if (!t) return WD_OK;
  if (t->type != WD_F32 || t->dims != 4 || t->shape[0] != r->n || t->shape[1] > 100000 ||
      t->shape[2] > 100000 || t->shape[3] > 100000 || !t->count || t->count / r->n > 1 << 24)
    return wrong(r, err, _("the latents are not F32 of (n, C, h, w)"));
  const gsize one = t->count / r->n;
  r->p->latent = (wd_latent_shape){.channels = (int)t->shape[1],
                                   .height = (int)t->shape[2],
                                   .width = (int)t->shape[3],
                                   .count = (int)one,
                                   .codes = (int)(t->shape[2] * t->shape[3])};
  for (guint i = 0; i < r->n; i++) {
    float *z = g_new(float, one);
    wd_status st = wd_tensor_read_float(t, i * one, one, z, err);
    if (st) {
      g_free(z);
      return st;
    }
    wd_population_nth(r->p, i)->latent = g_bytes_new_take(z, one * sizeof *z);
  }
  return WD_OK;
}

static wd_status read_pictures(Reader *r, wd_error *err) {
  const gsize cells = (gsize)r->p->geometry.nz * (gsize)r->p->geometry.nx;
  const gsize dots = WD_SAMPLE_PICTURE_ROWS * WD_SAMPLE_PICTURE_COLUMNS;
  const wd_stored_tensor *maps = NULL, *pictures = NULL;
  wd_status st = find(r, "maps", WD_F16, cells, TRUE, &maps, err);
  if (!st) st = find(r, "pictures", WD_F16, dots, TRUE, &pictures, err);
  for (guint i = 0; i < r->n && !st; i++) {
    WdSample *s = wd_population_nth(r->p, i);
    if (maps)
      s->map = g_memdup2((const char *)maps->data + i * cells * sizeof(guint16), cells * sizeof(guint16));
    if (pictures)
      s->picture =
          g_memdup2((const char *)pictures->data + i * dots * sizeof(guint16), dots * sizeof(guint16));
  }
  return st;
}

static wd_status read_lost(Reader *r, wd_error *err) {
  const json_t *o = json_object_get(r->head, "lost"), *number;
  for (gsize k = 0; k < G_N_ELEMENTS(rows_of); k++) {
    const json_t *which = json_object_get(o, rows_of[k].name);
    gsize i;
    json_array_foreach((json_t *)which, i, number) {
      const json_int_t at = json_is_integer(number) ? json_integer_value(number) : -1;
      if (at < 0 || at >= (json_int_t)r->n)
        return wrong(r, err, _("what was lost names a sample that is not there"));
      WdSample *s = wd_population_nth(r->p, (guint)at);
      if (rows_of[k].offset == G_STRUCT_OFFSET(WdSample, latent))
        g_clear_pointer(&s->latent, g_bytes_unref);
      else
        g_clear_pointer(&G_STRUCT_MEMBER(gpointer, s, rows_of[k].offset), g_free);
    }
  }
  return WD_OK;
}

/* Texts by number of the sample. */
static wd_status number_of(const Reader *r, const char *key, guint *out, wd_error *err) {
  guint64 n;
  if (!g_ascii_string_to_unsigned(key, 10, 0, G_MAXUINT32, &n, NULL) || n >= r->n)
    return wrong(r, err, _("there is no sample \"%.32s\""), key);
  *out = (guint)n;
  return WD_OK;
}

static wd_status read_faults(Reader *r, wd_error *err) {
  const char *key;
  json_t *v;
  guint i = 0;
  json_object_foreach((json_t *)json_object_get(r->head, "faults"), key, v) {
    wd_status st = number_of(r, key, &i, err);
    if (st) return st;
    if (!json_is_string(v)) return wrong(r, err, _("the fault of sample %u is no text"), i);
    WdSample *s = wd_population_nth(r->p, i);
    g_free(s->fault);
    s->fault = g_strdup(json_string_value(v));
  }
  return WD_OK;
}

static wd_status read_annotations(Reader *r, wd_error *err) {
  const char *text = wd_safetensors_metadata(r->file, "annotations");
  if (!text) return WD_OK;
  json_t *o = json_loads(text, 0, NULL), *v;
  const char *key;
  wd_status st = json_is_object(o) ? WD_OK : wrong(r, err, _("its annotations are no JSON object"));
  json_object_foreach(o, key, v) {
    guint i = 0;
    st = number_of(r, key, &i, err);
    const char *tags = json_string_value(json_object_get(v, "tags"));
    const char *note = json_string_value(json_object_get(v, "note"));
    GError *error = NULL;
    if (!st && ((tags && !wd_sample_set_tags(r->p, wd_population_nth(r->p, i), tags, &error)) ||
                (note && !wd_sample_set_note(r->p, wd_population_nth(r->p, i), note, &error))))
      st = wrong(r, err, _("sample %u: %s"), i, error->message);
    g_clear_error(&error);
    if (st) break;
  }
  json_decref(o);
  return st;
}

static wd_status read_all(Reader *r, wd_error *err) {
  const wd_stored_tensor *seed = wd_safetensors_find(r->file, "seed"), *family = NULL;
  wd_status st = read_head(r, err);
  if (st) return st;
  if (!seed || seed->type != WD_I64 || seed->dims != 1 || !seed->count)
    return wrong(r, err, _("the seeds are missing"));
  if (seed->count > WD_POPULATION_MAX)
    return wrong(r, err, _("%zu samples; this program opens up to %d"), seed->count, WD_POPULATION_MAX);
  r->n = (guint)seed->count;
  Figures figures = {0};
  st = find(r, "family", WD_I32, 1, FALSE, &family, err);
  if (!st) st = find_figures(r, &figures, err);
  for (guint i = 0; i < r->n && !st; i++) {
    WdSample *s = wd_sample_new(r->p);
    gint64 value;
    gint32 f;
    memcpy(&value, (const char *)seed->data + i * sizeof value, sizeof value);
    memcpy(&f, (const char *)family->data + i * sizeof f, sizeof f);
    s->seed = (guint64)value;
    s->family = f;
    g_ptr_array_add(r->p->sample, s);
    if (f < -1 || f >= WD_FAMILIES) st = wrong(r, err, _("sample %u is of family %d"), i, (int)f);
  }
  if (!st) st = read_figures(r, &figures, err);
  if (!st) st = read_latents(r, err);
  if (!st) st = read_pictures(r, err);
  if (!st) st = read_lost(r, err);
  if (!st) st = read_faults(r, err);
  if (!st) st = read_annotations(r, err);
  return st;
}

static WdPopulation *read_from(wd_safetensors *file, GError **error) {
  wd_error err = {0};
  Reader r = {.file = file, .p = wd_population_new()};
  const char *format = wd_safetensors_metadata(file, "format"),
             *text = wd_safetensors_metadata(file, "population");
  wd_status st;
  json_t *head = NULL;
  if (!format || strcmp(format, FORMAT) != 0 || !text)
    st = wrong(&r, &err, _("this is no population of samples"));
  else
    r.head = head = json_loads(text, 0, NULL), st = read_all(&r, &err);
  if (!st) st = wd_safetensors_still_whole(file, &err);
  json_decref(head);
  if (st) {
    wd_population_free(r.p);
    wd_status_to_error(&err, error);
    return NULL;
  }
  wd_population_find_bands(r.p);
  wd_population_flag(r.p);
  r.p->changed = FALSE;
  return r.p;
}

WdPopulation *wd_population_load(const char *path, GError **error) {
  wd_error err = {0};
  wd_safetensors *file = NULL;
  if (wd_safetensors_open(path, &file, &err)) {
    wd_status_to_error(&err, error);
    return NULL;
  }
  WdPopulation *p = read_from(file, error);
  wd_safetensors_close(file);
  if (p) p->path = g_strdup(path);
  return p;
}

WdPopulation *wd_population_load_memory(const char *what, const void *data, gsize bytes, GError **error) {
  wd_error err = {0};
  wd_safetensors *file = NULL;
  if (wd_safetensors_open_memory(what, data, bytes, &file, &err)) {
    wd_status_to_error(&err, error);
    return NULL;
  }
  WdPopulation *p = read_from(file, error);
  wd_safetensors_close(file);
  return p;
}

static gboolean is_folder(const char *path) {
  struct stat s;
  return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

WdPopulation *wd_population_open(const char *path, GError **error) {
  if (!is_folder(path)) return wd_population_load(path, error);
  g_autofree char *inside = g_build_filename(path, WD_POPULATION_NAME, NULL);
  struct stat s;
  if (stat(inside, &s) == 0) return wd_population_load(inside, error);
  wd_status_set_error(error, WD_ERR_IO,
                      _("%s holds no %s: it is written by wavediffusion-cli sample --score."), path,
                      WD_POPULATION_NAME);
  return NULL;
}

gboolean wd_population_recognise(const char *path) {
  g_autofree char *inside =
      is_folder(path) ? g_build_filename(path, WD_POPULATION_NAME, NULL) : g_strdup(path);
  wd_safetensors *file = NULL;
  if (wd_safetensors_open(inside, &file, NULL)) return FALSE;
  const char *format = wd_safetensors_metadata(file, "format");
  const gboolean ours = format && strcmp(format, FORMAT) == 0;
  wd_safetensors_close(file);
  return ours;
}
