/* The dictionary at the head of a .npy file, as a parser over bytes: for npy.c and its fuzz target. */
#ifndef WD_NPY_HEADER_H
#define WD_NPY_HEADER_H

#include "solver/npy.h"

enum { WD_NPY_MAX_HEADER = 1 << 16, WD_NPY_MAX_DESCR = 16 };

typedef struct wd_npy_header {
  char descr[WD_NPY_MAX_DESCR]; /* byte order, kind and size, such as "<f4" */
  wd_npy_type type;
  bool big_endian;
  size_t item; /* bytes of one element */
  bool fortran;
  int dims;
  size_t shape[WD_NPY_MAX_DIMS];
  size_t elements; /* product of the shape; elements * item does not overflow */
} wd_npy_header;

/* Parses `text`, the dictionary alone (after magic, version and length). The grammar is the literal that
 * NumPy writes: {'descr': STRING, 'fortran_order': True|False, 'shape': TUPLE}, keys in any order, each once,
 * then spaces and a line feed. Anything else is WD_ERR_FORMAT, a structured type WD_ERR_UNSUPPORTED. */
wd_status wd_npy_header_parse(const char *path, const char *text, size_t length, wd_npy_header *out,
                              wd_error *err);

#endif
