/* A source wavelet from a file: a one-dimensional .npy ((n,), (n, 1) or (1, n)), told by its first bytes, or
 * a text of numbers, one sample a line.
 *
 * Text: columns parted by commas, semicolons, tabs or spaces; empty lines and lines that begin with # are
 * skipped, and so is one line of column names before the numbers. Numbers have a decimal point whatever the
 * locale. The samples are taken as they are: they must already lie at the time step of the simulation. */
#ifndef WD_WAVELET_FILE_H
#define WD_WAVELET_FILE_H

#include "solver/status.h"

/* Column `column` of a text, counted from 1; 0 means the last one, so that "time, amplitude" gives the
 * amplitude. For a .npy it must be 0 or 1. *value gets *samples finite values (1..100000), released with
 * wd_free. */
wd_status wd_wavelet_read(const char *path, int column, float **value, int *samples, wd_error *err);

#endif
