; The plan is complete and then one more line says that something failed.
%include "guest.inc"

guest:
    print COM1, "1..2", 10, "ok 1 - first", 10, "ok 2 - second", 10, "done", 10, "not ok 2 - late", 10
    end_with ALL_WELL
