/* What a panel shows, composed without GTK: a frame and a look become a render/panel.h panel, with the fields
 * (difference, muted direct wave, AGC, split, interleaved, residual by trace), the range and its wording, and
 * the header that says source, tier, step and whatever was done for display. Export and the screen share it.
 */
#ifndef WD_APP_PICTURE_H
#define WD_APP_PICTURE_H

#include "app/clips.h"
#include "model/shard.h"

/* Zero means the default in brackets. Pointers are borrowed for the call of wd_picture_set, which keeps
 * references of its own. */
typedef struct WdPictureDesc {
  WdPanelKind kind;
  WdSource source;           /* of WD_PANEL_GATHER */
  WdVelocitySource velocity; /* of WD_PANEL_VELOCITY */
  WdPair *minus;             /* whose map is taken away, for all but DECODED [it is not known: blank] */
  const char *minus_name;    /* "truth", "B", "step 3 (pinned)" */
  double epsilon;            /* of `metric`, for the look's mask [NaN or 0: none] */
  WdWhat what;
  int shot;       /* -1: all side by side */
  int difference; /* factor of the difference [1] */
  double divider; /* of split: the fraction of the width that shows decoded [0.5] */
  int metric;     /* of the residual by trace: a wd_metric */
  WdPanelLook look;
  wd_view zoom;
  const char *prefix; /* "A", "B" in a comparison [none] */
  wd_units units;     /* of texts; those of the style are the painter's business [m, ms, m/s] */
  gboolean overlay_truth;
  const WdFrame *frame; /* [nothing is known] */
  WdPair *truth;        /* observed gathers, true map [none] */
  int step, steps;      /* position, and position of the data */
  const char *walk;     /* name of the walk whose latent `step` it is [none] */
  gboolean refined;
  const char *fault;   /* of this position [none] */
  double clip;         /* |amplitude| at the end of the range, of wd_clips_find [none: the panel's own] */
  int clip_steps;      /* of how many steps */
  gboolean clip_both;  /* of both sides of a comparison, wd_clips_find_both */
  wd_shard_desc shape; /* sizes while there is no frame [OpenFWI's] */
  const GPtrArray *annotations; /* annotation.h [none] */
  guint annotation_hash;        /* wd_annotations_hash of them */
  const double *eikonal;        /* first arrivals on the decoded map, seconds, shots * receivers [none] */
} WdPictureDesc;

/* What changed in a picture: a painter redoes only that. */
typedef enum WdPictureChange {
  WD_PICTURE_SAME = 0,
  WD_PICTURE_TEXT = 1,   /* header, strokes, marks */
  WD_PICTURE_LOOK = 2,   /* range, colours, mode, smoothing, part in sight */
  WD_PICTURE_FIELDS = 4, /* values */
  WD_PICTURE_SHAPE = 8   /* number of facets or sizes: the layout */
} WdPictureChange;

typedef struct WdPicture WdPicture;
WdPicture *wd_picture_new(void);
void wd_picture_free(WdPicture *picture);

/* Returns WdPictureChange flags. */
guint wd_picture_set(WdPicture *picture, const WdPictureDesc *desc);

/* Never NULL after the first set; borrowed, valid until the next set. Its facets are blank (all NaN) while
 * there is nothing to show. */
const wd_panel *wd_picture_panel(const WdPicture *picture);
/* Why there is nothing to show, for people; NULL when something is shown. */
const char *wd_picture_message(const WdPicture *picture);
/* Samples of the gathers that go with what is shown, of whatever kind the panel is. */
int wd_picture_samples(const WdPicture *picture);
/* Counts up with every WD_PICTURE_FIELDS. */
guint wd_picture_serial(const WdPicture *picture);

/* A value under a place (axis units of the panel; facet as of wd_panel_pick), of the data, whatever the
 * display does to them. False where there is none. */
typedef struct WdReading {
  int shot;        /* from 0; -1 for maps */
  int row, column; /* of the map or gather: sample and receiver */
  double x;        /* metres */
  double y;        /* metres of depth, or seconds */
  double value;
  WdSource source; /* of the gather that was read */
} WdReading;
gboolean wd_picture_read(const WdPicture *picture, int facet, double x, double y, WdReading *out);
/* "x 310 m  z 240 m  2 875 m/s"; "shot 3  x 310 m  t 412 ms  −0.0123", in the units of the picture. */
void wd_picture_reading_text(const WdPicture *picture, const WdReading *reading, char *out, gsize size);

/* One or two sentences for assistive technology. */
void wd_picture_describe(const WdPicture *picture, char *out, gsize size);

#endif
