/*
 * The file tree from the inside: making, linking, renaming and removing names, permissions, mounts,
 * paths and their ways back, writing, pipes that do not block; every change with each of its
 * allocations refused (R2), after which the tree is as before.
 */
#include "tests/host/support.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/poll.h>
#include <stdbool.h>
#include <string.h>

#include "fs/file.h"
#include "fs/pipe.h"
#include "fs/ramfs/ramfs.h"
#include "fs/tree/file_system.h"
#include "fs/tree/names.h"
#include "fs/tree/setup.h"
#include "lib/compiler.h"
#include "lib/preempt.h"
#include "tests/host/fake_kheap.h"

static struct fs_view view;

static int make_root(void **state)
{
    static bool is_registered;
    (void)state;
    if (!is_registered) {
        ramfs_register(1000);
        is_registered = true;
    }
    static struct file_system_list old[64]; /* what LeakSanitizer shall find */
    static uint32_t mounts;
    old[mounts++ % array_size(old)] = file_systems;
    TAILQ_INIT(&file_systems);
    assert_int_equal(fs_init(), 0);
    fs_view_init(&view);
    view.umask = 022;
    return 0;
}

static struct path path(const char *text)
{
    return (struct path){&view, NULL, text};
}

static int make(const char *text, enum inode_type type, uint32_t mode)
{
    const struct path p = path(text);
    return fs_make(&p, &(struct inode_spec){.type = type, .mode = mode, .target = "target"});
}

static int make_directory(const char *text)
{
    return make(text, INODE_DIRECTORY, 0777);
}

static int make_file(const char *text)
{
    return make(text, INODE_FILE, 0666);
}

static int make_link(const char *text, const char *target)
{
    const struct path p = path(text);
    return fs_make(&p, &(struct inode_spec){.type = INODE_SYMLINK, .mode = 0777, .target = target});
}

static int remove_name(const char *text, bool is_directory)
{
    const struct path p = path(text);
    return fs_remove(&p, is_directory);
}

static int rename_to(const char *from, const char *to, uint32_t flags)
{
    const struct path a = path(from), b = path(to);
    return fs_rename(&a, &b, flags);
}

static int find(const char *text, struct dentry **out)
{
    const struct path p = path(text);
    return fs_lookup(&p, false, out);
}

/* The inode that a path names now; the tree keeps it. */
static struct inode *inode_at(const char *text)
{
    struct dentry *d;
    assert_int_equal(find(text, &d), 0);
    struct inode *inode = d->inode;
    dentry_unref(d);
    return inode;
}

static int link_to(const char *from, const char *to)
{
    struct dentry *d;
    const struct path p = path(to);
    assert_int_equal(find(from, &d), 0);
    int err = fs_link(d, &p);
    dentry_unref(d);
    return err;
}

static void expect_missing(const char *text)
{
    struct dentry *d;
    assert_int_equal(find(text, &d), -ENOENT);
}

static void expect_path(struct dentry *d, const char *expected)
{
    char buf[256];
    assert_int_equal(dentry_path(d, buf, sizeof(buf)), strlen(expected));
    assert_string_equal(buf, expected);
}

/* ---- Names ------------------------------------------------------------------------------------- */

static void test_make(void **state)
{
    (void)state;
    assert_int_equal(make_directory("/d"), 0);
    assert_int_equal(make_directory("d/e/"), 0); /* a slash is good for a directory */
    assert_int_equal(make_file("/d/f"), 0);
    assert_int_equal(inode_at("/d")->mode, S_IFDIR | 0755); /* 0777 without the umask */
    assert_int_equal(inode_at("/d/f")->mode, S_IFREG | 0644);
    assert_int_equal(inode_at("/d")->links, 3);
    assert_int_equal(inode_at("/d/e")->links, 2);
    assert_int_equal(inode_at("/d/f")->links, 1);
    assert_int_equal(make_directory("/d"), -EEXIST);
    assert_int_equal(make_directory("/"), -EEXIST);
    assert_int_equal(make_directory("/d/."), -EEXIST);
    assert_int_equal(make_directory("/d/.."), -EEXIST);
    assert_int_equal(make_file("/d/g/"), -ENOENT);
    assert_int_equal(make_file("/nothing/f"), -ENOENT);
    assert_int_equal(make_file("/d/f/g"), -ENOTDIR);
    assert_int_equal(make_file(""), -ENOENT);
}

static void test_name_lengths(void **state)
{
    (void)state;
    char name[NAME_LEN_MAX + 3] = "/";
    memset(name + 1, 'n', NAME_LEN_MAX);
    assert_int_equal(make_file(name), 0);
    assert_int_equal(inode_at(name)->links, 1);
    name[NAME_LEN_MAX + 1] = 'n';
    assert_int_equal(make_file(name), -ENAMETOOLONG);
    char *longest = calloc(1, PATH_LEN_MAX + 1);
    memset(longest, '/', PATH_LEN_MAX - 1);
    assert_int_equal(make_directory(longest), -EEXIST); /* 4095 slashes are the root */
    longest[PATH_LEN_MAX - 1] = '/';
    assert_int_equal(make_directory(longest), -ENAMETOOLONG);
    free(longest);
}

static void test_links(void **state)
{
    (void)state;
    assert_int_equal(make_file("/a"), 0);
    assert_int_equal(make_directory("/d"), 0);
    assert_int_equal(link_to("/a", "/d/b"), 0);
    assert_ptr_equal(inode_at("/a"), inode_at("/d/b"));
    assert_int_equal(inode_at("/a")->links, 2);
    assert_int_equal(link_to("/a", "/d/b"), -EEXIST);
    assert_int_equal(link_to("/d", "/e"), -EPERM);
    assert_int_equal(remove_name("/a", false), 0);
    expect_missing("/a");
    assert_int_equal(inode_at("/d/b")->links, 1);
    assert_string_equal(inode_at("/d/b")->source.ops->name(&inode_at("/d/b")->source), "/d/b");
}

static void test_remove(void **state)
{
    (void)state;
    assert_int_equal(make_directory("/d"), 0);
    assert_int_equal(make_file("/d/f"), 0);
    assert_int_equal(remove_name("/d", true), -ENOTEMPTY);
    assert_int_equal(remove_name("/d", false), -EISDIR);
    assert_int_equal(remove_name("/d/f", true), -ENOTDIR);
    assert_int_equal(remove_name("/d/f/", false), -ENOTDIR);
    assert_int_equal(remove_name("/", true), -EBUSY);
    assert_int_equal(remove_name("/d/.", true), -EINVAL);
    assert_int_equal(remove_name("/d/..", true), -ENOTEMPTY);
    assert_int_equal(remove_name("/d/..", false), -EISDIR);
    assert_int_equal(remove_name("/d/f", false), 0);
    assert_int_equal(remove_name("/d/f", false), -ENOENT);
    assert_int_equal(remove_name("/d", true), 0);
    expect_missing("/d");
    assert_int_equal(TAILQ_FIRST(&file_systems)->root->inode->links, 2);
}

/* A directory that somebody stands in: nothing can be made there, its path says so. */
static void test_removed_directory(void **state)
{
    (void)state;
    struct dentry *d;
    char buf[64];
    assert_int_equal(make_directory("/d"), 0);
    assert_int_equal(find("/d", &d), 0);
    assert_int_equal(remove_name("/d", true), 0);
    expect_path(d, "/d (deleted)");
    const struct path inside = {&view, d, "f"}, up = {&view, d, ".."};
    struct dentry *above;
    assert_int_equal(fs_make(&inside, &(struct inode_spec){.type = INODE_FILE}), -ENOENT);
    assert_int_equal(fs_lookup(&up, true, &above), 0);
    assert_ptr_equal(above, view.root);
    assert_int_equal(dentry_path_below(d, view.root, buf, sizeof(buf)), -ENOENT);
    dentry_unref(above);
    dentry_unref(d);
}

static void test_rename(void **state)
{
    (void)state;
    struct dentry *moved;
    assert_int_equal(make_directory("/a"), 0);
    assert_int_equal(make_directory("/a/sub"), 0);
    assert_int_equal(make_directory("/b"), 0);
    assert_int_equal(make_file("/f"), 0);
    assert_int_equal(make_file("/g"), 0);
    assert_int_equal(find("/a/sub", &moved), 0);
    assert_int_equal(rename_to("/a", "/b/c", 0), 0);
    expect_path(moved, "/b/c/sub"); /* its users go along */
    dentry_unref(moved);
    expect_missing("/a");
    assert_int_equal(inode_at("/b")->links, 3);
    assert_int_equal(rename_to("/b", "/b/c/x", 0), -EINVAL);
    assert_int_equal(rename_to("/b/c", "/b", 0), -ENOTEMPTY);
    assert_int_equal(rename_to("/f", "/b", 0), -EISDIR);
    assert_int_equal(rename_to("/b", "/f", 0), -ENOTDIR);
    assert_int_equal(rename_to("/f", "/h/", 0), -ENOTDIR);
    assert_int_equal(rename_to("/nothing", "/f", 0), -ENOENT);
    assert_int_equal(rename_to("/b/.", "/f", 0), -EBUSY);
    assert_int_equal(rename_to("/f", "/g", RENAME_NOREPLACE), -EEXIST);
    assert_int_equal(rename_to("/f", "/x", RENAME_EXCHANGE), -ENOENT);
    assert_int_equal(rename_to("/f", "/x", RENAME_WHITEOUT), -EINVAL);
    struct inode *f = inode_at("/f"), *g = inode_at("/g");
    assert_int_equal(rename_to("/f", "/g", RENAME_EXCHANGE), 0);
    assert_ptr_equal(inode_at("/f"), g);
    assert_int_equal(rename_to("/g", "/f", 0), 0);
    assert_ptr_equal(inode_at("/f"), f);
    expect_missing("/g");
    assert_int_equal(link_to("/f", "/f2"), 0);
    assert_int_equal(rename_to("/f", "/f2", 0), 0); /* one inode: nothing happens */
    assert_ptr_equal(inode_at("/f"), inode_at("/f2"));
    assert_int_equal(make_directory("/empty"), 0);
    assert_int_equal(rename_to("/b/c/sub", "/empty", 0), 0);
    assert_int_equal(inode_at("/b/c")->links, 2);
}

/* ---- Links that are followed ------------------------------------------------------------------- */

static int open_file(const char *text, uint32_t flags, struct file **out)
{
    const struct path p = path(text);
    return file_open(&p, flags, 0666, out);
}

static void test_symlinks(void **state)
{
    (void)state;
    struct file *file;
    struct dentry *d;
    assert_int_equal(make_directory("/d"), 0);
    assert_int_equal(make_link("/d/up", "../d/new"), 0);
    assert_int_equal(make_link("/loop", "loop"), 0);
    assert_int_equal(open_file("/d/up", O_RDWR | O_CREAT, &file), 0); /* makes what it names */
    expect_path(file->dentry, "/d/new");
    file_unref(file);
    assert_int_equal(open_file("/loop", O_RDWR | O_CREAT, &file), -ELOOP);
    assert_int_equal(open_file("/d/up", O_RDWR | O_CREAT | O_EXCL, &file), -EEXIST);
    assert_int_equal(open_file("/d/up/", O_RDWR | O_CREAT, &file), -ENOTDIR);
    assert_int_equal(open_file("/d/up", O_PATH | O_NOFOLLOW, &file), 0);
    assert_int_equal(file->inode->type, INODE_SYMLINK);
    file_unref(file);
    const struct path through = path("/d/up");
    assert_int_equal(fs_lookup(&through, true, &d), 0);
    expect_path(d, "/d/new");
    dentry_unref(d);
    assert_int_equal(make_link("/x", "/d/"), 0);
    assert_int_equal(make_file("/x/made"), 0);
    assert_int_equal(inode_at("/d/made")->links, 1);
    assert_int_equal(remove_name("/x", false), 0); /* the link, not where it leads */
    assert_int_equal(inode_at("/d")->links, 2);
}

/* A root of one's own cannot be left. */
static void test_chroot(void **state)
{
    (void)state;
    struct dentry *jail, *d;
    char buf[64];
    assert_int_equal(make_directory("/jail"), 0);
    assert_int_equal(make_directory("/jail/in"), 0);
    assert_int_equal(make_link("/jail/out", "/../.."), 0);
    assert_int_equal(find("/jail", &jail), 0);
    struct fs_view inside = view;
    inside.root = inside.cwd = jail;
    const struct path top = {&inside, NULL, "/../../in/../.."}, out = {&inside, NULL, "out"};
    assert_int_equal(fs_lookup(&top, true, &d), 0);
    assert_ptr_equal(d, jail);
    dentry_unref(d);
    assert_int_equal(fs_lookup(&out, true, &d), 0);
    assert_ptr_equal(d, jail);
    assert_int_equal(dentry_path_below(d, jail, buf, sizeof(buf)), 1);
    assert_string_equal(buf, "/");
    dentry_unref(d);
    assert_int_equal(dentry_path_below(view.root, jail, buf, sizeof(buf)), -ENOENT);
    dentry_unref(jail);
}

/* ---- Permissions ------------------------------------------------------------------------------- */

static void test_permissions(void **state)
{
    (void)state;
    struct dentry *d;
    assert_int_equal(make_directory("/tmp"), 0);
    assert_int_equal(make_directory("/closed"), 0);
    assert_int_equal(make_file("/closed/f"), 0);
    assert_int_equal(make_file("/tmp/roots"), 0);
    inode_at("/tmp")->mode = S_IFDIR | 01777;
    inode_at("/closed")->mode = S_IFDIR | 0700;
    view.who.euid = 1000;
    view.who.egid = 100;
    assert_int_equal(find("/closed/f", &d), -EACCES);
    assert_int_equal(make_file("/mine"), -EACCES);
    assert_int_equal(make_file("/tmp/mine"), 0);
    assert_int_equal(inode_at("/tmp/mine")->uid, 1000);
    assert_int_equal(inode_at("/tmp/mine")->gid, 100);
    assert_int_equal(remove_name("/tmp/roots", false), -EPERM); /* sticky */
    assert_int_equal(rename_to("/tmp/mine", "/tmp/roots", 0), -EPERM);
    assert_int_equal(fs_set_mode(inode_at("/tmp/roots"), &view.who, 0777), -EPERM);
    assert_int_equal(fs_set_owner(inode_at("/tmp/mine"), &view.who, 0, UINT32_MAX), -EPERM);
    assert_int_equal(fs_set_owner(inode_at("/tmp/mine"), &view.who, UINT32_MAX, 7), -EPERM);
    assert_int_equal(fs_set_mode(inode_at("/tmp/mine"), &view.who, 0400), 0);
    assert_int_equal(inode_permission(inode_at("/tmp/mine"), &view.who, MAY_READ), 0);
    assert_int_equal(inode_permission(inode_at("/tmp/mine"), &view.who, MAY_WRITE), -EACCES);
    assert_int_equal(remove_name("/tmp/mine", false), 0);
    view.who = (struct credentials){0};
    assert_int_equal(inode_permission(inode_at("/closed/f"), &view.who, MAY_WRITE), 0);
    assert_int_equal(inode_permission(inode_at("/closed/f"), &view.who, MAY_EXECUTE), -EACCES);
}

/* ---- Mounts ------------------------------------------------------------------------------------ */

static int unmount(struct dentry *root)
{
    dentry_ref(root); /* which fs_unmount drops */
    return fs_unmount(root);
}

static void test_mounts(void **state)
{
    (void)state;
    struct dentry *on, *top, *d;
    struct file_system *fs;
    struct file *file;
    assert_int_equal(make_directory("/mnt"), 0);
    assert_int_equal(make_file("/mnt/hidden"), 0);
    assert_int_equal(find("/mnt", &on), 0);
    uint32_t live = fake_kheap_live();
    assert_int_equal(fs_mount("nothing", "x", on, 0, NULL, &fs), -ENODEV);
    assert_int_equal(fs_mount("tmpfs", "tmpfs", on, 0, "size=8k", &fs), 0);
    assert_int_equal(fs->content.max_pages, 2);
    assert_int_equal(fs_mount("tmpfs", "tmpfs", on, 0, NULL, &fs), -EBUSY);
    expect_missing("/mnt/hidden");
    assert_int_equal(make_file("/mnt/f"), 0);
    assert_int_equal(link_to("/mnt/f", "/f"), -EXDEV);
    assert_int_equal(rename_to("/mnt/f", "/f", 0), -EXDEV);
    assert_int_equal(remove_name("/mnt", true), -EBUSY);
    assert_int_equal(find("/mnt", &top), 0);
    assert_ptr_equal(top, fs->root);
    expect_path(top, "/mnt");
    assert_int_equal(find("/mnt/../mnt/f/../..", &d), -ENOTDIR);
    assert_int_equal(find("/mnt/..", &d), 0);
    assert_ptr_equal(d, view.root);
    dentry_unref(d);
    assert_int_equal(open_file("/mnt/f", O_RDONLY, &file), 0);
    dentry_unref(top);
    assert_int_equal(unmount(fs->root), -EBUSY); /* a file is open */
    file_unref(file);
    assert_int_equal(unmount(view.root), -EINVAL);
    assert_int_equal(unmount(fs->root), 0);
    assert_int_equal(fake_kheap_live(), live);
    assert_int_equal(inode_at("/mnt/hidden")->links, 1);
    dentry_unref(on);
}

/* ---- Writing ----------------------------------------------------------------------------------- */

static uint32_t plain_put(struct io_buffer *io, const void *from, uint32_t n)
{
    memcpy((void *)(io->base + io->done), from, n);
    io->done += n;
    return n;
}

static uint32_t plain_get(struct io_buffer *io, void *to, uint32_t n)
{
    memcpy(to, (void *)(io->base + io->done), n);
    io->done += n;
    return n;
}

static int32_t put_text(struct file *file, const char *text)
{
    struct io_buffer io = {plain_put, plain_get, (uintptr_t)text, 0};
    return file_write(file, &io, (uint32_t)strlen(text));
}

static int32_t get_text(struct file *file, char *buf, uint32_t size)
{
    struct io_buffer io = {plain_put, plain_get, (uintptr_t)buf, 0};
    return file_read(file, &io, size);
}

static void test_write(void **state)
{
    (void)state;
    struct file *file, *other;
    char buf[64] = "";
    assert_int_equal(open_file("/f", O_RDWR | O_CREAT, &file), 0);
    assert_int_equal(put_text(file, "hello world"), 11);
    assert_int_equal(file_seek(file, 6, SEEK_SET), 6);
    assert_int_equal(put_text(file, "there"), 5);
    assert_int_equal(file->inode->source.size, 11);
    assert_int_equal(file_seek(file, 0, SEEK_SET), 0);
    assert_int_equal(get_text(file, buf, sizeof(buf)), 11);
    assert_string_equal(buf, "hello there");
    assert_int_equal(open_file("/f", O_WRONLY | O_APPEND, &other), 0);
    assert_int_equal(file_seek(other, 0, SEEK_SET), 0);
    assert_int_equal(put_text(other, "!"), 1);
    assert_int_equal(file->inode->source.size, 12);
    assert_int_equal(inode_begin_run(file->inode), -ETXTBSY);
    file_unref(other);
    assert_int_equal(open_file("/f", O_RDONLY | O_TRUNC, &other), 0);
    assert_int_equal(file->inode->source.size, 0);
    file_unref(other);
    assert_int_equal(file_truncate(file, -1), -EINVAL);
    assert_int_equal(file_truncate(file, 20), 0);
    assert_int_equal(file->inode->source.size, 20);
    assert_int_equal(remove_name("/f", false), 0); /* F13: it lives while it is open */
    assert_int_equal(put_text(file, "x"), 1);
    file_unref(file);
}

/* ---- Pipes ------------------------------------------------------------------------------------- */

static void test_pipe(void **state)
{
    (void)state;
    struct file *out, *in;
    static char big[PIPE_SIZE + 100];
    char buf[64] = "";
    uint32_t live = fake_kheap_live();
    assert_int_equal(pipe_create(O_NONBLOCK, &out, &in), 0);
    assert_int_equal(get_text(out, buf, sizeof(buf)), -EAGAIN);
    assert_int_equal(put_text(in, "abc"), 3);
    assert_int_equal(pipe_used(out), 3);
    assert_true((file_poll(out) & POLLIN) != 0);
    assert_int_equal(get_text(out, buf, 2), 2);
    assert_int_equal(get_text(out, buf + 2, 10), 1);
    assert_string_equal(buf, "abc");
    memset(big, 'x', sizeof(big) - 1);
    assert_int_equal(put_text(in, big), PIPE_SIZE); /* what fits */
    assert_int_equal(put_text(in, "a"), -EAGAIN);
    assert_true((file_poll(in) & POLLOUT) == 0);
    assert_int_equal(get_text(out, big, PIPE_SIZE - 10), PIPE_SIZE - 10);
    assert_int_equal(file_seek(in, 0, SEEK_SET), -ESPIPE);
    file_unref(in);
    assert_int_equal(get_text(out, buf, sizeof(buf)), 10);
    assert_int_equal(get_text(out, buf, sizeof(buf)), 0); /* no writer is left */
    assert_true((file_poll(out) & POLLHUP) != 0);
    file_unref(out);
    assert_int_equal(fake_kheap_live(), live);
    assert_int_equal(pipe_create(O_NONBLOCK, &out, &in), 0);
    file_unref(out);
    assert_int_equal(put_text(in, "a"), -EPIPE);
    file_unref(in);
    assert_int_equal(fake_kheap_live(), live);
}

/* Bytes stay in order through every place of the ring. */
static void test_pipe_ring(void **state)
{
    (void)state;
    struct file *out, *in;
    char got[1024];
    uint8_t next_in = 0, next_out = 0;
    assert_int_equal(pipe_create(O_NONBLOCK, &out, &in), 0);
    for (uint32_t round = 0; round < 2000; round++) {
        uint8_t piece[777];
        uint32_t n = 1 + round * 131 % sizeof(piece), m = 1 + round * 197 % sizeof(got);
        for (uint32_t i = 0; i < n; i++) {
            piece[i] = next_in++;
        }
        struct io_buffer io = {plain_put, plain_get, (uintptr_t)piece, 0};
        int32_t done = file_write(in, &io, n);
        if (done < 0) {
            next_in = (uint8_t)(next_in - n);
        } else {
            assert_int_equal(done, n);
        }
        int32_t read = get_text(out, got, m);
        for (int32_t i = 0; i < read; i++) {
            assert_int_equal((uint8_t)got[i], next_out++);
        }
    }
    file_unref(in);
    file_unref(out);
}

static void test_fifo(void **state)
{
    (void)state;
    struct file *out, *in;
    char buf[8] = "";
    assert_int_equal(make("/fifo", INODE_FIFO, 0600), 0);
    assert_int_equal(open_file("/fifo", O_WRONLY | O_NONBLOCK, &in), -ENXIO);
    assert_int_equal(open_file("/fifo", O_RDONLY | O_NONBLOCK, &out), 0);
    assert_int_equal(get_text(out, buf, 8), 0); /* no writer yet */
    assert_int_equal(open_file("/fifo", O_WRONLY | O_NONBLOCK, &in), 0);
    assert_int_equal(put_text(in, "hi"), 2);
    assert_int_equal(get_text(out, buf, 8), 2);
    file_unref(in);
    file_unref(out);
    assert_null(inode_at("/fifo")->pipe);
}

/* ---- Without memory ---------------------------------------------------------------------------- */

struct change {
    const char *name;
    int (*run)(void);
};

static int change_make(void)
{
    return make_directory("/d/new");
}
static int change_symlink(void)
{
    return make_link("/d/new", "somewhere");
}
static int change_link(void)
{
    return link_to("/f", "/d/new");
}
static int change_rename(void)
{
    return rename_to("/f", "/d/new", 0);
}
static int change_open(void)
{
    struct file *file;
    int err = open_file("/d/new", O_RDWR | O_CREAT, &file);
    if (err == 0) {
        file_unref(file);
    }
    return err;
}
static int change_pipe(void)
{
    struct file *out, *in;
    int err = pipe_create(0, &out, &in);
    if (err == 0) {
        file_unref(out);
        file_unref(in);
        return make_file("/d/new");
    }
    return err;
}
static int change_mount(void)
{
    struct file_system *fs;
    struct dentry *on;
    int err = find("/d", &on);
    if (err == 0) {
        err = fs_mount("tmpfs", "tmpfs", on, 0, NULL, &fs);
        dentry_unref(on);
    }
    if (err == 0) {
        err = make_file("/d/new");
        if (err != 0) {
            assert_int_equal(unmount(fs->root), 0);
        }
    }
    return err;
}

/* R2: refuses the n-th allocation of each change, for every n: the tree is as before. */
static void test_r2_changes_without_memory(void **state)
{
    static const struct change changes[] = {
        {"mkdir", change_make},    {"symlink", change_symlink}, {"link", change_link},
        {"rename", change_rename}, {"open", change_open},       {"pipe", change_pipe},
        {"mount", change_mount},
    };
    for (uint32_t i = 0; i < array_size(changes); i++) {
        make_root(state);
        assert_int_equal(make_directory("/d"), 0);
        assert_int_equal(make_file("/f"), 0);
        uint32_t live = fake_kheap_live(), n = 0;
        int err;
        do {
            struct dentry *d;
            fake_kheap_fail_at(++n);
            err = changes[i].run();
            fake_kheap_fail_at(0);
            if (err != 0 && find("/d/new", &d) == 0) { /* open keeps the file that it made */
                dentry_unref(d);
                assert_int_equal(remove_name("/d/new", false), 0);
            }
            if (err != 0) {
                assert_int_equal(err, -ENOMEM);
                assert_int_equal(fake_kheap_live(), live);
                assert_int_equal(inode_at("/f")->links, 1);
            }
        } while (err != 0 && n < 20);
        assert_int_equal(err, 0);
        assert_true(n > 1);
        assert_int_equal(inode_at("/d/new")->links > 0, 1);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, make_root)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_make),
        TEST(test_name_lengths),
        TEST(test_links),
        TEST(test_remove),
        TEST(test_removed_directory),
        TEST(test_rename),
        TEST(test_symlinks),
        TEST(test_chroot),
        TEST(test_permissions),
        TEST(test_mounts),
        TEST(test_write),
        TEST(test_pipe),
        TEST(test_pipe_ring),
        TEST(test_fifo),
        TEST(test_r2_changes_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
