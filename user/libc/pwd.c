/* <pwd.h>: users. Lines of /etc/passwd that are no record are passed over. */
#include <pwd.h>

#include <errno.h>
#include <string.h>

#include "user/libc/account_file.h"

#define LINE_MAX_BYTES 1024

enum { NAME, PASSWORD, UID, GID, GECOS, DIRECTORY, SHELL, N_FIELDS };

#define PASSWD_FILE                                                                                \
    {                                                                                              \
        .path = "/etc/passwd", .instead = "root:x:0:0:root:/root:/bin/sh"                          \
    }

static struct account_file listing = PASSWD_FILE; /* getpwent's */
static struct passwd last;
static char last_line[LINE_MAX_BYTES];

static bool parse(char *line, struct passwd *out)
{
    char *fields[N_FIELDS];
    if (!account_split(line, fields, N_FIELDS) || !account_number(fields[UID], &out->pw_uid) ||
        !account_number(fields[GID], &out->pw_gid)) {
        return false;
    }
    out->pw_name = fields[NAME];
    out->pw_passwd = fields[PASSWORD];
    out->pw_gecos = fields[GECOS];
    out->pw_dir = fields[DIRECTORY];
    out->pw_shell = fields[SHELL];
    return true;
}

static int next_user(struct account_file *from, struct passwd *out, char *buffer, size_t size)
{
    int error;
    do {
        error = account_line(from, buffer, size);
    } while (error == 0 && !parse(buffer, out));
    return error;
}

/* Finds by name, or by uid if name is NULL. */
static int find(const char *name, uid_t uid, struct passwd *out, char *buffer, size_t size,
                struct passwd **found)
{
    struct account_file from = PASSWD_FILE;
    int error;
    do {
        error = next_user(&from, out, buffer, size);
    } while (error == 0 && (name != NULL ? strcmp(name, out->pw_name) != 0 : uid != out->pw_uid));
    account_close(&from);
    *found = error == 0 ? out : NULL;
    return error == ENOENT ? 0 : error;
}

int getpwnam_r(const char *name, struct passwd *out, char *buffer, size_t size,
               struct passwd **found)
{
    return find(name, 0, out, buffer, size, found);
}

int getpwuid_r(uid_t uid, struct passwd *out, char *buffer, size_t size, struct passwd **found)
{
    return find(NULL, uid, out, buffer, size, found);
}

static struct passwd *with_errno(int error, struct passwd *found)
{
    if (error != 0) {
        errno = error;
    }
    return found;
}

struct passwd *getpwnam(const char *name)
{
    struct passwd *found;
    int error = getpwnam_r(name, &last, last_line, sizeof(last_line), &found);
    return with_errno(error, found);
}

struct passwd *getpwuid(uid_t uid)
{
    struct passwd *found;
    int error = getpwuid_r(uid, &last, last_line, sizeof(last_line), &found);
    return with_errno(error, found);
}

struct passwd *getpwent(void)
{
    int error = next_user(&listing, &last, last_line, sizeof(last_line));
    return with_errno(error == ENOENT ? 0 : error, error == 0 ? &last : NULL);
}

void setpwent(void)
{
    account_close(&listing);
}

void endpwent(void)
{
    account_close(&listing);
}
