/* See the header. */
#include "tests/host/fake_kheap.h"

#include <stdlib.h>

#include "lib/assert.h"
#include "lib/string.h"
#include "mm/phys/kheap.h"

#define KHEAP_SIZE_MAX (1u << 20)
#define MAGIC          0x6B686561u

struct header {
    size_t size;
    uint32_t magic;
    uint32_t pad[2]; /* the object starts 16-byte aligned as malloc's do, plus 16 */
};

static uint32_t live, count, fail_at;

uint32_t fake_kheap_live(void)
{
    return live;
}

uint32_t fake_kheap_count(void)
{
    uint32_t n = count;
    count = 0;
    return n;
}

void fake_kheap_fail_at(uint32_t n)
{
    fail_at = n;
}

void *kheap_alloc(size_t size)
{
    count++;
    if (fail_at > 0 && --fail_at == 0) {
        return NULL;
    }
    if (size == 0 || size > KHEAP_SIZE_MAX) {
        return NULL;
    }
    struct header *h = malloc(sizeof(*h) + size);
    assert(h != NULL);
    *h = (struct header){.size = size, .magic = MAGIC};
    memset(h + 1, 0x5A, size);
    live++;
    return h + 1;
}

uint32_t kheap_frames(size_t size, uint32_t n)
{
    return (uint32_t)(size * n / 4096);
}

void *kheap_zalloc(size_t size)
{
    void *p = kheap_alloc(size);
    if (p != NULL) {
        memset(p, 0, size);
    }
    return p;
}

void kheap_free(void *ptr, size_t size)
{
    if (ptr == NULL) {
        return;
    }
    struct header *h = (struct header *)ptr - 1;
    assert(h->magic == MAGIC);
    assert(h->size == size);
    h->magic = 0;
    live--;
    free(h);
}
