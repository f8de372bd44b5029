/* Every command, in the order of the help text. A new one is a file with a const cli_command and two lines
 * here. */
#include "app/cli/cli.h"

extern const cli_command cli_simulate;
extern const cli_command cli_compare;
extern const cli_command cli_gradient;
extern const cli_command cli_generate;
extern const cli_command cli_sample;
#ifdef WD_HAVE_SESSION
extern const cli_command cli_rank;
extern const cli_command cli_record;
#endif
extern const cli_command cli_decode;
extern const cli_command cli_encode;
extern const cli_command cli_interpolate;
extern const cli_command cli_residual;
extern const cli_command cli_refine;
extern const cli_command cli_evaluate;
extern const cli_command cli_info;
extern const cli_command cli_convert;
#ifdef WD_HAVE_VIEW
extern const cli_command cli_lesson;
#endif
#ifdef WD_HAVE_RENDER
extern const cli_command cli_render;
#endif
#ifdef WD_HAVE_VIEW
extern const cli_command cli_movie;
#endif
extern const cli_command cli_redraw;
extern const cli_command cli_train;
extern const cli_command cli_bench;

/* clang-format off */
const cli_command *const cli_commands[] = {
    &cli_simulate,
    &cli_compare,
    &cli_gradient,
    &cli_generate,
    &cli_sample,
#ifdef WD_HAVE_SESSION
    &cli_record,
#endif
    &cli_encode,
    &cli_decode,
    &cli_interpolate,
    &cli_residual,
#ifdef WD_HAVE_SESSION
    &cli_rank,
#endif
    &cli_refine,
    &cli_evaluate,
    &cli_info,
    &cli_convert,
#ifdef WD_HAVE_RENDER
    &cli_render,
#endif
#ifdef WD_HAVE_VIEW
    &cli_lesson,
#endif
#ifdef WD_HAVE_VIEW
    &cli_movie,
#endif
    &cli_redraw,
    &cli_train,
    &cli_bench,
    NULL,
};
