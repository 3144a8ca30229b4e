/* Descriptors of thread-local storage, from Linux's description of them (set_thread_area). */
#ifndef ARCH_TLS_DESC_H
#define ARCH_TLS_DESC_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

struct user_desc;

/*
 * Encodes desc as the CPU reads it (SDM vol. 3, 3.4.5). Returns true and *out, which is 0 for
 * Linux's "no descriptor". Returns false for any segment but a present 32-bit data segment. The
 * result is always ring 3's (bad-input S15).
 */
must_check bool tls_desc_encode(const struct user_desc *desc, uint64_t *out);

#endif
