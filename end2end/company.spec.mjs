// A heating company of twelve people starts with an empty database and the browser alone, up to the report that the customer reads.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { dateIn, newPage } from "./helpers.mjs";
import { launch } from "./server.mjs";

let own;
test.beforeAll(async () => {
  own = await launch(mkdtempSync(join(tmpdir(), "ordinavo-company-")), { isEmpty: true });
});
test.afterAll(async () => {
  await own.stop();
});

const PASSWORD = "nine calm tin whistles";

/** Returns the next day from Monday to Friday, in the format of a date field. */
function workday() {
  for (let days = 1; ; days += 1) {
    const date = dateIn(days);
    if (![0, 6].includes(new Date(`${date}T12:00:00Z`).getUTCDay())) return date;
  }
}

/** Signs in with an account of the new organization. */
async function enter(page, email) {
  await page.goto("/app/sign-in");
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.locator("form.card button[type=submit]").click();
  await expect(page).not.toHaveURL(/sign-in/);
}

/** Submits a form and waits for the page after it. */
async function send(page, name, done) {
  await page.getByRole("button", { name, exact: true }).click();
  await expect(page.locator(`[data-done="${done}"]`)).toBeVisible();
}

test("a company goes from an empty database to a report that its customer reads", async ({ browser }, info) => {
  test.setTimeout(240_000);
  const options = { baseURL: own.url };
  const owner = (await newPage(browser, options)).page;

  // The address that the server prints leads to the organization and its first account.
  await owner.goto(own.setup);
  await owner.getByLabel("Name", { exact: true }).fill("Wärme & Wasser Krüger");
  await owner.getByLabel("Time zone").selectOption("Europe/Berlin");
  await owner.getByLabel("Your name").fill("Mona Krüger");
  await owner.getByLabel("Your email address").fill("mona@krueger.example");
  await owner.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await owner.getByRole("button", { name: "Create organization" }).click();
  await expect(owner).toHaveURL(/sign-in/);
  await enter(owner, "mona@krueger.example");

  // The list of first steps comes first, and ticks itself.
  await expect(owner).toHaveURL(/\/app\/start/);
  const stateOf = (step) => owner.locator(`[data-step="${step}"]`).getAttribute("data-state");
  expect([await stateOf("organization"), await stateOf("team"), await stateOf("customers")]).toEqual(["done", "open", "open"]);

  // A technician is invited by a link to hand over, and has usual working hours.
  await owner.goto("/app/settings/team");
  await owner.getByLabel("Name", { exact: true }).fill("Tom Brenner");
  await owner.getByLabel("Email", { exact: true }).fill("tom@krueger.example");
  await owner.getByRole("combobox", { name: "Role", exact: true }).selectOption("technician");
  await send(owner, "Create invitation", "done-member-link");
  const invitation = await owner.getByTestId("team-link").locator("bdi").first().textContent();
  const tom = (await newPage(browser, { ...options, viewport: { width: 390, height: 844 } })).page;
  await tom.goto(invitation);
  await tom.locator("input[type=password]").first().fill(PASSWORD);
  await tom.locator("form.card button[type=submit]").click();
  await enter(tom, "tom@krueger.example");

  // The first customer, with a location and a contact.
  await owner.goto("/app/customers");
  await owner.getByRole("link", { name: "New customer" }).click();
  await owner.getByLabel("Customer name").fill("Familie Sommer");
  await owner.getByLabel("Street and number").fill("Lindenallee 4");
  await owner.getByLabel("Postal code").fill("45127");
  await owner.getByLabel("City").fill("Essen");
  await owner.getByLabel("Country").fill("DE");
  await owner.getByLabel("Contact name").fill("Ida Sommer");
  await owner.getByLabel("Phone").fill("0201 5550");
  await owner.getByLabel("Email").fill("ida@sommer.example");
  await send(owner, "Create customer", "done-customer-added");

  // Who enters the customer again is shown it while typing, and is asked before there are two.
  const customer = owner.url();
  await owner.goto("/app/customers/new");
  await owner.getByLabel("Customer name").fill("familie  SOMMER");
  if (info.project.use.javaScriptEnabled !== false) {
    await expect(owner.getByTestId("similar-customers").getByRole("link", { name: "Familie Sommer" })).toBeVisible();
  }
  await owner.getByRole("button", { name: "Create customer" }).click();
  await expect(owner.locator('[data-code="possible_duplicate"]').first()).toBeVisible();
  await owner.getByTestId("similar-customers").getByRole("link", { name: "Familie Sommer" }).click();
  await expect(owner).toHaveURL(customer);

  // The first job, scheduled for tomorrow.
  await owner.getByRole("link", { name: "New job" }).click();
  await expect(owner.getByLabel("Location")).not.toHaveValue("");
  await owner.getByLabel("Contact").selectOption({ label: "Ida Sommer" });
  await owner.getByLabel("Service type").selectOption("repair");
  await owner.getByLabel("Notes").fill("No hot water since Monday");
  await send(owner, "Create job", "done-job-created");
  const job = new URL(owner.url()).pathname;
  const plan = owner.getByRole("region", { name: "Schedule appointment" });
  await plan.getByLabel("Technician").selectOption({ label: "Tom Brenner" });
  await plan.getByLabel("Date").fill(workday());
  await plan.getByLabel("From", { exact: true }).fill("09:00");
  await plan.getByLabel("To", { exact: true }).fill("10:30");
  // Within the usual hours of a new technician, nothing has to be confirmed.
  await owner.getByRole("button", { name: "Schedule appointment" }).click();
  await expect(owner.locator('[data-done="done-scheduled"]')).toBeVisible();

  // The contact is invited to the portal.
  await owner.goto(job);
  await owner.getByRole("link", { name: "Familie Sommer" }).click();
  await owner.getByRole("link", { name: "Manage access" }).first().click();
  await owner.getByRole("combobox", { name: "Contact" }).selectOption({ index: 1 });
  await owner.getByLabel("All locations").first().check();
  await owner.getByLabel("Reason").fill("Owner of the house");
  await send(owner, "Grant access", "done-access-invited");
  const portal = await owner.getByTestId("access-link").locator("bdi").textContent();

  // The technician finds the visit, travels, arrives and reports.
  await tom.goto(`/app/day?date=${workday()}`);
  await expect(tom.getByText("Familie Sommer").first()).toBeVisible();
  await tom.goto(job.replace("/app/targets/", "/app/day/"));
  await expect(tom.getByText("No hot water since Monday")).toBeVisible();
  tom.once("dialog", (question) => question.accept());
  await tom.getByRole("button", { name: "Start travel" }).click();
  await expect(tom.getByRole("status").first()).toBeVisible();
  await tom.getByRole("button", { name: "Arrived" }).click();
  await tom.getByLabel("Work performed").fill("Pump replaced");
  await tom.getByLabel("Work time in minutes").fill("50");
  await tom.getByRole("button", { name: "Submit report" }).click();
  await expect(tom.getByRole("status").first()).toContainText("Report submitted");

  // The owner approves it and shares it.
  await owner.goto(job);
  await owner.getByRole("link", { name: "Open report" }).click();
  await owner.getByRole("button", { name: "Approve report", exact: true }).click();
  await owner.getByLabel("Title").fill("Your heating works again");
  await owner.getByLabel("Summary").fill("We replaced the pump.");
  await owner.getByRole("button", { name: "Publish report" }).click();
  await expect(owner.getByRole("status").first()).toContainText("Report published");

  await owner.goto("/app/start");
  for (const step of ["team", "customers", "job", "way-in"]) expect(await stateOf(step), step).toBe("done");
  await owner.getByRole("button", { name: "Hide this list" }).click();
  await expect(owner.locator('[data-done="done-first-steps-hidden"]')).toBeVisible();
  await owner.goto("/app");
  await expect(owner).toHaveURL(/\/app\/today/);

  // The customer's contact reads it in the portal.
  const ida = (await newPage(browser, options)).page;
  await ida.goto(portal);
  await ida.locator("input[type=password]").first().fill(PASSWORD);
  await ida.getByRole("button", { name: "Set password and continue" }).click();
  await expect(ida).not.toHaveURL(/link/);
  await ida.goto("/portal/reports");
  await ida.getByRole("link", { name: "Your heating works again" }).first().click();
  await expect(ida.getByText("We replaced the pump.")).toBeVisible();
});
