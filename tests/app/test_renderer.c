/* Who draws the window: OpenGL of the processor is not chosen by itself, and is taken where it is asked for.
 */
#include "app/renderer.h"
#include "render/gl_field.h"

#include "tests/app/ui.h"

#include <string.h>

static const char *drawn_by(Ui *ui) {
  return G_OBJECT_TYPE_NAME(gtk_native_get_renderer(GTK_NATIVE(ui->window)));
}

static void names(void) {
  tap_ok(wd_gl_is_software("llvmpipe (LLVM 15.0.6, 256 bits)") && wd_gl_is_software("softpipe") &&
             wd_gl_is_software("Software Rasterizer") && wd_gl_is_software("Google SwiftShader") &&
             wd_gl_is_software("Mesa swrast DRI"),
         "programs that draw in place of a graphics processor are known");
  tap_ok(!wd_gl_is_software("NVIDIA H100 PCIe/PCIe/SSE2") &&
             !wd_gl_is_software("Mesa Intel(R) UHD Graphics 620") &&
             !wd_gl_is_software("AMD Radeon RX 6600 (radeonsi, navi23, LLVM 15.0.6, DRM 3.49)") &&
             !wd_gl_is_software("") && !wd_gl_is_software(NULL),
         "graphics processors are not taken for them");
}

static void window(const char *setting, gboolean cairo, const char *why) {
  const char *const settings[] = {"renderer", setting, NULL};
  Ui ui;
  ui_start(&ui, "", 900, 600, settings);
  const char *type = drawn_by(&ui), *reason = wd_application_get_renderer(ui.application);
  tap_ok((strcmp(type, "GskCairoRenderer") == 0) == cairo, "renderer %s: the window is drawn by %s", setting,
         type);
  tap_ok(strstr(reason, why) != NULL, "renderer %s: it says why: %s", setting, reason);
  ui_stop(&ui);
}

int main(void) {
  ui_need_display();
  names();
  const char *mode = g_getenv("WD_GL_MODE");
  if (!g_strcmp0(mode, "nogl")) {
    window("'auto'", TRUE, "cairo: ");
  } else if (!g_strcmp0(mode, "auto")) {
    char name[128] = "";
    g_autoptr(GdkGLContext) context = gdk_display_create_gl_context(gdk_display_get_default(), NULL);
    if (!context || !gdk_gl_context_realize(context, NULL)) {
      tap_skip("no OpenGL here");
      return tap_done();
    }
    gdk_gl_context_make_current(context);
    const gboolean software = wd_gl_describe(name, sizeof name);
    gdk_gl_context_clear_current();
    tap_ok(g_str_has_prefix(name, "OpenGL "), "the context is described: %s", name);
    window("'auto'", software, software ? "is drawn by the processor" : "OpenGL");
    window("'gl'", FALSE, "chosen in the preferences");
    window("'cairo'", TRUE, "chosen in the preferences");
    window("'auto'", software, software ? "is drawn by the processor" : "OpenGL");
  } else {
    window("'auto'", FALSE, "GSK_RENDERER says so");
    window("'cairo'", TRUE, "chosen in the preferences");
  }
  return tap_done();
}
