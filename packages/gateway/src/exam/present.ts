import type { ServerResponse } from 'node:http';
import type { Instance, Template } from '@crownlabs/api';
import { writePage } from './page.ts';

/** An Instance, as a learning platform reads it. */
export function presentInstance({ metadata, spec, status }: Instance) {
  const { name, namespace } = spec['template.crownlabs.polito.it/TemplateRef'];
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return {
    id: metadata.name,
    template: namespace === undefined ? name : `${namespace.replace(/^workspace-/, '')}/${name}`,
    running: spec.running,
    contentUrls: spec.contentUrls ?? {},
    phase: status?.phase ?? '',
    url: addressOf({ metadata, spec, status } as Instance) ?? '',
    labels: metadata.labels ?? {},
    ...(ready?.status === 'False' ? { reason: ready.reason, message: ready.message } : {}),
  };
}

/** A Template, as a learning platform reads it. */
export function presentTemplate({ metadata, spec }: Template) {
  const { prettyName, description = '', environmentList } = spec;
  return { id: metadata.name, prettyName, description, environments: environmentList.map(({ name }) => name) };
}

/** The page of the first environment that has one. */
function addressOf({ status }: Instance): string | undefined {
  const first = status?.environments?.[0]?.name;
  return status?.url && first !== undefined ? `${status.url}${first}/` : undefined;
}

function reasonOf({ status }: Instance): string {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
}

/** To a browser: into the environment when it is Ready, a page that looks again while it starts, and the reason when it will not. */
export function answerBrowser(response: ServerResponse, instance: Instance): void {
  const phase = instance.status?.phase ?? '';
  const why = reasonOf(instance);
  const address = addressOf(instance);
  if (phase === 'Ready' && address !== undefined) {
    response.writeHead(302, { location: address, 'cache-control': 'no-store' }).end();
  } else if (phase === 'Off' || phase === 'Stopping' || !instance.spec.running) {
    writePage(response, {
      status: 410,
      title: 'This exam is over',
      text: 'The environment was stopped. What is to be handed in is handed in.',
    });
  } else if (phase === 'Failed' || phase === 'CreationLoopBackoff') {
    writePage(response, { status: 500, title: 'The environment did not start', text: `${why} Please tell the staff of the exam.` });
  } else {
    writePage(response, { status: 201, title: 'Your environment is starting', text: why, again: true });
  }
}
