/* Geometry of latent space: mixtures keep lengths and agree with slerp along edges, planes give back what
 * they were made from, directions are orthonormal and the right ones, paths go through their anchors. */
#include "model/latent_space.h"
#include "model/schedule.h"
#include "solver/random.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { D = 1296 };
static float a[D], b[D], c[D], out[D], other[D];

static bool at_least(double value, double limit, const char *what) {
  return tap_ok(value >= limit, "%s: %.4g (at least %.4g)", what, value, limit);
}
static double dot(const float *x, const float *y) {
  double sum = 0;
  for (int i = 0; i < D; i++) sum += (double)x[i] * (double)y[i];
  return sum;
}
static double apart(const float *x, const float *y) {
  double sum = 0;
  for (int i = 0; i < D; i++) sum += pow((double)x[i] - (double)y[i], 2);
  return sqrt(sum / dot(y, y));
}
static void poison(void) {
  for (int i = 0; i < D; i++) out[i] = other[i] = NAN;
}

static void test_lengths(void) {
  double lo, hi, inside = 0;
  wd_latent_shell(D, &lo, &hi);
  for (uint64_t i = 0; i < 2000; i++) {
    wd_random_normals(11, i, 0, D, out);
    double n = wd_latent_norm(out, D);
    inside += n >= lo && n <= hi;
  }
  /* binomial: 90 % of 2000, deviation 13.4 */
  tap_at_most(fabs(inside - 1800), 54, "of 2000 Gaussian latents 90 percent lie within the band");
  for (int i = 0; i < D; i++) out[i] = 0.5f;
  tap_at_most(fabs(wd_latent_norm(out, D) - 0.5), 1e-12, "the length of one half everywhere is one half");
}

static void test_mix(void) {
  const float *three[3] = {a, b, c};
  double worst = 0, spherical = 0, restored = 0, straight = 0;
  for (int i = 1; i < 10; i++) {
    double t = 0.1 * i;
    poison();
    wd_slerp(a, b, t, D, other);
    wd_latent_mix(WD_MIX_SPHERICAL, 3, three, (double[3]){1 - t, t, 0}, D, out);
    worst = fmax(worst, apart(out, other));
    wd_slerp(c, b, t, D, other);
    wd_latent_mix(WD_MIX_SPHERICAL, 3, three, (double[3]){0, t, 1 - t}, D, out);
    worst = fmax(worst, apart(out, other));
  }
  tap_at_most(worst, 2e-7, "along its edges a spherical mixture of three is slerp");
  for (int i = 0; i <= 8; i++)
    for (int j = 0; j <= 8; j++) {
      double u = -0.25 + 0.1875 * i, v = -0.25 + 0.1875 * j, w[3] = {1 - u - v, u, v};
      double want = 0;
      for (int k = 0; k < 3; k++) want += w[k] * wd_latent_norm(three[k], D);
      wd_latent_mix(WD_MIX_SPHERICAL, 3, three, w, D, out);
      spherical = fmax(spherical, fabs(wd_latent_norm(out, D) / want - 1));
      wd_latent_mix(WD_MIX_RESTORED, 3, three, w, D, out);
      restored = fmax(restored, fabs(wd_latent_norm(out, D) / want - 1));
    }
  tap_at_most(spherical, 1e-6,
              "a spherical mixture has the length between the anchors', outside of them too");
  tap_at_most(restored, 1e-6, "so has a restored one");
  wd_latent_mix(WD_MIX_STRAIGHT, 3, three, (double[3]){0.5, 0.5, 0}, D, out);
  straight = wd_latent_norm(out, D);
  tap_at_most(straight, 0.75, "straight halves of two noises have lost their variance");
  wd_latent_mix(WD_MIX_STRAIGHT, 3, three, (double[3]){0.2, 0.3, 0.5}, D, out);
  double sum = 0;
  for (int i = 0; i < D; i++)
    sum = fmax(sum, fabs((double)out[i] - 0.2 * (double)a[i] - 0.3 * (double)b[i] - 0.5 * (double)c[i]));
  tap_at_most(sum, 4e-7, "and are plain sums");

  /* the same whatever order the anchors come in */
  const float *turned[3] = {c, a, b};
  wd_latent_mix(WD_MIX_SPHERICAL, 3, three, (double[3]){0.2, 0.3, 0.5}, D, out);
  wd_latent_mix(WD_MIX_SPHERICAL, 3, turned, (double[3]){0.5, 0.2, 0.3}, D, other);
  tap_at_most(apart(out, other), 2e-7, "no anchor is treated differently from another");

  /* what cannot be restored */
  for (int i = 0; i < D; i++) other[i] = -a[i];
  const float *opposite[2] = {a, other};
  poison();
  for (int i = 0; i < D; i++) other[i] = -a[i];
  wd_latent_mix(WD_MIX_RESTORED, 2, opposite, (double[2]){0.5, 0.5}, D, out);
  tap_ok(dot(out, out) == 0, "a mixture that vanishes is left as it is");
  memset(other, 0, sizeof other);
  wd_latent_mix(WD_MIX_SPHERICAL, 2, opposite, (double[2]){0.5, 0.5}, D, out);
  tap_at_most(fabs(wd_latent_norm(out, D) / wd_latent_norm(a, D) - 0.5), 1e-6, "and so is one with nothing");
}

static void test_plane(void) {
  wd_error err = {0};
  for (int m = 0; m < 3; m++) {
    wd_latent_plane p = {0};
    if (!tap_ok(!wd_latent_plane_through((wd_mixing)m, a, b, c, D, &p, &err), "a %s plane",
                wd_mixing_name((wd_mixing)m)))
      continue;
    bool same = true;
    const float *corner[3] = {a, b, c};
    for (int i = 0; i < 3; i++) {
      poison();
      wd_latent_plane_point(&p, i == 1, i == 2, out);
      same = same && !memcmp(out, corner[i], sizeof out);
    }
    tap_ok(same, "its corners are the anchors, to the last bit");
    wd_latent_plane_point(&p, 0.3, 0.2, out);
    wd_latent_plane_point(&p, 0.3 + 1e-4, 0.2, other);
    double step = apart(other, out);
    tap_ok(step > 0 && step < 1e-3, "and a small step changes it by little (%.2g)", step);
    wd_latent_plane_clear(&p);
  }
  wd_latent_plane p = {.value = a};
  memcpy(other, b, sizeof b);
  other[7] = NAN;
  tap_ok(wd_latent_plane_through(WD_MIX_RESTORED, a, other, c, D, &p, &err) == WD_ERR_ARGUMENT &&
             strstr(err.message, "second anchor") && p.value == a,
         "an anchor that is not finite is refused by name: %s", err.message);
}

static void test_directions(void) {
  static float e1[D], e2[D], again[D], more[D], mean[D];
  wd_error err = {0};
  tap_ok(!wd_latent_random_directions(5, D, e1, e2, &err), "random directions");
  tap_at_most(fmax(fabs(dot(e1, e1) - 1), fabs(dot(e2, e2) - 1)), 1e-6, "of length one");
  tap_at_most(fabs(dot(e1, e2)), 1e-6, "at a right angle");
  wd_latent_random_directions(5, D, again, more, &err);
  tap_ok(!memcmp(e1, again, sizeof e1) && !memcmp(e2, more, sizeof e2), "the same seed gives the same");
  wd_latent_random_directions(6, D, again, more, &err);
  tap_at_most(fabs(dot(e1, again)), 0.12, "another one others");

  wd_latent_plane p = {0};
  double far = sqrt(dot(a, a));
  tap_ok(!wd_latent_plane_along(WD_MIX_RESTORED, a, e1, e2, far, far, D, &p, &err), "a plane along them");
  wd_latent_plane_point(&p, 0, 0, out);
  tap_ok(!memcmp(out, a, sizeof a), "its origin is the centre");
  wd_latent_plane_point(&p, 0.5, -0.7, out);
  tap_at_most(fabs(wd_latent_norm(out, D) / wd_latent_norm(a, D) - 1), 1e-6,
              "everywhere as long as the centre");
  wd_latent_plane_clear(&p);
  tap_ok(!wd_latent_plane_along(WD_MIX_STRAIGHT, a, e1, e2, 2, 3, D, &p, &err), "a straight one");
  wd_latent_plane_point(&p, 0.5, -1, out);
  for (int i = 0; i < D; i++) other[i] = out[i] - a[i];
  tap_at_most(fabs(dot(other, e1) - 1) + fabs(dot(other, e2) + 3), 1e-5, "goes as far as its units say");
  wd_latent_plane_clear(&p);
  tap_ok(wd_latent_plane_along(WD_MIX_STRAIGHT, a, e1, e2, 0, 3, D, &p, &err) == WD_ERR_ARGUMENT,
         "a unit of nothing is refused");

  /* a cloud that spreads along two known directions, by 3 and 2, and by 0.05 elsewhere */
  enum { N = 120 };
  float *cloud = malloc(sizeof(float) * N * D), *noise = malloc(sizeof(float) * D);
  double deviation[2], share[2];
  for (int k = 0; k < N; k++) {
    float w[2];
    wd_random_normals(21, 0, 2 * (uint64_t)k, 2, w);
    wd_random_normals(22, (uint64_t)k, 0, D, noise);
    for (int i = 0; i < D; i++)
      cloud[k * D + i] = 0.3f + 3 * w[0] * e1[i] + 2 * w[1] * e2[i] + 0.05f * noise[i] / 36;
  }
  tap_ok(!wd_latent_principal(N, cloud, D, mean, again, more, deviation, share, &err),
         "principal directions of %d latents", N);
  at_least(fabs(dot(again, e1)), 0.98, "the first is the one they spread most along");
  at_least(fabs(dot(more, e2)), 0.98, "the second the next");
  tap_at_most(fabs(dot(again, more)), 1e-5, "at a right angle");
  tap_at_most(fmax(fabs(deviation[0] / 3 - 1), fabs(deviation[1] / 2 - 1)), 0.2, "with their deviations");
  at_least(share[0] + share[1], 0.95, "and nearly all of the variance");
  tap_ok(wd_latent_principal(2, cloud, D, NULL, again, more, deviation, share, &err) == WD_ERR_ARGUMENT,
         "two latents have no plane: %s", err.message);
  for (int k = 1; k < N; k++) memcpy(cloud + k * D, cloud, sizeof(float) * D);
  tap_ok(wd_latent_principal(N, cloud, D, NULL, again, more, deviation, share, &err) == WD_ERR_ARGUMENT,
         "nor has one latent many times");
  free(cloud);
  free(noise);
}

static void test_paths(void) {
  static float all[4 * D];
  memcpy(all, a, sizeof a);
  memcpy(all + D, b, sizeof b);
  memcpy(all + 2 * D, c, sizeof c);
  memcpy(all + 3 * D, a, sizeof a);
  for (int e = 0; e < 3; e++) {
    bool rises = true;
    double last = -1;
    for (int i = 0; i < 31; i++) {
      double s = wd_path_place((wd_easing)e, i, 31, 4);
      rises = rises && s > last;
      last = s;
    }
    tap_ok(rises && wd_path_place((wd_easing)e, 0, 31, 4) == 0 && last == 3,
           "easing %s: from end to end, never back", wd_easing_name((wd_easing)e));
    tap_at_most(fabs(wd_path_place((wd_easing)e, 15, 31, 4) - 1.5), 1e-12, "half way at half the frames");
  }
  tap_ok(wd_path_place(WD_EASE_NONE, 10, 31, 4) == 1 && wd_path_place(WD_EASE_ANCHORS, 20, 31, 4) == 2,
         "whole places come out whole");
  for (int m = 0; m < 4; m++) {
    bool same = true;
    for (int i = 0; i < 4; i++) {
      poison();
      wd_latent_path_point((wd_path_mode)m, 4, all, D, i, out);
      same = same && !memcmp(out, all + i * D, sizeof out);
    }
    tap_ok(same, "a %s path goes through its anchors, to the last bit", wd_path_mode_name((wd_path_mode)m));
    double jump = 0, norm = 0;
    for (int i = 0; i < 300; i++) {
      wd_latent_path_point((wd_path_mode)m, 4, all, D, i * 0.01, out);
      wd_latent_path_point((wd_path_mode)m, 4, all, D, (i + 1) * 0.01, other);
      jump = fmax(jump, apart(other, out));
      norm = fmax(norm, fabs(wd_latent_norm(out, D) - 1));
    }
    tap_at_most(jump, 0.05, "without a jump");
    if (m != WD_PATH_STRAIGHT)
      tap_at_most(norm, 0.06, "and stays on the shell of its anchors");
    else
      at_least(norm, 0.2, "and leaves the shell");
  }
  wd_latent_path_point(WD_PATH_SLERP, 1, all, D, 0, out);
  tap_ok(!memcmp(out, a, sizeof a), "a path of one anchor is that anchor");

  const double way[3][2] = {{0, 0}, {1, 0}, {0, 1}};
  double at[2];
  wd_plane_path_point(false, 3, way, 0.25, at);
  tap_ok(at[0] == 0.25 && at[1] == 0, "on a plane: straight (%g, %g)", at[0], at[1]);
  wd_plane_path_point(true, 3, way, 0.5, at);
  tap_ok(at[0] > 0.5 && at[1] < 0, "smooth swings wide of the corner (%g, %g)", at[0], at[1]);
  wd_plane_path_point(true, 3, way, 1, at);
  tap_ok(at[0] == 1 && at[1] == 0, "and goes through it");
  wd_plane_path_point(true, 3, way, 2, at);
  tap_ok(at[0] == 0 && at[1] == 1, "to the end");
}

int main(void) {
  wd_sampler_noise(3, -1, D, a);
  wd_sampler_noise(17, -1, D, b);
  wd_sampler_noise(42, -1, D, c);
  wd_latent_domain domain = WD_DOMAIN_DATA;
  tap_ok(wd_latent_domain_parse("noise", &domain) && domain == WD_DOMAIN_NOISE &&
             !wd_latent_domain_parse("x", &domain),
         "the two spaces have names");
  test_lengths();
  test_mix();
  test_plane();
  test_directions();
  test_paths();
  return tap_done();
}
