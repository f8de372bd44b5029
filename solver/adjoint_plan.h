/* How a gradient keeps its wavefields within a memory limit, the same for every backend. Internal to solver/.
 *
 * The adjoint runs backward in time and needs the pressure p_n of every step. The N steps are cut into
 * segments of `segment` steps. A segment is reversed by running forward through it, keeping the pressure of
 * each of its steps, and then running the adjoint backward over them. The states at the starts of segments
 * are kept as checkpoints (p_n, p_{n-1} and, in live mode, the CPML memory variables) or computed again. With
 * one segment every step is stored and nothing is computed twice; with s checkpoints and at most t forward
 * runs besides the storing one, (s + 1 + t)! / ((s + 1)! t!) segments can be reversed, and no schedule does
 * better (Griewank, Optim. Methods Softw. 1, 35-54, 1992; here the start is the state at rest, which costs no
 * memory, and the state of a last segment is used where it was reached). t = 1, one extra forward run, is the
 * usual case: memory grows with sqrt(N).
 *
 * The plan is a list of actions that a backend carries out in order for each shot. */
#ifndef WD_ADJOINT_PLAN_H
#define WD_ADJOINT_PLAN_H

#include "solver/status.h"
#include <stdbool.h>
#include <stddef.h>

/* What a backend asks for. */
typedef struct wd_adjoint_need {
  size_t field; /* bytes of one stored pressure field */
  size_t state; /* bytes of one checkpoint */
  int flight;   /* shots that it would work on at once */
  /* A forward run costs less than writing every wavefield to memory and reading it back: one extra run, in
   * the least memory, even where all steps would fit. */
  bool rather_rerun;
} wd_adjoint_need;

typedef enum wd_adjoint_kind {
  WD_ADJOINT_LOAD,    /* forward state <- checkpoint `slot`; slot -1 is the state at rest */
  WD_ADJOINT_SAVE,    /* checkpoint `slot` <- forward state, which stands at step `from` */
  WD_ADJOINT_ADVANCE, /* forward steps from..to-1, keeping nothing */
  WD_ADJOINT_REVERSE  /* forward steps from..to-1 keeping p_{from+1}..p_{to}, then the adjoint from `to` down
                         to  `from` */
} wd_adjoint_kind;

typedef struct wd_adjoint_action {
  wd_adjoint_kind kind;
  int from, to, slot;
} wd_adjoint_action;

typedef struct wd_adjoint_plan {
  int samples;
  int segment; /* steps of a segment = pressure fields stored at a time; samples when every step is stored */
  int checkpoints;           /* states held at most */
  int reruns;                /* forward runs over the same step at most, besides the storing one */
  int flight;                /* shots worked on at once, each with its own stores */
  size_t bytes;              /* of all stores: flight * (segment * field + checkpoints * state) */
  wd_adjoint_action *action; /* n_actions, owned; begins with LOAD of the state at rest */
  int n_actions;
} wd_adjoint_plan;

/* Sizes only (action stays NULL): the choice with the least time (1 + reruns + 1 sweeps a shot, flight shots
 * at once), then with the least memory. WD_ERR_NO_MEMORY, with the numbers, when the limit does not hold one
 * field. */
wd_status wd_adjoint_plan_sizes(int samples, const wd_adjoint_need *need, size_t limit, wd_adjoint_plan *out,
                                wd_error *err);
/* The same with the actions. */
wd_status wd_adjoint_plan_create(int samples, const wd_adjoint_need *need, size_t limit, wd_adjoint_plan *out,
                                 wd_error *err);
void wd_adjoint_plan_clear(wd_adjoint_plan *plan);

#endif
