/* Controls of Latent mode: what plane it is, and where on it the cursor stands. */
#include "app/i18n.h"
#include "app/latent_page.h"

#include "app/bookmark.h"
#include "app/random_seed.h"
#include "app/sidebar.h"

#include <math.h>

typedef struct section {
  WdLatentPage *page;
  GtkWidget *self, *shape, *domain, *safe, *words;
  GtkWidget *row[WD_ANCHORS], *entry[WD_ANCHORS];
  GtkWidget *directions, *seed, *batch, *source, *count, *progress;
  gboolean updating;
} section;

static void anchor_text(const WdAnchor *a, char *out, gsize size) {
  if (a->kind == WD_ANCHOR_SEED)
    g_snprintf(out, size, "%" G_GUINT64_FORMAT, a->seed);
  else
    wd_print(out, size, "%s", a->name ? a->name : "");
}

static void update(section *s) {
  const WdExplorer *x = s->page->explorer;
  s->updating = TRUE;
  gtk_drop_down_set_selected(GTK_DROP_DOWN(s->shape), x->shape);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(s->domain), x->domain == WD_DOMAIN_NOISE);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(s->safe), x->norm_safe);
  for (int i = 0; i < WD_ANCHORS; i++) {
    char text[200];
    anchor_text(&x->anchor[i], text, sizeof text);
    GtkEditable *entry = GTK_EDITABLE(s->entry[i]);
    GtkWidget *focus = gtk_widget_get_root(s->self) ? gtk_root_get_focus(gtk_widget_get_root(s->self)) : NULL;
    gboolean typing = focus && gtk_widget_is_ancestor(focus, s->entry[i]);
    if (!typing && g_strcmp0(gtk_editable_get_text(entry), text)) gtk_editable_set_text(entry, text);
    gtk_widget_remove_css_class(s->entry[i], "error");
    gtk_widget_set_visible(s->row[i], i == 0 || x->shape == WD_SHAPE_ANCHORS);
    gtk_widget_set_tooltip_text(s->entry[i], x->anchor[i].name ? x->anchor[i].name
                                                               : _("A seed, or choose with the button"));
  }
  gtk_widget_set_visible(s->directions, x->shape == WD_SHAPE_RANDOM);
  gtk_widget_set_visible(s->batch, x->shape == WD_SHAPE_PRINCIPAL);
  if ((guint64)gtk_spin_button_get_value(GTK_SPIN_BUTTON(s->seed)) != x->direction_seed)
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(s->seed), (double)x->direction_seed);
  gtk_drop_down_set_selected(GTK_DROP_DOWN(s->source), x->source);
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(s->count), x->batch_count);
  if (x->shape == WD_SHAPE_PRINCIPAL) {
    const WdLatentBatch *b = &x->batch[x->source];
    g_autofree char *text =
        x->ready ? g_strdup_printf(
                       ngettext("%d latent; the two directions hold %.0f and %.0f %% of their variance",
                                "%d latents; the two directions hold %.0f and %.0f %% of their variance",
                                (gulong)b->count),
                       b->count, 100 * x->share[0], 100 * x->share[1])
                 : g_strdup_printf(_("%d of %d latents"), b->done, b->count);
    gtk_label_set_text(GTK_LABEL(s->progress), text);
  }
  g_autofree char *words = wd_explorer_words(s->page->explorer);
  gtk_label_set_text(GTK_LABEL(s->words), words);
  s->updating = FALSE;
}

/* ---- anchors */

static int number_of(section *s, GtkWidget *widget) {
  for (int i = 0; i < WD_ANCHORS; i++)
    if (gtk_widget_is_ancestor(widget, s->row[i])) return i;
  return 0;
}

static void on_entry(GtkWidget *entry, section *s) {
  guint64 seed;
  const int i = number_of(s, entry);
  const char *text = gtk_editable_get_text(GTK_EDITABLE(entry));
  if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &seed, NULL)) {
    const WdAnchor *a = &s->page->explorer->anchor[i];
    if (g_strcmp0(text, a->name)) gtk_widget_add_css_class(entry, "error");
    return;
  }
  gtk_widget_remove_css_class(entry, "error");
  wd_explorer_set_seed(s->page->explorer, i, seed);
  gtk_widget_grab_focus(s->page->plane);
}

static void on_dice(GtkWidget *button, section *s) {
  wd_explorer_set_seed(s->page->explorer, number_of(s, button), wd_random_seed());
}

static void say(section *s, const GError *error) {
  WdNotice notice = {.code = WD_ERR_ARGUMENT, .what = error->message};
  wd_window_notify(s->page->window, &notice);
}

static void set_place(section *s, int i, guint branch, int k) {
  g_autoptr(GError) error = NULL;
  if (!wd_explorer_set_place(s->page->explorer, i, branch, k, WD_WHAT_ESTIMATE, &error)) say(s, error);
}

static void on_shown(GtkWidget *button, section *s) {
  const WdPlace at = s->page->view->place[0];
  gtk_popover_popdown(GTK_POPOVER(gtk_widget_get_ancestor(button, GTK_TYPE_POPOVER)));
  set_place(s, GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "anchor")), at.branch, at.position);
}

static void on_branch(GtkWidget *button, section *s) {
  const guint id = GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(button), "branch"));
  const WdBranch *b = wd_recording_find(wd_session_get_recording(s->page->session), id);
  gtk_popover_popdown(GTK_POPOVER(gtk_widget_get_ancestor(button, GTK_TYPE_POPOVER)));
  if (b) set_place(s, GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "anchor")), id, wd_branch_last(b));
}

static GtkWidget *choice(GtkWidget *box, const char *text, int anchor, guint branch, GCallback act,
                         section *s) {
  GtkWidget *button = gtk_button_new_with_label(text);
  gtk_button_set_has_frame(GTK_BUTTON(button), FALSE);
  gtk_widget_set_halign(gtk_button_get_child(GTK_BUTTON(button)), GTK_ALIGN_START);
  g_object_set_data(G_OBJECT(button), "anchor", GINT_TO_POINTER(anchor));
  g_object_set_data(G_OBJECT(button), "branch", GUINT_TO_POINTER(branch));
  g_signal_connect(button, "clicked", act, s);
  gtk_box_append(GTK_BOX(box), button);
  return button;
}

static void on_bookmark(GtkWidget *button, section *s) {
  const int k = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "position"));
  const guint id = GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(button), "branch"));
  gtk_popover_popdown(GTK_POPOVER(gtk_widget_get_ancestor(button, GTK_TYPE_POPOVER)));
  set_place(s, GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "anchor")), id, k);
}

/* The entry under what is shown: its name becomes a bookmark, an empty one takes it away. */
static void on_name(GtkWidget *entry, section *s) {
  WdRecording *r = wd_session_get_recording(s->page->session);
  const WdPlace at = s->page->view->place[0];
  const WdBranch *b = wd_place_owner(r, at);
  if (!b || !wd_bookmark_set(r, b->id, at.position, gtk_editable_get_text(GTK_EDITABLE(entry)))) {
    gtk_widget_add_css_class(entry, "error");
    return;
  }
  gtk_popover_popdown(GTK_POPOVER(gtk_widget_get_ancestor(entry, GTK_TYPE_POPOVER)));
}

static void heading(GtkWidget *box, const char *text) {
  GtkWidget *label = gtk_label_new(text);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_widget_add_css_class(label, "dim-label");
  gtk_widget_set_margin_top(label, 6);
  gtk_widget_set_margin_start(label, 8);
  gtk_box_append(GTK_BOX(box), label);
}

static void add_bookmarks(section *s, GtkWidget *box, int anchor) {
  WdRecording *r = wd_session_get_recording(s->page->session);
  const WdPlace at = s->page->view->place[0];
  const WdBranch *b = wd_place_owner(r, at);
  if (b) {
    g_autofree char *name = wd_bookmark_get(wd_recording_position(r, b->id, at.position));
    GtkWidget *entry = gtk_entry_new();
    gtk_widget_set_name(entry, "bookmark-name");
    gtk_entry_set_placeholder_text(GTK_ENTRY(entry), _("a bookmark's name for it"));
    gtk_entry_set_max_length(GTK_ENTRY(entry), WD_BOOKMARK_MAX / 4); /* characters of up to four bytes */
    if (name) gtk_editable_set_text(GTK_EDITABLE(entry), name);
    gtk_widget_set_tooltip_text(entry,
                                _("Return keeps the name; an empty one takes the bookmark away (Ctrl+D)"));
    gtk_accessible_update_property(GTK_ACCESSIBLE(entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Bookmark's name for what is shown"), -1);
    gtk_widget_set_margin_start(entry, 8);
    gtk_widget_set_margin_end(entry, 8);
    g_signal_connect(entry, "activate", G_CALLBACK(on_name), s);
    gtk_box_append(GTK_BOX(box), entry);
  }
  g_autoptr(GArray) all = wd_bookmark_list(r);
  if (all->len) heading(box, _("Bookmarks"));
  for (guint k = 0; k < all->len; k++) {
    const WdBookmark *m = &g_array_index(all, WdBookmark, k);
    GtkWidget *button = choice(box, m->name, anchor, m->branch, G_CALLBACK(on_bookmark), s);
    gtk_widget_set_name(button, "bookmark");
    g_object_set_data(G_OBJECT(button), "position", GINT_TO_POINTER(m->position));
  }
}

/* What is shown, bookmarks, and the last latent of everything recorded: runs, encoded pairs, walks. */
static void fill_menu(GtkMenuButton *button, gpointer user) {
  section *s = user;
  const int i = number_of(s, GTK_WIDGET(button));
  GtkWidget *popover = gtk_popover_new(), *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
  WdRecording *r = wd_session_get_recording(s->page->session);
  const WdPlace at = s->page->view->place[0];
  const WdBranch *now = wd_recording_find(r, at.branch);
  g_autofree char *shown = now ? g_strdup_printf(_("What is shown: %s at %d"), now->name, at.position)
                               : g_strdup(_("What is shown: nothing yet"));
  gtk_widget_set_sensitive(choice(box, shown, i, 0, G_CALLBACK(on_shown), s), now != NULL);
  add_bookmarks(s, box, i);
  if (wd_recording_count(r)) heading(box, _("Last latent of"));
  for (guint k = 0; k < wd_recording_count(r) && k < 40; k++) {
    const WdBranch *b = wd_recording_nth(r, k);
    if (wd_branch_last(b) >= 0) choice(box, b->name, i, b->id, G_CALLBACK(on_branch), s);
  }
  GtkWidget *scroll = gtk_scrolled_window_new();
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(scroll), TRUE);
  gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(scroll), 320);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroll), box);
  gtk_popover_set_child(GTK_POPOVER(popover), scroll);
  gtk_menu_button_set_popover(button, popover);
}

static void add_anchor(section *s, GtkWidget *box, int i) {
  static const char *const letters[] = {"A", "B", "C"}, *const names[] = {"anchor-a", "anchor-b", "anchor-c"};
  s->row[i] = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 4);
  GtkWidget *letter = gtk_label_new(letters[i]);
  gtk_widget_add_css_class(letter, "heading");
  gtk_widget_set_size_request(letter, 18, -1);
  gtk_box_append(GTK_BOX(s->row[i]), letter);
  s->entry[i] = gtk_entry_new();
  gtk_widget_set_name(s->entry[i], names[i]);
  gtk_editable_set_width_chars(GTK_EDITABLE(s->entry[i]), 8);
  gtk_widget_set_hexpand(s->entry[i], TRUE);
  g_autofree char *label = g_strdup_printf(_("Anchor %s: a seed"), letters[i]);
  gtk_accessible_update_property(GTK_ACCESSIBLE(s->entry[i]), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_widget_set_tooltip_text(s->entry[i], _("A seed. Seeds n and n + 1 are as unrelated as any two"));
  g_signal_connect(s->entry[i], "activate", G_CALLBACK(on_entry), s);
  gtk_box_append(GTK_BOX(s->row[i]), s->entry[i]);
  GtkWidget *dice = gtk_button_new_from_icon_name("wd-dice-symbolic");
  gtk_widget_set_tooltip_text(dice, _("Another seed"));
  g_signal_connect(dice, "clicked", G_CALLBACK(on_dice), s);
  gtk_box_append(GTK_BOX(s->row[i]), dice);
  GtkWidget *menu = gtk_menu_button_new();
  gtk_menu_button_set_icon_name(GTK_MENU_BUTTON(menu), "view-more-symbolic");
  g_autofree char *menu_name = g_strconcat(names[i], "-menu", NULL);
  gtk_widget_set_name(menu, menu_name);
  gtk_widget_set_tooltip_text(menu, _("What is shown, a bookmark, or something recorded, as this anchor"));
  gtk_accessible_update_property(GTK_ACCESSIBLE(menu), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 _("What this anchor is"), -1);
  gtk_menu_button_set_create_popup_func(GTK_MENU_BUTTON(menu), fill_menu, s, NULL);
  gtk_box_append(GTK_BOX(s->row[i]), menu);
  gtk_box_append(GTK_BOX(box), s->row[i]);
}

/* ---- changes */

static void on_shape(section *s) {
  if (!s->updating)
    wd_explorer_set_shape(s->page->explorer,
                          (WdPlaneShape)gtk_drop_down_get_selected(GTK_DROP_DOWN(s->shape)));
}
static void on_domain(section *s) {
  if (!s->updating)
    wd_explorer_set_domain(s->page->explorer, gtk_drop_down_get_selected(GTK_DROP_DOWN(s->domain))
                                                  ? WD_DOMAIN_NOISE
                                                  : WD_DOMAIN_DATA);
}
static void on_safe(section *s) {
  if (!s->updating)
    wd_explorer_set_norm_safe(s->page->explorer, gtk_check_button_get_active(GTK_CHECK_BUTTON(s->safe)));
}
static void on_seed(section *s) {
  if (!s->updating)
    wd_explorer_set_direction_seed(s->page->explorer,
                                   (guint64)gtk_spin_button_get_value(GTK_SPIN_BUTTON(s->seed)));
}
static void on_batch(section *s) {
  if (!s->updating)
    wd_explorer_set_batch(s->page->explorer,
                          (WdBatchSource)gtk_drop_down_get_selected(GTK_DROP_DOWN(s->source)),
                          (int)gtk_spin_button_get_value(GTK_SPIN_BUTTON(s->count)));
}

static void on_explorer(WdExplorer *x, guint parts, section *s) {
  (void)x;
  if (parts & (WD_EXPLORER_PLANE | WD_EXPLORER_BATCH)) update(s);
}

static void on_destroy(section *s) {
  g_signal_handlers_disconnect_by_data(s->page->explorer, s);
}

GtkWidget *wd_latent_plane_new(WdLatentPage *page) {
  const char *const shapes[] = {_("Three anchors"), _("Principal directions"), _("Random directions"), NULL};
  const char *const domains[] = {_("Data latents z\xe2\x82\x80"), _("Starting noise x_T"), NULL};
  const char *const sources[] = {_("Test pairs"), _("Sampled seeds"), _("Recorded data"), NULL};
  section *s = g_new0(section, 1);
  s->page = page;
  GtkWidget *box;
  s->self = wd_section_new(_("Plane"), TRUE, &box);
  g_object_set_data_full(G_OBJECT(s->self), "section", s, g_free);
  s->shape = wd_section_choice(shapes);
  gtk_widget_set_name(s->shape, "plane-shape");
  wd_section_row(box, _("Through"), s->shape, _("Three anchors; or about A, along two directions"));
  s->domain = wd_section_choice(domains);
  gtk_widget_set_name(s->domain, "plane-domain");
  wd_section_row(
      box, _("Mix"), s->domain,
      _("Data latents are mixed and decoded; noises are mixed and then denoised, as a run would be"));
  for (int i = 0; i < WD_ANCHORS; i++) add_anchor(s, box, i);
  s->seed = wd_section_spin(0, 9007199254740991.0, 1, 0);
  s->directions = wd_section_row(box, _("Seed"), s->seed, _("Of the random directions"));
  s->batch = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
  s->source = wd_section_choice(sources);
  wd_section_row(s->batch, _("Of"), s->source, _("The batch whose principal directions these are"));
  s->count = wd_section_spin(3, WD_PRINCIPAL_MAX, 16, 0);
  wd_section_row(s->batch, _("Latents"), s->count, _("How many of them, for test pairs and seeds"));
  s->progress = wd_section_words(s->batch, "");
  gtk_box_append(GTK_BOX(box), s->batch);
  s->safe =
      wd_section_check(box, _("Keep the length"),
                       _("Norm-safe mixing: noise stays on its shell, data between its anchors' lengths"));
  gtk_widget_set_name(s->safe, "plane-safe");
  s->words = wd_section_words(box, "");
  g_signal_connect_swapped(s->shape, "notify::selected", G_CALLBACK(on_shape), s);
  g_signal_connect_swapped(s->domain, "notify::selected", G_CALLBACK(on_domain), s);
  g_signal_connect_swapped(s->safe, "toggled", G_CALLBACK(on_safe), s);
  g_signal_connect_swapped(s->seed, "value-changed", G_CALLBACK(on_seed), s);
  g_signal_connect_swapped(s->source, "notify::selected", G_CALLBACK(on_batch), s);
  g_signal_connect_swapped(s->count, "value-changed", G_CALLBACK(on_batch), s);
  g_signal_connect(page->explorer, "changed", G_CALLBACK(on_explorer), s);
  g_signal_connect_swapped(s->self, "destroy", G_CALLBACK(on_destroy), s);
  update(s);
  return s->self;
}
