/* <assert.h>: may be included again after NDEBUG changed, so it has no guard. */
#undef assert

#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition)                                                                          \
    ((condition) ? (void)0 : fl_assert_fail(#condition, __FILE__, __LINE__, __func__))
#endif

#if !defined static_assert && !defined __cplusplus
#define static_assert _Static_assert
#endif

#ifdef __cplusplus
extern "C"
#endif
    __attribute__((noreturn)) void
    fl_assert_fail(const char *condition, const char *file, int line, const char *function);
