/* Automatic flags: what is wrong with a sample, told from its figures alone. Each has a rule with numbers,
 * and says its own numbers; none is a bare label.
 *
 * Where the thresholds come from:
 *   0.2       r_R below which nothing is called a fault of the gathers: four times what the grid itself costs
 *             a map that reflects much of its energy from steep edges (0.05; the median of ten family maps is
 *             0.024, both against a grid three times finer: tests/bench/RESULTS.md)
 *   0.95      |correlation| of gathers that differ by a factor: sqrt(1 - 0.95^2) = 0.31 would be left over
 *   1/2       of the squared error: the larger part has this cause, and no two such causes can both have it
 *   0.8       of it for timing: shifting waves of one band that have nothing in common removes 0.4 to 0.6
 *             (tests/app/test_flags.c), shifting late ones 0.92 and more
 *   2 ms      two samples: shifts below that are the sampling's own
 *   33 ms     1 / (2 f), half the dominant period at 15 Hz: beyond it a gradient pulls to the wrong cycle
 *   1/2       amplitude (1/4 of the energy) under which a reflection counts as absent
 *   0.01      WD_NOTHING_TO_REFLECT (solver/metrics.h)
 *   1 m/s     the rounding of maps kept as float16 does not count as out of range
 *   0.2       of the cells at an end of the range: a layer held there by the decoder, not a chance value
 *   shell     0.8 to 1.25: latents of 500 true pairs lie within 0.80 to 1.19 (rank --test-pairs), since every
 *             channel has unit variance over data
 *   CFL       sqrt((4 - 2 k_max) 3 / 32) and three cells a wavelength: the solver's own limits
 * (solver/wave.h)
 *
 * Where several could explain an error the more certain one takes it: what is not finite or was refused says
 * nothing of gathers; nothing to reflect, then polarity or scale, then direct wave only, then timing, then
 * missing or extra reflector. The flags of map, latent and set-up stand beside any of them. */
#ifndef WD_FLAGS_H
#define WD_FLAGS_H

#include <glib.h>

struct WdSample;
struct WdPopulation;

typedef enum WdFlag {
  WD_FLAG_NAN = 0,
  WD_FLAG_UNSTABLE,
  WD_FLAG_RANGE,
  WD_FLAG_SHELL,
  WD_FLAG_NOTHING,
  WD_FLAG_POLARITY,
  WD_FLAG_DIRECT,
  WD_FLAG_TIMING,
  WD_FLAG_REFLECTOR,
  WD_FLAGS
} WdFlag;

typedef struct WdFlagInfo {
  const char *key;   /* "polarity": filter, CSV, command line */
  const char *title; /* "Polarity or scale only" */
  const char *rule;  /* one or two sentences, with the numbers that decide */
} WdFlagInfo;
const WdFlagInfo *wd_flag_get_info(int flag); /* NULL outside the enumeration */
gboolean wd_flag_parse(const char *key, int *flag);

#define WD_SHELL_LO 0.8
#define WD_SHELL_HI 1.25

/* 1 << WdFlag of all that hold. velocity_min, velocity_max: the model's range, m/s. */
guint wd_flags_of(const double *value, const char *fault, double velocity_min, double velocity_max);
/* The sample's own numbers, for a flag that holds: "Correlation -1.000, relative L2 2.00: ...". frequency: of
 * the wavelet, Hz (0: OpenFWI's 15). g_free. */
char *wd_flag_words(int flag, const double *value, const char *fault, double velocity_min,
                    double velocity_max, double frequency);
/* "polarity,timing", "" for none. g_free. */
char *wd_flags_text(guint flags);

#endif
