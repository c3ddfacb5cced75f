// Pictures of each binding with other people at work, for people to look at: `npm run binding-screenshots`.
// They go to build/screenshots.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pagesRoot, setup } from './support/build_pages.js';
import { launchBrowser, waitMaxMs } from './support/person.js';
import { Server } from './support/server.js';
import { type BindingKind, Writer } from './support/writer.js';

const folder = fileURLToPath(new URL('../../build/screenshots', import.meta.url));
const looks = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  forced: { colorScheme: 'dark', forcedColors: true },
} as const;
const text = [
  'Weekend in the hills',
  'We take the 8:12 train on Saturday and walk from the last station to the hut. It is about four hours with a break at the lake.',
  'Maps and the big teapot',
  'Bread, cheese, apples 🍎',
  '',
  'The hut has no electricity after ten, so bring a lamp.',
].join('\n');

await mkdir(folder, { recursive: true });
await setup();
const browser = await launchBrowser();
const server = await Server.start({ webRoot: pagesRoot });
try {
  for (const kind of ['quill', 'codemirror', 'textarea'] as const satisfies readonly BindingKind[]) {
    for (const [look, options] of Object.entries(looks)) {
      const id = `${kind}-${look}`;
      const viewer = await Writer.create(browser, kind, { ...options, name: 'Mira', width: 720, height: 340, deviceScaleFactor: 1.5 });
      const others = await Promise.all(
        [
          { name: 'Ada Brandt', color: '#af42c0' },
          { name: 'Jonas', color: '#c34c10' },
          { name: 'Someone with quite a long name', color: '#1864ab' },
        ].map((person) => Writer.create(browser, kind, person)),
      );
      await viewer.open(server.url, id);
      await viewer.paste(text);
      await Promise.all(others.map((writer) => writer.open(server.url, id)));
      await Promise.all(others.map((writer) => writer.sees('bring a lamp.')));
      const [ada, jonas, third] = others as [Writer, Writer, Writer];
      await ada.caretAt(text.indexOf('about four hours'), text.indexOf('about four hours') + 40);
      await third.caretAt(7);
      await jonas.caretAt(text.indexOf('🍎') + 2);
      await viewer.page.waitForFunction(() => document.querySelectorAll('.coedit-cursor').length === 3, undefined, { timeout: waitMaxMs });
      await viewer.page.screenshot({ path: join(folder, `binding-${kind}-${look}.png`), caret: 'initial' });
      await Promise.all([viewer, ...others].map((writer) => writer.leave()));
    }
  }
} finally {
  await browser.close();
  await server.dispose();
}
