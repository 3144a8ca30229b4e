#include "tests/typed/guest.h"

#include <asm/mman.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "abi/memstat.h"
#include "tests/guest/calls.h"

#define CONTROL    0x28000000u
#define STRINGS    0x28100000u
#define LOW_END    0x28000000u /* nothing of ours between the heap and here      */
#define LOW_START  0x10000000u
#define HIGH_END   0xBF000000u /* the stack is above                             */
#define HIGH_START (GUEST_ARENA + GUEST_ARENA_PAGES * PAGE)

struct guest_control *const guest_control = (struct guest_control *)CONTROL;

static long map(uint32_t address, uint32_t pages, uint32_t prot, uint32_t flags, long fd)
{
    return call(__NR_mmap2, address, pages * PAGE, prot, flags | MAP_FIXED, fd, 0);
}

/* ---- Paths --------------------------------------------------------------------------------------- */

#define PATHS_MAX 20u
#define PATH_SIZE 64u

static uint32_t paths[PATHS_MAX], n_paths;

/* A file system of each child's own, where calls that change names and files do it. The names stand
 * behind one another: scratch_names[0] is where it is mounted. */
#define SCRATCH_NAMES 4u
static const char *const scratch_names[SCRATCH_NAMES] = {"/tmp/w", "/tmp/w/a", "/tmp/w/b",
                                                         "/tmp/w/a/c"};
static uint32_t scratch_paths[SCRATCH_NAMES];

static void add_path(const char *text)
{
    char *to = at(STRINGS + n_paths * PATH_SIZE);

    strlcpy(to, text, PATH_SIZE);
    paths[n_paths++] = (uint32_t)to;
}

/* The first is a program that ends at once: what execve finds. */
static void make_paths(void)
{
    static const char *const others[] = {"/",
                                         "/bin/exit_code",
                                         "/dev/null",
                                         "/dev/zero",
                                         "/dev/console",
                                         "/no/such/file",
                                         "",
                                         "/bin/hello/beneath",
                                         "/proc/self/exe",
                                         "/tests/link",
                                         "../../bin/./hello",
                                         "/dev/report"};
    (void)map(STRINGS, 1, RIGHTS_RW, PRIVATE_ANON, -1);
    for (size_t i = 0; i < COUNT(others); i++) {
        add_path(others[i]);
    }
    for (size_t i = 0; i < SCRATCH_NAMES; i++) {
        add_path(scratch_names[i]);
        scratch_paths[i] = paths[n_paths - 1];
    }
    paths[n_paths++] = STRINGS + PAGE - 1; /* a byte that nothing follows */
    *at(STRINGS + PAGE - 1) = '/';
    paths[n_paths++] = GUEST_ARENA + 4 * PAGE; /* a hole */
    (void)call(__NR_mprotect, STRINGS, PAGE, PROT_READ);
}

/* ---- Memory -------------------------------------------------------------------------------------- */

/* The arena, page by page: 0-3 private, 4 hole, 5-6 read-only, 7 without rights, 8-9 and 10-11 shared, 12 hole,
 * 13-16 file, private, 17-18 file, shared, 19 hole, 20-23 private, not touched, 24-31 hole. */
static const uint32_t places[] = {
    GUEST_ARENA,
    GUEST_ARENA + 1 * PAGE,
    GUEST_ARENA + 4 * PAGE,
    GUEST_ARENA + 5 * PAGE,
    GUEST_ARENA + 7 * PAGE,
    GUEST_ARENA + 8 * PAGE,
    GUEST_ARENA + 10 * PAGE,
    GUEST_ARENA + 13 * PAGE,
    GUEST_ARENA + 17 * PAGE,
    GUEST_ARENA + 20 * PAGE,
    GUEST_ARENA + 24 * PAGE,
    GUEST_ARENA + 1,
    0,
    0x1000,
    KERNEL_BASE - PAGE,
    KERNEL_BASE,
    0xFFFFF000u,
    0x40000000u,
};

static const uint32_t buffers[] = {
    GUEST_ARENA + 0x100,           /* good                            */
    GUEST_ARENA + PAGE - 4,        /* over a boundary                 */
    GUEST_ARENA + 4 * PAGE - 8,    /* into a hole                     */
    GUEST_ARENA + 4 * PAGE,        /* a hole                          */
    GUEST_ARENA + 5 * PAGE,        /* read-only                       */
    GUEST_ARENA + 7 * PAGE,        /* no rights                       */
    GUEST_ARENA + 8 * PAGE + 0x80, /* shared                          */
    GUEST_ARENA + 13 * PAGE,       /* a file's                        */
    GUEST_ARENA + 17 * PAGE,       /* a file's, shared, read-only     */
    GUEST_ARENA + 21 * PAGE + 3,   /* not there yet, unaligned        */
    0,
    1,
    KERNEL_BASE - 4,
    KERNEL_BASE,
    0xFFFFFFFFu,
    0xFFFFFFF8u,
};

/* Words that make sense as vectors, as a mapping's six words, and as lists of strings. */
static void fill_page(uint32_t page)
{
    static const uint32_t pattern[] = {GUEST_ARENA + 0x800,    16, RIGHTS_RW, PRIVATE_ANON,
                                       GUEST_ARENA + 8 * PAGE, 0};
    uint32_t *words = (uint32_t *)page;

    for (uint32_t i = 0; i < PAGE / sizeof(uint32_t); i++) {
        words[i] = pattern[i % COUNT(pattern)];
    }
}

void guest_restore_memory(void)
{
    (void)call(__NR_munmap, GUEST_ARENA, GUEST_ARENA_PAGES * PAGE);
    (void)call(__NR_munmap, LOW_START, LOW_END - LOW_START);
    (void)call(__NR_munmap, HIGH_START, HIGH_END - HIGH_START);
    (void)map(GUEST_ARENA, 4, RIGHTS_RW, PRIVATE_ANON, -1);
    (void)map(GUEST_ARENA + 5 * PAGE, 2, PROT_READ, PRIVATE_ANON, -1);
    (void)map(GUEST_ARENA + 7 * PAGE, 1, PROT_NONE, PRIVATE_ANON, -1);
    (void)map(GUEST_ARENA + 8 * PAGE, 2, RIGHTS_RW, SHARED_ANON, -1);
    (void)map(GUEST_ARENA + 10 * PAGE, 2, RIGHTS_RW, SHARED_ANON, -1);
    (void)map(GUEST_ARENA + 13 * PAGE, 4, RIGHTS_RW, MAP_PRIVATE, GUEST_FD_FILE);
    (void)map(GUEST_ARENA + 17 * PAGE, 2, PROT_READ, MAP_SHARED, GUEST_FD_FILE);
    (void)map(GUEST_ARENA + 20 * PAGE, 4, RIGHTS_RW, PRIVATE_ANON | MAP_NORESERVE, -1);
    fill_page(GUEST_ARENA);
    *at(GUEST_ARENA + 8 * PAGE) = 1;
}

/* ---- Descriptors --------------------------------------------------------------------------------- */

#define FDS_LOOKED_AT 128

static const char *file_path;

static void place_fd(int number, const char *path, uint32_t flags)
{
    (void)call(__NR_close, number);
    long fd = call(__NR_open, path, flags);

    if (fd >= 0 && fd != number) {
        (void)call(__NR_fcntl64, fd, F_DUPFD, number);
        (void)call(__NR_close, fd);
    }
}

static const struct {
    const char *path;
    uint32_t flags;
} fd_kinds[] = {
    {NULL, O_RDONLY},      {"/", O_RDONLY | O_DIRECTORY}, {"/tests/link", O_PATH | O_NOFOLLOW},
    {"/dev/zero", O_RDWR}, {"/dev/null", O_WRONLY},       {"/dev/console", O_RDONLY | O_NONBLOCK}};
_Static_assert(COUNT(fd_kinds) == GUEST_FD_END - GUEST_FD_FILE, "one of each kind");

static void open_kind(size_t kind)
{
    const char *path = fd_kinds[kind].path == NULL ? file_path : fd_kinds[kind].path;

    place_fd(GUEST_FD_FILE + (int)kind, path, fd_kinds[kind].flags);
}

/* The call that closes a range is not there to be relied on. */
static void close_others(int end)
{
    for (int fd = 0; fd < end; fd++) {
        if (fd < GUEST_FD_FILE || fd >= GUEST_FD_END) {
            (void)call(__NR_close, fd);
        }
    }
}

void guest_restore_fds(void)
{
    close_others(FDS_LOOKED_AT);
    for (size_t kind = 0; kind < COUNT(fd_kinds); kind++) {
        open_kind(kind);
    }
}

void guest_repair_fds(void)
{
    close_others(GUEST_FD_END + 4);
    for (size_t kind = 0; kind < COUNT(fd_kinds); kind++) {
        if (call(__NR_fcntl64, GUEST_FD_FILE + (int)kind, F_GETFD) < 0) {
            open_kind(kind);
        }
    }
}

/* ---- The world ----------------------------------------------------------------------------------- */

void guest_world_make(const char *program)
{
    file_path = program;
    (void)map(CONTROL, 1, RIGHTS_RW, SHARED_ANON, -1);
    memset(guest_control, 0, sizeof(*guest_control));
    make_paths();
    (void)call(__NR_mlock, STRINGS, PAGE);
}

struct typed_world guest_world(void)
{
    static const uint32_t fds[] = {GUEST_FD_FILE,   GUEST_FD_DIRECTORY,  GUEST_FD_LINK,
                                   GUEST_FD_ZERO,   GUEST_FD_WRITE_ONLY, GUEST_FD_TERMINAL,
                                   GUEST_FD_CLOSED, 0xFFFFFFFFu,         0x40000000u};
    static uint32_t pids[5];

    pids[0] = (uint32_t)getpid();
    pids[1] = 0;
    pids[2] = 0xFFFFFFFFu;
    pids[3] = 30000;
    pids[4] = 1;
    return (struct typed_world){.fds = {fds, COUNT(fds)},
                                .paths = {paths, n_paths},
                                .pids = {pids, COUNT(pids)},
                                .buffers = {buffers, COUNT(buffers)},
                                .places = {places, COUNT(places)},
                                .size_pages = GUEST_ARENA_PAGES};
}

/* The paths of the console and of the report: what is written there is read as the test's answer. */
static bool is_output_path(uint32_t path)
{
    return path >= STRINGS && path < STRINGS + n_paths * PATH_SIZE &&
           (strstr((const char *)path, "console") != NULL ||
            strstr((const char *)path, "report") != NULL);
}

/* Calls that change a name, a file or a directory by its path. */
static bool is_change(uint32_t number)
{
    static const uint32_t changes[] = {
        __NR_creat,     __NR_link,     __NR_unlink,
        __NR_mknod,     __NR_chmod,    __NR_rename,
        __NR_mkdir,     __NR_rmdir,    __NR_umount2,
        __NR_symlink,   __NR_truncate, __NR_lchown32,
        __NR_chown32,   __NR_utimes,   __NR_truncate64,
        __NR_mkdirat,   __NR_mknodat,  __NR_fchownat,
        __NR_unlinkat,  __NR_renameat, __NR_linkat,
        __NR_symlinkat, __NR_fchmodat, __NR_utimensat,
        __NR_renameat2, __NR_mount,    __NR_utimensat_time64,
    };

    for (size_t i = 0; i < COUNT(changes); i++) {
        if (changes[i] == number) {
            return true;
        }
    }
    return false;
}

static bool is_text(uint32_t address)
{
    return address >= STRINGS && address < STRINGS + n_paths * PATH_SIZE;
}

/* The arena's pages that are there from the start: a call may have left a name in one. */
static bool is_filled(uint32_t address)
{
    uint32_t page = (address - GUEST_ARENA) / PAGE;

    return address >= GUEST_ARENA && page < GUEST_ARENA_PAGES && page != 4 && page != 7 &&
           page != 12 && page != 19 && page < 24;
}

/* Leads an argument that is one of our paths, or may be one by now, to the child's own files. */
static void lead_to_scratch(uint32_t *address, uint32_t by)
{
    if ((is_text(*address) && *(const char *)*address != '\0') || is_filled(*address)) {
        *address = scratch_paths[1 + by % (SCRATCH_NAMES - 1)];
    }
}

static void tame_change(struct typed_call *call)
{
    for (uint32_t i = 0; i < call->signature->count; i++) {
        lead_to_scratch(&call->arg[i], (call->arg[i] >> 6) + i);
    }
}

/* Opening for anything but reading. */
static void tame_open(uint32_t *path, uint32_t *flags)
{
    if (is_output_path(*path)) {
        *flags = O_RDONLY | O_NONBLOCK;
    } else if ((*flags & (O_ACCMODE | O_CREAT | O_TRUNC)) != 0) {
        lead_to_scratch(path, *path >> 6);
    }
}

/* A time to be slept, or until a timer expires, becomes 0, because the results must not depend on how
 * fast the machine is. A file's bytes cannot be changed: zeros elsewhere stand in for them. */
static void tame_time(uint32_t *time, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i += 8) {
        (void)call(__NR_gettimeofday, 0, *time + i);
    }
    if (*time >= GUEST_ARENA + 17 * PAGE && *time < GUEST_ARENA + 19 * PAGE) {
        *time = GUEST_ARENA + 5 * PAGE;
    }
}

/* Without a timeout the call would wait for ever. */
static void tame_timeout(uint32_t *time, uint32_t bytes)
{
    *time = *time == 0 ? GUEST_ARENA + 5 * PAGE : *time;
    tame_time(time, bytes);
}

static bool tame_clocks(struct typed_call *call)
{
    switch (call->signature->number) {
    case __NR_nanosleep:
        tame_time(&call->arg[0], 8);
        return true;
    case __NR_clock_nanosleep:
        tame_time(&call->arg[2], 8);
        return true;
    case __NR_clock_nanosleep_time64:
        tame_time(&call->arg[2], 16);
        return true;
    case __NR_rt_sigtimedwait: /* without a time, for ever */
        call->arg[2] = call->arg[2] == 0 ? 1 : call->arg[2];
        tame_time(&call->arg[2], 8);
        return true;
    case __NR_rt_sigtimedwait_time64:
        call->arg[2] = call->arg[2] == 0 ? 1 : call->arg[2];
        tame_time(&call->arg[2], 16);
        return true;
    case __NR_setitimer:
        tame_time(&call->arg[1], 16);
        return true;
    case __NR_poll:
        call->arg[2] = 0;
        return true;
    case __NR_ppoll:
        tame_timeout(&call->arg[2], 8);
        return true;
    case __NR_ppoll_time64:
        tame_timeout(&call->arg[2], 16);
        return true;
    case __NR__newselect:
    case __NR_pselect6:
        tame_timeout(&call->arg[4], 8);
        return true;
    case __NR_pselect6_time64:
        tame_timeout(&call->arg[4], 16);
        return true;
    case __NR_alarm: /* later than any test lasts */
        call->arg[0] |= call->arg[0] == 0 ? 0 : 0x10000000u;
        return true;
    default:
        return false;
    }
}

/* Others are asked whether they are there, and nobody stops: only a parent could continue it. */
static uint32_t tame_signal(uint32_t pid, uint32_t signal)
{
    bool stops = signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;

    return pid == (uint32_t)getpid() && !stops ? signal : 0;
}

void guest_tame(struct typed_call *call)
{
    uint32_t *arg = call->arg;

    if (is_change(call->signature->number)) {
        tame_change(call);
    }
    if (tame_clocks(call)) {
        return;
    }

    switch (call->signature->number) {
    case __NR_kill:
        arg[1] = tame_signal(arg[0], arg[1]);
        break;
    case __NR_tkill:
    case __NR_rt_sigqueueinfo:
        arg[1] = tame_signal(arg[0], arg[1]);
        break;
    case __NR_tgkill:
    case __NR_rt_tgsigqueueinfo:
        arg[2] = tame_signal(arg[1], arg[2]);
        break;
    case __NR_sigreturn: /* registers out of what lies on the stack would make other calls */
    case __NR_rt_sigreturn:
    case __NR_pause: /* for ever, and so do these without a time */
    case __NR_sigsuspend:
    case __NR_rt_sigsuspend:
        call->signature = typed_find("getpid");
        break;
    case __NR_open:
        tame_open(&arg[0], &arg[1]);
        break;
    case __NR_openat:
        tame_open(&arg[1], &arg[2]);
        break;
    case __NR_fchmod: /* of the test's own program, which shall run again */
        arg[1] |= 0755;
        break;
    case FL_NR_oom_score_adj:
        arg[0] = 0;
        break;
    case FL_NR_power_off:
        call->signature = typed_find("getpid");
        break;
    default:
        break;
    }
}

/* ---- Supervision --------------------------------------------------------------------------------- */

#define PROCESSES_MAX 128
#define STUCK_POLLS   5000u /* without one call more: everybody sleeps, for nobody else runs */

static struct mem_usage_stats old[PROCESSES_MAX], now[PROCESSES_MAX];

static long list_processes(struct mem_usage_stats *list)
{
    return call(FL_NR_get_memory_usage_stats, 0, list, PROCESSES_MAX);
}

static bool is_among(const struct mem_usage_stats *list, long count, int pid)
{
    for (long i = 0; i < count; i++) {
        if (list[i].pid == pid) {
            return true;
        }
    }
    return false;
}

/* Kills every process that was not there before; false if one does not die. */
static bool end_others(long n_old)
{
    for (uint32_t polls = 0; polls < STUCK_POLLS; polls++) {
        long n_now = list_processes(now), others = 0;

        for (long i = 0; i < n_now; i++) {
            if (!is_among(old, n_old, now[i].pid)) {
                (void)call(__NR_kill, now[i].pid, SIGKILL);
                others++;
            }
        }
        if (others == 0) {
            return true;
        }
        (void)call(__NR_sched_yield, 0);
    }
    return false;
}

/* Waits for the child. False: nothing has happened for so long that nothing will. */
static bool await(long child, int *status)
{
    uint32_t seen = guest_control->calls, since = guest_control->next;

    for (uint32_t polls = 0; polls < STUCK_POLLS; polls++) {
        if (call(__NR_waitpid, child, status, WNOHANG) == child) {
            return true;
        }
        if (guest_control->calls != seen || guest_control->next != since) {
            seen = guest_control->calls;
            since = guest_control->next;
            polls = 0;
        }
        (void)call(__NR_sched_yield, 0);
    }
    return false;
}

static void unmount_all(const char *path)
{
    while (call(__NR_umount2, path, 0) == 0) {
    }
}

static void mount_scratch(void)
{
    (void)call(__NR_mkdir, scratch_names[0], 0777);
    (void)call(__NR_mount, "tmpfs", scratch_names[0], "tmpfs", 0, 0);
}

/* Innermost first: a child may have mounted something there. */
static void unmount_scratch(void)
{
    for (uint32_t i = SCRATCH_NAMES; i > 0; i--) {
        unmount_all(scratch_names[i - 1]);
    }
    (void)call(__NR_rmdir, scratch_names[0]);
}

/* What a program may have changed for everybody. */
static void reset_machine(void)
{
    (void)call(FL_NR_fail_frame, 0, 0);
    (void)call(FL_NR_overcommit, 0, 50);
}

struct guest_end guest_supervise(void (*body)(void *argument), void *argument)
{
    struct guest_end end = {0};

    unmount_scratch(); /* what a child left that did not die */
    int before = freemem();

    mount_scratch();
    long n_old = list_processes(old);

    fflush(stdout);
    long child = call(__NR_fork, 0);

    if (child == 0) {
        (void)call(FL_NR_oom_score_adj, 0, 500, 0);
        body(argument);
        (void)call(__NR_exit_group, 0);
    }
    if (child < 0) {
        unmount_scratch();
        end.has_not_begun = true;
        return end;
    }
    if (!await(child, &end.status)) {
        end.is_stopped = true;
        (void)call(__NR_kill, child, SIGKILL);
        end.is_hung = !await(child, &end.status);
    }
    reset_machine();
    end.is_hung = !end_others(n_old) || end.is_hung;
    reset_machine(); /* again: the others may have made calls until they ended */
    unmount_scratch();
    end.drift = before - freemem();
    return end;
}

void guest_print(const char *text)
{
    char line[256];
    int length = snprintf(line, sizeof(line), "# %d: %s\n", getpid(), text);
    long fd = call(__NR_open, "/dev/console", O_WRONLY);

    (void)call(__NR_write, fd, line, length < (int)sizeof(line) ? length : (int)sizeof(line) - 1);
    (void)call(__NR_close, fd);
}

uint32_t guest_number(const char *name, uint32_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? (uint32_t)strtoul(text, NULL, 0) : otherwise;
}
