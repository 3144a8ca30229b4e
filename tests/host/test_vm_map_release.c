/* test_vm_map.c once more, as release builds are: no poison and no debug assertions, but a pool of page
 * tables (tests.mk takes FAULTLINE_DEBUG away). */
#include "test_vm_map.c"
