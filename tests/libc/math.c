/* <math.h>: every function over edges and ordinary values. */
#define _GNU_SOURCE
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double xs[] = {0.0,     -0.0,     1.0,       -1.0,  0.5,    -0.5,  2.0,
                            3.14159, -2.71828, 10.5,      100.,  1e-300, 1e-10, -1e10,
                            1e300,   0.75,     0.1,       20.25, -7.5,   1.5,   2.5,
                            -1e-20,  INFINITY, -INFINITY, NAN};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void show(const char *name, double x, double value)
{
    if (isnan(value)) {
        printf("%s(%g) = nan\n", name, x);
    } else {
        printf("%s(%g) = %.12g\n", name, x, value);
    }
}

#define ONE(name)                                                                                  \
    for (size_t i = 0; i < COUNT(xs); i++) {                                                       \
        float narrow = name##f((float)xs[i]);                                                      \
        show(#name, xs[i], name(xs[i]));                                                           \
        show(#name "l", xs[i], (double)name##l((long double)xs[i]));                               \
        printf("%sf %.6g\n", #name, isnan(narrow) ? 0 : (double)narrow);                           \
    }
#define TWO(f)                                                                                     \
    for (size_t i = 0; i < COUNT(xs); i++) {                                                       \
        for (size_t k = 0; k < COUNT(xs); k++) {                                                   \
            printf("%g ", xs[k]);                                                                  \
            show(#f, xs[i], f(xs[i], xs[k]));                                                      \
        }                                                                                          \
    }

static void shapes(void)
{
    for (size_t i = 0; i < COUNT(xs); i++) {
        double x = xs[i], whole;
        int exponent = 0, quotient = 0;
        double fraction = frexp(x, &exponent);
        printf("%g: fin %d inf %d nan %d normal %d sign %d class %d\n", x, isfinite(x) != 0,
               isinf(x) != 0, isnan(x) != 0, isnormal(x) != 0, isnan(x) ? 0 : signbit(x) != 0,
               fpclassify(x) == FP_ZERO);
        if (isfinite(x)) {
            printf("frexp %g %d modf %g", fraction, exponent, modf(x, &whole));
            printf(" %g ilogb %d remquo %.9g", whole, x == 0 ? 0 : ilogb(x),
                   remquo(x, 1.75, &quotient));
            printf(" %d lrint %ld llround %lld\n", quotient & 7, fabs(x) < 1e9 ? lrint(x) : 0,
                   fabs(x) < 1e15 ? llround(x) : 0);
        }
    }
    printf("%d %d\n", isgreater(1.0, NAN), isunordered(1.0, NAN));
    printf("%g %g %g\n", ldexp(1.5, 10), scalbn(1.5, -3), nextafter(1.0, 2.0) - 1.0);
    printf("%.15g %.15g\n", fma(1e10, 1e10, -1e20), fmod(-7.25, 2));
    double s, c;
    sincos(1.25, &s, &c);
    printf("%.12g %.12g %.12g %d\n", s, c, lgamma(-0.5), signgam);
}

static void edges(void)
{
    volatile double zero = 0, minus = -1, big = 1e308;
    volatile double r = sqrt(minus);
    printf("sqrt: %d\n", isnan(r) != 0);
    r = log(zero);
    printf("log: %g\n", r);
    r = exp(big);
    printf("exp: %g\n", r);
    r = pow(zero, minus);
    printf("pow: %g\n", r);
}

int main(void)
{
    ONE(sin);
    ONE(cos);
    ONE(tan);
    ONE(asin);
    ONE(acos);
    ONE(atan);
    ONE(sinh);
    ONE(cosh);
    ONE(tanh);
    ONE(asinh);
    ONE(atanh);
    ONE(exp);
    ONE(exp2);
    ONE(expm1);
    ONE(log);
    ONE(log2);
    ONE(log10);
    ONE(log1p);
    ONE(sqrt);
    ONE(cbrt);
    ONE(erf);
    ONE(erfc);
    ONE(ceil);
    ONE(floor);
    ONE(trunc);
    ONE(round);
    ONE(rint);
    ONE(nearbyint);
    ONE(fabs);
    ONE(logb);
    TWO(pow);
    TWO(atan2);
    TWO(hypot);
    TWO(fmod);
    TWO(remainder);
    TWO(fdim);
    TWO(copysign);
    TWO(nextafter);
    shapes();
    edges();
    return 0;
}
