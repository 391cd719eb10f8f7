import { useEffect } from 'react';
import { navigate } from '../router.tsx';
import { Cell, useLive } from '../wire/live.ts';
import { useWords } from '../words/words.ts';
import { Dialog } from './dialog.tsx';

const open = new Cell(false);

/** Shows the help. */
export function openHelp(): void {
  open.set(true);
}

const PLACES: Readonly<Record<string, string>> = { h: '/', t: '/teaching', a: '/account' };

/** Listens for the page's shortcuts: `?`, `/`, and `g` followed by a letter. Never while someone types. */
export function useShortcuts(): void {
  useEffect(() => {
    let going = false;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const place = going ? PLACES[event.key] : undefined;
      going = event.key === 'g';
      if (place) navigate(place);
      else if (event.key === '?') openHelp();
      else if (event.key === '/') focusSearch(event);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest('dialog') !== null)
  );
}

function focusSearch(event: KeyboardEvent): void {
  const search = document.querySelector<HTMLInputElement>('input[type=search]');
  if (!search) return;
  event.preventDefault();
  search.focus();
}

/** The help, when it is asked for. */
export function Help() {
  const words = useWords();
  if (!useLive(open)) return null;
  const { shortcuts, followedBy } = words.help;
  const rows: [string[], string][] = [
    [['/'], shortcuts.search],
    [['g', 'h'], shortcuts.home],
    [['g', 't'], shortcuts.teaching],
    [['g', 'a'], shortcuts.account],
    [['Ctrl+Alt+Shift'], shortcuts.leave],
    [['?'], shortcuts.help],
  ];
  return (
    <Dialog title={words.help.title} onClose={() => open.set(false)}>
      <p className="soft">{words.help.words}</p>
      <h3>{words.help.keys}</h3>
      <dl className="shortcuts">
        {rows.map(([keys, text]) => (
          <div key={text}>
            <dt>
              {keys.map((key, index) => (
                <span key={key}>
                  {index > 0 && <span className="quiet"> {followedBy} </span>}
                  <kbd>{key}</kbd>
                </span>
              ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <div className="dialog-ends">
        <button type="button" className="button primary" onClick={() => open.set(false)}>
          {words.close}
        </button>
      </div>
    </Dialog>
  );
}
