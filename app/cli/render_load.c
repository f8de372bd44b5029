/* wavediffusion-cli render: what is drawn, read from files of every kind. */
#include "app/cli/render.h"

#include "app/cli/recording.h"

#include "solver/memory.h"
#include "solver/npy.h"
#include "solver/segy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Any 2-D array of numbers; only a velocity map is held to positive values. */
static wd_status read_any_map(const wd_npy *npy, size_t i, double spacing, wd_map *out, wd_error *err) {
  int nz, nx;
  wd_status status = wd_npy_map_shape(npy, NULL, &nz, &nx, err);
  if (!status) status = wd_map_create(nz, nx, spacing, out, err);
  if (status) return status;
  size_t cells = (size_t)nz * (size_t)nx;
  status = wd_npy_read(npy, i * cells, cells, out->value, err);
  if (status) wd_map_clear(out);
  return status;
}
static wd_status load_maps(cli *c, const render_args *a, const wd_npy *npy, scene *s, wd_error *err) {
  size_t count;
  wd_status status = wd_npy_map_shape(npy, &count, NULL, NULL, err);
  if (status) return status;
  int wanted = a->contact_sheet > 0 ? a->contact_sheet : 1;
  if ((size_t)a->index >= count)
    return cli_usage_error(err, "--index %d: %s holds %zu maps, 0 to %zu", a->index, a->file, count,
                           count - 1);
  if ((size_t)wanted > count - (size_t)a->index) {
    wanted = (int)(count - (size_t)a->index);
    cli_note(c, "%s holds %d maps from index %d on", a->file, wanted, a->index);
  }
  s->map = wd_calloc((size_t)wanted, sizeof *s->map);
  if (!s->map) return render_no_memory(err);
  for (; s->maps < wanted; s->maps++) {
    status = read_any_map(npy, (size_t)(a->index + s->maps), a->spacing > 0 ? a->spacing : 10,
                          &s->map[s->maps], err);
    if (status) return status;
  }
  if (wanted > 1)
    snprintf(s->map_source, sizeof s->map_source, "%s · %d to %d", render_base_name(a->file), a->index,
             a->index + wanted - 1);
  else if (count > 1)
    snprintf(s->map_source, sizeof s->map_source, "%s · %d", render_base_name(a->file), a->index);
  else
    snprintf(s->map_source, sizeof s->map_source, "%s", render_base_name(a->file));
  return render_arrange_maps(a, s, a->contact_sheet > 0, err);
}

wd_status render_load_families(const render_args *a, scene *s, wd_error *err) {
  s->map = wd_calloc(WD_FAMILIES * FAMILY_SAMPLES, sizeof *s->map);
  if (!s->map) return render_no_memory(err);
  for (; s->maps < WD_FAMILIES * FAMILY_SAMPLES; s->maps++) {
    wd_family family = (wd_family)(s->maps / FAMILY_SAMPLES);
    wd_status status =
        wd_family_generate(family, a->seed, (uint64_t)(s->maps % FAMILY_SAMPLES), &s->map[s->maps], err);
    if (status) return status;
    s->row_label[family] = wd_family_display_name(family);
  }
  snprintf(s->map_source, sizeof s->map_source, "ten families, seed %llu, maps 0 to %d",
           (unsigned long long)a->seed, FAMILY_SAMPLES - 1);
  wd_status status = render_arrange_maps(a, s, true, err);
  s->map_panel.title = "Generated velocity maps";
  s->map_panel.facet_columns = FAMILY_SAMPLES;
  s->map_panel.row_label = s->row_label;
  return status;
}
static wd_status load_gather(const render_args *a, const char *file, const wd_npy *npy, scene *s,
                             wd_error *err) {
  size_t count;
  wd_status status = wd_npy_gather_shape(npy, &count, NULL, NULL, NULL, err);
  if (status) return status;
  if ((size_t)a->index >= count)
    return cli_usage_error(err, "--index %d: %s holds %zu gathers, 0 to %zu", a->index, file, count,
                           count - 1);
  status = wd_npy_read_gather(npy, (size_t)a->index, a->dt > 0 ? a->dt : 0.001, &s->gather, err);
  return status ? status : render_arrange_gather(a, file, count, a->spacing > 0 ? a->spacing : 10, 0, s, err);
}

/* Receivers of the first shot at even distances: their spacing, else 0. */
static double even_spacing(const wd_segy_trace *trace, int receivers) {
  if (receivers < 2) return 0;
  double step = trace[1].receiver_x - trace[0].receiver_x;
  for (int i = 1; i < receivers; i++)
    if (fabs(trace[i].receiver_x - trace[i - 1].receiver_x - step) > 1e-3 * fabs(step)) return 0;
  return step > 0 ? step : 0;
}

static wd_status load_segy_map(const render_args *a, scene *s, wd_error *err) {
  if (a->contact_sheet || a->index) return cli_usage_error(err, "%s: a SEG-Y file holds one map", a->file);
  s->map = wd_calloc(1, sizeof *s->map);
  if (!s->map) return render_no_memory(err);
  wd_segy_read how = {.spacing = a->spacing};
  wd_status status = wd_segy_read_map(a->file, &how, &s->map[0], err);
  if (status) return status;
  s->maps = 1;
  snprintf(s->map_source, sizeof s->map_source, "%s", render_base_name(a->file));
  return render_arrange_maps(a, s, false, err);
}

/* A gather, or a map where --kind says so or where one record holds positive values alone. */
static wd_status load_segy(cli *c, const render_args *a, const char *file, bool gather_only, scene *s,
                           wd_error *err) {
  if (!gather_only && (a->kind == KIND_MAP || a->contact_sheet)) return load_segy_map(a, s, err);
  if (a->index) return cli_usage_error(err, "--index %d: %s, a SEG-Y file, holds one gather", a->index, file);
  wd_segy_read how = {.dt = a->dt};
  if (strcmp(a->shot, "all") != 0) { /* alone: other shots may have other numbers of traces */
    char *end;
    long n = strtol(a->shot, &end, 10);
    if (end == a->shot || *end || n < 1 || n > WD_MAX_SHOTS)
      return cli_usage_error(err, "--shot %s: give a number from 1, or all", a->shot);
    how.shot = s->read_shot = (int)n;
  }
  wd_segy_trace *trace = NULL;
  wd_status status = wd_segy_read_gather(file, &how, &s->gather, &trace, err);
  if (status) return status;
  double spacing = a->spacing, first_x = 0;
  if (!(spacing > 0)) {
    spacing = even_spacing(trace, s->gather.receivers);
    first_x = trace[0].receiver_x;
  }
  wd_free(trace);
  bool positive = s->gather.shots == 1 && how.shot == 0; /* who asks for a shot has a gather */
  for (size_t i = 0; i < wd_gather_count(&s->gather) && positive; i++) positive = s->gather.value[i] > 0;
  if (positive && !gather_only && a->kind == KIND_AUTO) {
    cli_note(c, "%s: read as a map (--kind says otherwise)", file);
    wd_gather_clear(&s->gather);
    return load_segy_map(a, s, err);
  }
  return render_arrange_gather(a, file, 1, spacing, first_x, s, err);
}

static bool is_segy(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot && (!strcasecmp(dot, ".sgy") || !strcasecmp(dot, ".segy"));
}

/* Shapes decide where they can: two axes are a map, four with a second axis above 1 a gather. Between them,
 * velocities are positive and seismograms are not. */
static wd_status guess_kind(cli *c, const wd_npy *npy, int *kind, wd_error *err) {
  int dims = wd_npy_dims(npy);
  const size_t *shape = wd_npy_shape(npy);
  if (dims == 2 || (dims == 4 && shape[1] > 1)) {
    *kind = dims == 2 ? KIND_MAP : KIND_GATHER;
    return WD_OK;
  }
  if (wd_npy_elements(npy) == 0 || dims < 2) {
    *kind = KIND_MAP; /* whose reader then says what is wrong */
    return WD_OK;
  }
  size_t count = wd_npy_record_count(npy);
  float *value = wd_alloc(count, sizeof *value);
  if (!value) return render_no_memory(err);
  wd_status status = wd_npy_read(npy, 0, count, value, err);
  bool positive = true;
  for (size_t i = 0; i < count && !status && positive; i++) positive = value[i] > 0;
  wd_free(value);
  if (status) return status;
  *kind = positive ? KIND_MAP : KIND_GATHER;
  cli_note(c, "%s: read as %s (--kind says otherwise)", wd_npy_path(npy), positive ? "maps" : "gathers");
  return WD_OK;
}

static wd_status load_npy(cli *c, const render_args *a, scene *s, wd_error *err) {
  wd_npy *npy;
  wd_status status = wd_npy_open(a->file, &npy, err);
  if (status) return status;
  int kind = a->contact_sheet > 0 ? KIND_MAP : a->kind;
  if (kind == KIND_AUTO) status = guess_kind(c, npy, &kind, err);
  if (!status)
    status = kind == KIND_GATHER ? load_gather(a, a->file, npy, s, err) : load_maps(c, a, npy, s, err);
  wd_npy_close(npy);
  return status;
}

/* Map and gathers that a recording keeps of a position. */
static wd_status load_recording(const render_args *a, scene *s, wd_error *err) {
  if (a->beside || a->contact_sheet || a->index)
    return cli_usage_error(err, "a recording is drawn by --step and --branch, map and gathers together");
  recorded r = {0};
  wd_status status = recorded_open(a->file, a->branch, a->step, &r, err);
  if (status) return status;
  s->map = wd_calloc(1, sizeof *s->map);
  size_t last = r.count - 1; /* of all positions the last is drawn */
  if (!s->map)
    status = render_no_memory(err);
  else if (!recorded_pair(&r, last, &s->map[0], &s->gather))
    status = wd_fail(
        err, WD_ERR_UNSUPPORTED,
        "%s keeps no picture of position %d of %s: sample or decode it with the model %s (residual does)",
        a->file, r.first + (int)last, r.name, r.model);
  if (!status) {
    s->maps = 1;
    double spacing = s->map[0].spacing;
    char source[256];
    snprintf(source, sizeof source, "%s · step %d", r.name, r.first + (int)last);
    snprintf(s->map_source, sizeof s->map_source, "%s", source);
    if (a->kind != KIND_GATHER) status = render_arrange_maps(a, s, false, err);
    render_args gathers = *a; /* range and colours were meant for the map */
    if (a->kind != KIND_GATHER) gathers.range = gathers.colormap = NULL;
    if (!status && a->kind != KIND_MAP)
      status = render_arrange_gather(&gathers, source, 1, spacing, 0, s, err);
  }
  recorded_clear(&r);
  return status;
}

wd_status render_load_file(cli *c, const render_args *a, scene *s, wd_error *err) {
  if (recording_recognise(a->file)) return load_recording(a, s, err);
  if (a->step >= 0 || a->branch > 1) return cli_usage_error(err, "--step and --branch are of a recording");
  wd_status status = is_segy(a->file) ? load_segy(c, a, a->file, false, s, err) : load_npy(c, a, s, err);
  if (status || !a->beside) return status;
  if (s->has_gather) return cli_usage_error(err, "--beside goes with a map, and %s holds gathers", a->file);
  render_args beside = *a; /* range and colours were meant for the map */
  beside.range = NULL;
  beside.colormap = NULL;
  if (is_segy(a->beside)) {
    beside.index = 0;
    return load_segy(c, &beside, a->beside, true, s, err);
  }
  wd_npy *npy;
  status = wd_npy_open(a->beside, &npy, err);
  if (status) return status;
  status = load_gather(&beside, a->beside, npy, s, err);
  wd_npy_close(npy);
  return status;
}
