#include "app/analysis.h"

#include "app/view_book.h"
#include "solver/arrival.h"

typedef struct Job {
  WdPair *pair;
  WdSimulation *simulation;
  double frequency;
} Job;

static void free_job(gpointer data) {
  Job *job = data;
  wd_pair_unref(job->pair);
  wd_simulation_unref(job->simulation);
  g_free(job);
}

static void free_analysis(gpointer data) {
  WdAnalysis *a = data;
  wd_lag_map_clear(&a->lags);
  g_free(a->decoded);
  g_free(a->simulated);
  g_free(a);
}

static gpointer make(gpointer data, const atomic_bool *cancel) {
  (void)cancel; /* lags and picks take no hooks */
  const Job *job = data;
  const wd_gather *a = &job->pair->gathers, *b = &job->simulation->full;
  WdAnalysis *made = g_new0(WdAnalysis, 1);
  const gsize n = (gsize)a->shots * (gsize)a->receivers;
  const double length = (a->samples - 1) * a->dt;
  const wd_lag_desc windows = {.window = MIN(0.2, length / 2),
                               .hop = MIN(0.1, length / 4),
                               .max_lag = 1 / job->frequency,
                               .frequency = job->frequency};
  const wd_arrival_desc arrivals = {.frequency = job->frequency};
  made->frequency = job->frequency;
  made->decoded = g_new(double, n);
  made->simulated = g_new(double, n);
  made->failed = wd_lag_map_create(a, b, &windows, &made->lags, NULL) ||
                 wd_arrival_pick(a, &arrivals, made->decoded, NULL) ||
                 wd_arrival_pick(b, &arrivals, made->simulated, NULL);
  return made;
}

const WdAnalysis *wd_analysis_find(WdSession *session, WdView *view, WdPair *pair, WdSimulation *simulation) {
  static const WdViewBook book = {"wd-analysis", make, free_job, free_analysis};
  gconstpointer made;
  if (!wd_view_book_find(view, &book, simulation, &made) && pair->gathers.value && simulation->full.value) {
    Job *job = g_new(Job, 1);
    const wd_shard_desc *g = wd_recording_get_geometry(wd_session_get_recording(session));
    *job = (Job){wd_pair_ref(pair), wd_simulation_ref(simulation), g && g->frequency > 0 ? g->frequency : 15};
    wd_view_book_ask(view, &book, simulation, job);
  }
  return made;
}
