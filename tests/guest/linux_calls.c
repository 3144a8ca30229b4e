/*
 * 50 000 memory and file calls whose answers must be Linux's: made from the types in syscalls.def by
 * tests/typed/, restricted to what is deterministic, and printed for comparison with the golden file
 * that Linux made (tests/oracle.t, `make oracle`).
 *
 * All mappings lie in one arena at a fixed address, because the rest of the layout differs. A block of
 * 100 calls starts with an empty arena, so that one difference does not bring others. After a block
 * the arena's map is printed: page numbers, rights, shared or private, where a file's bytes come
 * from; neighbours that agree in all of that are printed as one, because when two areas are merged is
 * a kernel's own affair.
 *
 * BLOCK=n in the environment prints each call of block n in full, BLOCK=500 of all blocks.
 */
#include <fcntl.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <stdlib.h>

#include "calls.h"
#include "tests/typed/guest.h"
#include "tests/typed/typed.h"

#define ARENA       0x50000000u
#define ARENA_PAGES 64u
#define ARENA_END   (ARENA + ARENA_PAGES * PAGE)
#define BLOCKS      500u
#define BLOCK_CALLS 100u
#define PER_LINE    20u

enum { FD_FILE = 10, FD_DIRECTORY, FD_NULL, FD_CLOSED = 77 };

static const char *program;
static uint32_t heap; /* the break at start */
static bool is_verbose;

/* ---- The world ----------------------------------------------------------------------------------- */

static char long_name[300];
static uint32_t paths[8], places[ARENA_PAGES];
static uint32_t buffers[] = {ARENA, 0, 1, KERNEL_BASE};
static const uint32_t fds[] = {FD_FILE, FD_DIRECTORY, FD_NULL, FD_CLOSED, (uint32_t)-1};
static const uint32_t pids[] = {0};

static struct typed_world make_world(void)
{
    static const char *const names[] = {"",         "/dev/null",     "/",
                                        "/nothing", "/nothing/more", "/dev/null/x"};
    uint32_t n = 0;

    paths[n++] = (uint32_t)program;
    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        paths[n++] = (uint32_t)names[i];
    }
    (void)memset(long_name, 'x', sizeof(long_name) - 1);
    paths[n++] = (uint32_t)long_name;
    for (uint32_t i = 0; i < ARENA_PAGES; i++) {
        places[i] = ARENA + i * PAGE;
    }
    return (struct typed_world){
        .fds = {fds, sizeof(fds) / sizeof(fds[0])},
        .paths = {paths, n},
        .pids = {pids, 1},
        .buffers = {buffers, sizeof(buffers) / sizeof(buffers[0])},
        .places = {places, ARENA_PAGES},
        .size_pages = 8,
    };
}

static void open_as(int fd, const char *path, int flags)
{
    long got = call(__NR_open, path, flags);

    if (got >= 0 && got != fd) {
        (void)call(__NR_fcntl64, got, F_DUPFD, fd);
        (void)call(__NR_close, got);
    }
}

static void restore(void)
{
    for (int fd = 3; fd < 128; fd++) {
        (void)call(__NR_close, fd);
    }
    open_as(FD_FILE, program, O_RDONLY);
    open_as(FD_DIRECTORY, "/", O_RDONLY);
    open_as(FD_NULL, "/dev/null", O_WRONLY);
    (void)call(__NR_munmap, ARENA, ARENA_END - ARENA);
    (void)call(__NR_brk, heap);
}

/* ---- Which calls ----------------------------------------------------------------------------------- */

static bool is_inside(uint32_t start, uint32_t len)
{
    return start >= ARENA && start < ARENA_END && len <= ARENA_END - start;
}

/* A range of the arena, or one that no kernel can accept. */
static bool is_harmless(uint32_t start, uint32_t len)
{
    return is_inside(start, len) || start % PAGE != 0 || start >= KERNEL_BASE;
}

#define MMAP_FLAGS                                                                                 \
    (MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE |         \
     MAP_FIXED_NOREPLACE)

/* Descriptors 0 to 2 are whatever the program was started with. */
static bool is_own_fd(uint32_t fd)
{
    return fd > 2;
}

static bool is_wanted_mmap(struct typed_call *c)
{
    c->arg[3] &= MMAP_FLAGS;
    if (!(c->arg[3] & MAP_FIXED_NOREPLACE)) {
        c->arg[3] |= MAP_FIXED;
    }
    c->arg[5] %= 0x40;
    /* Linux returns an unaligned address in the kernel as it is: no answer that could be compared. */
    return is_own_fd(c->arg[4]) &&
           (is_inside(c->arg[0], c->arg[1]) ||
            (c->arg[0] % PAGE != 0 && c->arg[0] < KERNEL_BASE && (c->arg[3] & MAP_FIXED)));
}

/* Only moves to a named place: where else is the kernel's choice. */
static bool is_wanted_mremap(struct typed_call *c)
{
    c->arg[3] &= MREMAP_MAYMOVE | MREMAP_FIXED;
    if (c->arg[3] == MREMAP_MAYMOVE) {
        c->arg[3] |= MREMAP_FIXED;
    }
    return is_harmless(c->arg[0], c->arg[1]) && is_harmless(c->arg[0], c->arg[2]) &&
           (!(c->arg[3] & MREMAP_FIXED) || is_harmless(c->arg[4], c->arg[2]));
}

/* The break moves by less than the arena's distance. */
static bool is_wanted_brk(struct typed_call *c)
{
    if (c->arg[0] < KERNEL_BASE) {
        c->arg[0] = heap + c->arg[0] % (ARENA_PAGES * PAGE);
    }
    return true;
}

static bool is_wanted_madvise(const struct typed_call *c)
{
    uint32_t advice = c->arg[2];

    return is_harmless(c->arg[0], c->arg[1]) &&
           (advice <= MADV_DONTNEED || advice == MADV_DONTFORK || advice == MADV_DOFORK ||
            advice > 1000);
}

static bool is_wanted_fcntl(struct typed_call *c)
{
    if (!is_own_fd(c->arg[0])) {
        return false;
    }
    switch (c->arg[1]) {
    case F_DUPFD:
    case F_GETFD:
    case F_SETFD:
    case F_GETFL:
        return true;
    case F_SETFL:
        c->arg[2] &= O_APPEND | O_NONBLOCK;
        return true;
    default:
        return false;
    }
}

#define OPEN_FLAGS (O_ACCMODE | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_APPEND)

/* The file systems differ in what may be written, so everything but /dev/null is only read. */
static bool is_wanted_open(struct typed_call *c)
{
    c->arg[1] &= OPEN_FLAGS;
    if (c->arg[0] != paths[2]) {
        c->arg[1] &= ~(uint32_t)O_ACCMODE;
    }
    return true;
}

static bool is_wanted(struct typed_call *c)
{
    switch (c->signature->number) {
    case __NR_mmap2:
        return is_wanted_mmap(c);
    case __NR_mremap:
        return is_wanted_mremap(c);
    case __NR_brk:
        return is_wanted_brk(c);
    case __NR_madvise:
        return is_wanted_madvise(c);
    case __NR_fcntl64:
        return is_wanted_fcntl(c);
    case __NR_open:
        return is_wanted_open(c);
    case __NR_lseek:
        return is_own_fd(c->arg[0]);
    case __NR_mincore:
        c->arg[2] = KERNEL_BASE; /* what is resident is a kernel's own affair */
        return is_harmless(c->arg[0], c->arg[1]);
    default:
        return is_harmless(c->arg[0], c->arg[1]);
    }
}

static const char *const chosen[] = {
    "mmap2",   "mmap2", "munmap", "mprotect", "mprotect", "mremap",  "mremap", "brk",
    "madvise", "msync", "mlock",  "munlock",  "mincore",  "fcntl64", "lseek",  "open",
};
#define CHOSEN (sizeof(chosen) / sizeof(chosen[0]))

static void choose(const struct typed_world *world, uint32_t *state, struct typed_call *c)
{
    do {
        const char *name = chosen[typed_random(state) % CHOSEN];
        typed_generate(world, typed_find(name), state, c);
    } while (!is_wanted(c));
}

/* ---- Answers ------------------------------------------------------------------------------------- */

/* The answer as both kernels must give it: errors, small numbers, and places relative to the arena, the
 * heap, or the end of the file. */
static void print_answer(const struct typed_call *c, long answer, long file_size)
{
    uint32_t word = (uint32_t)answer;

    if (!is_good(answer)) {
        printf(" %ld", answer);
    } else if (c->signature->number == __NR_brk) {
        printf(" h%ld", (long)(word - heap));
    } else if (word >= ARENA && word <= ARENA_END) {
        printf(" @%u", (word - ARENA) / PAGE);
    } else if (c->signature->number == __NR_lseek) {
        printf(" %s", answer < file_size ? "<" : answer == file_size ? "=" : ">");
    } else {
        printf(" %ld", answer);
    }
}

/* ---- The map --------------------------------------------------------------------------------------- */

struct piece {
    uint32_t start, end, prot, offset;
    bool is_shared, is_file;
};

static struct piece pieces[ARENA_PAGES + 8];
static uint32_t n_pieces;

static bool continues(const struct piece *a, const struct piece *b)
{
    return a->end == b->start && a->prot == b->prot && a->is_shared == b->is_shared &&
           a->is_file == b->is_file &&
           (!a->is_file || a->offset + (a->end - a->start) == b->offset);
}

static void add_piece(struct piece piece)
{
    if (piece.start >= ARENA_END || piece.end <= ARENA) {
        return;
    }
    if (n_pieces > 0 && continues(&pieces[n_pieces - 1], &piece)) {
        pieces[n_pieces - 1].end = piece.end;
    } else if (n_pieces < sizeof(pieces) / sizeof(pieces[0])) {
        pieces[n_pieces++] = piece;
    }
}

static void read_own_map(void)
{
    static struct fl_map_area areas[ARENA_PAGES + 64];
    int n = map_list(0, areas, sizeof(areas) / sizeof(areas[0]));

    for (int i = 0; i < n; i++) {
        const struct fl_map_area *a = &areas[i];
        add_piece((struct piece){a->start, a->end, a->prot, a->offset_low, a->shared != 0,
                                 strcmp(a->name, program) == 0});
    }
}

/* "50000000-50001000 rw-p 00000000 00:01 5    /t/linux_calls" */
static void read_linux_line(const char *line)
{
    struct piece piece = {0};
    char r, w, x, s;
    uint32_t inode;

    if (sscanf(line, "%x-%x %c%c%c%c %x %*s %u", &piece.start, &piece.end, &r, &w, &x, &s,
               &piece.offset, &inode) == 8) {
        piece.prot = (r == 'r' ? PROT_READ : 0u) | (w == 'w' ? PROT_WRITE : 0u) |
                     (x == 'x' ? PROT_EXEC : 0u);
        piece.is_shared = s == 's';
        piece.is_file = inode != 0 && strstr(line, "/dev/zero") == NULL;
        add_piece(piece);
    }
}

static void read_linux_map(void)
{
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");

    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        read_linux_line(line);
    }
    if (maps != NULL) {
        (void)fclose(maps);
    }
}

static void print_map(void)
{
    n_pieces = 0;
    if (is_faultline()) {
        read_own_map();
    } else {
        read_linux_map();
    }
    printf("map");
    for (uint32_t i = 0; i < n_pieces; i++) {
        const struct piece *p = &pieces[i];
        printf(" %u-%u%u%c", (p->start - ARENA) / PAGE, (p->end - ARENA) / PAGE, p->prot,
               p->is_shared ? 's' : 'p');
        if (p->is_file) {
            printf("+%u", p->offset / PAGE);
        }
    }
    printf("\n");
}

/* ---- Blocks ---------------------------------------------------------------------------------------- */

static void perform(const struct typed_call *c, uint32_t i)
{
    char text[160];
    long size = call(__NR_lseek, FD_FILE, 0, SEEK_END);
    long answer;

    (void)call(__NR_lseek, FD_FILE, 0, SEEK_SET);
    if (is_verbose) {
        typed_format(c, text, sizeof(text));
        printf("%s =", text);
        (void)fflush(stdout);
    }
    answer = guest_perform(c);
    print_answer(c, answer, size);
    if (is_verbose || i % PER_LINE == PER_LINE - 1) {
        printf("\n");
    }
}

static void run_block(const struct typed_world *world, uint32_t block)
{
    uint32_t state = typed_seed(1, block);
    struct typed_call c;

    restore();
    uint32_t shown = guest_number("BLOCK", UINT32_MAX);
    is_verbose = shown == block || shown == BLOCKS;
    printf("block %u\n", block);
    for (uint32_t i = 0; i < BLOCK_CALLS; i++) {
        choose(world, &state, &c);
        perform(&c, i);
    }
    print_map();
}

int main(int argc, char **argv)
{
    char path[256];
    const char *arguments = argc > 0 ? argv[0] : "";

    /* An absolute path on both kernels. */
    (void)snprintf(path, sizeof(path), "%s", arguments[0] == '/' ? arguments : "/t/linux_calls");
    program = path;
    heap = (uint32_t)call(__NR_brk, 0);
    struct typed_world world = make_world();

    for (uint32_t block = 0; block < BLOCKS; block++) {
        run_block(&world, block);
    }
    restore();
    return 0;
}
