#include "app/import_dialog.h"

#include "app/crop_view.h"
#include "app/dialog.h"
#include "app/i18n.h"

#include <string.h>

typedef struct Dialog {
  GtkWindow *window;
  WdWindow *parent;
  WdSession *session;
  WdImport *im;
  wd_map velocity; /* of the pair that is chosen; zeroed where there is none */
  wd_gather gathers;
  GtkWidget *give, *index, *map, *gather, *fit_box, *crop, *resample, *fit_words, *flip, *give_map,
      *give_gathers, *checks, *encode, *note;
} Dialog;

static const wd_shard_desc *geometry(const Dialog *d) {
  static const wd_shard_desc openfwi = {.nz = 70,
                                        .nx = 70,
                                        .spacing = 10,
                                        .shots = 5,
                                        .samples = 1000,
                                        .receivers = 70,
                                        .instants = 144,
                                        .dt = 0.001,
                                        .frequency = 15};
  const WdModelInfo *model = wd_session_get_model(d->session);
  return model ? &model->geometry : &openfwi;
}

static gboolean on(GtkWidget *check) {
  return gtk_widget_get_visible(check) && gtk_check_button_get_active(GTK_CHECK_BUTTON(check));
}

static gboolean misfit(const Dialog *d) {
  return d->velocity.value && (d->velocity.nz != geometry(d)->nz || d->velocity.nx != geometry(d)->nx);
}

static gboolean can_crop(const Dialog *d) {
  return d->velocity.nz >= geometry(d)->nz && d->velocity.nx >= geometry(d)->nx;
}

static WdFit fit_of(const Dialog *d) {
  WdFit fit = {WD_FIT_NONE, 0, 0};
  if (!misfit(d)) return fit;
  if (on(d->crop)) {
    fit.kind = WD_FIT_CROP;
    wd_crop_view_get(WD_CROP_VIEW(d->map), &fit.z, &fit.x);
  } else if (on(d->resample)) {
    fit.kind = WD_FIT_RESAMPLE;
  }
  return fit;
}

/* ---- what is shown */

static void add_check(Dialog *d, int row, const WdCheck *c) {
  static const char *const icon[] = {"object-select-symbolic", "dialog-information-symbolic",
                                     "dialog-warning-symbolic", "dialog-error-symbolic"};
  static const char *const style[] = {"check-good", "check-note", "check-warn", "check-stop"};
  const char *const said[] = {_("good"), _("note"), _("warning"), _("problem")};
  GtkWidget *image = gtk_image_new_from_icon_name(icon[c->level]), *what = gtk_label_new(c->what), *text;
  gtk_widget_add_css_class(image, style[c->level]);
  gtk_widget_set_tooltip_text(image, said[c->level]);
  gtk_widget_set_valign(image, GTK_ALIGN_START);
  gtk_widget_set_margin_top(image, 1);
  gtk_label_set_xalign(GTK_LABEL(what), 0);
  gtk_widget_set_valign(what, GTK_ALIGN_START);
  gtk_widget_add_css_class(what, "check-what");
  text = gtk_label_new(c->text);
  gtk_label_set_xalign(GTK_LABEL(text), 0);
  gtk_label_set_wrap(GTK_LABEL(text), TRUE);
  gtk_label_set_natural_wrap_mode(GTK_LABEL(text), GTK_NATURAL_WRAP_NONE);
  gtk_label_set_max_width_chars(GTK_LABEL(text), 46);
  gtk_widget_set_hexpand(text, TRUE);
  gtk_grid_attach(GTK_GRID(d->checks), image, 0, row, 1, 1);
  gtk_grid_attach(GTK_GRID(d->checks), what, 1, row, 1, 1);
  gtk_grid_attach(GTK_GRID(d->checks), text, 2, row, 1, 1);
}

/* Why Encode cannot be pressed; NULL: it can. */
static const char *hindrance(const Dialog *d, const WdPreflight *p) {
  WdSessionState state = wd_session_get_state(d->session);
  if (state == WD_SESSION_LOADING) return _("The model is still loading.");
  if (!wd_session_get_model(d->session)) return _("No model is loaded: open one first.");
  if (state == WD_SESSION_RUNNING) return _("A run is going on: it must end, or be stopped, first.");
  gboolean map = d->velocity.value && p->map_usable, gathers = d->gathers.value && p->gathers_usable;
  if (d->velocity.value && p->needs_fit) return _("Choose how the map is made to fit.");
  if (!map && !gathers) return _("Nothing in this file can be given to the encoder.");
  if (!(map && on(d->give_map)) && !(on(d->give_gathers) && (gathers || map)))
    return _("Choose what the encoder is given.");
  return NULL;
}

static void refresh(Dialog *d) {
  WdFit fit = fit_of(d);
  const wd_shard_desc *g = geometry(d);
  gboolean crop = misfit(d) && fit.kind == WD_FIT_CROP;
  gtk_widget_set_visible(d->fit_box, misfit(d));
  gtk_widget_set_sensitive(d->crop, can_crop(d));
  wd_crop_view_set_window(WD_CROP_VIEW(d->map), crop ? g->nz : 0, crop ? g->nx : 0);
  fit = fit_of(d);
  if (misfit(d)) {
    g_autofree char *words = fit.kind == WD_FIT_NONE
                                 ? g_strdup("")
                                 : wd_fit_words(d->velocity.nz, d->velocity.nx, d->velocity.spacing, &fit,
                                                g->nz, g->nx, g->spacing);
    gtk_label_set_text(GTK_LABEL(d->fit_words), words);
  }
  g_autoptr(WdPreflight) p = wd_preflight(d->im, &d->velocity, &d->gathers, &fit, g);
  for (GtkWidget *c; (c = gtk_widget_get_first_child(d->checks));) gtk_grid_remove(GTK_GRID(d->checks), c);
  for (guint i = 0; i < p->check->len; i++) add_check(d, (int)i, &g_array_index(p->check, WdCheck, i));
  gboolean both = d->velocity.value && p->map_usable;
  gtk_check_button_set_label(GTK_CHECK_BUTTON(d->give_gathers), d->gathers.value && p->gathers_usable
                                                                    ? _("Gathers")
                                                                    : _("Gathers, simulated from the map"));
  gtk_widget_set_visible(d->give_map, both);
  gtk_widget_set_visible(d->give_gathers, both || p->gathers_usable);
  gtk_widget_set_visible(d->give, both || p->gathers_usable);
  const char *why = hindrance(d, p);
  gtk_label_set_text(GTK_LABEL(d->note), why ? why : "");
  gtk_widget_set_sensitive(d->encode, !why);
}

/* ---- reading */

static void flip(wd_gather *g) {
  for (gsize i = 0; i < wd_gather_count(g); i++) g->value[i] = -g->value[i];
}

static void read_pair(Dialog *d) {
  g_autoptr(GError) error = NULL;
  wd_map_clear(&d->velocity);
  wd_gather_clear(&d->gathers);
  gsize index = (gsize)gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(d->index));
  if (!wd_import_read(d->im, index, &d->velocity, &d->gathers, &error))
    wd_window_notify_error(d->parent, _("The pair could not be read"), error);
  if (d->gathers.value && on(d->flip)) flip(&d->gathers);
  wd_crop_view_set_map(WD_CROP_VIEW(d->map), &d->velocity);
  wd_crop_view_set_gathers(WD_CROP_VIEW(d->gather), &d->gathers);
  gtk_widget_set_visible(d->map, d->velocity.value != NULL);
  gtk_widget_set_visible(d->gather, d->gathers.value != NULL);
  if (misfit(d) && !can_crop(d) && on(d->crop)) gtk_check_button_set_active(GTK_CHECK_BUTTON(d->crop), FALSE);
  refresh(d);
}

static void on_flip(Dialog *d) {
  if (!d->gathers.value) return;
  flip(&d->gathers);
  wd_crop_view_set_gathers(WD_CROP_VIEW(d->gather), &d->gathers);
  refresh(d);
}

/* ---- encoding */

static char *title_of(const Dialog *d, const WdFit *fit) {
  g_autofree char *title =
      wd_import_title(d->im, (gsize)gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(d->index)));
  return g_strconcat(title,
                     fit->kind == WD_FIT_CROP       ? _(", cropped")
                     : fit->kind == WD_FIT_RESAMPLE ? _(", resampled")
                                                    : "",
                     on(d->flip) && d->gathers.value ? _(", flipped") : "", NULL);
}

static void on_encode(GtkButton *button, gpointer user) {
  (void)button;
  Dialog *d = user;
  const wd_shard_desc *g = geometry(d);
  WdFit fit = fit_of(d);
  g_autoptr(WdPreflight) p = wd_preflight(d->im, &d->velocity, &d->gathers, &fit, g);
  if (hindrance(d, p)) return;
  wd_error err = {0};
  wd_map map = {0};
  wd_gather gathers = {0};
  g_autoptr(GError) error = NULL;
  if (d->velocity.value && p->map_usable &&
      wd_fit_map(&d->velocity, &fit, g->nz, g->nx, g->spacing, &map, &err)) {
    g_set_error_literal(&error, G_IO_ERROR, G_IO_ERROR_FAILED, err.message);
    wd_window_notify_error(d->parent, _("The map could not be made to fit"), error);
    return;
  }
  if (p->gathers_usable) {
    gathers = d->gathers;
    gathers.dt = g->dt;
    d->gathers = (wd_gather){0};
  }
  g_autofree char *title = title_of(d, &fit);
  g_autoptr(WdPair) pair = wd_pair_new(&map, &gathers, 0);
  WdView *view = wd_window_get_view(d->parent);
  guint id = wd_session_encode(d->session, pair, on(d->give_map), on(d->give_gathers), title, &error);
  if (id)
    wd_view_go(view, wd_session_get_recording(d->session), 0, id, 0);
  else
    wd_window_notify_error(d->parent, _("The pair could not be encoded"), error);
  gtk_window_close(d->window);
}

/* ---- the window */

static void dialog_free(gpointer data) {
  Dialog *d = data;
  g_signal_handlers_disconnect_by_data(d->session, d);
  g_object_unref(d->session);
  wd_import_free(d->im);
  wd_map_clear(&d->velocity);
  wd_gather_clear(&d->gathers);
  g_free(d);
}

static GtkWidget *check(Dialog *d, const char *name, const char *text, GtkWidget *group) {
  GtkWidget *w = gtk_check_button_new_with_label(text);
  gtk_widget_set_name(w, name);
  if (group) gtk_check_button_set_group(GTK_CHECK_BUTTON(w), GTK_CHECK_BUTTON(group));
  g_signal_connect_swapped(w, "toggled", G_CALLBACK(refresh), d);
  return w;
}

static GtkWidget *heading(const char *text) {
  GtkWidget *label = gtk_label_new(text);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_widget_add_css_class(label, "heading");
  gtk_widget_set_margin_top(label, 6);
  return label;
}

static void build_choice(Dialog *d, GtkBox *side) {
  GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 10);
  g_autofree char *of = g_strdup_printf(_("of %zu"), (size_t)d->im->count);
  d->index = gtk_spin_button_new_with_range(0, (double)MIN(d->im->count, (gsize)G_MAXINT) - 1, 1);
  gtk_widget_set_name(d->index, "import-index");
  gtk_accessible_update_property(GTK_ACCESSIBLE(d->index), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 _("Number of the pair, from 0"), -1);
  gtk_box_append(GTK_BOX(row), gtk_label_new(d->im->has_maps && d->im->has_gathers ? _("Pair")
                                             : d->im->has_maps                     ? _("Map")
                                                                                   : _("Gather")));
  gtk_box_append(GTK_BOX(row), d->index);
  gtk_box_append(GTK_BOX(row), gtk_label_new(of));
  gtk_widget_set_visible(row, d->im->count > 1);
  g_signal_connect_swapped(d->index, "value-changed", G_CALLBACK(read_pair), d);
  gtk_box_append(side, row);
}

static void build_fit(Dialog *d, GtkBox *side) {
  d->fit_box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
  gtk_box_append(GTK_BOX(d->fit_box), heading(_("Make it fit")));
  d->crop = check(d, "import-crop", _("Crop: choose the window on the picture"), NULL);
  d->resample = check(d, "import-resample", _("Resample the whole map"), d->crop);
  d->fit_words = wd_dialog_note("");
  gtk_box_append(GTK_BOX(d->fit_box), d->crop);
  gtk_box_append(GTK_BOX(d->fit_box), d->resample);
  gtk_box_append(GTK_BOX(d->fit_box), d->fit_words);
  gtk_box_append(side, d->fit_box);
}

static GtkWidget *build_side(Dialog *d) {
  GtkWidget *side = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8);
  build_choice(d, GTK_BOX(side));
  build_fit(d, GTK_BOX(side));
  gtk_box_append(GTK_BOX(side), heading(_("Checks")));
  d->checks = gtk_grid_new();
  gtk_grid_set_row_spacing(GTK_GRID(d->checks), 6);
  gtk_grid_set_column_spacing(GTK_GRID(d->checks), 8);
  gtk_box_append(GTK_BOX(side), d->checks);
  d->flip = gtk_check_button_new_with_label(_("Flip the polarity of the gathers"));
  gtk_widget_set_name(d->flip, "import-flip");
  gtk_widget_set_visible(d->flip, d->im->has_gathers);
  g_signal_connect_swapped(d->flip, "toggled", G_CALLBACK(on_flip), d);
  gtk_box_append(GTK_BOX(side), d->flip);
  d->give = heading(_("Give to the encoder"));
  gtk_box_append(GTK_BOX(side), d->give);
  d->give_map = check(d, "import-give-map", _("Velocity map"), NULL);
  d->give_gathers = check(d, "import-give-gathers", _("Gathers"), NULL);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(d->give_map), TRUE);
  gtk_check_button_set_active(GTK_CHECK_BUTTON(d->give_gathers), TRUE);
  gtk_box_append(GTK_BOX(side), d->give_map);
  gtk_box_append(GTK_BOX(side), d->give_gathers);
  return side;
}

GtkWindow *wd_import_dialog(WdWindow *parent, WdImport *im) {
  GtkWindow *old = g_object_get_data(G_OBJECT(parent), "import");
  if (old) gtk_window_destroy(old);
  Dialog *d = g_new0(Dialog, 1);
  g_autofree char *title = g_strdup_printf(_("Open %s"), im->name);
  d->parent = parent;
  d->im = im;
  d->session = g_object_ref(wd_window_get_session(parent));
  d->window = wd_dialog_new(parent, "import", title, 960, 640);
  g_object_set_data_full(G_OBJECT(d->window), "wd-import", d, dialog_free);
  d->map = wd_crop_view_new();
  d->gather = wd_crop_view_new();
  gtk_widget_set_name(d->map, "import-map");
  gtk_widget_set_name(d->gather, "import-gather");
  g_signal_connect_swapped(d->map, "moved", G_CALLBACK(refresh), d);
  GtkWidget *pictures = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
  for (int i = 0; i < 2; i++) {
    GtkWidget *one = i ? d->gather : d->map;
    gtk_widget_set_hexpand(one, TRUE);
    gtk_widget_set_vexpand(one, TRUE);
    gtk_box_append(GTK_BOX(pictures), one);
  }
  d->encode = gtk_button_new_with_mnemonic(_("_Encode"));
  gtk_widget_set_name(d->encode, "import-encode");
  g_signal_connect(d->encode, "clicked", G_CALLBACK(on_encode), d);
  d->note = wd_dialog_note("");
  GtkWidget *scroll = gtk_scrolled_window_new(), *side = gtk_box_new(GTK_ORIENTATION_VERTICAL, 10);
  GtkWidget *options = build_side(d);
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroll), options);
  gtk_widget_set_vexpand(scroll, TRUE);
  gtk_box_append(GTK_BOX(side), scroll);
  gtk_box_append(GTK_BOX(side), d->note);
  gtk_box_append(GTK_BOX(side), wd_dialog_buttons(d->window, NULL, d->encode));
  gtk_widget_add_css_class(side, "dialog-side");
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_box_append(GTK_BOX(box), pictures);
  gtk_box_append(GTK_BOX(box), side);
  gtk_window_set_child(d->window, box);
  gtk_window_set_default_widget(d->window, d->encode);
  g_signal_connect_swapped(d->session, "state", G_CALLBACK(refresh), d);
  read_pair(d);
  gtk_window_present(d->window);
  return d->window;
}
