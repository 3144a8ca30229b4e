/*
 * fs/initrd/initrd.c and fs/tree/setup.c: what a good archive becomes, and every kind of bad one (bad-input B7,
 * B9). Archives are handed over in memory of exactly their size, so a read outside the module is seen
 * by AddressSanitizer. Paths and links are looked up as programs would.
 */
#include "tests/host/support.h"

#include <asm/errno.h>
#include <sanitizer/lsan_interface.h>
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

#define BLOCK       512u
#define ARCHIVE_MAX (64u << 20)
#define HUGE_NAME   (2u << 20)

/* ---- Making archives --------------------------------------------------------------------------- */

struct header { /* the fields that tests touch, by their place */
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
    char magic[6], version[2], owner[32], group[32], major[8], minor[8], prefix[155], rest[12];
};

static uint8_t *archive;
static uint32_t archive_len;

static struct header *last_header;

static void set_checksum(struct header *h)
{
    uint32_t sum = 0;
    memset(h->checksum, ' ', sizeof(h->checksum));
    for (uint32_t i = 0; i < BLOCK; i++) {
        sum += ((unsigned char *)h)[i];
    }
    (void)snprintf(h->checksum, sizeof(h->checksum), "%06o", (unsigned int)sum);
}

static void add(char type, const char *name, const char *data, uint32_t size)
{
    struct header *h = (struct header *)(void *)(archive + archive_len);
    memset(h, 0, BLOCK);
    memcpy(h->name, name, strnlen(name, sizeof(h->name)));
    (void)snprintf(h->mode, sizeof(h->mode), "%07o", type == '5' ? 0755u : 0644u);
    (void)snprintf(h->size, sizeof(h->size), "%011o", (unsigned int)size);
    (void)snprintf(h->mtime, sizeof(h->mtime), "%011o", 1000000u);
    h->type = type;
    memcpy(h->magic, "ustar", 6);
    memcpy(h->version, "00", 2);
    set_checksum(h);
    last_header = h;
    archive_len += BLOCK;
    if (size > 0) {
        memcpy(archive + archive_len, data, size);
        memset(archive + archive_len + size, 0, BLOCK);
        archive_len += (size + BLOCK - 1) / BLOCK * BLOCK;
    }
}

static void add_file(const char *name, const char *text)
{
    add('0', name, text, (uint32_t)strlen(text));
}

static void add_link(char type, const char *name, const char *target)
{
    add(type, name, NULL, 0);
    memcpy(last_header->link, target, strnlen(target, sizeof(last_header->link)));
    set_checksum(last_header);
}

static void add_end(void)
{
    memset(archive + archive_len, 0, 2 * BLOCK);
    archive_len += 2 * BLOCK;
}

/* ---- Mounting ---------------------------------------------------------------------------------- */

static char lines[64][256];
static uint32_t n_lines;
static uint8_t *mounted; /* the archive of the last mount lives until the next */

static void report(const char *line)
{
    assert_true(n_lines < array_size(lines));
    assert_true(strlen(line) < sizeof(lines[0]));
    for (const char *p = line; *p != '\0'; p++) {
        assert_in_range((unsigned char)*p, ' ', '~');
    }
    strcpy(lines[n_lines++], line);
}

static int mount(void)
{
    free(mounted);
    mounted = malloc(archive_len > 0 ? archive_len : 1);
    memcpy(mounted, archive, archive_len);
    n_lines = 0;
    assert_int_equal(make_root_and_devices(), 0);
    return initrd_mount(mounted, archive_len, report);
}

static void expect_line(const char *part)
{
    for (uint32_t i = 0; i < n_lines; i++) {
        if (strstr(lines[i], part) != NULL) {
            return;
        }
    }
    fail_msg("no line with \"%s\" among %u (first: %s)", part, (unsigned int)n_lines,
             n_lines > 0 ? lines[0] : "none");
}

static int look(const char *text, bool follow, struct dentry **out)
{
    return fs_lookup(&(struct path){&view, NULL, text}, follow, out);
}

static int lookup_link(const char *path, bool follow, struct inode **out)
{
    struct dentry *dentry;
    int err = look(path, follow, &dentry);
    if (err == 0) {
        *out = dentry->inode;
        dentry_unref(dentry); /* the tree keeps it */
    }
    return err;
}

static int lookup(const char *path, struct inode **out)
{
    return lookup_link(path, true, out);
}

static void expect_file(const char *path, const char *text)
{
    struct inode *inode;
    char got[256];
    assert_int_equal(lookup(path, &inode), 0);
    assert_int_equal(inode->type, INODE_FILE);
    assert_int_equal(inode->source.size, strlen(text));
    assert_true(strlen(text) < sizeof(got));
    assert_int_equal(inode->source.ops->read(&inode->source, 0, got, (uint32_t)strlen(text)), 0);
    assert_memory_equal(got, text, strlen(text));
}

static void expect_missing(const char *path, int err)
{
    struct inode *inode;
    assert_int_equal(lookup(path, &inode), err);
}

static int fresh_archive(void **state)
{
    (void)state;
    archive_len = 0;
    return 0;
}

/* ---- Good archives ----------------------------------------------------------------------------- */

static void test_files_and_directories(void **state)
{
    (void)state;
    struct inode *inode;
    add('5', "bin/", NULL, 0);
    add_file("bin/sum", "text of sum");
    add_file("./etc/deep/er/motd", "hello");
    add('0', "empty", NULL, 0);
    add('\0', "old-kind", "v7", 2);
    add_end();
    assert_int_equal(mount(), 5);
    assert_int_equal(n_lines, 0);
    expect_file("/bin/sum", "text of sum");
    expect_file("bin/sum", "text of sum");
    expect_file("//bin/.././bin//sum", "text of sum");
    expect_file("/etc/deep/er/motd", "hello");
    expect_file("/empty", "");
    expect_file("/old-kind", "v7");
    assert_int_equal(lookup("/bin", &inode), 0);
    assert_int_equal(inode->mode, S_IFDIR | 0755);
    assert_int_equal(inode->mtime.sec, 1000000);
    assert_int_equal(lookup("/bin/sum", &inode), 0);
    assert_int_equal(inode->mode, S_IFREG | 0644);
    assert_string_equal(inode->source.ops->name(&inode->source), "/bin/sum");
    char path[64];
    assert_int_equal(dentry_path(inode_name(inode), path, sizeof(path)), 8);
    assert_string_equal(path, "/bin/sum");
    assert_int_equal(dentry_path(inode_name(inode), path, 5), 3);
    assert_string_equal(path, "..."); /* it does not fit */
}

static void test_root(void **state)
{
    (void)state;
    struct inode *inode;
    char path[8];
    add('5', "./", NULL, 0);
    add_end();
    assert_int_equal(mount(), 0);
    assert_int_equal(n_lines, 0);
    assert_int_equal(lookup("/", &inode), 0);
    assert_int_equal(inode->type, INODE_DIRECTORY);
    assert_int_equal(dentry_path(inode_name(inode), path, sizeof(path)), 1);
    assert_string_equal(path, "/");
    assert_int_equal(lookup("/../../..", &inode), 0);
    assert_null(inode_name(inode)->parent);
}

/* Data of every size around a block. */
static void test_data_sizes(void **state)
{
    (void)state;
    static char data[3 * BLOCK];
    for (uint32_t i = 0; i < sizeof(data); i++) {
        data[i] = (char)(i * 5 + i / 256);
    }
    for (uint32_t size = 0; size <= 2 * BLOCK + 2; size += size % BLOCK == 2 ? BLOCK - 4 : 1) {
        archive_len = 0;
        add('0', "before", data, size);
        add_file("after", "here");
        assert_int_equal(mount(), 2);
        struct inode *inode;
        assert_int_equal(lookup("/before", &inode), 0);
        assert_int_equal(inode->source.size, size);
        assert_memory_equal(inode->data, data, size);
        expect_file("/after", "here");
    }
}

static void test_prefix(void **state)
{
    (void)state;
    add_file("name", "x");
    memset(last_header->name, 'n', 100); /* no end: the field is full */
    memset(last_header->prefix, 'p', 155);
    set_checksum(last_header);
    add_end();
    assert_int_equal(mount(), 1);
    char path[300] = "/";
    memset(path + 1, 'p', 155);
    path[156] = '/';
    memset(path + 157, 'n', 100);
    expect_file(path, "x");
}

static void test_gnu_long_names(void **state)
{
    (void)state;
    char name[301], target[301];
    for (int i = 0; i < 300; i++) {
        name[i] = i % 50 == 49 ? '/' : 'd';
        target[i] = i % 50 == 49 ? '/' : 't';
    }
    name[299] = 'f';
    name[300] = target[300] = '\0';
    add('L', "././@LongLink", name, 301);
    add_file("cut short", "long");
    add('K', "././@LongLink", target, 301);
    add_link('2', "link", "cut short");
    add_file("next", "short again");
    add_end();
    assert_int_equal(mount(), 3);
    assert_int_equal(n_lines, 0);
    expect_file(name, "long");
    expect_file("/next", "short again");
    struct inode *inode;
    assert_int_equal(lookup_link("/link", false, &inode), 0);
    assert_string_equal(inode_link_target(inode), target);
}

static void test_hard_links(void **state)
{
    (void)state;
    struct inode *a, *b;
    add_file("dir/original", "same bytes");
    add_link('1', "other", "dir/original");
    add_end();
    assert_int_equal(mount(), 2);
    expect_file("/other", "same bytes");
    assert_int_equal(lookup("/dir/original", &a), 0);
    assert_int_equal(lookup("/other", &b), 0);
    assert_int_equal(a->number, b->number);
    assert_int_equal(a->mode, b->mode);
}

static void test_symbolic_links(void **state)
{
    (void)state;
    struct inode *inode;
    add_file("data/file", "content");
    add_link('2', "relative", "data/file");
    add_link('2', "data/up", "../data/file");
    add_link('2', "absolute", "/data");
    add_link('2', "chain", "relative");
    add_link('2', "dangling", "nowhere");
    add_link('2', "through", "absolute/up");
    add_link('2', "slash", "data/");
    add_end();
    assert_int_equal(mount(), 8);
    expect_file("/relative", "content");
    expect_file("/data/up", "content");
    expect_file("/absolute/file", "content");
    expect_file("/absolute/../relative", "content");
    expect_file("/chain", "content");
    expect_file("/through", "content");
    expect_file("/slash/file", "content");
    expect_missing("/dangling", -ENOENT);
    expect_missing("/relative/", -ENOTDIR);
    expect_missing("/relative/x", -ENOTDIR);
    assert_int_equal(lookup_link("/relative", false, &inode), 0);
    assert_int_equal(inode->type, INODE_SYMLINK);
    assert_int_equal(inode->mode & S_IFMT, S_IFLNK);
    assert_int_equal(inode->source.size, 9);
    assert_string_equal(inode_link_target(inode), "data/file");
    assert_int_equal(lookup_link("/absolute/", false, &inode), 0); /* a slash follows */
    assert_int_equal(inode->type, INODE_DIRECTORY);
}

static void test_b9_link_loops(void **state)
{
    (void)state;
    char name[16], target[16];
    add_link('2', "self", "self");
    add_link('2', "a", "b");
    add_link('2', "b", "a");
    add_link('2', "inside", "inside/x");
    add_file("c0", "end");
    for (int i = 1; i <= 41; i++) {
        (void)snprintf(name, sizeof(name), "c%d", i);
        (void)snprintf(target, sizeof(target), "c%d", i - 1);
        add_link('2', name, target);
    }
    add_end();
    assert_int_equal(mount(), 46);
    expect_missing("/self", -ELOOP);
    expect_missing("/a", -ELOOP);
    expect_missing("/a/x", -ELOOP);
    expect_missing("/inside", -ELOOP);
    expect_file("/c40", "end");
    expect_missing("/c41", -ELOOP);
}

/* ---- Lookups ----------------------------------------------------------------------------------- */

static void test_lookup_errors(void **state)
{
    (void)state;
    static char path[5000];
    add_file("dir/file", "x");
    add_end();
    assert_int_equal(mount(), 1);
    expect_missing("", -ENOENT);
    expect_missing("/nothing", -ENOENT);
    expect_missing("/dir/nothing", -ENOENT);
    expect_missing("/nothing/file", -ENOENT);
    expect_missing("/dir/file/x", -ENOTDIR);
    expect_missing("/dir/file/", -ENOTDIR);
    expect_missing("/dir/file/.", -ENOTDIR);
    expect_missing("/dir/file/..", -ENOTDIR);
    expect_missing("/dir/fil", -ENOENT);
    expect_missing("/dir/filee", -ENOENT);
    memset(path, 'n', 256);
    expect_missing(path, -ENAMETOOLONG);
    path[255] = '\0';
    expect_missing(path, -ENOENT);
    memset(path, '/', 4094);
    path[4094] = 'q';
    expect_missing(path, -ENOENT); /* 4095 bytes: just short enough */
    memset(path, '/', 4999);
    expect_missing(path, -ENAMETOOLONG);
}

static void test_devices(void **state)
{
    (void)state;
    static const struct file_ops ops = {
        .open = file_open_by_all,
        .read = file_no_read,
        .write = file_no_write,
        .ioctl = file_no_ioctl,
        .map = file_no_map,
        .release = file_no_release,
        .poll = file_poll_always,
    };
    struct inode *inode;
    add_file("dev/readme", "x");
    add_end();
    assert_int_equal(mount(), 1);
    assert_int_equal(fs_add_device("/dev/thing", 0600, 0x0501, &ops, &archive), 0);
    assert_int_equal(lookup("/dev/thing", &inode), 0);
    assert_int_equal(inode->type, INODE_DEVICE);
    assert_int_equal(inode->mode, S_IFCHR | 0600);
    assert_int_equal(inode->device, 0x0501);
    assert_ptr_equal(inode->ops, &ops);
    assert_ptr_equal(inode->data, &archive);
    assert_int_equal(fs_add_device("/dev/thing", 0600, 1, &ops, NULL), -EEXIST);
    assert_int_equal(fs_add_device("/dev/readme/x", 0600, 1, &ops, NULL), -ENOTDIR);
    assert_int_equal(fs_add_device("/", 0600, 1, &ops, NULL), -EEXIST);
    assert_int_equal(fs_add_device("/new/place/d", 0600, 1, &ops, NULL), 0);
    assert_int_equal(lookup("/new/place/d", &inode), 0);
    assert_int_equal(lookup("/dev/null", &inode), 0);
    assert_int_equal(lookup("/dev/zero", &inode), 0);
}

/* ---- Bad archives ------------------------------------------------------------------------------ */

static void test_b7_empty_module(void **state)
{
    (void)state;
    assert_int_equal(mount(), -EINVAL);
}

static void test_b9_not_a_tar(void **state)
{
    (void)state;
    for (archive_len = 1; archive_len < 3000; archive_len += 101) {
        for (uint32_t i = 0; i < archive_len; i++) {
            archive[i] = (uint8_t)(i * 31 + 5);
        }
        assert_int_equal(mount(), -EINVAL);
    }
    memcpy(archive, "\177ELF", 4);
    assert_int_equal(mount(), -EINVAL);
}

static void test_b9_empty_archive(void **state)
{
    (void)state;
    add_end();
    assert_int_equal(mount(), 0);
    assert_int_equal(n_lines, 0);
}

static void test_b9_no_end_marker(void **state)
{
    (void)state;
    add_file("a", "1");
    add_file("b", "2");
    assert_int_equal(mount(), 2);
    assert_int_equal(n_lines, 0);
    expect_file("/b", "2");
}

static void test_b9_nothing_behind_the_end(void **state)
{
    (void)state;
    add_file("a", "1");
    add_end();
    add_file("behind", "2");
    assert_int_equal(mount(), 1);
    expect_missing("/behind", -ENOENT);
}

static void test_b9_bad_checksum(void **state)
{
    (void)state;
    add_file("good", "1");
    add_file("bad", "2");
    last_header->name[0] ^= 1;
    add_file("next", "3");
    add_end();
    assert_int_equal(mount(), 2);
    assert_int_equal(n_lines, 1);
    expect_line("bad checksum");
    expect_file("/good", "1");
    expect_file("/next", "3");
}

static void test_b9_signed_checksum(void **state)
{
    (void)state;
    add_file("caf\xc3\xa9", "1");
    int sum = 0;
    memset(last_header->checksum, ' ', 8);
    for (uint32_t i = 0; i < BLOCK; i++) {
        sum += ((signed char *)last_header)[i];
    }
    (void)snprintf(last_header->checksum, 8, "%06o", (unsigned int)sum);
    add_end();
    assert_int_equal(mount(), 1);
    expect_file("/caf\xc3\xa9", "1");
}

static void test_b9_no_magic(void **state)
{
    (void)state;
    add_file("v7", "1");
    memset(last_header->magic, 0, 6);
    set_checksum(last_header);
    add_file("next", "2");
    add_end();
    assert_int_equal(mount(), 1);
    expect_line("not a ustar header");
}

/* A size field that is wrong: the member is passed over and the next header found. */
static void test_b9_size_fields(void **state)
{
    (void)state;
    static const struct {
        const char *field; /* 12 bytes */
        const char *line;
    } rows[] = {
        {"garbage!!!!!", "bad size field"},
        {"-0000000001\0", "bad size field"},
        {"0000000008\0\0", "bad size field"},
        {"00x00000001\0", "bad size field"},
        {"77777777777\0", "bad size field"},
        {"777777777777", "bad size field"},
        {"37777777777\0", "past the end"},
        {"00000100000\0", "past the end"},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "bad size field"},
        {"\xff\0\0\0\0\0\0\0\0\0\0\4", "bad size field"},
        {"\x80\0\0\0\0\0\0\1\0\0\0\0", "bad size field"},
        {"\x80\0\0\0\0\0\0\0\xff\xff\xff\xff", "past the end"},
        {"\x80\0\0\0\0\0\0\0\0\0\x40\0", "past the end"},
    };
    for (size_t i = 0; i < array_size(rows); i++) {
        archive_len = 0;
        add_file("bad", "some text");
        memcpy(last_header->size, rows[i].field, 12);
        set_checksum(last_header);
        add_file("next", "found");
        add_end();
        assert_int_equal(mount(), 1);
        assert_int_equal(n_lines, 1);
        expect_line(rows[i].line);
        expect_file("/next", "found");
        expect_missing("/bad", -ENOENT);
    }
}

/* Zeros in the data of a member that was passed over do not end the archive. */
static void test_b9_zeros_in_skipped_data(void **state)
{
    (void)state;
    static const char zeros[3 * BLOCK];
    add('0', "bad", zeros, sizeof(zeros));
    memcpy(last_header->size, "nonsense", 8);
    set_checksum(last_header);
    add_file("next", "found");
    add_end();
    assert_int_equal(mount(), 1);
    expect_file("/next", "found");
}

static void test_b9_size_field_forms(void **state)
{
    (void)state;
    static const char *const fields[] = {"00000000004\0",
                                         "000000000004",
                                         "          4 ",
                                         "4\0\0\0\0\0\0\0\0\0\0\0",
                                         "\x80\0\0\0\0\0\0\0\0\0\0\4",
                                         "4 garbage   "};
    for (size_t i = 0; i < array_size(fields); i++) {
        archive_len = 0;
        add_file("f", "four");
        memcpy(last_header->size, fields[i], 12);
        set_checksum(last_header);
        assert_int_equal(mount(), 1);
        expect_file("/f", "four");
    }
}

/* Cut at every byte: what is whole is there, and nothing outside is read (ASan). */
static void test_b9_cut_everywhere(void **state)
{
    (void)state;
    add_file("one", "1");
    add_file("two", "22");
    add_end();
    uint32_t whole = archive_len;
    for (uint32_t cut = 0; cut <= whole; cut++) {
        archive_len = cut;
        int n = mount();
        if (cut < BLOCK) {
            assert_int_equal(n, -EINVAL);
        } else {
            /* A file is there as soon as its bytes are, even if the rest of its block is not. */
            assert_int_equal(n, (cut >= BLOCK + 1) + (cut >= 3 * BLOCK + 2));
        }
    }
}

static void test_b9_names(void **state)
{
    (void)state;
    char long_name[400];
    memset(long_name, 'x', sizeof(long_name));
    long_name[256] = '\0';
    add_file("", "no name");
    add_file("../x", "up");
    add_file("a/../../x", "up");
    add_file("a/..", "up");
    add_file("/absolute", "slash");
    add('L', "L", long_name, 257);
    add_file("cut", "a component of 256 bytes");
    add('L', "L", "", 0);
    add_file("fine", "ok");
    add_file("..x/...", "dots are fine");
    add_file(".", "a file that is the root");
    add_end();
    assert_int_equal(mount(), 2);
    expect_line("it has no name");
    expect_line("leads upward");
    expect_line("path is absolute");
    expect_line("name is too long");
    expect_line("empty long name");
    expect_line("the root's");
    assert_int_equal(n_lines, 8);
    expect_file("/fine", "ok");
    expect_file("/..x/...", "dots are fine");
    expect_missing("/x", -ENOENT);
    expect_missing("/absolute", -ENOENT);
    expect_missing("/a", -ENOENT);
}

static void test_b9_huge_link_name(void **state)
{
    (void)state;
    static char name[HUGE_NAME];
    memset(name, 'z', sizeof(name));
    add('K', "K", name, sizeof(name));
    add('1', "hard", "", 0);
    add('K', "K", name, sizeof(name));
    add('2', "symbolic", "", 0);
    add('L', "L", name, sizeof(name));
    add_file("named", "x");
    add_file("ok", "y");
    add_end();
    assert_int_equal(mount(), 1);
    expect_line("hard link to a name that is too long");
    expect_line("symbolic link without a sensible target");
    expect_line("its name is too long");
    assert_int_equal(n_lines, 3);
    expect_file("/ok", "y");
}

static void test_b9_long_name_without_end(void **state)
{
    (void)state;
    char name[BLOCK];
    memset(name, 'y', sizeof(name));
    add('L', "L", name, BLOCK); /* no zero in the data; then the archive ends */
    assert_int_equal(mount(), 0);
    add('L', "L", name, 200);
    add_file("cut", "x");
    assert_int_equal(mount(), 1);
    name[200] = '\0';
    expect_file(name, "x");
}

static void test_b9_names_of_any_bytes(void **state)
{
    (void)state;
    add_file("bell\a\x1b[2Jred\xff", "x");
    last_header->checksum[0] = '7'; /* so that a line shows the name; report() looks at it */
    add_file("ok", "y");
    assert_int_equal(mount(), 1);
    expect_line("bell??[2Jred?");
}

static void test_b9_file_as_directory(void **state)
{
    (void)state;
    add_file("file", "1");
    add_file("file/below", "2");
    add_end();
    assert_int_equal(mount(), 1);
    expect_line("not a directory");
    expect_file("/file", "1");
}

static void test_b9_duplicates(void **state)
{
    (void)state;
    struct inode *inode;
    add_file("twice", "first");
    add_file("twice", "second");
    add_link('2', "kind", "twice");
    add_file("kind", "a file now");
    add_file("to-link", "a file");
    add_link('2', "to-link", "twice");
    add('5', "dir", NULL, 0);
    add('5', "dir/", NULL, 0);
    last_header->mode[4] = '7';
    last_header->mode[5] = last_header->mode[6] = '0';
    set_checksum(last_header);
    add_file("dir", "not over a directory");
    add('5', "twice", NULL, 0);
    add_file("dev/null", "not over a device");
    add_end();
    assert_int_equal(mount(), 4);
    expect_file("/twice", "second");
    expect_file("/kind", "a file now");
    expect_file("/to-link", "second");
    expect_line("the later one counts");
    expect_line("something of another kind");
    assert_int_equal(n_lines, 6);
    assert_int_equal(lookup("/dir", &inode), 0);
    assert_int_equal(inode->mode, S_IFDIR | 0700);
    assert_int_equal(lookup("/dev/null", &inode), 0);
    assert_int_equal(inode->type, INODE_DEVICE);
}

static void test_b9_bad_links(void **state)
{
    (void)state;
    add_link('1', "hard", "not/there");
    add_link('1', "empty-hard", "");
    add('5', "dir", NULL, 0);
    add_link('1', "to-dir", "dir");
    add_link('2', "empty", "");
    add_end();
    assert_int_equal(mount(), 1);
    assert_int_equal(n_lines, 4);
    expect_missing("/hard", -ENOENT);
    expect_missing("/empty", -ENOENT);
}

static void test_b9_kinds(void **state)
{
    (void)state;
    add('3', "device", NULL, 0);
    add('4', "device", NULL, 0);
    add('6', "pipe", NULL, 0);
    add('x', "pax", "20 path=something\n\n\n", 20);
    add('g', "pax-global", "x", 1);
    add('Z', "strange", "x", 1);
    add_file("file", "ok");
    add_end();
    assert_int_equal(mount(), 1);
    assert_int_equal(n_lines, 5);
    expect_file("/file", "ok");
}

static void test_b9_bad_modes(void **state)
{
    (void)state;
    add_file("bad", "x");
    memcpy(last_header->mode, "rwxr-xr-", 8);
    set_checksum(last_header);
    add_file("good", "y");
    memcpy(last_header->mode, "0107777 ", 8);
    memcpy(last_header->mtime, "notatime!!!!", 12);
    set_checksum(last_header);
    assert_int_equal(mount(), 1);
    expect_line("bad mode field");
    struct inode *inode;
    assert_int_equal(lookup("/good", &inode), 0);
    assert_int_equal(inode->mode, S_IFREG | 07777);
    assert_int_equal(inode->mtime.sec, 0);
}

static void test_b9_100000_entries(void **state)
{
    (void)state;
    char name[32];
    for (uint32_t i = 0; i < 100000; i++) {
        (void)snprintf(name, sizeof(name), "flat/entry-%u", (unsigned int)i);
        add('0', name, NULL, 0);
    }
    add_end();
    assert_int_equal(mount(), 100000);
    expect_file("/flat/entry-0", "");
    expect_file("/flat/entry-99999", "");
    expect_missing("/flat/entry-100000", -ENOENT);
}

/* A hostile archive does not flood the console. */
static void test_b9_many_complaints(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        add_file("../x", "");
    }
    add_end();
    assert_int_equal(mount(), 0);
    assert_int_equal(n_lines, 21);
    expect_line("980 more complaints");
}

/* Spoiled bytes with the checksums put right again, so that the fields are looked at. */
static void test_b9_random_damage(void **state)
{
    (void)state;
    for (int round = 0; round < 3000; round++) {
        archive_len = 0;
        struct header *headers[5];
        add('5', "d", NULL, 0);
        headers[0] = last_header;
        add_file("d/file", "some text");
        headers[1] = last_header;
        add_link('2', "link", "d/file");
        headers[2] = last_header;
        add('L', "L", "a/longer/name", 14);
        headers[3] = last_header;
        add_file("cut", "more");
        headers[4] = last_header;
        add_end();
        for (uint32_t n = 1 + support_random() % 4; n > 0; n--) {
            struct header *h = headers[support_random() % 5];
            ((uint8_t *)h)[support_random() % BLOCK] = (uint8_t)support_random();
            set_checksum(h);
        }
        archive_len -= support_random() % 2 ? support_random() % archive_len : 0;
        int n = mount();
        assert_true(n >= -EINVAL && n <= 5);
    }
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    add('5', "bin", NULL, 0);
    add_file("bin/sum", "x");
    add_link('2', "link", "bin/sum");
    add_link('1', "hard", "bin/sum");
    add_end();
    int n;
    uint32_t at = 3; /* root, /dev and the two devices come first */
    free(mounted);
    mounted = malloc(archive_len);
    memcpy(mounted, archive, archive_len);
    do {
        assert_int_equal(make_root_and_devices(), 0);
        n_lines = 0;
        fake_kheap_fail_at(at++);
        n = initrd_mount(mounted, archive_len, report);
        fake_kheap_fail_at(0);
        assert_true(n == -ENOMEM || n == 4);
    } while (n == -ENOMEM);
    assert_true(at > 8);
    __lsan_disable(); /* without a root there is no kernel: it is not taken apart again */
    for (at = 1; at <= 4; at++) {
        fake_kheap_fail_at(at);
        assert_int_equal(make_root_and_devices(), -ENOMEM);
    }
    __lsan_enable();
    fake_kheap_fail_at(0);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh_archive)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_files_and_directories),
        TEST(test_root),
        TEST(test_data_sizes),
        TEST(test_prefix),
        TEST(test_gnu_long_names),
        TEST(test_hard_links),
        TEST(test_symbolic_links),
        TEST(test_b9_link_loops),
        TEST(test_lookup_errors),
        TEST(test_devices),
        TEST(test_b7_empty_module),
        TEST(test_b9_not_a_tar),
        TEST(test_b9_empty_archive),
        TEST(test_b9_no_end_marker),
        TEST(test_b9_nothing_behind_the_end),
        TEST(test_b9_bad_checksum),
        TEST(test_b9_signed_checksum),
        TEST(test_b9_no_magic),
        TEST(test_b9_size_fields),
        TEST(test_b9_zeros_in_skipped_data),
        TEST(test_b9_size_field_forms),
        TEST(test_b9_cut_everywhere),
        TEST(test_b9_names),
        TEST(test_b9_long_name_without_end),
        TEST(test_b9_huge_link_name),
        TEST(test_b9_names_of_any_bytes),
        TEST(test_b9_file_as_directory),
        TEST(test_b9_duplicates),
        TEST(test_b9_bad_links),
        TEST(test_b9_kinds),
        TEST(test_b9_bad_modes),
        TEST(test_b9_100000_entries),
        TEST(test_b9_many_complaints),
        TEST(test_b9_random_damage),
        TEST(test_memory_runs_out),
    };
    archive = malloc(ARCHIVE_MAX);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(archive);
    free(mounted);
    return failed;
}
