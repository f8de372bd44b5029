/* Populations: what is accepted is whole, can be ranked, filtered, told of and drawn from, and is written and
 * read again as the same. */
#include "app/filter.h"
#include "app/flags.h"
#include "app/population.h"
#include "tests/fuzz/input.h"

#include <math.h>
#include <string.h>

static void look_at(const WdPopulation *p, guint i) {
  const WdSample *s = wd_population_nth(p, i);
  const gsize cells = (gsize)p->geometry.nz * (gsize)p->geometry.nx;
  if (!s->tags || !s->note || !g_utf8_validate(s->tags, -1, NULL) || !g_utf8_validate(s->note, -1, NULL))
    abort();
  if (strlen(s->note) > WD_NOTE_MAX) abort();
  if (s->latent && g_bytes_get_size(s->latent) != (gsize)p->latent.count * sizeof(float)) abort();
  if (!*wd_sample_family(s) || s->family < -1) abort();
  volatile float keep = p->way->len ? s->way[p->way->len - 1] : 0;
  if (p->geometry.shots > 0) keep = s->shot[p->geometry.shots - 1][WD_SCORES - 1];
  if (s->map) keep = s->map[cells - 1];
  if (s->picture) keep = s->picture[WD_SAMPLE_PICTURE_ROWS * WD_SAMPLE_PICTURE_COLUMNS - 1];
  (void)keep;
  g_autofree char *command = wd_population_command(p, s), *flags = wd_flags_text(s->flags);
  for (int f = 0; f < WD_FLAGS; f++)
    if (s->flags & 1u << f)
      g_free(wd_flag_words(f, s->value, s->fault, p->velocity_min, p->velocity_max, p->geometry.frequency));
  for (int k = 0; k < WD_VALUES; k++) {
    char text[48];
    wd_value_text(k, s->value[k], TRUE, text, sizeof text);
    if (!g_utf8_validate(text, -1, NULL)) abort();
  }
  if (wd_population_find(p, s->seed, s->family) > i) abort();
}

static void look(const WdPopulation *p) {
  const guint n = wd_population_count(p);
  for (guint i = 0; i < n; i++) look_at(p, i);
  g_autoptr(WdFilter) filter = wd_filter_new("r_R > 1 or tag = odd and not (family ~ fault)", NULL, NULL);
  for (guint i = 0; i < n; i++) wd_filter_takes(filter, p, i);
  for (int k = 0; k < WD_VALUES; k++) {
    g_autoptr(GArray) order = wd_population_rank(p, k, NULL);
    if (order->len != n) abort();
    const WdSpread s = wd_population_spread(p, k, order);
    if (s.count + s.missing != n || (s.count && !(s.least <= s.median && s.median <= s.largest))) abort();
    guint under, over;
    wd_population_divide(p, k, s.median, order, TRUE, 0, &under, &over);
    if (under + over > n) abort();
    wd_population_best_like(p, g_array_index(order, guint, 0), k);
  }
  g_free(wd_population_csv(p, NULL));
  if (wd_population_memory(p) < n) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  GError *error = NULL;
  WdPopulation *p = wd_population_load_memory("fuzz", data, size, &error);
  if (!p) {
    if (!error || !*error->message || !g_utf8_validate(error->message, -1, NULL)) abort();
    g_clear_error(&error);
    return 0;
  }
  if (!wd_population_count(p)) abort();
  look(p);
  wd_population_find_bands(p);
  char path[64];
  g_snprintf(path, sizeof path, "/dev/shm/fuzz-wdpop-%d.wdpop", (int)getpid());
  if (wd_population_save(p, path, NULL)) {
    WdPopulation *again = wd_population_load(path, &error);
    if (!again || wd_population_count(again) != wd_population_count(p)) abort();
    for (guint i = 0; i < wd_population_count(p); i++) {
      const WdSample *a = wd_population_nth(p, i), *b = wd_population_nth(again, i);
      if (a->seed != b->seed || strcmp(a->tags, b->tags) != 0 || strcmp(a->note, b->note) != 0 ||
          g_strcmp0(a->fault, b->fault) != 0)
        abort();
    }
    wd_population_free(again);
    unlink(path);
  }
  wd_population_free(p);
  return 0;
}
