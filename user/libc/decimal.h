/*
 * Exact decimal numbers of any size that a long double can have, for printf and strtod.
 *
 * A number is an array of limbs in base 10^9, most significant first. limb[units] holds the units;
 * limbs after it are the fraction. Scaling by powers of two is exact in both directions: 10^9 is
 * divisible by 2^9, so halving a limb up to nine times carries whole units into the next limb.
 * Only decimal_round ever rounds, so every result is correctly rounded.
 */
#ifndef LIBC_DECIMAL_H
#define LIBC_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#define LIMB_BASE   1000000000u
#define LIMB_DIGITS 9

/* The largest long double has 4933 digits before the point (549 limbs); the smallest, 2^-16445, has
 * as many behind it as its exponent (1828 limbs). strtod keeps at most DECIMAL_DIGITS_MAX digits of
 * its input, one more than can decide how a long double rounds. */
#define DECIMAL_HEAD       560
#define DECIMAL_LIMBS      3200
#define DECIMAL_DIGITS_MAX 11520

/* Only limbs [first, last] are set. first <= last + 1; zero is first == last, limb 0. The array is
 * large, but a number touches only the pages that its limbs lie on. */
struct decimal {
    int units, first, last;
    uint32_t limb[DECIMAL_LIMBS];
};

/* d = mantissa * 2^exponent. */
void decimal_set(struct decimal *d, uint64_t mantissa, int exponent);
/* d *= 2^exponent. */
void decimal_scale(struct decimal *d, int exponent);
/* Removes zero limbs at both ends. */
void decimal_trim(struct decimal *d);

bool decimal_is_zero(const struct decimal *d);
/* Returns the place of the highest non-zero digit (0: units, -1: tenths); 0 for zero. */
int decimal_magnitude(const struct decimal *d);
/* Returns the digit at a place. */
int decimal_digit(const struct decimal *d, int place);
/* Rounds to a multiple of 10^place, ties to even. place may be at most magnitude + 1, or 0. */
void decimal_round(struct decimal *d, int place);

/* A long double taken apart: value = mantissa * 2^exponent. */
struct float_parts {
    bool is_negative, is_infinite, is_nan;
    uint64_t mantissa;
    int exponent;
};
struct float_parts float_take_apart(long double value);
/* Returns mantissa * 2^exponent, which must be exact as a long double. */
long double float_put_together(uint64_t mantissa, int exponent);

#endif
