// My day under random sequences of steps, reports, photos, moves, cancellations, lost connections and crashes of the browser:
// everything that was written can be read afterwards, on the phone or by dispatch, and arrives once.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, expect, test } from "@playwright/test";
import { newPage, nordlicht, PHOTO, signIn, staffOf } from "./helpers.mjs";
import { line } from "./line.mjs";
import { again, newName, onThePhone, open, PHONE, personOf, plan, soon, visitOf } from "./phone.mjs";
import { world } from "./server.mjs";

const ROUNDS = Number(process.env.ORDINAVO_TEST_ROUNDS ?? 3);
const STEPS = 14;
const FIRST_SEED = Number(process.env.ORDINAVO_TEST_SEED ?? 719_350);
let texts = 0;

/** Returns a generator of numbers from 0 to 1 (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Returns what the phone stores: entries that were not sent, and drafts. A page that has sent everything loads again meanwhile. */
async function stored(page) {
  for (;;) {
    try {
      return await page.evaluate(readStores);
    } catch (error) {
      if (!/Execution context was destroyed|navigation/.test(error.message)) throw error;
      await page.waitForLoadState();
    }
  }
}

async function readStores() {
  const database = await new Promise((done) => (indexedDB.open("my-day").onsuccess = ({ target }) => done(target.result)));
  const all = (store, range) => new Promise((done) => (database.transaction(store).objectStore(store).getAll(range).onsuccess = ({ target }) => done(target.result)));
  const entries = (await all("entries")).filter(({ state }) => state !== "sent");
  const drafts = await all("state", IDBKeyRange.bound("draft ", "draft \uffff"));
  database.close();
  return { entries: JSON.stringify(entries), waiting: entries.filter(({ state }) => state === "waiting").length, drafts: JSON.stringify(drafts) };
}

const short = { timeout: 3_000 };

class Phone {
  constructor(wire, launchOptions) {
    this.wire = wire;
    this.folder = mkdtempSync(join(tmpdir(), "my-day-random-"));
    this.launch = () => chromium.launchPersistentContext(this.folder, { ...launchOptions, ...PHONE, baseURL: wire.url });
  }

  async start() {
    this.context = await this.launch();
    this.page = await this.context.newPage();
    return this.page;
  }

  /** Ends the browser as a phone without power would. */
  async crash() {
    try {
      execFileSync("pkill", ["-9", "-f", this.folder]);
    } catch {
      // It has ended already.
    }
    await this.context.close().catch(() => undefined);
    rmSync(join(this.folder, "SingletonLock"), { force: true });
    await this.start();
    this.page.on("dialog", (question) => question.accept());
  }

  async stop() {
    await this.context.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Opens a visit; false if the phone does not have it. */
async function openVisit(page, target) {
  try {
    await page.goto(`/app/day/${target}`, { timeout: 10_000 });
  } catch {
    return false;
  }
  return (await page.locator(`[data-stop="${target}"]`).count()) > 0;
}

/** Presses a button of a visit, and waits until the phone has kept or sent it. */
async function press(page, name) {
  const button = page.getByRole("button", { name });
  if (!(await button.isVisible().catch(() => false))) return false;
  const before = page.url();
  await button.click(short).catch(() => undefined);
  await expect.poll(() => page.url() !== before || page.locator('[data-line="waiting"]').isVisible(), short).toBeTruthy().catch(() => undefined);
  return true;
}

/** Writes a report, with a photo in half of the cases; it stays a draft or is submitted. Returns its text, and the one it replaces, once the
 * phone has it. */
async function write(page, dice) {
  const field = page.getByLabel("Work performed");
  if (!(await field.isVisible().catch(() => false))) return undefined;
  const text = newName("Written");
  // What the technician replaces in the same form is not lost.
  const replaced = await field.inputValue();
  await field.fill(text, short);
  await expect.poll(async () => (await stored(page)).drafts, { timeout: 10_000 }).toContain(text);
  if (dice() < 0.5) await page.getByLabel("Choose photos").setInputFiles([{ name: "one.png", mimeType: "image/png", buffer: PHOTO }]);
  if (dice() < 0.6) {
    await page.getByLabel("Work time in minutes").fill("15");
    await press(page, "Submit report");
  }
  return { text, replaced };
}

/** Reports a delay in words. */
async function late(page) {
  const summary = page.getByText("Running late");
  if (!(await summary.isVisible().catch(() => false))) return undefined;
  const text = newName("Late");
  await summary.click(short);
  await page.locator(".late-form textarea").fill(text, short);
  await page.locator(".late-form select").selectOption("30", short);
  await page.locator(".late-form button").click(short);
  await expect.poll(async () => (await stored(page)).entries.includes(text) || /kept=/.test(page.url()), { timeout: 10_000 }).toBeTruthy();
  return { text };
}

const headers = { "sec-fetch-site": "same-origin", accept: "text/html" };

/** Returns where a text can be read. */
async function places(text, targets, { page, dispatch, manager }) {
  const found = [];
  const { entries, drafts } = await stored(page);
  if (entries.includes(text)) found.push("entry on the phone");
  if (drafts.includes(text)) found.push("draft on the phone");
  await open(page, "/app/day/sync-conflicts");
  if ((await page.locator("main").innerText()).includes(text)) found.push("sync conflict");
  for (const target of targets) {
    await dispatch.goto(`/app/targets/${target}`);
    if ((await dispatch.locator("main").innerText()).includes(text)) found.push("job");
    await manager.goto(`/app/targets/${target}`);
    const reports = await manager.locator('a[href^="/app/reports/vrp_"]').evaluateAll((all) => [...new Set(all.map((link) => link.getAttribute("href")))]);
    for (const report of reports) {
      await manager.goto(report);
      if ((await manager.locator("main").innerText()).includes(text)) found.push("report");
    }
  }
  return found;
}

for (let round = 0; round < ROUNDS; round += 1) {
  const seed = FIRST_SEED + round;
  test(`random day ${round + 1} loses nothing that was written`, async ({ browser }, info) => {
    test.setTimeout(300_000);
    info.annotations.push({ type: "seed", description: String(seed) });
    console.log(`seed ${seed}`);
    const dice = random(seed);
    const pick = (list) => list[Math.floor(dice() * list.length)];
    const staff = async (role) => {
      const { page } = await newPage(browser);
      await signIn(page, "/app", staffOf(role));
      return page;
    };
    const [dispatch, manager] = [await staff("dispatcher"), await staff("manager")];
    // Technicians of no other test: sync conflicts stay.
    const account = nordlicht().staff.find(({ email }) => email.startsWith(round % 2 ? "technician7" : "technician6"));
    const wire = await line(world().url);
    const phone = new Phone(wire, info.project.use.launchOptions);
    let page = await phone.start();
    await signIn(page, "/app", account);
    const person = await personOf(page);
    const targets = [await visitOf(dispatch, person, soon(5)), await visitOf(dispatch, person, soon(45))];
    await onThePhone(page, ...targets);
    const written = new Set();
    for (let step = 0; step < STEPS; step += 1) {
      const target = pick(targets);
      const kind = pick(["line", "line", "step", "step", "step", "write", "write", "late", "move", "cancel", "crash"]);
      if (kind === "line") wire.set(pick(["open", "cut", "cut", "loses answers to posts", "breaks off photos"]));
      if (kind === "crash") {
        await phone.crash();
        page = phone.page;
      }
      // Once in a while: a cancelled visit ends most of what can happen.
      if (kind === "cancel" && dice() < 0.3) await dispatch.request.post("/app/fn/cancel-target", { form: { target, reason: "Random", message: "" }, headers });
      if (kind === "move") await plan(dispatch, target, person, soon(Math.floor(dice() * 20) * 15)).catch(() => undefined);
      if (!["step", "write", "late"].includes(kind) || !(await openVisit(page, target))) continue;
      if (kind === "step") (await press(page, "Start travel")) || (await press(page, "Arrived"));
      const entry = kind === "write" ? await write(page, dice) : kind === "late" ? await late(page) : undefined;
      if (entry?.replaced) written.delete(entry.replaced);
      if (entry) written.add(entry.text);
      if (entry && dice() < 0.3) {
        await phone.crash();
        page = phone.page;
      }
    }
    // The network is back.
    wire.set("open");
    await open(page, "/app/day");
    // A browser that crashed soon after the sign-in has not stored its cookie.
    if (/sign-in/.test(page.url()) || (await page.locator('[data-line="signed-out"]').isVisible())) await signIn(page, "/app", account);
    await open(page, "/app/day");
    await again(page);
    await expect.poll(async () => (await stored(page)).waiting, { timeout: 60_000, message: `seed ${seed}: entries are sent` }).toBe(0);
    texts += written.size;
    for (const text of written) {
      const found = await places(text, targets, { page, dispatch, manager });
      expect(found.length, `seed ${seed}: ${text} cannot be read anywhere`).toBeGreaterThan(0);
      expect(found.filter((place) => place !== "job").length, `seed ${seed}: ${text} is in ${found.join(", ")}`).toBeLessThanOrEqual(1);
    }
    await phone.stop();
    wire.close();
  });
}

test("random days contain texts", () => {
  expect(texts).toBeGreaterThanOrEqual(ROUNDS);
});
