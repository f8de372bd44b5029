/* "Copy as command": the wavediffusion-cli lines that make again what is on screen.
 *
 *   wavediffusion-cli sample ...   the run, with its branches; every latent and every score of it
 *   wavediffusion-cli refine ...   when the position on screen is one of refinement
 *   wavediffusion-cli decode ...   the pair on screen
 *   wavediffusion-cli residual ... how far it is from the wave equation
 *   wavediffusion-cli render ...   the panels on screen, of the run's recipe, which is written for it
 *   wavediffusion-cli movie ...    and its wavefield, where that is on screen
 *
 * of a comparison those of side B too, joined by && so that they can be pasted as one. What a command line
 * cannot tell (an opened pair, an edited latent, a map minus a pinned step of another run) stands before them
 * in comments, with what to do about it. */
#ifndef WD_COMMAND_LINE_H
#define WD_COMMAND_LINE_H

#include "app/recipe.h"

/* folder: where the results go, NULL for a name made from the recipe ("default-42-dpmpp-2m-16"). Quoted for
 * a POSIX shell; ends with a newline; g_free. */
char *wd_command_line(const WdRunRecipe *recipe, const char *folder);

/* The value of `sample --branch` for the links after the first ("at=6,steps=10,sampler=ddim"); NULL when
 * there are none. g_free. */
char *wd_command_branches(const WdRunRecipe *recipe);

/* The name that the folder gets. g_free. */
char *wd_command_folder(const WdRunRecipe *recipe);

#endif
