/* <locale.h>: the one locale, "C". Sources below user/libc/musl/ that need musl's headers are empty
 * in a build without them. */
#include <stddef.h>

#if __has_include(<locale.h>)
#include <errno.h>
#include <locale.h>
#include <string.h>

#define LOCALE_WORDS 16

/* What a locale_t points to: musl's functions read the maps of its categories, of which "C" has
 * none. */
static const void *const c_locale[LOCALE_WORDS];

static int is_c(const char *name)
{
    return *name == '\0' || strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0;
}

char *setlocale(int category, const char *name)
{
    static char c[] = "C";
    if (category < 0 || category > LC_ALL || (name != NULL && !is_c(name))) {
        return NULL;
    }
    return c;
}

locale_t newlocale(int categories, const char *name, locale_t base)
{
    (void)categories;
    (void)base;
    if (name == NULL || !is_c(name)) {
        errno = name == NULL ? EINVAL : ENOENT;
        return NULL;
    }
    return (locale_t)(size_t)c_locale;
}

locale_t duplocale(locale_t locale)
{
    return locale;
}

void freelocale(locale_t locale)
{
    (void)locale;
}

/* Every thread always uses the global locale. */
locale_t uselocale(locale_t locale)
{
    (void)locale;
    return LC_GLOBAL_LOCALE;
}
#endif
