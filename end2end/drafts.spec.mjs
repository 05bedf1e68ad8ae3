// What is typed is never lost: every text box of the staff app and the portal keeps its text through a reload, other
// actions of the page, and the end of the session; and it is never sent under another name.
import { expect, test } from "@playwright/test";
import { newPage, portalUser, signIn, staffOf } from "./helpers.mjs";

const TYPED = `Draft ${"of what was typed ".repeat(10)}`.trim();

const BOXES = "form[action*='/fn/'][action*='?by='] :is(textarea, input[type=text])[data-form]:not([readonly]):not([autocomplete=one-time-code])";

/** Types into a text box, and waits until the server has kept it. */
async function type(page, box, text) {
  const kept = page.waitForResponse((answer) => answer.url().includes("/fn/save-draft") && answer.ok());
  await box.fill(text);
  await kept;
}

/** Opens everything that can be folded out. */
async function unfold(page) {
  await page.evaluate(() => document.querySelectorAll("main details").forEach((details) => (details.open = true)));
}

/** Returns form and field of each text box on a page. */
async function boxesOf(page) {
  await unfold(page);
  return page.locator(BOXES).evaluateAll((boxes) => boxes.filter((box) => box.checkVisibility()).map((box) => [box.dataset.form, box.name, box.maxLength]));
}

async function keepsEveryBox(page, path) {
  await page.goto(path);
  await page.waitForLoadState("networkidle");
  const boxes = await boxesOf(page);
  for (const [form, field, max] of boxes) {
    await unfold(page);
    const text = max > 0 ? TYPED.slice(0, max).trim() : TYPED;
    const box = () => page.locator(`[data-form="${form}"][name="${field}"]`).first();
    await type(page, box(), text);
    await page.reload();
    await page.waitForLoadState("networkidle");
    await expect(box(), `${path} ${form}.${field}`).toHaveValue(text);
  }
  return boxes.length;
}

test("every text box keeps its text through a reload", async ({ browser }) => {
  const staff = await newPage(browser);
  await signIn(staff.page, "/app", staffOf("admin"));
  const page = staff.page;
  await page.goto("/app/inbox");
  const request = await page.locator("a[href^='/app/inbox/req_']").first().getAttribute("href");
  await page.goto("/app/reports?status=approved");
  const report = await page.locator("a[href^='/app/reports/vrp_']").first().getAttribute("href");
  let count = 0;
  for (const path of [request.split("?")[0], report, "/app/inbox/new", "/app/settings/rules/new", "/app/settings/forms/new", "/app/integrations"]) {
    count += await keepsEveryBox(page, path);
  }
  expect(count).toBeGreaterThan(15);
  await staff.context.close();
  const customer = await newPage(browser);
  await signIn(customer.page, "/portal", portalUser("petra"));
  expect(await keepsEveryBox(customer.page, "/portal/requests/new")).toBeGreaterThan(0);
  await customer.context.close();
});

test("Enter in a restored form sends it and does not discard it", async ({ browser }) => {
  const { page, context } = await newPage(browser);
  await signIn(page, "/app", staffOf("admin"));
  await page.goto("/app/customers");
  await page.locator("a[href^='/app/customers/cus_']").first().click();
  const contact = await page.locator("a[href^='/app/contacts/con_']").first().getAttribute("href");
  await page.goto(contact);
  await page.waitForLoadState("networkidle");
  const phone = () => page.locator("form[action*='/fn/edit-contact'] input[name=phone]");
  await type(page, phone(), "+49 201 5550199");
  await page.reload();
  await expect(page.getByTestId("draft")).toBeVisible();
  await expect(phone()).toHaveValue("+49 201 5550199");
  const sent = page.waitForRequest((request) => request.method() === "POST" && request.url().includes("/fn/") && !request.url().includes("save-draft"));
  await phone().press("Enter");
  expect((await sent).url()).toContain("/fn/edit-contact");
  await page.waitForLoadState("networkidle");
  await expect(phone()).toHaveValue("+49 201 5550199");
  await expect(page.getByTestId("draft")).toHaveCount(0);
  await context.close();
});

test("a message keeps its text through other actions, sign-out and another person", async ({ browser }) => {
  const { page, context } = await newPage(browser);
  await signIn(page, "/app", staffOf("dispatcher"));
  await page.goto("/app/inbox");
  const row = await page.locator("a[href^='/app/inbox/req_']").first().getAttribute("href");
  const path = row.split("?")[0];
  await page.goto(path);
  await page.waitForLoadState("networkidle");
  await unfold(page);
  const message = () => page.locator("textarea[name=message]").first();
  await type(page, message(), TYPED);
  // Another action of the same page.
  await unfold(page);
  await page.locator("textarea[name=note]").first().fill("A note.");
  await page.locator("form[action*='/fn/add-note'] button[type=submit]").click();
  await unfold(page);
  await expect(message()).toHaveValue(TYPED);
  // The session ends while the page is open; sending leads to sign-in and back to the text.
  await context.clearCookies();
  await page.locator("form[action*='/fn/send-message'] button[type=submit]").first().click();
  await expect(page.getByTestId("kept")).toBeVisible();
  const account = staffOf("dispatcher");
  await page.locator("input[name=email]").fill(account.email);
  await page.locator("input[name=password]").fill(account.password);
  await page.locator("form[action$='/fn/sign-in'] button[type=submit]").click();
  await expect(page).toHaveURL(new RegExp(path));
  await unfold(page);
  await expect(message()).toHaveValue(TYPED);
  // Another person signs in in another tab and this tab sends the message.
  const tab = await context.newPage();
  await context.clearCookies();
  await signIn(tab, "/app", staffOf("manager"));
  await page.locator("form[action*='/fn/send-message'] button[type=submit]").first().click();
  await expect(page.locator("[data-code=concurrent_modification]")).toBeVisible();
  await unfold(page);
  await expect(message()).toHaveValue("");
  await context.close();
});
