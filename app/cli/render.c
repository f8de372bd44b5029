/* wavediffusion-cli render: maps and gathers as PNG, PDF or SVG. */
#include "app/cli/render.h"

#include "app/cli/recording.h"
#include "app/cli/render_panels.h"
#include "solver/survey.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    {"shot", 's', CLI_TEXT, offsetof(render_args, shot), .value = "N|all",
     .help = "which shot of a gather, from 1, or all side by side [all; --panels: the view's]"},
#ifdef WD_HAVE_VIEW
    {"panels", 'p', CLI_TEXT, offsetof(render_args, panels), .value = "LIST",
     .help = "of a recording or a recipe, as the window draws them: vel, dec, gather (what its view shows of "
             "it), sim, "
             "diff, traces, res; of a comparison both sides; or "
             "wavefield; or plane, of a walk over a plane of latents; of a population (.wdpop): histogram, "
             "scatter, way (a sample's residual by step), gallery (the worst)"},
    {"receiver", 0, CLI_INT, offsetof(render_args, receiver), .min = 0, .max = WD_MAX_RECEIVERS, .value = "N",
     .help = "--panels trace: which receiver, from 1 [where the view's crosshair stands]"},
    {"time", 0, CLI_REAL, offsetof(render_args, ms), .min = -1, .max = 1e7, .value = "MS", .initial = "-1",
     .help = "--panels wavefield: the time in milliseconds [the view's]"},
    {"margin", 0, CLI_FLAG, offsetof(render_args, margin),
     .help = "--panels wavefield: with the absorbing cells"},
    {"probe", 0, CLI_TEXT, offsetof(render_args, probe), .value = "X,Z|none",
     .help = "--panels wavefield: metres of the place whose trace is drawn"},
    {"cells", 0, CLI_INT, offsetof(render_args, cells), .min = 0, .max = 32, .value = "N",
     .help = "--panels plane: with a map of N x N residuals (live mode), which are made now"},
    {"by", 0, CLI_TEXT, offsetof(render_args, by), .value = "FIGURE",
     .help = "--panels of a population: the figure that is drawn, as rank names them [reflection_residual]"},
    {"over", 0, CLI_TEXT, offsetof(render_args, over), .value = "FIGURE",
     .help = "--panels scatter: the horizontal axis [window_shift]"},
    {"filter", 0, CLI_TEXT, offsetof(render_args, filter), .value = "EXPR",
     .help = "--panels of a population: only samples that it takes, as rank has it"},
    {"sample", 0, CLI_TEXT, offsetof(render_args, sample), .value = "SEED",
     .help = "--panels way: which sample, by its seed [the worst]"},
    {"epsilon", 0, CLI_TEXT, offsetof(render_args, epsilon), .value = "X",
     .help = "--panels of a population: the limit beyond which a sample fails [the model's epsilon where its "
             "evaluation is at hand, else the 95th percentile]"},
    {"by-family", 0, CLI_FLAG, offsetof(render_args, by_family),
     .help = "--panels histogram: a line for each family"},
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
  if (!recipe) return render_no_memory(err);
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
  const long shot = !a->shot ? -1 : strcmp(a->shot, "all") == 0 ? 0 : strtol(a->shot, &end, 10);
  if (shot && a->shot && (end == a->shot || *end || shot < 1 || shot > WD_MAX_SHOTS))
    return cli_usage_error(err, "--shot %s: give a number from 1, or all", a->shot);
  double epsilon = NAN;
  if (a->epsilon) {
    epsilon = strtod(a->epsilon, &end);
    if (end == a->epsilon || *end || !isfinite(epsilon))
      return cli_usage_error(err, "--epsilon %s: give a number", a->epsilon);
  }
  const render_panels_args p = {.file = a->file,
                                .output = a->output,
                                .panels = a->panels,
                                .model = a->model,
                                .device = a->device,
                                .title = a->title,
                                .probe = a->probe,
                                .by = a->by,
                                .over = a->over,
                                .filter = a->filter,
                                .sample = a->sample,
                                .epsilon = epsilon,
                                .by_family = a->by_family,
                                .cells = a->cells,
                                .receiver = a->receiver,
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

/* A figure of a population is drawn again from its own recipe; what else is given on the command line is
 * taken. */
static bool run_recipe(cli *c, const render_args *a, wd_status *st, wd_error *err) {
  json_t *recipe = NULL;
  render_panels_args p = {.output = a->output,
                          .title = a->title,
                          .epsilon = NAN,
                          .width_mm = a->width_mm,
                          .dpi = a->dpi,
                          .dark = a->theme == 1};
  if (!a->file || !render_population_recipe(a->file, &p, &recipe)) return false;
  *st = render_population(c, &p, err);
  json_decref(recipe);
  return true;
}
#endif

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  const render_args *a = arguments;
#ifdef WD_HAVE_VIEW
  if (a->panels) return run_panels(c, a, err);
  wd_status drawn = WD_OK;
  if (run_recipe(c, a, &drawn, err)) return drawn;
#endif
  render_args whole = *a;
  if (!whole.shot) whole.shot = "all";
  a = &whole;
  if (a->families == (a->file != NULL)) return cli_usage_error(err, "give either FILE or --families");
  if (a->families && (a->contact_sheet || a->beside || a->survey))
    return cli_usage_error(err, "--families goes with neither --contact-sheet, --beside nor --survey");
  if (a->contact_sheet && (a->kind == KIND_GATHER || a->beside))
    return cli_usage_error(err, "--contact-sheet is for maps alone");
  wd_figure_format format; /* a wrong ending is known before anything is read */
  wd_status status = wd_figure_format_of(a->output, &format, err);
  if (status) return status;
  scene s = {0};
  status = a->families ? render_load_families(a, &s, err) : render_load_file(c, a, &s, err);
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
  render_scene_clear(&s);
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
        "wavediffusion-cli render walk.wdrun --panels plane --cells 16 -o plane.png\n"
        "wavediffusion-cli render samples.wdpop --panels histogram,scatter --by r_R --over lag -o "
        "failures.pdf\n"
        "wavediffusion-cli render samples.wdpop --panels gallery --filter \"flag = reflector\" -o worst.png\n"
        "wavediffusion-cli render worst.png --theme dark -o again.png\n"
        "wavediffusion-cli render --families -o families.png\n",
    .operand = operands,
    .option = options,
    .size = sizeof(render_args),
    .run = run,
};
