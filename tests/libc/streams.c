/* <stdio.h>: streams in memory, lines, positions, many streams. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fixed(void)
{
    char room[16] = "0123456789";
    FILE *f = fmemopen(room, 10, "r");
    char line[20];
    printf("%s %d", fgets(line, sizeof(line), f), feof(f));
    printf(" %d\n", fgets(line, sizeof(line), f) == NULL && feof(f));
    fseek(f, 3, SEEK_SET);
    printf("%c %ld %c\n", fgetc(f), ftell(f), ungetc('u', f));
    printf("%c%c\n", fgetc(f), fgetc(f));
    fseek(f, -2, SEEK_END);
    fpos_t place;
    fgetpos(f, &place);
    printf("%c", fgetc(f));
    fsetpos(f, &place);
    printf("%c %d\n", fgetc(f), fputc('x', f) == EOF && errno == EBADF);
    fclose(f);
    f = fmemopen(room, sizeof(room), "w");
    fprintf(f, "%d-%s", 42, "text");
    fflush(f);
    printf("<%s> %ld\n", room, ftell(f));
    rewind(f);
    fputs("99", f);
    fclose(f);
    printf("<%s>\n", room);
    f = fmemopen(room, sizeof(room), "a");
    fputs("+", f);
    fclose(f);
    printf("<%s>\n", room);
    f = fmemopen(NULL, 8, "w+");
    int n = fprintf(f, "0123456789abcdef");
    n += fflush(f) == EOF;
    printf("%d %d\n", n > 0, ferror(f) != 0);
    fclose(f);
}

static void growing(void)
{
    char *block = NULL;
    size_t size = 99;
    FILE *f = open_memstream(&block, &size);
    fflush(f);
    printf("<%s> %zu\n", block, size);
    fprintf(f, "hello %s", "world");
    fflush(f);
    printf("<%s> %zu\n", block, size);
    fseek(f, 6, SEEK_SET);
    fputs("WOR", f);
    fflush(f);
    printf("%zu ", size);
    fseek(f, 11, SEEK_SET);
    for (int i = 0; i < 5000; i++) {
        fputc('a' + i % 26, f);
    }
    fclose(f);
    printf("%.14s %zu %zu\n", block, size, strlen(block));
    free(block);
}

static void lines(void)
{
    char text[] = "first\n\nthird line is longer than the others, longer than a hundred and twenty "
                  "bytes, so that the block has to grow on the way to its end\nlast;x";
    FILE *f = fmemopen(text, strlen(text), "r");
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    while ((n = getline(&line, &size, f)) >= 0) {
        printf("%zd %d <%s>\n", n, size > (size_t)n, line);
    }
    printf("%d\n", feof(f));
    rewind(f);
    n = getdelim(&line, &size, ';', f);
    printf("%zd %c\n", n, line[n - 1]);
    free(line);
    fclose(f);
}

struct jar {
    char bytes[64];
    size_t end, at;
    int is_closed;
};

static ssize_t jar_write(void *cookie, const char *bytes, size_t n)
{
    struct jar *jar = cookie;
    memcpy(jar->bytes + jar->end, bytes, n);
    jar->end += n;
    return (ssize_t)n;
}

static ssize_t jar_read(void *cookie, char *to, size_t n)
{
    struct jar *jar = cookie;
    n = n < jar->end - jar->at ? n : jar->end - jar->at;
    memcpy(to, jar->bytes + jar->at, n);
    jar->at += n;
    return (ssize_t)n;
}

static int jar_close(void *cookie)
{
    ((struct jar *)cookie)->is_closed = 1;
    return 0;
}

static void cookies(void)
{
    struct jar jar = {"", 0, 0, 0};
    FILE *f = fopencookie(&jar, "w", (cookie_io_functions_t){NULL, jar_write, NULL, jar_close});
    fprintf(f, "%s %d\n", "cookie", 7);
    fclose(f);
    f = fopencookie(&jar, "r", (cookie_io_functions_t){jar_read, NULL, NULL, jar_close});
    char word[16];
    int number = 0, n = fscanf(f, "%15s %d", word, &number);
    fclose(f);
    printf("%d %s %d %d\n", n, word, number, jar.is_closed);
}

static void many(void)
{
    FILE *all[40];
    char text[] = "x";
    int n = 0;
    for (int i = 0; i < 40; i++) {
        all[i] = fmemopen(text, 1, "r");
        n += all[i] != NULL && fgetc(all[i]) == 'x';
    }
    for (int i = 0; i < 40; i++) {
        fclose(all[(i * 7) % 40]);
    }
    printf("%d\n", n);
}

int main(void)
{
    char *text;
    fixed();
    growing();
    lines();
    cookies();
    many();
    int n = asprintf(&text, "%s %05.1f %#x", "asprintf", 3.14159, 255);
    printf("%d <%s>\n", n, text);
    free(text);
    return 0;
}
