/* wavediffusion-cli info: which devices this machine has. */
#include "app/cli/cli.h"

#include <stdio.h>
#include <string.h>

typedef struct info_args {
  bool devices;
} info_args;

static const cli_option options[] = {{"devices", 0, CLI_FLAG, offsetof(info_args, devices),
                                      .help = "list the devices that could compute here"},
                                     {0}};

/* ---- devices */

static wd_status list_devices(cli *c, wd_error *err) {
  char text[4096];
  wd_device_list(text, sizeof text);
  if (!c->json) {
    fputs(text, stdout);
    if (*text && text[strlen(text) - 1] != '\n') putchar('\n');
    return WD_OK;
  }
  json_t *lines = json_array();
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
    json_array_append_new(lines, json_string(line));
  return cli_print_json(json_pack("{s:o}", "devices", lines), err);
}

static wd_status run(cli *c, const void *arguments, wd_error *err) {
  const info_args *a = arguments;
  if (!a->devices) return cli_usage_error(err, "give --devices");
  return list_devices(c, err);
}

const cli_command cli_info = {
    .name = "info",
    .summary = "say which devices this machine has",
    .example = "wavediffusion-cli info --devices\n",
    .option = options,
    .size = sizeof(info_args),
    .run = run,
};
