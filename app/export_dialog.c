/* Export figure: options on the right, the figure as it will be on the left. */
#include "app/export_dialog.h"

#include "app/dialog.h"
#include "app/export.h"
#include "app/figure_preview.h"
#include "app/i18n.h"
#include "app/offload.h"

#include <math.h>
#include <string.h>

enum { PARTS = WD_PANEL_KINDS + 4, BESIDE = WD_FIGURE_LAGS | WD_FIGURE_ARRIVALS | WD_FIGURE_TRACE };

typedef struct Dialog {
  GtkWindow *window;
  WdWindow *parent;
  WdSession *session; /* references: the dialog may outlive a frame of the parent's end */
  WdView *view;
  GSettings *settings;
  WdFigurePreview *preview;
  GtkWidget *part[PARTS], *side, *format, *width, *font, *dpi, *dpi_label, *dark, *title, *title_text,
      *caption, *pattern, *name, *note, *export;
  GtkFileChooserNative *chooser;
  guint refresh;
} Dialog;

static const char *const endings[] = {"png", "pdf", "svg"};
static const char *const part_text[] = {N_("Velocity map"), N_("Gather, as shown"),  N_("Simulated gather"),
                                        N_("Difference"),   N_("Residual by trace"), N_("Residual plot"),
                                        N_("Lags"),         N_("First arrivals"),    N_("Trace")};

static gboolean active(GtkWidget *check) {
  return gtk_check_button_get_active(GTK_CHECK_BUTTON(check));
}

static guint parts_of(const Dialog *d) {
  guint parts = 0;
  for (int i = 0; i < PARTS; i++)
    if (active(d->part[i])) parts |= 1u << i;
  return parts;
}

static int side_of(const Dialog *d) {
  return gtk_widget_get_visible(d->side) ? (int)gtk_drop_down_get_selected(GTK_DROP_DOWN(d->side)) : 0;
}

static WdFigureOptions options_of(const Dialog *d) {
  return (WdFigureOptions){.parts = parts_of(d),
                           .width_mm = gtk_spin_button_get_value(GTK_SPIN_BUTTON(d->width)),
                           .font = gtk_spin_button_get_value(GTK_SPIN_BUTTON(d->font)),
                           .dpi = gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(d->dpi)),
                           .dark = gtk_drop_down_get_selected(GTK_DROP_DOWN(d->dark)) == 1,
                           .no_title = !active(d->title),
                           .no_caption = !active(d->caption),
                           .title =
                               active(d->title) ? gtk_editable_get_text(GTK_EDITABLE(d->title_text)) : NULL,
                           .both = side_of(d) == 2};
}

/* The name without its ending; NULL with error. */
static char *name_of(const Dialog *d, GError **error) {
  g_autoptr(WdRunRecipe) r = wd_export_recipe(d->session, d->view, side_of(d) == 1);
  static const char *const one[PARTS] = {"velocity", "gather", "simulated", "difference", "traces",
                                         "residual", "lags",   "arrivals",  "trace"};
  guint parts = parts_of(d);
  const char *panel = parts && !(parts & (parts - 1)) ? one[g_bit_nth_lsf(parts, -1)] : "figure";
  return r ? wd_export_name(gtk_editable_get_text(GTK_EDITABLE(d->pattern)), r, panel, error) : NULL;
}

static void queue_in(Dialog *d, guint ms);

static void refresh(Dialog *d) {
  if (!wd_figure_ready(d->session, d->view, side_of(d) == 1, parts_of(d))) queue_in(d, 250); /* lags come */
  g_autoptr(GError) error = NULL, name_error = NULL;
  WdFigureOptions o = options_of(d);
  guint format = gtk_drop_down_get_selected(GTK_DROP_DOWN(d->format));
  WdFigureSheet *sheet =
      parts_of(d) ? wd_figure_sheet_new(d->session, d->view, side_of(d) == 1, &o, &error) : NULL;
  GString *note = g_string_new(NULL);
  double w = 0, h = 0;
  if (sheet && !wd_figure_size(wd_figure_sheet_get(sheet), &w, &h, NULL)) {
    g_string_printf(note, "%.0f \xc3\x97 %.0f mm", w * 25.4 / 72, h * 25.4 / 72);
    if (format == 0)
      g_string_append_printf(note, _(", %.0f \xc3\x97 %.0f pixels"), w * o.dpi / 72, h * o.dpi / 72);
  }
  if (sheet && wd_figure_sheet_missing(sheet))
    g_string_append_printf(note, _("\nLeft out \xe2\x80\x94 %s"), wd_figure_sheet_missing(sheet));
  gtk_label_set_text(GTK_LABEL(d->note), note->str);
  g_string_free(note, TRUE);
  wd_figure_preview_set(d->preview, sheet, error ? error->message : _("Choose at least one panel."));
  g_autofree char *name = name_of(d, &name_error),
                  *full = name ? g_strconcat(name, ".", endings[format], NULL) : NULL;
  gtk_label_set_text(GTK_LABEL(d->name), full ? full : name_error ? name_error->message : "");
  gtk_widget_set_sensitive(d->export, sheet && full);
  gtk_widget_set_sensitive(d->title_text, active(d->title));
}

static gboolean on_refresh(gpointer user) {
  Dialog *d = user;
  d->refresh = 0;
  refresh(d);
  return G_SOURCE_REMOVE;
}

/* A drag of a spin button or a run that goes on ask many times. */
static void queue_in(Dialog *d, guint ms) {
  if (!d->refresh) d->refresh = g_timeout_add(ms, on_refresh, d);
}
static void queue(Dialog *d) {
  queue_in(d, 60);
}

static void store(Dialog *d) {
  WdFigureOptions o = options_of(d);
  g_settings_set_uint(d->settings, "figure-parts", o.parts);
  g_settings_set_double(d->settings, "figure-width", o.width_mm);
  g_settings_set_double(d->settings, "figure-font", o.font);
  g_settings_set_int(d->settings, "figure-dpi", o.dpi);
  g_settings_set_boolean(d->settings, "figure-dark", o.dark);
  g_settings_set_boolean(d->settings, "figure-title", !o.no_title);
  g_settings_set_boolean(d->settings, "figure-caption", !o.no_caption);
  g_settings_set_int(d->settings, "figure-format", (int)gtk_drop_down_get_selected(GTK_DROP_DOWN(d->format)));
  g_settings_set_string(d->settings, "export-name", gtk_editable_get_text(GTK_EDITABLE(d->pattern)));
}

/* ---- writing: on a thread, from a sheet of its own, which has references to session and view */

typedef struct Work {
  WdFigureSheet *sheet;
  char *path;
} Work;

static void work_free(gpointer data) {
  Work *w = data;
  wd_figure_sheet_free(w->sheet);
  g_free(w->path);
  g_free(w);
}

static gboolean write_it(gpointer data, GError **error) {
  const Work *w = data;
  return wd_figure_sheet_write(w->sheet, w->path, error);
}

static void written(gpointer source, gpointer data, const GError *error) {
  WdWindow *parent = WD_WINDOW(source);
  const Work *w = data;
  if (error) {
    wd_window_notify_error(parent, _("The figure was not written"), error);
    return;
  }
  g_autofree char *base = g_path_get_basename(w->path), *folder = g_path_get_dirname(w->path);
  g_autofree char *what = g_strdup_printf(_("Figure exported: %s"), base),
                  *kept = wd_figure_sheet_missing(w->sheet)
                              ? g_strdup_printf(_("In %s. Left out — %s"), folder,
                                                wd_figure_sheet_missing(w->sheet))
                              : g_strdup_printf(_("In %s"), folder);
  WdNotice notice = {.code = WD_OK, .what = what, .kept = kept};
  wd_window_notify(parent, &notice);
}

gboolean wd_export_figure_to(GtkWindow *dialog, const char *path) {
  Dialog *d = g_object_get_data(G_OBJECT(dialog), "wd-export");
  g_autoptr(GError) error = NULL;
  WdFigureOptions o = options_of(d);
  WdFigureSheet *sheet = wd_figure_sheet_new(d->session, d->view, side_of(d) == 1, &o, &error);
  if (!sheet) {
    wd_window_notify_error(d->parent, _("The figure was not written"), error);
    return FALSE;
  }
  store(d);
  Work *w = g_new0(Work, 1);
  w->sheet = sheet;
  wd_figure_format format;
  w->path =
      wd_figure_format_of(path, &format, NULL)
          ? g_strdup_printf("%s.%s", path, endings[gtk_drop_down_get_selected(GTK_DROP_DOWN(d->format))])
          : g_strdup(path);
  g_autofree char *folder = g_path_get_dirname(w->path);
  g_settings_set_string(d->settings, "export-folder", folder);
  if (o.parts & BESIDE) { /* these are drawn of session and view, which are this thread's */
    g_autoptr(GError) failed = NULL;
    write_it(w, &failed);
    written(d->parent, w, failed);
    work_free(w);
  } else {
    wd_offload(d->parent, w, &(WdOffload){write_it, written, work_free});
  }
  gtk_window_close(dialog);
  return TRUE;
}

static void on_chosen(GtkNativeDialog *chooser, int response, gpointer user) {
  Dialog *d = user;
  g_autoptr(GFile) file =
      response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(chooser)) : NULL;
  g_autofree char *path = file ? g_file_get_path(file) : NULL;
  g_clear_object(&d->chooser);
  if (path) wd_export_figure_to(d->window, path);
}

static void on_export(GtkButton *button, gpointer user) {
  (void)button;
  Dialog *d = user;
  g_autofree char *name = name_of(d, NULL), *folder = g_settings_get_string(d->settings, "export-folder");
  if (!name || d->chooser) return;
  guint format = gtk_drop_down_get_selected(GTK_DROP_DOWN(d->format));
  g_autofree char *full = g_strconcat(name, ".", endings[format], NULL);
  d->chooser = gtk_file_chooser_native_new(_("Export figure"), d->window, GTK_FILE_CHOOSER_ACTION_SAVE,
                                           _("_Export"), NULL);
  gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(d->chooser), TRUE);
  gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(d->chooser), full);
  if (*folder) {
    g_autoptr(GFile) at = g_file_new_for_path(folder);
    gtk_file_chooser_set_current_folder(GTK_FILE_CHOOSER(d->chooser), at, NULL);
  }
  g_signal_connect(d->chooser, "response", G_CALLBACK(on_chosen), d);
  gtk_native_dialog_show(GTK_NATIVE_DIALOG(d->chooser));
}

/* ---- the window */

static void on_view_changed(WdView *view, guint parts, Dialog *d) {
  (void)view;
  if (parts & ~(guint)(WD_VIEW_CURSOR | WD_VIEW_PLAY | WD_VIEW_RUN)) queue(d);
}

static void on_frame(WdSession *session, guint id, int k, int what, Dialog *d) {
  (void)session, (void)k, (void)what;
  if (id == d->view->place[0].branch || id == d->view->place[1].branch) queue(d);
}

static void dialog_free(gpointer data) {
  Dialog *d = data;
  g_clear_handle_id(&d->refresh, g_source_remove);
  g_clear_object(&d->chooser);
  g_signal_handlers_disconnect_by_data(d->view, d);
  g_signal_handlers_disconnect_by_data(d->session, d);
  g_object_unref(d->view);
  g_object_unref(d->session);
  g_object_unref(d->settings);
  g_free(d);
}

static GtkWidget *spin(Dialog *d, const char *name, double lo, double hi, double step, guint digits,
                       double value) {
  GtkWidget *w = gtk_spin_button_new_with_range(lo, hi, step);
  gtk_spin_button_set_digits(GTK_SPIN_BUTTON(w), digits);
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(w), value);
  gtk_widget_set_name(w, name);
  g_signal_connect_swapped(w, "value-changed", G_CALLBACK(queue), d);
  return w;
}

static GtkWidget *choice(Dialog *d, const char *name, const char *const *text, guint selected) {
  GtkWidget *w = gtk_drop_down_new_from_strings(text);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(w), selected);
  gtk_widget_set_name(w, name);
  g_signal_connect_swapped(w, "notify::selected", G_CALLBACK(queue), d);
  return w;
}

static GtkWidget *check(Dialog *d, const char *name, const char *text, gboolean on) {
  GtkWidget *w = gtk_check_button_new_with_label(text);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(w), on);
  gtk_widget_set_name(w, name);
  g_signal_connect_swapped(w, "toggled", G_CALLBACK(queue), d);
  return w;
}

static GtkWidget *entry(Dialog *d, const char *name, const char *text, const char *placeholder) {
  GtkWidget *w = gtk_entry_new();
  gtk_editable_set_text(GTK_EDITABLE(w), text);
  gtk_entry_set_placeholder_text(GTK_ENTRY(w), placeholder);
  gtk_widget_set_name(w, name);
  g_signal_connect_swapped(w, "changed", G_CALLBACK(queue), d);
  return w;
}

/* Settings have the state of the last export; a comparison offers its sides. */
static GtkWidget *build_options(Dialog *d) {
  const char *const formats[] = {_("PNG picture"), "PDF", "SVG", NULL},
                    *const themes[] = {_("Light"), _("Dark"), NULL},
                    *const sides[] = {"A", "B", _("A and B"), NULL};
  static const char *const names[PARTS] = {"velocity", "gather", "simulated", "difference", "traces",
                                           "plot",     "lags",   "arrivals",  "trace"};
  GSettings *s = d->settings;
  GtkWidget *grid = gtk_grid_new();
  gtk_grid_set_row_spacing(GTK_GRID(grid), 6);
  gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
  int row = 0;
  guint parts = g_settings_get_uint(s, "figure-parts");
  wd_dialog_heading(grid, row++, _("Panels"));
  for (int i = 0; i < PARTS; i++) {
    g_autofree char *name = g_strconcat("export-", names[i], NULL);
    d->part[i] = check(d, name, _(part_text[i]), parts >> i & 1);
    gtk_grid_attach(GTK_GRID(grid), d->part[i], i % 2, row + i / 2, 1, 1);
  }
  row += (PARTS + 1) / 2;
  d->side = choice(d, "export-side", sides, 2);
  if (d->view->layout == WD_LAYOUT_COMPARE)
    wd_dialog_row(grid, row++, _("Side"), d->side);
  else
    gtk_widget_set_visible(d->side, FALSE);
  wd_dialog_heading(grid, row++, _("Figure"));
  d->format = choice(d, "export-format", formats, (guint)g_settings_get_int(s, "figure-format"));
  d->width = spin(d, "export-width", 20, 1000, 5, 0, g_settings_get_double(s, "figure-width"));
  d->font = spin(d, "export-font", 4, 32, 0.5, 1, g_settings_get_double(s, "figure-font"));
  d->dpi = spin(d, "export-dpi", 50, 1200, 50, 0, g_settings_get_int(s, "figure-dpi"));
  d->dark = choice(d, "export-theme", themes, g_settings_get_boolean(s, "figure-dark"));
  gtk_widget_set_tooltip_text(d->dpi, _("Of a PNG, and of what PDF and SVG hold as pixels"));
  wd_dialog_row(grid, row++, _("Format"), d->format);
  wd_dialog_row(grid, row++, _("Width (mm)"), d->width);
  wd_dialog_row(grid, row++, _("Text size (points)"), d->font);
  wd_dialog_row(grid, row++, _("Resolution (dpi)"), d->dpi);
  wd_dialog_row(grid, row++, _("Theme"), d->dark);
  d->title = check(d, "export-title", _("Title"), g_settings_get_boolean(s, "figure-title"));
  d->title_text = entry(d, "export-title-text", "", _("model, run"));
  gtk_grid_attach(GTK_GRID(grid), d->title, 0, row, 1, 1);
  gtk_grid_attach(GTK_GRID(grid), d->title_text, 1, row++, 1, 1);
  gtk_accessible_update_property(GTK_ACCESSIBLE(d->title_text), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 _("Title of the figure"), -1);
  d->caption = check(d, "export-caption", _("Caption: step and residual"),
                     g_settings_get_boolean(s, "figure-caption"));
  gtk_grid_attach(GTK_GRID(grid), d->caption, 0, row++, 2, 1);
  wd_dialog_heading(grid, row++, _("File"));
  g_autofree char *pattern = g_settings_get_string(s, "export-name");
  d->pattern = entry(d, "export-name", pattern, WD_EXPORT_PATTERN);
  gtk_widget_set_tooltip_text(d->pattern,
                              "{model} {seed} {sampler} {steps} {step:03} {what} {family} {branch} {panel}");
  wd_dialog_row(grid, row++, _("Name"), d->pattern);
  d->name = wd_dialog_note("");
  gtk_label_set_wrap_mode(GTK_LABEL(d->name), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_max_width_chars(GTK_LABEL(d->name), 34);
  gtk_grid_attach(GTK_GRID(grid), d->name, 0, row++, 2, 1);
  d->note = wd_dialog_note("");
  gtk_label_set_max_width_chars(GTK_LABEL(d->note), 34);
  gtk_widget_set_margin_top(d->note, 10);
  gtk_grid_attach(GTK_GRID(grid), d->note, 0, row++, 2, 1);
  return grid;
}

GtkWindow *wd_export_figure_dialog(WdWindow *parent) {
  GtkWindow *old = wd_dialog_find(parent, "export-figure");
  if (old) return old;
  Dialog *d = g_new0(Dialog, 1);
  d->parent = parent;
  d->window = wd_dialog_new(parent, "export-figure", _("Export figure"), 980, 640);
  d->session = g_object_ref(wd_window_get_session(parent));
  d->view = g_object_ref(wd_window_get_view(parent));
  d->settings = g_object_ref(wd_window_get_settings(parent));
  g_object_set_data_full(G_OBJECT(d->window), "wd-export", d, dialog_free);
  GtkWidget *preview = wd_figure_preview_new(), *side = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
  d->preview = WD_FIGURE_PREVIEW(preview);
  gtk_widget_set_name(preview, "export-preview");
  gtk_widget_set_hexpand(preview, TRUE);
  gtk_widget_set_vexpand(preview, TRUE);
  d->export = gtk_button_new_with_mnemonic(_("_Export\xe2\x80\xa6"));
  gtk_widget_set_name(d->export, "export-write");
  g_signal_connect(d->export, "clicked", G_CALLBACK(on_export), d);
  GtkWidget *scroll = gtk_scrolled_window_new();
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroll), build_options(d));
  gtk_widget_set_vexpand(scroll, TRUE);
  gtk_box_append(GTK_BOX(side), scroll);
  gtk_box_append(GTK_BOX(side), wd_dialog_buttons(d->window, NULL, d->export));
  gtk_widget_add_css_class(side, "dialog-side");
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_box_append(GTK_BOX(box), preview);
  gtk_box_append(GTK_BOX(box), side);
  gtk_window_set_child(d->window, box);
  gtk_window_set_default_widget(d->window, d->export);
  g_signal_connect(d->view, "changed", G_CALLBACK(on_view_changed), d);
  g_signal_connect(d->session, "frame", G_CALLBACK(on_frame), d);
  refresh(d);
  gtk_window_present(d->window);
  return d->window;
}
