#include "app/i18n.h"
#include "app/picture_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void points_free(gpointer data) {
  g_array_unref(data);
}

WdPicture *wd_picture_new(void) {
  WdPicture *p = g_new0(WdPicture, 1);
  p->facet = g_array_new(FALSE, TRUE, sizeof(wd_facet));
  p->caption = g_ptr_array_new_with_free_func(g_free);
  p->mark = g_array_new(FALSE, FALSE, sizeof(wd_mark));
  p->line = g_ptr_array_new_with_free_func(points_free);
  p->words = g_ptr_array_new_with_free_func(g_free);
  p->trace = g_array_new(FALSE, FALSE, sizeof(float));
  p->stroke = g_array_new(FALSE, TRUE, sizeof(wd_stroke));
  p->strokes = g_array_new(FALSE, TRUE, sizeof(int));
  return p;
}

void wd_picture_free(WdPicture *p) {
  if (!p) return;
  g_array_unref(p->facet);
  g_ptr_array_unref(p->caption);
  g_array_unref(p->mark);
  g_ptr_array_unref(p->line);
  g_array_unref(p->stroke);
  g_array_unref(p->strokes);
  g_ptr_array_unref(p->words);
  g_free(p->own);
  wd_pair_unref(p->pair);
  wd_pair_unref(p->truth);
  wd_pair_unref(p->minus);
  g_array_unref(p->trace);
  wd_simulation_unref(p->simulation);
  g_free(p);
}

/* ---- the range, and in words how it was chosen */

static void add_gain(wd_range *r, double gain) {
  if (gain == 0) return;
  double middle = 0.5 * (r->lo + r->hi), half = 0.5 * (r->hi - r->lo) / pow(10, gain / 20);
  r->lo = middle - half;
  r->hi = middle + half;
  char number[32];
  wd_format_number(gain, 0, number, sizeof number);
  gsize n = strlen(r->text);
  g_snprintf(r->text + n, (gulong)(sizeof r->text - n), ", %s%s dB", gain > 0 ? "+" : "", number);
}

static wd_range range_of(double lo, double hi, const char *text) {
  wd_range r = {.lo = lo, .hi = hi};
  g_strlcpy(r.text, text, sizeof r.text);
  return r;
}

static wd_range manual(const WdPanelLook *look) {
  return range_of(look->lo, look->hi, _("manual range"));
}

static wd_range velocity_range(const WdPicture *p, const WdPanelLook *look) {
  wd_range r = range_of(WD_VELOCITY_LO, WD_VELOCITY_HI, _("fixed range"));
  if (look->scope == WD_SCOPE_MANUAL && look->lo < look->hi) r = manual(look);
  if (look->scope == WD_SCOPE_STEP && p->pair) {
    wd_range_desc full = {.mode = WD_RANGE_FULL};
    const wd_map *map = &p->pair->velocity;
    if (!wd_range_find(&full, map->value, (size_t)map->nz * (size_t)map->nx, &r, NULL))
      wd_copy(r.text, _("range of this step"), sizeof r.text);
  }
  add_gain(&r, look->gain);
  return r;
}

/* Of a map minus another: symmetric, zero in the middle. */
static wd_range minus_range(const WdPicture *p, const WdPanelLook *look) {
  wd_range r = range_of(-1000, 1000, _("fixed range"));
  if (look->scope == WD_SCOPE_MANUAL && look->lo < look->hi) r = manual(look);
  if (look->scope == WD_SCOPE_STEP && !p->blank) {
    const wd_facet *f = &g_array_index(p->facet, wd_facet, 0);
    double most = 0;
    for (gsize i = 0; i < (gsize)p->panel.rows * (gsize)p->panel.columns; i++)
      most = fmax(most, fabs((double)f->value[i]));
    r = range_of(-fmax(most, 1), fmax(most, 1), _("range of this step"));
  }
  add_gain(&r, look->gain);
  return r;
}

static wd_range gather_range(const WdPicture *p, const WdPictureDesc *d) {
  const WdPanelLook *look = &d->look;
  int factor = wd_picture_source(d) == WD_SOURCE_DIFFERENCE ? MAX(1, d->difference) : 1;
  wd_range r = {-1, 1, ""};
  if (look->scope == WD_SCOPE_MANUAL && look->lo < look->hi) {
    r = manual(look);
  } else {
    double clip = d->clip;
    if (!(clip > 0) && !p->blank) { /* no book was kept: the picture's own values */
      wd_range own;
      wd_range_desc by_clip = {.clip = look->clip, .symmetric = true};
      const wd_facet *f = &g_array_index(p->facet, wd_facet, 0);
      if (!wd_range_find(&by_clip, f->value, (size_t)p->panel.rows * (size_t)p->panel.columns, &own, NULL))
        clip = own.hi;
    }
    if (clip > 0) r = (wd_range){-clip, clip, ""};
    char number[32];
    wd_format_number(look->clip > 0 ? look->clip : 99, 0, number, sizeof number);
    const gboolean shot = look->reference == WD_GAIN_SHOT && d->shot >= 0, both = d->clip_both;
    g_autofree char *steps =
        g_strdup_printf(ngettext("%d step", "%d steps", (gulong)d->clip_steps), d->clip_steps);
    if (look->scope == WD_SCOPE_RUN)
      wd_print(r.text, sizeof r.text,
               shot   ? both ? _("clip %s %%, shot, A and B (%s)") : _("clip %s %%, shot, run (%s)")
                 : both ? _("clip %s %%, A and B (%s)")
                      : _("clip %s %%, run (%s)"),
               number, steps);
    else
      wd_print(r.text, sizeof r.text,
               shot   ? both ? _("clip %s %%, shot, A and B, these steps") : _("clip %s %%, shot, this step")
                 : both ? _("clip %s %%, A and B, these steps")
                      : _("clip %s %%, this step"),
               number);
  }
  r.lo /= factor;
  r.hi /= factor;
  add_gain(&r, look->gain);
  return r;
}

static wd_range traces_range(const WdPicture *p, const WdPictureDesc *d) {
  /* 1 is no better than knowing the top row, and traces with little to reflect lie far above it. */
  wd_range r = range_of(0, d->metric == WD_METRIC_REFLECTION_RESIDUAL ? 3 : 1, _("fixed range"));
  if (d->look.scope == WD_SCOPE_MANUAL && d->look.lo < d->look.hi) r = manual(&d->look);
  gboolean unit = d->metric == WD_METRIC_REFLECTION_RESIDUAL || d->metric == WD_METRIC_RELATIVE_L2 ||
                  d->metric == WD_METRIC_CORRELATION || d->metric == WD_METRIC_REFLECTION_SHARE;
  if (!p->blank && (d->look.scope == WD_SCOPE_STEP || (!unit && d->look.scope == WD_SCOPE_RUN))) {
    wd_range_desc full = {.mode = WD_RANGE_FULL};
    wd_range own;
    const wd_facet *f = &g_array_index(p->facet, wd_facet, 0);
    if (!wd_range_find(&full, f->value, (size_t)p->panel.rows * (size_t)p->panel.columns, &own, NULL)) {
      r = own;
      if (d->metric != WD_METRIC_CORRELATION && r.lo > 0) r.lo = 0;
      wd_copy(r.text, _("range of this step"), sizeof r.text);
    }
  }
  return r;
}

/* ---- the header */

static const char *what_text(WdWhat what) {
  return what == WD_WHAT_STATE ? "xₜ" : "x̂₀";
}

static void step_text(const WdPictureDesc *d, char *out, gsize size) {
  if (d->walk)
    wd_print(out, size, _("latent %d of %.24s"), d->step, d->walk);
  else if (d->refined)
    wd_print(out, size, _("refinement %d"), d->step - d->steps);
  else if (d->steps > 0)
    wd_print(out, size, _("step %d of %d"), d->step, d->steps);
  else
    wd_copy(out, d->truth ? _("encoded") : "", size);
}

static const char *tier(const WdSimulation *s) {
  return !s                        ? ""
         : s->mode == WD_WAVE_LIVE ? s->coded ? _(", live, recorded") : _(", live")
         : s->coded ? _(", exact, recorded")
                                   : _(", exact");
}

static void header(WdPicture *p, const WdPictureDesc *d) {
  const char *const titles[] = {_("Velocity"), _("Gather"), _("Simulated"), _("Difference"),
                                _("Residual by trace")};
  char step[48], shot[32] = "", from[80] = "";
  step_text(d, step, sizeof step);
  const char *title = titles[d->kind], *recorded = p->pair && p->pair->coded ? _(", recorded") : "";
  WdSource source = wd_picture_source(d);
  if (d->kind != WD_PANEL_VELOCITY && d->kind != WD_PANEL_TRACES) {
    if (d->shot >= 0)
      wd_print(shot, sizeof shot, _("shot %d"), d->shot + 1);
    else
      wd_print(shot, sizeof shot, _("all shots"));
    if (d->kind == WD_PANEL_GATHER && d->shot < 0) title = _("Gathers");
  }
  if (d->kind == WD_PANEL_VELOCITY && d->velocity) title = _("Velocity difference");
  wd_print(p->title, sizeof p->title, "%s%s%s", d->prefix ? d->prefix : "", d->prefix ? " · " : "", title);
  if (d->kind == WD_PANEL_VELOCITY)
    wd_print(from, sizeof from, _("decoded %s%s%s%.40s"), what_text(d->what), recorded,
             d->velocity ? " − " : "", d->velocity && d->minus_name ? d->minus_name : "");
  else if (d->kind == WD_PANEL_TRACES) {
    wd_print(from, sizeof from, _("decoded %s against F(v)%s"), what_text(d->what), tier(p->simulation));
  } else if (source == WD_SOURCE_DECODED)
    wd_print(from, sizeof from, _("decoded %s%s"), what_text(d->what), recorded);
  else if (source == WD_SOURCE_SIMULATED)
    wd_print(from, sizeof from, d->kind == WD_PANEL_SIMULATED ? "F(v)%s" : _("simulated F(v)%s"),
             tier(p->simulation));
  else if (source == WD_SOURCE_OBSERVED)
    wd_print(from, sizeof from, _("observed"));
  else if (source == WD_SOURCE_DIFFERENCE)
    wd_print(from, sizeof from,
             d->kind == WD_PANEL_DIFFERENCE ? _("decoded − F(v)%s") : _("difference decoded − F(v)%s"),
             tier(p->simulation));
  else
    wd_print(from, sizeof from,
             source == WD_SOURCE_SPLIT ? _("decoded | F(v)%s") : _("decoded by turns with F(v)%s"),
             tier(p->simulation));
  const char *part[] = {shot, from, source == WD_SOURCE_OBSERVED && d->kind == WD_PANEL_GATHER ? "" : step};
  p->source[0] = 0;
  for (guint i = 0; i < G_N_ELEMENTS(part); i++) {
    if (!*part[i]) continue;
    if (p->source[0]) wd_append(p->source, " · ", sizeof p->source);
    wd_append(p->source, part[i], sizeof p->source);
  }
}

static void add_badge(WdPicture *p, int *count, const char *text) {
  if (*text && *count < WD_PICTURE_BADGES) g_strlcpy(p->badge[(*count)++], text, sizeof p->badge[0]);
}

/* The largest stable v dt / dx of the fourth-order scheme with OpenFWI's sponge (solver/wave.h). */
static double stable_velocity(const wd_map *map, double dt) {
  return sqrt((4 - 2 * 0.03) / (32.0 / 3.0)) * map->spacing / dt;
}

static void badges(WdPicture *p, const WdPictureDesc *d) {
  char text[96], one[48], two[48];
  int count = 0;
  memset(p->badge, 0, sizeof p->badge);
  if (p->blank) return;
  WdSource source = wd_picture_source(d);
  if (d->what == WD_WHAT_STATE && d->step < d->steps && !d->walk)
    add_badge(p, &count, _("noisy state, not the estimate"));
  if (d->kind == WD_PANEL_VELOCITY && d->velocity) {
    const wd_facet *f = &g_array_index(p->facet, wd_facet, 0);
    const gsize n = (gsize)p->panel.rows * (gsize)p->panel.columns;
    double sum = 0, squares = 0;
    for (gsize i = 0; i < n; i++) {
      const double v = (double)f->value[i];
      sum += fabs(v);
      squares += v * v;
    }
    wd_units_number(&d->units, WD_VELOCITY, sum / (double)n, 1, one, sizeof one);
    wd_units_text(&d->units, WD_VELOCITY, sqrt(squares / (double)n), 1, two, sizeof two);
    wd_print(text, sizeof text, _("mean |Δv| %s, RMS %s"), one, two);
    add_badge(p, &count, text);
    return;
  }
  if (d->kind == WD_PANEL_VELOCITY) {
    const wd_map *map = &p->pair->velocity;
    gsize cells = (gsize)map->nz * (gsize)map->nx, outside = 0;
    float largest = 0;
    for (gsize i = 0; i < cells; i++) {
      if (!(map->value[i] >= WD_VELOCITY_LO && map->value[i] <= WD_VELOCITY_HI)) outside++;
      largest = fmaxf(largest, map->value[i]);
    }
    double dt = p->pair->gathers.dt > 0 ? p->pair->gathers.dt : 0.001, most = stable_velocity(map, dt);
    if ((double)largest > most) {
      wd_units_text(&d->units, WD_VELOCITY, (double)largest, 1, one, sizeof one);
      wd_units_number(&d->units, WD_VELOCITY, most, 1, two, sizeof two);
      wd_print(text, sizeof text, _("unstable: %s, solver takes %s"), one, two);
      add_badge(p, &count, text);
    }
    if (outside > 0) {
      wd_units_number(&d->units, WD_VELOCITY, WD_VELOCITY_LO, 100, one, sizeof one);
      wd_units_text(&d->units, WD_VELOCITY, WD_VELOCITY_HI, 100, two, sizeof two);
      wd_print(text, sizeof text, _("%.3g %% of cells outside %s–%s"),
               100.0 * (double)outside / (double)cells, one, two);
      add_badge(p, &count, text);
    }
    if (d->overlay_truth && p->truth && p->truth->velocity.value) {
      wd_units_text(&d->units, WD_VELOCITY, 500, 100, one, sizeof one);
      wd_print(text, sizeof text, _("contours: truth, every %s"), one);
      add_badge(p, &count, text);
    }
    return;
  }
  if (d->kind == WD_PANEL_TRACES) return;
  wd_picture_ruler_text(p, d, text, sizeof text);
  add_badge(p, &count, text);
  wd_picture_mask_text(p, d, text, sizeof text);
  add_badge(p, &count, text);
  if (d->look.picks)
    add_badge(p, &count,
              d->eikonal ? _("arrivals: ○ decoded, × F(v), — eikonal") : _("arrivals: ○ decoded, × F(v)"));
  if (d->overlay_truth && p->truth && p->truth->gathers.value && p->facet->len == 1 &&
      source != WD_SOURCE_OBSERVED && source != WD_SOURCE_DIFFERENCE)
    add_badge(p, &count, _("lines: observed"));
  if (source == WD_SOURCE_DIFFERENCE && d->difference > 1) {
    g_snprintf(text, sizeof text, "×%d", d->difference);
    add_badge(p, &count, text);
  }
  if (d->look.mute_direct && source != WD_SOURCE_DIFFERENCE)
    add_badge(p, &count, _("direct wave muted, display only"));
  wd_display_text(&d->look.display, text, sizeof text);
  add_badge(p, &count, text);
}

/* ---- setting */

static gboolean same_fields(const WdPicture *p, const WdPictureDesc *d) {
  const WdPictureDesc *was = &p->desc;
  const WdFrame *f = d->frame;
  return p->serial > 0 && p->pair == (f ? f->pair : NULL) && p->truth == d->truth && p->minus == d->minus &&
         was->velocity == d->velocity && p->simulation == (f ? wd_frame_simulation(f) : NULL) &&
         was->kind == d->kind && was->source == d->source && was->shot == d->shot &&
         was->metric == d->metric && was->divider == d->divider &&
         was->look.mute_direct == d->look.mute_direct && was->look.display.agc == d->look.display.agc &&
         was->look.display.normalise == d->look.display.normalise &&
         was->look.display.time_power == d->look.display.time_power &&
         was->look.display.flip == d->look.display.flip && (was->fault != NULL) == (d->fault != NULL);
}

static void take(WdPicture *p, const WdPictureDesc *d) {
  const WdFrame *f = d->frame;
  WdSimulation *simulation = f ? wd_frame_simulation(f) : NULL;
  WdPair *pair = f && f->pair ? wd_pair_ref(f->pair) : NULL, *truth = d->truth ? wd_pair_ref(d->truth) : NULL;
  WdPair *minus = d->minus ? wd_pair_ref(d->minus) : NULL;
  simulation = simulation ? wd_simulation_ref(simulation) : NULL;
  wd_pair_unref(p->minus);
  p->minus = minus;
  wd_pair_unref(p->pair);
  wd_pair_unref(p->truth);
  wd_simulation_unref(p->simulation);
  p->pair = pair;
  p->truth = truth;
  p->simulation = simulation;
}

static void dress(WdPicture *p, const WdPictureDesc *d) {
  wd_panel *panel = &p->panel;
  const WdPanelLook *look = &d->look;
  panel->facet = (const wd_facet *)(const void *)p->facet->data;
  panel->facets = (int)p->facet->len;
  panel->view = d->zoom;
  panel->smooth = look->smooth;
  panel->colormap = look->colormap;
  if (d->kind == WD_PANEL_VELOCITY) {
    panel->range = d->velocity ? minus_range(p, look) : velocity_range(p, look);
    if (d->velocity) panel->quantity = _("Velocity difference (m/s)");
  } else if (d->kind == WD_PANEL_TRACES) {
    double spacing = p->pair ? p->pair->velocity.spacing : d->shape.spacing > 0 ? d->shape.spacing : 10;
    panel->x = (wd_axis){-0.5 * spacing, (panel->columns - 0.5) * spacing, false, _("Distance (m)"),
                         .dimension = WD_DISTANCE};
    panel->y = (wd_axis){0.5, panel->rows + 0.5, false, _("Shot"), true, WD_NO_DIMENSION};
    panel->range = traces_range(p, d);
    const wd_metric_info *info = wd_metric_get_info((wd_metric)d->metric);
    wd_copy(p->quantity, info ? _(info->title) : "", sizeof p->quantity);
    panel->quantity = p->quantity;
    panel->dimension = WD_NO_DIMENSION;
    panel->view.row0 = panel->view.row1 = 0; /* shots are not zoomed */
    if (panel->view.column0 != panel->view.column1) panel->view.row1 = panel->rows;
  } else {
    panel->range = gather_range(p, d);
    panel->mode = look->mode;
    if (wd_picture_source(d) == WD_SOURCE_INTERLEAVED && !p->blank) {
      panel->view.column0 *= 2;
      panel->view.column1 *= 2;
    }
  }
  wd_picture_make_ruler(p, d);
  header(p, d);
  badges(p, d);
  panel->title = p->title;
  panel->source = p->source;
  for (int i = 0; i < WD_PICTURE_BADGES; i++) panel->badge[i] = p->badge[i];
}

static guint hash_text(const WdPicture *p) {
  guint h = g_str_hash(p->title) * 31 + g_str_hash(p->source);
  for (int i = 0; i < WD_PICTURE_BADGES; i++) h = h * 31 + g_str_hash(p->badge[i]);
  return (h * 31 + g_str_hash(p->panel.range.text)) * 31 + g_str_hash(p->message);
}

guint wd_picture_set(WdPicture *p, const WdPictureDesc *d) {
  guint change = 0;
  wd_panel before = p->panel;
  gboolean fields = same_fields(p, d);
  if (!fields) {
    take(p, d);
    p->blank = !wd_picture_make_fields(p, d);
    p->serial++;
    change |= WD_PICTURE_FIELDS | WD_PICTURE_TEXT;
  }
  WdPictureDesc was = p->desc;
  p->desc = *d;
  dress(p, d);
  const wd_panel *now = &p->panel;
  if (before.facets != now->facets || before.rows != now->rows || before.columns != now->columns ||
      before.square != now->square)
    change |= WD_PICTURE_SHAPE;
  if (before.range.lo != now->range.lo || before.range.hi != now->range.hi || before.mode != now->mode ||
      before.smooth != now->smooth || before.colormap != now->colormap ||
      memcmp(&before.view, &now->view, sizeof now->view) != 0)
    change |= WD_PICTURE_LOOK;
  if (change || was.look.contours != d->look.contours || was.look.picks != d->look.picks ||
      was.look.ruler != d->look.ruler || was.look.mask != d->look.mask || was.epsilon != d->epsilon ||
      was.overlay_truth != d->overlay_truth || was.annotation_hash != d->annotation_hash ||
      was.eikonal != d->eikonal || was.step != d->step || was.what != d->what) {
    wd_picture_make_lines(p, d);
    change |= WD_PICTURE_TEXT;
  }
  guint hash = hash_text(p);
  if (!wd_units_same(&was.units, &d->units)) change |= WD_PICTURE_TEXT;
  if (hash != p->text_hash) change |= WD_PICTURE_TEXT;
  p->text_hash = hash;
  return change;
}

const wd_panel *wd_picture_panel(const WdPicture *p) {
  return &p->panel;
}

const char *wd_picture_message(const WdPicture *p) {
  return p->blank ? p->message : NULL;
}

int wd_picture_samples(const WdPicture *p) {
  if (p->pair && p->pair->gathers.value) return p->pair->gathers.samples;
  return p->desc.shape.samples > 0 ? p->desc.shape.samples : 1000;
}

guint wd_picture_serial(const WdPicture *p) {
  return p->serial;
}
