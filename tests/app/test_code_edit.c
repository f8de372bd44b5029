/* Edits of codes as a walk: every one is a latent more with its numbers, undone and redone along the walk;
 * what an edit moved, measured on pairs of which the answer is known; edits that change nothing make nothing.
 */
#include "app/code_edit.h"
#include "app/influence.h"
#include "app/walk.h"
#include "tests/app/bed.h"

#include <jansson.h>

static char *folder, *model;

static GBytes *any_latent(const wd_code_table *t, guint seed) {
  gsize n = (gsize)t->shape.count;
  float *z = g_new(float, n);
  wd_random_normals(seed, 3, 0, n, z);
  return g_bytes_new_take(z, n * sizeof *z);
}

static const float *values(GBytes *b) {
  return g_bytes_get_data(b, NULL);
}

static gboolean says(const char *note, const char *key, const char *value) {
  json_t *o = json_loads(note, 0, NULL);
  char *text = json_dumps(json_object_get(o, key), JSON_ENCODE_ANY | JSON_COMPACT);
  gboolean same = g_strcmp0(text, value) == 0;
  if (!same) printf("# %s is %s, not %s\n", key, text ? text : "nothing", value);
  free(text);
  json_decref(o);
  return same;
}

static void edits(const wd_code_table *t) {
  GBytes *z = any_latent(t, 1), *other = any_latent(t, 2);
  int w = t->shape.width, cells = t->shape.height * w, cell = 2 * w + 1;
  guint8 *mask = g_new0(guint8, cells);
  int before = wd_code_table_of_cell(t, values(z), 0, cell), code = (before + 5) % t->codes;
  g_autofree char *want = g_strdup_printf("%d", code), *was = g_strdup_printf("%d", before);
  WdCodeEdit e = wd_code_edit_code(t, z, 0, cell, code);
  int numbers;
  tap_ok(e.latent && wd_code_table_of_cell(t, values(e.latent), 0, cell) == code &&
             wd_code_difference(t, z, e.latent, mask, &numbers) == 1 && mask[cell] && numbers <= t->width &&
             says(e.note, "edit", "\"code\"") && says(e.note, "cell", "[2,1]") &&
             says(e.note, "code", want) && says(e.note, "before", was),
         "a code is changed in its cell alone: %s", e.note);
  WdCodeEdit none = wd_code_edit_code(t, e.latent, 0, cell, code);
  WdCodeEdit wrong[] = {wd_code_edit_code(t, z, 0, cell, t->codes), wd_code_edit_code(t, z, 0, cells, 0),
                        wd_code_edit_code(t, z, 1, cell, 0), wd_code_edit_channel(t, z, 0, cell, NAN),
                        wd_code_edit_channel(t, z, 99, cell, 0)};
  gboolean nothing = !none.latent && !none.note;
  for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) nothing = nothing && !wrong[i].latent;
  tap_ok(nothing, "the code that is there, and what cannot be, make nothing");

  float value = values(z)[cell] + 0.001f;
  WdCodeEdit c = wd_code_edit_channel(t, z, 0, cell, value);
  tap_ok(c.latent && values(c.latent)[cell] == value &&
             wd_code_difference(t, z, c.latent, NULL, &numbers) == 0 && numbers == 1 &&
             strstr(c.note, "stays"),
         "a small change of a channel is one number, and no code: %s", c.note);
  wd_code_edit_clear(&c);
  c = wd_code_edit_channel(t, z, 0, cell, 50);
  tap_ok(wd_code_difference(t, z, c.latent, NULL, NULL) == 1 && !strstr(c.note, "stays"),
         "a large one is: %s", c.note);

  /* a patch of another latent: an L of three cells, put back where it was, elsewhere, and half outside */
  memset(mask, 0, (gsize)cells);
  mask[0] = mask[w] = mask[w + 1] = 1;
  WdCodePatch *p = wd_code_patch_new(t, other, mask, "Run 7, data");
  tap_ok(p && p->rows == 2 && p->columns == 2 && p->cells == 3 && p->row == 0 && p->column == 0,
         "a patch is taken");
  WdCodeEdit same = wd_code_edit_paste(t, other, p, 0, 0);
  tap_ok(!same.latent, "put where it was it changes nothing");
  WdCodeEdit paste = wd_code_edit_paste(t, z, p, 1, 1);
  int bad = 0;
  for (int ch = 0; ch < t->shape.channels; ch++)
    for (int r = 0; r < t->shape.height; r++)
      for (int k = 0; k < w; k++) {
        gboolean in = (r == 1 && k == 1) || (r == 2 && k == 1) || (r == 2 && k == 2);
        float now = values(paste.latent)[ch * cells + r * w + k];
        bad +=
            now != (in ? values(other)[ch * cells + (r - 1) * w + k - 1] : values(z)[ch * cells + r * w + k]);
      }
  tap_ok(bad == 0 && says(paste.note, "cells", "3") && says(paste.note, "at", "[1,1]"),
         "elsewhere it moves its own cells to the last bit, and no other (%d): %s", bad, paste.note);
  WdCodeEdit edge = wd_code_edit_paste(t, z, p, t->shape.height - 1, 0),
             out = wd_code_edit_paste(t, z, p, -5, 0);
  tap_ok(edge.latent && says(edge.note, "cells", "1") && !out.latent, "what falls outside is left out");
  memset(mask, 0, (gsize)cells);
  tap_ok(!wd_code_patch_new(t, z, mask, NULL), "no patch of no cells");

  mask[w + 1] = 1;
  WdCodeEdit back = wd_code_edit_revert(t, paste.latent, z, mask, "latent 0"),
             whole = wd_code_edit_revert(t, paste.latent, z, NULL, "latent 0");
  tap_ok(back.latent && says(back.note, "cells", "1") && whole.latent && g_bytes_equal(whole.latent, z) &&
             says(whole.note, "cells", "3"),
         "cells are put back, some or all");
  WdCodeEdit *all[] = {&e, &c, &paste, &edge, &back, &whole};
  for (gsize i = 0; i < G_N_ELEMENTS(all); i++) wd_code_edit_clear(all[i]);
  wd_code_patch_free(p);
  g_bytes_unref(z);
  g_bytes_unref(other);
  g_free(mask);

  /* colours: one for every code, the nearest of which are nearer than any */
  guint32 *colour = wd_code_colours(t, 0);
  double near = 0, any = 0;
  for (int k = 0; k < t->codes; k++) {
    int close[2], far = (k * 37 + 11) % t->codes;
    wd_code_table_nearest(t, 0, wd_code_table_vector(t, 0, k), 2, close, NULL);
    for (int s = 0; s < 24; s += 8) {
      near += abs((int)(colour[k] >> s & 255) - (int)(colour[close[1]] >> s & 255));
      any += abs((int)(colour[k] >> s & 255) - (int)(colour[far] >> s & 255));
    }
  }
  tap_ok(near < any, "near codes have nearer colours than others have (%.0f to %.0f)", near / t->codes,
         any / t->codes);
  g_free(colour);
}

static void on_walk(WdSession *s) {
  const wd_code_table *t = wd_session_get_model(s)->codes;
  WdRecording *r = wd_session_get_recording(s);
  GError *error = NULL;
  WdRecipe recipe = {.seed = 7, .family = -1, .plan.steps = 3};
  guint id = wd_session_run(s, &recipe, &error);
  bed_need_error(id != 0, error, "run");
  bed_wait(bed_idle, s, 60);
  GBytes *z = wd_place_latent(r, (WdPlace){id, 3}, WD_WHAT_ESTIMATE);
  WdCodeEdit e = wd_code_edit_code(t, z, 0, 3, (wd_code_table_of_cell(t, values(z), 0, 3) + 1) % t->codes);
  WdPlace at = {0}, first, second, third;
  bed_need_error(wd_walk_put(s, (WdPlace){id, 3}, WD_WHAT_ESTIMATE, e.latent, e.note, NULL, &at, &error),
                 error, "put");
  first = at;
  const WdBranch *walk = wd_recording_find(r, at.branch);
  tap_ok(walk->kind == WD_BRANCH_WALK && at.position == 1 && wd_branch_last(walk) == 1 &&
             wd_place_latent(r, (WdPlace){at.branch, 0}, WD_WHAT_ESTIMATE) == z &&
             wd_place_latent(r, at, WD_WHAT_ESTIMATE) == e.latent && wd_walk_from(r, at) == 0,
         "an edit of a run's latent begins a walk at that latent");
  wd_code_edit_clear(&e);
  z = wd_place_latent(r, first, WD_WHAT_ESTIMATE);
  e = wd_code_edit_channel(t, z, 1, 2, 3);
  bed_need_error(wd_walk_put(s, first, WD_WHAT_ESTIMATE, e.latent, e.note, NULL, &second, &error), error,
                 "put");
  wd_code_edit_clear(&e);
  e = wd_code_edit_channel(t, z, 1, 2, 4);
  bed_need_error(wd_walk_put(s, first, WD_WHAT_ESTIMATE, e.latent, e.note, &second, &at, &error), error,
                 "drag");
  tap_ok(at.position == 2 && second.position == 2 && wd_branch_last(walk) == 2 && wd_walk_from(r, at) == 1 &&
             wd_place_latent(r, at, WD_WHAT_ESTIMATE) == e.latent,
         "a drag stays one latent, made from where it began");
  wd_code_edit_clear(&e);
  WdPlace back;
  tap_ok(wd_walk_undo(r, at, &back) && back.position == 1 && wd_walk_undo(r, back, &back) &&
             back.position == 0 && !wd_walk_undo(r, back, &back) && wd_walk_redo(r, back, &back) &&
             back.position == 1,
         "undone step by step, and redone");
  /* another edit from there: what was undone stays in the walk */
  e = wd_code_edit_code(
      t, wd_place_latent(r, back, WD_WHAT_ESTIMATE), 0, 0,
      (wd_code_table_of_cell(t, values(wd_place_latent(r, back, WD_WHAT_ESTIMATE)), 0, 0) + 2) % t->codes);
  bed_need_error(wd_walk_put(s, back, WD_WHAT_ESTIMATE, e.latent, e.note, &second, &third, &error) || 1,
                 error, "");
  tap_ok(third.position == 2, "a gesture may only replace the walk's last");
  bed_need_error(wd_walk_put(s, back, WD_WHAT_ESTIMATE, e.latent, e.note, NULL, &third, &error), error,
                 "put");
  tap_ok(third.position == 3 && wd_walk_from(r, third) == 1 && wd_walk_redo(r, back, &at) &&
             at.position == 3 && wd_walk_undo(r, third, &at) && at.position == 1,
         "an edit after an undo is made from where undo led, and redo goes to the newest");
  wd_code_edit_clear(&e);
  tap_ok(!wd_walk_undo(r, (WdPlace){id, 2}, &at) && !wd_walk_redo(r, (WdPlace){id, 2}, &at) &&
             wd_walk_from(r, (WdPlace){99, 0}) == -1,
         "no undo in a run");
  g_autofree char *a = wd_place_name(r, (WdPlace){id, 3}), *b = wd_place_name(r, third),
                  *c = wd_place_name(r, (WdPlace){id, 1});
  tap_ok(!strcmp(a, "Run 7, data") && !strcmp(b, "Walk 1, latent 3") && !strcmp(c, "Run 7 at step 1"),
         "%s; %s; %s", a, b, c);
}

static WdPair *pair_of(const wd_shard_desc *g, float v, float amplitude) {
  wd_error err = {0};
  wd_map m = {0};
  wd_gather q = {0};
  bed_need(wd_map_create(g->nz, g->nx, 10, &m, &err), &err, "map");
  bed_need(wd_gather_create(g->shots, g->samples, g->receivers, 0.001, &q, &err), &err, "gather");
  for (int i = 0; i < g->nz * g->nx; i++) m.value[i] = v;
  for (size_t i = 0; i < wd_gather_count(&q); i++) q.value[i] = amplitude;
  return wd_pair_new(&m, &q, 0);
}

static void influence(void) {
  wd_latent_shape shape = {8, 18, 18, 2592, 324};
  wd_shard_desc g = {
      .nz = 70, .nx = 70, .shots = 5, .samples = 1000, .receivers = 70, .instants = 144, .dt = 0.001};
  WdCellPlace p = wd_code_cell_place(&shape, &g, 0), q = wd_code_cell_place(&shape, &g, 18 * 17 + 17),
              m = wd_code_cell_place(&shape, &g, 18 * 4 + 5);
  tap_ok(p.z0 == 0 && p.z1 == 3 && p.x0 == 0 && p.x1 == 3 && q.z1 == 70 && q.z0 == 67 && q.r1 == 70 &&
             m.z0 == 15 && m.z1 == 19 && m.x0 == 19 && m.x1 == 23 && p.t0 == 0 && q.t1 == 1000 && m.t0 == 222,
         "a cell stands for 4 x 4 cells of the map, less at the edge");
  int covered[70] = {0}, good = 1;
  for (int c = 0; c < 18; c++) {
    WdCellPlace one = wd_code_cell_place(&shape, &g, c);
    for (int x = one.x0; x < one.x1; x++) covered[x]++;
  }
  for (int x = 0; x < 70; x++) good = good && covered[x] == 1;
  tap_ok(good, "every column of the map belongs to one");

  /* +100 m/s in the 16 cells of one code, +50 in one cell elsewhere; shot 2 louder by a tenth from sample 500
   */
  WdPair *a = pair_of(&g, 2000, 1), *b = pair_of(&g, 2000, 1);
  for (int z = m.z0; z < m.z1; z++)
    for (int x = m.x0; x < m.x1; x++) b->velocity.value[z * 70 + x] += 100;
  b->velocity.value[60 * 70 + 60] -= 400;
  for (int t = 500; t < 1000; t++)
    for (int r = 0; r < 70; r++) b->gathers.value[(1000 + t) * 70 + r] = 1.1f;
  guint8 mask[324] = {0};
  mask[18 * 4 + 5] = 1;
  WdInfluence i;
  tap_ok(wd_influence_of(a, b, &shape, &g, mask, &i), "two pairs are compared");
  tap_at_most(fabs(i.rms - sqrt((16 * 1e4 + 16e4) / 4900)), 1e-9, "RMS of the change, m/s");
  tap_ok(i.largest == -400 && i.z == 60 && i.x == 60 && i.shot == 1, "where it is largest: %.0f m/s",
         i.largest);
  tap_at_most(fabs(i.inside - 0.5), 1e-9, "half of it lies in the cell itself");
  tap_at_most(fabs(i.area - 1.0 / 4900), 1e-12, "and half of it in one cell of the map");
  tap_at_most(fabs(i.energy / (0.01 / 10) - 1), 1e-5, "of the gathers' energy a thousandth");
  tap_at_most(fabs(i.gathers - sqrt(i.energy)), 1e-12, "its root");
  tap_at_most(fabs(i.largest_shot - sqrt(0.005)), 1e-6, "of shot 2");
  tap_at_most(fabs(i.sample_second - 0.75), 1e-3, "half of it by 750 ms");
  tap_ok(wd_influence_of(a, a, &shape, &g, mask, &i) && i.rms == 0 && i.gathers == 0 && isnan(i.inside),
         "nothing changed: nothing is said");
  wd_pair_unref(b);
  g.nx = 69;
  b = pair_of(&g, 1, 1);
  tap_ok(!wd_influence_of(a, b, &shape, &g, mask, &i), "pairs of another shape are not compared");
  wd_pair_unref(a);
  wd_pair_unref(b);
}

int main(void) {
  folder = bed_folder();
  model = g_build_filename(folder, "small", NULL);
  bed_make_model(model, 5, false);
  WdSession *s = bed_session(NULL);
  bed_open(s, model, "cpu:1");
  tap_ok(wd_session_get_model(s)->codes && wd_session_get_model(s)->codes->codes == 64,
         "a model tells its codes");
  edits(wd_session_get_model(s)->codes);
  on_walk(s);
  influence();
  g_object_unref(s);
  bed_remove(folder);
  g_free(model);
  g_free(folder);
  return tap_done();
}
