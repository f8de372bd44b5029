/* wavediffusion-cli movie: a wavefield, or the steps of a run, as pictures or as a video. */
#include "app/cli/movie.h"

#include "app/cli/plan.h"

#include "app/reel.h"
#include "app/status_error.h"
#include "solver/memory.h"
#include "solver/npy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS, WAVEFIELD };

typedef struct movie_args {
  const char *file, *output, *model, *device, *probe, *panels;
  int what, shot, branch, step, index, theme, mode, compare, dpi;
  double fps, speed, width_mm, font, clip, from, to, spacing, dt, frequency;
  bool margin, no_isochrones, dry_run;
} movie_args;

static const cli_operand operands[] = {
    {"RUN", offsetof(movie_args, file), true,
     "a recording (.wdrun), a recipe (JSON, or a picture that carries one), or velocity maps (.npy)"},
    {0}};

static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, offsetof(movie_args, output), .required = true, .value = "FOLDER|VIDEO",
     .help =
         "a folder of pictures, or, where ffmpeg is on the PATH, a video: FILE.mp4, FILE.webm or FILE.gif"},
    {"what", 0, CLI_CHOICE, offsetof(movie_args, what), .choices = "steps|wavefield", .initial = "wavefield",
     .help = "the run's steps one after another, or the wave of one shot through the map of one step"},
    {"fps", 0, CLI_REAL, offsetof(movie_args, fps), .min = 0.1, .max = 240, .initial = "12",
     .help = "frames a second"},
    {"speed", 0, CLI_REAL, offsetof(movie_args, speed), .min = 0.1, .max = 1e5, .value = "MS",
     .initial = "200", .help = "wavefield: milliseconds of the wave in a second of the movie"},
    {"from", 0, CLI_REAL, offsetof(movie_args, from), .min = 0, .max = 1e7, .value = "T",
     .help = "the first frame: milliseconds of a wavefield, position of a run [0]"},
    {"to", 0, CLI_REAL, offsetof(movie_args, to), .min = 0, .max = 1e7, .value = "T",
     .help = "the last frame [the end]"},
    {"shot", 's', CLI_INT, offsetof(movie_args, shot), .min = 1, .max = 1000, .value = "N",
     .help = "which shot, from 1 [the view's; a map's middle one]"},
    {"branch", 0, CLI_INT, offsetof(movie_args, branch), .min = 1, .max = 1000000, .value = "N",
     .initial = "1", .help = "of a recording: which run or branch, from 1 in order of making"},
    {"step", 0, CLI_INT, offsetof(movie_args, step), .min = -1, .max = 1000000, .value = "K", .initial = "-1",
     .help = "wavefield: of which step's map [the last]"},
    {"index", 'i', CLI_INT, offsetof(movie_args, index), .min = 0, .max = 1e9, .value = "I", .initial = "0",
     .help = "of a .npy: which map, from 0"},
    CLI_MODE_OPTION(movie_args),
    {"margin", 0, CLI_FLAG, offsetof(movie_args, margin), .help = "wavefield: show the absorbing cells too"},
    {"no-isochrones", 0, CLI_FLAG, offsetof(movie_args, no_isochrones),
     .help = "wavefield: without the lines of equal first arrival"},
    {"compare", 0, CLI_CHOICE, offsetof(movie_args, compare), .choices = "view|alone|ghost|beside",
     .initial = "view",
     .help = "wavefield: the decoded gather not at all, faint under the record, or beside it"},
    {"probe", 0, CLI_TEXT, offsetof(movie_args, probe), .value = "X,Z|none",
     .help = "wavefield: metres of the place whose trace is drawn [the view's]"},
    {"clip", 0, CLI_REAL, offsetof(movie_args, clip), .min = 0, .max = 1e30, .value = "P",
     .help = "wavefield: the pressure that ends the colours [97 % of all times]"},
    {"panels", 'p', CLI_TEXT, offsetof(movie_args, panels), .value = "LIST",
     .help = "steps: of vel, dec, sim, diff, traces, res [vel,dec,diff,res]"},
    {"width-mm", 'w', CLI_REAL, offsetof(movie_args, width_mm), .min = 10, .max = 2000, .value = "W",
     .initial = "170", .help = "width of the pictures in millimetres"},
    {"dpi", 0, CLI_INT, offsetof(movie_args, dpi), .min = 20, .max = 1200, .initial = "150",
     .help = "resolution of the pictures"},
    {"font", 0, CLI_REAL, offsetof(movie_args, font), .min = 2, .max = 60, .value = "PT", .initial = "8",
     .help = "size of the letters in points"},
    {"theme", 't', CLI_CHOICE, offsetof(movie_args, theme), .choices = "light|dark", .initial = "light",
     .help = "dark letters on white, or light ones on near-black"},
    {"spacing", 0, CLI_REAL, offsetof(movie_args, spacing), .min = 1e-6, .max = 1e6, .value = "M",
     .initial = "10", .help = "of a .npy: metres between cells"},
    {"dt", 0, CLI_REAL, offsetof(movie_args, dt), .min = 1e-9, .max = 10, .value = "S", .initial = "0.001",
     .help = "of a .npy: seconds between samples"},
    {"frequency", 'f', CLI_REAL, offsetof(movie_args, frequency), .min = 1e-6, .max = 1e9, .value = "HZ",
     .initial = "15", .help = "of a .npy: peak frequency of the Ricker wavelet"},
    {"model", 'M', CLI_TEXT, offsetof(movie_args, model), .value = "M",
     .help = "model that makes what the file does not keep [the recording's or the recipe's own]"},
    CLI_DEVICE_OPTION(movie_args),
    CLI_DRY_RUN_OPTION(movie_args),
    {0}};

wd_status movie_probe(const char *text, WdWaveLook *look, wd_error *err) {
  if (!text) return WD_OK;
  look->probe = strcmp(text, "none") != 0;
  if (!look->probe) return WD_OK;
  char *end;
  look->probe_x = strtod(text, &end);
  if (end != text && *end == ',') {
    const char *second = end + 1;
    look->probe_z = strtod(second, &end);
    if (end != second && !*end && isfinite(look->probe_x) && isfinite(look->probe_z)) return WD_OK;
  }
  return cli_usage_error(err, "--probe %s: give metres as 520,10, or none", text);
}

wd_status movie_panels(const char *text, guint *parts, bool *wavefield, wd_error *err) {
  static const struct {
    const char *name;
    guint part;
    bool still; /* not of a movie: it is made at rest */
  } known[] = {{"vel", WD_FIGURE_VELOCITY},    {"dec", WD_FIGURE_GATHER},
               {"gather", WD_FIGURE_GATHER},   {"sim", WD_FIGURE_SIMULATED},
               {"diff", WD_FIGURE_DIFFERENCE}, {"traces", WD_FIGURE_TRACES},
               {"res", WD_FIGURE_PLOT},        {"trace", WD_FIGURE_TRACE, true},
               {"lags", WD_FIGURE_LAGS, true}, {"arrivals", WD_FIGURE_ARRIVALS, true}};
  *parts = 0;
  g_auto(GStrv) words = g_strsplit(text, ",", -1);
  for (char **w = words; *w; w++) {
    bool found = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
      if (!strcmp(*w, known[i].name) && (wavefield || !known[i].still)) {
        *parts |= known[i].part;
        found = true;
      }
    if (wavefield && !strcmp(*w, "wavefield")) *wavefield = found = true;
    if (!found)
      return cli_usage_error(err, "--panels: there is no \"%s\"; vel, dec, gather, sim, diff, traces, res%s",
                             *w, wavefield ? ", trace, lags, arrivals, wavefield" : "");
  }
  return WD_OK;
}

static wd_status from_error(GError *error, wd_error *err) {
  wd_status st = wd_fail(err, wd_status_of_error(error), "%s", error->message);
  g_error_free(error);
  return st;
}

wd_status movie_wavefield(cli *c, const char *device, const WdWavefieldAsk *ask, WdWavefield **out,
                          wd_error *err) {
  wd_device *d = NULL;
  /* One shot is one core's work (app/engine_wavefield.c). */
  wd_status st = cli_open_device(c, !strcmp(device, "cpu") || !strcmp(device, "auto") ? "cpu:1" : device,
                                 wd_wave_mode_name(ask->mode), &d, err);
  if (st) return st;
  cli_progress_begin(c, "propagate", "shots", 1, 0);
  st = wd_wavefield_make(d, ask, &c->hooks, out, err);
  if (!st) cli_progress_end(c);
  wd_device_close(d);
  return st;
}

/* What a movie is made of. */
typedef struct scene {
  replay run;   /* session NULL: a map */
  WdView *view; /* borrowed of the run, or own */
  WdPair *pair;
  char place[128];
} scene;

static wd_status open_map(const movie_args *a, scene *s, wd_error *err) {
  wd_npy *npy = NULL;
  wd_map map = {0};
  wd_gather none = {0};
  size_t count;
  wd_status st = wd_npy_open(a->file, &npy, err);
  if (st) return st;
  st = wd_npy_map_shape(npy, &count, NULL, NULL, err);
  if (!st && (size_t)a->index >= count)
    st = cli_usage_error(err, "--index %d: %s holds %zu maps, 0 to %zu", a->index, a->file, count, count - 1);
  if (!st) st = wd_npy_read_map(npy, (size_t)a->index, a->spacing, &map, err);
  wd_npy_close(npy);
  if (st) return st;
  s->pair = wd_pair_new(&map, &none, 0);
  s->view = wd_view_new();
  g_autofree char *base = g_path_get_basename(a->file);
  snprintf(s->place, sizeof s->place, count > 1 ? "%s, map %d" : "%s", base, a->index);
  return WD_OK;
}

static wd_status open_scene(cli *c, const movie_args *a, scene *s, wd_error *err) {
  if (!replay_recognise(a->file)) {
    const size_t n = strlen(a->file);
    if (n < 4 || strcmp(a->file + n - 4, ".npy") != 0)
      return cli_usage_error(err, "%s is no recording, recipe or .npy of maps", a->file);
    if (a->what == STEPS) return cli_usage_error(err, "--what steps takes a recording or a recipe");
    return open_map(a, s, err);
  }
  const replay_args args = {a->file, a->model, a->device, a->branch, a->step};
  wd_status st = replay_open(c, &args, &s->run, err);
  if (st) return st;
  s->view = g_object_ref(s->run.view);
  replay_place(&s->run, s->place, sizeof s->place);
  if (a->what == STEPS) return WD_OK;
  const WdPlace at = s->view->place[0];
  st = replay_need(&s->run, at.position, false, err);
  WdFrame f = {0};
  if (!st && (!wd_recording_get_frame(wd_session_get_recording(s->run.session), at.branch, at.position,
                                      s->view->what, &f) ||
              !f.pair))
    st = wd_fail(err, WD_ERR_UNSUPPORTED, "position %d of %s has no map", at.position, a->file);
  if (!st) s->pair = wd_pair_ref(f.pair);
  return st;
}

static void close_scene(scene *s) {
  wd_pair_unref(s->pair);
  g_clear_object(&s->view);
  replay_close(&s->run);
}

/* In the names of the options: what a map's movie can be made with again. */
static char *map_recipe(const movie_args *a, const WdView *v, int shot) {
  json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:f, s:f, s:f, s:f, s:b, s:b}", "program",
                        "wavediffusion-cli", "version", WD_VERSION, "command", "movie", "file", a->file,
                        "index", a->index, "shot", shot + 1, "mode", wd_wave_mode_name((wd_wave_mode)a->mode),
                        "speed", v->wave.speed, "spacing", a->spacing, "dt", a->dt, "frequency", a->frequency,
                        "margin", (int)a->margin, "isochrones", (int)v->wave.isochrones);
  char *text = o ? json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL, *own = g_strdup(text);
  json_decref(o);
  free(text);
  return own;
}

static wd_status reel_of_wavefield(cli *c, const movie_args *a, scene *s, const WdReelOptions *o,
                                   WdReel **out, wd_error *err) {
  WdView *v = s->view;
  const int shots = s->pair->gathers.value ? s->pair->gathers.shots : 5;
  if (a->shot > shots) return cli_usage_error(err, "--shot %d: there are 1 to %d", a->shot, shots);
  const int shot = a->shot                          ? a->shot - 1
                   : s->run.session && v->shot >= 0 ? MIN(v->shot, shots - 1)
                                                    : shots / 2;
  v->shot = shot;
  v->wave.speed = a->speed;
  v->wave.margin = a->margin;
  if (a->no_isochrones) v->wave.isochrones = FALSE;
  if (a->compare) v->wave.compare = (WdWaveCompare)(a->compare - 1);
  if (a->clip > 0) v->wave.clip = a->clip;
  wd_status st = movie_probe(a->probe, &v->wave, err);
  if (st) return st;
  WdWavefieldAsk ask = {.pair = s->pair, .shot = shot, .mode = (wd_wave_mode)a->mode, .margin = a->margin};
  const wd_shard_desc *g =
      s->run.session ? wd_recording_get_geometry(wd_session_get_recording(s->run.session)) : NULL;
  if (g) ask.shape = *g;
  if (!s->run.session) ask.shape = (wd_shard_desc){.dt = a->dt, .frequency = a->frequency};
  WdWavefield *field = NULL;
  st = movie_wavefield(c, a->device, &ask, &field, err);
  if (st) return st;
  g_autofree char *recipe = s->run.session ? NULL : map_recipe(a, v, shot);
  *out = wd_reel_of_wavefield(s->run.session, v, field, s->place, recipe, o);
  wd_wavefield_unref(field);
  return WD_OK;
}

static wd_status reel_of_steps(const movie_args *a, scene *s, WdReelOptions *o, WdReel **out, wd_error *err) {
  if (a->panels) {
    wd_status st = movie_panels(a->panels, &o->parts, NULL, err);
    if (st) return st;
  }
  if (a->shot) s->view->shot = a->shot - 1;
  GError *error = NULL;
  *out = wd_reel_of_steps(s->run.session, s->view, o, &error);
  if (!*out) return from_error(error, err);
  const bool simulated =
      !o->parts || o->parts & (WD_FIGURE_SIMULATED | WD_FIGURE_DIFFERENCE | WD_FIGURE_TRACES);
  wd_status st = WD_OK;
  for (int i = 0; i < wd_reel_frames(*out) && !st && !a->dry_run; i++)
    st = replay_need(&s->run, wd_reel_place(*out, i).position, simulated, err);
  return st;
}

static wd_status write_all(cli *c, const movie_args *a, WdReel *reel, WdReelFile *file, wd_error *err) {
  const int n = wd_reel_frames(reel);
  GError *error = NULL;
  cli_progress_begin(c, "draw", "frames", n, 0);
  for (int i = 0; i < n; i++) {
    if (cli_cancelled(c)) {
      wd_reel_file_abort(file);
      return wd_fail(err, WD_CANCELLED, "stopped; %s was not written", a->output);
    }
    if (!wd_reel_prepare(reel, i, &error) || !wd_reel_file_add(file, reel, i, &error)) {
      wd_reel_file_abort(file);
      return from_error(error, err);
    }
    cli_progress_set(c, i + 1);
  }
  cli_progress_end(c);
  return wd_reel_file_finish(file, reel, c->hooks.cancel, &error) ? WD_OK : from_error(error, err);
}

static wd_status tell_plan(cli *c, const movie_args *a, const replay *r, const WdReel *reel, wd_error *err) {
  cli_plan *p = cli_plan_new(c);
  const int n = wd_reel_frames(reel);
  const WdModelInfo *m = r->session ? wd_session_get_model(r->session) : NULL;
  cli_plan_count(p, "frames", n);
  if (m) cli_plan_model_named(p, m->name, m->identity);
  if (wd_reel_kind_of(a->output) == WD_REEL_FOLDER) {
    for (int i = 0; i < n; i++) {
      char name[32];
      snprintf(name, sizeof name, "frame-%04d.png", i + 1);
      cli_plan_file(p, a->output, name, NAN, false);
    }
  } else {
    g_autofree char *beside = g_strconcat(a->output, ".json", NULL);
    cli_plan_file(p, NULL, a->output, NAN, false);
    cli_plan_file(p, NULL, beside, NAN, false);
  }
  return cli_plan_show(p, err);
}

/* All but the movie: what it would be made of is opened, and propagated, since its frames follow from that.
 */
static wd_status dry_run(cli *c, const movie_args *a, const WdReelOptions *wanted, wd_error *err) {
  scene s = {0};
  WdReel *reel = NULL;
  WdReelOptions o = *wanted;
  GError *error = NULL;
  if (!wd_reel_file_check(a->output, a->fps, &error)) return from_error(error, err);
  wd_status st = open_scene(c, a, &s, err);
  if (!st)
    st =
        a->what == STEPS ? reel_of_steps(a, &s, &o, &reel, err) : reel_of_wavefield(c, a, &s, &o, &reel, err);
  if (!st) st = tell_plan(c, a, &s.run, reel, err);
  wd_reel_free(reel);
  close_scene(&s);
  return st;
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  const movie_args *a = arguments;
  scene s = {0};
  WdReel *reel = NULL;
  GError *error = NULL;
  WdReelOptions o = {.width_mm = a->width_mm,
                     .font = a->font,
                     .dpi = a->dpi,
                     .dark = a->theme == 1,
                     .fps = a->fps,
                     .from = a->from,
                     .to = a->to};
  if (a->dry_run) return dry_run(c, a, &o, err);
  WdReelFile *file = wd_reel_file_new(a->output, a->fps, &error);
  if (!file) return from_error(error, err);
  wd_status st = open_scene(c, a, &s, err);
  if (!st)
    st =
        a->what == STEPS ? reel_of_steps(a, &s, &o, &reel, err) : reel_of_wavefield(c, a, &s, &o, &reel, err);
  if (st)
    wd_reel_file_abort(file);
  else
    st = write_all(c, a, reel, file, err);
  guint left = 0, removed = st ? 0 : wd_frames_clear(a->output, "frame-", wd_reel_frames(reel) + 1, &left);
  g_autofree char *older = wd_frames_words(removed, left);
  if (*older) cli_note(c, "%s:%s", a->output, older);
  if (!st && c->json)
    st = cli_print_json(json_pack("{s:s, s:i, s:f, s:i, s:i}", "output", a->output, "frames",
                                  wd_reel_frames(reel), "fps", a->fps, "older_removed", (int)removed,
                                  "older_left", (int)left),
                        err);
  else if (!st)
    printf("%s: %d frames at %g a second\n", a->output, wd_reel_frames(reel), a->fps);
  wd_reel_free(reel);
  close_scene(&s);
  return st;
}

const cli_command cli_movie = {
    .name = "movie",
    .summary = "a wavefield, or the steps of a run, as pictures, MP4, WebM or GIF",
    .details =
        "Draws what the window's wavefield shows (pressure over the velocity map with isochrones of first "
        "arrival, the gather as it builds, a probe's trace), or the panels of a run at each of its steps. "
        "Every "
        "picture carries its recipe; dropped on the window it opens at its own time. The name's ending says "
        "what is written: .mp4 (H.264), "
        ".webm (VP9) and .gif (256 colours found over all frames, at most 50 frames a second) take ffmpeg, "
        "which "
        "is looked for on the PATH and not needed for anything else; the recipe then stands beside the "
        "video. "
        "Frames take their names when all are there.",
    .example = "wavediffusion-cli movie run.wdrun -o frames\n"
               "wavediffusion-cli movie run.wdrun --shot 1 --step 8 --margin --speed 100 -o shot1.mp4\n"
               "wavediffusion-cli movie run.wdrun --what steps --fps 4 --dpi 80 -o steps.gif\n"
               "wavediffusion-cli movie velocity.npy --index 7 --theme dark -o wave\n",
    .operand = operands,
    .option = options,
    .size = sizeof(movie_args),
    .run = run,
};
