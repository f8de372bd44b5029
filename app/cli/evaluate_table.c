/* evaluation.json for people. */
#include "app/cli/evaluate.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The value at a path of keys joined by slashes; NULL where it ends. */
static const json_t *find(const json_t *at, const char *path) {
  char key[64];
  while (at && *path) {
    size_t n = strcspn(path, "/");
    if (n >= sizeof key) return NULL;
    memcpy(key, path, n);
    key[n] = 0;
    at = json_object_get(at, key);
    path += n + (path[n] == '/');
  }
  return at;
}

static double number(const json_t *at, const char *path) {
  const json_t *v = find(at, path);
  return json_is_number(v) ? json_number_value(v) : NAN;
}

static const char *text(const json_t *at, const char *path) {
  const char *s = json_string_value(find(at, path));
  return s ? s : "";
}

/* A figure in a cell of ten characters. */
static void cell(double x) {
  if (isnan(x))
    printf(" %9s", "-");
  else
    printf(" %9.4g", x);
}

static void row(const json_t *at, const char *name, const char *const *path, int columns) {
  printf("  %-26s", name);
  for (int i = 0; i < columns; i++) cell(number(at, path[i]));
  putchar('\n');
}

static void spread(const json_t *at, const char *name, const char *path) {
  char key[3][128];
  const char *const part[] = {"median", "p05", "p95"};
  printf("  %-26s", name);
  for (int i = 0; i < 3; i++) {
    snprintf(key[i], sizeof key[i], "%s/%s", path, part[i]);
    cell(number(at, key[i]));
  }
  putchar('\n');
}

static void stage1(const json_t *r) {
  static const char *const given[] = {"both", "seismic_only", "velocity_only"};
  static const struct {
    const char *name, *key;
  } line[] = {{"velocity MAE", "velocity_mae"},
              {"velocity MAE, m/s", "velocity_mae_m_s"},
              {"velocity RMSE", "velocity_rmse"},
              {"velocity SSIM", "velocity_ssim"},
              {"seismic relative L2", "seismic_relative_l2"},
              {"seismic log-norm MSE", "seismic_log_norm_mse"},
              {"reconstruction reflection", "reconstruction_reflection/median"},
              {"reflection residual", "reflection_residual/median"},
              {"residual relative L2", "residual_relative_l2/median"},
              {"residual log-norm MSE", "residual_log_norm_mse/median"}};
  printf("\nstage 1 (test pairs; residuals are medians) \n  %-26s %9s %9s %9s\n", "given", "both", "seismic",
         "velocity");
  for (size_t i = 0; i < sizeof line / sizeof *line; i++) {
    char path[3][96];
    const char *columns[3];
    for (int g = 0; g < 3; g++) {
      snprintf(path[g], sizeof path[g], "stage1/%s/%s", given[g], line[i].key);
      columns[g] = path[g];
    }
    row(r, line[i].name, columns, 3);
  }
}

static void populations(const json_t *r) {
  static const char *const name[] = {"real", "generated", "gaussian", "random_codes"};
  printf("\nPDE residual r(z) of populations (%s mode)\n  %-26s %9s %9s %9s %9s\n", text(r, "mode"), "",
         "real", "generated", "N(0,I)", "codes");
  static const struct {
    const char *name, *before, *after;
  } line[] = {{"reflection residual", "populations/", "/reflection_residual/median"},
              {"  5th percentile", "populations/", "/reflection_residual/p05"},
              {"  95th percentile", "populations/", "/reflection_residual/p95"},
              {"relative L2", "populations/", "/residual_relative_l2/median"},
              {"log-norm MSE", "populations/", "/residual_log_norm_mse/median"},
              {"  silence", "populations/", "/silence_log_norm_mse"},
              {"  direct wave alone", "populations/", "/direct_wave_log_norm_mse"},
              {"reflection share", "populations/", "/reflection_share/median"},
              {"nothing to reflect", "populations/", "/nothing_to_reflect"},
              {"share within epsilon", "within_epsilon/", ""},
              {"share within 0.1", "within/0.1/", ""},
              {"share within 0.3", "within/0.3/", ""},
              {"share within 0.5", "within/0.5/", ""}};
  for (size_t i = 0; i < sizeof line / sizeof *line; i++) {
    char path[4][96];
    const char *columns[4];
    for (int p = 0; p < 4; p++) {
      snprintf(path[p], sizeof path[p], "%s%s%s", line[i].before, name[p], line[i].after);
      columns[p] = path[p];
    }
    row(r, line[i].name, columns, 4);
  }
}

static void families(const json_t *r) {
  const char *family;
  json_t *value;
  printf("\nfamilies%-20s %9s %9s %9s %9s %9s\n", "", "MAE", "MAE s.", "r_R", "epsilon", "r_R gen.");
  json_t *all = json_object_get(r, "families");
  json_object_foreach(all, family, value) {
    static const char *const columns[] = {"stage1/both/velocity_mae", "stage1/seismic_only/velocity_mae",
                                          "stage1/both/reflection_residual/median", "epsilon",
                                          "generated/reflection_residual/median"};
    row(value, family, columns, 5);
  }
}

static void line(const json_t *r, const char *name, const char *path, const char *unit) {
  printf("  %-26s", name);
  cell(number(r, path));
  printf("  %s\n", unit);
}

void evaluate_print(const json_t *r) {
  printf("%s (%s), %d test pairs, %s mode, %s, %s\n", text(r, "model/name"), text(r, "model/identity"),
         (int)number(r, "count"), text(r, "mode"), text(r, "precision"), text(r, "device_name"));
  printf("\ngrounds\n  %-26s %9s %9s %9s\n", "", "median", "p05", "p95");
  spread(r, "discretisation floor", "discretization_floor/reflection_residual");
  line(r, "codec, relative L2", "codec/relative_l2", "mean");
  line(r, "codec, reflections", "codec/reflection_residual", "mean");
  stage1(r);
  line(r, "codebook used", "codebook/used_fraction", "of all codes");
  populations(r);
  line(r, "epsilon", "epsilon", "95th percentile of real pairs");
  printf("\ngeneration against test pairs\n  %-26s %9s %9s\n", "", "generated", "real");
  static const struct {
    const char *name, *generated, *real;
  } pair[] = {
      {"Frechet, maps", "generation/frechet/velocity/generated", "generation/frechet/velocity/other_real"},
      {"Frechet, gathers", "generation/frechet/seismic/generated", "generation/frechet/seismic/other_real"},
      {"pairwise distance", "generation/diversity/generated", "generation/diversity/real"},
      {"nearest training map", "generation/nearest_training_map/generated/median",
       "generation/nearest_training_map/real/median"},
      {"reflection share", "generation/reflection_share/generated", "generation/reflection_share/real"}};
  for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
    const char *columns[] = {pair[i].generated, pair[i].real};
    row(r, pair[i].name, columns, 2);
  }
  printf("\nrefinement in latent space, r_R\n");
  line(r, "before", "refinement/before", "median");
  line(r, "after", "refinement/after", "median");
  line(r, "halved", "refinement/halved", "of the latents");
  printf("\nmirrored pairs\n");
  line(r, "velocity MAE, mirrored", "mirror/velocity_mae/mirrored", "");
  line(r, "velocity MAE, as given", "mirror/velocity_mae/as_given", "");
  line(r, "difference of the two maps", "mirror/velocity_difference", "MAE");
  families(r);
  printf("\ncost\n");
  line(r, "encode a pair", "cost/encode_ms", "ms");
  line(r, "decode a latent", "cost/decode_ms", "ms");
  line(r, "denoising step", "cost/denoising_step_ms", "ms");
  line(r, "simulate a map", "cost/simulation_ms", "ms");
  line(r, "generated and decoded", "cost/samples_per_second", "pairs a second");
  line(r, "peak memory", "cost/peak_memory_bytes", "bytes");
}
