// Every text box of every app: what is typed survives a reload, every other action of its page, and signing out; and no other
// person sees it. The actions change the data (staff lock the partner's account), so each test has a server of its own.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { signIn } from "./helpers.mjs";
import { launch } from "./server.mjs";

const TYPED = `Typed ${"words that must not be lost ".repeat(8)}`.slice(0, 200).trim();

/** Pages with text boxes. A pattern is the first matching link on the previous page. */
const STAFF = [
  "/app/inbox", /\/app\/inbox\/req_/, "/app/inbox/new", "/app/board", /\/app\/targets\/tgt_/, "/app/reports?status=submitted", /\/app\/reports\/vrp_/,
  "/app/reports?status=approved", /\/app\/reports\/vrp_/, "/app/customers", /\/app\/customers\/cus_/, /\/app\/customers\/.*\/access/, "/app/integrations", /\/app\/integrations\/clients\//,
  "/app/integrations", /\/app\/integrations\/sources\//, "/app/settings/forms/new", "/app/settings/rules/new", "/app/settings/rules", /\/app\/settings\/rules\/rul_/,
  "/app/customers/new", "/app/customers", /\/app\/customers\/cus_/, /\/app\/customers\/.*\/new-contact/,
  "/app/customers", /\/app\/customers\/cus_/, /\/app\/locations\/loc_/, "/app/settings/organization",
  "/app/customers", /\/app\/customers\/cus_/, /\/app\/customers\/.*\/new-location/, "/app/customers", /\/app\/customers\/cus_/, /\/app\/jobs\/new\?customer/,
  "/app/settings/terminals/new?match=Rhein", /terminals\/new\?customer=/, "/app/imports/mapping", /\/app\/imports\/mapping\/tgt_/,
];
const APPS = {
  staff: { door: "/app", pages: STAFF, account: (tenant) => tenant.staff.find((one) => one.role === "admin"), other: (tenant) => tenant.staff.find((one) => one.role === "manager") },
  portal: { door: "/portal", pages: ["/portal/requests", /\/portal\/requests\/req_/, "/portal/requests/new", "/portal/colleagues", "/portal/profile"], account: (tenant) => tenant.portal.find((one) => one.email.startsWith("petra")), other: (tenant) => tenant.portal.find((one) => one.email.startsWith("anna")) },
  partner: { door: "/partner", pages: ["/partner", "/partner/jobs", "/partner/dry-run", "/partner/security"], account: (tenant) => tenant.partners[0], other: (tenant) => tenant.partners.find((one) => one.email !== tenant.partners[0].email) },
};
/** How many text boxes and other actions each app has at least. */
const AT_LEAST = { staff: [20, 20], portal: [3, 3], partner: [1, 1] };

/** Actions that end the session, or lead to another organization or the test data, are not repeated on every page. */
const SESSION = /sign-out|test-mode|end-session|end-all|password|two-factor|passkey|view-as|save-draft/;

const BOXES = "form[action*='/fn/'][action*='?by='] :is(textarea, input[type=text])[data-form]:not([readonly]):not([autocomplete=one-time-code])";

async function open(page, path) {
  const answer = await page.goto(path);
  await page.waitForLoadState("networkidle");
  await page.evaluate(() => document.querySelectorAll("main details").forEach((details) => (details.open = true)));
  return answer.ok();
}

/** Returns the form, the name and the longest text of every box, and which of its neighbors of the same name it is. */
const boxesOf = (page) =>
  page.locator(BOXES).evaluateAll((boxes) => {
    const seen = {};
    return boxes
      .filter((box) => box.checkVisibility())
      .map((box) => {
        const key = `${box.dataset.form}.${box.name}`;
        seen[key] = (seen[key] ?? -1) + 1;
        return { form: box.dataset.form, name: box.name, max: box.maxLength, index: seen[key] };
      })
      .filter((box) => box.index === 0);
  });

/** Types into all boxes of the page, and waits until the server has kept each form. */
async function fill(page, boxes) {
  const forms = new Set(boxes.map((box) => box.form));
  const kept = new Set();
  const listen = (answer) => {
    if (answer.url().includes("/fn/save-draft") && answer.ok()) kept.add(new URLSearchParams(answer.request().postData() ?? "").get("form"));
  };
  page.on("response", listen);
  for (const box of boxes) {
    box.text = box.max > 0 ? TYPED.slice(0, box.max).trim() : TYPED;
    await page.locator(`[data-form="${box.form}"][name="${box.name}"]`).first().fill(box.text);
  }
  await expect.poll(() => [...forms].filter((form) => !kept.has(form)), { timeout: 15_000 }).toEqual([]);
  page.off("response", listen);
}

/** Compares the boxes that the page still has with what was typed into them; returns how many there are. */
async function expectKept(page, boxes, why, except) {
  let found = 0;
  for (const box of boxes.filter((one) => one.form !== except)) {
    const field = page.locator(`[data-form="${box.form}"][name="${box.name}"]`).first();
    if ((await field.count()) === 0) continue;
    expect(await field.inputValue(), `${page.url()}: ${box.form}.${box.name} after ${why}`).toBe(box.text);
    found += 1;
  }
  return found;
}

/** Sends the first form of an action as it stands, as the browser would, but without leaving the page. */
const act = (page, action) =>
  page.evaluate(async (wanted) => {
    const form = [...document.querySelectorAll("form[method=post]")].find((one) => new URL(one.action).pathname === wanted);
    if (!form) return false;
    const data = new FormData(form);
    const body = form.enctype === "multipart/form-data" ? data : new URLSearchParams(data);
    await fetch(form.action, { method: "POST", body, headers: { accept: "text/html" } });
    return true;
  }, action);

const actionsOf = (page) =>
  page.evaluate(() => {
    const forms = [...document.querySelectorAll("form[method=post]")].filter((form) => form.action.includes("?by="));
    return forms.map((form) => [new URL(form.action).pathname, form.querySelector("[data-form]")?.dataset.form ?? ""]);
  });

/** Returns the addresses of the pages. */
async function addresses(page, list) {
  const found = [];
  for (const entry of list) {
    let path = entry;
    if (entry instanceof RegExp) {
      const links = await page.locator("main a").evaluateAll((all) => all.map((link) => link.getAttribute("href") ?? ""));
      path = links.find((link) => entry.test(link));
      expect(path, `${page.url()} has a link that matches ${entry}`).toBeTruthy();
    }
    await open(page, path);
    found.push(path.split("?")[0].includes("_") ? path.split("?")[0] : path);
  }
  return [...new Set(found)];
}

let own;
test.beforeEach(async () => {
  own = await launch(mkdtempSync(join(tmpdir(), "ordinavo-typed-")));
});
test.afterEach(() => own.stop());

for (const [name, app] of Object.entries(APPS)) {
  test(`no text box of the ${name} app loses what was typed`, async ({ browser }) => {
    test.setTimeout(600_000);
    const tenant = own.tenants.find((one) => one.slug === "nordlicht");
    const context = await browser.newContext({ baseURL: own.url });
    const page = await context.newPage();
    await signIn(page, app.door, app.account(tenant));
    const [pages, typed] = [await addresses(page, app.pages), new Map()];
    let [boxes, acts] = [0, 0];
    for (const path of pages) {
      if (!(await open(page, path))) continue;
      const here = await boxesOf(page);
      if (here.length === 0) continue;
      await fill(page, here);
      await open(page, path);
      boxes += await expectKept(page, here, "a reload");
      const done = new Set();
      // An action may bring others: what was published can be withdrawn.
      for (;;) {
        const next = (await actionsOf(page)).find(([name]) => !SESSION.test(name) && !done.has(name));
        if (!next) break;
        const [action, form] = next;
        done.add(action);
        if (!(await act(page, action))) continue;
        acts += 1;
        if (!(await open(page, path))) break;
        await expectKept(page, here, action, form);
        // What this action has sent is typed again, so that the next action finds it.
        const again = here.filter((box) => box.form === form);
        const present = new Set((await boxesOf(page)).map((box) => `${box.form}.${box.name}`));
        const missing = again.filter((box) => present.has(`${box.form}.${box.name}`));
        if (missing.length > 0) await fill(page, missing);
      }
      typed.set(path, here);
    }
    expect(boxes, "text boxes").toBeGreaterThanOrEqual(AT_LEAST[name][0]);
    expect(acts, "other actions").toBeGreaterThanOrEqual(AT_LEAST[name][1]);
    await context.clearCookies();
    await signIn(page, app.door, app.other(tenant));
    for (const path of pages) {
      await open(page, path);
      expect(await page.locator(BOXES).evaluateAll((all) => all.map((box) => box.value)), `${path} shows another person's text`).not.toContain(TYPED);
    }
    await context.clearCookies();
    await signIn(page, app.door, app.account(tenant));
    let kept = 0;
    for (const [path, here] of typed) {
      if (await open(page, path)) kept += await expectKept(page, here, "signing out");
    }
    expect(kept, "text boxes after signing out").toBeGreaterThan(0);
    await context.close();
  });
}

const PUBLIC_BOXES = "main form :is(textarea, input[type=text], input[type=email], input[type=tel], input:not([type]))[data-form]";

/** Fills the empty boxes of a page without an account and returns what each contains, by form and name. */
async function fillPublic(page) {
  await page.evaluate(() => document.querySelectorAll("main details").forEach((details) => (details.open = true)));
  const filled = {};
  for (const box of await page.locator(PUBLIC_BOXES).all()) {
    const [form, name, type, max] = await box.evaluate((field) => [field.dataset.form, field.name, field.type, field.maxLength]);
    const text = type === "email" ? "mona@example.org" : type === "tel" ? "+49 201 5550 999" : max > 0 ? TYPED.slice(0, max).trim() : TYPED;
    await box.fill(text);
    filled[`${form}.${name}`] = text;
  }
  return filled;
}

const textsOf = (page) =>
  page.locator(PUBLIC_BOXES).evaluateAll((all) => Object.fromEntries(all.map((field) => [`${field.dataset.form}.${field.name}`, field.value])));

test("no text box of a page without an account loses what was typed", async ({ browser }) => {
  test.setTimeout(240_000);
  const tenant = own.tenants.find((one) => one.slug === "nordlicht");
  const context = await browser.newContext({ baseURL: own.url });
  const page = await context.newPage();
  const form = "/intake/nordlicht-service";
  const ready = async (path) => {
    await page.goto(path);
    await page.waitForLoadState("networkidle");
  };
  await ready(form);
  const typed = await fillPublic(page);
  expect(Object.keys(typed).length).toBeGreaterThanOrEqual(6);
  const kept = async (why) => {
    await expect.poll(() => textsOf(page), why).toEqual(typed);
  };
  await ready(form);
  await kept("reload");
  await page.locator(".languages a[lang=ar]").click();
  await kept("another language");
  // Rejected: an address that cannot be one.
  const address = page.locator(`${PUBLIC_BOXES}[name=email]`);
  await address.evaluate((field) => (field.closest("form").noValidate = true));
  await address.fill("no address");
  typed[(await address.evaluate((field) => `${field.dataset.form}.email`))] = "no address";
  await page.locator("main form button[type=submit]").click();
  await expect(page.locator("[data-code]").first()).toBeVisible();
  await kept("an error");
  await ready(form);
  await kept("leaving after an error");

  // What has arrived is not offered again, on the tracking page neither.
  for (const [name, value] of Object.entries({ email: "mona@example.org", name: "Mona Haddad", postal_code: "45127", city: "Essen" })) {
    await page.locator(`${PUBLIC_BOXES}[name=${name}]`).fill(value);
  }
  await page.locator("[name=service_type]").selectOption({ index: 1 });
  const sent = () => page.locator("[data-done='done-request-submitted']");
  await expect(async () => {
    await page.locator("main form button[type=submit]").click();
    await expect(sent()).toBeVisible({ timeout: 3_000 });
  }).toPass();
  const tracking = new URL(page.url()).pathname;
  // The page that says so is ready, and with it what discards the text.
  await page.waitForLoadState("networkidle");
  await ready(form);
  for (const [name, value] of Object.entries(await textsOf(page))) expect(value, name).toBe("");

  // Dispatch makes a job of it, so that the page has all of its forms.
  const staff = await browser.newContext({ baseURL: own.url });
  const desk = await staff.newPage();
  await signIn(desk, "/app", tenant.staff.find((one) => one.role === "dispatcher"));
  await desk.goto("/app/inbox?q=words+that+must");
  await desk.locator(".queue-requests a").first().click();
  await desk.waitForLoadState("networkidle");
  await act(desk, "/app/fn/accept-request");
  await ready(tracking);
  const boxes = await fillPublic(page);
  expect(Object.keys(boxes).length).toBeGreaterThanOrEqual(1);
  await ready(tracking);
  await expect.poll(() => textsOf(page)).toEqual(boxes);
  const forms = [...new Set(Object.keys(boxes).map((key) => key.split(".")[0]))];
  for (const one of forms) {
    // Each form is sent while the others hold a text.
    await page.evaluate(() => document.querySelectorAll("main details").forEach((details) => (details.open = true)));
    await page.locator(`form:has([data-form='${one}']) [type=submit]`).click();
    await expect(page.locator("[data-done]").first()).toBeVisible();
    await page.waitForLoadState("networkidle");
    await expect
      .poll(async () => Object.entries(await textsOf(page)).filter(([key, value]) => value !== (key.startsWith(`${one}.`) ? "" : boxes[key])), one)
      .toEqual([]);
    const again = await fillPublic(page);
    Object.assign(boxes, again);
  }
  // After half an hour, the text is not for the next person at a shared computer.
  await fillPublic(page);
  await page.evaluate(() => sessionStorage.setItem("typed-at", String(Math.floor(Date.now() / 60_000) - 31)));
  await ready(tracking);
  for (const value of Object.values(await textsOf(page))) expect(value).toBe("");
  // Another tab sees nothing of it at any time.
  const other = await context.newPage();
  await other.goto(tracking);
  await other.waitForLoadState("networkidle");
  for (const value of Object.values(await textsOf(other))) expect(value).toBe("");
  await context.close();
  await staff.close();
});
