"""Mean delay per airport of one day: an ordinary program that writes an ordinary file."""
import argparse
import csv
import zlib

arguments = argparse.ArgumentParser()
arguments.add_argument("--run-date", required=True)
arguments.add_argument("--output", required=True)
told = arguments.parse_args()

with open(told.output, "w", newline="") as file:
    table = csv.writer(file)
    table.writerow(["airport", "mean_delay"])
    for airport in ["ATL", "JFK", "LAX"]:
        # The same day gives the same numbers, whenever it is run.
        table.writerow([airport, zlib.crc32(f"{airport} {told.run_date}".encode()) % 60])
