// All pages: no serious axe violation and no browser error, in English and Arabic, light and dark.
import { expect, test } from "@playwright/test";
import { newPage, nordlicht, portalUser, serious, signIn, staffOf } from "./helpers.mjs";

/** The pages of each role. A pattern is the first matching link on the previous page. */
const PAGES = {
  dispatcher: ["/app/today", "/app/inbox", "/app/inbox?q=nothing-like-it&only=snoozed", "/app/inbox/new", "/app/inbox?channel=web_form", /\/app\/inbox\/req_/, "/app/inbox", /\/app\/inbox\/req_/, "/app/inbox", /\/app\/targets\//, "/app/customers", /\/app\/customers\/cus_/, /\/app\/customers\/.*\/access/, "/app/customers", /\/app\/customers\/cus_/, /\/app\/customers\/.*\/edit/, "/app/customers", /\/app\/customers\/cus_/, /\/app\/customers\/.*\/new-location/, "/app/customers", /\/app\/customers\/cus_/, /\/app\/customers\/.*\/new-contact/, "/app/customers", /\/app\/customers\/cus_/, /\/app\/locations\/loc_/, "/app/customers", /\/app\/customers\/cus_/, /\/app\/contacts\/con_/, "/app/customers", /\/app\/customers\/cus_/, /\/app\/jobs\/new\?customer/, "/app/jobs", "/app/jobs?show=completed", "/app/jobs?q=nothing-like-it", "/app/jobs/new", "/app/jobs/new?match=Rhein", "/app/help", "/app/customers/new?new_name=Rhein", "/app/customers/import", "/app/search", "/app/search?q=rhein", "/app/search?q=essen&kind=location", "/app/search?q=nothing-like-it", "/app/customers?q=nothing-like-it", "/app/reports?status=approved", /\/app\/reports\//, "/app/imports", /\/app\/imports\/imp_/, "/app/imports/mapping", /\/app\/imports\/mapping\/tgt_/, "/app/imports/references?source=erp&id=CUST-10042", "/app/imports/upload", "/app/settings", "/app/security", "/app/nothing-here"],
  admin: ["/app/integrations", /\/app\/integrations\/clients\//, "/app/integrations", /\/app\/integrations\/sources\//, "/app/settings", "/app/settings/forms", /\/app\/settings\/forms\/frm_/, "/app/settings/forms/new", "/app/settings/rules", /\/app\/settings\/rules\/rul_/, "/app/settings/rules/new", "/app/settings/technicians", /technicians\/stf_/, "/app/settings/terminals", "/app/settings/terminals/new", "/app/settings/terminals/new?match=Rhein", /terminals\/new\?customer=/, "/app/settings/access", "/app/settings/two-factor", "/app/settings/team", "/app/settings/organization", "/app/start", "/app/settings/mails", /\/app\/settings\/mails\/mal_/, "/app/parts"],
  auditor: ["/app/settings", "/app/settings/audit", "/app/integrations/billing"],
  technician: ["/app/day", "/app/inbox"],
};
const PORTAL = ["/portal", "/portal/requests", /\/portal\/requests\/req_/, "/portal/requests/new", "/portal/appointments", /\/portal\/appointments\//, "/portal/reports", /\/portal\/reports\//, "/portal/timeline", "/portal/profile", "/portal/colleagues", "/portal/nothing-here"];
const OPEN = ["/", "/intake/nordlicht-service", "/intake/nordlicht-service?lang=ar", "/intake/nordlicht-fault", "/terminal", "/app/sign-in", "/portal/sign-in", "/portal/sign-in/link", "/portal/link/nothing-of-this-kind-here0", "/docs", "/docs/reference", "/docs/scopes", "/docs/mapping", "/docs/events", "/docs/webhooks", "/docs/problems", "/docs/problems/not_found", "/nothing-here"];

async function walk(page, list, look) {
  for (const entry of list) {
    if (entry instanceof RegExp) {
      const links = await Promise.all((await page.locator("main a").all()).map((link) => link.getAttribute("href")));
      const link = links.find((candidate) => entry.test(candidate));
      expect(link, `${page.url()} has a link like ${entry}`).toBeTruthy();
      await page.goto(link);
    } else {
      await page.goto(entry);
    }
    await look();
  }
}

test("public pages have no violations", async ({ browser }, info) => {
  const { page, complaints } = await newPage(browser);
  const findings = [];
  await walk(page, OPEN, async () => {
    if (info.project.name === "with-javascript") findings.push(...(await serious(page)));
    await expect(page.getByRole("main")).toBeVisible();
  });
  expect(findings).toEqual([]);
  expect(complaints.filter((complaint) => !/status of 40[14]/.test(complaint))).toEqual([]);
});

for (const [role, list] of Object.entries(PAGES)) {
  test(`pages of the ${role} have no violations`, async ({ browser }, info) => {
    const { page, complaints } = await newPage(browser, { colorScheme: role === "dispatcher" ? "dark" : "light" });
    await signIn(page, "/app", staffOf(role));
    const findings = [];
    await walk(page, list, async () => {
      if (info.project.name === "with-javascript") findings.push(...(await serious(page)));
      await expect(page.getByRole("heading", { level: 1 }).first()).toBeVisible();
    });
    expect(findings).toEqual([]);
    expect(complaints.filter((complaint) => !/status of 40[34]/.test(complaint))).toEqual([]);
  });
}

for (const locale of ["en-GB", "ar"]) {
  test(`portal pages in ${locale} have no violations`, async ({ browser }, info) => {
    const { page, complaints } = await newPage(browser, { locale, viewport: { width: 390, height: 844 } });
    await signIn(page, "/portal", portalUser("petra"));
    const findings = [];
    await walk(page, PORTAL, async () => {
      if (info.project.name === "with-javascript") findings.push(...(await serious(page)));
      await expect(page.locator("html")).toHaveAttribute("dir", locale === "ar" ? "rtl" : "ltr");
      const wider = info.project.name === "with-javascript" && (await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth));
      expect(wider, `${page.url()} is wider than the screen`).toBeFalsy();
    });
    expect(findings).toEqual([]);
    expect(complaints.filter((complaint) => !/status of 404/.test(complaint))).toEqual([]);
  });
}

test("islands copy ids and move through the list by keyboard", async ({ browser }) => {
  test.skip(test.info().project.name !== "with-javascript", "islands need JavaScript");
  const { page, complaints, context } = await newPage(browser);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await signIn(page, "/app", staffOf("dispatcher"));
  await page.goto("/app/inbox");
  const rows = page.locator(".queue a");
  await expect(async () => {
    await page.keyboard.press("j");
    await expect(rows.first()).toBeFocused({ timeout: 500 });
  }).toPass();
  await page.keyboard.press("j");
  await expect(rows.nth(1)).toBeFocused();
  await page.keyboard.press("k");
  await expect(rows.first()).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/app\/inbox\/req_/);
  await page.locator("main dl > *").filter({ hasText: "req_" }).getByRole("button", { name: "Copy" }).first().click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^req_/);
  expect(complaints).toEqual([]);
});

for (const [app, account, page] of [["/app", () => staffOf("dispatcher"), "Board"], ["/partner", () => nordlicht().partners[0], "Webhooks"]]) {
  test(`navigation and sign-out of ${app} can be reached on a phone`, async ({ browser }) => {
    const { page: phone } = await newPage(browser, { viewport: { width: 390, height: 844 } });
    await signIn(phone, app, account());
    const links = phone.getByRole("navigation", { name: "Main navigation" }).getByRole("link");
    await expect(links.filter({ hasText: page }).first()).toBeVisible();
    const more = phone.locator(".tab-bar summary");
    if ((await more.count()) > 0) await more.click();
    await phone.getByRole("button", { name: "Sign out" }).click();
    await expect(phone).toHaveURL(/sign-in/);
  });
}
