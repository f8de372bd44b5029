#include "app/recording_frames.h"

#include "app/i18n.h"

#include "solver/half.h"
#include "solver/memory.h"

#include <math.h>
#include <string.h>

void wd_stored_free(WdStored *s) {
  if (!s) return;
  g_free(s->velocity);
  g_free(s->gathers);
  g_free(s->top);
  g_free(s->scattered);
  g_free(s);
}

wd_status wd_stored_check_geometry(const wd_shard_desc *g, wd_error *err) {
  gboolean fine = g->nz >= 1 && g->nz <= WD_MAP_MAX_SIDE && g->nx >= 1 && g->nx <= WD_MAP_MAX_SIDE &&
                  g->shots >= 1 && g->shots <= 1000 && g->samples >= 2 && g->samples <= 100000 &&
                  g->receivers >= 1 && g->receivers <= 100000 && g->instants >= 1 &&
                  g->instants <= g->samples && g->spacing > 0 && isfinite(g->spacing) && g->dt > 0 &&
                  isfinite(g->dt) && g->frequency >= 0 && isfinite(g->frequency);
  /* What a small file can make the program allocate: gathers, and the codec's matrix. */
  if (fine && (double)g->shots * g->samples * g->receivers > (double)(1 << 26)) fine = FALSE;
  if (fine && (double)g->samples * g->instants > (double)(1 << 24)) fine = FALSE;
  if (fine) return WD_OK;
  return wd_fail(
      err, WD_ERR_FORMAT,
      _("maps of %d x %d cells of %g m, gathers of %d shots, %d samples of %g s (%d instants), %d receivers: "
        "no recording of this program has such a geometry"),
      g->nz, g->nx, g->spacing, g->shots, g->samples, g->dt, g->instants, g->receivers);
}

gsize wd_stored_cells(const wd_shard_desc *g) {
  return (gsize)g->nz * (gsize)g->nx;
}

gsize wd_stored_coded(const wd_shard_desc *g) {
  return (gsize)g->shots * (gsize)g->instants * (gsize)g->receivers;
}

WdStored *wd_stored_copy(const WdStored *s, const wd_shard_desc *g) {
  WdStored *c = g_memdup2(s, sizeof *s);
  gsize bytes = wd_stored_coded(g) * sizeof *s->gathers;
  c->velocity = g_memdup2(s->velocity, wd_stored_cells(g) * sizeof *s->velocity);
  c->gathers = g_memdup2(s->gathers, bytes);
  c->top = s->top ? g_memdup2(s->top, bytes) : NULL;
  c->scattered = s->scattered ? g_memdup2(s->scattered, bytes) : NULL;
  return c;
}

/* ---- coding */

/* Divided by a power of two that brings the largest below float16's. */
static guint16 *to_half(const float *value, gsize n, float *scale) {
  float most = 0;
  for (gsize i = 0; i < n; i++) most = fmaxf(most, fabsf(value[i]));
  int exponent = 0;
  if (most > 0 && isfinite(most)) frexpf(most, &exponent);
  *scale = ldexpf(1, exponent);
  guint16 *half = g_malloc_n(n, sizeof *half);
  for (gsize i = 0; i < n; i++) half[i] = wd_half_from_float(value[i] / *scale);
  return half;
}

static gboolean fits(const wd_gather *q, const wd_shard_desc *g) {
  return q->value && q->shots == g->shots && q->samples == g->samples && q->receivers == g->receivers;
}

WdStored *wd_stored_encode(const WdFrame *frame, const wd_shard_desc *g, const wd_codec *codec,
                           wd_error *err) {
  const WdPair *p = frame->pair;
  if (!p || p->velocity.nz != g->nz || p->velocity.nx != g->nx || !fits(&p->gathers, g)) return NULL;
  const WdSimulation *sim = wd_frame_simulation(frame);
  gsize n = wd_stored_coded(g);
  float *coded = g_try_malloc_n(n, sizeof *coded), *other = g_try_malloc_n(n, sizeof *other);
  wd_status st = coded && other ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, _("no memory to code a frame"));
  WdStored *s = g_new0(WdStored, 1);
  if (!st) st = wd_codec_encode(codec, &p->gathers, coded, err);
  if (!st) {
    s->velocity = g_memdup2(p->velocity.value, wd_stored_cells(g) * sizeof *s->velocity);
    s->gathers = to_half(coded, n, &s->scale[0]);
    s->pair_seconds = p->seconds;
  }
  if (!st && sim && fits(&sim->full, g) && fits(&sim->top, g)) {
    st = wd_codec_encode(codec, &sim->top, coded, err);
    if (!st) st = wd_codec_encode(codec, &sim->full, other, err);
    for (gsize i = 0; i < n && !st; i++) other[i] -= coded[i];
    if (!st) {
      s->top = to_half(coded, n, &s->scale[1]);
      s->scattered = to_half(other, n, &s->scale[2]);
      s->mode = sim->mode;
      s->seconds = sim->seconds;
      g_strlcpy(s->device, sim->device, sizeof s->device);
    }
  }
  g_free(coded);
  g_free(other);
  if (!st) return s;
  wd_stored_free(s);
  return NULL;
}

/* ---- and back */

static wd_status decode_gather(const float *coded, const wd_shard_desc *g, const wd_codec *codec,
                               wd_gather *out, wd_error *err) {
  wd_status st = wd_gather_create(g->shots, g->samples, g->receivers, g->dt, out, err);
  if (!st) st = wd_codec_decode(codec, coded, out, err);
  if (st) wd_gather_clear(out);
  return st;
}

static void to_float(const guint16 *half, gsize n, float scale, float *out) {
  for (gsize i = 0; i < n; i++) out[i] = scale * wd_float_from_half(half[i]);
}

wd_status wd_stored_decode(const WdStored *s, const wd_shard_desc *g, const wd_codec *codec, WdFrame *out,
                           wd_error *err) {
  gsize n = wd_stored_coded(g);
  float *coded = wd_alloc(n, sizeof *coded), *top = wd_alloc(n, sizeof *top);
  wd_map map = {g->nz, g->nx, g->spacing, NULL};
  wd_gather gathers = {0}, full = {0}, direct = {0};
  wd_comparison comparison = {0};
  wd_status st = coded && top ? WD_OK : wd_fail(err, WD_ERR_NO_MEMORY, _("no memory to read a frame"));
  if (!st && !(map.value = wd_alloc(wd_stored_cells(g), sizeof(float))))
    st = wd_fail(err, WD_ERR_NO_MEMORY, _("no memory for a map"));
  if (!st) {
    memcpy(map.value, s->velocity, wd_stored_cells(g) * sizeof(float));
    to_float(s->gathers, n, s->scale[0], coded);
    st = decode_gather(coded, g, codec, &gathers, err);
  }
  WdFrame frame = {0};
  if (!st && s->top) {
    to_float(s->top, n, s->scale[1], top);
    to_float(s->scattered, n, s->scale[2], coded);
    for (gsize i = 0; i < n; i++) coded[i] += top[i];
    st = decode_gather(top, g, codec, &direct, err);
    if (!st) st = decode_gather(coded, g, codec, &full, err);
    if (!st) st = wd_compare(&gathers, &full, &direct, NULL, &comparison, err);
    if (!st) {
      WdSimulation *sim = wd_simulation_new(s->mode, &full, &direct, &comparison, s->seconds, s->device);
      sim->coded = TRUE;
      *(s->mode == WD_WAVE_EXACT ? &frame.exact : &frame.live) = sim;
    }
  }
  if (!st) {
    frame.pair = wd_pair_new(&map, &gathers, s->pair_seconds);
    frame.pair->coded = TRUE;
    *out = frame;
  }
  wd_free(coded);
  wd_free(top);
  wd_map_clear(&map);
  wd_gather_clear(&gathers);
  wd_gather_clear(&full);
  wd_gather_clear(&direct);
  wd_comparison_clear(&comparison);
  return st;
}
