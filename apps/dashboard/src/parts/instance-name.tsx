import { type SyntheticEvent, useState } from 'react';
import { useApp } from '../context.tsx';
import type { Instance } from '../lab/instance.ts';
import { useWords } from '../words/words.ts';
import { Icon } from './icon.tsx';
import { attempt } from './toast.tsx';

interface NameProps {
  readonly instance: Instance;
  readonly title: string;
  readonly renaming: boolean;
  readonly setRenaming: (on: boolean) => void;
}

/** The name of an instance, or the field to change it. */
export function InstanceName({ instance, title, renaming, setRenaming }: NameProps) {
  const words = useWords();
  if (renaming) return <Rename instance={instance} title={title} done={() => setRenaming(false)} />;
  return (
    <div className="instance-name">
      <h3>{title}</h3>
      {!instance.pretended && (
        <button
          type="button"
          className="button plain square small"
          aria-label={words.instance.renameOf(title)}
          title={words.instance.rename}
          onClick={() => setRenaming(true)}
        >
          <Icon name="pencil" />
        </button>
      )}
    </div>
  );
}

function Rename({ instance, title, done }: { instance: Instance; title: string; done: () => void }) {
  const words = useWords();
  const { lab } = useApp();
  const [text, setText] = useState(title);
  const save = (event: SyntheticEvent) => {
    event.preventDefault();
    const wanted = text.trim();
    if (wanted !== '' && wanted !== instance.title) void attempt(lab.rename(instance, wanted));
    done();
  };
  return (
    <form className="rename" onSubmit={save}>
      <input
        className="input"
        aria-label={words.instance.nameLabel}
        value={text}
        maxLength={60}
        // The reader has just asked to type here.
        // oxlint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        onFocus={(event) => event.target.select()}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && done()}
      />
      <button type="submit" className="button second square small" aria-label={words.save}>
        <Icon name="check" />
      </button>
    </form>
  );
}
