/* <glob.h>, <dirent.h>'s scandir, realpath, <pwd.h> and <grp.h>, with the files of tests/guest/root/. */
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sys/types.h>
#include <unistd.h>

#include "tap.h"

/* ---- glob -------------------------------------------------------------------------------------- */

/* Joins what a pattern finds, with blanks between. Returns glob's answer. */
static int find(const char *pattern, int flags, char *to, size_t size)
{
    glob_t all;
    int error = glob(pattern, flags, NULL, &all);
    *to = '\0';
    for (size_t i = 0; error == 0 && i < all.gl_pathc; i++) {
        strlcat(to, i > 0 ? " " : "", size);
        strlcat(to, all.gl_pathv[i], size);
    }
    if (error == 0) {
        globfree(&all);
    }
    return error;
}

static void test_glob(void)
{
    char found[256];
    is(find("/names/*.txt", 0, found, sizeof(found)), 0, "glob finds names");
    is_string(found, "/names/a.txt /names/b.txt", "in order, without the hidden one");
    is(find("/names/.h*", 0, found, sizeof(found)), 0, "glob with a dot finds the hidden one");
    is_string(found, "/names/.hidden.txt", "and no other");
    is(find("/nam*/s*", GLOB_MARK, found, sizeof(found)), 0, "glob in two parts");
    is_string(found, "/names/sub/", "GLOB_MARK marks a folder");
    is(find("/names/none*", 0, found, sizeof(found)), GLOB_NOMATCH, "glob finds nothing");
    is(find("/names/none*", GLOB_NOCHECK, found, sizeof(found)), 0, "GLOB_NOCHECK");
    is_string(found, "/names/none*", "returns the pattern");
    is(find("~root", GLOB_TILDE, found, sizeof(found)), 0, "GLOB_TILDE");
    is_string(found, "/root", "asks <pwd.h>");
}

/* ---- Folders ----------------------------------------------------------------------------------- */

static int has_no_dot(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void test_folders(void)
{
    struct dirent **all;
    static const char *const names[] = {"a.txt", "b.txt", "c.dat", "sub"};
    int n = scandir("/names", &all, has_no_dot, alphasort);
    is(n, COUNT(names), "scandir");
    for (int i = 0; i < n; i++) {
        is_string(all[i]->d_name, names[i], "in order");
        free(all[i]);
    }
    if (n >= 0) {
        free(all);
    }
    is(scandir("/none", &all, NULL, NULL), -1, "scandir of nothing");
    char path[PATH_MAX];
    is_string(realpath("/names/../names//sub/./inner.txt", path), "/names/sub/inner.txt",
              "realpath");
    is_string(realpath("/tests/link", path), "/bin/hello", "realpath of a link");
    ok(realpath("/names/missing", path) == NULL && errno == ENOENT, "realpath of nothing");
    ok(realpath("/names/a.txt/x", path) == NULL && errno == ENOTDIR, "realpath below a file");
    char *block = realpath("/", NULL);
    is_string(block, "/", "realpath into a block");
    free(block);
}

/* ---- Users ------------------------------------------------------------------------------------- */

static void test_users(void)
{
    struct passwd *user = getpwuid(1000);
    ok(user != NULL && strcmp(user->pw_name, "user") == 0 && user->pw_gid == 100, "getpwuid");
    is_string(user->pw_gecos, "User,,,", "all fields");
    is_string(user->pw_shell, "/bin/ash", "the last field");
    user = getpwnam("root");
    ok(user != NULL && user->pw_uid == 0, "getpwnam");
    ok(getpwnam("nobody-here") == NULL && getpwuid(77) == NULL, "no such user");
    int n = 0;
    while (getpwent() != NULL) {
        n++;
    }
    is(n, 2, "getpwent passes over what is no record");
    ok(getpwent() == NULL, "and stays at the end");
    setpwent();
    ok(getpwent() != NULL, "setpwent starts over");
    endpwent();
    struct passwd kept, *found = &kept;
    char small[8], large[64];
    is(getpwnam_r("root", &kept, small, sizeof(small), &found), ERANGE, "too small a buffer");
    ok(found == NULL, "finds nothing");
    is(getpwnam_r("root", &kept, large, sizeof(large), &found), 0, "a buffer that is enough");
    ok(found == &kept, "finds it");
    is(getpwnam_r("none", &kept, large, sizeof(large), &found), 0, "no such user is no error");
    ok(found == NULL, "but NULL");
}

static void test_groups(void)
{
    struct group *group = getgrnam("team");
    ok(group != NULL && group->gr_gid == 100, "getgrnam");
    is_string(group->gr_mem[0], "user", "its first member");
    is_string(group->gr_mem[1], "other", "its second");
    ok(group->gr_mem[2] == NULL, "and no more");
    group = getgrgid(0);
    ok(group != NULL && group->gr_mem[0] == NULL, "a group without members");
    ok(getgrnam("none") == NULL && getgrgid(77) == NULL, "no such group");
    struct group kept, *found;
    char room[64];
    for (size_t size = 0; size < sizeof(room); size++) {
        memset(room, '#', sizeof(room));
        int error = getgrnam_r("team", &kept, room, size, &found);
        bool is_right = error == 0 ? strcmp(found->gr_mem[1], "other") == 0 : error == ERANGE;
        for (size_t i = size; i < sizeof(room); i++) {
            is_right = is_right && room[i] == '#';
        }
        if (!is_right || size + 1 == sizeof(room)) {
            ok(is_right, "getgrnam_r never writes beyond its buffer");
            break;
        }
    }
}

int main(void)
{
    test_glob();
    test_folders();
    test_users();
    test_groups();
    return done_testing();
}
