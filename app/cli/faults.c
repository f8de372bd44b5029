/* Which pairs of a command are not whole, and why: the list, and how it is told. */
#include "app/cli/scoring.h"

#include "solver/memory.h"

#include <stdio.h>
#include <string.h>

/* Place of the first one that is not before `at`. */
static size_t place_of(const fault_list *l, size_t at) {
  size_t i = l->count;
  while (i > 0 && l->item[i - 1].at >= at) i--; /* they come nearly in order */
  return i;
}

wd_status faults_add(fault_list *l, size_t at, pair_blame blame, const wd_error *why, wd_error *err) {
  const size_t i = place_of(l, at);
  if (i < l->count && l->item[i].at == at) return WD_OK;
  if ((l->count & (l->count - 1)) == 0) { /* full at every power of two */
    pair_fault *more = wd_calloc(l->count ? 2 * l->count : 1, sizeof *more);
    if (!more) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %zu faults", l->count + 1);
    if (l->count) memcpy(more, l->item, l->count * sizeof *more);
    wd_free(l->item);
    l->item = more;
  }
  memmove(&l->item[i + 1], &l->item[i], (l->count - i) * sizeof *l->item);
  l->count++;
  pair_fault *f = &l->item[i];
  *f = (pair_fault){.at = at, .blame = blame};
  memcpy(f->why, why->message, sizeof f->why);
  return WD_OK;
}

wd_status faults_take(fault_list *l, size_t first, int n, pair_blame blame, const wd_error *why,
                      wd_error *err) {
  wd_status st = WD_OK;
  for (int i = 0; i < n && !st; i++)
    if (why[i].code) st = faults_add(l, first + (size_t)i, blame, &why[i], err);
  return st;
}

const pair_fault *faults_find(const fault_list *l, size_t at) {
  size_t low = 0, high = l->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (l->item[middle].at < at)
      low = middle + 1;
    else
      high = middle;
  }
  return low < l->count && l->item[low].at == at ? &l->item[low] : NULL;
}

void faults_clear(fault_list *l) {
  wd_free(l->item);
  *l = (fault_list){0};
}

/* ---- */

static size_t count_of(const fault_list *l, pair_blame blame) {
  size_t n = 0;
  for (size_t i = 0; i < l->count; i++) n += l->item[i].blame == blame;
  return n;
}

static unsigned long long number_of(const fault_words *w, size_t at) {
  return w->number ? w->number[at] : w->first + at;
}

static json_t *number_json(uint64_t number) { /* beyond 2^53 readers of JSON lose digits */
  char text[24];
  snprintf(text, sizeof text, "%llu", (unsigned long long)number);
  return number < UINT64_C(1) << 53 ? json_integer((json_int_t)number) : json_string(text);
}

json_t *faults_json(const fault_list *l, const fault_words *w) {
  static const char *const by[] = {
      [BLAME_NETWORK] = "network", [BLAME_SOLVER] = "solver", [BLAME_FILE] = "file"};
  if (!l->count) return NULL;
  json_t *list = json_array();
  for (size_t i = 0; i < l->count; i++)
    json_array_append_new(list, json_pack("{s:o, s:s, s:s}", w->one, number_json(number_of(w, l->item[i].at)),
                                          "by", by[l->item[i].blame], "why", l->item[i].why));
  const json_int_t bad = (json_int_t)count_of(l, BLAME_FILE);
  json_t *o = json_pack("{s:I, s:I}", "not_finite", (json_int_t)count_of(l, BLAME_NETWORK), "refused",
                        (json_int_t)count_of(l, BLAME_SOLVER));
  if (bad) json_object_set_new(o, "bad_data", json_integer(bad));
  json_object_set_new(o, w->many, list);
  return o;
}

void faults_print(const fault_list *l, const fault_words *w) {
  enum { TOLD = 10 };
  static const char *const said[] = {
      [BLAME_NETWORK] = "not finite", [BLAME_SOLVER] = "refused by the solver", [BLAME_FILE] = "of bad data"};
  static const pair_blame order[] = {BLAME_SOLVER, BLAME_NETWORK, BLAME_FILE};
  if (!l->count) return;
  printf("%zu of %zu %s are not whole:", l->count, w->count, w->many);
  const char *between = "";
  for (size_t k = 0; k < sizeof order / sizeof *order; k++) {
    const size_t n = count_of(l, order[k]);
    if (!n) continue;
    printf("%s %zu %s", between, n, said[order[k]]);
    between = ",";
  }
  printf("\n");
  for (size_t i = 0; i < l->count && i < TOLD; i++)
    printf("  %s %llu: %s\n", w->one, number_of(w, l->item[i].at), l->item[i].why);
  if (l->count > TOLD)
    printf("  and %zu more; %s has them all\n", l->count - TOLD, w->file ? w->file : "--json");
}

wd_status faults_all(const fault_list *l, const fault_words *w, wd_error *err) {
  if (!l->count || l->count < w->count) return WD_OK;
  const pair_fault *f = &l->item[0];
  const wd_status st = count_of(l, BLAME_FILE) == l->count ? WD_ERR_FORMAT : WD_ERR_DIVERGED;
  const unsigned long long number = number_of(w, f->at);
  if (w->count == 1)
    return wd_fail(err, st, "nothing could be %s: %s %llu: %s", w->done, w->one, number, f->why);
  if (!w->file)
    return wd_fail(err, st, "none of %zu %s could be %s, as %s %llu: %s", w->count, w->many, w->done, w->one,
                   number, f->why);
  return wd_fail(err, st, "none of %zu %s could be %s; %s has the reasons, as %s %llu: %s", w->count, w->many,
                 w->done, w->file, w->one, number, f->why);
}
