/* Exact decimals: see decimal.h. */
#include "user/libc/decimal.h"

#define SHIFT_UP_MAX   29 /* a limb << 29 plus a carry fits 64 bits and divides back to a limb */
#define SHIFT_DOWN_MAX 9  /* 2^9 divides the base */

static const uint32_t powers_of_ten[LIMB_DIGITS] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
};

/* ---- Scaling ----------------------------------------------------------------------------------- */

static void shift_up(struct decimal *d, int bits)
{
    uint32_t carry = 0;
    for (int i = d->last; i >= d->first; i--) {
        uint64_t v = ((uint64_t)d->limb[i] << bits) + carry;
        d->limb[i] = (uint32_t)(v % LIMB_BASE);
        carry = (uint32_t)(v / LIMB_BASE);
    }
    if (carry != 0) {
        d->limb[--d->first] = carry;
    }
}

static void shift_down(struct decimal *d, int bits)
{
    uint32_t mask = (1u << bits) - 1, unit = LIMB_BASE >> bits, carry = 0;
    for (int i = d->first; i <= d->last; i++) {
        uint32_t v = d->limb[i];
        d->limb[i] = (v >> bits) + carry;
        carry = (v & mask) * unit;
    }
    if (carry != 0) {
        d->limb[++d->last] = carry;
    }
}

void decimal_trim(struct decimal *d)
{
    while (d->first < d->last && d->limb[d->first] == 0) {
        d->first++;
    }
    while (d->last > d->first && d->limb[d->last] == 0) {
        d->last--;
    }
}

void decimal_scale(struct decimal *d, int exponent)
{
    while (exponent > 0) {
        int bits = exponent < SHIFT_UP_MAX ? exponent : SHIFT_UP_MAX;
        shift_up(d, bits);
        decimal_trim(d);
        exponent -= bits;
    }
    while (exponent < 0) {
        int bits = -exponent < SHIFT_DOWN_MAX ? -exponent : SHIFT_DOWN_MAX;
        shift_down(d, bits);
        decimal_trim(d);
        exponent += bits;
    }
}

void decimal_set(struct decimal *d, uint64_t mantissa, int exponent)
{
    /* Leave room above the units for a number that grows, and below for one that shrinks. Three
     * limbs hold any mantissa. */
    d->units = exponent > 0 ? DECIMAL_HEAD : 2;
    d->first = d->units - 2;
    d->last = d->units;
    for (int i = d->last; i >= d->first; i--) {
        d->limb[i] = (uint32_t)(mantissa % LIMB_BASE);
        mantissa /= LIMB_BASE;
    }
    decimal_trim(d);
    decimal_scale(d, exponent);
}

/* ---- Reading ----------------------------------------------------------------------------------- */

/* Finds the limb that holds a place, and the power of ten of that place inside it. */
static int limb_of_place(const struct decimal *d, int place, uint32_t *power)
{
    int above = place >= 0 ? place / LIMB_DIGITS : -((LIMB_DIGITS - 1 - place) / LIMB_DIGITS);
    *power = powers_of_ten[place - above * LIMB_DIGITS];
    return d->units - above;
}

bool decimal_is_zero(const struct decimal *d)
{
    return d->first == d->last && d->limb[d->first] == 0;
}

int decimal_magnitude(const struct decimal *d)
{
    if (decimal_is_zero(d)) {
        return 0;
    }
    int digits = 0;
    while (digits + 1 < LIMB_DIGITS && d->limb[d->first] >= powers_of_ten[digits + 1]) {
        digits++;
    }
    return (d->units - d->first) * LIMB_DIGITS + digits;
}

int decimal_digit(const struct decimal *d, int place)
{
    uint32_t power;
    int i = limb_of_place(d, place, &power);
    return i < d->first || i > d->last ? 0 : (int)(d->limb[i] / power % 10);
}

/* ---- Rounding ---------------------------------------------------------------------------------- */

/* Compares what lies below a place with half a unit of that place: -1, 0 or 1. */
static int compare_with_half(const struct decimal *d, int i, uint32_t power)
{
    uint32_t rest, half;
    int next = i + 1;
    if (power > 1) {
        rest = i < d->first ? 0 : d->limb[i] % power;
        half = power / 2;
    } else {
        rest = next < d->first || next > d->last ? 0 : d->limb[next];
        half = LIMB_BASE / 2;
        next++;
    }
    if (rest != half) {
        return rest < half ? -1 : 1;
    }
    return next <= d->last ? 1 : 0; /* trimmed, so this limb is not all zeros */
}

/* Adds `amount` to limb i, which may lie above the number, and propagates the carry. */
static void add_to_limb(struct decimal *d, int i, uint32_t amount)
{
    d->limb[i] += amount;
    while (d->limb[i] >= LIMB_BASE) {
        d->limb[i] -= LIMB_BASE;
        i--;
        if (i < d->first) {
            d->first = i;
            d->limb[i] = 0;
        }
        d->limb[i]++;
    }
}

void decimal_round(struct decimal *d, int place)
{
    uint32_t power;
    int i = limb_of_place(d, place, &power);
    if (i > d->last) {
        return;
    }
    int order = compare_with_half(d, i, power);
    bool is_odd = i >= d->first && d->limb[i] / power % 2 != 0;
    if (i < d->first) { /* nothing remains, unless the number rounds up to one unit */
        d->first = i;
        d->limb[i] = 0;
    }
    d->last = i;
    d->limb[i] -= d->limb[i] % power;
    if (order > 0 || (order == 0 && is_odd)) {
        add_to_limb(d, i, power);
    }
    decimal_trim(d);
}

/* ---- Long doubles ------------------------------------------------------------------------------ */

/* The x87 format: 64 bits of mantissa with an explicit leading one, 15 bits of exponent, a sign. */
#define EXPONENT_BIAS (16383 + 63)
#define EXPONENT_MASK 0x7FFFu
#define SIGN_BIT      0x8000u
#define MANTISSA_TOP  (1ull << 63)

union x87 {
    long double value;
    struct {
        uint64_t mantissa;
        uint16_t sign_exponent;
    } bits;
};

struct float_parts float_take_apart(long double value)
{
    union x87 x = {.value = value};
    unsigned int biased = x.bits.sign_exponent & EXPONENT_MASK;
    bool is_special = biased == EXPONENT_MASK;
    bool has_fraction = (x.bits.mantissa & ~MANTISSA_TOP) != 0;
    return (struct float_parts){
        .is_negative = (x.bits.sign_exponent & SIGN_BIT) != 0,
        .is_infinite = is_special && !has_fraction,
        .is_nan = is_special && has_fraction,
        .mantissa = x.bits.mantissa,
        .exponent = (biased == 0 ? 1 : (int)biased) - EXPONENT_BIAS,
    };
}

long double float_put_together(uint64_t mantissa, int exponent)
{
    union x87 x = {.value = 0};
    while (mantissa != 0 && (mantissa & MANTISSA_TOP) == 0 && exponent > 1 - EXPONENT_BIAS) {
        mantissa <<= 1;
        exponent--;
    }
    x.bits.mantissa = mantissa;
    if ((mantissa & MANTISSA_TOP) != 0) {
        x.bits.sign_exponent = (uint16_t)(exponent + EXPONENT_BIAS);
    }
    return x.value;
}
