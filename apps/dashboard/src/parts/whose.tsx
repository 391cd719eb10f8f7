import { useApp } from '../context.tsx';
import type { Instance } from '../lab/instance.ts';
import { fullName, type Tenant } from '../lab/tenant.ts';
import { Cell, type Loadable, useLive } from '../wire/live.ts';
import { useWords } from '../words/words.ts';
import { Icon } from './icon.tsx';

const NOT_ASKED = new Cell<Loadable<readonly Tenant[]>>({ state: 'loading' });

/** The owner of an environment in words, where that is somebody else than the reader. The login stands in for a name that may not be seen. */
export function useWhose({ tenant }: Pick<Instance, 'tenant'>): string | undefined {
  const { lab, me } = useApp();
  const own = tenant.name === me.name;
  const found = useLive(own ? NOT_ASKED : lab.tenant(tenant.name));
  if (own) return undefined;
  const [person] = found.state === 'ready' ? found.value : [];
  return person ? fullName(person) : tenant.fullName || tenant.name;
}

/** The title of a page, with the owner where it is somebody else. */
export function useTitleOf(title: string, whose: string | undefined): string {
  const words = useWords();
  return whose === undefined ? title : words.desktop.whoseTitle(title, whose);
}

/** Says in the bar whose environment it is; nothing above one's own. */
export function Whose({ whose }: { whose: string | undefined }) {
  const words = useWords();
  if (whose === undefined) return null;
  return (
    <span className="desk-whose" data-testid="whose" title={words.desktop.whose(whose)}>
      <Icon name="person" />
      <span>{whose}</span>
    </span>
  );
}
