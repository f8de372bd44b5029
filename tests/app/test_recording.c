/* The recording without a session: the forest, frames within their budget, files that come back equal, files
 * that are wrong and are refused, autosave. */
#include "app/bookmark.h"
#include "app/autosave.h"
#include "tests/app/bed.h"

#include "model/safetensors.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char *folder;
static const wd_latent_shape shape = {2, 3, 2, 12, 6};
static const wd_shard_desc geometry = {.nz = 16,
                                       .nx = 17,
                                       .spacing = 10,
                                       .shots = 2,
                                       .samples = 60,
                                       .receivers = 5,
                                       .instants = 20,
                                       .dt = 0.001,
                                       .frequency = 15};

static GBytes *latent(guint seed) {
  float v[12];
  wd_random_normals(seed, 1, 0, 12, v);
  return g_bytes_new(v, sizeof v);
}

static WdScore *score(guint seed, wd_wave_mode mode) {
  WdScore *s = g_new0(WdScore, 1);
  float v[64];
  wd_random_normals(seed, 2, 0, 64, v);
  s->mode = mode;
  s->shots = 2;
  s->shot = g_malloc0_n(2, sizeof *s->shot);
  for (int i = 0; i < WD_SCORES; i++) {
    s->value[i] = i == WD_SCORE_INTERIOR ? NAN : (double)v[i] / 3;
    s->shot[0][i] = (double)v[10 + i] / 7;
    s->shot[1][i] = i == 3 ? INFINITY : (double)v[20 + i] / 11;
  }
  s->all = (wd_measure){.samples = 590,
                        .identical = 3,
                        .relative_l2 = (double)v[40],
                        .reflection_residual = s->value[0],
                        .norm_a = 1.0 / 3,
                        .direct_log_norm_mse = NAN};
  s->details = mode == WD_WAVE_EXACT;
  s->seconds = 0.125;
  return s;
}

static WdPosition *put(WdRecording *r, WdBranch *b, int k, guint seed) {
  gboolean data = k >= b->steps;
  wd_sampler_level level = {data ? -1 : 99 - 10 * k, data ? 1 : 0.6, data ? 0 : 0.8,
                            data ? INFINITY : wd_log_snr(0.6, 0.8)};
  WdPosition *p = wd_recording_grow(r, b, k, &level);
  p->latent[WD_WHAT_STATE] = latent(seed);
  p->latent[WD_WHAT_ESTIMATE] = data ? g_bytes_ref(p->latent[WD_WHAT_STATE]) : latent(seed + 1000);
  p->seconds = 1.0 / (k + 3);
  p->live[WD_WHAT_ESTIMATE] = score(seed, WD_WAVE_LIVE);
  if (k % 2) p->exact[WD_WHAT_ESTIMATE] = score(seed + 1, WD_WAVE_EXACT);
  return p;
}

static WdPair *pair(guint seed) {
  wd_error err = {0};
  wd_map map = {0};
  wd_gather g = {0};
  bed_need(wd_map_create(geometry.nz, geometry.nx, geometry.spacing, &map, &err), &err, "map");
  bed_need(wd_gather_create(geometry.shots, geometry.samples, geometry.receivers, geometry.dt, &g, &err),
           &err, "gather");
  wd_random_normals(seed, 3, 0, (size_t)map.nz * (size_t)map.nx, map.value);
  for (int i = 0; i < map.nz * map.nx; i++) map.value[i] = 2500 + 200 * map.value[i];
  for (size_t i = 0; i < wd_gather_count(&g); i++) /* smooth in time: the codec's kind of signal */
    g.value[i] = (float)(3 * cos(M_PI * (double)(seed % 5 + 1) * ((double)((i / 5) % 60) + 0.5) / 60));
  return wd_pair_new(&map, &g, 0.01);
}

static WdSimulation *simulation(guint seed, wd_wave_mode mode, const WdPair *p) {
  wd_error err = {0};
  WdPair *full = pair(seed), *top = pair(seed + 1);
  wd_comparison c;
  bed_need(wd_compare(&p->gathers, &full->gathers, &top->gathers, NULL, &c, &err), &err, "compare");
  WdSimulation *s = wd_simulation_new(mode, &full->gathers, &top->gathers, &c, 0.02, "cpu: 2 threads");
  wd_pair_unref(full);
  wd_pair_unref(top);
  return s;
}

/* A run of 6 steps, a branch at 3, a branch of that at 4 with an edit, an encoded pair with refinement. */
static WdRecording *forest(void) {
  WdRecording *r = wd_recording_new();
  wd_recording_set_model(r, "small", "abc+def");
  wd_recording_set_shape(r, &shape, &geometry);
  WdRecipe recipe = {.seed = G_MAXUINT64 - 1, .family = 4, .plan = {WD_SAMPLER_DDIM, 6, 0.25, 1.5}};
  WdBranch *run = wd_recording_add(r, WD_BRANCH_SAMPLED, "Run 7", 0, 0, &recipe, 6);
  for (int k = 0; k <= 6; k++) put(r, run, k, (guint)k);
  recipe =
      (WdRecipe){.family = -1, .plan = {WD_SAMPLER_DPMPP_2M, 5, 0, 0}, .new_noise = TRUE, .noise_seed = 12};
  WdBranch *branch = wd_recording_add(r, WD_BRANCH_SAMPLED, "Zweig \xc3\xa4", run->id, 3, &recipe, 8);
  for (int k = 3; k <= 6; k++) put(r, branch, k, 20 + (guint)k);
  recipe.plan.steps = 3; /* from 4 */
  WdBranch *twig = wd_recording_add(r, WD_BRANCH_SAMPLED, "Twig", branch->id, 4, &recipe, 7);
  twig->edited = latent(99);
  put(r, twig, 4, 40)->fault = g_strdup("a map that the solver refuses");
  twig->pinned = TRUE;
  recipe = (WdRecipe){.family = -1, .refine_steps = 2, .refine_rate = 0.05};
  WdBranch *pair_branch = wd_recording_add(r, WD_BRANCH_ENCODED, "Opened", 0, 0, &recipe, 0);
  pair_branch->truth = pair(3);
  pair_branch->truth_name = g_strdup("CurveFault-B 3");
  pair_branch->given_velocity = FALSE;
  put(r, pair_branch, 0, 60);
  for (int k = 1; k <= 2; k++) {
    WdPosition *p = put(r, pair_branch, k, 60 + (guint)k);
    p->refined = TRUE;
    p->objective = 0.5 / k;
  }
  return r;
}

static gboolean same_number(double a, double b) {
  return a == b || (isnan(a) && isnan(b));
}

static gboolean same_bytes(GBytes *a, GBytes *b) {
  return a && b ? g_bytes_equal(a, b) : a == b;
}

static gboolean same_score(const WdScore *a, const WdScore *b) {
  if (!a || !b) return a == b;
  gboolean same = a->mode == b->mode && a->shots == b->shots && a->details == b->details &&
                  a->all.samples == b->all.samples && a->all.identical == b->all.identical &&
                  same_number(a->all.relative_l2, b->all.relative_l2) &&
                  same_number(a->all.norm_a, b->all.norm_a) &&
                  same_number(a->all.direct_log_norm_mse, b->all.direct_log_norm_mse) &&
                  same_number(a->seconds, b->seconds);
  for (int i = 0; i < WD_SCORES && same; i++) {
    same = same_number(a->value[i], b->value[i]);
    for (int k = 0; k < a->shots && same; k++) same = same_number(a->shot[k][i], b->shot[k][i]);
  }
  return same;
}

static gboolean same_position(const WdPosition *a, const WdPosition *b) {
  gboolean same = a->level.timestep == b->level.timestep && a->level.alpha == b->level.alpha &&
                  a->level.sigma == b->level.sigma && a->level.log_snr == b->level.log_snr &&
                  a->seconds == b->seconds && a->refined == b->refined &&
                  same_number(a->objective, b->objective) && g_strcmp0(a->fault, b->fault) == 0 &&
                  g_strcmp0(a->note, b->note) == 0;
  for (int w = 0; w < WD_WHATS && same; w++)
    same = same_bytes(a->latent[w], b->latent[w]) && same_score(a->live[w], b->live[w]) &&
           same_score(a->exact[w], b->exact[w]);
  return same;
}

static gboolean same_branch(const WdBranch *a, const WdBranch *b) {
  gboolean same = a->id == b->id && strcmp(a->name, b->name) == 0 && a->kind == b->kind &&
                  a->parent == b->parent && a->parent_at == b->parent_at && a->steps == b->steps &&
                  a->first == b->first && a->colour == b->colour && a->pinned == b->pinned &&
                  same_bytes(a->edited, b->edited) && g_strcmp0(a->truth_name, b->truth_name) == 0 &&
                  !a->truth == !b->truth && a->position->len == b->position->len;
  const WdRecipe *x = &a->recipe, *y = &b->recipe;
  same = same && x->seed == y->seed && x->family == y->family && x->plan.kind == y->plan.kind &&
         x->plan.steps == y->plan.steps && x->plan.eta == y->plan.eta &&
         x->plan.guidance == y->plan.guidance && x->new_noise == y->new_noise &&
         x->noise_seed == y->noise_seed && x->refine_steps == y->refine_steps &&
         x->refine_rate == y->refine_rate && x->begin == y->begin && x->timestep == y->timestep &&
         (a->kind != WD_BRANCH_ENCODED ||
          (a->given_velocity == b->given_velocity && a->given_gathers == b->given_gathers));
  if (same && a->truth)
    same = memcmp(a->truth->velocity.value, b->truth->velocity.value,
                  (size_t)geometry.nz * (size_t)geometry.nx * sizeof(float)) == 0 &&
           memcmp(a->truth->gathers.value, b->truth->gathers.value,
                  wd_gather_count(&a->truth->gathers) * sizeof(float)) == 0;
  for (guint i = 0; i < a->position->len && same; i++)
    same = same_position(g_ptr_array_index(a->position, i), g_ptr_array_index(b->position, i));
  return same;
}

static gboolean same_recording(WdRecording *a, WdRecording *b) {
  gboolean same = wd_recording_count(a) == wd_recording_count(b) &&
                  strcmp(wd_recording_get_identity(a), wd_recording_get_identity(b)) == 0 &&
                  strcmp(wd_recording_get_model(a), wd_recording_get_model(b)) == 0;
  for (guint i = 0; i < wd_recording_count(a) && same; i++)
    same = same_branch(wd_recording_nth(a, i), wd_recording_nth(b, i));
  return same;
}

static void on_count(WdRecording *r, int *count) {
  (void)r;
  ++*count;
}

static void branches(void) {
  WdRecording *r = forest();
  int changed = 0;
  g_signal_connect(r, "changed", G_CALLBACK(on_count), &changed);
  tap_ok(wd_recording_count(r) == 4 && wd_recording_nth(r, 4) == NULL, "four branches");
  tap_ok(wd_branch_last(wd_recording_find(r, 2)) == 6 && wd_branch_end(wd_recording_find(r, 4)) == 2,
         "last and end");
  tap_ok(wd_recording_position(r, 3, 1) == wd_recording_position(r, 1, 1) &&
             wd_recording_position(r, 3, 3) == wd_recording_position(r, 2, 3) &&
             wd_recording_position(r, 3, 4) != wd_recording_position(r, 2, 4) &&
             !wd_recording_position(r, 3, 5) && !wd_recording_position(r, 3, -1) &&
             !wd_recording_position(r, 9, 0),
         "positions before a branch are its parents', its first is its own");
  tap_ok(wd_recording_rename(r, 2, "Two") && !wd_recording_rename(r, 2, "") &&
             !wd_recording_rename(r, 9, "x") && changed == 1 &&
             strcmp(wd_recording_find(r, 2)->name, "Two") == 0,
         "a branch is renamed");
  WdPair *p = pair(1);
  GBytes *latent = wd_recording_position(r, 3, 4)->latent[WD_WHAT_ESTIMATE];
  wd_recording_put_frame(r, latent, p, NULL, NULL);
  wd_pair_unref(p);
  tap_ok(wd_recording_set_aside(r, 2) && wd_recording_count(r) == 2 && !wd_recording_find(r, 3) &&
             changed == 2,
         "a branch is set aside with those that left it");
  wd_recording_sweep(r);
  WdFrame f;
  tap_ok(!wd_recording_put_back(r, 3) && wd_recording_put_back(r, 2) && changed == 3 &&
             wd_recording_nth(r, 1)->id == 2 && wd_recording_nth(r, 2)->id == 3 &&
             wd_recording_nth(r, 3)->id == 4 &&
             wd_recording_position(r, 3, 4)->latent[WD_WHAT_ESTIMATE] == latent &&
             wd_recording_get_frame(r, 3, 4, WD_WHAT_ESTIMATE, &f) && f.pair,
         "and put back where they were, frames and all");
  tap_ok(!wd_recording_put_back(r, 2) && !wd_recording_set_aside(r, 9), "once");
  tap_ok(wd_recording_set_aside(r, 3) && wd_recording_set_aside(r, 2) && !wd_recording_put_back(r, 3) &&
             wd_recording_put_back(r, 2) && wd_recording_put_back(r, 3) && wd_recording_count(r) == 4,
         "a branch comes back only to the one that it left");
  wd_recording_set_aside(r, 3);
  wd_recording_set_model(r, "other", "another model");
  tap_ok(!wd_recording_put_back(r, 3) && wd_recording_count(r) == 3,
         "nor to latents of another model, where these would be taken for its own");
  changed = 1;
  wd_recording_remove(r, 2);
  tap_ok(wd_recording_count(r) == 2 && !wd_recording_find(r, 2) && !wd_recording_find(r, 3) && changed == 2,
         "a branch goes with those that left it");
  WdRecipe recipe = {.family = -1};
  tap_ok(wd_recording_add(r, WD_BRANCH_SAMPLED, "x", 0, 0, &recipe, 2)->id == 5,
         "its number is not used again");
  g_object_unref(r);
}

static void frames(void) {
  WdRecording *r = forest();
  WdFrame f;
  tap_ok(!wd_recording_get_frame(r, 1, 2, WD_WHAT_ESTIMATE, &f) && !f.pair, "no frame before one came");
  WdPair *p = pair(1);
  gsize one = 0;
  for (int k = 0; k <= 6; k++) {
    WdPosition *at = wd_recording_position(r, 1, k);
    wd_recording_put_frame(r, at->latent[WD_WHAT_ESTIMATE], p, NULL, NULL);
    if (k == 0) one = wd_recording_frame_bytes(r);
  }
  tap_ok(wd_recording_frame_bytes(r) == 7 * one, "seven frames of %d bytes", (int)one);
  wd_recording_get_frame(r, 1, 0, WD_WHAT_ESTIMATE, &f);
  wd_recording_set_budget(r, 3 * one);
  gboolean kept = wd_recording_get_frame(r, 1, 0, WD_WHAT_ESTIMATE, &f) &&
                  wd_recording_get_frame(r, 1, 6, WD_WHAT_ESTIMATE, &f) &&
                  wd_recording_get_frame(r, 1, 6, WD_WHAT_STATE, &f) && /* one latent at the data */
                  wd_recording_get_frame(r, 1, 5, WD_WHAT_ESTIMATE, &f);
  tap_ok(kept && wd_recording_frame_bytes(r) == 3 * one &&
             !wd_recording_get_frame(r, 1, 1, WD_WHAT_ESTIMATE, &f),
         "the budget drops those least recently used");
  wd_recording_remove(r, 1);
  tap_ok(wd_recording_frame_bytes(r) == 0, "frames go with their branch");
  g_object_unref(r);
  wd_pair_unref(p);
}

static void round_trip(void) {
  GError *error = NULL;
  g_autofree char *path = g_build_filename(folder, "a.wdrun", NULL),
                  *again = g_build_filename(folder, "b.wdrun", NULL);
  WdRecording *r = forest();
  bed_need_error(wd_recording_save(r, path, FALSE, "{\"shot\": 3}", &error), error, "save");
  char *view = NULL;
  WdRecording *back = wd_recording_load(path, &view, &error);
  bed_need_error(back != NULL, error, "load");
  tap_ok(same_recording(r, back), "a recording comes back equal");
  tap_ok(g_strcmp0(view, "{\"shot\": 3}") == 0, "with its view");
  WdPosition *data = wd_recording_position(back, 1, 6);
  tap_ok(data->latent[0] == data->latent[1], "the data's two latents are still one");
  g_free(view);
  WdRecipe recipe = {.family = -1};
  tap_ok(wd_recording_add(back, WD_BRANCH_SAMPLED, "x", 0, 0, &recipe, 2)->id == 5, "numbers go on");
  g_object_unref(back);

  /* frames */
  WdPair *p = pair(2);
  WdSimulation *live = simulation(4, WD_WAVE_LIVE, p), *exact = simulation(5, WD_WAVE_EXACT, p);
  wd_recording_put_frame(r, wd_recording_position(r, 1, 2)->latent[0], p, live, exact);
  wd_recording_put_frame(r, wd_recording_position(r, 1, 3)->latent[0], p, live, NULL);
  wd_recording_put_frame(r, wd_recording_position(r, 1, 4)->latent[0], p, NULL, NULL);
  bed_need_error(wd_recording_save(r, path, TRUE, NULL, &error), error, "save frames");
  back = wd_recording_load(path, &view, &error);
  bed_need_error(back != NULL, error, "load frames");
  tap_ok(same_recording(r, back) && !view, "a recording with frames comes back equal");
  for (int twice = 0; twice < 2; twice++) {
    WdFrame f;
    gboolean there = wd_recording_get_frame(back, 1, 2, WD_WHAT_ESTIMATE, &f) && f.pair && f.pair->coded &&
                     f.exact && f.exact->coded && !f.live;
    tap_ok(there && memcmp(f.pair->velocity.value, p->velocity.value,
                           (size_t)geometry.nz * (size_t)geometry.nx * sizeof(float)) == 0,
           "its frame has the map as it was, and the exact simulation");
    double dd = 0, aa = 0, ee = 0;
    for (size_t i = 0; there && i < wd_gather_count(&p->gathers); i++) {
      double d = (double)f.pair->gathers.value[i] - (double)p->gathers.value[i], a = p->gathers.value[i];
      double e = (double)f.exact->full.value[i] - (double)exact->full.value[i];
      dd += d * d;
      ee += e * e;
      aa += a * a;
    }
    tap_at_most(sqrt(fmax(dd, ee) / aa), 1e-3, "gathers through codec and float16, relative L2");
    tap_at_most(fabs(f.exact->comparison.all.relative_l2 - exact->comparison.all.relative_l2), 2e-3,
                "the comparison made again");
    gboolean others = wd_recording_get_frame(back, 1, 3, WD_WHAT_ESTIMATE, &f) && f.live && !f.exact &&
                      wd_recording_get_frame(back, 1, 4, WD_WHAT_ESTIMATE, &f) && f.pair && !f.live &&
                      !f.exact && !wd_recording_get_frame(back, 1, 5, WD_WHAT_ESTIMATE, &f);
    tap_ok(others, "the others have what they had");
    wd_recording_set_budget(back, 1); /* all but the newest go, and come from the file's form again */
    if (twice) break;
    bed_need_error(wd_recording_save(back, again, TRUE, NULL, &error), error, "save again");
    g_object_unref(back);
    back = wd_recording_load(again, NULL, &error);
    bed_need_error(back != NULL, error, "load again");
  }
  g_autofree char *one = NULL, *two = NULL;
  gsize n1 = 0, n2 = 0;
  g_file_get_contents(path, &one, &n1, NULL);
  g_file_get_contents(again, &two, &n2, NULL);
  tap_ok(n1 == n2 && memcmp(one, two, n1) == 0, "saved again it is the same file to the last byte");
  g_object_unref(back);
  g_object_unref(r);
  wd_pair_unref(p);
  wd_simulation_unref(live);
  wd_simulation_unref(exact);
}

/* The JSON of a file, changed by `from` to `to`, and metadata, into another file. */
static void rewrite(const char *path, const char *out, const char *from, const char *to) {
  wd_error err = {0};
  wd_safetensors *f = NULL;
  bed_need(wd_safetensors_open(path, &f, &err), &err, "open");
  const wd_stored_tensor *t = wd_safetensors_find(f, "recording"), *x = wd_safetensors_find(f, "latents");
  const wd_stored_tensor *v = wd_safetensors_find(f, "truth.0.velocity"),
                         *g = wd_safetensors_find(f, "truth.0.gathers");
  g_autofree char *text = g_strndup(t->data, t->bytes);
  char *at = strstr(text, from);
  if (!at) {
    printf("Bail out! '%s' is not in the file\n", from);
    exit(1);
  }
  *at = 0;
  g_autofree char *changed = g_strconcat(text, to, at + strlen(from), NULL);
  wd_stored_tensor all[4] = {*x, *v, *g, *t};
  all[3].data = changed;
  all[3].shape[0] = strlen(changed);
  wd_metadata m[2] = {{"format", "wavediffusion-recording"}, {"colour of the sky", "blue"}};
  bed_need(wd_safetensors_write(out, all, 4, m, 2, &err), &err, "write");
  wd_safetensors_close(f);
}

/* ---- walks: latents that somebody made, and what begins anew from one of them */

static void add_walk(WdRecording *r) {
  WdRecipe recipe = {.family = -1};
  WdBranch *walk = wd_recording_add(r, WD_BRANCH_WALK, "Walk 1", 0, 0, &recipe, 2);
  for (int k = 0; k <= 2; k++) {
    WdPosition *p = wd_recording_grow(r, walk, k, NULL);
    p->latent[WD_WHAT_STATE] = latent(200 + (guint)k);
    p->latent[WD_WHAT_ESTIMATE] = g_bytes_ref(p->latent[WD_WHAT_STATE]);
    p->live[WD_WHAT_ESTIMATE] = score(200 + (guint)k, WD_WAVE_LIVE);
  }
  wd_recording_position(r, walk->id, 1)->note = wd_note_check("{\"edit\": \"code\", \"cell\": [4, 5], "
                                                              "\"text\": \"cell 4, 5: code 12 to 88\", "
                                                              "\"from\": 0, \"u\": 0.1}");
  wd_recording_position(r, walk->id, 2)->note = wd_note_check("{\"edit\": \"plane\"}");
  recipe = (WdRecipe){
      .seed = 9, .family = 2, .plan = {WD_SAMPLER_DDIM, 3, 0, 0}, .begin = WD_BEGIN_NOISED, .timestep = 79};
  WdBranch *noised = wd_recording_add(r, WD_BRANCH_SAMPLED, "Re-noised", walk->id, 1, &recipe, 4);
  noised->edited = g_bytes_ref(wd_recording_position(r, walk->id, 1)->latent[0]);
  for (int k = 1; k <= 4; k++) put(r, noised, k, 220 + (guint)k);
  recipe = (WdRecipe){.family = -1, .plan = {WD_SAMPLER_DDPM, 1, 0, 0}};
  WdBranch *twig = wd_recording_add(r, WD_BRANCH_SAMPLED, "Twig of it", noised->id, 3, &recipe, 4);
  put(r, twig, 3, 240);
}

static void walks(void) {
  GError *error = NULL;
  g_autofree char *path = g_build_filename(folder, "w.wdrun", NULL),
                  *again = g_build_filename(folder, "w2.wdrun", NULL),
                  *bad = g_build_filename(folder, "bad.wdrun", NULL);
  WdRecording *r = forest();
  add_walk(r);
  const WdBranch *walk = wd_recording_find(r, 5);
  tap_ok(wd_branch_last(walk) == 2 && wd_branch_end(walk) == 2 && wd_branch_is_data(walk, NULL, 0) &&
             !wd_branch_is_data(wd_recording_find(r, 6), NULL, 1) &&
             wd_branch_is_data(wd_recording_find(r, 6), wd_recording_position(r, 6, 0), 0),
         "every latent of a walk is data");
  tap_ok(wd_recording_origin(r, 1) == 0 && wd_recording_origin(r, 3) == 0 && wd_recording_origin(r, 5) == 0 &&
             wd_recording_origin(r, 6) == 1 && wd_recording_origin(r, 7) == 1 &&
             wd_recording_origin(r, 99) == 0,
         "what is sampled from a noised latent begins where it was noised");
  tap_ok(wd_recording_root(r, 3)->id == 1 && wd_recording_root(r, 6) == walk && !wd_recording_root(r, 99),
         "the run, or walk, that a branch stems from");
  g_autofree char *said = wd_position_note_text(wd_recording_position(r, 5, 1)),
                  *kind = wd_position_note_text(wd_recording_position(r, 5, 2)),
                  *none = wd_position_note_text(wd_recording_position(r, 5, 0));
  tap_ok(g_strcmp0(said, "cell 4, 5: code 12 to 88") == 0 && g_strcmp0(kind, "plane") == 0 && !none,
         "a note says how a latent was made: %s; %s", said, kind);
  tap_ok(!wd_note_check("[1]") && !wd_note_check("{\"a\":") && !wd_note_check("") && !wd_note_check("{}x"),
         "a note is one JSON object");
  bed_need_error(wd_recording_save(r, path, FALSE, NULL, &error), error, "save");
  WdRecording *back = wd_recording_load(path, NULL, &error);
  bed_need_error(back != NULL, error, "load");
  tap_ok(same_recording(r, back), "a recording with a walk comes back equal");
  tap_ok(wd_recording_find(back, 6)->edited == wd_recording_position(back, 5, 1)->latent[0],
         "and the latent that was noised is still the walk's");
  bed_need_error(wd_recording_save(back, again, FALSE, NULL, &error), error, "save again");
  g_autofree char *one = NULL, *two = NULL;
  gsize n1 = 0, n2 = 0;
  g_file_get_contents(path, &one, &n1, NULL);
  g_file_get_contents(again, &two, &n2, NULL);
  tap_ok(n1 == n2 && memcmp(one, two, n1) == 0, "saved again it is the same file to the last byte");
  g_clear_object(&back);

  /* another latent in the place of the last: what was known of the old one goes, and its frame */
  WdPair *p = pair(8);
  GBytes *old = wd_recording_position(r, 5, 2)->latent[0];
  wd_recording_put_frame(r, old, p, NULL, NULL);
  gsize before = wd_recording_frame_bytes(r);
  WdPosition *fresh = wd_recording_renew(r, wd_recording_find(r, 5), 2);
  fresh->latent[0] = latent(300);
  fresh->latent[1] = g_bytes_ref(fresh->latent[0]);
  wd_recording_sweep(r);
  tap_ok(before > 0 && wd_recording_frame_bytes(r) == 0 && !fresh->live[0] && !fresh->note &&
             wd_recording_position(r, 5, 2) == fresh && wd_branch_last(wd_recording_find(r, 5)) == 2,
         "a latent put in the place of another forgets what was made of that one");
  wd_pair_unref(p);

  const char *const wrong[][2] = {
      {"\"kind\":\"walk\",\"name\"", "\"kind\":\"walk\",\"parent\":1,\"parent_at\":0,\"name\""},
      {"\"kind\":\"walk\"", "\"kind\":\"sampled\""},
      {"\"note\":{\"edit\":\"plane\"}", "\"note\":[\"plane\"]"},
      {"\"note\":{\"edit\":\"plane\"}", "\"note\":\"plane\""},
      {"\"begin\":\"noised\"", "\"begin\":\"sometime\""},
      {"\"begin\":\"noised\"", "\"begin\":\"on\""},
      {"\"begin\":\"noised\"", "\"begin\":7"}};
  for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
    rewrite(path, bad, wrong[i][0], wrong[i][1]);
    back = wd_recording_load(bad, NULL, &error);
    tap_ok(!back && error && strstr(error->message, "bad.wdrun"), "refused, %s: %s", wrong[i][1],
           error ? error->message : "it was taken");
    g_clear_error(&error);
    g_clear_object(&back);
  }
  wd_recording_remove(r, 5);
  tap_ok(wd_recording_count(r) == 4, "a walk goes with what began from it");
  g_object_unref(r);
}

static void bookmarks(void) {
  GError *error = NULL;
  g_autofree char *path = g_build_filename(folder, "marks.wdrun", NULL),
                  *longest = g_strnfill(WD_BOOKMARK_MAX + 1, 'x');
  WdRecording *r = forest();
  add_walk(r);
  tap_ok(wd_bookmark_set(r, 5, 1,
                         "the \xe2\x80\x9c"
                         "fault\xe2\x80\x9d") &&
             wd_bookmark_set(r, 1, 4, "half-way") && wd_bookmark_set(r, 2, 1, "of the parent"),
         "positions are bookmarked, one that a branch shares with its parent too");
  tap_ok(!wd_bookmark_set(r, 1, 99, "x") && !wd_bookmark_set(r, 99, 0, "x") &&
             !wd_bookmark_set(r, 1, 0, longest) && !wd_bookmark_set(r, 1, 0, "\xff"),
         "but not places that are not there, nor by names that are too long or no text");
  g_autofree char *said = wd_position_note_text(wd_recording_position(r, 5, 1));
  tap_ok(!g_strcmp0(said, "cell 4, 5: code 12 to 88"), "the note says still how the latent was made: %s",
         said);
  bed_need_error(wd_recording_save(r, path, FALSE, NULL, &error), error, "save");
  WdRecording *back = wd_recording_load(path, NULL, &error);
  bed_need_error(back != NULL, error, "load");
  g_autoptr(GArray) all = wd_bookmark_list(back);
  static const WdBookmark wanted[] = {{1, 1, (char *)"of the parent"},
                                      {1, 4, (char *)"half-way"},
                                      {5, 1,
                                       (char *)"the \xe2\x80\x9c"
                                               "fault\xe2\x80\x9d"}};
  gboolean right = all->len == G_N_ELEMENTS(wanted);
  for (guint k = 0; right && k < all->len; k++) {
    const WdBookmark *m = &g_array_index(all, WdBookmark, k);
    right = m->branch == wanted[k].branch && m->position == wanted[k].position &&
            !strcmp(m->name, wanted[k].name);
  }
  tap_ok(right, "a recording keeps them, each once: %u", all->len);
  tap_ok(wd_bookmark_set(back, 1, 4, NULL) && !wd_recording_position(back, 1, 4)->note &&
             wd_bookmark_set(back, 5, 1, "") && wd_recording_position(back, 5, 1)->note,
         "taken away, they leave nothing but what else was noted");
  g_autoptr(GArray) one = wd_bookmark_list(back);
  tap_ok(one->len == 1, "one is left");
  g_object_unref(back);
  g_object_unref(r);
}

static void bad_files(void) {
  GError *error = NULL;
  g_autofree char *path = g_build_filename(folder, "c.wdrun", NULL),
                  *bad = g_build_filename(folder, "bad.wdrun", NULL);
  WdRecording *r = forest();
  bed_need_error(wd_recording_save(r, path, FALSE, NULL, &error), error, "save");
  rewrite(path, bad, "\"version\":1", "\"version\":1,\"later\":{\"a\":[1,2.5]}");
  WdRecording *back = wd_recording_load(bad, NULL, &error);
  bed_need_error(back != NULL && same_recording(r, back), error, "unknown members");
  bed_need_error(wd_recording_save(back, bad, FALSE, NULL, &error), error, "save");
  wd_safetensors *f = NULL;
  wd_error err = {0};
  bed_need(wd_safetensors_open(bad, &f, &err), &err, "open");
  const wd_stored_tensor *t = wd_safetensors_find(f, "recording");
  g_autofree char *text = g_strndup(t->data, t->bytes);
  tap_ok(strstr(text, "\"later\":{\"a\":[1,2.5]}") &&
             g_strcmp0(wd_safetensors_metadata(f, "colour of the sky"), "blue") == 0,
         "what this version does not know is written again");
  wd_safetensors_close(f);
  g_object_unref(back);

  const char *const wrong[][2] = {{"\"version\":1", "\"version\":2"},
                                  {"\"id\":2", "\"id\":1"},
                                  {"\"id\":2", "\"id\":-2"},
                                  {"\"parent\":1", "\"parent\":3"},
                                  {"\"parent_at\":3", "\"parent_at\":7"},
                                  {"\"latent\":3", "\"latent\":3000"},
                                  {"\"latent\":3", "\"latent\":-1"},
                                  {"\"timestep\":89", "\"timestep\":-1"},
                                  {"\"alpha\":0.5", "\"alpha\":\"x\",\"was\":0.5"},
                                  {"\"kind\":\"sampled\"", "\"kind\":\"encoded\""},
                                  {"\"nz\":16", "\"nz\":160000"},
                                  {"\"truth\":0", "\"truth\":1"},
                                  {"\"sampler\":\"ddim\"", "\"sampler\":\"magic\""},
                                  {"\"family\":\"", "\"family\":\"no-"},
                                  {"\"mode\":\"live\"", "\"mode\":\"exact\""},
                                  {"\"steps\":6", "\"steps\":5"},
                                  {"\"branches\":[", "\"branches\":[7,"},
                                  {"\"branches\":[", "\"branches\":["
                                                     "["}};
  for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
    rewrite(path, bad, wrong[i][0], wrong[i][1]);
    back = wd_recording_load(bad, NULL, &error);
    tap_ok(!back && error && strstr(error->message, "bad.wdrun"), "refused, %s: %s", wrong[i][1],
           error ? error->message : "it was taken");
    g_clear_error(&error);
    g_clear_object(&back);
  }
  g_file_set_contents(bad, "hello", 5, NULL);
  back = wd_recording_load(bad, NULL, &error);
  tap_ok(!back && error, "refused: %s", error ? error->message : "it was taken");
  g_clear_error(&error);
  back = wd_recording_load("/nowhere/at.all", NULL, &error);
  tap_ok(!back && error, "refused: %s", error ? error->message : "it was taken");
  g_clear_error(&error);
  gboolean saved = wd_recording_save(r, "/nowhere/at.all", FALSE, NULL, &error);
  tap_ok(!saved && error, "not saved: %s", error ? error->message : "it was");
  g_clear_error(&error);
  g_object_unref(r);
}

static char *view_text(gpointer user) {
  ++*(int *)user;
  return g_strdup("{}");
}

typedef struct Failures {
  int n;
  char *message;
} Failures;
static void on_failed(const char *message, gpointer user) {
  Failures *f = user;
  f->n++;
  g_free(f->message);
  f->message = g_strdup(message);
}
static void wait_failures(Failures *f, int n, double seconds) {
  const gint64 end = g_get_monotonic_time() + (gint64)(seconds * G_USEC_PER_SEC);
  while (f->n < n && g_get_monotonic_time() < end)
    if (!g_main_context_iteration(NULL, FALSE)) g_usleep(2000);
}

static char *name_in(const char *path) {
  g_autoptr(WdRecording) r = wd_recording_load(path, NULL, NULL);
  return g_strdup(r ? wd_recording_nth(r, 0)->name : "nothing");
}

/* Another recording takes the place of one that was changed, and that one comes back. */
static void replaced(WdAutosave *a, WdSession *s, WdRecording *r, Failures *f) {
  g_autofree char *first = g_strdup(wd_autosave_get_path(a)), *place = g_path_get_dirname(first),
                  *aside = g_strconcat(place, "-aside", NULL);
  g_autoptr(GError) error = NULL;
  WdRecording *lesson = forest(), *other = forest();
  wd_autosave_set_seconds(a, 0);
  wd_recording_rename(r, 1, "Work");
  wd_session_set_recording(s, lesson);
  g_autofree char *work = name_in(first);
  tap_ok(!strcmp(work, "Work"), "what was made is saved when another recording is opened: %s", work);
  g_autofree char *second = g_strdup(wd_autosave_get_path(a));
  tap_ok(strcmp(first, second) && wd_autosave_now(a, NULL) && !g_file_test(second, G_FILE_TEST_EXISTS),
         "the other one has a file of its own, and leaves none where nothing is made in it");
  wd_recording_announce_position(lesson, 1, 0);
  tap_ok(wd_autosave_now(a, NULL) && !g_file_test(second, G_FILE_TEST_EXISTS), "as when a step is scored");
  wd_recording_rename(lesson, 1, "Played with");
  wd_session_set_recording(s, r);
  g_autofree char *played = name_in(second);
  tap_ok(!strcmp(played, "Played with") && !strcmp(wd_autosave_get_path(a), first),
         "it is kept too once something is; what comes back has the file that it had");
  g_autofree char *dead = g_build_filename(place, "session-2147483646-2.wdrun", NULL);
  bed_need_error(g_rename(second, dead) == 0, NULL, "rename");
  g_autofree char *found = wd_autosave_find(place);
  tap_ok(g_strcmp0(found, dead) == 0, "a process's second file is found as well");

  wd_recording_rename(r, 1, "More work");
  bed_need_error(g_rename(place, aside) == 0 && g_file_set_contents(place, "in the way", -1, &error), error,
                 "rename");
  const int told = f->n;
  wd_session_set_recording(s, other);
  tap_ok(f->n == told + 1 && !wd_autosave_now(a, &error) && error,
         "where it cannot be saved that is told, then and on quitting");
  g_clear_error(&error);
  g_unlink(place);
  bed_need_error(g_rename(aside, place) == 0, NULL, "rename");
  const gboolean now = wd_autosave_now(a, &error);
  g_autofree char *more = name_in(first);
  tap_ok(now && !strcmp(more, "More work"), "and it is saved once it can be: %s", more);
  g_object_unref(lesson);
  g_object_unref(other);
}

static void autosave(void) {
  GError *error = NULL;
  int views = 0;
  g_autofree char *place = g_build_filename(folder, "state", NULL);
  /* What a process of the same number left before the machine was started again. */
  g_autofree char *same = g_strdup_printf("session-%ld.wdrun", (long)getpid()),
                  *before = g_build_filename(place, same, NULL), *left = NULL;
  bed_need_error(!g_mkdir_with_parents(place, 0700) && g_file_set_contents(before, "work", -1, &error), error,
                 "a file");
  WdSession *s = wd_session_new();
  WdAutosave *a = wd_autosave_new(s, place, view_text, &views);
  tap_ok(wd_autosave_now(a, &error) && !g_file_test(wd_autosave_get_path(a), G_FILE_TEST_EXISTS) &&
             !wd_autosave_find(place),
         "an empty session leaves nothing");
  WdRecording *r = forest();
  wd_session_set_recording(s, r);
  tap_ok(wd_autosave_now(a, &error) && !g_file_test(wd_autosave_get_path(a), G_FILE_TEST_EXISTS) && !views,
         "nor does a recording that was only opened");
  wd_autosave_set_made(r);
  bed_need_error(wd_autosave_now(a, &error), error, "autosave");
  WdRecording *back = wd_recording_load(wd_autosave_get_path(a), NULL, &error);
  bed_need_error(back != NULL, error, "load");
  tap_ok(same_recording(r, back) && views == 1, "a session is saved, with its view");
  g_object_unref(back);
  tap_ok(g_file_get_contents(before, &left, NULL, NULL) && !strcmp(left, "work"),
         "not over a file that has its name already");
  g_unlink(before);
  tap_ok(!wd_autosave_find(place), "what a living process keeps is not offered");
  g_autofree char *gone = g_build_filename(place, "session-2147483646.wdrun", NULL);
  bed_need_error(g_rename(wd_autosave_get_path(a), gone) == 0, NULL, "rename");
  g_autofree char *found = wd_autosave_find(place);
  tap_ok(g_strcmp0(found, gone) == 0, "what a dead one left is found");
  wd_autosave_adopt(a, found);
  wd_autosave_set_seconds(a, 1);
  wd_recording_rename(r, 1, "Another name");
  gint64 end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
  while (!g_file_test(wd_autosave_get_path(a), G_FILE_TEST_EXISTS) && g_get_monotonic_time() < end)
    g_main_context_iteration(NULL, TRUE);
  tap_ok(g_file_test(wd_autosave_get_path(a), G_FILE_TEST_EXISTS), "it is saved by itself after a change");
  bed_need_error(wd_autosave_now(a, &error), error, "autosave");
  tap_ok(!g_file_test(gone, G_FILE_TEST_EXISTS), "and then takes the place of what was restored");

  /* nobody can write into a folder that is a file; then the disk is full (files of 1 KB at most) */
  Failures f = {0};
  wd_autosave_set_failed(a, on_failed, &f);
  g_unlink(wd_autosave_get_path(a));
  g_rmdir(place);
  bed_need_error(g_file_set_contents(place, "in the way", -1, &error), error, "file");
  wd_recording_rename(r, 1, "A third name");
  wait_failures(&f, 1, 10);
  tap_ok(f.n == 1 && strstr(f.message, place), "that it cannot be saved is told: %s", f.message);
  wait_failures(&f, 2, 2.5);
  tap_ok(f.n == 1, "once, though it is tried each second");
  const gboolean lost = !wd_autosave_now(a, &error);
  tap_ok(lost && error && strstr(error->message, place), "and on quitting: %s",
         error ? error->message : "nothing");
  g_clear_error(&error);
  g_unlink(place);
  end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
  while (!g_file_test(wd_autosave_get_path(a), G_FILE_TEST_EXISTS) && g_get_monotonic_time() < end)
    g_main_context_iteration(NULL, TRUE);
  tap_ok(g_file_test(wd_autosave_get_path(a), G_FILE_TEST_EXISTS),
         "it is saved by itself once it can be, with no other change");
  const struct rlimit full = {1024, RLIM_INFINITY}, room = {RLIM_INFINITY, RLIM_INFINITY};
  g_autofree char *kept = NULL, *still = NULL;
  gsize kept_size = 0, still_size = 0;
  g_file_get_contents(wd_autosave_get_path(a), &kept, &kept_size, NULL);
  signal(SIGXFSZ, SIG_IGN);
  tap_ok(kept_size > 1024 && setrlimit(RLIMIT_FSIZE, &full) == 0, "%d bytes of it", (int)kept_size);
  wd_recording_rename(r, 1, "A fourth name");
  wait_failures(&f, 2, 10);
  const gboolean refused = !wd_autosave_now(a, &error);
  setrlimit(RLIMIT_FSIZE, &room);
  tap_ok(f.n == 2 && refused && error, "a full disk is told too: %s", f.message ? f.message : "not");
  g_clear_error(&error);
  g_file_get_contents(wd_autosave_get_path(a), &still, &still_size, NULL);
  tap_ok(still_size == kept_size && memcmp(kept, still, kept_size) == 0,
         "what was saved before is as it was");
  replaced(a, s, r, &f);
  wd_autosave_free(a);
  g_free(f.message);
  g_object_unref(s);
  g_object_unref(r);
}

int main(void) {
  folder = bed_folder();
  branches();
  frames();
  round_trip();
  walks();
  bookmarks();
  bad_files();
  autosave();
  bed_remove(folder);
  g_free(folder);
  return tap_done();
}
