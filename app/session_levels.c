/* Reference levels of the loaded model, out of its evaluation.json. */
#include "app/session_private.h"

void wd_session_load_levels(WdSession *s) {
  wd_session_clear_levels(s);
}

void wd_session_clear_levels(WdSession *s) {
  s->levels = NULL;
}

gboolean wd_session_get_levels(WdSession *s, int score_kind, WdLevels *out) {
  (void)s;
  (void)score_kind;
  (void)out;
  return FALSE;
}
