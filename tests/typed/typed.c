#include "tests/typed/typed.h"

#include <abi/faultline.h>
#include <asm/ioctls.h>
#include <asm/signal.h>
#include <asm/unistd_32.h>
#include <limits.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/mman.h>
#include <linux/random.h>
#include <linux/resource.h>
#include <linux/stat.h>
#include <linux/wait.h>
#include <stdio.h>
#include <string.h>

/* ---- Signatures ---------------------------------------------------------------------------------- */

/* Names that Linux's headers for programs keep to themselves. */
#ifndef R_OK
#define R_OK 4
#define W_OK 2
#define X_OK 1
#endif
#ifndef SEEK_END
#define SEEK_END 2
#endif
#ifndef RLIM_NLIMITS
#define RLIM_NLIMITS 16
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define NONE                                                                                       \
    {                                                                                              \
        TYPED_NONE, 0, 0                                                                           \
    }
#define FD                                                                                         \
    {                                                                                              \
        TYPED_FD, 0, 0                                                                             \
    }
#define PATH                                                                                       \
    {                                                                                              \
        TYPED_PATH, 0, 0                                                                           \
    }
#define PID                                                                                        \
    {                                                                                              \
        TYPED_PID, 0, 0                                                                            \
    }
#define SIGNAL                                                                                     \
    {                                                                                              \
        TYPED_SIGNAL, 0, 0                                                                         \
    }
#define INT                                                                                        \
    {                                                                                              \
        TYPED_INT, 0, 0                                                                            \
    }
#define ADDR                                                                                       \
    {                                                                                              \
        TYPED_ADDR, 0, 0                                                                           \
    }
#define SIZE                                                                                       \
    {                                                                                              \
        TYPED_SIZE, 0, 0                                                                           \
    }
#define PROT                                                                                       \
    {                                                                                              \
        TYPED_PROT, 0, PROT_READ | PROT_WRITE | PROT_EXEC                                          \
    }
#define PAGES                                                                                      \
    {                                                                                              \
        TYPED_PAGES, 0, 0                                                                          \
    }
#define LEN                                                                                        \
    {                                                                                              \
        TYPED_LEN, 0, 0                                                                            \
    }
#define COUNT                                                                                      \
    {                                                                                              \
        TYPED_COUNT, 0, 0                                                                          \
    }
#define OFFSET                                                                                     \
    {                                                                                              \
        TYPED_OFFSET, 0, 0                                                                         \
    }
#define IN(b)                                                                                      \
    {                                                                                              \
        TYPED_IN, 0, b                                                                             \
    }
#define OUT(b)                                                                                     \
    {                                                                                              \
        TYPED_OUT, 0, b                                                                            \
    }
#define INOUT(b)                                                                                   \
    {                                                                                              \
        TYPED_INOUT, 0, b                                                                          \
    }
#define IN_N(k, b)                                                                                 \
    {                                                                                              \
        TYPED_IN, k, b                                                                             \
    }
#define OUT_N(k, b)                                                                                \
    {                                                                                              \
        TYPED_OUT, k, b                                                                            \
    }
#define INOUT_N(k, b)                                                                              \
    {                                                                                              \
        TYPED_INOUT, k, b                                                                          \
    }
#define VECTORS(k)                                                                                 \
    {                                                                                              \
        TYPED_VECTORS, k, 8                                                                        \
    }
#define STRINGS                                                                                    \
    {                                                                                              \
        TYPED_STRINGS, 0, 0                                                                        \
    }
#define BITS(mask)                                                                                 \
    {                                                                                              \
        TYPED_BITS, 0, (uint32_t)(mask)                                                            \
    }
#define ONE_OF(n)                                                                                  \
    {                                                                                              \
        TYPED_ONE_OF, 0, n                                                                         \
    }
#define COMMAND                                                                                    \
    {                                                                                              \
        TYPED_COMMAND, 0, 0                                                                        \
    }

const struct typed_signature typed_signatures[] = {
#define SYSCALL(nr, name, nargs, ...) {nr, #name, nargs, {__VA_ARGS__}},
#include "abi/syscalls.def"
#undef SYSCALL
};
const size_t typed_signature_count = sizeof(typed_signatures) / sizeof(typed_signatures[0]);

const struct typed_signature *typed_find(const char *name)
{
    for (size_t i = 0; i < typed_signature_count; i++) {
        if (strcmp(typed_signatures[i].name, name) == 0) {
            return &typed_signatures[i];
        }
    }
    return NULL;
}

/* ---- Chance -------------------------------------------------------------------------------------- */

/* Marsaglia 2003. */
uint32_t typed_random(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *state = x;
    return x;
}

/* Neighbouring seeds and parts must not give neighbouring sequences: murmur3's last mix. */
uint32_t typed_seed(uint32_t seed, uint32_t part)
{
    uint32_t x = seed ^ (part + 1) * 0x9E3779B9u;
    x = (x ^ x >> 16) * 0x85EBCA6Bu;
    x = (x ^ x >> 13) * 0xC2B2AE35u;
    x ^= x >> 16;
    return x == 0 ? 1 : x;
}

static bool one_in(uint32_t *state, uint32_t n)
{
    return typed_random(state) % n == 0;
}

static uint32_t any_of(const struct typed_pool *pool, uint32_t *state)
{
    return pool->values[typed_random(state) % pool->count];
}

/* ---- Edges --------------------------------------------------------------------------------------- */

/* Words that are an edge wherever a number is asked for. */
static const uint32_t numbers[] = {
    0,
    1,
    2,
    0xFFFFFFFFu,
    0x80000000u,
    0x7FFFFFFFu,
    TYPED_PAGE - 1,
    TYPED_PAGE,
    TYPED_PAGE + 1,
    2 * TYPED_PAGE,
    0xFFFFF000u,
    0xFFFFF001u,
    0x7FFFF000u,
    0x40000000u,
    0xC0000000u,
    0x10000u,
};
#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static const uint32_t commands[] = {
    /* 12, 13: F_GETLK64 and F_SETLK64, which only 32-bit headers name. */
    F_DUPFD,         F_GETFD,      F_SETFD,      F_GETFL,     F_SETFL,     F_GETLK,   F_SETLK,
    F_SETLKW,        F_SETOWN,     F_GETOWN,     F_SETSIG,    F_GETSIG,    12,        13,
    F_DUPFD_CLOEXEC, F_SETPIPE_SZ, F_GETPIPE_SZ, F_ADD_SEALS, F_GET_SEALS, TCGETS,    TCSETS,
    TCSETSW,         TCSETSF,      TCSBRK,       TCXONC,      TCFLSH,      TIOCGPGRP, TIOCSPGRP,
    TIOCGWINSZ,      TIOCSWINSZ,   TIOCSCTTY,    TIOCNOTTY,   FIONREAD,    FIONBIO,   FIOCLEX,
    FIONCLEX,        TIOCGSID,     0xFFFFFFFFu,  0x80000000u, 0x5480u,
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

struct edges {
    uint32_t *values;
    uint32_t count;
};

static void add(struct edges *edges, uint32_t value)
{
    for (uint32_t i = 0; i < edges->count; i++) {
        if (edges->values[i] == value) {
            return;
        }
    }
    if (edges->count < TYPED_EDGES) {
        edges->values[edges->count++] = value;
    }
}

static void add_all(struct edges *edges, const uint32_t *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        add(edges, values[i]);
    }
}

/* No bit, each alone, each pair, all; and a bit that is none of them. Of few bits every set. */
static void add_bits(struct edges *edges, uint32_t mask)
{
    add(edges, 0);
    add(edges, mask);
    for (uint32_t a = mask; a != 0; a &= a - 1) {
        for (uint32_t b = a; b != 0; b &= b - 1) {
            add(edges, (a & -a) | (b & -b));
        }
    }
    add(edges, ~mask & (0u - ~mask));
    add(edges, 0xFFFFFFFFu);
    add(edges, 0x80000000u);
}

static const struct typed_pool *pool_of(const struct typed_world *world, uint32_t kind)
{
    switch (kind) {
    case TYPED_FD:
        return &world->fds;
    case TYPED_PATH:
        return &world->paths;
    case TYPED_PID:
        return &world->pids;
    case TYPED_ADDR:
        return &world->places;
    case TYPED_IN:
    case TYPED_OUT:
    case TYPED_INOUT:
    case TYPED_VECTORS:
    case TYPED_STRINGS:
        return &world->buffers;
    default:
        return NULL;
    }
}

uint32_t typed_edges(const struct typed_world *world, const struct typed_signature *signature,
                     uint32_t index, uint32_t *edges)
{
    const struct typed_arg *arg = &signature->arg[index];
    const struct typed_pool *pool = pool_of(world, arg->kind);
    struct edges all = {edges, 0};

    add(&all, typed_default(world, signature, index));
    if (pool != NULL) {
        add_all(&all, pool->values, pool->count);
    } else if (arg->kind == TYPED_BITS || arg->kind == TYPED_PROT) {
        add_bits(&all, arg->number);
    } else if (arg->kind == TYPED_COMMAND) {
        add_all(&all, commands, COMMANDS);
    } else {
        for (uint32_t i = 0; arg->kind == TYPED_ONE_OF && i <= arg->number; i++) {
            add(&all, i);
        }
        add_all(&all, numbers, NUMBERS);
    }
    if (arg->kind == TYPED_SIGNAL) {
        add(&all, 9);
        add(&all, 64);
        add(&all, 65);
    }
    return all.count;
}

/* ---- Sensible values ----------------------------------------------------------------------------- */

uint32_t typed_default(const struct typed_world *world, const struct typed_signature *signature,
                       uint32_t index)
{
    const struct typed_arg *arg = &signature->arg[index];
    const struct typed_pool *pool = pool_of(world, arg->kind);

    if (arg->kind == TYPED_STRINGS) {
        return 0; /* Linux takes it for an empty list */
    }
    if (pool != NULL) {
        return pool->values[0];
    }
    switch (arg->kind) {
    case TYPED_SIZE:
        return 2 * TYPED_PAGE;
    case TYPED_LEN:
        return 64;
    case TYPED_COUNT:
        return 2;
    case TYPED_PROT:
        return PROT_READ | PROT_WRITE;
    case TYPED_BITS: /* of a mapping: one that needs nothing else */
        return (arg->number & MAP_ANONYMOUS) != 0 && (arg->number & MAP_PRIVATE) != 0 &&
                       (arg->number & MAP_POPULATE) != 0
                   ? MAP_PRIVATE | MAP_ANONYMOUS
                   : arg->number & MREMAP_MAYMOVE;
    default:
        return 0;
    }
}

/* ---- Random values ------------------------------------------------------------------------------- */

static uint32_t random_number(uint32_t *state)
{
    uint32_t word = typed_random(state);

    switch (word >> 29) {
    case 0:
        return typed_random(state);
    case 1:
    case 2:
        return numbers[(word >> 8) % NUMBERS];
    default:
        return word >> 8 & 15;
    }
}

static uint32_t random_size(const struct typed_world *world, uint32_t *state)
{
    if (one_in(state, 32)) {
        return random_number(state);
    }
    uint32_t pages = typed_random(state) % (world->size_pages + 1);

    pages = one_in(state, 8) ? pages : pages % 8 + (pages != 0);
    return pages * TYPED_PAGE - (one_in(state, 8) ? typed_random(state) % TYPED_PAGE : 0);
}

static uint32_t random_len(uint32_t *state)
{
    uint32_t word = typed_random(state);

    if ((word & 31) == 0) {
        return random_number(state);
    }
    return (word & 7) == 1 ? (word >> 8) % (4 * TYPED_PAGE) : (word >> 8) % 128;
}

/* Mostly few bits. */
static uint32_t random_bits(uint32_t mask, uint32_t *state)
{
    uint32_t word = mask & typed_random(state);

    if (one_in(state, 2)) {
        word &= typed_random(state);
    }
    return one_in(state, 64) ? word | 1u << (typed_random(state) & 31) : word;
}

static uint32_t random_address(const struct typed_world *world, uint32_t *state)
{
    if (one_in(state, 64)) {
        return random_number(state);
    }
    uint32_t address = any_of(&world->places, state);

    return one_in(state, 32) ? address + typed_random(state) % TYPED_PAGE : address;
}

static uint32_t random_buffer(const struct typed_world *world, uint32_t *state)
{
    if (one_in(state, 8)) {
        return random_address(world, state) + typed_random(state) % TYPED_PAGE;
    }
    return any_of(&world->buffers, state) + (one_in(state, 4) ? typed_random(state) % 64 : 0);
}

static uint32_t random_from(const struct typed_pool *pool, uint32_t *state)
{
    return one_in(state, 32) ? random_number(state) : any_of(pool, state);
}

static uint32_t random_value(const struct typed_world *world, const struct typed_arg *arg,
                             uint32_t *state)
{
    switch (arg->kind) {
    case TYPED_FD:
    case TYPED_PID:
        return random_from(pool_of(world, arg->kind), state);
    case TYPED_PATH:
        return one_in(state, 16) ? random_buffer(world, state) : any_of(&world->paths, state);
    case TYPED_SIGNAL:
        return typed_random(state) % 66;
    case TYPED_ADDR:
        return random_address(world, state);
    case TYPED_SIZE:
        return random_size(world, state);
    case TYPED_PAGES:
        return one_in(state, 16) ? random_number(state) : typed_random(state) % 8;
    case TYPED_LEN:
        return random_len(state);
    case TYPED_STRINGS:
        return one_in(state, 2) ? 0 : random_buffer(world, state);
    case TYPED_IN:
    case TYPED_OUT:
    case TYPED_INOUT:
    case TYPED_VECTORS:
        return random_buffer(world, state);
    case TYPED_PROT:
    case TYPED_BITS:
        return random_bits(arg->number, state);
    case TYPED_ONE_OF:
        return one_in(state, 32) ? random_number(state) : typed_random(state) % (arg->number + 1);
    case TYPED_COMMAND:
        return one_in(state, 32) ? random_number(state) : commands[typed_random(state) % COMMANDS];
    default: /* INT, COUNT, OFFSET */
        return random_number(state);
    }
}

static uint32_t family_of(uint32_t kind)
{
    switch (kind) {
    case TYPED_IN:
    case TYPED_OUT:
    case TYPED_INOUT:
    case TYPED_VECTORS:
    case TYPED_STRINGS:
    case TYPED_PATH:
        return TYPED_IN;
    default:
        return kind;
    }
}

bool typed_may_alias(const struct typed_signature *signature, uint32_t a, uint32_t b)
{
    uint32_t family = family_of(signature->arg[a].kind);

    return family == family_of(signature->arg[b].kind) &&
           (family == TYPED_IN || family == TYPED_ADDR || family == TYPED_FD ||
            family == TYPED_SIZE || family == TYPED_PID);
}

void typed_generate(const struct typed_world *world, const struct typed_signature *signature,
                    uint32_t *state, struct typed_call *call)
{
    call->signature = signature;
    for (uint32_t i = 0; i < signature->count; i++) {
        call->arg[i] = random_value(world, &signature->arg[i], state);
        for (uint32_t j = 0; j < i; j++) {
            if (typed_may_alias(signature, j, i) && one_in(state, 8)) {
                call->arg[i] = call->arg[j];
            }
        }
    }
    for (uint32_t i = signature->count; i < TYPED_ARGS; i++) {
        call->arg[i] = 0;
    }
}

void typed_format(const struct typed_call *call, char *text, size_t size)
{
    size_t done = (size_t)snprintf(text, size, "%s(", call->signature->name);

    for (uint32_t i = 0; i < call->signature->count && done < size; i++) {
        done += (size_t)snprintf(text + done, size - done, "%s0x%x", i == 0 ? "" : ", ",
                                 (unsigned int)call->arg[i]);
    }
    if (done < size) {
        (void)snprintf(text + done, size - done, ")");
    }
}
