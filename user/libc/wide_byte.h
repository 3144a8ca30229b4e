/*
 * Wide characters of the "C" locale, in which a byte is a character: 0 to 0x7F stay as they are, and
 * 0x80 to 0xFF become 0xDF80 to 0xDFFF, musl's numbers for them.
 */
#ifndef LIBC_WIDE_BYTE_H
#define LIBC_WIDE_BYTE_H

#define WIDE_HIGH_FIRST 0xDF80u
#define WIDE_HIGH_COUNT 0x80u

static inline unsigned int wide_of_byte(unsigned char byte)
{
    return byte < WIDE_HIGH_COUNT ? byte : WIDE_HIGH_FIRST + (byte - WIDE_HIGH_COUNT);
}

/* Returns -1 for a character that is no byte. */
static inline int wide_to_byte(unsigned int c)
{
    if (c < WIDE_HIGH_COUNT) {
        return (int)c;
    }
    unsigned int above = c - WIDE_HIGH_FIRST;
    return above < WIDE_HIGH_COUNT ? (int)(above + WIDE_HIGH_COUNT) : -1;
}

#endif
