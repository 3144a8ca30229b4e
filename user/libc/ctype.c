/* <ctype.h> in ASCII. The argument is an unsigned char or EOF; other values belong to no class. */
#include <ctype.h>

static int is_between(int c, int low, int high)
{
    return c >= low && c <= high;
}

int isdigit(int c)
{
    return is_between(c, '0', '9');
}

int islower(int c)
{
    return is_between(c, 'a', 'z');
}

int isupper(int c)
{
    return is_between(c, 'A', 'Z');
}

int isalpha(int c)
{
    return islower(c) || isupper(c);
}

int isalnum(int c)
{
    return isalpha(c) || isdigit(c);
}

int isxdigit(int c)
{
    return isdigit(c) || is_between(c, 'a', 'f') || is_between(c, 'A', 'F');
}

int isascii(int c)
{
    return is_between(c, 0, 127);
}

int isblank(int c)
{
    return c == ' ' || c == '\t';
}

int isspace(int c)
{
    return c == ' ' || is_between(c, '\t', '\r');
}

int iscntrl(int c)
{
    return is_between(c, 0, 31) || c == 127;
}

int isprint(int c)
{
    return is_between(c, ' ', '~');
}

int isgraph(int c)
{
    return is_between(c, '!', '~');
}

int ispunct(int c)
{
    return isgraph(c) && !isalnum(c);
}

int tolower(int c)
{
    return isupper(c) ? c - 'A' + 'a' : c;
}

int toupper(int c)
{
    return islower(c) ? c - 'a' + 'A' : c;
}
