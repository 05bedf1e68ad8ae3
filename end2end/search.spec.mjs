// Search by any spelling, number or phone number; the command palette and the menu of what can be created by keyboard.
import { expect, test } from "@playwright/test";
import { newPage, press, serious, signIn, staffOf } from "./helpers.mjs";

const hit = (page, kind) => page.getByTestId("found").getByTestId(`hit-${kind}`);

test("search page finds records by any spelling, number or phone number", async ({ browser }) => {
  const { page } = await newPage(browser);
  await signIn(page, "/app", staffOf("dispatcher"));
  await page.goto("/app/search");
  for (const [text, kind, title] of [
    ["burohaus", "customer", "Bürohaus Ruhrbogen"],
    ["BUEROHAUS ruhr", "customer", "Bürohaus Ruhrbogen"],
    ["büro haus", "customer", "Bürohaus Ruhrbogen"],
    ["NL-1036", "customer", "Bürohaus Ruhrbogen"],
    ["0201 5550142", "contact", "+49 201 5550 142"],
    ["J-20", "job", "J-20"],
    ["tgt-20", "job", "J-20"],
    ["REQ-1", "request", "REQ-1"],
  ]) {
    await page.getByRole("main").getByRole("searchbox").fill(text);
    await page.getByRole("main").getByRole("button", { name: "Search" }).click();
    await expect(hit(page, kind).first(), text).toContainText(title);
  }
  await page.goto("/app/search?q=Unknown%20Ltd");
  await page.getByRole("link", { name: "Create customer “Unknown Ltd”" }).click();
  await expect(page.locator("[name=new_name]")).toHaveValue("Unknown Ltd");
});

test("palette opens pages and records by keyboard, and n what can be created", async ({ browser }) => {
  const { page, complaints } = await newPage(browser);
  await signIn(page, "/app", staffOf("dispatcher"));
  await page.goto("/app/jobs");
  const dialog = page.getByRole("dialog");
  const field = dialog.getByRole("textbox");
  await press(page, "Control+k", (options) => expect(field).toBeFocused(options));
  await page.keyboard.type("ruhrbogen");
  await expect(dialog.getByTestId("hit-customer").first()).toContainText("Bürohaus Ruhrbogen");
  expect(await serious(page)).toEqual([]);
  await page.keyboard.press("ArrowDown");
  await expect(dialog.getByRole("link").and(page.locator(":focus"))).toBeVisible();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await expect(field).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Bürohaus Ruhrbogen" })).toBeVisible();
  // A page is opened by its name, and a text whose results are not here yet by the search page.
  await press(page, "Control+k", (options) => expect(field).toBeFocused(options));
  await page.keyboard.type("boa");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/app\/board/);
  await press(page, "n", (options) => expect(page.getByRole("link", { name: "Log call" }).and(page.locator(":focus"))).toBeVisible(options));
  await page.keyboard.press("Escape");
  await expect(page.locator("details.new-menu")).not.toHaveAttribute("open");
  expect(complaints).toEqual([]);
});

test("g and a letter open a page, ? the shortcuts, / the filter of the jobs to schedule", async ({ browser }) => {
  const { page, complaints } = await newPage(browser);
  await signIn(page, "/app", staffOf("dispatcher"));
  await page.goto("/app/jobs");
  const goTo = (letter, url) =>
    expect(async () => {
      await page.keyboard.press("g");
      await page.keyboard.press(letter);
      await expect(page).toHaveURL(url, { timeout: 700 });
    }).toPass();
  await goTo("b", /\/app\/board$/);
  const cards = page.locator(".pool-card:visible");
  await expect(cards.first()).toBeVisible();
  const all = await cards.count();
  await press(page, "/", (options) => expect(page.locator(".filter-list")).toBeFocused(options));
  await page.keyboard.type("kornfeld");
  await expect(cards).not.toHaveCount(all);
  await expect(cards.first()).toContainText("Kornfeld");
  // Letters in a field open nothing.
  await page.keyboard.type(" gj");
  await expect(cards).toHaveCount(0);
  await expect(page).toHaveURL(/\/app\/board$/);
  await page.locator(".filter-list").fill("");
  await expect(cards).toHaveCount(all);
  await page.locator(".filter-list").blur();
  await press(page, "?", (options) => expect(page).toHaveURL(/\/app\/help$/, options));
  await goTo("c", /\/app\/customers$/);
  // What a technician may not open has no shortcut.
  const { page: phone } = await newPage(browser);
  await signIn(phone, "/app", staffOf("technician"));
  await phone.goto("/app/settings");
  await press(phone, "?", (options) => expect(phone).toHaveURL(/\/app\/help$/, options));
  await phone.keyboard.press("g");
  await phone.keyboard.press("c");
  await expect(phone).toHaveURL(/\/app\/help$/);
  expect(complaints).toEqual([]);
});
