#include "solver/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

wd_status wd_fail(wd_error *err, wd_status code, const char *format, ...) {
  if (err) {
    err->code = code;
    va_list ap;
    va_start(ap, format);
    vsnprintf(err->message, sizeof err->message, format, ap);
    va_end(ap);
  }
  return code;
}

wd_status wd_fail_context(wd_error *err, wd_status code, const char *format, ...) {
  if (err) {
    char inner[sizeof err->message];
    memcpy(inner, err->message, sizeof inner);
    inner[sizeof inner - 1] = 0;
    err->code = code;
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(err->message, sizeof err->message, format, ap);
    va_end(ap);
    /* What does not fit is cut off at the end of the inner text. */
    int room = (int)sizeof err->message - 3 - n;
    if (n >= 0 && room > 0)
      snprintf(err->message + n, sizeof err->message - (size_t)n, ": %.*s", room, inner);
  }
  return code;
}

const char *wd_status_name(wd_status code) {
  switch (code) {
  case WD_OK: return "ok";
  case WD_CANCELLED: return "cancelled";
  case WD_ERR_ARGUMENT: return "bad argument";
  case WD_ERR_SHAPE: return "shapes do not fit";
  case WD_ERR_UNSUPPORTED: return "unsupported";
  case WD_ERR_NO_MEMORY: return "no memory";
  case WD_ERR_IO: return "input/output";
  case WD_ERR_FORMAT: return "bad format";
  case WD_ERR_DEVICE: return "device";
  case WD_ERR_DIVERGED: return "diverged";
  }
  return "unknown status";
}

bool wd_status_is_fault(wd_status code) {
  return code == WD_ERR_DIVERGED || code == WD_ERR_ARGUMENT || code == WD_ERR_SHAPE;
}

int wd_status_exit_code(wd_status code) {
  switch (code) {
  case WD_OK: return 0;
  case WD_CANCELLED: return 130;
  case WD_ERR_ARGUMENT: return 1;
  case WD_ERR_UNSUPPORTED: return 2; /* a file of a kind that is not read here; a device says WD_ERR_DEVICE */
  case WD_ERR_SHAPE: return 2;
  case WD_ERR_IO: return 2;
  case WD_ERR_FORMAT: return 2;
  case WD_ERR_DIVERGED: return 3;
  case WD_ERR_NO_MEMORY: return 4;
  case WD_ERR_DEVICE: return 4;
  }
  return 1;
}
