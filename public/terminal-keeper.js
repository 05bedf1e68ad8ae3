// Runs in the terminal's pages: registers the worker, clears the page after a minute of inactivity, and shows how many
// requests are queued.
'use strict';

(() => {
  const REST = 60_000;
  const WARNING = 20_000;
  const LOOK_EVERY = 15_000;
  const page = document.querySelector('[data-terminal]');
  if (!page) return;
  /** Milliseconds that the page in another language may take to load. */
  const SWITCH = 10_000;
  const SWITCHED = 'terminal-language';
  const form = document.querySelector('form[action^="/terminal/requests"]');
  /** Typed text must not outlive the person who typed it. */
  const forget = () => {
    try {
      sessionStorage.removeItem(SWITCHED);
    } catch {
      // Nothing was kept.
    }
  };
  const begin = () => {
    forget();
    location.replace('/terminal');
  };

  // Another language is another page: what was typed goes with the person.
  const typed = () => {
    const fields = {};
    for (const field of form.elements) {
      if (!field.name || field.type === 'hidden' || (field.type === 'radio' && !field.checked)) continue;
      fields[field.name] = field.value;
    }
    return fields;
  };
  for (const link of document.querySelectorAll('.languages a')) {
    link.addEventListener('click', () => {
      if (!form) return;
      try {
        sessionStorage.setItem(SWITCHED, JSON.stringify({ at: Date.now(), fields: typed() }));
      } catch {
        // Without storage the language changes as before.
      }
    });
  }
  const restore = () => {
    let kept;
    try {
      kept = JSON.parse(sessionStorage.getItem(SWITCHED));
    } catch {
      return;
    }
    forget();
    if (!form || !kept || Date.now() - kept.at > SWITCH) return;
    for (const field of form.elements) {
      if (!field.name || field.type === 'hidden' || !(field.name in kept.fields)) continue;
      if (field.type === 'radio') field.checked = field.value === kept.fields[field.name];
      else field.value = kept.fields[field.name];
    }
  };
  restore();

  // A page restored from the back/forward cache contains the input of the previous person.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) begin();
  });

  // A warning gives slow readers time to touch the screen.
  const warning = document.querySelector('[data-rest]');
  const fresh = page.dataset.terminal === 'form';
  let last = Date.now();
  const isUsed = () => !fresh || location.search !== '' || [...document.querySelectorAll('form [name]')].some(isFilled);
  const isFilled = (field) =>
    field.type === 'hidden' ? false : field.type === 'radio' ? field.checked : field.value !== '';
  const alive = () => {
    last = Date.now();
    if (warning) warning.hidden = true;
  };
  for (const kind of ['pointerdown', 'keydown', 'input', 'touchstart']) addEventListener(kind, alive, { passive: true });
  setInterval(() => {
    const rested = Date.now() - last;
    if (!isUsed()) return;
    if (rested >= REST) begin();
    else if (warning && rested >= REST - WARNING) warning.hidden = false;
  }, 1000);

  if (!('serviceWorker' in navigator)) return;
  const line = document.querySelector('[data-waiting]');
  navigator.serviceWorker.addEventListener('message', ({ data }) => {
    if (!line || typeof data?.waiting !== 'number') return;
    line.hidden = data.waiting === 0;
    line.textContent = line.dataset.waiting.replace('#', data.waiting);
  });
  const look = async () => {
    const worker = (await navigator.serviceWorker.ready).active;
    worker?.postMessage('flush');
    try {
      // An unpaired device must not show anything of the organization.
      if ((await fetch('/terminal/state')).status === 401) begin();
    } catch {
      // Offline: the terminal continues with its cached pages.
    }
  };
  navigator.serviceWorker.register('/terminal/worker.js', { scope: '/terminal' }).then(look, () => undefined);
  addEventListener('online', look);
  setInterval(look, LOOK_EVERY);
})();
