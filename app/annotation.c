#include "app/annotation.h"

#include "app/i18n.h"
#include "app/recording_private.h"

#include <math.h>
#include <string.h>

static const struct {
  const char *name, *title;
  int least, most; /* points */
} kinds[WD_ANNOTATION_KINDS] = {
    [WD_ANNOTATION_ARROW] = {"arrow", N_("Arrow"), 2, 2},
    [WD_ANNOTATION_BOX] = {"box", N_("Box"), 2, 2},
    [WD_ANNOTATION_TEXT] = {"text", N_("Text"), 1, 1},
    [WD_ANNOTATION_PICK] = {"pick", N_("Pick line"), 1, WD_ANNOTATION_POINTS},
    [WD_ANNOTATION_FREEHAND] = {"freehand", N_("Freehand"), 2, WD_ANNOTATION_POINTS},
};

const char *wd_annotation_name(int kind) {
  return kind >= 0 && kind < WD_ANNOTATION_KINDS ? kinds[kind].name : NULL;
}
const char *wd_annotation_title(int kind) {
  return kind >= 0 && kind < WD_ANNOTATION_KINDS ? _(kinds[kind].title) : NULL;
}
int wd_annotation_find(const char *name) {
  for (int i = 0; name && i < WD_ANNOTATION_KINDS; i++)
    if (!strcmp(name, kinds[i].name)) return i;
  return -1;
}

WdAnnotation *wd_annotation_new(WdAnnotationKind kind, gboolean gather, int shot, int points, const double *x,
                                const double *y, const char *text) {
  if (!wd_annotation_name((int)kind) || points < kinds[kind].least || points > kinds[kind].most) return NULL;
  if (shot < 0 || shot > 9999) return NULL;
  if (kind == WD_ANNOTATION_TEXT &&
      (!text || !*text || strlen(text) > WD_ANNOTATION_TEXT_BYTES || !g_utf8_validate(text, -1, NULL)))
    return NULL;
  for (int i = 0; i < points; i++)
    if (!(fabs(x[i]) < 1e9) || !(fabs(y[i]) < 1e9)) return NULL;
  WdAnnotation *a = g_new0(WdAnnotation, 1);
  a->kind = kind;
  a->gather = gather;
  a->shot = gather ? shot : 0;
  a->points = points;
  a->x = g_memdup2(x, (gsize)points * sizeof *x);
  a->y = g_memdup2(y, (gsize)points * sizeof *y);
  a->text = kind == WD_ANNOTATION_TEXT ? g_strdup(text) : NULL;
  return a;
}

void wd_annotation_free(gpointer annotation) {
  WdAnnotation *a = annotation;
  if (!a) return;
  g_free(a->x);
  g_free(a->y);
  g_free(a->text);
  g_free(a);
}

GPtrArray *wd_annotations_copy(const GPtrArray *all) {
  GPtrArray *copy = g_ptr_array_new_with_free_func(wd_annotation_free);
  for (guint i = 0; all && i < all->len; i++) {
    const WdAnnotation *a = all->pdata[i];
    g_ptr_array_add(copy, wd_annotation_new(a->kind, a->gather, a->shot, a->points, a->x, a->y, a->text));
  }
  return copy;
}

/* All bits of it: g_double_hash knows whole numbers alone, and none below zero. */
static guint hash_of(double v) {
  guint64 bits;
  memcpy(&bits, &v, sizeof bits);
  bits *= UINT64_C(0x9e3779b97f4a7c15);
  return (guint)(bits >> 32);
}

guint wd_annotations_hash(const GPtrArray *all) {
  guint h = 0;
  for (guint i = 0; all && i < all->len; i++) {
    const WdAnnotation *a = all->pdata[i];
    h = h * 31 + 1 + (guint)a->kind * 4 + (a->gather ? 2u : 0u) + (guint)a->shot * 64 +
        (a->text ? g_str_hash(a->text) : 0);
    for (int k = 0; k < a->points; k++) h = (h * 31 + hash_of(a->x[k])) * 31 + hash_of(a->y[k]);
  }
  return h;
}

/* ---- files */

json_t *wd_annotations_to_json(const GPtrArray *all) {
  json_t *list = json_array();
  for (guint i = 0; all && i < all->len; i++) {
    const WdAnnotation *a = all->pdata[i];
    json_t *o = json_pack("{s:s, s:s}", "kind", kinds[a->kind].name, "on", a->gather ? "gather" : "velocity");
    if (a->gather) json_object_set_new(o, "shot", json_integer(a->shot));
    if (a->text) json_object_set_new(o, "text", json_string(a->text));
    json_t *points = json_array();
    for (int k = 0; k < a->points; k++) {
      json_array_append_new(points, json_real(a->x[k]));
      json_array_append_new(points, json_real(a->y[k]));
    }
    json_object_set_new(o, "points", points);
    json_array_append_new(list, o);
  }
  return list;
}

static WdAnnotation *read_one(const json_t *o) {
  const int kind = wd_annotation_find(json_string_value(json_object_get(o, "kind")));
  const char *on = json_string_value(json_object_get(o, "on"));
  const char *text = json_string_value(json_object_get(o, "text"));
  const json_t *points = json_object_get(o, "points"), *shot = json_object_get(o, "shot");
  const size_t n = json_array_size(points);
  if (kind < 0 || !on || (strcmp(on, "gather") && strcmp(on, "velocity")) || n % 2 ||
      n > 2 * WD_ANNOTATION_POINTS)
    return NULL;
  if (shot && (!json_is_integer(shot) || json_integer_value(shot) < 0 || json_integer_value(shot) > 9999))
    return NULL;
  double x[WD_ANNOTATION_POINTS], y[WD_ANNOTATION_POINTS];
  for (size_t i = 0; i < n; i++) {
    const json_t *v = json_array_get(points, i);
    if (!json_is_number(v)) return NULL;
    (i % 2 ? y : x)[i / 2] = json_number_value(v);
  }
  return wd_annotation_new((WdAnnotationKind)kind, !strcmp(on, "gather"), (int)json_integer_value(shot),
                           (int)(n / 2), x, y, text);
}

wd_status wd_annotations_from_json(const json_t *o, GPtrArray **out, wd_error *err) {
  if (!json_is_array(o) || json_array_size(o) > WD_ANNOTATIONS)
    return wd_fail(err, WD_ERR_FORMAT, _("annotations are a list of at most %d"), WD_ANNOTATIONS);
  GPtrArray *all = g_ptr_array_new_with_free_func(wd_annotation_free);
  for (size_t i = 0; i < json_array_size(o); i++) {
    WdAnnotation *a = read_one(json_array_get(o, i));
    if (!a) {
      g_ptr_array_unref(all);
      return wd_fail(err, WD_ERR_FORMAT, _("annotation %zu of a position is none"), i);
    }
    g_ptr_array_add(all, a);
  }
  *out = all;
  return WD_OK;
}

/* ---- in a recording */

const GPtrArray *wd_recording_get_annotations(WdRecording *r, guint id, int k) {
  const WdPosition *p = wd_recording_position(r, id, k);
  return p ? p->annotations : NULL;
}

gboolean wd_recording_set_annotations(WdRecording *r, guint id, int k, GPtrArray *all) {
  WdPosition *p = wd_recording_position(r, id, k);
  if (!p || (all && all->len > WD_ANNOTATIONS)) {
    if (all) g_ptr_array_unref(all);
    return FALSE;
  }
  if (all && !all->len) g_clear_pointer(&all, g_ptr_array_unref);
  g_clear_pointer(&p->annotations, g_ptr_array_unref);
  p->annotations = all;
  wd_recording_announce_position(r, id, k);
  return TRUE;
}
