/*
 * fs/file.c, fs/fd_table.c and fs/devfs/devices.c: opening with every mode, reading and seeking at the edges
 * (bad-input S6, S7, S8), bad buffers (S2), directories by getdents64, and descriptor tables up to
 * their limit and without memory (S10, R2).
 */
#include "tests/host/support.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "fs/devfs/devfs.h"
#include "fs/device.h"
#include "fs/file.h"
#include "fs/ramfs/ramfs.h"
#include "fs/tree/file_system.h"
#include "fs/tree/mode.h"
#include "fs/tree/setup.h"
#include "lib/compiler.h"
#include "tests/host/fake_kheap.h"

/* The root and /dev, as the kernel starts with them. Mounted anew for each test: what the last one
 * left is freed. */
static struct fs_view view;

static int make_root_and_devices(void)
{
    static bool is_registered;

    if (!is_registered) {
        ramfs_register(1000);
        is_registered = true;
    }
    static struct file_system_list old[64]; /* what LeakSanitizer shall find */
    static uint32_t mounts;
    old[mounts++ % array_size(old)] = file_systems;
    TAILQ_INIT(&file_systems);
    int error = fs_init();

    if (error == 0) {
        fs_view_init(&view);
    }
    return error != 0 ? error : devfs_add_memory_devices();
}

#define SEEK_BAD 7u

/* ---- A tree with a file, directories, links and a device --------------------------------------- */

static const char content[] = "0123456789abcdef";
#define CONTENT_LEN 16u

static uint32_t released;

static int32_t device_write(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    char got[64];
    (void)file;
    (void)pos;
    assert_true(len <= sizeof(got));
    return (int32_t)io->get(io, got, len);
}

static void device_release(struct file *file)
{
    (void)file;
    released++;
}

static const struct file_ops device_ops = {
    .open = file_open_by_all,
    .read = file_no_read,
    .write = device_write,
    .ioctl = file_no_ioctl,
    .map = file_no_map,
    .release = device_release,
    .poll = file_poll_always,
    .is_stream = true,
};

static struct inode *add_inode(const char *path, const struct inode_spec *spec)
{
    struct dentry *dir;
    struct inode *inode;
    const char *name;
    uint32_t len;
    assert_int_equal(fs_make_parents(path, &dir, &name, &len), 0);
    assert_int_equal(fs_add_inode(dir, name, len, spec, &inode), 0);
    return inode;
}

static void add_content(const char *path, uint32_t mode)
{
    static char bytes[CONTENT_LEN];
    struct inode *inode = add_inode(path, &(struct inode_spec){.type = INODE_FILE, .mode = mode});
    memcpy(bytes, content, CONTENT_LEN);
    inode->data = bytes;
    inode->source.size = CONTENT_LEN;
}

static int make_tree(void **state)
{
    (void)state;
    assert_int_equal(make_root_and_devices(), 0);
    add_content("/dir/file", 0644);
    add_content("/secret", 0);
    add_inode("/link",
              &(struct inode_spec){.type = INODE_SYMLINK, .mode = 0777, .target = "dir/file"});
    assert_int_equal(fs_add_device("/dev/thing", 0222, 0x0501, &device_ops, NULL), 0);
    return 0;
}

static int open_path(const char *text, uint32_t flags, struct file **out)
{
    return file_open(&(struct path){&view, NULL, text}, flags, 0666, out);
}

static struct file *open_ok(const char *path, uint32_t flags)
{
    struct file *file = NULL;
    assert_int_equal(open_path(path, flags, &file), 0);
    return file;
}

static void expect_refused(const char *path, uint32_t flags, int err)
{
    struct file *file = NULL;
    uint32_t live = fake_kheap_live();
    assert_int_equal(open_path(path, flags, &file), err);
    assert_null(file);
    assert_int_equal(fake_kheap_live(), live);
}

/* ---- Buffers ----------------------------------------------------------------------------------- */

/* User memory that takes and has all that is asked for. */
static void *good_place(const struct io_buffer *io)
{
    return (void *)(io->base + io->done);
}

static uint32_t good_put(struct io_buffer *io, const void *from, uint32_t n)
{
    memcpy(good_place(io), from, n);
    io->done += n;
    return n;
}

static uint32_t good_get(struct io_buffer *io, void *to, uint32_t n)
{
    memcpy(to, good_place(io), n);
    io->done += n;
    return n;
}

static struct io_buffer io_of(void *buf)
{
    return (struct io_buffer){.put = good_put, .get = good_get, .base = (uintptr_t)buf};
}

/* User memory that ends after `good` bytes. */
struct short_buffer {
    struct io_buffer io;
    char bytes[256];
    uint32_t good;
};

static uint32_t short_put(struct io_buffer *io, const void *from, uint32_t n)
{
    struct short_buffer *b = container_of(io, struct short_buffer, io);
    uint32_t room = b->good - io->done;
    uint32_t moved = n < room ? n : room;
    memcpy(b->bytes + io->done, from, moved);
    io->done += moved;
    return moved;
}

static int32_t read_kernel(struct file *file, void *buf, uint32_t len)
{
    struct io_buffer io = io_of(buf);
    return file_read(file, &io, len);
}

/* ---- Opening ----------------------------------------------------------------------------------- */

static void test_open(void **state)
{
    (void)state;
    uint32_t live = fake_kheap_live();
    struct file *file = open_ok("/dir/file", O_RDONLY);
    assert_int_equal(file->inode->refs, 2);
    assert_int_equal(file->pos, 0);
    file_unref(file);
    file_unref(open_ok("/link", O_RDONLY));
    file_unref(open_ok("/dir", O_RDONLY | O_DIRECTORY));
    file_unref(open_ok("/dir/file", O_RDONLY | O_CREAT));
    file_unref(open_ok("/dev/thing", O_WRONLY | O_TRUNC | O_CREAT));
    assert_int_equal(released, 1);
    assert_int_equal(fake_kheap_live(), live);
}

static void test_open_errors(void **state)
{
    (void)state;
    expect_refused("/nothing", O_RDONLY, -ENOENT);
    expect_refused("", O_RDONLY, -ENOENT);
    expect_refused("/dir/file/x", O_RDONLY, -ENOTDIR);
    expect_refused("/dir/file/", O_RDONLY, -ENOTDIR);
    expect_refused("/dir/file", O_RDONLY | O_DIRECTORY, -ENOTDIR);
    expect_refused("/dir/file", O_RDONLY | O_CREAT | O_EXCL, -EEXIST);
    expect_refused("/dir", O_ACCMODE, -EISDIR); /* mode 3 needs what O_RDWR needs */
    expect_refused("/dir", O_WRONLY, -EISDIR);
    expect_refused("/dir", O_RDWR, -EISDIR);
    expect_refused("/dir", O_RDONLY | O_CREAT, -EISDIR);
    expect_refused("/", O_RDWR | O_CREAT, -EISDIR);
    expect_refused("/link", O_RDONLY | O_NOFOLLOW, -ELOOP);
    expect_refused("/link", O_RDONLY | O_CREAT | O_EXCL, -EEXIST);
    expect_refused("/nothing/new", O_WRONLY | O_CREAT, -ENOENT);
    expect_refused("/secret/new", O_WRONLY | O_CREAT, -ENOTDIR);
    expect_refused("/new/", O_WRONLY | O_CREAT, -EISDIR);
    expect_refused("/dir", O_TMPFILE | O_RDWR, -EOPNOTSUPP);
    view.who.euid = 1000;
    expect_refused("/secret", O_RDONLY, -EACCES);
    expect_refused("/dev/thing", O_RDONLY, -EACCES);
    expect_refused("/dev/thing", O_ACCMODE, -EACCES);
    expect_refused("/dir/file", O_WRONLY, -EACCES);
    expect_refused("/dir/file", O_RDONLY | O_TRUNC, -EACCES);
    expect_refused("/dir/new", O_WRONLY | O_CREAT, -EACCES);
    view.who.euid = 0;
    file_unref(open_ok("/secret", O_RDONLY)); /* root may */
}

static void test_open_without_memory(void **state)
{
    (void)state;
    struct dentry *dentry;
    fake_kheap_fail_at(1);
    expect_refused("/dir/file", O_RDONLY, -ENOMEM);
    assert_int_equal(fs_lookup(&(struct path){&view, NULL, "/dir/file"}, true, &dentry), 0);
    assert_int_equal(dentry->refs, 2); /* the tree's and ours */
    assert_int_equal(dentry->inode->refs, 1);
    dentry_unref(dentry);
}

/* ---- Reading, writing, seeking ----------------------------------------------------------------- */

static void test_read(void **state)
{
    (void)state;
    char buf[32] = "";
    struct file *file = open_ok("/dir/file", O_RDONLY);
    assert_int_equal(read_kernel(file, buf, 5), 5);
    assert_memory_equal(buf, "01234", 5);
    assert_int_equal(read_kernel(file, buf, 0), 0);
    assert_int_equal(read_kernel(file, buf, 32), 11);
    assert_memory_equal(buf, "56789abcdef", 11);
    assert_int_equal(read_kernel(file, buf, 32), 0);
    file_unref(file);
}

static void test_s6_lengths(void **state)
{
    (void)state;
    char buf[32];
    struct file *file = open_ok("/dir/file", O_RDONLY);
    assert_int_equal(read_kernel(file, buf, 0xFFFFFFFF), CONTENT_LEN);
    assert_int_equal(file_seek(file, 0, 0), 0);
    assert_int_equal(read_kernel(file, buf, 0x7FFFFFFF), CONTENT_LEN);
    file_unref(file);
    file = open_ok("/dev/null", O_RDWR);
    struct io_buffer io = io_of(buf);
    assert_int_equal(file_write(file, &io, 0xFFFFFFFF), 0x7FFFF000); /* as Linux cuts it */
    assert_int_equal(file_write(file, &io, 0), 0);
    file_unref(file);
}

static void test_s7_wrong_direction(void **state)
{
    (void)state;
    char buf[8] = "";
    struct io_buffer io = io_of(buf);
    struct file *file = open_ok("/dir/file", O_RDONLY);
    assert_int_equal(file_write(file, &io, 1), -EBADF);
    file_unref(file);
    file = open_ok("/dev/thing", O_WRONLY);
    assert_int_equal(file_read(file, &io, 1), -EBADF);
    assert_int_equal(file_write(file, &io, 3), 3);
    assert_int_equal(io.done, 3);
    file_unref(file);
    file = open_ok("/dir", O_RDONLY);
    assert_int_equal(file_read(file, &io, 1), -EISDIR);
    assert_int_equal(file_write(file, &io, 1), -EBADF);
    file_unref(file);
}

/* Mode 3 opens for ioctl alone. */
static void test_mode_3(void **state)
{
    (void)state;
    char buf[8] = "";
    struct io_buffer io = io_of(buf);
    struct file *file = open_ok("/dev/null", O_ACCMODE);
    assert_int_equal(file->flags, O_ACCMODE);
    assert_int_equal(file_read(file, &io, 1), -EBADF);
    assert_int_equal(file_write(file, &io, 1), -EBADF);
    assert_int_equal(file_ioctl(file, 0x5401, 0, NULL), -ENOTTY);
    assert_int_equal(file_seek(file, 0, 0), 0);
    file_unref(file);
}

/* S17: what a directory, a file and a device cannot do is an error of its own, not an absence. */
static void test_s17_every_kind_has_all_operations(void **state)
{
    (void)state;
    static const char *const paths[] = {"/", "/dir", "/dir/file", "/dev/null", "/dev/zero"};
    const struct file_mapping mapping = {.pages = 1};
    struct vm_object *object = NULL;
    for (uint32_t i = 0; i < array_size(paths); i++) {
        struct file *file = open_ok(paths[i], O_RDONLY);
        assert_int_equal(file_ioctl(file, 0x5401, 0, NULL), -ENOTTY);
        file_ops_check(file->ops);
        file_unref(file);
    }
    struct file *file = open_ok("/dir", O_RDONLY);
    assert_int_equal(file_map(file, &mapping, &object), -ENODEV);
    file_unref(file);
    file = open_ok("/dev/zero", O_RDONLY); /* private: anonymous memory */
    assert_int_equal(file_map(file, &mapping, &object), 0);
    assert_null(object);
    file_unref(file);
}

static void map_and_unmap(const char *path, const struct file_mapping *mapping)
{
    struct vm_object *object = NULL;
    uint32_t live = fake_kheap_live();
    struct file *file = open_ok(path, O_RDONLY);
    fake_kheap_fail_at(1);
    assert_int_equal(file_map(file, mapping, &object), -ENOMEM);
    assert_int_equal(file_map(file, mapping, &object), 0);
    assert_non_null(object);
    vm_object_unref(object);
    file_unref(file);
    assert_int_equal(fake_kheap_live(), live);
}

/* The objects behind mappings, also without memory. */
static void test_map(void **state)
{
    (void)state;
    const struct file_mapping private = {.pages = 1};
    const struct file_mapping shared = {.pages = 1, .is_shared = true};
    map_and_unmap("/dir/file", &private);
    map_and_unmap("/dir/file", &shared);
    map_and_unmap("/dev/zero", &shared);
}

static void test_s2_bad_buffers(void **state)
{
    (void)state;
    struct file *file = open_ok("/dir/file", O_RDONLY);
    struct short_buffer b = {.io = {.put = short_put}, .good = 5};
    assert_int_equal(file_read(file, &b.io, 10), 5); /* the bytes before the bad one */
    assert_int_equal(file->pos, 5);
    assert_int_equal(file_read(file, &b.io, 10), -EFAULT);
    assert_int_equal(file->pos, 5);
    file_unref(file);

    file = open_ok("/dev/zero", O_RDONLY);
    b = (struct short_buffer){.io = {.put = short_put}, .bytes = "xxxxxxx", .good = 5};
    assert_int_equal(file_read(file, &b.io, 10), 5);
    assert_memory_equal(b.bytes, "\0\0\0\0\0xx", 7);
    assert_int_equal(file_read(file, &b.io, 10), -EFAULT);
    assert_int_equal(file_read(file, &b.io, 0), 0);
    file_unref(file);
}

static void test_s8_seek(void **state)
{
    (void)state;
    char buf[8];
    struct file *file = open_ok("/dir/file", O_RDONLY);
    assert_int_equal(file_seek(file, 10, SEEK_SET), 10);
    assert_int_equal(read_kernel(file, buf, 2), 2);
    assert_memory_equal(buf, "ab", 2);
    assert_int_equal(file_seek(file, -4, SEEK_CUR), 8);
    assert_int_equal(file_seek(file, -1, SEEK_END), 15);
    assert_int_equal(file_seek(file, -16, SEEK_END), 0);
    assert_int_equal(file_seek(file, -17, SEEK_END), -EINVAL);
    assert_int_equal(file_seek(file, -1, SEEK_SET), -EINVAL);
    assert_int_equal(file_seek(file, INT64_MIN, SEEK_CUR), -EINVAL);
    assert_int_equal(file_seek(file, 0, SEEK_BAD), -EINVAL);
    assert_int_equal(file->pos, 0);
    assert_true(file_seek(file, 5000000000, SEEK_SET) == 5000000000);
    assert_int_equal(read_kernel(file, buf, 2), 0);
    assert_true(file_seek(file, INT64_MAX, SEEK_SET) == INT64_MAX);
    assert_int_equal(read_kernel(file, buf, 2), 0);
    assert_int_equal(file_seek(file, 1, SEEK_CUR), -EOVERFLOW);
    assert_true(file_seek(file, INT64_MIN, SEEK_CUR) == -EINVAL);
    assert_true(file->pos == INT64_MAX);
    file_unref(file);
    file = open_ok("/dev/thing", O_WRONLY);
    assert_int_equal(file_seek(file, 0, SEEK_SET), -ESPIPE);
    file_unref(file);
}

static void test_null_and_zero(void **state)
{
    (void)state;
    static char big[5000];
    memset(big, 'x', sizeof(big));
    struct file *file = open_ok("/dev/zero", O_RDWR);
    assert_int_equal(read_kernel(file, big, 4999), 4999);
    for (int i = 0; i < 4999; i++) {
        assert_int_equal(big[i], 0);
    }
    assert_int_equal(big[4999], 'x');
    file_unref(file);
    file = open_ok("/dev/null", O_RDWR);
    assert_int_equal(read_kernel(file, big, 10), 0);
    file_unref(file);
}

/* ---- Directories ------------------------------------------------------------------------------- */

struct dirent64 { /* Linux's record, as a program sees it */
    uint64_t ino;
    int64_t off;
    uint16_t reclen;
    uint8_t type;
    char name[];
} __attribute__((packed));

static int32_t getdents(struct file *file, void *buf, uint32_t len)
{
    struct io_buffer io = io_of(buf);
    return file_getdents64(file, &io, len);
}

/* Reads the directory in pieces of len bytes; gives the names, each with a space behind it. */
static void list(const char *path, uint32_t len, char *names)
{
    struct file *file = open_ok(path, O_RDONLY);
    int32_t n;
    names[0] = '\0';
    do {
        char *buf = malloc(len);
        n = getdents(file, buf, len);
        assert_true(n >= 0 && (uint32_t)n <= len);
        for (int32_t at = 0; at < n;) {
            struct dirent64 *d = (struct dirent64 *)(void *)(buf + at);
            assert_int_equal(d->reclen % 8, 0);
            assert_true(d->ino > 0);
            strcat(strcat(names, d->name), " ");
            at += d->reclen;
        }
        free(buf);
    } while (n > 0);
    file_unref(file);
}

static void test_getdents(void **state)
{
    (void)state;
    char names[256];
    for (uint32_t len = 32; len < 300; len += 9) {
        list("/", len, names);
        assert_string_equal(names, ". .. dev dir secret link ");
    }
    list("/dir", 1000, names);
    assert_string_equal(names, ". .. file ");
}

static void test_getdents_records(void **state)
{
    (void)state;
    char buf[512];
    struct file *file = open_ok("/", O_RDONLY);
    assert_int_equal(getdents(file, buf, 24), 24);
    struct dirent64 *d = (struct dirent64 *)(void *)buf;
    assert_string_equal(d->name, ".");
    assert_int_equal(d->type, 4); /* DT_DIR */
    assert_int_equal(d->off, 1);
    assert_int_equal(file_seek(file, 4, SEEK_SET), 4); /* what telldir gave for "secret" */
    assert_int_equal(getdents(file, buf, 512), 32 + 24);
    assert_string_equal(d->name, "secret");
    assert_int_equal(d->type, 8); /* DT_REG */
    d = (struct dirent64 *)(void *)(buf + 32);
    assert_string_equal(d->name, "link");
    assert_int_equal(d->type, 10); /* DT_LNK */
    file_unref(file);
}

static void test_getdents_errors(void **state)
{
    (void)state;
    char buf[64];
    struct file *file = open_ok("/dir/file", O_RDONLY);
    assert_int_equal(getdents(file, buf, sizeof(buf)), -ENOTDIR);
    file_unref(file);
    file = open_ok("/", O_RDONLY);
    assert_int_equal(getdents(file, buf, 0), -EINVAL);
    assert_int_equal(getdents(file, buf, 23), -EINVAL);
    struct short_buffer b = {.io = {.put = short_put}, .good = 30};
    assert_int_equal(file_getdents64(file, &b.io, 200), 24);
    assert_int_equal(file->pos, 1);
    b.io.done = 0;
    b.good = 10;
    assert_int_equal(file_getdents64(file, &b.io, 200), -EFAULT);
    assert_int_equal(file->pos, 1);
    assert_true(file_seek(file, INT64_MAX, SEEK_SET) == INT64_MAX);
    assert_int_equal(getdents(file, buf, sizeof(buf)), 0);
    file_unref(file);
}

/* ---- Descriptor tables ------------------------------------------------------------------------- */

static struct fd_table table;

static int install(uint32_t min)
{
    struct file *file = open_ok("/dir/file", O_RDONLY);
    int fd = fd_install(&table, file, min, false);
    if (fd < 0) {
        file_unref(file);
    }
    return fd;
}

static void test_fd_lowest(void **state)
{
    (void)state;
    uint32_t live = fake_kheap_live();
    fd_table_init(&table);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(install(0), i);
    }
    assert_int_equal(fd_close(&table, 7), 0);
    assert_int_equal(fd_close(&table, 3), 0);
    assert_int_equal(install(0), 3);
    assert_int_equal(install(0), 7);
    assert_int_equal(install(10), 40);
    assert_int_equal(install(500), 500);
    assert_int_equal(install(500), 501);
    fd_table_destroy(&table);
    assert_int_equal(fake_kheap_live(), live);
    fd_table_destroy(&table); /* an empty one */
}

static void test_s7_bad_descriptors(void **state)
{
    (void)state;
    fd_table_init(&table);
    assert_null(fd_get(&table, 0));
    assert_int_equal(fd_close(&table, 0), -EBADF);
    assert_int_equal(install(0), 0);
    static const int bad[] = {-1, 1, 15, 16, 1023, 1024, 1 << 30, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < array_size(bad); i++) {
        assert_null(fd_get(&table, bad[i]));
        assert_int_equal(fd_close(&table, bad[i]), -EBADF);
    }
    assert_non_null(fd_get(&table, 0));
    assert_int_equal(fd_close(&table, 0), 0);
    assert_int_equal(fd_close(&table, 0), -EBADF);
    fd_table_destroy(&table);
}

static void test_s10_exhaustion(void **state)
{
    (void)state;
    uint32_t live = fake_kheap_live();
    fd_table_init(&table);
    for (uint32_t i = 0; i < FD_MAX; i++) {
        assert_int_equal(install(0), i);
    }
    assert_int_equal(install(0), -EMFILE);
    assert_int_equal(install(FD_MAX), -EMFILE);
    assert_int_equal(install(0xFFFFFFFF), -EMFILE);
    assert_int_equal(fd_close(&table, 600), 0);
    assert_int_equal(install(601), -EMFILE);
    assert_int_equal(install(0), 600);
    fd_table_destroy(&table);
    assert_int_equal(fake_kheap_live(), live);
}

static void test_r2_install_without_memory(void **state)
{
    (void)state;
    uint32_t live = fake_kheap_live();
    fd_table_init(&table);
    struct file *file = open_ok("/dir/file", O_RDONLY);
    for (uint32_t n = 1; n <= 2; n++) {
        fake_kheap_fail_at(n);
        assert_int_equal(fd_install(&table, file, 0, false), -ENOMEM);
        assert_int_equal(table.size, 0);
        assert_int_equal(fake_kheap_live(), live + 1);
    }
    fake_kheap_fail_at(0);
    assert_int_equal(fd_install(&table, file, 0, false), 0);
    for (uint32_t n = 1; n <= 2; n++) { /* growing fails: what is open stays open */
        fake_kheap_fail_at(n);
        assert_int_equal(fd_install(&table, file, 100, false), -ENOMEM);
        assert_ptr_equal(fd_get(&table, 0), file);
    }
    fake_kheap_fail_at(0);
    fd_table_destroy(&table);
    assert_int_equal(fake_kheap_live(), live);
}

static void test_fd_copy(void **state)
{
    (void)state;
    uint32_t live = fake_kheap_live();
    struct fd_table child;
    fd_table_init(&table);
    assert_int_equal(fd_table_copy(&child, &table), 0); /* nothing open at all */
    assert_int_equal(child.size, 0);
    assert_int_equal(install(0), 0);
    assert_int_equal(install(20), 20);
    table.cloexec[20] = 1;
    assert_int_equal(fd_table_copy(&child, &table), 0);
    assert_ptr_equal(fd_get(&child, 20), fd_get(&table, 20));
    assert_int_equal(fd_get(&child, 20)->refs, 2);
    assert_int_equal(child.cloexec[20], 1);
    fd_table_close_on_exec(&child);
    assert_null(fd_get(&child, 20));
    assert_non_null(fd_get(&child, 0));
    assert_int_equal(fd_get(&table, 20)->refs, 1);
    fd_table_destroy(&child);
    fd_table_destroy(&table);
    assert_int_equal(fake_kheap_live(), live);
}

static void test_r2_copy_without_memory(void **state)
{
    (void)state;
    struct fd_table child;
    fd_table_init(&table);
    assert_int_equal(install(0), 0);
    uint32_t live = fake_kheap_live();
    for (uint32_t n = 1; n <= 2; n++) {
        fake_kheap_fail_at(n);
        assert_int_equal(fd_table_copy(&child, &table), -ENOMEM);
        assert_int_equal(fake_kheap_live(), live);
        assert_int_equal(fd_get(&table, 0)->refs, 1);
        fd_table_destroy(&child); /* harmless */
    }
    fake_kheap_fail_at(0);
    fd_table_destroy(&table);
}

#define TEST(name) cmocka_unit_test_setup(name, make_tree)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_open),
        TEST(test_open_errors),
        TEST(test_open_without_memory),
        TEST(test_read),
        TEST(test_s6_lengths),
        TEST(test_s7_wrong_direction),
        TEST(test_mode_3),
        TEST(test_s17_every_kind_has_all_operations),
        TEST(test_map),
        TEST(test_s2_bad_buffers),
        TEST(test_s8_seek),
        TEST(test_null_and_zero),
        TEST(test_getdents),
        TEST(test_getdents_records),
        TEST(test_getdents_errors),
        TEST(test_fd_lowest),
        TEST(test_s7_bad_descriptors),
        TEST(test_s10_exhaustion),
        TEST(test_r2_install_without_memory),
        TEST(test_fd_copy),
        TEST(test_r2_copy_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
