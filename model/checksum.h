/* A 64-bit checksum against damage (not against forgery). Every step maps the state one to one for a given
 * word of eight bytes, so that a change confined to one word is always seen; others slip through with a
 * probability of about 2^-64. */
#ifndef WD_CHECKSUM_H
#define WD_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WD_CHECKSUM_START UINT64_C(0x243F6A8885A308D3)

/* Continues `sum` over the bytes (the last word filled up with zeros). */
static inline uint64_t wd_checksum(uint64_t sum, const void *data, size_t bytes) {
  const unsigned char *at = data;
  while (bytes > 0) {
    uint64_t word = 0;
    size_t step = bytes < sizeof word ? bytes : sizeof word;
    memcpy(&word, at, step);
    sum = (sum ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    sum = sum << 29 | sum >> 35;
    at += step;
    bytes -= step;
  }
  return sum;
}

#endif
