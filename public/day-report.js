// Runs in the report form of My day: keeps a draft on this phone from the first letter, and gathers the photos of the report.
'use strict';

(() => {
  const form = document.querySelector('form[data-report]');
  const keeper = document.querySelector('[data-keeper]');
  const gatherer = form?.querySelector('[data-photos]');
  if (!form || !keeper || !gatherer) return;
  /** Maximum side of a photo in pixels; photos are scaled down before they are kept. */
  const LONGEST_SIDE = 2560;
  const THUMBNAIL_SIDE = 160;
  /** Milliseconds between two messages about a draft while somebody types. */
  const PAUSE = 200;
  /** Fields that belong to the form and not to what is typed. */
  const AROUND = ['target', 'seen', 'person', 'label', 'replaces', 'photo', 'photo_marks'];
  const worker = navigator.serviceWorker;
  const say = (message, ports) => worker?.controller?.postMessage(message, ports);
  const field = (name) => form.querySelector(`input[type="hidden"][name="${name}"]`);
  const about = { person: keeper.dataset.keeper, target: field('target').value };

  // ---- Photos ----------------------------------------------------------------------------------------------------------

  const [gallery, camera] = ['gallery', 'camera'].map((name) => gatherer.querySelector(`input[data-${name}]`));
  const list = gatherer.querySelector('[data-photo-list]');
  const template = gatherer.querySelector('template');
  const most = Number(gatherer.dataset.most);
  /** The photos of the report, in order: the file, and what it shows. */
  let photos = [];

  const drawn = (picture, turns, scale) => {
    const [width, height] = [picture.width * scale, picture.height * scale].map((side) => Math.max(1, Math.round(side)));
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = turns % 2 ? [height, width] : [width, height];
    const context = canvas.getContext('2d');
    context.translate(canvas.width / 2, canvas.height / 2);
    context.rotate((turns * Math.PI) / 2);
    context.drawImage(picture, -width / 2, -height / 2, width, height);
    return canvas;
  };

  /** Photos in this format are refused by the server. Browsers that can show them turn them into JPEG. */
  const isHeic = ({ name, type }) => /^image\/hei[cf]/.test(type) || /\.hei[cf]$/i.test(name);

  /** Returns a photo upright, turned and scaled down; unchanged if this browser cannot show it. */
  const prepare = async (file, turns = 0) => {
    try {
      const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
      const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
      if (scale === 1 && turns === 0 && !isHeic(file)) return file;
      const canvas = drawn(picture, turns, scale);
      picture.close();
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.85));
      return blob ? new File([blob], `${file.name.replace(/\.[^.]*$/, '')}.jpg`, { type: 'image/jpeg' }) : file;
    } catch {
      return file;
    }
  };

  const thumbnail = async (file, place) => {
    try {
      const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
      const canvas = drawn(picture, 0, Math.min(1, THUMBNAIL_SIDE / Math.max(picture.width, picture.height)));
      picture.close();
      place.replaceChildren(canvas);
    } catch {
      place.textContent = gatherer.dataset.unreadable;
    }
  };

  const item = (photo) => {
    const element = template.content.firstElementChild.cloneNode(true);
    const part = (name) => element.querySelector(`[data-${name}]`);
    thumbnail(photo.file, part('picture'));
    part('name').textContent = photo.file.name;
    part('mark').value = photo.mark;
    part('mark').addEventListener('change', ({ target }) => {
      photo.mark = target.value;
      settle();
    });
    part('turn').addEventListener('click', async () => {
      photo.file = await prepare(photo.file, 1);
      settle();
    });
    part('remove').addEventListener('click', () => {
      photos = photos.filter((other) => other !== photo);
      settle();
      gallery.focus();
    });
    return element;
  };

  /** Puts the photos into the form as they are sent, shows them, and keeps them with the draft. */
  const settle = (isRestored = false) => {
    const files = new DataTransfer();
    for (const { file } of photos) files.items.add(file);
    gallery.files = files.files;
    camera.value = '';
    field('photo_marks').value = photos.map(({ mark }) => mark).join(',');
    list.replaceChildren(...photos.map(item));
    gatherer.querySelector('[data-count]').textContent = photos.length ? gatherer.dataset.words.replace('#', photos.length) : '';
    gatherer.querySelector('[data-full]').hidden = photos.length < most;
    camera.disabled = photos.length >= most;
    if (isRestored) return;
    form.dataset.touched = 'yes';
    say({ kind: 'draft-photos', ...about, photos: photos.map(({ file, mark }) => ({ name: file.name, blob: file, mark })) });
    keep();
  };

  /** Adds photos behind those that were chosen before. */
  const add = async (chosen, marks = [], isRestored = false) => {
    const prepared = await Promise.all([...chosen].map((file) => prepare(file)));
    const ready = prepared.filter((file) => !isHeic(file));
    // Said now, and not only when the server refuses the whole report.
    gatherer.querySelector('[data-heic]').hidden = ready.length === prepared.length;
    photos = [...photos, ...ready.map((file, index) => ({ file, mark: marks[index] ?? '' }))].slice(0, most);
    settle(isRestored);
  };
  for (const input of [gallery, camera]) input.addEventListener('change', () => add([...input.files]));
  gatherer.classList.add('scripted');

  // ---- Draft -----------------------------------------------------------------------------------------------------------

  let isFiled = false;
  let timer;
  const values = () => {
    const fields = {};
    for (const [name, value] of new FormData(form)) if (!AROUND.includes(name) && typeof value === 'string') fields[name] = value;
    return fields;
  };
  const initial = JSON.stringify(values());
  let isKept = false;
  const keepNow = () => {
    clearTimeout(timer);
    timer = undefined;
    if (isFiled || !form.dataset.touched) return;
    // A touch changes nothing, and what was undone is no draft.
    if (photos.length === 0 && JSON.stringify(values()) === initial) {
      if (isKept) say({ kind: 'discard-draft', ...about });
      isKept = false;
      return;
    }
    isKept = true;
    say({ kind: 'draft', ...about, label: field('label').value, replaces: field('replaces').value, fields: values(), at: Date.now() });
  };
  function keep() {
    timer ??= setTimeout(keepNow, PAUSE);
  }
  for (const kind of ['input', 'change']) form.addEventListener(kind, keep);
  // The signature is drawn without an input event.
  form.addEventListener('pointerup', keep);
  addEventListener('pagehide', () => timer && keepNow());
  document.addEventListener('visibilitychange', () => document.hidden && timer && keepNow());
  // The worker deletes the draft when it takes the report; what could not be stored stays in the form.
  addEventListener('submit', (event) => {
    if (event.target !== form || event.defaultPrevented) return;
    clearTimeout(timer);
    timer = undefined;
    isFiled = true;
  });
  form.addEventListener('filed', () => (isFiled = true));
  worker?.addEventListener('message', ({ data }) => {
    if (data?.kind === 'full') isFiled = false;
  });

  const ask = async (message) => {
    const { port1, port2 } = new MessageChannel();
    const found = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
    say({ ...message, ...about }, [port2]);
    return found;
  };

  const fill = (fields) => {
    for (const input of form.elements) {
      if (!input.name || AROUND.includes(input.name) || input.type === 'file') continue;
      if (input.type === 'checkbox') input.checked = input.name in fields;
      else if (input.name in fields) {
        input.value = fields[input.name];
        input.dispatchEvent(new Event('input'));
      }
    }
    form.dataset.touched = 'yes';
  };

  /** Fills the form with content that this phone has kept: a draft, or a report that the server rejected. */
  const refill = async ({ fields, replaces, photos: kept = [] }) => {
    fill(fields);
    field('replaces').value = replaces ?? '';
    photos = [];
    await add(kept.map(({ name, blob }) => new File([blob], name, { type: blob.type })), kept.map(({ mark }) => mark), true);
  };
  form.addEventListener('refill', ({ detail }) => refill(detail));

  const notice = document.querySelector('[data-device-draft]');
  const restore = async () => {
    const { draft, photos: kept } = await ask({ kind: 'draft-of' });
    if (!draft && !kept?.length) return;
    isKept = true;
    await refill({ fields: draft?.fields ?? values(), replaces: draft?.replaces, photos: kept });
    // The same text may also be kept by the server; this one is at least as new.
    form.querySelector('[data-testid="draft"]')?.remove();
    const at = new Date(draft?.at ?? Date.now());
    const when = at.toLocaleString(document.documentElement.lang, { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    notice.querySelector('[data-text]').textContent = notice.dataset.words.replace('#', when);
    notice.hidden = false;
  };
  notice?.querySelector('button').addEventListener('click', async () => {
    isFiled = true;
    await ask({ kind: 'discard-draft' });
    location.replace(location.pathname);
  });
  const isCorrection = new URLSearchParams(location.search).has('correct');
  if (worker && !isCorrection) worker.ready.then(() => worker.controller && restore());
})();
