/* Recurses without end: grows the stack to its 8 MiB, then segmentation fault (guard). */
static volatile int deepest = 0x7fffffff; /* far more than the stack has room for */

__attribute__((noinline)) static int recurse(int depth)
{
    volatile char frame[1024];
    frame[0] = (char)depth;
    return depth < deepest ? recurse(depth + 1) + frame[0] : 0;
}

int main(void)
{
    return recurse(0);
}
