// An S3 server on a free port of this machine: `node serve.js FOLDER BUCKET...` prints its port when it is ready.
const http = require("node:http");
const S3rver = require("s3rver");

const [directory, ...buckets] = process.argv.slice(2);
const server = new S3rver({
  directory,
  silent: true,
  configureBuckets: buckets.map((name) => ({ name })),
});
const answer = server.callback();

server.configureBuckets().then(() => {
  const listener = http.createServer((request, response) => {
    // s3rver decodes the source of a copy as a whole address, which leaves `%3D` as it is; clients encode it as a path.
    const source = request.headers["x-amz-copy-source"];
    if (source) {
      request.headers["x-amz-copy-source"] = encodeURI(decodeURIComponent(source));
    }
    answer(request, response);
  });
  listener.listen(0, "127.0.0.1", () => console.log(listener.address().port));
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
