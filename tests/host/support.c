/* The hooks that product code calls and the kernel defines elsewhere, and what tests share. */
#include "tests/host/support.h"

#include "lib/assert.h"
#include "lib/preempt.h"
#include "lib/string.h"

static char panic_text[512];

const char *support_panic_text(void)
{
    return panic_text;
}

uint32_t support_random(void)
{
    static uint32_t x = 2463534242u;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

/* Nobody else is there. */
bool preempt_point(void)
{
    return false;
}

void panic(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(panic_text, sizeof(panic_text), fmt, ap);
    va_end(ap);
    mock_assert(0, panic_text, __FILE__, __LINE__); /* back to the test that expects it */
    abort();
}
