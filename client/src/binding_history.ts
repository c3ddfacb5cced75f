// Undo and redo as the user asks for them: by keys, or by the browser's own menus.

export type HistoryCommand = 'undo' | 'redo';

const apple = (): boolean => /Mac|iPhone|iPad|iPod/.test(navigator.platform);

/** The letter of a key by what it types, or by where it lies when that is no Latin letter. */
function letterOf({ key, code }: KeyboardEvent): string {
  return /^[a-z]$/i.test(key) ? key.toLowerCase() : code.replace(/^Key/, '').toLowerCase();
}

/** Ctrl+Z, Ctrl+Shift+Z and Ctrl+Y; with Cmd, and without Y, on Apple's systems. */
export function commandOfKey(event: KeyboardEvent): HistoryCommand | null {
  const { altKey, ctrlKey, metaKey, shiftKey, isComposing } = event;
  const main = apple() ? metaKey && !ctrlKey : ctrlKey && !metaKey;
  if (!main || altKey || isComposing) return null;
  const letter = letterOf(event);
  if (letter === 'z') return shiftKey ? 'redo' : 'undo';
  return letter === 'y' && !shiftKey && !apple() ? 'redo' : null;
}

function commandOfInput({ inputType }: InputEvent): HistoryCommand | null {
  if (inputType === 'historyUndo') return 'undo';
  return inputType === 'historyRedo' ? 'redo' : null;
}

/**
 * Sends undo and redo within `editable` to `travel`, before the editor or the browser sees them.
 * `root` is `editable` or around it. Returns the function that stops it.
 */
export function routeHistory(root: HTMLElement, editable: HTMLElement, travel: (command: HistoryCommand) => void): () => void {
  const route = (event: Event, command: HistoryCommand | null): void => {
    // A search field inside the editor has its own undo.
    if (command === null || event.defaultPrevented || !editable.contains(event.target as Node | null)) return;
    event.preventDefault();
    event.stopPropagation();
    travel(command);
  };
  const onKey = (event: KeyboardEvent): void => route(event, commandOfKey(event));
  const onInput = (event: InputEvent): void => route(event, commandOfInput(event));
  root.addEventListener('keydown', onKey, { capture: true });
  root.addEventListener('beforeinput', onInput, { capture: true });
  return () => {
    root.removeEventListener('keydown', onKey, { capture: true });
    root.removeEventListener('beforeinput', onInput, { capture: true });
  };
}
