; Ends well without any plan.
%include "guest.inc"

guest:
    print COM1, "ok 1 - first", 10
    end_with ALL_WELL
