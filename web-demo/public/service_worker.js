// Keeps the page for when there is no network: files with a hash in their name for good, the page
// itself as it was last served. Documents are not its affair.

const cacheName = 'coedit-page-1';
const page = '/';
/** Files of earlier builds go, the oldest first. */
const entriesMax = 80;

const isAsset = ({ origin, pathname }) => origin === location.origin && pathname.startsWith('/assets/');

async function keep(request, response) {
  if (!response.ok) return;
  const cache = await caches.open(cacheName);
  await cache.put(request, response);
  const keys = await cache.keys();
  for (const key of keys.slice(0, Math.max(0, keys.length - entriesMax))) {
    if (new URL(key.url).pathname !== page) await cache.delete(key);
  }
}

async function assetOf(request) {
  const kept = await caches.match(request);
  if (kept !== undefined) return kept;
  const response = await fetch(request);
  await keep(request, response.clone());
  return response;
}

async function pageOf(request) {
  try {
    const response = await fetch(request);
    // Every address below `/` is the same page. Nobody waits for the writing.
    keep(page, response.clone()).catch(() => undefined);
    return response;
  } catch (error) {
    const kept = await caches.match(page);
    if (kept === undefined) throw error;
    return kept;
  }
}

self.addEventListener('install', () => self.skipWaiting());

self.addEventListener('activate', (event) => {
  const cleaned = caches.keys().then((names) => Promise.all(names.filter((name) => name !== cacheName).map((name) => caches.delete(name))));
  event.waitUntil(cleaned.then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET') return;
  const url = new URL(request.url);
  if (isAsset(url)) event.respondWith(assetOf(request));
  else if (request.mode === 'navigate' && url.origin === location.origin && !url.pathname.startsWith('/v1/')) event.respondWith(pageOf(request));
});

// What a page loaded before this worker was there.
self.addEventListener('message', (event) => {
  const given = Array.isArray(event.data?.keep) ? event.data.keep : [];
  const wanted = given
    .filter((address) => typeof address === 'string')
    .map((address) => new URL(address, location.origin))
    .filter((url) => url.origin === location.origin && (isAsset(url) || url.pathname === page))
    .slice(0, entriesMax);
  event.waitUntil(
    Promise.all(
      wanted.map(async ({ href, pathname }) => {
        const request = pathname === page ? page : href;
        if ((await caches.match(request)) === undefined) await fetch(request).then((response) => keep(request, response), () => undefined);
      }),
    ),
  );
});
