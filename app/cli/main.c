/* wavediffusion-cli: the program without a window. */
#include "app/cli/cli.h"

#include "solver/memory.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_bool cancel_flag;
static atomic_int signals_seen;

/* The first signal asks every engine call to stop, which takes a fraction of a second; whoever sends three
 * does not want to wait. */
static void on_signal(int number) {
  atomic_store(&cancel_flag, true);
  if (atomic_fetch_add(&signals_seen, 1) >= 2) _exit(128 + number);
}

static void catch_signals(void) {
  struct sigaction action = {.sa_handler = on_signal};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGHUP, &action, NULL);
  signal(SIGPIPE,
         SIG_IGN); /* a reader that went away is a write error, not a reason to leave a half-made file */
}

static const cli_command *find_command(const char *name) {
  for (const cli_command *const *c = cli_commands; *c; c++)
    if (strcmp((*c)->name, name) == 0) return *c;
  return NULL;
}

static int unknown_command(const char *word) {
  const char *near = cli_suggest_command(word);
  if (near)
    fprintf(stderr, "wavediffusion-cli: unknown command '%s'; did you mean %s?\n", word, near);
  else
    fprintf(stderr, "wavediffusion-cli: unknown command '%s'; see wavediffusion-cli --help\n", word);
  return 1;
}

static int print_help(int argc, char **argv) {
  if (argc < 1) {
    cli_print_overview();
    return 0;
  }
  if (strcmp(argv[0], "--json") == 0) return wd_status_exit_code(cli_print_tables(NULL));
  if (strcmp(argv[0], "--completion") == 0) {
    cli_print_completion();
    return 0;
  }
  const cli_command *command = find_command(argv[0]);
  if (!command) return unknown_command(argv[0]);
  cli_print_help(command);
  return 0;
}

/* With --json a reader of stdout gets the failure too. */
static void print_error(const cli *c, wd_status st, const wd_error *err) {
  fprintf(stderr, "wavediffusion-cli %s: %s\n", c->command->name, err->message);
  if (c->json)
    cli_print_json(json_pack("{s:{s:s, s:s, s:i}}", "error", "status", wd_status_name(st), "message",
                             err->message, "exit_code", wd_status_exit_code(st)),
                   NULL);
}

static int run_command(const cli_command *command, int argc, char **argv) {
  cli c = {.command = command, .hooks = {.cancel = &cancel_flag}};
  wd_error err = {.message = "no reason was given"};
  void *arguments = wd_calloc(1, command->size ? command->size : 1);
  if (!arguments) {
    fprintf(stderr, "wavediffusion-cli: no memory\n");
    return 4;
  }
  bool help = false;
  wd_status st = cli_parse(&c, argc, argv, arguments, &help, &err);
  if (!st && help) {
    cli_print_help(command);
  } else {
    if (!st) st = command->run(&c, arguments, &err);
    cli_progress_end(&c);
    if (st) print_error(&c, st, &err);
  }
  wd_free(arguments);
  return wd_status_exit_code(st);
}

/* OpenMP's threads, which the networks' kernels use, spin at barriers unless told otherwise, and where other
 * work shares the cores that costs tens of times (measured: a denoising step of 14 ms took 1.2 s). The
 * library reads this before main, so the program starts itself once more; where it cannot, it is merely
 * slower. */
static void wait_passively(char **argv) {
  if (getenv("OMP_WAIT_POLICY") || setenv("OMP_WAIT_POLICY", "passive", 0)) return;
  execv("/proc/self/exe", argv);
}

int main(int argc, char **argv) {
  wait_passively(argv);
  catch_signals();
  int code;
  if (argc < 2) {
    fprintf(stderr, "wavediffusion-cli: which command? See wavediffusion-cli --help\n");
    return 1;
  }
  const cli_command *command = find_command(argv[1]);
  if (command) {
    code = run_command(command, argc - 2, argv + 2);
  } else if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
    code = print_help(argc - 2, argv + 2);
  } else if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
    printf("wavediffusion-cli %s (%s)\n", WD_VERSION, WD_BUILD_FEATURES);
    code = 0;
  } else {
    code = unknown_command(argv[1]);
  }
  if (fflush(stdout) || ferror(stdout)) {
    fprintf(stderr, "wavediffusion-cli: standard output could not be written: %s\n", strerror(errno));
    if (code == 0) code = 2;
  }
  return code;
}
