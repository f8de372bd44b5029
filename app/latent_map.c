/* Controls of Latent mode: the map of residuals over the plane. */
#include "app/i18n.h"
#include "app/latent_page.h"

#include "app/plane_view.h"
#include "app/sidebar.h"

typedef struct section {
  WdLatentPage *page;
  GtkWidget *self, *pictures, *residuals, *cells, *start, *bar, *words;
} section;

static const int sizes[] = {8, 16, 24, 32};

static void update(section *s) {
  const WdExplorer *x = s->page->explorer;
  const WdTiles *t = x->tiles;
  const int all = t ? t->cells * t->cells : 0, there = t ? t->made + t->refused : 0;
  gtk_button_set_label(GTK_BUTTON(s->start), x->mapping             ? _("Cancel")
                                             : there && there < all ? _("Go on")
                                                                    : _("Start"));
  gtk_widget_set_sensitive(s->start, x->ready);
  gtk_widget_set_sensitive(s->cells, !x->mapping);
  gtk_widget_set_visible(s->bar, x->mapping);
  gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(s->bar), all ? (double)there / all : 0);
  GString *text = g_string_new(NULL);
  if (!all) {
    g_string_append(text, _("Simulates every cell in live mode, in idle time; the white line is \xce\xb5. It "
                            "stays as long as the plane does."));
  } else {
    g_string_append_printf(text, _("%d of %d cells"), there, all);
    if (t->refused) g_string_append_printf(text, _(", %d refused"), t->refused);
    if (x->mapping && there > 4) {
      g_string_append_printf(text, _(", about %.0f s left"), t->seconds / there * (all - there) + 0.5);
    } else if (!x->mapping && there < all) {
      g_string_append(text, _(": stopped, and kept"));
    } else if (!x->mapping) {
      g_string_append_printf(text, _(" in %.1f s of work, live mode"), t->seconds);
    }
  }
  gtk_label_set_text(GTK_LABEL(s->words), text->str);
  g_string_free(text, TRUE);
}

static void on_start(section *s) {
  WdExplorer *x = s->page->explorer;
  g_autoptr(GError) error = NULL;
  if (x->mapping) {
    wd_explorer_cancel_map(x);
  } else if (!wd_explorer_start_map(x, sizes[MIN(gtk_drop_down_get_selected(GTK_DROP_DOWN(s->cells)), 3)],
                                    &error)) {
    WdNotice notice = {.code = WD_ERR_ARGUMENT, .what = error->message};
    wd_window_notify(s->page->window, &notice);
  }
}

static void on_show(section *s) {
  wd_plane_view_show(WD_PLANE_VIEW(s->page->plane),
                     gtk_check_button_get_active(GTK_CHECK_BUTTON(s->pictures)),
                     gtk_check_button_get_active(GTK_CHECK_BUTTON(s->residuals)));
}

static void on_explorer(WdExplorer *x, guint parts, section *s) {
  (void)x;
  if (parts & (WD_EXPLORER_PLANE | WD_EXPLORER_TILES)) update(s);
}

static void on_destroy(section *s) {
  g_signal_handlers_disconnect_by_data(s->page->explorer, s);
}

GtkWidget *wd_latent_map_new(WdLatentPage *page) {
  static const char *const names[] = {"8 \xc3\x97 8", "16 \xc3\x97 16", "24 \xc3\x97 24", "32 \xc3\x97 32",
                                      NULL};
  section *s = g_new0(section, 1);
  s->page = page;
  GtkWidget *box;
  s->self = wd_section_new(_("Residual map"), TRUE, &box);
  g_object_set_data_full(G_OBJECT(s->self), "section", s, g_free);
  GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  s->cells = wd_section_choice(names);
  gtk_widget_set_name(s->cells, "map-cells");
  gtk_drop_down_set_selected(GTK_DROP_DOWN(s->cells), 1);
  gtk_accessible_update_property(GTK_ACCESSIBLE(s->cells), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Cells"), -1);
  gtk_widget_set_hexpand(s->cells, TRUE);
  s->start = gtk_button_new_with_label(_("Start"));
  gtk_widget_set_name(s->start, "map-start");
  gtk_widget_set_size_request(s->start, 84, -1);
  gtk_widget_set_tooltip_text(s->start, _("Cancel keeps the cells that are there"));
  gtk_box_append(GTK_BOX(row), s->cells);
  gtk_box_append(GTK_BOX(row), s->start);
  gtk_box_append(GTK_BOX(box), row);
  s->bar = gtk_progress_bar_new();
  gtk_widget_set_name(s->bar, "map-progress");
  gtk_accessible_update_property(GTK_ACCESSIBLE(s->bar), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Residual map"),
                                 -1);
  gtk_box_append(GTK_BOX(box), s->bar);
  s->words = wd_section_words(box, "");
  gtk_widget_set_name(s->words, "map-words");
  GtkWidget *checks = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
  s->pictures = wd_section_check(checks, _("Maps"),
                                 _("Velocity maps on the lattice, as the velocity panel colours them"));
  s->residuals = wd_section_check(checks, _("Residuals"), _("The residual map, under the velocity maps"));
  gtk_check_button_set_active(GTK_CHECK_BUTTON(s->pictures), TRUE);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(s->residuals), TRUE);
  gtk_box_append(GTK_BOX(box), checks);
  g_signal_connect_swapped(s->start, "clicked", G_CALLBACK(on_start), s);
  g_signal_connect_swapped(s->pictures, "toggled", G_CALLBACK(on_show), s);
  g_signal_connect_swapped(s->residuals, "toggled", G_CALLBACK(on_show), s);
  g_signal_connect(page->explorer, "changed", G_CALLBACK(on_explorer), s);
  g_signal_connect_swapped(s->self, "destroy", G_CALLBACK(on_destroy), s);
  update(s);
  return s->self;
}
