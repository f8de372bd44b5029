#include "model/latent_space.h"
#include "model/frechet.h"

#include "model/schedule.h"
#include "solver/memory.h"
#include "solver/random.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* "LATPLANE": a stream of its own beside those of noise and of velocity families. */
static const uint64_t direction_stream = UINT64_C(0x4c4154504c414e45);

/* ---- names */

static const char *const domains[] = {"data", "noise"};
static const char *const mixings[] = {"spherical", "restored", "straight"};
static const char *const modes[] = {"slerp", "linear", "smooth", "straight"};
static const char *const easings[] = {"none", "ends", "anchors"};

const char *wd_latent_domain_name(wd_latent_domain domain) {
  return domains[domain == WD_DOMAIN_NOISE];
}

bool wd_latent_domain_parse(const char *text, wd_latent_domain *out) {
  for (int i = 0; i < 2; i++)
    if (strcmp(text, domains[i]) == 0) {
      *out = (wd_latent_domain)i;
      return true;
    }
  return false;
}

const char *wd_mixing_name(wd_mixing mixing) {
  return mixings[mixing];
}

const char *wd_path_mode_name(wd_path_mode mode) {
  return modes[mode];
}

const char *wd_easing_name(wd_easing easing) {
  return easings[easing];
}

wd_mixing wd_mixing_of(wd_latent_domain domain, bool norm_safe) {
  return !norm_safe ? WD_MIX_STRAIGHT : domain == WD_DOMAIN_NOISE ? WD_MIX_SPHERICAL : WD_MIX_RESTORED;
}

/* ---- lengths */

static double dot(const float *a, const float *b, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (double)a[i] * (double)b[i];
  return sum;
}

static double length(const float *z, size_t count) {
  return sqrt(dot(z, z, count));
}

double wd_latent_norm(const float *z, size_t count) {
  return count ? length(z, count) / sqrt((double)count) : NAN;
}

void wd_latent_shell(size_t count, double *lo, double *hi) {
  double d = (double)count, middle = 1 - 0.25 / d, width = 1.645 / sqrt(2 * d);
  *lo = middle - width;
  *hi = middle + width;
}

/* ---- mixtures */

static void weighted(int n, const float *const *z, const double *weight, size_t count, float *out) {
  for (size_t i = 0; i < count; i++) {
    double sum = 0;
    for (int k = 0; k < n; k++) sum += weight[k] * (double)z[k][i];
    out[i] = (float)sum;
  }
}

/* The same times what gives it that length; as it is where that cannot be. */
static void weighted_to(int n, const float *const *z, double *weight, size_t count, double to, float *out) {
  double most = 0;
  weighted(n, z, weight, count, out);
  double now = length(out, count);
  for (int k = 0; k < n; k++) most = fmax(most, fabs(weight[k]) * length(z[k], count));
  if (!(now > 1e-6 * most) || !(to > 0)) return;
  for (int k = 0; k < n; k++) weight[k] *= to / now;
  weighted(n, z, weight, count, out);
}

/* The length that a mixture is to have. */
static double length_between(int n, const double *norm, const double *weight) {
  double sum = 0, least = DBL_MAX;
  for (int k = 0; k < n; k++) {
    sum += weight[k] * norm[k];
    least = fmin(least, norm[k]);
  }
  return fmax(sum, 0.25 * least);
}

/* Weights of the anchors as they are whose sum lies on the great circle (two), or inside it (more). */
static void spherical_weights(int n, const float *const *z, const double *norm, const double *weight,
                              size_t count, double *out) {
  double angle = 0, all = 0;
  for (int i = 0; i < n; i++)
    for (int j = i + 1; j < n; j++) {
      double share = fabs(weight[i] * weight[j]);
      if (share == 0) continue;
      double cosine = fmax(-1, fmin(1, dot(z[i], z[j], count) / (norm[i] * norm[j])));
      angle += share * acos(cosine);
      all += share;
    }
  if (all > 0) angle /= all;
  double s = sin(angle);
  for (int k = 0; k < n; k++) out[k] = (s > 1e-4 ? sin(weight[k] * angle) / s : weight[k]) / norm[k];
}

void wd_latent_mix(wd_mixing mixing, int n, const float *const *anchor, const double *weight, size_t count,
                   float *out) {
  double norm[WD_MIX_MAX], w[WD_MIX_MAX];
  bool lengths = true;
  int alone = -1, others = 0;
  for (int k = 0; k < n; k++) {
    if (weight[k] == 1) alone = k;
    others += weight[k] != 0;
  }
  if (alone >= 0 && others == 1) {
    memcpy(out, anchor[alone], count * sizeof *out);
    return;
  }
  for (int k = 0; k < n; k++) {
    norm[k] = length(anchor[k], count);
    lengths = lengths && norm[k] > 0;
    w[k] = weight[k];
  }
  if (mixing == WD_MIX_STRAIGHT || !lengths) {
    weighted(n, anchor, w, count, out);
    return;
  }
  if (mixing == WD_MIX_SPHERICAL) spherical_weights(n, anchor, norm, weight, count, w);
  weighted_to(n, anchor, w, count, length_between(n, norm, weight), out);
}

/* ---- planes */

static wd_status check_finite(const float *z, size_t count, const char *what, wd_error *err) {
  for (size_t i = 0; i < count; i++)
    if (!isfinite(z[i]))
      return wd_fail(err, WD_ERR_ARGUMENT, "%s of the plane is not finite at its number %zu", what, i);
  return WD_OK;
}

static wd_status make_plane(wd_plane_kind kind, wd_mixing mixing, const float *const value[3], size_t count,
                            wd_latent_plane *out, wd_error *err) {
  static const char *const names[2][3] = {{"the first anchor", "the second anchor", "the third anchor"},
                                          {"the centre", "the first direction", "the second direction"}};
  wd_status st = WD_OK;
  for (int i = 0; i < 3 && !st; i++) st = check_finite(value[i], count, names[kind][i], err);
  if (st) return st;
  float *all = wd_alloc(3 * count, sizeof *all);
  if (!all) return wd_fail(err, WD_ERR_NO_MEMORY, "no memory for three latents of %zu numbers", count);
  for (int i = 0; i < 3; i++) memcpy(all + (size_t)i * count, value[i], count * sizeof *all);
  *out = (wd_latent_plane){.kind = kind, .mixing = mixing, .count = count, .value = all, .scale = {1, 1}};
  return WD_OK;
}

wd_status wd_latent_plane_through(wd_mixing mixing, const float *a, const float *b, const float *c,
                                  size_t count, wd_latent_plane *out, wd_error *err) {
  return make_plane(WD_PLANE_ANCHORS, mixing, (const float *const[3]){a, b, c}, count, out, err);
}

wd_status wd_latent_plane_along(wd_mixing mixing, const float *centre, const float *e1, const float *e2,
                                double s1, double s2, size_t count, wd_latent_plane *out, wd_error *err) {
  if (!isfinite(s1) || !isfinite(s2) || s1 == 0 || s2 == 0)
    return wd_fail(err, WD_ERR_ARGUMENT, "units of %g and %g along the plane's directions", s1, s2);
  wd_status st =
      make_plane(WD_PLANE_DIRECTIONS, mixing, (const float *const[3]){centre, e1, e2}, count, out, err);
  if (st) return st;
  out->scale[0] = s1;
  out->scale[1] = s2;
  return WD_OK;
}

void wd_latent_plane_clear(wd_latent_plane *plane) {
  wd_free(plane->value);
  *plane = (wd_latent_plane){0};
}

void wd_latent_plane_point(const wd_latent_plane *p, double u, double v, float *out) {
  const float *z[3] = {p->value, p->value + p->count, p->value + 2 * p->count};
  if (p->kind == WD_PLANE_ANCHORS) {
    const double weight[3] = {1 - u - v, u, v};
    wd_latent_mix(p->mixing, 3, z, weight, p->count, out);
    return;
  }
  double weight[3] = {1, u * p->scale[0], v * p->scale[1]};
  if (u == 0 && v == 0)
    memcpy(out, z[0], p->count * sizeof *out);
  else if (p->mixing == WD_MIX_STRAIGHT)
    weighted(3, z, weight, p->count, out);
  else
    weighted_to(3, z, weight, p->count, length(z[0], p->count), out);
}

/* Normals of a seed, made orthonormal in double. */
wd_status wd_latent_random_directions(uint64_t seed, size_t count, float *e1, float *e2, wd_error *err) {
  if (count < 2) return wd_fail(err, WD_ERR_ARGUMENT, "two directions among %zu numbers", count);
  wd_random_normals(seed, direction_stream, 0, count, e1);
  wd_random_normals(seed, direction_stream, count, count, e2);
  double first = length(e1, count), along = dot(e1, e2, count) / (first * first);
  for (size_t i = 0; i < count; i++) e2[i] = (float)((double)e2[i] - along * (double)e1[i]);
  double second = length(e2, count);
  if (!(first > 0) || !(second > 0))
    return wd_fail(err, WD_ERR_DIVERGED, "seed %llu gives no two directions", (unsigned long long)seed);
  for (size_t i = 0; i < count; i++) {
    e1[i] = (float)((double)e1[i] / first);
    e2[i] = (float)((double)e2[i] / second);
  }
  return WD_OK;
}

static void turn_positive(float *e, size_t count) {
  size_t most = 0;
  for (size_t i = 1; i < count; i++)
    if (fabsf(e[i]) > fabsf(e[most])) most = i;
  if (e[most] < 0)
    for (size_t i = 0; i < count; i++) e[i] = -e[i];
}

wd_status wd_latent_principal(int n, const float *latents, size_t count, float *mean, float *e1, float *e2,
                              double deviation[2], double share[2], wd_error *err) {
  if (n < 3 || n > WD_PRINCIPAL_MAX || count < 2)
    return wd_fail(err, WD_ERR_ARGUMENT, "principal directions of %d latents; 3 to %d are possible", n,
                   WD_PRINCIPAL_MAX);
  size_t nn = (size_t)n * (size_t)n;
  double *centred = wd_alloc((size_t)n * count, sizeof *centred), *gram = wd_alloc(nn, sizeof *gram),
         *vectors = wd_alloc(nn, sizeof *vectors), *values = wd_alloc((size_t)n, sizeof *values), trace = 0;
  wd_status st = centred && gram && vectors && values
                     ? WD_OK
                     : wd_fail(err, WD_ERR_NO_MEMORY, "no memory for %d latents", n);
  for (size_t i = 0; i < count && !st; i++) {
    double m = 0;
    for (int k = 0; k < n; k++) m += (double)latents[(size_t)k * count + i];
    m /= n;
    if (mean) mean[i] = (float)m;
    for (int k = 0; k < n; k++) centred[(size_t)k * count + i] = (double)latents[(size_t)k * count + i] - m;
  }
  for (int i = 0; i < n && !st; i++)
    for (int j = i; j < n; j++) {
      double sum = 0;
      for (size_t k = 0; k < count; k++)
        sum += centred[(size_t)i * count + k] * centred[(size_t)j * count + k];
      gram[i * n + j] = gram[j * n + i] = sum;
      if (i == j) trace += sum;
    }
  if (!st && !isfinite(trace)) st = wd_fail(err, WD_ERR_ARGUMENT, "a latent of the batch is not finite");
  if (!st) st = wd_symmetric_eigen(gram, n, values, vectors, err);
  for (int k = 0; k < 2 && !st; k++) {
    const int best = n - 1 - k;
    const double value = values[best];
    if (!(value > 1e-10 * trace) || !(trace > 0)) {
      st = wd_fail(err, WD_ERR_ARGUMENT, "%d latents do not spread in two directions", n);
      break;
    }
    float *e = k ? e2 : e1;
    for (size_t i = 0; i < count; i++) {
      double sum = 0;
      for (int j = 0; j < n; j++) sum += vectors[j * n + best] * centred[(size_t)j * count + i];
      e[i] = (float)(sum / sqrt(value));
    }
    turn_positive(e, count);
    deviation[k] = sqrt(value / (n - 1));
    share[k] = value / trace;
  }
  wd_free(centred);
  wd_free(gram);
  wd_free(vectors);
  wd_free(values);
  return st;
}

/* ---- paths */

static double smoothstep(double t) {
  return t * t * (3 - 2 * t);
}

double wd_path_place(wd_easing easing, int frame, int frames, int n) {
  if (n < 2 || frames < 2 || frame <= 0) return 0;
  if (frame >= frames - 1) return n - 1;
  /* One product and one quotient: whole places come out whole where they can. */
  double s = (double)frame * (double)(n - 1) / (double)(frames - 1);
  if (easing == WD_EASE_ENDS) return smoothstep(s / (n - 1)) * (n - 1);
  if (easing == WD_EASE_ANCHORS) return floor(s) + smoothstep(s - floor(s));
  return s;
}

/* Weights of waypoints i - 1 .. i + 2 (those beyond the ends are the ends) at t between i and i + 1. */
static void catmull_rom(double t, double w[4]) {
  double t2 = t * t, t3 = t2 * t;
  w[0] = 0.5 * (-t3 + 2 * t2 - t);
  w[1] = 0.5 * (3 * t3 - 5 * t2 + 2);
  w[2] = 0.5 * (-3 * t3 + 4 * t2 + t);
  w[3] = 0.5 * (t3 - t2);
}

/* The segment of a place and how far it is along. */
static int segment(int n, double s, double *t) {
  int i = s >= n - 1 ? n - 2 : s > 0 ? (int)s : 0;
  *t = fmin(fmax(s - i, 0), 1);
  return i;
}

static int clamp(int i, int n) {
  return i < 0 ? 0 : i >= n ? n - 1 : i;
}

void wd_latent_path_point(wd_path_mode mode, int n, const float *anchors, size_t count, double s,
                          float *out) {
  double t = 0;
  int i = n < 2 ? 0 : segment(n, s, &t);
  const float *a = anchors + (size_t)i * count, *b = n < 2 ? a : a + count;
  if (t == 0 || t == 1) { /* the anchors themselves, to the last bit */
    memcpy(out, t == 0 ? a : b, count * sizeof *out);
    return;
  }
  if (mode == WD_PATH_SLERP) {
    wd_slerp(a, b, t, count, out);
    return;
  }
  const float *two[2] = {a, b};
  if (mode != WD_PATH_SMOOTH) {
    wd_latent_mix(mode == WD_PATH_LINEAR ? WD_MIX_RESTORED : WD_MIX_STRAIGHT, 2, two, (double[2]){1 - t, t},
                  count, out);
    return;
  }
  double w[4];
  const float *four[4];
  catmull_rom(t, w);
  for (int k = 0; k < 4; k++) four[k] = anchors + (size_t)clamp(i - 1 + k, n) * count;
  weighted_to(4, four, w, count, (1 - t) * length(a, count) + t * length(b, count), out);
}

void wd_plane_path_point(bool smooth, int n, const double (*waypoint)[2], double s, double out[2]) {
  double t = 0, w[4] = {0, 1, 0, 0};
  int i = n < 2 ? 0 : segment(n, s, &t);
  if (smooth && n > 2) {
    catmull_rom(t, w);
  } else {
    w[1] = 1 - t;
    w[2] = t;
  }
  if (t == 0 || t == 1) {
    const double *end = waypoint[clamp(i + (t == 1), n)];
    out[0] = end[0];
    out[1] = end[1];
    return;
  }
  for (int c = 0; c < 2; c++) {
    out[c] = 0;
    for (int k = 0; k < 4; k++)
      if (w[k] != 0) out[c] += w[k] * waypoint[clamp(i - 1 + k, n)][c];
  }
}
