#include "app/population.h"

#include "app/csv.h"
#include "app/flags.h"
#include "app/i18n.h"
#include "app/models.h"
#include "app/status_error.h"
#include "solver/family.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Those of a score come from its own table (score.c); here are the rest, and short names for both. */
static const WdValueInfo infos[WD_VALUES] = {
    [WD_METRIC_REFLECTION_RESIDUAL] = {.alias = {"r_R", "rR"}, .heading = "r_R"},
    [WD_METRIC_RELATIVE_L2] = {.alias = {"relL2", "L2"}, .heading = N_("rel. L2")},
    [WD_METRIC_LOG_NORM_MSE] = {.alias = {"mse"}, .heading = N_("log MSE")},
    [WD_METRIC_MAE] = {.heading = N_("MAE")},
    [WD_METRIC_MAX_ABS] = {.alias = {"max"}, .heading = N_("max")},
    [WD_METRIC_CORRELATION] = {.alias = {"corr"}, .heading = N_("corr.")},
    [WD_METRIC_REFLECTION_SHARE] = {.alias = {"share"}, .heading = N_("share")},
    [WD_METRIC_COHERENCE] = {.alias = {"coh"}, .heading = N_("coher.")},
    [WD_METRIC_ENVELOPE] = {.alias = {"envelope"}, .heading = N_("envelope")},
    [WD_SCORE_LAG] = {.alias = {"lag"}, .heading = N_("lag")},
    [WD_SCORE_INTERIOR] = {.alias = {"interior"}, .heading = N_("interior")},
    [WD_VALUE_MAX_SHOT] = {"max_shot_residual",
                           {"max_shot"},
                           N_("Worst shot"),
                           N_("worst shot"),
                           "",
                           N_("Largest reflection residual of one shot."),
                           FALSE,
                           TRUE},
    [WD_VALUE_DECODED_SHARE] =
        {"decoded_reflections",
         {"decoded"},
         N_("Decoded reflections"),
         N_("decoded"),
         "",
         N_("Reflections of the decoded gathers over those of the simulated ones: 1 is as "
            "loud, 0 holds the direct wave alone."),
         FALSE,
         TRUE},
    [WD_VALUE_GAIN] =
        {"gain",
         {NULL},
         N_("Best gain"),
         N_("gain"),
         "",
         N_("The factor on the decoded gathers that fits the simulated ones best: 1 is right, \xe2\x88\x92"
            "1 has the polarity wrong."),
         FALSE,
         FALSE},
    [WD_VALUE_ARRIVAL] =
        {"first_break_error",
         {"first_break"},
         N_("First-break error"),
         N_("1st break"),
         "ms",
         N_("Mean |difference| of the first arrivals picked on decoded and simulated traces."),
         FALSE,
         TRUE},
    [WD_VALUE_TIMING] =
        {"timing",
         {NULL},
         N_("Timing share"),
         N_("timing"),
         "",
         N_("Share of the squared error that goes when every window of 133 ms is shifted in time "
            "to fit best."),
         FALSE,
         FALSE},
    [WD_VALUE_SHIFT] = {"window_shift",
                        {"shift"},
                        N_("Window shift"),
                        N_("shift"),
                        "ms",
                        N_("Mean |shift| of these windows, weighted by the error that it removes."),
                        FALSE,
                        TRUE},
    [WD_VALUE_SUSPECTS] =
        {"cycle_skips",
         {"skips"},
         N_("Cycle-skip suspects"),
         N_("skips"),
         "",
         N_("Share of the windows in error that are half a period (33 ms at 15 Hz) off or more."),
         FALSE,
         FALSE},
    [WD_VALUE_MISSING] =
        {"missing",
         {NULL},
         N_("Missing reflections"),
         N_("missing"),
         "",
         N_("Share of the squared error where the simulated gathers have a reflection and the "
            "decoded ones have not."),
         FALSE,
         FALSE},
    [WD_VALUE_EXTRA] = {"extra",
                        {NULL},
                        N_("Extra reflections"),
                        N_("extra"),
                        "",
                        N_("Share of the squared error where the decoded gathers have a reflection and the "
                           "simulated ones have not."),
                        FALSE,
                        FALSE},
    [WD_VALUE_V_MIN] = {"v_min",
                        {NULL},
                        N_("Slowest cell"),
                        N_("v min"),
                        "m/s",
                        N_("Least velocity of the decoded map."),
                        TRUE,
                        FALSE},
    [WD_VALUE_V_MAX] = {"v_max",
                        {NULL},
                        N_("Fastest cell"),
                        N_("v max"),
                        "m/s",
                        N_("Largest velocity of the decoded map."),
                        FALSE,
                        FALSE},
    [WD_VALUE_HELD] = {"held",
                       {NULL},
                       N_("Held at the range"),
                       N_("held"),
                       "",
                       N_("Share of the cells at the very ends of the model's range, where the decoder holds "
                          "what would leave it."),
                       FALSE,
                       FALSE},
    [WD_VALUE_SHELL] = {"shell",
                        {NULL},
                        N_("Latent norm"),
                        "|z|/\xe2\x88\x9a"
                        "d",
                        "",
                        N_("Norm of the latent over the square root of its length: near 1 for data."),
                        FALSE,
                        FALSE},
    [WD_VALUE_CFL] =
        {"cfl", {NULL}, N_("CFL number"), N_("CFL"), "", N_("v dt / dx of the fastest cell."), FALSE, FALSE},
    [WD_VALUE_CFL_LIMIT] = {"cfl_limit",
                            {NULL},
                            N_("CFL limit"),
                            N_("CFL limit"),
                            "",
                            N_("What the solver allows for this map."),
                            TRUE,
                            FALSE},
    [WD_VALUE_POINTS] = {"points",
                         {NULL},
                         N_("Cells a wavelength"),
                         N_("cells/\xce\xbb"),
                         "",
                         N_("Cells in the shortest wavelength of the slowest cell; the solver wants 3."),
                         TRUE,
                         FALSE},
    [WD_VALUE_NOT_FINITE] = {"not_finite",
                             {NULL},
                             N_("Not finite"),
                             N_("not finite"),
                             "",
                             N_("Numbers of latent, map and gathers that are NaN or infinite."),
                             FALSE,
                             FALSE},
    [WD_VALUE_FIRST_BAD] =
        {"first_bad_step",
         {"first_bad"},
         N_("First bad step"),
         N_("bad from"),
         "",
         N_("The step from which on the residual stays above the population's band (10 to 90 %)."),
         TRUE,
         FALSE},
};

const WdValueInfo *wd_value_get_info(int kind) {
  static WdValueInfo whole[WD_VALUES]; /* const once filled */
  static gsize filled;
  if (g_once_init_enter(&filled)) {
    for (int i = 0; i < WD_VALUES; i++) {
      whole[i] = infos[i];
      whole[i].title = _(infos[i].title);
      whole[i].heading = _(infos[i].heading);
      whole[i].about = _(infos[i].about);
    }
    for (int i = 0; i < WD_SCORES; i++) {
      const WdScoreInfo *s = wd_score_get_info(i);
      whole[i].key = s->key;
      whole[i].title = s->title;
      whole[i].unit = s->unit;
      whole[i].about = s->about;
      whole[i].higher_is_better = s->higher_is_better;
      whole[i].log_axis = s->log_axis;
    }
    g_once_init_leave(&filled, 1);
  }
  if (kind < 0 || kind >= WD_VALUES) return NULL;
  return &whole[kind];
}

gboolean wd_value_parse(const char *key, int *kind) {
  for (int i = 0; i < WD_VALUES; i++) {
    const WdValueInfo *info = wd_value_get_info(i);
    gboolean is = g_ascii_strcasecmp(key, info->key) == 0;
    for (gsize a = 0; a < G_N_ELEMENTS(info->alias) && info->alias[a]; a++)
      is = is || g_ascii_strcasecmp(key, info->alias[a]) == 0;
    if (!is) continue;
    *kind = i;
    return TRUE;
  }
  return FALSE;
}

void wd_value_text(int kind, double v, gboolean unit, char *out, gsize size) {
  const WdValueInfo *info = wd_value_get_info(kind);
  if (!isfinite(v)) {
    g_strlcpy(out, isnan(v) ? "\xe2\x80\x93" : v > 0 ? "\xe2\x88\x9e" : "\xe2\x88\x92\xe2\x88\x9e", size);
    return;
  }
  const char *space = unit && *info->unit ? " " : "", *name = unit ? info->unit : "";
  const char *minus = v < 0 ? "\xe2\x88\x92" : "";
  const double a = fabs(v);
  if (kind == WD_VALUE_FIRST_BAD || kind == WD_VALUE_NOT_FINITE || kind == WD_VALUE_V_MIN ||
      kind == WD_VALUE_V_MAX)
    wd_print(out, size, "%s%.0f%s%s", minus, a, space, name);
  else if (a == 0)
    wd_print(out, size, "0%s%s", space, name);
  else if (a < 1e-3 || a >= 1e5)
    wd_print(out, size, "%s%.2e%s%s", minus, a, space, name);
  else
    wd_print(out, size, "%s%.*f%s%s", minus,
             a < 0.01  ? 5
             : a < 0.1 ? 4
             : a < 10  ? 3
             : a < 100 ? 2
                       : 1,
             a, space, name);
}

/* ---- population and samples */

WdPopulation *wd_population_new(void) {
  WdPopulation *p = g_new0(WdPopulation, 1);
  p->model = g_strdup("");
  p->identity = g_strdup("");
  p->device = g_strdup("");
  p->precision = g_strdup("f32");
  p->velocity_min = WD_FAMILY_VMIN;
  p->velocity_max = WD_FAMILY_VMAX;
  p->way = g_array_new(FALSE, TRUE, sizeof(WdWayStep));
  p->sample = g_ptr_array_new_with_free_func((GDestroyNotify)wd_sample_free);
  return p;
}

void wd_population_free(WdPopulation *p) {
  if (!p) return;
  g_free(p->model);
  g_free(p->identity);
  g_free(p->folder);
  g_free(p->device);
  g_free(p->precision);
  g_free(p->unknown);
  g_free(p->path);
  g_array_unref(p->way);
  g_ptr_array_unref(p->sample);
  g_free(p);
}

WdSample *wd_sample_new(const WdPopulation *p) {
  WdSample *s = g_new0(WdSample, 1);
  s->family = -1;
  for (int i = 0; i < WD_VALUES; i++) s->value[i] = NAN;
  s->shot = g_malloc0_n((gsize)MAX(p->geometry.shots, 1), sizeof *s->shot);
  for (int k = 0; k < p->geometry.shots; k++)
    for (int i = 0; i < WD_SCORES; i++) s->shot[k][i] = NAN;
  s->way = g_new(float, MAX(p->way->len, 1));
  for (guint i = 0; i < p->way->len; i++) s->way[i] = NAN;
  s->tags = g_strdup("");
  s->note = g_strdup("");
  return s;
}

void wd_sample_free(WdSample *s) {
  if (!s) return;
  g_free(s->shot);
  g_free(s->way);
  if (s->latent) g_bytes_unref(s->latent);
  g_free(s->map);
  g_free(s->picture);
  g_free(s->fault);
  g_free(s->tags);
  g_free(s->note);
  g_free(s);
}

static void flag(WdPopulation *p, WdSample *s) {
  s->flags = wd_flags_of(s->value, s->fault, p->velocity_min, p->velocity_max);
}

void wd_population_add(WdPopulation *p, WdSample *s) {
  flag(p, s);
  g_ptr_array_add(p->sample, s);
  p->changed = TRUE;
}

void wd_population_flag(WdPopulation *p) {
  for (guint i = 0; i < p->sample->len; i++) flag(p, wd_population_nth(p, i));
}

guint wd_population_find(const WdPopulation *p, guint64 seed, int family) {
  for (guint i = 0; i < p->sample->len; i++) {
    const WdSample *s = wd_population_nth(p, i);
    if (s->seed == seed && s->family == family) return i;
  }
  return G_MAXUINT;
}

const char *wd_sample_family(const WdSample *s) {
  const char *name = s->family >= 0 ? wd_family_display_name((wd_family)s->family) : NULL;
  return name ? name : "any";
}

gsize wd_population_memory(const WdPopulation *p) {
  gsize sum = sizeof *p;
  const gsize cells = (gsize)p->geometry.nz * (gsize)p->geometry.nx;
  for (guint i = 0; i < p->sample->len; i++) {
    const WdSample *s = wd_population_nth(p, i);
    sum += sizeof *s + sizeof(gpointer) + (gsize)p->geometry.shots * sizeof *s->shot +
           p->way->len * sizeof(float);
    if (s->latent) sum += g_bytes_get_size(s->latent);
    if (s->map) sum += cells * sizeof *s->map;
    if (s->picture) sum += sizeof(guint16) * WD_SAMPLE_PICTURE_ROWS * WD_SAMPLE_PICTURE_COLUMNS;
    sum += strlen(s->tags) + strlen(s->note) + 2;
  }
  return sum;
}

/* ---- figures of many */

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y ? 1 : 0;
}

/* Linear between order statistics, as model/residual.h. */
static double quantile(const double *sorted, guint n, double q) {
  if (!n) return NAN;
  const double at = q * (n - 1);
  const guint i = (guint)at;
  return i + 1 < n ? sorted[i] + (at - i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

static void find_first_bad(WdPopulation *p) {
  for (guint i = 0; i < p->sample->len; i++) {
    WdSample *s = wd_population_nth(p, i);
    s->value[WD_VALUE_FIRST_BAD] = NAN;
    for (guint k = p->way->len; k-- > 0;) {
      const WdWayStep *w = &g_array_index(p->way, WdWayStep, k);
      if (!((double)s->way[k] > w->p90)) break;
      s->value[WD_VALUE_FIRST_BAD] = w->step;
    }
  }
}

void wd_population_add_best(const WdPopulation *p, int kind, guint n, GArray *which) {
  const guint bad = 1u << WD_FLAG_NAN | 1u << WD_FLAG_NOTHING | 1u << WD_FLAG_UNSTABLE;
  g_autoptr(GArray) order = wd_population_rank(p, kind, NULL);
  g_autoptr(GHashTable) there = g_hash_table_new(NULL, NULL);
  guint taken[WD_FAMILIES + 1] = {0};
  for (guint k = 0; k < which->len; k++)
    g_hash_table_add(there, GUINT_TO_POINTER(g_array_index(which, guint, k)));
  for (guint k = order->len; k-- > 0;) {
    const guint at = g_array_index(order, guint, k);
    const WdSample *s = wd_population_nth(p, at);
    guint *of = &taken[CLAMP(s->family, -1, WD_FAMILIES - 1) + 1];
    if (*of >= n || !isfinite(s->value[kind]) || s->flags & bad) continue;
    *of += 1;
    if (!g_hash_table_contains(there, GUINT_TO_POINTER(at))) g_array_append_val(which, at);
  }
}

static const WdWayStep *find_step(const WdPopulation *p, int step) {
  for (guint k = 0; k < p->way->len; k++) {
    const WdWayStep *w = &g_array_index(p->way, WdWayStep, k);
    if (w->step == step) return w;
  }
  return NULL;
}

gboolean wd_population_take_bands(WdPopulation *p, const WdPopulation *from, GError **error) {
  if (strcmp(p->identity, from->identity) || p->mode != from->mode || p->plan.kind != from->plan.kind ||
      p->plan.steps != from->plan.steps || p->plan.eta != from->plan.eta ||
      p->plan.guidance != from->plan.guidance)
    return wd_status_set_error(error, WD_ERR_ARGUMENT,
                               _("The bands are of another model, plan or mode of the solver."));
  const guint n = MAX(from->band_of, wd_population_count(from));
  if (n < WD_BAND_MIN || n <= wd_population_count(p))
    return wd_status_set_error(
        error, WD_ERR_ARGUMENT,
        _("The bands are of %u samples; they want at least %d, and more than they are for (%u)."), n,
        WD_BAND_MIN, wd_population_count(p));
  for (guint k = 0; k < p->way->len; k++)
    if (!find_step(from, g_array_index(p->way, WdWayStep, k).step))
      return wd_status_set_error(error, WD_ERR_ARGUMENT, _("The bands lack step %d."),
                                 g_array_index(p->way, WdWayStep, k).step);
  for (guint k = 0; k < p->way->len; k++) {
    WdWayStep *w = &g_array_index(p->way, WdWayStep, k);
    const WdWayStep *o = find_step(from, w->step);
    w->p10 = o->p10;
    w->median = o->median;
    w->p90 = o->p90;
  }
  p->band_of = n;
  find_first_bad(p);
  p->changed = TRUE;
  return TRUE;
}

void wd_population_find_bands(WdPopulation *p) {
  const guint n = p->sample->len;
  g_autofree double *v = g_new(double, n + 1);
  if (n >= p->band_of) p->band_of = 0;
  for (guint k = 0; k < p->way->len && !p->band_of; k++) {
    WdWayStep *w = &g_array_index(p->way, WdWayStep, k);
    guint count = 0;
    for (guint i = 0; i < n; i++) {
      const double x = (double)wd_population_nth(p, i)->way[k];
      if (isfinite(x)) v[count++] = x;
    }
    qsort(v, count, sizeof *v, by_value);
    const gboolean enough = count >= WD_BAND_MIN;
    w->p10 = enough ? quantile(v, count, 0.1) : NAN;
    w->median = enough ? quantile(v, count, 0.5) : NAN;
    w->p90 = enough ? quantile(v, count, 0.9) : NAN;
  }
  find_first_bad(p);
}

WdPopulation *wd_population_subset(const WdPopulation *p, const GArray *which) {
  WdPopulation *q = wd_population_new();
  g_free(q->model);
  g_free(q->identity);
  g_free(q->device);
  g_free(q->precision);
  q->model = g_strdup(p->model);
  q->identity = g_strdup(p->identity);
  q->folder = g_strdup(p->folder);
  q->device = g_strdup(p->device);
  q->precision = g_strdup(p->precision);
  q->mode = p->mode;
  q->plan = p->plan;
  q->geometry = p->geometry;
  q->velocity_min = p->velocity_min;
  q->velocity_max = p->velocity_max;
  q->latent = p->latent;
  g_array_append_vals(q->way, p->way->data, p->way->len);
  q->band_of = MAX(p->band_of, p->sample->len);
  q->drawn = MAX(p->drawn, p->sample->len);
  const gsize cells = (gsize)p->geometry.nz * (gsize)p->geometry.nx;
  for (guint i = 0; i < which->len; i++) {
    const WdSample *s = wd_population_nth(p, g_array_index(which, guint, i));
    WdSample *c = wd_sample_new(p);
    c->seed = s->seed;
    c->family = s->family;
    memcpy(c->value, s->value, sizeof c->value);
    memcpy(c->shot, s->shot, (gsize)p->geometry.shots * sizeof *c->shot);
    memcpy(c->way, s->way, p->way->len * sizeof *c->way);
    c->latent = s->latent ? g_bytes_ref(s->latent) : NULL;
    c->map = s->map ? g_memdup2(s->map, cells * sizeof *s->map) : NULL;
    c->picture = s->picture ? g_memdup2(s->picture,
                                        sizeof(guint16) * WD_SAMPLE_PICTURE_ROWS * WD_SAMPLE_PICTURE_COLUMNS)
                            : NULL;
    c->fault = g_strdup(s->fault);
    g_free(c->tags);
    g_free(c->note);
    c->tags = g_strdup(s->tags);
    c->note = g_strdup(s->note);
    wd_population_add(q, c);
  }
  wd_population_find_bands(q);
  return q;
}

static guint number_of(const WdPopulation *p, const GArray *which) {
  return which ? which->len : p->sample->len;
}
static guint index_of(const GArray *which, guint i) {
  return which ? g_array_index(which, guint, i) : i;
}

typedef struct Ranked {
  double badness; /* larger is worse; NaN: without the figure */
  guint index;
} Ranked;

static int by_badness(const void *one, const void *other) {
  const Ranked *a = one, *b = other;
  const gboolean na = isnan(a->badness), nb = isnan(b->badness);
  if (na != nb) return na ? 1 : -1;
  if (!na && a->badness != b->badness) return a->badness > b->badness ? -1 : 1;
  return a->index < b->index ? -1 : a->index > b->index;
}

GArray *wd_population_rank(const WdPopulation *p, int kind, const GArray *which) {
  const WdValueInfo *info = wd_value_get_info(kind);
  const guint n = number_of(p, which);
  g_autofree Ranked *r = g_new(Ranked, n + 1);
  for (guint i = 0; i < n; i++) {
    const guint at = index_of(which, i);
    const double v = wd_population_nth(p, at)->value[kind];
    /* 1 is right for a gain, and how far from it is what counts; for the norm of a latent likewise. */
    const double away = kind == WD_VALUE_GAIN || kind == WD_VALUE_SHELL || kind == WD_VALUE_DECODED_SHARE;
    r[i] = (Ranked){away ? fabs(v - 1) : info->higher_is_better ? -v : v, at};
  }
  qsort(r, n, sizeof *r, by_badness);
  GArray *order = g_array_sized_new(FALSE, FALSE, sizeof(guint), n);
  for (guint i = 0; i < n; i++) g_array_append_val(order, r[i].index);
  return order;
}

guint wd_population_best_like(const WdPopulation *p, guint i, int kind) {
  const WdSample *s = wd_population_nth(p, i);
  const guint bad = 1u << WD_FLAG_NAN | 1u << WD_FLAG_NOTHING | 1u << WD_FLAG_UNSTABLE;
  g_autoptr(GArray) order = wd_population_rank(p, kind, NULL);
  for (guint k = order->len; k-- > 0;) {
    const guint at = g_array_index(order, guint, k);
    const WdSample *t = wd_population_nth(p, at);
    if (at != i && t->family == s->family && isfinite(t->value[kind]) && !(t->flags & bad)) return at;
  }
  return G_MAXUINT;
}

WdSpread wd_population_spread(const WdPopulation *p, int kind, const GArray *which) {
  const guint n = number_of(p, which);
  g_autofree double *v = g_new(double, n + 1);
  WdSpread s = {0};
  for (guint i = 0; i < n; i++) {
    const double x = wd_population_nth(p, index_of(which, i))->value[kind];
    if (isfinite(x))
      v[s.count++] = x;
    else
      s.missing++;
  }
  qsort(v, s.count, sizeof *v, by_value);
  s.least = quantile(v, s.count, 0);
  s.p05 = quantile(v, s.count, 0.05);
  s.median = quantile(v, s.count, 0.5);
  s.p95 = quantile(v, s.count, 0.95);
  s.largest = quantile(v, s.count, 1);
  return s;
}

void wd_population_divide(const WdPopulation *p, int kind, double limit, const GArray *which, gboolean all,
                          int family, guint *under, guint *over) {
  *under = *over = 0;
  for (guint i = 0; i < number_of(p, which); i++) {
    const WdSample *s = wd_population_nth(p, index_of(which, i));
    if (!isfinite(s->value[kind]) || (!all && s->family != family)) continue;
    if (s->value[kind] <= limit)
      ++*under;
    else
      ++*over;
  }
}

/* ---- tags and notes */

gboolean wd_sample_has_tag(const WdSample *s, const char *tag) {
  g_auto(GStrv) have = g_strsplit(s->tags, " ", -1);
  for (char **t = have; *t; t++)
    if (**t && g_ascii_strcasecmp(*t, tag) == 0) return TRUE;
  return FALSE;
}

gboolean wd_sample_set_tags(WdPopulation *p, WdSample *s, const char *tags, GError **error) {
  if (!g_utf8_validate(tags, -1, NULL))
    return wd_status_set_error(error, WD_ERR_ARGUMENT, _("The tags are no text."));
  g_auto(GStrv) words = g_strsplit_set(tags, " \t\r\n,", -1);
  g_autoptr(GString) out = g_string_new(NULL);
  for (char **w = words; *w; w++) {
    if (!**w) continue;
    if (strlen(*w) > WD_TAG_MAX)
      return wd_status_set_error(error, WD_ERR_ARGUMENT, _("A tag of %zu bytes; %d are possible."),
                                 strlen(*w), WD_TAG_MAX);
    gboolean again = FALSE;
    for (char **v = words; v < w; v++) again = again || strcmp(*v, *w) == 0;
    if (!again) g_string_append_printf(out, "%s%s", out->len ? " " : "", *w);
  }
  if (out->len > WD_NOTE_MAX)
    return wd_status_set_error(error, WD_ERR_ARGUMENT, _("Tags of %zu bytes; %d are possible."),
                               (size_t)out->len, WD_NOTE_MAX);
  if (strcmp(s->tags, out->str) == 0) return TRUE;
  g_free(s->tags);
  s->tags = g_strdup(out->str);
  p->changed = TRUE;
  return TRUE;
}

gboolean wd_sample_set_note(WdPopulation *p, WdSample *s, const char *note, GError **error) {
  if (!g_utf8_validate(note, -1, NULL))
    return wd_status_set_error(error, WD_ERR_ARGUMENT, _("The note is no text."));
  if (strlen(note) > WD_NOTE_MAX)
    return wd_status_set_error(error, WD_ERR_ARGUMENT, _("A note of %zu bytes; %d are possible."),
                               strlen(note), WD_NOTE_MAX);
  if (strcmp(s->note, note) == 0) return TRUE;
  g_free(s->note);
  s->note = g_strdup(note);
  p->changed = TRUE;
  return TRUE;
}

/* ---- text */

enum { DIGITS = 7 }; /* as much as the float32 of files has */

char *wd_population_csv(const WdPopulation *p, const GArray *which) {
  GString *s = g_string_new("number,seed,family");
  for (int i = 0; i < WD_VALUES; i++) g_string_append_printf(s, ",%s", wd_value_get_info(i)->key);
  g_string_append(s, ",mode,flags,tags,note,fault\n");
  for (guint i = 0; i < number_of(p, which); i++) {
    const guint at = index_of(which, i);
    const WdSample *x = wd_population_nth(p, at);
    const char *family = x->family >= 0 ? wd_family_name((wd_family)x->family) : NULL;
    g_string_append_printf(s, "%u,%" G_GUINT64_FORMAT ",%s", at, x->seed, family ? family : "any");
    for (int k = 0; k < WD_VALUES; k++) {
      g_string_append_c(s, ',');
      wd_csv_number(s, x->value[k], DIGITS);
    }
    g_autofree char *flags = wd_flags_text(x->flags);
    g_string_append_printf(s, ",%s,", wd_wave_mode_name(p->mode));
    wd_csv_text(s, flags);
    const char *const text[] = {x->tags, x->note, x->fault};
    for (gsize k = 0; k < G_N_ELEMENTS(text); k++) {
      g_string_append_c(s, ',');
      wd_csv_text(s, text[k]);
    }
    g_string_append_c(s, '\n');
  }
  return g_string_free(s, FALSE);
}

void wd_population_set_folder(WdPopulation *p, const char *folder) {
  g_clear_pointer(&p->folder, g_free);
  char shipped[4096];
  g_autofree char *there = g_canonicalize_filename(folder, NULL);
  g_autofree char *name = g_path_get_basename(there);
  /* A name finds what came with the program, on another machine too; a folder of that name where the command
   * is given would hide it, but only there. */
  if (!wd_find_model(name, shipped, sizeof shipped, NULL)) {
    g_autofree char *whole = g_canonicalize_filename(shipped, NULL);
    if (strcmp(whole, there) == 0 && !g_file_test(name, G_FILE_TEST_IS_DIR)) return;
  }
  p->folder = g_steal_pointer(&there);
}

char *wd_population_command(const WdPopulation *p, const WdSample *s) {
  if (!*p->identity) return g_strdup(""); /* of no model */
  GString *t = g_string_new("wavediffusion-cli sample");
  const char *name = p->folder ? p->folder : *p->model ? p->model : "default";
  const gboolean plain = !name[strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-/")];
  g_autofree char *model = plain ? g_strdup(name) : g_shell_quote(name);
  const char *family = s->family >= 0 ? wd_family_name((wd_family)s->family) : NULL;
  char number_text[G_ASCII_DTOSTR_BUF_SIZE];
  g_string_append_printf(t, " --model %s --seeds %" G_GUINT64_FORMAT " --family %s --sampler %s --steps %d",
                         model, s->seed, family ? family : "any", wd_sampler_name(p->plan.kind),
                         p->plan.steps);
  if (p->plan.eta != 0)
    g_string_append_printf(t, " --eta %s",
                           g_ascii_formatd(number_text, sizeof number_text, "%.17g", p->plan.eta));
  if (p->plan.guidance != 0)
    g_string_append_printf(t, " --guidance %s",
                           g_ascii_formatd(number_text, sizeof number_text, "%.17g", p->plan.guidance));
  if (strcmp(p->precision, "bf16") == 0) g_string_append(t, " --precision bf16");
  g_string_append_printf(
      t, " --mode %s --score every=%d -o seed-%" G_GUINT64_FORMAT, wd_wave_mode_name(p->mode),
      p->way->len > 1 ? MAX(1, g_array_index(p->way, WdWayStep, 1).step) : MAX(1, p->plan.steps), s->seed);
  return g_string_free(t, FALSE);
}
