/* Interval timers, what processes used, limits, and many directory streams. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t n_alarms;

static void on_alarm(int number)
{
    n_alarms += number == SIGALRM;
}

static void timers(void)
{
    struct itimerval wanted = {{0, 2000}, {0, 5000}}, now;
    signal(SIGALRM, on_alarm);
    sigset_t none;
    sigemptyset(&none);
    printf("%d", setitimer(ITIMER_REAL, &wanted, NULL));
    while (n_alarms < 3) {
        pause();
    }
    printf(" %d", getitimer(ITIMER_REAL, &now));
    printf(" %ld %ld", (long)now.it_interval.tv_sec, (long)now.it_interval.tv_usec);
    memset(&wanted, 0, sizeof(wanted));
    printf(" %d", setitimer(ITIMER_REAL, &wanted, &now));
    printf(" %ld", (long)now.it_interval.tv_usec);
    wanted.it_value.tv_usec = 1000000;
    printf(" %d", setitimer(ITIMER_REAL, &wanted, NULL));
    printf(" %d %d\n", errno == EINVAL, setitimer(77, &now, NULL));
}

static void usage(void)
{
    struct rusage own, children;
    struct tms used;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        _exit(5);
    }
    printf("%d %d", wait4(pid, &status, 0, &children) == pid, WEXITSTATUS(status));
    printf(" %d", children.ru_minflt > 0);
    printf(" %d", getrusage(RUSAGE_SELF, &own));
    printf(" %d %d", own.ru_maxrss > 0,
           own.ru_utime.tv_usec >= 0 && own.ru_utime.tv_usec < 1000000);
    printf(" %d", getrusage(RUSAGE_CHILDREN, &children));
    printf(" %d", getrusage(99, &own));
    printf(" %d", times(&used) != -1);
    printf(" %d %ld\n", used.tms_utime >= 0, sysconf(_SC_CLK_TCK));
}

static void limits(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 20;
    printf("%d", setrlimit(RLIMIT_NOFILE, &limit));
    getrlimit(RLIMIT_NOFILE, &limit);
    printf(" %d", (int)limit.rlim_cur);
    limit.rlim_cur = limit.rlim_max + 1;
    printf(" %d\n", setrlimit(RLIMIT_NOFILE, &limit));
}

static void folders(void)
{
    DIR *all[12];
    int n = 0;
    mkdir("/tmp/many", 0700);
    for (int i = 0; i < 5; i++) {
        char name[] = "/tmp/many/0";
        name[10] = (char)('0' + i);
        close(open(name, O_CREAT | O_WRONLY, 0600));
    }
    for (int i = 0; i < 12; i++) {
        all[i] = opendir("/tmp/many");
        n += all[i] != NULL && readdir(all[i]) != NULL;
    }
    printf("%d", n);
    long place = 0;
    char *kept = calloc(1, 256);
    for (int i = 0; i < 3; i++) {
        place = telldir(all[11]);
        strcpy(kept, readdir(all[11])->d_name);
    }
    while (readdir(all[11]) != NULL) {
        n++;
    }
    seekdir(all[11], place);
    printf(" %d", strcmp(kept, readdir(all[11])->d_name));
    free(kept);
    rewinddir(all[11]);
    printf(" %d %d", readdir(all[11]) != NULL, n);
    for (int i = 0; i < 12; i++) {
        closedir(all[i]);
    }
    int fd = open("/tmp/many", O_RDONLY), file = open("/tmp/many/0", O_RDONLY);
    DIR *dir = fdopendir(fd);
    printf(" %d %d", dir != NULL, dirfd(dir) == fd);
    closedir(dir);
    printf(" %d", close(fd));
    printf(" %d", fdopendir(file) == NULL);
    printf(" %d\n", errno == ENOTDIR);
}

/* system keeps what the program set for SIGINT, and gives the command the same. */
static void handlers(void)
{
    struct sigaction action;
    signal(SIGINT, on_alarm);
    system("true");
    sigaction(SIGINT, NULL, &action);
    printf("%d\n", action.sa_handler == on_alarm);
}

int main(void)
{
    timers();
    usage();
    folders();
    limits();
    handlers();
    return 0;
}
