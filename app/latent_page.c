#include "app/latent_page.h"

#include "app/i18n.h"
#include "app/latent_tools.h"

#include "app/plane_view.h"
#include "app/player.h"
#include "app/sidebar.h"
#include "app/widget_pieces.h"
#include "app/mode.h"
#include "app/widgets.h"
#include "app/window_private.h"
#include "solver/npy.h"

/* ---- the explorer and the view */

static void on_explorer(WdExplorer *x, guint parts, WdLatentPage *page) {
  if (parts & (WD_EXPLORER_SAMPLE | WD_EXPLORER_WENT) && x->walk && x->at >= 0 &&
      gtk_widget_get_mapped(page->self)) {
    page->following = TRUE;
    page->view->follow = FALSE;
    wd_view_go(page->view, wd_session_get_recording(page->session), 0, x->walk, x->at);
    page->following = FALSE;
  }
  wd_latent_actions_update(page);
}

static void on_failed(WdExplorer *x, const char *text, WdLatentPage *page) {
  (void)x;
  WdNotice notice = {.code = WD_ERR_ARGUMENT, .what = (char *)text};
  wd_window_notify(page->window, &notice);
}

static void on_view(WdView *view, guint parts, WdLatentPage *page) {
  if (parts & WD_VIEW_RUN) wd_explorer_set_recipe(page->explorer, &view->next);
  if (parts & WD_VIEW_PLACE && !page->following && gtk_widget_get_mapped(page->self))
    wd_explorer_see(page->explorer, view->place[0].branch, view->place[0].position);
  if (parts & WD_VIEW_PLACE) wd_latent_actions_update(page);
}

/* Three seeds to begin with; background work only while somebody looks. */
static void on_map(WdLatentPage *page) {
  WdExplorer *x = page->explorer;
  static const guint64 seeds[] = {3, 17, 42};
  wd_explorer_set_recipe(x, &page->view->next);
  if (!x->anchor[0].kind && !x->anchor[1].kind && !x->anchor[2].kind)
    for (int i = 0; i < WD_ANCHORS; i++) wd_explorer_set_seed(x, i, seeds[i]);
  wd_explorer_want_lattice(x, TRUE);
  wd_explorer_want_band(x);
  if (x->walk && x->at >= 0) on_explorer(x, WD_EXPLORER_SAMPLE, page);
}

static void on_unmap(WdLatentPage *page) {
  wd_explorer_want_lattice(page->explorer, FALSE);
  wd_explorer_cancel_map(page->explorer);
  wd_explorer_drop_batches(page->explorer);
}

static void on_state(WdSession *session, WdLatentPage *page) {
  if (wd_session_get_model(session) && gtk_widget_get_mapped(page->self)) on_map(page);
}

/* ---- layout */

static void add_tool(WdLatentPage *page, const char *name, const char *title, const char *tooltip,
                     GtkWidget *child) {
  gtk_stack_add_named(GTK_STACK(page->stack), child, name);
  GtkWidget *first = gtk_widget_get_first_child(page->tools);
  GtkWidget *button = gtk_toggle_button_new_with_label(title);
  g_autofree char *id = g_strconcat("tool-", name, NULL);
  gtk_widget_set_name(button, id);
  gtk_widget_set_tooltip_text(button, tooltip);
  gtk_actionable_set_action_name(GTK_ACTIONABLE(button), "win.latent-tool");
  gtk_actionable_set_action_target(GTK_ACTIONABLE(button), "s", name);
  if (first) gtk_toggle_button_set_group(GTK_TOGGLE_BUTTON(button), GTK_TOGGLE_BUTTON(first));
  gtk_box_append(GTK_BOX(page->tools), button);
}

/* The first free anchor of the plane, or the one that was set longest ago. */
static void use_as_anchor(WdPlace place, WdWhat what, gpointer user) {
  WdLatentPage *page = user;
  g_autoptr(GError) error = NULL;
  int i = 0;
  while (i < WD_ANCHORS && page->explorer->anchor[i].kind != WD_ANCHOR_NONE) i++;
  if (i == WD_ANCHORS) i = (int)(page->anchors++ % WD_ANCHORS);
  if (!wd_explorer_set_place(page->explorer, i, place.branch, place.position, what, &error))
    wd_window_notify_error(page->window, _("It is no anchor"), error);
  else
    gtk_widget_activate_action(page->self, "win.latent-tool", "s", "plane");
}

/* The tools beside the plane: latent_tools.h. */
static void add_tools(WdLatentPage *page) {
  const struct {
    const char *name, *title, *tooltip;
    GtkWidget *widget;
  } tool[] = {
      {"codes", _("Codes"), _("The cells of the latent by code and channel, to look at and to edit"),
       wd_codes_view_new(page->session, page->view)},
      {"renoise", _("Re-noise"), _("Noise up to a level, and denoise from there"),
       wd_renoise_view_new(page->session, page->view)},
      {"neighbours", _("Neighbours"), _("The nearest latents of the recording and of a batch"),
       wd_neighbours_view_new(page->session, page->view)},
      {"encode", _("Encode"), _("An opened pair, map or gather, and what the encoder makes of it"),
       wd_encode_view_new(page->session, page->view)},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(tool); i++) {
    wd_latent_tool_set_anchor(tool[i].widget, use_as_anchor, page);
    gtk_widget_set_margin_start(tool[i].widget, 10);
    gtk_widget_set_margin_end(tool[i].widget, 10);
    add_tool(page, tool[i].name, tool[i].title, tool[i].tooltip, tool[i].widget);
  }
}

static GtkWidget *controls_new(WdLatentPage *page) {
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8);
  gtk_widget_set_margin_start(box, 10);
  gtk_widget_set_margin_end(box, 12);
  gtk_widget_set_margin_top(box, 8);
  gtk_widget_set_margin_bottom(box, 10);
  static GtkWidget *(*const section[])(WdLatentPage *) = {
      wd_latent_plane_new, wd_latent_cursor_new, wd_latent_map_new, wd_latent_path_new, wd_latent_length_new};
  for (gsize i = 0; i < G_N_ELEMENTS(section); i++) {
    if (i) gtk_box_append(GTK_BOX(box), gtk_separator_new(GTK_ORIENTATION_HORIZONTAL));
    gtk_box_append(GTK_BOX(box), section[i](page));
  }
  GtkWidget *scroll = gtk_scrolled_window_new();
  gtk_widget_set_name(scroll, "latent-controls");
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroll), box);
  gtk_widget_set_size_request(scroll, 282, -1);
  gtk_widget_set_hexpand(scroll, FALSE);
  gtk_accessible_update_property(GTK_ACCESSIBLE(scroll), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Controls"), -1);
  return scroll;
}

static GtkWidget *plane_page(WdLatentPage *page) {
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  page->plane = wd_plane_view_new(page->session, page->view, page->explorer);
  gtk_widget_set_name(page->plane, "plane");
  GtkWidget *plot = wd_plot_view_new(page->session, page->view);
  gtk_widget_set_name(plot, "latent-plot");
  gtk_widget_set_size_request(plot, -1, 200);
  wd_plot_view_set_compact(plot);
  GtkWidget *middle = wd_paned_new(GTK_ORIENTATION_VERTICAL, wd_card_new(page->plane, "plane-card"),
                                   wd_card_new(plot, "latent-plot-card"), NULL);
  gtk_paned_set_resize_end_child(GTK_PANED(middle), FALSE);
  gtk_widget_set_hexpand(middle, TRUE);
  GtkWidget *controls = wd_card_new(controls_new(page), "latent-controls-card");
  gtk_widget_set_hexpand(controls, FALSE);
  gtk_box_append(GTK_BOX(box), controls);
  gtk_box_append(GTK_BOX(box), middle);
  return box;
}

static GtkWidget *pair_new(WdLatentPage *page) {
  GtkWidget *velocity = wd_window_new_panel(page->window, 0, WD_PANEL_VELOCITY, "latent-velocity"),
            *gather = wd_window_new_panel(page->window, 0, WD_PANEL_GATHER, "latent-gather");
  GtkWidget *below = wd_card_new(gather, "latent-gather-card");
  GtkWidget *strip = wd_shot_strip_new(page->session, page->view, 0);
  gtk_widget_set_name(strip, "latent-shots");
  GtkWidget *slide = gtk_scrolled_window_new(); /* narrower than its pictures, where there is no room */
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(slide), GTK_POLICY_EXTERNAL, GTK_POLICY_NEVER);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(slide), strip);
  gtk_box_append(GTK_BOX(below), slide);
  return wd_paned_new(GTK_ORIENTATION_VERTICAL, wd_card_new(velocity, "latent-velocity-card"), below, NULL);
}

static void page_free(gpointer data) {
  WdLatentPage *page = data;
  g_object_unref(page->explorer);
  g_free(page);
}

static void on_destroy(WdLatentPage *page) {
  g_object_set_data(G_OBJECT(page->window), "wd-latent-page", NULL);
  g_signal_handlers_disconnect_by_data(page->view, page);
  g_signal_handlers_disconnect_by_data(page->session, page);
  g_signal_handlers_disconnect_by_data(page->explorer, page);
  wd_latent_actions_remove(page);
}

gboolean wd_latent_page_is_drawn(WdWindow *window) {
  const WdLatentPage *page = g_object_get_data(G_OBJECT(window), "wd-latent-page");
  if (!page || !gtk_widget_get_mapped(page->self) || !wd_session_get_model(page->session)) return TRUE;
  const WdExplorer *x = page->explorer;
  return x->ready && !x->in_flight && x->tiles && x->tiles->maps == x->tiles->side * x->tiles->side &&
         !x->mapping && x->band_count > 0;
}

WdLatentPage *wd_latent_page_get(GtkWidget *widget) {
  return g_object_get_data(G_OBJECT(widget), "wd-latent-page");
}

gboolean wd_latent_page_open_file(WdWindow *w, const char *path) {
  const WdModelInfo *m = wd_session_get_model(w->session);
  wd_npy *npy = NULL;
  if (!m || !g_str_has_suffix(path, ".npy") || wd_npy_open(path, &npy, NULL)) return FALSE;
  const int dims = wd_npy_dims(npy);
  const size_t *s = wd_npy_shape(npy);
  const gboolean latents = dims >= 3 && dims <= 5 && s[dims - 3] == (size_t)m->latent.channels &&
                           s[dims - 2] == (size_t)m->latent.height && s[dims - 1] == (size_t)m->latent.width;
  const size_t n = !latents ? 0 : dims == 3 ? 1 : s[0];
  wd_npy_close(npy);
  if (!n) return FALSE;
  w->view->mode = WD_MODE_LATENT;
  wd_view_changed(w->view, WD_VIEW_LAYOUT);
  wd_modes_arrange(w);
  WdLatentPage *page = g_object_get_data(G_OBJECT(w), "wd-latent-page");
  WdExplorer *x = page->explorer;
  const int count = (int)MIN(n, (size_t)WD_ANCHORS);
  g_autoptr(GError) error = NULL;
  wd_explorer_set_domain(x, WD_DOMAIN_DATA);
  wd_explorer_set_shape(x, WD_SHAPE_ANCHORS);
  for (int i = 0; i < count; i++)
    if (!wd_explorer_set_file(x, i, path, i, &error)) {
      wd_window_notify_error(w, _("The latents could not be taken as anchors"), error);
      return TRUE;
    }
  g_autofree char *base = g_path_get_basename(path);
  g_autofree char *what =
      count == 1 ? g_strdup_printf(_("The latent of %s is anchor A."), base)
                 : g_strdup_printf(count == 2 ? _("The first two latents of %s are anchors A and B.")
                                              : _("The first three latents of %s are anchors A, B and C."),
                                   base);
  g_autofree char *kept =
      n > (size_t)count ? g_strdup_printf(_("It holds %zu; Anchors, in the controls, chooses others."), n)
                        : NULL;
  wd_window_notify(w, &(WdNotice){.code = WD_OK, .what = what, .kept = kept});
  return TRUE;
}

GtkWidget *wd_latent_page_new(WdWindow *window) {
  WdLatentPage *page = g_new0(WdLatentPage, 1);
  page->window = window;
  page->session = wd_window_get_session(window);
  page->view = wd_window_get_view(window);
  page->explorer = wd_explorer_new(page->session);
  page->self = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
  gtk_widget_add_css_class(page->self, "latent-page");
  g_object_set_data_full(G_OBJECT(page->self), "wd-latent-page", page, page_free);
  g_object_set_data(G_OBJECT(window), "wd-latent-page", page);
  wd_explorer_set_recipe(page->explorer, &page->view->next);

  page->tools = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_widget_set_name(page->tools, "latent-tools");
  gtk_widget_add_css_class(page->tools, "linked");
  gtk_accessible_update_property(GTK_ACCESSIBLE(page->tools), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Tool"), -1);
  page->stack = gtk_stack_new();
  gtk_stack_set_vhomogeneous(GTK_STACK(page->stack), FALSE); /* a tall tool makes the plane no taller */
  gtk_stack_set_hhomogeneous(GTK_STACK(page->stack), FALSE);
  gtk_widget_set_vexpand(page->stack, TRUE);
  gtk_widget_set_hexpand(page->stack, TRUE);
  add_tool(page, "plane", _("Plane"), _("A plane of latents with a cursor, and what each place decodes to"),
           plane_page(page));
  add_tools(page);
  gtk_widget_set_visible(page->tools,
                         gtk_widget_get_first_child(page->tools) != gtk_widget_get_last_child(page->tools));
  GtkWidget *left = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
  gtk_box_append(GTK_BOX(left), page->tools);
  gtk_box_append(GTK_BOX(left), page->stack);
  GtkWidget *all = wd_paned_new(GTK_ORIENTATION_HORIZONTAL, left, pair_new(page), NULL);
  gtk_widget_set_name(all, "latent-split");
  gtk_paned_set_resize_start_child(GTK_PANED(all), TRUE);
  gtk_widget_set_vexpand(all, TRUE);
  gtk_box_append(GTK_BOX(page->self), all);

  wd_latent_actions_install(page);
  wd_player_attach(page->self, page->session, page->view);
  g_signal_connect(page->explorer, "changed", G_CALLBACK(on_explorer), page);
  g_signal_connect(page->explorer, "failed", G_CALLBACK(on_failed), page);
  g_signal_connect(page->view, "changed", G_CALLBACK(on_view), page);
  g_signal_connect(page->session, "state", G_CALLBACK(on_state), page);
  g_signal_connect_swapped(page->self, "map", G_CALLBACK(on_map), page);
  g_signal_connect_swapped(page->self, "unmap", G_CALLBACK(on_unmap), page);
  g_signal_connect_swapped(page->self, "destroy", G_CALLBACK(on_destroy), page);
  return page->self;
}
