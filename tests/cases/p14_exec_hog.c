/*
 * Twenty processes whose memory is the strings of an execve under way, 2 MiB each, and one with 1 MiB of
 * its own, which is the one that asks for a page. It holds the least.
 */
#include "sc.h"

#define N_execve 11
#define STRING   131000
#define STRINGS  15
#define HOGS     20
#define ROUNDS   8
#define INNOCENT (1ul << 20)
#define DONTNEED 4

static char string[STRING];
static char *arguments[STRINGS + 1];

static void be_hog(void)
{
    for (;;) {
        (void)sc(N_execve, "/none", arguments, 0);
    }
}

static void be_innocent(void)
{
    char *p = anon(INNOCENT, PRIV_ANON);

    for (int round = 0; round < ROUNDS; round++) {
        for (unsigned long at = 0; at < INNOCENT; at += PG) {
            p[at] = 1;
        }
        (void)sc(N_madvise, p, INNOCENT, DONTNEED);
        (void)sc(N_yield, 0);
    }
}

static int start(void (*be)(void))
{
    int pid = (int)sc(N_fork, 0);

    if (pid == 0) {
        be();
        exit(0);
    }
    return pid;
}

int main(void)
{
    int hogs[HOGS], status = 0;

    memset(string, 'a', sizeof(string) - 1);
    for (int i = 0; i < STRINGS; i++) {
        arguments[i] = string;
    }
    int innocent = start(be_innocent);

    for (int i = 0; i < HOGS; i++) {
        hogs[i] = start(be_hog);
    }
    (void)sc(N_waitpid, innocent, &status, 0);
    printf("innocent: status %x\n", status);
    for (int i = 0; i < HOGS; i++) {
        (void)sc(N_kill, hogs[i], 9);
        (void)sc(N_waitpid, hogs[i], 0, 0);
    }
    return 0;
}
