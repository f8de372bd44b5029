/* "Copy as command": the copied lines are run by a shell as a person would run them, and what they write is
 * compared with the engine's own run of the same recipe: latents and estimates byte for byte, residuals as
 * printed. The program is WD_CLI; the model is the one that comes with the program. */
#include "app/command_line.h"
#include "app/models.h"
#include "model/decoder.h"
#include "model/residual.h"
#include "model/sampler.h"
#include "solver/npy.h"
#include "tests/app/cli_shell.h"
#include "tests/app/expect.h"
#include "tests/tap.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The engine's own run: at=2 of four steps, then three of DDIM with noise of its own. */
typedef struct Own {
  wd_device *device;
  wd_model *model;
  wd_denoiser *denoiser;
  wd_sampler *sampler;
  wd_survey *survey;
  wd_error err;
} Own;

static void own_run(Own *o, const WdRunRecipe *r) {
  char path[4096];
  const WdRecipe *p = &wd_run_recipe_link(r, 0)->recipe, *b = &wd_run_recipe_link(r, 1)->recipe;
  wd_status st = wd_find_model("default", path, sizeof path, &o->err);
  if (!st) st = wd_device_open("cpu:2", &o->device, &o->err);
  if (!st) st = wd_model_open(o->device, path, false, &o->model, &o->err);
  if (!st) st = wd_denoiser_create(o->model, &(wd_coder_desc){.batch = 1}, &o->denoiser, &o->err);
  wd_sampler_desc d = {.plan = p->plan, .n = 1, .seed = &p->seed, .family = &p->family};
  if (!st) st = wd_sampler_create(o->denoiser, &d, &o->sampler, &o->err);
  if (!st) st = wd_sampler_run(o->sampler, 100, NULL, &o->err); /* to the end, then back, as a person does */
  wd_sampler_branch_desc branch = {.plan = &b->plan, .family = &b->family, .noise = &b->noise_seed};
  if (!st) st = wd_sampler_branch(o->sampler, 2, &branch, &o->err);
  if (!st) st = wd_sampler_run(o->sampler, 100, NULL, &o->err);
  if (!st) st = wd_model_survey(o->model, &o->survey, &o->err);
  tap_ok(st == WD_OK && wd_sampler_at(o->sampler) == 5, "a run with a branch: 5 steps %s",
         st ? o->err.message : "");
}

static void own_clear(Own *o) {
  wd_sampler_destroy(o->sampler);
  wd_denoiser_destroy(o->denoiser);
  wd_survey_destroy(o->survey);
  wd_model_close(o->model);
  wd_device_close(o->device);
}

static float *read_npy(const char *folder, const char *name, size_t *count) {
  g_autofree char *path = g_build_filename(folder, name, NULL);
  wd_npy *npy = NULL;
  wd_error err = {0};
  float *out = NULL;
  *count = 0;
  if (!wd_npy_open(path, &npy, &err)) {
    *count = wd_npy_elements(npy);
    out = g_new0(float, *count);
    if (wd_npy_read(npy, 0, *count, out, &err)) g_clear_pointer(&out, g_free);
  }
  if (!out) printf("# %s\n", err.message);
  wd_npy_close(npy);
  return out;
}

static void compare_latents(const Own *o, const char *folder, const char *name, gboolean estimates) {
  size_t n, one = (size_t)wd_model_latent(o->model).count;
  g_autofree float *z = read_npy(folder, name, &n);
  gboolean same = z && n == 6 * one;
  for (int k = 0; k < 6 && same; k++) {
    const float *own =
        k == 5 || !estimates ? wd_sampler_latents(o->sampler, k) : wd_sampler_estimates(o->sampler, k);
    same = own && !memcmp(own, z + (size_t)k * one, one * sizeof *z);
  }
  tap_ok(same, "%s: all six positions, byte for byte", name);
}

/* The row of a step in residuals.csv: reflection_residual as printed; NAN when it is not there. */
static double row(const char *csv, int step, const char *kind) {
  g_auto(GStrv) line = g_strsplit(csv, "\n", -1);
  for (int i = 1; line[i] && line[i][0]; i++) {
    g_auto(GStrv) cell = g_strsplit(line[i], ",", -1);
    if (g_strv_length(cell) >= 10 && atoi(cell[2]) == step && !strcmp(cell[5], kind))
      return g_ascii_strtod(cell[6], NULL);
  }
  return NAN;
}

static void compare_pair(Own *o, const char *run, const char *decoded, int k) {
  const wd_shard_desc *g = &wd_model_get_config(o->model)->geometry;
  size_t cells = (size_t)g->nz * (size_t)g->nx, n = 0, m = 0;
  g_autofree float *v = g_new0(float, cells);
  g_autofree float *coded = g_new0(float, (size_t)g->shots *(size_t)g->instants *(size_t)g->receivers);
  wd_decoder *d = NULL;
  wd_gather s = {0};
  wd_error err = {0};
  wd_status st = wd_decoder_create(o->model, &(wd_coder_desc){.batch = 1}, &d, &err);
  if (!st) st = wd_decoder_run(d, 1, wd_sampler_estimates(o->sampler, k), true, v, coded, NULL, NULL, &err);
  if (!st) st = wd_gather_create(g->shots, g->samples, g->receivers, g->dt, &s, &err);
  if (!st) st = wd_codec_decode(wd_model_codec(o->model), coded, &s, &err);
  g_autofree float *fv = read_npy(decoded, "velocity.npy", &n), *fs = read_npy(decoded, "seismic.npy", &m);
  tap_ok(!st && fv && n == cells && !memcmp(fv, v, n * sizeof *v) && fs && m == wd_gather_count(&s) &&
             !memcmp(fs, s.value, m * sizeof *fs),
         "decode: map and gathers of position %d, byte for byte", k);
  wd_residual *residual = NULL;
  wd_measure measure = {0};
  if (!st) st = wd_residual_create(o->device, o->survey, NULL, &residual, &err);
  if (!st) st = wd_residual_measure(residual, 1, v, s.value, &measure, NULL, &err);
  g_autofree char *path = g_build_filename(run, "residuals.csv", NULL), *csv = NULL;
  g_file_get_contents(path, &csv, NULL, NULL);
  double printed = csv ? row(csv, k, "x0") : NAN;
  tap_at_most(fabs(printed - measure.reflection_residual), 1e-8 * measure.reflection_residual,
              "residuals.csv against the engine's own exact residual");
  wd_residual_destroy(residual);
  wd_gather_clear(&s);
  wd_decoder_destroy(d);
}

static void reproduces(void) {
  g_autoptr(WdRunRecipe) r = wd_run_recipe_new();
  WdRecipe *p = &wd_run_recipe_link(r, 0)->recipe;
  p->seed = 20220;
  p->plan.steps = 4;
  p->family = 5;
  p->plan.guidance = 0.25;
  WdRecipe b = *p;
  b.plan = (wd_sampler_plan){WD_SAMPLER_DDIM, 3, 0.7, 0.25};
  b.family = -1;
  b.new_noise = TRUE;
  b.noise_seed = 99;
  wd_run_recipe_add(r, 2, &b, NULL);
  r->model = g_strdup("default");
  r->device = g_strdup("cpu");
  r->position = 3;
  Own own = {0};
  own_run(&own, r);
  if (!own.sampler) {
    own_clear(&own);
    return;
  }
  g_autofree char *folder = g_dir_make_tmp("wd-command-XXXXXX", NULL), *line = wd_command_line(r, NULL);
  tap_ok(cli_shell(folder, line), "the copied command runs");
  g_autofree char *name = wd_command_folder(r), *run = g_build_filename(folder, name, NULL);
  g_autofree char *decoded = g_strconcat(run, "-3", NULL), *picture = g_strconcat(decoded, ".png", NULL);
  compare_latents(&own, run, "latents_steps.npy", FALSE);
  compare_latents(&own, run, "estimates_steps.npy", TRUE);
  compare_pair(&own, run, decoded, 3);
  tap_ok(g_file_test(picture, G_FILE_TEST_EXISTS), "and the picture is drawn");
  g_autofree char *json_path = g_build_filename(run, "recipe.json", NULL), *json = NULL;
  g_file_get_contents(json_path, &json, NULL, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(WdRunRecipe) back = wd_run_recipe_from_json(json ? json : "", &error);
  g_autofree char *branches = back ? wd_command_branches(back) : NULL, *own_branches = wd_command_branches(r);
  tap_ok(back && !g_strcmp0(branches, own_branches), "recipe.json of the command says the same: %s%s",
         branches ? branches : "", error ? error->message : "");
  g_autofree char *remove = g_strdup_printf("rm -rf '%s'", folder);
  if (system(remove)) printf("# %s stays\n", folder);
  own_clear(&own);
}

static void texts(void) {
  g_autoptr(WdRunRecipe) r = wd_run_recipe_new();
  r->model = g_strdup("default");
  g_autofree char *plain = wd_command_line(r, "out");
  tap_ok(g_str_has_prefix(plain,
                          "wavediffusion-cli sample --model default --seeds 0 --steps 16 --sampler dpmpp-2m "
                          "--estimates --score every=1 --mode exact -o out &&\n") &&
             strstr(plain, "decode --model default --latents out/latents.npy -o out-16 &&") &&
             !strstr(plain, "--branch"),
         "what is default is left out");
  r->view = g_strdup("{\"shot\": 1, \"wavefield\": {\"shown\": true, \"speed\": 250.0, \"margin\": true, "
                     "\"isochrones\": false, \"live\": false, \"probe\": true, \"probe_x\": 520.0, "
                     "\"probe_z\": 10.0, \"clip\": 0.0}}");
  g_autofree char *wave = wd_command_line(r, "out");
  tap_ok(g_str_has_suffix(wave, "movie out-16/velocity.npy --shot 2 --mode exact --speed 250 --margin "
                                "--no-isochrones --probe 520,10 -o out-16-wavefield\n"),
         "a wavefield on screen is a movie: %s", strstr(wave, "movie") ? strstr(wave, "movie") : "none");
  g_clear_pointer(&r->view, g_free);
  WdRecipe *p = &wd_run_recipe_link(r, 0)->recipe;
  p->refine_steps = 7;
  p->refine_rate = 0.01;
  r->position = 20;
  g_clear_pointer(&r->model, g_free);
  r->model = g_strdup("mine");
  r->folder = g_strdup("/tmp/it's; rm -rf $HOME `x`");
  g_autofree char *refined = wd_command_line(r, NULL);
  tap_ok(strstr(refined,
                "refine --model '/tmp/it'\\''s; rm -rf $HOME `x`' --latents mine-0-dpmpp-2m-16/latents.npy "
                "--steps 4 --rate 0.01") != NULL,
         "refinement up to the position on screen, names quoted for the shell");
  r->pair = g_strdup("evil\nrm -rf /");
  r->position = 0;
  wd_run_recipe_link(r, 0)->recipe.plan.steps = 0;
  g_autofree char *opened = wd_command_line(r, NULL);
  tap_ok(g_str_has_prefix(opened, "# The run starts from an opened pair: evil rm -rf /.\n# Put its files") &&
             strstr(opened, "encode") && !strstr(opened, "\nrm"),
         "an opened pair: what is missing is said in comments, which a name cannot leave");
}

int main(void) {
  texts();
  if (!g_getenv("WD_CLI"))
    expect_missing("cli", "WD_CLI is not set: no command line to run");
  else
    reproduces();
  return tap_done();
}
