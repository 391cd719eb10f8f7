import '@fontsource-variable/atkinson-hyperlegible-mono/wght.css';
import '@xterm/xterm/css/xterm.css';
import '../style/desktop.css';
import { useEffect, useRef, useState } from 'react';
import { type Entered, EnvironmentGate, type Place } from '../parts/environment-gate.tsx';
import { Icon } from '../parts/icon.tsx';
import { PowerMenu } from '../parts/power-menu.tsx';
import { LETTERS, usePreference } from '../parts/preferences.ts';
import { useTitleOf, useWhose, Whose } from '../parts/whose.tsx';
import { Link } from '../router.tsx';
import { Cell, useLive } from '../wire/live.ts';
import { useWords } from '../words/words.ts';
import { type ShellState, TerminalLink } from './terminal-link.ts';

/** A shell in an environment, filling the window. */
export function TerminalPage({ at }: { at: Place }) {
  return (
    <EnvironmentGate at={at} need="terminal">
      {(entered) => <TerminalScreen at={at} entered={entered} />}
    </EnvironmentGate>
  );
}

interface ScreenProps {
  readonly at: Place;
  readonly entered: Entered;
}

const NEVER = new Cell<ShellState>({ state: 'connecting' });

function TerminalScreen({ at, entered }: ScreenProps) {
  const { instance, title, access, machine, keeps } = entered;
  const words = useWords();
  const whose = useWhose(instance);
  const named = useTitleOf(machine ? words.terminal.console(title) : words.terminal.title(title), whose);
  const target = useRef<HTMLDivElement>(null);
  const link = useTerminal(target, { at, entered });
  const state = useLive(link?.state ?? NEVER);
  return (
    <main className="desk">
      <title>{named}</title>
      <h1 className="unseen">{named}</h1>
      <div role="toolbar" className="desk-bar" aria-label={words.desktop.bar}>
        <Link className="button plain square small" href="/" aria-label={words.desktop.back} title={words.desktop.back}>
          <Icon name="back" />
        </Link>
        <span className={`desk-dot ${state.state}`} />
        <strong className="desk-name">{title}</strong>
        <Whose whose={whose} />
        <span className="desk-gap" />
        {machine && access.power && <PowerMenu instance={instance} environment={at.environment} title={title} keeps={keeps} />}
        <Letters link={link} />
      </div>
      <div className="term" ref={target} data-testid="terminal" data-state={state.state} />
      <Note state={state} link={link} />
    </main>
  );
}

function useTerminal(
  target: { readonly current: HTMLDivElement | null },
  { at, entered: { title, machine, askAgain: mayRetry } }: ScreenProps,
): TerminalLink | undefined {
  const words = useWords();
  const [link, setLink] = useState<TerminalLink>();
  const label = machine ? words.terminal.consoleOf(title) : words.terminal.screen(title);
  const latest = useRef({ mayRetry, label });
  useEffect(() => {
    latest.current = { mayRetry, label };
  });
  const { namespace, instance, environment } = at;
  useEffect(() => {
    if (!target.current) return undefined;
    const path = ['api', 'terminal', namespace, instance, environment].map(encodeURIComponent).join('/');
    const url = `${location.origin.replace(/^http/, 'ws')}/${path}`;
    const opened = new TerminalLink(target.current, {
      url,
      letters: Number(LETTERS.live.get()),
      label: latest.current.label,
      mayRetry: () => latest.current.mayRetry(),
    });
    setLink(opened);
    return () => opened.close();
  }, [target, namespace, instance, environment]);
  return link;
}

const SIZES = ['12', '14', '16', '18', '22'] as const;

function Letters({ link }: { link: TerminalLink | undefined }) {
  const words = useWords();
  const size = usePreference(LETTERS);
  const index = SIZES.indexOf(size);
  const change = (by: number) => {
    const next = SIZES[index + by];
    if (!next) return;
    LETTERS.set(next);
    link?.setLetters(Number(next));
    link?.focus();
  };
  return (
    <fieldset className="bare" aria-label={words.terminal.font}>
      <button
        type="button"
        className="button plain square small"
        aria-label={words.terminal.smaller}
        aria-disabled={index <= 0 || undefined}
        onClick={() => change(-1)}
      >
        <Icon name="minus" />
      </button>
      <button
        type="button"
        className="button plain square small"
        aria-label={words.terminal.larger}
        aria-disabled={index >= SIZES.length - 1 || undefined}
        onClick={() => change(1)}
      >
        <Icon name="plus" />
      </button>
    </fieldset>
  );
}

function Note({ state, link }: { state: ShellState; link: TerminalLink | undefined }) {
  const words = useWords();
  return (
    <div className={state.state === 'ended' || state.state === 'disconnected' ? 'term-note' : 'unseen'} aria-live="polite">
      {state.state === 'ended' && (
        <>
          {words.terminal.ended(state.code)}
          <button type="button" className="button primary small" onClick={() => link?.connect()}>
            {words.terminal.again}
          </button>
        </>
      )}
      {state.state === 'disconnected' && (
        <>
          <span className="spinner" aria-hidden="true" /> {words.terminal.lost}
        </>
      )}
    </div>
  );
}
