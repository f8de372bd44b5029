/* What an edit of a latent changed in what it decodes to: two decoded pairs compared, in numbers. Without
 * GTK. */
#ifndef WD_INFLUENCE_H
#define WD_INFLUENCE_H

#include "app/code_edit.h"
#include "app/frame.h"

typedef struct WdInfluence {
  /* velocity, m/s */
  double rms, mean_abs;
  double largest; /* with its sign */
  int z, x;       /* cell of the map where it is */
  double inside;  /* share of the squared change within the map's part of the cells whose code changed, 0..1;
                     NaN: nothing changed */
  double area;    /* share of the map that has half of the squared change, 0..1 */
  /* gathers: root of the change's energy over that of those before; of all shots, and the shot with most */
  double gathers;
  double energy; /* the square of it: share of the gathers' energy */
  double largest_shot;
  int shot;             /* from 0 */
  double sample_second; /* the time by which half of the change's energy has come, s */
} WdInfluence;

/* before and after have one shape (FALSE otherwise). mask: cells whose code changed, height x width of shape;
 * may be NULL. */
gboolean wd_influence_of(const WdPair *before, const WdPair *after, const wd_latent_shape *shape,
                         const wd_shard_desc *geometry, const guint8 *mask, WdInfluence *out);

#endif
