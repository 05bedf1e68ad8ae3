// Forms with files: the progress is shown, an upload can be cancelled or lose its connection, and is sent again with everything that
// was entered.
import { randomBytes } from "node:crypto";
import { expect, test } from "@playwright/test";
import { newPage, portalUser, signIn, staffOf } from "./helpers.mjs";

const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
/** A picture that takes seconds to send on a slow network: bytes after its end are ignored. */
const photo = (name) => ({ name, mimeType: "image/png", buffer: Buffer.concat([png, randomBytes(400_000)]) });

/** Limits how much the page sends per second. */
async function slow(page, bytesPerSecond) {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  return (speed = bytesPerSecond, offline = false) => session.send("Network.emulateNetworkConditions", { offline, latency: 0, downloadThroughput: -1, uploadThroughput: speed });
}

/** Sends the form of the field, cancels, loses the connection, and sends it in full. */
async function sendThrice(page, field, text, button, done) {
  const network = await slow(page, 60_000);
  const upload = page.getByTestId("upload").filter({ has: page.getByRole("progressbar", { includeHidden: true }) }).first();
  await field.fill(text);
  await page.locator("input[type=file]").first().setInputFiles([photo("one.png")]);
  await network();
  await button.click();
  await expect.poll(() => upload.locator("progress").evaluate((bar) => bar.value)).toBeGreaterThan(0);
  // A second press sends nothing more.
  await button.click();
  await upload.getByRole("button", { name: "Cancel upload" }).click();
  await expect(upload.getByRole("alert")).toBeVisible();
  await expect(field).toHaveValue(text);
  await network(60_000, true);
  await button.click();
  await expect(upload.getByRole("alert")).toBeVisible();
  await expect(upload.getByRole("button", { name: "Cancel upload" })).toBeHidden();
  await network(-1);
  await button.click();
  await done();
}

test("portal request with a file is cancelled, loses its connection, and is sent once", async ({ browser }) => {
  const { page } = await newPage(browser);
  await signIn(page, "/portal", portalUser("anna.weber"));
  await page.getByRole("button", { name: "English" }).click();
  await page.goto("/portal/requests/new");
  await page.waitForLoadState("networkidle");
  const text = `The pump drips ${Date.now()}`;
  await page.getByRole("radio", { name: "Repair" }).check();
  await page.getByRole("radio", { name: "Essen Center" }).check();
  await sendThrice(page, page.getByLabel("Description"), text, page.getByRole("button", { name: "Submit request" }), async () => {
    await expect(page.getByRole("status").filter({ hasText: "Your request has been submitted" })).toBeVisible();
  });
  await expect(page.locator(".photos > li")).toHaveCount(1);

  const staff = await newPage(browser);
  await signIn(staff.page, "/app", staffOf("dispatcher"));
  await staff.page.goto(`/app/inbox?q=${encodeURIComponent(text)}`);
  await expect(staff.page.locator(".queue-requests a")).toHaveCount(1);

  // A message leads back to the page that is open, and is there once.
  await page.waitForLoadState("networkidle");
  const form = page.locator("form", { has: page.locator("input[type=file]") }).first();
  const words = `It is the second floor ${Date.now()}`;
  await sendThrice(page, form.locator("textarea"), words, form.locator("button[type=submit]"), async () => {
    await expect(page.locator(".prose, li, article").getByText(words).first()).toBeVisible();
  });
  await expect(page.locator("textarea")).toHaveValue("");
  await expect(page.locator(".photos > li")).toHaveCount(1);
  await expect(page.locator(".files > li")).toHaveCount(1);
});

test("public form with a file shows why it was rejected", async ({ browser }) => {
  const { page } = await newPage(browser);
  await page.goto("/intake/nordlicht-service");
  await page.waitForLoadState("networkidle");
  await page.locator("input[type=file]").first().setInputFiles([photo("one.png")]);
  await page.locator("form.card").evaluate((form) => (form.noValidate = true));
  await page.getByRole("button", { name: "Submit request" }).click();
  await expect(page.locator("form.card [role=alert] [data-code]").first()).toBeVisible();
});
