/*
 * Walking paths. A symbolic link's target is walked before the rest of the path that it stands in; the
 * rest waits on a stack beside a reference on the link, whose text is being read.
 */
#include "fs/tree/path.h"

#include <asm/errno.h>
#include <stddef.h>

#include "fs/tree/file_system.h"
#include "lib/assert.h"
#include "lib/preempt.h"
#include "lib/string.h"

#define SYMLINKS_MAX 40u /* Linux's limit: the 41st is -ELOOP */

/* ---- Views --------------------------------------------------------------------------------------- */

void fs_view_init(struct fs_view *view)
{
    struct dentry *top = TAILQ_FIRST(&file_systems)->root;

    dentry_ref(top);
    dentry_ref(top);
    *view = (struct fs_view){.root = top, .cwd = top, .umask = 022};
}

void fs_view_copy(struct fs_view *to, const struct fs_view *from)
{
    *to = *from;
    dentry_ref(to->root);
    dentry_ref(to->cwd);
    credentials_ref(&to->who);
}

void fs_view_destroy(struct fs_view *view)
{
    dentry_unref(view->root);
    dentry_unref(view->cwd);
    credentials_unref(&view->who);
    view->root = view->cwd = NULL;
}

/* ---- Components ---------------------------------------------------------------------------------- */

const char *path_next(const char **path, uint32_t *len)
{
    const char *p = *path;

    while (*p == '/') {
        p++;
    }
    const char *start = p;

    while (*p != '\0' && *p != '/') {
        p++;
    }
    *len = (uint32_t)(p - start);
    *path = p;
    return start;
}

bool path_is_dot(const char *name, uint32_t len)
{
    return len == 1 && name[0] == '.';
}

bool path_is_dot_dot(const char *name, uint32_t len)
{
    return len == 2 && name[0] == '.' && name[1] == '.';
}

static bool has_components(const char *path)
{
    uint32_t len;

    path_next(&path, &len);
    return len > 0;
}

/* ---- A walk -------------------------------------------------------------------------------------- */

struct waiting {
    const char *path;   /* what is left on that level */
    struct inode *link; /* whose text is walked above it; with a reference */
};

struct walk {
    const struct fs_view *view;
    struct dentry *at; /* with a reference */
    const char *path;  /* what is left on this level */
    struct waiting waiting[SYMLINKS_MAX];
    uint32_t depth;
    uint32_t links; /* followed so far */
};

static void move_to(struct walk *w, struct dentry *to)
{
    dentry_ref(to);
    dentry_unref(w->at);
    w->at = to;
}

static int begin(struct walk *w, const struct path *path)
{
    if (path->text[0] == '\0') {
        return -ENOENT;
    }
    if (strnlen(path->text, PATH_LEN_MAX) == PATH_LEN_MAX) {
        return -ENAMETOOLONG;
    }
    w->view = path->view;
    w->path = path->text;
    w->depth = w->links = 0;
    if (path->text[0] == '/') {
        w->at = path->view->root;
    } else {
        w->at = path->base != NULL ? path->base : path->view->cwd;
    }
    dentry_ref(w->at);
    return 0;
}

static void end(struct walk *w)
{
    while (w->depth > 0) {
        inode_unref(w->waiting[--w->depth].link);
    }
    dentry_unref(w->at);
}

/* Nothing but slashes is left, on this level and on those that wait. */
static bool is_last(const struct walk *w)
{
    for (uint32_t i = 0; i < w->depth; i++) {
        if (has_components(w->waiting[i].path)) {
            return false;
        }
    }
    return !has_components(w->path);
}

/* A slash behind the last component asks for a directory. */
static bool has_slash_behind(const struct walk *w)
{
    bool has_slash = w->path[0] != '\0';

    for (uint32_t i = 0; i < w->depth; i++) {
        has_slash = has_slash || w->waiting[i].path[0] != '\0';
    }
    return has_slash;
}

static int follow(struct walk *w, struct inode *link)
{
    if (++w->links > SYMLINKS_MAX) {
        return -ELOOP;
    }
    inode_ref(link);
    w->waiting[w->depth++] = (struct waiting){w->path, link};
    w->path = inode_link_target(link);
    if (w->path[0] == '/') {
        move_to(w, w->view->root);
    }
    return 0;
}

/* The next component, from the innermost level that has one; length 0 at the end of the path. */
static const char *next_component(struct walk *w, uint32_t *len)
{
    const char *name = path_next(&w->path, len);

    while (*len == 0 && w->depth > 0) {
        struct waiting *outer = &w->waiting[--w->depth];

        inode_unref(outer->link);
        w->path = outer->path;
        name = path_next(&w->path, len);
    }
    return name;
}

int fs_find_entry(struct dentry *dir, const char *name, uint32_t len, struct dentry **out)
{
    const struct file_system_type *type = dir->inode->fs->type;
    struct dentry *child = dentry_find(dir, name, len);

    if (child != NULL) {
        dentry_ref(child);
        *out = child;
        return 0;
    }
    return type->lookup != NULL ? type->lookup(dir, name, len, out) : -ENOENT;
}

static int check_directory(const struct walk *w, uint32_t len)
{
    if (w->at->inode->type != INODE_DIRECTORY) {
        return -ENOTDIR;
    }
    if (len > NAME_LEN_MAX) {
        return -ENAMETOOLONG;
    }
    return inode_permission(w->at->inode, &w->view->who, MAY_EXECUTE);
}

static void step_up(struct walk *w)
{
    if (w->at != w->view->root) {
        move_to(w, dentry_top(dentry_above(w->at)));
    }
}

/* Enters one component. A symbolic link is followed if `follows`. */
static int step(struct walk *w, const char *name, uint32_t len, bool follows)
{
    struct dentry *child;
    int err = check_directory(w, len);

    if (err != 0 || path_is_dot(name, len)) {
        return err;
    }
    if (path_is_dot_dot(name, len)) {
        step_up(w);
        return 0;
    }
    err = fs_find_entry(w->at, name, len, &child);
    if (err != 0) {
        return err;
    }
    if (child->inode->type == INODE_SYMLINK && follows) {
        err = follow(w, child->inode);
    } else {
        move_to(w, dentry_top(child));
    }
    dentry_unref(child);
    return err;
}

int fs_lookup(const struct path *path, bool follow_last, struct dentry **out)
{
    struct walk w;
    uint32_t len, steps = 0;
    bool has_slash = false;
    int err = begin(&w, path);

    if (err != 0) {
        return err;
    }
    for (;;) {
        const char *name = next_component(&w, &len);

        if (len == 0) {
            break;
        }
        bool is_end = is_last(&w);

        has_slash = is_end && has_slash_behind(&w);
        err = step(&w, name, len, !is_end || follow_last || has_slash);
        if (err == 0 && preempt_step(&steps)) {
            err = -EINTR;
        }
        if (err != 0) {
            break;
        }
    }
    if (err == 0 && has_slash && w.at->inode->type != INODE_DIRECTORY) {
        err = -ENOTDIR;
    }
    if (err == 0) {
        *out = w.at;
        dentry_ref(w.at);
    }
    end(&w);
    return err;
}

/* ---- The last name ------------------------------------------------------------------------------- */

/* True if the last component, name[0..len), is a symbolic link to go on with. */
static bool is_link_to_follow(struct walk *w, const char *name, uint32_t len, int *err)
{
    struct dentry *child;

    if (path_is_dot(name, len) || path_is_dot_dot(name, len) ||
        fs_find_entry(w->at, name, len, &child) != 0) {
        return false;
    }
    bool is_link = child->inode->type == INODE_SYMLINK;

    if (is_link) {
        *err = follow(w, child->inode);
    }
    dentry_unref(child);
    return is_link;
}

static int walk_to_last(struct walk *w, bool follows, struct last_name *out)
{
    uint32_t len, steps = 0;
    int err = 0;

    for (;;) {
        const char *name = next_component(w, &len);

        if (len == 0) {
            out->len = 0;
            return 0;
        }
        if (!is_last(w)) {
            err = step(w, name, len, true);
        } else {
            err = check_directory(w, len);
            if (err == 0 && !(follows && is_link_to_follow(w, name, len, &err))) {
                memcpy(out->name, name, len);
                out->name[len] = '\0';
                out->len = len;
                out->has_slash = has_slash_behind(w);
                return 0;
            }
        }
        if (err == 0 && preempt_step(&steps)) {
            err = -EINTR;
        }
        if (err != 0) {
            return err;
        }
    }
}

static int lookup_last(const struct path *path, bool follows, struct last_name *out)
{
    struct walk w;
    int err = begin(&w, path);

    if (err != 0) {
        return err;
    }
    *out = (struct last_name){.dir = NULL};
    err = walk_to_last(&w, follows, out);
    if (err == 0) {
        out->dir = w.at;
        dentry_ref(w.at);
    }
    end(&w);
    return err;
}

int fs_lookup_parent(const struct path *path, struct last_name *out)
{
    return lookup_last(path, false, out);
}

int fs_lookup_creation(const struct path *path, struct last_name *out)
{
    return lookup_last(path, true, out);
}
