/*
 * A fake of user/alloc/os_pages.h for host tests: it counts pages, refuses the n-th request, and
 * checks the preconditions that the header states.
 */
#ifndef TESTS_HOST_FAKE_OS_PAGES_H
#define TESTS_HOST_FAKE_OS_PAGES_H

#include <stddef.h>

/* From now on, the n-th request for pages is refused (1: the next); 0: none. */
void fake_os_pages_refuse(size_t n);
/* Pages that are mapped. */
size_t fake_os_pages_count(void);
/* Requests for pages so far. */
size_t fake_os_pages_calls(void);

#endif
