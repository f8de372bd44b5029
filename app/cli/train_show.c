/* What a training run shows of itself now and then: figures on pairs that were held out. */
#include "app/cli/train.h"

#include "model/validate.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static wd_status write_row(const train_run *r, const wd_validation *v, wd_error *err) {
  char path[4096 + 32];
  snprintf(path, sizeof path, "%.4000s/training/validation.csv", r->args->output);
  bool old = !access(path, F_OK);
  FILE *f = fopen(path, "ae");
  if (!f) return wd_fail(err, WD_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
  if (!old) {
    fprintf(f, "step,seconds,pairs");
    for (int g = 0; g < WD_GIVEN_COUNT; g++) {
      const char *name = wd_given_name((wd_given)g);
      fprintf(f, ",%s.velocity_mae,%s.relative_l2,%s.reflection,%s.scattered_share", name, name, name, name);
    }
    fprintf(f, "\n");
  }
  fprintf(f, "%ld,%.1f,%d", wd_trainer_steps(r->trainer), wd_trainer_seconds(r->trainer), v->pairs);
  for (int g = 0; g < WD_GIVEN_COUNT; g++)
    fprintf(f, ",%.5f,%.5f,%.5f,%.5f", v->of[g].velocity_mae, v->of[g].relative_l2, v->of[g].reflection,
            v->of[g].scattered_share);
  fprintf(f, "\n");
  bool bad = ferror(f) != 0;
  if (fclose(f) || bad) return wd_fail(err, WD_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
  return WD_OK;
}

static wd_status figures(cli *c, const train_run *r, const wd_hooks *hooks, wd_error *err) {
  wd_validation v;
  wd_status st = wd_validate(r->model, r->corpus, 32, hooks, &v, err);
  if (st) return st;
  for (int g = 0; g < WD_GIVEN_COUNT; g++)
    cli_note(c,
             "held out, %s: velocity MAE %.4f, gather relative L2 %.4f, reflections off by %.3f (scattered "
             "share %.2f)",
             wd_given_name((wd_given)g), v.of[g].velocity_mae, v.of[g].relative_l2, v.of[g].reflection,
             v.of[g].scattered_share);
  return write_row(r, &v, err);
}

/* Codes that were held out: what the decoder says of them against what it should. */
static wd_status figures_of_codes(cli *c, const train_run *r, const wd_hooks *hooks, wd_error *err) {
  wd_validation_codes v;
  wd_status st = wd_validate_codes(r->model, r->corpus, 0, hooks, &v, err);
  if (st) return st;
  cli_note(c, "held out, %d drawn pairs: gathers off by %.3f of their reflections (median), relative L2 %.4f",
           v.pairs, v.reflection, v.relative_l2);
  char path[4096 + 32];
  snprintf(path, sizeof path, "%.4000s/training/gathers-validation.csv", r->args->output);
  bool old = !access(path, F_OK);
  FILE *f = fopen(path, "ae");
  if (!f) return wd_fail(err, WD_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
  if (!old) fprintf(f, "step,seconds,pairs,reflection,relative_l2\n");
  fprintf(f, "%ld,%.1f,%d,%.5f,%.5f\n", wd_trainer_steps(r->trainer), wd_trainer_seconds(r->trainer), v.pairs,
          v.reflection, v.relative_l2);
  bool bad = ferror(f) != 0;
  if (fclose(f) || bad) return wd_fail(err, WD_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
  return WD_OK;
}

wd_status train_show(cli *c, train_run *r, wd_error *err) {
  wd_hooks hooks = {.cancel = c->hooks.cancel};
  wd_status st = WD_OK;
  if (r->gathers) return wd_corpus_held_out(r->corpus) ? figures_of_codes(c, r, &hooks, err) : WD_OK;
  if (r->stage == WD_STAGE1 && wd_corpus_held_out(r->corpus)) st = figures(c, r, &hooks, err);
#ifdef WD_HAVE_RENDER
  if (!st) st = train_sheet(r, &hooks, err);
#endif
  return st;
}
