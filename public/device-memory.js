// IndexedDB access for the workers. The server prepends this file to each worker, which defines its stores in MEMORY.

let opened;
function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(MEMORY.name, 1);
    request.onupgradeneeded = () => {
      for (const [name, options] of Object.entries(MEMORY.stores)) request.result.createObjectStore(name, options);
    };
    request.onsuccess = () => {
      request.result.onclose = request.result.onversionchange = () => (opened = undefined);
      resolve(request.result);
    };
    request.onerror = () => {
      // The next call tries again.
      opened = undefined;
      reject(request.error);
    };
  });
  return opened;
}

/** Runs work in one transaction and resolves once it is on disk. */
async function within(stores, mode, work) {
  const transaction = (await database()).transaction(stores, mode, { durability: 'strict' });
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
  const result = await work((name) => transaction.objectStore(name));
  await done;
  return result;
}

const answer = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Returns a SHA-256 hash, which recognizes repeated content without storing it. */
async function mark(value) {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(value)));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
