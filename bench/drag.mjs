// Measures the input delay while a stop is dragged over the board, with a CPU slowdown of four.
// Usage: node bench/drag.mjs URL EMAIL PASSWORD DATE. Prints {"median": ms, "p95": ms, "moves": n}.
import { execSync } from "node:child_process";
import { chromium } from "@playwright/test";

const [url, email, password, date] = process.argv.slice(2);
const executablePath = execSync("command -v chromium || command -v chromium-browser || command -v google-chrome").toString().trim();
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage({ baseURL: url, viewport: { width: 1500, height: 900 }, timezoneId: "Europe/Berlin" });
await page.goto("/app/sign-in");
await page.locator("#sign-in-email").fill(email);
await page.locator("#sign-in-password").fill(password);
await page.locator("form.card button[type=submit]").click();
await page.waitForURL((now) => !now.pathname.includes("sign-in"));
await page.goto(`/app/board?date=${date}`);
await page.waitForLoadState("networkidle");
const session = await page.context().newCDPSession(page);
await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
await page.evaluate(() => {
  window.delays = [];
  addEventListener("pointermove", ({ timeStamp }) => window.delays.push(performance.now() - timeStamp), { capture: true });
});
const stop = await page.locator(".stop[data-drag]").first().boundingBox();
await page.mouse.move(stop.x + 8, stop.y + 8);
await page.mouse.down();
for (let step = 0; step < 200; step += 1) {
  await page.mouse.move(stop.x + 20 + ((step * 7) % 900), 250 + ((step * 3) % 500));
}
await page.keyboard.press("Escape");
await page.mouse.up();
const delays = (await page.evaluate(() => window.delays)).sort((one, other) => one - other);
const at = (share) => delays[Math.floor((delays.length - 1) * share)];
console.log(JSON.stringify({ median: at(0.5), p95: at(0.95), moves: delays.length }));
await browser.close();
