import { memo, useState } from 'react';
import type { Instance } from '../lab/instance.ts';
import { explanation, isConnectable, stageOf } from '../lab/progress.ts';
import { isPersistent, type Template } from '../lab/template.ts';
import { Link } from '../router.tsx';
import { useWords } from '../words/words.ts';
import { Avatar } from './avatar.tsx';
import { Confirm } from './dialog.tsx';
import { Icon } from './icon.tsx';
import { StageText, titleOf, useActs } from './instance-card.tsx';
import { Menu, type MenuEntry } from './menu.tsx';
import { type Way, WayLink, wayHref, waysOf } from './ways.tsx';

interface RowProps {
  readonly instance: Instance;
  readonly template: Template | undefined;
}

/** A student's environment, as a teacher sees it. Drawn again only when it changes: a class may have two thousand. */
export const StudentRow = memo(function StudentRow({ instance, template }: RowProps) {
  const words = useWords();
  const stage = stageOf(instance);
  const name = instance.tenant.fullName || instance.tenant.name;
  const why = stage === 'failed' || stage === 'blocked' ? explanation(instance)?.message : undefined;
  return (
    <li className="row" data-testid="student-instance" data-instance={instance.name} data-phase={instance.phase}>
      <div className="row-who">
        <Avatar name={name} small />
        <div>
          <strong>{name}</strong>
          <span className="quiet">{instance.tenant.name}</span>
        </div>
      </div>
      <div className="row-what">{titleOf(instance, template, words.instance.fresh)}</div>
      <StageText instance={instance} stage={stage} />
      <Ends instance={instance} template={template} name={name} />
      {why && <p className="row-why">{words.said(why)}</p>}
    </li>
  );
});

function Ends({ instance, template, name }: RowProps & { name: string }) {
  const words = useWords();
  const title = titleOf(instance, template, words.instance.fresh);
  const { stop, remove } = useActs(instance, title);
  const [asking, setAsking] = useState<'stop' | 'delete'>();
  const keeps = template !== undefined && isPersistent(template);
  const [way] = isConnectable(instance) ? waysOf(instance, template) : [];
  const entries: MenuEntry[] = [];
  if (instance.running)
    entries.push({ label: words.instance.stop, icon: 'stop', run: () => (keeps ? stop() : setAsking('stop')), testId: 'stop' });
  entries.push({ label: words.instance.remove, icon: 'trash', danger: true, run: () => setAsking('delete'), testId: 'delete' });
  return (
    <div className="row-ends">
      {way && <Enter way={way} name={name} />}
      <Menu
        label={words.instance.more(`${title}, ${name}`)}
        className="button plain square small"
        face={<Icon name="more" />}
        groups={[entries]}
      />
      {asking === 'stop' && (
        <Confirm title={words.instance.stopTitle(title)} yes={words.instance.stopYes} onYes={stop} onClose={() => setAsking(undefined)}>
          {words.instance.stopLoses}
        </Confirm>
      )}
      {asking === 'delete' && (
        <Confirm
          title={words.instance.removeTitle(`${title} (${name})`)}
          yes={words.instance.removeYes}
          onYes={remove}
          onClose={() => setAsking(undefined)}
        >
          {keeps ? words.instance.removeKept : words.instance.removeLoses}
        </Confirm>
      )}
    </div>
  );
}

/** A desktop can be looked at without touching it; the other ways are all or nothing. */
function Enter({ way, name }: { way: Way; name: string }) {
  const words = useWords();
  if (way.way !== 'desktop')
    return <WayLink way={way} className="button second small" label={`${words.instance.wayShort[way.way]}: ${name}`} />;
  return (
    <>
      <Link
        className="button second small"
        href={`${wayHref(way)}?view=1`}
        data-testid="look"
        aria-label={`${words.teaching.look}: ${name}`}
      >
        <Icon name="eye" /> {words.teaching.look}
      </Link>
      <Link className="button second small" href={wayHref(way)} data-testid="connect" aria-label={`${words.teaching.control}: ${name}`}>
        <Icon name="desktop" /> {words.teaching.control}
      </Link>
    </>
  );
}
