#!/bin/sh
# Reads a text, writes "word,count" lines, the most frequent first. Waits first where it is told to, to be killed.
set -eu
[ -z "${WAIT_SECONDS:-}" ] || sleep "$WAIT_SECONDS"
tr -cs '[:alpha:]' '\n' | tr '[:upper:]' '[:lower:]' | sed '/^$/d' | sort | uniq -c | sort -k1,1nr -k2 |
  awk 'BEGIN { print "word,count" } { print $2 "," $1 }'
