#include "solver/guard.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* At the start of the first readable page; the canary fills the rest up to the block. */
typedef struct header {
  size_t mapped, bytes;
} header;

enum { CANARY = 0xc5 };

static size_t page_size(void) {
  return (size_t)sysconf(_SC_PAGESIZE);
}

/* [unreadable page][header, canary ... block][unreadable page] */
static unsigned char *first_page(const void *pointer) {
  size_t page = page_size();
  uintptr_t at = (uintptr_t)pointer / page * page;
  /* The header's page may lie before the block's first page only when the block starts on a page boundary. */
  if ((uintptr_t)pointer - at < sizeof(header)) at -= page;
  return (unsigned char *)at;
}

void *wd_guard_alloc(size_t count, size_t size) {
  size_t bytes, page = page_size();
  if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 4) return NULL;
  bytes = (bytes + 15) / 16 * 16; /* the block stays aligned for doubles and small vectors */
  size_t inner = (bytes + sizeof(header) + page - 1) / page * page, mapped = inner + 2 * page;
  unsigned char *base = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return NULL;
  mprotect(base, page, PROT_NONE);
  mprotect(base + page + inner, page, PROT_NONE);
  unsigned char *block = base + page + inner - bytes;
  memset(base + page, CANARY, inner - bytes);
  memset(block, 0xff, bytes);
  *(header *)(void *)first_page(block) = (header){mapped, bytes};
  return block;
}

bool wd_guard_intact(const void *pointer) {
  if (!pointer) return true;
  const unsigned char *page = first_page(pointer), *block = pointer;
  for (const unsigned char *c = page + sizeof(header); c < block; c++)
    if (*c != CANARY) return false;
  return true;
}

void wd_guard_free(void *pointer) {
  if (!pointer) return;
  unsigned char *page = first_page(pointer);
  munmap(page - page_size(), ((header *)(void *)page)->mapped);
}
