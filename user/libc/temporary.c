/*
 * Temporary files: mkstemp and its relatives, tmpfile, tmpnam. Names come from the kernel's random
 * bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_RANDOM    6
#define TRIES       100
#define FILE_MODE   0600
#define FOLDER_MODE 0700

/* Replaces the last six characters. */
static void randomise(char *x)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz012345";
    unsigned char bytes[N_RANDOM] = {0};
    (void)getrandom(bytes, sizeof(bytes), 0);
    for (int i = 0; i < N_RANDOM; i++) {
        x[i] = letters[bytes[i] % (sizeof(letters) - 1)];
    }
}

/* Returns where the template's six X begin, or NULL and EINVAL. */
static char *find_xs(char *name)
{
    size_t len = strlen(name);
    if (len < N_RANDOM || strcmp(name + len - N_RANDOM, "XXXXXX") != 0) {
        errno = EINVAL;
        return NULL;
    }
    return name + len - N_RANDOM;
}

int mkostemp(char *name, int flags)
{
    char *x = find_xs(name);
    int fd = -1;
    for (int i = 0; x != NULL && fd < 0 && i < TRIES; i++) {
        randomise(x);
        fd = open(name, (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL, FILE_MODE);
        if (fd < 0 && errno != EEXIST) {
            break;
        }
    }
    if (x != NULL && fd < 0) {
        memset(x, 'X', N_RANDOM);
    }
    return fd;
}

int mkstemp(char *name)
{
    return mkostemp(name, 0);
}

char *mkdtemp(char *name)
{
    char *x = find_xs(name);
    for (int i = 0; x != NULL && i < TRIES; i++) {
        randomise(x);
        if (mkdir(name, FOLDER_MODE) == 0) {
            return name;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    if (x != NULL) {
        memset(x, 'X', N_RANDOM);
    }
    return NULL;
}

FILE *tmpfile(void)
{
    char name[] = P_tmpdir "/tmpfile-XXXXXX";
    int fd = mkstemp(name);
    if (fd < 0) {
        return NULL;
    }
    (void)unlink(name);
    FILE *stream = fdopen(fd, "w+");
    if (stream == NULL) {
        (void)close(fd);
    }
    return stream;
}

char *tmpnam(char *to)
{
    static char own[L_tmpnam];
    char *name = to != NULL ? to : own;
    for (int i = 0; i < TRIES; i++) {
        (void)snprintf(name, L_tmpnam, P_tmpdir "/tmp-XXXXXX");
        randomise(name + strlen(name) - N_RANDOM);
        if (access(name, F_OK) != 0) {
            return name;
        }
    }
    return NULL;
}
