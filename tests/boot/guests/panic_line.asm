; Says that it panicked and yet ends with the status of success.
%include "guest.inc"

guest:
    print COM1, "1..1", 10, "ok 1 - first", 10
    print COM1, "panic: something broke", 10
    end_with ALL_WELL
