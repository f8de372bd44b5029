/* Private to picture*.c. */
#ifndef WD_APP_PICTURE_PRIVATE_H
#define WD_APP_PICTURE_PRIVATE_H

#include "app/picture.h"

enum { WD_PICTURE_BADGES = WD_PANEL_BADGES };

struct WdPicture {
  wd_panel panel;
  GArray *facet; /* wd_facet */
  GPtrArray *caption;
  float *own; /* values that are not borrowed from pair, simulation or truth */
  gsize own_count;
  GArray *mark;     /* wd_mark: sources and receivers */
  GPtrArray *line;  /* GArray of wd_mark: the points of each stroke */
  GPtrArray *words; /* texts of strokes */
  GArray *stroke;   /* wd_stroke, facet by facet */
  GArray *strokes;  /* int: how many of them each facet has */
  WdPair *pair, *truth, *minus;
  wd_ruler ruler;
  GArray *trace; /* float: the ruler's values, facet by facet */
  WdSimulation *simulation;
  WdPictureDesc desc; /* of the last set, its pointers not to be followed */
  char title[64], source[192], badge[WD_PICTURE_BADGES][96], quantity[64], message[300];
  guint text_hash, serial;
  gboolean blank;
};

/* picture_fields.c: facets and their values. TRUE when there is something to show; else message tells why. */
gboolean wd_picture_make_fields(WdPicture *p, const WdPictureDesc *d);
/* picture_ruler.c: the figure of each trace, above the pictures or as a mask; the facets stand already. */
void wd_picture_make_ruler(WdPicture *p, const WdPictureDesc *d);
/* "23 of 70 traces beyond epsilon 1.08"; "" when nothing is said. */
void wd_picture_mask_text(const WdPicture *p, const WdPictureDesc *d, char *out, gsize size);
void wd_picture_ruler_text(const WdPicture *p, const WdPictureDesc *d, char *out, gsize size);
/* picture_lines.c: marks and strokes of every facet; the panel's axes and range stand already. */
void wd_picture_make_lines(WdPicture *p, const WdPictureDesc *d);
/* The gather that a source means, and its processed opposite; NULL: not known. */
const wd_gather *wd_picture_gather(const WdPicture *p, WdSource source);
WdSource wd_picture_source(const WdPictureDesc *d); /* of a panel of any kind */

#endif
