/*
 * The run-time half of -fsanitize=undefined, for debug kernels. The compiler calls one of these
 * functions where behaviour would be undefined, and the kernel panics and names the place.
 *
 * The interface is that of LLVM's compiler-rt (its ubsan_handlers.h), which gcc 12 and clang 14
 * share. Every data record starts with the place, except that for a return statement the place
 * comes separately. gcc's calls follow the kernel's register convention; clang 14 ignores it for
 * calls that it generates itself and passes everything on the stack.
 *
 * The functions here are not sanitized themselves. Release kernels and the libc contain none of
 * them.
 */
#include <stddef.h>
#include <stdint.h>

#include "lib/assert.h"
#include "lib/compiler.h"

#ifdef FAULTLINE_DEBUG

#define UNSANITIZED __attribute__((no_sanitize("undefined"))) noreturn_fn
#ifdef __clang__
#define UBSAN_ABI __attribute__((regparm(0))) UNSANITIZED
#else
#define UBSAN_ABI UNSANITIZED
#endif

/* The compiler has no header for its handlers, so each is declared where it is defined. */
#define HANDLER(name, ...)                                                                         \
    UBSAN_ABI void __ubsan_handle_##name(__VA_ARGS__);                                             \
    void __ubsan_handle_##name(__VA_ARGS__)

struct ubsan_place {
    const char *file;
    uint32_t line, column;
};

/* name is the type in quotes. info of an integer is log2 of the width << 1 | is signed. */
struct ubsan_type {
    uint16_t kind, info;
    char name[];
};

/* One or two operands of a type. */
struct ubsan_operation {
    struct ubsan_place place;
    const struct ubsan_type *left_type, *right_type;
};

struct ubsan_mismatch {
    struct ubsan_place place;
    const struct ubsan_type *type;
    uint8_t log_alignment;
    uint8_t kind; /* index into uses[]: what the pointer was used for */
};

UNSANITIZED static void stop(const struct ubsan_place *place, const char *what)
{
    panic("undefined behaviour: %s at %s:%u:%u", what, place->file, (unsigned int)place->line,
          (unsigned int)place->column);
}

/* Values up to 32 bits are passed by value, larger ones by address; both are shown as the words
 * passed. */
UNSANITIZED static void stop_operation(const struct ubsan_operation *op, const char *what,
                                       uintptr_t left, uintptr_t right)
{
    panic("undefined behaviour: %s (%s: %#lx, %#lx) at %s:%u:%u", what, op->left_type->name,
          (unsigned long)left, (unsigned long)right, op->place.file, (unsigned int)op->place.line,
          (unsigned int)op->place.column);
}

UNSANITIZED static void stop_value(const struct ubsan_operation *op, const char *what,
                                   uintptr_t value)
{
    panic("undefined behaviour: %s (%s: %#lx) at %s:%u:%u", what, op->left_type->name,
          (unsigned long)value, op->place.file, (unsigned int)op->place.line,
          (unsigned int)op->place.column);
}

HANDLER(add_overflow, const struct ubsan_operation *op, uintptr_t left, uintptr_t right)
{
    stop_operation(op, "overflow in addition", left, right);
}

HANDLER(sub_overflow, const struct ubsan_operation *op, uintptr_t left, uintptr_t right)
{
    stop_operation(op, "overflow in subtraction", left, right);
}

HANDLER(mul_overflow, const struct ubsan_operation *op, uintptr_t left, uintptr_t right)
{
    stop_operation(op, "overflow in multiplication", left, right);
}

HANDLER(negate_overflow, const struct ubsan_operation *op, uintptr_t value)
{
    stop_value(op, "overflow in negation", value);
}

HANDLER(divrem_overflow, const struct ubsan_operation *op, uintptr_t left, uintptr_t right)
{
    stop_operation(op, "division by zero or overflow in division", left, right);
}

HANDLER(shift_out_of_bounds, const struct ubsan_operation *op, uintptr_t left, uintptr_t right)
{
    stop_operation(op, "shift out of range", left, right);
}

HANDLER(out_of_bounds, const struct ubsan_operation *op, uintptr_t index)
{
    stop_value(op, "array index out of range", index);
}

HANDLER(load_invalid_value, const struct ubsan_operation *op, uintptr_t value)
{
    stop_value(op, "load of a value its type does not have", value);
}

HANDLER(vla_bound_not_positive, const struct ubsan_operation *op, uintptr_t bound)
{
    stop_value(op, "array of no positive size", bound);
}

HANDLER(type_mismatch_v1, const struct ubsan_mismatch *m, uintptr_t pointer)
{
    static const char *const uses[] = {
        "load",           "store",           "reference binding",
        "member access",  "member call",     "constructor call",
        "downcast",       "downcast",        "upcast",
        "virtual upcast", "nonnull binding", "dynamic operation",
    };
    const char *use = m->kind < array_size(uses) ? uses[m->kind] : "use";
    const char *why = pointer == 0 ? "a null" : "a misaligned or too small";
    panic("undefined behaviour: %s through %s pointer %#lx of type %s at %s:%u:%u", use, why,
          (unsigned long)pointer, m->type->name, m->place.file, (unsigned int)m->place.line,
          (unsigned int)m->place.column);
}

HANDLER(pointer_overflow, const struct ubsan_place *place, uintptr_t base, uintptr_t result)
{
    panic("undefined behaviour: pointer arithmetic wraps (%#lx to %#lx) at %s:%u:%u",
          (unsigned long)base, (unsigned long)result, place->file, (unsigned int)place->line,
          (unsigned int)place->column);
}

HANDLER(alignment_assumption, const struct ubsan_place *place, uintptr_t pointer,
        uintptr_t alignment, uintptr_t offset)
{
    (void)pointer;
    (void)alignment;
    (void)offset;
    stop(place, "an assumed alignment does not hold");
}

HANDLER(float_cast_overflow, const struct ubsan_place *place, uintptr_t from)
{
    (void)from;
    stop(place, "a floating value does not fit");
}

HANDLER(function_type_mismatch, const struct ubsan_place *place, uintptr_t function)
{
    (void)function;
    stop(place, "call through a pointer of another function type");
}

HANDLER(builtin_unreachable, const struct ubsan_place *place)
{
    stop(place, "an unreachable place was reached");
}

HANDLER(missing_return, const struct ubsan_place *place)
{
    stop(place, "a function ended without its value");
}

HANDLER(invalid_builtin, const struct ubsan_place *place)
{
    stop(place, "zero given to ctz or clz");
}

HANDLER(nonnull_arg, const struct ubsan_place *place)
{
    stop(place, "null given for an argument that must not be");
}

HANDLER(nullability_arg, const struct ubsan_place *place)
{
    stop(place, "null given for an argument that must not be");
}

HANDLER(nonnull_return_v1, const void *attribute, const struct ubsan_place *place)
{
    (void)attribute;
    stop(place, "null returned where it must not be");
}

HANDLER(nullability_return_v1, const void *attribute, const struct ubsan_place *place)
{
    (void)attribute;
    stop(place, "null returned where it must not be");
}

#endif
