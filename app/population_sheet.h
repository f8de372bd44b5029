/* Contact sheet of samples: their maps in a grid with seed, figure and flags, as PNG, PDF or SVG, with the
 * recipe inside. No GTK. */
#ifndef WD_POPULATION_SHEET_H
#define WD_POPULATION_SHEET_H

#include "app/population.h"

enum { WD_SHEET_MAX = 400 };

/* which: in order, at most WD_SHEET_MAX are drawn. A sample without a map keeps an empty place; refused where
 * none has one. */
gboolean wd_population_sheet(const WdPopulation *p, int kind, const GArray *which, const char *path,
                             gboolean dark, GError **error);

/* The map of a sample as floats, m/s: nz * nx values. FALSE: it has none. */
gboolean wd_sample_map(const WdPopulation *p, const WdSample *s, float *out);

#endif
