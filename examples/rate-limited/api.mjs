import { createServer } from "node:http";

// A small API to try the pipeline with: it refuses more than four at once and more than twenty in any second, and says at
// its end how often it had to.
const [AT_ONCE, A_SECOND] = [4, 20];
const came = [];
let inside = 0;
let refused = 0;

const server = createServer((request, response) => {
  let text = "";
  request.setEncoding("utf8").on("data", (part) => (text += part));
  request.on("end", () => answer(text, response));
});

function answer(text, response) {
  const now = performance.now();
  while (came.length > 0 && came[0] < now - 1_000) came.shift();
  if (inside >= AT_ONCE || came.length >= A_SECOND) {
    refused += 1;
    response.writeHead(429, { "retry-after": "1" }).end();
    return;
  }
  came.push(now);
  inside += 1;
  setTimeout(() => {
    inside -= 1;
    response.end(JSON.stringify({ text: text.toUpperCase(), refused }));
  }, 50);
}

server.listen(Number(process.env.PORT ?? 4100), "127.0.0.1", () => {
  console.log(`Listening at http://127.0.0.1:${server.address().port}`);
});
