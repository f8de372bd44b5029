#include "app/branch_popover.h"

#include "app/i18n.h"
#include "model/schedule.h"

typedef struct popover {
  WdSession *session;
  WdView *view;
  GtkWidget *self, *title, *noise, *seed, *sampler, *steps, *eta, *guidance, *button;
  WdFailedFunc failed;
  gpointer user;
  WdPlace place; /* that it was opened at */
} popover;

static const char *const sampler_names[] = {"DPM-Solver++ (2M)", "DDIM", "DDPM", NULL};

static GtkWidget *row(GtkWidget *grid, int at, const char *text, GtkWidget *control, const char *tooltip) {
  GtkWidget *label = gtk_label_new(text);
  gtk_label_set_xalign(GTK_LABEL(label), 0);
  gtk_label_set_mnemonic_widget(GTK_LABEL(label), control);
  gtk_grid_attach(GTK_GRID(grid), label, 0, at, 1, 1);
  gtk_widget_set_hexpand(control, TRUE);
  gtk_grid_attach(GTK_GRID(grid), control, 1, at, 1, 1);
  gtk_widget_set_tooltip_text(control, tooltip);
  gtk_accessible_update_property(GTK_ACCESSIBLE(control), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  return control;
}

static void update(popover *p) {
  gboolean fresh = gtk_drop_down_get_selected(GTK_DROP_DOWN(p->noise)) == 1;
  guint kind = gtk_drop_down_get_selected(GTK_DROP_DOWN(p->sampler));
  gboolean draws = kind == WD_SAMPLER_DDPM ||
                   (kind == WD_SAMPLER_DDIM && gtk_spin_button_get_value(GTK_SPIN_BUTTON(p->eta)) > 0);
  gtk_widget_set_sensitive(p->seed, fresh && draws);
  gtk_widget_set_sensitive(p->noise, draws);
  gtk_widget_set_sensitive(p->eta, kind == WD_SAMPLER_DDIM);
}

static void on_show(popover *p) {
  WdRecording *r = wd_session_get_recording(p->session);
  p->place = p->view->place[0];
  const WdBranch *b = wd_recording_find(r, p->place.branch);
  const WdPosition *here = b ? wd_recording_position(r, b->id, p->place.position) : NULL;
  int left = b && !wd_branch_is_data(b, here, p->place.position) ? b->steps - p->place.position : 0;
  const WdSessionState state = wd_session_get_state(p->session);
  const WdModelInfo *model = wd_session_get_model(p->session);
  gboolean can = left > 0 && b->kind == WD_BRANCH_SAMPLED && model && model->stage2 &&
                 (state == WD_SESSION_IDLE || state == WD_SESSION_RUNNING);
  g_autofree char *title =
      !b ? g_strdup(_("Nothing to branch from yet"))
      : b->kind == WD_BRANCH_WALK
          ? g_strdup(_("A walk's latents are data: re-noise one in Latent mode, or take a run"))
      : left <= 0 ? g_strdup(_("The data is reached here: branch at an earlier step"))
      : !can      ? g_strdup(_("Branching wants a loaded model that can sample"))
                  : g_strdup_printf(_("Branch of “%s” at step %d"), b->name, p->place.position);
  gtk_label_set_text(GTK_LABEL(p->title), title);
  gtk_widget_set_sensitive(p->button, can);
  if (b) {
    const wd_sampler_plan *plan = &b->recipe.plan;
    gtk_drop_down_set_selected(GTK_DROP_DOWN(p->sampler), plan->kind);
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(p->steps), MAX(left, 1));
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(p->eta), plan->eta);
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(p->guidance), plan->guidance);
  }
  update(p);
}

static void on_branch(GtkButton *button, popover *p) {
  (void)button;
  WdRecording *r = wd_session_get_recording(p->session);
  const WdBranch *b = wd_recording_find(r, p->place.branch);
  if (!b) return;
  WdRecipe recipe = b->recipe;
  recipe.plan = (wd_sampler_plan){
      .kind = (wd_sampler_kind)gtk_drop_down_get_selected(GTK_DROP_DOWN(p->sampler)),
      .steps = gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(p->steps)),
      .eta = gtk_spin_button_get_value(GTK_SPIN_BUTTON(p->eta)),
      .guidance = gtk_spin_button_get_value(GTK_SPIN_BUTTON(p->guidance)),
  };
  if (recipe.plan.kind != WD_SAMPLER_DDIM) recipe.plan.eta = 0;
  recipe.refine_steps = 0;
  recipe.new_noise =
      gtk_widget_get_sensitive(p->noise) && gtk_drop_down_get_selected(GTK_DROP_DOWN(p->noise)) == 1;
  recipe.noise_seed = recipe.new_noise ? (guint64)gtk_spin_button_get_value(GTK_SPIN_BUTTON(p->seed)) : 0;
  gtk_popover_popdown(GTK_POPOVER(p->self));
  g_autoptr(GError) error = NULL;
  guint id = wd_session_branch(p->session, p->place.branch, p->place.position, &recipe, NULL, &error);
  if (!id) {
    if (p->failed) p->failed(error ? error->message : _("The branch could not be begun."), p->user);
    return;
  }
  p->view->follow = TRUE;
  wd_view_go(p->view, r, 0, id, p->place.position);
}

GtkWidget *wd_branch_popover_new(WdSession *session, WdView *view, WdFailedFunc failed, gpointer user) {
  popover *p = g_new0(popover, 1);
  *p = (popover){.session = session, .view = view, .failed = failed, .user = user};
  p->self = gtk_popover_new();
  g_object_set_data_full(G_OBJECT(p->self), "wd-popover", p, g_free);
  GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 10);
  gtk_widget_set_margin_start(box, 6);
  gtk_widget_set_margin_end(box, 6);
  gtk_widget_set_margin_top(box, 6);
  gtk_widget_set_margin_bottom(box, 6);
  p->title = gtk_label_new(NULL);
  gtk_widget_add_css_class(p->title, "heading");
  gtk_label_set_xalign(GTK_LABEL(p->title), 0);
  gtk_label_set_wrap(GTK_LABEL(p->title), TRUE);
  gtk_label_set_max_width_chars(GTK_LABEL(p->title), 30);
  gtk_box_append(GTK_BOX(box), p->title);
  GtkWidget *grid = gtk_grid_new();
  gtk_grid_set_row_spacing(GTK_GRID(grid), 6);
  gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
  gtk_box_append(GTK_BOX(box), grid);
  p->sampler = row(grid, 0, _("Sampler"), gtk_drop_down_new_from_strings(sampler_names),
                   _("The way from here to the data"));
  p->steps = row(grid, 1, _("Steps"), gtk_spin_button_new_with_range(1, 100, 1),
                 _("Steps that remain; as many as remained before keep the noise levels where they were"));
  p->eta = row(grid, 2, _("Eta"), gtk_spin_button_new_with_range(0, 1, 0.05),
               _("Of DDIM: 0 draws no noise, 1 draws as much as DDPM"));
  p->guidance = row(grid, 3, _("Guidance"), gtk_spin_button_new_with_range(0, 10, 0.25),
                    _("How much more than plainly the family counts; 0 is the plain labelled prediction"));
  p->noise = row(grid, 4, _("Noise"),
                 gtk_drop_down_new_from_strings((const char *const[]){_("The same"), _("New"), NULL}),
                 _("For samplers that draw noise on the way (DDPM, DDIM with eta)"));
  p->seed = row(grid, 5, _("Noise seed"), gtk_spin_button_new_with_range(0, 9007199254740991.0, 1),
                _("Seed of the new noise"));
  gtk_spin_button_set_value(GTK_SPIN_BUTTON(p->seed), 1);
  gtk_editable_set_width_chars(GTK_EDITABLE(p->seed), 8);
  p->button = gtk_button_new_with_label(_("Branch here"));
  gtk_widget_add_css_class(p->button, "suggested-action");
  gtk_box_append(GTK_BOX(box), p->button);
  g_signal_connect(p->button, "clicked", G_CALLBACK(on_branch), p);
  g_signal_connect_swapped(p->self, "show", G_CALLBACK(on_show), p);
  g_signal_connect_swapped(p->noise, "notify::selected", G_CALLBACK(update), p);
  g_signal_connect_swapped(p->sampler, "notify::selected", G_CALLBACK(update), p);
  g_signal_connect_swapped(p->eta, "value-changed", G_CALLBACK(update), p);
  gtk_popover_set_child(GTK_POPOVER(p->self), box);
  return p->self;
}
