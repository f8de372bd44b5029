/* Export data: which arrays and tables, under which name; then a folder. */
#include "app/export_dialog.h"

#include "app/dialog.h"
#include "app/export.h"
#include "app/i18n.h"

typedef struct Dialog {
  GtkWindow *window;
  WdWindow *parent;
  WdSession *session;
  WdView *view;
  GSettings *settings;
  GtkWidget *part[7], *side, *pattern, *name, *export;
  GtkFileChooserNative *chooser;
} Dialog;

static const struct {
  const char *name, *text, *about;
} parts[] = {
    {"velocity", N_("Velocity map (.npy)"), N_("(1, 1, nz, nx) in m/s")},
    {"gathers", N_("Decoded gathers (.npy)"), N_("(1, shots, samples, receivers), the solver's amplitude")},
    {"simulated", N_("Simulated gathers (.npy)"), N_("F(v) of the decoded map, in the best mode there is")},
    {"latent", N_("Latent on screen (.npy)"), N_("(1, C, h, w), scaled")},
    {"latents", N_("Latents of all steps (.npy)"), N_("(1, steps + 1, C, h, w), x\xe2\x82\x9c")},
    {"residuals", N_("Residual table (.csv)"), N_("One row a step, kind, mode and shot, with every figure")},
    {"segy", N_("Gathers as SEG-Y too"), N_("Revision 1, IEEE floats, with source and receiver positions")}};

static int side_of(const Dialog *d) {
  return gtk_widget_get_visible(d->side) ? (int)gtk_drop_down_get_selected(GTK_DROP_DOWN(d->side)) : 0;
}

static guint parts_of(const Dialog *d) {
  guint bits = 0;
  for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
    if (gtk_widget_get_sensitive(d->part[i]) && gtk_check_button_get_active(GTK_CHECK_BUTTON(d->part[i])))
      bits |= 1u << i;
  return bits;
}

static char *name_of(const Dialog *d, GError **error) {
  g_autoptr(WdRunRecipe) r = wd_export_recipe(d->session, d->view, side_of(d));
  return r ? wd_export_name(gtk_editable_get_text(GTK_EDITABLE(d->pattern)), r, "data", error) : NULL;
}

static void refresh(Dialog *d) {
  guint available = wd_export_data_available(d->session, d->view, side_of(d));
  for (guint i = 0; i < G_N_ELEMENTS(parts); i++) gtk_widget_set_sensitive(d->part[i], available >> i & 1);
  g_autoptr(GError) error = NULL;
  g_autofree char *name = name_of(d, &error);
  g_autofree char *text =
      name ? g_strdup_printf(_("%s_\xe2\x80\xa6.npy, and %s.json, the recipe"), name, name) : NULL;
  gtk_label_set_text(GTK_LABEL(d->name), text    ? text
                                         : error ? error->message
                                                 : _("There is no run to export."));
  guint chosen = parts_of(d);
  gtk_widget_set_sensitive(d->export, name && chosen && chosen != WD_DATA_SEGY);
}

gboolean wd_export_data_to(GtkWindow *dialog, const char *folder) {
  Dialog *d = g_object_get_data(G_OBJECT(dialog), "wd-export");
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) written = NULL;
  g_autofree char *name = name_of(d, &error);
  guint chosen = parts_of(d);
  if (!name || !wd_export_data(d->session, d->view, side_of(d), chosen, folder, name, &written, &error)) {
    wd_window_notify_error(d->parent, _("The data were not written"), error);
    return FALSE;
  }
  g_settings_set_uint(d->settings, "data-parts", chosen);
  g_settings_set_string(d->settings, "export-name", gtk_editable_get_text(GTK_EDITABLE(d->pattern)));
  g_settings_set_string(d->settings, "export-folder", folder);
  g_autofree char *what = g_strdup_printf(ngettext("Exported %u file", "Exported %u files", written->len),
                                          written->len),
                  *kept = g_strdup_printf(_("%s_\xe2\x80\xa6 in %s"), name, folder);
  WdNotice notice = {.code = WD_OK, .what = what, .kept = kept};
  wd_window_notify(d->parent, &notice);
  gtk_window_close(dialog);
  return TRUE;
}

static void on_chosen(GtkNativeDialog *chooser, int response, gpointer user) {
  Dialog *d = user;
  g_autoptr(GFile) file =
      response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(chooser)) : NULL;
  g_autofree char *path = file ? g_file_get_path(file) : NULL;
  g_clear_object(&d->chooser);
  if (path) wd_export_data_to(d->window, path);
}

static void on_export(GtkButton *button, gpointer user) {
  (void)button;
  Dialog *d = user;
  if (d->chooser) return;
  g_autofree char *folder = g_settings_get_string(d->settings, "export-folder");
  d->chooser = gtk_file_chooser_native_new(_("Export data into"), d->window,
                                           GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _("_Export here"), NULL);
  gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(d->chooser), TRUE);
  if (*folder) {
    g_autoptr(GFile) at = g_file_new_for_path(folder);
    gtk_file_chooser_set_current_folder(GTK_FILE_CHOOSER(d->chooser), at, NULL);
  }
  g_signal_connect(d->chooser, "response", G_CALLBACK(on_chosen), d);
  gtk_native_dialog_show(GTK_NATIVE_DIALOG(d->chooser));
}

static void on_view_changed(WdView *view, guint changed, Dialog *d) {
  (void)view;
  if (changed & (WD_VIEW_PLACE | WD_VIEW_LAYOUT)) refresh(d);
}

static void on_frame(WdSession *session, guint id, int k, int what, Dialog *d) {
  (void)session, (void)id, (void)k, (void)what;
  refresh(d);
}

static void dialog_free(gpointer data) {
  Dialog *d = data;
  g_clear_object(&d->chooser);
  g_signal_handlers_disconnect_by_data(d->view, d);
  g_signal_handlers_disconnect_by_data(d->session, d);
  g_object_unref(d->view);
  g_object_unref(d->session);
  g_object_unref(d->settings);
  g_free(d);
}

static GtkWidget *build(Dialog *d) {
  static const char *const sides[] = {"A", "B", NULL};
  GtkWidget *grid = gtk_grid_new();
  gtk_grid_set_row_spacing(GTK_GRID(grid), 6);
  gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
  int row = 0;
  guint chosen = g_settings_get_uint(d->settings, "data-parts");
  wd_dialog_heading(grid, row++, _("What is on screen"));
  for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
    if (i == 4) wd_dialog_heading(grid, row++, _("The whole run"));
    if (i == 6) wd_dialog_heading(grid, row++, _("Formats"));
    g_autofree char *name = g_strconcat("data-", parts[i].name, NULL);
    d->part[i] = gtk_check_button_new_with_label(_(parts[i].text));
    gtk_widget_set_name(d->part[i], name);
    gtk_check_button_set_active(GTK_CHECK_BUTTON(d->part[i]), chosen >> i & 1);
    gtk_widget_set_tooltip_text(d->part[i], _(parts[i].about));
    g_signal_connect_swapped(d->part[i], "toggled", G_CALLBACK(refresh), d);
    GtkWidget *about = wd_dialog_note(_(parts[i].about));
    gtk_grid_attach(GTK_GRID(grid), d->part[i], 0, row, 1, 1);
    gtk_grid_attach(GTK_GRID(grid), about, 1, row++, 1, 1);
  }
  wd_dialog_heading(grid, row++, _("Files"));
  d->side = gtk_drop_down_new_from_strings(sides);
  g_signal_connect_swapped(d->side, "notify::selected", G_CALLBACK(refresh), d);
  if (d->view->layout == WD_LAYOUT_COMPARE)
    wd_dialog_row(grid, row++, _("Side"), d->side);
  else
    gtk_widget_set_visible(d->side, FALSE);
  g_autofree char *pattern = g_settings_get_string(d->settings, "export-name");
  d->pattern = gtk_entry_new();
  gtk_widget_set_name(d->pattern, "data-name");
  gtk_editable_set_text(GTK_EDITABLE(d->pattern), pattern);
  gtk_widget_set_tooltip_text(d->pattern,
                              "{model} {seed} {sampler} {steps} {step:03} {what} {family} {branch} {panel}");
  g_signal_connect_swapped(d->pattern, "changed", G_CALLBACK(refresh), d);
  wd_dialog_row(grid, row++, _("Name"), d->pattern);
  d->name = wd_dialog_note("");
  gtk_label_set_wrap_mode(GTK_LABEL(d->name), PANGO_WRAP_WORD_CHAR);
  gtk_grid_attach(GTK_GRID(grid), d->name, 0, row++, 2, 1);
  return grid;
}

GtkWindow *wd_export_data_dialog(WdWindow *parent) {
  GtkWindow *old = wd_dialog_find(parent, "export-data");
  if (old) return old;
  Dialog *d = g_new0(Dialog, 1);
  d->parent = parent;
  d->window = wd_dialog_new(parent, "export-data", _("Export data"), 560, 470);
  d->session = g_object_ref(wd_window_get_session(parent));
  d->view = g_object_ref(wd_window_get_view(parent));
  d->settings = g_object_ref(wd_window_get_settings(parent));
  g_object_set_data_full(G_OBJECT(d->window), "wd-export", d, dialog_free);
  d->export = gtk_button_new_with_mnemonic(_("_Export\xe2\x80\xa6"));
  gtk_widget_set_name(d->export, "export-write");
  g_signal_connect(d->export, "clicked", G_CALLBACK(on_export), d);
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 14);
  gtk_box_append(GTK_BOX(box), build(d));
  gtk_box_append(GTK_BOX(box), wd_dialog_buttons(d->window, NULL, d->export));
  gtk_widget_add_css_class(box, "dialog-side");
  gtk_window_set_child(d->window, box);
  gtk_window_set_default_widget(d->window, d->export);
  g_signal_connect(d->view, "changed", G_CALLBACK(on_view_changed), d);
  g_signal_connect(d->session, "frame", G_CALLBACK(on_frame), d);
  refresh(d);
  gtk_window_present(d->window);
  return d->window;
}
