#include "model/weights.h"

#include "model/checksum.h"
#include "solver/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char suffix[] = ".safetensors";

enum { PIECES_MAX = 9999, NAME_MAX_BYTES = 4096 };

struct wd_weights {
  wd_safetensors **file;
  int files;
};

/* Length of path without ".safetensors"; 0 when it does not end so or is too long. */
static size_t stem_length(const char *path) {
  size_t n = strlen(path), s = sizeof suffix - 1;
  return n > s && n < NAME_MAX_BYTES - 32 && strcmp(path + n - s, suffix) == 0 ? n - s : 0;
}

static void piece_path(char out[NAME_MAX_BYTES], const char *path, size_t stem, int piece, int pieces) {
  snprintf(out, NAME_MAX_BYTES, "%.*s-%05d-of-%05d%s", (int)stem, path, piece + 1, pieces, suffix);
}

/* Calls visit(user, whole path, number of pieces) for every piece of any set beside `path`. False when the
 * folder cannot be read. */
static bool each_piece(const char *path, size_t stem,
                       void (*visit)(void *user, const char *piece, int pieces), void *user) {
  const char *slash = strrchr(path, '/');
  size_t folder = slash ? (size_t)(slash - path) + 1 : 0, base = stem - folder;
  char name[NAME_MAX_BYTES];
  if (folder)
    snprintf(name, sizeof name, "%.*s", (int)folder, path);
  else
    snprintf(name, sizeof name, ".");
  DIR *dir = opendir(name);
  if (!dir) return false;
  for (struct dirent *e; (e = readdir(dir));) {
    int piece, pieces, end = 0;
    if (strncmp(e->d_name, path + folder, base) != 0) continue;
    if (sscanf(e->d_name + base, "-%5d-of-%5d.safetensors%n", &piece, &pieces, &end) != 2 || !end ||
        e->d_name[base + (size_t)end] || piece < 1 || piece > pieces || pieces > PIECES_MAX)
      continue;
    char expected[NAME_MAX_BYTES];
    piece_path(expected, path, stem, piece - 1, pieces);
    if (strcmp(expected + folder, e->d_name) == 0) visit(user, expected, pieces);
  }
  closedir(dir);
  return true;
}

/* ---- writing ---- */

/* What a tensor takes in the header at most: names may need escapes (6 bytes a byte). */
static size_t entry_bytes(const wd_stored_tensor *t) {
  return 6 * strlen(t->name ? t->name : "") + 128 + 24 * WD_MAX_DIMS;
}

typedef struct stale {
  const char *path;
  int keep; /* number of pieces of the set that stays; 0 for a single file */
} stale;

static void remove_stale(void *user, const char *piece, int pieces) {
  const stale *s = user;
  if (pieces != s->keep) unlink(piece);
}

static wd_status save_pieces(const char *path, size_t stem, const wd_stored_tensor *tensor,
                             const int *piece_of, size_t tensors, int pieces, const wd_metadata *metadata,
                             size_t metadata_count, wd_error *err) {
  uint64_t hash = WD_CHECKSUM_START;
  for (size_t i = 0; i < tensors; i++) {
    hash = wd_checksum(hash, tensor[i].name, strlen(tensor[i].name));
    hash = wd_checksum(hash, tensor[i].data, wd_stored_tensor_bytes(&tensor[i]));
  }
  char hash_text[20], piece_text[32];
  snprintf(hash_text, sizeof hash_text, "%016llx", (unsigned long long)hash);

  wd_safetensors_writer **writer = wd_calloc((size_t)pieces, sizeof *writer);
  wd_metadata *extended = wd_calloc(metadata_count + 2, sizeof *extended);
  wd_status st = WD_OK;
  if (!writer || !extended)
    st = wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory to write %d pieces", path, pieces);
  if (!st && metadata_count) memcpy(extended, metadata, metadata_count * sizeof *extended);
  size_t from = 0;
  for (int p = 0; p < pieces && !st; p++) {
    size_t to = from;
    while (to < tensors && piece_of[to] == p) to++;
    snprintf(piece_text, sizeof piece_text, "%d of %d", p + 1, pieces);
    extended[metadata_count] = (wd_metadata){"piece", piece_text};
    extended[metadata_count + 1] = (wd_metadata){"pieces_of", hash_text};
    char name[NAME_MAX_BYTES];
    piece_path(name, path, stem, p, pieces);
    st = wd_safetensors_writer_open(name, tensor + from, to - from, extended, metadata_count + 2, &writer[p],
                                    err);
    for (size_t i = from; i < to && !st; i++)
      st = wd_safetensors_writer_append(writer[p], tensor[i].data, wd_stored_tensor_bytes(&tensor[i]), err);
    from = to;
  }
  for (int p = 0; writer && p < pieces; p++) {
    if (!st)
      st = wd_safetensors_writer_close(writer[p], err);
    else
      wd_safetensors_writer_abort(writer[p]);
  }
  wd_free(writer);
  wd_free(extended);
  return st;
}

wd_status wd_weights_save(const char *path, const wd_stored_tensor *tensor, size_t tensors,
                          const wd_metadata *metadata, size_t metadata_count, size_t limit, wd_error *err) {
  size_t stem = stem_length(path);
  if (!stem)
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "%.200s: the name of weights must end in %s (and be shorter than %d bytes)", path, suffix,
                   NAME_MAX_BYTES - 32);
  size_t common = 512;
  for (size_t i = 0; i < metadata_count; i++)
    common += 6 * (strlen(metadata[i].key ? metadata[i].key : "") +
                   strlen(metadata[i].value ? metadata[i].value : "")) +
              16;
  int *piece_of = wd_calloc(tensors ? tensors : 1, sizeof *piece_of);
  if (!piece_of) return wd_fail(err, WD_ERR_NO_MEMORY, "%s: no memory to write %zu tensors", path, tensors);
  int pieces = 1;
  size_t used = common;
  wd_status st = WD_OK;
  for (size_t i = 0; i < tensors && limit && !st; i++) {
    size_t bytes = wd_stored_tensor_bytes(&tensor[i]) + entry_bytes(&tensor[i]);
    if (common + bytes >= limit)
      st = wd_fail(err, WD_ERR_ARGUMENT,
                   "%s: tensor \"%.80s\" of %zu bytes does not fit into pieces of less than %zu bytes", path,
                   tensor[i].name ? tensor[i].name : "", bytes, limit);
    if (used + bytes >= limit) {
      pieces++;
      used = common;
    }
    used += bytes;
    piece_of[i] = pieces - 1;
  }
  if (!st && pieces > PIECES_MAX)
    st = wd_fail(err, WD_ERR_ARGUMENT, "%s: more than %d pieces; allow larger ones", path, PIECES_MAX);
  if (!st) {
    if (pieces == 1)
      st = wd_safetensors_write(path, tensor, tensors, metadata, metadata_count, err);
    else
      st = save_pieces(path, stem, tensor, piece_of, tensors, pieces, metadata, metadata_count, err);
  }
  wd_free(piece_of);
  if (st) return st;
  if (pieces > 1) unlink(path);
  each_piece(path, stem, remove_stale, &(stale){path, pieces > 1 ? pieces : 0});
  return WD_OK;
}

/* ---- reading ---- */

typedef struct found {
  int pieces, other; /* of the first set seen; of another one, 0 when there is none */
} found;

static void note(void *user, const char *piece, int pieces) {
  (void)piece;
  found *f = user;
  if (!f->pieces) f->pieces = pieces;
  if (pieces != f->pieces) f->other = pieces;
}

static bool same_text(const char *a, const char *b) {
  return a && b && strcmp(a, b) == 0;
}

static wd_status check_pieces(const wd_weights *w, wd_error *err) {
  const char *first = wd_safetensors_metadata(w->file[0], "pieces_of");
  for (int p = 0; p < w->files; p++) {
    char expected[32];
    snprintf(expected, sizeof expected, "%d of %d", p + 1, w->files);
    if (!same_text(wd_safetensors_metadata(w->file[p], "pieces_of"), first) ||
        !same_text(wd_safetensors_metadata(w->file[p], "piece"), expected))
      return wd_fail(err, WD_ERR_FORMAT, "%.200s does not belong to the same weights as its piece 1",
                     wd_safetensors_path(w->file[p]));
    for (size_t i = 0; i < wd_safetensors_count(w->file[p]); i++)
      for (int q = 0; q < p; q++) {
        const char *name = wd_safetensors_at(w->file[p], i)->name;
        if (wd_safetensors_find(w->file[q], name))
          return wd_fail(err, WD_ERR_FORMAT, "%.200s: tensor \"%.80s\" is in piece %d too",
                         wd_safetensors_path(w->file[p]), name, q + 1);
      }
  }
  return WD_OK;
}

wd_status wd_weights_open(const char *path, wd_weights **out, wd_error *err) {
  size_t stem = stem_length(path);
  if (!stem)
    return wd_fail(err, WD_ERR_ARGUMENT,
                   "%.200s: the name of weights must end in %s (and be shorter than %d bytes)", path, suffix,
                   NAME_MAX_BYTES - 32);
  struct stat info;
  bool single = stat(path, &info) == 0;
  found f = {0};
  if (!single) each_piece(path, stem, note, &f);
  if (!single && !f.pieces)
    return wd_fail(err, WD_ERR_IO, "%.200s: no such weights, nor pieces of them: %s", path, strerror(ENOENT));
  if (f.other)
    return wd_fail(err, WD_ERR_FORMAT, "%.200s: there are pieces of %d and of %d; remove the older ones",
                   path, f.pieces, f.other);
  int files = single ? 1 : f.pieces;
  wd_weights *w = wd_calloc(1, sizeof *w);
  if (w) w->file = wd_calloc((size_t)files, sizeof(wd_safetensors *));
  if (!w || !w->file) {
    wd_free(w);
    return wd_fail(err, WD_ERR_NO_MEMORY, "no memory to open %.200s", path);
  }
  wd_status st = WD_OK;
  for (; w->files < files && !st; w->files += !st) {
    char name[NAME_MAX_BYTES];
    if (!single) piece_path(name, path, stem, w->files, files);
    st = wd_safetensors_open(single ? path : name, &w->file[w->files], err);
  }
  if (!st && !single) st = check_pieces(w, err);
  if (st)
    wd_weights_close(w);
  else
    *out = w;
  return st;
}

void wd_weights_close(wd_weights *weights) {
  if (!weights) return;
  for (int i = 0; i < weights->files; i++) wd_safetensors_close(weights->file[i]);
  wd_free(weights->file);
  wd_free(weights);
}

size_t wd_weights_count(const wd_weights *weights) {
  size_t count = 0;
  for (int p = 0; p < weights->files; p++) count += wd_safetensors_count(weights->file[p]);
  return count;
}

const wd_stored_tensor *wd_weights_at(const wd_weights *weights, size_t i) {
  for (int p = 0; p < weights->files; p++) {
    size_t count = wd_safetensors_count(weights->file[p]);
    if (i < count) return wd_safetensors_at(weights->file[p], i);
    i -= count;
  }
  return NULL;
}

/* The file that holds a tensor of that name; the first one when none does, for the message. */
static const wd_safetensors *holder(const wd_weights *weights, const char *name) {
  for (int p = 0; p < weights->files; p++)
    if (wd_safetensors_find(weights->file[p], name)) return weights->file[p];
  return weights->file[0];
}

const wd_stored_tensor *wd_weights_find(const wd_weights *weights, const char *name) {
  return wd_safetensors_find(holder(weights, name), name);
}

const char *wd_weights_metadata(const wd_weights *weights, const char *key) {
  return wd_safetensors_metadata(weights->file[0], key);
}

wd_status wd_weights_require(const wd_weights *weights, const char *name, int dims, const long *shape,
                             const wd_stored_tensor **out, wd_error *err) {
  return wd_safetensors_require(holder(weights, name), name, dims, shape, out, err);
}
