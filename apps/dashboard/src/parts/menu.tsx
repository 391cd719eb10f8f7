import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { Link } from '../router.tsx';
import { Icon, type IconName } from './icon.tsx';

/** One line of a menu: an act or a link. */
export interface MenuEntry {
  readonly label: string;
  readonly icon?: IconName;
  readonly run?: () => void;
  readonly href?: string;
  /** Opens in a tab of its own. */
  readonly outside?: boolean;
  readonly danger?: boolean;
  readonly checked?: boolean | undefined;
  readonly testId?: string;
}

interface MenuProps {
  readonly label: string;
  readonly face: ReactNode;
  readonly className?: string;
  readonly note?: ReactNode;
  /** Groups are divided by a line. */
  readonly groups: readonly (readonly MenuEntry[])[];
  readonly up?: boolean;
  readonly testId?: string;
}

/** A button that opens a list of acts. Arrow keys, Home, End and Escape work as people expect. */
export function Menu({ label, face, className = 'button plain square small', note, groups, up, testId }: MenuProps) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useOutside(root, open, () => setOpen(false));
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div className="menu" ref={root}>
      <button
        ref={button}
        type="button"
        className={className}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        title={label}
        data-testid={testId}
        onClick={() => setOpen(!open)}
      >
        {face}
      </button>
      {open && <MenuList id={id} label={label} note={note} groups={groups} up={up} close={close} />}
    </div>
  );
}

type ListProps = Pick<MenuProps, 'label' | 'note' | 'groups' | 'up'> & { id: string; close: () => void };

function MenuList({ id, label, note, groups, up, close }: ListProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => itemsOf(list.current)[0]?.focus(), []);
  return (
    <div className={up ? 'menu-list up' : 'menu-list'}>
      {note && <div className="menu-note">{note}</div>}
      {/* oxlint-disable-next-line jsx-a11y/interactive-supports-focus -- the items take the focus, one after another */}
      <div ref={list} id={id} role="menu" aria-label={label} onKeyDown={(event) => onMenuKey(event, list.current, close)}>
        {groups
          .filter((group) => group.length > 0)
          .map((group, index) => (
            <div key={group[0]?.label} role="none">
              {index > 0 && <div className="menu-split" role="none" />}
              {group.map((entry) => (
                <Entry key={entry.label} entry={entry} close={close} />
              ))}
            </div>
          ))}
      </div>
    </div>
  );
}

function Entry({ entry, close }: { entry: MenuEntry; close: () => void }) {
  const face = (
    <>
      {entry.icon && <Icon name={entry.icon} />}
      <span>{entry.label}</span>
      {entry.checked && (
        <span className="mark">
          <Icon name="check" />
        </span>
      )}
    </>
  );
  const className = entry.danger ? 'menu-item danger' : 'menu-item';
  const shared = { className, tabIndex: -1, 'data-testid': entry.testId };
  if (entry.href && entry.outside) {
    return (
      <a {...shared} role="menuitem" href={entry.href} target="_blank" rel="noreferrer" onClick={close}>
        {face}
      </a>
    );
  }
  if (entry.href) {
    return (
      <Link {...shared} role="menuitem" href={entry.href}>
        {face}
      </Link>
    );
  }
  const run = () => {
    close();
    entry.run?.();
  };
  const radio = entry.checked === undefined ? { role: 'menuitem' } : { role: 'menuitemradio', 'aria-checked': entry.checked };
  return (
    <button {...shared} {...radio} type="button" onClick={run}>
      {face}
    </button>
  );
}

function itemsOf(list: HTMLElement | null): HTMLElement[] {
  return list ? [...list.querySelectorAll<HTMLElement>('[role^=menuitem]')] : [];
}

function onMenuKey(event: KeyboardEvent, list: HTMLElement | null, close: () => void): void {
  const items = itemsOf(list);
  const here = items.findIndex((item) => item === document.activeElement);
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: (here + 1) % items.length,
    ArrowUp: (here - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  };
  const target = targets[event.key];
  if (event.key === 'Escape' || event.key === 'Tab') close();
  if (event.key === 'Escape' || target !== undefined) {
    event.preventDefault();
    event.stopPropagation();
  }
  if (target !== undefined) items[target]?.focus();
}

function useOutside(root: { readonly current: HTMLElement | null }, open: boolean, close: () => void): void {
  useEffect(() => {
    if (!open) return undefined;
    const onDown = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) close();
    };
    document.addEventListener('pointerdown', onDown);
    return () => document.removeEventListener('pointerdown', onDown);
  });
}
