/* A set of samples that each have one fault, built on purpose: what every flag looks like where nothing else
 * is wrong. resources/failures/faults.wdpop is this set (make_faults.c); test_flags.c reads it. No model
 * draws such pairs, so they have no latents and no command that makes them again. */
#ifndef WD_TESTS_FAULTS_H
#define WD_TESTS_FAULTS_H

#include "app/population.h"

/* Tags begin with the key of the flag, or are "clean"; the note says what was done. NULL with err. */
WdPopulation *faults_build(wd_error *err);

#endif
