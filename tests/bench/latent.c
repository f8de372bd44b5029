/* How fast the latent explorer answers, without a window: the shipped model, its real solver.
 *
 *   bench_latent [MODEL] [DEVICE] [cells]
 *
 * From a move of the cursor, at rest, to its decoded pair and to its live score; the same while the residual
 * map runs; the residual map; how long until a cancelled map leaves the engine idle. Wall time and processor
 * time of all threads; least, median, 95 %. */
#include "app/explorer.h"
#include "app/session_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOVES = 30 };

static WdSession *session;
static WdExplorer *x;

static double wall(void) {
  return (double)g_get_monotonic_time() * 1e-3;
}
static double cpu(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void on_changed(WdExplorer *e, guint parts) {
  if (parts & WD_EXPLORER_SAMPLE) wd_session_look(session, 0, e->walk, e->at, WD_WHAT_ESTIMATE, e->resting);
}

static WdPosition *sample(void) {
  return x->walk ? wd_recording_position(wd_session_get_recording(session), x->walk, x->at) : NULL;
}
static gboolean made(void) {
  return x->ready && x->sample_serial == x->serial && x->sample_u == x->u && x->sample_v == x->v;
}
static gboolean has_pair(void) {
  WdFrame f = {0};
  WdPosition *p = sample();
  return made() && p && wd_recording_peek_frame(wd_session_get_recording(session), p->latent[0], &f) &&
         f.pair;
}
static gboolean has_live(void) {
  WdPosition *p = sample();
  return made() && p && wd_position_score(p, WD_WHAT_ESTIMATE);
}
static gboolean is_whole(void) {
  return has_live() && (x->domain == WD_DOMAIN_DATA || x->sample_steps == x->recipe.plan.steps);
}
static gboolean is_mapped(void) {
  return !x->mapping;
}
static gboolean is_idle(void) {
  return wd_engine_is_quiet(session->engine);
}
static gboolean has_model(void) {
  return wd_session_get_state(session) == WD_SESSION_IDLE;
}
static gboolean is_ready(void) {
  return x->ready;
}
static void wait_for(gboolean (*until)(void)) {
  while (!until())
    if (!g_main_context_iteration(NULL, FALSE)) g_usleep(200);
}

static int ascending(const void *a, const void *b) {
  double p = *(const double *)a, q = *(const double *)b;
  return p < q ? -1 : p > q;
}
static void report(const char *what, double *ms, double *used, int n) {
  qsort(ms, (size_t)n, sizeof *ms, ascending);
  qsort(used, (size_t)n, sizeof *used, ascending);
  printf("| %s | %.1f | %.1f | %.1f | %.1f |\n", what, ms[0], ms[n / 2], ms[n * 95 / 100], used[n / 2]);
  fflush(stdout);
}

/* After the drag: the cursor has moved to another place, and rests. */
static void moves(const char *name, gboolean busy) {
  double pair[MOVES], live[MOVES], whole[MOVES], used[3][MOVES];
  char text[160];
  for (int i = 0; i < MOVES; i++) {
    if (!busy) wait_for(is_idle);
    double start = wall(), spent = cpu();
    if (x->domain == WD_DOMAIN_DATA) {
      wd_explorer_move(x, 0.03 * i, 0.9 - 0.025 * i);
      wd_explorer_rest(x);
      wait_for(has_pair);
    } else { /* the preview comes while it still moves */
      wd_explorer_move(x, 0.03 * i, 0.9 - 0.025 * i);
      wait_for(has_pair);
    }
    pair[i] = wall() - start;
    used[0][i] = cpu() - spent;
    wait_for(has_live);
    live[i] = wall() - start;
    used[1][i] = cpu() - spent;
    wd_explorer_rest(x);
    wait_for(is_whole);
    whole[i] = wall() - start;
    used[2][i] = cpu() - spent;
  }
  g_snprintf(text, sizeof text, "%s: first picture", name);
  report(text, pair, used[0], MOVES);
  g_snprintf(text, sizeof text, "%s: live score", name);
  report(text, live, used[1], MOVES);
  if (x->domain == WD_DOMAIN_DATA) return;
  g_snprintf(text, sizeof text, "%s: all steps, with live score", name);
  report(text, whole, used[2], MOVES);
}

static void map(int cells) {
  double start = wall(), spent = cpu();
  g_autoptr(GError) error = NULL;
  if (!wd_explorer_start_map(x, cells, &error)) g_error("%s", error->message);
  wait_for(is_mapped);
  printf("| residual map %d x %d, data | %.1f s wall, %.1f s CPU, %.1f ms CPU a cell; %d made, %d refused | "
         "| | |\n",
         cells, cells, (wall() - start) * 1e-3, (cpu() - spent) * 1e-3, (cpu() - spent) / (cells * cells),
         x->tiles->made, x->tiles->refused);
  fflush(stdout);
}

static void cancels(void) {
  enum { N = 12 };
  double ms[N], used[N];
  for (int i = 0; i < N; i++) {
    wd_explorer_start_map(x, 31 - i % 2, NULL); /* another grid begins anew */
    double until = wall() + 90 + 7 * i;
    while (wall() < until)
      if (!g_main_context_iteration(NULL, FALSE)) g_usleep(200);
    double start = wall(), spent = cpu();
    wd_explorer_cancel_map(x);
    wait_for(is_idle);
    ms[i] = wall() - start;
    used[i] = cpu() - spent;
  }
  report("cancel of the map, to idle", ms, used, N);
}

int main(int argc, char **argv) {
  session = wd_session_new();
  WdPolicy policy = *wd_session_get_policy(session);
  policy.exact_rest = FALSE;
  wd_session_set_policy(session, &policy);
  x = wd_explorer_new(session);
  g_signal_connect(x, "changed", G_CALLBACK(on_changed), NULL);
  wd_session_open_model(session, argc > 1 ? argv[1] : "default", argc > 2 ? argv[2] : "auto");
  wait_for(has_model);
  printf("| %s | least ms | median | 95 %% | CPU ms, median |\n| --- | --- | --- | --- | --- |\n",
         wd_session_get_model(session)->device);
  const WdRecipe recipe = {.family = -1};
  wd_explorer_set_recipe(x, &recipe);
  for (int i = 0; i < WD_ANCHORS; i++) wd_explorer_set_seed(x, i, (guint64[]){3, 17, 42}[i]);
  wait_for(is_ready);
  wait_for(has_live);
  moves("data, at rest", FALSE);
  wd_explorer_start_map(x, 32, NULL);
  moves("data, while the map runs", TRUE);
  wd_explorer_cancel_map(x);
  wait_for(is_idle);
  cancels();
  wd_explorer_set_domain(x, WD_DOMAIN_NOISE);
  static const int steps[] = {6, 4}; /* what it was, what it is: measured in one run */
  for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
    g_autofree char *name = g_strdup_printf("noise, preview of %d steps", steps[i]);
    x->preview_steps = steps[i];
    moves(name, FALSE);
  }
  wd_explorer_set_domain(x, WD_DOMAIN_DATA);
  wait_for(is_idle);
  map(argc > 3 ? atoi(argv[3]) : 32);
  g_object_unref(x);
  g_object_unref(session);
  return 0;
}
