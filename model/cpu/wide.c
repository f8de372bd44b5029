#include "model/cpu/wide.h"

extern const wd_wide wd_wide_table_4;
#ifdef WD_HAVE_X86_SIMD
extern const wd_wide wd_wide_table_8, wd_wide_table_16;
#endif

const wd_wide *wd_wide_for(int lanes) {
#ifdef WD_HAVE_X86_SIMD
  if (lanes >= 16) return &wd_wide_table_16;
  if (lanes >= 8) return &wd_wide_table_8;
#endif
  (void)lanes;
  return &wd_wide_table_4;
}
