/* The tools of Latent mode as a person uses them: codes changed by wheel, by number, by a drag and by a
 * patch, undone; a latent re-noised; neighbours gone to; a pair encoded from one side. Real widgets in a
 * window of their own beside the real one, a small model. */
#include "app/codes_canvas.h"
#include "app/latent_tools.h"
#include "app/walk.h"
#include "tests/app/bed.h"
#include "tests/app/ui.h"

#include "solver/npy.h"

static Ui ui;
static char *folder, *model;
static GtkWidget *window, *stack;

static WdRecording *recording(void) {
  return wd_session_get_recording(ui.session);
}
static WdPlace at(void) {
  return ui.view->place[0];
}
static const WdBranch *here(void) {
  return wd_recording_find(recording(), at().branch);
}
static GBytes *latent(void) {
  return wd_place_latent(recording(), at(), ui.view->what);
}
static const wd_code_table *table(void) {
  return wd_session_get_model(ui.session)->codes;
}
static int code(int cell) {
  return wd_code_table_of_cell(table(), g_bytes_get_data(latent(), NULL), 0, cell);
}
static gboolean idle(gpointer user) {
  (void)user;
  return bed_idle(ui.session);
}
static GtkWidget *canvas(void) {
  return ui_find(window, "codes-canvas");
}
static const char *text(const char *name) {
  GtkWidget *label = ui_find(window, name);
  return label ? gtk_label_get_text(GTK_LABEL(label)) : "";
}

/* The middle of a cell as fractions of the canvas. */
static gboolean neighbours_are_listed(gpointer user) {
  (void)user;
  return strstr(text("neighbours-time"), "24 of") != NULL;
}

static void cell_at(int cell, double *fx, double *fy) {
  GdkRectangle r = {0};
  wd_codes_canvas_cell_rect(WD_CODES_CANVAS(canvas()), cell, &r);
  *fx = (r.x + r.width / 2.0) / gtk_widget_get_width(canvas());
  *fy = (r.y + r.height / 2.0) / gtk_widget_get_height(canvas());
}

static gboolean decoded(gpointer user) {
  (void)user;
  WdFrame f;
  return wd_recording_get_frame(recording(), at().branch, at().position, ui.view->what, &f) && f.pair;
}
static gboolean noised(gpointer user) {
  return idle(user) && here()->recipe.begin == WD_BEGIN_NOISED && wd_branch_last(here()) == here()->steps;
}
static gboolean encoded(gpointer user) {
  return idle(user) && here()->kind == WD_BRANCH_ENCODED && !here()->given_velocity && latent();
}
static gboolean table_is_there(gpointer user) {
  GtkWidget *b = idle(user) ? ui_find(window, "encode-gathers") : NULL;
  return b && gtk_widget_get_sensitive(b);
}
static gboolean told(gpointer user) {
  (void)user;
  return strlen(text("influence-made")) > 0 && decoded(NULL);
}

static void show(const char *name) {
  gtk_stack_set_visible_child_name(GTK_STACK(stack), name);
  ui_settle(&ui);
}

static void test_wheel(guint run) {
  double fx, fy;
  int w = table()->shape.width, cell = w + 2, before = code(cell), near[4];
  wd_code_table_nearest(table(), 0, wd_code_table_vector(table(), 0, before), 4, near, NULL);
  cell_at(cell, &fx, &fy);
  ui_move(canvas(), fx, fy);
  ui_settle(&ui);
  g_autofree char *want = g_strdup_printf("code %d", before);
  tap_ok(strstr(text("codes-about"), want) && strstr(text("codes-about"), "Nearest codes"),
         "the pointer on a cell tells its code and its neighbours");
  ui_scroll(canvas(), fx, fy, 1);
  ui_settle(&ui);
  tap_ok(here()->kind == WD_BRANCH_WALK && at().position == 1 && code(cell) == near[1],
         "a turn of the wheel: the nearest other code, in a walk of its own (%d to %d)", before, code(cell));
  tap_ok(wd_place_latent(recording(), (WdPlace){at().branch, 0}, WD_WHAT_ESTIMATE) ==
             wd_place_latent(recording(), (WdPlace){run, 3}, WD_WHAT_ESTIMATE),
         "which began at the run's latent");
  ui_scroll(canvas(), fx, fy, 2);
  ui_settle(&ui);
  tap_ok(at().position == 1 && code(cell) == near[3], "two more are of the same edit (%d, latent %d)",
         code(cell), at().position);
  ui_scroll(canvas(), fx, fy, -1);
  ui_settle(&ui);
  tap_ok(at().position == 1 && code(cell) == near[2], "and one back");
  ui_wait(told, NULL, 20);
  ui_settle(&ui);
  tap_ok(strstr(text("influence-made"), "code") != NULL, "what was changed is told: %s",
         text("influence-made"));
  ui_key(&ui, "ctrl+z");
  ui_settle(&ui);
  tap_ok(at().position == 0 && code(cell) == before, "Ctrl+Z: the latent that it was made from");
  ui_key(&ui, "ctrl+shift+z");
  ui_settle(&ui);
  tap_ok(at().position == 1 && code(cell) == near[2], "Ctrl+Shift+Z: and back");
}

static void test_number(void) {
  double fx, fy;
  int cell = 2 * table()->shape.width, want = (code(cell) + 7) % table()->codes;
  g_autofree char *number = g_strdup_printf("%d", want);
  cell_at(cell, &fx, &fy);
  ui_double_click(canvas(), fx, fy);
  ui_settle(&ui);
  GtkWidget *entry = ui_find(window, "codes-entry");
  tap_ok(entry != NULL, "a double click offers codes to choose from");
  ui_type(&ui, "99999");
  ui_key(&ui, "Return");
  ui_settle(&ui);
  tap_ok(entry && gtk_widget_has_css_class(entry, "error") && at().position == 1,
         "a number that is no code is refused");
  ui_key(&ui, "ctrl+a");
  ui_type(&ui, number);
  ui_key(&ui, "Return");
  ui_settle(&ui);
  tap_ok(at().position == 2 && code(cell) == want, "a typed number is the cell's code (%d, latent %d)",
         code(cell), at().position);
}

static void test_value(void) {
  double fx, fy, to;
  int cell = 5, cells = table()->shape.height * table()->shape.width;
  GtkWidget *by = ui_find(window, "codes-colour");
  gtk_drop_down_set_selected(GTK_DROP_DOWN(by), 2); /* channel 2 */
  ui_settle(&ui);
  float before = ((const float *)g_bytes_get_data(latent(), NULL))[cells + cell];
  cell_at(cell, &fx, &fy);
  to = fy - 60.0 / gtk_widget_get_height(canvas());
  int from = at().position;
  ui_drag(canvas(), fx, fy, fx, to, 8);
  ui_settle(&ui);
  float after = ((const float *)g_bytes_get_data(latent(), NULL))[cells + cell];
  tap_ok(at().position == from + 1 && fabsf(after - before - 1.2f) < 0.3f,
         "a drag by 60 pixels up in a channel adds 1.2, as one edit (%.2f)", (double)(after - before));
  g_autofree char *note =
      wd_position_note_text(wd_recording_position(recording(), at().branch, at().position));
  tap_ok(note && strstr(note, "channel 2"), "with its numbers: %s", note);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(by), 0);
  ui_settle(&ui);
}

static void test_patch(guint other) {
  double ax, ay, bx, by;
  int w = table()->shape.width;
  WdPlace mine = at();
  wd_view_go(ui.view, recording(), 0, other, 3);
  ui_settle(&ui);
  int want[4] = {code(0), code(1), code(w), code(w + 1)};
  GBytes *theirs = latent();
  cell_at(0, &ax, &ay);
  cell_at(w + 1, &bx, &by);
  ui_drag(canvas(), ax, ay, bx, by, 5);
  ui_settle(&ui);
  const guint8 *mask = wd_codes_canvas_get_selection(WD_CODES_CANVAS(canvas()));
  tap_ok(mask && mask[0] && mask[1] && mask[w] && mask[w + 1] && !mask[2], "a drag selects a rectangle");
  ui_key(&ui, "ctrl+c");
  ui_settle(&ui);
  tap_ok(strstr(text("codes-message"), "Copied 4 cells") != NULL, "Ctrl+C copies it: %s",
         text("codes-message"));
  wd_view_go(ui.view, recording(), 0, mine.branch, mine.position);
  ui_settle(&ui);
  cell_at(w + 1, &ax, &ay);
  ui_click(canvas(), ax, ay, 1);
  ui_key(&ui, "ctrl+v");
  ui_settle(&ui);
  int c = w + 1;
  tap_ok(at().branch == mine.branch && at().position == mine.position + 1 && code(c) == want[0] &&
             code(c + 1) == want[1] && code(c + w) == want[2] && code(c + w + 1) == want[3],
         "Ctrl+V pastes it in another run, where the selection is");
  WdPlace pasted = at();
  ui_key(&ui, "ctrl+v");
  ui_settle(&ui);
  tap_ok(at().position == pasted.position && strstr(text("codes-message"), "already"),
         "once more changes nothing");
  ui_key(&ui, "ctrl+a");
  ui_key(&ui, "Delete");
  ui_settle(&ui);
  tap_ok(
      at().position == pasted.position + 1 &&
          g_bytes_equal(latent(), wd_place_latent(recording(), (WdPlace){at().branch, 0}, WD_WHAT_ESTIMATE)),
      "Delete puts the selection back as the walk began with it");
  for (int i = 0; i < 2; i++) {
    ui_key(&ui, "ctrl+z");
    ui_settle(&ui);
  }
  tap_ok(at().position == mine.position && latent() != theirs, "and all of it is undone");
}

static void test_renoise(void) {
  show("renoise");
  WdPlace from = at();
  GtkWidget *strength = ui_find(window, "renoise-strength"), *run = ui_find(window, "renoise-run");
  gtk_range_set_value(GTK_RANGE(strength), 0.5);
  ui_settle(&ui);
  tap_ok(strstr(text("renoise-level"), "t = 49 of 100") != NULL, "half of the way is timestep 49 of 100: %s",
         text("renoise-level"));
  ui_click(run, 0.5, 0.5, 1);
  gboolean came = ui_wait(noised, NULL, 60);
  if (!came || here()->parent != from.branch)
    printf("# %d: parent %u of %u, first %d of %d, last %d of %d, state %d\n", came, here()->parent,
           from.branch, here()->first, from.position, wd_branch_last(here()), here()->steps,
           (int)wd_session_get_state(ui.session));
  tap_ok(came && here()->recipe.begin == WD_BEGIN_NOISED && here()->recipe.timestep == 49 &&
             here()->parent == from.branch && here()->first == from.position &&
             wd_branch_last(here()) == here()->steps,
         "the button: a branch that begins noised, and is denoised (%s)", here()->name);
  ui_settle(&ui);
  tap_ok(strstr(text("renoise-result"), "from the latent that was noised") != NULL,
         "how far it came back is told: %s", text("renoise-result"));
  const WdPosition *p = wd_recording_position(recording(), at().branch, here()->first);
  tap_ok(p->level.timestep == 49, "its first latent stands at that level");
}

static void test_neighbours(guint run) {
  /* a batch: 40 latents, of which number 17 is the run's own and number 5 near it */
  gsize n = (gsize)table()->shape.count;
  g_autofree float *all = g_new(float, 40 * n);
  g_autofree char *path = g_build_filename(folder, "batch.npy", NULL);
  wd_view_go(ui.view, recording(), 0, run, 3);
  const float *z = g_bytes_get_data(latent(), NULL);
  wd_random_normals(12, 1, 0, 40 * n, all);
  memcpy(all + 17 * n, z, n * sizeof *z);
  for (gsize i = 0; i < n; i++) all[5 * n + i] = z[i] + 0.01f * all[5 * n + i];
  wd_error err = {0};
  const size_t shape[4] = {40, (size_t)table()->shape.channels, (size_t)table()->shape.height,
                           (size_t)table()->shape.width};
  bed_need(wd_npy_write(path, WD_NPY_F32, 4, shape, all, &err), &err, "batch");
  show("neighbours");
  wd_neighbours_view_open(ui_find(window, "neighbours"), path);
  GtkListBox *list = GTK_LIST_BOX(ui_find(window, "neighbours-list"));
  ui_wait(neighbours_are_listed, NULL, 20);
  ui_settle(&ui);
  tap_ok(strstr(text("neighbours-time"), "24 of") != NULL, "%s", text("neighbours-time"));
  GtkListBoxRow *second = gtk_list_box_get_row_at_index(list, 1);
  tap_ok(second != NULL, "they are listed");
  ui_click(GTK_WIDGET(second), 0.5, 0.5, 1);
  ui_settle(&ui);
  gboolean near = latent() && memcmp(g_bytes_get_data(latent(), NULL), all + 5 * n, n * sizeof *z) == 0;
  tap_ok(near && here()->kind == WD_BRANCH_WALK && strstr(here()->name, "batch.npy"),
         "a click goes to a latent of the batch, in a walk of its own (%s)", here()->name);
}

static void test_encode(void) {
  wd_error err = {0};
  const wd_shard_desc *g = &wd_session_get_model(ui.session)->geometry;
  wd_map map = {0};
  wd_gather gathers = {0};
  GError *error = NULL;
  bed_need(wd_map_create(g->nz, g->nx, g->spacing, &map, &err), &err, "map");
  for (int i = 0; i < g->nz * g->nx; i++) map.value[i] = i / g->nx < 8 ? 2000 : 3000;
  WdPair *pair = wd_pair_new(&map, &gathers, 0);
  guint id = wd_session_encode(ui.session, pair, TRUE, TRUE, "two layers", &error);
  bed_need_error(id != 0, error, "encode");
  wd_view_go(ui.view, recording(), 0, id, 0);
  show("encode");
  ui_wait(table_is_there, NULL, 30);
  tap_ok(strstr(text("encode-opened"), "velocity map") != NULL, "what was opened is told: %s",
         text("encode-opened"));
  guint before = wd_recording_count(recording());
  ui_click(ui_find(window, "encode-gathers"), 0.5, 0.5, 1);
  ui_wait(encoded, NULL, 30);
  ui_settle(&ui);
  tap_ok(wd_recording_count(recording()) == before + 1 && here()->kind == WD_BRANCH_ENCODED &&
             !here()->given_velocity && here()->given_gathers && latent(),
         "a button encodes it from its gathers alone");
  tap_ok(latent() &&
             !g_bytes_equal(latent(), wd_place_latent(recording(), (WdPlace){id, 0}, WD_WHAT_ESTIMATE)),
         "which is another latent");
  ui_click(ui_find(window, "encode-walk"), 0.5, 0.5, 1);
  ui_settle(&ui);
  tap_ok(here()->kind == WD_BRANCH_WALK && at().position == 0, "and a walk begins at it");
  wd_pair_unref(pair);
}

int main(void) {
  ui_need_display();
  folder = bed_folder();
  model = g_build_filename(folder, "small", NULL);
  bed_make_model(model, 5, false);
  ui_start(&ui, model, 700, 500, NULL);
  if (!ui_wait_model(&ui, 60)) tap_ok(false, "the model opens");
  guint run[2];
  for (int i = 0; i < 2; i++) {
    WdRecipe recipe = {.seed = (guint64)(7 + i), .family = -1, .plan.steps = 3};
    run[i] = wd_session_run(ui.session, &recipe, NULL);
    ui_wait(idle, NULL, 30);
  }
  ui.view->follow = FALSE;
  wd_view_go(ui.view, recording(), 0, run[0], 3);
  window = gtk_window_new();
  gtk_window_set_default_size(GTK_WINDOW(window), 560, 760);
  stack = gtk_stack_new();
  gtk_stack_add_named(GTK_STACK(stack), wd_codes_view_new(ui.session, ui.view), "codes");
  gtk_stack_add_named(GTK_STACK(stack), wd_renoise_view_new(ui.session, ui.view), "renoise");
  gtk_stack_add_named(GTK_STACK(stack), wd_neighbours_view_new(ui.session, ui.view), "neighbours");
  gtk_stack_add_named(GTK_STACK(stack), wd_encode_view_new(ui.session, ui.view), "encode");
  gtk_window_set_child(GTK_WINDOW(window), stack);
  gtk_window_present(GTK_WINDOW(window));
  ui_run(0.5);
  ui_focus(window);
  ui_settle(&ui);
  test_neighbours(run[0]);
  wd_view_go(ui.view, recording(), 0, run[0], 3);
  show("codes");
  test_wheel(run[0]);
  test_number();
  test_value();
  test_patch(run[1]);
  test_renoise();
  test_encode();
  gtk_window_destroy(GTK_WINDOW(window));
  ui_stop(&ui);
  bed_remove(folder);
  g_free(model);
  g_free(folder);
  return tap_done();
}
