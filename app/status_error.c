#include "app/status_error.h"

#include <gio/gio.h>
#include <stdarg.h>

G_DEFINE_QUARK(wd - status - error, wd_status_error)

/* GLib's and GTK's texts are UTF-8: a name in a message may be cut by bytes, a path may be in any encoding.
 */
static void set(GError **error, wd_status code, const char *text) {
  g_autofree char *valid = g_utf8_make_valid(text, -1);
  g_set_error_literal(error, WD_STATUS_ERROR, (int)code, valid);
}

gboolean wd_status_to_error(const wd_error *err, GError **error) {
  set(error, err->code, err->message[0] ? err->message : wd_status_name(err->code));
  return FALSE;
}

gboolean wd_status_set_error(GError **error, wd_status code, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  g_autofree char *text = g_strdup_vprintf(format, ap);
  va_end(ap);
  set(error, code, text);
  return FALSE;
}

wd_status wd_status_of_error(const GError *error) {
  if (!error) return WD_OK;
  if (error->domain == WD_STATUS_ERROR) return (wd_status)error->code;
  if (error->domain == G_IO_ERROR) return error->code == G_IO_ERROR_CANCELLED ? WD_CANCELLED : WD_ERR_IO;
  return error->domain == G_FILE_ERROR ? WD_ERR_IO : WD_ERR_ARGUMENT;
}
