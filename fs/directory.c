/* Reading directories: getdents64. */
#include <asm/errno.h>
#include <stddef.h>

#include "fs/file.h"
#include "fs/tree/dentry.h"
#include "fs/tree/file_system.h"
#include "lib/minmax.h"
#include "lib/preempt.h"
#include "lib/string.h"
#include "mm/phys/kheap.h"

/* Linux's linux_dirent64, which is not among the UAPI headers. */
struct dirent64_head {
    uint64_t ino;
    uint64_t next; /* position of the entry behind this one */
    uint16_t bytes;
    uint8_t type;
} __attribute__((packed));

#define DIRENT_ALIGN    8u
#define DOT_ENTRIES     2u /* "." and ".." come first */
#define MODE_TYPE_SHIFT 12 /* d_type is the type nibble of st_mode */

struct dirent64_buffer {
    struct dirent64_head head;
    char name[NAME_LEN_MAX + 1];
    char pad[DIRENT_ALIGN];
} __attribute__((packed));

/* The child at a position or the first behind it; NULL behind the last. */
static struct dentry *child_from(const struct dentry *dir, uint64_t pos)
{
    struct dentry *child = TAILQ_FIRST(&dir->children);

    while (child != NULL && child->cookie < pos) {
        child = TAILQ_NEXT(child, sibling);
    }
    return child;
}

static void describe_entry(struct directory_entry *out, const char *name, const struct inode *inode,
                           uint64_t next)
{
    (void)strlcpy(out->name, name, sizeof(out->name));
    out->number = inode->number;
    out->mode = inode->mode;
    out->next = next;
}

/* A reader's place: `child` saves walking the list from its start for each entry. */
struct cursor {
    struct dentry *dir;
    uint64_t pos;
    struct dentry *child;
    uint64_t child_cookie;
};

/* The entry at the cursor or behind it. 1, or 0 at the end. */
static int next_entry(struct cursor *c, struct directory_entry *out)
{
    const struct file_system_type *type = c->dir->inode->fs->type;

    if (c->pos == 0) {
        describe_entry(out, ".", c->dir->inode, 1);
        return 1;
    }
    if (c->pos == 1) {
        describe_entry(out, "..", dentry_above(c->dir)->inode, DOT_ENTRIES);
        return 1;
    }
    if (type->list != NULL) {
        return type->list(c->dir, c->pos, out);
    }
    c->child = c->child == NULL ? child_from(c->dir, c->pos) : TAILQ_NEXT(c->child, sibling);
    if (c->child == NULL) {
        return 0;
    }
    c->child_cookie = c->child->cookie;
    describe_entry(out, c->child->name, c->child->inode, c->child->cookie + 1);
    return 1;
}

static uint32_t make_dirent(struct dirent64_buffer *out, const struct directory_entry *entry)
{
    uint32_t used = (uint32_t)(sizeof(out->head) + strlen(entry->name) + 1);
    uint32_t bytes = (used + DIRENT_ALIGN - 1) & ~(DIRENT_ALIGN - 1);

    memset(out, 0, bytes);
    out->head = (struct dirent64_head){
        .ino = entry->number,
        .next = entry->next,
        .bytes = (uint16_t)bytes,
        .type = (uint8_t)(entry->mode >> MODE_TYPE_SHIFT),
    };
    (void)strlcpy(out->name, entry->name, sizeof(out->name));
    return bytes;
}

/* What one call needs besides its arguments: too large for the kernel stack. */
struct listing {
    struct directory_entry entry;
    struct dirent64_buffer record;
};

/* Copies a record out. That may sleep: the child may be gone or elsewhere afterwards, and then the
 * next one is looked for from the start of the list. */
static bool put_record(struct cursor *c, struct io_buffer *io, const void *record, uint32_t bytes)
{
    struct dentry *child = c->child;

    if (child != NULL) {
        dentry_ref(child);
    }
    bool is_put = io->put(io, record, bytes) == bytes;

    if (child != NULL &&
        !(child->is_linked && child->parent == c->dir && child->cookie == c->child_cookie)) {
        c->child = NULL;
    }
    dentry_unref(child);
    return is_put;
}

static int32_t list_into(struct file *file, struct io_buffer *io, uint32_t len, struct listing *l)
{
    struct cursor cursor = {.dir = file->dentry, .pos = file->pos};
    uint32_t done = 0;
    int32_t answer;

    while ((answer = next_entry(&cursor, &l->entry)) > 0) {
        uint32_t bytes = make_dirent(&l->record, &l->entry);

        if (bytes > len - done) {
            answer = -EINVAL;
            break;
        }
        if (!put_record(&cursor, io, &l->record, bytes)) {
            answer = -EFAULT;
            break;
        }
        done += bytes;
        cursor.pos = l->entry.next;
    }
    file->pos = cursor.pos;
    return done > 0 ? (int32_t)done : answer;
}

int32_t file_getdents64(struct file *file, struct io_buffer *io, uint32_t len)
{
    if (file->inode->type != INODE_DIRECTORY || file->ops == &path_ops) {
        return file->ops == &path_ops ? -EBADF : -ENOTDIR;
    }
    if (!file->dentry->is_linked) {
        return -ENOENT; /* removed */
    }
    struct listing *l = kheap_alloc(sizeof(*l));

    if (l == NULL) {
        return -ENOMEM;
    }
    int32_t answer = list_into(file, io, min_u32(len, FILE_IO_MAX), l);

    kheap_free(l, sizeof(*l));
    return answer;
}
