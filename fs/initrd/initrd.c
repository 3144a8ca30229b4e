/*
 * The initrd: a ustar archive (POSIX.1-1988, and GNU tar's long names) that the boot loader left in
 * memory. Files are read where they lie; only names and link targets are copied.
 *
 * The archive is input like any other (bad input B9). A member that makes no sense is passed over
 * with one line, and the reader then looks for the next block that is a header with a right checksum.
 * Nothing outside [bytes, bytes + size) is ever read: every size is checked against what is left
 * before it is used. The lines are limited in number: a hostile archive must not flood the console.
 *
 * Decisions: an archive may end without the two zero blocks. Names with ".." or a leading slash are
 * refused. Of two members with one name the later counts, as if tar had unpacked them in order; a
 * directory never gives way to a file, nor a device to anything. Links count for the files they
 * name, which must come before them. pax headers are passed over.
 */
#include <asm/errno.h>

#include "fs/tree/dentry.h"
#include "fs/tree/path.h"
#include "fs/tree/setup.h"
#include "lib/format.h"
#include "lib/minmax.h"
#include "lib/string.h"
#include "mm/phys/kheap.h"

#define BLOCK           512u
#define COMPLAINTS_MAX  20u
#define LINE_MAX        200
#define PERMISSION_BITS 07777u
#define HEADER_NAME_MAX 256u /* prefix, '/', name */

/* POSIX.1-1988 10.1.1; all fields text, numbers octal. */
struct ustar_header {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[6];
    char version[2];
    char owner[32];
    char group[32];
    char major[8];
    char minor[8];
    char prefix[155];
    char rest[12];
};
_Static_assert(sizeof(struct ustar_header) == BLOCK, "a header is one block");

/* A string inside the archive, without end. */
struct text {
    const char *bytes;
    uint32_t len;
};

struct reader {
    const uint8_t *bytes;
    uint32_t size;
    uint32_t pos; /* of the next block */
    void (*report)(const char *line);
    uint32_t complaints;
    int added;
    bool has_header;       /* one right header was seen: it is a tar           */
    bool is_lost;          /* looking for the next header, already complained  */
    struct text long_name; /* GNU: for the next member; bytes NULL: none       */
    struct text long_link;
};

/* One member, decoded and checked. */
struct member {
    char name[HEADER_NAME_MAX + 1]; /* from the header; long names are not copied */
    struct text path;
    struct text link;
    char type;
    uint32_t mode, mtime, uid, gid;
    const uint8_t *data;
    uint32_t size;
};

/* ---- Complaints -------------------------------------------------------------------------------- */

/* Names come from outside: only what prints is printed. */
static void copy_printable(char *to, uint32_t room, struct text from)
{
    uint32_t n = min_u32(from.len, room - 1);
    for (uint32_t i = 0; i < n; i++) {
        char c = from.bytes[i];
        to[i] = (char)(c >= ' ' && c <= '~' ? c : '?');
    }
    to[n] = '\0';
}

static void complain(struct reader *r, struct text name, const char *what)
{
    char shown[80], line[LINE_MAX];
    r->complaints++;
    if (r->complaints > COMPLAINTS_MAX) {
        return;
    }
    copy_printable(shown, sizeof(shown), name);
    (void)format_buffer(line, sizeof(line), "initrd: member \"%s\" at byte %u: %s", shown,
                        (unsigned int)r->pos, what);
    r->report(line);
}

static void report_rest(const struct reader *r)
{
    if (r->complaints > COMPLAINTS_MAX) {
        char line[LINE_MAX];
        (void)format_buffer(line, sizeof(line), "initrd: %u more complaints",
                            (unsigned int)(r->complaints - COMPLAINTS_MAX));
        r->report(line);
    }
}

/* ---- Fields ------------------------------------------------------------------------------------ */

static struct text field_text(const char *field, uint32_t max)
{
    return (struct text){field, (uint32_t)strnlen(field, max)};
}

/* Octal with leading spaces, ended by a space, a zero or the field's end. False for anything else
 * and for what does not fit 32 bits. An empty field is 0. */
static bool parse_octal(const char *field, uint32_t max, uint32_t *out)
{
    uint32_t i = 0, v = 0;
    while (i < max && field[i] == ' ') {
        i++;
    }
    for (; i < max && field[i] >= '0' && field[i] <= '7'; i++) {
        if (v >> 29 != 0) {
            return false;
        }
        v = v << 3 | (uint32_t)(field[i] - '0');
    }
    *out = v;
    return i == max || field[i] == ' ' || field[i] == '\0';
}

/* GNU's binary numbers: first byte 0x80, then big-endian. 0xFF begins a negative one. */
static bool parse_binary(const char *field, uint32_t max, uint32_t *out)
{
    const unsigned char *bytes = (const unsigned char *)field;
    uint32_t v = 0;
    if (bytes[0] != 0x80) {
        return false;
    }
    for (uint32_t i = 1; i < max; i++) {
        if (v >> 24 != 0) {
            return false;
        }
        v = v << 8 | bytes[i];
    }
    *out = v;
    return true;
}

static bool parse_number(const char *field, uint32_t max, uint32_t *out)
{
    bool is_binary = ((unsigned char)field[0] & 0x80u) != 0;
    return is_binary ? parse_binary(field, max, out) : parse_octal(field, max, out);
}

/* The sum over all bytes with the checksum's own taken as spaces. Old tars summed signed bytes. */
static bool has_right_checksum(const struct ustar_header *h)
{
    const unsigned char *bytes = (const unsigned char *)h;
    const uint32_t first = offsetof(struct ustar_header, checksum);
    uint32_t expected, sum = 0;
    int32_t signed_sum = 0;
    for (uint32_t i = 0; i < BLOCK; i++) {
        bool is_own = i >= first && i < first + sizeof(h->checksum);
        unsigned char byte = is_own ? ' ' : bytes[i];
        sum += byte;
        signed_sum += (signed char)byte;
    }
    return parse_octal(h->checksum, sizeof(h->checksum), &expected) &&
           (sum == expected || (uint32_t)signed_sum == expected);
}

/* POSIX "ustar\0" and GNU "ustar ". */
static bool has_magic(const struct ustar_header *h)
{
    return memcmp(h->magic, "ustar", 5) == 0 && (h->magic[5] == '\0' || h->magic[5] == ' ');
}

/* GNU uses the prefix field for other things. */
static bool has_prefix(const struct ustar_header *h)
{
    return h->magic[5] == '\0' && h->prefix[0] != '\0';
}

static bool is_zero_block(const uint8_t *block)
{
    for (uint32_t i = 0; i < BLOCK; i++) {
        if (block[i] != 0) {
            return false;
        }
    }
    return true;
}

/* ---- Decoding ---------------------------------------------------------------------------------- */

static void decode_name(const struct ustar_header *h, struct member *m)
{
    uint32_t len = 0;
    if (has_prefix(h)) {
        struct text prefix = field_text(h->prefix, sizeof(h->prefix));
        memcpy(m->name, prefix.bytes, prefix.len);
        len = prefix.len;
        m->name[len++] = '/';
    }
    struct text name = field_text(h->name, sizeof(h->name));
    memcpy(m->name + len, name.bytes, name.len);
    len += name.len;
    m->name[len] = '\0';
    m->path = (struct text){m->name, len};
    m->link = field_text(h->link, sizeof(h->link));
}

/* Links, directories and devices have no data, whatever their size field says. */
static bool has_data(char type)
{
    return type < '1' || type > '6';
}

/* Fills *m from the header at r->pos. NULL, or what is wrong. */
static const char *decode_member(const struct reader *r, const struct ustar_header *h,
                                 struct member *m)
{
    decode_name(h, m);
    m->type = h->type;
    if (r->long_name.bytes != NULL) {
        m->path = r->long_name;
    }
    if (r->long_link.bytes != NULL) {
        m->link = r->long_link;
    }
    if (!parse_number(h->mode, sizeof(h->mode), &m->mode)) {
        return "bad mode field";
    }
    if (!parse_number(h->size, sizeof(h->size), &m->size)) {
        return "bad size field";
    }
    if (!parse_number(h->mtime, sizeof(h->mtime), &m->mtime)) {
        m->mtime = 0; /* beyond 32 bits, or nonsense: nothing depends on it */
    }
    if (!parse_number(h->uid, sizeof(h->uid), &m->uid) ||
        !parse_number(h->gid, sizeof(h->gid), &m->gid)) {
        m->uid = m->gid = 0;
    }
    if (!has_data(m->type)) {
        m->size = 0;
    }
    if (m->size > r->size - r->pos - BLOCK) {
        return "its data ends past the end of the archive";
    }
    m->data = r->bytes + r->pos + BLOCK;
    return NULL;
}

/* ---- From member to name ----------------------------------------------------------------------- */

/* Text as a string on the heap. */
static char *copy_text(struct text t)
{
    char *s = kheap_alloc(t.len + 1);
    if (s != NULL) {
        memcpy(s, t.bytes, t.len);
        s[t.len] = '\0';
    }
    return s;
}

static void free_text(char *s, struct text t)
{
    kheap_free(s, t.len + 1);
}

/* An inode's data pointer serves devices too, so it is not const; a file's bytes are only read. */
static void *without_const(const uint8_t *bytes)
{
    union {
        const uint8_t *in;
        void *out;
    } u = {.in = bytes};
    return u.out;
}

static enum inode_type type_of(const struct member *m)
{
    bool has_slash = m->path.bytes[m->path.len - 1] == '/';
    if (m->type == '5' || (has_slash && has_data(m->type))) {
        return INODE_DIRECTORY; /* before '5' existed, a name with a slash behind it said so */
    }
    return m->type == '2' ? INODE_SYMLINK : INODE_FILE;
}

static void set_attributes(struct inode *inode, const struct member *m)
{
    inode->mode = inode_type_bits(inode->type) | (m->mode & PERMISSION_BITS);
    inode->uid = m->uid;
    inode->gid = m->gid;
    inode->atime = inode->mtime = inode->ctime = (struct timestamp){m->mtime, 0};
}

/* The file that a hard link names, with a reference. */
static int find_linked(struct reader *r, const struct member *m, struct inode **out)
{
    struct fs_view view;
    struct dentry *found;
    if (m->link.len >= PATH_LEN_MAX) {
        complain(r, m->path, "hard link to a name that is too long");
        return -ENAMETOOLONG;
    }
    char *text = copy_text(m->link);
    if (text == NULL) {
        return -ENOMEM;
    }
    fs_view_init(&view);
    int err = fs_lookup(&(struct path){&view, NULL, text}, false, &found);
    fs_view_destroy(&view);
    free_text(text, m->link);
    if (err == 0) {
        *out = found->inode;
        inode_ref(*out);
        dentry_unref(found);
    }
    if (err == 0 && (*out)->type != INODE_FILE) {
        inode_unref(*out);
        err = -ENOENT;
    }
    if (err != 0) {
        complain(r, m->path, "hard link to a file that is not there");
    }
    return err;
}

/* A new inode for the member, with one reference. */
static int make_inode(struct reader *r, const struct member *m, struct dentry *dir,
                      struct inode **out)
{
    struct inode_spec spec = {.type = type_of(m), .mode = m->mode & PERMISSION_BITS};
    char *target = NULL;
    if (spec.type == INODE_SYMLINK) {
        if (m->link.len == 0 || m->link.len >= PATH_LEN_MAX) {
            complain(r, m->path, "symbolic link without a sensible target");
            return -EINVAL;
        }
        spec.target = target = copy_text(m->link);
        if (target == NULL) {
            return -ENOMEM;
        }
    }
    int err = inode_create(dir->inode->fs, &spec, out);
    if (target != NULL) {
        free_text(target, m->link);
    }
    if (err == 0 && spec.type == INODE_FILE) {
        (*out)->data = without_const(m->data);
        (*out)->source.size = m->size;
    }
    return err;
}

/* A name that is there already: files and links give way to a later one, a directory only takes new
 * attributes (*is_done). */
static int make_way(struct reader *r, const struct member *m, struct dentry *old, bool *is_done)
{
    bool is_old_directory = old->inode->type == INODE_DIRECTORY;
    *is_done = false;
    if (old->inode->type == INODE_DEVICE ||
        is_old_directory != (m->type != '1' && type_of(m) == INODE_DIRECTORY)) {
        complain(r, m->path, "the name is taken by something of another kind");
        return -EEXIST;
    }
    if (is_old_directory) {
        set_attributes(old->inode, m);
        *is_done = true;
        return 0;
    }
    complain(r, m->path, "the name came before; the later one counts");
    return 0;
}

/* Puts the member in the place that its path has. */
static int place_in(struct reader *r, const struct member *m, struct dentry *dir, const char *name,
                    uint32_t len)
{
    struct dentry *old = dentry_find(dir, name, len);
    struct inode *inode;
    bool is_done = false;
    int err = old != NULL ? make_way(r, m, old, &is_done) : 0;
    if (err != 0 || is_done) {
        return err;
    }
    err = m->type == '1' ? find_linked(r, m, &inode) : make_inode(r, m, dir, &inode);
    if (err != 0) {
        return err;
    }
    if (m->type != '1') {
        set_attributes(inode, m);
    }
    if (old != NULL) {
        dentry_unlink(old);
    } else {
        r->added++;
    }
    err = fs_add_name(dir, name, len, inode);
    inode_unref(inode);
    return err;
}

/* Returns 0 or an errno whose line is written. */
static int place(struct reader *r, const struct member *m, const char *path)
{
    struct dentry *dir;
    const char *name;
    uint32_t len;
    int err = fs_make_parents(path, &dir, &name, &len);
    if (err == 0 && len == 0) {
        bool is_directory = m->type != '1' && type_of(m) == INODE_DIRECTORY;
        err = is_directory ? 0 : -EISDIR; /* "./" is the root */
    } else if (err == 0) {
        return place_in(r, m, dir, name, len);
    }
    if (err == -ENOTDIR) {
        complain(r, m->path, "a part of its path is not a directory");
    } else if (err == -ENAMETOOLONG) {
        complain(r, m->path, "its name is too long");
    } else if (err == -EISDIR) {
        complain(r, m->path, "its name is the root's");
    }
    return err;
}

/* ".." as a component, anywhere. */
static bool leads_upward(const char *path)
{
    uint32_t len;
    for (;;) {
        const char *name = path_next(&path, &len);
        if (len == 0) {
            return false;
        }
        if (path_is_dot_dot(name, len)) {
            return true;
        }
    }
}

static const char *path_problem(const struct text *path)
{
    if (path->len == 0) {
        return "it has no name";
    }
    if (path->bytes[0] == '/') {
        return "its path is absolute";
    }
    return path->len >= PATH_LEN_MAX ? "its name is too long" : NULL;
}

/* Adds a file, directory or link. 0, or -ENOMEM: all other mistakes end in a line. */
static int add_member(struct reader *r, const struct member *m)
{
    const char *problem = path_problem(&m->path);
    if (problem != NULL) {
        complain(r, m->path, problem);
        return 0;
    }
    char *path = copy_text(m->path);
    if (path == NULL) {
        return -ENOMEM;
    }
    int err = 0;
    if (leads_upward(path)) {
        complain(r, m->path, "its path leads upward (..)");
    } else {
        err = place(r, m, path);
    }
    free_text(path, m->path);
    return err == -ENOMEM ? -ENOMEM : 0;
}

/* ---- The archive ------------------------------------------------------------------------------- */

/* GNU's 'L' and 'K': the data is the name or the link target of the member that follows. */
static void note_long(struct reader *r, const struct member *m, struct text *out)
{
    const char *bytes = (const char *)m->data;
    *out = (struct text){bytes, (uint32_t)strnlen(bytes, m->size)};
    if (out->len == 0) {
        complain(r, m->path, "empty long name");
        out->bytes = NULL;
    }
}

static int take_member(struct reader *r, const struct member *m)
{
    int err = 0;
    switch (m->type) {
    case 'L':
        note_long(r, m, &r->long_name);
        return 0;
    case 'K':
        note_long(r, m, &r->long_link);
        return 0;
    case '\0':
    case '0':
    case '7': /* contiguous file: a hint about the disk */
    case '1':
    case '2':
    case '5':
        err = add_member(r, m);
        break;
    case 'g': /* pax: for all members that follow */
        break;
    case 'x':
        complain(r, m->path, "pax header passed over");
        break;
    case '3':
    case '4':
    case '6':
        complain(r, m->path, "devices and pipes are not taken from an archive");
        break;
    default:
        complain(r, m->path, "unknown kind of member");
        break;
    }
    r->long_name.bytes = NULL;
    r->long_link.bytes = NULL;
    return err;
}

/* What a block that should be a header is not, or NULL. */
static const char *header_problem(const struct ustar_header *h)
{
    if (!has_right_checksum(h)) {
        return "bad checksum";
    }
    return has_magic(h) ? NULL : "not a ustar header";
}

/* From here on the next right header is searched block by block, without further lines. */
static void get_lost(struct reader *r, struct text name, const char *why)
{
    if (!r->is_lost) {
        complain(r, name, why);
    }
    r->is_lost = true;
    r->long_name.bytes = NULL;
    r->long_link.bytes = NULL;
    r->pos += BLOCK;
}

/* The member whose header is at r->pos. 0 or -ENOMEM. */
static int read_member(struct reader *r)
{
    const struct ustar_header *h = (const struct ustar_header *)(r->bytes + r->pos);
    struct member m;
    const char *problem = header_problem(h);
    if (problem != NULL) {
        get_lost(r, field_text(h->name, sizeof(h->name)), problem);
        return 0;
    }
    r->has_header = true;
    problem = decode_member(r, h, &m);
    if (problem != NULL) {
        r->is_lost = false; /* a header again: its own mistake deserves its line */
        get_lost(r, m.path, problem);
        return 0;
    }
    r->is_lost = false;
    int err = take_member(r, &m);
    uint64_t next = (uint64_t)r->pos + BLOCK + ((uint64_t)m.size + BLOCK - 1) / BLOCK * BLOCK;
    r->pos = (uint32_t)min_u64(next, r->size);
    return err;
}

/* The first zero block ends an archive; inside data that is being searched it says nothing. */
static bool is_at_end(const struct reader *r)
{
    return !r->is_lost && is_zero_block(r->bytes + r->pos);
}

int initrd_mount(const uint8_t *bytes, uint32_t size, void (*report)(const char *line))
{
    struct reader r = {.bytes = bytes, .size = size, .report = report};
    bool has_end = false;
    while (!has_end && r.size - r.pos >= BLOCK) {
        has_end = is_at_end(&r);
        int err = has_end ? 0 : read_member(&r);
        if (err != 0) {
            return err;
        }
    }
    if (!has_end && r.pos < r.size) {
        complain(&r, (struct text){"", 0}, "the archive is cut inside a block");
    }
    report_rest(&r);
    return r.has_header || has_end ? r.added : -EINVAL;
}
