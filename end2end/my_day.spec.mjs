// My day offline: at every step, during a photo upload, after the browser was closed, with another person on the same phone, and
// after dispatch has changed the schedule.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, expect, test } from "@playwright/test";
import { newPage, nordlicht, serious, signIn, staffOf } from "./helpers.mjs";
import { line } from "./line.mjs";
import { again, endVisits, largePhoto, newName, onThePhone, open, PHONE, personOf, plan, soon, visitOf } from "./phone.mjs";
import { world } from "./server.mjs";

const third = () => nordlicht().staff.find(({ email }) => email.startsWith("technician3"));
const fourth = () => nordlicht().staff.find(({ email }) => email.startsWith("technician4"));
async function dispatcher(browser) {
  const { page } = await newPage(browser);
  await signIn(page, "/app", staffOf("dispatcher"));
  return page;
}

async function phoneOf(browser, account, options = {}) {
  const wire = await line(world().url);
  const phone = await newPage(browser, { ...PHONE, baseURL: wire.url, ...options });
  await signIn(phone.page, "/app", account);
  return { wire, ...phone };
}

/** Prepares a phone that works offline and has a job today. */
async function phoneWithVisit(browser, account) {
  const dispatch = await dispatcher(browser);
  const phone = await phoneOf(browser, account);
  const person = await personOf(phone.page);
  const target = await visitOf(dispatch, person);
  await onThePhone(phone.page, target);
  return { dispatch, person, target, ...phone };
}

/** Longer than the pause between two looks of an open page at the server. */
const LIVE = { timeout: 15_000 };
const line_ = (page, name) => page.locator(`[data-line="${name}"]`);
const job = async (dispatch, target) => {
  await dispatch.goto(`/app/targets/${target}`);
  return dispatch.locator("main");
};

/** Signs out as on a phone, where this is behind "More". */
async function signOut(page) {
  const bar = page.locator(".tab-bar");
  await bar.getByText("More").click();
  await bar.getByRole("button", { name: "Sign out" }).click();
}

async function report(page, summary, files = []) {
  await page.getByLabel("Work performed").fill(summary);
  await page.getByLabel("Work time in minutes").fill("35");
  await page.getByLabel("Material").fill("2 x Filter G4\nSeal");
  await page.getByLabel("Signed by").fill("Petra Schulte");
  const paper = page.locator(".signature-pad");
  await paper.scrollIntoViewIfNeeded();
  const box = await paper.boundingBox();
  await page.mouse.move(box.x + 30, box.y + 40);
  await page.mouse.down();
  for (let step = 1; step < 12; step += 1) await page.mouse.move(box.x + 30 + step * 15, box.y + 40 + (step % 3) * 12);
  await page.mouse.up();
  if (files.length > 0) await page.getByLabel("Choose photos").setInputFiles(files);
  await page.getByRole("button", { name: "Submit report" }).click();
}

test("offline visit survives a browser restart and is sent once", async ({ browser }, info) => {
  const dispatch = await dispatcher(browser);
  const wire = await line(world().url);
  const folder = mkdtempSync(join(tmpdir(), "my-day-"));
  const launch = () => chromium.launchPersistentContext(folder, { ...info.project.use.launchOptions, ...PHONE, baseURL: wire.url });
  let phone = await launch();
  let page = await phone.newPage();
  await signIn(page, "/app", third());
  const target = await visitOf(dispatch, await personOf(page));
  await onThePhone(page, target);

  wire.set("cut");
  await page.reload();
  await expect(line_(page, "offline")).toContainText("You are offline");
  await page.locator(`[data-stop="${target}"]`).getByRole("link", { name: /Rhein-Ruhr/ }).click();
  await expect(page.getByText("Bring the long ladder.")).toBeVisible();
  await expect(page.getByLabel("Work performed")).toBeHidden();
  await page.getByRole("button", { name: "Start travel" }).click();
  await expect(page.locator("[data-kept-note]")).toContainText("Travel started, recorded at");
  // Submitting the same step again from an outdated page adds no entry.
  await open(page, `/app/day/${target}`);
  await page.getByRole("button", { name: "Arrived" }).click();
  await expect(line_(page, "waiting")).toContainText("Queued entries: 2");

  // The phone is restarted and still offline.
  await phone.close();
  phone = await launch();
  page = await phone.newPage();
  await open(page, `/app/day/${target}`);
  await expect(line_(page, "waiting")).toContainText("Queued entries: 2");
  const summary = newName("Pump replaced");
  await report(page, summary, [
    { name: "before.png", mimeType: "image/png", buffer: largePhoto() },
    { name: "after.png", mimeType: "image/png", buffer: largePhoto(300) },
  ]);
  await expect(line_(page, "waiting")).toContainText("Queued entries: 3");
  await expect(page.locator("[data-kept-note]")).toContainText("Report, written at");
  await open(page, "/app/day");
  await expect(page.locator(`[data-stop="${target}"]`)).toHaveAttribute("data-status", "completed");
  await expect(await job(dispatch, target)).not.toContainText("On the way");

  // The server receives the first entry, but its response is lost.
  wire.set("loses answers to posts");
  await again(page);
  await expect(async () => expect(await job(dispatch, target)).toContainText("On the way")).toPass();
  await expect(line_(page, "waiting")).toContainText("Queued entries: 3");
  // The connection is lost while the first photo is sent.
  wire.set("breaks off photos");
  await again(page);
  await expect(line_(page, "waiting")).toContainText("Queued entries: 1");
  expect(wire.broken()).toBeGreaterThan(0);
  wire.set("open");
  await again(page);
  await expect(async () => expect(await job(dispatch, target)).toContainText("Completed")).toPass();
  await expect(line_(page, "waiting")).toBeHidden();

  // Everything arrived once: one report, two photos.
  const manager = await newPage(browser);
  await signIn(manager.page, "/app", staffOf("manager"));
  await manager.page.goto(`/app/targets/${target}`);
  await manager.page.getByRole("link", { name: "Open report" }).click();
  for (const words of [summary, "Filter G4", "Petra Schulte", "before.jpg", "after.jpg", "Written on site"]) {
    await expect(manager.page.locator("main")).toContainText(words);
  }
  await expect(manager.page.getByRole("img", { name: "Signature" })).toBeVisible();
  await expect(manager.page.locator(".review-photos > li")).toHaveCount(2);
  // Sent content is deleted from the phone.
  const memory = await page.evaluate(async () => {
    const database = await new Promise((done) => (indexedDB.open("my-day").onsuccess = ({ target }) => done(target.result)));
    const all = (store) => new Promise((done) => (database.transaction(store).objectStore(store).getAll().onsuccess = ({ target }) => done(target.result)));
    return { entries: JSON.stringify(await all("entries")), photos: (await all("photos")).length };
  });
  expect(memory.entries).not.toContain(summary);
  expect(memory.photos).toBe(0);
  await phone.close();
  rmSync(folder, { recursive: true, force: true });
  wire.close();
});

test("connection lost at any step loses no entry", async ({ browser }) => {
  const dispatch = await dispatcher(browser);
  const { wire, page, complaints } = await phoneOf(browser, third());
  const person = await personOf(page);
  for (const cut of [0, 1, 2]) {
    const target = await visitOf(dispatch, person);
    await onThePhone(page, target);
    await open(page, `/app/day/${target}`);
    const summary = newName(`Cut at ${cut}`);
    const steps = [
      () => page.getByRole("button", { name: "Start travel" }).click(),
      () => page.getByRole("button", { name: "Arrived" }).click(),
      () => report(page, summary, [{ name: "one.png", mimeType: "image/png", buffer: largePhoto(200) }]),
    ];
    const words = ["Travel started", "Arrival recorded", "Report submitted"];
    for (const [index, step] of steps.entries()) {
      if (index === cut) wire.set("cut");
      await step();
      if (index < cut) await expect(line_(page, "sent")).toBeVisible();
      else if (index === cut) {
        await expect(line_(page, "waiting")).toContainText("Queued entries: 1");
        wire.set("open");
        await again(page);
        await expect(line_(page, "waiting")).toBeHidden();
      } else await expect(line_(page, "sent")).toContainText(words[index].split(" ").at(-1));
    }
    await expect(await job(dispatch, target)).toContainText("Completed");
  }
  expect(complaints.filter((complaint) => !/Failed to load resource|net::ERR/.test(complaint))).toEqual([]);
  wire.close();
});

test("sync conflict shows both versions and is resolved", async ({ browser }) => {
  const { dispatch, person, target, wire, page } = await phoneWithVisit(browser, fourth());
  wire.set("cut");
  await open(page, `/app/day/${target}`);
  await page.getByRole("button", { name: "Start travel" }).click();
  await page.getByRole("button", { name: "Arrived" }).click();
  const summary = newName("Done although it was moved");
  await report(page, summary, [{ name: "proof.png", mimeType: "image/png", buffer: largePhoto(120) }]);
  await expect(line_(page, "waiting")).toContainText("Queued entries: 3");
  await plan(dispatch, target, person, soon(24 * 60));
  wire.set("open");
  await again(page);
  await expect(line_(page, "waiting")).toBeHidden();
  await open(page, "/app/day");
  await page.getByRole("link", { name: "Resolve conflicts" }).click();
  await expect(page.getByText("The appointment was rescheduled in the meantime.")).toBeVisible();
  await expect(page.getByRole("heading", { name: "My version" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Server version" })).toBeVisible();
  await expect(page.getByText(summary)).toBeVisible();
  expect(await serious(page)).toEqual([]);
  await expect(await job(dispatch, target)).toContainText("Scheduled");

  // Sent to dispatch, who sees all entries on the job page.
  await page.getByRole("button", { name: "Send to dispatch" }).click();
  await expect(page.getByText("Entries sent to dispatch.")).toBeVisible();
  await dispatch.goto("/app/inbox");
  await dispatch.getByText("Sync conflicts sent by technicians").locator("..").getByRole("link").first().click();
  await expect(dispatch.locator("#from-phone")).toContainText(summary);
  const photo = await dispatch.request.get(await dispatch.locator('#from-phone a[href*="/app/files/kept/"]').getAttribute("href"));
  expect(photo.headers()["content-type"]).toBe("image/jpeg");
  await dispatch.getByRole("button", { name: "Keep as a note" }).click();
  await expect(dispatch.locator("#from-phone")).toHaveCount(0);
  await expect(dispatch.getByTestId("kept-notes")).toContainText(summary);

  // Second conflict: the technician keeps their version.
  const second = await visitOf(dispatch, person);
  await onThePhone(page, second);
  wire.set("cut");
  await open(page, `/app/day/${second}`);
  await page.getByRole("button", { name: "Start travel" }).click();
  await expect(line_(page, "waiting")).toBeVisible();
  await plan(dispatch, second, person, soon(48 * 60));
  wire.set("open");
  await again(page);
  await expect(line_(page, "waiting")).toBeHidden();
  await open(page, "/app/day/sync-conflicts");
  await page.getByRole("button", { name: "Keep my version" }).click();
  await expect(page.getByText("No sync conflicts")).toBeVisible();
  await expect(await job(dispatch, second)).toContainText("On the way");
  // It is on another day, but today's page names it.
  await open(page, "/app/day");
  await expect(page.getByTestId("under-way").getByRole("link")).toHaveAttribute("href", `/app/day/${second}`);
  await dispatch.request.post("/app/fn/revert-travel-of-technician", { form: { target: second }, headers: { "sec-fetch-site": "same-origin", accept: "text/html" } });
  await expect(await job(dispatch, second)).not.toContainText("On the way");
  wire.close();
});

test("sign-out on a shared phone warns, removes offline data and ends the session", async ({ browser }) => {
  const { dispatch, person, target, wire, page } = await phoneWithVisit(browser, third());
  wire.set("cut");
  await open(page, `/app/day/${target}`);
  await page.getByRole("button", { name: "Start travel" }).click();
  await expect(line_(page, "waiting")).toBeVisible();
  await signOut(page);
  await expect(page.getByRole("heading", { name: "Unsent entries" })).toBeVisible();
  await expect(page.locator("[data-unsent] li")).toHaveCount(1);
  await page.getByRole("link", { name: "Stay signed in" }).click();
  await expect(line_(page, "waiting")).toContainText("1");
  await signOut(page);
  await page.getByText("Sign out anyway…").click();
  await page.getByRole("button", { name: "Delete and sign out" }).click();
  await expect(page.getByRole("heading", { name: "Offline data removed" })).toBeVisible();
  const left = await page.evaluate(async () => {
    const cache = await caches.open("my-day");
    const texts = await Promise.all((await cache.keys()).map(async (key) => (await cache.match(key)).text()));
    const database = await new Promise((done) => (indexedDB.open("my-day").onsuccess = ({ target }) => done(target.result)));
    const all = (store) => new Promise((done) => (database.transaction(store).objectStore(store).getAll().onsuccess = ({ target }) => done(target.result)));
    return { pages: texts.join("\n"), entries: (await all("entries")).length, state: JSON.stringify(await all("state")) };
  });
  expect(left.entries).toBe(0);
  expect(left.pages).not.toContain("Rhein-Ruhr");
  expect(left.pages).not.toContain(person);
  expect(left.state).not.toContain(person);
  // Offline, no page of the day is shown.
  await open(page, `/app/day/${target}`);
  await expect(page.getByRole("heading", { name: "Offline data removed" })).toBeVisible();
  // Online, the session ends before anything is shown.
  wire.set("open");
  await open(page, "/app/day");
  await expect(page).toHaveURL(/sign-in/);
  await expect(await job(dispatch, target)).toContainText("Scheduled");
  wire.close();
});

test("another person on the same phone neither sees nor sends queued entries", async ({ browser }) => {
  const { dispatch, target, wire, page, context } = await phoneWithVisit(browser, third());
  wire.set("cut");
  await open(page, `/app/day/${target}`);
  await page.getByRole("button", { name: "Start travel" }).click();
  await expect(line_(page, "waiting")).toBeVisible();
  // The session is lost without a sign-out.
  await context.clearCookies();
  wire.set("open");
  await again(page);
  await expect(line_(page, "signed-out")).toBeVisible();
  await signIn(page, "/app", fourth());
  await open(page, "/app/day");
  await expect(line_(page, "other")).toContainText("1");
  await open(page, `/app/day/${target}`);
  await expect(page.getByText("Bring the long ladder.")).toHaveCount(0);
  await expect(await job(dispatch, target)).toContainText("Scheduled");
  await open(page, "/app/day");
  await signOut(page);
  await expect(page).toHaveURL(/sign-in/);
  await signIn(page, "/app", third());
  await open(page, "/app/day");
  await expect(async () => expect(await job(dispatch, target)).toContainText("On the way")).toPass();
  wire.close();
});

test("rejected report is corrected on the phone or sent without photos", async ({ browser }) => {
  const { dispatch, person, target, wire, page } = await phoneWithVisit(browser, fourth());
  /** Starts travel, arrives and writes an offline report with an invalid photo. */
  const refused = async (job, summary) => {
    await open(page, `/app/day/${job}`);
    await page.getByRole("button", { name: "Start travel" }).click();
    await page.getByRole("button", { name: "Arrived" }).click();
    await expect(page.getByLabel("Work performed")).toBeVisible();
    wire.set("cut");
    await report(page, summary, [{ name: "photo.jpg", mimeType: "image/jpeg", buffer: Buffer.from("this is no photo") }]);
    await expect(line_(page, "waiting")).toContainText("Queued entries: 1");
    wire.set("open");
    await again(page);
    await expect(line_(page, "refused")).toBeVisible();
  };
  const summary = newName("With a broken photo");
  await refused(target, summary);
  // The reason is shown, and the form contains all input, including the signature.
  await expect(line_(page, "refused")).toContainText("Photo");
  await page.getByRole("link", { name: "Correct report" }).click();
  await expect(page.locator(".signature-pad path")).toHaveAttribute("d", /^M\d+ \d+L/);
  await expect(page.getByLabel("Work performed")).toHaveValue(summary);
  await expect(page.getByLabel("Work time in minutes")).toHaveValue("35");
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: "Submit report" }).click();
  await expect(async () => expect(await job(dispatch, target)).toContainText("Completed")).toPass();
  await open(page, "/app/day");
  await expect(line_(page, "refused")).toBeHidden();

  // Alternatively, the report is sent without the invalid photo.
  const second = await visitOf(dispatch, person);
  await onThePhone(page, second);
  await refused(second, newName("Sent without its photo"));
  await page.getByRole("button", { name: "Send without photos" }).click();
  await expect(async () => expect(await job(dispatch, second)).toContainText("Completed")).toPass();
  await expect(line_(page, "refused")).toBeHidden();
  wire.close();
});

test("pages are accessible offline and in Arabic, and the day sheet is A4", async ({ browser }) => {
  const dispatch = await dispatcher(browser);
  for (const locale of ["en-GB", "ar"]) {
    const { wire, page } = await phoneOf(browser, fourth(), { locale });
    const person = await personOf(page);
    const target = await visitOf(dispatch, person);
    const tomorrow = await visitOf(dispatch, person, soon(24 * 60));
    await onThePhone(page, target, tomorrow);
    for (const path of ["/app/day", `/app/day/${target}`, "/app/day/sheet", "/app/day/sync-conflicts", "/app/day/unsent", "/app/day/offline-data-removed", "/app/day/offline"]) {
      await open(page, path);
      // Not until the network is idle: the page listens for changes.
      await page.waitForLoadState("load");
      expect(await serious(page)).toEqual([]);
      const fits = await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
      expect(fits, path).toBe(true);
    }
    await open(page, "/app/day/sheet");
    const sheet = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
    expect(sheet).toMatch(/\/MediaBox \[0 0 59[45](\.\d+)? 84[12](\.\d+)?\]/);
    // The adjacent days and the sheet are cached too.
    await open(page, "/app/day");
    const links = await page.locator("a[data-keep][href*='date=']").evaluateAll((found) => found.map(({ pathname, search }) => pathname + search));
    expect(links).toHaveLength(3);
    const missing = () => page.evaluate(async (paths) => {
      const cache = await caches.open("my-day");
      const kept = (await cache.keys()).map(({ url }) => new URL(url).pathname + new URL(url).search);
      return paths.filter((path) => !kept.includes(path));
    }, links);
    await expect.poll(missing).toEqual([]);
    wire.set("cut");
    for (const path of ["/app/day", ...links]) {
      await open(page, path);
      await expect(line_(page, "offline")).toHaveCount(1);
      if (!path.includes("sheet")) await expect(line_(page, "offline")).toBeVisible();
    }
    await open(page, "/app/day");
    expect(await serious(page)).toEqual([]);
    // A day that is over shows the following day, even offline.
    const after = await page.locator("[data-after]").getAttribute("data-after");
    await page.evaluate(async () => {
      const cache = await caches.open("my-day");
      const text = await (await cache.match("/app/day")).text();
      const over = text.replace(/data-until="[^"]+"/, 'data-until="2020-01-01T00:00:00Z"');
      await cache.put("/app/day", new Response(over, { headers: { "content-type": "text/html", date: new Date().toUTCString() } }));
    });
    await open(page, "/app/day");
    await expect(page.locator("[data-after]")).not.toHaveAttribute("data-after", after);
    // The stops of that day are cached too.
    await page.locator(`[data-stop="${tomorrow}"] h3 a`).click();
    await expect(page.locator(`[data-stop="${tomorrow}"]`)).toBeVisible();
    // Starting travel to a visit on another day asks for confirmation first.
    const questions = [];
    page.removeAllListeners("dialog");
    page.once("dialog", (question) => {
      questions.push(question.type());
      return question.dismiss();
    });
    await page.locator(".step-set-out button").click();
    await expect.poll(() => questions).toEqual(["confirm"]);
    await expect(line_(page, "waiting")).toBeHidden();
    // A week is on the phone; everything else says that it needs a network.
    await open(page, "/app/day");
    for (let day = 1; day <= 4; day += 1) {
      await page.locator(".day-nav a").nth(2).click();
      await expect(page.locator(".day[data-version]")).toBeVisible();
    }
    for (const path of ["/app/day/tgt_01m8b3k340fmvbyvr5qr626q0k", "/app/settings", "/app/day?date=2031-01-01"]) {
      await open(page, path);
      await expect(page.getByTestId("needs-network")).toBeVisible();
    }
    wire.close();
  }
});

test("report is kept as a draft on the phone, with its photos", async ({ browser }) => {
  const { dispatch, target, wire, page, context } = await phoneWithVisit(browser, fourth());
  await open(page, `/app/day/${target}`);
  await page.getByRole("button", { name: "Start travel" }).click();
  await expect(line_(page, "sent")).toBeVisible();
  await page.getByRole("button", { name: "Arrived" }).click();
  await expect(page.getByLabel("Work performed")).toBeVisible();
  const drafts = (page) =>
    page.evaluate(async () => {
      const database = await new Promise((done) => (indexedDB.open("my-day").onsuccess = ({ target }) => done(target.result)));
      const all = new Promise((done) => (database.transaction("state").objectStore("state").getAll(IDBKeyRange.bound("draft ", "draft \uffff")).onsuccess = ({ target }) => done(target.result)));
      return JSON.stringify(await all);
    });

  // Photos are added one after the other, turned, marked and removed.
  const gallery = page.getByLabel("Choose photos");
  await gallery.setInputFiles([{ name: "first.png", mimeType: "image/png", buffer: largePhoto(60) }]);
  await gallery.setInputFiles([{ name: "second.png", mimeType: "image/png", buffer: largePhoto(60) }]);
  await page.getByLabel("Take photo").setInputFiles([{ name: "third.png", mimeType: "image/png", buffer: largePhoto(60) }]);
  const photos = page.locator("[data-photo-list] > li");
  await expect(photos).toHaveCount(3);
  await expect(photos.locator("canvas")).toHaveCount(3);
  await photos.nth(0).getByRole("combobox").selectOption("before");
  await photos.nth(2).getByRole("button", { name: "Rotate" }).click();
  await photos.nth(1).getByRole("button", { name: "Remove" }).click();
  await expect(photos).toHaveCount(2);
  const summary = newName("Half a sentence");
  await page.getByLabel("Work performed").pressSequentially(summary);
  expect(await serious(page)).toEqual([]);

  // Offline, after a reload and in a new tab, everything is there again.
  await expect.poll(() => drafts(page)).toContain(summary);
  wire.set("cut");
  await page.close();
  const second = await context.newPage();
  await open(second, `/app/day/${target}`);
  await expect(second.locator("[data-device-draft]")).toBeVisible();
  await expect(second.getByLabel("Work performed")).toHaveValue(summary);
  await expect(second.locator("[data-photo-list] > li")).toHaveCount(2);
  await expect(second.locator("[data-photo-list] select").first()).toHaveValue("before");
  await open(second, "/app/day");
  await expect(second.locator(`[data-stop="${target}"] [data-kept-note]`)).toContainText("Draft from");

  // Filed, the draft is gone; the photos arrive with their marks.
  wire.set("open");
  await open(second, `/app/day/${target}`);
  await expect(second.getByLabel("Work performed")).toHaveValue(summary);
  await second.getByLabel("Work time in minutes").fill("20");
  await second.getByRole("button", { name: "Submit report" }).click();
  await expect(async () => expect(await job(dispatch, target)).toContainText("Completed")).toPass();
  await dispatch.getByRole("link", { name: "Open report" }).click();
  await expect(dispatch.locator(".review-photos > li")).toHaveCount(2);
  await expect(dispatch.locator('[data-mark="before"]')).toHaveCount(1);
  expect(await drafts(second)).toBe("[]");
  wire.close();
});

test("open day learns of new and cancelled visits, and a delay is queued offline", async ({ browser }) => {
  const { wire, page, dispatch, person, target } = await phoneWithVisit(browser, third());
  await open(page, "/app/day");
  const added = await visitOf(dispatch, person, soon(120));
  await expect(page.getByTestId("changes").locator(`a[href="/app/day/${added}"]`)).toBeVisible(LIVE);
  await page.getByRole("button", { name: "Got it" }).click();
  await expect(page.getByTestId("changes")).toHaveCount(0);
  // What is being typed is not lost when the visit changes.
  await onThePhone(page, target, added);
  await open(page, `/app/day/${target}#problem`);
  await page.getByText("Running late").click();
  await page.locator(".late-form textarea").fill("Closed road");
  await plan(dispatch, target, person, soon(240));
  await expect(line_(page, "changed")).toBeVisible(LIVE);
  await expect(page.locator(".late-form textarea")).toHaveValue("Closed road");
  wire.set("cut");
  await page.locator(".late-form select").selectOption("30");
  await page.locator(".late-form button").click();
  await expect(line_(page, "waiting")).toContainText("Queued entries: 1");
  await expect(page.locator("[data-kept-note]")).toContainText("Delay, recorded at");
  wire.set("open");
  await again(page);
  await expect(async () => expect(await job(dispatch, target)).toContainText("Closed road")).toPass();
  wire.close();
});

test("a photo in HEIC is said to be unreadable when it is chosen, and the report goes out without it", async ({ browser }) => {
  const { page, target } = await phoneWithVisit(browser, fourth());
  await open(page, `/app/day/${target}`);
  await page.getByRole("button", { name: "Start travel" }).click();
  await page.getByRole("button", { name: "Arrived" }).click();
  await page.getByLabel("Choose photos").setInputFiles([{ name: "IMG_1.HEIC", mimeType: "image/heic", buffer: Buffer.from("not a picture") }]);
  await expect(page.locator("[data-heic]")).toBeVisible();
  await expect(page.locator("[data-photo-list] > li")).toHaveCount(0);
  await report(page, newName("Without photo"));
  await expect(line_(page, "sent")).toContainText("Report submitted");
});

test("one visit at a time is under way, and a visit that is not the next is asked about", async ({ browser }) => {
  const dispatch = await dispatcher(browser);
  const { wire, page } = await phoneOf(browser, third());
  const person = await personOf(page);
  const first = await visitOf(dispatch, person, soon(5));
  const later = await visitOf(dispatch, person, soon(10));
  page.removeAllListeners("dialog");
  const questions = [];
  let answer = false;
  page.on("dialog", (question) => (questions.push(question.message()), answer ? question.accept() : question.dismiss()));
  await open(page, `/app/day/${later}`);
  await page.getByRole("button", { name: "Start travel" }).click();
  await expect.poll(() => questions.length).toBe(1);
  expect(questions[0]).toContain("comes before this one");
  await expect(await job(dispatch, later)).toContainText("Scheduled");
  answer = true;
  await page.getByRole("button", { name: "Start travel" }).click();
  await expect(async () => expect(await job(dispatch, later)).toContainText("On the way")).toPass();

  // The other visit says why travel to it cannot start; a step recorded offline becomes a sync conflict.
  await onThePhone(page, first, later);
  await open(page, `/app/day/${first}`);
  await expect(page.getByTestId("under-way").getByRole("link")).toHaveAttribute("href", `/app/day/${later}`);
  wire.set("cut");
  await page.getByRole("button", { name: "Start travel" }).click();
  await expect(line_(page, "waiting")).toContainText("Queued entries: 1");
  wire.set("open");
  await again(page);
  await expect(line_(page, "waiting")).toBeHidden();
  await expect(await job(dispatch, first)).toContainText("Scheduled");
  await open(page, "/app/day/sync-conflicts");
  await expect(page.getByText("You were still on another visit.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Keep my version" })).toHaveCount(0);
  await open(page, "/app/day");
  await endVisits(page);
  await open(page, "/app/day/sync-conflicts");
  await page.getByRole("button", { name: "Keep my version" }).click();
  await expect(async () => expect(await job(dispatch, first)).toContainText("On the way")).toPass();
  await open(page, "/app/day");
  await endVisits(page);
  wire.close();
});
