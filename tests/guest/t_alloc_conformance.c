/*
 * The suite over all allocators, inside the kernel: the host's files, with pages from its calls. The
 * fake takes the place of the libc's os_pages, so that here too the n-th request can be refused.
 */
#define FILL_ROUNDS 50 /* emulated, each takes a good deal longer */

#include "tests/host/alloc_ops.c"
#include "tests/host/fake_os_pages.c"
#include "tests/host/test_alloc_conformance.c"
