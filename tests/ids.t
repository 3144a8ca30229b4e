#!/bin/sh
# Every kind of bad input has a test that carries its id, or docs/testing.md says why it has none.
cd "$(dirname "$0")/.." || exit 1
echo 1..1
if problems=$(tools/list-ids); then
    echo "ok 1 - every bad-input id is accounted for"
else
    printf '%s\n' "$problems" | sed 's/^/# /'
    echo "not ok 1 - every bad-input id is accounted for"
fi
