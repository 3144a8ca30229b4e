/* Source: byteduck/duckOS#61 (kernel write to a user page marked CoW crashed the kernel); Zeke-OS/zeke#91 (copyout does not
 * handle COW); phil. twin: TroyMitchell911/caffeinix PR 63 review.
 * Essence: after fork the *kernel* is the first to write to the shared page, in read(), fstat-like calls, readlink and wait.
 * Expected: 7 x "ok", 1..7; the parent's bytes never change; no EFAULT. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
static int n_;
static void ok(int good, const char *what)
{
    dprintf(1, "%sok %d - %s\n", good ? "" : "not ", ++n_, what);
}
int main(void)
{
    char path[256];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    ok(len > 0, "the program's own path");
    path[len > 0 ? len : 0] = 0;
    int fd = open(path, O_RDONLY);
    ok(fd >= 0, "opened");
    char *page = mmap(0, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(page, 'P', 3 * 4096);
    (void)*(volatile char *)(page + 3 * 4096); /* read-touched: may be a shared zero page */
    pid_t c = fork();
    if (c == 0) {
        int bad = 0;
        ssize_t got = read(fd, page + 100, 2 * 4096); /* crosses two copy-on-write pages */
        bad |= got <= 4 || memcmp(page + 100, "\177ELF", 4) != 0 || page[99] != 'P' ||
               page[100 + got] != 'P';
        struct stat *st = (struct stat *)(page + 2 * 4096 + 64);
        bad |= (fstat(fd, st) != 0 || st->st_size <= 0) << 1;
        bad |= (readlink("/proc/self/exe", page + 3 * 4096, 200) <= 0 || page[3 * 4096] == 0) << 2;
        pid_t g = fork();
        if (g == 0)
            _exit(7);
        int *status = (int *)(page + 2 * 4096);
        bad |= (waitpid(g, status, 0) != g || !WIFEXITED(*status) || WEXITSTATUS(*status) != 7)
               << 3;
        _exit(bad);
    }
    int s = -1;
    waitpid(c, &s, 0);
    ok(WIFEXITED(s), "the child was not killed");
    ok(WIFEXITED(s) && WEXITSTATUS(s) == 0,
       "read, fstat, readlink and wait wrote into shared pages of the child");
    int same = 1;
    for (int i = 0; i < 3 * 4096; i++)
        same &= page[i] == 'P';
    ok(same, "the parent's three pages are as they were");
    ok(page[3 * 4096] == 0, "and the one that was only read is zero");
    ok(lseek(fd, 0, SEEK_CUR) > 0, "the shared file position moved");
    dprintf(1, "1..%d\n", n_);
    return 0;
}
