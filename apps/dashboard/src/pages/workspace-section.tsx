import { useEffect, useState } from 'react';
import { useApp } from '../context.tsx';
import type { Instance } from '../lab/instance.ts';
import { costOf, shortages, usageOf } from '../lab/quota.ts';
import { flavourOf, type Template } from '../lab/template.ts';
import type { Role } from '../lab/tenant.ts';
import type { Workspace } from '../lab/workspace.ts';
import { Icon } from '../parts/icon.tsx';
import { QuotaBars } from '../parts/quota-bars.tsx';
import { Empty, Loaded, Skeletons } from '../parts/states.tsx';
import { TemplateCard } from '../parts/template-card.tsx';
import { attempt } from '../parts/toast.tsx';
import { preloadPage } from '../parts/ways.tsx';
import { whenIdle } from '../parts/when-idle.ts';
import { useLive } from '../wire/live.ts';
import { useWords } from '../words/words.ts';

interface Owner {
  readonly name: string;
  readonly namespace: string;
}

/** A workspace on the reader's page: what is used of it, and what it offers. */
export function WorkspaceSection({ name, role, owner }: { name: string; role: Role; owner: Owner }) {
  const words = useWords();
  const { lab } = useApp();
  const workspace = useLive(lab.workspace(name));
  if (role === 'candidate') return <Candidate name={(workspace.state === 'ready' && workspace.value[0]?.title) || name} />;
  return (
    <Loaded of={workspace} waiting={<Skeletons count={3} height="17rem" />}>
      {([found]) =>
        found ? <Section workspace={found} role={role} owner={owner} /> : <Empty title={name}>{words.home.unknownWorkspace}</Empty>
      }
    </Loaded>
  );
}

function Candidate({ name }: { name: string }) {
  const words = useWords();
  return (
    <section className="section" aria-label={name}>
      <div className="section-head">
        <h2>{name}</h2>
      </div>
      <div className="notice warm">
        <Icon name="clock" />
        <span className="notice-words">{words.home.pendingApproval}</span>
      </div>
    </section>
  );
}

function Section({ workspace, role, owner }: { workspace: Workspace; role: Role; owner: Owner }) {
  const words = useWords();
  const id = `workspace-${workspace.name}`;
  return (
    <section className="section" aria-labelledby={id} data-testid="workspace" data-workspace={workspace.name}>
      <div className="section-head">
        <h2 id={id}>{workspace.title}</h2>
        {words.home.role[role] && <span className="count">{words.home.role[role]}</span>}
      </div>
      {workspace.namespace === undefined ? (
        <Empty title={words.workspaces.notReady}>{words.home.preparingText}</Empty>
      ) : (
        <Offer workspace={workspace} namespace={workspace.namespace} owner={owner} />
      )}
    </section>
  );
}

function Offer({ workspace, namespace, owner }: { workspace: Workspace; namespace: string; owner: Owner }) {
  const words = useWords();
  const { lab } = useApp();
  const templates = useLive(lab.templates(namespace));
  const instances = useLive(lab.instances(owner.namespace));
  const mine = instances.state === 'ready' ? instances.value.filter((instance) => instance.workspace === workspace.name) : [];
  return (
    <Loaded of={templates} waiting={<Skeletons count={3} height="17rem" />}>
      {(list) =>
        list.length === 0 ? (
          <Empty title={words.home.noTemplates}>{words.home.noTemplatesText}</Empty>
        ) : (
          <Cards workspace={workspace} templates={list} mine={mine} owner={owner} />
        )
      }
    </Loaded>
  );
}

interface CardsProps {
  readonly workspace: Workspace;
  readonly templates: readonly Template[];
  readonly mine: readonly Instance[];
  readonly owner: Owner;
}

function Cards({ workspace, templates, mine, owner }: CardsProps) {
  const words = useWords();
  const { lab } = useApp();
  const builds = useLive(lab.builds());
  const [considered, setConsidered] = useState<Template>();
  const [starting, setStarting] = useState<string>();
  const used = usageOf(mine, templates);
  const desktops = templates.some((template) => flavourOf(template) === 'desktop');
  // A desktop that is started may be there sooner than the code that shows it, which asks the browser first what pictures it can decode.
  useEffect(() => (desktops ? whenIdle(() => preloadPage('desktop')) : undefined), [desktops]);
  const start = async (template: Template) => {
    setStarting(template.name);
    preloadPage(flavourOf(template));
    // What was started appears at the top of the page.
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    window.scrollTo({ top: 0, behavior: calm ? 'auto' : 'smooth' });
    await attempt(lab.start(template, owner));
    setStarting(undefined);
  };
  return (
    <>
      <QuotaBars label={words.quota.label(workspace.title)} quota={workspace.quota} used={used} extra={considered && costOf(considered)} />
      <ul className="cards" aria-label={words.home.templates(workspace.title)}>
        {templates.map((template) => (
          <li key={template.name}>
            <TemplateCard
              template={template}
              builds={builds.state === 'ready' ? builds.value : []}
              lacking={shortages(workspace.quota, used, costOf(template))}
              running={mine.filter((instance) => instance.template.name === template.name && instance.running).length}
              starting={starting === template.name}
              onStart={() => void start(template)}
              onConsider={setConsidered}
            />
          </li>
        ))}
      </ul>
    </>
  );
}
