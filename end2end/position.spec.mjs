// After an action, the page is where it was: its scroll position, that of its lists, and the focus.
import { expect, test } from "@playwright/test";
import { newPage, signIn, staffOf } from "./helpers.mjs";

test("a long page keeps its position and the focus after an action", async ({ browser }) => {
  const { page, context } = await newPage(browser);
  await signIn(page, "/app", staffOf("dispatcher"));
  await page.setViewportSize({ width: 1200, height: 500 });
  await page.goto("/app/inbox");
  const request = await page.locator("a[href^='/app/inbox/req_']").first().getAttribute("href");
  await page.goto(request);
  await page.waitForLoadState("networkidle");
  const note = page.locator("[data-form='note'][name='note']");
  await note.scrollIntoViewIfNeeded();
  await note.fill("The position stays.");
  const button = page.locator("form[action^='/app/fn/add-note'] [type=submit]");
  await button.scrollIntoViewIfNeeded();
  const position = () => page.evaluate(() => Math.round(document.querySelector(".split-detail").scrollTop));
  const before = await position();
  expect(before).toBeGreaterThan(0);
  await button.click();
  await expect(page.getByText("The position stays.")).toBeVisible();
  await expect.poll(position).toBe(before);
  await expect(button).toBeFocused();
  // It is used once: another visit of the page begins at the top.
  await page.goto("/app/inbox");
  await page.goto(request);
  await page.waitForLoadState("networkidle");
  expect(await position()).toBe(0);
  await context.close();
});

test("the inbox keeps the position of its list from request to request", async ({ browser }) => {
  const { page, context } = await newPage(browser);
  await signIn(page, "/app", staffOf("dispatcher"));
  await page.setViewportSize({ width: 1200, height: 400 });
  await page.goto("/app/inbox");
  await page.waitForLoadState("networkidle");
  const position = () => page.evaluate(() => document.querySelector(".split-list").scrollTop);
  const last = page.locator(".queue-requests a").last();
  await last.scrollIntoViewIfNeeded();
  const before = await position();
  expect(before).toBeGreaterThan(0);
  await last.click();
  await expect(page.getByRole("article")).toBeVisible();
  await expect.poll(position).toBe(before);
  // Other filters are another list.
  await page.goto("/app/inbox?only=new");
  await page.waitForLoadState("networkidle");
  expect(await position()).toBe(0);
  await context.close();
});
