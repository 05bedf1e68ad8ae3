// Checks deliveries of the worker with the Standard Webhooks verifier from npm: valid ones pass, all others are rejected.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const cases = JSON.parse(readFileSync(process.argv[2], "utf8"));
for (const one of cases) {
  let taken = true;
  try {
    new Webhook(one.secret).verify(one.body, one.headers);
  } catch {
    taken = false;
  }
  if (taken !== one.valid) {
    console.error(`npm: taken ${taken}, valid ${one.valid}: ${JSON.stringify(one.headers)}`);
    process.exit(1);
  }
}
console.log(`${cases.length} checked`);
