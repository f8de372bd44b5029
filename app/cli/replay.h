/* A run as the window would show it, without a window: a recording, or a recipe (JSON, or a picture that
 * carries one), which is run again. For movie and render --panels. */
#ifndef WD_CLI_REPLAY_H
#define WD_CLI_REPLAY_H

#include "app/cli/cli.h"

#include "app/session.h"
#include "app/view.h"

typedef struct replay {
  cli *c;
  WdSession *session;
  WdView *view; /* as the file has it; place[0] is the position asked for */
  char *model;  /* that can make what the file does not keep */
  const char *device;
  bool beside;                /* place[1] is side B, of a recipe of a comparison */
  bool every;                 /* a recipe: every position was scored, not only the one asked for */
  bool live;                  /* in live mode, as the recipe says, in place of exact mode */
  wd_calibration calibration; /* of scores that are made */
  wd_error failed;
} replay;

typedef struct replay_args {
  const char *file, *model, *device;
  int branch, step; /* from 1; position, -1: the file's, or the last */
  bool every;       /* of a recipe: every position is decoded and scored, as the window does it */
} replay_args;

/* Whether a file is one of those. */
bool replay_recognise(const char *path);
wd_status replay_open(cli *c, const replay_args *args, replay *out, wd_error *err);
void replay_close(replay *r); /* harmless on a zeroed struct */

/* Makes sure that position k of the branch in view has its pair, and with `simulated` F(v), in exact mode
 * where it has to be made (or live, see above). Opens the model if need be. */
wd_status replay_need(replay *r, int k, bool simulated, wd_error *err);
/* The same for what side B of a comparison shows. */
wd_status replay_need_beside(replay *r, bool simulated, wd_error *err);
/* The model that can make what the file does not keep; at once when it is loaded. */
wd_status replay_open_model(replay *r, wd_error *err);
/* Lets the session work until `done` says so, or something fails, or the user stops it. */
wd_status replay_wait(replay *r, bool (*done)(replay *, void *), void *user, wd_error *err);
/* "decoded, step 12 of 16": of the place in view. */
void replay_place(const replay *r, char *out, size_t size);

#endif
