// A contact is invited, sets a password and invites a colleague; staff see the access and revoke it.
import { expect, test } from "@playwright/test";
import { newPage, portalUser, serious, signIn, staffOf } from "./helpers.mjs";

test("portal user accepts an invitation and loses access when it is revoked", async ({ browser }, info) => {
  const address = `nora.${info.project.name}@rhein-ruhr-medical.example`;
  const { page: staff, complaints } = await newPage(browser);
  await signIn(staff, "/app", staffOf("manager"));
  await staff.goto("/app/customers?q=Rhein-Ruhr");
  await staff.getByRole("link", { name: "Rhein-Ruhr Medical Supply" }).click();
  await staff.getByRole("link", { name: "Manage access" }).click();
  await expect(staff.getByRole("heading", { level: 1, name: /Rhein-Ruhr Medical Supply/ })).toBeVisible();
  expect(await serious(staff)).toEqual([]);
  // Missing fields: the form returns with the input.
  await staff.getByLabel("Name").fill("Nora Busch");
  await staff.getByLabel("Reason").fill("Runs the site in Essen");
  await staff.getByRole("button", { name: "Grant access" }).click();
  await expect(staff.getByRole("alert")).toBeVisible();
  await expect(staff.getByLabel("Name")).toHaveValue("Nora Busch");
  await staff.getByLabel("Email").fill(address);
  await staff.getByRole("group", { name: "Locations" }).getByLabel("Essen Center").check();
  await staff.getByRole("button", { name: "Grant access" }).click();
  const link = await staff.getByText(/\/portal\/link\//).innerText();
  const card = staff.getByRole("region", { name: "Nora Busch" }).filter({ hasText: address });
  await expect(card.getByText("Invited", { exact: true })).toBeVisible();

  const { page: nora, complaints: noras } = await newPage(browser);
  await nora.goto(new URL(link).pathname);
  await expect(nora.getByRole("heading", { level: 1, name: "Welcome" })).toBeVisible();
  expect(await serious(nora)).toEqual([]);
  await nora.getByLabel("New password").fill("seven quiet harbours");
  await nora.getByRole("button", { name: "Set password and continue" }).click();
  await expect(nora.getByRole("heading", { level: 1, name: /Nora Busch/ })).toBeVisible();
  await nora.locator(".account > summary").click();
  await nora.getByRole("link", { name: "Profile" }).first().click();
  await expect(nora.getByRole("heading", { level: 1, name: "Your account" })).toBeVisible();
  await expect(nora.getByText("Essen Center")).toBeVisible();
  await expect(nora.getByText("This device")).toBeVisible();
  expect(await serious(nora)).toEqual([]);

  // Revoked access ends with the next request, including the session.
  await staff.reload();
  await expect(card.getByText("Active", { exact: true })).toBeVisible();
  await card.getByText("Revoke access…", { exact: true }).first().click();
  await card.getByRole("button", { name: "Revoke access" }).first().click();
  await expect(card.getByText("No access to this customer")).toBeVisible();
  await nora.reload();
  await expect(nora.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
  expect([...complaints, ...noras]).toEqual([]);
});

for (const [locale, words] of [["en-GB", { title: "Colleagues", send: "Grant access", where: "Locations", ask: "Send sign-in link" }], ["ar", { title: "الزملاء", send: "منح إذن الوصول", where: "المواقع", ask: "إرسال رابط تسجيل الدخول" }]]) {
  test(`portal user invites a colleague within the own access (${locale})`, async ({ browser }, info) => {
    const address = `otto.${locale}.${info.project.name}@rhein-ruhr-medical.example`;
    const { page, complaints } = await newPage(browser, { locale });
    await signIn(page, "/portal", portalUser("petra"));
    await page.goto("/portal/profile");
    await page.getByRole("link", { name: words.title }).click();
    await expect(page.getByRole("heading", { level: 1, name: words.title })).toBeVisible();
    await page.locator("input[name=name]").fill("Otto Klein");
    await page.locator("input[name=email]").fill(address);
    await page.getByRole("group", { name: words.where }).getByLabel("Essen Depot").check();
    await page.locator("input[name=reason]").fill("Deputy");
    await page.getByRole("button", { name: words.send }).click();
    await expect(page.getByText(address)).toBeVisible();
    await expect(page.getByText("Anna Weber")).toBeVisible();
    expect(await serious(page)).toEqual([]);
    expect(complaints).toEqual([]);
    const { page: nobody } = await newPage(browser, { locale });
    await nobody.goto("/portal/sign-in/link");
    await nobody.locator("input[name=email]").fill("nobody@example.org");
    await nobody.getByRole("button", { name: words.ask }).click();
    await expect(nobody.getByRole("status")).toBeVisible();
    expect(await serious(nobody)).toEqual([]);
  });
}
