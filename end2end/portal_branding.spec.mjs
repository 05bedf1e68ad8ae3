// An organization sets logo, color and terminology of its portal, and customers see them.
import { expect, test } from "@playwright/test";
import { newPage, serious, signIn } from "./helpers.mjs";
import { world } from "./server.mjs";

test("branding and terminology are shown in the portal", async ({ browser }) => {
  const suedwind = world().tenants.find((tenant) => tenant.slug === "suedwind");
  const { page: admin, complaints } = await newPage(browser);
  await signIn(admin, "/app", suedwind.staff.find((account) => account.role === "admin"));
  await admin.goto("/app/settings/portal?lang=en");
  expect(await serious(admin)).toEqual([]);
  await admin.getByLabel("Color of buttons and links").fill("#c2185b");
  await admin.getByRole("button", { name: "Save color" }).click();
  await expect(admin.getByRole("img", { name: "Button" })).toBeVisible();
  const picture = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FAAhKDveksOjmAAAAAElFTkSuQmCC", "base64");
  await admin.getByLabel("Image").setInputFiles({ name: "logo.png", mimeType: "image/png", buffer: picture });
  await admin.getByRole("button", { name: "Save logo" }).click();
  await expect(admin.getByRole("img", { name: "Logo" })).toBeVisible();
  await admin.goto("/app/settings/portal?lang=en");
  await admin.getByRole("group", { name: "Service types" }).getByLabel("Repair").fill("Mending");
  await admin.getByRole("group", { name: "Requests" }).getByLabel("Accepted", { exact: true }).fill("Planned");
  await admin.getByRole("button", { name: "Save terms" }).click();
  // The same term for two statuses is an error at its field, and the input is kept.
  await expect(admin.getByRole("alert")).toBeVisible();
  await expect(admin.getByRole("group", { name: "Service types" }).getByLabel("Repair")).toHaveValue("Mending");
  expect(await serious(admin)).toEqual([]);
  await admin.getByRole("group", { name: "Requests" }).getByLabel("Accepted", { exact: true }).fill("");
  await admin.getByRole("button", { name: "Save terms" }).click();
  await expect(admin.getByText("Customers see it from now on")).toBeVisible();
  await expect(admin.getByText("“Repair” has a custom term, but not in Deutsch")).toBeVisible();

  for (const colorScheme of ["light", "dark"]) {
    const { page: customer, complaints: theirs } = await newPage(browser, { colorScheme });
    await signIn(customer, "/portal", suedwind.portal[0]);
    await customer.goto("/portal/requests/new");
    await expect(customer.getByRole("radio", { name: "Mending" })).toBeAttached();
    const logo = customer.locator("header img");
    expect(await logo.evaluate((image) => image.naturalWidth)).toBe(10);
    const colour = await customer.locator("button.button-primary").first().evaluate((button) => getComputedStyle(button).backgroundColor);
    if (colorScheme === "light") expect(colour).toBe("rgb(194, 24, 91)");
    expect(await serious(customer)).toEqual([]);
    expect(theirs).toEqual([]);
  }
  expect(complaints).toEqual([]);
});
