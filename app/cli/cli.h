/* The frame of wavediffusion-cli: what a command is, how its options become a struct, where its words go.
 *
 * A command is one file with one `const cli_command`, listed in commands.c. Its options are a table; the
 * table feeds the parser, --help, the shell completion and the test that holds the man page to it, so that
 * none of them can disagree. The command's run function gets its filled-in struct and returns a wd_status,
 * which becomes the exit code (0 ok, 1 usage, 2 data, 3 numeric, 4 device, 130 cancelled).
 *
 * stdout carries results only (text, or one JSON value with --json); progress, notes and errors go to stderr.
 * SIGINT, SIGTERM and SIGHUP set cli->hooks.cancel: pass &cli->hooks to every long call, return what it
 * returns, and write files so that a file with its final name is always whole (temporary name, rename).
 * Nothing here starts GTK or needs a display. */
#ifndef WD_CLI_H
#define WD_CLI_H

#include "solver/device.h"
#include "solver/hooks.h"
#include "solver/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum cli_kind {
  CLI_FLAG,   /* bool */
  CLI_INT,    /* int */
  CLI_UINT64, /* uint64_t */
  CLI_REAL,   /* double */
  CLI_TEXT,   /* const char *, points into argv */
  CLI_CHOICE  /* int: index into `choices`, words separated by | */
} cli_kind;

/* One option. The table ends with a zeroed entry. */
typedef struct cli_option {
  const char *name; /* long form, without dashes */
  char letter;      /* short form, or 0 */
  cli_kind kind;
  size_t offset; /* of the value in the command's struct */
  bool required;
  double min, max;     /* allowed range of a number, both ends included; no check when both are 0 */
  const char *value;   /* what the value is called in the help: FILE, HZ */
  const char *choices; /* CLI_CHOICE */
  const char *initial; /* parsed first, as if given; NULL leaves zero (or NULL, false) */
  const char *help;    /* one sentence, lower case, no full stop */
} cli_option;

/* A positional argument: const char * at offset. The table ends with a zeroed entry. */
typedef struct cli_operand {
  const char *name;
  size_t offset;
  bool required;
  const char *help;
} cli_operand;

typedef struct cli cli;

typedef struct cli_command {
  const char *name;
  const char *summary; /* one line */
  const char *details; /* paragraphs for --help, or NULL */
  const char *example; /* one or more command lines, each ended with a newline, or NULL */
  const cli_operand *operand;
  const cli_option *option;
  size_t size; /* of the struct that the tables fill */
  wd_status (*run)(cli *c, const void *arguments, wd_error *err);
} cli_command;

extern const cli_command *const cli_commands[]; /* ends with NULL */

typedef enum cli_progress_kind { CLI_PROGRESS_NONE, CLI_PROGRESS_BAR, CLI_PROGRESS_JSON } cli_progress_kind;

struct cli {
  const cli_command *command;
  bool json, quiet;
  cli_progress_kind progress;
  wd_hooks hooks; /* cancel: the signals; progress: the fraction of the unit of work that runs now */
  struct {
    const char *task, *unit;
    double total, done, fraction; /* units */
    double started, shown;        /* seconds, monotonic clock; started 0 when no task runs */
    double at_start, span; /* units there already (a resumed job); units that the hooks' 0..1 stand for */
    bool on_screen;
  } bar;
};

/* ---- Options that several commands share; each goes into a field of the same name. */
#define CLI_DEVICE_OPTION(type)                                                                              \
  {                                                                                                          \
    "device", 'd', CLI_TEXT, offsetof(type, device),                                                         \
        .value = "D", .initial = "auto",                                                                     \
        .help = "where to compute: auto, cpu, cpu:N (threads), cuda, cuda:N, reference, check"               \
  }
#define CLI_MODE_OPTION(type)                                                                                \
  {                                                                                                          \
    "mode", 'm', CLI_CHOICE, offsetof(type, mode),                                                           \
        .choices = "exact|fast|live", .initial = "exact",                                                    \
        .help = "arithmetic: exact (OpenFWI's bits), fast (within 1e-5), live (thin absorbing layer)"        \
  }

/* ---- Results (stdout) */

/* Prints one JSON value and a newline; takes the reference. WD_ERR_NO_MEMORY when value is NULL. */
wd_status cli_print_json(json_t *value, wd_error *err);
/* A JSON number, or null where the value is not finite (JSON has no NaN). */
json_t *cli_real(double value);

/* ---- Notes and progress (stderr) */

/* One line for people, such as which device and mode made a number; silent with --quiet. */
void cli_note(cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Also with --quiet. */
void cli_warn(cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A task of `total` units, of which `done` are there already. Until cli_progress_end every wd_hooks progress
 * report of &c->hooks counts as a fraction of the next unit (or of the next `units`: cli_progress_span). */
void cli_progress_begin(cli *c, const char *task, const char *unit, double total, double done);
void cli_progress_set(cli *c, double done);   /* units finished now */
void cli_progress_span(cli *c, double units); /* hooks' 0..1 now stands for this many units; 1 at first */
void cli_progress_end(cli *c);

/* ---- Smaller services */

double cli_seconds(void); /* monotonic clock */
bool cli_cancelled(const cli *c);
/* Opens the device and notes its name and the mode ("exact mode on cpu: 2 threads, AVX-512"); mode may be
 * NULL. */
wd_status cli_open_device(cli *c, const char *spec, const char *mode, wd_device **out, wd_error *err);

/* Usage errors with a text that points to --help: WD_ERR_ARGUMENT. */
wd_status cli_usage_error(wd_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- Used by main.c */
wd_status cli_parse(cli *c, int argc, char **argv, void *arguments, bool *help, wd_error *err);
void cli_print_help(const cli_command *command);
void cli_print_overview(void);
wd_status cli_print_tables(wd_error *err); /* every command and option as JSON */
void cli_print_completion(void);           /* for bash */
const char *cli_suggest_command(const char *word);
extern const cli_option cli_common_options[];

#endif
