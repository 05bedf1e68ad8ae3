// Runs Lighthouse on the most visited portal pages, five times each with mobile emulation, and checks the median. Run it with
// `make audit`.
import { pathToFileURL } from "node:url";
import start, { world } from "./server.mjs";

const RUNS = 5;
/** The minimum median score of each page, in percent. */
const GOALS = { performance: 98, accessibility: 100, "best-practices": 100 };

const tools = process.env.AUDIT_TOOLS;
const { default: lighthouse } = await import(pathToFileURL(`${tools}/lighthouse/core/index.js`).href);
const { launch } = await import(pathToFileURL(`${tools}/chrome-launcher/dist/index.js`).href);

const median = (values) => values.sort((one, other) => one - other)[Math.floor(values.length / 2)];

async function signIn(url, { email, password }) {
  const answer = await fetch(`${url}/portal/fn/sign-in`, {
    method: "POST",
    redirect: "manual",
    headers: { accept: "text/html", "sec-fetch-site": "same-origin" },
    body: new URLSearchParams({ email, password }),
  });
  return answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]).join("; ");
}

async function firstLink(url, list, start, cookie) {
  const page = await (await fetch(url + list, { headers: { cookie } })).text();
  return new RegExp(`href="(${start}[^"]+)"`).exec(page)[1];
}

const stop = await start();
let missed = 0;
try {
  const { url, tenants } = world();
  const anna = tenants.find((tenant) => tenant.slug === "nordlicht").portal.find((account) => account.email.startsWith("anna"));
  const cookie = await signIn(url, anna);
  const report = await firstLink(url, "/portal/reports", "/portal/reports/rel_", cookie);
  const pages = { home: "/portal", requests: "/portal/requests", report };
  for (const [name, path] of Object.entries(pages)) {
    const scores = { performance: [], accessibility: [], "best-practices": [] };
    const complaints = new Set();
    for (let run = 0; run < RUNS; run += 1) {
      const chromium = await launch({ chromePath: process.env.CHROME_PATH, chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu"] });
      const flags = { port: chromium.port, onlyCategories: Object.keys(scores), extraHeaders: { cookie }, logLevel: "error" };
      const { lhr } = await lighthouse(url + path, flags);
      chromium.kill();
      if (!new URL(lhr.finalDisplayedUrl).pathname.startsWith(path)) throw new Error(`${path} led to ${lhr.finalDisplayedUrl}`);
      for (const [category, { score, auditRefs }] of Object.entries(lhr.categories)) {
        scores[category].push(Math.round(score * 100));
        for (const { id, weight } of auditRefs) {
          const audit = lhr.audits[id];
          if (weight > 0 && audit.score !== null && audit.score < 0.9) complaints.add(`${id}: ${audit.title} ${audit.displayValue ?? ""}`);
        }
      }
    }
    const line = Object.entries(scores).map(([category, values]) => {
      const value = median(values);
      if (value < GOALS[category]) missed += 1;
      return `${category} ${value}${value < GOALS[category] ? ` (goal ${GOALS[category]})` : ""}`;
    });
    console.log(`${name.padEnd(9)} ${line.join(", ")}`);
    for (const complaint of complaints) console.log(`          ${complaint}`);
  }
} finally {
  await stop();
}
console.log(missed ? `${missed} goals missed` : "every goal reached");
process.exit(missed ? 1 : 0);
