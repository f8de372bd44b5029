/* The application's GSettings: where its schema is found, and what its keys mean for a view and a session.
 * resources/desktop/org.wavediffusion.WaveDiffusion.gschema.xml lists the keys. */
#ifndef WD_SETTINGS_H
#define WD_SETTINGS_H

#include "app/session.h"
#include "app/view.h"

#include <gio/gio.h>

#define WD_APPLICATION_ID "org.wavediffusion.WaveDiffusion"

/* The schema comes from the build folder for a program that runs out of it, otherwise from the system or the
 * installation. Where GLib has no store of its own (no dconf), values live in ~/.config/wavediffusion.
 * NULL with `error` when there is no schema. */
GSettings *wd_settings_new(GError **error);

/* Puts the values of `key` (NULL: of all keys) into the view. True when something of the view changed, which
 * the caller then announces. With all keys, as at the start, a setting of several panels that says what the
 * view says of the gathers leaves the others as they were remembered. */
gboolean wd_settings_apply_view(GSettings *settings, const char *key, WdView *view);
/* What a person changed of a view by keys and menus becomes the setting: the next start has it, and
 * Preferences show it. What a file or a lesson lent does not. Settings that change may change the view. */
void wd_settings_store_view(GSettings *settings, const WdView *view);
/* The policy as the settings have it. */
WdPolicy wd_settings_get_policy(GSettings *settings);

#endif
