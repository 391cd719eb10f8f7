import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import type { Place } from '../parts/environment-gate.tsx';
import { Icon } from '../parts/icon.tsx';
import { useNow } from '../parts/now.ts';
import { MACHINE_KEYBOARD, QUALITY, SCALING, usePreference } from '../parts/preferences.ts';
import { useTitleOf } from '../parts/whose.tsx';
import { Cell, useLive } from '../wire/live.ts';
import { useWords } from '../words/words.ts';
import { ClipboardPanel } from './clipboard-panel.tsx';
import { useClipboardSync } from './clipboard-sync.ts';
import { DesktopBar } from './desktop-bar.tsx';
import { DesktopLink, type LinkState } from './desktop-link.ts';
import { isLeaveChord, releaseModifiers } from './keys.ts';
import { SoftKeyboard } from './soft-keyboard.tsx';

interface ScreenProps {
  readonly at: Place;
  readonly title: string;
  /** The owner, where that is not the reader. */
  readonly whose: string | undefined;
  /** Whether it is a virtual machine: keys reach it by their place. */
  readonly machine: boolean;
  /** The power button, where there is one. */
  readonly power: ReactNode;
  /** Whether to look at the screen that the hypervisor of a machine draws, whatever it shows inside. */
  readonly fromOutside: boolean;
  /** How far the environment is, while it does not answer yet. */
  readonly progress: ReactNode;
  readonly viewOnly: boolean;
  readonly mayRetry: () => Promise<boolean>;
  /** Changes between looking and controlling, where the reader may do both. */
  readonly onLook: ((look: boolean) => void) | undefined;
}

const NEVER = new Cell<LinkState>({ state: 'connecting' });

/** The picture, the bar above it, and what is said when the line breaks. */
export function DesktopScreen(props: ScreenProps) {
  const { title, whose, progress, viewOnly } = props;
  const words = useWords();
  const named = useTitleOf(words.desktop.title(title), whose);
  const root = useRef<HTMLElement>(null);
  const target = useRef<HTMLDivElement>(null);
  const link = useLink(target, props);
  const state = useLive(link?.state ?? NEVER);
  const [panel, setPanel] = useState(false);
  const [typing, setTyping] = useState(false);
  useClipboardSync(link, viewOnly);
  const leave = (event: KeyboardEvent) => {
    if (!isLeaveChord(event)) return;
    event.stopPropagation();
    if (link?.rfb) releaseModifiers(link.rfb);
    root.current?.querySelector<HTMLElement>('.desk-bar a, .desk-bar button')?.focus();
  };
  const toDesktop = () => link?.rfb?.focus({ preventScroll: true });
  return (
    <main ref={root} className="desk">
      <title>{named}</title>
      <h1 className="unseen">{named}</h1>
      <DesktopBar
        {...props}
        link={link}
        state={state}
        root={root}
        panel={panel}
        setPanel={setPanel}
        setTyping={setTyping}
        toDesktop={toDesktop}
      />
      {panel && link && <ClipboardPanel link={link} viewOnly={viewOnly} onClose={() => setPanel(false)} />}
      {/* The chord that leaves must be heard before the desktop takes every key. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        role="application"
        aria-label={words.desktop.canvas(title)}
        className="desk-canvas"
        data-testid="desktop-canvas"
        data-state={state.state}
        ref={target}
        onKeyDownCapture={leave}
      />
      {state.state !== 'connected' && <Veil state={state} title={title} progress={progress} onRetry={() => link?.reconnect()} />}
      {typing && link && <SoftKeyboard link={link} onClose={() => setTyping(false)} />}
      <p className="unseen" aria-live="polite">
        {words.desktop.states[state.state]}
        {state.state === 'connected' && `. ${words.desktop.hint}`}
      </p>
    </main>
  );
}

function useLink(
  target: { readonly current: HTMLDivElement | null },
  { at, viewOnly, machine, fromOutside, mayRetry }: ScreenProps,
): DesktopLink | undefined {
  const [link, setLink] = useState<DesktopLink>();
  const scaling = usePreference(SCALING);
  const quality = usePreference(QUALITY);
  const { namespace, instance, environment } = at;
  const retry = useRef(mayRetry);
  useEffect(() => {
    retry.current = mayRetry;
  });
  useEffect(() => {
    if (!target.current) return undefined;
    const path = ['api', 'rfb', namespace, instance, environment].map(encodeURIComponent).join('/');
    const query = [...(viewOnly ? ['view=1'] : []), ...(fromOutside ? ['screen=1'] : [])].join('&');
    const url = `${location.origin.replace(/^http/, 'ws')}/${path}${query && `?${query}`}`;
    const keyboard = machine ? () => MACHINE_KEYBOARD.live.get() : undefined;
    const picture = { scaling: SCALING.live.get(), quality: QUALITY.live.get() };
    const opened = new DesktopLink(target.current, picture, { url, viewOnly, keyboard, mayRetry: () => retry.current() });
    setLink(opened);
    return () => opened.close();
  }, [target, namespace, instance, environment, viewOnly, machine, fromOutside]);
  useEffect(() => link?.show({ scaling, quality }), [link, scaling, quality]);
  return link;
}

function Veil({ state, title, progress, onRetry }: { state: LinkState; title: string; progress: ReactNode; onRetry: () => void }) {
  const words = useWords();
  const lost = state.state === 'disconnected';
  const now = useNow(lost);
  if (!lost) {
    return (
      <div className="desk-veil">
        <span className="spinner" aria-hidden="true" />
        <span>{words.desktop.connectingTo(title)}</span>
        {progress}
      </div>
    );
  }
  return (
    <div className="desk-veil lost">
      <Icon name="plug" />
      <strong>{words.desktop.lost}</strong>
      <span>{words.desktop.lostText(Math.max(0, Math.ceil((state.retryAt - now) / 1000)))}</span>
      <button type="button" className="button primary" onClick={onRetry}>
        {words.desktop.reconnect}
      </button>
    </div>
  );
}
