/* Making a map fit the model, and what a person should know of opened data before anything runs. */
#include "app/i18n.h"
#include "app/import.h"

#include "render/axis.h"
#include "render/range.h"

#include <math.h>
#include <string.h>

/* ---- fit */

static void crop(const wd_map *map, const WdFit *fit, wd_map *out) {
  for (int z = 0; z < out->nz; z++)
    memcpy(out->value + (gsize)z * (gsize)out->nx, map->value + (gsize)(z + fit->z) * (gsize)map->nx + fit->x,
           (gsize)out->nx * sizeof(float));
}

/* Where cell i of n stands among `from` cells: centres on centres, held at the ends. */
static void place(int i, int n, int from, int *at, double *share) {
  double p = (i + 0.5) * from / n - 0.5;
  p = CLAMP(p, 0, from - 1);
  *at = (int)p < from - 1 ? (int)p : from - 2;
  *share = p - *at;
}

static void resample(const wd_map *map, wd_map *out) {
  for (int z = 0; z < out->nz; z++) {
    int z0, x0;
    double fz, fx;
    place(z, out->nz, map->nz, &z0, &fz);
    for (int x = 0; x < out->nx; x++) {
      place(x, out->nx, map->nx, &x0, &fx);
      const float *a = map->value + (gsize)z0 * (gsize)map->nx + x0, *b = a + map->nx;
      double top = a[0] + fx * ((double)a[1] - a[0]), bottom = b[0] + fx * ((double)b[1] - b[0]);
      out->value[(gsize)z * (gsize)out->nx + (gsize)x] = (float)(top + fz * (bottom - top));
    }
  }
}

wd_status wd_fit_map(const wd_map *map, const WdFit *fit, int nz, int nx, double spacing, wd_map *out,
                     wd_error *err) {
  if (fit->kind == WD_FIT_NONE && (map->nz != nz || map->nx != nx))
    return wd_fail(err, WD_ERR_SHAPE, _("a map of %d x %d cells, where %d x %d are wanted"), map->nz, map->nx,
                   nz, nx);
  if (fit->kind == WD_FIT_CROP &&
      (fit->z < 0 || fit->x < 0 || fit->z > map->nz - nz || fit->x > map->nx - nx))
    return wd_fail(err, WD_ERR_ARGUMENT,
                   _("a window of %d x %d cells from row %d, column %d leaves the map of %d x %d"), nz, nx,
                   fit->z, fit->x, map->nz, map->nx);
  wd_status st = wd_map_create(nz, nx, spacing, out, err);
  if (st) return st;
  if (fit->kind == WD_FIT_RESAMPLE)
    resample(map, out);
  else
    crop(map, fit->kind == WD_FIT_CROP ? fit : &(WdFit){0}, out);
  return WD_OK;
}

/* Lengths in the model's cells against lengths in the file's. */
static void append_scale(GString *s, double down, double across) {
  char a[40], b[40];
  wd_format_number(down, 0.01, a, sizeof a);
  wd_format_number(across, 0.01, b, sizeof b);
  if (fabs(down - 1) < 5e-3 && fabs(across - 1) < 5e-3)
    g_string_append(s, _("; lengths stay as they are"));
  else if (fabs(down / across - 1) < 5e-3)
    g_string_append_printf(s, _("; all lengths are \xc3\x97 %s"), a);
  else
    g_string_append_printf(s, _("; depths are \xc3\x97 %s, distances \xc3\x97 %s: layers change their slope"),
                           a, b);
}

char *wd_fit_words(int from_nz, int from_nx, double from_spacing, const WdFit *fit, int nz, int nx,
                   double spacing) {
  GString *s = g_string_new(NULL);
  double scale = spacing / from_spacing;
  if (fit->kind == WD_FIT_CROP) {
    g_string_append_printf(s, _("Cropped: rows %d to %d and columns %d to %d of %d \xc3\x97 %d"), fit->z,
                           fit->z + nz - 1, fit->x, fit->x + nx - 1, from_nz, from_nx);
    append_scale(s, scale, scale);
  } else if (fit->kind == WD_FIT_RESAMPLE) {
    g_string_append_printf(s, _("Resampled (bilinear) from %d \xc3\x97 %d to %d \xc3\x97 %d cells"), from_nz,
                           from_nx, nz, nx);
    append_scale(s, scale * nz / from_nz, scale * nx / from_nx);
  } else {
    g_string_append_printf(s, _("As it is, %d \xc3\x97 %d cells"), nz, nx);
    if (fabs(scale - 1) > 5e-3) append_scale(s, scale, scale);
  }
  return g_string_free(s, FALSE);
}

/* ---- preflight */

static void check_clear(gpointer check) {
  g_free(((WdCheck *)check)->text);
}

void wd_preflight_free(WdPreflight *p) {
  if (!p) return;
  g_array_unref(p->check);
  g_free(p);
}

const WdCheck *wd_preflight_find(const WdPreflight *p, const char *what) {
  for (guint i = 0; i < p->check->len; i++) {
    const WdCheck *c = &g_array_index(p->check, WdCheck, i);
    if (!strcmp(c->what, what)) return c;
  }
  return NULL;
}

static void say(WdPreflight *p, WdCheckLevel level, const char *what, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
static void say(WdPreflight *p, WdCheckLevel level, const char *what, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  WdCheck c = {level, what, g_strdup_vprintf(format, ap)};
  va_end(ap);
  g_array_append_val(p->check, c);
}

typedef struct Numbers {
  double lo, hi;
  gsize count, below, above, not_finite;
} Numbers;

static Numbers measure(const float *value, gsize n, double below, double above) {
  Numbers m = {INFINITY, -INFINITY, n, 0, 0, 0};
  for (gsize i = 0; i < n; i++) {
    double v = value[i];
    if (!isfinite(v)) {
      m.not_finite++;
      continue;
    }
    m.lo = fmin(m.lo, v);
    m.hi = fmax(m.hi, v);
    m.below += v < below;
    m.above += v > above;
  }
  return m;
}

static void check_map(WdPreflight *p, const WdImport *im, const wd_map *map, const WdFit *fit,
                      const wd_shard_desc *g) {
  gboolean same = map->nz == g->nz && map->nx == g->nx;
  g_autofree char *words = wd_fit_words(map->nz, map->nx, map->spacing, fit, g->nz, g->nx, g->spacing);
  p->needs_fit = !same && fit->kind == WD_FIT_NONE;
  p->map_usable = !p->needs_fit;
  if (p->needs_fit)
    say(p, WD_CHECK_STOP, _("Shape"),
        _("%d \xc3\x97 %d cells; the model takes %d \xc3\x97 %d: choose a crop or a resampling"), map->nz,
        map->nx, g->nz, g->nx);
  else
    say(p, fit->kind == WD_FIT_NONE ? WD_CHECK_GOOD : WD_CHECK_NOTE, _("Shape"), "%s", words);
  char metres[40];
  wd_format_number(map->spacing, 0, metres, sizeof metres);
  if (!im->spacing_told)
    say(p, WD_CHECK_NOTE, _("Spacing"), _("not in the file; %s m are taken, as OpenFWI has them"), metres);
  else if (fabs(map->spacing - g->spacing) > 1e-3 * g->spacing)
    say(p, fit->kind == WD_FIT_RESAMPLE ? WD_CHECK_NOTE : WD_CHECK_WARN, _("Spacing"),
        _("cells of %s m; the model's are of %g m, and the map is taken for one of these"), metres,
        g->spacing);
  else
    say(p, WD_CHECK_GOOD, _("Spacing"), "%s m", metres);
  Numbers m = measure(map->value, (gsize)map->nz * (gsize)map->nx, WD_VELOCITY_LO, WD_VELOCITY_HI);
  char lo[40], hi[40];
  wd_format_number(m.lo, m.hi < 100 ? 0 : 1, lo, sizeof lo);
  wd_format_number(m.hi, m.hi < 100 ? 0 : 1, hi, sizeof hi);
  if (m.hi <= 15) {
    say(p, WD_CHECK_STOP, _("Velocity range"),
        _("%s to %s: these look like km/s; velocities are wanted in m/s"), lo, hi);
    p->map_usable = FALSE;
  } else if (m.below + m.above) {
    double share = 100.0 * (double)(m.below + m.above) / (double)m.count;
    say(p, WD_CHECK_WARN, _("Velocity range"),
        _("%s to %s m/s; %.3g %% of the cells are outside of %d to %d m/s, which is all that the model has "
          "seen and can "
          "say"),
        lo, hi, share, WD_VELOCITY_LO, WD_VELOCITY_HI);
  } else {
    say(p, WD_CHECK_GOOD, _("Velocity range"), _("%s to %s m/s, inside of what the model was trained on"), lo,
        hi);
  }
}

/* The scheme is stable to 0.593 dx / dt with the full grid's damping (solver/wave.h). */
static void check_simulation(WdPreflight *p, const wd_map *map, const wd_shard_desc *g) {
  double limit = 0.593 * g->spacing / g->dt;
  Numbers m = measure(map->value, (gsize)map->nz * (gsize)map->nx, 0, limit);
  if (m.above) {
    say(p, WD_CHECK_STOP, _("Simulation"),
        _("there are no gathers that suit, and the map cannot be simulated: above %.0f m/s steps of %g ms "
          "are "
          "unstable"),
        limit, 1e3 * g->dt);
    p->map_usable = FALSE;
  } else {
    say(p, WD_CHECK_NOTE, _("Simulation"),
        _("the map's gathers will be simulated (exact mode) and encoded with it"));
  }
}

/* Training families reach from -30 to 57 (OpenFWI's published ranges: -29.04 to 57.03). */
enum { AMPLITUDE_LO = -30, AMPLITUDE_HI = 60 };

static void check_amplitude(WdPreflight *p, const Numbers *m) {
  char lo[40], hi[40];
  double most = fmax(fabs(m->lo), fabs(m->hi));
  wd_format_number(m->lo, 0, lo, sizeof lo);
  wd_format_number(m->hi, 0, hi, sizeof hi);
  if (most == 0)
    say(p, WD_CHECK_STOP, _("Amplitude"), _("all samples are zero"));
  else if (m->hi > AMPLITUDE_HI || m->lo < AMPLITUDE_LO)
    say(p, WD_CHECK_WARN, _("Amplitude"),
        _("%s to %s; the model was trained on %d to %d: divide by about %.2g, or expect nonsense"), lo, hi,
        AMPLITUDE_LO, AMPLITUDE_HI, most / 50);
  else if (most <= 1.0001)
    say(p, WD_CHECK_WARN, _("Amplitude"),
        _("%s to %s: normalised, it seems; the model takes OpenFWI's amplitudes as they are (up to about "
          "55)"),
        lo, hi);
  else if (most < 15)
    say(p, WD_CHECK_WARN, _("Amplitude"),
        _("%s to %s; training data reach 40 to 57: too small by about %.2g"), lo, hi, 50 / most);
  else
    say(p, WD_CHECK_GOOD, _("Amplitude"), _("%s to %s, as training data have it"), lo, hi);
  if (most == 0) return;
  if (m->hi >= -m->lo)
    say(p, WD_CHECK_GOOD, _("Polarity"), _("the strongest sample is positive, as with OpenFWI's source"));
  else
    say(p, WD_CHECK_WARN, _("Polarity"),
        _("the strongest sample is negative: OpenFWI's are positive; these may want to be flipped"));
}

static void check_traces(WdPreflight *p, const wd_gather *g) {
  gsize dead = 0, last = 0, traces = (gsize)g->shots * (gsize)g->receivers;
  for (int s = 0; s < g->shots; s++)
    for (int r = 0; r < g->receivers; r++) {
      gboolean silent = TRUE;
      for (int k = 0; k < g->samples && silent; k++)
        silent = g->value[((gsize)s * (gsize)g->samples + (gsize)k) * (gsize)g->receivers + (gsize)r] == 0;
      dead += silent;
      last += g->value[((gsize)(s + 1) * (gsize)g->samples - 1) * (gsize)g->receivers + (gsize)r] == 0;
    }
  if (dead)
    say(p, WD_CHECK_WARN, _("Traces"), _("%zu of %zu are dead (all zero)"), (size_t)dead, (size_t)traces);
  if (last == traces && !dead)
    say(p, WD_CHECK_NOTE, _("Last sample"),
        _("zero in every trace, as in OpenFWI's released files; it is mended for the encoder and left out of "
          "residuals"));
  else
    say(p, WD_CHECK_GOOD, _("Last sample"), _("recorded"));
}

static void check_gathers(WdPreflight *p, const WdImport *im, const wd_gather *g, const wd_shard_desc *m) {
  gboolean shape = g->shots == m->shots && g->samples == m->samples && g->receivers == m->receivers;
  if (shape)
    say(p, WD_CHECK_GOOD, _("Gathers"), _("%d shots, %d samples, %d receivers"), g->shots, g->samples,
        g->receivers);
  else
    say(p, WD_CHECK_STOP, _("Gathers"),
        _("%d shots of %d samples and %d receivers; the model takes %d of %d and %d: these cannot be "
          "encoded"),
        g->shots, g->samples, g->receivers, m->shots, m->samples, m->receivers);
  gboolean step = fabs(g->dt - m->dt) <= 1e-6 * m->dt;
  if (!im->dt_told)
    say(p, WD_CHECK_NOTE, _("Time step"), _("not in the file; %g ms is taken, as OpenFWI has it"),
        1e3 * g->dt);
  else if (!step)
    say(p, WD_CHECK_STOP, _("Time step"), _("%g ms; the model takes %g ms: resample the traces first"),
        1e3 * g->dt, 1e3 * m->dt);
  else
    say(p, WD_CHECK_GOOD, _("Time step"), "%g ms", 1e3 * g->dt);
  Numbers n = measure(g->value, wd_gather_count(g), 0, 0);
  if (shape) check_amplitude(p, &n);
  if (shape) check_traces(p, g);
  p->gathers_usable = shape && (!im->dt_told || step) && (n.lo != 0 || n.hi != 0);
}

WdPreflight *wd_preflight(const WdImport *im, const wd_map *velocity, const wd_gather *gathers,
                          const WdFit *fit, const wd_shard_desc *geometry) {
  static const wd_shard_desc openfwi = {.nz = 70,
                                        .nx = 70,
                                        .spacing = 10,
                                        .shots = 5,
                                        .samples = 1000,
                                        .receivers = 70,
                                        .instants = 144,
                                        .dt = 0.001,
                                        .frequency = 15};
  const wd_shard_desc *g = geometry ? geometry : &openfwi;
  const WdFit none = {WD_FIT_NONE, 0, 0};
  if (!fit) fit = &none;
  WdPreflight *p = g_new0(WdPreflight, 1);
  p->check = g_array_new(FALSE, FALSE, sizeof(WdCheck));
  g_array_set_clear_func(p->check, check_clear);
  if (velocity && velocity->value) check_map(p, im, velocity, fit, g);
  if (gathers && gathers->value) check_gathers(p, im, gathers, g);
  if (velocity && velocity->value && fit->kind != WD_FIT_NONE && gathers && gathers->value) {
    p->gathers_usable = FALSE; /* they are of the whole map */
    say(p, WD_CHECK_NOTE, _("Pair"),
        _("the gathers belong to the map as it was: after a crop or a resampling new ones are "
          "simulated"));
  }
  if (velocity && velocity->value && p->map_usable && !p->gathers_usable) check_simulation(p, velocity, g);
  return p;
}
