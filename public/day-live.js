// Runs in the pages of My day: loads the page again when dispatch or a customer has changed what it shows, and says in words what
// is late.
'use strict';

(() => {
  const page = document.querySelector('.day[data-version]');
  const keeper = document.querySelector('[data-keeper]');
  if (!page || !keeper) return;
  /** Milliseconds between two looks at the server. Each change of the organization leads to one. */
  const PAUSE = 5_000;
  const WITHOUT_STREAM = 30_000;
  const TICK = 30_000;
  const isKept = keeper.dataset.served !== 'now';
  let isTouched = false;
  addEventListener('input', () => (isTouched = true));
  // A reload would cancel a form that is being submitted.
  let submittedAt = 0;
  addEventListener('submit', () => (submittedAt = Date.now()));

  const lateness = () => {
    const now = Date.now();
    for (const element of document.querySelectorAll('.stop-due')) {
      const { from, to } = element.dataset;
      element.hidden = now < Date.parse(from) || (to !== undefined && now >= Date.parse(to));
    }
  };
  lateness();
  setInterval(lateness, TICK);

  /** The address of this page, without parameters that only report an earlier action. */
  const address = () => {
    const url = new URL(location.href);
    for (const name of ['kept', 'correct']) url.searchParams.delete(name);
    url.hash = '';
    return url;
  };

  /** Returns the version of the page on the server; nothing if it cannot be read. */
  const current = async () => {
    try {
      const response = await fetch(address(), { headers: { 'x-refresh': 'yes', accept: 'text/html' } });
      if (response.redirected) return undefined;
      if (response.status === 404) return 'gone';
      return response.ok ? (await response.text()).match(/data-version="(\w+)"/)?.[1] : undefined;
    } catch {
      return undefined;
    }
  };

  const isBusy = () => isTouched || Date.now() - submittedAt < PAUSE || document.querySelector('form[data-touched], details[open] form') !== null;
  const look = async () => {
    const version = await current();
    if (version === undefined || (version === page.dataset.version && !isKept)) return;
    // A visit that was given away has no page any more, and what is being typed must not be lost.
    if (version === 'gone' || isBusy()) {
      keeper.querySelector('[data-line="changed"]').hidden = false;
      return;
    }
    location.reload();
  };

  let timer;
  let last = 0;
  const lookSoon = () => {
    timer ??= setTimeout(
      () => {
        timer = undefined;
        last = Date.now();
        look();
      },
      Math.max(300, last + PAUSE - Date.now()),
    );
  };

  let stream;
  const listen = () => {
    if (document.hidden) {
      stream?.close();
      stream = undefined;
      return;
    }
    if (stream && stream.readyState !== EventSource.CLOSED) return;
    stream = new EventSource(`/app/day/live?since=${page.dataset.since}`);
    stream.addEventListener('changed', lookSoon);
  };
  if (isKept) addEventListener('online', lookSoon);
  listen();
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) lookSoon();
    listen();
  });
  // Some networks let no streams through.
  setInterval(() => {
    if (document.hidden || stream?.readyState === EventSource.OPEN) return;
    lookSoon();
    listen();
  }, WITHOUT_STREAM);
})();
