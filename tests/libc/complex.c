/* <complex.h>, <fenv.h> and <tgmath.h>. */
#include <complex.h>
#include <fenv.h>
#include <stdio.h>
#include <tgmath.h>

static const double parts[] = {0.5, -1.5, 2.0, 0.25};

static void show(const char *name, double complex z)
{
    printf("%s %.10g %.10g\n", name, creal(z), cimag(z));
}

static void functions(double complex z)
{
    show("exp", cexp(z));
    show("log", clog(z));
    show("sqrt", csqrt(z));
    show("sin", csin(z));
    show("cos", ccos(z));
    show("tan", ctan(z));
    show("asin", casin(z));
    show("acos", cacos(z));
    show("atan", catan(z));
    show("sinh", csinh(z));
    show("acosh", cacosh(z));
    show("pow", cpow(z, 1.5 - 0.5 * I));
    show("conj", conj(z));
    show("proj", cproj(z));
    show("mul", z * (2 - 3 * I));
    show("div", z / (2 - 3 * I));
    printf("abs %.10g arg %.10g\n", cabs(z), carg(z));
    show("float", cexpf((float complex)z) * 0);
}

static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};

static void environment(void)
{
    volatile double one = 1, three = 3, zero = 0;
    for (int i = 0; i < 4; i++) {
        printf("set %d, get %d: ", fesetround(modes[i]), fegetround() == modes[i]);
        printf("%.1f %.1f\n", rint(2.5), rint(-2.5));
    }
    fesetround(FE_TONEAREST);
    feclearexcept(FE_ALL_EXCEPT);
    volatile double r = one / three;
    printf("inexact %d\n", fetestexcept(FE_INEXACT) != 0);
    feclearexcept(FE_ALL_EXCEPT);
    r = one / zero;
    printf("divide %d %d\n", fetestexcept(FE_DIVBYZERO) != 0, fetestexcept(FE_INVALID) != 0);
    fenv_t kept;
    feholdexcept(&kept);
    printf("held %d\n", fetestexcept(FE_ALL_EXCEPT));
    feraiseexcept(FE_INVALID);
    feupdateenv(&kept);
    printf("both %d\n", fetestexcept(FE_DIVBYZERO | FE_INVALID) == (FE_DIVBYZERO | FE_INVALID));
    (void)r;
}

int main(void)
{
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 4; k++) {
            functions(parts[i] + parts[k] * I);
        }
    }
    environment();
    float complex generic = 3 + 4 * I;
    printf("%zu %zu %.6g %.6g\n", sizeof(sqrt(2.0f)), sizeof(sqrt(2.0L)), (double)fabs(generic),
           (double)sqrt(2.0f));
    return 0;
}
