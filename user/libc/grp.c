/* <grp.h>: groups. The array of members lies behind the line in the caller's buffer. */
#include <grp.h>

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "user/libc/account_file.h"

#define LINE_MAX_BYTES 4096

enum { NAME, PASSWORD, GID, MEMBERS, N_FIELDS };

#define GROUP_FILE                                                                                 \
    {                                                                                              \
        .path = "/etc/group", .instead = "root:x:0:"                                               \
    }

static struct account_file listing = GROUP_FILE; /* getgrent's */
static struct group last;
static char last_line[LINE_MAX_BYTES];

/* Splits the list of members into the array at `at`. Returns 0, or ERANGE if it ends at `end`. */
static int parse_members(char *list, char *at, char *end, struct group *out)
{
    at += -(uintptr_t)at & (alignof(char *) - 1);
    out->gr_mem = (char **)(void *)at;
    size_t room = at < end ? (size_t)(end - at) / sizeof(char *) : 0, n = 0;
    char *name = *list != '\0' ? strsep(&list, ",") : NULL;
    for (; name != NULL && n < room; name = strsep(&list, ",")) {
        out->gr_mem[n++] = name;
    }
    if (n >= room) {
        return ERANGE;
    }
    out->gr_mem[n] = NULL;
    return 0;
}

/* Returns 0, ERANGE if the members do not fit, or EINVAL if the line is no record. */
static int parse(char *line, size_t size, struct group *out)
{
    char *fields[N_FIELDS], *behind = line + strlen(line) + 1;
    if (!account_split(line, fields, N_FIELDS) || !account_number(fields[GID], &out->gr_gid)) {
        return EINVAL;
    }
    out->gr_name = fields[NAME];
    out->gr_passwd = fields[PASSWORD];
    return parse_members(fields[MEMBERS], behind, line + size, out);
}

static int next_group(struct account_file *from, struct group *out, char *buffer, size_t size)
{
    int error;
    do {
        error = account_line(from, buffer, size);
        if (error != 0) {
            return error;
        }
        error = parse(buffer, size, out);
    } while (error == EINVAL);
    return error;
}

/* Finds by name, or by gid if name is NULL. */
static int find(const char *name, gid_t gid, struct group *out, char *buffer, size_t size,
                struct group **found)
{
    struct account_file from = GROUP_FILE;
    int error;
    do {
        error = next_group(&from, out, buffer, size);
    } while (error == 0 && (name != NULL ? strcmp(name, out->gr_name) != 0 : gid != out->gr_gid));
    account_close(&from);
    *found = error == 0 ? out : NULL;
    return error == ENOENT ? 0 : error;
}

int getgrnam_r(const char *name, struct group *out, char *buffer, size_t size, struct group **found)
{
    return find(name, 0, out, buffer, size, found);
}

int getgrgid_r(gid_t gid, struct group *out, char *buffer, size_t size, struct group **found)
{
    return find(NULL, gid, out, buffer, size, found);
}

static struct group *with_errno(int error, struct group *found)
{
    if (error != 0) {
        errno = error;
    }
    return found;
}

struct group *getgrnam(const char *name)
{
    struct group *found;
    int error = getgrnam_r(name, &last, last_line, sizeof(last_line), &found);
    return with_errno(error, found);
}

struct group *getgrgid(gid_t gid)
{
    struct group *found;
    int error = getgrgid_r(gid, &last, last_line, sizeof(last_line), &found);
    return with_errno(error, found);
}

struct group *getgrent(void)
{
    int error = next_group(&listing, &last, last_line, sizeof(last_line));
    return with_errno(error == ENOENT ? 0 : error, error == 0 ? &last : NULL);
}

void setgrent(void)
{
    account_close(&listing);
}

void endgrent(void)
{
    account_close(&listing);
}
