/* Files that appear whole or not at all: written under a temporary name in the folder of the target, synced,
 * renamed over the target, and the folder synced. A failure or an abort removes the temporary file and leaves
 * what stood at the target untouched. A target that is a symbolic link is followed, so the link stays a link.
 *
 * Also the one way in which this library opens files for reading: only regular files (a directory, a pipe or
 * a device is refused by name instead of blocking or reading for ever). */
#ifndef WD_FILE_H
#define WD_FILE_H

#include "solver/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct wd_file wd_file;

/* Creates the temporary file `.NAME.xxxxxxxx.tmp` beside `path`. WD_ERR_IO when the folder is missing or not
 * writable, or when `path` is a directory or no regular file. */
wd_status wd_file_create(const char *path, wd_file **out, wd_error *err);

/* Asks the file system for `bytes` in all before they are written, so that a full disk is known before an
 * hour of work and not after it. File systems that cannot reserve are not an error; a full one is WD_ERR_IO.
 */
wd_status wd_file_reserve(wd_file *file, uint64_t bytes, wd_error *err);

/* Appends. After a failure every later write and the commit fail too. */
wd_status wd_file_write(wd_file *file, const void *data, size_t bytes, wd_error *err);

/* Syncs, renames and frees the file, whatever the outcome; on failure nothing is left behind. */
wd_status wd_file_commit(wd_file *file, wd_error *err);

/* Removes the temporary file and frees. NULL is harmless. */
void wd_file_abort(wd_file *file);

/* The temporary name, for a library that must open the file itself, and the name as the caller gave it. Both
 * live as long as the file. */
const char *wd_file_temporary(const wd_file *file);
const char *wd_file_path(const wd_file *file);

/* Size of the temporary file as the file system sees it. */
wd_status wd_file_size(const wd_file *file, uint64_t *bytes, wd_error *err);

/* Opens a regular file for reading (close-on-exec); *fd is closed by the caller with close(). */
wd_status wd_file_open_read(const char *path, int *fd, uint64_t *bytes, wd_error *err);

/* Reads exactly `bytes` at `offset`; a file that ends earlier is WD_ERR_FORMAT ("truncated"). */
wd_status wd_file_read_at(int fd, const char *path, uint64_t offset, void *out, size_t bytes, wd_error *err);

/* The whole of a file of at most `limit` bytes, with a zero byte after it; *data is released with wd_free. */
wd_status wd_file_read_all(const char *path, size_t limit, char **data, size_t *bytes, wd_error *err);

#endif
