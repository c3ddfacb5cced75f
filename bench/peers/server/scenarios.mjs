// The loads. All servers get the same; `only` names who alone does. Options are those of coedit-load.

const room = (name, loop, options) => ({name, loop, command: 'room', options});

// Closed loop: how much a server can do. Open loop: what the same load costs each, and how long it takes.
export const peerScenarios = [
  room('20 documents x 5 typists', 'open', {documents: 20, clients: 5, rate: 20}),
  room('20 documents x 5 typists', 'closed', {documents: 20, clients: 5}),
  room('200 documents x 2 typists', 'open', {documents: 200, clients: 2, rate: 5}),
  room('200 documents x 2 typists', 'closed', {documents: 200, clients: 2}),
  room('1 document x 200 typists', 'open', {documents: 1, clients: 200, rate: 1}),
  room('1 document x 200 typists', 'closed', {documents: 1, clients: 200}),
  room('1 writer x 1,000 readers', 'open', {documents: 1, clients: 1001, writers: 1, rate: 20}),
  room('1 writer x 1,000 readers', 'closed', {documents: 1, clients: 1001, writers: 1}),
  room('1 document x 350 typists', 'open', {documents: 1, clients: 350, rate: 5}),
];

// What only coedit is asked to show. `command` is a mode of coedit-load; `threads` are of coedit, which then has
// all processors, the tool's among them.
export const serverScenarios = [
  room('100 documents x 2, 5 edits/s', 'open', {documents: 100, clients: 2, rate: 5}),
  room('1 document x 1,000 typists, 2 edits/s', 'open', {documents: 1, clients: 1000, rate: 2}),
  room('1 writer x 1,000 readers, 100 letters', 'closed', {documents: 1, clients: 1001, writers: 1, letters: 100}),
  room('20 documents x 5 with 5 presence/s', 'open', {documents: 20, clients: 5, rate: 5, presence: 5}),
  room('20 documents x 5, 50 joins/s', 'open', {documents: 20, clients: 5, rate: 5, joins: 50}),
  room('1 document x 20, 10 slow readers', 'open', {documents: 1, clients: 20, rate: 50, letters: 2000, 'slow-readers': 10}),
  {...room('200 documents x 2 on all processors, 1 thread', 'closed', {documents: 200, clients: 2}), threads: 1},
  {...room('200 documents x 2 on all processors, 2 threads', 'closed', {documents: 200, clients: 2}), threads: 2},
  {
    name: '2,000 connections cut at once', loop: 'open', command: 'room',
    options: {documents: 100, clients: 20, writers: 2, rate: 5, storm: 0},
  },
  {
    name: 'idle connections', loop: 'open', command: 'connections', seconds: 5, deadline: 90,
    options: {documents: 100, clients: 2, rate: 5, connections: '1000,5000,10000,19000'},
  },
  {
    name: '10,000 connections cut, back within 5 s', loop: 'open', command: 'connections', seconds: 16, deadline: 60,
    options: {documents: 100, clients: 2, rate: 5, connections: '10000', storm: 5},
  },
];
