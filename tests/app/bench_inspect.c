/* Inspect mode with many samples: from the call to the drawn frame, for opening, sorting, filtering and going
 * to the next failure. Run by display.sh: sh tests/app/display.sh -m glx build/tests/app/bench_inspect
 * FILE.wdpop (bench_population 1000 FOLDER keep) */
#include "app/inspect_page.h"
#include "app/inspect_table.h"

#include "tests/app/ui.h"

#include <stdlib.h>
#include <time.h>

enum { REPEATS = 9 };

static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_value(const void *a, const void *b) {
  return *(const double *)a < *(const double *)b ? -1 : 1;
}

int main(int argc, char **argv) {
  if (argc < 2) return 1;
  ui_need_display();
  Ui ui;
  ui_start(&ui, "", 1280, 800, NULL);
  ui.view->mode = WD_MODE_INSPECT;
  wd_view_changed(ui.view, WD_VIEW_LAYOUT);
  ui_settle(&ui);
  WdInspect *inspect = wd_window_get_inspect(ui.window);
  GtkWidget *table = ui_find(ui.window, "inspect-table");
  while (table && !g_object_get_data(G_OBJECT(table), "table")) table = gtk_widget_get_parent(table);
  static const char *const what[] = {"open", "sort", "filter", "next failure", "nothing"};
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("what,cpu_ms,cpu_least,cpu_largest,wall_ms,wall_least,repeats\n");
  for (int k = 0; k < 5; k++) {
    double cpu[REPEATS], wall[REPEATS];
    for (int r = 0; r < REPEATS; r++) {
      const double c0 = now(CLOCK_THREAD_CPUTIME_ID), w0 = now(CLOCK_MONOTONIC);
      if (k == 0 && !wd_inspect_open(inspect, argv[1], NULL)) return 1;
      if (k == 1) wd_inspect_table_sort(table, (r + 1) % WD_VALUES);
      if (k == 2) wd_inspect_set_filter(inspect, r % 2 ? "" : "r_R > 1 and not family = style-a", NULL, NULL);
      if (k == 3) wd_inspect_choose(inspect, wd_inspect_next_failure(inspect, 1), NULL);
      gtk_widget_queue_draw(GTK_WIDGET(ui.window)); /* one frame comes in any case */
      gtk_test_widget_wait_for_draw(GTK_WIDGET(ui.window));
      cpu[r] = now(CLOCK_THREAD_CPUTIME_ID) - c0;
      wall[r] = now(CLOCK_MONOTONIC) - w0;
      ui_settle(&ui);
    }
    qsort(cpu, REPEATS, sizeof *cpu, by_value);
    qsort(wall, REPEATS, sizeof *wall, by_value);
    printf("%s,%.1f,%.1f,%.1f,%.1f,%.1f,%d\n", what[k], cpu[REPEATS / 2], cpu[0], cpu[REPEATS - 1],
           wall[REPEATS / 2], wall[0], REPEATS);
  }
  ui_stop(&ui);
  return 0;
}
