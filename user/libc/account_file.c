/* Files of lines with fields between colons. */
#include "user/libc/account_file.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

void account_close(struct account_file *from)
{
    if (from->file != NULL) {
        (void)fclose(from->file);
    }
    from->file = NULL;
    from->has_begun = from->has_given = false;
}

static void begin(struct account_file *from)
{
    if (!from->has_begun) {
        int kept = errno;
        from->file = fopen(from->path, "re");
        from->has_begun = true;
        errno = kept;
    }
}

static int line_instead(struct account_file *from, char *buffer, size_t size)
{
    if (from->has_given) {
        return ENOENT;
    }
    from->has_given = true;
    return strlcpy(buffer, from->instead, size) < size ? 0 : ERANGE;
}

int account_line(struct account_file *from, char *buffer, size_t size)
{
    begin(from);
    if (from->file == NULL) {
        return line_instead(from, buffer, size);
    }
    if (size < 2 || size > INT_MAX) {
        return size < 2 ? ERANGE : EINVAL;
    }
    if (fgets(buffer, (int)size, from->file) == NULL) {
        return ENOENT;
    }
    char *end = strchr(buffer, '\n');
    if (end == NULL && !feof(from->file)) {
        return ERANGE;
    }
    if (end != NULL) {
        *end = '\0';
    }
    return 0;
}

bool account_split(char *line, char **fields, int n)
{
    for (int i = 0; i < n; i++) {
        fields[i] = i < n - 1 ? strsep(&line, ":") : line;
        if (fields[i] == NULL) {
            return false;
        }
    }
    return true;
}

bool account_number(const char *field, unsigned int *number)
{
    char *end;
    *number = (unsigned int)strtoul(field, &end, 10);
    return end != field && *end == '\0';
}
