/* The presenter view (F5): full screen, without the window's own furniture, in large type. Panels' texts and
 * lines grow with it, since their size is that of their widget's font. */
#include "app/teach.h"

#include "app/mode.h"
#include "app/widget_style.h"
#include "app/window_private.h"

#include <math.h>

typedef struct Present {
  gboolean on, was_full, sidebar, second_row;
  int divider;
  double plain; /* size of type without it, px */
  GtkCssProvider *style;
} Present;

static void present_free(gpointer data) {
  Present *p = data;
  if (p->style) {
    gtk_style_context_remove_provider_for_display(gdk_display_get_default(), GTK_STYLE_PROVIDER(p->style));
    g_object_unref(p->style);
  }
  g_free(p);
}

static Present *present_of(WdWindow *w) {
  Present *p = g_object_get_data(G_OBJECT(w), "wd-present");
  if (p) return p;
  p = g_new0(Present, 1);
  g_object_set_data_full(G_OBJECT(w), "wd-present", p, present_free);
  return p;
}

gboolean wd_is_presenting(WdWindow *w) {
  const Present *p = g_object_get_data(G_OBJECT(w), "wd-present");
  return p && p->on;
}

static void set_type(WdWindow *w, Present *p) {
  const int scale = CLAMP(g_settings_get_int(w->settings, "presenter-scale"), 150, 250);
  if (!p->style) {
    p->style = gtk_css_provider_new();
    gtk_style_context_add_provider_for_display(gdk_display_get_default(), GTK_STYLE_PROVIDER(p->style),
                                               GTK_STYLE_PROVIDER_PRIORITY_APPLICATION + 1);
  }
  /* In whole pixels: of a fraction of one, GTK's measures of the same text disagree. */
  g_autofree char *css = g_strdup_printf("window.presenting, window.presenting popover { font-size: %dpx; }",
                                         (int)lround(p->plain * scale / 100));
  gtk_css_provider_load_from_data(p->style, css, -1);
}

static void on_setting(GSettings *settings, const char *key, gpointer user) {
  (void)settings, (void)key;
  if (wd_is_presenting(user)) set_type(user, present_of(user));
}

/* Somebody left full screen by the desktop's own means. */
static void on_full_screen(GObject *window, GParamSpec *spec, gpointer user) {
  (void)spec, (void)user;
  if (gtk_widget_in_destruction(GTK_WIDGET(window))) return;
  if (wd_is_presenting(WD_WINDOW(window)) && !gtk_window_is_fullscreen(GTK_WINDOW(window)))
    wd_present(WD_WINDOW(window), FALSE);
}

void wd_present(WdWindow *w, gboolean on) {
  Present *p = present_of(w);
  if (p->on == on) return;
  if (!p->style) {
    g_signal_connect_object(w->settings, "changed::presenter-scale", G_CALLBACK(on_setting), w, 0);
    g_signal_connect(w, "notify::fullscreened", G_CALLBACK(on_full_screen), NULL);
  }
  WdView *v = w->view;
  if (on) {
    p->was_full = gtk_window_is_fullscreen(GTK_WINDOW(w));
    p->sidebar = v->sidebar;
    p->divider = gtk_paned_get_position(GTK_PANED(w->main));
    v->sidebar = FALSE;
    char family[64];
    p->plain = wd_widget_style(GTK_WIDGET(w), 1, family, sizeof family).size;
    set_type(w, p);
    gtk_widget_add_css_class(GTK_WIDGET(w), "presenting");
    gtk_window_fullscreen(GTK_WINDOW(w));
    const int width = wd_mode_get_info(WD_MODE_TEACH)->width;
    gtk_paned_set_position(GTK_PANED(w->main),
                           width * g_settings_get_int(w->settings, "presenter-scale") / 125);
  } else {
    wd_teach_freeze(w, FALSE);
    v->sidebar = p->sidebar;
    gtk_widget_remove_css_class(GTK_WIDGET(w), "presenting");
    gtk_paned_set_position(GTK_PANED(w->main), p->divider);
  }
  p->on = on;
  if (!on && !p->was_full) gtk_window_unfullscreen(GTK_WINDOW(w));
  gtk_widget_set_visible(gtk_window_get_titlebar(GTK_WINDOW(w)), !on);
  gtk_widget_set_visible(w->status, !on);
  gtk_widget_set_visible(gtk_widget_get_parent(w->timeline), !on);
  wd_view_changed(v, WD_VIEW_LAYOUT);
  wd_teach_stage_update(w);
}
