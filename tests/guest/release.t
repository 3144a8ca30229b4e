#!/bin/sh
# The programs of tests/guest, run by the kernel of build/release.
exec "$(dirname "$0")/../../tools/run-guest-tests" build/release
