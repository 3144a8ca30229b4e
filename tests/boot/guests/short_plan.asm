; Stops with the status of success before all planned tests ran.
%include "guest.inc"

guest:
    print COM1, "1..3", 10, "ok 1 - first", 10, "ok 2 - second", 10
    end_with ALL_WELL
