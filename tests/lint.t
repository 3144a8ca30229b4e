#!/bin/sh
# The cheap half of `make lint`: the formatter agrees, cppcheck finds nothing. clang-tidy takes
# minutes and is run by `make lint` alone.
cd "$(dirname "$0")/.." || exit 1
unset MAKEFLAGS MFLAGS MAKELEVEL
number=0
check() {
    number=$((number + 1))
    if output=$(make --silent "$1" 2>&1); then
        echo "ok $number - make $1"
    else
        printf '%s\n' "$output" | head -n 20 | sed 's/^/# /'
        echo "not ok $number - make $1"
    fi
}
echo 1..2
check lint-format
check lint-cppcheck
