/*
 * Every system call with the edges of every argument (bad-input S16, S17): each edge beside each edge
 * of each other argument, while the rest is what a sensible call has; and each two arguments that can
 * mean the same thing made the same, beside the edges of two more. The lists are made from
 * abi/syscalls.def, so a new call is here without a line of its own.
 *
 * Children make the calls. One that dies of a call or sleeps in it is followed by another that goes on
 * behind it. When a child is gone all frames are back. MATRIX=name runs one call alone; TRACE=1 prints
 * each before it is made.
 */
#include "calls.h"
#include "tests/typed/guest.h"

#define CALLS_PER_CHILD 4000u
#define WARM_UP         1u

/* Which call of the matrix: counted through the same loops again by every child, which is much cheaper
 * than to keep them. */
struct position {
    const struct typed_signature *signature;
    struct typed_world world;
    uint32_t number; /* of the call now looked at, counted per signature */
    uint32_t first;  /* to be made by this child                         */
    uint32_t made;
    int pid;
};

static bool is_traced;
static uint32_t edges[TYPED_ARGS][TYPED_EDGES], n_edges[TYPED_ARGS];

/* ---- One call ------------------------------------------------------------------------------------ */

static bool has_kind(const struct typed_signature *signature, uint32_t kind)
{
    for (uint32_t i = 0; i < signature->count; i++) {
        if (signature->arg[i].kind == kind) {
            return true;
        }
    }
    return false;
}

/* The world is made anew where the call may have changed it. */
static void repair(struct position *p, long answer)
{
    const struct typed_signature *signature = p->signature;

    if (is_good(answer) && (uint32_t)answer % PAGE == 0) { /* memory is used, too */
        (void)call(__NR_getrandom, answer, 1, 0);
    }
    if (has_kind(signature, TYPED_ADDR) || has_kind(signature, TYPED_PROT) ||
        (uint32_t)answer % PAGE == 0 || signature->count == 1) {
        guest_restore_memory();
    }
    if (has_kind(signature, TYPED_FD) || has_kind(signature, TYPED_PATH)) {
        guest_repair_fds();
    }
    if (p->made % 16 == 15) {
        (void)call(FL_NR_fail_frame, 0, 0);
        (void)call(FL_NR_overcommit, 0, 50);
    }
}

static void make_call(struct position *p, const uint32_t *arg)
{
    struct typed_call made = {.signature = p->signature};

    memcpy(made.arg, arg, sizeof(made.arg));
    guest_tame(&made);
    if (is_traced) {
        char text[160];
        typed_format(&made, text, sizeof(text));
        guest_print(text);
    }
    guest_control->next = p->number + 1;
    long answer = guest_perform(&made);

    if (getpid() != p->pid) {
        (void)call(__NR_exit, 0); /* fork's other answer */
    }
    __atomic_fetch_add(&guest_control->calls, 1, __ATOMIC_SEQ_CST);
    p->made++;
    repair(p, answer);
}

static void visit(struct position *p, const uint32_t *arg)
{
    if (p->number >= p->first && p->made < CALLS_PER_CHILD) {
        make_call(p, arg);
    }
    p->number++;
}

/* ---- The matrix ---------------------------------------------------------------------------------- */

/* Arguments i and j at each pair of their edges. */
static void visit_pairs(struct position *p, uint32_t *arg, uint32_t i, uint32_t j)
{
    uint32_t sensible[2] = {arg[i], arg[j]};

    for (uint32_t a = 0; a < n_edges[i]; a++) {
        for (uint32_t b = 0; b < n_edges[j]; b++) {
            arg[i] = edges[i][a];
            arg[j] = edges[j][b];
            visit(p, arg);
        }
    }
    arg[i] = sensible[0];
    arg[j] = sensible[1];
}

/* Arguments i and j the same, beside each pair of edges of the others. */
static void visit_aliases(struct position *p, uint32_t *arg, uint32_t i, uint32_t j)
{
    uint32_t sensible[2] = {arg[i], arg[j]}, count = p->signature->count;

    for (uint32_t a = 0; a < n_edges[i]; a++) {
        arg[i] = arg[j] = edges[i][a];
        visit(p, arg);
        for (uint32_t k = 0; k < count; k++) {
            for (uint32_t l = k + 1; l < count; l++) {
                if (k != i && k != j && l != i && l != j) {
                    visit_pairs(p, arg, k, l);
                }
            }
        }
    }
    arg[i] = sensible[0];
    arg[j] = sensible[1];
}

static void visit_all(struct position *p)
{
    const struct typed_signature *signature = p->signature;
    uint32_t arg[TYPED_ARGS] = {0};

    for (uint32_t i = 0; i < signature->count; i++) {
        n_edges[i] = typed_edges(&p->world, signature, i, edges[i]);
        arg[i] = typed_default(&p->world, signature, i);
    }
    visit(p, arg);
    for (uint32_t a = 0; signature->count == 1 && a < n_edges[0]; a++) {
        visit(p, &edges[0][a]);
    }
    for (uint32_t i = 0; i < signature->count; i++) {
        for (uint32_t j = i + 1; j < signature->count; j++) {
            visit_pairs(p, arg, i, j);
            if (typed_may_alias(signature, i, j)) {
                visit_aliases(p, arg, i, j);
            }
        }
    }
}

/* ---- Children ------------------------------------------------------------------------------------ */

static void go_on(void *argument)
{
    struct position *p = argument;
    guest_restore_fds();
    guest_restore_memory();
    p->world = guest_world();
    p->pid = getpid();
    visit_all(p);
    guest_control->next = p->number > guest_control->next ? guest_control->next : UINT32_MAX;
}

static struct {
    uint32_t children, killed, stopped, hung, drifting;
} ends;

static void count_end(const struct guest_end *end, const char *name, uint32_t first)
{
    ends.children++;
    ends.killed += WIFSIGNALED(end->status) && !end->is_stopped;
    ends.stopped += end->is_stopped;
    ends.hung += end->is_hung;
    if (end->drift != 0 && ends.children > WARM_UP) {
        diag("%s from %u to %u: %d frames are missing", name, (unsigned int)first,
             (unsigned int)guest_control->next, end->drift);
        ends.drifting++;
    }
}

static void run_signature(const struct typed_signature *signature)
{
    struct position position = {.signature = signature};

    guest_control->next = 0;
    while (guest_control->next != UINT32_MAX) {
        position.first = guest_control->next;
        struct guest_end end = guest_supervise(go_on, &position);
        count_end(&end, signature->name, position.first);
        if (guest_control->next == position.first) {
            break; /* no call made: there is nothing left to make, or no child */
        }
    }
}

int main(int argc, char **argv)
{
    const char *only = getenv("MATRIX");
    if (argc == 0) {
        return 0; /* one of our own calls found us */
    }
    is_traced = guest_number("TRACE", 0) != 0;
    guest_world_make(argv[0]);
    (void)call(FL_NR_oom_score_adj, 0, -1000, 0);
    settle();
    for (size_t i = 0; i < typed_signature_count; i++) {
        if (only == NULL || strcmp(only, typed_signatures[i].name) == 0) {
            uint32_t before = guest_control->calls;
            run_signature(&typed_signatures[i]);
            diag("%s: %u calls", typed_signatures[i].name,
                 (unsigned int)(guest_control->calls - before));
        }
    }
    diag("%u calls by %u children: %u died of a signal, %u slept for ever",
         (unsigned int)guest_control->calls, (unsigned int)ends.children, (unsigned int)ends.killed,
         (unsigned int)ends.stopped);
    is(ends.hung, 0, "S17 the matrix: every process can be killed");
    is(ends.drifting, 0, "S16 S17 the matrix: after each child all frames are back");
    return done_testing();
}
