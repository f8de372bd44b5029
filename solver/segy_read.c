#include "solver/segy.h"

#include "solver/file.h"
#include "solver/memory.h"
#include "solver/segy_ibm.h"

#include <limits.h>
#include <math.h>
#include <segyio/segy.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  TEXT = SEGY_TEXT_HEADER_SIZE,
  BINARY = SEGY_BINARY_HEADER_SIZE,
  HEADER = SEGY_TRACE_HEADER_SIZE,
  START = TEXT + BINARY
};

bool wd_segy_available(void) {
  return true;
}

/* A file whose layout has been checked against its size, so that no trace number below `traces` leads segyio
 * outside it. */
typedef struct layout {
  const char *path;
  int format, item; /* sample format and its bytes */
  bool little;
  int samples, traces, interval, revision, extended;
  long trace0;
  int trace_bytes;
  unsigned char text[TEXT];
} layout;

static int item_of(int format) {
  switch (format) {
  case SEGY_IBM_FLOAT_4_BYTE:
  case SEGY_SIGNED_INTEGER_4_BYTE:
  case SEGY_IEEE_FLOAT_4_BYTE: return 4;
  case SEGY_SIGNED_SHORT_2_BYTE: return 2;
  case SEGY_SIGNED_CHAR_1_BYTE: return 1;
  default: return 0;
  }
}

static int u16(const unsigned char *p, bool little) {
  return little ? p[0] | p[1] << 8 : p[0] << 8 | p[1];
}

/* Bytes first..first+1 (counted from 1, as the standard does) of the binary header. */
static int bin(const unsigned char *header, int first, bool little) {
  return u16(header + (first - TEXT - 1), little);
}

static int trace_field(const unsigned char *header, int first, bool little) {
  return u16(header + first - 1, little);
}

static wd_status measure(const char *path, const wd_segy_read *how, int fd, uint64_t bytes, layout *out,
                         wd_error *err) {
  layout l = {.path = path};
  unsigned char b[BINARY], t[HEADER];
  if (bytes == 0) return wd_fail(err, WD_ERR_FORMAT, "%s: the file is empty", path);
  if (bytes < START)
    return wd_fail(err, WD_ERR_FORMAT, "%s: truncated: %llu bytes, the headers of SEG-Y alone take %d", path,
                   (unsigned long long)bytes, (int)START);
  wd_status status = wd_file_read_at(fd, path, 0, l.text, sizeof l.text, err);
  if (!status) status = wd_file_read_at(fd, path, TEXT, b, sizeof b, err);
  if (status) return status;

  /* Byte order: the sample format is a small number in one order only. */
  int format = bin(b, SEGY_BIN_FORMAT, false), swapped = bin(b, SEGY_BIN_FORMAT, true);
  if (!(format >= 1 && format <= 16) && swapped >= 1 && swapped <= 16) {
    l.little = true;
    format = swapped;
  }
  l.format = how->format ? how->format : format;
  l.item = item_of(l.format);
  if (!l.item)
    return wd_fail(err, WD_ERR_UNSUPPORTED,
                   "%s: sample format %d; 1 (IBM float), 2, 3, 8 (integers) and 5 (IEEE float) are read%s",
                   path, l.format, how->format ? "" : "; is this SEG-Y?");
  l.revision = b[SEGY_BIN_SEGY_REVISION - TEXT - 1 + (l.little ? 1 : 0)];
  l.interval = bin(b, SEGY_BIN_INTERVAL, l.little);
  l.extended = (int16_t)bin(b, SEGY_BIN_EXT_HEADERS, l.little);
  if (l.extended < 0)
    return wd_fail(err, WD_ERR_UNSUPPORTED, "%s: an unknown number (%d) of extended text headers", path,
                   l.extended);
  l.trace0 = START + (long)TEXT * l.extended;
  if ((uint64_t)l.trace0 > bytes)
    return wd_fail(err, WD_ERR_FORMAT, "%s: truncated: %d extended text headers do not fit its %llu bytes",
                   path, l.extended, (unsigned long long)bytes);
  uint64_t data = bytes - (uint64_t)l.trace0;
  if (data == 0) return wd_fail(err, WD_ERR_FORMAT, "%s: the file holds no traces", path);
  if (data < HEADER) return wd_fail(err, WD_ERR_FORMAT, "%s: truncated inside the first trace header", path);
  status = wd_file_read_at(fd, path, (uint64_t)l.trace0, t, sizeof t, err);
  if (status) return status;

  /* Samples a trace: the caller, the binary header, the first trace; the size of the file must agree. */
  int candidate[2] = {how->samples ? how->samples : bin(b, SEGY_BIN_SAMPLES, l.little),
                      how->samples ? 0 : trace_field(t, SEGY_TR_SAMPLE_COUNT, l.little)};
  for (int i = 0; i < 2 && !l.samples; i++)
    if (candidate[i] > 0 && data % (HEADER + (uint64_t)candidate[i] * (uint64_t)l.item) == 0)
      l.samples = candidate[i];
  if (!l.samples) {
    if (how->samples || candidate[0] > 0 || candidate[1] > 0)
      return wd_fail(
          err, WD_ERR_FORMAT,
          "%s: truncated, or traces of different lengths: %llu bytes of traces are no whole number of "
          "traces of %d samples in format %d",
          path, (unsigned long long)data, candidate[0] > 0 ? candidate[0] : candidate[1], l.format);
    return wd_fail(err, WD_ERR_FORMAT,
                   "%s: neither binary header nor first trace says how many samples a trace has", path);
  }
  l.trace_bytes = l.samples * l.item;
  uint64_t traces = data / (HEADER + (uint64_t)l.trace_bytes);
  if (traces > INT_MAX / 2)
    return wd_fail(err, WD_ERR_UNSUPPORTED, "%s: %llu traces are more than can be read", path,
                   (unsigned long long)traces);
  l.traces = (int)traces;

  int first = trace_field(t, SEGY_TR_SAMPLE_INTER, l.little);
  if (l.interval && first && l.interval != first && !(how->dt > 0 || how->spacing > 0))
    return wd_fail(err, WD_ERR_FORMAT,
                   "%s: the binary header gives a sample interval of %d, the first trace %d; say which it is",
                   path, l.interval, first);
  if (!l.interval) l.interval = first;
  *out = l;
  return WD_OK;
}

static wd_status check_how(const char *path, const wd_segy_read *how, wd_error *err) {
  if (how->format && !item_of(how->format))
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: sample format %d was asked; 1, 2, 3, 5 and 8 are read", path,
                   how->format);
  if (how->samples < 0 || how->samples > 65535)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: %d samples a trace were asked; SEG-Y counts 1 to 65535", path,
                   how->samples);
  if (how->shot < 0)
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: shot %d was asked; they are counted from 1", path, how->shot);
  if (!(how->dt >= 0) || isinf(how->dt) || !(how->spacing >= 0) || isinf(how->spacing))
    return wd_fail(err, WD_ERR_ARGUMENT, "%s: dt %g, spacing %g; both must be positive, or 0 for the file's",
                   path, how->dt, how->spacing);
  return WD_OK;
}

static const char *segyio_reason(int code) {
  switch (code) {
  case SEGY_FOPEN_ERROR: return "it cannot be opened";
  case SEGY_FSEEK_ERROR: return "a position in it cannot be reached";
  case SEGY_FREAD_ERROR: return "it cannot be read there";
  case SEGY_INVALID_FIELD: return "a header field is unknown to segyio";
  case SEGY_INVALID_ARGS: return "segyio does not accept its layout";
  default: return "segyio gave up";
  }
}

/* A layout and segyio's handle on the file; `key` holds the shot's name for every trace. */
typedef struct reader {
  layout l;
  segy_file *file;
  int32_t *key;
  int *order;    /* trace numbers, shot by shot */
  int shots;     /* in the file */
  int wanted;    /* shots to read: all, or one */
  int receivers; /* of each of these */
} reader;

static void reader_close(reader *r) {
  if (r->file) segy_close(r->file);
  wd_free(r->key);
  wd_free(r->order);
}

static wd_status reader_open(const char *path, const wd_segy_read *how, reader *r, wd_error *err) {
  static const wd_segy_read believe = {0};
  *r = (reader){0};
  if (!how) how = &believe;
  wd_status status = check_how(path, how, err);
  int fd = -1;
  uint64_t bytes = 0;
  if (!status) status = wd_file_open_read(path, &fd, &bytes, err);
  if (status) return status;
  status = measure(path, how, fd, bytes, &r->l, err);
  close(fd);
  if (status) return status;
  r->file = segy_open(path, "rb");
  int code = r->file ? segy_set_format(r->file, r->l.format | (r->l.little ? SEGY_LSB : SEGY_MSB))
                     : SEGY_FOPEN_ERROR;
  if (code) {
    reader_close(r);
    return wd_fail(err, WD_ERR_IO, "%s: %s", path, segyio_reason(code));
  }
  return WD_OK;
}

static wd_status read_header(reader *r, int trace, char *header, wd_error *err) {
  int code = segy_traceheader(r->file, trace, header, r->l.trace0, r->l.trace_bytes);
  if (code) return wd_fail(err, WD_ERR_IO, "%s: trace %d: %s", r->l.path, trace + 1, segyio_reason(code));
  return WD_OK;
}

static int32_t field(const char *header, int which) {
  int32_t value = 0;
  return segy_get_field(header, which, &value) == SEGY_OK ? value : 0;
}

/* Samples of one trace as float32. `raw` has room for trace_bytes. */
static wd_status read_samples(reader *r, int trace, void *raw, float *out, wd_error *err) {
  const layout *l = &r->l;
  int code = segy_readtrace(r->file, trace, raw, l->trace0, l->trace_bytes);
  /* IBM floats are only brought into this machine's byte order here: see segy_ibm.h. */
  bool ibm = l->format == SEGY_IBM_FLOAT_4_BYTE;
  if (!code) code = segy_to_native(ibm ? SEGY_IEEE_FLOAT_4_BYTE : l->format, l->samples, raw);
  if (code) return wd_fail(err, WD_ERR_IO, "%s: trace %d: %s", l->path, trace + 1, segyio_reason(code));
  for (int i = 0; i < l->samples; i++) {
    switch (l->format) {
    case SEGY_IBM_FLOAT_4_BYTE: out[i] = wd_float_from_ibm(((const uint32_t *)raw)[i]); break;
    case SEGY_SIGNED_INTEGER_4_BYTE: out[i] = (float)((const int32_t *)raw)[i]; break;
    case SEGY_SIGNED_SHORT_2_BYTE: out[i] = (float)((const int16_t *)raw)[i]; break;
    case SEGY_SIGNED_CHAR_1_BYTE: out[i] = (float)((const int8_t *)raw)[i]; break;
    default: out[i] = ((const float *)raw)[i];
    }
    if (!isfinite(out[i]))
      return wd_fail(err, WD_ERR_FORMAT, "%s: sample %d of trace %d is %g; every sample must be finite",
                     l->path, i + 1, trace + 1, (double)out[i]);
  }
  return WD_OK;
}

typedef struct named {
  int32_t key;
  int trace;
  int first; /* the first trace with the same key */
} named;

static int by_key(const void *a, const void *b) {
  const named *p = a, *q = b;
  if (p->key != q->key) return p->key < q->key ? -1 : 1;
  return p->trace < q->trace ? -1 : p->trace > q->trace;
}

static int by_first(const void *a, const void *b) {
  const named *p = a, *q = b;
  if (p->first != q->first) return p->first < q->first ? -1 : 1;
  return p->trace < q->trace ? -1 : p->trace > q->trace;
}

/* Sorts the traces into shots: r->order, r->shots, and r->receivers (0 when they differ). *odd is then the
 * first shot whose number of traces differs from that of the first. With how->shot, the order is cut to that
 * shot. Also checks every trace's own length. */
static wd_status group(reader *r, const wd_segy_read *how, int *odd, wd_error *err) {
  const layout *l = &r->l;
  size_t n = (size_t)l->traces;
  named *list = wd_alloc(n, sizeof *list);
  int32_t *point = wd_alloc(n, sizeof *point);
  r->order = wd_alloc(n, sizeof *r->order);
  wd_status status = WD_OK;
  if (!list || !point || !r->order)
    status = wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory for the headers of %d traces", l->path, l->traces);
  bool one = true;
  for (int i = 0; i < l->traces && !status; i++) {
    char header[HEADER];
    status = read_header(r, i, header, err);
    if (status) break;
    int samples = field(header, SEGY_TR_SAMPLE_COUNT) & 0xffff;
    if (samples && samples != l->samples && !(how && how->samples))
      status = wd_fail(
          err, WD_ERR_FORMAT,
          "%s: trace %d says %d samples where the file has %d; if the trace is wrong, give the number",
          l->path, i + 1, samples, l->samples);
    list[i] = (named){.key = field(header, SEGY_TR_FIELD_RECORD), .trace = i};
    point[i] = field(header, SEGY_TR_ENERGY_SOURCE_POINT);
    one = one && list[i].key == list[0].key;
  }
  if (!status) {
    for (size_t i = 0; one && i < n; i++) list[i].key = point[i];
    qsort(list, n, sizeof *list, by_key);
    for (size_t i = 0; i < n; i++)
      list[i].first = i && list[i].key == list[i - 1].key ? list[i - 1].first : list[i].trace;
    qsort(list, n, sizeof *list, by_first);
    int run = 0, wanted = how ? how->shot : 0, start = 0, length = 0;
    *odd = 0;
    for (size_t i = 0; i < n; i++) {
      r->order[i] = list[i].trace;
      run++;
      if (i + 1 == n || list[i + 1].first != list[i].first) {
        r->shots++;
        if (r->shots == 1)
          r->receivers = run;
        else if (run != r->receivers && !*odd)
          *odd = r->shots;
        if (r->shots == wanted) {
          start = (int)i + 1 - run;
          length = run;
        }
        run = 0;
      }
    }
    if (*odd) r->receivers = 0;
    if (wanted > r->shots)
      status = wd_fail(err, WD_ERR_ARGUMENT, "%s: shot %d was asked of %d", l->path, wanted, r->shots);
    r->wanted = length ? 1 : r->shots;
    if (length && !status) {
      memmove(r->order, r->order + start, (size_t)length * sizeof *r->order);
      r->receivers = length;
      *odd = 0;
    }
  }
  wd_free(list);
  wd_free(point);
  return status;
}

/* The text header as 40 lines; EBCDIC is translated by segyio, plain ASCII left as it is. */
static void text_lines(reader *r, char *out) {
  char text[TEXT + 1] = {0};
  bool ascii = true;
  for (int i = 0; i < TEXT; i++) ascii = ascii && (r->l.text[i] < 0x80);
  if (ascii || segy_read_textheader(r->file, text) != SEGY_OK) memcpy(text, r->l.text, TEXT);
  for (int line = 0; line < 40; line++) {
    for (int i = 0; i < 80; i++) {
      char c = text[line * 80 + i];
      *out++ = c >= 0x20 && c < 0x7f ? c : ' ';
    }
    *out++ = '\n';
  }
  *out = 0;
}

wd_status wd_segy_inspect(const char *path, const wd_segy_read *how, wd_segy_info *out, wd_error *err) {
  reader r;
  int odd = 0;
  wd_segy_read whole = how ? *how : (wd_segy_read){0};
  whole.shot = 0;
  wd_status status = reader_open(path, &whole, &r, err);
  if (status) return status;
  status = group(&r, &whole, &odd, err);
  if (!status) {
    *out = (wd_segy_info){.traces = r.l.traces,
                          .samples = r.l.samples,
                          .format = r.l.format,
                          .little_endian = r.l.little,
                          .revision = r.l.revision,
                          .extended = r.l.extended,
                          .interval = r.l.interval,
                          .shots = r.shots,
                          .receivers = r.receivers};
    text_lines(&r, out->text);
  }
  reader_close(&r);
  return status;
}

/* Scalars (bytes 69 and 71): positive multiplies, negative divides, zero means one. */
static double scaled(const char *header, int which, int scalar) {
  int32_t s = field(header, scalar);
  double v = (double)field(header, which);
  return s > 0 ? v * s : s < 0 ? v / -(double)s : v;
}

static wd_segy_trace geometry(const char *header) {
  return (wd_segy_trace){
      .record = field(header, SEGY_TR_FIELD_RECORD),
      .number = field(header, SEGY_TR_NUMBER_ORIG_FIELD),
      .source_x = scaled(header, SEGY_TR_SOURCE_X, SEGY_TR_SOURCE_GROUP_SCALAR),
      .source_y = scaled(header, SEGY_TR_SOURCE_Y, SEGY_TR_SOURCE_GROUP_SCALAR),
      .source_depth = scaled(header, SEGY_TR_SOURCE_DEPTH, SEGY_TR_ELEV_SCALAR),
      .receiver_x = scaled(header, SEGY_TR_GROUP_X, SEGY_TR_SOURCE_GROUP_SCALAR),
      .receiver_y = scaled(header, SEGY_TR_GROUP_Y, SEGY_TR_SOURCE_GROUP_SCALAR),
      .receiver_elevation = scaled(header, SEGY_TR_RECV_GROUP_ELEV, SEGY_TR_ELEV_SCALAR),
      .offset = (double)field(header, SEGY_TR_OFFSET),
  };
}

wd_status wd_segy_read_gather(const char *path, const wd_segy_read *how, wd_gather *out,
                              wd_segy_trace **trace, wd_error *err) {
  reader r;
  int odd = 0;
  wd_status status = reader_open(path, how, &r, err);
  if (status) return status;
  status = group(&r, how, &odd, err);
  double dt = how && how->dt > 0 ? how->dt : r.l.interval * 1e-6;
  wd_gather gather = {0};
  wd_segy_trace *list = NULL;
  void *raw = NULL;
  float *line = NULL;
  if (!status && odd)
    status = wd_fail(
        err, WD_ERR_SHAPE,
        "%s: shot %d of %d has another number of traces than the first; gathers need the same receivers "
        "for every shot, so read one shot at a time",
        path, odd, r.shots);
  if (!status && !(dt > 0))
    status = wd_fail(err, WD_ERR_FORMAT, "%s: no header gives a sample interval; say what dt is", path);
  if (!status) status = wd_gather_create(r.wanted, r.l.samples, r.receivers, dt, &gather, err);
  if (!status) {
    raw = wd_alloc((size_t)r.l.trace_bytes, 1);
    line = wd_alloc((size_t)r.l.samples, sizeof *line);
    list = wd_calloc(trace ? (size_t)(r.wanted * r.receivers) : 1, sizeof *list);
    if (!raw || !line || !list)
      status = wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory for its %d traces", path, r.l.traces);
  }
  for (int i = 0; !status && i < r.wanted * r.receivers; i++) {
    if (trace) {
      char header[HEADER];
      status = read_header(&r, r.order[i], header, err);
      if (!status) list[i] = geometry(header);
    }
    if (!status) status = read_samples(&r, r.order[i], raw, line, err);
    if (status) break;
    float *to = gather.value + (size_t)(i / r.receivers) * (size_t)r.l.samples * (size_t)r.receivers +
                (size_t)(i % r.receivers);
    for (int k = 0; k < r.l.samples; k++) to[(size_t)k * (size_t)r.receivers] = line[k];
  }
  wd_free(raw);
  wd_free(line);
  reader_close(&r);
  if (status) {
    wd_free(list);
    wd_gather_clear(&gather);
    return status;
  }
  if (trace)
    *trace = list;
  else
    wd_free(list);
  *out = gather;
  return WD_OK;
}

/* Distance between the first two columns by their headers, 0 when they have no coordinates. */
static wd_status column_distance(reader *r, double *out, wd_error *err) {
  *out = 0;
  if (r->l.traces < 2) return WD_OK;
  char a[HEADER], b[HEADER];
  wd_status status = read_header(r, 0, a, err);
  if (!status) status = read_header(r, 1, b, err);
  if (status) return status;
  static const int pair[2][2] = {{SEGY_TR_CDP_X, SEGY_TR_CDP_Y}, {SEGY_TR_GROUP_X, SEGY_TR_GROUP_Y}};
  for (int i = 0; i < 2 && *out == 0; i++)
    *out = hypot(scaled(b, pair[i][0], SEGY_TR_SOURCE_GROUP_SCALAR) -
                     scaled(a, pair[i][0], SEGY_TR_SOURCE_GROUP_SCALAR),
                 scaled(b, pair[i][1], SEGY_TR_SOURCE_GROUP_SCALAR) -
                     scaled(a, pair[i][1], SEGY_TR_SOURCE_GROUP_SCALAR));
  return WD_OK;
}

wd_status wd_segy_read_map(const char *path, const wd_segy_read *how, wd_map *out, wd_error *err) {
  reader r;
  wd_status status = reader_open(path, how, &r, err);
  if (status) return status;
  double spacing = how ? how->spacing : 0, across = 0;
  if (!(spacing > 0)) {
    spacing = r.l.interval * 1e-3;
    status = column_distance(&r, &across, err);
    if (!status && !(spacing > 0))
      status =
          wd_fail(err, WD_ERR_FORMAT, "%s: no header gives a sample interval; say what the spacing is", path);
    if (!status && across > 0 && fabs(across - spacing) > 1e-3 * spacing)
      status =
          wd_fail(err, WD_ERR_FORMAT,
                  "%s: cells of %g m down (interval %d, taken as millimetres) and %g m across; cells must be "
                  "square, say what the spacing is",
                  path, spacing, r.l.interval, across);
  }
  if (!status && (r.l.samples > WD_MAP_MAX_SIDE || r.l.traces > WD_MAP_MAX_SIDE ||
                  r.l.samples < WD_MAP_MIN_SIDE || r.l.traces < WD_MAP_MIN_SIDE))
    status =
        wd_fail(err, WD_ERR_SHAPE,
                "%s: %d traces of %d samples, as a velocity map %d x %d cells; each side must be %d to %d",
                path, r.l.traces, r.l.samples, r.l.samples, r.l.traces, WD_MAP_MIN_SIDE, WD_MAP_MAX_SIDE);
  wd_map map = {0};
  void *raw = NULL;
  float *line = NULL;
  if (!status) status = wd_map_create(r.l.samples, r.l.traces, spacing, &map, err);
  if (!status) {
    raw = wd_alloc((size_t)r.l.trace_bytes, 1);
    line = wd_alloc((size_t)r.l.samples, sizeof *line);
    if (!raw || !line) status = wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory for a trace", path);
  }
  for (int x = 0; x < r.l.traces && !status; x++) {
    status = read_samples(&r, x, raw, line, err);
    for (int z = 0; z < r.l.samples && !status; z++)
      map.value[(size_t)z * (size_t)map.nx + (size_t)x] = line[z];
  }
  wd_free(raw);
  wd_free(line);
  reader_close(&r);
  if (!status) status = wd_map_check_velocity(&map, path, err);
  if (status) {
    wd_map_clear(&map);
    return status;
  }
  *out = map;
  return WD_OK;
}
