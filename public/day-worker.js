// The service worker of My day. Entries are stored on the phone first and sent in order until the server confirms them, so
// nothing is lost without a network, and an entry that is sent twice is applied once. The server prepends the constant SHELL,
// which lists the files of this build.
'use strict';

const CACHE = 'my-day';
const PATIENCE = 4000;
const STEPS = {
  '/app/fn/start-travel': 'start_travel', '/app/fn/arrive': 'arrive', '/app/fn/submit-report': 'report',
  '/app/fn/report-cannot-do': 'cannot_do', '/app/fn/report-late': 'late',
};
/** Fields that belong to the form and not to the entry. */
const AROUND = ['target', 'seen', 'person', 'label', 'replaces', 'photo', 'photo_marks'];
/** Milliseconds for which a sent entry is remembered, so that submitting the same form again creates no second entry. */
const KNOWN = 600_000;
/** Maximum side of a photo in pixels. Photos are scaled down before they are stored, because connections on site are slow. */
const LONGEST_SIDE = 2560;
/** Days after the present one that are kept on the phone. */
const DAYS_AHEAD = 6;
/** Files of requests that are larger than this stay on the server. */
const MAX_KEPT_BYTES = 8_000_000;
/** The page that is shown instead of what is not on this phone. It contains nothing personal. */
const OFFLINE = '/app/day/offline';

// ---- Storage ---------------------------------------------------------------------------------------------------------

const MEMORY = { name: 'my-day', stores: { entries: { keyPath: 'key' }, photos: { keyPath: ['key', 'position'] }, state: {} } };

/** Returns nothing if the storage cannot be read; the app then works as without this worker. */
const get = (name) => within(['state'], 'readonly', (store) => answer(store('state').get(name))).catch(() => undefined);

/** Fetches with a timeout until the response starts. The body may take longer. */
async function fetchWithin(request, patience, init = {}) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), patience);
  try {
    return await fetch(request, { ...init, signal: controller.signal });
  } finally {
    clearTimeout(timer);
  }
}

const set = (name, value) => within(['state'], 'readwrite', async (store) => void store('state').put(value, name));
const photosOf = (key) => IDBKeyRange.bound([key, -1], [key, Infinity]);

/** Returns all entries in the order in which they were saved. */
async function entries() {
  const all = await within(['entries'], 'readonly', (store) => answer(store('entries').getAll()));
  return all.sort((one, other) => one.number - other.number);
}

// ---- Drafts ----------------------------------------------------------------------------------------------------------

/** A draft has two parts, so that the photos are not written again with each letter. */
const DRAFT_PARTS = ['text', 'photos'];
const draftKey = (part, person, target) => `draft ${person} ${part} ${target}`;
const draftsOf = (person, part = '') => IDBKeyRange.bound(`draft ${person} ${part}`, `draft ${person} ${part}\uffff`);

/** Keeps one part of a draft, unless its person has signed out or somebody else uses the phone now. */
async function keepDraft(part, person, target, value) {
  await within(['state'], 'readwrite', async (store) => {
    if (await answer(store('state').get('leaving'))) return;
    if ((await answer(store('state').get('person'))) !== person) return;
    store('state').put(value, draftKey(part, person, target));
  });
}

const draftOf = (person, target) =>
  within(['state'], 'readonly', async (store) => {
    if ((await answer(store('state').get('person'))) !== person) return {};
    const [text, photos] = DRAFT_PARTS.map((part) => answer(store('state').get(draftKey(part, person, target))));
    return { draft: await text, photos: await photos };
  });

const discardDraft = (person, target) =>
  within(['state'], 'readwrite', async (store) => {
    for (const part of DRAFT_PARTS) store('state').delete(draftKey(part, person, target));
  });

const drafts = (person) => within(['state'], 'readonly', (store) => answer(store('state').getAll(draftsOf(person, 'text '))));

const isOpen = ({ state }) => state === 'waiting' || state === 'refused';

/** Rotates a photo upright and scales it down. Returns it unchanged if the browser cannot decode it. */
async function smaller(file) {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
    canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const made = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
    return made.size < file.size ? made : file;
  } catch {
    return file;
  }
}

/** Stores an entry with its photos in one transaction. The same content again counts as a repeated submission. */
async function keep(step, form) {
  const fields = {};
  for (const [name, value] of form) if (!AROUND.includes(name) && typeof value === 'string') fields[name] = value;
  const files = form.getAll('photo').filter((file) => file instanceof File && file.size > 0);
  const [person, target, seen, label, replaces] = ['person', 'target', 'seen', 'label', 'replaces'].map((name) => form.get(name) ?? '');
  const marks = (form.get('photo_marks') ?? '').split(',');
  const looks = files.map(({ name, size, lastModified }, index) => [name, size, lastModified, marks[index] ?? '']);
  const same = await mark([person, target, step, seen, fields, looks]);
  const photos = [];
  for (const [index, file] of files.entries()) photos.push({ name: file.name, blob: await smaller(file), mark: marks[index] ?? '' });
  const now = Date.now();
  return within(['entries', 'photos', 'state'], 'readwrite', async (store) => {
    const all = await answer(store('entries').getAll());
    const isPress = ({ state, collided, at }) => state === 'waiting' || (state === 'sent' && !collided && now - at < 60_000);
    const earlier = all.find((entry) => entry.same === same && isPress(entry));
    if (earlier) return earlier;
    if (replaces) {
      store('entries').delete(replaces);
      store('photos').delete(photosOf(replaces));
    }
    const number = ((await answer(store('state').get('number'))) ?? 0) + 1;
    store('state').put(number, 'number');
    const entry = {
      key: crypto.randomUUID(), number, person, target, label, step, seen, fields, same,
      photos: photos.length, at: now, noted_at: new Date(now).toISOString(), state: 'waiting',
    };
    store('entries').put(entry);
    photos.forEach(({ name, blob, mark }, position) => store('photos').put({ key: entry.key, position, name, blob, mark, sent: false }));
    // What was a draft is an entry now.
    if (step === 'report') for (const part of DRAFT_PARTS) store('state').delete(draftKey(part, person, target));
    return entry;
  });
}

/** Updates an entry. Once it is sent, its content and photos are deleted. */
async function settle(key, change) {
  await within(['entries', 'photos'], 'readwrite', async (store) => {
    const entry = await answer(store('entries').get(key));
    if (!entry) return;
    if (change.state === 'sent') {
      const { fields, seen, ...rest } = entry;
      store('entries').put({ ...rest, ...change, sent_at: Date.now() });
      store('photos').delete(photosOf(key));
    } else store('entries').put({ ...entry, ...change });
  });
}

async function remove(key) {
  await within(['entries', 'photos'], 'readwrite', async (store) => {
    store('entries').delete(key);
    store('photos').delete(photosOf(key));
  });
}

/** Queues a rejected report without its photos, under a new key: some photos may have arrived under the first one. */
async function withoutPhotos(key) {
  await within(['entries', 'photos', 'state'], 'readwrite', async (store) => {
    const entry = await answer(store('entries').get(key));
    if (entry?.state !== 'refused') return;
    store('entries').delete(key);
    store('photos').delete(photosOf(key));
    const { problems, ...rest } = entry;
    store('entries').put({ ...rest, key: crypto.randomUUID(), photos: 0, state: 'waiting' });
    for (const part of DRAFT_PARTS) store('state').delete(draftKey(part, entry.person, entry.target));
  });
}

async function forgetOld() {
  for (const entry of await entries()) {
    if (entry.state === 'sent' && Date.now() - entry.sent_at > KNOWN) await remove(entry.key);
  }
}

// ---- Sending ---------------------------------------------------------------------------------------------------------

async function post(path, fields, patience) {
  const body = new FormData();
  for (const [name, value, file] of fields) file ? body.append(name, value, file) : body.append(name, value);
  return fetch(path, {
    method: 'POST', body, redirect: 'manual', headers: { accept: 'application/json' }, signal: AbortSignal.timeout(patience),
  });
}

/** Returns the server's error messages in the user's language, one line per field. */
async function wrong(response) {
  const text = await response.text().catch(() => '');
  return text.replace(/^ServerError\|/, '').split('\n').filter((line) => line && line.length < 500).slice(0, 20);
}

/** Sends the photos that have not been sent. Returns the first response that is not a success, if any. */
async function sendPhotos({ key, person }) {
  const photos = await within(['photos'], 'readonly', (store) => answer(store('photos').getAll(photosOf(key))));
  for (const photo of photos) {
    if (photo.sent) continue;
    const fields = [['key', key], ['person', person], ['position', String(photo.position)], ['mark', photo.mark ?? ''], ['photo', photo.blob, photo.name || 'photo.jpg']];
    const response = await post('/app/fn/send-photo', fields, 120_000);
    if (response.status !== 200) return response;
    await within(['photos'], 'readwrite', async (store) => {
      // The photo may have been removed during the request.
      if (await answer(store('photos').get([key, photo.position]))) store('photos').put({ ...photo, sent: true });
    });
  }
  return undefined;
}

async function send(entry) {
  const refused = await sendPhotos(entry);
  if (refused) return { status: refused.status, problems: await wrong(refused) };
  const { key, person, target, step, noted_at, seen, photos, fields } = entry;
  const around = { key, person, target, step, noted_at, seen, photos: String(photos) };
  const response = await post('/app/fn/send-entry', Object.entries({ ...fields, ...around }), 30_000);
  if (response.status !== 200) return { status: response.status, problems: await wrong(response) };
  return { status: 200, outcome: await response.json(), visible: response.headers.get('x-visible-to-customer') === 'yes' };
}

async function forgetSentPhotos({ key }) {
  await within(['photos'], 'readwrite', async (store) => {
    for (const photo of await answer(store('photos').getAll(photosOf(key)))) store('photos').put({ ...photo, sent: false });
  });
}

let sending = Promise.resolve();
/** Sends all waiting entries in order, one at a time. Stops when the server cannot be reached. */
function flush() {
  sending = sending.catch(() => undefined).then(async () => {
    const blocked = new Set();
    for (const { key, target } of await entries()) {
      // Read again, because the entry may have been removed, or another person may use the phone now.
      const [entry] = (await entries()).filter((one) => one.key === key);
      const person = await get('person');
      if (entry?.state !== 'waiting' || blocked.has(target) || (person && entry.person !== person)) continue;
      let result;
      try {
        result = await send(entry);
      } catch {
        break;
      }
      const { status, outcome, problems, visible } = result;
      if (status === 200) await settle(entry.key, { state: 'sent', collided: outcome === 'waiting', visible });
      else if (status === 401) {
        await set('signed_out', true);
        await forgetPages();
        break;
      }
      // Another person is signed in; the entry waits for the person who saved it.
      else if (status === 403) continue;
      // Only later entries of the same visit have to wait.
      else if (status === 412) {
        await forgetSentPhotos(entry);
        blocked.add(target);
      } else if (status === 408 || status === 409) blocked.add(target);
      else if (status === 0 || status === 429 || status >= 500) break;
      else await settle(entry.key, { state: 'refused', problems });
    }
    await forgetOld();
    await tell();
  });
  return sending;
}

/** Sends the state of the queue to the open pages. */
async function tell() {
  const person = await get('person');
  const all = await entries();
  const own = all.filter((entry) => entry.person === person);
  const message = {
    kind: 'state',
    person,
    signed_out: (await get('signed_out')) ?? false,
    drafts: (person ? await drafts(person) : []).map(({ target, label, at }) => ({ target, label, at })),
    other: all.filter((entry) => entry.person !== person && isOpen(entry)).length,
    entries: own.map(({ key, target, label, step, noted_at, state, collided, visible, problems, photos }) => ({ key, target, label, step, noted_at, state, collided, visible, problems, photos })),
  };
  for (const page of await clients.matchAll({ includeUncontrolled: true })) page.postMessage(message);
}

// ---- Pages -----------------------------------------------------------------------------------------------------------

const FIRST = ['/app/day', '/app/day/sheet', '/app/day/sync-conflicts', '/app/day/unsent', '/app/day/offline-data-removed', OFFLINE];
/** Pages without personal data, which stay when a person leaves. */
const IMPERSONAL = ['/app/day/offline-data-removed', OFFLINE];
const isFile = (path) => path.startsWith('/app/day/files/');

/** Caches the files of this build. Files of earlier builds stay until no cached page needs them. */
async function keepFiles() {
  const cache = await caches.open(CACHE);
  const missing = [];
  for (const file of SHELL.files) if (!file.startsWith('/pkg/') || !(await cache.match(file))) missing.push(file);
  await cache.addAll(missing);
}

async function forgetOldFiles() {
  const cache = await caches.open(CACHE);
  for (const { url } of await cache.keys()) {
    const path = new URL(url).pathname;
    if (path.startsWith('/pkg/') && !SHELL.files.includes(path)) await cache.delete(url);
  }
}

const linked = (text, pattern) => [...text.matchAll(pattern)].map(([, path]) => path.replaceAll('&amp;', '&'));

/** Caches a page or a file, unless it is too large to keep. Files never change. */
async function keepPage(cache, path, response) {
  if (isFile(path) && Number(response.headers.get('content-length')) > MAX_KEPT_BYTES) return;
  await cache.put(path, response);
}

let [keeping, lastWhole, lastPass] = [Promise.resolve(), 0, 0];
/** Caches the current pages, one pass at a time. A pass of the whole day replaces earlier ones, because a pass that started
 * before a change would delete pages that a later one has cached. */
function keepPages(person, paths) {
  const pass = (lastPass += 1);
  if (paths.includes('/app/day')) lastWhole = pass;
  keeping = keeping.catch(() => undefined).then(() => keepPass(person, paths, () => pass < lastWhole));
  return keeping;
}

/** Caches the present day and a week ahead, each with its visits and what the requesters sent. `x-refresh` leaves pending
 * flash messages for the next page that the user opens. */
async function keepPass(person, paths, isReplaced) {
  await keepFiles();
  const cache = await caches.open(CACHE);
  const wanted = new Set([...FIRST, ...paths]);
  const isWhole = paths.includes('/app/day');
  const days = new Set(['/app/day']);
  let all = true;
  // The loop also visits paths that are added during it.
  for (const path of wanted) {
    if (isReplaced()) return;
    if (isFile(path) && (await cache.match(path))) continue;
    let response;
    try {
      response = await fetchWithin(path, 15_000, { headers: { 'x-refresh': 'yes', accept: 'text/html' } });
    } catch {
      all = false;
      continue;
    }
    if (response.redirected || response.status === 401) {
      await forgetPages();
      return;
    }
    const text = response.ok && !isFile(path) ? await response.clone().text() : '';
    if (isWhole && days.has(path)) {
      const after = attribute(text, 'after');
      if (after && days.size <= DAYS_AHEAD) {
        days.add(after);
        wanted.add(after);
      }
      for (const page of linked(text, /href="(\/app\/day\/(?:tgt_\w+|sheet\?date=[\d-]+))"/g)) wanted.add(page);
    }
    for (const file of linked(text, /href="(\/app\/day\/files\/\w+)"/g)) wanted.add(file);
    if (isReplaced()) return;
    if (response.ok) await keepPage(cache, path, response);
    // Another person may have signed in during the request. Sign-out deletes the person before the pages, so either this
    // check or the sign-out removes the page.
    if ((await get('person')) !== person) {
      await forgetPages();
      return;
    }
    if ([403, 404, 410].includes(response.status)) await cache.delete(path);
  }
  // The day links to all current pages, so all other cached pages are outdated.
  if (!all || !isWhole || isReplaced()) return;
  for (const { url } of await cache.keys()) {
    const { pathname, search } = new URL(url);
    if (!SHELL.files.includes(pathname) && !pathname.startsWith('/pkg/') && !wanted.has(pathname + search)) await cache.delete(url);
  }
  await forgetOldFiles();
}

/** Returns the cache key of a page: its path and date, without parameters that only report an earlier action. */
const kept = ({ pathname, searchParams }) => (searchParams.has('date') ? `${pathname}?date=${searchParams.get('date')}` : pathname);

async function forgetPages() {
  const cache = await caches.open(CACHE);
  for (const { url } of await cache.keys()) {
    const path = new URL(url).pathname;
    if (!SHELL.files.includes(path) && !IMPERSONAL.includes(path)) await cache.delete(url);
  }
}

/** Records who uses the phone and deletes the cached pages of another person. */
async function here(person, paths) {
  // A page that was loading when the worker started is not controlled yet.
  await self.clients.claim();
  // A store that cannot be written is reported before anything is typed that it should keep.
  const isWritable = await set('probe', Date.now()).then(() => true, () => false);
  if (!isWritable) for (const client of await clients.matchAll()) client.postMessage({ kind: 'unwritable' });
  const before = await within(['state'], 'readwrite', async (store) => {
    // Open pages of a person who has signed out must not store anything.
    if (await answer(store('state').get('leaving'))) return undefined;
    const earlier = (await answer(store('state').get('person'))) ?? 'nobody';
    store('state').put(person, 'person');
    store('state').put(false, 'signed_out');
    return earlier;
  });
  if (!before) return;
  if (before !== person) await forgetPages();
  await tell();
  await flush();
  await keepPages(person, paths);
}

const redirect = (to) => Response.redirect(new URL(to, self.location), 303);
const limit = (work, patience) => Promise.race([work.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, patience))]);

const attribute = (text, name) => text.match(new RegExp(`data-${name}="([^"]+)"`))?.[1];

/** Returns a cached page. If the cached day is over, returns the following day if that is cached. */
async function earlierPage(path) {
  const cache = await caches.open(CACHE);
  let found = await cache.match(path);
  while (found && path === '/app/day') {
    const text = await found.clone().text();
    const [until, after] = ['until', 'after'].map((name) => attribute(text, name));
    const next = until && after && Date.now() >= Date.parse(until) ? await cache.match(after) : undefined;
    if (!next) break;
    found = next;
  }
  return found;
}

/** Returns the page from the server or, if it is unavailable, the cached page marked with its date. */
async function page(request, url) {
  if (await get('leaving')) {
    if (!(await finishLeaving())) return left();
    return fetch(request);
  }
  try {
    const response = await fetchWithin(request, PATIENCE);
    // A redirect to sign-in means that the session has ended, possibly on another device.
    if (response.type === 'opaqueredirect' || response.status === 401) await forgetPages();
    if (response.status < 500) return response;
    throw new Error('the server has no page now');
  } catch (error) {
    const earlier = await earlierPage(kept(url));
    if (earlier && isFile(url.pathname)) return earlier;
    // An entry was kept at a page that is not on this phone; the day shows the entry too.
    const entry = url.searchParams.get('kept');
    if (!earlier && entry && url.pathname !== '/app/day' && (await earlierPage('/app/day'))) return redirect(`/app/day?kept=${entry}`);
    if (!earlier) return offlinePage(error);
    const at = new Date(earlier.headers.get('date') ?? Date.now()).toISOString();
    const text = (await earlier.text()).replace('data-served="now"', `data-served="${at}"`);
    return new Response(text, { headers: earlier.headers });
  }
}

/** Returns the page that says that a network is needed. */
async function offlinePage(error) {
  const found = await caches.open(CACHE).then((cache) => cache.match(OFFLINE)).catch(() => undefined);
  if (!found) throw error;
  return found;
}

/** Handles a submitted step or report: stores it, then sends it if the server can be reached. */
async function take(request, step) {
  // The page was left open by a person who has signed out.
  if (await get('leaving')) return left();
  const plain = request.clone();
  let entry;
  try {
    const form = await request.formData();
    if (!form.get('person')) return fetch(plain);
    entry = await keep(step, form);
  } catch {
    // Without storage the form is sent directly. Without a network as well, the page and its input stay.
    try {
      return await fetch(plain);
    } catch {
      for (const client of await clients.matchAll()) client.postMessage({ kind: 'full' });
      return new Response(null, { status: 204 });
    }
  }
  self.registration.sync?.register('my-day').catch(() => undefined);
  await limit(flush(), PATIENCE);
  const [stored] = (await entries().catch(() => [])).filter(({ key }) => key === entry.key);
  // A rejected report stays on the phone with its photos and signature, and its form is filled with it again.
  if (stored?.state === 'refused' && step === 'report') return redirect(`/app/day/${entry.target}?correct=${entry.key}#report`);
  if (stored?.state === 'refused') {
    // The server's response shows the error.
    try {
      const response = await fetch(plain);
      await remove(entry.key);
      return response;
    } catch {
      return redirect('/app/day');
    }
  }
  return redirect(stored?.collided ? '/app/day/sync-conflicts' : `/app/day/${entry.target}?kept=${entry.key}`);
}

// ---- Sign-out --------------------------------------------------------------------------------------------------------

/** Deletes everything of a person from the phone. */
async function wipe(person) {
  await forgetPages();
  for (const entry of await entries()) if (entry.person === person || !isOpen(entry)) await remove(entry.key);
  await within(['state'], 'readwrite', async (store) => void store('state').delete(draftsOf(person)));
}

/** Signs out. Warns about unsent entries first, then deletes everything of the person from the phone. */
async function leave(request) {
  const form = await request.formData().catch(() => new FormData());
  const anyway = form.get('anyway');
  // A person who has just signed in may not have opened the day yet.
  const person = (await get('person')) ?? form.get('person') ?? undefined;
  const unsent = async () => {
    const open = (await entries().catch(() => [])).filter((entry) => entry.person === person && isOpen(entry));
    return open.length + (await drafts(person).catch(() => [])).length;
  };
  if (!anyway && (await unsent())) {
    await limit(flush(), PATIENCE);
    if (await unsent()) return redirect('/app/day/unsent');
  }
  try {
    await within(['state'], 'readwrite', async (store) => {
      store('state').delete('person');
      store('state').put(person ?? true, 'leaving');
    });
    await wipe(person);
    await set('leaving', true);
  } catch {
    // The storage cannot be read, so there is nothing to delete; the session still ends.
  }
  if (await finishLeaving(true)) return redirect('/app/sign-in');
  self.registration.sync?.register('my-day').catch(() => undefined);
  return left();
}

let ending;
/** Completes an interrupted sign-out: deletes the remaining data and ends the session. Runs once at a time. */
const finishLeaving = (always = false) => (ending ??= endSession(always).finally(() => (ending = undefined)));

async function endSession(always) {
  const person = await get('leaving');
  // A concurrent call has completed the sign-out, and another person may have signed in since.
  if (!person && !always) return true;
  if (person && person !== true) await wipe(person).then(() => set('leaving', true)).catch(() => undefined);
  try {
    // Ask for JSON: an HTML response would redirect even if the session could not be ended.
    const response = await fetchWithin('/app/fn/sign-out', PATIENCE, { method: 'POST', redirect: 'manual', headers: { accept: 'application/json' } });
    if (response.type !== 'opaqueredirect' && !response.ok) return false;
    // Until all data is deleted, nobody can sign in on this phone.
    const isWiped = await get('leaving').then((now) => !now || now === true);
    if (isWiped) await within(['state'], 'readwrite', async (store) => void store('state').delete('leaving')).catch(() => undefined);
    return isWiped;
  } catch {
    return false;
  }
}

async function left() {
  return (await (await caches.open(CACHE)).match('/app/day/offline-data-removed')) ?? Response.error();
}

async function navigate(request, url) {
  if (url.pathname === '/app/day' || url.pathname.startsWith('/app/day/')) return page(request, url);
  if ((await get('leaving')) && !(await finishLeaving())) return left();
  // Another person may sign in, so cached pages are deleted first.
  if (url.pathname.startsWith('/app/sign-in')) {
    await forgetPages().catch(() => undefined);
    await set('person', undefined).catch(() => undefined);
  }
  return online(request);
}

/** Answers what works with a network only. */
async function online(request) {
  try {
    return await fetch(request);
  } catch (error) {
    return offlinePage(error);
  }
}

/** Returns a file of a request: files never change, so the kept one is as good as the server's. */
async function keptFile(request, url) {
  const kept = await caches.open(CACHE).then((cache) => cache.match(url.pathname)).catch(() => undefined);
  return kept ?? fetch(request);
}

async function file(request) {
  const kept = await caches.open(CACHE).then((cache) => cache.match(request)).catch(() => undefined);
  return kept ?? fetch(request);
}

// ---- Events ----------------------------------------------------------------------------------------------------------

self.addEventListener('install', (event) => event.waitUntil(keepFiles().then(() => self.skipWaiting())));
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
/** Does the pending work. An error makes the browser repeat the background sync. */
async function catchUp() {
  if ((await get('leaving')) && !(await finishLeaving())) throw new Error('the session has not ended yet');
  await flush();
  const person = await get('person');
  if ((await entries()).some((entry) => entry.state === 'waiting' && entry.person === person)) throw new Error('not everything is sent yet');
}

self.addEventListener('sync', (event) => event.waitUntil(catchUp()));
self.addEventListener('message', (event) => {
  const { kind, person, paths, key, target } = event.data ?? {};
  const work = {
    here: () => here(person, paths),
    flush: () => catchUp(),
    remove: () => remove(key).then(tell),
    // The pages show the report as queued before it is sent.
    plain: () => withoutPhotos(key).then(tell).then(flush),
    draft: () => {
      const { label, replaces, fields, at } = event.data;
      return keepDraft('text', person, target, { target, label, replaces, fields, at });
    },
    'draft-photos': () => keepDraft('photos', person, target, event.data.photos),
    'draft-of': async () => event.ports[0]?.postMessage(await draftOf(person, target).catch(() => ({}))),
    'discard-draft': async () => {
      await discardDraft(person, target);
      event.ports[0]?.postMessage({});
      await tell();
    },
    entry: async () => {
      const found = await within(['entries', 'photos'], 'readonly', async (store) => ({
        entry: await answer(store('entries').get(key)),
        photos: await answer(store('photos').getAll(photosOf(key))),
      }));
      event.ports[0]?.postMessage(found.entry?.person === (await get('person')) ? found : {});
    },
  }[kind];
  if (work) event.waitUntil(work().catch(() => undefined));
});
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method === 'POST' && request.mode === 'navigate') {
    if (STEPS[url.pathname]) event.respondWith(take(request, STEPS[url.pathname]));
    else if (url.pathname === '/app/fn/sign-out') event.respondWith(leave(request));
    else if (url.pathname.startsWith('/app/')) event.respondWith(online(request));
  } else if (request.method === 'GET') {
    if (request.mode === 'navigate') event.respondWith(navigate(request, url));
    else if (isFile(url.pathname)) event.respondWith(keptFile(request, url));
    else if (SHELL.files.includes(url.pathname) || url.pathname.startsWith('/pkg/')) event.respondWith(file(request));
  }
});
