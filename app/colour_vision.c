#include "app/colour_vision.h"

#include "app/cvd_bin.h"
#include "app/i18n.h"

#include <string.h>

typedef struct Preview {
  GSimpleAction *action; /* the window's */
  GtkWidget *bin, *strip, *words;
} Preview;

static const char *title_of(wd_cvd kind) {
  static const char *const title[WD_CVD_COUNT] = {N_("All colours"), N_("Protanopia"), N_("Deuteranopia"),
                                                  N_("Tritanopia")};
  return _(title[kind]);
}

static void set_kind(Preview *p, wd_cvd kind) {
  wd_cvd_bin_set_kind(WD_CVD_BIN(p->bin), kind);
  g_simple_action_set_state(p->action, g_variant_new_string(wd_cvd_name(kind)));
  if (kind != WD_CVD_NONE) {
    /* i18n: %s is protanopia, deuteranopia or tritanopia */
    g_autofree char *text = g_strdup_printf(
        _("Colour-vision preview: %s. On the screen alone: files keep their colours."), wd_cvd_name(kind));
    gtk_label_set_text(GTK_LABEL(p->words), text);
  }
  gtk_widget_set_visible(p->strip, kind != WD_CVD_NONE);
}

static void on_kind(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action;
  const char *name = g_variant_get_string(parameter, NULL);
  for (int k = 0; k < WD_CVD_COUNT; k++)
    if (!strcmp(name, wd_cvd_name((wd_cvd)k))) set_kind(user, (wd_cvd)k);
}

static void on_next(GSimpleAction *action, GVariant *parameter, gpointer user) {
  (void)action, (void)parameter;
  Preview *p = user;
  set_kind(p, (wd_cvd)((wd_cvd_bin_get_kind(WD_CVD_BIN(p->bin)) + 1) % WD_CVD_COUNT));
}

static GtkWidget *make_strip(Preview *p) {
  GtkWidget *strip = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8), *end = gtk_button_new_with_label(_("End"));
  gtk_widget_set_name(strip, "colour-vision");
  gtk_widget_add_css_class(strip, "notice");
  gtk_widget_add_css_class(strip, "calm");
  p->words = gtk_label_new(NULL);
  gtk_widget_set_name(p->words, "colour-vision-words");
  gtk_label_set_xalign(GTK_LABEL(p->words), 0);
  gtk_label_set_ellipsize(GTK_LABEL(p->words), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand(p->words, TRUE);
  gtk_widget_add_css_class(p->words, "notice-what");
  gtk_widget_set_name(end, "colour-vision-end");
  gtk_widget_set_tooltip_text(end, _("All colours again (Shift+V goes through the kinds)"));
  gtk_accessible_update_property(GTK_ACCESSIBLE(end), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 _("End the colour-vision preview"), -1);
  gtk_actionable_set_detailed_action_name(GTK_ACTIONABLE(end), "win.colour-vision::none");
  gtk_box_append(GTK_BOX(strip), p->words);
  gtk_box_append(GTK_BOX(strip), end);
  gtk_widget_set_visible(strip, FALSE);
  return strip;
}

GtkWidget *wd_colour_vision_new(WdWindow *window, GtkWidget *content) {
  static const GActionEntry entries[] = {
      {.name = "colour-vision", .activate = on_kind, .parameter_type = "s", .state = "'none'"},
      {.name = "colour-vision-next", .activate = on_next},
  };
  Preview *p = g_new0(Preview, 1);
  GtkWidget *both = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
  gtk_box_append(GTK_BOX(both), p->strip = make_strip(p));
  p->bin = wd_cvd_bin_new(content);
  gtk_widget_set_vexpand(p->bin, TRUE);
  gtk_box_append(GTK_BOX(both), p->bin);
  g_object_set_data_full(G_OBJECT(window), "colour-vision", p, g_free);
  g_action_map_add_action_entries(G_ACTION_MAP(window), entries, G_N_ELEMENTS(entries), p);
  p->action = G_SIMPLE_ACTION(g_action_map_lookup_action(G_ACTION_MAP(window), "colour-vision"));
  return both;
}

GMenuModel *wd_colour_vision_menu(void) {
  GMenu *menu = g_menu_new();
  for (int k = 0; k < WD_CVD_COUNT; k++) {
    g_autofree char *action = g_strconcat("win.colour-vision::", wd_cvd_name((wd_cvd)k), NULL);
    g_menu_append(menu, title_of((wd_cvd)k), action);
  }
  return G_MENU_MODEL(menu);
}
