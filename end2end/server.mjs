// Starts the real server on a new database with demo data: SQLite in a temporary folder, or the database that
// ORDINAVO_DATABASE_URL names (its demo data is made anew).
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const binary = process.env.ORDINAVO_BINARY ?? join(here, "../target/debug/ordinavo");

const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

async function ready(url, child) {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    try {
      if ((await fetch(`${url}/readyz`)).ok) return;
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

export default async function start() {
  const folder = mkdtempSync(join(tmpdir(), "ordinavo-end2end-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    ...process.env,
    ORDINAVO_DATABASE_URL: process.env.ORDINAVO_DATABASE_URL ?? `sqlite://${folder}/ordinavo.db`,
    ORDINAVO_FILES: `file://${folder}/files`,
    ORDINAVO_SECRET_KEY_FILE: `${folder}/secret.key`,
    ORDINAVO_LISTEN: `127.0.0.1:${port}`,
    ORDINAVO_PUBLIC_URL: url,
    ORDINAVO_WEBHOOK_ALLOW_HTTP: "true",
    ORDINAVO_WEBHOOK_ALLOW_NETS: "127.0.0.0/8",
    ORDINAVO_WEBHOOK_RETRY: "0s,1s,1s",
    ORDINAVO_LOG: process.env.ORDINAVO_LOG ?? "warn",
  };
  const book = JSON.parse(execFileSync(binary, ["demo", "--json", "--small", "--reset"], { env, maxBuffer: 1 << 24 }).toString());
  const child = spawn(binary, ["serve"], { env, stdio: ["ignore", "inherit", "inherit"] });
  await ready(url, child);
  const file = join(folder, "world.json");
  writeFileSync(file, JSON.stringify({ url, tenants: book.tenants }));
  process.env.ORDINAVO_END2END = file;
  return async () => {
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
    rmSync(folder, { recursive: true, force: true });
  };
}

export function world() {
  return JSON.parse(readFileSync(process.env.ORDINAVO_END2END, "utf8"));
}
