import { useApp } from '../context.tsx';
import type { Workspace } from '../lab/workspace.ts';
import { amountText } from '../parts/quota-bars.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { useLive } from '../wire/live.ts';
import { useWords } from '../words/words.ts';

/** All workspaces, with what each person may use of them. */
export function WorkspacesPage() {
  const words = useWords();
  const { lab } = useApp();
  const list = useLive(lab.workspaces());
  return (
    <>
      <title>{`${words.workspaces.title} · CrownLabs`}</title>
      <header className="page-head">
        <div>
          <h1>{words.workspaces.title}</h1>
          {list.state === 'ready' && <p>{words.workspaces.text(list.value.length)}</p>}
        </div>
      </header>
      <Loaded of={list}>
        {(all) =>
          all.length === 0 ? <Empty title={words.workspaces.none}>{words.workspaces.noneText}</Empty> : <Table workspaces={all} />
        }
      </Loaded>
    </>
  );
}

function Table({ workspaces }: { workspaces: readonly Workspace[] }) {
  const words = useWords();
  const { lab } = useApp();
  const people = useLive(lab.tenants());
  const { columns } = words.workspaces;
  const membersOf = (name: string) =>
    people.state === 'ready' ? people.value.filter((person) => person.workspaces.some((member) => member.name === name)).length : undefined;
  return (
    <div className="panel table-box">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{columns.title}</th>
            <th scope="col" className="if-room">
              {columns.members}
            </th>
            <th scope="col">{columns.quota}</th>
            <th scope="col" className="if-room">
              {columns.joining}
            </th>
            <th scope="col">{columns.state}</th>
          </tr>
        </thead>
        <tbody>
          {workspaces.map((workspace) => (
            <Row key={workspace.name} workspace={workspace} members={membersOf(workspace.name)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ workspace, members }: { workspace: Workspace; members: number | undefined }) {
  const words = useWords();
  const { quota } = workspace;
  const aspects = (['instances', 'cpu', 'memory', 'disk'] as const).filter((aspect) => quota[aspect] > 0);
  return (
    <tr data-testid="workspace-row" data-workspace={workspace.name}>
      <td>
        <strong>{workspace.title}</strong>
        <div className="quiet">{workspace.name}</div>
      </td>
      <td className="if-room">{members}</td>
      <td className="soft">
        {aspects.map((aspect) => `${words.quota.aspects[aspect]} ${amountText(aspect, quota[aspect], words.locale)}`).join(' · ')}
      </td>
      <td className="soft if-room">{words.workspaces.joining[workspace.autoEnroll]}</td>
      <td>
        <span className={`stage ${workspace.ready ? 'ready' : 'waiting'}`}>
          <span className="dot" />
          {workspace.ready ? words.workspaces.ready : words.workspaces.notReady}
        </span>
      </td>
    </tr>
  );
}
