// The terminal: paired in the settings, used online and offline, cleared after inactivity, unpaired immediately.
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { newPage, pairingCode, signIn, staffOf } from "./helpers.mjs";
import { line } from "./line.mjs";
import { world } from "./server.mjs";

/** Pairs a terminal behind its own proxy and waits until its worker runs. */
async function kiosk(browser, options = {}) {
  const wire = await line(world().url);
  const admin = await newPage(browser);
  await signIn(admin.page, "/app", staffOf("admin"));
  const code = await pairingCode(admin.page);
  const device = await newPage(browser, { baseURL: wire.url, viewport: { width: 1080, height: 1600 }, ...options });
  // The tests of this file pair more terminals than one network may within seconds; a refused attempt leaves the code valid.
  await expect(async () => {
    await device.page.goto("/terminal?lang=en");
    await device.page.getByLabel("Code").fill(code.toLowerCase());
    await device.page.getByRole("button", { name: "Set up terminal" }).click();
    await expect(device.page.getByRole("heading", { level: 1, name: "How can we help?" })).toBeVisible({ timeout: 3_000 });
  }).toPass();
  await device.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  return { wire, admin, ...device };
}

async function ask(page, tile, description) {
  await page.getByRole("radio", { name: tile }).check();
  await page.getByRole("textbox").first().fill(description);
  await page.locator("[name=name]").fill("Mona Haddad");
  await page.locator("[name=email]").fill("mona@example.org");
  await page.locator("button[type=submit]").click();
}

const receipt = (page) => page.locator(".receipt-code bdi").textContent();

/** Returns how many requests the inbox finds for a text. */
async function inInbox(page, text) {
  await page.goto(`/app/inbox?q=${encodeURIComponent(text)}`);
  return page.locator(".queue-requests > li").count();
}

test("requests submitted offline are queued and created once", async ({ browser }) => {
  const mark = `kiosk${Date.now().toString(36)}`;
  const { wire, admin, page } = await kiosk(browser);
  await ask(page, "Repair", `${mark} with a connection`);
  await expect(page.getByRole("heading", { name: "Thank you. Your request has been submitted." })).toBeVisible();
  const codes = [await receipt(page)];
  await expect(page.getByRole("img", { name: /QR code/ }).locator("svg")).toBeVisible();
  await page.getByRole("link", { name: "Done" }).click();
  await expect(page.getByRole("radio", { name: "Repair" })).not.toBeChecked();

  wire.set("cut");
  for (const number of [1, 2]) {
    await page.goto("/terminal?lang=de");
    await ask(page, "Reparatur", `${mark} ohne Verbindung ${number}`);
    await expect(page.getByRole("heading", { name: "Vielen Dank. Ihre Anfrage wurde gespeichert." })).toBeVisible({ timeout: 15_000 });
    await expect(page.getByRole("img", { name: /QR-Code/ }).locator("svg")).toBeVisible();
    codes.push(await receipt(page));
  }
  expect(new Set(codes).size).toBe(3);
  // Submitting the same input again creates no second request.
  await page.goto("/terminal?lang=de");
  await ask(page, "Reparatur", `${mark} ohne Verbindung 2`);
  await expect(page.locator(".receipt-code bdi")).toHaveText(codes[2]);
  await page.goto("/terminal?lang=de");
  const online = () => page.evaluate(() => dispatchEvent(new Event("online")));
  const waiting = page.getByRole("status").filter({ hasText: "Noch nicht gesendet" });
  await online();
  await expect(waiting).toHaveText("Noch nicht gesendet: 2");

  // The server receives the requests, but the responses are lost, so the device sends them again.
  wire.set("loses answers to posts");
  await online();
  await expect(async () => expect(await inInbox(admin.page, mark)).toBeGreaterThanOrEqual(2)).toPass();
  await expect(waiting).toHaveText("Noch nicht gesendet: 2");
  wire.set("open");
  await online();
  await expect(waiting).toBeHidden();
  expect(await inInbox(admin.page, mark)).toBe(3);
  for (const code of codes) expect(await inInbox(admin.page, code)).toBe(1);
  wire.close();
});

test("rejected request leaves no personal data on the terminal", async ({ browser }) => {
  const { wire, page } = await kiosk(browser);
  wire.set("cut");
  await page.goto("/terminal?lang=en");
  // The browser accepts what the server rejects.
  await page.locator("[name=email]").evaluate((field) => (field.form.noValidate = true));
  await page.getByRole("radio", { name: "Repair" }).check();
  await page.getByRole("textbox").first().fill("The lift stands still.");
  await page.locator("[name=name]").fill("Mona Haddad");
  await page.locator("[name=email]").fill("no address");
  await page.locator("button[type=submit]").click();
  await expect(page.locator(".receipt-code bdi")).toBeVisible({ timeout: 15_000 });
  const queue = () =>
    page.evaluate(async () => {
      const opened = indexedDB.open("terminal");
      const database = await new Promise((done) => (opened.onsuccess = () => done(opened.result)));
      const all = database.transaction("queue").objectStore("queue").getAll();
      return JSON.stringify(await new Promise((done) => (all.onsuccess = () => done(all.result))));
    });
  expect(await queue()).toContain("Mona Haddad");
  wire.set("open");
  await expect(async () => {
    await page.evaluate(() => dispatchEvent(new Event("online")));
    expect(await queue()).toContain('"refused":true');
  }).toPass();
  expect(await queue()).not.toMatch(/Mona Haddad|no address|lift/);
  wire.close();
});

test("terminal clears its input after a minute of inactivity", async ({ browser }) => {
  const { wire, page, context } = await kiosk(browser);
  const other = await context.newPage();
  await other.clock.install();
  await other.goto("/terminal?lang=ar");
  await expect(other.locator("html")).toHaveAttribute("dir", "rtl");
  // From now on, time passes only where the test says so: a slow machine must not add to it.
  await other.clock.pauseAt(await other.evaluate(() => Date.now() + 1_000));
  await other.getByRole("radio", { name: "إصلاح" }).check();
  await other.getByRole("textbox").first().fill("secret of the person before");
  await other.clock.runFor(45_000);
  await expect(other.getByRole("alert")).toBeVisible();
  await other.keyboard.press("Shift");
  await expect(other.getByRole("alert")).toBeHidden();
  await other.clock.runFor(45_000);
  await other.keyboard.press("Shift");
  await other.clock.runFor(30_000);
  await expect(other.getByRole("textbox").first()).toHaveValue("secret of the person before");
  await other.clock.runFor(62_000);
  await expect(other).toHaveURL(/\/terminal$/);
  await expect(other.getByRole("radio").first()).not.toBeChecked();
  await expect(other.getByText("secret of the person before")).toHaveCount(0);
  await page.close();
  wire.close();
});

test("unpaired terminal removes its pages and resumes when paired again", async ({ browser }) => {
  const mark = `unpaired${Date.now().toString(36)}`;
  const { wire, admin, page } = await kiosk(browser);
  wire.set("cut");
  await ask(page, "Repair", `${mark} before`);
  await expect(page.locator(".receipt-code bdi")).toBeVisible();
  await admin.page.goto("/app/settings/terminals");
  await admin.page.getByText("Unpair terminal…", { exact: false }).first().click();
  await admin.page.getByRole("button", { name: "Unpair terminal" }).click();
  await expect(admin.page.getByText("Not paired")).toBeVisible();
  wire.set("open");
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await expect(page.getByRole("heading", { name: "Set up this terminal" })).toBeVisible();
  // Offline too: the cached pages of the organization are deleted.
  wire.set("cut");
  await expect(page.goto("/terminal")).rejects.toThrow();
  // Paired again, the terminal sends its queued request.
  wire.set("open");
  // The browser reloads its error page by itself, which can interrupt the navigation.
  await expect(() => page.goto("/terminal?lang=en")).toPass();
  await page.getByLabel("Code").fill(await pairingCode(admin.page));
  await page.getByRole("button", { name: "Set up terminal" }).click();
  await expect(page.getByRole("radio", { name: "Repair" })).toBeVisible();
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await expect(async () => expect(await inInbox(admin.page, mark)).toBe(1)).toPass();
  wire.set("cut");
  await page.goto("/terminal?lang=ar");
  await ask(page, "إصلاح", `${mark} again`);
  await expect(page.locator(".receipt-code bdi")).toHaveText(/^[0-9A-Z]{3}-[0-9A-Z]{3}$/);
  // Sent content is deleted from the device.
  const memory = await page.evaluate(async () => {
    const database = await new Promise((done) => (indexedDB.open("terminal").onsuccess = ({ target }) => done(target.result)));
    const all = database.transaction("queue").objectStore("queue").getAll();
    return JSON.stringify(await new Promise((done) => (all.onsuccess = () => done(all.result))));
  });
  expect(memory).toContain(`${mark} again`);
  expect(memory).not.toContain(`${mark} before`);
  wire.close();
});

test("terminal is accessible in English and Arabic", async ({ browser }) => {
  const { wire, page, complaints } = await kiosk(browser, { locale: "ar" });
  const findings = async () => {
    const { violations } = await new AxeBuilder({ page }).analyze();
    return violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id, nodes }) => `${page.url()} ${id}: ${nodes[0].html.slice(0, 160)}`);
  };
  for (const language of ["en", "ar"]) {
    await page.goto(`/terminal?lang=${language}`);
    expect(await findings()).toEqual([]);
    // By keyboard: the tiles are one group, followed by the fields.
    await page.getByRole("radio").first().focus();
    await page.keyboard.press("Space");
    await expect(page.getByRole("textbox").first()).toBeVisible();
    expect(await findings()).toEqual([]);
    const narrow = await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
    expect(narrow).toBe(true);
    await page.getByRole("textbox").first().fill(`Everybody ${language} ${Date.now()}`);
    await page.locator("[name=name]").fill("Mona Haddad");
    await page.locator("[name=email]").fill("mona@example.org");
    await page.locator("button[type=submit]").click();
    await expect(page.locator(".receipt-code bdi")).toHaveText(/^[0-9A-Z]{3}-[0-9A-Z]{3}$/);
    expect(await findings()).toEqual([]);
  }
  expect(complaints.filter((complaint) => !/status of 401/.test(complaint))).toEqual([]);
  wire.close();
});

test("language switched while typing keeps the text", async ({ browser }) => {
  const { wire, page } = await kiosk(browser);
  await page.getByRole("radio", { name: "Repair" }).check();
  await page.getByRole("textbox").first().fill("The gate does not close");
  await page.locator("[name=name]").fill("Mona Haddad");
  await page.getByRole("link", { name: "العربية" }).click();
  await expect(page.locator("html")).toHaveAttribute("dir", "rtl");
  await expect(page.locator("[name=description]")).toHaveValue("The gate does not close");
  await expect(page.locator("[name=name]")).toHaveValue("Mona Haddad");
  // The next person finds nothing of it.
  await page.goto("/terminal?lang=en");
  await expect(page.locator("[name=description]")).toHaveValue("");
  wire.close();
});
