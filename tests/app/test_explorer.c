/* The latent explorer without a display: planes, the sample under the cursor, the trail and its undo, the
 * lattice, the residual map with cancel, paths, batches; and the command line gives the cursor's latent to
 * the last bit. */
#include "app/bookmark.h"
#include "app/explorer.h"
#include "solver/npy.h"
#include "tests/app/bed.h"
#include "tests/app/expect.h"

#include <math.h>
#include <string.h>

static char *folder, *model;
static WdSession *session;
static WdExplorer *x;
static int failures;
static char *failure;

static void on_failed(WdExplorer *e, const char *text) {
  (void)e;
  failures++;
  g_free(failure);
  failure = g_strdup(text);
}
/* The view follows the sample, as the page does. */
static void on_changed(WdExplorer *e, guint parts) {
  if (parts & (WD_EXPLORER_SAMPLE | WD_EXPLORER_WENT))
    wd_session_look(session, 0, e->walk, e->at, WD_WHAT_ESTIMATE, e->resting);
}

static gboolean is_ready(gpointer user) {
  (void)user;
  return x->ready;
}
static gboolean is_sampled(gpointer user) {
  (void)user;
  return x->at >= 0 && !x->in_flight && x->sample_serial == x->serial && x->sample_u == x->u &&
         x->sample_v == x->v && (x->domain == WD_DOMAIN_DATA || x->sample_steps == x->recipe.plan.steps);
}
static gboolean is_drawn(gpointer user) {
  (void)user;
  return x->tiles && x->tiles->maps == x->tiles->side * x->tiles->side;
}
static gboolean is_begun(gpointer user) {
  return x->tiles && x->tiles->made + x->tiles->refused >= GPOINTER_TO_INT(user);
}
static gboolean is_mapped(gpointer user) {
  (void)user;
  return !x->mapping;
}
static gboolean is_path(gpointer user) {
  (void)user;
  return !x->path_making;
}
static gboolean has_band(gpointer user) {
  (void)user;
  return x->band_count > 0;
}
static gboolean is_fresh(gpointer user) {
  (void)user;
  return x->fresh;
}

static gsize dimension(void) {
  return (gsize)wd_session_get_model(session)->latent.count;
}
static WdBranch *walk(void) {
  return wd_recording_find(wd_session_get_recording(session), x->walk);
}
static GBytes *latent_at(guint branch, int k) {
  WdPosition *p = wd_recording_position(wd_session_get_recording(session), branch, k);
  return p ? p->latent[WD_WHAT_ESTIMATE] : NULL;
}
/* Runs the command, and compares latent i of what it wrote with one of the walk. */
static gboolean command_gives(const char *command, const char *into, int i, GBytes *latent) {
  const char *cli = g_getenv("WD_CLI");
  g_auto(GStrv) argv = NULL;
  if (!g_shell_parse_argv(command, NULL, &argv, NULL)) return FALSE;
  g_autoptr(GPtrArray) args = g_ptr_array_new();
  g_autofree char *out = g_build_filename(folder, into, NULL);
  g_ptr_array_add(args, (gpointer)cli);
  for (char **a = argv + 1; *a; a++) g_ptr_array_add(args, a > argv + 1 && !strcmp(a[-1], "-o") ? out : *a);
  g_ptr_array_add(args, NULL);
  g_autofree char *error = NULL;
  int status = 0;
  if (!g_spawn_sync(NULL, (char **)args->pdata, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &error,
                    &status, NULL) ||
      status) {
    printf("# %s\n# %s\n", command, error);
    return FALSE;
  }
  g_autofree char *file = g_build_filename(out, "latents.npy", NULL);
  wd_npy *npy = NULL;
  gsize d = dimension();
  g_autofree float *z = g_new0(float, d);
  gboolean same = !wd_npy_open(file, &npy, NULL) && !wd_npy_read(npy, (gsize)i * d, d, z, NULL) && latent &&
                  g_bytes_get_size(latent) == d * sizeof *z &&
                  memcmp(z, g_bytes_get_data(latent, NULL), d * sizeof *z) == 0;
  wd_npy_close(npy);
  return same;
}

static void settle(void) {
  bed_wait(is_sampled, NULL, 30);
  bed_wait(bed_rested, session, 60);
}

static void test_plane(void) {
  tap_ok(!x->ready && x->why && strstr(x->why, "anchor A"), "without anchors it says what to do: %s", x->why);
  wd_explorer_set_seed(x, 0, 3);
  wd_explorer_set_seed(x, 1, 17);
  tap_ok(!x->ready && strstr(x->why, "Sampling seed") != NULL, "a seed's data is sampled first: %s", x->why);
  wd_explorer_set_seed(x, 2, 42);
  tap_ok(bed_wait(is_ready, NULL, 60), "then there is a plane of three seeds");
  settle();
  tap_ok(walk() && wd_branch_last(walk()) == 0, "and the walk has the latent of anchor A");
  tap_ok(latent_at(x->walk, 0) && g_bytes_equal(latent_at(x->walk, 0), x->anchor[0].data), "itself");
  WdFrame f = {0};
  tap_ok(wd_recording_get_frame(wd_session_get_recording(session), x->walk, 0, WD_WHAT_ESTIMATE, &f) &&
             f.pair,
         "it is decoded, since the view looks at it");
}

static void test_cursor(void) {
  wd_explorer_rest(x);
  settle();
  int before = wd_branch_last(walk());
  for (int i = 1; i <= 8; i++) { /* one drag */
    wd_explorer_move(x, 0.05 * i, 0.03 * i);
    g_main_context_iteration(NULL, FALSE);
  }
  settle();
  tap_ok(wd_branch_last(walk()) == before + 1, "a drag appends one latent, whatever its length (%d)",
         wd_branch_last(walk()));
  tap_ok(x->u == 0.4 && x->v == 0.24, "of where it ended (%g, %g)", x->u, x->v);
  g_autofree float *z = g_new(float, dimension());
  wd_explorer_point(x, 0.4, 0.24, z);
  tap_ok(!memcmp(z, g_bytes_get_data(latent_at(x->walk, x->at), NULL), dimension() * sizeof *z),
         "which is the plane's latent there");
  bed_wait(is_fresh, NULL, 5);
  wd_explorer_move(x, 0.5, 0.5);
  wd_explorer_rest(x);
  settle();
  tap_ok(wd_branch_last(walk()) == before + 2, "after a rest the next move appends another");
  double uv[8][2];
  int n = wd_explorer_trail(x, uv, 8);
  tap_ok(n == before + 3 && uv[0][0] == 0.5 && uv[1][0] == 0.4 && uv[2][0] == 0,
         "the trail has %d places, the newest first", n);
  const gboolean named = wd_bookmark_set(wd_session_get_recording(session), x->walk, x->at, "Here");
  tap_ok(named && wd_explorer_trail(x, uv, 8) == n && uv[0][0] == 0.5, "one that has a bookmark stays on it");
  wd_explorer_move(x, 0.33333, 0.1);
  tap_ok(x->u == 0.3333, "the cursor stands at multiples of 0.0001 (%.17g)", x->u);
  wd_explorer_rest(x);
  settle();

  g_autofree char *command = wd_explorer_command(x, NULL);
  if (g_getenv("WD_CLI"))
    tap_ok(command_gives(command, "point", 0, latent_at(x->walk, x->at)),
           "the command line gives the same latent to the last bit: %s", command);
  else
    expect_missing("cli", "no command line was built");
}

static void test_undo(void) {
  const int last = wd_branch_last(walk());
  GBytes *there = g_bytes_ref(latent_at(x->walk, last));
  wd_explorer_undo(x);
  tap_ok(x->at == last - 1 && x->u == 0.5 && x->v == 0.5, "undo: the cursor is back at (%g, %g)", x->u, x->v);
  wd_explorer_redo(x);
  tap_ok(x->at == last && x->u == 0.3333, "redo: at (%g, %g)", x->u, x->v);
  wd_explorer_set_norm_safe(x, FALSE);
  wd_explorer_rest(x);
  settle();
  tap_ok(wd_branch_last(walk()) == last + 1 && !g_bytes_equal(there, latent_at(x->walk, last + 1)),
         "mixing straight is an edit of its own");
  wd_explorer_set_seed(x, 2, 43);
  bed_wait(is_ready, NULL, 30);
  settle();
  tap_ok(wd_branch_last(walk()) == last + 2, "and so is another anchor");
  wd_explorer_undo(x);
  wd_explorer_undo(x);
  bed_wait(is_ready, NULL, 30);
  tap_ok(x->at == last && x->norm_safe && x->anchor[2].seed == 42, "undo puts both back");
  g_autofree float *z = g_new(float, dimension());
  wd_explorer_point(x, x->u, x->v, z);
  tap_ok(!memcmp(z, g_bytes_get_data(there, NULL), dimension() * sizeof *z), "to the last bit");
  wd_explorer_move(x, 0.2, 0.2);
  wd_explorer_rest(x);
  settle();
  tap_ok(wd_branch_last(walk()) == last + 3, "going on from there appends: nothing is lost");
  wd_explorer_undo(x);
  tap_ok(x->at == last && x->u == 0.3333,
         "undo goes to where that was made from, not to what had been undone");
  wd_explorer_redo(x);
  tap_ok(x->at == last + 3 && x->u == 0.2, "and redo along the way taken last");
  g_bytes_unref(there);
}

static void test_tiles(void) {
  wd_explorer_want_lattice(x, TRUE);
  gboolean drawn = bed_wait(is_drawn, NULL, 120);
  tap_ok(drawn, "the lattice has %d maps", x->tiles ? x->tiles->maps : 0);
  g_autoptr(GError) error = NULL;
  tap_ok(wd_explorer_start_map(x, 12, &error) && x->mapping, "a residual map is begun");
  tap_ok(bed_wait(is_begun, GINT_TO_POINTER(10), 60), "cells come");
  gint64 start = g_get_monotonic_time();
  wd_explorer_cancel_map(x);
  int there = x->tiles->made + x->tiles->refused;
  bed_wait(bed_rested, session, 10);
  tap_at_most((double)(g_get_monotonic_time() - start) * 1e-6, 2, "cancelling it takes, s");
  tap_ok(x->tiles->made + x->tiles->refused == there && there < 144,
         "what was there is kept (%d), no more comes", there);
  char *key = g_strdup(x->tiles->key);
  wd_explorer_set_seed(x, 1, 5);
  bed_wait(is_ready, NULL, 30);
  tap_ok(!x->tiles || (strcmp(x->tiles->key, key) && !x->tiles->made), "another plane has none of it");
  wd_explorer_set_seed(x, 1, 17);
  bed_wait(is_ready, NULL, 30);
  tap_ok(x->tiles && !strcmp(x->tiles->key, key) && x->tiles->made + x->tiles->refused == there,
         "back on the plane it is there again");
  g_free(key);
  tap_ok(wd_explorer_start_map(x, 12, &error), "and goes on");
  bed_wait(is_mapped, NULL, 120);
  tap_ok(x->tiles->made + x->tiles->refused == 144, "to its end: %d cells, %d refused", x->tiles->made,
         x->tiles->refused);
  /* a cell is what the engine says of that latent */
  double lo, hi, step;
  wd_explorer_get_extent(x, &lo, &hi, &step);
  int cell = 5 * 12 + 7;
  double u = lo - step / 2 + (hi - lo + step) / 12 * 7.5, v = lo - step / 2 + (hi - lo + step) / 12 * 5.5;
  wd_explorer_move(x, u, v);
  wd_explorer_rest(x);
  settle();
  WdPosition *p = wd_recording_position(wd_session_get_recording(session), x->walk, x->at);
  const double live = p && p->live[0] ? p->live[0]->value[WD_METRIC_REFLECTION_RESIDUAL] : NAN;
  if (fabs(x->u - u) < 1e-12 && fabs(x->v - v) < 1e-12 && isfinite(live))
    tap_at_most(fabs((double)x->tiles->value[cell] / live - 1), 1e-5,
                "a cell is the live score of its latent");
  else
    tap_at_most(fabs((double)x->tiles->value[cell] / live - 1), 0.05, "a cell is near the live score there");
}

static void test_noise(void) {
  wd_explorer_set_domain(x, WD_DOMAIN_NOISE);
  tap_ok(x->ready, "seeds make a plane of noise at once");
  wd_explorer_move(x, 0.6, 0.3);
  wd_explorer_rest(x);
  settle();
  tap_ok(is_sampled(NULL), "its cursor is denoised, with all %d steps at rest", x->sample_steps);
  g_autofree char *command = wd_explorer_command(x, NULL);
  if (g_getenv("WD_CLI"))
    tap_ok(command_gives(command, "noise", 0, latent_at(x->walk, x->at)), "and so does the command line: %s",
           command);
  else
    expect_missing("cli", "no command line was built");
  g_autofree char *words = wd_explorer_words(x);
  tap_ok(strstr(words, "x_T") && strstr(words, "sphere"), "it says what it does: %s", words);
  GError *error = NULL;
  gboolean set = wd_explorer_set_place(x, 1, x->walk, 0, WD_WHAT_ESTIMATE, &error);
  tap_ok(set && !x->ready && strstr(x->why, "no starting noise"),
         "a latent without noise is refused there: %s", x->why);
  wd_explorer_set_domain(x, WD_DOMAIN_DATA);
  bed_wait(is_ready, NULL, 30);
  tap_ok(x->ready, "and is an anchor among data");
  settle();
}

static void test_path(void) {
  g_autoptr(GError) error = NULL;
  gboolean made = wd_explorer_make_path(x, &error);
  tap_ok(!made && strstr(error->message, "two waypoints"), "no path yet: %s", error->message);
  wd_explorer_set_seed(x, 1, 17);
  bed_wait(is_ready, NULL, 30);
  wd_explorer_add_waypoint(x, 0, 0);
  wd_explorer_add_waypoint(x, 1, 0);
  wd_explorer_add_waypoint(x, 0.25, 0.7);
  wd_explorer_set_path(x, TRUE, WD_EASE_ENDS, 9);
  g_clear_error(&error);
  tap_ok(wd_explorer_make_path(x, &error) && x->path && x->path_done == 9, "a path of nine frames");
  WdBranch *b = wd_recording_find(wd_session_get_recording(session), x->path);
  tap_ok(b && b->kind == WD_BRANCH_WALK && wd_branch_last(b) == 8, "is a walk of its own");
  tap_ok(g_bytes_equal(latent_at(x->path, 0), x->anchor[0].data), "that begins at anchor A");
  guint same = x->path;
  tap_ok(wd_explorer_make_path(x, &error) && x->path == same, "made once");
  g_autofree char *command = wd_explorer_path_command(x, NULL);
  if (g_getenv("WD_CLI"))
    tap_ok(command_gives(command, "path", 4, latent_at(x->path, 4)), "and is the command line's: %s",
           command);
  else
    expect_missing("cli", "no command line was built");
  int at = x->at;
  guint own = x->walk;
  wd_explorer_see(x, x->path, 8);
  tap_ok(x->u == 0.25 && x->v == 0.7 && x->walk == own && x->at == at,
         "looking at a frame moves the cursor along (%g, %g), not the trail", x->u, x->v);
  wd_explorer_set_domain(x, WD_DOMAIN_NOISE);
  tap_ok(wd_explorer_make_path(x, &error) && x->path_making, "a path in noise is sampled");
  tap_ok(bed_wait(is_path, NULL, 60) && x->path_done == 9, "frame by frame");
  wd_explorer_set_domain(x, WD_DOMAIN_DATA);
  bed_wait(is_ready, NULL, 30);
}

static void test_directions(void) {
  wd_explorer_set_shape(x, WD_SHAPE_RANDOM);
  wd_explorer_set_direction_seed(x, 9);
  tap_ok(x->ready, "a plane along random directions");
  wd_explorer_move(x, 0.5, -0.25);
  wd_explorer_rest(x);
  settle();
  double norm = wd_latent_norm(g_bytes_get_data(latent_at(x->walk, x->at), NULL), dimension()),
         centre = wd_latent_norm(g_bytes_get_data(x->anchor[0].data, NULL), dimension());
  tap_at_most(fabs(norm / centre - 1), 1e-5, "keeps its centre's length");
  g_autofree char *command = wd_explorer_command(x, NULL);
  if (g_getenv("WD_CLI"))
    tap_ok(command_gives(command, "random", 0, latent_at(x->walk, x->at)), "as the command line: %s",
           command);
  else
    expect_missing("cli", "no command line was built");
  wd_explorer_want_band(x);
  bed_wait(has_band, NULL, 120);
  tap_ok(x->band_count > 0 && x->band[0] > 0 && x->band[1] >= x->band[0],
         "the band of data latents is measured: %.3f to %.3f of %d", x->band[0], x->band[1], x->band_count);
  x->batch_count = 12;
  wd_explorer_set_shape(x, WD_SHAPE_PRINCIPAL);
  tap_ok(bed_wait(is_ready, NULL, 120), "a plane along principal directions of test pairs");
  wd_explorer_move(x, 1.5, 1);
  wd_explorer_rest(x);
  settle();
  g_autofree char *principal = wd_explorer_command(x, NULL);
  if (g_getenv("WD_CLI"))
    tap_ok(command_gives(principal, "principal", 0, latent_at(x->walk, x->at)), "as the command line: %s",
           principal);
  else
    expect_missing("cli", "no command line was built");
  wd_explorer_set_domain(x, WD_DOMAIN_NOISE);
  tap_ok(!x->ready && strstr(x->why, "alike in all directions"), "noise has none: %s", x->why);
  wd_explorer_set_domain(x, WD_DOMAIN_DATA);
  wd_explorer_set_shape(x, WD_SHAPE_ANCHORS);
  bed_wait(is_ready, NULL, 30);
  settle();
}

/* The plane of a saved recording as a figure, without a window. branch, position: of the walk. */
static gboolean plane_is_drawn(const char *file, int branch, int position, int cells, const char *picture,
                               char **said) {
  g_autofree char *number = g_strdup_printf("%d", branch), *step = g_strdup_printf("%d", position),
                  *n = g_strdup_printf("%d", cells), *out = g_build_filename(folder, picture, NULL);
  const char *argv[] = {g_getenv("WD_CLI"),
                        "render",
                        file,
                        "--panels",
                        "plane",
                        "--model",
                        model,
                        "--branch",
                        number,
                        "--step",
                        step,
                        "--cells",
                        n,
                        "--dpi",
                        "60",
                        "--device",
                        "cpu",
                        "-o",
                        out,
                        NULL};
  int status = -1;
  g_autoptr(GError) error = NULL;
  g_free(*said);
  *said = NULL;
  if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, said, &status,
                    &error))
    return FALSE;
  g_autofree char *bytes = NULL;
  gsize size = 0;
  return g_spawn_check_wait_status(status, NULL) && g_file_get_contents(out, &bytes, &size, NULL) &&
         size > 4000;
}

static void test_saved(void) {
  g_autofree char *file = g_build_filename(folder, "s.wdrun", NULL);
  g_autoptr(GError) error = NULL;
  WdRecording *r = wd_session_get_recording(session);
  guint id = x->walk;
  int k = wd_branch_last(walk());
  tap_ok(wd_explorer_set_place(x, 2, id, k, WD_WHAT_ESTIMATE, &error), "a place of the walk as an anchor");
  wd_explorer_move(x, 0.1, 0.6);
  wd_explorer_rest(x);
  settle();
  bed_need_error(wd_recording_save(r, file, FALSE, NULL, &error), error, "save");
  g_autofree char *command = wd_explorer_command(x, file);
  if (g_getenv("WD_CLI"))
    tap_ok(command_gives(command, "place", 0, latent_at(x->walk, x->at)),
           "a saved recording's place is one for the command line: %s", command);
  else
    expect_missing("cli", "no command line was built");
  double u = x->u, v = x->v;
  int last = wd_branch_last(walk());
  int number = 0;
  while (wd_recording_nth(r, (guint)number)->id != x->walk) number++;
  g_autofree char *said = NULL;
  if (g_getenv("WD_CLI") && g_getenv("WD_CLI_RENDERS")) {
    tap_ok(plane_is_drawn(file, number + 1, last, 0, "plane.png", &said),
           "the command line draws its plane: %s", said);
    tap_ok(plane_is_drawn(file, number + 1, last, 3, "map.png", &said), "with a map of residuals: %s", said);
    tap_ok(!plane_is_drawn(file, 1, 0, 0, "none.png", &said) == (number != 0) &&
               (number == 0 || strstr(said, "no walk")),
           "a run has no plane, and it says so: %s", said);
  } else {
    expect_missing("render", "no command line was built that draws");
  }
  g_autoptr(WdRecording) again = wd_recording_load(file, NULL, &error);
  bed_need_error(again != NULL, error, "load");
  wd_session_set_recording(session, again);
  tap_ok(x->walk == 0 && x->at < 0, "another recording: the trail is gone");
  wd_explorer_see(x, id, last);
  bed_wait(is_ready, NULL, 30);
  tap_ok(x->walk == id && x->at == last && x->u == u && x->v == v && x->ready &&
             x->anchor[2].kind == WD_ANCHOR_PLACE,
         "and comes back with its note: plane and cursor (%g, %g)", x->u, x->v);
}

int main(void) {
  folder = bed_folder();
  model = g_build_filename(folder, "model", NULL);
  bed_make_model(model, 5, false);
  session = bed_session(NULL);
  WdPolicy policy = *wd_session_get_policy(session);
  policy.exact_rest = FALSE; /* scores of nobody's interest here */
  wd_session_set_policy(session, &policy);
  x = wd_explorer_new(session);
  g_signal_connect(x, "failed", G_CALLBACK(on_failed), NULL);
  g_signal_connect(x, "changed", G_CALLBACK(on_changed), NULL);
  tap_ok(!x->ready && x->why == NULL, "nothing yet");
  bed_open(session, model, "cpu");
  const WdRecipe recipe = {.family = -1, .plan = {.steps = 8}};
  wd_explorer_set_recipe(x, &recipe);
  test_plane();
  test_cursor();
  test_undo();
  test_tiles();
  test_noise();
  test_path();
  test_directions();
  test_saved();
  tap_ok(failures == 0, "nothing failed on the way (%s)", failure ? failure : "nothing");
  wd_explorer_start_map(x, 32, NULL);
  g_object_unref(x);
  g_object_unref(session);
  tap_ok(true, "closed in the middle of a map");
  bed_remove(folder);
  g_free(folder);
  g_free(model);
  g_free(failure);
  return tap_done();
}
