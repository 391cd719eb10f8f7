import { type SyntheticEvent, useId, useState } from 'react';
import { useApp } from '../context.tsx';
import { readPublicKey } from '../lab/ssh-key.ts';
import { fullName, type Tenant } from '../lab/tenant.ts';
import { useTenant } from '../lab/use-lab.ts';
import { Avatar } from '../parts/avatar.tsx';
import { Icon } from '../parts/icon.tsx';
import { Loaded } from '../parts/states.tsx';
import { attempt, say } from '../parts/toast.tsx';
import { useWords } from '../words/words.ts';

/** Who the reader is to the lab, and their SSH keys. */
export function AccountPage() {
  const words = useWords();
  const tenant = useTenant();
  return (
    <>
      <title>{`${words.account.title} · CrownLabs`}</title>
      <h1>{words.account.title}</h1>
      <Loaded of={tenant}>
        {(me) =>
          me && (
            <>
              <Person tenant={me} />
              <Keys tenant={me} />
            </>
          )
        }
      </Loaded>
    </>
  );
}

function Person({ tenant }: { tenant: Tenant }) {
  const words = useWords();
  return (
    <section className="panel" aria-label={words.account.title}>
      <dl className="facts-list">
        <dt>{words.account.name}</dt>
        <dd className="row-who">
          <Avatar name={fullName(tenant)} small />
          {fullName(tenant)}
        </dd>
        <dt>{words.account.login}</dt>
        <dd>
          <code>{tenant.name}</code>
        </dd>
        <dt>{words.account.email}</dt>
        <dd>{tenant.email}</dd>
        <dt>{words.account.workspaces}</dt>
        <dd>
          <MemberTags workspaces={tenant.workspaces} />
        </dd>
      </dl>
    </section>
  );
}

/** Workspaces with the person's part in each. */
export function MemberTags({ workspaces }: { workspaces: Tenant['workspaces'] }) {
  const words = useWords();
  if (workspaces.length === 0) return <span className="quiet">{words.account.none}</span>;
  return (
    <ul className="tags">
      {workspaces.map(({ name, role }) => (
        <li key={name} className={`tag ${role}`}>
          {name}
          {role !== 'user' && ` · ${words.people.roles[role]}`}
        </li>
      ))}
    </ul>
  );
}

function Keys({ tenant }: { tenant: Tenant }) {
  const words = useWords();
  const { lab } = useApp();
  const remove = (key: string) =>
    void attempt(
      lab.setPublicKeys(
        tenant,
        tenant.publicKeys.filter((other) => other !== key),
      ),
    ).then((done) => done && say(words.account.removed, { icon: 'key' }));
  return (
    <section className="section" aria-labelledby="keys">
      <div>
        <h2 id="keys">{words.account.keys}</h2>
        <p className="soft">{words.account.keysText}</p>
      </div>
      <div className="panel">
        {tenant.publicKeys.length > 0 && (
          <ul className="keys">
            {tenant.publicKeys.map((key) => (
              <KeyLine key={key} text={key} onRemove={() => remove(key)} />
            ))}
          </ul>
        )}
        <AddKey tenant={tenant} />
      </div>
    </section>
  );
}

function KeyLine({ text, onRemove }: { text: string; onRemove: () => void }) {
  const words = useWords();
  const reading = readPublicKey(text);
  const name = reading.ok ? reading.comment || reading.type : text.slice(0, 30);
  return (
    <li data-testid="ssh-key">
      <Icon name="key" />
      <div>
        <strong>{name}</strong>
        <code>{reading.ok ? `${reading.type} …${reading.fingerprintPart}` : text}</code>
      </div>
      <button
        type="button"
        className="button plain square small"
        aria-label={words.account.removeKey(name)}
        title={words.account.removeKey(name)}
        onClick={onRemove}
      >
        <Icon name="trash" />
      </button>
    </li>
  );
}

function AddKey({ tenant }: { tenant: Tenant }) {
  const words = useWords();
  const { lab } = useApp();
  const id = useId();
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState<string>();
  const add = async (event: SyntheticEvent) => {
    event.preventDefault();
    const reading = readPublicKey(text);
    const key = text.trim();
    if (!reading.ok) return setWrong(words.account.problems[reading.problem]);
    if (tenant.publicKeys.some((known) => known.split(/\s+/)[1] === key.split(/\s+/)[1])) return setWrong(words.account.duplicate);
    setWrong(undefined);
    if (!(await attempt(lab.setPublicKeys(tenant, [...tenant.publicKeys, key])))) return undefined;
    setText('');
    say(words.account.added, { icon: 'key' });
    return undefined;
  };
  return (
    <form className="key-form" onSubmit={(event) => void add(event)}>
      <div className="field">
        <label htmlFor={id}>{words.account.keyLabel}</label>
        <textarea
          id={id}
          className="input"
          rows={3}
          spellCheck={false}
          value={text}
          placeholder="ssh-ed25519 AAAA… you@laptop"
          aria-invalid={wrong ? true : undefined}
          aria-describedby={`${id}-hint${wrong ? ` ${id}-wrong` : ''}`}
          onChange={(event) => setText(event.target.value)}
        />
        {wrong && (
          <span className="wrong" id={`${id}-wrong`} role="alert">
            {wrong}
          </span>
        )}
        <span className="hint" id={`${id}-hint`}>
          {words.account.keyHint}
        </span>
      </div>
      <button type="submit" className="button primary">
        <Icon name="plus" /> {words.account.add}
      </button>
    </form>
  );
}
