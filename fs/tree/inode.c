/*
 * Inodes: their lives, permissions and times. Content is the page cache's business (files) or a
 * string's (symbolic links).
 */
#include "fs/tree/inode.h"

#include <asm/errno.h>
#include <stddef.h>

#include "fs/tree/dentry.h"
#include "fs/tree/file_system.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/phys/kheap.h"

#define ANY_EXECUTE 0111u

/* ---- As sources of pages ------------------------------------------------------------------------- */

static int source_read(struct vm_source *src, uint64_t offset, void *dst, uint32_t len)
{
    const struct inode *inode = inode_of_source(src);

    if (inode->type != INODE_FILE || inode->data == NULL) {
        return -EIO;
    }
    memcpy(dst, (const uint8_t *)inode->data + offset, len);
    return 0;
}

static void source_ref(struct vm_source *src)
{
    inode_ref(inode_of_source(src));
}

static void source_unref(struct vm_source *src)
{
    inode_unref(inode_of_source(src));
}

#define LISTED_NAME_MAX 256u

static const char *source_name(struct vm_source *src)
{
    static char name[LISTED_NAME_MAX];
    struct dentry *dentry = inode_name(inode_of_source(src));

    if (dentry == NULL) {
        return "(deleted)";
    }
    (void)dentry_path(dentry, name, sizeof(name));
    return name;
}

static const struct vm_source_ops source_ops = {
    .read = source_read,
    .ref = source_ref,
    .unref = source_unref,
    .name = source_name,
};

/* ---- Lives --------------------------------------------------------------------------------------- */

uint32_t inode_type_bits(enum inode_type type)
{
    static const uint32_t bits[] = {
        [INODE_FILE] = S_IFREG,    [INODE_DIRECTORY] = S_IFDIR, [INODE_DEVICE] = S_IFCHR,
        [INODE_SYMLINK] = S_IFLNK, [INODE_FIFO] = S_IFIFO,
    };

    return bits[type];
}

static int copy_target(struct inode *inode, const char *target)
{
    uint32_t len = (uint32_t)strlen(target);
    char *copy = kheap_alloc(len + 1);

    if (copy == NULL) {
        return -ENOMEM;
    }
    memcpy(copy, target, len + 1);
    inode->data = copy;
    inode->source.size = len;
    return 0;
}

int inode_create(struct file_system *fs, const struct inode_spec *spec, struct inode **out)
{
    struct inode *inode = kheap_alloc(sizeof(*inode));

    if (inode == NULL) {
        return -ENOMEM;
    }
    *inode = (struct inode){
        .source.ops = &source_ops,
        .source.quota = &fs->content,
        .refs = 1,
        .number = ++fs->last_number,
        .mode = inode_type_bits(spec->type) | spec->mode,
        .uid = spec->uid,
        .gid = spec->gid,
        .device = spec->device,
        .type = spec->type,
        .fs = fs,
    };
    inode->atime = inode->mtime = inode->ctime = inode_now();
    if (spec->type == INODE_SYMLINK && copy_target(inode, spec->target) != 0) {
        kheap_free(inode, sizeof(*inode));
        return -ENOMEM;
    }
    fs->inodes++;
    *out = inode;
    return 0;
}

void inode_ref(struct inode *inode)
{
    debug_assert(inode->refs > 0);
    inode->refs++;
}

void inode_unref(struct inode *inode)
{
    if (inode == NULL) {
        return;
    }
    assert(inode->refs > 0);
    if (--inode->refs != 0) {
        return;
    }
    assert(LIST_EMPTY(&inode->names) && inode->pipe == NULL);
    if (inode->type == INODE_SYMLINK) {
        kheap_free(inode->data, (uint32_t)inode->source.size + 1);
    } else if (inode->type == INODE_FILE) {
        (void)vm_source_discard(&inode->source);
    }
    struct file_system *fs = inode->fs;

    kheap_free(inode, sizeof(*inode));
    if (--fs->inodes == 0 && fs->root == NULL) {
        kheap_free(fs, sizeof(*fs));
    }
}

struct dentry *inode_name(const struct inode *inode)
{
    struct dentry *dentry;

    LIST_FOREACH (dentry, &inode->names, name_entry) {
        if (dentry->is_linked) {
            return dentry;
        }
    }
    return LIST_FIRST(&inode->names);
}

const char *inode_link_target(const struct inode *inode)
{
    return inode->data;
}

/* ---- Permissions --------------------------------------------------------------------------------- */

bool credentials_in_group(const struct credentials *who, uint32_t gid)
{
    uint32_t count = who->groups != NULL ? who->groups->count : 0;

    for (uint32_t i = 0; i < count; i++) {
        if (who->groups->gid[i] == gid) {
            return true;
        }
    }
    return who->egid == gid;
}

static uint32_t group_list_size(uint32_t count)
{
    return (uint32_t)sizeof(struct group_list) + count * (uint32_t)sizeof(uint32_t);
}

void credentials_unref(struct credentials *who)
{
    struct group_list *groups = who->groups;

    who->groups = NULL;
    if (groups != NULL && --groups->refs == 0) {
        kheap_free(groups, group_list_size(groups->count));
    }
}

int credentials_set_groups(struct credentials *who, const uint32_t *gid, uint32_t count)
{
    struct group_list *groups = NULL;

    if (count > 0) {
        groups = kheap_alloc(group_list_size(count));
        if (groups == NULL) {
            return -ENOMEM;
        }
        groups->refs = 1;
        groups->count = count;
        memcpy(groups->gid, gid, count * sizeof(*gid));
    }
    credentials_unref(who);
    who->groups = groups;
    return 0;
}

bool inode_is_owner(const struct inode *inode, const struct credentials *who)
{
    return who->euid == 0 || who->euid == inode->uid;
}

int inode_permission(const struct inode *inode, const struct credentials *who, uint32_t wanted)
{
    uint32_t mode = inode->mode, shift = 0;

    if (who->euid == 0) {
        bool can_execute = inode->type == INODE_DIRECTORY || (mode & ANY_EXECUTE) != 0;

        return (wanted & MAY_EXECUTE) != 0 && !can_execute ? -EACCES : 0;
    }
    if (who->euid == inode->uid) {
        shift = 6;
    } else if (credentials_in_group(who, inode->gid)) {
        shift = 3;
    }
    return (wanted & ~(mode >> shift)) != 0 ? -EACCES : 0;
}

/* ---- Times --------------------------------------------------------------------------------------- */

static struct timestamp no_clock(void)
{
    return (struct timestamp){0, 0};
}

static struct timestamp (*clock_now)(void) = no_clock;

void inode_set_clock(struct timestamp (*now)(void))
{
    clock_now = now;
}

struct timestamp inode_now(void)
{
    return clock_now();
}

void inode_touch(struct inode *inode)
{
    inode->mtime = inode->ctime = inode_now();
}

void inode_changed(struct inode *inode)
{
    inode->ctime = inode_now();
}

/* ---- Running and writing ------------------------------------------------------------------------- */

int inode_begin_run(struct inode *inode)
{
    if (inode->writers > 0) {
        return -ETXTBSY;
    }
    inode->writers--;
    return 0;
}

void inode_run_again(struct inode *inode)
{
    assert(inode->writers < 0);
    inode->writers--;
}

void inode_end_run(struct inode *inode)
{
    assert(inode->writers < 0);
    inode->writers++;
}

int inode_begin_write(struct inode *inode)
{
    if (inode->writers < 0) {
        return -ETXTBSY;
    }
    inode->writers++;
    return 0;
}

void inode_end_write(struct inode *inode)
{
    assert(inode->writers > 0);
    inode->writers--;
}
