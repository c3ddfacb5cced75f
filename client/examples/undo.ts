import type { SharedDocument } from 'coedit';

/** Two buttons that take back and do again one's own edits, whatever others have done since. */
export function bindUndoButtons({ history }: SharedDocument, undo: HTMLButtonElement, redo: HTMLButtonElement): () => void {
  const show = (): void => {
    undo.disabled = !history.canUndo;
    redo.disabled = !history.canRedo;
  };
  undo.onclick = () => history.undo();
  redo.onclick = () => history.redo();
  show();
  return history.on('change', show);
}
