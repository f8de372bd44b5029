#include "app/source_menu.h"

#include "app/i18n.h"

static const struct {
  const char *title, *brief; /* in the menu; on the button */
} sources[] = {
    [WD_SOURCE_DECODED] = {N_("Decoded"), N_("decoded")},
    [WD_SOURCE_SIMULATED] = {N_("Simulated, F(v)"), N_("simulated")},
    [WD_SOURCE_DIFFERENCE] = {N_("Difference: decoded − simulated"), N_("difference")},
    [WD_SOURCE_OBSERVED] = {N_("Observed"), N_("observed")},
    [WD_SOURCE_SPLIT] = {N_("Split: decoded | simulated, drag the divider"), N_("split")},
    [WD_SOURCE_INTERLEAVED] = {N_("Interleaved: decoded and simulated traces by turns"), N_("interleaved")},
};

const char *wd_source_title(WdSource source) {
  return _(sources[CLAMP((int)source, 0, WD_SOURCES - 1)].title);
}

static gboolean is_observed(WdSession *session, WdView *view, int side) {
  const WdBranch *b = wd_recording_find(wd_session_get_recording(session), view->place[side].branch);
  return b && b->truth && b->truth->gathers.value;
}

GMenuModel *wd_source_menu_new(WdSession *session, WdView *view, int side) {
  GMenu *menu = g_menu_new(), *one = g_menu_new(), *two = g_menu_new();
  const gboolean any = wd_recording_find(wd_session_get_recording(session), view->place[side].branch) != NULL;
  for (int i = 0; i < WD_SOURCES; i++) {
    const gboolean can = any && (i != WD_SOURCE_OBSERVED || is_observed(session, view, side));
    g_autofree char *action = g_strdup_printf("win.source(%d)", i);
    g_menu_append(i < WD_SOURCE_SPLIT ? one : two, _(sources[i].title), can ? action : "win.unavailable");
  }
  g_menu_append_section(menu, NULL, G_MENU_MODEL(one));
  g_menu_append_section(menu, NULL, G_MENU_MODEL(two));
  g_object_unref(one);
  g_object_unref(two);
  return G_MENU_MODEL(menu);
}

typedef struct SourceButton {
  WdSession *session;
  WdView *view;
  int side;
} SourceButton;

/* Made again whenever it opens: whether observed gathers are known changes with the place. */
static void on_open(GtkMenuButton *button, gpointer user) {
  const SourceButton *s = user;
  g_autoptr(GMenuModel) menu = wd_source_menu_new(s->session, s->view, s->side);
  gtk_menu_button_set_menu_model(button, menu);
}

static void show(GtkMenuButton *button, const WdView *view) {
  const char *brief = _(sources[CLAMP((int)view->source, 0, WD_SOURCES - 1)].brief);
  if (g_strcmp0(gtk_menu_button_get_label(button), brief) == 0) return;
  g_autofree char *label = g_strdup_printf(_("Gathers shown: %s"), brief);
  gtk_menu_button_set_label(button, brief);
  gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void on_view(WdView *view, guint parts, GtkMenuButton *button) {
  if (parts & WD_VIEW_DISPLAY) show(button, view);
}

GtkWidget *wd_source_button_new(WdSession *session, WdView *view, int side) {
  GtkWidget *button = gtk_menu_button_new();
  gtk_widget_set_name(button, side ? "source-b" : "source-a");
  gtk_widget_add_css_class(button, "flat");
  gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
  gtk_widget_set_size_request(button, 118, -1); /* "interleaved": the strip beside it stays where it is */
  gtk_menu_button_set_direction(GTK_MENU_BUTTON(button), GTK_ARROW_UP);
  gtk_menu_button_set_always_show_arrow(GTK_MENU_BUTTON(button), TRUE);
  gtk_widget_set_tooltip_text(button, _("What the gathers show (D: decoded, simulated, difference)"));
  SourceButton *s = g_new(SourceButton, 1);
  *s = (SourceButton){session, view, side};
  gtk_menu_button_set_create_popup_func(GTK_MENU_BUTTON(button), on_open, s, g_free);
  show(GTK_MENU_BUTTON(button), view);
  g_signal_connect_object(view, "changed", G_CALLBACK(on_view), button, 0);
  return button;
}
