// Integration pages: client keys, mapping review, removal of a wrong link, file import, separate test data.
import { expect, test } from "@playwright/test";
import { api, choose, newPage, nordlicht, signIn, staffOf } from "./helpers.mjs";
import { world } from "./server.mjs";

const stamp = () => `${test.info().project.name === "with-javascript" ? "J" : "N"}${Date.now().toString(36)}`;

test("client is created and its key is shown once and revoked", async ({ browser }) => {
  const { page, complaints } = await newPage(browser);
  await signIn(page, "/app", staffOf("admin"));
  await page.goto("/app/integrations");
  await page.getByText("New client").click();
  const name = `Partner ${stamp()}`;
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Source system").fill(`src-${stamp().toLowerCase()}`);
  await page.getByLabel(/^targets\.write/).check();
  await page.getByLabel(/^targets\.read/).check();
  await page.getByRole("button", { name: "Create client" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
  await page.getByRole("button", { name: "Create API key" }).click();
  const key = (await page.getByText(/^ock_live_[0-9a-f]+_[0-9a-f]+$/).first().textContent()).trim();
  const call = async () => (await fetch(`${world().url}/api/v1/targets`, { headers: { authorization: `Bearer ${key}` } })).status;
  expect(await call()).toBe(200);
  await page.reload();
  await expect(page.getByText(key)).toHaveCount(0);
  await page.locator("tr[data-credential] summary").click();
  await page.locator("tr[data-credential]").getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(page.getByText("Revoked. It can no longer be used.")).toBeVisible();
  expect(await call()).toBe(401);
  expect(complaints).toEqual([]);
});

test("job in mapping review is mapped and a wrong link is removed", async ({ browser }) => {
  const { page, complaints } = await newPage(browser);
  await signIn(page, "/app", staffOf("dispatcher"));
  const mark = stamp();
  const body = (job) => ({ externalId: `${job}-${mark}`, customer: { externalId: `HELD-${mark}`, name: "Held" } });
  const first = await api("erp-strict", "POST", "/targets", body("ONE"));
  const second = await api("erp-strict", "POST", "/targets", body("TWO"));
  expect(first.body.mapping.customer.rule).toBe("C15");
  await page.goto(`/app/imports/mapping/${first.body.targetId}`);
  await expect(page.getByText("No matching customer, and this source system does not create customers.")).toBeVisible();
  await page.getByRole("main").getByRole("searchbox").last().fill("Kühltechnik Nord GmbH");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.locator("[id^='pin-cus_']").first()).toBeChecked();
  await page.getByRole("button", { name: "Map to this customer" }).click();
  await expect(page.getByText("Mapping saved. The job can now be scheduled.")).toBeVisible();
  // Other jobs with the same external ID are mapped automatically.
  await expect(async () => {
    const found = await api("erp", "GET", `/targets/${second.body.targetId}`);
    expect(found.status).toBe(404);
    await page.goto(`/app/targets/${second.body.targetId}`);
    await expect(page.getByRole("link", { name: "Kühltechnik Nord GmbH" }).first()).toBeVisible({ timeout: 1000 });
  }).toPass();
  await page.goto(`/app/imports/references?source=erp-strict&id=HELD-${mark}`);
  await expect(page.getByText(`TWO-${mark}`).first()).toBeVisible();
  await page.getByText("Remove link").first().click();
  await page.getByRole("button", { name: "Remove link" }).click();
  await expect(page.getByText("Link removed.")).toBeVisible();
  await page.goto(`/app/targets/${first.body.targetId}`);
  await expect(page.getByText("Mapping required").first()).toBeVisible();
  expect(complaints).toEqual([]);
});

test("CSV file is imported after a dry run", async ({ browser }) => {
  const { page, complaints } = await newPage(browser);
  await signIn(page, "/app", staffOf("dispatcher"));
  const mark = stamp();
  const file = { name: "jobs.csv", mimeType: "text/csv", buffer: Buffer.from(`Auftrag;Kunde-Id;Ort;Minuten\nCSV-A-${mark};CUST-10042;Essen;45\nCSV-B-${mark};CUST-10042;Essen;lange\n`) };
  await page.goto("/app/imports/upload");
  await choose(page.getByLabel("Import as client"), "erp");
  await page.locator("input[type=file]").setInputFiles(file);
  await page.getByRole("button", { name: "Map columns" }).click();
  await expect(page.getByLabel("Auftrag")).toHaveValue("externalId");
  await expect(page.getByLabel("Ort")).toHaveValue("location_city");
  await page.getByRole("button", { name: "Start dry run" }).click();
  await expect(async () => {
    await page.reload();
    await expect(page.getByText("2 / 2")).toBeVisible({ timeout: 500 });
  }).toPass();
  expect((await api("erp", "GET", `/targets/by-external-id/CSV-A-${mark}`)).status).toBe(404);
  await page.getByText("Import jobs").first().click();
  await page.getByRole("button", { name: "Import jobs" }).click();
  await expect(async () => {
    expect((await api("erp", "GET", `/targets/by-external-id/CSV-A-${mark}`)).status).toBe(200);
  }).toPass();
  expect((await api("erp", "GET", `/targets/by-external-id/CSV-B-${mark}`)).status).toBe(404);
  expect(complaints).toEqual([]);
});

test("test mode shows test data only and a banner on every page", async ({ browser }) => {
  const { page, complaints } = await newPage(browser);
  const mark = stamp();
  const key = nordlicht().clients.find((client) => client.name === "erp").testApiKey;
  const answer = await fetch(`${world().url}/api/v1/targets`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ externalId: `TEST-${mark}`, customer: { externalId: `TC-${mark}`, name: `Tester ${mark}` } }),
  });
  expect(answer.status).toBe(201);
  await signIn(page, "/app", staffOf("admin"));
  await page.goto(`/app/customers?q=${mark}`);
  await expect(page.getByText(`Tester ${mark}`)).toHaveCount(0);
  await page.goto("/app/integrations");
  await page.getByRole("button", { name: "View test data" }).click();
  await expect(page.getByText("Test mode: you are viewing test data.")).toBeVisible();
  await page.goto(`/app/customers?q=${mark}`);
  await expect(page.getByText(`Tester ${mark}`)).toBeVisible();
  await expect(page.getByText("Test mode: you are viewing test data.")).toBeVisible();
  await page.getByRole("button", { name: "Exit test mode" }).click();
  await expect(page.getByText("Test mode: you are viewing test data.")).toHaveCount(0);
  expect(complaints).toEqual([]);
});
