/* How long the main loop is busy at a stretch while a run goes on in the whole window: processor time of the
 * main thread from the poll that woke it to the next poll, with what of it was painting (layout, snapshot,
 * GTK's renderer: the frame clock's phases) and what was the rest, callbacks of ours above all. Processor
 * time, because on a machine with other work a thread is also kept waiting. CSV: what, stretches, median ms,
 * 95 %, 99 %, longest ms, stretches over 16 ms. Then how many steps a second the full loop makes (denoise,
 * decode both, simulate, score, draw all of the window): CSV of each run and the medians, with what the whole
 * process spent of the processors a step. Arguments: steps [30], measured runs [5]. */
#include "tests/app/ui.h"

#include <stdlib.h>
#include <time.h>

enum { MOST = 200000 };

static double painting, total[MOST], rest[MOST], paint[MOST];
static int stretches, frames;
static double woke, began;
static gboolean measuring;

static double cpu_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static gint watch(GPollFD *fds, guint n, gint timeout) {
  if (measuring && woke > 0 && stretches < MOST) {
    double spent = cpu_ms() - woke;
    total[stretches] = spent;
    rest[stretches++] = spent - painting;
  }
  painting = 0;
  gint ready = g_poll(fds, n, timeout);
  woke = cpu_ms();
  return ready;
}

static void on_before(GdkFrameClock *clock, gpointer user) {
  (void)clock, (void)user;
  began = cpu_ms();
}
static void on_after(GdkFrameClock *clock, gpointer user) {
  (void)clock, (void)user;
  double spent = cpu_ms() - began;
  painting += spent;
  if (measuring && frames < MOST) paint[frames++] = spent;
}

static double process_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static void tell(const char *what, double *value, int n) {
  if (!n) return;
  qsort(value, (size_t)n, sizeof *value, by_value);
  int over = 0;
  for (int i = 0; i < n; i++) over += value[i] > 16;
  printf("%s,%d,%.3f,%.2f,%.2f,%.2f,%d\n", what, n, value[n / 2], value[n * 95 / 100], value[n * 99 / 100],
         value[n - 1], over);
}

int main(int argc, char **argv) {
  enum { RUNS = 50 };
  const int steps = argc > 1 ? atoi(argv[1]) : 30, runs = CLAMP(argc > 2 ? atoi(argv[2]) : 5, 1, RUNS);
  double rate[RUNS], spent[RUNS], told[RUNS];
  ui_need_display();
  Ui ui;
  ui_start(&ui, NULL, 1280, 800, NULL);
  if (!ui_wait_model(&ui, 60)) return 1;
  g_main_context_set_poll_func(NULL, watch);
  GdkFrameClock *clock = gtk_widget_get_frame_clock(GTK_WIDGET(ui.window));
  g_signal_connect(clock, "before-paint", G_CALLBACK(on_before), NULL);
  g_signal_connect_after(clock, "after-paint", G_CALLBACK(on_after), NULL);
  for (int run = 0; run <= runs; run++) { /* the first warms up */
    WdRecipe recipe = ui.view->next;
    recipe.seed = 7 + (guint64)run;
    recipe.plan.steps = steps;
    recipe.refine_steps = 0; /* as Run does */
    const double begun = (double)g_get_monotonic_time() * 1e-3, cpu = process_ms();
    const guint id = wd_session_run(ui.session, &recipe, NULL);
    if (!id) return 1;
    ui.view->follow = TRUE;
    wd_view_go(ui.view, wd_session_get_recording(ui.session), 0, id, 0);
    measuring = run > 0;
    if (!ui_wait_state(&ui, WD_SESSION_IDLE, 300)) return 1;
    measuring = FALSE;
    if (!run) continue;
    rate[run - 1] = 1e3 * (steps + 1) / ((double)g_get_monotonic_time() * 1e-3 - begun);
    spent[run - 1] = (process_ms() - cpu) / (steps + 1);
    told[run - 1] = wd_session_get_times(ui.session).step;
    if (run == 1) printf("run,steps_a_second,cpu_ms_a_step,step_told_ms\n");
    printf("%d,%.2f,%.1f,%.1f\n", run, rate[run - 1], spent[run - 1], told[run - 1]);
    fflush(stdout);
  }
  printf("what,stretches,median_ms,p95_ms,p99_ms,longest_ms,over_16_ms\n");
  tell("all", total, stretches);
  tell("painting", paint, frames);
  tell("rest", rest, stretches);
  g_autofree char *load = NULL;
  g_file_get_contents("/proc/loadavg", &load, NULL, NULL);
  qsort(rate, (size_t)runs, sizeof *rate, by_value);
  qsort(spent, (size_t)runs, sizeof *spent, by_value);
  qsort(told, (size_t)runs, sizeof *told, by_value);
  printf("median,%.2f,%.1f,%.1f\nload,%s", rate[runs / 2], spent[runs / 2], told[runs / 2],
         load ? load : "?\n");
  ui_stop(&ui);
  return 0;
}
