#include "app/first_arrivals.h"
#include "solver/eikonal.h"

#include <gio/gio.h>
#include <stdatomic.h>

enum { KEPT = 4 };

/* What is known of one map. */
typedef struct Entry {
  WdPair *pair;
  double *time; /* NULL: not made, or refused */
} Entry;

typedef struct Book {
  Entry entry[KEPT];         /* the newest first */
  GCancellable *cancellable; /* of what is made now */
  WdPair *making;
} Book;

/* What goes to the worker: the pair is immutable. */
typedef struct Job {
  WdPair *pair;
  atomic_bool cancel;
} Job;

static void job_free(gpointer data) {
  Job *job = data;
  wd_pair_unref(job->pair);
  g_free(job);
}

static void book_free(gpointer data) {
  Book *book = data;
  if (book->cancellable) g_cancellable_cancel(book->cancellable);
  g_clear_object(&book->cancellable);
  for (int i = 0; i < KEPT; i++) {
    wd_pair_unref(book->entry[i].pair);
    g_free(book->entry[i].time);
  }
  g_free(book);
}

static Book *book_of(WdView *view) {
  Book *book = g_object_get_data(G_OBJECT(view), "wd-first-arrivals");
  if (!book) {
    book = g_new0(Book, 1);
    g_object_set_data_full(G_OBJECT(view), "wd-first-arrivals", book, book_free);
  }
  return book;
}

static void on_cancelled(GCancellable *cancellable, Job *job) {
  (void)cancellable;
  atomic_store(&job->cancel, true);
}

static void work(GTask *task, gpointer source, gpointer data, GCancellable *cancellable) {
  (void)source;
  Job *job = data;
  gulong handler = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), job, NULL);
  const wd_map *map = &job->pair->velocity;
  const wd_gather *g = &job->pair->gathers;
  wd_survey *survey = NULL;
  double *time = NULL;
  wd_survey_desc desc = {.nz = map->nz,
                         .nx = map->nx,
                         .spacing = map->spacing,
                         .dt = g->dt,
                         .samples = g->samples,
                         .shots = g->shots};
  wd_hooks hooks = {.cancel = &job->cancel};
  if (!wd_survey_create(&desc, &survey, NULL) && survey->receivers == g->receivers) {
    gsize count = (gsize)g->shots * (gsize)g->receivers;
    g_autofree float *found = g_new(float, count);
    if (!wd_eikonal_survey(map, survey, NULL, &hooks, found, NULL)) {
      time = g_new(double, count);
      for (gsize i = 0; i < count; i++) time[i] = (double)found[i];
    }
  }
  wd_survey_destroy(survey);
  g_cancellable_disconnect(cancellable, handler);
  g_task_return_pointer(task, time, g_free);
}

static void on_done(GObject *source, GAsyncResult *result, gpointer data) {
  (void)data;
  WdView *view = WD_VIEW(source);
  Job *job = g_task_get_task_data(G_TASK(result));
  double *time = g_task_propagate_pointer(G_TASK(result), NULL); /* NULL when cancelled */
  Book *book = book_of(view);
  if (g_task_get_cancellable(G_TASK(result)) != book->cancellable) {
    g_free(time);
    return;
  }
  g_clear_object(&book->cancellable);
  book->making = NULL;
  wd_pair_unref(book->entry[KEPT - 1].pair);
  g_free(book->entry[KEPT - 1].time);
  for (int i = KEPT - 1; i > 0; i--) book->entry[i] = book->entry[i - 1];
  book->entry[0] = (Entry){wd_pair_ref(job->pair), time};
  if (time) wd_view_changed(view, WD_VIEW_DISPLAY);
}

const double *wd_first_arrivals(WdView *view, WdPair *pair) {
  Book *book = book_of(view);
  for (int i = 0; i < KEPT; i++)
    if (book->entry[i].pair == pair) return book->entry[i].time;
  if (book->making == pair || !pair->gathers.value) return NULL;
  /* The map before is left: what is looked at now comes first. */
  if (book->cancellable) g_cancellable_cancel(book->cancellable);
  g_clear_object(&book->cancellable);
  book->cancellable = g_cancellable_new();
  book->making = pair; /* told apart by address; the job holds it */
  Job *job = g_new0(Job, 1);
  job->pair = wd_pair_ref(pair);
  g_autoptr(GTask) task = g_task_new(view, book->cancellable, on_done, NULL);
  g_task_set_task_data(task, job, job_free);
  g_task_run_in_thread(task, work);
  return NULL;
}
