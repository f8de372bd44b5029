#include "app/inspect_table.h"

#include "app/flags.h"
#include "app/i18n.h"

#include <math.h>
#include <string.h>

/* ---- a row */

#define WD_TYPE_SAMPLE_ROW (wd_sample_row_get_type())
G_DECLARE_FINAL_TYPE(WdSampleRow, wd_sample_row, WD, SAMPLE_ROW, GObject)
struct _WdSampleRow {
  GObject parent_instance;
  guint number;
};
G_DEFINE_FINAL_TYPE(WdSampleRow, wd_sample_row, G_TYPE_OBJECT)
static void wd_sample_row_class_init(WdSampleRowClass *class) {
  (void)class;
}
static void wd_sample_row_init(WdSampleRow *row) {
  (void)row;
}

/* ---- a line of the screen, which one row after the other may stand in */

enum { COLUMN_SEED = WD_VALUES, COLUMN_FAMILY, COLUMN_FLAGS, COLUMN_TAGS, COLUMNS };

#define WD_TYPE_SAMPLE_SLOT (wd_sample_slot_get_type())
G_DECLARE_FINAL_TYPE(WdSampleSlot, wd_sample_slot, WD, SAMPLE_SLOT, GObject)
struct _WdSampleSlot {
  GObject parent_instance;
  guint number;                  /* of its sample */
  GtkInscription *cell[COLUMNS]; /* those bound to it, borrowed; NULL: none */
};
G_DEFINE_FINAL_TYPE(WdSampleSlot, wd_sample_slot, G_TYPE_OBJECT)
static void wd_sample_slot_class_init(WdSampleSlotClass *class) {
  (void)class;
}
static void wd_sample_slot_init(WdSampleSlot *slot) {
  slot->number = G_MAXUINT;
}

/* ---- the table */

enum { ROWS = 24, STEP = 24, ALL_FROM = 200 };

typedef struct Table {
  WdInspect *inspect;
  GtkWidget *view; /* GtkColumnView */
  GListStore *store;
  GtkSortListModel *sorted; /* the order of the rows; not seen by the view */
  /* What the view shows: the first slot holds the first row of the order. Sorting and filtering change what
   * stands in the slots and make no widget: GtkColumnView would make 200 rows of them, 0.6 s. */
  GListStore *slots;
  guint room, growing; /* how many slots there may be so far: grow() */
  GtkMultiSelection *selection;
  GPtrArray *row; /* WdSampleRow *, by number */
  WdPopulation *of;
  GtkColumnViewColumn *column[COLUMNS];
  guint scrolled_to; /* the chosen sample that was brought into sight */
  gboolean updating;
} Table;

static Table *table_of(GtkWidget *widget) {
  return g_object_get_data(G_OBJECT(widget), "table");
}

/* First those that one looks for; then all others. */
static const int order[] = {
    COLUMN_SEED,           COLUMN_FAMILY,         COLUMN_FLAGS,   WD_METRIC_REFLECTION_RESIDUAL,
    WD_METRIC_RELATIVE_L2, WD_VALUE_MAX_SHOT,     WD_SCORE_LAG,   WD_VALUE_SHIFT,
    WD_VALUE_ARRIVAL,      WD_METRIC_CORRELATION, WD_VALUE_V_MIN, WD_VALUE_V_MAX,
    WD_VALUE_SHELL,        WD_VALUE_FIRST_BAD,    COLUMN_TAGS};

static void text_of(const WdPopulation *p, guint number, int column, char *out, gsize size) {
  const WdSample *s = wd_population_nth(p, number);
  g_autofree char *flags = NULL;
  switch (column) {
  case COLUMN_SEED: g_snprintf(out, size, "%" G_GUINT64_FORMAT, s->seed); break;
  case COLUMN_FAMILY: g_strlcpy(out, wd_sample_family(s), size); break;
  case COLUMN_FLAGS:
    flags = wd_flags_text(s->flags);
    g_strlcpy(out, flags, size);
    break;
  case COLUMN_TAGS: g_strlcpy(out, s->tags, size); break;
  default: wd_value_text(column, s->value[column], FALSE, out, size); break;
  }
}

static void on_setup(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer column) {
  (void)factory;
  /* GTK makes 200 rows at once: labels would each lay out their text to be measured (0.7 s for 1000 samples).
   */
  GtkWidget *label = gtk_inscription_new(NULL);
  const int c = GPOINTER_TO_INT(column);
  const gboolean number = c < WD_VALUES || c == COLUMN_SEED;
  gtk_inscription_set_xalign(GTK_INSCRIPTION(label), number ? 1 : 0);
  gtk_inscription_set_text_overflow(GTK_INSCRIPTION(label), GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_END);
  gtk_inscription_set_min_chars(GTK_INSCRIPTION(label), 4);
  gtk_inscription_set_nat_chars(GTK_INSCRIPTION(label), number ? 7 : 12);
  if (number) gtk_widget_add_css_class(label, "numeric");
  if (c == COLUMN_FLAGS) gtk_widget_add_css_class(label, "sample-flags");
  gtk_list_item_set_child(item, label);
}

static void write_cell(WdInspect *i, WdSampleSlot *slot, int column) {
  char text[200] = "";
  if (i->population && slot->number < wd_population_count(i->population))
    text_of(i->population, slot->number, column, text, sizeof text);
  gtk_inscription_set_text(slot->cell[column], text);
}

static void on_bind(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer column) {
  WdSampleSlot *slot = gtk_list_item_get_item(item);
  slot->cell[GPOINTER_TO_INT(column)] = GTK_INSCRIPTION(gtk_list_item_get_child(item));
  write_cell(g_object_get_data(G_OBJECT(factory), "inspect"), slot, GPOINTER_TO_INT(column));
}

static void on_unbind(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer column) {
  (void)factory;
  WdSampleSlot *slot = gtk_list_item_get_item(item);
  slot->cell[GPOINTER_TO_INT(column)] = NULL;
}

static int compare(gconstpointer one, gconstpointer other, gpointer column_view) {
  const WdSampleRow *a = one, *b = other;
  const gpointer *data = column_view;
  WdInspect *i = data[0];
  const int column = GPOINTER_TO_INT(data[1]);
  if (!i->population) return GTK_ORDERING_EQUAL;
  const guint n = wd_population_count(i->population);
  if (a->number >= n || b->number >= n) return GTK_ORDERING_EQUAL;
  const WdSample *x = wd_population_nth(i->population, a->number),
                 *y = wd_population_nth(i->population, b->number);
  int c = 0;
  if (column < WD_VALUES) { /* what is not there counts as least */
    const double u = x->value[column], v = y->value[column];
    c = isnan(u) || isnan(v) ? !isnan(u) - !isnan(v) : (u > v) - (u < v);
  } else if (column == COLUMN_SEED) {
    c = (x->seed > y->seed) - (x->seed < y->seed);
  } else if (column == COLUMN_FAMILY) {
    c = (x->family > y->family) - (x->family < y->family);
  } else if (column == COLUMN_FLAGS) {
    c = (x->flags > y->flags) - (x->flags < y->flags);
  } else {
    c = strcmp(x->tags, y->tags);
  }
  if (!c) c = (a->number < b->number) - (a->number > b->number); /* worst first turns it round */
  return c < 0 ? GTK_ORDERING_SMALLER : c > 0 ? GTK_ORDERING_LARGER : GTK_ORDERING_EQUAL;
}

static void add_column(Table *t, int c) {
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
  g_object_set_data(G_OBJECT(factory), "inspect", t->inspect);
  g_signal_connect(factory, "setup", G_CALLBACK(on_setup), GINT_TO_POINTER(c));
  g_signal_connect(factory, "bind", G_CALLBACK(on_bind), GINT_TO_POINTER(c));
  g_signal_connect(factory, "unbind", G_CALLBACK(on_unbind), GINT_TO_POINTER(c));
  const char *const others[] = {_("seed"), _("family"), _("flags"), _("tags")};
  const WdValueInfo *info = wd_value_get_info(c);
  g_autofree char *title = !info         ? g_strdup(others[c - WD_VALUES])
                           : *info->unit ? g_strdup_printf("%s (%s)", info->heading, info->unit)
                                         : g_strdup(info->heading);
  GtkColumnViewColumn *column = gtk_column_view_column_new(title, factory);
  gpointer *data = g_new(gpointer, 2);
  data[0] = t->inspect;
  data[1] = GINT_TO_POINTER(c);
  GtkSorter *sorter = GTK_SORTER(gtk_custom_sorter_new(compare, data, g_free));
  gtk_column_view_column_set_sorter(column, sorter);
  g_object_unref(sorter);
  gtk_column_view_column_set_resizable(column, TRUE);
  if (c == COLUMN_FLAGS) gtk_column_view_column_set_fixed_width(column, 104);
  if (c == COLUMN_FAMILY) gtk_column_view_column_set_fixed_width(column, 108);
  gtk_column_view_append_column(GTK_COLUMN_VIEW(t->view), column);
  t->column[c] = column; /* the view holds it */
  g_object_unref(column);
}

/* ---- what the population says */

static guint number_at(Table *t, guint position) {
  g_autoptr(WdSampleRow) row = g_list_model_get_item(G_LIST_MODEL(t->sorted), position);
  return row->number;
}

static guint position_of(Table *t, guint number) {
  const guint n = g_list_model_get_n_items(G_LIST_MODEL(t->sorted));
  for (guint k = 0; number != G_MAXUINT && k < n; k++)
    if (number_at(t, k) == number) return k;
  return GTK_INVALID_LIST_POSITION;
}

static GtkWidget *list_of(GtkWidget *widget) {
  if (GTK_IS_LIST_VIEW(widget)) return widget;
  for (GtkWidget *c = gtk_widget_get_first_child(widget); c; c = gtk_widget_get_next_sibling(c)) {
    GtkWidget *found = list_of(c);
    if (found) return found;
  }
  return NULL;
}

/* As many slots as there are rows and room, each with its row; the cells of all of them anew. */
static void place(Table *t) {
  const guint rows = g_list_model_get_n_items(G_LIST_MODEL(t->sorted)), want = MIN(rows, t->room);
  guint have = g_list_model_get_n_items(G_LIST_MODEL(t->slots));
  const gboolean updating = t->updating;
  t->updating = TRUE;
  if (have > want) g_list_store_splice(t->slots, want, have - want, NULL, 0);
  have = MIN(have, want);
  for (guint k = 0; k < have; k++) {
    g_autoptr(WdSampleSlot) slot = g_list_model_get_item(G_LIST_MODEL(t->slots), k);
    slot->number = number_at(t, k);
    for (int c = 0; c < COLUMNS; c++)
      if (slot->cell[c]) write_cell(t->inspect, slot, c);
  }
  g_autoptr(GPtrArray) more = g_ptr_array_new_with_free_func(g_object_unref);
  for (guint k = have; k < want; k++) {
    WdSampleSlot *slot = g_object_new(WD_TYPE_SAMPLE_SLOT, NULL);
    slot->number = number_at(t, k);
    g_ptr_array_add(more, slot);
  }
  if (more->len) g_list_store_splice(t->slots, have, 0, more->pdata, more->len);
  t->updating = updating;
}

/* What is selected stands elsewhere after sorting. */
static void select_marked(Table *t) {
  const guint n = g_list_model_get_n_items(G_LIST_MODEL(t->slots));
  g_autoptr(GtkBitset) all = gtk_bitset_new_range(0, n), marked = gtk_bitset_new_empty();
  g_autoptr(GHashTable) set = g_hash_table_new(g_direct_hash, g_direct_equal);
  for (guint k = 0; k < t->inspect->marked->len; k++)
    g_hash_table_add(set, GUINT_TO_POINTER(g_array_index(t->inspect->marked, guint, k)));
  for (guint k = 0; k < n && g_hash_table_size(set); k++)
    if (g_hash_table_contains(set, GUINT_TO_POINTER(number_at(t, k)))) gtk_bitset_add(marked, k);
  const gboolean updating = t->updating;
  t->updating = TRUE;
  gtk_selection_model_set_selection(GTK_SELECTION_MODEL(t->selection), marked, all);
  t->updating = updating;
}

static void show_chosen(Table *t, gboolean scroll) {
  const guint at = position_of(t, t->inspect->chosen);
  if (at != GTK_INVALID_LIST_POSITION && at >= t->room && scroll) {
    t->room = G_MAXUINT;
    place(t);
  }
  select_marked(t);
  if (!scroll || at == GTK_INVALID_LIST_POSITION) return;
  GtkWidget *list = list_of(t->view); /* GTK 4.8 has no call for this, but the action that keys use */
  if (list) gtk_widget_activate_action(list, "list.scroll-to-item", "u", at);
}

/* GTK makes 200 rows of widgets before it draws the first: 0.6 s. Those in sight come first, the others by
 * and by. */
static gboolean grow(gpointer data) {
  Table *t = data;
  t->room = t->room >= ALL_FROM ? G_MAXUINT : t->room + STEP;
  place(t);
  const guint rows = g_list_model_get_n_items(G_LIST_MODEL(t->sorted));
  const gboolean all = t->room >= rows;
  if (!all) {
    select_marked(t);
    return G_SOURCE_CONTINUE;
  }
  t->growing = 0;
  show_chosen(t, t->scrolled_to != t->inspect->chosen); /* it may stand among the last */
  t->scrolled_to = t->inspect->chosen;
  return G_SOURCE_REMOVE;
}

static void arrange(Table *t) {
  const guint have = g_list_model_get_n_items(G_LIST_MODEL(t->slots));
  const guint rows = g_list_model_get_n_items(G_LIST_MODEL(t->sorted));
  t->room = have >= ALL_FROM ? G_MAXUINT : MAX(have, ROWS);
  place(t);
  if (t->room < rows && !t->growing) t->growing = g_timeout_add_full(G_PRIORITY_LOW, 60, grow, t, NULL);
  const gboolean there = position_of(t, t->inspect->chosen) < t->room;
  show_chosen(t, there && t->scrolled_to != t->inspect->chosen);
  if (there) t->scrolled_to = t->inspect->chosen;
}

static void on_order(GListModel *sorted, guint position, guint removed, guint added, Table *t) {
  (void)sorted, (void)position, (void)removed, (void)added;
  if (!t->updating) arrange(t);
}

static void fill(Table *t) {
  WdInspect *i = t->inspect;
  if (t->of != i->population) {
    g_ptr_array_set_size(t->row, 0);
    t->of = i->population;
    t->scrolled_to = G_MAXUINT;
  }
  const guint n = i->population ? wd_population_count(i->population) : 0;
  while (t->row->len < n) {
    WdSampleRow *row = g_object_new(WD_TYPE_SAMPLE_ROW, NULL);
    row->number = t->row->len;
    g_ptr_array_add(t->row, row);
  }
  g_autofree gpointer *rows = g_new(gpointer, i->shown->len + 1);
  for (guint k = 0; k < i->shown->len; k++)
    rows[k] = g_ptr_array_index(t->row, g_array_index(i->shown, guint, k));
  t->updating = TRUE;
  g_list_store_splice(t->store, 0, g_list_model_get_n_items(G_LIST_MODEL(t->store)), rows, i->shown->len);
  t->updating = FALSE;
  arrange(t);
}

static void on_changed(WdInspect *i, guint parts, GtkWidget *widget) {
  Table *t = table_of(widget);
  if (parts & (WD_INSPECT_SHOWN | WD_INSPECT_TAGS))
    fill(t);
  else if (parts & WD_INSPECT_CHOSEN) {
    show_chosen(t, t->scrolled_to != i->chosen);
    t->scrolled_to = i->chosen;
  }
}

static void on_selection(GtkSelectionModel *model, guint position, guint count, Table *t) {
  (void)position, (void)count;
  if (t->updating) return;
  g_autoptr(GtkBitset) set = gtk_selection_model_get_selection(model);
  g_autoptr(GArray) marked = g_array_new(FALSE, FALSE, sizeof(guint));
  guint chosen = G_MAXUINT;
  GtkBitsetIter it;
  guint at;
  for (gboolean more = gtk_bitset_iter_init_first(&it, set, &at); more;
       more = gtk_bitset_iter_next(&it, &at)) {
    g_autoptr(WdSampleSlot) slot = g_list_model_get_item(G_LIST_MODEL(model), at);
    g_array_append_val(marked, slot->number);
    if (slot->number == t->inspect->chosen && gtk_bitset_get_size(set) > 1) chosen = slot->number;
  }
  if (chosen == G_MAXUINT && marked->len) chosen = g_array_index(marked, guint, 0);
  t->updating = TRUE; /* the selection is right already */
  wd_inspect_choose(t->inspect, chosen, marked);
  t->updating = FALSE;
}

GArray *wd_inspect_table_order(GtkWidget *table) {
  Table *t = table_of(table);
  GArray *a = g_array_new(FALSE, FALSE, sizeof(guint));
  for (guint k = 0; k < g_list_model_get_n_items(G_LIST_MODEL(t->sorted)); k++) {
    const guint number = number_at(t, k);
    g_array_append_val(a, number);
  }
  return a;
}

void wd_inspect_table_show_all(GtkWidget *table, gboolean all) {
  Table *t = table_of(table);
  for (int c = 0; c < WD_VALUES; c++) {
    gboolean first = all;
    for (gsize k = 0; k < G_N_ELEMENTS(order); k++) first = first || order[k] == c;
    gtk_column_view_column_set_visible(t->column[c], first);
  }
}

void wd_inspect_table_sort(GtkWidget *table, int kind) {
  Table *t = table_of(table);
  gtk_column_view_column_set_visible(t->column[kind], TRUE);
  gtk_column_view_sort_by_column(GTK_COLUMN_VIEW(t->view), t->column[kind],
                                 wd_value_get_info(kind)->higher_is_better ? GTK_SORT_ASCENDING
                                                                           : GTK_SORT_DESCENDING);
}

static void table_free(gpointer data) {
  Table *t = data;
  g_clear_handle_id(&t->growing, g_source_remove);
  g_signal_handlers_disconnect_by_data(t->sorted, t);
  g_signal_handlers_disconnect_by_data(t->selection, t);
  g_ptr_array_unref(t->row);
  g_object_unref(t->slots);
  g_object_unref(t->store);
  g_object_unref(t->sorted);
  g_object_unref(t->selection);
  g_free(t);
}

GtkWidget *wd_inspect_table_new(WdInspect *inspect) {
  Table *t = g_new0(Table, 1);
  t->inspect = inspect;
  t->row = g_ptr_array_new_with_free_func(g_object_unref);
  t->store = g_list_store_new(WD_TYPE_SAMPLE_ROW);
  t->scrolled_to = G_MAXUINT;
  t->room = ROWS;
  t->view = gtk_column_view_new(NULL);
  gtk_widget_set_name(t->view, "inspect-table");
  gtk_column_view_set_show_row_separators(GTK_COLUMN_VIEW(t->view), FALSE);
  gtk_column_view_set_reorderable(GTK_COLUMN_VIEW(t->view), TRUE);
  gtk_widget_add_css_class(t->view, "data-table");
  gtk_accessible_update_property(GTK_ACCESSIBLE(t->view), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 _("Samples and their figures"), -1);
  for (gsize k = 0; k < G_N_ELEMENTS(order); k++) add_column(t, order[k]);
  for (int c = 0; c < WD_VALUES; c++)
    if (!t->column[c]) add_column(t, c);
  t->sorted = gtk_sort_list_model_new(g_object_ref(G_LIST_MODEL(t->store)),
                                      g_object_ref(gtk_column_view_get_sorter(GTK_COLUMN_VIEW(t->view))));
  g_signal_connect(t->sorted, "items-changed", G_CALLBACK(on_order), t);
  t->slots = g_list_store_new(WD_TYPE_SAMPLE_SLOT);
  t->selection = gtk_multi_selection_new(g_object_ref(G_LIST_MODEL(t->slots)));
  gtk_column_view_set_model(GTK_COLUMN_VIEW(t->view), GTK_SELECTION_MODEL(t->selection));
  GtkWidget *scroll = gtk_scrolled_window_new();
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroll), t->view);
  gtk_widget_set_vexpand(scroll, TRUE);
  g_object_set_data_full(G_OBJECT(scroll), "table", t, table_free);
  g_signal_connect(t->selection, "selection-changed", G_CALLBACK(on_selection), t);
  g_signal_connect_object(inspect, "changed", G_CALLBACK(on_changed), scroll, 0);
  wd_inspect_table_show_all(scroll, FALSE);
  wd_inspect_table_sort(scroll, inspect->metric);
  fill(t);
  return scroll;
}
