/* The CSV log of a training run. */
#include "app/cli/train.h"

#include "solver/file.h"
#include "solver/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static wd_status failed(const train_run *r, wd_error *err) {
  return wd_fail(err, WD_ERR_IO, "%s: cannot be written: %s", r->log, strerror(errno));
}

/* The head and the rows up to `step`, written anew to the side. */
static wd_status keep_rows(const train_run *r, long step, wd_error *err) {
  char *text;
  size_t size;
  wd_status st = wd_file_read_all(r->log, (size_t)1 << 30, &text, &size, err);
  if (st) return st;
  wd_file *file;
  st = wd_file_create(r->log, &file, err);
  if (!st) {
    for (char *line = text; *line && !st;) {
      char *end = strchr(line, '\n');
      if (!end) break; /* a row that a crash cut short */
      if (line == text || strtol(line, NULL, 10) <= step)
        st = wd_file_write(file, line, (size_t)(end + 1 - line), err);
      line = end + 1;
    }
    if (!st)
      st = wd_file_commit(file, err);
    else
      wd_file_abort(file);
  }
  wd_free(text);
  return st;
}

wd_status train_log_open(train_run *r, long step, wd_error *err) {
  bool old = step > 0 && !access(r->log, F_OK);
  if (old) {
    wd_status st = keep_rows(r, step, err);
    if (st) return st;
  }
  r->csv = fopen(r->log, old ? "ae" : "we");
  if (!r->csv) return failed(r, err);
  if (!old) {
    fprintf(r->csv, "step,samples,seconds,rate,gradient_norm");
    for (const char *const *name = wd_train_losses(wd_trainer_get_desc(r->trainer)); *name; name++)
      fprintf(r->csv, ",%s", *name);
    fprintf(r->csv, ",codes_used,samples_per_second\n");
  }
  return train_log_flush(r, err);
}

wd_status train_log_row(train_run *r, const wd_train_report *p, wd_error *err) {
  fprintf(r->csv, "%ld,%ld,%.3f,%.6g,%.6g", p->step, p->samples, p->seconds, p->rate, p->gradient_norm);
  int i = 0;
  for (const char *const *name = wd_train_losses(wd_trainer_get_desc(r->trainer)); *name; name++)
    fprintf(r->csv, ",%.6g", p->loss[i++]);
  if (p->codes_used == p->codes_used)
    fprintf(r->csv, ",%.4f", p->codes_used);
  else
    fprintf(r->csv, ",");
  fprintf(r->csv, ",%.3f\n", wd_trainer_get_desc(r->trainer)->batch / p->step_seconds);
  if (p->step % 20 == 0) return train_log_flush(r, err);
  return ferror(r->csv) ? failed(r, err) : WD_OK;
}

wd_status train_log_flush(train_run *r, wd_error *err) {
  return fflush(r->csv) || ferror(r->csv) ? failed(r, err) : WD_OK;
}

void train_log_close(train_run *r) {
  if (r->csv) fclose(r->csv);
  r->csv = NULL;
}
