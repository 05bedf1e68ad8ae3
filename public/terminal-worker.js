// The service worker of the terminal. Requests are stored on the device first and sent in order until the server confirms
// them, so nothing is lost without a connection, and a request that is sent twice is created once. The server prepends the
// constant SHELL: the files of this build, the languages, and how long a receipt is shown.
'use strict';

const CACHE = 'terminal';
const FIELDS = ['service_type', 'description', 'name', 'email', 'phone'];
const ENOUGH_SLIPS = 20;
const PATIENCE = 4000;

// ---- Storage --------------------------------------------------------------------------------------------------------

const MEMORY = { name: 'terminal', stores: { queue: { keyPath: 'sequence' }, slips: { keyPath: 'token' }, numbers: {} } };

/** Creates a receipt, without a QR code, for when no prepared receipt of the server is left. */
async function ownSlip() {
  const bytes = crypto.getRandomValues(new Uint8Array(20));
  const token = btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token)));
  const bits = [...hash].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const letter = (at) => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'[parseInt(bits.slice(at * 5, at * 5 + 5), 2)];
  const letters = [0, 1, 2, 3, 4, 5].map(letter).join('');
  return { token, code: `${letters.slice(0, 3)}-${letters.slice(3)}`, picture: '' };
}

/**
 * Stores a request under the next number, for the terminal on whose page it was written. The same content again within a
 * minute counts as a repeated submission.
 */
async function keep(terminal, fields, locale) {
  const spare = await ownSlip();
  const same = await mark([terminal, fields, locale]);
  const now = Date.now();
  return within(['queue', 'slips', 'numbers'], 'readwrite', async (store) => {
    const entries = await answer(store('queue').getAll());
    const earlier = entries.find((entry) => entry.same === same && now - entry.at < 60000);
    if (earlier) return earlier;
    const last = (await answer(store('numbers').get('last'))) ?? 0;
    // Based on the clock, so that numbers are not reused after the device's storage was cleared.
    const sequence = Math.max(last + 1, now);
    const [slip] = await answer(store('slips').getAll(null, 1));
    if (slip) store('slips').delete(slip.token);
    const { token, code, picture } = slip ?? spare;
    const entry = { sequence, terminal, token, code, picture, fields, locale, same, at: now, sent: false, refused: false };
    store('numbers').put(sequence, 'last');
    store('queue').put(entry);
    return entry;
  });
}

/** Updates a request. Once it is sent or rejected, its content is deleted; the receipt stays for as long as it is shown. */
async function settle(sequence, state) {
  await within(['queue'], 'readwrite', async (store) => {
    const entry = await answer(store('queue').get(sequence));
    if (!entry) return;
    const { fields, ...rest } = entry;
    store('queue').put({ ...rest, [state]: true });
  });
}

async function forgetOld() {
  await within(['queue'], 'readwrite', async (store) => {
    for (const entry of await answer(store('queue').getAll())) {
      if ((entry.sent || entry.refused) && Date.now() - entry.at > SHELL.lives) store('queue').delete(entry.sequence);
    }
  });
}

async function waiting() {
  const entries = await within(['queue'], 'readonly', (store) => answer(store('queue').getAll()));
  return entries.filter((entry) => !entry.sent && !entry.refused);
}

// ---- Sending ---------------------------------------------------------------------------------------------------------

async function send({ sequence, terminal, token, locale, fields }) {
  const response = await fetch('/terminal/kept', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sequence, terminal, token, locale, fields }),
    signal: AbortSignal.timeout(15000),
  });
  return response.status;
}

let sending = Promise.resolve(true);
/** Sends all waiting requests in order, one at a time. Stops when the server cannot be reached. */
function flush() {
  sending = sending.catch(() => true).then(async () => {
    for (const entry of await waiting()) {
      let status;
      try {
        status = await send(entry);
      } catch {
        break;
      }
      if (status === 200) await settle(entry.sequence, 'sent');
      else if (status === 401) {
        await forgetPages();
        break;
      }
      // Written while the device was paired as another terminal; it waits until the device is paired as that one again.
      else if (status === 409) continue;
      else if (status === 429 || status >= 500) break;
      else await settle(entry.sequence, 'refused');
    }
    await forgetOld();
    const left = (await waiting()).length;
    for (const page of await clients.matchAll({ includeUncontrolled: true })) page.postMessage({ waiting: left });
    return left;
  });
  return sending;
}

async function takeSlips() {
  const count = await within(['slips'], 'readonly', (store) => answer(store('slips').count()));
  if (count >= ENOUGH_SLIPS) return;
  const response = await fetch(`/terminal/state?slips=${ENOUGH_SLIPS}`);
  if (!response.ok) return;
  const { slips } = await response.json();
  await within(['slips'], 'readwrite', async (store) => slips.forEach((slip) => store('slips').put(slip)));
}

// ---- Pages -----------------------------------------------------------------------------------------------------------

const pageOf = (locale) => `/terminal?lang=${locale}`;
const receiptOf = (locale) => `/terminal/receipt?template=1&lang=${locale}`;
const localeOf = (url) => {
  const wanted = url.searchParams.get('lang');
  return SHELL.locales.includes(wanted) ? wanted : undefined;
};

async function keepPages() {
  const cache = await caches.open(CACHE);
  await cache.addAll([...SHELL.files, ...SHELL.locales.map(pageOf), ...SHELL.locales.map(receiptOf)]);
  for (const { url } of await cache.keys()) {
    const path = new URL(url).pathname;
    if (path.startsWith('/pkg/') && !SHELL.files.includes(path)) await cache.delete(url);
  }
}

async function forgetPages() {
  await caches.delete(CACHE);
}

/** Caches pages and files again after they were deleted because the device was unpaired. */
async function keepMissingPages() {
  const cache = await caches.open(CACHE);
  if (!(await cache.match(receiptOf(SHELL.locales[0])))) await keepPages();
}

/** Returns the page from the server or, if it is unavailable, the cached page. */
async function page(request, url) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(PATIENCE) });
    if (response.status === 401) await forgetPages();
    const locale = localeOf(url);
    if (response.ok && locale) await cache.put(pageOf(locale), response.clone());
    if (response.status < 500) return response;
    throw new Error('the server has no page now');
  } catch (error) {
    const wanted = localeOf(url) ?? SHELL.locales.find((locale) => navigator.language.startsWith(locale)) ?? SHELL.locales[0];
    const kept = await cache.match(pageOf(wanted));
    if (kept) return kept;
    throw error;
  }
}

const redirect = (to) => Response.redirect(new URL(to, self.location), 303);

async function take(request, url) {
  const plain = request.clone();
  const form = await request.formData();
  const locale = localeOf(url) ?? SHELL.locales[0];
  const fields = Object.fromEntries(FIELDS.map((name) => [name, form.get(name) ?? '']));
  let entry;
  try {
    entry = await keep(form.get('terminal') ?? '', fields, locale);
  } catch {
    // Without storage the form is sent directly.
    return fetch(plain);
  }
  await Promise.race([flush().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  const stored = await within(['queue'], 'readonly', (store) => answer(store('queue').get(entry.sequence)));
  if (stored?.refused) {
    await within(['queue'], 'readwrite', async (store) => store('queue').delete(entry.sequence));
    return fetch(plain);
  }
  return redirect(`/terminal/receipt?n=${entry.sequence}&lang=${locale}`);
}

/** Renders a receipt from the device's storage. An expired receipt redirects to the start page. */
async function receipt(url) {
  const sequence = Number(url.searchParams.get('n'));
  const entry = await within(['queue'], 'readonly', (store) => answer(store('queue').get(sequence)));
  if (!entry || Date.now() - entry.at > SHELL.lives) return redirect('/terminal');
  const cache = await caches.open(CACHE);
  const address = receiptOf(localeOf(url) ?? entry.locale);
  const template = (await cache.match(address)) ?? (await fetch(address));
  if (!template.ok) return redirect('/terminal');
  const text = (await template.text())
    .replaceAll('[[code]]', entry.code)
    .replaceAll('[[picture]]', entry.picture)
    .replaceAll('data-sent="yes"', `data-sent="${entry.sent ? 'yes' : 'later'}"`);
  return new Response(text, { headers: template.headers });
}

async function file(request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(request)) ?? fetch(request);
}

self.addEventListener('install', (event) => {
  event.waitUntil(keepPages().then(takeSlips).then(() => self.skipWaiting()));
});
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('message', (event) => {
  event.waitUntil(keepMissingPages().catch(() => undefined).then(flush).then(takeSlips).catch(() => undefined));
});
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method === 'POST' && url.pathname === '/terminal/requests') event.respondWith(take(request, url));
  else if (request.method !== 'GET') return;
  else if (url.pathname === '/terminal') event.respondWith(page(request, url));
  else if (url.pathname === '/terminal/receipt' && url.searchParams.has('n')) event.respondWith(receipt(url));
  else if (SHELL.files.includes(url.pathname)) event.respondWith(file(request));
});
