#include "app/help.h"

#include "app/i18n.h"
#include "app/settings.h"

#include <string.h>

#define RESOURCES "/org/wavediffusion/WaveDiffusion/"

static const struct {
  const char *name, *title;
} pages[] = {{"window", N_("What you see")},
             {"residual", N_("Reading the residual")},
             {"work", N_("Running and branching")},
             {"wavefield", N_("The wavefield")},
             {"latent", N_("Exploring latents")},
             {"lessons", N_("Lessons and presenting")},
             {"codes", N_("Codes, noise, neighbours")},
             {"inspect", N_("Inspect")},
             {"keys", N_("Keys and mouse")},
             {"files", N_("Files")}};

/* **strong** and `code` within a line. */
static void add_inline(GString *out, const char *text) {
  g_autofree char *escaped = g_markup_escape_text(text, -1);
  gboolean strong = FALSE, code = FALSE;
  for (const char *c = escaped; *c; c++) {
    if (c[0] == '*' && c[1] == '*') {
      g_string_append(out, strong ? "</b>" : "<b>");
      strong = !strong;
      c++;
    } else if (*c == '`') {
      g_string_append(out, code ? "</tt>" : "<tt>");
      code = !code;
    } else {
      g_string_append_c(out, *c);
    }
  }
  if (code) g_string_append(out, "</tt>");
  if (strong) g_string_append(out, "</b>");
}

char *wd_help_to_markup(const char *text) {
  GString *out = g_string_new(NULL);
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  gboolean open = FALSE; /* a paragraph goes on: its lines are joined */
  for (char **l = lines; *l; l++) {
    const char *line = *l;
    if (!*line) {
      if (open) g_string_append(out, "\n\n");
      open = FALSE;
      continue;
    }
    const gboolean item = g_str_has_prefix(line, "- ");
    if (*line == '#' || item) {
      if (open) g_string_append(out, item ? "\n" : "\n\n");
    } else if (open) {
      g_string_append_c(out, ' ');
    }
    if (g_str_has_prefix(line, "## ")) {
      g_string_append(out, "<span size=\"large\" weight=\"bold\">");
      add_inline(out, line + 3);
      g_string_append(out, "</span>\n\n");
      open = FALSE;
    } else if (g_str_has_prefix(line, "# ")) {
      g_string_append(out, "<span size=\"x-large\" weight=\"bold\">");
      add_inline(out, line + 2);
      g_string_append(out, "</span>\n\n");
      open = FALSE;
    } else {
      if (item) g_string_append(out, "  \342\200\242  ");
      add_inline(out, g_strchug((char *)(item ? line + 2 : line)));
      open = TRUE;
    }
  }
  return g_string_free(out, FALSE);
}

static GtkWidget *make_page(const char *name) {
  g_autofree char *path = g_strconcat(RESOURCES "help/", name, ".md", NULL);
  g_autoptr(GBytes) bytes = g_resources_lookup_data(path, 0, NULL);
  g_autofree char *text =
      bytes ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : g_strdup("");
  g_autofree char *markup = wd_help_to_markup(text);
  GtkWidget *label = gtk_label_new(NULL);
  gtk_label_set_markup(GTK_LABEL(label), markup);
  gtk_label_set_wrap(GTK_LABEL(label), TRUE);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_label_set_yalign(GTK_LABEL(label), 0);
  gtk_label_set_max_width_chars(GTK_LABEL(label), 72);
  gtk_label_set_selectable(GTK_LABEL(label), TRUE);
  gtk_widget_set_can_focus(label, FALSE);
  gtk_widget_add_css_class(label, "help-page");
  GtkWidget *scroll = gtk_scrolled_window_new();
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroll), label);
  gtk_widget_set_hexpand(scroll, TRUE);
  return scroll;
}

static gboolean on_escape(GtkWidget *widget, GVariant *arguments, gpointer user) {
  (void)arguments, (void)user;
  gtk_window_close(GTK_WINDOW(widget));
  return TRUE;
}

static void on_destroy(GtkWidget *window, gpointer parent) {
  (void)window;
  g_object_set_data(G_OBJECT(parent), "help", NULL);
}

void wd_help_show(GtkWindow *parent, const char *page) {
  GtkWidget *window = g_object_get_data(G_OBJECT(parent), "help");
  if (!window) {
    window = gtk_window_new();
    gtk_widget_set_name(window, "help");
    gtk_window_set_title(GTK_WINDOW(window), _("Help"));
    gtk_window_set_transient_for(GTK_WINDOW(window), parent);
    gtk_window_set_destroy_with_parent(GTK_WINDOW(window), TRUE);
    gtk_window_set_default_size(GTK_WINDOW(window), 780, 600);
    gtk_window_set_titlebar(GTK_WINDOW(window), gtk_header_bar_new());
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
    GtkWidget *stack = gtk_stack_new(), *side = gtk_stack_sidebar_new();
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++)
      gtk_stack_add_titled(GTK_STACK(stack), make_page(pages[i].name), pages[i].name, _(pages[i].title));
    gtk_stack_sidebar_set_stack(GTK_STACK_SIDEBAR(side), GTK_STACK(stack));
    gtk_box_append(GTK_BOX(box), side);
    gtk_box_append(GTK_BOX(box), stack);
    gtk_window_set_child(GTK_WINDOW(window), box);
    GtkEventController *keys = gtk_shortcut_controller_new();
    gtk_shortcut_controller_add_shortcut(GTK_SHORTCUT_CONTROLLER(keys),
                                         gtk_shortcut_new(gtk_shortcut_trigger_parse_string("Escape|<Ctrl>w"),
                                                          gtk_callback_action_new(on_escape, NULL, NULL)));
    gtk_widget_add_controller(window, keys);
    g_object_set_data(G_OBJECT(parent), "help", window);
    g_object_set_data(G_OBJECT(window), "stack", stack);
    g_signal_connect_object(window, "destroy", G_CALLBACK(on_destroy), parent, 0);
  }
  if (page) gtk_stack_set_visible_child_name(g_object_get_data(G_OBJECT(window), "stack"), page);
  gtk_window_present(GTK_WINDOW(window));
}

void wd_help_show_shortcuts(GtkWindow *parent) {
  g_autoptr(GtkBuilder) builder = gtk_builder_new_from_resource(RESOURCES "ui/shortcuts.ui");
  GtkWindow *window = GTK_WINDOW(gtk_builder_get_object(builder, "shortcuts"));
  gtk_widget_set_name(GTK_WIDGET(window), "shortcuts");
  g_object_set(window, "section-name", "runs", NULL); /* else the last one that was put in */
  gtk_window_set_transient_for(window, parent);
  gtk_window_set_destroy_with_parent(window, TRUE);
  gtk_window_present(window);
}

void wd_help_show_about(GtkWindow *parent) {
  const char *const authors[] = {_("The WaveDiffusion authors"), NULL};
  gtk_show_about_dialog(
      parent, "program-name", "WaveDiffusion", "version", WD_VERSION, "logo-icon-name", WD_APPLICATION_ID,
      "comments",
      _("Velocity maps, the seismic gathers that belong to them,\nand the wave equation that ties the two "
        "together."),
      "license-type", GTK_LICENSE_MIT_X11, "authors", authors, NULL);
}
