// Runs in the pages of My day: registers the worker, shows the entries that are still queued on this phone, and updates each
// stop without a network.
'use strict';

(() => {
  const keeper = document.querySelector('[data-keeper]');
  if (!keeper) return;
  const LOOK_EVERY = 15_000;
  /** Milliseconds that the submission of a form may take before its page appears. */
  const SUBMITTING = 5_000;
  /** Milliseconds before the appointment from which starting travel has to be confirmed. */
  const FAR_OFF = 12 * 3_600_000;
  /** The status after each step. A report can also mean "not completed", which is a final status too. */
  const LEADS = { start_travel: 'en_route', arrive: 'on_site', report: 'completed' };
  const DISMISSED = 'my-day-install-dismissed';
  const worker = navigator.serviceWorker;
  const query = new URLSearchParams(location.search);
  const isKept = keeper.dataset.served !== 'now';
  const clock = (text) => new Date(text).toLocaleTimeString(document.documentElement.lang, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const all = (selector) => [...document.querySelectorAll(selector)];

  const line = (name, shown, value) => {
    const element = keeper.querySelector(`[data-line="${name}"]`);
    if (!element) return;
    if (element.dataset.words) element.textContent = shown ? element.dataset.words.replace('#', value ?? '') : '';
    element.hidden = !shown;
  };

  // Browsers without workers, such as private windows, keep nothing.
  if (!worker) return line('unwritable', true);

  // A web page on an iPhone loses what it keeps after a week without use; an app on the home screen does not.
  const isApplePhone = /iPad|iPhone|iPod/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
  const isInstalled = navigator.standalone || matchMedia('(display-mode: standalone)').matches;
  const dismissed = () => {
    try {
      return localStorage.getItem(DISMISSED);
    } catch {
      return 'unknown';
    }
  };
  line('install', isApplePhone && !isInstalled && !dismissed());
  keeper.querySelector('[data-dismiss-install]')?.addEventListener('click', () => {
    localStorage.setItem(DISMISSED, 'yes');
    line('install', false);
  });

  if (isKept) {
    const at = new Date(keeper.dataset.served);
    line('offline', true, at.toLocaleString(document.documentElement.lang, { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }));
  }

  /** Sends a message to the worker that controls this page, or to the one that is about to. */
  const say = async (message, ports) => (worker.controller ?? (await worker.ready).active)?.postMessage(message, ports);

  /** Returns the time of an entry, with the day if that was another one. */
  const since = (text) => {
    const at = new Date(text);
    if (at.toDateString() === new Date().toDateString()) return clock(text);
    return at.toLocaleString(document.documentElement.lang, { weekday: 'long', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  };

  const sentWords = ({ step, visible }) => keeper.getAttribute(`data-sent-${step}${visible ? '-visible' : ''}`) ?? keeper.getAttribute(`data-sent-${step}`);

  const words = ({ step, noted_at }) => (keeper.getAttribute(`data-note-${step}`) ?? '').replace('#', clock(noted_at));

  /** Shows each stop in the status that it has once all entries are sent. */
  const advance = (entries, drafts) => {
    for (const element of all('[data-stop]')) {
      const own = entries.filter(({ target, state }) => target === element.dataset.stop && state === 'waiting');
      const last = own.filter(({ step }) => LEADS[step]).at(-1);
      if (last) element.dataset.status = LEADS[last.step];
      for (const note of element.querySelectorAll('[data-kept-note]')) {
        const draft = drafts.find(({ target }) => target === element.dataset.stop);
        note.hidden = own.length === 0 && !draft;
        note.textContent = [...own.map(words), ...(draft ? [draftWords(draft)] : [])].join(' · ');
      }
    }
    const progress = document.querySelector('[data-progress]');
    if (!progress) return;
    const over = all('.stops > li').filter(({ dataset }) => ['completed', 'not_completed', 'cancelled'].includes(dataset.status)).length;
    progress.textContent = progress.dataset.progress.replace('#', over);
    progress.previousElementSibling.value = over;
  };

  /** Isolates a name, which may have another text direction than the line around it. */
  const isolated = (text) => Object.assign(document.createElement('bdi'), { textContent: text });
  const lineOf = (...parts) => {
    const item = document.createElement('li');
    item.append(...parts);
    return item;
  };

  const button = (label, press) => {
    const made = Object.assign(document.createElement('button'), { type: 'button', className: 'button button-quiet', textContent: label });
    made.addEventListener('click', press);
    return made;
  };

  /** Sends a rejected report without its photos. Its form is over: the page follows the entry until it has arrived. */
  const sendPlain = (key) => {
    for (const form of all('form[data-report]')) {
      delete form.dataset.touched;
      form.dispatchEvent(new Event('filed'));
    }
    return say({ kind: 'plain', key });
  };

  const showRefused = (entries) => {
    const list = keeper.querySelector('[data-refused]');
    if (!list) return;
    const refused = entries.filter(({ state }) => state === 'refused');
    list.replaceChildren(...refused.map((entry) => {
      const item = lineOf();
      item.append(`${words(entry)} · `, isolated(entry.label), ' ');
      if (entry.problems?.length) {
        const why = document.createElement('ul');
        why.append(...entry.problems.map((problem) => lineOf(problem)));
        item.append(why);
      }
      if (entry.step === 'report') {
        const link = document.createElement('a');
        link.href = `/app/day/${entry.target}?correct=${entry.key}#report`;
        link.textContent = keeper.dataset.correct;
        item.append(link, ' ');
      }
      if (entry.photos) item.append(button(keeper.dataset.plain, () => sendPlain(entry.key)), ' ');
      item.append(button(keeper.dataset.remove, () => confirm(keeper.dataset.removeSure) && say({ kind: 'remove', key: entry.key })));
      return item;
    }));
    line('refused', refused.length > 0);
  };

  const draftWords = ({ at }) => keeper.dataset.draft.replace('#', clock(at));

  const listUnsent = (entries, drafts) => {
    const list = document.querySelector('[data-unsent]');
    if (!list) return;
    const unsent = entries.filter(({ state }) => state !== 'sent').map((entry) => lineOf(`${words(entry)} · `, isolated(entry.label)));
    list.replaceChildren(...unsent, ...drafts.map((draft) => lineOf(`${draftWords(draft)} · `, isolated(draft.label))));
  };

  // A reload would cancel a form that is being submitted.
  let submittedAt = 0;
  const isSubmitting = () => Date.now() - submittedAt < SUBMITTING;
  const isTyping = () => all('form[data-report]').some((form) => form.dataset.touched);
  let waited = [];
  worker.addEventListener('message', ({ data }) => {
    if (data?.kind === 'full') return line('full', true);
    if (data?.kind === 'unwritable') return line('unwritable', true);
    if (data?.kind !== 'state' || data.person !== keeper.dataset.keeper) return;
    const queued = data.entries.filter(({ state }) => state === 'waiting');
    const waiting = queued.length;
    // Without a session nothing is sent, so "waiting" would be misleading.
    line('waiting', waiting > 0 && !data.signed_out, waiting);
    if (waiting > 0) {
      const shown = keeper.querySelector('[data-line="waiting"]');
      shown.textContent = shown.textContent.replace('~', since(queued[0].noted_at));
    }
    if (data.signed_out) line('offline', false);
    line('other', data.other > 0, data.other);
    line('signed-out', data.signed_out);
    const kept = data.entries.find(({ key }) => key === query.get('kept'));
    line('sent', kept?.state === 'sent' && !kept.collided, kept && sentWords(kept));
    advance(data.entries, data.drafts);
    showRefused(data.entries);
    listUnsent(data.entries, data.drafts);
    // All entries of this phone have arrived: reload, or show the sync conflicts, unless a report is being written.
    if (waited.length > 0 && waiting === 0 && !data.signed_out && !isTyping() && !isSubmitting()) {
      if (data.entries.some(({ key, collided }) => collided && waited.includes(key))) location.replace('/app/day/sync-conflicts');
      else location.reload();
    }
    waited = data.entries.filter(({ state }) => state === 'waiting').map(({ key }) => key);
  });

  for (const form of all('form[data-report]'))
    for (const kind of ['input', 'pointerdown']) form.addEventListener(kind, () => (form.dataset.touched = 'yes'));
  // A form that could not be queued can be submitted again unchanged.
  let tried;
  addEventListener('submit', (event) => {
    tried = event.target;
    // Customers are notified immediately when travel starts, so this is confirmed for visits far in the future, and for those that are not the next.
    const { begins, notNext } = tried.matches('.step-set-out') ? tried.dataset : {};
    const question = begins && Date.parse(begins) - Date.now() > FAR_OFF ? keeper.dataset.early : notNext;
    if (question && !confirm(question)) event.preventDefault();
    else submittedAt = Date.now();
  });
  for (const button of all('[data-again]')) button.addEventListener('click', () => tried?.submit());

  /** Fills the form with a rejected report, including its photos. */
  const refill = async (key) => {
    const form = document.querySelector('form[data-report]');
    if (!form) return;
    const { port1, port2 } = new MessageChannel();
    const found = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
    await say({ kind: 'entry', key }, [port2]);
    const { entry, photos } = await found;
    if (!entry) return;
    form.dispatchEvent(new CustomEvent('refill', { detail: { fields: entry.fields, replaces: key, photos } }));
  };
  if (query.has('correct')) refill(query.get('correct'));

  const address = ({ pathname, search }) => {
    const date = new URLSearchParams(search).get('date');
    return date ? `${pathname}?date=${date}` : pathname;
  };
  const paths = () => [location, ...all('a[data-keep]')].map(address);
  worker.register('/app/day/worker.js', { scope: '/app', updateViaCache: 'none' }).then(
    async () => {
      await say({ kind: 'here', person: keeper.dataset.keeper, paths: paths() });
      navigator.storage?.persist?.().catch(() => undefined);
    },
    () => line('unwritable', true),
  );
  const look = () => say({ kind: 'flush' });
  addEventListener('online', look);
  setInterval(look, LOOK_EVERY);
})();
