/* The units that people read: distances in metres or kilometres, times in milliseconds or seconds. Everything
 * is computed, kept, exported and handed to drawing in the base units m, ms and m/s; these are for text
 * alone. Velocities go with distances: m/s, or km/s, whatever times are read in. Other quantities have no
 * dimension here and read as they are. */
#ifndef WD_UNITS_H
#define WD_UNITS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum wd_dimension { WD_NO_DIMENSION = 0, WD_DISTANCE, WD_TIME, WD_VELOCITY } wd_dimension;
typedef enum wd_distance_unit { WD_METRES = 0, WD_KILOMETRES } wd_distance_unit;
typedef enum wd_time_unit { WD_MILLISECONDS = 0, WD_SECONDS } wd_time_unit;

/* Zero: the base units. */
typedef struct wd_units {
  wd_distance_unit distance;
  wd_time_unit time;
} wd_units;

bool wd_units_same(const wd_units *a, const wd_units *b);

/* What a value in the base unit is multiplied by to be shown; and the shown unit's symbol: "km/s", "" without
 * a dimension. units NULL: the base units, here and below. */
double wd_units_factor(const wd_units *units, wd_dimension dimension);
const char *wd_units_symbol(const wd_units *units, wd_dimension dimension);

/* A value in the base unit as people read it, alone ("2.875") and with its unit ("2.875 km/s"). `step`, of
 * the base unit too, is what it must be told from, as wd_format_number has it; in another unit than the
 * base's the decimals stay where it says, so that 2.5 km/s reads 2.500. */
void wd_units_number(const wd_units *units, wd_dimension dimension, double value, double step, char *out,
                     size_t size);
void wd_units_text(const wd_units *units, wd_dimension dimension, double value, double step, char *out,
                   size_t size);
/* With its unit in words ("2.875 kilometres per second"), in the language of the program: to be heard. */
void wd_units_spoken(const wd_units *units, wd_dimension dimension, double value, double step, char *out,
                     size_t size);

/* A label that names the base unit, in its last parentheses ("Distance (m)") or alone ("m/s"), with the shown
 * unit: itself where nothing changes (NULL too), else in the buffer. */
const char *wd_units_label(const wd_units *units, wd_dimension dimension, const char *label, char *buffer,
                           size_t size);

#endif
