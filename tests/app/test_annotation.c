/* Annotations: what is written reads back the same, and lists that lie are refused as a whole, with a word
 * why. */
#include "app/annotation.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static GPtrArray *read_text(const char *text, wd_error *err) {
  *err = (wd_error){0};
  json_t *o = json_loads(text, JSON_DECODE_ANY, NULL);
  if (!o) {
    tap_ok(FALSE, "the test's own JSON: %s", text);
    return NULL;
  }
  GPtrArray *all = (GPtrArray *)&read_text; /* must be written on success alone */
  const wd_status st = wd_annotations_from_json(o, &all, err);
  json_decref(o);
  if (st && all != (GPtrArray *)&read_text) tap_ok(FALSE, "a refusal touches the answer: %s", text);
  return st ? NULL : all;
}

static void refused(const char *what, const char *text) {
  wd_error err;
  GPtrArray *all = read_text(text, &err);
  tap_ok(!all && err.code == WD_ERR_FORMAT && *err.message, "%s: %s", what, all ? "taken!" : err.message);
  if (all) g_ptr_array_unref(all);
}

static void taken(const char *what, const char *text, guint n) {
  wd_error err;
  GPtrArray *all = read_text(text, &err);
  tap_ok(all && all->len == n, "%s: %s", what, all ? "taken" : err.message);
  if (all) g_ptr_array_unref(all);
}

static void many(const char *what, int marks, int points, gboolean good) {
  g_autoptr(GString) s = g_string_new("[");
  for (int i = 0; i < marks; i++) {
    g_string_append_printf(s, "%s{\"kind\":\"freehand\",\"on\":\"velocity\",\"points\":[", i ? "," : "");
    for (int k = 0; k < points; k++) g_string_append_printf(s, "%s%d,%d", k ? "," : "", k, i);
    g_string_append(s, "]}");
  }
  g_string_append_c(s, ']');
  if (good)
    taken(what, s->str, (guint)marks);
  else
    refused(what, s->str);
}

static void round_trip(void) {
  const double x[] = {10, 250.5, 690}, y[] = {0, 333.25, -5};
  g_autoptr(GPtrArray) all = wd_annotations_copy(NULL);
  for (int kind = 0; kind < WD_ANNOTATION_KINDS; kind++) {
    const int n = kind == WD_ANNOTATION_TEXT ? 1 : kind <= WD_ANNOTATION_BOX ? 2 : 3;
    WdAnnotation *a = wd_annotation_new((WdAnnotationKind)kind, kind % 2, kind, n, x, y,
                                        kind == WD_ANNOTATION_TEXT ? "a pick, \"quoted\" \xc3\xa9" : NULL);
    tap_ok(a != NULL && wd_annotation_find(wd_annotation_name(kind)) == kind, "a %s",
           wd_annotation_title(kind));
    if (a) g_ptr_array_add(all, a);
  }
  json_t *o = wd_annotations_to_json(all);
  GPtrArray *again = NULL;
  wd_error err = {0};
  tap_ok(!wd_annotations_from_json(o, &again, &err) && wd_annotations_hash(again) == wd_annotations_hash(all),
         "five of them come back as they were %s", err.message);
  json_decref(o);
  WdAnnotation *first = again ? g_ptr_array_index(again, 0) : NULL;
  if (first) {
    first->x[0] += 1e-9;
    tap_ok(wd_annotations_hash(again) != wd_annotations_hash(all),
           "a point that moved by a nanometre is another");
    g_ptr_array_unref(again);
  }
  tap_ok(!wd_annotation_new(WD_ANNOTATION_ARROW, FALSE, 0, 2, (double[]){0, NAN}, y, NULL) &&
             !wd_annotation_new(WD_ANNOTATION_TEXT, FALSE, 0, 1, x, y, NULL) &&
             !wd_annotation_new(WD_ANNOTATION_TEXT, FALSE, 0, 1, x, y, "") &&
             !wd_annotation_new(WD_ANNOTATION_PICK, FALSE, 0, 0, x, y, NULL),
         "none is made of what is not finite, of no text, of no points");
}

int main(void) {
  round_trip();
  taken("an empty list", "[]", 0);
  taken("an arrow", "[{\"kind\":\"arrow\",\"on\":\"velocity\",\"points\":[0,0,1,1]}]", 1);
  refused("no list", "{}");
  refused("a number in place of a list", "3");
  refused("a string in it", "[\"arrow\"]");
  refused("null in it", "[null]");
  refused("no kind", "[{\"on\":\"velocity\",\"points\":[0,0,1,1]}]");
  refused("an unknown kind", "[{\"kind\":\"circle\",\"on\":\"velocity\",\"points\":[0,0,1,1]}]");
  refused("a kind that is a number", "[{\"kind\":0,\"on\":\"velocity\",\"points\":[0,0,1,1]}]");
  refused("on nothing", "[{\"kind\":\"arrow\",\"points\":[0,0,1,1]}]");
  refused("on the ceiling", "[{\"kind\":\"arrow\",\"on\":\"ceiling\",\"points\":[0,0,1,1]}]");
  refused("no points", "[{\"kind\":\"arrow\",\"on\":\"velocity\"}]");
  refused("half a point", "[{\"kind\":\"arrow\",\"on\":\"velocity\",\"points\":[0,0,1]}]");
  refused("an arrow of one point", "[{\"kind\":\"arrow\",\"on\":\"velocity\",\"points\":[0,0]}]");
  refused("an arrow of three", "[{\"kind\":\"arrow\",\"on\":\"velocity\",\"points\":[0,0,1,1,2,2]}]");
  refused("points of text", "[{\"kind\":\"arrow\",\"on\":\"velocity\",\"points\":[\"0\",0,1,1]}]");
  refused("a nested point", "[{\"kind\":\"arrow\",\"on\":\"velocity\",\"points\":[[0,0],[1,1]]}]");
  refused("a shot below zero", "[{\"kind\":\"arrow\",\"on\":\"gather\",\"shot\":-1,\"points\":[0,0,1,1]}]");
  refused("a shot beyond all",
          "[{\"kind\":\"arrow\",\"on\":\"gather\",\"shot\":4294967296,\"points\":[0,0,1,1]}]");
  refused("a shot that is a fraction",
          "[{\"kind\":\"arrow\",\"on\":\"gather\",\"shot\":0.5,\"points\":[0,0,1,1]}]");
  refused("a text without words", "[{\"kind\":\"text\",\"on\":\"velocity\",\"points\":[0,0]}]");
  refused("a text that is a number", "[{\"kind\":\"text\",\"on\":\"velocity\",\"text\":7,\"points\":[0,0]}]");
  refused("one good, one bad: all of them",
          "[{\"kind\":\"arrow\",\"on\":\"velocity\",\"points\":[0,0,1,1]},{\"kind\":\"arrow\"}]");
  g_autofree char *long_text = g_strnfill(WD_ANNOTATION_TEXT_BYTES + 1, 'a');
  g_autofree char *with_it = g_strdup_printf(
      "[{\"kind\":\"text\",\"on\":\"velocity\",\"text\":\"%s\",\"points\":[0,0]}]", long_text);
  refused("a text longer than may be", with_it);
  many("as many as may be", WD_ANNOTATIONS, 2, TRUE);
  many("one more", WD_ANNOTATIONS + 1, 2, FALSE);
  many("as many points as may be", 1, WD_ANNOTATION_POINTS, TRUE);
  many("one point more", 1, WD_ANNOTATION_POINTS + 1, FALSE);
  return tap_done();
}
