/*
 * Bad input E1 to E22: execve with every kind of file and argument.
 *
 * The files lie in /elf, made by tests/guest/make-elf-files together with an index of what has to
 * become of each. A file that must be refused is tried in a child of which everything but the
 * errno and the reason must be as before. A file that must work runs under both policies with the
 * figures that the index gives. Free frames are compared after every single one.
 *
 * Arguments (E18) are checked from inside: this program starts itself, and the new one looks at what
 * it has got.
 */
#include <errno.h>
#include <faultline.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define FOLDER         "/elf/"
#define GOOD           42 /* what a program of /elf exits with if all is right */
#define UNKNOWN        (-1)
#define LINE_SIZE      256
#define FIELDS_MAX     10
#define REASON_SIZE    128
#define PAGE           4096u
#define FAILURES_SHOWN 20

/* Slices that a spoiled program may take before it is stopped. */
#define PATIENCE 8

static const char *program;
static int n_shown;

/* Arguments are not const by tradition. */
static char program_a[] = "a", text_x[] = "x";

/* A failure inside a group of files: a remark, for the group's one test. */
#define complain(...)                                                                              \
    do {                                                                                           \
        if (n_shown++ < FAILURES_SHOWN) {                                                          \
            diag(__VA_ARGS__);                                                                     \
            fflush(stdout); /* or a child says it again */                                         \
        }                                                                                          \
    } while (0)

static int wait_for(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
}

/* ---- Files that are refused -------------------------------------------------------------------- */

static volatile int witness;

static int try_exec(const char *path)
{
    char *const argv[] = {(char *)(uintptr_t)path, NULL};
    char *const envp[] = {NULL};
    errno = 0;
    (void)execve(path, argv, envp);
    return errno;
}

/* In a child. The first try brings in all that trying touches; the second must cost nothing. */
static bool is_refused(const char *path, int error, const char *reason)
{
    char text[REASON_SIZE] = "?";
    int local = 17;
    witness = 23;
    (void)try_exec(path);
    (void)exec_reason(text, sizeof(text));
    int before = freemem();
    int got = try_exec(path);
    int length = exec_reason(text, sizeof(text));
    int after = freemem();
    bool is_right = got == error && strcmp(length > 0 ? text : "", reason) == 0;
    if (!is_right) {
        complain("%s: errno %d \"%s\", wanted %d \"%s\"", path, got, length > 0 ? text : "", error,
                 reason);
    }
    if (after != before) {
        complain("%s: %d frames lost by execve", path, before - after);
    }
    if (witness != 23 || local != 17) {
        complain("%s: the caller is not what it was", path);
    }
    return is_right && after == before && witness == 23 && local == 17;
}

static bool check_refused(const char *path, int error, const char *reason)
{
    pid_t child = fork();
    if (child == 0) {
        bool is_good = is_refused(path, error, reason);
        _exit(is_good ? 0 : 1);
    }
    int status = wait_for(child);
    if (status != 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 1)) {
        complain("%s: ended with status %#x, wanted a refusal", path, (unsigned int)status);
    }
    return status == 0;
}

/* ---- Files that run ---------------------------------------------------------------------------- */

static bool run_file(const char *path, unsigned int policy, struct fl_report *report)
{
    int status;
    memset(report, 0, sizeof(*report));
    pid_t child = fork();
    if (child == 0) {
        if (run_policy(policy, FL_RUN_ANNOUNCE) == 0) {
            complain("%s: execve gives errno %d", path, try_exec(path));
        }
        _exit(1);
    }
    return child > 0 && run_wait(child, &status, report, NULL) == child;
}

/* A figure of the index, "-" for one that is not checked. */
static bool is_figure(const char *path, const char *what, const char *wanted, unsigned int got)
{
    if (strcmp(wanted, "-") == 0 || (unsigned int)atoi(wanted) == got) {
        return true;
    }
    complain("%s: %s: %u, wanted %s", path, what, got, wanted);
    return false;
}

/* fields: exit value, then three figures for each policy. */
static bool check_runs(const char *path, char **fields, unsigned int policy)
{
    struct fl_report report;
    char **figures = fields + 1 + 3 * policy;
    if (strcmp(figures[0], "!") == 0) {
        return true;
    }
    bool is_right = run_file(path, policy, &report) && report.exit_kind == FL_EXITED &&
                    report.value == atoi(fields[0]);
    if (!is_right) {
        complain("%s: policy %u: %s %d, wanted exit %s", path, policy,
                 report.exit_kind == FL_EXITED ? "exit" : "signal", report.value, fields[0]);
    }
    is_right &= is_figure(path, "faults", figures[0], report.page_faults);
    is_right &= is_figure(path, "pages", figures[1], report.pages_allocated);
    is_right &= is_figure(path, "bytes lost", figures[2], report.bytes_lost);
    return is_right;
}

/* Without NX what may not be executed runs all the same (F5). */
static bool check_dies(const char *path, int signal, const char *cause)
{
    struct fl_report report;
    struct fl_kernel_info info;
    unsigned int word = 0;
    while (word < VM_CAUSE_COUNT && strcmp(vm_cause_name(word), cause) != 0) {
        word++;
    }
    if (!run_file(path, FL_POLICY_PAGE, &report) || word == VM_CAUSE_COUNT) {
        return false;
    }
    if (word == VM_CAUSE_NO_EXEC && kernel_info(&info) == 0 && !info.has_nx) {
        return true;
    }
    if (report.exit_kind == FL_KILLED && report.value == signal && report.faults[word] == 1) {
        return true;
    }
    complain("%s: %s %d, %u faults of cause %s", path,
             report.exit_kind == FL_EXITED ? "exit" : "signal", report.value, report.faults[word],
             cause);
    return false;
}

/* A program that is gone wild: it may end as it likes, or not at all. */
static bool check_survived(const char *path)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        (void)try_exec(path);
        _exit(1);
    }
    for (int i = 0; i < PATIENCE; i++) {
        (void)sched_yield();
        pid_t ended = waitpid(child, &status, WNOHANG);
        if (ended != 0) {
            return ended == child;
        }
    }
    (void)kill(child, SIGKILL);
    return waitpid(child, &status, 0) == child;
}

/* ---- The rows ---------------------------------------------------------------------------------- */

static const char *const titles[] = {
    "E0 well-made",
    "E1 no ELF file at all",
    "E2 another class, byte order, version or machine",
    "E3 another type",
    "E4 a bad program header table",
    "E5 nothing to load",
    "E6 more bytes in the file than in memory",
    "E7 bytes outside the file, and a cut at every byte",
    "E8 addresses out of reach",
    "E9 empty segments",
    "E10 offsets, addresses and alignments without relation",
    "E11 order, shared pages, overlaps",
    "E12 many segments",
    "E13 odd entries",
    "E14 rights",
    "E15 an interpreter, and other types of entry",
    "E16 huge and sparse",
    "E17 in others' places",
    "E21 what is no program",
    "E22 every byte and every word of the headers",
};

/* The title that begins with the id and a blank. */
static const char *title_of(const char *id)
{
    size_t length = strlen(id);
    for (size_t i = 0; i < COUNT(titles); i++) {
        if (strncmp(titles[i], id, length) == 0 && titles[i][length] == ' ') {
            return titles[i];
        }
    }
    return id;
}

/* ---- The index --------------------------------------------------------------------------------- */

static int split(char *line, char **fields)
{
    int count = 0;
    line[strcspn(line, "\n")] = 0;
    while (count < FIELDS_MAX) {
        char *end = strchr(line, '\t');
        fields[count++] = line;
        if (end == NULL) {
            return count;
        }
        *end = 0;
        line = end + 1;
    }
    return count;
}

static bool check_file(char **fields, int count)
{
    char path[64];
    (void)snprintf(path, sizeof(path), FOLDER "%s", fields[1]);
    const char *kind = fields[2];
    if (strcmp(kind, "refuse") == 0 && count == 5) {
        return check_refused(path, atoi(fields[3]), fields[4]);
    }
    if (strcmp(kind, "exit") == 0 && count == 10) {
        return check_runs(path, fields + 3, FL_POLICY_PAGE) &&
               check_runs(path, fields + 3, FL_POLICY_SEGMENT);
    }
    if (strcmp(kind, "kill") == 0 && count == 5) {
        return check_dies(path, atoi(fields[3]), fields[4]);
    }
    if (strcmp(kind, "any") == 0 && count == 3) {
        return check_survived(path);
    }
    complain("/elf/index: %s: a line that makes no sense", fields[1]);
    return false;
}

/* One line of the index; the frames that the kernel has afterwards are those it had before. */
static bool check_line(char **fields, int count)
{
    int before = freemem();
    bool is_right = check_file(fields, count);
    int lost = before - freemem();
    if (lost != 0) {
        complain("%s: %d frames did not come back", fields[1], lost);
    }
    return is_right && lost == 0;
}

static void end_group(const char *id, int count, bool is_right)
{
    char name[96];
    (void)snprintf(name, sizeof(name), "%s: %d files", title_of(id), count);
    if (count > 0) {
        ok(is_right, name);
    }
}

static void test_files(void)
{
    char line[LINE_SIZE], id[8] = "";
    char *fields[FIELDS_MAX];
    int in_group = 0, in_all = 0;
    bool is_right = true;
    FILE *index = fopen(FOLDER "index", "r");
    while (index != NULL && fgets(line, sizeof(line), index) != NULL) {
        int count = split(line, fields);
        if (in_all == 0) {
            (void)check_file(fields, count); /* whatever is touched for the first time */
        }
        if (strcmp(fields[0], id) != 0) {
            end_group(id, in_group, is_right);
            strlcpy(id, fields[0], sizeof(id));
            in_group = 0;
            is_right = true;
        }
        is_right &= check_line(fields, count);
        in_group++;
        in_all++;
    }
    end_group(id, in_group, is_right);
    ok(in_all > 1000, "the index is whole");
    if (index != NULL) {
        fclose(index);
    }
}

/* ---- E18: arguments ---------------------------------------------------------------------------- */

#define STRING_MAX (128u << 10) /* Linux's MAX_ARG_STRLEN, its end included */
#define MANY       200000u      /* pointers                                 */

static char *map_bytes(size_t bytes)
{
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Started anew with CHECK=kind: the exit value of a new program that looks at itself. */
static int look_at_arguments(const char *kind, int argc, char **argv)
{
    if (strcmp(kind, "empty") == 0) { /* a program always has a name */
        return argc == 1 && argv[0][0] == 0 && argv[1] == NULL ? GOOD : 1;
    }
    if (strcmp(kind, "three") == 0) {
        return argc == 3 && strcmp(argv[1], "") == 0 && strcmp(argv[2], "c d") == 0 &&
                       argv[3] == NULL && environ[1] == NULL
                   ? GOOD
                   : 1;
    }
    if (strcmp(kind, "long") == 0) {
        return argc == 2 && strlen(argv[1]) == STRING_MAX - 1 && argv[1][STRING_MAX - 2] == 'x'
                   ? GOOD
                   : 1;
    }
    if (strcmp(kind, "many") == 0) {
        for (int i = 0; i < argc; i++) {
            if (strcmp(argv[i], "x") != 0) {
                return 1;
            }
        }
        return argv[argc] == NULL ? GOOD : 1;
    }
    return 2;
}

/* execve of this program in a child: what it exits with, or -errno. */
static int exec_self(char *const *argv, char *const *envp)
{
    int *error = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (error == MAP_FAILED) {
        return UNKNOWN;
    }
    *error = 0;
    pid_t child = fork();
    if (child == 0) {
        (void)execve(program, argv, envp);
        *error = errno;
        _exit(0);
    }
    int status = wait_for(child);
    int result = *error != 0 ? -*error : WIFEXITED(status) ? WEXITSTATUS(status) : UNKNOWN;
    (void)munmap(error, PAGE);
    return result;
}

static int exec_checked(char *const *argv, const char *kind)
{
    char *const envp[] = {(char *)(uintptr_t)kind, NULL};
    return exec_self(argv, envp);
}

static void test_few_arguments(void)
{
    char *const none[] = {NULL};
    char empty[] = "", blank[] = "c d", no_environment[] = "no-environment";
    char *const three[] = {program_a, empty, blank, NULL};
    char *const in_argv[] = {no_environment, NULL};
    is(exec_checked(three, "CHECK=three"), GOOD, "E18 execve with three arguments");
    is(exec_checked(none, "CHECK=empty"), GOOD, "E18 execve with no arguments");
    is(exec_checked(NULL, "CHECK=empty"), GOOD, "E18 execve with argv NULL");
    is(exec_self(in_argv, NULL), GOOD, "E18 execve with envp NULL");
    is(exec_self(in_argv, none), GOOD, "E18 execve with an empty environment");
}

static void test_bad_arguments(void)
{
    char *kernel = (char *)0xC0000000u, *hole = (char *)0x70000000u;
    char *const middle[] = {program_a, hole, text_x, NULL}, *const high[] = {program_a, kernel,
                                                                             NULL};
    char *const good[] = {program_a, NULL};
    char *memory = map_bytes(2 * PAGE);
    (void)mprotect(memory + PAGE, PAGE, PROT_NONE);
    char *edge = memory + PAGE - 3;
    memset(edge, 'x', 3);
    char *const endless[] = {program_a, edge, NULL};
    is(exec_self(middle, good), -EFAULT, "E18 argv with a bad pointer in the middle");
    is(exec_self(high, good), -EFAULT, "E18 argv with a pointer into the kernel");
    is(exec_self(good, middle), -EFAULT, "E18 envp with a bad pointer");
    is(exec_self(endless, good), -EFAULT, "E18 an argument without end");
    is(exec_self((char *const *)hole, good), -EFAULT, "E18 argv in a hole");
    is(exec_self((char *const *)kernel, good), -EFAULT, "E18 argv in the kernel");
    is(exec_self(good, (char *const *)1), -EFAULT, "E18 envp in page 0");
    /* A vector that runs into bad memory before any NULL. */
    char **vector = (char **)(void *)(memory + PAGE - 4 * sizeof(char *));
    for (int i = 0; i < 4; i++) {
        vector[i] = program_a;
    }
    is(exec_self(vector, good), -EFAULT, "E18 argv without a terminator");
    vector[3] = NULL;
    is(exec_self(vector, NULL), 2, "E18 argv's terminator as the last word before bad memory");
    is(exec_self(vector, good), 2, "E18 argument strings from the same page as the terminator");
    (void)munmap(memory, 2 * PAGE);
}

static void test_long_arguments(void)
{
    char *text = map_bytes(STRING_MAX + PAGE);
    memset(text, 'x', STRING_MAX + PAGE - 1);
    char *argv[64] = {program_a, text, NULL};
    is(exec_checked(argv, "CHECK=long"), -E2BIG, "E18 an argument of more than 128 KiB");
    text[STRING_MAX] = 0;
    is(exec_checked(argv, "CHECK=long"), -E2BIG, "E18 an argument of 128 KiB and the end");
    text[STRING_MAX - 1] = 0;
    is(exec_checked(argv, "CHECK=long"), GOOD, "E18 an argument of 128 KiB with the end");
    for (int i = 1; i < 25; i++) {
        argv[i] = text;
    }
    is(exec_checked(argv, "CHECK=long"), -E2BIG, "E18 arguments of 3 MiB in all");
    (void)munmap(text, STRING_MAX + PAGE);
}

static void test_many_arguments(void)
{
    char **argv = (char **)(void *)map_bytes((MANY * 2 + 1) * sizeof(*argv));
    for (unsigned int i = 0; i < MANY * 2; i++) {
        argv[i] = text_x;
    }
    is(exec_checked(argv, "CHECK=many"), -E2BIG, "E18 400 000 arguments");
    argv[MANY] = NULL;
    is(exec_checked(argv, "CHECK=many"), GOOD, "E18 200 000 arguments");
    (void)munmap(argv, (MANY * 2 + 1) * sizeof(*argv));
}

static void test_paths(void)
{
    static char path[2 * PAGE];
    is(check_refused("", ENOENT, ""), true, "E21 execve of an empty path");
    memset(path, 'a', sizeof(path) - 1);
    is(check_refused(path, ENAMETOOLONG, ""), true, "E21 execve of a path without end");
    char *const none[] = {NULL};
    is(execve((char *)0xC0000000u, none, none) == -1 && errno == EFAULT, true,
       "E21 execve of a path in the kernel");
    is(execve((char *)0x70000000u, none, none) == -1 && errno == EFAULT, true,
       "E21 execve of a path in a hole");
    is(execve(NULL, none, none) == -1 && errno == EFAULT, true, "E21 execve of NULL");
}

/* ---- E19: memory runs out ---------------------------------------------------------------------- */

#define SWEEP_MAX 200
#define INTACT    50 /* -ENOMEM, and the caller was what it was */
#define DAMAGED   51

/* In a child: the n-th frame from now on fails. */
static void exec_short_of_memory(unsigned int n, unsigned int mode, char *const *argv)
{
    char check[] = "CHECK=many", *const envp[] = {check, NULL};
    char *page = map_bytes(PAGE);
    memset(page, 7, PAGE);
    witness = 1;
    (void)execve("/nothing", argv, envp); /* copies what fork shares with the parent */
    (void)fail_frame(n, mode);
    (void)execve(program, argv, envp);
    int error = errno;
    (void)fail_frame(0, 0);
    _exit(error == ENOMEM && witness == 1 && page[PAGE - 1] == 7 ? INTACT : DAMAGED);
}

/* Fails every frame allocation of execve in turn. Gives whether the new program worked in the end,
 * with nothing but refusals and out-of-memory kills on the way. */
static bool sweep_exec(unsigned int mode, char *const *argv)
{
    int refusals = 0, kills = 0;
    for (unsigned int n = 1; n < SWEEP_MAX; n++) {
        int before = freemem();
        pid_t child = fork();
        if (child == 0) {
            exec_short_of_memory(n, mode, argv);
        }
        int status = wait_for(child);
        (void)fail_frame(0, 0);
        int lost = before - freemem();
        if (lost != 0) {
            complain("E19: n = %u: %d frames did not come back", n, lost);
            return false;
        }
        if (WIFEXITED(status) && WEXITSTATUS(status) == GOOD) {
            diag("E19 mode %u: %d refusals, %d kills", mode, refusals, kills);
            return refusals > 0 && kills > 0;
        }
        bool is_refusal = WIFEXITED(status) && WEXITSTATUS(status) == INTACT;
        bool is_kill = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        if (!is_refusal && !is_kill) {
            complain("E19: n = %u: status %#x", n, (unsigned int)status);
            return false;
        }
        if (is_refusal && kills > 0) {
            complain("E19: n = %u: refused later than killed", n);
            return false;
        }
        refusals += is_refusal;
        kills += is_kill;
    }
    return false;
}

static void test_no_memory(void)
{
    if (fail_frame(0, 0) != 0) {
        skip("E19 no memory", "needs failframe= on the kernel command line");
        return;
    }
    static char *argv[20001];
    for (int i = 0; i < 20000; i++) { /* several pages of strings and pointers */
        argv[i] = text_x;
    }
    ok(sweep_exec(0, argv), "E19 each frame allocation of execve fails once");
    ok(sweep_exec(1, argv), "E19 each frame allocation of execve and all that follow fail");
}

int main(int argc, char **argv)
{
    const char *check = getenv("CHECK");
    if (check != NULL) {
        return look_at_arguments(check, argc, argv);
    }
    if (argc == 1 && strcmp(argv[0], "no-environment") == 0) {
        return environ[0] == NULL ? GOOD : 1;
    }
    if (strcmp(argv[0], "a") == 0) {
        return 2; /* a start that should have been refused, or may work: test_bad_arguments */
    }
    program = argv[0];
    test_files();
    test_few_arguments();
    test_bad_arguments();
    test_long_arguments();
    test_many_arguments();
    test_paths();
    test_no_memory();
    return done_testing();
}
