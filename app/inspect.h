/* What Inspect mode looks at: a population, which of its samples are shown, in what order, by which figure,
 * and the chosen ones. Its widgets watch this object and have no other source of truth. Without GTK; main
 * thread. */
#ifndef WD_INSPECT_H
#define WD_INSPECT_H

#include "app/population.h"
#include "app/session.h"

typedef enum WdInspectPart {
  WD_INSPECT_POPULATION = 1, /* another one, or samples came */
  WD_INSPECT_SHOWN = 2,      /* the filter, or what passes it */
  WD_INSPECT_FIGURE = 4,     /* metric, scatter's two, epsilon, axis */
  WD_INSPECT_CHOSEN = 8,
  WD_INSPECT_TAGS = 16,
  WD_INSPECT_WORK = 32 /* sampling began, went on or ended */
} WdInspectPart;

#define WD_TYPE_INSPECT (wd_inspect_get_type())
G_DECLARE_FINAL_TYPE(WdInspect, wd_inspect, WD, INSPECT, GObject)

struct _WdInspect {
  GObject parent_instance;
  WdSession *session;       /* borrowed */
  WdPopulation *population; /* NULL: none */
  GArray *shown;            /* guint, numbers of the samples that pass the filter, in their order */
  char *filter;             /* text in force, "" */
  int metric;               /* of histogram, gallery, next failure; WdValueKind */
  int x, y;                 /* of the scatter */
  double epsilon;           /* of the metric, set by hand; NaN: wd_inspect_epsilon says which */
  gboolean log_x, by_family;
  guint chosen;   /* number of a sample; G_MAXUINT: none */
  GArray *marked; /* guint, all that are selected in the table, the chosen one too */
  gboolean working, finishing;
  guint done, total; /* of the sampling */
  char *message;     /* of the last thing that went wrong; NULL */
  /* private */
  guint walk;        /* branch in the session's recording that opened samples go to */
  GHashTable *place; /* latent to its position in the walk + 1 */
  guint announce, parts;
};

/* Signal "changed" (guint parts). */
WdInspect *wd_inspect_new(WdSession *session);

/* Takes it over (NULL: none). */
void wd_inspect_set_population(WdInspect *i, WdPopulation *population);
gboolean wd_inspect_open(WdInspect *i, const char *path, GError **error);
gboolean wd_inspect_save(WdInspect *i, const char *path, GError **error); /* path NULL: where it came from */
/* A set that came with the program: WD_POPULATION_NAME, failures of the default model; "faults.wdpop", pairs
 * built to have one fault each. NULL: it is not there. g_free. */
#define WD_FAULTS_NAME "faults.wdpop"
char *wd_inspect_shipped(const char *name);

/* Samples that many seeds with the loaded model: in place of the population, or, where it is of the same
 * model, plan and mode, to those that are there. */
gboolean wd_inspect_sample(WdInspect *i, const WdPopulateDesc *desc, GError **error);
/* Whether that would put others in place of samples, tags or notes that are in no file. */
gboolean wd_inspect_sample_replaces(WdInspect *i, const WdPopulateDesc *desc);
gboolean wd_inspect_has_unsaved(const WdInspect *i);
void wd_inspect_stop(WdInspect *i, gboolean after_this);

/* FALSE, with *at the byte that the error is about: the filter stays as it was. */
gboolean wd_inspect_set_filter(WdInspect *i, const char *text, gsize *at, GError **error);
void wd_inspect_set_metric(WdInspect *i, int kind);
void wd_inspect_set_axes(WdInspect *i, int x, int y);
void wd_inspect_set_epsilon(WdInspect *i, double epsilon); /* NaN: back to the model's */
void wd_inspect_set_look(WdInspect *i, gboolean log_x, gboolean by_family);
/* The limit in force: set by hand; else, of a score, the epsilon of the model that drew the samples, where
 * its evaluation is at hand; else the 95th percentile of all of them (5th where higher is better). */
double wd_inspect_epsilon(WdInspect *i);
/* Whether a figure says failure beyond the limit: above it, or below where higher is better. */
gboolean wd_inspect_fails(WdInspect *i, guint number);

/* Chooses one (G_MAXUINT: none); marked (may be NULL): all that are selected with it. */
void wd_inspect_choose(WdInspect *i, guint number, const GArray *marked);
WdSample *wd_inspect_sample_chosen(WdInspect *i); /* NULL: none */
/* The next one that fails or is flagged, by the metric from the worst on; direction 1 or -1. G_MAXUINT: none.
 */
guint wd_inspect_next_failure(WdInspect *i, int direction);

gboolean wd_inspect_set_tags(WdInspect *i, const char *tags, GError **error); /* of all marked */
gboolean wd_inspect_set_note(WdInspect *i, const char *note, GError **error); /* of the chosen one */

/* The sample's latent as a position of the walk "Inspected samples" of the session's recording, made when it
 * is not there yet. FALSE with error: no model that made it is loaded. */
gboolean wd_inspect_show(WdInspect *i, guint number, guint *branch, int *position, GError **error);

#endif
