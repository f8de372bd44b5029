/* Help texts, the machine-readable tables and the shell completion, all from the commands' tables. */
#include "app/cli/cli.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_COLUMN = 27, WIDTH = 100 };

/* Text from `column` on, broken at blanks before WIDTH; \n in the text starts a new line. */
static void print_wrapped(const char *text, int column) {
  int at = column;
  while (*text) {
    if (*text == '\n') {
      printf("\n%*s", column, "");
      at = column;
      text++;
      continue;
    }
    int word = (int)strcspn(text, " \n");
    if (at + 1 + word > WIDTH && at > column) {
      printf("\n%*s", column, "");
      at = column;
    } else if (at > column) {
      putchar(' ');
      at++;
    }
    printf("%.*s", word, text);
    at += word;
    text += word;
    if (*text == ' ') text++;
  }
  putchar('\n');
}

static const char *value_name(const cli_option *o) {
  if (o->kind == CLI_CHOICE) return o->value ? o->value : o->choices;
  if (o->value) return o->value;
  return o->kind == CLI_INT || o->kind == CLI_UINT64 ? "N" : o->kind == CLI_REAL ? "X" : "TEXT";
}

static void print_option(const cli_option *o) {
  char head[120], text[600];
  int n = o->letter ? snprintf(head, sizeof head, "  -%c, --%s", o->letter, o->name)
                    : snprintf(head, sizeof head, "      --%s", o->name);
  if (o->kind != CLI_FLAG) snprintf(head + n, sizeof head - (size_t)n, " %s", value_name(o));
  /* A default that its help gives in words is not given again as a number. */
  const size_t length = strlen(o->help);
  const char *initial = length && o->help[length - 1] == ']' ? NULL : o->initial;
  snprintf(text, sizeof text, "%s%s%s%s%s", o->help, o->required ? " (required)" : "", initial ? " [" : "",
           initial ? initial : "", initial ? "]" : "");
  if (strlen(head) + 1 >= OPTION_COLUMN)
    printf("%s\n%*s", head, OPTION_COLUMN, "");
  else
    printf("%-*s", OPTION_COLUMN, head);
  print_wrapped(text, OPTION_COLUMN);
}

void cli_print_help(const cli_command *command) {
  printf("usage: wavediffusion-cli %s", command->name);
  for (const cli_option *o = command->option; o && o->name; o++)
    if (o->required) printf(" --%s %s", o->name, value_name(o));
  for (const cli_operand *o = command->operand; o && o->name; o++)
    printf(o->required ? " %s" : " [%s]", o->name);
  printf(" [options]\n\n");
  print_wrapped(command->summary, 0);
  if (command->details) {
    putchar('\n');
    print_wrapped(command->details, 0);
  }
  if (command->operand && command->operand->name) {
    printf("\nArguments:\n");
    for (const cli_operand *o = command->operand; o->name; o++) {
      printf("  %-*s", OPTION_COLUMN - 2, o->name);
      print_wrapped(o->help, OPTION_COLUMN);
    }
  }
  printf("\nOptions:\n");
  for (const cli_option *o = command->option; o && o->name; o++) print_option(o);
  for (const cli_option *o = cli_common_options; o->name; o++) print_option(o);
  if (command->example) {
    printf("\nExamples:\n");
    for (const char *line = command->example; *line;) {
      int n = (int)strcspn(line, "\n");
      printf("  %.*s\n", n, line);
      line += n + (line[n] == '\n');
    }
  }
}

void cli_print_overview(void) {
  printf("usage: wavediffusion-cli COMMAND [options]\n\n"
         "Acoustic waves, velocity maps and seismic gathers on the command line.\n\nCommands:\n");
  for (const cli_command *const *c = cli_commands; *c; c++) {
    printf("  %-12s", (*c)->name);
    print_wrapped((*c)->summary, 14);
  }
  printf("\nwavediffusion-cli COMMAND --help describes a command; --version names this build.\n"
         "Exit codes: 0 ok, 1 usage, 2 data, 3 numeric, 4 device, 130 cancelled.\n");
}

static const char *kind_name(cli_kind kind) {
  switch (kind) {
  case CLI_FLAG: return "flag";
  case CLI_INT: return "integer";
  case CLI_UINT64: return "unsigned integer";
  case CLI_REAL: return "real";
  case CLI_TEXT: return "text";
  case CLI_CHOICE: return "choice";
  }
  return "";
}

static json_t *options_json(const cli_option *o) {
  json_t *list = json_array();
  for (; o && o->name; o++) {
    json_t *one = json_pack("{s:s, s:s, s:b, s:s}", "name", o->name, "kind", kind_name(o->kind), "required",
                            (int)o->required, "help", o->help);
    if (o->letter) json_object_set_new(one, "letter", json_sprintf("%c", o->letter));
    if (o->initial) json_object_set_new(one, "default", json_string(o->initial));
    if (o->choices) json_object_set_new(one, "choices", json_string(o->choices));
    json_array_append_new(list, one);
  }
  return list;
}

wd_status cli_print_tables(wd_error *err) {
  json_t *commands = json_array();
  for (const cli_command *const *c = cli_commands; *c; c++) {
    json_t *operands = json_array();
    for (const cli_operand *o = (*c)->operand; o && o->name; o++)
      json_array_append_new(operands, json_string(o->name));
    json_array_append_new(commands,
                          json_pack("{s:s, s:s, s:o, s:o}", "name", (*c)->name, "summary", (*c)->summary,
                                    "operands", operands, "options", options_json((*c)->option)));
  }
  return cli_print_json(
      json_pack("{s:o, s:o}", "commands", commands, "common", options_json(cli_common_options)), err);
}

static void print_completion_options(const cli_option *o) {
  for (; o && o->name; o++) printf(" --%s", o->name);
}

void cli_print_completion(void) {
  printf("# bash completion for wavediffusion-cli, made by `wavediffusion-cli help --completion`\n"
         "_wavediffusion_cli() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words=\n"
         "  COMPREPLY=()\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W \"help --help --version");
  for (const cli_command *const *c = cli_commands; *c; c++) printf(" %s", (*c)->name);
  printf("\" -- \"$current\"))\n"
         "    return\n"
         "  fi\n"
         "  case ${COMP_WORDS[1]}:$previous in\n");
  for (const cli_command *const *c = cli_commands; *c; c++)
    for (const cli_option *o = (*c)->option; o && o->name; o++) {
      if (o->kind != CLI_CHOICE) continue;
      printf("    %s:--%s) words='", (*c)->name, o->name);
      for (const char *p = o->choices; *p; p++) putchar(*p == '|' ? ' ' : *p);
      printf("' ;;\n");
    }
  printf("    *:--device|*:-d) words='auto cpu cuda reference check' ;;\n"
         "    *:--progress) words='auto bar json none' ;;\n"
         "  esac\n"
         "  if [ -z \"$words\" ] && [[ $current == -* ]]; then\n"
         "    case ${COMP_WORDS[1]} in\n");
  for (const cli_command *const *c = cli_commands; *c; c++) {
    printf("      %s) words='", (*c)->name);
    print_completion_options((*c)->option);
    print_completion_options(cli_common_options);
    printf("' ;;\n");
  }
  printf("    esac\n"
         "  fi\n"
         "  if [ -n \"$words\" ]; then\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  else\n"
         "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
         "  fi\n"
         "}\n"
         "complete -o filenames -F _wavediffusion_cli wavediffusion-cli\n");
}
