#include "app/offload.h"

typedef struct Job {
  WdOffload offload;
  gpointer source, data;
} Job;

static void on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable) {
  (void)source, (void)cancellable;
  const Job *job = data;
  GError *error = NULL;
  if (job->offload.work(job->data, &error))
    g_task_return_boolean(task, TRUE);
  else
    g_task_return_error(task, error);
}

/* The thread may still hold the task, but no longer looks at the job. */
static void on_done(GObject *none, GAsyncResult *result, gpointer user) {
  (void)none;
  Job *job = user;
  GError *error = NULL;
  g_task_propagate_boolean(G_TASK(result), &error);
  job->offload.done(job->source, job->data, error);
  g_clear_error(&error);
  if (job->offload.release) job->offload.release(job->data);
  g_clear_object(&job->source);
  g_free(job);
}

void wd_offload(gpointer source, gpointer data, const WdOffload *offload) {
  Job *job = g_new0(Job, 1);
  job->offload = *offload;
  job->source = source ? g_object_ref(source) : NULL;
  job->data = data;
  GTask *task = g_task_new(NULL, NULL, on_done, job);
  g_task_set_task_data(task, job, NULL);
  g_task_run_in_thread(task, on_thread);
  g_object_unref(task);
}
