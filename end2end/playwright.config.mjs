// Browser tests with the installed Chromium. They run serially, because they share one server and one database.
import { execSync } from "node:child_process";
import { defineConfig } from "@playwright/test";

const chromium = execSync("command -v chromium || command -v chromium-browser || command -v google-chrome").toString().trim();
const launchOptions = {
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
};

export default defineConfig({
  testDir: ".",
  workers: 1,
  // The longest tests check some fifty pages with axe.
  timeout: 180_000,
  forbidOnly: true,
  globalSetup: "./server.mjs",
  outputDir: "test-results",
  reporter: [["list"], ["json", { outputFile: "test-results/report.json" }]],
  use: { launchOptions, locale: "en-GB", timezoneId: "Europe/Berlin", actionTimeout: 15_000 },
  projects: [
    { name: "with-javascript", use: { javaScriptEnabled: true } },
    { name: "without-javascript", use: { javaScriptEnabled: false }, testMatch: /company\.spec\.mjs|story\.spec\.mjs|pages\.spec\.mjs|board\.spec\.mjs/ },
  ],
});
