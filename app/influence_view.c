#include "app/codes_view.h"
#include "app/i18n.h"
#include "app/influence.h"
#include "app/score.h"
#include "app/walk.h"
#include "app/watch.h"
#include "app/widget_style.h"
#include "render/panel.h"

#include <math.h>
#include <string.h>

typedef struct influence {
  WdSession *session;
  WdView *view;
  GtkWidget *self, *title, *made, *pictures, *map, *gather, *of_map, *of_gathers, *score;
  WdWatch *watch;
  /* what is shown */
  WdPair *before, *after;
  gboolean known;
  WdInfluence figures;
  wd_map change;
  wd_gather wiggle; /* change of one shot */
  int shot;
  char family[64];
} influence;

static void clear(influence *s) {
  g_clear_pointer(&s->before, wd_pair_unref);
  g_clear_pointer(&s->after, wd_pair_unref);
  wd_map_clear(&s->change);
  wd_gather_clear(&s->wiggle);
  s->known = FALSE;
}

/* ---- pictures */

static void paint(influence *s, GtkWidget *widget, cairo_t *cr, int width, int height, wd_panel *panel,
                  const float *value, gsize n, double clip) {
  wd_style style = wd_widget_style(widget, 0.8, s->family, sizeof s->family);
  style.units = s->view->units;
  wd_range_desc desc = {.mode = WD_RANGE_CLIP, .clip = clip, .symmetric = true};
  wd_panel_layout layout;
  panel->colormap = WD_COLORMAP_DIFFERENCE;
  if (wd_range_find(&desc, value, n, &panel->range, NULL)) return;
  panel->range.text[0] = 0;
  if (wd_panel_arrange(panel, &style, width - 4, height - 4, &layout, NULL)) return;
  cairo_translate(cr, 2, 2);
  wd_panel_draw(panel, &style, &layout, cr, NULL);
}

static void draw_map(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data) {
  influence *s = data;
  if (!s->known) return;
  const wd_mark at = {s->figures.x * s->change.spacing, s->figures.z * s->change.spacing};
  const wd_stroke ring = {.kind = WD_STROKE_CIRCLES, .point = &at, .points = 1, .colour = 0x111111};
  wd_facet facet = {.value = s->change.value, .stroke = &ring, .strokes = s->figures.rms > 0};
  wd_panel panel = wd_panel_of_map(&s->change, &facet, 1);
  panel.title = _("Velocity");
  panel.source = _("after − before");
  panel.quantity = "m/s";
  paint(s, GTK_WIDGET(area), cr, width, height, &panel, s->change.value,
        (gsize)s->change.nz * (gsize)s->change.nx, 100);
}

static void draw_gather(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data) {
  influence *s = data;
  if (!s->known) return;
  char title[32];
  wd_print(title, sizeof title, _("Gather, shot %d"), s->shot + 1);
  wd_facet facet = {.value = s->wiggle.value};
  wd_panel panel = wd_panel_of_gather(&s->wiggle, s->change.spacing, &facet, 1);
  panel.title = title;
  panel.source = _("after − before");
  panel.quantity = _("amplitude");
  paint(s, GTK_WIDGET(area), cr, width, height, &panel, s->wiggle.value, wd_gather_count(&s->wiggle), 99);
}

/* ---- words */

static void show_score(influence *s, const WdPosition *before, const WdPosition *after, WdWhat what) {
  const WdScore *a = before ? wd_position_score(before, WD_WHAT_ESTIMATE) : NULL;
  const WdScore *b = after ? wd_position_score(after, what) : NULL;
  g_autofree char *text = NULL;
  if (a && b)
    text = g_strdup_printf(_("Reflection residual: %.3g %s → %.3g %s"), a->value[0],
                           wd_score_mode_words(a->mode), b->value[0], wd_score_mode_words(b->mode));
  gtk_label_set_text(GTK_LABEL(s->score), text ? text : " ");
}

static void show_figures(influence *s) {
  const WdInfluence *i = &s->figures;
  double spacing = s->change.spacing;
  g_autofree char *inside =
      isfinite(i->inside)
          ? g_strdup_printf(_("\n%.0f %% of it in the cells' own place; half of it in %.2g %% "
                              "of the map"),
                            100 * i->inside, 100 * i->area)
          : g_strdup("");
  const wd_units *units = &s->view->units;
  char rms[48], largest[48], x[48], z[48], by[48];
  wd_units_text(units, WD_VELOCITY, i->rms, 0, rms, sizeof rms);
  wd_units_text(units, WD_VELOCITY, i->largest, 1, largest, sizeof largest);
  wd_units_text(units, WD_DISTANCE, i->x * spacing, 1, x, sizeof x);
  wd_units_text(units, WD_DISTANCE, i->z * spacing, 1, z, sizeof z);
  wd_units_text(units, WD_TIME, 1e3 * i->sample_second, 1, by, sizeof by);
  g_autofree char *map = i->rms > 0 ? g_strdup_printf(_("%s RMS; largest %s%s at x %s, z %s%s"), rms,
                                                      i->largest > 0 ? "+" : "", largest, x, z, inside)
                                    : g_strdup(_("No change: no code of a cell is another"));
  gtk_label_set_text(GTK_LABEL(s->of_map), map);
  g_autofree char *gathers =
      i->gathers > 0
          ? g_strdup_printf(
                _("%.3g %% of the gathers' energy (%.3g %% RMS)\nmost in shot %d (%.3g %% RMS); half of "
                  "it by %s"),
                100 * i->energy, 100 * i->gathers, i->shot + 1, 100 * i->largest_shot, by)
          : g_strdup(_("No change"));
  gtk_label_set_text(GTK_LABEL(s->of_gathers), gathers);
  gtk_accessible_update_property(GTK_ACCESSIBLE(s->map), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, map, -1);
  gtk_accessible_update_property(GTK_ACCESSIBLE(s->gather), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, gathers, -1);
}

/* ---- what changes */

static gboolean measure(influence *s, WdPair *before, WdPair *after, GBytes *a, GBytes *b) {
  const WdModelInfo *model = wd_session_get_model(s->session);
  const wd_shard_desc *g = wd_recording_get_geometry(s->watch->recording);
  g_autofree guint8 *mask = NULL;
  wd_latent_shape none = {0};
  if (model && model->codes) {
    mask = g_new0(guint8, (gsize)(model->latent.height * model->latent.width));
    wd_code_difference(model->codes, a, b, mask, NULL);
  }
  if (!wd_influence_of(before, after, model ? &model->latent : &none, g, mask, &s->figures)) return FALSE;
  s->shot = s->view->shot >= 0 ? MIN(s->view->shot, g->shots - 1) : s->figures.shot;
  if (wd_map_copy(&after->velocity, &s->change, NULL) ||
      wd_gather_create(1, after->gathers.samples, after->gathers.receivers, after->gathers.dt, &s->wiggle,
                       NULL))
    return FALSE;
  for (gsize i = 0; i < (gsize)s->change.nz * (gsize)s->change.nx; i++)
    s->change.value[i] -= before->velocity.value[i];
  gsize one = wd_gather_count(&s->wiggle), from = (gsize)s->shot * one;
  for (gsize i = 0; i < one; i++)
    s->wiggle.value[i] = after->gathers.value[from + i] - before->gathers.value[from + i];
  return TRUE;
}

static void update(gpointer user) {
  influence *s = user;
  const WdPlace at = s->view->place[0];
  WdPlace from;
  const WdWhat what = s->view->what;
  const gboolean edit = wd_walk_undo(s->watch->recording, at, &from);
  const WdPosition *p = edit ? wd_recording_position(s->watch->recording, at.branch, at.position) : NULL,
                   *q = edit ? wd_recording_position(s->watch->recording, from.branch, from.position) : NULL;
  g_autofree char *made = edit ? wd_position_note_text(p) : NULL;
  gtk_label_set_text(GTK_LABEL(s->made), !edit  ? _("Change a code, and what it moved is shown here")
                                         : made ? made
                                                : _("An edit"));
  WdFrame a, b;
  gboolean there =
      edit && wd_recording_get_frame(s->watch->recording, from.branch, from.position, WD_WHAT_ESTIMATE, &a) &&
      a.pair && wd_recording_get_frame(s->watch->recording, at.branch, at.position, what, &b) && b.pair;
  /* The latent before is decoded again when the memory of frames has let it go. */
  if (edit && !there && s->view->layout != WD_LAYOUT_COMPARE)
    wd_session_look(s->session, 1, from.branch, from.position, WD_WHAT_ESTIMATE, FALSE);
  if (there && (a.pair != s->before || b.pair != s->after || s->shot != s->view->shot)) {
    clear(s);
    s->before = wd_pair_ref(a.pair);
    s->after = wd_pair_ref(b.pair);
    s->known = measure(s, s->before, s->after, q->latent[WD_WHAT_ESTIMATE], p->latent[what]);
  } else if (!there) {
    clear(s);
  }
  gtk_widget_set_opacity(s->pictures, s->known ? 1 : 0.35);
  if (s->known) {
    show_figures(s);
  } else {
    gtk_label_set_text(GTK_LABEL(s->of_map), edit ? "…" : "");
    gtk_label_set_text(GTK_LABEL(s->of_gathers), edit ? "…" : "");
  }
  show_score(s, q, p, what);
  gtk_widget_queue_draw(s->map);
  gtk_widget_queue_draw(s->gather);
}

static void influence_free(gpointer data) {
  influence *s = data;
  clear(s);
  g_free(s);
}

static GtkWidget *picture(influence *s, const char *name, GtkDrawingAreaDrawFunc draw, const char *label,
                          GtkWidget **figures) {
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
  GtkWidget *area = g_object_new(GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_IMG, NULL);
  gtk_widget_set_name(area, name);
  gtk_drawing_area_set_content_height(GTK_DRAWING_AREA(area), 168);
  gtk_drawing_area_set_content_width(GTK_DRAWING_AREA(area), 150);
  gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(area), draw, s, NULL);
  gtk_accessible_update_property(GTK_ACCESSIBLE(area), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_widget_set_hexpand(box, TRUE);
  gtk_box_append(GTK_BOX(box), area);
  *figures = gtk_label_new(NULL);
  gtk_label_set_wrap(GTK_LABEL(*figures), TRUE);
  gtk_label_set_xalign(GTK_LABEL(*figures), 0);
  gtk_label_set_width_chars(GTK_LABEL(*figures), 12);
  gtk_label_set_yalign(GTK_LABEL(*figures), 0);
  gtk_widget_set_size_request(*figures, -1, 64); /* what is told does not move the cells under the pointer */
  gtk_widget_add_css_class(*figures, "caption");
  gtk_widget_add_css_class(*figures, "numeric");
  gtk_box_append(GTK_BOX(box), *figures);
  gtk_box_append(GTK_BOX(s->pictures), box);
  return area;
}

static GtkWidget *line(influence *s, const char *name, const char *style) {
  GtkWidget *label = gtk_label_new(NULL);
  gtk_widget_set_name(label, name);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_label_set_wrap(GTK_LABEL(label), TRUE);
  gtk_widget_add_css_class(label, style);
  gtk_box_append(GTK_BOX(s->self), label);
  return label;
}

GtkWidget *wd_influence_view_new(WdSession *session, WdView *view) {
  influence *s = g_new0(influence, 1);
  s->session = session;
  s->view = view;
  s->self = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
  gtk_widget_set_name(s->self, "influence");
  g_object_set_data_full(G_OBJECT(s->self), "wd-influence", s, influence_free);
  s->title = line(s, "influence-title", "heading");
  gtk_label_set_text(GTK_LABEL(s->title), _("What the edit changed"));
  s->made = line(s, "influence-made", "caption");
  s->pictures = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
  gtk_box_set_homogeneous(GTK_BOX(s->pictures), TRUE);
  gtk_box_append(GTK_BOX(s->self), s->pictures);
  s->map = picture(s, "influence-map", draw_map, _("Change of velocity"), &s->of_map);
  s->gather = picture(s, "influence-gather", draw_gather, _("Change of a gather"), &s->of_gathers);
  s->score = line(s, "influence-score", "caption");
  s->watch =
      wd_watch_new(s->self, session, view, WD_VIEW_PLACE | WD_VIEW_SHOT | WD_VIEW_DISPLAY | WD_VIEW_LAYOUT,
                   WD_WATCH_POSITIONS | WD_WATCH_FRAMES, 0, update, s);
  return s->self;
}
