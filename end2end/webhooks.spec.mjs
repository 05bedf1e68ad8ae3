// Webhook pages: create, test, rotate, replay, disable, enable, recover and delete. The receiver is a real server on loopback.
import AxeBuilder from "@axe-core/playwright";
import { createServer } from "node:http";
import { expect, test } from "@playwright/test";
import { Webhook } from "standardwebhooks";
import { api, choose, newPage, signIn, staffOf } from "./helpers.mjs";

/** Starts a receiver that stores deliveries and responds with `status`. */
const receiver = async () => {
  const got = [];
  const state = { status: 204, got };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      got.push({ headers: request.headers, body });
      response.writeHead(state.status).end(state.status < 300 ? "" : "not today");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  state.url = `http://127.0.0.1:${server.address().port}/hook`;
  state.close = () => server.close();
  return state;
};

const serious = async (page) => (await new AxeBuilder({ page }).analyze()).violations.filter((one) => ["serious", "critical"].includes(one.impact)).map((one) => `${page.url()} ${one.id}`);

test("endpoint is created, tested, replayed, disabled, recovered, rotated and deleted", async ({ browser }) => {
  const mark = `${test.info().project.name === "with-javascript" ? "J" : "N"}${Date.now().toString(36)}`;
  const hook = await receiver();
  const { page, complaints } = await newPage(browser);
  await signIn(page, "/app", staffOf("admin"));
  await page.goto("/app/integrations");
  await page.getByRole("link", { name: "New webhook endpoint" }).click();
  await choose(page.getByLabel("Client", { exact: true }), "erp");
  // An invalid URL shows an error and keeps the input.
  await page.getByLabel("URL").fill("https://10.1.2.3/hook");
  await page.getByLabel("target.created").check();
  await page.getByLabel("Delivery order", { exact: true }).selectOption("per_target");
  await page.getByRole("button", { name: "Create endpoint" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByLabel("target.created")).toBeChecked();
  await page.getByLabel("URL").fill(hook.url);
  await page.getByRole("button", { name: "Create endpoint" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(hook.url);
  const secret = (await page.getByText(/^whsec_/).first().textContent()).trim();
  const here = page.url();
  await page.reload();
  await expect(page.getByText(secret)).toHaveCount(0);

  await page.getByRole("button", { name: "Send test event" }).click();
  await expect(page.getByText("Test event queued.")).toBeVisible();
  await expect(() => expect(hook.got.length).toBe(1)).toPass();
  expect(new Webhook(secret).verify(hook.got[0].body, hook.got[0].headers).type).toBe("webhook.test");

  // The preview shows the data of each option without a request.
  const preview = page.locator(".payload");
  await expect(preview.getByText("Anna Weber")).toBeHidden();
  await preview.getByLabel("Name, email and phone of the contact.").check();
  await expect(preview.getByText("Anna Weber")).toBeVisible();

  // A failed delivery shows its reason and can be replayed.
  hook.status = 503;
  const job = await api("erp", "POST", "/targets", { externalId: `HOOK-${mark}` });
  expect(job.status).toBe(201);
  await expect(() => expect(hook.got.length).toBeGreaterThan(1)).toPass();
  await expect(async () => {
    await page.goto(`${here}?type=target.created`);
    await expect(page.getByRole("cell", { name: "HTTP 503 Error response" }).first()).toBeVisible({ timeout: 500 });
  }).toPass();
  await page.getByRole("row").filter({ hasText: "HTTP 503" }).getByRole("link", { name: "target.created" }).first().click();
  await expect(page.getByText("The receiver responded with an error.").first()).toBeVisible();
  if (test.info().project.name === "with-javascript") expect(await serious(page)).toEqual([]);
  hook.status = 204;
  await page.getByRole("button", { name: "Replay delivery" }).click();
  await expect(page.getByText("Delivery queued for replay.")).toBeVisible();
  await expect(async () => {
    await page.reload();
    await expect(page.getByText("manual").first()).toBeVisible({ timeout: 500 });
  }).toPass();

  // Events of a disabled endpoint are held and recovered.
  await page.goto(here);
  await page.getByText("Disable endpoint…").first().click();
  await page.getByRole("button", { name: "Disable endpoint…" }).click();
  await expect(page.getByText("Disabled manually.").first()).toBeVisible();
  await api("erp", "POST", "/targets", { externalId: `HELD-${mark}` });
  await page.getByRole("link", { name: /^Held/ }).click();
  await expect(page.getByRole("link", { name: "target.created" }).first()).toBeVisible();
  await page.getByRole("button", { name: "Enable endpoint" }).click();
  await expect(page.getByText("Endpoint enabled.")).toBeVisible();
  const before = hook.got.length;
  await page.getByText("Recover deliveries…").first().click();
  const yesterday = new Date(Date.now() - 86400000).toISOString().slice(0, 16);
  await page.locator("form[action^='/app/fn/recover-endpoint']").getByLabel("From").fill(yesterday);
  await page.getByRole("button", { name: "Recover deliveries…" }).click();
  await expect(page.getByText("Deliveries queued for recovery.")).toBeVisible();
  await expect(() => expect(hook.got.length).toBeGreaterThan(before)).toPass();
  await expect(async () => {
    await page.reload();
    await expect(page.getByText(/1 of 1 processed, 1 delivered/)).toBeVisible({ timeout: 500 });
  }).toPass();

  await page.getByText("Rotate secret…").first().click();
  await page.getByLabel("None, previous secrets become invalid immediately").check();
  await page.getByRole("button", { name: "Rotate secret…" }).click();
  const next = (await page.getByText(/^whsec_/).first().textContent()).trim();
  expect(next).not.toBe(secret);
  if (test.info().project.name === "with-javascript") expect(await serious(page)).toEqual([]);
  await page.getByText("Delete endpoint…").first().click();
  await page.getByRole("button", { name: "Delete endpoint…" }).click();
  await expect(page.getByText("Endpoint deleted.")).toBeVisible();
  hook.close();
  expect(complaints).toEqual([]);
});

test("billing triggers are listed by status", async ({ browser }) => {
  const { page, complaints } = await newPage(browser);
  await signIn(page, "/app", staffOf("manager"));
  await page.goto("/app/integrations/billing");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Billing triggers");
  await expect(page.getByRole("row").nth(1)).toBeVisible();
  await page.getByRole("link", { name: "Acknowledged", exact: true }).click();
  await expect(page).toHaveURL(/show=done/);
  expect(complaints).toEqual([]);
});
