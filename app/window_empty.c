/* The page of a window that has nothing to show yet: what can be done. */
#include "app/i18n.h"
#include "app/window_private.h"

static GtkWidget *pill(const char *name, const char *label, const char *action, const char *style) {
  GtkWidget *button = gtk_button_new_with_label(label);
  gtk_widget_set_name(button, name);
  gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
  gtk_widget_add_css_class(button, "pill");
  if (style) gtk_widget_add_css_class(button, style);
  return button;
}

GtkWidget *wd_window_build_empty(WdWindow *w) {
  GtkWidget *page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
  gtk_widget_set_name(page, "empty");
  gtk_widget_add_css_class(page, "empty-page");
  gtk_widget_set_halign(page, GTK_ALIGN_CENTER);
  gtk_widget_set_valign(page, GTK_ALIGN_CENTER);
  GtkWidget *icon = gtk_image_new_from_icon_name(WD_APPLICATION_ID);
  gtk_image_set_pixel_size(GTK_IMAGE(icon), 128);
  gtk_box_append(GTK_BOX(page), icon);
  w->empty_title = gtk_label_new(NULL);
  gtk_widget_add_css_class(w->empty_title, "title-1");
  gtk_label_set_wrap(GTK_LABEL(w->empty_title), TRUE);
  gtk_label_set_justify(GTK_LABEL(w->empty_title), GTK_JUSTIFY_CENTER);
  gtk_box_append(GTK_BOX(page), w->empty_title);
  GtkWidget *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
  gtk_widget_set_halign(line, GTK_ALIGN_CENTER);
  w->empty_spinner = gtk_spinner_new();
  gtk_box_append(GTK_BOX(line), w->empty_spinner);
  w->empty_text = gtk_label_new(NULL);
  gtk_widget_add_css_class(w->empty_text, "dim-label");
  gtk_label_set_wrap(GTK_LABEL(w->empty_text), TRUE);
  gtk_label_set_max_width_chars(GTK_LABEL(w->empty_text), 60);
  gtk_label_set_justify(GTK_LABEL(w->empty_text), GTK_JUSTIFY_CENTER);
  gtk_box_append(GTK_BOX(line), w->empty_text);
  gtk_box_append(GTK_BOX(page), line);

  GtkWidget *buttons = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
  gtk_widget_set_halign(buttons, GTK_ALIGN_CENTER);
  gtk_widget_set_margin_top(buttons, 12);
  w->empty_run = pill("empty-run", _("Run"), "win.run", "suggested-action");
  gtk_box_append(GTK_BOX(buttons), w->empty_run);
  gtk_box_append(GTK_BOX(buttons), pill("empty-model", _("Open a model…"), "win.open-model", NULL));
  gtk_box_append(GTK_BOX(buttons), pill("empty-open", _("Open a recording…"), "win.open", NULL));
  gtk_box_append(GTK_BOX(buttons), pill("empty-demo", _("Try the demo"), "win.demo", NULL));
  gtk_box_append(GTK_BOX(page), buttons);
  return page;
}

void wd_window_show_empty(WdWindow *w) {
  const WdSessionState state = wd_session_get_state(w->session);
  const WdModelInfo *model = wd_session_get_model(w->session);
  const gboolean loading = state == WD_SESSION_LOADING, ready = model && model->stage2 && !loading;
  gtk_widget_set_visible(w->empty_spinner, loading);
  gtk_spinner_set_spinning(GTK_SPINNER(w->empty_spinner), loading);
  gtk_widget_set_visible(w->empty_run, ready);
  gtk_label_set_text(GTK_LABEL(w->empty_title), ready ? _("Run makes a map and its gathers from noise")
                                                      : _("Open a model, a recording, or try the demo"));
  g_autofree char *text =
      loading ? g_strdup(_("Opening the model…"))
      : ready ? g_strdup_printf(_("Model %s on %s. Or drop a recording, a map or a gather here."),
                                model->name, model->device)
      : model
          ? g_strdup_printf(
                _("Model %s has no denoiser: it encodes and decodes, and recordings can be replayed."),
                model->name)
          : g_strdup(_("Without a model recordings can still be replayed. Files can also be dropped here."));
  gtk_label_set_text(GTK_LABEL(w->empty_text), text);
}
