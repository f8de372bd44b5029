/* SEG-Y, the exchange format of seismic data (SEG Technical Standards Committee, rev 0 and rev 1), through
 * the library segyio: shot gathers and velocity models, read from files as they are found and written as
 * rev 1.
 *
 * In a build without segyio every call returns WD_ERR_UNSUPPORTED and says which package is missing.
 *
 * A file is measured before segyio sees it: binary header, sample format, byte order, extended headers, and a
 * size that is a whole number of traces. Sample formats read: 1 (IBM float), 2, 3 and 8 (integers), 5 (IEEE
 * float); big-endian, and little-endian as Seismic Unix and some vendors write it. */
#ifndef WD_SEGY_H
#define WD_SEGY_H

#include "solver/gather.h"
#include "solver/map.h"
#include "solver/status.h"
#include "solver/survey.h"

#include <stdbool.h>

bool wd_segy_available(void);

/* What to believe instead of the headers. A zeroed struct (or NULL) believes the file. */
typedef struct wd_segy_read {
  int format;     /* sample format 1, 2, 3, 5 or 8 */
  int samples;    /* samples of every trace */
  double dt;      /* seconds between samples (gathers) */
  double spacing; /* metres between cells (models) */
  int shot;       /* read this shot alone, counted from 1 (gathers) [0: all of them] */
} wd_segy_read;

typedef struct wd_segy_info {
  int traces, samples;
  int format; /* as above */
  bool little_endian;
  int revision;  /* 0, 1, 2 */
  int extended;  /* extended text headers */
  int interval;  /* of the samples: microseconds, or millimetres where samples are depths; 0 if unknown */
  int shots;     /* groups of traces, see wd_segy_read_gather */
  int receivers; /* traces of every shot; 0 when their numbers differ */
  char text[40 * 81 + 1]; /* the text header as 40 lines of plain ASCII */
} wd_segy_info;

wd_status wd_segy_inspect(const char *path, const wd_segy_read *how, wd_segy_info *out, wd_error *err);

/* The geometry of one trace, in metres once its scalars are applied. */
typedef struct wd_segy_trace {
  int record, number;                                /* field record; trace within it */
  double source_x, source_y, source_depth;           /* depth below the surface */
  double receiver_x, receiver_y, receiver_elevation; /* negative below the surface */
  double offset;
} wd_segy_trace;

/* All shots of a file. Traces with the same field record (bytes 9-12) are one shot, wherever they stand;
 * shots come in the order of their first trace, traces within a shot in file order. When all field records
 * are equal, the energy source point (bytes 17-20) is asked instead. Shots with different numbers of traces
 * are WD_ERR_SHAPE, NaN and infinity WD_ERR_FORMAT. `trace`, if not NULL, gets shots * receivers entries in
 * the order of the gather's traces (release with wd_free). */
wd_status wd_segy_read_gather(const char *path, const wd_segy_read *how, wd_gather *out,
                              wd_segy_trace **trace, wd_error *err);

/* A velocity model: one trace is one column, its samples go down. The spacing is how->spacing, or the sample
 * interval taken as millimetres; when neighbouring columns have coordinates (CDP, else group) that say
 * something else, the file is refused until the caller gives the spacing. Checked by wd_map_check_velocity.
 */
wd_status wd_segy_read_map(const char *path, const wd_segy_read *how, wd_map *out, wd_error *err);

typedef enum wd_segy_sample {
  WD_SEGY_IEEE = 0, /* format 5, bit for bit */
  WD_SEGY_IBM       /* format 1: relative error up to 2^-21, for old programs */
} wd_segy_sample;

/* Shot s is field record s + 1, its traces are numbered from 1. With a survey (NULL: none) the headers carry
 * source and receiver positions, depths, elevations and offsets, exact to 0.1 mm. The header fields of
 * samples, dt (whole microseconds) and traces a shot are signed 16-bit numbers: what does not fit is
 * WD_ERR_ARGUMENT. */
wd_status wd_segy_write_gather(const char *path, const wd_gather *gather, const wd_survey *survey,
                               wd_segy_sample sample, wd_error *err);

/* One trace a column; the sample interval is the spacing in whole millimetres (1..32767). */
wd_status wd_segy_write_map(const char *path, const wd_map *map, wd_segy_sample sample, wd_error *err);

#endif
