// What was measured, as Markdown.

const loops = {
  closed: 'closed loop: each writer types on when its last edit is acknowledged',
  open: 'open loop: every edit has its time',
};

export function markdown(result) {
  const {machine, figures, notes, seconds, part} = result;
  const lines = [
    `Machine: ${machine.processor}, Linux ${machine.kernel}, node ${machine.node}; load average ${machine.loadBefore.toFixed(2)} before, ` +
      `${machine.loadAfter.toFixed(2)} after. ${seconds} s measured in each run unless it says otherwise, after 2 s of warm-up.`,
    '',
  ];
  if (part === 'peers') lines.push(...summary(figures), '');
  for (const {scenario, loop, rows} of grouped(figures)) {
    lines.push(`**${scenario}, ${loops[loop]}${demand(rows)}**`, '');
    lines.push(...(part === 'peers' ? peerTable(rows) : serverTable(rows)), '');
  }
  if (part === 'peers') {
    lines.push(
      'A message is an edit acknowledged, or an edit that reached one other client; CPU is that of the server process. ' +
        'In brackets: the peer divided by coedit. Bytes are those of the WebSocket streams: up for each edit, down for each message. ' +
        'The load tool has the other processor; how late it was itself is part of every latency.',
    );
  }
  lines.push('Every run that has figures ended with all clients and a newcomer in one state.');
  for (const note of notes) lines.push(`- ${note}`);
  return lines.join('\n') + '\n';
}

function grouped(figures) {
  const groups = new Map();
  for (const figure of figures) {
    const key = `${figure.scenario} ${figure.loop}`;
    if (!groups.has(key)) groups.set(key, {scenario: figure.scenario, loop: figure.loop, rows: []});
    groups.get(key).rows.push(figure);
  }
  return [...groups.values()];
}

function demand(rows) {
  const one = rows.find(({failed}) => !failed);
  if (one?.editsPerSecondPerWriter === undefined) return '';
  const writers = one.documents * one.writersPerDocument;
  return `, ${one.editsPerSecondPerWriter}/s each, ${one.editsPerSecondPerWriter * writers}/s in all`;
}

// One line for each load and peer: how many times better coedit is.
function summary(figures) {
  const peers = [...new Set(figures.map(({server}) => server))].filter((name) => name !== 'coedit');
  if (peers.length === 0) return [];
  const rows = [['coedit is better by', ...peers]];
  for (const {scenario, loop, rows: measured} of grouped(figures)) {
    const ours = measured.find(({server, failed}) => server === 'coedit' && !failed);
    if (ours === undefined) continue;
    const cells = (value) =>
      peers.map((peer) => {
        const theirs = measured.find(({server, failed}) => server === peer && !failed);
        const why = measured.find(({server}) => server === peer)?.failed ?? '';
        return theirs === undefined ? (/^(overloaded|skipped)/.exec(why)?.[1] ?? 'failed') : `${short(value(theirs))}x`;
      });
    if (loop === 'closed') {
      rows.push([`${scenario}: edits/s`, ...cells((theirs) => perSecond(ours) / perSecond(theirs))]);
    } else {
      rows.push([`${scenario}: CPU per message`, ...cells((theirs) => perMessage(theirs) / perMessage(ours))]);
      rows.push([`${scenario}: ack p99`, ...cells((theirs) => step(theirs).ackMs.p99 / step(ours).ackMs.p99)]);
      rows.push([`${scenario}: resident memory`, ...cells((theirs) => resident(theirs) / resident(ours))]);
    }
  }
  return table(rows);
}

function peerTable(measured) {
  const ours = measured.find(({server, failed}) => server === 'coedit' && !failed);
  const rows = [['server', 'edits/s', 'CPU us/message', 'core %', 'ack p50 / p99 ms', 'delivery p50 / p99 ms', 'RSS MB', 'bytes up / down', 'tool %, late p99 ms', 'stored']];
  for (const figure of measured) {
    if (figure.failed) {
      rows.push([figure.server, failure(figure), ...Array(7).fill(''), figure.stored]);
      continue;
    }
    const ratio = (value) => (ours === undefined || figure === ours ? '' : ` (${short(value(figure) / value(ours))})`);
    const {ackMs, deliveryMs, serverCpuCores, ownCpuCores, toolLateMs, disturbed} = step(figure);
    rows.push([
      figure.server,
      Math.round(perSecond(figure)).toLocaleString('en') + ratio(perSecond),
      short(perMessage(figure)) + ratio(perMessage),
      percent(serverCpuCores),
      `${short(ackMs.p50)} / ${short(ackMs.p99)}`,
      `${short(deliveryMs.p50)} / ${short(deliveryMs.p99)}`,
      short(resident(figure) / 1e6) + ratio(resident),
      wireBytes(step(figure)),
      `${percent(ownCpuCores)}${toolLateMs.samples > 0 ? `, ${short(toolLateMs.p99)}` : ''}${disturbed ? ' (disturbed)' : ''}`,
      figure.stored,
    ]);
  }
  return table(rows);
}

function serverTable(measured) {
  const rows = [['connections', 'edits/s', 'deliveries/s', 'CPU us/message', 'core %', 'ack p50 / p99 / max ms', 'delivery p50 / p99 / max ms', 'RSS MB', 'more']];
  for (const figure of measured) {
    if (figure.failed) {
      rows.push([failure(figure), ...Array(8).fill('')]);
      continue;
    }
    for (const one of figure.steps) {
      rows.push([
        one.connections.toLocaleString('en'),
        Math.round(one.editsAcked / one.seconds).toLocaleString('en'),
        Math.round(one.deliveriesPerSecond).toLocaleString('en'),
        short(one.serverCpuUsPerMessage),
        percent(one.serverCpuCores),
        `${short(one.ackMs.p50)} / ${short(one.ackMs.p99)} / ${short(one.ackMs.max)}`,
        `${short(one.deliveryMs.p50)} / ${short(one.deliveryMs.p99)} / ${short(one.deliveryMs.max)}`,
        short(one.serverResidentBytes / 1e6),
        more(figure, one),
      ]);
    }
  }
  return table(rows);
}

function more(figure, one) {
  const parts = [];
  if (one.connected > 0) {
    parts.push(`${Math.round(one.connected / one.connectSeconds).toLocaleString('en')} connects/s, ${short(one.serverResidentBytesPerConnected / 1024)} KiB each`);
  }
  if (one.presenceSeen > 0) parts.push(`presence p50 / p99 ${short(one.presenceMs.p50)} / ${short(one.presenceMs.p99)} ms`);
  if (one.joins > 0) parts.push(`join p50 / p99 ${short(one.joinMs.p50)} / ${short(one.joinMs.p99)} ms`);
  if (figure.slowReaders && one === figure.steps.at(-1)) {
    const {readers, dropped, backlogBytesMax} = figure.slowReaders;
    parts.push(`${dropped} of ${readers} slow readers dropped, backlog at most ${short(backlogBytesMax / 1e6)} MB`);
  }
  if (figure.storm && one === figure.steps.at(-1)) {
    const {connections, backMs, refused, skipped} = figure.storm;
    parts.push(`${connections} cut; back p50 / p99 / last ${short(backMs.p50)} / ${short(backMs.p99)} / ${short(backMs.max)} ms; ${refused} attempts refused, ${skipped} got a whole text`);
  }
  return parts.join('; ');
}

function table([head, ...rows]) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)];
}

// The only measured time, or the last.
function step(figure) {
  return figure.steps.at(-1);
}

// Processor time of the server for one acknowledged or delivered edit, in microseconds.
function perMessage(figure) {
  const {serverCpuCores, seconds, editsAcked, editsDelivered} = step(figure);
  return (serverCpuCores * seconds * 1e6) / (editsAcked + editsDelivered);
}

// Edits acknowledged.
function perSecond(figure) {
  return step(figure).editsAcked / step(figure).seconds;
}

function resident(figure) {
  return step(figure).serverResidentBytesMax;
}

function wireBytes({wireBytesUpPerOperation, wireBytesDownPerOperation, operations, editsAcked, editsDelivered}) {
  const up = (wireBytesUpPerOperation * operations) / editsAcked;
  const down = (wireBytesDownPerOperation * operations) / (editsAcked + editsDelivered);
  return `${short(up)} / ${short(down)}`;
}

function failure({failed}) {
  const why = failed.replaceAll('|', '/');
  return /^(overloaded|skipped)/.test(why) ? why : `failed: ${why}`;
}

function percent(cores) {
  return (cores * 100).toFixed(0);
}

function short(value) {
  if (!Number.isFinite(value)) return '-';
  return value >= 100 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
