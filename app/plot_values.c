#include "app/plot_values.h"
#include "app/i18n.h"
#include "app/residual_table.h"
#include "app/score.h"
#include "render/axis.h"

#include <math.h>

enum { STEP = 0, TIMESTEP, LOG_SNR, KIND, MODE, FIRST_FIGURE, COLUMNS = FIRST_FIGURE + WD_SCORES };

/* A row: its cells as texts. */
#define WD_TYPE_VALUES_ROW (wd_values_row_get_type())
G_DECLARE_FINAL_TYPE(WdValuesRow, wd_values_row, WD, VALUES_ROW, GObject)
struct _WdValuesRow {
  GObject parent_instance;
  int k;
  char *cell[COLUMNS];
};
G_DEFINE_FINAL_TYPE(WdValuesRow, wd_values_row, G_TYPE_OBJECT)

static void finalize(GObject *object) {
  for (int i = 0; i < COLUMNS; i++) g_free(WD_VALUES_ROW(object)->cell[i]);
  G_OBJECT_CLASS(wd_values_row_parent_class)->finalize(object);
}
static void wd_values_row_class_init(WdValuesRowClass *class) {
  G_OBJECT_CLASS(class)->finalize = finalize;
}
static void wd_values_row_init(WdValuesRow *row) {
  (void)row;
}

static char *format(double value) {
  char text[32];
  if (!isfinite(value)) return g_strdup("–");
  wd_format_number(value, 0, text, sizeof text);
  return g_strdup(text);
}

static WdValuesRow *row_new(const WdBranch *b, const WdResidualRow *from) {
  WdValuesRow *row = g_object_new(WD_TYPE_VALUES_ROW, NULL);
  gboolean data = wd_branch_is_data(b, from->position, from->k);
  row->k = from->k;
  row->cell[STEP] = from->k > b->steps
                        ? g_strdup_printf(_("refined %d"), from->k - b->steps)
                        : g_strdup_printf(data && b->kind != WD_BRANCH_WALK ? _("%d, data") : "%d", from->k);
  row->cell[TIMESTEP] = data ? g_strdup("–") : g_strdup_printf("%d", from->position->level.timestep);
  char snr[32];
  wd_format_number(from->position->level.log_snr, 0.01, snr, sizeof snr);
  row->cell[LOG_SNR] = g_strdup(data ? "∞" : snr);
  row->cell[KIND] = g_strdup(from->what == WD_WHAT_STATE ? "xₜ" : "x̂₀");
  row->cell[MODE] = g_strdup(from->score ? wd_score_mode_words(from->score->mode) : "–");
  for (int i = 0; i < WD_SCORES; i++)
    row->cell[FIRST_FIGURE + i] = format(from->score ? from->score->value[i] : NAN);
  return row;
}

static void on_setup(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer column) {
  (void)factory;
  GtkWidget *label = gtk_label_new(NULL);
  gtk_label_set_xalign(GTK_LABEL(label),
                       GPOINTER_TO_INT(column) == KIND || GPOINTER_TO_INT(column) == MODE ? 0 : 1);
  gtk_widget_add_css_class(label, "numeric");
  gtk_list_item_set_child(item, label);
}

static void on_bind(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer column) {
  (void)factory;
  WdValuesRow *row = gtk_list_item_get_item(item);
  gtk_label_set_text(GTK_LABEL(gtk_list_item_get_child(item)), row->cell[GPOINTER_TO_INT(column)]);
}

GtkWidget *wd_plot_values_new(void) {
  const char *const title[FIRST_FIGURE] = {_("Step"), "t", _("log-SNR"), _("Of"), _("Solver")};
  GListStore *store = g_list_store_new(WD_TYPE_VALUES_ROW);
  GtkSingleSelection *selection = gtk_single_selection_new(G_LIST_MODEL(store));
  gtk_single_selection_set_autoselect(selection, FALSE);
  gtk_single_selection_set_can_unselect(selection, TRUE);
  GtkWidget *view = gtk_column_view_new(GTK_SELECTION_MODEL(selection));
  gtk_column_view_set_show_column_separators(GTK_COLUMN_VIEW(view), TRUE);
  gtk_widget_add_css_class(view, "data-table");
  for (int i = 0; i < COLUMNS; i++) {
    GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
    g_signal_connect(factory, "setup", G_CALLBACK(on_setup), GINT_TO_POINTER(i));
    g_signal_connect(factory, "bind", G_CALLBACK(on_bind), GINT_TO_POINTER(i));
    const char *text = i < FIRST_FIGURE ? title[i] : wd_score_get_info(i - FIRST_FIGURE)->title;
    GtkColumnViewColumn *column = gtk_column_view_column_new(text, factory);
    gtk_column_view_column_set_resizable(column, TRUE);
    gtk_column_view_append_column(GTK_COLUMN_VIEW(view), column);
    g_object_unref(column);
  }
  gtk_accessible_update_property(GTK_ACCESSIBLE(view), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 _("All figures of this run"), -1);
  GtkWidget *scroll = gtk_scrolled_window_new();
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroll), view);
  gtk_widget_set_vexpand(scroll, TRUE);
  g_object_set_data(G_OBJECT(scroll), "store", store);
  g_object_set_data(G_OBJECT(scroll), "selection", selection);
  return scroll;
}

/* x_t first, then x0-hat, which is the one chosen. */
void wd_plot_values_select(GtkWidget *values, int position) {
  GListModel *store = g_object_get_data(G_OBJECT(values), "store");
  GtkSingleSelection *selection = g_object_get_data(G_OBJECT(values), "selection");
  guint n = g_list_model_get_n_items(store), chosen = GTK_INVALID_LIST_POSITION;
  for (guint i = 0; i < n; i++) {
    g_autoptr(WdValuesRow) row = g_list_model_get_item(store, i);
    if (row->k == position) chosen = i;
  }
  gtk_single_selection_set_selected(selection, chosen);
}

void wd_plot_values_set(GtkWidget *values, WdRecording *recording, guint branch, int position) {
  GListStore *store = g_object_get_data(G_OBJECT(values), "store");
  const WdBranch *b = wd_recording_find(recording, branch);
  GPtrArray *rows = g_ptr_array_new_with_free_func(g_object_unref);
  if (b) {
    GArray *all = wd_residual_rows(recording, branch);
    for (guint i = 0; i < all->len; i++) {
      const WdResidualRow *row = &g_array_index(all, WdResidualRow, i);
      g_ptr_array_add(rows, row_new(b, row));
    }
    g_array_unref(all);
  }
  g_list_store_splice(store, 0, g_list_model_get_n_items(G_LIST_MODEL(store)), rows->pdata, rows->len);
  g_ptr_array_unref(rows);
  wd_plot_values_select(values, position);
}
