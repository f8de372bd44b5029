/* The codebook on the host against the networks': the same codes as the encoder's and the decoder's
 * quantizers, codes that come back when they are put into a latent, neighbours against a plain search; and
 * nearest latents against a sort of all of them. */
#include "model/code_table.h"
#include "model/decoder.h"
#include "model/neighbours.h"
#include "tests/model/small_model.h"
#include "tests/tap.h"

#include <stdlib.h>

static void need(wd_status st, const wd_error *err, const char *what) {
  if (!st) return;
  printf("Bail out! %s: %s\n", what, err->message);
  exit(1);
}

/* Codes that differ, although both are equally near but for rounding, are not counted as wrong. */
static int wrong_codes(const wd_code_table *t, const float *latent, const int32_t *mine,
                       const int32_t *theirs) {
  int wrong = 0, cells = t->shape.height * t->shape.width;
  for (int b = 0; b < t->books; b++)
    for (int i = 0; i < cells; i++) {
      int x = mine[b * cells + i], y = theirs[b * cells + i], code[64];
      double distance[64];
      float vector[64];
      if (x == y) continue;
      wd_code_table_cell(t, latent, b, i, vector);
      int n = wd_code_table_nearest(t, b, vector, 2, code, distance);
      wrong += !(n == 2 && code[0] == x && code[1] == y && distance[1] - distance[0] < 1e-6);
    }
  return wrong;
}

static void test_codes(bool two) {
  wd_error err = {0};
  wd_device *d = NULL;
  wd_model *m = NULL;
  wd_decoder *decoder = NULL;
  wd_code_table *t = NULL;
  wd_model_config c = small_model_config();
  c.stage1.two_codebooks = two;
  need(wd_device_open("reference", &d, &err), &err, "device");
  need(wd_model_create(d, &c, 3, false, &m, &err), &err, "model");
  need(small_model_draw(m, 3, &err), &err, "weights");
  const float mean[4] = {0.3f, -0.2f, 0.05f, 0.4f}, deviation[4] = {0.7f, 1.3f, 0.9f, 1.1f};
  need(wd_model_set_statistics(m, mean, deviation, &err), &err, "statistics");
  need(wd_decoder_create(m, NULL, &decoder, &err), &err, "decoder");
  need(wd_code_table_create(m, &t, &err), &err, "table");
  wd_latent_shape l = wd_model_latent(m);
  tap_ok(t->books == 1 + two && t->codes == 64 / t->books && t->width == l.channels / t->books &&
             t->shape.codes == l.codes,
         "%d codebook(s) of %d codes of %d channels", t->books, t->codes, t->width);
  float *z = wd_calloc((size_t)l.count, sizeof *z), *back = wd_calloc((size_t)l.count, sizeof *back);
  int32_t *mine = wd_calloc((size_t)l.codes, sizeof *mine),
          *theirs = wd_calloc((size_t)l.codes, sizeof *theirs);
  int wrong = 0;
  for (uint64_t seed = 0; seed < 40; seed++) {
    wd_random_normals(seed, 1, 0, (size_t)l.count, z);
    for (int i = 0; i < l.codes; i++) mine[i] = theirs[i] = -7;
    need(wd_decoder_run(decoder, 1, z, true, NULL, NULL, theirs, NULL, &err), &err, "decode");
    wd_code_table_of(t, z, mine);
    wrong += wrong_codes(t, z, mine, theirs);
  }
  tap_ok(wrong == 0, "the codes of 40 latents are those that the decoder takes (%d are not)", wrong);

  /* every code, put into some cell, is that cell's code; all other cells stay to the last bit */
  int lost = 0, moved = 0, cells = l.height * l.width;
  for (int b = 0; b < t->books; b++)
    for (int k = 0; k < t->codes; k++) {
      int cell = (7 * k + 3 * b) % cells;
      memcpy(back, z, (size_t)l.count * sizeof *z);
      wd_code_table_put(t, back, b, cell, k);
      lost += wd_code_table_of_cell(t, back, b, cell) != k;
      for (int ch = 0; ch < l.channels; ch++)
        for (int i = 0; i < cells; i++)
          moved += back[ch * cells + i] != z[ch * cells + i] && !(i == cell && ch / t->width == b);
    }
  tap_ok(lost == 0 && moved == 0, "a code put into a cell is its code, and no other cell moves (%d, %d)",
         lost, moved);
  for (int i = 0; i < l.codes; i++) theirs[i] = (i * 31) % t->codes;
  need(wd_decoder_latents_of_codes(decoder, 1, theirs, back, &err), &err, "latents of codes");
  for (int b = 0; b < t->books; b++)
    for (int i = 0; i < cells; i++) wd_code_table_put(t, z, b, i, theirs[b * cells + i]);
  double worst = 0;
  for (int i = 0; i < l.count; i++) worst = fmax(worst, fabs((double)z[i] - (double)back[i]));
  tap_at_most(worst, 1e-6, "codes put cell by cell give the decoder's latents of codes");

  /* neighbours: as a plain search has them */
  int bad = 0;
  for (int b = 0; b < t->books; b++)
    for (int k = 0; k < t->codes; k += 5) {
      int code[16];
      double distance[16];
      int n = wd_code_table_nearest(t, b, wd_code_table_vector(t, b, k), 9, code, distance);
      bad += n != 9 || code[0] != k || distance[0] != 0;
      for (int i = 0; i < n; i++) {
        bad += fabs(distance[i] - wd_code_table_distance(t, b, k, code[i])) > 1e-7;
        bad += i > 0 && distance[i] < distance[i - 1];
      }
      for (int other = 0; other < t->codes; other++) {
        bool listed = false;
        for (int i = 0; i < n; i++) listed = listed || code[i] == other;
        bad += !listed && wd_code_table_distance(t, b, k, other) < distance[n - 1] - 1e-7;
      }
    }
  int all[256];
  bad += wd_code_table_nearest(t, 0, wd_code_table_vector(t, 0, 0), 256, all, NULL) != t->codes;
  tap_ok(bad == 0, "the nearest codes are the nearest, in order (%d wrong)", bad);
  wd_code_table *again = wd_code_table_ref(t);
  wd_decoder_destroy(decoder);
  wd_model_close(m);
  wd_device_close(d);
  wd_code_table_unref(t);
  tap_ok(wd_code_table_of_cell(again, z, 0, 0) == theirs[0], "it outlives its model");
  wd_code_table_unref(again);
  wd_free(z);
  wd_free(back);
  wd_free(mine);
  wd_free(theirs);
}

enum { N = 300, D = 50 };
static float set[N][D], query[D];
static wd_nearness sort_by;

static wd_neighbour plain(size_t i) {
  double ab = 0, aa = 0, bb = 0, dd = 0;
  for (int k = 0; k < D; k++) {
    ab += (double)query[k] * (double)set[i][k];
    aa += (double)query[k] * (double)query[k];
    bb += (double)set[i][k] * (double)set[i][k];
    dd += pow((double)query[k] - (double)set[i][k], 2);
  }
  return (wd_neighbour){i, sqrt(dd / D), ab / sqrt(aa * bb)};
}

static int order(const void *a, const void *b) {
  const wd_neighbour *x = a, *y = b;
  double p = sort_by ? -x->cosine : x->distance, q = sort_by ? -y->cosine : y->distance;
  return p < q ? -1 : p > q ? 1 : x->index < y->index ? -1 : 1;
}

static void test_neighbours(void) {
  const float *latent[N];
  wd_neighbour all[N], out[N];
  wd_random_normals(5, 1, 0, D, query);
  for (size_t i = 0; i < N; i++) {
    wd_random_normals(6, i, 0, D, set[i]);
    latent[i] = set[i];
  }
  for (int k = 0; k < D; k++) set[17][k] = query[k], set[211][k] = query[k], set[90][k] = 3 * query[k];
  for (int by = 0; by < 2; by++) {
    sort_by = (wd_nearness)by;
    for (size_t i = 0; i < N; i++) all[i] = plain(i);
    qsort(all, N, sizeof *all, order);
    size_t n = wd_neighbours_find(sort_by, query, latent, N, D, 25, out);
    int wrong = n != 25;
    for (size_t i = by ? 3 : 0; i < n; i++) /* by direction three are equal but for rounding */
      wrong += out[i].index != all[i].index || fabs(out[i].distance - all[i].distance) > 1e-12 ||
               fabs(out[i].cosine - all[i].cosine) > 1e-12;
    tap_ok(wrong == 0, "the 25 nearest of %d by %s are those of a full sort (%d wrong)", N,
           by ? "direction" : "distance", wrong);
    tap_ok(out[0].index + out[1].index + (by ? out[2].index : 0) == (by ? 318u : 228u),
           "the latent itself comes first");
  }
  latent[17] = NULL;
  set[211][3] = NAN;
  size_t n = wd_neighbours_find(WD_NEAR_L2, query, latent, N, D, 1000, out);
  tap_ok(n == N - 2, "what is not there, or not finite, is left out (%zu of %d)", n, N);
  tap_ok(wd_neighbours_find(WD_NEAR_L2, query, latent, N, D, 0, out) == 0 &&
             wd_neighbours_find(WD_NEAR_L2, query, latent, 0, D, 5, out) == 0,
         "none of none");
}

int main(void) {
  test_codes(false);
  test_codes(true);
  test_neighbours();
  return tap_done();
}
