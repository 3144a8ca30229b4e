/* Fails an assertion: the message on standard error, then SIGABRT. */
#include <assert.h>
#include <stdlib.h>

int main(void)
{
    assert(getenv("NO_SUCH_VARIABLE") != NULL);
    return 0;
}
