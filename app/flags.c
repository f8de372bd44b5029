#include "app/flags.h"

#include "app/i18n.h"
#include "app/population.h"
#include "solver/lag.h"

#include <math.h>

/* See flags.h for where these come from. */
#define LEAST_RESIDUAL   0.2
#define LEAST_L2         0.1
#define LEAST_MATCH      0.95
#define MAIN_PART        0.5
#define TIMING_PART      0.8
#define LEAST_GAIN_ERROR 0.1
#define LEAST_SHIFT_MS   2.0
#define DIRECT_LO        0.7
#define DIRECT_HI        1.3
#define DIRECT_SHARE     (1.0 / 3)
#define DIRECT_L2        0.5
#define RANGE_MARGIN     1.0
#define HELD             0.2
#define LEAST_POINTS     3.0

static const WdFlagInfo infos[WD_FLAGS] = {
    [WD_FLAG_NAN] =
        {"nan", N_("Not a number"),
         N_("The latent, the decoded pair or the simulation holds a NaN or an infinity, or a network "
            "or the solver gave up.")},
    [WD_FLAG_UNSTABLE] =
        {"unstable", N_("Unstable or badly sampled set-up"),
         N_("The fastest cell breaks the solver's limit v dt / dx \xe2\x89\xa4 \xe2\x88\x9a((4 "
            "\xe2\x88\x92 2 k) 3/32), k the damping of a step, or the slowest one has fewer "
            "than 3 cells in the shortest wavelength.")},
    [WD_FLAG_RANGE] =
        {"range", N_("Velocity out of range"),
         N_("A velocity lies more than 1 m/s outside the model's range, or more than 20 % of the "
            "cells stand at one of its ends, where the decoder holds what would leave it.")},
    [WD_FLAG_SHELL] = {"shell", N_("Off-shell latent"),
                       N_("|z| / \xe2\x88\x9a"
                          "d lies outside 0.8 to 1.25. Latents of data have unit variance in every "
                          "channel, so that it is near 1; the denoiser saw none far from it.")},
    [WD_FLAG_NOTHING] =
        {"nothing", N_("Nothing to reflect"),
         N_("The reflections are under 1 % of the simulated gathers: r_R would divide noise by "
            "noise. The pair stays out of medians.")},
    [WD_FLAG_POLARITY] =
        {"polarity", N_("Polarity or scale only"),
         N_("Relative L2 at least 0.1 at |correlation| of at least 0.95, and one factor, \xe2\x88\x92"
            "1 or "
            "at least 10 % from 1, leaves less than half the amplitude of the error.")},
    [WD_FLAG_DIRECT] =
        {"direct", N_("Direct wave only"),
         N_("r_R within 0.7 to 1.3 with relative L2 under 0.5, and the decoded gathers hold less "
            "than a third of the reflections' amplitude: the direct wave is right, what lies "
            "below is not there.")},
    [WD_FLAG_TIMING] =
        {"timing", N_("Timing"),
         N_("r_R at least 0.2, and shifting each window (133 ms of a trace) in time, 2 ms or more "
            "in the mean, removes at least 80 % of the squared error (waves that have nothing in common lose "
            "about half). Shifts beyond 1 / (2 f) = "
            "33 ms at 15 Hz are a cycle off.")},
    [WD_FLAG_REFLECTOR] =
        {"reflector", N_("Missing or extra reflector"),
         N_("r_R at least 0.2, and at least half of the squared error lies in windows (133 ms "
            "of a trace) where one of the two gathers has less than half the amplitude of the "
            "other's reflections, whatever their timing.")},
};

const WdFlagInfo *wd_flag_get_info(int flag) {
  static WdFlagInfo told[WD_FLAGS]; /* infos in the person's language; const once filled */
  static gsize filled;
  if (g_once_init_enter(&filled)) {
    for (int i = 0; i < WD_FLAGS; i++)
      told[i] = (WdFlagInfo){infos[i].key, _(infos[i].title), _(infos[i].rule)};
    g_once_init_leave(&filled, 1);
  }
  return flag >= 0 && flag < WD_FLAGS ? &told[flag] : NULL;
}

gboolean wd_flag_parse(const char *key, int *flag) {
  for (int i = 0; i < WD_FLAGS; i++)
    if (g_ascii_strcasecmp(key, infos[i].key) == 0) {
      *flag = i;
      return TRUE;
    }
  return FALSE;
}

/* ---- rules. A comparison with a NaN is false: what was not made raises no flag. */

static gboolean polarity(const double *v) {
  const double c = v[WD_METRIC_CORRELATION], l2 = v[WD_METRIC_RELATIVE_L2], gain = v[WD_VALUE_GAIN];
  return l2 >= LEAST_L2 && fabs(c) >= LEAST_MATCH && fabs(gain - 1) >= LEAST_GAIN_ERROR &&
         1 - c * c <= 0.25 * l2 * l2;
}

static gboolean direct(const double *v) {
  const double r = v[WD_METRIC_REFLECTION_RESIDUAL];
  return r >= DIRECT_LO && r <= DIRECT_HI && v[WD_METRIC_RELATIVE_L2] <= DIRECT_L2 &&
         v[WD_VALUE_DECODED_SHARE] <= DIRECT_SHARE;
}

static guint gather_flag(const double *v) {
  const double r = v[WD_METRIC_REFLECTION_RESIDUAL];
  if (v[WD_METRIC_REFLECTION_SHARE] < WD_NOTHING_TO_REFLECT) return 1u << WD_FLAG_NOTHING;
  if (polarity(v)) return 1u << WD_FLAG_POLARITY;
  if (direct(v)) return 1u << WD_FLAG_DIRECT;
  if (!(r >= LEAST_RESIDUAL)) return 0;
  if (v[WD_VALUE_TIMING] >= TIMING_PART && v[WD_VALUE_SHIFT] >= LEAST_SHIFT_MS) return 1u << WD_FLAG_TIMING;
  if (v[WD_VALUE_MISSING] + v[WD_VALUE_EXTRA] >= MAIN_PART) return 1u << WD_FLAG_REFLECTOR;
  return 0;
}

guint wd_flags_of(const double *v, const char *fault, double vmin, double vmax) {
  guint f = 0;
  if (v[WD_VALUE_CFL] > v[WD_VALUE_CFL_LIMIT] || v[WD_VALUE_POINTS] < LEAST_POINTS * (1 - 1e-9))
    f |= 1u << WD_FLAG_UNSTABLE;
  if (v[WD_VALUE_V_MIN] < vmin - RANGE_MARGIN || v[WD_VALUE_V_MAX] > vmax + RANGE_MARGIN ||
      v[WD_VALUE_HELD] > HELD)
    f |= 1u << WD_FLAG_RANGE;
  if (v[WD_VALUE_SHELL] < WD_SHELL_LO || v[WD_VALUE_SHELL] > WD_SHELL_HI) f |= 1u << WD_FLAG_SHELL;
  /* A refused set-up has a cause of its own above. */
  if (v[WD_VALUE_NOT_FINITE] > 0 || (fault && *fault && !(f & 1u << WD_FLAG_UNSTABLE)))
    return f | 1u << WD_FLAG_NAN;
  return f | gather_flag(v);
}

/* ---- words */

static char *range_words(const double *v, double vmin, double vmax) {
  const gboolean outside = v[WD_VALUE_V_MIN] < vmin - RANGE_MARGIN || v[WD_VALUE_V_MAX] > vmax + RANGE_MARGIN;
  if (!outside)
    return g_strdup_printf(_("%.0f to %.0f m/s; %.0f %% of the cells stand at an end of %g to %g m/s."),
                           v[WD_VALUE_V_MIN], v[WD_VALUE_V_MAX], 100 * v[WD_VALUE_HELD], vmin, vmax);
  return g_strdup_printf(_("%.0f to %.0f m/s; the model's range is %g to %g m/s."), v[WD_VALUE_V_MIN],
                         v[WD_VALUE_V_MAX], vmin, vmax);
}

static char *unstable_words(const double *v) {
  if (v[WD_VALUE_CFL] > v[WD_VALUE_CFL_LIMIT])
    return g_strdup_printf(
        _("v dt / dx = %.3f at %.0f m/s, over the limit of %.3f: a time step shorter by %.0f "
          "%% would do."),
        v[WD_VALUE_CFL], v[WD_VALUE_V_MAX], v[WD_VALUE_CFL_LIMIT],
        ceil(100 * (1 - v[WD_VALUE_CFL_LIMIT] / v[WD_VALUE_CFL])));
  return g_strdup_printf(_("%.2f cells in the shortest wavelength at %.0f m/s; 3 are wanted."),
                         v[WD_VALUE_POINTS], v[WD_VALUE_V_MIN]);
}

static char *nan_words(const double *v, const char *fault) {
  if (v[WD_VALUE_NOT_FINITE] > 0)
    return g_strdup_printf(_("%.0f numbers are not finite%s%s."), v[WD_VALUE_NOT_FINITE],
                           fault && *fault ? ": " : "", fault && *fault ? fault : "");
  return g_strdup(fault && *fault ? fault : _("nothing says what"));
}

char *wd_flag_words(int flag, const double *v, const char *fault, double vmin, double vmax,
                    double frequency) {
  const double r = v[WD_METRIC_REFLECTION_RESIDUAL], l2 = v[WD_METRIC_RELATIVE_L2],
               c = v[WD_METRIC_CORRELATION];
  switch (flag) {
  case WD_FLAG_NAN: return nan_words(v, fault);
  case WD_FLAG_UNSTABLE: return unstable_words(v);
  case WD_FLAG_RANGE: return range_words(v, vmin, vmax);
  case WD_FLAG_SHELL:
    return g_strdup_printf(_("|z| / \xe2\x88\x9a"
                             "d = %.3f, outside %g to %g."),
                           v[WD_VALUE_SHELL], WD_SHELL_LO, WD_SHELL_HI);
  case WD_FLAG_NOTHING:
    return g_strdup_printf(_("Reflections are %.2g %% of the simulated gathers, under 1 %%."),
                           100 * v[WD_METRIC_REFLECTION_SHARE]);
  case WD_FLAG_POLARITY:
    return g_strdup_printf(_("Relative L2 %.3g at correlation %.3f: a factor of %.3g leaves %.2g."), l2, c,
                           v[WD_VALUE_GAIN], sqrt(fmax(0, 1 - c * c)));
  case WD_FLAG_DIRECT:
    return g_strdup_printf(_("r_R %.2f at relative L2 %.3g; the decoded gathers hold %.0f %% of the "
                             "reflections' amplitude."),
                           r, l2, 100 * v[WD_VALUE_DECODED_SHARE]);
  case WD_FLAG_TIMING:
    return g_strdup_printf(
        _("r_R %.2f; shifts of %.1f ms in the mean remove %.0f %% of the squared error; %.0f "
          "%% of the windows in error are half a period (%.0f ms) off or more."),
        r, v[WD_VALUE_SHIFT], 100 * v[WD_VALUE_TIMING], 100 * v[WD_VALUE_SUSPECTS],
        1e3 * wd_half_period(frequency > 0 ? frequency : 15));
  case WD_FLAG_REFLECTOR:
    return g_strdup_printf(
        _("r_R %.2f; %.0f %% of the squared error lies where a reflection of the simulated "
          "gathers is missing in the decoded ones, %.0f %% where the decoded ones have an "
          "extra one."),
        r, 100 * v[WD_VALUE_MISSING], 100 * v[WD_VALUE_EXTRA]);
  default: return g_strdup("");
  }
}

char *wd_flags_text(guint flags) {
  GString *s = g_string_new(NULL);
  for (int i = 0; i < WD_FLAGS; i++)
    if (flags & 1u << i) g_string_append_printf(s, "%s%s", s->len ? "," : "", infos[i].key);
  return g_string_free(s, FALSE);
}
