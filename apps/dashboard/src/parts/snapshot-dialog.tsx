import { useState } from 'react';
import { useApp } from '../context.tsx';
import type { Instance } from '../lab/instance.ts';
import type { Snapshot } from '../lab/snapshot.ts';
import { useLive } from '../wire/live.ts';
import { useWords } from '../words/words.ts';
import { Confirm, Dialog } from './dialog.tsx';
import { Icon } from './icon.tsx';
import { attempt, say } from './toast.tsx';

interface SnapshotsProps {
  readonly instance: Instance;
  readonly title: string;
  readonly onClose: () => void;
}

/** The snapshots of a machine: taking one, going back to one, forgetting one. What is lost by that is said before. */
export function SnapshotDialog({ instance, title, onClose }: SnapshotsProps) {
  const { snapshots: words, locale } = useWords();
  const { lab } = useApp();
  const [asking, setAsking] = useState<{ what: 'restore' | 'forget'; of: Snapshot }>();
  const time = (of: Snapshot) => new Date(of.takenAt).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' });
  if (!asking) return <SnapshotList {...{ instance, title, onClose, time }} ask={(what, of) => setAsking({ what, of })} />;
  const { what, of } = asking;
  const back = () => setAsking(undefined);
  const restore = async () => {
    if (await attempt(lab.restore(instance, of))) say(words.restoring(title, time(of)), { icon: 'clock' });
    onClose();
  };
  return what === 'restore' ? (
    <Confirm
      title={words.restoreTitle(title, time(of))}
      yes={words.restoreYes}
      onYes={() => void restore()}
      onClose={back}
      testId="restore-yes"
    >
      <p>{words.restoreLoses}</p>
      <p>{words.restoreKeeps}</p>
    </Confirm>
  ) : (
    <Confirm title={words.forgetTitle(time(of))} yes={words.forget} onYes={() => void attempt(lab.forgetSnapshot(of))} onClose={back}>
      {words.forgetLoses}
    </Confirm>
  );
}

interface ListProps extends SnapshotsProps {
  readonly time: (of: Snapshot) => string;
  readonly ask: (what: 'restore' | 'forget', of: Snapshot) => void;
}

function SnapshotList({ instance, title, onClose, time, ask }: ListProps) {
  const words = useWords();
  const { lab } = useApp();
  const all = useLive(lab.snapshots(instance.template.namespace));
  const own = all.state === 'ready' ? all.value.filter((it) => isOf(it, instance)) : [];
  return (
    <Dialog title={words.snapshots.of(title)} onClose={onClose}>
      <p className="soft">{words.snapshots.what}</p>
      {all.state === 'ready' && own.length === 0 && <p className="soft">{words.snapshots.none}</p>}
      {own.map((snapshot) => (
        <Row key={snapshot.name} snapshot={snapshot} time={time(snapshot)} ask={ask} />
      ))}
      <div className="dialog-ends">
        <button type="button" className="button second" onClick={onClose}>
          {words.snapshots.close}
        </button>
        <button
          type="button"
          className="button primary"
          data-testid="take-snapshot"
          onClick={() => void attempt(lab.takeSnapshot(instance))}
        >
          {words.snapshots.take}
        </button>
      </div>
    </Dialog>
  );
}

function Row({ snapshot, time, ask }: { snapshot: Snapshot; time: string; ask: ListProps['ask'] }) {
  const { snapshots: words } = useWords();
  const isMade = snapshot.phase === 'Completed';
  return (
    <div className="member-row" data-testid="snapshot" data-phase={snapshot.phase}>
      <div>
        <strong>{time}</strong>
        {snapshot.template && <span className="soft"> · {snapshot.template}</span>}
        {(!isMade || snapshot.deleting) && <div className="soft">{snapshot.message || words.making}</div>}
      </div>
      <button
        type="button"
        className="button second small"
        data-testid="restore"
        disabled={!isMade || snapshot.deleting}
        onClick={() => ask('restore', snapshot)}
      >
        {words.restore}
      </button>
      <button
        type="button"
        className="button plain square small"
        aria-label={words.forgetTitle(time)}
        title={words.forget}
        onClick={() => ask('forget', snapshot)}
      >
        <Icon name="trash" />
      </button>
    </div>
  );
}

function isOf({ instance: of }: Snapshot, { name, namespace }: Instance): boolean {
  return of.name === name && of.namespace === namespace;
}
