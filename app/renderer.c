#include "app/renderer.h"

#include "app/i18n.h"

#include "render/gl_field.h"

#include <string.h>

/* What gsk_renderer_new_for_surface looks at first, for every surface of the display. */
static void draw_by(GdkDisplay *display, const char *name) {
  g_object_set_data_full(G_OBJECT(display), "gsk-renderer", g_strdup(name), g_free);
}

void wd_renderer_choose(GdkDisplay *display, const char *setting, char *why, gsize size) {
  const char *named = g_getenv("GSK_RENDERER");
  *why = 0;
  if (!strcmp(setting, "cairo")) {
    draw_by(display, "cairo");
    wd_copy(why, _("cairo: chosen in the preferences"), size);
    return;
  }
  g_object_set_data(G_OBJECT(display), "gsk-renderer", NULL);
  if (!strcmp(setting, "gl")) {
    wd_copy(why, _("OpenGL: chosen in the preferences"), size);
    return;
  }
  if (named && *named) {
    wd_print(why, size, _("%s: GSK_RENDERER says so"), named);
    return;
  }
  g_autoptr(GError) error = NULL;
  g_autoptr(GdkGLContext) context = gdk_display_create_gl_context(display, &error);
  if (!context || !gdk_gl_context_realize(context, &error)) {
    draw_by(display, "cairo");
    wd_print(why, size, _("cairo: %s"), error ? error->message : _("no OpenGL"));
    return;
  }
  gdk_gl_context_make_current(context);
  char name[128];
  const gboolean software = wd_gl_describe(name, sizeof name);
  gdk_gl_context_clear_current();
  if (software) draw_by(display, "cairo");
  wd_print(why, size, software ? _("cairo: %s is drawn by the processor") : "%s", name);
}
