/* Files of lines with fields between colons: /etc/passwd and /etc/group. */
#ifndef LIBC_ACCOUNT_FILE_H
#define LIBC_ACCOUNT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct account_file {
    const char *path;
    const char *instead; /* the only line if there is no such file */
    FILE *file;
    bool has_begun;
    bool has_given; /* the line instead */
};

/* Starts over; the file is opened by the next account_line. */
void account_close(struct account_file *from);
/* Stores the next line in buffer, without its line end. Returns 0, ENOENT behind the last line, or
 * ERANGE if the line does not fit. */
int account_line(struct account_file *from, char *buffer, size_t size);
/* Splits a line into exactly n fields. Returns false if it has fewer. */
bool account_split(char *line, char **fields, int n);
/* Reads a whole field as a number. Returns false if it is none. */
bool account_number(const char *field, unsigned int *number);

#endif
