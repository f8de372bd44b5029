/* Words for people, in their language. gettext's English originals stand in the source:
 *   _("Run")                   a word or sentence where it is shown; also a format of printf, which the
 *                              compiler goes on checking
 *   N_("Run")                  in a table that stands before any language is known; _(table[i]) shows it
 *   C_("a step", "data")       where one English word needs two translations: what it is about comes first
 *   ngettext("%d step", "%d steps", n)   whatever is counted
 * Never wrapped: keys of files and recipes, names of actions, settings and CSS, commands and their options,
 * columns of CSV, what goes to a log. The command line shares much of this code and never calls
 * wd_i18n_start: it speaks English. Numbers have a point in every language (wd_i18n_start), since one printf
 * serves the display, what is copied and what is typed back. */
#ifndef WD_I18N_H
#define WD_I18N_H

#include <inttypes.h> /* PRIu64: the only macro that a translated format may hold */
#include <libintl.h>
#include <stdarg.h>
#include <stddef.h>

/* The translation, which lasts as long as the program; id itself where there is none, NULL or "" as they are
 * (gettext's answer to "" is the catalogue's header). */
static inline const char *wd_translate(const char *id) __attribute__((format_arg(1)));
static inline const char *wd_translate(const char *id) {
  return id && *id ? gettext(id) : id;
}
/* whole: context, \004, id. */
static inline const char *wd_translate_in(const char *whole, const char *id) __attribute__((format_arg(2)));
static inline const char *wd_translate_in(const char *whole, const char *id) {
  const char *text = gettext(whole);
  return text == whole ? id : text;
}
#define _(id)           wd_translate(id)
#define N_(id)          id
#define C_(context, id) wd_translate_in(context "\004" id, id)

/* The window's language, from the environment, and its catalogue; numbers stay as in the C locale. Before GTK
 * is started; again it does nothing. Catalogues: WAVEDIFFUSION_LOCALES, or the installation's. */
void wd_i18n_start(void);

/* snprintf, strlcpy and strlcat for words: what does not fit is left out by whole characters, never by half
 * of one, which no text layout would take. `out` has size bytes, > 0. */
void wd_print(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
void wd_copy(char *out, const char *text, size_t size);
void wd_append(char *out, const char *text, size_t size);

#endif
