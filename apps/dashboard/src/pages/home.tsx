import { useEffect } from 'react';
import { useApp } from '../context.tsx';
import { stageOf } from '../lab/progress.ts';
import type { Tenant } from '../lab/tenant.ts';
import { useTenant } from '../lab/use-lab.ts';
import { useNow } from '../parts/now.ts';
import { Empty, Loaded, Skeletons } from '../parts/states.tsx';
import { useLive } from '../wire/live.ts';
import { useWords } from '../words/words.ts';
import { MyInstances } from './my-instances.tsx';
import { WorkspaceSection } from './workspace-section.tsx';

const HOUR_MS = 3_600_000;

/** The reader's own lab: what runs, and what can be started. */
export function HomePage() {
  const tenant = useTenant();
  const words = useWords();
  const { me } = useApp();
  return (
    <>
      <title>{`${words.home.title} · CrownLabs`}</title>
      <Loaded of={tenant} waiting={<Skeletons count={3} height="16rem" />}>
        {(found) => (found ? <Lab tenant={found} /> : <Empty title={words.home.noWorkspaces}>{me.name}</Empty>)}
      </Loaded>
    </>
  );
}

function Lab({ tenant }: { tenant: Tenant }) {
  const words = useWords();
  useVisit(tenant);
  const greeting = words.greeting(tenant.firstName || tenant.name, new Date(useNow(false)).getHours());
  if (tenant.namespace === undefined) {
    return (
      <>
        <h1>{greeting}</h1>
        <Empty title={words.home.preparing} act={<span className="spinner" />}>
          {words.home.preparingText}
        </Empty>
      </>
    );
  }
  return (
    <>
      <header className="page-head">
        <div>
          <h1>{greeting}</h1>
          <Summary namespace={tenant.namespace} />
        </div>
      </header>
      <MyInstances namespace={tenant.namespace} />
      {tenant.workspaces.length === 0 && <Empty title={words.home.noWorkspaces}>{words.home.noWorkspacesText}</Empty>}
      {tenant.workspaces.map(({ name, role }) => (
        <WorkspaceSection key={name} name={name} role={role} owner={{ name: tenant.name, namespace: tenant.namespace ?? '' }} />
      ))}
    </>
  );
}

function Summary({ namespace }: { namespace: string }) {
  const words = useWords();
  const { lab } = useApp();
  const list = useLive(lab.instances(namespace));
  const running = list.state === 'ready' ? list.value.filter((instance) => instance.running && stageOf(instance) !== 'off').length : 0;
  return <p>{list.state === 'ready' && running > 0 ? words.home.running(running) : words.home.idle}</p>;
}

/** The system prepares what a person needs when it learns that the person is here. */
function useVisit(tenant: Tenant): void {
  const { lab } = useApp();
  const { name, lastLogin } = tenant;
  useEffect(() => {
    if (lastLogin !== undefined && Date.now() - lastLogin < HOUR_MS) return;
    // A visit that cannot be noted is nothing that the reader could mend.
    lab.recordVisit(name).catch(() => undefined);
  }, [lab, name, lastLogin]);
}
