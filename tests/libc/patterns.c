/* <regex.h> and <fnmatch.h>. */
#define _GNU_SOURCE
#include <fnmatch.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *pattern, *text;
    int flags;
} tries[] = {
    {"a*b", "xaaab", 0},
    {"^a.c$", "abc", 0},
    {"^a.c$", "abd", 0},
    {"\\(a\\)\\(b*\\)\\1", "abba", 0},
    {"a\\{2,3\\}", "aaaa", 0},
    {"(a|ab)(c|bcd)(d*)", "abcd", REG_EXTENDED},
    {"[[:alpha:]]+[[:digit:]]{2}", "..ab12", REG_EXTENDED},
    {"[^a-c]+", "abcxyz", REG_EXTENDED},
    {"HELLO", "say hello", REG_ICASE},
    {"x?y+z*", "yyzz", REG_EXTENDED},
    {"^$", "", 0},
    {"a.b", "a\nb", REG_NEWLINE},
    {"^b", "a\nb", REG_NEWLINE},
    {"()", "abc", REG_EXTENDED},
    {"(^|[ ,])([a-z]+)=([0-9]+)", "k=1, size=42", REG_EXTENDED},
    {"[]a]+", "]a]", 0},
    {"\\.", "a.b", REG_EXTENDED},
    {"a{0}b", "ab", REG_EXTENDED},
    {"[\x80-\xff]*x", "\xc3\xa4x", REG_EXTENDED},
    {"(", "", REG_EXTENDED},
    {"[a", "", 0},
    {"a\\{2", "", 0},
    {"*", "*", 0},
    {"[[:nope:]]", "", 0},
    {"\\", "", REG_EXTENDED},
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void try_regex(const char *pattern, const char *text, int flags)
{
    regex_t compiled;
    regmatch_t match[5];
    int error = regcomp(&compiled, pattern, flags);
    printf("/%s/: %s", pattern, error == 0 ? "compiles" : "does not compile");
    if (error == 0) {
        printf(", %zu groups", compiled.re_nsub);
        error = regexec(&compiled, text, COUNT(match), match, 0);
        for (size_t i = 0; error == 0 && i <= compiled.re_nsub && i < COUNT(match); i++) {
            printf(" [%d %d]", (int)match[i].rm_so, (int)match[i].rm_eo);
        }
        regfree(&compiled);
    }
    printf(" %d\n", error != 0);
}

static const struct {
    const char *pattern, *name;
    int flags;
} names[] = {
    {"*.c", "a.c", 0},
    {"*.c", ".c", FNM_PERIOD},
    {"*", "a/b", 0},
    {"*", "a/b", FNM_PATHNAME},
    {"a/*", "a/.b", FNM_PATHNAME | FNM_PERIOD},
    {"[a-c]x", "bx", 0},
    {"[!a-c]x", "bx", 0},
    {"\\*", "*", 0},
    {"\\*", "\\x", FNM_NOESCAPE},
    {"A*", "abc", FNM_CASEFOLD},
    {"a/b", "a/b/c", FNM_LEADING_DIR},
    {"[[:digit:]]*", "1x", 0},
    {"?", "", 0},
    {"", "", 0},
    {"*a*b*c", "xxaxxbxxc", 0},
    {"[", "[", 0},
    {"[]-a]", "^", 0},
    {"?", "\xe4", 0},
};

int main(void)
{
    for (size_t i = 0; i < COUNT(tries); i++) {
        try_regex(tries[i].pattern, tries[i].text, tries[i].flags);
    }
    for (size_t i = 0; i < COUNT(names); i++) {
        printf("%s %s: %d\n", names[i].pattern, names[i].name,
               fnmatch(names[i].pattern, names[i].name, names[i].flags));
    }
    return 0;
}
