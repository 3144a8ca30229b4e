/*
 * `make lint` puts this in front of every file for cppcheck, which reads no system headers. It has
 * the list macros unchanged and makes the tree's generator empty, because cppcheck cannot follow
 * it.
 */
#include "/usr/include/x86_64-linux-gnu/sys/queue.h"
#define RB_ENTRY(type) struct { struct type *rbe_left; }
#define RB_HEAD(name, type) struct name { struct type *rbh_root; }
#define RB_INITIALIZER(root) { 0 }
#define RB_GENERATE_STATIC(name, type, field, compare)
#define RB_PROTOTYPE_STATIC(name, type, field, compare)
