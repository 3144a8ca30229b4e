/*
 * The test machine's first process (init=/tests/runner): runs every /tests/t_* in the order of their
 * names, joins their TAP into one stream, and ends the machine. What a test program cannot say
 * about itself the runner says as a `not ok` of its own: killed, a status that is not zero without
 * a failed test, no plan (it never came to done_testing), free frames that did not come back.
 *
 * freemem() is compared exactly. The first program is therefore run once before the first
 * comparison, without counting: whatever the runner itself touches for the first time on the way
 * is then already there.
 */
#include <dirent.h>
#include <errno.h>
#include <faultline.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define FOLDER           "/tests"
#define PREFIX           "t_"
#define TESTS_MAX        256
#define NAME_SIZE        64
#define EXIT_NOT_STARTED 127

static char names[TESTS_MAX][NAME_SIZE];
static int next_number = 1;
static int n_failures;

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

static size_t find_tests(void)
{
    size_t count = 0;
    DIR *dir = opendir(FOLDER);
    if (dir == NULL) {
        return 0;
    }
    for (struct dirent *entry; count < TESTS_MAX && (entry = readdir(dir)) != NULL;) {
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0) {
            strlcpy(names[count++], entry->d_name, NAME_SIZE);
        }
    }
    closedir(dir);
    qsort(names, count, NAME_SIZE, compare_names);
    return count;
}

/* ---- One program ------------------------------------------------------------------------------- */

/* How a program ended. */
struct result {
    bool is_killed;
    int value; /* all 32 bits of its exit value, or the signal */
    int drift; /* frames that are missing afterwards           */
};

__attribute__((noreturn)) static void become_test(const char *name, int first, bool is_silent)
{
    char path[NAME_SIZE + sizeof(FOLDER "/")], first_text[32], name_text[NAME_SIZE + 16];
    (void)snprintf(path, sizeof(path), "%s/%s", FOLDER, name);
    (void)snprintf(first_text, sizeof(first_text), "TAP_FIRST=%d", first);
    (void)snprintf(name_text, sizeof(name_text), "TAP_NAME=%s", name);
    char *const argv[] = {path, NULL};
    char *const envp[] = {first_text, name_text, NULL};
    if (is_silent) {
        (void)close(STDOUT_FILENO);
        (void)open("/dev/null", O_WRONLY);
    }
    /* Only a program started so leaves a report, and with it the whole of its exit value. */
    if (run_policy(FL_POLICY_PAGE, FL_RUN_ANNOUNCE) == 0) {
        execve(path, argv, envp);
    }
    printf("# %s: %s\n", path, strerror(errno));
    fflush(stdout);
    _exit(EXIT_NOT_STARTED);
}

static struct result run_test(const char *name, int first, bool is_silent)
{
    static struct fl_report report;
    struct result result = {0};
    int status = 0;

    fflush(stdout);
    report = (struct fl_report){.exit_kind = FL_EXITED, .value = EXIT_NOT_STARTED};
    int before = freemem();
    pid_t child = fork();
    if (child == 0) {
        become_test(name, first, is_silent);
    }
    if (child < 0 || run_wait(child, &status, &report, NULL) < 0) {
        printf("# runner: %s: %s\n", name, strerror(errno));
    }
    result.drift = before - freemem();
    result.is_killed = report.exit_kind == FL_KILLED;
    result.value = report.value;
    return result;
}

/* ---- The stream -------------------------------------------------------------------------------- */

/* A test of the runner's own about a program. */
__attribute__((format(printf, 2, 3))) static void fail(const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("not ok %d - %s: ", next_number++, name);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    n_failures++;
}

/* How many tests the program says it has printed; -1: it never came to say so. */
static int count_of(const struct result *result)
{
    if (result->is_killed || (result->value & TAP_MARK_MASK) != TAP_MARK) {
        return -1;
    }
    return result->value >> TAP_COUNT_SHIFT & TAP_COUNT_MASK;
}

static void judge(const char *name, const struct result *result)
{
    int count = count_of(result);
    if (count >= 0) {
        next_number += count;
        n_failures += result->value & TAP_FAILURES_MAX;
    }
    if (result->is_killed) {
        fail(name, "killed by signal %d (%s) before its plan", result->value,
             strsignal(result->value));
    } else if (count < 0) {
        fail(name, "ended with %d before its plan", result->value);
    } else if (count == 0) {
        fail(name, "has no tests");
    }
    if (result->drift != 0) {
        fail(name, "%d frames did not come back", result->drift);
    }
}

int main(void)
{
    size_t count = find_tests();
    if (count > 0) {
        (void)run_test(names[0], 1, true);
    }
    for (size_t i = 0; i < count; i++) {
        struct result result = run_test(names[i], next_number, false);
        judge(names[i], &result);
    }
    if (count == 0) {
        fail("runner", "there is no " FOLDER "/" PREFIX "*");
    }
    printf("1..%d\n", next_number - 1);
    printf("# %d programs, %d tests, %d failed\n", (int)count, next_number - 1, n_failures);
    fflush(stdout);
    (void)power_off(0);
    return EXIT_FAILURE;
}
