#include "app/lanes.h"

#include "app/i18n.h"
#include "render/axis.h"

#include <math.h>

/* A branch and what left it, depth first in order of making. */
static void add(WdRecording *r, guint id, int parent, GArray *lanes) {
  const WdBranch *b = wd_recording_find(r, id);
  if (!b || lanes->len > 10000) return;
  int own = (int)lanes->len;
  WdLane lane = {.id = id,
                 .row = own,
                 .parent = parent,
                 .first = b->parent ? b->first : 0,
                 .last = wd_branch_last(b),
                 .end = wd_branch_end(b),
                 .steps = b->steps,
                 .colour = wd_branch_colour(b->colour),
                 .walk = b->kind == WD_BRANCH_WALK,
                 .origin = wd_recording_origin(r, id)};
  lane.end = MAX(lane.end, lane.last);
  g_array_append_val(lanes, lane);
  for (guint i = 0; i < wd_recording_count(r); i++) {
    const WdBranch *child = wd_recording_nth(r, i);
    if (child->parent == id && child->id != id) add(r, child->id, own, lanes);
  }
}

GArray *wd_lanes_new(WdRecording *r, const WdPlace *a, const WdPlace *b, int *columns) {
  GArray *lanes = g_array_new(FALSE, FALSE, sizeof(WdLane));
  const WdBranch *first = a ? wd_recording_root(r, a->branch) : NULL,
                 *second = b ? wd_recording_root(r, b->branch) : NULL;
  if (first) add(r, first->id, -1, lanes);
  if (second && second != first) add(r, second->id, -1, lanes);
  if (columns) {
    *columns = 0;
    for (guint i = 0; i < lanes->len; i++) *columns = MAX(*columns, g_array_index(lanes, WdLane, i).end);
  }
  return lanes;
}

const WdLane *wd_lanes_find(const GArray *lanes, guint id) {
  for (guint i = 0; i < lanes->len; i++)
    if (g_array_index(lanes, WdLane, i).id == id) return &g_array_index(lanes, WdLane, i);
  return NULL;
}

const WdLane *wd_lanes_owner(const GArray *lanes, guint id, int k) {
  const WdLane *lane = wd_lanes_find(lanes, id);
  while (lane && k < lane->first && lane->parent >= 0) lane = &g_array_index(lanes, WdLane, lane->parent);
  return lane;
}

int wd_branch_colour(int number) {
  static const int colour[] = {1, 3, 4, 6, 5};
  return colour[(MAX(number, 1) - 1) % (int)G_N_ELEMENTS(colour)];
}

WdTick wd_tick_of(const WdPosition *p, WdWhat what, gboolean decoded) {
  if (!p || (!p->latent[what] && !p->latent[1 - what])) return WD_TICK_TO_MAKE;
  if (p->exact[what]) return WD_TICK_EXACT;
  if (p->live[what]) return WD_TICK_LIVE;
  return decoded ? WD_TICK_DECODED : WD_TICK_STORED;
}

double wd_place_denoised(WdRecording *r, WdPlace place) {
  const WdPosition *p = wd_recording_position(r, place.branch, place.position);
  const WdBranch *b = wd_recording_find(r, place.branch);
  if (!p || !b) return NAN;
  if (wd_branch_is_data(b, p, place.position)) return 100;
  const WdPosition *start = wd_recording_position(r, place.branch, wd_recording_origin(r, place.branch));
  if (!start || start->level.timestep < 0) return NAN;
  return 100 * (1 - (p->level.timestep + 1.0) / (start->level.timestep + 1.0));
}

char *wd_place_text(WdRecording *r, WdPlace place) {
  const WdPosition *p = wd_recording_position(r, place.branch, place.position);
  const WdBranch *b = wd_place_owner(r, place);
  if (!b) return g_strdup("");
  int k = place.position;
  if (b->kind == WD_BRANCH_WALK) {
    g_autofree char *made = wd_position_note_text(p);
    return g_strdup_printf(_("Latent %d/%d of %s%s%s"), k, b->steps, b->name, made ? " · " : "",
                           made ? made : "");
  }
  if (k > b->steps)
    return g_strdup_printf(_("Refinement %d/%d"), k - b->steps, MAX(wd_branch_end(b), k) - b->steps);
  if (k == b->steps)
    return b->kind == WD_BRANCH_ENCODED
               ? g_strdup(b->given_velocity && b->given_gathers ? _("Data, encoded from the opened pair")
                          : b->given_velocity ? _("Data, encoded from the velocity map alone")
                                              : _("Data, encoded from the gathers alone"))
               : g_strdup_printf(_("Data · step %d/%d · fully denoised"), k, b->steps);
  if (!p) return g_strdup_printf(_("Step %d/%d, not made yet"), k, b->steps);
  char snr[32];
  wd_format_number(p->level.log_snr, 0.1, snr, sizeof snr);
  double denoised = wd_place_denoised(r, place);
  return isfinite(denoised)
             ? g_strdup_printf(_("Step %d/%d · %.0f %% denoised · t = %d · log-SNR %s"), k, b->steps,
                               denoised, p->level.timestep, snr)
             : g_strdup_printf(_("Step %d/%d · t = %d · log-SNR %s"), k, b->steps, p->level.timestep, snr);
}

int wd_play_next(int at, int last, gboolean loop, gboolean ping_pong, gboolean *backwards) {
  if (last <= 0) return -1;
  int next = at + (*backwards ? -1 : 1);
  if (next >= 0 && next <= last) return next;
  if (ping_pong) {
    /* There and back is one round: without `loop` it ends where it began. */
    if (!loop && *backwards) return -1;
    *backwards = !*backwards;
    return *backwards ? last - 1 : 1;
  }
  return loop ? (*backwards ? last : 0) : -1;
}
