/* wavediffusion: the window. */
#include "app/application.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* OpenMP reads its environment before main, and threads that spin at barriers starve whatever shares the
 * cores with them, the window's own thread first of all: start again with passive waiting. */
static void wait_passively(char **argv) {
  if (getenv("OMP_WAIT_POLICY")) return;
  setenv("OMP_WAIT_POLICY", "passive", 1);
  execv("/proc/self/exe", argv);
}

/* These have to be known before GTK is. */
static void before_gtk(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    const char *scale = g_str_has_prefix(argv[i], "--scale=")         ? argv[i] + 8
                        : !strcmp(argv[i], "--scale") && i + 1 < argc ? argv[i + 1]
                                                                      : NULL;
    if (scale && atoi(scale) >= 1 && atoi(scale) <= 4) setenv("GDK_SCALE", scale, 1);
  }
}

int main(int argc, char **argv) {
  wait_passively(argv);
  before_gtk(argc, argv);
  g_autoptr(GError) error = NULL;
  g_autoptr(WdApplication) application = wd_application_new(&error);
  if (!application) {
    g_printerr("wavediffusion: %s\n", error->message);
    return 1;
  }
  const int status = g_application_run(G_APPLICATION(application), argc, argv);
  return status ? status : wd_application_get_status(application);
}
