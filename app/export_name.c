/* File names by a pattern. */
#include "app/export.h"

#include "app/i18n.h"
#include "app/status_error.h"
#include "solver/family.h"

#include <string.h>

/* The value of a word; FALSE: there is no such word. */
static gboolean word(const char *key, const WdRunRecipe *r, const char *panel, char *out, gsize size) {
  const WdRunLink *first = wd_run_recipe_link(r, 0),
                  *last = wd_run_recipe_link(r, wd_run_recipe_links(r) - 1);
  const wd_sampler_plan *plan = &last->recipe.plan;
  if (!strcmp(key, "model"))
    g_strlcpy(out, r->model && r->model[0] ? r->model : "model", size);
  else if (!strcmp(key, "seed") && r->pair)
    g_strlcpy(out, r->pair, size);
  else if (!strcmp(key, "seed"))
    g_snprintf(out, size, "%" G_GUINT64_FORMAT, first->recipe.seed);
  else if (!strcmp(key, "sampler"))
    g_strlcpy(out, r->pair ? "encoded" : wd_sampler_name(plan->kind), size);
  else if (!strcmp(key, "steps"))
    g_snprintf(out, size, "%d", wd_run_recipe_steps(r));
  else if (!strcmp(key, "step"))
    g_snprintf(out, size, "%d", r->position);
  else if (!strcmp(key, "what"))
    g_strlcpy(out, r->what == WD_WHAT_STATE ? "xt" : "x0", size);
  else if (!strcmp(key, "family"))
    g_strlcpy(out, last->recipe.family < 0 ? "any" : wd_family_name((wd_family)last->recipe.family), size);
  else if (!strcmp(key, "branch"))
    g_snprintf(out, size, "%u", wd_run_recipe_links(r) - 1);
  else if (!strcmp(key, "panel"))
    g_strlcpy(out, panel ? panel : "figure", size);
  else
    return FALSE;
  return TRUE;
}

static void append(GString *s, const char *text) {
  for (const char *p = text; *p; p++) {
    guchar c = (guchar)*p;
    g_string_append_c(s, c < 32 || c == 127 || strchr("/\\:*?\"<>|", c) ? '-' : (char)c);
  }
}

char *wd_export_name(const char *pattern, const WdRunRecipe *r, const char *panel, GError **error) {
  GString *s = g_string_new(NULL);
  for (const char *p = pattern; *p;) {
    const char *open = strchr(p, '{'), *close = open ? strchr(open, '}') : NULL;
    if (!close) {
      append(s, p);
      break;
    }
    g_autofree char *before = g_strndup(p, (gsize)(open - p)),
                    *key = g_strndup(open + 1, (gsize)(close - open - 1));
    append(s, before);
    char *width = strchr(key, ':'), value[256];
    if (width) *width++ = 0;
    guint64 digits = 0;
    gboolean good =
        word(key, r, panel, value, sizeof value) &&
        (!width || (*width == '0' && g_ascii_string_to_unsigned(width, 10, 1, 20, &digits, NULL)));
    if (!good) {
      wd_status_set_error(
          error, WD_ERR_ARGUMENT,
          _("the name's {%.40s} is not known; there are {model}, {seed}, {sampler}, {steps}, {step:03}, "
            "{what}, {family}, {branch} and {panel}"),
          key);
      g_string_free(s, TRUE);
      return NULL;
    }
    for (gsize n = strlen(value); n < digits; n++) g_string_append_c(s, '0');
    append(s, value);
    p = close + 1;
  }
  if (s->len == 0 || s->str[0] == '.') g_string_prepend_c(s, '_');
  if (s->len > 200) g_string_truncate(s, 200);
  if (!g_utf8_validate(s->str, -1, NULL)) { /* cut within a character */
    char *valid = g_utf8_make_valid(s->str, -1);
    g_string_assign(s, valid);
    g_free(valid);
  }
  return g_string_free(s, FALSE);
}
