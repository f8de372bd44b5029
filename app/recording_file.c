/* *.wdrun: a recording as one safetensors file.
 *
 *   recording          U8   (bytes)                    JSON: format, version, model, geometry, branches,
 * frames latents            F32  (n, C, h, w)               each once truth.I.velocity   F32  (nz, nx)
 *   truth.I.gathers    F32  (shots, samples, receivers)  absent where none are known
 *   frame.I.velocity   F32  (nz, nx)                   of latent I, as the JSON's "frames" say
 *   frame.I.gathers    F16  (shots, instants, receivers)
 *   frame.I.top, frame.I.scattered                     likewise, absent where it was not simulated
 *
 *   metadata           "format": "wavediffusion-recording"; "view": the view's JSON, as it was given; what
 * else is found there on loading, and members of the JSON that this version does not know, are written again
 * as they were.
 *
 * Loading believes nothing: sizes, indices, parents, positions and levels are checked against each other, and
 * a file that is wrong is one clear error. */
#include "app/i18n.h"
#include "app/recording_frames.h"
#include "app/recording_json.h"
#include "app/status_error.h"

#include "model/safetensors.h"
#include "solver/memory.h"

#include <math.h>
#include <string.h>

#define FORMAT         "wavediffusion-recording"
#define UNKNOWN_MEMBER "recording." /* prefix of members of the JSON among what is unknown */
enum { VERSION = 1, MAX_JSON = 512 << 20 };

static const char *const known_members[] = {"format",   "version", "model",  "geometry",
                                            "branches", "frames",  "program"};

/* ---- writing */

typedef struct Writer {
  GArray *tensor; /* wd_stored_tensor, names owned */
  GPtrArray *owned;
} Writer;

static void add_tensor(Writer *w, wd_dtype type, const void *data, int dims, const gsize *shape,
                       const char *format, ...) G_GNUC_PRINTF(6, 7);
static void add_tensor(Writer *w, wd_dtype type, const void *data, int dims, const gsize *shape,
                       const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  char *name = g_strdup_vprintf(format, ap);
  va_end(ap);
  g_ptr_array_add(w->owned, name);
  wd_stored_tensor t = {.name = name, .type = type, .dims = dims, .data = data};
  for (int i = 0; i < dims; i++) t.shape[i] = shape[i];
  g_array_append_val(w->tensor, t);
}

static gboolean map_fits(const wd_map *m, const wd_shard_desc *g) {
  return m->value && m->nz == g->nz && m->nx == g->nx;
}

static gboolean gather_fits(const wd_gather *q, const wd_shard_desc *g) {
  return q->value && q->shots == g->shots && q->samples == g->samples && q->receivers == g->receivers;
}

static void add_truths(Writer *w, const WdTable *truths, const wd_shard_desc *g) {
  const gsize map[2] = {(gsize)g->nz, (gsize)g->nx};
  const gsize gather[3] = {(gsize)g->shots, (gsize)g->samples, (gsize)g->receivers};
  for (guint i = 0; i < truths->item->len; i++) {
    const WdPair *p = g_ptr_array_index(truths->item, i);
    if (map_fits(&p->velocity, g)) add_tensor(w, WD_F32, p->velocity.value, 2, map, "truth.%u.velocity", i);
    if (gather_fits(&p->gathers, g))
      add_tensor(w, WD_F32, p->gathers.value, 3, gather, "truth.%u.gathers", i);
  }
}

static json_t *frame_json(guint i, const WdStored *f) {
  json_t *o = json_pack("{s:i, s:f, s:[f,f,f]}", "latent", (int)i, "pair_seconds", f->pair_seconds, "scale",
                        (double)f->scale[0], (double)f->scale[1], (double)f->scale[2]);
  if (!f->top) return o;
  json_object_set_new(o, "mode", json_string(wd_wave_mode_name(f->mode)));
  json_object_set_new(o, "seconds", json_real(f->seconds));
  json_object_set_new(o, "device", json_string(f->device));
  return o;
}

static void unref_bytes(gpointer b) {
  g_bytes_unref(b);
}
static void unref_pair(gpointer p) {
  wd_pair_unref(p);
}

static void free_owned(gpointer stored) {
  wd_stored_free(stored);
}

/* stored: WdStored * that the tensors point into. */
static wd_status add_frames(WdRecording *r, Writer *w, const WdTable *latents, json_t *list,
                            GPtrArray *stored, wd_error *err) {
  const wd_shard_desc *g = wd_recording_get_geometry(r);
  const gsize map[2] = {(gsize)g->nz, (gsize)g->nx};
  const gsize coded[3] = {(gsize)g->shots, (gsize)g->instants, (gsize)g->receivers};
  wd_error mine = {0};
  for (guint i = 0; i < latents->item->len && !mine.code; i++) {
    WdStored *f = wd_recording_store_frame(r, g_ptr_array_index(latents->item, i), &mine);
    if (!f) continue;
    g_ptr_array_add(stored, f);
    json_array_append_new(list, frame_json(i, f));
    add_tensor(w, WD_F32, f->velocity, 2, map, "frame.%u.velocity", i);
    add_tensor(w, WD_F16, f->gathers, 3, coded, "frame.%u.gathers", i);
    if (!f->top) continue;
    add_tensor(w, WD_F16, f->top, 3, coded, "frame.%u.top", i);
    add_tensor(w, WD_F16, f->scattered, 3, coded, "frame.%u.scattered", i);
  }
  if (mine.code && err) *err = mine;
  return mine.code;
}

static json_t *document(WdRecording *r, WdTable *latents, WdTable *truths) {
  json_t *o = json_object(), *branches = json_array();
  json_object_set_new(o, "format", json_string(FORMAT));
  json_object_set_new(o, "version", json_integer(VERSION));
  json_object_set_new(
      o, "model",
      json_pack("{s:s, s:s}", "name", wd_recording_get_model(r), "identity", wd_recording_get_identity(r)));
  json_object_set_new(o, "geometry", wd_geometry_to_json(wd_recording_get_geometry(r)));
  for (guint i = 0; i < wd_recording_count(r); i++) {
    const WdBranch *b = wd_recording_nth(r, i);
    if (b->position->len || b->truth) json_array_append_new(branches, wd_branch_to_json(b, latents, truths));
  }
  json_object_set_new(o, "branches", branches);
  return o;
}

struct WdImage {
  Writer w;
  GPtrArray *latent, *truth, *stored; /* what the tensors point into */
  GArray *metadata;                   /* wd_metadata, texts in w.owned */
  gsize latent_bytes;
  char *text; /* the JSON; malloc */
};

void wd_image_free(WdImage *i) {
  if (!i) return;
  g_ptr_array_unref(i->latent);
  g_ptr_array_unref(i->truth);
  g_ptr_array_unref(i->stored);
  g_array_unref(i->metadata);
  g_array_unref(i->w.tensor);
  g_ptr_array_unref(i->w.owned);
  free(i->text);
  g_free(i);
}

static void add_metadata(WdImage *i, const char *key, const char *value) {
  wd_metadata m = {g_strdup(key), g_strdup(value)};
  g_ptr_array_add(i->w.owned, (char *)m.key);
  g_ptr_array_add(i->w.owned, (char *)m.value);
  g_array_append_val(i->metadata, m);
}

/* Members of the JSON into the document, metadata into the image. */
static void add_unknown(WdRecording *r, json_t *o, WdImage *image) {
  GHashTableIter it;
  gpointer key, value;
  g_hash_table_iter_init(&it, wd_recording_get_unknown(r));
  while (g_hash_table_iter_next(&it, &key, &value)) {
    if (!g_str_has_prefix(key, UNKNOWN_MEMBER)) {
      add_metadata(image, key, value);
      continue;
    }
    json_t *v = json_loads(value, JSON_DECODE_ANY, NULL);
    if (v) json_object_set_new(o, (const char *)key + strlen(UNKNOWN_MEMBER), v);
  }
}

static wd_status check_latents(const WdImage *image, wd_error *err) {
  for (guint i = 0; i < image->latent->len; i++)
    if (g_bytes_get_size(g_ptr_array_index(image->latent, i)) != image->latent_bytes)
      return wd_fail(err, WD_ERR_SHAPE, _("a latent of this recording is not of its shape"));
  return WD_OK;
}

WdImage *wd_recording_image(WdRecording *r, gboolean frames, const char *view, wd_error *err) {
  const wd_latent_shape *shape = wd_recording_get_latent(r);
  WdImage *image = g_new0(WdImage, 1);
  image->w =
      (Writer){g_array_new(FALSE, TRUE, sizeof(wd_stored_tensor)), g_ptr_array_new_with_free_func(g_free)};
  image->latent = g_ptr_array_new_with_free_func(unref_bytes);
  image->truth = g_ptr_array_new_with_free_func(unref_pair);
  image->stored = g_ptr_array_new_with_free_func(free_owned);
  image->metadata = g_array_new(FALSE, TRUE, sizeof(wd_metadata));
  image->latent_bytes = (gsize)shape->count * sizeof(float);
  WdTable *latents = wd_table_new(), *truths = wd_table_new();
  json_t *o = document(r, latents, truths), *list = json_array();
  for (guint i = 0; i < latents->item->len; i++)
    g_ptr_array_add(image->latent, g_bytes_ref(g_ptr_array_index(latents->item, i)));
  for (guint i = 0; i < truths->item->len; i++)
    g_ptr_array_add(image->truth, wd_pair_ref(g_ptr_array_index(truths->item, i)));
  wd_status st = check_latents(image, err);
  const gsize dims[4] = {latents->item->len, (gsize)shape->channels, (gsize)shape->height,
                         (gsize)shape->width};
  if (latents->item->len) add_tensor(&image->w, WD_F32, NULL, 4, dims, "latents");
  add_truths(&image->w, truths, wd_recording_get_geometry(r));
  if (!st && frames) st = add_frames(r, &image->w, latents, list, image->stored, err);
  json_object_set_new(o, "frames", list);
  add_metadata(image, "format", FORMAT);
  if (view) add_metadata(image, "view", view);
  add_unknown(r, o, image);
  if (!st) {
    image->text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(17) | JSON_SORT_KEYS);
    if (!image->text) st = wd_fail(err, WD_ERR_NO_MEMORY, _("no memory to write the recording down"));
  }
  if (!st) {
    const gsize length[1] = {strlen(image->text)};
    add_tensor(&image->w, WD_U8, image->text, 1, length, "recording");
  }
  json_decref(o);
  wd_table_free(latents);
  wd_table_free(truths);
  if (!st) return image;
  wd_image_free(image);
  return NULL;
}

wd_status wd_image_write(const WdImage *image, const char *path, wd_error *err) {
  const GArray *tensor = image->w.tensor;
  wd_safetensors_writer *file = NULL;
  wd_status st = wd_safetensors_writer_open(path, &g_array_index(tensor, wd_stored_tensor, 0), tensor->len,
                                            &g_array_index(image->metadata, wd_metadata, 0),
                                            image->metadata->len, &file, err);
  for (guint i = 0; i < tensor->len && !st; i++) {
    const wd_stored_tensor *t = &g_array_index(tensor, wd_stored_tensor, i);
    if (t->data) {
      st = wd_safetensors_writer_append(file, t->data, wd_stored_tensor_bytes(t), err);
      continue;
    }
    for (guint j = 0; j < image->latent->len && !st; j++) /* the latents, one by one */
      st = wd_safetensors_writer_append(file, g_bytes_get_data(g_ptr_array_index(image->latent, j), NULL),
                                        image->latent_bytes, err);
  }
  if (!st) return wd_safetensors_writer_close(file, err);
  wd_safetensors_writer_abort(file);
  return st;
}

gboolean wd_recording_save(WdRecording *r, const char *path, gboolean frames, const char *view,
                           GError **error) {
  wd_error err = {0};
  WdImage *image = wd_recording_image(r, frames, view, &err);
  wd_status st = image ? wd_image_write(image, path, &err) : err.code;
  wd_image_free(image);
  return st ? wd_status_to_error(&err, error) : TRUE;
}

/* ---- reading */

typedef struct Reader {
  const wd_safetensors *file;
  WdRecording *r;
  wd_shard_desc geometry;
  GPtrArray *latent; /* GBytes * */
  GPtrArray *truth;  /* WdPair * */
} Reader;

static wd_status read_latents(Reader *d, wd_error *err) {
  const wd_stored_tensor *t = wd_safetensors_find(d->file, "latents");
  if (!t) return WD_OK;
  if (t->type != WD_F32 || t->dims != 4 || t->shape[1] < 1 || t->shape[2] < 1 || t->shape[3] < 1 ||
      t->shape[1] > 65536 || t->shape[2] > 65536 || t->shape[3] > 65536)
    return wd_fail(err, WD_ERR_FORMAT, _("\"latents\" is not a list of latents (n, C, h, w) in float32"));
  if (t->shape[0] == 0) return WD_OK;
  gsize one = t->count / t->shape[0];
  if (one > 1 << 24) return wd_fail(err, WD_ERR_FORMAT, _("latents of %zu numbers"), (size_t)one);
  wd_latent_shape shape = {(int)t->shape[1], (int)t->shape[2], (int)t->shape[3], (int)one, 0};
  for (gsize i = 0; i < t->shape[0]; i++) {
    const guint8 *from = (const guint8 *)t->data + i * one * sizeof(float);
    GBytes *b = g_bytes_new(from, one * sizeof(float));
    g_ptr_array_add(d->latent, b);
    const float *v = g_bytes_get_data(b, NULL);
    for (gsize k = 0; k < one; k++)
      if (!isfinite(v[k])) return wd_fail(err, WD_ERR_FORMAT, _("latent %zu is not finite"), (size_t)i);
  }
  wd_recording_set_shape(d->r, &shape, &d->geometry);
  return WD_OK;
}

static wd_status read_tensor(const Reader *d, const char *name, wd_dtype type, int dims, const long *shape,
                             const wd_stored_tensor **out, wd_error *err) {
  wd_status st = wd_safetensors_require(d->file, name, dims, shape, out, err);
  if (!st && (*out)->type != type)
    st = wd_fail(err, WD_ERR_FORMAT, _("\"%s\" is in %s, not in %s"), name, wd_dtype_name((*out)->type),
                 wd_dtype_name(type));
  return st;
}

static wd_status check_finite(const float *v, gsize n, const char *name, wd_error *err) {
  for (gsize i = 0; i < n; i++)
    if (!isfinite(v[i])) return wd_fail(err, WD_ERR_FORMAT, _("\"%s\" is not finite"), name);
  return WD_OK;
}

/* Truths are numbered from 0; the first that is not there ends them. */
static wd_status read_truths(Reader *d, wd_error *err) {
  const wd_shard_desc *g = &d->geometry;
  const long map[2] = {g->nz, g->nx}, gather[3] = {g->shots, g->samples, g->receivers};
  for (guint i = 0;; i++) {
    char velocity[40], gathers[40];
    g_snprintf(velocity, sizeof velocity, "truth.%u.velocity", i);
    g_snprintf(gathers, sizeof gathers, "truth.%u.gathers", i);
    gboolean has_map = wd_safetensors_find(d->file, velocity) != NULL;
    gboolean has_gathers = wd_safetensors_find(d->file, gathers) != NULL;
    if (!has_map && !has_gathers) return WD_OK;
    wd_status st = wd_stored_check_geometry(g, err);
    const wd_stored_tensor *t;
    wd_map v = {0};
    wd_gather q = {0};
    if (!st && has_map) st = read_tensor(d, velocity, WD_F32, 2, map, &t, err);
    if (!st && has_map) {
      v = (wd_map){g->nz, g->nx, g->spacing, wd_alloc(t->count, sizeof(float))};
      if (v.value) memcpy(v.value, t->data, t->bytes);
      st = v.value ? check_finite(v.value, t->count, velocity, err)
                   : wd_fail(err, WD_ERR_NO_MEMORY, _("no memory for a map"));
    }
    if (!st && has_gathers) st = read_tensor(d, gathers, WD_F32, 3, gather, &t, err);
    if (!st && has_gathers) st = wd_gather_create(g->shots, g->samples, g->receivers, g->dt, &q, err);
    if (!st && has_gathers) {
      memcpy(q.value, t->data, t->bytes);
      st = check_finite(q.value, t->count, gathers, err);
    }
    if (!st) g_ptr_array_add(d->truth, wd_pair_new(&v, &q, 0));
    wd_map_clear(&v);
    wd_gather_clear(&q);
    if (st) return st;
  }
}

static wd_status copy_half(const Reader *d, guint i, const char *what, const long *shape, guint16 **out,
                           wd_error *err) {
  char name[40];
  const wd_stored_tensor *t;
  g_snprintf(name, sizeof name, "frame.%u.%s", i, what);
  wd_status st = read_tensor(d, name, WD_F16, 3, shape, &t, err);
  if (st) return st;
  *out = g_memdup2(t->data, t->bytes);
  for (gsize k = 0; k < t->count; k++)
    if (((*out)[k] & 0x7c00) == 0x7c00) return wd_fail(err, WD_ERR_FORMAT, _("\"%s\" is not finite"), name);
  return WD_OK;
}

static wd_status read_frame(Reader *d, const json_t *o, wd_error *err) {
  const wd_shard_desc *g = &d->geometry;
  const long map[2] = {g->nz, g->nx}, coded[3] = {g->shots, g->instants, g->receivers};
  gint64 i = 0;
  char name[40];
  const wd_stored_tensor *t;
  if (!d->latent->len) return wd_fail(err, WD_ERR_FORMAT, _("frames of latents that are not there"));
  wd_status st = wd_json_int(o, "latent", 0, (gint64)d->latent->len - 1, -1, &i, err);
  if (!st && i < 0) st = wd_fail(err, WD_ERR_FORMAT, _("a frame does not say of which latent it is"));
  if (st) return st;
  WdStored *f = g_new0(WdStored, 1);
  const json_t *scale = json_object_get(o, "scale");
  for (int k = 0; k < 3 && !st; k++) {
    double x = json_number_value(json_array_get(scale, (size_t)k));
    f->scale[k] = (float)x;
    if (!(x >= 0 && x <= 1e30)) st = wd_fail(err, WD_ERR_FORMAT, _("\"scale\" of a frame is not one"));
  }
  g_snprintf(name, sizeof name, "frame.%u.velocity", (guint)i);
  if (!st) st = read_tensor(d, name, WD_F32, 2, map, &t, err);
  if (!st) {
    f->velocity = g_memdup2(t->data, t->bytes);
    st = check_finite(f->velocity, t->count, name, err);
  }
  if (!st) st = copy_half(d, (guint)i, "gathers", coded, &f->gathers, err);
  const char *mode = json_string_value(json_object_get(o, "mode"));
  if (!st && mode) {
    if (!wd_wave_mode_parse(mode, &f->mode))
      st = wd_fail(err, WD_ERR_FORMAT, _("\"mode\" of a frame is '%.20s'"), mode);
    if (!st) st = copy_half(d, (guint)i, "top", coded, &f->top, err);
    if (!st) st = copy_half(d, (guint)i, "scattered", coded, &f->scattered, err);
    const char *device = json_string_value(json_object_get(o, "device"));
    g_strlcpy(f->device, device ? device : "", sizeof f->device);
    f->seconds = json_number_value(json_object_get(o, "seconds"));
  }
  f->pair_seconds = json_number_value(json_object_get(o, "pair_seconds"));
  if (st)
    wd_stored_free(f);
  else
    wd_recording_keep_stored(d->r, g_ptr_array_index(d->latent, (guint)i), f);
  return st;
}

static void keep_unknown(Reader *d, const json_t *o) {
  GHashTable *unknown = wd_recording_get_unknown(d->r);
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)o, key, value) {
    gboolean known = FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(known_members); i++)
      known = known || strcmp(key, known_members[i]) == 0;
    char *text = known ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(17));
    if (text) g_hash_table_insert(unknown, g_strconcat(UNKNOWN_MEMBER, key, NULL), g_strdup(text));
    free(text);
  }
  for (gsize i = 0; i < wd_safetensors_metadata_count(d->file); i++) {
    wd_metadata m = wd_safetensors_metadata_at(d->file, i);
    if (strcmp(m.key, "format") != 0 && strcmp(m.key, "view") != 0 &&
        !g_str_has_prefix(m.key, UNKNOWN_MEMBER))
      g_hash_table_insert(unknown, g_strdup(m.key), g_strdup(m.value));
  }
}

static wd_status read_document(Reader *d, const json_t *o, wd_error *err) {
  const char *format = json_string_value(json_object_get(o, "format"));
  if (!format || strcmp(format, FORMAT) != 0)
    return wd_fail(err, WD_ERR_FORMAT, _("it does not say that it is a recording"));
  gint64 version = 0;
  wd_status st = wd_json_int(o, "version", 1, G_MAXINT, 0, &version, err);
  if (!st && version != VERSION)
    st = wd_fail(err, version > VERSION ? WD_ERR_UNSUPPORTED : WD_ERR_FORMAT,
                 _("it is a recording of version %d; this program reads version %d"), (int)version, VERSION);
  if (!st) st = wd_geometry_from_json(json_object_get(o, "geometry"), &d->geometry, err);
  const json_t *model = json_object_get(o, "model"), *branches = json_object_get(o, "branches"),
               *frames = json_object_get(o, "frames");
  const char *name = json_string_value(json_object_get(model, "name"));
  const char *identity = json_string_value(json_object_get(model, "identity"));
  if (!st && (!name || !identity)) st = wd_fail(err, WD_ERR_FORMAT, _("it does not say which model made it"));
  if (!st && !json_is_array(branches)) st = wd_fail(err, WD_ERR_FORMAT, _("it has no list of branches"));
  if (!st && (json_array_size(branches) || wd_safetensors_find(d->file, "latents")))
    st = wd_stored_check_geometry(&d->geometry, err);
  if (!st) wd_recording_set_model(d->r, name, identity);
  if (!st) st = read_latents(d, err);
  if (!st) st = read_truths(d, err);
  for (size_t i = 0; i < json_array_size(branches) && !st; i++) {
    st = wd_branch_from_json(d->r, json_array_get(branches, i), d->latent, d->truth, err);
    if (st) st = wd_fail_context(err, st, _("branch number %zu"), i + 1);
  }
  for (size_t i = 0; i < json_array_size(frames) && !st; i++)
    st = read_frame(d, json_array_get(frames, i), err);
  if (!st) keep_unknown(d, o);
  return st;
}

static wd_status load(const wd_safetensors *file, WdRecording *r, wd_error *err) {
  const wd_stored_tensor *t = wd_safetensors_find(file, "recording");
  if (!t || t->type != WD_U8 || t->dims != 1)
    return wd_fail(err, WD_ERR_FORMAT, _("it holds no recording (an export, or the weights of a model?)"));
  if (t->bytes > MAX_JSON) return wd_fail(err, WD_ERR_FORMAT, _("its description takes %zu bytes"), t->bytes);
  json_error_t e;
  json_t *o = json_loadb(t->data, t->bytes, JSON_REJECT_DUPLICATES, &e);
  if (!o) return wd_fail(err, WD_ERR_FORMAT, _("its description is broken: %s"), e.text);
  Reader d = {.file = file,
              .r = r,
              .latent = g_ptr_array_new_with_free_func(unref_bytes),
              .truth = g_ptr_array_new_with_free_func(unref_pair)};
  wd_status st = read_document(&d, o, err);
  g_ptr_array_unref(d.latent);
  g_ptr_array_unref(d.truth);
  json_decref(o);
  return st;
}

WdRecording *wd_recording_load(const char *path, char **view, GError **error) {
  wd_error err = {0};
  wd_safetensors *file = NULL;
  WdRecording *r = wd_recording_new();
  wd_status st = wd_safetensors_open(path, &file, &err);
  if (!st) {
    st = load(file, r, &err);
    if (st) wd_fail_context(&err, st, "%s", path);
  }
  if (view) *view = st ? NULL : g_strdup(wd_safetensors_metadata(file, "view"));
  wd_safetensors_close(file);
  if (!st) return r;
  g_object_unref(r);
  wd_status_to_error(&err, error);
  return NULL;
}
