// Starts the real server on a new database with demo data: SQLite in a temporary folder, or the database in
// ORDINAVO_DATABASE_URL, whose demo data is reset.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const binary = process.env.ORDINAVO_BINARY ?? join(here, "../target/debug/ordinavo");

const seed = join(here, "../server/tests/canaries/seed.sql");

/** Adds a canary to every internal text of the database, so that leaks in responses to customers are found. */
function mark(address) {
  if (address.startsWith("sqlite:")) {
    const python = process.env.ORDINAVO_TEST_PYTHON ?? "python3";
    const program = "import sqlite3, sys; database = sqlite3.connect(sys.argv[1]); database.executescript(open(sys.argv[2]).read()); database.commit()";
    execFileSync(python, ["-c", program, address.replace("sqlite://", ""), seed]);
  } else {
    const statements = `SELECT set_config('ordinavo.tenant', '*', false);\n${readFileSync(seed, "utf8")}`;
    execFileSync("psql", [address, "-q", "-v", "ON_ERROR_STOP=1"], { input: statements });
  }
}

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

/** Starts a server of its own: with new demo data, or with an empty database and the address of its setup page. */
export async function launch(folder, { database, isEmpty = false } = {}) {
  const port = await freePort();
  // Browsers offer passkeys at host names only.
  const url = `http://localhost:${port}`;
  // Not settings of the server.
  const { ORDINAVO_END2END: _book, ORDINAVO_LEAKS: _leaks, ...inherited } = process.env;
  const env = {
    ...inherited,
    ORDINAVO_DATABASE_URL: database ?? `sqlite://${folder}/ordinavo.db`,
    ORDINAVO_FILES: `file://${folder}/files`,
    // The role of the test server owns the tables.
    ORDINAVO_DATABASE_ALLOW_OWNER: "true",
    ORDINAVO_SECRET_KEY_FILE: `${folder}/secret.key`,
    ORDINAVO_LISTEN: `127.0.0.1:${port}`,
    ORDINAVO_PUBLIC_URL: url,
    ORDINAVO_WEBHOOK_ALLOW_HTTP: "true",
    ORDINAVO_WEBHOOK_ALLOW_NETS: "127.0.0.0/8",
    ORDINAVO_WEBHOOK_RETRY: "0s,1s,1s",
    ORDINAVO_LOG: process.env.ORDINAVO_LOG ?? "warn",
  };
  let tenants = [];
  if (!isEmpty) {
    tenants = JSON.parse(execFileSync(binary, ["demo", "--json", "--small", "--reset"], { env, maxBuffer: 1 << 24 }).toString()).tenants;
    mark(env.ORDINAVO_DATABASE_URL);
  }
  const child = spawn(binary, ["serve"], { env, stdio: ["ignore", "inherit", "inherit"] });
  await ready(url, child);
  const setup = isEmpty ? readFileSync(join(folder, "setup-address.txt"), "utf8").trim() : null;
  const stop = async () => {
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, tenants, setup, stop };
}

export default async function start() {
  const folder = mkdtempSync(join(tmpdir(), "ordinavo-end2end-"));
  const { url, tenants, stop } = await launch(folder, { database: process.env.ORDINAVO_DATABASE_URL });
  const file = join(folder, "world.json");
  writeFileSync(file, JSON.stringify({ url, tenants }));
  process.env.ORDINAVO_END2END = file;
  process.env.ORDINAVO_LEAKS = join(folder, "leaks.txt");
  return async () => {
    const leaks = existsSync(process.env.ORDINAVO_LEAKS) ? readFileSync(process.env.ORDINAVO_LEAKS, "utf8") : "";
    await stop();
    if (leaks) throw new Error(`customers were sent what is not theirs:\n${leaks}`);
  };
}

export function world() {
  return JSON.parse(readFileSync(process.env.ORDINAVO_END2END, "utf8"));
}
