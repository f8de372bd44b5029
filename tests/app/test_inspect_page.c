/* Inspect mode as a person uses it: sample seeds there, choose, filter, tag, move the limit, look closely,
 * compare; with a small model. With WD_TEST_PICTURES and WD_TEST_POPULATION (a .wdpop of the shipped model)
 * it takes pictures of all its views instead. */
#include "app/inspect_page.h"
#include "app/inspect_table.h"

#include "tests/app/bed.h"
#include "tests/app/ui.h"

#include <math.h>

static WdInspect *inspect;
static guint wanted;

static gboolean has_samples(gpointer unused) {
  (void)unused;
  return inspect->population && !inspect->working && wd_population_count(inspect->population) >= wanted;
}
static gboolean has_frame(gpointer ui) {
  const Ui *u = ui;
  WdFrame f = {0};
  return wd_recording_get_frame(wd_session_get_recording(u->session), u->view->place[0].branch,
                                u->view->place[0].position, WD_WHAT_ESTIMATE, &f) &&
         f.pair && wd_frame_simulation(&f);
}
static gboolean has_exact(gpointer ui) {
  const Ui *u = ui;
  WdFrame f = {0};
  return wd_recording_get_frame(wd_session_get_recording(u->session), u->view->place[0].branch,
                                u->view->place[0].position, WD_WHAT_ESTIMATE, &f) &&
         f.exact;
}
static gboolean is_filtered(gpointer count) {
  return inspect->shown->len == GPOINTER_TO_UINT(count);
}
typedef struct Drawn {
  Ui *ui;
  const char *name;
  int colours;
} Drawn;
static gboolean is_drawn(gpointer data) {
  Drawn *d = data;
  UiPicture p = {0};
  GtkWidget *w = ui_find(d->ui->window, d->name);
  d->colours = w && ui_widget_picture(d->ui, w, &p) ? ui_colours(&p) : 0;
  ui_picture_clear(&p);
  return d->colours > 8;
}
static gboolean filter_fails(gpointer ui) {
  GtkWidget *label = ui_find(((Ui *)ui)->window, "inspect-filter-error");
  return label != NULL;
}

static void enter(Ui *ui, const char *name, const char *text) {
  GtkWidget *w = ui_find(ui->window, name);
  tap_ok(w && ui_click(w, 0.3, 0.5, 1), "%s is there", name);
  ui_key(ui, "ctrl+a");
  ui_type(ui, text);
  ui_settle(ui);
}

/* Every row that the table shows holds the sample of its place in the order, all of them are there, and those
 * and no others that are marked are selected. */
typedef struct Rows {
  guint count, wrong, selected, marked;
  const GArray *order;
} Rows;

static void read_rows(GtkWidget *widget, Rows *rows) {
  if (GTK_IS_INSCRIPTION(widget)) {
    GtkWidget *row = gtk_widget_get_parent(gtk_widget_get_parent(widget));
    if (gtk_widget_get_prev_sibling(gtk_widget_get_parent(widget))) return; /* the first cell: the seed */
    char seed[32] = "";
    const guint k = rows->count++, number = k < rows->order->len ? g_array_index(rows->order, guint, k) : 0;
    g_snprintf(seed, sizeof seed, "%" G_GUINT64_FORMAT, wd_population_nth(inspect->population, number)->seed);
    rows->wrong += k >= rows->order->len || strcmp(seed, gtk_inscription_get_text(GTK_INSCRIPTION(widget)));
    gboolean marked = FALSE;
    for (guint m = 0; m < inspect->marked->len; m++)
      marked = marked || g_array_index(inspect->marked, guint, m) == number;
    while (row && !GTK_IS_LIST_VIEW(gtk_widget_get_parent(row))) row = gtk_widget_get_parent(row);
    const gboolean selected = row && gtk_widget_get_state_flags(row) & GTK_STATE_FLAG_SELECTED;
    rows->selected += selected;
    rows->marked += marked;
    rows->wrong += selected != marked;
    return;
  }
  for (GtkWidget *c = gtk_widget_get_first_child(widget); c; c = gtk_widget_get_next_sibling(c))
    read_rows(c, rows);
}

static void check_rows(Ui *ui, GtkWidget *holder, const char *when) {
  ui_settle(ui);
  g_autoptr(GArray) order = wd_inspect_table_order(holder);
  Rows rows = {.order = order};
  read_rows(holder, &rows);
  tap_ok(
      !rows.wrong && rows.count == order->len,
      "%s: %u rows of %u, %u hold another sample than they should or another selection (%u of %u selected)",
      when, rows.count, order->len, rows.wrong, rows.selected, rows.marked);
}

static gboolean asks(gpointer user) {
  GtkWidget *dialog = ui_window(user, "close-question");
  return dialog && ui_find(dialog, "close-stop");
}
static gboolean asks_not(gpointer user) {
  return !ui_window(user, "close-question");
}
static gboolean is_gone(gpointer user) {
  return !((Ui *)user)->window;
}

static void use(const char *folder) {
  g_autofree char *model = g_build_filename(folder, "model", NULL);
  bed_make_model(model, 5, FALSE);
  Ui ui;
  const char *settings[] = {"device", "'cpu:1'",
                            NULL}; /* two threads wait for each other on a busy machine */
  ui_start(&ui, model, 1280, 800, settings);
  tap_ok(ui_wait_model(&ui, 60), "a small model is loaded");
  ui_key(&ui, "ctrl+4");
  ui_settle(&ui);
  inspect = wd_window_get_inspect(ui.window);
  tap_ok(ui_find(ui.window, "mode-inspect-page") && ui.view->mode == WD_MODE_INSPECT,
         "Ctrl+4 shows the page, without any recording");
  tap_ok(ui_click(ui_find(ui.window, "inspect-sample"), 0.5, 0.5, 1), "Sample seeds opens");
  ui_settle(&ui);
  enter(&ui, "sample-count", "8");
  enter(&ui, "sample-steps", "4");
  enter(&ui, "sample-every", "2");
  tap_ok(ui_click(ui_find(ui.window, "sample-go"), 0.5, 0.5, 1), "and starts");
  wanted = 8;
  tap_ok(ui_wait(has_samples, NULL, 120), "8 samples come");
  ui_settle(&ui);
  GtkWidget *count = ui_find(ui.window, "inspect-count");
  tap_ok(count && strstr(gtk_label_get_text(GTK_LABEL(count)), "8 samples"), "the count says so: %s",
         count ? gtk_label_get_text(GTK_LABEL(count)) : "");

  /* The table: worst first, a click chooses, the panels follow. */
  GtkWidget *table = ui_find(ui.window, "inspect-table");
  tap_ok(table && ui_click(table, 0.2, 0.12, 1), "a click on the first row");
  ui_settle(&ui);
  GtkWidget *holder = table;
  while (holder && !g_object_get_data(G_OBJECT(holder), "table")) holder = gtk_widget_get_parent(holder);
  g_autoptr(GArray) rows = wd_inspect_table_order(holder);
  gboolean falls = rows->len == 8;
  for (guint k = 1; k < rows->len; k++)
    falls = falls && wd_population_nth(inspect->population, g_array_index(rows, guint, k - 1))->value[0] >=
                         wd_population_nth(inspect->population, g_array_index(rows, guint, k))->value[0];
  tap_ok(falls, "the table stands worst first");
  check_rows(&ui, holder, "worst first");
  wd_inspect_table_sort(holder, WD_VALUE_V_MAX);
  check_rows(&ui, holder, "sorted by the highest velocity");
  guint two[] = {g_array_index(rows, guint, 2), g_array_index(rows, guint, 5)};
  g_autoptr(GArray) pair = g_array_append_vals(g_array_new(FALSE, FALSE, sizeof(guint)), two, 2);
  wd_inspect_choose(inspect, two[0], pair);
  check_rows(&ui, holder, "two are marked");
  g_autofree char *some =
      g_strdup_printf("r_R >= %.17g", wd_population_nth(inspect->population, two[0])->value[0]);
  tap_ok(wd_inspect_set_filter(inspect, some, NULL, NULL) && inspect->shown->len == 3,
         "a filter leaves three");
  check_rows(&ui, holder, "filtered");
  wd_inspect_table_sort(holder, WD_METRIC_REFLECTION_RESIDUAL);
  wd_inspect_set_filter(inspect, "", NULL, NULL);
  check_rows(&ui, holder, "all again, worst first");
  wd_inspect_choose(inspect, g_array_index(rows, guint, 0), NULL);
  check_rows(&ui, holder, "one is chosen");
  tap_ok(inspect->chosen != G_MAXUINT, "a sample is chosen (%u)", inspect->chosen);
  tap_ok(ui_wait(has_frame, &ui, 60), "its pair is decoded and simulated");
  ui_key(&ui, "Down");
  ui_settle(&ui);
  ui_keep(&ui, "inspect-small");

  /* Failures. */
  wd_inspect_set_epsilon(inspect, wd_population_spread(inspect->population, 0, NULL).median);
  const guint first = inspect->chosen;
  ui_click(ui_find(ui.window, "inspect-histogram"), 0.5, 0.9, 1); /* takes the keys from the table */
  ui_settle(&ui);
  const double before = wd_inspect_epsilon(inspect);
  ui_key(&ui, "Right");
  ui_settle(&ui);
  tap_ok(wd_inspect_epsilon(inspect) > before, "Right moves the limit up: %g to %g", before,
         wd_inspect_epsilon(inspect));
  GtkWidget *histogram = ui_find(ui.window, "inspect-histogram");
  ui_drag(histogram, 0.5, 0.5, 0.3, 0.5, 6);
  ui_settle(&ui);
  tap_ok(wd_inspect_epsilon(inspect) < before, "and a drag moves it down: %g", wd_inspect_epsilon(inspect));
  ui_key(&ui, "n");
  ui_settle(&ui);
  tap_ok(inspect->chosen != first, "N goes to the next failure (%u, then %u)", first, inspect->chosen);
  const guint second = inspect->chosen;
  ui_key(&ui, "shift+n");
  ui_settle(&ui);
  tap_ok(inspect->chosen != second, "and Shift+N back");

  /* Tags: typed, not taken for keys. */
  ui_key(&ui, "ctrl+t");
  ui_settle(&ui);
  ui_type(&ui, "odd n later");
  ui_key(&ui, "Return");
  ui_settle(&ui);
  const WdSample *s = wd_inspect_sample_chosen(inspect);
  tap_ok(s && wd_sample_has_tag(s, "odd") && wd_sample_has_tag(s, "n"), "Ctrl+T, and words become tags (%s)",
         s ? s->tags : "");

  enter(&ui, "inspect-filter", "tag = odd");
  tap_ok(ui_wait(is_filtered, GUINT_TO_POINTER(1), 10), "a filter leaves the one that is tagged (%u)",
         inspect->shown->len);
  enter(&ui, "inspect-filter", "r_R >");
  tap_ok(ui_wait(filter_fails, &ui, 10), "a filter that is wrong says where: %s",
         ui_find(ui.window, "inspect-filter-error")
             ? gtk_label_get_text(GTK_LABEL(ui_find(ui.window, "inspect-filter-error")))
             : "");
  ui_key(&ui, "ctrl+a");
  ui_key(&ui, "BackSpace");
  tap_ok(ui_wait(is_filtered, GUINT_TO_POINTER(8), 10), "and without one all are there");

  /* Closely. */
  GtkStack *stack = GTK_STACK(ui_find(ui.window, "inspect-closely"));
  static const char *const views[][2] = {{"error", "inspect-residual-map"},
                                         {"lags", "inspect-lag-map"},
                                         {"arrivals", "inspect-arrivals"},
                                         {"way", "inspect-way"}};
  ui_wait(has_frame, &ui, 60);
  for (int k = 0; k < 4; k++) {
    gtk_stack_set_visible_child_name(stack, views[k][0]);
    Drawn d = {&ui, views[k][1], 0};
    const gboolean drawn = ui_wait(is_drawn, &d, 20);
    tap_ok(drawn, "%s is drawn (%d colours)", views[k][0], d.colours);
  }
  gtk_stack_set_visible_child_name(stack, "error");
  ui_settle(&ui);
  ui.view->cursor = FALSE;
  ui_click(ui_find(ui.window, "inspect-residual-map"), 0.5, 0.55, 1);
  ui_settle(&ui);
  tap_ok(ui.view->cursor && ui.view->shot >= 0, "a click on the map goes to that trace: shot %d, %g m",
         ui.view->shot + 1, ui.view->x);
  GtkStack *plots = GTK_STACK(ui_find(ui.window, "inspect-plots"));
  gtk_stack_set_visible_child_name(plots, "gallery");
  ui_settle(&ui);
  wd_inspect_choose(inspect, G_MAXUINT, NULL);
  ui_click(ui_find(ui.window, "inspect-gallery"), 0.1, 0.05, 1);
  ui_settle(&ui);
  tap_ok(inspect->chosen == g_array_index(rows, guint, 0), "the first of the gallery is the worst (%u)",
         inspect->chosen);
  gtk_stack_set_visible_child_name(plots, "scatter");
  ui_settle(&ui);
  ui_keep(&ui, "inspect-scatter-small");

  g_action_group_activate_action(G_ACTION_GROUP(ui.window), "inspect-compare", NULL);
  ui_settle(&ui);
  WdRecording *r = wd_session_get_recording(ui.session);
  tap_ok((ui.view->mode == WD_MODE_STEP && ui.view->layout == WD_LAYOUT_COMPARE && ui.view->place[1].branch &&
          (ui.view->place[0].branch != ui.view->place[1].branch ||
           ui.view->place[0].position != ui.view->place[1].position)) ||
             wd_population_best_like(inspect->population, inspect->chosen, 0) == G_MAXUINT,
         "compared with the best of its family, side by side (%u branches)", wd_recording_count(r));
  ui_settle(&ui);

  /* A batch is not lost by closing the window unasked. */
  const WdPopulateDesc batch = {.first = 100, .count = 500, .family = -1, .plan = {.steps = 4}};
  GError *error = NULL;
  tap_ok(wd_inspect_sample(inspect, &batch, &error) && inspect->working, "500 seeds are sampled %s",
         error ? error->message : "");
  g_clear_error(&error);
  ui_focus(GTK_WIDGET(ui.window));
  ui_key(&ui, "ctrl+w");
  tap_ok(ui_wait(asks, &ui, 10), "Ctrl+W in the middle of it asks");
  ui_settle(&ui);
  GtkWidget *dialog = ui_window(&ui, "close-question");
  if (dialog) ui_focus(dialog);
  tap_ok(dialog && ui_click(ui_find(dialog, "close-keep"), 0.5, 0.5, 1) && ui_wait(asks_not, &ui, 10) &&
             ui.window && inspect->working,
         "Keep running keeps both");
  if (ui.window) {
    ui_focus(GTK_WIDGET(ui.window));
    ui_key(&ui, "ctrl+w");
    ui_wait(asks, &ui, 10);
    ui_settle(&ui);
    dialog = ui_window(&ui, "close-question");
    if (dialog) ui_focus(dialog);
  }
  tap_ok(dialog && ui_click(ui_find(dialog, "close-stop"), 0.5, 0.5, 1) && ui_wait(is_gone, &ui, 20),
         "Stop and close closes the window");
  ui_stop(&ui);
}

/* For people: every view of a population of the shipped model. */
static void show(const char *path, int width, int height, const char *theme) {
  Ui ui;
  const char *settings[] = {"theme", theme, NULL};
  ui_start(&ui, NULL, width, height, settings);
  ui_wait_model(&ui, 120);
  GError *error = NULL;
  tap_ok(wd_window_open_population(ui.window, path, &error), "%s opens", path);
  inspect = wd_window_get_inspect(ui.window);
  ui_wait(has_exact, &ui, 60);
  ui_run(1);
  static const char *const plots[] = {"histogram", "scatter", "gallery"}, *const views[] = {
                                                                              "pair", "error", "lags",
                                                                              "arrivals", "way"};
  for (int k = 0; k < 5; k++) {
    gtk_stack_set_visible_child_name(GTK_STACK(ui_find(ui.window, "inspect-closely")), views[k]);
    if (k < 3) gtk_stack_set_visible_child_name(GTK_STACK(ui_find(ui.window, "inspect-plots")), plots[k]);
    if (k == 3) {
      gtk_stack_set_visible_child_name(GTK_STACK(ui_find(ui.window, "inspect-plots")), "histogram");
      wd_inspect_set_look(inspect, TRUE, TRUE);
    }
    ui.view->cursor = TRUE;
    wd_view_set_cursor(ui.view, WD_PANEL_GATHER, 350, 200, 0.5);
    ui_run(2);
    ui_settle(&ui);
    g_autofree char *name =
        g_strdup_printf("inspect-%s-%dx%d-%s", theme[1] == 'd' ? "dark" : "light", width, height, views[k]);
    ui_keep(&ui, name);
  }
  ui_stop(&ui);
}

int main(void) {
  ui_need_display();
  const char *population = g_getenv("WD_TEST_POPULATION");
  if (population && g_getenv("WD_TEST_PICTURES")) {
    show(population, 1280, 800, "'light'");
    show(population, 900, 600, "'dark'");
    return tap_done();
  }
  char *folder = bed_folder();
  use(folder);
  bed_remove(folder);
  g_free(folder);
  return tap_done();
}
