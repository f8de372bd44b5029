/* Which position of one branch goes with a position of another: by step, or by noise level. */
#include "app/view.h"

#include <math.h>

/* The positions of a branch at which a latent or a score is; the branch's own and its parents'. */
static const WdPosition *position_of(WdRecording *r, guint id, int k) {
  return wd_recording_position(r, id, k);
}

static gboolean is_data(const WdBranch *branch, const WdPosition *p, int k) {
  return wd_branch_is_data(branch, p, k) || !isfinite(p->level.log_snr);
}

int wd_view_align(WdRecording *recording, guint a, int position, guint b, WdAlign align) {
  const WdBranch *from = wd_recording_find(recording, a), *to = wd_recording_find(recording, b);
  if (!from || !to) return -1;
  int last = wd_branch_last(to);
  if (last < 0 || position < 0) return -1;
  if (align == WD_ALIGN_STEP) return MIN(position, last);

  const WdPosition *here = position_of(recording, a, position);
  if (!here) return -1;
  /* Refinement after data goes with refinement, step by step: both stand at noise level zero. */
  if (is_data(from, here, position)) return MIN(MAX(to->steps, 0) + MAX(position - from->steps, 0), last);

  int best = -1;
  double least = INFINITY;
  for (int k = 0; k <= last; k++) {
    const WdPosition *p = position_of(recording, b, k);
    if (!p) continue;
    if (k < wd_recording_origin(recording, b)) continue; /* a walk's, before the branch was noised */
    if (is_data(to, p, k)) break;
    double distance = fabs(p->level.log_snr - here->level.log_snr);
    if (distance < least) { /* of two equally near the noisier: the answer never runs ahead */
      least = distance;
      best = k;
    }
  }
  return best >= 0 ? best : MIN(to->steps, last); /* nothing but data: an encoded pair */
}
