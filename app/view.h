/* What the window shows and how: one object that every widget watches, so that a cursor, a shot, a step or a
 * zoom changed in one place moves in all. Fields are read freely and changed by the setters below, which
 * clamp, and emit "changed" with the parts that did. Main thread only. */
#ifndef WD_VIEW_H
#define WD_VIEW_H

#include "app/recording.h"
#include "render/panel.h"

#include <glib-object.h>

typedef enum WdViewPart {
  WD_VIEW_PLACE = 1, /* branch, position, or what, of side A or B */
  WD_VIEW_SHOT = 2,
  WD_VIEW_CURSOR = 4, /* crosshair */
  WD_VIEW_ZOOM = 8,
  WD_VIEW_DISPLAY = 16, /* how panels are drawn */
  WD_VIEW_PLOT = 32,    /* metric, axis, overlays, epsilon */
  WD_VIEW_LAYOUT = 64,
  WD_VIEW_PLAY = 128,
  WD_VIEW_RUN = 256,  /* what the next run would be */
  WD_VIEW_WAVE = 512, /* the wavefield: time, look (shown is WD_VIEW_LAYOUT too) */
  WD_VIEW_ALL = 511 | WD_VIEW_WAVE
} WdViewPart;

/* The panels. The two gather panels of a side show `source`; row 2 shows simulated, difference, traces. */
typedef enum WdPanelKind {
  WD_PANEL_VELOCITY = 0,
  WD_PANEL_GATHER, /* by view->source */
  WD_PANEL_SIMULATED,
  WD_PANEL_DIFFERENCE, /* decoded - simulated, times display.difference */
  WD_PANEL_TRACES,     /* residual by shot and receiver */
  WD_PANEL_KINDS
} WdPanelKind;

typedef enum WdSource {
  WD_SOURCE_DECODED = 0,
  WD_SOURCE_SIMULATED,
  WD_SOURCE_DIFFERENCE,
  WD_SOURCE_OBSERVED,
  WD_SOURCE_SPLIT,
  WD_SOURCE_INTERLEAVED,
  WD_SOURCES
} WdSource;
/* What the velocity panels show: the decoded map, or it minus another one. */
typedef enum WdVelocitySource {
  WD_VELOCITY_DECODED = 0,
  WD_VELOCITY_MINUS_TRUTH,
  WD_VELOCITY_MINUS_B, /* of A, in a comparison; everywhere else the map */
  WD_VELOCITY_MINUS_PINNED,
  WD_VELOCITY_SOURCES
} WdVelocitySource;
typedef enum WdLayout { WD_LAYOUT_STEP = 0, WD_LAYOUT_COMPARE, WD_LAYOUTS } WdLayout;
/* What the window is for at the moment (mode.h). */
typedef enum WdMode { WD_MODE_STEP = 0, WD_MODE_LATENT, WD_MODE_INSPECT, WD_MODE_TEACH, WD_MODES } WdMode;
typedef enum WdPlotAxis { WD_PLOT_STEP = 0, WD_PLOT_TIMESTEP, WD_PLOT_LOG_SNR } WdPlotAxis;
typedef enum WdAlign { WD_ALIGN_STEP = 0, WD_ALIGN_NOISE } WdAlign;
typedef enum WdRangeScope { WD_SCOPE_RUN = 0, WD_SCOPE_STEP, WD_SCOPE_MANUAL } WdRangeScope;
typedef enum WdGainReference { WD_GAIN_ALL_SHOTS = 0, WD_GAIN_SHOT } WdGainReference;

/* How one panel is drawn. Zeroed is not the default: wd_panel_look_default. */
typedef struct WdPanelLook {
  wd_colormap colormap;
  gboolean smooth;
  wd_panel_mode mode; /* gathers */
  WdRangeScope scope; /* velocity: 1500..4500 with scope run */
  double lo, hi;      /* manual */
  double clip;        /* percent */
  double gain;        /* dB */
  WdGainReference reference;
  wd_display display;   /* AGC, normalise, t^p, flip: "display only" */
  gboolean mute_direct; /* F(v_top) subtracted: what is left is what lies below */
  gboolean contours;    /* velocity */
  gboolean picks; /* gathers: first arrivals picked on decoded (o) and simulated (x), and by the eikonal */
  gboolean ruler; /* gathers: the figure of each trace as bars above the picture */
  gboolean mask;  /* gathers: traces whose figure is beyond epsilon are shaded */
} WdPanelLook;

/* The wavefield that stands in for the panels when it is shown. */
typedef enum WdWaveCompare {
  WD_WAVE_ALONE = 0,
  WD_WAVE_GHOST,
  WD_WAVE_BESIDE,
  WD_WAVE_COMPARES
} WdWaveCompare;
typedef struct WdWaveLook {
  gboolean shown, isochrones, margin;
  gboolean live;         /* the thin absorbing layer instead of exact mode */
  WdWaveCompare compare; /* the decoded gather: not there; faint, below the line of time; beside */
  double clip;           /* |pressure| at the end of the colours; 0: 97 % of the movie's */
  double speed;          /* ms of the wave in a second */
  gboolean loop;
  gboolean probe;          /* a place whose trace is drawn: */
  double probe_x, probe_z; /* metres */
  int step;                /* that is shown */
  gboolean playing;        /* not kept in files */
} WdWaveLook;

#define WD_TYPE_VIEW (wd_view_get_type())
G_DECLARE_FINAL_TYPE(WdView, wd_view, WD, VIEW, GObject)

/* What Preferences have of a view. */
typedef struct WdViewLooks {
  wd_colormap velocity, gathers, difference;
  WdRangeScope scope; /* of the gathers, as the next */
  double clip;
  gboolean show_floor, show_population;
} WdViewLooks;

struct _WdView {
  GObject parent_instance;
  WdPlace place[2]; /* A, and B of a comparison */
  WdWhat what;
  gboolean scrubbing; /* in the middle of a drag: only what is cached is shown */
  int shot;           /* 0..shots-1; -1: all */
  WdSource source;
  WdVelocitySource velocity; /* wd_view_velocity says what a side makes of it */
  WdPlace pinned;            /* that MINUS_PINNED takes away, */
  WdWhat pinned_what;        /* by this latent of it */
  double divider;            /* of the split: the part of the width that shows decoded, 0.01..1 */
  gboolean blink;            /* source alternates decoded / simulated, at most 3 a second */
  int difference;            /* factor 1, 2, 5, 10 */
  gboolean second_row, sidebar, linked_zoom;
  gboolean show_truth; /* overlay of observed / ground truth */
  /* crosshair, in metres and seconds; the velocity panel has x and z, gathers x and t */
  gboolean cursor, cursor_locked;
  double x, z, t;
  int cursor_panel;              /* WdPanelKind that it was set from */
  wd_view zoom_map, zoom_gather; /* in cells; zero: all */
  WdPanelLook look[WD_PANEL_KINDS];
  WdPanelLook minus; /* of velocity panels that show a difference */
  int focused;       /* WdPanelKind whose display the keys change */
  int enlarged;      /* panel that fills the window, -1: none; WD_PANEL_KINDS: the plot */
  int tool; /* what a drag on a map or gather draws: WdAnnotationKind + 1; 0: nothing. Not kept in files */
  gboolean trace_window, profiles;
  /* plot */
  int metric; /* WdScoreKind */
  WdPlotAxis axis;
  gboolean linear, per_shot, both; /* both: x_t too */
  gboolean show_floor, show_population;
  double epsilon; /* NaN: the model's */
  WdMode mode;    /* changed with WD_VIEW_LAYOUT */
  WdLayout layout;
  WdAlign align;
  gboolean locked; /* B follows A */
  /* play */
  gboolean playing, loop, ping_pong, reverse, follow; /* follow: go along with a run */
  double fps;
  WdViewLooks lent; /* as settings, or a file or lesson, gave them: what differs a person has changed */
  wd_units units;   /* that numbers and axes are read in: of who looks, whatever view is read from a file */
  WdWaveLook wave;
  /* the next run: the sidebar and the header bar edit it, Run (and Branch, all but the seed) takes it */
  WdRecipe next;
  gboolean seed_locked; /* Run keeps the seed; otherwise a seed that has been run is replaced by a new one */
};

WdView *wd_view_new(void);
/* Say that these parts were changed (fields set directly); emits "changed" (guint parts) once, at once. */
void wd_view_changed(WdView *view, guint parts);
/* Only emits when something is different. Position is clamped to what `recording` has. */
void wd_view_go(WdView *view, WdRecording *recording, int side, guint branch, int position);
void wd_view_set_cursor(WdView *view, int panel, double x, double z, double t); /* metres, metres, seconds */
void wd_view_set_shot(WdView *view, int shot);
WdPanelLook wd_panel_look_default(WdPanelKind kind);
WdPanelLook wd_panel_look_minus(void); /* the default of `minus` */
/* What the velocity panel of a side shows, and the look that panels of a kind have on that side. */
WdVelocitySource wd_view_velocity(const WdView *view, int side);
WdPanelLook *wd_view_look(WdView *view, WdPanelKind kind, int side);
/* Side B's position for A's by step or by noise level; -1: nothing to align. */
int wd_view_align(WdRecording *recording, guint a, int position, guint b, WdAlign align);
/* epsilon in force: the view's, else the model's, else NaN. */
double wd_view_epsilon(WdView *view, double of_model);
WdViewLooks wd_view_looks(const WdView *view);
/* All of it as JSON and back (unknown keys kept out of harm's way): session files, --copy as command,
 * lessons. The units are written where they are not m and ms, for figures that are drawn again, and left
 * alone by reading: a window keeps its own. */
char *wd_view_to_json(WdView *view);
gboolean wd_view_from_json(WdView *view, const char *json, GError **error);
/* The units that a view was written with; m and ms where it says nothing that is known. */
wd_units wd_view_units_of_json(const char *json);

#endif
