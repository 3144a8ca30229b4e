/* <grp.h>: groups, from /etc/group. Without that file there is one: root. */
#ifndef FL_GRP_H
#define FL_GRP_H

#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct group {
    char *gr_name;
    char *gr_passwd;
    gid_t gr_gid;
    char **gr_mem; /* names of members, NULL behind the last */
};

/* As the functions of <pwd.h>. */
struct group *getgrnam(const char *name);
struct group *getgrgid(gid_t gid);
struct group *getgrent(void);
void setgrent(void);
void endgrent(void);
int getgrnam_r(const char *name, struct group *out, char *buffer, size_t size,
               struct group **found);
int getgrgid_r(gid_t gid, struct group *out, char *buffer, size_t size, struct group **found);

#ifdef __cplusplus
}
#endif

#endif
