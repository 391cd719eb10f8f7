import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useApp } from '../context.tsx';
import type { Instance } from '../lab/instance.ts';
import type { Template } from '../lab/template.ts';
import type { Tenant } from '../lab/tenant.ts';
import { useTenant } from '../lab/use-lab.ts';
import { Empty, Failure, Loaded } from '../parts/states.tsx';
import { waysOf } from '../parts/ways.tsx';
import { Link, navigate } from '../router.tsx';
import { type Loadable, useLive } from '../wire/live.ts';
import { type Problem, problemOf } from '../wire/problem.ts';
import { useWords } from '../words/words.ts';

/** A start link: begins the environment, or finds the one that runs, and goes straight in. */
export function StartPage({ workspace, template }: { workspace: string; template: string }) {
  const words = useWords();
  const tenant = useTenant();
  return (
    <>
      <title>{`${words.start.title} · CrownLabs`}</title>
      <h1 className="unseen">{words.start.title}</h1>
      <Loaded of={tenant} waiting={<Going />}>
        {(me) => (me?.namespace ? <Find tenant={me} workspace={workspace} template={template} /> : <Going />)}
      </Loaded>
    </>
  );
}

function Going() {
  const words = useWords();
  return (
    <Empty title={words.start.title} act={<span className="spinner" />}>
      {words.home.preparingText}
    </Empty>
  );
}

function Find({ tenant, workspace, template }: { tenant: Tenant; workspace: string; template: string }) {
  const words = useWords();
  const { lab } = useApp();
  const found = useLive(lab.workspace(workspace));
  const namespace = found.state === 'ready' ? found.value[0]?.namespace : undefined;
  const home = (
    <Link className="button primary" href="/">
      {words.notFound.home}
    </Link>
  );
  const nothing = (
    <Empty title={words.start.notFound} act={home}>
      {words.start.notFoundText}
    </Empty>
  );
  return (
    <Loaded of={found} waiting={<Going />}>
      {() => (namespace ? <Begin tenant={tenant} namespace={namespace} name={template} nothing={nothing} /> : nothing)}
    </Loaded>
  );
}

function Begin({ tenant, namespace, name, nothing }: { tenant: Tenant; namespace: string; name: string; nothing: ReactNode }) {
  const words = useWords();
  const { lab } = useApp();
  const templates = useLive(lab.templates(namespace));
  const instances = useLive(lab.instances(tenant.namespace ?? ''));
  const template = templates.state === 'ready' ? templates.value.find((one) => one.name === name) : undefined;
  const owner = useMemo(() => ({ name: tenant.name, namespace: tenant.namespace ?? '' }), [tenant.name, tenant.namespace]);
  const [problem, retry] = useStart(template, instances, owner);
  if (problem) return <Failure problem={problem} retry={retry} title={words.start.cannot} />;
  return (
    <Loaded of={templates} waiting={<Going />}>
      {() => (template ? <Going /> : nothing)}
    </Loaded>
  );
}

/** Goes into the running instance of `template`, or starts one. Only once, however often the page is drawn. */
function useStart(
  template: Template | undefined,
  instances: Loadable<readonly Instance[]>,
  owner: { name: string; namespace: string },
): [Problem | undefined, () => void] {
  const { lab } = useApp();
  const [problem, setProblem] = useState<Problem>();
  const [round, setRound] = useState(0);
  const begun = useRef(-1);
  useEffect(() => {
    if (!template || instances.state !== 'ready' || begun.current === round) return;
    begun.current = round;
    const running = instances.value.find((one) => isRunningOf(one, template));
    if (running) return enter(running, template);
    lab
      .start(template, owner)
      .then((name) => enter({ namespace: owner.namespace, name, uid: '' }, template))
      .catch((error: unknown) => setProblem(problemOf(error)));
  }, [template, instances, owner, round, lab]);
  const retry = () => {
    setProblem(undefined);
    setRound(round + 1);
  };
  return [problem, retry];
}

function isRunningOf(instance: Instance, template: Template): boolean {
  const { name, namespace } = instance.template;
  return name === template.name && namespace === template.namespace && instance.running && !instance.deleting;
}

/** A web app has no page of ours to wait on, so its card does the waiting. */
function enter(instance: Pick<Instance, 'namespace' | 'name' | 'uid'>, template: Template): void {
  const known = { environments: [], ...instance };
  const [way] = template.environments.length > 0 ? waysOf(known, template) : [];
  navigate(way && way.way !== 'web' ? way.href : '/', 'replace');
}
