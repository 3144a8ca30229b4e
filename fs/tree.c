/*
 * The tree of names. It has one inode per name, all in memory. The initrd fills it, and devices are
 * added to it. The children of a directory are a list in the order in which they were added, which
 * getdents shows. One hash index has every (directory, name), so that finding one of 100 000 names
 * in a directory costs no more than one of ten.
 *
 * The only working directory is "/", so a path without a leading slash starts at the root too.
 */
#include <asm/errno.h>

#include "fs/file.h"
#include "fs/mode.h"
#include "fs/node.h"
#include "lib/assert.h"
#include "lib/preempt.h"
#include "lib/string.h"
#include "mm/phys/kheap.h"

#define INDEX_BUCKETS 1024u
#define SYMLINKS_MAX  40u /* Linux's limit: the 41st fails with -ELOOP */

static struct node *root;
static struct node *name_index[INDEX_BUCKETS];
static uint32_t last_number;

/* ---- Inodes as sources ----------------------------------------------------------------------- */

/* The bytes of an initrd file lie in memory; other inodes have size 0, so nobody reads them. */
static int node_read(struct vm_source *src, uint64_t offset, void *dst, uint32_t len)
{
    const struct inode *inode = inode_of_source(src);
    if (inode->type != INODE_FILE) {
        return -EIO;
    }
    memcpy(dst, (const uint8_t *)inode->data + offset, len);
    return 0;
}

static void node_ref(struct vm_source *src)
{
    inode_ref(inode_of_source(src));
}

static void node_unref(struct vm_source *src)
{
    inode_unref(inode_of_source(src));
}

static const char *node_name(struct vm_source *src)
{
    return node_of(inode_of_source(src))->path;
}

static const struct vm_source_ops node_source_ops = {
    .read = node_read,
    .ref = node_ref,
    .unref = node_unref,
    .name = node_name,
};

void inode_ref(struct inode *inode)
{
    inode->refs++;
}

/* The tree holds a reference on each of its inodes, and none ever leaves it. */
void inode_unref(struct inode *inode)
{
    assert(inode->refs > 1);
    inode->refs--;
}

/* ---- Nodes ----------------------------------------------------------------------------------- */

/* FNV-1a over the name, begun with the directory's number. */
static uint32_t hash_name(const struct node *dir, const char *name, uint32_t len)
{
    const uint32_t prime = 16777619u;
    uint32_t hash = (2166136261u ^ dir->inode.number) * prime;
    for (uint32_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)name[i]) * prime;
    }
    return hash;
}

struct node *node_find(struct node *dir, const char *name, uint32_t len)
{
    uint32_t hash = hash_name(dir, name, len);
    struct node *n = name_index[hash % INDEX_BUCKETS];
    while (n != NULL && !(n->hash == hash && n->inode.parent == &dir->inode &&
                          strlen(n->inode.name) == len && memcmp(n->inode.name, name, len) == 0)) {
        n = n->index_next;
    }
    return n;
}

static uint32_t type_bits(enum inode_type type)
{
    switch (type) {
    case INODE_DIRECTORY:
        return S_IFDIR;
    case INODE_DEVICE:
        return S_IFCHR;
    case INODE_SYMLINK:
        return S_IFLNK;
    case INODE_FILE:
    default:
        return S_IFREG;
    }
}

/* Makes a node with path = parent's path + '/' + name, which is in no list yet. */
static int node_create(const struct node *dir, const char *name, uint32_t len, struct node **out)
{
    uint32_t prefix = dir != NULL ? dir->path_len + 1 : 0;
    if (len > NODE_NAME_MAX || prefix + len >= NODE_PATH_MAX) {
        return -ENAMETOOLONG;
    }
    struct node *n = kheap_zalloc(sizeof(*n) + prefix + len + 1);
    if (n == NULL) {
        return -ENOMEM;
    }
    if (dir != NULL) {
        memcpy(n->path, dir->path, dir->path_len);
        n->path[dir->path_len] = '/';
    }
    memcpy(n->path + prefix, name, len);
    n->path_len = prefix + len;
    n->inode.name = n->path + prefix;
    n->inode.source.ops = &node_source_ops;
    n->inode.refs = 1;
    n->inode.number = ++last_number;
    *out = n;
    return 0;
}

static void link_child(struct node *dir, struct node *n)
{
    n->inode.parent = &dir->inode;
    if (dir->last_child == NULL) {
        dir->inode.children = &n->inode;
    } else {
        dir->last_child->next_sibling = &n->inode;
    }
    dir->last_child = &n->inode;

    n->hash = hash_name(dir, n->inode.name, n->path_len - dir->path_len - 1);
    n->index_next = name_index[n->hash % INDEX_BUCKETS];
    name_index[n->hash % INDEX_BUCKETS] = n;
}

int node_add(struct node *dir, const char *name, uint32_t len, enum inode_type type,
             uint32_t permissions, struct node **out)
{
    debug_assert(node_find(dir, name, len) == NULL);
    struct node *n;
    int err = node_create(dir, name, len, &n);
    if (err != 0) {
        return err;
    }
    n->inode.type = type;
    n->inode.ops = type == INODE_DIRECTORY ? &directory_ops : &no_ops;
    n->inode.mode = type_bits(type) | permissions;
    link_child(dir, n);
    *out = n;
    return 0;
}

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

static bool is_dot(const char *name, uint32_t len)
{
    return len == 1 && name[0] == '.';
}

static bool is_dot_dot(const char *name, uint32_t len)
{
    return len == 2 && name[0] == '.' && name[1] == '.';
}

/* Enters a child directory, and makes it if it is missing. */
static int enter_or_make(struct node **dir, const char *name, uint32_t len)
{
    struct node *child = node_find(*dir, name, len);
    if (child == NULL) {
        int err = node_add(*dir, name, len, INODE_DIRECTORY, 0755, &child);
        if (err != 0) {
            return err;
        }
    }
    if (child->inode.type != INODE_DIRECTORY) {
        return -ENOTDIR;
    }
    *dir = child;
    return 0;
}

int node_make_parents(const char *path, struct node **parent, const char **name, uint32_t *name_len)
{
    struct node *dir = root;
    const char *pending = path;
    uint32_t pending_len = 0; /* the component seen last, not entered yet */
    for (;;) {
        uint32_t len;
        const char *next = path_next(&path, &len);
        if (len == 0) {
            break;
        }
        if (is_dot(next, len)) {
            continue;
        }
        if (is_dot_dot(next, len)) {
            return -EINVAL;
        }
        if (len > NODE_NAME_MAX) {
            return -ENAMETOOLONG;
        }
        int err = pending_len > 0 ? enter_or_make(&dir, pending, pending_len) : 0;
        if (err != 0) {
            return err;
        }
        pending = next;
        pending_len = len;
    }
    *parent = dir;
    *name = pending;
    *name_len = pending_len;
    return 0;
}

/* ---- Set-up ---------------------------------------------------------------------------------- */

int fs_init(void)
{
    int err = node_create(NULL, "", 0, &root);
    if (err != 0) {
        return err;
    }
    root->inode.type = INODE_DIRECTORY;
    root->inode.ops = &directory_ops;
    root->inode.mode = S_IFDIR | 0755;
    return 0;
}

int fs_add_device(const char *path, uint32_t mode, uint32_t device, const struct file_ops *ops,
                  void *data)
{
    struct node *parent, *n;
    const char *name;
    uint32_t len;
    file_ops_check(ops);
    int err = node_make_parents(path, &parent, &name, &len);
    if (err != 0) {
        return err;
    }
    if (len == 0 || node_find(parent, name, len) != NULL) {
        return -EEXIST;
    }
    err = node_add(parent, name, len, INODE_DEVICE, mode & ~(uint32_t)S_IFMT, &n);
    if (err != 0) {
        return err;
    }
    n->inode.device = device;
    n->inode.ops = ops;
    n->inode.data = data;
    return 0;
}

/* ---- Lookup ---------------------------------------------------------------------------------- */

/*
 * A walk in progress. The target of a symbolic link is walked before the rest of the path, which
 * waits on a stack. Targets live as long as the tree, so pointers to them are enough.
 */
struct walk {
    struct inode *at;
    const char *path; /* what is left on this level */
    const char *waiting[SYMLINKS_MAX];
    uint32_t depth;
    uint32_t links; /* followed so far */
};

static bool has_components(const char *path)
{
    uint32_t len;
    path_next(&path, &len);
    return len > 0;
}

/* Returns true if nothing is left to walk, on this level and on those that wait. A trailing slash
 * counts, because it demands a directory. */
static bool is_last(const struct walk *w)
{
    if (w->path[0] != '\0') {
        return false;
    }
    for (uint32_t i = 0; i < w->depth; i++) {
        if (w->waiting[i][0] != '\0') {
            return false;
        }
    }
    return true;
}

static int follow(struct walk *w, const struct inode *link)
{
    if (++w->links > SYMLINKS_MAX) {
        return -ELOOP;
    }
    const char *target = inode_link_target(link);
    w->waiting[w->depth++] = w->path;
    w->path = target;
    if (target[0] == '/') {
        w->at = &root->inode;
    }
    return 0;
}

/* Walks one component, name[0..len), in the directory w->at. */
static int step(struct walk *w, const char *name, uint32_t len, bool follow_last)
{
    if (w->at->type != INODE_DIRECTORY) {
        return -ENOTDIR;
    }
    if (len > NODE_NAME_MAX) {
        return -ENAMETOOLONG;
    }
    if (is_dot(name, len)) {
        return 0;
    }
    if (is_dot_dot(name, len)) {
        w->at = w->at->parent != NULL ? w->at->parent : w->at;
        return 0;
    }
    struct node *child = node_find(node_of(w->at), name, len);
    if (child == NULL) {
        return -ENOENT;
    }
    if (child->inode.type == INODE_SYMLINK && (follow_last || !is_last(w))) {
        return follow(w, &child->inode);
    }
    w->at = &child->inode;
    return 0;
}

static int walk_all(struct walk *w, bool follow_last)
{
    uint32_t steps = 0;
    for (;;) {
        while (!has_components(w->path)) {
            if (w->path[0] == '/' && w->at->type != INODE_DIRECTORY) {
                return -ENOTDIR;
            }
            if (w->depth == 0) {
                return 0;
            }
            w->path = w->waiting[--w->depth];
        }
        uint32_t len;
        const char *name = path_next(&w->path, &len);
        int err = step(w, name, len, follow_last);
        if (err == 0 && preempt_step(&steps)) {
            err = -EINTR;
        }
        if (err != 0) {
            return err;
        }
    }
}

int fs_lookup_at(struct inode *dir, const char *path, bool follow_last, struct inode **out)
{
    if (path[0] == '\0') {
        return -ENOENT;
    }
    if (strnlen(path, NODE_PATH_MAX) == NODE_PATH_MAX) {
        return -ENAMETOOLONG;
    }
    struct walk w = {.at = path[0] == '/' ? &root->inode : dir, .path = path};
    int err = walk_all(&w, follow_last);
    if (err != 0) {
        return err;
    }
    inode_ref(w.at);
    *out = w.at;
    return 0;
}

int fs_lookup(const char *path, bool follow_last, struct inode **out)
{
    return fs_lookup_at(&root->inode, path, follow_last, out);
}

const char *inode_link_target(const struct inode *inode)
{
    return inode->data;
}

uint32_t inode_path(const struct inode *inode, char *buf, uint32_t size)
{
    const struct node *n = (const struct node *)(const void *)inode;
    return (uint32_t)strlcpy(buf, n->path_len > 0 ? n->path : "/", size);
}
