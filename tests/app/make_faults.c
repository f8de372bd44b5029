/* Writes the set of built faults that comes with the program:
 *   ninja -C build tests/app/make_faults && build/tests/app/make_faults resources/failures/faults.wdpop
 * It depends on the solver and the rules' figures, not on any model. */
#include "tests/app/faults.h"

#include <stdio.h>

int main(int argc, char **argv) {
  wd_error err = {0};
  GError *error = NULL;
  if (argc != 2) {
    fprintf(stderr, "usage: %s FILE.wdpop\n", argv[0]);
    return 1;
  }
  WdPopulation *p = faults_build(&err);
  if (!p || !wd_population_save(p, argv[1], &error)) {
    fprintf(stderr, "%s\n", p ? error->message : err.message);
    return 2;
  }
  printf("%s: %u samples\n", argv[1], wd_population_count(p));
  wd_population_free(p);
  return 0;
}
