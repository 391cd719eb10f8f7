import { type ReactNode, type RefObject, useSyncExternalStore } from 'react';
import { Icon, type IconName } from '../parts/icon.tsx';
import { Menu, type MenuEntry } from '../parts/menu.tsx';
import { MACHINE_KEYBOARD, QUALITY, SCALING, usePreference } from '../parts/preferences.ts';
import { Whose } from '../parts/whose.tsx';
import { Link } from '../router.tsx';
import { useWords } from '../words/words.ts';
import type { DesktopLink, LinkState } from './desktop-link.ts';
import { pressTogether } from './keys.ts';
import { LAYOUTS } from './layouts.ts';

interface BarProps {
  readonly title: string;
  readonly whose: string | undefined;
  readonly machine: boolean;
  readonly power: ReactNode;
  readonly viewOnly: boolean;
  readonly onLook: ((look: boolean) => void) | undefined;
  readonly link: DesktopLink | undefined;
  readonly state: LinkState;
  readonly root: RefObject<HTMLElement | null>;
  readonly panel: boolean;
  readonly setPanel: (open: boolean) => void;
  readonly setTyping: (on: boolean) => void;
  readonly toDesktop: () => void;
}

/** The bar above a desktop. Escape in it returns to the desktop. */
export function DesktopBar(props: BarProps) {
  const { title, whose, viewOnly, state, panel, setPanel, setTyping, toDesktop, root } = props;
  const words = useWords();
  return (
    // oxlint-disable-next-line jsx-a11y/interactive-supports-focus -- its buttons take the focus
    <div role="toolbar" className="desk-bar" aria-label={words.desktop.bar} onKeyDown={(event) => event.key === 'Escape' && toDesktop()}>
      <Link className="button plain square small" href="/" aria-label={words.desktop.back} title={words.desktop.back}>
        <Icon name="back" />
      </Link>
      <span className={`desk-dot ${state.state}`} title={words.desktop.states[state.state]} />
      <strong className="desk-name">{title}</strong>
      <Whose whose={whose} />
      {viewOnly && <Look {...props} />}
      <span className="desk-gap" />
      {!viewOnly && props.onLook && <BarButton icon="eye" label={words.desktop.onlyLook} onClick={() => props.onLook?.(true)} />}
      <BarButton icon="clipboard" label={words.desktop.clipboard} pressed={panel} onClick={() => setPanel(!panel)} testId="clipboard" />
      {!viewOnly && <KeysMenu {...props} />}
      {!viewOnly && (
        <span className="touch-only">
          <BarButton icon="keyboard" label={words.desktop.keyboard} onClick={() => setTyping(true)} />
        </span>
      )}
      {props.power}
      <PictureMenu />
      <FullscreenButton root={root} toDesktop={toDesktop} />
    </div>
  );
}

interface ButtonProps {
  readonly icon: IconName;
  readonly label: string;
  readonly onClick: () => void;
  readonly pressed?: boolean;
  readonly testId?: string;
}

function BarButton({ icon, label, onClick, pressed, testId }: ButtonProps) {
  return (
    <button
      type="button"
      className="button plain square small"
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      onClick={onClick}
      data-testid={testId}
    >
      <Icon name={icon} />
    </button>
  );
}

function Look({ onLook }: BarProps) {
  const words = useWords();
  return (
    <>
      <span className="desk-badge" title={words.desktop.viewOnlyText}>
        <Icon name="eye" /> <span>{words.desktop.viewOnly}</span>
      </span>
      {onLook && (
        <button type="button" className="button second small" onClick={() => onLook(false)}>
          {words.desktop.takeControl}
        </button>
      )}
    </>
  );
}

function KeysMenu({ link, machine, toDesktop }: BarProps) {
  const words = useWords();
  const names = words.desktop.keyNames;
  const press = (...keys: string[]) => {
    if (link?.rfb) pressTogether(link.rfb, keys);
    toDesktop();
  };
  const entries: MenuEntry[] = [
    { label: names.cad, run: () => (link?.rfb?.sendCtrlAltDel(), toDesktop()) },
    { label: names.terminal, run: () => press('Control', 'Alt', 't') },
    { label: names.tab, run: () => press('Alt', 'Tab') },
    { label: names.super, run: () => press('Super') },
    { label: names.escape, run: () => press('Escape') },
    { label: names.f11, run: () => press('F11') },
    { label: names.print, run: () => press('Print') },
  ];
  const keyboard = usePreference(MACHINE_KEYBOARD);
  const keyboards = (['same', ...LAYOUTS] as const).map(
    (value): MenuEntry => ({ label: words.desktop.keyboards[value], checked: keyboard === value, run: () => MACHINE_KEYBOARD.set(value) }),
  );
  const groups = machine ? [entries, keyboards] : [entries];
  return (
    <Menu
      label={words.desktop.keys}
      face={<Icon name="keyboard" />}
      note={machine ? words.desktop.keyboards.note : undefined}
      groups={groups}
      testId="keys"
    />
  );
}

function PictureMenu() {
  const words = useWords();
  const { scaling, quality } = words.desktop;
  const chosen = usePreference(SCALING);
  const level = usePreference(QUALITY);
  const sizes = (['remote', 'local', 'none'] as const).map(
    (value): MenuEntry => ({ label: scaling[value], checked: chosen === value, run: () => SCALING.set(value) }),
  );
  const levels = (['high', 'balanced', 'low'] as const).map(
    (value): MenuEntry => ({ label: `${quality.label}: ${quality[value]}`, checked: level === value, run: () => QUALITY.set(value) }),
  );
  return <Menu label={words.desktop.settings} face={<Icon name="sliders" />} groups={[sizes, levels]} />;
}

const onFullscreen = (listener: () => void) => {
  document.addEventListener('fullscreenchange', listener);
  return () => document.removeEventListener('fullscreenchange', listener);
};

function FullscreenButton({ root, toDesktop }: Pick<BarProps, 'root' | 'toDesktop'>) {
  const words = useWords();
  const full = useSyncExternalStore(onFullscreen, () => document.fullscreenElement !== null);
  const toggle = async () => {
    if (full) return document.exitFullscreen();
    await root.current?.requestFullscreen({ navigationUI: 'hide' });
    await lockKeyboard();
    toDesktop();
    return undefined;
  };
  const label = full ? words.desktop.leaveFullscreen : words.desktop.fullscreen;
  // A browser may refuse full screen; the page stays as it is.
  return <BarButton icon={full ? 'shrink' : 'expand'} label={label} onClick={() => void toggle().catch(() => undefined)} />;
}

/** In full screen the browser may hand over keys that it keeps for itself elsewhere: Escape, Alt+Tab, the Windows key. Holding Escape leaves. */
async function lockKeyboard(): Promise<void> {
  const keyboard: unknown = Reflect.get(navigator, 'keyboard');
  if (typeof keyboard === 'object' && keyboard !== null && 'lock' in keyboard && typeof keyboard.lock === 'function') await keyboard.lock();
}
