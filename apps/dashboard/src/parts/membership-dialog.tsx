import { useState } from 'react';
import { useApp } from '../context.tsx';
import { fullName, type Role, type Tenant } from '../lab/tenant.ts';
import { useLive } from '../wire/live.ts';
import { useWords } from '../words/words.ts';
import { Dialog } from './dialog.tsx';
import { Icon } from './icon.tsx';
import { attempt, say } from './toast.tsx';

const ROLES: readonly Role[] = ['user', 'manager', 'candidate'];

/** Changes which workspaces a person is in, and as what. Nothing is saved before it is asked for. */
export function MembershipDialog({ person, onClose }: { person: Tenant; onClose: () => void }) {
  const words = useWords();
  const { lab } = useApp();
  const [members, setMembers] = useState(person.workspaces);
  const save = async () => {
    if (!(await attempt(lab.setWorkspaces(person, members)))) return;
    say(words.people.saved(fullName(person)), { icon: 'check' });
    onClose();
  };
  const setRole = (name: string, role: Role) => setMembers(members.map((member) => (member.name === name ? { name, role } : member)));
  return (
    <Dialog title={words.people.editOf(fullName(person))} onClose={onClose}>
      {members.length === 0 && <p className="soft">{words.people.noWorkspace}</p>}
      {members.map(({ name, role }) => (
        <div key={name} className="member-row">
          <strong>{name}</strong>
          <select
            className="input"
            aria-label={words.people.roleIn(name)}
            value={role}
            onChange={(event) => setRole(name, ROLES.find((known) => known === event.target.value) ?? role)}
          >
            {ROLES.map((choice) => (
              <option key={choice} value={choice}>
                {words.people.roles[choice]}
              </option>
            ))}
          </select>
          <button
            type="button"
            className="button plain square small"
            aria-label={words.people.removeFrom(name)}
            title={words.people.removeFrom(name)}
            onClick={() => setMembers(members.filter((member) => member.name !== name))}
          >
            <Icon name="cross" />
          </button>
        </div>
      ))}
      <AddTo taken={members.map(({ name }) => name)} onAdd={(name) => setMembers([...members, { name, role: 'user' }])} />
      <div className="dialog-ends">
        <button type="button" className="button second" onClick={onClose}>
          {words.cancel}
        </button>
        <button type="button" className="button primary" onClick={() => void save()}>
          {words.save}
        </button>
      </div>
    </Dialog>
  );
}

function AddTo({ taken, onAdd }: { taken: readonly string[]; onAdd: (name: string) => void }) {
  const words = useWords();
  const { lab } = useApp();
  const list = useLive(lab.workspaces());
  const free = list.state === 'ready' ? list.value.filter(({ name }) => !taken.includes(name)) : [];
  if (free.length === 0) return null;
  return (
    <select className="input" aria-label={words.people.add} value="" onChange={(event) => onAdd(event.target.value)}>
      <option value="" disabled>
        {words.people.add}…
      </option>
      {free.map(({ name, title }) => (
        <option key={name} value={name}>
          {title}
        </option>
      ))}
    </select>
  );
}
