/* Folders in OpenFWI's layout: every naming, natural order, lazy reading by many threads with few files open,
 * and folders that do not fit together. */
#include "solver/npy.h"
#include "solver/openfwi.h"
#include "solver/parallel.h"
#include "tests/solver/files.h"

#include <stdatomic.h>
#include <stdint.h>

enum { NZ = 16, NX = 18, SHOTS = 2, SAMPLES = 5, RECEIVERS = 3 };

/* What cell or sample k of pair `tag` holds. */
static float cell(int tag, int k) {
  return 1500.0f + (float)(tag * 10 + k % 7);
}

static float shot(int tag, int k) {
  return (float)tag + (float)k / 64.0f;
}

/* A batch of `count` pairs, tagged from `tag` on; a NULL name leaves that file out. */
static void batch(const char *velocity, const char *seismic, int count, int tag) {
  static float value[16 * NZ * NX];
  wd_error err = {0};
  if (velocity) {
    for (int i = 0; i < count; i++)
      for (int k = 0; k < NZ * NX; k++) value[i * NZ * NX + k] = cell(tag + i, k);
    const size_t shape[4] = {(size_t)count, 1, NZ, NX};
    if (wd_npy_write(files_path(velocity), WD_NPY_F32, 4, shape, value, &err))
      tap_ok(false, "%s", err.message);
  }
  if (seismic) {
    enum { N = SHOTS * SAMPLES * RECEIVERS };
    for (int i = 0; i < count; i++)
      for (int k = 0; k < N; k++) value[i * N + k] = shot(tag + i, k);
    const size_t shape[4] = {(size_t)count, SHOTS, SAMPLES, RECEIVERS};
    if (wd_npy_write(files_path(seismic), WD_NPY_F32, 4, shape, value, &err))
      tap_ok(false, "%s", err.message);
  }
}

static void fresh(void) {
  files_remove(files_folder);
  mkdir(files_folder, 0700);
}

static bool is_pair(wd_openfwi *set, size_t i, int tag, wd_error *err) {
  wd_map map = {0};
  wd_gather gather = {0};
  if (wd_openfwi_pair(set, i, &map, &gather, err)) return false;
  bool same =
      map.nz == NZ && map.nx == NX && map.spacing == 10 && gather.shots == SHOTS && gather.dt == 0.001;
  for (int k = 0; same && k < NZ * NX; k++) same = map.value[k] == cell(tag, k);
  for (int k = 0; same && k < SHOTS * SAMPLES * RECEIVERS; k++) same = gather.value[k] == shot(tag, k);
  wd_map_clear(&map);
  wd_gather_clear(&gather);
  return same;
}

static void names(void) {
  static const struct {
    const char *name;
    int kind; /* -1: no such name */
    bool seismic;
    const char *suffix;
  } n[] = {
      {"model1.npy", WD_OPENFWI_NUMBERED, false, "1"},
      {"data60.npy", WD_OPENFWI_NUMBERED, true, "60"},
      {"vel2_1_0.npy", WD_OPENFWI_FAULT, false, "2_1_0"},
      {"seis8_1_35.npy", WD_OPENFWI_FAULT, true, "8_1_35"},
      {"velocity-00012.npy", WD_OPENFWI_PLAIN, false, "00012"},
      {"seismic-00012.npy", WD_OPENFWI_PLAIN, true, "00012"},
      {"model.npy", -1, false, ""},
      {"model1.npz", -1, false, ""},
      {"model1.npy~", -1, false, ""},
      {"model-1.npy", -1, false, ""},
      {"model1_2.npy", -1, false, ""},
      {"vel2_1.npy", -1, false, ""},
      {"vel2_1_.npy", -1, false, ""},
      {"velocity-.npy", -1, false, ""},
      {"velocity.npy", -1, false, ""},
      {"Model1.npy", -1, false, ""},
      {".model1.npy.0123abcd.tmp", -1, false, ""},
      {"data99999999999999999999999.npy", -1, false, ""},
      {"", -1, false, ""},
  };
  int wrong = 0;
  for (size_t i = 0; i < sizeof n / sizeof *n; i++) {
    wd_openfwi_kind kind = WD_OPENFWI_NUMBERED;
    bool seismic = false;
    const char *suffix = "";
    size_t length = 0;
    bool known = wd_openfwi_parse_name(n[i].name, &kind, &seismic, &suffix, &length);
    wrong += known != (n[i].kind >= 0) ||
             (known && ((int)kind != n[i].kind || seismic != n[i].seismic || length != strlen(n[i].suffix) ||
                        strncmp(suffix, n[i].suffix, length) != 0));
  }
  tap_ok(wrong == 0, "%zu file names understood or refused (%d wrong)", sizeof n / sizeof *n, wrong);

  char a[64], b[64];
  wd_error err = {0};
  tap_ok(!wd_openfwi_name(WD_FLATVEL_A, 0, 0, false, a, sizeof a, &err) &&
             !wd_openfwi_name(WD_STYLE_B, 0, 66, true, b, sizeof b, &err) &&
             strcmp(a, "model/model1.npy") == 0 && strcmp(b, "data/data67.npy") == 0,
         "names given: %s, %s", a, b);
  tap_ok(!wd_openfwi_name(WD_FLATFAULT_A, 2, 0, false, a, sizeof a, &err) &&
             !wd_openfwi_name(WD_CURVEFAULT_B, 8, 35, true, b, sizeof b, &err) &&
             strcmp(a, "vel2_1_0.npy") == 0 && strcmp(b, "seis8_1_35.npy") == 0,
         "names given: %s, %s", a, b);
  tap_ok(wd_openfwi_name(WD_FLATFAULT_A, 0, 0, false, a, sizeof a, &err) == WD_ERR_ARGUMENT &&
             wd_openfwi_name((wd_family)10, 0, 0, false, a, sizeof a, &err) == WD_ERR_ARGUMENT &&
             wd_openfwi_name(WD_FLATVEL_A, 0, -1, false, a, sizeof a, &err) == WD_ERR_ARGUMENT &&
             wd_openfwi_name(WD_FLATVEL_A, 0, 0, false, a, 4, &err) == WD_ERR_ARGUMENT,
         "no name for what has none");
}

static void layouts(void) {
  static const struct {
    const char *what;
    const char *file[4][2];
  } l[] = {
      {"model and data in one folder",
       {{"model1.npy", "data1.npy"},
        {"model2.npy", "data2.npy"},
        {"model9.npy", "data9.npy"},
        {"model10.npy", "data10.npy"}}},
      {"model/ and data/",
       {{"model/model1.npy", "data/data1.npy"},
        {"model/model2.npy", "data/data2.npy"},
        {"model/model9.npy", "data/data9.npy"},
        {"model/model10.npy", "data/data10.npy"}}},
      {"faults",
       {{"vel2_1_0.npy", "seis2_1_0.npy"},
        {"vel2_1_2.npy", "seis2_1_2.npy"},
        {"vel2_1_11.npy", "seis2_1_11.npy"},
        {"vel3_1_0.npy", "seis3_1_0.npy"}}},
      {"our own",
       {{"velocity-00000.npy", "seismic-00000.npy"},
        {"velocity-00001.npy", "seismic-00001.npy"},
        {"velocity-00010.npy", "seismic-00010.npy"},
        {"velocity-99999.npy", "seismic-99999.npy"}}},
      {"families as folders",
       {{"CurveVel_A/model/model1.npy", "CurveVel_A/data/data1.npy"},
        {"CurveVel_A/model/model2.npy", "CurveVel_A/data/data2.npy"},
        {"FlatFault_A/vel2_1_0.npy", "FlatFault_A/seis2_1_0.npy"},
        {"FlatVel_A/model1.npy", "FlatVel_A/data1.npy"}}},
  };
  for (size_t n = 0; n < sizeof l / sizeof *l; n++) {
    fresh();
    static const char *const folder[] = {"model",           "data",        "CurveVel_A", "CurveVel_A/model",
                                         "CurveVel_A/data", "FlatFault_A", "FlatVel_A"};
    for (size_t i = 0; i < sizeof folder / sizeof *folder; i++) mkdir(files_path(folder[i]), 0700);
    for (int b = 3; b >= 0; b--) batch(l[n].file[b][0], l[n].file[b][1], b + 1, b * 10);
    files_put("notes.txt", "x", 1);
    files_put("latents.npy", "x", 1);
    files_put(".velocity-00002.npy.00000000.tmp", "half", 4);
    wd_openfwi *set = NULL;
    wd_error err = {0};
    if (!tap_ok(wd_openfwi_open(files_folder, &(wd_openfwi_desc){.max_open = 2}, &set, &err) == WD_OK,
                "%s: opened %s", l[n].what, err.message))
      continue;
    wd_openfwi_shape s = wd_openfwi_describe(set);
    tap_ok(s.pairs == 10 && s.batches == 4 && s.nz == NZ && s.nx == NX && s.shots == SHOTS &&
               s.samples == SAMPLES && s.receivers == RECEIVERS,
           "%zu pairs in %zu batches", s.pairs, s.batches);
    int wrong = 0;
    size_t i = 0;
    for (int b = 0; b < 4; b++) {
      const wd_openfwi_batch *at = wd_openfwi_batch_at(set, (size_t)b);
      wrong += at->first != i || at->count != (size_t)b + 1 || !strstr(at->velocity, l[n].file[b][0]) ||
               !strstr(at->seismic, l[n].file[b][1]);
      for (int k = 0; k <= b; k++, i++) wrong += !is_pair(set, i, b * 10 + k, &err);
    }
    for (size_t k = 10; k-- > 0;) wrong += wd_openfwi_pair(set, k, NULL, NULL, &err) != WD_OK;
    tap_ok(wrong == 0, "every pair is the right one, in natural order (%d wrong)", wrong);
    tap_ok(wd_openfwi_pair(set, 10, NULL, NULL, &err) == WD_ERR_ARGUMENT && !wd_openfwi_batch_at(set, 4),
           "and there are no more");
    wd_openfwi_close(set);
  }
}

typedef struct crowd {
  wd_openfwi *set;
  atomic_int wrong;
} crowd;

static void one_of_crowd(void *ctx, int task, int worker) {
  (void)worker;
  crowd *c = ctx;
  int i = (task * 7919) % 30;
  if (!is_pair(c->set, (size_t)i, i / 3 * 10 + i % 3, NULL)) atomic_fetch_add(&c->wrong, 1);
}

static int open_files(void) {
  return files_count("/proc/self/fd");
}

static void threads(void) {
  fresh();
  for (int b = 0; b < 10; b++) {
    char v[64], s[64];
    snprintf(v, sizeof v, "velocity-%05d.npy", b);
    snprintf(s, sizeof s, "seismic-%05d.npy", b);
    batch(v, s, 3, b * 10);
  }
  crowd c = {0};
  wd_pool *pool = NULL;
  wd_error err = {0};
  int before = open_files();
  wd_status status = wd_openfwi_open(files_folder, &(wd_openfwi_desc){.max_open = 3}, &c.set, &err);
  if (!status) status = wd_pool_create(4, &pool, &err);
  if (!status) wd_parallel_for(pool, 2000, one_of_crowd, &c);
  tap_ok(!status && atomic_load(&c.wrong) == 0,
         "2000 pairs read by 4 threads through 3 open files (%d wrong)", atomic_load(&c.wrong));
  tap_at_most(open_files() - before, 3, "files left open");
  wd_pool_destroy(pool);
  wd_openfwi_close(c.set);
  tap_ok(open_files() == before, "none after closing");
}

static void refused(const char *what, bool velocity_only, wd_status wanted, const char *name,
                    const char *fault) {
  wd_openfwi *set = NULL;
  wd_error err = {0};
  wd_status status =
      wd_openfwi_open(files_folder, &(wd_openfwi_desc){.velocity_only = velocity_only}, &set, &err);
  files_refused(status, &err, wanted, name, fault);
  tap_ok(set == NULL, "(%s)", what);
  wd_openfwi_close(set);
}

static void misfits(void) {
  static float value[4000];
  wd_error err = {0};
  wd_openfwi *set = NULL;
  files_refused(wd_openfwi_open(files_path("nowhere"), NULL, &set, &err), &err, WD_ERR_IO, "nowhere",
                "cannot list");
  files_refused(wd_openfwi_open(files_put("file", "x", 1), NULL, &set, &err), &err, WD_ERR_IO, "file",
                "cannot list");
  files_refused(wd_openfwi_open(files_folder, &(wd_openfwi_desc){.max_open = 1}, &set, &err), &err,
                WD_ERR_ARGUMENT, files_folder, "1 files");
  fresh();
  refused("an empty folder", false, WD_ERR_FORMAT, files_folder, "no batches found");
  batch("model1.npy", NULL, 2, 0);
  refused("gathers missing", false, WD_ERR_FORMAT, "model1.npy", "seismic file is missing");
  batch(NULL, "data1.npy", 2, 0);
  batch(NULL, "data2.npy", 2, 0);
  refused("a map missing", false, WD_ERR_FORMAT, "data2.npy", "velocity file is missing");
  if (!tap_ok(wd_openfwi_open(files_folder, &(wd_openfwi_desc){.velocity_only = true}, &set, &err) == WD_OK,
              "velocities alone may lack gathers %s", err.message))
    return;
  wd_map map = {0};
  wd_gather gather = {0};
  tap_ok(wd_openfwi_describe(set).pairs == 2 && wd_openfwi_pair(set, 1, &map, NULL, &err) == WD_OK &&
             map.value[0] == cell(1, 0),
         "and are read");
  wd_map_clear(&map);
  tap_ok(wd_openfwi_pair(set, 1, &map, &gather, &err) == WD_ERR_ARGUMENT && !map.value,
         "gathers are refused then: %s", err.message);
  wd_openfwi_close(set);
  set = NULL;

  unlink(files_path("data2.npy"));
  batch("model1.npy", NULL, 3, 0);
  refused("another count", false, WD_ERR_SHAPE, "data1.npy", "2 gathers, but");
  batch("model1.npy", NULL, 2, 0);
  const size_t wide[4] = {2, 1, NZ, NX + 1}, long_[4] = {2, SHOTS, SAMPLES + 1, RECEIVERS};
  for (int i = 0; i < 4000; i++) value[i] = 2000;
  wd_npy_write(files_path("model2.npy"), WD_NPY_F32, 4, wide, value, &err);
  batch(NULL, "data2.npy", 2, 0);
  refused("another map size", false, WD_ERR_SHAPE, "model2.npy", "16 x 19 cells");
  batch("model2.npy", NULL, 2, 0);
  wd_npy_write(files_path("data2.npy"), WD_NPY_F32, 4, long_, value, &err);
  refused("another gather size", false, WD_ERR_SHAPE, "data2.npy", "(2, 6, 3)");
  files_put("data2.npy", "\x93NUMPY\1\0", 8);
  refused("a broken file", false, WD_ERR_FORMAT, "data2.npy", "truncated");
  files_put("data2.npy", "", 0);
  refused("an empty file", false, WD_ERR_FORMAT, "data2.npy", "is empty");
  static const char integers[] =
      "\x93NUMPY\1\0\x3b\0{'descr': '<i4', 'fortran_order': False, 'shape': (1, 2, 3)}   ";
  char file[sizeof integers - 1 + 24] = {0};
  memcpy(file, integers, sizeof integers - 1);
  file[8] = (char)(sizeof integers - 1 - 10);
  files_put("data2.npy", file, sizeof file);
  refused("integers", false, WD_ERR_UNSUPPORTED, "data2.npy", "'<i4'");
  unlink(files_path("data2.npy"));
  unlink(files_path("model2.npy"));
  mkdir(files_path("model"), 0700);
  batch("model/model1.npy", NULL, 2, 0);
  refused("two files for one batch", false, WD_ERR_FORMAT, "model1.npy", "the same batch as");
  unlink(files_path("model/model1.npy"));

  /* Values are checked when they are read; a file that changes under the set is noticed. */
  static float bad[2 * NZ * NX];
  for (int i = 0; i < 2 * NZ * NX; i++) bad[i] = 2000;
  bad[NZ * NX + 5] = -1;
  const size_t shape[4] = {2, 1, NZ, NX};
  wd_npy_write(files_path("model1.npy"), WD_NPY_F32, 4, shape, bad, &err);
  if (!tap_ok(wd_openfwi_open(files_folder, NULL, &set, &err) == WD_OK, "opened again %s", err.message))
    return;
  gather.shots = -7;
  files_refused(wd_openfwi_pair(set, 1, &map, &gather, &err), &err, WD_ERR_FORMAT, "model1.npy, map 1",
                "row 0, column 5 is -1");
  tap_ok(!map.value && gather.shots == -7, "and nothing was put out");
  wd_openfwi_close(set);
  wd_openfwi_open(files_folder, NULL, &set, &err);
  batch("model1.npy", "data1.npy", 3, 0);
  files_refused(wd_openfwi_pair(set, 0, &map, NULL, &err), &err, WD_ERR_FORMAT, "model1.npy",
                "was changed since");
  unlink(files_path("data1.npy"));
  files_refused(wd_openfwi_pair(set, 0, NULL, &gather, &err), &err, WD_ERR_IO, "data1.npy", "no such file");
  wd_openfwi_close(set);
}

int main(void) {
  files_begin();
  names();
  layouts();
  threads();
  misfits();
  return files_done();
}
