import { type ReactNode, useEffect, useState } from 'react';
import { useApp } from '../context.tsx';
import type { Instance } from '../lab/instance.ts';
import { isConnectable, mayComeEarly, remark, stageOf } from '../lab/progress.ts';
import { isMachine, isPersistent } from '../lab/template.ts';
import { useTemplatesOf } from '../lab/use-templates.ts';
import { Link } from '../router.tsx';
import { type Access, askAccess } from '../wire/access.ts';
import { useLive } from '../wire/live.ts';
import { localTimes } from '../words/when.ts';
import { useWords } from '../words/words.ts';
import { Mark } from './icon.tsx';
import { StageText, titleOf } from './instance-card.tsx';
import { Failure } from './states.tsx';
import { attempt, hush } from './toast.tsx';

/** Where an environment is. */
export interface Place {
  readonly namespace: string;
  readonly instance: string;
  readonly environment: string;
}

/** What the page behind the gate gets. */
export interface Entered {
  readonly instance: Instance;
  readonly title: string;
  readonly access: Access;
  /** Whether it is a virtual machine, which shows and says something before it is ready. */
  readonly machine: boolean;
  /** Whether its disk outlives a stop. */
  readonly keeps: boolean;
  /** Whether it may be tried again after a broken line; asks anew. */
  readonly askAgain: () => Promise<boolean>;
}

const EVERYTHING: Access = { view: true, control: true, terminal: true, power: true };

/** An object that was just made may reach this page's list a moment after the page itself. */
const GONE_AFTER_MS = 2_500;

/** Stands before a page that needs a running environment: waits, explains, offers to start, or lets in. */
export function EnvironmentGate({
  at,
  need,
  children,
}: {
  at: Place;
  need: 'view' | 'terminal';
  children: (entered: Entered) => ReactNode;
}) {
  const words = useWords();
  const { lab } = useApp();
  const [source] = useState(() => lab.listWith(at.namespace, at.instance));
  const list = useLive(source);
  const instance = list.state === 'ready' ? list.value.find(({ name }) => name === at.instance) : undefined;
  const late = useLate(GONE_AFTER_MS);
  useEffect(hush, []);
  if (list.state === 'failed') {
    const forbidden = list.problem.code === 403;
    return (
      <Stop title={forbidden ? words.desktop.forbidden : words.problem.title}>
        {forbidden ? words.desktop.forbiddenText : <Failure problem={list.problem} retry={list.retry} />}
      </Stop>
    );
  }
  if (!instance) return list.state === 'ready' && late ? <Stop title={words.desktop.gone}>{words.desktop.goneText}</Stop> : <Wait />;
  return (
    <KnownInstance instance={instance} environment={at.environment} need={need}>
      {children}
    </KnownInstance>
  );
}

function useLate(ms: number): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return late;
}

function KnownInstance({
  instance,
  environment,
  need,
  children,
}: {
  instance: Instance;
  environment: string;
  need: 'view' | 'terminal';
  children: (entered: Entered) => ReactNode;
}) {
  const words = useWords();
  const template = useTemplatesOf([instance])(instance);
  const title = titleOf(instance, template, words.instance.fresh);
  const machine = template?.environments.some((it) => it.name === environment && isMachine(it)) ?? false;
  const open = need === 'view' || machine ? mayComeEarly(instance) : isConnectable(instance);
  const { access, askAgain } = useAccess(instance, open);
  if (!open) return <NotOpen instance={instance} title={title} />;
  if (!access) return <Wait />;
  if (!access[need]) return <Stop title={words.desktop.forbidden}>{words.desktop.forbiddenText}</Stop>;
  return children({ instance, title, access, machine, keeps: template !== undefined && isPersistent(template), askAgain });
}

function useAccess(instance: Instance, open: boolean): { access: Access | undefined; askAgain: () => Promise<boolean> } {
  const { session, me } = useApp();
  const { namespace, name } = instance;
  // Owners may do everything; should that ever be wrong, the connection is refused, and what is asked after that says why.
  const own = instance.tenant.name === me.name;
  const [access, setAccess] = useState<Access | undefined>(own ? EVERYTHING : undefined);
  const askAgain = async () => {
    const answer = await askAccess(namespace, name);
    if (answer === 'expired') void session.check();
    else if (answer !== 'unknown') setAccess(answer);
    return answer !== 'expired';
  };
  useEffect(() => {
    if (!open || own) return undefined;
    let current = true;
    const ask = async () => {
      const answer = await askAccess(namespace, name);
      if (!current) return;
      if (answer === 'expired') void session.check();
      // Where the gateway does not know this question, the connection itself will tell.
      else setAccess(answer === 'unknown' ? EVERYTHING : answer);
    };
    void ask();
    return () => {
      current = false;
    };
  }, [namespace, name, open, own, session]);
  return { access, askAgain };
}

function NotOpen({ instance, title }: { instance: Instance; title: string }) {
  const words = useWords();
  const { lab } = useApp();
  const stage = stageOf(instance);
  const why = remark(instance)?.message;
  if (stage === 'off' || stage === 'suspended') {
    const start = (
      <button type="button" className="button primary" onClick={() => void attempt(lab.setRunning(instance, true))}>
        {words.desktop.start}
      </button>
    );
    return (
      <Stop title={words.desktop.off} act={start}>
        {why ? localTimes(words.said(why), words.locale) : words.desktop.offText}
      </Stop>
    );
  }
  return (
    <Stop title={stage === 'starting' || stage === 'waiting' ? words.desktop.waitingFor(title) : title}>
      <StageText instance={instance} stage={stage} />
      {why && <p>{localTimes(words.said(why), words.locale)}</p>}
    </Stop>
  );
}

/** A full page with one message and a way back. */
function Stop({ title, children, act }: { title: string; children: ReactNode; act?: ReactNode }) {
  const words = useWords();
  return (
    <main className="whole stop">
      <title>{`${title} · CrownLabs`}</title>
      <div className="stop-card">
        <span className="brand">
          <Mark />
        </span>
        <h1>{title}</h1>
        <div className="stop-words" aria-live="polite">
          {children}
        </div>
        <div className="stop-ends">
          {act}
          <Link className="button second" href="/">
            {words.desktop.back}
          </Link>
        </div>
      </div>
    </main>
  );
}

function Wait() {
  const words = useWords();
  return (
    <output className="whole stop">
      <span className="spinner" aria-hidden="true" />
      <span className="unseen">{words.loading}</span>
    </output>
  );
}
