#include "app/bookmark.h"

#include "app/recording_private.h"

#include <jansson.h>
#include <string.h>

char *wd_bookmark_get(const WdPosition *p) {
  json_t *o = p && p->note ? json_loads(p->note, 0, NULL) : NULL;
  char *name = g_strdup(json_string_value(json_object_get(o, "bookmark")));
  json_decref(o);
  if (name && (!*name || strlen(name) > WD_BOOKMARK_MAX)) g_clear_pointer(&name, g_free);
  return name;
}

gboolean wd_bookmark_set(WdRecording *r, guint branch, int k, const char *name) {
  WdPosition *p = wd_recording_position(r, branch, k);
  if (!p || (name && (strlen(name) > WD_BOOKMARK_MAX || !g_utf8_validate(name, -1, NULL)))) return FALSE;
  json_t *o = p->note ? json_loads(p->note, 0, NULL) : NULL;
  if (!json_is_object(o)) {
    json_decref(o);
    o = json_object();
  }
  if (name && *name)
    json_object_set_new(o, "bookmark", json_string(name));
  else
    json_object_del(o, "bookmark");
  char *text = json_object_size(o) ? json_dumps(o, JSON_COMPACT) : NULL;
  char *note = text ? wd_note_check(text) : NULL;
  const gboolean good = !text || note;
  free(text);
  json_decref(o);
  if (!good) return FALSE; /* the note would get too long */
  g_free(p->note);
  p->note = note;
  wd_recording_announce(r);
  return TRUE;
}

static void clear(gpointer bookmark) {
  g_free(((WdBookmark *)bookmark)->name);
}

GArray *wd_bookmark_list(WdRecording *r) {
  GArray *all = g_array_new(FALSE, FALSE, sizeof(WdBookmark));
  g_array_set_clear_func(all, clear);
  for (guint i = 0; i < wd_recording_count(r); i++) {
    const WdBranch *b = wd_recording_nth(r, i);
    for (int k = b->first; k <= wd_branch_last(b); k++) {
      char *name = wd_bookmark_get(wd_recording_position(r, b->id, k));
      if (!name) continue;
      const WdBookmark mark = {b->id, k, name};
      g_array_append_val(all, mark);
    }
  }
  return all;
}
