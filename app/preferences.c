#include "app/preferences.h"

#include "app/i18n.h"

#include "render/colormap.h"

#include <math.h>

typedef enum Control { SWITCH, CHOICE, MAP, NUMBER, TEXT } Control;

/* One line of a page; a line with a title alone begins a group. */
typedef struct Line {
  const char *key, *title, *about;
  Control control;
  const char *choices[6]; /* CHOICE: what a person reads, in the order of the setting's values */
  double least, most, step;
  int digits;
} Line;

static const Line display[] = {
    {NULL, N_("Appearance")},
    {"theme",
     N_("Theme"),
     N_("Light or dark, or as the desktop has it"),
     CHOICE,
     {N_("As the desktop"), N_("Light"), N_("Dark"), N_("High contrast, light"), N_("High contrast, dark")}},
    {"renderer",
     N_("Pictures are drawn by"),
     NULL,
     CHOICE,
     {N_("The best there is"), "OpenGL", N_("The processor")}},
    {NULL, N_("Colours")},
    {"colormap-velocity", N_("Velocity maps"), NULL, MAP},
    {"colormap-gather", N_("Gathers"), NULL, MAP},
    {"colormap-difference", N_("Differences"), NULL, MAP},
    {"clip",
     N_("Clip gathers at"),
     N_("Percentile of the amplitudes that gets the darkest colour"),
     NUMBER,
     {N_("percent")},
     50,
     100,
     0.5,
     1},
    {"range-scope",
     N_("Colour ranges follow"),
     N_("One range for the whole run makes its steps comparable"),
     CHOICE,
     {N_("The whole run"), N_("Each step"), N_("Values set by hand")}},
    {NULL, N_("Units of axes and read-outs")},
    {"units-distance",
     N_("Distances and velocities"),
     N_("In the window and in figures; data are in m and m/s always"),
     CHOICE,
     {N_("m and m/s"), N_("km and km/s")}},
    {"units-time",
     N_("Times of the wave"),
     N_("Lags, and how long computing takes, stay in ms"),
     CHOICE,
     {"ms", "s"}},
    {NULL, N_("Playback")},
    {"fps", N_("Steps a second"), NULL, NUMBER, {NULL}, 0.5, 30, 0.5, 1},
    {NULL, N_("Presenting")},
    {"presenter-scale",
     N_("Size of type"),
     N_("In the presenter view (F5), panels included"),
     NUMBER,
     {"%"},
     150,
     250,
     5,
     0},
};
static const Line physics[] = {
    {NULL, N_("Residual")},
    {"score-policy",
     N_("Simulate and score"),
     N_("Every step costs one simulation with the solver"),
     CHOICE,
     {N_("Every step"), N_("Every few steps"), N_("The last step"), N_("On demand")}},
    {"score-every", N_("Few steps are"), NULL, NUMBER, {N_("steps")}, 2, 100, 1, 0},
    {"score-both", N_("Score noisy states too"),
     N_("x\342\202\234 beside the estimate of the data: twice the work"), SWITCH},
    {"exact-runs", N_("Exact simulation while running"),
     N_("Four to five times slower; otherwise live mode, then exact at rest"), SWITCH},
    {"exact-rest", N_("Exact scores at rest"),
     N_("Live scores are made again on the full grid when nothing else is to do"), SWITCH},
    {"calibration",
     N_("Calibrate gathers before comparing"),
     N_("For data of another sign or scale; stated beside every figure"),
     CHOICE,
     {N_("No"), N_("Sign"), N_("Least-squares gain")}},
    {"epsilon",
     N_("Tolerance \316\265"),
     N_("Of the reflection residual; 0 is the model's own"),
     NUMBER,
     {NULL},
     0,
     1000,
     0.05,
     3},
    {NULL, N_("Reference levels in the plot")},
    {"show-floor", N_("Silence, direct wave and floors"), NULL, SWITCH},
    {"show-population", N_("Generated pairs"), N_("Median and 5 to 95 percent of many pairs of this model"),
     SWITCH},
};
static const Line machine[] = {
    {NULL, N_("Model")},
    {"model", N_("Model at the start"), N_("A folder, or the name of one that came with the program"), TEXT},
    {"device", N_("Device"), N_("auto, cpu, cpu:2, cuda, cuda:1; for models opened from now on"), TEXT},
    {NULL, N_("Memory and files")},
    {"cache-mib",
     N_("Memory for pictures"),
     N_("Latents are kept always; what was decoded longest ago is made again"),
     NUMBER,
     {"MiB"},
     64,
     65536,
     64,
     0},
    {"autosave", N_("Save the session every"), N_("0: never"), NUMBER, {N_("seconds")}, 0, 3600, 10, 0},
};
static const Line figures[] = {
    {NULL, N_("Exported figures")},
    {"figure-width", N_("Width"), NULL, NUMBER, {"mm"}, 20, 1000, 5, 0},
    {"figure-dpi", N_("Resolution of PNG"), NULL, NUMBER, {N_("dots per inch")}, 50, 1200, 50, 0},
    {"figure-font", N_("Text size"), NULL, NUMBER, {N_("points")}, 4, 32, 0.5, 1},
    {"figure-dark", N_("Dark figures"), NULL, SWITCH},
};

static gboolean enum_to_index(GValue *value, GVariant *variant, gpointer user) {
  const char *const *nicks = user;
  const char *now = g_variant_get_string(variant, NULL);
  for (guint i = 0; nicks[i]; i++)
    if (!g_strcmp0(nicks[i], now)) {
      g_value_set_uint(value, i);
      return TRUE;
    }
  return FALSE;
}

static GVariant *index_to_enum(const GValue *value, const GVariantType *type, gpointer user) {
  (void)type;
  const char *const *nicks = user;
  const guint i = g_value_get_uint(value);
  return i < g_strv_length((char **)nicks) ? g_variant_new_string(nicks[i]) : NULL;
}

/* The values that the schema allows, in its order. */
static char **nicks_of(GSettings *settings, const char *key) {
  g_autoptr(GSettingsSchema) schema = NULL;
  g_object_get(settings, "settings-schema", &schema, NULL);
  g_autoptr(GSettingsSchemaKey) k = g_settings_schema_get_key(schema, key);
  g_autoptr(GVariant) range = g_settings_schema_key_get_range(k), inner = NULL;
  const char *kind = NULL;
  g_variant_get(range, "(&sv)", &kind, &inner);
  return g_strcmp0(kind, "enum") ? g_new0(char *, 1) : g_variant_dup_strv(inner, NULL);
}

static GtkWidget *make_choice(GSettings *settings, const Line *line) {
  char **nicks = nicks_of(settings, line->key);
  GtkStringList *list = gtk_string_list_new(NULL);
  for (guint i = 0; nicks[i]; i++) {
    wd_colormap map;
    g_autofree char *about = NULL;
    if (line->control == MAP && wd_colormap_find(nicks[i], &map))
      about = g_strdup_printf("%c%s", g_ascii_toupper(*nicks[i]), nicks[i] + 1); /* a map's own name */
    gtk_string_list_append(list, about ? about : i < 6 && line->choices[i] ? _(line->choices[i]) : nicks[i]);
  }
  GtkWidget *choice = gtk_drop_down_new(G_LIST_MODEL(list), NULL);
  g_settings_bind_with_mapping(settings, line->key, choice, "selected", G_SETTINGS_BIND_DEFAULT,
                               enum_to_index, index_to_enum, nicks, (GDestroyNotify)g_strfreev);
  return choice;
}

static GtkWidget *make_control(GSettings *settings, const Line *line) {
  GtkWidget *control = NULL;
  switch (line->control) {
  case SWITCH:
    control = gtk_switch_new();
    g_settings_bind(settings, line->key, control, "active", G_SETTINGS_BIND_DEFAULT);
    break;
  case CHOICE:
  case MAP: control = make_choice(settings, line); break;
  case NUMBER:
    control = gtk_spin_button_new_with_range(line->least, line->most, line->step);
    gtk_spin_button_set_digits(GTK_SPIN_BUTTON(control), (guint)line->digits);
    g_settings_bind(settings, line->key, control, "value", G_SETTINGS_BIND_DEFAULT);
    break;
  case TEXT:
    control = gtk_entry_new();
    gtk_editable_set_width_chars(GTK_EDITABLE(control), 22);
    g_settings_bind(settings, line->key, control, "text", G_SETTINGS_BIND_DEFAULT);
    break;
  }
  gtk_widget_set_name(control, line->key);
  gtk_widget_set_valign(control, GTK_ALIGN_CENTER);
  gtk_widget_set_halign(control, GTK_ALIGN_END);
  gtk_accessible_update_property(GTK_ACCESSIBLE(control), GTK_ACCESSIBLE_PROPERTY_LABEL, _(line->title), -1);
  return control;
}

static GtkWidget *make_page(GSettings *settings, const Line *lines, size_t n) {
  GtkWidget *page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
  gtk_widget_add_css_class(page, "preferences-page");
  GtkWidget *list = NULL;
  for (const Line *line = lines; line < lines + n; line++) {
    if (!line->key) {
      GtkWidget *title = gtk_label_new(_(line->title));
      gtk_label_set_xalign(GTK_LABEL(title), 0);
      gtk_widget_add_css_class(title, "heading");
      gtk_widget_set_margin_top(title, line == lines ? 0 : 12);
      gtk_box_append(GTK_BOX(page), title);
      list = gtk_list_box_new();
      gtk_list_box_set_selection_mode(GTK_LIST_BOX(list), GTK_SELECTION_NONE);
      gtk_widget_add_css_class(list, "boxed-list");
      gtk_box_append(GTK_BOX(page), list);
      continue;
    }
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    gtk_widget_add_css_class(row, "preferences-row");
    GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 1);
    gtk_widget_set_hexpand(texts, TRUE);
    gtk_widget_set_valign(texts, GTK_ALIGN_CENTER);
    GtkWidget *title = gtk_label_new(_(line->title));
    gtk_label_set_xalign(GTK_LABEL(title), 0);
    gtk_box_append(GTK_BOX(texts), title);
    if (line->about) {
      GtkWidget *about = gtk_label_new(_(line->about));
      gtk_label_set_xalign(GTK_LABEL(about), 0);
      gtk_label_set_wrap(GTK_LABEL(about), TRUE);
      gtk_label_set_natural_wrap_mode(GTK_LABEL(about), GTK_NATURAL_WRAP_NONE);
      gtk_widget_add_css_class(about, "caption");
      gtk_widget_add_css_class(about, "dim-label");
      gtk_box_append(GTK_BOX(texts), about);
    }
    gtk_box_append(GTK_BOX(row), texts);
    GtkWidget *control = make_control(settings, line);
    gtk_box_append(GTK_BOX(row), control);
    if (line->control == NUMBER && line->choices[0]) {
      GtkWidget *unit = gtk_label_new(_(line->choices[0]));
      gtk_widget_add_css_class(unit, "dim-label");
      gtk_box_append(GTK_BOX(row), unit);
    }
    GtkWidget *item = gtk_list_box_row_new();
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(item), row);
    gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(item), FALSE);
    gtk_widget_set_focusable(item, FALSE);
    gtk_list_box_append(GTK_LIST_BOX(list), item);
  }
  GtkWidget *scroll = gtk_scrolled_window_new();
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroll), page);
  return scroll;
}

static gboolean on_escape(GtkWidget *widget, GVariant *arguments, gpointer user) {
  (void)arguments, (void)user;
  gtk_window_close(GTK_WINDOW(widget));
  return TRUE;
}

static void on_destroy(GtkWidget *window, gpointer parent) {
  (void)window;
  g_object_set_data(G_OBJECT(parent), "preferences", NULL);
}

void wd_preferences_show(GtkWindow *parent, GSettings *settings) {
  const struct {
    const char *name, *title;
    const Line *lines;
    size_t n;
  } pages[] = {{"display", _("Display"), display, G_N_ELEMENTS(display)},
               {"physics", _("Physics"), physics, G_N_ELEMENTS(physics)},
               {"machine", _("Model and memory"), machine, G_N_ELEMENTS(machine)},
               {"figures", _("Figures"), figures, G_N_ELEMENTS(figures)}};
  GtkWidget *window = g_object_get_data(G_OBJECT(parent), "preferences");
  if (window) {
    gtk_window_present(GTK_WINDOW(window));
    return;
  }
  window = gtk_window_new();
  gtk_widget_set_name(window, "preferences");
  gtk_window_set_title(GTK_WINDOW(window), _("Preferences"));
  gtk_window_set_transient_for(GTK_WINDOW(window), parent);
  gtk_window_set_destroy_with_parent(GTK_WINDOW(window), TRUE);
  gtk_window_set_default_size(GTK_WINDOW(window), 620, 560);
  GtkWidget *bar = gtk_header_bar_new();
  GtkWidget *stack = gtk_stack_new(), *switcher = gtk_stack_switcher_new();
  gtk_widget_set_name(stack, "preferences-pages");
  gtk_stack_set_transition_type(GTK_STACK(stack), GTK_STACK_TRANSITION_TYPE_CROSSFADE);
  gtk_stack_switcher_set_stack(GTK_STACK_SWITCHER(switcher), GTK_STACK(stack));
  gtk_header_bar_set_title_widget(GTK_HEADER_BAR(bar), switcher);
  gtk_window_set_titlebar(GTK_WINDOW(window), bar);
  for (size_t i = 0; i < G_N_ELEMENTS(pages); i++)
    gtk_stack_add_titled(GTK_STACK(stack), make_page(settings, pages[i].lines, pages[i].n), pages[i].name,
                         pages[i].title);
  gtk_window_set_child(GTK_WINDOW(window), stack);
  GtkEventController *keys = gtk_shortcut_controller_new();
  gtk_shortcut_controller_add_shortcut(GTK_SHORTCUT_CONTROLLER(keys),
                                       gtk_shortcut_new(gtk_shortcut_trigger_parse_string("Escape|<Ctrl>w"),
                                                        gtk_callback_action_new(on_escape, NULL, NULL)));
  gtk_widget_add_controller(window, keys);
  g_object_set_data(G_OBJECT(parent), "preferences", window);
  g_signal_connect_object(window, "destroy", G_CALLBACK(on_destroy), parent, 0);
  gtk_window_present(GTK_WINDOW(window));
}
