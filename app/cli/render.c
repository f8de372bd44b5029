/* wavediffusion-cli render: maps and gathers as PNG, PDF or SVG. */
#include "app/cli/recording.h"
#include "app/cli/render_panels.h"

#include "render/figure.h"
#include "solver/family.h"
#include "solver/memory.h"
#include "solver/npy.h"
#include "solver/segy.h"
#include "solver/survey.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { KIND_AUTO, KIND_MAP, KIND_GATHER };
enum { MODE_VD, MODE_WIGGLE, MODE_VA, MODE_VD_WIGGLE };
enum { MAX_SHEET = 400, MAX_SHOTS_DRAWN = 20, FAMILY_SAMPLES = 8 };

typedef struct render_args {
  const char *file, *output, *shot, *colormap, *range, *title, *beside;
  const char *panels, *model, *device, *probe;
  int kind, index, mode, theme, contact_sheet, step, branch;
  double ms, clip, gain, width_mm, dpi, spacing, dt, agc, excursion;
  bool margin, families, smooth, normalise, flip, survey;
  uint64_t seed;
} render_args;

static const cli_operand operands[] = {
    {"FILE", offsetof(render_args, file), false,
     ".npy or SEG-Y file (.sgy, .segy) of maps or gathers, or a recording (.wdrun); not with --families"},
    {0}};

static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, offsetof(render_args, output), .required = true, .value = "PICTURE",
     .help = "file to write, ending in .png, .pdf or .svg"},
    {"kind", 'k', CLI_CHOICE, offsetof(render_args, kind), .choices = "auto|map|gather", .initial = "auto",
     .help = "what FILE holds; auto goes by shape and sign"},
    {"index", 'i', CLI_INT, offsetof(render_args, index), .min = 0, .max = 1e9, .value = "I", .initial = "0",
     .help = "which map or gather of FILE, from 0"},
    CLI_RECORDING_OPTIONS(render_args),
    {"shot", 's', CLI_TEXT, offsetof(render_args, shot), .value = "N|all", .initial = "all",
     .help = "which shot of a gather, from 1, or all side by side"},
#ifdef WD_HAVE_VIEW
    {"panels", 'p', CLI_TEXT, offsetof(render_args, panels), .value = "LIST",
     .help = "of a recording or a recipe, as the window draws them: vel, dec, sim, diff, traces, res; or "
             "wavefield"},
    {"time", 0, CLI_REAL, offsetof(render_args, ms), .min = -1, .max = 1e7, .value = "MS", .initial = "-1",
     .help = "--panels wavefield: the time in milliseconds [the view's]"},
    {"margin", 0, CLI_FLAG, offsetof(render_args, margin),
     .help = "--panels wavefield: with the absorbing cells"},
    {"probe", 0, CLI_TEXT, offsetof(render_args, probe), .value = "X,Z|none",
     .help = "--panels wavefield: metres of the place whose trace is drawn"},
    {"model", 'M', CLI_TEXT, offsetof(render_args, model), .value = "M",
     .help = "--panels: model that makes what the file does not keep [the file's own]"},
    CLI_DEVICE_OPTION(render_args),
#endif
    {"beside", 'b', CLI_TEXT, offsetof(render_args, beside), .value = "FILE",
     .help = "draw the gather of the same index of this file beside a map"},
    {"contact-sheet", 0, CLI_INT, offsetof(render_args, contact_sheet), .min = 1, .max = MAX_SHEET,
     .value = "N", .help = "N maps in a grid, from --index on"},
    {"families", 0, CLI_FLAG, offsetof(render_args, families),
     .help = "a contact sheet of generated maps instead of FILE: ten families, eight maps each"},
    {"seed", 0, CLI_UINT64, offsetof(render_args, seed), .value = "S", .initial = "1",
     .help = "seed of the maps of --families"},
    {"mode", 'm', CLI_CHOICE, offsetof(render_args, mode), .choices = "vd|wiggle|va|vd+wiggle",
     .initial = "vd", .help = "gathers as variable density, wiggles, wiggles with filled area, or both"},
    {"excursion", 0, CLI_REAL, offsetof(render_args, excursion), .min = 0.1, .max = 100, .value = "X",
     .initial = "1", .help = "how far wiggles reach at the end of the range, in trace spacings"},
    {"colormap", 'c', CLI_TEXT, offsetof(render_args, colormap), .value = "NAME",
     .help =
         "strata (default for maps), viridis, cividis, turbo, gray (default for gathers), seismic, rainbow "
         "(or jet), difference"},
    {"range", 'r', CLI_TEXT, offsetof(render_args, range), .value = "LO:HI",
     .help = "values at the ends of the colours; else 1500:4500 for velocities, --clip for the rest"},
    {"clip", 0, CLI_REAL, offsetof(render_args, clip), .min = 50, .max = 100, .value = "P",
     .help = "colours span this percentage of the values [99], symmetric about 0 for gathers"},
    {"gain", 'g', CLI_REAL, offsetof(render_args, gain), .min = -200, .max = 200, .value = "DB",
     .help = "display gain in decibels: narrows the range"},
    {"agc", 0, CLI_REAL, offsetof(render_args, agc), .min = 0, .max = 1e6, .value = "MS",
     .help = "automatic gain control over a window of this length (display only)"},
    {"normalise", 0, CLI_FLAG, offsetof(render_args, normalise),
     .help = "every trace to its own peak (display only)"},
    {"flip", 0, CLI_FLAG, offsetof(render_args, flip), .help = "reverse the polarity (display only)"},
    {"smooth", 0, CLI_FLAG, offsetof(render_args, smooth), .help = "interpolate between cells"},
    {"survey", 0, CLI_FLAG, offsetof(render_args, survey),
     .help = "mark OpenFWI's five sources and its receivers on a map"},
    {"spacing", 0, CLI_REAL, offsetof(render_args, spacing), .min = 1e-6, .max = 1e9, .value = "M",
     .help = "metres between cells and receivers [10; SEG-Y: what the headers say]"},
    {"dt", 0, CLI_REAL, offsetof(render_args, dt), .min = 1e-9, .max = 1e3, .value = "S",
     .help = "seconds between samples [0.001; SEG-Y: what the headers say]"},
    {"width-mm", 'w', CLI_REAL, offsetof(render_args, width_mm), .min = 10, .max = 5000, .value = "W",
     .help = "width of the picture in millimetres [170; a single map or shot 90]"},
    {"dpi", 0, CLI_REAL, offsetof(render_args, dpi), .min = 20, .max = 2400, .value = "D", .initial = "300",
     .help = "resolution of a PNG, and of what PDF and SVG hold as pixels"},
    {"theme", 't', CLI_CHOICE, offsetof(render_args, theme), .choices = "light|dark", .initial = "light",
     .help = "dark letters on white, or light ones on near-black"},
    {"title", 0, CLI_TEXT, offsetof(render_args, title), .value = "TEXT", .help = "a line above the picture"},
    {0}};

/* What a picture borrows, released at the end. */
typedef struct scene {
  wd_map *map; /* maps */
  int maps;
  wd_gather gather;
  float *shown; /* the gather after display processing */
  wd_facet *map_facet, *shot_facet;
  char (*caption)[48];
  wd_mark *mark;
  wd_panel map_panel, gather_panel;
  char map_source[256], gather_source[256], badge[96];
  const char *row_label[WD_FAMILIES];
  bool has_map, has_gather;
  int read_shot; /* the gather is this shot alone of its file, from 1 (0: all are there) */
} scene;

static void scene_clear(scene *s) {
  for (int i = 0; i < s->maps; i++) wd_map_clear(&s->map[i]);
  wd_free(s->map);
  wd_gather_clear(&s->gather);
  wd_free(s->shown);
  wd_free(s->map_facet);
  wd_free(s->shot_facet);
  wd_free(s->caption);
  wd_free(s->mark);
}

static wd_status no_memory(wd_error *err) {
  return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the picture");
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

/* LO:HI with nothing after it. */
static wd_status parse_range(const char *text, double *lo, double *hi, wd_error *err) {
  char *end;
  *lo = strtod(text, &end);
  if (end != text && *end == ':') {
    const char *second = end + 1;
    *hi = strtod(second, &end);
    if (end != second && !*end && isfinite(*lo) && isfinite(*hi) && *lo < *hi) return WD_OK;
  }
  return cli_usage_error(err, "--range %s: give two numbers, the smaller first, as 1500:4500", text);
}

static wd_status range_of(const render_args *a, bool symmetric, bool velocity, const float *value,
                          size_t count, wd_range *out, wd_error *err) {
  wd_range_desc d = {.clip = a->clip, .gain = a->gain, .symmetric = symmetric};
  if (a->range) {
    wd_status status = parse_range(a->range, &d.lo, &d.hi, err);
    if (status) return status;
    d.mode = WD_RANGE_MANUAL;
  } else if (velocity && !(a->clip > 0)) {
    bool inside = true;
    for (size_t i = 0; i < count && inside; i++)
      inside = value[i] >= WD_VELOCITY_LO && value[i] <= WD_VELOCITY_HI;
    d.mode = inside ? WD_RANGE_FIXED : WD_RANGE_FULL;
    d.lo = WD_VELOCITY_LO;
    d.hi = WD_VELOCITY_HI;
  }
  return wd_range_find(&d, value, count, out, err);
}

static wd_status colormap_of(const render_args *a, wd_colormap usual, wd_colormap *out, wd_error *err) {
  *out = usual;
  if (!a->colormap || wd_colormap_find(a->colormap, out)) return WD_OK;
  return cli_usage_error(err, "--colormap %s: there are %s", a->colormap, wd_colormap_names());
}

/* ---- maps */

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

static wd_status mark_survey(scene *s, double spacing, wd_error *err) {
  const wd_map *map = &s->map[0];
  wd_survey *survey;
  wd_status status =
      wd_survey_create(&(wd_survey_desc){.nz = map->nz, .nx = map->nx, .spacing = spacing}, &survey, err);
  if (status) return status;
  s->mark = wd_calloc((size_t)(survey->shots + survey->receivers), sizeof *s->mark);
  if (!s->mark) {
    wd_survey_destroy(survey);
    return no_memory(err);
  }
  for (int i = 0; i < survey->shots; i++)
    s->mark[i] = (wd_mark){survey->source[i].x * spacing, survey->source[i].z * spacing};
  for (int i = 0; i < survey->receivers; i++)
    s->mark[survey->shots + i] = (wd_mark){survey->receiver[i].x * spacing, survey->receiver[i].z * spacing};
  for (int i = 0; i < s->maps; i++) {
    s->map_facet[i].source = s->mark;
    s->map_facet[i].sources = survey->shots;
    s->map_facet[i].receiver = s->mark + survey->shots;
    s->map_facet[i].receivers = survey->receivers;
  }
  wd_survey_destroy(survey);
  return WD_OK;
}

/* The panel of s->map[0..maps-1], which all have one size; one range for all of them. */
static wd_status arrange_maps(const render_args *a, scene *s, bool sheet, wd_error *err) {
  size_t cells = (size_t)s->map[0].nz * (size_t)s->map[0].nx;
  s->map_facet = wd_calloc((size_t)s->maps, sizeof *s->map_facet);
  float *all = wd_alloc(cells * (size_t)s->maps, sizeof *all);
  if (!s->map_facet || !all) {
    wd_free(all);
    return no_memory(err);
  }
  bool positive = true;
  for (int i = 0; i < s->maps; i++) {
    memcpy(all + (size_t)i * cells, s->map[i].value, cells * sizeof *all);
    for (size_t k = 0; k < cells && positive; k++) positive = s->map[i].value[k] > 0;
  }
  wd_range range;
  wd_status status = range_of(a, !positive, positive, all, cells * (size_t)s->maps, &range, err);
  wd_free(all);
  wd_colormap colormap;
  if (!status)
    status = colormap_of(a, positive ? WD_COLORMAP_STRATA : WD_COLORMAP_DIFFERENCE, &colormap, err);
  if (status) return status;
  if (sheet) {
    wd_contact_sheet(s->map, s->maps, NULL, 0, s->map_facet, &s->map_panel);
  } else {
    s->map_facet[0].value = s->map[0].value;
    s->map_panel = wd_panel_of_map(&s->map[0], s->map_facet, 1);
  }
  wd_panel *p = &s->map_panel;
  if (!positive) p->title = p->quantity = "Value";
  p->source = s->map_source;
  p->range = range;
  p->colormap = colormap;
  p->smooth = a->smooth;
  s->has_map = true;
  return a->survey ? mark_survey(s, s->map[0].spacing, err) : WD_OK;
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
  if (!s->map) return no_memory(err);
  for (; s->maps < wanted; s->maps++) {
    status = read_any_map(npy, (size_t)(a->index + s->maps), a->spacing > 0 ? a->spacing : 10,
                          &s->map[s->maps], err);
    if (status) return status;
  }
  if (wanted > 1)
    snprintf(s->map_source, sizeof s->map_source, "%s · %d to %d", base_name(a->file), a->index,
             a->index + wanted - 1);
  else if (count > 1)
    snprintf(s->map_source, sizeof s->map_source, "%s · %d", base_name(a->file), a->index);
  else
    snprintf(s->map_source, sizeof s->map_source, "%s", base_name(a->file));
  return arrange_maps(a, s, a->contact_sheet > 0, err);
}

static wd_status load_families(const render_args *a, scene *s, wd_error *err) {
  s->map = wd_calloc(WD_FAMILIES * FAMILY_SAMPLES, sizeof *s->map);
  if (!s->map) return no_memory(err);
  for (; s->maps < WD_FAMILIES * FAMILY_SAMPLES; s->maps++) {
    wd_family family = (wd_family)(s->maps / FAMILY_SAMPLES);
    wd_status status =
        wd_family_generate(family, a->seed, (uint64_t)(s->maps % FAMILY_SAMPLES), &s->map[s->maps], err);
    if (status) return status;
    s->row_label[family] = wd_family_display_name(family);
  }
  snprintf(s->map_source, sizeof s->map_source, "ten families, seed %llu, maps 0 to %d",
           (unsigned long long)a->seed, FAMILY_SAMPLES - 1);
  wd_status status = arrange_maps(a, s, true, err);
  s->map_panel.title = "Generated velocity maps";
  s->map_panel.facet_columns = FAMILY_SAMPLES;
  s->map_panel.row_label = s->row_label;
  return status;
}

/* ---- gathers */

static wd_status parse_shot(const char *text, int shots, int *first, int *count, wd_error *err) {
  *first = 0;
  *count = shots;
  if (strcmp(text, "all") == 0) {
    if (shots <= MAX_SHOTS_DRAWN) return WD_OK;
    return cli_usage_error(err, "%d shots are too many side by side; choose one with --shot", shots);
  }
  char *end;
  long n = strtol(text, &end, 10);
  if (end == text || *end || n < 1 || n > shots)
    return cli_usage_error(err, "--shot %s: give 1 to %d, or all", text, shots);
  *first = (int)n - 1;
  *count = 1;
  return WD_OK;
}

/* The panel of s->gather, whose receivers stand every `spacing` metres from `first_x` (spacing 0: unknown).
 */
static wd_status arrange_gather(const render_args *a, const char *file, size_t count, double spacing,
                                double first_x, scene *s, wd_error *err) {
  const wd_gather *g = &s->gather;
  int first, shots;
  wd_status status = parse_shot(s->read_shot ? "all" : a->shot, g->shots, &first, &shots, err);
  if (status) return status;
  size_t one = (size_t)g->samples * (size_t)g->receivers;
  s->shown = wd_alloc(one * (size_t)shots, sizeof *s->shown);
  s->shot_facet = wd_calloc((size_t)shots, sizeof *s->shot_facet);
  s->caption = wd_calloc((size_t)shots, sizeof *s->caption);
  if (!s->shown || !s->shot_facet || !s->caption) return no_memory(err);
  wd_display display = {.agc = a->agc / 1000, .normalise = a->normalise, .flip = a->flip};
  for (int i = 0; i < shots && !status; i++) {
    status = wd_display_apply(&display, g->value + (size_t)(first + i) * one, g->samples, g->receivers, g->dt,
                              s->shown + (size_t)i * one, err);
    snprintf(s->caption[i], sizeof s->caption[i], "shot %d", first + i + 1);
    s->shot_facet[i] =
        (wd_facet){.value = s->shown + (size_t)i * one, .caption = shots > 1 ? s->caption[i] : NULL};
  }
  s->gather_panel = wd_panel_of_gather(g, spacing, s->shot_facet, shots);
  wd_panel *p = &s->gather_panel;
  if (spacing > 0) {
    p->x.lo += first_x;
    p->x.hi += first_x;
  }
  if (!status) status = range_of(a, true, false, s->shown, one * (size_t)shots, &p->range, err);
  if (!status) status = colormap_of(a, WD_COLORMAP_GRAY, &p->colormap, err);
  if (status) return status;
  static const wd_panel_mode mode[] = {WD_PANEL_DENSITY, WD_PANEL_WIGGLE, WD_PANEL_AREA,
                                       WD_PANEL_DENSITY_WIGGLE};
  p->mode = mode[a->mode];
  p->excursion = a->excursion;
  p->smooth = a->smooth;
  size_t n = (size_t)snprintf(s->gather_source, sizeof s->gather_source, "%s", base_name(file));
  if (count > 1 && n < sizeof s->gather_source)
    n += (size_t)snprintf(s->gather_source + n, sizeof s->gather_source - n, " · %d", a->index);
  if (shots == 1 && n < sizeof s->gather_source) {
    if (s->read_shot)
      snprintf(s->gather_source + n, sizeof s->gather_source - n, " · shot %d", s->read_shot);
    else
      snprintf(s->gather_source + n, sizeof s->gather_source - n, " · shot %d of %d", first + 1, g->shots);
  }
  p->source = s->gather_source;
  wd_display_text(&display, s->badge, sizeof s->badge);
  p->badge[0] = s->badge;
  s->has_gather = true;
  return WD_OK;
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
  return status ? status : arrange_gather(a, file, count, a->spacing > 0 ? a->spacing : 10, 0, s, err);
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
  if (!s->map) return no_memory(err);
  wd_segy_read how = {.spacing = a->spacing};
  wd_status status = wd_segy_read_map(a->file, &how, &s->map[0], err);
  if (status) return status;
  s->maps = 1;
  snprintf(s->map_source, sizeof s->map_source, "%s", base_name(a->file));
  return arrange_maps(a, s, false, err);
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
  return arrange_gather(a, file, 1, spacing, first_x, s, err);
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
  if (!value) return no_memory(err);
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
    status = no_memory(err);
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
    if (a->kind != KIND_GATHER) status = arrange_maps(a, s, false, err);
    render_args gathers = *a; /* range and colours were meant for the map */
    if (a->kind != KIND_GATHER) gathers.range = gathers.colormap = NULL;
    if (!status && a->kind != KIND_MAP) status = arrange_gather(&gathers, source, 1, spacing, 0, s, err);
  }
  recorded_clear(&r);
  return status;
}

static wd_status load_file(cli *c, const render_args *a, scene *s, wd_error *err) {
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

/* ---- the picture */

static json_t *panel_recipe(const wd_panel *p) {
  return json_pack("{s:s, s:s, s:[f,f], s:s}", "source", p->source, "colormap",
                   wd_colormap_describe(p->colormap)->name, "range", p->range.lo, p->range.hi, "range_mode",
                   p->range.text);
}

/* What makes the picture again, in the names of the options. */
static char *recipe_of(const render_args *a, const scene *s) {
  static const char *const mode[] = {"vd", "wiggle", "va", "vd+wiggle"};
  json_t *o =
      json_pack("{s:s, s:s, s:s, s:i, s:s, s:s}", "program", "wavediffusion-cli", "version", WD_VERSION,
                "command", "render", "index", a->index, "shot", a->shot, "mode", mode[a->mode]);
  if (!o) return NULL;
  if (a->file) json_object_set_new(o, "file", json_string(a->file));
  if (a->beside) json_object_set_new(o, "beside", json_string(a->beside));
  if (a->families) json_object_set_new(o, "seed", json_integer((json_int_t)a->seed));
  if (a->families) json_object_set_new(o, "families", json_true());
  if (a->contact_sheet) json_object_set_new(o, "contact_sheet", json_integer(a->contact_sheet));
  json_object_set_new(o, "gain", json_real(a->gain));
  json_object_set_new(o, "agc", json_real(a->agc));
  json_object_set_new(o, "normalise", json_boolean(a->normalise));
  json_object_set_new(o, "flip", json_boolean(a->flip));
  json_object_set_new(o, "smooth", json_boolean(a->smooth));
  json_object_set_new(o, "excursion", json_real(a->excursion));
  if (a->spacing > 0) json_object_set_new(o, "spacing", json_real(a->spacing));
  if (a->dt > 0) json_object_set_new(o, "dt", json_real(a->dt));
  if (s->has_map) json_object_set_new(o, "map", panel_recipe(&s->map_panel));
  if (s->has_gather) json_object_set_new(o, "gather", panel_recipe(&s->gather_panel));
  char *text = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER);
  json_decref(o);
  return text;
}

static wd_status write_picture(const render_args *a, const scene *s, wd_error *err) {
  wd_figure_item item[2];
  int items = 0;
  bool both = s->has_map && s->has_gather;
  if (s->has_map) item[items++] = (wd_figure_item){.panel = &s->map_panel, .span = both ? 2 : 1};
  if (s->has_gather) item[items++] = (wd_figure_item){.panel = &s->gather_panel, .span = both ? 3 : 1};
  bool single = items == 1 && item[0].panel->facets == 1;
  char *recipe = recipe_of(a, s);
  if (!recipe) return no_memory(err);
  wd_figure figure = {.item = item,
                      .items = items,
                      .columns = both ? 5 : 1,
                      .width_mm = a->width_mm > 0 ? a->width_mm
                                  : single        ? 90
                                                  : 170,
                      .dpi = a->dpi,
                      .style = {.dark = a->theme == 1},
                      .title = a->title,
                      .recipe = recipe};
  wd_status status = wd_figure_write(&figure, a->output, err);
  free(recipe);
  return status;
}

#ifdef WD_HAVE_VIEW
static wd_status run_panels(cli *c, const render_args *a, wd_error *err) {
  if (!a->file || a->families || a->contact_sheet || a->beside)
    return cli_usage_error(err, "--panels takes a FILE and none of --families, --contact-sheet, --beside");
  char *end;
  const long shot = strcmp(a->shot, "all") == 0 ? 0 : strtol(a->shot, &end, 10);
  if (strcmp(a->shot, "all") != 0 && (end == a->shot || *end || shot < 1 || shot > WD_MAX_SHOTS))
    return cli_usage_error(err, "--shot %s: give a number from 1", a->shot);
  const render_panels_args p = {.file = a->file,
                                .output = a->output,
                                .panels = a->panels,
                                .model = a->model,
                                .device = a->device,
                                .title = a->title,
                                .probe = a->probe,
                                .shot = (int)shot,
                                .branch = a->branch,
                                .step = a->step,
                                .width_mm = a->width_mm,
                                .dpi = a->dpi,
                                .ms = a->ms,
                                .dark = a->theme == 1,
                                .margin = a->margin};
  return render_panels(c, &p, err);
}
#endif

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  const render_args *a = arguments;
#ifdef WD_HAVE_VIEW
  if (a->panels) return run_panels(c, a, err);
#endif
  if (a->families == (a->file != NULL)) return cli_usage_error(err, "give either FILE or --families");
  if (a->families && (a->contact_sheet || a->beside || a->survey))
    return cli_usage_error(err, "--families goes with neither --contact-sheet, --beside nor --survey");
  if (a->contact_sheet && (a->kind == KIND_GATHER || a->beside))
    return cli_usage_error(err, "--contact-sheet is for maps alone");
  wd_figure_format format; /* a wrong ending is known before anything is read */
  wd_status status = wd_figure_format_of(a->output, &format, err);
  if (status) return status;
  scene s = {0};
  status = a->families ? load_families(a, &s, err) : load_file(c, a, &s, err);
  if (!status && cli_cancelled(c))
    status = wd_fail(err, WD_CANCELLED, "stopped; %s was not written", a->output);
  if (!status) status = write_picture(a, &s, err);
  if (!status && c->json) {
    char *recipe = recipe_of(a, &s);
    json_t *value =
        recipe ? json_pack("{s:s, s:o}", "output", a->output, "recipe", json_loads(recipe, 0, NULL)) : NULL;
    free(recipe);
    status = cli_print_json(value, err);
  }
  scene_clear(&s);
  return status;
}

const cli_command cli_render = {
    .name = "render",
    .summary = "draw maps and gathers as PNG, PDF or SVG",
    .details =
        "Draws a map or a gather with axes, units and a colour bar. What display options change (range, "
        "gain, "
        "AGC) is written on the picture, and the file carries the recipe that made it: in PNG as the text "
        "chunk wavediffusion:run, in PDF as keywords, in SVG as metadata.",
    .example =
        "wavediffusion-cli render velocity.npy -o velocity.png\n"
        "wavediffusion-cli render seismic.npy --shot 3 --mode va -o shot3.pdf\n"
        "wavediffusion-cli render velocity.npy --beside seismic.npy --survey -o pair.png\n"
        "wavediffusion-cli render run.wdrun --step 8 -o step8.png\n"
        "wavediffusion-cli render run.wdrun --panels vel,dec,sim,diff,res --step 8 --dpi 300 -o fig.pdf\n"
        "wavediffusion-cli render --families -o families.png\n",
    .operand = operands,
    .option = options,
    .size = sizeof(render_args),
    .run = run,
};
