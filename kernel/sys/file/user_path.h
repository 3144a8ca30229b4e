/* Paths that programs pass: copied into the kernel, with the directory that they count from. */
#ifndef KERNEL_SYS_FILE_USER_PATH_H
#define KERNEL_SYS_FILE_USER_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/file.h"
#include "fs/tree/path.h"
#include "lib/compiler.h"

struct process;

/* A path in the kernel. user_path_end frees it. */
struct user_path {
    struct path path;
    char *text;
};

/* Copies the path at a user address; it counts from the directory that dir_fd has open (AT_FDCWD: the
 * working directory). 0; -EFAULT, -ENAMETOOLONG, -ENOMEM, -EBADF, -ENOTDIR. */
must_check int user_path_begin(struct process *self, int dir_fd, uint32_t user,
                               struct user_path *out);
void user_path_end(struct user_path *path);

/* The dentry of a user's path. at_flags: AT_SYMLINK_NOFOLLOW. 0 and *out with a reference. */
must_check int user_path_lookup(struct process *self, int dir_fd, uint32_t user, uint32_t at_flags,
                                struct dentry **out);
/* The inode of a user's path; with AT_EMPTY_PATH an empty one means what dir_fd has open. 0 and *out
 * with a reference. */
must_check int user_path_inode(struct process *self, int dir_fd, uint32_t user, uint32_t at_flags,
                               struct inode **out);

#endif
