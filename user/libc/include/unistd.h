/* <unistd.h>: POSIX's system calls. Offsets are 64 bits wide throughout. */
#ifndef FL_UNISTD_H
#define FL_UNISTD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STDIN_FILENO  0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2

#ifndef SEEK_SET
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#endif

#define F_OK 0
#define X_OK 1
#define W_OK 2
#define R_OK 4

#define _SC_ARG_MAX          0
#define _SC_CLK_TCK          2
#define _SC_OPEN_MAX         4
#define _SC_PAGESIZE         30
#define _SC_PAGE_SIZE        _SC_PAGESIZE
#define _SC_NPROCESSORS_CONF 83
#define _SC_NPROCESSORS_ONLN 84
#define _SC_AVPHYS_PAGES     86

#define _POSIX_VERSION 200809L

extern char **environ;

ssize_t read(int fd, void *to, size_t n);
ssize_t write(int fd, const void *from, size_t n);
int close(int fd);
off_t lseek(int fd, off_t offset, int whence);
int access(const char *path, int mode);
ssize_t readlink(const char *__restrict path, char *__restrict to, size_t size);
/* Stores the working directory's path. Returns to, or NULL and ERANGE if size is too small. */
char *getcwd(char *to, size_t size);
int isatty(int fd);
int dup(int fd);
/* Makes `to` the same file as fd; closes what it was. */
int dup2(int fd, int to);
int pipe(int ends[2]);
ssize_t pread(int fd, void *to, size_t n, off_t offset);
ssize_t pwrite(int fd, const void *from, size_t n, off_t offset);
int truncate(const char *path, off_t size);
int ftruncate(int fd, off_t size);
int fsync(int fd);
int fdatasync(int fd);
void sync(void);
int chdir(const char *path);
int fchdir(int fd);
int rmdir(const char *path);
int unlink(const char *path);
int link(const char *from, const char *to);
int symlink(const char *target, const char *path);
int chown(const char *path, uid_t user, gid_t group);
int lchown(const char *path, uid_t user, gid_t group);
int fchown(int fd, uid_t user, gid_t group);
int chroot(const char *path);
int dup3(int fd, int to, int flags);
int pipe2(int ends[2], int flags);

/* The same, with a path that begins at the folder `at` (<fcntl.h>). */
int faccessat(int at, const char *path, int mode, int flags);
int fchownat(int at, const char *path, uid_t user, gid_t group, int flags);
int linkat(int from_at, const char *from, int to_at, const char *to, int flags);
ssize_t readlinkat(int at, const char *__restrict path, char *__restrict to, size_t size);
int symlinkat(const char *target, int at, const char *path);
int unlinkat(int at, const char *path, int flags);

/* Wait; sleep returns the seconds that a signal left over. */
unsigned int sleep(unsigned int seconds);
int usleep(useconds_t microseconds);
unsigned int alarm(unsigned int seconds);
int pause(void);

pid_t fork(void);
pid_t getpid(void);
pid_t getppid(void);
pid_t gettid(void);
uid_t getuid(void);
uid_t geteuid(void);
gid_t getgid(void);
gid_t getegid(void);
int execve(const char *path, char *const argv[], char *const envp[]);
int execv(const char *path, char *const argv[]);
/* The same with arguments in place of argv, the last one NULL; execle has envp behind it. */
int execl(const char *path, const char *first, ...);
int execle(const char *path, const char *first, ...);
/* Look up a name without a slash in the folders of PATH (without PATH: /bin and /usr/bin). */
int execlp(const char *file, const char *first, ...);
int execvp(const char *file, char *const argv[]);
int execvpe(const char *file, char *const argv[], char *const envp[]);
__attribute__((noreturn)) void _exit(int value);

/* <getopt.h> explains these. */
extern char *optarg;
extern int optind, opterr, optopt;
int getopt(int argc, char *const argv[], const char *options);

/* Copies n / 2 pairs of bytes, each the other way round. */
void swab(const void *__restrict from, void *__restrict to, ssize_t n);
/* Fills at most 256 bytes with random ones. */
int getentropy(void *to, size_t n);

int brk(void *end);
void *sbrk(intptr_t increment);
int getpagesize(void);
long sysconf(int name);

/* Makes any system call of <asm/unistd.h> or abi/faultline.h, and sets errno. */
long syscall(long number, ...);

#ifdef __cplusplus
}
#endif

#endif
