/*
 * Process 1. What it does depends on how the kernel was started:
 *
 * - Run mode (the file /.faultline/argv exists; ./faultline run puts it into the initrd): runs one
 *   program with the arguments and the environment given there, reports, and powers off. With
 *   console=run the report goes to /dev/report as records: R is a line of the report, S a figure
 *   for --json, and X, the last one, says how the program ended. If the file /.faultline/stdin
 *   exists, it is the program's standard input. That makes runs repeat instruction by instruction,
 *   which bytes on a serial port do not.
 * - run=PATH on the kernel's command line: the same without arguments.
 * - Otherwise a prompt: list programs, run one, look at maps and memory, power off.
 *
 * The child that is to become a program reports a failed execve through a shared page, because
 * every exit status is a legal one.
 */
#include <dirent.h>
#include <errno.h>
#include <faultline.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGV_FILE      "/.faultline/argv"
#define ENV_FILE       "/.faultline/env"
#define INPUT_FILE     "/.faultline/stdin"
#define PROGRAM_FOLDER "/bin"

#define LINE_SIZE    512
#define WORDS_MAX    64
#define PATH_SIZE    256
#define ACCOUNTS_MAX 160 /* five fixed ones and the loader's 128 segments, with room to spare */
#define AREAS_MAX    256
#define NAMES_MAX    256 /* ls */
#define NAME_SIZE    32
#define SCREEN_WIDTH 79

/* A shell's exit status for a program that cannot be run, and for one that does not exist. */
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND      127

/* ---- Running a program ------------------------------------------------------------------------- */

struct request {
    const char *path; /* NULL: path, arguments and environment are in the run-mode files */
    char *const *argv;
    unsigned int policy;
};

enum outcome { RAN, NOT_STARTED };

static struct fl_report report;
static struct fl_account accounts[ACCOUNTS_MAX];
/* By which a child reports a failed execve. Shared with children, not with the program itself. */
static struct exec_result {
    int has_failed;
    char line[256]; /* the loader's, "" for none: pid 1 alone can put it beside the crash lines */
} * exec_result;

static int map_shared_page(void)
{
    void *page =
        mmap(NULL, sizeof(*exec_result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    exec_result = page;
    return page == MAP_FAILED ? -1 : 0;
}

static void *map_private(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Reads size bytes and appends a 0, which terminates the last string whatever the file holds. */
static char *read_bytes(int fd, size_t size)
{
    char *bytes = map_private(size + 1);
    size_t done = 0;
    while (bytes != NULL && done < size) {
        ssize_t n = read(fd, bytes + done, size - done);
        if (n <= 0) {
            return NULL;
        }
        done += (size_t)n;
    }
    return bytes;
}

static char **split_strings(char *bytes, size_t size)
{
    size_t count = 0;
    for (size_t at = 0; at < size; at += strlen(bytes + at) + 1) {
        count++;
    }
    char **strings = map_private((count + 1) * sizeof(*strings));
    if (strings != NULL) {
        size_t at = 0;
        for (size_t i = 0; i < count; i++, at += strlen(bytes + at) + 1) {
            strings[i] = bytes + at;
        }
        strings[count] = NULL;
    }
    return strings;
}

/* Returns the strings of a file, each terminated by a 0 byte, as a vector, or NULL if there is no
 * such file. Called in the child, whose memory execve frees. */
static char **read_strings(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        return NULL;
    }
    char *bytes = read_bytes(fd, (size_t)st.st_size);
    return bytes == NULL ? NULL : split_strings(bytes, (size_t)st.st_size);
}

/* /dev/report is there only under console=run, ./faultline run's. */
static FILE *open_report(void)
{
    int fd = open("/dev/report", O_WRONLY | O_CLOEXEC);
    FILE *stream = fd < 0 ? NULL : fdopen(fd, "w");
    if (stream != NULL) {
        (void)setvbuf(stream, NULL, _IOLBF, 0); /* one write per record */
    }
    return stream;
}

/* Prints a line of the loader's next to the crash lines, because it is not a program's output. */
static void announce(const char *line)
{
    FILE *to_report = open_report();
    if (to_report != NULL) {
        fprintf(to_report, "C %s\n", line);
    } else {
        puts(line);
        (void)fflush(stdout);
    }
}

/* Says, in the words of contract L9, why the child could not become the program, and exits. */
__attribute__((noreturn)) static void fail_exec(const char *path, int error)
{
    char reason[128] = "";
    bool has_reason =
        (error == ENOEXEC || error == ENOENT) && exec_reason(reason, sizeof(reason)) > 0;
    exec_result->has_failed = 1;
    if (has_reason) {
        (void)snprintf(exec_result->line, sizeof(exec_result->line),
                       "This is an invalid elf file: %s", reason);
    } else {
        fprintf(stderr, "%s: %s\n", path, strerror(error));
    }
    _exit(error == ENOENT && !has_reason ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

__attribute__((noreturn)) static void become_program(const struct request *request)
{
    const char *path = request->path;
    char *const *argv = request->argv;
    char *const *envp = environ;
    if (path == NULL) {
        char **environment = read_strings(ENV_FILE);
        argv = read_strings(ARGV_FILE);
        if (argv == NULL || argv[0] == NULL) {
            fail_exec(ARGV_FILE, errno);
        }
        path = argv[0];
        envp = environment != NULL ? environment : environ;
    }
    if (run_policy(request->policy, FL_RUN_ANNOUNCE) == 0) {
        execve(path, argv, envp);
    }
    fail_exec(path, errno);
}

/* Runs a program to its end; report and accounts then hold its figures. */
static enum outcome run_program(const struct request *request)
{
    int status = 0;
    exec_result->has_failed = 0;
    exec_result->line[0] = '\0';
    report.max_accounts = ACCOUNTS_MAX;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        become_program(request);
    }
    if (child < 0 || run_wait(child, &status, &report, accounts) < 0) {
        fprintf(stderr, "init: cannot run a program: %s\n", strerror(errno));
        report.value = EXIT_NOT_EXECUTABLE;
        return NOT_STARTED;
    }
    if (exec_result->has_failed != 0) { /* no execve, no report */
        if (exec_result->line[0] != '\0') {
            announce(exec_result->line);
        }
        report.value = WEXITSTATUS(status);
        return NOT_STARTED;
    }
    return RAN;
}

/* ---- Run mode ---------------------------------------------------------------------------------- */

/* A record's destination and tag. to_report NULL: the terminal, which gets only report lines,
 * without tags. */
struct record_context {
    FILE *to_report;
    char tag;
};

static void put_record(void *context, const char *line)
{
    const struct record_context *record = context;
    if (record->to_report != NULL) {
        fprintf(record->to_report, "%c %s\n", record->tag, line);
    } else if (record->tag == 'R') {
        puts(line);
    }
}

/* Writes the last record, which says how the program ended: the value, the signal, or the status of
 * a program that never started. */
static void put_end(struct record_context *record, enum outcome outcome)
{
    const char *kind = outcome == NOT_STARTED          ? "failed"
                       : report.exit_kind == FL_EXITED ? "exited"
                                                       : "killed";
    char line[64];
    (void)snprintf(line, sizeof(line), "%s %d", kind, report.value);
    record->tag = 'X';
    put_record(record, line);
}

static void run_and_report(const struct request *request)
{
    struct record_context record = {.to_report = open_report(), .tag = 'R'};
    enum outcome outcome = run_program(request);
    if (outcome == RAN) {
        fl_report_print(&report, accounts, put_record, &record);
        record.tag = 'S';
        fl_report_list(&report, accounts, put_record, &record);
    }
    put_end(&record, outcome);
}

/* ---- The prompt -------------------------------------------------------------------------------- */

struct command {
    const char *name, *arguments, *help;
    void (*act)(int argc, char **argv);
};

static unsigned int default_policy = FL_POLICY_PAGE;

static bool parse_policy(const char *word, unsigned int *policy)
{
    if (strcmp(word, "page") == 0) {
        *policy = FL_POLICY_PAGE;
    } else if (strcmp(word, "segment") == 0) {
        *policy = FL_POLICY_SEGMENT;
    } else {
        return false;
    }
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void put_columns(char names[][NAME_SIZE], size_t count)
{
    int width = 0, at = 0;
    for (size_t i = 0; i < count; i++) {
        int len = (int)strlen(names[i]);
        width = len > width ? len : width;
    }
    for (size_t i = 0; i < count; i++) {
        at += width + 2;
        bool is_last = i + 1 == count || at + width > SCREEN_WIDTH;
        printf("%-*s%s", is_last ? 0 : width + 2, names[i], is_last ? "\n" : "");
        at = is_last ? 0 : at;
    }
}

static void act_list(int argc, char **argv)
{
    static char names[NAMES_MAX][NAME_SIZE];
    const char *folder = argc > 1 ? argv[1] : PROGRAM_FOLDER;
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        printf("%s: %s\n", folder, strerror(errno));
        return;
    }
    size_t count = 0;
    for (struct dirent *entry; count < NAMES_MAX && (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] != '.') {
            strlcpy(names[count++], entry->d_name, NAME_SIZE);
        }
    }
    closedir(dir);
    qsort(names, count, NAME_SIZE, compare_names);
    put_columns(names, count);
}

static void put_report_line(void *context, const char *line)
{
    (void)context;
    puts(line);
}

/* A name without a slash is a program in /bin. */
static void find_program(const char *name, char path[PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "%s%s", strchr(name, '/') != NULL ? "" : PROGRAM_FOLDER "/",
                   name);
}

static void act_run(int argc, char **argv)
{
    struct request request = {.policy = default_policy};
    int i = 1;
    if (i + 1 < argc && strcmp(argv[i], "--policy") == 0) {
        if (!parse_policy(argv[i + 1], &request.policy)) {
            printf("run: the policies are page and segment, not %s\n", argv[i + 1]);
            return;
        }
        i += 2;
    }
    if (i >= argc) {
        printf("run: which program? 'ls' lists them\n");
        return;
    }
    char path[PATH_SIZE];
    find_program(argv[i], path);
    request.path = path;
    request.argv = argv + i;
    if (run_program(&request) == RAN) {
        fl_report_print(&report, accounts, put_report_line, NULL);
    }
}

static void put_area(const struct fl_map_area *area)
{
    printf("%08x-%08x %c%c%c%c %7u %8u  %s\n", area->start, area->end,
           (area->prot & PROT_READ) != 0 ? 'r' : '-', (area->prot & PROT_WRITE) != 0 ? 'w' : '-',
           (area->prot & PROT_EXEC) != 0 ? 'x' : '-', area->shared != 0 ? 's' : 'p',
           (area->end - area->start) / 4096, area->resident, area->name);
}

static void act_maps(int argc, char **argv)
{
    static struct fl_map_area areas[AREAS_MAX];
    pid_t pid = argc > 1 ? atoi(argv[1]) : getpid();
    int count = map_list(pid, areas, AREAS_MAX);
    if (count < 0) {
        printf("maps: process %s: %s\n", argc > 1 ? argv[1] : "1", strerror(errno));
        return;
    }
    printf("%-17s %s   %s %s\n", "addresses", "may", "pages", "resident");
    for (int i = 0; i < count; i++) {
        put_area(&areas[i]);
    }
}

static void act_memory(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct fl_kernel_info info;
    if (kernel_info(&info) != 0) {
        printf("mem: %s\n", strerror(errno));
        return;
    }
    printf("%u of %u frames are free: %.1f of %.1f MB\n", info.frames_free, info.frames_total,
           info.frames_free / 256.0, info.frames_total / 256.0);
}

static void act_off(int argc, char **argv)
{
    (void)argc, (void)argv;
    fflush(stdout);
    (void)power_off(0);
}

static void act_help(int argc, char **argv);

static const struct command commands[] = {
    {"ls", "[FOLDER]", "list the programs, or what is in a folder", act_list},
    {"run", "[--policy page|segment] PROGRAM [ARGUMENT...]",
     "run a program and report its page faults", act_run},
    {"maps", "[PID]", "show the areas of an address space (init's own)", act_maps},
    {"mem", "", "show how much memory is free", act_memory},
    {"help", "", "show this list", act_help},
    {"off", "", "end the machine", act_off},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void act_help(int argc, char **argv)
{
    (void)argc, (void)argv;
    for (size_t i = 0; i < COMMANDS; i++) {
        printf("  %s %s\n      %s\n", commands[i].name, commands[i].arguments, commands[i].help);
    }
    printf("A program's name alone runs it. Ctrl-C ends a program, Ctrl-D here the machine.\n");
}

/* A word that is not a command names a program, if there is one. */
static void act_on(int argc, char **argv)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(argv[0], commands[i].name) == 0) {
            commands[i].act(argc, argv);
            return;
        }
    }
    char path[PATH_SIZE];
    find_program(argv[0], path);
    if (access(path, F_OK) != 0) {
        printf("%s: no such command or program; try help\n", argv[0]);
        return;
    }
    char *run_argv[WORDS_MAX + 1] = {argv[0]};
    memcpy(run_argv + 1, argv, ((size_t)argc + 1) * sizeof(*argv));
    act_run(argc + 1, run_argv);
}

/* The terminal belongs to programs while they run, and each may leave it as it likes: raw, without an
 * echo, not waiting for input. */
static struct termios terminal_at_start;

static void save_terminal(void)
{
    (void)ioctl(STDIN_FILENO, TCGETS, &terminal_at_start);
}

/* Returns whether there was anything to put right. */
static bool restore_terminal(void)
{
    struct termios now;
    int flags = fcntl(STDIN_FILENO, F_GETFL);
    bool is_changed = flags >= 0 && (flags & O_NONBLOCK) != 0;

    if (is_changed) {
        (void)fcntl(STDIN_FILENO, F_SETFL, flags & ~O_NONBLOCK);
    }
    if (ioctl(STDIN_FILENO, TCGETS, &now) == 0 &&
        memcmp(&now, &terminal_at_start, sizeof(now)) != 0) {
        (void)ioctl(STDIN_FILENO, TCSETS, &terminal_at_start);
        is_changed = true;
    }
    return is_changed;
}

/* A line of input, or NULL at the end of it. A read that fails because of what some program has done to
 * the terminal is not the end. */
static char *read_command(char *line, int size)
{
    for (;;) {
        (void)restore_terminal();
        if (fgets(line, size, stdin) != NULL) {
            return line;
        }
        if (!restore_terminal() && !ferror(stdin)) {
            return NULL;
        }
        clearerr(stdin);
    }
}

static void prompt_forever(void)
{
    save_terminal();
    static char line[LINE_SIZE];
    printf("Welcome to Faultline, where every page arrives by a fault. Try: ls, run sum, help, "
           "off.\n");
    for (;;) {
        printf("faultline> ");
        fflush(stdout);
        if (read_command(line, sizeof(line)) == NULL) {
            printf("off\n");
            return;
        }
        char *words[WORDS_MAX];
        int count = 0;
        for (char *word = strtok(line, " \t\n"); word != NULL && count < WORDS_MAX - 1;
             word = strtok(NULL, " \t\n")) {
            words[count++] = word;
        }
        words[count] = NULL;
        if (count > 0) {
            act_on(count, words);
        }
    }
}

/* ---- Start ------------------------------------------------------------------------------------- */

static void reopen(int fd, const char *path, int flags)
{
    (void)close(fd);
    (void)open(path, flags); /* the lowest that is free: fd */
}

/* The three standard descriptors. In run mode each is one of the host's. */
static void open_standard_files(bool is_run_mode)
{
    if (fcntl(STDIN_FILENO, F_GETFD) < 0) {
        (void)open("/dev/console", O_RDWR);
        (void)dup(STDIN_FILENO);
        (void)dup(STDIN_FILENO);
    }
    if (!is_run_mode) {
        return;
    }
    if (access("/dev/stderr", F_OK) == 0) { /* console=run */
        reopen(STDIN_FILENO, "/dev/stdin", O_RDONLY);
        reopen(STDOUT_FILENO, "/dev/stdout", O_WRONLY);
        reopen(STDERR_FILENO, "/dev/stderr", O_WRONLY);
    }
    if (access(INPUT_FILE, F_OK) == 0) {
        reopen(STDIN_FILENO, INPUT_FILE, O_RDONLY);
    }
}

/* Returns the value of a "key=value" argument, or NULL. */
static const char *value_of(int argc, char **argv, const char *key)
{
    size_t len = strlen(key);
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], key, len) == 0 && argv[i][len] == '=') {
            return argv[i] + len + 1;
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const char *policy = value_of(argc, argv, "policy"), *run = value_of(argc, argv, "run");
    bool has_files = access(ARGV_FILE, F_OK) == 0;

    open_standard_files(has_files || run != NULL);
    if (policy != NULL && !parse_policy(policy, &default_policy)) {
        fprintf(stderr, "init: policy=%s is not a policy; using page\n", policy);
    }
    if (map_shared_page() != 0) {
        perror("init: no memory");
    } else if (has_files) {
        run_and_report(&(struct request){.policy = default_policy});
    } else if (run != NULL) {
        char path[PATH_SIZE];
        strlcpy(path, run, sizeof(path));
        char *const run_argv[] = {path, NULL};
        run_and_report(&(struct request){path, run_argv, default_policy});
    } else {
        prompt_forever();
    }
    fflush(stdout);
    (void)power_off(0);
    return EXIT_FAILURE; /* only if the machine cannot be powered off */
}
