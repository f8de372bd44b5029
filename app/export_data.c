/* Data out: arrays, tables, values for the clipboard. */
#include "app/i18n.h"
#include "app/picture_view.h"
#include "app/export.h"

#include "app/csv.h"
#include "app/residual_table.h"
#include "app/status_error.h"
#include "solver/file.h"
#include "solver/npy.h"
#include "solver/segy.h"

#include <math.h>
#include <string.h>

static WdRunRecipe *recipe_of(WdSession *session, WdView *v, int side) {
  const WdPlace at = v->place[side];
  WdRunRecipe *r =
      at.branch ? wd_run_recipe_of(wd_session_get_recording(session), at.branch, at.position, v->what) : NULL;
  if (!r) return NULL;
  const WdModelInfo *model = wd_session_get_model(session);
  if (model && !g_strcmp0(model->identity, r->identity)) {
    r->device = g_strdup(model->device_spec);
    g_autofree char *base = g_path_get_basename(model->folder ? model->folder : "");
    if (model->folder && g_strcmp0(base, model->name) != 0) r->folder = g_strdup(model->folder);
  }
  const WdPolicy *policy = wd_session_get_policy(session);
  const WdPosition *p = wd_recording_position(wd_session_get_recording(session), at.branch, at.position);
  if (!p || !wd_position_score(p, v->what)) r->calibration = policy->calibration; /* of what would be made */
  r->precision = g_strdup("f32");                                                 /* the engine's */
  return r;
}

WdRunRecipe *wd_export_recipe(WdSession *session, WdView *v, int side) {
  WdRunRecipe *r = recipe_of(session, v, side);
  if (!r) return NULL;
  /* Numbers of branches mean nothing elsewhere: 0 is the recipe's own run. */
  const WdPlace pinned = v->pinned;
  if (pinned.branch == v->place[side].branch) v->pinned.branch = 0;
  r->view = wd_view_to_json(v);
  v->pinned = pinned;
  if (side == 0 && v->layout == WD_LAYOUT_COMPARE) r->beside = recipe_of(session, v, 1);
  return r;
}

/* ---- files */

typedef struct Job {
  WdRecording *recording;
  guint id;
  int k;
  WdWhat what;
  WdFrame frame;
  const WdSimulation *simulation;
  wd_latent_shape latent;
  const wd_shard_desc *geometry;
  const char *folder, *name;
  GPtrArray *written;
  wd_error err;
} Job;

static gboolean job_open(Job *j, WdSession *session, WdView *v, int side) {
  const WdPlace at = v->place[side];
  *j = (Job){
      .recording = wd_session_get_recording(session), .id = at.branch, .k = at.position, .what = v->what};
  if (!at.branch || !wd_recording_find(j->recording, at.branch)) return FALSE;
  wd_recording_get_frame(j->recording, j->id, j->k, j->what, &j->frame);
  j->simulation = wd_frame_simulation(&j->frame);
  const WdModelInfo *model = wd_session_get_model(session);
  if (model) {
    j->latent = model->latent;
    j->geometry = &model->geometry;
  }
  return TRUE;
}

static GBytes *latent_at(const Job *j, int k, WdWhat what) {
  const WdPosition *p = wd_recording_position(j->recording, j->id, k);
  return p ? p->latent[what] : NULL;
}

static gboolean scored(const Job *j) {
  for (int k = 0; k <= wd_branch_last(wd_recording_find(j->recording, j->id)); k++) {
    const WdPosition *p = wd_recording_position(j->recording, j->id, k);
    for (int what = 0; p && what < WD_WHATS; what++)
      if (p->exact[what] || p->live[what]) return TRUE;
  }
  return FALSE;
}

static guint available(const Job *j) {
  guint parts = 0;
  if (j->frame.pair) parts |= WD_DATA_VELOCITY | WD_DATA_GATHERS;
  if (j->simulation) parts |= WD_DATA_SIMULATED;
  if (latent_at(j, j->k, j->what)) parts |= WD_DATA_LATENT;
  gboolean all = TRUE;
  for (int k = 0; k <= wd_branch_last(wd_recording_find(j->recording, j->id)); k++)
    all = all && latent_at(j, k, WD_WHAT_STATE);
  if (all && wd_branch_last(wd_recording_find(j->recording, j->id)) >= 0) parts |= WD_DATA_LATENTS;
  if (scored(j)) parts |= WD_DATA_RESIDUALS;
  if (wd_segy_available() && (parts & (WD_DATA_GATHERS | WD_DATA_SIMULATED))) parts |= WD_DATA_SEGY;
  return parts;
}

guint wd_export_data_available(WdSession *session, WdView *view, int side) {
  Job j;
  return job_open(&j, session, view, side) ? available(&j) : 0;
}

static char *path_of(Job *j, const char *end) {
  g_autofree char *file = g_strconcat(j->name, end, NULL);
  return g_build_filename(j->folder, file, NULL);
}

static gboolean done(Job *j, char *path, wd_status st) {
  if (!st) g_ptr_array_add(j->written, g_strdup(path));
  g_free(path);
  return st == WD_OK;
}

static gboolean write_text(Job *j, const char *end, const char *text) {
  char *path = path_of(j, end);
  wd_file *file = NULL;
  wd_status st = wd_file_create(path, &file, &j->err);
  if (!st) st = wd_file_write(file, text, strlen(text), &j->err);
  if (st)
    wd_file_abort(file);
  else
    st = wd_file_commit(file, &j->err);
  return done(j, path, st);
}

static gboolean write_gather(Job *j, const char *npy, const char *segy, const wd_gather *g, guint parts,
                             guint part) {
  gboolean good = TRUE;
  if (parts & part) {
    char *path = path_of(j, npy);
    good = done(j, path, wd_npy_write_gather(path, g, &j->err));
  }
  if (!good || !(parts & WD_DATA_SEGY) || !(parts & part)) return good;
  wd_survey *survey = NULL;
  const wd_shard_desc *m = j->geometry;
  wd_survey_desc d = {.shots = g->shots, .samples = g->samples, .dt = g->dt};
  if (m) {
    d.nz = m->nz;
    d.nx = m->nx;
    d.spacing = m->spacing;
    d.frequency = m->frequency;
  }
  wd_survey_create(&d, &survey, NULL); /* without one the headers have no positions */
  if (survey && survey->receivers != g->receivers) {
    wd_survey_destroy(survey);
    survey = NULL;
  }
  char *path = path_of(j, segy);
  good = done(j, path, wd_segy_write_gather(path, g, survey, WD_SEGY_IEEE, &j->err));
  wd_survey_destroy(survey);
  return good;
}

/* positions from..to of a kind as (1, n, C, h, w), or (1, C, h, w) for one. */
static gboolean write_latents(Job *j, const char *end, int from, int to, WdWhat what) {
  size_t n = (size_t)(to - from + 1), one = 0;
  wd_latent_shape l = j->latent;
  GBytes *first = latent_at(j, from, what);
  one = g_bytes_get_size(first) / sizeof(float);
  size_t shape[5] = {1, n, (size_t)l.channels, (size_t)l.height, (size_t)l.width};
  int dims = 5;
  if (l.count <= 0 || (size_t)l.count != one) { /* no model to tell the shape */
    shape[2] = one;
    dims = 3;
  }
  if (from == to) {
    memmove(shape + 1, shape + 2, 3 * sizeof *shape);
    dims--;
  }
  char *path = path_of(j, end);
  wd_npy_writer *w = NULL;
  wd_status st = wd_npy_writer_open(path, WD_NPY_F32, dims, shape, &w, &j->err);
  for (int k = from; k <= to && !st; k++) {
    GBytes *z = latent_at(j, k, what);
    st =
        g_bytes_get_size(z) == one * sizeof(float)
            ? wd_npy_writer_append(w, g_bytes_get_data(z, NULL), one, &j->err)
            : wd_fail(&j->err, WD_ERR_SHAPE, _("latents of different sizes at positions %d and %d"), from, k);
  }
  if (st)
    wd_npy_writer_abort(w);
  else
    st = wd_npy_writer_close(w, &j->err);
  return done(j, path, st);
}

static gboolean write_all(Job *j, guint parts) {
  gboolean good = TRUE;
  if (parts & WD_DATA_VELOCITY) {
    char *path = path_of(j, "_velocity.npy");
    good = done(j, path, wd_npy_write_map(path, &j->frame.pair->velocity, &j->err));
  }
  if (good && j->frame.pair)
    good = write_gather(j, "_gathers.npy", "_gathers.sgy", &j->frame.pair->gathers, parts, WD_DATA_GATHERS);
  if (good && j->simulation)
    good =
        write_gather(j, "_simulated.npy", "_simulated.sgy", &j->simulation->full, parts, WD_DATA_SIMULATED);
  if (good && (parts & WD_DATA_LATENT)) good = write_latents(j, "_latent.npy", j->k, j->k, j->what);
  if (good && (parts & WD_DATA_LATENTS))
    good = write_latents(j, "_latents.npy", 0, wd_branch_last(wd_recording_find(j->recording, j->id)),
                         WD_WHAT_STATE);
  if (good && (parts & WD_DATA_RESIDUALS)) {
    g_autofree char *csv = wd_residual_csv(j->recording, &j->id, 1, TRUE);
    good = write_text(j, "_residuals.csv", csv);
  }
  return good;
}

gboolean wd_export_data(WdSession *session, WdView *view, int side, guint parts, const char *folder,
                        const char *name, GPtrArray **written, GError **error) {
  Job j;
  g_autoptr(WdRunRecipe) recipe = wd_export_recipe(session, view, side);
  if (!recipe || !job_open(&j, session, view, side))
    return wd_status_set_error(error, WD_ERR_ARGUMENT,
                               _("there is no run to export: press Run, or open a recording"));
  guint missing = parts & ~available(&j);
  const char *const part_name[] = {_("the velocity map"),
                                   _("the gathers"),
                                   _("the simulated gathers"),
                                   _("the latent"),
                                   _("the latents of all steps"),
                                   _("scores"),
                                   _("SEG-Y")};
  if (!parts) return wd_status_set_error(error, WD_ERR_ARGUMENT, _("choose what to export"));
  if (missing)
    return wd_status_set_error(error, WD_ERR_ARGUMENT, _("%s cannot be exported: not made yet, or not kept"),
                               part_name[g_bit_nth_lsf(missing, -1)]);
  j.folder = folder;
  j.name = name;
  j.written = g_ptr_array_new_with_free_func(g_free);
  g_autofree char *json = wd_run_recipe_to_json(recipe), *text = g_strconcat(json, "\n", NULL);
  gboolean good = write_all(&j, parts) && write_text(&j, ".json", text);
  if (good && written)
    *written = j.written;
  else
    g_ptr_array_unref(j.written);
  return good ? TRUE : wd_status_to_error(&j.err, error);
}

/* ---- values as text */

static char *map_values(const wd_map *m) {
  GString *s = g_string_new("z (m) \\ x (m)");
  for (int x = 0; x < m->nx; x++) g_string_append_printf(s, "\t%.6g", x * m->spacing);
  for (int z = 0; z < m->nz; z++) {
    g_string_append_printf(s, "\n%.6g", z * m->spacing);
    for (int x = 0; x < m->nx; x++) {
      g_string_append_c(s, '\t');
      wd_csv_number(s, m->value[(gsize)z * (gsize)m->nx + (gsize)x], WD_CSV_DIGITS);
    }
  }
  g_string_append_c(s, '\n');
  return g_string_free(s, FALSE);
}

/* value(i): of a, minus b where there is one. */
static char *gather_values(const wd_gather *a, const wd_gather *b, int shot, double spacing) {
  GString *s = g_string_new(NULL);
  int from = shot < 0 ? 0 : shot, to = shot < 0 ? a->shots - 1 : shot;
  for (int i = from; i <= to && i < a->shots; i++) {
    g_string_append_printf(s, "shot %d: t (ms) \\ x (m)", i + 1);
    for (int r = 0; r < a->receivers; r++) g_string_append_printf(s, "\t%.6g", r * spacing);
    g_string_append_c(s, '\n');
    for (int k = 0; k < a->samples; k++) {
      g_string_append_printf(s, "%.6g", (k + 1) * a->dt * 1e3);
      gsize at = ((gsize)i * (gsize)a->samples + (gsize)k) * (gsize)a->receivers;
      for (int r = 0; r < a->receivers; r++) {
        g_string_append_c(s, '\t');
        wd_csv_number(s,
                      b ? (double)a->value[at + (gsize)r] - b->value[at + (gsize)r] : a->value[at + (gsize)r],
                      WD_CSV_DIGITS);
      }
      g_string_append_c(s, '\n');
    }
  }
  return g_string_free(s, FALSE);
}

static char *trace_values(const wd_comparison *c, int metric, double spacing) {
  GString *s = g_string_new("shot \\ x (m)");
  for (int r = 0; r < c->receivers; r++) g_string_append_printf(s, "\t%.6g", r * spacing);
  for (int i = 0; i < c->shots; i++) {
    g_string_append_printf(s, "\n%d", i + 1);
    for (int r = 0; r < c->receivers; r++) {
      g_string_append_c(s, '\t');
      wd_csv_number(s, wd_measure_get(&c->trace[i * c->receivers + r], (wd_metric)metric), WD_CSV_DIGITS);
    }
  }
  g_string_append_c(s, '\n');
  return g_string_free(s, FALSE);
}

/* As the panel shows it: the map, or the map minus another. */
static char *shown_map(WdSession *session, WdView *v, int side, const wd_map *like) {
  WdPicture *p = wd_picture_new();
  wd_picture_set_view(p, session, v, WD_PANEL_VELOCITY, side, v->source);
  char *text = NULL;
  if (!wd_picture_message(p)) {
    wd_map m = *like;
    m.value = (float *)wd_picture_panel(p)->facet[0].value; /* read alone */
    text = map_values(&m);
  }
  wd_picture_free(p);
  return text;
}

char *wd_export_values(WdSession *session, WdView *v, WdPanelKind kind, int side) {
  Job j;
  if (!job_open(&j, session, v, side) || !j.frame.pair) return NULL;
  const wd_gather *decoded = &j.frame.pair->gathers, *simulated = j.simulation ? &j.simulation->full : NULL;
  const WdBranch *b = wd_recording_find(j.recording, j.id);
  double spacing = j.frame.pair->velocity.spacing;
  if (kind == WD_PANEL_VELOCITY) return shown_map(session, v, side, &j.frame.pair->velocity);
  if (kind == WD_PANEL_TRACES)
    return j.simulation && j.simulation->comparison.trace
               ? trace_values(&j.simulation->comparison,
                              v->metric < WD_METRIC_COHERENCE ? v->metric : WD_METRIC_REFLECTION_RESIDUAL,
                              spacing)
               : NULL;
  gboolean difference =
      kind == WD_PANEL_DIFFERENCE || (kind == WD_PANEL_GATHER && v->source == WD_SOURCE_DIFFERENCE);
  if (difference)
    return simulated && wd_gather_count(simulated) == wd_gather_count(decoded)
               ? gather_values(decoded, simulated, v->shot, spacing)
               : NULL;
  const wd_gather *g = decoded;
  if (kind == WD_PANEL_SIMULATED || v->source == WD_SOURCE_SIMULATED)
    g = simulated;
  else if (v->source == WD_SOURCE_OBSERVED)
    g = b && b->truth && b->truth->gathers.value ? &b->truth->gathers : NULL;
  return g ? gather_values(g, NULL, v->shot, spacing) : NULL;
}
