/* The page of Teach mode, left of the panels: the list of lessons, or the text of the one that plays. */
#include "app/i18n.h"
#include "app/teach.h"

#include "app/window_private.h"

typedef struct Page {
  WdWindow *window;
  GtkWidget *stack;
  GtkWidget *title, *count, *heading, *text, *question_box, *question, *reveal, *answer, *scroll;
  GtkWidget *dots, *reset, *play, *next;
  const WdLesson *shown; /* whose dots stand */
  int step;              /* that is scrolled to its top */
  gboolean revealed;
} Page;

static Page *page_of(WdWindow *w) {
  return g_object_get_data(G_OBJECT(w), "wd-teach-page");
}

static GtkWidget *label(const char *style, gboolean markup) {
  GtkWidget *l = gtk_label_new(NULL);
  gtk_label_set_use_markup(GTK_LABEL(l), markup);
  gtk_label_set_wrap(GTK_LABEL(l), TRUE);
  gtk_label_set_wrap_mode(GTK_LABEL(l), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_xalign(GTK_LABEL(l), 0);
  if (style) gtk_widget_add_css_class(l, style);
  return l;
}

static GtkWidget *button(const char *name, const char *icon, const char *text, const char *action,
                         const char *tip) {
  GtkWidget *b = icon ? gtk_button_new_from_icon_name(icon) : gtk_button_new_with_label(text);
  gtk_widget_set_name(b, name);
  gtk_actionable_set_action_name(GTK_ACTIONABLE(b), action);
  gtk_widget_set_tooltip_text(b, tip);
  if (icon) gtk_accessible_update_property(GTK_ACCESSIBLE(b), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  return b;
}

/* ---- the list */

static GtkWidget *row_of(int number, const char *path) {
  g_autoptr(GError) error = NULL;
  WdLesson *l = wd_lesson_load(path, NULL, &error);
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
  gtk_widget_add_css_class(box, "lesson-row");
  g_autofree char *n = g_strdup_printf("%d", number);
  GtkWidget *badge = gtk_label_new(n);
  gtk_widget_add_css_class(badge, "lesson-number");
  gtk_widget_set_valign(badge, GTK_ALIGN_START);
  gtk_box_append(GTK_BOX(box), badge);
  GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
  gtk_widget_set_hexpand(texts, TRUE);
  GtkWidget *title = label("heading", FALSE), *about = label("dim-label", FALSE),
            *length = label("caption", FALSE);
  gtk_widget_add_css_class(length, "dim-label");
  g_autofree char *plain = l && l->description ? wd_markup_plain(l->description) : NULL;
  gtk_label_set_text(GTK_LABEL(title), l ? l->title : _("A lesson that cannot be read"));
  gtk_label_set_text(GTK_LABEL(about), l ? (plain ? plain : "") : error->message);
  g_autofree char *steps =
                      l ? g_strdup_printf(ngettext("%d step", "%d steps", (gulong)l->n), l->n) : g_strdup(""),
                  *time = l && l->minutes
                              ? g_strdup_printf(ngettext("%s · about %d minute", "%s · about %d minutes",
                                                         (gulong)l->minutes),
                                                steps, l->minutes)
                              : g_strdup(steps);
  gtk_label_set_text(GTK_LABEL(length), time);
  gtk_box_append(GTK_BOX(texts), title);
  gtk_box_append(GTK_BOX(texts), about);
  gtk_box_append(GTK_BOX(texts), length);
  gtk_box_append(GTK_BOX(box), texts);
  GtkWidget *row = gtk_list_box_row_new();
  gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
  g_autofree char *name = g_strdup_printf("lesson-%d", number);
  gtk_widget_set_name(row, name);
  gtk_widget_set_sensitive(row, l != NULL);
  gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, l ? l->title : "", -1);
  g_object_set_data_full(G_OBJECT(row), "path", g_strdup(path), g_free);
  wd_lesson_free(l);
  return row;
}

static void on_row(GtkListBox *list, GtkListBoxRow *row, gpointer user) {
  (void)list;
  g_autoptr(GError) error = NULL;
  if (!wd_teach_open(user, g_object_get_data(G_OBJECT(row), "path"), 0, &error))
    wd_window_notify_error(user, _("The lesson could not be opened"), error);
}

static void on_chosen(GtkNativeDialog *dialog, int response, gpointer user) {
  g_autoptr(GFile) file =
      response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog)) : NULL;
  g_autofree char *path = file ? g_file_get_path(file) : NULL;
  g_autoptr(GError) error = NULL;
  if (path && !wd_teach_open(user, path, 0, &error))
    wd_window_notify_error(user, _("The lesson could not be opened"), error);
  g_object_set_data(G_OBJECT(user), "wd-lesson-chooser", NULL);
}

static void on_open(GtkButton *b, gpointer user) {
  (void)b;
  GtkFileChooserNative *chooser = gtk_file_chooser_native_new(_("Open a lesson"), GTK_WINDOW(user),
                                                              GTK_FILE_CHOOSER_ACTION_OPEN, _("_Open"), NULL);
  g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();
  gtk_file_filter_set_name(filter, _("Lessons (JSON)"));
  gtk_file_filter_add_pattern(filter, "*.json");
  gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(chooser), filter);
  gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(chooser), TRUE);
  g_signal_connect(chooser, "response", G_CALLBACK(on_chosen), user);
  g_object_set_data_full(G_OBJECT(user), "wd-lesson-chooser", chooser, g_object_unref);
  gtk_native_dialog_show(GTK_NATIVE_DIALOG(chooser));
}

static GtkWidget *build_list(WdWindow *w) {
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 10);
  gtk_widget_add_css_class(box, "lesson-page");
  GtkWidget *title = label("title-2", FALSE), *about = label("dim-label", FALSE);
  gtk_label_set_text(GTK_LABEL(title), _("Lessons"));
  gtk_label_set_text(
      GTK_LABEL(about),
      _("Text beside the working window. Each plays from a recording: no model and no graphics "
        "card are needed, and all controls keep working."));
  gtk_box_append(GTK_BOX(box), title);
  gtk_box_append(GTK_BOX(box), about);
  GtkWidget *list = gtk_list_box_new();
  gtk_widget_set_name(list, "lessons");
  gtk_widget_add_css_class(list, "boxed-list");
  gtk_list_box_set_selection_mode(GTK_LIST_BOX(list), GTK_SELECTION_NONE);
  gtk_list_box_set_activate_on_single_click(GTK_LIST_BOX(list), TRUE);
  g_auto(GStrv) all = wd_lesson_list();
  for (int i = 0; all[i]; i++) gtk_list_box_append(GTK_LIST_BOX(list), row_of(i + 1, all[i]));
  if (!all[0])
    gtk_list_box_set_placeholder(GTK_LIST_BOX(list), gtk_label_new(_("No lessons are installed.")));
  g_signal_connect(list, "row-activated", G_CALLBACK(on_row), w);
  gtk_box_append(GTK_BOX(box), list);
  GtkWidget *open = gtk_button_new_with_label(_("Open a lesson…"));
  gtk_widget_set_name(open, "lesson-open");
  gtk_widget_set_halign(open, GTK_ALIGN_START);
  gtk_widget_set_tooltip_text(open, _("A lesson of your own: a JSON file (Help says how they are written)"));
  g_signal_connect(open, "clicked", G_CALLBACK(on_open), w);
  gtk_box_append(GTK_BOX(box), open);
  GtkWidget *scroll = gtk_scrolled_window_new();
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroll), box);
  return scroll;
}

/* ---- the player */

static GtkWidget *build_player(Page *p) {
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *top = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
  gtk_widget_add_css_class(top, "lesson-top");
  gtk_box_append(GTK_BOX(top),
                 button("lesson-close", "go-previous-symbolic", _("All lessons"), "win.lesson-close",
                        _("All lessons; what was in the window before comes back")));
  p->title = label("heading", FALSE);
  gtk_label_set_wrap(GTK_LABEL(p->title), FALSE);
  gtk_label_set_ellipsize(GTK_LABEL(p->title), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand(p->title, TRUE);
  gtk_box_append(GTK_BOX(top), p->title);
  gtk_box_append(GTK_BOX(top), button("lesson-present", "view-fullscreen-symbolic", _("Present"),
                                      "win.present", _("Present: full screen, large type (F5)")));
  gtk_box_append(GTK_BOX(box), top);

  GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 10);
  gtk_widget_add_css_class(texts, "lesson-text");
  p->heading = label("title-2", FALSE);
  p->text = label(NULL, TRUE);
  gtk_widget_set_name(p->text, "lesson-text");
  p->question_box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8);
  gtk_widget_add_css_class(p->question_box, "lesson-question");
  p->question = label(NULL, TRUE);
  gtk_widget_set_name(p->question, "lesson-question");
  p->reveal = button("lesson-reveal", NULL, _("Show"), "win.lesson-reveal", _("What happens? (Page Down)"));
  gtk_widget_add_css_class(p->reveal, "suggested-action");
  gtk_widget_set_halign(p->reveal, GTK_ALIGN_START);
  p->answer = label(NULL, TRUE);
  gtk_widget_set_name(p->answer, "lesson-answer");
  gtk_box_append(GTK_BOX(p->question_box), p->question);
  gtk_box_append(GTK_BOX(p->question_box), p->reveal);
  gtk_box_append(GTK_BOX(p->question_box), p->answer);
  gtk_box_append(GTK_BOX(texts), p->heading);
  gtk_box_append(GTK_BOX(texts), p->text);
  gtk_box_append(GTK_BOX(texts), p->question_box);
  p->scroll = gtk_scrolled_window_new();
  gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(p->scroll), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(p->scroll), texts);
  gtk_widget_set_vexpand(p->scroll, TRUE);
  gtk_box_append(GTK_BOX(box), p->scroll);

  p->dots = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_widget_set_name(p->dots, "lesson-dots");
  gtk_widget_add_css_class(p->dots, "lesson-dots");
  gtk_widget_set_halign(p->dots, GTK_ALIGN_CENTER);
  gtk_box_append(GTK_BOX(box), p->dots);

  GtkWidget *bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_widget_add_css_class(bar, "lesson-bar");
  gtk_box_append(GTK_BOX(bar), button("lesson-previous", "go-previous-symbolic", _("Previous"),
                                      "win.lesson-previous", _("Previous step (Page Up)")));
  p->count = label("dim-label", FALSE);
  gtk_label_set_wrap(GTK_LABEL(p->count), FALSE);
  gtk_label_set_xalign(GTK_LABEL(p->count), 0.5);
  gtk_widget_set_name(p->count, "lesson-count");
  gtk_widget_set_hexpand(p->count, TRUE);
  gtk_box_append(GTK_BOX(bar), p->count);
  p->reset = button("lesson-reset", "edit-undo-symbolic", _("Reset to the lesson"), "win.lesson-reset",
                    _("Back to what this step shows, after playing about"));
  gtk_box_append(GTK_BOX(bar), p->reset);
  p->play = gtk_toggle_button_new();
  gtk_button_set_icon_name(GTK_BUTTON(p->play), "media-playback-start-symbolic");
  gtk_widget_set_name(p->play, "lesson-play");
  gtk_actionable_set_action_name(GTK_ACTIONABLE(p->play), "win.lesson-play");
  gtk_accessible_update_property(GTK_ACCESSIBLE(p->play), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Go on by itself"),
                                 -1);
  gtk_box_append(GTK_BOX(bar), p->play);
  p->next =
      button("lesson-next", "go-next-symbolic", _("Next"), "win.lesson-next", _("Next step (Page Down)"));
  gtk_widget_add_css_class(p->next, "suggested-action");
  gtk_box_append(GTK_BOX(bar), p->next);
  gtk_box_append(GTK_BOX(box), bar);
  return box;
}

static void on_dot(GtkButton *dot, gpointer user) {
  wd_teach_go(user, GPOINTER_TO_INT(g_object_get_data(G_OBJECT(dot), "step")));
}

static void make_dots(Page *p, const WdLesson *l) {
  GtkWidget *c;
  while ((c = gtk_widget_get_first_child(p->dots))) gtk_box_remove(GTK_BOX(p->dots), c);
  for (int i = 0; i < l->n; i++) {
    GtkWidget *dot = gtk_button_new();
    gtk_widget_add_css_class(dot, "lesson-dot");
    gtk_widget_set_child_visible(dot, TRUE);
    gtk_button_set_child(GTK_BUTTON(dot), gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0));
    g_autofree char *tip = g_strdup_printf("%d. %s", i + 1, l->step[i].title);
    gtk_widget_set_tooltip_text(dot, tip);
    gtk_accessible_update_property(GTK_ACCESSIBLE(dot), GTK_ACCESSIBLE_PROPERTY_LABEL, tip, -1);
    g_object_set_data(G_OBJECT(dot), "step", GINT_TO_POINTER(i));
    gtk_widget_set_focusable(dot, FALSE); /* Previous and Next are the keyboard's */
    g_signal_connect(dot, "clicked", G_CALLBACK(on_dot), p->window);
    gtk_box_append(GTK_BOX(p->dots), dot);
  }
}

static void set_markup(GtkWidget *l, const char *markup, WdWindow *w) {
  gtk_widget_set_visible(l, markup != NULL);
  if (!markup) return;
  g_autofree char *filled = wd_lesson_fill(markup, w->session, w->view);
  if (g_strcmp0(filled, gtk_label_get_label(GTK_LABEL(l)))) gtk_label_set_markup(GTK_LABEL(l), filled);
}

/* What was just revealed comes into sight, once the text has its new height. */
static gboolean show_answer(gpointer adjustment) {
  gtk_adjustment_set_value(adjustment, gtk_adjustment_get_upper(adjustment));
  return G_SOURCE_REMOVE;
}

void wd_teach_page_update(WdWindow *w) {
  Page *p = page_of(w);
  const WdLesson *l = wd_teach_lesson(w);
  if (!p) return;
  gtk_stack_set_visible_child_name(GTK_STACK(p->stack), l ? "player" : "list");
  if (!l) {
    p->shown = NULL;
    return;
  }
  const int at = wd_teach_step(w);
  const WdLessonStep *s = &l->step[at];
  const gboolean revealed = wd_teach_revealed(w), fresh = p->shown != l || p->step != at;
  if (p->shown != l) make_dots(p, l);
  p->shown = l;
  p->step = at;
  gtk_label_set_text(GTK_LABEL(p->title), l->title);
  gtk_widget_set_tooltip_text(p->title, l->title);
  gtk_label_set_text(GTK_LABEL(p->heading), s->title);
  set_markup(p->text, s->text, w);
  gtk_widget_set_visible(p->question_box, s->question || s->reveal);
  set_markup(p->question, s->question, w);
  gtk_widget_set_visible(p->reveal, !revealed);
  set_markup(p->answer, revealed ? s->reveal : NULL, w);
  g_autofree char *count = g_strdup_printf(_("%d of %d"), at + 1, l->n);
  gtk_label_set_text(GTK_LABEL(p->count), count);
  int i = 0;
  for (GtkWidget *dot = gtk_widget_get_first_child(p->dots); dot;
       dot = gtk_widget_get_next_sibling(dot), i++) {
    if (i == at)
      gtk_widget_add_css_class(dot, "now");
    else
      gtk_widget_remove_css_class(dot, "now");
    if (i < at)
      gtk_widget_add_css_class(dot, "seen");
    else
      gtk_widget_remove_css_class(dot, "seen");
  }
  gtk_widget_set_tooltip_text(
      p->play, wd_teach_may_play(w)
                   ? _("Go on by itself; steps that ask something wait")
                   : _("The desktop's animations are off: lessons do not go on by themselves"));
  const gboolean changed = wd_teach_changed(w);
  if (changed)
    gtk_widget_add_css_class(p->reset, "attention");
  else
    gtk_widget_remove_css_class(p->reset, "attention");
  GtkAdjustment *v = gtk_scrolled_window_get_vadjustment(GTK_SCROLLED_WINDOW(p->scroll));
  if (fresh) gtk_adjustment_set_value(v, 0);
  if (!fresh && revealed && !p->revealed)
    g_idle_add_full(G_PRIORITY_LOW, show_answer, g_object_ref(v), g_object_unref);
  p->revealed = revealed;
}

/* Scores come after the frame: the text's numbers follow. */
static void on_frame(WdSession *session, guint id, int k, int what, gpointer user) {
  (void)session, (void)id, (void)k, (void)what;
  wd_teach_page_update(user);
}
static void on_state(WdSession *session, gpointer user) {
  (void)session;
  wd_teach_page_update(user);
}

GtkWidget *wd_teach_page_new(WdWindow *w) {
  Page *p = g_new0(Page, 1);
  p->window = w;
  p->step = -1;
  p->stack = gtk_stack_new();
  gtk_widget_add_css_class(p->stack, "wd-teach");
  gtk_widget_set_size_request(p->stack, 260, -1);
  gtk_stack_add_named(GTK_STACK(p->stack), build_list(w), "list");
  gtk_stack_add_named(GTK_STACK(p->stack), build_player(p), "player");
  g_object_set_data_full(G_OBJECT(w), "wd-teach-page", p, g_free);
  g_signal_connect_object(w->session, "frame", G_CALLBACK(on_frame), w, 0);
  g_signal_connect_object(w->session, "state", G_CALLBACK(on_state), w, 0);
  wd_teach_page_update(w);
  return p->stack;
}
