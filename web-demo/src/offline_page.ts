// Keeps the page itself for when there is no network; the documents are kept by `coedit/offline`.

/** Registers the service worker, and tells it what this page has loaded before it was there. */
export function keepPageForOffline(): void {
  const { serviceWorker } = navigator as Partial<Pick<Navigator, 'serviceWorker'>>;
  // Only on https and on this machine itself.
  if (serviceWorker === undefined) return;
  window.addEventListener('load', () => {
    serviceWorker
      .register('/service_worker.js')
      .then(() => serviceWorker.ready)
      .then(({ active }) => {
        const tell = (): void => {
          const loaded = performance.getEntriesByType('resource').map(({ name }) => name);
          active?.postMessage({ keep: [location.origin, ...loaded] });
        };
        tell();
        // What is loaded once something is wanted, such as an editor, comes a little later.
        setTimeout(tell, 5_000);
      })
      // A browser that forbids it, as some do in private windows: the page needs the network then.
      .catch(() => undefined);
  });
}
