/* Names are dentries and content is the page cache's, so there is little left to do here. */
#include "fs/ramfs/ramfs.h"

#include <asm/errno.h>
#include <linux/magic.h>
#include <stddef.h>

#include "fs/tree/dentry.h"
#include "fs/tree/file_system.h"
#include "lib/addr.h"
#include "lib/string.h"

static uint32_t machine_pages;

static int mount_root(struct file_system *fs, uint32_t mode)
{
    const struct inode_spec spec = {.type = INODE_DIRECTORY, .mode = mode};
    struct inode *inode;
    int err = inode_create(fs, &spec, &inode);

    if (err != 0) {
        return err;
    }
    inode->links = 2;
    err = dentry_create(NULL, "", 0, inode, &fs->root);
    fs->inodes += err != 0 ? 1 : 0; /* the caller frees fs, not the last inode */
    inode_unref(inode);
    return err;
}

static int ramfs_mount(struct file_system *fs, const char *options)
{
    (void)options;
    return mount_root(fs, 0755);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Without division of 64 bits, for which compilers call libgcc. */
static uint32_t percent_of(uint32_t n, uint32_t percent)
{
    return n / 100u * percent + n % 100u * percent / 100u;
}

/* A size in bytes with k, m, g or in percent of memory; UINT32_MAX pages at most. 0: nonsense. */
static uint32_t parse_pages(const char *text)
{
    uint64_t n = 0;

    for (; is_digit(*text) && n < UINT32_MAX; text++) {
        n = n * 10 + (uint32_t)(*text - '0');
    }
    switch (*text) {
    case '%':
        return percent_of(machine_pages, n < 100 ? (uint32_t)n : 100u);
    case 'g':
        n <<= 10; /* fall through */
    case 'm':
        n <<= 10; /* fall through */
    case 'k':
        n <<= 10;
        break;
    default:
        break;
    }
    n = (n + PAGE_SIZE - 1) >> PAGE_SHIFT;
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static const char *find_option(const char *options, const char *name)
{
    uint32_t len = (uint32_t)strlen(name);

    while (options != NULL && *options != '\0') {
        if (strncmp(options, name, len) == 0) {
            return options + len;
        }
        const char *comma = strchr(options, ',');

        options = comma != NULL ? comma + 1 : NULL;
    }
    return NULL;
}

static int tmpfs_mount(struct file_system *fs, const char *options)
{
    const char *size = find_option(options, "size=");

    fs->content.max_pages = size != NULL ? parse_pages(size) : machine_pages / 2;
    return fs->content.max_pages == 0 ? -EINVAL : mount_root(fs, 01777);
}

static struct file_system_type ramfs_type = {
    .name = "rootfs",
    .magic = RAMFS_MAGIC,
    .mount = ramfs_mount,
};
static struct file_system_type ramfs_plain_type = {
    .name = "ramfs",
    .magic = RAMFS_MAGIC,
    .mount = ramfs_mount,
};
static struct file_system_type tmpfs_type = {
    .name = "tmpfs",
    .magic = TMPFS_MAGIC,
    .mount = tmpfs_mount,
};

void ramfs_register(uint32_t total_pages)
{
    machine_pages = total_pages;
    file_system_register(&ramfs_type);
    file_system_register(&ramfs_plain_type);
    file_system_register(&tmpfs_type);
}
