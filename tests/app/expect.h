/* What a test cannot do without. Where the build that runs it should have that, its absence is a failure and
 * no reason to skip: WD_EXPECTS, which meson sets, names it ("model cli render"). A program that is started
 * by hand, or in a build without that part, skips. */
#ifndef WD_TESTS_EXPECT_H
#define WD_TESTS_EXPECT_H

#include "tests/instrumented.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

/* How much longer than on a quiet machine a test waits for what has to come. What is measured has limits of
 * its own; this only says when to give up. */
#define EXPECT_PATIENCE (WD_INSTRUMENTED ? 20 : 4)

/* `what`, one word of WD_EXPECTS, is not there; why: for the report. */
static inline void expect_missing(const char *what, const char *why) {
  const char *all = getenv("WD_EXPECTS");
  const size_t n = strlen(what);
  for (const char *at = all; at && *at; at += strcspn(at, " "), at += *at == ' ')
    if (strcspn(at, " ") == n && !strncmp(at, what, n)) {
      tap_ok(false, "this build has the %s: %s", what, why);
      return;
    }
  tap_skip("%s", why);
}

#endif
