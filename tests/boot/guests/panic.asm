; All tests pass, then the kernel panics.
%include "guest.inc"

guest:
    print COM1, "1..1", 10, "ok 1 - first", 10
    end_with PANIC
