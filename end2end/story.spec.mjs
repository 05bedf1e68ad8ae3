// The main workflow, from a partner's POST to the customer's portal and from the portal to a scheduled job.
import { expect, test } from "@playwright/test";
import { api, choose, dateIn, isSigned, newPage, PHOTO, portalUser, receiver, signIn, staffOf } from "./helpers.mjs";

const INTERNAL = "Customer argued about the last invoice";

test("imported job becomes a visit, signed events and a released report", async ({ browser }, info) => {
  const run = info.project.name === "with-javascript" ? "A" : "B";
  const window = run === "A" ? ["05:10", "05:40"] : ["05:50", "06:20"];
  const externalId = `JOB-2026-000918-${run}`;
  const summary = `Compressor exchanged, run ${run}`;
  const followUp = `Check the pressure again, run ${run}`;

  // The ERP subscribes to approvals and billing; its receiver fails at first.
  const hook = await receiver(503);
  const endpoint = await api("erp", "POST", "/webhook-endpoints", { url: hook.url, eventTypes: ["billing.triggered", "visit_report.approved"], dataOptions: { billingDetails: true } });
  expect(endpoint.status).toBe(201);
  expect(endpoint.body.secret).toMatch(/^whsec_/);

  // The same job is posted twice and creates one target.
  const job = {
    externalId,
    customer: { externalId: "CUST-10042", customerNumber: "RRM-001", name: "Rhein-Ruhr Medical Supply" },
    location: { externalId: "LOC-ESSEN-01", name: "Essen Center", city: "Essen" },
    contact: { externalId: "CONT-44", displayName: "Anna Weber" },
  };
  const first = await api("erp", "POST", "/targets", job);
  expect(first.status).toBe(201);
  expect(first.body.mapping.customer).toMatchObject({ status: "mapped", rule: "C6" });
  const again = await api("erp", "POST", "/targets", job);
  expect(again.status).toBe(200);
  expect(again.body).toMatchObject({ outcome: "unchanged", targetId: first.body.targetId });
  const target = first.body.targetId;

  // Dispatch schedules an appointment. An invalid input shows an error and keeps the input.
  const dispatch = await newPage(browser);
  await signIn(dispatch.page, "/app", staffOf("dispatcher"));
  await expect(dispatch.page).toHaveURL(/\/app\/today/);
  await dispatch.page.goto(`/app/inbox`);
  await expect(dispatch.page.getByText(externalId)).toBeVisible();
  await dispatch.page.goto(`/app/targets/${target}`);
  const plan = async (start, end) => {
    await choose(dispatch.page.getByRole("region", { name: "Schedule appointment" }).getByLabel("Technician"), "Tom Becker");
    await dispatch.page.getByRole("region", { name: "Schedule appointment" }).getByLabel("Date").fill(dateIn(1));
    await dispatch.page.getByRole("region", { name: "Schedule appointment" }).getByLabel("From", { exact: true }).fill(start);
    await dispatch.page.getByRole("region", { name: "Schedule appointment" }).getByLabel("To", { exact: true }).fill(end);
    await dispatch.page.getByRole("button", { name: "Schedule appointment" }).click();
  };
  await plan(window[1], window[0]);
  await expect(dispatch.page.getByRole("alert")).toContainText("The end must be after the start");
  await expect(dispatch.page.getByRole("region", { name: "Schedule appointment" }).getByLabel("From", { exact: true })).toHaveValue(window[1]);
  // The time is before the shift, which is a conflict that has to be confirmed.
  await plan(window[0], window[1]);
  await expect(dispatch.page.getByRole("alert")).toContainText("no shift");
  await dispatch.page.getByLabel("Schedule anyway").check();
  await dispatch.page.getByRole("button", { name: "Schedule appointment" }).click();
  await expect(dispatch.page.getByRole("status")).toContainText("Appointment scheduled");

  // The technician starts travel, arrives and submits a report with two photos.
  const visit = await newPage(browser, { viewport: { width: 390, height: 844 } });
  await signIn(visit.page, "/app", staffOf("technician"));
  await visit.page.goto(`/app/day?date=${dateIn(1)}`);
  await visit.page.getByRole("link", { name: new RegExp("Rhein-Ruhr Medical Supply") }).first().click();
  await visit.page.goto(`/app/day/${target}`);
  // The visit is tomorrow, so starting travel has to be confirmed.
  visit.page.once("dialog", (question) => question.accept());
  await visit.page.getByRole("button", { name: "Start travel" }).click();
  await expect(visit.page.getByRole("status")).toContainText("Travel started");
  await visit.page.getByRole("button", { name: "Arrived" }).click();
  await expect(visit.page.getByRole("status").filter({ hasText: "Arrival recorded" })).toBeVisible();
  await visit.page.getByLabel("Work performed").fill(summary);
  await visit.page.getByLabel("Internal notes").fill(INTERNAL);
  await visit.page.getByLabel("Work time in minutes").fill("50");
  await visit.page.getByLabel("Choose photos").setInputFiles([
    { name: "inside.png", mimeType: "image/png", buffer: PHOTO },
    { name: "for-customer.png", mimeType: "image/png", buffer: PHOTO },
  ]);
  await visit.page.getByLabel("Follow-up").fill(followUp);
  await visit.page.getByLabel("Billable").check();
  await visit.page.getByRole("button", { name: "Submit report" }).click();
  await expect(visit.page.getByRole("status")).toContainText("Report submitted");

  // Before the release, Anna sees nothing of the report.
  const anna = await newPage(browser);
  await signIn(anna.page, "/portal", portalUser("anna.weber"));
  await anna.page.getByRole("button", { name: "English" }).click();
  await anna.page.goto("/portal/reports");
  await expect(anna.page.getByText(summary)).toHaveCount(0);

  // The manager approves: the first delivery fails, and the retried events arrive signed.
  const manager = await newPage(browser);
  await signIn(manager.page, "/app", staffOf("manager"));
  await expect(manager.page).toHaveURL(/\/app\/today/);
  await manager.page.goto(`/app/targets/${target}`);
  await manager.page.getByRole("link", { name: "Open report" }).click();
  await expect(manager.page.getByText(INTERNAL)).toBeVisible();
  await manager.page.getByRole("button", { name: "Approve report", exact: true }).click();
  await expect(manager.page.getByRole("status")).toContainText("Report approved");
  const billing = await hook.until((delivery) => JSON.parse(delivery.body).type === "billing.triggered");
  const approved = await hook.until((delivery) => JSON.parse(delivery.body).type === "visit_report.approved");
  for (const delivery of [...billing, ...approved]) expect(isSigned(delivery, endpoint.body.secret)).toBe(true);
  const event = JSON.parse(billing.at(-1).body);
  expect(event.data.target).toMatchObject({ id: target, externalId });
  expect(event.data.customerContext.customer).toMatchObject({ externalId: "CUST-10042" });
  expect(event.data).toMatchObject({ workMinutes: 50 });
  expect(billing.at(-1).body).not.toContain(INTERNAL);
  expect(billing.at(-1).body).not.toContain("Anna Weber");
  await hook.until(() => new Set(hook.received.map((delivery) => delivery.headers["webhook-id"])).size === 2 && hook.received.length >= 3);

  // The approved report is not visible; the release is, with the selected photo.
  await anna.page.goto("/portal/reports");
  await expect(anna.page.getByText(summary)).toHaveCount(0);
  await manager.page.getByLabel("Title").fill(`Your visit, run ${run}`);
  await manager.page.getByLabel("Summary").fill(summary);
  await manager.page.getByLabel("Personal message").fill("All is well again.");
  await manager.page.getByLabel("Follow-up").fill(followUp);
  await manager.page.getByLabel("for-customer.jpg").check();
  await expect(manager.page.getByText("anna.weber@rhein-ruhr-medical.example")).toBeVisible();
  await manager.page.getByRole("button", { name: "Publish report" }).click();
  await expect(manager.page.getByRole("status")).toContainText("Report published");
  const files = (await Promise.all((await manager.page.locator(".review-photos a:not(.gallery-link)").all()).map((link) => link.getAttribute("href")))).map((href) => href.split("/").pop());
  expect(files).toHaveLength(2);

  // Anna sees appointment, report, selected photo, follow-up and timeline, and no internal data.
  await anna.page.goto("/portal/reports");
  await anna.page.getByRole("link", { name: `Your visit, run ${run}` }).click();
  await expect(anna.page.getByText(summary)).toBeVisible();
  await expect(anna.page.getByText("for-customer.jpg")).toBeVisible();
  await expect(anna.page.getByText("inside.jpg")).toHaveCount(0);
  const html = await anna.page.content();
  for (const word of [INTERNAL, "inside", "billable", "webhook"]) expect(html).not.toContain(word);
  const statuses = [];
  for (const file of files) statuses.push((await anna.context.request.get(`/portal/files/${file}`)).status());
  expect(statuses.sort()).toEqual([200, 404]);
  await anna.page.goto("/portal");
  await expect(anna.page.getByText(followUp)).toBeVisible();
  await anna.page.goto("/portal/appointments");
  await expect(anna.page.getByText("Completed").first()).toBeVisible();
  await anna.page.goto("/portal/timeline");
  for (const milestone of ["Report shared", "Follow-up required", "Visit completed", "Appointment scheduled"]) await expect(anna.page.getByText(milestone).first()).toBeVisible();

  // A contact of another customer gets 404.
  await anna.page.goto("/portal/reports");
  const reportPath = await anna.page.getByRole("link", { name: `Your visit, run ${run}` }).getAttribute("href");
  const stranger = await newPage(browser);
  await signIn(stranger.page, "/portal", portalUser("kontakt"));
  expect((await stranger.page.goto(reportPath)).status()).toBe(404);

  for (const { complaints, context } of [dispatch, visit, anna, manager]) {
    expect(complaints).toEqual([]);
    await context.close();
  }
  await stranger.context.close();
  hook.close();
});

test("portal request is accepted, converted and scheduled", async ({ browser }, info) => {
  const run = info.project.name === "with-javascript" ? "A" : "B";
  const window = run === "A" ? ["04:10", "04:40"] : ["04:50", "05:05"];
  const words = `The freezer hums <b>loudly</b> & "oddly", run ${run}`;
  const anna = await newPage(browser);
  await signIn(anna.page, "/portal", portalUser("anna.weber"));
  await anna.page.getByRole("button", { name: "English" }).click();
  await anna.page.goto("/portal/requests/new");
  await anna.page.getByRole("radio", { name: "Repair" }).check();
  await anna.page.getByRole("radio", { name: "Essen Center" }).check();
  await anna.page.getByLabel("Description").fill(words);
  await anna.page.getByRole("button", { name: "Submit request" }).click();
  await expect(anna.page.getByRole("status")).toContainText("Your request has been submitted");
  await expect(anna.page.locator(".quote").getByText(words)).toBeVisible();
  const request = anna.page.url();

  const dispatch = await newPage(browser);
  await signIn(dispatch.page, "/app", staffOf("dispatcher"));
  await dispatch.page.goto("/app/inbox");
  await dispatch.page.getByRole("link", { name: new RegExp(`run ${run}`) }).first().click();
  await expect(dispatch.page.locator("article .prose").getByText(words)).toBeVisible();
  await dispatch.page.getByRole("button", { name: "Accept", exact: true }).click();
  await expect(dispatch.page.getByRole("status")).toContainText("Request accepted");
  await anna.page.goto(request);
  await expect(anna.page.locator(".chip", { hasText: "Accepted" })).toBeVisible();
  await dispatch.page.getByRole("button", { name: "Convert to job" }).click();
  await expect(dispatch.page.getByRole("status")).toContainText("You can now schedule an appointment");
  await choose(dispatch.page.getByRole("region", { name: "Schedule appointment" }).getByLabel("Technician"), "Aylin Kaya");
  await dispatch.page.getByRole("region", { name: "Schedule appointment" }).getByLabel("Date").fill(dateIn(2));
  await dispatch.page.getByRole("region", { name: "Schedule appointment" }).getByLabel("From", { exact: true }).fill(window[0]);
  await dispatch.page.getByRole("region", { name: "Schedule appointment" }).getByLabel("To", { exact: true }).fill(window[1]);
  await dispatch.page.getByRole("button", { name: "Schedule appointment" }).click();
  await dispatch.page.getByLabel("Schedule anyway").check();
  await dispatch.page.getByRole("button", { name: "Schedule appointment" }).click();
  await expect(dispatch.page.getByRole("status")).toContainText("Appointment scheduled");
  await anna.page.goto(request);
  await expect(anna.page.locator(".chip", { hasText: "Planned" }).first()).toBeVisible();
  for (const { complaints, context } of [dispatch, anna]) {
    expect(complaints).toEqual([]);
    await context.close();
  }
});
