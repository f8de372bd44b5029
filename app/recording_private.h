/* How a recording is made: for the session and for files. Everybody else reads it (recording.h). */
#ifndef WD_RECORDING_PRIVATE_H
#define WD_RECORDING_PRIVATE_H

#include "app/recording.h"
#include "app/recording_frames.h"
#include "app/score.h"
#include "model/model.h"

WdPosition *wd_position_new(const wd_sampler_level *level); /* of nothing; level NULL: the data */
void wd_position_free(WdPosition *p);

/* A branch without positions, with the next id and colour; name is copied. It is the recording's, and not
 * announced: wd_recording_announce. A parent must be there, and have position parent_at. */
WdBranch *wd_recording_add(WdRecording *r, WdBranchKind kind, const char *name, guint parent, int parent_at,
                           const WdRecipe *recipe, int steps);
void wd_recording_announce(WdRecording *r); /* "changed" */

/* The own position k of a branch (k from `first` to one beyond the last), made where it is missing. */
WdPosition *wd_recording_grow(WdRecording *r, WdBranch *branch, int k, const wd_sampler_level *level);
void wd_recording_announce_position(WdRecording *r, guint id, int k); /* "position" */
/* Another latent in a position that exists, which forgets all that was known of the old one. */
WdPosition *wd_recording_renew(WdRecording *r, WdBranch *branch, int k);
/* Forgets the positions of a branch after k; branches that left it there go too. */
void wd_recording_truncate(WdRecording *r, WdBranch *branch, int k);

/* Set together with the first branch. */
void wd_recording_set_model(WdRecording *r, const char *name, const char *identity);
void wd_recording_set_shape(WdRecording *r, const wd_latent_shape *latent, const wd_shard_desc *geometry);
const wd_latent_shape *wd_recording_get_latent(WdRecording *r);
void wd_recording_number(WdRecording *r, WdBranch *branch, guint id); /* another id than the next one */

/* ---- frames in their stored form (recording_frames.h). What the cache has of a latent, or what was kept,
 * newly coded: the caller's; NULL: nothing, or an error. */
WdStored *wd_recording_store_frame(WdRecording *r, GBytes *latent, wd_error *err);
/* Takes it over; decoded when somebody looks. */
void wd_recording_keep_stored(WdRecording *r, GBytes *latent, WdStored *stored);

/* All places where a latent is, by its identity. Returns their number; each (may be NULL) is called for each.
 */
typedef void (*WdPlaceFunc)(WdRecording *r, WdBranch *branch, int k, WdWhat what, WdPosition *p,
                            gpointer user);
guint wd_recording_each_place(WdRecording *r, GBytes *latent, WdPlaceFunc each, gpointer user);

/* ---- frames, by the identity of a latent. What is NULL stays as it was. */
void wd_recording_put_frame(WdRecording *r, GBytes *latent, WdPair *pair, WdSimulation *live,
                            WdSimulation *exact);
/* Without counting as a use, and without decoding what is stored. */
gboolean wd_recording_peek_frame(WdRecording *r, GBytes *latent, WdFrame *out);
void wd_recording_set_budget(WdRecording *r, gsize bytes);
gsize wd_recording_frame_bytes(WdRecording *r);
void wd_recording_forget_simulations(WdRecording *r);
/* Forgets the frames that are not in any position any more. */
void wd_recording_sweep(WdRecording *r);

/* A recording as it is now, ready to be written by any thread (recording_file.c): latents, pairs and what is
 * coded are held by reference. NULL with err. */
typedef struct WdImage WdImage;
WdImage *wd_recording_image(WdRecording *r, gboolean frames, const char *view, wd_error *err);
wd_status wd_image_write(const WdImage *image, const char *path, wd_error *err);
void wd_image_free(WdImage *image); /* NULL is harmless */

/* Metadata of a file that this program does not know, kept for saving again: "key" to "value". */
GHashTable *wd_recording_get_unknown(WdRecording *r);

#endif
