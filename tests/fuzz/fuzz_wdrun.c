/* Recordings: what is accepted must hang together, show its frames, and be written and read again as the
 * same. */
#include "app/recording_private.h"
#include "tests/fuzz/input.h"

#include <string.h>

static void look(WdRecording *r) {
  for (guint i = 0; i < wd_recording_count(r); i++) {
    WdBranch *b = wd_recording_nth(r, i);
    if (!b->id || wd_recording_find(r, b->id) != b || !b->name || !*b->name) abort();
    WdBranch *parent = b->parent ? wd_recording_find(r, b->parent) : NULL;
    if (b->parent && (!parent || b->parent_at < parent->first || b->parent_at > wd_branch_last(parent)))
      abort();
    if (b->first != (b->parent ? b->parent_at : 0) || b->steps < b->first) abort();
    if (wd_branch_last(b) > wd_branch_end(b)) abort();
    if (b->kind == WD_BRANCH_WALK && (b->parent || wd_branch_last(b) != b->steps)) abort();
    if (b->recipe.begin && (!b->edited || b->steps <= b->first)) abort();
    int origin = wd_recording_origin(r, b->id);
    if (origin < 0 || origin > b->first) abort();
    for (int k = b->first; k <= wd_branch_last(b); k++) {
      WdPosition *p = wd_recording_position(r, b->id, k);
      if (!p || !p->latent[WD_WHAT_STATE] || (p->level.timestep < 0) != wd_branch_is_data(b, NULL, k))
        abort();
      g_free(wd_position_note_text(p));
      for (int w = 0; w < WD_WHATS; w++) {
        WdFrame f;
        if (p->latent[w] &&
            g_bytes_get_size(p->latent[w]) != (gsize)wd_recording_get_latent(r)->count * sizeof(float))
          abort();
        if (k - b->first < 8 && wd_recording_get_frame(r, b->id, k, (WdWhat)w, &f) && !f.pair) abort();
        const WdScore *s = wd_position_score(p, (WdWhat)w);
        volatile double keep = s && s->shots ? s->shot[s->shots - 1][WD_SCORES - 1] : 0;
        (void)keep;
      }
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *view = NULL;
  GError *error = NULL;
  WdRecording *r = wd_recording_load(fuzz_file(data, size), &view, &error);
  if (!r) {
    if (!error || !*error->message || view) abort();
    g_clear_error(&error);
    return 0;
  }
  look(r);
  wd_error err = {0};
  WdImage *image = wd_recording_image(r, TRUE, view, &err);
  if (!image) abort();
  char path[64];
  g_snprintf(path, sizeof path, "/dev/shm/fuzz-wdrun-%d.wdrun", (int)getpid());
  if (wd_image_write(image, path, &err) == WD_OK) {
    WdRecording *again = wd_recording_load(path, NULL, &error);
    if (!again || wd_recording_count(again) > wd_recording_count(r)) abort();
    g_object_unref(again);
    unlink(path);
  }
  wd_image_free(image);
  g_object_unref(r);
  g_free(view);
  return 0;
}
