#include "app/inspect_maps.h"

#include "solver/arrival.h"

#include <gio/gio.h>

enum { KEPT = 4 };

typedef struct Job {
  WdPair *pair;
  WdSimulation *simulation;
} Job;

typedef struct Entry {
  WdSimulation *of;
  WdAnalysis *made;
} Entry;

typedef struct Book {
  Entry entry[KEPT];
  GCancellable *cancellable;
  WdSimulation *making;
} Book;

static void analysis_free(gpointer data) {
  WdAnalysis *a = data;
  if (!a) return;
  wd_lag_map_clear(&a->lags);
  g_free(a->decoded);
  g_free(a->simulated);
  g_free(a);
}

static void job_free(gpointer data) {
  Job *job = data;
  wd_pair_unref(job->pair);
  wd_simulation_unref(job->simulation);
  g_free(job);
}

static void book_free(gpointer data) {
  Book *book = data;
  if (book->cancellable) g_cancellable_cancel(book->cancellable);
  g_clear_object(&book->cancellable);
  for (int i = 0; i < KEPT; i++) {
    wd_simulation_unref(book->entry[i].of);
    analysis_free(book->entry[i].made);
  }
  g_free(book);
}

static Book *book_of(WdView *view) {
  Book *book = g_object_get_data(G_OBJECT(view), "wd-analysis");
  if (!book) {
    book = g_new0(Book, 1);
    g_object_set_data_full(G_OBJECT(view), "wd-analysis", book, book_free);
  }
  return book;
}

static void work(GTask *task, gpointer source, gpointer data, GCancellable *cancellable) {
  (void)source, (void)cancellable;
  const Job *job = data;
  const wd_gather *a = &job->pair->gathers, *b = &job->simulation->full;
  WdAnalysis *made = g_new0(WdAnalysis, 1);
  const gsize n = (gsize)a->shots * (gsize)a->receivers;
  const double length = (a->samples - 1) * a->dt;
  const wd_lag_desc windows = {
      .window = MIN(0.2, length / 2), .hop = MIN(0.1, length / 4), .max_lag = 1.0 / 15};
  made->decoded = g_new(double, n);
  made->simulated = g_new(double, n);
  made->failed = wd_lag_map_create(a, b, &windows, &made->lags, NULL) ||
                 wd_arrival_pick(a, NULL, made->decoded, NULL) ||
                 wd_arrival_pick(b, NULL, made->simulated, NULL);
  g_task_return_pointer(task, made, analysis_free);
}

static void on_done(GObject *source, GAsyncResult *result, gpointer data) {
  (void)data;
  WdView *view = WD_VIEW(source);
  const Job *job = g_task_get_task_data(G_TASK(result));
  WdAnalysis *made = g_task_propagate_pointer(G_TASK(result), NULL);
  Book *book = book_of(view);
  if (!made || g_task_get_cancellable(G_TASK(result)) != book->cancellable) {
    analysis_free(made);
    return;
  }
  g_clear_object(&book->cancellable);
  book->making = NULL;
  wd_simulation_unref(book->entry[KEPT - 1].of);
  analysis_free(book->entry[KEPT - 1].made);
  for (int i = KEPT - 1; i > 0; i--) book->entry[i] = book->entry[i - 1];
  book->entry[0] = (Entry){wd_simulation_ref(job->simulation), made};
  wd_view_changed(view, WD_VIEW_DISPLAY);
}

const WdAnalysis *wd_inspect_analysis(WdView *view, WdPair *pair, WdSimulation *simulation) {
  Book *book = book_of(view);
  for (int i = 0; i < KEPT; i++)
    if (book->entry[i].of == simulation) return book->entry[i].made;
  if (book->making == simulation || !pair->gathers.value || !simulation->full.value) return NULL;
  if (book->cancellable) g_cancellable_cancel(book->cancellable); /* what is looked at now comes first */
  g_clear_object(&book->cancellable);
  book->cancellable = g_cancellable_new();
  book->making = simulation;
  Job *job = g_new0(Job, 1);
  *job = (Job){wd_pair_ref(pair), wd_simulation_ref(simulation)};
  g_autoptr(GTask) task = g_task_new(view, book->cancellable, on_done, NULL);
  g_task_set_task_data(task, job, job_free);
  g_task_run_in_thread(task, work);
  return NULL;
}
