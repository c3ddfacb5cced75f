// What can be done with a document from a list: renamed, duplicated, shared, deleted. Each says what
// came of it; lists draw themselves anew.
import type { DocumentType } from 'coedit';
import type { DocumentsApi } from 'coedit/http';
import { askText, confirmDanger } from './dialogs.js';
import { newDocumentId } from './document_id.js';
import { documentAddress } from './document_link.js';
import type { MenuEntry } from './menu.js';
import { forgetDocument, rememberDocument, retitleDocument } from './recent.js';
import { copyText } from './text_out.js';
import { cleanTitle, titleOrUntitled, titleUnitsMax } from './titles.js';

export interface Listed {
  readonly id: string;
  readonly type: DocumentType;
  /** As shown: the title, or the first line. */
  readonly title: string;
}

export interface ActionsOptions {
  readonly api: DocumentsApi;
  /** Tells what happened; `bad` for what did not. */
  readonly say: (words: string, bad?: boolean) => void;
  /** Documents came, went or changed their titles. */
  readonly changed: () => void;
}

function reasonOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (code === 'unreachable') return 'the server cannot be reached';
  if (code === 'no_such_document') return 'it is not on the server any more';
  return error instanceof Error ? error.message : String(error);
}

export class DocumentActions {
  constructor(private readonly options: ActionsOptions) {}

  /** `more` stands before the dangerous end. */
  entries(listed: () => Listed, more: readonly MenuEntry[] = []): readonly MenuEntry[] {
    return [
      { icon: 'pencil', label: 'Rename…', run: () => void this.rename(listed()) },
      { icon: 'copy', label: 'Duplicate', run: () => void this.duplicate(listed()) },
      { icon: 'link', label: 'Copy link', run: () => void this.share(listed(), false) },
      { icon: 'link', label: 'Copy read-only link', run: () => void this.share(listed(), true) },
      ...more,
      { icon: 'trash', label: 'Delete…', danger: true, run: () => void this.delete(listed()) },
    ];
  }

  private async rename({ id, title }: Listed): Promise<void> {
    const { api, say, changed } = this.options;
    const given = await askText('Rename the document', 'Title', title, 'Empty: the first line of its text stands in.', titleUnitsMax);
    if (given === null) return;
    const clean = cleanTitle(given);
    try {
      await api.rename(id, clean === '' ? null : clean);
    } catch (error) {
      say(`“${titleOrUntitled(title)}” was not renamed: ${reasonOf(error)}.`, true);
      return;
    }
    if (clean !== '') retitleDocument(id, clean);
    say(clean === '' ? 'Its title was taken away.' : `Renamed to “${clean}”.`);
    changed();
  }

  private async duplicate({ id, type, title }: Listed): Promise<void> {
    const { api, say, changed } = this.options;
    const copy = { id: newDocumentId(), title: cleanTitle(`${titleOrUntitled(title)} (copy)`) };
    try {
      await api.copy(id, copy);
    } catch (error) {
      say(`“${titleOrUntitled(title)}” was not duplicated: ${reasonOf(error)}.`, true);
      return;
    }
    rememberDocument({ id: copy.id, title: copy.title, type, openedAt: Date.now() });
    say(`“${copy.title}” is there.`);
    changed();
  }

  private async share({ id }: Listed, readOnly: boolean): Promise<void> {
    const { say } = this.options;
    const address = documentAddress(id, { readOnly });
    const done = await copyText(address);
    if (!done) say(`The browser does not let this page copy. The link is ${address}`, true);
    else say(readOnly ? 'Read-only link copied. The page it opens does not edit; the server would let it.' : 'Link copied.');
  }

  private async delete({ id, title }: Listed): Promise<void> {
    const { api, say, changed } = this.options;
    const confirmed = await confirmDanger(
      `Delete “${titleOrUntitled(title)}”?`,
      'It goes with its whole history, for everyone, at once. This cannot be undone.',
      'Delete for everyone',
    );
    if (!confirmed) return;
    try {
      await api.delete(id);
    } catch (error) {
      say(`“${titleOrUntitled(title)}” was not deleted: ${reasonOf(error)}.`, true);
      return;
    }
    forgetDocument(id);
    say(`“${titleOrUntitled(title)}” was deleted.`);
    changed();
  }
}
