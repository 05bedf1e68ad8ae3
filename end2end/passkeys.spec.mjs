// Passkeys: added with the password, then used instead of it, and removed. The device is Chromium's virtual authenticator.
import { expect, test } from "@playwright/test";
import { newPage, nordlicht, portalUser, serious, signIn, staffOf } from "./helpers.mjs";

/** Connects a device that verifies its owner. Returns a function that sets whether it does. */
async function device(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", { options });
  return (isUserVerified) => session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
}

for (const [app, settings, account, signOut] of [
  ["/app", "/app/security", () => staffOf("dispatcher"), "/app/fn/sign-out"],
  ["/portal", "/portal/profile", () => portalUser("petra"), "/portal/fn/sign-out"],
  ["/partner", "/partner/security", () => nordlicht().partners[0], "/partner/fn/sign-out"],
]) {
  test(`${app} passkey signs in instead of the password until it is removed`, async ({ browser }) => {
    const { page, complaints } = await newPage(browser);
    const setVerified = await device(page);
    const { email, password } = account();
    await signIn(page, app, { email, password });
    await page.goto(settings);
    const section = page.locator("#passkeys");
    await section.getByRole("textbox", { name: "Name of the new passkey" }).fill("Virtual device");
    await section.getByLabel("Current password").fill(password);
    await section.getByRole("button", { name: "Add passkey" }).click();
    expect(await serious(page)).toEqual([]);
    await page.getByTestId("create-passkey").click();
    await expect(page.getByTestId("passkey")).toHaveCount(1);
    await expect(page.getByTestId("passkey")).toContainText("Virtual device");
    expect(await serious(page)).toEqual([]);

    // The portal has its sign-out in the menu of the account.
    if (app === "/portal") await page.locator(".account > summary").click();
    await page.locator(`form[action^="${signOut}"] button`).first().click();
    await expect(page).toHaveURL(/sign-in/);
    await page.goto(`${app}/sign-in?next=${encodeURIComponent(settings)}`);
    await setVerified(false);
    await page.getByTestId("use-passkey").click();
    await expect(page.getByRole("alert").filter({ hasText: /./ })).toBeVisible();
    await setVerified(true);
    await page.getByTestId("use-passkey").click();
    await expect(page).toHaveURL(new RegExp(settings));
    await expect(page.getByTestId("passkey")).toContainText("last used");

    await page.getByTestId("passkey").getByText("Remove", { exact: true }).click();
    await page.getByRole("button", { name: "Remove passkey" }).click();
    await expect(page.getByTestId("passkey")).toHaveCount(0);
    expect(complaints).toEqual([]);
  });
}
