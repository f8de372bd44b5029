/* Edits of the latent on screen, as positions of a walk (recording.h): every edit is a latent more, whose
 * note says how it was made and ("from") from which of the walk's latents; undo goes there. Nothing is ever
 * lost: what was undone stays in the walk. Without GTK. */
#ifndef WD_WALK_H
#define WD_WALK_H

#include "app/session.h"

/* Puts a latent that was made from the one at `from` into the recording: appended to the walk that `from`
 * belongs to, or to a new walk whose position 0 is the latent at `from`. note: a JSON object; "from" is added
 * to it. again: the place that the put before returned, when this one is of the same gesture (a drag, turns
 * of the wheel): it replaces that latent if it is still the last of its walk, and keeps that one's "from".
 * *out: where it is; the view is the caller's to move. */
gboolean wd_walk_put(WdSession *session, WdPlace from, WdWhat what, GBytes *latent, const char *note,
                     const WdPlace *again, WdPlace *out, GError **error);

/* Where undo leads from a place of a walk: to the latent that it was made from. FALSE: nowhere. */
gboolean wd_walk_undo(WdRecording *recording, WdPlace at, WdPlace *out);
/* The newest latent that was made from this one. */
gboolean wd_walk_redo(WdRecording *recording, WdPlace at, WdPlace *out);
/* The note of a latent that was made from position `from` of its walk (below 0: from nothing of it). g_free;
 * NULL: it is no object. */
char *wd_walk_note(const char *note, int from);
/* The position that the latent at a place of a walk was made from; -1: it is the first, or no walk's. Of a
 * note without "from" it is the position before. */
int wd_walk_from(WdRecording *recording, WdPlace at);

/* "Run 42 at step 12", "Walk 1, latent 7", "CurveFault-B 3, encoded". g_free. */
char *wd_place_name(WdRecording *recording, WdPlace place);

#endif
