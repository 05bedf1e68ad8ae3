// Two-factor authentication: turned on with an app, required at sign-in, passed with a recovery code, and turned off.
import { createHmac } from "node:crypto";
import { expect, test } from "@playwright/test";
import { newPage, portalUser, serious, signIn } from "./helpers.mjs";

/** Returns the code of a secret (RFC 6238), `later` periods of 30 seconds from now. */
function code(secret, later = 0) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replaceAll(" ", "")].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const mac = createHmac("sha1", key).update(counter).digest();
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

test("sign-in with 2FA requires a code from the app or a recovery code", async ({ browser }) => {
  const account = portalUser("petra");
  const { page, complaints } = await newPage(browser);
  await signIn(page, "/portal", account);
  await page.goto("/portal/profile");
  const section = page.locator("#second-step");
  await section.getByLabel("Current password").fill(account.password);
  await section.getByRole("button", { name: "Set up 2FA" }).click();
  const secret = await section.locator("bdi.mono").textContent();
  expect(await serious(page)).toEqual([]);
  await section.getByLabel("Code", { exact: true }).fill("12 ab");
  await section.getByRole("button", { name: "Turn on 2FA" }).click();
  await expect(section.getByRole("alert")).toBeVisible();
  await section.getByLabel("Code", { exact: true }).fill(code(secret));
  await section.getByRole("button", { name: "Turn on 2FA" }).click();
  const recovery = await section.locator(".recovery li").allTextContents();
  expect(recovery).toHaveLength(10);
  expect(await serious(page)).toEqual([]);

  // The password alone is no longer sufficient.
  const { page: phone, complaints: others } = await newPage(browser, { viewport: { width: 390, height: 844 } });
  await phone.goto("/portal/sign-in");
  await phone.locator("#sign-in-email").fill(account.email);
  await phone.locator("#sign-in-password").fill(account.password);
  await phone.locator("form.card button[type=submit]").click();
  await expect(phone).toHaveURL(/\/portal\/sign-in\/code/);
  expect(await serious(phone)).toEqual([]);
  await phone.goto("/portal/requests");
  await expect(phone).toHaveURL(/sign-in/);
  await phone.goto("/portal/sign-in/code");
  await phone.getByRole("textbox").fill("000000");
  await phone.locator("form.card button[type=submit]").click();
  await expect(phone.getByRole("alert")).toBeVisible();
  await phone.getByRole("textbox").fill(recovery[3]);
  await phone.locator("form.card button[type=submit]").click();
  await expect(phone.getByRole("heading", { level: 1 })).toContainText("Petra");

  await page.goto("/portal/profile");
  await expect(section).toContainText("9");
  await section.getByText("Change recovery codes or turn off 2FA").click();
  // After wrong codes, even a correct code has to wait.
  await expect(async () => {
    await section.getByLabel("Code", { exact: true }).fill(code(secret, 1));
    await section.getByRole("button", { name: "Turn off 2FA" }).click();
    await expect(section.getByRole("button", { name: "Set up 2FA" })).toBeVisible({ timeout: 1500 });
  }).toPass();
  expect([...complaints, ...others]).toEqual([]);
});
