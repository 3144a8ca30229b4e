/* getline and getdelim. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_SIZE 120

/* Makes room for one byte and a terminator behind n bytes. */
static bool have_room(char **line, size_t *size, size_t n)
{
    if (*line != NULL && n + 2 <= *size) {
        return true;
    }
    size_t wanted = *line != NULL && *size >= FIRST_SIZE ? *size * 2 : FIRST_SIZE;
    if (wanted > INT_MAX) {
        errno = EOVERFLOW;
        return false;
    }
    char *block = realloc(*line, wanted);
    if (block == NULL) {
        return false;
    }
    *line = block;
    *size = wanted;
    return true;
}

ssize_t getdelim(char **restrict line, size_t *restrict size, int delimiter, FILE *restrict stream)
{
    if (line == NULL || size == NULL) {
        errno = EINVAL;
        return -1;
    }
    size_t n = 0;
    int c;
    do {
        if (!have_room(line, size, n)) {
            return -1;
        }
        c = fgetc(stream);
        if (c != EOF) {
            (*line)[n++] = (char)c;
        }
    } while (c != EOF && c != delimiter);
    (*line)[n] = '\0';
    return n == 0 || ferror(stream) ? -1 : (ssize_t)n;
}

ssize_t getline(char **restrict line, size_t *restrict size, FILE *restrict stream)
{
    return getdelim(line, size, '\n', stream);
}
