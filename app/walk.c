#include "app/walk.h"

#include "app/i18n.h"

#include <jansson.h>
#include <stdlib.h>

char *wd_place_name(WdRecording *r, WdPlace place) {
  const WdBranch *b = wd_place_owner(r, place);
  if (!b) return g_strdup(_("nothing"));
  if (b->kind == WD_BRANCH_WALK) return g_strdup_printf(_("%s, latent %d"), b->name, place.position);
  if (place.position > b->steps)
    return g_strdup_printf(_("%s, refined %d"), b->name, place.position - b->steps);
  if (b->kind == WD_BRANCH_ENCODED) return g_strdup_printf(_("%s, encoded"), b->name);
  if (place.position == b->steps) return g_strdup_printf(_("%s, data"), b->name);
  return g_strdup_printf(_("%s at step %d"), b->name, place.position);
}

char *wd_walk_note(const char *note, int from) {
  json_t *o = note ? json_loads(note, JSON_REJECT_DUPLICATES, NULL) : json_object();
  char *copy = NULL;
  if (json_is_object(o)) {
    if (from >= 0) json_object_set_new(o, "from", json_integer(from));
    char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(9));
    copy = g_strdup(text);
    free(text);
  }
  json_decref(o);
  return copy;
}

gboolean wd_walk_put(WdSession *s, WdPlace from, WdWhat what, GBytes *latent, const char *note,
                     const WdPlace *again, WdPlace *out, GError **error) {
  WdRecording *r = wd_session_get_recording(s);
  if (again && again->branch) {
    const WdBranch *walk = wd_recording_find(r, again->branch);
    if (walk && walk->kind == WD_BRANCH_WALK && again->position == walk->steps && again->position > 0) {
      WdPlace at = *again;
      g_autofree char *own = wd_walk_note(note, wd_walk_from(r, at));
      if (!wd_session_walk_replace(s, at.branch, latent, own ? own : note, error)) return FALSE;
      *out = at;
      return TRUE;
    }
  }
  const WdBranch *owner = wd_place_owner(r, from);
  guint walk = owner && owner->kind == WD_BRANCH_WALK ? owner->id : 0;
  int at = from.position;
  if (!walk) {
    GBytes *start = wd_place_latent(r, from, what);
    if (start) {
      g_autofree char *name = wd_place_name(r, from), *text = g_strdup_printf(_("from %s"), name);
      json_t *o =
          json_pack("{s:s, s:s, s:i, s:i, s:s}", "edit", "start", "text", text, "branch", (int)from.branch,
                    "position", from.position, "what", what == WD_WHAT_STATE ? "x_t" : "x0-hat");
      char *begun = json_dumps(o, JSON_COMPACT);
      json_decref(o);
      walk = wd_session_walk(s, NULL, start, begun, error);
      free(begun);
      if (!walk) return FALSE;
      at = 0;
    }
  }
  g_autofree char *own = wd_walk_note(note, walk ? at : -1);
  if (!walk) { /* from nothing: the walk begins with it */
    walk = wd_session_walk(s, NULL, latent, own ? own : note, error);
    *out = (WdPlace){walk, 0};
    return walk != 0;
  }
  int k = wd_session_walk_append(s, walk, latent, own ? own : note, error);
  *out = (WdPlace){walk, k};
  return k >= 0;
}

int wd_walk_from(WdRecording *r, WdPlace at) {
  const WdBranch *b = wd_place_owner(r, at);
  const WdPosition *p = b ? wd_recording_position(r, b->id, at.position) : NULL;
  if (!p || b->kind != WD_BRANCH_WALK || at.position < 1) return -1;
  json_t *o = p->note ? json_loads(p->note, 0, NULL) : NULL;
  const json_t *from = json_object_get(o, "from");
  json_int_t k = json_is_integer(from) ? json_integer_value(from) : at.position - 1;
  json_decref(o);
  return k >= 0 && k < at.position ? (int)k : at.position - 1;
}

gboolean wd_walk_undo(WdRecording *r, WdPlace at, WdPlace *out) {
  const WdBranch *b = wd_place_owner(r, at);
  int k = wd_walk_from(r, at);
  if (k < 0) return FALSE;
  *out = (WdPlace){b->id, k};
  return TRUE;
}

gboolean wd_walk_redo(WdRecording *r, WdPlace at, WdPlace *out) {
  const WdBranch *b = wd_place_owner(r, at);
  if (!b || b->kind != WD_BRANCH_WALK) return FALSE;
  for (int k = wd_branch_last(b); k > at.position; k--)
    if (wd_walk_from(r, (WdPlace){b->id, k}) == at.position) {
      *out = (WdPlace){b->id, k};
      return TRUE;
    }
  return FALSE;
}
