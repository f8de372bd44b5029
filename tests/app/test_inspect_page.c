/* Inspect mode as a person uses it: sample seeds there, choose, filter, tag, move the limit, look closely,
 * compare; with a small model. With WD_TEST_PICTURES and WD_TEST_POPULATION (a .wdpop of the shipped model)
 * it takes pictures of all its views instead. */
#include "app/flags.h"
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
static gboolean has_any(gpointer unused) {
  (void)unused;
  return inspect->population && wd_population_count(inspect->population) > 0;
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

/* What N (direction 1) and Shift+N (-1) have to go to, from the figures alone: the nearest one in the order
 * of the figure that is over the limit or flagged. */
static guint expected(int direction) {
  const WdPopulation *p = inspect->population;
  const double limit = wd_inspect_epsilon(inspect), here = wd_population_nth(p, inspect->chosen)->value[0];
  guint best = G_MAXUINT;
  for (guint k = 0; k < wd_population_count(p); k++) {
    const WdSample *s = wd_population_nth(p, k);
    const double v = s->value[0], of_best = best == G_MAXUINT ? NAN : wd_population_nth(p, best)->value[0];
    if (k == inspect->chosen || !(v > limit || s->flags)) continue;
    if (direction > 0 ? v < here && !(v <= of_best) : v > here && !(v >= of_best)) best = k;
  }
  return best;
}

/* Answers the file chooser that is open, as somebody does who types a path. */
static gboolean chooser_is_open(gpointer found) {
  g_autoptr(GList) all = gtk_window_list_toplevels();
  for (GList *l = all; l; l = l->next)
    if (GTK_IS_FILE_CHOOSER(l->data) && gtk_widget_get_mapped(l->data)) {
      *(GtkWidget **)found = l->data;
      return TRUE;
    }
  return FALSE;
}
static gboolean chooser_is_shut(gpointer unused) {
  GtkWidget *found = NULL;
  (void)unused;
  return !chooser_is_open(&found);
}
static gboolean choose_file(Ui *ui, const char *path) {
  GtkWidget *chooser = NULL;
  if (!ui_wait(chooser_is_open, &chooser, 20)) {
    printf("# no file chooser came\n");
    return FALSE;
  }
  ui_run(0.5); /* it reads its folder */
  ui_focus(chooser);
  if (gtk_file_chooser_get_action(GTK_FILE_CHOOSER(chooser)) == GTK_FILE_CHOOSER_ACTION_SAVE)
    ui_key(ui, "ctrl+a");
  else
    ui_key(ui, "ctrl+l"); /* asks for a path */
  ui_type(ui, path);
  ui_run(0.5);
  ui_key(ui, "Return");
  const gboolean shut = ui_wait(chooser_is_shut, NULL, 10);
  if (!shut) {
    printf("# the file chooser stays open\n");
    gtk_dialog_response(GTK_DIALOG(chooser), GTK_RESPONSE_CANCEL);
  }
  ui_focus(GTK_WIDGET(ui->window));
  return shut;
}
static gboolean exists(gpointer path) {
  return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static char *copied;
static void on_copied(GObject *clipboard, GAsyncResult *result, gpointer user) {
  (void)user;
  copied = gdk_clipboard_read_text_finish(GDK_CLIPBOARD(clipboard), result, NULL);
}
static gboolean has_copied(gpointer unused) {
  (void)unused;
  return copied != NULL;
}
static void act(Ui *ui, const char *action) {
  tap_ok(g_action_group_has_action(G_ACTION_GROUP(ui->window), action), "there is an action %s", action);
  g_action_group_activate_action(G_ACTION_GROUP(ui->window), action, NULL);
}

/* What goes in and out as files, the note, families in the histogram. */
static void files(Ui *ui, const char *folder) {
  const guint n = wd_population_count(inspect->population);
  wd_inspect_choose(inspect, 3, NULL);
  ui_settle(ui);
  enter(ui, "inspect-note", "late below 400 m");
  ui_key(ui, "Return");
  ui_settle(ui);
  const WdSample *s = wd_inspect_sample_chosen(inspect);
  tap_ok(s && !strcmp(s->note, "late below 400 m"), "the note is kept: %s", s ? s->note : "");

  gtk_stack_set_visible_child_name(GTK_STACK(ui_find(ui->window, "inspect-plots")), "histogram");
  ui_settle(ui);
  UiPicture plain = {0}, divided = {0};
  ui_widget_picture(ui, ui_find(ui->window, "inspect-histogram"), &plain);
  tap_ok(!inspect->by_family && ui_click(ui_find(ui->window, "inspect-families"), 0.2, 0.5, 1), "by family");
  ui_settle(ui);
  ui_widget_picture(ui, ui_find(ui->window, "inspect-histogram"), &divided);
  tap_ok(inspect->by_family && ui_colours(&divided) > ui_colours(&plain),
         "divides the bars: more colours (%d, then %d)", ui_colours(&plain), ui_colours(&divided));
  ui_picture_clear(&plain);
  ui_picture_clear(&divided);

  g_autofree char *csv = g_build_filename(folder, "shown.csv", NULL),
                  *sheet = g_build_filename(folder, "s.png", NULL),
                  *batch = g_build_filename(folder, "kept.wdpop", NULL), *text = NULL;
  gsize size = 0;
  wd_inspect_set_filter(inspect, "seed < 5", NULL, NULL);
  ui_settle(ui);
  act(ui, "inspect-csv");
  tap_ok(choose_file(ui, csv) && ui_wait(exists, csv, 10) && g_file_get_contents(csv, &text, &size, NULL),
         "the CSV of the shown samples is written");
  g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
  tap_ok(g_strv_length(lines) == inspect->shown->len + 2 && g_str_has_prefix(lines[0], "number,seed,family,"),
         "a row for each of the %u shown, and a header", inspect->shown->len);
  tap_ok(text && strstr(text, "late below 400 m"), "with the note");
  act(ui, "inspect-sheet");
  g_autofree char *png = NULL;
  tap_ok(choose_file(ui, sheet) && ui_wait(exists, sheet, 10) &&
             g_file_get_contents(sheet, &png, &size, NULL) && size > 8 &&
             !memcmp(png, "\x89PNG\r\n\x1a\n", 8),
         "the contact sheet is written");
  g_autoptr(GdkTexture) drawn = gdk_texture_new_from_filename(sheet, NULL);
  tap_ok(drawn && gdk_texture_get_width(drawn) > 200 && gdk_texture_get_height(drawn) > 100,
         "and is a picture: %d x %d", drawn ? gdk_texture_get_width(drawn) : 0,
         drawn ? gdk_texture_get_height(drawn) : 0);
  wd_inspect_set_filter(inspect, "", NULL, NULL);

  g_autofree char *command = wd_population_command(inspect->population, s);
  act(ui, "inspect-copy-command");
  gdk_clipboard_read_text_async(gtk_widget_get_clipboard(GTK_WIDGET(ui->window)), NULL, on_copied, NULL);
  tap_ok(ui_wait(has_copied, NULL, 10) && !strcmp(copied, command) && strstr(copied, folder),
         "Copy command copies the one for the chosen sample, with the model's own folder: %s",
         copied ? copied : "");
  g_clear_pointer(&copied, g_free);

  act(ui, "inspect-save");
  tap_ok(choose_file(ui, batch) && ui_wait(exists, batch, 10) && !inspect->population->changed,
         "saving asks for a name the first time");
  const WdPopulation *before = inspect->population;
  act(ui, "inspect-open");
  tap_ok(choose_file(ui, batch), "Open batch asks for a file");
  ui_settle(ui);
  tap_ok(inspect->population != before && wd_population_count(inspect->population) == n &&
             !strcmp(wd_population_nth(inspect->population, 3)->note, "late below 400 m"),
         "and what was saved is there again, note and all");
}

/* The two sets that come with the program. */
static void shipped(Ui *ui) {
  tap_ok(ui_click(ui_find(ui->window, "inspect-open"), 0.5, 0.5, 1), "the button of batches opens its menu");
  ui_settle(ui);
  ui_keep(ui, "inspect-open-menu");
  ui_key(ui, "Escape");
  ui_settle(ui);
  act(ui, "inspect-shipped");
  ui_settle(ui);
  tap_ok(inspect->population && wd_population_count(inspect->population) >= 20 &&
             inspect->population->identity[0],
         "the default model's failures open");
  tap_ok(!inspect->population->path, "Save asks for a name, and does not write over the program's own");
  act(ui, "inspect-faults");
  ui_settle(ui);
  guint seen = 0;
  for (guint k = 0; k < wd_population_count(inspect->population); k++)
    seen |= wd_population_nth(inspect->population, k)->flags;
  tap_ok(seen == (1u << WD_FLAGS) - 1, "the built faults open: every flag has one");
  wd_inspect_choose(inspect, 1, NULL);
  ui_settle(ui);
  tap_ok(ui_find(ui->window, "inspect-message") && !ui_find(ui->window, "inspect-residual-map") &&
             ui_find(ui->window, "inspect-way"),
         "what was never decoded shows no other pair's maps");
  ui_keep(ui, "inspect-faults");
  wd_inspect_choose(inspect, G_MAXUINT, NULL);
  wd_inspect_set_population(inspect, NULL);
  ui_settle(ui);
  tap_ok(ui_find(ui->window, "inspect-begin"), "an empty page offers what there is to open");
  ui_keep(ui, "inspect-empty");
}

/* A|B with best: of samples of one family, A is the chosen one and B the best of the others. */
static void compare(Ui *ui) {
  GError *error = NULL;
  const WdPopulateDesc one = {
      .first = 40, .count = 5, .family = 3, .plan = {.steps = 3}, .mode = WD_WAVE_LIVE};
  wanted = 5;
  tap_ok(wd_inspect_sample(inspect, &one, &error) && ui_wait(has_samples, NULL, 120),
         "five samples of one family %s", error ? error->message : "");
  g_clear_error(&error);
  guint worst = 0, best = 0;
  for (guint k = 1; k < 5; k++) {
    const double v = wd_population_nth(inspect->population, k)->value[0];
    if (v > wd_population_nth(inspect->population, worst)->value[0]) worst = k;
    if (v < wd_population_nth(inspect->population, best)->value[0]) best = k;
  }
  wd_inspect_choose(inspect, worst, NULL);
  ui_settle(ui);
  act(ui, "inspect-compare");
  ui_settle(ui);
  WdRecording *r = wd_session_get_recording(ui->session);
  GBytes *a = wd_place_latent(r, ui->view->place[0], WD_WHAT_ESTIMATE),
         *b = wd_place_latent(r, ui->view->place[1], WD_WHAT_ESTIMATE);
  tap_ok(worst != best && ui->view->mode == WD_MODE_STEP && ui->view->layout == WD_LAYOUT_COMPARE,
         "compared side by side, in step mode");
  tap_ok(a && g_bytes_equal(a, wd_population_nth(inspect->population, worst)->latent), "A is the worst");
  tap_ok(b && g_bytes_equal(b, wd_population_nth(inspect->population, best)->latent),
         "B the best of its family");
}

static gboolean asks(gpointer user) {
  GtkWidget *dialog = ui_window(user, "close-question");
  return dialog && ui_find(dialog, "close-stop");
}
static gboolean asks_not(gpointer user) {
  return !ui_window(user, "close-question");
}
static gboolean asks_of_samples(gpointer user) {
  GtkWidget *dialog = ui_window(user, "samples-question");
  return dialog && ui_find(dialog, "samples-stay");
}
static gboolean asks_not_of_samples(gpointer user) {
  return !ui_window(user, "samples-question");
}
static gboolean asks_to_replace(gpointer user) {
  GtkWidget *dialog = ui_window(user, "replace-question");
  return dialog && ui_find(dialog, "replace-stay");
}
static gboolean asks_not_to_replace(gpointer user) {
  return !ui_window(user, "replace-question");
}
static gboolean is_gone(gpointer user) {
  return !((Ui *)user)->window;
}

static gboolean answer_replace(Ui *ui, const char *name) {
  if (!ui_wait(asks_to_replace, ui, 10)) return FALSE;
  ui_settle(ui);
  GtkWidget *dialog = ui_window(ui, "replace-question");
  ui_focus(dialog);
  return ui_click(ui_find(dialog, name), 0.5, 0.5, 1) && ui_wait(asks_not_to_replace, ui, 10);
}

/* Samples that are in no file give way to others only when a person said so. */
static void replace(Ui *ui) {
  const WdPopulation *before = inspect->population;
  const guint count = wd_population_count(before);
  g_action_group_activate_action(G_ACTION_GROUP(ui->window), "inspect-shipped", NULL);
  tap_ok(answer_replace(ui, "replace-stay") && inspect->population == before &&
             wd_population_count(before) == count,
         "opening a set over %u unsaved samples asks; Cancel keeps them", count);
  ui_focus(GTK_WIDGET(ui->window));
  ui_key(ui, "ctrl+4");
  ui_settle(ui);
  ui_click(ui_find(ui->window, "inspect-sample"), 0.5, 0.5, 1);
  ui_settle(ui);
  ui_keep(ui, "sample-again");
  enter(ui, "sample-count", "2");
  enter(ui, "sample-steps", "3");
  ui_click(ui_find(ui->window, "sample-go"), 0.5, 0.5, 1);
  tap_ok(answer_replace(ui, "replace-stay") && inspect->population == before && !inspect->working,
         "so does sampling by another plan");
  g_action_group_activate_action(G_ACTION_GROUP(ui->window), "inspect-shipped", NULL);
  tap_ok(answer_replace(ui, "replace-lose") && inspect->population != before &&
             !inspect->population->changed && !inspect->population->path,
         "Replace opens the set, which has no file to save over");
  g_action_group_activate_action(G_ACTION_GROUP(ui->window), "inspect-faults", NULL);
  ui_settle(ui);
  tap_ok(asks_not_to_replace(ui) && wd_population_count(inspect->population),
         "what is unchanged is not asked about");
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
  guint want = expected(1);
  tap_ok(want != G_MAXUINT && want != first, "there is a failure after the chosen sample");
  ui_key(&ui, "n");
  ui_settle(&ui);
  tap_ok(inspect->chosen == want, "N goes to it (%u; %u)", inspect->chosen, want);
  want = expected(-1);
  tap_ok(want != G_MAXUINT, "and one before that");
  ui_key(&ui, "shift+n");
  ui_settle(&ui);
  tap_ok(inspect->chosen == want, "Shift+N goes to that (%u; %u)", inspect->chosen, want);

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

  files(&ui, folder);
  shipped(&ui);
  compare(&ui);

  /* A batch is not lost by closing the window unasked. */
  const WdPopulateDesc batch = {.first = 100, .count = 500, .family = -1, .plan = {.steps = 4}};
  GError *error = NULL;
  tap_ok(wd_inspect_sample(inspect, &batch, &error) && inspect->working, "500 seeds are sampled %s",
         error ? error->message : "");
  g_clear_error(&error);
  ui_wait(has_any, NULL, 60);
  ui_focus(GTK_WIDGET(ui.window));
  ui_key(&ui, "ctrl+w");
  tap_ok(ui_wait(asks, &ui, 10), "Ctrl+W in the middle of it asks");
  ui_settle(&ui);
  GtkWidget *dialog = ui_window(&ui, "close-question");
  if (dialog) ui_focus(dialog);
  tap_ok(dialog && ui_click(ui_find(dialog, "close-keep"), 0.5, 0.5, 1) && ui_wait(asks_not, &ui, 10) &&
             ui.window && inspect->working,
         "Keep running keeps both");
  if (ui.window) { /* nor what of it is there, once nothing goes on */
    wd_inspect_stop(inspect, FALSE);
    ui_settle(&ui);
    ui_focus(GTK_WIDGET(ui.window));
    ui_key(&ui, "ctrl+w");
    tap_ok(ui_wait(asks_of_samples, &ui, 10), "samples that are in no file are asked about as well");
    ui_settle(&ui);
    dialog = ui_window(&ui, "samples-question");
    if (dialog) ui_focus(dialog);
    tap_ok(dialog && ui_click(ui_find(dialog, "samples-stay"), 0.5, 0.5, 1) &&
               ui_wait(asks_not_of_samples, &ui, 10) && ui.window && inspect->population->changed,
           "Keep open keeps them");
    replace(&ui);
    wd_inspect_sample(inspect, &batch, NULL);
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
