/* wavediffusion-cli record: a run, kept as the window keeps it: a recording (.wdrun) with every latent, its
 * scores and pictures. The work is done by the window's own session (app/session.h), without its window. */
#include "app/cli/branch.h"

#include "app/recording_private.h"
#include "app/session.h"
#include "app/status_error.h"

#include "model/latent_space.h"
#include "solver/family.h"

#include <stdio.h>
#include <string.h>

typedef struct record_args {
  const char *model, *branch, *device, *output, *family, *also;
  uint64_t seed;
  int steps, sampler, family_choice, decoded, simulated, refine, states, walk;
  double eta, guidance, rate;
} record_args;

static const cli_option options[] = {
    CLI_MODEL_OPTION(record_args),
    {"seed", 's', CLI_UINT64, offsetof(record_args, seed), true, .value = "S",
     .help = "seed of the run's noise"},
    {"steps", 'n', CLI_INT, offsetof(record_args, steps), .min = 1, .max = 100000, .initial = "16",
     .help = "denoising steps"},
    {"sampler", 0, CLI_CHOICE, offsetof(record_args, sampler), .choices = "dpmpp-2m|ddim|ddpm",
     .initial = "dpmpp-2m", .help = "how to go from noise level to noise level"},
    {"eta", 0, CLI_REAL, offsetof(record_args, eta), .max = 1,
     .help = "fresh noise in ddim, from 0 (none) to 1 (as ddpm)"},
    {"guidance", 0, CLI_REAL, offsetof(record_args, guidance), .value = "G", .min = -1000, .max = 1000,
     .help = "classifier-free guidance g: any + (1 + g) (family - any)"},
    {"family", 'f', CLI_TEXT, offsetof(record_args, family), .value = "NAME", .initial = "any",
     .help = "a family's name, flatvel-a to style-b, or any"},
    {"branch", 'b', CLI_TEXT, offsetof(record_args, branch), .value = "BRANCHES",
     .help = "branches, as sample takes them, each leaving the one before; here the run itself goes on to "
             "its end "
             "too"},
    {"refine", 0, CLI_INT, offsetof(record_args, refine), .min = 0, .max = 100000, .initial = "0",
     .help = "steps of refinement after the data of the last branch"},
    {"rate", 'r', CLI_REAL, offsetof(record_args, rate), .min = 1e-9, .max = 100, .initial = "0.02",
     .help = "rate of the refinement"},
    {"also", 0, CLI_TEXT, offsetof(record_args, also), .value = "SEEDS",
     .help = "further runs, of these seeds (3,17,40) and otherwise the same"},
    {"walk", 0, CLI_INT, offsetof(record_args, walk), .min = 0, .max = 1000, .value = "N", .initial = "0",
     .help = "in place of the runs, a walk of N latents through their ends (the run and those of "
             "--also)"},
    {"decoded", 0, CLI_INT, offsetof(record_args, decoded), .min = 0, .max = 100000, .value = "K",
     .initial = "1",
     .help = "keep the decoded pair of every Kth step of the run and of all ends, for replay without a "
             "model; 0: none"},
    {"simulated", 0, CLI_INT, offsetof(record_args, simulated), .min = 0, .max = 100000, .value = "K",
     .initial = "1", .help = "keep the simulated gathers of every Kth of these; 0: none"},
    {"states", 0, CLI_INT, offsetof(record_args, states), .min = 0, .max = 100000, .value = "K",
     .initial = "0", .help = "keep what every Kth noisy state of the run, x_t, decodes to as well; 0: none"},
    CLI_DEVICE_OPTION(record_args),
    {"output", 'o', CLI_TEXT, offsetof(record_args, output), true, .value = "FILE.wdrun",
     .help = "the recording"},
    {0}};

enum { MAX_ALSO = 7 };

typedef struct job {
  cli *c;
  const record_args *args;
  WdSession *session;
  branch branches[MAX_BRANCHES];
  int n_branches;
  uint64_t also[MAX_ALSO];
  int n_also;
  guint runs[MAX_ALSO + 2]; /* branch ids of those whose frames are kept: runs and the walk */
  int n_runs;
  guint run, last; /* branch ids */
  WdWhat what;     /* that is waited for */
  wd_error failed; /* what the session said went wrong; WD_OK: nothing */
  guint seen;      /* what is looked at */
  int at;
} job;

static void on_notice(WdSession *session, const WdNotice *n, job *j) {
  (void)session;
  if (n->code == WD_OK || j->failed.code) return;
  wd_fail(&j->failed, n->code, "%s%s%s", n->what, n->details ? " " : "", n->details ? n->details : "");
}

/* Lets the session work until `done` says so. */
static wd_status wait_until(job *j, bool (*done)(job *), wd_error *err) {
  bool stopped = false;
  while (!done(j)) {
    if (cli_cancelled(j->c) && !stopped) {
      wd_session_stop(j->session);
      stopped = true;
    }
    if (stopped && wd_session_get_state(j->session) != WD_SESSION_RUNNING &&
        wd_session_get_state(j->session) != WD_SESSION_CANCELLING)
      return wd_fail(err, WD_CANCELLED, "stopped; nothing is written");
    if (j->failed.code && wd_session_get_state(j->session) != WD_SESSION_RUNNING) break;
    g_main_context_iteration(NULL, FALSE);
    g_usleep(1000);
  }
  if (!j->failed.code) return WD_OK;
  if (err) *err = j->failed;
  return j->failed.code;
}

static bool is_open(job *j) {
  return wd_session_get_state(j->session) == WD_SESSION_IDLE;
}

static bool is_run(job *j) {
  WdRecording *r = wd_session_get_recording(j->session);
  const WdBranch *b = wd_recording_find(r, j->last);
  if (b) cli_progress_set(j->c, wd_branch_last(b) - b->first);
  return wd_session_get_state(j->session) == WD_SESSION_IDLE;
}

/* What is looked at has come: the pair and its exact score with every figure. */
static bool is_seen(job *j) {
  WdRecording *r = wd_session_get_recording(j->session);
  const WdPosition *p = wd_recording_position(r, j->seen, j->at);
  const WdScore *exact = p->exact[j->what];
  WdFrame f = {0};
  return p->fault || (exact && exact->details && wd_recording_get_frame(r, j->seen, j->at, j->what, &f) &&
                      f.pair && f.exact);
}

/* Looks at every position of every branch, as a person would who waits at each. */
static wd_status score_all(job *j, wd_error *err) {
  WdRecording *r = wd_session_get_recording(j->session);
  int positions = 0, done = 0;
  wd_status st = WD_OK;
  for (guint i = 0; i < wd_recording_count(r); i++) positions += (int)wd_recording_nth(r, i)->position->len;
  cli_progress_begin(j->c, "score", "positions", positions, 0);
  for (guint i = 0; i < wd_recording_count(r) && !st; i++) {
    const WdBranch *b = wd_recording_nth(r, i);
    for (int k = b->first; k <= wd_branch_last(b) && !st; k++) {
      j->seen = b->id;
      j->at = k;
      const bool state = b->id == j->run && j->args->states && k % j->args->states == 0 && k < b->steps;
      for (int what = 0; what <= (state ? WD_WHAT_STATE : WD_WHAT_ESTIMATE) && !st; what++) {
        j->what = (WdWhat)what;
        wd_session_look(j->session, 0, b->id, k, j->what, TRUE);
        st = wait_until(j, is_seen, err);
      }
      cli_progress_set(j->c, ++done);
    }
  }
  if (!st) cli_progress_end(j->c);
  return st;
}

static wd_status from_error(GError *error, wd_error *err) {
  wd_status st = wd_fail(err, wd_status_of_error(error), "%s", error->message);
  g_error_free(error);
  return st;
}

static wd_status run_one(job *j, const char *task, int steps, wd_error *err) {
  cli_progress_begin(j->c, task, "steps", steps, 0);
  wd_status st = wait_until(j, is_run, err);
  if (!st) cli_progress_end(j->c);
  return st;
}

/* An edited latent of a branch. */
static wd_status read_latent(const job *j, const char *path, GBytes **out, wd_error *err) {
  wd_npy *npy = NULL;
  const WdModelInfo *m = wd_session_get_model(j->session);
  wd_status st = wd_npy_open(path, &npy, err);
  if (!st && wd_npy_elements(npy) != (size_t)m->latent.count)
    st = wd_fail(err, WD_ERR_SHAPE, "%s holds %zu numbers; one latent of %s has %d", path,
                 wd_npy_elements(npy), m->name, m->latent.count);
  if (!st) {
    float *z = g_new(float, (gsize)m->latent.count);
    st = wd_npy_read(npy, 0, (size_t)m->latent.count, z, err);
    *out = g_bytes_new_take(z, (gsize)m->latent.count * sizeof *z);
  }
  wd_npy_close(npy);
  return st;
}

/* A walk through the data of all runs, in their order, in equal parts. */
static wd_status walk(job *j, wd_error *err) {
  const record_args *a = j->args;
  WdRecording *r = wd_session_get_recording(j->session);
  const size_t count = (size_t)wd_session_get_model(j->session)->latent.count;
  guint id = 0;
  for (int i = 0; i < a->walk; i++) {
    const double u = (double)i * (j->n_runs - 1) / (a->walk - 1);
    const int leg = MIN((int)u, j->n_runs - 2);
    const float *end[2];
    for (int e = 0; e < 2; e++) {
      const WdBranch *b = wd_recording_find(r, j->runs[leg + e]);
      end[e] = g_bytes_get_data(wd_recording_position(r, b->id, b->steps)->latent[WD_WHAT_STATE], NULL);
    }
    float *z = g_new(float, count);
    wd_latent_mix(WD_MIX_RESTORED, 2, end, (double[2]){1 - (u - leg), u - leg}, count, z);
    GBytes *latent = g_bytes_new_take(z, count * sizeof *z);
    g_autofree char *note =
        g_strdup_printf("{\"edit\":\"walk\",\"text\":\"%.0f %% of the way from run %d to run %d\"}",
                        100 * (u - leg), leg + 1, leg + 2);
    GError *error = NULL;
    const bool good = id ? wd_session_walk_append(j->session, id, latent, note, &error) >= 0
                         : (id = wd_session_walk(j->session, NULL, latent, note, &error)) != 0;
    g_bytes_unref(latent);
    if (!good) return from_error(error, err);
  }
  /* The walk holds where the runs ended; the way there is not its business. */
  for (int i = 0; i < j->n_runs; i++) wd_recording_remove(r, j->runs[i]);
  j->runs[0] = j->run = j->last = id;
  j->n_runs = 1;
  return WD_OK;
}

static wd_status run_all(job *j, wd_error *err) {
  const record_args *a = j->args;
  GError *error = NULL;
  WdRecipe recipe = {.seed = a->seed,
                     .family = a->family_choice,
                     .plan = {(wd_sampler_kind)a->sampler, a->steps, a->eta, a->guidance},
                     .refine_rate = a->rate};
  j->run = j->last = wd_session_run(j->session, &recipe, &error);
  if (!j->run) return from_error(error, err);
  j->runs[j->n_runs++] = j->run;
  wd_status st = run_one(j, "run", a->steps, err);
  for (int i = 0; i < j->n_also && !st; i++) {
    WdRecipe other = recipe;
    other.seed = j->also[i];
    j->last = wd_session_run(j->session, &other, &error);
    if (!j->last) return from_error(error, err);
    j->runs[j->n_runs++] = j->last;
    st = run_one(j, "run", a->steps, err);
  }
  j->last = j->run;
  if (!st && a->walk) return walk(j, err);
  for (int i = 0; i < j->n_branches && !st; i++) {
    const branch *b = &j->branches[i];
    GBytes *edited = NULL;
    if (b->latents[0]) st = read_latent(j, b->latents, &edited, err);
    if (st) break;
    recipe.plan = b->plan;
    if (b->has_family) recipe.family = b->family;
    recipe.new_noise = b->has_noise;
    recipe.noise_seed = b->noise;
    j->last = wd_session_branch(j->session, j->last, b->at, &recipe, edited, &error);
    if (edited) g_bytes_unref(edited);
    st = j->last ? run_one(j, "branch", b->plan.steps, err) : from_error(error, err);
  }
  if (!st && a->refine) {
    if (!wd_session_refine(j->session, j->last, a->refine, a->rate, &error)) return from_error(error, err);
    st = run_one(j, "refine", a->refine, err);
  }
  return st;
}

typedef struct kept {
  GBytes *latent;
  WdFrame frame;
} kept;

static void keep(GArray *all, const record_args *a, WdRecording *r, guint id, int k, int last, WdWhat what) {
  WdFrame f = {0};
  if (!wd_recording_get_frame(r, id, k, what, &f) || !f.pair) return;
  kept one = {.latent = g_bytes_ref(wd_recording_position(r, id, k)->latent[what])};
  one.frame.pair = wd_pair_ref(f.pair);
  if (f.exact && a->simulated && what == WD_WHAT_ESTIMATE && (k % a->simulated == 0 || k == last))
    one.frame.exact = wd_simulation_ref(f.exact);
  g_array_append_val(all, one);
}

/* Leaves in the cache what is to be written: pairs of the runs and of the walk, and simulated gathers of
 * some. */
static void keep_frames(const job *j) {
  const record_args *a = j->args;
  WdRecording *r = wd_session_get_recording(j->session);
  GArray *all = g_array_new(FALSE, FALSE, sizeof(kept));
  for (int i = 0; i < j->n_runs; i++) {
    const WdBranch *b = wd_recording_find(r, j->runs[i]);
    const int last = wd_branch_last(b);
    /* Of runs that are there to be compared, their beginnings are left out: noise looks like noise. */
    for (int k = j->n_also && b->kind != WD_BRANCH_WALK ? 1 : 0; k <= last; k++) {
      if (a->decoded && (k % a->decoded == 0 || k == last)) keep(all, a, r, b->id, k, last, WD_WHAT_ESTIMATE);
      if (b->id == j->run && a->states && k % a->states == 0 && k < b->steps)
        keep(all, a, r, b->id, k, last, WD_WHAT_STATE);
    }
  }
  for (guint i = 0; a->decoded && i < wd_recording_count(r); i++) { /* where branches end */
    const WdBranch *b = wd_recording_nth(r, i);
    if (b->parent) keep(all, a, r, b->id, wd_branch_last(b), wd_branch_last(b), WD_WHAT_ESTIMATE);
  }
  wd_recording_set_budget(r, 0); /* forgets all */
  wd_recording_set_budget(r, (gsize)4 << 30);
  for (guint i = 0; i < all->len; i++) {
    kept *one = &g_array_index(all, kept, i);
    wd_recording_put_frame(r, one->latent, one->frame.pair, NULL, one->frame.exact);
    wd_frame_clear(&one->frame);
    g_bytes_unref(one->latent);
  }
  g_array_unref(all);
}

static wd_status report(const job *j, wd_error *err) {
  WdRecording *r = wd_session_get_recording(j->session);
  const WdModelInfo *m = wd_session_get_model(j->session);
  json_t *list = json_array();
  for (guint i = 0; i < wd_recording_count(r); i++) {
    const WdBranch *b = wd_recording_nth(r, i);
    const WdPosition *p = wd_recording_position(r, b->id, wd_branch_last(b));
    const WdScore *s = p ? wd_position_score(p, WD_WHAT_ESTIMATE) : NULL;
    double value = s ? s->value[WD_METRIC_REFLECTION_RESIDUAL] : -1;
    json_array_append_new(list,
                          json_pack("{s:s, s:i, s:o}", "name", b->name, "positions", wd_branch_last(b) + 1,
                                    "reflection_residual", s ? cli_real(value) : json_null()));
    if (!j->c->json)
      printf("%s: %d positions, reflection_residual %.4g (exact mode)\n", b->name, wd_branch_last(b) + 1,
             value);
  }
  json_t *o = json_pack("{s:s, s:s, s:s, s:o}", "output", j->args->output, "model", m->identity, "device",
                        m->device_spec, "branches", list);
  if (j->c->json) return cli_print_json(o, err);
  json_decref(o);
  return WD_OK;
}

static wd_status check(const record_args *a, record_args *out, job *j, wd_error *err) {
  *out = *a;
  wd_family f;
  out->family_choice = -1;
  if (strcmp(a->family, "any") != 0) {
    if (!wd_family_parse(a->family, &f))
      return cli_usage_error(err, "--family %s: it is any, or flatvel-a to style-b", a->family);
    out->family_choice = (int)f;
  }
  if (a->eta != 0 && a->sampler != WD_SAMPLER_DDIM)
    return cli_usage_error(err, "--eta is of the sampler ddim, not of %s",
                           wd_sampler_name((wd_sampler_kind)a->sampler));
  j->n_also = 0;
  g_auto(GStrv) also = a->also ? g_strsplit(a->also, ",", MAX_ALSO + 2) : NULL;
  for (char **s = also; s && *s; s++)
    if (j->n_also == MAX_ALSO ||
        !g_ascii_string_to_unsigned(*s, 10, 0, UINT64_MAX, &j->also[j->n_also++], NULL))
      return cli_usage_error(err, "--also %s: up to %d seeds with commas between them", a->also, MAX_ALSO);
  if (a->walk == 1 || (a->walk && (!j->n_also || a->refine || a->branch)))
    return cli_usage_error(err,
                           "--walk wants 2 latents or more and --also, and neither --branch nor --refine");
  wd_sampler_plan plan = {(wd_sampler_kind)a->sampler, a->steps, a->eta, a->guidance};
  return branches_parse(a->branch, &plan, j->branches, &j->n_branches, err);
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  record_args args;
  job j = {.c = c, .args = &args};
  wd_status st = check(arguments, &args, &j, err);
  if (st) return st;
  j.session = wd_session_new();
  WdPolicy policy = {.score = WD_SCORE_ON_DEMAND, .exact_rest = TRUE, .cache_mib = 4096};
  wd_session_set_policy(j.session, &policy);
  g_signal_connect(j.session, "notice", G_CALLBACK(on_notice), &j);
  wd_session_open_model(j.session, args.model, args.device);
  st = wait_until(&j, is_open, err);
  if (!st) {
    const WdModelInfo *m = wd_session_get_model(j.session);
    cli_note(c, "%s on %s", m->name, m->device);
    st = run_all(&j, err);
  }
  if (!st) st = score_all(&j, err);
  if (!st) {
    GError *error = NULL;
    keep_frames(&j);
    if (!wd_recording_save(wd_session_get_recording(j.session), args.output, args.decoded > 0, NULL, &error))
      st = from_error(error, err);
  }
  if (!st) st = report(&j, err);
  g_object_unref(j.session);
  return st;
}

const cli_command cli_record = {
    .name = "record",
    .summary = "make a recording of a run, as the window makes and opens them",
    .details =
        "Runs the model as the window does, by the same session: every latent of every step, of branches and "
        "refinement, each scored in exact mode; and writes it all into FILE.wdrun, which the window, info, "
        "residual and render open. Pictures of the run (decoded pairs, simulated gathers) are kept in it, "
        "so that it can be replayed where there is no model: about 0.12 MB a decoded pair of the shipped "
        "model, "
        "and 0.2 MB for its simulated gathers.",
    .example = "wavediffusion-cli record --model resources/models/default --seed 7 --steps 8 -o run.wdrun\n"
               "wavediffusion-cli record --model resources/models/default --seed 7 --steps 8 --branch "
               "'at=4,sampler=ddim,eta=1,noise=2' --simulated 4 -o branched.wdrun\n"
               "wavediffusion-cli record --model resources/models/default --seed 3 --also 17,40 --walk 9 -o "
               "walk.wdrun\n",
    .option = options,
    .size = sizeof(record_args),
    .run = run,
};
