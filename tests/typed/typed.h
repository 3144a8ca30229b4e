/*
 * Calls made from the types of their arguments (include/abi/syscalls.def): random ones, and the edges
 * that each type has. Nothing here enters the kernel or knows where it runs: a `struct typed_world`
 * says which descriptors, addresses and paths there are, and all that is made depends on it and on a
 * seed alone. Words are 32 bits, the kernel's, whatever the host's are.
 *
 * Used by tests/guest/matrix.c and tests/guest/random_calls.c.
 */
#ifndef TESTS_TYPED_H
#define TESTS_TYPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TYPED_ARGS  6
#define TYPED_PAGE  4096u
#define TYPED_EDGES 256 /* no argument has more edges */

enum typed_kind {
    TYPED_NONE,
    TYPED_FD,
    TYPED_PATH,
    TYPED_PID,
    TYPED_SIGNAL,
    TYPED_INT,
    TYPED_ADDR,
    TYPED_SIZE,
    TYPED_PROT,
    TYPED_PAGES,
    TYPED_LEN,
    TYPED_COUNT,
    TYPED_OFFSET,
    TYPED_IN,
    TYPED_OUT,
    TYPED_INOUT,
    TYPED_VECTORS,
    TYPED_STRINGS,
    TYPED_BITS,
    TYPED_ONE_OF,
    TYPED_COMMAND,
};

/* One argument's type. of: 0, or the argument (from 1) that counts its units. number: bytes of memory
 * (of a unit), a mask of bits, or how many values there are. */
struct typed_arg {
    uint8_t kind, of;
    uint32_t number;
};

struct typed_signature {
    uint32_t number;
    const char *name;
    uint32_t count; /* of arguments */
    struct typed_arg arg[TYPED_ARGS];
};

/* Every call of abi/syscalls.def, in its order. */
extern const struct typed_signature typed_signatures[];
extern const size_t typed_signature_count;

/* Values to choose from. The first is the one that a call would expect. */
struct typed_pool {
    const uint32_t *values;
    uint32_t count;
};

/* What the calls are made against. */
struct typed_world {
    struct typed_pool fds;
    struct typed_pool paths; /* addresses of strings                             */
    struct typed_pool pids;
    struct typed_pool buffers; /* user memory: good, and bad in every way          */
    struct typed_pool places;  /* starts of ranges, page-aligned, mapped and not   */
    uint32_t size_pages;       /* ranges are mostly not longer than this           */
};

struct typed_call {
    const struct typed_signature *signature;
    uint32_t arg[TYPED_ARGS];
};

/* The next word of a sequence (xorshift32). The state must not be 0; typed_seed gives one. */
uint32_t typed_random(uint32_t *state);

/* The start of part `part` of what a seed stands for: parts can be run alone. */
uint32_t typed_seed(uint32_t seed, uint32_t part);

/* The signature of a name, or NULL. */
const struct typed_signature *typed_find(const char *name);

/* A random call of the signature: mostly sensible arguments, some edges, some words that are nothing,
 * and now and then one argument twice. */
void typed_generate(const struct typed_world *world, const struct typed_signature *signature,
                    uint32_t *state, struct typed_call *call);

/* What a sensible call has in argument `index` (from 0). */
uint32_t typed_default(const struct typed_world *world, const struct typed_signature *signature,
                       uint32_t index);

/* All edges of argument `index`, at most TYPED_EDGES. Returns how many there are. */
uint32_t typed_edges(const struct typed_world *world, const struct typed_signature *signature,
                     uint32_t index, uint32_t *edges);

/* Can the two arguments mean the same thing (two ranges, two buffers, two descriptors)? */
bool typed_may_alias(const struct typed_signature *signature, uint32_t a, uint32_t b);

/* Writes the call as C would have it: "mremap(0x30000000, 0x1000, 0x0, 0x3, 0x30000000)". Cut to `size`. */
void typed_format(const struct typed_call *call, char *text, size_t size);

#endif
