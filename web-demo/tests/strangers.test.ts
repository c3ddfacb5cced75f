// What strangers send is cleaned and bounded before anyone sees it.
import { expect, test } from 'vitest';
import { ChatLog, chatUnitsMax, cleanMessage, messageOf } from '../src/chat_log.js';
import { languageOfTitle } from '../src/language_names.js';
import { cleanTitle, firstLineOf, titleUnitsMax } from '../src/titles.js';

const someone = { name: 'Ada', color: '#123456' };

test('payloads that are no messages say nothing', () => {
  for (const payload of [null, true, 7, 'text', [], {}, { text: 7 }, { text: null }, { text: ['x'] }, { text: ' \u200b ' }]) {
    expect(messageOf(payload)).toBe('');
  }
  expect(messageOf({ text: ' hello ' })).toBe('hello');
});

test('messages lose what is invisible or turns the direction, and are bounded', () => {
  expect(cleanMessage('a\u202eb\u0000c\u200bd')).toBe('abcd');
  expect(cleanMessage('one\r\ntwo\n\n\n\n\nthree')).toBe('one\ntwo\n\nthree');
  expect(cleanMessage(`z${'\u0301'.repeat(50)}`)).toBe(`z${'\u0301'.repeat(4)}`);
  expect([...cleanMessage('😀'.repeat(2_000))]).toHaveLength(chatUnitsMax);
  expect(cleanMessage('<b>x</b>')).toBe('<b>x</b>');
});

test('who says too much is not heard for a while, the others are', () => {
  const log = new ChatLog();
  const taken = Array.from({ length: 30 }, (_, index) => log.add('loud', someone, 'x', false, 1_000 + index)).filter((message) => message !== null);
  expect(taken).toHaveLength(8);
  expect(log.add('calm', someone, 'y', false, 1_050)).not.toBeNull();
  expect(log.add('loud', someone, 'later', false, 20_000)).not.toBeNull();
});

test('the log is bounded, and keeps the latest', () => {
  const log = new ChatLog();
  for (let index = 0; index < 1_000; index++) log.add(`s${index}`, someone, String(index), false, index * 60_000);
  expect(log.messages).toHaveLength(200);
  expect(log.messages.at(-1)?.text).toBe('999');
});

test('titles are one line without tricks', () => {
  expect(cleanTitle('  one\n two\t\u202ethree ')).toBe('one two three');
  expect(cleanTitle('a'.repeat(10_000))).toHaveLength(titleUnitsMax);
  expect(cleanTitle(`${'a'.repeat(titleUnitsMax - 1)}😀`)).toBe('a'.repeat(titleUnitsMax - 1));
  expect(firstLineOf('\n \n  First line \nsecond')).toBe('First line');
  expect(firstLineOf('\ufffc\n')).toBe('');
  expect([...firstLineOf('x'.repeat(500))]).toHaveLength(81);
});

test('a language is told by the extension of a title', () => {
  expect(['a.py', 'A.TS', 'notes', 'x.constructor', 'index.html ', 'v1.0'].map(languageOfTitle)).toEqual([
    'python',
    'typescript',
    'text',
    'text',
    'html',
    'text',
  ]);
});
