// The phone of a technician in the tests of My day.
import { randomBytes } from "node:crypto";
import { deflateSync } from "node:zlib";
import { expect } from "@playwright/test";
import { api } from "./helpers.mjs";

export const PHONE = { viewport: { width: 390, height: 844 }, locale: "en-GB", timezoneId: "Europe/Berlin" };
let number = 0;
export const newName = (start) => `${start}-${Date.now().toString(36)}-${(number += 1)}`;

/** Computes the CRC-32 of a PNG chunk. */
function checkSum(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
}

/** Creates a large PNG of random noise, which needs many packets. */
export function largePhoto(side = 900) {
  const rows = randomBytes(side * (side * 3 + 1));
  for (let row = 0; row < side; row += 1) rows[row * (side * 3 + 1)] = 0;
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind), data]);
    const around = Buffer.alloc(8);
    around.writeUInt32BE(data.length, 0);
    around.writeUInt32BE(checkSum(body), 4);
    return Buffer.concat([around.subarray(0, 4), body, around.subarray(4)]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", deflateSync(rows, { level: 1 })), chunk("IEND", Buffer.alloc(0))]);
}

/** Returns a time some minutes from now, rounded down to five minutes, in Unix seconds. */
export const soon = (minutes = 0) => Math.floor(Date.now() / 300_000) * 300 + minutes * 60;

/** Opens a page, even while the current page reloads because an entry has arrived. */
export const open = (page, path) => expect(() => page.goto(path)).toPass();

/** Schedules a job through the confirmation page. */
export async function plan(dispatch, target, technician, at) {
  await dispatch.goto(`/app/board/move?target=${target}&technician=${technician}&at=${at}&back=%2Fapp%2Fboard`);
  await dispatch.locator('form[action^="/app/fn/move-target"] button[type=submit]').click();
  await expect(dispatch).toHaveURL(/\/app\/board($|\?)/);
}

/** Creates a job and schedules it for a technician, by default today. */
export async function visitOf(dispatch, technician, at = soon()) {
  const body = { externalId: newName("MYDAY"), durationMinutes: 30, customer: { externalId: "CUST-10042" }, location: { externalId: "LOC-ESSEN-01" }, notes: "Bring the long ladder." };
  const answer = await api("erp", "POST", "/targets", body);
  expect([200, 201]).toContain(answer.status);
  await plan(dispatch, answer.body.targetId, technician, at);
  return answer.body.targetId;
}

/** Ends the visits that an earlier test has left under way: a technician has one at a time. */
export async function endVisits(page) {
  for (;;) {
    const stop = page.locator('.stops > :is([data-status="en_route"], [data-status="on_site"])').first();
    if ((await stop.count()) === 0) return;
    const target = await stop.getAttribute("data-stop");
    const report = { target, summary: "Ended for the next test", work_minutes: "1", completed: "on" };
    const headers = { "sec-fetch-site": "same-origin", accept: "text/html" };
    if ((await stop.getAttribute("data-status")) === "en_route") await page.request.post("/app/fn/arrive", { form: { target }, headers });
    const sent = await page.request.post("/app/fn/submit-report", { multipart: report, headers });
    expect(sent.ok()).toBe(true);
    await open(page, "/app/day");
  }
}

/** Returns the id of the signed-in technician, who has no visit under way. Questions about the order of visits are answered. */
export async function personOf(page) {
  page.on("dialog", (question) => question.accept());
  await open(page, "/app/day");
  await endVisits(page);
  return page.locator("[data-keeper]").getAttribute("data-keeper");
}

/** Waits until the phone works offline: the worker runs and the pages are cached. The first visit is one of today. */
export async function onThePhone(page, ...targets) {
  await open(page, "/app/day");
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  const paths = ["/app/day", "/app/day/unsent", "/app/day/offline-data-removed", "/app/day/sheet", ...targets.map((target) => `/app/day/${target}`)];
  const missing = () =>
    page.evaluate(async ({ paths, today }) => {
      const cache = await caches.open("my-day");
      const kept = (await cache.keys()).map(({ url }) => new URL(url).pathname);
      // A pass that began before a visit was scheduled caches the visit, but an older page of the day.
      const day = await (await cache.match("/app/day"))?.text();
      return paths.filter((path) => !kept.includes(path) || (path === today && !day?.includes(path)));
    }, { paths, today: `/app/day/${targets[0]}` });
  await expect.poll(missing).toEqual([]);
}

/** Reports a network. A page that is a cached copy loads again at this, which may interrupt the call. */
export const again = (page) => expect(() => page.evaluate(() => void dispatchEvent(new Event("online")))).toPass();
