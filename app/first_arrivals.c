#include "app/first_arrivals.h"
#include "app/view_book.h"
#include "solver/eikonal.h"

static void free_pair(gpointer pair) {
  wd_pair_unref(pair);
}

static gpointer make(gpointer job, const atomic_bool *cancel) {
  const WdPair *pair = job;
  const wd_map *map = &pair->velocity;
  const wd_gather *g = &pair->gathers;
  wd_survey *survey = NULL;
  double *time = NULL;
  wd_survey_desc desc = {.nz = map->nz,
                         .nx = map->nx,
                         .spacing = map->spacing,
                         .dt = g->dt,
                         .samples = g->samples,
                         .shots = g->shots};
  wd_hooks hooks = {.cancel = cancel};
  if (!wd_survey_create(&desc, &survey, NULL) && survey->receivers == g->receivers) {
    gsize count = (gsize)g->shots * (gsize)g->receivers;
    g_autofree float *found = g_new(float, count);
    if (!wd_eikonal_survey(map, survey, NULL, &hooks, found, NULL)) {
      time = g_new(double, count);
      for (gsize i = 0; i < count; i++) time[i] = (double)found[i];
    }
  }
  wd_survey_destroy(survey);
  return time;
}

static const WdViewBook book = {"wd-first-arrivals", make, free_pair, g_free};

const double *wd_first_arrivals(WdView *view, WdPair *pair) {
  gconstpointer time;
  if (!wd_view_book_find(view, &book, pair, &time) && pair->gathers.value)
    wd_view_book_ask(view, &book, pair, wd_pair_ref(pair));
  return time;
}

gboolean wd_first_arrivals_known(WdView *view, WdPair *pair) {
  wd_first_arrivals(view, pair);
  return !pair->gathers.value || wd_view_book_settled(view, &book, pair);
}
