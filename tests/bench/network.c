/* The two networks at their default sizes on one device: training steps, a denoising step, a decode of both.
 *
 * usage: bench_network [device [repeats [what [f32|tf32|bf16]]]]
 *   what  stage1 (batch 16), stage2 (batch 32), denoise, guided, decode (batch 1), encode (batch 1), all; or
 * any of them with :ops (stage1:ops), which prints the time of every kind of node instead, :nodes of every
 *         node; :N (stage1:8) sets the batch
 *
 * CSV on standard output: what,device,precision,batch,gflop,min_ms,median_ms,max_ms,cpu_ms,per_second.
 * Times are of one call, wall clock over the repeats; cpu is process time of all threads, the least;
 * per_second is samples by the median. A training step is: gradients zeroed, forward, backward, AdamW with
 * its average. denoise and guided are steps of a stepper (model/stepper.h: network, guidance, update), each
 * waited for by reading its latents; guided runs every latent with and without its label in one batch. gflop
 * counts convolutions, matrix products and attention, of the forward run. */
#include "tests/bench/bench.h"
#include "model/optimizer.h"
#include "model/stage1.h"
#include "model/stage2.h"
#include "model/stepper.h"
#include "solver/memory.h"
#include "solver/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_REPEATS = 999, STEPS = 16 };

typedef struct bench {
  wd_device *device;
  wd_params *params;
  wd_network net;
  wd_graph *graph;
  wd_optimizer *optimizer; /* NULL: forward only */
  wd_stepper *stepper;     /* denoising; NULL otherwise */
  float *host;             /* what comes out, read so that the work is done; start: latents to denoise */
  float *start;
  int loss, out;
} bench;

static int input(bench *b, wd_shape shape) {
  return wd_graph_input(b->graph, "in", shape, false);
}

/* Weights away from their start, where many are zero. */
static void draw_weights(wd_params *p) {
  wd_error err = {0};
  for (int i = 0; i < p->count; i++) {
    size_t n = p->param[i].count;
    float *value = wd_alloc(n, sizeof *value);
    wd_random_normals(77, (uint64_t)i, 0, n, value);
    double inputs = p->param[i].shape.rank > 1 ? (double)n / p->param[i].shape.dim[0] : 4;
    for (size_t k = 0; k < n; k++)
      value[k] =
          (float)((double)value[k] / __builtin_sqrt(inputs)) + (p->param[i].shape.rank == 1 ? 0.7f : 0);
    bench_must(wd_params_set(p, i, value, &err), &err);
    wd_free(value);
  }
}

static void fill_inputs(bench *b, int families, int timesteps) {
  wd_error err = {0};
  for (int i = 0; i < wd_graph_count(b->graph); i++) {
    const wd_node *n = wd_graph_node(b->graph, i);
    if (n->op != WD_OP_INPUT) continue;
    size_t count = wd_shape_count(n->shape);
    float *value = wd_alloc(count, sizeof *value);
    wd_random_normals(78, (uint64_t)i, 0, count, value);
    bool ids = n->shape.rank == 2 && n->shape.dim[1] == 1;
    for (size_t k = 0; ids && k < count; k++)
      value[k] = (float)(strcmp(n->name, "family") == 0     ? (int)k % families
                         : strcmp(n->name, "timestep") == 0 ? (int)(k * 37) % timesteps
                                                            : (int)(k % 3 != 0));
    bench_must(wd_graph_set(b->graph, i, value, &err), &err);
    wd_free(value);
  }
}

static void build_stage1(bench *b, const wd_stage1_config *c, int n, const char *what) {
  wd_shape map = wd_shape4(n, c->size, c->size, 1), gather = wd_shape4(n, c->size, c->size, c->seismic);
  if (strcmp(what, "decode") == 0) {
    int z = input(b, wd_shape4(n, c->size / 4, c->size / 4, c->latent));
    wd_stage1_decoded d = wd_stage1_decode(&b->net, c, z);
    wd_graph_keep(b->graph, d.velocity);
    wd_graph_keep(b->graph, d.direct);
    wd_graph_keep(b->graph, d.scattered);
    b->out = d.scattered;
    return;
  }
  int v = input(b, map), s = input(b, gather), mv = input(b, wd_shape2(n, 1)), ms = input(b, wd_shape2(n, 1));
  int z = wd_stage1_encode(&b->net, c, v, s, mv, ms), q = wd_stage1_quantize(&b->net, c, z);
  if (strcmp(what, "encode") == 0) {
    wd_graph_keep(b->graph, q);
    b->out = q;
    return;
  }
  int scattered = input(b, gather), weight = input(b, wd_shape2(n, 1));
  wd_stage1_decoded d = wd_stage1_decode(&b->net, c, q);
  wd_graph *g = b->graph;
  int a = wd_graph_sum(g, wd_graph_squared_loss(g, d.velocity, v, -1),
                       wd_graph_absolute_loss(g, d.velocity, v, -1));
  int e = wd_graph_sum(g, wd_graph_squared_loss(g, d.direct, s, -1),
                       wd_graph_squared_loss(g, d.scattered, scattered, weight));
  b->loss = wd_graph_sum(g, wd_graph_sum(g, a, e), wd_graph_squared_loss(g, z, wd_graph_detach(g, q), -1));
}

static void build_stage2(bench *b, const wd_stage2_config *c, int n, bool train) {
  wd_graph *g = b->graph;
  wd_shape latent = wd_shape4(n, c->size, c->size, c->latent);
  int z = input(b, latent), t = wd_graph_input(g, "timestep", wd_shape2(n, 1), false),
      f = wd_graph_input(g, "family", wd_shape2(n, 1), false);
  int v = wd_stage2_predict(&b->net, c, z, t, f);
  wd_graph_keep(g, v);
  b->out = v;
  if (train) b->loss = wd_graph_squared_loss(g, v, input(b, latent), -1);
}

/* Sixteen steps of DPM-Solver++(2M), over and over; the stepper takes what build_stage2 made. */
static void make_stepper(bench *b, bool guided) {
  wd_error err = {0};
  wd_schedule schedule = {0};
  wd_sampler_row rows[STEPS];
  wd_stepper_desc d = {.answer = b->out, .rows = rows, .steps = STEPS, .guided = guided, .guidance = 1};
  for (int i = 0; i < wd_graph_count(b->graph); i++) {
    const wd_node *n = wd_graph_node(b->graph, i);
    if (n->op == WD_OP_INPUT && n->shape.rank == 4) d.latent = i;
    if (n->op == WD_OP_INPUT && strcmp(n->name, "timestep") == 0) d.timestep = i;
  }
  bench_must(wd_schedule_create(WD_SCHEDULE_COSINE, 1000, &schedule, &err), &err);
  bench_must(wd_sampler_table(&schedule, &(wd_sampler_table_desc){.steps = STEPS}, rows, &err), &err);
  bench_must(wd_stepper_create(b->graph, &d, &b->stepper, &err), &err);
  wd_schedule_clear(&schedule);
  b->start = wd_alloc(wd_stepper_count(b->stepper), sizeof *b->start);
  wd_random_normals(79, 0, 0, wd_stepper_count(b->stepper), b->start);
}

static void step(bench *b) {
  wd_error err = {0};
  if (b->stepper) {
    if (wd_stepper_at(b->stepper) == STEPS)
      bench_must(wd_stepper_set(b->stepper, 0, b->start, NULL, &err), &err);
    bench_must(wd_stepper_step(b->stepper, NULL, &err), &err);
    bench_must(wd_stepper_get(b->stepper, b->host, NULL, &err), &err);
    return;
  }
  if (b->optimizer) bench_must(wd_params_zero_grad(b->params, &err), &err);
  bench_must(wd_graph_forward(b->graph, NULL, &err), &err);
  if (!b->optimizer) {
    bench_must(wd_graph_get(b->graph, b->out, b->host, &err), &err);
    return;
  }
  bench_must(wd_graph_backward(b->graph, b->loss, NULL, NULL, &err), &err);
  bench_must(wd_optimizer_step(b->optimizer, NULL, &err), &err);
}

typedef struct line {
  int calls;
  double forward, backward;
} line;

static void print_line(const char *what, const char *name, line l, double total) {
  printf("%s,%s,%d,%.3f,%.3f,%.1f\n", what, name, l.calls, 1e3 * l.forward, 1e3 * l.backward,
         100 * (l.forward + l.backward) / total);
}

/* The least times of every node over the repeats, joined by operation or told one by one. */
static void print_times(bench *b, const char *what, int repeats, bool nodes) {
  int count = wd_graph_count(b->graph);
  line *best = wd_calloc((size_t)count, sizeof *best), op[WD_OP_COUNT] = {0};
  for (int i = 0; i < repeats; i++) {
    step(b);
    for (int k = 0; k < count; k++) {
      const wd_node *n = wd_graph_node(b->graph, k);
      if (!i || n->forward_seconds < best[k].forward) best[k].forward = n->forward_seconds;
      if (!i || n->backward_seconds < best[k].backward) best[k].backward = n->backward_seconds;
    }
  }
  double total = 0;
  for (int k = 0; k < count; k++) {
    line *l = &op[wd_graph_node(b->graph, k)->op];
    l->calls++;
    l->forward += best[k].forward;
    l->backward += best[k].backward;
    total += best[k].forward + best[k].backward;
  }
  printf("what,node,calls,forward_ms,backward_ms,percent\n");
  for (int k = 0; k < count && nodes; k++) {
    const wd_node *n = wd_graph_node(b->graph, k);
    char shape[64], in[64], name[200];
    if (n->op == WD_OP_INPUT || n->op == WD_OP_PARAM) continue;
    wd_shape_print(wd_graph_node(b->graph, n->input[0])->shape, in);
    wd_shape_print(n->shape, shape);
    snprintf(name, sizeof name, "%s %s -> %s", wd_op_name(n->op), in, shape);
    best[k].calls = 1;
    print_line(what, name, best[k], total);
  }
  for (int k = 0; k < WD_OP_COUNT && !nodes; k++)
    if (op[k].calls && k != WD_OP_INPUT && k != WD_OP_PARAM)
      print_line(what, wd_op_name((wd_op)k), op[k], total);
  printf("%s,all,%d,,%.3f,100\n", what, count, 1e3 * total);
  wd_free(best);
}

static const char *const precision_name[] = {
    [WD_PRECISION_F32] = "f32", [WD_PRECISION_TF32] = "tf32", [WD_PRECISION_BF16] = "bf16"};

static void measure(wd_device *d, const char *what, const char *detail, int repeats, wd_precision precision) {
  wd_error err = {0};
  bench b = {.device = d};
  bool guided = strcmp(what, "guided") == 0, denoise = guided || strcmp(what, "denoise") == 0;
  bool second = denoise || strcmp(what, "stage2") == 0;
  bool train = strncmp(what, "stage", 5) == 0;
  int batch = atoi(detail) > 0 ? atoi(detail) : second ? (train ? 32 : 1) : train ? 16 : 1;
  wd_stage1_config c1 = {0};
  wd_stage2_config c2 = {0};
  wd_stage1_defaults(&c1);
  wd_stage2_defaults(&c2);
  bench_must(wd_params_create(d, &b.params, &err), &err);
  b.net.params = b.params;
  bench_must(second ? wd_stage2_declare(&b.net, &c2, &err) : wd_stage1_declare(&b.net, &c1, &err), &err);
  bench_must(wd_network_initialise(&b.net, 5, train, &err), &err);
  draw_weights(b.params);
  bool timing = strcmp(detail, "ops") == 0 || strcmp(detail, "nodes") == 0;
  wd_graph_desc desc = {
      .backward = train, .weight_gradients = train, .timing = timing, .precision = precision};
  bench_must(wd_graph_create(d, b.params, &desc, &b.graph, &err), &err);
  b.net.graph = b.graph;
  if (second)
    build_stage2(&b, &c2, guided ? 2 * batch : batch, train);
  else
    build_stage1(&b, &c1, batch, what);
  bench_must(b.net.status, &b.net.error);
  bench_must(wd_graph_compile(b.graph, &err), &err);
  if (train) bench_must(wd_optimizer_create(b.params, NULL, &b.optimizer, &err), &err);
  fill_inputs(&b, c2.families, c2.timesteps);
  if (!train) b.host = wd_alloc(wd_shape_count(wd_graph_node(b.graph, b.out)->shape), sizeof *b.host);
  if (denoise && !timing) make_stepper(&b, guided);
  if (timing)
    print_times(&b, what, repeats + 1, strcmp(detail, "nodes") == 0);
  else {
    double wall[MAX_REPEATS], cpu = 1e300;
    for (int i = -2; i < repeats; i++) { /* the first two warm up */
      double a = bench_ms(CLOCK_MONOTONIC), c = bench_ms(CLOCK_PROCESS_CPUTIME_ID);
      step(&b);
      if (i < 0) continue;
      wall[i] = bench_ms(CLOCK_MONOTONIC) - a;
      double used = bench_ms(CLOCK_PROCESS_CPUTIME_ID) - c;
      if (used < cpu) cpu = used;
    }
    bench_sort(wall, repeats);
    double median = wall[repeats / 2];
    printf("%s,%s,%s,%d,%.2f,%.2f,%.2f,%.2f,%.2f,%.2f\n", what, wd_device_get_info(d)->spec,
           precision_name[precision], batch, 1e-9 * wd_graph_flops(b.graph), wall[0], median,
           wall[repeats - 1], cpu, 1e3 * batch / median);
  }
  fflush(stdout);
  wd_stepper_destroy(b.stepper);
  wd_free(b.host);
  wd_free(b.start);
  wd_optimizer_destroy(b.optimizer);
  wd_graph_destroy(b.graph);
  wd_network_clear(&b.net);
  wd_params_destroy(b.params);
}

int main(int argc, char **argv) {
  const char *spec = argc > 1 ? argv[1] : "cpu", *what = argc > 3 ? argv[3] : "all";
  int repeats = argc > 2 ? atoi(argv[2]) : 7;
  wd_precision precision = argc > 4 && strcmp(argv[4], "bf16") == 0   ? WD_PRECISION_BF16
                           : argc > 4 && strcmp(argv[4], "tf32") == 0 ? WD_PRECISION_TF32
                                                                      : WD_PRECISION_F32;
  static const char *const all[] = {"stage1", "stage2", "denoise", "guided", "decode", "encode"};
  if (repeats < 1 || repeats > MAX_REPEATS) {
    fprintf(stderr, "bench_network: repeats are 1 to %d\n", (int)MAX_REPEATS);
    return 1;
  }
  /* OpenMP's threads must sleep at barriers, and read this before main (architecture.md). */
  if (!getenv("OMP_WAIT_POLICY")) {
    setenv("OMP_WAIT_POLICY", "passive", 1);
    execv("/proc/self/exe", argv);
  }
  char name[32];
  snprintf(name, sizeof name, "%.*s", (int)strcspn(what, ":"), what);
  const char *detail = strchr(what, ':') ? strchr(what, ':') + 1 : "";
  wd_error err = {0};
  wd_device *d = NULL;
  bench_must(wd_device_open(spec, &d, &err), &err);
  fprintf(stderr, "%s\n", wd_device_get_info(d)->name);
  if (!*detail || atoi(detail) > 0)
    printf("what,device,precision,batch,gflop,min_ms,median_ms,max_ms,cpu_ms,per_second\n");
  bool any = false;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strcmp(name, "all") == 0 || strcmp(name, all[i]) == 0) {
      measure(d, all[i], detail, repeats, precision);
      any = true;
    }
  wd_device_close(d);
  if (!any) fprintf(stderr, "bench_network: nothing is called \"%s\"\n", name);
  return any ? 0 : 1;
}
