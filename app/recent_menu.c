#include "app/recent_menu.h"

#include <string.h>

static int newest_first(gconstpointer a, gconstpointer b) {
  GtkRecentInfo *const *x = a, *const *y = b;
  return g_date_time_compare(gtk_recent_info_get_modified(*y), gtk_recent_info_get_modified(*x));
}

static void unref_info(gpointer info) {
  gtk_recent_info_unref(info);
}

/* A menu takes an underscore for the mark of a letter. */
static char *label_of(const char *path) {
  g_autofree char *base = g_path_get_basename(path);
  g_auto(GStrv) part = g_strsplit(base, "_", -1);
  return g_strjoinv("__", part);
}

static void fill(GtkRecentManager *manager, GMenu *menu) {
  GList *all = gtk_recent_manager_get_items(manager);
  g_autoptr(GPtrArray) own = g_ptr_array_new_with_free_func(unref_info);
  for (GList *l = all; l; l = l->next) {
    if (gtk_recent_info_has_application(l->data, "WaveDiffusion") && gtk_recent_info_is_local(l->data))
      g_ptr_array_add(own, l->data);
    else
      gtk_recent_info_unref(l->data);
  }
  g_list_free(all);
  g_ptr_array_sort(own, newest_first);
  g_menu_remove_all(menu);
  for (guint i = 0; i < own->len && g_menu_model_get_n_items(G_MENU_MODEL(menu)) < WD_RECENT_MAX; i++) {
    g_autofree char *path = g_filename_from_uri(gtk_recent_info_get_uri(own->pdata[i]), NULL, NULL);
    if (!path || !g_utf8_validate(path, -1, NULL) || !g_file_test(path, G_FILE_TEST_EXISTS)) continue;
    g_autofree char *label = label_of(path);
    g_autoptr(GMenuItem) item = g_menu_item_new(label, NULL);
    g_menu_item_set_action_and_target_value(item, "win.open-file", g_variant_new_string(path));
    g_menu_append_item(menu, item);
  }
}

GMenuModel *wd_recent_menu_new(void) {
  GtkRecentManager *manager = gtk_recent_manager_get_default();
  GMenu *menu = g_menu_new();
  g_signal_connect_object(manager, "changed", G_CALLBACK(fill), menu, 0);
  fill(manager, menu);
  return G_MENU_MODEL(menu);
}
