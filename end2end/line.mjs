// A line between a browser and the server that can be cut, or that loses the answer to what is sent over it.
import { connect, createServer } from "node:net";

/**
 * `mode` is "open", "cut", "loses answers to posts" or "breaks off photos", which ends the line after the first packet of a
 * photo. Changing it ends what is on the line at that moment.
 */
export async function line(target) {
  const { hostname, port } = new URL(target);
  const open = new Set();
  let mode = "open";
  let broken = 0;
  const server = createServer((near) => {
    if (mode === "cut") return near.destroy();
    const far = connect(Number(port), hostname);
    const pair = { near, far };
    open.add(pair);
    let lost = false;
    near.on("data", (chunk) => {
      if (mode === "breaks off photos" && chunk.toString("latin1").startsWith("POST /app/fn/send-photo")) {
        broken += 1;
        far.write(chunk, () => pair.end());
        return;
      }
      if (mode === "loses answers to posts" && chunk.toString("latin1").startsWith("POST")) lost = true;
      far.write(chunk);
    });
    far.on("data", (chunk) => (lost ? near.destroy() : near.write(chunk)));
    const end = () => {
      open.delete(pair);
      near.destroy();
      far.destroy();
    };
    pair.end = end;
    for (const socket of [near, far]) socket.on("close", end).on("error", end);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    set(next) {
      mode = next;
      for (const { near } of open) near.destroy();
    },
    /** How many photos were broken off. */
    broken: () => broken,
    close() {
      this.set("cut");
      server.close();
    },
  };
}
