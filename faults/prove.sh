#!/usr/bin/env bash
# Proves that the simulation would notice: plants each fault of this folder in a copy of Core, one after another, and plays
# 2,000 seeds. Prints a table; exits 1 when a fault survives or its patch no longer applies. An argument chooses the faults
# whose names begin with it.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
copy=$(mktemp -d "${TMPDIR:-/tmp}/signalbox-faults.XXXXXX")
trap 'rm -rf "$copy"' EXIT

mkdir -p "$copy/src" "$copy/tests" "$copy/docs"
cp "$root"/{Directory.Build.props,Directory.Packages.props,global.json,.editorconfig} "$copy/"
[ -f "$root/nuget.config" ] && cp "$root/nuget.config" "$copy/"
cp "$root/docs/run-states.md" "$copy/docs/"
cp -r "$root/src/Signalbox.Core" "$copy/src/"
cp -r "$root/tests/Signalbox.Core.Tests" "$copy/tests/"

test_project=$copy/tests/Signalbox.Core.Tests
play() {
    SIGNALBOX_SEEDS=2000 "$test_project/bin/Release/net10.0/Signalbox.Core.Tests" -noColor -method "*No_promise_is_broken*" 2>&1
}
build() {
    dotnet build -c Release "$copy/src/Signalbox.Core" --no-restore -v quiet -nologo -p:RunAnalyzers=false -p:GenerateDocumentationFile=false 2>&1 &&
        cp "$copy/src/Signalbox.Core/bin/Release/net10.0/Signalbox.Core.dll" "$test_project/bin/Release/net10.0/"
}

if ! out=$(dotnet build -c Release "$test_project" -v quiet -nologo -p:RunAnalyzers=false 2>&1) || ! out=$(play); then
    echo "$out" | tail -40
    echo "without a fault the simulation must pass; it does not" >&2
    exit 1
fi

survivors=0
for patch in "$root"/faults/${1:-}*.patch; do
    name=$(basename "$patch" .patch)
    if ! (cd "$copy" && git apply "$patch") 2>/dev/null; then
        verdict="does not apply any more"
        survivors=$((survivors + 1))
    else
        if ! out=$(build); then
            verdict="does not build any more"
            survivors=$((survivors + 1))
        elif out=$(play); then
            verdict="SURVIVED"
            survivors=$((survivors + 1))
        else
            verdict="caught: $(grep -m 1 -E '^ +seed [0-9]+: ' <<<"$out" | sed 's/^ *//' | cut -c1-110)"
        fi
        (cd "$copy" && git apply -R "$patch")
    fi
    printf '%-46s %s\n' "$name" "$verdict"
done

if [ "$survivors" -gt 0 ]; then
    echo "$survivors not caught" >&2
    exit 1
fi
