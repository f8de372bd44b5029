#include "app/apply.h"

#include "app/i18n.h"
#include "app/status_error.h"

#include <string.h>

#define KEY  "wd-apply"
#define DONE "wd-apply-branch"
#define WHY  "wd-apply-failure"

typedef struct Apply {
  WdSession *session; /* borrowed: this belongs to it */
  WdView *view;       /* reference */
  WdRecording *recording;
  WdRunRecipe *recipe;
  WdApplyHow how;
  guint link;   /* the one that runs */
  guint leg;    /* of its refinement */
  int side;     /* that it is for; */
  guint first;  /* 1: after this branch, which is side A's */
  guint branch; /* its id */
  gulong state;
  gboolean idle;
} Apply;

static void apply_free(gpointer data) {
  Apply *a = data;
  /* With the session its handlers go first. */
  if (a->state && g_signal_handler_is_connected(a->session, a->state))
    g_signal_handler_disconnect(a->session, a->state);
  g_object_unref(a->view);
  g_object_unref(a->recording);
  wd_run_recipe_free(a->recipe);
  g_free(a);
}

gboolean wd_apply_is_running(WdSession *session) {
  return g_object_get_data(G_OBJECT(session), KEY) != NULL;
}

guint wd_apply_get_branch(WdSession *session) {
  return wd_apply_is_running(session) ? 0 : GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(session), DONE));
}

const char *wd_apply_get_failure(WdSession *session) {
  return g_object_get_data(G_OBJECT(session), WHY);
}

char *wd_apply_caveat(WdSession *session, const WdRunRecipe *r) {
  const WdModelInfo *m = wd_session_get_model(session);
  if (!m || !r->identity || !r->identity[0] || !g_strcmp0(m->identity, r->identity)) return NULL;
  return g_strdup_printf(
      _("It was made with another model (%s, %.16s). With the one that is loaded (%s, %.16s) the same "
        "seed gives another picture."),
      r->model ? r->model : _("unnamed"), r->identity, m->name, m->identity);
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
  /* In a recipe a step that is pinned is one of its own run (export_data.c). */
  if (!a->side && v->velocity == WD_VELOCITY_MINUS_PINNED && !v->pinned.branch) v->pinned.branch = a->branch;
  wd_view_changed(v, WD_VIEW_PLACE);
  wd_view_go(v, a->recording, a->side, a->branch, MAX(k, 0));
}

/* Starts link a->link. */
static gboolean start(Apply *a, GError **error) {
  const WdRunLink *l = wd_run_recipe_link(a->recipe, a->link);
  guint links = wd_run_recipe_links(a->recipe);
  WdRecipe recipe = l->recipe;
  recipe.refine_steps = wd_run_link_leg(l, 0).steps;
  a->leg = 0;
  if (a->link == 0 && recipe.begin)
    a->branch = wd_session_run_from(a->session, l->edited, &recipe, NULL, error);
  else if (a->link == 0 && l->edited) {
    g_autofree char *note = wd_note_new("recipe", _("from a recipe"));
    a->branch = wd_session_walk(a->session, NULL, l->edited, note, error);
  } else if (a->link == 0)
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

static void finish(Apply *a, gboolean good) {
  g_object_set_data(G_OBJECT(a->session), DONE,
                    GUINT_TO_POINTER(!good      ? 0
                                     : a->first ? a->first
                                                : a->branch));
  g_object_set_data(G_OBJECT(a->session), KEY, NULL); /* frees a */
}

/* A link or side B cannot begin: what was made before it stays. */
static void refuse(Apply *a, const GError *error) {
  WdSession *session = a->session;
  char *why = g_strdup(error->message);
  g_object_set_data_full(G_OBJECT(session), WHY, why, g_free);
  finish(a, FALSE);
  g_signal_emit_by_name(
      session, "notice",
      &(WdNotice){.code = WD_ERR_ARGUMENT, .what = (char *)_("The recipe cannot go on"), .details = why});
}

/* The next leg of refinement, once the one before is done. */
static gboolean refine_on(Apply *a) {
  const WdRunLink *l = wd_run_recipe_link(a->recipe, a->link);
  const WdRefineLeg next = wd_run_link_leg(l, a->leg + 1);
  int done = wd_run_recipe_steps(a->recipe);
  for (guint i = 0; i <= a->leg; i++) done += wd_run_link_leg(l, i).steps;
  if (!next.steps || !reached(a, done)) return FALSE;
  a->leg++;
  return wd_session_refine_in(a->session, a->branch, next.steps, next.rate, next.mode, NULL);
}

static void on_state(WdSession *session, gpointer user);

/* The run came to its own end, and was not stopped before. */
static gboolean is_whole(const Apply *a) {
  const WdBranch *b = wd_recording_find(a->recording, a->branch);
  return b && (b->kind == WD_BRANCH_WALK || reached(a, wd_branch_end(b)));
}

/* After side A, where nothing is left to be made: side B of a comparison, or the end. */
static void finish_side(Apply *a) {
  WdRunRecipe *beside = a->how == WD_APPLY_HERE ? a->recipe->beside : NULL;
  if (!beside || !is_whole(a)) {
    finish(a, !beside);
    return;
  }
  a->recipe->beside = NULL;
  wd_run_recipe_free(a->recipe);
  a->recipe = beside;
  a->side = 1;
  a->first = a->branch;
  a->link = 0;
  g_autoptr(GError) error = NULL;
  if (start(a, &error))
    on_state(a->session, a); /* what needed no work tells nothing */
  else
    refuse(a, error);
}

static gboolean go_on(gpointer session) {
  Apply *a = g_object_get_data(session, KEY);
  if (!a) return G_SOURCE_REMOVE;
  a->idle = FALSE;
  if (wd_session_get_recording(a->session) != a->recording) {
    finish(a, FALSE);
    return G_SOURCE_REMOVE;
  }
  guint links = wd_run_recipe_links(a->recipe);
  WdSessionState state = wd_session_get_state(a->session);
  gboolean last = a->link + 1 >= links, busy = state == WD_SESSION_RUNNING || state == WD_SESSION_CANCELLING;
  if (last && !busy && refine_on(a)) return G_SOURCE_REMOVE;
  if (last && reached(a, a->recipe->position)) {
    show(a);
    if (!busy) finish_side(a);
    return G_SOURCE_REMOVE;
  }
  if (busy) return G_SOURCE_REMOVE;
  if (!last && reached(a, target(a, a->link))) {
    g_autoptr(GError) error = NULL;
    a->link++;
    if (!start(a, &error)) refuse(a, error);
    return G_SOURCE_REMOVE;
  }
  finish(a, FALSE); /* stopped, or failed: the session has said so */
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
static void take_view(WdView *v, const char *json, gboolean both) {
  const WdPlace place[2] = {v->place[0], v->place[1]}, pinned = v->pinned;
  if (!json || !wd_view_from_json(v, json, NULL)) return;
  v->place[0] = place[0];
  v->place[1] = place[1];
  if (v->pinned.branch && v->velocity == WD_VELOCITY_MINUS_PINNED) v->velocity = WD_VELOCITY_DECODED;
  if (v->velocity != WD_VELOCITY_MINUS_PINNED) v->pinned = pinned;
  v->scrubbing = v->playing = FALSE;
  v->layout = both ? WD_LAYOUT_COMPARE : WD_LAYOUT_STEP;
  wd_view_changed(v, WD_VIEW_ALL);
}

gboolean wd_apply_recipe(WdSession *session, WdView *view, const WdRunRecipe *recipe, WdApplyHow how,
                         GError **error) {
  const char *pair = recipe->pair                             ? recipe->pair
                     : how == WD_APPLY_HERE && recipe->beside ? recipe->beside->pair
                                                              : NULL;
  if (pair)
    return wd_status_set_error(
        error, WD_ERR_UNSUPPORTED,
        recipe->pair ? _("This recipe starts from an opened pair, %s, which is not in it: open that "
                         "pair, or the recording.")
                     : _("This recipe's side B starts from an opened pair, %s, which is not in it: "
                         "open that pair, or the recording."),
        pair);
  g_object_set_data(G_OBJECT(session), KEY, NULL); /* another one ends here */
  g_object_set_data(G_OBJECT(session), DONE, NULL);
  g_object_set_data(G_OBJECT(session), WHY, NULL);
  Apply *a = g_new0(Apply, 1);
  a->session = session;
  a->view = g_object_ref(view);
  a->recording = g_object_ref(wd_session_get_recording(session));
  a->recipe = wd_run_recipe_copy(recipe);
  a->how = how;
  a->side = how == WD_APPLY_REFERENCE;
  if (how == WD_APPLY_HERE) take_view(view, recipe->view, recipe->beside != NULL);
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
