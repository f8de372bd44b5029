#include "app/undo.h"

#include "app/annotation.h"
#include "app/i18n.h"
#include "app/window_private.h"

typedef struct WdUndo {
  guint id;
  char *name; /* to give it; or: */
  int k;
  GPtrArray *annotations;                   /* to put there; or: */
  enum { KEEP, PUT_BACK, SET_ASIDE } whole; /* what becomes of the branch */
} WdUndo;

static void free_undo(gpointer data) {
  WdUndo *u = data;
  g_free(u->name);
  if (u->annotations) g_ptr_array_unref(u->annotations);
  g_free(u);
}

static void push(GPtrArray **stack, guint id, const char *name) {
  if (!*stack) *stack = g_ptr_array_new_with_free_func(free_undo);
  WdUndo *u = g_new0(WdUndo, 1);
  *u = (WdUndo){.id = id, .name = g_strdup(name)};
  g_ptr_array_add(*stack, u);
}

static void push_annotations(GPtrArray **stack, guint id, int k, GPtrArray *before) {
  push(stack, id, NULL);
  WdUndo *u = (*stack)->pdata[(*stack)->len - 1];
  u->k = k;
  u->annotations = before;
}

void wd_undo_push_annotations(WdWindow *w, guint id, int k, GPtrArray *before) {
  push_annotations(&w->undo, id, k, before);
  if (w->redo) g_ptr_array_set_size(w->redo, 0);
}

/* ---- whole branches */

/* Whether `id` is `of`, or left it by whatever branches. */
static gboolean stems_from(WdRecording *r, guint id, guint of) {
  for (const WdBranch *b = wd_recording_find(r, id); b; b = wd_recording_find(r, b->parent)) {
    if (b->id == of) return TRUE;
    if (!b->parent) break;
  }
  return FALSE;
}

static gboolean set_aside(WdWindow *w, guint id) {
  const guint running = wd_session_get_running(w->session);
  if (running && stems_from(w->recording, running, id)) wd_session_stop(w->session);
  return wd_recording_set_aside(w->recording, id);
}

void wd_undo_remove(WdWindow *w, guint id) {
  const WdBranch *b = wd_recording_find(w->recording, id);
  const guint before = wd_recording_count(w->recording);
  if (!b) return;
  g_autofree char *name = g_strdup(b->name);
  if (!set_aside(w, id)) return;
  push(&w->undo, id, NULL);
  ((WdUndo *)w->undo->pdata[w->undo->len - 1])->whole = PUT_BACK;
  if (w->redo) g_ptr_array_set_size(w->redo, 0);
  const guint others = before - wd_recording_count(w->recording) - 1;
  g_autofree char *what = others ? g_strdup_printf(ngettext("Deleted “%s” and %u branch of it.",
                                                            "Deleted “%s” and %u branches of it.", others),
                                                   name, others)
                                 : g_strdup_printf(_("Deleted “%s”."), name);
  const WdNotice notice = {.code = WD_OK, .what = what, .kept = (char *)_("Ctrl+Z brings it back.")};
  wd_window_notify(w, &notice);
  wd_window_queue_update(w);
}

void wd_undo_watch(WdWindow *w) {
  WdRecording *r = wd_session_get_recording(w->session);
  if (!w->names) w->names = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  for (guint i = 0; i < wd_recording_count(r); i++) {
    const WdBranch *b = wd_recording_nth(r, i);
    const char *old = g_hash_table_lookup(w->names, GUINT_TO_POINTER(b->id));
    if (old && !g_strcmp0(old, b->name)) continue;
    if (old && !w->undoing) {
      push(&w->undo, b->id, old);
      if (w->redo) g_ptr_array_set_size(w->redo, 0);
    }
    g_hash_table_replace(w->names, GUINT_TO_POINTER(b->id), g_strdup(b->name));
  }
}

gboolean wd_undo_can(WdWindow *w, gboolean redo) {
  const GPtrArray *stack = redo ? w->redo : w->undo;
  return stack && stack->len > 0;
}

void wd_undo_do(WdWindow *w, gboolean redo) {
  GPtrArray *from = redo ? w->redo : w->undo;
  WdRecording *r = wd_session_get_recording(w->session);
  while (from && from->len) {
    const WdUndo *top = from->pdata[from->len - 1];
    const guint id = top->id;
    g_autofree char *name = g_strdup(top->name);
    if (top->annotations) {
      const int k = top->k;
      GPtrArray *there = wd_annotations_copy(top->annotations);
      g_ptr_array_set_size(from, (int)from->len - 1);
      GPtrArray *now = wd_annotations_copy(wd_recording_get_annotations(r, id, k));
      if (!wd_recording_set_annotations(r, id, k, there)) { /* gone since */
        g_ptr_array_unref(now);
        continue;
      }
      push_annotations(redo ? &w->undo : &w->redo, id, k, now);
      wd_view_go(w->view, r, 0, id, k); /* to where something happens */
      break;
    }
    if (top->whole) {
      const gboolean back = top->whole == PUT_BACK;
      g_ptr_array_set_size(from, (int)from->len - 1);
      if (!(back ? wd_recording_put_back(r, id) : set_aside(w, id))) continue; /* gone since */
      GPtrArray **to = redo ? &w->undo : &w->redo;
      push(to, id, NULL);
      ((WdUndo *)(*to)->pdata[(*to)->len - 1])->whole = back ? SET_ASIDE : PUT_BACK;
      if (back) wd_view_go(w->view, r, 0, id, MAX(wd_branch_last(wd_recording_find(r, id)), 0));
      break;
    }
    g_ptr_array_set_size(from, (int)from->len - 1);
    const WdBranch *branch = wd_recording_find(r, id);
    if (!branch) continue; /* gone since */
    push(redo ? &w->undo : &w->redo, id, branch->name);
    w->undoing = TRUE;
    wd_recording_rename(r, id, name);
    w->undoing = FALSE;
    break;
  }
  wd_window_queue_update(w);
}

typedef struct Stacks {
  GPtrArray *undo, *redo;
  GHashTable *names;
} Stacks;

static void stacks_free(gpointer data) {
  Stacks *s = data;
  g_clear_pointer(&s->undo, g_ptr_array_unref);
  g_clear_pointer(&s->redo, g_ptr_array_unref);
  g_clear_pointer(&s->names, g_hash_table_unref);
  g_free(s);
}

void wd_undo_switch(WdWindow *w, WdRecording *from, WdRecording *to) {
  if (from == to) return;
  Stacks *left = g_new(Stacks, 1);
  *left = (Stacks){g_steal_pointer(&w->undo), g_steal_pointer(&w->redo), g_steal_pointer(&w->names)};
  if (from)
    g_object_set_data_full(G_OBJECT(from), "wd-undo", left, stacks_free);
  else
    stacks_free(left);
  Stacks *here = to ? g_object_steal_data(G_OBJECT(to), "wd-undo") : NULL;
  if (!here) return;
  w->undo = g_steal_pointer(&here->undo);
  w->redo = g_steal_pointer(&here->redo);
  w->names = g_steal_pointer(&here->names);
  stacks_free(here);
}
