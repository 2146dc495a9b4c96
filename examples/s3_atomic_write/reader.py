"""Reads one whole version of several objects, as any reader outside does.

    reader.py s3://features/daily_parts/date=2001-01-05/                      the current version
    reader.py s3://features/daily_parts/date=2001-01-05/_versions/2-4f…/      that version
"""
import json
import sys

from s3 import client

bucket, _, prefix = sys.argv[1].removeprefix("s3://").partition("/")
s3 = client()


def read(key):
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


if "/_versions/" in prefix:
    manifest = json.loads(read(prefix + "_manifest.json"))
else:
    # One read of the pointer decides for one version; its objects are never changed.
    pointer = json.loads(read(prefix + "_current.json"))
    prefix, manifest = pointer["prefix"], json.loads(read(pointer["manifest"]))

for file in manifest["files"]:
    print(file["path"], read(prefix + file["path"]).decode().splitlines()[-1])
