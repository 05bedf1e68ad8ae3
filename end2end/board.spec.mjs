// Scheduling on the board: by mouse, by keyboard, in Arabic, with two dispatchers at once, and without scripts.
import { expect, test } from "@playwright/test";
import { api, newPage, serious, signIn, staffOf } from "./helpers.mjs";

/** Returns a Tuesday some weeks ahead with nothing scheduled. Each test uses its own. */
function tuesday(weeks) {
  const day = new Date();
  day.setUTCDate(day.getUTCDate() + ((9 - day.getUTCDay()) % 7) + 7 * weeks);
  return day.toISOString().slice(0, 10);
}

/** Creates an unscheduled job; it is urgent, so that it is listed first. */
async function waitingJob(externalId) {
  const answer = await api("erp", "POST", "/targets", { externalId, priority: "urgent", durationMinutes: 60, customer: { externalId: "CUST-10042" }, location: { externalId: "LOC-ESSEN-01" } });
  expect([200, 201]).toContain(answer.status);
  return answer.body.targetId;
}

/** Returns the box of an element. A live update may be replacing the element in between. */
async function boxOf(locator) {
  let box = null;
  await expect(async () => expect((box = await locator.boundingBox())).not.toBeNull()).toPass();
  return box;
}

/** Drags a job to a technician's row, at a fraction of the row's width. */
async function carry(page, target, name, part) {
  const what = page.locator(`[data-drag="${target}"]`);
  await expect(what).toBeVisible();
  const track = page.locator(`[data-track][data-name^="${name}"]`);
  const from = await boxOf(what);
  const to = await boxOf(track);
  const mirrored = (await page.locator("html").getAttribute("dir")) === "rtl";
  await page.mouse.move(from.x + from.width / 2, from.y + 12);
  await page.mouse.down();
  await page.mouse.move(from.x + from.width / 2 + 20, from.y + 30, { steps: 3 });
  await page.mouse.move(to.x + to.width * (mirrored ? 1 - part : part), to.y + to.height / 2, { steps: 6 });
}

test("job dropped on a row is scheduled and appears on other boards", async ({ browser }, info) => {
  test.skip(info.project.name !== "with-javascript", "dragging needs scripts; Schedule… is the other way");
  const day = tuesday(5);
  const target = await waitingJob("BOARD-MOUSE");
  const { page, complaints } = await newPage(browser, { viewport: { width: 1500, height: 900 } });
  await signIn(page, "/app", staffOf("dispatcher"));
  await page.goto(`/app/board?date=${day}`);
  await page.waitForLoadState("networkidle");
  expect(await serious(page)).toEqual([]);
  const other = await newPage(browser, { viewport: { width: 1500, height: 900 } });
  await signIn(other.page, "/app", staffOf("manager"));
  await other.page.goto(`/app/board?date=${day}`);
  await other.page.waitForLoadState("networkidle");

  // Conflicts appear under the pointer before the drop.
  await carry(page, target, "Aylin Kaya", 0.02);
  await expect(page.locator(".ghost")).toContainText("outside the shift");
  await page.keyboard.press("Escape");
  await expect(page.locator(".ghost")).toHaveCount(0);
  await page.mouse.up();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await carry(page, target, "Georg Seidel", 0.5);
  await expect(page.locator(".ghost")).toContainText("No conflicts");
  await page.mouse.up();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("heading", { level: 1 })).toContainText("Schedule J-");
  await expect(dialog).toContainText("Petra Schulte");
  expect(await serious(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Schedule appointment" }).click();
  await expect(page.locator("p[role=status]")).toContainText("Appointment scheduled");
  const stop = page.locator(`[data-track][data-name^="Georg Seidel"] [data-drag="${target}"]`);
  await expect(stop).toBeVisible();

  // The other dispatcher's board updates by itself; they reschedule the job in the meantime.
  const theirs = other.page.locator(`[data-track][data-name^="Georg Seidel"] [data-drag="${target}"]`);
  await expect(theirs).toBeVisible();
  await stop.getByRole("link", { name: /^Reschedule J-/ }).click();
  await expect(dialog).toBeVisible();
  await dialog.getByLabel("From", { exact: true }).fill("14:00");
  await dialog.getByLabel("To", { exact: true }).fill("15:00");
  await dialog.getByRole("button", { name: "Check conflicts" }).click();
  await expect(page.getByRole("heading", { level: 1, name: /Reschedule J-/ })).toBeVisible();
  await carry(other.page, target, "Aylin Kaya", 0.6);
  await other.page.mouse.up();
  await other.page.getByRole("dialog").getByRole("button", { name: /Reschedule appointment|Schedule anyway/ }).click();
  await expect(other.page.locator("p[role=status]")).toContainText("Appointment scheduled");
  // The second dispatcher sees the current appointment, and nothing is overwritten.
  await page.getByRole("button", { name: /Reschedule appointment|Schedule anyway/ }).click();
  await expect(page.getByRole("alert").first()).toBeVisible();
  await expect(page.locator("#move")).toContainText(/Current appointment: .*Aylin Kaya/);
  await other.page.reload();
  await expect(other.page.locator(`[data-track][data-name^="Aylin Kaya"] [data-drag="${target}"]`)).toBeVisible();
  expect([...complaints, ...other.complaints]).toEqual([]);
});

test("job is scheduled by keyboard only", async ({ browser }, info) => {
  const day = tuesday(info.project.name === "with-javascript" ? 6 : 7);
  const target = await waitingJob(`BOARD-KEYS-${info.project.name}`);
  const { page, complaints } = await newPage(browser);
  await signIn(page, "/app", staffOf("dispatcher"));
  await page.goto(`/app/board?date=${day}`);
  await page.waitForLoadState("networkidle");
  await page.locator(`[data-drag="${target}"]`).getByRole("link", { name: /^Schedule J-/ }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: /Schedule J-/ })).toBeVisible();
  const form = page.locator("#move");
  const id = await form.getByLabel("Technician").locator("option").filter({ hasText: /^Nadia Vogel/ }).getAttribute("value");
  await form.getByLabel("Technician").selectOption(id);
  await form.getByLabel("Date").fill(day);
  await form.getByLabel("From", { exact: true }).fill("10:00");
  await form.getByLabel("To", { exact: true }).fill("11:00");
  await form.getByRole("button", { name: "Check conflicts" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("#move-summary")).toContainText("No conflicts");
  await page.getByRole("button", { name: "Schedule appointment" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("p[role=status]")).toContainText("Appointment scheduled");
  await expect(page).toHaveURL(new RegExp(`date=${day}`));
  await expect(page.locator(`[data-track][data-name^="Nadia Vogel"] [data-drag="${target}"]`)).toContainText("10:00–11:00");
  for (const view of ["Week", "List", "Map"]) {
    await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: view }).click();
    await expect(page.locator(`#board a[href="/app/targets/${target}"]`)).toBeVisible();
    if (info.project.name === "with-javascript") expect(await serious(page)).toEqual([]);
  }
  expect(complaints).toEqual([]);
});

test("board in Arabic is mirrored and drops land at the shown position", async ({ browser }, info) => {
  test.skip(info.project.name !== "with-javascript", "dragging needs scripts");
  const day = tuesday(8);
  const target = await waitingJob("BOARD-ARABIC");
  const { page, complaints } = await newPage(browser, { viewport: { width: 1500, height: 900 }, locale: "ar" });
  await signIn(page, "/app", staffOf("dispatcher"));
  await page.goto(`/app/board?date=${day}`);
  await page.waitForLoadState("networkidle");
  await expect(page.locator("html")).toHaveAttribute("dir", "rtl");
  expect(await serious(page)).toEqual([]);
  await carry(page, target, "Jan Nowak", 0.5);
  await expect(page.locator(".ghost")).toContainText("Jan Nowak");
  await page.mouse.up();
  await page.getByRole("dialog").locator("form[action*='move-target'] button").click();
  await expect(page.locator("p[role=status]")).toBeVisible();
  const stop = page.locator(`[data-track][data-name^="Jan Nowak"] [data-drag="${target}"]`);
  await expect(stop).toBeVisible();
  const line = await boxOf(page.locator('[data-track][data-name^="Jan Nowak"]'));
  const box = await boxOf(stop);
  // The start is near the middle of the row, counted from the right.
  const part = (line.x + line.width - (box.x + box.width)) / line.width;
  expect(Math.abs(part - 0.5)).toBeLessThan(0.03);
  expect(complaints).toEqual([]);
});

test("route suggestion shows its reasons and is committed", async ({ browser }, info) => {
  const day = tuesday(info.project.name === "with-javascript" ? 9 : 10);
  const target = await waitingJob(`BOARD-SUGGEST-${info.project.name}`);
  const { page, complaints } = await newPage(browser);
  await signIn(page, "/app", staffOf("dispatcher"));
  await page.goto(`/app/board?date=${day}`);
  await page.getByRole("button", { name: "Suggest routes" }).click();
  await expect(page.getByRole("heading", { level: 1, name: /^Route suggestion for/ })).toBeVisible();
  // The page updates by itself; without scripts it has to be reloaded.
  await expect(async () => {
    if (info.project.name !== "with-javascript") await page.reload();
    await expect(page.getByText("Ready", { exact: true })).toBeVisible({ timeout: 1000 });
  }).toPass({ timeout: 60_000 });
  if (info.project.name === "with-javascript") expect(await serious(page)).toEqual([]);
  const stop = page.getByRole("listitem").filter({ has: page.locator(`a[href="/app/targets/${target}"]`) });
  await stop.getByText("Why here?").click();
  await expect(stop).toContainText(/travel|missing skills|past the end of the shift/);
  await stop.getByRole("button", { name: /^Commit J-/ }).click();
  await expect(page.locator("p[role=status]").first()).toContainText("Appointments scheduled");
  await page.goto(`/app/board?date=${day}&view=list`);
  await expect(page.locator(`#board a[href="/app/targets/${target}"]`)).toBeVisible();
  expect(complaints).toEqual([]);
});
