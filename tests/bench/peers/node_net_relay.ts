// The naive relay: node:net, a look at the first bytes of each chunk, no framing. It is here to be compared with.
import { connect, createServer } from "node:net";

const [socket, upstream] = Deno.args;
const allowed =
  /^GET (\/v[\d.]+)?\/(containers|images|info|_ping|version)|^POST (\/v[\d.]+)?\/(containers|images)/;

createServer({ allowHalfOpen: true }, (client) => {
  const engine = connect({ path: upstream!, allowHalfOpen: true });
  let first = true;
  client.on("data", (chunk) => {
    if (first && !allowed.test(chunk.toString("latin1", 0, 200))) {
      client.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      engine.destroy();
      return;
    }
    first = false;
    if (!engine.write(chunk)) {
      client.pause();
      engine.once("drain", () => client.resume());
    }
  });
  engine.on("data", (chunk) => {
    if (client.write(chunk)) return;
    engine.pause();
    client.once("drain", () => engine.resume());
  });
  client.on("end", () => engine.end());
  engine.on("end", () => client.end());
  client.on("error", () => engine.destroy());
  engine.on("error", () => client.destroy());
}).listen({ path: socket!, backlog: 1024 });
