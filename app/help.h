/* Help that comes with the program: pages of text, the list of shortcuts, About. */
#ifndef WD_HELP_H
#define WD_HELP_H

#include <gtk/gtk.h>

void wd_help_show(GtkWindow *parent, const char *page); /* NULL: the first page */
void wd_help_show_shortcuts(GtkWindow *parent);
void wd_help_show_about(GtkWindow *parent);
/* A page's text (a small part of Markdown: #, ##, -, **, `, paragraphs) as Pango markup; free with g_free. */
char *wd_help_to_markup(const char *text);

#endif
