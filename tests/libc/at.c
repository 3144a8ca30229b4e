/* The calls whose paths begin at a folder, special files, times of files, and the clocks. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void at(void)
{
    char text[32] = "";
    struct stat status;
    mkdir("/tmp/at", 0755);
    int folder = open("/tmp/at", O_RDONLY | O_DIRECTORY);
    int fd = openat(folder, "file", O_CREAT | O_RDWR, 0640);
    printf("%d %d", folder >= 0, fd >= 0);
    printf(" %d", fstatat(folder, "file", &status, 0));
    printf(" %o", status.st_mode);
    printf(" %d", mkdirat(folder, "sub", 0700));
    printf(" %d", linkat(folder, "file", folder, "sub/link", 0));
    printf(" %d", symlinkat("sub/link", folder, "soft"));
    printf(" %d %s", (int)readlinkat(folder, "soft", text, sizeof(text)), text);
    printf(" %d", fstatat(folder, "soft", &status, AT_SYMLINK_NOFOLLOW));
    printf(" %d %d", S_ISLNK(status.st_mode), stat("/tmp/at/soft", &status));
    printf(" %d", (int)status.st_nlink);
    printf(" %d %d", faccessat(folder, "sub", F_OK, 0), faccessat(folder, "no", F_OK, 0));
    printf(" %d", fchmodat(folder, "file", 0400, 0));
    fstat(fd, &status);
    printf(" %o", status.st_mode);
    printf(" %d", fchownat(folder, "file", 5, 6, 0));
    fstat(fd, &status);
    printf(" %d %d", (int)status.st_uid, (int)status.st_gid);
    printf(" %d", fchown(fd, 0, 0) | lchown("/tmp/at/soft", 1, 1) | chown("/tmp/at/file", 2, 2));
    printf(" %d", renameat(folder, "file", AT_FDCWD, "/tmp/at/moved"));
    printf(" %d", unlinkat(folder, "moved", 0) | unlinkat(folder, "sub/link", 0));
    printf(" %d %d\n", unlinkat(folder, "sub", AT_REMOVEDIR), unlinkat(folder, "soft", 0));
    close(fd);
    close(folder);
}

static void special(void)
{
    struct stat status;
    int ends[2];
    printf("%d", mkfifo("/tmp/at/fifo", 0600));
    stat("/tmp/at/fifo", &status);
    printf(" %d", S_ISFIFO(status.st_mode));
    printf(" %d", unlink("/tmp/at/fifo"));
    printf(" %d", pipe2(ends, O_CLOEXEC));
    printf(" %d", fcntl(ends[0], F_GETFD));
    printf(" %d %d", dup3(ends[0], 30, 0), fcntl(30, F_GETFD));
    printf(" %d\n", dup3(30, 30, 0));
}

static void file_times(void)
{
    struct stat status;
    struct timespec times[2] = {{1000000000, 5}, {1100000000, 7}};
    struct timeval coarse[2] = {{1200000000, 500000}, {1300000000, 250000}};
    int fd = open("/tmp/at/timed", O_CREAT | O_RDWR, 0600);
    printf("%d", futimens(fd, times));
    fstat(fd, &status);
    printf(" %ld %ld", (long)status.st_atime, (long)status.st_mtime);
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_sec = 1150000000;
    printf(" %d", utimensat(AT_FDCWD, "/tmp/at/timed", times, 0));
    fstat(fd, &status);
    printf(" %ld %ld", (long)status.st_atime, (long)status.st_mtime);
    printf(" %d", utimes("/tmp/at/timed", coarse));
    fstat(fd, &status);
    printf(" %ld %ld", (long)status.st_atime, (long)status.st_mtime);
    coarse[0].tv_usec = 1000000;
    printf(" %d", utimes("/tmp/at/timed", coarse));
    printf(" %d\n", futimens(fd, NULL));
    unlink("/tmp/at/timed");
    rmdir("/tmp/at");
}

static int is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

static void clocks(void)
{
    struct timespec first, then, nap = {0, 20000000}, bad = {0, 2000000000};
    struct timeval day;
    time_t now = time(NULL), again;
    printf("%d %d", now > 1500000000, gettimeofday(&day, NULL));
    printf(" %d", day.tv_sec - now <= 1);
    printf(" %d", clock_gettime(CLOCK_MONOTONIC, &first));
    printf(" %d", nanosleep(&nap, NULL));
    clock_gettime(CLOCK_MONOTONIC, &then);
    printf(" %d", is_before(&first, &then));
    then.tv_nsec -= 20000000;
    printf(" %d", !is_before(&then, &first) || then.tv_nsec < 0);
    errno = 0;
    printf(" %d %d", nanosleep(&bad, NULL), errno == EINVAL);
    printf(" %d", clock_getres(CLOCK_REALTIME, &then));
    printf(" %d %d", then.tv_sec == 0, clock_gettime(12345, &then));
    printf(" %d", time(&again) == again);
    printf(" %d %d", usleep(1000), (int)sleep(0));
    printf(" %d %d\n", clock() >= 0, timespec_get(&then, TIME_UTC) == TIME_UTC);
}

int main(void)
{
    at();
    special();
    file_times();
    clocks();
    return 0;
}
