/* Sidebar: how the focused panel is drawn. Gathers are drawn alike unless one is told to differ. */
#include "app/i18n.h"
#include "app/sidebar.h"
#include "app/widget_style.h"
#include "render/colormap.h"

#include <math.h>
#include <string.h>

typedef struct section {
  WdSession *session;
  WdView *view;
  GtkWidget *self, *panel, *map, *about, *smooth;
  GtkWidget *scope, *lo, *hi, *lo_row, *hi_row; /* range */
  GtkWidget *contours;                          /* velocity */
  GtkWidget *gathers;                           /* box of all that follows */
  GtkWidget *mode, *clip, *gain, *reference, *agc, *normalise, *power, *flip, *mute, *picks, *ruler, *mask,
      *difference, *alike;
  gboolean updating;
} section;

static const double factors[] = {1, 2, 5, 10};

static gboolean is_gather(int kind) {
  return kind >= WD_PANEL_GATHER && kind <= WD_PANEL_DIFFERENCE;
}

/* The ends of a range are set in the units of its colour bar, and kept in m/s. */
static double factor_of(section *s, int kind) {
  return wd_units_factor(&s->view->units, kind == WD_PANEL_VELOCITY ? WD_VELOCITY : WD_NO_DIMENSION);
}

static int focused(section *s) {
  return CLAMP(s->view->focused, 0, WD_PANEL_KINDS - 1);
}

/* ---- colour maps with their pictures */

static void draw_map(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data) {
  (void)area;
  const guint32 *table = wd_colormap_tables[GPOINTER_TO_INT(data)];
  for (int x = 0; x < width; x++) {
    wd_cairo_colour(cr, table[x * 255 / MAX(1, width - 1)] & 0xffffff, 1);
    cairo_rectangle(cr, x, 0, 1, height);
    cairo_fill(cr);
  }
}

static void on_setup(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data) {
  (void)factory, (void)data;
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
  GtkWidget *picture =
      g_object_new(GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  gtk_drawing_area_set_content_width(GTK_DRAWING_AREA(picture), 72);
  gtk_drawing_area_set_content_height(GTK_DRAWING_AREA(picture), 12);
  gtk_widget_set_valign(picture, GTK_ALIGN_CENTER);
  gtk_box_append(GTK_BOX(box), picture);
  gtk_box_append(GTK_BOX(box), gtk_label_new(NULL));
  gtk_list_item_set_child(item, box);
}

static void on_bind(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data) {
  (void)factory, (void)data;
  GtkWidget *picture = gtk_widget_get_first_child(gtk_list_item_get_child(item));
  GtkStringObject *string = gtk_list_item_get_item(item);
  const char *name = gtk_string_object_get_string(string);
  wd_colormap map;
  if (!wd_colormap_find(name, &map)) return;
  gtk_label_set_text(GTK_LABEL(gtk_widget_get_next_sibling(picture)), name);
  gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(picture), draw_map, GINT_TO_POINTER(map), NULL);
}

static GtkWidget *map_choice(void) {
  const char *names[WD_COLORMAP_COUNT + 1];
  for (int i = 0; i < WD_COLORMAP_COUNT; i++) names[i] = wd_colormap_describe((wd_colormap)i)->name;
  names[WD_COLORMAP_COUNT] = NULL;
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
  g_signal_connect(factory, "setup", G_CALLBACK(on_setup), NULL);
  g_signal_connect(factory, "bind", G_CALLBACK(on_bind), NULL);
  GtkWidget *choice = gtk_drop_down_new(G_LIST_MODEL(gtk_string_list_new(names)), NULL);
  gtk_drop_down_set_factory(GTK_DROP_DOWN(choice), factory);
  g_object_unref(factory);
  return choice;
}

/* ---- both ways */

/* What keeps steps comparable: a fixed range of velocities and of residuals, a clip over the run of gathers.
 * Residuals without a fixed range have none but the step's. */
static void show_scope(section *s, int kind) {
  const int metric = s->view->metric;
  const gboolean unit = metric >= WD_METRICS || metric == WD_METRIC_REFLECTION_RESIDUAL ||
                        metric == WD_METRIC_RELATIVE_L2 || metric == WD_METRIC_CORRELATION ||
                        metric == WD_METRIC_REFLECTION_SHARE;
  const gboolean compare = s->view->layout == WD_LAYOUT_COMPARE,
                 minus = wd_view_velocity(s->view, 0) != WD_VELOCITY_DECODED;
  char lo[48], hi[48];
  wd_units_number(&s->view->units, WD_VELOCITY, WD_VELOCITY_LO, 100, lo, sizeof lo);
  wd_units_text(&s->view->units, WD_VELOCITY, minus ? 1000 : WD_VELOCITY_HI, 100, hi, sizeof hi);
  g_autofree char *fixed =
      minus ? g_strdup_printf(_("fixed, ±%s"), hi) : g_strdup_printf(_("fixed, %s–%s"), lo, hi);
  const char *words = kind == WD_PANEL_VELOCITY ? fixed
                      : kind == WD_PANEL_TRACES ? unit ? _("fixed") : _("of this step (no fixed range)")
                      : compare ? _("of both runs' steps")
                                                : _("of the decoded steps");
  GtkStringList *list = GTK_STRING_LIST(gtk_drop_down_get_model(GTK_DROP_DOWN(s->scope)));
  if (!strcmp(gtk_string_list_get_string(list, 0), words)) return;
  gtk_string_list_splice(list, 0, 1, (const char *const[]){words, NULL});
}

static void update(section *s) {
  int kind = focused(s);
  const WdPanelLook *l = wd_view_look(s->view, (WdPanelKind)kind, 0);
  gboolean gather = is_gather(kind);
  s->updating = TRUE;
  gtk_drop_down_set_selected(GTK_DROP_DOWN(s->panel), (guint)kind);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(s->map), l->colormap);
  gtk_label_set_text(GTK_LABEL(s->about), _(wd_colormap_describe(l->colormap)->about));
  gtk_check_button_set_active(GTK_CHECK_BUTTON(s->smooth), l->smooth);
  show_scope(s, kind);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(s->scope), l->scope);
  gtk_widget_set_visible(s->lo_row, l->scope == WD_SCOPE_MANUAL);
  gtk_widget_set_visible(s->hi_row, l->scope == WD_SCOPE_MANUAL);
  const double factor = factor_of(s, kind);
  GtkWidget *const ends[] = {s->lo, s->hi};
  for (int i = 0; i < 2; i++) {
    gtk_spin_button_set_increments(GTK_SPIN_BUTTON(ends[i]), 50 * factor, 500 * factor);
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(ends[i]), (i ? l->hi : l->lo) * factor);
  }
  gtk_check_button_set_active(GTK_CHECK_BUTTON(s->contours), l->contours);
  gtk_widget_set_visible(s->contours, kind == WD_PANEL_VELOCITY);
  gtk_widget_set_visible(s->gathers, gather);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(s->mode), l->mode);
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(s->clip), l->clip);
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(s->gain), l->gain);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(s->reference), l->reference);
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(s->agc), l->display.agc * 1000);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(s->normalise), l->display.normalise);
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(s->power), l->display.time_power);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(s->flip), l->display.flip);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(s->mute), l->mute_direct);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(s->picks), l->picks);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(s->ruler), l->ruler);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(s->mask), l->mask);
  for (guint i = 0; i < G_N_ELEMENTS(factors); i++)
    if (s->view->difference == (int)factors[i]) gtk_drop_down_set_selected(GTK_DROP_DOWN(s->difference), i);
  s->updating = FALSE;
}

static double end_of(GtkWidget *spin, double factor) {
  const double shown = gtk_spin_button_get_value(GTK_SPIN_BUTTON(spin));
  return factor == 1 ? shown : round(shown / factor * 1e6) / 1e6; /* 1.6 km/s are 1600 m/s to the last bit */
}

static void on_look(section *s) {
  if (s->updating) return;
  int kind = focused(s);
  WdPanelLook *l = wd_view_look(s->view, (WdPanelKind)kind, 0);
  l->colormap = (wd_colormap)gtk_drop_down_get_selected(GTK_DROP_DOWN(s->map));
  l->smooth = gtk_check_button_get_active(GTK_CHECK_BUTTON(s->smooth));
  l->scope = (WdRangeScope)gtk_drop_down_get_selected(GTK_DROP_DOWN(s->scope));
  const double factor = factor_of(s, kind);
  double lo = end_of(s->lo, factor), hi = end_of(s->hi, factor);
  if (lo < hi) {
    l->lo = lo;
    l->hi = hi;
  }
  l->contours = gtk_check_button_get_active(GTK_CHECK_BUTTON(s->contours));
  if (is_gather(kind)) {
    l->mode = (wd_panel_mode)gtk_drop_down_get_selected(GTK_DROP_DOWN(s->mode));
    l->clip = gtk_spin_button_get_value(GTK_SPIN_BUTTON(s->clip));
    l->gain = gtk_spin_button_get_value(GTK_SPIN_BUTTON(s->gain));
    l->reference = (WdGainReference)gtk_drop_down_get_selected(GTK_DROP_DOWN(s->reference));
    l->display.agc = gtk_spin_button_get_value(GTK_SPIN_BUTTON(s->agc)) / 1000;
    l->display.normalise = gtk_check_button_get_active(GTK_CHECK_BUTTON(s->normalise));
    l->display.time_power = gtk_spin_button_get_value(GTK_SPIN_BUTTON(s->power));
    l->display.flip = gtk_check_button_get_active(GTK_CHECK_BUTTON(s->flip));
    l->mute_direct = gtk_check_button_get_active(GTK_CHECK_BUTTON(s->mute));
    l->picks = gtk_check_button_get_active(GTK_CHECK_BUTTON(s->picks));
    l->ruler = gtk_check_button_get_active(GTK_CHECK_BUTTON(s->ruler));
    l->mask = gtk_check_button_get_active(GTK_CHECK_BUTTON(s->mask));
    s->view->difference = (int)factors[MIN(gtk_drop_down_get_selected(GTK_DROP_DOWN(s->difference)), 3)];
    if (gtk_check_button_get_active(GTK_CHECK_BUTTON(s->alike)))
      for (int k = WD_PANEL_GATHER; k <= WD_PANEL_DIFFERENCE; k++)
        if (k != kind) s->view->look[k] = *l;
  }
  wd_view_changed(s->view, WD_VIEW_DISPLAY);
}

static void on_panel(section *s) {
  if (s->updating) return;
  s->view->focused = (int)gtk_drop_down_get_selected(GTK_DROP_DOWN(s->panel));
  wd_view_changed(s->view, WD_VIEW_DISPLAY);
}

static void on_reset(section *s) {
  int kind = focused(s);
  s->view->look[kind] = wd_panel_look_default((WdPanelKind)kind);
  if (kind == WD_PANEL_VELOCITY) s->view->minus = wd_panel_look_minus();
  if (is_gather(kind)) {
    for (int k = WD_PANEL_GATHER; k <= WD_PANEL_DIFFERENCE; k++)
      s->view->look[k] = wd_panel_look_default((WdPanelKind)k);
    s->view->difference = 1;
  }
  wd_view_changed(s->view, WD_VIEW_DISPLAY);
}

static void on_view(WdView *view, guint parts, section *s) {
  (void)view;
  if (parts & (WD_VIEW_DISPLAY | WD_VIEW_LAYOUT | WD_VIEW_PLOT)) update(s);
}

static void on_destroy(section *s) {
  g_signal_handlers_disconnect_by_data(s->view, s);
}

static void watch(section *s, GtkWidget *widget) {
  const char *signal = GTK_IS_DROP_DOWN(widget)     ? "notify::selected"
                       : GTK_IS_SPIN_BUTTON(widget) ? "value-changed"
                                                    : "toggled";
  g_signal_connect_swapped(widget, signal, G_CALLBACK(on_look), s);
}

static void build_gathers(section *s, GtkWidget *box) {
  s->gathers = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
  gtk_box_append(GTK_BOX(box), s->gathers);
  box = s->gathers;
  const char *const modes[] = {_("density"),
                               _("wiggles"),
                               _("wiggles, positive filled"),
                               _("wiggles, negative filled"),
                               _("density and wiggles"),
                               NULL};
  s->mode = wd_section_choice(modes);
  wd_section_row(box, _("Drawn as"), s->mode, _("Variable density, wiggles, variable area (W, V)"));
  s->clip = wd_section_spin(50, 100, 0.5, 1);
  gtk_widget_set_name(s->clip, "sidebar-clip");
  wd_section_row(box, _("Clip (%)"), s->clip,
                 _("Percent of the samples inside the range of colours (Page Up, Page Down)"));
  s->gain = wd_section_spin(-60, 60, 3, 0);
  wd_section_row(box, _("Gain (dB)"), s->gain, _("Of the display, in steps of 3 dB (+, -)"));
  const char *const references[] = {_("all shots"), _("this shot"), NULL};
  s->reference = wd_section_choice(references);
  wd_section_row(box, _("Clip of"), s->reference, _("Whether all shots share one range"));
  static const char *const by[] = {"× 1", "× 2", "× 5", "× 10", NULL};
  s->difference = wd_section_choice(by);
  wd_section_row(box, _("Difference"), s->difference,
                 _("Factor of decoded minus simulated, on the same range"));
  s->agc = wd_section_spin(0, 1000, 50, 0);
  wd_section_row(box, _("AGC (ms)"), s->agc,
                 _("Automatic gain in a window this long; 0: off. Display only (A)"));
  s->power = wd_section_spin(0, 4, 0.5, 1);
  wd_section_row(box, _("Gain tᵖ"), s->power, _("Multiplied by (t / 1 s)ᵖ. Display only"));
  s->normalise =
      wd_section_check(box, _("Each trace normalised"), _("Divided by its largest value. Display only"));
  s->flip = wd_section_check(box, _("Polarity turned over"),
                             _("Display only; calibration is under Physics (Shift+P)"));
  s->mute = wd_section_check(box, _("Without the direct wave (display only)"),
                             _("F(v_top) is subtracted: what is left comes from below the surface"));
  gtk_widget_set_name(s->mute, "sidebar-mute");
  s->picks =
      wd_section_check(box, _("First arrivals"),
                       _("Picked on decoded (o) and simulated (×) traces, and by the eikonal equation"));
  s->ruler = wd_section_check(box, _("Residual of each trace"),
                              _("The plotted figure of every trace as bars above the gather, with ε"));
  gtk_widget_set_name(s->ruler, "sidebar-ruler");
  s->mask = wd_section_check(box, _("Traces beyond ε shaded"),
                             _("Traces whose own figure lies beyond the ε of whole samples"));
  gtk_widget_set_name(s->mask, "sidebar-mask");
  s->alike = wd_section_check(box, _("All gathers alike"),
                              _("What is set here goes for decoded, simulated and difference (P)"));
  gtk_check_button_set_active(GTK_CHECK_BUTTON(s->alike), TRUE);
  GtkWidget *all[] = {s->mode,      s->clip, s->gain, s->reference, s->difference, s->agc,   s->power,
                      s->normalise, s->flip, s->mute, s->picks,     s->alike,      s->ruler, s->mask};
  for (gsize i = 0; i < G_N_ELEMENTS(all); i++) watch(s, all[i]);
}

GtkWidget *wd_sidebar_display_new(WdSession *session, WdView *view) {
  section *s = g_new0(section, 1);
  s->session = session;
  s->view = view;
  GtkWidget *box;
  s->self = wd_section_new(_("Display"), TRUE, &box);
  g_object_set_data_full(G_OBJECT(s->self), "section", s, g_free);
  const char *const panels[] = {_("Velocity"),          _("Gather"), _("Simulated"), _("Difference"),
                                _("Residual by trace"), NULL};
  s->panel = wd_section_choice(panels);
  gtk_widget_set_name(s->panel, "sidebar-panel");
  wd_section_row(box, _("Panel"), s->panel, _("The focused panel"));
  s->map = map_choice();
  gtk_widget_set_name(s->map, "sidebar-colormap");
  wd_section_row(box, _("Colours"), s->map, _("Colour map (M, Shift+M)"));
  s->about = wd_section_words(box, "");
  const char *const scopes[] = {_("of the decoded steps"), _("of this step"), _("set by hand"), NULL};
  s->scope = wd_section_choice(scopes);
  gtk_widget_set_name(s->scope, "sidebar-scope");
  wd_section_row(
      box, _("Range"), s->scope,
      _("One range for all steps makes them comparable: fixed for velocities, for gathers a clip over "
        "all steps that have been decoded; R goes round"));
  s->lo = wd_section_spin(-1e6, 1e6, 50, 3);
  s->hi = wd_section_spin(-1e6, 1e6, 50, 3);
  s->lo_row = wd_section_row(box, _("From"), s->lo, _("Value of the first colour"));
  s->hi_row = wd_section_row(box, _("To"), s->hi, _("Value of the last colour"));
  s->smooth =
      wd_section_check(box, _("Smooth"), _("Interpolated between cells; otherwise each cell is one square"));
  s->contours = wd_section_check(box, _("Contours"), _("Lines of equal velocity (G)"));
  build_gathers(s, box);
  GtkWidget *reset = gtk_button_new_with_label(_("As it was at first"));
  gtk_widget_set_tooltip_text(reset, _("The defaults of this panel"));
  gtk_box_append(GTK_BOX(box), reset);
  update(s);
  g_signal_connect_swapped(s->panel, "notify::selected", G_CALLBACK(on_panel), s);
  GtkWidget *all[] = {s->map, s->scope, s->lo, s->hi, s->smooth, s->contours};
  for (gsize i = 0; i < G_N_ELEMENTS(all); i++) watch(s, all[i]);
  g_signal_connect_swapped(reset, "clicked", G_CALLBACK(on_reset), s);
  g_signal_connect(view, "changed", G_CALLBACK(on_view), s);
  g_signal_connect_swapped(s->self, "destroy", G_CALLBACK(on_destroy), s);
  return s->self;
}
