#!/bin/sh
# The programs of tests/guest, run by the kernel of build/clang-debug.
exec "$(dirname "$0")/../../tools/run-guest-tests" build/clang-debug
