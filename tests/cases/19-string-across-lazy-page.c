/* Source: mit-pdos/xv6-riscv#514 (copyinstr does not fault in lazily allocated pages, copyin and copyout do), vlang/vinix PR 212 (checked
 * user copies must bring in lazy pages).
 * Essence: a path whose terminating zero lies in a page nobody has touched; and in a page of a private file mapping; arguments of
 * execve likewise; a path that ends exactly at the end of the last mapped page.
 * Expected: 5 x "ok", 1..5. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
static int n_;
static void ok(int good, const char *what)
{
    dprintf(1, "%sok %d - %s\n", good ? "" : "not ", ++n_, what);
}
int main(int argc, char **argv)
{
    if (argc == 3)
        return strlen(argv[1]) == 10 && argv[2][0] == 'z' ? 42 : 1;
    char self[256];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    self[len > 0 ? len : 0] = 0;
    char *m = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *path = m + 4096 - len;
    memcpy(path, self, (size_t)len); /* the zero is the first byte of the untouched second page */
    int fd = open(path, O_RDONLY);
    ok(fd >= 0, "open: the string ends in an untouched page");
    char *f = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    errno = 0;
    ok(open(f, O_RDONLY) == -1 && errno == ENOENT,
       "open: the string is in an untouched file page (\\177ELF...)");
    char *last = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(last + 4096, 4096);
    strcpy(last + 4096 - len - 1, self); /* the zero is the last byte before the hole */
    int again = open(last + 4096 - len - 1, O_RDONLY);
    ok(again >= 0, "open: the string ends at the end of the last page");
    memcpy(last + 4096 - len, self, (size_t)len); /* now without a zero */
    errno = 0;
    ok(open(last + 4096 - len, O_RDONLY) == -1 && errno == EFAULT, "without an end it is EFAULT");
    pid_t c = fork();
    if (c == 0) {
        char *a = m + 2 * 4096 - 10; /* argv[1]: ten bytes, the zero in the untouched third page */
        memset(a, 'y', 10);
        char z[2] = "z";
        char **v = (char **)last; /* the vector itself in another page */
        v[0] = self;
        v[1] = a;
        v[2] = z;
        v[3] = 0;
        execv(self, v);
        _exit(2);
    }
    int s = -1;
    waitpid(c, &s, 0);
    ok(WIFEXITED(s) && WEXITSTATUS(s) == 42, "execve: an argument ends in an untouched page");
    dprintf(1, "1..%d\n", n_);
    return 0;
}
