/* The engine's errors as GError: the domain WD_STATUS_ERROR, whose codes are wd_status. */
#ifndef WD_STATUS_ERROR_H
#define WD_STATUS_ERROR_H

#include "solver/status.h"

#include <glib.h>

#define WD_STATUS_ERROR (wd_status_error_quark())
GQuark wd_status_error_quark(void);

/* False, with *error (may be NULL) set from err unless err holds no error: `return wd_status_to_error(...)`.
 */
gboolean wd_status_to_error(const wd_error *err, GError **error);

/* False, with *error set to a text of its own. */
gboolean wd_status_set_error(GError **error, wd_status code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The wd_status of an error of this domain; WD_ERR_IO for what GIO says; WD_ERR_ARGUMENT for any other. */
wd_status wd_status_of_error(const GError *error);

#endif
