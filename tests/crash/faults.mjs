// What is done to the server. A fault gets a running world, does its harm after some acknowledgements,
// and resolves when the server process has ended (or, where it must live on, when it serves again).
//
//   name      stands in the table and after --only
//   env       of the server process, when it is started for this fault
//   options   of its command line, for this fault
//   run       the harm; `world` has random(), acks(n), server, writers, spare
//   kills     true where the environment makes the server kill itself, perhaps before it has served everybody
//   outlives  true where the same process must serve on afterwards
import {writeFileSync} from 'node:fs';

const failpoints = {
  // How often such a place is passed at most before it kills.
  'before-append': 200,
  'after-append': 200,
  'before-commit': 200,
  'after-commit': 200,
  'before-broadcast': 200,
  'after-broadcast': 200,
  'before-ack': 200,
  'after-ack': 200,
  'in-recent-appends': 20,
  'in-snapshot-write': 2,
  'before-checkpoint': 1,
  'after-checkpoint': 1,
};
// A log that is soon due for being copied, and few recent appends.
const optionsOf = {
  'in-recent-appends': ['--limit', 'recent_bytes=2000'],
  'before-checkpoint': ['--limit', 'log_bytes=500000'],
  'after-checkpoint': ['--limit', 'log_bytes=500000'],
};
// A place that was not reached after so many acknowledgements will not be.
const acksUntilKilled = 2500;

const between = (random, from, to) => from + Math.floor(random() * (to - from + 1));

// A server that ends in any other way, a failed check of its own for one, has a fault of its own.
async function killed(server) {
  const how = await server.over;
  if (how !== 'SIGKILL') throw new Error(`the server ended with ${how}: ${server.said}`);
}

function failpoint([name, countMax]) {
  return {
    name: `kill at ${name}`,
    kills: true,
    env: ({random}) => ({COEDIT_FAILPOINT: `${name}:${between(random, 1, countMax)}`}),
    options: optionsOf[name] ?? [],
    async run({acks, server}) {
      const reached = await Promise.race([server.over.then(() => true), acks(acksUntilKilled).then(() => false)]);
      if (!reached) throw new Error(`not reached in ${acksUntilKilled} acknowledgements`);
      await killed(server);
    },
  };
}

function failingFsync({failingFsync, trigger}) {
  return {LD_PRELOAD: failingFsync, COEDIT_FAIL_FSYNC: trigger};
}

// Returns when the first writer has heard of it.
async function failFsync({random, acks, writers, trigger}) {
  await acks(between(random, 1, 300));
  const down = Promise.any(writers.map((writer) => writer.next((line) => line.down !== undefined)));
  writeFileSync(trigger, '');
  await down;
}

export const faults = [
  {
    name: 'kill -9',
    async run({random, acks, server}) {
      await acks(between(random, 1, 300));
      server.kill('SIGKILL');
      await killed(server);
    },
  },
  {
    name: 'kill -9, writers too',
    async run({random, acks, server, writers, restartWriter}) {
      await acks(between(random, 1, 200));
      const victims = writers.filter(() => random() < 0.5);
      for (const victim of victims) victim.child.kill('SIGKILL');
      if (random() < 0.5) server.kill('SIGKILL');
      await Promise.all(victims.map((victim) => victim.over));
      for (const victim of victims) restartWriter(victim);
      if (!server.child.killed) {
        await acks(between(random, 1, 100));
        server.kill('SIGKILL');
      }
      await killed(server);
    },
  },
  {
    name: 'SIGTERM under load',
    async run({random, acks, server}) {
      await acks(between(random, 1, 200));
      server.kill('SIGTERM');
      const how = await server.over;
      if (how !== 0) throw new Error(`the server ended with ${how}: ${server.said}`);
    },
  },
  {
    name: 'paused, then kill -9',
    async run({random, acks, server}) {
      await acks(between(random, 1, 100));
      server.kill('SIGSTOP');
      // The pause is the fault: connections fill up and writers wait.
      await new Promise((resolve) => setTimeout(resolve, 100 + 300 * random()));
      server.kill('SIGCONT');
      await acks(between(random, 1, 50));
      server.kill('SIGKILL');
      await killed(server);
    },
  },
  ...Object.entries(failpoints).map(failpoint),
  {
    name: 'fsync fails once',
    env: failingFsync,
    outlives: true,
    // All writers are sent away with a retry and are served again by the same process.
    async run({random, acks, writers, trigger}) {
      await failFsync({random, acks, writers, trigger});
      await acks(500);
    },
  },
  {
    name: 'fsync fails, then kill -9',
    env: failingFsync,
    async run(world) {
      await failFsync(world);
      world.server.kill('SIGKILL');
      await killed(world.server);
    },
  },
  {
    name: 'disk full, then space',
    disk: 'spare',
    outlives: true,
    async run({acks, spare, writers}) {
      spare.fill();
      await Promise.any(writers.map((writer) => writer.next((line) => line.down?.includes('storage_full'))));
      spare.free();
      await acks(200);
    },
  },
];

/** Before an acknowledgement the commit is on disk: with this mutation it is not, and the rig must say so. */
export const knownBug = {
  name: 'known bug: ack before commit',
  env: ({random}) => ({COEDIT_MUTATION: 'ack-before-commit', COEDIT_FAILPOINT: `before-commit:${between(random, 20, 60)}`}),
  run: ({server}) => killed(server),
};
