"""Sends a notification of S3 on to Signalbox, signed. As a Lambda function: handler `forward.handler`."""

import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.request


def handler(event, context=None):
    body = json.dumps(event).encode()
    timestamp = str(int(time.time()))
    signature = hmac.new(os.environ["HOOK_SECRET"].encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    request = urllib.request.Request(
        os.environ["HOOK_URL"],
        data=body,
        headers={
            "Content-Type": "application/json",
            "X-Signalbox-Timestamp": timestamp,
            "X-Signalbox-Signature": "sha256=" + signature.hexdigest(),
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        # A failed call is one that Lambda makes again; what is wrong stands in the answer.
        raise RuntimeError(f"{refusal.code}: {json.load(refusal)['detail']}") from refusal


if __name__ == "__main__":
    print(json.dumps(handler(json.load(sys.stdin))))
