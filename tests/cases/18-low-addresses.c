/* Source: unikraft/unikraft PR 790 (read or write at 0x5f: endless fault loop), mentos-team/MentOS#237 and PR 295 (null and addresses in the low
 * identity-mapped megabyte killed the kernel), vinc/moros PR 275 (0x33 mapped on demand), kwrx/aplus PR 44 (mprotect of low device
 * addresses handed out the local APIC).
 * Expected: 25 x "ok", 1..25; each child ends by SIGSEGV. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
static int n_;
static void ok(int good, const char *what)
{
    dprintf(1, "%sok %d - %s\n", good ? "" : "not ", ++n_, what);
}
int main(void)
{
    static const unsigned long at[] = {0,       0x33,    0x5f,    0xfff,   0x1000,   0x7c00,
                                       0x9fc00, 0xa0000, 0xb8000, 0xf0000, 0x100000, 0xfee00000};
    for (unsigned i = 0; i < sizeof at / sizeof at[0]; i++)
        for (int write_it = 0; write_it < 2; write_it++) {
            char what[80];
            pid_t c = fork();
            if (c == 0) {
                volatile unsigned char *p = (volatile unsigned char *)at[i];
                __asm__("" : "+r"(p));
                if (write_it)
                    *p = 0x41;
                else
                    (void)*p;
                _exit(0);
            }
            int s = -1;
            waitpid(c, &s, 0);
            snprintf(what, sizeof what, "%s at %#lx is SIGSEGV", write_it ? "write" : "read",
                     at[i]);
            ok(WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV, what);
        }
    errno = 0;
    int refused = mprotect((void *)0xb8000, 4096, PROT_READ | PROT_WRITE) == -1 && errno == ENOMEM;
    refused &= mprotect((void *)0xfee00000, 4096, PROT_READ | PROT_WRITE) == -1;
    ok(refused, "mprotect of the screen's and the APIC's addresses is refused");
    dprintf(1, "1..%d\n", n_);
    return 0;
}
