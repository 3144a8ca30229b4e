/* Paths that programs pass (user_path.h). */
#include "kernel/sys/file/user_path.h"

#include <asm/errno.h>
#include <linux/fcntl.h>

#include "kernel/proc/process.h"
#include "kernel/user/usercopy.h"

/* The directory that a relative path counts from; NULL: the working directory. */
static int find_base(struct process *self, int dir_fd, const char *text, struct dentry **base)
{
    *base = NULL;
    if (text[0] == '/' || dir_fd == AT_FDCWD) {
        return 0;
    }
    const struct file *file = fd_get(&self->fds, dir_fd);

    if (file == NULL) {
        return -EBADF;
    }
    if (file->inode->type != INODE_DIRECTORY) {
        return -ENOTDIR;
    }
    *base = file->dentry;
    return 0;
}

int user_path_begin(struct process *self, int dir_fd, uint32_t user, struct user_path *out)
{
    int err = path_from_user(user, &out->text);

    if (err != 0) {
        return err;
    }
    out->path.view = &self->view;
    out->path.text = out->text;
    err = find_base(self, dir_fd, out->text, &out->path.base);
    if (err != 0) {
        path_free(out->text);
    }
    return err;
}

void user_path_end(struct user_path *path)
{
    path_free(path->text);
}

int user_path_lookup(struct process *self, int dir_fd, uint32_t user, uint32_t at_flags,
                     struct dentry **out)
{
    struct user_path path;
    int err = user_path_begin(self, dir_fd, user, &path);

    if (err == 0) {
        err = fs_lookup(&path.path, (at_flags & AT_SYMLINK_NOFOLLOW) == 0, out);
        user_path_end(&path);
    }
    return err;
}

/* What dir_fd has open, or for AT_FDCWD the working directory. */
static int open_inode(struct process *self, int dir_fd, struct inode **out)
{
    const struct file *file = dir_fd == AT_FDCWD ? NULL : fd_get(&self->fds, dir_fd);

    if (file == NULL && dir_fd != AT_FDCWD) {
        return -EBADF;
    }
    *out = file != NULL ? file->inode : self->view.cwd->inode;
    inode_ref(*out);
    return 0;
}

int user_path_inode(struct process *self, int dir_fd, uint32_t user, uint32_t at_flags,
                    struct inode **out)
{
    char *text;
    int err = path_from_user(user, &text);

    if (err != 0) {
        return err;
    }
    if (text[0] == '\0' && (at_flags & AT_EMPTY_PATH) != 0) {
        path_free(text);
        return open_inode(self, dir_fd, out);
    }
    struct path path = {&self->view, NULL, text};
    struct dentry *dentry;

    err = find_base(self, dir_fd, text, &path.base);
    if (err == 0) {
        err = fs_lookup(&path, (at_flags & AT_SYMLINK_NOFOLLOW) == 0, &dentry);
    }
    path_free(text);
    if (err == 0) {
        *out = dentry->inode;
        inode_ref(*out);
        dentry_unref(dentry);
    }
    return err;
}
