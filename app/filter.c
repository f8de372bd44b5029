#include "app/filter.h"

#include "app/flags.h"
#include "app/i18n.h"
#include "app/status_error.h"
#include "solver/family.h"

#include <math.h>
#include <string.h>

enum { TEXT_MAX = 2000, DEPTH_MAX = 64 };

typedef enum Kind { ALL, OR, AND, NOT, VALUE, SEED, NUMBER, FAMILY, FLAG, TAG, NOTE } Kind;
typedef enum Operator { EQUAL, DIFFERENT, LESS, AT_MOST, MORE, AT_LEAST, CONTAINS } Operator;
enum { FLAG_ANY = -1, FLAG_NONE = -2 };

typedef struct Node {
  Kind kind;
  struct Node *one, *other;
  Operator relation;
  int which; /* value, family or flag */
  double number;
  guint64 seed;
  char *text;
} Node;

struct WdFilter {
  Node *root;
};

static void free_node(Node *n) {
  if (!n) return;
  free_node(n->one);
  free_node(n->other);
  g_free(n->text);
  g_free(n);
}

void wd_filter_free(WdFilter *f) {
  if (!f) return;
  free_node(f->root);
  g_free(f);
}

/* ---- reading */

typedef struct Parser {
  const char *text, *here;
  const char *at; /* of the error */
  int depth;
  GError **error;
} Parser;

static Node *fail(Parser *p, const char *at, const char *format, ...) G_GNUC_PRINTF(3, 4);
static Node *fail(Parser *p, const char *at, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  g_autofree char *text = g_strdup_vprintf(format, ap);
  va_end(ap);
  p->at = at;
  wd_status_set_error(p->error, WD_ERR_ARGUMENT, "%s", text);
  return NULL;
}

static void skip(Parser *p) {
  while (g_ascii_isspace(*p->here)) p->here++;
}

static gboolean is_word(char c) {
  return g_ascii_isalnum(c) || c == '_' || c == '-' || c == '.' || (guchar)c >= 0x80;
}

/* A word at the cursor, without moving it. */
static gsize word_length(const char *s) {
  gsize n = 0;
  while (is_word(s[n])) n++;
  return n;
}

static gboolean take_word(Parser *p, const char *word) {
  skip(p);
  const gsize n = word_length(p->here);
  if (n != strlen(word) || g_ascii_strncasecmp(p->here, word, n) != 0) return FALSE;
  p->here += n;
  return TRUE;
}

static gboolean take_operator(Parser *p, Operator *out) {
  static const struct {
    const char *text;
    Operator relation;
  } all[] = {{"!=", DIFFERENT}, {"<>", DIFFERENT}, {"<=", AT_MOST}, {">=", AT_LEAST}, {"==", EQUAL},
             {"=", EQUAL},      {"<", LESS},       {">", MORE},     {"~", CONTAINS}};
  skip(p);
  for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
    const gsize n = strlen(all[i].text);
    if (strncmp(p->here, all[i].text, n) != 0) continue;
    p->here += n;
    *out = all[i].relation;
    return TRUE;
  }
  return FALSE;
}

/* A quoted text or a word; NULL when there is none. */
static char *take_text(Parser *p) {
  skip(p);
  const char q = *p->here;
  if (q == '"' || q == '\'') {
    const char *end = strchr(p->here + 1, q);
    if (!end) return NULL;
    char *text = g_strndup(p->here + 1, (gsize)(end - p->here - 1));
    p->here = end + 1;
    return text;
  }
  const gsize n = word_length(p->here);
  if (!n) return NULL;
  char *text = g_strndup(p->here, n);
  p->here += n;
  return text;
}

static Node *node(Kind kind) {
  Node *n = g_new0(Node, 1);
  n->kind = kind;
  return n;
}

static Node *parse_number(Parser *p, Node *n, const char *name) {
  skip(p);
  const char *start = p->here;
  char *end = NULL;
  n->number = g_ascii_strtod(start, &end);
  if (end == start || isnan(n->number) || is_word(*end)) {
    Node *none = fail(p, start, _("%s wants a number."), name);
    free_node(n);
    return none;
  }
  if (n->kind == SEED) {
    char *stop = NULL;
    n->seed = g_ascii_strtoull(start, &stop, 10);
    if (stop != end || *start == '-') {
      Node *none = fail(p, start, _("A seed is a whole number."));
      free_node(n);
      return none;
    }
  }
  p->here = end;
  return n;
}

static const char *families(void) {
  return "flatvel-a, flatvel-b, curvevel-a, curvevel-b, flatfault-a, flatfault-b, curvefault-a, "
         "curvefault-b, "
         "style-a, style-b, any";
}

static Node *parse_word(Parser *p, Node *n, const char *name) {
  skip(p);
  const char *start = p->here;
  g_autofree char *text = take_text(p);
  Node *none = NULL;
  wd_family family;
  if (!text)
    none = fail(p, start,
                *start == '"' || *start == '\'' ? _("The quotation mark is not closed.")
                                                : _("%s wants a word or a \"text\"."),
                name);
  else if (n->kind == FAMILY && g_ascii_strcasecmp(text, "any") == 0)
    n->which = -1;
  else if (n->kind == FAMILY && n->relation != CONTAINS && !wd_family_parse(text, &family))
    none = fail(p, start, _("There is no family \"%s\"; there are %s."), text, families());
  else if (n->kind == FAMILY && n->relation != CONTAINS)
    n->which = (int)family;
  else if (n->kind == FLAG && g_ascii_strcasecmp(text, "none") == 0)
    n->which = FLAG_NONE;
  else if (n->kind == FLAG && g_ascii_strcasecmp(text, "any") == 0)
    n->which = FLAG_ANY;
  else if (n->kind == FLAG && !wd_flag_parse(text, &n->which)) {
    g_autofree char *all = wd_flags_text((1u << WD_FLAGS) - 1);
    none = fail(p, start, _("There is no flag \"%s\"; there are %s, none and any."), text, all);
  }
  if (!text || p->at) {
    free_node(n);
    return none;
  }
  n->text = g_ascii_strdown(text, -1);
  return n;
}

static Node *parse_comparison(Parser *p) {
  skip(p);
  const char *start = p->here;
  const gsize length = word_length(start);
  if (!length && *start) return fail(p, start, _("A name is expected here, not \"%c\"."), *start);
  if (!length) return fail(p, start, _("A comparison such as r_R > 1.5 is expected here."));
  g_autofree char *name = g_strndup(start, length);
  static const struct {
    const char *name;
    Kind kind;
  } special[] = {{"seed", SEED}, {"number", NUMBER}, {"family", FAMILY},
                 {"flag", FLAG}, {"tag", TAG},       {"note", NOTE}};
  Node *n = NULL;
  int value = 0;
  for (gsize i = 0; i < G_N_ELEMENTS(special); i++)
    if (g_ascii_strcasecmp(name, special[i].name) == 0) n = node(special[i].kind);
  if (!n && wd_value_parse(name, &value)) {
    n = node(VALUE);
    n->which = value;
  }
  if (!n)
    return fail(p, start,
                _("There is no figure \"%s\"; r_R, relative_l2, lag, v_max and others are, and seed, family, "
                  "flag, tag, note."),
                name);
  p->here += length;
  skip(p);
  const char *sign = p->here;
  if (!take_operator(p, &n->relation)) {
    free_node(n);
    return fail(p, sign, _("After %s one of = != < <= > >= ~ is expected."), name);
  }
  const gboolean text = n->kind >= FAMILY;
  if (text ? n->relation != EQUAL && n->relation != DIFFERENT && (n->relation != CONTAINS || n->kind == FLAG)
           : n->relation == CONTAINS) {
    const gboolean flag = n->kind == FLAG;
    free_node(n);
    return fail(p, sign,
                text ? (flag ? _("%s is compared by = or !=.") : _("%s is compared by =, != or ~."))
                     : _("%s is a number: ~ is of texts."),
                name);
  }
  return text ? parse_word(p, n, name) : parse_number(p, n, name);
}

static Node *parse_or(Parser *p);

static Node *parse_part(Parser *p) {
  skip(p);
  const char *start = p->here;
  if (p->depth >= DEPTH_MAX) return fail(p, start, _("This is nested too deeply."));
  Node *inner;
  if (take_word(p, "not")) {
    p->depth++;
    inner = parse_part(p);
    p->depth--;
    if (!inner) return NULL;
    Node *n = node(NOT);
    n->one = inner;
    return n;
  }
  if (*p->here != '(') return parse_comparison(p);
  p->here++;
  p->depth++;
  inner = parse_or(p);
  p->depth--;
  if (!inner) return NULL;
  skip(p);
  if (*p->here != ')') {
    free_node(inner);
    return fail(p, p->here, _("A closing parenthesis is missing for the one at %zu."),
                (size_t)(start - p->text) + 1);
  }
  p->here++;
  return inner;
}

static Node *parse_chain(Parser *p, Kind kind, const char *word, Node *(*next)(Parser *p)) {
  Node *left = next(p);
  while (left && take_word(p, word)) {
    Node *right = next(p);
    if (!right) {
      free_node(left);
      return NULL;
    }
    Node *n = node(kind);
    n->one = left;
    n->other = right;
    left = n;
  }
  return left;
}

static Node *parse_and(Parser *p) {
  return parse_chain(p, AND, "and", parse_part);
}

static Node *parse_or(Parser *p) {
  return parse_chain(p, OR, "or", parse_and);
}

WdFilter *wd_filter_new(const char *text, gsize *at, GError **error) {
  Parser p = {.text = text, .here = text, .error = error};
  Node *root = NULL;
  if (at) *at = 0;
  if (strlen(text) > TEXT_MAX || !g_utf8_validate(text, -1, NULL)) {
    wd_status_set_error(error, WD_ERR_ARGUMENT, _("A filter is text of at most %d bytes."), TEXT_MAX);
    return NULL;
  }
  skip(&p);
  if (!*p.here) {
    root = node(ALL);
  } else {
    root = parse_or(&p);
    skip(&p);
    if (root && *p.here) {
      free_node(root);
      root = NULL;
      fail(&p, p.here, _("\"and\", \"or\" or the end is expected here."));
    }
  }
  if (!root) {
    if (at) *at = (gsize)(p.at - text);
    return NULL;
  }
  WdFilter *f = g_new0(WdFilter, 1);
  f->root = root;
  return f;
}

/* ---- asking */

/* order: below 0, 0 or above 0 where the one asked about is less, equal or more. */
static gboolean compare(Operator relation, int order) {
  switch (relation) {
  case EQUAL: return order == 0;
  case DIFFERENT: return order != 0;
  case LESS: return order < 0;
  case AT_MOST: return order <= 0;
  case MORE: return order > 0;
  case AT_LEAST: return order >= 0;
  case CONTAINS: return FALSE;
  }
  return FALSE;
}

static gboolean holds(const char *text, const char *lower) {
  g_autofree char *down = g_ascii_strdown(text, -1);
  return strstr(down, lower) != NULL;
}

static gboolean has_tag(const Node *n, const WdSample *s) {
  return n->relation == CONTAINS ? holds(s->tags, n->text) : wd_sample_has_tag(s, n->text);
}

static gboolean has_flag(const Node *n, const WdSample *s) {
  if (n->which == FLAG_NONE) return s->flags == 0;
  if (n->which == FLAG_ANY) return s->flags != 0;
  return (s->flags >> n->which & 1) != 0;
}

/* Figures are kept as float32 in files: 1.52 typed is the one that is read. NaN is like nothing, nor unlike.
 */
static gboolean compare_value(const Node *n, double v) {
  const gboolean same = (float)v == (float)n->number;
  return !isnan(v) && compare(n->relation, same ? 0 : v < n->number ? -1 : 1);
}

static gboolean takes(const Node *n, const WdPopulation *p, guint i) {
  const WdSample *s = wd_population_nth(p, i);
  gboolean is = FALSE;
  switch (n->kind) {
  case ALL: return TRUE;
  case OR: return takes(n->one, p, i) || takes(n->other, p, i);
  case AND: return takes(n->one, p, i) && takes(n->other, p, i);
  case NOT: return !takes(n->one, p, i);
  case VALUE: return compare_value(n, s->value[n->which]);
  case NUMBER: return compare(n->relation, (i > n->number) - (i < n->number));
  case SEED: return compare(n->relation, (s->seed > n->seed) - (s->seed < n->seed));
  case FAMILY:
    is = n->relation == CONTAINS ? holds(wd_sample_family(s), n->text) : s->family == n->which;
    break;
  case FLAG: is = has_flag(n, s); break;
  case TAG: is = has_tag(n, s); break;
  case NOTE:
    is = n->relation == CONTAINS ? holds(s->note, n->text) : g_ascii_strcasecmp(s->note, n->text) == 0;
    break;
  }
  return n->relation == DIFFERENT ? !is : is;
}

gboolean wd_filter_takes(const WdFilter *filter, const WdPopulation *p, guint i) {
  return takes(filter->root, p, i);
}

GArray *wd_filter_apply(const WdFilter *filter, const WdPopulation *p) {
  GArray *which = g_array_new(FALSE, FALSE, sizeof(guint));
  for (guint i = 0; i < wd_population_count(p); i++)
    if (wd_filter_takes(filter, p, i)) g_array_append_val(which, i);
  return which;
}
