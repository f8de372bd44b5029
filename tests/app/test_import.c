/* Files that come in: every kind told by its content, fits, the preflight, and broken or hostile files, each
 * a clear message. No display. */
#include "app/import.h"
#include "app/recipe.h"
#include "app/status_error.h"
#include "app/truth.h"
#include "render/figure.h"
#include "solver/npy.h"
#include "solver/segy.h"
#include "tests/app/bed.h"
#include "tests/app/expect.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *folder;

static char *in(const char *name) {
  return g_build_filename(folder, name, NULL);
}

static float *random_values(gsize n, double lo, double hi, guint32 seed) {
  float *v = g_new(float, n);
  GRand *r = g_rand_new_with_seed(seed);
  for (gsize i = 0; i < n; i++) v[i] = (float)g_rand_double_range(r, lo, hi);
  g_rand_free(r);
  return v;
}

static char *write_array(const char *name, int dims, const size_t *shape, double lo, double hi) {
  gsize n = 1;
  for (int i = 0; i < dims; i++) n *= shape[i];
  g_autofree float *v = random_values(n, lo, hi, (guint32)n);
  char *path = in(name);
  wd_error err = {0};
  if (wd_npy_write(path, WD_NPY_F32, dims, shape, v, &err)) printf("# %s\n", err.message);
  return path;
}

static WdImport *open_one(const char *path, const char *what) {
  g_autoptr(GError) error = NULL;
  WdImport *im = wd_import_open(&path, 1, &error);
  tap_ok(im != NULL, "%s is opened%s%s", what, error ? ": " : "", error ? error->message : "");
  return im;
}

static void refused(const char *path, const char *what, const char *named) {
  g_autoptr(GError) error = NULL;
  WdImport *im = wd_import_open(&path, 1, &error);
  g_autofree char *text = g_strdup(error ? error->message : "it was opened");
  g_strdelimit(text, "\n", ' ');
  tap_ok(!im && error && error->domain == WD_STATUS_ERROR && strstr(error->message, named), "%s: %s", what,
         text);
  wd_import_free(im);
}

static void refused_bytes(const char *what, const void *data, gsize n, const char *named) {
  g_autofree char *path = in("bad.bin");
  g_file_set_contents(path, data, (gssize)n, NULL);
  refused(path, what, named);
}

#define refused_text(what, text, named) refused_bytes(what, text, sizeof text - 1, named)

/* ---- arrays */

static void arrays(void) {
  g_autofree char *maps = write_array("strange.dat", 4, (size_t[]){3, 1, 70, 70}, 1500, 4500);
  g_autoptr(WdImport) a = open_one(maps, "maps without the ending .npy");
  tap_ok(a && a->kind == WD_IMPORT_DATA && a->has_maps && !a->has_gathers && a->count == 3 && a->nz == 70 &&
             a->nx == 70,
         "three maps of 70 x 70");
  g_autofree char *gathers = write_array("gather.npy", 3, (size_t[]){5, 1000, 70}, -20, 50);
  g_autoptr(WdImport) b = open_one(gathers, "a gather alone");
  tap_ok(b && b->has_gathers && !b->has_maps && b->count == 1 && b->shots == 5 && b->samples == 1000,
         "five shots");
  g_autofree char *flat = write_array("maps3.npy", 3, (size_t[]){4, 70, 70}, 1500, 4500);
  g_autoptr(WdImport) c = open_one(flat, "maps (n, nz, nx), which could be gathers");
  tap_ok(c && c->has_maps && c->count == 4, "are maps, by their values");
  g_autofree char *same = write_array("square.npy", 3, (size_t[]){4, 70, 70}, -30, 50);
  g_autoptr(WdImport) d = open_one(same, "the same shape that swings about zero");
  tap_ok(d && d->has_gathers && d->shots == 4, "is a gather");
  wd_map v = {0};
  wd_gather g = {0};
  g_autoptr(GError) error = NULL;
  tap_ok(a && wd_import_read(a, 2, &v, &g, &error) && v.nz == 70 && !g.value,
         "map 2 is read, and no gather comes");
  wd_map_clear(&v);
  tap_ok(a && !wd_import_read(a, 3, &v, NULL, &error) && error && !v.value, "map 3 is not there: %s",
         error ? error->message : "");
}

static void pairs(void) {
  g_autofree char *v = write_array("model7.npy", 4, (size_t[]){2, 1, 70, 70}, 1500, 4500);
  g_autofree char *s = write_array("data7.npy", 4, (size_t[]){2, 5, 1000, 70}, -20, 50);
  g_autoptr(WdImport) a = open_one(v, "model7.npy");
  tap_ok(a && wd_import_find_partner(a) && a->has_gathers && a->count == 2, "data7.npy is found beside it");
  g_autoptr(WdImport) b = open_one(s, "data7.npy");
  tap_ok(b && wd_import_find_partner(b) && b->has_maps, "and the other way round");
  const char *both[] = {s, v};
  g_autoptr(WdImport) c = wd_import_open(both, 2, NULL);
  wd_map m = {0};
  wd_gather g = {0};
  tap_ok(c && c->has_maps && c->has_gathers && wd_import_read(c, 1, &m, &g, NULL) && m.value && g.value,
         "both at once, in any order");
  wd_map_clear(&m);
  wd_gather_clear(&g);
  g_autoptr(WdImport) set = open_one(folder, "the folder, as a data set");
  g_autofree char *title = set ? wd_import_title(set, 1) : NULL;
  tap_ok(set && set->count == 2 && title && g_str_has_prefix(title, "model7.npy 1 of "),
         "its second pair is %s", title);
  g_remove(v);
  g_remove(s);
  g_autofree char *odd = write_array("model8.npy", 4, (size_t[]){3, 1, 70, 70}, 1500, 4500);
  g_autofree char *few = write_array("data8.npy", 4, (size_t[]){2, 5, 1000, 70}, -20, 50);
  g_autoptr(WdImport) e = open_one(odd, "three maps");
  tap_ok(e && !wd_import_find_partner(e) && e->count == 3, "beside two gathers are no pairs");
  const char *wrong[] = {odd, few}, *twice[] = {odd, odd};
  g_autoptr(GError) error = NULL;
  tap_ok(!wd_import_open(wrong, 2, &error) && error && strstr(error->message, "no pairs"), "%s",
         error ? error->message : "opened");
  g_clear_error(&error);
  tap_ok(!wd_import_open(twice, 2, &error) && error && strstr(error->message, "two files of maps"), "%s",
         error ? error->message : "opened");
  g_remove(odd);
  g_remove(few);
}

static void real_pair(void) {
  const char *data = g_getenv("WD_SHARED_DATA");
  g_autofree char *v =
      g_build_filename(data ? data : WD_DEFAULT_SHARED_DATA, "openfwi_cf0_velocity.npy", NULL);
  if (!g_file_test(v, G_FILE_TEST_EXISTS)) {
    tap_skip("no shared data: the real OpenFWI pair is not opened");
    return;
  }
  g_autoptr(WdImport) a = open_one(v, "the real map");
  tap_ok(a && wd_import_find_partner(a), "its gathers are found by name");
  if (!a) return;
  wd_map m = {0};
  wd_gather g = {0};
  g_autoptr(GError) error = NULL;
  if (!tap_ok(wd_import_read(a, 0, &m, &g, &error), "both are read")) return;
  g_autoptr(WdPreflight) p = wd_preflight(a, &m, &g, NULL, NULL);
  for (guint i = 0; i < p->check->len; i++) {
    const WdCheck *c = &g_array_index(p->check, WdCheck, i);
    printf("# %d %s: %s\n", (int)c->level, c->what, c->text);
  }
  tap_ok(p->map_usable && p->gathers_usable && !p->needs_fit, "the real pair can be given to the encoder");
  tap_ok(wd_preflight_find(p, "Last sample")->level == WD_CHECK_NOTE, "its zeroed last sample is noticed");
  tap_ok(wd_preflight_find(p, "Polarity")->level == WD_CHECK_GOOD &&
             wd_preflight_find(p, "Amplitude")->level == WD_CHECK_GOOD &&
             wd_preflight_find(p, "Velocity range")->level == WD_CHECK_GOOD,
         "polarity, amplitudes and velocities are those of the training data");
  wd_map_clear(&m);
  wd_gather_clear(&g);
}

static gboolean rested(gpointer session) {
  WdSession *s = session;
  return bed_rested(s);
}

/* The real pair through the shipped model: both sides given, each alone, and a gather without any map. */
static void real_encoded(void) {
  const char *data = g_getenv("WD_SHARED_DATA");
  data = data ? data : WD_DEFAULT_SHARED_DATA;
  g_autofree char *v = g_build_filename(data, "openfwi_cf0_velocity.npy", NULL),
                  *q = g_build_filename(data, "openfwi_cf0_seismic.npy", NULL);
  if (!g_file_test(v, G_FILE_TEST_EXISTS) || !g_file_test(q, G_FILE_TEST_EXISTS)) {
    tap_skip("no shared data: the real OpenFWI pair is not encoded");
    return;
  }
  WdSession *s = bed_session(NULL);
  wd_session_open_model(s, "default", "cpu");
  if (!bed_wait(bed_idle, s, 120) || !wd_session_get_model(s)) {
    expect_missing("model", "no model came with this build: the real OpenFWI pair is not encoded");
    g_object_unref(s);
    return;
  }
  const char *const both[] = {v, q};
  g_autoptr(GError) error = NULL;
  g_autoptr(WdImport) im = wd_import_open(both, 2, &error), alone = open_one(q, "the real gather alone");
  wd_map m = {0}, none = {0};
  wd_gather g = {0}, observed = {0};
  if (!tap_ok(im && alone && alone->has_gathers && !alone->has_maps &&
                  wd_import_read(im, 0, &m, &g, &error) && wd_import_read(alone, 0, NULL, &observed, &error),
              "the pair and its gather alone are read %s", error ? error->message : ""))
    return;
  g_autoptr(WdPreflight) p = wd_preflight(alone, NULL, &observed, NULL, &wd_session_get_model(s)->geometry);
  tap_ok(p->gathers_usable, "the gather alone can be given to the encoder");
  g_autoptr(WdPair) pair = wd_pair_new(&m, &g, 0), half = wd_pair_new(&none, &observed, 0);
  WdRecording *r = wd_session_get_recording(s);
  guint id[4];
  for (int i = 0; i < 4; i++) {
    id[i] = wd_session_encode(s, i < 3 ? pair : half, i < 2, i != 1, "real", &error);
    bed_need_error(id[i] != 0, error, "encode");
    bed_wait(bed_idle, s, 120);
    WdPosition *at = wd_recording_position(r, id[i], 0);
    tap_ok(at && at->latent[0], "encoded, given %s",
           i == 0   ? "both"
           : i == 1 ? "the map"
           : i == 2 ? "the gathers"
                    : "a gather without a map");
    wd_session_look(s, 0, id[i], 0, WD_WHAT_ESTIMATE, TRUE);
    bed_wait(rested, s, 120);
    WdFrame f;
    gboolean known =
        wd_recording_get_frame(r, id[i], 0, WD_WHAT_ESTIMATE, &f) && f.pair && wd_frame_simulation(&f);
    WdTruthReport report = {0};
    const WdBranch *b = wd_recording_find(r, id[i]);
    known = known && !wd_truth_compare(b->truth, f.pair, wd_frame_simulation(&f), NAN, &report, NULL);
    tap_ok(known && report.has_gathers && report.has_explained && report.has_velocity == (i < 3),
           "its reconstruction and its residuals are there (map error %.0f m/s, r_R of the gathers %.2f)",
           report.has_velocity ? report.velocity.mae : NAN,
           wd_measure_get(&report.gathers, WD_METRIC_REFLECTION_RESIDUAL));
  }
  GBytes *z[4];
  for (int i = 0; i < 4; i++) z[i] = wd_recording_position(r, id[i], 0)->latent[0];
  tap_ok(g_bytes_equal(z[2], z[3]) && !g_bytes_equal(z[0], z[1]) && !g_bytes_equal(z[0], z[2]) &&
             !g_bytes_equal(z[1], z[2]),
         "a gather without a map gives the latent of the gathers alone; the others differ");
  g_object_unref(s);
}

static void segy(void) {
  if (!wd_segy_available()) {
    tap_skip("a build without segyio");
    return;
  }
  wd_error err = {0};
  wd_map m = {0};
  wd_map_create(80, 90, 10, &m, &err);
  g_autofree float *v = random_values(80 * 90, 1600, 4400, 3);
  memcpy(m.value, v, 80 * 90 * sizeof *v);
  g_autofree char *map = in("map-without-ending"), *gather = in("gather.sgy");
  tap_ok(!wd_segy_write_map(map, &m, WD_SEGY_IEEE, &err), "a SEG-Y map is written %s", err.message);
  g_autoptr(WdImport) a = open_one(map, "a SEG-Y map");
  tap_ok(a && a->has_maps && a->nz == 80 && a->nx == 90 && a->spacing_told && a->spacing == 10,
         "is a map of 80 x 90");
  wd_map back = {0};
  tap_ok(a && wd_import_read(a, 0, &back, NULL, NULL) &&
             !memcmp(back.value, m.value, 80 * 90 * sizeof(float)),
         "and comes back bit for bit");
  wd_map_clear(&back);
  wd_map_clear(&m);
  wd_gather g = {0};
  wd_gather_create(2, 200, 30, 0.002, &g, &err);
  g_autofree float *s = random_values(wd_gather_count(&g), -10, 10, 4);
  memcpy(g.value, s, wd_gather_count(&g) * sizeof *s);
  tap_ok(!wd_segy_write_gather(gather, &g, NULL, WD_SEGY_IEEE, &err), "SEG-Y gathers are written %s",
         err.message);
  g_autoptr(WdImport) b = open_one(gather, "SEG-Y gathers");
  tap_ok(b && b->has_gathers && b->shots == 2 && b->receivers == 30 && b->dt_told && b->dt == 0.002,
         "with their dt");
  g_autoptr(WdPreflight) p = b ? wd_preflight(b, NULL, &g, NULL, NULL) : NULL;
  tap_ok(p && !p->gathers_usable && wd_preflight_find(p, "Gathers")->level == WD_CHECK_STOP &&
             wd_preflight_find(p, "Time step")->level == WD_CHECK_STOP,
         "%s", p ? wd_preflight_find(p, "Gathers")->text : "");
  wd_gather_clear(&g);
}

/* ---- recipes */

static void recipes(void) {
  g_autoptr(WdRunRecipe) r = wd_run_recipe_new();
  r->model = g_strdup("M\xc3\xbcller (\\test) <&>");
  g_autofree char *json = wd_run_recipe_to_json(r);
  float value[400];
  for (int i = 0; i < 400; i++) value[i] = (float)i;
  wd_map map = {20, 20, 10, value};
  wd_facet facet = {.value = value};
  wd_panel panel = wd_panel_of_map(&map, &facet, 1);
  panel.range = (wd_range){0, 400, ""};
  wd_figure_item item = {.panel = &panel};
  wd_figure figure = {.item = &item, .items = 1, .width_mm = 60, .dpi = 100, .recipe = json, .title = "T"};
  static const char *const name[] = {"figure.png", "figure.pdf", "figure.svg"};
  for (int i = 0; i < 3; i++) {
    g_autofree char *path = in(name[i]), *hidden = in("renamed");
    wd_error err = {0};
    if (!tap_ok(!wd_figure_write(&figure, path, &err), "%s is written %s", name[i], err.message)) continue;
    g_rename(path, hidden);
    g_autoptr(WdImport) im = open_one(hidden, name[i]);
    tap_ok(im && im->kind == WD_IMPORT_RECIPE && !g_strcmp0(im->recipe, json),
           "its recipe is the one that went in");
  }
  g_autofree char *plain = in("my recipe"), *bom = g_strconcat("\xef\xbb\xbf\n ", json, NULL);
  g_file_set_contents(plain, bom, -1, NULL);
  g_autoptr(WdImport) im = open_one(plain, "a recipe as JSON");
  tap_ok(im && im->kind == WD_IMPORT_RECIPE, "is a recipe");
  /* An ASCII recipe goes into PDF as a literal string, the one above as UTF-16. */
  g_autoptr(WdRunRecipe) ascii = wd_run_recipe_new();
  ascii->model = g_strdup("a (b) \\ c");
  g_autofree char *ascii_json = wd_run_recipe_to_json(ascii), *pdf = in("ascii.pdf");
  figure.recipe = ascii_json;
  wd_error err = {0};
  wd_figure_write(&figure, pdf, &err);
  g_autofree char *back = wd_import_read_recipe(pdf, NULL);
  tap_ok(!g_strcmp0(back, ascii_json), "the recipe of a PDF in ASCII");
  figure.recipe = NULL;
  g_autofree char *bare = in("bare.png"), *bare_pdf = in("bare.pdf"), *side = in("bare.png.json");
  wd_figure_write(&figure, bare, &err);
  wd_figure_write(&figure, bare_pdf, &err);
  refused(bare, "a PNG without a recipe", "without a recipe");
  refused(bare_pdf, "a PDF without a recipe", "without a recipe");
  g_file_set_contents(side, json, -1, NULL);
  g_autoptr(WdImport) with_side = open_one(bare, "the same PNG with a sidecar");
  tap_ok(with_side && with_side->kind == WD_IMPORT_RECIPE, "has the sidecar's recipe");
}

/* ---- what is refused */

static void broken(void) {
  g_autofree char *none = in("not there");
  refused(none, "no file", "not there");
  refused("/dev/null", "a device", "/dev/null");
  refused_text("an empty file", "", "empty");
  refused_text("one byte", "x", "none of the files");
  refused_text("text", "Hello, world. This is a letter.\n", "none of the files");
  refused_text("a zip archive", "PK\3\4aaaaaaaaaaaaaaaaaaaaaa", "write it as .npy");
  refused_text("a broken recipe", "{\"format\": \"wavediffusion-recipe\", \"chain\": 7}", "chain");
  refused_text("other JSON", "{\"a\": 1}", "no recipe");
  refused_text("half a JSON", "{\"format\": ", "no JSON");
  refused_text("HTML", "<html><body>no figure</body></html>", "without a recipe");
  refused_text("half a PNG", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "bad.bin");
  refused_text("a PDF header alone", "%PDF-1.5\n", "without a recipe");
  refused_text("a PDF whose keywords never end", "%PDF-1.5\n/Keywords (wavediffusion:run {((((",
               "without a recipe");
  refused_text("a PDF with odd hex", "%PDF-1.5\n/Keywords <FEFFzz0>", "without a recipe");
  refused_text("an SVG whose metadata never ends", "<svg><metadata id=\"wavediffusion:run\">{",
               "without a recipe");
  refused_text("a .npy of nothing", "\x93NUMPY\1\0", "bad.bin");
  refused_text("a .npy that is cut", "\x93NUMPY\1\0\x76\0{'descr': '<f4', 'fortran_order': False,",
               "bad.bin");
  char tensors[64] = "\x10\0\0\0\0\0\0\0{\"a\": 1, \"b\": 2";
  refused_bytes("broken safetensors", tensors, 40, "bad.bin");
  g_autofree char *noise = g_malloc(20000);
  GRand *r = g_rand_new_with_seed(1);
  for (int i = 0; i < 20000; i++) noise[i] = (char)g_rand_int(r);
  g_rand_free(r);
  refused_bytes("20 000 random bytes", noise, 20000, "none of the files");
  g_autofree char *latents = write_array("latents.npy", 4, (size_t[]){2, 4, 18, 18}, -2, 2);
  (void)latents;
  g_autofree char *plane = write_array("plane.npy", 2, (size_t[]){1000, 5}, -2, 2);
  refused(plane, "one plane of samples", "shots x samples x receivers");
  g_autofree char *sub = in("empty folder");
  g_mkdir(sub, 0700);
  refused(sub, "an empty folder", "neither a model");
  g_autoptr(GError) error = NULL;
  const char *three[] = {"a", "b", "c"};
  tap_ok(!wd_import_open(three, 3, &error) && error && strstr(error->message, "3 files"), "%s",
         error ? error->message : "");
}

static void model_folder(void) {
  g_autofree char *path = g_build_filename(WD_TEST_DATA, "../../resources/models/default", NULL);
  g_autofree char *weights = g_build_filename(path, "stage1.safetensors", NULL);
  if (!g_file_test(weights, G_FILE_TEST_EXISTS)) {
    expect_missing("model", "no default model in this tree");
    return;
  }
  g_autoptr(WdImport) a = open_one(path, "a model's folder"), b = open_one(weights, "its weights");
  tap_ok(a && a->kind == WD_IMPORT_MODEL && b && b->kind == WD_IMPORT_MODEL &&
             g_str_has_suffix(b->path, "default"),
         "both are the model");
}

/* ---- fits and the preflight */

static void fits(void) {
  wd_error err = {0};
  wd_map m = {0}, out = {0};
  wd_map_create(100, 140, 10, &m, &err);
  for (int z = 0; z < 100; z++)
    for (int x = 0; x < 140; x++) m.value[z * 140 + x] = (float)(2000 + 10 * z + 3 * x);
  WdFit crop = {WD_FIT_CROP, 30, 70}, whole = {WD_FIT_RESAMPLE, 0, 0}, none = {0},
        beyond = {WD_FIT_CROP, 31, 0};
  tap_ok(!wd_fit_map(&m, &crop, 70, 70, 10, &out, &err) && out.value[0] == m.value[30 * 140 + 70] &&
             out.value[70 * 70 - 1] == m.value[99 * 140 + 139],
         "a crop takes its window");
  wd_map_clear(&out);
  tap_ok(wd_fit_map(&m, &beyond, 70, 70, 10, &out, &err) == WD_ERR_ARGUMENT && !out.value, "%s", err.message);
  tap_ok(wd_fit_map(&m, &none, 70, 70, 10, &out, &err) == WD_ERR_SHAPE && !out.value, "%s", err.message);
  tap_ok(!wd_fit_map(&m, &whole, 70, 70, 10, &out, &err), "resampled");
  double worst = 0; /* a plane comes back as a plane, away from the rim, where cells are held */
  for (int z = 1; z < 69; z++)
    for (int x = 1; x < 69; x++) {
      double want = 2000 + 10 * ((z + 0.5) * 100 / 70 - 0.5) + 3 * ((x + 0.5) * 2 - 0.5);
      worst = fmax(worst, fabs(out.value[z * 70 + x] - want));
    }
  tap_at_most(worst, 1e-3, "bilinear resampling of a plane, m/s");
  wd_map_clear(&out);
  g_autofree char *words = wd_fit_words(100, 140, 10, &whole, 70, 70, 10),
                  *cropped = wd_fit_words(100, 140, 10, &crop, 70, 70, 10);
  tap_ok(strstr(words, "depths are \xc3\x97 0.7, distances \xc3\x97 0.5") && strstr(cropped, "rows 30 to 99"),
         "%s. %s.", words, cropped);
  WdImport im = {.kind = WD_IMPORT_DATA};
  WdPreflight *p = wd_preflight(&im, &m, NULL, NULL, NULL);
  tap_ok(p->needs_fit && !p->map_usable && wd_preflight_find(p, "Shape")->level == WD_CHECK_STOP, "%s",
         wd_preflight_find(p, "Shape")->text);
  wd_preflight_free(p);
  p = wd_preflight(&im, &m, NULL, &whole, NULL);
  tap_ok(p->map_usable && !p->needs_fit && wd_preflight_find(p, "Simulation")->level == WD_CHECK_NOTE,
         "with a fit it can be simulated and encoded");
  wd_preflight_free(p);
  for (int i = 0; i < 100 * 140; i++) m.value[i] /= 1000;
  p = wd_preflight(&im, &m, NULL, &whole, NULL);
  tap_ok(!p->map_usable && strstr(wd_preflight_find(p, "Velocity range")->text, "km/s"), "%s",
         wd_preflight_find(p, "Velocity range")->text);
  wd_preflight_free(p);
  for (int i = 0; i < 100 * 140; i++) m.value[i] *= 2000;
  p = wd_preflight(&im, &m, NULL, &whole, NULL);
  tap_ok(!p->map_usable && wd_preflight_find(p, "Simulation")->level == WD_CHECK_STOP &&
             wd_preflight_find(p, "Velocity range")->level == WD_CHECK_WARN,
         "%s; %s", wd_preflight_find(p, "Velocity range")->text, wd_preflight_find(p, "Simulation")->text);
  wd_preflight_free(p);
  wd_map_clear(&m);
}

static void gathers(void) {
  wd_error err = {0};
  wd_gather g = {0};
  wd_gather_create(5, 1000, 70, 0.001, &g, &err);
  gsize n = wd_gather_count(&g);
  g_autofree float *v = random_values(n, -10, 40, 5);
  WdImport im = {.kind = WD_IMPORT_DATA};
  static const struct {
    double factor;
    const char *what, *said;
    WdCheckLevel level;
  } cases[] = {{1, "Amplitude", "as training data", WD_CHECK_GOOD},
               {-1, "Polarity", "flipped", WD_CHECK_WARN},
               {100, "Amplitude", "divide by", WD_CHECK_WARN},
               {0.02, "Amplitude", "normalised", WD_CHECK_WARN},
               {0.1, "Amplitude", "too small", WD_CHECK_WARN},
               {0, "Amplitude", "all samples are zero", WD_CHECK_STOP}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    for (gsize k = 0; k < n; k++) g.value[k] = (float)(cases[i].factor * v[k]);
    g_autoptr(WdPreflight) p = wd_preflight(&im, NULL, &g, NULL, NULL);
    const WdCheck *c = wd_preflight_find(p, cases[i].what);
    tap_ok(c && c->level == cases[i].level && strstr(c->text, cases[i].said) &&
               p->gathers_usable == (cases[i].factor != 0),
           "gathers x %g: %s", cases[i].factor, c ? c->text : "");
  }
  wd_gather_clear(&g);
}

int main(void) {
  folder = g_dir_make_tmp("wd-import-XXXXXX", NULL);
  arrays();
  pairs();
  real_pair();
  real_encoded();
  segy();
  recipes();
  broken();
  model_folder();
  fits();
  gathers();
  g_autofree char *remove = g_strdup_printf("rm -rf '%s'", folder);
  if (system(remove)) printf("# %s stays\n", folder);
  g_free(folder);
  return tap_done();
}
