/*
 * The tree of names. See fs/tree/dentry.h for who holds what.
 */
#include "fs/tree/dentry.h"

#include <asm/errno.h>
#include <stddef.h>

#include "fs/tree/file_system.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/phys/kheap.h"

#define INDEX_BUCKETS 1024u
#define FIRST_COOKIE  2u

static struct dentry *name_index[INDEX_BUCKETS];

/* ---- The index ----------------------------------------------------------------------------------- */

/* FNV-1a over the name, begun with the directory's address, which stays as long as its children. */
static uint32_t hash_name(const struct dentry *dir, const char *name, uint32_t len)
{
    const uint32_t prime = 16777619u;
    uint32_t hash = (2166136261u ^ (uint32_t)((uintptr_t)dir >> 4)) * prime;

    for (uint32_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)name[i]) * prime;
    }
    return hash;
}

static struct dentry **bucket_of(uint32_t hash)
{
    return &name_index[(hash ^ hash >> 16) % INDEX_BUCKETS];
}

struct dentry *dentry_find(const struct dentry *dir, const char *name, uint32_t len)
{
    uint32_t hash = hash_name(dir, name, len);
    struct dentry *d = *bucket_of(hash);

    while (d != NULL && !(d->hash == hash && d->parent == dir && d->len == len &&
                          memcmp(d->name, name, len) == 0)) {
        d = d->index_next;
    }
    return d;
}

static void index_insert(struct dentry *d)
{
    struct dentry **bucket = bucket_of(d->hash);

    d->index_next = *bucket;
    *bucket = d;
}

static void index_remove(struct dentry *d)
{
    struct dentry **at = bucket_of(d->hash);

    while (*at != d) {
        at = &(*at)->index_next;
    }
    *at = d->index_next;
}

/* ---- Lives --------------------------------------------------------------------------------------- */

static void free_dentry(struct dentry *d)
{
    if (d->name != NULL) {
        kheap_free(d->name, d->len + 1u);
    }
    kheap_free(d, sizeof(*d));
}

int dentry_create(struct dentry *dir, const char *name, uint32_t len, struct inode *inode,
                  struct dentry **out)
{
    if (len > NAME_LEN_MAX) {
        return -ENAMETOOLONG;
    }
    struct dentry *d = kheap_zalloc(sizeof(*d));

    if (d == NULL) {
        return -ENOMEM;
    }
    d->len = (uint8_t)len;
    d->name = kheap_alloc(len + 1);
    if (d->name == NULL) {
        free_dentry(d);
        return -ENOMEM;
    }
    d->refs = 1;
    d->last_cookie = FIRST_COOKIE - 1;
    d->is_linked = dir == NULL;
    TAILQ_INIT(&d->children);
    memcpy(d->name, name, len);
    d->name[len] = '\0';
    if (dir != NULL) {
        dentry_ref(dir);
        d->parent = dir;
        d->hash = hash_name(dir, name, len);
    }
    inode_ref(inode);
    d->inode = inode;
    LIST_INSERT_HEAD(&inode->names, d, name_entry);
    *out = d;
    return 0;
}

void dentry_ref(struct dentry *dentry)
{
    debug_assert(dentry->refs > 0);
    dentry->refs++;
}

void dentry_unref(struct dentry *dentry)
{
    while (dentry != NULL) { /* a chain of removed directories goes without recursion */
        assert(dentry->refs > 0);
        if (--dentry->refs != 0) {
            return;
        }
        struct dentry *parent = dentry->parent;

        assert(TAILQ_EMPTY(&dentry->children) && dentry->mounted == NULL);
        LIST_REMOVE(dentry, name_entry);
        inode_unref(dentry->inode);
        free_dentry(dentry);
        dentry = parent;
    }
}

/* ---- Links --------------------------------------------------------------------------------------- */

static void enter(struct dentry *d)
{
    d->is_linked = true;
    d->cookie = ++d->parent->last_cookie;
    TAILQ_INSERT_TAIL(&d->parent->children, d, sibling);
    index_insert(d);
}

static void leave(struct dentry *d)
{
    index_remove(d);
    TAILQ_REMOVE(&d->parent->children, d, sibling);
    d->is_linked = false;
}

void dentry_link(struct dentry *dentry)
{
    debug_assert(dentry_find(dentry->parent, dentry->name, dentry->len) == NULL);
    dentry_ref(dentry);
    enter(dentry);
    dentry->inode->links++;
    if (dentry->inode->type == INODE_DIRECTORY) {
        dentry->inode->links++;         /* its "." */
        dentry->parent->inode->links++; /* its ".." */
    }
}

void dentry_unlink(struct dentry *dentry)
{
    leave(dentry);
    dentry->inode->links--;
    if (dentry->inode->type == INODE_DIRECTORY) {
        dentry->inode->links--;
        dentry->parent->inode->links--;
    }
    dentry_unref(dentry);
}

/* The two change names and parents, in no list meanwhile; each parent's ".." count follows. */
static void swap_places(struct dentry *a, struct dentry *b)
{
    struct dentry old = *a;

    a->parent = b->parent;
    a->name = b->name;
    a->len = b->len;
    a->hash = b->hash;
    b->parent = old.parent;
    b->name = old.name;
    b->len = old.len;
    b->hash = old.hash;
}

static void count_dot_dot(const struct dentry *d, int32_t change)
{
    if (d->inode->type == INODE_DIRECTORY) {
        d->parent->inode->links += (uint32_t)change;
    }
}

void dentry_move(struct dentry *dentry, struct dentry *as)
{
    leave(dentry);
    count_dot_dot(dentry, -1);
    swap_places(dentry, as);
    enter(dentry);
    count_dot_dot(dentry, 1);
    dentry_unref(as);
}

void dentry_exchange(struct dentry *a, struct dentry *b)
{
    leave(a);
    leave(b);
    count_dot_dot(a, -1);
    count_dot_dot(b, -1);
    swap_places(a, b);
    enter(a);
    enter(b);
    count_dot_dot(a, 1);
    count_dot_dot(b, 1);
}

/* ---- Up and down --------------------------------------------------------------------------------- */

struct dentry *dentry_top(struct dentry *dentry)
{
    while (dentry->mounted != NULL) {
        dentry = dentry->mounted;
    }
    return dentry;
}

/* The dentry in its file system, but for the root of one that is mounted: what that covers. */
static struct dentry *uncovered(struct dentry *d)
{
    while (d->parent == NULL && d->inode->fs->root == d && d->inode->fs->covered != NULL) {
        d = d->inode->fs->covered;
    }
    return d;
}

struct dentry *dentry_above(struct dentry *dentry)
{
    struct dentry *d = uncovered(dentry);

    return d->parent != NULL ? d->parent : d;
}

bool dentry_is_below(struct dentry *dentry, const struct dentry *ancestor)
{
    while (dentry != ancestor) {
        struct dentry *above = dentry_above(dentry);

        if (above == dentry) {
            return false;
        }
        dentry = above;
    }
    return true;
}

/* ---- Paths --------------------------------------------------------------------------------------- */

/* Writes "/name" for each component up to `root` so that it ends at buf + size - 1. Returns where
 * it begins, or NULL if it does not fit; *is_whole tells whether root was reached. */
static char *write_path(struct dentry *d, const struct dentry *root, char *buf, uint32_t size,
                        bool *is_whole)
{
    char *at = buf + size - 1;

    *at = '\0';
    while (d != root) {
        d = uncovered(d);
        if (d == root || d->parent == NULL) {
            break;
        }
        if ((uint32_t)(at - buf) < d->len + 1u) {
            *is_whole = false;
            return NULL;
        }
        at -= d->len;
        memcpy(at, d->name, d->len);
        *--at = '/';
        d = d->parent;
    }
    *is_whole = d == root || root == NULL;
    if (*at == '\0' && at > buf) {
        *--at = '/';
    }
    return at;
}

static bool is_removed(const struct dentry *d)
{
    return !d->is_linked;
}

uint32_t dentry_path(struct dentry *dentry, char *buf, uint32_t size)
{
    static const char mark[] = " (deleted)";
    const uint32_t mark_len = sizeof(mark) - 1;
    bool is_whole, has_mark = is_removed(dentry) && size > mark_len + 1;
    uint32_t room = has_mark ? size - mark_len : size;
    char *start = write_path(dentry, NULL, buf, room, &is_whole);

    if (start == NULL) {
        (void)strlcpy(buf, "...", size);
        return (uint32_t)strnlen(buf, size);
    }
    uint32_t len = (uint32_t)(buf + room - 1 - start);

    memmove(buf, start, len + 1);
    if (has_mark) {
        memcpy(buf + len, mark, sizeof(mark));
        len += mark_len;
    }
    return len;
}

int32_t dentry_path_below(struct dentry *dentry, struct dentry *root, char *buf, uint32_t size)
{
    bool is_whole;

    if (is_removed(dentry)) {
        return -ENOENT;
    }
    char *start = write_path(dentry, root, buf, size, &is_whole);

    if (start == NULL) {
        return -ERANGE;
    }
    if (!is_whole) {
        return -ENOENT;
    }
    uint32_t len = (uint32_t)(buf + size - 1 - start);

    memmove(buf, start, len + 1);
    return (int32_t)len;
}
