#!/bin/sh
# Installs DuckDB's native library from the npm package named in package-lock.json, once, however many builds ask at the same time.
set -u
cd "$(dirname "$0")" || exit 1
stamp=node_modules/.installed
library=node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so

command -v npm >/dev/null 2>&1 || {
  echo "install.sh: npm was not found; install Node.js with npm, it brings DuckDB's native library (package.json here)" >&2
  exit 1
}

exec 9>.install.lock
flock 9 || exit 1
if [ -f "$library" ] && [ -f "$stamp" ] && [ ! package-lock.json -nt "$stamp" ] && [ ! package.json -nt "$stamp" ]; then
  # Another build was here meanwhile.
  exit 0
fi

npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || {
  echo "install.sh: npm ci failed in $(pwd); DuckDB's native library is missing" >&2
  exit 1
}
[ -f "$library" ] || {
  echo "install.sh: npm ci ended well but left no $library" >&2
  exit 1
}
# The copy in the output folders goes by time stamps, and the archive's own may be years old.
touch "$library" "$(dirname "$library")/LICENSE" "$stamp"
