// Takes the screenshots of the README: node end2end/pictures.mjs URL demo.json
import { execSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { chromium } from "@playwright/test";

const [url, bookFile] = process.argv.slice(2);
const tenant = JSON.parse(readFileSync(bookFile, "utf8")).tenants[0];
const staff = (role) => tenant.staff.find((account) => account.role === role);
const portal = (start) => tenant.portal.find((account) => account.email.startsWith(start));
const browser = await chromium.launch({ executablePath: execSync("command -v chromium").toString().trim(), args: ["--no-sandbox", "--disable-gpu"] });

async function signedIn(door, account, options) {
  const context = await browser.newContext({ baseURL: url, timezoneId: "Europe/Berlin", ...options });
  const page = await context.newPage();
  await page.goto(`${door}/sign-in`);
  await page.locator("#sign-in-email").fill(account.email);
  await page.locator("#sign-in-password").fill(account.password);
  await page.locator("form.card button[type=submit]").click();
  await page.waitForURL((now) => !now.pathname.includes("sign-in"));
  return page;
}
const take = async (page, name, full = false) => {
  await page.evaluate(() => document.fonts.ready);
  // Pictures below the fold load when they are near.
  await page.evaluate(() => document.querySelectorAll("img[loading=lazy]").forEach((image) => (image.loading = "eager")));
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: `docs/pictures/${name}.png`, fullPage: full });
};
const first = async (page, selector) => page.goto(await page.locator(selector).first().getAttribute("href"));

const desk = { viewport: { width: 1280, height: 800 }, locale: "en-GB" };
const phone = { viewport: { width: 390, height: 844 }, locale: "en-GB", deviceScaleFactor: 2 };
let page = await signedIn("/app", staff("dispatcher"), desk);
await page.goto("/app/inbox");
await first(page, "a[href^='/app/inbox/req_']");
await take(page, "inbox");
await page.goto("/app/inbox");
await first(page, "a[href^='/app/targets/']");
await take(page, "target", true);
await page.goto("/app/board");
await take(page, "board");
await page.goto("/app/customers");
await take(page, "customers");
await page.goto("/app/today");
await take(page, "today");
page = await signedIn("/app", staff("dispatcher"), { ...desk, colorScheme: "dark" });
await page.goto("/app/inbox");
await first(page, "a[href^='/app/inbox/req_']");
await take(page, "inbox-dark");
page = await signedIn("/app", staff("manager"), desk);
await page.goto("/app/reports?status=approved");
await first(page, "a[href^='/app/reports/vrp_']");
await take(page, "report", true);
page = await signedIn("/app", staff("technician"), phone);
await page.goto("/app/day");
await take(page, "day-phone");
page = await signedIn("/portal", portal("petra"), { ...phone, locale: "ar" });
await take(page, "portal-arabic");
page = await signedIn("/portal", portal("petra"), desk);
await take(page, "portal", true);
await page.goto("/portal/reports");
await first(page, "a[href^='/portal/reports/rel_']");
await take(page, "portal-report");
await page.goto("/portal/requests");
await first(page, "a[href^='/portal/requests/req_']:has-text('Done')");
await take(page, "portal-request", true);
page = await signedIn("/app", staff("admin"), { ...desk, locale: "ar" });
await page.goto("/app/parts");
await take(page, "parts", true);
await browser.close();
