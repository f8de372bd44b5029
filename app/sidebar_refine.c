/* Sidebar: refinement, gradient steps in latent space after the data. */
#include "app/i18n.h"
#include "app/sidebar.h"
#include "app/watch.h"
#include "model/refine.h"
#include "render/axis.h"

#include <math.h>

typedef struct section {
  WdSession *session;
  WdView *view;
  GtkWidget *self, *steps, *rate, *button, *words;
  gboolean updating;
} section;

static void update(gpointer user) {
  section *s = user;
  WdRecording *r = wd_session_get_recording(s->session);
  const WdBranch *b = wd_recording_find(r, s->view->place[0].branch);
  const WdModelInfo *model = wd_session_get_model(s->session);
  gboolean reached = b && wd_branch_last(b) >= b->steps;
  gboolean idle = wd_session_get_state(s->session) == WD_SESSION_IDLE && model;
  gtk_widget_set_sensitive(s->button, reached && idle);
  s->updating = TRUE;
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(s->steps), CLAMP(s->view->next.refine_steps, 1, 500));
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(s->rate),
                            s->view->next.refine_rate > 0 ? s->view->next.refine_rate : WD_REFINE_RATE);
  s->updating = FALSE;
  int last = b ? wd_branch_last(b) : -1;
  const WdPosition *p = reached ? wd_recording_position(r, b->id, last) : NULL;
  g_autofree char *text = NULL;
  if (!b)
    text = g_strdup(_("Moves the latent of a finished run down the gradient of its residual"));
  else if (!reached)
    text = g_strdup(_("A run is refined once it has reached the data"));
  else if (p && last > b->steps && isfinite(p->objective)) {
    char number[32];
    wd_format_number(p->objective, 0, number, sizeof number);
    text = g_strdup_printf(
        ngettext("After %d step the objective stands at %s of where it began (the first step's denominator "
                 "throughout)",
                 "After %d steps the objective stands at %s of where it began (the first step's denominator "
                 "throughout)",
                 (gulong)(last - b->steps)),
        last - b->steps, number);
  } else
    text = g_strdup(_("Gradient steps of the residual in latent space, through both decoders and the solver; "
                      "never part of sampling"));
  gtk_label_set_text(GTK_LABEL(s->words), text);
}

static void on_next(section *s) {
  if (s->updating) return;
  s->view->next.refine_steps = gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(s->steps));
  s->view->next.refine_rate = gtk_spin_button_get_value(GTK_SPIN_BUTTON(s->rate));
  wd_view_changed(s->view, WD_VIEW_RUN);
}

static void on_refine(section *s) {
  int steps = gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(s->steps));
  /* The window's own action tells errors in its bar. */
  if (gtk_widget_activate_action(s->self, "win.refine", "i", steps)) return;
  g_autoptr(GError) error = NULL;
  s->view->follow = TRUE;
  if (!wd_session_refine(s->session, s->view->place[0].branch, steps,
                         gtk_spin_button_get_value(GTK_SPIN_BUTTON(s->rate)), &error))
    gtk_label_set_text(GTK_LABEL(s->words), error ? error->message : _("The refinement did not begin"));
}

GtkWidget *wd_sidebar_refine_new(WdSession *session, WdView *view) {
  section *s = g_new0(section, 1);
  s->session = session;
  s->view = view;
  GtkWidget *box;
  s->self = wd_section_new(_("Refine"), FALSE, &box);
  g_object_set_data_full(G_OBJECT(s->self), "section", s, g_free);
  s->steps = wd_section_spin(1, 500, 1, 0);
  wd_section_row(box, _("Steps"), s->steps, _("Gradient steps to add"));
  s->rate = wd_section_spin(0.001, 1, 0.005, 3);
  wd_section_row(box, _("Rate"), s->rate,
                 _("About how far each number of the latent moves a step, in deviations"));
  s->button = gtk_button_new_with_label(_("Refine"));
  gtk_widget_set_name(s->button, "sidebar-refine");
  gtk_widget_set_tooltip_text(s->button, _("Adds these steps after the data, in another colour"));
  gtk_box_append(GTK_BOX(box), s->button);
  s->words = wd_section_words(box, "");
  g_signal_connect_swapped(s->steps, "value-changed", G_CALLBACK(on_next), s);
  g_signal_connect_swapped(s->rate, "value-changed", G_CALLBACK(on_next), s);
  g_signal_connect_swapped(s->button, "clicked", G_CALLBACK(on_refine), s);
  wd_watch_new(s->self, session, view, WD_VIEW_PLACE | WD_VIEW_RUN, WD_WATCH_POSITIONS, 0, update, s);
  return s->self;
}
