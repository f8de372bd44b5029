/* Frames to a folder, or through ffmpeg to an MP4, a WebM or a GIF. */
#include "app/i18n.h"
#include "app/reel.h"

#include "app/status_error.h"
#include "render/figure.h"
#include "solver/file.h"
#include "solver/memory.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct WdReelFile {
  char *path, *side; /* the target; the folder beside it that frames go to */
  WdReelKind kind;
  double fps;
  int frames;
};

static char *frame_path(const char *folder, int i) {
  g_autofree char *name = g_strdup_printf("frame-%04d.png", i + 1);
  return g_build_filename(folder, name, NULL);
}

static const struct {
  const char *ending, *article;
} kinds[WD_REEL_KINDS] = {
    [WD_REEL_FOLDER] = {"", N_("a folder")},
    [WD_REEL_MP4] = {".mp4", N_("an MP4")},
    [WD_REEL_WEBM] = {".webm", N_("a WebM")},
    [WD_REEL_GIF] = {".gif", N_("a GIF")},
};

WdReelKind wd_reel_kind_of(const char *path) {
  g_autofree char *lower = g_ascii_strdown(path, -1);
  for (int k = WD_REEL_MP4; k < WD_REEL_KINDS; k++)
    if (g_str_has_suffix(lower, kinds[k].ending)) return (WdReelKind)k;
  return WD_REEL_FOLDER;
}

const char *wd_reel_ending(WdReelKind kind) {
  return kinds[kind].ending;
}

static char *find_ffmpeg(WdReelKind kind, GError **error) {
  char *program = g_find_program_in_path("ffmpeg");
  if (!program)
    wd_status_set_error(error, WD_ERR_UNSUPPORTED,
                        _("%s takes the program ffmpeg, which is not on the PATH: install it, or give a "
                          "folder and get the pictures"),
                        _(kinds[kind].article));
  return program;
}

gboolean wd_reel_check(WdReelKind kind, double fps, GError **error) {
  enum { GIF_RATE = 50 }; /* its clock counts hundredths of a second, and viewers hold a frame for two */
  if (kind == WD_REEL_GIF && fps > GIF_RATE)
    return wd_status_set_error(
        error, WD_ERR_ARGUMENT,
        _("a GIF of %g frames a second: viewers show at most %d; take fewer, or a .webm"), fps, GIF_RATE);
  if (kind == WD_REEL_FOLDER) return TRUE;
  g_autofree char *program = find_ffmpeg(kind, error);
  return program != NULL;
}

static gboolean io_error(GError **error, const char *what, const char *path) {
  return wd_status_set_error(error, WD_ERR_IO, "%s: %s: %s", path, what, g_strerror(errno));
}

/* The path without slashes at its end; NULL where no movie can go there. */
static char *checked_path(const char *path, double fps, GError **error) {
  g_autofree char *bare = g_strdup(path);
  while (strlen(bare) > 1 && bare[strlen(bare) - 1] == '/') bare[strlen(bare) - 1] = 0;
  g_autofree char *base = g_path_get_basename(bare), *folder = g_path_get_dirname(bare);
  const char *dot = strrchr(base, '.');
  const WdReelKind kind = wd_reel_kind_of(base);
  const gboolean video = kind != WD_REEL_FOLDER;
  if (!video && dot && dot != base && strlen(dot) <= 5 && !g_file_test(bare, G_FILE_TEST_IS_DIR)) {
    wd_status_set_error(error, WD_ERR_ARGUMENT,
                        _("%s: a movie is a folder of pictures, or a file that ends in .mp4, .webm or .gif"),
                        path);
    return NULL;
  }
  if (!wd_reel_check(kind, fps, error)) return NULL;
  if (g_file_test(bare, video ? G_FILE_TEST_IS_DIR : G_FILE_TEST_IS_REGULAR)) {
    wd_status_set_error(error, WD_ERR_IO, _("%s is there already, and is %s"), bare,
                        video ? _("a folder") : _("not a folder"));
    return NULL;
  }
  if (g_access(folder, W_OK | X_OK) != 0) {
    io_error(error, _("no folder can be made there"), folder);
    return NULL;
  }
  return g_steal_pointer(&bare);
}

gboolean wd_reel_file_check(const char *path, double fps, GError **error) {
  g_autofree char *bare = checked_path(path, fps, error);
  return bare != NULL;
}

WdReelFile *wd_reel_file_new(const char *path, double fps, GError **error) {
  g_autofree char *bare = checked_path(path, fps, error);
  if (!bare) return NULL;
  g_autofree char *base = g_path_get_basename(bare), *folder = g_path_get_dirname(bare);
  g_autofree char *pattern = g_strdup_printf(".%s.frames-XXXXXX", base);
  char *side = g_build_filename(folder, pattern, NULL);
  if (!g_mkdtemp_full(side, 0755)) {
    io_error(error, _("no folder can be made there"), folder);
    g_free(side);
    return NULL;
  }
  WdReelFile *f = g_new0(WdReelFile, 1);
  f->path = g_steal_pointer(&bare);
  f->side = side;
  f->kind = wd_reel_kind_of(base);
  f->fps = fps > 0 ? fps : 12;
  return f;
}

static void file_free(WdReelFile *f) {
  g_free(f->path);
  g_free(f->side);
  g_free(f);
}

static void remove_frames(WdReelFile *f) {
  for (int i = 0; i < f->frames; i++) {
    g_autofree char *frame = frame_path(f->side, i);
    g_unlink(frame);
  }
  g_rmdir(f->side);
}

void wd_reel_file_abort(WdReelFile *f) {
  if (!f) return;
  remove_frames(f);
  file_free(f);
}

gboolean wd_reel_file_add(WdReelFile *f, const WdReel *reel, int i, GError **error) {
  wd_error err = {0};
  g_autofree char *frame = frame_path(f->side, i);
  if (wd_figure_write(wd_reel_figure(reel), frame, &err)) return wd_status_to_error(&err, error);
  f->frames = MAX(f->frames, i + 1);
  return TRUE;
}

/* What ffmpeg says on its error output: the first of it is told, the rest read so that the pipe never fills.
 */
typedef struct Words {
  int fd;
  char text[400];
  gsize length;
} Words;

static void listen_to(Words *words) {
  char piece[4096];
  for (ssize_t n; (n = read(words->fd, piece, sizeof piece)) > 0;) {
    const gsize room = sizeof words->text - 1 - words->length, taken = MIN(room, (gsize)n);
    memcpy(words->text + words->length, piece, taken);
    words->length += taken;
  }
}

/* Waits for a child, or ends it when cancelled. */
static gboolean wait_for(GPid pid, const atomic_bool *cancel, Words *words, int *status, GError **error) {
  for (gboolean killed = FALSE;;) {
    const pid_t done = waitpid(pid, status, WNOHANG);
    listen_to(words);
    if (done == pid) {
      if (killed) return wd_status_set_error(error, WD_CANCELLED, _("cancelled while ffmpeg was at work"));
      return TRUE;
    }
    if (done < 0 && errno != EINTR) return io_error(error, _("waiting for it failed"), "ffmpeg");
    if (!killed && cancel && atomic_load(cancel)) {
      kill(pid, SIGKILL);
      killed = TRUE;
    }
    g_usleep(10000);
  }
}

/* Runs ffmpeg to its end. asked: its words after those that every call has; it ends with NULL. */
static gboolean run_ffmpeg(WdReelKind kind, const char *const *asked, const atomic_bool *cancel,
                           GError **error) {
  g_autofree char *program = find_ffmpeg(kind, error);
  if (!program) return FALSE;
  const char *const always[] = {program, "-y", "-nostdin", "-loglevel", "error"};
  g_autoptr(GPtrArray) all = g_ptr_array_new();
  for (gsize i = 0; i < G_N_ELEMENTS(always); i++) g_ptr_array_add(all, (char *)always[i]);
  for (; *asked; asked++) g_ptr_array_add(all, (char *)*asked);
  g_ptr_array_add(all, NULL);
  GPid pid;
  Words words = {.fd = -1};
  GError *spawn = NULL;
  if (!g_spawn_async_with_pipes(NULL, (char **)all->pdata, NULL,
                                G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, &pid,
                                NULL, NULL, &words.fd, &spawn)) {
    wd_status_set_error(error, WD_ERR_IO, _("ffmpeg could not be started: %s"), spawn->message);
    g_error_free(spawn);
    return FALSE;
  }
  int status = 0;
  g_unix_set_fd_nonblocking(words.fd, TRUE, NULL);
  const gboolean ended = wait_for(pid, cancel, &words, &status, error);
  close(words.fd);
  g_spawn_close_pid(pid);
  if (!ended) return FALSE;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return TRUE;
  g_strchomp(words.text);
  return wd_status_set_error(error, WD_ERR_IO, _("ffmpeg failed%s%s"), *words.text ? ": " : "", words.text);
}

/* Encoders want even sides: of an odd picture the last column or row of its margin goes. */
#define EVEN   "crop=floor(iw/2)*2:floor(ih/2)*2:0:0"
#define REMARK "comment=WaveDiffusion; the recipe stands in the .json beside this file"

/* The palette of all frames first, then the frames in it: 256 colours that are theirs. */
static gboolean encode_gif(const WdReelFile *f, const char *input, const char *rate, const char *to,
                           const atomic_bool *cancel, GError **error) {
  g_autofree char *palette = g_build_filename(f->side, "palette.png", NULL);
  const char *const first[] = {"-i",     input,     "-vf", "palettegen", "-f",
                               "image2", "-update", "1",   palette,      NULL};
  const char *const second[] = {
      "-framerate", rate,    "-i",     input,
      "-i",         palette, "-lavfi", "paletteuse=dither=bayer:bayer_scale=5:diff_mode=rectangle",
      "-f",         "gif",   to,       NULL};
  const gboolean done =
      run_ffmpeg(f->kind, first, cancel, error) && run_ffmpeg(f->kind, second, cancel, error);
  g_unlink(palette);
  return done;
}

static gboolean encode(const WdReelFile *f, const char *to, const atomic_bool *cancel, GError **error) {
  g_autofree char *input = g_build_filename(f->side, "frame-%04d.png", NULL);
  char rate[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd(rate, sizeof rate, "%.6g", f->fps);
  /* yuv420p is what every player shows. */
  const char *const mp4[] = {"-framerate", rate,      "-i",        input,        "-vf",       EVEN,
                             "-pix_fmt",   "yuv420p", "-movflags", "+faststart", "-metadata", REMARK,
                             "-f",         "mp4",     to,          NULL};
  /* Of constant quality; libvpx's default is a low constant rate. */
  const char *const webm[] = {"-framerate", rate,         "-i",        input,  "-vf",      EVEN,
                              "-c:v",       "libvpx-vp9", "-crf",      "24",   "-b:v",     "0",
                              "-row-mt",    "1",          "-cpu-used", "4",    "-pix_fmt", "yuv420p",
                              "-metadata",  REMARK,       "-f",        "webm", to,         NULL};
  if (f->kind == WD_REEL_GIF) return encode_gif(f, input, rate, to, cancel, error);
  return run_ffmpeg(f->kind, f->kind == WD_REEL_WEBM ? webm : mp4, cancel, error);
}

static gboolean finish_video(WdReelFile *f, const WdReel *reel, const atomic_bool *cancel, GError **error) {
  wd_error err = {0};
  wd_file *file = NULL;
  if (wd_file_create(f->path, &file, &err)) return wd_status_to_error(&err, error);
  if (!encode(f, wd_file_temporary(file), cancel, error)) {
    wd_file_abort(file);
    return FALSE;
  }
  if (wd_file_commit(file, &err)) return wd_status_to_error(&err, error);
  const char *recipe = wd_reel_figure(reel)->recipe;
  if (!recipe) return TRUE;
  g_autofree char *beside = g_strconcat(f->path, ".json", NULL);
  wd_status st = wd_file_create(beside, &file, &err);
  if (st) return wd_status_to_error(&err, error);
  if ((st = wd_file_write(file, recipe, strlen(recipe), &err)) || (st = wd_file_write(file, "\n", 1, &err)))
    wd_file_abort(file);
  else
    st = wd_file_commit(file, &err);
  return st ? wd_status_to_error(&err, error) : TRUE;
}

/* Takes the target's name; into a folder that is there, the frames go one by one. */
static gboolean finish_folder(WdReelFile *f, GError **error) {
  if (!g_file_test(f->path, G_FILE_TEST_EXISTS)) {
    if (g_rename(f->side, f->path) == 0) return TRUE;
    return io_error(error, _("the folder cannot take that name"), f->path);
  }
  for (int i = 0; i < f->frames; i++) {
    g_autofree char *from = frame_path(f->side, i), *to = frame_path(f->path, i);
    if (g_rename(from, to) != 0) return io_error(error, _("a frame cannot be put there"), to);
  }
  g_rmdir(f->side);
  return TRUE;
}

guint wd_frames_clear(const char *folder, const char *prefix, int from, guint *left) {
  guint removed = 0;
  *left = 0;
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  for (const char *name; dir && (name = g_dir_read_name(dir));) {
    char *end;
    if (!g_str_has_prefix(name, prefix) || !g_ascii_isdigit(name[strlen(prefix)])) continue;
    const gint64 number = g_ascii_strtoll(name + strlen(prefix), &end, 10);
    if (strcmp(end, ".png") != 0 || number < from) continue;
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *recipe = NULL;
    const gboolean own = !wd_figure_read_recipe(path, &recipe, NULL);
    if (own) wd_free(recipe);
    if (own && g_unlink(path) == 0)
      removed++;
    else
      ++*left;
  }
  return removed;
}

char *wd_frames_words(guint removed, guint left) {
  GString *s = g_string_new(NULL);
  if (removed)
    g_string_append_printf(s,
                           ngettext(" %u frame of an older one was removed.",
                                    " %u frames of an older one were removed.", removed),
                           removed);
  if (left)
    g_string_append_printf(s,
                           ngettext(" %u picture with later numbers is not of this program: left there.",
                                    " %u pictures with later numbers are not of this program: left there.",
                                    left),
                           left);
  return g_string_free(s, FALSE);
}

gboolean wd_reel_file_finish(WdReelFile *f, const WdReel *reel, const atomic_bool *cancel, GError **error) {
  const gboolean video = f->kind != WD_REEL_FOLDER;
  const gboolean done = video ? finish_video(f, reel, cancel, error) : finish_folder(f, error);
  if (!done || video) remove_frames(f);
  file_free(f);
  return done;
}
