/* Buttons All, 1..n, each with a small picture of its shot. */
#include "app/i18n.h"
#include "app/picture_view.h"
#include "app/widgets.h"

#include <math.h>
#include <string.h>

enum { THUMB_WIDTH = 34, THUMB_HEIGHT = 26, MOST_PICTURES = 12 };

typedef struct WdShotStrip {
  WdSession *session;
  WdView *view;
  int side;
  GtkWidget *box, *all;
  GPtrArray *button, *picture; /* borrowed; of shots 1..n */
  WdPair *shown;               /* whose pictures stand: borrowed by address, not to be followed */
  double clip;
  wd_colormap colormap;
  int scale;
  guint update;
  gboolean updating, compact;
} WdShotStrip;

static void strip_free(gpointer data) {
  WdShotStrip *s = data;
  g_clear_handle_id(&s->update, g_source_remove);
  wd_pair_unref(s->shown);
  g_ptr_array_unref(s->button);
  g_ptr_array_unref(s->picture);
  g_free(s);
}

static void on_toggled(GtkToggleButton *button, WdShotStrip *s) {
  if (s->updating || !gtk_toggle_button_get_active(button)) return;
  wd_view_set_shot(s->view, GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "shot")));
}

static GtkWidget *add_button(WdShotStrip *s, int shot) {
  GtkWidget *button = gtk_toggle_button_new();
  g_object_set_data(G_OBJECT(button), "shot", GINT_TO_POINTER(shot));
  gtk_widget_add_css_class(button, "flat");
  gtk_widget_add_css_class(button, "shot");
  if (s->all) gtk_toggle_button_set_group(GTK_TOGGLE_BUTTON(button), GTK_TOGGLE_BUTTON(s->all));
  g_signal_connect(button, "toggled", G_CALLBACK(on_toggled), s);
  gtk_box_append(GTK_BOX(s->box), button);
  return button;
}

static void add_shot(WdShotStrip *s, int shot, gboolean with_picture) {
  GtkWidget *button = add_button(s, shot), *face = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 4);
  g_autofree char *number = g_strdup_printf("%d", shot + 1);
  g_autofree char *name = g_strdup_printf(_("Shot %d"), shot + 1);
  gtk_box_append(GTK_BOX(face), gtk_label_new(number));
  GtkWidget *picture = NULL;
  if (with_picture) {
    picture = gtk_picture_new();
    gtk_picture_set_can_shrink(GTK_PICTURE(picture), TRUE);
    gtk_picture_set_content_fit(GTK_PICTURE(picture), GTK_CONTENT_FIT_FILL);
    gtk_widget_set_size_request(picture, THUMB_WIDTH, THUMB_HEIGHT);
    gtk_widget_set_valign(picture, GTK_ALIGN_CENTER);
    gtk_widget_set_visible(picture, !s->compact);
    gtk_box_append(GTK_BOX(face), picture);
  }
  gtk_button_set_child(GTK_BUTTON(button), face);
  gtk_widget_set_tooltip_text(button, name);
  gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  g_ptr_array_add(s->button, button);
  g_ptr_array_add(s->picture, picture);
}

static void set_count(WdShotStrip *s, int shots) {
  if ((int)s->button->len == shots) return;
  for (guint i = 0; i < s->button->len; i++) gtk_box_remove(GTK_BOX(s->box), s->button->pdata[i]);
  g_ptr_array_set_size(s->button, 0);
  g_ptr_array_set_size(s->picture, 0);
  for (int i = 0; i < shots; i++) add_shot(s, i, shots <= MOST_PICTURES);
  g_clear_pointer(&s->shown, wd_pair_unref);
}

static GdkTexture *thumbnail(const wd_gather *g, int shot, double clip, wd_colormap map, int scale) {
  int width = THUMB_WIDTH * scale, height = THUMB_HEIGHT * scale;
  gsize size = (gsize)width * (gsize)height * 4;
  guint32 *pixel = g_malloc0(size);
  wd_image image = {width, height, width, pixel};
  wd_field field = {g->value + (gsize)shot * (gsize)g->samples * (gsize)g->receivers, g->samples,
                    g->receivers};
  wd_range range = {-clip, clip, ""};
  wd_raster_field(&image, &field, NULL, &range, wd_colormap_tables[map], true, 0xff808080u);
  g_autoptr(GBytes) bytes = g_bytes_new_take(pixel, size);
  return gdk_memory_texture_new(width, height, GDK_MEMORY_DEFAULT, bytes, (gsize)width * 4);
}

static void show(WdShotStrip *s) {
  WdView *v = s->view;
  WdRecording *recording = wd_session_get_recording(s->session);
  WdPlace place = v->place[s->side];
  WdFrame frame = {0};
  if (place.branch) wd_recording_get_frame(recording, place.branch, place.position, v->what, &frame);
  const WdModelInfo *model = wd_session_get_model(s->session);
  const wd_gather *g = frame.pair && frame.pair->gathers.value ? &frame.pair->gathers : NULL;
  int shots = g ? g->shots : model && model->geometry.shots > 0 ? model->geometry.shots : 5;
  s->updating = TRUE;
  set_count(s, shots);
  GtkWidget *chosen = v->shot >= 0 && v->shot < shots ? s->button->pdata[v->shot] : s->all;
  gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(chosen), TRUE);
  s->updating = FALSE;
  int steps, scale = gtk_widget_get_scale_factor(s->box);
  const WdPanelLook *look = &v->look[WD_PANEL_GATHER];
  WdPanelLook plain = *look;
  plain.mute_direct = FALSE;
  plain.display = (wd_display){0};
  plain.scope = WD_SCOPE_STEP;
  double clip = g ? wd_clips_find(wd_view_clips(v), recording, place, v->what, &plain, -1, &steps) : 0;
  if (frame.pair == s->shown && clip == s->clip && look->colormap == s->colormap && scale == s->scale) return;
  for (int i = 0; i < shots; i++) {
    GtkPicture *picture = s->picture->pdata[i];
    if (!picture) break;
    g_autoptr(GdkTexture) texture = g && clip > 0 ? thumbnail(g, i, clip, look->colormap, scale) : NULL;
    gtk_picture_set_paintable(picture, GDK_PAINTABLE(texture));
  }
  wd_pair_unref(s->shown);
  s->shown = frame.pair ? wd_pair_ref(frame.pair) : NULL;
  s->clip = clip;
  s->colormap = look->colormap;
  s->scale = scale;
}

static gboolean on_update(gpointer data) {
  WdShotStrip *s = data;
  s->update = 0;
  show(s);
  return G_SOURCE_REMOVE;
}

/* Behind the panels, which are what is looked at. */
static void schedule(WdShotStrip *s) {
  if (!s->update && gtk_widget_get_mapped(s->box))
    s->update = g_idle_add_full(G_PRIORITY_DEFAULT_IDLE, on_update, s, NULL);
}

static void on_view_changed(WdView *view, guint parts, GtkWidget *box) {
  (void)view;
  if (parts & (WD_VIEW_PLACE | WD_VIEW_SHOT | WD_VIEW_DISPLAY))
    schedule(g_object_get_data(G_OBJECT(box), "strip"));
}

static void on_changed(GtkWidget *box) {
  schedule(g_object_get_data(G_OBJECT(box), "strip"));
}

void wd_shot_strip_set_compact(GtkWidget *strip, gboolean compact) {
  WdShotStrip *s = g_object_get_data(G_OBJECT(strip), "strip");
  if (s->compact == compact) return;
  s->compact = compact;
  for (guint i = 0; i < s->picture->len; i++)
    if (s->picture->pdata[i]) gtk_widget_set_visible(s->picture->pdata[i], !compact);
  if (compact)
    gtk_widget_add_css_class(strip, "compact");
  else
    gtk_widget_remove_css_class(strip, "compact");
}

GtkWidget *wd_shot_strip_new(WdSession *session, WdView *view, int side) {
  WdShotStrip *s = g_new0(WdShotStrip, 1);
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 2);
  *s = (WdShotStrip){.session = session, .view = view, .side = side, .box = box};
  s->button = g_ptr_array_new();
  s->picture = g_ptr_array_new();
  g_object_set_data_full(G_OBJECT(box), "strip", s, strip_free);
  gtk_widget_add_css_class(box, "shot-strip");
  gtk_widget_set_halign(box, GTK_ALIGN_CENTER);
  s->all = add_button(s, -1);
  gtk_button_set_label(GTK_BUTTON(s->all), _("All"));
  gtk_widget_set_tooltip_text(s->all, _("All shots side by side (0)"));
  show(s);
  g_signal_connect_object(view, "changed", G_CALLBACK(on_view_changed), box, 0);
  g_signal_connect_object(session, "frame", G_CALLBACK(on_changed), box, G_CONNECT_SWAPPED);
  g_signal_connect_object(session, "recording", G_CALLBACK(on_changed), box, G_CONNECT_SWAPPED);
  g_signal_connect_object(session, "state", G_CALLBACK(on_changed), box, G_CONNECT_SWAPPED);
  g_signal_connect_swapped(box, "map", G_CALLBACK(on_changed), box);
  return box;
}
