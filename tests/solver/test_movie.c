/* The movie of a shot: its record is the one of a plain run, bit for bit; its frames are the field; its
 * margin is what it says. */
#include "solver/eikonal.h"
#include "solver/family.h"
#include "solver/movie.h"
#include "tests/solver/physics.h"

static wd_map family_map(void) {
  wd_map map = {0};
  wd_error err = {0};
  if (wd_family_generate(WD_CURVEFAULT_B, 7, 3, &map, &err)) {
    fprintf(stderr, "%s\n", err.message);
    exit(1);
  }
  return map;
}

static wd_movie make(wd_device *d, const wd_survey *s, const wd_movie_desc *desc, const wd_map *map) {
  wd_movie m;
  wd_error err = {0};
  memset(&m, 0xcd, sizeof m); /* poisoned: everything has to be written */
  if (wd_movie_make(d, s, desc, map, NULL, &m, &err)) {
    fprintf(stderr, "%s\n", err.message);
    exit(1);
  }
  return m;
}

/* Values that differ between a record and shot `shot` of a gather. */
static int differences(const wd_movie *m, const wd_gather *g, int shot) {
  size_t each = (size_t)g->samples * (size_t)g->receivers;
  int n = 0;
  for (size_t i = 0; i < each; i++)
    n += memcmp(&m->record.value[i], &g->value[each * (size_t)shot + i], sizeof(float)) != 0;
  return n;
}

static void record_is_the_same(wd_device *d, const wd_map *map) {
  wd_survey *s = NULL;
  if (wd_survey_create(&(wd_survey_desc){0}, &s, NULL)) exit(1);
  for (int mode = 0; mode < 3; mode++) {
    const wd_movie_desc base = {.wave.mode = (wd_wave_mode)mode};
    wd_gather g = physics_run(d, &(wd_survey_desc){0}, &base.wave, map);
    for (int shot = mode ? 2 : 0; shot < (mode ? 3 : 5); shot += 2)
      for (int margin = 0; margin < 2; margin++) {
        wd_movie_desc desc = base;
        desc.shot = shot;
        desc.margin = margin;
        wd_movie m = make(d, s, &desc, map);
        int n = differences(&m, &g, shot);
        tap_ok(n == 0 && m.mode == base.wave.mode && m.frames == 1001 && m.every == 1,
               "%s, shot %d%s: %d of 70000 samples of the record differ from a plain run's",
               wd_wave_mode_name(m.mode), shot + 1, margin ? " with margin" : "", n);
        wd_movie_clear(&m);
      }
    wd_gather_clear(&g);
  }
  wd_survey_destroy(s);
}

/* Frame k at the receivers is sample k - 1; frame 0 is rest; the margin agrees with a wave that is stepped.
 */
static void frames_are_the_field(wd_device *d, const wd_map *map) {
  wd_survey *s = NULL;
  if (wd_survey_create(&(wd_survey_desc){0}, &s, NULL)) exit(1);
  const wd_movie_desc desc = {.shot = 2, .margin = true};
  wd_movie m = make(d, s, &desc, map);
  int wrong = 0, moved = 0;
  for (int k = 1; k <= m.samples; k++) {
    const float *frame = wd_movie_frame(&m, k);
    for (int r = 0; r < m.nx; r++)
      wrong += memcmp(&frame[m.nx + r], &m.record.value[(k - 1) * m.nx + r], sizeof(float)) != 0;
  }
  for (int i = 0; i < m.nz * m.nx; i++) moved += wd_movie_frame(&m, 0)[i] != 0;
  tap_ok(wrong == 0, "frame k at the receivers is sample k - 1: %d of 70000 are not", wrong);
  tap_ok(moved == 0, "frame 0 is rest: %d cells are not", moved);
  tap_ok(m.pz == 310 && m.px == 310 && m.margin[0] == 120 && m.margin[3] == 120 && m.margin_every == 4,
         "margin of %d x %d cells, every %d steps", m.pz, m.px, m.margin_every);
  tap_ok(wd_movie_bytes(&m) < (size_t)70 << 20, "%.1f MB with its margin", (double)wd_movie_bytes(&m) / 1e6);

  wd_wave *w = NULL;
  wd_error err = {0};
  if (wd_wave_create(d, s, NULL, map, &w, &err)) exit(1);
  float *padded = malloc(310 * 310 * sizeof *padded);
  double worst[2] = {0};
  int inside = 0;
  for (int k = 0; k < 600; k += k < 200 ? 1 : 37) {
    wd_map truth = {0};
    if (wd_wave_step(w, k - wd_wave_time(w), NULL, &err) || wd_wave_snapshot(w, 0, 2, true, &truth, &err))
      exit(1);
    memset(padded, 0xcd, 310 * 310 * sizeof *padded);
    wd_movie_padded(&m, k, padded);
    for (int z = 0; z < 70; z++)
      inside += memcmp(padded + (z + 120) * 310 + 120, truth.value + (z + 120) * 310 + 120,
                       70 * sizeof(float)) != 0;
    double e = k > 40 ? physics_difference(padded, truth.value, 310 * 310) : 0;
    worst[k % 4 == 0 ? 0 : 1] = fmax(worst[k % 4 == 0 ? 0 : 1], e);
    wd_map_clear(&truth);
  }
  tap_ok(inside == 0, "the map's own rows in a padded frame are the field, bit for bit: %d are not", inside);
  tap_at_most(worst[0], 5e-4, "a kept padded frame against the field, relative L2");
  tap_at_most(worst[1], 5e-3, "a padded frame between two that are kept, relative L2");
  free(padded);
  wd_wave_destroy(w);

  wd_map arrival = {0};
  if (wd_eikonal_map(map, s->source[2], NULL, NULL, &arrival, NULL)) exit(1);
  tap_ok(memcmp(arrival.value, m.arrival.value, 4900 * sizeof(float)) == 0, "isochrones are the eikonal's");
  wd_map_clear(&arrival);
  wd_movie_clear(&m);
  tap_ok(!m.pressure && !m.padded && !m.record.value, "cleared");
  wd_survey_destroy(s);
}

/* The crest in a homogeneous map, found in the field itself at each cell that it reaches. */
static void crest_is_in_the_field(wd_device *d) {
  wd_survey *s = NULL;
  wd_map map = {0};
  if (wd_survey_create(&(wd_survey_desc){0}, &s, NULL) || wd_map_create(70, 70, 10, &map, NULL)) exit(1);
  for (int i = 0; i < 4900; i++) map.value[i] = 2500;
  wd_movie m = make(d, s, &(wd_movie_desc){.shot = 2}, &map);
  tap_at_most(fabs(m.crest - 0.0795), 2e-4, "seconds from 79.5 ms to the crest");
  double worst = 0, sum = 0;
  int cells = 0;
  for (int i = 0; i < 4900; i++) {
    if (m.arrival.value[i] < 200 / 2500.) continue;
    int at = 1;
    for (int k = 2; k < m.samples; k++)
      if (fabsf(wd_movie_frame(&m, k)[i]) > fabsf(wd_movie_frame(&m, at)[i])) at = k;
    const double late = at * m.dt - m.arrival.value[i] - m.crest;
    worst = fmax(worst, fabs(late));
    sum += late;
    cells++;
  }
  tap_ok(cells > 3000, "crests found at %d cells", cells);
  tap_at_most(worst, 2e-3, "seconds that a crest is off");
  tap_at_most(fabs(sum / cells), 5e-4, "and in the mean");
  wd_movie_clear(&m);
  wd_map_clear(&map);
  wd_survey_destroy(s);
}

typedef struct counter {
  atomic_bool cancel;
  double last;
  int calls, back, stop_after;
} counter;

static void on_progress(void *user, double fraction) {
  counter *c = user;
  if (fraction < c->last) c->back++;
  c->last = fraction;
  if (++c->calls == c->stop_after) atomic_store(&c->cancel, true);
}

static void cancel_and_limits(wd_device *d, const wd_map *map) {
  wd_survey *s = NULL;
  wd_error err = {0};
  if (wd_survey_create(&(wd_survey_desc){0}, &s, NULL)) exit(1);
  counter c = {.stop_after = 5};
  wd_hooks hooks = {&c.cancel, on_progress, &c};
  wd_movie m;
  memset(&m, 0xcd, sizeof m);
  const wd_movie untouched = m;
  wd_status st = wd_movie_make(d, s, NULL, map, &hooks, &m, &err);
  tap_ok(st == WD_CANCELLED && c.last < 0.2, "cancelled at %.0f %%: %s", 100 * c.last, err.message);
  tap_ok(memcmp(&m, &untouched, sizeof m) == 0, "a cancelled movie writes nothing");
  counter all = {.stop_after = -1};
  wd_hooks counting = {&all.cancel, on_progress, &all};
  st = wd_movie_make(d, s, NULL, map, &counting, &m, &err);
  tap_ok(st == WD_OK && all.last == 1 && all.back == 0 && all.calls > 10,
         "progress to 1, never back: %d reports", all.calls);
  wd_movie_clear(&m);

  st = wd_movie_make(d, s, &(wd_movie_desc){.shot = 5}, map, NULL, &m, &err);
  tap_ok(st == WD_ERR_ARGUMENT && strstr(err.message, "shot 6"), "a shot that is not there: %s", err.message);
  st = wd_movie_make(d, s, &(wd_movie_desc){.memory_limit = 5000000, .margin = true}, map, NULL, &m, &err);
  tap_ok(st == WD_OK && m.every == 4 && wd_movie_step(&m, 999) == 996 && wd_movie_step(&m, 5000) == 1000 &&
             m.frames * 4900 * 4 <= 5000000 + 4900 * 4,
         "5 MB: every %d steps, %d frames", m.every, m.frames);
  wd_gather g = physics_run(d, &(wd_survey_desc){0}, &(wd_wave_desc){0}, map);
  tap_ok(differences(&m, &g, 0) == 0, "and the record is whole");
  wd_gather_clear(&g);
  wd_movie_clear(&m);
  wd_map fast = *map; /* above the stability limit */
  float value[4900];
  for (int i = 0; i < 4900; i++) value[i] = 7000;
  fast.value = value;
  st = wd_movie_make(d, s, NULL, &fast, NULL, &m, &err);
  tap_ok(st == WD_ERR_ARGUMENT, "an unstable map is refused: %s", err.message);
  wd_survey_destroy(s);
}

int main(void) {
  wd_device *d = physics_device();
  wd_map map = family_map();
  record_is_the_same(d, &map);
  crest_is_in_the_field(d);
  frames_are_the_field(d, &map);
  cancel_and_limits(d, &map);
  wd_map_clear(&map);
  wd_device_close(d);
  return tap_done();
}
