#include "solver/file.h"

#include "solver/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct wd_file {
  int fd;
  bool failed;
  char *path;      /* as the caller gave it */
  char *target;    /* the same with a symbolic link resolved */
  char *temporary; /* in the folder of target */
};

static void release(wd_file *file) {
  if (file->fd >= 0) close(file->fd);
  free(file->path);
  free(file->target);
  free(file->temporary);
  free(file);
}

static const char *reason(int code) {
  switch (code) {
  case ENOSPC: return "the disk is full";
  case EDQUOT: return "the disk quota is used up";
  case EFBIG: return "the file is larger than the file system or the process limit allows";
  case EROFS: return "the file system is read-only";
  case EACCES:
  case EPERM: return "permission denied";
  case ENOENT: return "no such file or folder";
  case ENOTDIR: return "a part of the path is not a folder";
  case EISDIR: return "it is a folder";
  case ENAMETOOLONG: return "the name is too long";
  case ELOOP: return "too many symbolic links";
  case EMFILE:
  case ENFILE: return "too many open files";
  default: return NULL;
  }
}

static wd_status io_error(wd_error *err, const char *path, const char *verb, int code) {
  const char *text = reason(code);
  char buffer[96];
  if (!text) text = strerror_r(code, buffer, sizeof buffer); /* the GNU one: returns the text */
  return wd_fail(err, WD_ERR_IO, "%s: cannot %s: %s", path, verb, text);
}

/* A number for the temporary name that no other process or thread is likely to draw; O_EXCL settles the rest.
 */
static uint32_t draw(const void *salt, int attempt) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  uint64_t h = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u;
  h ^= (uint64_t)getpid() << 32 ^ (uint64_t)(uintptr_t)salt ^ (uint64_t)attempt * 0xbf58476d1ce4e5b9u;
  h = (h ^ h >> 29) * 0x94d049bb133111ebu;
  return (uint32_t)(h >> 32);
}

/* What a link at `path` points to, or a copy of `path`. A link to nothing resolves too: its target is
 * created. */
static char *resolve(const char *path, int *code) {
  struct stat st;
  char *current = strdup(path);
  for (int hops = 0; current && lstat(current, &st) == 0 && S_ISLNK(st.st_mode); hops++) {
    char link[PATH_MAX];
    ssize_t n = hops < 40 ? readlink(current, link, sizeof link - 1) : -1;
    if (n < 0) {
      *code = hops < 40 ? errno : ELOOP;
      free(current);
      return NULL;
    }
    link[n] = 0;
    char *slash = strrchr(current, '/'), *next = NULL;
    if (link[0] == '/' || !slash) {
      next = strdup(link);
    } else if (asprintf(&next, "%.*s/%s", (int)(slash - current), current, link) < 0) {
      next = NULL;
    }
    free(current);
    current = next;
  }
  if (!current) *code = ENOMEM;
  return current;
}

wd_status wd_file_create(const char *path, wd_file **out, wd_error *err) {
  if (!path || !*path) return wd_fail(err, WD_ERR_ARGUMENT, "an empty file name cannot be written");
  wd_file *file = calloc(1, sizeof *file);
  if (!file) return wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory to write it", path);
  file->fd = -1;
  int code = ENOMEM;
  file->path = strdup(path);
  file->target = resolve(path, &code);
  if (!file->path || !file->target) {
    wd_status status = io_error(err, path, "write", code);
    release(file);
    return status;
  }

  struct stat st;
  bool exists = stat(file->target, &st) == 0;
  if (exists && !S_ISREG(st.st_mode)) {
    wd_status status = wd_fail(err, WD_ERR_IO, "%s: cannot write: it is a %s; give the name of a file", path,
                               S_ISDIR(st.st_mode) ? "folder" : "device, pipe or socket");
    release(file);
    return status;
  }
  const char *slash = strrchr(file->target, '/');
  const char *name = slash ? slash + 1 : file->target;
  if (!*name) {
    wd_status status =
        wd_fail(err, WD_ERR_IO, "%s: cannot write: it names a folder; give the name of a file", path);
    release(file);
    return status;
  }

  code = EEXIST;
  for (int attempt = 0; attempt < 100 && code == EEXIST; attempt++) {
    free(file->temporary);
    /* 200 bytes of the name, so that the longest legal name still has room for what is added. */
    if (asprintf(&file->temporary, "%.*s.%.200s.%08x.tmp", (int)(name - file->target), file->target, name,
                 draw(file, attempt)) < 0) {
      file->temporary = NULL;
      code = ENOMEM;
      break;
    }
    file->fd = open(file->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    code = file->fd >= 0 ? 0 : errno;
  }
  if (code) {
    wd_status status = io_error(err, path, "write", code);
    release(file);
    return status;
  }
  /* A file that is replaced keeps its permissions; not being its owner is no reason to fail. */
  if (exists && fchmod(file->fd, st.st_mode & 0777) != 0 && errno != EPERM) {
    wd_status status = io_error(err, path, "write", errno);
    wd_file_abort(file);
    return status;
  }
  *out = file;
  return WD_OK;
}

wd_status wd_file_reserve(wd_file *file, uint64_t bytes, wd_error *err) {
  if (bytes > INT64_MAX) return io_error(err, file->path, "write", EFBIG);
  if (bytes == 0) return WD_OK;
  int rc;
  do rc = fallocate(file->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)bytes);
  while (rc != 0 && errno == EINTR);
  if (rc != 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
    file->failed = true;
    int code = errno;
    const char *text = reason(code);
    return wd_fail(err, WD_ERR_IO, "%s: cannot write its %llu bytes: %s", file->path,
                   (unsigned long long)bytes, text);
  }
  return WD_OK; /* EOPNOTSUPP and the like: the writes will tell */
}

wd_status wd_file_write(wd_file *file, const void *data, size_t bytes, wd_error *err) {
  if (file->failed) return wd_fail(err, WD_ERR_IO, "%s: an earlier write failed", file->path);
  const char *p = data;
  while (bytes) {
    ssize_t n = write(file->fd, p, bytes < (1u << 30) ? bytes : (1u << 30));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      file->failed = true;
      return io_error(err, file->path, "write", n < 0 ? errno : ENOSPC);
    }
    p += n;
    bytes -= (size_t)n;
  }
  return WD_OK;
}

wd_status wd_file_commit(wd_file *file, wd_error *err) {
  if (file->failed) {
    wd_status status = wd_fail(err, WD_ERR_IO, "%s: an earlier write failed; nothing was kept", file->path);
    wd_file_abort(file);
    return status;
  }
  if (fsync(file->fd) != 0 || rename(file->temporary, file->target) != 0) {
    wd_status status = io_error(err, file->path, "write", errno);
    wd_file_abort(file);
    return status;
  }
  /* The rename is durable once the folder is. Some file systems cannot sync a folder; the file stands anyway.
   */
  const char *slash = strrchr(file->target, '/');
  char *folder = slash ? strndup(file->target, (size_t)(slash - file->target) + 1) : strdup(".");
  int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (fd >= 0) {
    (void)fsync(fd);
    close(fd);
  }
  free(folder);
  release(file);
  return WD_OK;
}

void wd_file_abort(wd_file *file) {
  if (!file) return;
  unlink(file->temporary);
  release(file);
}

const char *wd_file_temporary(const wd_file *file) {
  return file->temporary;
}

const char *wd_file_path(const wd_file *file) {
  return file->path;
}

wd_status wd_file_size(const wd_file *file, uint64_t *bytes, wd_error *err) {
  struct stat st;
  if (fstat(file->fd, &st) != 0) return io_error(err, file->path, "measure", errno);
  *bytes = (uint64_t)st.st_size;
  return WD_OK;
}

wd_status wd_file_open_read(const char *path, int *fd_out, uint64_t *bytes, wd_error *err) {
  if (!path || !*path) return wd_fail(err, WD_ERR_ARGUMENT, "an empty file name cannot be read");
  /* O_NONBLOCK: opening a pipe without a writer must not hang; it means nothing for a regular file. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return io_error(err, path, "read", errno);
  struct stat st;
  if (fstat(fd, &st) != 0) {
    wd_status status = io_error(err, path, "read", errno);
    close(fd);
    return status;
  }
  if (!S_ISREG(st.st_mode)) {
    close(fd);
    return wd_fail(err, WD_ERR_IO, "%s: cannot read: it is a %s; give the name of a file", path,
                   S_ISDIR(st.st_mode) ? "folder" : "device, pipe or socket");
  }
  *fd_out = fd;
  *bytes = (uint64_t)st.st_size;
  return WD_OK;
}

wd_status wd_file_read_at(int fd, const char *path, uint64_t offset, void *out, size_t bytes, wd_error *err) {
  char *p = out;
  while (bytes) {
    ssize_t n = pread(fd, p, bytes < (1u << 30) ? bytes : (1u << 30), (off_t)offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error(err, path, "read", errno);
    if (n == 0)
      return wd_fail(err, WD_ERR_FORMAT, "%s: truncated: it ends at byte %llu", path,
                     (unsigned long long)offset);
    p += n;
    offset += (uint64_t)n;
    bytes -= (size_t)n;
  }
  return WD_OK;
}

wd_status wd_file_read_all(const char *path, size_t limit, char **data, size_t *bytes, wd_error *err) {
  int fd = -1;
  uint64_t size = 0;
  wd_status status = wd_file_open_read(path, &fd, &size, err);
  if (status) return status;
  char *text = NULL;
  if (size > limit) {
    status = wd_fail(err, WD_ERR_FORMAT, "%s: too large: %llu bytes, at most %zu are read", path,
                     (unsigned long long)size, limit);
  } else if (!(text = wd_alloc((size_t)size + 1, 1))) {
    status =
        wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory for its %llu bytes", path, (unsigned long long)size);
  } else {
    status = wd_file_read_at(fd, path, 0, text, (size_t)size, err);
  }
  close(fd);
  if (status) {
    wd_free(text);
    return status;
  }
  text[size] = 0;
  *data = text;
  *bytes = (size_t)size;
  return WD_OK;
}
