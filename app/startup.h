/* What a command line asks of the window: models, files, a run, what to show, and a picture of it. It is done
 * step by step on the main loop, as the session gets there. */
#ifndef WD_STARTUP_H
#define WD_STARTUP_H

#include "app/application.h"

typedef struct WdStartup WdStartup;

const GOptionEntry *wd_startup_entries(void);
/* Begins; NULL with `error` when an option makes no sense. Owned by the caller, until the application's end.
 */
WdStartup *wd_startup_new(WdApplication *application, GApplicationCommandLine *line, GError **error);
void wd_startup_free(WdStartup *startup); /* NULL is harmless */

#endif
