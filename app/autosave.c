#include "app/autosave.h"

#include "app/i18n.h"
#include "app/recording_private.h"
#include "app/status_error.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "session-"
#define SUFFIX ".wdrun"
#define MADE   "wd-autosave-made" /* of a recording: somebody made something in it */
#define PATH   "wd-autosave-path" /* and where it is kept */

struct WdAutosave {
  WdSession *session;
  WdRecording *watched; /* whose changes count */
  guint latents;        /* that it had when it came */
  char *folder;
  guint files;     /* names that were given to recordings */
  char *adopted;   /* the file of `watched` before, to be removed once ours is written */
  GPtrArray *left; /* Work: recordings that went, and could not be written then */
  char *(*view)(gpointer user);
  gpointer user;
  void (*failed)(const char *message, gpointer user);
  gpointer failed_user;
  char *told; /* the failure that was told last; NULL: none since one went well */
  guint timer, seconds;
  gboolean changed, saved;
  GThread *writer;       /* NULL: none at work, or it was joined */
  gint writing, written; /* atomic */
  /* The writer's, until it is joined. */
  char *failure;
  GSource *after; /* brings the failure to the main loop */
};

typedef struct Work {
  WdAutosave *a;
  WdImage *image;
  char *path;
} Work;

static void work_free(gpointer work) {
  Work *w = work;
  wd_image_free(w->image);
  g_free(w->path);
  g_free(w);
}

void wd_autosave_set_made(WdRecording *recording) {
  g_object_set_data(G_OBJECT(recording), MADE, GINT_TO_POINTER(TRUE));
}

gboolean wd_autosave_is_made(WdRecording *recording) {
  return g_object_get_data(G_OBJECT(recording), MADE) != NULL;
}

const char *wd_autosave_get_path(WdAutosave *a) {
  const char *there = g_object_get_data(G_OBJECT(a->watched), PATH);
  if (there) return there;
  char *path = NULL;
  do { /* a file of an earlier boot may have this process's number: it is somebody's work */
    g_free(path);
    g_autofree char *number = a->files ? g_strdup_printf("-%u", a->files + 1) : NULL;
    g_autofree char *name = g_strdup_printf(PREFIX "%ld%s" SUFFIX, (long)getpid(), number ? number : "");
    path = g_build_filename(a->folder, name, NULL);
    a->files++;
  } while (g_file_test(path, G_FILE_TEST_EXISTS));
  g_object_set_data_full(G_OBJECT(a->watched), PATH, path, g_free);
  return path;
}

static guint count_latents(WdRecording *r) {
  guint n = 0;
  for (guint i = 0; i < wd_recording_count(r); i++) n += wd_recording_nth(r, i)->position->len;
  return n;
}

static gboolean is_empty(WdAutosave *a) {
  return count_latents(a->watched) == 0;
}

static void on_position(WdAutosave *a) {
  a->changed = TRUE;
  a->saved = FALSE;
  if (count_latents(a->watched) != a->latents) wd_autosave_set_made(a->watched); /* not only scored */
}

/* Branches come, go and are named by somebody's hand. */
static void on_change(WdAutosave *a) {
  wd_autosave_set_made(a->watched);
  on_position(a);
}

static void watch(WdAutosave *a) {
  if (a->watched) g_signal_handlers_disconnect_by_data(a->watched, a);
  g_set_object(&a->watched, wd_session_get_recording(a->session));
  g_signal_connect_swapped(a->watched, "changed", G_CALLBACK(on_change), a);
  g_signal_connect_swapped(a->watched, "position", G_CALLBACK(on_position), a);
  a->latents = count_latents(a->watched);
  a->changed = TRUE;
  a->saved = FALSE;
}

static Work *take_work(WdAutosave *a, wd_error *err) {
  g_autofree char *view = a->view ? a->view(a->user) : NULL;
  WdImage *image = wd_recording_image(a->watched, FALSE, view, err);
  if (!image) return NULL;
  Work *w = g_new(Work, 1);
  *w = (Work){a, image, g_strdup(wd_autosave_get_path(a))};
  return w;
}

static wd_status write_work(const Work *w, wd_error *err) {
  const char *folder = w->a->folder;
  if (g_mkdir_with_parents(folder, 0700) != 0)
    return wd_fail(err, WD_ERR_IO, _("%s cannot be made: %s"), folder, g_strerror(errno));
  return wd_image_write(w->image, w->path, err);
}

static wd_status write_left(WdAutosave *a, wd_error *err) {
  wd_status st = WD_OK;
  while (a->left->len && !(st = write_work(a->left->pdata[0], err))) g_ptr_array_remove_index(a->left, 0);
  return st;
}

static void tell(WdAutosave *a, const char *message) {
  a->changed = TRUE; /* to be tried again */
  if (!g_strcmp0(message, a->told)) return;
  g_free(a->told);
  a->told = g_strdup(message);
  if (a->failed)
    a->failed(message, a->failed_user);
  else
    g_message("the session was not saved: %s", message);
}

static void join(WdAutosave *a) {
  if (a->writer) g_thread_join(a->writer);
  a->writer = NULL;
}

/* What the writer left; its thread has been joined. */
static void drop_failure(WdAutosave *a) {
  if (a->after) g_source_destroy(a->after);
  g_clear_pointer(&a->after, g_source_unref);
  g_clear_pointer(&a->failure, g_free);
}

static gboolean on_failure(gpointer data) {
  WdAutosave *a = data;
  join(a);
  g_autofree char *message = g_steal_pointer(&a->failure);
  drop_failure(a);
  tell(a, message);
  return G_SOURCE_REMOVE;
}

static gpointer write_beside(gpointer data) {
  Work *w = data;
  WdAutosave *a = w->a;
  wd_error err = {0};
  if (write_work(w, &err)) {
    a->failure = g_strdup(err.message);
    a->after = g_idle_source_new();
    g_source_set_callback(a->after, on_failure, a, NULL);
    g_source_attach(a->after, NULL);
  } else {
    g_atomic_int_set(&a->written, 1);
  }
  work_free(w);
  g_atomic_int_set(&a->writing, 0);
  return NULL;
}

static void drop_adopted(WdAutosave *a) {
  if (a->adopted && strcmp(a->adopted, wd_autosave_get_path(a)) != 0) g_unlink(a->adopted);
  g_clear_pointer(&a->adopted, g_free);
}

static void take_written(WdAutosave *a) {
  if (!g_atomic_int_compare_and_exchange(&a->written, 1, 0)) return;
  drop_adopted(a); /* ours is on disk */
  g_clear_pointer(&a->told, g_free);
}

/* The recording that is watched is about to go, and what was made in it would go with it. */
static void leave(WdAutosave *a) {
  join(a);
  take_written(a);
  const gboolean failed = a->after != NULL;
  drop_failure(a);
  if ((a->changed || failed) && !a->saved && wd_autosave_is_made(a->watched) && !is_empty(a)) {
    wd_error err = {0};
    Work *w = take_work(a, &err);
    if (!w || write_work(w, &err)) {
      if (w) g_ptr_array_add(a->left, w);
      tell(a, err.message);
    } else {
      drop_adopted(a);
      work_free(w);
    }
  }
  g_clear_pointer(&a->adopted, g_free); /* if it is there still, it stays */
}

static void on_recording(WdAutosave *a) {
  leave(a);
  watch(a);
}

static gboolean on_timer(gpointer data) {
  WdAutosave *a = data;
  take_written(a);
  /* One is being written, or its failure is about to be told. */
  if (g_atomic_int_get(&a->writing) || a->after) return G_SOURCE_CONTINUE;
  write_left(a, NULL); /* that it could not be was told */
  if (!a->changed || is_empty(a) || !wd_autosave_is_made(a->watched)) return G_SOURCE_CONTINUE;
  wd_error err = {0};
  Work *w = take_work(a, &err);
  if (!w) {
    tell(a, err.message);
    return G_SOURCE_CONTINUE;
  }
  join(a);
  a->changed = FALSE;
  g_atomic_int_set(&a->writing, 1);
  a->writer = g_thread_new("autosave", write_beside, w);
  return G_SOURCE_CONTINUE;
}

void wd_autosave_set_seconds(WdAutosave *a, guint seconds) {
  if (a->timer) g_source_remove(a->timer);
  a->timer = seconds ? g_timeout_add_seconds(seconds, on_timer, a) : 0;
  a->seconds = seconds;
}

static char *default_folder(void) {
  return g_build_filename(g_get_user_state_dir(), "wavediffusion", NULL);
}

WdAutosave *wd_autosave_new(WdSession *session, const char *folder, char *(*view)(gpointer user),
                            gpointer user) {
  WdAutosave *a = g_new0(WdAutosave, 1);
  a->session = session;
  a->folder = folder ? g_strdup(folder) : default_folder();
  a->left = g_ptr_array_new_with_free_func(work_free);
  a->view = view;
  a->user = user;
  g_signal_connect_swapped(session, "recording", G_CALLBACK(on_recording), a);
  watch(a);
  wd_autosave_set_seconds(a, WD_AUTOSAVE_SECONDS);
  return a;
}

void wd_autosave_free(WdAutosave *a) {
  if (!a) return;
  if (a->timer) g_source_remove(a->timer);
  join(a);
  drop_failure(a);
  g_free(a->told);
  g_signal_handlers_disconnect_by_data(a->session, a);
  g_signal_handlers_disconnect_by_data(a->watched, a);
  g_object_unref(a->watched);
  g_ptr_array_unref(a->left);
  g_free(a->folder);
  g_free(a->adopted);
  g_free(a);
}

void wd_autosave_set_failed(WdAutosave *a, void (*failed)(const char *message, gpointer user),
                            gpointer user) {
  a->failed = failed;
  a->failed_user = user;
}

void wd_autosave_set_saved(WdAutosave *a) {
  a->saved = TRUE;
}

gboolean wd_autosave_now(WdAutosave *a, GError **error) {
  wd_error err = {0};
  join(a);
  drop_failure(a); /* this one is told instead */
  if (write_left(a, &err)) return wd_status_to_error(&err, error);
  if (is_empty(a)) {
    g_unlink(wd_autosave_get_path(a));
    return TRUE;
  }
  if (!wd_autosave_is_made(a->watched)) return TRUE;
  Work *w = take_work(a, &err);
  wd_status st = w ? write_work(w, &err) : err.code;
  if (w) work_free(w);
  a->changed = st != WD_OK; /* tried again, should the window stay */
  if (st) return a->saved || wd_status_to_error(&err, error);
  g_clear_pointer(&a->told, g_free);
  drop_adopted(a);
  return TRUE;
}

void wd_autosave_adopt(WdAutosave *a, const char *path) {
  g_free(a->adopted);
  a->adopted = g_strdup(path);
}

/* ---- finding */

typedef struct Found {
  char *path;
  gint64 time;
} Found;

static void clear_found(gpointer data) {
  g_free(((Found *)data)->path);
}

static int newest_first(gconstpointer a, gconstpointer b) {
  gint64 x = ((const Found *)a)->time, y = ((const Found *)b)->time;
  return x < y ? 1 : x > y ? -1 : 0;
}

/* The process of a file of ours; 0: it is none. */
static long process_of(const char *name) {
  if (!g_str_has_prefix(name, PREFIX) || !g_str_has_suffix(name, SUFFIX)) return 0;
  char *end;
  long pid = strtol(name + strlen(PREFIX), &end, 10);
  if (*end == '-') strtol(end + 1, &end, 10); /* its second recording, and so on */
  return strcmp(end, SUFFIX) == 0 && pid > 0 ? pid : 0;
}

char *wd_autosave_find(const char *folder) {
  g_autofree char *place = folder ? g_strdup(folder) : default_folder();
  g_autoptr(GDir) dir = g_dir_open(place, 0, NULL);
  if (!dir) return NULL;
  GArray *found = g_array_new(FALSE, FALSE, sizeof(Found));
  g_array_set_clear_func(found, clear_found);
  const char *name;
  while ((name = g_dir_read_name(dir))) {
    long pid = process_of(name);
    GStatBuf info;
    if (!pid || pid == (long)getpid() || kill((pid_t)pid, 0) == 0 || errno != ESRCH) continue;
    Found f = {g_build_filename(place, name, NULL), 0};
    if (g_stat(f.path, &info) == 0)
      f.time = (gint64)info.st_mtim.tv_sec * G_USEC_PER_SEC + info.st_mtim.tv_nsec / 1000;
    g_array_append_val(found, f);
  }
  g_array_sort(found, newest_first);
  for (guint i = WD_AUTOSAVE_KEPT; i < found->len; i++) g_unlink(g_array_index(found, Found, i).path);
  char *path = found->len ? g_strdup(g_array_index(found, Found, 0).path) : NULL;
  g_array_unref(found);
  return path;
}
