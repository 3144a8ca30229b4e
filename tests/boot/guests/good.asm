; A test run as it should be: the runner must let this one pass, or its refusals mean nothing.
%include "guest.inc"

guest:
    print COM1, "1..2", 10, "ok 1 - first", 10, "some other output", 10, "ok 2 - second", 10
    end_with ALL_WELL
