#include "app/apply.h"

#include "app/status_error.h"

#include <string.h>

#define KEY "wd-apply"

typedef struct Apply {
  WdSession *session; /* borrowed: this belongs to it */
  WdView *view;       /* reference */
  WdRecording *recording;
  WdRunRecipe *recipe;
  WdApplyHow how;
  guint link;   /* the one that runs */
  guint branch; /* its id */
  gulong state;
  gboolean idle;
} Apply;

static void apply_free(gpointer data) {
  Apply *a = data;
  if (a->state && a->session) g_signal_handler_disconnect(a->session, a->state);
  g_object_unref(a->view);
  g_object_unref(a->recording);
  wd_run_recipe_free(a->recipe);
  g_free(a);
}

gboolean wd_apply_is_running(WdSession *session) {
  return g_object_get_data(G_OBJECT(session), KEY) != NULL;
}

char *wd_apply_caveat(WdSession *session, const WdRunRecipe *r) {
  const WdModelInfo *m = wd_session_get_model(session);
  if (!m || !r->identity || !r->identity[0] || !g_strcmp0(m->identity, r->identity)) return NULL;
  return g_strdup_printf(
      "It was made with another model (%s, %.16s). With the one that is loaded (%s, %.16s) the same "
      "seed gives another picture.",
      r->model ? r->model : "unnamed", r->identity, m->name, m->identity);
}

/* Position to which link i is to run: to where the next one leaves, or to the place on screen. */
static int target(const Apply *a, guint i) {
  guint links = wd_run_recipe_links(a->recipe);
  int end = a->recipe->position;
  if (i + 1 < links) end = wd_run_recipe_link(a->recipe, i + 1)->at;
  return end;
}

static void show(Apply *a) {
  WdView *v = a->view;
  int k = a->recipe->position;
  const WdBranch *b = wd_recording_find(a->recording, a->branch);
  if (b && k > wd_branch_last(b)) k = wd_branch_last(b);
  v->what = a->recipe->what;
  wd_view_changed(v, WD_VIEW_PLACE);
  wd_view_go(v, a->recording, a->how == WD_APPLY_REFERENCE, a->branch, MAX(k, 0));
}

/* Starts link a->link. */
static gboolean start(Apply *a, GError **error) {
  const WdRunLink *l = wd_run_recipe_link(a->recipe, a->link);
  guint links = wd_run_recipe_links(a->recipe);
  WdRecipe recipe = l->recipe;
  if (a->link == 0 && recipe.begin)
    a->branch = wd_session_run_from(a->session, l->edited, &recipe, NULL, error);
  else if (a->link == 0 && l->edited)
    a->branch = wd_session_walk(a->session, NULL, l->edited,
                                "{\"edit\":\"recipe\",\"text\":\"from a recipe\"}", error);
  else if (a->link == 0)
    a->branch = links > 1 ? wd_session_run_to(a->session, &recipe, target(a, 0), error)
                          : wd_session_run(a->session, &recipe, error);
  else
    a->branch = wd_session_branch(a->session, a->branch, l->at, &recipe, l->edited, error);
  if (!a->branch) return FALSE;
  WdBranch *b = wd_recording_find(a->recording, a->branch);
  if (a->how == WD_APPLY_REFERENCE && a->link + 1 == links && b) b->pinned = TRUE;
  if (a->link + 1 == links) { /* what is on screen follows the last link from its start on */
    a->view->follow = FALSE;
    show(a);
  }
  return TRUE;
}

static gboolean reached(const Apply *a, int k) {
  const WdPosition *p = wd_recording_position(a->recording, a->branch, k);
  return p && p->latent[WD_WHAT_STATE];
}

static void finish(Apply *a) {
  g_object_set_data(G_OBJECT(a->session), KEY, NULL); /* frees a */
}

static gboolean go_on(gpointer session) {
  Apply *a = g_object_get_data(session, KEY);
  if (!a) return G_SOURCE_REMOVE;
  a->idle = FALSE;
  if (wd_session_get_recording(a->session) != a->recording) {
    finish(a);
    return G_SOURCE_REMOVE;
  }
  guint links = wd_run_recipe_links(a->recipe);
  WdSessionState state = wd_session_get_state(a->session);
  gboolean last = a->link + 1 >= links;
  if (last && reached(a, a->recipe->position)) {
    show(a);
    if (state != WD_SESSION_RUNNING) finish(a);
    return G_SOURCE_REMOVE;
  }
  if (state == WD_SESSION_RUNNING || state == WD_SESSION_CANCELLING) return G_SOURCE_REMOVE;
  if (!last && reached(a, target(a, a->link))) {
    a->link++;
    if (start(a, NULL)) return G_SOURCE_REMOVE;
  }
  finish(a); /* stopped, or failed: the session has said so */
  return G_SOURCE_REMOVE;
}

/* Never from within the session's own signal. */
static void on_state(WdSession *session, gpointer user) {
  Apply *a = user;
  if (a->idle) return;
  a->idle = TRUE;
  g_idle_add_full(G_PRIORITY_DEFAULT, go_on, g_object_ref(session), g_object_unref);
}

/* The look, without the places, which are of another recording. */
static void take_view(WdView *v, const char *json) {
  WdPlace place[2] = {v->place[0], v->place[1]};
  if (!json || !wd_view_from_json(v, json, NULL)) return;
  v->place[0] = place[0];
  v->place[1] = place[1];
  v->scrubbing = v->playing = FALSE;
  v->enlarged = -1;
  v->layout = WD_LAYOUT_STEP;
  wd_view_changed(v, WD_VIEW_ALL);
}

gboolean wd_apply_recipe(WdSession *session, WdView *view, const WdRunRecipe *recipe, WdApplyHow how,
                         GError **error) {
  if (recipe->pair)
    return wd_status_set_error(
        error, WD_ERR_UNSUPPORTED,
        "This recipe starts from an opened pair, %s, which is not in it: open that pair, or the "
        "recording.",
        recipe->pair);
  g_object_set_data(G_OBJECT(session), KEY, NULL); /* another one ends here */
  Apply *a = g_new0(Apply, 1);
  a->session = session;
  a->view = g_object_ref(view);
  a->recording = g_object_ref(wd_session_get_recording(session));
  a->recipe = wd_run_recipe_copy(recipe);
  a->how = how;
  if (how == WD_APPLY_HERE) take_view(view, recipe->view);
  if (how == WD_APPLY_REFERENCE) {
    view->layout = WD_LAYOUT_COMPARE;
    view->locked = FALSE;
    wd_view_changed(view, WD_VIEW_LAYOUT);
  }
  if (!start(a, error)) {
    apply_free(a);
    return FALSE;
  }
  a->state = g_signal_connect(session, "state", G_CALLBACK(on_state), a);
  g_object_set_data_full(G_OBJECT(session), KEY, a, apply_free);
  on_state(session, a); /* what needed no work tells nothing */
  return TRUE;
}
