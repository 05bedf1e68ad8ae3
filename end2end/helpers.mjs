// Shared helpers: signing in, calling the API, receiving webhooks, and collecting browser errors and warnings.
import { createHmac } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { world } from "./server.mjs";

export const nordlicht = () => world().tenants.find((tenant) => tenant.slug === "nordlicht");
export const staffOf = (role) => nordlicht().staff.find((account) => account.role === role);
export const portalUser = (start) => nordlicht().portal.find((account) => account.email.startsWith(start));

const forbidden = JSON.parse(readFileSync(new URL("../server/tests/canaries/forbidden.json", import.meta.url), "utf8"));
const everywhere = [
  /zqcanary-[\w-]+/,
  new RegExp(`(?<![\\p{L}\\p{N}])(?:${forbidden.keys.map((key) => key + (key.endsWith("_") ? "" : "(?![\\p{L}\\p{N}])")).join("|")})`, "u"),
];
const inPortal = [...everywhere, new RegExp(`(?<![\\p{L}\\p{N}])(?:${forbidden.kinds.join("|")})_[0-9a-zA-Z]{20}`, "u")];

/** Searches responses to customers for internal data. Findings fail the whole run at its end. */
async function readAlong(response) {
  const { pathname } = new URL(response.url());
  if (/^\/(app|partner|api|pkg|docs)(\/|$)/.test(pathname)) return;
  const body = await response.text().catch(() => "");
  const text = `${JSON.stringify(response.headers())}\n${body}`;
  for (const found of (pathname.startsWith("/portal") ? inPortal : everywhere).map((pattern) => pattern.exec(text)).filter(Boolean)) {
    appendFileSync(process.env.ORDINAVO_LEAKS, `${test.info().title}: ${response.url()}: ${found[0]}\n`);
  }
}

/** Opens a page in a new browser context and collects its console errors and warnings. */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext({ baseURL: world().url, ...options });
  context.on("response", readAlong);
  const page = await context.newPage();
  const complaints = [];
  const scripted = test.info().project.use.javaScriptEnabled !== false;
  page.on("console", (message) => {
    // Without JavaScript, Chromium warns that the preloaded module is unused.
    if (scripted && ["warning", "error"].includes(message.type())) complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.message}`));
  return { page, complaints, context };
}

/** Selects the option whose text starts with `start`; test data appends a canary to names that only staff see. */
export async function choose(select, start) {
  const option = select.locator("option").filter({ hasText: new RegExp(`^${start}\\b`) }).first();
  await select.selectOption(await option.getAttribute("value"));
}

export async function signIn(page, door, account) {
  await page.goto(`${door}/sign-in`);
  await page.locator("#sign-in-email").fill(account.email);
  await page.locator("#sign-in-password").fill(account.password);
  await page.locator("form.card button[type=submit]").click();
  await expect(page).not.toHaveURL(/sign-in/);
}

export async function api(client, method, path, body, headers = {}) {
  const key = nordlicht().clients.find((entry) => entry.name === client).apiKey;
  const answer = await fetch(`${world().url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body ? { "content-type": "application/json" } : {}), ...headers },
    body: body ? JSON.stringify(body) : undefined,
  });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

/** Starts a webhook receiver on loopback. The first response can be a failure. */
export async function receiver(firstStatus = 200) {
  const received = [];
  const waiting = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(received.length === 1 ? firstStatus : 200).end("thank you");
      for (const check of [...waiting]) check();
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const until = (matches) =>
    new Promise((resolve) => {
      const check = () => {
        const found = received.filter(matches);
        if (found.length > 0) resolve(found);
      };
      waiting.push(check);
      check();
    });
  return { url: `http://127.0.0.1:${server.address().port}/hook`, received, until, close: () => server.close() };
}

/** Returns whether a delivery has a valid Standard Webhooks 1.0 signature. */
export function isSigned(delivery, secret) {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature } = delivery.headers;
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.${delivery.body}`).digest("base64");
  return signature.split(" ").includes(`v1,${expected}`);
}

export const PHOTO = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

/** Returns the date in some days, in the format of a date field. */
export function dateIn(days) {
  const moment = new Date(Date.now() + days * 86_400_000);
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Berlin" }).format(moment);
}

/** Creates a pairing code for the demo's terminal on the settings page. */
export async function pairingCode(page) {
  await page.goto("/app/settings/terminals");
  await page.getByRole("button", { name: "Create new code" }).first().click();
  return page.locator(".pairing-code bdi").first().textContent();
}

/** Presses a key until the page reacts, because its bundle may still be loading. */
export async function press(page, key, heard) {
  await expect(async () => {
    await page.keyboard.press(key);
    await heard({ timeout: 700 });
  }).toPass();
}

/** Returns the serious findings of axe on a page. */
export async function serious(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id, nodes }) => `${page.url()} ${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}
