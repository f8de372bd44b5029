#include "app/cli/setup.h"

#include "solver/file.h"
#include "solver/memory.h"
#include "solver/wavelet_file.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CELLS = WD_MAX_RECEIVERS, MAX_CELL_FILE = 4 << 20 };

static bool number(const char **p, int *out) {
  char *end;
  if (**p < '0' || **p > '9') return false;
  long v = strtol(*p, &end, 10);
  if (end - *p > 9) return false;
  *p = end;
  *out = (int)v;
  return true;
}

/* row,column  or  row,first..last  or  row,first..last:step  at *p */
static bool cell_group(const char **p, int *row, int *first, int *last, int *step) {
  *step = 1;
  if (!number(p, row) || *(*p)++ != ',' || !number(p, first)) return false;
  *last = *first;
  if ((*p)[0] == '.' && (*p)[1] == '.') {
    *p += 2;
    if (!number(p, last) || *last < *first) return false;
    if (**p == ':') {
      ++*p;
      if (!number(p, step) || *step < 1) return false;
    }
  }
  return **p == 0 || strchr(" \t\r\n;", **p) != NULL;
}

static wd_status parse_text(const char *option, const char *text, wd_cell **out, int *count, wd_error *err) {
  wd_cell *cell = NULL;
  int n = 0, room = 0;
  for (const char *p = text;;) {
    p += strspn(p, " \t\r\n;");
    if (!*p) break;
    const char *start = p;
    int row, first, last, step;
    if (!cell_group(&p, &row, &first, &last, &step)) {
      wd_free(cell);
      return cli_usage_error(err, "%s: '%.40s' is no cell; expected row,column or row,first..last:step",
                             option, start);
    }
    for (int x = first; x <= last; x += step) {
      if (n == MAX_CELLS) {
        wd_free(cell);
        return cli_usage_error(err, "%s: more than %d cells", option, MAX_CELLS);
      }
      if (n == room) {
        int more = room ? 2 * room : 64;
        wd_cell *larger = wd_alloc((size_t)more, sizeof *larger);
        if (!larger) {
          wd_free(cell);
          return wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory for %d cells", option, more);
        }
        if (n) memcpy(larger, cell, (size_t)n * sizeof *cell);
        wd_free(cell);
        cell = larger;
        room = more;
      }
      cell[n++] = (wd_cell){.z = row, .x = x};
      if (x > INT_MAX - step) break;
    }
  }
  if (n == 0) return cli_usage_error(err, "%s: no cells are given", option);
  *out = cell;
  *count = n;
  return WD_OK;
}

wd_status setup_parse_cells(const char *option, const char *text, wd_cell **out, int *count, wd_error *err) {
  if (text[0] != '@') return parse_text(option, text, out, count, err);
  char *data;
  size_t bytes;
  wd_status st = wd_file_read_all(text + 1, MAX_CELL_FILE, &data, &bytes, err);
  if (st) return st;
  if (strlen(data) != bytes)
    st = wd_fail(err, WD_ERR_FORMAT, "%s: a zero byte in a text file", text + 1);
  else
    st = parse_text(option, data, out, count, err);
  wd_free(data);
  return st;
}

wd_status setup_survey(const setup_args *a, int nz, int nx, wd_survey **out, wd_error *err) {
  wd_survey_desc d = {.nz = nz,
                      .nx = nx,
                      .spacing = a->spacing,
                      .dt = a->dt,
                      .frequency = a->frequency,
                      .samples = a->samples,
                      .shots = a->shots};
  wd_cell *source = NULL, *receiver = NULL;
  float *wavelet = NULL;
  wd_status st = WD_OK;
  if (a->sources) st = setup_parse_cells("--sources", a->sources, &source, &d.n_sources, err);
  if (!st && a->receivers)
    st = setup_parse_cells("--receivers", a->receivers, &receiver, &d.n_receivers, err);
  if (!st && a->wavelet) st = wd_wavelet_read(a->wavelet, 0, &wavelet, &d.wavelet_samples, err);
  d.source = source;
  d.receiver = receiver;
  d.wavelet = wavelet;
  if (!st) st = wd_survey_create(&d, out, err);
  wd_free(source);
  wd_free(receiver);
  wd_free(wavelet);
  return st;
}

wd_wave_desc setup_wave_desc(const setup_args *a, wd_wave_mode mode, int maps) {
  return (wd_wave_desc){.mode = mode,
                        .absorb = a->absorb,
                        .order = a->order == 1 ? 8 : 4,
                        .free_surface = a->free_surface,
                        .maps = maps};
}

int setup_batch(const wd_device *device, const wd_survey *survey, size_t count) {
  const wd_device_info *info = wd_device_get_info(device);
  /* Two fields and the gather of every shot; 300 stands for both margins. */
  double field = 2.0 * (survey->nz + 300.0) * (survey->nx + 300.0);
  double bytes = 4.0 * survey->shots * (field + (double)survey->samples * survey->receivers);
  double room = info->kind == WD_DEVICE_CUDA ? 0.25 * (double)info->memory : 512e6;
  int most = info->kind == WD_DEVICE_CUDA ? 64 : 8;
  int maps = (int)fmin(room / bytes, most);
  if (maps < 1) maps = 1;
  return (size_t)maps < count ? maps : (int)count;
}

double setup_points(const wd_wave *wave) {
  int margin[4];
  wd_wave_margin(wave, margin);
  const wd_survey *s = wd_wave_get_survey(wave);
  return (double)(s->nz + margin[0] + margin[1]) * (double)(s->nx + margin[2] + margin[3]) * s->samples *
         s->shots;
}
