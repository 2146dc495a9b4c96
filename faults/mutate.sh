#!/usr/bin/env bash
# Mutation testing of the code that decides: builds the tests, tries every mutant of each target (an argument chooses those of that name: RetryPolicy,
# CronSchedule, CronText, RunDecider, Publication) and writes docs/mutation-report.md, in which what was not tried is not. A target takes minutes: its project is
# compiled once with all mutants in it, and what goes round without end is ended by its steps. Exits 1 when a target has less than 90 % killed.
set -euo pipefail
cd "$(dirname "$0")/.."
for project in tests/Signalbox.Core.Tests tests/Signalbox.Engine.Tests faults/Mutants; do
    dotnet build "$project" -c Release -v quiet -nologo -clp:NoSummary
done
nice -n 10 faults/Mutants/bin/Release/net10.0/Mutants "$@"
