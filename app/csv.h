/* Cells of CSV tables, appended to a text. Without GTK. */
#ifndef WD_CSV_H
#define WD_CSV_H

#include <glib.h>

/* With so many significant digits, a point in every locale; "nan", "inf" and "-inf" are what readers know. */
void wd_csv_number(GString *s, double value, int digits);
enum { WD_CSV_DIGITS = 9 }; /* that tell any two float32 apart */
/* Quoted where it has to be. NULL: an empty cell. */
void wd_csv_text(GString *s, const char *text);

#endif
