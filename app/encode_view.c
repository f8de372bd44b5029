/* Encode: an opened pair, map or gather through the encoder, told of both sides or of one alone; the latents
 * that come of it, their reconstructions and residuals side by side; and on from there: edits, noise, the
 * plane. */
#include "app/i18n.h"
#include "app/latent_tools.h"
#include "app/truth.h"
#include "app/walk.h"
#include "app/watch.h"
#include "app/widget_style.h"
#include "model/neighbours.h"
#include "render/panel.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum Given { GIVEN_BOTH = 0, GIVEN_VELOCITY, GIVEN_GATHERS, GIVENS } Given;

typedef struct encode {
  WdSession *session;
  WdView *view;
  GtkWidget *self, *title, *about, *empty, *body, *give[GIVENS], *table, *pictures, *words, *message, *anchor;
  WdWatch *watch;
  guint branch;     /* the encoded branch that is shown; 0: none */
  guint of[GIVENS]; /* encodings of the same truth */
  WdPair *truth, *decoded;
  wd_map difference;
  char family[64];
} encode;

static void say(encode *s, const char *text) {
  gtk_label_set_text(GTK_LABEL(s->message), text ? text : "");
  gtk_widget_set_visible(s->message, text != NULL);
}

static const char *const given_words[GIVENS] = {N_("both"), N_("velocity map alone"), N_("gathers alone")};

static Given given_of(const WdBranch *b) {
  return b->given_velocity && b->given_gathers ? GIVEN_BOTH
         : b->given_velocity                   ? GIVEN_VELOCITY
                                               : GIVEN_GATHERS;
}

/* The pair itself; a map alone becomes a pair once its gathers are simulated, and is another object then. */
static gboolean same_truth(const WdPair *a, const WdPair *b) {
  if (!a || !b) return FALSE;
  if (a == b) return TRUE;
  const wd_map *m = &a->velocity, *n = &b->velocity;
  if (m->value && n->value)
    return m->nz == n->nz && m->nx == n->nx &&
           memcmp(m->value, n->value, (gsize)m->nz * (gsize)m->nx * sizeof *m->value) == 0;
  if (m->value || n->value || !a->gathers.value || !b->gathers.value) return FALSE;
  gsize count = wd_gather_count(&a->gathers);
  return count == wd_gather_count(&b->gathers) &&
         memcmp(a->gathers.value, b->gathers.value, count * sizeof *a->gathers.value) == 0;
}

/* The encoded branch that the place on screen comes from; else the newest of the recording. */
static const WdBranch *find(encode *s) {
  const WdBranch *b = wd_recording_find(s->watch->recording, s->view->place[0].branch);
  while (b && b->kind != WD_BRANCH_ENCODED)
    b = b->parent ? wd_recording_find(s->watch->recording, b->parent) : NULL;
  if (b) return b;
  for (guint i = wd_recording_count(s->watch->recording); i-- > 0;) {
    b = wd_recording_nth(s->watch->recording, i);
    if (b->kind == WD_BRANCH_ENCODED && b->truth) return b;
  }
  return NULL;
}

/* ---- pictures */

static void draw(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data) {
  encode *s = data;
  int which = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(area), "which"));
  const char *const title[] = {_("True"), _("Decoded"), _("Decoded − true")};
  const wd_map *map = which == 2   ? &s->difference
                      : which == 1 ? s->decoded ? &s->decoded->velocity : NULL
                      : s->truth   ? &s->truth->velocity
                                   : NULL;
  wd_style style = wd_widget_style(GTK_WIDGET(area), 0.76, s->family, sizeof s->family);
  style.units = s->view->units;
  if (!map || !map->value) {
    wd_pen pen;
    wd_pen_open(&pen, cr, &style, NULL);
    wd_type type = {.colour = pen.theme->dim, .room = width - 8};
    wd_pen_text(&pen, &type, width / 2.0, height / 2.0, 0.5,
                which == 0   ? _("no map was opened")
                : which == 1 ? _("not decoded yet")
                             : "");
    wd_pen_close(&pen);
    return;
  }
  wd_facet facet = {.value = map->value};
  wd_panel panel = wd_panel_of_map(map, &facet, 1);
  wd_range_desc desc = {.mode = WD_RANGE_FIXED, .lo = WD_VELOCITY_LO, .hi = WD_VELOCITY_HI};
  if (which == 2) desc = (wd_range_desc){.mode = WD_RANGE_CLIP, .clip = 100, .symmetric = true};
  panel.title = title[which];
  panel.quantity = "m/s";
  panel.no_bar = which < 2; /* those of the velocity panel: 1500 to 4500 m/s */
  panel.no_axes = true;
  panel.colormap = which == 2 ? WD_COLORMAP_DIFFERENCE : s->view->look[WD_PANEL_VELOCITY].colormap;
  wd_panel_layout layout;
  if (wd_range_find(&desc, map->value, (gsize)map->nz * (gsize)map->nx, &panel.range, NULL)) return;
  panel.range.text[0] = 0;
  if (wd_panel_arrange(&panel, &style, width - 4, height - 4, &layout, NULL)) return;
  cairo_translate(cr, 2, 2);
  wd_panel_draw(&panel, &style, &layout, cr, NULL);
}

/* ---- the table */

enum { COLUMNS = 6 };

static void cell(encode *s, int row, int column, const char *text, gboolean head) {
  GtkWidget *label = gtk_label_new(text);
  gtk_label_set_xalign(GTK_LABEL(label), column ? 1 : 0);
  gtk_widget_add_css_class(label, "caption");
  gtk_widget_add_css_class(label, head ? "dim-label" : "numeric");
  gtk_grid_attach(GTK_GRID(s->table), label, column, row, 1, 1);
}

static void on_show(GtkButton *button, encode *s) {
  guint id = GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(button), "branch"));
  s->view->follow = FALSE;
  wd_view_go(s->view, s->watch->recording, 0, id, 0);
}

static void number(char *out, gsize size, double value, const char *format) {
  if (isfinite(value))
    g_snprintf(out, size, format, value);
  else
    g_strlcpy(out, "–", size);
}

static double distance_to(encode *s, GBytes *latent, const WdBranch *other) {
  GBytes *z = wd_place_latent(s->watch->recording, (WdPlace){other->id, 0}, WD_WHAT_ESTIMATE);
  const float *value = z ? g_bytes_get_data(z, NULL) : NULL;
  wd_neighbour n;
  if (!latent || !z || g_bytes_get_size(z) != g_bytes_get_size(latent) ||
      !wd_neighbours_find(WD_NEAR_L2, g_bytes_get_data(latent, NULL), &value, 1,
                          g_bytes_get_size(latent) / sizeof *value, 1, &n))
    return NAN;
  return n.distance;
}

static void fill_row(encode *s, int row, const WdBranch *b, const WdBranch *reference, double epsilon) {
  char text[32];
  WdFrame f = {0};
  GBytes *latent = wd_place_latent(s->watch->recording, (WdPlace){b->id, 0}, WD_WHAT_ESTIMATE);
  GtkWidget *button = gtk_button_new_with_label(_(given_words[given_of(b)]));
  gtk_button_set_has_frame(GTK_BUTTON(button), FALSE);
  gtk_widget_add_css_class(button, "caption");
  if (b->id == s->branch) gtk_widget_add_css_class(button, "suggested-action");
  gtk_widget_set_tooltip_text(button, _("Show this encoding"));
  g_object_set_data(G_OBJECT(button), "branch", GUINT_TO_POINTER(b->id));
  g_signal_connect(button, "clicked", G_CALLBACK(on_show), s);
  gtk_grid_attach(GTK_GRID(s->table), button, 0, row, 1, 1);
  gboolean known = wd_recording_get_frame(s->watch->recording, b->id, 0, WD_WHAT_ESTIMATE, &f) && f.pair;
  WdTruthReport report = {0};
  gboolean compared = known && b->truth &&
                      !wd_truth_compare(b->truth, f.pair, wd_frame_simulation(&f), epsilon, &report, NULL);
  number(text, sizeof text, NAN, "");
  if (compared && report.has_velocity)
    wd_units_number(&s->view->units, WD_VELOCITY, report.velocity.mae, 1, text, sizeof text);
  cell(s, row, 1, text, FALSE);
  number(text, sizeof text,
         compared && report.has_gathers ? wd_measure_get(&report.gathers, WD_METRIC_REFLECTION_RESIDUAL)
                                        : NAN,
         "%.2f");
  cell(s, row, 2, text, FALSE);
  number(text, sizeof text,
         compared && report.has_explained ? wd_measure_get(&report.explained, WD_METRIC_REFLECTION_RESIDUAL)
                                          : NAN,
         "%.2f");
  cell(s, row, 3, text, FALSE);
  const WdPosition *p = wd_recording_position(s->watch->recording, b->id, 0);
  const WdScore *score = p ? wd_position_score(p, WD_WHAT_ESTIMATE) : NULL;
  number(text, sizeof text, score ? score->value[WD_METRIC_REFLECTION_RESIDUAL] : NAN,
         score && score->mode == WD_WAVE_LIVE ? _("%.2f live") : _("%.2f exact"));
  cell(s, row, 4, text, FALSE);
  number(text, sizeof text, b == reference ? 0 : distance_to(s, latent, reference), "%.2f");
  cell(s, row, 5, text, FALSE);
  if (b->id != s->branch) return;
  if (known && s->decoded != f.pair) {
    wd_pair_unref(s->decoded);
    s->decoded = wd_pair_ref(f.pair);
  }
  g_autofree char *words = compared ? wd_truth_words(&report, &s->view->units) : NULL;
  gtk_label_set_text(GTK_LABEL(s->words), words ? words : "");
}

static void fill_table(encode *s, const WdBranch *shown) {
  g_autofree char *error = g_strdup_printf(_("map error, %s"), wd_units_symbol(&s->view->units, WD_VELOCITY));
  const char *const head[COLUMNS] = {
      _("given"), error, _("decoded gathers"), _("map's gathers"), _("of decoded pair"), _("latent apart")};
  const char *const tip[COLUMNS] = {
      _("What of the pair the encoder was told"),
      _("Mean absolute error of the decoded map against the true one"),
      _("Reflection residual of the decoded gathers against the observed ones"),
      _("Reflection residual of the gathers that the decoded map gives (F(v)) against the observed ones"),
      _("Reflection residual of the decoded gathers against the decoded map's own: is the pair consistent?"),
      _("|Δz|/√d from the encoding of the first row")};
  for (GtkWidget *c; (c = gtk_widget_get_first_child(s->table));) gtk_grid_remove(GTK_GRID(s->table), c);
  WdLevels levels;
  double epsilon =
      wd_session_get_levels(s->session, WD_METRIC_REFLECTION_RESIDUAL, &levels) ? levels.stage1_p95 : NAN;
  for (int c = 0; c < COLUMNS; c++) {
    cell(s, 0, c, head[c], TRUE);
    GtkWidget *label = gtk_grid_get_child_at(GTK_GRID(s->table), c, 0);
    gtk_widget_set_tooltip_text(label, tip[c]);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_width_chars(GTK_LABEL(label), 7);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 10);
  }
  memset(s->of, 0, sizeof s->of);
  for (guint i = 0; i < wd_recording_count(s->watch->recording); i++) {
    const WdBranch *b = wd_recording_nth(s->watch->recording, i);
    if (b->kind == WD_BRANCH_ENCODED && (b == shown || same_truth(b->truth, shown->truth)))
      if (!s->of[given_of(b)] || b == shown) s->of[given_of(b)] = b->id;
  }
  const WdBranch *reference = NULL;
  int row = 1;
  for (int g = 0; g < GIVENS; g++) {
    const WdBranch *b = s->of[g] ? wd_recording_find(s->watch->recording, s->of[g]) : NULL;
    if (!b) continue;
    if (!reference) reference = b;
    fill_row(s, row++, b, reference, epsilon);
  }
}

static void find_difference(encode *s) {
  wd_map_clear(&s->difference);
  if (!s->truth || !s->decoded || !s->truth->velocity.value ||
      s->truth->velocity.nz != s->decoded->velocity.nz || s->truth->velocity.nx != s->decoded->velocity.nx ||
      wd_map_copy(&s->decoded->velocity, &s->difference, NULL))
    return;
  for (gsize i = 0; i < (gsize)s->difference.nz * (gsize)s->difference.nx; i++)
    s->difference.value[i] -= s->truth->velocity.value[i];
}

static void update(gpointer user) {
  encode *s = user;
  const WdBranch *b = find(s);
  gboolean another = (b ? b->id : 0) != s->branch;
  s->branch = b ? b->id : 0;
  gtk_widget_set_visible(s->empty, b == NULL);
  gtk_widget_set_visible(s->body, b != NULL);
  gtk_label_set_text(GTK_LABEL(s->title),
                     b ? b->truth_name ? b->truth_name : b->name : _("Nothing is opened"));
  if (!b) return;
  if (another || b->truth != s->truth) g_clear_pointer(&s->decoded, wd_pair_unref);
  if (b->truth != s->truth) {
    wd_pair_unref(s->truth);
    s->truth = b->truth ? wd_pair_ref(b->truth) : NULL;
  }
  fill_table(s, b);
  find_difference(s);
  gboolean idle = wd_session_get_state(s->session) == WD_SESSION_IDLE && s->truth;
  for (int g = 0; g < GIVENS; g++) {
    gboolean possible = s->truth && (g == GIVEN_GATHERS || s->truth->velocity.value) &&
                        (g != GIVEN_GATHERS || s->truth->gathers.value || s->truth->velocity.value);
    gtk_widget_set_sensitive(s->give[g], idle && possible && !s->of[g]);
  }
  g_autofree char *about = g_strdup(!s->truth ? _("Opened.")
                                    : s->truth->velocity.value && s->truth->gathers.value
                                        ? _("Opened: a velocity map and gathers.")
                                    : s->truth->velocity.value ? _("Opened: a velocity map.")
                                                               : _("Opened: gathers."));
  gtk_label_set_text(GTK_LABEL(s->about), about);
  for (GtkWidget *c = gtk_widget_get_first_child(s->pictures); c; c = gtk_widget_get_next_sibling(c))
    gtk_widget_queue_draw(c);
}

/* ---- what can be done */

static void on_give(GtkButton *button, encode *s) {
  Given g = (Given)GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "given"));
  const WdBranch *b = wd_recording_find(s->watch->recording, s->branch);
  if (!b || !b->truth) return;
  g_autoptr(GError) error = NULL;
  g_autofree char *name = g_strdup(b->truth_name ? b->truth_name : b->name);
  guint id = wd_session_encode(s->session, b->truth, g != GIVEN_GATHERS, g != GIVEN_VELOCITY, name, &error);
  say(s, id ? NULL : error ? error->message : _("It could not be encoded"));
  if (id) wd_view_go(s->view, s->watch->recording, 0, id, 0);
}

static void on_walk(GtkButton *button, encode *s) {
  (void)button;
  GBytes *latent = wd_place_latent(s->watch->recording, (WdPlace){s->branch, 0}, WD_WHAT_ESTIMATE);
  if (!latent) return;
  g_autofree char *name = wd_place_name(s->watch->recording, (WdPlace){s->branch, 0}),
                  *text = g_strdup_printf(_("from %s"), name);
  json_t *o = json_pack("{s:s, s:s, s:i, s:i}", "edit", "start", "text", text, "branch", (int)s->branch,
                        "position", 0);
  char *note = json_dumps(o, JSON_COMPACT);
  json_decref(o);
  g_autoptr(GError) error = NULL;
  guint id = wd_session_walk(s->session, NULL, latent, note, &error);
  free(note);
  say(s, id ? NULL : error ? error->message : _("The walk did not begin"));
  if (id) wd_view_go(s->view, s->watch->recording, 0, id, 0);
}

static void on_anchor(GtkButton *button, encode *s) {
  (void)button;
  wd_tool_use_anchor(s->self, (WdPlace){s->branch, 0}, WD_WHAT_ESTIMATE);
}

static void encode_free(gpointer data) {
  encode *s = data;
  wd_pair_unref(s->truth);
  wd_pair_unref(s->decoded);
  wd_map_clear(&s->difference);
  g_free(s);
}

static GtkWidget *open_button(const char *name) {
  GtkWidget *b = gtk_button_new_with_label(_("Open a pair, map or gather…"));
  gtk_widget_set_name(b, name);
  gtk_actionable_set_action_name(GTK_ACTIONABLE(b), "win.open");
  gtk_widget_set_halign(b, GTK_ALIGN_START);
  return b;
}

GtkWidget *wd_encode_view_new(WdSession *session, WdView *view) {
  const char *const label[GIVENS] = {_("Both"), _("Velocity alone"), _("Gathers alone")};
  const char *const tip[GIVENS] = {
      _("Encode it, the encoder told of the map and of the gathers"),
      _("Encode it, the encoder told of the map alone"),
      _("Encode it, the encoder told of the gathers alone: what they say of the velocity")};
  const char *const picture[] = {_("True velocity"), _("Decoded velocity"), _("Decoded minus true velocity")};
  encode *s = g_new0(encode, 1);
  s->session = session;
  s->view = view;
  s->self = wd_tool_page("encode");
  g_object_set_data_full(G_OBJECT(s->self), "wd-encode", s, encode_free);
  s->title = wd_tool_heading(s->self, "");
  s->empty = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8);
  wd_tool_words(
      s->empty, "encode-about",
      _("Drop an OpenFWI pair, a velocity map or a gather (.npy, SEG-Y) on the window, or open one. It is "
        "encoded into a latent: what the model makes of it, and a place to walk from."));
  gtk_box_append(GTK_BOX(s->empty), open_button("encode-open"));
  gtk_box_append(GTK_BOX(s->self), s->empty);
  s->body = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
  gtk_box_append(GTK_BOX(s->self), s->body);
  s->about = wd_tool_words(s->body, "encode-opened", "");
  GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_box_append(GTK_BOX(row), gtk_label_new(_("Encode, given")));
  for (int g = 0; g < GIVENS; g++) {
    static const char *const name[GIVENS] = {"encode-both", "encode-velocity", "encode-gathers"};
    s->give[g] = gtk_button_new_with_label(label[g]);
    gtk_widget_set_name(s->give[g], name[g]);
    gtk_widget_set_tooltip_text(s->give[g], tip[g]);
    g_object_set_data(G_OBJECT(s->give[g]), "given", GINT_TO_POINTER(g));
    g_signal_connect(s->give[g], "clicked", G_CALLBACK(on_give), s);
    gtk_box_append(GTK_BOX(row), s->give[g]);
  }
  gtk_box_append(GTK_BOX(s->body), row);
  s->pictures = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_box_set_homogeneous(GTK_BOX(s->pictures), TRUE);
  for (int i = 0; i < 3; i++) {
    GtkWidget *area = g_object_new(GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_IMG, NULL);
    gtk_drawing_area_set_content_height(GTK_DRAWING_AREA(area), 150);
    gtk_drawing_area_set_content_width(GTK_DRAWING_AREA(area), 120);
    g_object_set_data(G_OBJECT(area), "which", GINT_TO_POINTER(i));
    gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(area), draw, s, NULL);
    gtk_accessible_update_property(GTK_ACCESSIBLE(area), GTK_ACCESSIBLE_PROPERTY_LABEL, picture[i], -1);
    gtk_widget_set_hexpand(area, TRUE);
    gtk_box_append(GTK_BOX(s->pictures), area);
  }
  gtk_box_append(GTK_BOX(s->body), s->pictures);
  s->table = gtk_grid_new();
  gtk_widget_set_name(s->table, "encode-table");
  gtk_grid_set_column_spacing(GTK_GRID(s->table), 10);
  gtk_grid_set_row_spacing(GTK_GRID(s->table), 3);
  gtk_box_append(GTK_BOX(s->body), s->table);
  s->words = wd_tool_words(s->body, "encode-words", "");
  GtkWidget *on = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6),
            *walk = gtk_button_new_with_label(_("Walk from it"));
  gtk_widget_set_name(walk, "encode-walk");
  gtk_widget_set_tooltip_text(walk, _("Begin a walk at this latent: edit its codes, re-noise it"));
  g_signal_connect(walk, "clicked", G_CALLBACK(on_walk), s);
  gtk_box_append(GTK_BOX(on), walk);
  s->anchor = wd_tool_anchor_button(s->self);
  g_signal_connect(s->anchor, "clicked", G_CALLBACK(on_anchor), s);
  gtk_box_append(GTK_BOX(on), s->anchor);
  gtk_box_append(GTK_BOX(on), open_button("encode-another"));
  gtk_box_append(GTK_BOX(s->body), on);
  s->message = wd_tool_words(s->self, "encode-message", "");
  gtk_widget_set_visible(s->message, FALSE);
  s->watch = wd_watch_new(s->self, session, view, WD_VIEW_PLACE | WD_VIEW_DISPLAY,
                          WD_WATCH_POSITIONS | WD_WATCH_FRAMES, 0, update, s);
  return wd_tool_scrolled(s->self);
}
