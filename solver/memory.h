/* Host memory: aligned to 64 bytes (one cache line, one AVX-512 vector), sizes checked for overflow. */
#ifndef WD_MEMORY_H
#define WD_MEMORY_H

#include "solver/status.h"
#include <stdbool.h>
#include <stddef.h>

#define WD_ALIGNMENT 64

/* count * size bytes of zeroed memory, or NULL when the product overflows or there is no memory.
 * Release with wd_free. */
void *wd_calloc(size_t count, size_t size);
/* The same without zeroing. */
void *wd_alloc(size_t count, size_t size);
void wd_free(void *pointer);

/* a * b in *out; false when it overflows. */
bool wd_size_mul(size_t a, size_t b, size_t *out);

/* Bytes of memory that the machine could still give (MemAvailable), 0 when unknown: for refusing a job before
 * the kernel kills it. */
size_t wd_memory_available(void);

/* WD_ERR_NO_MEMORY, with the numbers and the advice ("take fewer shots"), when count * size bytes for `what`
 * are more than that: the system hands out memory that it does not have, and kills whoever uses it. */
wd_status wd_memory_check(size_t count, size_t size, const char *what, const char *advice, wd_error *err);

#endif
