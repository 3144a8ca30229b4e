; One of the planned tests failed; everything else is in order.
%include "guest.inc"

guest:
    print COM1, "1..2", 10, "ok 1 - first", 10, "not ok 2 - second", 10
    end_with ALL_WELL
