/* Neighbours: the latents nearest to the one on screen in the full latent space, among those of the recording
 * and of a batch that was opened; a list with pictures to go to, or to take for anchors. */
#include "app/i18n.h"
#include "app/latent_tools.h"
#include "app/neighbour_set.h"
#include "app/score.h"
#include "app/walk.h"
#include "app/watch.h"
#include "render/colormap.h"
#include "render/range.h"

#include <math.h>

enum { LISTED = 24, SIDE = 56 };

typedef struct neighbours {
  WdSession *session;
  WdView *view;
  GtkWidget *self, *of, *by, *all, *open, *forget, *batch_name, *list, *message, *time;
  WdWatch *watch;
  GPtrArray *batch;         /* WdCandidate; NULL: none was opened */
  char *batch_path, *model; /* identity that it was opened for */
  guint batch_walk;         /* the walk into which its latents go */
  GBytes *query;
  GPtrArray *set;    /* of the recording, as listed */
  GArray *found;     /* WdNeighbour, as listed */
  GHashTable *thumb; /* GBytes * (referenced) -> GdkTexture * */
  guint wanted;      /* chores asked for so far: their ids */
  GHashTable *asked; /* id -> GBytes * (referenced) */
  GtkFileChooserNative *chooser;
  GCancellable *cancel;
} neighbours;

static void say(neighbours *s, const char *text) {
  gtk_label_set_text(GTK_LABEL(s->message), text ? text : "");
  gtk_widget_set_visible(s->message, text != NULL);
}

/* ---- pictures */

static GdkTexture *texture_of(const wd_map *map) {
  const wd_range range = {WD_VELOCITY_LO, WD_VELOCITY_HI, ""};
  gsize stride = (gsize)map->nx * 4;
  guint32 *pixel = g_malloc((gsize)map->nz * stride);
  for (gsize i = 0; i < (gsize)map->nz * (gsize)map->nx; i++) {
    int level = wd_range_level(&range, (double)map->value[i]);
    pixel[i] = level < 0 ? 0xff808080 : wd_colormap_tables[WD_COLORMAP_STRATA][level];
  }
  g_autoptr(GBytes) bytes = g_bytes_new_take(pixel, (gsize)map->nz * stride);
  return gdk_memory_texture_new(map->nx, map->nz, GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, bytes, stride);
}

static GdkTexture *thumb_of(neighbours *s, const WdCandidate *c) {
  GdkTexture *t = g_hash_table_lookup(s->thumb, c->latent);
  WdFrame f;
  if (t) return t;
  if (!c->place.branch ||
      !wd_recording_get_frame(s->watch->recording, c->place.branch, c->place.position, WD_WHAT_ESTIMATE,
                              &f) ||
      !f.pair)
    return NULL;
  t = texture_of(&f.pair->velocity);
  g_hash_table_insert(s->thumb, g_bytes_ref(c->latent), t);
  return t;
}

/* Those that are listed and not known are decoded when there is time. */
static void ask_thumbs(neighbours *s) {
  g_autoptr(GArray) chores = g_array_new(FALSE, TRUE, sizeof(WdChore));
  wd_session_drop_chores(s->session, s);
  g_hash_table_remove_all(s->asked); /* what is still on its way is not known any more */
  for (guint i = 0; i < s->found->len && gtk_widget_get_mapped(s->self); i++) {
    const WdCandidate *c = g_array_index(s->found, WdNeighbour, i).of;
    if (g_hash_table_contains(s->thumb, c->latent)) continue;
    g_hash_table_insert(s->asked, GUINT_TO_POINTER(++s->wanted), g_bytes_ref(c->latent));
    WdChore chore = {
        .owner = s, .id = s->wanted, .kind = WD_CHORE_LATENT, .latent = c->latent, .velocity = TRUE};
    g_array_append_val(chores, chore);
  }
  if (chores->len)
    wd_session_add_chores(s->session, (const WdChore *)(const void *)chores->data, chores->len, NULL);
}

static void set_picture(GtkWidget *row, GdkTexture *texture) {
  GtkWidget *picture = g_object_get_data(G_OBJECT(row), "picture");
  gtk_picture_set_paintable(GTK_PICTURE(picture), GDK_PAINTABLE(texture));
}

static void on_chore(WdSession *session, const WdChoreDone *done, neighbours *s) {
  (void)session;
  GBytes *latent =
      done->chore.owner == s ? g_hash_table_lookup(s->asked, GUINT_TO_POINTER(done->chore.id)) : NULL;
  if (!latent || !done->velocity.value) return;
  GdkTexture *t = texture_of(&done->velocity);
  g_hash_table_replace(s->thumb, g_bytes_ref(latent), t);
  for (guint i = 0; i < s->found->len; i++) {
    GtkListBoxRow *row = gtk_list_box_get_row_at_index(GTK_LIST_BOX(s->list), (int)i);
    if (row && g_array_index(s->found, WdNeighbour, i).of->latent == latent) set_picture(GTK_WIDGET(row), t);
  }
}

/* ---- the list */

/* A place of the recording for a listed latent; one of a batch is put into a walk of the batch's own. */
static gboolean place_of(neighbours *s, const WdCandidate *c, WdPlace *out) {
  if (c->place.branch) {
    *out = c->place;
    return wd_recording_find(s->watch->recording, c->place.branch) != NULL;
  }
  g_autoptr(GError) error = NULL;
  const WdBranch *walk = s->batch_walk ? wd_recording_find(s->watch->recording, s->batch_walk) : NULL;
  for (int k = 0; walk && k <= wd_branch_last(walk); k++)
    if (wd_place_latent(s->watch->recording, (WdPlace){walk->id, k}, WD_WHAT_ESTIMATE) == c->latent) {
      *out = (WdPlace){walk->id, k};
      return TRUE;
    }
  g_autofree char *escaped = g_strescape(c->name, "…→"), *path = g_strescape(s->batch_path, NULL);
  g_autofree char *note =
      g_strdup_printf("{\"edit\":\"batch\",\"text\":\"%s\",\"file\":\"%s\",\"number\":%zu}", escaped, path,
                      (size_t)c->record);
  if (!walk) {
    g_autofree char *base = g_path_get_basename(s->batch_path), *name = g_strdup_printf(_("From %s"), base);
    s->batch_walk = wd_session_walk(s->session, name, c->latent, note, &error);
    *out = (WdPlace){s->batch_walk, 0};
  } else {
    int k = wd_session_walk_append(s->session, walk->id, c->latent, note, &error);
    *out = (WdPlace){k >= 0 ? walk->id : 0, k};
  }
  if (error) say(s, error->message);
  return out->branch != 0;
}

static const WdNeighbour *nth(neighbours *s, int i) {
  return i >= 0 && s->found && (guint)i < s->found->len ? &g_array_index(s->found, WdNeighbour, i) : NULL;
}

static void on_row(GtkListBox *list, GtkListBoxRow *row, neighbours *s) {
  (void)list;
  const WdNeighbour *n = nth(s, gtk_list_box_row_get_index(row));
  WdPlace to;
  if (!n || !place_of(s, n->of, &to)) return;
  s->view->follow = FALSE;
  s->view->what = WD_WHAT_ESTIMATE;
  wd_view_go(s->view, s->watch->recording, 0, to.branch, to.position);
}

static void on_anchor(GtkButton *button, neighbours *s) {
  GtkWidget *row = gtk_widget_get_ancestor(GTK_WIDGET(button), GTK_TYPE_LIST_BOX_ROW);
  const WdNeighbour *n = row ? nth(s, gtk_list_box_row_get_index(GTK_LIST_BOX_ROW(row))) : NULL;
  WdPlace to;
  if (n && place_of(s, n->of, &to)) wd_tool_use_anchor(s->self, to, WD_WHAT_ESTIMATE);
}

static GtkWidget *make_row(neighbours *s, const WdNeighbour *n) {
  GtkWidget *row = gtk_list_box_row_new(), *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 10),
            *text = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2), *picture = gtk_picture_new();
  gtk_widget_set_size_request(picture, SIDE, SIDE);
  gtk_picture_set_can_shrink(GTK_PICTURE(picture), TRUE);
  gtk_widget_add_css_class(picture, "panel-card");
  g_object_set_data(G_OBJECT(row), "picture", picture);
  GtkWidget *name = gtk_label_new(n->of->name);
  gtk_label_set_xalign(GTK_LABEL(name), 0);
  gtk_label_set_ellipsize(GTK_LABEL(name), PANGO_ELLIPSIZE_MIDDLE);
  g_autofree char *score = isfinite(n->of->score)
                               ? g_strdup_printf(_("\nreflection residual %.3g %s"), n->of->score,
                                                 wd_score_mode_words(n->of->mode))
                               : g_strdup("");
  g_autofree char *figures =
      g_strdup_printf(_("distance %.3f · cosine %.3f%s"), n->distance, n->cosine, score);
  GtkWidget *about = gtk_label_new(figures);
  gtk_label_set_xalign(GTK_LABEL(about), 0);
  gtk_widget_add_css_class(about, "caption");
  gtk_widget_add_css_class(about, "numeric");
  gtk_widget_set_hexpand(text, TRUE);
  gtk_widget_set_valign(text, GTK_ALIGN_CENTER);
  gtk_box_append(GTK_BOX(text), name);
  gtk_box_append(GTK_BOX(text), about);
  gtk_box_append(GTK_BOX(box), picture);
  gtk_box_append(GTK_BOX(box), text);
  GtkWidget *anchor = wd_tool_anchor_button(s->self);
  gtk_widget_set_valign(anchor, GTK_ALIGN_CENTER);
  g_signal_connect(anchor, "clicked", G_CALLBACK(on_anchor), s);
  gtk_box_append(GTK_BOX(box), anchor);
  gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
  g_autofree char *label = g_strdup_printf("%s: %s", n->of->name, figures);
  gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  GdkTexture *t = thumb_of(s, n->of);
  if (t) set_picture(row, t);
  return row;
}

static void update(gpointer user) {
  neighbours *s = user;
  const WdPlace at = s->view->place[0];
  GBytes *query = wd_place_latent(s->watch->recording, at, s->view->what);
  for (GtkListBoxRow *row; (row = gtk_list_box_get_row_at_index(GTK_LIST_BOX(s->list), 0));)
    gtk_list_box_remove(GTK_LIST_BOX(s->list), GTK_WIDGET(row));
  g_clear_pointer(&s->found, g_array_unref);
  g_clear_pointer(&s->set, g_ptr_array_unref);
  s->found = g_array_new(FALSE, FALSE, sizeof(WdNeighbour));
  g_autofree char *name = wd_place_name(s->watch->recording, at),
                  *of = g_strdup_printf(_("Nearest to %s"), name);
  gtk_label_set_text(GTK_LABEL(s->of), query ? of : _("No latent here yet"));
  gtk_label_set_text(GTK_LABEL(s->time), "");
  if (!query) return;
  gboolean all = gtk_check_button_get_active(GTK_CHECK_BUTTON(s->all));
  gint64 start = g_get_monotonic_time();
  s->set = wd_candidates_of_recording(s->watch->recording, all, query);
  guint searched = s->set->len;
  g_autoptr(GPtrArray) both = g_ptr_array_new();
  for (guint i = 0; i < s->set->len; i++) g_ptr_array_add(both, g_ptr_array_index(s->set, i));
  for (guint i = 0; s->batch && i < s->batch->len; i++, searched++)
    if (((WdCandidate *)g_ptr_array_index(s->batch, i))->latent != query)
      g_ptr_array_add(both, g_ptr_array_index(s->batch, i));
  g_clear_pointer(&s->found, g_array_unref);
  s->found = wd_candidates_nearest(both, (wd_nearness)gtk_drop_down_get_selected(GTK_DROP_DOWN(s->by)), query,
                                   LISTED);
  double ms = (double)(g_get_monotonic_time() - start) / 1000;
  for (guint i = 0; i < s->found->len; i++)
    gtk_list_box_append(GTK_LIST_BOX(s->list), make_row(s, &g_array_index(s->found, WdNeighbour, i)));
  g_autofree char *time =
      g_strdup_printf(_("%u of %u latents, searched in all %zu dimensions in %.1f ms. Distance: |Δz|/√d; "
                        "between two noises about 1.41."),
                      s->found->len, searched, g_bytes_get_size(query) / sizeof(float), ms);
  gtk_label_set_text(GTK_LABEL(s->time), time);
  ask_thumbs(s);
}

/* ---- a batch */

static void forget_batch(neighbours *s) {
  wd_session_drop_chores(s->session, s);
  if (s->found) g_array_set_size(s->found, 0);
  g_clear_pointer(&s->batch, g_ptr_array_unref);
  g_clear_pointer(&s->batch_path, g_free);
  s->batch_walk = 0;
  gtk_label_set_text(GTK_LABEL(s->batch_name), "");
  gtk_widget_set_visible(s->forget, FALSE);
  wd_watch_queue(s->watch);
}

typedef struct Loading {
  char *path;
  wd_latent_shape shape;
} Loading;

static void loading_free(gpointer data) {
  Loading *l = data;
  g_free(l->path);
  g_free(l);
}

static void unref_set(gpointer set) {
  g_ptr_array_unref(set);
}

static void load(GTask *task, gpointer source, gpointer data, GCancellable *cancellable) {
  (void)source, (void)cancellable;
  Loading *l = data;
  GError *error = NULL;
  GPtrArray *set = wd_candidates_of_file(l->path, &l->shape, &error);
  if (set)
    g_task_return_pointer(task, set, unref_set);
  else
    g_task_return_error(task, error);
}

static void on_loaded(GObject *source, GAsyncResult *result, gpointer user) {
  g_autoptr(GError) error = NULL;
  GPtrArray *set = g_task_propagate_pointer(G_TASK(result), &error);
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) return; /* the widget is gone */
  neighbours *s = user;
  (void)source;
  if (!set) {
    say(s, error->message);
    return;
  }
  const Loading *l = g_task_get_task_data(G_TASK(result));
  forget_batch(s);
  s->batch = set;
  s->batch_path = g_strdup(l->path);
  g_autofree char *base = g_path_get_basename(l->path),
                  *text =
                      g_strdup_printf(ngettext("%s: %u latent", "%s: %u latents", set->len), base, set->len);
  gtk_label_set_text(GTK_LABEL(s->batch_name), text);
  gtk_widget_set_visible(s->forget, TRUE);
  say(s, NULL);
  wd_watch_queue(s->watch);
}

static void open_batch(neighbours *s, const char *path) {
  const WdModelInfo *model = wd_session_get_model(s->session);
  if (!model) {
    say(s, _("Load a model first: a batch must have its kind of latents"));
    return;
  }
  Loading *l = g_new0(Loading, 1);
  *l = (Loading){g_strdup(path), model->latent};
  GTask *task = g_task_new(NULL, s->cancel, on_loaded, s);
  g_task_set_task_data(task, l, loading_free);
  g_task_run_in_thread(task, load);
  g_object_unref(task);
  say(s, _("Opening…"));
}

static void on_chosen(GtkNativeDialog *chooser, int response, neighbours *s) {
  g_autoptr(GFile) file =
      response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(chooser)) : NULL;
  g_autofree char *path = file ? g_file_get_path(file) : NULL;
  g_clear_object(&s->chooser);
  if (path) open_batch(s, path);
}

static void on_open(GtkButton *button, neighbours *s) {
  GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(button));
  g_clear_object(&s->chooser);
  s->chooser =
      gtk_file_chooser_native_new(_("Open a batch of latents"), GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL,
                                  GTK_FILE_CHOOSER_ACTION_OPEN, _("_Open"), NULL);
  GtkFileFilter *filter = gtk_file_filter_new();
  gtk_file_filter_set_name(filter, _("Latents (.npy, .wdpop)"));
  gtk_file_filter_add_pattern(filter, "*.npy");
  gtk_file_filter_add_pattern(filter, "*.wdpop");
  gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(s->chooser), filter);
  g_object_unref(filter);
  gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(s->chooser), TRUE);
  g_signal_connect(s->chooser, "response", G_CALLBACK(on_chosen), s);
  gtk_native_dialog_show(GTK_NATIVE_DIALOG(s->chooser));
}

static gboolean on_drop(GtkDropTarget *target, const GValue *value, double x, double y, neighbours *s) {
  (void)target, (void)x, (void)y;
  if (!G_VALUE_HOLDS(value, GDK_TYPE_FILE_LIST)) return FALSE;
  GSList *list = gdk_file_list_get_files(g_value_get_boxed(value));
  g_autofree char *path = list ? g_file_get_path(list->data) : NULL;
  if (path) open_batch(s, path);
  g_slist_free(list);
  return path != NULL;
}

void wd_neighbours_view_open(GtkWidget *view, const char *path) {
  neighbours *s = g_object_get_data(G_OBJECT(view), "wd-neighbours");
  if (s) open_batch(s, path);
}

/* ---- what changes */

/* Another recording has other walks. */
static void on_recording(neighbours *s) {
  s->batch_walk = 0;
}

/* Another model has other latents. */
static void on_state(neighbours *s) {
  const WdModelInfo *model = wd_session_get_model(s->session);
  if (model && g_strcmp0(model->identity, s->model)) {
    g_free(s->model);
    s->model = g_strdup(model->identity);
    g_hash_table_remove_all(s->thumb);
    forget_batch(s);
  }
}

static void on_unmap(neighbours *s) {
  wd_session_drop_chores(s->session, s);
}

static void on_destroy(neighbours *s) {
  g_cancellable_cancel(s->cancel);
  wd_session_drop_chores(s->session, s);
  g_signal_handlers_disconnect_by_data(s->session, s);
  g_clear_object(&s->chooser);
}

static void neighbours_free(gpointer data) {
  neighbours *s = data;
  g_clear_pointer(&s->found, g_array_unref);
  g_clear_pointer(&s->set, g_ptr_array_unref);
  g_clear_pointer(&s->batch, g_ptr_array_unref);
  g_hash_table_unref(s->thumb);
  g_hash_table_unref(s->asked);
  g_object_unref(s->cancel);
  g_free(s->batch_path);
  g_free(s->model);
  g_free(s);
}

static void unref_bytes(gpointer bytes) {
  g_bytes_unref(bytes);
}

GtkWidget *wd_neighbours_view_new(WdSession *session, WdView *view) {
  const char *const by[] = {_("by distance"), _("by direction"), NULL};
  neighbours *s = g_new0(neighbours, 1);
  s->session = session;
  s->view = view;
  s->thumb = g_hash_table_new_full(NULL, NULL, unref_bytes, g_object_unref);
  s->asked = g_hash_table_new_full(NULL, NULL, NULL, unref_bytes);
  s->cancel = g_cancellable_new();
  s->self = wd_tool_page("neighbours");
  g_object_set_data_full(G_OBJECT(s->self), "wd-neighbours", s, neighbours_free);
  s->of = wd_tool_heading(s->self, "");
  GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8),
            *batch = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
  s->by = gtk_drop_down_new_from_strings(by);
  gtk_widget_set_name(s->by, "neighbours-by");
  gtk_widget_set_tooltip_text(s->by,
                              _("Distance |Δz|/√d, or the angle between the latents, whatever their length"));
  gtk_accessible_update_property(GTK_ACCESSIBLE(s->by), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Nearness"), -1);
  s->all = gtk_check_button_new_with_label(_("Steps on the way too"));
  gtk_widget_set_name(s->all, "neighbours-all");
  gtk_widget_set_tooltip_text(s->all,
                              _("Also the estimates before the data; else data, refinement and walks alone"));
  gtk_box_append(GTK_BOX(row), s->by);
  gtk_box_append(GTK_BOX(row), s->all);
  gtk_box_append(GTK_BOX(s->self), row);
  s->open = gtk_button_new_with_label(_("Open a batch…"));
  gtk_widget_set_name(s->open, "neighbours-open");
  gtk_widget_set_tooltip_text(s->open,
                              _("Latents as .npy, or a population (.wdpop), to search too; a folder of "
                                "wavediffusion-cli sample can be dropped here"));
  s->batch_name = gtk_label_new("");
  gtk_label_set_xalign(GTK_LABEL(s->batch_name), 0);
  gtk_label_set_ellipsize(GTK_LABEL(s->batch_name), PANGO_ELLIPSIZE_MIDDLE);
  gtk_widget_set_hexpand(s->batch_name, TRUE);
  s->forget = gtk_button_new_from_icon_name("window-close-symbolic");
  gtk_button_set_has_frame(GTK_BUTTON(s->forget), FALSE);
  gtk_widget_set_tooltip_text(s->forget, _("Without that batch again"));
  gtk_widget_set_visible(s->forget, FALSE);
  gtk_box_append(GTK_BOX(batch), s->open);
  gtk_box_append(GTK_BOX(batch), s->batch_name);
  gtk_box_append(GTK_BOX(batch), s->forget);
  gtk_box_append(GTK_BOX(s->self), batch);
  s->message = wd_tool_words(s->self, "neighbours-message", "");
  gtk_widget_set_visible(s->message, FALSE);
  GtkWidget *scroll = gtk_scrolled_window_new();
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_widget_set_vexpand(scroll, TRUE);
  gtk_widget_set_size_request(scroll, -1, 160);
  s->list = gtk_list_box_new();
  gtk_widget_set_name(s->list, "neighbours-list");
  gtk_list_box_set_selection_mode(GTK_LIST_BOX(s->list), GTK_SELECTION_NONE);
  gtk_accessible_update_property(GTK_ACCESSIBLE(s->list), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Nearest latents"),
                                 -1);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroll), s->list);
  gtk_box_append(GTK_BOX(s->self), scroll);
  s->time = wd_tool_words(s->self, "neighbours-time", "");
  GtkDropTarget *target = gtk_drop_target_new(GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
  g_signal_connect(target, "drop", G_CALLBACK(on_drop), s);
  gtk_widget_add_controller(s->self, GTK_EVENT_CONTROLLER(target));
  s->watch = wd_watch_new(s->self, session, view, WD_VIEW_PLACE, 0, G_PRIORITY_DEFAULT_IDLE, update, s);
  g_signal_connect(s->list, "row-activated", G_CALLBACK(on_row), s);
  g_signal_connect(s->open, "clicked", G_CALLBACK(on_open), s);
  g_signal_connect_swapped(s->forget, "clicked", G_CALLBACK(forget_batch), s);
  g_signal_connect_swapped(s->by, "notify::selected", G_CALLBACK(wd_watch_queue), s->watch);
  g_signal_connect_swapped(s->all, "toggled", G_CALLBACK(wd_watch_queue), s->watch);
  g_signal_connect_swapped(session, "recording", G_CALLBACK(on_recording), s);
  g_signal_connect_swapped(session, "state", G_CALLBACK(on_state), s);
  g_signal_connect(session, "chore", G_CALLBACK(on_chore), s);
  g_signal_connect_swapped(s->self, "unmap", G_CALLBACK(on_unmap), s);
  g_signal_connect_swapped(s->self, "destroy", G_CALLBACK(on_destroy), s);
  on_state(s);
  return s->self;
}
