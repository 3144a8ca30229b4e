/*
 * Shows the simple allocator: allocates two blocks, then a third in the place of the first.
 */
#include <alloc.h>
#include <stdio.h>
#include <string.h>

static const char greeting[] = "hello from a";

static void use_blocks(void)
{
    char *a = alloc_mem(64);
    char *b = alloc_mem(128);
    if (a == NULL || b == NULL) {
        return;
    }
    memcpy(a, greeting, sizeof(greeting));
    printf("%s\nb-size:%d\n", a, 128);

    dealloc_mem(b);
    char *d = alloc_mem(64);
    printf("allocated d at %p\n", (void *)d);
}

int main(void)
{
    if (init_alloc() != 0) {
        (void)fprintf(stderr, "simple_demo: no page\n");
        return 1;
    }
    use_blocks();
    cleanup_alloc();
    printf("Done\n");
    return 0;
}
