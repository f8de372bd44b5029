/* Errors are values: a status code, and a text that names what failed, where, and what to do.
 *
 * Every function that can fail returns wd_status and takes a wd_error * last; the pointer may be NULL when
 * the caller does not want the text. On WD_OK the error is left untouched. Outputs are written only on WD_OK.
 */
#ifndef WD_STATUS_H
#define WD_STATUS_H

#include <stdbool.h>

typedef enum wd_status {
  WD_OK = 0,
  WD_CANCELLED,       /* the caller's cancel flag was seen; the last good state stands */
  WD_ERR_ARGUMENT,    /* a value out of range, or an unstable or badly sampled set-up */
  WD_ERR_SHAPE,       /* arrays that do not fit together */
  WD_ERR_UNSUPPORTED, /* a kind of file, or an operation, that this build does not know */
  WD_ERR_NO_MEMORY,
  WD_ERR_IO,      /* the file system said no */
  WD_ERR_FORMAT,  /* a file that is not what it says it is */
  WD_ERR_DEVICE,  /* no such device, or it was lost */
  WD_ERR_DIVERGED /* NaN or infinity appeared; the text says at which time step */
} wd_status;

typedef struct wd_error {
  wd_status code;
  char message[512];
} wd_error;

/* Fills err (when not NULL) and returns code, so that a failing function ends in `return wd_fail(...)`. */
wd_status wd_fail(wd_error *err, wd_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the message that err already holds and returns its code. */
wd_status wd_fail_context(wd_error *err, wd_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A short name such as "no memory"; never NULL. */
const char *wd_status_name(wd_status code);

/* Whether what went wrong is the fault of the data (a map that the solver refuses, numbers that are not
 * finite), so that others of a batch may well do, and not the device's or the memory's. */
bool wd_status_is_fault(wd_status code);

/* The exit code of a command line for this status: 0 ok, 1 usage, 2 data, 3 numeric, 4 device, 130 cancelled.
 */
int wd_status_exit_code(wd_status code);

#endif
