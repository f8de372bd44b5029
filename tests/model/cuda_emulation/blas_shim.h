/* What a test may ask of the stand-in for cuBLAS, and of it. */
#ifndef WD_BLAS_SHIM_H
#define WD_BLAS_SHIM_H

typedef struct blas_shim_counts {
  long products, rounded, tf32, handles;
  int absent; /* the library is not there */
} blas_shim_counts;

extern blas_shim_counts blas_shim;

#endif
