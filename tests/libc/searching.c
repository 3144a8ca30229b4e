/* <search.h>, <err.h>, <sys/param.h>. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void visit(const void *node, VISIT when, int depth)
{
    (void)depth;
    if (when == postorder || when == leaf) {
        printf("%s ", *(const char *const *)node);
    }
}

static void trees(void)
{
    static const char *const words[] = {"tree", "apple", "root", "leaf", "branch", "apple"};
    void *root = NULL;
    for (int i = 0; i < 6; i++) {
        tsearch(words[i], &root, compare);
    }
    twalk(root, visit);
    tdelete("root", &root, compare);
    printf("%d %d\n", tfind("root", &root, compare) == NULL, tfind("leaf", &root, compare) != NULL);
    while (root != NULL) {
        tdelete(*(char **)root, &root, compare);
    }
    hcreate(30);
    hsearch((ENTRY){(char *)"key", (void *)5}, ENTER);
    ENTRY *found = hsearch((ENTRY){(char *)"key", NULL}, FIND);
    printf("%d %d\n", found->data == (void *)5, hsearch((ENTRY){(char *)"no", NULL}, FIND) == NULL);
    hdestroy();
    int table[4] = {3, 1}, one = 1, nine = 9;
    size_t n = 2;
    lsearch(&nine, table, &n, sizeof(int), (int (*)(const void *, const void *))compare);
    lsearch(&one, table, &n, sizeof(int), (int (*)(const void *, const void *))compare);
    printf("%zu\n", n);
}

int main(void)
{
    trees();
    printf("%d %d %d %d\n", MIN(1, 2), MAX(1, 2), (int)howmany(10, 4), (int)roundup(10, 4));
    fflush(stdout);
    errno = ENOENT;
    warn("text %d", 1);
    warnx("no errno");
    errno = EACCES;
    err(5, "the end");
}
