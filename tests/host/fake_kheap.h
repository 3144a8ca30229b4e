/*
 * The kernel heap on malloc, for tests of loader/ and fs/: AddressSanitizer watches every byte, the
 * size given at the end must be the size asked for, and the n-th allocation can be made to fail.
 */
#ifndef TESTS_HOST_FAKE_KHEAP_H
#define TESTS_HOST_FAKE_KHEAP_H

#include <stdint.h>

/* Objects alive now. */
uint32_t fake_kheap_live(void);
/* Allocations since the last call of this. */
uint32_t fake_kheap_count(void);
/* The n-th allocation from now fails, once; 0: none. */
void fake_kheap_fail_at(uint32_t n);

#endif
