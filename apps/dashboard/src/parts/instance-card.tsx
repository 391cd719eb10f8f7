import { useState } from 'react';
import { useApp } from '../context.tsx';
import type { Instance } from '../lab/instance.ts';
import { appointment, isConnectable, isMoving, mayComeEarly, remark, type Stage, stageOf, waitingSince } from '../lab/progress.ts';
import { canSleep, flavourOf, isPersistent, type Template, waysIn } from '../lab/template.ts';
import { useManagedWorkspaces } from '../lab/use-lab.ts';
import { ago, localTimes } from '../words/when.ts';
import { useWords } from '../words/words.ts';
import { Confirm } from './dialog.tsx';
import { DiskProgress, KeptDisk } from './disk-progress.tsx';
import { Icon, type IconName } from './icon.tsx';
import { InstanceName } from './instance-name.tsx';
import { Menu, type MenuEntry } from './menu.tsx';
import { useNow } from './now.ts';
import { SnapshotDialog } from './snapshot-dialog.tsx';
import { attempt, say } from './toast.tsx';
import { takesEarly, WAY_ICONS, WAY_TEST_IDS, WayLink, waysOf } from './ways.tsx';

interface CardProps {
  readonly instance: Instance;
  readonly template: Template | undefined;
}

/** The name that people read: the instance's own, or its template's until it has one. */
export function titleOf(instance: Instance, template: Template | undefined, fallback: string): string {
  return instance.title || template?.title || fallback;
}

/** The id of an instance's card in the page. */
export function cardId(instance: string): string {
  return `card-${instance}`;
}

/** One of the reader's own environments. */
export function InstanceCard({ instance, template }: CardProps) {
  const words = useWords();
  const stage = stageOf(instance);
  const moving = isMoving(stage);
  const [renaming, setRenaming] = useState(false);
  const title = titleOf(instance, template, words.instance.fresh);
  return (
    <li
      id={cardId(instance.name)}
      className="instance panel"
      data-testid="instance-card"
      data-instance={instance.name}
      data-template={instance.template.name}
      data-phase={instance.phase}
      data-stage={stage}
    >
      <span className={`instance-picture ${template ? flavourOf(template) : ''} ${stage}`}>
        <Icon name={template ? flavourOf(template) : 'desktop'} />
      </span>
      <div>
        <InstanceName instance={instance} title={title} renaming={renaming} setRenaming={setRenaming} />
        <div className="instance-line">
          <StageText instance={instance} stage={stage} />
          {template && instance.title && <span>{template.title}</span>}
          {!moving && <Age instance={instance} />}
        </div>
      </div>
      <Acts instance={instance} template={template} title={title} onRename={() => setRenaming(true)} />
      <Why instance={instance} template={template} />
      <Due instance={instance} />
      <MoreWays instance={instance} template={template} />
      {moving && <DiskProgress instance={instance} />}
    </li>
  );
}

/** What there is to tell beside the stage. */
function Why({ instance, template }: CardProps) {
  const words = useWords();
  const stage = stageOf(instance);
  const why = remark(instance);
  if (!why) return stage === 'off' ? <KeptDisk template={template} /> : null;
  // The numbers of the disk say it better.
  if (why.reason === 'ImportingDisk' && instance.environments.some(({ importing }) => importing)) return null;
  return (
    <p className={`instance-why ${stage === 'failed' ? 'bad' : ''} ${stage === 'blocked' ? 'warm' : ''}`}>
      {localTimes(words.said(why.message), words.locale)}
    </p>
  );
}

/** The stage in words; while something moves, with the seconds that the reader has waited. */
export function StageText({ instance, stage }: { instance: Instance; stage: Stage }) {
  const words = useWords();
  const { lab } = useApp();
  const moving = isMoving(stage) || stage === 'blocked';
  const now = useNow(moving);
  const seconds = Math.max(0, Math.floor((now - waitingSince(instance, lab.askedAt(instance))) / 1000));
  return (
    <span className={`stage ${stage}`}>
      {isMoving(stage) ? <span className="spinner" /> : <span className="dot" />}
      <span aria-live="polite">{words.stage[stage]}</span>
      {moving && <span className="seconds quiet">{words.instance.seconds(seconds)}</span>}
    </span>
  );
}

/** When it will be stopped or deleted by itself. */
function Due({ instance }: { instance: Instance }) {
  const words = useWords();
  const next = appointment(instance);
  if (!next) return null;
  return (
    <p className="instance-why" data-testid="instance-due">
      {words.instance.due[next.what](localTimes(next.at, words.locale))}
    </p>
  );
}

function Age({ instance }: { instance: Instance }) {
  const words = useWords();
  const now = useNow(false);
  return <span>{words.instance.since(ago(instance.createdAt, now, words.locale))}</span>;
}

/** Several environments: each has its own ways in. */
function MoreWays({ instance, template }: CardProps) {
  if (!template || template.environments.length < 2 || !isConnectable(instance)) return null;
  return (
    <ul className="ways">
      {template.environments.map((environment) => (
        <li key={environment.name}>
          <strong>{environment.name}</strong>
          {waysIn(environment).map((way) => (
            <WayLink key={way} way={{ way, environment: environment.name, instance }} className="button second small" />
          ))}
        </li>
      ))}
    </ul>
  );
}

/** What is asked, or looked at, before something is done. */
type Asking = 'stop' | 'delete' | 'snapshots';

interface ActsProps extends CardProps {
  readonly title: string;
  readonly onRename: () => void;
}

function Acts(props: ActsProps) {
  const { instance, template, title } = props;
  const words = useWords();
  const [asking, setAsking] = useState<Asking>();
  const act = useActs(instance, title);
  // Where the template is not known, neither is what would be lost.
  const keeps = template !== undefined && isPersistent(template);
  const ask = (what: Asking) => (what === 'stop' && keeps ? act.stop() : setAsking(what));
  return (
    <div className="instance-ends">
      <Buttons {...props} ask={ask} />
      {asking === 'stop' && (
        <Confirm title={words.instance.stopTitle(title)} yes={words.instance.stopYes} onYes={act.stop} onClose={() => setAsking(undefined)}>
          {words.instance.stopLoses}
        </Confirm>
      )}
      {asking === 'snapshots' && <SnapshotDialog instance={instance} title={title} onClose={() => setAsking(undefined)} />}
      {asking === 'delete' && (
        <Confirm
          title={words.instance.removeTitle(title)}
          yes={words.instance.removeYes}
          onYes={act.remove}
          onClose={() => setAsking(undefined)}
        >
          {keeps ? words.instance.removeKept : words.instance.removeLoses}
        </Confirm>
      )}
    </div>
  );
}

/** Stopping and deleting, each with a word about it. */
export function useActs(instance: Instance, title: string) {
  const words = useWords();
  const { lab } = useApp();
  const told = (work: Promise<void>, text: string, icon: IconName) => void attempt(work).then((done) => done && say(text, { icon }));
  return {
    stop: () => told(lab.setRunning(instance, false), words.instance.stopped(title), 'stop'),
    remove: () => told(lab.remove(instance), words.instance.removed(title), 'trash'),
    start: () => void attempt(lab.setRunning(instance, true)),
    suspend: () => told(lab.suspend(instance), words.instance.suspending(title), 'moon'),
    saveAs: () => told(lab.saveAsTemplate(instance, words.instance.savedAs(title)), words.instance.saving(title), 'disk'),
  };
}

/** What can be done with an environment beside using it. */
function useOwnActs({ instance, template, title, onRename, ask }: ButtonsProps): MenuEntry[] {
  const words = useWords();
  const { suspend, saveAs } = useActs(instance, title);
  const teaches = useManagedWorkspaces().includes(instance.workspace);
  const keeps = template !== undefined && canSleep(template);
  return [
    { label: words.instance.rename, icon: 'pencil', run: onRename },
    ...(keeps && isConnectable(instance)
      ? [{ label: words.instance.suspend, icon: 'moon' as const, run: suspend, testId: 'suspend' }]
      : []),
    ...(keeps && teaches
      ? [
          { label: words.snapshots.menu, icon: 'clock' as const, run: () => ask('snapshots'), testId: 'snapshots' },
          { label: words.instance.saveAs, icon: 'disk' as const, run: saveAs, testId: 'save-as-template' },
        ]
      : []),
  ];
}

interface ButtonsProps extends ActsProps {
  readonly ask: (what: Asking) => void;
}

function Buttons({ instance, template, title, onRename, ask }: ButtonsProps) {
  const words = useWords();
  const { start } = useActs(instance, title);
  const own = useOwnActs({ instance, template, title, onRename, ask });
  const stage = stageOf(instance);
  const usable = isConnectable(instance);
  const ways = mayComeEarly(instance) ? waysOf(instance, template).filter(({ way }) => usable || takesEarly(way)) : [];
  const [first] = ways;
  const more = ways.slice(1).filter(({ environment }) => environment === first?.environment);
  return (
    <>
      {first && <WayLink way={first} className="button primary" label={words.instance.connectTo(title)} face={words.instance.connect} />}
      {instance.running && !instance.deleting && (
        <button type="button" className="button second" data-testid="stop" onClick={() => ask('stop')}>
          {words.instance.stop}
        </button>
      )}
      {(stage === 'off' || stage === 'suspended') && (
        <button type="button" className="button primary" data-testid="start-again" onClick={start}>
          <Icon name="play" /> {stage === 'suspended' ? words.instance.wake : words.instance.startAgain}
        </button>
      )}
      <button
        type="button"
        className="button plain square"
        data-testid="delete"
        aria-label={words.instance.removeTitle(title)}
        title={words.instance.remove}
        aria-disabled={instance.deleting || undefined}
        onClick={() => !instance.deleting && ask('delete')}
      >
        <Icon name="trash" />
      </button>
      <Menu
        label={words.instance.more(title)}
        className="button plain square"
        face={<Icon name="more" />}
        groups={[
          more.map(({ way, href }) => ({
            label: words.instance.ways[way],
            icon: WAY_ICONS[way],
            href,
            outside: way === 'web',
            testId: WAY_TEST_IDS[way],
          })),
          own,
        ]}
      />
    </>
  );
}
