/* Source: nanvix/nanvix#2512 and PR 2515; syswonder/ruxos PR 151 (nested fork).
 * Essence: a page that is already copy-on-write is forked again before anybody wrote to it; kernels that look at the
 * hardware write bit alone give the grandchild a read-only page and kill it at its first write.
 * Expected: 6 x "ok", then 1..6; exit status 0; nobody is killed. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
static int n_;
static void ok(int good, const char *what)
{
    dprintf(1, "%sok %d - %s\n", good ? "" : "not ", ++n_, what);
}
static int status_of(pid_t p)
{
    int s = -1;
    waitpid(p, &s, 0);
    return s;
}
static char data = 'P'; /* in .data */
int main(void)
{
    char *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    page[0] = 'P';
    pid_t c1 = fork();
    if (c1 == 0) { /* writes nothing before forking again */
        pid_t c2 = fork();
        if (c2 == 0) {
            pid_t c3 = fork();
            if (c3 == 0) {
                page[0] = '3';
                data = '3';
                page[4096] = '3';
                _exit(page[0] == '3' && data == '3' && page[4096] == '3' ? 33 : 1);
            }
            int s = status_of(c3);
            int kept = page[0] == 'P' && data == 'P' && page[4096] == 0;
            page[0] = '2';
            data = '2';
            _exit(WIFEXITED(s) && WEXITSTATUS(s) == 33 && kept && page[0] == '2' ? 22 : 2);
        }
        int s = status_of(c2);
        int kept = page[0] == 'P' && data == 'P';
        page[0] = '1';
        data = '1';
        _exit(WIFEXITED(s) && WEXITSTATUS(s) == 22 && kept ? 11 : 3);
    }
    int s = status_of(c1);
    ok(WIFEXITED(s), "no process of the chain was killed");
    ok(WIFEXITED(s) && WEXITSTATUS(s) == 11, "each of three generations wrote to its own copy");
    ok(page[0] == 'P' && data == 'P', "the first process sees its own bytes");
    page[0] = 'Q';
    data = 'Q';
    ok(page[0] == 'Q' && data == 'Q', "and can still write to them");
    ok(page[4096] == 0, "a page that only the last child touched is zero here");
    page[4096] = 'z';
    ok(page[4096] == 'z', "and writable");
    dprintf(1, "1..%d\n", n_);
    return 0;
}
