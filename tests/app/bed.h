/* What tests of the session share: a small model on disk, a main loop that waits for something, a count of
 * signals. */
#ifndef WD_TESTS_BED_H
#define WD_TESTS_BED_H

#include "app/engine_impl.h"
#include "app/session_private.h"
#include "tests/model/small_model.h"
#include "tests/app/expect.h"
#include "tests/tap.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Leaves the test when a set-up fails. */
static inline void bed_need(wd_status st, const wd_error *err, const char *what) {
  if (!st) return;
  printf("Bail out! %s: %s\n", what, err->message);
  exit(1);
}

static inline void bed_need_error(gboolean fine, GError *error, const char *what) {
  if (fine) return;
  printf("Bail out! %s: %s\n", what, error ? error->message : "no error");
  exit(1);
}

/* Maps of 16 x 16, three shots of 320 samples, which simulate in no time. */
static inline wd_model_config bed_model_config(void) {
  wd_model_config c = small_model_config();
  c.geometry =
      (wd_shard_desc){.nz = 16, .nx = 16, .shots = 3, .samples = 320, .receivers = 16, .instants = 64};
  return c;
}

/* A model of random weights. one: without stage 2. */
static inline void bed_save_model(const char *folder, const wd_model_config *c, uint64_t seed, bool one) {
  wd_error err = {0};
  wd_device *d = NULL;
  wd_model *m = NULL;
  const wd_model_save_desc save = {.training = "{\"steps\": 0}", .data = "{\"family\": \"none\"}"};
  bed_need(wd_device_open("reference", &d, &err), &err, "device");
  bed_need(wd_model_create(d, c, seed, false, &m, &err), &err, "model");
  bed_need(small_model_draw(m, seed, &err), &err, "weights");
  bed_need(wd_model_save(m, WD_STAGE1, folder, &save, &err), &err, "stage 1");
  if (!one) bed_need(wd_model_save(m, WD_STAGE2, folder, &save, &err), &err, "stage 2");
  wd_model_close(m);
  wd_device_close(d);
}

static inline void bed_make_model(const char *folder, uint64_t seed, bool one) {
  const wd_model_config c = bed_model_config();
  bed_save_model(folder, &c, seed, one);
}

/* A folder for the test's files, removed with bed_remove. */
static inline char *bed_folder(void) {
  char *folder = g_dir_make_tmp("wd-test-XXXXXX", NULL);
  if (!folder) bed_need(WD_ERR_IO, &(wd_error){.message = "no temporary folder"}, "folder");
  return folder;
}

static inline void bed_remove(const char *path) {
  GDir *dir = g_dir_open(path, 0, NULL);
  const char *name;
  while (dir && (name = g_dir_read_name(dir))) {
    g_autofree char *inner = g_build_filename(path, name, NULL);
    bed_remove(inner);
  }
  if (dir) g_dir_close(dir);
  g_remove(path);
}

/* Runs the main loop until `until` says so; FALSE after `seconds` times EXPECT_PATIENCE. */
static inline gboolean bed_wait(gboolean (*until)(gpointer), gpointer user, double seconds) {
  gint64 end = g_get_monotonic_time() + (gint64)(seconds * EXPECT_PATIENCE * 1e6);
  while (!until(user)) {
    if (g_get_monotonic_time() > end) return FALSE;
    if (!g_main_context_iteration(NULL, FALSE)) g_usleep(200);
  }
  return TRUE;
}

static inline gboolean bed_idle(gpointer session) {
  return wd_session_get_state(session) == WD_SESSION_IDLE ||
         wd_session_get_state(session) == WD_SESSION_NO_MODEL;
}

/* Idle, and nothing left to be made at rest. */
static inline gboolean bed_rested(gpointer session) {
  WdSession *s = session;
  return bed_idle(s) && !s->resting && wd_engine_is_quiet(s->engine);
}

typedef struct bed_log {
  int state, frame, progress, notice, errors, recording, changed, position;
  WdNotice last; /* copies of its texts */
} bed_log;

static void bed_on_state(WdSession *s, bed_log *log) {
  (void)s;
  log->state++;
}
static void bed_on_frame(WdSession *s, guint id, int k, int what, bed_log *log) {
  (void)s, (void)id, (void)k, (void)what;
  log->frame++;
}
static void bed_on_progress(WdSession *s, double fraction, bed_log *log) {
  (void)s;
  if (!(fraction >= 0 && fraction <= 1)) tap_ok(false, "progress is %g", fraction);
  log->progress++;
}
static inline void bed_clear_log(bed_log *log) {
  g_free(log->last.what);
  g_free(log->last.kept);
  g_free(log->last.details);
  *log = (bed_log){0};
}
static void bed_on_notice(WdSession *s, const WdNotice *n, bed_log *log) {
  (void)s;
  log->notice++;
  log->errors += n->code != WD_CANCELLED;
  g_free(log->last.what);
  g_free(log->last.kept);
  g_free(log->last.details);
  log->last = *n;
  log->last.what = g_strdup(n->what);
  log->last.kept = g_strdup(n->kept);
  log->last.details = g_strdup(n->details);
}

static inline WdSession *bed_session(bed_log *log) {
  WdSession *s = wd_session_new();
  if (!log) return s;
  g_signal_connect(s, "state", G_CALLBACK(bed_on_state), log);
  g_signal_connect(s, "frame", G_CALLBACK(bed_on_frame), log);
  g_signal_connect(s, "progress", G_CALLBACK(bed_on_progress), log);
  g_signal_connect(s, "notice", G_CALLBACK(bed_on_notice), log);
  return s;
}

static inline void bed_open(WdSession *s, const char *model, const char *device) {
  wd_session_open_model(s, model, device);
  if (!bed_wait(bed_idle, s, 120) || !wd_session_get_model(s)) {
    printf("Bail out! the model %s did not open\n", model);
    exit(1);
  }
}

#endif
