/* Words on stdout and stderr: results, notes, the progress bar or its JSON lines. */
#include "app/cli/cli.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

double cli_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

bool cli_cancelled(const cli *c) {
  return wd_hooks_cancelled(&c->hooks);
}

/* ---- stdout */

wd_status cli_print_json(json_t *value, wd_error *err) {
  if (!value) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for the JSON result");
  int bad = json_dumpf(value, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
  json_decref(value);
  putchar('\n');
  if (bad || fflush(stdout)) return wd_fail(err, WD_ERR_IO, "standard output could not be written");
  return WD_OK;
}

json_t *cli_real(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

/* ---- stderr */

/* Removes a bar that is on the screen, so that a line can be written in its place. */
static void clear_bar(cli *c) {
  if (c->bar.on_screen) fputs("\r\033[K", stderr);
  c->bar.on_screen = false;
}

static void json_line(json_t *line) {
  char *text = line ? json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
  json_decref(line);
  if (text) fprintf(stderr, "%s\n", text);
  free(text);
}

static void say(cli *c, const char *event, const char *format, va_list ap) {
  char text[600];
  vsnprintf(text, sizeof text, format, ap);
  clear_bar(c);
  if (c->progress == CLI_PROGRESS_JSON)
    json_line(json_pack("{s:s, s:s}", "event", event, "message", text));
  else
    fprintf(stderr, "%s%s\n", strcmp(event, "warning") == 0 ? "warning: " : "", text);
}

void cli_note(cli *c, const char *format, ...) {
  if (c->quiet) return;
  va_list ap;
  va_start(ap, format);
  say(c, "note", format, ap);
  va_end(ap);
}

void cli_warn(cli *c, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  say(c, "warning", format, ap);
  va_end(ap);
}

static void format_duration(double seconds, char *text, size_t size) {
  if (!(seconds >= 0) || seconds > 360000) {
    snprintf(text, size, "--:--");
    return;
  }
  int s = (int)(seconds + 0.5);
  if (s >= 3600)
    snprintf(text, size, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
  else
    snprintf(text, size, "%d:%02d", s / 60, s % 60);
}

static void draw_bar(cli *c, double done, double elapsed, double rate, double left) {
  struct winsize w = {0};
  int columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
  char tail[120], time[32];
  double share = c->bar.total > 0 ? done / c->bar.total : 0;
  format_duration(left, time, sizeof time);
  if (share >= 1) format_duration(elapsed, time, sizeof time);
  snprintf(tail, sizeof tail, " %3.0f %%  %.*f/%.0f %s  %.3g/s  %s %s", 100 * share,
           c->bar.total < 10 ? 1 : 0, done, c->bar.total, c->bar.unit, rate, time,
           share >= 1 ? "in all" : "left");
  int width = columns - 1 - (int)strlen(c->bar.task) - (int)strlen(tail) - 3;
  if (width > 40) width = 40;
  fprintf(stderr, "\r%s ", c->bar.task);
  if (width >= 5) {
    int full = (int)(share * width + 0.5);
    fputc('[', stderr);
    for (int i = 0; i < width; i++) fputc(i < full ? '#' : '-', stderr);
    fputc(']', stderr);
  }
  fprintf(stderr, "%s\033[K", tail);
  fflush(stderr);
  c->bar.on_screen = true;
}

/* At most ten bars, or two JSON lines, a second; no bar for what takes no time. */
static void show(cli *c, bool last) {
  if (c->bar.started == 0 || c->progress == CLI_PROGRESS_NONE) return;
  double now = cli_seconds(), period = c->progress == CLI_PROGRESS_BAR ? 0.1 : 0.5;
  if (!last && now - c->bar.shown < period) return;
  if (c->progress == CLI_PROGRESS_BAR && now - c->bar.started < 0.25) return;
  c->bar.shown = now;
  double done = c->bar.done + c->bar.fraction, elapsed = now - c->bar.started;
  if (done > c->bar.total) done = c->bar.total;
  double rate = elapsed > 0 ? (done - c->bar.at_start) / elapsed : 0;
  double left = rate > 0 ? (c->bar.total - done) / rate : NAN;
  if (c->progress == CLI_PROGRESS_BAR) {
    draw_bar(c, done, elapsed, rate, left);
    return;
  }
  json_line(json_pack("{s:s, s:s, s:f, s:f, s:s, s:f, s:o}", "event", "progress", "task", c->bar.task, "done",
                      done, "total", c->bar.total, "unit", c->bar.unit, "seconds", elapsed, "seconds_left",
                      cli_real(left)));
}

static void on_progress(void *user, double fraction) {
  cli *c = user;
  c->bar.fraction = fraction * c->bar.span;
  show(c, false);
}

void cli_progress_begin(cli *c, const char *task, const char *unit, double total, double done) {
  c->bar.task = task;
  c->bar.unit = unit;
  c->bar.total = total;
  c->bar.done = c->bar.at_start = done;
  c->bar.fraction = 0;
  c->bar.span = 1;
  c->bar.started = c->bar.shown = cli_seconds();
  c->hooks.progress = on_progress;
  c->hooks.user = c;
}

void cli_progress_set(cli *c, double done) {
  c->bar.done = done;
  c->bar.fraction = 0;
  show(c, false);
}

void cli_progress_span(cli *c, double units) {
  c->bar.span = units;
}

void cli_progress_end(cli *c) {
  if (c->bar.started == 0) return;
  show(c, true);
  if (c->bar.on_screen) fputc('\n', stderr);
  c->bar.on_screen = false;
  c->bar.started = 0;
  c->hooks.progress = NULL;
}

wd_status cli_open_device(cli *c, const char *spec, const char *mode, wd_device **out, wd_error *err) {
  wd_status st = wd_device_open(spec, out, err);
  if (st) return st;
  const char *name = wd_device_get_info(*out)->name;
  if (mode)
    cli_note(c, "%s mode on %s", mode, name);
  else
    cli_note(c, "on %s", name);
  return WD_OK;
}
