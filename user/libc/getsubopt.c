/* getsubopt: one "name" or "name=value" of a list with commas, in place. */
#include <stdlib.h>
#include <string.h>

int getsubopt(char **list, char *const *names, char **value)
{
    char *option = strsep(list, ",");
    size_t len = strcspn(option, "=");
    if (*list == NULL) {
        *list = option + strlen(option); /* POSIX: the terminator, at the end */
    }
    for (int i = 0; names[i] != NULL; i++) {
        if (strlen(names[i]) == len && strncmp(names[i], option, len) == 0) {
            *value = option[len] == '=' ? option + len + 1 : NULL;
            return i;
        }
    }
    *value = option;
    return -1;
}
