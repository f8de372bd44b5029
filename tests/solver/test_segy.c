/* SEG-Y: what is written is read back and is what segyio's own tools see; odd but legal files (both byte
 * orders, all sample formats, extended headers, scattered shots) are read; broken and hostile ones are
 * refused. The odd files are put together byte by byte here, independently of the code under test. */
#include "solver/memory.h"
#include "solver/segy.h"
#include "solver/segy_ibm.h"
#include "tests/solver/files.h"

#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>

/* ---- a SEG-Y file put together by hand ---- */

typedef struct odd {
  int format, samples, traces, interval;     /* what the data are; zero means 5, 20, 18, 2000 */
  int say_format, say_samples, say_interval; /* what the binary header says; zero means the truth, -1 zero */
  int trace_samples, trace_interval;         /* what the trace headers say, likewise */
  int extended, revision;
  bool little, ascii;
  const int *record; /* field record of each trace; NULL: all zero */
  const int *point;  /* energy source point of each trace; NULL: all zero */
} odd;

static unsigned char image[1 << 20];
static size_t image_bytes;

static void put16(unsigned char *p, int v, bool little) {
  p[little ? 0 : 1] = (unsigned char)v;
  p[little ? 1 : 0] = (unsigned char)(v >> 8);
}

static void put32(unsigned char *p, uint32_t v, bool little) {
  for (int i = 0; i < 4; i++) p[little ? i : 3 - i] = (unsigned char)(v >> 8 * i);
}

static uint32_t ieee(float f) {
  uint32_t u;
  memcpy(&u, &f, sizeof u);
  return u;
}

/* IBM System/360 single: sign, exponent of 16 in excess 64, 24-bit fraction. */
static uint32_t ibm_of(double v) {
  if (v == 0) return 0;
  uint32_t sign = v < 0 ? 0x80000000u : 0;
  v = fabs(v);
  int e = 64;
  while (v >= 1) v /= 16, e++;
  while (v < 0.0625) v *= 16, e--;
  return sign | (uint32_t)e << 24 | (uint32_t)(v * 16777216.0);
}

static double of_ibm(uint32_t u) {
  return (u & 0x80000000u ? -1 : 1) * ldexp((double)(u & 0xffffff), 4 * ((int)(u >> 24 & 127) - 64) - 24);
}

/* Sample k of trace t: a small integer, so that every format holds it exactly. */
static int sample(int t, int k) {
  return (t * 7 + k * 3) % 101 - 50;
}

static int said(int say, int truth) {
  return say == 0 ? truth : say == -1 ? 0 : say;
}

static odd complete(odd o) {
  if (!o.format) o.format = 5;
  if (!o.samples) o.samples = 20;
  if (!o.traces) o.traces = 18;
  if (!o.interval) o.interval = 2000;
  return o;
}

static void build(const odd *given) {
  odd full = complete(*given), *o = &full;
  bool le = o->little;
  memset(image, 0, sizeof image);
  for (int i = 0; i < 3200; i++)
    image[i] = o->ascii ? (i % 80 ? ' ' : 'C') : (i % 80 ? 0x40 : 0xc3); /* EBCDIC */
  put16(image + 3216, said(o->say_interval, o->interval), le);
  put16(image + 3220, said(o->say_samples, o->samples), le);
  put16(image + 3224, said(o->say_format, o->format), le);
  put16(image + 3500, o->revision << 8, le);
  put16(image + 3504, o->extended, le);
  unsigned char *p = image + 3600 + 3200 * (o->extended > 0 ? o->extended : 0);
  for (int t = 0; t < o->traces; t++) {
    if (o->record) put32(p + 8, (uint32_t)o->record[t], le);
    if (o->point) put32(p + 16, (uint32_t)o->point[t], le);
    put16(p + 114, said(o->trace_samples, o->samples), le);
    put16(p + 116, said(o->trace_interval, o->interval), le);
    put32(p + 72, (uint32_t)(1000 + t), le); /* source x */
    put16(p + 70, t % 2 ? -10 : 10, le);     /* coordinate scalar */
    put32(p + 48, 25, le);                   /* source depth, scalar 0 */
    p += 240;
    for (int k = 0; k < o->samples; k++) {
      int v = sample(t, k);
      switch (o->format) {
      case 1: put32(p, ibm_of(v), le), p += 4; break;
      case 2: put32(p, (uint32_t)v, le), p += 4; break;
      case 3: put16(p, v, le), p += 2; break;
      case 5: put32(p, ieee((float)v), le), p += 4; break;
      default: *p++ = (unsigned char)v;
      }
    }
  }
  image_bytes = (size_t)(p - image);
}

#define ODD(...) ((odd){__VA_ARGS__})

/* ---- legal files ---- */

static void odd_files(void) {
  static const int three[18] = {7, 7, 7, 7, 7, 7, 3, 3, 3, 3, 3, 3, 9, 9, 9, 9, 9, 9};
  static const int woven[18] = {4, 2, 9, 4, 2, 9, 4, 2, 9, 4, 2, 9, 4, 2, 9, 4, 2, 9};
  static const int same[18] = {5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5};
  const struct {
    const char *what;
    odd o;
    int shots;
  } c[] = {
      {"IEEE", ODD(.format = 5), 1},
      {"IBM", ODD(.format = 1), 1},
      {"32-bit integers", ODD(.format = 2), 1},
      {"16-bit integers", ODD(.format = 3), 1},
      {"8-bit integers", ODD(.format = 8), 1},
      {"little-endian IEEE", ODD(.format = 5, .little = true), 1},
      {"little-endian IBM", ODD(.format = 1, .little = true, .record = three), 3},
      {"little-endian 16-bit", ODD(.format = 3, .little = true), 1},
      {"three shots", ODD(.record = three), 3},
      {"shots woven together", ODD(.record = woven), 3},
      {"shots by source point", ODD(.record = same, .point = three), 3},
      {"two extended text headers", ODD(.extended = 2, .revision = 1), 1},
      {"ASCII text", ODD(.ascii = true), 1},
      {"samples only in the traces", ODD(.say_samples = -1), 1},
      {"samples wrong in the binary header", ODD(.say_samples = 33), 1},
      {"samples only in the binary header", ODD(.trace_samples = -1), 1},
      {"interval only in the traces", ODD(.say_interval = -1), 1},
      {"one trace of one sample", ODD(.traces = 1, .samples = 1), 1},
      {"40000 us", ODD(.interval = 40000), 1},
  };
  for (size_t n = 0; n < sizeof c / sizeof *c; n++) {
    odd full = complete(c[n].o), *o = &full;
    build(o);
    const char *path = files_put("odd.sgy", image, image_bytes);
    wd_error err = {0};
    wd_segy_info info;
    wd_gather g = {0};
    wd_segy_trace *trace = NULL;
    wd_status status = wd_segy_inspect(path, NULL, &info, &err);
    if (!status) status = wd_segy_read_gather(path, NULL, &g, &trace, &err);
    int wrong = 0;
    if (!status) {
      for (int i = 0; i < o->traces; i++) {
        int shot = i / g.receivers, r = i % g.receivers, t = c[n].o.record == woven ? r * 3 + shot : i;
        for (int k = 0; k < o->samples; k++)
          wrong +=
              g.value[((size_t)shot * (size_t)g.samples + (size_t)k) * (size_t)g.receivers + (size_t)r] !=
              (float)sample(t, k);
        wrong += trace[i].source_x != (1000 + t) * (t % 2 ? 0.1 : 10.0) &&
                 fabs(trace[i].source_x - (1000 + t) * 0.1) > 1e-9;
        wrong += trace[i].source_depth != 25;
      }
    }
    tap_ok(!status && wrong == 0 && g.shots == c[n].shots && g.samples == o->samples &&
               fabs(g.dt - o->interval * 1e-6) < 1e-12 && info.format == o->format &&
               info.traces == o->traces && info.shots == c[n].shots && info.receivers == g.receivers &&
               info.little_endian == o->little && info.text[0] == 'C' && info.extended == o->extended &&
               info.revision == o->revision,
           "%s %s", c[n].what, status ? err.message : "");
    wd_gather_clear(&g);
    wd_free(trace);
  }

  /* What the headers get wrong the caller may say. */
  build(&ODD(.say_format = 1, .say_interval = -1, .trace_interval = -1, .trace_samples = 7));
  const char *path = files_put("wrong.sgy", image, image_bytes);
  wd_error err = {0};
  wd_gather g = {0};
  wd_status status =
      wd_segy_read_gather(path, &(wd_segy_read){.format = 5, .samples = 20, .dt = 0.004}, &g, NULL, &err);
  tap_ok(!status && g.dt == 0.004 && g.value[18] == (float)sample(0, 1), "headers overruled by the caller %s",
         status ? err.message : "");
  wd_gather_clear(&g);
}

/* Every exponent, with fractions of every number of leading zeros: legal, if unusual, and misread by segyio.
 */
static void ibm_floats(void) {
  int wrong = 0, far = 0;
  for (uint32_t e = 0; e < 128; e++)
    for (uint32_t m = 0; m < 1u << 24; m = m < 16 ? m + 1 : m + m / 7) {
      uint32_t u = e << 24 | m;
      double want = of_ibm(u);
      float got = wd_float_from_ibm(u), negative = wd_float_from_ibm(u | 0x80000000u);
      wrong += got != (float)want || negative != (float)-want;
    }
  tap_ok(wrong == 0, "IBM floats, normalised or not, become the nearest float32 (%d wrong)", wrong);
  wrong = 0;
  for (uint32_t u = 1; u < 0x7f800000u; u += 4099) {
    float f;
    memcpy(&f, &u, sizeof f);
    uint32_t ibm = wd_ibm_from_float(f);
    wrong += (ibm & 0xf00000u) == 0 || wd_ibm_from_float(-f) != (ibm | 0x80000000u);
    far += fabs(of_ibm(ibm) / (double)f - 1) > 1.0 / (1 << 21);
  }
  tap_ok(wrong == 0 && far == 0 && wd_ibm_from_float(0) == 0 && wd_ibm_from_float(1) == 0x41100000u &&
             wd_ibm_from_float(-118.625f) == 0xc276a000u && wd_ibm_from_float(16777215.0f) == 0x46ffffffu,
         "float32 becomes the nearest normalised IBM float (%d not normalised, %d too far)", wrong, far);
}

/* ---- refusals ---- */

static void refuse_gather(const char *name, wd_status wanted, const char *fault) {
  wd_error err = {0};
  wd_gather g = {.shots = -7};
  wd_status status = wd_segy_read_gather(files_put(name, image, image_bytes), NULL, &g, NULL, &err);
  files_refused(status, &err, wanted, name, fault);
  tap_ok(g.shots == -7 && !g.value, "and nothing was put out");
  if (!status) wd_gather_clear(&g);
}

static void refuse_map(const char *name, wd_status wanted, const char *fault) {
  wd_error err = {0};
  wd_map m = {.nz = -7};
  wd_status status = wd_segy_read_map(files_put(name, image, image_bytes), NULL, &m, &err);
  files_refused(status, &err, wanted, name, fault);
  if (!status) wd_map_clear(&m);
}

static void corpus(void) {
  wd_error err = {0};
  wd_gather g = {0};
  files_refused(wd_segy_read_gather(files_path("missing.sgy"), NULL, &g, NULL, &err), &err, WD_ERR_IO,
                "missing.sgy", "no such file");
  files_refused(wd_segy_read_gather(files_folder, NULL, &g, NULL, &err), &err, WD_ERR_IO, files_folder,
                "folder");
  files_refused(wd_segy_read_gather("/dev/zero", NULL, &g, NULL, &err), &err, WD_ERR_IO, "/dev/zero",
                "device");
  const char *path = files_put("locked.sgy", "x", 1);
  chmod(path, 0);
  if (geteuid() == 0)
    tap_skip("an unreadable file: the superuser reads everything");
  else
    files_refused(wd_segy_read_gather(path, NULL, &g, NULL, &err), &err, WD_ERR_IO, "locked.sgy", "denied");

  image_bytes = 0;
  refuse_gather("empty.sgy", WD_ERR_FORMAT, "is empty");
  build(&ODD(.format = 5));
  image_bytes = 3599;
  refuse_gather("short.sgy", WD_ERR_FORMAT, "truncated");
  image_bytes = 3600;
  refuse_gather("no-traces.sgy", WD_ERR_FORMAT, "no traces");
  image_bytes = 3700;
  refuse_gather("half-header.sgy", WD_ERR_FORMAT, "first trace header");
  image_bytes = 3840;
  refuse_gather("header-only.sgy", WD_ERR_FORMAT, "no whole number of traces of 20");
  build(&ODD(.format = 5));
  image_bytes -= 1;
  refuse_gather("one-short.sgy", WD_ERR_FORMAT, "no whole number of traces");
  image_bytes += 2;
  refuse_gather("one-long.sgy", WD_ERR_FORMAT, "no whole number of traces");
  build(&ODD(.say_samples = 65535, .trace_samples = 65535));
  refuse_gather("huge.sgy", WD_ERR_FORMAT, "traces of 65535 samples");
  build(&ODD(.say_samples = -1, .trace_samples = -1));
  refuse_gather("no-samples.sgy", WD_ERR_FORMAT, "how many samples");
  for (int f = 0; f < 20; f++) {
    if (f == 1 || f == 2 || f == 3 || f == 5 || f == 8) continue;
    char name[32];
    snprintf(name, sizeof name, "format-%d.sgy", f);
    build(&ODD(.say_format = f ? f : -1));
    refuse_gather(name, WD_ERR_UNSUPPORTED, "sample format");
  }
  build(&ODD(.say_format = 0xffff));
  refuse_gather("format-negative.sgy", WD_ERR_UNSUPPORTED, "sample format");
  build(&ODD(.extended = -1));
  refuse_gather("stanzas.sgy", WD_ERR_UNSUPPORTED, "unknown number (-1)");
  build(&ODD(.format = 5));
  put16(image + 3504, 32767, false);
  refuse_gather("extended.sgy", WD_ERR_FORMAT, "32767 extended text headers do not fit");
  build(&ODD(.trace_interval = 4000));
  refuse_gather("interval.sgy", WD_ERR_FORMAT, "2000, the first trace 4000");
  build(&ODD(.say_interval = -1, .trace_interval = -1));
  refuse_gather("no-interval.sgy", WD_ERR_FORMAT, "say what dt is");
  build(&ODD(.format = 5));
  put16(image + 3600 + 5 * 320 + 114, 19, false);
  refuse_gather("odd-trace.sgy", WD_ERR_FORMAT, "trace 6 says 19 samples");
  static const int ragged[18] = {1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2};
  build(&ODD(.record = ragged));
  refuse_gather("ragged.sgy", WD_ERR_SHAPE, "shot 2 of 2");
  tap_ok(wd_segy_read_gather(files_path("ragged.sgy"), &(wd_segy_read){.shot = 2}, &g, NULL, &err) == WD_OK &&
             g.shots == 1 && g.receivers == 10 && g.value[9] == (float)sample(17, 0) &&
             g.value[10 * 19] == (float)sample(8, 19),
         "though its second shot can be read alone");
  wd_gather_clear(&g);
  files_refused(wd_segy_read_gather(files_path("ragged.sgy"), &(wd_segy_read){.shot = 3}, &g, NULL, &err),
                &err, WD_ERR_ARGUMENT, "ragged.sgy", "shot 3 was asked of 2");
  wd_segy_info info = {0};
  tap_ok(wd_segy_inspect(files_path("ragged.sgy"), NULL, &info, &err) == WD_OK && info.shots == 2 &&
             info.receivers == 0,
         "which inspection tells");
  static const uint32_t poison[] = {0x7fc00000u, 0x7f800000u, 0xff800000u};
  for (int i = 0; i < 3; i++) {
    build(&ODD(.format = 5));
    put32(image + 3600 + 2 * 320 + 240 + 4 * 4, poison[i], false);
    refuse_gather("poison.sgy", WD_ERR_FORMAT, "sample 5 of trace 3");
  }
  build(&ODD(.format = 1));
  put32(image + 3600 + 240, 0x42001003u, false); /* 0.06254577..., not normalised */
  put32(image + 3600 + 244, 0x47000000u, false); /* zero with an exponent */
  tap_ok(wd_segy_read_gather(files_put("loose.sgy", image, image_bytes), NULL, &g, NULL, &err) == WD_OK &&
             g.value[0] == (float)(0x1003 / 65536.0) && g.value[18] == 0,
         "an IBM file that is not normalised is read right");
  wd_gather_clear(&g);
  build(&ODD(.format = 1));
  put32(image + 3600 + 2 * 320 + 240 + 4 * 4, 0x7fffffffu, false);
  refuse_gather("ibm-overflow.sgy", WD_ERR_FORMAT, "sample 5 of trace 3");

  build(&ODD(.format = 5));
  refuse_map("negative.sgy", WD_ERR_FORMAT, "must be positive");
  build(&ODD(.traces = 3));
  refuse_map("narrow.sgy", WD_ERR_SHAPE, "20 x 3 cells");
  build(&ODD(.interval = 2000));
  for (int t = 0; t < 18; t++)
    put32(image + 3600 + t * 320 + 180, (uint32_t)(t * 3 * (t % 2 ? 10 : 1)), false);
  for (int t = 0; t < 18; t++) put16(image + 3600 + t * 320 + 70, t % 2 ? -10 : 1, false);
  refuse_map("oblong.sgy", WD_ERR_FORMAT, "2 m down (interval 2000, taken as millimetres) and 3 m across");

  files_refused(wd_segy_read_gather(files_path("narrow.sgy"), &(wd_segy_read){.format = 4}, &g, NULL, &err),
                &err, WD_ERR_ARGUMENT, "narrow.sgy", "sample format 4");
  files_refused(
      wd_segy_read_gather(files_path("narrow.sgy"), &(wd_segy_read){.samples = 70000}, &g, NULL, &err), &err,
      WD_ERR_ARGUMENT, "narrow.sgy", "70000 samples");
  files_refused(wd_segy_read_gather(files_path("narrow.sgy"), &(wd_segy_read){.dt = NAN}, &g, NULL, &err),
                &err, WD_ERR_ARGUMENT, "narrow.sgy", "dt nan");

  /* Every proper prefix is refused or is a whole number of traces; nothing is read out of bounds. */
  build(&ODD(.traces = 3, .samples = 5));
  int wrong = 0, accepted = 0;
  size_t whole = image_bytes;
  for (size_t n = 0; n < whole; n += n < 3590 ? 97 : 1) {
    bool good = wd_segy_read_gather(files_put("prefix.sgy", image, n), NULL, &g, NULL, NULL) == WD_OK;
    accepted += good;
    wrong += good != (n > 3600 && (n - 3600) % 260 == 0);
    if (good) wd_gather_clear(&g);
  }
  tap_ok(wrong == 0 && accepted == 2, "prefixes: only those of whole traces are read (%d wrong)", wrong);
}

/* ---- writing ---- */

/* The number after `name` in a tool's listing of name and value. */
static bool listed(const char *listing, const char *name, long value) {
  size_t n = strlen(name);
  for (const char *p = listing; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
    if (strncmp(p, name, n) == 0 && (p[n] == ' ' || p[n] == '\t')) return strtol(p + n, NULL, 10) == value;
  return false;
}

static bool capture(const char *command, char *out, size_t bytes) {
  FILE *f = popen(command, "r");
  if (!f) return false;
  size_t n = fread(out, 1, bytes - 1, f);
  out[n] = 0;
  return pclose(f) == 0;
}

static void writing(void) {
  enum { S = 3, T = 41, R = 7 };
  wd_error err = {0};
  wd_gather g = {0}, back = {0};
  wd_segy_trace *trace = NULL;
  wd_gather_create(S, T, R, 0.0005, &g, &err);
  for (size_t i = 0; i < wd_gather_count(&g); i++)
    g.value[i] = (float)sin((double)i * 0.37) * 50.0f / (float)(1 + i % 17);
  g.value[3] = 0;
  g.value[4] = 1e-30f;
  g.value[5] = -3e30f;
  wd_cell source[S] = {{1, 0}, {1, 17}, {2, 34}}, receiver[R];
  for (int i = 0; i < R; i++) receiver[i] = (wd_cell){i % 3, i * 5};
  wd_survey survey = {.nz = 70,
                      .nx = 70,
                      .spacing = 12.5,
                      .dt = 0.0005,
                      .samples = T,
                      .shots = S,
                      .receivers = R,
                      .source = source,
                      .receiver = receiver};

  const char *path = files_path("gather.sgy");
  wd_status status = wd_segy_write_gather(path, &g, &survey, WD_SEGY_IEEE, &err);
  if (!status) status = wd_segy_read_gather(path, NULL, &back, &trace, &err);
  if (tap_ok(status == WD_OK, "gathers written and read %s", status ? err.message : "")) {
    tap_ok(back.shots == S && back.samples == T && back.receivers == R && back.dt == 0.0005 &&
               memcmp(back.value, g.value, sizeof(float) * wd_gather_count(&g)) == 0,
           "IEEE gathers come back bit for bit");
    int wrong = 0;
    for (int i = 0; i < S * R; i++) {
      wd_cell s = source[i / R], r = receiver[i % R];
      wrong += trace[i].record != i / R + 1 || trace[i].number != i % R + 1 ||
               trace[i].source_x != s.x * 12.5 || trace[i].source_depth != s.z * 12.5 ||
               trace[i].receiver_x != r.x * 12.5 || trace[i].receiver_elevation != -r.z * 12.5 ||
               trace[i].offset != round((r.x - s.x) * 12.5);
    }
    tap_ok(wrong == 0, "positions, depths and numbers come back (%d traces wrong)", wrong);
    wd_gather_clear(&back);
    wd_free(trace);
  }

  /* segyio's own programs read what we wrote. */
  char command[1024], listing[8192];
  if (system("command -v segyio-catb segyio-cath segyio-catr >/dev/null 2>&1") != 0) {
    tap_skip("segyio's programs (segyio-bin) are not installed");
  } else {
    snprintf(command, sizeof command, "segyio-catb %s", path);
    tap_ok(capture(command, listing, sizeof listing) && listed(listing, "hdt", 500) &&
               listed(listing, "hns", T) && listed(listing, "format", 5) && listed(listing, "rev", 256) &&
               listed(listing, "ntrpr", R) && listed(listing, "exth", 0) && listed(listing, "mfeet", 1),
           "segyio-catb reads the binary header");
    snprintf(command, sizeof command, "segyio-cath %s", path);
    tap_ok(capture(command, listing, sizeof listing) && strncmp(listing, "C 1 SHOT GATHERS", 16) == 0 &&
               strstr(listing, "C 2 3 SHOTS OF 7 TRACES, 41 SAMPLES OF 500 MICROSECONDS") &&
               strstr(listing, "C39 SEG-Y REV1"),
           "segyio-cath reads the text header");
    snprintf(command, sizeof command, "segyio-catr -t 12 %s",
             path); /* shot 2, receiver 5: cells (1,17), (1,20) */
    tap_ok(capture(command, listing, sizeof listing) && listed(listing, "fldr", 2) &&
               listed(listing, "tracf", 5) && listed(listing, "ep", 2) && listed(listing, "scalco", -10) &&
               listed(listing, "scalel", -10) && listed(listing, "sx", 2125) && listed(listing, "gx", 2500) &&
               listed(listing, "sdepth", 125) && listed(listing, "gelev", -125) && listed(listing, "ns", T) &&
               listed(listing, "dt", 500) && listed(listing, "trid", 1),
           "segyio-catr reads trace 12");
  }

  status = wd_segy_write_gather(path, &g, NULL, WD_SEGY_IBM, &err);
  if (!status) status = wd_segy_read_gather(path, NULL, &back, NULL, &err);
  double worst = 0;
  for (size_t i = 0; !status && i < wd_gather_count(&g); i++)
    worst = fmax(worst, g.value[i] == 0 ? fabs((double)back.value[i])
                                        : fabs((double)back.value[i] / (double)g.value[i] - 1));
  tap_ok(status == WD_OK, "IBM gathers %s", status ? err.message : "");
  tap_at_most(worst, 1.0 / (1 << 21), "relative error of IBM floats");
  wd_gather_clear(&back);
  unlink(path);

  wd_map map = {0}, again = {0};
  wd_map_create(20, 33, 6.25, &map, &err);
  for (int i = 0; i < 20 * 33; i++) map.value[i] = 1500.0f + (float)i * 1.37f;
  path = files_path("model.sgy");
  status = wd_segy_write_map(path, &map, WD_SEGY_IEEE, &err);
  if (!status) status = wd_segy_read_map(path, NULL, &again, &err);
  tap_ok(!status && again.nz == 20 && again.nx == 33 && again.spacing == 6.25 &&
             memcmp(again.value, map.value, sizeof(float) * 20 * 33) == 0,
         "a model comes back bit for bit, spacing included %s", status ? err.message : "");
  wd_map_clear(&again);
  status = wd_segy_read_map(path, &(wd_segy_read){.spacing = 25}, &again, &err);
  tap_ok(!status && again.spacing == 25, "its spacing can be overruled");
  wd_map_clear(&again);
  unlink(path);

  /* What does not fit the format. */
  int before = files_count(files_folder);
  g.dt = 0.0000005;
  files_refused(wd_segy_write_gather(path, &g, NULL, WD_SEGY_IEEE, &err), &err, WD_ERR_ARGUMENT, "model.sgy",
                "dt");
  g.dt = 0.0010005;
  files_refused(wd_segy_write_gather(path, &g, NULL, WD_SEGY_IEEE, &err), &err, WD_ERR_ARGUMENT, "model.sgy",
                "1000.5 microseconds");
  g.dt = 0.033;
  files_refused(wd_segy_write_gather(path, &g, NULL, WD_SEGY_IEEE, &err), &err, WD_ERR_ARGUMENT, "model.sgy",
                "33000 microseconds");
  g.dt = NAN;
  files_refused(wd_segy_write_gather(path, &g, NULL, WD_SEGY_IEEE, &err), &err, WD_ERR_ARGUMENT, "model.sgy",
                "nan");
  g.dt = 0.001;
  g.value[9] = NAN;
  files_refused(wd_segy_write_gather(path, &g, NULL, WD_SEGY_IEEE, &err), &err, WD_ERR_ARGUMENT, "model.sgy",
                "finite");
  g.value[9] = 0;
  survey.shots = 2;
  files_refused(wd_segy_write_gather(path, &g, &survey, WD_SEGY_IEEE, &err), &err, WD_ERR_SHAPE, "model.sgy",
                "a survey of 2");
  survey.shots = S;
  wd_gather tall = {0};
  wd_gather_create(1, 32768, 1, 0.001, &tall, &err);
  files_refused(wd_segy_write_gather(path, &tall, NULL, WD_SEGY_IEEE, &err), &err, WD_ERR_ARGUMENT,
                "model.sgy", "32768 samples");
  tall.samples = 1;
  tall.receivers = 32768;
  files_refused(wd_segy_write_gather(path, &tall, NULL, WD_SEGY_IEEE, &err), &err, WD_ERR_ARGUMENT,
                "model.sgy", "32768 traces a shot");
  tall.samples = 32767;
  tall.receivers = 1;
  status = wd_segy_write_gather(path, &tall, NULL, WD_SEGY_IEEE, &err);
  if (!status) status = wd_segy_read_gather(path, NULL, &back, NULL, &err);
  tap_ok(!status && back.samples == 32767, "32767 samples fit %s", status ? err.message : "");
  wd_gather_clear(&back);
  wd_gather_clear(&tall);
  unlink(path);
  map.spacing = 1.0 / 3;
  files_refused(wd_segy_write_map(path, &map, WD_SEGY_IEEE, &err), &err, WD_ERR_ARGUMENT, "model.sgy",
                "millimetres");
  files_refused(wd_segy_write_map(files_path("nowhere/m.sgy"), &map, WD_SEGY_IEEE, &err), &err,
                WD_ERR_ARGUMENT, "nowhere/m.sgy", "millimetres");
  map.spacing = 10;
  files_refused(wd_segy_write_map(files_path("nowhere/m.sgy"), &map, WD_SEGY_IEEE, &err), &err, WD_ERR_IO,
                "nowhere/m.sgy", "no such");
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit, small;
  getrlimit(RLIMIT_FSIZE, &limit);
  small = (struct rlimit){3700, limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  status = wd_segy_write_map(path, &map, WD_SEGY_IEEE, &err);
  setrlimit(RLIMIT_FSIZE, &limit);
  files_refused(status, &err, WD_ERR_IO, "model.sgy", "is the disk full?");
  tap_ok(files_count(files_folder) == before, "no refused file leaves anything behind");
  wd_map_clear(&map);
  wd_gather_clear(&g);
}

/* The shared files, every sample decoded here once more. */
static void shared(const char *name, int shot, int first, int shots, int receivers, int samples, double dt) {
  const char *path = files_shared(name);
  if (!path) {
    tap_skip("%s is not in shared/data", name);
    return;
  }
  FILE *f = fopen(path, "rb");
  image_bytes = fread(image, 1, sizeof image, f);
  fclose(f);
  wd_gather g = {0};
  wd_error err = {0};
  wd_status status = wd_segy_read_gather(path, &(wd_segy_read){.shot = shot}, &g, NULL, &err);
  double worst = 0;
  bool shape = !status && g.shots == shots && g.receivers == receivers && g.samples == samples;
  for (int i = 0; shape && i < shots * receivers; i++)
    for (int k = 0; k < samples; k++) {
      const unsigned char *p =
          image + 3600 + (size_t)(first + i) * (size_t)(240 + 4 * samples) + 240 + 4 * (size_t)k;
      double want = of_ibm((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
      double got =
          (double)g.value[((size_t)(i / receivers) * (size_t)samples + (size_t)k) * (size_t)receivers +
                          (size_t)(i % receivers)];
      worst = fmax(worst, fabs(got - want) / fmax(fabs(want), 1e-30));
    }
  tap_ok(shape && fabs(g.dt - dt) < 1e-9, "%s: %d shots of %d traces of %d samples, dt %g %s", name, g.shots,
         g.receivers, g.samples, g.dt, status ? err.message : "");
  tap_at_most(shape ? worst : INFINITY, 1e-7, "its samples, relative error against a second decoder");
  wd_gather_clear(&g);
}

int main(void) {
  files_begin();
  if (!wd_segy_available()) {
    wd_error err = {0};
    wd_gather g = {0};
    files_refused(wd_segy_read_gather("x.sgy", NULL, &g, NULL, &err), &err, WD_ERR_UNSUPPORTED, "x.sgy",
                  "libsegyio-dev");
    tap_skip("this build has no segyio");
    return files_done();
  }
  odd_files();
  ibm_floats();
  corpus();
  writing();
  shared("small.sgy", 0, 0, 1, 25, 50, 0.004);
  shared("shot-gather.sgy", 1, 0, 1, 10, 25, 0.001); /* shots of 10, 12, 13 and 26 traces */
  shared("shot-gather.sgy", 2, 10, 1, 12, 25, 0.001);
  shared("shot-gather.sgy", 4, 35, 1, 26, 25, 0.001);
  return files_done();
}
