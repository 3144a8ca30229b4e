/*
 * Contract 4 in the machine: the pages that simple and elastic map, measured as VmSize, and where
 * blocks lie in them.
 */
#define EALLOC_MAX_PAGES 6
#include <alloc.h>
#include <ealloc.h>
#include <heapwalk.h>
#include <string.h>
#include <sys/mman.h>

#include "tap.h"

#define PAGES_MAX 64

/* Pages of this process's address space, found by asking about every page of the mmap region. */
static int mapped_pages(void)
{
    unsigned char is_resident;
    int count = 0;

    for (unsigned long page = 0x80000000; page < 0x80000000 + PAGES_MAX * PAGE_SIZE;
         page += PAGE_SIZE) {
        count += mincore((void *)page, PAGE_SIZE, &is_resident) == 0;
    }
    return count;
}

static void simple(void)
{
    int before = mapped_pages();

    ok(alloc_mem(8) == NULL, "simple: alloc before init returns NULL");
    is(init_alloc(), 0, "simple: init");
    is(mapped_pages(), before + 1, "simple: init maps exactly one page");
    char *a = alloc_mem(64), *b = alloc_mem(128);
    ok(a != NULL && (unsigned long)a % PAGE_SIZE == 0 && b == a + 64,
       "simple: blocks lie in order");
    dealloc_mem(a + 8);
    dealloc_mem(b);
    ok(alloc_mem(PAGE_SIZE - 64) == b,
       "simple: the rest of the page can be allocated to its last byte");
    memset(b, 1, PAGE_SIZE - 64);
    ok(alloc_mem(8) == NULL && alloc_mem(7) == NULL && alloc_mem(-8) == NULL,
       "simple: alloc on a full page returns NULL");
    is(init_alloc(), 0, "simple: a second init succeeds");
    alloc_check();
    is(cleanup_alloc(), 0, "simple: cleanup");
    is(mapped_pages(), before, "simple: cleanup unmaps the page");
    init_alloc();
    a = alloc_mem(PAGE_SIZE);
    ok(a != NULL && a[0] == 0 && a[100] == 0 && a[PAGE_SIZE - 1] == 0, "simple: a page is zeroed");
    cleanup_alloc();
}

static void elastic(void)
{
    int before = mapped_pages();

    einit_alloc();
    is(mapped_pages(), before, "elastic: init maps nothing");
    for (int i = 1; i <= 6; i++) {
        char *chunk = ealloc_mem(3840);
        ok(chunk != NULL && mapped_pages() == before + i, "elastic: alloc maps one page at a time");
    }
    ok(ealloc_mem(512) == NULL, "elastic: alloc stops at the macro's limit");
    ok(ealloc_mem(256) != NULL, "elastic: alloc uses a page in hand");
    ealloc_check();
    is(ecleanup_alloc(), 0, "elastic: cleanup");
    is(mapped_pages(), before + 6, "elastic: cleanup keeps the pages");
    ealloc_max_pages = 1;
    einit_alloc();
    char *a = ealloc_mem(256), *b = ealloc_mem(512), *c = ealloc_mem(1024);
    edealloc_mem(b);
    ok(b == a + 256 && c == b + 512 && ealloc_mem(256) == b, "elastic: alloc takes the first fit");
    ok(ealloc_mem(PAGE_SIZE) == NULL, "elastic: alloc stops at the variable's limit");
    ecleanup_alloc();
}

int main(void)
{
    simple();
    elastic();
    return done_testing();
}
