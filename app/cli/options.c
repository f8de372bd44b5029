/* From argv to a command's struct, as its tables say. */
#include "app/cli/cli.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Fields common to all commands; the struct is the parser's own. */
typedef struct common {
  bool help, json, quiet;
  int progress;
} common;

const cli_option cli_common_options[] = {
    {"json", 0, CLI_FLAG, offsetof(common, json), .help = "print the result as JSON on standard output"},
    {"progress", 0, CLI_CHOICE, offsetof(common, progress), .choices = "auto|bar|json|none",
     .initial = "auto",
     .help = "how to report progress on standard error; auto: a bar on a terminal, JSON lines otherwise"},
    {"quiet", 'q', CLI_FLAG, offsetof(common, quiet),
     .help = "no progress and no notes, only warnings and errors"},
    {"help", 'h', CLI_FLAG, offsetof(common, help), .help = "print this help"},
    {0}};

enum { MAX_OPTIONS = 64 };
/* The words of --progress, in order. */
enum { PROGRESS_AUTO, PROGRESS_BAR, PROGRESS_JSON, PROGRESS_NONE };

wd_status cli_usage_error(wd_error *err, const char *format, ...) {
  char text[400];
  va_list ap;
  va_start(ap, format);
  vsnprintf(text, sizeof text, format, ap);
  va_end(ap);
  return wd_fail(err, WD_ERR_ARGUMENT, "%s", text);
}

/* Edits that turn a into b, a swap of neighbours counting as one (optimal string alignment). */
static int distance(const char *a, const char *b) {
  enum { N = 32 };
  int d[N + 1][N + 1], la = (int)strlen(a), lb = (int)strlen(b);
  if (la > N || lb > N) return N;
  for (int i = 0; i <= la; i++) d[i][0] = i;
  for (int j = 0; j <= lb; j++) d[0][j] = j;
  for (int i = 1; i <= la; i++)
    for (int j = 1; j <= lb; j++) {
      int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      if (d[i - 1][j] + 1 < best) best = d[i - 1][j] + 1;
      if (d[i][j - 1] + 1 < best) best = d[i][j - 1] + 1;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
        best = d[i - 2][j - 2] + 1;
      d[i][j] = best;
    }
  return d[la][lb];
}

/* Whether candidate is near enough to word to be offered; keeps the nearest. */
static void consider(const char *word, const char *candidate, const char **best, int *best_distance) {
  int d = distance(word, candidate);
  if (strlen(word) >= 3 && strncmp(word, candidate, strlen(word)) == 0) d = 1; /* an abbreviation */
  if (d < *best_distance && d <= 1 + (int)strlen(candidate) / 3) {
    *best = candidate;
    *best_distance = d;
  }
}

const char *cli_suggest_command(const char *word) {
  const char *best = NULL;
  int near = 100;
  for (const cli_command *const *c = cli_commands; *c; c++) consider(word, (*c)->name, &best, &near);
  return best;
}

static wd_status unknown_option(const cli_command *command, const char *name, wd_error *err) {
  const char *best = NULL;
  int near = 100;
  for (const cli_option *o = command->option; o && o->name; o++) consider(name, o->name, &best, &near);
  for (const cli_option *o = cli_common_options; o->name; o++) consider(name, o->name, &best, &near);
  if (best) return cli_usage_error(err, "unknown option --%s; did you mean --%s?", name, best);
  return cli_usage_error(err, "unknown option --%s; see wavediffusion-cli %s --help", name, command->name);
}

static int choice_index(const char *choices, const char *word) {
  size_t length = strlen(word);
  int index = 0;
  for (const char *p = choices; *p; index++) {
    size_t n = strcspn(p, "|");
    if (n == length && strncmp(p, word, n) == 0) return index;
    p += n;
    if (*p == '|') p++;
  }
  return -1;
}

static wd_status set_value(const cli_option *o, const char *text, void *arguments, wd_error *err) {
  void *field = (char *)arguments + o->offset;
  char *end;
  errno = 0;
  switch (o->kind) {
  case CLI_FLAG: *(bool *)field = true; return WD_OK;
  case CLI_TEXT: {
    if (!*text) return cli_usage_error(err, "--%s needs a value, not an empty word", o->name);
    *(const char **)field = text;
    return WD_OK;
  }
  case CLI_CHOICE: {
    int index = choice_index(o->choices, text);
    if (index < 0) return cli_usage_error(err, "--%s %s: expected one of %s", o->name, text, o->choices);
    *(int *)field = index;
    return WD_OK;
  }
  case CLI_UINT64: {
    unsigned long long v = strtoull(text, &end, 0);
    if (end == text || *end || errno || strchr(text, '-'))
      return cli_usage_error(err, "--%s %s: expected a whole number from 0 to 18446744073709551615", o->name,
                             text);
    *(uint64_t *)field = v;
    return WD_OK;
  }
  case CLI_INT: {
    long v = strtol(text, &end, 10);
    if (end == text || *end || errno || v < -2147483647L || v > 2147483647L)
      return cli_usage_error(err, "--%s %s: expected a whole number", o->name, text);
    if ((o->min != 0 || o->max != 0) && ((double)v < o->min || (double)v > o->max))
      return cli_usage_error(err, "--%s %ld: expected a whole number from %g to %.10g", o->name, v, o->min,
                             o->max);
    *(int *)field = (int)v;
    return WD_OK;
  }
  case CLI_REAL: {
    double v = strtod(text, &end);
    if (end == text || *end || !isfinite(v))
      return cli_usage_error(err, "--%s %s: expected a number", o->name, text);
    if ((o->min != 0 || o->max != 0) && (v < o->min || v > o->max))
      return cli_usage_error(err, "--%s %g: expected a number from %g to %g", o->name, v, o->min, o->max);
    *(double *)field = v;
    return WD_OK;
  }
  }
  return cli_usage_error(err, "--%s: no such kind of option", o->name);
}

typedef struct parser {
  const cli_command *command;
  void *arguments;
  common common;
  bool seen[MAX_OPTIONS];        /* the command's options */
  bool seen_common[MAX_OPTIONS]; /* cli_common_options */
} parser;

/* The option with this long name or letter, and where its value goes. */
static const cli_option *find(parser *p, const char *name, size_t length, char letter, void **target,
                              bool **seen) {
  for (int table = 0; table < 2; table++) {
    const cli_option *o = table ? cli_common_options : p->command->option;
    for (int i = 0; o && o[i].name; i++)
      if (name ? strlen(o[i].name) == length && strncmp(o[i].name, name, length) == 0
               : o[i].letter == letter) {
        *target = table ? (void *)&p->common : p->arguments;
        *seen = table ? &p->seen_common[i] : &p->seen[i];
        return &o[i];
      }
  }
  return NULL;
}

static wd_status set_initial(const cli_option *o, void *arguments, wd_error *err) {
  for (; o && o->name; o++)
    if (o->initial) {
      wd_status st = set_value(o, o->initial, arguments, err);
      if (st) return st;
    }
  return WD_OK;
}

static wd_status take(const cli_option *o, const char *text, void *target, bool *seen, wd_error *err) {
  if (*seen && o->kind != CLI_FLAG) return cli_usage_error(err, "--%s is given twice", o->name);
  *seen = true;
  return set_value(o, text, target, err);
}

/* --name, --name=value, --name value */
static wd_status parse_long(parser *p, int argc, char **argv, int *i, wd_error *err) {
  const char *name = argv[*i] + 2, *equals = strchr(name, '=');
  size_t length = equals ? (size_t)(equals - name) : strlen(name);
  void *target = NULL;
  bool *seen = NULL;
  const cli_option *o = find(p, name, length, 0, &target, &seen);
  if (!o) {
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)(length < 63 ? length : 63), name);
    return unknown_option(p->command, word, err);
  }
  if (o->kind == CLI_FLAG) {
    if (equals) return cli_usage_error(err, "--%s takes no value", o->name);
    return take(o, "", target, seen, err);
  }
  if (equals) return take(o, equals + 1, target, seen, err);
  if (*i + 1 >= argc) return cli_usage_error(err, "--%s needs a value", o->name);
  return take(o, argv[++*i], target, seen, err);
}

/* -q, -oFILE, -o FILE, -qh */
static wd_status parse_short(parser *p, int argc, char **argv, int *i, wd_error *err) {
  for (const char *letter = argv[*i] + 1; *letter; letter++) {
    void *target = NULL;
    bool *seen = NULL;
    const cli_option *o = find(p, NULL, 0, *letter, &target, &seen);
    if (!o)
      return cli_usage_error(err, "unknown option -%c; see wavediffusion-cli %s --help", *letter,
                             p->command->name);
    if (o->kind == CLI_FLAG) {
      wd_status st = take(o, "", target, seen, err);
      if (st) return st;
      continue;
    }
    if (letter[1]) return take(o, letter + 1, target, seen, err);
    if (*i + 1 >= argc) return cli_usage_error(err, "-%c (--%s) needs a value", *letter, o->name);
    return take(o, argv[++*i], target, seen, err);
  }
  return WD_OK;
}

static wd_status check_required(const parser *p, int operands, wd_error *err) {
  int n = 0;
  for (const cli_operand *o = p->command->operand; o && o->name; o++, n++)
    if (o->required && n >= operands)
      return cli_usage_error(err, "%s is missing; see wavediffusion-cli %s --help", o->name,
                             p->command->name);
  for (int i = 0; p->command->option && p->command->option[i].name; i++)
    if (p->command->option[i].required && !p->seen[i])
      return cli_usage_error(err, "--%s is missing; see wavediffusion-cli %s --help",
                             p->command->option[i].name, p->command->name);
  return WD_OK;
}

wd_status cli_parse(cli *c, int argc, char **argv, void *arguments, bool *help, wd_error *err) {
  parser p = {.command = c->command, .arguments = arguments};
  wd_status st = set_initial(c->command->option, arguments, err);
  if (!st) st = set_initial(cli_common_options, &p.common, err);
  int operands = 0;
  bool only_operands = false;
  for (int i = 0; i < argc && !st; i++) {
    const char *word = argv[i];
    if (!only_operands && strcmp(word, "--") == 0) {
      only_operands = true;
    } else if (!only_operands && word[0] == '-' && word[1] == '-') {
      st = parse_long(&p, argc, argv, &i, err);
    } else if (!only_operands && word[0] == '-' && word[1]) {
      st = parse_short(&p, argc, argv, &i, err);
    } else {
      const cli_operand *o = c->command->operand;
      for (int n = 0; o && o->name && n < operands; n++) o++;
      if (!o || !o->name) {
        st = cli_usage_error(err, "unexpected word '%s'; see wavediffusion-cli %s --help", word,
                             c->command->name);
      } else {
        *(const char **)((char *)arguments + o->offset) = word;
        operands++;
      }
    }
  }
  c->json = p.common.json;
  c->quiet = p.common.quiet;
  switch (p.common.progress) {
  case PROGRESS_BAR: c->progress = CLI_PROGRESS_BAR; break;
  case PROGRESS_JSON: c->progress = CLI_PROGRESS_JSON; break;
  case PROGRESS_NONE: c->progress = CLI_PROGRESS_NONE; break;
  default: c->progress = isatty(STDERR_FILENO) ? CLI_PROGRESS_BAR : CLI_PROGRESS_JSON;
  }
  if (c->quiet) c->progress = CLI_PROGRESS_NONE;
  *help = p.common.help;
  if (p.common.help) return WD_OK;
  if (st) return st;
  return check_required(&p, operands, err);
}
