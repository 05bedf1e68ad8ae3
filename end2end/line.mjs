// A proxy between browser and server that can cut connections or lose responses.
import { connect, createServer } from "node:net";

/**
 * Starts a proxy. `mode` is "open", "cut", "loses answers to posts" or "breaks off photos", which closes the connection after
 * the first packet of a photo. Changing the mode closes all open connections.
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
    /** Returns how many photo uploads were interrupted. */
    broken: () => broken,
    close() {
      this.set("cut");
      server.close();
    },
  };
}
