# Refused at the first two attempts: exit code 75 (EX_TEMPFAIL of sysexits.h) says that it is worth another.
set -eu
if [ "$SIGNALBOX_ATTEMPT" -le 2 ]; then
    echo "attempt $SIGNALBOX_ATTEMPT: connection refused" >&2
    exit 75
fi
mkdir -p out
echo "served at attempt $SIGNALBOX_ATTEMPT" > out/data.txt
