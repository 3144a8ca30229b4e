/*
 * Shows the elastic allocator: allocates three chunks, frees the middle one, and allocates a
 * smaller one in its place.
 */
#include <ealloc.h>
#include <stdio.h>
#include <string.h>

static const char greeting[] = "hello elastic";

static void use_chunks(void)
{
    char *a = ealloc_mem(256);
    char *b = ealloc_mem(512);
    char *c = ealloc_mem(1024);
    if (a == NULL || b == NULL || c == NULL) {
        return;
    }
    memcpy(a, greeting, sizeof(greeting));
    printf("%s\n", a);

    edealloc_mem(b);
    char *d = ealloc_mem(256);
    printf("d allocated at %p\n", (void *)d);
}

int main(void)
{
    if (einit_alloc() != 0) {
        return 1;
    }
    use_chunks();
    ecleanup_alloc();
    printf("elastic done\n");
    return 0;
}
