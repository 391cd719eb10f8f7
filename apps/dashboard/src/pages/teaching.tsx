import { useDeferredValue, useState } from 'react';
import { useApp } from '../context.tsx';
import { type Grouping, groupInstances, matchesSearch } from '../lab/class-view.ts';
import type { Instance } from '../lab/instance.ts';
import type { Template } from '../lab/template.ts';
import { useManagedWorkspaces } from '../lab/use-lab.ts';
import { useTemplatesOf } from '../lab/use-templates.ts';
import { Icon } from '../parts/icon.tsx';
import { Search } from '../parts/search.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { StudentRow } from '../parts/student-row.tsx';
import { useLive } from '../wire/live.ts';
import { useWords } from '../words/words.ts';

/** The environments of one's students, live. */
export function TeachingPage() {
  const words = useWords();
  const workspaces = useManagedWorkspaces();
  return (
    <>
      <title>{`${words.teaching.title} · CrownLabs`}</title>
      {workspaces.length === 0 ? (
        <>
          <h1>{words.teaching.title}</h1>
          <Empty title={words.teaching.notManager}>{words.teaching.notManagerText}</Empty>
        </>
      ) : (
        <Classes workspaces={workspaces} />
      )}
    </>
  );
}

function Classes({ workspaces }: { workspaces: readonly string[] }) {
  const words = useWords();
  const { lab, me } = useApp();
  const list = useLive(lab.instancesOfWorkspaces(workspaces));
  const students = list.state === 'ready' ? list.value.filter((instance) => instance.tenant.name !== me.name) : [];
  return (
    <>
      <header className="page-head">
        <div>
          <h1>{words.teaching.title}</h1>
          {list.state === 'ready' && <p>{words.teaching.text(students.length)}</p>}
        </div>
      </header>
      <Loaded of={list}>
        {() =>
          students.length === 0 ? <Empty title={words.teaching.none}>{words.teaching.noneText}</Empty> : <Overview instances={students} />
        }
      </Loaded>
    </>
  );
}

function Overview({ instances }: { instances: readonly Instance[] }) {
  const words = useWords();
  const templateOf = useTemplatesOf(instances);
  const [search, setSearch] = useState('');
  const [by, setBy] = useState<Grouping>('template');
  // Typing stays quick however many rows follow it.
  const wanted = useDeferredValue(search);
  const found = instances.filter((instance) => matchesSearch(instance, templateOf(instance)?.title ?? '', wanted));
  return (
    <>
      <div className="tools">
        <Search label={words.teaching.search} value={search} onChange={setSearch} />
        <GroupChoice by={by} setBy={setBy} />
      </div>
      {found.length === 0 && <Empty title={words.teaching.noMatch}>{search}</Empty>}
      {groupInstances(found, by).map(([key, members]) => (
        <Group key={key} by={by} members={members} templateOf={templateOf} />
      ))}
    </>
  );
}

function GroupChoice({ by, setBy }: { by: Grouping; setBy: (by: Grouping) => void }) {
  const words = useWords();
  return (
    <fieldset className="chips bare" aria-label={words.teaching.group.label}>
      {(['template', 'student'] as const).map((choice) => (
        <button key={choice} type="button" aria-pressed={by === choice} onClick={() => setBy(choice)}>
          {words.teaching.group[choice]}
        </button>
      ))}
    </fieldset>
  );
}

interface GroupProps {
  readonly by: Grouping;
  readonly members: readonly Instance[];
  readonly templateOf: (instance: Instance) => Template | undefined;
}

function Group({ by, members, templateOf }: GroupProps) {
  const [first] = members;
  if (!first) return null;
  const title = by === 'student' ? first.tenant.fullName || first.tenant.name : (templateOf(first)?.title ?? first.template.name);
  return (
    <section className="group panel" aria-label={title}>
      <div className="group-head">
        <Icon name={by === 'student' ? 'person' : 'boxes'} />
        <h2>{title}</h2>
        <span className="quiet">{by === 'template' && first.workspace}</span>
        <span className="tag" style={{ marginLeft: 'auto' }}>
          {members.length}
        </span>
      </div>
      <ul className="rows">
        {members.map((instance) => (
          <StudentRow key={`${instance.namespace}/${instance.name}`} instance={instance} template={templateOf(instance)} />
        ))}
      </ul>
    </section>
  );
}
