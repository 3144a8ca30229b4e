/* Streams and descriptors on files that are always there: this program itself. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tap.h"

static const char *self; /* path of this program */

static void test_descriptors(void)
{
    char bytes[8];
    struct stat st;
    int fd = open(self, O_RDONLY);
    ok(fd > 2, "open");
    is(read(fd, bytes, 4), 4, "read");
    is(memcmp(bytes, "\177ELF", 4), 0, "open of an ELF file reads its magic");
    is(lseek(fd, 1, SEEK_SET), 1, "lseek");
    is(read(fd, bytes, 3), 3, "read after lseek returns the same bytes");
    is(memcmp(bytes, "ELF", 3), 0, "lseek moves from the current position");
    is(fstat(fd, &st), 0, "fstat");
    ok(S_ISREG(st.st_mode), "fstat reports a regular file");
    is(lseek(fd, 0, SEEK_END), st.st_size, "fstat reports the size");
    is(read(fd, bytes, 1), 0, "read at the end returns 0");
    is(lseek(fd, -1, SEEK_SET), -1, "lseek before the start fails");
    is(errno, EINVAL, "lseek before the start sets EINVAL");
    is(close(fd), 0, "close");
    is(close(fd), -1, "a second close fails");
    is(errno, EBADF, "a second close sets EBADF");
    is(open("/no/such/file", O_RDONLY), -1, "open of a missing file fails");
    is(errno, ENOENT, "open of a missing file sets ENOENT");
    is(stat(self, &st), 0, "stat");
    is(access(self, R_OK), 0, "access");
}

static void test_vectors(void)
{
    char a[2], b[2];
    struct iovec pieces[] = {{a, 2}, {b, 2}};
    int fd = open(self, O_RDONLY);
    is(readv(fd, pieces, 2), 4, "readv");
    ok(memcmp(a, "\177E", 2) == 0 && memcmp(b, "LF", 2) == 0, "readv fills its pieces in order");
    close(fd);
}

static void test_streams(void)
{
    char bytes[3000], again[3000];
    FILE *f = fopen(self, "r");
    if (!ok(f != NULL, "fopen")) {
        return;
    }
    is(fgetc(f), 0177, "fgetc");
    is(ungetc('x', f), 'x', "ungetc");
    is(fgetc(f), 'x', "ungetc's byte comes back");
    is(fread(bytes, 1, 3, f), 3, "fread");
    is(memcmp(bytes, "ELF", 3), 0, "fread goes on behind an ungetc");
    is(ftell(f), 4, "ftell");
    rewind(f);
    is(fread(bytes, 1, sizeof(bytes), f), sizeof(bytes), "fread of more than the buffer");
    is(fseek(f, 0, SEEK_SET), 0, "fseek");
    bool is_same = true;
    for (size_t i = 0; i < sizeof(again); i++) {
        int c = fgetc(f);
        again[i] = (char)c;
        is_same = is_same && c != EOF;
    }
    ok(is_same && memcmp(bytes, again, sizeof(bytes)) == 0, "fgetc reads the same bytes as fread");
    fseek(f, 0, SEEK_END);
    is(fgetc(f), EOF, "fgetc at the end returns EOF");
    ok(feof(f) && !ferror(f), "the end of a file sets feof and not ferror");
    is(fputc('x', f), EOF, "fputc to a read-only stream fails");
    ok(ferror(f), "fputc to a read-only stream sets ferror");
    is(fclose(f), 0, "fclose");
    ok(fopen(self, "q") == NULL && errno == EINVAL, "fopen of a wrong mode");
    ok(fopen("/no/such/file", "r") == NULL && errno == ENOENT, "fopen of a missing file");
}

static void test_many_streams(void)
{
    FILE *streams[FOPEN_MAX];
    int count = 0;
    while (count < FOPEN_MAX && (streams[count] = fopen(self, "r")) != NULL) {
        count++;
    }
    is(count, FOPEN_MAX - 3, "fopen opens as many streams as FOPEN_MAX promises");
    is(errno, EMFILE, "fopen of one stream more sets EMFILE");
    int readable = 0;
    while (count > 0) {
        readable += fgetc(streams[--count]) == 0177;
        fclose(streams[count]);
    }
    is(readable, FOPEN_MAX - 3, "all open streams work");
}

static void test_directory(void)
{
    char folder[256];
    strlcpy(folder, self, sizeof(folder));
    char *slash = strrchr(folder, '/');
    const char *name = slash + 1;
    DIR *dir;
    if (slash == folder) {
        dir = opendir("/");
    } else {
        *slash = '\0';
        dir = opendir(folder);
    }
    if (!ok(dir != NULL, "opendir")) {
        return;
    }
    int found = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        found += strcmp(entry->d_name, name) == 0;
    }
    is(found, 1, "readdir lists this program once");
    is(closedir(dir), 0, "closedir");
    ok(opendir(self) == NULL && errno == ENOTDIR, "opendir of a file fails");
}

int main(int argc, char **argv)
{
    if (argc < 1 || strchr(argv[0], '/') == NULL) {
        return EXIT_FAILURE;
    }
    self = argv[0];
    test_descriptors();
    test_vectors();
    test_streams();
    test_many_streams();
    test_directory();
    return done_testing();
}
