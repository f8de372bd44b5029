/* Contact sheet of samples: their maps in a grid with seed, figure and flags, as PNG, PDF or SVG, with the
 * recipe inside. No GTK. */
#ifndef WD_POPULATION_SHEET_H
#define WD_POPULATION_SHEET_H

#include "app/population.h"

enum { WD_SHEET_MAX = 400 };

/* which: in order, at most WD_SHEET_MAX are drawn. Samples without a map are refused. */
gboolean wd_population_sheet(const WdPopulation *p, int kind, const GArray *which, const char *path,
                             gboolean dark, GError **error);

/* The map of a sample as floats, m/s: nz * nx values. FALSE: it has none. */
gboolean wd_sample_map(const WdPopulation *p, const WdSample *s, float *out);

#endif
