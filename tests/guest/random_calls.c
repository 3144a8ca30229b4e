/*
 * Random calls of every type (tests/typed/typed.h), made by children that fork, use up memory and have
 * frames refused. After each child all that it took is back.
 *
 * TEST_SEED says which calls, CALLS how many. Child n of a seed makes the same calls whether or not the
 * ones before it ran: TEST_CHILD=n runs that one alone, and TRACE=1 prints its calls before they are
 * made. The number of the child is printed before it starts, for the case that nothing is printed
 * afterwards. docs/testing.md shows the commands.
 */
#include "calls.h"
#include "tests/typed/guest.h"

#include <asm/mman.h>
#include <linux/mman.h>

#define SEED            0x46415545u
#define CALLS           100000u
#define CALLS_PER_CHILD 1000u
#define WARM_UP         3u
#define FORKS_MAX       6u
#define RECENT          8u /* answers of calls that later ones use */
#define CALLS_PER_WORLD 32u
#define HOARD           0x08800000u /* where memory is taken; calls hardly find it */

struct chooser {
    struct typed_world world;
    uint32_t state;
    uint32_t places[64], fds[32], pids[16]; /* the world's, and the recent answers behind them */
    uint32_t n_calls;
};

static bool is_traced;

/* ---- One child ----------------------------------------------------------------------------------- */

/* A pool of the world's values with room for answers. */
static struct typed_pool widen(const struct typed_pool *pool, uint32_t *values)
{
    for (uint32_t i = 0; i < pool->count + RECENT; i++) {
        values[i] = pool->values[i < pool->count ? i : 0];
    }
    return (struct typed_pool){values, pool->count + RECENT};
}

static void start(struct chooser *c, uint32_t seed)
{
    c->world = guest_world();
    c->world.places = widen(&c->world.places, c->places);
    c->world.fds = widen(&c->world.fds, c->fds);
    c->world.pids = widen(&c->world.pids, c->pids);
    c->state = seed;
    c->n_calls = 0;
}

static void remember(struct chooser *c, const struct typed_pool *pool, uint32_t *values,
                     uint32_t answer)
{
    values[pool->count - 1 - typed_random(&c->state) % RECENT] = answer;
}

/* Answers that look like something go where later calls find them. */
static void use_answer(struct chooser *c, long answer)
{
    uint32_t word = (uint32_t)answer;

    if (answer > 2 && answer < 1024) {
        remember(c, &c->world.fds, c->fds, word);
        remember(c, &c->world.pids, c->pids, word);
    } else if (is_good(answer) && word >= 0x10000 && word % PAGE == 0) {
        remember(c, &c->world.places, c->places, word);
        (void)call(__NR_getrandom, word, 1, 0); /* memory is used, too */
    }
}

/* Calls about ranges of memory come as often as all others together. */
static const struct typed_signature *choose(struct chooser *c)
{
    const struct typed_signature *signature;
    bool wants_range = (typed_random(&c->state) & 1) != 0;

    do {
        signature = &typed_signatures[typed_random(&c->state) % typed_signature_count];
    } while (wants_range && signature->arg[0].kind != TYPED_ADDR);
    return signature;
}

/* Calls that end their caller come seldom, and there are never many processes. */
static bool is_wanted(struct chooser *c, const struct typed_call *call)
{
    switch (call->signature->number) {
    case __NR_exit:
    case __NR_exit_group:
    case __NR_execve:
    case __NR_kill:
        return typed_random(&c->state) % 16 == 0;
    case FL_NR_fail_frame:
        return typed_random(&c->state) % 4 == 0;
    case __NR_fork:
    case __NR_vfork:
        return __atomic_fetch_add(&guest_control->forks, 1, __ATOMIC_SEQ_CST) < FORKS_MAX;
    default:
        return true;
    }
}

static void perform(struct chooser *c)
{
    struct typed_call call;
    int pid = is_traced ? 0 : getpid();

    typed_generate(&c->world, choose(c), &c->state, &call);
    guest_tame(&call);
    if (!is_wanted(c, &call)) {
        return;
    }
    if (is_traced) {
        char text[160];
        typed_format(&call, text, sizeof(text));
        guest_print(text);
        pid = getpid();
    }
    long answer = guest_perform(&call);

    __atomic_fetch_add(&guest_control->calls, 1, __ATOMIC_SEQ_CST);
    if (getpid() != pid) { /* a new process goes its own way */
        c->state = typed_seed(c->state, c->n_calls);
        (void)guest_world();
    }
    use_answer(c, answer);
}

/* Now and then a byte is touched, whatever becomes of that: most are refused by a fault. */
static void touch(struct chooser *c)
{
    uint32_t page = c->places[typed_random(&c->state) % c->world.places.count];

    if (page >= GUEST_ARENA && page < KERNEL_BASE) {
        *(volatile char *)at(page) = 1;
    }
}

/* Soon little of the world is left to make interesting calls about. A refusal that stays ends them, too. */
static void renew(struct chooser *c)
{
    (void)call(FL_NR_fail_frame, 0, 0);
    guest_restore_memory();
    if (c->n_calls % (4 * CALLS_PER_WORLD) < CALLS_PER_WORLD) {
        guest_restore_fds();
        touch(c);
    }
}

/* Some children begin with next to no memory: between 0 and 63 frames. */
static void take_memory(struct chooser *c)
{
    if (typed_random(&c->state) % 8 == 0) {
        uint32_t left = typed_random(&c->state) % 64, free = (uint32_t)freemem();
        (void)call(__NR_mmap2, HOARD, free > left ? (free - left) * PAGE : PAGE, RIGHTS_RW,
                   PRIVATE_ANON | MAP_POPULATE | MAP_NORESERVE, -1, 0);
    }
}

static void make_calls(void *argument)
{
    static struct chooser chooser;
    start(&chooser, *(uint32_t *)argument);
    guest_restore_fds();
    guest_restore_memory();
    take_memory(&chooser);
    for (; chooser.n_calls < CALLS_PER_CHILD; chooser.n_calls++) {
        perform(&chooser);
        if (chooser.n_calls % CALLS_PER_WORLD == CALLS_PER_WORLD - 1) {
            renew(&chooser);
        }
    }
}

/* ---- All of them --------------------------------------------------------------------------------- */

static struct {
    uint32_t children, stopped, killed, hung, drifting, not_begun;
} ends;

static void count_end(const struct guest_end *end, uint32_t number)
{
    ends.children++;
    ends.stopped += end->is_stopped;
    ends.killed += WIFSIGNALED(end->status) && !end->is_stopped;
    ends.hung += end->is_hung;
    ends.not_begun += end->has_not_begun;
    if (end->drift != 0 && number >= WARM_UP) {
        diag("child %u: %d frames are missing", (unsigned int)number, end->drift);
        ends.drifting++;
    }
}

static void run_child(uint32_t seed, uint32_t number)
{
    uint32_t start_of_child = typed_seed(seed, number);
    diag("child %u", (unsigned int)number);
    guest_control->forks = 0;
    struct guest_end end = guest_supervise(make_calls, &start_of_child);
    count_end(&end, number);
}

int main(int argc, char **argv)
{
    uint32_t seed = guest_number("TEST_SEED", SEED), calls = guest_number("CALLS", CALLS);
    uint32_t alone = guest_number("TEST_CHILD", UINT32_MAX);
    if (argc == 0) {
        return 0; /* one of our own calls found us */
    }
    is_traced = guest_number("TRACE", 0) != 0;
    guest_world_make(argv[0]);
    (void)call(FL_NR_oom_score_adj, 0, -1000, 0);
    settle();
    diag("TEST_SEED=0x%x, %u calls", (unsigned int)seed, (unsigned int)calls);
    if (alone != UINT32_MAX) {
        run_child(seed, alone);
    }
    for (uint32_t n = 0; alone == UINT32_MAX && guest_control->calls < calls && ends.not_begun == 0;
         n++) {
        run_child(seed, n);
    }
    diag("%u calls by %u children: %u died of a signal, %u slept for ever",
         (unsigned int)guest_control->calls, (unsigned int)ends.children, (unsigned int)ends.killed,
         (unsigned int)ends.stopped);
    is(ends.hung, 0, "S17 R1 random calls: every process can be killed");
    is(ends.not_begun, 0, "S17 random calls: this program can fork after each child");
    is(ends.drifting, 0, "S17 R1 random calls: after each child all frames are back");
    return done_testing();
}
