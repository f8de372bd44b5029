/* Annotations: what somebody drew on a velocity map or a gather, in data coordinates (metres; milliseconds
 * down a gather), kept with the latent that it is about: a step of a run, a stop of a walk. They are saved in
 * recordings, drawn by the panels' own drawing code on screen and in exported figures, and undone step by
 * step (undo.h). Without GTK. */
#ifndef WD_ANNOTATION_H
#define WD_ANNOTATION_H

#include "app/recording.h"
#include "solver/status.h"

#include <jansson.h>

typedef enum WdAnnotationKind {
  WD_ANNOTATION_ARROW = 0, /* from the first point to the second, where its head is */
  WD_ANNOTATION_BOX,       /* between two corners */
  WD_ANNOTATION_TEXT,      /* beginning at one point */
  WD_ANNOTATION_PICK,      /* a line with a mark at each point */
  WD_ANNOTATION_FREEHAND,
  WD_ANNOTATION_KINDS
} WdAnnotationKind;
const char *wd_annotation_name(int kind);  /* "arrow"; NULL beyond the last */
const char *wd_annotation_title(int kind); /* "Arrow" */
int wd_annotation_find(const char *name);  /* -1: none */

typedef struct WdAnnotation {
  WdAnnotationKind kind;
  gboolean gather; /* on gathers, of whatever source; otherwise on the map */
  int shot;        /* of a gather, from 0 */
  int points;
  double *x, *y;
  char *text; /* of WD_ANNOTATION_TEXT */
} WdAnnotation;

enum { WD_ANNOTATION_POINTS = 2000, WD_ANNOTATION_TEXT_BYTES = 400, WD_ANNOTATIONS = 200 };

/* A copy of points; text may be NULL. NULL: it is none (too few or many points, not finite, no text). */
WdAnnotation *wd_annotation_new(WdAnnotationKind kind, gboolean gather, int shot, int points, const double *x,
                                const double *y, const char *text);
void wd_annotation_free(gpointer annotation);
GPtrArray *wd_annotations_copy(const GPtrArray *all); /* NULL gives an empty list */

/* Differs when they do; 0 for none. */
guint wd_annotations_hash(const GPtrArray *all);

json_t *wd_annotations_to_json(const GPtrArray *all);
wd_status wd_annotations_from_json(const json_t *o, GPtrArray **out, wd_error *err);

/* Of position k; NULL: none. Borrowed, WdAnnotation * each. */
const GPtrArray *wd_recording_get_annotations(WdRecording *r, guint id, int k);
/* In place of those that are there; takes the list over (NULL: none). Announced as a change of the position.
 * FALSE: there is no such position. */
gboolean wd_recording_set_annotations(WdRecording *r, guint id, int k, GPtrArray *all);

#endif
