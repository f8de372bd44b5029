#include "app/notice_bar.h"

#include "app/i18n.h"

struct _WdNoticeBar {
  GtkWidget parent_instance;
  GtkWidget *revealer, *box, *icon, *what, *kept, *details, *details_text, *action;
  char *text;
  guint timer; /* of what went well: it goes by itself */
};

enum { SECONDS = 7 };

G_DEFINE_TYPE(WdNoticeBar, wd_notice_bar, GTK_TYPE_WIDGET)

static GtkWidget *make_label(const char *name, const char *style) {
  GtkWidget *label = gtk_label_new(NULL);
  gtk_widget_set_name(label, name);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_label_set_wrap(GTK_LABEL(label), TRUE);
  gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_selectable(GTK_LABEL(label), TRUE);
  gtk_widget_set_can_focus(label, FALSE); /* or it would take the focus, all of its text selected */
  if (style) gtk_widget_add_css_class(label, style);
  return label;
}

static void on_close(GtkButton *button, gpointer bar) {
  (void)button;
  wd_notice_bar_hide(WD_NOTICE_BAR(bar));
}

static void wd_notice_bar_init(WdNoticeBar *bar) {
  bar->text = g_strdup("");
  bar->revealer = gtk_revealer_new();
  gtk_revealer_set_transition_type(GTK_REVEALER(bar->revealer), GTK_REVEALER_TRANSITION_TYPE_SLIDE_DOWN);
  gtk_widget_set_parent(bar->revealer, GTK_WIDGET(bar));
  gtk_widget_set_hexpand(bar->revealer, TRUE);

  bar->box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 10);
  gtk_widget_add_css_class(bar->box, "notice");
  gtk_revealer_set_child(GTK_REVEALER(bar->revealer), bar->box);
  bar->icon = gtk_image_new_from_icon_name("dialog-information-symbolic");
  gtk_widget_set_valign(bar->icon, GTK_ALIGN_START);
  gtk_widget_set_margin_top(bar->icon, 3);
  gtk_box_append(GTK_BOX(bar->box), bar->icon);

  GtkWidget *column = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
  gtk_widget_set_hexpand(column, TRUE);
  gtk_widget_set_valign(column, GTK_ALIGN_CENTER);
  gtk_box_append(GTK_BOX(bar->box), column);
  bar->what = make_label("notice-what", "notice-what");
  bar->kept = make_label("notice-kept", NULL);
  gtk_box_append(GTK_BOX(column), bar->what);
  gtk_box_append(GTK_BOX(column), bar->kept);
  bar->details = gtk_expander_new(_("Details"));
  gtk_widget_set_name(bar->details, "notice-details");
  bar->details_text = make_label("notice-details-text", "notice-details");
  gtk_expander_set_child(GTK_EXPANDER(bar->details), bar->details_text);
  gtk_box_append(GTK_BOX(column), bar->details);

  bar->action = gtk_button_new_with_label(_("Resume")); /* or what else there is to do */
  gtk_widget_set_name(bar->action, "notice-action");
  gtk_widget_set_valign(bar->action, GTK_ALIGN_CENTER);
  gtk_box_append(GTK_BOX(bar->box), bar->action);
  GtkWidget *close = gtk_button_new_from_icon_name("window-close-symbolic");
  gtk_widget_set_name(close, "notice-close");
  gtk_widget_add_css_class(close, "flat");
  gtk_widget_set_valign(close, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text(close, _("Close this message"));
  g_signal_connect(close, "clicked", G_CALLBACK(on_close), bar);
  /* In a box of its own, which has no baseline: a text button's and an icon button's differ by a pixel, and
   * GTK then finds that the bar's height depends on how it is asked. */
  GtkWidget *apart = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
  gtk_widget_set_valign(apart, GTK_ALIGN_CENTER);
  gtk_box_append(GTK_BOX(apart), close);
  gtk_box_append(GTK_BOX(bar->box), apart);
}

static void wd_notice_bar_dispose(GObject *object) {
  WdNoticeBar *bar = WD_NOTICE_BAR(object);
  g_clear_handle_id(&bar->timer, g_source_remove);
  g_clear_pointer(&bar->revealer, gtk_widget_unparent);
  g_clear_pointer(&bar->text, g_free);
  G_OBJECT_CLASS(wd_notice_bar_parent_class)->dispose(object);
}

static void wd_notice_bar_class_init(WdNoticeBarClass *class) {
  G_OBJECT_CLASS(class)->dispose = wd_notice_bar_dispose;
  gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(class), GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_accessible_role(GTK_WIDGET_CLASS(class), GTK_ACCESSIBLE_ROLE_ALERT);
}

GtkWidget *wd_notice_bar_new(void) {
  return g_object_new(WD_TYPE_NOTICE_BAR, NULL);
}

static gboolean on_timer(gpointer user) {
  WdNoticeBar *bar = user;
  bar->timer = 0;
  wd_notice_bar_hide(bar);
  return G_SOURCE_REMOVE;
}

void wd_notice_bar_show(WdNoticeBar *bar, const WdNotice *n) {
  g_clear_handle_id(&bar->timer, g_source_remove);
  if (n->code == WD_OK && !n->action) bar->timer = g_timeout_add_seconds(SECONDS, on_timer, bar);
  const struct {
    const char *label, *action;
  } actions[] = {{NULL, NULL},
                 {_("Use the CPU"), "win.use-cpu"},
                 {_("Open another model…"), "win.open-model"},
                 {_("Resume"), "win.resume"},
                 {_("Restore it"), "win.restore"}};
  const gboolean calm = n->code == WD_OK || n->code == WD_CANCELLED;
  gtk_widget_remove_css_class(bar->box, calm ? "error" : "calm");
  gtk_widget_add_css_class(bar->box, calm ? "calm" : "error");
  gtk_image_set_from_icon_name(GTK_IMAGE(bar->icon),
                               calm ? "dialog-information-symbolic" : "dialog-warning-symbolic");
  gtk_label_set_text(GTK_LABEL(bar->what), n->what ? n->what : wd_status_name(n->code));
  gtk_label_set_text(GTK_LABEL(bar->kept), n->kept ? n->kept : "");
  gtk_widget_set_visible(bar->kept, n->kept && *n->kept);
  gtk_label_set_text(GTK_LABEL(bar->details_text), n->details ? n->details : "");
  gtk_expander_set_expanded(GTK_EXPANDER(bar->details), FALSE);
  gtk_widget_set_visible(bar->details, n->details && *n->details);
  const guint action = (guint)n->action < G_N_ELEMENTS(actions) ? (guint)n->action : 0;
  gtk_widget_set_visible(bar->action, action != 0);
  if (action) {
    gtk_button_set_label(GTK_BUTTON(bar->action), actions[action].label);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(bar->action), actions[action].action);
  }
  g_free(bar->text);
  bar->text = g_strconcat(n->what ? n->what : "", n->kept ? "\n" : "", n->kept ? n->kept : "",
                          n->details ? "\n" : "", n->details ? n->details : "", NULL);
  gtk_accessible_update_property(GTK_ACCESSIBLE(bar), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                 n->what ? n->what : wd_status_name(n->code), -1);
  gtk_revealer_set_reveal_child(GTK_REVEALER(bar->revealer), TRUE);
}

void wd_notice_bar_hide(WdNoticeBar *bar) {
  g_clear_handle_id(&bar->timer, g_source_remove);
  gtk_revealer_set_reveal_child(GTK_REVEALER(bar->revealer), FALSE);
  g_free(bar->text);
  bar->text = g_strdup("");
}

gboolean wd_notice_bar_is_shown(WdNoticeBar *bar) {
  return gtk_revealer_get_reveal_child(GTK_REVEALER(bar->revealer));
}

const char *wd_notice_bar_get_text(WdNoticeBar *bar) {
  return bar->text;
}
