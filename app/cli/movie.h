/* What movie and render --panels share. */
#ifndef WD_CLI_MOVIE_H
#define WD_CLI_MOVIE_H

#include "app/cli/replay.h"

#include "app/wavefield.h"

/* "520,10" or "none"; NULL leaves the look alone. */
wd_status movie_probe(const char *text, WdWaveLook *look, wd_error *err);
/* "vel,dec,res" to WdFigurePart flags ("dec" is the decoded gather, "gather" whatever the view's source is);
 * wavefield may be NULL: then the word is refused. */
wd_status movie_panels(const char *text, guint *parts, bool *wavefield, wd_error *err);
wd_status movie_wavefield(cli *c, const char *device, const WdWavefieldAsk *ask, WdWavefield **out,
                          wd_error *err);

#endif
