/*
 * The initrd: a ustar archive (POSIX.1-1988, with GNU tar's long names) that the boot loader left
 * in memory. Files are read in place; only names and link targets are copied.
 *
 * The archive is not trusted (bad input B9). The reader skips a bad member with one line, and then
 * looks for the next block that is a header with a correct checksum. It never reads outside [bytes,
 * bytes + size), because it checks every size against what is left before it uses it. It limits the
 * number of lines, so that a hostile archive cannot flood the console.
 *
 * Decisions: an archive may end without the two zero blocks. Names with ".." or a leading slash are
 * refused. Of two members with the same name the later replaces the earlier, as if tar had unpacked
 * them in order; but nothing replaces a directory or a device. A hard link must follow the file
 * that it names. pax headers are skipped.
 */
#include <asm/errno.h>

#include "fs/file.h"
#include "fs/mode.h"
#include "fs/node.h"
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

/* A string inside the archive, without a terminator. */
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
    bool has_header;       /* a correct header was seen: it is a tar archive   */
    bool is_lost;          /* looking for the next header; the line is printed */
    struct text long_name; /* GNU: for the next member; bytes NULL: none       */
    struct text long_link;
};

/* One member, decoded and checked. */
struct member {
    char name[HEADER_NAME_MAX + 1]; /* from the header; long names are not copied */
    struct text path;
    struct text link;
    char type;
    uint32_t mode, mtime;
    const uint8_t *data;
    uint32_t size;
};

/* ---- Complaints ------------------------------------------------------------------------------ */

/* Names are not trusted: characters that do not print become question marks. */
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

/* ---- Fields ---------------------------------------------------------------------------------- */

static struct text field_text(const char *field, uint32_t max)
{
    return (struct text){field, (uint32_t)strnlen(field, max)};
}

/* Reads an octal number with leading spaces that ends with a space, a zero or the field. An empty
 * field is 0. Returns false for anything else, and for a number that does not fit 32 bits. */
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

/* Reads GNU's binary numbers: a byte 0x80, then big-endian. Negative numbers begin with 0xFF. */
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

/* Checks the sum of all bytes, with the checksum's own taken as spaces. Old tars summed signed
 * bytes. */
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

/* ---- Decoding -------------------------------------------------------------------------------- */

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

/* Fills *m from the header at r->pos. Returns NULL, or what is wrong. */
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
    if (!has_data(m->type)) {
        m->size = 0;
    }
    if (m->size > r->size - r->pos - BLOCK) {
        return "its data ends past the end of the archive";
    }
    m->data = r->bytes + r->pos + BLOCK;
    return NULL;
}

/* ---- From member to node --------------------------------------------------------------------- */

/* The content of a node, complete before the tree is changed. */
struct content {
    enum inode_type type;
    uint32_t permissions, mtime;
    uint32_t number; /* a hard link has its file's inode number; else 0 */
    void *data;
    uint32_t size;
};

/* Copies text to the heap as a string. */
static char *copy_text(struct text t)
{
    char *s = kheap_alloc(t.len + 1);
    if (s != NULL) {
        memcpy(s, t.bytes, t.len);
        s[t.len] = '\0';
    }
    return s;
}

static int prepare_hard_link(struct reader *r, const struct member *m, struct content *c)
{
    struct inode *file;
    if (m->link.len >= NODE_PATH_MAX) {
        complain(r, m->path, "hard link to a name that is too long");
        return -ENAMETOOLONG;
    }
    char *path = copy_text(m->link);
    if (path == NULL) {
        return -ENOMEM;
    }
    int err = fs_lookup(path, false, &file);
    kheap_free(path, m->link.len + 1);
    if (err == 0) {
        inode_unref(file); /* the tree keeps it */
    }
    if (err != 0 || file->type != INODE_FILE) {
        complain(r, m->path, "hard link to a file that is not there");
        return -ENOENT;
    }
    c->permissions = file->mode & PERMISSION_BITS;
    c->mtime = file->mtime;
    c->number = file->number;
    c->data = file->data;
    c->size = (uint32_t)file->source.size;
    return 0;
}

static int prepare_symlink(struct reader *r, const struct member *m, struct content *c)
{
    if (m->link.len == 0 || m->link.len >= NODE_PATH_MAX) {
        complain(r, m->path, "symbolic link without a sensible target");
        return -EINVAL;
    }
    c->data = copy_text(m->link);
    c->size = m->link.len;
    return c->data != NULL ? 0 : -ENOMEM;
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
        return INODE_DIRECTORY; /* before '5' existed, a slash after the name meant this */
    }
    return m->type == '2' ? INODE_SYMLINK : INODE_FILE;
}

static int prepare_content(struct reader *r, const struct member *m, struct content *c)
{
    *c = (struct content){
        .type = type_of(m),
        .permissions = m->mode & PERMISSION_BITS,
        .mtime = m->mtime,
    };
    if (m->type == '1') {
        return prepare_hard_link(r, m, c);
    }
    if (c->type == INODE_SYMLINK) {
        return prepare_symlink(r, m, c);
    }
    if (c->type == INODE_FILE) {
        c->data = without_const(m->data);
        c->size = m->size;
    }
    return 0;
}

/* A new link's data is NULL until it is set. */
static void free_symlink(void *data, uint32_t size, enum inode_type type)
{
    if (type == INODE_SYMLINK && data != NULL) {
        kheap_free(data, size + 1);
    }
}

static void set_content(struct inode *inode, const struct content *c)
{
    free_symlink(inode->data, (uint32_t)inode->source.size, inode->type);
    inode->type = c->type;
    inode->mode = (inode->mode & (uint32_t)S_IFMT) | c->permissions;
    inode->mtime = c->mtime;
    inode->number = c->number != 0 ? c->number : inode->number;
    inode->data = c->data;
    inode->source.size = c->size;
    if (c->type != INODE_DIRECTORY) {
        inode->ops = c->type == INODE_FILE ? &memory_file_ops : &no_ops;
    }
}

/* Replaces a node that exists. A file or link gets the new content, a directory only new mode
 * bits. */
static int replace(struct reader *r, const struct member *m, struct inode *old,
                   const struct content *c)
{
    bool is_old_directory = old->type == INODE_DIRECTORY;
    if (old->type == INODE_DEVICE || is_old_directory != (c->type == INODE_DIRECTORY)) {
        complain(r, m->path, "the name is taken by something of another kind");
        return -EEXIST;
    }
    if (is_old_directory) {
        old->mode = (uint32_t)S_IFDIR | c->permissions;
        old->mtime = c->mtime;
        return 0;
    }
    complain(r, m->path, "the name came before; the later one counts");
    old->mode = c->type == INODE_SYMLINK ? (uint32_t)S_IFLNK : (uint32_t)S_IFREG;
    set_content(old, c);
    return 0;
}

static int add_node(struct reader *r, struct node *parent, const char *name, uint32_t len,
                    const struct content *c)
{
    struct node *n;
    int err = node_add(parent, name, len, c->type, c->permissions, &n);
    if (err != 0) {
        return err;
    }
    set_content(&n->inode, c);
    r->added++;
    return 0;
}

/* Puts content under path. Returns 0, or an errno whose line was printed. */
static int place(struct reader *r, const struct member *m, const char *path,
                 const struct content *c)
{
    struct node *parent;
    const char *name;
    uint32_t len;
    int err = node_make_parents(path, &parent, &name, &len);
    if (err == 0 && len == 0) {
        err = c->type == INODE_DIRECTORY ? 0 : -EISDIR; /* "./" is the root */
    } else if (err == 0) {
        struct node *old = node_find(parent, name, len);
        if (old != NULL) {
            return replace(r, m, &old->inode, c);
        }
        err = add_node(r, parent, name, len, c);
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

/* Returns true if ".." is a component. */
static bool leads_upward(const char *path)
{
    uint32_t len;
    for (;;) {
        const char *name = path_next(&path, &len);
        if (len == 0) {
            return false;
        }
        if (len == 2 && name[0] == '.' && name[1] == '.') {
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
    return path->len >= NODE_PATH_MAX ? "its name is too long" : NULL;
}

/* Adds a file, directory or link. Returns 0 or -ENOMEM; for all other mistakes it prints a line. */
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
    struct content content;
    int err = 0;
    if (leads_upward(path)) {
        complain(r, m->path, "its path leads upward (..)");
    } else {
        err = prepare_content(r, m, &content);
        if (err == 0) {
            err = place(r, m, path, &content);
            if (err != 0) {
                free_symlink(content.data, content.size, content.type);
            }
        }
    }
    kheap_free(path, m->path.len + 1);
    return err == -ENOMEM ? -ENOMEM : 0;
}

/* ---- The archive ----------------------------------------------------------------------------- */

/* GNU's 'L' and 'K': their data is the name or the link target of the next member. */
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

/* Returns what is wrong with a block that should be a header, or NULL. */
static const char *header_problem(const struct ustar_header *h)
{
    if (!has_right_checksum(h)) {
        return "bad checksum";
    }
    return has_magic(h) ? NULL : "not a ustar header";
}

/* From here on, looks for the next correct header block by block, without further lines. */
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

/* Reads the member whose header is at r->pos. Returns 0 or -ENOMEM. */
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
        r->is_lost = false; /* found a header: a mistake in it gets a line again */
        get_lost(r, m.path, problem);
        return 0;
    }
    r->is_lost = false;
    int err = take_member(r, &m);
    uint64_t next = (uint64_t)r->pos + BLOCK + ((uint64_t)m.size + BLOCK - 1) / BLOCK * BLOCK;
    r->pos = (uint32_t)min_u64(next, r->size);
    return err;
}

/* A zero block ends the archive, but not while the reader looks for the next header. */
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
