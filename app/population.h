/* A population: samples drawn from a model, each with its figures, for finding out which of them fail and
 * why. The window's Inspect mode and `wavediffusion-cli rank` read and make the same ones.
 *
 * A sample keeps its seed, its latent, its figures, what it scored on the way and two small pictures; never
 * its gathers, which are made again from the latent when somebody looks. With latents of 8 x 18 x 18 that is
 * 10.4 kB of latent, 9.8 kB of map and 3.5 kB of picture: some 25 MB for a thousand
 * (tests/bench/RESULTS.md).
 *
 * Plain memory, no GObject, no GTK: one thread at a time. */
#ifndef WD_POPULATION_H
#define WD_POPULATION_H

#include "app/recording.h"

/* Figures of a sample beyond those of a score (recording.h): WD_SCORES of those come first. All are of the
 * finished pair, decoded gathers s against F(v), in the population's mode. */
typedef enum WdValueKind {
  WD_VALUE_MAX_SHOT = WD_SCORES, /* largest reflection residual of one shot */
  WD_VALUE_DECODED_SHARE,        /* ||s - F(v_top)|| / ||F(v) - F(v_top)|| */
  WD_VALUE_GAIN,                 /* the factor on s that fits best */
  WD_VALUE_ARRIVAL,              /* mean |first arrival of s - of F(v)|, ms */
  WD_VALUE_TIMING,   /* share of the squared error that shifts in time remove (sample_windows.h) */
  WD_VALUE_SHIFT,    /* mean |shift| where they do, weighted by what they remove, ms */
  WD_VALUE_SUSPECTS, /* share of the windows in error that are shifted by half a period or more */
  WD_VALUE_MISSING,  /* share of the squared error where F(v) has a reflection and s has not */
  WD_VALUE_EXTRA,    /* the reverse */
  WD_VALUE_V_MIN,    /* m/s */
  WD_VALUE_V_MAX,
  WD_VALUE_HELD,       /* share of the cells at the very ends of the model's range */
  WD_VALUE_SHELL,      /* |z| / sqrt(d) of the latent */
  WD_VALUE_CFL,        /* v_max dt / dx */
  WD_VALUE_CFL_LIMIT,  /* of the solver for this map (solver/wave.h) */
  WD_VALUE_POINTS,     /* cells in the shortest wavelength */
  WD_VALUE_NOT_FINITE, /* numbers of latent, map and gathers that are NaN or infinite */
  WD_VALUE_FIRST_BAD,  /* step from which on the way leaves the population's band: wd_population_find_bands */
  WD_VALUES
} WdValueKind;

typedef struct WdValueInfo {
  const char *key;      /* "reflection_residual": CSV, filter, command line */
  const char *alias[3]; /* "r_R": likewise */
  const char *title;    /* "Reflection residual" */
  const char *heading;  /* of a table's column: "r_R" */
  const char *unit;     /* "", "ms", "m/s" */
  const char *about;    /* one sentence or two */
  gboolean higher_is_better, log_axis;
} WdValueInfo;
const WdValueInfo *wd_value_get_info(int kind);      /* NULL outside the enumeration */
gboolean wd_value_parse(const char *key, int *kind); /* key or alias, capitals aside */

enum {
  WD_SAMPLE_PICTURE_ROWS = 50, /* of the gather's picture */
  WD_SAMPLE_PICTURE_COLUMNS = 35,
  WD_POPULATION_MAX = 100000,
  WD_TAG_MAX = 64,   /* bytes of a tag */
  WD_NOTE_MAX = 4000 /* bytes of a note */
};

typedef struct WdSample {
  guint64 seed;
  int family;               /* wd_family that it was asked for, -1: any */
  double value[WD_VALUES];  /* NaN: not made, or not defined */
  float (*shot)[WD_SCORES]; /* one row a shot */
  float *way;               /* reflection residual of x0-hat at the population's positions; NaN: not scored */
  GBytes *latent;           /* float32, finished; NULL where it was lost */
  guint16 *map;             /* float16, nz x nx m/s; NULL: none */
  guint16 *picture; /* float16, WD_SAMPLE_PICTURE_ROWS x _COLUMNS of the middle shot, decoded; NULL: none */
  char *fault;      /* what the solver or a network refused; NULL: nothing */
  char *tags;       /* words, one space between; never NULL */
  char *note;       /* never NULL */
  guint flags;      /* 1 << WdFlag: wd_population_flag */
} WdSample;

/* A position of the way that was scored. */
typedef struct WdWayStep {
  int step, timestep; /* timestep -1: the data */
  double log_snr;
  double p10, median, p90; /* of the population; NaN with fewer than WD_BAND_MIN samples */
} WdWayStep;
enum { WD_BAND_MIN = 10 };

typedef struct WdPopulation {
  char *model, *identity, *device, *precision; /* never NULL */
  char *folder;      /* of the model, absolute; NULL: it came with the program, and its name finds it */
  wd_wave_mode mode; /* of all figures */
  wd_sampler_plan plan;
  wd_shard_desc geometry;
  double velocity_min, velocity_max; /* the model's range, m/s */
  wd_latent_shape latent;
  GArray *way;       /* WdWayStep; empty: only the data were scored */
  guint band_of;     /* samples that the bands were found over, where these are but some of them; 0: these */
  guint drawn;       /* samples that these were chosen from; 0: nobody chose */
  GPtrArray *sample; /* WdSample *, owned */
  char *unknown;     /* JSON of members that this version does not know; NULL */
  char *path;        /* of the file it came from; NULL: made here */
  gboolean changed;  /* something is not in that file */
} WdPopulation;

WdPopulation *wd_population_new(void);
void wd_population_free(WdPopulation *p); /* NULL is harmless */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WdPopulation, wd_population_free)

WdSample *wd_sample_new(const WdPopulation *p);            /* all figures NaN, way NaN */
void wd_sample_free(WdSample *s);                          /* NULL is harmless */
void wd_population_add(WdPopulation *p, WdSample *sample); /* takes it over; flags are set */
static inline guint wd_population_count(const WdPopulation *p) {
  return p->sample->len;
}
static inline WdSample *wd_population_nth(const WdPopulation *p, guint i) {
  return (WdSample *)g_ptr_array_index(p->sample, i);
}
/* Number of a sample by its seed and family; G_MAXUINT: not there. */
guint wd_population_find(const WdPopulation *p, guint64 seed, int family);

/* Bands of the way (p10, median, p90 over the samples) and the first bad step of every sample: the first
 * scored step from which on its residual stays above p90 up to the data; NaN where it ends within, and where
 * there is no band. To be called once all samples are in. Bands over more samples than there are stay. */
void wd_population_find_bands(WdPopulation *p);
/* Some of the samples as a population of their own, with the bands of all. The samples are copies. */
WdPopulation *wd_population_subset(const WdPopulation *p, const GArray *which);
/* Flags of one sample, or of all, from its figures (flags.h). */
void wd_population_flag(WdPopulation *p);

/* Sets tags (any white space between words; doubled ones go) or the note; FALSE with error when too long or
 * not UTF-8. */
gboolean wd_sample_set_tags(WdPopulation *p, WdSample *s, const char *tags, GError **error);
gboolean wd_sample_set_note(WdPopulation *p, WdSample *s, const char *note, GError **error);
gboolean wd_sample_has_tag(const WdSample *s, const char *tag);

/* "CurveFault-B", "any" for -1. */
const char *wd_sample_family(const WdSample *s);

/* ---- order. Indices of samples, guint; release with g_array_unref. */

/* In the order of one figure: worst first, samples without the figure last, ties by number. which (may be
 * NULL): only these. */
GArray *wd_population_rank(const WdPopulation *p, int kind, const GArray *which);
/* The best sample of the same family in a figure (nothing-to-reflect and faulty ones aside), other than i;
 * G_MAXUINT: there is none. */
guint wd_population_best_like(const WdPopulation *p, guint i, int kind);
/* Adds to `which` the n best of every family that are not in it, faulty ones and those with nothing to
 * reflect aside. */
void wd_population_add_best(const WdPopulation *p, int kind, guint n, GArray *which);
/* Takes the bands of the way over from another population of the same model, plan and mode that was scored at
 * every step that this one was, and finds the first bad steps anew. */
gboolean wd_population_take_bands(WdPopulation *p, const WdPopulation *from, GError **error);

/* ---- one figure over the population */
typedef struct WdSpread {
  guint count, missing; /* with a finite value; without */
  double least, p05, median, p95, largest;
} WdSpread;
WdSpread wd_population_spread(const WdPopulation *p, int kind, const GArray *which);
/* How many are at or under a limit, and over it; of one family (-1: that label) or, with all, of all. */
void wd_population_divide(const WdPopulation *p, int kind, double limit, const GArray *which, gboolean all,
                          int family, guint *under, guint *over);

/* ---- text */

/* One row a sample with a header: number, seed, family, every figure by its key, flags, tags, note, fault.
 * which: order and choice (NULL: all, as they are). g_free. */
char *wd_population_csv(const WdPopulation *p, const GArray *which);
/* Notes the folder that the samples' model was in, for the command below. */
void wd_population_set_folder(WdPopulation *p, const char *folder);
/* The command that makes this sample again and scores it; "" where no model drew it. g_free. */
char *wd_population_command(const WdPopulation *p, const WdSample *s);
/* A figure for people, "1.52", "12.3 ms", "undefined"; unit: with it. */
void wd_value_text(int kind, double value, gboolean unit, char *out, gsize size);

/* ---- files (population_file.c): one safetensors file, by custom `*.wdpop`, written to the side and renamed.
 *
 *   seed I64 (n), family I32 (n), values F32 (n, V), shots F32 (n, shots, WD_SCORES), way F32 (n, positions)
 *   latents F32 (n, C, h, w), maps F16 (n, nz, nx), pictures F16 (n, 50, 35); the last three may be absent
 *   metadata  "format": "wavediffusion-population"
 *             "population": JSON: version, model, sampler, geometry, mode, names of the values, way, faults
 *             "annotations": JSON: {"number": {"tags": "a b", "note": "..."}}
 *
 * Values go by name, so that a file of another version opens: what it lacks is NaN, what is not known is left
 * out. Loading believes nothing: sizes, counts, names and ranges are checked, and a wrong file is one clear
 * error. Flags are not stored; they follow from the figures. */
gboolean wd_population_save(WdPopulation *p, const char *path, GError **error);
WdPopulation *wd_population_load(const char *path, GError **error);
/* The same from memory; what: names it in messages. */
WdPopulation *wd_population_load_memory(const char *what, const void *data, gsize bytes, GError **error);
/* A file, or the folder that `wavediffusion-cli sample --score` wrote (its samples.wdpop). */
WdPopulation *wd_population_open(const char *path, GError **error);
gboolean wd_population_recognise(const char *path);
#define WD_POPULATION_NAME "samples.wdpop"
/* Bytes held. */
gsize wd_population_memory(const WdPopulation *p);

#endif
