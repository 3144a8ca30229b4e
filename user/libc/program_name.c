/* The names in <errno.h> that glibc has: argv[0], and what is behind its last slash. */
#include <errno.h>

#include <string.h>

static char no_name[] = "?";

char *program_invocation_name = no_name, *program_invocation_short_name = no_name;

__attribute__((constructor)) static void note_name(int argc, char **argv, char **envp)
{
    (void)envp;
    if (argc > 0) {
        char *slash = strrchr(argv[0], '/');
        program_invocation_name = argv[0];
        program_invocation_short_name = slash != NULL ? slash + 1 : argv[0];
    }
}
