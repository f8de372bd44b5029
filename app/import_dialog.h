/* Before opened maps and gathers go to the encoder: which of the file's pairs, a look at it, how a map of
 * another size is made to fit, and the preflight's checks. Nothing runs until Encode is pressed. */
#ifndef WD_IMPORT_DIALOG_H
#define WD_IMPORT_DIALOG_H

#include "app/import.h"
#include "app/window.h"

/* Takes the import over. */
GtkWindow *wd_import_dialog(WdWindow *parent, WdImport *import);

#endif
