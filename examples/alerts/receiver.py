"""Takes alerts on a free port of this machine, checks their signature, and keeps each delivery once in received.jsonl."""

import hashlib
import hmac
import http.server
import json
import sys

KEY = sys.argv[1].encode()
seen = set()


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = self.headers["Signalbox-Timestamp"].encode() + b"." + body
        signature = "v1=" + hmac.new(KEY, signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature, self.headers["Signalbox-Signature"]):
            self.send_error(401, "wrong signature")
            return
        delivery = self.headers["Signalbox-Delivery"]
        if delivery not in seen:
            seen.add(delivery)
            with open("received.jsonl", "a") as received:
                received.write(json.dumps(json.loads(body)) + "\n")
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), Receiver)
print(f"http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
