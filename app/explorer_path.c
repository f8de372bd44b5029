/* Paths over the plane: waypoints, and the walk of their latents. */
#include "app/explorer.h"

#include "app/i18n.h"
#include "app/status_error.h"

#include "solver/npy.h"

#include <math.h>

enum { OWN_PATH = 5 };

gboolean wd_explorer_add_waypoint(WdExplorer *x, double u, double v) {
  if (x->waypoints >= WD_WAYPOINTS_MAX || !isfinite(u) || !isfinite(v)) return FALSE;
  x->waypoint[x->waypoints][0] = u;
  x->waypoint[x->waypoints][1] = v;
  x->waypoints++;
  wd_explorer_changed(x, WD_EXPLORER_PATH);
  return TRUE;
}

void wd_explorer_remove_waypoint(WdExplorer *x, int i) {
  if (i < 0) i = x->waypoints - 1;
  if (i < 0 || i >= x->waypoints) return;
  for (; i + 1 < x->waypoints; i++)
    for (int c = 0; c < 2; c++) x->waypoint[i][c] = x->waypoint[i + 1][c];
  x->waypoints--;
  wd_explorer_changed(x, WD_EXPLORER_PATH);
}

void wd_explorer_clear_waypoints(WdExplorer *x) {
  x->waypoints = 0;
  wd_explorer_changed(x, WD_EXPLORER_PATH);
}

void wd_explorer_set_path(WdExplorer *x, gboolean smooth, wd_easing easing, int frames) {
  x->smooth = smooth;
  x->easing = easing;
  x->frames = CLAMP(frames, 2, WD_PATH_FRAMES_MAX);
  wd_explorer_changed(x, WD_EXPLORER_PATH);
}

void wd_explorer_path_place(const WdExplorer *x, int frame, double uv[2]) {
  double s = wd_path_place(x->easing, frame, x->frames, x->waypoints);
  wd_plane_path_point(x->smooth, x->waypoints, x->waypoint, s, uv);
}

static gboolean add_frame(WdExplorer *x, GBytes *latent, GError **error) {
  double uv[2];
  wd_explorer_path_place(x, x->path_done, uv);
  g_autofree char *note = wd_explorer_note(x, uv[0], uv[1], "path");
  if (x->path_done == 0) {
    g_autofree char *name = NULL;
    WdRecording *r = wd_session_get_recording(x->session);
    for (int n = 1; !name; n++) {
      name = g_strdup_printf(_("Path %d"), n);
      for (guint i = 0; name && i < wd_recording_count(r); i++)
        if (!g_strcmp0(wd_recording_nth(r, i)->name, name)) g_clear_pointer(&name, g_free);
    }
    x->path = wd_session_walk(x->session, name, latent, note, error);
    if (!x->path) return FALSE;
  } else if (wd_session_walk_append(x->session, x->path, latent, note, error) < 0) {
    return FALSE;
  }
  x->path_done++;
  return TRUE;
}

gboolean wd_explorer_make_path(WdExplorer *x, GError **error) {
  if (x->waypoints < 2)
    return wd_status_set_error(error, WD_ERR_ARGUMENT, _("A path needs two waypoints; there are %d."),
                               x->waypoints);
  if (!x->ready)
    return wd_status_set_error(error, WD_ERR_ARGUMENT, "%s", x->why ? x->why : _("There is no plane yet."));
  g_autofree char *key = wd_explorer_path_command(x, NULL);
  if (x->path && g_strcmp0(key, x->path_key) == 0 && x->path_done == x->frames)
    return TRUE; /* there already */
  wd_explorer_cancel_path(x);
  g_free(x->path_key);
  x->path_key = g_steal_pointer(&key);
  x->path = 0;
  x->path_done = 0;
  const gsize d = x->plane.count;
  GArray *chores = g_array_new(FALSE, FALSE, sizeof(WdChore));
  gboolean fine = TRUE;
  for (int i = 0; i < x->frames && fine; i++) {
    double uv[2];
    wd_explorer_path_place(x, i, uv);
    float *z = g_malloc_n(d, sizeof *z);
    wd_explorer_point(x, uv[0], uv[1], z);
    g_autoptr(GBytes) latent = g_bytes_new_take(z, d * sizeof *z);
    if (x->domain == WD_DOMAIN_DATA) {
      fine = add_frame(x, latent, error);
    } else {
      WdChore c = {.owner = &x->owner[OWN_PATH],
                   .id = (guint)i,
                   .latent = g_bytes_ref(latent),
                   .noise = TRUE,
                   .recipe = wd_explorer_recipe_of(x, x->anchor[0].seed)};
      g_array_append_val(chores, c);
    }
  }
  if (fine && chores->len)
    fine = wd_session_add_chores(x->session, (const WdChore *)chores->data, chores->len, error);
  x->path_making = fine && chores->len > 0;
  for (guint i = 0; i < chores->len; i++) g_bytes_unref(g_array_index(chores, WdChore, i).latent);
  g_array_unref(chores);
  wd_explorer_changed(x, WD_EXPLORER_PATH);
  return fine;
}

void wd_explorer_cancel_path(WdExplorer *x) {
  if (!x->path_making) return;
  wd_session_drop_chores(x->session, &x->owner[OWN_PATH]);
  x->path_making = FALSE;
  g_clear_pointer(&x->path_key, g_free); /* it is not whole */
  wd_explorer_changed(x, WD_EXPLORER_PATH);
}

gboolean wd_explorer_take_path(WdExplorer *x, const WdChoreDone *done) {
  if (done->chore.owner != &x->owner[OWN_PATH]) return FALSE;
  g_autoptr(GError) error = NULL;
  if ((int)done->chore.id != x->path_done || !x->path_making) return TRUE;
  if (done->error.code || !add_frame(x, done->latent, &error)) {
    wd_explorer_fail(x, _("Frame %d of the path could not be made: %s"), x->path_done,
                     error ? error->message : done->error.message);
    wd_explorer_cancel_path(x);
    return TRUE;
  }
  if (x->path_done == x->frames) x->path_making = FALSE;
  wd_explorer_changed(x, WD_EXPLORER_PATH);
  return TRUE;
}

gboolean wd_explorer_write_path(WdExplorer *x, const char *file, GError **error) {
  WdRecording *r = wd_session_get_recording(x->session);
  const WdBranch *b = x->path ? wd_recording_find(r, x->path) : NULL;
  if (!b || x->path_making)
    return wd_status_set_error(error, WD_ERR_ARGUMENT, _("There is no whole path to write."));
  const wd_latent_shape l = wd_session_get_model(x->session)->latent;
  const size_t n = b->position->len, shape[4] = {n, (size_t)l.channels, (size_t)l.height, (size_t)l.width};
  wd_error err = {0};
  wd_npy_writer *w = NULL;
  wd_status st = wd_npy_writer_open(file, WD_NPY_F32, 4, shape, &w, &err);
  for (guint k = 0; k < b->position->len && !st; k++) {
    const WdPosition *p = b->position->pdata[k];
    st = wd_npy_writer_append(w, g_bytes_get_data(p->latent[WD_WHAT_ESTIMATE], NULL), (size_t)l.count, &err);
  }
  if (!st)
    st = wd_npy_writer_close(w, &err);
  else
    wd_npy_writer_abort(w);
  return st ? wd_status_set_error(error, st, "%s.", err.message) : TRUE;
}
