// The inbox by keyboard: twenty requests of all channels are processed without a mouse, in English and in Arabic. Live updates
// of the list, undo of a decision, and a public form.
import { createHash, randomBytes } from "node:crypto";
import { expect, test } from "@playwright/test";
import { api, newPage, pairingCode, portalUser, press, signIn, staffOf } from "./helpers.mjs";
import { world } from "./server.mjs";

const OWN = { "sec-fetch-site": "same-origin", accept: "text/html" };
const REASONS = { en: "Not our district.", ar: "خارج منطقتنا." };
const WORDS = {
  en: { title: "Inbox", accept: "Accept", reject: /^Reject…/, convert: "Convert to job", reason: "Reason for the customer", accepted: /^Request accepted/, rejected: /^Request rejected/, converted: /You can now schedule an appointment/, nothing: "No matching requests", undone: "Change undone." },
  ar: { title: "الوارد", accept: "قبول", reject: /^رفض/, convert: /تحويل/, reason: /السبب|سبب/, accepted: /قبول الطلب/, rejected: /رفض الطلب/, converted: /./, nothing: "لا توجد طلبات مطابقة", undone: "تم التراجع عن التغيير." },
};

/** Computes the proof of work for a ticket, as the browser does. */
function prove(ticket) {
  for (let number = 0n; ; number += 1n) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(number);
    if (createHash("sha256").update(ticket).update(bytes).digest().readUInt16BE(0) === 0) return number.toString();
  }
}

async function webForm(description) {
  const address = `${world().url}/intake/nordlicht-service`;
  const page = await (await fetch(address)).text();
  const ticket = /name="ticket" value="([^"]+)"/.exec(page)[1];
  const form = new FormData();
  const fields = { ticket, proof: prove(ticket), service_type: "repair", description, name: "Mona Haddad", email: "mona@example.org", street: "Rathausplatz 4", postal_code: "45127", city: "Essen" };
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  // The server rejects forms that are submitted faster than a person could fill them in.
  await expect(async () => {
    const answer = await fetch(address, { method: "POST", body: form, headers: OWN, redirect: "manual" });
    expect(answer.status).toBe(303);
  }).toPass({ intervals: [3_000, 500] });
}

/** Pairs a terminal and returns a function that sends a queued request. */
async function terminal(browser) {
  const admin = await newPage(browser);
  await signIn(admin.page, "/app", staffOf("admin"));
  const body = new URLSearchParams({ code: await pairingCode(admin.page) });
  const paired = await fetch(`${world().url}/terminal/pair`, { method: "POST", body, headers: OWN, redirect: "manual" });
  expect(paired.status).toBe(303);
  const cookie = paired.headers.get("set-cookie").split(";")[0];
  const page = await (await fetch(`${world().url}/terminal`, { headers: { cookie } })).text();
  const own = /name="terminal" value="([^"]+)"/.exec(page)[1];
  await admin.context.close();
  return async (description, sequence) => {
    const token = randomBytes(20).toString("base64url");
    const fields = { service_type: "repair", description, name: "Mona Haddad", phone: "", email: "mona@example.org" };
    const request = JSON.stringify({ terminal: own, sequence, token, locale: "de", fields });
    await expect(async () => {
      const headers = { ...OWN, cookie, "content-type": "application/json" };
      expect((await fetch(`${world().url}/terminal/kept`, { method: "POST", body: request, headers })).status).toBe(200);
    }).toPass({ intervals: [500, 3_000] });
  };
}

async function portal(context, location, description, nonce) {
  const answer = await context.request.post("/portal/fn/submit-request", { headers: OWN, multipart: { location, service_type: "support", description, nonce }, maxRedirects: 0 });
  expect(answer.status()).toBe(303);
}

for (const language of ["en", "ar"]) {
  test(`twenty requests are processed by keyboard only (${language})`, async ({ browser }) => {
    test.setTimeout(240_000);
    const words = WORDS[language];
    const mark = `clear${language}${Date.now().toString(36)}`;
    const anna = await newPage(browser);
    await signIn(anna.page, "/portal", portalUser("anna.weber"));
    await anna.page.goto("/portal/requests/new");
    const location = /value="(loc_[^"]+)"/.exec(await anna.page.content())[1];
    const customer = (await api("erp", "GET", "/customers?externalId=CUST-10042")).body.data[0].id;
    const { page, complaints, context } = await newPage(browser, { locale: language });
    await signIn(page, "/app", staffOf("dispatcher"));
    const calls = async (description, nonce) => {
      const form = { customer, service_type: "repair", priority: "high", description, name: "Frau Lindner", locale: "de", nonce };
      expect((await context.request.post("/app/fn/record-call", { headers: OWN, form, maxRedirects: 0 })).status()).toBe(303);
    };
    const kiosk = await terminal(browser);
    await Promise.all([1, 2, 3, 4].map((number) => webForm(`${mark} form ${number}`)));
    for (const number of [1, 2, 3, 4]) {
      await kiosk(`${mark} terminal ${number}`, number);
      await portal(anna.context, location, `${mark} portal ${number}`, `${mark}-${number}`);
      const body = { customer: { externalId: "CUST-10042" }, serviceType: "inspection", description: `${mark} partner ${number}` };
      expect((await api("erp", "POST", "/requests", body, { "idempotency-key": `${mark}-${number}` })).status).toBe(201);
      await calls(`${mark} call ${number}`, `${mark}-${number}`);
    }
    await page.goto(`/app/inbox?q=${mark}`);
    await expect(page.getByRole("heading", { level: 1, name: words.title })).toBeVisible();
    const rows = page.locator(".queue-requests > li");
    const focused = page.locator(".queue-requests a:focus");
    await expect(rows).toHaveCount(20);
    for (let left = 20; left > 0; left -= 1) {
      await press(page, "j", (options) => expect(focused).toBeVisible(options));
      await page.keyboard.press("Enter");
      const article = page.getByRole("article");
      await expect(article.getByText("REQ-", { exact: false }).first()).toBeVisible();
      // Screen readers find the same actions by these names.
      await expect(article.getByRole("button", { name: words.accept, exact: true })).toBeVisible();
      // Only portal requests become jobs; more would push the jobs of other tests off the first page of the list.
      const becomesJob = (await article.getByText(`${mark} portal`).count()) > 0;
      if (!becomesJob) {
        const reason = article.getByRole("textbox", { name: words.reason });
        await press(page, "r", (options) => expect(reason).toBeFocused(options));
        await page.keyboard.type(REASONS[language]);
        await page.keyboard.press("Tab");
        await page.keyboard.press("Enter");
        await expect(page.getByRole("status").filter({ hasText: words.rejected })).toBeVisible();
      } else {
        const convert = article.getByRole("button", { name: words.convert });
        await press(page, "a", (options) => expect(convert).toBeVisible(options));
        await press(page, "t", (options) => expect(page).toHaveURL(/\/app\/targets\//, options));
      }
      // The palette is tested on its own; the address returns to the same search.
      await page.goto(`/app/inbox?q=${mark}`);
      await expect(rows).toHaveCount(left - 1);
    }
    await expect(page.getByText(words.nothing)).toBeVisible();
    expect(complaints).toEqual([]);
    await anna.context.close();
  });
}

test("list updates live and a bulk decision is undone", async ({ browser }) => {
  const mark = `live${Date.now().toString(36)}`;
  const { page, complaints } = await newPage(browser);
  await signIn(page, "/app", staffOf("dispatcher"));
  await page.goto(`/app/inbox?q=${mark}`);
  await expect(page.getByText(WORDS.en.nothing)).toBeVisible();
  for (const number of [1, 2, 3]) {
    const body = { customer: { externalId: "CUST-10042" }, serviceType: "repair", description: `${mark} ${number}` };
    await api("erp", "POST", "/requests", body, { "idempotency-key": `${mark}-${number}` });
  }
  const rows = page.locator(".queue-requests > li");
  await expect(rows).toHaveCount(3);
  await press(page, "j", (options) => expect(page.locator(".queue-requests a:focus")).toBeVisible(options));
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await expect(page.getByRole("checkbox", { checked: true })).toHaveCount(2);
  await page.keyboard.press("a");
  await expect(page.locator(".queue-requests .chip", { hasText: "Accepted" })).toHaveCount(2);
  await press(page, "z", (options) => expect(page.getByText(WORDS.en.undone)).toBeVisible(options));
  await expect(page.locator(".queue-requests .chip", { hasText: "Accepted" })).toHaveCount(0);
  // Another person opens the same request.
  await rows.first().getByRole("link").click();
  await expect(page.getByRole("article").getByText("REQ-").first()).toBeVisible();
  const manager = await newPage(browser);
  await signIn(manager.page, "/app", staffOf("manager"));
  await manager.page.goto(page.url());
  await expect(page.getByText(/Also viewing/)).toBeVisible({ timeout: 20_000 });
  await manager.context.close();
  await expect(page.getByText(/Also viewing/)).toHaveCount(0, { timeout: 60_000 });
  expect(complaints).toEqual([]);
});

test("public form request is tracked, answered and withdrawn without an account", async ({ browser }) => {
  const { page, complaints } = await newPage(browser);
  await page.goto("/intake/nordlicht-service");
  await page.getByLabel("What do you need?").selectOption({ label: "Repair" });
  await page.getByLabel("What is the problem, or what needs to be done?").fill("Water <b>drips</b> from the ceiling");
  await page.getByLabel("Street and number").fill("Rathausplatz 4");
  await page.getByLabel("Postal code").fill("45127");
  await page.getByLabel("City").fill("Essen");
  await page.getByLabel("Name", { exact: true }).fill("Mona Haddad");
  await page.getByLabel("Email").fill("mona@example.org");
  await page.getByLabel(/^Photos or documents/).setInputFiles({ name: "huge.pdf", mimeType: "application/pdf", buffer: Buffer.alloc(11 * 1024 * 1024) });
  await expect(page.getByRole("alert")).toContainText("at most 10 MB");
  await page.getByLabel(/^Photos or documents/).setInputFiles({ name: "plan.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7 plan") });
  await expect(page.locator("input[name=proof]")).not.toHaveValue("");
  await expect(async () => {
    await page.getByRole("button", { name: "Submit request" }).click();
    await expect(page).toHaveURL(/\/track\//, { timeout: 3_000 });
  }).toPass();
  await expect(page.getByRole("status")).toContainText("Your request has been submitted");
  await expect(page.getByText("Water <b>drips</b> from the ceiling")).toBeVisible();
  // Dispatch has the request open and writes a note: the message appears live, and the unsaved note stays.
  const dispatch = await newPage(browser);
  await signIn(dispatch.page, "/app", staffOf("dispatcher"));
  await dispatch.page.goto("/app/inbox?q=drips");
  await dispatch.page.locator(".queue-requests a").first().click();
  await dispatch.page.getByRole("textbox", { name: "Note", exact: true }).fill("half a note");
  await page.getByLabel("Your message").fill("It is the second floor.");
  await page.getByRole("button", { name: "Send message" }).click();
  await expect(dispatch.page.getByRole("region", { name: "Messages" }).getByText("It is the second floor.")).toBeVisible({ timeout: 20_000 });
  await expect(dispatch.page.getByRole("textbox", { name: "Note", exact: true })).toHaveValue("half a note");
  await dispatch.context.close();
  await expect(page.getByText("It is the second floor.")).toBeVisible();
  await page.getByText("Withdraw request…").click();
  await page.getByRole("button", { name: "Withdraw request" }).click();
  await expect(page.locator(".chip", { hasText: "Cancelled" })).toBeVisible();
  // Submitting too fast returns 422.
  expect(complaints.filter((complaint) => !/status of 422/.test(complaint))).toEqual([]);
});

test("letters decide nothing while the focus is on the page, inside a word or in a disclosure", async ({ browser }) => {
  const mark = `typed${Date.now().toString(36)}`;
  await Promise.all([1, 2].map((number) => webForm(`${mark} form ${number}`)));
  const { page, context } = await newPage(browser);
  const decisions = [];
  page.on("request", (request) => request.method() === "POST" && /accept-request|convert-request|bulk-decision/.test(request.url()) && decisions.push(request.url()));
  await signIn(page, "/app", staffOf("dispatcher"));
  await page.goto(`/app/inbox?q=${mark}`);
  const rows = page.locator(".queue-requests > li");
  await expect(rows).toHaveCount(2);
  const request = await rows.first().locator("a").first().getAttribute("href");
  const accept = page.getByRole("article").locator("[data-key='a']");
  /** Types, and waits longer than a key waits for the next one. */
  const type = async (text, options) => {
    await page.keyboard.type(text, options);
    await page.waitForFunction(() => new Promise((done) => setTimeout(() => done(true), 900)));
  };
  /** Waits until the bundle listens: `/` gives the search the focus. */
  const heard = async () => {
    const search = page.locator("#inbox-q");
    await expect(async () => {
      await page.keyboard.press("/");
      await expect(search).toBeFocused({ timeout: 700 });
    }).toPass();
    await search.blur();
  };

  // Opened directly, nothing has the focus: single letters and words do nothing, on an Arabic layout neither.
  await page.goto(request);
  await heard();
  await type("a");
  await type("anna");
  await page.evaluate(() => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ش", code: "KeyA", bubbles: true })));
  await type("t");
  await expect(accept).toBeVisible();

  // With the row focused, a word and a repeated key still decide nothing.
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await heard();
  await rows.locator("[aria-current] a, a[aria-current]").first().focus();
  await type("anna", { delay: 60 });
  await page.evaluate(() => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "a", code: "KeyA", repeat: true, bubbles: true })));
  await type("");
  await expect(accept).toBeVisible();

  // An open disclosure owns the keys.
  await page.keyboard.press("r");
  await expect(page.getByRole("article").locator("[data-form='reject'][name='reason']")).toBeFocused();
  await page.keyboard.press("Escape");
  await type("a");
  await expect(accept).toBeVisible();
  expect(decisions).toEqual([]);

  // In an open menu, letters decide nothing, and Escape closes it.
  await page.keyboard.press("p");
  const menu = page.locator("details.pill[open]");
  await expect(menu).toHaveCount(1);
  await expect(menu.locator("button:focus")).toHaveCount(1);
  await type("a");
  await type("t");
  await page.keyboard.press("Escape");
  await expect(menu).toHaveCount(0);
  await expect(accept).toBeVisible();
  expect(decisions).toEqual([]);

  // One key with the row focused decides, also by the letter of another layout.
  await page.goto(`/app/inbox?q=${mark}`);
  await heard();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page.locator(":focus")).toHaveAttribute("href", /\/app\/inbox\/req_/);
  await heard();
  await page.keyboard.press("j");
  await type("");
  await page.evaluate(() => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "ش", code: "KeyA", bubbles: true, cancelable: true })));
  await expect(page.locator("[data-done]")).toBeVisible();
  expect(decisions.length).toBe(1);
  await context.close();
});
