/* Every command, in the order of the help text. A new one is a file with a const cli_command and two lines
 * here. */
#include "app/cli/cli.h"

extern const cli_command cli_compare;
extern const cli_command cli_info;

const cli_command *const cli_commands[] = {
    &cli_compare,
    &cli_info,
    NULL,
};
