#include "app/truth.h"

#include "app/i18n.h"

#include <math.h>
#include <string.h>

WdDoubt wd_truth_doubt(double map, double gathers, double epsilon) {
  double good = epsilon > 0 && epsilon < WD_TRUTH_GOOD ? epsilon : WD_TRUTH_GOOD;
  if (isnan(map) || isnan(gathers)) return WD_DOUBT_UNKNOWN;
  if (map <= good && gathers <= good) return WD_DOUBT_NEITHER;
  if (map <= good || gathers > WD_TRUTH_FACTOR * map) return WD_DOUBT_GATHERS;
  if (gathers <= good || map > WD_TRUTH_FACTOR * gathers) return WD_DOUBT_MAP;
  return WD_DOUBT_BOTH;
}

/* Against the observed gathers, over ||observed - F(v_top)||. */
static wd_status against(const wd_gather *a, const WdPair *truth, const wd_gather *top, wd_measure *out,
                         wd_error *err) {
  wd_comparison c;
  wd_status st = wd_compare(a, &truth->gathers, top, NULL, &c, err);
  if (st) return st;
  *out = c.all;
  wd_comparison_clear(&c);
  return WD_OK;
}

wd_status wd_truth_compare(const WdPair *truth, const WdPair *decoded, const WdSimulation *simulation,
                           double epsilon, WdTruthReport *out, wd_error *err) {
  WdTruthReport r = {0};
  wd_status st = WD_OK;
  if (truth->velocity.value) {
    st = wd_map_compare(&decoded->velocity, &truth->velocity, NULL, &r.velocity, NULL, err);
    if (st) return st;
    r.has_velocity = TRUE;
  }
  double map = NAN, gathers = NAN;
  if (truth->gathers.value) {
    const wd_gather *top = simulation ? &simulation->top : NULL;
    st = against(&decoded->gathers, truth, top, &r.gathers, err);
    if (st) return st;
    r.has_gathers = TRUE;
    gathers = r.gathers.reflection_residual;
    if (simulation) {
      st = against(&simulation->full, truth, top, &r.explained, err);
      if (st) return st;
      r.has_explained = TRUE;
      r.mode = simulation->mode;
      map = r.explained.reflection_residual;
    }
  }
  r.doubt = r.has_explained ? wd_truth_doubt(map, gathers, epsilon) : WD_DOUBT_UNKNOWN;
  *out = r;
  return WD_OK;
}

char *wd_truth_velocity_words(const WdTruthReport *r, const wd_units *units) {
  char mae[48], rmse[48];
  if (!r->has_velocity) return NULL;
  wd_units_text(units, WD_VELOCITY, r->velocity.mae, 1, mae, sizeof mae);
  wd_units_text(units, WD_VELOCITY, r->velocity.rmse, 1, rmse, sizeof rmse);
  return g_strdup_printf(_("Velocity error %s (RMSE %s, SSIM %.2f)"), mae, rmse, r->velocity.ssim);
}

char *wd_truth_words(const WdTruthReport *r, const wd_units *units) {
  g_autofree char *velocity = wd_truth_velocity_words(r, units);
  GString *s = g_string_new(velocity);
  if (velocity) g_string_append(s, ". ");
  double m = r->explained.reflection_residual, g = r->gathers.reflection_residual;
  switch (r->doubt) {
  case WD_DOUBT_UNKNOWN:
    if (r->has_gathers && !r->has_explained)
      g_string_append_printf(
          s,
          _("The decoded gathers are off the observed ones by %.2g (relative L2); what the "
            "decoded map explains is not simulated yet."),
          r->gathers.relative_l2);
    break;
  case WD_DOUBT_NEITHER:
    g_string_append_printf(
        s,
        _("The decoded map explains the observed gathers to r_R %.2g, and the decoded gathers "
          "are off by %.2g: neither side is to be doubted."),
        m, g);
    break;
  case WD_DOUBT_GATHERS:
    g_string_append_printf(
        s,
        _("The decoded map explains the observed gathers to r_R %.2g, the decoded gathers are "
          "off by %.2g: doubt the gathers."),
        m, g);
    break;
  case WD_DOUBT_MAP:
    g_string_append_printf(
        s,
        _("The decoded gathers are off the observed ones by r_R %.2g, the decoded map explains "
          "them only to %.2g: doubt the map."),
        g, m);
    break;
  case WD_DOUBT_BOTH:
    g_string_append_printf(
        s,
        _("The decoded map explains the observed gathers only to r_R %.2g, and the decoded "
          "gathers are off by %.2g: doubt both."),
        m, g);
    break;
  }
  if (r->has_explained && r->mode == WD_WAVE_LIVE) g_string_append(s, _(" (live)"));
  char *end = s->str + s->len;
  while (end > s->str && end[-1] == ' ') *--end = 0;
  return g_string_free(s, FALSE);
}
