/* <pwd.h>: users, from /etc/passwd. Without that file there is one: root. */
#ifndef FL_PWD_H
#define FL_PWD_H

#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct passwd {
    char *pw_name;
    char *pw_passwd;
    uid_t pw_uid;
    gid_t pw_gid;
    char *pw_gecos;
    char *pw_dir;
    char *pw_shell;
};

/* Return a record that the next call of any of these three overwrites, or NULL. */
struct passwd *getpwnam(const char *name);
struct passwd *getpwuid(uid_t uid);
struct passwd *getpwent(void);
/* getpwent starts over. */
void setpwent(void);
void endpwent(void);

/* Store the record in *out with its strings in buffer. Return 0 and set *found to out, or to NULL if
 * there is no such user; return ERANGE if buffer is too small. */
int getpwnam_r(const char *name, struct passwd *out, char *buffer, size_t size,
               struct passwd **found);
int getpwuid_r(uid_t uid, struct passwd *out, char *buffer, size_t size, struct passwd **found);

#ifdef __cplusplus
}
#endif

#endif
