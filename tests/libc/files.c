/* What changes files: streams of every mode, temporary files, folders, descriptors, pipes; and what reads
 * folders: glob, scandir, realpath. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Streams ----------------------------------------------------------------------------------- */

static void show(FILE *f)
{
    char line[100];
    while (fgets(line, sizeof(line), f) != NULL) {
        printf("| %s", line);
    }
    printf("(end %d, error %d, at %ld)\n", feof(f) != 0, ferror(f) != 0, ftell(f));
}

static void streams(void)
{
    FILE *f = fopen("/tmp/a", "w");
    fprintf(f, "one\ntwo\n");
    printf("%d %ld\n", fgetc(f) == EOF, ftell(f));
    fclose(f);
    f = fopen("/tmp/a", "a+");
    fputs("three\n", f);
    rewind(f);
    show(f);
    fclose(f);
    f = fopen("/tmp/a", "r+");
    fseek(f, 4, SEEK_SET);
    fputs("TWO", f);
    fseek(f, 0, SEEK_CUR);
    printf("%d\n", fgetc(f) == '\n');
    fseek(f, -3, SEEK_END);
    printf("%c%c\n", fgetc(f), fgetc(f));
    rewind(f);
    show(f);
    f = freopen("/tmp/a", "w+", f);
    fputs("anew\n", f);
    rewind(f);
    show(f);
    fclose(f);
    errno = 0;
    f = fopen("/tmp/a", "wx");
    printf("%d %d\n", f == NULL, errno == EEXIST);
    f = fopen("/tmp/none/b", "w");
    printf("%d %d\n", f == NULL, errno == ENOENT);
    f = fopen("/tmp/a", "q");
    printf("%d %d\n", f == NULL, errno == EINVAL);
}

/* A large file, written and read in pieces of every size. */
static void large(void)
{
    static char piece[5000];
    unsigned int sum = 0, again = 0;
    FILE *f = fopen("/tmp/large", "w+");
    for (size_t n = 1; n < sizeof(piece); n += 333) {
        for (size_t i = 0; i < n; i++) {
            piece[i] = (char)(i * n);
            sum = sum * 31 + (unsigned char)piece[i];
        }
        printf("%d", fwrite(piece, 1, n, f) == n);
    }
    long size = ftell(f);
    rewind(f);
    for (size_t n = 1; !feof(f); n = n * 3 % 4999 + 1) {
        size_t got = fread(piece, 1, n, f);
        for (size_t i = 0; i < got; i++) {
            again = again * 31 + (unsigned char)piece[i];
        }
    }
    printf(" %ld %d\n", size, sum == again);
    fclose(f);
    remove("/tmp/large");
}

/* ---- Names ------------------------------------------------------------------------------------- */

static void names(void)
{
    printf("%d", rename("/tmp/a", "/tmp/b"));
    printf(" %d %d", access("/tmp/a", F_OK), access("/tmp/b", R_OK | W_OK));
    printf(" %d", remove("/tmp/b"));
    printf(" %d %d\n", remove("/tmp/b"), errno == ENOENT);
    char folder[] = "/tmp/dXXXXXX", path[PATH_MAX], here[PATH_MAX];
    printf("%d", mkdtemp(folder) == folder && strcmp(folder + 6, "XXXXXX") != 0);
    printf(" %d", chdir(folder));
    printf(" %d", strcmp(getcwd(here, sizeof(here)), folder) == 0);
    printf(" %d %d", getcwd(here, 3) == NULL, errno == ERANGE);
    printf(" %d", mkdir("sub", 0750));
    struct stat status;
    printf(" %d %o", stat("sub", &status), status.st_mode);
    printf(" %d", symlink("sub", "link"));
    printf(" %s", realpath("link/../link/.", path) + strlen(folder));
    printf(" %d", lstat("link", &status) == 0 && S_ISLNK(status.st_mode));
    printf(" %d %d", rmdir("."), remove("link"));
    printf(" %d %d", remove("sub"), chdir("/"));
    printf(" %d\n", remove(folder));
    mode_t mask = umask(077);
    printf("%o", (unsigned int)umask(mask));
    char bad[] = "/tmp/nothing";
    printf(" %d %d\n", mkstemp(bad), errno == EINVAL);
}

static void descriptors(void)
{
    char name[] = "/tmp/fXXXXXX", bytes[16] = "";
    int fd = mkstemp(name), ends[2];
    struct stat status;
    printf("%d", (int)pwrite(fd, "hello", 5, 3));
    printf(" %d %d %s", (int)pread(fd, bytes, 9, 0), bytes[0], bytes + 3);
    printf(" %d", ftruncate(fd, 6));
    fstat(fd, &status);
    printf(" %d %o", (int)status.st_size, status.st_mode);
    printf(" %d %d", dup2(fd, 20), fchmod(20, 0644));
    printf(" %d", truncate(name, 0) | fsync(fd) | unlink(name));
    fstat(fd, &status);
    printf(" %d %d", (int)status.st_size, (int)status.st_nlink);
    printf(" %d %d\n", close(fd), close(20));
    printf("%d", pipe(ends));
    printf(" %d", (int)write(ends[1], "through", 7));
    printf(" %d %.7s", (int)read(ends[0], bytes, sizeof(bytes)), bytes);
    printf(" %d", close(ends[1]));
    printf(" %d\n", (int)read(ends[0], bytes, sizeof(bytes)));
    FILE *f = tmpfile();
    fputs("temporary\n", f);
    rewind(f);
    show(f);
    fclose(f);
}

/* ---- Reading folders --------------------------------------------------------------------------- */

static void make(const char *path)
{
    fclose(fopen(path, "w"));
}

static int is_no_dot(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void find(const char *pattern, int flags)
{
    glob_t all;
    int error = glob(pattern, flags, NULL, &all);
    printf("%s: %d", pattern, error);
    for (size_t i = 0; error == 0 && i < all.gl_pathc; i++) {
        printf(" %s", all.gl_pathv[i]);
    }
    puts("");
    if (error == 0) {
        globfree(&all);
    }
}

static void folders(void)
{
    struct dirent **all;
    mkdir("/tmp/g", 0777);
    mkdir("/tmp/g/sub", 0777);
    make("/tmp/g/a10.txt");
    make("/tmp/g/a9.txt");
    make("/tmp/g/.hidden");
    make("/tmp/g/sub/inner");
    find("/tmp/g/*", 0);
    find("/tmp/g/*", GLOB_MARK);
    find("/tmp/g/.h*", 0);
    find("/tmp/*/sub/[a-j]*", 0);
    find("/tmp/g/none*", 0);
    find("/tmp/g/none*", GLOB_NOCHECK);
    find("/tmp/g/a?.txt", GLOB_NOSORT);
    int n = scandir("/tmp/g", &all, is_no_dot, versionsort);
    for (int i = 0; i < n; i++) {
        printf("%s ", all[i]->d_name);
        free(all[i]);
    }
    free(all);
    n = scandir("/tmp/none", &all, NULL, alphasort);
    printf("%d %d\n", n, errno == ENOENT);
}

int main(void)
{
    streams();
    large();
    names();
    descriptors();
    folders();
    return 0;
}
