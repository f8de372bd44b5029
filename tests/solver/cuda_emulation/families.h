/* The kinds of kernels that tests may run in emulation. */
#ifndef WD_EMULATED_FAMILIES_H
#define WD_EMULATED_FAMILIES_H

#include "emulated_thread.h"

extern const emulated_family emulated_wave; /* solver/cuda: owns what no other does, so comes last */
extern const emulated_family emulated_net;  /* model/cuda */
extern const emulated_family emulated_blas; /* the stand-in for cuBLAS */

#endif
