#include "app/clips.h"
#include "app/recording_private.h"

#include <math.h>
#include <string.h>

enum { OCTAVES = 40, PER_OCTAVE = 256, BINS = OCTAVES * PER_OCTAVE, SHIFT = 23 - 8 };

struct WdHistogram {
  int shots;
  guint32 *count; /* shots * BINS */
  guint64 *silent, *total;
  float *largest;
};

/* Positive floats order as their bits do; the highest 8 bits of the mantissa and the exponent are the bin.
 * The top octave is that of 2^20, far above any pressure of the solver. */
enum { TOP_EXPONENT = 127 + 20, LOWEST = (TOP_EXPONENT - OCTAVES) * PER_OCTAVE };

static inline int bin_of(float magnitude) {
  guint32 bits;
  memcpy(&bits, &magnitude, sizeof bits);
  int bin = (int)(bits >> SHIFT) - LOWEST;
  return bin < 0 ? -1 : bin >= BINS ? BINS - 1 : bin;
}

static double top_of_bin(int bin) {
  guint32 bits = (guint32)(bin + 1 + LOWEST) << SHIFT;
  float value;
  memcpy(&value, &bits, sizeof value);
  return (double)value;
}

WdHistogram *wd_histogram_new(const wd_gather *gather) {
  WdHistogram *h = g_new0(WdHistogram, 1);
  h->shots = gather->shots;
  h->count = g_new0(guint32, (gsize)h->shots * BINS);
  h->silent = g_new0(guint64, (gsize)h->shots);
  h->total = g_new0(guint64, (gsize)h->shots);
  h->largest = g_new0(float, (gsize)h->shots);
  gsize each = (gsize)gather->samples * (gsize)gather->receivers;
  for (int s = 0; s < h->shots; s++) {
    const float *value = gather->value + (gsize)s * each;
    guint32 *count = h->count + (gsize)s * BINS;
    guint64 silent = 0, left_out = 0;
    float largest = 0;
    for (gsize i = 0; i < each; i++) {
      float a = fabsf(value[i]);
      if (!(a <= 3.4e38f)) {
        left_out++;
        continue;
      }
      if (a > largest) largest = a;
      int bin = bin_of(a);
      if (bin < 0)
        silent++;
      else
        count[bin]++;
    }
    h->silent[s] = silent;
    h->total[s] = each - left_out;
    h->largest[s] = largest;
  }
  return h;
}

void wd_histogram_free(WdHistogram *h) {
  if (!h) return;
  g_free(h->count);
  g_free(h->silent);
  g_free(h->total);
  g_free(h->largest);
  g_free(h);
}

double wd_histogram_percentile(WdHistogram *const *histogram, guint n, int shot, double percent) {
  guint64 silent = 0, total = 0;
  float largest = 0;
  g_autofree guint64 *sum = g_new0(guint64, BINS);
  for (guint i = 0; i < n; i++) {
    const WdHistogram *h = histogram[i];
    int from = shot < 0 ? 0 : shot, to = shot < 0 ? h->shots : shot + 1;
    for (int s = from; s < to && s < h->shots; s++) {
      silent += h->silent[s];
      total += h->total[s];
      largest = fmaxf(largest, h->largest[s]);
      for (int b = 0; b < BINS; b++) sum[b] += h->count[(gsize)s * BINS + (gsize)b];
    }
  }
  if (total == 0) return 0;
  double rank = ceil(percent / 100 * (double)total);
  guint64 want = rank <= 1 ? 1 : (guint64)rank, seen = silent;
  if (seen >= want || percent >= 100) return (double)largest;
  for (int b = 0; b < BINS; b++) {
    seen += sum[b];
    if (seen >= want) return fmin(top_of_bin(b), (double)largest);
  }
  return (double)largest;
}

gboolean wd_gather_process(const wd_gather *gather, const wd_gather *top, gboolean mute,
                           const wd_display *display, float *out) {
  gsize count = wd_gather_count(gather), each = (gsize)gather->samples * (gsize)gather->receivers;
  if (mute) {
    if (!top || wd_gather_count(top) != count) return FALSE;
    for (gsize i = 0; i < count; i++) out[i] = gather->value[i] - top->value[i];
  } else if (out != gather->value) {
    memcpy(out, gather->value, count * sizeof *out);
  }
  if (!(display->agc > 0) && !display->normalise && display->time_power == 0 && !display->flip) return TRUE;
  for (int s = 0; s < gather->shots; s++) {
    float *shot = out + (gsize)s * each;
    if (wd_display_apply(display, shot, gather->samples, gather->receivers, gather->dt, shot, NULL))
      return FALSE;
  }
  return TRUE;
}

/* ---- the book */

typedef struct Entry {
  GBytes *latent;
  gboolean mute;
  wd_display display;
  WdHistogram *histogram;
} Entry;

struct WdClips {
  WdRecording *recording; /* told apart by address, not held */
  GHashTable *entry;      /* "branch/position/what" as a 64-bit key */
};

static void entry_free(gpointer data) {
  Entry *e = data;
  g_bytes_unref(e->latent);
  wd_histogram_free(e->histogram);
  g_free(e);
}

WdClips *wd_clips_new(void) {
  WdClips *clips = g_new0(WdClips, 1);
  clips->entry = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, entry_free);
  return clips;
}

void wd_clips_free(WdClips *clips) {
  if (!clips) return;
  g_hash_table_unref(clips->entry);
  g_free(clips);
}

/* Flipping changes no magnitude. */
static gboolean same_display(const wd_display *a, const wd_display *b) {
  return a->agc == b->agc && a->normalise == b->normalise && a->time_power == b->time_power;
}

static WdHistogram *histogram_at(WdClips *clips, WdRecording *recording, guint branch, int position,
                                 WdWhat what, const WdPanelLook *look) {
  WdPosition *p = wd_recording_position(recording, branch, position);
  GBytes *latent = p ? p->latent[what] : NULL;
  if (!latent) return NULL;
  gint64 key = (gint64)branch << 32 | (gint64)position << 2 | (gint64)what;
  Entry *e = g_hash_table_lookup(clips->entry, &key);
  if (e && e->latent == latent && e->mute == look->mute_direct && same_display(&e->display, &look->display))
    return e->histogram;
  WdFrame frame = {0};
  if (!wd_recording_peek_frame(recording, latent, &frame) || !frame.pair) return NULL;
  const wd_gather *gather = &frame.pair->gathers;
  WdSimulation *simulation = wd_frame_simulation(&frame);
  wd_gather shown = *gather;
  wd_display display = look->display;
  display.flip = FALSE;
  gboolean plain = !look->mute_direct && !(display.agc > 0) && !display.normalise && display.time_power == 0;
  g_autofree float *own = plain ? NULL : g_try_new(float, wd_gather_count(gather));
  if (own) shown.value = own;
  if (!plain && (!own || !wd_gather_process(gather, simulation ? &simulation->top : NULL, look->mute_direct,
                                            &display, own)))
    return NULL;
  e = g_new0(Entry, 1);
  e->latent = g_bytes_ref(latent);
  e->mute = look->mute_direct;
  e->display = display;
  e->histogram = wd_histogram_new(&shown);
  g_hash_table_replace(clips->entry, g_memdup2(&key, sizeof key), e);
  return e->histogram;
}

static void gather_histograms(WdClips *clips, WdRecording *recording, WdPlace place, WdWhat what,
                              const WdPanelLook *look, GPtrArray *all) {
  WdBranch *branch = wd_recording_find(recording, place.branch);
  if (!branch) return;
  gboolean run = look->scope == WD_SCOPE_RUN;
  int from = run ? 0 : place.position, to = run ? wd_branch_last(branch) : place.position;
  for (int k = from; k <= to; k++) {
    WdHistogram *h = histogram_at(clips, recording, place.branch, k, what, look);
    if (h) g_ptr_array_add(all, h);
  }
}

static double find(WdClips *clips, WdRecording *recording, const WdPlace *place, int places, WdWhat what,
                   const WdPanelLook *look, int shot, int *steps) {
  if (clips->recording != recording) g_hash_table_remove_all(clips->entry);
  clips->recording = recording;
  g_autoptr(GPtrArray) all = g_ptr_array_new();
  for (int i = 0; i < places; i++) gather_histograms(clips, recording, place[i], what, look, all);
  *steps = (int)all->len;
  if (!all->len) return 0;
  return wd_histogram_percentile((WdHistogram *const *)all->pdata, all->len, shot,
                                 look->clip > 0 ? look->clip : 99);
}

double wd_clips_find(WdClips *clips, WdRecording *recording, WdPlace place, WdWhat what,
                     const WdPanelLook *look, int shot, int *steps) {
  return find(clips, recording, &place, 1, what, look, shot, steps);
}

double wd_clips_find_both(WdClips *clips, WdRecording *recording, const WdPlace place[2], WdWhat what,
                          const WdPanelLook *look, int shot, int *steps) {
  return find(clips, recording, place, 2, what, look, shot, steps);
}
