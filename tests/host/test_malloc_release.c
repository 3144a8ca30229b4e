/* test_malloc.c without FAULTLINE_DEBUG: malloc as it is released, without guards. */
#include "test_malloc.c"
