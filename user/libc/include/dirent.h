/* <dirent.h>: reading directories. DIR_OPEN_MAX streams are static; further ones come from malloc, in
 * programs that use it. */
#ifndef FL_DIRENT_H
#define FL_DIRENT_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DIR_OPEN_MAX 8

#define DT_UNKNOWN 0
#define DT_FIFO    1
#define DT_CHR     2
#define DT_DIR     4
#define DT_BLK     6
#define DT_REG     8
#define DT_LNK     10
#define DT_SOCK    12

/* The kernel's structure for getdents64, unchanged. */
struct dirent {
    ino_t d_ino;
    off_t d_off;
    unsigned short d_reclen;
    unsigned char d_type;
    char d_name[256];
};

typedef struct fl_dir DIR;

DIR *opendir(const char *path);
/* The stream owns fd from now on. */
DIR *fdopendir(int fd);
struct dirent *readdir(DIR *dir);
void rewinddir(DIR *dir);
/* A place is only good for the stream that told it. */
long telldir(DIR *dir);
void seekdir(DIR *dir, long place);
int closedir(DIR *dir);
int dirfd(DIR *dir);

/* Reads a whole directory into a block of blocks of malloc, those for which keep (or NULL) is not 0,
 * sorted by compare (or NULL). Returns how many there are, or -1. */
int scandir(const char *path, struct dirent ***entries, int (*keep)(const struct dirent *),
            int (*compare)(const struct dirent **, const struct dirent **));
int alphasort(const struct dirent **a, const struct dirent **b);
int versionsort(const struct dirent **a, const struct dirent **b);

#ifdef __cplusplus
}
#endif

#endif
