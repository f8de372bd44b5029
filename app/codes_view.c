#include "app/codes_view.h"

#include "app/code_edit.h"
#include "app/codes_canvas.h"
#include "app/i18n.h"
#include "app/latent_tools.h"
#include "app/walk.h"
#include "app/watch.h"
#include "app/widget_style.h"
#include "render/colormap.h"

#include <math.h>
#include <string.h>

enum { NEAREST = 12, SERIES = 64 };
static const double CHANNEL_RANGE = 3; /* standard deviations at the ends of the colours */

typedef struct codes {
  WdSession *session;
  WdView *view;
  GtkWidget *self, *canvas, *colour_by, *tool, *beneath, *about, *message;
  GtkWidget *copy, *paste, *revert, *undo, *redo;
  GtkWidget *popover, *swatches, *entry, *popover_title;
  WdWatch *watch;
  gboolean updating;
  /* the latent on screen, and its codes */
  wd_code_table *table; /* reference; NULL: no model */
  GBytes *latent;
  int32_t *code;
  guint32 *colour[2]; /* of every code, by book */
  WdCodePatch *patch;
  int popover_cell;
  /* turns of the wheel, and a drag: one edit */
  WdPlace again, from;
  int series_cell, series_book, series_at, series_n;
  int series[SERIES];
  gboolean dragging;
  GBytes *base; /* that the drag, or the series, began with */
} codes;

/* ---- what is chosen: a book's codes, or a channel's values */

static int chosen(const codes *s) {
  return (int)gtk_drop_down_get_selected(GTK_DROP_DOWN(s->colour_by));
}

static int book_of(const codes *s) {
  if (!s->table) return 0;
  int c = chosen(s);
  return c < s->table->books ? c : (c - s->table->books) / s->table->width;
}

/* -1: codes. */
static int channel_of(const codes *s) {
  return s->table && chosen(s) >= s->table->books ? chosen(s) - s->table->books : -1;
}

static const float *values(const codes *s) {
  return s->latent ? g_bytes_get_data(s->latent, NULL) : NULL;
}

static int cells(const codes *s) {
  return s->table->shape.height * s->table->shape.width;
}

/* ---- telling */

static void say(codes *s, const char *text) {
  gtk_label_set_text(GTK_LABEL(s->message), text ? text : " ");
  gtk_widget_set_tooltip_text(s->message, text);
}

static void describe_cell(codes *s, int cell) {
  GString *t = g_string_new(NULL);
  if (s->table && s->latent && cell >= 0) {
    int w = s->table->shape.width, book = book_of(s), channel = channel_of(s);
    const wd_shard_desc *g = wd_recording_get_geometry(s->watch->recording);
    WdCellPlace p = wd_code_cell_place(&s->table->shape, g, cell);
    g_string_append_printf(t, _("Row %d, column %d: code %d"), cell / w, cell % w,
                           s->code[book * cells(s) + cell]);
    if (channel >= 0)
      g_string_append_printf(t, _(", channel %d = %.3f"), channel + 1,
                             (double)values(s)[(gsize)channel * (gsize)cells(s) + (gsize)cell]);
    const struct {
      wd_dimension dimension;
      double from, to;
    } part[] = {{WD_DISTANCE, p.x0 * g->spacing, p.x1 * g->spacing},
                {WD_DISTANCE, p.z0 * g->spacing, p.z1 * g->spacing},
                {WD_TIME, 1e3 * p.t0 * g->dt, 1e3 * p.t1 * g->dt}};
    char from[3][48], to[3][48];
    for (int i = 0; i < 3; i++) {
      wd_units_number(&s->view->units, part[i].dimension, part[i].from, 1, from[i], sizeof from[i]);
      wd_units_text(&s->view->units, part[i].dimension, part[i].to, 1, to[i], sizeof to[i]);
    }
    g_string_append_printf(t, _("\nx %s–%s, z %s–%s; gathers %s–%s"), from[0], to[0], from[1], to[1], from[2],
                           to[2]);
    int near[4];
    double distance[4];
    int n = wd_code_table_nearest(s->table, book,
                                  wd_code_table_vector(s->table, book, s->code[book * cells(s) + cell]), 4,
                                  near, distance);
    g_string_append(t, _("\nNearest codes:"));
    for (int i = 1; i < n; i++)
      g_string_append_printf(t, "%s %d (%.2f)", i > 1 ? "," : "", near[i], distance[i]);
  } else {
    g_string_append(
        t, _("Point at a cell: its code, its place, its neighbours.\nWheel: the next nearest code. Double "
             "click: choose one.\nDrag: select, to copy and paste; by channel: change its value."));
  }
  gtk_label_set_text(GTK_LABEL(s->about), t->str);
  g_string_free(t, TRUE);
}

static void update_buttons(codes *s) {
  WdPlace to;
  const WdPlace at = s->view->place[0];
  const gboolean model = s->table && s->latent && wd_session_get_state(s->session) != WD_SESSION_NO_MODEL;
  gtk_widget_set_sensitive(s->copy, s->latent && s->table);
  gtk_widget_set_sensitive(s->paste, model && s->patch);
  gtk_widget_set_sensitive(s->revert, model && wd_walk_from(s->watch->recording, at) >= 0);
  gtk_widget_set_sensitive(s->undo, wd_walk_undo(s->watch->recording, at, &to));
  gtk_widget_set_sensitive(s->redo, wd_walk_redo(s->watch->recording, at, &to));
}

/* ---- the grid */

static guint32 of_value(double v) {
  double t = (v + CHANNEL_RANGE) / (2 * CHANNEL_RANGE) * 256;
  return wd_colormap_tables[WD_COLORMAP_DIFFERENCE][(int)CLAMP(t, 0, 255)] & 0xffffff;
}

static void paint(codes *s) {
  WdCodesLook look = {.message = _("No latent here yet: make a run, or open a pair")};
  if (!s->table) look.message = _("The codes are a model's: none is loaded");
  if (!s->table || !s->latent) {
    wd_codes_canvas_set(WD_CODES_CANVAS(s->canvas), &look);
    return;
  }
  int n = cells(s), book = book_of(s), channel = channel_of(s);
  g_autofree guint32 *colour = g_new(guint32, n), *bar = g_new(guint32, 256);
  g_autofree guint8 *changed = NULL;
  if (!s->colour[book]) s->colour[book] = wd_code_colours(s->table, book);
  for (int i = 0; i < n; i++)
    colour[i] = channel < 0 ? s->colour[book][s->code[book * n + i]]
                            : of_value((double)values(s)[(gsize)channel * (gsize)n + (gsize)i]);
  WdPlace from;
  if (wd_walk_undo(s->watch->recording, s->view->place[0], &from)) {
    GBytes *before = wd_place_latent(s->watch->recording, from, WD_WHAT_ESTIMATE);
    changed = g_new0(guint8, n);
    if (before) wd_code_difference(s->table, before, s->latent, changed, NULL);
  }
  const wd_shard_desc *g = wd_recording_get_geometry(s->watch->recording);
  WdFrame frame = {0};
  if (gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(s->beneath)))
    wd_recording_get_frame(s->watch->recording, s->view->place[0].branch, s->view->place[0].position,
                           s->view->what, &frame);
  look = (WdCodesLook){.rows = s->table->shape.height,
                       .columns = s->table->shape.width,
                       .colour = colour,
                       .changed = changed,
                       .map = frame.pair ? &frame.pair->velocity : NULL,
                       .x1 = (g->nx - 1) * g->spacing,
                       .z1 = (g->nz - 1) * g->spacing,
                       .units = s->view->units};
  if (channel >= 0) {
    look.bar_lo = "−3";
    look.bar_hi = "3";
    look.bar = bar;
    for (int i = 0; i < 256; i++) bar[i] = wd_colormap_tables[WD_COLORMAP_DIFFERENCE][i] & 0xffffff;
  }
  wd_codes_canvas_set(WD_CODES_CANVAS(s->canvas), &look);
  int used[2] = {0}, books = s->table->books;
  g_autofree guint8 *seen = g_new0(guint8, s->table->codes);
  for (int i = 0; i < n; i++) {
    used[0] += !seen[s->code[i]];
    seen[s->code[i]] = 1;
  }
  g_autofree char *about = g_strdup_printf(
      _("%d by %d cells, %s; %d different codes of %d%s"), look.rows, look.columns,
      channel < 0 ? _("coloured by code: near codes look alike") : _("coloured by the value of a channel"),
      used[0], s->table->codes, books > 1 ? _(" in the first book") : "");
  wd_codes_canvas_describe(WD_CODES_CANVAS(s->canvas), about);
}

/* Of cells whose numbers are as before the codes are known. */
static void find_codes(codes *s, GBytes *latent) {
  int n = cells(s);
  const float *z = g_bytes_get_data(latent, NULL), *old = values(s);
  if (!s->code) {
    s->code = g_new0(int32_t, s->table->shape.codes);
    old = NULL;
  }
  for (int b = 0; b < s->table->books; b++)
    for (int i = 0; i < n; i++) {
      gboolean same = old != NULL;
      for (int c = b * s->table->width; c < (b + 1) * s->table->width && same; c++)
        same = z[(gsize)c * (gsize)n + (gsize)i] == old[(gsize)c * (gsize)n + (gsize)i];
      if (!same) s->code[b * n + i] = wd_code_table_of_cell(s->table, z, b, i);
    }
}

static void update(gpointer user) {
  codes *s = user;
  GBytes *latent = wd_place_latent(s->watch->recording, s->view->place[0], s->view->what);
  if (latent && (!s->table || g_bytes_get_size(latent) != (gsize)s->table->shape.count * sizeof(float)))
    latent = NULL;
  if (latent != s->latent) {
    GBytes *held = latent ? g_bytes_ref(latent) : NULL;
    if (latent) find_codes(s, latent);
    if (s->latent) g_bytes_unref(s->latent);
    s->latent = held;
  }
  paint(s);
  update_buttons(s);
  describe_cell(s, wd_codes_canvas_get_cell(WD_CODES_CANVAS(s->canvas)));
}

/* ---- edits */

/* Takes the edit over. again: one gesture with the one before. */
static gboolean put(codes *s, WdCodeEdit *edit, WdPlace from, gboolean again) {
  g_autoptr(GError) error = NULL;
  WdPlace to;
  gboolean done = FALSE;
  if (edit->latent) {
    done = wd_walk_put(s->session, from, s->view->what, edit->latent, edit->note, again ? &s->again : NULL,
                       &to, &error);
    say(s, done ? NULL : error ? error->message : _("The edit could not be made"));
  }
  wd_code_edit_clear(edit);
  if (!done) return FALSE;
  s->again = to;
  s->view->follow = FALSE;
  wd_view_go(s->view, s->watch->recording, 0, to.branch, to.position);
  wd_watch_queue(s->watch);
  return TRUE;
}

static void end_gesture(codes *s) {
  s->again = (WdPlace){0};
  s->series_cell = -1;
  s->dragging = FALSE;
  g_clear_pointer(&s->base, g_bytes_unref);
}

static void begin_gesture(codes *s) {
  end_gesture(s);
  s->from = s->view->place[0];
  s->base = s->latent ? g_bytes_ref(s->latent) : NULL;
}

static void set_code(codes *s, int book, int cell, int code) {
  end_gesture(s);
  if (!s->latent || cell < 0) return;
  if (s->code[book * cells(s) + cell] == code) {
    say(s, _("That is the code of this cell already"));
    return;
  }
  WdCodeEdit e = wd_code_edit_code(s->table, s->latent, book, cell, code);
  put(s, &e, s->view->place[0], FALSE);
}

static gboolean still_there(const codes *s) {
  const WdPlace at = s->view->place[0];
  return at.branch == s->again.branch && at.position == s->again.position;
}

/* The wheel goes through the codes by their distance from the one that the cell had when it began; until the
 * pointer leaves the cell, or something else is done, that is one edit. */
static void on_turn(GtkWidget *canvas, int cell, int by, codes *s) {
  (void)canvas;
  if (!s->latent || !s->table || cell < 0) return;
  int book = book_of(s);
  gboolean goes_on = s->series_cell == cell && s->series_book == book && (!s->again.branch || still_there(s));
  if (!goes_on) {
    begin_gesture(s);
    s->series_cell = cell;
    s->series_book = book;
    s->series_at = 0;
    s->series_n = wd_code_table_nearest(s->table, book,
                                        wd_code_table_vector(s->table, book, s->code[book * cells(s) + cell]),
                                        SERIES, s->series, NULL);
  }
  int to = CLAMP(s->series_at + by, 0, s->series_n - 1);
  if (to == s->series_at) return;
  s->series_at = to;
  WdCodeEdit e;
  if (to == 0 && s->again.branch) /* back at the code that it had */
    e = (WdCodeEdit){g_bytes_ref(s->base), wd_note_new("code", _("back at the code it had"))};
  else
    e = wd_code_edit_code(s->table, s->base, book, cell, s->series[to]);
  put(s, &e, s->from, s->again.branch != 0);
}

static void on_value(GtkWidget *canvas, int cell, double by, int phase, codes *s) {
  (void)canvas;
  int channel = channel_of(s);
  if (!s->latent || !s->table || cell < 0) return;
  if (channel < 0) {
    if (phase == 0) say(s, _("Colour by a channel first: its value is what a drag changes"));
    return;
  }
  if (phase == 0) {
    begin_gesture(s);
    s->dragging = TRUE;
  }
  if (!s->dragging || !s->base) return;
  const float *z = g_bytes_get_data(s->base, NULL);
  float from = z[(gsize)channel * (gsize)cells(s) + (gsize)cell];
  WdCodeEdit e = wd_code_edit_channel(s->table, s->base, channel, cell, (float)(from + by));
  put(s, &e, s->from, s->again.branch != 0);
  if (phase == 2) end_gesture(s);
}

/* ---- copy, paste, back */

static void do_copy(codes *s) {
  if (!s->latent || !s->table) return;
  WdCodesCanvas *canvas = WD_CODES_CANVAS(s->canvas);
  const guint8 *mask = wd_codes_canvas_get_selection(canvas);
  g_autofree guint8 *one = g_new0(guint8, cells(s));
  int cell = wd_codes_canvas_get_cell(canvas);
  if (!mask && cell >= 0) one[cell] = 1;
  g_autofree char *name = wd_place_name(s->watch->recording, s->view->place[0]);
  WdCodePatch *patch = wd_code_patch_new(s->table, s->latent, mask ? mask : one, name);
  if (!patch) return;
  wd_code_patch_free(s->patch);
  s->patch = patch;
  g_autofree char *text = g_strdup_printf(
      ngettext(
          "Copied %d cell of %s. Paste puts them at the selection's upper left, here or in another run.",
          "Copied %d cells of %s. Paste puts them at the selection's upper left, here or in another run.",
          (gulong)patch->cells),
      patch->cells, name);
  say(s, text);
  update_buttons(s);
}

static void do_paste(codes *s) {
  if (!s->latent || !s->table || !s->patch) return;
  WdCodesCanvas *canvas = WD_CODES_CANVAS(s->canvas);
  const guint8 *mask = wd_codes_canvas_get_selection(canvas);
  int row = s->patch->row, column = s->patch->column, w = s->table->shape.width;
  if (mask) {
    row = s->table->shape.height;
    column = w;
    for (int i = 0; i < cells(s); i++)
      if (mask[i]) {
        row = MIN(row, i / w);
        column = MIN(column, i % w);
      }
  }
  end_gesture(s);
  WdCodeEdit e = wd_code_edit_paste(s->table, s->latent, s->patch, row, column);
  if (!e.latent)
    say(s, _("These cells are as the patch has them already"));
  else
    put(s, &e, s->view->place[0], FALSE);
}

/* As the walk began; the selection, or all. */
static void do_revert(codes *s) {
  const WdPlace at = s->view->place[0];
  const WdBranch *walk = wd_place_owner(s->watch->recording, at);
  if (!s->latent || !s->table || !walk || walk->kind != WD_BRANCH_WALK) return;
  GBytes *base = wd_place_latent(s->watch->recording, (WdPlace){walk->id, 0}, WD_WHAT_ESTIMATE);
  g_autofree char *of = wd_place_name(s->watch->recording, (WdPlace){walk->id, 0});
  end_gesture(s);
  WdCodeEdit e = wd_code_edit_revert(s->table, s->latent, base,
                                     wd_codes_canvas_get_selection(WD_CODES_CANVAS(s->canvas)), of);
  if (!e.latent)
    say(s, _("Nothing to put back: these cells are as the walk began with them"));
  else
    put(s, &e, at, FALSE);
}

static void go(codes *s, gboolean redo) {
  WdPlace to;
  end_gesture(s);
  if (redo ? wd_walk_redo(s->watch->recording, s->view->place[0], &to)
           : wd_walk_undo(s->watch->recording, s->view->place[0], &to)) {
    s->view->follow = FALSE;
    wd_view_go(s->view, s->watch->recording, 0, to.branch, to.position);
    say(s, NULL);
  }
}

static void command(codes *s, const char *name) {
  if (strcmp(name, "copy") == 0)
    do_copy(s);
  else if (strcmp(name, "paste") == 0)
    do_paste(s);
  else if (strcmp(name, "revert") == 0)
    do_revert(s);
  else
    go(s, strcmp(name, "redo") == 0);
}

static void on_command(GtkWidget *canvas, const char *name, codes *s) {
  (void)canvas;
  command(s, name);
}

static void on_button(GtkWidget *button, codes *s) {
  command(s, gtk_widget_get_name(button) + strlen("codes-"));
}

/* ---- choosing a code */

static void draw_swatch(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer colour) {
  (void)area;
  wd_cairo_colour(cr, GPOINTER_TO_UINT(colour), 1);
  cairo_rectangle(cr, 0, 0, width, height);
  cairo_fill(cr);
}

static void on_swatch(GtkWidget *button, codes *s) {
  int code = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "code"));
  gtk_popover_popdown(GTK_POPOVER(s->popover));
  set_code(s, book_of(s), s->popover_cell, code);
}

static GtkWidget *swatch(codes *s, int code, double distance, int book) {
  GtkWidget *button = gtk_button_new(), *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *area =
      g_object_new(GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  gtk_drawing_area_set_content_width(GTK_DRAWING_AREA(area), 18);
  gtk_drawing_area_set_content_height(GTK_DRAWING_AREA(area), 18);
  gtk_widget_set_valign(area, GTK_ALIGN_CENTER);
  gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(area), draw_swatch, GUINT_TO_POINTER(s->colour[book][code]),
                                 NULL);
  g_autofree char *number = g_strdup_printf("%d", code), *far = g_strdup_printf("%.2f", distance);
  GtkWidget *label = gtk_label_new(number), *apart = gtk_label_new(far);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_widget_set_hexpand(label, TRUE);
  gtk_widget_add_css_class(apart, "caption");
  gtk_widget_add_css_class(apart, "dim-label");
  gtk_box_append(GTK_BOX(box), area);
  gtk_box_append(GTK_BOX(box), label);
  gtk_box_append(GTK_BOX(box), apart);
  gtk_button_set_child(GTK_BUTTON(button), box);
  gtk_button_set_has_frame(GTK_BUTTON(button), FALSE);
  g_autofree char *about = g_strdup_printf(_("Code %d, %s from the cell's own"), code, far);
  gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, about, -1);
  g_object_set_data(G_OBJECT(button), "code", GINT_TO_POINTER(code));
  g_signal_connect(button, "clicked", G_CALLBACK(on_swatch), s);
  return button;
}

static void on_choose(GtkWidget *canvas, int cell, codes *s) {
  if (!s->latent || !s->table || cell < 0) return;
  int book = book_of(s), own = s->code[book * cells(s) + cell], near[NEAREST + 1];
  double distance[NEAREST + 1];
  if (!s->colour[book]) s->colour[book] = wd_code_colours(s->table, book);
  s->popover_cell = cell;
  GtkWidget *child;
  while ((child = gtk_widget_get_first_child(s->swatches))) gtk_grid_remove(GTK_GRID(s->swatches), child);
  int n = wd_code_table_nearest(s->table, book, wd_code_table_vector(s->table, book, own), NEAREST + 1, near,
                                distance);
  for (int i = 1; i < n; i++)
    gtk_grid_attach(GTK_GRID(s->swatches), swatch(s, near[i], distance[i], book), (i - 1) % 3, (i - 1) / 3, 1,
                    1);
  g_autofree char *title =
      g_strdup_printf(_("Row %d, column %d: code %d. Nearest codes, and how far they are:"),
                      cell / s->table->shape.width, cell % s->table->shape.width, own);
  gtk_label_set_text(GTK_LABEL(s->popover_title), title);
  g_autofree char *hint = g_strdup_printf(_("0 to %d"), s->table->codes - 1);
  gtk_entry_set_placeholder_text(GTK_ENTRY(s->entry), hint);
  gtk_editable_set_text(GTK_EDITABLE(s->entry), "");
  gtk_widget_remove_css_class(s->entry, "error");
  GdkRectangle at;
  if (wd_codes_canvas_cell_rect(WD_CODES_CANVAS(canvas), cell, &at))
    gtk_popover_set_pointing_to(GTK_POPOVER(s->popover), &at);
  gtk_popover_popup(GTK_POPOVER(s->popover));
  gtk_widget_grab_focus(s->entry);
}

static void on_entry(GtkEntry *entry, codes *s) {
  guint64 code = 0;
  if (!s->table || !g_ascii_string_to_unsigned(gtk_editable_get_text(GTK_EDITABLE(entry)), 10, 0,
                                               (guint64)s->table->codes - 1, &code, NULL)) {
    gtk_widget_add_css_class(s->entry, "error");
    return;
  }
  gtk_popover_popdown(GTK_POPOVER(s->popover));
  set_code(s, book_of(s), s->popover_cell, (int)code);
  gtk_widget_grab_focus(s->canvas);
}

static void make_popover(codes *s) {
  s->popover = gtk_popover_new();
  gtk_widget_set_name(s->popover, "codes-popover");
  gtk_widget_set_parent(s->popover, s->canvas);
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6),
            *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  s->popover_title = gtk_label_new(NULL);
  gtk_label_set_xalign(GTK_LABEL(s->popover_title), 0);
  gtk_label_set_wrap(GTK_LABEL(s->popover_title), TRUE);
  gtk_label_set_max_width_chars(GTK_LABEL(s->popover_title), 34);
  s->swatches = gtk_grid_new();
  gtk_grid_set_column_homogeneous(GTK_GRID(s->swatches), TRUE);
  s->entry = gtk_entry_new();
  gtk_widget_set_name(s->entry, "codes-entry");
  gtk_widget_set_hexpand(s->entry, TRUE);
  gtk_entry_set_input_purpose(GTK_ENTRY(s->entry), GTK_INPUT_PURPOSE_DIGITS);
  gtk_accessible_update_property(GTK_ACCESSIBLE(s->entry), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Code number"),
                                 -1);
  gtk_box_append(GTK_BOX(row), gtk_label_new(_("Code")));
  gtk_box_append(GTK_BOX(row), s->entry);
  gtk_box_append(GTK_BOX(box), s->popover_title);
  gtk_box_append(GTK_BOX(box), s->swatches);
  gtk_box_append(GTK_BOX(box), row);
  gtk_popover_set_child(GTK_POPOVER(s->popover), box);
  g_signal_connect(s->entry, "activate", G_CALLBACK(on_entry), s);
}

/* ---- what changes */

static void on_hover(GtkWidget *canvas, int cell, codes *s) {
  (void)canvas;
  if (s->series_cell >= 0 && cell != s->series_cell) end_gesture(s); /* turns on one cell are one edit */
  describe_cell(s, cell);
}

static void set_tool(codes *s) {
  WdCodesTool tool = channel_of(s) >= 0                                         ? WD_CODES_VALUE
                     : gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(s->tool)) ? WD_CODES_LASSO
                                                                                : WD_CODES_RECTANGLE;
  wd_codes_canvas_set_tool(WD_CODES_CANVAS(s->canvas), tool);
  gtk_widget_set_sensitive(s->tool, channel_of(s) < 0);
}

static void on_colour_by(codes *s) {
  if (s->updating) return;
  set_tool(s);
  wd_watch_queue(s->watch);
}

/* Another model has another codebook. */
static void on_state(codes *s) {
  const WdModelInfo *model = wd_session_get_model(s->session);
  wd_code_table *table = model ? model->codes : NULL;
  if (table == s->table) return;
  end_gesture(s);
  wd_code_table_unref(s->table);
  s->table = table ? wd_code_table_ref(table) : NULL;
  g_clear_pointer(&s->latent, g_bytes_unref);
  g_clear_pointer(&s->code, g_free);
  g_clear_pointer(&s->patch, wd_code_patch_free);
  for (int b = 0; b < 2; b++) g_clear_pointer(&s->colour[b], g_free);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  if (table && table->books == 2) {
    g_ptr_array_add(names, g_strdup(_("codes of the velocity half")));
    g_ptr_array_add(names, g_strdup(_("codes of the seismic half")));
  } else
    g_ptr_array_add(names, g_strdup(_("codes")));
  for (int c = 0; table && c < table->shape.channels; c++)
    g_ptr_array_add(names, g_strdup_printf(_("channel %d"), c + 1));
  g_ptr_array_add(names, NULL);
  s->updating = TRUE;
  GtkStringList *list = GTK_STRING_LIST(gtk_drop_down_get_model(GTK_DROP_DOWN(s->colour_by)));
  gtk_string_list_splice(list, 0, g_list_model_get_n_items(G_LIST_MODEL(list)),
                         (const char *const *)names->pdata);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(s->colour_by), 0);
  s->updating = FALSE;
  set_tool(s);
  wd_watch_queue(s->watch);
}

static void on_destroy(codes *s) {
  g_signal_handlers_disconnect_by_data(s->session, s);
}

/* A popover goes before the widget that it hangs on. */
static void on_canvas_destroy(codes *s) {
  g_clear_pointer(&s->popover, gtk_widget_unparent);
}

static void codes_free(gpointer data) {
  codes *s = data;
  end_gesture(s);
  wd_code_table_unref(s->table);
  g_clear_pointer(&s->latent, g_bytes_unref);
  g_free(s->code);
  wd_code_patch_free(s->patch);
  for (int b = 0; b < 2; b++) g_free(s->colour[b]);
  g_free(s);
}

static GtkWidget *button(codes *s, GtkWidget *row, const char *name, const char *icon, const char *tooltip) {
  GtkWidget *b = gtk_button_new_from_icon_name(icon);
  gtk_widget_set_name(b, name);
  gtk_widget_set_tooltip_text(b, tooltip);
  gtk_accessible_update_property(GTK_ACCESSIBLE(b), GTK_ACCESSIBLE_PROPERTY_LABEL, tooltip, -1);
  gtk_button_set_has_frame(GTK_BUTTON(b), FALSE);
  g_signal_connect(b, "clicked", G_CALLBACK(on_button), s);
  gtk_box_append(GTK_BOX(row), b);
  return b;
}

static GtkWidget *toggle(GtkWidget *row, const char *name, const char *text, const char *tooltip) {
  GtkWidget *b = gtk_toggle_button_new_with_label(text);
  gtk_widget_set_name(b, name);
  gtk_widget_set_tooltip_text(b, tooltip);
  gtk_box_append(GTK_BOX(row), b);
  return b;
}

GtkWidget *wd_codes_view_new(WdSession *session, WdView *view) {
  codes *s = g_new0(codes, 1);
  s->session = session;
  s->view = view;
  s->series_cell = -1;
  s->self = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
  gtk_widget_set_name(s->self, "codes");
  g_object_set_data_full(G_OBJECT(s->self), "wd-codes", s, codes_free);
  GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 4);
  s->colour_by = gtk_drop_down_new_from_strings((const char *const[]){_("codes"), NULL});
  gtk_widget_set_name(s->colour_by, "codes-colour");
  gtk_widget_set_tooltip_text(s->colour_by,
                              _("What the colours of the cells are; by channel a drag changes its value"));
  gtk_accessible_update_property(GTK_ACCESSIBLE(s->colour_by), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Colour by"),
                                 -1);
  gtk_box_append(GTK_BOX(row), s->colour_by);
  s->tool =
      toggle(row, "codes-lasso", _("Lasso"), _("Select with a lasso rather than a rectangle; Ctrl adds"));
  s->beneath = toggle(row, "codes-map", _("Map"), _("The decoded velocity beneath the cells"));
  GtkWidget *space = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_widget_set_hexpand(space, TRUE);
  gtk_box_append(GTK_BOX(row), space);
  s->copy = button(s, row, "codes-copy", "edit-copy-symbolic", _("Copy the selected cells (Ctrl+C)"));
  s->paste = button(s, row, "codes-paste", "edit-paste-symbolic", _("Paste them here (Ctrl+V)"));
  s->revert = button(s, row, "codes-revert", "edit-clear-all-symbolic",
                     _("The selected cells, or all, as the walk began with them (Delete)"));
  s->undo = button(s, row, "codes-undo", "edit-undo-symbolic",
                   _("Undo: to the latent that this one was made from (Ctrl+Z)"));
  s->redo = button(s, row, "codes-redo", "edit-redo-symbolic", _("Redo (Ctrl+Shift+Z)"));
  gtk_box_append(GTK_BOX(s->self), row);
  s->canvas = wd_codes_canvas_new();
  gtk_box_append(GTK_BOX(s->self), s->canvas);
  make_popover(s);
  s->message = gtk_label_new(NULL);
  gtk_widget_set_name(s->message, "codes-message");
  gtk_label_set_xalign(GTK_LABEL(s->message), 0);
  gtk_label_set_ellipsize(GTK_LABEL(s->message), PANGO_ELLIPSIZE_END); /* a line of its own, always */
  gtk_label_set_text(GTK_LABEL(s->message), " ");
  gtk_widget_add_css_class(s->message, "caption");
  gtk_box_append(GTK_BOX(s->self), s->message);
  s->about = gtk_label_new(NULL);
  gtk_widget_set_name(s->about, "codes-about");
  gtk_label_set_xalign(GTK_LABEL(s->about), 0);
  gtk_label_set_lines(GTK_LABEL(s->about), 3);
  gtk_label_set_ellipsize(GTK_LABEL(s->about), PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class(s->about, "caption");
  gtk_widget_add_css_class(s->about, "numeric");
  gtk_box_append(GTK_BOX(s->self), s->about);
  gtk_box_append(GTK_BOX(s->self), gtk_separator_new(GTK_ORIENTATION_HORIZONTAL));
  gtk_box_append(GTK_BOX(s->self), wd_influence_view_new(session, view));
  g_signal_connect_swapped(s->canvas, "destroy", G_CALLBACK(on_canvas_destroy), s);
  g_signal_connect(s->canvas, "hover", G_CALLBACK(on_hover), s);
  g_signal_connect(s->canvas, "turn", G_CALLBACK(on_turn), s);
  g_signal_connect(s->canvas, "value", G_CALLBACK(on_value), s);
  g_signal_connect(s->canvas, "choose", G_CALLBACK(on_choose), s);
  g_signal_connect(s->canvas, "command", G_CALLBACK(on_command), s);
  s->watch = wd_watch_new(s->self, session, view, WD_VIEW_PLACE | WD_VIEW_DISPLAY,
                          WD_WATCH_PLACE | WD_WATCH_FRAMES, 0, update, s);
  g_signal_connect_swapped(s->colour_by, "notify::selected", G_CALLBACK(on_colour_by), s);
  g_signal_connect_swapped(s->tool, "toggled", G_CALLBACK(set_tool), s);
  g_signal_connect_swapped(s->beneath, "toggled", G_CALLBACK(wd_watch_queue), s->watch);
  g_signal_connect_swapped(session, "recording", G_CALLBACK(end_gesture), s);
  g_signal_connect_swapped(session, "state", G_CALLBACK(on_state), s);
  g_signal_connect_swapped(s->self, "destroy", G_CALLBACK(on_destroy), s);
  on_state(s);
  return wd_tool_scrolled(s->self);
}
