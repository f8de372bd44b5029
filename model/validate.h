/* How well stage 1 draws pairs it was never trained on: the figures to watch training by. They are taken in
 * the codec's domain and against the true pair; `evaluate` takes the full ones, with the solver. */
#ifndef WD_VALIDATE_H
#define WD_VALIDATE_H

#include "model/corpus.h"
#include "model/decoder.h"

typedef enum wd_given { WD_GIVEN_BOTH = 0, WD_GIVEN_SEISMIC, WD_GIVEN_VELOCITY, WD_GIVEN_COUNT } wd_given;
const char *wd_given_name(wd_given given); /* "both", "seismic_only", "velocity_only" */

typedef struct wd_validation {
  int pairs;
  struct {
    double velocity_mae;    /* normalised: times 1500 is m/s */
    double relative_l2;     /* of all gathers together */
    double reflection;      /* ||decoded - true|| / ||true scattered field||, median over pairs */
    double scattered_share; /* energy of the decoded gather less the true direct field, over the true
                               scattered energy, median: 0 is a decoder that says nothing */
  } of[WD_GIVEN_COUNT];
} wd_validation;

/* Over the first n of the corpus' held-out records (all when n is 0), with the model's weights as they stand.
 * WD_ERR_ARGUMENT when the corpus holds none out. */
wd_status wd_validate(wd_model *model, const wd_corpus *corpus, int n, const wd_hooks *hooks,
                      wd_validation *out, wd_error *err);

/* The same of pairs that the model drew, by their codes: decoded against simulated gathers. */
typedef struct wd_validation_codes {
  int pairs;
  double reflection;  /* ||decoded - F(v)|| / ||scattered field||, median: r_R in the codec's domain */
  double relative_l2; /* of all gathers together */
} wd_validation_codes;
wd_status wd_validate_codes(wd_model *model, const wd_corpus *corpus, int n, const wd_hooks *hooks,
                            wd_validation_codes *out, wd_error *err);

#endif
