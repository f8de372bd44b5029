/* Flush-to-zero is a state of the thread; fast and live mode set it while they work and put it back. */
#include "solver/cpu/kernels.h"

#if defined(__x86_64__) || defined(__i386__)
#  include <xmmintrin.h>
enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x0040 };

unsigned wd_cpu_flush_denormals(void) {
  unsigned saved = _mm_getcsr();
  _mm_setcsr(saved | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
  return saved;
}

void wd_cpu_restore_denormals(unsigned saved) {
  _mm_setcsr(saved);
}
#else
unsigned wd_cpu_flush_denormals(void) {
  return 0;
}
void wd_cpu_restore_denormals(unsigned saved) {
  (void)saved;
}
#endif
