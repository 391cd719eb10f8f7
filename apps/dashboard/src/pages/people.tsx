import { useDeferredValue, useState } from 'react';
import { useApp } from '../context.tsx';
import { fullName, type Tenant } from '../lab/tenant.ts';
import { Avatar } from '../parts/avatar.tsx';
import { Icon } from '../parts/icon.tsx';
import { MembershipDialog } from '../parts/membership-dialog.tsx';
import { useNow } from '../parts/now.ts';
import { Search } from '../parts/search.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { useLive } from '../wire/live.ts';
import { ago } from '../words/when.ts';
import { useWords } from '../words/words.ts';
import { MemberTags } from './account.tsx';

/** Everyone who uses the lab, and their workspaces. */
export function PeoplePage() {
  const words = useWords();
  const { lab } = useApp();
  const list = useLive(lab.tenants());
  return (
    <>
      <title>{`${words.people.title} · CrownLabs`}</title>
      <header className="page-head">
        <div>
          <h1>{words.people.title}</h1>
          {list.state === 'ready' && <p>{words.people.text(list.value.length)}</p>}
        </div>
      </header>
      <Loaded of={list}>
        {(people) => (people.length === 0 ? <Empty title={words.people.none}>{words.people.noneText}</Empty> : <Table people={people} />)}
      </Loaded>
    </>
  );
}

function Table({ people }: { people: readonly Tenant[] }) {
  const words = useWords();
  const [search, setSearch] = useState('');
  const [edited, setEdited] = useState<string>();
  const wanted = useDeferredValue(search).toLowerCase();
  const found = people.filter((person) => `${fullName(person)} ${person.name} ${person.email}`.toLowerCase().includes(wanted));
  const { columns } = words.people;
  const open = people.find((person) => person.name === edited);
  return (
    <>
      <div className="tools">
        <Search label={words.people.search} value={search} onChange={setSearch} />
      </div>
      <div className="panel table-box">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{columns.name}</th>
              <th scope="col" className="if-room">
                {columns.email}
              </th>
              <th scope="col">{columns.workspaces}</th>
              <th scope="col" className="if-room">
                {columns.seen}
              </th>
              <th scope="col">
                <span className="unseen">{columns.change}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {found.map((person) => (
              <Row key={person.name} person={person} onEdit={() => setEdited(person.name)} />
            ))}
          </tbody>
        </table>
      </div>
      {open && <MembershipDialog person={open} onClose={() => setEdited(undefined)} />}
    </>
  );
}

function Row({ person, onEdit }: { person: Tenant; onEdit: () => void }) {
  const words = useWords();
  const now = useNow(false);
  return (
    <tr data-testid="person" data-person={person.name}>
      {/* oxlint-disable-next-line jsx-a11y/control-has-associated-label -- a heading of a row is no control */}
      <th scope="row">
        <div className="row-who">
          <Avatar name={fullName(person)} small />
          <div>
            <strong>{fullName(person)}</strong>
            <span className="quiet">{person.name}</span>
          </div>
        </div>
      </th>
      <td className="soft if-room">{person.email}</td>
      <td>
        <MemberTags workspaces={person.workspaces} />
      </td>
      <td className="soft if-room">{person.lastLogin === undefined ? words.people.never : ago(person.lastLogin, now, words.locale)}</td>
      <td>
        <button
          type="button"
          className="button plain square small"
          aria-label={words.people.editOf(fullName(person))}
          title={words.people.edit}
          onClick={onEdit}
        >
          <Icon name="pencil" />
        </button>
      </td>
    </tr>
  );
}
