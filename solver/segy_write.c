#include "solver/segy.h"

#include "solver/file.h"
#include "solver/memory.h"
#include "solver/segy_ibm.h"

#include <math.h>
#include <segyio/segy.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { START = SEGY_TEXT_HEADER_SIZE + SEGY_BINARY_HEADER_SIZE };

typedef struct writer {
  wd_file *file;
  segy_file *segy;
  int format, samples, trace_bytes, traces;
  int code; /* the first thing segyio refused */
} writer;

static void line(char *text, int number, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Line `number` (from 1) of the text header, cut to its 80 columns. */
static void line(char *text, int number, const char *format, ...) {
  char body[160];
  va_list ap;
  va_start(ap, format);
  vsnprintf(body, sizeof body, format, ap);
  va_end(ap);
  char card[256];
  snprintf(card, sizeof card, "C%2d %s", number, body);
  size_t n = strlen(card);
  memcpy(text + (number - 1) * 80, card, n < 80 ? n : 80);
}

static void blank(char *text) {
  memset(text, ' ', SEGY_TEXT_HEADER_SIZE);
  for (int i = 1; i <= 40; i++) line(text, i, "%s", "");
  line(text, 39, "SEG-Y REV1");
  line(text, 40, "END TEXTUAL HEADER");
}

/* Sets a field of a trace header. The values were checked before; what segyio still refuses is kept. */
static void set(writer *w, char *header, int which, int value) {
  int code = segy_set_field(header, which, value);
  if (code && !w->code) w->code = code;
}

static void set_binary(writer *w, char *header, int which, int value) {
  int code = segy_set_bfield(header, which, value);
  if (code && !w->code) w->code = code;
}

static wd_status begin(const char *path, const char *text, int samples, int interval, int fold, int traces,
                       wd_segy_sample sample, writer *w, wd_error *err) {
  *w = (writer){.format = sample == WD_SEGY_IBM ? SEGY_IBM_FLOAT_4_BYTE : SEGY_IEEE_FLOAT_4_BYTE,
                .samples = samples,
                .trace_bytes = samples * 4,
                .traces = traces};
  wd_status status = wd_file_create(path, &w->file, err);
  uint64_t bytes = START + (uint64_t)traces * (SEGY_TRACE_HEADER_SIZE + (uint64_t)w->trace_bytes);
  if (!status) status = wd_file_reserve(w->file, bytes, err);
  if (status) return status;
  char binary[SEGY_BINARY_HEADER_SIZE] = {0};
  set_binary(w, binary, SEGY_BIN_JOB_ID, 1);
  set_binary(w, binary, SEGY_BIN_LINE_NUMBER, 1);
  set_binary(w, binary, SEGY_BIN_REEL_NUMBER, 1);
  set_binary(w, binary, SEGY_BIN_TRACES, fold);
  set_binary(w, binary, SEGY_BIN_INTERVAL, interval);
  set_binary(w, binary, SEGY_BIN_INTERVAL_ORIG, interval);
  set_binary(w, binary, SEGY_BIN_SAMPLES, samples);
  set_binary(w, binary, SEGY_BIN_SAMPLES_ORIG, samples);
  set_binary(w, binary, SEGY_BIN_FORMAT, w->format);
  set_binary(w, binary, SEGY_BIN_ENSEMBLE_FOLD, fold);
  set_binary(w, binary, SEGY_BIN_SORTING_CODE, 1);       /* as recorded */
  set_binary(w, binary, SEGY_BIN_MEASUREMENT_SYSTEM, 1); /* metres */
  set_binary(w, binary, SEGY_BIN_SEGY_REVISION, 0x0100);
  set_binary(w, binary, SEGY_BIN_TRACE_FLAG, 1); /* every trace has the same length */
  w->segy = segy_open(wd_file_temporary(w->file), "w+b");
  if (!w->segy && !w->code) w->code = SEGY_FOPEN_ERROR;
  if (!w->code) w->code = segy_set_format(w->segy, w->format);
  if (!w->code) w->code = segy_write_textheader(w->segy, 0, text);
  if (!w->code) w->code = segy_write_binheader(w->segy, binary);
  return WD_OK;
}

/* One trace; `value` is converted in place. */
static void put(writer *w, int trace, const char *header, float *value) {
  if (!w->code) w->code = segy_write_traceheader(w->segy, trace, header, START, w->trace_bytes);
  for (int i = 0; i < w->samples && w->format == SEGY_IBM_FLOAT_4_BYTE; i++) {
    uint32_t ibm = wd_ibm_from_float(value[i]);
    memcpy(&value[i], &ibm, sizeof ibm);
  }
  /* Only the byte order is left to segyio: see segy_ibm.h. */
  if (!w->code) w->code = segy_from_native(SEGY_IEEE_FLOAT_4_BYTE, w->samples, value);
  if (!w->code) w->code = segy_writetrace(w->segy, trace, value, START, w->trace_bytes);
}

static wd_status finish(writer *w, wd_status status, wd_error *err) {
  if (w->segy) {
    int code = segy_flush(w->segy, false), closed = segy_close(w->segy);
    if (!w->code) w->code = code ? code : closed;
  }
  if (!status && w->code)
    status = wd_fail(err, WD_ERR_IO, "%s: cannot be written: segyio gave up (%d); is the disk full?",
                     wd_file_path(w->file), w->code);
  /* stdio may lose the last block of a full disk without telling: the size tells. */
  uint64_t bytes = 0,
           wanted = START + (uint64_t)w->traces * (SEGY_TRACE_HEADER_SIZE + (uint64_t)w->trace_bytes);
  if (!status) status = wd_file_size(w->file, &bytes, err);
  if (!status && bytes != wanted)
    status = wd_fail(err, WD_ERR_IO, "%s: only %llu of %llu bytes could be written; is the disk full?",
                     wd_file_path(w->file), (unsigned long long)bytes, (unsigned long long)wanted);
  if (status) {
    wd_file_abort(w->file);
    return status;
  }
  return wd_file_commit(w->file, err);
}

/* A number of seconds or metres as a count of smaller units, for a signed 16-bit header field. */
static wd_status whole(const char *path, const char *what, double value, double unit, const char *unit_name,
                       int *out, wd_error *err) {
  double n = value / unit, nearest = round(n);
  if (!(nearest >= 1) || nearest > 32767 || fabs(n - nearest) > 1e-6 * nearest)
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "%s: a %s of %.9g is %.9g %s; SEG-Y holds whole numbers from 1 to 32767", path, what,
                   value, n, unit_name);
  *out = (int)nearest;
  return WD_OK;
}

static wd_status fits(const char *path, const char *what, int value, wd_error *err) {
  if (value >= 1 && value <= 32767) return WD_OK;
  return wd_fail(err, WD_ERR_ARGUMENT, "%s: %d %s; SEG-Y holds at most 32767", path, value, what);
}

static wd_status all_finite(const char *path, const float *value, size_t count, wd_error *err) {
  for (size_t i = 0; i < count; i++)
    if (!isfinite(value[i]))
      return wd_fail(err, WD_ERR_ARGUMENT, "%s: value %zu is %g; only finite samples are written", path, i,
                     (double)value[i]);
  return WD_OK;
}

/* The coarsest decimal scalar (1, or a negative one that divides) with which every multiple of `spacing` up
 * to `cells` is a whole number, 0.1 mm at the finest. */
static int divisor(double spacing, int cells) {
  int d = 1;
  for (; d < 10000; d *= 10) {
    double unit = spacing * d;
    if (fabs(unit - round(unit)) * cells < 1e-6) break;
  }
  while (d > 1 && spacing * d * cells > 2e9) d /= 10;
  return d;
}

wd_status wd_segy_write_gather(const char *path, const wd_gather *gather, const wd_survey *survey,
                               wd_segy_sample sample, wd_error *err) {
  const wd_gather *g = gather;
  int interval = 0;
  if (survey && (survey->shots != g->shots || survey->receivers != g->receivers))
    return wd_fail(err, WD_ERR_SHAPE, "%s: gathers of %d shots and %d receivers, a survey of %d and %d", path,
                   g->shots, g->receivers, survey->shots, survey->receivers);
  wd_status status = fits(path, "samples a trace", g->samples, err);
  if (!status) status = fits(path, "traces a shot", g->receivers, err);
  if (!status) status = whole(path, "dt", g->dt, 1e-6, "microseconds", &interval, err);
  if (!status && (int64_t)g->shots * g->receivers > INT32_MAX / 2)
    status = wd_fail(err, WD_ERR_ARGUMENT, "%s: %d x %d traces are too many for one file", path, g->shots,
                     g->receivers);
  if (!status) status = all_finite(path, g->value, wd_gather_count(g), err);
  if (!status && survey && !(survey->spacing * fmax(survey->nx, survey->nz) < 2e9))
    status = wd_fail(err, WD_ERR_ARGUMENT, "%s: positions beyond 2e9 m do not fit SEG-Y", path);
  if (status) return status;
  float *trace = wd_alloc((size_t)g->samples, sizeof *trace);
  if (!trace) return wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory for a trace", path);

  char text[SEGY_TEXT_HEADER_SIZE + 1] = {0};
  blank(text);
  line(text, 1, "SHOT GATHERS SIMULATED BY WAVEDIFFUSION: CONSTANT-DENSITY ACOUSTIC PRESSURE");
  line(text, 2, "%d SHOTS OF %d TRACES, %d SAMPLES OF %d MICROSECONDS", g->shots, g->receivers, g->samples,
       interval);
  line(text, 3, "THE FIRST SAMPLE IS AT TIME DT AFTER THE SOURCE STARTS");
  line(text, 4, "SHOT NUMBER: BYTES 9-12 AND 17-20, TRACE IN THE SHOT: BYTES 13-16");
  if (survey) line(text, 5, "SOURCE X: 73-76, GROUP X: 81-84, SOURCE DEPTH: 49-52, GROUP ELEVATION: 41-44");
  writer w;
  status = begin(path, text, g->samples, interval, g->receivers, g->shots * g->receivers, sample, &w, err);
  int d = survey ? divisor(survey->spacing, survey->nx > survey->nz ? survey->nx : survey->nz) : 1;
  double unit = survey ? survey->spacing * d : 0;
  for (int i = 0; i < w.traces && !status && !w.code; i++) {
    int shot = i / g->receivers, receiver = i % g->receivers;
    char header[SEGY_TRACE_HEADER_SIZE] = {0};
    set(&w, header, SEGY_TR_SEQ_LINE, i + 1);
    set(&w, header, SEGY_TR_SEQ_FILE, i + 1);
    set(&w, header, SEGY_TR_FIELD_RECORD, shot + 1);
    set(&w, header, SEGY_TR_NUMBER_ORIG_FIELD, receiver + 1);
    set(&w, header, SEGY_TR_ENERGY_SOURCE_POINT, shot + 1);
    set(&w, header, SEGY_TR_TRACE_ID, 1); /* seismic data */
    set(&w, header, SEGY_TR_DATA_USE, 1); /* production */
    set(&w, header, SEGY_TR_SAMPLE_COUNT, g->samples);
    set(&w, header, SEGY_TR_SAMPLE_INTER, interval);
    set(&w, header, SEGY_TR_COORD_UNITS, 1);                                            /* length */
    if (interval % 1000 == 0) set(&w, header, SEGY_TR_DELAY_REC_TIME, interval / 1000); /* milliseconds */
    if (survey) {
      wd_cell s = survey->source[shot], r = survey->receiver[receiver];
      set(&w, header, SEGY_TR_ELEV_SCALAR, d > 1 ? -d : 1);
      set(&w, header, SEGY_TR_SOURCE_GROUP_SCALAR, d > 1 ? -d : 1);
      set(&w, header, SEGY_TR_SOURCE_X, (int)lround(s.x * unit));
      set(&w, header, SEGY_TR_GROUP_X, (int)lround(r.x * unit));
      set(&w, header, SEGY_TR_SOURCE_DEPTH, (int)lround(s.z * unit));
      set(&w, header, SEGY_TR_RECV_GROUP_ELEV, (int)-lround(r.z * unit));
      set(&w, header, SEGY_TR_OFFSET, (int)lround((r.x - s.x) * survey->spacing));
    }
    const float *from =
        g->value + (size_t)shot * (size_t)g->samples * (size_t)g->receivers + (size_t)receiver;
    for (int k = 0; k < g->samples; k++) trace[k] = from[(size_t)k * (size_t)g->receivers];
    put(&w, i, header, trace);
  }
  wd_free(trace);
  return w.file ? finish(&w, status, err) : status;
}

wd_status wd_segy_write_map(const char *path, const wd_map *map, wd_segy_sample sample, wd_error *err) {
  int interval = 0;
  wd_status status = fits(path, "rows", map->nz, err);
  if (!status) status = fits(path, "columns", map->nx, err);
  if (!status) status = whole(path, "spacing", map->spacing, 1e-3, "millimetres", &interval, err);
  if (!status) status = all_finite(path, map->value, (size_t)map->nz * (size_t)map->nx, err);
  if (status) return status;
  float *trace = wd_alloc((size_t)map->nz, sizeof *trace);
  if (!trace) return wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory for a trace", path);
  char text[SEGY_TEXT_HEADER_SIZE + 1] = {0};
  blank(text);
  line(text, 1, "VELOCITY MODEL OF WAVEDIFFUSION: METRES PER SECOND, ONE TRACE A COLUMN");
  line(text, 2, "%d COLUMNS OF %d CELLS, %g M BOTH WAYS", map->nx, map->nz, map->spacing);
  line(text, 3, "THE SAMPLE INTERVAL IS IN MILLIMETRES OF DEPTH; THE FIRST SAMPLE IS AT DEPTH 0");
  line(text, 4, "CDP X: BYTES 181-184, GROUP X: BYTES 81-84, MILLIMETRES (SCALAR -1000)");
  writer w;
  status = begin(path, text, map->nz, interval, 1, map->nx, sample, &w, err);
  for (int x = 0; x < map->nx && !status && !w.code; x++) {
    char header[SEGY_TRACE_HEADER_SIZE] = {0};
    set(&w, header, SEGY_TR_SEQ_LINE, x + 1);
    set(&w, header, SEGY_TR_SEQ_FILE, x + 1);
    set(&w, header, SEGY_TR_FIELD_RECORD, 1);
    set(&w, header, SEGY_TR_NUMBER_ORIG_FIELD, x + 1);
    set(&w, header, SEGY_TR_ENSEMBLE, x + 1);
    set(&w, header, SEGY_TR_NUM_IN_ENSEMBLE, 1);
    set(&w, header, SEGY_TR_TRACE_ID, 1);
    set(&w, header, SEGY_TR_SAMPLE_COUNT, map->nz);
    set(&w, header, SEGY_TR_SAMPLE_INTER, interval);
    set(&w, header, SEGY_TR_COORD_UNITS, 1);
    set(&w, header, SEGY_TR_SOURCE_GROUP_SCALAR, -1000);
    set(&w, header, SEGY_TR_GROUP_X, x * interval);
    set(&w, header, SEGY_TR_CDP_X, x * interval);
    set(&w, header, SEGY_TR_INLINE, 1);
    set(&w, header, SEGY_TR_CROSSLINE, x + 1);
    for (int z = 0; z < map->nz; z++) trace[z] = map->value[(size_t)z * (size_t)map->nx + (size_t)x];
    put(&w, x, header, trace);
  }
  wd_free(trace);
  return w.file ? finish(&w, status, err) : status;
}
