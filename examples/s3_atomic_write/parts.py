"""Flights per airport, one file an airport, into a folder."""
import argparse
import pathlib
import zlib

arguments = argparse.ArgumentParser()
arguments.add_argument("--run-date", required=True)
arguments.add_argument("--output", required=True)
told = arguments.parse_args()

for airport in ["ATL", "JFK", "LAX"]:
    flights = 100 + zlib.crc32(f"{told.run_date} {airport}".encode()) % 900
    pathlib.Path(told.output, f"{airport}.csv").write_text(f"airport,flights\n{airport},{flights}\n")
