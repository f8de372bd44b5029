/* What clip a gather gets: distributions of |amplitude| of the decoded gathers of a run, kept so that any
 * percentile of any set of steps is at hand. Decoded, simulated and difference share the decoded gathers'
 * clip, so that they can be compared by eye. No GTK; main thread only. */
#ifndef WD_CLIPS_H
#define WD_CLIPS_H

#include "app/view.h"

/* |amplitude| of one set of gathers, by shot: 256 bins an octave over 40 octaves, so that a percentile is
 * right to 0.4 %, a hundredth of what an eye can tell on a colour bar. */
typedef struct WdHistogram WdHistogram;

WdHistogram *wd_histogram_new(const wd_gather *gather);
void wd_histogram_free(WdHistogram *histogram);
/* The smallest level that `percent` of the |amplitude| of shot (-1: of all shots) of all n histograms do not
 * exceed. Where that is silence though there is a signal, the largest |amplitude|; 0 when all is silent or n
 * is 0. NaN and infinity are left out. */
double wd_histogram_percentile(WdHistogram *const *histogram, guint n, int shot, double percent);

/* What is done to a gather before it is shown. False without memory or without what it takes (the direct
 * wave of `top` when mute). out: room for gather's values; may be gather's own. */
gboolean wd_gather_process(const wd_gather *gather, const wd_gather *top, gboolean mute,
                           const wd_display *display, float *out);

/* The book of a window: histograms by branch, position and what, each told stale by the latent it was made
 * of. */
typedef struct WdClips WdClips;
WdClips *wd_clips_new(void);
void wd_clips_free(WdClips *clips);

/* The clip of a shot (-1: all shots together) at place: of that step alone, or (scope run) of every step of
 * the branch whose pair is cached; *steps tells of how many. 0 when there is none. */
double wd_clips_find(WdClips *clips, WdRecording *recording, WdPlace place, WdWhat what,
                     const WdPanelLook *look, int shot, int *steps);
/* One clip over two places. */
double wd_clips_find_both(WdClips *clips, WdRecording *recording, const WdPlace place[2], WdWhat what,
                          const WdPanelLook *look, int shot, int *steps);

#endif
