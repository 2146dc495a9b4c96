#!/usr/bin/env bash
# Proves that the simulation of the engine would notice: plants each fault of faults/engine in a copy of the sources, one after another, and plays up to
# 2,000 weeks. Prints a table; exits 1 when a fault survives or its patch no longer applies. An argument chooses the faults whose names begin with it.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
copy=$(mktemp -d "${TMPDIR:-/tmp}/signalbox-faults.XXXXXX")
trap 'rm -rf "$copy"' EXIT

mkdir -p "$copy/src" "$copy/tests" "$copy/docs"
cp "$root"/{Directory.Build.props,Directory.Packages.props,global.json,.editorconfig} "$copy/"
[ -f "$root/nuget.config" ] && cp "$root/nuget.config" "$copy/"
cp "$root/docs/run-states.md" "$copy/docs/"
cp -r "$root"/src/Signalbox.{Core,Storage,DuckDb,Engine} "$copy/src/"
cp -r "$root/tests/Signalbox.Simulation.Tests" "$copy/tests/"
mkdir -p "$copy/tests/Signalbox.Core.Tests"
cp -r "$root/tests/Signalbox.Core.Tests/Simulation" "$copy/tests/Signalbox.Core.Tests/"
: >"$copy/tests/Signalbox.Simulation.Tests/regressions.txt"

project=$copy/tests/Signalbox.Simulation.Tests
built=$project/bin/Release/net10.0
play() {
    DOTNET_GCgen0size=0x600000 SIGNALBOX_BRIEF=1 SIGNALBOX_SEEDS=$1 "$built/Signalbox.Simulation.Tests" -noColor -method "*No_promise_is_broken*" 2>&1
}
build() {
    dotnet build -c Release "$@" -v quiet -nologo -p:RunAnalyzers=false -p:GenerateDocumentationFile=false 2>&1
}

if ! out=$(build "$project") || ! out=$(play 100); then
    echo "$out" | tail -40
    echo "without a fault the simulation must pass; it does not" >&2
    exit 1
fi

survivors=0
for patch in "$root"/faults/engine/${1:-}*.patch; do
    name=$(basename "$patch" .patch)
    # What a fault changes is inside of one project: only that is compiled anew.
    changed=$(sed -n 's|^+++ b/src/\([^/]*\)/.*|\1|p' "$patch" | head -n 1)
    if ! (cd "$copy" && git apply "$patch") 2>/dev/null; then
        verdict="does not apply any more"
        survivors=$((survivors + 1))
    else
        cp "$built/$changed.dll" "$copy/whole.dll"
        if ! out=$(build "$copy/src/$changed" --no-restore --no-dependencies); then
            verdict="does not build any more"
            survivors=$((survivors + 1))
        elif cp "$copy/src/$changed/bin/Release/net10.0/$changed.dll" "$built/" && out=$(play 2000); then
            verdict="SURVIVED"
            survivors=$((survivors + 1))
        else
            verdict="caught: $(grep -m 1 -E '^ +seed [0-9]+: |left the stage' <<<"$out" | sed 's/^ *//' | cut -c1-110)"
        fi
        (cd "$copy" && git apply -R "$patch")
        cp "$copy/whole.dll" "$built/$changed.dll"
    fi
    printf '%-52s %s\n' "$name" "$verdict"
done

if [ "$survivors" -gt 0 ]; then
    echo "$survivors not caught" >&2
    exit 1
fi
