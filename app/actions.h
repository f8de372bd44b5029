/* Every action of the window, and the one function that says which of them can be done now (win.NAME; they
 * are GActions, so that buttons and menus bind to them by name and are greyed with them):
 *
 *   run begin stop resume dice dice-run branch run-here restore refine(i: steps) remove-branch(u: id) undo
 * redo play* step-back step-forward go-forward step-back-10 step-forward-10 first last slower faster loop*
 * ping-pong* reverse* shot(i: -1 all) shot-previous shot-next source-next source(i: WdSource)* blink* what*
 * truth* wiggle density clip-more clip-less gain-more gain-less agc* polarity* range colormap-next
 *   colormap-previous propagate mute-direct* contours* cursor-lock* fit traces* profiles* enlarge
 *   log-scale* epsilon-here metric(i: WdScoreKind)*
 *   compare* align* lock-sides* second-row* sidebar* fullscreen* escape panel-next panel-previous
 *   open open-model demo new save save-as export-figure export-data copy-image copy-command
 *   menu help shortcuts preferences about close
 *
 * those with a star have a state: boolean, or the number chosen. quit is app.quit. Some come with the parts
 * that do them. */
#ifndef WD_ACTIONS_H
#define WD_ACTIONS_H

#include "app/window.h"

void wd_actions_install(WdWindow *window);
/* Enables actions by the state of session, recording and view, and brings their own states up to date. */
void wd_actions_update(WdWindow *window);

#endif
