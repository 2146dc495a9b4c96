"""boto3's client where it is installed; else as much of it as reader.py needs, with nothing but Python."""
import datetime
import hashlib
import hmac
import os
import urllib.parse
import urllib.request

ENDPOINT = os.environ.get("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
REGION = os.environ.get("AWS_DEFAULT_REGION", "us-east-1")


def client():
    try:
        import boto3
    except ImportError:
        return Plain()
    return boto3.client("s3", endpoint_url=ENDPOINT, region_name=REGION)


class Plain:
    def get_object(self, Bucket, Key):
        path = urllib.parse.quote(f"/{Bucket}/{Key}", safe="/-_.~")
        host = urllib.parse.urlparse(ENDPOINT).netloc
        # A signature says when it was made; what is read does not depend on it.
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")  # signalbox: allow wall-clock
        empty = hashlib.sha256(b"").hexdigest()
        names = "host;x-amz-content-sha256;x-amz-date"
        request = f"GET\n{path}\n\nhost:{host}\nx-amz-content-sha256:{empty}\nx-amz-date:{now}\n\n{names}\n{empty}"
        scope = f"{now[:8]}/{REGION}/s3/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.new(key, text.encode(), "sha256").hexdigest()
        credential = f"{os.environ['AWS_ACCESS_KEY_ID']}/{scope}"
        headers = {
            "x-amz-content-sha256": empty,
            "x-amz-date": now,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}",
        }
        return {"Body": urllib.request.urlopen(urllib.request.Request(ENDPOINT + path, headers=headers))}
